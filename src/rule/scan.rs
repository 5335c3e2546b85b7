//! The matcher: one pass for literals over a stretch of records, expressions only on the records that hold one.

use std::collections::BTreeMap;

use super::family::FamilyHits;
use super::fields::{KEPT_FIELD, add_columns, message_of, text_of};
use super::kept::{KEPT, Kept};
use super::repeat::REPEATED;
use super::sighting::{Sample, Sighting, Witnessed};
use super::tally::{Scan, Tally};
use super::{Family, RuleSet};
use crate::format::{self, Dialect, Header};
use crate::model::{Event, MemberPath, Source, Stamp};
use crate::record::{Origin, Stretch};

/// Bytes of message and line kept as text of an event.
const KEPT_TEXT: usize = 1_000;
/// Events that wait for the clock; a boot says less before it knows the time.
const MOST_WAITING: usize = KEPT;
/// Records from which the columns of a file are learned.
const LESSONS: u32 = 200;

/// Finds events in the records of one member.
pub struct Scanner<'r> {
    rules: &'r RuleSet,
    log: &'static str,
    family: Option<&'r Family>,
    /// By rule index.
    kept: BTreeMap<usize, Kept>,
    /// Indices of the rules that have a literal in the record at hand.
    concerned: Vec<usize>,
    sightings: Sample,
    /// Events of records from before the clock was known, by rule index: they take the time of what follows.
    waiting: Vec<(usize, Event)>,
    /// Rules that saw the record before: how often it was repeated may follow.
    told: Vec<usize>,
    dialect: Dialect,
    lessons: u32,
    tally: Tally,
    /// Stamp of the record before.
    last: Option<Stamp>,
}

impl<'r> Scanner<'r> {
    /// A scanner for one member of the log family `log`.
    pub fn new(rules: &'r RuleSet, log: &str) -> Self {
        let format = format::by_name(log);
        Scanner {
            rules,
            log: format.map_or("", |format| format.name),
            family: rules.family(log),
            kept: BTreeMap::new(),
            concerned: Vec::new(),
            sightings: Sample::of(format.map_or("", |format| format.name)),
            waiting: Vec::new(),
            told: Vec::new(),
            dialect: Dialect::default(),
            lessons: if format.is_some_and(|format| format.has_dialects) { LESSONS } else { 0 },
            tally: Tally::of(format),
            last: None,
        }
    }

