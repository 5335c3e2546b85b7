//! Where a damaged deflate stream can be read on: the next block whose header, and what follows it, decodes.
//!
//! Two kinds of blocks tell themselves apart from chance: stored ones by their length and its complement, dynamic ones
//! by complete Huffman codes (RFC 1951, 3.2). A place counts when all that is held behind it decodes. What it refers
//! to before the damage is not known and comes out as zero bytes.

use flate2::{Decompress, FlushDecompress, Status};

use super::gzip::{Header, header_len};

/// Bytes behind a place that have to decode for it to count: longer than any stored block, with some to spare.
const PROOF: usize = 80 << 10;
/// Bytes behind a damage in which dynamic blocks are looked for; they stand at any bit, which is slow to search.
const BIT_SEARCH: u64 = 8 << 20;
/// Decoded bytes behind a place that are proof enough: a few bytes may decode to a thousand times as many.
const MOST_DECODED: usize = 1 << 20;
/// Decoded bytes that prove a block, and a member, whose header proves some of it.
const LEAST_DECODED: usize = 1024;
const LEAST_OF_MEMBER: usize = 64;
/// What trying places in vain may cost, in decoded bytes, for each byte that is searched; an input may look like the
/// beginning of a block everywhere.
const COST: usize = 64;
/// What it may cost beyond that.
const CREDIT: usize = 256 << 10;
/// How far back a deflate stream may refer.
const WINDOW: usize = 32 << 10;

/// A search behind a damage.
#[derive(Default)]
pub(super) struct Resync {
    held: Vec<u8>,
    /// The next bit of `held` to look at.
    bit: usize,
    /// Bytes before `held` that were given up.
    dropped: u64,
    /// Whether a whole gzip member may begin here too. Inside a stream that is not so: one that lies in it, uncompressed,
    /// would be taken for the stream itself.
    members: bool,
    /// What trying places in vain has cost, less what the bytes passed since may cost.
    debt: usize,
}

/// A place to go on at.
pub(super) struct Found {
    /// Set up so that the rest of `held` can be pushed.
    pub decoder: Decompress,
    /// Compressed bytes between the damage and the place.
    pub skipped: u64,
}

impl Resync {
    pub(super) fn extend(&mut self, input: &[u8]) {
        self.held.extend_from_slice(input);
    }

    pub(super) fn seek_members(&mut self) {
        self.members = true;
    }

    pub(super) fn skipped(&self) -> u64 {
        self.dropped + self.held.len() as u64
    }

    pub(super) fn into_held(self) -> Vec<u8> {
        self.held
    }

    /// What a search has cost that goes on behind the next damage.
    pub(super) fn debt(&self) -> usize {
        self.debt
    }

    /// A search in a stream in which others have cost `debt`.
    pub(super) fn with_debt(debt: usize) -> Self {
        Resync { debt, ..Resync::default() }
    }

    /// Looks for a place in what is held; at the end of the input all of it is searched.
    pub(super) fn search(&mut self, at_end: bool) -> Option<Found> {
        let end = self.held.len().saturating_sub(if at_end { 4 } else { PROOF }) * 8;
        while self.bit < end {
            if self.debt <= CREDIT
                && let Some((decoder, taken)) = self.at(self.bit, at_end)
            {
                let byte = self.bit / 8;
                self.held.drain(..byte + taken);
                return Some(Found { decoder, skipped: self.dropped + byte as u64 });
            }
            let next = self.next_bit();
            self.debt = self.debt.saturating_sub((next / 8 - self.bit / 8) * COST);
            self.bit = next;
        }
        let done = (self.bit / 8).min(self.held.len());
        self.held.drain(..done);
        self.dropped += done as u64;
        self.bit -= done * 8;
        None
    }

    /// The next bit that is worth a look.
    fn next_bit(&self) -> usize {
        let byte = self.bit / 8;
        // No block begins in a run of zeros that is longer than a header.
        if self.bit.is_multiple_of(8) && self.held[byte..].starts_with(&[0; 64]) {
            return (byte + 32) * 8;
        }
        if self.dropped + byte as u64 >= BIT_SEARCH { (byte + 1) * 8 } else { self.bit + 1 }
    }

