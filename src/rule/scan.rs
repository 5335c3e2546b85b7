//! The matcher: one pass for literals over a stretch of records, expressions only on the records that hold one.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use regex::bytes::Regex;

use super::{Compiled, Family, RuleSet};
use crate::format::{self, Header};
use crate::model::{Event, MemberPath, Source, Stamp, TimeQuality};
use crate::record::{Origin, Stretch};

/// Events of one rule kept per member at its beginning, and as many at its end; the rest is counted.
const KEPT_PER_END: usize = 300;
/// Bytes of message and line kept as text of an event.
const KEPT_TEXT: usize = 1_000;
/// Bytes of a field's value that are kept.
const KEPT_FIELD: usize = 400;
/// Records without a recognised header that are kept as samples.
const KEPT_SAMPLES: usize = 3;
/// Bytes of such a sample that are kept.
const KEPT_SAMPLE: usize = 200;

/// Finds events in the records of one member.
pub struct Scanner<'r> {
    rules: &'r RuleSet,
    family: Option<&'r Family>,
    /// By rule index.
    kept: BTreeMap<usize, Kept>,
    records: u64,
    unparsed: u64,
    unparsed_samples: Vec<(Source, String)>,
    first: Option<Stamp>,
    last: Option<Stamp>,
    first_record: Option<(Source, String)>,
    last_record: Option<(Source, String)>,
}

/// Events of one rule: an incident may stand at either end of a noisy log.
#[derive(Default)]
struct Kept {
    first: Vec<Event>,
    last: VecDeque<Event>,
    dropped: u64,
}

impl Kept {
    fn push(&mut self, event: Event) {
        if self.first.len() < KEPT_PER_END {
            self.first.push(event);
            return;
        }
        if self.last.len() == KEPT_PER_END {
            self.last.pop_front();
            self.dropped += 1;
        }
        self.last.push_back(event);
    }
}

/// What a scanner found in one member.
#[derive(Debug, Default)]
pub struct Scan {
    /// Events, in the order of their lines.
    pub events: Vec<Event>,
    /// Events seen beyond what is kept, by rule id.
    pub dropped: BTreeMap<String, u64>,
    /// Records.
    pub records: u64,
    /// Records without a recognised header.
    pub unparsed: u64,
    /// The first few of those: where each stands, and its first line.
    pub unparsed_samples: Vec<(Source, String)>,
    /// Stamp of the first record that has one.
    pub first: Option<Stamp>,
    /// Stamp of the last record that has one.
    pub last: Option<Stamp>,
    /// The first line of the first record with a stamp of its own.
    pub first_record: Option<(Source, String)>,
    /// The last record's first line.
    pub last_record: Option<(Source, String)>,
}

impl<'r> Scanner<'r> {
    /// A scanner for one member of the log family `log`.
    pub fn new(rules: &'r RuleSet, log: &str) -> Self {
        Scanner {
            rules,
            family: rules.family(log),
            kept: BTreeMap::new(),
            records: 0,
            unparsed: 0,
            unparsed_samples: Vec::new(),
            first: None,
            last: None,
            first_record: None,
            last_record: None,
        }
    }

    /// Takes the next stretch of whole records.
    pub fn stretch(&mut self, stretch: Stretch<'_>, origin: &Origin) {
        let found = self.family.map(|family| family.literals.find_iter(stretch.text));
        let mut hits = found.into_iter().flatten().map(|found| found.start());
        let mut next_hit = hits.next();
        let mut record: Option<(usize, u64)> = None;
        let mut last_start: Option<(&[u8], u64, usize)> = None;
        // How far `self.last` is known: it is asked for only by records that have no stamp.
        let mut searched = 0;
        let end = stretch.text.len();
        // One turn more than there are lines: the end of the text ends the last record.
        let lines = stretch
            .lines()
            .map(|(line, number, offset)| (Some(line), number, (offset - stretch.offset) as usize));
        for (line, number, at) in lines.chain([(None, 0, end)]) {
            let starts = line.is_some_and(format::starts_record);
            if line.is_some() && record.is_some() && !starts {
                continue;
            }
            if let Some((from, line_number)) = record.filter(|_| next_hit.is_some_and(|hit| hit < at)) {
                while next_hit.is_some_and(|hit| hit < at) {
                    next_hit = hits.next();
                }
                let place = Stretch {
                    text: &stretch.text[from..at],
                    line: line_number,
                    offset: stretch.offset + from as u64,
                };
                if place.lines().next().and_then(|(first, _, _)| stamp_of(first)).is_none() {
                    self.last = last_stamp(&stretch.text[searched..from]).or(self.last);
                    searched = from;
                }
                self.record(place, origin);
            }
            if let Some(line) = line {
                record = Some((at, number));
                self.records += 1;
                if !starts {
                    self.without_header(line, || origin.locate(number, stretch.offset + at as u64));
                }
                if starts {
                    last_start = Some((line, number, at));
                    if self.first.is_none() && !is_section(line) {
                        self.first = stamp_of(line);
                        let place = origin.locate(number, stretch.offset + at as u64);
                        self.first_record = Some((place, text_of(line, KEPT_FIELD)));
                    }
                }
            }
        }
        let Some((line, number, at)) = last_start else { return };
        self.last = last_stamp(&stretch.text[searched..]).or(self.last);
        self.last_record =
            Some((origin.locate(number, stretch.offset + at as u64), text_of(line, KEPT_FIELD)));
    }

