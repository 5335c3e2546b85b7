//! What one bundle boils down to: facts, events and coverage, small, serialisable and free of logs.
//!
//! Everything after this needs no bundle any more. [`merge`] is pure and does not depend on the order in which
//! members were read.

mod clock;
mod copies;
mod member;
mod text;
mod thin;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::bundle::{Limits, tree};
use crate::fact::{Fact, FactValue};
use crate::format;
use crate::model::{Event, MemberPath, Problem, ProblemKind, Source, Stamp, Timestamp};

pub use clock::{AT_LEAST, BOOT_RULE, MADE, STEP_RULE};

pub use crate::rule::{Sighting, Witnessed};
pub use member::{MemberDigest, MemberReader, is_packed, wants};
pub use thin::{AllEvents, Events};

/// The version of the digest's own layout.
pub const VERSION: u32 = 6;

/// What one bundle boils down to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Digest {
    /// [`VERSION`] of the program that made it.
    pub version: u32,
    /// The bundle as given, with nesting shown by `!`.
    pub bundle: String,
    /// SHA-256 of the input it lies in, hex.
    pub sha256: String,
    /// Ordered by member, then line.
    pub facts: Vec<Fact>,
    /// Ordered by time, then member, then line.
    pub events: Vec<Event>,
    /// A sample of the operations that its programs saw, ordered by id and time.
    pub sightings: Vec<Sighting>,
    /// Ordered by log family, then time.
    pub logs: Vec<LogCoverage>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Members that were read.
    pub members: u64,
    /// Members that hold nothing that is known.
    pub skipped: u64,
}

/// What was read of one log family.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LogCoverage {
    /// The family.
    pub log: String,
    /// Its members, ordered by their first stamp.
    pub members: Vec<MemberCoverage>,
    /// Members beyond those that are kept one by one.
    pub rest: LogCount,
}

impl LogCoverage {
    /// What was read of all its members.
    pub fn total(&self) -> LogCount {
        let mut total = self.rest.clone();
        for member in &self.members {
            total.add(&LogCount {
                members: 1,
                bytes: member.bytes,
                records: member.records,
                unparsed: member.unparsed,
                from: member.from,
                to: member.to,
            });
        }
        total
    }
}

/// What was read of log members that are not kept one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCount {
    /// How many.
    pub members: u64,
    /// Decompressed bytes.
    pub bytes: u64,
    /// Records.
    pub records: u64,
    /// Records without a recognised header.
    pub unparsed: u64,
    /// First stamp.
    pub from: Option<Timestamp>,
    /// Last stamp.
    pub to: Option<Timestamp>,
}

impl Counted {
    fn join(&mut self, other: Counted) {
        self.members += other.members;
        self.facts += other.facts;
        self.events += other.events;
        self.problems += other.problems;
        for (log, count) in other.logs {
            self.logs.entry(log).or_default().add(&count);
        }
    }
}

impl LogCount {
    /// Adds what `other` counts.
    pub fn add(&mut self, other: &LogCount) {
        self.members += other.members;
        self.bytes += other.bytes;
        self.records += other.records;
        self.unparsed += other.unparsed;
        self.from = [self.from, other.from].into_iter().flatten().min();
        self.to = self.to.max(other.to);
    }
}

/// What was read of a bundle, on its way into its digest.
#[derive(Debug, Default)]
pub struct BundleRead {
    /// Members that are kept one by one, in the order of the walk.
    pub members: Vec<MemberDigest>,
    /// The events of these.
    pub events: Events,
    /// Members beyond those.
    pub counted: Counted,
    /// Members that hold nothing that is known.
    pub skipped: u64,
}

impl BundleRead {
    /// Takes what another part of the same bundle gave.
    pub fn join(&mut self, other: BundleRead) {
        self.members.extend(other.members);
        self.members.sort_by_key(|member| member.number);
        self.events.join(other.events);
        self.counted.join(other.counted);
        self.skipped += other.skipped;
    }
}

