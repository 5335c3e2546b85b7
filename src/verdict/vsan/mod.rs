//! Who is out of the vSAN membership, since when, who says so, and why?
//!
//! The hosts' own views (`cluster get`, unicast agent lists) are laid side by side and say who is out; CMMDS lines
//! date it, and tell of losses that are over. Where no host's view is in the bundles the lines alone decide, with less
//! confidence. Sides come first (`sides`, from `state` and `breaks`), then events (`event`), then causes.

mod answer;
mod breaks;
pub(super) mod cause;
pub(super) mod disk;
pub(super) mod effects;
pub(super) mod event;
pub(super) mod lists;
pub(super) mod lost;
pub(super) mod network;
mod oddity;
pub(super) mod partition;
mod reader;
mod remedy;
mod run;
mod sides;
pub(super) mod skew;
mod state;
#[cfg(test)]
mod tests;
mod text;

pub use self::answer::{Answer, AnswerKind, answers};
pub use self::oddity::{Oddity, oddities};
pub use self::state::formed_at;
use super::{Finding, Verdict};
use crate::case::Case;

pub(super) static VERDICT: Verdict = Verdict {
    name: "vsan",
    about: "Which host is out of the vSAN membership, since when, who says so, and why?",
    findings: &["vsan.host-lost", "vsan.partition"],
    reach,
};

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for happened in happened(case) {
        findings.extend(happened.splits.iter().map(|split| partition::finding(case, split)));
        findings.extend(happened.losses.iter().map(|losses| lost::finding(case, losses)));
    }
    findings
}

/// What happened to one cluster, as its findings tell it: each of these is one of them.
pub(super) struct Happened<'c> {
    pub splits: Vec<partition::Splits<'c>>,
    pub losses: Vec<lost::Losses<'c>>,
}

/// What happened to each cluster, in their order.
pub(super) fn happened(case: &Case) -> Vec<Happened<'_>> {
    let of_cluster = |membership| {
        let events = event::events(case, membership);
        Happened { splits: partition::together(events.splits), losses: lost::together(case, events.losses) }
    };
    case.memberships.iter().map(of_cluster).collect()
}
