//! Repeats folded to rows: 1,200 failed sends to one peer are one row with its count and its end.
//!
//! A row holds events of one host that say the same of the same thing, each within minutes of the one before. What other
//! hosts say in between does not part them. What a reader must see one by one is never folded.

use std::collections::HashMap;

use super::TimelineEntry;
use crate::model::{EventKind, Severity, Timestamp};
use crate::rule::repeat;

/// One line of the folded timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its events: positions in the timeline, ascending, never empty.
    pub members: Vec<usize>,
    /// How often it happened: its events, and the repeats that their logs counted only.
    pub count: u64,
    /// When it happened last.
    pub last: Timestamp,
}

impl Row {
    /// Its first event: a position in the timeline.
    pub fn first(&self) -> usize {
        self.members[0]
    }

    /// The findings that rest on one of its events: positions, ascending.
    pub fn findings(&self, entries: &[TimelineEntry]) -> Vec<usize> {
        let mut found: Vec<usize> =
            self.members.iter().flat_map(|&at| entries[at].findings.iter().copied()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// How often the event of `entry` happened: once, and as often as its log says that the record was repeated.
pub fn repeats(entry: &TimelineEntry) -> u64 {
    repeat::times(&entry.fields)
}

/// The rows of `entries`, which are in the order of time; the rows are in the order of their first events.
pub fn fold(entries: &[TimelineEntry]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut open: HashMap<Key<'_>, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let count = repeats(entry);
        let new = Row { members: vec![at], count, last: entry.time };
        if is_single(entry) {
            rows.push(new);
            continue;
        }
        let row = open.entry(Key::of(entry)).or_insert(rows.len());
        match rows.get_mut(*row).filter(|row| entry.time.since(row.last) <= repeat::PAUSE) {
            Some(row) => {
                row.members.push(at);
                row.count = row.count.saturating_add(count);
                row.last = entry.time;
            }
            None => {
                *row = rows.len();
                rows.push(new);
            }
        }
    }
    rows
}

/// A row for each of `entries`.
pub(super) fn single(entries: &[TimelineEntry]) -> Vec<Row> {
    let row = |(at, entry): (usize, &TimelineEntry)| Row {
        members: vec![at],
        count: repeats(entry),
        last: entry.time,
    };
    entries.iter().enumerate().map(row).collect()
}

fn is_single(entry: &TimelineEntry) -> bool {
    repeat::is_single(entry.kind, entry.severity)
}

/// What two events have in common that are one row.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    host: &'a str,
    kind: EventKind,
    severity: Severity,
    says: String,
}

impl<'a> Key<'a> {
    fn of(entry: &'a TimelineEntry) -> Self {
        let message = if entry.message.is_empty() { &entry.text } else { &entry.message };
        let says = repeat::says(message, &entry.fields);
        Key { host: &entry.host, kind: entry.kind, severity: entry.severity, says }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::SourceRef;
    use super::*;
    use crate::model::TimeQuality;

    fn start() -> Timestamp {
        "2026-11-23T02:10:05Z".parse().expect("a time")
    }

    fn entry(seconds: i64, host: &str, kind: EventKind, message: &str) -> TimelineEntry {
        TimelineEntry {
            time: start().plus_seconds(seconds),
            time_quality: TimeQuality::Exact,
            host: host.into(),
            source: SourceRef { file: "var/run/log/vmkernel.log".into(), line: 1, offset: 0 },
            kind,
            severity: Severity::Warning,
            text: "said".into(),
            fields: BTreeMap::new(),
            message: message.into(),
            findings: Vec::new(),
        }
    }

    /// A heartbeat that could not be sent to `ip`.
    fn send(seconds: i64, host: &str, ip: &str) -> TimelineEntry {
        let message =
            format!("cpu{}:209{seconds})CMMDSNet: Send:14{seconds}: {seconds}: failed to {ip}", seconds % 9);
        let mut entry = entry(seconds, host, EventKind::VSAN_PEER_UNREACHABLE, &message);
        entry.fields.insert("ip".into(), ip.into());
        entry.fields.insert("since_ms".into(), (seconds * 1000).to_string());
        entry
    }

    fn check(entries: &[TimelineEntry], counts: &[u64]) {
        let rows = fold(entries);
        assert_eq!(rows.iter().map(|row| row.count).collect::<Vec<_>>(), counts);
        let mut members: Vec<usize> = rows.iter().flat_map(|row| row.members.clone()).collect();
        members.sort_unstable();
        assert_eq!(members, (0..entries.len()).collect::<Vec<_>>(), "each event is in one row");
        assert!(rows.is_sorted_by_key(Row::first));
    }

    #[test]
    fn a_burst_is_one_row_with_its_count_and_end() {
        let entries: Vec<_> = (0..1_200).map(|n| send(n, "esx1", "10.9.0.3")).collect();
        let rows = fold(&entries);
        assert_eq!((rows.len(), rows[0].count, rows[0].members.len()), (1, 1_200, 1_200));
        assert_eq!((rows[0].first(), rows[0].last), (0, start().plus_seconds(1_199)));
    }

    #[test]
    fn peers_hosts_kinds_and_severities_are_kept_apart() {
        let mut worse = send(6, "esx1", "10.9.0.3");
        worse.severity = Severity::Error;
        let mut other = send(7, "esx1", "10.9.0.3");
        other.kind = EventKind::NET_LINK_DOWN;
        let mut entries: Vec<_> = ["10.9.0.3", "10.9.0.4"].map(|ip| send(0, "esx1", ip)).to_vec();
        entries.extend((1..4).map(|n| send(n, "esx2", "10.9.0.3")));
        entries.push(send(5, "esx1", "10.9.0.3"));
        entries.extend([worse, other]);
        check(&entries, &[2, 1, 3, 1, 1]);
    }

    #[test]
    fn a_long_pause_begins_a_new_row_and_a_slow_burst_does_not() {
        let slow = (0..20).map(|n| send(n * 299, "esx1", "10.9.0.3"));
        let later = (0..3).map(|n| send(20 * 299 + 3_600 + n, "esx1", "10.9.0.3"));
        check(&slow.chain(later).collect::<Vec<_>>(), &[20, 3]);
    }

    #[test]
    fn repeats_that_a_log_counted_count() {
        let mut entries = vec![send(0, "esx1", "10.9.0.3"), send(1, "esx1", "10.9.0.3")];
        entries[0].fields.insert("repeated".into(), "17".into());
        check(&entries, &[19]);
        entries[0].fields.insert("repeated".into(), "many".into());
        check(&entries, &[2]);
    }

    #[test]
    fn what_must_be_seen_one_by_one_is() {
        let boots = (0..2).map(|n| entry(n, "esx1", EventKind::HOST_BOOT, "booted"));
        let mut lost = entry(3, "esx1", EventKind::VSAN_NODE_LEFT, "left");
        lost.severity = Severity::Critical;
        check(&boots.chain([lost.clone(), lost]).collect::<Vec<_>>(), &[1, 1, 1, 1]);
    }

    #[test]
    fn migrations_of_other_ids_or_vms_are_other_rows() {
        let migration = |mid: &str, vm: &str| {
            let mut entry = entry(0, "esx1", EventKind::VMOTION_FAIL, "Migration 77 failed");
            entry.fields = [("mid", mid), ("vm", vm)].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
            entry
        };
        check(
            &[migration("77", "a"), migration("78", "a"), migration("77", "b"), migration("77", "a")],
            &[2, 1, 1],
        );
    }

    #[test]
    fn findings_of_a_row_are_those_of_its_events() {
        let mut entries: Vec<_> = (0..3).map(|n| send(n, "esx1", "10.9.0.3")).collect();
        entries[1].findings = vec![2, 4];
        entries[2].findings = vec![0, 2];
        assert_eq!(fold(&entries)[0].findings(&entries), [0, 2, 4]);
    }
}
