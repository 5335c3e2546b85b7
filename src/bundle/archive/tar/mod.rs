//! tar: v7, ustar, GNU long names and sparse files, PAX; several behind each other; on again behind a damage at the next
//! header whose checksum is right.

mod content;
mod header;
mod pax;

use memchr::memmem;

use self::content::{Content, Sparse};
use self::header::{BLOCK, Header, Piece};
pub(crate) use self::header::{is_damaged_header, is_header};
use self::pax::{Map, Overrides};
use super::{Archive, Bounds, Entry, EntryKind, Item, Take};
use crate::bundle::Damage;
use crate::model::ProblemKind;

/// Names and other records before a header may be so long; more is none.
const LONGEST_NAME: u64 = 1 << 20;
/// Writers fill their last record with zeros, 10 KiB as a rule; this many were not written by one.
const MANY_ZEROS: u64 = 64 << 10;

/// Bytes in which a header is looked for at once. What stands behind one that is found is pushed again, so this also
/// bounds how deep that goes.
const PART: usize = 16 << 10;

/// Reads a tar that arrives in blocks.
pub(crate) struct Tar {
    bounds: Bounds,
    state: State,
    /// The beginning of a block, or what is searched.
    held: Vec<u8>,
    /// Bytes taken, but for those in `held`.
    at: u64,
    next: Overrides,
    /// Zero bytes since the last entry.
    zeros: u64,
    /// Headers whose checksum is wrong, and where the first of them stands.
    doubtful: u64,
    first_doubtful: u64,
}

enum State {
    /// A header is awaited.
    Header,
    /// Inside the record of a type before a header, with its padding.
    Record { kind: u8, left: u64, pad: u64, text: Vec<u8> },
    /// More pieces of an old GNU sparse file are awaited.
    Pieces(Header),
    /// Inside the map at the beginning of a sparse file's content.
    Map { map: Map, header: Header, left: u64 },
    /// Inside an entry's content.
    Content(Content),
    /// Inside an entry's content, behind missing bytes: it ends before the next header.
    Doubtful(Content),
    /// So many bytes are passed over.
    Skip(u64),
    /// A header is looked for.
    Seek(Seek),
}

/// A search for the next header.
struct Seek {
    from: u64,
    why: Why,
    /// How far `held` is from a block's beginning, where that is known.
    aligned: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Damaged,
    Gap,
    /// An entry whose size cannot be believed, which was told.
    Told,
    BehindEnd,
}