    /// A decoder that goes on at `bit`, where a block or member begins there; with it, how many bytes it was given or
    /// needs not.
    fn at(&mut self, bit: usize, at_end: bool) -> Option<(Decompress, usize)> {
        let byte = bit / 8;
        if bit.is_multiple_of(8) {
            if is_stored(&self.held[byte..]) && self.proves(primed(0, &[0])?, byte, at_end, LEAST_DECODED) {
                // A byte that says "stored" stands before the length.
                return Some((primed(0, &[0])?, 0));
            }
            if let Some(len) = self.member(byte)
                && self.proves(Decompress::new(false), byte + len, at_end, LEAST_OF_MEMBER)
            {
                return Some((Decompress::new(false), len));
            }
        }
        let looks_dynamic = bits(&self.held, bit + 1, 2)? == 2 && is_dynamic(&self.held, bit)?;
        if !looks_dynamic {
            return None;
        }
        let first = [self.held[byte] & (0xff << (bit % 8))];
        let decoder = primed(bit % 8, &first)?;
        self.proves(decoder, byte + 1, at_end, LEAST_DECODED)
            .then(|| primed(bit % 8, &first))
            .flatten()
            .map(|decoder| (decoder, 1))
    }

    /// The length of the gzip header at `byte`, where one is looked for and stands there.
    fn member(&self, byte: usize) -> Option<usize> {
        match header_len(&self.held[byte..]) {
            Header::Len(len) if self.members => Some(len),
            _ => None,
        }
    }

    /// Whether what is held from `byte` on decodes as far as it goes.
    fn proves(&mut self, decoder: Decompress, byte: usize, at_end: bool, least: usize) -> bool {
        let (proved, decoded) = self.decodes(decoder, byte, at_end, least);
        if !proved {
            // To set up a decoder costs a window.
            self.debt += WINDOW + decoded;
        }
        proved
    }

    /// Whether what is held from `byte` on decodes as far as it goes, and to how many bytes.
    fn decodes(&self, mut decoder: Decompress, byte: usize, at_end: bool, least: usize) -> (bool, usize) {
        let mut input = &self.held[byte..];
        if !at_end {
            input = &input[..input.len().min(PROOF)];
        }
        let mut out = Vec::with_capacity(64 << 10);
        let mut decoded = 0;
        loop {
            out.clear();
            let before = decoder.total_in();
            let status = decoder.decompress_vec(input, &mut out, FlushDecompress::None);
            let taken = (decoder.total_in() - before) as usize;
            decoded += out.len();
            input = &input[taken..];
            match status {
                // The end of the stream: a checksum follows, and not much else in one that was cut.
                Ok(Status::StreamEnd) => return (decoded >= least, decoded),
                Ok(_) if taken > 0 || !out.is_empty() => {}
                Ok(_) | Err(_) => {
                    return (input.is_empty() && status.is_ok() && decoded >= least, decoded);
                }
            }
            if (input.is_empty() && out.len() < out.capacity()) || decoded >= MOST_DECODED {
                return (decoded >= least, decoded);
            }
        }
    }
}

/// Whether `bytes` begin with the length of a stored block and its complement, behind padding that can be one's.
fn is_stored(bytes: &[u8]) -> bool {
    let Some(&[a, b, c, d]) = bytes.first_chunk::<4>() else { return false };
    a == !c && b == !d
}

/// The `count` bits of `bytes` at `bit`, the first the lowest; `None` behind the end.
fn bits(bytes: &[u8], bit: usize, count: usize) -> Option<usize> {
    // No field of a header has more than 7 bits: two bytes hold it wherever it begins.
    let word = match bytes.get(bit / 8..)? {
        [low, high, ..] => usize::from(*low) | usize::from(*high) << 8,
        [low] => usize::from(*low),
        [] => 0,
    };
    (bit + count <= bytes.len() * 8).then(|| word >> (bit % 8) & ((1 << count) - 1))
}

