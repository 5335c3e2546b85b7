//! Repeats folded to rows: 1,200 failed sends to one peer are one row with its count and its end.
//!
//! A row holds events of one host that say the same of the same thing, each within minutes of the one before. What other
//! hosts say in between does not part them. What a reader must see one by one is never folded. What two logs, or two
//! rules, tell of one event within seconds is one row too: see [`twin`](super::twin).

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::TimelineEntry;
use super::twin::{Subject, Told, weight};
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
    /// The event that speaks for it, the one that says most: a position in the timeline.
    pub spoken: usize,
    /// How many records of its logs tell its first event.
    pub records: u64,
}

impl Row {
    fn of(at: usize, entry: &TimelineEntry) -> Self {
        Row { members: vec![at], count: repeats(entry), last: entry.time, spoken: at, records: 1 }
    }

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
    let mut folding = Folding::default();
    for (at, entry) in entries.iter().enumerate() {
        folding.take(at, entry, entries);
    }
    folding.rows
}

/// Rows in the making.
#[derive(Default)]
struct Folding<'a> {
    rows: Vec<Row>,
    /// What the entry at hand says: room that is used again.
    says: String,
    /// The row that a repeat belongs to.
    open: HashMap<Key<'a>, usize>,
    /// The row that another record of the same event belongs to.
    told: HashMap<Subject<'a>, Told<'a>>,
    /// Hosts that vCenter has lost: the bundle that says so, and the host.
    lost: HashSet<(&'a str, &'a str)>,
    /// The row of connections that end no loss, for each of these.
    idle: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> Folding<'a> {
    fn take(&mut self, at: usize, entry: &'a TimelineEntry, entries: &[TimelineEntry]) {
        let (key, subject) = (Key::of(entry, &mut self.says), Subject::of(entry));
        if self.joins_told(at, entry, (&key, subject.as_ref()), entries) {
            return;
        }
        let row = match self.idle_row(entry) {
            Some(row) => self.repeat(row, at, entry),
            None if is_single(entry) => self.begin(at, entry),
            None => match self.open.get(&key).copied() {
                Some(row) if begun(entry).since(self.rows[row].last) <= repeat::PAUSE => {
                    self.repeat(row, at, entry)
                }
                _ => self.begin(at, entry),
            },
        };
        if let Some(subject) = subject {
            self.told.insert(subject, Told::new(row, entry, Rc::clone(&key.says)));
        }
        if let Some(host) = connection(entry).filter(|_| entry.kind == EventKind::HOST_RECONNECTED) {
            // A connection that ended a loss is no row for those that end none.
            if !self.lost.remove(&host) {
                self.idle.insert(host, row);
            }
        } else if let Some(host) = connection(entry) {
            self.lost.insert(host);
        }
        if !is_single(entry) {
            self.open.insert(key, row);
        }
    }

    fn begin(&mut self, at: usize, entry: &TimelineEntry) -> usize {
        self.rows.push(Row::of(at, entry));
        self.rows.len() - 1
    }

    fn repeat(&mut self, row: usize, at: usize, entry: &TimelineEntry) -> usize {
        let known = &mut self.rows[row];
        known.members.push(at);
        known.count = known.count.saturating_add(repeats(entry));
        known.last = entry.time;
        row
    }

    /// The row of connections of a host that is not lost: vCenter tells them whenever it looks, and each says no more
    /// than the one before, however long that is ago.
    fn idle_row(&self, entry: &'a TimelineEntry) -> Option<usize> {
        let host = connection(entry).filter(|_| entry.kind == EventKind::HOST_RECONNECTED)?;
        self.idle.get(&host).copied().filter(|_| !self.lost.contains(&host))
    }

    /// Whether `entry` is another record of an event that a row has; then it is one of its members.
    fn joins_told(
        &mut self,
        at: usize,
        entry: &'a TimelineEntry,
        (key, subject): (&Key<'a>, Option<&Subject<'a>>),
        entries: &[TimelineEntry],
    ) -> bool {
        let Some(told) = subject.and_then(|subject| self.told.get_mut(subject)) else { return false };
        let Some(is_new_record) = told.joins(entry, &key.says) else { return false };
        let row = &mut self.rows[told.row];
        row.members.push(at);
        if row.count > 1 {
            row.last = row.last.max(entry.time);
        }
        row.records += u64::from(is_new_record && row.count == 1);
        // It is the same event; how often it came again either record may count.
        row.count = row.count.max(repeats(entry));
        if weight(entry) > weight(&entries[row.spoken]) {
            row.spoken = at;
        }
        let row = told.row;
        if !is_single(entry) {
            self.open.insert(key.clone(), row);
        }
        true
    }
}

