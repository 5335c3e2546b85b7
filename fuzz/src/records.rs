//! `records`: a text cut into blocks of any size gives its own bytes back, record by record, with their places.

use esxray::format;
use esxray::model::MemberPath;
use esxray::record::{Origin, Records, Stretch};

use crate::input::{Bytes, Prng, blocks};

/// Where a record begins: never but at the top, at every line, at a mark, and as the log families say.
const STARTS: &[fn(&[u8]) -> bool] =
    &[|_| false, |_| true, |line| line.starts_with(b"#"), format::starts_record];

/// One input: the limit, what begins a record, the seed of the block sizes, and the text.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let limit = match bytes.below(4) {
        0 => 1 << 20,
        1 => bytes.two() % 4096,
        2 => usize::from(bytes.byte()),
        _ => bytes.below(16),
    };
    let starts = *bytes.pick(STARTS);
    let seed = bytes.seed();
    let text = bytes.rest();
    let cut = Cut::of(text, starts, limit, seed);
    cut.is_the_text(text);
    cut.is_bounded(text, starts, limit);
    cut.is_located(text);
    if cut.cuts == 0 {
        cut.begins_at_records(text, starts);
    }
}

/// Inputs that begin a search: lines of every family and marked records, with limits above and below them.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut texts = vec![b"#a\n 1\r\n\n 2\n#b\n 3".to_vec(), b"x".repeat(300)];
    texts.push(format::FORMATS.iter().flat_map(|format| format.samples).fold(Vec::new(), |mut all, line| {
        all.extend_from_slice(line.0.as_bytes());
        all.extend_from_slice(b"\n  goes on\n");
        all
    }));
    let heads: [&[u8]; 4] = [&[0], &[1, 0, 90], &[2, 30], &[3, 5]];
    let with = |text: &Vec<u8>, head: &[u8], starts: u8| [head, &[starts, 0, 0, 1, 9], text].concat();
    texts
        .iter()
        .flat_map(|text| heads.map(|head| [1, 2, 3].map(|starts| with(text, head, starts))))
        .flatten()
        .collect()
}

/// What came out.
struct Cut {
    /// Each stretch with the line and offset that it was given with.
    stretches: Vec<(Vec<u8>, u64, u64)>,
    /// Where each piece begins.
    pieces: Vec<u64>,
    origin: Origin,
    cuts: u64,
}

impl Cut {
    fn of(text: &[u8], starts: fn(&[u8]) -> bool, limit: usize, seed: u64) -> Cut {
        let mut cut = Cut { stretches: Vec::new(), pieces: vec![0], origin: Origin::new(piece(0)), cuts: 0 };
        let (mut records, mut prng) = (Records::new(starts, limit), Prng::new(seed ^ 1));
        let (mut at, mut given) = (0, 0u64);
        for block in blocks(text, seed) {
            let place = records.position();
            assert_eq!(place, (line_at(text, at), at), "the next byte's place");
            if prng.below(4) == 0 {
                cut.origin.goes_on_in(piece(cut.pieces.len()), place.0, place.1);
                cut.pieces.push(at);
            }
            records.push(block, &mut |stretch| given += cut.take(stretch));
            at += block.len() as u64;
            assert!(at - given < limit.max(1) as u64, "{} bytes are held", at - given);
        }
        records.finish(&mut |stretch| given += cut.take(stretch));
        assert_eq!(given, text.len() as u64, "bytes are lost");
        cut.cuts = records.cuts();
        cut
    }

    fn take(&mut self, stretch: Stretch<'_>) -> u64 {
        self.stretches.push((stretch.text.to_vec(), stretch.line, stretch.offset));
        stretch.text.len() as u64
    }

    fn is_the_text(&self, text: &[u8]) {
        let mut at = 0;
        for (stretch, line, offset) in &self.stretches {
            assert!(!stretch.is_empty(), "an empty stretch");
            assert_eq!((*line, *offset), (line_at(text, at), at), "a stretch's place");
            assert!(text[at as usize..].starts_with(stretch), "a stretch's bytes at {at}");
            at += stretch.len() as u64;
        }
    }

    /// No stretch is longer than what may be held and one part that came to it; and a record is cut only where it
    /// does not fit, together with the line behind it that shows its end.
    fn is_bounded(&self, text: &[u8], starts: fn(&[u8]) -> bool, limit: usize) {
        let longest = self.stretches.iter().map(|stretch| stretch.0.len()).max().unwrap_or(0);
        assert!(longest <= 2 * limit.max(1), "a stretch of {longest} bytes");
        let fits = naive(text, starts).windows(2).all(|pair| pair[0].len() + first_line(pair[1]) < limit)
            && naive(text, starts).iter().all(|record| record.len() < limit);
        assert!(!fits || self.cuts == 0, "a record that fits is cut");
    }

    fn begins_at_records(&self, text: &[u8], starts: fn(&[u8]) -> bool) {
        let lines: Vec<_> = self
            .stretches
            .iter()
            .flat_map(|(text, line, offset)| {
                Stretch { text, line: *line, offset: *offset }
                    .lines()
                    .map(|(text, line, at)| (text.to_vec(), line, at))
            })
            .collect();
        assert_eq!(lines, naive_lines(text), "the lines are not those of the naive split");
        let begins: Vec<usize> = naive(text, starts)
            .iter()
            .scan(0, |at, record| {
                *at += record.len();
                Some(*at - record.len())
            })
            .collect();
        for (_, _, offset) in &self.stretches {
            assert!(
                begins.binary_search(&(*offset as usize)).is_ok(),
                "a stretch begins inside a record at {offset}"
            );
        }
    }

    fn is_located(&self, text: &[u8]) {
        for (stretch, line, offset) in &self.stretches {
            for (_, number, at) in (Stretch { text: stretch, line: *line, offset: *offset }).lines() {
                let source = self.origin.locate(number, at);
                let index = self.pieces.partition_point(|&begin| begin <= at) - 1;
                let begin = self.pieces[index];
                assert_eq!(source.file, piece(index), "the file of {at}");
                assert_eq!(self.origin.place(number, at).0, &source.file);
                let lines = line_at(&text[begin as usize..], at - begin);
                assert_eq!((source.line, source.offset), (lines, at - begin), "the place of {at}");
            }
        }
    }
}

fn piece(index: usize) -> MemberPath {
    MemberPath::new(format!("piece {index}"))
}

/// The line number of the byte at `offset`.
fn line_at(text: &[u8], offset: u64) -> u64 {
    1 + text[..offset as usize].iter().filter(|&&byte| byte == b'\n').count() as u64
}

fn first_line(record: &[u8]) -> usize {
    record.iter().position(|&byte| byte == b'\n').map_or(record.len(), |at| at + 1)
}

fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn naive_lines(text: &[u8]) -> Vec<(Vec<u8>, u64, u64)> {
    let mut at = 0;
    let lines = text.split_inclusive(|&byte| byte == b'\n').enumerate().map(|(index, line)| {
        at += line.len() as u64;
        (bare(line).to_vec(), index as u64 + 1, at - line.len() as u64)
    });
    lines.collect()
}

/// The records of `text`, split without any cleverness.
fn naive(text: &[u8], starts: fn(&[u8]) -> bool) -> Vec<&[u8]> {
    let (mut records, mut begin, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        // The head is judged with its carriage return, as it comes.
        if at > begin && starts(line.strip_suffix(b"\n").unwrap_or(line)) {
            records.push(&text[begin..at]);
            begin = at;
        }
        at += line.len();
    }
    records.push(&text[begin..]);
    records
}
