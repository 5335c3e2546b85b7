//! Features that some hosts of a cluster offer and others do not, divided by hosts and by cause.

use std::collections::BTreeMap;

use super::cause::{self, Judged, Support};
use crate::case::{Case, Cluster, Moment, Vm};
use crate::fact::features::{FeatureClass, describe};
use crate::verdict::features::{self, Basis, Matrix, Row};

/// Features that some hosts of a cluster offer and others do not, for one cause.
pub(in crate::verdict) struct Gap {
    /// Lower-case keys, ordered.
    pub keys: Vec<String>,
    /// Hosts that offer them.
    pub have: Vec<usize>,
    /// Hosts that do not, or offer less.
    pub lack: Vec<usize>,
    /// Why.
    pub cause: Judged,
}

/// A VM that a gap pins to its host.
pub(in crate::verdict) struct Pinned<'a> {
    /// Its name.
    pub name: &'a str,
    /// The VM, where its bundle tells of it; else only refused migrations do.
    pub vm: Option<&'a Vm>,
    /// Where it runs.
    pub host: usize,
}

/// Why one host lacks one feature.
struct Lack {
    key: String,
    have: Vec<usize>,
    poor: usize,
    cause: Judged,
}

/// The gaps of `cluster`: one for each way in which its hosts divide and each cause.
pub(in crate::verdict) fn gaps(case: &Case, matrix: &Matrix<'_>, cluster: &Cluster) -> Vec<Gap> {
    let rows = matrix.rows.iter().filter(|row| row.differs);
    let mut lacks: Vec<Lack> = rows.flat_map(|row| lacks(case, matrix, cluster, row)).collect();
    settle(&mut lacks);
    // First the hosts that lack one feature for one cause, then the features of the same hosts.
    let mut by_key: BTreeMap<(Vec<usize>, String, &str), Gap> = BTreeMap::new();
    for Lack { key, have, poor, cause } in lacks {
        let place = by_key.entry((have.clone(), key.clone(), cause.id));
        let gap = place.or_insert_with(|| Gap { keys: vec![key], have, lack: Vec::new(), cause });
        gap.lack.push(poor);
        gap.cause.support = gap.cause.support.max(cause.support);
    }
    let mut gaps: BTreeMap<(Vec<usize>, Vec<usize>, &str), Gap> = BTreeMap::new();
    for gap in by_key.into_values() {
        let place = (gap.have.clone(), gap.lack.clone(), gap.cause.id);
        match gaps.get_mut(&place) {
            Some(known) => {
                known.keys.extend(gap.keys);
                known.cause.support = known.cause.support.max(gap.cause.support);
            }
            None => drop(gaps.insert(place, gap)),
        }
    }
    let is_shown = |gap: &Gap| gap.cause.support > Support::None || !is_of_lines(matrix, gap);
    gaps.into_values().filter(is_shown).collect()
}

/// Whether only refused migrations tell of the features: then the bundles do not show the difference.
pub(in crate::verdict) fn is_of_lines(matrix: &Matrix<'_>, gap: &Gap) -> bool {
    let is_line = |host: &usize, key: &String| {
        matrix.offers.get(*host, key).is_none_or(|offer| offer.basis == Basis::Line)
    };
    gap.keys.iter().all(|key| gap.have.iter().chain(&gap.lack).all(|host| is_line(host, key)))
}

fn lacks(case: &Case, matrix: &Matrix<'_>, cluster: &Cluster, row: &Row) -> Vec<Lack> {
    let values: Vec<(usize, u64)> =
        cluster.hosts.iter().filter_map(|host| Some((*host, (*row.effective.get(host)?)?))).collect();
    let Some(most) = values.iter().map(|(_, value)| *value).max() else { return Vec::new() };
    let of = |full: bool| -> Vec<usize> {
        values.iter().filter(|(_, value)| (*value == most) == full).map(|(host, _)| *host).collect()
    };
    let have = of(true);
    let lack = |poor: usize| Lack {
        key: row.key.clone(),
        cause: cause::judge(case, &matrix.offers, &row.key, &have, poor),
        have: have.clone(),
        poor,
    };
    of(false).into_iter().map(lack).collect()
}

