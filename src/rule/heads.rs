//! The records of a stretch: where each begins and ends.

use crate::format;
use crate::record::Stretch;

/// A record in a stretch.
#[derive(Clone, Copy)]
pub(super) struct Head<'t> {
    /// Where it begins in the stretch.
    pub at: usize,
    /// Where the next one begins, or the stretch ends.
    pub end: usize,
    /// Number of its first line.
    pub line: u64,
    /// Its first line, without the ending.
    pub text: &'t [u8],
    /// Whether its first line says by itself that a record begins; another may be none that is known, or go on with a record
    /// that is not before it.
    pub starts: bool,
}

impl<'t> Head<'t> {
    /// All of it, given the stretch that it stands in.
    pub fn whole(&self, stretch: Stretch<'t>) -> Stretch<'t> {
        let text = &stretch.text[self.at..self.end];
        Stretch { text, line: self.line, offset: stretch.offset + self.at as u64 }
    }
}

/// The records of a stretch, in their order; the first begins with it.
pub(super) fn heads(stretch: Stretch<'_>) -> impl Iterator<Item = Head<'_>> {
    let mut lines = stretch.lines();
    let mut open: Option<Head<'_>> = None;
    std::iter::from_fn(move || {
        for (text, line, offset) in lines.by_ref() {
            let starts = format::starts_record(text);
            if !starts && open.is_some_and(|open| format::goes_on_with(open.text, text)) {
                continue;
            }
            let at = (offset - stretch.offset) as usize;
            let next = Head { at, end: stretch.text.len(), line, text, starts };
            if let Some(whole) = open.replace(next) {
                return Some(Head { end: at, ..whole });
            }
        }
        // The end of the text ends the last one.
        open.take()
    })
}
