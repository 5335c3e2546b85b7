//! Why a host is out of the vSAN membership, or a cluster split.

use super::event::{Loss, Split};
use super::network::{Between, Fault, NetworkSign};
use super::{lists, oddity, skew};
use crate::case::{Case, How, Maintenance, Moment, Said, Stop, same_name};
use crate::fact::vsan::format::max_vsan_format;
use crate::model::{EventKind, Timestamp};
use crate::verdict::{Evidence, near};

/// A cause, how well it is supported, and the lines that support it.
#[derive(Debug)]
pub(in crate::verdict) struct Cause<'c> {
    pub id: &'static str,
    /// Whether what speaks for it leaves no other.
    pub sure: bool,
    pub evidence: Vec<Evidence>,
    pub signs: Signs<'c>,
}

/// What speaks for and against the causes.
#[derive(Debug, Default)]
pub(in crate::verdict) struct Signs<'c> {
    pub lists: lists::ListSign,
    pub skew: Option<skew::Skew>,
    pub format: Vec<Evidence>,
    /// Whether a line says so, or the releases are known exactly.
    pub is_format_sure: bool,
    pub stop: Option<&'c Stop>,
    /// The record that the host went into maintenance mode, where it had not left it.
    pub maintenance: Option<&'c Moment>,
    /// Whether that was within the hours before the loss.
    pub is_fresh: bool,
    /// Whether vCenter asked the host to stop.
    pub is_asked: bool,
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

/// Lines about the format lie within so many seconds of a loss.
const FORMAT: i64 = 3_600;

/// A maintenance task that began so many seconds before a loss led to it.
const MAINTENANCE: i64 = 14_400;

/// A host that booted so long ago and is not a member was not kept out by its boot alone, in seconds.
const BOOTED: i64 = 900;

