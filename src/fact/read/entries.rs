//! The entries of an output, whatever form it has.

use super::super::text::Anchor;
use super::super::{Line, Output};
use super::Entry;
use super::blocks::Blocks;
use super::json::Objects;
use super::table::Rows;
use crate::model::ProblemKind;

/// Takes lines and gives entries: those of the text, and those of JSON in it.
pub(in crate::fact) struct Entries {
    form: Form,
    objects: Objects,
    ready: Vec<Entry>,
    /// Whether an entry came of what is not JSON.
    gave: bool,
}

/// How the output looks that is not JSON.
enum Form {
    Table(Rows),
    Blocks(Blocks),
}

impl Entries {
    /// Rows of a table whose header is underlined with dashes.
    pub(in crate::fact) fn table() -> Self {
        Entries::of(Form::Table(Rows::default()), "")
    }

    /// Blocks, as [`super::blocks()`] reads them.
    pub(in crate::fact) fn blocks(start: &str, keys: &[&str]) -> Self {
        Entries::of(Form::Blocks(Blocks::new(start, keys)), start)
    }

    fn of(form: Form, key: &str) -> Self {
        Entries { form, objects: Objects::with(key), ready: Vec::new(), gave: false }
    }

    pub(in crate::fact) fn line(&mut self, line: &Line<'_>) {
        let done = match &mut self.form {
            Form::Table(rows) => rows.line(line),
            Form::Blocks(blocks) => blocks.line(line),
        };
        self.gave |= done.is_some();
        self.ready.extend(done);
        self.objects.line(line, &mut self.ready);
    }

    /// Lines are missing: what was begun does not go on behind them.
    pub(in crate::fact) fn gap(&mut self) {
        self.finish();
        self.objects.close();
    }

    /// The line above has no ending.
    pub(in crate::fact) fn cut(&mut self) {
        match &mut self.form {
            Form::Table(rows) => rows.cut(),
            Form::Blocks(blocks) => blocks.cut(),
        }
    }

    pub(in crate::fact) fn end(&mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        let done = match &mut self.form {
            Form::Table(rows) => rows.take(),
            Form::Blocks(blocks) => blocks.take(),
        };
        self.gave |= done.is_some();
        self.ready.extend(done);
        self.objects.finish(&mut self.ready);
    }

    /// The entries that are known to be at their end.
    pub(in crate::fact) fn take(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.ready)
    }

    /// Says that the JSON is not whole; true where it is so. A line of stderr can begin like JSON.
    pub(in crate::fact) fn is_cut_json(&self, out: &mut Output) -> bool {
        let cut = !self.objects.is_whole() && (self.objects.gave() || !self.gave);
        let first = self.objects.first().filter(|_| cut);
        let problem = |first: &Anchor| first.problem(ProblemKind::Truncated, "the JSON in it is not whole");
        out.problems.extend(first.map(problem));
        first.is_some()
    }

    /// Where an empty list of JSON stands that is all there is.
    pub(super) fn empty_list(&self) -> Option<&Anchor> {
        self.objects.first().filter(|_| self.objects.is_empty_list())
    }
}
