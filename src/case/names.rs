//! What is called how: morefs of vCenter, vSAN node UUIDs, host names.

use std::collections::{BTreeMap, BTreeSet};

use super::host::{Host, ObjectName};
use super::node;
use crate::fact::HaHost;
use crate::model::{Event, HostKind, Timestamp};

/// Names of a case's objects.
#[derive(Debug, Default)]
pub struct Names {
    /// By moref, then vCenter; the name that was seen last.
    objects: BTreeMap<String, BTreeMap<usize, String>>,
    /// Names of VMs by vCenter and moref where it had several, each with when it was first seen, in that order.
    earlier: BTreeMap<(usize, String), Vec<(Timestamp, String)>>,
    /// Hosts by moref as vSphere HA tells them, by the ESXi host that is in its cluster.
    ha_hosts: BTreeMap<usize, BTreeMap<String, String>>,
    /// vSAN node UUIDs of hosts with a bundle; of several only where one was cloned from the other.
    nodes: BTreeMap<String, Vec<usize>>,
    /// vSAN node UUIDs: ids of hosts with a bundle, names of others. No name is there twice.
    node_names: BTreeMap<String, String>,
    /// Nodes that are witnesses, as unicast lists say.
    witnesses: BTreeSet<String>,
    /// Pairs of a vCenter and a host that its inventory names.
    managed: Vec<(usize, usize)>,
    /// The cluster of a host, by the vCenter Server whose DRS tells it.
    clusters: BTreeMap<usize, (usize, String)>,
}

impl Names {
    /// The names that `hosts` tell together. Hosts that do not know their node UUID get the one that others know them by.
    pub(super) fn build(hosts: &mut [Host], events: &[Vec<Event>]) -> Names {
        let mut names = Names::default();
        names.take_nodes(hosts, events);
        names.take_ha_hosts(hosts);
        for index in 0..hosts.len() {
            let mut objects = std::mem::take(&mut hosts[index].objects);
            // Logs are read in any order: the name that was seen last is the one of now.
            objects.sort_by_key(|object| object.seen);
            names.take_sightings(index, &objects);
            for ObjectName { kind, moref, name, .. } in objects {
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
        }
        names
    }

    fn take_sightings(&mut self, vcenter: usize, objects: &[ObjectName]) {
        let mut seen: BTreeMap<&str, Vec<(Timestamp, String)>> = BTreeMap::new();
        for object in objects.iter().filter(|object| object.kind == "VirtualMachine") {
            let list = seen.entry(&object.moref).or_default();
            if let Some(at) = object.seen.filter(|_| list.last().is_none_or(|(_, name)| *name != object.name))
            {
                list.push((at, object.name.clone()));
            }
        }
        let several = seen.into_iter().filter(|(_, list)| list.len() > 1);
        self.earlier.extend(several.map(|(moref, list)| ((vcenter, moref.to_owned()), list)));
    }

    /// Puts the times at which `vcenter` showed names on the reference clock: `put` corrects its own times.
    pub(super) fn put_sightings(&mut self, vcenter: usize, put: impl Fn(Timestamp) -> Timestamp) {
        let own = (vcenter, String::new())..(vcenter + 1, String::new());
        for (_, seen) in self.earlier.range_mut(own) {
            seen.iter_mut().for_each(|(at, _)| *at = put(*at));
            // A clock that was set back may have shown the later time first.
            seen.sort_by_key(|(at, _)| *at);
        }
    }

    fn take_nodes(&mut self, hosts: &mut [Host], events: &[Vec<Event>]) {
        let told = node::told(hosts, events);
        node::settle(hosts, &told);
        self.node_names = node::names(hosts, &told);
        for (index, host) in hosts.iter().enumerate() {
            if let Some(uuid) = host.node.clone() {
                self.node_names.entry(uuid.clone()).or_insert_with(|| host.id.clone());
                self.nodes.entry(uuid).or_default().push(index);
            }
        }
        self.witnesses = told.into_iter().filter(|(_, node)| node.witness).map(|(uuid, _)| uuid).collect();
    }

    /// The list of its own agent tells a host's HA cluster, else those of others that name it.
    fn take_ha_hosts(&mut self, hosts: &[Host]) {
        let lists: Vec<(usize, &Vec<HaHost>)> = hosts
            .iter()
            .enumerate()
            .filter_map(|(index, host)| Some((index, &host.setup.ha_hosts.as_ref()?.value)))
            .collect();
        let names_it = |list: &[HaHost], host: &Host| {
            list.iter().filter_map(|listed| listed.name.as_deref()).any(|name| host.is_called(name))
        };
        for (index, host) in hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi) {
            let own = lists.iter().filter(|(lister, _)| *lister == index);
            let others = lists.iter().filter(|(_, list)| names_it(list, host));
            let list = own.chain(others).next();
            for listed in list.into_iter().flat_map(|(_, list)| *list) {
                let named = listed.id.clone().zip(listed.name.clone().filter(|name| node::is_name(name)));
                if let Some((moref, name)) = named {
                    self.ha_hosts.entry(index).or_default().entry(moref).or_insert(name);
                }
            }
        }
    }