    /// Takes the next stretch of whole records.
    pub fn stretch(&mut self, stretch: Stretch<'_>, origin: &Origin) {
        let mut part = Part::new(stretch, origin, self.family);
        // The record at hand, and the last one that has a header.
        let (mut open, mut last_start) = (None::<Head<'_>>, None);
        for (text, line, offset) in stretch.lines() {
            let starts = format::starts_record(text);
            if !starts && open.is_some_and(|open| format::goes_on_with(open.text, text)) {
                continue;
            }
            let at = (offset - stretch.offset) as usize;
            self.over(open, at, &mut part);
            let place = || origin.locate(line, offset);
            let head = Head { at, line, text };
            // A record that goes on with one that is not before it has a header all the same.
            if !starts && format::parse(text).is_none() {
                self.without_header(text, place());
            } else {
                last_start = Some(head);
                if self.begins(text, place) {
                    (self.last, part.searched) = (self.tally.stamp(), at);
                    self.wake();
                }
            }
            open = Some(head);
        }
        self.over(open, stretch.text.len(), &mut part);
        let Some(head) = last_start else { return };
        self.last = last_stamp(&stretch.text[part.searched..]).or(self.last);
        let place = origin.locate(head.line, stretch.offset + head.at as u64);
        self.tally.ends_with(head.text, place);
    }

    /// The record `head` is over, as the next one begins at `end`: rules of which a literal stands in it are asked.
    #[inline]
    fn over(&mut self, head: Option<Head<'_>>, end: usize, part: &mut Part<'_>) {
        // Most hold none.
        if part.next_hit < end
            && let Some(head) = head
        {
            self.hit(head, end, part);
        }
    }

    /// A literal stands in the record `head` that ends at `end`.
    fn hit(&mut self, head: Head<'_>, end: usize, part: &mut Part<'_>) {
        let Some(hits) = &mut part.hits else { return };
        hits.take(head.at..end, &mut self.concerned);
        part.next_hit = hits.next_at().unwrap_or(usize::MAX);
        if !self.concerned.is_empty() {
            self.record(head, end, part);
        }
    }

    /// A record with a header begins. Whether the tally has its stamp now.
    #[inline]
    fn begins(&mut self, line: &[u8], place: impl Fn() -> Source) -> bool {
        if self.lessons > 0 {
            self.lessons -= 1;
            self.dialect.see(line);
        }
        if !self.told.is_empty() {
            self.repeated(line);
        }
        self.tally.begins(line, place)
    }

    /// ` --- last message repeated 17 times ---`: what was told of the record before counts so often again.
    #[cold]
    fn repeated(&mut self, line: &[u8]) {
        let told = std::mem::take(&mut self.told);
        let Some(times) = format::parse(line).and_then(|header| format::repeats(header.message)) else {
            return;
        };
        for index in told {
            if let Some(event) = self.kept.get_mut(&index).and_then(Kept::newest) {
                event.fields.insert(REPEATED.to_owned(), times.to_string());
            }
        }
    }

    /// The clock is known: what waited for it is of this time.
    fn wake(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let stamp = self.tally.stamp().map(estimated);
        for (index, event) in std::mem::take(&mut self.waiting) {
            self.kept.entry(index).or_default().push(Event { stamp, ..event });
        }
    }

    /// A record begins with no header that is known.
    #[cold]
    fn without_header(&mut self, line: &[u8], place: Source) {
        self.told.clear();
        self.tally.without_header(line, place);
    }

    /// What was found.
    pub fn finish(mut self) -> Scan {
        // What nothing follows takes the time of what is before it.
        let last = self.last.map(estimated);
        for (index, event) in std::mem::take(&mut self.waiting) {
            self.kept.entry(index).or_default().push(Event { stamp: last, ..event });
        }
        let mut scan = Scan { sightings: self.sightings, ..self.tally.finish(self.last) };
        for (index, kept) in self.kept {
            let (dropped, events) = kept.into_events();
            if dropped > 0 {
                scan.dropped.insert(self.rules.compiled(index).rule.id.clone(), dropped);
            }
            scan.events.extend(events);
        }
        scan.events.sort_by(|a, b| a.source.cmp(&b.source));
        // What stands before the first stamp of the member is taken to be of that time.
        for event in scan.events.iter_mut().filter(|event| event.stamp.is_none()) {
            event.stamp = scan.first.map(estimated);
        }
        scan
    }

    /// The record `head` that ends at `end` holds literals of the rules `concerned`.
    fn record(&mut self, head: Head<'_>, end: usize, part: &mut Part<'_>) {
        let concerned = std::mem::take(&mut self.concerned);
        let header = self.dialect.parse(head.text).unwrap_or_else(|| Header::without(head.text));
        if header.stamp.is_none() {
            self.last = last_stamp(&part.stretch.text[part.searched..head.at]).or(self.last);
            part.searched = head.at;
        }
        let record = part.record(head, end);
        let message = message_of(record, &header);
        let whole = Whole { record, first: head.text, header: &header, message: &message };
        for &index in &concerned {
            self.ask(index, &whole, part.origin);
        }
        self.concerned = concerned;
    }

    /// Takes what rule `index` makes of a record.
    fn ask(&mut self, index: usize, whole: &Whole<'_>, origin: &Origin) {
        let Whole { record, first, header, message } = *whole;
        let compiled = self.rules.compiled(index);
        let Some(kind) = compiled.rule.kind else { return self.witness(index, whole, origin) };
        let read = self.rules.read(index, self.log, header, record.text, message);
        let Some(mut fields) = read else { return };
        let stamp = header.stamp.or_else(|| match header.yearless {
            // Its year is reckoned in the order of the records.
            Some(_) => self.last,
            None => self.last.map(estimated),
        });
        add_columns(&mut fields, header, message);
        let event = Event {
            stamp,
            kind,
            severity: compiled.rule.severity,
            rule: compiled.rule.id.clone(),
            text: text_of(message, KEPT_TEXT),
            raw: text_of(first, KEPT_TEXT),
            fields,
            source: origin.locate(record.line, record.offset),
        };
        if header.shape == format::Shape::BeforeClock && self.waiting.len() < MOST_WAITING {
            self.waiting.push((index, event));
        } else {
            self.told.push(index);
            self.kept.entry(index).or_default().push(event);
        }
    }

    /// Takes what rule `index`, whose records only compare clocks, makes of a record.
    fn witness(&mut self, index: usize, whole: &Whole<'_>, origin: &Origin) {
        let Whole { record, first, header, message } = *whole;
        let Some(stamp) = header.stamp else { return };
        let op_id = header.op_id.and_then(|id| std::str::from_utf8(id).ok());
        let compiled = self.rules.compiled(index);
        // Most are not kept: an operation is known by the header alone, and no expression is asked of it.
        if compiled.fields.is_empty() && !op_id.is_some_and(|id| self.sightings.wants_operation(id)) {
            return;
        }
        let Some(fields) = self.rules.read(index, self.log, header, record.text, message) else { return };
        let what = Witnessed::of(&fields, op_id);
        if let Some(what) = what.filter(|what| self.sightings.wants(what, stamp)) {
            let (rule, raw) = (compiled.rule.id.clone(), text_of(first, KEPT_FIELD));
            let source = origin.locate(record.line, record.offset);
            self.sightings.add(0, Sighting { what, stamp, source, rule, raw });
        }
    }
}

/// Where a record begins in a stretch.
#[derive(Clone, Copy)]
struct Head<'t> {
    /// Where in the stretch.
    at: usize,
    /// Number of its first line.
    line: u64,
    /// Its first line, without the ending.
    text: &'t [u8],
}