impl Tar {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let (held, next) = (Vec::new(), Overrides::default());
        Tar { bounds, state: State::Header, held, at: 0, next, zeros: 0, doubtful: 0, first_doubtful: 0 }
    }

    /// Takes some of `input`.
    fn step<'a>(&mut self, input: &'a [u8], take: &mut Take<'_>) -> &'a [u8] {
        match &mut self.state {
            State::Header | State::Pieces(_) | State::Map { .. } => self.block(input, take),
            State::Record { .. } => self.record(input, take),
            State::Content(content) => {
                let len = input.len().min(usize::try_from(content.left).unwrap_or(usize::MAX));
                content.give(&input[..len], take);
                self.at += len as u64;
                if content.left == 0 {
                    let pad = content.pad;
                    self.end(None, pad, take);
                }
                &input[len..]
            }
            State::Doubtful(_) => self.doubtful(input, take),
            State::Skip(left) => {
                let len = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= len as u64;
                self.at += len as u64;
                if *left == 0 {
                    self.state = State::Header;
                }
                &input[len..]
            }
            State::Seek(_) => {
                let (part, rest) = input.split_at(input.len().min(PART));
                self.held.extend_from_slice(part);
                self.seek(take);
                rest
            }
        }
    }

    /// Collects one block and takes it.
    fn block<'a>(&mut self, input: &'a [u8], take: &mut Take<'_>) -> &'a [u8] {
        let (block, rest) = match input.split_first_chunk::<BLOCK>() {
            Some(split) if self.held.is_empty() => split,
            _ => {
                let len = input.len().min(BLOCK - self.held.len());
                self.held.extend_from_slice(&input[..len]);
                let rest = &input[len..];
                if self.held.len() == BLOCK {
                    let held = std::mem::take(&mut self.held);
                    if let Some(block) = held.first_chunk() {
                        self.whole_block(block, take);
                    }
                }
                return rest;
            }
        };
        self.whole_block(block, take);
        rest
    }

    fn whole_block(&mut self, block: &[u8; BLOCK], take: &mut Take<'_>) {
        match std::mem::replace(&mut self.state, State::Header) {
            State::Pieces(header) => self.more_pieces(header, block, take),
            State::Map { map, header, left } => self.map(map, header, left, block, take),
            _ => self.header(block, take),
        }
    }

    fn header(&mut self, block: &[u8; BLOCK], take: &mut Take<'_>) {
        if block.iter().all(|&byte| byte == 0) {
            self.zeros += BLOCK as u64;
            self.at += BLOCK as u64;
            return;
        }
        // Where a header is expected, one with some wrong bytes is better than none.
        let expected = self.zeros == 0;
        let found = header::parse(block).or_else(|| header::salvage(block).filter(|_| expected));
        let Some(header) = found else {
            let why = if self.zeros > 0 { Why::BehindEnd } else { Why::Damaged };
            self.state = State::Seek(Seek { from: self.at, why, aligned: true });
            self.held = block.to_vec();
            return self.seek(take);
        };
        if header.doubtful {
            self.first_doubtful = if self.doubtful == 0 { self.at } else { self.first_doubtful };
            self.doubtful += 1;
        }
        self.at += BLOCK as u64;
        self.zeros = 0;
        match header.kind {
            b'L' | b'K' | b'x' | b'X' | b'g' => self.begin_record(&header, take),
            _ => self.begin_entry(header, take),
        }
    }

    fn begin_record(&mut self, header: &Header, take: &mut Take<'_>) {
        let pad = padding(header.size);
        if header.size > LONGEST_NAME {
            let text = format!("a member's name is longer than {LONGEST_NAME} bytes; it was left out");
            take(Item::Fault(Damage { kind: ProblemKind::Limit, text }));
            self.pass_over(header.size, &header.name, take);
        } else {
            self.state = State::Record { kind: header.kind, left: header.size, pad, text: Vec::new() };
            self.end_record(take);
        }
    }

    /// Passes over `size` bytes and their padding, if that can be believed.
    fn pass_over(&mut self, size: u64, name: &[u8], take: &mut Take<'_>) {
        if size <= self.bounds.entry_bytes {
            self.state = State::Skip(size + padding(size));
            if size == 0 {
                self.state = State::Header;
            }
            return;
        }
        let (name, limit) = (String::from_utf8_lossy(name), self.bounds.entry_bytes);
        let text = match size {
            u64::MAX => format!("{name} has a size that is no number; it was left out"),
            _ => format!(
                "{name} claims to be {size} bytes long, and the limit is {limit} (--max-member-bytes); it was left out"
            ),
        };
        take(Item::Fault(Damage { kind: ProblemKind::Limit, text }));
        self.state = State::Seek(Seek { from: self.at, why: Why::Told, aligned: true });
    }

    fn record<'a>(&mut self, input: &'a [u8], take: &mut Take<'_>) -> &'a [u8] {
        let State::Record { left, text, .. } = &mut self.state else { return input };
        let len = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        text.extend_from_slice(&input[..len]);
        *left -= len as u64;
        self.at += len as u64;
        self.end_record(take);
        &input[len..]
    }

    /// Takes a record that is whole.
    fn end_record(&mut self, take: &mut Take<'_>) {
        let State::Record { kind, left: 0, pad, text } = &mut self.state else { return };
        let (kind, pad, text) = (*kind, *pad, std::mem::take(text));
        self.state = if pad > 0 { State::Skip(pad) } else { State::Header };
        let whole = match kind {
            b'L' => {
                let end = memchr::memchr(0, &text).unwrap_or(text.len());
                self.next.name = Some(text[..end].to_vec());
                true
            }
            b'x' | b'X' => self.next.take(&text),
            _ => true,
        };
        if !whole {
            let text = format!(
                "a PAX record before byte {} is malformed; what it says was used as far as it goes",
                self.at
            );
            take(Item::Fault(Damage { kind: ProblemKind::Damaged, text }));
        }
    }

    fn begin_entry(&mut self, mut header: Header, take: &mut Take<'_>) {
        if let Some((_, _, true)) = header.sparse {
            self.state = State::Pieces(header);
            return;
        }
        header.name = self.next.name.take().unwrap_or(header.name);
        header.size = self.next.size.unwrap_or(header.size);
        let kind = kind_of(&header);
        if kind != EntryKind::File {
            let name = std::mem::take(&mut header.name);
            self.next = Overrides::default();
            take(Item::Entry(Entry { name, size: Some(0), kind, doubtful: header.doubtful }));
            take(Item::End(None));
            return;
        }
        if header.size > self.bounds.entry_bytes {
            self.next = Overrides::default();
            return self.pass_over(header.size, &header.name, take);
        }
        if self.next.map_in_content {
            let left = header.size;
            self.state = State::Map { map: Map::default(), header, left };
            return;
        }
        let next = std::mem::take(&mut self.next);
        let sparse = header.sparse.take().map(|(pieces, size, _)| (pieces, size));
        let sparse = sparse
            .or_else(|| next.real_size.filter(|_| !next.pieces.is_empty()).map(|size| (next.pieces, size)));
        let stored = header.size;
        self.open(header, stored, sparse, take);
    }

    fn more_pieces(&mut self, mut header: Header, block: &[u8; BLOCK], take: &mut Take<'_>) {
        const MOST: usize = 100_000;
        self.at += BLOCK as u64;
        if let Some((pieces, _, more)) = &mut header.sparse {
            pieces.extend(header::pieces(&block[..504]));
            *more = block[504] != 0 && pieces.len() < MOST;
        }
        self.begin_entry(header, take);
    }

    fn map(&mut self, mut map: Map, header: Header, left: u64, block: &[u8; BLOCK], take: &mut Take<'_>) {
        self.at += BLOCK as u64;
        let left = left.saturating_sub(BLOCK as u64);
        match map.block(block) {
            Ok(None) if left > 0 => self.state = State::Map { map, header, left },
            Ok(Some(pieces)) => {
                let size = std::mem::take(&mut self.next).real_size.unwrap_or(left);
                self.open(header, left, Some((pieces, size)), take);
            }
            Ok(None) | Err(()) => {
                self.next = Overrides::default();
                let text = format!(
                    "the map of the sparse file {} is damaged",
                    String::from_utf8_lossy(&header.name)
                );
                take(Item::Fault(Damage { kind: ProblemKind::Damaged, text }));
                self.pass_over(left, &header.name, take);
            }
        }
    }

    /// Opens an entry with `stored` bytes of content in the archive.
    fn open(&mut self, header: Header, stored: u64, sparse: Option<(Vec<Piece>, u64)>, take: &mut Take<'_>) {
        let size = sparse.as_ref().map_or(stored, |(_, size)| *size);
        let (name, doubtful) = (header.name, header.doubtful);
        take(Item::Entry(Entry { name, size: Some(size), kind: EntryKind::File, doubtful }));
        let sparse =
            sparse.map(|(pieces, size)| Sparse { pieces: pieces.into_iter(), piece: 0, at: 0, size });
        let pad = padding(stored);
        self.state = State::Content(Content { left: stored, pad, sparse });
        if stored == 0 {
            self.end(None, pad, take);
        }
    }

    /// The open entry is at its end.
    fn end(&mut self, damage: Option<Damage>, pad: u64, take: &mut Take<'_>) {
        let state = if pad > 0 { State::Skip(pad) } else { State::Header };
        if let State::Content(content) | State::Doubtful(content) = std::mem::replace(&mut self.state, state)
        {
            content.rest(damage.is_some(), take);
            take(Item::End(damage));
        }
    }

    /// Gives content, but looks out for the header that ends it: how many bytes are missing is not known.
    fn doubtful<'a>(&mut self, input: &'a [u8], take: &mut Take<'_>) -> &'a [u8] {
        let (part, input) = input.split_at(input.len().min(PART));
        self.held.extend_from_slice(part);
        let found = find_next(&self.held, None);
        let sure = found.unwrap_or(self.held.len().saturating_sub(BLOCK - 1));
        let State::Doubtful(content) = &mut self.state else { return input };
        let len = sure.min(usize::try_from(content.left).unwrap_or(usize::MAX));
        content.give(&self.held[..len], take);
        self.at += len as u64;
        let left = content.left;
        let rest = self.held.split_off(len);
        self.held.clear();
        if found.is_some() || left == 0 {
            let text = format!("bytes are missing in the middle of it, and up to {left} at its end");
            self.end(Some(Damage { kind: ProblemKind::Damaged, text }), 0, take);
            if found.is_none() {
                self.state = State::Seek(Seek { from: self.at, why: Why::Gap, aligned: false });
            }
            self.push(&rest, take);
        } else {
            self.held = rest;
        }
        input
    }

    /// Looks for a header in what is held.
    fn seek(&mut self, take: &mut Take<'_>) {
        let State::Seek(seek) = &self.state else { return };
        let (from, why) = (seek.from, seek.why);
        let aligned = seek.aligned.then(|| (BLOCK as u64 - (self.at - from) % BLOCK as u64) as usize % BLOCK);
        let Some(start) = find_next(&self.held, aligned) else {
            let done = self.held.len().saturating_sub(BLOCK - 1);
            self.held.drain(..done);
            self.at += done as u64;
            return;
        };
        let rest = self.held.split_off(start);
        self.at += start as u64;
        self.held.clear();
        self.state = State::Header;
        self.next = Overrides::default();
        self.zeros = 0;
        let skipped = self.at - from;
        let text = match why {
            Why::Damaged => format!(
                "the header at byte {from} is damaged; {skipped} bytes were skipped, and reading went on at the next member"
            ),
            Why::Gap => format!(
                "behind the missing bytes {skipped} more were skipped, and reading went on at the next member"
            ),
            Why::Told => format!("{skipped} bytes were skipped, and reading went on at the next member"),
            Why::BehindEnd => {
                format!(
                    "{skipped} bytes of other data stand between two archives; reading went on behind them"
                )
            }
        };
        if skipped > 0 || matches!(why, Why::Damaged | Why::BehindEnd) {
            let kind = if why == Why::Told { ProblemKind::Limit } else { ProblemKind::Damaged };
            take(Item::Fault(Damage { kind, text }));
        }
        self.push(&rest, take);
    }
}

