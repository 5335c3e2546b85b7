//! A VM of a dump: what it requires of a CPU, and who it is.
//!
//! Fields are known by their whole path below the object, as devices, snapshots and pools have names too.

use super::super::text::{Anchor, value};
use super::super::{FactValue, Output, Requirement, VmRequirements};
use crate::format::time;

/// A VM object, as far as it was read. The first of two fields that say the same holds.
pub(super) struct Machine {
    at: Anchor,
    found: VmRequirements,
    /// Whether its requirements were read to the end of their list. Half of them would be taken for all.
    listed: bool,
    /// Whether the dump says that there is no such list.
    unset: bool,
}

impl Machine {
    /// A VM object that begins at this line.
    pub(super) fn new(at: Anchor) -> Self {
        Machine { at, found: VmRequirements::default(), listed: false, unset: false }
    }

    /// `runtime.powerState = 'poweredOn'`, with the path from the VM object on.
    pub(super) fn value(&mut self, path: &str, text: &str) {
        let found = &mut self.found;
        let said = value(text).filter(|said| said != "null");
        match path_in_vm(path) {
            "name" | "config.name" => keep(&mut found.name, said.map(|name| unescaped(&name))),
            "config.files.vmPathName" | "config.vmPathName" => keep(&mut found.path, said),
            "runtime.powerState" => {
                let state = said.as_deref().map(str::to_ascii_lowercase);
                let on = match state.as_deref() {
                    Some("poweredon") => Some(true),
                    Some("poweredoff" | "suspended") => Some(false),
                    _ => None,
                };
                keep(&mut found.powered_on, on);
            }
            "runtime.bootTime" => {
                let stamp = said.and_then(|said| time::iso(said.as_bytes()));
                keep(&mut found.booted_at, stamp.map(|(stamp, _)| stamp.time));
            }
            "runtime.minRequiredEVCModeKey" => keep(&mut found.min_evc_mode, said),
            "runtime.featureRequirement" => self.unset |= said.is_none(),
            _ => {}
        }
    }

    /// Takes the requirements of a list that was read to its end.
    pub(super) fn require(&mut self, list: Vec<Requirement>) {
        if !self.listed {
            self.found.requires = list;
            self.listed = true;
        }
    }

    /// Tells what is sure. A VM that runs and has no list is not known to require nothing.
    pub(super) fn tell(self, out: &mut Output) {
        let known = self.found.name.is_some() || self.found.path.is_some();
        let nothing = self.unset && self.found.powered_on == Some(false);
        if known && (self.listed || nothing) {
            out.facts.push(self.at.fact(FactValue::VmRequirements(self.found)));
        }
    }
}

/// Whether the list at this path below a VM object holds what the VM requires of a host to run there.
pub(super) fn is_requirements(path: &str) -> bool {
    path_in_vm(path) == "runtime.featureRequirement"
}

/// A VM's `summary` repeats its `config` and `runtime`.
fn path_in_vm(path: &str) -> &str {
    path.strip_prefix("summary.").unwrap_or(path)
}

fn keep<T>(slot: &mut Option<T>, said: Option<T>) {
    if slot.is_none() {
        *slot = said;
    }
}

/// The API writes `/`, `\` and `%` in names as `%2f`, `%5c` and `%25`.
fn unescaped(name: &str) -> String {
    let pairs = [("%2f", "/"), ("%2F", "/"), ("%5c", "\\"), ("%5C", "\\"), ("%25", "%")];
    pairs.iter().fold(name.to_owned(), |name, (code, plain)| name.replace(code, plain))
}
