//! Bytes become whole records: blocks of any size come in, stretches of whole records with their place go out.
//!
//! What a record's header says is not looked at here; where one begins is asked of the caller.

use memchr::memchr;
use memchr::memmem::Finder;

use crate::model::{MemberPath, Source};

/// Where a member's text comes from: one file, or several fragments laid end to end.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Each piece with the line and offset at which it begins, in ascending order; never empty.
    pieces: Vec<(u64, u64, MemberPath)>,
}

impl Origin {
    /// A text that lies in one file.
    pub fn new(file: MemberPath) -> Self {
        Origin { pieces: vec![(1, 0, file)] }
    }

    /// The text goes on in `file` from here: its first byte is on `line` at `offset` of the whole.
    pub fn goes_on_in(&mut self, file: MemberPath, line: u64, offset: u64) {
        self.pieces.push((line, offset, file));
    }

    /// The file in which the line `line`, whose first byte is at `offset` of the whole text, stands, and its line and
    /// offset there.
    pub fn place(&self, line: u64, offset: u64) -> (&MemberPath, u64, u64) {
        let at = self.pieces.partition_point(|piece| piece.1 <= offset).saturating_sub(1);
        let (first_line, first_offset, file) = &self.pieces[at];
        (file, line - first_line + 1, offset - first_offset)
    }

    /// The same, to keep.
    pub fn locate(&self, line: u64, offset: u64) -> Source {
        let (file, line, offset) = self.place(line, offset);
        Source { file: file.clone(), line, offset }
    }
}

/// A stretch of whole records.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// The bytes; each record ends with its line ending, the member's last one may lack it.
    pub text: &'a [u8],
    /// Line number of its first line in the whole text, from 1.
    pub line: u64,
    /// Byte offset of its first byte in the whole text.
    pub offset: u64,
}

impl<'a> Stretch<'a> {
    /// Its lines, without their endings, each with its line number and offset.
    pub fn lines(self) -> impl Iterator<Item = (&'a [u8], u64, u64)> {
        let mut ends = memchr::memchr_iter(b'\n', self.text);
        let (mut at, mut number) = (0, self.line);
        std::iter::from_fn(move || {
            let end = ends.next().or_else(|| (at < self.text.len()).then_some(self.text.len()))?;
            let line = &self.text[at..end];
            let found = (without_return(line), number, self.offset + at as u64);
            at = end + 1;
            number += 1;
            Some(found)
        })
    }

    /// Those of its lines that hold one of `marks`, which hold no line ending.
    pub fn lines_with(self, marks: &[&Finder<'_>]) -> impl Iterator<Item = (&'a [u8], u64, u64)> {
        let mut met: Vec<usize> = marks.iter().flat_map(|mark| mark.find_iter(self.text)).collect();
        met.sort_unstable();
        let mut rest = self;
        met.into_iter().filter_map(move |at| {
            // Counted from the end of the text: the line may have been given for what stands before in it.
            let at = at.checked_sub(self.text.len() - rest.text.len())?;
            let begin = memchr::memrchr(b'\n', &rest.text[..at]).map_or(0, |end| end + 1);
            let found = rest.split_at(begin).1;
            let end = memchr(b'\n', found.text).unwrap_or(found.text.len());
            rest = found.split_at(found.text.len().min(end + 1)).1;
            Some((without_return(&found.text[..end]), found.line, found.offset))
        })
    }

    /// Its longest parts of whole lines in which `byte` does not occur.
    pub fn runs_without(self, byte: u8) -> impl Iterator<Item = Stretch<'a>> {
        let mut rest = self;
        std::iter::from_fn(move || {
            while !rest.text.is_empty() {
                let bad = memchr(byte, rest.text);
                let begin = bad.map(|at| memchr::memrchr(b'\n', &rest.text[..at]).map_or(0, |end| end + 1));
                let (run, behind) = rest.split_at(begin.unwrap_or(rest.text.len()));
                let line = memchr(b'\n', behind.text).map_or(behind.text.len(), |end| end + 1);
                rest = behind.split_at(line).1;
                if !run.text.is_empty() {
                    return Some(run);
                }
            }
            None
        })
    }

