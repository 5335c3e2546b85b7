//! One host out of its digest's facts: where several say a thing, the better source wins.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::tree;
use crate::digest::{Digest, LogCoverage, Sighting};
use crate::fact::cpuid_bits;
use crate::fact::feature::FeatureValue;
use crate::fact::releases::{self, Placed};
use crate::fact::vmkernel::VmkernelAdapter;
use crate::fact::vsan::is_node_uuid;
use crate::fact::{CpuidLeaf, Fact, FactValue, UnicastAgent, VsanCluster};
use crate::format;
use crate::model::{Event, HostKind, Problem, ProblemKind, Source, Timestamp};

use super::capture::Capture;
use super::clock::Clock;
use super::coverage::Gap;
use super::setup::Setup;
use super::vm::{self, Vm};

/// The advanced option that freezes the member list; see KB 326427.
pub const IGNORE_MEMBER_LIST: &str = "/VSAN/IgnoreClusterMemberListUpdates";

/// A value and the line that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub source: Source,
    /// The line.
    pub text: String,
}

impl<T> Sourced<T> {
    pub(super) fn of(fact: &Fact, value: T) -> Self {
        Sourced { value, source: fact.source.clone(), text: fact.text.clone() }
    }
}

/// CPU identity and running microcode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// `GenuineIntel`
    pub vendor: Option<String>,
    /// CPUID family.
    pub family: Option<u64>,
    /// CPUID model.
    pub model: Option<u64>,
    /// CPUID stepping.
    pub stepping: Option<u64>,
    /// Brand string.
    pub name: Option<String>,
}

impl Cpu {
    /// What tells CPU types apart: vendor, family and model, where known.
    pub fn signature(&self) -> Option<(Option<&str>, u64, u64)> {
        Some((self.vendor.as_deref(), self.family?, self.model?))
    }
}

/// What a host offers to VMs, each value with its line.
#[derive(Clone, Debug, Default)]
pub struct FeatureState {
    /// `featureCapability`: before masks.
    pub capability: BTreeMap<String, Sourced<u64>>,
    /// `maskedFeatureCapability`: after masks.
    pub masked: BTreeMap<String, Sourced<u64>>,
    /// The last line of the capabilities, where the whole list was read.
    pub capability_end: Option<Sourced<()>>,
    /// The last line of the list after masks, where it was read whole.
    pub masked_end: Option<Sourced<()>>,
    /// `featMask.evc.*`
    pub masks: BTreeMap<String, Sourced<FeatureValue>>,
    /// `featureCompat.evc.completeMasks`
    pub complete: Option<bool>,
    /// Where `etc/vmware/config` was read to its end, and its last line: what it does not hold is not set.
    pub config: Option<Sourced<()>>,
    /// Legacy register masks.
    pub overrides: Vec<Sourced<(String, String)>>,
    /// The EVC mode that is applied: `intel-haswell`.
    pub evc_mode: Option<Sourced<String>>,
    /// The highest EVC mode that its CPU can offer.
    pub max_evc_mode: Option<Sourced<String>>,
    /// What a VM found when it was powered on here last, where that still holds.
    pub seen: Option<Seen>,
    /// Raw CPUID, as the newest log of a VM prints it that began after the last boot.
    pub cpuid: Vec<CpuidLeaf>,
}

/// What the `vmware.log` of a VM prints of its host at the VM's power-on.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was there after masks; what is not listed was 0.
    pub capabilities: BTreeMap<String, u64>,
    /// The log.
    pub source: Source,
}

impl FeatureState {
    /// Whether the EVC masks of this host are known: it has some, or its configuration was read and has none.
    pub fn masks_known(&self) -> bool {
        self.config.is_some() || !self.masks.is_empty()
    }

    /// What the host is capable of before masks.
    pub fn capable_of(&self, key: &str) -> Option<u64> {
        self.capability.get(key).map(|capability| capability.value)
    }

