//! Which hosts belong together, and which of them have no bundle here.

use std::collections::{BTreeMap, BTreeSet};

use super::Missing;
use super::host::{Host, Sourced};
use super::membership::Membership;
use super::names::Names;
use super::node;
use super::timeline::Moment;
use crate::fact::VsanCluster;
use crate::model::{EventKind, HostKind, Source};

/// What a grouping rests on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ClusterBasis {
    /// The vSAN cluster UUID.
    Vsan,
    /// vCenter's inventory.
    Vcenter,
    /// The bundles were given together.
    Together,
}

/// ESXi hosts that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// vSAN cluster UUID, the vCenter's name, or `case`.
    pub id: String,
    /// Its name where one is known.
    pub name: Option<String>,
    /// What the grouping rests on.
    pub basis: ClusterBasis,
    /// Indices into the case's hosts, ascending.
    pub hosts: Vec<usize>,
}

/// The clusters of a case, ordered by id.
pub(super) fn clusters(hosts: &[Host], names: &Names) -> Vec<Cluster> {
    let mut by_uuid: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut rest = Vec::new();
    for (index, host) in hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi) {
        match host.vsan_uuid() {
            Some(uuid) => by_uuid.entry(uuid.to_owned()).or_default().push(index),
            None => rest.push(index),
        }
    }
    adopt(hosts, &mut by_uuid, &mut rest);
    let mut clusters: Vec<Cluster> = by_uuid
        .into_iter()
        .map(|(id, mut members)| {
            members.sort_unstable();
            Cluster { id, name: None, basis: ClusterBasis::Vsan, hosts: members }
        })
        .collect();
    clusters.extend(by_vcenter(hosts, names, rest));
    clusters
}

/// Gives hosts whose own view is missing to the vSAN cluster whose members name them.
fn adopt(hosts: &[Host], by_uuid: &mut BTreeMap<String, Vec<usize>>, rest: &mut Vec<usize>) {
    rest.retain(|&index| {
        let names_it = |member: usize| {
            let listed = hosts[member]
                .vsan
                .iter()
                .flat_map(|vsan| vsan.value.members.iter().zip(&vsan.value.member_names));
            // A name that belongs to a node whose bundle is here is that node's, not its namesake's.
            let is_taken = |uuid: &str| hosts.iter().any(|host| host.node_uuid() == Some(uuid));
            let by_name =
                listed.into_iter().any(|(uuid, name)| hosts[index].is_called(name) && !is_taken(uuid));
            by_name || shares_nodes(&hosts[member], &hosts[index])
        };
        let home = by_uuid.values_mut().find(|members| members.iter().any(|&member| names_it(member)));
        home.map(|members| members.push(index)).is_none()
    });
}

/// Whether `member` lists the node of `other`, or `other` lists a node that `member` is or knows.
fn shares_nodes(member: &Host, other: &Host) -> bool {
    let known = |host: &Host| -> BTreeSet<String> {
        let members = host.vsan.iter().flat_map(|vsan| vsan.value.members.clone());
        let agents = host.unicast.iter().flat_map(|list| &list.value).map(|agent| agent.node_uuid.clone());
        members.chain(agents).chain(host.node.clone()).collect()
    };
    !known(member).is_disjoint(&known(other))
}

/// Hosts without vSAN: by the vCenter Server that manages them, and within it by DRS and vSphere HA.
fn by_vcenter(hosts: &[Host], names: &Names, rest: Vec<usize>) -> Vec<Cluster> {
    let mut groups: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for index in rest {
        let vcenter = (0..hosts.len()).find(|&vcenter| names.knows(vcenter, index));
        groups.entry(vcenter).or_default().push(index);
    }
    // A log that was rotated may have lost a host's name: that one host is not named is no sign of another cluster.
    if groups.len() == 2
        && let Some(unnamed) = groups.remove(&None)
    {
        groups.values_mut().for_each(|named| {
            named.extend(&unnamed);
            named.sort_unstable();
        });
    }
    let clusters = groups.into_iter().flat_map(|(vcenter, members)| {
        let (id, basis) = match vcenter {
            Some(vcenter) => (hosts[vcenter].id.clone(), ClusterBasis::Vcenter),
            None => ("case".to_owned(), ClusterBasis::Together),
        };
        let parts = by_kin(hosts, names, members);
        let only = parts.len() == 1;
        parts.into_iter().map(move |members| Cluster {
            id: if only { id.clone() } else { format!("{id}:{}", hosts[members[0]].id) },
            name: None,
            basis,
            hosts: members,
        })
    });
    let mut clusters: Vec<Cluster> = clusters.collect();
    clusters.sort_by(|a, b| a.hosts.cmp(&b.hosts));
    clusters
}

/// `members`, divided into those that DRS places together or whose HA lists name each other, and those that neither
/// names: both name all hosts of a cluster.
fn by_kin(hosts: &[Host], names: &Names, members: Vec<usize>) -> Vec<Vec<usize>> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut loose = Vec::new();
    for &index in &members {
        let mates = members.iter().filter(|&&other| other != index && is_kin(hosts, names, index, other));
        let mut part: Vec<usize> = mates.copied().chain([index]).collect();
        if part.len() == 1 && !has_ha_list(&hosts[index]) && names.cluster_of(index).is_none() {
            loose.push(index);
            continue;
        }
        // Whoever is in a part already brings that part along.
        parts.retain(|known| {
            let meets = known.iter().any(|host| part.contains(host));
            if meets {
                part.extend(known);
            }
            !meets
        });
        part.sort_unstable();
        part.dedup();
        parts.push(part);
    }
    if !loose.is_empty() {
        parts.push(loose);
    }
    parts.sort();
    parts
}

