//! The finding that one host is, or was, out of the vSAN membership.

use serde_json::{Map, Value, json};

use super::cause::{self, Cause};
use super::effects::{self, Effects, Scene};
use super::event::Loss;
use super::skew::vcenter_of;
use super::{remedy, text};
use crate::case::Case;
use crate::model::{Confidence, Severity};
use crate::verdict::{Evidence, Finding, distinct, version};

const ID: &str = "vsan.host-lost";

/// Losses of one node for one cause: the one that lasts, else the last one, and how often.
pub(in crate::verdict) struct Losses<'c> {
    pub loss: Loss<'c>,
    pub cause: Cause<'c>,
    /// How often the node was lost for this cause.
    pub times: usize,
}

/// `losses`, those of one node and cause together.
pub(in crate::verdict) fn together<'c>(case: &'c Case, losses: Vec<Loss<'c>>) -> Vec<Losses<'c>> {
    let mut groups: Vec<Losses<'c>> = Vec::new();
    for loss in losses {
        let cause = cause::of_loss(case, &loss);
        // Planned work that is over is no incident; the timeline has it.
        if loss.span.over && cause.id == "maintenance" {
            continue;
        }
        let times = loss.span.times;
        let same = |group: &&mut Losses<'_>| group.loss.node == loss.node && group.cause.id == cause.id;
        match groups.iter_mut().find(same) {
            Some(group) => {
                group.times += times;
                if group.loss.span.over {
                    (group.loss, group.cause) = (loss, cause);
                }
            }
            None => groups.push(Losses { loss, cause, times }),
        }
    }
    groups
}

impl Losses<'_> {
    /// Whether `finding` is the one about these losses.
    pub(in crate::verdict) fn is_told_by(&self, case: &Case, finding: &Finding) -> bool {
        let (loss, cause) = (&self.loss, &self.cause);
        let is_like = (finding.id, finding.cause.0, finding.first_seen) == (ID, cause.id, loss.span.at);
        is_like && finding.hosts == hosts(loss) && {
            let told = text::Told { case, loss, cause, name: &loss.name(case), times: self.times };
            finding.title == told.title()
        }
    }
}

pub(super) fn finding(case: &Case, group: &Losses<'_>) -> Finding {
    let (loss, cause) = (&group.loss, &group.cause);
    let span = &loss.span;
    let effects = effects::of(case, &scene(loss));
    let name = loss.name(case);
    let (_, last_line, _) = crate::verdict::span(span.lines.iter().copied());
    let told = text::Told { case, loss, cause, name: &name, times: group.times };
    Finding {
        id: ID,
        severity: severity(loss, cause),
        confidence: confidence(loss, cause),
        title: told.title(),
        summary: told.summary(&effects),
        cause: (cause.id, told.cause()),
        hosts: hosts(loss),
        vms: effects.vms.clone(),
        first_seen: span.at,
        last_seen: span.returned.or(last_line).or(span.at),
        count: span.lines.len() as u64,
        remedy: remedy::steps(case, loss, cause),
        brief: told.brief(&effects),
        references: remedy::references(cause.id, cause.signs.network.fault),
        evidence: evidence(case, loss, cause, &effects),
        details: details(case, group, &name, &effects),
    }
}

/// Whom the effects of `loss` are looked for at.
pub(in crate::verdict) fn scene<'a>(loss: &'a Loss<'_>) -> Scene<'a> {
    Scene {
        membership: loss.membership,
        hosts: loss.host.into_iter().collect(),
        mates: loss.mates.clone(),
        at: loss.span.at,
        until: loss.span.returned,
        lasts: !loss.span.over,
    }
}

/// The lost host; without its bundle those who saw it go are all there is.
fn hosts(loss: &Loss<'_>) -> Vec<usize> {
    if let Some(host) = loss.host {
        return vec![host];
    }
    let mut hosts: Vec<usize> = loss.observers_by_state.clone();
    hosts.extend(loss.observers.iter().map(|(host, _)| *host));
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

/// What is over costs less than what lasts, and planned work less than what nobody meant.
fn severity(loss: &Loss<'_>, cause: &Cause<'_>) -> Severity {
    match (loss.span.over, cause.id) {
        (_, "maintenance") | (true, "host-restart") => Severity::Warning,
        // It may have been a restart: its own bundle would tell.
        (true, "unknown") if loss.host.is_none() => Severity::Warning,
        (true, _) | (false, "host-restart") => Severity::Error,
        (false, _) => Severity::Critical,
    }
}

fn confidence(loss: &Loss<'_>, cause: &Cause<'_>) -> Confidence {
    let by_lines = !loss.span.lines.is_empty();
    match (loss.span.by_state, by_lines, cause.sure) {
        (true, true, true) => Confidence::Certain,
        (true, ..) | (false, true, true) => Confidence::Likely,
        // Several hosts tell the same; why remains open.
        _ if loss.observers.len() > 1 => Confidence::Likely,
        _ => Confidence::Possible,
    }
}

fn details(case: &Case, group: &Losses<'_>, name: &str, effects: &Effects<'_>) -> Value {
    let (loss, cause) = (&group.loss, &group.cause);
    let (membership, span, signs) = (loss.membership, &loss.span, &cause.signs);
    let id = |host: usize| case.hosts[host].id.clone();
    let mut observers: Vec<Value> =
        loss.observers.iter().map(|(host, at)| json!({ "host": id(*host), "at": at })).collect();
    // Hosts whose state shows the loss and whose log does not date it.
    let undated =
        loss.observers_by_state.iter().filter(|host| !loss.observers.iter().any(|(seen, _)| seen == *host));
    observers.extend(undated.map(|host| json!({ "host": id(*host), "at": Value::Null })));
    let mut peers = Map::new();
    for (_, host) in case.members(&case.clusters[membership.cluster]) {
        if let Some(agents) = &host.unicast {
            peers.insert(host.id.clone(), json!(agents.value.len()));
        }
    }
    let stop = signs
        .stop
        .map(|stop| json!({ "down_at": stop.down, "up_at": stop.up, "planned": stop.is_planned() }));
    json!({
        "host": name,
        "node_uuid": membership.nodes[loss.node].uuid,
        "lost_at": span.at,
        "lost_at_uncertainty_ms": span.at.map(|_| span.uncertainty_ms),
        "lost_at_basis": span.basis,
        "returned_at": span.returned,
        "over": span.over,
        "times": group.times,
        "observers": observers,
        "went_on": crate::verdict::ids(case, &loss.mates),
        "vcenter_version": vcenter_of(case, membership, loss.host).map(|(_, vcenter)| version::release(vcenter)),
        "host_version": loss.host.map(|host| version::release(&case.hosts[host])),
        "unicast_peers": peers,
        "network": signs.network.fault.filter(|_| cause.id == "network").map(super::network::Fault::name),
        "stop": stop,
        "effects": effects.details(),
    })
}

fn evidence(case: &Case, loss: &Loss<'_>, cause: &Cause<'_>, effects: &Effects<'_>) -> Vec<Evidence> {
    let mut lines: Vec<Evidence> = Vec::new();
    // What a view says of a loss that is over is that it is over.
    let viewers = loss.host.iter().chain(loss.observers_by_state.iter().take(3));
    lines.extend(viewers.filter(|_| !loss.span.over).flat_map(|&host| Evidence::of_view(case, host)));
    lines.extend(Evidence::of_each_host(&loss.span.lines, usize::MAX));
    lines.extend(cause.evidence.iter().cloned());
    lines.extend(effects.vm_lines.iter().take(3).map(|moment| Evidence::event(moment)));
    distinct(lines)
}
