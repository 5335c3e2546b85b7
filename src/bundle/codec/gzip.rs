//! gzip (RFC 1952): members one behind the other, read on behind a damage.

use std::ops::ControlFlow;

use super::{Decoder, Give, Inflate, Out, Slices, Step, cut, damaged, early, trailing};

/// Decodes a gzip stream, multi-member too, that arrives in blocks.
#[derive(Default)]
pub struct Gunzip {
    state: State,
    slices: Slices,
    inflate: Inflate,
    held: Vec<u8>,
    /// What was held behind a damage, from the place on at which reading goes on.
    again: Vec<u8>,
    /// Compressed bytes taken so far.
    at: u64,
    /// Where the damage was found that is searched behind.
    damage_at: u64,
    /// Whether what is searched stands behind a whole member.
    behind: bool,
    /// Zero bytes at the end of what came in so far.
    zeros: u64,
}

#[derive(Default)]
enum State {
    /// Collecting the first member's header in `held`.
    #[default]
    First,
    /// Collecting the header of a further member, or padding.
    Next,
    /// Inside a deflate stream.
    Body,
    /// Behind a damage in a deflate stream, until a place to go on at is found.
    Lost,
    /// Collecting the 8-byte trailer in `held`.
    Trailer,
    /// Nothing more is decoded: what follows is padding or another thing.
    Over,
}

/// So many zero bytes at the end of a broken stream were not written by who made it.
const MANY_ZEROS: u64 = 512;
/// A header that is longer than this is none.
const MAX_HEADER: usize = 128 << 10;

impl Decoder for Gunzip {
    fn push(&mut self, mut input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        while let Some(slice) = self.slices.next(&mut input) {
            self.slice(&slice, give)?;
        }
        ControlFlow::Continue(())
    }

    fn gap(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let rest = self.slices.rest();
        self.slice(&rest, give)?;
        if matches!(self.state, State::Over) {
            return ControlFlow::Continue(());
        }
        self.lose(false);
        give(Out::Gap)
    }

    fn finish(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let rest = self.slices.rest();
        self.slice(&rest, give)?;
        while matches!(self.state, State::Lost) {
            let step = self.inflate.last_search();
            if !matches!(step, Step::Resumed(_)) {
                break;
            }
            self.resume(step, give)?;
            self.run(&[], give)?;
        }
        let only_padding = self.held.iter().all(|&byte| byte == 0);
        let fault = match self.state {
            State::Over => return ControlFlow::Continue(()),
            State::Next if only_padding => return ControlFlow::Continue(()),
            State::Next => trailing("gzip", self.at - self.held.len() as u64),
            State::Lost if self.behind => trailing("gzip", self.damage_at),
            _ if self.zeros >= MANY_ZEROS => cut(format!(
                "the last {} bytes of the compressed stream are zeros: a broken upload? What stands before was used",
                self.zeros
            )),
            State::Lost => cut(format!(
                "the compressed data is damaged at byte {}; nothing in the {} bytes behind could be decoded",
                self.damage_at,
                self.inflate.skipped()
            )),
            State::First | State::Body | State::Trailer => early("gzip"),
        };
        self.state = State::Over;
        give(Out::Fault(fault))
    }
}

impl Gunzip {
    fn slice(&mut self, input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        self.zeros = match input.iter().rposition(|&byte| byte != 0) {
            Some(last) => (input.len() - 1 - last) as u64,
            None => self.zeros + input.len() as u64,
        };
        self.run(input, give)
    }

    fn run(&mut self, input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        self.feed(input, give)?;
        // Another damage may lie in what was held behind one: any number of them, so this is no recursion.
        while !self.again.is_empty() {
            let again = std::mem::take(&mut self.again);
            // It was counted when it was held.
            self.at -= again.len() as u64;
            self.feed(&again, give)?;
        }
        ControlFlow::Continue(())
    }

