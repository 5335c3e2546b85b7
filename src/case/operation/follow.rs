//! One operation followed through all logs: which ids belong to it, and which of the records that were taken are its own.

use std::collections::{BTreeMap, BTreeSet};

use super::super::timeline::Moment;
use crate::digest::Digest;
use crate::format::id::{self, MigrationId, OpId};
use crate::model::{Event, EventKind, Timestamp};
use crate::rule::{FOLLOW_RULE, Follow, JOINED_BY, Joined, unpadded};

/// The kernel writes with an id before it says what it stands for, by this much at most.
const BEFORE_MAPPING: i64 = 1_000_000;
/// The kernel goes on with an operation's id so long behind the last other record of it on the host.
const AFTER_LAST: i64 = 600_000_000;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An opID, or the beginning of some.
    Operation(String),
    /// A task of vCenter or of a host: its records tell its operation.
    Task(String),
    /// A migration: the records that name it tell its operation.
    Migration(MigrationId),
    /// Up to eight hexadecimal digits: a plain opID, or what the kernel made of another.
    Hex(String),
}

impl Asked {
    /// What `text` names; `None` where it is no id, or so short that it names nothing.
    pub fn new(text: &str) -> Option<Asked> {
        let id = OpId::new(text).filter(|_| text.len() >= 3)?;
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        if matches!(id::moref(text), Some(("task", _))) || id::host_task(text).is_some() {
            return Some(Asked::Task(text.to_owned()));
        }
        if let Some(migration) = MigrationId::decimal(text).or_else(|| MigrationId::hex(text)) {
            return Some(Asked::Migration(migration));
        }
        if text.len() <= 8 && is_hex && has_digit && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Some(Asked::Hex(text.to_owned()));
        }
        Some(Asked::Operation(id.root().to_owned()))
    }

    /// What is looked for first.
    pub fn start(&self) -> Follow {
        let mut follow = Follow::default();
        match self {
            Asked::Operation(root) => follow.roots.extend([root.clone()]),
            Asked::Task(task) => follow.tasks.extend([task.clone()]),
            Asked::Migration(migration) => follow.migrations.extend([*migration]),
            Asked::Hex(id) => {
                follow.roots.extend([id.clone()]);
                // Nothing but zeros is no id of the kernel.
                follow.kernel.extend(Some(unpadded(id)).filter(|id| !id.is_empty()).map(str::to_owned));
            }
        }
        follow
    }

    /// What belongs to it as well, as the records that `follow` took in `digests` tell.
    pub fn grow(&self, follow: &Follow, digests: &[Digest]) -> Follow {
        let mut grown = follow.clone();
        let records = || digests.iter().flat_map(|digest| &digest.events).filter(|event| is_record(event));
        records().for_each(|event| grown.roots.extend(self.root_of(event)));
        if let Asked::Hex(id) = self
            && grown.roots.len() > 1
            && !records().any(|event| matches!(joined(event), "opid" | "text") && names_id(event, id))
        {
            grown.roots.remove(id);
        }
        // A task or a migration whose operation no record tells is followed by its own name.
        if matches!(self, Asked::Task(_)) && !grown.roots.is_empty() {
            grown.tasks.clear();
        }
        for event in records() {
            // What quotes the id within another operation says nothing of its own migration.
            let is_foreign = || {
                joined(event) == Joined::Text.name()
                    && field(event, "opid").is_some_and(|id| !grown.is_of(id))
            };
            let is_named = (matches!(joined(event), "opid" | "text") && !is_foreign())
                || joined(event) == Joined::Mapping.name()
                    && field(event, "vc_opid").is_some_and(|id| grown.is_of(id))
                || joined(event) == Joined::Migration.name() && matches!(self, Asked::Migration(_));
            if !is_named {
                continue;
            }
            let ids = field(event, "mid").into_iter().flat_map(|ids| ids.split(','));
            grown.migrations.extend(ids.filter_map(MigrationId::decimal));
            let kernel = field(event, "kernel_opid").filter(|_| field(event, "vc_opid").is_some());
            grown.kernel.extend(kernel.map(str::to_owned));
        }
        grown
    }

    /// The root of the operation that a record tells of what was asked for.
    fn root_of(&self, event: &Event) -> Option<String> {
        let told = match (self, joined(event)) {
            (Asked::Task(task), "task") if tells_task(&event.text, task) => field(event, "opid"),
            (Asked::Migration(_), "migration") if field(event, "kernel_opid").is_none() => {
                field(event, "opid")
            }
            (Asked::Hex(id), "mapping") if field(event, "kernel_opid") == Some(unpadded(id)) => {
                field(event, "vc_opid")
            }
            _ => None,
        };
        told.and_then(OpId::new).filter(|id| !id.is_noise()).map(|id| id.root().to_owned())
    }
}

/// Whether a record's own opID is that of `id`, or its text names it.
fn names_id(event: &Event, id: &str) -> bool {
    let own = field(event, "opid").and_then(OpId::new).is_some_and(|own| own.begins_with(id));
    own || event.text.contains(id)
}

/// Whether a record is the beginning or the end of `task`, as its own operation writes them. Others wait for it only.
fn tells_task(text: &str, task: &str) -> bool {
    let words = ["-- BEGIN ", "-- FINISH ", "-- ERROR ", "Task Created : ", "Task Completed : "];
    words.iter().any(|word| {
        let named = text.split_once(word).and_then(|(_, rest)| rest.strip_prefix(task));
        named.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
    })
}

/// Whether an event was taken by the rule that follows an operation.
pub fn is_record(event: &Event) -> bool {
    event.kind == EventKind::OP_RECORD && event.rule == FOLLOW_RULE
}

