//! What a record in a VM's own log is about: the VM whose folder the log lies in, on the host whose bundle holds it.

use super::super::host::Host;
use super::super::vm;
use crate::fact::VmStart;
use crate::model::{Event, EventKind};

/// Names the VM of a record of `vmware.log`, and the host as the target where the VM was to arrive there.
pub(super) fn complete(event: &mut Event, host: usize, hosts: &[Host]) {
    let host = &hosts[host];
    let may_name_target = event.kind == EventKind::VMOTION_FAIL_CPU && !event.fields.contains_key("target");
    if event.fields.contains_key("vm") && !may_name_target {
        return;
    }
    let Some(folder) = vm::folder_of_log(event.source.file.as_str()) else { return };
    event.fields.entry("vm".to_owned()).or_insert_with(|| vm::name_by_folder(host, &folder));
    if may_name_target && start_of(event, host) == Some(VmStart::MigratedIn) {
        event.fields.insert("target".to_owned(), host.id.clone());
    }
}

/// Whether a record that speaks of missing CPU features is about a power-on, or a resumption, and no migration.
pub(super) fn is_power_on(event: &Event, host: &Host) -> bool {
    let of_vm =
        event.kind == EventKind::VMOTION_FAIL_CPU && vm::folder_of_log(event.source.file.as_str()).is_some();
    of_vm && matches!(start_of(event, host), Some(VmStart::PowerOn | VmStart::Resume))
}

fn start_of(event: &Event, host: &Host) -> Option<VmStart> {
    host.told.starts.get(event.source.file.as_str()).copied()
}
