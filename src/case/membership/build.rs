//! Puts the matrix together: what views and lists say at the capture, and what lines said before.

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
    let nodes = nodes(hosts, cluster, names, timeline);
    let mut membership = Membership { cluster: index, nodes, ..Membership::default() };
    for &row in &cluster.hosts {
        take_state(&mut membership, row, &hosts[row]);
    }
    let vcenter = |host: usize| hosts[host].kind == HostKind::Vcenter;
    for (at, moment) in timeline.iter().enumerate() {
        let is_witness = cluster.hosts.contains(&moment.host) || vcenter(moment.host);
        let told = if is_witness { told(&membership.nodes, moment, vcenter(moment.host)) } else { None };
        let Some((said, node)) = told else { continue };
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
    let view = host.whole_view();
    for (at, node) in membership.nodes.iter().enumerate().filter(|(_, node)| node.host != Some(row)) {
        let Some(uuid) = &node.uuid else { continue };
        let counted = view.map(|view| view.members.contains(uuid));
        let listed =
            host.unicast.as_ref().map(|list| list.value.iter().any(|agent| agent.node_uuid == *uuid));
        if counted.is_some() || listed.is_some() {
            let said = Testimony { counted, listed, lines: Vec::new() };
            membership.says.insert((row, at), said);
        }
    }
}

/// What a moment says, and of which node.
fn told(nodes: &[Node], moment: &Moment, by_vcenter: bool) -> Option<(Said, usize)> {
    let by_uuid = || {
        let uuid = moment.field("node")?;
        nodes.iter().position(|node| node.uuid.as_deref() == Some(uuid))
    };
    let by_name = || {
        let name = moment.field("host_name")?;
        nodes.iter().position(|node| node.name.as_deref().is_some_and(|own| same_name(own, name)))
    };
    match moment.event.kind {
        EventKind::VSAN_NODE_LEFT => Some((Said::Left, by_uuid()?)),
        EventKind::VSAN_NODE_JOINED => Some((Said::Joined, by_uuid()?)),
        EventKind::VSAN_PEER_UNREACHABLE => Some((Said::Unreachable, by_uuid()?)),
        EventKind::HA_HOST_DEAD => Some((Said::Dead, by_name()?)),
        // What a single heartbeat is missed for is no loss yet.
        EventKind::HOST_NOT_RESPONDING
            if by_vcenter && moment.event.rule != "vpxd.host-missed-heartbeats" =>
        {
            Some((Said::NotResponding, by_name()?))
        }
        EventKind::HOST_DISCONNECTED if by_vcenter => Some((Said::Disconnected, by_name()?)),
        EventKind::HOST_RECONNECTED if by_vcenter => Some((Said::Reconnected, by_name()?)),
        _ => None,
    }
}
