//! Bundles of one host become one host: the one taken last tells its state, the logs and events of all count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::capture::Fingerprint;
use super::coverage::{self, Circumstances};
use super::host::{self, Host, same_name, stated_node};
use crate::digest::{Digest, LogCount, LogCoverage, MemberCoverage};
use crate::format;
use crate::model::{Event, EventKind, Problem, ProblemKind, TimeQuality, Timestamp};

/// One bundle's part of a host.
struct Part {
    host: Host,
    events: Vec<Event>,
    print: Fingerprint,
}

impl Part {
    fn of(mut digest: Digest) -> Option<Part> {
        if digest.facts.is_empty() && digest.logs.is_empty() {
            return None;
        }
        let (host, events) = host::host(&mut digest);
        let print = Fingerprint::of(&host, &digest.facts);
        Some(Part { host, events, print })
    }
}

/// The hosts that `digests` are of, ordered by name with unique ids, and each host's events.
pub(super) fn hosts(digests: Vec<Digest>) -> (Vec<Host>, Vec<Vec<Event>>) {
    let parts: Vec<Part> = digests.into_iter().filter_map(Part::of).collect();
    let group_of = group(&parts);
    let mut groups: BTreeMap<usize, Vec<Part>> = BTreeMap::new();
    for (part, group) in parts.into_iter().zip(group_of) {
        add(groups.entry(group).or_default(), part);
    }
    let mut hosts: Vec<(Host, Vec<Event>)> = groups.into_values().map(join).collect();
    hosts.sort_by(|a, b| (&a.0.name, a.0.kind, &a.0.bundle).cmp(&(&b.0.name, b.0.kind, &b.0.bundle)));
    name_uniquely(&mut hosts);
    hosts.into_iter().unzip()
}