    /// What stands before byte `at`, where a line begins, and from there on.
    fn split_at(self, at: usize) -> (Stretch<'a>, Stretch<'a>) {
        let (before, behind) = self.text.split_at(at);
        let second =
            Stretch { text: behind, line: self.line + newlines(before), offset: self.offset + at as u64 };
        (Stretch { text: before, ..self }, second)
    }
}

/// Bytes of a stretch, where the records allow it: whoever looks at it more than once finds it in the cache.
const STRETCH: usize = 128 << 10;

/// Cuts a text that arrives in blocks into stretches of whole records.
///
/// Nearly all records are given as they lie in a block; only what is not whole at its end is held until the next one comes.
pub struct Records {
    starts: fn(&[u8]) -> bool,
    limit: usize,
    /// The record that is not whole yet.
    held: Vec<u8>,
    /// Where in `held` the line begins that is not whole yet.
    open_line: usize,
    line: u64,
    offset: u64,
    cuts: u64,
}

impl Records {
    /// Records begin at lines for which `starts` holds; one that is longer than `limit` bytes, with the line that ends it, is
    /// cut there.
    pub fn new(starts: fn(&[u8]) -> bool, limit: usize) -> Self {
        Records { starts, limit: limit.max(1), held: Vec::new(), open_line: 0, line: 1, offset: 0, cuts: 0 }
    }

    /// Line number and offset of the next byte that comes in.
    pub fn position(&self) -> (u64, u64) {
        (self.line + newlines(&self.held), self.offset + self.held.len() as u64)
    }

    /// How many records were cut at the limit.
    pub fn cuts(&self) -> u64 {
        self.cuts
    }

    /// Takes the next block; whole records go to `sink`.
    pub fn push(&mut self, block: &[u8], sink: &mut dyn FnMut(Stretch<'_>)) {
        let mut rest = block;
        while !rest.is_empty() {
            // No more than makes what is held reach the limit: so it is cut at the same byte, however it arrives.
            let (part, behind) = rest.split_at(rest.len().min(self.limit - self.held.len()));
            self.take(part, sink);
            if self.held.len() == self.limit {
                self.cuts += 1;
                self.give_held(self.held.len(), sink);
            }
            rest = behind;
        }
    }

    /// The text is at its end: what is held goes to `sink`.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Stretch<'_>)) {
        self.give_held(self.held.len(), sink);
    }

