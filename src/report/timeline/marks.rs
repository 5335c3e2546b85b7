//! The events that findings rest on, told by the line of their evidence.

use std::collections::HashMap;

use super::TimelineEntry;
use crate::report::model::Finding;

/// A line of a bundle: host, member, line.
type Place<'a> = (&'a str, &'a str, u64);

/// Fills the `findings` of each entry: the positions of those whose evidence, or a step of whose
/// chain, is its line.
pub fn mark(entries: &mut [TimelineEntry], findings: &[Finding]) {
    let mut resting: HashMap<Place<'_>, Vec<usize>> = HashMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let of_chain = finding.chain.iter().flat_map(|link| &link.evidence);
        let shown = finding.evidence.iter().chain(of_chain);
        let shown = shown.map(|line| (line.host.as_str(), line.file.as_str(), line.line));
        let places = finding.chain.iter().flat_map(|link| &link.places);
        let kept = places.map(|(host, file, line)| (host.as_str(), file.as_str(), *line));
        for place in shown.chain(kept) {
            let marks = resting.entry(place).or_default();
            // The findings come in order, so that a second line of one stands last.
            if marks.last() != Some(&at) {
                marks.push(at);
            }
        }
    }
    for entry in entries {
        let place = (entry.host.as_str(), entry.source.file.as_str(), entry.source.line);
        entry.findings = resting.get(&place).cloned().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::super::SourceRef;
    use super::*;
    use crate::model::{Confidence, EventKind, Severity, TimeQuality, Timestamp};
    use crate::report::model::{Cause, Evidence, Link};

    fn evidence(host: &str, file: &str, line: u64) -> Evidence {
        Evidence { host: host.into(), file: file.into(), line, offset: 0, time: None, text: String::new() }
    }

    fn finding(evidence: Vec<Evidence>, chain: Vec<Evidence>) -> Finding {
        let links = chain.into_iter();
        let link = |line: Evidence| Link {
            time: None,
            host: None,
            text: "a step".into(),
            // The line behind is a line of the step that is not shown.
            places: vec![(line.host.clone(), line.file.clone(), line.line + 20)],
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
        ];
        mark(&mut entries, &findings);
        let marks: Vec<&[usize]> = entries.iter().map(|entry| entry.findings.as_slice()).collect();
        assert_eq!(marks, [&[0, 1][..], &[0], &[1], &[], &[], &[0]]);
    }
}