    /// Whether the bit of feature `key` is set in the raw CPUID of the host. It is no capability: only a support of what
    /// other sources show.
    pub fn raw_bit(&self, key: &str) -> Option<bool> {
        cpuid_bits::raw(&self.cpuid, key)
    }

    /// The register mask in `etc/vmware/config` that hides feature `key` from VMs.
    pub fn hidden_by(&self, key: &str) -> Option<&Sourced<(String, String)>> {
        self.overrides.iter().find(|line| cpuid_bits::hides(&line.value.0, &line.value.1, key) == Some(true))
    }
}

/// The name of a managed object, as a line tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectName {
    /// `VirtualMachine`
    pub kind: String,
    /// `vm-101`
    pub moref: String,
    /// Its name.
    pub name: String,
    /// When the line was written.
    pub seen: Option<Timestamp>,
}

/// One host or vCenter Server, as the bundle that was taken last tells it.
#[derive(Debug, Default)]
pub struct Host {
    /// Unique in the case.
    pub id: String,
    /// Its full name where known.
    pub name: String,
    /// ESXi or vCenter.
    pub kind: HostKind,
    /// The bundle as given.
    pub bundle: String,
    /// SHA-256 of the input.
    pub sha256: String,
    /// When the bundle was taken.
    pub captured_at: Option<Timestamp>,
    /// When the host last booted.
    pub booted_at: Option<Timestamp>,
    /// `6.7.0`
    pub version: Option<String>,
    /// `14320388`
    pub build: Option<String>,
    /// Where that stands among the releases.
    pub placed: Option<Placed>,
    /// `/system/uuid` of `esx.conf`.
    pub system_uuid: Option<String>,
    /// The vSAN node UUID: by `cluster get`, else by its own role changes, else the system UUID, which is the same.
    pub node: Option<String>,
    /// The line that tells the version.
    pub product: Option<Sourced<()>>,
    /// Hardware vendor.
    pub vendor: Option<String>,
    /// Hardware model.
    pub model: Option<String>,
    /// BIOS version.
    pub bios: Option<String>,
    /// CPU identity.
    pub cpu: Cpu,
    /// The line that the CPU's identity begins with.
    pub cpu_line: Option<Sourced<()>>,
    /// Running microcode revision.
    pub microcode: Option<Sourced<u64>>,
    /// Version of the `cpu-microcode` VIB.
    pub microcode_vib: Option<Sourced<String>>,
    /// What it offers to VMs.
    pub features: FeatureState,
    /// VMs that run here, ordered by name.
    pub vms: Vec<Vm>,
    /// `localcli vsan cluster get`.
    pub vsan: Option<Sourced<VsanCluster>>,
    /// Whether the host says that it is in no vSAN cluster.
    pub vsan_disabled: bool,
    /// The unicast agent list.
    pub unicast: Option<Sourced<Vec<UnicastAgent>>>,
    /// Changed advanced options.
    pub options: BTreeMap<String, Sourced<String>>,
    /// How it is set up.
    pub setup: Setup,
    /// Its bundles, the one taken last first; never empty.
    pub captures: Vec<Capture>,
    /// What was read of its logs, over all captures.
    pub logs: Vec<LogCoverage>,
    /// What its logs do not cover, by log family.
    pub gaps: BTreeMap<String, Vec<Gap>>,
    /// Log families that most other hosts of its kind have and it has not, in order.
    pub absent_logs: Vec<String>,
    /// What could not be read of its bundle.
    pub problems: Vec<Problem>,
    /// Every name that its bundle gives it, as written.
    pub names: Vec<String>,
    /// Names of managed objects that its bundle gives.
    pub(super) objects: Vec<ObjectName>,
    /// Clusters and their hosts by moref, as DRS of a vCenter Server tells them.
    pub cluster_hosts: Vec<(String, Vec<String>)>,
    /// Members of its bundle that were read.
    pub members_read: u64,
    /// Members of its bundle that hold nothing that is known.
    pub members_skipped: u64,
    /// The first line that any file beside the logs said something with.
    pub first_fact: Option<Sourced<()>>,
    /// Whether only the bundle's file name names it.
    pub anonymous: bool,
    /// Its clock, compared with that of others; `None` where nothing compares it.
    pub clock: Option<Clock>,
    /// Operations that its programs saw, ordered by id and time.
    pub(super) sightings: Vec<Sighting>,
    pub(super) told: vm::Told,
}

