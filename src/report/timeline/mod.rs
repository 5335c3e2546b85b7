//! The timeline of the report: one entry an event, what lasts beside it, and how both are read by people.
//!
//! Repeats are folded where the timeline is shown, never in the report itself.

mod fold;
mod marks;
mod spans;
pub mod text;
mod twin;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::fold::{Row, fold, repeats};
pub use self::marks::mark;
pub use self::spans::spans;
use super::model::{HostId, Report};
pub use crate::case::SpanKind;
use crate::model::{EventKind, Severity, TimeQuality, Timestamp};

/// Where a timeline entry stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// The member.
    pub file: String,
    /// Line from 1.
    pub line: u64,
    /// Byte offset of the line.
    pub offset: u64,
}

/// One event on the common time axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Corrected by the host's clock offset.
    pub time: Timestamp,
    /// How well known.
    pub time_quality: TimeQuality,
    /// Whose bundle says so.
    pub host: HostId,
    /// The line.
    pub source: SourceRef,
    /// What happened.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// What happened, in the report's language; the message where nothing better is known.
    pub text: String,
    /// What the rule read; `raw_time` where the stamp was corrected.
    pub fields: BTreeMap<String, String>,
    /// The record's message as it stands there.
    #[serde(default)]
    pub message: String,
    /// The findings that rest on it: positions in the report's findings, ascending.
    #[serde(default)]
    pub findings: Vec<usize>,
}

impl TimelineEntry {
    /// The record as it stands there; where it is not kept, what is told of it.
    pub fn record(&self) -> &str {
        if self.message.is_empty() { &self.text } else { &self.message }
    }

    /// Whether it is told in a sentence of its own beside the record.
    pub fn has_sentence(&self) -> bool {
        !self.message.is_empty() && self.message != self.text
    }
}

/// A time in which something lasted on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanInfo {
    /// The host.
    pub host: HostId,
    /// What lasted.
    pub kind: SpanKind,
    /// Its beginning; `null` where it had begun before anything that was read.
    pub from: Option<Timestamp>,
    /// Its end; `null` where it had not ended when the bundle was taken.
    pub to: Option<Timestamp>,
    /// One line, in the report's language.
    pub text: String,
    /// The log that has a gap.
    pub log: Option<String>,
}

/// The entries and spans of `report` in the order of time, spans by their beginning and before entries of the same time.
pub fn in_order(report: &Report) -> impl Iterator<Item = Result<&TimelineEntry, &SpanInfo>> {
    let mut spans = report.spans.iter().peekable();
    let mut entries = report.timeline.iter().peekable();
    std::iter::from_fn(move || {
        let next = entries.peek().map(|entry| entry.time);
        let begins = |span: &&SpanInfo| next.is_none_or(|next| span.from.is_none_or(|from| from <= next));
        match spans.next_if(begins) {
            Some(span) => Some(Err(span)),
            None => entries.next().map(Ok),
        }
    })
}
