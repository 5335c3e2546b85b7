//! A case becomes findings: one file a question. State decides, lines confirm and date it.
//!
//! A finding says what happened, why, what to do and how to check it, and carries the lines it rests on. Without
//! evidence there is no finding.

mod brief;
mod chain;
mod clock;
mod evc;
mod features;
mod host;
mod incomplete;
mod known;
mod version;
mod vmotion;
mod vsan;

use serde_json::Value;

use self::host::{crashed, disconnected};
use crate::case::{Case, Moment, Sourced};
use crate::fact::Requirement;
use crate::model::{Confidence, Severity, Source, Text, Timestamp};

pub use brief::Brief;
pub use chain::{Link, Place, chains};
use vsan::disk;
pub use vsan::{
    Answer, AnswerKind, Oddity, answers as vsan_answers, formed_at as vsan_formed_at,
    oddities as vsan_oddities,
};

pub use features::{Baseline, Block, Evacuation, Matrix, Outlook, Row, VmNeeds, matrix};

/// What we tell the user, in both languages.
#[derive(Clone, Debug)]
pub struct Finding {
    /// `evc.feature-mismatch`, `vsan.host-lost`, …
    pub id: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One line.
    pub title: Text,
    /// A paragraph for the customer.
    pub summary: Text,
    /// Id and text of the cause.
    pub cause: (&'static str, Text),
    /// Hosts concerned: indices into the case's hosts.
    pub hosts: Vec<usize>,
    /// Names of the VMs concerned.
    pub vms: Vec<String>,
    /// First event that confirms it.
    pub first_seen: Option<Timestamp>,
    /// Last event that confirms it.
    pub last_seen: Option<Timestamp>,
    /// How many events confirm it.
    pub count: u64,
    /// What to do, in order.
    pub remedy: Vec<Step>,
    /// Vendor documents: title and address.
    pub references: Vec<(&'static str, Option<&'static str>)>,
    /// The lines it rests on.
    pub evidence: Vec<Evidence>,
    /// Per finding id, as the contract states.
    pub details: Value,
    /// The same in a sentence.
    pub brief: Brief,
}

/// One step of a remedy.
#[derive(Clone, Debug)]
pub struct Step {
    /// What to do.
    pub text: Text,
    /// The command.
    pub command: Option<String>,
    /// Where: an index into the case's hosts.
    pub host: Option<usize>,
}

impl Step {
    fn new(text: Text, command: impl Into<Option<String>>, host: impl Into<Option<usize>>) -> Self {
        Step { text, command: command.into(), host: host.into() }
    }
}

/// Lines of one host that are shown of an event that many hosts tell of.
const LINES_EACH: usize = 2;

/// One line of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Whose bundle: an index into the case's hosts.
    pub host: usize,
    /// Where.
    pub source: Source,
    /// The line's time stamp.
    pub time: Option<Timestamp>,
    /// The line.
    pub text: String,
}

impl Evidence {
    fn of<T>(host: usize, fact: &Sourced<T>) -> Self {
        Evidence { host, source: fact.source.clone(), time: None, text: fact.text.clone() }
    }

    /// The line that says what a VM requires.
    fn requirement(host: usize, need: &Requirement) -> Self {
        let header = crate::format::parse(need.text.as_bytes());
        Evidence {
            host,
            source: need.source.clone(),
            time: header.and_then(|header| header.stamp).map(|stamp| stamp.time),
            text: need.text.clone(),
        }
    }

    /// What a host makes of its vSAN cluster: the lines of its view.
    fn of_view(case: &Case, host: usize) -> impl Iterator<Item = Self> {
        let lines = case.hosts[host].vsan.iter().flat_map(|vsan| &vsan.value.lines);
        lines.map(move |(source, text)| Evidence {
            host,
            source: source.clone(),
            time: None,
            text: text.clone(),
        })
    }

    /// The first lines of each host, of no more than so many hosts.
    fn of_each_host(moments: &[&Moment], hosts: usize) -> Vec<Self> {
        let mut told: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
        let mut lines = Vec::new();
        for moment in moments {
            let is_new = !told.contains_key(&moment.host);
            if is_new && told.len() == hosts {
                continue;
            }
            let count = told.entry(moment.host).or_default();
            *count += 1;
            if *count <= LINES_EACH {
                lines.push(Evidence::event(moment));
            }
        }
        lines
    }

    fn event(moment: &Moment) -> Self {
        let event = &moment.event;
        Evidence {
            host: moment.host,
            source: event.source.clone(),
            time: Some(moment.time),
            text: event.raw.clone(),
        }
    }
}

/// One question that is asked of every case.
pub struct Verdict {
    /// Its name.
    pub name: &'static str,
    /// What it asks, one sentence.
    pub about: &'static str,
    /// Ids of the findings that it gives.
    pub findings: &'static [&'static str],
    /// The answer; `found` is what the verdicts before it found.
    pub reach: fn(&Case, found: &[Finding]) -> Vec<Finding>,
}

