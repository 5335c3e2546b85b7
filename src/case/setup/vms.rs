//! The VMs on a host: registered with it, running on it, or with their configuration in the bundle.

use std::collections::{BTreeMap, BTreeSet};

use super::super::host::Sourced;
use super::keep;
use crate::fact::{Fact, FactValue, VmConfig};

/// The VMs on a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VmsSetup {
    /// Ordered by name, those without one last, then by path.
    pub vms: Vec<Sourced<VmSetup>>,
    by_path: BTreeMap<String, Sourced<VmSetup>>,
    /// Running VMs of which the list does not tell the path.
    without_path: Vec<Sourced<VmSetup>>,
    /// The files that tell which VMs are registered and which run.
    inventories: BTreeSet<String>,
    process_lists: BTreeSet<String>,
}

/// A VM on a host; what no file tells is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VmSetup {
    /// Display name.
    pub name: Option<String>,
    /// Configuration file: `/vmfs/volumes/<datastore>/web/web.vmx`.
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

impl VmsSetup {
    pub(super) fn take(&mut self, fact: &Fact) {
        let file = || fact.source.file.as_str().to_owned();
        match &fact.value {
            FactValue::RegisteredVm { id, vmx } => {
                self.inventories.insert(file());
                let vm = VmSetup { id: *id, registered: Some(true), ..VmSetup::default() };
                self.add(vmx, fact, vm);
            }
            FactValue::RunningVm { name, world, cartel, uuid, vmx } => {
                self.process_lists.insert(file());
                let vm = VmSetup {
                    name: Some(name.clone()),
                    running: Some(true),
                    world: *world,
                    cartel: *cartel,
                    uuid: uuid.clone(),
                    ..VmSetup::default()
                };
                match vmx {
                    Some(vmx) => self.add(vmx, fact, vm),
                    None => self.without_path.push(Sourced::of(fact, vm)),
                }
            }
            FactValue::VmConfig(config) => {
                // The folder stands in the bundle as on the host.
                let path = format!("/{}/{}", config.folder.trim_start_matches('/'), config.file);
                self.add(&path, fact, configured(config));
            }
            _ => {}
        }
    }

    fn add(&mut self, path: &str, fact: &Fact, vm: VmSetup) {
        let new = || Sourced::of(fact, VmSetup { path: Some(path.to_owned()), ..VmSetup::default() });
        self.by_path.entry(path.to_owned()).or_insert_with(new).value.complete(vm);
    }

    /// Puts all together; `damaged` are the paths of the files that were not read whole. What these do not list may have
    /// stood in the rest.
    pub(super) fn settle(&mut self, damaged: &BTreeSet<&str>) {
        for vm in std::mem::take(&mut self.without_path) {
            self.by_name(vm);
        }
        self.vms.extend(std::mem::take(&mut self.by_path).into_values());
        let whole = |files: &BTreeSet<String>| {
            !files.is_empty() && !files.iter().any(|file| damaged.contains(&**file))
        };
        let (inventory, processes) = (whole(&self.inventories), whole(&self.process_lists));
        let strays = self.strays();
        for vm in self.vms.iter_mut().map(|vm| &mut vm.value) {
            let is_sure = vm.file().is_none_or(|file| !strays.contains(file));
            keep(&mut vm.registered, (inventory && is_sure).then_some(false));
            keep(&mut vm.running, (processes && is_sure).then_some(false));
        }
        self.vms.sort_by(|a, b| a.value.order().cmp(&b.value.order()));
    }

    /// Names of configuration files that one VM is registered with and another one runs with: these may be one, whose
    /// datastore is called by its label here and by its UUID there.
    fn strays(&self) -> BTreeSet<String> {
        let files = |wanted: fn(&VmSetup) -> bool| -> BTreeSet<&str> {
            let vms = self.vms.iter().map(|vm| &vm.value);
            vms.filter(|vm| wanted(vm)).filter_map(VmSetup::file).collect()
        };
        let idle = files(|vm| vm.registered == Some(true) && vm.running.is_none());
        let foreign = files(|vm| vm.registered.is_none() && vm.running == Some(true));
        idle.intersection(&foreign).map(|file| (*file).to_owned()).collect()
    }

    /// Adds a running VM to the only one that has its name, or as one of its own.
    fn by_name(&mut self, vm: Sourced<VmSetup>) {
        if self.vms.iter().any(|known| known.value.is_process(&vm.value)) {
            return;
        }
        let mut named = self.by_path.values_mut().filter(|known| known.value.name == vm.value.name);
        match (named.next(), named.next()) {
            (Some(known), None) if known.value.may_be(&vm.value) => known.value.complete(vm.value),
            _ => self.vms.push(vm),
        }
    }
}

fn configured(config: &VmConfig) -> VmSetup {
    VmSetup {
        name: config.name.clone(),
        uuid: config.uuid_bios.clone(),
        hardware_version: config.hardware_version,
        guest: config.guest.clone(),
        vcpus: config.vcpus,
        memory_mb: config.memory_mb,
        ..VmSetup::default()
    }
}

impl VmSetup {
    fn complete(&mut self, other: VmSetup) {
        keep(&mut self.name, other.name);
        keep(&mut self.id, other.id);
        keep(&mut self.registered, other.registered);
        keep(&mut self.running, other.running);
        keep(&mut self.world, other.world);
        keep(&mut self.cartel, other.cartel);
        keep(&mut self.uuid, other.uuid);
        keep(&mut self.hardware_version, other.hardware_version);
        keep(&mut self.guest, other.guest);
        keep(&mut self.vcpus, other.vcpus);
        keep(&mut self.memory_mb, other.memory_mb);
    }

    /// Whether the two are one process, of which two lists tell.
    fn is_process(&self, other: &VmSetup) -> bool {
        self.name == other.name && self.world == other.world
    }

    /// Whether a process of the same name can be this VM's: they do not say different things.
    fn may_be(&self, other: &VmSetup) -> bool {
        fn agree<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        agree(self.world.as_ref(), other.world.as_ref()) && agree(self.uuid.as_ref(), other.uuid.as_ref())
    }

    /// `web.vmx`
    fn file(&self) -> Option<&str> {
        self.path.as_deref().map(|path| path.rsplit('/').next().unwrap_or(path))
    }

    fn order(&self) -> (bool, Option<&str>, Option<&str>, Option<u64>) {
        (self.name.is_none(), self.name.as_deref(), self.path.as_deref(), self.world)
    }
}