    /// Counts a record that begins with no header that is known; the first few are kept, to show what they are.
    #[cold]
    fn without_header(&mut self, line: &[u8], place: impl FnOnce() -> Source) {
        self.unparsed += 1;
        if self.unparsed_samples.len() < KEPT_SAMPLES {
            self.unparsed_samples.push((place(), text_of(line, KEPT_SAMPLE)));
        }
    }

    /// What was found.
    pub fn finish(self) -> Scan {
        let mut scan = Scan {
            records: self.records,
            unparsed: self.unparsed,
            unparsed_samples: self.unparsed_samples,
            first: self.first,
            last: self.last,
            first_record: self.first_record,
            last_record: self.last_record,
            ..Scan::default()
        };
        for (index, kept) in self.kept {
            if kept.dropped > 0 {
                scan.dropped.insert(self.rules.compiled(index).rule.id.clone(), kept.dropped);
            }
            scan.events.extend(kept.first.into_iter().chain(kept.last));
        }
        scan.events.sort_by(|a, b| a.source.cmp(&b.source));
        // What stands before the first stamp of the member, as lines of a boot do, is taken to be of that time.
        for event in scan.events.iter_mut().filter(|event| event.stamp.is_none()) {
            event.stamp = scan.first.map(estimated);
        }
        scan
    }

    fn record(&mut self, record: Stretch<'_>, origin: &Origin) {
        let Some(family) = self.family else { return };
        let Some((first, _, _)) = record.lines().next() else { return };
        let header = format::parse(first).unwrap_or(Header { message: first, ..Header::default() });
        let message = message_of(record, &header);
        for &index in &family.rules {
            let compiled = self.rules.compiled(index);
            let Some(mut fields) = fields_of(compiled, record.text, &message) else { continue };
            // hostd names the VM that a record is about in its header; the path may hold brackets and blanks.
            if let Some(vmx) = header.sub.and_then(|sub| sub.strip_prefix(b"Vmsvc.vm:")) {
                fields.entry("vmx".to_owned()).or_insert_with(|| text_of(vmx, KEPT_FIELD));
            }
            if let Some(op_id) = header.op_id {
                fields.entry("opid".to_owned()).or_insert_with(|| text_of(op_id, KEPT_FIELD));
            }
            self.kept.entry(index).or_default().push(Event {
                stamp: header.stamp.or_else(|| self.last.map(estimated)),
                kind: compiled.rule.kind,
                severity: compiled.rule.severity,
                rule: compiled.rule.id.clone(),
                text: text_of(&message, KEPT_TEXT),
                raw: text_of(first, KEPT_TEXT),
                fields,
                source: origin.locate(record.line, record.offset),
            });
        }
    }
}

/// Whether a line is the section header at the top of a rotated log, whose stamp is that of the service's start.
fn is_section(line: &[u8]) -> bool {
    memchr::memmem::find(&line[..line.len().min(300)], b", Section for VMware ").is_some()
}

/// The time of a neighbour.
fn estimated(stamp: Stamp) -> Stamp {
    Stamp { time: stamp.time, quality: TimeQuality::Estimated }
}

fn stamp_of(line: &[u8]) -> Option<Stamp> {
    format::time::iso(line).map(|(stamp, _)| stamp)
}