    /// The name of a managed object, as `asker`, a vCenter Server or a host, uses its moref: by the vCenter Server's own
    /// log or the host's vSphere HA list, else by the only vCenter Server that knows it.
    pub fn object(&self, asker: usize, moref: &str) -> Option<&str> {
        let known = self.objects.get(moref);
        let own = known.and_then(|known| known.get(&asker));
        let by_ha = || self.ha_hosts.get(&asker)?.get(moref);
        let only = || known.filter(|known| known.len() == 1)?.values().next();
        own.or_else(by_ha).or_else(only).map(String::as_str)
    }

    /// The vCenter Server whose word on `moref` counts for `asker`: itself, else the only one that knows it.
    pub(super) fn teller(&self, asker: usize, moref: &str) -> Option<usize> {
        let known = self.objects.get(moref)?;
        let only = || known.keys().next().copied().filter(|_| known.len() == 1);
        known.contains_key(&asker).then_some(asker).or_else(only)
    }

    /// What `vcenter` called the VM `moref` at `time`, where its logs show it under several names.
    pub(super) fn sighted(&self, vcenter: usize, moref: &str, time: Timestamp) -> Option<&str> {
        let list = self.earlier.get(&(vcenter, moref.to_owned()))?;
        let at = list.partition_point(|(seen, _)| *seen <= time).saturating_sub(1);
        list.get(at).map(|(_, name)| name.as_str())
    }

    /// The VM of `vcenter` that was renamed from `old` to `new`: the only one that had both names, else the only one
    /// with the new one, else the only one with the old one.
    pub(super) fn renamed_object(&self, vcenter: usize, old: &str, new: &str) -> Option<String> {
        let had = |moref: &str, name: &str| {
            let earlier = self.earlier.get(&(vcenter, moref.to_owned()));
            earlier.is_some_and(|list| list.iter().any(|(_, known)| known == name))
                || self.objects.get(moref).and_then(|known| known.get(&vcenter)).is_some_and(|n| n == name)
        };
        let only = |fits: &dyn Fn(&str) -> bool| -> Option<String> {
            let mut found = self.objects.keys().filter(|moref| moref.starts_with("vm-") && fits(moref));
            found.next().filter(|_| found.next().is_none()).cloned()
        };
        only(&|moref| had(moref, old) && had(moref, new))
            .or_else(|| only(&|moref| had(moref, new)))
            .or_else(|| only(&|moref| had(moref, old)))
    }

