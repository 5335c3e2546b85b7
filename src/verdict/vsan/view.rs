//! Who sees whom: the hosts' own views laid side by side, and the lines that date a loss.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Case, Cluster, Host, Moment, Sourced};
use crate::fact::VsanCluster;
use crate::model::{EventKind, Timestamp};

/// The views of the hosts of one cluster.
pub(super) struct Views {
    /// By host: the node UUIDs that it counts as members.
    members: BTreeMap<usize, BTreeSet<String>>,
    /// Hosts that share one view, the largest group first.
    groups: Vec<Vec<usize>>,
    /// Nodes that a unicast list marks as witnesses.
    witnesses: BTreeSet<String>,
}

impl Views {
    pub(super) fn of(case: &Case, cluster: &Cluster) -> Views {
        let mut members = BTreeMap::new();
        for (index, host) in case.members(cluster) {
            let whole = |vsan: &&Sourced<VsanCluster>| {
                vsan.value.member_count.is_none_or(|count| count == vsan.value.members.len() as u64)
            };
            // A list that was cut says nothing of who is missing.
            if let Some(vsan) = host.vsan.as_ref().filter(whole) {
                let own = vsan.value.node_uuid.iter();
                members.insert(index, vsan.value.members.iter().chain(own).cloned().collect::<BTreeSet<_>>());
            }
        }
        let groups = groups(case, &members);
        let agents =
            case.members(cluster).filter_map(|(_, host)| host.unicast.as_ref()).flat_map(|list| &list.value);
        let witnesses = agents.filter(|agent| agent.witness).map(|agent| agent.node_uuid.clone()).collect();
        Views { members, groups, witnesses }
    }

    /// The groups, where at least two of them hold more than one host, witnesses not counted.
    pub(super) fn partition(&self) -> Option<Vec<Vec<usize>>> {
        let main: BTreeSet<&String> =
            self.groups.first()?.iter().flat_map(|host| &self.members[host]).collect();
        let own_side = |group: &&Vec<usize>| {
            let view: BTreeSet<&String> = group.iter().flat_map(|host| &self.members[host]).collect();
            // A view that still counts the other side is an old one, and a witness is no host.
            let apart =
                view.into_iter().filter(|uuid| !main.contains(uuid) && !self.witnesses.contains(*uuid));
            group.len() > 1 || apart.count() > 1
        };
        let others = self.groups.iter().skip(1).filter(own_side).count();
        let two_sides = others > 0 && self.size(&self.groups[0]) > 1;
        two_sides.then(|| self.groups.clone())
    }

    /// How many members the view of a group counts, hosts without a bundle included.
    fn size(&self, group: &[usize]) -> usize {
        group.iter().filter_map(|host| self.members.get(host)).map(BTreeSet::len).max().unwrap_or(0)
    }

    /// Nodes that count nobody but themselves, and know of others: by their unicast agents, their log, or because
    /// other hosts of the cluster are here.
    fn alone(&self, case: &Case, cluster: &Cluster) -> Vec<String> {
        let knows_others = |host: usize| {
            let agents = case.hosts[host].unicast.as_ref().is_some_and(|agents| !agents.value.is_empty());
            let told = |moment: &Moment| {
                let kind = moment.event.kind;
                moment.host == host
                    && (kind == EventKind::VSAN_NODE_LEFT || kind == EventKind::VSAN_ROLE_CHANGE)
            };
            agents
                || cluster.hosts.len() > 1
                || case.managed_beside(host) > 0
                || case.timeline.iter().any(told)
        };
        let single = self.members.iter().filter(|(host, members)| members.len() <= 1 && knows_others(**host));
        single.filter_map(|(host, _)| case.hosts[*host].node_uuid()).map(str::to_owned).collect()
    }

    /// The group that went on without the lost host: the one with the most members.
    fn main(&self) -> Option<&Vec<usize>> {
        self.groups.first().filter(|group| self.size(group) > 1)
    }
}

