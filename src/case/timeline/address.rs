//! Whose an address in the vSAN network is, where a line names a node by nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::cluster::Cluster;
use super::super::host::Host;
use super::super::node;

/// Nodes by their addresses, for the hosts that send to them.
pub(super) struct Addresses {
    /// As a host's own unicast list has them: by that it sends.
    own: BTreeMap<usize, Nodes>,
    /// As all lists of its cluster have them, and the adapters of its hosts.
    cluster: BTreeMap<usize, Nodes>,
    /// The cluster of each host.
    cluster_of: BTreeMap<usize, usize>,
}

type Nodes = BTreeMap<IpAddr, BTreeSet<String>>;

impl Addresses {
    pub fn of(hosts: &[Host], clusters: &[Cluster]) -> Addresses {
        let mut known =
            Addresses { own: BTreeMap::new(), cluster: BTreeMap::new(), cluster_of: BTreeMap::new() };
        for (at, cluster) in clusters.iter().enumerate() {
            let shared = known.cluster.entry(at).or_default();
            for &index in &cluster.hosts {
                known.cluster_of.insert(index, at);
                let own = known.own.entry(index).or_default();
                for agent in hosts[index].unicast.iter().flat_map(|list| &list.value) {
                    if let Some(ip) = agent.ip.as_deref().and_then(node::address) {
                        own.entry(ip).or_default().insert(agent.node_uuid.clone());
                        shared.entry(ip).or_default().insert(agent.node_uuid.clone());
                    }
                }
                for ip in node::vsan_addresses(&hosts[index]) {
                    let nodes = shared.entry(ip).or_default();
                    nodes.extend(hosts[index].node.clone());
                }
            }
        }
        known
    }

    /// The UUID of the one node to which `host` sends at `ip`; none where several have the address.
    pub fn node(&self, host: usize, ip: &str) -> Option<&str> {
        let ip = node::address(ip)?;
        let own = self.own.get(&host).and_then(|nodes| nodes.get(&ip));
        let cluster = || self.cluster.get(self.cluster_of.get(&host)?)?.get(&ip);
        let nodes = own.or_else(cluster)?;
        nodes.first().filter(|_| nodes.len() == 1).map(String::as_str)
    }
}
