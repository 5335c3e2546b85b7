//! Hosts that differ: some are rich, the others poor, and VMs powered on on a rich one cannot leave.

use std::collections::BTreeMap;

use super::registers;
use super::{EvcCause, EvcOptions, Masks, Refused, refuse};
use crate::demo::cluster::{base, new_vm, power_on, routine_migrations};
use crate::demo::line::{Log, ScriptedLine};
use crate::demo::script::{Migration, add_migration, add_reboot};
use crate::demo::site::{Cpu, Host, RegisterMasks, Release, Site, Vm, VmRun};
use crate::model::Timestamp;

/// What the story left behind besides the site.
pub(super) struct Told {
    pub rich: Vec<usize>,
    pub mask_effective_at: Timestamp,
    pub refused: Vec<Refused>,
}

/// The site on which it happens.
pub(super) fn story(options: &EvcOptions) -> (Site, Told) {
    let mut site = base(&options.cluster);
    let rich: Vec<usize> = options.rich.iter().copied().filter(|&index| index < site.hosts.len()).collect();
    for index in 0..site.hosts.len() {
        let host = &mut site.hosts[index];
        host.fragment_bytes = Some(12_288);
        settle(host, index, options);
        match rich.contains(&index) {
            true => enrich(host, options),
            false => impoverish(host, options),
        }
        restart_all(host);
    }
    let times = Times::of(&options.cluster);
    let plot = populate(&mut site, options, &rich, &times);
    routine_migrations_among_poor(&mut site, &rich);
    arrive(&mut site, &plot, &times);
    let refused = refuse(&mut site, options, &plot.pinned, times.capture);
    reconnect(&mut site, &rich, &times);
    (site, Told { rich, mask_effective_at: times.mask, refused })
}

/// What holds for every host before anything differs.
fn settle(host: &mut Host, index: usize, options: &EvcOptions) {
    options.settle(host, index);
    if options.masks == Masks::None {
        host.evc_masks.clear();
        host.complete_masks = None;
    }
}

/// The hours of the story, counted back from the capture.
struct Times {
    down: Timestamp,
    boot: Timestamp,
    mask: Timestamp,
    capture: Timestamp,
}

impl Times {
    fn of(cluster: &crate::demo::cluster::ClusterOptions) -> Self {
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
        if options.masks != Masks::None {
            host.evc_masks.insert(key.clone(), "Val:1".to_owned());
        }
    }
    if options.cause == EvcCause::DifferentCpu {
        host.cpu = Cpu::broadwell_ep();
        host.capabilities.insert("cpuid.MODEL".to_owned(), 79);
        host.capabilities.insert("cpuid.STEPPING".to_owned(), 1);
        (host.microcode_original, host.microcode_current) = (0x0b00_0036, 0x0b00_0036);
    }
}

fn impoverish(host: &mut Host, options: &EvcOptions) {
    let offered = u64::from(matches!(options.cause, EvcCause::StaleMask | EvcCause::CpuidOverride));
    for key in &options.features {
        host.capabilities.insert(key.clone(), offered);
        match options.masks {
            Masks::Missing => host.evc_masks.remove(key),
            Masks::Zero => host.evc_masks.insert(key.clone(), "Val:0".to_owned()),
            Masks::Equal => host.evc_masks.insert(key.clone(), "Val:1".to_owned()),
            Masks::None => None,
        };
    }
    match options.cause {
        EvcCause::StaleMicrocode => (host.microcode_original, host.microcode_current) = (0x3d, 0x3d),
        EvcCause::PatchLevel => {
            host.release = Release::before(options.cluster.generation);
            (host.microcode_original, host.microcode_current) = (0x3b, 0x3d);
        }
        EvcCause::CpuidOverride => {
            host.registers = RegisterMasks {
                lines: registers::hiding(&options.features),
                hides: options.features.iter().cloned().collect(),
                in_masked: options.override_in_masked,
            };
        }
        _ => {}
    }
}

/// The base cluster's VMs were powered on with all features.
fn restart_all(host: &mut Host) {
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
        let mut vm = new_vm(site, host, next, times.back(minutes));
        nest(&mut vm, &options.features);
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

/// A guest that runs a hypervisor needs what the CPU has for one.
fn nest(vm: &mut Vm, features: &[String]) {
    if !features.iter().any(|key| key == "hv.capable") {
        return;
    }
    vm.vmx_extra.push("vhv.enable = \"TRUE\"".to_owned());
    for key in features.iter().filter(|key| !key.starts_with("vt.")) {
        vm.run.requires.insert(key.to_lowercase(), "Bool:Min:1".to_owned());
    }
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
