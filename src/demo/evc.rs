//! Incident 1: hosts of one EVC cluster offer different CPU features, and VMs powered on where there are more of
//! them cannot leave.

use std::collections::BTreeMap;

use super::cluster::{ClusterOptions, base, new_vm, power_on, routine_migrations};
use super::line::{Log, ScriptedLine};
use super::script::{Migration, Refusal, RefusalForm, add_migration, add_reboot, add_refusal};
use super::site::{Cpu, Generation, Host, Release, Site, Vm, VmRun};
use crate::model::Timestamp;

/// Why the hosts differ.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum EvcCause {
    /// The poor hosts still run the microcode they were booted with long ago.
    StaleMicrocode,
    /// The poor hosts run an older ESXi build with older bundled microcode.
    PatchLevel,
    /// The feature is switched off in the poor hosts' BIOS; microcode and build are equal.
    BiosSetting,
    /// All processors offer it; only the rich hosts' EVC masks let it through.
    StaleMask,
    /// The rich hosts have a newer processor.
    DifferentCpu,
}

/// The knobs of [`evc_incident`].
#[derive(Clone, Debug)]
pub struct EvcOptions {
    /// The cluster it happens to; its `vms_per_host` counts for the poor hosts only.
    pub cluster: ClusterOptions,
    /// The features that differ, as `/etc/vmware/config` spells them: `cpuid.MDCLEAR`.
    pub features: Vec<String>,
    /// The hosts that offer them, by index. The first one has the VMs of the story.
    pub rich: Vec<usize>,
    /// Why they differ.
    pub cause: EvcCause,
    /// Whether vCenter was asked for the migrations it refuses; without it only state is left to judge by.
    pub failures: bool,
}

impl Default for EvcOptions {
    fn default() -> Self {
        EvcOptions {
            cluster: ClusterOptions { vms_per_host: 2, vsan: false, ..ClusterOptions::default() },
            features: vec!["cpuid.MDCLEAR".to_owned()],
            rich: vec![0],
            cause: EvcCause::StaleMicrocode,
            failures: true,
        }
    }
}

impl EvcOptions {
    /// The same story on hosts of `generation`.
    pub fn of(generation: Generation) -> Self {
        let cluster = ClusterOptions { vms_per_host: 2, vsan: false, ..ClusterOptions::of(generation) };
        EvcOptions { cluster, ..EvcOptions::default() }
    }
}

/// A migration that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The VM.
    pub vm: String,
    /// Where it is.
    pub from: String,
    /// Where it could not go.
    pub to: String,
    /// When.
    pub at: Timestamp,
}

/// What a right answer says about [`evc_incident`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvcTruth {
    /// The keys that differ, in lower case.
    pub features: Vec<String>,
    /// Hosts that offer them.
    pub have: Vec<String>,
    /// Hosts that do not.
    pub lack: Vec<String>,
    /// The VMs that cannot leave, and their host.
    pub pinned: Vec<(String, String)>,
    /// Running VMs on a rich host that can leave all the same.
    pub free: Vec<String>,
    /// The VM on a rich host that is powered off.
    pub powered_off: Vec<String>,
    /// From and to: migration works this way and is refused the other way.
    pub one_way: Vec<(String, String)>,
    /// When the rich host's mask became effective.
    pub mask_effective_at: Timestamp,
    /// The refused migrations, in order of time; empty where none was asked for.
    pub refused: Vec<Refused>,
    /// Why.
    pub cause: EvcCause,
}

