//! Which host did vCenter lose, though it was up and its vSAN membership is intact, and why?
//!
//! A host that is out of the vSAN membership too is told there; one that somebody restarted or disconnected is not lost.

pub(in crate::verdict) mod cause;
mod remedy;
mod text;

use std::collections::BTreeMap;

use serde_json::json;

use self::cause::Cause;
use crate::case::{Case, Episode, Maintenance, Membership, Moment, Said, Stop};
use crate::model::{Severity, Timestamp};
use crate::verdict::{Evidence, Finding, Verdict, distinct, near, span};

pub(in crate::verdict) static VERDICT: Verdict = Verdict {
    name: "disconnected",
    about: "Which host did vCenter lose while it was up and its vSAN membership intact, and why?",
    findings: &["host.disconnected"],
    reach,
};

/// What is found of a host and begins within so many seconds of vCenter's loss has the same cause.
const SAME: i64 = 900;

/// How far two clocks are taken to differ at most, in seconds, where nothing compares them: as much as the widest zone.
const ZONES: i64 = 14 * 3_600;

/// An episode and why it happened.
pub(in crate::verdict) type Judged<'a, 'c> = (&'a Episode<'c>, Cause<'c>);

/// Every time that a vCenter Server lost a host and nobody had meant it to, ordered by time.
pub(in crate::verdict) fn episodes(case: &Case) -> Vec<Episode<'_>> {
    let mut lost = case.disconnections();
    lost.retain(|episode| !episode.is_meant());
    lost
}

fn reach(case: &Case, found: &[Finding]) -> Vec<Finding> {
    let all = episodes(case);
    let mut groups: BTreeMap<(usize, &str, &'static str), Vec<Judged<'_, '_>>> = BTreeMap::new();
    for episode in all.iter().filter(|episode| !is_told_elsewhere(case, found, episode, &all)) {
        let cause = cause::of(case, episode, &all);
        groups.entry((episode.vcenter, episode.name, cause.id)).or_default().push((episode, cause));
    }
    groups.into_values().map(|group| finding(case, &group)).collect()
}

/// The first episode that `finding` is about, and its cause; `all` are the episodes of the case.
pub(in crate::verdict) fn told_by<'a, 'c>(
    case: &'c Case,
    finding: &Finding,
    all: &'a [Episode<'c>],
) -> Option<Judged<'a, 'c>> {
    let is_its = |episode: &&Episode<'_>| {
        finding.hosts == [episode.host.unwrap_or(episode.vcenter)]
            && episode.lines.first().map(|line| line.time) == finding.first_seen
    };
    let judged = all.iter().filter(is_its).map(|episode| (episode, cause::of(case, episode, all)));
    judged.into_iter().find(|(_, cause)| cause.id == finding.cause.0)
}

/// Whether the host was down because somebody asked for it, or is out of the vSAN membership at that time as well.
fn is_told_elsewhere(case: &Case, found: &[Finding], episode: &Episode<'_>, all: &[Episode<'_>]) -> bool {
    let asked = |stop: &Stop| {
        Some(stop.host) == episode.host && stop.is_asked() && super::is_down(stop, episode.lost_at)
    };
    if case.stops.iter().any(asked) || is_in_maintenance(case, episode) {
        return true;
    }
    let vsan = found.iter().filter(|finding| matches!(finding.id, "vsan.host-lost" | "vsan.partition"));
    let about: Vec<&Finding> = vsan.filter(|finding| is_about(finding, episode)).collect();
    about.iter().any(|finding| is_near(finding, episode.lost_at)) || is_one_loss(case, &about, episode, all)
}

/// Whether the host was lost once in vSAN and once in vCenter, by clocks that nothing compares: that is one loss, though a
/// clock that is set to another zone tells it at another hour.
fn is_one_loss(case: &Case, about: &[&Finding], episode: &Episode<'_>, all: &[Episode<'_>]) -> bool {
    let [finding] = about else { return false };
    let compares = finding.hosts.iter().any(|&host| case.clock_doubt([episode.vcenter, host]).is_some());
    let mut same = all.iter().filter(|other| other.is_called(episode.name));
    let is_only = same.next().is_some() && same.next().is_none();
    let is_lost_once = finding.id == "vsan.host-lost" && finding.details["times"].as_u64() == Some(1);
    let apart = finding.first_seen.map(|first| (episode.lost_at.since(first) / 1_000_000).abs());
    !compares && is_only && is_lost_once && apart.is_some_and(|apart| apart <= ZONES)
}

