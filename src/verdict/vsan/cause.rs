//! Why a host is out of the vSAN membership.

use super::view::Loss;
use crate::case::{Case, Cluster, Host, Moment};
use crate::model::{EventKind, Timestamp};
use crate::verdict::{Evidence, version};

/// A cause, how well it is supported, and the lines that support it.
pub(super) struct Cause {
    pub id: &'static str,
    pub sure: bool,
    pub evidence: Vec<Evidence>,
}

/// What speaks for and against the causes.
struct Signs<'c> {
    /// The lost host's unicast agent list lacks peers, or its peers' lists lack it.
    list_short: bool,
    list_empty: bool,
    /// The lost host's configuration generation is not that of its peers.
    config_stale: bool,
    /// Hosts of the cluster are newer than their vCenter.
    skew: bool,
    format: Option<&'c Moment>,
    crash: Option<&'c Moment>,
    restart: Option<&'c Moment>,
    maintenance: Option<&'c Moment>,
    network: Vec<&'c Moment>,
    disconnected: Option<&'c Moment>,
}

/// The cause of `loss`.
pub(super) fn of(case: &Case, cluster: &Cluster, loss: &Loss<'_>) -> Cause {
    let signs = signs(case, cluster, loss);
    let id = decide(&signs, loss);
    let sure = match id {
        "version-skew" => signs.list_empty || signs.config_stale,
        "network" => !signs.network.is_empty(),
        "unknown" => false,
        _ => true,
    };
    Cause { id, sure, evidence: evidence(case, cluster, loss, &signs, id) }
}

fn decide(signs: &Signs<'_>, loss: &Loss<'_>) -> &'static str {
    if signs.format.is_some() {
        return "format-skew";
    }
    // A host that is up and alone because nobody told it its peers was not kept out by an earlier restart.
    let not_told = if signs.skew { "version-skew" } else { "member-list-not-pushed" };
    if (signs.list_empty || signs.list_short) && loss.by_state {
        return not_told;
    }
    if signs.crash.is_some() {
        return "host-crash";
    }
    if signs.maintenance.is_some() {
        return "maintenance";
    }
    if signs.restart.is_some() {
        return "host-restart";
    }
    if !signs.network.is_empty() {
        return "network";
    }
    // An old configuration alone is also what a host has that missed the pushes for another reason.
    if signs.config_stale && loss.by_state {
        return not_told;
    }
    if signs.skew && signs.disconnected.is_some() {
        return "version-skew";
    }
    "unknown"
}

fn signs<'c>(case: &'c Case, cluster: &Cluster, loss: &Loss<'_>) -> Signs<'c> {
    let lost = loss.host.map(|index| &case.hosts[index]);
    let near = |kind: EventKind, before: i64, after: i64| -> Vec<&'c Moment> {
        let Some(at) = loss.at else { return Vec::new() };
        let inside = |time: Timestamp| (-before..=after).contains(&(time.since(at) / 1_000_000));
        let own = |moment: &&Moment| {
            Some(moment.host) == loss.host && moment.event.kind == kind && inside(moment.time)
        };
        case.timeline.iter().filter(own).collect()
    };
    let first = |kind: EventKind, before: i64, after: i64| near(kind, before, after).into_iter().next();
    let mut network = near(EventKind::NET_LINK_DOWN, 120, 60);
    network.extend(near(EventKind::NET_IP_CONFLICT, 600, 60));
    network.extend(send_failures(case, cluster, loss));
    let vcenter = loss.host.or(cluster.hosts.first().copied()).and_then(|host| case.vcenter_of(host));
    let newer = vcenter.map(|(index, _)| version::newer_hosts(case, index)).unwrap_or_default();
    Signs {
        list_short: lost.is_some_and(|host| lacks_peers(case, loss, host)) || peers_lack(case, loss),
        list_empty: lost.and_then(|host| host.unicast.as_ref()).is_some_and(|agents| agents.value.is_empty()),
        config_stale: lost.is_some_and(|host| config_stale(case, loss, host)),
        skew: newer.iter().any(|host| cluster.hosts.contains(host)),
        format: first(EventKind::VSAN_FORMAT_SKEW, 86_400, 86_400),
        crash: first(EventKind::HOST_CRASH, 300, 3_600),
        restart: first(EventKind::HOST_REBOOT, 600, 60).or_else(|| first(EventKind::HOST_SHUTDOWN, 600, 60)),
        maintenance: first(EventKind::HOST_MAINTENANCE_ENTER, 3_600, 60),
        network,
        disconnected: disconnected(case, loss),
    }
}

