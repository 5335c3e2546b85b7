//! Do the hosts of a cluster offer the same CPU features, which VMs does a difference pin, and why is it there?
//!
//! vCenter refuses such a migration before it asks a host, so often no host log says anything: the verdict rests on
//! masks, capabilities and the VMs' requirements, and refusals in vCenter's log only confirm and date it.

mod cause;
mod remedy;
mod text;

use std::collections::BTreeMap;

use serde_json::json;

use super::features::{self, Matrix, offered};
use super::{Evidence, Finding, Verdict, distinct, ids, span};
use crate::case::{Case, Cluster, Moment, Vm};
use crate::fact::features::describe;
use crate::model::{Confidence, EventKind, Severity};

pub(super) static VERDICT: Verdict = Verdict {
    name: "evc",
    about: "Do the hosts of a cluster offer the same CPU features, and which VMs does a difference pin?",
    findings: &["evc.feature-mismatch", "evc.vmotion-failed"],
    reach,
};

/// Features that some hosts of a cluster offer and others do not.
struct Gap {
    /// Lower-case keys, ordered.
    keys: Vec<String>,
    /// Hosts that offer them.
    have: Vec<usize>,
    /// Hosts that do not, or offer less.
    lack: Vec<usize>,
}

/// A VM that a gap pins to its host.
struct Pinned<'a> {
    vm: &'a Vm,
    host: usize,
}

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    let refusals: Vec<&Moment> =
        case.timeline.iter().filter(|moment| moment.event.kind == EventKind::VMOTION_FAIL_CPU).collect();
    let matrix = features::matrix(case);
    let mut findings = Vec::new();
    let mut explained: Vec<*const Moment> = Vec::new();
    for cluster in &case.clusters {
        for gap in gaps(case, &matrix, cluster) {
            let pinned = pinned(&matrix, &gap);
            let confirming: Vec<&Moment> =
                refusals.iter().copied().filter(|refusal| confirms(case, &gap, &pinned, refusal)).collect();
            explained.extend(confirming.iter().map(|moment| std::ptr::from_ref(*moment)));
            findings.push(mismatch(case, &matrix, &gap, &pinned, &confirming));
        }
    }
    let rest: Vec<&Moment> =
        refusals.into_iter().filter(|moment| !explained.contains(&std::ptr::from_ref(*moment))).collect();
    findings.extend(unexplained(case, &rest));
    findings
}

/// The features in which hosts of `cluster` differ, one gap for each way in which the hosts divide and each sort of
/// feature.
fn gaps(case: &Case, matrix: &Matrix<'_>, cluster: &Cluster) -> Vec<Gap> {
    let mut by_division: BTreeMap<(Vec<usize>, Vec<usize>, cause::Sort), Vec<String>> = BTreeMap::new();
    for row in matrix.rows.iter().filter(|row| row.differs) {
        let values: Vec<(usize, u64)> =
            cluster.hosts.iter().filter_map(|host| Some((*host, (*row.effective.get(host)?)?))).collect();
        let Some(most) = values.iter().map(|(_, value)| *value).max() else { continue };
        let of = |full: bool| -> Vec<usize> {
            values.iter().filter(|(_, value)| (*value == most) == full).map(|(host, _)| *host).collect()
        };
        let (have, lack) = (of(true), of(false));
        if !lack.is_empty() {
            let sort = cause::sort(case, &row.key, &have, &lack);
            by_division.entry((have, lack, sort)).or_default().push(row.key.clone());
        }
    }
    let gap = |((have, lack, _), keys): ((Vec<usize>, Vec<usize>, cause::Sort), Vec<String>)| Gap {
        keys,
        have,
        lack,
    };
    let mut gaps: Vec<Gap> = by_division.into_iter().map(gap).collect();
    gaps.iter_mut().for_each(|gap| gap.keys.sort());
    gaps
}

/// VMs on hosts that have the features, which need them and so cannot leave for the hosts that lack them.
fn pinned<'a>(matrix: &Matrix<'a>, gap: &Gap) -> Vec<Pinned<'a>> {
    let by_gap = |block: &features::Block| {
        gap.lack.contains(&block.host) && block.missing.iter().any(|key| gap.keys.contains(key))
    };
    let here =
        matrix.vms.iter().filter(|needs| gap.have.contains(&needs.host) && needs.blocked.iter().any(by_gap));
    here.map(|needs| Pinned { vm: needs.vm, host: needs.host }).collect()
}

