//! A healthy cluster: the ground every incident is built on.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::HostClock;
use super::prng::Prng;
use super::script::{Migration, add_migration};
use super::setup::Changes;
use super::site::{
    Cpu, Datastore, Generation, Host, HostNet, RegisterMasks, Release, Site, UnicastAgent, Vcenter,
    VcenterRelease, Vm, VmRun, Volume, Vsan, VsanState, membership_uuid,
};
use super::spelling::Spelling;
use crate::model::Timestamp;

/// What a cluster looks like before something happens to it.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Seed of every random choice.
    pub seed: u64,
    /// Grammar of the logs, and with it the releases.
    pub generation: Generation,
    /// Number of hosts, at least 1.
    pub hosts: usize,
    /// VMs a host.
    pub vms_per_host: usize,
    /// First part of the hosts' names: `esx` makes `esx01`, `esx02`, …
    pub prefix: String,
    /// The domain of all names.
    pub domain: String,
    /// The cluster's name.
    pub cluster: String,
    /// First two parts of all addresses: `10.20`.
    pub network: String,
    /// Features that the cluster's EVC mode leaves out, as `/etc/vmware/config` spells them.
    pub evc_without: Vec<String>,
    /// Whether vCenter's bundle is there.
    pub vcenter: bool,
    /// Whether the hosts form a vSAN cluster.
    pub vsan: bool,
    /// When the first bundle is collected; the others follow four minutes apart.
    pub captured_at: Timestamp,
    /// Hours that the logs reach back.
    pub hours: i64,
    /// Noise of every bundle.
    pub volume: Volume,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        ClusterOptions {
            seed: 1,
            generation: Generation::V67,
            hosts: 4,
            vms_per_host: 3,
            prefix: "esx".to_owned(),
            domain: "lab.example.com".to_owned(),
            cluster: "Cluster-A".to_owned(),
            network: "10.20".to_owned(),
            evc_without: Vec::new(),
            vcenter: true,
            vsan: true,
            captured_at: Timestamp::from_seconds(1_582_017_631),
            hours: 72,
            volume: Volume::DEMO,
        }
    }
}

impl ClusterOptions {
    /// A cluster whose logs are written in the grammar of `generation`, at a time when its releases were current.
    pub fn of(generation: Generation) -> Self {
        let seconds = match generation {
            Generation::V67 => 1_582_017_631,
            Generation::V70 => 1_699_953_007,
            Generation::V80 => 1_732_610_884,
        };
        let captured_at = Timestamp::from_seconds(seconds);
        ClusterOptions { generation, captured_at, ..ClusterOptions::default() }
    }
}

/// A cluster in which nothing is wrong: equal hosts, finished migrations, and logs full of near misses.
pub fn healthy(options: &ClusterOptions) -> Site {
    let mut site = base(options);
    routine_migrations(&mut site);
    site
}

/// Capabilities of a Haswell host with current microcode and masks of an EVC cluster in Haswell mode.
const FEATURES: &[&str] = &[
    "ABM",
    "AES",
    "AVX",
    "AVX2",
    "BMI1",
    "BMI2",
    "CMPXCHG16B",
    "DS",
    "ENFSTRG",
    "F16C",
    "FCMD",
    "FMA",
    "FSGSBASE",
    "IBPB",
    "IBRS",
    "INVPCID",
    "LAHF64",
    "LM",
    "MDCLEAR",
    "MOVBE",
    "MWAIT",
    "NX",
    "PCID",
    "PCLMULQDQ",
    "PDPE1GB",
    "POPCNT",
    "RDRAND",
    "RDTSCP",
    "SMEP",
    "SS",
    "SSBD",
    "SSE3",
    "SSE41",
    "SSE42",
    "SSSE3",
    "STIBP",
    "VMX",
    "XCR0_MASTER_SSE",
    "XCR0_MASTER_YMM_H",
    "XSAVE",
    "XSAVEOPT",
];

