//! What a site is made of: one cluster, its hosts, their VMs, its vCenter. Plain data; nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::HostClock;
use super::line::{Log, ScriptedLine};
use super::setup::Changes;
use super::spelling::Spelling;
use crate::model::Timestamp;

/// One cluster: its hosts and, where there is one, the vCenter Server over it.
#[derive(Clone, Debug)]
pub struct Site {
    /// Every random choice is drawn from this: the same seed gives the same bytes.
    pub seed: u64,
    /// The cluster's name in the inventory.
    pub cluster: String,
    /// The hosts, in the order of their names.
    pub hosts: Vec<Host>,
    /// The vCenter Server, if its bundle was collected too.
    pub vcenter: Option<Vcenter>,
}

impl Site {
    /// The host whose full or short name is `name`.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == name || host.short() == name)
    }

    /// The same, to change it.
    pub fn host_mut(&mut self, name: &str) -> Option<&mut Host> {
        self.hosts.iter_mut().find(|host| host.name == name || host.short() == name)
    }

    /// Gives every bundle the same volume of noise.
    pub fn set_volume(&mut self, volume: Volume) {
        self.hosts.iter_mut().for_each(|host| host.volume = volume);
        if let Some(vcenter) = &mut self.vcenter {
            vcenter.volume = volume;
        }
    }

    /// Sets the noise so that all bundles together hold about `bytes` of decompressed text.
    pub fn scale_to(&mut self, bytes: u64) {
        let bundles = self.hosts.len() as u64 + u64::from(self.vcenter.is_some());
        self.set_volume(Volume::of_bytes(bytes / bundles.max(1)));
    }
}

/// How much noise a bundle gets, and how its logs are cut.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Noise lines over all logs of the bundle; each log takes its share.
    pub lines: u64,
    /// Lines after which a log is rotated; every log has at least one rotation.
    pub rotate_at: u64,
    /// Level of every gzip stream, 1 to 9.
    pub gzip: u32,
}

/// Mean length of a noise line in bytes, header and newline included, over the logs by their shares.
const MEAN_LINE: u64 = 188;

impl Volume {
    /// About two thousand lines: what most tests want.
    pub const SMALL: Volume = Volume { lines: 2_000, rotate_at: 250, gzip: 6 };
    /// Some tens of thousands of lines: what the demo shows.
    pub const DEMO: Volume = Volume { lines: 40_000, rotate_at: 4_000, gzip: 6 };

    /// The volume whose logs hold about `bytes` when decompressed.
    pub fn of_bytes(bytes: u64) -> Volume {
        Volume { lines: (bytes / MEAN_LINE).max(200), rotate_at: 60_000, gzip: 4 }
    }
}

/// Seconds from the boot until the daemons write.
pub(crate) const DAEMON_START: i64 = 74;

/// A grammar of log headers, which changed with the releases.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// 6.5 and 6.7: every daemon writes its own header.
    V67,
    /// 7.0: the same headers, another section header.
    V70,
    /// 8.0 and later: one syslog header for all.
    V80,
}

/// An ESXi release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `6.7.0`
    pub version: String,
    /// Update number.
    pub update: u32,
    /// Patch number as `esxcli system version get` prints it.
    pub patch: u32,
    /// Build number.
    pub build: u64,
    /// The header grammar it writes.
    pub generation: Generation,
    /// Version of its `cpu-microcode` VIB.
    pub microcode_vib: String,
}

impl Release {
    fn new(version: &str, update: u32, patch: u32, build: u64, generation: Generation, vib: &str) -> Self {
        let (version, microcode_vib) = (version.to_owned(), vib.to_owned());
        Release { version, update, patch, build, generation, microcode_vib }
    }

    /// ESXi 6.7 Update 1, of October 2018.
    pub fn esxi_67u1() -> Self {
        Release::new("6.7.0", 1, 28, 10_302_608, Generation::V67, "6.7.0-1.28.10302608")
    }

    /// ESXi 6.7 Update 3, of August 2019.
    pub fn esxi_67u3() -> Self {
        Release::new("6.7.0", 3, 73, 14_320_388, Generation::V67, "6.7.0-2.69.14320388")
    }

