//! Finds the migrations that a record may be of without a look at each: by operation, by VM, by end, and by time.
//!
//! What it gives is a little more than what fits; who asks looks at each. It only grows, as what is known of a migration
//! does: a name, an end or a time that it was listed under stays true.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::join::{Group, NEAR, SAME_OPERATION, Span};
use crate::model::Timestamp;

/// Slots of time that one migration is listed in; one that lasts longer is listed as lasting always.
const MOST_SLOTS: i64 = 48;

/// Ids of the groups under a key, by slot of time.
#[derive(Debug)]
struct Slots<K> {
    /// Microseconds of a slot: what is sought lies in the slot of the time asked for, or in one beside it.
    width: i64,
    keys: BTreeMap<K, Listed>,
}

/// What is listed under one key.
#[derive(Debug, Default)]
struct Listed {
    slots: BTreeMap<i64, BTreeSet<usize>>,
    always: BTreeSet<usize>,
}

impl<K: Ord + Clone> Slots<K> {
    fn new(width: i64) -> Self {
        Slots { width, keys: BTreeMap::new() }
    }

    fn range(&self, from: Timestamp, to: Timestamp) -> RangeInclusive<i64> {
        from.micros().div_euclid(self.width)..=to.micros().div_euclid(self.width)
    }

    /// Whether a group whose span was `before` and is `now` lies in a slot that it did not lie in.
    fn is_in_more(&self, before: Option<Span>, now: Span) -> bool {
        before.is_none_or(|before| self.range(before.0, before.1) != self.range(now.0, now.1))
    }

    fn insert(&mut self, key: &K, group: usize, (from, to): Span) {
        let range = self.range(from, to);
        let listed = self.keys.entry(key.clone()).or_default();
        if range.end() - range.start() >= MOST_SLOTS {
            listed.always.insert(group);
            return;
        }
        for slot in range {
            listed.slots.entry(slot).or_default().insert(group);
        }
    }

    fn remove<Q: Ord + ?Sized>(&mut self, key: &Q, group: usize, (from, to): Span)
    where
        K: Borrow<Q>,
    {
        let range = self.range(from, to);
        let Some(listed) = self.keys.get_mut(key) else { return };
        listed.always.remove(&group);
        for slot in range.take(MOST_SLOTS as usize) {
            if let Some(groups) = listed.slots.get_mut(&slot) {
                groups.remove(&group);
            }
        }
    }

    /// The groups under `key` near `time`; one may come twice.
    fn near<'a, Q: Ord + ?Sized>(
        &'a self,
        key: &Q,
        time: Timestamp,
    ) -> impl Iterator<Item = usize> + use<'a, K, Q>
    where
        K: Borrow<Q>,
    {
        let slot = time.micros().div_euclid(self.width);
        let near = move |listed: &'a Listed| {
            let beside = listed.slots.range(slot - 1..=slot + 1).flat_map(|(_, groups)| groups);
            beside.chain(&listed.always).copied()
        };
        self.keys.get(key).into_iter().flat_map(near)
    }
}

/// The migrations, listed in the ways in which they are asked for.
#[derive(Debug)]
pub(super) struct Index {
    /// By the root of an operation, then the VM.
    by_operation_and_name: BTreeMap<String, Slots<String>>,
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
            by_operation_and_name: BTreeMap::new(),
            by_operation: Slots::new(SAME_OPERATION),
            nameless: Slots::new(SAME_OPERATION),
            by_name: Slots::new(NEAR),
            by_source: Slots::new(NEAR),
            by_destination: Slots::new(NEAR),
            failed: Slots::new(NEAR),
        }
    }
}

/// What has become known of a migration with one record.
#[derive(Debug, Default)]
pub(super) struct News {
    pub names: Vec<String>,
    /// Roots of operations.
    pub roots: Vec<String>,
    pub source: Option<usize>,
    pub destination: Option<usize>,
    /// It had not failed before.
    pub failed: bool,
    /// The span of one host: before, and now.
    pub span: Option<(Option<Span>, Span)>,
}

impl Index {
    /// Lists all that is known of `groups[at]`.
    pub fn note(&mut self, at: usize, groups: &[Group]) {
        let Some(group) = groups.get(at) else { return };
        for &span in group.spans.values() {
            self.list(at, group, None, span);
        }
    }

    /// Lists `news` of `group`, which has the id `at`: what is new under every span, and the rest under a new one.
    pub fn add(&mut self, at: usize, group: &Group, news: &News) {
        for &span in group.spans.values() {
            self.list_new(at, group, news, span);
        }
        if let Some((before, now)) = news.span {
            self.list(at, group, before, now);
        }
    }

    /// Lists what is known of `group` under the span `now`, as far as it is not listed under `before`.
    fn list(&mut self, at: usize, group: &Group, before: Option<Span>, now: Span) {
        if self.by_operation.is_in_more(before, now) {
            for root in &group.roots {
                self.list_root(at, root, group, now);
            }
        }
        if self.by_name.is_in_more(before, now) {
            group.names.all().for_each(|name| self.by_name.insert(name, at, now));
            let ends = (group.ends.source, group.ends.destination);
            self.list_rest(at, ends, group.failed || group.refused, now);
        }
    }

    fn list_new(&mut self, at: usize, group: &Group, news: &News, span: Span) {
        for root in &news.roots {
            self.list_root(at, root, group, span);
        }
        for name in &news.names {
            self.by_name.insert(name, at, span);
            for root in &group.roots {
                self.list_named(at, root, name, span);
                self.nameless.remove(root, at, span);
            }
        }
        self.list_rest(at, (news.source, news.destination), news.failed, span);
    }

    fn list_root(&mut self, at: usize, root: &String, group: &Group, span: Span) {
        self.by_operation.insert(root, at, span);
        if group.names.is_empty() {
            self.nameless.insert(root, at, span);
        }
        for name in group.names.all() {
            self.list_named(at, root, name, span);
        }
    }

    fn list_named(&mut self, at: usize, root: &str, name: &String, span: Span) {
        let names = self.by_operation_and_name.entry(root.to_owned());
        names.or_insert_with(|| Slots::new(SAME_OPERATION)).insert(name, at, span);
    }

    fn list_rest(&mut self, at: usize, ends: (Option<usize>, Option<usize>), failed: bool, span: Span) {
        ends.0.iter().for_each(|host| self.by_source.insert(host, at, span));
        ends.1.iter().for_each(|host| self.by_destination.insert(host, at, span));
        if failed {
            self.failed.insert(&(), at, span);
        }
    }

    /// The migrations of the operation `root` that move a VM of one of `names`; one may come several times.
    pub fn in_operation_named<'n>(
        &self,
        root: &str,
        names: impl Iterator<Item = &'n String>,
        time: Timestamp,
    ) -> impl Iterator<Item = usize> {
        let of_root = self.by_operation_and_name.get(root);
        names.flat_map(move |name| of_root.into_iter().flat_map(move |slots| slots.near(name, time)))
    }

    /// The migrations of the operation `root`: all of them, or those of which no name is known; one may come several
    /// times.
    pub fn in_operation(&self, root: &str, all: bool, time: Timestamp) -> impl Iterator<Item = usize> {
        let list = if all { &self.by_operation } else { &self.nameless };
        list.near(root, time)
    }

    /// The migrations of a VM of one of `names`; one may come several times.
    pub fn named<'n>(
        &self,
        names: impl Iterator<Item = &'n String>,
        time: Timestamp,
    ) -> impl Iterator<Item = usize> {
        names.flat_map(move |name| self.by_name.near(name, time))
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
