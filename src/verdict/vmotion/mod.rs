//! Which migrations failed for another reason than CPU features, why, and what to do?
//!
//! A migration's records of all hosts and of vCenter are judged together, so that one failure is one, and a side that was
//! only left waiting does not outvote the one that says why. Failures of one cause are one finding.

pub(super) mod cause;
mod network;
mod remedy;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::cause::{Cause, Reason};
use super::{Evidence, Finding, Verdict, distinct, span};
use crate::case::{Case, Migration, Moment, Outcome};
use crate::model::{Confidence, Severity, Timestamp};

pub(super) static VERDICT: Verdict = Verdict {
    name: "vmotion",
    about: "Which migrations failed for another reason than CPU features, and why?",
    findings: &["vmotion.failed"],
    reach,
};

/// A migration that failed.
pub(super) struct Failure<'a> {
    pub migration: &'a Migration,
    pub reason: Reason<'a>,
    /// When a later attempt of the same VM succeeded.
    pub later: Option<Timestamp>,
}

impl Failure<'_> {
    pub fn at(&self) -> Timestamp {
        self.migration.at().unwrap_or(self.reason.told_by.time)
    }
}

/// Failures of one cause.
pub(super) struct Group<'a> {
    pub cause: Cause,
    /// In the order of time; never empty.
    pub failures: Vec<Failure<'a>>,
}

/// Messages by which the destination refuses a VM for CPU features.
const CPU_MESSAGES: &[&str] = &["featurecompat", "cpucheck", "msg.cpuid."];

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    groups(case).iter().map(|group| finding(case, group)).collect()
}

/// The failures of each cause; each group is one finding, and their cause ids differ.
pub(super) fn groups(case: &Case) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Cause, Vec<Failure<'_>>> = BTreeMap::new();
    let successes = Successes::of(case);
    for migration in case.migrations.iter().filter(|m| m.outcome == Outcome::Failed) {
        if is_for_cpu(case, migration) {
            continue;
        }
        let Some(reason) = cause::of(case, migration) else { continue };
        let later = successes.after(migration);
        groups.entry(reason.cause).or_default().push(Failure { migration, reason, later });
    }
    groups.into_iter().map(|(cause, failures)| Group { cause, failures }).collect()
}

/// Whether the VM's own messages say that it was refused for CPU features, which is another verdict's matter.
fn is_for_cpu(case: &Case, migration: &Migration) -> bool {
    migration.failures(&case.timeline).filter_map(|moment| moment.field("msg")).any(|ids| {
        let ids = ids.to_ascii_lowercase();
        CPU_MESSAGES.iter().any(|part| ids.contains(part))
    })
}

/// When migrations of each VM succeeded, ascending.
struct Successes<'a>(BTreeMap<&'a str, Vec<Timestamp>>);

impl<'a> Successes<'a> {
    fn of(case: &'a Case) -> Self {
        let mut by_vm: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        for done in case.migrations.iter().filter(|other| other.outcome == Outcome::Succeeded) {
            if let Some((vm, at)) = done.vm.as_deref().zip(done.at()) {
                by_vm.entry(vm).or_default().push(at);
            }
        }
        by_vm.values_mut().for_each(|times| times.sort_unstable());
        Successes(by_vm)
    }

    /// When the next migration of the same VM succeeded.
    fn after(&self, failed: &Migration) -> Option<Timestamp> {
        let (times, at) = (self.0.get(failed.vm.as_deref()?)?, failed.at()?);
        times.get(times.partition_point(|done| *done <= at)).copied()
    }
}

fn finding(case: &Case, group: &Group<'_>) -> Finding {
    let failures = &group.failures;
    let moments: Vec<&Moment> =
        failures.iter().flat_map(|failure| failure.migration.failures(&case.timeline)).collect();
    let (first_seen, last_seen, _) = span(moments.iter().copied());
    let signs = network::signs(case, group);
    Finding {
        id: "vmotion.failed",
        severity: severity(failures),
        confidence: failures
            .iter()
            .map(|failure| confidence(&failure.reason))
            .max()
            .unwrap_or(Confidence::Possible),
        title: text::title(case, group),
        summary: text::summary(case, group),
        cause: (group.cause.id(), text::cause(case, group, &signs)),
        hosts: hosts(group),
        vms: vms(group),
        first_seen,
        last_seen,
        count: failures.len() as u64,
        remedy: remedy::steps(case, group, &signs),
        brief: crate::verdict::Brief::default(),
        references: remedy::references(group.cause),
        evidence: evidence(case, group, &signs),
        details: details(case, group),
    }
}