    /// ESXi 7.0 Update 3o, of September 2023.
    pub fn esxi_70u3() -> Self {
        Release::new("7.0.3", 3, 105, 22_348_816, Generation::V70, "7.0.3-0.105.22348816")
    }

    /// ESXi 7.0 Update 1, of October 2020.
    pub fn esxi_70u1() -> Self {
        Release::new("7.0.1", 1, 0, 16_850_804, Generation::V70, "7.0.1-0.0.16850804")
    }

    /// ESXi 8.0 Update 1, of April 2023.
    pub fn esxi_80u1() -> Self {
        Release::new("8.0.1", 1, 0, 21_495_797, Generation::V80, "8.0.1-0.0.21495797")
    }

    /// ESXi 8.0 Update 3b, of September 2024.
    pub fn esxi_80u3() -> Self {
        Release::new("8.0.3", 3, 35, 24_280_767, Generation::V80, "8.0.3-0.35.24280767")
    }

    /// The release before [`Release::of`] in these stories.
    pub fn before(generation: Generation) -> Self {
        match generation {
            Generation::V67 => Release::esxi_67u1(),
            Generation::V70 => Release::esxi_70u1(),
            Generation::V80 => Release::esxi_80u1(),
        }
    }

    /// A current release that writes in the grammar of `generation`.
    pub fn of(generation: Generation) -> Self {
        match generation {
            Generation::V67 => Release::esxi_67u3(),
            Generation::V70 => Release::esxi_70u3(),
            Generation::V80 => Release::esxi_80u3(),
        }
    }
}

/// A host's processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// `GenuineIntel` or `AuthenticAMD`.
    pub vendor: String,
    /// CPUID family.
    pub family: u32,
    /// CPUID model, extended bits included.
    pub model: u32,
    /// CPUID stepping.
    pub stepping: u32,
    /// Brand string.
    pub name: String,
    /// Code name as the vmx prints it.
    pub codename: String,
    /// Sockets.
    pub packages: u32,
    /// Cores over all sockets.
    pub cores: u32,
}

impl Cpu {
    /// The Haswell-EP of both incidents.
    pub fn haswell_ep() -> Self {
        Cpu {
            vendor: "GenuineIntel".to_owned(),
            family: 6,
            model: 63,
            stepping: 2,
            name: "Intel(R) Xeon(R) CPU E5-2660 v3 @ 2.60GHz".to_owned(),
            codename: "Haswell EP".to_owned(),
            packages: 2,
            cores: 20,
        }
    }

    /// A Broadwell-EP, one generation newer.
    pub fn broadwell_ep() -> Self {
        Cpu {
            model: 79,
            stepping: 1,
            name: "Intel(R) Xeon(R) CPU E5-2660 v4 @ 2.00GHz".to_owned(),
            codename: "Broadwell EP".to_owned(),
            cores: 28,
            ..Cpu::haswell_ep()
        }
    }

    /// The CPU signature: EAX of CPUID leaf 1.
    pub fn signature(&self) -> u32 {
        let (base_family, extended_family) = (self.family.min(15), self.family.saturating_sub(15));
        (extended_family << 20)
            | ((self.model >> 4) << 16)
            | (base_family << 8)
            | ((self.model & 15) << 4)
            | self.stepping
    }
}

