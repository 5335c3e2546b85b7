//! Why a host is out of the vSAN membership, or a cluster split.

use super::event::{Loss, Split};
use super::network::{Between, Fault, NetworkSign};
use super::{lists, skew};
use crate::case::{Case, How, Moment, Stop};
use crate::fact::vsan::format::max_vsan_format;
use crate::model::{EventKind, Timestamp};
use crate::verdict::Evidence;

/// A cause, how well it is supported, and the lines that support it.
#[derive(Debug)]
pub(super) struct Cause<'c> {
    pub id: &'static str,
    /// Whether what speaks for it leaves no other.
    pub sure: bool,
    pub evidence: Vec<Evidence>,
    pub signs: Signs<'c>,
}

/// What speaks for and against the causes.
#[derive(Debug, Default)]
pub(super) struct Signs<'c> {
    pub lists: lists::ListSign,
    pub skew: Option<skew::Skew>,
    pub format: Vec<Evidence>,
    pub stop: Option<&'c Stop>,
    /// The record that the host went into maintenance mode, where it had not left it.
    pub maintenance: Option<&'c Moment>,
    /// What the directory of the others says of its maintenance.
    pub decommissioned: Vec<Evidence>,
    pub network: NetworkSign,
    /// vCenter losing the host near the time of the loss, or refusing it.
    pub disconnected: Option<&'c Moment>,
    /// HA saw the host live though it did not answer.
    pub is_alive: bool,
    /// Whether the host had been up for so long at its capture that it would have joined if it could.
    pub is_up: bool,
}

/// A host that booted so long ago and is not a member was not kept out by its boot alone, in seconds.
const BOOTED: i64 = 900;

/// The cause of `loss`.
pub(super) fn of_loss<'c>(case: &'c Case, loss: &Loss<'c>) -> Cause<'c> {
    let mut signs = signs(case, loss);
    let (mut id, sure) = decide(&signs, loss);
    // Hosts that see each other and not the witness: what is between them is the way to it.
    if loss.membership.nodes[loss.node].witness && loss.mates.len() > 1 && matches!(id, "unknown" | "network")
    {
        (id, signs.network.fault) = ("network", Some(Fault::Witness));
    }
    let evidence = evidence(case, &signs, id);
    Cause { id, sure, evidence, signs }
}

/// The most telling cause, and whether it is sure.
fn decide(signs: &Signs<'_>, loss: &Loss<'_>) -> (&'static str, bool) {
    let lasts = !loss.span.over;
    let not_told = if signs.skew.is_some() { "version-skew" } else { "member-list-not-pushed" };
    let fault = signs.network.fault;
    if !signs.format.is_empty() {
        return ("format-skew", true);
    }
    if lasts && matches!(fault, Some(Fault::Adapter)) && signs.network.is_strong {
        return ("network", true);
    }
    // A host that is up and alone because nobody told it its peers was not kept out by an earlier restart.
    let by_list = lasts && (signs.lists.is_empty || signs.lists.is_short());
    if let Some(stop) = signs.stop.filter(|_| !(by_list && signs.is_up)) {
        return (stopped(stop, signs), true);
    }
    let is_cut = signs.network.is_strong && fault.is_some();
    if lasts && signs.lists.is_empty && !matches!(fault, Some(Fault::Link)) {
        return (not_told, true);
    }
    if is_cut {
        return ("network", true);
    }
    if by_list {
        return (not_told, signs.skew.is_some() || signs.lists.config_stale);
    }
    if signs.maintenance.is_some() || !signs.decommissioned.is_empty() {
        return ("maintenance", true);
    }
    if fault.is_some_and(|fault| !is_doubtful(fault)) || (fault.is_some() && signs.is_alive) {
        return ("network", signs.is_alive);
    }
    // An old configuration alone is also what a host has that missed the pushes for another reason.
    if lasts && (signs.lists.config_stale || !signs.lists.told.is_empty()) {
        return (not_told, signs.skew.is_some());
    }
    if signs.skew.is_some() && signs.disconnected.is_some() {
        return ("version-skew", false);
    }
    // Up, with whole lists on both sides, and out: only the network is left.
    if lasts && loss.span.by_state && signs.is_up && signs.lists.are_whole {
        return ("network", false);
    }
    ("unknown", false)
}

/// Failed sends to a host without a bundle are what a host that is down causes too.
const fn is_doubtful(fault: Fault) -> bool {
    matches!(fault, Fault::Neighbour | Fault::Routing | Fault::OneWay)
}

