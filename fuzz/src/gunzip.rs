//! `gunzip`: the push decoder gives what was packed, the same for blocks of any size, and all that stands before a
//! damage. What it gives behind one is only held to be the same in any blocks: bytes that cannot be known are zero there.
//! What the decoder of the feature `native` takes is what this one gives.

use std::io::Write;

use esxray::bundle::codec::{Gunzip, Whole};
use flate2::{Compression, GzBuilder};

use crate::decoded::{self, Decoded};
use crate::input::Bytes;

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
    // Behind an empty member and another one some padding: the last bytes claim what is true of the first.
    let mut padded = vec![0, 0, 0, 0, 1];
    padded.extend([pack(b"", 6, 0), pack(&text, 6, 0), vec![0; 3]].concat());
    let packed = (1..4).flat_map(|kind| {
        let text = text.clone();
        [0x00, 0x37, 0xff].map(|flags| [&[kind, 0, 0, 0, 7, 6, flags, 40, 0, 50, 4], &text[..]].concat())
    });
    packed.chain([raw, twice, padded]).collect()
}

fn unpack(stream: &[u8], seed: u64) -> Decoded {
    let decoded = Decoded::of(&mut Gunzip::default(), stream, seed);
    // In a build without the feature it takes nothing.
    if let Some((text, _)) = Whole::new(decoded::KEPT).gunzip(stream) {
        agrees(&decoded, text);
    }
    decoded
}

/// Holds that nothing is wrong with a stream that was decoded at one go to `text`, but for tables of codes that RFC 1951
/// forbids and on which no byte depends: the decoder in C allows some of them.
fn agrees(decoded: &Decoded, text: &[u8]) {
    match decoded.faults.first() {
        Some(fault) if fault.starts_with("the compressed data is damaged") => {
            assert!(text.starts_with(decoded.before_gap()), "other bytes come out at one go: {decoded:?}");
        }
        _ => decoded.is_all_of(text),
    }
}

fn same_in_any_blocks(stream: &[u8], seed: u64) {
    let (whole, blocks) = (unpack(stream, 0), unpack(stream, seed));
    assert_eq!(whole, blocks, "the size of the blocks changes what comes out");
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
    unpack(&stream, seed).is_all_of(&text);
    // Zero padding is no damage.
    stream.resize(stream.len() + seed as usize % 1500, 0);
    unpack(&stream, seed).is_all_of(&text);
}

fn survives_damage(bytes: &mut Bytes<'_>, seed: u64) {
    let (at, bits) = (bytes.two(), bytes.byte());
    let (text, mut stream) = packed(bytes);
    let at = at % stream.len();
    let cut = unpack(&stream[..at], seed);
    assert!(
        cut.gaps.is_empty() && text.starts_with(&cut.head),
        "what stands before a cut is not what was packed"
    );
    assert!(!cut.faults.is_empty() || at == 0 || whole_members(&stream[..at]), "a cut is not told");
    stream[at] ^= bits;
    let out = unpack(&stream, seed);
    assert!(out.before_gap().starts_with(&cut.head), "what stands before the damage is lost");
    assert!(!out.faults.is_empty() || out.head == text, "other bytes come out, and no damage is told");
    assert!(out.gaps.is_empty() || !out.faults.is_empty(), "a gap without a fault");
    same_in_any_blocks(&stream, seed);
    // What ends like the whole stream, and is more.
    let end = stream.len() - 8;
    stream.extend_from_within(at.min(end)..);
    same_in_any_blocks(&stream, seed);
}

/// Whether the library reads `stream` to its end without a complaint.
fn whole_members(stream: &[u8]) -> bool {
    std::io::copy(&mut flate2::read::MultiGzDecoder::new(stream), &mut std::io::sink()).is_ok()
}
