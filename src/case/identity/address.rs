//! Hosts by the addresses of their VMkernel adapters.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::cluster::Cluster;
use super::super::host::Host;

/// The hosts that have an address.
#[derive(Debug, Default)]
pub(super) struct HostAddresses {
    /// By address: the host, and whether the adapter is for vMotion.
    hosts: BTreeMap<IpAddr, Vec<(usize, bool)>>,
    /// The cluster of each host.
    clusters: BTreeMap<usize, usize>,
}

impl HostAddresses {
    pub fn of(hosts: &[Host], clusters: &[Cluster]) -> HostAddresses {
        let mut known = HostAddresses::default();
        for (at, cluster) in clusters.iter().enumerate() {
            known.clusters.extend(cluster.hosts.iter().map(|&host| (host, at)));
        }
        for (index, host) in hosts.iter().enumerate() {
            for adapter in host.setup.network.vmkernel.iter().map(|adapter| &adapter.value) {
                for address in adapter.addresses.iter().flatten() {
                    known.hosts.entry(address.ip).or_default().push((index, adapter.is_for_vmotion()));
                }
            }
        }
        known
    }

    /// The host with `ip`; of several with it the one in the cluster of `near`.
    pub fn host(&self, ip: IpAddr, near: Option<usize>) -> Option<usize> {
        let known = self.hosts.get(&ip)?;
        let tagged = known.iter().any(|(_, vmotion)| *vmotion);
        let mut found: Vec<usize> =
            known.iter().filter(|(_, vmotion)| *vmotion || !tagged).map(|(host, _)| *host).collect();
        found.dedup();
        if found.len() > 1 {
            let cluster = self.clusters.get(&near?)?;
            found.retain(|host| self.clusters.get(host) == Some(cluster));
        }
        found.first().copied().filter(|_| found.len() == 1)
    }
}
