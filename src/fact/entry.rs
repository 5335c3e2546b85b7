//! What tables, blocks of `Key: value` and JSON of commands have in common: entries of named values.
//!
//! A command says the same in each form; who reads it says once what it makes of an entry.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::command::is_json;
use super::text::{Anchor, MAX_ENTRIES, Table, column_name, flag, lossy, pair, value};
use super::{FactValue, Line, Output, Reader};
use crate::model::{MemberPath, ProblemKind, Source};

/// What one entry of the file at a path says; `None` where it is none after all.
pub(super) type Take = fn(&Entry, &str) -> Option<FactValue>;

/// Names that are kept of one entry.
const MOST_NAMES: usize = 128;

/// Bytes of JSON that are kept of one file.
const MOST_JSON: usize = 4 << 20;

/// The named values of one row, block or JSON object.
pub(super) struct Entry {
    anchor: Anchor,
    said: Vec<(String, Said)>,
}

enum Said {
    Text(String),
    List(Vec<String>),
}

impl Entry {
    pub(super) fn new(anchor: Anchor) -> Self {
        Entry { anchor, said: Vec::new() }
    }

    /// Where it stands.
    pub(super) fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// Takes a value; what was said first stays.
    fn put(&mut self, name: &str, said: Said) {
        if !self.has(name) && self.said.len() < MOST_NAMES {
            self.said.push((column_name(name), said));
        }
    }

    pub(super) fn put_text(&mut self, name: &str, text: &str) {
        self.put(name, Said::Text(text.to_owned()));
    }

    fn said(&self, name: &str) -> Option<&Said> {
        let name = column_name(name);
        self.said.iter().find(|(known, _)| *known == name).map(|(_, said)| said)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.said(name).is_some()
    }

    /// The value called `name`, `None` where it is blank or `N/A`.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.said(name)? {
            Said::Text(text) => value(text),
            Said::List(_) => None,
        }
    }

    pub(super) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        flag(&self.text(name)?)
    }

    /// `a, b c, d`, or a list of JSON; empty where it is blank, `None` where there is no such name.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        Some(match self.said(name)? {
            Said::Text(text) => text.split(", ").filter_map(value).take(MAX_ENTRIES).collect(),
            Said::List(list) => list.iter().filter_map(|text| value(text)).take(MAX_ENTRIES).collect(),
        })
    }
}

/// Facts of one sort, of which a file gives no more than a limit.
pub(super) struct Limited {
    what: &'static str,
    count: usize,
}

impl Limited {
    pub(super) fn of(what: &'static str) -> Self {
        Limited { what, count: 0 }
    }

    pub(super) fn push(&mut self, anchor: Anchor, value: FactValue, out: &mut Output) {
        self.count += 1;
        if self.count <= MAX_ENTRIES {
            out.facts.push(anchor.fact(value));
        } else if self.count == MAX_ENTRIES + 1 {
            let text = format!("more than {MAX_ENTRIES} {}; the rest was left out", self.what);
            out.problems.push(anchor.problem(ProblemKind::Limit, text));
        }
    }
}

/// Things of which a file tells in several places, joined by their names.
pub(super) struct Named<T> {
    list: Vec<(Anchor, T)>,
    places: BTreeMap<String, usize>,
    /// The first line of one thing more than are kept.
    over: Option<Anchor>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named { list: Vec::new(), places: BTreeMap::new(), over: None }
    }
}

impl<T> Named<T> {
    /// Adds `item`, with `join` to what is known of the thing `name`.
    pub(super) fn add(&mut self, name: &str, anchor: Anchor, item: T, join: fn(&mut T, T)) {
        if let Some(&place) = self.places.get(name) {
            join(&mut self.list[place].1, item);
        } else if self.list.len() < MAX_ENTRIES {
            self.places.insert(name.to_owned(), self.list.len());
            self.list.push((anchor, item));
        } else {
            self.over.get_or_insert(anchor);
        }
    }

