//! What a host is compared by: the values of one host of a report, by area and key.
//!
//! What names a host by nature (addresses, MACs, serial numbers, UUIDs, VMs, times) is not among them. What no file tells
//! is unknown; what a list that was read does not hold is known to be absent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::model::*;
use super::area::Area;
use crate::fact::features;

/// An attribute: its area, and which one of the area where there are several (a VIB, a NIC); else empty.
pub type Key = (Area, String);

/// What a bundle tells of one attribute.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told<'a> {
    /// This.
    Is(&'a str),
    /// That it is not there.
    Absent,
    /// Nothing.
    Unknown,
}

impl<'a> Told<'a> {
    /// The value; `None` where it is absent.
    pub fn value(self) -> Option<&'a str> {
        match self {
            Told::Is(value) => Some(value),
            Told::Absent | Told::Unknown => None,
        }
    }

    /// Whether the bundle tells anything.
    pub fn is_known(self) -> bool {
        self != Told::Unknown
    }
}

/// The attributes of one host.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    values: BTreeMap<Key, String>,
    /// Areas of which all is told: what is not among the values is absent.
    whole: BTreeSet<Area>,
    /// VIBs that the maker of ESXi made.
    own_vibs: BTreeSet<String>,
}

/// The value of a thing that is there, and of which nothing else is told here.
pub const PRESENT: &str = "present";

impl Attributes {
    /// Those of `host`; its CPU features stand in `features`.
    pub fn of(host: &HostInfo, features: &Features) -> Attributes {
        let mut all = Attributes::default();
        all.identity(host);
        all.features(host, features);
        all.vsan(host);
        if let Some(setup) = &host.setup {
            all.software(setup);
            all.nics(setup.network.nics.as_deref());
            all.vmknics(setup);
            all.switches(setup.network.switches.as_deref());
            all.settings(setup);
        }
        all
    }

