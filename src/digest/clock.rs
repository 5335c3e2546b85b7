//! What the stamps of a bundle's logs say together: the years of those that name none, where the clock was set, and
//! when the host booted.

use std::collections::{BTreeMap, BTreeSet};

use super::member::MemberDigest;
use crate::fact::{Fact, FactValue};
use crate::format::{self, clock};
use crate::model::{Event, EventKind, Severity, Source, Stamp, Timestamp};
use crate::rule::Sighting;
use crate::rule::say::Made;

/// The rule that events of the clock are told by; no rule file holds them.
pub const STEP_RULE: &str = "clock.set";
/// The rule that boots are told by which only the lines of a boot show.
pub const BOOT_RULE: &str = "clock.boot";

/// How these events are told.
pub static MADE: &[Made] = &[
    Made {
        rule: STEP_RULE,
        fields: &["from", "to", "step_ms"],
        en: "The clock of {here} was set from {from} to {to}",
        ja: "{here} の時計が {from} から {to} に変更されました",
    },
    Made {
        rule: BOOT_RULE,
        fields: &[],
        en: "{here} booted, as its log shows",
        ja: "{here} が起動したことがログから分かりました",
    },
];

/// A capture may be stamped a little before the last lines that it took, and in another time zone.
const SLACK: i64 = 2 * 86_400_000_000;
/// Boots and steps of one bundle that only the stamps tell; a host has a few.
const MOST: usize = 200;
/// Two logs tell one boot or step within this time, in microseconds.
const TOGETHER: i64 = 600_000_000;

/// Gives every stamp that names no year the latest one in which the log ends before the capture, rotation by rotation
/// from the newest. How many members it could not be done for.
pub(super) fn settle_years(
    members: &mut [MemberDigest],
    events: &mut [(u64, Event)],
    captured_at: Option<Timestamp>,
) -> usize {
    let added = years_to_add(members, captured_at);
    let unknown =
        members.iter().filter(|member| waits(member) && !added.contains_key(&member.number)).count();
    for member in members.iter_mut() {
        let Some(&added) = added.get(&member.number) else { continue };
        let real = |stamp: &mut Option<Stamp>| {
            if let Some(stamp) = stamp.as_mut().filter(|stamp| clock::waits_for_year(stamp.time)) {
                stamp.time = clock::in_years(stamp.time, added);
            }
        };
        real(&mut member.scan.first);
        real(&mut member.scan.last);
        let told = &mut member.scan.clock;
        let of_steps = told.steps.iter_mut().flat_map(|step| [&mut step.from, &mut step.to]);
        let of_silences = told.silences.iter_mut().flat_map(|silence| [&mut silence.from, &mut silence.to]);
        let times = of_steps.chain(of_silences).chain(told.boots.iter_mut().map(|boot| &mut boot.at));
        for time in times.filter(|time| clock::waits_for_year(**time)) {
            *time = clock::in_years(*time, added);
        }
    }
    for (number, event) in events {
        let waiting = event.stamp.as_mut().filter(|stamp| clock::waits_for_year(stamp.time));
        if let (Some(stamp), Some(&added)) = (waiting, added.get(number)) {
            stamp.time = clock::in_years(stamp.time, added);
        }
    }
    // Nothing is invented: what has no year has no time.
    for member in members.iter_mut().filter(|member| waits(member)) {
        let known = |stamp: &Stamp| !clock::waits_for_year(stamp.time);
        member.scan.first = member.scan.first.filter(known);
        member.scan.last = member.scan.last.filter(known);
        member.scan.clock.boots.retain(|boot| !clock::waits_for_year(boot.at));
        member.scan.clock.steps.retain(|step| !clock::waits_for_year(step.to));
        member.scan.clock.silences.retain(|silence| !clock::waits_for_year(silence.to));
    }
    unknown
}

fn waits(member: &MemberDigest) -> bool {
    let stamps = [member.scan.first, member.scan.last];
    stamps.into_iter().flatten().any(|stamp| clock::waits_for_year(stamp.time))
}