/// The site and the truth.
pub fn evc_incident(options: &EvcOptions) -> (Site, EvcTruth) {
    let mut site = base(&options.cluster);
    let rich: Vec<usize> = options.rich.iter().copied().filter(|&index| index < site.hosts.len()).collect();
    for index in 0..site.hosts.len() {
        let host = &mut site.hosts[index];
        host.fragment_bytes = Some(12_288);
        match rich.contains(&index) {
            true => enrich(host, options),
            false => impoverish(host, options),
        }
    }
    let times = Times::of(&options.cluster);
    let plot = populate(&mut site, options, &rich, &times);
    routine_migrations_among_poor(&mut site, &rich);
    arrive(&mut site, &plot, &times);
    let refused = if options.failures { refuse(&mut site, options, &plot, &times) } else { Vec::new() };
    reconnect(&mut site, &rich, &times);
    let truth = truth(&site, options, &rich, &plot, &times, refused);
    (site, truth)
}

/// The hours of the story, counted back from the capture.
struct Times {
    down: Timestamp,
    boot: Timestamp,
    mask: Timestamp,
    capture: Timestamp,
}

impl Times {
    fn of(cluster: &ClusterOptions) -> Self {
        let capture = cluster.captured_at;
        let back = |minutes: i64| capture.plus_seconds(-60 * minutes);
        Times { down: back(36 * 60 + 31), boot: back(36 * 60), mask: back(30 * 60 + 4), capture }
    }

    fn back(&self, minutes: i64) -> Timestamp {
        self.capture.plus_seconds(-60 * minutes).plus_micros(minutes % 10 * 103_000)
    }
}

fn enrich(host: &mut Host, options: &EvcOptions) {
    for key in &options.features {
        host.capabilities.insert(key.clone(), 1);
        host.evc_masks.insert(key.clone(), "Val:1".to_owned());
    }
    if options.cause == EvcCause::DifferentCpu {
        host.cpu = Cpu::broadwell_ep();
        host.capabilities.insert("cpuid.MODEL".to_owned(), 79);
        host.capabilities.insert("cpuid.STEPPING".to_owned(), 1);
        (host.microcode_original, host.microcode_current) = (0x0b00_0036, 0x0b00_0036);
    }
}

fn impoverish(host: &mut Host, options: &EvcOptions) {
    let offered = u64::from(options.cause == EvcCause::StaleMask);
    for key in &options.features {
        host.capabilities.insert(key.clone(), offered);
        host.evc_masks.remove(key);
    }
    match options.cause {
        EvcCause::StaleMicrocode => (host.microcode_original, host.microcode_current) = (0x3d, 0x3d),
        EvcCause::PatchLevel => {
            host.release = Release::before(options.cluster.generation);
            (host.microcode_original, host.microcode_current) = (0x3b, 0x3d);
        }
        EvcCause::BiosSetting | EvcCause::StaleMask | EvcCause::DifferentCpu => {}
    }
    // The base cluster's VMs were powered on with all features.
    let masks = host.evc_masks.clone();
    for index in 0..host.vms.len() {
        let started = host.vms[index].run.started;
        host.vms[index].run = power_on(host, &masks, started);
    }
}

/// The VMs of the story.
struct Plot {
    pinned: Vec<(usize, Vm)>,
    arrived: Option<(String, u32, usize, u64)>,
}

/// Fills the rich hosts: VMs from before the mask, three from after it, one switched off, one that came back.
fn populate(site: &mut Site, options: &EvcOptions, rich: &[usize], times: &Times) -> Plot {
    let mut next = site.hosts.len() * options.cluster.vms_per_host;
    let mut plot = Plot { pinned: Vec::new(), arrived: None };
    let poor = (0..site.hosts.len()).find(|index| !rich.contains(index));
    for &host in rich {
        let owner = &mut site.hosts[host];
        owner.vms.clear();
        add_reboot(owner, times.down, times.boot, true);
    }
    let Some(&first) = rich.first() else { return plot };
    let before = masks_without(&site.hosts[first], &options.features);
    for minutes in [35 * 60 + 20, 35 * 60 + 2] {
        let mut vm = new_vm(site, first, next, times.back(minutes));
        vm.run = power_on(&site.hosts[first], &before, vm.run.started);
        site.hosts[first].vms.push(vm);
        next += 1;
    }
    for (slot, minutes) in [28 * 60 + 7, 21 * 60 + 33, 9 * 60 + 18].into_iter().enumerate() {
        let host = rich[slot % rich.len()];
        let vm = new_vm(site, host, next, times.back(minutes));
        site.hosts[host].vms.push(vm.clone());
        plot.pinned.push((host, vm));
        next += 1;
    }
    let mut off = new_vm(site, first, next, times.back(27 * 60));
    off.running = false;
    off.run.ended = Some(times.back(12 * 60));
    site.hosts[first].vms.push(off);
    if let Some(poor) = poor {
        let returned = returned_vm(site, (first, poor), next + 1, times);
        site.hosts[first].vms.push(returned);
        let (vm, id) = arrived_vm(site, (first, poor), next + 2, times);
        plot.arrived = Some((vm.name.clone(), vm.moref, poor, id));
        site.hosts[first].vms.push(vm);
    }
    plot
}

