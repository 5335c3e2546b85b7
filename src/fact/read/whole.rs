//! Readers of tables of their own that take whole lines only.

use super::super::{Line, Output, Reader};
use crate::model::MemberPath;

/// Gives a reader whole lines only: one that the file ends in may hold the half of a word.
pub(in crate::fact) struct WholeLines<R> {
    reader: R,
    /// The place of the line in `bytes`, which is given once it is known to be whole.
    held: Option<(MemberPath, u64, u64)>,
    bytes: Vec<u8>,
    /// Whether lines are missing behind it.
    gap: bool,
}

impl<R: Reader> WholeLines<R> {
    pub(in crate::fact) fn new(reader: R) -> Self {
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