/// Members that were read and counted, but of which nothing is kept. Adding does not depend on the order.
#[derive(Debug, Default)]
pub struct Counted {
    members: u64,
    logs: BTreeMap<&'static str, LogCount>,
    facts: u64,
    events: u64,
    problems: u64,
}

impl Counted {
    /// Counts one more member.
    pub fn add(&mut self, mut member: MemberDigest, limits: &Limits) {
        if member.suspect {
            member.give_up(limits);
        }
        self.members += 1;
        self.facts += member.facts.len() as u64;
        self.events += member.scan.events.len() as u64 + member.scan.dropped.values().sum::<u64>();
        self.problems += member.problems.len() as u64;
        let Some(log) = member.log else { return };
        self.logs.entry(log).or_default().add(&LogCount {
            members: 1,
            bytes: member.bytes,
            records: member.scan.records,
            unparsed: member.scan.unparsed,
            from: with_year(member.scan.first),
            to: with_year(member.scan.last),
        });
    }
}

/// A time that is known; of members that are only counted nobody reckons the year.
fn with_year(stamp: Option<Stamp>) -> Option<Timestamp> {
    stamp.map(|stamp| stamp.time).filter(|time| !format::clock::waits_for_year(*time))
}

/// What was read of one log member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberCoverage {
    /// The member.
    pub path: MemberPath,
    /// Decompressed bytes.
    pub bytes: u64,
    /// CRC-32 of them: with family and length it tells copies of one file.
    pub crc: u32,
    /// Records.
    pub records: u64,
    /// Records without a recognised header.
    pub unparsed: u64,
    /// The first few of those: where each stands, and its first line.
    pub unparsed_samples: Vec<(Source, String)>,
    /// First stamp.
    pub from: Option<Timestamp>,
    /// Last stamp.
    pub to: Option<Timestamp>,
    /// Its first record, as evidence of where it begins.
    pub first_record: Option<(Source, String)>,
    /// Its last record, as evidence of where it ends.
    pub last_record: Option<(Source, String)>,
    /// The longest times without a record between two of its records, each of some minutes at least.
    pub silences: Vec<Silence>,
    /// What was wrong with it.
    pub problems: Vec<Problem>,
}

/// A time in which nothing was written to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The stamp of the record before it.
    pub from: Timestamp,
    /// The stamp of the record after it.
    pub to: Timestamp,
}

/// Makes one digest of the members of one bundle.
pub fn merge(bundle: String, sha256: String, read: BundleRead) -> Digest {
    let BundleRead { mut members, mut events, mut counted, skipped } = read;
    members.sort_by(|a, b| (&a.tree, a.fragmented, &a.path).cmp(&(&b.tree, b.fragmented, &b.path)));
    let mut digest = Digest { version: VERSION, bundle, sha256, skipped, ..Digest::default() };
    let (mut members, repeated) = copies::without(members);
    digest.problems.extend(repeated);
    let kept: BTreeSet<u64> = members.iter().map(|member| member.number).collect();
    digest.sightings = clock::own_sightings(&members, events.take_sightings());
    let (events, mut dropped) = events.into_parts(|id| kept.contains(&id));
    digest.problems.extend(tell_time(
        &digest.bundle,
        &mut members,
        events,
        &mut digest.events,
        &mut digest.facts,
    ));
    let mut logs: BTreeMap<&'static str, Vec<MemberCoverage>> = BTreeMap::new();
    for mut member in members {
        digest.members += 1;
        digest.facts.append(&mut member.facts);
        if let Some(log) = member.log {
            logs.entry(log).or_default().push(member.coverage());
        }
        for (rule, count) in member.scan.dropped {
            *dropped.entry(rule).or_default() += count;
        }
        digest.problems.append(&mut member.problems);
    }
    digest.members += counted.members;
    if counted.members > 0 {
        digest.problems.push(Problem::new(ProblemKind::Limit, &digest.bundle, beyond(&counted)));
    }
    digest.logs = ordered(logs, &mut counted.logs);
    let all = digest.events.len();
    let has_time =
        |event: &Event| event.stamp.is_some_and(|stamp| !format::clock::waits_for_year(stamp.time));
    digest.events.retain(has_time);
    let unstamped = all - digest.events.len();
    if unstamped > 0 {
        let text =
            format!("{unstamped} events stand in logs without any time stamp and are not in the timeline");
        digest.problems.push(Problem::new(ProblemKind::Unparsed, &digest.bundle, text));
    }
    order_events(&mut digest.events);
    for (rule, count) in dropped {
        let text = format!("{count} further events of rule {rule} were counted but not kept");
        digest.problems.push(Problem::new(ProblemKind::Thinned, &digest.bundle, text));
    }
    digest
}

