//! Names of ends whose own bundle is not here: vCenter names the host that it checked for the move, and a name that one
//! migration gives an address is that of the address in the others too.

use std::collections::{BTreeMap, BTreeSet};

use super::super::names::position;
use super::End;
use super::ends::Places;
use super::join::Group;

pub(super) fn name(groups: &mut [Group], places: &Places<'_>) {
    for group in groups.iter_mut() {
        let ends = &mut group.ends;
        let mut checked = ends.checked.iter();
        let only = checked.next().filter(|_| checked.next().is_none());
        // A host that has a bundle is found by what it tells itself; one that does not is meant here.
        let absent = only.filter(|name| position(places.hosts, name).is_none());
        if ends.destination.is_none() && ends.to.name.is_none() {
            ends.to.name = absent.cloned();
        }
    }
    let names = names(groups);
    for group in groups.iter_mut() {
        let ends = &mut group.ends;
        let ends = [(ends.source, &mut ends.from), (ends.destination, &mut ends.to)];
        for (_, end) in ends.into_iter().filter(|(host, end)| host.is_none() && end.name.is_none()) {
            let known = end.address.as_ref().and_then(|address| names.get(address));
            end.name = known.filter(|names| names.len() == 1).and_then(|names| names.first().cloned());
        }
    }
}

/// By address of an end without a bundle: what it is called.
fn names(groups: &[Group]) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in groups {
        let ends = [(group.ends.source, &group.ends.from), (group.ends.destination, &group.ends.to)];
        for (_, End { name, address }) in ends.into_iter().filter(|(host, _)| host.is_none()) {
            if let Some((name, address)) = name.clone().zip(address.clone()) {
                names.entry(address).or_default().insert(name);
            }
        }
    }
    names
}