    /// What is told of `key`.
    pub fn told(&self, key: &Key) -> Told<'_> {
        match self.values.get(key) {
            Some(value) => Told::Is(value),
            None if self.whole.contains(&key.0) => Told::Absent,
            None => Told::Unknown,
        }
    }

    /// What there is to compare.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.values.keys()
    }

    /// Whether anything of `area` is told.
    pub fn tells(&self, area: Area) -> bool {
        self.whole.contains(&area) || self.values.keys().any(|(own, _)| *own == area)
    }

    /// Whether the VIB `name` is one of the maker of ESXi.
    pub fn is_own_vib(&self, name: &str) -> bool {
        self.own_vibs.contains(name)
    }

    /// Adds what other hosts of a cluster have too; all addresses of this host are known.
    pub fn share(&mut self, shared: impl Iterator<Item = (String, String)>) {
        self.whole.insert(Area::SharedAddress);
        shared.for_each(|(address, with)| self.put(Area::SharedAddress, &address, Some(with)));
    }

    fn put(&mut self, area: Area, key: &str, value: Option<impl ToString>) {
        let value = value.map(|value| value.to_string()).filter(|value| !value.is_empty());
        if let Some(value) = value {
            self.values.insert((area, key.to_owned()), value);
        }
    }

    fn identity(&mut self, host: &HostInfo) {
        let cpu = &host.cpu;
        self.put(Area::Microcode, "", cpu.microcode.as_ref());
        let parts = (cpu.vendor.as_ref(), cpu.family, cpu.model, cpu.stepping);
        if let (Some(vendor), Some(family), Some(model), Some(stepping)) = parts {
            self.put(Area::Cpu, "", Some(format!("{vendor} {family}/{model}/{stepping}")));
        }
        self.put(Area::CpuName, "", cpu.name.as_ref());
        self.put(Area::Build, "", host.build.as_ref());
        self.put(Area::Version, "", host.version.as_ref());
        self.put(Area::Update, "", host.update.as_ref());
        self.put(Area::Bios, "", host.bios.as_ref());
        self.put(Area::Hardware, "", host.model.as_ref());
        self.put(Area::HardwareVendor, "", host.vendor.as_ref());
    }

    fn features(&mut self, host: &HostInfo, features: &Features) {
        let of = |values: &BTreeMap<HostId, Option<u64>>| values.get(&host.id).copied().flatten();
        let source = features.sources.iter().find(|source| source.host == host.id);
        if let Some(source) = source {
            if source.masks.is_some() {
                self.whole.insert(Area::EvcMask);
            }
            self.put(Area::EvcMode, "", source.evc_mode.as_ref());
        }
        // What a CPU calls itself is compared as the CPU.
        let compared = features.rows.iter().filter(|row| !features::describe(&row.key).identity);
        for row in compared {
            self.put(Area::EvcMask, &row.key, of(&row.mask));
            self.put(Area::Capability, &row.key, of(&row.capability));
            self.put(Area::Effective, &row.key, of(&row.effective));
        }
    }

    fn vsan(&mut self, host: &HostInfo) {
        if let Some(vsan) = &host.vsan {
            self.put(Area::VsanCluster, "", vsan.cluster_uuid.as_ref());
            self.put(Area::VsanMembers, "", vsan.member_count);
            self.put(Area::UnicastPeers, "", vsan.unicast_peers);
        }
        let Some(vsan) = host.setup.as_ref().and_then(|setup| setup.vsan.as_ref()) else { return };
        if let Some(disks) = &vsan.disks {
            let formats: BTreeSet<u64> = disks.iter().filter_map(|disk| disk.format).collect();
            self.put(Area::VsanFormat, "", Some(joined(formats)));
            let groups: BTreeSet<&String> = disks.iter().filter_map(|disk| disk.group.as_ref()).collect();
            self.put(Area::VsanDisks, "", Some(format!("{}/{}", groups.len(), disks.len())));
        }
        if let Some(interfaces) = &vsan.interfaces {
            self.whole.insert(Area::VsanAdapters);
            let names: BTreeSet<&String> = interfaces.iter().map(|interface| &interface.vmknic).collect();
            self.put(Area::VsanAdapters, "", Some(joined(names)));
        }
    }

    fn software(&mut self, setup: &SetupInfo) {
        let original = setup.microcode.as_ref().and_then(|microcode| microcode.original.as_ref());
        self.put(Area::MicrocodeByBios, "", original);
        let profile = setup.profile.as_ref().and_then(|profile| profile.name.as_ref());
        self.put(Area::ImageProfile, "", profile);
        self.put(Area::BiosDate, "", setup.bios_date.as_ref());
        self.put(Area::Acceptance, "", setup.acceptance.as_ref());
        let Some(vibs) = &setup.vibs else { return };
        self.whole.insert(Area::Vib);
        for vib in vibs {
            self.put(Area::Vib, &vib.name, Some(&vib.version));
            let vendor = vib.vendor.as_deref().map(str::to_ascii_lowercase);
            if vendor.is_some_and(|vendor| vendor.starts_with("vmw") || vendor.starts_with("broadcom")) {
                self.own_vibs.insert(vib.name.clone());
            }
        }
    }

    fn nics(&mut self, nics: Option<&[NicInfo]>) {
        let Some(nics) = nics else { return };
        self.whole.insert(Area::Nic);
        for nic in nics {
            let name = &nic.name;
            self.put(Area::Nic, name, Some(PRESENT));
            self.put(Area::NicModel, name, nic.description.as_ref());
            if let Some((driver, version)) = nic.driver.as_ref().zip(nic.driver_version.as_ref()) {
                self.put(Area::NicDriver, name, Some(format!("{driver} {version}")));
            }
            self.put(Area::NicFirmware, name, nic.firmware.as_ref());
            let link = match (nic.admin_up, nic.link_up) {
                (Some(false), _) => Some("disabled"),
                (_, Some(true)) => Some("up"),
                (_, Some(false)) => Some("down"),
                (_, None) => None,
            };
            self.put(Area::NicLink, name, link);
            self.put(Area::NicSpeed, name, nic.speed_mbps);
            self.put(Area::NicMtu, name, nic.mtu);
        }
    }

    fn vmknics(&mut self, setup: &SetupInfo) {
        let Some(adapters) = &setup.network.vmkernel else { return };
        let switches = setup.network.switches.as_deref().unwrap_or_default();
        let is_distributed = |name: &String| switches.iter().any(|of| of.name == *name && of.distributed);
        self.whole.insert(Area::Vmknic);
        for adapter in adapters {
            let name = &adapter.name;
            self.put(Area::Vmknic, name, Some(PRESENT));
            self.put(Area::VmknicMtu, name, adapter.mtu);
            let addresses = adapter.addresses.as_deref();
            self.put(Area::VmknicNetwork, name, addresses.and_then(networks));
            let tags = adapter.tags.as_ref().map(|tags| tags.iter().collect::<BTreeSet<_>>());
            self.put(Area::VmknicTags, name, tags.map(|tags| or_none(joined(tags))));
            self.put(Area::VmknicNetstack, name, adapter.netstack.as_ref());
            self.put(Area::VmknicSwitch, name, adapter.switch.as_ref());
            // Each host has a port of its own on a distributed switch.
            let is_port = |group: &&String| group.bytes().all(|byte| byte.is_ascii_digit());
            let group = adapter.port_group.as_ref().filter(|group| !is_port(group));
            let group = group.filter(|_| !adapter.switch.as_ref().is_some_and(is_distributed));
            self.put(Area::VmknicPortGroup, name, group);
        }
    }

    fn switches(&mut self, switches: Option<&[SwitchInfo]>) {
        let Some(switches) = switches else { return };
        self.whole.insert(Area::Switch);
        let mut of_standard = switches.iter().filter(|switch| !switch.distributed);
        if of_standard.all(|switch| switch.port_groups.is_some()) {
            self.whole.insert(Area::PortGroup);
        }
        for switch in switches {
            let kind = if switch.distributed { "distributed" } else { "standard" };
            self.put(Area::Switch, &switch.name, Some(kind));
            self.put(Area::SwitchMtu, &switch.name, switch.mtu);
            let uplinks = switch.uplinks.as_ref().map(|uplinks| uplinks.iter().collect::<BTreeSet<_>>());
            self.put(Area::SwitchUplinks, &switch.name, uplinks.map(|uplinks| or_none(joined(uplinks))));
            for group in switch.port_groups.iter().flatten() {
                self.put(Area::PortGroup, &format!("{}, {}", switch.name, group.name), group.vlan);
            }
        }
    }

    fn settings(&mut self, setup: &SetupInfo) {
        if let Some(options) = &setup.options {
            self.whole.insert(Area::AdvancedOption);
            for option in options {
                self.put(Area::AdvancedOption, &option.path, Some(&option.value));
            }
        }
        if let Some(settings) = &setup.kernel_settings {
            self.whole.insert(Area::KernelSetting);
            for setting in settings {
                let value = setting.runtime.as_ref().or(setting.configured.as_ref());
                self.put(Area::KernelSetting, &setting.name, value);
            }
        }
        if let Some(ha) = &setup.ha {
            self.ha(ha);
        }
        self.put(Area::NtpEnabled, "", setup.ntp.enabled);
        let servers = setup.ntp.servers.as_ref().map(|servers| servers.iter().collect::<BTreeSet<_>>());
        self.put(Area::NtpServers, "", servers.map(|servers| or_none(joined(servers))));
    }

    fn ha(&mut self, ha: &HaInfo) {
        self.put(Area::Ha, "enabled", ha.enabled);
        self.put(Area::Ha, "host_monitoring", ha.host_monitoring.as_ref());
        self.put(Area::Ha, "vm_monitoring", ha.vm_monitoring.as_ref());
        self.put(Area::Ha, "component_protection", ha.component_protection.as_ref());
        self.put(Area::Ha, "admission_control", ha.admission_control);
        self.put(Area::Ha, "restart_priority", ha.restart_priority.as_ref());
        self.put(Area::Ha, "isolation_response", ha.isolation_response.as_ref());
        // Only the host list was read where nothing else is told.
        if ha.enabled.is_some() {
            self.whole.insert(Area::HaOption);
        }
        for option in &ha.options {
            self.put(Area::HaOption, &option.path, Some(&option.value));
        }
    }
}