/// An ESXi host and all that its bundle will hold.
#[derive(Clone, Debug)]
pub struct Host {
    /// Fully qualified name.
    pub name: String,
    /// Number of its managed object in vCenter: `host-<n>`.
    pub moref: u32,
    /// What it runs now.
    pub release: Release,
    /// What it ran before `booted_at`, if it was upgraded then.
    pub previous_release: Option<Release>,
    /// Processor.
    pub cpu: Cpu,
    /// `Original Revision`: the microcode the BIOS loaded.
    pub microcode_original: u32,
    /// `Current Revision`: the microcode that runs.
    pub microcode_current: u32,
    /// BIOS version.
    pub bios: String,
    /// System vendor.
    pub vendor: String,
    /// System model.
    pub model: String,
    /// System UUID of `esx.conf`.
    pub uuid: String,
    /// Addresses.
    pub net: HostNet,
    /// When the bundle was collected.
    pub captured_at: Timestamp,
    /// When it was last booted.
    pub booted_at: Timestamp,
    /// Earlier boots, ascending; the oldest may lie before the logs.
    pub earlier_boots: Vec<Timestamp>,
    /// Times in which it was down and wrote nothing.
    pub downtimes: Vec<(Timestamp, Timestamp)>,
    /// The oldest line of its logs.
    pub log_from: Timestamp,
    /// `featureCapability`: what it offers before masks.
    pub capabilities: BTreeMap<String, u64>,
    /// `featMask.evc.<key>` of `/etc/vmware/config`: `cpuid.MDCLEAR` to `Val:1`.
    pub evc_masks: BTreeMap<String, String>,
    /// `featureCompat.evc.completeMasks`, where it is set.
    pub complete_masks: Option<bool>,
    /// Register masks that somebody left in `/etc/vmware/config`.
    pub registers: RegisterMasks,
    /// How its masks and its object dump are written.
    pub spelling: Spelling,
    /// The VMs registered on it.
    pub vms: Vec<Vm>,
    /// Its vSAN state; `None` on a host without vSAN.
    pub vsan: Option<Vsan>,
    /// What differs on it from how its cluster is set up.
    pub changes: Changes,
    /// Changed advanced options: `/VSAN/IgnoreClusterMemberListUpdates` to 1.
    pub advanced: BTreeMap<String, u64>,
    /// What its logs must say.
    pub lines: Vec<ScriptedLine>,
    /// How much its logs say besides.
    pub volume: Volume,
    /// Members left out: a path relative to the bundle's root that starts with one of these.
    pub omit: BTreeSet<String>,
    /// Members added, or put in place of those that would be written, by path.
    pub extra: BTreeMap<String, Vec<u8>>,
    /// Cut the object dump into `.FRAG-` pieces of so many bytes.
    pub fragment_bytes: Option<usize>,
    /// Keep only so many hundredths of the bundle's file, as a broken transfer does.
    pub kept_percent: Option<u8>,
    /// Write the logs a second time, under `scratch/log`.
    pub duplicate_logs: bool,
    /// From when neither vCenter nor its peers hear from it: their noise does not speak of it any more.
    pub unreachable_from: Option<Timestamp>,
    /// When they hear from it again; `None` where they never do.
    pub unreachable_until: Option<Timestamp>,
    /// Logs whose writer hangs, and since when: they have no noise from then on.
    pub silent_from: BTreeMap<Log, Timestamp>,
    /// What its clock shows. All times here are true ones; its logs are written by its clock.
    pub clock: HostClock,
    /// The process id in the bundle's name.
    pub collector_pid: u32,
}

impl Host {
    /// The name's first label.
    pub fn short(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }

    /// When the host that runs at `time` was booted.
    pub fn boot_before(&self, time: Timestamp) -> Timestamp {
        if time >= self.booted_at {
            return self.booted_at;
        }
        let earlier = self.earlier_boots.iter().rev().find(|&&boot| boot <= time);
        earlier.copied().unwrap_or_else(|| self.log_from.plus_seconds(-9 * 86_400))
    }

    /// The release that ran at `time`.
    pub fn release_at(&self, time: Timestamp) -> &Release {
        match &self.previous_release {
            Some(previous) if time < self.booted_at => previous,
            _ => &self.release,
        }
    }

    /// Whether the host was down at `time`.
    pub fn is_down(&self, time: Timestamp) -> bool {
        self.downtimes.iter().any(|&(from, to)| from <= time && time < to)
    }

    /// Whether no daemon ran at `time`: they take a while after a boot.
    pub fn is_starting(&self, time: Timestamp) -> bool {
        self.is_down(time) || self.is_down(time.plus_seconds(-DAEMON_START))
    }

