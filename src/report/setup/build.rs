//! Turns the setup of a host in the case into that of the report.

use std::collections::BTreeMap;

use super::*;
use crate::case::{ByName, Host, Setup, Sourced, VmSetup, VsanSetup};
use crate::fact::nic::PhysicalNic;
use crate::fact::ntp::NtpPeer;
use crate::fact::vmkernel::VmkernelAdapter;
use crate::fact::vsan::storage::{VsanCandidate, VsanDisk};
use crate::fact::vswitch::VirtualSwitch;
use crate::fact::{HaConfig, HaHost};

/// The setup of `host`, if anything is known of it.
pub fn setup_info(host: &Host) -> Option<SetupInfo> {
    let setup = &host.setup;
    if setup.is_empty() && host.options.is_empty() {
        return None;
    }
    let profile = setup.profile.as_ref().map(|profile| ProfileInfo {
        name: profile.value.name.clone(),
        vendor: profile.value.vendor.clone(),
        created: profile.value.created.clone(),
        modified: profile.value.modified.clone(),
    });
    let microcode = setup.microcode.as_ref().map(|microcode| MicrocodeInfo {
        original: microcode.value.original.map(|revision| format!("0x{revision:x}")),
        updates: microcode.value.updates,
    });
    Some(SetupInfo {
        profile,
        acceptance: setup.acceptance.as_ref().map(|level| name(&level.value)),
        vibs: listed(&setup.vibs, vib),
        bios_date: setup.bios_date.as_ref().map(|date| date.value.clone()),
        microcode,
        network: NetworkInfo {
            vmkernel: listed(&setup.network.vmkernel, vmkernel),
            nics: listed(&setup.network.nics, nic),
            switches: listed(&setup.network.switches, switch),
        },
        ntp: ntp(setup),
        options: options(&host.options),
        kernel_settings: listed(&setup.kernel_settings, |setting| KernelSettingInfo {
            name: setting.name.clone(),
            configured: setting.configured.clone(),
            runtime: setting.runtime.clone(),
            default: setting.default.clone(),
        }),
        ha: ha(setup),
        vms: some(setup.vms.vms.iter().map(|found| vm(&found.value))),
        vsan: vsan(&setup.vsan),
    })
}

/// A list, or nothing where no file told of any such thing.
fn some<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.collect();
    (!items.is_empty()).then_some(items)
}

fn listed<T, U>(all: &ByName<T>, told: impl Fn(&T) -> U) -> Option<Vec<U>> {
    some(all.iter().map(|one| told(&one.value)))
}

/// The word by which a value without fields is serialised.
fn name<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).ok();
    json.and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

fn vib(vib: &crate::case::Vib) -> VibInfo {
    VibInfo {
        name: vib.name.clone(),
        version: vib.version.clone(),
        vendor: vib.vendor.clone(),
        acceptance: vib.acceptance.as_ref().map(name),
        installed: vib.installed.clone(),
    }
}

fn vmkernel(adapter: &VmkernelAdapter) -> VmkernelInfo {
    let addresses = adapter.addresses.as_ref().map(|addresses| {
        let address = |ip: &crate::fact::vmkernel::VmkernelAddress| AddressInfo {
            ip: ip.ip.to_string(),
            prefix: ip.prefix,
        };
        addresses.iter().map(address).collect()
    });
    VmkernelInfo {
        name: adapter.name.clone(),
        enabled: adapter.enabled,
        addresses,
        mtu: adapter.mtu,
        mac: adapter.mac.clone(),
        port_group: adapter.port_group.clone(),
        switch: adapter.switch.clone(),
        netstack: adapter.netstack.clone(),
        tags: adapter.tags.clone(),
    }
}

fn nic(nic: &PhysicalNic) -> NicInfo {
    NicInfo {
        name: nic.name.clone(),
        pci: nic.pci.clone(),
        driver: nic.driver.clone(),
        driver_version: nic.driver_version.clone(),
        firmware: nic.firmware.clone(),
        admin_up: nic.admin_up,
        link_up: nic.link_up,
        speed_mbps: nic.speed,
        full_duplex: nic.full_duplex,
        mac: nic.mac.clone(),
        mtu: nic.mtu,
        description: nic.description.clone(),
    }
}

fn switch(switch: &VirtualSwitch) -> SwitchInfo {
    let group = |group: &crate::fact::vswitch::PortGroup| PortGroupInfo {
        name: group.name.clone(),
        vlan: group.vlan,
    };
    SwitchInfo {
        name: switch.name.clone(),
        distributed: switch.distributed,
        mtu: switch.mtu,
        uplinks: switch.uplinks.clone(),
        ports_used: switch.ports_used,
        ports_configured: switch.ports_configured,
        port_groups: switch.port_groups.as_ref().map(|groups| groups.iter().map(group).collect()),
    }
}

fn ntp(setup: &Setup) -> NtpInfo {
    let peer = |peer: &NtpPeer| NtpPeerInfo {
        remote: peer.remote.clone(),
        tally: name(&peer.tally),
        refid: peer.refid.clone(),
        stratum: peer.stratum,
        reach: peer.reach,
        when_s: peer.when,
        poll_s: peer.poll,
        delay_ms: peer.delay_ms,
        offset_ms: peer.offset_ms,
        jitter_ms: peer.jitter_ms,
    };
    NtpInfo {
        enabled: setup.ntp.enabled.as_ref().map(|enabled| enabled.value),
        servers: setup.ntp.servers.as_ref().map(|servers| servers.value.clone()),
        peers: some(setup.ntp.peers.iter().map(|found| peer(&found.value))),
    }
}