    fn feed(&mut self, mut input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        while !input.is_empty() || (matches!(self.state, State::Body) && self.inflate.is_full()) {
            let before = input.len();
            input = match self.state {
                State::First | State::Next => self.header(input, give)?,
                State::Body | State::Lost => self.body(input, give)?,
                State::Trailer => self.trailer(input, give)?,
                State::Over => &[],
            };
            self.at += (before - input.len()) as u64;
        }
        ControlFlow::Continue(())
    }

    /// What comes next is searched for a place to go on at.
    fn lose(&mut self, behind: bool) {
        self.held.clear();
        self.damage_at = self.at;
        self.behind = behind;
        self.state = State::Lost;
        if behind { self.inflate.seek_member() } else { self.inflate.lose() }
    }

    fn header<'a>(&mut self, input: &'a [u8], give: &mut Give<'_>) -> ControlFlow<(), &'a [u8]> {
        let before = self.held.len();
        let found = if before == 0 {
            header_len(input)
        } else {
            self.held.extend_from_slice(input);
            header_len(&self.held)
        };
        match found {
            Header::Len(len) => {
                self.held.clear();
                self.inflate.reset();
                self.state = State::Body;
                ControlFlow::Continue(&input[len - before..])
            }
            Header::Short if self.held.len() < MAX_HEADER => {
                if before == 0 {
                    self.held.extend_from_slice(input);
                }
                ControlFlow::Continue(&[])
            }
            _ => self.no_header(input, before, give),
        }
    }

    /// What stands where a member's header should is none: padding, another thing, or damage.
    fn no_header<'a>(
        &mut self,
        input: &'a [u8],
        before: usize,
        give: &mut Give<'_>,
    ) -> ControlFlow<(), &'a [u8]> {
        if before == 0 {
            self.held.extend_from_slice(input);
        }
        let behind = matches!(self.state, State::Next);
        if behind && self.held.iter().all(|&byte| byte == 0) {
            // Padding behind the last member is common and harmless. Not more is kept than is needed to tell.
            self.held.truncate(1);
            return ControlFlow::Continue(&[]);
        }
        let held = std::mem::take(&mut self.held);
        if !behind {
            give(Out::Fault(damaged("the gzip header is damaged")))?;
            // Where only its first bytes are wrong, the stream begins where it would.
            if let Some(body) = mended(&held) {
                self.inflate.reset();
                self.state = State::Body;
                self.run(&held[body..], give)?;
                return ControlFlow::Continue(&[]);
            }
        }
        self.lose(behind);
        self.damage_at -= before as u64;
        let step = self.inflate.step(&held);
        self.resume(step, give)?;
        ControlFlow::Continue(&[])
    }

    fn body<'a>(&mut self, input: &'a [u8], give: &mut Give<'_>) -> ControlFlow<(), &'a [u8]> {
        let step = self.inflate.step(input);
        if !self.inflate.out().is_empty() {
            give(Out::Bytes(self.inflate.out()))?;
        }
        match step {
            Step::Taken(taken) => ControlFlow::Continue(&input[taken..]),
            Step::End(taken) => {
                self.state = State::Trailer;
                ControlFlow::Continue(&input[taken..])
            }
            Step::Damaged(taken) => {
                self.damage_at = self.at + taken as u64;
                self.behind = false;
                self.state = State::Lost;
                // The rest of the input is held; it may be long enough already.
                let step = self.inflate.step(&[]);
                self.resume(step, give)?;
                ControlFlow::Continue(&[])
            }
            step @ (Step::Resumed(_) | Step::Searching) => {
                self.resume(step, give)?;
                ControlFlow::Continue(&[])
            }
        }
    }

    /// Goes on behind a damage, where a place was found.
    fn resume(&mut self, step: Step, give: &mut Give<'_>) -> ControlFlow<()> {
        let Step::Resumed(skipped) = step else { return ControlFlow::Continue(()) };
        let what =
            if self.behind { "other data follows the gzip stream" } else { "the compressed data is damaged" };
        let text = format!(
            "{what} at byte {}; {skipped} bytes of it were skipped, and reading went on behind",
            self.damage_at
        );
        give(Out::Fault(damaged(text)))?;
        give(Out::Gap)?;
        self.state = State::Body;
        self.again = self.inflate.take_held();
        ControlFlow::Continue(())
    }

    fn trailer<'a>(&mut self, input: &'a [u8], give: &mut Give<'_>) -> ControlFlow<(), &'a [u8]> {
        let take = (8 - self.held.len()).min(input.len());
        self.held.extend_from_slice(&input[..take]);
        if let Some(&[a, b, c, d, ..]) = self.held.first_chunk::<8>() {
            let stored = u32::from_le_bytes([a, b, c, d]);
            self.held.clear();
            self.state = State::Next;
            // Behind a damage the checksum cannot match, and the damage was said.
            if stored != self.inflate.crc() && !self.inflate.is_damaged() {
                let text = "the checksum does not match: some of the bytes before are wrong";
                give(Out::Fault(damaged(text)))?;
            }
        }
        ControlFlow::Continue(&input[take..])
    }
}

