//! Who is meant by an id, a name or an address, at a time.
//!
//! A moref, the world of a VM and an address name a thing only for a while: a VM gets another name, is registered anew
//! under another moref, a host boots and gives worlds out again. So each is asked for with the time of the record that
//! uses it. vSAN nodes and host names do not change within a case; they are asked of [`Names`].

mod address;
#[cfg(test)]
mod tests;
mod vm_name;
mod world;

use std::net::IpAddr;

use super::cluster::Cluster;
use super::host::Host;
use super::names::Names;
use crate::model::{Event, HostKind, Timestamp};

use address::HostAddresses;
use vm_name::Renames;
use world::Worlds;

/// What ids stand for in a case, and when.
#[derive(Debug, Default)]
pub struct Identity {
    renames: Renames,
    worlds: Worlds,
    addresses: HostAddresses,
}

impl Identity {
    /// What `hosts` and their `events` tell together; events are of one host each, in the order of the hosts.
    pub(super) fn build(
        hosts: &[Host],
        clusters: &[Cluster],
        names: &Names,
        events: &[Vec<Event>],
    ) -> Identity {
        Identity {
            renames: Renames::of(hosts, names, events),
            worlds: Worlds::of(hosts, events),
            addresses: HostAddresses::of(hosts, clusters),
        }
    }

    /// The name of a managed object at `time`, as `asker`, a vCenter Server or a host, uses its moref.
    pub fn object<'a>(
        &'a self,
        names: &'a Names,
        asker: usize,
        moref: &str,
        time: Timestamp,
    ) -> Option<&'a str> {
        let own = names.object(asker, moref);
        let Some(vcenter) = names.teller(asker, moref) else { return own };
        let renamed = self.renames.of_object(vcenter, moref, time);
        renamed.or_else(|| names.sighted(vcenter, moref, time)).or(own)
    }

    /// What a VM was called at `time`, that was called `name` at `known_at`; `name` where no rename can be its own.
    pub fn vm_name_at(&self, name: &str, known_at: Option<Timestamp>, time: Timestamp) -> String {
        self.renames.at(name, known_at, time)
    }

    /// The name of the VM whose world `host` ran as number `world` at `time`.
    ///
    /// A number means one VM as long as the host runs: the lines of that boot tell it, and of the last boot the list of
    /// processes.
    pub fn vm_of_world(&self, hosts: &[Host], host: usize, world: u64, time: Timestamp) -> Option<String> {
        if let Some((started, name)) = self.worlds.started(host, world, time) {
            return Some(self.vm_name_at(name, Some(started), time));
        }
        let host = hosts.get(host).filter(|host| host.kind == HostKind::Esxi)?;
        if host.booted_at.is_some_and(|booted| time < booted) {
            return None;
        }
        let mut vms = host.setup.vms.vms.iter().map(|vm| &vm.value);
        let vm = vms.find(|vm| vm.world == Some(world) || vm.cartel == Some(world))?;
        vm.name.as_deref().map(|name| self.vm_name_at(name, host.captured_at, time))
    }

    /// Which boot of `host` it was at `time`, counted from what its logs tell.
    pub fn boot_of(&self, host: usize, time: Timestamp) -> usize {
        self.worlds.boots_before(host, time)
    }

    /// The only host that has a VMkernel adapter with the address `ip`: adapters for vMotion count before others, and
    /// where several networks use one range, the host in the cluster of `near`.
    pub fn host_of_address(&self, ip: IpAddr, near: Option<usize>) -> Option<usize> {
        self.addresses.host(ip, near)
    }
}