/// Whether vCenter had a host in maintenance mode whose own bundle is not here to say what became of it.
fn is_in_maintenance(case: &Case, episode: &Episode<'_>) -> bool {
    let about = |moment: &&Moment| {
        moment.maintenance().is_some_and(|told| told != Maintenance::Begun)
            && moment.field("host_name").is_some_and(|name| episode.is_called(name))
    };
    let before = near(case, episode.lost_at, (86_400, 0));
    let last = before.iter().rfind(about).filter(|_| episode.host.is_none());
    last.and_then(Moment::maintenance) == Some(Maintenance::Entered)
}

/// A host without a bundle stands in a finding's details only.
fn is_about(finding: &Finding, episode: &Episode<'_>) -> bool {
    let names = |text: &str| text.eq_ignore_ascii_case(episode.name) || episode.is_called(text);
    let lost = finding.details["host"].as_str();
    // The hosts of a loss whose own bundle is missing are those that saw it.
    let is_own = lost.is_none() && episode.host.is_some_and(|host| finding.hosts.contains(&host));
    lost.is_some_and(names) || is_own
}

fn is_near(finding: &Finding, at: Timestamp) -> bool {
    let from = finding.first_seen.map(|first| first.plus_seconds(-SAME));
    // What lasts has no end.
    let is_over = finding.details["over"].as_bool() != Some(false);
    let to = finding.last_seen.or(finding.first_seen).filter(|_| is_over);
    let to = to.map(|last| last.plus_seconds(SAME));
    // What is not dated may have been at any time.
    from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to)
}

/// What the vSAN members say of the host at their capture and in their logs: `None` where there is no vSAN, or nobody
/// says.
fn vsan_intact(case: &Case, episode: &Episode<'_>) -> Option<bool> {
    let says = |membership: &Membership| {
        let of_host = episode.host.and_then(|host| membership.node_of(host));
        let named = || membership.nodes.iter().position(|node| episode.is_called(node.label()));
        let node = of_host.or_else(named)?;
        let others = || membership.column(node).filter(|(row, _)| Some(*row) != episode.host);
        let near = |line: usize| (case.timeline[line].time.since(episode.lost_at) / 1_000_000).abs() <= SAME;
        if others().any(|(_, told)| told.counted == Some(false) || told.of(Said::Left).any(near)) {
            return Some(false);
        }
        others().any(|(_, told)| told.counted == Some(true)).then_some(true)
    };
    case.memberships.iter().find_map(says)
}

fn finding(case: &Case, group: &[Judged<'_, '_>]) -> Finding {
    let (first, cause) = &group[0];
    let last = group.last().map_or(first, |(last, _)| last);
    let lines = group.iter().flat_map(|(episode, _)| &episode.lines).copied();
    let (first_seen, last_seen, count) = span(lines);
    let intact = vsan_intact(case, last);
    let told = text::Told { case, first, last, episodes: group.len(), intact, cause };
    let vcenter = &case.hosts[first.vcenter];
    let mut evidence: Vec<Evidence> = Vec::new();
    for (episode, cause) in group.iter().take(3) {
        evidence.extend(episode.lines.iter().take(3).map(|moment| Evidence::event(moment)));
        evidence.extend(cause.lines.iter().take(3).map(|moment| Evidence::event(moment)));
        evidence.extend(episode.back.map(Evidence::event));
    }
    evidence.extend(cause.state.iter().cloned());
    let times: Vec<_> = group
        .iter()
        .map(|(episode, _)| json!({ "lost_at": episode.lost_at, "returned_at": episode.back_at() }))
        .collect();
    // Without its bundle the host is known by what vCenter Server calls it.
    let absent = first.host.is_none().then(|| first.name.to_owned()).into_iter().collect();
    Finding {
        id: "host.disconnected",
        severity: if last.back.is_none() { Severity::Error } else { Severity::Warning },
        confidence: cause.confidence,
        title: told.title(),
        summary: told.summary(),
        cause: (cause.id, told.cause()),
        hosts: vec![first.host.unwrap_or(first.vcenter)],
        vms: Vec::new(),
        first_seen,
        last_seen: last_seen.max(last.back_at()),
        count,
        remedy: remedy::steps(case, first, cause.id),
        brief: crate::verdict::Brief { absent, ..Default::default() },
        references: remedy::references(cause.id),
        evidence: distinct(evidence),
        details: json!({
            "host": first.name, "lost_at": first.lost_at, "returned_at": last.back_at(),
            "vcenter": vcenter.id, "vsan_intact": intact, "episodes": group.len(), "times": times,
        }),
    }
}