    /// Gives all of them, in the order in which they were first told.
    pub(super) fn give(&mut self, fact: fn(T) -> FactValue, what: &str, out: &mut Output) {
        let all = std::mem::take(self);
        out.facts.extend(all.list.into_iter().map(|(anchor, item)| anchor.fact(fact(item))));
        if let Some(line) = all.over {
            let text = format!("more than {MAX_ENTRIES} {what}; the rest was left out");
            out.problems.push(line.problem(ProblemKind::Limit, text));
        }
    }
}

/// What the entries of one file become.
struct Sink {
    path: String,
    take: Take,
    limited: Limited,
}

impl Sink {
    fn push(&mut self, entry: Entry, out: &mut Output) {
        if let Some(value) = (self.take)(&entry, &self.path) {
            self.limited.push(entry.anchor, value, out);
        }
    }
}

/// A reader of a table whose header is underlined with dashes, or of the same as JSON.
pub(super) fn table(path: &str, what: &'static str, take: Take) -> Box<dyn Reader> {
    let sink = Sink { path: path.to_owned(), take, limited: Limited::of(what) };
    if is_json(path) {
        return Box::new(Json::new(sink));
    }
    Box::new(WholeLines::new(Rows { table: Table::default(), sink }))
}

/// A reader of blocks of indented lines `   Key: value`, or of the same as JSON.
///
/// Of the text only `keys` are looked at. A block begins with the key `start`, and where a key comes again.
pub(super) fn blocks(
    path: &str,
    what: &'static str,
    start: &'static str,
    keys: &'static [&'static str],
    take: Take,
) -> Box<dyn Reader> {
    let sink = Sink { path: path.to_owned(), take, limited: Limited::of(what) };
    if is_json(path) {
        return Box::new(Json::new(sink));
    }
    Box::new(WholeLines::new(Blocks { start, keys, entry: None, sink }))
}

struct Rows {
    table: Table,
    sink: Sink,
}

impl Reader for Rows {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        // What does not keep to the columns is stderr amid the rows.
        if !self.table.is_row(line.bytes) || !self.table.fits(line.bytes) {
            return;
        }
        let mut entry = Entry::new(Anchor::of(&line));
        for (name, cell) in self.table.cells(line.bytes) {
            entry.put_text(name, &cell);
        }
        self.sink.push(entry, out);
    }
}

struct Blocks {
    start: &'static str,
    keys: &'static [&'static str],
    entry: Option<Entry>,
    sink: Sink,
}

impl Reader for Blocks {
    /// ```text
    /// vmk0
    ///    Name: vmk0
    ///    MAC Address: 00:50:56:0a:00:01
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let text = lossy(&line);
        // What a command writes to stderr is not indented.
        let Some((key, text)) = pair(&text).filter(|_| text.starts_with([' ', '\t'])) else { return };
        let Some(key) = self.keys.iter().find(|known| known.eq_ignore_ascii_case(key)) else { return };
        if *key == self.start || self.entry.as_ref().is_some_and(|entry| entry.has(key)) {
            self.flush(out);
        }
        self.entry.get_or_insert_with(|| Entry::new(Anchor::of(&line))).put_text(key, text);
    }

    fn gap(&mut self) {
        self.entry = None;
    }

    fn end(&mut self, out: &mut Output) {
        self.flush(out);
    }
}

impl Blocks {
    fn flush(&mut self, out: &mut Output) {
        if let Some(entry) = self.entry.take() {
            self.sink.push(entry, out);
        }
    }
}

/// The whole objects of a JSON text, each with its place, and whether the text goes on to its end.
type Objects = (Vec<(usize, Map<String, Value>)>, bool);