impl Host {
    /// The newest record in its logs.
    pub fn newest_record(&self) -> Option<Timestamp> {
        self.logs.iter().flat_map(|log| &log.members).filter_map(|member| member.to).max()
    }

    /// Whether `name` is this host's, fully qualified or short.
    pub fn is_called(&self, name: &str) -> bool {
        self.names.iter().chain([&self.name]).any(|own| same_name(own, name))
    }

    /// The container of the bundle that is cut or damaged itself, where one is: members that stood in it may be lost
    /// without a trace.
    pub fn damaged_container(&self) -> Option<&str> {
        // A container that cannot be read at all held no member that is known.
        let is_loss = |kind: ProblemKind| kind.is_loss() && kind != ProblemKind::Unreadable;
        let containers = self.containers();
        let mut lost = self.problems.iter().filter(|problem| is_loss(problem.kind));
        lost.find(|problem| containers.contains(problem.path.as_str())).map(|problem| problem.path.as_str())
    }

    /// What its logs do not cover, one by one, with the log.
    pub fn gaps_by_log(&self) -> impl Iterator<Item = (&str, &Gap)> {
        self.gaps.iter().flat_map(|(log, gaps)| gaps.iter().map(move |gap| (log.as_str(), gap)))
    }

    /// The containers that its logs were read out of.
    pub fn containers(&self) -> BTreeSet<&str> {
        let paths = self.logs.iter().flat_map(|log| &log.members).map(|member| member.path.as_str());
        paths.flat_map(|path| path.match_indices('!').map(|(at, _)| &path[..at])).collect()
    }

    /// The vSAN node UUID, lower case.
    pub fn node_uuid(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// Whether bytes of its bundle are wrong without its being known which: what files without a checksum of their own
    /// say may be the damage itself.
    pub fn is_doubtful(&self) -> bool {
        let of_bundle = |problem: &&Problem| !problem.path.is_empty() && self.bundle.ends_with(&problem.path);
        self.problems.iter().filter(of_bundle).any(|problem| problem.kind == ProblemKind::Damaged)
    }

    /// Its view of the vSAN membership, where it is whole: one that counts more members than it lists was cut, and says
    /// nothing of who is missing.
    pub fn whole_view(&self) -> Option<&VsanCluster> {
        let view = self.vsan.as_ref().map(|vsan| &vsan.value)?;
        let listed = view.members.len() as u64;
        (listed > 0 && view.member_count.is_none_or(|count| count == listed)).then_some(view)
    }

    /// `Config Generation: <UUID> <n> <time>` of its view: the UUID of the vCenter Server that set the vSAN configuration,
    /// lower case, and how often that was set.
    pub fn config_generation(&self) -> Option<(&str, u64)> {
        let mut words = self.vsan.as_ref()?.value.config_generation.as_deref()?.split_whitespace();
        Some((words.next()?, words.next()?.parse().ok()?))
    }

    /// Whether it ignores the member lists that vCenter sends.
    pub fn ignores_member_list(&self) -> bool {
        let mut options = self.options.iter();
        let own = options.find(|(path, _)| path.eq_ignore_ascii_case(IGNORE_MEMBER_LIST));
        own.is_some_and(|(_, value)| value.value.trim() == "1")
    }

    /// The names of the adapters that carry its vSAN data, not only traffic to the witness: by `vsan network list`, whose
    /// older form does not print the traffic, else by their tags.
    pub fn vsan_vmknics(&self) -> Vec<&str> {
        let carries = |traffic: &[String]| traffic.is_empty() || traffic.iter().any(|kind| kind == "vsan");
        if let Some(interfaces) = &self.setup.vsan.interfaces {
            let data = interfaces.iter().filter(|interface| carries(&interface.value.traffic));
            let names: Vec<&str> = data.map(|interface| interface.value.vmknic.as_str()).collect();
            // An empty list says that there is none; one of the witness's adapter alone may be cut.
            if !names.is_empty() || interfaces.is_empty() {
                return names;
            }
        }
        let is_tagged = |adapter: &&Sourced<VmkernelAdapter>| {
            adapter.value.tags.iter().flatten().any(|tag| tag.eq_ignore_ascii_case("vsan"))
        };
        let tagged = self.setup.network.vmkernel.iter().filter(is_tagged);
        tagged.map(|adapter| adapter.value.name.as_str()).collect()
    }

    /// The adapters that carry its vSAN data, as far as they are told of; see [`Host::vsan_vmknics`].
    pub fn vsan_adapters(&self) -> impl Iterator<Item = &Sourced<VmkernelAdapter>> {
        self.vsan_vmknics().into_iter().filter_map(|name| self.setup.network.vmkernel.get(name))
    }

    /// The vSAN cluster UUID.
    pub fn vsan_uuid(&self) -> Option<&str> {
        self.vsan.as_ref().and_then(|vsan| vsan.value.cluster_uuid.as_deref())
    }
}

/// Whether two host names mean one host: equal, or one is the other's first label. Case does not count.
pub fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end_matches('.'), b.trim_end_matches('.'));
    let is_address =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b':');
    if a.eq_ignore_ascii_case(b) {
        return !a.is_empty();
    }
    if is_address(a) || is_address(b) || (a.contains('.') && b.contains('.')) {
        return false;
    }
    let label = |name: &str| name.split('.').next().unwrap_or("").to_ascii_lowercase();
    !label(a).is_empty() && label(a) == label(b)
}

