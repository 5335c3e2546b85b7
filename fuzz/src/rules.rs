//! `rules`: a rule file is taken or refused with its place, and what the built-in rules see in a text stands in it,
//! whatever blocks it comes in.

use std::sync::LazyLock;

use esxray::format::{self, FORMATS};
use esxray::model::{Event, MemberPath, Source};
use esxray::record::{Origin, Records};
use esxray::rule::{BUILT_IN, Fault, RuleSet, Scan, Scanner};

use crate::input::{Bytes, blocks, mutated};

static RULES: LazyLock<RuleSet> =
    LazyLock::new(|| RuleSet::load::<&str>(&[]).expect("the built-in rules are right"));

/// Every table of the built-in rule files.
static TABLES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let starts = |text: &'static str| text.match_indices("[[rule]]\n").map(|(at, _)| at).collect::<Vec<_>>();
    let tables = |text: &'static str| {
        let starts = starts(text);
        let ends = starts.iter().skip(1).copied().chain([text.len()]).collect::<Vec<_>>();
        starts.into_iter().zip(ends).map(|(from, to)| &text[from..to]).collect::<Vec<_>>()
    };
    BUILT_IN.iter().flat_map(|(_, text)| tables(text)).collect()
});

/// Every sample record of the built-in rules, with the log family that it is of.
static SAMPLES: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let mut samples = Vec::new();
    for (rule, _) in RULES.iter() {
        let texts = rule.hit.iter().map(|hit| &hit.log).chain(rule.miss.iter().map(|miss| &miss.log));
        let log = rule.logs.first().and_then(|log| format::by_name(log)).expect("a rule has a family");
        samples.extend(texts.map(|text| (log.name, text.clone())));
    }
    samples
});

/// One input: a rule file or the text of a log, as it is or changed from what the catalogue holds.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    match bytes.below(4) {
        0 => load(&String::from_utf8_lossy(bytes.rest())),
        1 => {
            let table = TABLES[bytes.two() % TABLES.len()];
            load(&String::from_utf8_lossy(&mutated(table.as_bytes(), &mut bytes)));
        }
        2 => {
            let (log, seed) = (bytes.pick(FORMATS).name, bytes.seed());
            scan(log, bytes.rest(), seed);
        }
        _ => {
            let seed = bytes.seed();
            let (log, text) = changed_records(&mut bytes);
            scan(log, &text, seed);
        }
    }
}

/// Inputs that begin a search: every rule, and every record that a rule must see or must not.
pub fn seeds() -> Vec<Vec<u8>> {
    let tables = TABLES.iter().map(|table| [&[0], table.as_bytes()].concat());
    let records = SAMPLES.iter().map(|(log, text)| {
        let family = FORMATS.iter().position(|format| format.name == *log).unwrap_or(0);
        [&[2, family as u8, 0, 0, 1, 9], text.as_bytes()].concat()
    });
    let changed = (0..TABLES.len() as u8).map(|index| vec![1, 0, index, 2, 0, 33, 1, 5, 0, 70, 3, 9]);
    let mixed = (0..40u8).map(|at| vec![3, 0, 0, 0, at, 3, 0, at, 1, 0, 3, 9, 0, at + 9, 0, 0, at * 3, 0]);
    tables.chain(records).chain(changed).chain(mixed).collect()
}

/// Some sample records behind each other, each changed; all are read as the first one's family.
fn changed_records(bytes: &mut Bytes<'_>) -> (&'static str, Vec<u8>) {
    let (mut log, mut text) = (None, Vec::new());
    for _ in 0..1 + bytes.below(6) {
        let (family, sample) = &SAMPLES[bytes.two() % SAMPLES.len()];
        text.extend(mutated(sample.as_bytes(), bytes));
        text.push(b'\n');
        log = log.or(Some(*family));
    }
    (log.unwrap_or("vmkernel"), text)
}

fn load(text: &str) {
    match RuleSet::parse("mine.toml", text) {
        Ok(rules) => {
            assert!(rules.iter().all(|(_, file)| file == "mine.toml"));
            for wrong in rules.check_samples() {
                is_told(&wrong, text);
            }
        }
        Err(wrong) => {
            assert!(!wrong.faults.is_empty());
            for fault in &wrong.faults {
                is_told(fault, text);
            }
        }
    }
}

/// An error names the file and what to change, and what is about a rule names its line.
fn is_told(fault: &Fault, text: &str) {
    let told = fault.to_string();
    assert!(told.starts_with("mine.toml:") && !fault.hint.is_empty(), "no file or hint in: {told}");
    let lines = text.lines().count().max(1);
    assert!(fault.line.is_none_or(|line| (1..=lines).contains(&line)), "no such line: {told}\n{text}");
    assert!(fault.line.is_some() || fault.rule.is_none(), "no line in: {told}\n{text}");
}

fn scan(log: &str, text: &[u8], seed: u64) {
    let whole = scanned(log, text, 0);
    for event in &whole.events {
        stands_in(event, text);
    }
    for (source, shown) in whole.first_record.iter().chain(&whole.last_record) {
        is_line(source, shown, text);
    }
    assert!(whole.unparsed <= whole.records && whole.records <= 1 + lines(text), "more records than lines");
    let cut = scanned(log, text, seed | 1);
    assert_eq!(format!("{whole:?}"), format!("{cut:?}"), "the size of the blocks changes what is seen");
}

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

fn scanned(log: &str, text: &[u8], seed: u64) -> Scan {
    let origin = Origin::new(MemberPath::new("sample.log"));
    let (mut records, mut scanner) =
        (Records::new(format::starts_record, 1 << 20), Scanner::new(&RULES, log));
    for block in blocks(text, seed) {
        records.push(block, &mut |stretch| scanner.stretch(stretch, &origin));
    }
    records.finish(&mut |stretch| scanner.stretch(stretch, &origin));
    scanner.finish()
}

fn stands_in(event: &Event, text: &[u8]) {
    is_line(&event.source, &event.raw, text);
    assert!(event.text.len() <= 3100, "a text of {} bytes", event.text.len());
    let fields = event.fields.values().map(String::len).max().unwrap_or(0);
    assert!(fields <= 200 * 1300, "a field of {fields} bytes");
    let json = serde_json::to_string(event).expect("an event can be written");
    let back: Event = serde_json::from_str(&json)
        .unwrap_or_else(|error| panic!("an event that cannot be read again: {error}: {json}"));
    assert_eq!(&back, event, "an event changes when it is kept");
}

/// `source` is the beginning of a line of `text`, and `shown` is how that line begins.
fn is_line(source: &Source, shown: &str, text: &[u8]) {
    assert_eq!(source.file.as_str(), "sample.log");
    let at = source.offset as usize;
    assert!(at < text.len(), "an offset of {at} in {} bytes", text.len());
    assert!(at == 0 || text[at - 1] == b'\n', "an offset inside a line");
    assert_eq!(source.line, 1 + lines(&text[..at]), "the line at {at}");
    let line = text[at..].split(|&byte| byte == b'\n').next().unwrap_or_default();
    // What is no UTF-8 may be shown as Japanese, which a part of it is and the whole is not.
    let Ok(line) = std::str::from_utf8(line) else { return };
    let shown = shown.trim_end_matches('…').trim_end_matches('\u{fffd}');
    assert!(line.starts_with(shown), "{shown:?} is not how its line begins");
}
