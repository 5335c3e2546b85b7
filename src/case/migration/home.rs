//! Where the VM of a refused migration ran: a refusal names the VM and where it was to go, and often no more.

use std::collections::BTreeMap;

use super::super::host::Host;
use super::{Migration, Outcome};
use crate::model::HostKind;

/// Gives each refused migration its source where exactly one host can be it. `migrations` are in the order of time.
pub(super) fn settle(migrations: &mut [Migration], hosts: &[Host]) {
    let mut runs_on = capture(hosts);
    // From the captures back in time: before a VM arrived it ran where it came from.
    for migration in migrations.iter_mut().rev() {
        let Some(vm) = &migration.vm else { continue };
        match migration.outcome {
            Outcome::Succeeded => {
                // Where several hosts have a VM of this name, which one moved is not known.
                let known = runs_on.entry(vm.clone()).or_insert(migration.source);
                *known = known.and(migration.source);
            }
            Outcome::Refused if migration.source.is_none() && migration.from.name.is_none() => {
                let home = runs_on.get(vm).copied().flatten();
                migration.source = home.filter(|&home| !is_target(migration, home, hosts));
            }
            _ => {}
        }
    }
}

/// The host that runs a VM at the captures, by the VM's name; `None` where several do.
fn capture(hosts: &[Host]) -> BTreeMap<String, Option<usize>> {
    let mut runs_on: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for (at, host) in hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Esxi) {
        for vm in &host.vms {
            let known = runs_on.entry(vm.name.clone()).or_insert(Some(at));
            *known = known.filter(|&known| known == at);
        }
    }
    runs_on
}

/// Whether the refusal names `host` as the one target, or as one of them: then the VM came there by other means.
fn is_target(migration: &Migration, host: usize, hosts: &[Host]) -> bool {
    let position = |name: &String| super::super::names::position(hosts, name);
    migration.destination == Some(host) || migration.choice.iter().any(|name| position(name) == Some(host))
}
