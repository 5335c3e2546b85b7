//! The decoded text of one member on its way into the matcher and the fact readers: records, their places, and what
//! is not known behind a damage.

use flate2::Crc;

use super::member::plain;
use crate::fact::{self, Line, Output, Reader};
use crate::format;
use crate::model::{MemberPath, Problem, ProblemKind};
use crate::record::{Origin, Records, Stretch};
use crate::rule::{RuleSet, Scan, Scanner};

/// Facts of one member; a real one has some hundreds.
const MOST_FACTS: usize = 50_000;

/// Decoded text on its way into the matcher and the fact readers.
pub(super) struct TextReader<'r> {
    log: Option<&'static str>,
    pub(super) origin: Origin,
    records: Records,
    scanner: Option<Scanner<'r>>,
    readers: Vec<Box<dyn Reader>>,
    out: Output,
    /// Decoded bytes so far.
    pub(super) bytes: u64,
    crc: Crc,
    /// Whether a decoder goes on behind missing bytes: what it cannot know since then is zero.
    doubtful: bool,
    /// Zero bytes at the end of what came in.
    zeros: u64,
}

/// What a text gave.
pub(super) struct Read {
    pub log: Option<&'static str>,
    pub scan: Scan,
    pub out: Output,
    pub bytes: u64,
    pub crc: u32,
    pub zeros: u64,
    pub cuts: u64,
}

impl<'r> TextReader<'r> {
    pub(super) fn new(tree: &str, file: MemberPath, rules: &'r RuleSet, limit: usize) -> Self {
        let log = format::of_path(tree).map(|format| format.name);
        let starts: fn(&[u8]) -> bool = if log.is_some() { format::starts_record } else { |_| true };
        let path = plain(tree);
        TextReader {
            log,
            origin: Origin::new(file),
            records: Records::new(starts, limit),
            scanner: log.map(|log| Scanner::new(rules, log)),
            readers: fact::of_path(path).map(|file| (file.reader)(path)).collect(),
            out: Output::default(),
            bytes: 0,
            crc: Crc::new(),
            doubtful: false,
            zeros: 0,
        }
    }

    /// An unknown number of bytes is missing here.
    pub(super) fn lose(&mut self) {
        self.break_here();
        self.doubtful = true;
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes += text.len() as u64;
        self.zeros = match text.iter().rposition(|&byte| byte != 0) {
            Some(last) => (text.len() - 1 - last) as u64,
            None => self.zeros + text.len() as u64,
        };
        self.crc.update(text);
        let mut take = Take {
            origin: &self.origin,
            scanner: &mut self.scanner,
            readers: &mut self.readers,
            out: &mut self.out,
            doubtful: self.doubtful,
        };
        self.records.push(text, &mut |stretch| take.stretch(stretch));
    }

    pub(super) fn goes_on_in(&mut self, file: MemberPath) {
        let (line, offset) = self.records.position();
        self.origin.goes_on_in(file, line, offset);
    }

    pub(super) fn break_here(&mut self) {
        let mut take = Take {
            origin: &self.origin,
            scanner: &mut self.scanner,
            readers: &mut self.readers,
            out: &mut self.out,
            doubtful: self.doubtful,
        };
        self.records.finish(&mut |stretch| take.stretch(stretch));
    }

    pub(super) fn finish(mut self) -> Read {
        self.break_here();
        for reader in &mut self.readers {
            reader.end(&mut self.out);
        }
        Read {
            log: self.log,
            scan: self.scanner.map(Scanner::finish).unwrap_or_default(),
            out: self.out,
            bytes: self.bytes,
            crc: self.crc.sum(),
            zeros: self.zeros,
            cuts: self.records.cuts(),
        }
    }
}

/// The parts of a [`TextReader`] that a stretch goes to.
struct Take<'a, 'r> {
    origin: &'a Origin,
    scanner: &'a mut Option<Scanner<'r>>,
    readers: &'a mut Vec<Box<dyn Reader>>,
    out: &'a mut Output,
    doubtful: bool,
}

impl Take<'_, '_> {
    fn stretch(&mut self, stretch: Stretch<'_>) {
        if self.doubtful {
            // A line with bytes that are not known says nothing.
            stretch.runs_without(0).for_each(|run| self.sure(run));
        } else {
            self.sure(stretch);
        }
    }

    fn sure(&mut self, stretch: Stretch<'_>) {
        if !self.readers.is_empty() {
            for (bytes, line, offset) in stretch.lines() {
                let source = self.origin.locate(line, offset);
                let line = Line { file: &source.file, number: source.line, offset: source.offset, bytes };
                for reader in self.readers.iter_mut() {
                    reader.line(line, self.out);
                }
                if self.out.facts.len() >= MOST_FACTS {
                    let text =
                        format!("it says more than {MOST_FACTS} things; the rest of it was not looked at");
                    self.out.problems.push(Problem::new(ProblemKind::Limit, source.file.as_str(), text));
                    self.readers.clear();
                    break;
                }
            }
        }
        if let Some(scanner) = self.scanner {
            scanner.stretch(stretch, self.origin);
        }
    }
}
