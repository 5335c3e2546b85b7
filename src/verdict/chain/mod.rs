//! How each finding came about: a few links in order, each an event or a state with the lines that say so.
//!
//! Nothing is judged here. What a verdict knows is asked of it again, put in order and told; what no line shows has no
//! link, and where only one link is left there is no chain.

mod disk;
mod evc;
mod host;
mod story;
mod version;
mod vmotion;
mod vsan;

use super::features::{self, Matrix};
use super::host::disconnected::episodes;
use super::vsan::{Happened, happened};
use super::{Evidence, Finding};
use crate::case::{Case, Episode};
use crate::model::{Text, Timestamp};

/// One step in how something came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// When, where an event tells of it; a state of the capture has no time.
    pub time: Option<Timestamp>,
    /// The host it happened on, where it is one: an index into the case's hosts.
    pub host: Option<usize>,
    /// One short sentence.
    pub text: Text,
    /// The lines that say so, one to three.
    pub evidence: Vec<Evidence>,
}

/// What the builders ask of: the case, and what the verdicts know beyond their findings.
struct Scene<'a> {
    case: &'a Case,
    findings: &'a [Finding],
    /// What happened to each vSAN cluster.
    happened: Vec<Happened<'a>>,
    /// When vCenter lost hosts.
    episodes: Vec<Episode<'a>>,
    /// What hosts offer to VMs, where a finding is about that.
    features: Option<super::evc::Answer<'a>>,
}

type Builder = fn(&Scene<'_>, &Finding) -> Vec<Link>;

/// Which findings have a chain, and who makes it. That files are incomplete has no story.
static BUILDERS: &[(&str, Builder)] = &[
    ("vsan.host-lost", vsan::of_loss),
    ("vsan.partition", vsan::of_split),
    ("vsan.disk-failed", disk::chain),
    ("evc.feature-mismatch", evc::of_mismatch),
    ("evc.vmotion-failed", evc::of_stuck),
    ("vmotion.failed", vmotion::chain),
    ("host.crashed", host::of_crash),
    ("host.disconnected", host::of_lost_connection),
    ("version.hosts-newer-than-vcenter", version::chain),
];

/// The chain of each of `findings`, which must be all that were reached on `case`; empty where there is none to tell.
pub fn chains(case: &Case, findings: &[Finding]) -> Vec<Vec<Link>> {
    let has = |start: &str| findings.iter().any(|finding| finding.id.starts_with(start));
    let matrix: Option<Matrix<'_>> = has("evc.").then(|| features::matrix(case));
    let scene = Scene {
        case,
        findings,
        happened: if has("vsan.") { happened(case) } else { Vec::new() },
        episodes: if has("host.disconnected") { episodes(case) } else { Vec::new() },
        features: matrix.as_ref().map(|matrix| super::evc::answer(case, matrix)),
    };
    findings.iter().map(|finding| chain(&scene, finding)).collect()
}

fn chain(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let builder = BUILDERS.iter().find(|(id, _)| *id == finding.id);
    builder.map_or_else(Vec::new, |(_, build)| build(scene, finding))
}
