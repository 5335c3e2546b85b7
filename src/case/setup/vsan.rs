//! vSAN on a host: its adapters, its disks, and what it knows of the cluster's health and nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::host::Sourced;
use super::{ByName, first, keep};
use crate::fact::vsan::cmmds::{CmmdsCount, CmmdsEntry, CmmdsKind};
use crate::fact::vsan::health::{VsanCheck, VsanObjectState};
use crate::fact::vsan::network::VsanInterface;
use crate::fact::vsan::storage::{VsanCandidate, VsanDisk};
use crate::fact::{Fact, FactValue};

/// vSAN on a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VsanSetup {
    /// Adapters that carry its traffic; empty where the list is.
    pub interfaces: Option<ByName<VsanInterface>>,
    /// The line that says that there is none.
    pub no_interface: Option<Sourced<()>>,
    /// Disks that it uses.
    pub disks: ByName<VsanDisk>,
    /// All disks of the host and whether it could use them.
    pub candidates: ByName<VsanCandidate>,
    /// Health checks, groups among them, in vSAN's own order.
    pub health: Option<Sourced<Vec<VsanCheck>>>,
    /// How many objects are in which state, in vSAN's own order.
    pub objects: Option<Sourced<Vec<VsanObjectState>>>,
    /// Objects and bytes that are left to resync.
    pub resync: Option<Sourced<(Option<u64>, Option<u64>)>>,
    /// Nodes of the cluster's directory, by UUID.
    pub nodes: BTreeMap<String, Sourced<DirectoryNode>>,
    /// Entries of the cluster's directory, by type.
    pub directory: BTreeMap<String, Sourced<DirectoryCount>>,
}

/// What the cluster's directory says of a node; what it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryNode {
    /// Its UUID, lower case.
    pub node_uuid: String,
    /// Its host name.
    pub name: Option<String>,
    /// Addresses of its vSAN adapters, ordered as told.
    pub addresses: Vec<String>,
    /// 0 is out of maintenance, 6 is in it.
    pub decom_state: Option<u64>,
    /// `Healthy`; `Unhealthy` where the node is gone.
    pub health: Option<String>,
    /// What sort of entry told its health.
    health_of: Option<CmmdsKind>,
    /// Addresses by the interface's UUID, so that a second dump adds none.
    interfaces: BTreeSet<String>,
}

/// How many entries of one type the directory has.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct DirectoryCount {
    /// How many there are.
    pub entries: u64,
    /// How many of them are not healthy.
    pub unhealthy: u64,
    /// Whether the dump was read from its beginning to its end: if not, there are at least so many.
    pub whole: bool,
}

impl VsanSetup {
    pub(super) fn take(&mut self, fact: &Fact) {
        match &fact.value {
            FactValue::VsanInterface(interface) => self.add_interface(fact, interface),
            FactValue::VsanNoInterface => {
                self.interfaces.get_or_insert_default();
                first(&mut self.no_interface, fact, &());
            }
            FactValue::VsanDisk(disk) => self.disks.add(&disk.device, fact, disk.clone(), complete_disk),
            FactValue::VsanCandidate(disk) => {
                let name = disk.device.as_ref().or(disk.uuid.as_ref()).map_or("", String::as_str);
                self.candidates.add(name, fact, disk.clone(), complete_candidate);
            }
            FactValue::VsanHealth { checks } => first(&mut self.health, fact, checks),
            FactValue::VsanObjectHealth { states } => first(&mut self.objects, fact, states),
            FactValue::VsanResync { objects, bytes } => first(&mut self.resync, fact, &(*objects, *bytes)),
            FactValue::CmmdsEntry(entry) => self.add_entry(fact, entry),
            FactValue::CmmdsCounts { types, whole } => {
                types.iter().for_each(|count| self.add_count(fact, count, *whole));
            }
            _ => {}
        }
    }

    /// The on-disk formats of its disks, as a text: `5, 10`.
    pub(super) fn formats(&self) -> Option<String> {
        let formats: BTreeSet<u64> = self.disks.iter().filter_map(|disk| disk.value.format).collect();
        let formats: Vec<String> = formats.iter().map(u64::to_string).collect();
        (!formats.is_empty()).then(|| formats.join(", "))
    }