/// Whether the header of a dynamic block stands at `bit`: its three codes are complete. `None` behind the end.
fn is_dynamic(bytes: &[u8], bit: usize) -> Option<bool> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits(bytes, bit + 3, 5)? + 257;
    let distances = bits(bytes, bit + 8, 5)? + 1;
    let count = bits(bytes, bit + 13, 4)? + 4;
    if literals > 286 || distances > 30 {
        return Some(false);
    }
    let mut at = bit + 17;
    let mut lengths = [0u8; 19];
    for &symbol in &ORDER[..count] {
        lengths[symbol] = bits(bytes, at, 3)? as u8;
        at += 3;
    }
    if !is_complete(&lengths, 7) {
        return Some(false);
    }
    let Some(all) = code_lengths(bytes, at, &lengths, literals + distances)? else { return Some(false) };
    let (literal, distance) = all.split_at(literals);
    let few_distances = distance.iter().filter(|&&length| length > 0).count() <= 1;
    Some(literal[256] > 0 && is_complete(literal, 15) && (few_distances || is_complete(distance, 15)))
}

/// Whether a code of these lengths uses up all its bit strings.
fn is_complete(lengths: &[u8], longest: u32) -> bool {
    let used: u32 =
        lengths.iter().filter(|&&length| length > 0).map(|&length| 1 << (longest - u32::from(length))).sum();
    used == 1 << longest
}

/// Reads `count` code lengths, themselves coded; `None` inside where they contradict themselves, outside behind the end.
fn code_lengths(bytes: &[u8], mut at: usize, coded: &[u8; 19], count: usize) -> Option<Option<Vec<u8>>> {
    let mut all: Vec<u8> = Vec::with_capacity(count);
    let symbols = symbols(coded);
    while all.len() < count {
        let Some((symbol, taken)) = symbols[bits(bytes, at, 7)?] else { return Some(None) };
        at += taken;
        let (value, extra, base) = match symbol {
            16 => match all.last() {
                Some(&last) => (last, 2, 3),
                None => return Some(None),
            },
            17 => (0, 3, 3),
            18 => (0, 7, 11),
            length => (length, 0, 1),
        };
        let repeat = bits(bytes, at, extra)? + base;
        at += extra;
        all.resize(all.len() + repeat, value);
    }
    Some((all.len() == count).then_some(all))
}

/// For each seven bits, the symbol of a canonical code (RFC 1951, 3.2.2) that they begin with, and its length.
fn symbols(lengths: &[u8; 19]) -> [Option<(u8, usize)>; 128] {
    let mut table = [None; 128];
    let mut code = 0usize;
    for length in 1..=7usize {
        for symbol in (0..19u8).filter(|&symbol| usize::from(lengths[usize::from(symbol)]) == length) {
            // The highest bit of a code comes first, the lowest of the input.
            let first = (0..length).fold(0, |bits, place| bits | (code >> (length - 1 - place) & 1) << place);
            (first..128).step_by(1 << length).for_each(|bits| table[bits] = Some((symbol, length)));
            code += 1;
        }
        code <<= 1;
    }
    table
}

/// A decoder whose window is full of zeros and whose next bit is bit `bit` of `first`, the lower ones being left out.
///
/// Deflate streams begin at a whole byte, so empty blocks that are together `bit` bits longer than whole bytes stand
/// before: fixed ones have 10 bits, and a dynamic one with only the end of block has 95.
fn primed(bit: usize, first: &[u8; 1]) -> Option<Decompress> {
    let mut prefix = Bits::default();
    prefix.push(0, 8);
    prefix.push(WINDOW, 16);
    prefix.push(!WINDOW & 0xffff, 16);
    prefix.bytes.resize(prefix.bytes.len() + WINDOW, 0);
    if bit % 2 == 1 {
        prefix.empty_dynamic();
    }
    let rest = (bit + 8 - prefix.bit) % 8;
    for _ in 0..rest / 2 {
        prefix.push(2, 10);
    }
    debug_assert_eq!(prefix.bit, bit, "the filler ends where the data begins");
    if bit > 0 {
        *prefix.bytes.last_mut()? |= first[0];
    } else {
        prefix.bytes.push(first[0]);
    }
    let mut decoder = Decompress::new(false);
    let mut out = Vec::with_capacity(WINDOW + 1024);
    decoder.decompress_vec(&prefix.bytes, &mut out, FlushDecompress::None).ok()?;
    (decoder.total_in() == prefix.bytes.len() as u64).then_some(decoder)
}

