//! Readers of a text of their own whose command says the same as JSON, too.
//!
//! Which of both a file is tells its text. One whose text, or whose name, says that it is JSON does not pass without a
//! word where nothing in it can be read.

use super::super::command::is_named_json;
use super::super::text::{Anchor, MAX_ENTRIES};
use super::super::{Line, Output, Reader};
use super::Entry;
use super::json::Objects;
use crate::model::{Problem, ProblemKind};

/// The JSON of an output.
pub(in crate::fact) struct Json {
    /// Where it begins.
    pub(in crate::fact) anchor: Anchor,
    /// Its objects that are whole; more than a limit are not kept.
    pub(in crate::fact) entries: Vec<Entry>,
    /// Whether all of it is there.
    pub(in crate::fact) whole: bool,
    /// Whether it is a list of nothing.
    pub(in crate::fact) empty: bool,
}

/// Gives what the JSON of an output says; false where that is nothing.
pub(in crate::fact) type GiveJson = fn(Json, &mut Output) -> bool;

/// Gives lines to a reader of text, but for those of JSON.
pub(in crate::fact) struct OrJson {
    path: String,
    what: &'static str,
    text: Box<dyn Reader>,
    give: GiveJson,
    /// Reads the lines of an object that is cut.
    rest: Option<Box<dyn Reader>>,
    objects: Objects,
    entries: Vec<Entry>,
    /// The first entry that was not kept.
    over: Option<Anchor>,
    /// The first line that is neither blank nor JSON.
    words: Option<Anchor>,
    /// Whether the line above is one of the text.
    in_text: bool,
    /// Whether the text gave a fact.
    told: bool,
    /// Whether lines are missing.
    lost: bool,
}

impl OrJson {
    /// A reader of the output at `path`, which tells of `what`.
    pub(in crate::fact) fn new(
        path: &str,
        what: &'static str,
        text: impl Reader + 'static,
        give: GiveJson,
    ) -> Self {
        OrJson {
            path: path.to_owned(),
            what,
            text: Box::new(text),
            give,
            rest: None,
            objects: Objects::default(),
            entries: Vec::new(),
            over: None,
            words: None,
            in_text: true,
            told: false,
            lost: false,
        }
    }

    /// Lets `reader` tell what the lines of an object say that is cut.
    pub(in crate::fact) fn or_lines(self, reader: impl Reader + 'static) -> Self {
        OrJson { rest: Some(Box::new(reader)), ..self }
    }

    fn keep(&mut self, ready: Vec<Entry>) {
        for entry in ready {
            if self.entries.len() < MAX_ENTRIES {
                self.entries.push(entry);
            } else {
                self.over.get_or_insert_with(|| entry.into_anchor());
            }
        }
    }

    fn finish(&mut self) {
        let mut ready = Vec::new();
        self.objects.finish(&mut ready);
        self.keep(ready);
    }

    /// Gives what the JSON says that begins at `anchor`.
    fn json(&mut self, anchor: Anchor, out: &mut Output) {
        let (whole, empty) = (self.objects.is_whole(), self.objects.is_empty_list());
        let entries = std::mem::take(&mut self.entries);
        let said = (self.give)(Json { anchor: anchor.clone(), entries, whole, empty }, out);
        if let Some(over) = self.over.take() {
            let text = format!("more than {MAX_ENTRIES} {}; the rest was left out", self.what);
            out.problems.push(over.problem(ProblemKind::Limit, text));
        }
        if !whole {
            out.problems.push(anchor.problem(ProblemKind::Truncated, "the JSON in it is not whole"));
            if let Some(rest) = self.rest.as_mut().filter(|_| !said) {
                rest.end(out);
            }
        } else if !said {
            out.problems.push(self.unread(&anchor));
        }
    }

    fn unread(&self, anchor: &Anchor) -> Problem {
        anchor.problem(ProblemKind::Unparsed, format!("tells nothing of {} that could be read", self.what))
    }
}

impl Reader for OrJson {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let mut ready = Vec::new();
        self.objects.line(&line, &mut ready);
        self.keep(ready);
        self.in_text = self.objects.first().is_none() || !has_mark(line.bytes);
        if !self.in_text {
            if let Some(rest) = &mut self.rest {
                rest.line(line, &mut Output::default());
            }
            return;
        }
        if self.words.is_none() && !line.bytes.trim_ascii().is_empty() {
            self.words = Some(Anchor::of(&line));
        }
        let before = out.facts.len();
        self.text.line(line, out);
        self.told |= out.facts.len() > before;
    }

    fn gap(&mut self) {
        self.lost = true;
        self.finish();
        self.objects.close();
        self.text.gap();
        self.rest.iter_mut().for_each(|rest| rest.gap());
    }

    fn cut(&mut self) {
        match &mut self.rest {
            _ if self.in_text => self.text.cut(),
            Some(rest) => rest.cut(),
            None => {}
        }
    }

    /// Text counts where it says something, whatever a line of stderr in it looks like; that there is none is no empty
    /// list where there is JSON, or should be.
    fn end(&mut self, out: &mut Output) {
        self.finish();
        let (first, named) = (self.objects.first().cloned(), is_named_json(&self.path));
        let mut text = Output::default();
        if self.words.is_some() || (first.is_none() && !named) {
            self.text.end(&mut text);
        }
        let unparsed = text.problems.iter().all(|problem| problem.kind == ProblemKind::Unparsed);
        let silent = !self.told && text.facts.is_empty() && unparsed;
        if let Some(first) = first.filter(|_| silent) {
            return self.json(first, out);
        }
        if let Some(words) = self.words.as_ref().filter(|_| silent && named && !self.lost) {
            text.problems = vec![self.unread(words)];
        }
        out.facts.append(&mut text.facts);
        out.problems.append(&mut text.problems);
    }
}

/// Whether a line begins as those of an object do.
fn has_mark(line: &[u8]) -> bool {
    line.trim_ascii_start().first().is_some_and(|byte| b"{}[]\"".contains(byte))
}
