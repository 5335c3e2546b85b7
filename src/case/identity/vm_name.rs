//! What VMs were called when: from the records of renames.

use std::collections::{BTreeMap, BTreeSet};

use super::super::host::Host;
use super::super::names::Names;
use crate::model::{Event, EventKind, HostKind, Timestamp};

/// A VM got another name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rename {
    at: Timestamp,
    old: String,
    new: String,
}

/// Renames that one walk follows; more would be a circle.
const MOST: usize = 64;

/// The renames that a case tells of.
#[derive(Debug, Default)]
pub(super) struct Renames {
    /// By vCenter and moref, in the order of time.
    by_object: BTreeMap<(usize, String), Vec<Rename>>,
    /// By the name that they gave, and by the one that they took, in the order of time.
    by_new: BTreeMap<String, Vec<Rename>>,
    by_old: BTreeMap<String, Vec<Rename>>,
    /// Names that several VMs have, so that a rename may be of any of them.
    shared: BTreeSet<String>,
}

impl Renames {
    pub fn of(hosts: &[Host], names: &Names, events: &[Vec<Event>]) -> Renames {
        let mut known = Renames { shared: names.shared_vm_names(), ..Renames::default() };
        for (host, event) in
            events.iter().enumerate().flat_map(|(host, list)| list.iter().map(move |e| (host, e)))
        {
            if event.kind == EventKind::VM_RENAMED {
                let is_vcenter = hosts.get(host).is_some_and(|host| host.kind == HostKind::Vcenter);
                known.take(is_vcenter.then_some(host), names, event);
            }
        }
        let lists =
            known.by_object.values_mut().chain(known.by_new.values_mut()).chain(known.by_old.values_mut());
        lists.for_each(|list| list.sort());
        known
    }

    fn take(&mut self, vcenter: Option<usize>, names: &Names, event: &Event) {
        let field = |name: &str| event.fields.get(name).cloned();
        let told = event.stamp.zip(field("old_name").zip(field("new_name")));
        let Some((stamp, (old, new))) = told.filter(|(_, (old, new))| old != new) else { return };
        let rename = Rename { at: stamp.time, old, new };
        if let Some(vcenter) = vcenter {
            let moref = field("vm_ref").or_else(|| names.renamed_object(vcenter, &rename.old, &rename.new));
            let moref = moref.into_iter().map(|moref| (vcenter, moref));
            moref.for_each(|key| self.by_object.entry(key).or_default().push(rename.clone()));
        }
        self.by_old.entry(rename.old.clone()).or_default().push(rename.clone());
        self.by_new.entry(rename.new.clone()).or_default().push(rename);
    }

    /// The name of a VM at `time`, where vCenter tells that it was renamed.
    pub fn of_object(&self, vcenter: usize, moref: &str, time: Timestamp) -> Option<&str> {
        let list = self.by_object.get(&(vcenter, moref.to_owned()))?;
        match list.partition_point(|rename| rename.at <= time).checked_sub(1) {
            Some(last) => list.get(last).map(|rename| rename.new.as_str()),
            None => list.first().map(|rename| rename.old.as_str()),
        }
    }

    /// What a VM was called at `time`, that was called `name` at `known_at`, at the end where that is not known.
    pub fn at(&self, name: &str, known_at: Option<Timestamp>, time: Timestamp) -> String {
        match known_at {
            Some(known_at) if known_at <= time => self.forward(name, known_at, time),
            _ => self.backward(name, known_at, time),
        }
    }

    fn backward(&self, name: &str, known_at: Option<Timestamp>, time: Timestamp) -> String {
        let (mut name, mut until) = (name, known_at);
        for _ in 0..MOST {
            let list = self.by_new.get(name).filter(|_| !self.shared.contains(name));
            let between = |rename: &&Rename| rename.at > time && until.is_none_or(|until| rename.at <= until);
            let mut between = list.into_iter().flatten().filter(between);
            let Some(last) = between.next_back() else { break };
            // Two VMs were given this name: whose rename it is cannot be told. One VM lost it before it got it again.
            let lost = |from: Timestamp| has(&self.by_old, name, from, last.at);
            if between.next_back().is_some_and(|other| other.old != last.old && !lost(other.at)) {
                break;
            }
            (name, until) = (&last.old, Some(last.at.plus_micros(-1)));
        }
        name.to_owned()
    }

    fn forward(&self, name: &str, known_at: Timestamp, time: Timestamp) -> String {
        let (mut name, mut from) = (name, known_at);
        for _ in 0..MOST {
            let list = self.by_old.get(name).filter(|_| !self.shared.contains(name));
            let between = |rename: &&Rename| rename.at > from && rename.at <= time;
            let mut between = list.into_iter().flatten().filter(between);
            let Some(first) = between.next() else { break };
            let regained = |until: Timestamp| has(&self.by_new, name, first.at, until);
            if between.next().is_some_and(|other| other.new != first.new && !regained(other.at)) {
                break;
            }
            (name, from) = (&first.new, first.at);
        }
        name.to_owned()
    }
}

/// Whether `list` has a rename of `name` between two others.
fn has(list: &BTreeMap<String, Vec<Rename>>, name: &str, from: Timestamp, until: Timestamp) -> bool {
    list.get(name).is_some_and(|list| list.iter().any(|rename| rename.at > from && rename.at < until))
}
