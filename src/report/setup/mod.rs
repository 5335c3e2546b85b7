//! How a host is set up, as `report.json` tells it: `hosts[].setup`.
//!
//! What no file of the bundle tells is `null`; a list that a file tells to be empty is empty. Lists are ordered by name,
//! `vmk2` before `vmk10`, where nothing else is said.

mod build;
mod view;
mod words;

use serde::{Deserialize, Serialize};

pub(super) use self::build::setup_info;
pub(super) use self::view::{Depth, Part, Shown, counts, elsewhere, show};

/// A host's setup, as its newest bundle tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SetupInfo {
    /// The image profile that it runs.
    pub profile: Option<ProfileInfo>,
    /// The least acceptance level that it admits: `PartnerSupported`.
    pub acceptance: Option<String>,
    /// Installed VIBs.
    pub vibs: Option<Vec<VibInfo>>,
    /// The day on which the BIOS was released: `2018-12-04`.
    pub bios_date: Option<String>,
    /// Where its microcode comes from.
    pub microcode: Option<MicrocodeInfo>,
    /// Its network.
    pub network: NetworkInfo,
    /// Time synchronisation.
    pub ntp: NtpInfo,
    /// Advanced options that were changed from their default, ordered by path.
    pub options: Option<Vec<OptionInfo>>,
    /// Kernel settings that differ from their default.
    pub kernel_settings: Option<Vec<KernelSettingInfo>>,
    /// vSphere HA, as the agent on the host knows it.
    pub ha: Option<HaInfo>,
    /// VMs on the host, ordered by name, those without one last, then by path.
    pub vms: Option<Vec<VmInfo>>,
    /// vSAN on the host.
    pub vsan: Option<VsanSetupInfo>,
}

/// An image profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProfileInfo {
    /// `ESXi-8.0U3b-24280767-standard`; `(Updated) …` where packages were changed since.
    pub name: Option<String>,
    /// `VMware, Inc.`
    pub vendor: Option<String>,
    /// When it was made, without a zone as printed: `2024-09-25T10:50:12`.
    pub created: Option<String>,
    /// When it was last changed.
    pub modified: Option<String>,
}

/// An installed VIB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VibInfo {
    /// `cpu-microcode`
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub vendor: Option<String>,
    /// `VMwareCertified`, `VMwareAccepted`, `PartnerSupported` or `CommunitySupported`.
    pub acceptance: Option<String>,
    /// The day on which it was installed: `2019-11-20`.
    pub installed: Option<String>,
}

/// Where microcode comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MicrocodeInfo {
    /// The revision that the BIOS loaded: `0x43`.
    pub original: Option<String>,
    /// How many updates ESXi loaded since the boot.
    pub updates: Option<u64>,
}

/// The network of a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkInfo {
    /// VMkernel adapters.
    pub vmkernel: Option<Vec<VmkernelInfo>>,
    /// Physical NICs.
    pub nics: Option<Vec<NicInfo>>,
    /// Standard and distributed switches.
    pub switches: Option<Vec<SwitchInfo>>,
}

/// A VMkernel adapter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VmkernelInfo {
    /// `vmk0`
    pub name: String,
    /// Whether it is enabled.
    pub enabled: Option<bool>,
    /// Its addresses in the file's order.
    pub addresses: Option<Vec<AddressInfo>>,
    /// Bytes.
    pub mtu: Option<u32>,
    /// `00:50:56:0a:00:01`
    pub mac: Option<String>,
    /// Name of the standard port group, number of the distributed port, or UUID of the opaque network.
    pub port_group: Option<String>,
    /// Name of the switch.
    pub switch: Option<String>,
    /// TCP/IP stack.
    pub netstack: Option<String>,
    /// What traffic it is for: `Management`, `VMotion`, `VSAN`.
    pub tags: Option<Vec<String>>,
}

/// An IP address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddressInfo {
    /// IPv4 or IPv6.
    pub ip: String,
    /// Bits of the network.
    pub prefix: Option<u8>,
}

/// A physical NIC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NicInfo {
    /// `vmnic0`
    pub name: String,
    /// PCI address.
    pub pci: Option<String>,
    /// Name of the driver.
    pub driver: Option<String>,
    /// Its version.
    pub driver_version: Option<String>,
    /// Firmware as the driver tells it.
    pub firmware: Option<String>,
    /// Whether it is meant to be up.
    pub admin_up: Option<bool>,
    /// Whether it has a link.
    pub link_up: Option<bool>,
    /// Megabits a second; `null` without a link too.
    pub speed_mbps: Option<u32>,
    /// Whether it is full duplex.
    pub full_duplex: Option<bool>,
    /// `00:50:56:0a:00:01`
    pub mac: Option<String>,
    /// Bytes.
    pub mtu: Option<u32>,
    /// Vendor and model.
    pub description: Option<String>,
}

