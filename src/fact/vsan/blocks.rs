//! Blocks of `Key: value`, each begun by one key: interfaces, disks. Knows no file.

use serde_json::{Map, Value};

use super::super::command::is_json;
use super::super::text::{Anchor, MAX_ENTRIES, flag, is_uuid, lossy, pair, value};
use super::super::{FactValue, Line, Output, Reader};
use crate::model::ProblemKind;

/// The most fields that are kept of one block.
const MAX_FIELDS: usize = 64;

/// The most bytes of JSON that are held; the outputs that are read so have a few kilobytes.
const MAX_JSON: usize = 1 << 20;

/// `Sub-Cluster UUID`, `SubClusterUUID` and `IsSSD?` are `subclusteruuid` and `isssd`.
pub(super) fn plain_key(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// One block: where it begins, and its fields by their plain keys.
#[derive(Debug)]
pub(super) struct Block {
    anchor: Anchor,
    fields: Vec<(String, String)>,
}

impl Block {
    /// The field's value; `None` where it is missing or blank.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.fields.iter().find(|(name, _)| name == key).and_then(|(_, text)| value(text))
    }

    pub(super) fn uuid(&self, key: &str) -> Option<String> {
        self.text(key).filter(|uuid| is_uuid(uuid))
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.text(key).and_then(|text| flag(&text))
    }

    pub(super) fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.text(key)?.parse().ok()
    }
}

/// Cuts lines into blocks.
///
/// What the last line of a text says may be cut short: it is taken only where its form shows that it is whole. Every
/// other line is whole.
struct Blocks {
    /// The plain key that begins a block.
    begins: &'static str,
    /// Whether the field of that plain key and value cannot be the beginning of a longer one.
    closed: fn(&str, &str) -> bool,
    block: Option<Block>,
    held: Option<(String, String, Anchor)>,
    count: usize,
}

impl Blocks {
    fn new(begins: &'static str, closed: fn(&str, &str) -> bool) -> Self {
        Blocks { begins, closed, block: None, held: None, count: 0 }
    }

    /// Takes the next line; gives the block that ended before the line above it.
    fn line(&mut self, line: &Line<'_>, out: &mut Output) -> Option<Block> {
        let done = self.settle(out);
        let text = lossy(line);
        if let Some((key, text)) = pair(&text) {
            self.held = Some((plain_key(key), text.to_owned(), Anchor::of(line)));
        }
        done
    }

    /// Lines are missing: what follows belongs to no block until one begins. Gives those that were begun.
    fn gap(&mut self) -> Vec<Block> {
        let done = self.settle(&mut Output::default());
        done.into_iter().chain(self.block.take()).collect()
    }

    /// The text is at its end: gives what is left.
    fn end(&mut self, out: &mut Output) -> Vec<Block> {
        let closed = |key: &str, text: &str| {
            is_uuid(text) || matches!(text, "true" | "false") || (self.closed)(key, text)
        };
        self.held = self.held.take().filter(|(key, text, _)| closed(key, text));
        let done = self.settle(out);
        done.into_iter().chain(self.block.take()).collect()
    }

    /// Puts what is held where it belongs; gives the block that it ends.
    fn settle(&mut self, out: &mut Output) -> Option<Block> {
        let (key, text, anchor) = self.held.take()?;
        if key != self.begins {
            if let Some(block) = self.block.as_mut().filter(|block| block.fields.len() < MAX_FIELDS) {
                block.fields.push((key, text));
            }
            return None;
        }
        let done = self.block.take();
        self.count += 1;
        if self.count <= MAX_ENTRIES {
            self.block = Some(Block { anchor, fields: vec![(key, text)] });
        } else if self.count == MAX_ENTRIES + 1 {
            let text = format!("more than {MAX_ENTRIES} blocks; the rest was left out");
            out.problems.push(anchor.problem(ProblemKind::Limit, text));
        }
        done
    }
}

/// Reads a file of blocks, printed as text or as JSON.
pub(super) struct EachBlock {
    path: String,
    blocks: Blocks,
    json: Option<Json>,
    /// Blocks that ended where nothing can be told.
    ready: Vec<Block>,
    take: fn(&Block) -> Result<FactValue, &'static str>,
    /// What a file without a single word means.
    empty: Option<FactValue>,
    noise: Option<Anchor>,
    found: bool,
    lost: bool,
}

impl EachBlock {
    /// A reader of the file at `path`, whose blocks begin with the plain key `begins`; `closed` says whether a field
    /// cannot be the beginning of a longer one, `take` makes a fact of a block or says what is wrong with it.
    pub(super) fn new(
        path: &str,
        begins: &'static str,
        closed: fn(&str, &str) -> bool,
        take: fn(&Block) -> Result<FactValue, &'static str>,
    ) -> Self {
        EachBlock {
            path: path.to_owned(),
            blocks: Blocks::new(begins, closed),
            json: is_json(path).then(Json::default),
            ready: Vec::new(),
            take,
            empty: None,
            noise: None,
            found: false,
            lost: false,
        }
    }

    /// Lets a file without a single word, or an empty JSON list, say `value`.
    pub(super) fn or_empty(self, value: FactValue) -> Self {
        EachBlock { empty: Some(value), ..self }
    }