/// A VM that nobody could move yet, or many failures, are an error; what went through at the next attempt is a warning.
fn severity(failures: &[Failure<'_>]) -> Severity {
    let overcome = failures.iter().all(|failure| failure.later.is_some());
    if overcome && failures.len() < 3 { Severity::Warning } else { Severity::Error }
}

fn confidence(reason: &Reason<'_>) -> Confidence {
    match (reason.cause, reason.telling, reason.agreed) {
        (Cause::Unknown, ..) => Confidence::Possible,
        (_, true, true) => Confidence::Certain,
        (_, true, false) | (Cause::Vmx, false, _) => Confidence::Likely,
        _ => Confidence::Possible,
    }
}

/// The hosts at the ends of the migrations; where none is known, those whose bundles tell of them.
fn hosts(group: &Group<'_>) -> Vec<usize> {
    let migrations = || group.failures.iter().map(|failure| failure.migration);
    let ends: BTreeSet<usize> = migrations().flat_map(|m| [m.source, m.destination]).flatten().collect();
    if ends.is_empty() {
        let told: BTreeSet<usize> =
            group.failures.iter().map(|failure| failure.reason.told_by.host).collect();
        return told.into_iter().collect();
    }
    ends.into_iter().collect()
}

/// The names of the VMs, ordered.
fn vms(group: &Group<'_>) -> Vec<String> {
    let names: BTreeSet<&String> = group.failures.iter().filter_map(|f| f.migration.vm.as_ref()).collect();
    names.into_iter().cloned().collect()
}

/// The records of at most five migrations, the telling one of each first, and what the hosts' setup shows.
fn evidence(case: &Case, group: &Group<'_>, signs: &network::Signs) -> Vec<Evidence> {
    let mut lines = Vec::new();
    for failure in group.failures.iter().take(5) {
        lines.push(Evidence::event(failure.reason.told_by));
        let mut hosts = vec![failure.reason.told_by.host];
        for moment in failure.migration.failures(&case.timeline) {
            if !hosts.contains(&moment.host) {
                hosts.push(moment.host);
                lines.push(Evidence::event(moment));
            }
        }
    }
    lines.extend(signs.evidence.iter().cloned());
    distinct(lines)
}

/// What an end is called: the id of its host, else its name, else its address.
fn end_label(case: &Case, host: Option<usize>, end: &crate::case::End) -> Option<String> {
    host.map(|host| case.hosts[host].id.clone()).or_else(|| end.name.clone()).or_else(|| end.address.clone())
}

pub(super) fn from_label(case: &Case, migration: &Migration) -> Option<String> {
    end_label(case, migration.source, &migration.from)
}

pub(super) fn to_label(case: &Case, migration: &Migration) -> Option<String> {
    end_label(case, migration.destination, &migration.to)
}

/// Pairs of ends and how many migrations failed between them, the most first.
fn pairs(case: &Case, group: &Group<'_>) -> Vec<(Option<String>, Option<String>, usize)> {
    let mut counts: BTreeMap<(Option<String>, Option<String>), usize> = BTreeMap::new();
    for failure in &group.failures {
        let pair = (from_label(case, failure.migration), to_label(case, failure.migration));
        if pair != (None, None) {
            *counts.entry(pair).or_default() += 1;
        }
    }
    let mut pairs: Vec<_> = counts.into_iter().map(|((from, to), count)| (from, to, count)).collect();
    pairs.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    pairs
}

/// Migrations that the details tell one by one; all are counted.
const TOLD_MIGRATIONS: usize = 200;

fn details(case: &Case, group: &Group<'_>) -> Value {
    let migration = |failure: &Failure<'_>| {
        let reason = &failure.reason;
        json!({
            "id": failure.migration.id,
            "vm": failure.migration.vm,
            "from": from_label(case, failure.migration),
            "to": to_label(case, failure.migration),
            "at": failure.at(),
            "status": reason.status.map(|status| format!("0x{:x}", status.code)),
            "code": reason.status.map(|status| status.code),
            "reason": Some(&reason.text).filter(|text| !text.is_empty()),
            "side": reason.side,
            "succeeded_later_at": failure.later,
        })
    };
    let pair = |(from, to, count): (Option<String>, Option<String>, usize)| json!({ "from": from, "to": to, "count": count });
    json!({
        "migrations": group.failures.iter().take(TOLD_MIGRATIONS).map(migration).collect::<Vec<_>>(),
        "further_migrations": group.failures.len().saturating_sub(TOLD_MIGRATIONS),
        "pairs": pairs(case, group).into_iter().map(pair).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
