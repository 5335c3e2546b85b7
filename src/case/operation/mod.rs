//! Operations: what one request set in motion on vCenter and on its hosts, joined by the beginnings of opIDs.

pub mod follow;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::timeline::Moment;
use crate::format::id::OpId;
use crate::format::of_path;
use crate::model::{EventKind, Timestamp};
use crate::rule::is_kernel_log;

/// What one request set in motion, as far as the timeline tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The beginning that all its opIDs share.
    pub root: String,
    /// vCenter's task: `task-1234`.
    pub task: Option<String>,
    /// What the task is about: `vm-12`, `host-9`.
    pub entity: Option<String>,
    /// The task's method: `vim.VirtualMachine.migrate`.
    pub method: Option<String>,
    /// Indices into the case's hosts, ascending.
    pub hosts: Vec<usize>,
    /// Its first event.
    pub from: Timestamp,
    /// Its last event.
    pub to: Timestamp,
    /// Indices into the timeline, ascending.
    pub moments: Vec<usize>,
    /// How it ended.
    pub outcome: Ended,
}

/// How an operation ended.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Ended {
    /// Nothing tells.
    #[default]
    Unknown,
    /// As it should.
    Succeeded,
    /// With a fault.
    Failed,
}

/// The operations of a timeline, ordered by their first event. Loops that never end are none. Each event of one gets
/// the field `op`, its root.
pub(super) fn build(timeline: &mut [Moment]) -> Vec<Operation> {
    let roots = roots(timeline);
    let mut operations: Vec<Operation> = Vec::new();
    let mut by_root: HashMap<&str, usize> = HashMap::new();
    for (index, (moment, root)) in timeline.iter().zip(&roots).enumerate() {
        let Some(root) = root else { continue };
        let at = *by_root.entry(root).or_insert_with(|| {
            operations.push(Operation::of(root, moment));
            operations.len() - 1
        });
        operations[at].take(index, moment);
    }
    for operation in &mut operations {
        operation.hosts = operation
            .moments
            .iter()
            .map(|&at| timeline[at].host)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
    }
    for (moment, root) in timeline.iter_mut().zip(roots) {
        if let Some(root) = root {
            moment.event.fields.insert("op".to_owned(), root);
        }
    }
    operations
}

impl Operation {
    fn of(root: &str, first: &Moment) -> Self {
        Operation {
            root: root.to_owned(),
            task: None,
            entity: None,
            method: None,
            hosts: Vec::new(),
            from: first.time,
            to: first.time,
            moments: Vec::new(),
            outcome: Ended::Unknown,
        }
    }

    fn take(&mut self, index: usize, moment: &Moment) {
        self.to = moment.time;
        self.moments.push(index);
        let known = |name: &str| moment.field(name).map(str::to_owned);
        let kind = moment.event.kind;
        let tells_task = [EventKind::TASK_BEGIN, EventKind::TASK_END, EventKind::VMOTION_PROGRESS];
        if tells_task.contains(&kind) && moment.field("task").is_some() {
            // The outermost task is the first.
            self.task = self.task.take().or_else(|| known("task"));
            self.entity = self.entity.take().or_else(|| known("object").or_else(|| known("entity")));
            self.method = self.method.take().or_else(|| known("method"));
        }
        match kind {
            EventKind::VMOTION_FAIL | EventKind::VMOTION_FAIL_CPU => self.outcome = Ended::Failed,
            EventKind::TASK_END if moment.field("fault").is_some() => self.outcome = Ended::Failed,
            EventKind::TASK_END | EventKind::VMOTION_SUCCESS if self.outcome == Ended::Unknown => {
                self.outcome = Ended::Succeeded;
            }
            _ => {}
        }
    }
}

/// The root of the operation of each event: by its opID, else by the migration that it is of.
fn roots(timeline: &[Moment]) -> Vec<Option<String>> {
    let own: Vec<Option<String>> = timeline.iter().map(own_root).collect();
    // A migration belongs to an operation where all that name both agree.
    let mut by_migration: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (moment, root) in timeline.iter().zip(&own) {
        let Some((migration, root)) = moment.field("mid").zip(root.as_deref()) else { continue };
        let known = by_migration.entry(migration).or_insert(Some(root));
        if *known != Some(root) {
            *known = None;
        }
    }
    let of_migration = |moment: &Moment| by_migration.get(moment.field("mid")?).copied().flatten();
    timeline
        .iter()
        .zip(&own)
        .map(|(moment, own)| own.clone().or_else(|| of_migration(moment).map(str::to_owned)))
        .collect()
}

fn own_root(moment: &Moment) -> Option<String> {
    let log = of_path(&super::inside(moment.event.source.file.as_str())).map_or("", |format| format.name);
    // What the kernel writes is a hash.
    let id = moment.field("opid").filter(|_| !is_kernel_log(log)).and_then(OpId::new)?;
    id.is_of_one_operation().then(|| id.root().to_owned())
}

#[cfg(test)]
mod tests;
