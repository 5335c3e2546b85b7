//! Whether hosts of a cluster are newer than the vCenter Server that keeps its member list.

use crate::case::{Case, Membership};
use crate::verdict::{Evidence, version};

/// Hosts that are newer than their vCenter Server.
#[derive(Clone, Debug, Default)]
pub(in crate::verdict) struct Skew {
    /// An index into the case's hosts.
    pub vcenter: usize,
    /// Hosts of the cluster that are newer, ascending.
    pub newer: Vec<usize>,
    pub evidence: Vec<Evidence>,
}

/// The skew of a cluster; `lost` is the host whose vCenter is looked for first.
pub(in crate::verdict) fn of(case: &Case, membership: &Membership, lost: Option<usize>) -> Option<Skew> {
    let cluster = &case.clusters[membership.cluster];
    let (vcenter, _) = vcenter_of(case, membership, lost)?;
    let newer: Vec<usize> =
        version::newer_hosts(case, vcenter).into_iter().filter(|host| cluster.hosts.contains(host)).collect();
    if newer.is_empty() {
        return None;
    }
    let shown = lost.filter(|lost| newer.contains(lost)).or(newer.first().copied());
    let evidence = [Some(vcenter), shown]
        .into_iter()
        .flatten()
        .filter_map(|host| Some(Evidence::of(host, case.hosts[host].product.as_ref()?)))
        .collect();
    Some(Skew { vcenter, newer, evidence })
}

/// The vCenter Server of the lost host, else of any host of its cluster.
pub(in crate::verdict) fn vcenter_of<'c>(
    case: &'c Case,
    membership: &Membership,
    lost: Option<usize>,
) -> Option<(usize, &'c crate::case::Host)> {
    let cluster = &case.clusters[membership.cluster];
    lost.into_iter().chain(cluster.hosts.iter().copied()).find_map(|host| case.vcenter_of(host))
}
