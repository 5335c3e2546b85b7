//! What a record in a VM's own log is about: the VM whose folder the log lies in, on the host whose bundle holds it.

use super::super::host::Host;
use crate::bundle::tree;
use crate::fact::VmStart;
use crate::format;
use crate::model::{Event, EventKind, MemberPath};

/// Names the VM of a record of `vmware.log`, and the host as the target where the VM was to arrive there.
pub(super) fn complete(event: &mut Event, host: usize, hosts: &[Host]) {
    let host = &hosts[host];
    let Some(folder) = folder_of(&event.source.file) else { return };
    let vm = host.vms.iter().find(|vm| vm.folder == folder).map(|vm| vm.name.as_str());
    let name = vm.or_else(|| folder.rsplit('/').next()).unwrap_or(&folder).to_owned();
    event.fields.entry("vm".to_owned()).or_insert(name);
    if event.kind == EventKind::VMOTION_FAIL_CPU && start_of(event, host) == Some(VmStart::MigratedIn) {
        event.fields.entry("target".to_owned()).or_insert_with(|| host.id.clone());
    }
}

/// Whether a record that speaks of missing CPU features is about a power-on, or a resumption, and no migration.
pub(super) fn is_power_on(event: &Event, host: &Host) -> bool {
    let of_vm = event.kind == EventKind::VMOTION_FAIL_CPU && folder_of(&event.source.file).is_some();
    of_vm && matches!(start_of(event, host), Some(VmStart::PowerOn | VmStart::Resume))
}

fn start_of(event: &Event, host: &Host) -> Option<VmStart> {
    host.told.starts.get(event.source.file.as_str()).copied()
}

/// The folder of a VM's log inside its bundle: `vmfs/volumes/<datastore>/<vm>`.
fn folder_of(file: &MemberPath) -> Option<String> {
    let path = file.as_str();
    format::of_path(path).filter(|format| format.name == "vmware")?;
    let own = path.rsplit('!').next().unwrap_or(path);
    let inside = tree::split(own).map_or_else(|| own.to_owned(), |(_, inside)| inside);
    inside.rsplit_once('/').map(|(folder, _)| folder.to_owned())
}