/// Vendor, family and the like: they stand beside the features and are none.
const IDENTITY: &[(&str, u64)] = &[
    ("cpuid.Intel", 1),
    ("cpuid.FAMILY", 6),
    ("cpuid.MODEL", 63),
    ("cpuid.STEPPING", 2),
    ("cpuid.NUMLEVELS", 15),
    ("cpuid.NUM_EXT_LEVELS", 0x8000_0008),
];

fn capabilities() -> BTreeMap<String, u64> {
    let features = FEATURES.iter().map(|name| (format!("cpuid.{name}"), 1));
    let identity = IDENTITY.iter().map(|(name, value)| ((*name).to_owned(), *value));
    let absent =
        ["cpuid.AVX512F", "cpuid.ADX", "cpuid.RDSEED", "cpuid.SMAP", "cpuid.3DNPREFETCH", "cpuid.SHA"];
    let other =
        [("hv.capable", 1), ("vt.realmode", 1), ("vt.mbx", 0), ("misc.rdcl_no", 0), ("misc.mds_no", 0)];
    let absent = absent.iter().map(|name| ((*name).to_owned(), 0));
    features
        .chain(identity)
        .chain(absent)
        .chain(other.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

fn evc_masks() -> BTreeMap<String, String> {
    let features = FEATURES.iter().map(|name| (format!("cpuid.{name}"), "Val:1".to_owned()));
    let identity = [
        ("cpuid.Intel", "Val:1"),
        ("cpuid.FAMILY", "Val:6"),
        ("cpuid.MODEL", "Val:0x3c"),
        ("cpuid.STEPPING", "Val:4"),
        ("cpuid.NUMLEVELS", "Val:0xd"),
        ("cpuid.NUM_EXT_LEVELS", "Val:0x80000008"),
        ("hv.capable", "Val:1"),
        ("vt.realmode", "Val:1"),
    ];
    features.chain(identity.map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
}

/// What a VM requires that is powered on where `masked` is what the host offers. Only a VM with nested virtualisation
/// would require VMX.
fn requirements(masked: &BTreeMap<String, u64>) -> BTreeMap<String, String> {
    let is_feature = |key: &str| {
        key.starts_with("cpuid.") && key != "cpuid.VMX" && !IDENTITY.iter().any(|(name, _)| *name == key)
    };
    let needed = masked.iter().filter(|(key, value)| **value == 1 && is_feature(key));
    let mut requires: BTreeMap<String, String> =
        needed.map(|(key, _)| (key.to_lowercase(), "Bool:Min:1".to_owned())).collect();
    requires.insert("cpuid.intel".to_owned(), "Bool:Min:1".to_owned());
    requires
}

/// A run begun by a power-on on a host with these capabilities and masks.
pub(crate) fn power_on(host: &Host, masks: &BTreeMap<String, String>, started: Timestamp) -> VmRun {
    let masked = host.offered_under(masks);
    VmRun {
        on: None,
        started,
        ended: None,
        came_from: None,
        requires: requirements(&masked),
        evc_masks: masks.clone(),
        capabilities: masked,
        lines: Vec::new(),
    }
}

const VM_NAMES: &[&str] = &[
    "web01",
    "app01",
    "db01",
    "web02",
    "app02",
    "db02",
    "mail01",
    "file server 01",
    "dc01",
    "dc02",
    "jump01",
    "build01",
    "mon01",
    "log01",
    "proxy01",
    "print01",
    "ci01",
    "cache01",
    "ldap01",
    "backup01",
];

/// The VM number `index` of the site, powered on on `host` at `started`.
pub(crate) fn new_vm(site: &Site, host: usize, index: usize, started: Timestamp) -> Vm {
    let owner = &site.hosts[host];
    let name = match VM_NAMES.get(index) {
        Some(name) => (*name).to_owned(),
        None => format!("vm{index:03}"),
    };
    let mut prng = Prng::labelled(site.seed, &["vm", &name]);
    let (datastore, directory) = match &owner.vsan {
        Some(vsan) => {
            let volume = format!("vsan:{}", vsan.cluster_uuid);
            (Datastore { name: "vsanDatastore".to_owned(), volume }, prng.uuid())
        }
        None => {
            let volume = "5c8f0a11-7d20b6aa-1f02-0025b5010a01".to_owned();
            (Datastore { name: "san-prod-01".to_owned(), volume }, name.clone())
        }
    };
    let index = index as u32;
    Vm {
        annotation: format!("{name}, see the wiki"),
        name,
        moref: 101 + index,
        id: 11 + index,
        world: 2_104_310 + 37 * index,
        datastore,
        directory,
        uuid: prng.uuid(),
        running: true,
        run: power_on(owner, &owner.evc_masks, started),
        older_runs: Vec::new(),
        vmx_extra: Vec::new(),
    }
}

/// The cluster without VMs' migrations and without an incident.
pub(crate) fn base(options: &ClusterOptions) -> Site {
    let mut site = Site {
        seed: options.seed,
        cluster: options.cluster.clone(),
        hosts: (0..options.hosts.max(1)).map(|index| host(options, index)).collect(),
        vcenter: options.vcenter.then(|| vcenter(options)),
    };
    if options.vsan {
        form_vsan(&mut site);
    }
    for host in 0..site.hosts.len() {
        for slot in 0..options.vms_per_host {
            let index = host * options.vms_per_host + slot;
            let started = site.hosts[host].booted_at.plus_seconds(5_400 + 777 * slot as i64);
            let vm = new_vm(&site, host, index, started);
            site.hosts[host].vms.push(vm);
        }
    }
    site
}

fn host(options: &ClusterOptions, index: usize) -> Host {
    let name = format!("{}{:02}.{}", options.prefix, index + 1, options.domain);
    let mut prng = Prng::labelled(options.seed, &["host", &name]);
    let number = index as i64;
    let captured_at = options.captured_at.plus_seconds(240 * number).plus_micros(137_000 * (number + 1));
    let mac = format!("24:6e:96:{:02x}:{:02x}:{:02x}", prng.below(256), prng.below(256), index + 1);
    let installed = options.captured_at.micros() / 1_000_000 - 31_000_000 + 4_000 * number;
    let uuid = format!(
        "{installed:08x}-{:04x}-{:04x}-{:04x}-{}",
        prng.below(65_536),
        prng.below(65_536),
        prng.below(65_536),
        mac.replace(':', "")
    );
    let address = |subnet: u8| format!("{}.{subnet}.{}", options.network, 11 + index);
    let mut evc_masks = evc_masks();
    evc_masks.retain(|key, _| !options.evc_without.contains(key));
    Host {
        moref: 21 + 3 * index as u32,
        release: Release::of(options.generation),
        previous_release: None,
        cpu: Cpu::haswell_ep(),
        microcode_original: 0x43,
        microcode_current: 0x43,
        bios: "2.10.5".to_owned(),
        vendor: "Dell Inc.".to_owned(),
        model: "PowerEdge R630".to_owned(),
        uuid,
        net: HostNet { management: address(1), vmotion: address(2), vsan: address(3), mac },
        captured_at,
        booted_at: captured_at.plus_seconds(-61 * 86_400 - 5_117 * number),
        earlier_boots: Vec::new(),
        downtimes: Vec::new(),
        log_from: captured_at.plus_seconds(-3600 * options.hours.max(1)),
        capabilities: capabilities(),
        evc_masks,
        complete_masks: Some(true),
        registers: RegisterMasks::default(),
        spelling: Spelling::default(),
        vms: Vec::new(),
        vsan: None,
        changes: Changes::default(),
        advanced: BTreeMap::from([("/UserVars/SuppressShellWarning".to_owned(), 1)]),
        lines: Vec::new(),
        volume: options.volume,
        omit: BTreeSet::new(),
        extra: BTreeMap::new(),
        fragment_bytes: None,
        kept_percent: None,
        duplicate_logs: false,
        unreachable_from: None,
        unreachable_until: None,
        silent_from: BTreeMap::new(),
        clock: HostClock::default(),
        collector_pid: 2_113_007 + 41 * index as u32,
        name,
    }
}

fn vcenter(options: &ClusterOptions) -> Vcenter {
    let captured_at = options.captured_at.plus_seconds(240 * options.hosts as i64 + 65);
    let mut vcenter = Vcenter {
        name: format!("vcsa.{}", options.domain),
        version: String::new(),
        appliance_version: String::new(),
        update: 0,
        build: 0,
        vpxd_build: 0,
        instance_uuid: Prng::labelled(options.seed, &["vcenter"]).uuid(),
        captured_at,
        booted_at: captured_at.plus_seconds(-117 * 86_400),
        log_from: captured_at.plus_seconds(-3600 * options.hours.max(1)),
        lines: Vec::new(),
        volume: options.volume,
        omit: BTreeSet::new(),
        extra: BTreeMap::new(),
        collector_pid: 27_411,
    };
    vcenter.set_release(VcenterRelease::of(options.generation));
    vcenter
}

/// Makes all hosts one vSAN cluster, as it was since the last boot: host 2 master, host 3 backup.
fn form_vsan(site: &mut Site) {
    let mut prng = Prng::labelled(site.seed, &["vsan"]);
    let cluster_uuid = prng.uuid();
    let members: Vec<(String, String)> =
        site.hosts.iter().map(|host| (host.uuid.clone(), host.name.clone())).collect();
    let addresses: Vec<String> = site.hosts.iter().map(|host| host.net.vsan.clone()).collect();
    let formed = site.hosts.iter().map(|host| host.booted_at).max().unwrap_or_default().plus_seconds(311);
    let view = membership_uuid(formed, &prng.uuid()[9..]);
    let instance = site.vcenter.as_ref().map_or_else(|| prng.uuid(), |vcenter| vcenter.instance_uuid.clone());
    let (master, backup) = (1 % members.len(), 2 % members.len());
    for (index, host) in site.hosts.iter_mut().enumerate() {
        let others = members.iter().zip(&addresses).enumerate().filter(|(other, _)| *other != index);
        let agent = |(_, ((uuid, _), ip)): (usize, (&(String, String), &String))| UnicastAgent {
            node_uuid: uuid.clone(),
            ip: ip.clone(),
            witness: false,
        };
        host.vsan = Some(Vsan {
            node_uuid: members[index].0.clone(),
            cluster_uuid: cluster_uuid.clone(),
            state: match index {
                index if index == master => VsanState::Master,
                index if index == backup => VsanState::Backup,
                _ => VsanState::Agent,
            },
            master_uuid: members[master].0.clone(),
            backup_uuid: (members.len() > 1).then(|| members[backup].0.clone()),
            members: members.clone(),
            membership_uuid: view.clone(),
            entry_revision: members.len() as u32,
            config_generation: (instance.clone(), 9, formed.plus_micros(420_000)),
            unicast: others.map(agent).collect(),
            maintenance: false,
            gone: Vec::new(),
            reduced: false,
        });
    }
}

/// Every host hands a VM to its neighbour and takes it back an hour later.
pub(crate) fn routine_migrations(site: &mut Site) {
    let hosts = site.hosts.len();
    if hosts < 2 {
        return;
    }
    let mut prng = Prng::labelled(site.seed, &["migrations"]);
    for from in 0..hosts {
        let to = (from + 1) % hosts;
        let Some(vm) = site.hosts[from].vms.iter().find(|vm| vm.running) else { continue };
        let (name, moref) = (vm.name.clone(), vm.moref);
        let out = site.hosts[from].captured_at.plus_seconds(-10 * 3600 + 900 * from as i64);
        for (at, source, target) in [(out, from, to), (out.plus_seconds(3600), to, from)] {
            let migration = Migration {
                vm: name.clone(),
                moref,
                id: 4_000_000_000_000_000_000 + prng.below(4_000_000_000_000_000_000),
                from: site.hosts[source].name.clone(),
                to: site.hosts[target].name.clone(),
                at,
            };
            add_migration(site, &migration);
        }
    }
}