/// A stretch on its way through the scanner.
struct Part<'t> {
    stretch: Stretch<'t>,
    origin: &'t Origin,
    hits: Option<FamilyHits<'t>>,
    /// Where the next literal stands; behind everything where there is none.
    next_hit: usize,
    /// How far the stamp of the last record is known: it is asked for only by records that have none.
    searched: usize,
}

impl<'t> Part<'t> {
    fn new(stretch: Stretch<'t>, origin: &'t Origin, family: Option<&'t Family>) -> Self {
        let mut hits = family.map(|family| family.hits(stretch.text));
        let next_hit = hits.as_mut().and_then(FamilyHits::next_at).unwrap_or(usize::MAX);
        Part { stretch, origin, hits, next_hit, searched: 0 }
    }

    /// All of the record that begins with `head` and ends before `end`.
    fn record(&self, head: Head<'_>, end: usize) -> Stretch<'t> {
        let offset = self.stretch.offset + head.at as u64;
        Stretch { text: &self.stretch.text[head.at..end], line: head.line, offset }
    }
}

/// A record as it is read for its rules.
#[derive(Copy, Clone)]
struct Whole<'a> {
    record: Stretch<'a>,
    /// Its first line.
    first: &'a [u8],
    header: &'a Header<'a>,
    /// Its message with what continues it.
    message: &'a [u8],
}

/// The time of a neighbour.
fn estimated(stamp: Stamp) -> Stamp {
    Stamp::estimated(stamp.time)
}

fn stamp_of(line: &[u8]) -> Option<Stamp> {
    format::time::iso(line).map(|(stamp, _)| stamp)
}

/// The stamp of the last record in `text` that has one of its own in the usual form.
fn last_stamp(text: &[u8]) -> Option<Stamp> {
    let mut rest = text;
    while !rest.is_empty() {
        let body = rest.strip_suffix(b"\n").unwrap_or(rest);
        let begin = memchr::memrchr(b'\n', body).map_or(0, |at| at + 1);
        let line = &body[begin..];
        let stamp = stamp_of(line).filter(|_| format::starts_record(line) && !format::is_section(line));
        if stamp.is_some() {
            return stamp;
        }
        rest = &rest[..begin];
    }
    None
}

