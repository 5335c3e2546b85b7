//! The CPU-feature matrix: what each host offers, what each VM needs, and where it cannot go for it.

mod offered;
mod outlook;

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Case, Cluster, Host, Vm};
use crate::fact::features::{self, FeatureClass};
use crate::model::HostKind;

pub use offered::{Basis, Offers};
pub(in crate::verdict) use offered::{home, named, targets};
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
    /// What each value rests on.
    pub offers: Offers,
}

/// The matrix of a case.
pub fn matrix(case: &Case) -> Matrix<'_> {
    let offers = Offers::of(case);
    let hosts: Vec<usize> =
        (0..case.hosts.len()).filter(|&index| case.hosts[index].kind == HostKind::Esxi).collect();
    let keys: BTreeSet<&str> = hosts.iter().flat_map(|&index| offers.keys(index)).collect();
    let mut rows: Vec<Row> = keys.into_iter().map(|key| row(case, &offers, &hosts, key)).collect();
    rows.sort_by(|a, b| (!a.differs, a.class, &a.key).cmp(&(!b.differs, b.class, &b.key)));
    let mut vms = Vec::new();
    for cluster in &case.clusters {
        for (index, host) in case.members(cluster) {
            vms.extend(host.vms.iter().map(|vm| VmNeeds {
                vm,
                host: index,
                blocked: blocked(&offers, cluster, index, vm),
            }));
        }
    }
    vms.sort_by(|a, b| (a.host, &a.vm.name).cmp(&(b.host, &b.vm.name)));
    let clusters = (0..case.clusters.len()).map(|at| outlook::of(case, &offers, at, &rows, &vms)).collect();
    Matrix { hosts, rows, vms, clusters, offers }
}

fn row(case: &Case, offers: &Offers, hosts: &[usize], key: &str) -> Row {
    let info = features::describe(key);
    let of = |value: &dyn Fn(&Host) -> Option<u64>| {
        hosts.iter().map(|&index| (index, value(&case.hosts[index]))).collect::<BTreeMap<_, _>>()
    };
    Row {
        key: key.to_owned(),
        label: info.description.to_owned(),
        class: info.class,
        capability: of(&|host| host.features.capable_of(key)),
        mask: of(&|host| host.features.masks.get(key).map(|mask| mask.value.number)),
        effective: hosts.iter().map(|&host| (host, offers.value(host, key))).collect(),
        differs: !info.identity && case.clusters.iter().any(|cluster| differs(offers, cluster, key)),
        cves: info.cves().collect(),
        advisory: info.advisory,
    }
}

/// Whether the hosts of `cluster` that tell differ in what they offer of `key`.
fn differs(offers: &Offers, cluster: &Cluster, key: &str) -> bool {
    let mut values = cluster.hosts.iter().filter_map(|&host| offers.value(host, key));
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// The hosts of `cluster` that `vm`, which runs on host `home`, cannot move to.
fn blocked(offers: &Offers, cluster: &Cluster, home: usize, vm: &Vm) -> Vec<Block> {
    let others = cluster.hosts.iter().filter(|&&host| host != home && !vm.settings.unchecked);
    let block = |&host: &usize| {
        let missing = unmet(offers, host, vm);
        (!missing.is_empty()).then_some(Block { host, missing })
    };
    others.filter_map(block).collect()
}

/// The keys that `vm` requires and `host` is known not to offer.
pub fn unmet(offers: &Offers, host: usize, vm: &Vm) -> Vec<String> {
    let features = vm.requires.iter().filter(|need| !features::describe(&need.key).identity);
    let unmet = features
        .filter(|need| offers.value(host, &need.key).is_some_and(|value| !need.value.is_met_by(value)));
    unmet.map(|need| need.key.clone()).collect()
}

#[cfg(test)]
mod tests;
