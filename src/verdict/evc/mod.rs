//! Do the hosts of a cluster offer the same CPU features, which VMs does a difference pin, and why is it there?
//!
//! vCenter refuses such a migration before it asks a host, so often no host log says anything: the verdict rests on
//! masks, capabilities and the VMs' requirements, and refusals in vCenter's log only confirm and date it.

pub(super) mod cause;
pub(super) mod gap;
pub(super) mod refused;
mod remedy;
mod text;

use std::collections::BTreeMap;

use serde_json::json;

use super::features::{self, Evacuation, Matrix};
use super::{Evidence, Finding, Verdict, distinct, ids, span};
use crate::case::{Case, Moment};
use crate::model::{Confidence, EventKind, Severity};
use cause::Support;
use gap::{Gap, Pinned};
use refused::Stuck;

const MISMATCH: &str = "evc.feature-mismatch";

pub(super) static VERDICT: Verdict = Verdict {
    name: "evc",
    about: "Do the hosts of a cluster offer the same CPU features, and which VMs does a difference pin?",
    findings: &["evc.feature-mismatch", "evc.vmotion-failed"],
    reach,
};

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    let matrix = features::matrix(case);
    let Answer { mismatches, stuck } = answer(case, &matrix);
    let told = mismatches.iter().map(|Mismatch { gap, pinned, refusals }| {
        Told { case, matrix: &matrix, gap, pinned, refusals }.finding()
    });
    let refused = stuck.iter().map(|(cause, stuck)| refused::finding(case, cause, stuck));
    told.chain(refused).collect()
}

/// Features that divide the hosts of a cluster, and what comes of it: each is one finding.
pub(super) struct Mismatch<'a> {
    pub gap: Gap,
    /// VMs that it holds where they are.
    pub pinned: Vec<Pinned<'a>>,
    /// Refused migrations that it explains, by time.
    pub refusals: Vec<&'a Moment>,
}

impl Mismatch<'_> {
    /// Whether `finding` is the one about this.
    pub(super) fn is_told_by(&self, case: &Case, finding: &Finding) -> bool {
        (finding.id, finding.cause.0) == (MISMATCH, self.gap.cause.id)
            && finding.title == text::title(case, &self.gap)
    }
}

/// What is found of the CPU features of a case.
pub(super) struct Answer<'a> {
    pub mismatches: Vec<Mismatch<'a>>,
    /// By cause: each is one finding.
    pub stuck: BTreeMap<&'static str, Stuck<'a>>,
}

pub(super) fn answer<'a>(case: &'a Case, matrix: &Matrix<'a>) -> Answer<'a> {
    let refusals: Vec<&Moment> =
        case.timeline.iter().filter(|moment| moment.event.kind == EventKind::VMOTION_FAIL_CPU).collect();
    let mut mismatches = Vec::new();
    let mut explained: Vec<*const Moment> = Vec::new();
    let mut all_pinned: Vec<(usize, String)> = Vec::new();
    for cluster in &case.clusters {
        for gap in gap::gaps(case, matrix, cluster) {
            let mut pinned = gap::pinned(matrix, &gap);
            let confirming: Vec<&Moment> = refusals
                .iter()
                .copied()
                .filter(|refusal| gap::confirms(case, &gap, &pinned, refusal))
                .collect();
            pinned.extend(gap::refused(case, &gap, &pinned, &confirming));
            explained.extend(confirming.iter().map(|moment| std::ptr::from_ref(*moment)));
            all_pinned.extend(pinned.iter().map(|pinned| (pinned.host, pinned.name.to_owned())));
            mismatches.push(Mismatch { gap, pinned, refusals: confirming });
        }
    }
    let rest: Vec<&Moment> =
        refusals.into_iter().filter(|moment| !explained.contains(&std::ptr::from_ref(*moment))).collect();
    Answer { mismatches, stuck: refused::stuck(case, matrix, &rest, &all_pinned) }
}

/// A gap with all that is told of it.
struct Told<'a> {
    case: &'a Case,
    matrix: &'a Matrix<'a>,
    gap: &'a Gap,
    pinned: &'a [Pinned<'a>],
    refusals: &'a [&'a Moment],
}

