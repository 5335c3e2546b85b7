//! The decoded text of one member on its way into the matcher and the fact readers: records, their places, and what
//! is not known behind a damage.

use super::member::plain;
use crate::bundle::codec::Crc;
use crate::fact::{self, Line, Output, Reader};
use crate::format;
use crate::format::text::without_mark;
use crate::model::{MemberPath, Problem, ProblemKind};
use crate::record::{Origin, Records, Stretch};
use crate::rule::{RuleSet, Scan, Scanner};

/// Facts of one member; a real one has some hundreds.
const MOST_FACTS: usize = 20_000;
/// Problems of one member that are told one by one.
const MOST_PROBLEMS: usize = 20;

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
    pub(super) crc: Crc,
    /// Whether something went on behind missing bytes: what it could not know since then is zero.
    doubtful: bool,
    /// Whether the line that comes in is the rest of one whose beginning is missing.
    in_rest: bool,
    /// Lines that were left out, as some of their bytes are not known.
    unknown: u64,
    /// Zero bytes at the end of what came in.
    zeros: u64,
    /// Whether the line that came in last has no ending yet.
    open: bool,
    /// Whether it is what a command printed.
    is_output: bool,
}

/// What a text gave.
pub(super) struct Read {
    pub log: Option<&'static str>,
    pub scan: Scan,
    pub out: Output,
    pub bytes: u64,
    pub crc: u32,
    pub zeros: u64,
    pub unknown: u64,
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
            in_rest: false,
            unknown: 0,
            zeros: 0,
            open: false,
            is_output: fact::command_of(path).is_some(),
        }
    }

    /// From here on bytes that only missing ones would tell are zero.
    pub(super) fn doubt(&mut self) {
        self.doubtful = true;
    }

    /// Something is missing here: lines on either side that are not whole are left out. `anywhere` says that it may begin
    /// and end anywhere; a collector that cuts files at lines leaves whole ones on both sides.
    pub(super) fn lose(&mut self, anywhere: bool) {
        let partial = self.records_do(|records, sink| records.cut(sink));
        self.unknown += u64::from(partial);
        self.in_rest = anywhere || partial;
        self.open = false;
        self.readers.iter_mut().for_each(|reader| reader.gap());
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.crc.update(text);
        self.take(text);
    }

    /// As [`TextReader::push`], of a text whose checksum is known and is told by itself.
    pub(super) fn take(&mut self, text: &[u8]) {
        self.bytes += text.len() as u64;
        self.zeros = match text.iter().rposition(|&byte| byte != 0) {
            Some(last) => (text.len() - 1 - last) as u64,
            None => self.zeros + text.len() as u64,
        };
        let text = self.behind_rest(text);
        self.open = text.last().map_or(self.open, |&last| last != b'\n');
        self.records_do(|records, sink| records.push(text, sink));
    }

    /// What stands in `text` behind the rest of a line whose beginning is missing.
    fn behind_rest<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        if !self.in_rest {
            return text;
        }
        let end = memchr::memchr(b'\n', text).map(|end| end + 1);
        self.in_rest = end.is_none();
        let (rest, behind) = text.split_at(end.unwrap_or(text.len()));
        self.records.skip(rest);
        behind
    }

    /// Lets the records give what `work` makes of them.
    fn records_do<T>(&mut self, work: impl FnOnce(&mut Records, &mut dyn FnMut(Stretch<'_>)) -> T) -> T {
        let mut take = Take {
            origin: &self.origin,
            scanner: &mut self.scanner,
            readers: &mut self.readers,
            out: &mut self.out,
            doubtful: self.doubtful,
            unknown: &mut self.unknown,
        };
        work(&mut self.records, &mut |stretch| take.stretch(stretch))
    }

    pub(super) fn goes_on_in(&mut self, file: MemberPath) {
        let (line, offset) = self.records.position();
        self.origin.goes_on_in(file, line, offset);
    }

    /// The text is at its end, which came early where it is `damaged`.
    pub(super) fn finish(mut self, damaged: bool) -> Read {
        self.records_do(|records, sink| records.finish(sink));
        let (number, offset) = self.records.position();
        let file = self.origin.place(number, offset).0.clone();
        // A command ends its last line; a file that somebody wrote by hand need not.
        let cut = self.open && (damaged || self.is_output);
        for reader in &mut self.readers {
            if cut {
                reader.cut();
            } else if !self.open {
                reader.line(Line { file: &file, number, offset, bytes: b"" }, &mut self.out);
            }
            reader.end(&mut self.out);
        }
        Read {
            log: self.log,
            scan: self.scanner.map(Scanner::finish).unwrap_or_default(),
            out: self.out,
            bytes: self.bytes,
            crc: self.crc.sum(),
            zeros: self.zeros,
            unknown: self.unknown,
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
    unknown: &'a mut u64,
}

impl Take<'_, '_> {
    fn stretch(&mut self, stretch: Stretch<'_>) {
        if self.doubtful {
            // A line with bytes that are not known says nothing.
            let lines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count() as u64;
            *self.unknown += lines(stretch.text);
            for run in stretch.runs_without(0) {
                *self.unknown -= lines(run.text);
                self.sure(run);
            }
        } else {
            self.sure(stretch);
        }
    }

    fn sure(&mut self, stretch: Stretch<'_>) {
        if !self.readers.is_empty() {
            self.lines(stretch);
        }
        if let Some(scanner) = self.scanner {
            scanner.stretch(stretch, self.origin);
        }
    }

    /// Shows the readers each line that may tell them anything.
    fn lines(&mut self, stretch: Stretch<'_>) {
        let marks: Option<Vec<_>> = self.readers.iter().map(|reader| reader.mark()).collect();
        match marks {
            Some(marks) => self.show(stretch.lines_with(&marks)),
            None => self.show(stretch.lines()),
        }
    }

    fn show<'t>(&mut self, lines: impl Iterator<Item = (&'t [u8], u64, u64)>) {
        for (bytes, line, offset) in lines {
            // An editor may have left a mark at the beginning.
            let bytes = if offset == 0 { without_mark(bytes) } else { bytes };
            let (file, number, offset) = self.origin.place(line, offset);
            let line = Line { file, number, offset, bytes };
            self.readers.iter_mut().for_each(|reader| reader.line(line, self.out));
            self.bound(file.as_str());
            if self.readers.is_empty() {
                break;
            }
        }
    }

    /// Looks at no more of a file that says too much.
    fn bound(&mut self, file: &str) {
        let what = if self.out.facts.len() >= MOST_FACTS {
            format!("it says more than {MOST_FACTS} things")
        } else if self.out.problems.len() >= MOST_PROBLEMS {
            format!("more than {MOST_PROBLEMS} of its lines are wrong")
        } else {
            return;
        };
        let text = format!("{what}; the rest of it was not looked at");
        self.out.problems.push(Problem::new(ProblemKind::Limit, file, text));
        self.readers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The facts of `uptime`, whose text comes in these parts; `None` is a gap.
    #[track_caller]
    fn check(parts: &[Option<&str>], expected: usize) {
        let rules = RuleSet::load::<&std::path::Path>(&[]).expect("the built-in rules");
        let tree = "commands/ntpq_-p.txt";
        let mut text = TextReader::new(tree, MemberPath::new(tree), &rules, 1 << 20);
        text.push(b"     remote           refid      st t when poll reach   delay   offset  jitter\n=====\n");
        for part in parts {
            match part {
                Some(part) => text.push(part.as_bytes()),
                None => text.lose(true),
            }
        }
        assert_eq!(text.finish(false).out.facts.len(), expected, "{parts:?}");
    }

    #[test]
    fn a_last_line_without_an_ending_is_told_to_readers_as_cut() {
        let line = "*192.0.2.7       .GPS.            1 u   12   64  377    0.412    0.118   0.021";
        check(&[Some(line), Some("\n")], 1);
        check(&[Some(line)], 0);
        check(&[Some(line), Some("\r\n"), Some(&line[..30])], 1);
        check(&[Some(line), Some("\n"), Some(""), None], 1);
        check(&[Some(line), None], 0);
        check(&[Some(line), Some("\n"), None, Some("rest"), None], 1);
        check(&[Some("x"), None, Some("rest\n"), Some(line), Some("\n")], 1);
    }
}