/// The node UUID that `cluster get` states.
pub(super) fn stated_node(host: &Host) -> Option<&str> {
    host.vsan.as_ref().and_then(|vsan| vsan.value.node_uuid.as_deref())
}

/// The host that one bundle is of, and its events.
pub(super) fn host(digest: &mut Digest) -> (Host, Vec<Event>) {
    let events = std::mem::take(&mut digest.events);
    let mut host = Host {
        bundle: std::mem::take(&mut digest.bundle),
        sha256: std::mem::take(&mut digest.sha256),
        logs: std::mem::take(&mut digest.logs),
        sightings: std::mem::take(&mut digest.sightings),
        problems: std::mem::take(&mut digest.problems),
        members_read: digest.members,
        members_skipped: digest.skipped,
        ..Host::default()
    };
    host.kind = kind_of(&digest.facts, &host.logs);
    host.first_fact = digest.facts.first().map(|fact| Sourced::of(fact, ()));
    let mut times = Times::default();
    let mut products: Vec<&Fact> = Vec::new();
    for fact in &digest.facts {
        match &fact.value {
            FactValue::Product { kind, .. } if *kind == host.kind => products.push(fact),
            FactValue::HostName { name } => host.names.push(name.clone()),
            FactValue::CapturedAt { at } => times.captured.push((fact.source.file.as_str().to_owned(), *at)),
            FactValue::Uptime { micros } => times.uptime = times.uptime.or(Some(*micros)),
            FactValue::BootedAt { at } => times.boot = times.boot.or(Some(*at)),
            _ => take(&mut host, fact),
        }
    }
    product(&mut host, &products);
    let damaged: BTreeSet<&str> = host.problems.iter().map(|problem| problem.path.as_str()).collect();
    host.setup.settle(&damaged);
    times.settle(&mut host, &events);
    let own_role = events.iter().find_map(|event| event.fields.get("own_node").map(String::as_str));
    let told = [stated_node(&host), own_role, host.system_uuid.as_deref()];
    let node = told.into_iter().flatten().find(|uuid| is_node_uuid(uuid)).map(str::to_ascii_lowercase);
    host.node = node;
    host.name = best_name(&host.names).unwrap_or_else(|| name_of_bundle(&host.bundle));
    host.anonymous = host.names.is_empty();
    if host.anonymous {
        host.names.push(host.name.clone());
    }
    host.captures.push(Capture::of(&host));
    (host, events)
}

