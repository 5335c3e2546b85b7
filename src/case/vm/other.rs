//! What other files than `vmware.log` tell of the VMs that run on a host: the dump of its objects, configuration files,
//! the list of processes.

use super::super::host::{Host, Sourced};
use super::{Running, Vm, VmCpuSettings, in_folder};
use crate::fact::feature::{FeatureValue, Op};
use crate::fact::features::describe;
use crate::fact::{Requirement, VmConfig, VmRequirements};
use crate::model::Source;

/// Adds what other files tell to the VMs of `host`, and the VMs that only they know.
pub(super) fn complete(host: &mut Host) {
    for dumped in std::mem::take(&mut host.told.dumped) {
        add_dumped(host, &dumped);
    }
    for running in host.told.running.iter().flatten() {
        if !host.vms.iter().any(|vm| is_process(vm, running)) {
            host.vms.push(of_process(running));
        }
    }
    let configs = std::mem::take(&mut host.told.configs);
    for vm in &mut host.vms {
        let own = configs.iter().find(|config| is_own(vm, &config.value));
        if let Some(config) = own {
            vm.settings.complete_by(&config.value);
        }
        if vm.requires_from.is_none() {
            require_by_masks(vm, own);
        }
    }
}

/// Whether the process is that of `vm`.
fn is_process(vm: &Vm, running: &Running) -> bool {
    let by_path = running.vmx.as_deref().map(|vmx| in_folder(vmx, &vm.folder));
    by_path.unwrap_or(running.name == vm.name)
}

fn of_process(running: &Running) -> Vm {
    let folder = running.vmx.as_deref().and_then(|vmx| vmx.rsplit_once('/'));
    let folder = folder.map_or("", |(folder, _)| folder.trim_start_matches('/'));
    bare(running.name.clone(), folder, &running.source)
}

/// A VM of which no more is known.
fn bare(name: String, folder: &str, source: &Source) -> Vm {
    Vm {
        name,
        folder: folder.to_owned(),
        powered_on_at: None,
        powered_on_host: None,
        requires: Vec::new(),
        requires_from: None,
        settings: VmCpuSettings::default(),
        masked_then: None,
        source: source.clone(),
    }
}

/// Takes what the dump of the host's objects says of a VM; a log of the VM itself says it better.
fn add_dumped(host: &mut Host, dumped: &Sourced<VmRequirements>) {
    let told = &dumped.value;
    if told.powered_on == Some(false) {
        return;
    }
    let folder = told.path.as_deref().and_then(folder_of);
    let is_it = |vm: &&mut Vm| match folder {
        Some(folder) => same_folder(&vm.folder, folder),
        None => told.name.as_ref() == Some(&vm.name),
    };
    if let Some(vm) = host.vms.iter_mut().find(is_it) {
        if vm.requires_from.is_none() {
            require(vm, told.requires.clone());
        }
        vm.powered_on_at = vm.powered_on_at.or(told.booted_at);
        return;
    }
    let named = told.name.clone().or_else(|| folder.map(str::to_owned));
    let (Some(name), true) = (named, told.powered_on == Some(true) && may_run(host, told)) else { return };
    let mut vm = bare(name, folder.unwrap_or_default(), &dumped.source);
    vm.powered_on_at = told.booted_at;
    require(&mut vm, told.requires.clone());
    host.vms.push(vm);
}

/// Whether the list of processes, where there is one, has the VM.
fn may_run(host: &Host, told: &VmRequirements) -> bool {
    let folder = told.path.as_deref().and_then(folder_of);
    let is_it = |running: &Running| {
        let by_path = folder.zip(running.vmx.as_deref()).map(|(folder, vmx)| in_folder(vmx, folder));
        by_path.unwrap_or_else(|| told.name.as_deref() == Some(running.name.as_str()))
    };
    host.told.running.as_ref().is_none_or(|list| list.iter().any(is_it))
}

/// `web 1` of `[datastore] web 1/web 1.vmx`, and of `/vmfs/volumes/datastore/web 1/web 1.vmx`.
fn folder_of(path: &str) -> Option<&str> {
    let path = path.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(path, |(_, path)| path);
    let (folder, _) = path.rsplit_once('/')?;
    folder.rsplit('/').next()
}

/// Whether two folders are of one VM: a datastore has several names, so the last part decides.
pub(super) fn same_folder(a: &str, b: &str) -> bool {
    a.rsplit('/').next() == b.rsplit('/').next()
}

fn require(vm: &mut Vm, mut requires: Vec<Requirement>) {
    requires.sort_by(|a, b| a.key.cmp(&b.key));
    vm.requires_from = requires.first().map(|need| need.source.file.as_str().to_owned());
    vm.requires = requires;
}

fn is_own(vm: &Vm, config: &VmConfig) -> bool {
    !vm.folder.is_empty() && (config.folder == vm.folder || same_folder(&config.folder, &vm.folder))
}

/// Under per-VM EVC a VM requires what its masks let through, where no file says what it requires.
fn require_by_masks(vm: &mut Vm, config: Option<&Sourced<VmConfig>>) {
    let Some(config) = config.filter(|_| vm.settings.is_per_vm_evc()) else { return };
    let requirement = |(key, mask): (&String, &FeatureValue)| {
        let line =
            config.value.lines.iter().find(|(_, line)| line.to_ascii_lowercase().contains(key.as_str()));
        let (source, text) = line.cloned().unwrap_or_else(|| (config.source.clone(), config.text.clone()));
        let value = FeatureValue { op: Op::Min, number: mask.number };
        Requirement { key: key.clone(), value, source, text }
    };
    let shown = |(key, mask): &(&String, &FeatureValue)| mask.number > 0 && !describe(key).identity;
    let requires = vm.settings.masks.iter().filter(shown).map(requirement).collect();
    require(vm, requires);
}