/// Gives all events their time, and adds those that the stamps themselves tell; what could not be told is returned.
fn tell_time(
    bundle: &str,
    members: &mut [MemberDigest],
    mut found: Vec<(u64, Event)>,
    events: &mut Vec<Event>,
    facts: &mut Vec<Fact>,
) -> Vec<Problem> {
    let captured = members.iter().flat_map(|member| &member.facts).filter_map(|fact| match fact.value {
        FactValue::CapturedAt { at } => Some(at),
        _ => None,
    });
    let captured = captured.max().or_else(|| tree::taken_at(bundle));
    let unknown = clock::settle_years(members, &mut found, captured);
    clock::correct(members, &mut found);
    events.extend(found.into_iter().map(|(_, event)| event));
    events.extend(clock::steps(members));
    events.extend(clock::boots(members, events));
    facts.extend(clock::last_boot(members, captured));
    let mut problems: Vec<Problem> = clock::disordered(members)
        .map(|(source, count)| {
            let text = format!(
                "its records are not in the order of their time: {count} are older than one before them"
            );
            Problem::new(ProblemKind::Unparsed, source.file.as_str(), text)
        })
        .collect();
    if unknown > 0 {
        let text = format!(
            "{unknown} logs name no year, and nothing in the bundle tells it: their times are not known"
        );
        problems.push(Problem::new(ProblemKind::Unparsed, "", text));
    }
    problems
}

fn ordered(
    mut logs: BTreeMap<&'static str, Vec<MemberCoverage>>,
    counted: &mut BTreeMap<&'static str, LogCount>,
) -> Vec<LogCoverage> {
    let families = format::FORMATS.iter().filter_map(|format| {
        let (members, rest) = (logs.remove(format.name), counted.remove(format.name));
        (members.is_some() || rest.is_some()).then(|| (format.name, members, rest.unwrap_or_default()))
    });
    families
        .map(|(log, members, rest)| {
            let mut members = members.unwrap_or_default();
            members.sort_by(|a, b| (a.from, &a.path).cmp(&(b.from, &b.path)));
            LogCoverage { log: log.to_owned(), members, rest }
        })
        .collect()
}

/// Told of members that are not kept one by one.
fn beyond(counted: &Counted) -> String {
    format!(
        "{} files beyond the limit of those that are kept one by one (--max-kept) were read and counted; what they say was \
         not kept: {} events, {} facts, {} problems",
        counted.members, counted.events, counted.facts, counted.problems
    )
}

/// Orders events by time and leaves out what stands in two members alike, as vmkwarning repeats vmkernel: the member that
/// tells it first among those of one stamp counts.
fn order_events(events: &mut Vec<Event>) {
    events.sort_by(|a, b| (a.stamp, &a.source).cmp(&(b.stamp, &b.source)));
    let mut kept = Vec::with_capacity(events.len());
    for same in events.chunk_by(|a, b| a.stamp == b.stamp) {
        let mut told: HashMap<(&str, &str, Option<&String>), &MemberPath> = HashMap::new();
        kept.extend(same.iter().map(|event| {
            let file = &event.source.file;
            same.len() == 1
                || *told.entry((&event.rule, &event.text, event.fields.get("log"))).or_insert(file) == file
        }));
    }
    let mut kept = kept.into_iter();
    events.retain(|_| kept.next().unwrap_or(true));
}
