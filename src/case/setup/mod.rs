//! How a host is set up: its network, time, software, options, HA, VMs and vSAN, put together from the files that each
//! tell a part.
//!
//! Of two files that contradict each other the first in the order of facts, which is that of the files' paths, is
//! right; what a later one adds is taken. Nothing is larger here than the facts that it was made of, which readers limit.

mod network;
mod vms;
mod vsan;

use std::collections::{BTreeMap, BTreeSet};

pub use self::network::{NetworkSetup, NtpSetup};
pub use self::vms::{VmSetup, VmsSetup};
pub use self::vsan::{DirectoryCount, DirectoryNode, VsanSetup};
use super::host::Sourced;
use crate::fact::settings::KernelSetting;
use crate::fact::{Acceptance, Fact, FactValue, HaConfig, HaHost, ImageProfile};

/// A host's setup, as one bundle tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// The image profile that it runs.
    pub profile: Option<Sourced<ImageProfile>>,
    /// The least acceptance level that it admits.
    pub acceptance: Option<Sourced<Acceptance>>,
    /// Installed VIBs.
    pub vibs: ByName<Vib>,
    /// The day on which the BIOS was released: `2018-12-04`.
    pub bios_date: Option<Sourced<String>>,
    /// Where its microcode comes from.
    pub microcode: Option<Sourced<MicrocodeSetup>>,
    /// VMkernel adapters, NICs and switches.
    pub network: NetworkSetup,
    /// Time synchronisation.
    pub ntp: NtpSetup,
    /// Kernel settings that differ from their default.
    pub kernel_settings: ByName<KernelSetting>,
    /// The hosts of its vSphere HA cluster.
    pub ha_hosts: Option<Sourced<Vec<HaHost>>>,
    /// What vSphere HA is to do.
    pub ha: Option<Sourced<HaConfig>>,
    /// The VMs on it.
    pub vms: VmsSetup,
    /// vSAN.
    pub vsan: VsanSetup,
}

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vib {
    /// `cpu-microcode`
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub vendor: Option<String>,
    /// How far VMware vouches for it.
    pub acceptance: Option<Acceptance>,
    /// The day on which it was installed.
    pub installed: Option<String>,
}

/// Where the microcode of a host comes from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MicrocodeSetup {
    /// What the BIOS loaded.
    pub original: Option<u64>,
    /// How many updates ESXi loaded since the boot.
    pub updates: Option<u64>,
}

impl Setup {
    /// Takes what `fact` says of the setup.
    pub(super) fn take(&mut self, fact: &Fact) {
        match &fact.value {
            FactValue::ImageProfile(profile) => first(&mut self.profile, fact, profile),
            FactValue::AcceptanceLevel { level } => first(&mut self.acceptance, fact, level),
            FactValue::Hardware { bios_date: Some(date), .. } => first(&mut self.bios_date, fact, date),
            FactValue::Microcode { original, updates, .. } if original.is_some() || updates.is_some() => {
                let told = MicrocodeSetup { original: *original, updates: *updates };
                complete(&mut self.microcode, fact, told, MicrocodeSetup::complete);
            }
            FactValue::Vib { name, version, vendor, acceptance, installed } => {
                let (vendor, installed) = (vendor.clone(), installed.clone());
                let (name, version, acceptance) = (name.clone(), version.clone(), *acceptance);
                let vib = Vib { name, version, vendor, acceptance, installed };
                self.vibs.add(&vib.name.clone(), fact, vib, Vib::complete);
            }
            FactValue::KernelSetting(setting) => {
                self.kernel_settings.add(&setting.name, fact, setting.clone(), |_, _| ());
            }
            FactValue::HaHosts { hosts } => first(&mut self.ha_hosts, fact, hosts),
            FactValue::HaConfig(config) => complete(&mut self.ha, fact, config.clone(), complete_ha),
            _ => {
                self.network.take(fact);
                self.ntp.take(fact);
                self.vms.take(fact);
                self.vsan.take(fact);
            }
        }
    }

    /// Ends it: `damaged` are the paths of the files that were not read whole.
    pub(super) fn settle(&mut self, damaged: &BTreeSet<&str>) {
        self.vms.settle(damaged);
    }

    /// Whether nothing is known of the setup.
    pub fn is_empty(&self) -> bool {
        *self == Setup::default()
    }