/// A virtual switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwitchInfo {
    /// `vSwitch0`
    pub name: String,
    /// Whether it is a distributed switch.
    pub distributed: bool,
    /// Bytes.
    pub mtu: Option<u32>,
    /// `vmnic0`, in the file's order.
    pub uplinks: Option<Vec<String>>,
    /// Ports in use.
    pub ports_used: Option<u32>,
    /// Ports as configured.
    pub ports_configured: Option<u32>,
    /// Port groups of a standard switch, in the file's order.
    pub port_groups: Option<Vec<PortGroupInfo>>,
}

/// A port group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PortGroupInfo {
    /// `Management Network`
    pub name: String,
    /// 0 is untagged, 4095 is all.
    pub vlan: Option<u16>,
}

/// Time synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NtpInfo {
    /// Whether the client is enabled.
    pub enabled: Option<bool>,
    /// Names or addresses, in the file's order.
    pub servers: Option<Vec<String>>,
    /// What the daemon knows of them, in its own order.
    pub peers: Option<Vec<NtpPeerInfo>>,
}

/// A row of `ntpq -p`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NtpPeerInfo {
    /// The first 15 characters of its name or address.
    pub remote: String,
    /// `reject`, `false-ticker`, `excess`, `outlier`, `candidate`, `backup`, `system-peer` or `pps-peer`.
    pub tally: String,
    /// What it is synchronised to itself.
    pub refid: Option<String>,
    /// 16 is not synchronised.
    pub stratum: u8,
    /// One bit for each of the last eight questions that was answered, the last one lowest.
    pub reach: u8,
    /// Seconds since the last answer.
    pub when_s: Option<u64>,
    /// Seconds between questions.
    pub poll_s: u64,
    /// Milliseconds there and back.
    pub delay_ms: f64,
    /// Milliseconds by which the peer is ahead of the host.
    pub offset_ms: f64,
    /// Milliseconds by which offsets vary.
    pub jitter_ms: Option<f64>,
}

/// An advanced option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptionInfo {
    /// `/VSAN/IgnoreClusterMemberListUpdates`
    pub path: String,
    /// Its value.
    pub value: String,
}

/// A kernel setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelSettingInfo {
    /// `iovDisableIR`
    pub name: String,
    /// What is set for the next boot.
    pub configured: Option<String>,
    /// What holds since the last boot.
    pub runtime: Option<String>,
    /// The default.
    pub default: Option<String>,
}

/// vSphere HA.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HaInfo {
    /// Whether it is on.
    pub enabled: Option<bool>,
    /// `enabled`, `disabled`
    pub host_monitoring: Option<String>,
    /// `vmMonitoringDisabled`, `vmMonitoringOnly`, `vmAndAppMonitoring`
    pub vm_monitoring: Option<String>,
    /// `enabled`, `disabled`
    pub component_protection: Option<String>,
    /// Whether admission control is on.
    pub admission_control: Option<bool>,
    /// Settings of its policy, in the file's order.
    pub admission_policy: Vec<OptionInfo>,
    /// Of a VM without a setting of its own.
    pub restart_priority: Option<String>,
    /// Of a VM without a setting of its own.
    pub isolation_response: Option<String>,
    /// Advanced options, in the file's order.
    pub options: Vec<OptionInfo>,
    /// VMs with settings of their own, in the file's order.
    pub vms: Vec<HaVmInfo>,
    /// Hosts of the HA cluster, in the file's order.
    pub hosts: Option<Vec<HaHostInfo>>,
}

/// A VM with HA settings of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HaVmInfo {
    /// Configuration file.
    pub path: String,
    /// `medium`, `disabled`
    pub restart_priority: Option<String>,
    /// `none`, `powerOff`, `shutdown`, `clusterIsolationResponse`
    pub isolation_response: Option<String>,
}

/// A host of the HA cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HaHostInfo {
    /// Its id in vCenter: `host-12`.
    pub moref: Option<String>,
    /// The name or address by which vCenter knows it.
    pub name: Option<String>,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its build.
    pub build: Option<String>,
}

/// A VM on a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VmInfo {
    /// Display name.
    pub name: Option<String>,
    /// Configuration file.
    pub path: Option<String>,
    /// `objID` of the inventory, by which hostd names the VM.
    pub id: Option<u64>,
    /// Whether the inventory lists it.
    pub registered: Option<bool>,
    /// Whether it ran at the capture.
    pub running: Option<bool>,
    /// World id.
    pub world: Option<u64>,
    /// World id of the vmx process.
    pub cartel: Option<u64>,
    /// BIOS UUID as written.
    pub uuid: Option<String>,
    /// Version of the virtual hardware.
    pub hardware_version: Option<u64>,
    /// `guestOS`
    pub guest: Option<String>,
    /// Virtual CPUs.
    pub vcpus: Option<u64>,
    /// Memory in MB.
    pub memory_mb: Option<u64>,
}