/// The stamp of the last record in `text` that has one of its own.
fn last_stamp(text: &[u8]) -> Option<Stamp> {
    let mut rest = text;
    while !rest.is_empty() {
        let body = rest.strip_suffix(b"\n").unwrap_or(rest);
        let begin = memchr::memrchr(b'\n', body).map_or(0, |at| at + 1);
        let line = &body[begin..];
        let stamp = stamp_of(line).filter(|_| format::starts_record(line) && !is_section(line));
        if stamp.is_some() {
            return stamp;
        }
        rest = &rest[..begin];
    }
    None
}

/// The record's message with its continuation lines, which lose their headers and arrows.
fn message_of<'a>(record: Stretch<'a>, header: &Header<'a>) -> Cow<'a, [u8]> {
    let mut lines = record.lines().skip(1).peekable();
    if lines.peek().is_none() {
        return Cow::Borrowed(header.message);
    }
    let mut message = header.message.to_vec();
    for (line, _, _) in lines {
        let body = format::parse(line).map_or(line, |header| header.message);
        let body = body.trim_ascii_start().strip_prefix(b"-->").unwrap_or(body);
        message.push(b'\n');
        message.extend_from_slice(body);
    }
    Cow::Owned(message)
}

/// The fields that a rule reads from a record, or `None` where it does not match.
fn fields_of(compiled: &Compiled, record: &[u8], message: &[u8]) -> Option<BTreeMap<String, String>> {
    let any = &compiled.rule.any;
    any.iter().find(|literal| memchr::memmem::find(record, literal.as_bytes()).is_some())?;
    let mut fields = BTreeMap::new();
    if let Some(pattern) = &compiled.pattern {
        groups(pattern, message, &mut fields).then_some(())?;
    }
    if compiled.unless.as_ref().is_some_and(|unless| unless.is_match(message)) {
        return None;
    }
    for pattern in &compiled.extract {
        groups(pattern, message, &mut fields);
    }
    for pattern in &compiled.collect {
        collect(pattern, message, &mut fields);
    }
    Some(fields)
}

/// Puts the named groups of a match into `fields`; whether there is a match.
fn groups(pattern: &Regex, text: &[u8], fields: &mut BTreeMap<String, String>) -> bool {
    let Some(captures) = pattern.captures(text) else { return false };
    for name in pattern.capture_names().flatten() {
        if let Some(found) = captures.name(name).filter(|found| !found.is_empty()) {
            // The same field in another alternative of the expression has a number behind its name.
            let field = name.strip_suffix('2').unwrap_or(name);
            fields.insert(field.to_owned(), text_of(found.as_bytes(), KEPT_FIELD));
        }
    }
    true
}

/// Joins what a named group matches anywhere in `text`, each value once, in order.
fn collect(pattern: &Regex, text: &[u8], fields: &mut BTreeMap<String, String>) {
    for captures in pattern.captures_iter(text).take(200) {
        for name in pattern.capture_names().flatten() {
            let Some(found) = captures.name(name).filter(|found| !found.is_empty()) else { continue };
            let value = text_of(found.as_bytes(), KEPT_FIELD);
            let all = fields.entry(name.to_owned()).or_default();
            if !all.split(',').any(|one| one == value) {
                if !all.is_empty() {
                    all.push(',');
                }
                all.push_str(&value);
            }
        }
    }
}

