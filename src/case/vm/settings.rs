//! What a VM's own configuration sets of the CPU: masks of its features, of registers, and switches.

use std::collections::BTreeMap;

use crate::fact::feature::FeatureValue;
use crate::fact::{VmConfig, VmRun};
use crate::model::Source;

/// What a VM's configuration sets of the CPU.
#[derive(Clone, Debug, Default)]
pub struct VmCpuSettings {
    /// `featMask.vm.<key>` in lower case.
    pub masks: BTreeMap<String, FeatureValue>,
    /// `featureCompat.vm.completeMasks`: per-VM EVC sets it.
    pub complete: Option<bool>,
    /// Legacy register masks: `cpuid.7.edx` and its text.
    pub registers: Vec<(String, String)>,
    /// `vhv.enable`: the guest may run a hypervisor.
    pub nested: bool,
    /// `vpmc.enable`: the guest sees performance counters.
    pub perf_counters: bool,
    /// `featureCompat.enable = FALSE`: its features are not checked.
    pub unchecked: bool,
    /// The lines that say so.
    pub lines: Vec<(Source, String)>,
}

impl VmCpuSettings {
    /// What is set, by the names of the report.
    pub fn kinds(&self) -> Vec<&'static str> {
        let per_vm_evc = self.is_per_vm_evc();
        let told = [
            ("per-vm-evc", per_vm_evc),
            ("feature-masks", !self.masks.is_empty() && !per_vm_evc),
            ("register-masks", !self.registers.is_empty()),
            ("nested", self.nested),
            ("performance-counters", self.perf_counters),
            ("no-check", self.unchecked),
        ];
        told.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
    }

    /// Whether the masks are a whole EVC mode, not single ones set by hand.
    pub fn is_per_vm_evc(&self) -> bool {
        self.complete == Some(true) && !self.masks.is_empty()
    }
}

/// What held when the run began, as its log prints it.
pub(super) fn of_run(run: &VmRun) -> VmCpuSettings {
    VmCpuSettings {
        masks: run.vm_masks.iter().cloned().collect(),
        complete: run.vm_complete,
        ..VmCpuSettings::default()
    }
}

impl VmCpuSettings {
    /// Adds what the configuration file sets. It is what was written last; what held at the power-on comes first.
    pub(super) fn complete_by(&mut self, config: &VmConfig) {
        for (key, mask) in &config.masks {
            self.masks.entry(key.clone()).or_insert(*mask);
        }
        self.complete = self.complete.or(config.complete_masks);
        self.registers.extend(config.cpuid.iter().cloned());
        self.nested |= config.nested == Some(true);
        self.perf_counters |= config.perf_counters == Some(true);
        self.unchecked |= config.feature_check == Some(false);
        self.lines.extend(config.lines.iter().cloned());
    }
}
