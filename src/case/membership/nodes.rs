//! The nodes of one cluster: its hosts, and whoever else the bundles of these name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Node;
use crate::case::cluster::Cluster;
use crate::case::host::Host;
use crate::case::names::Names;
use crate::case::node;
use crate::case::timeline::Moment;
use crate::model::{EventKind, Timestamp};

/// Every node of `cluster`: its hosts in their order, of which clones have one UUID; then those that only lists, lines
/// or the directory name, by name and UUID, witnesses last.
///
/// The directory keeps nodes that were removed long ago: what it alone names is there only if it is healthy. How many
/// nodes were left out, as only lines name them and there are too many, stands beside them.
pub(super) fn nodes(
    hosts: &[Host],
    cluster: &Cluster,
    names: &Names,
    timeline: &[Moment],
) -> (Vec<Node>, usize) {
    let mut told = told(hosts, cluster, timeline);
    let left_out = leave_out(&mut told, |uuid| names.node(uuid).is_some());
    let mut nodes: Vec<Node> =
        cluster.hosts.iter().map(|&index| of_host(hosts, index, names, &told)).collect();
    let own: BTreeSet<&str> = cluster.hosts.iter().filter_map(|&index| hosts[index].node_uuid()).collect();
    let others = told.iter().filter(|(uuid, node)| node.is_named && !own.contains(uuid.as_str()));
    let mut others: Vec<Node> = others.map(|(uuid, told)| other(hosts, uuid, names, told)).collect();
    others
        .sort_by_cached_key(|node| (node.witness, node.name.is_none(), node.name.clone(), node.uuid.clone()));
    nodes.append(&mut others);
    name_uniquely(&mut nodes);
    (nodes, left_out)
}

/// Takes out nodes that only lines name and of which no bundle is here, beyond [`MAX_BY_LINES`]: damaged or hostile logs
/// name any number. Those that most hosts name stay, then those named first. How many went.
fn leave_out(told: &mut BTreeMap<String, Told>, has_bundle: impl Fn(&str) -> bool) -> usize {
    let by_lines = told.iter().filter(|(uuid, node)| node.is_by_lines() && !has_bundle(uuid));
    let mut ranked: Vec<(Reverse<usize>, Option<Timestamp>, String)> =
        by_lines.map(|(uuid, node)| (Reverse(node.tellers.len()), node.first, uuid.clone())).collect();
    ranked.sort();
    let rest = ranked.split_off(ranked.len().min(MAX_BY_LINES));
    for (_, _, uuid) in &rest {
        told.remove(uuid);
    }
    rest.len()
}

/// Takes a name that two nodes would have from those without a bundle: it tells neither.
fn name_uniquely(nodes: &mut [Node]) {
    let mut counts = node::NameCounts::default();
    nodes.iter().filter_map(|node| node.name.as_deref()).for_each(|name| counts.add(name));
    for node in nodes.iter_mut().filter(|node| node.host.is_none()) {
        node.name = node.name.take().filter(|name| counts.of(name) == 1);
    }
}

/// What the bundles of one cluster tell of a node.
#[derive(Default)]
struct Told {
    /// Whether a member list, a unicast list or a line names it, or the directory has it as healthy.
    is_named: bool,
    /// Whether one of them but a line does.
    is_listed: bool,
    /// Hosts whose lines name it.
    tellers: BTreeSet<usize>,
    /// When the first of these lines was written.
    first: Option<Timestamp>,
    witness: bool,
    addresses: Vec<IpAddr>,
}

/// The most nodes of a cluster that lines alone tell of: as many as a cluster has hosts.
const MAX_BY_LINES: usize = 64;

impl Told {
    fn is_by_lines(&self) -> bool {
        self.is_named && !self.is_listed
    }

    fn list(&mut self) {
        (self.is_named, self.is_listed) = (true, true);
    }

    fn add(&mut self, ip: Option<IpAddr>) {
        if let Some(ip) = ip.filter(|ip| !self.addresses.contains(ip)) {
            self.addresses.push(ip);
        }
    }
}