/// Bits in the order of deflate.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits used of the last byte; 0 when it is full.
    bit: usize,
}

impl Bits {
    /// Appends the lowest `count` bits of `value`, the lowest first.
    fn push(&mut self, value: usize, count: usize) {
        for place in 0..count {
            if self.bit == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> place & 1) as u8) << self.bit;
            }
            self.bit = (self.bit + 1) % 8;
        }
    }

    /// A dynamic block that holds nothing: 95 bits.
    fn empty_dynamic(&mut self) {
        // Not the last; dynamic; 257 literal codes, 1 distance code, 19 code lengths.
        self.push(0, 1);
        self.push(2, 2);
        self.push(0, 5);
        self.push(0, 5);
        self.push(15, 4);
        // In their order: a run of zeros (18) has one bit, the lengths 0 and 1 have two.
        for place in 0..19 {
            self.push(
                match place {
                    2 => 1,
                    3 | 17 => 2,
                    _ => 0,
                },
                3,
            );
        }
        // 138 + 118 zeros, then length 1 for the end of block, and no distance. Codes stand with their highest bit first.
        for run in [138, 118] {
            self.push(0, 1);
            self.push(run - 11, 7);
        }
        self.push(0b11, 2);
        self.push(0b01, 2);
        // The end of block.
        self.push(0, 1);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    fn packed(text: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(text).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn lines(count: u32) -> Vec<u8> {
        (0..count).flat_map(|n| format!("{n} of {}\n", n.wrapping_mul(2_654_435_761)).into_bytes()).collect()
    }

    #[test]
    fn a_decoder_can_begin_at_any_bit() {
        for bit in 0..8 {
            // Empty fixed blocks behind the first bits, as many as fill whole bytes with them.
            let decoder = primed(bit, &[0]);
            assert!(decoder.is_some(), "bit {bit}");
        }
    }

    /// What is read on behind `from` of a compressed text.
    fn read_on(packed: &[u8], from: usize) -> Vec<u8> {
        let mut resync = Resync::default();
        resync.extend(&packed[from..]);
        let Some(mut found) = resync.search(false).or_else(|| resync.search(true)) else { return Vec::new() };
        let held = resync.into_held();
        let (mut all, mut input) = (Vec::new(), &held[..]);
        loop {
            let mut out = Vec::with_capacity(64 << 10);
            let before = found.decoder.total_in();
            let status = found.decoder.decompress_vec(input, &mut out, FlushDecompress::None);
            input = &input[(found.decoder.total_in() - before) as usize..];
            all.extend_from_slice(&out);
            if !matches!(status, Ok(Status::Ok)) || (input.is_empty() && out.is_empty()) {
                return all;
            }
        }
    }

    #[test]
    fn behind_any_place_of_compressed_text_the_rest_is_found() {
        let text = lines(120_000);
        let packed = packed(&text, 6);
        let mut known_total = 0;
        for part in 1..12 {
            let from = packed.len() * part / 12;
            let out = read_on(&packed, from);
            assert!(out.len() + 80_000 > text.len() * (12 - part) / 12, "from {part}/12: {}", out.len());
            // Byte for byte the end of the text, but for what only the missing part would tell.
            let tail = &text[text.len() - out.len()..];
            let wrong = out.iter().zip(tail).filter(|(own, real)| own != real && **own != 0).count();
            assert_eq!(wrong, 0, "from {part}/12");
            known_total += out.iter().filter(|&&byte| byte != 0).count();
        }
        assert!(known_total > 0);
    }

    #[test]
    fn behind_any_place_of_stored_data_the_rest_is_whole() {
        let mut seed = 1u64;
        let noise: Vec<u8> = (0..600_000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56) as u8
            })
            .collect();
        let packed = packed(&noise, 6);
        for part in 1..10 {
            let from = packed.len() * part / 10;
            let out = read_on(&packed, from);
            assert!(noise.ends_with(&out), "from {part}/10");
            assert!(out.len() + 70_000 > noise.len() * (10 - part) / 10, "from {part}/10: {}", out.len());
        }
    }
}