fn masks_without(host: &Host, features: &[String]) -> BTreeMap<String, String> {
    host.evc_masks
        .iter()
        .filter(|(key, _)| !features.contains(key))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// A run that was begun on the poor host and came to the rich one by vMotion: it keeps what it was begun with.
fn arrival(
    site: &Site,
    (rich, poor): (usize, usize),
    began: Timestamp,
    moved: (Timestamp, u64),
) -> [VmRun; 2] {
    let source = &site.hosts[poor];
    let mut earlier = power_on(source, &source.evc_masks, began);
    earlier.on = Some(source.name.clone());
    earlier.ended = Some(moved.0);
    let mut now = power_on(&site.hosts[rich], &site.hosts[rich].evc_masks, moved.0);
    now.requires = earlier.requires.clone();
    now.came_from = Some((source.net.vmotion.clone(), moved.1));
    [earlier, now]
}

/// Required the feature in its first run; was then powered on anew on a poor host and moved back.
fn returned_vm(site: &Site, pair: (usize, usize), index: usize, times: &Times) -> Vm {
    let mut vm = new_vm(site, pair.0, index, times.back(29 * 60));
    let mut first = vm.run.clone();
    first.ended = Some(times.back(13 * 60 + 40));
    let moved = (times.back(11 * 60), 5_117_204_630_099_184_223);
    let [earlier, now] = arrival(site, pair, times.back(13 * 60 + 4), moved);
    vm.older_runs = vec![first, earlier];
    vm.run = now;
    vm
}

/// Runs since long ago and moved to the rich host two hours before the capture.
fn arrived_vm(site: &Site, pair: (usize, usize), index: usize, times: &Times) -> (Vm, u64) {
    let began = site.hosts[pair.1].booted_at.plus_seconds(9_000);
    let mut vm = new_vm(site, pair.0, index, began);
    let id = 6_640_118_305_271_590_417;
    let [earlier, now] = arrival(site, pair, began, (times.back(120).plus_seconds(1), id));
    vm.older_runs = vec![earlier];
    vm.run = now;
    (vm, id)
}

/// Routine vMotions stay among the poor hosts: from a rich one not every VM could go.
fn routine_migrations_among_poor(site: &mut Site, rich: &[usize]) {
    let mut poor = Site {
        seed: site.seed,
        cluster: site.cluster.clone(),
        hosts: site
            .hosts
            .iter()
            .enumerate()
            .filter(|(i, _)| !rich.contains(i))
            .map(|(_, h)| h.clone())
            .collect(),
        vcenter: site.vcenter.take(),
    };
    routine_migrations(&mut poor);
    site.vcenter = poor.vcenter;
    for host in poor.hosts {
        if let Some(own) = site.host_mut(&host.name) {
            own.lines = host.lines;
        }
    }
}

/// The migration from a poor host to the rich one, which works.
fn arrive(site: &mut Site, plot: &Plot, times: &Times) {
    let Some((vm, moref, poor, id)) = plot.arrived.clone() else { return };
    let rich = site.hosts.iter().find(|host| host.vm(&vm).is_some()).map(|host| host.name.clone());
    let from = site.hosts[poor].name.clone();
    if let Some(to) = rich {
        add_migration(site, &Migration { vm, moref, id, from, to, at: times.back(120).plus_seconds(-7) });
    }
}

/// Three refusals: each pinned VM once, each to another host, each worded in another way.
fn refuse(site: &mut Site, options: &EvcOptions, plot: &Plot, times: &Times) -> Vec<Refused> {
    let poor: Vec<String> = site
        .hosts
        .iter()
        .enumerate()
        .filter(|(index, _)| !options.rich.contains(index))
        .map(|(_, host)| host.name.clone())
        .collect();
    if poor.is_empty() || site.vcenter.is_none() {
        return Vec::new();
    }
    let forms = [RefusalForm::Plain, RefusalForm::Named, RefusalForm::Japanese];
    let mut refused = Vec::new();
    for (index, (host, vm)) in plot.pinned.iter().enumerate() {
        let at = times.back([93, 81, 52][index % 3]);
        let (from, to) = (site.hosts[*host].name.clone(), poor[index % poor.len()].clone());
        let keys = options.features.clone();
        let form = forms[index % forms.len()];
        add_refusal(
            site,
            &Refusal { vm: vm.name.clone(), from: from.clone(), to: to.clone(), keys, at, form },
        );
        refused.push(Refused { vm: vm.name.clone(), from, to, at });
    }
    refused
}

/// vCenter takes the rich hosts in again, and with it writes their masks.
fn reconnect(site: &mut Site, rich: &[usize], times: &Times) {
    let Some(vcenter) = &mut site.vcenter else { return };
    for &index in rich {
        let host = &site.hosts[index];
        let (moref, task) = (host.moref, 43_117 + index);
        let at = times.mask.plus_seconds(-9);
        let lines = [
            format!(
                "[VpxLRO] -- BEGIN task-{task} -- host-{moref} -- vim.HostSystem.reconnect -- 52aa03f1-c2b7(52e1f6d8-9940)"
            ),
            format!("[VpxLRO] -- FINISH task-{task}"),
        ];
        for (offset, text) in lines.into_iter().enumerate() {
            let at = at.plus_seconds(8 * offset as i64);
            vcenter.lines.push(
                ScriptedLine::new(at, Log::Vpxd, text).under("vpxLro").op("k5d01-40021-auto-1m-h5:70012-33"),
            );
        }
    }
}

fn truth(
    site: &Site,
    options: &EvcOptions,
    rich: &[usize],
    plot: &Plot,
    times: &Times,
    refused: Vec<Refused>,
) -> EvcTruth {
    let name = |index: usize| site.hosts[index].name.clone();
    let lack: Vec<usize> = (0..site.hosts.len()).filter(|index| !rich.contains(index)).collect();
    let pinned: Vec<(String, String)> =
        plot.pinned.iter().map(|(host, vm)| (vm.name.clone(), name(*host))).collect();
    let on_rich = || rich.iter().flat_map(|&index| &site.hosts[index].vms);
    let is_pinned = |vm: &&Vm| pinned.iter().any(|(name, _)| *name == vm.name);
    EvcTruth {
        features: options.features.iter().map(|key| key.to_lowercase()).collect(),
        have: rich.iter().map(|&index| name(index)).collect(),
        lack: lack.iter().map(|&index| name(index)).collect(),
        free: on_rich().filter(|vm| vm.running && !is_pinned(vm)).map(|vm| vm.name.clone()).collect(),
        powered_off: on_rich().filter(|vm| !vm.running).map(|vm| vm.name.clone()).collect(),
        one_way: lack.iter().flat_map(|&from| rich.iter().map(move |&to| (name(from), name(to)))).collect(),
        pinned,
        mask_effective_at: times.mask,
        refused,
        cause: options.cause,
    }
}