/// Every question, in the order in which they are asked: later ones may build on what was found.
pub static VERDICTS: &[&Verdict] = &[
    &version::VERDICT,
    &evc::VERDICT,
    &vmotion::VERDICT,
    &crashed::VERDICT,
    &vsan::VERDICT,
    &disk::VERDICT,
    &disconnected::VERDICT,
    &clock::VERDICT,
    &known::VERDICT,
    &incomplete::VERDICT,
];

/// All findings of a case: worst first, then by time, then by id.
pub fn reach(case: &Case) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for verdict in VERDICTS {
        let new = (verdict.reach)(case, &found);
        found.extend(new.into_iter().filter(|finding| !finding.evidence.is_empty()));
    }
    let key = |finding: &Finding| {
        let time = finding.first_seen.unwrap_or(Timestamp::from_micros(i64::MAX));
        (std::cmp::Reverse(finding.severity), time, finding.id, finding.hosts.clone())
    };
    found.sort_by_key(key);
    found
}

/// First, last and number of the events that confirm a finding.
fn span<'a>(moments: impl IntoIterator<Item = &'a Moment>) -> (Option<Timestamp>, Option<Timestamp>, u64) {
    let (mut first, mut last, mut count) = (None, None, 0);
    for moment in moments {
        first = Some(first.map_or(moment.time, |first: Timestamp| first.min(moment.time)));
        last = Some(last.map_or(moment.time, |last: Timestamp| last.max(moment.time)));
        count += 1;
    }
    (first, last, count)
}

/// A step of fixed words.
fn step(en: impl Into<String>, ja: impl Into<String>, command: Option<&str>, host: Option<usize>) -> Step {
    Step::new(Text::new(en, ja), command.map(str::to_owned), host)
}

/// A time for a sentence; the report tells it in the reader's zone.
fn readable(at: Timestamp) -> String {
    at.in_text()
}

/// The moments from so many seconds before `at` to so many after it.
fn near(case: &Case, at: Timestamp, (before, after): (i64, i64)) -> &[Moment] {
    let (from, to) = (at.plus_seconds(-before), at.plus_seconds(after));
    let first = case.timeline.partition_point(|moment| moment.time < from);
    let last = case.timeline.partition_point(|moment| moment.time <= to);
    &case.timeline[first.min(last)..last]
}

/// `a`, `a and b`, `a, b and c`; of more than eight the first seven and how many more.
fn list_en(items: &[impl AsRef<str>]) -> String {
    let (head, more) = head_of(items);
    match (head.as_slice(), more) {
        ([], _) => String::new(),
        (_, 1..) => format!("{} and {more} more", head.join(", ")),
        ([one], 0) => (*one).to_owned(),
        ([most @ .., last], 0) => format!("{} and {last}", most.join(", ")),
    }
}

/// The same in Japanese: `a、b、c`.
fn list_ja(items: &[impl AsRef<str>]) -> String {
    let (head, more) = head_of(items);
    if more > 0 { format!("{} ほか {more} 件", head.join("、")) } else { head.join("、") }
}

fn head_of(items: &[impl AsRef<str>]) -> (Vec<&str>, usize) {
    let shown = if items.len() > 8 { 7 } else { items.len() };
    (items[..shown].iter().map(AsRef::as_ref).collect(), items.len() - shown)
}

/// Lines of evidence without repeats, in their order.
fn distinct(mut lines: Vec<Evidence>) -> Vec<Evidence> {
    let mut seen: Vec<(usize, Source)> = Vec::new();
    lines.retain(|line| {
        let place = (line.host, line.source.clone());
        !seen.contains(&place) && {
            seen.push(place);
            true
        }
    });
    lines
}

/// `text` as one word of a shell, whatever stands in it.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// `text` as one word of a shell, quoted only where it must be.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { shell_quoted(text) }
}

/// The ids of hosts.
fn ids(case: &Case, hosts: &[usize]) -> Vec<String> {
    hosts.iter().map(|&host| case.hosts[host].id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(list_en(&["a"]), "a");
        assert_eq!(list_en(&["a", "b"]), "a and b");
        assert_eq!(list_en(&["a", "b", "c"]), "a, b and c");
        let many: Vec<String> = (1..=12).map(|n| n.to_string()).collect();
        assert_eq!(list_en(&many), "1, 2, 3, 4, 5, 6, 7 and 5 more");
        assert_eq!(list_ja(&["a", "b"]), "a、b");
        assert_eq!(list_ja(&many), "1、2、3、4、5、6、7 ほか 5 件");
    }

    #[test]
    fn a_name_cannot_leave_its_word_in_a_command() {
        assert_eq!(shell_quoted("web 1"), "'web 1'");
        assert_eq!(
            (shell_word("10.0.0.1"), shell_word("$(x)")),
            ("10.0.0.1".to_owned(), "'$(x)'".to_owned())
        );
        assert_eq!(shell_quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'");
    }

    #[test]
    fn every_verdict_is_named_and_has_its_own_findings() {
        let mut seen = std::collections::BTreeSet::new();
        for verdict in VERDICTS {
            assert!(!verdict.about.is_empty() && !verdict.findings.is_empty(), "{}", verdict.name);
            for id in verdict.findings {
                assert!(seen.insert(*id), "{id} is given by two verdicts");
            }
        }
    }
}