/// By member: the years that must be added.
fn years_to_add(members: &[MemberDigest], captured_at: Option<Timestamp>) -> BTreeMap<u64, i64> {
    let mut added = BTreeMap::new();
    let newest = newest(members, captured_at).map(|at| at.plus_micros(SLACK));
    for rotations in rotations(members) {
        let mut bound = newest;
        for member in rotations.into_iter().rev().map(|at| &members[at]) {
            let Some(span) = member.scan.clock.yearless else {
                // A newer one that names its years: it begins where this one ends.
                bound = member.scan.first.map(|stamp| stamp.time.plus_micros(SLACK)).or(bound);
                continue;
            };
            let before = span.before.into_iter().chain(bound).min();
            let Some(years) = before.and_then(|bound| clock::years_before(&span, bound)) else { continue };
            added.insert(member.number, years);
            bound = Some(clock::in_years(span.first, years).plus_micros(SLACK));
        }
    }
    added
}

/// The rotations of each log in one folder, oldest first. What is no rotation stands alone: it says nothing of others.
fn rotations(members: &[MemberDigest]) -> Vec<Vec<usize>> {
    let mut by_log: BTreeMap<(&str, &str), Vec<(i64, usize)>> = BTreeMap::new();
    let mut alone = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let Some(format) = member.log.and_then(format::by_name) else { continue };
        let (folder, name) = member.tree.rsplit_once('/').unwrap_or(("", &member.tree));
        match format.place(name) {
            Some(place) => by_log.entry((folder, format.name)).or_default().push((place.order(), at)),
            None => alone.push(vec![at]),
        }
    }
    let in_order = |mut rotations: Vec<(i64, usize)>| {
        rotations.sort();
        rotations.into_iter().map(|(_, at)| at).collect()
    };
    by_log.into_values().map(in_order).chain(alone).collect()
}

/// When the bundle was taken, or the newest stamp in it that has a year, where that is later or nothing says when.
fn newest(members: &[MemberDigest], captured_at: Option<Timestamp>) -> Option<Timestamp> {
    let stamps = members.iter().filter_map(|member| member.scan.last);
    let mut dated: Vec<Timestamp> =
        stamps.map(|stamp| stamp.time).filter(|time| !clock::waits_for_year(*time)).collect();
    dated.sort();
    // One log may end with a damaged stamp.
    let newest = if dated.len() > 2 { dated.get(dated.len() - 2) } else { dated.last() };
    captured_at.max(newest.copied())
}

/// Gives events that a clock wrote which was wrong since the boot the time of the right one, and those at the end of a
/// log, from before the clock was known, the time at which its next rotation begins.
pub(super) fn correct(members: &mut [MemberDigest], events: &mut [(u64, Event)]) {
    let wrong: BTreeMap<u64, Vec<clock::Wrong>> =
        members.iter().map(|member| (member.number, member.scan.clock.wrong.clone())).collect();
    for member in members.iter_mut() {
        let scan = &mut member.scan;
        let ends = [(&mut scan.first, &scan.first_record), (&mut scan.last, &scan.last_record)];
        for (stamp, record) in ends {
            let line = record.as_ref().map_or(0, |(source, _)| source.line);
            if let Some((stamp, wrong)) = stamp.as_mut().zip(of_line(&scan.clock.wrong, line)) {
                *stamp = shifted(*stamp, wrong);
            }
        }
    }
    members.iter_mut().for_each(correct_silences);
    let open = close(members);
    for (number, event) in events {
        let Some(stamp) = &mut event.stamp else { continue };
        if let Some(wrong) = wrong.get(number).and_then(|wrong| of_line(wrong, event.source.line)) {
            event.fields.entry("raw_time".to_owned()).or_insert_with(|| stamp.time.to_string());
            *stamp = shifted(*stamp, wrong);
        } else if let Some((line, time)) = open.get(number)
            && event.source.line >= *line
        {
            *stamp = Stamp::estimated(*time);
        }
    }
}

/// The sightings in `members` that the clock of the host stamped, as it went on after the boot.
pub(super) fn own_sightings(members: &[MemberDigest], seen: Vec<(Sighting, u64)>) -> Vec<Sighting> {
    let wrong: BTreeMap<u64, &[clock::Wrong]> =
        members.iter().map(|member| (member.number, member.scan.clock.wrong.as_slice())).collect();
    let is_own = |(seen, id): &(Sighting, u64)| {
        let right = |wrong: &&[clock::Wrong]| of_line(wrong, seen.source.line).is_none();
        wrong.get(id).is_some_and(right) && !clock::waits_for_year(seen.stamp.time)
    };
    seen.into_iter().filter(is_own).map(|(seen, _)| seen).collect()
}

