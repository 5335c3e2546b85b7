//! The events that findings rest on, told by the line of their evidence.

use std::collections::{BTreeSet, HashMap};

use super::TimelineEntry;
use crate::model::EventKind;
use crate::report::model::Finding;

/// A line of a bundle, and the kind of the one event on it that is meant: host, member, line, kind.
type Row<'a> = (&'a str, &'a str, u64, Option<EventKind>);

/// Fills the `findings` of each entry: the positions of those whose evidence, or a step of whose chain, is its line.
pub fn mark(entries: &mut [TimelineEntry], findings: &[Finding]) {
    let mut resting: HashMap<Row<'_>, Vec<usize>> = HashMap::new();
    for (at, finding) in findings.iter().enumerate() {
        for row in rows(finding) {
            let marks = resting.entry(row).or_default();
            // The findings come in order, so that a second line of one stands last.
            if marks.last() != Some(&at) {
                marks.push(at);
            }
        }
    }
    for entry in entries {
        let (host, source) = (entry.host.as_str(), &entry.source);
        let of = |kind| resting.get(&(host, source.file.as_str(), source.line, kind));
        let marks = [of(None), of(Some(entry.kind))].into_iter().flatten().flatten().copied();
        let marks: BTreeSet<usize> = marks.collect();
        entry.findings = marks.into_iter().collect();
    }
}

/// What `finding` and its chain rest on, shown or not.
fn rows(finding: &Finding) -> impl Iterator<Item = Row<'_>> {
    // The lines of a chain are among its places, which tell the event that is meant.
    let shown = finding.evidence.iter().map(|line| (line.host.as_str(), line.file.as_str(), line.line, None));
    let places = finding.chain.iter().flat_map(|link| &link.places);
    shown.chain(places.map(|place| (place.host.as_str(), place.file.as_str(), place.line, place.kind)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::super::SourceRef;
    use super::*;
    use crate::model::{Confidence, EventKind, Severity, TimeQuality, Timestamp};
    use crate::report::model::{Cause, Evidence, Link, Place};

    fn evidence(host: &str, file: &str, line: u64) -> Evidence {
        Evidence { host: host.into(), file: file.into(), line, offset: 0, time: None, text: String::new() }
    }

    fn finding(evidence: Vec<Evidence>, chain: Vec<Evidence>) -> Finding {
        let links = chain.into_iter();
        let link = |line: Evidence| Link {
            time: None,
            host: None,
            text: "a step".into(),
            // Its own line, and two that are not shown; entries are of a crash.
            places: [(0, EventKind::HOST_CRASH), (20, EventKind::HOST_CRASH), (21, EventKind::HOST_BOOT)]
                .map(|(behind, kind)| Place {
                    host: line.host.clone(),
                    file: line.file.clone(),
                    line: line.line + behind,
                    kind: Some(kind),
                })
                .into(),
            evidence: vec![line],
        };
        Finding {
            id: "host.crashed".into(),
            severity: Severity::Error,
            confidence: Confidence::Likely,
            title: "title".into(),
            summary: "summary".into(),
            cause: Cause { id: "psod".into(), text: "cause".into() },
            hosts: Vec::new(),
            vms: Vec::new(),
            first_seen: None,
            last_seen: None,
            count: 1,
            remedy: Vec::new(),
            references: Vec::new(),
            evidence,
            details: Value::Null,
            chain: links.map(link).collect(),
        }
    }

    fn entry(host: &str, file: &str, line: u64) -> TimelineEntry {
        TimelineEntry {
            time: Timestamp::from_seconds(0),
            time_quality: TimeQuality::Exact,
            host: host.into(),
            source: SourceRef { file: file.into(), line, offset: 0 },
            kind: EventKind::HOST_CRASH,
            severity: Severity::Error,
            text: String::new(),
            fields: BTreeMap::new(),
            message: String::new(),
            // What a report that was read again may hold.
            findings: vec![9],
        }
    }

    #[test]
    fn a_line_bears_every_finding_that_rests_on_it_once() {
        let findings = [
            finding(vec![evidence("a", "log", 7), evidence("a", "log", 7)], vec![evidence("a", "log", 8)]),
            finding(vec![evidence("b", "log", 7)], vec![evidence("a", "log", 7)]),
        ];
        let mut entries = [
            entry("a", "log", 7),
            entry("a", "log", 8),
            entry("b", "log", 7),
            entry("a", "log.0", 7),
            entry("a", "log", 9),
            entry("a", "log", 28),
            entry("a", "log", 29),
        ];
        mark(&mut entries, &findings);
        let marks: Vec<&[usize]> = entries.iter().map(|entry| entry.findings.as_slice()).collect();
        assert_eq!(marks, [&[0, 1][..], &[0], &[1], &[], &[], &[0], &[]]);
    }
}
