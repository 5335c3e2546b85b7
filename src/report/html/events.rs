//! The table of events: folded rows, each with its finding and its repeats, and what lasted above it.

use std::collections::BTreeSet;

use super::super::clock::clock_note;
use super::super::labels::{Labels, fill, fill_count};
use super::super::model::{Report, SpanInfo, TimelineEntry};
use super::super::timeline::text::count_text;
use super::super::timeline::{Row, SpanKind, fold};
use super::super::{show, view};
use super::finding::Card;
use super::note_of_rest;
use crate::model::{EventKind, Severity};

/// Rows of the event table; more would make the page slow and add nothing to the pictures.
const EVENTS: usize = 5_000;
/// Rows of the event table that are printed, where no filter chose them.
const PAPER_EVENTS: usize = 200;
/// Characters of an event's text in the table; the whole is in `report.json`.
const EVENT_TEXT: usize = 400;
/// Repeats that a row shows when it is opened.
const REPEATS: usize = 20;
/// Repeats that all rows together show.
const ALL_REPEATS: usize = 2_000;
/// Characters of a repeat's text.
const REPEAT_TEXT: usize = 200;
/// Rows of the table of spans.
const SPANS: usize = 200;
/// Rows of the timeline that a finding links to.
const LINKS: usize = 8;

/// The list of events and what its filter offers.
pub struct EventTable<'a> {
    pub rows: Vec<EventRow<'a>>,
    pub hosts: Vec<&'a str>,
    pub kinds: Vec<(&'static str, &'static str)>,
    pub severities: Vec<(&'static str, String)>,
    pub severity_words: [&'static str; 4],
    /// What the times are by.
    pub note: String,
    pub capped: Option<String>,
    pub folded: Option<String>,
    pub printed: Option<String>,
    pub count: String,
    pub spans: Vec<SpanRow<'a>>,
    pub spans_note: Option<String>,
    /// The kinds of spans that are there, with what the pictures draw them with.
    pub span_kinds: Vec<(&'static str, &'static str)>,
}

/// A row of the table.
pub struct EventRow<'a> {
    /// Its place in the timeline, by which findings link to it.
    pub at: usize,
    pub is_on_paper: bool,
    pub time: String,
    pub stamp: Option<String>,
    pub host: &'a str,
    pub severity: &'static str,
    pub severity_name: &'static str,
    pub kind: &'static str,
    pub kind_name: &'static str,
    /// The sentence, where it is another than the record.
    pub said: Option<String>,
    pub record: String,
    pub place: String,
    /// The operation that it is of, by its root.
    pub operation: Option<String>,
    /// Numbers of the findings that rest on it.
    pub findings: Vec<usize>,
    pub count: Option<String>,
    pub repeats: Vec<Repeat>,
    pub more_repeats: Option<String>,
}

/// An event of a folded row.
pub struct Repeat {
    pub time: String,
    pub place: String,
    pub text: String,
}

/// What lasted.
pub struct SpanRow<'a> {
    pub from: String,
    pub to: String,
    pub host: &'a str,
    pub kind_name: &'static str,
    pub text: &'a str,
}

/// The table of `report`.
pub fn table<'a>(report: &'a Report, l: &Labels) -> EventTable<'a> {
    let rows = fold(&report.timeline);
    let mut chosen = view::rank_rows(report, &rows);
    let on_paper: BTreeSet<usize> = chosen.iter().take(PAPER_EVENTS).copied().collect();
    chosen.truncate(EVENTS);
    chosen.sort_unstable();
    let first = |at: &usize| &report.timeline[rows[*at].spoken];
    let hosts: BTreeSet<&str> = chosen.iter().map(|at| first(at).host.as_str()).collect();
    let kinds: BTreeSet<EventKind> = chosen.iter().map(|at| first(at).kind).collect();
    let number = |n: usize| show::count(n as u64);
    let all = report.timeline.len();
    let listed: usize = chosen.iter().map(|at| rows[*at].members.len()).sum();
    let mut left = ALL_REPEATS;
    let row = |at: &usize| event_row(report, &rows[*at], on_paper.contains(at), &mut left, l);
    let used: BTreeSet<SpanKind> = report.spans.iter().map(|span| span.kind).collect();
    EventTable {
        hosts: hosts.into_iter().collect(),
        kinds: kinds.into_iter().map(|kind| (kind.name(), l.kind_name(kind))).collect(),
        severity_words: Severity::ALL.map(|severity| l.severity_name(severity)),
        severities: Severity::ALL[..3].iter().map(|s| severity_choice(*s, l)).collect(),
        note: clock_note(&report.hosts, l),
        capped: (listed < all).then(|| fill(l.table_capped, &[&number(listed), &number(all)])),
        folded: (rows.len() < all).then(|| fill(l.folded_rows, &[&number(all), &number(rows.len())])),
        printed: (on_paper.len() < rows.len()).then(|| fill(l.printed_note, &[&number(on_paper.len())])),
        rows: chosen.iter().map(row).collect(),
        count: fill_count(l.events, all as u64),
        spans: report.spans.iter().take(SPANS).map(|span| span_row(span, l)).collect(),
        spans_note: note_of_rest(report.spans.len(), SPANS, l),
        span_kinds: used.into_iter().map(|kind| (kind.name(), l.span_name(kind))).collect(),
    }
}

