//! VMs that cannot move for CPU features though no two hosts of their cluster are shown to differ: their own
//! configuration, or an earlier power-on, asks for more than any host offers now.

use std::collections::BTreeMap;

use serde_json::json;

use super::{remedy, text};
use crate::case::{Case, Moment, Vm};
use crate::model::{Confidence, EventKind, Severity};
use crate::verdict::features::{self, Basis, Matrix};
use crate::verdict::{Evidence, Finding, distinct, span};

/// VMs that cannot move for one cause.
#[derive(Default)]
pub(in crate::verdict) struct Stuck<'a> {
    pub refusals: Vec<&'a Moment>,
    /// Events that say that a VM is above the EVC mode of its host.
    pub above: Vec<&'a Moment>,
    /// VMs, each with its host and the keys that it requires and is not offered.
    pub vms: Vec<(usize, &'a Vm, Vec<String>)>,
}

/// By cause, each of which is one finding; `refusals` are those that no difference between hosts explains.
pub(in crate::verdict) fn stuck<'a>(
    case: &'a Case,
    matrix: &Matrix<'a>,
    refusals: &[&'a Moment],
    pinned: &[(usize, String)],
) -> BTreeMap<&'static str, Stuck<'a>> {
    let mut by_cause: BTreeMap<&'static str, Stuck<'a>> = BTreeMap::new();
    let state = by_state(case, matrix, pinned);
    let above = above(case);
    for &refusal in refusals {
        let cause = cause_of(case, matrix, &state, &above, refusal);
        by_cause.entry(cause).or_default().refusals.push(refusal);
    }
    for (host, vm, keys) in state {
        by_cause.entry(cause_of_vm(vm, &keys)).or_default().vms.push((host, vm, keys));
    }
    for moment in above {
        let name = moment.field("vm");
        let is_told = |stuck: &Stuck<'_>| {
            stuck.refusals.iter().any(|refusal| name.is_some() && refusal.field("vm") == name)
                || stuck.vms.iter().any(|(_, vm, _)| Some(vm.name.as_str()) == name)
        };
        let is_pinned = pinned.iter().any(|(_, pinned)| Some(pinned.as_str()) == name);
        let told_of_other = by_cause.iter().any(|(id, stuck)| *id != EARLIER && is_told(stuck));
        if !is_pinned && !told_of_other {
            by_cause.entry(EARLIER).or_default().above.push(moment);
        }
    }
    by_cause
}

const EARLIER: &str = "vm-powered-on-earlier";
const OWN_MASKS: &str = "per-vm-evc";
const NO_TARGET: &str = "target-bundle-missing";
/// No cause id of its own: what the target lacked then it offers now.
const CURED: &str = "cured";

/// Whether every target of a refusal is here and offers now what it was refused for.
fn is_cured(case: &Case, matrix: &Matrix<'_>, refusal: &Moment) -> bool {
    let keys: Vec<String> = features::named(refusal).collect();
    let offers = |target: usize| {
        keys.iter().all(|key| {
            let offer = matrix.offers.get(target, key);
            offer.is_some_and(|offer| offer.value > 0 && offer.basis <= Basis::VmLog)
        })
    };
    let mut targets = features::targets(case, refusal).peekable();
    !keys.is_empty() && targets.peek().is_some() && targets.all(offers)
}