impl Archive for Tar {
    fn push(&mut self, mut input: &[u8], take: &mut Take<'_>) {
        while !input.is_empty() {
            input = self.step(input, take);
        }
    }

    fn gap(&mut self, opaque: bool, take: &mut Take<'_>) {
        let aligned = false;
        self.state = match std::mem::replace(&mut self.state, State::Header) {
            State::Content(content) if opaque => {
                take(Item::Gap);
                State::Content(content)
            }
            State::Content(content) | State::Doubtful(content) => {
                take(Item::Gap);
                State::Doubtful(Content { sparse: None, ..content })
            }
            State::Seek(seek) => State::Seek(Seek { aligned, ..seek }),
            _ => State::Seek(Seek { from: self.at, why: Why::Gap, aligned }),
        };
        if !matches!(self.state, State::Doubtful(_)) {
            self.at += self.held.len() as u64;
            self.held.clear();
        }
    }

    fn finish(&mut self, cut: bool, take: &mut Take<'_>) {
        if matches!(self.state, State::Doubtful(_)) {
            // What was kept back for a header's sake is content.
            let held = std::mem::take(&mut self.held);
            if let State::Doubtful(content) = &mut self.state {
                content
                    .give(&held[..held.len().min(usize::try_from(content.left).unwrap_or(usize::MAX))], take);
            }
        }
        if self.doubtful > 0 {
            let text = format!(
                "{} headers, the first at byte {}, do not match their checksums; they were used as they stand",
                self.doubtful, self.first_doubtful
            );
            take(Item::Fault(Damage { kind: ProblemKind::Damaged, text }));
        }
        let early = "the archive ends early; what stands before was used";
        let truncated = |text: &str| Damage { kind: ProblemKind::Truncated, text: text.to_owned() };
        let fault = match &self.state {
            State::Content(content) | State::Doubtful(content) => {
                let text =
                    format!("its last {} bytes are missing; what stands before was used", content.left);
                self.end(Some(truncated(&text)), 0, take);
                (!cut).then(|| truncated(early))
            }
            State::Seek(seek) => self.found_nothing(seek),
            State::Header if self.zeros == 0 && !cut => Some(truncated(match self.held.is_empty() {
                true => "the archive has no end mark: it may have been cut off between two members",
                false => early,
            })),
            State::Header if self.zeros >= MANY_ZEROS => Some(Damage {
                kind: ProblemKind::Truncated,
                text: format!(
                    "the last {} bytes are zeros: a broken upload? What stood there is missing, if anything did",
                    self.zeros
                ),
            }),
            State::Header => None,
            _ => (!cut).then(|| truncated(early)),
        };
        if let Some(fault) = fault {
            take(Item::Fault(fault));
        }
    }
}