/// Lets each of `cards` link to the first rows of `table` that bear it.
pub fn link<'a>(cards: &mut [Card<'a>], table: &EventTable<'a>, l: &Labels) {
    for row in &table.rows {
        for number in &row.findings {
            if let Some(card) = cards.get_mut(number - 1) {
                card.in_timeline.push((row.at, row.time.clone()));
            }
        }
    }
    for card in cards {
        let rest = card.in_timeline.len().saturating_sub(LINKS);
        card.in_timeline.truncate(LINKS);
        card.more_in_timeline = (rest > 0).then(|| fill(l.rows_more, &[&show::count(rest as u64)]));
    }
}

fn severity_choice(severity: Severity, l: &Labels) -> (&'static str, String) {
    (severity.name(), fill(l.and_worse, &[l.severity_name(severity)]))
}

fn event_row<'a>(
    report: &'a Report,
    row: &Row,
    is_on_paper: bool,
    left: &mut usize,
    l: &Labels,
) -> EventRow<'a> {
    let (entry, begins) = (&report.timeline[row.spoken], &report.timeline[row.first()]);
    let shown = (row.members.len() - 1).min(REPEATS).min(*left);
    *left -= shown;
    let rest = row.members.len() - 1 - shown;
    let others = row.members.iter().copied().filter(|at| *at != row.spoken);
    let has_sentence = entry.has_sentence();
    EventRow {
        at: row.first(),
        is_on_paper,
        time: l.zone.entry_time(begins.time, begins.time_quality),
        stamp: begins.fields.get("raw_time").map(|raw| fill(l.stamp, &[raw])),
        host: &entry.host,
        severity: entry.severity.name(),
        severity_name: l.severity_name(entry.severity),
        kind: entry.kind.name(),
        kind_name: l.kind_name(entry.kind),
        said: has_sentence.then(|| show::cut(&entry.text, EVENT_TEXT)),
        record: show::cut(entry.record(), EVENT_TEXT),
        place: place(entry),
        findings: row.findings(&report.timeline).into_iter().map(|at| at + 1).collect(),
        operation: entry.fields.get("op").map(|root| fill(l.operation, &[root])),
        count: count_text(row, begins.time, l),
        repeats: others.take(shown).map(|at| repeat(&report.timeline[at], l)).collect(),
        more_repeats: (rest > 0).then(|| fill(l.repeats_more, &[&show::count(rest as u64)])),
    }
}

fn repeat(entry: &TimelineEntry, l: &Labels) -> Repeat {
    Repeat {
        time: l.zone.entry_time(entry.time, entry.time_quality),
        place: place(entry),
        text: show::cut(entry.record(), REPEAT_TEXT),
    }
}

fn place(entry: &TimelineEntry) -> String {
    show::place(&entry.source.file, entry.source.line, entry.source.offset)
}

fn span_row<'a>(span: &'a SpanInfo, l: &Labels) -> SpanRow<'a> {
    SpanRow {
        from: l.zone.second_or_dash(span.from),
        to: l.zone.second_or_dash(span.to),
        host: &span.host,
        kind_name: l.span_name(span.kind),
        text: &span.text,
    }
}
