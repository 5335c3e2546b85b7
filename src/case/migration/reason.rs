//! Why a migration failed, in the words of the side that knows it best. What caused it is asked by a verdict.

use super::super::timeline::Moment;
use super::{Migration, Outcome, Side, Told, status_of};
use crate::model::EventKind;

/// Characters of a text that are kept.
const KEPT: usize = 300;

/// Why a migration failed, as one record tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The text of the status, the message, the fault, or the features that the destination lacks.
    pub text: String,
    /// VMkernel status, `0x0bad0021`.
    pub status: Option<u32>,
    /// Who tells it: an index into the case's hosts.
    pub host: usize,
    /// The side that it is of; `None` where vCenter tells it.
    pub side: Option<Side>,
}

/// How much a record of a failure tells, the most last.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// A fault's name, which may stand for anything.
    Fault,
    /// That the work was ended or the connection closed: something else had failed before.
    Echo,
    /// A message.
    Words,
    /// A status that says what went wrong.
    Status,
}

/// The reason of a migration that did not succeed; of records that tell as much, the first.
pub(super) fn of(migration: &Migration, records: &[Told<'_>]) -> Option<Reason> {
    // Of one that was called off no echo tells why it ended, but the record of that.
    let tells: fn(&Told<'_>) -> bool = match migration.outcome {
        Outcome::Failed => |told| told.moment.event.kind == EventKind::VMOTION_FAIL,
        Outcome::Cancelled => |told| told.is_cancelled,
        Outcome::Refused => |told| told.moment.event.kind == EventKind::VMOTION_FAIL_CPU,
        Outcome::Succeeded | Outcome::Unknown => return None,
    };
    let failures = records.iter().rev().filter(|told| tells(told)).map(|told| told.moment);
    // Of equals `max_by_key` takes the last, so they come the last first.
    let told = failures.filter_map(|moment| Some((words_of(moment)?, moment)));
    let ((_, text, status), moment) = told.max_by_key(|((worth, ..), _)| *worth)?;
    Some(Reason { text, status, host: moment.host, side: migration.side_of(moment) })
}

fn words_of(moment: &Moment) -> Option<(Worth, String, Option<u32>)> {
    let status = status_of(moment);
    let field = |name: &str| moment.field(name).map(str::trim).filter(|text| !text.is_empty());
    let kept = |text: &str| text.chars().take(KEPT).collect::<String>();
    if let Some(features) = field("features") {
        return Some((Worth::Words, kept(features), None));
    }
    if let Some(status) = status {
        let worth = if status.is_echo() { Worth::Echo } else { Worth::Status };
        return Some((worth, kept(field("reason").unwrap_or(status.text)), Some(status.code)));
    }
    if let Some(text) = field("reason").or_else(|| field("msg")) {
        return Some((Worth::Words, kept(text), None));
    }
    field("fault").map(|fault| (Worth::Fault, kept(fault), None))
}
