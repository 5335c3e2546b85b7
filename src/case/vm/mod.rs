//! Which VMs run where, since when, and what they need: out of the runs that their logs tell.

mod other;
mod power;
mod seen;
mod settings;

use std::collections::BTreeMap;

use super::host::{Host, Sourced};
use crate::fact::{Requirement, VmConfig, VmRequirements, VmRun, VmStart};
use crate::model::{Event, Source, Timestamp};

pub(super) use power::once as one_power_on_once;
pub use seen::MADE;
pub use settings::VmCpuSettings;

/// What the files of a bundle tell of VMs, until [`settle`] puts it together.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// One for each `vmware.log`, with its place.
    pub runs: Vec<(VmRun, Source)>,
    /// The VMs that ran at the capture; `None` where no list tells.
    pub running: Option<Vec<Running>>,
    /// Configuration files.
    pub configs: Vec<Sourced<VmConfig>>,
    /// The dump of the host's objects.
    pub dumped: Vec<Sourced<VmRequirements>>,
    /// How the run that a `vmware.log` tells began, by the log's path.
    pub starts: BTreeMap<String, VmStart>,
    /// Events that only the runs of VMs on the host show: changes of its EVC masks, and power-ons.
    pub made: Vec<Event>,
}

/// A VM of the list of processes.
#[derive(Debug)]
pub(super) struct Running {
    /// Display name.
    pub name: String,
    /// Configuration file.
    pub vmx: Option<String>,
    /// The line that names it.
    pub source: Source,
}

/// A VM that runs on a host.
#[derive(Clone, Debug)]
pub struct Vm {
    /// Display name, or the name of its folder.
    pub name: String,
    /// Its folder in the bundle.
    pub folder: String,
    /// When it was powered on; arriving by vMotion or resuming does not count.
    pub powered_on_at: Option<Timestamp>,
    /// The host on which it was powered on, as its logs name it.
    pub powered_on_host: Option<String>,
    /// What it needs, as fixed at its power-on; ordered by key.
    pub requires: Vec<Requirement>,
    /// The file that says so; `None` where none does.
    pub requires_from: Option<String>,
    /// What its own configuration sets of the CPU.
    pub settings: VmCpuSettings,
    /// The keys that its host had an EVC mask for at its power-on, in order; `None` where its logs do not tell.
    pub masked_then: Option<Vec<String>>,
    /// The log or the file that names it.
    pub source: Source,
}

/// Puts the VMs that run on each host into its `vms`, ordered by name, and what their logs tell of the host itself.
pub(super) fn settle(hosts: &mut [Host]) {
    for host in hosts.iter_mut() {
        seen::settle(host);
    }
    let mut by_folder: BTreeMap<String, Vec<(usize, VmRun, Source)>> = BTreeMap::new();
    for (index, host) in hosts.iter_mut().enumerate() {
        for (run, source) in std::mem::take(&mut host.told.runs) {
            by_folder.entry(run.folder.clone()).or_default().push((index, run, source));
        }
    }
    for (folder, mut runs) in by_folder {
        runs.sort_by_key(|(index, run, _)| (run.to.or(run.from).map(|stamp| stamp.time), *index));
        let mut indices: Vec<usize> = runs.iter().map(|(index, _, _)| *index).collect();
        indices.sort_unstable();
        indices.dedup();
        for index in indices {
            if let Some(vm) = running(&hosts[index], index, &folder, &runs) {
                hosts[index].vms.push(vm);
            }
        }
    }
    for host in hosts {
        other::complete(host);
        host.vms.sort_by(|a, b| (&a.name, &a.folder).cmp(&(&b.name, &b.folder)));
    }
}