/// VMs that require more than their own host is known to offer now, which no gap pins: no host that offers less would
/// power them on.
fn by_state<'a>(
    case: &Case,
    matrix: &Matrix<'a>,
    pinned: &[(usize, String)],
) -> Vec<(usize, &'a Vm, Vec<String>)> {
    let mates = |host: usize| {
        let cluster = case.clusters.iter().find(|cluster| cluster.hosts.contains(&host));
        cluster.map_or(0, |cluster| cluster.hosts.len().saturating_sub(1))
    };
    // A VM that some host can take is not stuck.
    let is_stuck = |needs: &features::VmNeeds<'_>| needs.blocked.len() == mates(needs.host);
    let is_free = |host: usize, vm: &Vm| !pinned.iter().any(|(at, name)| *at == host && *name == vm.name);
    let needs = matrix
        .vms
        .iter()
        .filter(|needs| is_stuck(needs) && is_free(needs.host, needs.vm) && !needs.vm.settings.unchecked);
    let above = needs.map(|needs| {
        let mut keys = features::unmet(&matrix.offers, needs.host, needs.vm);
        // Only what the host itself says: that a mask is absent is too little to say that a running VM cannot be.
        keys.retain(|key| {
            matrix.offers.get(needs.host, key).is_some_and(|offer| offer.basis <= Basis::Capability)
        });
        (needs.host, needs.vm, keys)
    });
    above.filter(|(_, _, keys)| !keys.is_empty()).collect()
}

/// Events that say that a VM uses more than its host's EVC mode has.
fn above(case: &Case) -> Vec<&Moment> {
    let is_above = |moment: &&Moment| {
        moment.event.kind == EventKind::EVC_ADMISSION_FAILED && moment.event.rule == "vpxd.vm-above-evc-mode"
    };
    case.timeline.iter().filter(is_above).collect()
}

fn cause_of_vm(vm: &Vm, keys: &[String]) -> &'static str {
    let own = vm.settings.is_per_vm_evc()
        || keys.iter().any(|key| vm.settings.masks.contains_key(key))
        || !vm.settings.registers.is_empty();
    if own { OWN_MASKS } else { EARLIER }
}

fn cause_of(
    case: &Case,
    matrix: &Matrix<'_>,
    state: &[(usize, &Vm, Vec<String>)],
    above: &[&Moment],
    refusal: &Moment,
) -> &'static str {
    let name = refusal.field("vm");
    let told = refusal.field("target").is_some();
    let known = features::targets(case, refusal).next().is_some();
    if told && !known {
        return NO_TARGET;
    }
    if is_cured(case, matrix, refusal) {
        return CURED;
    }
    let vm = matrix.vms.iter().find(|needs| Some(needs.vm.name.as_str()) == name);
    let keys: Vec<String> = features::named(refusal).collect();
    if vm.is_some_and(|needs| cause_of_vm(needs.vm, &keys) == OWN_MASKS) {
        return OWN_MASKS;
    }
    let is_above = above.iter().any(|moment| name.is_some() && moment.field("vm") == name);
    if is_above || state.iter().any(|(_, vm, _)| Some(vm.name.as_str()) == name) {
        return EARLIER;
    }
    let home = features::home(case, refusal);
    let mates = case.clusters.iter().find(|cluster| home.is_some_and(|home| cluster.hosts.contains(&home)));
    let most = case.clusters.iter().map(|cluster| cluster.hosts.len()).max().unwrap_or(0);
    let alone = mates.map_or(most, |cluster| cluster.hosts.len()) < 2;
    if alone { NO_TARGET } else { "unknown" }
}

