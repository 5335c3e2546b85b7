//! The CPU-feature matrix: what each host offers, what each VM needs, and where it cannot go for it.

mod outlook;

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Case, Cluster, Host, Vm};
use crate::fact::features::{self, FeatureClass};
use crate::model::HostKind;

pub use outlook::{Baseline, Evacuation, Outlook};

/// One feature over all ESXi hosts of a case.
#[derive(Clone, Debug)]
pub struct Row {
    /// Lower-case key.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// What sort of feature.
    pub class: FeatureClass,
    /// By host index: capability before masks.
    pub capability: BTreeMap<usize, Option<u64>>,
    /// By host index: the EVC mask's number.
    pub mask: BTreeMap<usize, Option<u64>>,
    /// By host index: what VMs can use.
    pub effective: BTreeMap<usize, Option<u64>>,
    /// Whether hosts of one cluster differ in what VMs can use.
    pub differs: bool,
    /// The flaws that it guards against.
    pub cves: Vec<&'static str>,
    /// VMware's advisory on them.
    pub advisory: Option<&'static str>,
}

/// A VM, what it needs, and where it cannot go.
#[derive(Clone, Debug)]
pub struct VmNeeds<'a> {
    /// The VM.
    pub vm: &'a Vm,
    /// Where it runs: an index into the case's hosts.
    pub host: usize,
    /// Hosts of its cluster that do not offer what it needs.
    pub blocked: Vec<Block>,
}

/// A host that a VM cannot move to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// An index into the case's hosts.
    pub host: usize,
    /// Keys that it does not offer.
    pub missing: Vec<String>,
}

/// Everything that is known of CPU features in a case.
#[derive(Clone, Debug, Default)]
pub struct Matrix<'a> {
    /// ESXi hosts: indices, ascending.
    pub hosts: Vec<usize>,
    /// Rows that differ first, security features before others, then by key.
    pub rows: Vec<Row>,
    /// Ordered by host, then name.
    pub vms: Vec<VmNeeds<'a>>,
    /// By cluster, in the case's order.
    pub clusters: Vec<Outlook>,
}

/// The matrix of a case.
pub fn matrix(case: &Case) -> Matrix<'_> {
    let hosts: Vec<usize> =
        (0..case.hosts.len()).filter(|&index| case.hosts[index].kind == HostKind::Esxi).collect();
    let keys: BTreeSet<&str> = hosts.iter().flat_map(|&index| keys(&case.hosts[index])).collect();
    let mut rows: Vec<Row> = keys.into_iter().map(|key| row(case, &hosts, key)).collect();
    rows.sort_by(|a, b| (!a.differs, a.class, &a.key).cmp(&(!b.differs, b.class, &b.key)));
    let mut vms = Vec::new();
    for cluster in &case.clusters {
        for (index, host) in case.members(cluster) {
            vms.extend(host.vms.iter().map(|vm| VmNeeds {
                vm,
                host: index,
                blocked: blocked(case, cluster, index, vm),
            }));
        }
    }
    vms.sort_by(|a, b| (a.host, &a.vm.name).cmp(&(b.host, &b.vm.name)));
    let clusters = (0..case.clusters.len()).map(|cluster| outlook::of(case, cluster, &rows, &vms)).collect();
    Matrix { hosts, rows, vms, clusters }
}

fn keys(host: &Host) -> impl Iterator<Item = &str> {
    let state = &host.features;
    state.capability.keys().chain(state.masked.keys()).chain(state.masks.keys()).map(String::as_str)
}

fn row(case: &Case, hosts: &[usize], key: &str) -> Row {
    let info = features::describe(key);
    let of = |value: &dyn Fn(&Host) -> Option<u64>| {
        hosts.iter().map(|&index| (index, value(&case.hosts[index]))).collect::<BTreeMap<_, _>>()
    };
    let differs = !info.identity && case.clusters.iter().any(|cluster| differs(case, cluster, key));
    Row {
        key: key.to_owned(),
        label: info.description.to_owned(),
        class: info.class,
        capability: of(&|host| host.features.capability.get(key).map(|value| value.value)),
        mask: of(&|host| host.features.masks.get(key).map(|mask| mask.value.number)),
        effective: of(&|host| offered(case, host, key)),
        differs,
        cves: info.cves().collect(),
        advisory: info.advisory,
    }
}

/// What VMs on `host` can use of `key`.
///
/// Where the bundle holds no capabilities, a host under EVC without a mask for a feature that another host of the case
/// has one for does not offer it.
pub fn offered(case: &Case, host: &Host, key: &str) -> Option<u64> {
    let state = &host.features;
    if state.masked.contains_key(key) || state.masks.contains_key(key) {
        return state.effective(key, true);
    }
    state.effective(key, !seen_without_mask(case, key)).or_else(|| {
        let masked_keys: BTreeSet<&String> =
            case.hosts.iter().flat_map(|other| other.features.masks.keys()).collect();
        // A host without any of many masks is not under EVC, and its CPU decides.
        let under_evc = !state.masks.is_empty() || masked_keys.len() <= FEW_MASKS;
        let silent = state.masks_known() && state.capability.is_empty() && state.masked.is_empty();
        (silent && under_evc && masked_keys.iter().any(|masked| *masked == key)).then_some(0)
    })
}

/// Up to so many masks in a case tell of single features, not of an EVC mode that a host may be outside of.
const FEW_MASKS: usize = 4;

/// Whether some host under EVC offers `key` without a mask for it: by its list after masks, or by a VM that runs there
/// and needs it.
fn seen_without_mask(case: &Case, key: &str) -> bool {
    case.hosts.iter().any(|host| {
        let state = &host.features;
        let listed = state.masked.get(key).is_some_and(|value| value.value > 0);
        let needed = || host.vms.iter().any(|vm| vm.requires.iter().any(|need| need.key == key));
        !state.masks.is_empty() && !state.masks.contains_key(key) && (listed || needed())
    })
}

/// Whether the hosts of `cluster` that tell differ in what they offer of `key`.
pub fn differs(case: &Case, cluster: &Cluster, key: &str) -> bool {
    let mut values = case.members(cluster).filter_map(|(_, host)| offered(case, host, key));
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// The hosts of `cluster` that `vm`, which runs on host `home`, cannot move to.
pub fn blocked(case: &Case, cluster: &Cluster, home: usize, vm: &Vm) -> Vec<Block> {
    let others = case.members(cluster).filter(|(index, _)| *index != home);
    let block = |(index, host): (usize, &Host)| {
        let unmet = vm.requires.iter().filter(|need| {
            let identity = features::describe(&need.key).identity;
            !identity && offered(case, host, &need.key).is_some_and(|value| !need.value.is_met_by(value))
        });
        let missing: Vec<String> = unmet.map(|need| need.key.clone()).collect();
        (!missing.is_empty()).then_some(Block { host: index, missing })
    };
    others.filter_map(block).collect()
}
