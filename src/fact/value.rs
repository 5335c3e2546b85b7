//! What facts can say: plain values, as the files say them.

use serde::{Deserialize, Serialize};

use super::feature::FeatureValue;
pub use super::ha::{HaConfig, HaHost, HaVm};
use super::nic::PhysicalNic;
use super::ntp::{NtpConfig, NtpPeer};
use super::settings::KernelSetting;
pub use super::software::{Acceptance, ImageProfile};
use super::vmkernel::VmkernelAdapter;
pub use super::vmx::VmConfig;
use super::vsan::cmmds::{CmmdsCount, CmmdsEntry};
use super::vsan::health::{VsanCheck, VsanObjectState};
use super::vsan::network::VsanInterface;
use super::vsan::storage::{VsanCandidate, VsanDisk};
use super::vswitch::VirtualSwitch;
use crate::model::{HostKind, MemberPath, Source, Stamp, Timestamp};

/// What a fact can say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum FactValue {
    /// A name of the host, fully qualified or short.
    HostName {
        /// The name as written.
        name: String,
    },
    /// Product, version and build.
    Product {
        /// ESXi or vCenter.
        kind: HostKind,
        /// `6.7.0`, `8.0.3`.
        version: Option<String>,
        /// `14320388`.
        build: Option<String>,
        /// The update number where the file states it: 3 of `Update 3`.
        update: Option<u32>,
        /// When a log said so: a host that was upgraded says several things.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Stamp>,
    },
    /// What the bundle's `README` says made it.
    CollectedBy {
        /// ESXi for `vm-support`, vCenter for `vc-support`.
        kind: HostKind,
    },
    /// When the bundle was taken.
    CapturedAt {
        /// The time, UTC.
        at: Timestamp,
    },
    /// How long the host had been up at the capture.
    Uptime {
        /// Microseconds.
        micros: i64,
    },
    /// When the host last booted, as uptimes in its logs say.
    BootedAt {
        /// The time, UTC.
        at: Timestamp,
    },
    /// `/system/uuid` of `esx.conf`.
    SystemUuid {
        /// The UUID as written.
        uuid: String,
    },
    /// SMBIOS identity.
    Hardware {
        /// `Dell Inc.`
        vendor: Option<String>,
        /// `PowerEdge R730`
        model: Option<String>,
        /// BIOS version.
        bios: Option<String>,
        /// The day on which the BIOS was released: `2018-12-04`.
        #[serde(default)]
        bios_date: Option<String>,
    },
    /// CPU identity; absent parts are `None`.
    Cpu {
        /// `GenuineIntel`
        vendor: Option<String>,
        /// CPUID family, decimal.
        family: Option<u64>,
        /// CPUID model.
        model: Option<u64>,
        /// CPUID stepping.
        stepping: Option<u64>,
        /// Brand string.
        name: Option<String>,
    },
    /// Microcode of the first CPU.
    Microcode {
        /// How many updates ESXi loaded since the boot.
        #[serde(default)]
        updates: Option<u64>,
        /// What the BIOS loaded.
        original: Option<u64>,
        /// What runs.
        current: Option<u64>,
    },
    /// An installed VIB.
    Vib {
        /// `cpu-microcode`, `esx-base`.
        name: String,
        /// Its version.
        version: String,
        /// Who made it: `VMware`, `VMW`, `DEL`.
        #[serde(default)]
        vendor: Option<String>,
        /// How far VMware vouches for it.
        #[serde(default)]
        acceptance: Option<Acceptance>,
        /// The day on which it was installed: `2019-11-20`.
        #[serde(default)]
        installed: Option<String>,
    },
    /// The image profile that a host runs.
    ImageProfile(ImageProfile),
    /// The least acceptance level that a host admits.
    AcceptanceLevel {
        /// The level.
        level: Acceptance,
    },
    /// What a VM's configuration file sets.
    VmConfig(Box<VmConfig>),
    /// The hosts of a vSphere HA cluster, as the agent knows them.
    HaHosts {
        /// The hosts in the order of the list.
        hosts: Vec<HaHost>,
    },
    /// What vSphere HA is to do.
    HaConfig(HaConfig),
    /// `featMask.evc.<key> = "<value>"` of `etc/vmware/config`.
    EvcMask {
        /// Lower-case key: `cpuid.mdclear`.
        key: String,
        /// The mask.
        value: FeatureValue,
    },
    /// `featureCompat.evc.completeMasks` of `etc/vmware/config`.
    EvcCompleteMasks {
        /// TRUE or FALSE.
        complete: bool,
    },
    /// `etc/vmware/config` was there and was read to its end: what it does not hold is not set.
    ConfigRead,
    /// A legacy register mask `cpuid.<leaf>.<register> = "…"` in `etc/vmware/config`.
    CpuidOverride {
        /// `cpuid.7.edx`
        key: String,
        /// The 32-character mask as written.
        value: String,
    },
    /// One entry of `featureCapability` or `maskedFeatureCapability` of the host.
    Capability {
        /// Lower-case key.
        key: String,
        /// Its value.
        value: u64,
        /// Whether it is from the list after masks.
        masked: bool,
    },
    /// That such a list was read from its beginning to its end: a key that it does not hold is not known to the host.
    CapabilitiesRead {
        /// Whether it is the list after masks.
        masked: bool,
    },
    /// One run of a VM, as one `vmware.log` tells it.
    VmRun(VmRun),
    /// What a VM requires, as the dump of the host's objects tells it.
    VmRequirements(VmRequirements),
    /// EVC modes of the host, as the dump of its objects tells them.
    EvcModes {
        /// `maxEVCModeKey`, the highest that its CPU can offer: `intel-haswell`.
        max: Option<String>,
        /// `currentEVCModeKey`, the one that is applied.
        current: Option<String>,
    },
    /// A VM of `localcli vm process list`.
    RunningVm {
        /// Display name.
        name: String,
        /// World id.
        world: Option<u64>,
        /// World id of the vmx process, by which the kernel's log names the VM.
        #[serde(default)]
        cartel: Option<u64>,
        /// BIOS UUID as printed: `56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 77`.
        #[serde(default)]
        uuid: Option<String>,
        /// Configuration file.
        vmx: Option<String>,
    },
    /// A VM of `vmInventory.xml`.
    RegisteredVm {
        /// `objID`, by which hostd names the VM: in `haTask-12-vim.VirtualMachine…` it is 12.
        #[serde(default)]
        id: Option<u64>,
        /// Configuration file.
        vmx: String,
    },
    /// `localcli vsan cluster get`.
    VsanCluster(VsanCluster),
    /// `localcli vsan cluster get` said that clustering is not enabled.
    VsanDisabled,
    /// `localcli vsan cluster unicastagent list`; an empty list is a fact too.
    UnicastAgents {
        /// Its lines.
        agents: Vec<UnicastAgent>,
    },
    /// An adapter that carries vSAN traffic, of `localcli vsan network list`.
    VsanInterface(VsanInterface),
    /// `localcli vsan network list` was empty: no adapter carries vSAN traffic.
    VsanNoInterface,
    /// A disk that vSAN uses, of `localcli vsan storage list` or `localcli vsan storagepool list`.
    VsanDisk(VsanDisk),
    /// A disk of the host as vSAN sees it, used or not, of `vdq -q`.
    VsanCandidate(VsanCandidate),
    /// `localcli vsan health cluster list`
    VsanHealth {
        /// Its checks, groups among them.
        checks: Vec<VsanCheck>,
    },
    /// `localcli vsan debug object health summary get`
    VsanObjectHealth {
        /// The states that it lists; one with no object is listed too.
        states: Vec<VsanObjectState>,
    },
    /// `localcli vsan debug resync summary get`
    VsanResync {
        /// Objects that are being resynced.
        objects: Option<u64>,
        /// Bytes that are left.
        bytes: Option<u64>,
    },
    /// What the cluster's directory says of a node.
    CmmdsEntry(CmmdsEntry),
    /// How many entries of each type a dump of the cluster's directory holds.
    CmmdsCounts {
        /// By type, in the order of their names.
        types: Vec<CmmdsCount>,
        /// Whether the dump was read from its beginning to its end: if not, there are at least so many.
        whole: bool,
    },
    /// An advanced option that was changed from its default.
    AdvancedOption {
        /// `/VSAN/IgnoreClusterMemberListUpdates`
        path: String,
        /// Its value.
        value: String,
    },
    /// A kernel setting that differs from its default.
    KernelSetting(KernelSetting),
    /// A VMkernel adapter; several files tell parts of one, which join by its name.
    VmkernelAdapter(VmkernelAdapter),
    /// A standard or distributed switch.
    VirtualSwitch(VirtualSwitch),
    /// A physical NIC; several files tell parts of one, which join by its name.
    PhysicalNic(PhysicalNic),
    /// What the host is told of NTP.
    NtpConfig(NtpConfig),
    /// What the host's NTP daemon knows of one server.
    NtpPeer(NtpPeer),
    /// Hosts that form a cluster, as DRS knows them.
    ClusterHosts {
        /// `domain-c7`
        cluster: String,
        /// Their ids in vCenter: `host-12`, in order.
        hosts: Vec<String>,
    },
    /// A managed object's name, from vCenter's logs or inventory.
    ObjectName {
        /// `HostSystem`, `VirtualMachine`, `ClusterComputeResource`.
        kind: String,
        /// `host-12`
        moref: String,
        /// Its name.
        name: String,
    },
}

