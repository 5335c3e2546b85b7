//! `codec`: the decoders of zstd, bzip2 and xz give what was packed, the same for blocks of any size, and no damage is
//! silent.

use std::io::Write;

use bzip2::write::BzEncoder;
use esxray::bundle::codec::decoder;
use esxray::bundle::sniff::Kind;
use lzma_rust2::{CheckType, XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::decoded::Decoded;
use crate::input::Bytes;

const KINDS: [Kind; 3] = [Kind::Zstd, Kind::Bzip2, Kind::Xz];
/// The window that a stream may ask for.
const MEMORY: usize = 16 << 20;
/// Bytes that xz is decoded in at once.
const XZ_SLICE: usize = 512;

/// One input: which compression, what is done, the seed of the block sizes, and bytes that are read as a stream or
/// packed first.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (kind, way, seed) = (*bytes.pick(&KINDS), bytes.below(4), bytes.seed() | 1);
    match way {
        0 => same_in_any_blocks(kind, bytes.rest(), seed),
        1 => comes_out_whole(kind, &mut bytes, seed),
        _ => survives_damage(kind, &mut bytes, seed),
    }
}

/// Inputs that begin a search: each compression as a stream, as a text to be packed, and damaged.
pub fn seeds() -> Vec<Vec<u8>> {
    let text = b"2020-07-01T08:15:30.123Z cpu4:2097705)Vmxnet3: 1: x\n".repeat(3);
    let mut seeds = Vec::new();
    for (index, kind) in KINDS.into_iter().enumerate() {
        let index = index as u8;
        for form in 0..4 {
            seeds.push([&[index, 0, 0, 0, 0, 1], &pack(kind, &text, form)[..]].concat());
            seeds.push([&[index, 1, 0, 0, 0, 7, form, 40, 50, 0], &text[..]].concat());
            seeds.push([&[index, 2, 0, 0, 0, 9, 0, 60 + form, 4, form, 40, 50, 1], &text[..]].concat());
        }
        let twice = [pack(kind, &text, 0), pack(kind, &text, 1), vec![0; 20]].concat();
        seeds.push([&[index, 0, 0, 0, 0, 5], &twice[..]].concat());
    }
    seeds
}

fn unpack(kind: Kind, stream: &[u8], seed: u64) -> Decoded {
    let mut decoder = decoder(kind, MEMORY).expect("a compression");
    Decoded::of(&mut *decoder, stream, seed)
}

/// `text` as one stream, in one of the forms that there are.
fn pack(kind: Kind, text: &[u8], form: u8) -> Vec<u8> {
    match kind {
        Kind::Bzip2 => {
            let mut bz = BzEncoder::new(Vec::new(), bzip2::Compression::new(1 + u32::from(form % 9)));
            bz.write_all(text).expect("a vector takes all");
            bz.finish().expect("a vector takes all")
        }
        Kind::Xz => {
            let mut options = XzOptions::with_preset(u32::from(form % 4));
            options.set_check_sum_type(
                [CheckType::Crc64, CheckType::Crc32, CheckType::Sha256][usize::from(form) % 3],
            );
            let mut xz = XzWriter::new(Vec::new(), options).expect("options that are known");
            xz.write_all(text).expect("a vector takes all");
            xz.finish().expect("a vector takes all")
        }
        _ => {
            let level = if form.is_multiple_of(2) {
                CompressionLevel::Fastest
            } else {
                CompressionLevel::Uncompressed
            };
            compress_to_vec(text, level)
        }
    }
}

/// A text, where the first of the streams that hold it ends, and the streams.
fn packed(kind: Kind, bytes: &mut Bytes<'_>) -> (Vec<u8>, usize, Vec<u8>) {
    let (form, first_len, times, both) = (bytes.byte(), bytes.below(256), 1 + bytes.below(256), bytes.byte());
    let first = bytes.take(first_len).repeat(times);
    let mut stream = pack(kind, &first, form);
    let first_end = stream.len();
    if both.is_multiple_of(2) {
        return (first, first_end, stream);
    }
    let second = bytes.rest();
    stream.extend(pack(kind, second, form.wrapping_add(both >> 1)));
    ([&first, second].concat(), first_end, stream)
}

fn same_in_any_blocks(kind: Kind, stream: &[u8], seed: u64) {
    let (whole, blocks) = (unpack(kind, stream, 0), unpack(kind, stream, seed));
    assert_eq!(whole, blocks, "{kind:?}: the size of the blocks changes what comes out");
}

fn comes_out_whole(kind: Kind, bytes: &mut Bytes<'_>, seed: u64) {
    let (text, _, stream) = packed(kind, bytes);
    unpack(kind, &stream, seed).is_all_of(&text);
}

fn survives_damage(kind: Kind, bytes: &mut Bytes<'_>, seed: u64) {
    let (at, bits) = (bytes.two(), bytes.byte());
    let (text, first_end, mut stream) = packed(kind, bytes);
    let at = at % stream.len();
    let cut = unpack(kind, &stream[..at], seed);
    assert!(text.starts_with(&cut.head), "{kind:?}: what stands before a cut is not what was packed");
    // A cut between two streams cannot be told.
    assert!(!cut.faults.is_empty() || at == 0 || at == first_end, "{kind:?}: a cut at {at} is not told");
    let intact = stream.clone();
    stream[at] ^= bits;
    let out = unpack(kind, &stream, seed);
    // The decoder of xz does not hand out what it made of the last 512 bytes before an error.
    let cut = if kind == Kind::Xz { unpack(kind, &intact[..at / XZ_SLICE * XZ_SLICE], seed) } else { cut };
    assert!(out.before_gap().starts_with(&cut.head), "{kind:?}: what stands before the damage is lost");
    assert!(
        !out.faults.is_empty() || out.head == text,
        "{kind:?}: other bytes come out, and no damage is told"
    );
    same_in_any_blocks(kind, &stream, seed);
}