/// Hosts that see each other both ways form a group; the group whose view is largest comes first.
fn groups(case: &Case, members: &BTreeMap<usize, BTreeSet<String>>) -> Vec<Vec<usize>> {
    let sees = |from: usize, to: usize| {
        let uuid = case.hosts[to].node_uuid();
        uuid.is_some_and(|uuid| members.get(&from).is_some_and(|view| view.contains(uuid)))
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &host in members.keys() {
        let mutual = |group: &Vec<usize>| group.iter().any(|&other| sees(host, other) && sees(other, host));
        // A host that sees two groups joins them.
        let (seen, mut others): (Vec<_>, Vec<_>) = groups.into_iter().partition(mutual);
        let mut own: Vec<usize> = seen.into_iter().flatten().chain([host]).collect();
        own.sort_unstable();
        others.push(own);
        groups = others;
    }
    let size =
        |group: &Vec<usize>| group.iter().filter_map(|host| members.get(host)).map(BTreeSet::len).max();
    groups.sort_by_key(|group| (std::cmp::Reverse((group.len(), size(group))), group.first().copied()));
    groups
}

/// One node that is out of the membership.
pub(super) struct Loss<'c> {
    /// Its node UUID.
    pub node: Option<String>,
    /// Its host, where its bundle is here.
    pub host: Option<usize>,
    /// Whether the hosts' views show it, not only lines.
    pub by_state: bool,
    /// When it was lost.
    pub at: Option<Timestamp>,
    /// Half-width of the uncertainty of `at`.
    pub uncertainty_ms: i64,
    /// What `at` rests on.
    pub basis: &'static str,
    /// Hosts whose log shows the loss, and when; by time.
    pub observers: Vec<(usize, Timestamp)>,
    /// Hosts whose own view lacks it.
    pub observers_by_state: Vec<usize>,
    /// The lines about its leaving, by time.
    pub lines: Vec<&'c Moment>,
}

impl Loss<'_> {
    /// The host's id, or its name or UUID where it has no bundle.
    pub(super) fn name(&self, case: &Case) -> String {
        let by_bundle = self.host.map(|host| case.hosts[host].id.clone());
        let by_list = || self.node.as_deref().and_then(|node| case.names.node_name(node)).map(str::to_owned);
        let named = by_bundle.or_else(by_list).or_else(|| self.name_by_vcenter(case));
        named.or_else(|| self.node.clone()).unwrap_or_else(|| "?".to_owned())
    }

    /// The one host without a bundle that vCenter lost at the same time.
    fn name_by_vcenter(&self, case: &Case) -> Option<String> {
        let at = self.at?;
        let lost = |moment: &&Moment| {
            let kind = moment.event.kind;
            (kind == EventKind::HOST_NOT_RESPONDING || kind == EventKind::HOST_DISCONNECTED)
                && (moment.time.since(at) / 1_000_000).abs() <= 900
        };
        let names: BTreeSet<&str> =
            case.timeline.iter().filter(lost).filter_map(|moment| moment.field("host_name")).collect();
        let mut absent = names.into_iter().filter(|name| !case.hosts.iter().any(|host| host.id == **name));
        absent.next().filter(|_| absent.next().is_none()).map(str::to_owned)
    }
}

/// Every node of `cluster` that is out of its membership.
pub(super) fn losses<'c>(case: &'c Case, cluster: &Cluster, views: &Views) -> Vec<Loss<'c>> {
    let mut nodes: BTreeMap<String, bool> = BTreeMap::new();
    let main = views.main();
    let alone = views.alone(case, cluster);
    if main.is_none() && !alone.is_empty() {
        // Only the isolated side is here: it is the one that is out, not all the others that it no longer sees.
        nodes.extend(alone.into_iter().map(|uuid| (uuid, true)));
    } else {
        let inside: BTreeSet<&String> =
            main.into_iter().flatten().filter_map(|host| views.members.get(host)).flatten().collect();
        let outside = |uuid: &String| !inside.contains(uuid);
        // A node that others saw leave, that never came back, and that nobody lists any more is known by lines alone.
        nodes.extend(still_gone(case, cluster).into_iter().filter(outside).map(|uuid| (uuid, false)));
        if main.is_some() {
            nodes.extend(expected(case, cluster, views).into_iter().filter(outside).map(|uuid| (uuid, true)));
        }
    }
    nodes.into_iter().map(|(uuid, by_state)| loss(case, cluster, main, uuid, by_state)).collect()
}

