//! Bundles of one host become one host: the one taken last tells its state, the logs and events of all count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::capture::Content;
use super::coverage;
use super::host::{self, Host, same_name, stated_node};
use crate::digest::{Digest, LogCount, LogCoverage, MemberCoverage};
use crate::fact::Fact;
use crate::format;
use crate::model::{Event, Problem, ProblemKind, TimeQuality, Timestamp};

/// One bundle's part of a host.
struct Part {
    host: Host,
    events: Vec<Event>,
    facts: Vec<Fact>,
}

impl Part {
    fn content(&self) -> Content<'_> {
        Content {
            logs: &self.host.logs,
            facts: &self.facts,
            damaged: self.host.problems.iter().map(|problem| problem.path.as_str()).collect(),
            captured_at: self.host.captured_at,
        }
    }
}

/// The hosts that `digests` are of, ordered by name with unique ids, and each host's events.
pub(super) fn hosts(digests: Vec<Digest>) -> (Vec<Host>, Vec<Vec<Event>>) {
    let mut groups: Vec<Vec<Part>> = Vec::new();
    for mut digest in digests {
        if digest.facts.is_empty() && digest.logs.is_empty() {
            continue;
        }
        let (host, events) = host::host(&mut digest);
        let part = Part { host, events, facts: digest.facts };
        let twins = |group: &&mut Vec<Part>| {
            group.iter().all(|known| is_same(&known.host, &part.host) || is_nameless_copy(&part, known))
        };
        match groups.iter_mut().find(twins) {
            Some(group) => add(group, part),
            None => groups.push(vec![part]),
        }
    }
    let mut hosts: Vec<(Host, Vec<Event>)> = groups.into_iter().map(join).collect();
    hosts.sort_by(|a, b| (&a.0.name, a.0.kind, &a.0.bundle).cmp(&(&b.0.name, b.0.kind, &b.0.bundle)));
    name_uniquely(&mut hosts);
    hosts.into_iter().unzip()
}

/// Whether two bundles that nothing names but their files are one: they hold the same.
fn is_nameless_copy(a: &Part, b: &Part) -> bool {
    let holds_something =
        !a.facts.is_empty() || a.host.logs.iter().flat_map(|log| &log.members).any(|member| member.bytes > 0);
    a.host.anonymous && b.host.anonymous && holds_something && a.content().is_copy_of(&b.content())
}

/// Adds another capture, unless it is one that is there already under another name, or a cut copy of it: of these the
/// fuller one stays.
fn add(group: &mut Vec<Part>, part: Part) {
    let is_copy = |known: &Part| part.content().is_copy_of(&known.content());
    if let Some(known) = group.iter_mut().find(|known| is_copy(known)) {
        known.host.problems.push(copied(&part.host, &known.host));
        return;
    }
    match group.iter_mut().find(|known| known.content().is_copy_of(&part.content())) {
        Some(known) => {
            let copy = std::mem::replace(known, part);
            let said = copied(&copy.host, &known.host);
            known.host.problems.push(said);
        }
        None => group.push(part),
    }
}

fn copied(copy: &Host, other: &Host) -> Problem {
    let text = format!("the same bundle as {}; it was counted once", other.bundle);
    Problem::new(ProblemKind::Duplicate, copy.bundle.as_str(), text)
}

/// One host of its captures.
fn join(mut parts: Vec<Part>) -> (Host, Vec<Event>) {
    // Newest first; those of one time stay as they were given.
    parts.sort_by_key(|part| std::cmp::Reverse(part.host.captured_at));
    let captured: Vec<Option<Timestamp>> = parts.iter().map(|part| part.host.captured_at).collect();
    let logs: Vec<Vec<LogCoverage>> =
        parts.iter_mut().map(|part| std::mem::take(&mut part.host.logs)).collect();
    let gaps = gaps(&logs, &captured);
    let mut parts = parts.into_iter();
    let Some(Part { mut host, mut events, .. }) = parts.next() else { return Default::default() };
    for older in parts {
        host.problems.extend(older.host.problems);
        host.captures.extend(older.host.captures);
        let new = without_known(&events, older.events);
        events.extend(new);
    }
    host.logs = join_logs(logs);
    host.gaps = gaps;
    (host, events)
}

fn gaps(
    captures: &[Vec<LogCoverage>],
    captured: &[Option<Timestamp>],
) -> BTreeMap<String, Vec<coverage::Gap>> {
    let mut by_log: BTreeMap<&str, Vec<(&LogCoverage, Option<Timestamp>)>> = BTreeMap::new();
    for (logs, at) in captures.iter().zip(captured) {
        for log in logs {
            by_log.entry(&log.log).or_default().push((log, *at));
        }
    }
    let found = by_log.into_iter().map(|(log, captures)| (log.to_owned(), coverage::gaps(&captures)));
    found.filter(|(_, gaps)| !gaps.is_empty()).collect()
}

