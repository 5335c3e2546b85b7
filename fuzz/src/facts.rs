//! `facts`: every reader of facts gives the same facts twice, each standing on a line of the text, no more than the
//! text pays for, and of values that a digest can keep.

use esxray::fact::{FACTS, Fact, FactFile, Line, Output};
use esxray::model::MemberPath;

use crate::input::{Bytes, mutated};

/// One input: a reader, one of its paths, and a text: as it is, a changed sample, or lines of samples in any order.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let kind = bytes.below(3);
    let file = *bytes.pick(FACTS);
    let sample = bytes.pick(file.samples);
    let text = match kind {
        0 => bytes.rest().to_vec(),
        1 => mutated(sample.text.as_bytes(), &mut bytes),
        _ => shuffled(file, &mut bytes),
    };
    check(file, sample.path, &text);
}

/// Inputs that begin a search: every sample as it is, and changed.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (index, file) in FACTS.iter().enumerate() {
        for (at, sample) in file.samples.iter().enumerate() {
            seeds.push([&[0, index as u8, at as u8], sample.text.as_bytes()].concat());
            seeds.push(vec![1, index as u8, at as u8, 2, 0, 33, 1, 5, 0, 70, 3, 9]);
        }
        seeds.push(vec![2, index as u8, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
    seeds
}

/// Lines of a reader's samples, as the bytes choose them.
fn shuffled(file: &FactFile, bytes: &mut Bytes<'_>) -> Vec<u8> {
    let lines: Vec<&str> = file.samples.iter().flat_map(|sample| sample.text.split_inclusive('\n')).collect();
    let mut text = Vec::new();
    while !bytes.is_empty() && !lines.is_empty() {
        text.extend_from_slice(bytes.pick(&lines).as_bytes());
    }
    text
}

fn check(file: &FactFile, path: &str, text: &[u8]) {
    let out = read(file, path, text);
    let again = read(file, path, text);
    assert_eq!(
        (&out.facts, &out.problems),
        (&again.facts, &again.problems),
        "{}: two readings differ",
        file.name
    );
    let lines = lines(text).count();
    assert!(out.facts.len() <= 64 + text.len() / 4, "{}: {} facts", file.name, out.facts.len());
    assert!(out.problems.len() <= 8 + lines, "{}: {} problems", file.name, out.problems.len());
    let mut size = 0;
    for fact in &out.facts {
        stands_on_its_line(file, fact, text);
        size += is_kept(file, fact);
    }
    assert!(size <= (64 << 10) + 400 * text.len(), "{}: {size} bytes of facts", file.name);
}

/// Each line without its ending, with its number and offset.
fn lines(text: &[u8]) -> impl Iterator<Item = (u64, u64, &[u8])> {
    let mut offset = 0;
    text.split_inclusive(|&byte| byte == b'\n').enumerate().map(move |(index, whole)| {
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        offset += whole.len() as u64;
        (index as u64 + 1, offset - whole.len() as u64, line)
    })
}

fn read(file: &FactFile, path: &str, text: &[u8]) -> Output {
    let member = MemberPath::new(path);
    let (mut reader, mut out) = ((file.reader)(path), Output::default());
    for (number, offset, bytes) in lines(text) {
        reader.line(Line { file: &member, number, offset, bytes }, &mut out);
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        reader.cut();
    } else if !text.is_empty() {
        let number = lines(text).count() as u64 + 1;
        reader.line(Line { file: &member, number, offset: text.len() as u64, bytes: b"" }, &mut out);
    }
    reader.end(&mut out);
    out
}

/// A fact's place is the beginning of a line of the text, and its text is of that line.
fn stands_on_its_line(file: &FactFile, fact: &Fact, text: &[u8]) {
    let source = &fact.source;
    if text.is_empty() {
        return;
    }
    let found = lines(text).find(|(number, offset, _)| (*number, *offset) == (source.line, source.offset));
    let (_, _, line) = found.unwrap_or_else(|| panic!("{}: {source:?} is no line of the text", file.name));
    assert!(fact.text.len() <= 4000, "{}: a text of {} bytes", file.name, fact.text.len());
    // An excerpt may be of several lines; the first is the fact's own.
    // What is no UTF-8 may be shown as Japanese, which a part of it is and the whole is not.
    let Ok(told) = std::str::from_utf8(line) else { return };
    let first = fact.text.lines().next().unwrap_or_default().trim_end_matches('\u{fffd}');
    assert!(told.contains(first.trim()), "{}: {first:?} is not on its line {told:?}", file.name);
}

/// A digest is kept as JSON: what is written must be what is read. Gives its size.
fn is_kept(file: &FactFile, fact: &Fact) -> usize {
    let json = serde_json::to_string(fact).expect("a fact can be written");
    let back: Fact = serde_json::from_str(&json)
        .unwrap_or_else(|error| panic!("{}: a fact that cannot be read again: {error}: {json}", file.name));
    assert_eq!(&back, fact, "{}: a fact changes when it is kept", file.name);
    json.len()
}
