//! Whether vCenter's member list reached every host: unicast agent lists, configuration generations, frozen lists.

use super::event::{Loss, Split};
use crate::case::{Case, Host, Moment};
use crate::model::EventKind;
use crate::verdict::{Evidence, near};

/// The option with which a host keeps its list whatever vCenter sends.
pub(in crate::verdict) use crate::case::IGNORE_MEMBER_LIST as FROZEN;

/// What lists and generations say of a lost host.
#[derive(Clone, Debug, Default)]
pub(in crate::verdict) struct ListSign {
    /// Its own list is empty though it has peers.
    pub is_empty: bool,
    /// Its own list lacks hosts that went on, by node.
    pub lacks: Vec<usize>,
    /// Hosts whose list lacks it, where most do.
    pub lacking: Vec<usize>,
    /// Its configuration is of another vCenter, or older than that of all its peers.
    pub config_stale: bool,
    /// Hosts that are told to ignore the member list.
    pub frozen: Vec<usize>,
    /// Whether its own list and those of all peers that have one are whole.
    pub are_whole: bool,
    /// Lines that a push did not reach a host.
    pub told: Vec<Evidence>,
    pub evidence: Vec<Evidence>,
}

impl ListSign {
    /// Whether a list lacks somebody.
    pub(in crate::verdict) fn is_short(&self) -> bool {
        !self.lacks.is_empty() || !self.lacking.is_empty()
    }
}

/// How long before a loss a push may have failed, and how long after it may be told, in seconds.
const PUSH: (i64, i64) = (3_600, 900);

/// What lists say of `loss`.
pub(in crate::verdict) fn sign(case: &Case, loss: &Loss<'_>) -> ListSign {
    let membership = loss.membership;
    let own = loss.host.map(|host| &case.hosts[host]);
    // Where multicast finds the members, or vSAN is off, lists are empty and say nothing.
    let uses_lists = |host: &Host| {
        let mode = host.vsan.as_ref().and_then(|vsan| vsan.value.unicast_mode);
        mode != Some(false) && !host.vsan_disabled
    };
    if own.is_some_and(|host| !uses_lists(host))
        || loss.mates.iter().any(|&host| !uses_lists(&case.hosts[host]))
    {
        return ListSign::default();
    }
    let own_list = own.and_then(|host| host.unicast.as_ref());
    let peers: Vec<usize> = loss.mates.clone();
    let says = |host: usize, node: usize| membership.says(host, node).and_then(|said| said.listed);
    let peer_nodes: Vec<usize> = peers.iter().filter_map(|&host| membership.node_of(host)).collect();
    let lacks: Vec<usize> = match loss.host {
        Some(host) => peer_nodes.iter().copied().filter(|&node| says(host, node) == Some(false)).collect(),
        None => Vec::new(),
    };
    let with_list: Vec<usize> =
        peers.iter().copied().filter(|&host| says(host, loss.node).is_some()).collect();
    let lacking: Vec<usize> =
        with_list.iter().copied().filter(|&host| says(host, loss.node) == Some(false)).collect();
    let lacking = if lacking.len() * 2 > with_list.len() { lacking } else { Vec::new() };
    let frozen: Vec<usize> = peers
        .iter()
        .copied()
        .chain(loss.host)
        .filter(|&host| case.hosts[host].ignores_member_list())
        .collect();
    let told = told(case, loss);
    let mut sign = ListSign {
        is_empty: own_list.is_some_and(|list| list.value.is_empty()),
        are_whole: own_list.is_some() && lacks.is_empty() && !with_list.is_empty() && lacking.is_empty(),
        config_stale: own.is_some_and(|host| config_stale(case, host, &peers)),
        lacks,
        lacking,
        frozen,
        told,
        evidence: Vec::new(),
    };
    sign.are_whole &= !sign.is_empty;
    sign.evidence = evidence(case, loss, &sign);
    sign
}

/// Lines of the lost host, or of vCenter, that the configuration of vSAN did not reach it.
fn told(case: &Case, loss: &Loss<'_>) -> Vec<Evidence> {
    let Some(at) = loss.span.at else { return Vec::new() };
    let name = loss.name(case);
    let about = |moment: &&Moment| {
        moment.event.kind == EventKind::VSAN_CONFIG_STALE
            && moment.event.rule.contains("update-not-applied")
            && (Some(moment.host) == loss.host || moment.field("host_name") == Some(name.as_str()))
    };
    near(case, at, PUSH).iter().filter(about).take(3).map(Evidence::event).collect()
}

fn evidence(case: &Case, loss: &Loss<'_>, sign: &ListSign) -> Vec<Evidence> {
    let mut lines = Vec::new();
    let cluster = &case.clusters[loss.membership.cluster];
    let mut hosts: Vec<usize> = loss.host.into_iter().chain(sign.lacking.iter().copied()).collect();
    hosts.extend(cluster.hosts.iter().copied().filter(|host| !hosts.contains(host)).collect::<Vec<_>>());
    for index in hosts.into_iter().take(6) {
        let host = &case.hosts[index];
        lines.extend(host.unicast.as_ref().map(|agents| Evidence::of(index, agents)));
        // A host that is told to ignore the list keeps an old one.
        lines.extend(
            host.options
                .get(FROZEN)
                .filter(|_| host.ignores_member_list())
                .map(|option| Evidence::of(index, option)),
        );
    }
    lines.extend(sign.told.iter().cloned());
    lines
}

/// `Config Generation: <vcUuid> <n> <time>`: stale where the UUID is another, or the number lower, than with all peers.
fn config_stale(case: &Case, host: &Host, peers: &[usize]) -> bool {
    let Some((own, number)) = host.config_generation() else { return false };
    let mut peers = peers.iter().filter_map(|&peer| case.hosts[peer].config_generation()).peekable();
    peers.peek().is_some() && peers.all(|(vcenter, newer)| vcenter != own || newer > number)
}

/// Lists of a split cluster that lack nodes of the other side, where most of those of one side do.
pub(in crate::verdict) fn of_split(case: &Case, split: &Split<'_>) -> Vec<Evidence> {
    let membership = split.membership;
    let mut lines = Vec::new();
    for group in &split.groups {
        let rows = group.iter().filter_map(|&node| membership.nodes[node].host);
        let across = || (0..membership.nodes.len()).filter(|node| !group.contains(node));
        let lacks = |row: usize| {
            let told: Vec<bool> = across()
                .filter_map(|node| membership.says(row, node))
                .filter_map(|said| said.listed)
                .collect();
            (!told.is_empty()).then(|| (row, told.contains(&false)))
        };
        let told: Vec<(usize, bool)> = rows.filter_map(lacks).collect();
        let lacking: Vec<usize> = told.iter().filter(|(_, lacks)| *lacks).map(|(row, _)| *row).collect();
        if lacking.len() * 2 > told.len() {
            let line = |host: usize| Some(Evidence::of(host, case.hosts[host].unicast.as_ref()?));
            lines.extend(lacking.into_iter().filter_map(line));
        }
    }
    lines.truncate(4);
    lines
}

/// Whether some list of a split cluster is here, and none lacks a node of another side.
pub(in crate::verdict) fn are_whole(split: &Split<'_>) -> bool {
    let told = split.membership.says.values().filter_map(|said| said.listed);
    let lists: Vec<bool> = told.collect();
    !lists.is_empty() && !lists.contains(&false)
}