impl Tar {
    fn found_nothing(&self, seek: &Seek) -> Option<Damage> {
        let (from, behind) = (seek.from, self.at - seek.from + self.held.len() as u64);
        let text = match seek.why {
            Why::Damaged => {
                format!(
                    "the header at byte {from} is damaged, and no further member was found in the {behind} bytes behind"
                )
            }
            Why::Gap | Why::Told if behind == 0 => return None,
            Why::Gap => format!("behind the missing bytes no further member was found in {behind} bytes"),
            Why::Told => format!("no further member was found in the {behind} bytes behind"),
            Why::BehindEnd => format!("other data follows the archive; {behind} bytes were left out"),
        };
        Some(Damage { kind: ProblemKind::Damaged, text })
    }
}

fn kind_of(header: &Header) -> EntryKind {
    match header.kind {
        b'1' | b'2' => EntryKind::Link,
        b'3' | b'4' | b'6' => EntryKind::Device,
        b'5' => EntryKind::Folder,
        // v7 knew folders by their names.
        b'0' | 0 if header.name.ends_with(b"/") && header.size == 0 => EntryKind::Folder,
        // What is not known is a file (POSIX).
        _ => EntryKind::File,
    }
}

/// Bytes up to the next block.
fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

/// Where the first header in `bytes` begins that has a magic.
pub(crate) fn find_header(bytes: &[u8]) -> Option<usize> {
    find_next(bytes, None)
}

