//! One id, two migrations: ids are seeded from a clock or by chance, and clocks are set back.

use std::collections::BTreeMap;

use super::super::timeline::Moment;
use super::Side;
use super::ends::{Ends, Places, VmNames};
use super::join::{Group, SAME_OPERATION};

/// The migrations of the records `moments`, which have one id and are in the order of time: one, but where records that
/// lie hours apart, or two hosts that both say that they are the same end, contradict each other in the hosts or in the
/// VM.
pub(super) fn of_one_id(moments: &[usize], timeline: &[Moment], places: &Places<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let stretches = moments.chunk_by(|&a, &b| !is_apart(timeline, a, b));
    let mut parts: Vec<Group> = stretches
        .flat_map(|stretch| by_teller(stretch, timeline))
        .map(|part| group(&part, timeline, places))
        .collect();
    // What tells nothing of the ends goes where it is nearest, so it comes last.
    parts.sort_by_key(|own| own.ends.source.is_none() && own.ends.destination.is_none());
    for own in parts {
        // A clock may be hours wrong: only what contradicts is another migration.
        let time = own.moments.first().and_then(|&at| timeline.get(at)).map(|moment| moment.time);
        let fits = groups.iter_mut().filter(|group| !is_other(group, &own));
        match fits
            .min_by_key(|group| (!is_of_same_operation(group, &own), time.map(|time| group.distance(time))))
        {
            Some(known) => add(known, &own.moments, timeline, places),
            None => groups.push(own),
        }
    }
    groups
}

/// The records by the host that tells them, where two hosts claim one end with other addresses: by a clock that such an id
/// led astray, the hours between them are gone.
fn by_teller(stretch: &[usize], timeline: &[Moment]) -> Vec<Vec<usize>> {
    let mut claims: BTreeMap<Side, (usize, [Option<&str>; 2])> = BTreeMap::new();
    let mut hosts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut is_claimed_twice = false;
    for (at, moment) in stretch.iter().filter_map(|&at| Some((at, timeline.get(at)?))) {
        hosts.entry(moment.host).or_default().push(at);
        let addresses = ["src", "dst"].map(|name| moment.field(name));
        let Some(side) = Side::stated(moment).filter(|_| addresses.iter().all(Option::is_some)) else {
            continue;
        };
        let (host, known) = *claims.entry(side).or_insert((moment.host, addresses));
        is_claimed_twice |= host != moment.host && known != addresses;
    }
    if is_claimed_twice { hosts.into_values().collect() } else { vec![stretch.to_vec()] }
}

fn is_apart(timeline: &[Moment], a: usize, b: usize) -> bool {
    let time = |at: usize| timeline.get(at).map(|moment| moment.time);
    time(a).zip(time(b)).is_some_and(|(a, b)| b.since(a) > SAME_OPERATION)
}

fn group(moments: &[usize], timeline: &[Moment], places: &Places<'_>) -> Group {
    let mut group = Group::default();
    add(&mut group, moments, timeline, places);
    group
}

fn add(group: &mut Group, moments: &[usize], timeline: &[Moment], places: &Places<'_>) {
    for (at, moment) in moments.iter().filter_map(|&at| Some((at, timeline.get(at)?))) {
        group.take(at, moment, VmNames::of(moment, places), places);
    }
    group.ends.settle(places);
}

fn is_of_same_operation(a: &Group, b: &Group) -> bool {
    !a.roots.is_disjoint(&b.roots)
}

fn is_other(a: &Group, b: &Group) -> bool {
    a.ends.contradict(&b.ends) || at_other_addresses(&a.ends, &b.ends) || a.names.is_other_object(&b.names)
}

/// Whether the two give one end that is no host of this case different addresses.
fn at_other_addresses(a: &Ends, b: &Ends) -> bool {
    let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    let no_source = a.source.is_none() && b.source.is_none();
    let no_destination = a.destination.is_none() && b.destination.is_none();
    (no_source && differ(&a.from.address, &b.from.address))
        || (no_destination && differ(&a.to.address, &b.to.address))
}
