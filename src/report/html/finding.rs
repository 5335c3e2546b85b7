//! What the page shows of one finding, prepared for the template.

use std::collections::BTreeSet;

use super::super::details::{self, Details, HostLost, Mismatch, Partition};
use super::super::escape;
use super::super::features::fold;
use super::super::labels::{Labels, fill, fill_count};
use super::super::model::{Evidence, Finding, Link};
use super::super::show;
use crate::model::Timestamp;

/// VMs that are named before the list is folded.
const VMS: usize = 24;
/// Evidence lines that are shown before the list is folded.
const OPEN_EVIDENCE: usize = 6;
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
    pub evidence: Vec<EvidenceView<'a>>,
    pub evidence_label: String,
    pub evidence_is_open: bool,
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

/// A step of the remedy.
pub struct StepView<'a> {
    pub text: &'a str,
    pub command: Option<&'a str>,
    pub host: Option<&'a str>,
}

/// A line of a bundle.
pub struct EvidenceView<'a> {
    pub time: String,
    pub host: &'a str,
    pub place: String,
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
        seen: l.zone.span_or_none(finding.first_seen, finding.last_seen),
        events: fill_count(l.events, finding.count),
        in_timeline: Vec::new(),
        more_in_timeline: None,
        vms,
        more_vms,
        more_vms_label: fill(l.more, &[&show::count(more_vms.len() as u64)]),
        chain: finding.chain.iter().map(|link| self::link(link, l)).collect(),
        steps: steps(finding),
        evidence: finding.evidence.iter().map(|line| evidence(line, l)).collect(),
        evidence_label: fill_count(l.evidence_lines, finding.evidence.len() as u64),
        evidence_is_open: finding.evidence.len() <= OPEN_EVIDENCE,
        references: references(finding),
        mismatch: None,
        lost: None,
        groups: Vec::new(),
    };
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

fn steps(finding: &Finding) -> Vec<StepView<'_>> {
    let steps = finding.remedy.iter();
    steps
        .map(|step| StepView {
            text: &step.text,
            command: step.command.as_deref(),
            host: step.host.as_deref(),
        })
        .collect()
}

fn evidence<'a>(line: &'a Evidence, l: &Labels) -> EvidenceView<'a> {
    EvidenceView {
        time: l.zone.time_or_dash(line.time),
        host: &line.host,
        place: show::place(&line.file, line.line, line.offset),
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
            .map(|seen| (seen.host.clone(), l.zone.time_or_dash(seen.at), since(seen.at, found.lost_at)))
            .collect(),
        more_observers: if more > 0 { fill(l.more, &[&more.to_string()]) } else { String::new() },
        peers: peers(&found, expected, l),
        versions: [(l.vcenter_version, found.vcenter_version), (l.host_version, found.host_version)]
            .into_iter()
            .filter_map(|(label, version)| Some((label, version?)))
            .collect(),
        host,
    })
}

fn lost_at(at: Timestamp, uncertainty: Option<i64>, l: &Labels) -> String {
    let known = uncertainty.map(|ms| fill(l.uncertainty, &[&ms.to_string()])).unwrap_or_default();
    format!("{} {known}", l.zone.time_told(at)).trim_end().to_owned()
}

fn since(at: Option<Timestamp>, start: Option<Timestamp>) -> String {
    at.zip(start).map_or_else(String::new, |(at, start)| show::delta(at.since(start)))
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
