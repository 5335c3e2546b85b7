//! Puts the matrix together: what views and lists say at the capture, and what lines said before.

use std::collections::{BTreeMap, BTreeSet};

use super::nodes::nodes;
use super::{Membership, Node, Said, Testimony};
use crate::case::cluster::{Cluster, ClusterBasis};
use crate::case::host::{Host, same_name};
use crate::case::names::Names;
use crate::case::timeline::Moment;
use crate::model::{EventKind, HostKind};

/// The memberships of the clusters in which anything is said of vSAN, in the order of the clusters.
pub(in crate::case) fn build(
    hosts: &[Host],
    clusters: &[Cluster],
    names: &Names,
    timeline: &[Moment],
) -> Vec<Membership> {
    let of = |(index, cluster): (usize, &Cluster)| {
        let is_vsan = cluster.basis == ClusterBasis::Vsan || speaks_of_vsan(hosts, cluster, timeline);
        is_vsan.then(|| membership(hosts, (index, cluster), names, timeline))
    };
    clusters.iter().enumerate().filter_map(of).collect()
}

/// Whether a host of `cluster` has a unicast list or tells of nodes in its logs, where no view gives a cluster's UUID.
fn speaks_of_vsan(hosts: &[Host], cluster: &Cluster, timeline: &[Moment]) -> bool {
    let told = [EventKind::VSAN_NODE_LEFT, EventKind::VSAN_NODE_JOINED, EventKind::VSAN_ROLE_CHANGE];
    let has_state = |host: &usize| hosts[*host].vsan.is_some() || hosts[*host].unicast.is_some();
    let tells = |moment: &Moment| told.contains(&moment.event.kind) && cluster.hosts.contains(&moment.host);
    cluster.hosts.iter().any(has_state) || timeline.iter().any(tells)
}

fn membership(
    hosts: &[Host],
    (index, cluster): (usize, &Cluster),
    names: &Names,
    timeline: &[Moment],
) -> Membership {
    let (nodes, left_out) = nodes(hosts, cluster, names, timeline);
    let by_uuid: BTreeMap<String, usize> =
        nodes.iter().enumerate().rev().filter_map(|(at, node)| Some((node.uuid.clone()?, at))).collect();
    let mut membership = Membership { cluster: index, nodes, left_out, ..Membership::default() };
    for &row in &cluster.hosts {
        take_state(&mut membership, row, &hosts[row]);
    }
    let vcenter = |host: usize| hosts[host].kind == HostKind::Vcenter;
    for (at, moment) in timeline.iter().enumerate() {
        let is_witness = cluster.hosts.contains(&moment.host) || vcenter(moment.host);
        let Some((said, named)) = says(moment, vcenter(moment.host)).filter(|_| is_witness) else { continue };
        let node = match named {
            Named::Uuid(uuid) => by_uuid.get(&uuid).copied(),
            Named::Host(name) => membership.nodes.iter().position(|node| node.is_called(name)),
        };
        let Some(node) = node else { continue };
        if membership.nodes[node].host != Some(moment.host) {
            membership.says.entry((moment.host, node)).or_default().lines.push((said, at));
        }
    }
    let speaks = |row: &usize| membership.says.keys().any(|(host, _)| host == row);
    let servers = (0..hosts.len()).filter(|&host| vcenter(host));
    membership.rows = cluster.hosts.iter().copied().chain(servers).filter(speaks).collect();
    membership
}

/// What the view and the unicast list of `host` say of each node but its own.
fn take_state(membership: &mut Membership, row: usize, host: &Host) {
    let members: Option<BTreeSet<&str>> =
        host.whole_view().map(|view| view.members.iter().map(String::as_str).collect());
    let agents: Option<BTreeSet<&str>> =
        host.unicast.as_ref().map(|list| list.value.iter().map(|agent| agent.node_uuid.as_str()).collect());
    for (at, node) in membership.nodes.iter().enumerate().filter(|(_, node)| node.host != Some(row)) {
        let Some(uuid) = &node.uuid else { continue };
        let counted = members.as_ref().map(|members| members.contains(uuid.as_str()));
        let listed = agents.as_ref().map(|agents| agents.contains(uuid.as_str()));
        if counted.is_some() || listed.is_some() {
            let said = Testimony { counted, listed, lines: Vec::new() };
            membership.says.insert((row, at), said);
        }
    }
}

/// How a line names a node.
enum Named<'a> {
    /// By its UUID, lower case.
    Uuid(String),
    /// By the name of its host.
    Host(&'a str),
}

/// Rules about a peer, or about the network between, that do not say that the peer is silent: its packets arrive damaged,
/// its updates are not applied, a test of the network failed.
const NOT_SILENCE: &[&str] =
    &["cmmds.update-not-applied", "rdt.checksum-mismatch", "vob.vsan-network", "vsanhealth.network-test-red"];

/// What a moment says, and of whom.
fn says(moment: &Moment, by_vcenter: bool) -> Option<(Said, Named<'_>)> {
    let rule = moment.event.rule.as_str();
    let uuid = |said| Some((said, Named::Uuid(moment.field("node")?.to_ascii_lowercase())));
    let name = |said| Some((said, Named::Host(moment.field("host_name")?)));
    match moment.event.kind {
        EventKind::VSAN_NODE_LEFT => uuid(Said::Left),
        EventKind::VSAN_NODE_JOINED => uuid(Said::Joined),
        EventKind::VSAN_PEER_UNREACHABLE if !NOT_SILENCE.contains(&rule) => uuid(Said::Unreachable),
        EventKind::HA_HOST_DEAD => name(Said::Dead),
        EventKind::HOST_DISCONNECTED if by_vcenter => name(Said::Disconnected),
        _ if by_vcenter && moment.is_lost_connection() => name(Said::NotResponding),
        EventKind::HOST_RECONNECTED if by_vcenter => name(Said::Reconnected),
        _ => None,
    }
}

impl Node {
    fn is_called(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| same_name(own, name))
    }
}
