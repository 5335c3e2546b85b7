//! Who is out of the vSAN membership, since when, who says so, and why?
//!
//! The hosts' own views (`cluster get`, unicast agent lists) are laid side by side and say who is out; CMMDS lines
//! date it. Where no host's view is in the bundles the lines alone decide, with less confidence.

mod answer;
mod cause;
pub(super) mod disk;
mod remedy;
mod text;
mod view;

use serde_json::{Map, Value, json};

pub use self::answer::{Answer, AnswerKind, answers};
pub use self::view::formed_at;
use self::view::{Loss, Views};
use super::{Evidence, Finding, Verdict, distinct, ids, version};
use crate::case::{Case, Cluster, Moment};
use crate::model::{Confidence, EventKind, Severity, Timestamp};

pub(super) static VERDICT: Verdict = Verdict {
    name: "vsan",
    about: "Which host is out of the vSAN membership, since when, who says so, and why?",
    findings: &["vsan.host-lost", "vsan.partition"],
    reach,
};

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for cluster in &case.clusters {
        let views = Views::of(case, cluster);
        if let Some(groups) = views.partition() {
            findings.push(partition(case, &groups));
            continue;
        }
        findings.extend(view::losses(case, cluster, &views).iter().map(|loss| lost(case, cluster, loss)));
    }
    findings
}

fn lost(case: &Case, cluster: &Cluster, loss: &Loss<'_>) -> Finding {
    let cause = cause::of(case, cluster, loss);
    let vms = vms_of(case, cluster, loss);
    let (_, last_event, _) = super::span(loss.lines.iter().copied());
    let effects = effects(case, cluster, loss);
    let confidence = match (loss.by_state, loss.lines.is_empty(), cause.sure) {
        (true, false, true) => Confidence::Certain,
        (true, ..) | (false, false, true) => Confidence::Likely,
        _ => Confidence::Possible,
    };
    // Without the lost host's own bundle those who saw it go are all there is.
    let mut hosts: Vec<usize> = loss.host.into_iter().collect();
    if hosts.is_empty() {
        hosts.extend(&loss.observers_by_state);
        hosts.extend(loss.observers.iter().map(|(host, _)| *host));
        hosts.sort_unstable();
        hosts.dedup();
    }
    let name = loss.name(case);
    Finding {
        id: "vsan.host-lost",
        severity: Severity::Critical,
        confidence,
        title: text::title(&name),
        summary: text::summary(case, loss, &name, &vms, &effects),
        cause: (cause.id, text::cause(case, loss, &name, cause.id)),
        hosts,
        vms: vms.clone(),
        first_seen: loss.at,
        last_seen: last_event.or(loss.at),
        count: loss.lines.len() as u64,
        remedy: remedy::steps(case, cluster, loss, cause.id),
        references: remedy::references(cause.id),
        evidence: evidence(case, loss, &cause.evidence, &effects),
        details: details(case, cluster, loss, &name),
    }
}

fn details(case: &Case, cluster: &Cluster, loss: &Loss<'_>, name: &str) -> Value {
    let vcenter = loss.host.or(cluster.hosts.first().copied()).and_then(|host| case.vcenter_of(host));
    let mut observers: Vec<Value> =
        loss.observers.iter().map(|(host, at)| json!({ "host": case.hosts[*host].id, "at": at })).collect();
    // Hosts whose state shows the loss and whose log does not date it.
    let undated =
        loss.observers_by_state.iter().filter(|host| !loss.observers.iter().any(|(seen, _)| seen == *host));
    observers.extend(undated.map(|host| json!({ "host": case.hosts[*host].id, "at": Value::Null })));
    let mut peers = Map::new();
    for (_, host) in case.members(cluster) {
        if let Some(agents) = &host.unicast {
            peers.insert(host.id.clone(), json!(agents.value.len()));
        }
    }
    json!({
        "host": name,
        "node_uuid": loss.node,
        "lost_at": loss.at,
        "lost_at_uncertainty_ms": loss.at.map(|_| loss.uncertainty_ms),
        "lost_at_basis": loss.basis,
        "observers": observers,
        "vcenter_version": vcenter.map(|(_, vcenter)| version::release(vcenter)),
        "host_version": loss.host.map(|host| version::release(&case.hosts[host])),
        "unicast_peers": peers,
    })
}