    /// What captures of a host are compared by, of which a host may have several: what it is, of what, and its value.
    pub(super) fn compared(&self) -> Vec<(&'static str, Option<String>, String)> {
        let mut values = Vec::new();
        let profile = self.profile.as_ref().and_then(|profile| profile.value.name.clone());
        values.extend(profile.map(|name| ("image-profile", None, name)));
        let microcode = self.vibs.get("cpu-microcode").map(|vib| vib.value.version.clone());
        values.extend(microcode.map(|version| ("microcode-vib", None, version)));
        self.network.compared(&mut values);
        let servers = self.ntp.servers.as_ref().map(|servers| servers.value.join(", "));
        values.extend(servers.map(|servers| ("ntp-servers", None, servers)));
        values.extend(self.vsan.formats().map(|formats| ("vsan-format", None, formats)));
        values
    }
}

impl Vib {
    /// Takes from `other` what this does not know, if it is the same package.
    fn complete(&mut self, other: Vib) {
        if self.version == other.version {
            keep(&mut self.vendor, other.vendor);
            keep(&mut self.acceptance, other.acceptance);
            keep(&mut self.installed, other.installed);
        }
    }
}

impl MicrocodeSetup {
    fn complete(&mut self, other: MicrocodeSetup) {
        keep(&mut self.original, other.original);
        keep(&mut self.updates, other.updates);
    }
}

fn complete_ha(own: &mut HaConfig, other: HaConfig) {
    fn fill<T>(own: &mut Vec<T>, other: Vec<T>) {
        if own.is_empty() {
            *own = other;
        }
    }
    keep(&mut own.enabled, other.enabled);
    keep(&mut own.host_monitoring, other.host_monitoring);
    keep(&mut own.vm_monitoring, other.vm_monitoring);
    keep(&mut own.component_protection, other.component_protection);
    keep(&mut own.admission_control, other.admission_control);
    keep(&mut own.restart_priority, other.restart_priority);
    keep(&mut own.isolation_response, other.isolation_response);
    fill(&mut own.admission_policy, other.admission_policy);
    fill(&mut own.options, other.options);
    fill(&mut own.vms, other.vms);
    own.lines.extend(other.lines);
}

/// Things of a host by their names, each with the first line that tells of it; `vmk2` comes before `vmk10`.
#[derive(Clone, Debug, PartialEq)]
pub struct ByName<T>(BTreeMap<Key, Sourced<T>>);

/// A name up to its last digits, these as a number, and the whole.
type Key = (String, u64, String);

impl<T> Default for ByName<T> {
    fn default() -> Self {
        ByName(BTreeMap::new())
    }
}

impl<T> ByName<T> {
    /// What is there, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &Sourced<T>> {
        self.0.values()
    }

    /// The one that is called `name`.
    pub fn get(&self, name: &str) -> Option<&Sourced<T>> {
        self.0.get(&key(name))
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds what `fact` says of `name`, by `join` if something is known of it already.
    fn add(&mut self, name: &str, fact: &Fact, value: T, join: impl FnOnce(&mut T, T)) {
        match self.0.entry(key(name)) {
            std::collections::btree_map::Entry::Occupied(mut known) => {
                join(&mut known.get_mut().value, value)
            }
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Sourced::of(fact, value));
            }
        }
    }
}

fn key(name: &str) -> Key {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[stem.len()..].parse().unwrap_or(0);
    (stem.to_owned(), number, name.to_owned())
}

/// Takes `other` where nothing is known.
fn keep<T>(own: &mut Option<T>, other: Option<T>) {
    *own = own.take().or(other);
}

/// Takes `value`, which `fact` says, where nothing is known.
fn first<T: Clone>(own: &mut Option<Sourced<T>>, fact: &Fact, value: &T) {
    own.get_or_insert_with(|| Sourced::of(fact, value.clone()));
}

/// Takes `value`, which `fact` says, by `join` where something is known.
fn complete<T>(own: &mut Option<Sourced<T>>, fact: &Fact, value: T, join: impl FnOnce(&mut T, T)) {
    match own {
        Some(own) => join(&mut own.value, value),
        None => *own = Some(Sourced::of(fact, value)),
    }
}

#[cfg(test)]
mod tests;
