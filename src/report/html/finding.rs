//! What the page shows of one finding, prepared for the template.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::details::{self, Details, HostLost, Mismatch, Partition};
use super::super::escape;
use super::super::features::fold;
use super::super::labels::{Labels, fill, fill_count};
use super::super::model::{Evidence, Finding, Link};
use super::super::show;
use super::super::steps::{self, Commands};
use crate::case::inside;
use crate::model::Timestamp;

/// VMs that are named before the list is folded.
const VMS: usize = 24;
/// Commands of one step, or lines of one command, that are shown before they are folded.
const OPEN_COMMANDS: usize = 4;
/// Hosts on which several steps are done in turn, from which on these are folded by host.
const FOLDED_ROUNDS: usize = 5;
/// Names of hosts above a command.
const NAMES: usize = 8;
/// Hosts that are named beside one number of unicast peers.
const PEERS: usize = 4;
/// Witnesses of a loss that are listed.
const OBSERVERS: usize = 8;

/// A finding, ready for the template.
pub struct Card<'a> {
    pub number: usize,
    pub finding: &'a Finding,
    pub severity: &'static str,
    pub severity_name: &'static str,
    pub confidence: String,
    /// The hosts in a few words.
    pub hosts_folded: String,
    pub seen: Option<String>,
    pub events: String,
    /// Rows of the timeline that bear it: their place and time.
    pub in_timeline: Vec<(usize, String)>,
    /// How many more there are.
    pub more_in_timeline: Option<String>,
    pub vms: &'a [String],
    pub more_vms: &'a [String],
    pub more_vms_label: String,
    pub chain: Vec<LinkView<'a>>,
    pub steps: Vec<StepView<'a>>,
    /// The steps in the order in which they are shown.
    pub rounds: Vec<Round>,
    /// Lines that no link of the chain shows.
    pub evidence: Vec<EvidenceView<'a>>,
    pub evidence_label: String,
    /// How many lines the chain shows.
    pub told_above: Option<String>,
    pub references: Vec<(&'a str, Option<&'a str>)>,
    pub mismatch: Option<MismatchView>,
    pub lost: Option<LostView>,
    pub groups: Vec<(String, Vec<String>)>,
}

/// A step in how it came about.
pub struct LinkView<'a> {
    pub time: String,
    pub host: Option<&'a str>,
    pub text: &'a str,
    pub evidence: Vec<EvidenceView<'a>>,
    pub label: String,
}

/// Neighbouring steps; a label folds them.
pub struct Round {
    pub label: Option<String>,
    /// Places in the list of steps.
    pub steps: Range<usize>,
}

/// A step of the remedy, or several that are alike.
pub struct StepView<'a> {
    pub number: String,
    pub text: String,
    /// The host, where it is done on one alone.
    pub host: Option<&'a str>,
    /// The hosts of a step that has no command; those of a command stand at it.
    pub hosts: Vec<&'a str>,
    pub commands: Vec<CommandView>,
    /// What folds commands that are many.
    pub folded: Option<String>,
}

/// What is typed in one go.
pub struct CommandView {
    pub hosts: String,
    pub text: String,
}

/// A line of a bundle.
pub struct EvidenceView<'a> {
    pub time: String,
    pub host: &'a str,
    /// Where it stands in the bundle.
    pub place: String,
    /// The same with the bundle.
    pub path: String,
    pub text: &'a str,
}

/// Hosts that have a feature beside hosts that lack it.
pub struct MismatchView {
    pub found: Mismatch,
    pub shows_arrows: bool,
}

