//! Migrations: what both hosts, vCenter and the VM itself tell of one, put together.
//!
//! Up to six records tell of one failure: both VMkernels, both hostd, the `vmware.log`, and vpxd, perhaps twice. The
//! migration's id joins them; where a record has none, its operation or the VM and the time do.
//! Nothing is judged here: why a migration failed is asked by a verdict.

mod absent;
mod asked;
mod ends;
mod evacuation;
mod home;
mod index;
mod join;
mod own_log;
mod phase;
mod reason;
mod split;
mod world_chain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::host::Host;
use super::identity::Identity;
use super::timeline::Moment;
use crate::fact::vmk_status;
use crate::format::id::OpId;
use crate::model::{EventKind, Timestamp};

use ends::Places;
pub(super) use evacuation::evacuations;
pub use evacuation::{Evacuation, Reached};
use own_log::OwnLogs;
pub use phase::{Phase, Step};
pub use reason::Reason;

/// One migration of a VM from one host to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// Its id in decimal; `None` where no record with an id tells of it.
    pub id: Option<String>,
    /// Name of the VM.
    pub vm: Option<String>,
    /// Where the VM was: an index into the case's hosts.
    pub source: Option<usize>,
    /// Where it was to go: an index into the case's hosts.
    pub destination: Option<usize>,
    /// What is known of the source beside its bundle.
    pub from: End,
    /// What is known of the destination beside its bundle.
    pub to: End,
    /// When the first record says that it began.
    pub started: Option<Timestamp>,
    /// When the last record says that it was done or had failed.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// Hosts that a refusal names together, by their names: the destination is one of them, or none of them would do.
    pub choice: Vec<String>,
    /// Why it failed, or was refused, where a record says so.
    pub reason: Option<Reason>,
    /// What it went through, in the order of time; each step once a host.
    pub steps: Vec<Step>,
    /// Megabytes a second, as the source reckons it.
    pub bandwidth: Option<u64>,
    /// How long the VM stood still, in microseconds.
    pub downtime: Option<u64>,
    /// The root of the operation that it is of; of several, the one that most records are of.
    pub operation: Option<String>,
    /// Its events: indices into the case's timeline, ascending; never empty.
    pub moments: Vec<usize>,
}

/// How a migration ended; ordered as a summary counts them.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The VM runs on the destination.
    Succeeded,
    /// It runs, if it does, on the source.
    Failed,
    /// The destination lacks a CPU feature that the VM requires.
    Refused,
    /// Somebody called it off.
    Cancelled,
    /// The records do not tell.
    #[default]
    Unknown,
}

/// One end of a migration, as records name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Name of the host.
    pub name: Option<String>,
    /// Its address in the vMotion network.
    pub address: Option<String>,
}

/// Which end of a migration a record is of.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// `S`
    Source,
    /// `D`
    Destination,
}

impl Side {
    /// The side that a record itself states: `S`, `D`, `Source`, `Dest`.
    fn stated(moment: &Moment) -> Option<Side> {
        let text = moment.field("side").or_else(|| moment.field("role"))?;
        match text.bytes().next()?.to_ascii_lowercase() {
            b's' => Some(Side::Source),
            b'd' => Some(Side::Destination),
            _ => None,
        }
    }
}

impl Migration {
    /// The side that `moment` is of: what it states, else whose bundle it is in. What vCenter tells is of no side.
    pub fn side_of(&self, moment: &Moment) -> Option<Side> {
        let by_host = || match Some(moment.host) {
            host if host == self.source => Some(Side::Source),
            host if host == self.destination => Some(Side::Destination),
            _ => None,
        };
        Side::stated(moment).or_else(by_host)
    }

    /// Its events that say that it failed, in the order of time.
    pub fn failures<'a>(&'a self, timeline: &'a [Moment]) -> impl Iterator<Item = &'a Moment> {
        let moments = self.moments.iter().filter_map(|&at| timeline.get(at));
        moments.filter(|moment| moment.event.kind == EventKind::VMOTION_FAIL)
    }

    /// When it is told of: its end, else its beginning.
    pub fn at(&self) -> Option<Timestamp> {
        self.ended.or(self.started)
    }

    /// Whether `host` is one of its ends.
    pub fn involves(&self, host: usize) -> bool {
        self.source == Some(host) || self.destination == Some(host)
    }
}

/// Whether an event tells of a migration.
fn is_of_migration(kind: EventKind) -> bool {
    [
        EventKind::VMOTION_START,
        EventKind::VMOTION_PROGRESS,
        EventKind::VMOTION_SUCCESS,
        EventKind::VMOTION_FAIL,
        EventKind::VMOTION_FAIL_CPU,
    ]
    .contains(&kind)
}

/// The migrations that `timeline` tells of, ordered by their first record.
pub(super) fn build(timeline: &[Moment], hosts: &[Host], identity: &Identity) -> Vec<Migration> {
    let own_logs = OwnLogs::of(timeline);
    let groups = join::groups(timeline, &Places { hosts, identity, own_logs: &own_logs });
    let mut migrations: Vec<Migration> = groups.into_iter().map(|group| settle(timeline, group)).collect();
    migrations.sort_by(|a, b| a.moments.cmp(&b.moments));
    home::settle(&mut migrations, hosts);
    migrations
}