/// The id of the cause that a finding states.
pub(in crate::verdict) fn cause_id(cause: &'static str) -> &'static str {
    if cause == CURED { "unknown" } else { cause }
}

pub(super) fn finding(case: &Case, cause: &'static str, stuck: &Stuck<'_>) -> Finding {
    let told = || stuck.refusals.iter().chain(&stuck.above).copied();
    // A VM that is above its host's mode is told of once more at every check.
    let counted = if stuck.refusals.is_empty() { &stuck.above } else { &stuck.refusals };
    let (first_seen, last_seen, count) = span(counted.iter().copied());
    let mut vms: Vec<String> = told().filter_map(|moment| moment.field("vm")).map(str::to_owned).collect();
    vms.extend(stuck.vms.iter().map(|(_, vm, _)| vm.name.clone()));
    vms.sort();
    vms.dedup();
    let mut keys: Vec<String> = stuck.refusals.iter().flat_map(|refusal| features::named(refusal)).collect();
    keys.extend(stuck.vms.iter().flat_map(|(_, _, keys)| keys.iter().cloned()));
    keys.sort();
    keys.dedup();
    let mut hosts: Vec<usize> = told().map(|moment| moment.host).collect();
    hosts.extend(stuck.refusals.iter().flat_map(|refusal| features::targets(case, refusal)));
    hosts.extend(stuck.refusals.iter().filter_map(|refusal| features::home(case, refusal)));
    hosts.extend(stuck.vms.iter().map(|(host, _, _)| *host));
    hosts.sort_unstable();
    hosts.dedup();
    let by_state = !stuck.vms.is_empty();
    let refused = stuck.refusals.len() as u64;
    let confidence = match (refused > 0, by_state, cause) {
        (_, _, "unknown") => Confidence::Possible,
        (_, _, CURED) => Confidence::Likely,
        (true, true, _) => Confidence::Certain,
        _ => Confidence::Likely,
    };
    let missing = missing(case, stuck);
    let told_of = text::Refused { cause, refused, vms: &vms, keys: &keys, missing: &missing };
    let is_cured = cause == CURED;
    Finding {
        id: "evc.vmotion-failed",
        severity: match (is_cured, refused > 0 && cause != "unknown" && by_state) {
            (true, _) => Severity::Info,
            (_, true) => Severity::Error,
            (_, false) => Severity::Warning,
        },
        confidence,
        title: told_of.title(),
        summary: told_of.summary(),
        cause: (cause_id(cause), told_of.cause()),
        hosts,
        first_seen,
        last_seen,
        count,
        remedy: remedy::refused(case, cause, &stuck_vms(case, stuck, &vms), &keys),
        brief: crate::verdict::Brief { absent: missing.clone(), ..Default::default() },
        references: remedy::references(cause),
        evidence: evidence(stuck),
        details: json!({
            "features": keys,
            "vms": stuck.vms.iter().map(|(host, vm, keys)| json!({
                "name": vm.name, "host": case.hosts[*host].id, "requires": keys,
                "settings": vm.settings.kinds(), "powered_on_at": vm.powered_on_at,
            })).collect::<Vec<_>>(),
        }),
        vms,
    }
}

/// Names of the hosts that refused migrations were to go to and that have no bundle here.
fn missing(case: &Case, stuck: &Stuck<'_>) -> Vec<String> {
    let targets = stuck.refusals.iter().filter_map(|refusal| refusal.field("target"));
    let absent = targets.flat_map(|targets| targets.split(',')).filter(|id| case.position(id).is_none());
    let mut names: Vec<String> = absent.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// The VMs with the host that each runs on, where that is known.
fn stuck_vms(case: &Case, stuck: &Stuck<'_>, names: &[String]) -> Vec<(String, Option<usize>)> {
    let home = |name: &String| {
        let by_state = stuck.vms.iter().find(|(_, vm, _)| vm.name == *name).map(|(host, _, _)| *host);
        let mut refusals = stuck.refusals.iter().filter(|refusal| refusal.field("vm") == Some(name.as_str()));
        by_state.or_else(|| refusals.find_map(|refusal| features::home(case, refusal)))
    };
    names.iter().map(|name| (name.clone(), home(name))).collect()
}

/// The refusals, then what the VMs require and what their own configuration says.
fn evidence(stuck: &Stuck<'_>) -> Vec<Evidence> {
    let moments = stuck.refusals.iter().take(5).chain(stuck.above.iter().take(3));
    let mut lines: Vec<Evidence> = moments.map(|moment| Evidence::event(moment)).collect();
    for (host, vm, keys) in stuck.vms.iter().take(5) {
        let needs = vm.requires.iter().filter(|need| keys.contains(&need.key)).take(3);
        lines.extend(needs.map(|need| Evidence::requirement(*host, need)));
        let own = vm.settings.lines.iter().take(3);
        lines.extend(own.map(|(source, text)| Evidence {
            host: *host,
            source: source.clone(),
            time: None,
            text: text.clone(),
        }));
    }
    distinct(lines)
}