/// Where the deflate stream behind a header with wrong first bytes begins, if these are all that is wrong.
fn mended(held: &[u8]) -> Option<usize> {
    let flags = *held.get(3)?;
    let mut header = held[..held.len().min(MAX_HEADER)].to_vec();
    header[..4].copy_from_slice(&[0x1f, 0x8b, 8, flags & 0x1f]);
    match header_len(&header) {
        Header::Len(len) => Some(len),
        _ => None,
    }
}

/// What stands where a gzip header is looked for.
pub(super) enum Header {
    Len(usize),
    Short,
    Wrong,
}

/// The length of the gzip header (RFC 1952) that `bytes` begin with.
pub(super) fn header_len(bytes: &[u8]) -> Header {
    let magic = [0x1f, 0x8b, 8];
    let common = bytes.len().min(3);
    if bytes[..common] != magic[..common] {
        return Header::Wrong;
    }
    if bytes.len() < 10 {
        return Header::Short;
    }
    let flags = bytes[3];
    // The upper bits are reserved and zero.
    if flags & 0xe0 != 0 {
        return Header::Wrong;
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let Some(len) = bytes.get(at..at + 2) else { return Header::Short };
        at += 2 + usize::from(u16::from_le_bytes([len[0], len[1]]));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let Some(end) = bytes.get(at..).and_then(|rest| memchr::memchr(0, rest)) else {
                return Header::Short;
            };
            at += end + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    if bytes.len() < at { Header::Short } else { Header::Len(at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut gz = GzBuilder::new()
            .filename("a.log")
            .comment("c")
            .extra(vec![1, 2, 3])
            .write(Vec::new(), Compression::default());
        gz.write_all(text).expect("in memory");
        gz.finish().expect("in memory")
    }

    fn unpacked(bytes: &[u8], block: usize) -> (Vec<u8>, Vec<String>, usize) {
        let (mut gunzip, mut out, mut faults, mut gaps) = (Gunzip::default(), Vec::new(), Vec::new(), 0);
        let mut give = |given: Out<'_>| {
            match given {
                Out::Bytes(bytes) => out.extend_from_slice(bytes),
                Out::Gap => gaps += 1,
                Out::Fault(fault) => faults.push(fault.text),
            }
            ControlFlow::Continue(())
        };
        for block in bytes.chunks(block) {
            let _ = gunzip.push(block, &mut give);
        }
        let _ = gunzip.finish(&mut give);
        (out, faults, gaps)
    }

    fn text() -> Vec<u8> {
        (0..90_000u32)
            .flat_map(|n| format!("line {} of {}\n", n, n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    #[test]
    fn members_cut_into_blocks_of_any_size_are_read_whole() {
        let text = text();
        let mut both = packed(&text[..100_000]);
        both.extend(packed(&text[100_000..]));
        for block in [1, 7, 4096, 1 << 20] {
            let (out, faults, _) = unpacked(&both, block);
            assert!(out == text && faults.is_empty(), "block {block}: {faults:?}");
        }
        both.extend([0; 700]);
        assert!(unpacked(&both, 512).1.is_empty(), "zero padding is harmless");
        both.extend(b"and more");
        assert!(unpacked(&both, 512).1[0].starts_with("other data follows"));
    }

    #[test]
    fn what_stands_before_a_cut_or_a_flip_is_kept() {
        let (text, whole) = (text(), packed(&text()));
        let cut = unpacked(&whole[..whole.len() / 2], 4096);
        assert!(cut.0.len() > text.len() / 3 && text.starts_with(&cut.0));
        assert_eq!(cut.1, ["the gzip stream ends early"]);
        let mut flipped = whole.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 0xff;
        let (out, faults, _) = unpacked(&flipped, 4096);
        assert!(out == text && faults[0].starts_with("the checksum does not match"), "{faults:?}");
        assert_eq!(unpacked(b"\x1f\x8b\x09 nonsense", 4096).1[0], "the gzip header is damaged");
    }

    /// Garbage that no code makes sense of for long.
    fn spoil(bytes: &mut [u8]) {
        let mut seed = 7u64;
        for byte in bytes {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (seed >> 56) as u8;
        }
    }

    #[test]
    fn reading_goes_on_behind_a_damaged_stretch() {
        let (text, whole) = (text(), packed(&text()));
        for block in [900, 1 << 20] {
            let mut holed = whole.clone();
            let middle = holed.len() / 2;
            spoil(&mut holed[middle..middle + 3000]);
            let (out, faults, gaps) = unpacked(&holed, block);
            assert_eq!(gaps, 1);
            assert!(faults[0].contains("reading went on behind"), "{faults:?}");
            assert!(out.len() > text.len() * 3 / 4, "{} of {}", out.len(), text.len());
            assert!(text.ends_with(&out[out.iter().rposition(|&byte| byte == 0).map_or(0, |at| at + 1)..]));
        }
        let mut zeros = whole[..whole.len() / 2].to_vec();
        zeros.resize(whole.len(), 0);
        assert!(unpacked(&zeros, 4096).1[0].contains("are zeros"));
    }

    #[test]
    fn a_wrong_byte_in_the_first_ones_costs_nothing() {
        let (text, whole) = (text(), packed(&text()));
        for at in [0, 1, 2] {
            let mut wrong = whole.clone();
            wrong[at] ^= 0x10;
            let (out, faults, gaps) = unpacked(&wrong, 4096);
            assert!(out == text && gaps == 0, "byte {at}: {} {faults:?}", out.len());
            assert_eq!(faults, ["the gzip header is damaged"]);
        }
    }

    #[test]
    fn the_next_member_is_found_behind_a_damaged_one() {
        let text = text();
        let mut both = packed(&text[..400_000]);
        let first = both.len();
        both.extend(packed(&text[400_000..]));
        spoil(&mut both[first - 2000..first + 10]);
        let (out, faults, _) = unpacked(&both, 4096);
        assert!(!faults.is_empty());
        assert!(out.len() > text.len() - 100_000, "{} of {}: {faults:?}", out.len(), text.len());
    }

    #[test]
    fn a_damaged_stream_gives_the_same_in_blocks_of_any_size() {
        let mut bytes = packed(&text());
        for part in 1..4 {
            let at = bytes.len() * part / 4;
            spoil(&mut bytes[at..at + 300]);
        }
        bytes.extend(b"and more");
        let whole = unpacked(&bytes, usize::MAX);
        assert!(whole.2 > 0, "{} {:?} of {}", whole.0.len(), whole.1, bytes.len());
        for block in [7, 1000, 32 << 10, 100_000] {
            assert!(unpacked(&bytes, block) == whole, "in {block}");
        }
    }

    #[test]
    fn any_number_of_damages_close_to_each_other_goes_no_deeper() {
        let mut member = packed(&[b'x'; 100]);
        member.extend(b"??");
        let bytes = member.repeat(3000);
        let read = std::thread::Builder::new().stack_size(256 << 10).spawn(move || unpacked(&bytes, 1 << 20));
        let (out, _, gaps) = read.expect("started").join().expect("no overflow");
        assert!(out == [b'x'; 300_000] && gaps == 2999, "{} bytes, {gaps} gaps", out.len());
    }
}
