//! Which of many bundles are about one cluster and one time: each group becomes a case.
//!
//! What the bundles themselves say decides: the vSAN cluster, the nodes that each knows, the lists of vSphere HA and DRS.
//! Among bundles of many sites a short name tells nothing, so names count where they are fully qualified. Only what says
//! nothing of any cluster is put where it lies: to the bundles of its folder, as far as these are of one cluster.
//! A vCenter Server belongs to every cluster that it manages.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Card;
use crate::model::{HostKind, Timestamp};

/// One bundle of those that are to be grouped.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// What it says.
    pub card: &'a Card,
    /// The file that it lies in.
    pub file: usize,
    /// The folder that this lies in.
    pub folder: &'a str,
}

/// The groups of `items`, as indices, each in ascending order; the groups in the order of their first ESXi host's name.
/// Bundles that were taken more than `apart` microseconds after the one before are about another time.
pub fn groups(items: &[Item<'_>], apart: i64) -> Vec<Vec<usize>> {
    let hosts: Vec<usize> = (0..items.len()).filter(|&at| items[at].card.kind == HostKind::Esxi).collect();
    let mut sets = Sets::of(items);
    by_cluster(items, &hosts, &mut sets);
    by_place(items, &hosts, &mut sets);
    let mut groups: Vec<Vec<usize>> =
        sets.members(&hosts).into_iter().flat_map(|group| by_time(items, group, apart)).collect();
    add_vcenters(items, &mut groups, apart);
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups.sort_by_cached_key(|group| (name_of(items, group), taken(items, group), group.clone()));
    groups
}

/// The name by which a group is ordered and called: that of its first ESXi host.
pub fn name_of(items: &[Item<'_>], group: &[usize]) -> String {
    let key = |&&at: &&usize| (items[at].card.kind == HostKind::Vcenter, items[at].card.name.as_str());
    group.iter().min_by_key(key).map_or_else(String::new, |&at| items[at].card.name.clone())
}

/// When the last of a group's bundles was taken.
pub fn taken(items: &[Item<'_>], group: &[usize]) -> Option<Timestamp> {
    group.iter().filter_map(|&at| items[at].card.at).max()
}

/// Disjoint sets of items.
struct Sets<'a> {
    above: Vec<usize>,
    /// The vSAN cluster that a set is of, by its root.
    vsan: Vec<Option<&'a str>>,
}

impl<'a> Sets<'a> {
    fn of(items: &[Item<'a>]) -> Sets<'a> {
        let vsan = items.iter().map(|item| item.card.vsan.as_deref()).collect();
        Sets { above: (0..items.len()).collect(), vsan }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.above[at] != at {
            self.above[at] = self.above[self.above[at]];
            at = self.above[at];
        }
        at
    }

    /// Joins two sets, unless they are of two vSAN clusters: their UUIDs say more than any name or node that both know.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if self.vsan[a].is_some() && self.vsan[b].is_some() && self.vsan[a] != self.vsan[b] {
            return;
        }
        let (first, second) = (a.min(b), a.max(b));
        self.vsan[first] = self.vsan[first].or(self.vsan[second]);
        self.above[second] = first;
    }

    /// Joins whatever shares a key.
    fn join_by<K: Ord>(&mut self, keyed: impl IntoIterator<Item = (K, usize)>) {
        let mut first: BTreeMap<K, usize> = BTreeMap::new();
        for (key, at) in keyed {
            let first = *first.entry(key).or_insert(at);
            self.join(first, at);
        }
    }

    fn members(&mut self, of: &[usize]) -> Vec<Vec<usize>> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &at in of {
            members.entry(self.root(at)).or_default().push(at);
        }
        members.into_values().collect()
    }
}

/// Joins hosts that say, or of which others say, that they are of one cluster.
fn by_cluster(items: &[Item<'_>], hosts: &[usize], sets: &mut Sets) {
    let card = |at: usize| items[at].card;
    let each = || hosts.iter().copied();
    sets.join_by(each().filter_map(|at| Some((card(at).vsan.as_deref()?, at))));
    sets.join_by(each().flat_map(|at| card(at).nodes.iter().map(move |node| (node, at))));
    // The same host again. A clone has its twin's UUID under another name.
    sets.join_by(each().filter_map(|at| Some(((card(at).system_uuid.as_deref()?, own_name(card(at))), at))));
    let called = full_names(items, hosts);
    let named = |folder, names: &BTreeSet<String>| -> Vec<usize> {
        let same = names.iter().filter_map(|name| called.get(name.as_str()));
        same.flat_map(|same| meant(items, same, folder)).collect()
    };
    for at in each() {
        // One that lists others and not this host is of another cluster, whatever this one claims.
        let is_mutual = |mate: usize| {
            let mut own = card(at).names.iter().chain([&card(at).name]);
            card(mate).mates.is_empty() || own.any(|name| card(mate).mates.contains(name))
        };
        let mates = named(items[at].folder, &card(at).mates);
        mates.into_iter().filter(|&mate| is_mutual(mate)).for_each(|mate| sets.join(at, mate));
    }
    for item in items.iter().filter(|item| item.card.kind == HostKind::Vcenter) {
        for cluster in &item.card.clusters {
            let is_of = |&host: &usize| card(host).mates.is_empty() || !card(host).mates.is_disjoint(cluster);
            let members: Vec<usize> = named(item.folder, cluster).into_iter().filter(is_of).collect();
            members.windows(2).for_each(|pair| sets.join(pair[0], pair[1]));
        }
    }
    // Under one full name lies one host, unless the UUIDs say otherwise.
    for same in called.values().filter(|same| !are_several(items, same)) {
        same.windows(2).for_each(|pair| sets.join(pair[0], pair[1]));
    }
}

/// Whether bundles that give one name are of several machines.
fn are_several(items: &[Item<'_>], same: &[usize]) -> bool {
    let uuids = same.iter().filter_map(|&at| items[at].card.system_uuid.as_deref());
    uuids.collect::<BTreeSet<&str>>().len() > 1
}

/// Those of the bundles that give one name which somebody in `folder` means by it: all where they are of one machine, else
/// those that lie there, as two sites may have given one name.
fn meant<'s>(items: &'s [Item<'_>], same: &'s [usize], folder: &'s str) -> impl Iterator<Item = usize> + 's {
    let is_shared = are_several(items, same);
    same.iter().copied().filter(move |&at| !is_shared || items[at].folder == folder)
}

/// A host's name where its bundle says it.
fn own_name(card: &Card) -> &str {
    if card.anonymous { "" } else { &card.name }
}

fn is_full(name: &str) -> bool {
    name.contains('.')
        && name.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !name.starts_with("localhost")
}

/// Hosts by each of their fully qualified names.
fn full_names<'a>(items: &[Item<'a>], hosts: &[usize]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut called: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &at in hosts {
        let card = items[at].card;
        let names = card.names.iter().chain([&card.name]).map(String::as_str).filter(|name| is_full(name));
        for name in names.filter(|_| !card.anonymous).collect::<BTreeSet<&str>>() {
            called.entry(name).or_default().push(at);
        }
    }
    called
}

/// Joins hosts that say nothing of a cluster: those that one vCenter Server manages, those of one file, and those of one
/// folder and one domain. One in a folder whose other bundles are all of one cluster is of that one.
fn by_place(items: &[Item<'_>], hosts: &[usize], sets: &mut Sets) {
    let listed: BTreeSet<&str> =
        items.iter().flat_map(|item| &item.card.clusters).flatten().map(String::as_str).collect();
    let is_loose = |at: usize| {
        let card = items[at].card;
        let in_cluster = card.names.iter().any(|name| listed.contains(name.as_str()));
        card.vsan.is_none() && card.nodes.is_empty() && card.mates.is_empty() && !in_cluster
    };
    let (loose, bound): (Vec<usize>, Vec<usize>) = hosts.iter().partition(|&&at| is_loose(at));
    let managers = |at: usize| {
        let manages = move |vcenter: &&Item<'_>| manages(vcenter.card, items[at].card);
        items.iter().enumerate().filter(move |(_, item)| manages(item)).map(|(vcenter, _)| vcenter)
    };
    sets.join_by(loose.iter().flat_map(|&at| managers(at).map(move |vcenter| (vcenter, at))));
    // Hosts of one cluster are not called alike: where some are, that they lie together says nothing of those without a
    // domain.
    let mut called: BTreeMap<(&str, &str), BTreeSet<Option<&str>>> = BTreeMap::new();
    for &at in &loose {
        let (item, uuid) = (&items[at], items[at].card.system_uuid.as_deref());
        called.entry((item.folder, item.card.name.as_str())).or_default().insert(uuid);
    }
    let is_mixed = |folder: &str| called.iter().any(|((own, _), uuids)| *own == folder && uuids.len() > 1);
    let lies = |at: usize| {
        let domain = domain(items[at].card);
        (!domain.is_empty() || !is_mixed(items[at].folder)).then_some(domain)
    };
    sets.join_by(loose.iter().filter_map(|&at| Some(((items[at].file, lies(at)?), at))));
    sets.join_by(loose.iter().filter_map(|&at| Some(((items[at].folder, lies(at)?), at))));
    for group in sets.members(&loose) {
        // Of what lies beside them, the clusters that they can be of: those of their domain, or any where they tell none.
        let beside = |at: usize, other: usize| {
            let (own, its) = (domain(items[at].card), domain(items[other].card));
            items[at].folder == items[other].folder && (own.is_empty() || own == its)
        };
        let near = bound.iter().copied().filter(|&other| group.iter().any(|&at| beside(at, other)));
        let homes: BTreeSet<usize> = near.map(|other| sets.root(other)).collect();
        if let (Some(&home), 1) = (homes.first(), homes.len()) {
            sets.join(home, group[0]);
        }
    }
}

/// `lab.example.com` of `esx01.lab.example.com`; nothing where the host has no full name.
fn domain(card: &Card) -> &str {
    if is_full(&card.name) { card.name.split_once('.').map_or("", |(_, domain)| domain) } else { "" }
}

fn manages(vcenter: &Card, host: &Card) -> bool {
    vcenter.kind == HostKind::Vcenter
        && host.names.iter().chain([&host.name]).any(|name| is_full(name) && vcenter.managed.contains(name))
}

/// Divides a group where so much time lies between two bundles. One whose time is not known goes with the last.
fn by_time(items: &[Item<'_>], mut group: Vec<usize>, apart: i64) -> Vec<Vec<usize>> {
    let at = |index: usize| items[index].card.at.unwrap_or(Timestamp::from_micros(i64::MAX));
    group.sort_by_key(|&index| (at(index), index));
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for index in group {
        match parts.last_mut() {
            Some(part) if part.last().is_some_and(|&last| is_near(items, last, index, apart)) => {
                part.push(index)
            }
            _ => parts.push(vec![index]),
        }
    }
    parts
}

fn is_near(items: &[Item<'_>], a: usize, b: usize, apart: i64) -> bool {
    match (items[a].card.at, items[b].card.at) {
        (Some(a), Some(b)) => b.since(a).saturating_abs() <= apart,
        _ => true,
    }
}

/// Adds each vCenter Server to the groups of the hosts that it manages, else to those in its folder; those that belong to
/// none are groups of their own.
fn add_vcenters(items: &[Item<'_>], groups: &mut Vec<Vec<usize>>, apart: i64) {
    let mut alone: Vec<usize> = Vec::new();
    let of_hosts = groups.len();
    for (vcenter, item) in items.iter().enumerate().filter(|(_, item)| item.card.kind == HostKind::Vcenter) {
        let near = |group: &[usize]| group.iter().any(|&at| is_near(items, at, vcenter, apart));
        let named = |group: &[usize]| group.iter().any(|&at| manages(item.card, items[at].card));
        let beside = |group: &[usize]| {
            group.iter().any(|&at| items[at].folder == item.folder || items[at].file == item.file)
        };
        let homes = |is_home: &dyn Fn(&[usize]) -> bool| -> Vec<usize> {
            (0..of_hosts).filter(|&group| is_home(&groups[group]) && near(&groups[group])).collect()
        };
        let mut own = homes(&named);
        // In a folder of many clusters that it lies beside them says nothing.
        if own.is_empty() {
            own = Some(homes(&beside)).filter(|homes| homes.len() == 1).unwrap_or_default();
        }
        own.iter().for_each(|&group| groups[group].push(vcenter));
        if own.is_empty() {
            alone.push(vcenter);
        }
    }
    let mut sets = Sets::of(items);
    // Names count where they are full, elsewhere within a folder.
    sets.join_by(alone.iter().map(|&at| {
        let (card, folder) = (items[at].card, items[at].folder);
        let place = if is_full(&card.name) { "" } else { folder };
        ((card.name.as_str(), place, card.system_uuid.as_deref()), at)
    }));
    let of_vcenters = sets.members(&alone).into_iter().flat_map(|group| by_time(items, group, apart));
    groups.extend(of_vcenters);
}

#[cfg(test)]
mod tests;