    fn add_interface(&mut self, fact: &Fact, interface: &VsanInterface) {
        match &mut self.interfaces {
            // A file before this one says that there is none.
            Some(known) if known.is_empty() => {}
            known => {
                let known = known.get_or_insert_default();
                known.add(&interface.vmknic, fact, interface.clone(), complete_interface);
            }
        }
    }

    fn add_entry(&mut self, fact: &Fact, entry: &CmmdsEntry) {
        let node_uuid = entry.node_uuid.to_ascii_lowercase();
        let new = || {
            let node = DirectoryNode { node_uuid: node_uuid.clone(), ..DirectoryNode::default() };
            Sourced::of(fact, node)
        };
        self.nodes.entry(node_uuid.clone()).or_insert_with(new).value.add(entry);
    }

    /// Of two dumps the whole one counts, of two such the first.
    fn add_count(&mut self, fact: &Fact, count: &CmmdsCount, whole: bool) {
        let counted = DirectoryCount { entries: count.entries, unhealthy: count.unhealthy, whole };
        let is_better = |known: &Sourced<DirectoryCount>| whole && !known.value.whole;
        if self.directory.get(&count.kind).is_none_or(is_better) {
            self.directory.insert(count.kind.clone(), Sourced::of(fact, counted));
        }
    }
}

impl DirectoryNode {
    /// Whether its entry says that the node is there.
    pub fn is_healthy(&self) -> bool {
        self.health.as_deref().is_some_and(|health| health.eq_ignore_ascii_case("healthy"))
    }

    fn add(&mut self, entry: &CmmdsEntry) {
        keep(&mut self.name, entry.hostname.clone());
        keep(&mut self.decom_state, entry.decom_state);
        let interface = entry.interface.as_ref().or(entry.address.as_ref());
        if let Some(address) = &entry.address
            && interface.is_some_and(|interface| self.interfaces.insert(interface.clone()))
            && !self.addresses.contains(address)
        {
            self.addresses.push(address.clone());
        }
        let is_better = self.health_of.is_none_or(|known| rank(entry.kind) < rank(known));
        if entry.health.is_some() && is_better {
            (self.health, self.health_of) = (entry.health.clone(), Some(entry.kind));
        }
    }
}

/// How well the health of an entry tells that of its node: an interface of a healthy node may be gone.
const fn rank(kind: CmmdsKind) -> u8 {
    match kind {
        CmmdsKind::Node => 0,
        CmmdsKind::HostName => 1,
        CmmdsKind::DecomState => 2,
        CmmdsKind::NetInterface => 3,
    }
}

fn complete_interface(own: &mut VsanInterface, other: VsanInterface) {
    keep(&mut own.uuid, other.uuid);
    keep(&mut own.unicast_port, other.unicast_port);
    keep(&mut own.agent_group, other.agent_group);
    keep(&mut own.master_group, other.master_group);
    keep(&mut own.multicast, other.multicast);
    if own.traffic.is_empty() {
        own.traffic = other.traffic;
    }
}

fn complete_disk(own: &mut VsanDisk, other: VsanDisk) {
    keep(&mut own.ssd, other.ssd);
    keep(&mut own.uuid, other.uuid);
    keep(&mut own.group, other.group);
    keep(&mut own.cache_device, other.cache_device);
    keep(&mut own.used, other.used);
    keep(&mut own.in_cmmds, other.in_cmmds);
    keep(&mut own.format, other.format);
    keep(&mut own.mounted, other.mounted);
    keep(&mut own.capacity_tier, other.capacity_tier);
    keep(&mut own.deduplication, other.deduplication);
    keep(&mut own.compression, other.compression);
    keep(&mut own.checksum_ok, other.checksum_ok);
    keep(&mut own.encryption, other.encryption);
    keep(&mut own.key_loaded, other.key_loaded);
}

fn complete_candidate(own: &mut VsanCandidate, other: VsanCandidate) {
    // What the states of two lists say of it belongs to each of them.
    if own.state == other.state {
        keep(&mut own.uuid, other.uuid);
        keep(&mut own.reason, other.reason);
        keep(&mut own.pool_state, other.pool_state);
        keep(&mut own.ssd, other.ssd);
        keep(&mut own.pdl, other.pdl);
    }
}
