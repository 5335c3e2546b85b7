//! Incident 1: hosts of one EVC cluster offer different CPU features, or fewer than before, and VMs powered on where
//! there were more of them cannot leave.

mod divided;
mod lowered;
mod registers;

use std::collections::BTreeMap;

use super::cluster::ClusterOptions;
use super::refusal::{Refusal, RefusalForm, add_refusal};
use super::site::{Generation, Host, Site, Vm};
use super::spelling::Spelling;
use crate::model::Timestamp;

/// Why VMs are held.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum EvcCause {
    /// The poor hosts still run the microcode they were booted with long ago.
    StaleMicrocode,
    /// The poor hosts run an older ESXi build with older bundled microcode.
    PatchLevel,
    /// The feature is switched off in the poor hosts' BIOS; microcode and build are equal.
    BiosSetting,
    /// All processors offer it; only the rich hosts' EVC masks let it through.
    StaleMask,
    /// The rich hosts have a newer processor.
    DifferentCpu,
    /// All processors offer it and all EVC masks are equal, but a register mask was left on the poor hosts.
    CpuidOverride,
    /// All hosts are equal; VMs have masks of their own, of a higher mode than the hosts'.
    PerVmEvc,
    /// All hosts are equal; VMs run since before EVC was lowered.
    StartedEarlier,
}

impl EvcCause {
    /// Ids of the finding and of the cause that a right report gives.
    pub const fn expected(self) -> (&'static str, &'static str) {
        match self {
            EvcCause::StaleMicrocode => ("evc.feature-mismatch", "stale-microcode"),
            EvcCause::PatchLevel => ("evc.feature-mismatch", "patch-level"),
            EvcCause::BiosSetting => ("evc.feature-mismatch", "bios-setting"),
            EvcCause::StaleMask => ("evc.feature-mismatch", "stale-evc-mask"),
            EvcCause::DifferentCpu => ("evc.feature-mismatch", "different-cpu"),
            EvcCause::CpuidOverride => ("evc.feature-mismatch", "cpuid-override"),
            EvcCause::PerVmEvc => ("evc.vmotion-failed", "per-vm-evc"),
            EvcCause::StartedEarlier => ("evc.vmotion-failed", "vm-powered-on-earlier"),
        }
    }

    /// Whether the hosts differ.
    const fn divides(self) -> bool {
        !matches!(self, EvcCause::PerVmEvc | EvcCause::StartedEarlier)
    }
}

/// What the poor hosts' EVC masks say of the features that the rich ones' let through.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Masks {
    /// Nothing.
    #[default]
    Missing,
    /// `Val:0`
    Zero,
    /// The same as on the rich ones.
    Equal,
    /// There is no EVC: no host has any mask.
    None,
}

/// What of the evidence is there.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum EvidenceKind {
    /// What hosts and VMs are: no migration was asked for, and there is no bundle of vCenter.
    State,
    /// What logs tell: no masks, no object dump, no `vmware.log`. vCenter's log, `.vmx` files, CPU and version lists stay.
    Lines,
    /// Both.
    #[default]
    Both,
}

/// The knobs of [`evc_incident`].
#[derive(Clone, Debug)]
pub struct EvcOptions {
    /// The cluster it happens to; its `vms_per_host` counts for the poor hosts only.
    pub cluster: ClusterOptions,
    /// The features that differ, as `/etc/vmware/config` spells them: `cpuid.MDCLEAR`.
    pub features: Vec<String>,
    /// The hosts that offer them, by index. The first one has the VMs of the story. Where all hosts are equal, only
    /// that is meant.
    pub rich: Vec<usize>,
    /// Why they differ.
    pub cause: EvcCause,
    /// Whether vCenter was asked for the migrations it refuses; without it only state is left to judge by.
    pub failures: bool,
    /// What of the evidence is there.
    pub evidence: EvidenceKind,
    /// What the poor hosts' masks say.
    pub masks: Masks,
    /// `featureCompat.evc.completeMasks` host by host, from the beginning again where they are more.
    pub complete_masks: Vec<Option<bool>>,
    /// Whether `maskedFeatureCapability` shows what a left-over register mask hides.
    pub override_in_masked: bool,
    /// How things are written, host by host, from the beginning again where they are more.
    pub spellings: Vec<Spelling>,
    /// How the refusals are told, one after the other.
    pub forms: Vec<RefusalForm>,
}

