//! The named values of one row, block or JSON object.

use std::str::FromStr;

use super::super::text::{Anchor, MAX_ENTRIES, column_name, flag, is_uuid, value};

/// Values that are kept of one entry.
const MOST_VALUES: usize = 128;

/// What one row, block or object says. Names are compared without case, blanks and signs: `Install Date`,
/// `InstallDate` and `install_date` are one.
///
/// The value that a text ends in may be the beginning of a longer one: it is told only where its form shows that it is
/// whole.
#[derive(Debug)]
pub(in crate::fact) struct Entry {
    anchor: Anchor,
    values: Vec<Value>,
}

#[derive(Debug)]
struct Value {
    name: String,
    said: Said,
    /// Its line, where it has one of its own.
    line: Option<Anchor>,
    /// Whether it cannot be longer than it is.
    whole: bool,
}

#[derive(Debug)]
enum Said {
    Text(String),
    List(Vec<String>),
}

impl Entry {
    pub(in crate::fact) fn new(anchor: Anchor) -> Self {
        Entry { anchor, values: Vec::new() }
    }

    /// Where it begins.
    pub(in crate::fact) fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    pub(in crate::fact) fn into_anchor(self) -> Anchor {
        self.anchor
    }

    /// Takes a value; what was said first stays.
    fn put(&mut self, name: &str, said: Said, line: Option<Anchor>) {
        if self.value(name).is_none() && self.values.len() < MOST_VALUES {
            self.values.push(Value { name: column_name(name), said, line, whole: true });
        }
    }

    pub(in crate::fact) fn put_text(&mut self, name: &str, text: &str) {
        self.put(name, Said::Text(text.to_owned()), None);
    }

    pub(super) fn put_list(&mut self, name: &str, list: Vec<String>) {
        self.put(name, Said::List(list), None);
    }

    /// Takes a value that stands on a line of its own.
    pub(super) fn put_line(&mut self, name: &str, text: &str, line: Anchor) {
        self.put(name, Said::Text(text.to_owned()), Some(line));
    }

    /// Takes what `other` says and this does not.
    pub(in crate::fact) fn join(&mut self, other: Entry) {
        for value in other.values {
            if self.value(&value.name).is_none() && self.values.len() < MOST_VALUES {
                self.values.push(value);
            }
        }
    }

    /// The last value may be longer than it is.
    pub(super) fn open_last(&mut self) {
        if let Some(last) = self.values.last_mut() {
            last.whole = false;
        }
    }

    /// The values of a row: the last that is not blank may be longer than it is, and what would follow is not said.
    pub(super) fn open_row(&mut self) {
        let is_blank = |value: &Value| matches!(&value.said, Said::Text(text) if text.trim().is_empty());
        while self.values.last().is_some_and(is_blank) {
            self.values.pop();
        }
        self.open_last();
    }

    /// Whether no value of it is known to be whole.
    pub(super) fn is_open(&self) -> bool {
        self.values.iter().all(|value| !value.whole)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let name = column_name(name);
        self.values.iter().find(|value| value.name == name)
    }

    /// Whether it says something of that name, even nothing.
    pub(in crate::fact) fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value.whole)
    }

    /// As [`Self::has`], also where a text ends in it.
    pub(in crate::fact) fn knows(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The line of the value called `name`, where it has one of its own.
    pub(in crate::fact) fn line_of(&self, name: &str) -> Option<&Anchor> {
        self.value(name)?.line.as_ref()
    }

    /// The value called `name`, `None` where it is blank or `N/A`.
    pub(in crate::fact) fn text(&self, name: &str) -> Option<String> {
        self.closed(name, |_| false)
    }

    /// The value called `name`, also where a text ends in it, if `is_closed` says that it is no beginning of another.
    pub(in crate::fact) fn closed(&self, name: &str, is_closed: fn(&str) -> bool) -> Option<String> {
        let found = self.value(name)?;
        let text = match &found.said {
            Said::Text(text) => value(text),
            Said::List(list) => value(&list.join(", ")),
        };
        text.filter(|text| found.whole || is_closed(text))
    }

    pub(in crate::fact) fn uuid(&self, name: &str) -> Option<String> {
        self.closed(name, is_uuid).filter(|uuid| is_uuid(uuid))
    }

    pub(in crate::fact) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    pub(in crate::fact) fn flag(&self, name: &str) -> Option<bool> {
        let is_closed = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "true" | "false");
        flag(&self.closed(name, is_closed)?)
    }

    /// `a, b c, d`, or a list of JSON; empty where it is blank, `None` where there is no such name.
    pub(in crate::fact) fn list(&self, name: &str) -> Option<Vec<String>> {
        self.items(name).filter(|_| self.has(name))
    }

    /// As [`Self::list`], also where a text ends in it: its last item may be cut.
    pub(in crate::fact) fn items(&self, name: &str) -> Option<Vec<String>> {
        Some(match &self.value(name)?.said {
            Said::Text(text) => text.split(", ").filter_map(value).take(MAX_ENTRIES).collect(),
            Said::List(list) => list.iter().filter_map(|text| value(text)).take(MAX_ENTRIES).collect(),
        })
    }
}