/// The number of the group of each part. Those that say most of themselves come first, whatever order they were given
/// in, so that a poorer one meets all that it could belong to.
fn group(parts: &[Part]) -> Vec<usize> {
    let rank = |at: &usize| {
        let host = &parts[*at].host;
        let known = [!host.anonymous, host.name.contains('.'), host.system_uuid.is_some()];
        let known = known.map(std::cmp::Reverse);
        (known, host.name.to_ascii_lowercase(), host.system_uuid.clone(), &host.sha256, &host.bundle)
    };
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_cached_key(rank);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of = vec![0; parts.len()];
    for at in order {
        let home = home(parts, &groups, at).unwrap_or(groups.len());
        group_of[at] = home;
        match groups.get_mut(home) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    group_of
}

/// The group that part `at` belongs to: the first that is of its host by all that both tell; where nothing names the
/// part, the one that holds a copy of it, else the only one that has its system UUID.
fn home(parts: &[Part], groups: &[Vec<usize>], at: usize) -> Option<usize> {
    let part = &parts[at];
    if !part.host.anonymous {
        let is_home = |group: &Vec<usize>| group.iter().all(|&known| is_same(&parts[known].host, &part.host));
        return groups.iter().position(is_home);
    }
    let is_copied = |group: &Vec<usize>| group.iter().any(|&known| is_nameless_copy(part, &parts[known]));
    let has_its_uuid =
        |group: &Vec<usize>| group.iter().all(|&known| is_same_machine(&parts[known].host, &part.host));
    let mut by_uuid =
        groups.iter().enumerate().filter(|(_, group)| has_its_uuid(group)).map(|(group, _)| group);
    let only = by_uuid.next().filter(|_| by_uuid.next().is_none());
    groups.iter().position(is_copied).or(only)
}

/// Whether two bundles that nothing names but their files are one: they hold the same.
fn is_nameless_copy(a: &Part, b: &Part) -> bool {
    let nameless = a.host.anonymous && b.host.anonymous && !a.print.is_empty() && !b.print.is_empty();
    nameless && (a.print.is_copy_of(&b.print) || b.print.is_copy_of(&a.print))
}

/// Adds another capture, unless it is one that is there already under another name, or a cut copy of it: of these the
/// fuller one stays.
fn add(group: &mut Vec<Part>, part: Part) {
    if let Some(known) = group.iter_mut().find(|known| part.print.is_copy_of(&known.print)) {
        known.host.problems.push(copied(&part.host, &known.host));
        return;
    }
    match group.iter_mut().find(|known| known.print.is_copy_of(&part.print)) {
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
    // Newest first; those of one time stay as they were given. Of one that does not say when it was taken its logs do.
    parts.sort_by_key(|part| std::cmp::Reverse(part.host.captured_at.or(part.host.newest_record())));
    let circumstances: Vec<Circumstances> = parts.iter().map(circumstances).collect();
    let logs: Vec<Vec<LogCoverage>> =
        parts.iter_mut().map(|part| std::mem::take(&mut part.host.logs)).collect();
    let gaps = gaps(&logs, &circumstances);
    let mut parts = parts.into_iter();
    let Some(Part { mut host, mut events, .. }) = parts.next() else { return Default::default() };
    for older in parts {
        if host.anonymous && !older.host.anonymous {
            // A cut capture may not say its name; the host keeps the one that it has elsewhere.
            (host.name, host.names, host.anonymous) = (older.host.name, older.host.names, false);
        }
        // The UUID of a node stays as it is; a newer capture may be cut before the file that tells it.
        host.node = host.node.take().or(older.host.node);
        host.problems.extend(older.host.problems);
        host.captures.extend(older.host.captures);
        host.sightings.extend(older.host.sightings);
        let new = without_known(&events, older.events);
        events.extend(new);
    }
    host.sightings.sort();
    host.logs = join_logs(logs);
    host.gaps = gaps;
    (host, events)
}

/// What a part says beside its logs.
fn circumstances(part: &Part) -> Circumstances {
    let boots = part.events.iter().filter(|event| event.kind == EventKind::HOST_BOOT);
    let boots = boots.filter_map(|event| event.stamp).map(|stamp| stamp.time);
    Circumstances {
        captured_at: part.host.captured_at,
        damaged: part.host.damaged_container().map(str::to_owned),
        boots: boots.chain(part.host.booted_at).collect(),
    }
}

fn gaps(
    captures: &[Vec<LogCoverage>],
    circumstances: &[Circumstances],
) -> BTreeMap<String, Vec<coverage::Gap>> {
    let mut by_log: BTreeMap<&str, Vec<(&LogCoverage, &Circumstances)>> = BTreeMap::new();
    for (logs, of) in captures.iter().zip(circumstances) {
        for log in logs {
            by_log.entry(&log.log).or_default().push((log, of));
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

/// Whether two bundles that say their names are of one host: these are equal, and so are system UUID and vSAN node UUID
/// as far as both tell them. Two hosts may have one name, and a cloned vSAN node has its twin's UUIDs under another.
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

/// Whether two bundles, one of which says no name, are of one machine: by the system UUID, which both must tell.
fn is_same_machine(a: &Host, b: &Host) -> bool {
    a.kind == b.kind
        && a.system_uuid.is_some()
        && a.system_uuid == b.system_uuid
        && agree(stated_node(a), stated_node(b))
}

/// Whether two values are equal, as far as both are known.
fn agree(a: Option<&str>, b: Option<&str>) -> bool {
    a.is_none() || b.is_none() || a == b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Fact, FactValue};
    use crate::model::{MemberPath, Source};

    /// A bundle that says these names and this system UUID.
    fn bundle(path: &str, name: Option<&str>, uuid: Option<&str>, at: i64) -> Digest {
        let named = name.map(|name| FactValue::HostName { name: name.to_owned() });
        let uuid = uuid.map(|uuid| FactValue::SystemUuid { uuid: uuid.to_owned() });
        let at = FactValue::CapturedAt { at: Timestamp::from_seconds(at) };
        let source = || Source { file: MemberPath::new("date"), line: 1, offset: 0 };
        let fact = |value| Fact { value, source: source(), text: String::new() };
        let facts = named.into_iter().chain(uuid).chain([at]).map(fact).collect();
        Digest { bundle: path.to_owned(), facts, ..Digest::default() }
    }

    /// Name and number of captures of every host, whatever order the bundles are given in.
    #[track_caller]
    fn check(bundles: &[Digest], expected: &[(&str, usize)]) {
        for turn in 0..bundles.len() {
            let mut given = bundles.to_vec();
            given.rotate_left(turn);
            for _ in 0..2 {
                given.reverse();
                let (hosts, _) = hosts(given.clone());
                let told: Vec<(&str, usize)> =
                    hosts.iter().map(|host| (host.name.as_str(), host.captures.len())).collect();
                assert_eq!(told, expected);
            }
        }
    }

    #[test]
    fn a_capture_without_a_name_is_of_the_host_with_its_system_uuid() {
        let known = bundle("a.tgz", Some("esx1.lab"), Some("5ba3"), 1);
        let cut = bundle("upload.tgz", None, Some("5ba3"), 2);
        let other = bundle("b.tgz", Some("esx2.lab"), Some("6cb4"), 1);
        check(&[known.clone(), cut.clone(), other.clone()], &[("esx1.lab", 2), ("esx2.lab", 1)]);
        let twin = bundle("c.tgz", Some("esx3.lab"), Some("5ba3"), 1);
        // Whose it is cannot be told.
        check(&[known, cut, twin], &[("esx1.lab", 1), ("esx3.lab", 1), ("upload", 1)]);
        let nothing = bundle("u.tgz", None, None, 1);
        check(&[nothing, other], &[("esx2.lab", 1), ("u", 1)]);
    }

    #[test]
    fn a_short_name_goes_to_one_host_in_any_order() {
        let short = bundle("s.tgz", Some("esx1"), None, 3);
        let (a, b) = (bundle("a.tgz", Some("esx1.a"), None, 1), bundle("b.tgz", Some("esx1.b"), None, 2));
        check(&[short, a, b], &[("esx1", 2), ("esx1.b", 1)]);
    }
}