/// VMs that the lost host's hostd, or vCenter, shows as invalid or inaccessible since the loss; ordered.
fn vms_of(case: &Case, cluster: &Cluster, loss: &Loss<'_>) -> Vec<String> {
    let mut vms: Vec<String> = effects(case, cluster, loss)
        .into_iter()
        .filter_map(|moment| moment.field("vm"))
        .map(str::to_owned)
        .collect();
    vms.sort();
    vms.dedup();
    vms
}

/// VMs going invalid on the lost host, or in the view of its vCenter, from a little before the loss until a day after.
fn effects<'c>(case: &'c Case, cluster: &Cluster, loss: &Loss<'_>) -> Vec<&'c Moment> {
    let vcenter = loss.host.or(cluster.hosts.first().copied()).and_then(|host| case.vcenter_of(host));
    let vcenter = vcenter.map(|(index, _)| index);
    let near = |moment: &Moment| {
        loss.at.is_none_or(|at| (-120..=86_400).contains(&(moment.time.since(at) / 1_000_000)))
    };
    // vCenter may lose VMs of other hosts at the same time.
    let elsewhere = |name: &str| {
        let mut others = case.hosts.iter().enumerate().filter(|(index, _)| Some(*index) != loss.host);
        others.any(|(_, host)| host.vms.iter().any(|vm| vm.name == name))
    };
    let concerns = |moment: &&Moment| {
        let kind = moment.event.kind;
        let invalid = kind == EventKind::VM_INVALID || kind == EventKind::VM_INACCESSIBLE;
        let by_vcenter = Some(moment.host) == vcenter && !moment.field("vm").is_some_and(elsewhere);
        invalid && near(moment) && (Some(moment.host) == loss.host || by_vcenter)
    };
    case.timeline.iter().filter(concerns).collect()
}

fn evidence(case: &Case, loss: &Loss<'_>, of_cause: &[Evidence], effects: &[&Moment]) -> Vec<Evidence> {
    let mut lines: Vec<Evidence> = Vec::new();
    for index in loss.host.iter().chain(loss.observers_by_state.iter().take(3)) {
        let host = &case.hosts[*index];
        let shown = host.vsan.iter().flat_map(|vsan| &vsan.value.lines);
        lines.extend(shown.map(|(source, text)| Evidence {
            host: *index,
            source: source.clone(),
            time: None,
            text: text.clone(),
        }));
    }
    let mut by_host: Vec<usize> = Vec::new();
    for line in &loss.lines {
        if by_host.iter().filter(|host| **host == line.host).count() < 2 {
            by_host.push(line.host);
            lines.push(Evidence::event(line));
        }
    }
    lines.extend(of_cause.iter().cloned());
    lines.extend(effects.iter().take(3).map(|moment| Evidence::event(moment)));
    distinct(lines)
}

/// Groups of more than one host that do not see each other.
fn partition(case: &Case, groups: &[Vec<usize>]) -> Finding {
    let named: Vec<Vec<String>> = groups.iter().map(|group| ids(case, group)).collect();
    let of = |group: &Vec<usize>| {
        let &index = group.first()?;
        case.hosts[index].vsan.as_ref().map(|vsan| Evidence::of(index, vsan))
    };
    let at: Option<Timestamp> =
        groups.iter().flatten().filter_map(|&host| view::formed_at(&case.hosts[host])).max();
    let network = case.timeline.iter().find(|moment| {
        // A missed heartbeat is how a partition shows; a failed send or a link that went down is why.
        let down = moment.event.kind == EventKind::NET_LINK_DOWN
            || moment.event.rule == "cmmdsnet.unicast-send-failed";
        let here = groups.iter().flatten().any(|&host| host == moment.host);
        down && here && at.is_some_and(|at| moment.time.since(at).abs() < 600_000_000)
    });
    let cause = if network.is_some() { "network" } else { "unknown" };
    let mut hosts: Vec<usize> = groups.iter().flatten().copied().collect();
    hosts.sort_unstable();
    let mut evidence: Vec<Evidence> = groups.iter().filter_map(of).collect();
    evidence.extend(network.map(Evidence::event));
    Finding {
        id: "vsan.partition",
        severity: Severity::Critical,
        confidence: Confidence::Likely,
        title: text::partition_title(&named),
        summary: text::partition_summary(&named),
        cause: (cause, text::partition_cause(cause)),
        hosts,
        vms: Vec::new(),
        first_seen: at,
        last_seen: at,
        count: 0,
        remedy: remedy::network(None),
        references: remedy::references("network"),
        evidence,
        details: json!({ "groups": named, "at": at }),
    }
}