    /// `maskedFeatureCapability`: the capabilities after the EVC masks.
    pub fn masked_capabilities(&self) -> BTreeMap<String, u64> {
        match self.registers.in_masked {
            true => self.offered_under(&self.evc_masks),
            false => mask_capabilities(&self.capabilities, &self.evc_masks, self.complete_masks),
        }
    }

    /// What a VM gets that is powered on under these EVC masks: register masks hold too.
    pub fn offered_under(&self, masks: &BTreeMap<String, String>) -> BTreeMap<String, u64> {
        let mut offered = mask_capabilities(&self.capabilities, masks, self.complete_masks);
        for key in &self.registers.hides {
            offered.entry(key.clone()).and_modify(|value| *value = 0);
        }
        offered
    }

    /// The VM called `name`.
    pub fn vm(&self, name: &str) -> Option<&Vm> {
        self.vms.iter().find(|vm| vm.name == name)
    }

    /// The same, to change it.
    pub fn vm_mut(&mut self, name: &str) -> Option<&mut Vm> {
        self.vms.iter_mut().find(|vm| vm.name == name)
    }
}

/// Register masks of `/etc/vmware/config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterMasks {
    /// `cpuid.7.edx` to its 32 places in groups of four, bit 31 first.
    pub lines: BTreeMap<String, String>,
    /// The features that they hide from VMs, spelt as in [`Host::capabilities`].
    pub hides: BTreeSet<String>,
    /// Whether `maskedFeatureCapability` shows it.
    pub in_masked: bool,
}

/// `capabilities` as `masks` leave them; complete masks hide what they do not name.
fn mask_capabilities(
    capabilities: &BTreeMap<String, u64>,
    masks: &BTreeMap<String, String>,
    complete: Option<bool>,
) -> BTreeMap<String, u64> {
    let masked = |(key, &value): (&String, &u64)| {
        let value = match masks.get(key) {
            Some(mask) => apply_mask(value, mask),
            None if complete == Some(true) => 0,
            None => value,
        };
        (key.clone(), value)
    };
    capabilities.iter().map(masked).collect()
}

fn apply_mask(value: u64, mask: &str) -> u64 {
    let (verb, number) = mask.rsplit_once(':').unwrap_or(("Val", mask));
    let parsed = match number.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => number.parse(),
    };
    match (verb, parsed) {
        (_, Err(_)) => value,
        ("Min", Ok(least)) => value.max(least),
        ("Max", Ok(most)) => value.min(most),
        // A mask cannot give what the processor lacks.
        (_, Ok(number)) if value == 0 && number == 1 => 0,
        (_, Ok(number)) => number,
    }
}

/// A host's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNet {
    /// `vmk0`, management.
    pub management: String,
    /// `vmk1`, vMotion.
    pub vmotion: String,
    /// `vmk2`, vSAN.
    pub vsan: String,
    /// MAC address of `vmk0`.
    pub mac: String,
}

/// A datastore that a VM lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datastore {
    /// Its label.
    pub name: String,
    /// Its directory under `/vmfs/volumes`: a VMFS UUID, or `vsan:<uuid>-<uuid>`.
    pub volume: String,
}

/// A virtual machine.
#[derive(Clone, Debug)]
pub struct Vm {
    /// Display name.
    pub name: String,
    /// Number of its managed object in vCenter: `vm-<n>`.
    pub moref: u32,
    /// Its number on the host: `objID` of `vmInventory.xml`.
    pub id: u32,
    /// World id of its leader.
    pub world: u32,
    /// Where its files lie.
    pub datastore: Datastore,
    /// Its directory there: its name on VMFS, an object UUID on vSAN.
    pub directory: String,
    /// BIOS UUID.
    pub uuid: String,
    /// Whether it runs at capture.
    pub running: bool,
    /// The run `vmware.log` tells of.
    pub run: VmRun,
    /// Earlier runs, oldest first: `vmware-1.log`, `vmware-2.log`, …
    pub older_runs: Vec<VmRun>,
    /// Lines added to its `.vmx`, as they stand there.
    pub vmx_extra: Vec<String>,
    /// Notes field.
    pub annotation: String,
}