/// Failures to send vSAN heartbeats, of the lost host or to it, near the loss.
fn send_failures<'c>(case: &'c Case, cluster: &Cluster, loss: &Loss<'_>) -> Vec<&'c Moment> {
    let Some(at) = loss.at else { return Vec::new() };
    let lists =
        case.members(cluster).filter_map(|(_, host)| host.unicast.as_ref()).flat_map(|list| &list.value);
    let own: Vec<&str> = lists
        .filter(|agent| Some(&agent.node_uuid) == loss.node.as_ref())
        .filter_map(|agent| agent.ip.as_deref())
        .collect();
    let near = |moment: &&Moment| {
        // Where no list tells the lost host's address, a peer's failure to send may well be to it.
        let to_it = own.is_empty() || moment.field("ip").is_some_and(|ip| own.contains(&ip));
        moment.event.rule == "cmmdsnet.unicast-send-failed"
            && cluster.hosts.contains(&moment.host)
            && (Some(moment.host) == loss.host || to_it)
            && (moment.time.since(at) / 1_000_000).abs() <= 600
    };
    case.timeline.iter().filter(near).take(5).collect()
}

fn lacks_peers(case: &Case, loss: &Loss<'_>, host: &Host) -> bool {
    let Some(agents) = &host.unicast else { return false };
    let peers = loss.observers_by_state.iter().filter_map(|&index| case.hosts[index].node_uuid());
    peers.clone().count() > 0
        && !peers.into_iter().all(|peer| agents.value.iter().any(|agent| agent.node_uuid == peer))
}

/// Whether most of the others that have a list do not have the lost host on it.
fn peers_lack(case: &Case, loss: &Loss<'_>) -> bool {
    let Some(node) = &loss.node else { return false };
    let lists = || loss.observers_by_state.iter().filter_map(|&index| case.hosts[index].unicast.as_ref());
    let lacking = lists().filter(|list| !list.value.iter().any(|agent| agent.node_uuid == *node)).count();
    lacking > 0 && lacking * 2 > lists().count()
}

/// `Config Generation: <vcUuid> <n> <time>`: stale where the UUID is another, or the number lower, than with the
/// peers.
fn config_stale(case: &Case, loss: &Loss<'_>, host: &Host) -> bool {
    let generation = |host: &Host| -> Option<(String, u64)> {
        let text = host.vsan.as_ref()?.value.config_generation.clone()?;
        let mut words = text.split_whitespace();
        Some((words.next()?.to_ascii_lowercase(), words.next()?.parse().ok()?))
    };
    let Some(own) = generation(host) else { return false };
    let peers: Vec<_> =
        loss.observers_by_state.iter().filter_map(|&index| generation(&case.hosts[index])).collect();
    !peers.is_empty() && peers.iter().all(|peer| peer.0 != own.0 || peer.1 > own.1)
}

/// vCenter losing the host near the time of the loss, or refusing it for its version at any time.
fn disconnected<'c>(case: &'c Case, loss: &Loss<'_>) -> Option<&'c Moment> {
    let name = loss.name(case);
    let about = |moment: &&Moment| {
        let kind = moment.event.kind;
        let lost = kind == EventKind::HOST_NOT_RESPONDING || kind == EventKind::HOST_DISCONNECTED;
        lost && moment.field("host_name") == Some(name.as_str())
    };
    let near = |moment: &Moment| loss.at.is_none_or(|at| (moment.time.since(at) / 1_000_000).abs() <= 900);
    let bad_version =
        |moment: &Moment| moment.field("event").is_some_and(|event| event.contains("BadVersion"));
    case.timeline.iter().filter(about).find(|moment| near(moment) || bad_version(moment))
}

fn evidence(case: &Case, cluster: &Cluster, loss: &Loss<'_>, signs: &Signs<'_>, id: &str) -> Vec<Evidence> {
    let mut lines = Vec::new();
    if matches!(id, "version-skew" | "member-list-not-pushed") {
        for (index, host) in case.members(cluster).take(6) {
            lines.extend(host.unicast.as_ref().map(|agents| Evidence::of(index, agents)));
            // A host that is told to ignore the list keeps an old one.
            let frozen =
                host.options.get("/VSAN/IgnoreClusterMemberListUpdates").filter(|option| option.value == "1");
            lines.extend(frozen.map(|option| Evidence::of(index, option)));
        }
    }
    if id == "version-skew" {
        let vcenter = loss.host.or(cluster.hosts.first().copied()).and_then(|host| case.vcenter_of(host));
        let vcenter = vcenter.map(|(index, _)| index);
        for index in vcenter.into_iter().chain(loss.host) {
            lines.extend(case.hosts[index].product.as_ref().map(|product| Evidence::of(index, product)));
        }
        lines.extend(signs.disconnected.map(Evidence::event));
    }
    let line = match id {
        "format-skew" => signs.format,
        "host-crash" => signs.crash,
        "host-restart" => signs.restart,
        "maintenance" => signs.maintenance,
        _ => None,
    };
    lines.extend(line.map(Evidence::event));
    if id == "network" {
        lines.extend(signs.network.iter().take(5).map(|moment| Evidence::event(moment)));
    }
    lines
}