/// Every node that belongs to the cluster: that has a bundle here, that a member list names, or that most unicast lists
/// do. One list alone may keep a node that was removed long ago.
fn expected(case: &Case, cluster: &Cluster, views: &Views) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = views.members.values().flatten().cloned().collect();
    all.extend(case.members(cluster).filter_map(|(_, host)| host.node_uuid()).map(str::to_owned));
    let lists: Vec<BTreeSet<&String>> = case
        .members(cluster)
        .filter_map(|(_, host)| host.unicast.as_ref())
        .map(|list| list.value.iter().filter(|agent| !agent.witness).map(|agent| &agent.node_uuid).collect())
        .collect();
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for uuid in lists.iter().flatten() {
        *counts.entry(uuid).or_default() += 1;
    }
    all.extend(counts.into_iter().filter(|(_, count)| count * 2 > lists.len()).map(|(uuid, _)| uuid.clone()));
    all
}

/// Nodes whose last news in the logs of another host is that they left.
fn still_gone(case: &Case, cluster: &Cluster) -> BTreeSet<String> {
    let mut last: BTreeMap<(usize, String), bool> = BTreeMap::new();
    for moment in case.timeline.iter().filter(|moment| cluster.hosts.contains(&moment.host)) {
        let Some(node) = moment.field("node") else { continue };
        if case.names.node(node) != Some(moment.host) {
            match moment.event.kind {
                EventKind::VSAN_NODE_LEFT => last.insert((moment.host, node.to_owned()), true),
                EventKind::VSAN_NODE_JOINED => last.insert((moment.host, node.to_owned()), false),
                _ => None,
            };
        }
    }
    let mut accused: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for ((by, node), _) in last.into_iter().filter(|(_, left)| *left) {
        accused.entry(node).or_default().insert(by);
    }
    out_of(case, accused)
}

/// Who is out, by who says so of whom.
///
/// An isolated host says that all others left, and all others say that it did: the node with the most accusers is out,
/// and what its own host says of others counts no more. A single host that says so of several is itself the one.
fn out_of(case: &Case, mut accused: BTreeMap<String, BTreeSet<usize>>) -> BTreeSet<String> {
    let accusers: BTreeSet<usize> = accused.values().flatten().copied().collect();
    if let (1, Some(&only)) = (accusers.len(), accusers.first())
        && accused.len() > 1
        && let Some(own) = case.hosts[only].node_uuid()
    {
        return BTreeSet::from([own.to_owned()]);
    }
    let mut out = BTreeSet::new();
    while let Some(node) = accused
        .iter()
        .filter(|(_, by)| !by.is_empty())
        .max_by_key(|(node, by)| (by.len(), std::cmp::Reverse(node.as_str())))
        .map(|(node, _)| node.clone())
    {
        accused.remove(&node);
        if let Some(host) = case.names.node(&node) {
            for by in accused.values_mut() {
                by.remove(&host);
            }
        }
        out.insert(node);
    }
    out
}

/// Observers of one loss lie within this many seconds of the last of them.
const ONE_LOSS: i64 = 300;

fn loss<'c>(
    case: &'c Case,
    cluster: &Cluster,
    main: Option<&Vec<usize>>,
    uuid: String,
    by_state: bool,
) -> Loss<'c> {
    let host = case.names.node(&uuid);
    let lines = leaving(case, cluster, &uuid, host);
    let mut observers: Vec<(usize, Timestamp)> = Vec::new();
    for line in &lines {
        if !observers.iter().any(|(seen, _)| *seen == line.host) {
            observers.push((line.host, line.time));
        }
    }
    let observers_by_state =
        main.map(|main| main.iter().copied().filter(|index| Some(*index) != host).collect());
    let observers_by_state: Vec<usize> = observers_by_state.unwrap_or_default();
    let mut loss = Loss {
        node: Some(uuid),
        host,
        by_state,
        at: None,
        uncertainty_ms: 0,
        basis: "",
        observers,
        observers_by_state,
        lines,
    };
    date(case, &mut loss);
    loss
}