/// Where a silence ends with a record of a wrong clock, it ended at the right time; one between two such records is left
/// out, as the time of the first is not kept.
fn correct_silences(member: &mut MemberDigest) {
    let told = &mut member.scan.clock;
    let is_inside = |line: u64| of_line(&told.wrong, line).is_some_and(|wrong| wrong.from < line);
    told.silences.retain(|silence| !is_inside(silence.line));
    for silence in &mut told.silences {
        if let Some(wrong) = of_line(&told.wrong, silence.line) {
            silence.to = silence.to.plus_micros(wrong.shift);
        }
    }
    told.silences.retain(|silence| silence.from < silence.to);
}

fn of_line(wrong: &[clock::Wrong], line: u64) -> Option<&clock::Wrong> {
    wrong.iter().find(|wrong| (wrong.from..wrong.to).contains(&line))
}

fn shifted(stamp: Stamp, wrong: &clock::Wrong) -> Stamp {
    Stamp::estimated(stamp.time.plus_micros(wrong.shift))
}

/// Boots at the end of a log, whose time the next rotation tells: by member, the line from which on nothing has a time,
/// and the time.
fn close(members: &mut [MemberDigest]) -> BTreeMap<u64, (u64, Timestamp)> {
    let mut found = BTreeMap::new();
    for rotations in rotations(members) {
        for pair in rotations.windows(2) {
            let Some(at) = members[pair[1]].scan.first.map(|stamp| stamp.time) else { continue };
            let member = &mut members[pair[0]];
            let Some((source, line)) = member.scan.clock.open.clone() else { continue };
            found.insert(member.number, (source.line, at));
            member.scan.clock.boots.push(clock::Boot { at, in_log: true, source, line });
        }
    }
    found
}

/// Logs that are written by the clock of their host as they arise, best first.
const OF_THE_CLOCK: &[&str] =
    &["vobd", "vmkernel", "vmkwarning", "vmksummary", "hostd", "vpxa", "fdm", "clomd", "vpxd"];

/// The clock was set, once however many logs show it.
pub(super) fn steps(members: &[MemberDigest]) -> Vec<Event> {
    let between = between_rotations(members);
    let mut steps: Vec<&clock::Step> =
        of_the_clock(members).flat_map(|member| &member.scan.clock.steps).chain(&between).collect();
    // Uptimes know how far it was set; of the others the largest says most, as a log is silent for a while.
    steps.sort_by_key(|step| {
        let size = step.to.since(step.from).abs();
        (!step.by_uptime, step.quality, std::cmp::Reverse(size), step.source.clone())
    });
    let mut kept: Vec<&clock::Step> = Vec::new();
    for step in steps {
        let forward = |step: &clock::Step| step.to >= step.from;
        let is_one = |other: &&clock::Step| {
            let near =
                step.to.since(other.to).abs() <= TOGETHER || step.from.since(other.from).abs() <= TOGETHER;
            near && forward(step) == forward(other)
        };
        if kept.len() < MOST && !kept.iter().any(is_one) {
            kept.push(step);
        }
    }
    kept.into_iter().map(step_event).collect()
}

/// Where the clock was set between one rotation of a log and the next one.
fn between_rotations(members: &[MemberDigest]) -> Vec<clock::Step> {
    let pair = |pair: &[usize]| between(&members[pair[0]], &members[pair[1]]);
    let of_log = |rotations: Vec<usize>| rotations.windows(2).filter_map(pair).collect::<Vec<_>>();
    rotations(members).into_iter().flat_map(of_log).collect()
}

/// Whether uptimes go on from one rotation to the next while the stamps do not.
fn between(older: &MemberDigest, newer: &MemberDigest) -> Option<clock::Step> {
    let (old, new) = (older.scan.clock.uptimes.as_ref()?, newer.scan.clock.uptimes.as_ref()?);
    let passed = new.first_uptime - old.last_uptime;
    let from = old.last.time.plus_micros(passed);
    let is_set = passed >= 0 && new.first.time.since(from).abs() >= clock::LEAST_STEP;
    is_set.then(|| clock::Step {
        from,
        to: new.first.time,
        quality: new.first.quality.max(old.last.quality),
        by_uptime: true,
        source: new.source.clone(),
        line: new.line.clone(),
    })
}