/// One JSON object, or a list of them, behind lines that are none. Of a list that is cut the whole objects count.
struct Json {
    text: String,
    /// Where in `text` each line begins, and where it stands in its file.
    lines: Vec<(usize, Source)>,
    /// Whether nothing more is taken: the text is too long, or lines are missing.
    closed: bool,
    sink: Sink,
}

impl Json {
    fn new(sink: Sink) -> Self {
        Json { text: String::new(), lines: Vec::new(), closed: false, sink }
    }

    fn anchor(&self, at: usize) -> Option<Anchor> {
        let line = self.lines.partition_point(|(start, _)| *start <= at).checked_sub(1)?;
        let (start, source) = &self.lines[line];
        let text = self.text[*start..].lines().next().unwrap_or_default();
        Some(Anchor::at(source.clone(), text))
    }

    fn objects(&self) -> Objects {
        // A line of stderr can begin like JSON.
        let begins = |at: &usize| self.text[*at..].starts_with(['[', '{']);
        let starts = self.lines.iter().map(|(start, _)| *start).filter(begins).take(16);
        let mut read = starts.map(|start| objects_at(&self.text, start));
        read.find(|(found, whole)| *whole || !found.is_empty()).unwrap_or_default()
    }
}

impl Reader for Json {
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let text = lossy(&line);
        let begins = text.starts_with(['[', '{']);
        if self.closed || (self.text.is_empty() && !begins) {
            return;
        }
        if self.text.len() + text.len() > MOST_JSON {
            self.closed = true;
            return;
        }
        self.lines.push((self.text.len(), line.source()));
        self.text.push_str(&text);
        self.text.push('\n');
    }

    fn gap(&mut self) {
        self.closed = true;
    }

    fn end(&mut self, out: &mut Output) {
        let (objects, whole) = self.objects();
        let first = self.anchor(0);
        for (at, object) in objects {
            let Some(anchor) = self.anchor(at) else { continue };
            let mut entry = Entry::new(anchor);
            put_all(&mut entry, &object, 4);
            self.sink.push(entry, out);
        }
        if let Some(first) = first.filter(|_| !whole) {
            out.problems.push(first.problem(ProblemKind::Truncated, "the JSON in it is not whole"));
        }
    }
}

fn objects_at(text: &str, start: usize) -> Objects {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
    let list = text[start..].starts_with('[');
    let (mut at, mut found) = (start + usize::from(list), Vec::new());
    loop {
        at += text.as_bytes()[at..].iter().take_while(|byte| blank(byte)).count();
        if !text[at..].starts_with('{') {
            return (found, list && text[at..].starts_with(']'));
        }
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter();
        let Some(Ok(object)) = values.next() else { return (found, false) };
        found.push((at, object));
        at += values.byte_offset();
        if !list || found.len() > MAX_ENTRIES {
            return (found, true);
        }
    }
}