impl FactValue {
    /// The same without the lines that it keeps as evidence: these know the bundle's name, under which copies differ, and
    /// say what the other values say.
    pub fn without_lines(&self) -> FactValue {
        let mut value = self.clone();
        match &mut value {
            FactValue::VsanCluster(cluster) => cluster.lines.clear(),
            FactValue::VmConfig(config) => config.lines.clear(),
            FactValue::HaConfig(config) => config.lines.clear(),
            FactValue::VmRequirements(told) => told.requires.iter_mut().for_each(Requirement::forget_line),
            _ => {}
        }
        value
    }
}

/// One run of a VM, as one `vmware.log` tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VmRun {
    /// `displayName`.
    pub name: Option<String>,
    /// Folder of the VM inside the bundle: `vmfs/volumes/<datastore>/<vm>`.
    pub folder: String,
    /// Log file name: `vmware.log`, `vmware-3.log`.
    pub log: String,
    /// The configuration file as the log names it.
    pub vmx: Option<String>,
    /// The host that the vmx names as its own (`Hostname=`).
    pub host: Option<String>,
    /// Stamp of the first record.
    pub from: Option<Stamp>,
    /// Stamp of the last record.
    pub to: Option<Stamp>,
    /// How this run began.
    pub start: VmStart,
    /// Whether the log ends with the VM powered off.
    pub ended: bool,
    /// Whether the VM left this host by vMotion at the log's end.
    pub left: bool,
    /// `VM Features Required` of the last block.
    pub requires: Vec<Requirement>,
    /// `Capability Found` of the last block: what the vmx could use on this host then.
    pub capabilities: Vec<(String, u64)>,
    /// `featMask.evc.*` that held on the host then.
    pub evc_masks: Vec<(String, FeatureValue)>,
    /// `featureCompat.evc.completeMasks` then.
    #[serde(default)]
    pub evc_complete: Option<bool>,
    /// Whether the log prints the host's settings, so that a mask that is not in them was not set.
    #[serde(default)]
    pub evc_known: bool,
    /// `featMask.vm.*` of the VM's own configuration then.
    #[serde(default)]
    pub vm_masks: Vec<(String, FeatureValue)>,
    /// `featureCompat.vm.completeMasks` then.
    #[serde(default)]
    pub vm_complete: Option<bool>,
    /// Raw CPUID of the host, as printed last; the weakest source of all, as a bit is no capability.
    #[serde(default)]
    pub cpuid: Vec<CpuidLeaf>,
}

