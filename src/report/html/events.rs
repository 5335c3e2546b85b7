//! The table of events: folded rows, each with its finding and its repeats, and what lasted above it.

use std::collections::BTreeSet;

use super::super::clock::clock_note;
use super::super::labels::{Labels, fill, fill_count};
use super::super::model::{Report, SpanInfo, TimelineEntry};
use super::super::timeline::text::count_behind;
use super::super::timeline::{Row, SpanKind, fold};
use super::super::{show, view};
use super::finding::Card;
use super::{chart, note_of_rest};
use crate::model::Severity;

/// Rows that stand in the page itself: on paper, and where no script runs. The script lists more.
const ROWS: usize = 200;
/// Characters of an event's text in the table; the whole is in `report.json`.
pub const EVENT_TEXT: usize = 400;
/// Repeats that a row shows when it is opened.
pub const REPEATS: usize = 20;
/// Repeats that all rows in the page itself show.
const ALL_REPEATS: usize = 100;
/// Characters of a repeat's text.
pub const REPEAT_TEXT: usize = 200;
/// Rows of the table of spans.
const SPANS: usize = 200;
/// Rows of the timeline that a finding links to.
const LINKS: usize = 8;

/// The list of events.
pub struct EventTable<'a> {
    /// The rows in the page itself.
    pub rows: Vec<EventRow<'a>>,
    /// How many rows each finding rests on, in the page or not.
    pub resting: Vec<usize>,
    /// JSON of what the script lists and draws.
    pub data: String,
    /// What the times are by.
    pub note: String,
    /// How many events the script lists, and how many the page itself.
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
    pub time: String,
    pub stamp: Option<String>,
    pub host: &'a str,
    pub severity: &'static str,
    /// Whether it is left out on paper: no warning, and of no finding.
    pub is_minor: bool,
    pub severity_name: &'static str,
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
    pub host: &'a str,
    pub kind_name: &'static str,
    pub text: &'a str,
}

/// The table of `report`.
pub fn table<'a>(report: &'a Report, l: &Labels) -> EventTable<'a> {
    let rows = fold(&report.timeline);
    let order = view::rank_rows(report, &rows);
    // The findings that each row rests on.
    let borne: Vec<Vec<usize>> = rows.iter().map(|row| row.findings(&report.timeline)).collect();
    let data = chart::data(report, &rows, &order, &borne, l);
    let (listed, listed_events) = data.as_ref().map_or((0, 0), |data| (data.rows, data.events));
    let chosen = choose(report.findings.len(), &order, &borne);
    let printed = chosen.iter().filter(|at| is_for_paper(report, &rows[**at], &borne[**at])).count();
    let number = |n: usize| show::count(n as u64);
    let all = report.timeline.len();
    let mut left = ALL_REPEATS;
    let row = |at: &usize| event_row(report, &rows[*at], &borne[*at], &mut left, l);
    let used: BTreeSet<SpanKind> = report.spans.iter().map(|span| span.kind).collect();
    let capped = fill(l.table_capped, &[&number(listed_events), &number(all)]);
    EventTable {
        data: data.map_or_else(String::new, |data| data.json),
        note: clock_note(&report.hosts, l),
        capped: (listed < rows.len()).then_some(capped),
        folded: (rows.len() < all).then(|| fill(l.folded_rows, &[&number(all), &number(rows.len())])),
        printed: (printed < rows.len()).then(|| fill(l.printed_note, &[&number(printed)])),
        rows: chosen.iter().map(row).collect(),
        resting: resting(report.findings.len(), &borne),
        count: fill_count(l.events, all as u64),
        spans: report.spans.iter().take(SPANS).map(|span| span_row(span, l)).collect(),
        spans_note: note_of_rest(report.spans.len(), SPANS, l),
        span_kinds: used.into_iter().map(|kind| (kind.name(), l.span_name(kind))).collect(),
    }
}

/// How many rows each of as many `findings` rests on, by what each row has `borne`.
fn resting(findings: usize, borne: &[Vec<usize>]) -> Vec<usize> {
    let mut resting = vec![0; findings];
    for finding in borne.iter().flatten() {
        if let Some(count) = resting.get_mut(*finding) {
            *count += 1;
        }
    }
    resting
}

/// The rows that stand in the page itself, ascending: of each finding a few, then the best in `order`.
fn choose(findings: usize, order: &[usize], borne: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut shown = vec![0; findings];
    let mut chosen = BTreeSet::new();
    for &at in order.iter().take_while(|at| !borne[**at].is_empty()) {
        if chosen.len() >= ROWS {
            break;
        }
        let short = borne[at].iter().any(|finding| shown.get(*finding).is_some_and(|count| *count < LINKS));
        if short {
            chosen.insert(at);
            for finding in &borne[at] {
                if let Some(count) = shown.get_mut(*finding) {
                    *count += 1;
                }
            }
        }
    }
    for &at in order {
        if chosen.len() >= ROWS {
            break;
        }
        chosen.insert(at);
    }
    chosen
}

/// Whether a row is worth its place on paper: a warning or worse, or of a finding.
fn is_for_paper(report: &Report, row: &Row, borne: &[usize]) -> bool {
    report.timeline[row.spoken].severity >= Severity::Warning || !borne.is_empty()
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
    for (card, all) in cards.iter_mut().zip(&table.resting) {
        card.in_timeline.truncate(LINKS);
        let rest = all.saturating_sub(card.in_timeline.len());
        card.more_in_timeline = (rest > 0).then(|| fill(l.rows_more, &[&show::count(rest as u64)]));
    }
}

fn event_row<'a>(
    report: &'a Report,
    row: &Row,
    borne: &[usize],
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
        time: l.zone.entry_time(begins.time, begins.time_quality),
        stamp: begins.fields.get("raw_time").map(|raw| fill(l.stamp, &[raw])),
        host: &entry.host,
        severity: entry.severity.name(),
        is_minor: !is_for_paper(report, row, borne),
        severity_name: l.severity_name(entry.severity),
        kind_name: l.kind_name(entry.kind),
        said: has_sentence.then(|| show::cut(&entry.text, EVENT_TEXT)),
        record: show::cut(entry.record(), EVENT_TEXT),
        place: place(entry),
        findings: borne.iter().map(|at| at + 1).collect(),
        operation: entry.fields.get("op").map(|root| fill(l.operation, &[root])),
        count: count_behind(row, begins.time, l),
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
        host: &span.host,
        kind_name: l.span_name(span.kind),
        text: &span.text,
    }
}
