//! The finding that a vSAN cluster is, or was, split into groups that do not see each other.

use serde_json::json;

use super::cause;
use super::effects::{self, Scene};
use super::event::Split;
use super::network::Fault;
use super::{remedy, text};
use crate::case::Case;
use crate::model::{Confidence, Severity};
use crate::verdict::{Evidence, Finding, distinct};

const ID: &str = "vsan.partition";

/// Hosts whose lines are shown.
const WITNESSES: usize = 16;

/// Splits into the same groups: the one that lasts, else the last one, and how often.
pub(in crate::verdict) type Splits<'c> = (Split<'c>, usize);

/// `splits`, those into the same groups together.
pub(in crate::verdict) fn together(splits: Vec<Split<'_>>) -> Vec<Splits<'_>> {
    let mut groups: Vec<Splits<'_>> = Vec::new();
    for split in splits {
        let times = split.span.times;
        match groups.iter_mut().find(|(known, _)| known.groups == split.groups) {
            Some((known, told)) => {
                *told += times;
                if known.span.over {
                    *known = split;
                }
            }
            None => groups.push((split, times)),
        }
    }
    groups
}

/// Whether `finding` is the one about `split`.
pub(in crate::verdict) fn is_told_by(split: &Split<'_>, finding: &Finding) -> bool {
    (finding.id, finding.first_seen) == (ID, split.span.at) && finding.hosts == hosts(split)
}

/// The hosts on all sides that have a bundle, ascending.
fn hosts(split: &Split<'_>) -> Vec<usize> {
    let nodes = split.groups.iter().flatten();
    let mut hosts: Vec<usize> = nodes.filter_map(|&node| split.membership.nodes[node].host).collect();
    hosts.sort_unstable();
    hosts
}

/// Whom the effects of `split` are looked for at.
pub(in crate::verdict) fn scene<'a>(split: &'a Split<'_>) -> Scene<'a> {
    let (membership, span) = (split.membership, &split.span);
    let main = split.groups.first().into_iter().flatten();
    Scene {
        membership,
        hosts: hosts(split),
        at: span.at,
        until: span.returned,
        mates: main.filter_map(|&node| membership.nodes[node].host).collect(),
        lasts: !span.over,
    }
}

pub(super) fn finding(case: &Case, (split, times): &Splits<'_>) -> Finding {
    let times = *times;
    let (id, network, of_cause) = cause::of_split(case, split);
    let (membership, span) = (split.membership, &split.span);
    let named: Vec<Vec<String>> = split
        .groups
        .iter()
        .map(|group| group.iter().map(|&node| membership.nodes[node].label().to_owned()).collect())
        .collect();
    let hosts = hosts(split);
    let effects = effects::of(case, &scene(split));
    let told = text::Parted { groups: &named, over: span.over, span, cause: id, fault: network.fault, times };
    let (_, last_line, _) = crate::verdict::span(span.lines.iter().copied());
    Finding {
        id: ID,
        severity: if span.over { Severity::Error } else { Severity::Critical },
        confidence: confidence(split, id),
        title: told.title(),
        summary: told.summary(&effects),
        cause: (id, told.cause()),
        hosts,
        vms: effects.vms.clone(),
        first_seen: span.at,
        last_seen: span.returned.or(last_line).or(span.at),
        count: span.lines.len() as u64,
        remedy: remedy::of_split(case, split, id, &network),
        brief: crate::verdict::Brief::default(),
        references: remedy::references(id, network.fault),
        evidence: evidence(case, split, of_cause, &effects),
        details: json!({
            "groups": named,
            "at": span.at,
            "at_uncertainty_ms": span.at.map(|_| span.uncertainty_ms),
            "returned_at": span.returned,
            "over": span.over,
            "times": times,
            "observers": crate::verdict::ids(case, &split.observers),
            "network": network.fault.filter(|_| id == "network").map(Fault::name),
            "effects": effects.details(),
        }),
    }
}

fn confidence(split: &Split<'_>, cause: &str) -> Confidence {
    let sides = split.groups.iter().filter(|group| {
        group.iter().any(|&node| {
            split.membership.nodes[node].host.is_some_and(|host| split.observers.contains(&host))
        })
    });
    match (split.span.by_state, split.span.lines.is_empty(), sides.count()) {
        (true, false, 2..) if cause != "unknown" => Confidence::Certain,
        (true, ..) | (false, _, 2..) => Confidence::Likely,
        _ => Confidence::Possible,
    }
}

/// The view of one host of each group, the lines of each witness, what supports the cause.
fn evidence(
    case: &Case,
    split: &Split<'_>,
    of_cause: Vec<Evidence>,
    effects: &effects::Effects<'_>,
) -> Vec<Evidence> {
    let mut lines = Vec::new();
    if split.span.by_state {
        let first = |group: &Vec<usize>| group.iter().find_map(|&node| split.membership.nodes[node].host);
        lines.extend(split.groups.iter().filter_map(first).flat_map(|host| Evidence::of_view(case, host)));
    }
    lines.extend(Evidence::of_each_host(&split.span.lines, WITNESSES));
    lines.extend(of_cause);
    lines.extend(effects.vm_lines.iter().take(3).map(|moment| Evidence::event(moment)));
    distinct(lines)
}
