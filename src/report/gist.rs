//! The verdict in three sentences: what happened and where and when, why, what to do first.
//!
//! It states nothing of its own: it is put together from the worst finding, or from what was looked at where nothing was
//! found. Every output says the same three sentences.

use unicode_width::UnicodeWidthStr;

use super::features::{fold, plain};
use super::labels::{Labels, fill, fill_count, labels_of};
use super::model::{ClusterInfo, ClusterKind, Coverage, Finding, Report, Step};
use super::view;
use crate::model::Confidence;

/// A first sentence shorter than this says too little without the one behind it, in characters.
const SHORT: usize = 26;
/// Names that one sentence may hold.
const NAMES: usize = 3;

/// The sentences that `report` holds; made anew for a report of a version that wrote none.
pub fn verdict(report: &Report) -> Vec<String> {
    if report.case.verdict.is_empty() { sentences(report) } else { report.case.verdict.clone() }
}

/// What the worst finding says shorter than its title, in the report's language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Short {
    /// What happened; the title where there is none.
    pub what: Option<String>,
    /// What came of it.
    pub then: Option<String>,
}

/// The sentences, made from the rest of the report.
pub fn sentences(report: &Report) -> Vec<String> {
    told(report, &Short::default())
}

/// The sentences of a report whose worst finding is told by `short`.
pub(super) fn told(report: &Report, short: &Short) -> Vec<String> {
    let l = &labels_of(report);
    match view::headline(report) {
        Some(finding) => found(report, finding, short, l),
        None => healthy(report, l),
    }
}

fn found(report: &Report, finding: &Finding, short: &Short, l: &Labels) -> Vec<String> {
    let cause = match finding.confidence {
        Confidence::Certain => l.gist_cause,
        Confidence::Likely => l.gist_cause_likely,
        Confidence::Possible => l.gist_cause_possible,
    };
    let third = match (finding.remedy.first(), incomplete(report, l)) {
        (Some(step), Some(lost)) => Some(fill(l.gist_first_incomplete, &[&first_step(step, l), &lost])),
        (Some(step), None) => Some(fill(l.gist_first, &[&first_step(step, l)])),
        (None, lost) => lost.map(|lost| fill(l.gist_incomplete, &[&lost])),
    };
    let mut told = vec![
        fill(l.gist_what, &[&what_happened(report, finding, short, l)]),
        fill(cause, &[open_end(&first_sentence(&finding.cause.text))]),
    ];
    told.extend(third);
    told
}

/// The title, with the cluster where there are several to tell apart, and the time.
fn what_happened(report: &Report, finding: &Finding, short: &Short, l: &Labels) -> String {
    let title = open_end(short.what.as_ref().unwrap_or(&finding.title)).to_owned();
    let clusters = clusters_of(report, finding, l);
    let when = l.span_told(finding.first_seen, finding.last_seen);
    let aside: Vec<String> = clusters.into_iter().chain(when).collect();
    let dated =
        if aside.is_empty() { title } else { fill(l.gist_aside, &[&title, &aside.join(l.semicolon)]) };
    match &short.then {
        Some(then) => fill(l.gist_then, &[&dated, then]),
        None => dated,
    }
}

/// The clusters that a finding concerns; none where the case is about one.
fn clusters_of(report: &Report, finding: &Finding, l: &Labels) -> Option<String> {
    let clusters = &report.case.clusters;
    if clusters.len() < 2 {
        return None;
    }
    let concerns = |cluster: &&ClusterInfo| cluster.hosts.iter().any(|host| finding.hosts.contains(host));
    let named: Vec<String> = clusters.iter().filter(concerns).map(|one| cluster_name(one, l)).collect();
    (!named.is_empty()).then(|| plain(&named, NAMES, l))
}

/// `vSAN cluster PROD-A`
fn cluster_name(cluster: &ClusterInfo, l: &Labels) -> String {
    let name = cluster.name.as_deref().unwrap_or(&cluster.id);
    match cluster.kind {
        // What the bundles were given as has no name of its own: its hosts are known to the reader.
        ClusterKind::Unknown => {
            let hosts: Vec<&str> = cluster.hosts.iter().map(String::as_str).collect();
            fold(&hosts, NAMES, l)
        }
        kind => format!("{} {name}", l.cluster_kind(kind)),
    }
}

fn first_step(step: &Step, l: &Labels) -> String {
    let text = first_sentence(&step.text);
    let text = open_end(&text);
    match &step.host {
        Some(host) if !text.contains(host.as_str()) => fill(l.gist_on_host, &[host, text]),
        _ => text.to_owned(),
    }
}