/// The logs of all captures, newest capture first: what is there twice counts once.
fn join_logs(captures: Vec<Vec<LogCoverage>>) -> Vec<LogCoverage> {
    let mut joined: BTreeMap<String, (Vec<MemberCoverage>, LogCount)> = BTreeMap::new();
    for log in captures.into_iter().flatten() {
        let (known, rest) = joined.entry(log.log.clone()).or_default();
        rest.add(&log.rest);
        let seen = Seen::of(&log.log, known);
        let new: Vec<MemberCoverage> =
            log.members.into_iter().filter(|member| !seen.repeats(member)).collect();
        known.extend(new);
    }
    let families = format::FORMATS.iter().filter_map(|format| joined.remove_entry(format.name));
    families
        .map(|(log, (mut members, rest))| {
            members.sort_by(|a, b| (a.from, &a.path).cmp(&(b.from, &b.path)));
            LogCoverage { log, members, rest }
        })
        .collect()
}

/// What tells a log file that goes on growing: its first record and where that stands.
type Beginning = (Timestamp, u64, String);

/// The members of one log in newer captures, to tell what an older one repeats.
struct Seen {
    /// Length and checksum.
    files: BTreeSet<(u64, u32)>,
    /// The greatest length of the files that begin alike. Logs of VMs that were started together may do so too.
    beginnings: BTreeMap<Beginning, u64>,
}

impl Seen {
    fn of(log: &str, members: &[MemberCoverage]) -> Seen {
        let mut seen = Seen { files: BTreeSet::new(), beginnings: BTreeMap::new() };
        for member in members.iter().filter(|member| member.bytes > 0) {
            seen.files.insert((member.bytes, member.crc));
            if let Some(beginning) = beginning(member).filter(|_| log != "vmware") {
                let bytes = seen.beginnings.entry(beginning).or_default();
                *bytes = member.bytes.max(*bytes);
            }
        }
        seen
    }

    /// Whether an older capture's member holds nothing that is not known: it is the same file, or that file when it was
    /// still growing.
    fn repeats(&self, older: &MemberCoverage) -> bool {
        let grown = || beginning(older).and_then(|beginning| self.beginnings.get(&beginning).copied());
        self.files.contains(&(older.bytes, older.crc)) || grown().is_some_and(|bytes| bytes > older.bytes)
    }
}

fn beginning(member: &MemberCoverage) -> Option<Beginning> {
    let (source, text) = member.first_record.as_ref()?;
    Some((member.from?, source.offset, text.clone()))
}

/// How far the stamps of one record without a stamp may lie apart in two captures, in microseconds: each was taken from
/// a neighbour.
const ESTIMATE: i64 = 600_000_000;

/// The events of `older` that are not among `known`.
fn without_known(known: &[Event], older: Vec<Event>) -> Vec<Event> {
    let mut times: HashMap<(&str, &str), Vec<Timestamp>> = HashMap::new();
    for event in known {
        let at = event.stamp.map(|stamp| stamp.time).unwrap_or_default();
        times.entry((&event.rule, &event.raw)).or_default().push(at);
    }
    let is_known = |event: &Event| {
        let Some(known) = times.get(&(event.rule.as_str(), event.raw.as_str())) else { return false };
        let at = event.stamp.map(|stamp| stamp.time).unwrap_or_default();
        let estimated = event.stamp.is_some_and(|stamp| stamp.quality == TimeQuality::Estimated);
        let slack = if estimated { ESTIMATE } else { 0 };
        known.iter().any(|other| other.since(at).abs() <= slack)
    };
    older.into_iter().filter(|event| !is_known(event)).collect()
}

/// Gives every host an id: its short name where no other host has it, else its full name, else that and a number.
fn name_uniquely(hosts: &mut [(Host, Vec<Event>)]) {
    let short = |name: &str| {
        let is_address = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b':');
        if is_address { name.to_owned() } else { name.split('.').next().unwrap_or(name).to_owned() }
    };
    let names: Vec<String> = hosts.iter().map(|(host, _)| host.name.clone()).collect();
    for (at, (host, _)) in hosts.iter_mut().enumerate() {
        let label = short(&host.name);
        let before = names[..at].iter().filter(|name| **name == host.name).count();
        host.id = if names.iter().filter(|name| short(name) == label).count() == 1 && !label.is_empty() {
            label
        } else if before == 0 {
            host.name.clone()
        } else {
            format!("{}#{}", host.name, before + 1)
        };
    }
}

/// Whether two bundles are of one host: by system UUID where both tell it, else by name. A cloned vSAN node has its
/// twin's UUIDs but another name; a host that only its bundle's file name names is nobody's twin.
fn is_same(a: &Host, b: &Host) -> bool {
    let full = |host: &Host| host.name.contains('.').then(|| host.name.to_ascii_lowercase());
    let by_name = match (full(a), full(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.names.iter().any(|name| b.names.iter().any(|other| same_name(name, other))),
    };
    a.kind == b.kind
        && !a.anonymous
        && !b.anonymous
        && by_name
        && agree(a.system_uuid.as_deref(), b.system_uuid.as_deref())
        && agree(stated_node(a), stated_node(b))
}

/// Whether two values are equal, as far as both are known.
fn agree(a: Option<&str>, b: Option<&str>) -> bool {
    a.is_none() || b.is_none() || a == b
}
