//! Objects of JSON as they come line by line, each an entry.
//!
//! The text around them need not be JSON: stderr stands before and amid it, and what was cut off is not there. Whole
//! objects count.

use serde_json::{Map, Value};

use super::super::Line;
use super::super::text::{Anchor, column_name};
use super::Entry;

/// The most bytes of one object, with all that is inside it.
const MAX_OBJECT: usize = 1 << 20;

/// How deep objects may nest.
const MAX_DEPTH: usize = 32;

/// How deep objects are looked into for the values of an entry.
const MAX_INSIDE: usize = 4;

/// Reads objects over lines.
#[derive(Default)]
pub(super) struct Objects {
    /// The name that an entry says of itself; blank where any object may be one.
    key: String,
    /// The text from the outermost object on that is open.
    text: Vec<u8>,
    open: Vec<Open>,
    /// How many lists are open outside of objects.
    lists: usize,
    /// The first bytes outside of objects, without blanks; of an object its bracket.
    outside: Vec<u8>,
    first: Option<Anchor>,
    quoted: bool,
    escaped: bool,
    /// Whether a colon came last.
    colon: bool,
    /// Whether nothing more is taken, or something could not be.
    closed: bool,
    broken: bool,
    gave: bool,
}

/// An object whose end did not come yet.
struct Open {
    start: usize,
    anchor: Anchor,
    /// Whether it says something itself, and does not only hold others.
    says: bool,
    /// The entries in it.
    inner: Vec<Entry>,
}

impl Objects {
    /// Objects that say something under `key`, or any where it is blank.
    pub(super) fn with(key: &str) -> Self {
        Objects { key: column_name(key), ..Objects::default() }
    }

    /// Takes the next line and gives the entries that end on it.
    pub(super) fn line(&mut self, line: &Line<'_>, ready: &mut Vec<Entry>) {
        if self.closed || !is_json_line(line.bytes) {
            return;
        }
        // A string never spans lines: a lone quote is prose.
        (self.quoted, self.escaped) = (false, false);
        for at in 0..line.bytes.len() {
            self.byte(line, at, ready);
            if self.text.len() > MAX_OBJECT || self.open.len() > MAX_DEPTH {
                self.finish(ready);
                self.close();
                return;
            }
        }
        if !self.open.is_empty() {
            self.text.push(b'\n');
        }
    }

    fn byte(&mut self, line: &Line<'_>, at: usize, ready: &mut Vec<Entry>) {
        let byte = line.bytes[at];
        if self.quoted {
            self.text.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return;
        }
        self.value(byte);
        match byte {
            b'{' if begins(&line.bytes[at + 1..], b"\"}") => self.begin(line),
            b'[' if self.open.is_empty() && begins(&line.bytes[at + 1..], b"\"[]{-") => self.list(line),
            b']' if self.open.is_empty() => self.lists = self.lists.saturating_sub(1),
            // Some tools write a comma behind the last item.
            b'}' | b']' => self.drop_comma(),
            b'"' if !self.open.is_empty() => self.quoted = true,
            _ => {}
        }
        if !self.open.is_empty() {
            self.text.push(byte);
        } else if self.outside.len() < 4 && !byte.is_ascii_whitespace() {
            self.outside.push(byte);
        }
        if byte == b'}' {
            self.end(ready);
        }
    }

    /// Takes note of what follows a colon: an object that has a value which is none says something itself.
    fn value(&mut self, byte: u8) {
        if byte == b':' {
            self.colon = true;
        } else if self.colon && !byte.is_ascii_whitespace() {
            self.colon = false;
            if let Some(open) = self.open.last_mut().filter(|_| !matches!(byte, b'{' | b'[')) {
                open.says = true;
            }
        }
    }

    fn begin(&mut self, line: &Line<'_>) {
        self.first.get_or_insert_with(|| Anchor::of(line));
        if self.open.is_empty() && self.outside.len() < 4 {
            // A list of objects that say nothing is not empty.
            self.outside.push(b'{');
        }
        let (start, anchor) = (self.text.len(), Anchor::of(line));
        self.open.push(Open { start, anchor, says: false, inner: Vec::new() });
    }

