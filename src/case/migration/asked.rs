//! Who asked for a migration: what tells one attempt from the next where records have no id of a migration.
//!
//! Programs pass on the id of an operation, each with parts of its own, and make others for work of their own. So two ids
//! contradict only where one log has both and somebody asked for each.

use std::collections::{BTreeMap, BTreeSet};

use super::super::log_of;
use super::super::timeline::Moment;
use crate::format::id::{self, OpId};

/// The logs whose programs have the id of what was asked for; the VMkernel has a sum of it.
const LOGS: &[&str] = &["vpxd", "vpxa", "hostd"];

/// What the records of one migration say of who asked for it, by host and log.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(BTreeMap<(usize, &'static str), Ids>);

#[derive(Clone, Debug, Default)]
struct Ids {
    /// Roots of operations.
    roots: BTreeSet<String>,
    /// Tasks of vCenter, `task-100`.
    tasks: BTreeSet<String>,
}

impl Asked {
    /// Takes what `moment` tells.
    pub fn take(&mut self, moment: &Moment) {
        let (root, task) = ids_of(moment);
        if root.is_none() && task.is_none() {
            return;
        }
        let Some(log) = teller_of(moment) else { return };
        let ids = self.0.entry(log).or_default();
        ids.roots.extend(root.map(str::to_owned));
        ids.tasks.extend(task.map(str::to_owned));
    }

    /// Whether the log of `moment` tells that something else was asked for: another operation, else another task.
    pub fn is_other(&self, moment: &Moment) -> bool {
        let Some(ids) = teller_of(moment).and_then(|log| self.0.get(&log)) else { return false };
        let differs = |known: &BTreeSet<String>, own: Option<&str>| {
            own.filter(|_| !known.is_empty()).map(|own| !known.contains(own))
        };
        let (root, task) = ids_of(moment);
        differs(&ids.roots, root).or_else(|| differs(&ids.tasks, task)).unwrap_or(false)
    }
}

/// The host and the log, where its program has such ids.
fn teller_of(moment: &Moment) -> Option<(usize, &'static str)> {
    let log = log_of(moment.event.source.file.as_str())?;
    LOGS.contains(&log).then_some((moment.host, log))
}

/// The root of the operation and the task that somebody asked for.
fn ids_of(moment: &Moment) -> (Option<&str>, Option<&str>) {
    let asked_for = moment.operation().filter(|own| own.is_of_one_operation() && !own.is_internal());
    // Parts of a task have ids of their own, `lro-88`.
    let task = moment.field("task").filter(|task| id::moref(task).is_some_and(|(kind, _)| kind == "task"));
    (asked_for.map(OpId::root), task)
}
