//! What the script of the page draws the timeline from: one block of JSON with the counts of all events, the rows that
//! are listed, what lasts, and the words.
//!
//! The block is bounded by bytes, whatever the case; rows that have no room in it are in `report.json`.

mod counts;
mod rows;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::counts::Counts;
use self::rows::Listed;
use super::super::escape;
use super::super::labels::Labels;
use super::super::model::{Report, SpanInfo};
use super::super::timeline::{Row, SpanKind};
use super::super::view;
use crate::model::{EventKind, Severity, Timestamp};

/// Spans that are drawn; each has its own words.
const SPANS: usize = 1_000;

/// The data of the interactive timeline.
pub struct Data {
    /// JSON that no text of a bundle can end or leave.
    pub json: String,
    /// Rows that are in it.
    pub rows: usize,
    /// The events of those rows.
    pub events: usize,
}

/// Sorts of events that share a shape: the first part of the kind's name, and what it is called.
/// The last one takes what no other does.
const FAMILIES: [(&str, &str); 9] = [
    ("vmotion", "family_vmotion"),
    ("vm", "family_vm"),
    ("vsan", "family_vsan"),
    ("host", "family_host"),
    ("ha", "family_ha"),
    ("net", "family_net"),
    ("storage", "family_storage"),
    ("evc", "family_evc"),
    ("service", "family_service"),
];

/// The family of `kind`: a position in [`FAMILIES`].
fn family(kind: EventKind) -> usize {
    let first = kind.name().split('.').next().unwrap_or_default();
    // A server's hardware is the host.
    let first = if first == "hardware" { "host" } else { first };
    FAMILIES.iter().position(|(name, _)| *name == first).unwrap_or(FAMILIES.len() - 1)
}

/// What lasts: host, kind, beginning, end, words.
type Lasting = (usize, usize, Option<i64>, Option<i64>, String);

/// Everything but the rows. Times are in microseconds since 1970, unless they are said to be offsets.
#[derive(Serialize)]
struct Head<'a> {
    words: BTreeMap<&'static str, &'static str>,
    /// Seconds that the reader's clocks are ahead of UTC, from each time on; the first is for all before.
    zone: Vec<(i64, i32)>,
    /// What the times are called.
    zone_name: &'a str,
    from: i64,
    to: i64,
    incident: Option<(i64, i64)>,
    hosts: Vec<String>,
    /// Name, word, family.
    kinds: Vec<(&'static str, &'static str, usize)>,
    families: Vec<&'static str>,
    /// Name and word, the mildest first.
    severities: Vec<(&'static str, &'static str)>,
    span_kinds: Vec<(&'static str, &'static str)>,
    spans: Vec<Lasting>,
    /// Severity, first seen, title, hosts.
    findings: Vec<(usize, Option<i64>, String, Vec<usize>)>,
    files: Vec<String>,
    counts: Counts,
    /// Events of the case.
    events: usize,
}

/// The block for `report`, whose timeline is folded to `rows`; `order` has the best of them first, `borne` the findings of
/// each.
/// `None` where there is no event.
pub fn data(
    report: &Report,
    rows: &[Row],
    order: &[usize],
    borne: &[Vec<usize>],
    l: &Labels,
) -> Option<Data> {
    let (first, last) = (report.timeline.first()?, report.timeline.last()?);
    let hosts: BTreeMap<&str, usize> =
        report.hosts.iter().enumerate().map(|(at, host)| (host.id.as_str(), at)).collect();
    let kinds: BTreeSet<EventKind> = report.timeline.iter().map(|entry| entry.kind).collect();
    let kinds: Vec<EventKind> = kinds.into_iter().collect();
    let listed = Listed::choose(report, rows, order, borne, &hosts, &kinds, l);
    let words = words::all(l);
    let zone = l.zone.offsets(first.time, last.time).into_iter();
    let head = Head {
        zone: zone.map(|(at, ahead)| (at.micros(), ahead)).collect(),
        zone_name: l.zone.name(),
        from: first.time.micros(),
        to: last.time.micros(),
        incident: view::incident_window(report).map(|(from, to)| (from.micros(), to.micros())),
        hosts: report.hosts.iter().map(|host| escape::line(&host.id).into_owned()).collect(),
        kinds: kinds.iter().map(|kind| (kind.name(), l.kind_name(*kind), family(*kind))).collect(),
        families: FAMILIES.iter().map(|(_, word)| words[word]).collect(),
        severities: Severity::ALL.iter().rev().map(|s| (s.name(), l.severity_name(*s))).collect(),
        span_kinds: SpanKind::ALL.iter().map(|kind| (kind.name(), l.span_name(*kind))).collect(),
        spans: report.spans.iter().filter_map(|span| told(span, &hosts)).take(SPANS).collect(),
        findings: findings(report, &hosts),
        files: listed.files,
        counts: Counts::of(&report.timeline, &hosts, &kinds),
        events: report.timeline.len(),
        words,
    };
    // A structure of texts and numbers is always JSON.
    let head = serde_json::to_string(&head).unwrap_or_default();
    let json = format!(r#"{{"head":{},"rows":[{}]}}"#, escape::json_block(&head), listed.rows.join(",\n"));
    Some(Data { json, rows: listed.rows.len(), events: listed.events })
}

fn told(span: &SpanInfo, hosts: &BTreeMap<&str, usize>) -> Option<Lasting> {
    let host = *hosts.get(span.host.as_str())?;
    let kind = SpanKind::ALL.iter().position(|kind| *kind == span.kind)?;
    let micros = |time: Option<Timestamp>| time.map(Timestamp::micros);
    Some((host, kind, micros(span.from), micros(span.to), escape::block(&span.text).into_owned()))
}

fn findings(report: &Report, hosts: &BTreeMap<&str, usize>) -> Vec<(usize, Option<i64>, String, Vec<usize>)> {
    let told = report.findings.iter().map(|finding| {
        let title = escape::block(&finding.title).into_owned();
        let hosts = finding.hosts.iter().filter_map(|host| hosts.get(host.as_str()).copied()).collect();
        (finding.severity as usize, finding.first_seen.map(Timestamp::micros), title, hosts)
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_a_kind_and_only_services_are_the_rest() {
        let rest = FAMILIES.len() - 1;
        for (at, (name, _)) in FAMILIES.iter().enumerate() {
            assert!(EventKind::ALL.iter().any(|kind| family(*kind) == at), "{name}");
        }
        for kind in EventKind::ALL.iter().filter(|kind| family(**kind) == rest) {
            let first = kind.name().split('.').next().unwrap_or_default();
            let known = ["service", "time", "task", "op", "vcenter", "certificate", "license"];
            assert!(known.contains(&first), "{kind} has no shape of its own");
        }
    }

    #[test]
    fn ranks_rise_with_severity() {
        assert_eq!(Severity::ALL.map(|severity| severity as usize), [3, 2, 1, 0]);
    }
}
