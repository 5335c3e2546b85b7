//! Hosts that are all equal: EVC was lowered, and VMs still require what no host offers any more.

use std::collections::BTreeMap;

use super::divided::Told;
use super::{EvcCause, EvcOptions, refuse};
use crate::demo::cluster::{base, new_vm, power_on, routine_migrations};
use crate::demo::line::{Level, Log, ScriptedLine};
use crate::demo::site::{Host, Site, Vm};
use crate::model::Timestamp;

/// Minutes from the lowering to the capture.
const LOWERED: i64 = 31 * 60 + 12;

/// The site on which it happens.
pub(super) fn story(options: &EvcOptions) -> (Site, Told) {
    let mut site = base(&options.cluster);
    let capture = options.cluster.captured_at;
    let lowered = capture.plus_seconds(-60 * LOWERED);
    for index in 0..site.hosts.len() {
        let host = &mut site.hosts[index];
        host.fragment_bytes = Some(12_288);
        options.settle(host, index);
        raise(host, options);
    }
    let held = hold(&site, options, capture);
    for host in &mut site.hosts {
        lower(host, options, lowered);
    }
    for (host, vm) in &held {
        site.hosts[*host].vms.push(vm.clone());
    }
    routine_migrations(&mut site);
    let refused = refuse(&mut site, options, &held, capture);
    tell(&mut site, &held, lowered);
    (site, Told { rich: Vec::new(), mask_effective_at: lowered, refused })
}

/// EVC lets the features through: so it was until it was lowered.
fn raise(host: &mut Host, options: &EvcOptions) {
    for key in &options.features {
        host.capabilities.insert(key.clone(), 1);
        host.evc_masks.insert(key.clone(), "Val:1".to_owned());
    }
}

/// The VMs that were begun before and run on: two on one host, one on the next.
fn hold(site: &Site, options: &EvcOptions, capture: Timestamp) -> Vec<(usize, Vm)> {
    let mut held = Vec::new();
    let first = options.rich.first().copied().unwrap_or(0) % site.hosts.len();
    for (slot, minutes) in [52 * 60 + 41, 47 * 60 + 9, 39 * 60 + 26].into_iter().enumerate() {
        let host = (first + slot / 2) % site.hosts.len();
        let index = site.hosts.len() * options.cluster.vms_per_host + slot;
        let mut vm = new_vm(site, host, index, capture.plus_seconds(-60 * minutes));
        if options.cause == EvcCause::PerVmEvc {
            vm.vmx_extra = per_vm_masks(&site.hosts[host].evc_masks);
        }
        held.push((host, vm));
    }
    held
}

/// What per-VM EVC writes into the `.vmx`.
fn per_vm_masks(masks: &BTreeMap<String, String>) -> Vec<String> {
    let complete = "featureCompat.vm.completeMasks = \"TRUE\"".to_owned();
    let masks = masks.iter().map(|(key, value)| format!("featMask.vm.{key} = \"{value}\""));
    [complete].into_iter().chain(masks).collect()
}

/// The features are masked away; every other VM was powered on anew since.
fn lower(host: &mut Host, options: &EvcOptions, lowered: Timestamp) {
    for key in &options.features {
        match host.complete_masks {
            Some(true) => host.evc_masks.remove(key),
            _ => host.evc_masks.insert(key.clone(), "Val:0".to_owned()),
        };
    }
    let masks = host.evc_masks.clone();
    for slot in 0..host.vms.len() {
        let started = lowered.plus_seconds(4_000 + 611 * slot as i64);
        host.vms[slot].run = power_on(host, &masks, started);
    }
}

/// vCenter tells of the lowering and of each VM above the mode.
fn tell(site: &mut Site, held: &[(usize, Vm)], lowered: Timestamp) {
    let Some(vcenter) = &mut site.vcenter else { return };
    let op = "k7c02-51177-auto-13h-h5:70031-9e";
    let mut say = |seconds: i64, level: Level, sub: &str, text: String| {
        let line = ScriptedLine::new(lowered.plus_seconds(seconds), Log::Vpxd, text);
        vcenter.lines.push(line.level(level).under(sub).op(op));
    };
    let method = "vim.cluster.EVCManager.configureEvc";
    say(
        -6,
        Level::Info,
        "vpxLro",
        format!("[VpxLRO] -- BEGIN task-44820 -- evcdomain-c7 -- {method} -- 52aa03f1-c2b7(52e1f6d8-9940)"),
    );
    say(2, Level::Info, "vpxLro", "[VpxLRO] -- FINISH task-44820".to_owned());
    for (index, (host, vm)) in held.iter().enumerate() {
        let host = &site.hosts[*host];
        let text = format!(
            "Event [{}]: [vim.event.VmRequirementsExceedCurrentEVCModeEvent] The virtual machine {} \
             [vim.VirtualMachine:vm-{},{}] on [vim.HostSystem:host-{},{}] uses CPU features that the EVC mode of the \
             cluster does not include",
            1_620_114 + index,
            vm.name,
            vm.moref,
            vm.name,
            host.moref,
            host.name
        );
        say(4 + index as i64, Level::Warning, "EventManager", text);
    }
}
