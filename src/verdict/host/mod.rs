//! What happened to a host as a whole: it crashed, or only vCenter lost it.

pub(super) mod crashed;
pub(super) mod disconnected;
mod signature;
#[cfg(test)]
mod tests;

use crate::case::{How, Stop};
use crate::model::Timestamp;

/// A host counts as down from so many seconds before its stop is told: vCenter's clock may be ahead.
const BEFORE: i64 = 120;
/// It takes a host this long after its boot to be connected again, in seconds.
const AFTER: i64 = 900;
/// Where a stop is not dated, it lies within so many seconds before the boot.
const UNDATED: i64 = 21_600;

/// Whether the host was down at `at`, or on its way.
pub(in crate::verdict) fn is_down(stop: &Stop, at: Timestamp) -> bool {
    let from = stop.down.or(stop.up.map(|up| up.plus_seconds(-UNDATED)));
    let Some(from) = from else { return false };
    // Of a silence only the last sign of life is known.
    let from = if stop.how == How::Silent { from.plus_seconds(-BEFORE) } else { from };
    from.plus_seconds(-BEFORE) <= at && stop.up.is_none_or(|up| at <= up.plus_seconds(AFTER))
}