/// One leaf of `hostCPUID`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuidLeaf {
    /// 1, 7, 0x80000001, …
    pub leaf: u32,
    /// 0, 1, …
    pub subleaf: u32,
    /// EAX, EBX, ECX, EDX.
    pub registers: [u32; 4],
}

impl Requirement {
    /// Leaves only what it says.
    fn forget_line(&mut self) {
        self.source = Source { file: MemberPath::new(""), line: 0, offset: 0 };
        self.text.clear();
    }
}

/// What a VM requires, as the dump of the host's objects tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VmRequirements {
    /// Display name.
    pub name: Option<String>,
    /// Configuration file: `[datastore] web/web.vmx`.
    pub path: Option<String>,
    /// Whether it is powered on.
    pub powered_on: Option<bool>,
    /// `bootTime`: when it was powered on, or came by vMotion.
    pub booted_at: Option<Timestamp>,
    /// `minRequiredEVCModeKey`
    pub min_evc_mode: Option<String>,
    /// `featureRequirement`
    pub requires: Vec<Requirement>,
}

/// How a VM's run on a host began.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VmStart {
    /// The log does not tell.
    #[default]
    Unknown,
    /// Powered on.
    PowerOn,
    /// Resumed from suspension: keeps the requirements of its power-on.
    Resume,
    /// Arrived by vMotion: keeps the requirements of its power-on.
    MigratedIn,
}

/// A CPU feature that a VM needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Lower-case key.
    pub key: String,
    /// What it must be.
    pub value: FeatureValue,
    /// The line that says so.
    pub source: Source,
    /// That line.
    pub text: String,
}

/// `localcli vsan cluster get`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VsanCluster {
    /// `Local Node UUID`
    pub node_uuid: Option<String>,
    /// `Local Node State`
    pub state: Option<String>,
    /// `Local Node Health State`
    pub health: Option<String>,
    /// `Sub-Cluster UUID`
    pub cluster_uuid: Option<String>,
    /// `Sub-Cluster Master UUID`
    pub master_uuid: Option<String>,
    /// `Sub-Cluster Backup UUID`
    pub backup_uuid: Option<String>,
    /// `Sub-Cluster Membership Entry Revision`
    pub revision: Option<u64>,
    /// `Sub-Cluster Member Count`
    pub member_count: Option<u64>,
    /// `Sub-Cluster Member UUIDs`
    pub members: Vec<String>,
    /// `Sub-Cluster Member HostNames`
    pub member_names: Vec<String>,
    /// `Sub-Cluster Membership UUID`
    pub membership_uuid: Option<String>,
    /// `Unicast Mode Enabled`
    pub unicast_mode: Option<bool>,
    /// `Maintenance Mode State`
    pub maintenance: Option<String>,
    /// `Config Generation` as printed.
    pub config_generation: Option<String>,
    /// The lines that tell state, members and configuration, as evidence.
    #[serde(default)]
    pub lines: Vec<(Source, String)>,
}

/// One line of `localcli vsan cluster unicastagent list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnicastAgent {
    /// Node UUID.
    pub node_uuid: String,
    /// Whether it is a witness.
    pub witness: bool,
    /// IP address.
    pub ip: Option<String>,
}
