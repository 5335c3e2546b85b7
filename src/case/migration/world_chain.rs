//! The name of a VM by the worlds that hosts ran for it one after the other.
//!
//! The source names the world that the destination made (`Dest wid`), which is the source's world of the next move. So a
//! name that is known at one hop, as by the list of processes at the end, is that of all of them.

use std::collections::BTreeMap;

use super::super::timeline::Moment;
use super::Side;
use super::ends::Places;
use super::join::Group;
use crate::model::Timestamp;

/// A world of a host, in one boot of it.
type World = (usize, u64, usize);

/// A world that a migration tells, and when.
struct Told {
    group: usize,
    world: World,
    /// Whether the move made it.
    is_made: bool,
    at: Timestamp,
}

/// Names the migrations whose VM only another hop of the same VM tells.
pub(super) fn name(groups: &mut [Group], timeline: &[Moment], places: &Places<'_>) {
    let mut told: Vec<Told> =
        groups.iter().enumerate().flat_map(|(index, group)| worlds(index, group, timeline, places)).collect();
    keep_unique(&mut told);
    let chains = Chains::of(groups.len(), &told);
    // By chain: its names, each with a time at which it was used.
    let mut names: BTreeMap<usize, BTreeMap<String, Timestamp>> = BTreeMap::new();
    for Told { group, world: (host, world, _), at, .. } in &told {
        let by_world = || places.identity.vm_of_world(places.hosts, *host, *world, *at);
        let name = groups[*group].names.called().cloned().or_else(by_world);
        if let Some(name) = name {
            names.entry(chains.of_group(*group)).or_default().entry(name).or_insert(*at);
        }
    }
    for Told { group, at, .. } in &told {
        let Some(names) = names.get(&chains.of_group(*group)) else { continue };
        if groups[*group].names.called().is_none() {
            let then = |(name, known_at): (&String, &Timestamp)| {
                places.identity.vm_name_at(name, Some(*known_at), *at)
            };
            let mut then = names.iter().map(then);
            // Two names that no rename makes one tell that the chain is none.
            if let Some(name) = then.next().filter(|name| then.all(|other| other == *name)) {
                groups[*group].names.add_of_world(name);
            }
        }
    }
}

/// Drops the worlds that several moves made: such a number means no one VM.
fn keep_unique(told: &mut Vec<Told>) {
    let mut makers: BTreeMap<World, Option<usize>> = BTreeMap::new();
    for one in told.iter().filter(|one| one.is_made) {
        let maker = makers.entry(one.world).or_insert(Some(one.group));
        if *maker != Some(one.group) {
            *maker = None;
        }
    }
    told.retain(|one| makers.get(&one.world).is_none_or(Option::is_some));
}

/// The worlds that the records of `group` tell of its ends.
fn worlds<'a>(
    index: usize,
    group: &'a Group,
    timeline: &'a [Moment],
    places: &'a Places<'_>,
) -> impl Iterator<Item = Told> + 'a {
    let moments = group.moments.iter().filter_map(|&at| timeline.get(at));
    moments.flat_map(move |moment| {
        let number = |name: &str| moment.field(name)?.parse::<u64>().ok().filter(|world| *world != 0);
        let own = Side::stated(moment).and(number("world")).map(|world| (moment.host, world));
        let peer = group.ends.destination.filter(|_| Side::stated(moment) == Some(Side::Source));
        let peer = peer.zip(number("peer_world"));
        let arrives = Side::stated(moment) == Some(Side::Destination);
        let own = own.map(|(host, world)| (host, world, arrives));
        let peer = peer.map(|(host, world)| (host, world, true));
        own.into_iter().chain(peer).map(move |(host, world, is_made)| {
            let boot = places.identity.boot_of(host, moment.time);
            Told { group: index, world: (host, world, boot), is_made, at: moment.time }
        })
    })
}

/// Migrations that share worlds.
struct Chains {
    parents: Vec<usize>,
}

impl Chains {
    fn of(groups: usize, told: &[Told]) -> Chains {
        let mut chains = Chains { parents: (0..groups).collect() };
        let mut first: BTreeMap<World, usize> = BTreeMap::new();
        for Told { group, world, .. } in told {
            let other = *first.entry(*world).or_insert(*group);
            let (a, b) = (chains.of_group(*group), chains.of_group(other));
            chains.parents[a.max(b)] = a.min(b);
            // The way to the head stays short.
            chains.parents[*group] = a.min(b);
        }
        chains
    }

    /// The head of the chain of a migration.
    fn of_group(&self, mut group: usize) -> usize {
        while self.parents[group] != group {
            group = self.parents[group];
        }
        group
    }
}