/// A host outside its vSAN cluster.
pub struct LostView {
    pub host: String,
    pub host_label: &'static str,
    pub remaining: Vec<String>,
    pub remaining_label: &'static str,
    pub lost_at: Option<String>,
    pub returned_at: Option<String>,
    pub observers: Vec<(String, String, String)>,
    pub more_observers: String,
    pub peers: Vec<PeerView>,
    pub versions: Vec<(&'static str, String)>,
}

/// One host's unicast agent list.
pub struct PeerView {
    pub host: String,
    pub label: String,
    pub percent: u64,
    pub is_short: bool,
}

/// Prepares `finding`, the `number`th of the report.
pub fn card<'a>(number: usize, finding: &'a Finding, l: &Labels) -> Card<'a> {
    let (vms, more_vms) = finding.vms.split_at(finding.vms.len().min(VMS));
    let mut card = Card {
        number,
        finding,
        severity: finding.severity.name(),
        severity_name: l.severity_name(finding.severity),
        confidence: fill(l.confidence_of, &[l.confidence_name(finding.confidence)]),
        hosts_folded: fold(&finding.hosts.iter().map(String::as_str).collect::<Vec<_>>(), NAMES, l),
        seen: l.span_told(finding.first_seen, finding.last_seen),
        events: fill_count(l.events, finding.count),
        in_timeline: Vec::new(),
        more_in_timeline: None,
        vms,
        more_vms,
        more_vms_label: fill(l.more, &[&show::count(more_vms.len() as u64)]),
        chain: finding.chain.iter().map(|link| self::link(link, l)).collect(),
        steps: Vec::new(),
        rounds: Vec::new(),
        evidence: Vec::new(),
        evidence_label: String::new(),
        told_above: None,
        references: references(finding),
        mismatch: None,
        lost: None,
        groups: Vec::new(),
    };
    card.steps = steps(finding, l);
    card.rounds = rounds(&card.steps, l);
    card.tell_evidence(finding, l);
    match details::read(finding) {
        Details::Mismatch(found) => {
            card.mismatch = Some(MismatchView { shows_arrows: found.is_between_groups(), found });
        }
        Details::HostLost(found) => card.lost = lost(found, l),
        Details::Partition(found) => card.groups = groups(found, l),
        Details::None => {}
    }
    card
}

fn link<'a>(link: &'a Link, l: &Labels) -> LinkView<'a> {
    LinkView {
        time: l.zone.time_or_dash(link.time),
        host: link.host.as_deref(),
        text: &link.text,
        evidence: link.evidence.iter().map(|line| evidence(line, l)).collect(),
        label: fill_count(l.evidence_lines, link.evidence.len() as u64),
    }
}

impl<'a> Card<'a> {
    /// The lines that are not told with the chain already, and how many are.
    fn tell_evidence(&mut self, finding: &'a Finding, l: &Labels) {
        let key = |line: &'a Evidence| (&line.host, &line.file, line.offset, &line.text);
        let told: BTreeSet<_> = finding.chain.iter().flat_map(|link| &link.evidence).map(key).collect();
        let lines = finding.evidence.iter().filter(|line| !told.contains(&key(line)));
        self.evidence = lines.map(|line| evidence(line, l)).collect();
        self.evidence_label = fill_count(l.evidence_lines, self.evidence.len() as u64);
        let above = finding.evidence.len() - self.evidence.len();
        self.told_above = (above > 0).then(|| fill_count(l.evidence_above, above as u64));
    }
}

fn steps<'a>(finding: &'a Finding, l: &Labels) -> Vec<StepView<'a>> {
    let steps = steps::group(&finding.remedy, l).into_iter();
    steps
        .map(|group| {
            let lines: usize = group.commands.iter().map(|one| one.lines.len()).sum();
            StepView {
                number: group.number(),
                host: if let [host] = group.hosts.as_slice() { Some(*host) } else { None },
                hosts: if group.commands.is_empty() { group.hosts } else { Vec::new() },
                commands: group.commands.iter().map(|one| command(one, l)).collect(),
                folded: (lines > OPEN_COMMANDS).then(|| fill_count(l.commands_n, lines as u64)),
                text: group.text,
            }
        })
        .collect()
}

/// What is done on one host after another is folded by host, where that is more than a screen or two of steps. The
/// first host's steps stay in view: they are those of all others.
fn rounds(steps: &[StepView<'_>], l: &Labels) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    let mut folded = 0;
    for run in steps.chunk_by(|one, other| one.host.is_some() && one.host == other.host) {
        let start = rounds.last().map_or(0, |round| round.steps.end);
        let range = start..start + run.len();
        let label = run.first().and_then(|step| step.host).filter(|_| run.len() > 1).map(|host| {
            folded += 1;
            let (first, last) = (&steps[range.start].number, &steps[range.end - 1].number);
            fill(l.steps_on, &[host, first, last])
        });
        rounds.push(Round { label: label.filter(|_| folded > 1), steps: range });
    }
    if folded < FOLDED_ROUNDS {
        rounds.iter_mut().for_each(|round| round.label = None);
    }
    rounds
}

fn command(one: &Commands<'_>, l: &Labels) -> CommandView {
    CommandView { hosts: fold(&one.hosts, NAMES, l), text: one.text() }
}

fn evidence<'a>(line: &'a Evidence, l: &Labels) -> EvidenceView<'a> {
    EvidenceView {
        time: l.zone.time_or_dash(line.time),
        host: &line.host,
        place: show::place(&inside(&line.file), line.line, line.offset),
        path: line.file.clone(),
        text: &line.text,
    }
}