fn options(options: &BTreeMap<String, Sourced<String>>) -> Option<Vec<OptionInfo>> {
    some(options.iter().map(|(path, value)| OptionInfo { path: path.clone(), value: value.value.clone() }))
}

fn ha(setup: &Setup) -> Option<HaInfo> {
    if setup.ha.is_none() && setup.ha_hosts.is_none() {
        return None;
    }
    let host = |host: &HaHost| HaHostInfo {
        moref: host.id.clone(),
        name: host.name.clone(),
        addresses: host.addresses.clone(),
        version: host.version.clone(),
        build: host.build.clone(),
    };
    let hosts = setup.ha_hosts.as_ref().map(|hosts| hosts.value.iter().map(host).collect());
    let config = setup.ha.as_ref().map(|config| ha_config(&config.value)).unwrap_or_default();
    Some(HaInfo { hosts, ..config })
}

fn ha_config(config: &HaConfig) -> HaInfo {
    let pairs = |pairs: &[(String, String)]| {
        let pair = |(path, value): &(String, String)| OptionInfo { path: path.clone(), value: value.clone() };
        pairs.iter().map(pair).collect()
    };
    let vm = |vm: &crate::fact::HaVm| HaVmInfo {
        path: vm.vmx.clone(),
        restart_priority: vm.restart_priority.clone(),
        isolation_response: vm.isolation_response.clone(),
    };
    HaInfo {
        enabled: config.enabled,
        host_monitoring: config.host_monitoring.clone(),
        vm_monitoring: config.vm_monitoring.clone(),
        component_protection: config.component_protection.clone(),
        admission_control: config.admission_control,
        admission_policy: pairs(&config.admission_policy),
        restart_priority: config.restart_priority.clone(),
        isolation_response: config.isolation_response.clone(),
        options: pairs(&config.options),
        vms: config.vms.iter().map(vm).collect(),
        hosts: None,
    }
}

fn vm(vm: &VmSetup) -> VmInfo {
    VmInfo {
        name: vm.name.clone(),
        path: vm.path.clone(),
        id: vm.id,
        registered: vm.registered,
        running: vm.running,
        world: vm.world,
        cartel: vm.cartel,
        uuid: vm.uuid.clone(),
        hardware_version: vm.hardware_version,
        guest: vm.guest.clone(),
        vcpus: vm.vcpus,
        memory_mb: vm.memory_mb,
    }
}

fn vsan(setup: &VsanSetup) -> Option<VsanSetupInfo> {
    if *setup == VsanSetup::default() {
        return None;
    }
    let interface = |interface: &crate::fact::vsan::network::VsanInterface| VsanInterfaceInfo {
        vmknic: interface.vmknic.clone(),
        uuid: interface.uuid.clone(),
        traffic: interface.traffic.clone(),
        unicast_port: interface.unicast_port,
        multicast: interface.multicast,
    };
    let interfaces =
        setup.interfaces.as_ref().map(|all| all.iter().map(|one| interface(&one.value)).collect());
    let resync = |&(objects, bytes): &(Option<u64>, Option<u64>)| VsanResyncInfo { objects, bytes };
    Some(VsanSetupInfo {
        interfaces,
        disks: listed(&setup.disks, disk),
        candidates: listed(&setup.candidates, candidate),
        objects: setup.objects.as_ref().map(|states| objects(&states.value)),
        health: setup.health.as_ref().map(|checks| checks.value.iter().map(check).collect()),
        resync: setup.resync.as_ref().map(|left| resync(&left.value)),
        nodes: nodes(setup),
        directory: some(setup.directory.iter().map(|(kind, count)| VsanDirectoryInfo {
            kind: kind.clone(),
            entries: count.value.entries,
            unhealthy: count.value.unhealthy,
            whole: count.value.whole,
        })),
    })
}

fn objects(states: &[crate::fact::vsan::health::VsanObjectState]) -> Vec<VsanObjectsInfo> {
    states.iter().map(|of| VsanObjectsInfo { state: of.state.clone(), objects: of.objects }).collect()
}

fn check(check: &crate::fact::vsan::health::VsanCheck) -> VsanCheckInfo {
    VsanCheckInfo { group: check.group.clone(), name: check.name.clone(), status: name(&check.status) }
}

fn nodes(setup: &VsanSetup) -> Option<Vec<VsanNodeInfo>> {
    some(setup.nodes.values().map(|node| VsanNodeInfo {
        node_uuid: node.value.node_uuid.clone(),
        name: node.value.name.clone(),
        addresses: node.value.addresses.clone(),
        decom_state: node.value.decom_state,
        health: node.value.health.clone(),
    }))
}

fn disk(disk: &VsanDisk) -> VsanDiskInfo {
    VsanDiskInfo {
        device: disk.device.clone(),
        pool: disk.pool,
        uuid: disk.uuid.clone(),
        group: disk.group.clone(),
        cache_device: disk.cache_device.clone(),
        capacity_tier: disk.capacity_tier,
        ssd: disk.ssd,
        format: disk.format,
        used: disk.used,
        in_cmmds: disk.in_cmmds,
        mounted: disk.mounted,
        checksum_ok: disk.checksum_ok,
        deduplication: disk.deduplication,
        compression: disk.compression,
        encryption: disk.encryption,
        key_loaded: disk.key_loaded,
    }
}

fn candidate(disk: &VsanCandidate) -> VsanCandidateInfo {
    VsanCandidateInfo {
        device: disk.device.clone(),
        uuid: disk.uuid.clone(),
        state: disk.state.clone(),
        reason: disk.reason.clone(),
        pool_state: disk.pool_state.clone(),
        ssd: disk.ssd,
        pdl: disk.pdl,
    }
}