/// What a bundle was taken from: its products say, else what collected it, else its logs.
fn kind_of(facts: &[Fact], logs: &[LogCoverage]) -> HostKind {
    let collected = facts.iter().find_map(|fact| match fact.value {
        FactValue::CollectedBy { kind } => Some(kind),
        _ => None,
    });
    let product = facts.iter().find_map(|fact| match fact.value {
        FactValue::Product { kind, .. } => Some(kind),
        _ => None,
    });
    let vpxd = logs.iter().any(|log| log.log == "vpxd");
    collected.or(product).unwrap_or(if vpxd { HostKind::Vcenter } else { HostKind::Esxi })
}

fn take(host: &mut Host, fact: &Fact) {
    host.setup.take(fact);
    let features = &mut host.features;
    match &fact.value {
        FactValue::Hardware { vendor, model, bios, .. } => {
            host.vendor = host.vendor.take().or_else(|| vendor.clone());
            host.model = host.model.take().or_else(|| model.clone());
            host.bios = host.bios.take().or_else(|| bios.clone());
        }
        FactValue::Cpu { vendor, family, model, stepping, name } => {
            host.cpu_line.get_or_insert_with(|| Sourced::of(fact, ()));
            let cpu = &mut host.cpu;
            cpu.vendor = cpu.vendor.take().or_else(|| vendor.clone());
            cpu.family = cpu.family.or(*family);
            cpu.model = cpu.model.or(*model);
            cpu.stepping = cpu.stepping.or(*stepping);
            cpu.name = cpu.name.take().or_else(|| name.clone());
        }
        FactValue::Microcode { current: Some(current), .. } if host.microcode.is_none() => {
            host.microcode = Some(Sourced::of(fact, *current));
        }
        FactValue::Vib { name, version, .. } if name == "cpu-microcode" => {
            host.microcode_vib = Some(Sourced::of(fact, version.clone()));
        }
        FactValue::EvcMask { key, value } => {
            features.masks.insert(key.clone(), Sourced::of(fact, *value));
        }
        FactValue::EvcCompleteMasks { complete } => features.complete = Some(*complete),
        FactValue::ConfigRead => features.config = Some(Sourced::of(fact, ())),
        FactValue::CpuidOverride { key, value } => {
            features.overrides.push(Sourced::of(fact, (key.clone(), value.clone())));
        }
        FactValue::CapabilitiesRead { masked: true } => features.masked_end = Some(Sourced::of(fact, ())),
        FactValue::CapabilitiesRead { masked: false } => {
            features.capability_end = Some(Sourced::of(fact, ()))
        }
        FactValue::Capability { key, value, masked } => {
            let list = if *masked { &mut features.masked } else { &mut features.capability };
            list.entry(key.clone()).or_insert_with(|| Sourced::of(fact, *value));
        }
        FactValue::EvcModes { max, current } => {
            let of = |mode: &Option<String>| mode.clone().map(|mode| Sourced::of(fact, mode));
            features.max_evc_mode = features.max_evc_mode.take().or_else(|| of(max));
            features.evc_mode = features.evc_mode.take().or_else(|| of(current));
        }
        FactValue::SystemUuid { uuid } => host.system_uuid = Some(uuid.to_ascii_lowercase()),
        FactValue::VsanCluster(vsan) => {
            let mut view = in_lower_case(vsan.clone());
            // One member is the host itself, whether or not it is listed.
            if view.members.is_empty() && view.member_count == Some(1) {
                view.members.extend(view.node_uuid.clone());
            }
            host.vsan = Some(Sourced::of(fact, view));
        }
        FactValue::VsanDisabled => host.vsan_disabled = true,
        FactValue::UnicastAgents { agents } => {
            let mut agents = agents.clone();
            agents.iter_mut().for_each(|agent| agent.node_uuid.make_ascii_lowercase());
            let mut list = Sourced::of(fact, agents);
            if list.text.is_empty() {
                list.text = "(the file is empty)".to_owned();
            }
            host.unicast = Some(list);
        }
        FactValue::AdvancedOption { path, value } => {
            host.options.entry(path.clone()).or_insert_with(|| Sourced::of(fact, value.clone()));
        }
        FactValue::VmRun(run) => host.told.runs.push((run.clone(), fact.source.clone())),
        FactValue::VmConfig(config) => host.told.configs.push(Sourced::of(fact, (**config).clone())),
        FactValue::VmRequirements(told) => host.told.dumped.push(Sourced::of(fact, told.clone())),
        FactValue::RunningVm { name, vmx, .. } => {
            let (name, vmx, source) = (name.clone(), vmx.clone(), fact.source.clone());
            host.told.running.get_or_insert_default().push(vm::Running { name, vmx, source });
        }
        FactValue::ClusterHosts { cluster, hosts } => {
            host.cluster_hosts.push((cluster.clone(), hosts.clone()));
        }
        FactValue::ObjectName { kind, moref, name } => {
            let seen = format::parse(fact.text.as_bytes()).and_then(|header| header.stamp);
            let seen = seen.map(|stamp| stamp.time);
            host.objects.push(ObjectName {
                kind: kind.clone(),
                moref: moref.clone(),
                name: name.clone(),
                seen,
            });
        }
        _ => {}
    }
}

