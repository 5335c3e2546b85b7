//! Incidents that are known by their lines alone: one entry of a catalogue each, and one way to judge and to tell them.
//!
//! An entry says which events raise it, from how many on or for how long, whether hosts that tell of one object tell of one
//! incident, and to which stronger findings it gives way. What needs more than that is a verdict of its own.

mod explain;
mod host;
mod incident;
mod join;
mod network;
mod paths;
mod service;
mod storage;
mod tell;
#[cfg(test)]
mod tests;
mod vsan;
pub(in crate::verdict) mod words;

use super::{Finding, Verdict};
use crate::case::{Case, Moment};
use crate::model::{Confidence, EventKind, Severity};

use incident::{Ground, incidents};
pub(in crate::verdict) use incident::{Incident, subject};
pub(in crate::verdict) use tell::{back_text, title};

pub(super) static VERDICT: Verdict = Verdict {
    name: "known",
    about: "Do the logs tell of an incident that is known by its lines?",
    findings: &IDS,
    reach,
};

/// English and Japanese.
pub(in crate::verdict) type Both = (&'static str, &'static str);

/// An incident that is known by its lines.
///
/// In its sentences `{host}` stands for the hosts and `{object}` for what it is about, with its noun. Entries of one id are
/// forms of one finding: each counts other events of its kinds.
pub(in crate::verdict) struct Known {
    /// Id of the finding.
    pub id: &'static str,
    /// Kinds of the events that raise it.
    pub kinds: &'static [EventKind],
    /// Which events of these kinds count.
    pub counts: fn(&Moment) -> bool,
    /// Fields that name what it is about, the best first; none where it is the host itself.
    pub object: &'static [&'static str],
    /// What such an object is called; empty where its name says it.
    pub noun: Both,
    /// When it is one.
    pub need: Need,
    /// What it means that several hosts tell of the same object.
    pub across: Across,
    /// Whether it counts though the host stops or starts then: the hardware tells of it.
    pub is_told_at_stops: bool,
    /// How bad; an event that is worse makes it an error.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Id of the cause.
    pub cause: &'static str,
    /// The cause.
    pub why: Both,
    /// One line.
    pub title: Both,
    /// What it means for the customer: a sentence or two.
    pub meaning: Both,
    /// What to do, in order; in a command `{device}`, `{nic}`, `{disk}` and `{service}` are what the events name so.
    pub steps: &'static [Do],
    /// Vendor documents.
    pub references: &'static [(&'static str, Option<&'static str>)],
    /// Findings that explain its events: about the same host, near in time.
    pub yields_to: &'static [&'static str],
    /// The same, where whichever host they are about.
    pub yields_to_any: &'static [&'static str],
}

