//! What the hosts' views at the capture say: who counts whom, and which views are too old to count.

use std::collections::BTreeSet;

use super::sides::{Ground, Row, Sides};
use crate::case::{Case, Host, Membership};
use crate::model::{EventKind, Timestamp};

/// A view that was taken so long before another one was formed is no longer the cluster's, in seconds. Less may be a
/// difference of clocks.
const OLD_VIEW: i64 = 300;

/// The views of a cluster's hosts, laid side by side.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Whom each host with a whole view does not count.
    pub rows: Vec<Row>,
    /// The sides that they make.
    pub sides: Sides,
    /// The nodes that belong to the cluster.
    pub expected: BTreeSet<usize>,
    /// When the last of the views was taken.
    pub taken: Option<Timestamp>,
}

impl State {
    pub(super) fn of(case: &Case, membership: &Membership, witnesses: &BTreeSet<usize>) -> State {
        let viewers = viewers(case, membership);
        let expected = expected(case, membership, &viewers);
        let row = |&host: &usize| {
            let by = membership.node_of(host)?;
            let lacks = |node: &usize| {
                let said = membership.says(host, *node);
                said.is_some_and(|said| said.counted == Some(false))
                    && !is_refuted(case, membership, by, *node)
            };
            Some(Row { by, gone: expected.iter().copied().filter(lacks).collect() })
        };
        let rows: Vec<Row> = viewers.iter().filter_map(row).collect();
        let nodes = expected.iter().copied().collect();
        let ground = Ground { nodes, witnesses, rows: &rows, is_state: true };
        let sides = if rows.is_empty() { Sides::default() } else { ground.sides() };
        let taken = viewers.iter().filter_map(|&host| case.hosts[host].captured_at).max();
        State { rows, sides, expected, taken }
    }

    /// Whether `node` belongs to the cluster, as far as views and lists tell; true where there is none of either.
    pub(super) fn expects(&self, node: usize) -> bool {
        self.rows.is_empty() || self.expected.contains(&node)
    }

    /// Whether the views show `node` among those that went on, later than `at`.
    pub(super) fn shows_back(&self, node: usize, at: Timestamp) -> bool {
        let later = self.taken.is_none_or(|taken| taken >= at);
        later && self.sides.main().len() > 1 && self.sides.main().contains(&node)
    }

    /// Whether `node` has a view and counts nobody but itself.
    pub(super) fn is_lone(&self, case: &Case, membership: &Membership, node: usize) -> bool {
        let view = membership.nodes[node].host.and_then(|host| case.hosts[host].whole_view());
        self.rows.iter().any(|row| row.by == node) && view.is_some_and(|view| view.members.len() == 1)
    }
}

/// The hosts of the cluster whose view is here, whole, and not older than what the others show.
fn viewers(case: &Case, membership: &Membership) -> Vec<usize> {
    let cluster = &case.clusters[membership.cluster];
    let viewers = case.members(cluster).filter(|(_, host)| host.whole_view().is_some());
    let whole: Vec<usize> = viewers.map(|(host, _)| host).collect();
    let newest = whole.iter().filter_map(|&host| formed_at(&case.hosts[host])).max();
    let is_current = |host: &usize| {
        let taken = case.hosts[*host].captured_at;
        !matches!((taken, newest), (Some(taken), Some(newest)) if newest.since(taken) > OLD_VIEW * 1_000_000)
    };
    whole.into_iter().filter(is_current).collect()
}

/// Whether a node that lost another is spoken against by a later view: one of two bundles may be of before the return.
fn is_refuted(case: &Case, membership: &Membership, by: usize, node: usize) -> bool {
    let host = |node: usize| membership.nodes[node].host;
    let (Some(own), Some(other)) = (host(by), host(node)) else { return false };
    let counts = membership.says(other, by).is_some_and(|said| said.counted == Some(true));
    let taken = |host: usize| case.hosts[host].captured_at;
    let is_later = taken(other).zip(taken(own)).is_some_and(|(other, own)| other.since(own) > 60_000_000);
    counts && is_later
}

/// Every node that belongs to the cluster: that has a bundle here, that a view counts, or that most unicast lists have.
/// One list alone may keep a node that was removed long ago, and a host that has left for another cluster, or has no
/// vSAN any more, belongs to it only if the lists still have it.
fn expected(case: &Case, membership: &Membership, viewers: &[usize]) -> BTreeSet<usize> {
    let cluster = &case.clusters[membership.cluster];
    let belongs = |node: &usize| {
        let counted = viewers
            .iter()
            .any(|&host| membership.says(host, *node).is_some_and(|said| said.counted == Some(true)));
        let lists: Vec<bool> = membership.column(*node).filter_map(|(_, said)| said.listed).collect();
        let listed = lists.iter().filter(|listed| **listed).count();
        let stays = |host: usize| cluster.hosts.contains(&host) && !case.hosts[host].vsan_disabled;
        membership.nodes[*node].host.is_some_and(stays) || counted || listed * 2 > lists.len()
    };
    (0..membership.nodes.len()).filter(belongs).collect()
}

/// When the membership view of a host was formed: the first four bytes of its membership UUID are the Unix time,
/// least significant byte first. Inferred from real output, not documented.
pub fn formed_at(host: &Host) -> Option<Timestamp> {
    let uuid = host.vsan.as_ref()?.value.membership_uuid.as_deref()?;
    let seconds = u32::from_str_radix(uuid.get(..8)?, 16).ok()?.swap_bytes();
    let at = Timestamp::from_seconds(i64::from(seconds));
    // Anything before vSAN or after the capture is no time.
    let plausible = seconds > 1_390_000_000
        && host.captured_at.is_none_or(|captured| at <= captured.plus_seconds(86_400));
    plausible.then_some(at)
}

/// Whether a host that counts only itself knows that there are others: vCenter names them, or it fell back from a role
/// that it played in a cluster.
pub(super) fn knows_others(case: &Case, host: usize) -> bool {
    let fell_back =
        |role: &str| !["discovery", "rejoin", "none", "init"].contains(&role.to_ascii_lowercase().as_str());
    let told = |kind: EventKind, moment: &crate::case::Moment| {
        kind == EventKind::VSAN_NODE_LEFT
            || (kind == EventKind::VSAN_ROLE_CHANGE && moment.field("from").is_some_and(fell_back))
    };
    case.managed_beside(host) > 0
        || case.timeline.iter().any(|moment| moment.host == host && told(moment.event.kind, moment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Sourced;
    use crate::fact::VsanCluster;
    use crate::model::{MemberPath, Source};

    #[test]
    fn a_membership_uuid_tells_when_the_view_was_formed() {
        let of = |uuid: &str| {
            let value = VsanCluster { membership_uuid: Some(uuid.to_owned()), ..VsanCluster::default() };
            let source = Source { file: MemberPath::new("f"), line: 1, offset: 0 };
            let mut host = Host::default();
            host.vsan = Some(Sourced { value, source, text: String::new() });
            formed_at(&host).map(|at| at.to_string())
        };
        assert_eq!(of("f89b1468-1111-2222-3333-444455556666").as_deref(), Some("2025-05-02T10:18:32Z"));
        assert_eq!(of("00000000-1111-2222-3333-444455556666"), None);
        assert_eq!(of("zz"), None);
    }
}