/// Whether a refused migration is one that the gap explains.
fn confirms(case: &Case, gap: &Gap, pinned: &[Pinned<'_>], refusal: &Moment) -> bool {
    let target = refusal.field("target").map(|id| case.position(id));
    // A target that is no host of this case, or of another cluster, is another story.
    if target.is_some_and(|target| target.is_none_or(|target| !gap.lack.contains(&target))) {
        return false;
    }
    let named: Vec<String> = features_of(refusal);
    if !named.is_empty() {
        return named.iter().any(|key| gap.keys.contains(key));
    }
    let is_pinned = |name: &str| pinned.iter().any(|pinned| pinned.vm.name == name);
    match refusal.field("vm") {
        Some(vm) => is_pinned(vm),
        None => target.is_some(),
    }
}

fn features_of(refusal: &Moment) -> Vec<String> {
    let named = refusal.field("features").unwrap_or("");
    named.split(',').filter(|key| !key.is_empty()).map(str::to_ascii_lowercase).collect()
}

fn mismatch(
    case: &Case,
    matrix: &Matrix<'_>,
    gap: &Gap,
    pinned: &[Pinned<'_>],
    refusals: &[&Moment],
) -> Finding {
    let cause = cause::of(case, gap);
    let one_way = one_way(matrix, gap);
    let (first_seen, last_seen, count) = span(refusals.iter().copied());
    let harmed = !pinned.is_empty() || !refusals.is_empty();
    let odd = if gap.have.len() <= gap.lack.len() { &gap.have } else { &gap.lack };
    // No VM is held and none was refused: a wrong byte in one bundle makes a difference too.
    let doubtful = !harmed && odd.iter().all(|&host| case.hosts[host].is_doubtful());
    let confidence = match (refusals.is_empty(), cause.sure) {
        _ if doubtful => Confidence::Possible,
        (false, true) => Confidence::Certain,
        (true, false) => Confidence::Possible,
        _ => Confidence::Likely,
    };
    let mut evidence = state_evidence(case, gap);
    evidence.extend(cause.evidence.iter().cloned());
    evidence.extend(pinned.iter().take(5).filter_map(|pinned| requirement(pinned, gap)));
    evidence.extend(refusals.iter().take(5).map(|refusal| Evidence::event(refusal)));
    let mut vms: Vec<String> = pinned.iter().map(|pinned| pinned.vm.name.clone()).collect();
    vms.sort();
    let mut hosts: Vec<usize> = gap.have.iter().chain(&gap.lack).copied().collect();
    hosts.sort_unstable();
    let summary = text::summary(case, gap, pinned, refusals.len(), !one_way.is_empty());
    Finding {
        id: "evc.feature-mismatch",
        severity: if harmed { Severity::Error } else { Severity::Warning },
        confidence,
        title: text::title(case, gap),
        summary: if doubtful { text::with_doubt(summary, &ids(case, odd)) } else { summary },
        cause: (cause.id, cause.text),
        hosts,
        vms,
        first_seen,
        last_seen,
        count,
        remedy: remedy::steps(case, gap, pinned, cause.id),
        references: remedy::references(cause.id),
        evidence: distinct(evidence),
        details: json!({
            "features": gap.keys,
            "have": ids(case, &gap.have),
            "lack": ids(case, &gap.lack),
            "vms": pinned.iter().map(|p| json!({ "name": p.vm.name, "host": case.hosts[p.host].id })).collect::<Vec<_>>(),
            "one_way": one_way.iter()
                .map(|(from, to)| json!({ "from": case.hosts[*from].id, "to": case.hosts[*to].id })).collect::<Vec<_>>(),
        }),
    }
}

/// Pairs of hosts between which VMs can move one way only: `from` → `to` works, back is refused.
fn one_way(matrix: &Matrix<'_>, gap: &Gap) -> Vec<(usize, usize)> {
    let offers_more = |more: usize, less: usize| {
        matrix.rows.iter().filter(|row| row.differs).any(|row| {
            let of = |host: usize| row.effective.get(&host).copied().flatten();
            matches!((of(more), of(less)), (Some(a), Some(b)) if a > b)
        })
    };
    let pairs = gap.lack.iter().flat_map(|&from| gap.have.iter().map(move |&to| (from, to)));
    pairs.filter(|&(from, to)| !offers_more(from, to)).collect()
}

/// The lines that show the difference: masks and capabilities, of at most three hosts on each side.
fn state_evidence(case: &Case, gap: &Gap) -> Vec<Evidence> {
    let mut lines = Vec::new();
    for key in gap.keys.iter().take(3) {
        for &index in gap.have.iter().take(3).chain(gap.lack.iter().take(3)) {
            let state = &case.hosts[index].features;
            lines.extend(state.masks.get(key).map(|mask| Evidence::of(index, mask)));
            let capability = state.capability.get(key).or_else(|| state.masked.get(key));
            lines.extend(capability.map(|capability| Evidence::of(index, capability)));
            if !state.masks.contains_key(key)
                && capability.is_none()
                && let Some(config) = &state.config
            {
                // Absence has no line of its own: the file's last one shows that it was read to its end.
                lines.push(Evidence::of(index, config));
            }
        }
    }
    lines
}

fn requirement(pinned: &Pinned<'_>, gap: &Gap) -> Option<Evidence> {
    let need = pinned.vm.requires.iter().find(|need| gap.keys.contains(&need.key))?;
    Some(Evidence {
        host: pinned.host,
        source: need.source.clone(),
        time: crate::format::parse(need.text.as_bytes())
            .and_then(|header| header.stamp)
            .map(|stamp| stamp.time),
        text: need.text.clone(),
    })
}

/// Refused migrations that no difference between the bundles explains.
fn unexplained(case: &Case, refusals: &[&Moment]) -> Option<Finding> {
    let (first_seen, last_seen, count) = span(refusals.iter().copied());
    let mut vms: Vec<String> =
        refusals.iter().filter_map(|refusal| refusal.field("vm")).map(str::to_owned).collect();
    vms.sort();
    vms.dedup();
    let mut keys: Vec<String> = refusals.iter().flat_map(|refusal| features_of(refusal)).collect();
    keys.sort();
    keys.dedup();
    let known = |refusal: &&Moment| refusal.field("target").map(|id| case.position(id));
    let absent = refusals.iter().any(|refusal| matches!(known(refusal), Some(None)));
    let esxi = case.clusters.iter().map(|cluster| cluster.hosts.len()).sum::<usize>();
    let earlier = !absent && refusals.iter().any(|refusal| started_earlier(case, refusal));
    let cause = match (absent || esxi < 2, earlier) {
        (true, _) => "target-bundle-missing",
        (_, true) => "vm-powered-on-earlier",
        _ => "unknown",
    };
    let mut hosts: Vec<usize> = refusals.iter().map(|refusal| refusal.host).collect();
    hosts.extend(refusals.iter().filter_map(known).flatten());
    hosts.sort_unstable();
    hosts.dedup();
    (count > 0).then(|| Finding {
        id: "evc.vmotion-failed",
        severity: Severity::Warning,
        confidence: if cause == "unknown" { Confidence::Possible } else { Confidence::Likely },
        title: text::unexplained_title(count, &vms),
        summary: text::unexplained_summary(count, &vms, &keys),
        cause: (cause, text::unexplained_cause(cause)),
        hosts,
        vms,
        first_seen,
        last_seen,
        count,
        remedy: remedy::unexplained(cause),
        references: remedy::references("unknown"),
        evidence: refusals.iter().take(5).map(|refusal| Evidence::event(refusal)).collect(),
        details: json!({ "features": keys }),
    })
}

/// Whether the VM of a refused migration needs more than its own host offers now: it was powered on before.
fn started_earlier(case: &Case, refusal: &Moment) -> bool {
    let Some(name) = refusal.field("vm") else { return false };
    case.hosts.iter().any(|host| {
        let vm = host.vms.iter().find(|vm| vm.name == name);
        vm.is_some_and(|vm| {
            vm.requires.iter().any(|need| {
                let value = offered(case, host, &need.key);
                !describe(&need.key).identity && value.is_some_and(|value| !need.value.is_met_by(value))
            })
        })
    })
}
