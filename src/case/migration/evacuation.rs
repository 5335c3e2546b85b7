//! Hosts that were emptied for maintenance, and the migrations by which they were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::host::Host;
use super::super::names::position;
use super::super::timeline::{Maintenance, Moment};
use super::Migration;
use super::join::{NEAR, SAME_OPERATION};
use crate::model::{HostKind, Timestamp};

/// A host was emptied so that it could enter maintenance mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evacuation {
    /// The host: an index into the case's hosts.
    pub host: Option<usize>,
    /// Its name, where it has no bundle here.
    pub name: Option<String>,
    /// When the task began.
    pub started: Option<Timestamp>,
    /// When the host was in maintenance mode, or the task failed.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub reached: Reached,
    /// The root of the task's operation.
    pub operation: Option<String>,
    /// Its migrations: indices into the case's migrations, ascending; never empty.
    pub migrations: Vec<usize>,
    /// The records of the task: indices into the case's timeline, ascending.
    pub moments: Vec<usize>,
}

/// How an evacuation ended.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// The host is in maintenance mode.
    Entered,
    /// The task failed, or was called off.
    Failed,
    /// The records do not tell.
    #[default]
    Unknown,
}

/// Which host a record is about: one with a bundle, or one that is only named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Host(usize),
    Named(String),
}

fn subject_of(moment: &Moment, hosts: &[Host]) -> Option<Subject> {
    if hosts.get(moment.host)?.kind == HostKind::Esxi {
        return Some(Subject::Host(moment.host));
    }
    let name = moment.field("host_name").or_else(|| moment.field("host_ref"))?;
    Some(position(hosts, name).map_or_else(|| Subject::Named(name.to_owned()), Subject::Host))
}

/// The evacuations that `timeline` tells of; a host that had no VM to give away was not evacuated.
pub(in super::super) fn evacuations(
    timeline: &[Moment],
    hosts: &[Host],
    migrations: &[Migration],
) -> Vec<Evacuation> {
    let mut found = tasks(timeline, hosts);
    let by_source = by_source(migrations);
    for (evacuation, subject, until) in &mut found {
        let own = by_source.get(subject).map_or(&[][..], Vec::as_slice);
        evacuation.migrations = migrations_of(evacuation, *until, own, migrations);
    }
    // A host that is put into maintenance mode twice in one breath has each migration once.
    let mut taken = vec![false; migrations.len()];
    for (evacuation, ..) in &mut found {
        evacuation.migrations.retain(|&at| !std::mem::replace(&mut taken[at], true));
    }
    let mut found: Vec<Evacuation> = found.into_iter().map(|(evacuation, ..)| evacuation).collect();
    found.retain(|evacuation| !evacuation.migrations.is_empty());
    found.sort_by(|a, b| (a.started, a.host, &a.name).cmp(&(b.started, b.host, &b.name)));
    found
}

/// A task, its host, and when the next thing begins for that host.
type Task = (Evacuation, Subject, Option<Timestamp>);

fn tasks(timeline: &[Moment], hosts: &[Host]) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut open: BTreeMap<Subject, usize> = BTreeMap::new();
    let mut last: BTreeMap<Subject, usize> = BTreeMap::new();
    for (at, moment) in timeline.iter().enumerate() {
        let Some((mark, subject)) = moment.maintenance().zip(subject_of(moment, hosts)) else { continue };
        let current = open.get(&subject).copied();
        match (mark, current) {
            (Maintenance::Begun, Some(task)) if is_told_again(&tasks[task].0, moment) => {
                tasks[task].0.moments.push(at);
                let operation = root_of(moment);
                let known = &mut tasks[task].0.operation;
                *known = known.take().or(operation);
            }
            (Maintenance::Begun, _) => {
                // What was begun before came to no end that is told.
                for before in last.insert(subject.clone(), tasks.len()).into_iter() {
                    tasks[before].2.get_or_insert(moment.time);
                }
                open.insert(subject.clone(), tasks.len());
                tasks.push((begun(at, moment, &subject), subject, None));
            }
            (Maintenance::Entered | Maintenance::Failed, Some(task)) => {
                let evacuation = &mut tasks[task].0;
                evacuation.moments.push(at);
                evacuation.ended = Some(moment.time);
                let entered = mark == Maintenance::Entered;
                evacuation.reached = if entered { Reached::Entered } else { Reached::Failed };
                open.remove(&subject);
            }
            (Maintenance::Left, Some(task)) => {
                tasks[task].2.get_or_insert(moment.time);
                open.remove(&subject);
            }
            (Maintenance::Entered | Maintenance::Failed | Maintenance::Left, None) => {}
        }
    }
    tasks
}

