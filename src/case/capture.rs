//! One capture of a host: what its bundle says of the host at one time, and what changed between two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::host::Host;
use crate::bundle::tree;
use crate::fact::{Fact, FactValue};
use crate::model::Timestamp;

/// What one bundle says of its host: the state that two captures are compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The bundle as given.
    pub bundle: String,
    /// SHA-256 of the input.
    pub sha256: String,
    /// When it was taken.
    pub captured_at: Option<Timestamp>,
    /// When the host had last booted then.
    pub booted_at: Option<Timestamp>,
    /// `6.7.0`
    pub version: Option<String>,
    /// `14320388`
    pub build: Option<String>,
    /// The release name: `6.7 U3`.
    pub update: Option<String>,
    /// BIOS version.
    pub bios: Option<String>,
    /// Running microcode revision.
    pub microcode: Option<u64>,
    /// Running VMs; `None` where no list of them was in the bundle.
    pub running_vms: Option<u64>,
    /// `Local Node State` of vSAN.
    pub vsan_state: Option<String>,
    /// `Sub-Cluster Member Count`.
    pub vsan_members: Option<u64>,
    /// Entries of the unicast agent list.
    pub unicast_peers: Option<u64>,
    /// EVC masks as written, by feature key; `None` where the bundle does not tell them.
    pub masks: Option<BTreeMap<String, String>>,
    /// Parts of its setup: what, of what, and its value.
    pub setup: Vec<(&'static str, Option<String>, String)>,
    /// Members that were read.
    pub members_read: u64,
    /// Members that hold nothing that is known.
    pub members_skipped: u64,
}

impl Capture {
    /// The capture that `host` was made of, before other captures join it.
    pub(super) fn of(host: &Host) -> Capture {
        let vsan = host.vsan.as_ref().map(|vsan| &vsan.value);
        let masks = || host.features.masks.iter().map(|(key, mask)| (key.clone(), mask.value.to_string()));
        Capture {
            bundle: host.bundle.clone(),
            sha256: host.sha256.clone(),
            captured_at: host.captured_at,
            booted_at: host.booted_at,
            version: host.version.clone(),
            build: host.build.clone(),
            update: host.placed.as_ref().map(|placed| placed.name.clone()),
            bios: host.bios.clone(),
            microcode: host.microcode.as_ref().map(|microcode| microcode.value),
            running_vms: host.told.running.as_ref().map(|running| running.len() as u64),
            vsan_state: vsan.and_then(|vsan| vsan.state.clone()),
            vsan_members: vsan.and_then(|vsan| vsan.member_count),
            unicast_peers: host.unicast.as_ref().map(|agents| agents.value.len() as u64),
            masks: host.features.masks_known().then(|| masks().collect()),
            setup: host.setup.compared(),
            members_read: host.members_read,
            members_skipped: host.members_skipped,
        }
    }
}

/// Something that was otherwise in an older capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `version`, `build`, `bios`, `microcode`, `vsan-state`, `vsan-members`, `unicast-peers`; of the setup
    /// `image-profile`, `microcode-vib`, `nic-driver`, `nic-firmware`, `vmknic-mtu`, `vmknic-ip`, `ntp-servers`,
    /// `vsan-format`; or `evc-mask`.
    pub what: &'static str,
    /// The NIC, the VMkernel adapter, or the feature key of an EVC mask.
    pub key: Option<String>,
    /// What it was; `None` where it was not set.
    pub older: Option<String>,
    /// What it is; `None` where it is not set.
    pub newer: Option<String>,
    /// When the older capture was taken.
    pub since: Option<Timestamp>,
}

/// What changed from each older capture to the newest, which is the first; the latest older one first.
pub fn changes(captures: &[Capture]) -> Vec<Change> {
    let Some((newest, older)) = captures.split_first() else { return Vec::new() };
    older.iter().flat_map(|older| between(older, newest)).collect()
}