/// The word of a list that is known to be empty.
pub const NONE: &str = "none";

fn or_none(text: String) -> String {
    if text.is_empty() { NONE.to_owned() } else { text }
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// `10.20.1.0/24`: the networks of an adapter; `None` where the size of one is not known.
fn networks(addresses: &[AddressInfo]) -> Option<String> {
    let network = |address: &AddressInfo| {
        let (ip, prefix) = (address.ip.parse::<IpAddr>().ok()?, address.prefix?);
        Some(format!("{}/{prefix}", masked(ip, prefix)?))
    };
    let networks: Option<BTreeSet<String>> = addresses.iter().map(network).collect();
    Some(joined(networks?))
}

/// The first address of the network of `ip`.
fn masked(ip: IpAddr, prefix: u8) -> Option<IpAddr> {
    let hidden = |bits: u8| bits.checked_sub(prefix).map(u32::from);
    Some(match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(hidden(32)?).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(hidden(128)?).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    })
}

/// The addresses of `host` that no other may have, with their adapters; `None` where they are not known.
pub fn addresses(host: &HostInfo) -> Option<Vec<(IpAddr, &str)>> {
    let adapters = host.setup.as_ref()?.network.vmkernel.as_ref()?;
    let mut own = Vec::new();
    for adapter in adapters {
        let of = adapter.addresses.iter().flatten().filter_map(|address| address.ip.parse().ok());
        own.extend(of.filter(is_global).map(|ip| (ip, adapter.name.as_str())));
    }
    Some(own)
}

/// Addresses that hold on one link only may be the same on every host: those to the management controller are.
fn is_global(ip: &IpAddr) -> bool {
    let is_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !(is_local || ip.is_loopback() || ip.is_unspecified())
}