/// At most `limit` bytes of `bytes` as text, cut between characters.
fn text_of(bytes: &[u8], limit: usize) -> String {
    let bytes = bytes.trim_ascii_end();
    if bytes.len() <= limit {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let text = String::from_utf8_lossy(&bytes[..limit]);
    format!("{}…", text.trim_end_matches('\u{fffd}'))
}

/// The events in one sample record.
pub(super) fn events_of(rules: &RuleSet, log: &str, text: &[u8]) -> Vec<Event> {
    let mut scanner = Scanner::new(rules, log);
    let origin = Origin::new(MemberPath::new("sample"));
    scanner.stretch(Stretch { text, line: 1, offset: 0 }, &origin);
    scanner.finish().events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_from_before_the_clock_takes_the_time_of_its_neighbour() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let text = b"0:00:00:04.100 cpu0:1)@BlueScreen: first\n\
                     2020-02-03T10:00:00.100Z cpu0:1)Boot: 1: x\n\
                     TSC: 9 cpu0:1)@BlueScreen: second\n";
        let events = events_of(&rules, "vmkernel", text);
        let told: Vec<_> =
            events.iter().map(|event| (event.fields["reason"].as_str(), event.stamp)).collect();
        let at = estimated(stamp_of(b"2020-02-03T10:00:00.100Z cpu0:1)x").expect("a stamp"));
        assert_eq!(told, [("first", Some(at)), ("second", Some(at))]);
        let later = b"2020-02-03T11:00:00.100Z cpu0:1)Boot: 2: x\nTSC: 9 cpu0:1)@BlueScreen: third\n";
        let at = estimated(stamp_of(b"2020-02-03T11:00:00.100Z cpu0:1)x").expect("a stamp"));
        let events = events_of(&rules, "vmkernel", &[&text[..], later].concat());
        assert_eq!(events[2].stamp, Some(at), "the nearest one before it, not the first of the member");
        let without = events_of(&rules, "vmkernel", b"TSC: 9 cpu0:1)@BlueScreen: alone\n");
        assert_eq!(without[0].stamp, None, "nothing is invented");
    }

    #[test]
    fn the_first_records_without_a_header_are_kept_as_samples() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let mut scanner = Scanner::new(&rules, "vmkernel");
        let long = "x".repeat(300);
        let origin = Origin::new(MemberPath::new("sample"));
        // Each stretch begins with one; what follows a header goes on in its record.
        for (n, first) in ["boot text", long.as_str(), "third", "fourth"].into_iter().enumerate() {
            let text = format!("{first}\n2020-02-03T10:00:00.100Z cpu0:1)a\ncontinued\n");
            let stretch = Stretch { text: text.as_bytes(), line: 3 * n as u64 + 1, offset: 1000 * n as u64 };
            scanner.stretch(stretch, &origin);
        }
        let scan = scanner.finish();
        assert_eq!((scan.records, scan.unparsed), (8, 4));
        let told: Vec<(u64, u64, usize)> = scan
            .unparsed_samples
            .iter()
            .map(|(at, text)| (at.line, at.offset, text.chars().count()))
            .collect();
        assert_eq!(told, [(1, 0, 9), (4, 1000, 201), (7, 2000, 5)], "three, the long one cut");
    }

    #[test]
    fn the_size_of_the_stretches_changes_nothing() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let records: [&[u8]; 5] = [
            b"2020-02-03T10:00:00.100Z cpu0:1)Boot: 1: x\n",
            b"TSC: 9 cpu0:1)@BlueScreen: first\n",
            b"2020-02-03T11:00:00.100Z cpu0:1)Boot: 2: x\n",
            b"0:00:00:04.100 cpu0:1)@BlueScreen: second\n",
            b"2020-02-03T12:0 :00.100Z cpu0:1)@BlueScreen: a damaged stamp\n",
        ];
        let scan = |at_once: usize| {
            let (mut scanner, mut line, mut offset) = (Scanner::new(&rules, "vmkernel"), 1, 0);
            let origin = Origin::new(MemberPath::new("sample"));
            for text in records.chunks(at_once).map(|records| records.concat()) {
                scanner.stretch(Stretch { text: &text, line, offset }, &origin);
                line += text.iter().filter(|&&byte| byte == b'\n').count() as u64;
                offset += text.len() as u64;
            }
            scanner.finish()
        };
        let whole = scan(records.len());
        assert_eq!(
            (whole.events.len(), whole.last.map(|stamp| stamp.time.to_string())),
            (3, Some("2020-02-03T11:00:00.100Z".to_owned()))
        );
        for at_once in 1..records.len() {
            assert_eq!(format!("{:?}", scan(at_once)), format!("{whole:?}"), "{at_once} at once");
        }
    }

    #[test]
    fn a_noisy_rule_keeps_both_ends_and_counts_the_rest() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let line = |n: usize| format!("2020-02-03T10:00:00.{n:06}Z cpu0:1)@BlueScreen: {n}\n");
        let text: String = (0..KEPT_PER_END * 2 + 50).map(line).collect();
        let mut scanner = Scanner::new(&rules, "vmkernel");
        scanner.stretch(
            Stretch { text: text.as_bytes(), line: 1, offset: 0 },
            &Origin::new(MemberPath::new("sample")),
        );
        let scan = scanner.finish();
        let reasons: Vec<&str> = scan.events.iter().map(|event| event.fields["reason"].as_str()).collect();
        assert_eq!((reasons.len(), reasons[0]), (KEPT_PER_END * 2, "0"));
        assert_eq!(reasons.last().copied(), Some((KEPT_PER_END * 2 + 49).to_string()).as_deref());
        assert_eq!(scan.dropped.values().sum::<u64>(), 50);
    }
}
