//! How each finding came about: a few links in order, each an event or a state with the lines that say so.
//!
//! Nothing is judged here. What a verdict knows is asked of it again, put in order and told; what no line shows has no
//! link, and where only one link is left there is no chain.

mod disk;
mod evc;
mod host;
mod known;
mod story;
mod version;
mod vmotion;
mod vsan;

use super::features::{self, Matrix};
use super::host::disconnected::episodes;
use super::vsan::{Happened, happened};
use super::{Evidence, Finding};
use crate::case::{Case, Episode};
use crate::model::{EventKind, Source, Text, Timestamp};

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
    /// Where all stand that say so, with those that are not shown.
    pub places: Vec<Place>,
}

/// Where something stands that a link rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose bundle it is in: an index into the case's hosts.
    pub host: usize,
    /// The line.
    pub source: Source,
    /// The kind of the event, where it is one: a line may tell several, of which the link rests on one.
    pub kind: Option<EventKind>,
}

/// What the builders ask of: the case, and what the verdicts know beyond their findings.
struct Scene<'a> {
    case: &'a Case,
    findings: &'a [Finding],
    /// What happened to each vSAN cluster.
    happened: Vec<Happened<'a>>,
    /// When vCenter lost hosts.
    episodes: Vec<Episode<'a>>,
    /// The migrations that failed, by cause.
    failed: Vec<super::vmotion::Group<'a>>,
    /// What hosts offer to VMs, where a finding is about that.
    features: Option<super::evc::Answer<'a>>,
    /// The incidents that are known by their lines, each with its entry, where a finding is about one.
    known: Vec<(&'static super::known::Known, super::known::Incident<'a>)>,
}

type Tell = fn(&Scene<'_>, &Finding) -> Vec<Link>;

/// What the verdicts have to be asked again for a chain.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Asks {
    Nothing,
    Happened,
    Episodes,
    Failed,
    Features,
    Known,
}

/// Which findings have a chain, what it asks for, and who makes it. That files are incomplete has no story.
static BUILDERS: &[(&str, Asks, Tell)] = &[
    ("vsan.host-lost", Asks::Happened, vsan::of_loss),
    ("vsan.partition", Asks::Happened, vsan::of_split),
    ("vsan.disk-failed", Asks::Nothing, disk::chain),
    ("evc.feature-mismatch", Asks::Features, evc::of_mismatch),
    ("evc.vmotion-failed", Asks::Features, evc::of_stuck),
    ("vmotion.failed", Asks::Failed, vmotion::chain),
    ("host.crashed", Asks::Nothing, host::of_crash),
    ("host.disconnected", Asks::Episodes, host::of_lost_connection),
    ("version.hosts-newer-than-vcenter", Asks::Nothing, version::chain),
];

/// Who makes the chain of what is known by its lines, whatever it is called.
static KNOWN: (&str, Asks, Tell) = ("", Asks::Known, known::chain);

fn builder(finding: &Finding) -> Option<&'static (&'static str, Asks, Tell)> {
    let own = BUILDERS.iter().find(|(id, ..)| *id == finding.id);
    own.or_else(|| super::known::is_known(finding.id).then_some(&KNOWN))
}

/// The chain of each of `findings`, which must be all that were reached on `case`; empty where there is none to tell.
pub fn chains(case: &Case, findings: &[Finding]) -> Vec<Vec<Link>> {
    let asks = |what: Asks| findings.iter().filter_map(builder).any(|(_, asks, _)| *asks == what);
    let matrix: Option<Matrix<'_>> = asks(Asks::Features).then(|| features::matrix(case));
    let scene = Scene {
        case,
        findings,
        happened: if asks(Asks::Happened) { happened(case) } else { Vec::new() },
        episodes: if asks(Asks::Episodes) { episodes(case) } else { Vec::new() },
        failed: if asks(Asks::Failed) { super::vmotion::groups(case) } else { Vec::new() },
        features: matrix.as_ref().map(|matrix| super::evc::answer(case, matrix)),
        known: if asks(Asks::Known) { super::known::behind(case, findings) } else { Vec::new() },
    };
    let chain = |finding| builder(finding).map_or_else(Vec::new, |(.., tell)| tell(&scene, finding));
    findings.iter().map(chain).collect()
}