/// What the bundle of one host does not tell is taken to be as on the others that lack the feature, and what is not
/// told of one feature as of the others that divide the hosts alike: an incident has one cause until more are shown.
fn settle(lacks: &mut [Lack]) {
    let class = |lack: &Lack| describe(&lack.key).class;
    let mut of_key: BTreeMap<(Vec<usize>, String), Judged> = BTreeMap::new();
    let mut of_class: BTreeMap<(Vec<usize>, FeatureClass), Judged> = BTreeMap::new();
    for lack in lacks.iter() {
        let better = |known: &mut Judged| {
            if lack.cause.support > known.support {
                *known = lack.cause;
            }
        };
        better(of_key.entry((lack.have.clone(), lack.key.clone())).or_insert(lack.cause));
        better(of_class.entry((lack.have.clone(), class(lack))).or_insert(lack.cause));
    }
    for lack in lacks.iter_mut().filter(|lack| lack.cause.support < Support::Sure) {
        let by_key = of_key.get(&(lack.have.clone(), lack.key.clone()));
        let by_class = of_class.get(&(lack.have.clone(), class(lack)));
        let better = by_key.into_iter().chain(by_class).find(|found| found.support > lack.cause.support);
        if let Some(found) = better {
            lack.cause = Judged { id: found.id, support: Support::Weak };
        }
    }
}

/// VMs on hosts that have the features, which need them and so cannot leave for the hosts that lack them.
pub(in crate::verdict) fn pinned<'a>(matrix: &Matrix<'a>, gap: &Gap) -> Vec<Pinned<'a>> {
    let by_gap = |block: &features::Block| {
        gap.lack.contains(&block.host) && block.missing.iter().any(|key| gap.keys.contains(key))
    };
    let here =
        matrix.vms.iter().filter(|needs| gap.have.contains(&needs.host) && needs.blocked.iter().any(by_gap));
    here.map(|needs| Pinned { name: &needs.vm.name, vm: Some(needs.vm), host: needs.host }).collect()
}

/// VMs that were refused for the gap and of whose requirements no file tells, on the host that they stayed on.
pub(in crate::verdict) fn refused<'a>(
    case: &Case,
    gap: &Gap,
    known: &[Pinned<'_>],
    refusals: &[&'a Moment],
) -> Vec<Pinned<'a>> {
    let mut found: Vec<Pinned<'a>> = Vec::new();
    for &refusal in refusals {
        let (Some(name), Some(host)) = (refusal.field("vm"), features::home(case, refusal)) else { continue };
        let untold = case.hosts[host].vms.iter().all(|vm| vm.name != name || vm.requires_from.is_none());
        let is_new = known.iter().chain(&found).all(|pinned| pinned.name != name);
        if untold && is_new && gap.have.contains(&host) {
            found.push(Pinned { name, vm: None, host });
        }
    }
    found
}

/// Whether a refused migration is one that the gap explains.
pub(in crate::verdict) fn confirms(case: &Case, gap: &Gap, pinned: &[Pinned<'_>], refusal: &Moment) -> bool {
    let told = refusal.field("target").is_some();
    let mut targets = features::targets(case, refusal);
    // A target that is no host of this case, or of another cluster, is another story.
    let to_lacking = targets.any(|target| gap.lack.contains(&target));
    if told && !to_lacking {
        return false;
    }
    if let Some(home) = features::home(case, refusal)
        && gap.lack.iter().chain(&gap.have).all(|&host| host != home)
    {
        return false;
    }
    let named: Vec<String> = features::named(refusal).collect();
    if !named.is_empty() {
        return named.iter().any(|key| gap.keys.contains(key));
    }
    match refusal.field("vm") {
        Some(vm) => pinned.iter().any(|pinned| pinned.name == vm),
        None => told,
    }
}

/// Pairs of hosts between which VMs can move one way only: `from` → `to` works, back is refused.
pub(in crate::verdict) fn one_way(matrix: &Matrix<'_>, gap: &Gap) -> Vec<(usize, usize)> {
    let offers_more = |more: usize, less: usize| {
        matrix.rows.iter().filter(|row| row.differs).any(|row| {
            let of = |host: usize| row.effective.get(&host).copied().flatten();
            matches!((of(more), of(less)), (Some(a), Some(b)) if a > b)
        })
    };
    let pairs = gap.lack.iter().flat_map(|&from| gap.have.iter().map(move |&to| (from, to)));
    pairs.filter(|&(from, to)| !offers_more(from, to)).collect()
}