/// The bundle that tells of the connection of a host to vCenter, and the host.
fn connection(entry: &TimelineEntry) -> Option<(&str, &str)> {
    const KINDS: [EventKind; 3] =
        [EventKind::HOST_RECONNECTED, EventKind::HOST_NOT_RESPONDING, EventKind::HOST_DISCONNECTED];
    let name = ["host_name", "host_ref"].iter().find_map(|field| entry.fields.get(*field))?;
    KINDS.contains(&entry.kind).then_some((entry.host.as_str(), name.as_str()))
}

/// When an event began: one that stands for many has come again without a pause since the first of them.
fn begun(entry: &TimelineEntry) -> Timestamp {
    let span = entry.fields.get(repeat::FOR).and_then(|span| span.parse::<i64>().ok());
    entry.time.plus_micros(-span.unwrap_or(0).max(0))
}

/// A row for each of `entries`.
pub(super) fn single(entries: &[TimelineEntry]) -> Vec<Row> {
    entries.iter().enumerate().map(|(at, entry)| Row::of(at, entry)).collect()
}

fn is_single(entry: &TimelineEntry) -> bool {
    repeat::is_single(entry.kind, entry.severity)
}

/// What two events have in common that are one row.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key<'a> {
    host: &'a str,
    kind: EventKind,
    severity: Severity,
    says: Rc<str>,
}

impl<'a> Key<'a> {
    /// The key of `entry`; `says` is room for what it says.
    fn of(entry: &'a TimelineEntry, says: &mut String) -> Self {
        repeat::says(says, entry.record(), &entry.fields);
        let says = Rc::from(says.as_str());
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
    fn an_event_that_stands_for_many_goes_on_with_those_before_it() {
        let mut entries = vec![send(0, "esx1", "10.9.0.3"), send(9_000, "esx1", "10.9.0.3")];
        check(&entries, &[1, 1]);
        entries[1].fields.insert("repeated".into(), "898".into());
        entries[1].fields.insert("repeated_for_us".into(), "8990000000".into());
        check(&entries, &[900]);
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

    fn of_host(seconds: i64, kind: EventKind, host: &str, message: &str) -> TimelineEntry {
        let mut entry = entry(seconds, "vcsa", kind, message);
        entry.fields.insert("host_name".into(), host.into());
        entry.source.line = seconds.unsigned_abs() + 1;
        entry
    }

    #[test]
    fn a_connection_that_ends_no_loss_is_a_repeat_however_late_it_comes() {
        let back = |seconds, host| of_host(seconds, EventKind::HOST_RECONNECTED, host, "CONNECTED");
        let lost = of_host(50_000, EventKind::HOST_DISCONNECTED, "esx1", "lost");
        let entries = [
            back(0, "esx1"),
            back(4_000, "esx2"),
            back(9_000, "esx1"),
            back(40_000, "esx1"),
            lost,
            back(50_060, "esx1"),
            back(70_000, "esx1"),
        ];
        // The end of the loss stands alone; what vCenter says later is again a repeat.
        check(&entries, &[4, 1, 1, 1]);
        assert_eq!(fold(&entries)[3].members, [5]);
    }

    #[test]
    fn two_logs_that_tell_one_event_are_one_row_that_says_most() {
        let stop = |millis: i64, file: &str, message: &str, fields: &[(&str, &str)]| {
            let mut entry = entry(0, "esx1", EventKind::HOST_SHUTDOWN, message);
            entry.time = entry.time.plus_micros(millis * 1_000);
            entry.source.file = file.into();
            entry.fields = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            entry
        };
        let entries = [
            stop(0, "vobd.log", "stopping", &[]),
            stop(800, "vmksummary.log", "bootstop", &[("reason", "asked")]),
            stop(1_500, "vobd.log", "stopping", &[]),
            stop(9_000, "vmksummary.log", "bootstop again", &[]),
        ];
        let rows = fold(&entries);
        // The same record again is a second event of a kind that is never folded, and so is what comes late.
        assert_eq!(rows.iter().map(|row| row.members.len()).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!((rows[0].count, rows[0].records, rows[0].spoken), (1, 2, 1));
    }

    #[test]
    fn what_is_told_of_two_subjects_or_by_one_record_is_not_told_twice() {
        let left = |node: &str, message: &str, more: &[(&str, &str)]| {
            let mut entry = entry(0, "esx1", EventKind::VSAN_NODE_LEFT, message);
            entry.fields = more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            entry.fields.insert("node".into(), node.into());
            entry
        };
        check(&[left("a", "x", &[]), left("b", "y", &[]), left("a", "z", &[("reason", "1")])], &[1, 1]);
        check(&[left("a", "x", &[("ip", "10.0.0.1")]), left("a", "y", &[("ip", "10.0.0.2")])], &[1, 1]);
        let rows = fold(&[left("a", "x", &[]), left("a", "y", &[])]);
        assert_eq!((rows.len(), rows[0].records), (1, 1), "two rules saw one line");
    }
}