/// Where the first header in `bytes` begins: by its magic anywhere, and by its checksum alone at whole blocks, of which
/// the first begins at `aligned`.
fn find_next(bytes: &[u8], aligned: Option<usize>) -> Option<usize> {
    const MAGIC: usize = 257;
    let magic = memmem::find_iter(bytes, b"ustar").filter_map(|at| at.checked_sub(MAGIC));
    let by_magic =
        magic.filter(|&start| bytes.len() - start >= BLOCK).find(|&start| header::is_header(&bytes[start..]));
    let blocks = aligned.into_iter().flat_map(|first| (first..bytes.len()).step_by(BLOCK));
    let by_block = blocks
        .take_while(|&start| start + BLOCK <= bytes.len() && by_magic.is_none_or(|magic| start < magic))
        .find(|&start| bytes[start] != 0 && header::is_header(&bytes[start..]));
    by_block.or(by_magic)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Command;

    use super::*;

    const BOUNDS: Bounds = Bounds { entry_bytes: 1 << 36 };

    /// What a tar holds, in words: `name=content`, with `~` for a gap, `(n)` for a hole and `!` for damage.
    fn told(bytes: &[u8], block: usize) -> (Vec<String>, Vec<String>) {
        let (mut items, mut faults) = (Vec::new(), Vec::new());
        let mut tar = Tar::new(BOUNDS);
        let mut take = |item: Item<'_>| {
            let last = items.last_mut();
            match (item, last) {
                (Item::Entry(entry), _) => items.push(format!("{}=", String::from_utf8_lossy(&entry.name))),
                (Item::Bytes(bytes), Some(last)) => last.push_str(&String::from_utf8_lossy(bytes)),
                (Item::Hole(len), Some(last)) => last.push_str(&format!("({len})")),
                (Item::Gap, Some(last)) => last.push('~'),
                (Item::End(Some(_)), Some(last)) => last.push('!'),
                (Item::End(None), _) => {}
                (Item::Fault(fault), _) => faults.push(fault.text),
                (item, None) => panic!("{item:?} before an entry"),
            }
            true
        };
        for block in bytes.chunks(block) {
            tar.push(block, &mut take);
        }
        tar.finish(false, &mut take);
        (items, faults)
    }

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            archive.append_data(&mut header, name, text.as_bytes()).expect("in memory");
        }
        archive.into_inner().expect("in memory")
    }

    #[test]
    fn entries_are_read_in_blocks_of_any_size() {
        let long = format!("esx-a/{}/x.log", "d".repeat(300));
        let bytes =
            packed(&[("esx-a/a", "first"), (&long, "second"), ("esx-a/empty", ""), ("b", &"z".repeat(1024))]);
        let expected = [
            "esx-a/a=first".to_owned(),
            format!("{long}=second"),
            "esx-a/empty=".to_owned(),
            format!("b={}", "z".repeat(1024)),
        ];
        for block in [1, 7, 511, 512, 513, 1 << 20] {
            let (items, faults) = told(&bytes, block);
            assert_eq!((items.as_slice(), faults.len()), (&expected[..], 0), "block {block}: {faults:?}");
        }
    }

    #[test]
    fn reading_goes_on_behind_a_damaged_header_at_any_distance() {
        let mut bytes = packed(&[("a", "first"), ("b", "second"), ("c", "third")]);
        bytes[1024 + 124] ^= 0x40;
        let (items, faults) = told(&bytes, 100);
        assert_eq!(items, ["a=first", "c=third"]);
        assert!(
            faults[0].contains("the header at byte 1024 is damaged; 1024 bytes were skipped"),
            "{faults:?}"
        );
        // Bytes that were put in or taken out move all that follows.
        let mut moved = packed(&[("a", "first"), ("b", "second"), ("c", "third")]);
        moved.splice(600..600, *b"inserted");
        assert_eq!(told(&moved, 100).0, ["a=first", "b=second", "c=third"]);
        let mut shorter = packed(&[("a", &"x".repeat(600)), ("b", "second"), ("c", "third")]);
        shorter.drain(700..730);
        assert_eq!(told(&shorter, 1 << 20).0[1..], ["c=third"]);
    }

    #[test]
    fn a_header_with_a_wrong_byte_is_used_where_one_is_expected() {
        let mut bytes = packed(&[("a", "first"), ("b", "second"), ("c", "third")]);
        bytes[1024] = b'B';
        let (items, faults) = told(&bytes, 100);
        assert_eq!(items, ["a=first", "B=second", "c=third"]);
        assert!(faults[0].starts_with("1 headers, the first at byte 1024, do not match"), "{faults:?}");
    }

    #[test]
    fn a_gap_ends_content_at_the_next_header() {
        let bytes = packed(&[("a", &"x".repeat(2000)), ("b", "second")]);
        let (mut items, mut tar) = (Vec::new(), Tar::new(BOUNDS));
        let mut take = |item: Item<'_>| {
            match item {
                Item::Entry(entry) => items.push(String::from_utf8_lossy(&entry.name).into_owned()),
                Item::Bytes(bytes) => items.push(bytes.len().to_string()),
                Item::End(damage) => items.push(if damage.is_some() { "cut" } else { "whole" }.to_owned()),
                Item::Gap => items.push("gap".to_owned()),
                Item::Hole(_) | Item::Fault(_) => {}
            }
            true
        };
        tar.push(&bytes[..1000], &mut take);
        tar.gap(false, &mut take);
        tar.push(&bytes[1100..], &mut take);
        tar.finish(false, &mut take);
        assert_eq!(items, ["a", "488", "gap", "1460", "cut", "b", "6", "whole"]);
    }

    #[test]
    fn what_ends_early_says_how_much_is_missing() {
        let bytes = packed(&[("a", &"x".repeat(2000))]);
        let (items, faults) = told(&bytes[..1000], 64);
        assert_eq!((items[0].len(), items[0].ends_with('!')), (2 + 488 + 1, true));
        assert!(faults[0].contains("ends early"));
        assert!(told(&bytes[..2560], 64).1[0].contains("no end mark"));
        let mut zeros = bytes;
        zeros.resize(zeros.len() + 100_000, 0);
        assert!(told(&zeros, 4096).1[0].contains("are zeros"));
    }

    #[test]
    fn a_size_that_lies_swallows_nothing() {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_path("a").expect("short");
        header.set_size(u64::MAX >> 1);
        header.set_cksum();
        archive.append(&header, std::io::empty()).expect("in memory");
        let mut bytes = archive.into_inner().expect("in memory")[..512].to_vec();
        bytes.extend(packed(&[("b", "second")]));
        let (items, faults) = told(&bytes, 512);
        assert_eq!(items, ["b=second"]);
        assert!(faults[0].contains("claims to be 9223372036854775807 bytes"), "{faults:?}");
    }

    #[test]
    fn a_size_that_is_no_number_ends_nothing() {
        let mut bytes = packed(&[("a", "first"), ("b", "second"), ("c", "third")]);
        for field in [
            &b"\x80\0\0\0\x80\0\0\0\0\0\0\0"[..],
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"99999999999\0",
        ] {
            bytes[1024 + 124..1024 + 136].copy_from_slice(field);
            let header = &mut bytes[1024..1536];
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            let (items, faults) = told(&bytes, 512);
            assert_eq!(items, ["a=first", "c=third"]);
            assert!(faults[0].contains("is no number"), "{faults:?}");
        }
    }

    /// GNU tar's own archives, where there is one: every form of long names and sparse files.
    #[test]
    fn archives_of_gnu_tar_are_read() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let long = format!("{}/{}.log", "d".repeat(90), "n".repeat(90));
        let path = folder.path().join(&long);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, "long").expect("written");
        let mut sparse = std::fs::File::create(folder.path().join("sparse")).expect("made");
        sparse.write_all(b"begin").expect("written");
        sparse.set_len(300_000).expect("sized");
        let mut read = 0;
        for options in [
            &["-H", "v7"][..],
            &["-H", "ustar"],
            &["-H", "gnu", "-S"],
            &["-H", "pax", "-S", "--sparse-version=0.0"],
            &["-H", "pax", "-S", "--sparse-version=0.1"],
            &["-H", "pax", "-S", "--sparse-version=1.0"],
        ] {
            let output = Command::new("tar")
                .args(options)
                .args(["-cf", "-", "-C"])
                .arg(folder.path())
                .args([long.as_str(), "sparse"])
                .output();
            let Ok(output) = output else { return };
            let (mut names, mut bytes) = (Vec::new(), 0u64);
            let mut tar = Tar::new(BOUNDS);
            tar.push(&output.stdout, &mut |item| {
                match item {
                    Item::Entry(entry) => {
                        names.push((String::from_utf8_lossy(&entry.name).into_owned(), entry.size))
                    }
                    Item::Bytes(part) => bytes += part.len() as u64,
                    Item::Hole(len) => bytes += len,
                    _ => {}
                }
                true
            });
            let whole = ("sparse".to_owned(), Some(300_000));
            assert!(names.contains(&whole), "{options:?}: {names:?}");
            // v7 has no room for the long name.
            assert!(options[1] == "v7" || names.contains(&(long.clone(), Some(4))), "{options:?}: {names:?}");
            assert_eq!(bytes, 300_000 + if options[1] == "v7" { 0 } else { 4 }, "{options:?}");
            read += 1;
        }
        assert_eq!(read, 6);
    }

    #[test]
    fn a_header_whose_size_is_no_number_is_passed_over() {
        let mut tar = packed(&[("a", "first"), ("b", "second"), ("c", "third")]);
        // In the middle and at the beginning of a search.
        for at in [1024, 0] {
            let block = &mut tar[at..at + BLOCK];
            block[124..136].copy_from_slice(b"no number  \0");
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        let (items, faults) = told(&tar, 512);
        assert_eq!(items, ["c=third"], "{faults:?}");
    }
}
