//! What is called how: morefs of vCenter, vSAN node UUIDs, host names.

use std::collections::BTreeMap;

use super::host::{Host, same_name};
use crate::model::HostKind;

/// Names of a case's objects.
#[derive(Debug, Default)]
pub struct Names {
    /// By moref, then vCenter.
    objects: BTreeMap<String, BTreeMap<usize, String>>,
    /// vSAN node UUIDs of hosts with a bundle.
    nodes: BTreeMap<String, usize>,
    /// vSAN node UUIDs that a member list names.
    node_names: BTreeMap<String, String>,
    /// Pairs of a vCenter and a host that its inventory names.
    managed: Vec<(usize, usize)>,
    /// The cluster of a host, by the vCenter Server whose DRS tells it.
    clusters: BTreeMap<usize, (usize, String)>,
}

impl Names {
    pub(super) fn build(hosts: &mut [Host]) -> Names {
        let mut names = Names::default();
        for index in 0..hosts.len() {
            for (kind, moref, name) in std::mem::take(&mut hosts[index].objects) {
                if hosts[index].kind == HostKind::Vcenter {
                    if kind == "HostSystem" {
                        names.managed.extend(position(hosts, &name).map(|host| (index, host)));
                    }
                    names.objects.entry(moref).or_default().insert(index, name);
                }
            }
            for (cluster, morefs) in std::mem::take(&mut hosts[index].cluster_hosts) {
                let known = morefs.iter().filter_map(|moref| names.object(index, moref)).map(str::to_owned);
                let members: Vec<usize> = known.filter_map(|name| position(hosts, &name)).collect();
                names.clusters.extend(members.into_iter().map(|host| (host, (index, cluster.clone()))));
            }
            names.nodes.extend(hosts[index].node.clone().map(|uuid| (uuid, index)));
            if let Some(vsan) = &hosts[index].vsan {
                let pairs = vsan.value.members.iter().zip(&vsan.value.member_names);
                // A host that does not know its peers prints `localhost` for all of them.
                let known = pairs.filter(|(_, name)| !name.is_empty() && !name.starts_with("localhost"));
                names.node_names.extend(known.map(|(uuid, name)| (uuid.clone(), name.clone())));
            }
        }
        names
    }

    /// The name of a managed object: by the vCenter whose log names it, else by the only one that knows it.
    pub fn object(&self, vcenter: usize, moref: &str) -> Option<&str> {
        let known = self.objects.get(moref)?;
        let only = known.values().next().filter(|_| known.len() == 1);
        known.get(&vcenter).or(only).map(String::as_str)
    }

    /// How many hosts the log of `vcenter` names.
    pub fn hosts_of(&self, vcenter: usize) -> usize {
        let hosts = self.objects.iter().filter(|(moref, _)| moref.starts_with("host-"));
        hosts.filter(|(_, known)| known.contains_key(&vcenter)).count()
    }

    /// The cluster that DRS of a vCenter Server places `host` in: the server's index and `domain-c7`.
    pub fn cluster_of(&self, host: usize) -> Option<&(usize, String)> {
        self.clusters.get(&host)
    }

    /// Whether the inventory of `vcenter` names `host`; indices into the case's hosts.
    pub fn knows(&self, vcenter: usize, host: usize) -> bool {
        self.managed.contains(&(vcenter, host))
    }

    /// The host whose vSAN node UUID is `uuid`.
    pub fn node(&self, uuid: &str) -> Option<usize> {
        self.nodes.get(&uuid.to_ascii_lowercase()).or_else(|| self.nodes.get(uuid)).copied()
    }

    /// The host name that some member list gives the node `uuid`.
    pub fn node_name(&self, uuid: &str) -> Option<&str> {
        self.node_names.get(uuid).map(String::as_str)
    }
}

/// The ESXi host that is called `name`: by its full name, else by its short name where only one has it.
pub fn position(hosts: &[Host], name: &str) -> Option<usize> {
    let esxi = || hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi);
    let full = esxi().find(|(_, host)| host.name.eq_ignore_ascii_case(name));
    let mut short = esxi().filter(|(_, host)| host.is_called(name) || same_name(&host.name, name));
    full.or_else(|| short.next().filter(|_| short.next().is_none())).map(|(index, _)| index)
}