impl Vm {
    /// Path of its `.vmx` on the host.
    pub fn vmx_path(&self) -> String {
        format!("/vmfs/volumes/{}/{}/{}.vmx", self.datastore.volume, self.directory, self.name)
    }

    /// Key and value of the lines added to its `.vmx`.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.vmx_extra.iter().filter_map(|line| {
            let (key, value) = line.split_once(" = ")?;
            Some((key, value.trim_matches('"')))
        })
    }

    /// When its present or last run began.
    pub fn powered_on_at(&self) -> Timestamp {
        self.run.started
    }
}

/// One run of a VM, told by one `vmware.log`.
#[derive(Clone, Debug)]
pub struct VmRun {
    /// The host it ran on, where that was another than the one that has the VM now.
    pub on: Option<String>,
    /// When the log begins.
    pub started: Timestamp,
    /// When the VM was powered off or left; `None` while it runs.
    pub ended: Option<Timestamp>,
    /// Address of the source host and migration id, where it came by vMotion instead of a power-on.
    pub came_from: Option<(String, u64)>,
    /// `featureRequirement`: `cpuid.mdclear` to `Bool:Min:1`.
    pub requires: BTreeMap<String, String>,
    /// The EVC masks that `/etc/vmware/config` held when it started.
    pub evc_masks: BTreeMap<String, String>,
    /// The capabilities the vmx found then: non-zero ones only are printed.
    pub capabilities: BTreeMap<String, u64>,
    /// Messages added to the log, with their times.
    pub lines: Vec<(Timestamp, String)>,
}

/// A host's role in its vSAN cluster.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum VsanState {
    /// `MASTER`
    Master,
    /// `BACKUP`
    Backup,
    /// `AGENT`
    Agent,
}

impl VsanState {
    /// As `esxcli vsan cluster get` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            VsanState::Master => "MASTER",
            VsanState::Backup => "BACKUP",
            VsanState::Agent => "AGENT",
        }
    }
}

/// What a host says about its vSAN cluster.
#[derive(Clone, Debug)]
pub struct Vsan {
    /// Its own node.
    pub node_uuid: String,
    /// The cluster it thinks it is in.
    pub cluster_uuid: String,
    /// Its role.
    pub state: VsanState,
    /// The master's node.
    pub master_uuid: String,
    /// The backup's node, if there is one.
    pub backup_uuid: Option<String>,
    /// Node UUID and host name of each member it sees.
    pub members: Vec<(String, String)>,
    /// Id of the present view; its first four bytes are the view's time, little-endian.
    pub membership_uuid: String,
    /// Changes inside the view.
    pub entry_revision: u32,
    /// vCenter's instance, the generation and its time.
    pub config_generation: (String, u64, Timestamp),
    /// Its unicast agents: the peers it would talk to.
    pub unicast: Vec<UnicastAgent>,
    /// `Maintenance Mode State: ON`.
    pub maintenance: bool,
    /// What its directory keeps of nodes that are no members any more.
    pub gone: Vec<Gone>,
    /// Whether objects lack a replica though all members are there.
    pub reduced: bool,
}

/// A node that left, as the directory still knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Its node.
    pub node_uuid: String,
    /// Its host's name.
    pub name: String,
    /// `decomState`: 6 in maintenance mode.
    pub decom_state: u32,
}

/// A line of `esxcli vsan cluster unicastagent list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnicastAgent {
    /// The peer's node.
    pub node_uuid: String,
    /// The peer's vSAN address.
    pub ip: String,
    /// Whether it is a witness appliance.
    pub witness: bool,
}

/// The id of the view formed at `time`, as vSAN makes it: four bytes of time, then `tail`.
pub fn membership_uuid(time: Timestamp, tail: &str) -> String {
    let seconds = time.micros().div_euclid(1_000_000) as u32;
    let first: String = seconds.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{first}-{tail}")
}