/// vSAN on a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VsanSetupInfo {
    /// Adapters that carry its traffic.
    pub interfaces: Option<Vec<VsanInterfaceInfo>>,
    /// Disks that it uses.
    pub disks: Option<Vec<VsanDiskInfo>>,
    /// All disks of the host and whether it could use them.
    pub candidates: Option<Vec<VsanCandidateInfo>>,
    /// How many objects are in which state, in vSAN's own order.
    pub objects: Option<Vec<VsanObjectsInfo>>,
    /// Health checks, groups among them, in vSAN's own order.
    pub health: Option<Vec<VsanCheckInfo>>,
    /// What is left to resync.
    pub resync: Option<VsanResyncInfo>,
    /// Nodes of the cluster's directory (CMMDS), ordered by UUID.
    pub nodes: Option<Vec<VsanNodeInfo>>,
    /// Entries of the directory, ordered by type.
    pub directory: Option<Vec<VsanDirectoryInfo>>,
}

/// An adapter that carries vSAN traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanInterfaceInfo {
    /// `vmk2`
    pub vmknic: String,
    /// Its UUID in the directory.
    pub uuid: Option<String>,
    /// `vsan`, `witness`; empty where it is not printed, as up to 6.0.
    pub traffic: Vec<String>,
    /// UDP port.
    pub unicast_port: Option<u16>,
    /// Whether multicast is enabled.
    pub multicast: Option<bool>,
}

/// A disk that vSAN uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanDiskInfo {
    /// `naa.…`, `mpx.…`, `t10.…`
    pub device: String,
    /// Whether it is of a storage pool: ESA.
    pub pool: bool,
    /// Its UUID in the directory.
    pub uuid: Option<String>,
    /// UUID of its disk group.
    pub group: Option<String>,
    /// The device of the group's cache.
    pub cache_device: Option<String>,
    /// Whether it is of the capacity tier.
    pub capacity_tier: Option<bool>,
    /// Whether it is flash.
    pub ssd: Option<bool>,
    /// On-disk format version.
    pub format: Option<u64>,
    /// Whether this host uses it.
    pub used: Option<bool>,
    /// Whether it is in the directory: false on a disk that the cluster has lost.
    pub in_cmmds: Option<bool>,
    /// Whether it is mounted.
    pub mounted: Option<bool>,
    /// Whether its checksum is right.
    pub checksum_ok: Option<bool>,
    /// Whether it is deduplicated.
    pub deduplication: Option<bool>,
    /// Whether it is compressed.
    pub compression: Option<bool>,
    /// Whether it is encrypted.
    pub encryption: Option<bool>,
    /// Whether the key of an encrypted disk could be had.
    pub key_loaded: Option<bool>,
}

/// A disk of the host as vSAN sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanCandidateInfo {
    /// `naa.…`; `null` on a disk that is gone.
    pub device: Option<String>,
    /// Its vSAN UUID.
    pub uuid: Option<String>,
    /// `In-use for VSAN`, `Eligible for use by VSAN`, `Ineligible for use by VSAN`.
    pub state: String,
    /// Why not.
    pub reason: Option<String>,
    /// The same for a storage pool.
    pub pool_state: Option<String>,
    /// Whether it is flash.
    pub ssd: Option<bool>,
    /// Whether the device is lost for good.
    pub pdl: Option<bool>,
}

/// How many objects are in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanObjectsInfo {
    /// `healthy`, `inaccessible`, …
    pub state: String,
    /// How many.
    pub objects: u64,
}

/// A health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanCheckInfo {
    /// The group that it stands below; `null` for a group itself.
    pub group: Option<String>,
    /// `vSAN cluster partition`
    pub name: String,
    /// `green`, `yellow`, `red`, `info`, `skipped` or `unknown`.
    pub status: String,
}

/// What is left to resync.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanResyncInfo {
    /// Objects.
    pub objects: Option<u64>,
    /// Bytes.
    pub bytes: Option<u64>,
}

/// A node of the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanNodeInfo {
    /// Its UUID.
    pub node_uuid: String,
    /// Its host name.
    pub name: Option<String>,
    /// Addresses of its vSAN adapters, as told.
    pub addresses: Vec<String>,
    /// 0 is out of maintenance, 6 is in it.
    pub decom_state: Option<u64>,
    /// `Healthy`; `Unhealthy` where the node is gone.
    pub health: Option<String>,
}

/// Entries of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanDirectoryInfo {
    /// `DISK`, `DOM_OBJECT`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// How many there are.
    pub entries: u64,
    /// How many are not healthy.
    pub unhealthy: u64,
    /// Whether the dump was read whole: if not, there are at least so many.
    pub whole: bool,
}