    fn list(&mut self, line: &Line<'_>) {
        self.first.get_or_insert_with(|| Anchor::of(line));
        self.lists += 1;
    }

    fn drop_comma(&mut self) {
        let text = self.text.trim_ascii_end();
        if let Some(text) = text.strip_suffix(b",") {
            self.text.truncate(text.len());
        }
    }

    /// An object that only holds others is none to tell of: those in it are.
    fn end(&mut self, ready: &mut Vec<Entry>) {
        let Some(open) = self.open.pop() else { return };
        let mut found = open.inner;
        match serde_json::from_slice::<Map<String, Value>>(&self.text[open.start..]) {
            Ok(object) if self.is_entry(&object) => {
                let mut entry = Entry::new(open.anchor);
                put_all(&mut entry, &object, MAX_INSIDE);
                found = vec![entry];
            }
            Ok(_) => {}
            Err(_) => {
                self.broken = true;
                found.clear();
            }
        }
        match self.open.last_mut() {
            Some(outer) => outer.inner.extend(found),
            None => self.give(found, ready),
        }
    }

    fn is_entry(&self, object: &Map<String, Value>) -> bool {
        let named = || object.keys().any(|name| column_name(name) == self.key);
        object.values().any(says) && (self.key.is_empty() || named())
    }

    fn give(&mut self, found: Vec<Entry>, ready: &mut Vec<Entry>) {
        self.text.clear();
        self.gave |= !found.is_empty();
        ready.extend(found);
    }

    /// Nothing follows: gives what is whole of what is open. What an object holds that says something is a part of it.
    pub(super) fn finish(&mut self, ready: &mut Vec<Entry>) {
        self.broken |= !self.open.is_empty();
        let holders = std::mem::take(&mut self.open).into_iter().take_while(|open| !open.says);
        let found = holders.flat_map(|open| open.inner).collect();
        self.give(found, ready);
    }

    /// Takes nothing more: what comes next may be inside of something whose beginning is not known.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Where the first object or list begins.
    pub(super) fn first(&self) -> Option<&Anchor> {
        self.first.as_ref()
    }

    pub(super) fn is_whole(&self) -> bool {
        self.lists == 0 && !self.broken && !self.closed
    }

    pub(super) fn gave(&self) -> bool {
        self.gave
    }

    pub(super) fn is_empty_list(&self) -> bool {
        self.outside == b"[]" && !self.gave
    }
}

/// Whether a line can be one of JSON: prose begins with a letter.
fn is_json_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let word = matches!(line.strip_suffix(b",").unwrap_or(line), b"true" | b"false" | b"null");
    word || line.first().is_some_and(|&byte| b"{}[]\",:-".contains(&byte) || byte.is_ascii_digit())
}

/// Whether a bracket before `rest` begins something: one of `marks` follows, or nothing on its line.
fn begins(rest: &[u8], marks: &[u8]) -> bool {
    rest.trim_ascii_start().first().is_none_or(|byte| marks.contains(byte))
}

/// Whether a value is more than what holds objects.
fn says(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(list) => list.iter().any(|item| scalar(item).is_some()),
        _ => true,
    }
}

/// Takes what `object` says, then what the objects in it do; a list of objects is not looked at.
fn put_all(entry: &mut Entry, object: &Map<String, Value>, depth: usize) {
    for (name, value) in object {
        match value {
            Value::Array(list) if list.iter().all(|item| scalar(item).is_some()) => {
                entry.put_list(name, list.iter().filter_map(scalar).collect());
            }
            _ => {
                if let Some(text) = scalar(value) {
                    entry.put_text(name, &text);
                }
            }
        }
    }
    for inner in object.values().filter_map(Value::as_object).filter(|_| depth > 0) {
        put_all(entry, inner, depth - 1);
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