fn told(hosts: &[Host], cluster: &Cluster, timeline: &[Moment]) -> BTreeMap<String, Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for host in cluster.hosts.iter().map(|&index| &hosts[index]) {
        for uuid in host.vsan.iter().flat_map(|vsan| &vsan.value.members) {
            told.entry(uuid.clone()).or_default().list();
        }
        for agent in host.unicast.iter().flat_map(|list| &list.value) {
            let node = told.entry(agent.node_uuid.clone()).or_default();
            node.list();
            node.witness |= agent.witness;
            node.add(agent.ip.as_deref().and_then(node::address));
        }
    }
    // The lists are what hosts send by: their addresses come before those of the directory.
    for host in cluster.hosts.iter().map(|&index| &hosts[index]) {
        for (uuid, entry) in &host.setup.vsan.nodes {
            let node = told.entry(uuid.clone()).or_default();
            if entry.value.is_healthy() {
                node.list();
            }
            entry.value.addresses.iter().for_each(|ip| node.add(node::address(ip)));
        }
    }
    for moment in timeline.iter().filter(|moment| cluster.hosts.contains(&moment.host)) {
        for uuid in named_by(moment) {
            let node = told.entry(uuid.clone()).or_default();
            node.is_named = true;
            node.tellers.insert(moment.host);
            node.first.get_or_insert(moment.time);
            node.witness |= calls_witness(&moment.event.raw, &uuid);
        }
    }
    told.retain(|uuid, _| node::is_node(uuid));
    told
}

/// The nodes that a line is about, or is written by.
fn named_by(moment: &Moment) -> Vec<String> {
    let kinds = [EventKind::VSAN_NODE_LEFT, EventKind::VSAN_NODE_JOINED, EventKind::VSAN_PEER_UNREACHABLE];
    let spoken_of = moment.field("node").filter(|_| kinds.contains(&moment.event.kind));
    spoken_of.into_iter().chain(moment.field("own_node")).map(str::to_ascii_lowercase).collect()
}

/// `Removing node 5f0a1b2c-… (vsanNodeType: witness) from the cluster membership`
fn calls_witness(line: &str, uuid: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let kind = line.split_once(uuid).and_then(|(_, rest)| rest.trim_start().strip_prefix("(vsannodetype:"));
    kind.is_some_and(|kind| kind.trim_start().starts_with("witness"))
}

fn of_host(hosts: &[Host], index: usize, names: &Names, told: &BTreeMap<String, Told>) -> Node {
    let host = &hosts[index];
    let told = host.node_uuid().and_then(|uuid| told.get(uuid));
    // What other hosts say of the address of clones belongs to one of them; nothing tells to which.
    let is_clone = names.clones().any(|(_, clones)| clones.contains(&index));
    let own = node::vsan_addresses(host);
    let by_others = told.filter(|_| !is_clone || own.is_empty()).map(|told| told.addresses.clone());
    let addresses: Vec<IpAddr> = own.into_iter().chain(by_others.unwrap_or_default()).collect();
    Node {
        uuid: host.node.clone(),
        host: Some(index),
        name: Some(host.id.clone()),
        witness: told.is_some_and(|told| told.witness),
        addresses: texts(&addresses),
    }
}

/// A node that is no host of the cluster; its bundle may be in another one, as a host that is alone may have made.
fn other(hosts: &[Host], uuid: &str, names: &Names, told: &Told) -> Node {
    let host = names.node(uuid);
    let name = host.map(|index| hosts[index].id.clone()).or_else(|| names.node_name(uuid).map(str::to_owned));
    let own = host.map(|index| node::vsan_addresses(&hosts[index])).unwrap_or_default();
    let addresses: Vec<IpAddr> = own.into_iter().chain(told.addresses.iter().copied()).collect();
    Node { uuid: Some(uuid.to_owned()), host, name, witness: told.witness, addresses: texts(&addresses) }
}

fn texts(addresses: &[IpAddr]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in addresses.iter().map(IpAddr::to_string) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

#[cfg(test)]
mod tests;