/// The events in one sample record.
#[cfg(test)]
pub(super) fn events_of(rules: &RuleSet, log: &str, text: &[u8]) -> Vec<Event> {
    scan_of(rules, log, text).events
}

/// Which rules see one sample record, and what they read from it.
pub(super) fn seen_in(rules: &RuleSet, log: &str, text: &[u8]) -> Vec<(String, BTreeMap<String, String>)> {
    let scan = scan_of(rules, log, text);
    let events = scan.events.into_iter().map(|event| (event.rule, event.fields));
    let sightings = scan.sightings.into_sightings().map(|(seen, _)| (seen.rule, seen.what.fields()));
    events.chain(sightings).collect()
}

fn scan_of(rules: &RuleSet, log: &str, text: &[u8]) -> Scan {
    let mut scanner = Scanner::new(rules, log);
    let origin = Origin::new(MemberPath::new("sample"));
    scanner.stretch(Stretch { text, line: 1, offset: 0 }, &origin);
    scanner.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::record::Records;

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
    fn a_log_of_a_host_that_was_upgraded_three_times_is_read_record_by_record() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let went_on = "State Transition (VM_STATE_POWERING_ON -> VM_STATE_ON)";
        let vm = "Vmsvc.vm:/vmfs/volumes/ds/a (1)/a.vmx";
        let eras = [
            format!("[2010-02-03 10:00:00.100 F5A5AB90 info '{vm}' opID=a0-1] {went_on}\n"),
            format!("2013-02-03T10:00:00.100Z [FFA1B2C0 info '{vm}' opID=a1-1] {went_on}\n--> first\n"),
            format!(
                "2017-02-03T10:00:00.100Z info hostd[E981B70] [Originator@6876 sub={vm} opID=a2-1 user=root] {went_on}\n--> x\n-->    y\n"
            ),
            format!(
                "2020-02-03T10:00:00.100Z info hostd[2099] [Originator@6876 sub={vm} opID=a3-1] {went_on}\n--> x\nplain text\n\n"
            ),
            format!(
                "2021-02-03T10:00:00.100Z - last log rotation time, 2021-02-02T09:00:00.000Z - time the service was last started, \
                 Section for VMware ESX, pid=2099, version=7.0.3, build=21313628, option=Release\n\
                 2021-02-03T10:00:00.100Z info hostd[2099] [Originator@6876 sub={vm} opID=a4-1] {went_on}\n"
            ),
            format!(
                "2023-02-03T10:00:00.100Z In(166) Hostd[2099]: [Originator@6876 sub={vm} opID=a5-1] {went_on}\n\
                 2023-02-03T10:00:00.100Z In(166) Hostd[2100]: -->    x\n\
                 2023-02-03T10:00:00.100Z In(166) Hostd[2099]:    -->    y\n"
            ),
            format!(
                "2024-02-03T10:00:00.100Z In(166) Hostd[2099]: info -[2099] [Originator@6876 sub={vm} opID=a6-1] {went_on}\n"
            ),
        ];
        for turn in 0..eras.len() {
            let order = (0..eras.len()).map(|at| (at + turn) % eras.len());
            let text: String = order.clone().map(|at| eras[at].as_str()).collect();
            let mut scanner = Scanner::new(&rules, "hostd");
            let stretch = Stretch { text: text.as_bytes(), line: 1, offset: 0 };
            scanner.stretch(stretch, &Origin::new(MemberPath::new("sample")));
            let scan = scanner.finish();
            assert_eq!((scan.records, scan.unparsed), (8, 0), "{text}");
            let went: Vec<&Event> =
                scan.events.iter().filter(|event| event.rule == "hostd.vm-powered-on").collect();
            let ids: Vec<&str> = went.iter().map(|event| event.fields["opid"].as_str()).collect();
            assert_eq!(ids, order.map(|at| format!("a{at}-1")).collect::<Vec<_>>());
            for event in went {
                let (year, _, _, _) = event.stamp.expect("stamped").time.civil();
                assert!(event.raw.contains(&format!("{year}-02-03")), "{}", event.raw);
                assert_eq!(event.fields["vmx"], "/vmfs/volumes/ds/a (1)/a.vmx");
                assert!(event.text.starts_with(went_on) && !event.text.contains("-->"), "{}", event.text);
            }
        }
    }

    #[test]
    fn a_continuation_of_another_record_is_not_joined_to_the_one_before_it() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let records = |log: &str, text: &str| {
            let mut scanner = Scanner::new(&rules, log);
            let stretch = Stretch { text: text.as_bytes(), line: 1, offset: 0 };
            scanner.stretch(stretch, &Origin::new(MemberPath::new("sample")));
            let scan = scanner.finish();
            (scan.records, scan.unparsed)
        };
        let head = "2023-02-03T10:00:00.100Z In(166) Hostd[2099]: [Originator@6876 sub=x] a\n";
        let check = |next: &str, expected: u64| {
            assert_eq!(records("syslog", &format!("{head}{next}\n")), (expected, 0), "{next}");
        };
        check("2023-02-03T10:00:00.100Z In(166) Hostd[7]: --> b", 1);
        check("2023-02-03T10:00:00.100Z Db(167) Hostd[7]: --> b", 1);
        check("2023-02-03T10:00:00.100Z In(166) Vpxa[7]: --> b", 2);
        check("2023-02-03T10:00:00.200Z In(166) Hostd[2099]: --> b", 2);
        check("--> b", 1);
        let vmx = "2020-02-03T10:00:00.100Z| vmx| I125: a\n2020-02-03T10:00:00.100Z| vmx| I125+ b\n";
        assert_eq!(records("vmware", vmx), (1, 0));
        assert_eq!(records("vmware", &vmx.replace("| vmx| I125+", "| vcpu-0| I125+")), (2, 0));
        let relayed =
            "<166>2020-02-03T10:00:00.100Z esx1 Hostd: a\n<166>2020-02-03T10:00:00.101Z esx1 Hostd: --> b\n";
        assert_eq!(records("syslog", relayed), (1, 0), "a relay stamps each part");
        assert_eq!(records("syslog", &relayed.replace("esx1 Hostd: -->", "esx2 Hostd: -->")), (2, 0));
        let spelt = relayed.replace("Hostd: a", "Hostd: info hostd[7] [Originator@6876 sub=x] a");
        assert_eq!(records("syslog", &spelt), (1, 0), "a relay spells the program's name in its own way");
        assert_eq!(records("vmkernel", "--> alone\n2020-02-03T10:00:00.100Z cpu0:1)a\n"), (2, 1));
    }

    #[test]
    fn zero_bytes_and_other_encodings_hide_no_record() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let text: &[u8] = b"\xef\xbb\xbf2020-02-03T10:00:00.100Z cpu0:1)a\n\
            \0\0\0\0\0\x002020-02-03T10:00:00.200Z cpu0:1)@BlueScreen: b\n\
            2020-02-03T10:00:00.300Z cpu0:1)@BlueScreen: \x8b\xc6\x96\xb1 \xff\xfe\n\
            2020-02-03T10:00:00.400Z cpu0:1)c\0\n\0\0";
        let mut scanner = Scanner::new(&rules, "vmkernel");
        scanner.stretch(Stretch { text, line: 1, offset: 0 }, &Origin::new(MemberPath::new("sample")));
        let scan = scanner.finish();
        assert_eq!((scan.records, scan.unparsed, scan.events.len()), (4, 0, 2));
        let times: Vec<String> =
            scan.events.iter().map(|event| event.stamp.expect("a stamp").time.to_string()).collect();
        assert_eq!(times, ["2020-02-03T10:00:00.200Z", "2020-02-03T10:00:00.300Z"]);
        assert_eq!((scan.events[0].source.line, scan.events[0].source.offset), (2, 37));
    }

    #[test]
    fn how_often_a_record_was_repeated_is_kept_with_it() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        for repeat in [
            "2020-02-03T10:00:09.100Z cpu0:1) --- last message repeated 17 times ---\n",
            " --- last message repeated 17 times ---\n",
        ] {
            let text = format!(
                "2020-02-03T10:00:00.100Z cpu0:1)@BlueScreen: a\n{repeat}2020-02-03T10:01:00.100Z cpu0:1)@BlueScreen: b\n2020-02-03T10:02:00.100Z cpu0:1)c\n"
            );
            let events = events_of(&rules, "vmkernel", text.as_bytes());
            let repeated: Vec<_> =
                events.iter().map(|event| event.fields.get("repeated").map(String::as_str)).collect();
            assert_eq!(repeated, [Some("17"), None], "{repeat}");
            // Also where the next stretch begins with it.
            let mut scanner = Scanner::new(&rules, "vmkernel");
            let origin = Origin::new(MemberPath::new("sample"));
            let (head, rest) = text.split_at(text.find('\n').expect("a line") + 1);
            if !repeat.starts_with(' ') {
                scanner.stretch(Stretch { text: head.as_bytes(), line: 1, offset: 0 }, &origin);
                scanner
                    .stretch(Stretch { text: rest.as_bytes(), line: 2, offset: head.len() as u64 }, &origin);
                assert_eq!(scanner.finish().events[0].fields["repeated"], "17");
            }
        }
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

    /// Lines of every family and of rules, with what stands between them in a log.
    fn mixtures() -> impl Strategy<Value = (&'static str, String)> {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let seen = rules.iter().flat_map(|(rule, _)| rule.hit.iter().map(|hit| hit.log.clone()));
        let samples =
            format::FORMATS.iter().flat_map(|format| format.samples).map(|(line, _)| (*line).to_owned());
        let others = [
            "--> more",
            "   indented",
            "",
            "12:30 x",
            "\0\0\0",
            "2020-07-01T08:15:30.123Z In(166) Hostd[2099]: --> more",
            "2020-07-01T08:15:30.123Z In(166) Hostd[2099]: more",
            "2020-07-01T08:15:30.123Z info Hostd[2099]: --> more",
            "2020-07-01T08:15:30.123Z| vmx| I125+ more",
            "2020-07-01T08:15:39.123Z cpu4:2)more",
            "2020-07-01T08:15:3x.123Z cpu4:2)more",
            "2020-07-01T08:15:99.123Z cpu4:2)more",
            "2020-07-01T09:15:30.123Z cpu4:2)--- last message repeated 3 times ---",
            "2020-07-01T07:15:30.123Z info hostd[2099] [Originator@6876 sub=x] more",
            "2020-07-01T08:15:3",
        ];
        let lines: Vec<String> = seen.chain(samples).chain(others.map(str::to_owned)).collect();
        let ending = prop::sample::select(&["\n", "\n", "\n", "\r\n"][..]);
        let families: Vec<&'static str> = format::FORMATS.iter().map(|format| format.name).collect();
        let text = prop::collection::vec((prop::sample::select(lines), ending), 0..60);
        let text = text.prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect());
        (prop::sample::select(families), text)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn blocks_of_any_size_give_what_one_stretch_gives(
            (log, text) in mixtures(),
            sizes in prop::collection::vec(1usize..2_000, 1..20),
        ) {
            static RULES: LazyLock<RuleSet> =
                LazyLock::new(|| RuleSet::load::<&str>(&[]).expect("the built-in rules"));
            let origin = Origin::new(MemberPath::new("sample"));
            let (mut scanner, mut records) = (Scanner::new(&RULES, log), Records::new(format::starts_record, 1 << 20));
            let (mut rest, mut sizes) = (text.as_bytes(), sizes.iter().cycle());
            while let Some(size) = sizes.next().filter(|_| !rest.is_empty()) {
                let (block, behind) = rest.split_at(rest.len().min(*size));
                records.push(block, &mut |stretch| scanner.stretch(stretch, &origin));
                rest = behind;
            }
            records.finish(&mut |stretch| scanner.stretch(stretch, &origin));
            let whole = scan_of(&RULES, log, text.as_bytes());
            prop_assert_eq!(format!("{:?}", scanner.finish()), format!("{:?}", whole));
        }
    }
}