fn of_the_clock(members: &[MemberDigest]) -> impl Iterator<Item = &MemberDigest> {
    OF_THE_CLOCK.iter().flat_map(move |name| members.iter().filter(move |member| member.log == Some(*name)))
}

/// A length of time in microseconds: `97.5 s`, `8966 d 5 h`.
fn length(micros: u64) -> String {
    let hours = micros / 3_600_000_000;
    match hours {
        0..48 => format!("{:.1} s", micros as f64 / 1e6),
        _ => format!("{} d {} h", hours / 24, hours % 24),
    }
}

/// The field that says that a step is not known but for its least size.
pub const AT_LEAST: &str = "at_least";

fn step_event(step: &clock::Step) -> Event {
    let size = step.to.since(step.from);
    let direction = if size < 0 { "back" } else { "forward" };
    // The log was silent for a while before it, and nothing but its stamps is known.
    let is_bound = !step.by_uptime && size <= 0;
    let least = if is_bound { "at least " } else { "" };
    let length = length(size.unsigned_abs());
    let text = format!("The clock was set {direction} by {least}{length}, from {} to {}", step.from, step.to);
    let told = [
        ("from", step.from.to_string()),
        ("to", step.to.to_string()),
        ("step_ms", (size / 1_000).to_string()),
    ];
    let bound = is_bound.then(|| (AT_LEAST, "true".to_owned()));
    let fields = told.into_iter().chain(bound);
    Event {
        stamp: Some(Stamp { time: step.to, quality: step.quality }),
        kind: EventKind::TIME_STEP,
        severity: Severity::Warning,
        rule: STEP_RULE.to_owned(),
        text,
        raw: step.line.clone(),
        fields: fields.map(|(key, value)| (key.to_owned(), value)).collect(),
        source: step.source.clone(),
    }
}

/// Boots that no rule saw: lines from before the clock was known, or uptimes that begin again.
pub(super) fn boots(members: &[MemberDigest], events: &[Event]) -> Vec<Event> {
    let told = events.iter().filter(|event| event.kind == EventKind::HOST_BOOT);
    let mut told: BTreeSet<Timestamp> =
        told.filter_map(|event| event.stamp).map(|stamp| stamp.time).collect();
    let mut boots = Vec::new();
    for boot in of_the_clock(members).flat_map(|member| &member.scan.clock.boots).filter(|boot| boot.in_log) {
        if boots.len() == MOST {
            break;
        }
        let around = boot.at.plus_micros(-TOGETHER)..=boot.at.plus_micros(TOGETHER);
        if told.range(around).next().is_none() {
            told.insert(boot.at);
            boots.push(boot_event(boot));
        }
    }
    boots
}

fn boot_event(boot: &clock::Boot) -> Event {
    Event {
        stamp: Some(Stamp::estimated(boot.at)),
        kind: EventKind::HOST_BOOT,
        severity: Severity::Info,
        rule: BOOT_RULE.to_owned(),
        text: "The host booted, as the uptime or the early lines in its log show".to_owned(),
        raw: boot.line.clone(),
        fields: BTreeMap::new(),
        source: boot.source.clone(),
    }
}

/// When the host last booted, as the uptimes in its logs say, whether or not that lies in them.
pub(super) fn last_boot(members: &[MemberDigest], captured_at: Option<Timestamp>) -> Option<Fact> {
    let boots = of_the_clock(members).flat_map(|member| &member.scan.clock.boots);
    // What lies outside of time that can be was reckoned from a number that is wrong.
    let boots = boots.filter(|boot| {
        boot.at.micros() >= 0 && captured_at.is_none_or(|at| boot.at <= at.plus_micros(SLACK))
    });
    let last = boots.max_by_key(|boot| (boot.at, boot.source.clone()))?;
    Some(Fact {
        value: FactValue::BootedAt { at: last.at },
        source: last.source.clone(),
        text: last.line.clone(),
    })
}

/// Logs whose records are in no order of time.
pub(super) fn disordered(members: &[MemberDigest]) -> impl Iterator<Item = (Source, u64)> {
    members.iter().filter(|member| member.scan.clock.disorder > 0).map(|member| {
        let source = Source { file: member.path.clone(), line: 1, offset: 0 };
        (source, member.scan.clock.disorder)
    })
}