    /// Bytes are missing behind what came in: a line that is not whole is left out. Whether there was one.
    pub fn cut(&mut self, sink: &mut dyn FnMut(Stretch<'_>)) -> bool {
        self.give_held(self.open_line, sink);
        let partial = std::mem::take(&mut self.held);
        self.skip(&partial);
        !partial.is_empty()
    }

    /// Passes over `text`, which is left out.
    pub fn skip(&mut self, text: &[u8]) {
        self.line += newlines(text);
        self.offset += text.len() as u64;
    }

    /// Gives what is whole with `part`, and holds the rest of it.
    fn take(&mut self, part: &[u8], sink: &mut dyn FnMut(Stretch<'_>)) {
        let mut rest = part;
        if !self.held.is_empty() {
            let Some(lines) = self.end_line(part, sink) else { return };
            let first = self.first_start(lines);
            self.hold(&lines[..first.unwrap_or(lines.len())]);
            let Some(first) = first else { return };
            self.give_held(self.held.len(), sink);
            rest = &lines[first..];
        }
        let last = self.last_start(rest).unwrap_or(0);
        self.give(&rest[..last], sink);
        self.hold(&rest[last..]);
    }

    /// Ends the line that is not whole; what of `part` stands behind it, unless it goes on.
    fn end_line<'p>(&mut self, part: &'p [u8], sink: &mut dyn FnMut(Stretch<'_>)) -> Option<&'p [u8]> {
        let begin = self.open_line;
        if begin == self.held.len() {
            return Some(part);
        }
        let end = memchr(b'\n', part).map(|end| end + 1);
        let (line, lines) = part.split_at(end.unwrap_or(part.len()));
        self.hold(line);
        end?;
        // The record that is held begins at 0: only another start ends it.
        if begin > 0 && self.begins(&self.held[begin..self.open_line - 1]) {
            self.give_held(begin, sink);
        }
        Some(lines)
    }

    /// Where the first record begins in `lines`; its line must be whole, for its head to be judged.
    fn first_start(&self, lines: &[u8]) -> Option<usize> {
        let mut begin = 0;
        memchr::memchr_iter(b'\n', lines).find_map(|end| {
            let line = std::mem::replace(&mut begin, end + 1);
            self.begins(&lines[line..end]).then_some(line)
        })
    }

    /// Where the last record in `lines` begins, unless it is the one that begins them.
    fn last_start(&self, lines: &[u8]) -> Option<usize> {
        let mut end = memchr::memrchr(b'\n', lines)?;
        while let Some(at) = memchr::memrchr(b'\n', &lines[..end]) {
            if self.begins(&lines[at + 1..end]) {
                return Some(at + 1);
            }
            end = at;
        }
        None
    }

    /// Whether a record begins at `line`, which is judged as [`Stretch::lines`] gives it.
    fn begins(&self, line: &[u8]) -> bool {
        (self.starts)(without_return(line))
    }

    fn hold(&mut self, text: &[u8]) {
        if let Some(end) = memchr::memrchr(b'\n', text) {
            self.open_line = self.held.len() + end + 1;
        }
        self.held.extend_from_slice(text);
    }

    /// Gives the first `len` bytes of what is held.
    fn give_held(&mut self, len: usize, sink: &mut dyn FnMut(Stretch<'_>)) {
        let mut held = std::mem::take(&mut self.held);
        self.give(&held[..len], sink);
        held.drain(..len);
        self.held = held;
        self.open_line = self.open_line.saturating_sub(len);
    }

    /// Gives whole records.
    fn give(&mut self, records: &[u8], sink: &mut dyn FnMut(Stretch<'_>)) {
        let mut rest = records;
        while !rest.is_empty() {
            let part = rest.get(..STRETCH).and_then(|part| self.last_start(part));
            let len = part.unwrap_or(rest.len());
            let text = &rest[..len];
            sink(Stretch { text, line: self.line, offset: self.offset });
            self.skip(text);
            rest = &rest[len..];
        }
    }
}

/// A line without the carriage return before its ending.
fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Line endings in `text`.
fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn starts(line: &[u8]) -> bool {
        line.starts_with(b"#")
    }

    /// Adds the records of a stretch, each with its line and offset.
    fn add_records(stretch: Stretch<'_>, all: &mut Vec<(Vec<u8>, u64, u64)>) {
        let begins = stretch.lines().enumerate().filter(|(nth, (line, _, _))| *nth == 0 || starts(line));
        let begins: Vec<(u64, u64)> = begins.map(|(_, (_, number, offset))| (number, offset)).collect();
        for (nth, &(number, offset)) in begins.iter().enumerate() {
            let end =
                begins.get(nth + 1).map_or(stretch.text.len(), |next| (next.1 - stretch.offset) as usize);
            all.push((stretch.text[(offset - stretch.offset) as usize..end].to_vec(), number, offset));
        }
    }

    /// The records of a text that arrives byte by byte, and how many are cut, where all is held in which the last record may
    /// not be whole.
    fn naive(text: &[u8], limit: usize) -> (Vec<(Vec<u8>, u64, u64)>, u64) {
        let (mut held, mut at, mut all, mut cuts) = (Vec::new(), (1, 0), Vec::new(), 0);
        let mut give = |text: &[u8], all: &mut Vec<_>| {
            add_records(Stretch { text, line: at.0, offset: at.1 }, all);
            at = (at.0 + newlines(text), at.1 + text.len() as u64);
        };
        for &byte in text {
            held.push(byte);
            let whole = memchr::memrchr(b'\n', &held).map_or(0, |end| end + 1);
            let lines = Stretch { text: &held[..whole], line: 1, offset: 0 };
            let last =
                lines.lines().filter(|(line, _, _)| starts(line)).last().map_or(0, |last| last.2 as usize);
            give(&held[..last], &mut all);
            held.drain(..last);
            if held.len() >= limit {
                give(&held, &mut all);
                held.clear();
                cuts += 1;
            }
        }
        give(&held, &mut all);
        (all, cuts)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn blocks_of_any_size_give_what_single_bytes_would(
            pieces in prop::collection::vec(
                prop::sample::select(&["#", "\n", "\n#", "\r\n", "#\r", "a", "\0", "a line that is long"][..]), 0..80),
            sizes in prop::collection::vec(1usize..50, 1..20),
            limit in prop::sample::select(&[1usize, 7, 60, 1 << 20][..]),
        ) {
            let text = pieces.concat().into_bytes();
            let (mut blocks, mut rest, mut sizes) = (Vec::new(), &text[..], sizes.iter().cycle());
            while let Some(size) = sizes.next().filter(|_| !rest.is_empty()) {
                let (block, behind) = rest.split_at(rest.len().min(*size));
                blocks.push(block);
                rest = behind;
            }
            let (mut records, mut all) = (Records::new(starts, limit), Vec::new());
            for block in &blocks {
                records.push(block, &mut |stretch| add_records(stretch, &mut all));
            }
            let end = records.position();
            prop_assert_eq!(end, (1 + newlines(&text), text.len() as u64));
            records.finish(&mut |stretch| add_records(stretch, &mut all));
            prop_assert_eq!((all, records.cuts()), naive(&text, limit));
        }
    }

    #[test]
    fn a_stretch_is_short_where_the_records_are() {
        let record = b"#a record of some length\n and its second line\n";
        let text = record.repeat(20_000);
        let (mut records, mut given) = (Records::new(starts, 1 << 20), Vec::new());
        records.push(&text, &mut |stretch| given.push((stretch.text.len(), stretch.line, stretch.offset)));
        assert!(given.len() >= 7 && given.iter().all(|(len, _, _)| *len <= STRETCH), "{given:?}");
        for pair in given.windows(2) {
            assert_eq!(pair[1].2, pair[0].2 + pair[0].0 as u64);
            assert_eq!(pair[1].1, 1 + pair[1].2 / record.len() as u64 * 2, "two lines a record");
        }
    }

    fn cut(text: &[u8], blocks: &mut dyn Iterator<Item = usize>, limit: usize) -> Vec<(Vec<u8>, u64, u64)> {
        let (mut records, mut out, mut at) = (Records::new(starts, limit), Vec::new(), 0);
        let mut sink = |stretch: Stretch<'_>| {
            for (line, number, offset) in stretch.lines() {
                out.push((line.to_vec(), number, offset));
            }
        };
        while at < text.len() {
            let len = blocks.next().expect("endless").min(text.len() - at).max(1);
            records.push(&text[at..at + len], &mut sink);
            at += len;
        }
        records.finish(&mut sink);
        out
    }

    #[test]
    fn blocks_of_any_size_give_the_lines_of_the_naive_split() {
        let text: Vec<u8> = (0..400u32)
            .flat_map(|n| {
                match n % 5 {
                    0 => format!("#{n} header\n"),
                    3 => "\n".to_owned(),
                    4 => format!("  continued {n}\r\n"),
                    _ => format!("--> {}\n", "x".repeat(n as usize % 90)),
                }
                .into_bytes()
            })
            .chain(*b"#last without end")
            .collect();
        let mut naive = Vec::new();
        let mut offset = 0;
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            naive.push((line.strip_suffix(b"\r").unwrap_or(line).to_vec(), index as u64 + 1, offset));
            offset += line.len() as u64 + 1;
        }
        let mut seed = 7u64;
        for round in 0..200 {
            let mut sizes = std::iter::from_fn(|| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                Some(1 + (seed >> 33) as usize % (1 + round * 3))
            });
            assert_eq!(cut(&text, &mut sizes, 1 << 20), naive, "round {round}");
        }
    }

    #[test]
    fn a_record_is_never_given_in_part_below_the_limit() {
        let text = b"#a\n 1\n 2\n#b\n 3\n";
        let (mut records, mut given) = (Records::new(starts, 1 << 20), Vec::new());
        for byte in text {
            records.push(&[*byte], &mut |stretch| given.push(stretch.text.to_vec()));
        }
        records.finish(&mut |stretch| given.push(stretch.text.to_vec()));
        assert_eq!(given, [b"#a\n 1\n 2\n".to_vec(), b"#b\n 3\n".to_vec()]);
    }

    #[test]
    fn an_endless_record_is_cut_in_bounded_memory() {
        let (mut records, mut bytes) = (Records::new(starts, 4096), 0);
        for _ in 0..1000 {
            records.push(&[b'x'; 1000], &mut |stretch| bytes += stretch.text.len());
            assert!(records.held.capacity() < 32 << 10);
        }
        records.finish(&mut |stretch| bytes += stretch.text.len());
        assert_eq!(bytes, 1_000_000);
        assert_eq!(records.cuts(), 1_000_000 / 4096);
    }

    #[test]
    fn lines_that_hold_a_mark_are_those_of_all_that_do() {
        let marks = [Finder::new("aba"), Finder::new("b\r"), Finder::new("cc")];
        let marks: Vec<&Finder<'_>> = marks.iter().collect();
        let mut seed = 7u64;
        for len in 0..300 {
            let random = std::iter::repeat_with(|| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                b"abc\r\n"[(seed >> 33) as usize % 5]
            });
            let text: Vec<u8> = random.take(len).collect();
            let stretch = Stretch { text: &text, line: 10, offset: 100 };
            // A return at the end of a line is not shown, and counts all the same.
            let holds = |offset: u64| {
                let line = text[(offset - 100) as usize..].split(|&byte| byte == b'\n').next();
                marks.iter().any(|mark| mark.find(line.expect("a line")).is_some())
            };
            let expected: Vec<_> = stretch.lines().filter(|(_, _, offset)| holds(*offset)).collect();
            assert_eq!(stretch.lines_with(&marks).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_with_unknown_bytes_are_left_out_and_the_others_keep_their_place() {
        let text = b"#a\n#b\0x\n#c\n#d\n\0\n\0\n#e";
        let stretch = Stretch { text, line: 10, offset: 100 };
        let runs: Vec<(&[u8], u64, u64)> =
            stretch.runs_without(0).map(|run| (run.text, run.line, run.offset)).collect();
        assert_eq!(runs, [(&b"#a\n"[..], 10, 100), (b"#c\n#d\n", 12, 108), (b"#e", 16, 118)]);
        assert_eq!(Stretch { text: b"", ..stretch }.runs_without(0).count(), 0);
    }

    #[test]
    fn lines_that_are_not_whole_at_a_gap_are_left_out() {
        let (mut records, mut lines) = (Records::new(starts, 1 << 20), Vec::new());
        let mut sink = |stretch: Stretch<'_>| {
            lines.extend(stretch.lines().map(|(line, number, offset)| (line.to_vec(), number, offset)));
        };
        records.push(b"#a\n#b", &mut sink);
        assert!(records.cut(&mut sink));
        records.skip(b"rest\n");
        records.push(b"#c\n", &mut sink);
        assert!(!records.cut(&mut sink));
        records.push(b"#d", &mut sink);
        records.finish(&mut sink);
        assert_eq!(lines, [(b"#a".to_vec(), 1, 0), (b"#c".to_vec(), 3, 10), (b"#d".to_vec(), 4, 13)]);
    }

    #[test]
    fn a_line_is_located_in_its_own_fragment() {
        let mut origin = Origin::new(MemberPath::new("a.FRAG-00000"));
        origin.goes_on_in(MemberPath::new("a.FRAG-00001"), 3, 25);
        assert_eq!(
            origin.locate(2, 10),
            Source { file: MemberPath::new("a.FRAG-00000"), line: 2, offset: 10 }
        );
        // The piece begins in the middle of line 3; line 4 is its second.
        assert_eq!(
            origin.locate(4, 30),
            Source { file: MemberPath::new("a.FRAG-00001"), line: 2, offset: 5 }
        );
    }
}
