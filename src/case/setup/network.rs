//! The network of a host and its time: adapters, NICs and switches by their names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::host::Sourced;
use super::{ByName, first, keep};
use crate::fact::nic::PhysicalNic;
use crate::fact::ntp::NtpPeer;
use crate::fact::vmkernel::{VmkernelAdapter, VmkernelAddress};
use crate::fact::vswitch::{PortGroup, VirtualSwitch};
use crate::fact::{Fact, FactValue};

/// The network of a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkSetup {
    /// VMkernel adapters.
    pub vmkernel: ByName<VmkernelAdapter>,
    /// Physical NICs.
    pub nics: ByName<PhysicalNic>,
    /// Standard and distributed switches.
    pub switches: ByName<VirtualSwitch>,
}

/// Time synchronisation of a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NtpSetup {
    /// Whether the client is enabled.
    pub enabled: Option<Sourced<bool>>,
    /// Its servers; empty where a file says that there is none.
    pub servers: Option<Sourced<Vec<String>>>,
    /// What the daemon knows of them, in its own order.
    pub peers: Vec<Sourced<NtpPeer>>,
}

impl NetworkSetup {
    pub(super) fn take(&mut self, fact: &Fact) {
        match &fact.value {
            FactValue::VmkernelAdapter(adapter) => {
                self.vmkernel.add(&adapter.name, fact, adapter.clone(), complete_adapter);
            }
            FactValue::PhysicalNic(nic) => self.nics.add(&nic.name, fact, nic.clone(), PhysicalNic::complete),
            FactValue::VirtualSwitch(switch) => {
                self.switches.add(&switch.name, fact, switch.clone(), complete_switch);
            }
            _ => {}
        }
    }

    /// Adds what captures are compared by.
    pub(super) fn compared(&self, values: &mut Vec<(&'static str, Option<String>, String)>) {
        for nic in self.nics.iter().map(|nic| &nic.value) {
            let driver = nic.driver.as_ref().map(|driver| match &nic.driver_version {
                Some(version) => format!("{driver} {version}"),
                None => driver.clone(),
            });
            values.extend(driver.map(|driver| ("nic-driver", Some(nic.name.clone()), driver)));
            let firmware = nic.firmware.clone();
            values.extend(firmware.map(|firmware| ("nic-firmware", Some(nic.name.clone()), firmware)));
        }
        for adapter in self.vmkernel.iter().map(|adapter| &adapter.value) {
            let mtu = adapter.mtu.map(|mtu| mtu.to_string());
            values.extend(mtu.map(|mtu| ("vmknic-mtu", Some(adapter.name.clone()), mtu)));
            values.extend(compared_ips(adapter).map(|ips| ("vmknic-ip", Some(adapter.name.clone()), ips)));
        }
    }
}

/// The IPv4 addresses of an adapter, as a text: those of IPv6 follow from its MAC address or from a router.
fn compared_ips(adapter: &VmkernelAdapter) -> Option<String> {
    let ips: Vec<String> =
        adapter.addresses.iter().flatten().filter(|at| at.ip.is_ipv4()).map(|at| at.ip.to_string()).collect();
    (!ips.is_empty()).then(|| ips.join(", "))
}

fn complete_adapter(own: &mut VmkernelAdapter, other: VmkernelAdapter) {
    keep(&mut own.port_group, other.port_group);
    keep(&mut own.switch, other.switch);
    keep(&mut own.mac, other.mac);
    keep(&mut own.mtu, other.mtu);
    keep(&mut own.enabled, other.enabled);
    keep(&mut own.netstack, other.netstack);
    keep(&mut own.tags, other.tags);
    match (&mut own.addresses, other.addresses) {
        (own @ None, other) => *own = other,
        (Some(own), Some(other)) if !own.is_empty() => add_family(own, other),
        _ => {}
    }
}

/// A file may tell IPv4 only: addresses of a family of which none is known are taken.
fn add_family(own: &mut Vec<VmkernelAddress>, other: Vec<VmkernelAddress>) {
    let known: BTreeSet<bool> = own.iter().map(|address| is_v4(address.ip)).collect();
    own.extend(other.into_iter().filter(|address| !known.contains(&is_v4(address.ip))));
}

const fn is_v4(ip: IpAddr) -> bool {
    ip.is_ipv4()
}

fn complete_switch(own: &mut VirtualSwitch, other: VirtualSwitch) {
    keep(&mut own.ports_used, other.ports_used);
    keep(&mut own.ports_configured, other.ports_configured);
    keep(&mut own.mtu, other.mtu);
    keep(&mut own.uplinks, other.uplinks);
    match (&mut own.port_groups, other.port_groups) {
        (own @ None, other) => *own = other,
        (Some(own), Some(other)) => own.iter_mut().for_each(|group| find_vlan(group, &other)),
        _ => {}
    }
}

/// Only one of the files tells the VLANs of port groups.
fn find_vlan(own: &mut PortGroup, others: &[PortGroup]) {
    if own.vlan.is_none() {
        own.vlan = others.iter().find(|other| other.name == own.name).and_then(|other| other.vlan);
    }
}

impl NtpSetup {
    pub(super) fn take(&mut self, fact: &Fact) {
        match &fact.value {
            FactValue::NtpConfig(config) => {
                if let Some(enabled) = &config.enabled {
                    first(&mut self.enabled, fact, enabled);
                }
                if let Some(servers) = &config.servers {
                    self.add_servers(fact, servers);
                }
            }
            // A second collection tells the same peers at another moment.
            FactValue::NtpPeer(peer) if self.peers.first().is_none_or(|known| is_beside(known, fact)) => {
                self.peers.push(Sourced::of(fact, peer.clone()));
            }
            _ => {}
        }
    }

    /// Of some files each line tells one server.
    fn add_servers(&mut self, fact: &Fact, servers: &[String]) {
        let known = self.servers.get_or_insert_with(|| Sourced::of(fact, Vec::new()));
        if is_beside(known, fact) {
            for server in servers {
                if !known.value.contains(server) {
                    known.value.push(server.clone());
                }
            }
        }
    }
}

/// Whether `fact` stands in the same file as what is known.
fn is_beside<T>(known: &Sourced<T>, fact: &Fact) -> bool {
    known.source.file == fact.source.file
}