fn healthy(report: &Report, l: &Labels) -> Vec<String> {
    let mut told = vec![fill(l.gist_what, &[open_end(&report.case.title)])];
    let looked = view::looked_at(report, l);
    let alone = looked.get(2).cloned();
    if !report.hosts.is_empty() {
        told.push(
            looked.into_iter().take(2).reduce(|first, second| l.both(&first, &second)).unwrap_or_default(),
        );
    }
    let lost = incomplete(report, l).map(|lost| fill(l.gist_incomplete, &[&lost]));
    told.extend(lost.into_iter().chain(alone).reduce(|first, second| l.both(&first, &second)));
    told
}

/// What of the evidence is missing, `3 files could only be read in part, no bundle of node05`; `None` where it is whole.
fn incomplete(report: &Report, l: &Labels) -> Option<String> {
    let unread = view::unread(report);
    let unopened = unread.unopened.len() + unread.locked.len();
    let counts = [
        (l.gist_lost, unread.lost.len()),
        (l.gist_encrypted, unread.encrypted.len()),
        (l.gist_limited, unread.limited.len()),
        (l.gist_unopened, unopened),
        (l.gist_gaps, gaps_then(report)),
    ];
    let mut parts: Vec<String> =
        counts.iter().filter(|(_, n)| *n > 0).map(|(word, n)| fill_count(word, *n as u64)).collect();
    let missing: Vec<&str> = report.missing_hosts.iter().map(|host| host.name_or_uuid.as_str()).collect();
    if !missing.is_empty() {
        parts.push(fill(l.gist_missing, &[&fold(&missing, NAMES, l)]));
    }
    let without: Vec<&str> = report
        .hosts
        .iter()
        .filter(|host| !host.absent_logs.is_empty())
        .map(|host| host.id.as_str())
        .collect();
    if !without.is_empty() {
        parts.push(fill(l.gist_absent, &[&fold(&without, NAMES, l)]));
    }
    (!parts.is_empty()).then(|| parts.join(l.comma))
}

/// Logs with a gap at the time of the incident, on its hosts.
fn gaps_then(report: &Report) -> usize {
    let Some(finding) = view::headline(report) else { return 0 };
    let Some(first) = finding.first_seen else { return 0 };
    let last = finding.last_seen.map_or(first, |last| last.max(first));
    let is_then = |log: &&Coverage| {
        finding.hosts.contains(&log.host) && log.gaps.iter().any(|gap| gap.from <= last && gap.to >= first)
    };
    report.coverage.iter().filter(is_then).count()
}

/// The first sentence of `text`, and the next where that is very short.
fn first_sentence(text: &str) -> String {
    let mut end = 0;
    while end < text.len() {
        end += sentence_end(&text[end..]);
        if text[..end].trim().width() >= SHORT {
            break;
        }
    }
    text[..end].trim().to_owned()
}

/// Where the first sentence of `text` ends. A full stop ends one only before a space and a capital: `6.7 U3`,
/// `(e.g. vmk2)` and `0.2 s` go on.
fn sentence_end(text: &str) -> usize {
    let ends = |(at, c): (usize, char)| match c {
        '。' => Some(at + c.len_utf8()),
        '.' | '!' | '?' => {
            let mut rest = text[at + 1..].chars();
            let goes_on = rest.next() != Some(' ') || !rest.next().is_some_and(char::is_uppercase);
            (!goes_on).then_some(at + 1)
        }
        _ => None,
    };
    text.char_indices().find_map(ends).unwrap_or(text.len())
}

/// A sentence without its full stop, to be part of another one.
fn open_end(text: &str) -> &str {
    text.trim_end().trim_end_matches(['.', '。'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_where_a_reader_says_so() {
        for (text, first) in [
            (
                "vCenter Server is 6.7 U1 (build 1). An older one can lose hosts.",
                "vCenter Server is 6.7 U1 (build 1).",
            ),
            ("Nothing but one sentence of some length", "Nothing but one sentence of some length"),
            ("It took 0.2 s. then it went on. The end is not here.", "It took 0.2 s. then it went on."),
            (
                "Not known. The logs of esx01 are not here. They end early.",
                "Not known. The logs of esx01 are not here.",
            ),
            (
                "ホストが vCenter Server より新しいです。ホストは 6.7 です。次の文です。",
                "ホストが vCenter Server より新しいです。",
            ),
            (
                "不明です。esx01 のログはここにありません。次の文です。",
                "不明です。esx01 のログはここにありません。",
            ),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), first, "{text}");
        }
    }
}