/// vCenter tells the task and the event of one beginning.
fn is_told_again(evacuation: &Evacuation, moment: &Moment) -> bool {
    let same = evacuation.operation.is_some() && evacuation.operation == root_of(moment);
    same || evacuation.started.is_some_and(|started| moment.time.since(started) <= NEAR)
}

fn begun(at: usize, moment: &Moment, subject: &Subject) -> Evacuation {
    let (host, name) = match subject {
        Subject::Host(host) => (Some(*host), None),
        Subject::Named(name) => (None, Some(name.clone())),
    };
    let (started, operation) = (Some(moment.time), root_of(moment));
    Evacuation { host, name, started, operation, moments: vec![at], ..Evacuation::default() }
}

fn root_of(moment: &Moment) -> Option<String> {
    moment.operation().map(|id| id.root().to_owned())
}

/// The migrations away from each host, in the order of time.
fn by_source(migrations: &[Migration]) -> BTreeMap<Subject, Vec<usize>> {
    let mut found: BTreeMap<Subject, Vec<usize>> = BTreeMap::new();
    for (at, migration) in migrations.iter().enumerate() {
        let named = || migration.from.name.clone().map(Subject::Named);
        let subject = migration.source.map(Subject::Host).or_else(named);
        subject.into_iter().for_each(|subject| found.entry(subject).or_default().push(at));
    }
    let begin = |at: &usize| migrations[*at].started.or(migrations[*at].ended);
    found.values_mut().for_each(|list| list.sort_by_key(|at| (begin(at), *at)));
    found
}

/// Those of `own`, the migrations away from its host, that are of `evacuation`.
///
/// By the operation, where some share the task's; the others then have another purpose, unless nothing tells their
/// operation. Else those that began while it ran.
fn migrations_of(
    evacuation: &Evacuation,
    until: Option<Timestamp>,
    own: &[usize],
    migrations: &[Migration],
) -> Vec<usize> {
    let during = during(evacuation, until, own, migrations);
    let root = evacuation.operation.as_ref();
    let shares = |at: &usize| root.is_some() && migrations[*at].operation.as_ref() == root;
    let near = |at: &usize| {
        let begin = migrations[*at].started.or(migrations[*at].ended).zip(evacuation.started);
        begin.is_some_and(|(time, started)| time.since(started).abs() <= 24 * SAME_OPERATION)
    };
    let sharing: Vec<usize> = own.iter().copied().filter(|at| shares(at) && near(at)).collect();
    let mut found = match sharing.is_empty() {
        true => during,
        false => {
            let unknown = during.into_iter().filter(|&at| migrations[at].operation.is_none());
            sharing.into_iter().chain(unknown).collect()
        }
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// Those that began between the task's begin and its end; where that is not told, as long as they follow each other.
fn during(
    evacuation: &Evacuation,
    until: Option<Timestamp>,
    own: &[usize],
    migrations: &[Migration],
) -> Vec<usize> {
    let Some(started) = evacuation.started else { return Vec::new() };
    let end = evacuation.ended.or(until);
    let (mut found, mut last) = (Vec::new(), started);
    let begin = |at: usize| migrations[at].started.or(migrations[at].ended);
    let from = own.partition_point(|&at| begin(at).is_none_or(|time| time < started));
    for &at in own.get(from..).unwrap_or_default() {
        let Some(time) = begin(at) else { continue };
        let is_over = end.map_or_else(|| time.since(last) > SAME_OPERATION, |end| time > end);
        if is_over {
            break;
        }
        last = last.max(migrations[at].ended.unwrap_or(time));
        found.push(at);
    }
    found
}
