//! What happened to a host as a whole: it crashed, or only vCenter lost it.

pub(super) mod crashed;
pub(super) mod disconnected;
#[cfg(test)]
mod tests;

use crate::case::{How, Stop};
use crate::model::{Text, Timestamp};
use crate::verdict::Step;

/// A host counts as down from so many seconds before its stop is told: vCenter's clock may be ahead.
const BEFORE: i64 = 120;
/// It takes a host this long after its boot to be connected again, in seconds.
const AFTER: i64 = 900;
/// Where a stop is not dated, it lies within so many seconds before the boot.
const UNDATED: i64 = 21_600;

/// `2019-09-14 06:49:34 UTC`: the second is enough in a sentence.
fn readable(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", time.get(..8).unwrap_or(time))
}

/// Whether the host was down at `at`, or on its way.
fn is_down(stop: &Stop, at: Timestamp) -> bool {
    let from = stop.down.or(stop.up.map(|up| up.plus_seconds(-UNDATED)));
    let Some(from) = from else { return false };
    // Of a silence only the last sign of life is known.
    let from = if stop.how == How::Silent { from.plus_seconds(-BEFORE) } else { from };
    from.plus_seconds(-BEFORE) <= at && stop.up.is_none_or(|up| at <= up.plus_seconds(AFTER))
}

fn step(en: &str, ja: &str, command: Option<&str>, host: Option<usize>) -> Step {
    Step::new(Text::new(en, ja), command.map(str::to_owned), host)
}