/// The cause of `loss`.
pub(in crate::verdict) fn of_loss<'c>(case: &'c Case, loss: &Loss<'c>) -> Cause<'c> {
    let mut signs = signs(case, loss);
    let (mut id, mut sure) = decide(&signs, loss);
    // A host that is in another cluster has no part in this one, whatever the network does.
    let cluster = &case.clusters[loss.membership.cluster];
    let strayed = loss.host.filter(|host| !cluster.hosts.contains(host));
    if !loss.span.over && strayed.is_some_and(|host| case.hosts[host].vsan_uuid().is_some()) {
        (id, sure) = ("unknown", false);
    }
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
    let is_cut = signs.network.is_strong && fault.is_some();
    if !signs.format.is_empty() && !is_cut {
        return ("format-skew", signs.is_format_sure);
    }
    if lasts && is_cut && fault == Some(Fault::Adapter) {
        return ("network", true);
    }
    let by_list = lasts && (signs.lists.is_empty || signs.lists.is_short());
    // A host that has been up for long and is still out is not kept out by its restart.
    let stays_out = lasts && signs.is_up;
    if let Some(stop) = signs.stop.filter(|_| !stays_out) {
        return (stopped(stop, signs), true);
    }
    if lasts && signs.lists.is_empty && fault != Some(Fault::Link) {
        return (not_told, true);
    }
    if is_cut {
        return ("network", true);
    }
    if by_list {
        return (not_told, signs.skew.is_some() || signs.lists.config_stale);
    }
    if signs.stop.is_some() && fault == Some(Fault::Link) || signs.network.is_close {
        return ("network", false);
    }
    if is_in_maintenance(signs) {
        return ("maintenance", true);
    }
    if signs.is_asked {
        return ("host-restart", false);
    }
    if let Some(stop) = signs.stop.filter(|stop| !stop.is_planned()) {
        return (stopped(stop, signs), false);
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

/// A task that only began counts where the host then went away, not where nothing came of it.
fn is_in_maintenance(signs: &Signs<'_>) -> bool {
    let begun = |moment: &Moment| moment.maintenance() == Some(Maintenance::Begun);
    let told = signs.maintenance.is_some_and(|moment| !begun(moment) || signs.is_asked || signs.is_fresh);
    told || !signs.decommissioned.is_empty()
}

/// Failed sends to a host without a bundle are what a host that is down causes too.
const fn is_doubtful(fault: Fault) -> bool {
    matches!(fault, Fault::Neighbour | Fault::Routing | Fault::OneWay)
}

fn stopped(stop: &Stop, signs: &Signs<'_>) -> &'static str {
    match stop.how {
        How::PurpleScreen | How::Unclean | How::Silent => "host-crash",
        How::Reboot | How::Shutdown if stop.is_planned() || is_in_maintenance(signs) => "maintenance",
        How::Reboot | How::Shutdown => "host-restart",
    }
}

fn signs<'c>(case: &'c Case, loss: &Loss<'c>) -> Signs<'c> {
    let lasts = !loss.span.over;
    let mates = nodes_of(loss, &loss.mates);
    let others = if mates.is_empty() { all_but(loss) } else { mates };
    let stop = stop_near(case, loss);
    let membership = loss.membership;
    let between = |at| Between { case, membership, side: vec![loss.node], others: others.clone(), at, lasts };
    // What keeps a host out that has booted again shows since then.
    let up = stop.and_then(|stop| stop.up).filter(|_| lasts);
    let at_boot = up.map(|up| between(Some(up)).sign()).filter(|sign| sign.fault.is_some());
    let network = at_boot.unwrap_or_else(|| between(loss.span.at).sign());
    let name = loss.name(case);
    let (format, is_format_sure) = format(case, loss);
    let maintenance = maintenance(case, loss, &name);
    let age = |moment: &Moment| loss.span.at.map(|at| at.since(moment.time) / 1_000_000);
    Signs {
        lists: lists::sign(case, loss),
        skew: skew::of(case, loss.membership, loss.host),
        format,
        is_format_sure,
        stop,
        maintenance,
        is_fresh: maintenance.and_then(age).is_some_and(|age| age <= MAINTENANCE),
        is_asked: is_asked(case, loss, &name),
        decommissioned: decommissioned(case, loss),
        network,
        disconnected: disconnected(case, loss, &name),
        is_alive: is_alive(case, loss, &name),
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
    // Who has joined after the boot was lost for something else then.
    let has_joined = |up: Timestamp| {
        loss.membership.column(loss.node).any(|(_, told)| {
            let joins = told.of(Said::Joined).filter_map(|line| case.timeline.get(line));
            joins.into_iter().any(|moment| moment.time >= up && moment.time < at)
        })
    };
    let lies_in = |stop: &&Stop| {
        let after_down = stop.down.is_none_or(|down| at.since(down) >= -300_000_000);
        // The others miss it within seconds, and it takes minutes to join after a boot.
        let before_up = match (stop.up, stop.down) {
            (Some(up), _) => at.since(up) <= 300_000_000 && (at <= up || !has_joined(up)),
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
fn maintenance<'c>(case: &'c Case, loss: &Loss<'c>, name: &str) -> Option<&'c Moment> {
    let at = loss.span.at?;
    let about = |moment: &&Moment| {
        let is_its = || Some(moment.host) == loss.host || moment.field("host_name") == Some(name);
        moment.maintenance().is_some() && is_its()
    };
    let last = near(case, at, (30 * 86_400, 60)).iter().rfind(about)?;
    // Of a host that is still out, that it has left maintenance mode since says that it is not that.
    let later =
        near(case, at, (0, 30 * 86_400)).iter().find(|moment| about(moment) && moment.time > last.time);
    let has_left = later.and_then(Moment::maintenance).is_some_and(|told| !told.is_in());
    let is_in = last.maintenance().is_some_and(Maintenance::is_in) && (loss.span.over || !has_left);
    is_in.then_some(last)
}

/// Whether vCenter asked the host to stop, shortly before it was lost; its own bundle may not be here to say so.
fn is_asked(case: &Case, loss: &Loss<'_>, name: &str) -> bool {
    let about = |moment: &Moment| {
        moment.event.rule == "vpxd.host-stop"
            && moment.field("host_name").is_some_and(|of| same_name(of, name))
    };
    loss.span.at.is_some_and(|at| near(case, at, (1_800, 120)).iter().any(about))
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

/// Lines near the loss that the host's software is older than the cluster's format, or disks whose format is above its
/// release; and whether that is sure.
fn format(case: &Case, loss: &Loss<'_>) -> (Vec<Evidence>, bool) {
    let Some(index) = loss.host else { return (Vec::new(), false) };
    let host = &case.hosts[index];
    // It is tried again and again while the host is out.
    let until = if loss.span.over { FORMAT } else { 30 * 86_400 };
    let told = loss.span.at.map_or(case.timeline.as_slice(), |at| near(case, at, (FORMAT, until)));
    let own = |moment: &&Moment| moment.host == index && moment.event.kind == EventKind::VSAN_FORMAT_SKEW;
    let mut lines: Vec<Evidence> = told.iter().filter(own).take(3).map(Evidence::event).collect();
    let is_told = !lines.is_empty();
    // A cluster's format is that of its disks, whoever has them.
    let most = host.placed.as_ref().and_then(max_vsan_format);
    let above = |format: Option<u64>| format.zip(most).is_some_and(|(format, most)| format > most);
    let hosts = [index].into_iter().chain(loss.mates.iter().copied()).filter(|_| !loss.span.over);
    for at in hosts {
        let disks = case.hosts[at].setup.vsan.disks.iter().filter(|disk| above(disk.value.format));
        lines.extend(disks.take(1).map(|disk| Evidence::of(at, disk)));
    }
    lines.truncate(4);
    (lines, is_told || host.placed.as_ref().is_some_and(|placed| placed.exact))
}

/// vCenter refusing the host for its version since the loss, or losing it near that time.
fn disconnected<'c>(case: &'c Case, loss: &Loss<'c>, name: &str) -> Option<&'c Moment> {
    let lost = |moment: &&Moment| moment.is_lost_connection() && moment.field("host_name") == Some(name);
    let refused = |moment: &&Moment| is_refusal(moment);
    let window = |span| loss.span.at.map_or(case.timeline.as_slice(), |at| near(case, at, span));
    let first = window((900, 30 * 86_400)).iter().filter(lost).find(refused);
    first.or_else(|| window((900, 900)).iter().find(lost))
}

/// Whether vCenter says that it does not take the host for its version.
pub(in crate::verdict) fn is_refusal(moment: &Moment) -> bool {
    let told = moment.field("event").or_else(|| moment.field("reason"));
    told.is_some_and(|told| told.contains("BadVersion") || told == "agentOutOfDate")
}

/// Whether HA holds the lost host for partitioned or isolated, which it can only say of one that is live.
fn is_alive(case: &Case, loss: &Loss<'_>, name: &str) -> bool {
    let Some(at) = loss.span.at else { return false };
    let is_its = |moment: &Moment| {
        let own = Some(moment.host) == loss.host && moment.event.rule == "fdm.isolated";
        moment.event.kind == EventKind::HA_ISOLATED && (own || moment.field("host_name") == Some(name))
    };
    near(case, at, (60, 900)).iter().any(is_its)
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
pub(in crate::verdict) fn of_split<'c>(
    case: &'c Case,
    split: &Split<'c>,
) -> (&'static str, NetworkSign, Vec<Evidence>) {
    let lasts = !split.span.over;
    let between = |group: usize| Between {
        case,
        membership: split.membership,
        side: split.groups[group].clone(),
        others: split
            .groups
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != group)
            .flat_map(|(_, nodes)| nodes.iter().copied())
            .collect(),
        at: split.span.at,
        lasts,
    };
    // What is wrong may show on any side, and is strongest where it is.
    let signs = (0..split.groups.len()).rev().map(|group| between(group).sign());
    let sign = signs.filter(|sign| sign.fault.is_some()).max_by_key(|sign| sign.is_strong);
    let is_cut = sign.as_ref().is_some_and(|sign| sign.is_strong);
    let format = format_of_split(case, split);
    if !format.is_empty() && !is_cut {
        return ("format-skew", NetworkSign::default(), format);
    }
    // Hosts that were told to stand still wait for each other; that is no fault of the network.
    let members = || split.groups.iter().flatten().filter_map(|&node| split.membership.nodes[node].host);
    if lasts && !is_cut && members().any(|host| oddity::is_paused(&case.hosts[host])) {
        return ("unknown", NetworkSign::default(), Vec::new());
    }
    let lists = lists::of_split(case, split);
    match sign {
        Some(sign) if is_cut || lists.is_empty() => {
            let evidence = sign.evidence.clone();
            ("network", sign, evidence)
        }
        _ if !lists.is_empty() && lasts => ("member-list-not-pushed", NetworkSign::default(), lists),
        // Up, with whole lists on all sides, and apart: only the network is left.
        _ if lasts && split.span.by_state && lists::are_whole(split) => {
            ("network", NetworkSign::default(), Vec::new())
        }
        _ => ("unknown", NetworkSign::default(), Vec::new()),
    }
}

fn format_of_split(case: &Case, split: &Split<'_>) -> Vec<Evidence> {
    let hosts: Vec<usize> =
        split.groups.iter().flatten().filter_map(|&node| split.membership.nodes[node].host).collect();
    let told = split.span.at.map_or(case.timeline.as_slice(), |at| near(case, at, (FORMAT, FORMAT)));
    let own =
        |moment: &&Moment| hosts.contains(&moment.host) && moment.event.kind == EventKind::VSAN_FORMAT_SKEW;
    told.iter().filter(own).take(3).map(Evidence::event).collect()
}
