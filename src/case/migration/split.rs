//! One id, two migrations: ids are seeded from a clock or by chance, and clocks are set back.

use super::super::timeline::Moment;
use super::ends::{Ends, Places};
use super::join::{Group, SAME_OPERATION};

/// The migrations of the records `moments`, which have one id and are in the order of time: one, but where records that
/// lie hours apart contradict each other in the hosts or in the VM.
pub(super) fn of_one_id(moments: &[usize], timeline: &[Moment], places: &Places<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for stretch in moments.chunk_by(|&a, &b| !is_apart(timeline, a, b)) {
        let own = group(stretch, timeline, places);
        // A clock may be hours wrong: only what contradicts is another migration.
        let time = own.moments.first().and_then(|&at| timeline.get(at)).map(|moment| moment.time);
        let fits = groups.iter_mut().filter(|group| !is_other(group, &own));
        match fits.min_by_key(|group| time.map(|time| group.distance(time))) {
            Some(known) => add(known, stretch, timeline, places),
            None => groups.push(own),
        }
    }
    groups
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
        group.take(at, moment, places);
    }
    group.ends.settle(places);
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
