//! One event that is told more than once: by two logs, by two rules of one log, or by vCenter in several words.
//!
//! They are one where the same host tells the same kind of the same subject within seconds, in other words. The same
//! words again are a repeat, which is counted.

use std::rc::Rc;

use super::TimelineEntry;
use crate::model::{EventKind, Severity, Timestamp};
use crate::rule::repeat::PASSING;

/// Records of one event lie within this many microseconds of the first.
const ONE: i64 = 3_000_000;
/// Wordings of one event; what has more is no event that is told again.
const WORDINGS: usize = 8;
/// Kinds that several records tell.
const KINDS: &[EventKind] = &[
    EventKind::HOST_BOOT,
    EventKind::HOST_SHUTDOWN,
    EventKind::HOST_REBOOT,
    EventKind::HOST_CRASH,
    EventKind::HOST_UPGRADE,
    EventKind::HOST_MAINTENANCE_ENTER,
    EventKind::HOST_MAINTENANCE_EXIT,
    EventKind::HOST_NOT_RESPONDING,
    EventKind::HOST_DISCONNECTED,
    EventKind::HOST_RECONNECTED,
    EventKind::HA_HOST_DEAD,
    EventKind::VSAN_NODE_LEFT,
    EventKind::VSAN_NODE_JOINED,
    EventKind::VMOTION_START,
    EventKind::VMOTION_SUCCESS,
    EventKind::VMOTION_FAIL,
];
/// What an event may be about, the most telling first.
const SUBJECTS: &[&str] = &["mid", "node", "vm", "vm_ref", "host_name", "host_ref", "nic", "iface"];
/// Fields that have one value where they are of one event.
const AGREE: &[&str] = &["side", "node", "vm", "host_name", "ip", "nic", "iface", "vmknic", "task", "target"];

/// What records of one event have in common: who tells it, its kind, what it is about.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Subject<'a> {
    host: &'a str,
    kind: EventKind,
    about: Option<(&'static str, &'a str)>,
}

impl<'a> Subject<'a> {
    /// `None` where it is of a kind that no two records tell.
    pub fn of(entry: &'a TimelineEntry) -> Option<Self> {
        let about = |name: &&'static str| Some((*name, entry.fields.get(*name)?.as_str()));
        KINDS.contains(&entry.kind).then(|| Subject {
            host: &entry.host,
            kind: entry.kind,
            about: SUBJECTS.iter().find_map(about),
        })
    }
}

/// An event that is told, and what has told it.
pub(super) struct Told<'a> {
    /// Its row.
    pub row: usize,
    first: Timestamp,
    by: Vec<(&'a TimelineEntry, Rc<str>)>,
}

impl<'a> Told<'a> {
    pub fn new(row: usize, entry: &'a TimelineEntry, says: Rc<str>) -> Self {
        Told { row, first: entry.time, by: vec![(entry, says)] }
    }

    /// Takes `entry` where it tells the event in other words: whether it stands in a record of its own.
    pub fn joins(&mut self, entry: &'a TimelineEntry, says: &Rc<str>) -> Option<bool> {
        let is_one = entry.time.since(self.first) <= ONE
            && self.by.len() < WORDINGS
            && self.by.iter().all(|(known, words)| words != says && agree(known, entry));
        is_one.then(|| {
            let is_new = self.by.iter().all(|(known, _)| !is_same_line(known, entry));
            self.by.push((entry, Rc::clone(says)));
            is_new
        })
    }
}

/// Whether two records may tell one event. A sign of it, as a heartbeat that is missed, is less severe and comes before.
fn agree(a: &TimelineEntry, b: &TimelineEntry) -> bool {
    let same_values = AGREE.iter().all(|name| match (a.fields.get(*name), b.fields.get(*name)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    });
    same_values && a.severity == b.severity
}

fn is_same_line(a: &TimelineEntry, b: &TimelineEntry) -> bool {
    a.source.line == b.source.line && a.source.file == b.source.file
}

/// How much an event says, to choose which of several speaks: its severity, and the number of its fields.
pub(super) fn weight(entry: &TimelineEntry) -> (Severity, usize) {
    let fields = entry.fields.keys().filter(|name| !PASSING.contains(&name.as_str())).count();
    (entry.severity, fields)
}