/// Whether DRS places two hosts in one cluster; where it does not tell of both, whether HA does.
fn is_kin(hosts: &[Host], names: &Names, a: usize, b: usize) -> bool {
    match (names.cluster_of(a), names.cluster_of(b)) {
        (Some(a), Some(b)) => a == b,
        _ => is_ha_mate(hosts, a, b),
    }
}

fn has_ha_list(host: &Host) -> bool {
    host.setup.ha_hosts.as_ref().is_some_and(|list| list.value.len() > 1)
}

/// Whether the HA list of one of two hosts names the other.
fn is_ha_mate(hosts: &[Host], a: usize, b: usize) -> bool {
    let names = |lister: usize, other: usize| {
        let list = hosts[lister].setup.ha_hosts.iter().flat_map(|list| &list.value);
        has_ha_list(&hosts[lister])
            && list.flat_map(|host| &host.name).any(|name| hosts[other].is_called(name))
    };
    names(a, b) || names(b, a)
}

/// Cluster members that member lists, unicast agents or log lines name, and that no bundle covers.
pub(super) fn missing(
    hosts: &[Host],
    clusters: &[Cluster],
    memberships: &[Membership],
    names: &Names,
    timeline: &[Moment],
) -> Vec<Missing> {
    let mut found = Found { hosts, names, missing: BTreeMap::new() };
    for cluster in clusters {
        for &index in &cluster.hosts {
            let host = &hosts[index];
            if let Some(vsan) = &host.vsan {
                // The two lists are in one order, if both are whole.
                let listed = &vsan.value.member_names;
                let whole = vsan.value.members.len() == listed.len();
                for (at, uuid) in vsan.value.members.iter().enumerate() {
                    let name = listed.get(at).filter(|name| whole && node::is_name(name));
                    found.note(cluster, index, uuid, name, member_line(vsan, uuid, name));
                }
            }
            if let Some(agents) = &host.unicast {
                for agent in &agents.value {
                    found.note(cluster, index, &agent.node_uuid, None, (&agents.source, &agents.text));
                }
            }
        }
    }
    // A node that was seen to leave is on nobody's list any more. Lines may name any number: those count that the
    // membership kept.
    let left = |moment: &&Moment| moment.event.kind == EventKind::VSAN_NODE_LEFT;
    for membership in memberships {
        let cluster = &clusters[membership.cluster];
        let known: BTreeSet<&str> = membership.nodes.iter().filter_map(|node| node.uuid.as_deref()).collect();
        for moment in timeline.iter().filter(left).filter(|moment| cluster.hosts.contains(&moment.host)) {
            let uuid = moment.field("node").map(str::to_ascii_lowercase);
            if let Some(uuid) = uuid.filter(|uuid| known.contains(uuid.as_str())) {
                let name = moment.event.fields.get("node_host");
                found.note(cluster, moment.host, &uuid, name, (&moment.event.source, &moment.event.raw));
            }
        }
    }
    let mut missing: Vec<Missing> = found.missing.into_values().collect();
    missing.sort_by(|a, b| a.label().cmp(b.label()));
    missing
}

/// Missing members by their UUID.
struct Found<'a> {
    hosts: &'a [Host],
    names: &'a Names,
    missing: BTreeMap<String, Missing>,
}

impl Found<'_> {
    /// Takes notice that `index`, a host of `cluster`, names the node `uuid`, by `name` where that is told too.
    fn note(
        &mut self,
        cluster: &Cluster,
        index: usize,
        uuid: &str,
        name: Option<&String>,
        line: (&Source, &str),
    ) {
        let is_here = |name: &String| cluster.hosts.iter().any(|&host| self.hosts[host].is_called(name));
        // A witness is an appliance of its own; its bundle is not looked for.
        let is_witness = self.names.is_witness(uuid);
        if is_witness || self.names.node(uuid).is_some() || node::is_nil(uuid) || name.is_some_and(is_here) {
            return;
        }
        let known = self.names.node_name(uuid).map(str::to_owned);
        let new = || Missing {
            node_uuid: Some(uuid.to_owned()),
            name: known,
            seen_by: Vec::new(),
            evidence: Vec::new(),
        };
        let missing = self.missing.entry(uuid.to_owned()).or_insert_with(new);
        let line = (index, line.0.clone(), line.1.to_owned());
        match missing.evidence.iter_mut().find(|(host, _, _)| *host == index) {
            // A line that names it says more than one which stands for a list.
            Some(known) if !tells(&known.2, uuid, name) && tells(&line.2, uuid, name) => *known = line,
            Some(_) => {}
            None => {
                missing.seen_by.push(index);
                missing.seen_by.sort_unstable();
                missing.evidence.push(line);
            }
        }
    }
}

/// Whether a line names the node by its UUID or its name.
fn tells(line: &str, uuid: &str, name: Option<&String>) -> bool {
    line.to_ascii_lowercase().contains(uuid) || name.is_some_and(|name| line.contains(name.as_str()))
}

/// The line of `cluster get` that names a member, else the one that stands for all of them.
fn member_line<'a>(
    vsan: &'a Sourced<VsanCluster>,
    uuid: &str,
    name: Option<&String>,
) -> (&'a Source, &'a str) {
    let lines = || vsan.value.lines.iter().map(|(source, text)| (source, text.as_str()));
    let named = lines().find(|(_, text)| tells(text, uuid, name));
    // A long list is cut where it is shown.
    let list = || lines().find(|(_, text)| text.to_ascii_lowercase().contains("member uuids"));
    named.or_else(list).unwrap_or((&vsan.source, &vsan.text))
}