/// What the records are that name what is followed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// Some are joined by an id: a header's opID, a kernel's, a task, a migration.
    Joined,
    /// This many have it in their text, where any word may stand.
    Told(usize),
}

/// What the records of `digests` are that [`is_record`] tells.
pub fn named(digests: &[Digest]) -> Named {
    let records = digests.iter().flat_map(|digest| &digest.events).filter(|event| is_record(event));
    let (told, joined): (Vec<&Event>, Vec<&Event>) =
        records.partition(|event| joined(event) == Joined::Text.name());
    if joined.is_empty() { Named::Told(told.len()) } else { Named::Joined }
}

fn joined(event: &Event) -> &str {
    field(event, JOINED_BY).unwrap_or_default()
}

fn field<'a>(event: &'a Event, name: &str) -> Option<&'a str> {
    event.fields.get(name).map(String::as_str)
}

/// The roots of the opIDs that records taken by [`Follow::alike`] have, the first `most` of them.
pub fn alike(digests: &[Digest], most: usize) -> Vec<String> {
    let records = digests.iter().flat_map(|digest| &digest.events).filter(|event| is_record(event));
    let ids = records.filter_map(|event| field(event, "opid")).filter_map(OpId::new);
    let roots: BTreeSet<&str> = ids.map(OpId::root).collect();
    roots.into_iter().take(most).map(str::to_owned).collect()
}

/// Leaves in the timeline of `case` only the records that are of what is followed, each once, beside all other events:
/// where a rule saw the same record, its event stays and is marked with [`JOINED_BY`].
///
/// A kernel's id is a hash that comes again: it counts on a host from the line that maps it to the operation until
/// the host maps it to another, boots, or ten minutes have passed since the operation's last other record there.
pub(in crate::case) fn settle(timeline: &mut Vec<Moment>, follow: &Follow) {
    let spans = KernelSpans::of(timeline, follow);
    timeline
        .retain(|moment| !is_record(&moment.event) || spans.is_own(moment.host, moment.time, &moment.event));
    let key = |event: &Event| (event.source.file.clone(), event.source.line);
    let mut taken: BTreeMap<_, _> = BTreeMap::new();
    for moment in timeline.iter().filter(|moment| is_record(&moment.event)) {
        taken.insert((moment.host, key(&moment.event)), (joined(&moment.event).to_owned(), false));
    }
    for moment in timeline.iter_mut().filter(|moment| !is_record(&moment.event)) {
        let Some((joined, is_told)) = taken.get_mut(&(moment.host, key(&moment.event))) else { continue };
        // Two rules may see one record; each of them says more than the record alone.
        moment.event.fields.insert(JOINED_BY.to_owned(), joined.clone());
        *is_told = true;
    }
    timeline.retain(|moment| {
        !is_record(&moment.event)
            || taken.get(&(moment.host, key(&moment.event))).is_none_or(|(_, is_told)| !is_told)
    });
}

/// When the kernel's ids stand for what is followed.
struct KernelSpans<'a> {
    follow: &'a Follow,
    /// By host and kernel id: when it was mapped, and whether to what is followed; in the order of time.
    mapped: BTreeMap<(usize, String), Vec<(Timestamp, bool)>>,
    boots: BTreeMap<usize, Vec<Timestamp>>,
    /// The last record of the operation itself on each host.
    last: BTreeMap<usize, Timestamp>,
}

impl<'a> KernelSpans<'a> {
    fn of(timeline: &[Moment], follow: &'a Follow) -> Self {
        let mut spans =
            KernelSpans { follow, mapped: BTreeMap::new(), boots: BTreeMap::new(), last: BTreeMap::new() };
        for moment in timeline {
            if moment.event.kind == EventKind::HOST_BOOT {
                spans.boots.entry(moment.host).or_default().push(moment.time);
            }
            if !is_record(&moment.event) {
                continue;
            }
            match (joined(&moment.event), moment.field("vc_opid"), moment.field("kernel_opid")) {
                ("mapping", Some(text), Some(kernel)) => {
                    let mapped = spans.mapped.entry((moment.host, kernel.to_owned())).or_default();
                    mapped.push((moment.time, follow.is_of(text)));
                }
                ("opid" | "text" | "migration", _, _) => drop(spans.last.insert(moment.host, moment.time)),
                _ => {}
            }
        }
        spans
    }

    /// Whether a record on `host` at `time` is of what is followed.
    fn is_own(&self, host: usize, time: Timestamp, event: &Event) -> bool {
        match joined(event) {
            "mapping" => field(event, "vc_opid").is_some_and(|text| self.follow.is_of(text)),
            "kernel" => self.is_mapped(host, time, field(event, "kernel_opid").unwrap_or_default()),
            _ => true,
        }
    }

    fn is_mapped(&self, host: usize, time: Timestamp, kernel: &str) -> bool {
        // Without any mapping the kernel's id itself was asked for, and what it stands for is not known.
        if self.mapped.is_empty() {
            return true;
        }
        let Some(mapped) = self.mapped.get(&(host, kernel.to_owned())) else { return false };
        let known = mapped.partition_point(|(at, _)| *at <= time);
        let (at, is_own) = match known.checked_sub(1) {
            Some(last) => mapped[last],
            None if mapped[0].0.since(time) <= BEFORE_MAPPING => mapped[0],
            None => return false,
        };
        let boots = self.boots.get(&host).map_or(&[][..], Vec::as_slice);
        let booted = boots.iter().any(|boot| at < *boot && *boot <= time);
        let last = self.last.get(&host).copied().unwrap_or(at).max(at);
        is_own && !booted && time.since(last) <= AFTER_LAST
    }
}