/// What it means that several hosts tell of the same object near in time.
#[derive(Clone, Copy)]
pub(in crate::verdict) enum Across {
    /// Nothing: each has an incident of its own.
    Each,
    /// They tell of one incident.
    Joined,
    /// They tell of one incident whose cause lies in what they share: its id and what it is.
    Shared(&'static str, Both),
}

/// A step: English, Japanese, command.
pub(in crate::verdict) struct Do(pub &'static str, pub &'static str, pub Option<&'static str>);

/// From when on events are an incident.
pub(in crate::verdict) struct Need {
    /// How many, within how many seconds.
    pub repeats: (usize, i64),
    /// Events that come sooner than so many seconds after one tell of the same occurrence.
    pub apart: i64,
    /// Kinds that end an occurrence of the first kind, and the seconds from which on one that has not ended counts alone.
    pub lasts: Option<(&'static [EventKind], i64)>,
    /// Events that count alone.
    pub alone: fn(&Moment) -> bool,
}

/// Lines that are no more than so many seconds from each other may tell of one thing.
const NEAR: i64 = 900;

/// One event is enough.
const ONCE: Need = Need { repeats: (1, 0), apart: 5, lasts: None, alone: never };

/// What most entries share.
const PLAIN: Known = Known {
    id: "",
    kinds: &[],
    counts: always,
    object: &[],
    noun: ("", ""),
    need: ONCE,
    across: Across::Each,
    is_told_at_stops: false,
    severity: Severity::Error,
    confidence: Confidence::Likely,
    cause: "unknown",
    why: ("", ""),
    title: ("", ""),
    meaning: ("", ""),
    steps: &[],
    references: &[],
    yields_to: &[],
    yields_to_any: &[],
};

/// Every known incident; one gives way only to those before it.
pub(in crate::verdict) const KNOWN: &[&Known] = &[
    &paths::APD,
    &paths::NFS_APD,
    &paths::PDL,
    &storage::CORRUPTION,
    &storage::NO_SPACE,
    &storage::SPACE_LOW,
    &storage::DISK_FAILED,
    &paths::TARGET_LOST,
    &paths::SESSION_LOST,
    &paths::PATH_LOST,
    &storage::DATASTORE_LOST,
    &storage::ATS_MISCOMPARE,
    &paths::HBA_RESET,
    &paths::FABRIC_ERROR,
    &storage::LATENCY,
    &vsan::NO_SPACE,
    &vsan::COMPONENTS,
    &vsan::CONGESTION,
    &vsan::RESYNC,
    &network::NIC_RESET,
    &network::NIC_FLAPPING,
    &network::CONNECTIVITY_LOST,
    &network::REDUNDANCY_LOST,
    &network::MISMATCH,
    &host::HARDWARE,
    &host::MEMORY_ERRORS,
    &host::CORRECTED_ERRORS,
    &host::CPU_STALLED,
    &host::MEMORY_LOW,
    &host::RAMDISK_FULL,
    &host::PARTITION_FULL,
    &host::PARTITION_LOW,
    &host::LOGS_LOST,
    &host::BOOT_DEVICE_LOST,
    &service::HUNG,
    &service::CRASHED,
    &service::VCENTER_DISK_FULL,
    &service::TIME_LOST,
    &service::CERTIFICATE,
    &service::LICENSE,
    &service::RESTART_FAILED,
    &service::FAILOVER,
    &service::STUN,
];

/// Whether the entry at `at` is the first of its id: entries of one id are forms of one finding.
const fn is_first(at: usize) -> bool {
    let mut before = 0;
    while before < at {
        if is_same(KNOWN[before].id.as_bytes(), KNOWN[at].id.as_bytes()) {
            return false;
        }
        before += 1;
    }
    true
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

const COUNT: usize = {
    let (mut count, mut at) = (0, 0);
    while at < KNOWN.len() {
        count += is_first(at) as usize;
        at += 1;
    }
    count
};

/// Ids of the findings, each once, in the order of the catalogue.
static IDS: [&str; COUNT] = {
    let mut ids = [""; COUNT];
    let (mut count, mut at) = (0, 0);
    while at < KNOWN.len() {
        if is_first(at) {
            ids[count] = KNOWN[at].id;
            count += 1;
        }
        at += 1;
    }
    ids
};

/// Whether a finding called `id` is one of an entry.
pub(in crate::verdict) fn is_known(id: &str) -> bool {
    IDS.contains(&id)
}

/// The incidents that `findings`, which must be all, were made of, each with its entry.
pub(in crate::verdict) fn behind<'c>(
    case: &'c Case,
    findings: &[Finding],
) -> Vec<(&'static Known, Incident<'c>)> {
    let ground = Ground::of(case);
    let is_found = |known: &&Known| findings.iter().any(|finding| finding.id == known.id);
    let of_entry = |known: &'static Known| {
        incidents(&ground, findings, known).into_iter().map(move |incident| (known, incident))
    };
    KNOWN.iter().copied().filter(is_found).flat_map(of_entry).collect()
}

fn reach(case: &Case, found: &[Finding]) -> Vec<Finding> {
    let ground = Ground::of(case);
    let mut all = found.to_vec();
    for known in KNOWN {
        let told: Vec<Finding> = incidents(&ground, &all, known)
            .iter()
            .map(|incident| tell::finding(case, known, incident))
            .collect();
        all.extend(told);
    }
    all.split_off(found.len())
}

fn always(_: &Moment) -> bool {
    true
}

fn never(_: &Moment) -> bool {
    false
}

/// Whether an event is an error by itself.
fn is_error(moment: &Moment) -> bool {
    moment.event.severity >= Severity::Error
}