    fn give(&mut self, block: Block, out: &mut Output) {
        self.found = true;
        match (self.take)(&block) {
            Ok(value) => out.facts.push(block.anchor.fact(value)),
            Err(text) => out.problems.push(block.anchor.problem(ProblemKind::Unparsed, text)),
        }
    }

    fn end_json(&mut self, out: &mut Output) {
        let Some((value, anchor)) = self.json.as_mut().and_then(|json| json.end(out)) else { return };
        for block in blocks_of(&value, self.blocks.begins, &anchor) {
            self.give(block, out);
        }
        let nothing = matches!(&value, Value::Array(values) if values.is_empty());
        if let Some(empty) = self.empty.take_if(|_| nothing) {
            out.facts.push(anchor.fact(empty));
        }
    }
}

impl Reader for EachBlock {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if self.noise.is_none() && !line.bytes.trim_ascii().is_empty() {
            self.noise = Some(Anchor::of(&line));
        }
        if let Some(json) = &mut self.json {
            return json.line(&line);
        }
        for block in std::mem::take(&mut self.ready) {
            self.give(block, out);
        }
        if let Some(block) = self.blocks.line(&line, out) {
            self.give(block, out);
        }
    }

    fn gap(&mut self) {
        self.lost = true;
        if let Some(json) = &mut self.json {
            json.gap();
        }
        self.ready.extend(self.blocks.gap());
    }

    fn end(&mut self, out: &mut Output) {
        let left =
            std::mem::take(&mut self.ready).into_iter().chain(self.blocks.end(out)).collect::<Vec<_>>();
        for block in left {
            self.give(block, out);
        }
        self.end_json(out);
        if self.found || self.lost {
            return;
        }
        match (self.empty.take(), self.noise.take()) {
            (Some(empty), None) => out.facts.push(Anchor::of_empty(&self.path).fact(empty)),
            // An error in the list's place is not an empty list.
            (Some(_), Some(noise)) if out.problems.is_empty() && self.json.is_none() => {
                out.problems.push(
                    noise.problem(ProblemKind::Unparsed, "holds no list, but an error or a part of one"),
                );
            }
            _ => {}
        }
    }
}

/// One JSON text among other lines: held until it is whole.
#[derive(Default)]
pub(super) struct Json {
    first: Option<Anchor>,
    text: Vec<u8>,
    lost: bool,
}

impl Json {
    /// Takes the next line; noise before, inside and behind is left out.
    pub(super) fn line(&mut self, line: &Line<'_>) {
        let text = line.bytes.trim_ascii();
        let starts = matches!(text.first(), Some(b'[' | b'{'));
        if self.first.is_none() && !starts {
            return;
        }
        let first = text.first().copied().unwrap_or(b' ');
        let word =
            matches!(text.trim_ascii_end().strip_suffix(b",").unwrap_or(text), b"true" | b"false" | b"null");
        if first.is_ascii_alphabetic() && !word {
            return;
        }
        self.first.get_or_insert_with(|| Anchor::of(line));
        if self.text.len() + text.len() > MAX_JSON {
            self.lost = true;
        } else {
            self.text.extend_from_slice(text);
            self.text.push(b'\n');
        }
    }

    pub(super) fn gap(&mut self) {
        self.lost = true;
    }

    /// The value and where it begins; what is not whole is a problem.
    pub(super) fn end(&mut self, out: &mut Output) -> Option<(Value, Anchor)> {
        let first = self.first.take()?;
        let text = std::mem::take(&mut self.text);
        match serde_json::Deserializer::from_slice(text.trim_ascii_end()).into_iter::<Value>().next() {
            Some(Ok(value)) if !self.lost => Some((value, first)),
            Some(Err(error)) if error.is_eof() => {
                out.problems.push(first.problem(ProblemKind::Truncated, "ends inside its JSON text"));
                None
            }
            _ => {
                out.problems
                    .push(first.problem(ProblemKind::Unparsed, "holds no JSON text that can be read"));
                None
            }
        }
    }
}

/// The objects in `value` that have the plain key `begins`, as blocks.
fn blocks_of(value: &Value, begins: &str, anchor: &Anchor) -> Vec<Block> {
    let mut blocks = Vec::new();
    collect(value, &mut |map| {
        let found = map.keys().any(|key| plain_key(key) == begins);
        if found && blocks.len() < MAX_ENTRIES {
            let fields = map.iter().take(MAX_FIELDS).map(|(key, value)| (plain_key(key), scalar(value)));
            blocks.push(Block { anchor: anchor.clone(), fields: fields.collect() });
        }
        found
    });
    blocks
}

/// Shows every object to `take`, and what lies in it where that says false.
pub(super) fn collect(value: &Value, take: &mut dyn FnMut(&Map<String, Value>) -> bool) {
    match value {
        Value::Object(map) if !take(map) => map.values().for_each(|value| collect(value, take)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, take)),
        _ => {}
    }
}

/// A JSON value as the plain output would print it: lists with commas, nothing for null.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) => values.iter().map(scalar).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Object(_) => String::new(),
    }
}