impl Default for EvcOptions {
    fn default() -> Self {
        EvcOptions {
            cluster: ClusterOptions { vms_per_host: 2, vsan: false, ..ClusterOptions::default() },
            features: vec!["cpuid.MDCLEAR".to_owned()],
            rich: vec![0],
            cause: EvcCause::StaleMicrocode,
            failures: true,
            evidence: EvidenceKind::Both,
            masks: Masks::Missing,
            complete_masks: vec![Some(true)],
            override_in_masked: true,
            spellings: vec![Spelling::default()],
            forms: vec![RefusalForm::Plain, RefusalForm::Named, RefusalForm::Japanese],
        }
    }
}

impl EvcOptions {
    /// The same story on hosts of `generation`.
    pub fn of(generation: Generation) -> Self {
        let cluster = ClusterOptions { vms_per_host: 2, vsan: false, ..ClusterOptions::of(generation) };
        EvcOptions { cluster, ..EvcOptions::default() }
    }

    /// A story with another cause about other features.
    pub fn about(cause: EvcCause, features: &[&str]) -> Self {
        let masks = if cause == EvcCause::CpuidOverride { Masks::Equal } else { Masks::Missing };
        let features = features.iter().map(|key| (*key).to_owned()).collect();
        EvcOptions { cause, features, masks, ..EvcOptions::default() }
    }

    /// Gives host `index` what the options say of it.
    fn settle(&self, host: &mut Host, index: usize) {
        if let Some(&complete) = self.complete_masks.iter().cycle().nth(index) {
            host.complete_masks = complete;
        }
        if let Some(&spelling) = self.spellings.iter().cycle().nth(index) {
            host.spelling = spelling;
        }
    }
}

/// A migration that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The VM.
    pub vm: String,
    /// Where it is.
    pub from: String,
    /// Where it could not go.
    pub to: String,
    /// When.
    pub at: Timestamp,
    /// How it was told.
    pub form: RefusalForm,
}

/// Whether a host can be emptied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evacuated {
    /// The host.
    pub host: String,
    /// VMs that run on it.
    pub vms: usize,
    /// Names of those that no other host takes, in order.
    pub stay: Vec<String>,
}

/// What a right answer says about [`evc_incident`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvcTruth {
    /// The keys that differ, in lower case.
    pub features: Vec<String>,
    /// Hosts that offer them.
    pub have: Vec<String>,
    /// Hosts that do not.
    pub lack: Vec<String>,
    /// The VMs that cannot leave, and their host.
    pub pinned: Vec<(String, String)>,
    /// Running VMs on a rich host that can leave all the same.
    pub free: Vec<String>,
    /// The VM on a rich host that is powered off.
    pub powered_off: Vec<String>,
    /// From and to: migration works this way and is refused the other way.
    pub one_way: Vec<(String, String)>,
    /// Host by host: can it be emptied?
    pub evacuation: Vec<Evacuated>,
    /// When the rich host's mask became effective, or EVC was lowered.
    pub mask_effective_at: Timestamp,
    /// The refused migrations, in order of time; empty where none was asked for.
    pub refused: Vec<Refused>,
    /// Why.
    pub cause: EvcCause,
    /// Ids of finding and cause; `None` where the hosts offer the same after all.
    pub expected: Option<(&'static str, &'static str)>,
}

/// The site and the truth.
pub fn evc_incident(options: &EvcOptions) -> (Site, EvcTruth) {
    let mut options = options.clone();
    if options.evidence == EvidenceKind::State {
        (options.failures, options.cluster.vcenter) = (false, false);
    }
    let (mut site, told) =
        if options.cause.divides() { divided::story(&options) } else { lowered::story(&options) };
    let truth = truth(&site, &options, told);
    if options.evidence == EvidenceKind::Lines {
        site.hosts.iter_mut().for_each(withhold_state);
    }
    (site, truth)
}

/// Leaves out of a host's bundle what tells of masks, capabilities and requirements.
fn withhold_state(host: &mut Host) {
    let logs =
        host.vms.iter().map(|vm| format!("vmfs/volumes/{}/{}/vmware", vm.datastore.volume, vm.directory));
    let files = ["etc/vmware/config", "commands/vmware-vimdump", "reconstruct.sh"].map(str::to_owned);
    let left_out: Vec<String> = logs.chain(files).collect();
    host.omit.extend(left_out);
}

