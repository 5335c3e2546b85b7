//! CPU features that a host does not list because its ESXi build does not know them.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::Cluster;
use super::host::{FeatureState, Host, Seen, Sourced};

type List = BTreeMap<String, Sourced<u64>>;

/// One of the two lists of a host, its last line where the whole list was read, and what a VM found on the host.
type Pick = fn(&mut FeatureState) -> (&mut List, &Option<Sourced<()>>, &Option<Seen>);

/// Where a host of a cluster lists a feature, another one whose whole list does not hold it does not offer it.
pub(super) fn settle(hosts: &mut [Host], clusters: &[Cluster]) {
    let lists: [Pick; 2] = [
        |state| (&mut state.capability, &state.capability_end, &state.seen),
        |state| (&mut state.masked, &state.masked_end, &state.seen),
    ];
    for cluster in clusters {
        for list in lists {
            let mut known = BTreeSet::new();
            for &host in &cluster.hosts {
                known.extend(list(&mut hosts[host].features).0.keys().cloned());
            }
            for &host in &cluster.hosts {
                complete(list(&mut hosts[host].features), &known);
            }
        }
    }
}

fn complete((list, end, seen): (&mut List, &Option<Sourced<()>>, &Option<Seen>), known: &BTreeSet<String>) {
    // A build lacks a few keys of a newer one. A list that lacks most is not all that the host has.
    let Some(end) = end.as_ref().filter(|_| list.len() * 2 > known.len()) else { return };
    let is_seen = |key: &str| seen.as_ref().is_some_and(|seen| seen.capabilities.contains_key(key));
    for key in known.iter().filter(|key| !list.contains_key(*key) && !is_seen(key)).collect::<Vec<_>>() {
        let absent = Sourced { value: 0, source: end.source.clone(), text: end.text.clone() };
        list.insert(key.clone(), absent);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cluster::ClusterBasis;
    use super::*;
    use crate::model::{MemberPath, Source};

    fn sourced<T>(value: T) -> Sourced<T> {
        let source = Source { file: MemberPath::new("dump"), line: 9, offset: 0 };
        Sourced { value, source, text: "]".to_owned() }
    }

    #[test]
    fn a_feature_that_a_whole_list_does_not_hold_is_not_there() {
        let host = |keys: &[&str], whole: bool| {
            let mut host = Host::default();
            let list = keys.iter().map(|key| ((*key).to_owned(), sourced(1)));
            host.features.capability = list.collect();
            host.features.capability_end = whole.then(|| sourced(()));
            host
        };
        let mut hosts = [
            host(&["a", "b", "c"], true),
            host(&["a", "c"], true),
            host(&["a", "c"], false),
            host(&["d"], true),
            host(&["a"], true),
        ];
        let cluster = |hosts: &[usize]| Cluster {
            id: String::new(),
            name: None,
            basis: ClusterBasis::Together,
            hosts: hosts.to_vec(),
        };
        settle(&mut hosts, &[cluster(&[0, 1, 2, 4]), cluster(&[3])]);
        let told: Vec<Option<u64>> = hosts.iter().map(|host| host.features.capable_of("b")).collect();
        // Not where the list is cut, of another cluster, or so short that it cannot be all.
        assert_eq!(told, [Some(1), Some(0), None, None, None]);
    }
}