    /// Names that several VMs of one vCenter Server have.
    pub(super) fn shared_vm_names(&self) -> BTreeSet<String> {
        let mut seen: BTreeSet<(usize, &str)> = BTreeSet::new();
        let vms = self.objects.iter().filter(|(moref, _)| moref.starts_with("vm-"));
        let names = vms.flat_map(|(_, known)| known.iter().map(|(vcenter, name)| (*vcenter, name.as_str())));
        names.filter(|named| !seen.insert(*named)).map(|(_, name)| name.to_owned()).collect()
    }

    /// How many hosts the log of `vcenter` names.
    pub fn hosts_of(&self, vcenter: usize) -> usize {
        let hosts = self.objects.iter().filter(|(moref, _)| moref.starts_with("host-"));
        hosts.filter(|(_, known)| known.contains_key(&vcenter)).count()
    }

    /// The hosts that the log of `vcenter` names, each once.
    pub fn named_by(&self, vcenter: usize) -> BTreeSet<&str> {
        let hosts = self.objects.iter().filter(|(moref, _)| moref.starts_with("host-"));
        hosts.filter_map(|(_, known)| known.get(&vcenter)).map(String::as_str).collect()
    }

    /// The cluster that DRS of a vCenter Server places `host` in: the server's index and `domain-c7`.
    pub fn cluster_of(&self, host: usize) -> Option<&(usize, String)> {
        self.clusters.get(&host)
    }

    /// Whether the inventory of `vcenter` names `host`; indices into the case's hosts.
    pub fn knows(&self, vcenter: usize, host: usize) -> bool {
        self.managed.contains(&(vcenter, host))
    }

    /// The host whose vSAN node UUID is `uuid`; the first of several, see [`Names::clones`].
    pub fn node(&self, uuid: &str) -> Option<usize> {
        let hosts = self.nodes.get(&uuid.to_ascii_lowercase()).or_else(|| self.nodes.get(uuid));
        hosts.and_then(|hosts| hosts.first()).copied()
    }

    /// Node UUIDs that several hosts have, and these hosts: one was cloned from the other.
    pub fn clones(&self) -> impl Iterator<Item = (&str, &[usize])> {
        let several = self.nodes.iter().filter(|(_, hosts)| hosts.len() > 1);
        several.map(|(uuid, hosts)| (uuid.as_str(), hosts.as_slice()))
    }

    /// The name of the node `uuid`, lower case: the id of its host, else what member lists, the directory or vSphere HA
    /// call it. No two nodes have one name but clones.
    pub fn node_name(&self, uuid: &str) -> Option<&str> {
        self.node_names.get(uuid).map(String::as_str)
    }

    /// Whether some unicast list has the node `uuid`, lower case, as a witness.
    pub fn is_witness(&self, uuid: &str) -> bool {
        self.witnesses.contains(uuid)
    }
}

/// The ESXi host that is called `name`: by its full name, else by its short name where only one has it.
pub fn position(hosts: &[Host], name: &str) -> Option<usize> {
    let esxi = || hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi);
    let full = esxi().find(|(_, host)| host.name.eq_ignore_ascii_case(name));
    let mut short = esxi().filter(|(_, host)| host.is_called(name));
    full.or_else(|| short.next().filter(|_| short.next().is_none())).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_are_put_on_the_clock_of_their_own_vcenter() {
        let at = Timestamp::from_seconds;
        let object = |name: &str, seen: i64| ObjectName {
            kind: "VirtualMachine".to_owned(),
            moref: "vm-7".to_owned(),
            name: name.to_owned(),
            seen: Some(at(seen)),
        };
        let mut names = Names::default();
        for vcenter in [0, 1] {
            names.take_sightings(vcenter, &[object("old", 1_000), object("new", 2_000)]);
        }
        names.put_sightings(0, |time| time.plus_seconds(-300));
        assert_eq!(names.sighted(0, "vm-7", at(1_800)), Some("new"), "its clock is 300 s ahead");
        assert_eq!(names.sighted(0, "vm-7", at(1_600)), Some("old"));
        assert_eq!(names.sighted(1, "vm-7", at(1_800)), Some("old"), "the other's is right");
    }
}
