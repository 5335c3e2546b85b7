//! What a migration goes through, and what its records measure.

use serde::{Deserialize, Serialize};

use super::Told;
use crate::model::{EventKind, Timestamp};

/// A step of a migration, in the order in which they follow each other.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// vCenter was asked for it.
    Asked,
    /// A host is ready to take part.
    Prepared,
    /// A host takes part.
    Started,
    /// The source lets the VM stand still to send the rest.
    SwitchingOver,
    /// The source has sent all memory.
    MemorySent,
    /// The destination has all memory.
    MemoryReceived,
    /// The VM runs on the destination.
    SwitchedOver,
    /// The VM itself is through with it.
    Finished,
    /// A host or vCenter has its result.
    Done,
    /// Somebody called it off.
    Cancelled,
    /// It failed.
    Failed,
    /// The destination lacks a CPU feature.
    Refused,
}

impl Phase {
    /// The step that a record tells of; rules that are not built in tell of a beginning and an end only.
    fn of(told: &Told<'_>) -> Option<Phase> {
        let event = &told.moment.event;
        match event.kind {
            _ if told.is_cancelled => Some(Phase::Cancelled),
            EventKind::VMOTION_START => Some(Phase::Started),
            EventKind::VMOTION_FAIL => Some(Phase::Failed),
            EventKind::VMOTION_FAIL_CPU => Some(Phase::Refused),
            EventKind::VMOTION_SUCCESS => Some(match event.rule.as_str() {
                "vmkernel.migration-done" => Phase::MemorySent,
                "hostd.migration-arrived" => Phase::SwitchedOver,
                _ => Phase::Done,
            }),
            _ => match event.rule.as_str() {
                "vpxd.migration-asked" => Some(Phase::Asked),
                "hostd.migration-prepared" => Some(Phase::Prepared),
                "vmkernel.migration-switchover" => Some(Phase::SwitchingOver),
                "vmkernel.migration-received" => Some(Phase::MemoryReceived),
                "vmx.migration-finished" => Some(Phase::Finished),
                _ => None,
            },
        }
    }
}

/// When a host told of a step.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub phase: Phase,
    /// When it was first told.
    pub at: Timestamp,
    /// Who tells it: an index into the case's hosts.
    pub host: usize,
}

/// The steps of a migration's records, which are in the order of time.
pub(super) fn steps(records: &[Told<'_>]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for told in records {
        let Some(phase) = Phase::of(told) else { continue };
        let moment = told.moment;
        if !steps.iter().any(|step| step.phase == phase && step.host == moment.host) {
            steps.push(Step { phase, at: moment.time, host: moment.host });
        }
    }
    steps
}

/// `~1080.4`, in megabytes a second: over all memory, else until the VM was to stand still.
pub(super) fn bandwidth(records: &[Told<'_>]) -> Option<u64> {
    let told = |kind: EventKind| {
        let of = records.iter().rev().map(|told| told.moment).filter(move |moment| moment.event.kind == kind);
        of.filter_map(|moment| moment.field("bandwidth")?.parse::<f64>().ok()).next()
    };
    let found = told(EventKind::VMOTION_SUCCESS).or_else(|| told(EventKind::VMOTION_PROGRESS))?;
    (found.is_finite() && (0.0..1e9).contains(&found)).then(|| found.round() as u64)
}

/// Values below this are taken for milliseconds.
const LEAST_MICROS: u64 = 20_000;

/// How long the VM stood still, in microseconds: as vpxa has it, else as the source counts the stun before the switch.
///
/// No document states vpxa's unit. Public logs show values of six digits for moves that nobody noticed: microseconds.
/// A value that would be less than any switch takes is milliseconds.
pub(super) fn downtime(records: &[Told<'_>]) -> Option<u64> {
    let last = |name: &'static str| {
        records.iter().rev().find_map(move |told| told.moment.field(name)?.parse::<u64>().ok())
    };
    let by_vpxa = last("downtime").map(|value| if value < LEAST_MICROS { value * 1000 } else { value });
    by_vpxa.or_else(|| last("stun_us"))
}