/// `view` with every UUID in lower case, by which they are compared: which case one is printed in differs by tool.
fn in_lower_case(mut view: VsanCluster) -> VsanCluster {
    let single = [
        &mut view.node_uuid,
        &mut view.cluster_uuid,
        &mut view.master_uuid,
        &mut view.backup_uuid,
        &mut view.membership_uuid,
    ];
    let all = single.into_iter().flatten().chain(&mut view.members);
    all.for_each(|uuid| uuid.make_ascii_lowercase());
    // The time behind it stays as it is.
    if let Some(generation) = &mut view.config_generation {
        let end = generation.find(char::is_whitespace).unwrap_or(generation.len());
        generation[..end].make_ascii_lowercase();
    }
    view
}

/// Takes version and build from the best source: what a command printed at the capture before what a log's section
/// header said, the newest of these before older ones.
fn product(host: &mut Host, products: &[&Fact]) {
    let rank = |fact: &Fact| match &fact.value {
        FactValue::Product { build, at: None, .. } => (2 + u8::from(build.is_some()), None),
        FactValue::Product { at, .. } => (1, at.map(|stamp| stamp.time)),
        _ => (0, None),
    };
    let mut sorted: Vec<&Fact> = products.to_vec();
    sorted.sort_by_key(|fact| std::cmp::Reverse(rank(fact)));
    let mut stated = None;
    for fact in &sorted {
        let FactValue::Product { version, build, update, .. } = &fact.value else { continue };
        host.product.get_or_insert_with(|| Sourced::of(fact, ()));
        // Parts are only taken together where they agree: an older header's build is not the new version's.
        let agrees = host.version.is_none() || host.version == *version || version.is_none();
        host.version = host.version.take().or_else(|| version.clone());
        if agrees {
            host.build = host.build.take().or_else(|| build.clone());
            stated = stated.or(*update);
        }
    }
    host.placed = releases::place(host.kind, host.version.as_deref(), host.build.as_deref(), stated);
}

#[derive(Default)]
struct Times {
    captured: Vec<(String, Timestamp)>,
    uptime: Option<i64>,
    /// When it booted, as its logs say.
    boot: Option<Timestamp>,
}