fn stopped(stop: &Stop, signs: &Signs<'_>) -> &'static str {
    match stop.how {
        How::PurpleScreen | How::Unclean | How::Silent => "host-crash",
        How::Reboot | How::Shutdown if stop.is_planned() || signs.maintenance.is_some() => "maintenance",
        How::Reboot | How::Shutdown => "host-restart",
    }
}

fn signs<'c>(case: &'c Case, loss: &Loss<'c>) -> Signs<'c> {
    let lasts = !loss.span.over;
    let mates = nodes_of(loss, &loss.mates);
    let others = if mates.is_empty() { all_but(loss) } else { mates };
    let between =
        Between { case, membership: loss.membership, side: vec![loss.node], others, at: loss.span.at, lasts };
    Signs {
        lists: lists::sign(case, loss),
        skew: skew::of(case, loss.membership, loss.host),
        format: format(case, loss),
        stop: stop_near(case, loss),
        maintenance: maintenance(case, loss),
        decommissioned: decommissioned(case, loss),
        network: between.sign(),
        disconnected: disconnected(case, loss),
        is_alive: is_alive(case, loss),
        is_up: is_up(case, loss),
    }
}

fn nodes_of(loss: &Loss<'_>, hosts: &[usize]) -> Vec<usize> {
    hosts.iter().filter_map(|&host| loss.membership.node_of(host)).collect()
}

fn all_but(loss: &Loss<'_>) -> Vec<usize> {
    (0..loss.membership.nodes.len()).filter(|&node| node != loss.node).collect()
}

/// The stop of the lost host that its loss lies in or next to.
fn stop_near<'c>(case: &'c Case, loss: &Loss<'c>) -> Option<&'c Stop> {
    let at = loss.span.at?;
    let host = loss.host?;
    let lies_in = |stop: &&Stop| {
        let after_down = stop.down.is_none_or(|down| at.since(down) >= -300_000_000);
        // The others miss it within seconds, and it takes minutes to join after a boot.
        let before_up = match (stop.up, stop.down) {
            (Some(up), _) => at.since(up) <= 300_000_000,
            (None, Some(down)) => at.since(down) <= 900_000_000,
            (None, None) => false,
        };
        let is_recent = stop.down.or(stop.up).is_some_and(|down| at.since(down).abs() <= 86_400_000_000);
        stop.host == host && after_down && before_up && is_recent
    };
    case.stops.iter().rev().find(lies_in)
}

/// The record with which the host went into maintenance mode before the loss, if it had not left it by then: its own, or
/// vCenter's.
fn maintenance<'c>(case: &'c Case, loss: &Loss<'c>) -> Option<&'c Moment> {
    let at = loss.span.at?.plus_seconds(60);
    let name = loss.name(case);
    let kinds = [EventKind::HOST_MAINTENANCE_ENTER, EventKind::HOST_MAINTENANCE_EXIT];
    let about = |moment: &&Moment| {
        let is_its = Some(moment.host) == loss.host || moment.field("host_name") == Some(name.as_str());
        kinds.contains(&moment.event.kind) && is_its && moment.time <= at
    };
    let last = case.timeline.iter().rfind(about)?;
    Some(last).filter(|moment| moment.event.kind == EventKind::HOST_MAINTENANCE_ENTER)
}

/// Whether the directory that the others keep holds the node for in maintenance, or on its way there.
fn decommissioned(case: &Case, loss: &Loss<'_>) -> Vec<Evidence> {
    let Some(uuid) = &loss.membership.nodes[loss.node].uuid else { return Vec::new() };
    let told = |&host: &usize| {
        let node = case.hosts[host].setup.vsan.nodes.get(uuid)?;
        node.value.decom_state.filter(|state| *state > 0).map(|_| Evidence::of(host, node))
    };
    if loss.span.over { Vec::new() } else { loss.mates.iter().filter_map(told).take(2).collect() }
}

/// Lines that its software is older than the cluster's format, or disks whose format is above its release.
fn format(case: &Case, loss: &Loss<'_>) -> Vec<Evidence> {
    let Some(index) = loss.host else { return Vec::new() };
    let host = &case.hosts[index];
    let near = |moment: &&Moment| {
        moment.host == index
            && moment.event.kind == EventKind::VSAN_FORMAT_SKEW
            && loss.span.at.is_none_or(|at| moment.time.since(at).abs() <= 86_400_000_000)
    };
    let mut lines: Vec<Evidence> = case.timeline.iter().filter(near).take(3).map(Evidence::event).collect();
    // A cluster's format is that of its disks, whoever has them.
    let most = host.placed.as_ref().and_then(max_vsan_format);
    let above = |format: Option<u64>| format.zip(most).is_some_and(|(format, most)| format > most);
    let hosts = [index].into_iter().chain(loss.mates.iter().copied()).filter(|_| !loss.span.over);
    for at in hosts {
        let disks = case.hosts[at].setup.vsan.disks.iter().filter(|disk| above(disk.value.format));
        lines.extend(disks.take(1).map(|disk| Evidence::of(at, disk)));
    }
    lines.truncate(4);
    lines
}

/// vCenter losing the host near the time of the loss, or refusing it for its version at any time.
fn disconnected<'c>(case: &'c Case, loss: &Loss<'c>) -> Option<&'c Moment> {
    let name = loss.name(case);
    let lost = |moment: &&Moment| {
        let kind = moment.event.kind;
        (kind == EventKind::HOST_NOT_RESPONDING || kind == EventKind::HOST_DISCONNECTED)
            && moment.field("host_name") == Some(name.as_str())
    };
    let lines: Vec<&Moment> = case.timeline.iter().filter(lost).collect();
    let near = |moment: &Moment| loss.span.at.is_none_or(|at| moment.time.since(at).abs() <= 900_000_000);
    let refused = |moment: &Moment| {
        let told = moment.field("event").or_else(|| moment.field("reason"));
        told.is_some_and(|told| told.contains("BadVersion") || told == "agentOutOfDate")
    };
    let first = |wanted: &dyn Fn(&Moment) -> bool| lines.iter().copied().find(|moment| wanted(moment));
    first(&refused).or_else(|| first(&near))
}

/// Whether HA holds the lost host for partitioned or isolated, which it can only say of one that is live.
fn is_alive(case: &Case, loss: &Loss<'_>) -> bool {
    let Some(at) = loss.span.at else { return false };
    let label = loss.name(case);
    case.timeline.iter().any(|moment| {
        let about = moment.field("host_name") == Some(label.as_str())
            || (Some(moment.host) == loss.host && moment.event.rule == "fdm.isolated");
        moment.event.kind == EventKind::HA_ISOLATED
            && about
            && (-60..=900).contains(&(moment.time.since(at) / 1_000_000))
    })
}

/// Whether the lost host was up at its capture, and for so long that its boot is no reason.
fn is_up(case: &Case, loss: &Loss<'_>) -> bool {
    let Some(host) = loss.host.map(|host| &case.hosts[host]) else { return false };
    let since = |at: Timestamp, captured: Timestamp| captured.since(at) > BOOTED * 1_000_000;
    host.captured_at.is_some_and(|captured| {
        host.booted_at.is_none_or(|booted| since(booted, captured))
            && loss.span.at.is_none_or(|at| captured.since(at) > 0)
    })
}

fn evidence(case: &Case, signs: &Signs<'_>, id: &str) -> Vec<Evidence> {
    let mut lines = Vec::new();
    match id {
        "version-skew" | "member-list-not-pushed" => {
            lines.extend(signs.lists.evidence.iter().cloned());
            if id == "version-skew" {
                lines.extend(signs.skew.iter().flat_map(|skew| skew.evidence.iter().cloned()));
                lines.extend(signs.disconnected.map(Evidence::event));
            }
        }
        "format-skew" => lines.extend(signs.format.iter().cloned()),
        "host-crash" | "host-restart" | "maintenance" => {
            let stop = signs.stop.iter().flat_map(|stop| &stop.lines);
            lines.extend(signs.maintenance.map(Evidence::event));
            lines.extend(signs.decommissioned.iter().cloned());
            lines.extend(stop.filter_map(|&line| case.timeline.get(line)).take(6).map(Evidence::event));
        }
        "network" => lines.extend(signs.network.evidence.iter().cloned()),
        _ => {}
    }
    lines
}

/// The cause of a split: id, the network's sign, and the lines that support it.
pub(super) fn of_split<'c>(case: &'c Case, split: &Split<'c>) -> (&'static str, NetworkSign, Vec<Evidence>) {
    let lasts = !split.span.over;
    let between = |group: usize| Between {
        case,
        membership: split.membership,
        side: split.groups[group].clone(),
        others: (0..split.groups.len())
            .filter(|&other| other != group)
            .flat_map(|other| split.groups[other].clone())
            .collect(),
        at: split.span.at,
        lasts,
    };
    let format = format_of_split(case, split);
    if !format.is_empty() {
        return ("format-skew", NetworkSign::default(), format);
    }
    // What is wrong may show on any side, and is strongest where it is.
    let signs: Vec<NetworkSign> = (0..split.groups.len()).rev().map(|group| between(group).sign()).collect();
    let sign = signs.into_iter().filter(|sign| sign.fault.is_some()).max_by_key(|sign| sign.is_strong);
    let lists = lists::of_split(case, split);
    match sign {
        Some(sign) if sign.is_strong || lists.is_empty() => {
            let evidence = sign.evidence.clone();
            ("network", sign, evidence)
        }
        _ if !lists.is_empty() && lasts => ("member-list-not-pushed", NetworkSign::default(), lists),
        _ => ("unknown", NetworkSign::default(), Vec::new()),
    }
}

fn format_of_split(case: &Case, split: &Split<'_>) -> Vec<Evidence> {
    let hosts: Vec<usize> =
        split.groups.iter().flatten().filter_map(|&node| split.membership.nodes[node].host).collect();
    let near = |moment: &&Moment| {
        hosts.contains(&moment.host)
            && moment.event.kind == EventKind::VSAN_FORMAT_SKEW
            && split.span.at.is_none_or(|at| moment.time.since(at).abs() <= 86_400_000_000)
    };
    case.timeline.iter().filter(near).take(3).map(Evidence::event).collect()
}
