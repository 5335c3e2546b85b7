//! Finds the migrations that a record may be of without a look at each: by operation, by VM, by end, and by time.
//!
//! What it gives is a little more than what fits; who asks looks at each. It only grows, as what is known of a migration
//! does: a name, an end or a time that it was listed under stays true.

use std::collections::{BTreeMap, BTreeSet};

use super::join::{Group, NEAR, SAME_OPERATION};
use crate::format::id::OpId;
use crate::model::Timestamp;

/// Slots of time that one migration is listed in; one that lasts longer is listed as lasting always.
const MOST_SLOTS: i64 = 48;

/// Ids of the groups under a key, by slot of time.
#[derive(Debug)]
struct Slots<K> {
    /// Microseconds of a slot: what is sought lies in the slot of the time asked for, or in one beside it.
    width: i64,
    slots: BTreeMap<(K, i64), BTreeSet<usize>>,
    always: BTreeMap<K, BTreeSet<usize>>,
}

impl<K: Ord + Clone> Slots<K> {
    fn new(width: i64) -> Self {
        Slots { width, slots: BTreeMap::new(), always: BTreeMap::new() }
    }

    fn range(&self, from: Timestamp, to: Timestamp) -> std::ops::RangeInclusive<i64> {
        from.micros().div_euclid(self.width)..=to.micros().div_euclid(self.width)
    }

    fn insert(&mut self, key: &K, group: usize, from: Timestamp, to: Timestamp) {
        let range = self.range(from, to);
        if range.end() - range.start() >= MOST_SLOTS {
            self.always.entry(key.clone()).or_default().insert(group);
            return;
        }
        for slot in range {
            self.slots.entry((key.clone(), slot)).or_default().insert(group);
        }
    }

    fn remove(&mut self, key: &K, group: usize, from: Timestamp, to: Timestamp) {
        let range = self.range(from, to);
        if let Some(groups) = self.always.get_mut(key) {
            groups.remove(&group);
        }
        for slot in range.take(MOST_SLOTS as usize) {
            if let Some(groups) = self.slots.get_mut(&(key.clone(), slot)) {
                groups.remove(&group);
            }
        }
    }

    /// The groups under `key` near `time`; one may come twice.
    fn near<'a>(&'a self, key: &K, time: Timestamp) -> impl Iterator<Item = usize> + use<'a, K> {
        let slot = time.micros().div_euclid(self.width);
        let beside = [slot - 1, slot, slot + 1].map(|slot| self.slots.get(&(key.clone(), slot)));
        beside.into_iter().chain([self.always.get(key)]).flatten().flatten().copied()
    }
}

/// The migrations, listed in the ways in which they are asked for.
#[derive(Debug)]
pub(super) struct Index {
    /// By the root of an operation, and the VM.
    by_operation_and_name: Slots<(String, String)>,
    by_operation: Slots<String>,
    /// Those without a name by the root of an operation.
    nameless: Slots<String>,
    by_name: Slots<String>,
    by_source: Slots<usize>,
    by_destination: Slots<usize>,
    failed: Slots<()>,
}

impl Default for Index {
    fn default() -> Self {
        Index {
            by_operation_and_name: Slots::new(SAME_OPERATION),
            by_operation: Slots::new(SAME_OPERATION),
            nameless: Slots::new(SAME_OPERATION),
            by_name: Slots::new(NEAR),
            by_source: Slots::new(NEAR),
            by_destination: Slots::new(NEAR),
            failed: Slots::new(NEAR),
        }
    }
}

impl Index {
    /// Lists what is known of `groups[at]`; again each time that it has grown.
    pub fn note(&mut self, at: usize, groups: &[Group]) {
        let Some(group) = groups.get(at) else { return };
        let roots: BTreeSet<&str> =
            group.operations.iter().filter_map(|id| OpId::new(id)).map(OpId::root).collect();
        for &(from, to) in group.spans.values() {
            for name in group.names.all() {
                self.by_name.insert(name, at, from, to);
            }
            for root in roots.iter().copied().map(str::to_owned) {
                for name in group.names.all() {
                    self.by_operation_and_name.insert(&(root.clone(), name.clone()), at, from, to);
                }
                self.by_operation.insert(&root, at, from, to);
                match group.names.is_empty() {
                    true => self.nameless.insert(&root, at, from, to),
                    false => self.nameless.remove(&root, at, from, to),
                }
            }
            group.ends.source.iter().for_each(|host| self.by_source.insert(host, at, from, to));
            group.ends.destination.iter().for_each(|host| self.by_destination.insert(host, at, from, to));
            if group.failed || group.refused {
                self.failed.insert(&(), at, from, to);
            }
        }
    }

    /// The migrations of the operation `root` that move a VM of one of `names`, each once.
    pub fn in_operation_named<'n>(
        &self,
        root: &str,
        names: impl Iterator<Item = &'n String>,
        time: Timestamp,
    ) -> BTreeSet<usize> {
        let key = |name: &String| (root.to_owned(), name.clone());
        names.flat_map(|name| self.by_operation_and_name.near(&key(name), time)).collect()
    }

    /// The migrations of the operation `root`: all of them, or those of which no name is known; one may come several
    /// times.
    pub fn in_operation(&self, root: &str, all: bool, time: Timestamp) -> impl Iterator<Item = usize> {
        let list = if all { &self.by_operation } else { &self.nameless };
        list.near(&root.to_owned(), time)
    }

    /// The migrations of a VM of one of `names`, each once.
    pub fn named<'n>(&self, names: impl Iterator<Item = &'n String>, time: Timestamp) -> BTreeSet<usize> {
        names.flat_map(|name| self.by_name.near(name, time)).collect()
    }

    /// The migrations from `source` and those to `destination`; one may come several times.
    pub fn between(
        &self,
        source: Option<usize>,
        destination: Option<usize>,
        time: Timestamp,
    ) -> impl Iterator<Item = usize> {
        let from = source.into_iter().flat_map(move |host| self.by_source.near(&host, time));
        let to = destination.into_iter().flat_map(move |host| self.by_destination.near(&host, time));
        from.chain(to)
    }

    /// The migrations that failed; one may come several times.
    pub fn failed(&self, time: Timestamp) -> impl Iterator<Item = usize> {
        self.failed.near(&(), time)
    }
}