/// The VM in `folder`, if it runs on `host`; `runs` are all its runs on all hosts, oldest first.
fn running(host: &Host, index: usize, folder: &str, runs: &[(usize, VmRun, Source)]) -> Option<Vm> {
    let (at, (_, newest, source)) =
        runs.iter().enumerate().rfind(|(_, (run_index, _, _))| *run_index == index)?;
    // A damaged log may hold no name.
    let named = |run: &VmRun| run.name.clone().filter(|name| !name.trim().is_empty());
    let name = runs.iter().rev().find_map(|(_, run, _)| named(run));
    let name =
        name.unwrap_or_else(|| folder.rsplit('/').find(|part| !part.is_empty()).unwrap_or("vm").to_owned());
    let runs_here = match &host.told.running {
        Some(list) => list.iter().any(|running| {
            let by_path = running.vmx.as_deref().map(|vmx| in_folder(vmx, folder));
            by_path.unwrap_or(running.name == name)
                || newest.vmx.as_deref().is_some_and(|own| Some(own) == running.vmx.as_deref())
        }),
        None => !newest.ended && !newest.left,
    };
    if !runs_here {
        return None;
    }
    // A VM that came by vMotion or resumed keeps what it needed at its power-on, which an earlier log may tell.
    let earlier = || runs[..at].iter().rev().map(|(_, run, _)| run);
    let carried = |run: &VmRun| matches!(run.start, VmStart::MigratedIn | VmStart::Resume);
    let powered_on = if carried(newest) { earlier().find(|run| !carried(run)) } else { Some(newest) };
    let mut requires = newest.requires.clone();
    if requires.is_empty() && carried(newest) {
        requires = earlier()
            .map(|run| run.requires.clone())
            .find(|requires| !requires.is_empty())
            .unwrap_or_default();
    }
    requires.sort_by(|a, b| a.key.cmp(&b.key));
    let requires_from = requires.first().map(|need| need.source.file.as_str().to_owned());
    Some(Vm {
        name,
        folder: folder.to_owned(),
        powered_on_at: powered_on.and_then(|run| run.from).map(|stamp| stamp.time),
        powered_on_host: powered_on.and_then(|run| run.host.clone()),
        requires,
        requires_from,
        settings: settings::of_run(newest),
        masked_then: powered_on.filter(|run| run.evc_known).map(|run| {
            let mut keys: Vec<String> = run.evc_masks.iter().map(|(key, _)| key.clone()).collect();
            keys.sort();
            keys
        }),
        source: source.clone(),
    })
}

/// Whether the configuration file `vmx` lies in `folder` of a bundle: `/vmfs/volumes/ds/vm/vm.vmx` in
/// `vmfs/volumes/ds/vm`. A datastore has several names, so the VM's own folder decides where they differ.
fn in_folder(vmx: &str, folder: &str) -> bool {
    let Some((vmx_folder, _)) = vmx.rsplit_once('/') else { return false };
    let vmx_folder = vmx_folder.trim_start_matches('/');
    vmx_folder == folder || other::same_folder(vmx_folder, folder)
}

/// The VM's name in a path of its configuration file: that of a known VM in the same folder, else the file's stem.
pub(super) fn name_by_vmx(host: &Host, vmx: &str) -> String {
    let known = host.vms.iter().find(|vm| in_folder(vmx, &vm.folder)).map(|vm| vm.name.clone());
    known.unwrap_or_else(|| {
        let file = vmx.rsplit('/').next().unwrap_or(vmx);
        file.strip_suffix(".vmx").unwrap_or(file).to_owned()
    })
}

/// The folder of a VM's log inside its bundle, `vmfs/volumes/<datastore>/<vm>`; `None` for every other file.
pub(super) fn folder_of_log(path: &str) -> Option<String> {
    super::log_of(path).filter(|log| *log == "vmware")?;
    super::inside(path).rsplit_once('/').map(|(folder, _)| folder.to_owned())
}

/// The name of the VM whose files lie in `folder` of a bundle, `vmfs/volumes/ds/vm`: that of a known VM there, else the
/// folder's own.
pub(super) fn name_by_folder(host: &Host, folder: &str) -> String {
    let running = host.vms.iter().find(|vm| in_folder(&format!("{}/vm.vmx", vm.folder), folder));
    let running = running.map(|vm| vm.name.clone());
    let registered = || {
        let mut vms = host.setup.vms.vms.iter().map(|vm| &vm.value);
        let vm = vms.find(|vm| vm.path.as_deref().is_some_and(|path| in_folder(path, folder)))?;
        vm.name.clone()
    };
    running.or_else(registered).unwrap_or_else(|| folder.rsplit('/').next().unwrap_or(folder).to_owned())
}