/// A vCenter Server appliance.
#[derive(Clone, Debug)]
pub struct Vcenter {
    /// Fully qualified name.
    pub name: String,
    /// Version as vpxd prints it: `6.7.0`, `8.0.3`.
    pub version: String,
    /// Version as `/etc/issue` prints it: `6.7.0.40000`.
    pub appliance_version: String,
    /// Update number.
    pub update: u32,
    /// Build of the release notes.
    pub build: u64,
    /// Build that vpxd prints, which may differ.
    pub vpxd_build: u64,
    /// Its instance UUID.
    pub instance_uuid: String,
    /// When the bundle was collected.
    pub captured_at: Timestamp,
    /// When the appliance was booted.
    pub booted_at: Timestamp,
    /// The oldest line of its logs.
    pub log_from: Timestamp,
    /// What its logs must say.
    pub lines: Vec<ScriptedLine>,
    /// How much its logs say besides.
    pub volume: Volume,
    /// Members left out, as for a host.
    pub omit: BTreeSet<String>,
    /// Members added or replaced, as for a host.
    pub extra: BTreeMap<String, Vec<u8>>,
    /// The process id in the bundle's name.
    pub collector_pid: u32,
}

/// A vCenter Server release: version, appliance version, update, build, vpxd's build.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct VcenterRelease {
    /// Version as vpxd prints it.
    pub version: &'static str,
    /// Version as `/etc/issue` prints it.
    pub appliance_version: &'static str,
    /// Update number.
    pub update: u32,
    /// Build of the release notes.
    pub build: u64,
    /// Build that vpxd prints.
    pub vpxd_build: u64,
}

impl VcenterRelease {
    /// vCenter Server 6.7 Update 1, of October 2018.
    pub const V67U1: VcenterRelease = VcenterRelease {
        version: "6.7.0",
        appliance_version: "6.7.0.20000",
        update: 1,
        build: 10_244_745,
        vpxd_build: 10_244_857,
    };
    /// vCenter Server 6.7 Update 3, of August 2019.
    pub const V67U3: VcenterRelease = VcenterRelease {
        version: "6.7.0",
        appliance_version: "6.7.0.40000",
        update: 3,
        build: 14_367_737,
        vpxd_build: 14_368_073,
    };
    /// vCenter Server 7.0 Update 1, of October 2020.
    pub const V70U1: VcenterRelease = VcenterRelease {
        version: "7.0.1",
        appliance_version: "7.0.1.00000",
        update: 1,
        build: 16_860_138,
        vpxd_build: 16_858_589,
    };
    /// vCenter Server 7.0 Update 3o, of September 2023.
    pub const V70U3: VcenterRelease = VcenterRelease {
        version: "7.0.3",
        appliance_version: "7.0.3.01700",
        update: 3,
        build: 22_357_613,
        vpxd_build: 22_357_613,
    };
    /// vCenter Server 8.0 Update 1, of April 2023.
    pub const V80U1: VcenterRelease = VcenterRelease {
        version: "8.0.1",
        appliance_version: "8.0.1.00000",
        update: 1,
        build: 21_560_480,
        vpxd_build: 21_560_480,
    };
    /// vCenter Server 8.0 Update 3b, of September 2024.
    pub const V80U3: VcenterRelease = VcenterRelease {
        version: "8.0.3",
        appliance_version: "8.0.3.00200",
        update: 3,
        build: 24_262_322,
        vpxd_build: 24_262_322,
    };

    /// The release that fits hosts of [`Release::of`].
    pub const fn of(generation: Generation) -> VcenterRelease {
        match generation {
            Generation::V67 => VcenterRelease::V67U3,
            Generation::V70 => VcenterRelease::V70U3,
            Generation::V80 => VcenterRelease::V80U3,
        }
    }

    /// A release older than hosts of [`Release::of`].
    pub const fn before(generation: Generation) -> VcenterRelease {
        match generation {
            Generation::V67 => VcenterRelease::V67U1,
            Generation::V70 => VcenterRelease::V70U1,
            Generation::V80 => VcenterRelease::V80U1,
        }
    }
}

impl Vcenter {
    /// Makes this vCenter run `release`.
    pub fn set_release(&mut self, release: VcenterRelease) {
        self.version = release.version.to_owned();
        self.appliance_version = release.appliance_version.to_owned();
        self.update = release.update;
        self.build = release.build;
        self.vpxd_build = release.vpxd_build;
    }
}
