//! `gunzip`: the push decoder gives what was packed, the same for blocks of any size, and all that stands before a
//! damage.

use std::io::Write;

use esxray::bundle::gunzip::Gunzip;
use flate2::{Compression, Crc, GzBuilder};

use crate::input::{Bytes, blocks};

/// One input: a choice, the seed of the block sizes, and bytes that are read as gzip or packed first.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (kind, seed) = (bytes.below(4), bytes.seed() | 1);
    match kind {
        0 => same_in_any_blocks(bytes.rest(), seed),
        1 => comes_out_whole(&mut bytes, seed),
        _ => survives_damage(&mut bytes, seed),
    }
}

/// Inputs that begin a search: each way of packing, and streams that are read as they are.
pub fn seeds() -> Vec<Vec<u8>> {
    let text = b"2020-07-01T08:15:30.123Z cpu4:2097705)Vmxnet3: 1: x\n".repeat(3);
    let mut raw = vec![0, 0, 0, 0, 1];
    raw.extend(pack(&text, 6, 0xff));
    let mut twice = raw.clone();
    twice.extend(pack(&text, 0, 0));
    twice.extend([0; 20]);
    let packed = (1..4).flat_map(|kind| {
        let text = text.clone();
        [0x00, 0x37, 0xff].map(|flags| [&[kind, 0, 0, 0, 7, 6, flags, 40, 0, 50, 4], &text[..]].concat())
    });
    packed.chain([raw, twice]).collect()
}

/// What came out, by length and checksum, as an input may expand a thousand times.
#[derive(Debug, PartialEq, Eq)]
struct Unpacked {
    len: u64,
    crc: u32,
    verdict: Option<&'static str>,
}

fn unpack(stream: &[u8], seed: u64, sink: &mut dyn FnMut(&[u8])) -> Option<&'static str> {
    let mut gunzip = Gunzip::default();
    for block in blocks(stream, seed) {
        gunzip.push(block, sink);
    }
    gunzip.finish()
}

fn summary(stream: &[u8], seed: u64) -> Unpacked {
    let (mut len, mut crc) = (0, Crc::new());
    let verdict = unpack(stream, seed, &mut |text| {
        len += text.len() as u64;
        crc.update(text);
    });
    Unpacked { len, crc: crc.sum(), verdict }
}

fn content(stream: &[u8], seed: u64) -> (Vec<u8>, Option<&'static str>) {
    let mut out = Vec::new();
    let verdict = unpack(stream, seed, &mut |text| out.extend_from_slice(text));
    (out, verdict)
}

fn same_in_any_blocks(stream: &[u8], seed: u64) {
    assert_eq!(summary(stream, 0), summary(stream, seed), "the size of the blocks changes what comes out");
}

/// `text` as one gzip member; `flags` choose the optional fields of its header.
fn pack(text: &[u8], level: u32, flags: u8) -> Vec<u8> {
    let mut builder = GzBuilder::new().mtime(u32::from(flags));
    if flags & 1 != 0 {
        builder = builder.filename("vmkernel.0");
    }
    if flags & 2 != 0 {
        builder = builder.comment("c".repeat(usize::from(flags)));
    }
    if flags & 4 != 0 {
        builder = builder.extra(vec![flags; usize::from(flags)]);
    }
    let mut gz = builder.write(Vec::new(), Compression::new(level % 10));
    gz.write_all(text).expect("a vector takes all");
    gz.finish().expect("a vector takes all")
}

/// A text and the stream that holds it, in one or more members.
fn packed(bytes: &mut Bytes<'_>) -> (Vec<u8>, Vec<u8>) {
    let (level, flags) = (u32::from(bytes.byte()), bytes.byte());
    let first_len = bytes.below(1024);
    let times = 1 + bytes.below(64);
    let first = bytes.take(first_len).repeat(times);
    let second = bytes.rest();
    let mut stream = pack(&first, level, flags);
    if flags & 16 != 0 {
        stream.extend(pack(second, level.wrapping_add(5), flags >> 3));
        return ([&first, second].concat(), stream);
    }
    (first, stream)
}

fn comes_out_whole(bytes: &mut Bytes<'_>, seed: u64) {
    let (text, mut stream) = packed(bytes);
    assert_eq!(content(&stream, seed), (text.clone(), None), "a whole stream does not come out whole");
    stream.resize(stream.len() + seed as usize % 1500, 0);
    assert_eq!(content(&stream, seed), (text, None), "zero padding is taken for damage");
}

fn survives_damage(bytes: &mut Bytes<'_>, seed: u64) {
    let (at, bits) = (bytes.two(), bytes.byte());
    let (text, mut stream) = packed(bytes);
    let at = at % stream.len();
    let (before, verdict) = content(&stream[..at], seed);
    assert!(text.starts_with(&before), "what stands before a cut is not what was packed");
    assert!(verdict.is_some() || at == 0 || whole_members(&stream[..at]), "a cut is not told");
    stream[at] ^= bits;
    let (out, verdict) = content(&stream, seed);
    assert!(out.starts_with(&before), "what stands before the damage is lost");
    assert!(verdict.is_some() || out == text, "other bytes come out, and no damage is told");
    same_in_any_blocks(&stream, seed);
}

/// Whether the library reads `stream` to its end without a complaint.
fn whole_members(stream: &[u8]) -> bool {
    std::io::copy(&mut flate2::read::MultiGzDecoder::new(stream), &mut std::io::sink()).is_ok()
}