impl Times {
    /// Capture time by `date`, else by `README`, else by the bundle's name; boot time by uptime, else by the logs, else by
    /// vobd's boot event, which carries the uptime.
    fn settle(&self, host: &mut Host, events: &[Event]) {
        let by = |part: &str| {
            let is_called = |file: &str| file.rsplit('/').next().is_some_and(|name| name.contains(part));
            self.captured.iter().find(|(file, _)| is_called(file)).map(|(_, at)| *at)
        };
        let said = by("date").or(by("README")).or(self.captured.first().map(|(_, at)| *at));
        host.captured_at = said.or_else(|| tree::taken_at(&host.bundle));
        let boot = events
            .iter()
            .rev()
            .find(|event| event.fields.contains_key("us") && event.rule == "vob.host-boot");
        let by_event = boot.and_then(|event| {
            let micros: i64 = event.fields.get("us")?.parse().ok()?;
            Some(event.stamp?.time.plus_micros(-micros))
        });
        let by_uptime = host.captured_at.zip(self.uptime).map(|(at, micros)| at.plus_micros(-micros));
        // A number that is wrong makes a time that cannot be.
        let can_be = |at: &Timestamp| at.micros() >= 0 && at.civil().0 < 9_999;
        host.booted_at = [by_uptime, self.boot, by_event].into_iter().flatten().find(can_be);
    }
}

/// The name that most others agree with, of equals a dotted one before a short one, of equals the first: one damaged file
/// must not rename a host.
fn best_name(names: &[String]) -> Option<String> {
    let useful = |name: &&String| {
        let local = name.eq_ignore_ascii_case("localhost") || name.starts_with("localhost.");
        !name.is_empty() && !local
    };
    let rank = |name: &String| {
        let agree = names.iter().filter(|other| same_name(name, other)).count();
        (agree, name.contains('.'))
    };
    let best = names.iter().filter(useful).map(rank).max()?;
    names.iter().filter(useful).find(|name| rank(name) == best).cloned()
}

/// The host part of `esx-<host>-YYYY-MM-DD--HH.MM-<pid>.tgz`, or the whole name.
fn name_of_bundle(bundle: &str) -> String {
    let file = bundle.rsplit(['!', '/', '\\']).next().unwrap_or(bundle);
    let file =
        [".tgz", ".tar.gz", ".tar", ".zip"].iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file);
    let stem = file.strip_prefix("esx-").or_else(|| file.strip_prefix("vc-")).unwrap_or(file);
    let is_date = |at: usize| {
        let tail = stem.as_bytes().get(at..at + 5);
        tail.is_some_and(|tail| tail[0] == b'-' && tail[1..].iter().all(u8::is_ascii_digit))
    };
    let cut = (1..stem.len()).find(|&at| stem.is_char_boundary(at) && is_date(at));
    cut.map_or(file, |at| &stem[..at]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_host_are_equal_up_to_the_domain() {
        assert!(same_name("esx1", "ESX1.example.org") && same_name("esx1.example.org", "esx1.example.org."));
        assert!(!same_name("esx1.example.org", "esx1.example.com"));
        assert!(!same_name("esx1", "esx10") && !same_name("10.0.0.1", "10.0.0.2") && !same_name("", ""));
        assert!(!same_name("10", "10.0.0.2"));
    }

    #[test]
    fn a_bundles_name_gives_the_host_where_nothing_else_does() {
        assert_eq!(name_of_bundle("a/esx-web-7.lab-2020-01-02--03.04-99.tgz"), "web-7.lab");
        assert_eq!(name_of_bundle("case.zip!vc-vc1.lab-2020-01-02--03.04.tgz"), "vc1.lab");
        assert_eq!(name_of_bundle("host7.tgz"), "host7");
    }

    #[test]
    fn one_damaged_file_does_not_rename_a_host() {
        let best =
            |names: &[&str]| best_name(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            best(&["esw01.lab.local", "esx01", "esx01.lab.local"]).as_deref(),
            Some("esx01.lab.local")
        );
        assert_eq!(best(&["esx0", "esx01", "esx01.lab.local"]).as_deref(), Some("esx01.lab.local"));
        assert_eq!(best(&["esx01", "esx01.lab.local"]).as_deref(), Some("esx01.lab.local"));
        assert_eq!(best(&["localhost.localdomain", "esx01"]).as_deref(), Some("esx01"));
        assert_eq!(best(&["localhost"]), None);
    }
}