fn references(finding: &Finding) -> Vec<(&str, Option<&str>)> {
    let references = finding.references.iter();
    references.map(|r| (r.title.as_str(), r.url.as_deref().and_then(escape::link))).collect()
}

fn lost(found: HostLost, l: &Labels) -> Option<LostView> {
    let host = found.host.clone()?;
    let observers = found.observers.iter().map(|seen| &seen.host);
    let others: BTreeSet<&String> =
        observers.chain(found.unicast_peers.keys()).chain(&found.went_on).filter(|id| **id != host).collect();
    let expected = others.len() as u64;
    let shown = if found.observers.len() > OBSERVERS { OBSERVERS - 1 } else { found.observers.len() };
    let more = found.observers.len() - shown;
    Some(LostView {
        host_label: if found.over { l.was_lost_host } else { l.lost_host },
        remaining: others.into_iter().cloned().collect(),
        remaining_label: if found.over { l.did_remain } else { l.remaining },
        lost_at: found.lost_at.map(|at| lost_at(at, found.lost_at_uncertainty_ms, l)),
        returned_at: found.returned_at.map(|at| l.zone.time_told(at)),
        observers: found.observers[..shown]
            .iter()
            .map(|seen| (seen.host.clone(), l.zone.time_or_dash(seen.at), since(seen.at, found.lost_at, l)))
            .collect(),
        more_observers: if more > 0 { fill(l.more, &[&more.to_string()]) } else { String::new() },
        peers: peers(&found, expected, l),
        versions: [(l.vcenter_version, found.vcenter_version), (l.host_version, found.host_version)]
            .into_iter()
            .filter_map(|(label, version)| Some((label, l.release(&version?))))
            .collect(),
        host,
    })
}

fn lost_at(at: Timestamp, uncertainty: Option<i64>, l: &Labels) -> String {
    let known = uncertainty.map(|ms| fill(l.uncertainty, &[&ms.to_string()])).unwrap_or_default();
    format!("{} {known}", l.zone.time_told(at)).trim_end().to_owned()
}

fn since(at: Option<Timestamp>, start: Option<Timestamp>, l: &Labels) -> String {
    at.zip(start).map_or_else(String::new, |(at, start)| show::delta(at.since(start), l.lang()))
}

fn peers(found: &HostLost, expected: u64, l: &Labels) -> Vec<PeerView> {
    let most = found.unicast_peers.values().flatten().copied().max().unwrap_or(0);
    let total = most.max(expected).max(1);
    // Hosts with as many entries stand in one line.
    let mut counts: Vec<(Option<u64>, Vec<&str>)> = Vec::new();
    for (host, n) in &found.unicast_peers {
        match counts.iter_mut().find(|(known, _)| known == n) {
            Some((_, hosts)) => hosts.push(host),
            None => counts.push((*n, vec![host])),
        }
    }
    let view = |hosts: &[&str], n: Option<u64>| PeerView {
        host: fold(hosts, PEERS, l),
        label: match n {
            Some(n) => fill(l.unicast_of, &[&n.to_string(), &total.to_string()]),
            None => l.unknown.to_owned(),
        },
        percent: n.unwrap_or(0) * 100 / total,
        is_short: n.is_some_and(|n| n < total),
    };
    counts.iter().map(|(n, hosts)| view(hosts, *n)).collect()
}

fn groups(found: Partition, l: &Labels) -> Vec<(String, Vec<String>)> {
    let groups = found.groups.into_iter().enumerate();
    groups.map(|(at, hosts)| (fill(l.group, &[&(at + 1).to_string()]), hosts)).collect()
}