impl Told<'_> {
    fn finding(&self) -> Finding {
        let Told { case, gap, .. } = *self;
        let one_way = gap::one_way(self.matrix, gap);
        let (first_seen, last_seen, count) = span(self.refusals.iter().copied());
        let harmed = !self.pinned.is_empty() || !self.refusals.is_empty();
        let odd = if gap.have.len() <= gap.lack.len() { &gap.have } else { &gap.lack };
        // No VM is held and none was refused: a wrong byte in one bundle makes a difference too.
        let doubtful = !harmed && odd.iter().all(|&host| case.hosts[host].is_doubtful());
        let mut vms: Vec<String> = self.pinned.iter().map(|pinned| pinned.name.to_owned()).collect();
        vms.sort();
        vms.dedup();
        let mut hosts: Vec<usize> = gap.have.iter().chain(&gap.lack).copied().collect();
        hosts.sort_unstable();
        let summary = text::summary(case, gap, &vms, &self.held(), self.refusals.len(), !one_way.is_empty());
        let brief = text::brief(case, gap, (self.pinned, &vms), self.refusals.len());
        Finding {
            id: MISMATCH,
            severity: if harmed { Severity::Error } else { Severity::Warning },
            confidence: self.confidence(doubtful),
            title: text::title(case, gap),
            summary: if doubtful { text::with_doubt(summary, &ids(case, odd)) } else { summary },
            cause: (gap.cause.id, cause::text_of(case, gap)),
            hosts,
            vms,
            first_seen,
            last_seen,
            count,
            remedy: remedy::steps(case, gap, self.pinned),
            brief,
            references: remedy::references(gap.cause.id),
            evidence: self.evidence(),
            details: self.details(&one_way),
        }
    }

    fn confidence(&self, doubtful: bool) -> Confidence {
        // Lines alone say that the hosts differ, not that they still do.
        let by_state = !gap::is_of_lines(self.matrix, self.gap);
        match (self.refusals.is_empty(), by_state && self.gap.cause.support == Support::Sure) {
            _ if doubtful => Confidence::Possible,
            (false, true) => Confidence::Certain,
            (true, false) => Confidence::Possible,
            _ => Confidence::Likely,
        }
    }

    /// Hosts with the features that cannot be emptied for it.
    fn held(&self) -> Vec<&Evacuation> {
        let all = self.matrix.clusters.iter().flat_map(|outlook| &outlook.evacuation);
        all.filter(|host| {
            let by_gap = |name: &String| {
                self.pinned.iter().any(|pinned| pinned.host == host.host && pinned.name == *name)
            };
            self.gap.have.contains(&host.host) && host.stay.iter().any(by_gap)
        })
        .collect()
    }

    fn evidence(&self) -> Vec<Evidence> {
        let mut evidence = state_evidence(self.case, self.gap);
        evidence.extend(cause::evidence(self.case, self.gap));
        evidence.extend(self.pinned.iter().filter_map(|pinned| requirement(pinned, self.gap)).take(5));
        evidence.extend(self.refusals.iter().take(5).map(|refusal| Evidence::event(refusal)));
        distinct(evidence)
    }

    fn details(&self, one_way: &[(usize, usize)]) -> serde_json::Value {
        let Told { case, gap, .. } = *self;
        let id = |host: usize| &case.hosts[host].id;
        let arrow = |(from, to): &(usize, usize)| json!({ "from": id(*from), "to": id(*to) });
        let vm = |pinned: &Pinned<'_>| {
            json!({
                "name": pinned.name,
                "host": id(pinned.host),
                "powered_on_at": pinned.vm.and_then(|vm| vm.powered_on_at),
            })
        };
        let held = |host: &&Evacuation| json!({ "host": id(host.host), "vms": host.vms, "stay": host.stay });
        json!({
            "features": gap.keys,
            "have": ids(case, &gap.have),
            "lack": ids(case, &gap.lack),
            "vms": self.pinned.iter().map(vm).collect::<Vec<_>>(),
            "one_way": one_way.iter().map(arrow).collect::<Vec<_>>(),
            "cannot_be_emptied": self.held().iter().map(held).collect::<Vec<_>>(),
        })
    }
}

/// The lines that show the difference: masks and capabilities, of at most three hosts on each side.
fn state_evidence(case: &Case, gap: &Gap) -> Vec<Evidence> {
    let mut lines = Vec::new();
    for key in gap.keys.iter().take(3) {
        for &index in gap.have.iter().take(3).chain(gap.lack.iter().take(3)) {
            let state = &case.hosts[index].features;
            lines.extend(state.masks.get(key).map(|mask| Evidence::of(index, mask)));
            let lists = [state.capability.get(key), state.masked.get(key)];
            lines.extend(lists.into_iter().flatten().map(|value| Evidence::of(index, value)));
            if !state.masks.contains_key(key)
                && lists.iter().all(Option::is_none)
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
    let need = pinned.vm?.requires.iter().find(|need| gap.keys.contains(&need.key))?;
    Some(Evidence::requirement(pinned.host, need))
}

#[cfg(test)]
mod tests;
