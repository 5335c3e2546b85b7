//! stand-in

use super::Node;
use crate::case::cluster::Cluster;
use crate::case::host::Host;
use crate::case::names::Names;
use crate::case::timeline::Moment;

pub(super) fn nodes(hosts: &[Host], cluster: &Cluster, names: &Names, timeline: &[Moment]) -> Vec<Node> {
    let mut nodes: Vec<Node> = cluster
        .hosts
        .iter()
        .map(|&index| Node {
            uuid: hosts[index].node_uuid().map(str::to_owned),
            host: Some(index),
            name: Some(hosts[index].id.clone()),
            ..Node::default()
        })
        .collect();
    let mut more: std::collections::BTreeSet<String> = Default::default();
    let mut witness: std::collections::BTreeSet<String> = Default::default();
    let mut ips: Vec<(String, String)> = Vec::new();
    for &index in &cluster.hosts {
        more.extend(hosts[index].vsan.iter().flat_map(|vsan| vsan.value.members.clone()));
        for agent in hosts[index].unicast.iter().flat_map(|list| &list.value) {
            more.insert(agent.node_uuid.clone());
            if agent.witness {
                witness.insert(agent.node_uuid.clone());
            }
            ips.extend(agent.ip.clone().map(|ip| (agent.node_uuid.clone(), ip)));
        }
    }
    for moment in timeline.iter().filter(|moment| cluster.hosts.contains(&moment.host)) {
        more.extend(moment.field("node").map(str::to_owned));
    }
    for uuid in more {
        if names.node(&uuid).is_none() {
            nodes.push(Node {
                name: names.node_name(&uuid).map(str::to_owned),
                witness: witness.contains(&uuid),
                uuid: Some(uuid),
                ..Node::default()
            });
        }
    }
    for node in &mut nodes {
        for (uuid, ip) in &ips {
            if node.uuid.as_ref() == Some(uuid) && !node.addresses.contains(ip) {
                node.addresses.push(ip.clone());
            }
        }
    }
    nodes
}
