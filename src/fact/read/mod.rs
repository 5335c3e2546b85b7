//! What tables, blocks of `Key: value` and JSON of commands have in common: entries of named values.
//!
//! A command says the same in each form; who reads it says once what it makes of an entry. Whether an output is JSON is
//! told by its text, not by its name.

mod blocks;
mod entries;
mod entry;
mod json;
mod keep;
mod or_json;
mod table;
mod whole;

pub(super) use self::entries::Entries;
pub(super) use self::entry::Entry;
pub(super) use self::keep::{Limited, Named};
pub(super) use self::or_json::{Json, OrJson};
pub(super) use self::table::{Rows, Table, columns_of, is_rule, words};
pub(super) use self::whole::WholeLines;
use super::text::{Anchor, MAX_ENTRIES};
use super::{FactValue, Line, Output, Reader};
use crate::model::ProblemKind;

/// What one entry of the file at a path says; `None` where it is none after all.
pub(super) type Take = fn(&Entry, &str) -> Option<FactValue>;

/// A reader of a table whose header is underlined with dashes, or of the same as JSON.
pub(super) fn table(path: &str, what: &'static str, take: Take) -> Box<dyn Reader> {
    Box::new(EachEntry::new(path, what, Entries::table(), take))
}

/// A reader of blocks of indented lines `   Key: value`, or of the same as JSON.
///
/// A block begins with the key `start`, or anywhere where that is blank; a key that comes again ends it. Of the text
/// only `keys` are looked at, all where there are none.
pub(super) fn blocks(
    path: &str,
    what: &'static str,
    start: &'static str,
    keys: &'static [&'static str],
    take: Take,
) -> Box<dyn Reader> {
    Box::new(EachEntry::new(path, what, Entries::blocks(start, keys), take))
}

/// A reader that makes a fact of each entry.
pub(super) struct EachEntry {
    path: String,
    entries: Entries,
    take: Take,
    limited: Limited,
    /// What is wrong with an entry that says nothing.
    lacks: Option<&'static str>,
    /// What a file without a single word, or an empty JSON list, means.
    empty: Option<FactValue>,
    noise: Option<Anchor>,
    /// Whether only the first entry counts.
    once: bool,
    found: bool,
    lost: bool,
}

impl EachEntry {
    pub(super) fn new(path: &str, what: &'static str, entries: Entries, take: Take) -> Self {
        EachEntry {
            path: path.to_owned(),
            entries,
            take,
            limited: Limited::of(what),
            lacks: None,
            empty: None,
            noise: None,
            once: false,
            found: false,
            lost: false,
        }
    }

    /// Lets an entry that says nothing be a problem.
    pub(super) fn or_problem(self, text: &'static str) -> Self {
        EachEntry { lacks: Some(text), ..self }
    }

    /// Lets a file without a single word, or an empty JSON list, say `value`.
    pub(super) fn or_empty(self, value: FactValue) -> Self {
        EachEntry { empty: Some(value), ..self }
    }

    /// Takes no entry behind the first.
    pub(super) fn once(self) -> Self {
        EachEntry { once: true, ..self }
    }

    fn give(&mut self, out: &mut Output) {
        for entry in self.entries.take() {
            if self.once && self.found {
                return;
            }
            self.found = true;
            match ((self.take)(&entry, &self.path), self.lacks) {
                (Some(value), _) => self.limited.push(entry.into_anchor(), value, out),
                (None, Some(text)) => out.problems.push(entry.anchor().problem(ProblemKind::Unparsed, text)),
                (None, None) => {}
            }
        }
    }

    /// Says what it means that there is no entry. An error in the list's place is not an empty list.
    fn nothing(&mut self, out: &mut Output) {
        let Some(empty) = self.empty.take() else { return };
        match self.entries.empty_list().or(self.noise.as_ref()) {
            None => out.facts.push(Anchor::of_empty(&self.path).fact(empty)),
            Some(list) if self.entries.empty_list().is_some() => out.facts.push(list.clone().fact(empty)),
            Some(noise) => {
                let text = "holds no list, but an error or a part of one";
                out.problems.push(noise.problem(ProblemKind::Unparsed, text));
            }
        }
    }
}

impl Reader for EachEntry {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if self.noise.is_none() && !line.bytes.trim_ascii().is_empty() {
            self.noise = Some(Anchor::of(&line));
        }
        self.entries.line(&line);
        self.give(out);
    }

    fn gap(&mut self) {
        self.lost = true;
        self.entries.gap();
    }

    fn cut(&mut self) {
        self.entries.cut();
    }

    fn end(&mut self, out: &mut Output) {
        self.entries.end();
        self.give(out);
        if !self.entries.is_cut_json(out) && !self.found && !self.lost {
            self.nothing(out);
        }
    }
}

/// A reader that makes one thing of all entries; more than a limit are not kept.
pub(super) struct AllEntries {
    entries: Entries,
    found: Vec<Entry>,
    give: fn(Vec<Entry>, &mut Output),
}

impl AllEntries {
    pub(super) fn new(entries: Entries, give: fn(Vec<Entry>, &mut Output)) -> Self {
        AllEntries { entries, found: Vec::new(), give }
    }

    fn take(&mut self) {
        let room = MAX_ENTRIES.saturating_sub(self.found.len());
        self.found.extend(self.entries.take().into_iter().take(room));
    }
}

impl Reader for AllEntries {
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        self.entries.line(&line);
        self.take();
    }

    fn gap(&mut self) {
        self.entries.gap();
    }

    fn cut(&mut self) {
        self.entries.cut();
    }

    fn end(&mut self, out: &mut Output) {
        self.entries.end();
        self.take();
        self.entries.is_cut_json(out);
        (self.give)(std::mem::take(&mut self.found), out);
    }
}

#[cfg(test)]
mod tests;