/// The values that captures are compared by, one by one.
fn values(capture: &Capture) -> [(&'static str, Option<String>); 7] {
    let number = |value: Option<u64>| value.map(|value| value.to_string());
    [
        ("version", capture.version.clone()),
        ("build", capture.build.clone()),
        ("bios", capture.bios.clone()),
        ("microcode", capture.microcode.map(|revision| format!("0x{revision:x}"))),
        ("vsan-state", capture.vsan_state.clone()),
        ("vsan-members", number(capture.vsan_members)),
        ("unicast-peers", number(capture.unicast_peers)),
    ]
}

/// What is different in `newer`, as far as both captures tell it.
fn between(older: &Capture, newer: &Capture) -> Vec<Change> {
    let since = older.captured_at;
    let pairs = values(older).into_iter().zip(values(newer));
    let differing =
        pairs.filter(|((_, older), (_, newer))| older.is_some() && newer.is_some() && older != newer);
    let change = |((what, older), (_, newer))| Change { what, key: None, older, newer, since };
    let state = differing.map(change);
    state.chain(setup_between(older, newer)).chain(masks_between(older, newer)).collect()
}

/// What is different in the setup, of what is in both: of a NIC that is gone the drivers do not differ.
fn setup_between(older: &Capture, newer: &Capture) -> Vec<Change> {
    let before: BTreeMap<(&str, &Option<String>), &String> =
        older.setup.iter().map(|(what, key, value)| ((*what, key), value)).collect();
    let changed = newer.setup.iter().filter_map(|(what, key, value)| {
        let was = before.get(&(*what, key)).filter(|was| **was != value)?;
        let (older_value, newer) = (Some((*was).clone()), Some(value.clone()));
        Some(Change { what, key: key.clone(), older: older_value, newer, since: older.captured_at })
    });
    changed.collect()
}

fn masks_between(older: &Capture, newer: &Capture) -> Vec<Change> {
    let (Some(before), Some(after)) = (&older.masks, &newer.masks) else { return Vec::new() };
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let change = |key: &String| Change {
        what: "evc-mask",
        key: Some(key.clone()),
        older: before.get(key).cloned(),
        newer: after.get(key).cloned(),
        since: older.captured_at,
    };
    differing.map(change).collect()
}

/// A log file by its family, length and checksum.
type File = (String, u64, u32);

/// What tells whether two captures are one: what was read of them, without the names that it was read under.
pub(super) struct Fingerprint {
    captured_at: Option<Timestamp>,
    /// Hashes of all that is said.
    said: BTreeSet<u64>,
    /// Those of what is said in members that were read whole.
    said_whole: BTreeSet<u64>,
    /// The log members that were read whole.
    logs: BTreeSet<File>,
    /// Whether anything was read at all.
    is_empty: bool,
}

impl Fingerprint {
    /// The fingerprint of a bundle that `host` and `facts` were made of.
    pub fn of(host: &Host, facts: &[Fact]) -> Fingerprint {
        let damaged: BTreeSet<&str> = host.problems.iter().map(|problem| problem.path.as_str()).collect();
        // Nothing is wrong with the member; what is wrong with a fragment is said of its target.
        let is_whole =
            |path: &str| !damaged.contains(tree::fragment(path).map_or(path, |(target, _)| target));
        let mut print = Fingerprint {
            captured_at: host.captured_at,
            said: BTreeSet::new(),
            said_whole: BTreeSet::new(),
            logs: BTreeSet::new(),
            is_empty: facts.is_empty(),
        };
        for fact in facts {
            let Some(hash) = said(fact) else { continue };
            print.said.insert(hash);
            if is_whole(fact.source.file.as_str()) {
                print.said_whole.insert(hash);
            }
        }
        for (log, member) in host.logs.iter().flat_map(|log| log.members.iter().map(move |of| (log, of))) {
            print.is_empty &= member.bytes == 0;
            if is_whole(member.path.as_str()) {
                print.logs.insert((log.log.clone(), member.bytes, member.crc));
            }
        }
        print
    }

    /// Whether this is of a copy of `other`, whole or cut: all that was read of it whole is in the other one too.
    pub fn is_copy_of(&self, other: &Fingerprint) -> bool {
        self.captured_at == other.captured_at
            && self.said_whole.is_subset(&other.said)
            && self.logs.is_subset(&other.logs)
    }

    /// Whether nothing was read that could tell it from others.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }
}

/// A hash of what a fact says; `None` where a log says it, whose checksum is compared: a VM's run knows its path too.
fn said(fact: &Fact) -> Option<u64> {
    let text = match &fact.value {
        FactValue::VmRun(_) | FactValue::BootedAt { .. } => return None,
        value => format!("{:?}", value.without_lines()),
    };
    Some(BuildHasherDefault::<DefaultHasher>::new().hash_one(text))
}