/// Each held VM is refused once, each to another host that lacks what it needs, each told in another way.
fn refuse(site: &mut Site, options: &EvcOptions, held: &[(usize, Vm)], capture: Timestamp) -> Vec<Refused> {
    if !options.failures || site.vcenter.is_none() || options.forms.is_empty() {
        return Vec::new();
    }
    let mut refused = Vec::new();
    for turn in 0..held.len().max(options.forms.len()) {
        let Some((home, vm)) = held.get(turn % held.len().max(1)) else { break };
        let poor: Vec<String> = (0..site.hosts.len())
            .filter(|&index| index != *home && lacks(&site.hosts[index], &options.features))
            .map(|index| site.hosts[index].name.clone())
            .collect();
        if poor.is_empty() {
            continue;
        }
        let at = moment(capture, turn);
        let (from, to) = (site.hosts[*home].name.clone(), poor[turn % poor.len()].clone());
        let others = poor.iter().filter(|name| **name != to).cloned().collect();
        let form = options.forms[turn % options.forms.len()];
        let keys = options.features.iter().filter(|key| !key.starts_with("vt.")).cloned().collect();
        let (name, source, target) = (vm.name.clone(), from.clone(), to.clone());
        add_refusal(site, &Refusal { vm: name, from: source, to: target, others, keys, at, form });
        refused.push(Refused { vm: vm.name.clone(), from, to, at, form });
    }
    refused
}

/// When refusal `turn` comes: 93, 81 and 52 minutes before the capture, then every two minutes.
fn moment(capture: Timestamp, turn: usize) -> Timestamp {
    let minutes = match turn {
        0 => 93,
        1 => 81,
        2 => 52,
        turn => 50 - 2 * turn as i64,
    };
    capture.plus_seconds(-60 * minutes).plus_micros(minutes % 10 * 103_000)
}

/// Whether VMs that are powered on on `host` now get none of `features`.
fn lacks(host: &Host, features: &[String]) -> bool {
    let offered = host.offered_under(&host.evc_masks);
    features.iter().all(|key| offered.get(key).copied().unwrap_or(0) == 0)
}

/// Whether `host` does not meet all of the VM's requirements.
fn unmet(host: &Host, vm: &Vm) -> bool {
    let offered: BTreeMap<String, u64> = host
        .offered_under(&host.evc_masks)
        .into_iter()
        .map(|(key, value)| (key.to_lowercase(), value))
        .collect();
    vm.run.requires.keys().any(|key| offered.get(key).copied().unwrap_or(0) == 0)
}

fn truth(site: &Site, options: &EvcOptions, told: divided::Told) -> EvcTruth {
    let name = |index: usize| site.hosts[index].name.clone();
    let lack: Vec<usize> = (0..site.hosts.len())
        .filter(|index| !told.rich.contains(index) && lacks(&site.hosts[*index], &options.features))
        .collect();
    let running = || {
        let hosts = site.hosts.iter().enumerate();
        hosts.flat_map(|(index, host)| host.vms.iter().filter(|vm| vm.running).map(move |vm| (index, vm)))
    };
    let held =
        |(home, vm): &(usize, &Vm)| lack.iter().any(|&other| other != *home && unmet(&site.hosts[other], vm));
    let pinned: Vec<(String, String)> =
        running().filter(held).map(|(home, vm)| (vm.name.clone(), name(home))).collect();
    let on_rich = || told.rich.iter().flat_map(|&index| &site.hosts[index].vms);
    let is_pinned = |vm: &&Vm| pinned.iter().any(|(name, _)| *name == vm.name);
    EvcTruth {
        features: options.features.iter().map(|key| key.to_lowercase()).collect(),
        have: told.rich.iter().map(|&index| name(index)).collect(),
        lack: lack.iter().map(|&index| name(index)).collect(),
        free: on_rich().filter(|vm| vm.running && !is_pinned(vm)).map(|vm| vm.name.clone()).collect(),
        powered_off: on_rich().filter(|vm| !vm.running).map(|vm| vm.name.clone()).collect(),
        one_way: lack
            .iter()
            .flat_map(|&from| told.rich.iter().map(move |&to| (from, to)))
            .map(|(from, to)| (name(from), name(to)))
            .collect(),
        evacuation: (0..site.hosts.len()).map(|index| evacuated(site, index)).collect(),
        pinned,
        mask_effective_at: told.mask_effective_at,
        refused: told.refused,
        cause: options.cause,
        expected: (!lack.is_empty()).then(|| options.cause.expected()),
    }
}

fn evacuated(site: &Site, index: usize) -> Evacuated {
    let host = &site.hosts[index];
    let others = || site.hosts.iter().filter(|other| other.name != host.name);
    let running = || host.vms.iter().filter(|vm| vm.running);
    let stays = |vm: &&Vm| others().next().is_some() && others().all(|other| unmet(other, vm));
    let mut stay: Vec<String> = running().filter(stays).map(|vm| vm.name.clone()).collect();
    stay.sort();
    Evacuated { host: host.name.clone(), vms: running().count(), stay }
}
