//! Who is out of the vSAN membership, since when, who says so, and why?
//!
//! The hosts' own views (`cluster get`, unicast agent lists) are laid side by side and say who is out; CMMDS lines
//! date it, and tell of losses that are over. Where no host's view is in the bundles the lines alone decide, with less
//! confidence. Sides come first (`sides`, from `state` and `breaks`), then events (`event`), then causes.

mod answer;
mod breaks;
mod cause;
pub(super) mod disk;
mod effects;
mod event;
mod lists;
mod lost;
mod network;
mod oddity;
mod partition;
mod reader;
mod remedy;
mod run;
mod sides;
mod skew;
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
    for membership in &case.memberships {
        let events = event::events(case, membership);
        findings.extend(partition::findings(case, events.splits));
        findings.extend(lost::findings(case, events.losses));
    }
    findings
}