/// A migration of the records that were found to be of one.
fn settle(timeline: &[Moment], group: join::Group) -> Migration {
    let join::Group { id, moments, ends, names, .. } = group;
    let told: Vec<Told<'_>> = moments.iter().filter_map(|&at| timeline.get(at)).map(Told::of).collect();
    let steps = phase::steps(&told);
    let before = |phase: Phase| steps.iter().find(|step| step.phase == phase).map(|step| step.at);
    let began = told.iter().filter(|told| told.moment.event.kind == EventKind::VMOTION_START);
    // Where a log was rotated away, others tell that it was prepared, or asked for.
    let started = began.map(|told| told.moment.time).min();
    let started = started.or_else(|| before(Phase::Prepared)).or_else(|| before(Phase::Asked));
    let ends_with = [EventKind::VMOTION_SUCCESS, EventKind::VMOTION_FAIL, EventKind::VMOTION_FAIL_CPU];
    let is_end = |told: &&Told<'_>| ends_with.contains(&told.moment.event.kind) || told.is_cancelled;
    let ended = told.iter().filter(is_end).map(|told| told.moment.time).max();
    let mut migration = Migration {
        id,
        vm: names.best(),
        source: ends.source,
        destination: ends.destination,
        from: ends.from,
        to: ends.to,
        started,
        ended,
        outcome: outcome(&told),
        choice: ends.choice.into_iter().collect(),
        reason: None,
        steps,
        bandwidth: phase::bandwidth(&told),
        downtime: phase::downtime(&told),
        operation: operation(&told),
        moments,
    };
    migration.reason = reason::of(&migration, &told);
    migration
}

/// A record of a migration.
struct Told<'a> {
    moment: &'a Moment,
    /// Whether it says that somebody called the migration off.
    is_cancelled: bool,
}

impl<'a> Told<'a> {
    fn of(moment: &'a Moment) -> Self {
        Told { moment, is_cancelled: is_cancelled(moment) }
    }

    fn is_failure(&self) -> bool {
        self.moment.event.kind == EventKind::VMOTION_FAIL || self.is_cancelled
    }
}

/// The root of the operation that most of the records are of; of equals, the one that was told first.
fn operation(records: &[Told<'_>]) -> Option<String> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let ids = records.iter().filter_map(|told| told.moment.operation());
    for (at, root) in ids.map(OpId::root).enumerate() {
        counts.entry(root).or_insert((0, at)).0 += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
    most.map(|(root, _)| root.to_owned())
}

fn outcome(records: &[Told<'_>]) -> Outcome {
    let is_told = |kind: EventKind| records.iter().any(|told| told.moment.event.kind == kind);
    let failures: Vec<&Told<'_>> = records.iter().filter(|told| told.is_failure()).collect();
    if is_told(EventKind::VMOTION_FAIL_CPU) {
        return Outcome::Refused;
    }
    if failures.is_empty() {
        let succeeded = is_told(EventKind::VMOTION_SUCCESS);
        return if succeeded { Outcome::Succeeded } else { Outcome::Unknown };
    }
    // A call to stop leaves aborted work and closed connections behind, but no failure of its own.
    let tells_why = |told: &&Told<'_>| {
        !told.is_cancelled && status_of(told.moment).is_some_and(|status| !status.is_echo())
    };
    if failures.iter().any(|failure| failure.is_cancelled) && !failures.iter().any(tells_why) {
        return Outcome::Cancelled;
    }
    if is_overcome(records, &failures) { Outcome::Succeeded } else { Outcome::Failed }
}

/// Whether the migration came to its end all the same: by a log that tells of the success after the last failure of that
/// log, as hosts may be there whose clocks could not be compared; or by one that tells of no failure and of the VM running
/// on the destination.
fn is_overcome(records: &[Told<'_>], failures: &[&Told<'_>]) -> bool {
    let failed = failures.iter().map(|told| told.moment);
    let last = |host: usize| failed.clone().filter(|f| f.host == host).map(|f| f.time).max();
    let mut successes = records
        .iter()
        .map(|told| told.moment)
        .filter(|moment| moment.event.kind == EventKind::VMOTION_SUCCESS);
    successes
        .any(|success| last(success.host).map_or_else(|| is_final(success), |failed| success.time > failed))
}

/// Whether a record of a success is made once the VM runs on the destination: the downtime is known, vCenter tells it, or
/// a host has its result. That all memory was sent comes before.
fn is_final(success: &Moment) -> bool {
    ["stun_us", "downtime", "event_type"].iter().any(|name| success.field(name).is_some())
        || ["hostd.migration-arrived", "hostd.migration-resolved"].contains(&success.event.rule.as_str())
}

/// The status that a record of a failure gives, by its code or by its text.
pub fn status_of(moment: &Moment) -> Option<vmk_status::VmkStatus> {
    let by_field = moment.field("status").and_then(vmk_status::status);
    let by_reason = || moment.field("reason").and_then(vmk_status::by_text);
    let by_text = || vmk_status::first_in(&moment.event.text);
    by_field.or_else(by_reason).or_else(by_text).filter(|status| status.is_failure())
}

/// Whether a record says that the migration did not come to its end because somebody called it off.
fn is_cancelled(moment: &Moment) -> bool {
    if ![EventKind::VMOTION_FAIL, EventKind::VMOTION_PROGRESS].contains(&moment.event.kind) {
        return false;
    }
    let told = ["fault", "reason", "msg"].iter().filter_map(|name| moment.field(name));
    told.map(str::to_ascii_lowercase).any(|text| text.contains("cancel"))
        || ["RequestCanceled", "TaskCanceled", "cancelled by", "canceled by"]
            .iter()
            .any(|word| moment.event.text.contains(word))
}

#[cfg(test)]
mod tests;
