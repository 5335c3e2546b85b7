//! What stronger findings explain: the lines of others near to their own, about the same host and the same object.

use std::collections::{BTreeMap, BTreeSet};

use super::incident::{Ground, PAUSE, is_told, object, subject};
use super::{KNOWN, Known, NEAR};
use crate::case::{Case, Moment};
use crate::model::Timestamp;
use crate::verdict::Finding;

/// What a state tells holds for so many seconds before its bundle was taken.
const STATE: i64 = 86_400;

/// The findings that an entry gives way to.
pub(super) struct Stronger<'c> {
    case: &'c Case,
    /// Those of verdicts, each as a whole.
    whole: Vec<&'c Finding>,
    /// The lines of known incidents, by their begin.
    spans: Vec<Span<'c>>,
    /// For each span the latest end of all up to it.
    latest: Vec<Timestamp>,
}

/// A line of a known incident, and until when what it tells went on.
struct Span<'c> {
    from: Timestamp,
    to: Timestamp,
    host: usize,
    is_anywhere: bool,
    known: &'static Known,
    line: &'c Moment,
}

impl<'c> Stronger<'c> {
    pub(super) fn of(ground: &Ground<'c>, found: &'c [Finding], known: &Known) -> Self {
        let is_stronger = |finding: &&Finding| {
            known.yields_to_any.contains(&finding.id) || known.yields_to.contains(&finding.id)
        };
        let (mut whole, mut spans) = (Vec::new(), Vec::new());
        for finding in found.iter().filter(is_stronger) {
            let is_anywhere = known.yields_to_any.contains(&finding.id);
            let mut is_known = false;
            for other in KNOWN.iter().filter(|other| other.id == finding.id) {
                is_known = true;
                spans.extend(spans_of(ground, finding, other, is_anywhere));
            }
            whole.extend((!is_known).then_some(finding));
        }
        spans.sort_by_key(|span| span.from);
        let mut latest: Vec<Timestamp> = Vec::new();
        for span in &spans {
            latest.push(latest.last().map_or(span.to, |before| (*before).max(span.to)));
        }
        Stronger { case: ground.case, whole, spans, latest }
    }

    /// Whether one of them tells of what happened to the host then.
    pub(super) fn explains(&self, known: &Known, host: usize, line: &Moment) -> bool {
        self.whole.iter().any(|finding| {
            let is_about = self.is_about(finding, host);
            let is_dated = finding.first_seen.or(finding.last_seen).is_some();
            let is_anywhere = known.yields_to_any.contains(&finding.id) && is_dated;
            (is_about || is_anywhere) && self.is_near(finding, host, line.time)
        }) || self.is_in_span(known, host, line)
    }

    fn is_about(&self, finding: &Finding, host: usize) -> bool {
        let id = self.case.hosts.get(host).map(|host| host.id.as_str());
        finding.hosts.contains(&host) || id.is_some() && finding.details["host"].as_str() == id
    }

    /// A finding that rests on states alone has no time: it holds for when the host's bundle was taken.
    fn is_near(&self, finding: &Finding, host: usize, at: Timestamp) -> bool {
        let taken = || {
            let taken = self.case.hosts.get(host).and_then(|host| host.captured_at);
            taken.map(|taken| (taken.plus_seconds(-STATE), taken))
        };
        let (first, last) = (finding.first_seen, finding.last_seen);
        let dated = first.or(last).zip(last.or(first));
        let near = dated.map(|(first, last)| (first.plus_seconds(-NEAR), last.plus_seconds(NEAR)));
        let is_within = near.or_else(taken).is_some_and(|(from, to)| (from..=to).contains(&at));
        // One that goes on for days may be of several times, and its lines tell which.
        let is_long = dated.is_some_and(|(first, last)| last.since(first) > PAUSE * 1_000_000);
        let mut seen = finding.evidence.iter().filter_map(|line| line.time).chain(first).chain(last);
        let is_seen = |seen: Timestamp| (seen.plus_seconds(-NEAR)..=seen.plus_seconds(PAUSE)).contains(&at);
        is_within && (!is_long || seen.any(is_seen))
    }

    fn is_in_span(&self, known: &Known, host: usize, line: &Moment) -> bool {
        let (from, to) = (line.time.plus_seconds(-NEAR), line.time.plus_seconds(NEAR));
        let begun = self.spans.partition_point(|span| span.from <= to);
        let spans = self.spans[..begun].iter().zip(&self.latest).rev();
        spans.take_while(|(_, latest)| **latest >= from).any(|(span, _)| {
            span.to >= from && (span.is_anywhere || span.host == host) && is_same(known, line, span)
        })
    }
}

/// The lines of `finding` that are of the entry `other`.
fn spans_of<'c>(
    ground: &Ground<'c>,
    finding: &Finding,
    other: &'static Known,
    is_anywhere: bool,
) -> Vec<Span<'c>> {
    let named = finding.details["objects"].as_array().map_or(&[][..], Vec::as_slice);
    let named: BTreeSet<&str> = named.iter().filter_map(|name| name.as_str()).collect();
    let Some((first, last)) = finding.first_seen.zip(finding.last_seen) else { return Vec::new() };
    let case = ground.case;
    let is_its = |moment: &&'c Moment| {
        is_told(other, moment)
            && finding.hosts.contains(&subject(case, moment))
            && (named.is_empty() || object(other, moment).is_empty() || named.contains(object(other, moment)))
    };
    let kinds = other.need.lasts.map_or(&[][..], |(kinds, _)| kinds);
    let mut ends: BTreeMap<(usize, &str), Vec<Timestamp>> = BTreeMap::new();
    for end in ground.events_in(kinds, first..=last.plus_seconds(PAUSE)) {
        ends.entry((end.host, object(other, end))).or_default().push(end.time);
    }
    // What nothing ends goes on as long as the finding does, where it is a thing that ends.
    let goes_on = Some(last).filter(|_| !kinds.is_empty());
    let span = |line: &'c Moment| {
        let ends = ends.get(&(line.host, object(other, line))).map_or(&[][..], Vec::as_slice);
        let end = ends.get(ends.partition_point(|end| *end < line.time)).copied();
        Span {
            from: line.time,
            to: end.or(goes_on).unwrap_or(line.time),
            host: subject(case, line),
            is_anywhere,
            known: other,
            line,
        }
    };
    ground.events_in(other.kinds, first..=last).into_iter().filter(is_its).map(span).collect()
}

/// Whether a line may tell of the same as that of a stronger finding: what both name is one.
fn is_same(known: &Known, line: &Moment, span: &Span<'_>) -> bool {
    let is_one = |field: &&&str| match (line.field(field), span.line.field(field)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    let is_device = |known: &Known| known.object.first() == Some(&"device");
    let of_text = || {
        let names = [object(known, line), object(span.known, span.line)];
        names.contains(&"") || names[0] == names[1]
    };
    known.object.iter().all(|field| is_one(&field))
        && (!is_device(known) || !is_device(span.known) || of_text())
}