/// The lines in which other hosts tell that the node left, of its last absence only.
///
/// The kernel's own lines date a loss; clomd and others follow up to minutes later and are used where they are alone.
fn leaving<'c>(case: &'c Case, cluster: &Cluster, uuid: &str, lost: Option<usize>) -> Vec<&'c Moment> {
    let about = |moment: &&Moment| {
        cluster.hosts.contains(&moment.host)
            && Some(moment.host) != lost
            && moment.field("node") == Some(uuid)
    };
    let mut by_host: BTreeMap<usize, Vec<&Moment>> = BTreeMap::new();
    for moment in case.timeline.iter().filter(about) {
        match moment.event.kind {
            EventKind::VSAN_NODE_JOINED => by_host.entry(moment.host).or_default().clear(),
            EventKind::VSAN_NODE_LEFT => by_host.entry(moment.host).or_default().push(moment),
            _ => {}
        }
    }
    for moments in by_host.values_mut() {
        let kernel = |moment: &&Moment| moment.event.rule.starts_with("cmmds");
        if moments.iter().any(kernel) {
            moments.retain(kernel);
        }
    }
    let firsts = by_host.values().filter_map(|moments| moments.first()).map(|moment| moment.time);
    let Some(latest) = firsts.max() else { return Vec::new() };
    // A host whose log lost the line about an earlier return would date the loss too early.
    let mut lines: Vec<&Moment> = by_host
        .into_values()
        .flatten()
        .filter(|moment| latest.since(moment.time) <= ONE_LOSS * 1_000_000)
        .collect();
    lines.sort_by_key(|moment| (moment.time, moment.host));
    lines
}

fn date(case: &Case, loss: &mut Loss<'_>) {
    let mut times: Vec<Timestamp> = loss.observers.iter().map(|(_, at)| *at).collect();
    times.sort_unstable();
    if let (Some(&first), Some(&last)) = (times.first(), times.last()) {
        // One removal is seen within a second or two; more than that is a clock that is wrong, and the middle is best.
        let skewed = times.len() > 2 && last.since(first) > 5_000_000;
        loss.at = Some(if skewed { times[times.len() / 2] } else { first });
        loss.uncertainty_ms = (last.since(first) / 1000).clamp(1000, ONE_LOSS * 1000);
        loss.basis = "log lines of the hosts that saw the node leave";
        return;
    }
    if let Some(own) = loss.host.and_then(|host| own_lines(case, host)) {
        loss.at = Some(own);
        loss.uncertainty_ms = 5_000;
        loss.basis = "role change in the lost host's own log";
        return;
    }
    // The lone host formed its view when it was cut off; a view of the others can be older than that, as members come
    // and go inside one.
    let own = loss.host.and_then(|host| formed_at(&case.hosts[host]));
    let others = loss.observers_by_state.iter().filter_map(|&host| formed_at(&case.hosts[host])).max();
    if let Some(at) = own.or(others) {
        loss.at = Some(at);
        loss.uncertainty_ms = 60_000;
        loss.basis = "inferred from the membership UUID, which begins with the time the view was formed";
    }
}

/// When the host last fell back to Discovery, or left by itself.
fn own_lines(case: &Case, host: usize) -> Option<Timestamp> {
    let falls_back = |moment: &&Moment| {
        let discovery = moment.field("to").is_some_and(|to| to.eq_ignore_ascii_case("discovery"));
        let kind = moment.event.kind;
        moment.host == host
            && (kind == EventKind::VSAN_ROLE_CHANGE && discovery
                || moment.event.rule == "cmmds.left-by-itself")
    };
    // Alone in its bundles, the host may only say that the others left.
    let others_left =
        |moment: &&Moment| moment.host == host && moment.event.kind == EventKind::VSAN_NODE_LEFT;
    let last =
        |test: &dyn Fn(&&Moment) -> bool| case.timeline.iter().rfind(|moment| test(moment)).map(|m| m.time);
    last(&falls_back).or_else(|| last(&others_left))
}

/// When the membership view of a host was formed: the first four bytes of its membership UUID are the Unix time,
/// least significant byte first.
pub fn formed_at(host: &Host) -> Option<Timestamp> {
    let uuid = host.vsan.as_ref()?.value.membership_uuid.as_deref()?;
    let seconds = u32::from_str_radix(uuid.get(..8)?, 16).ok()?.swap_bytes();
    let at = Timestamp::from_seconds(i64::from(seconds));
    // Anything before vSAN or after the capture is no time.
    let plausible = seconds > 1_390_000_000
        && host.captured_at.is_none_or(|captured| at <= captured.plus_seconds(86_400));
    plausible.then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
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