/// Takes what `object` and the objects in it say; a list of objects is not looked at.
fn put_all(entry: &mut Entry, object: &Map<String, Value>, depth: usize) {
    for (name, value) in object {
        match value {
            Value::Object(inner) if depth > 0 => put_all(entry, inner, depth - 1),
            Value::Array(list) if list.iter().all(|item| scalar(item).is_some()) => {
                entry.put(name, Said::List(list.iter().filter_map(scalar).collect()));
            }
            _ => {
                if let Some(text) = scalar(value) {
                    entry.put(name, Said::Text(text));
                }
            }
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Gives a reader whole lines only: one that the file ends in may hold the half of a word.
pub(super) struct WholeLines<R> {
    reader: R,
    /// The place of the line in `bytes`, which is given once it is known to be whole.
    held: Option<(MemberPath, u64, u64)>,
    bytes: Vec<u8>,
    /// Whether lines are missing behind it.
    gap: bool,
}

impl<R: Reader> WholeLines<R> {
    pub(super) fn new(reader: R) -> Self {
        WholeLines { reader, held: None, bytes: Vec::new(), gap: false }
    }

    fn give(&mut self, out: &mut Output) {
        if let Some((file, number, offset)) = self.held.take() {
            self.reader.line(Line { file: &file, number, offset, bytes: &self.bytes }, out);
        }
        if std::mem::take(&mut self.gap) {
            self.reader.gap();
        }
    }
}

impl<R: Reader> Reader for WholeLines<R> {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        self.give(out);
        self.held = Some((line.file.clone(), line.number, line.offset));
        self.bytes.clear();
        self.bytes.extend_from_slice(line.bytes);
    }

    fn gap(&mut self) {
        self.gap = true;
    }

    fn cut(&mut self) {
        self.held = None;
    }

    fn end(&mut self, out: &mut Output) {
        self.give(out);
        self.reader.end(out);
    }
}

/// The columns of `header`, which are some of `known` in their order; `None` where it is another text.
///
/// For tables without dashes, whose cells stand where the header says only as long as none is too long.
pub(super) fn columns_of(header: &str, known: &[&'static str]) -> Option<Vec<&'static str>> {
    let (mut rest, mut found) = (header.trim(), Vec::new());
    for name in known {
        let behind = rest.strip_prefix(name);
        if let Some(behind) = behind.filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])) {
            found.push(*name);
            rest = behind.trim_start();
        }
    }
    (rest.is_empty() && !found.is_empty()).then_some(found)
}

/// The words of `text`, each with where it begins.
pub(super) fn words(text: &str) -> Vec<(usize, &str)> {
    let begin = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_ascii_whitespace().map(|word| (begin(word), word)).take(MAX_ENTRIES).collect()
}

/// Whether `text` is a MAC address: `00:50:56:0a:00:01`.
pub(super) fn is_mac(text: &str) -> bool {
    let hex = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(hex)
}

/// Whether `text` is `prefix` with a number: `vmk0`.
pub(super) fn is_numbered(text: &str, prefix: &str) -> bool {
    let number = text.strip_prefix(prefix).unwrap_or_default();
    (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_by_all_of_its_words_in_their_order() {
        let known = &["Name", "PCI Device", "PCI", "MTU"];
        let check = |header: &str, expected: Option<Vec<&str>>| {
            assert_eq!(columns_of(header, known), expected, "{header}");
        };
        check("Name  PCI Device  MTU", Some(vec!["Name", "PCI Device", "MTU"]));
        check("  Name PCI MTU \t", Some(vec!["Name", "PCI", "MTU"]));
        check("Name MTU PCI", None);
        check("Names MTU", None);
        check("", None);
    }

    #[test]
    fn words_know_their_place() {
        assert_eq!(words("  ab  c "), [(2, "ab"), (6, "c")]);
        assert!(words(" ").is_empty());
    }

    #[test]
    fn objects_are_found_behind_junk_and_before_a_cut() {
        let check = |text: &str, names: &[&str], whole: bool| {
            let sink = Sink { path: String::new(), take: |_, _| None, limited: Limited::of("x") };
            let (mut json, mut out) = (Json::new(sink), Output::default());
            let file = MemberPath::new("a");
            for (index, line) in text.lines().enumerate() {
                let line = Line { file: &file, number: index as u64 + 1, offset: 0, bytes: line.as_bytes() };
                json.line(line, &mut out);
            }
            let (objects, is_whole) = json.objects();
            let found: Vec<&str> = objects.iter().filter_map(|(_, object)| object["a"].as_str()).collect();
            assert_eq!((found.as_slice(), is_whole), (names, whole), "{text}");
        };
        check(r#"[{"a":"1"}, {"a":"2"}]"#, &["1", "2"], true);
        check("junk {\n[root@x] y\n{\n \"a\": \"1\"\n}\nmore", &["1"], true);
        check(r#"[{"a":"1"}, {"a":"2""#, &["1"], false);
        check("[]", &[], true);
        check(r#"[{"a""#, &[], false);
        check("no", &[], false);
    }
}
