//! Compressions as push decoders: they take what has arrived and give what that decodes to, so that a stream can wait
//! for its next block without holding a thread, and everything before and behind a damage is kept.
//!
//! What the decoded bytes are is not looked at here.

mod bzip2;
mod crc;
mod gzip;
mod inflate;
mod nested;
mod resync;
mod slices;
mod whole;
mod xz;
mod zstd;

use std::ops::ControlFlow;

pub use crc::Crc;
pub use gzip::Gunzip;
pub(super) use inflate::{Inflate, Step};
pub(super) use slices::Slices;
pub use whole::{IS_NATIVE, MOST_STORED, Whole};

use super::Damage;
use super::sniff::{self, Kind};
use crate::model::ProblemKind;

/// What a decoder gives.
#[derive(Debug)]
pub enum Out<'a> {
    /// Decoded bytes, in order.
    Bytes(&'a [u8]),
    /// An unknown number of decoded bytes is missing here. In what follows, bytes that only the missing ones would tell
    /// are zero.
    Gap,
    /// What was wrong with the compressed stream.
    Fault(Damage),
}

/// Takes what a decoder gives; `Break` ends the decoding for good.
pub type Give<'a> = dyn FnMut(Out<'_>) -> ControlFlow<()> + 'a;

/// Decodes a stream that arrives in blocks.
pub trait Decoder: Send {
    /// Takes the next bytes and gives what they decode to.
    fn push(&mut self, input: &[u8], give: &mut Give<'_>) -> ControlFlow<()>;

    /// An unknown number of compressed bytes is missing before what comes next.
    fn gap(&mut self, give: &mut Give<'_>) -> ControlFlow<()>;

    /// The stream is at its end: gives what is left, and what was wrong.
    fn finish(&mut self, give: &mut Give<'_>) -> ControlFlow<()>;
}

/// The decoder for `kind`, or `None` where that is no compression. `memory` bounds the window that a stream may ask
/// for, in bytes.
pub fn decoder(kind: Kind, memory: usize) -> Option<Box<dyn Decoder>> {
    Some(match kind {
        Kind::Gzip => Box::<Gunzip>::default(),
        Kind::Zstd => Box::new(zstd::Zstd::new(memory)),
        Kind::Bzip2 => Box::<bzip2::Bunzip>::default(),
        Kind::Xz => Box::new(xz::Xz::new(memory)),
        _ => return None,
    })
}

/// The decoder for a file of `kind` that is no archive, and for what somebody compressed again; else as [`decoder`].
pub fn file_decoder(kind: Kind, memory: usize) -> Option<Box<dyn Decoder>> {
    Some(Box::new(nested::Nested::new(decoder(kind, memory)?, memory, 1)))
}

/// What is told of a file of which `head`, its first bytes, shows that it is not read.
pub fn refusal(head: &[u8]) -> Option<Damage> {
    if let Some(scheme) = sniff::encrypted(head) {
        return Some(Damage { kind: ProblemKind::Encrypted, text: scheme.told().to_owned() });
    }
    let what = match sniff::sniff(head) {
        Kind::Zip => "zip",
        Kind::Tar => "tar",
        _ => return None,
    };
    let text = format!("it is a {what} archive in place of a file, which is not read");
    Some(Damage { kind: ProblemKind::Unreadable, text })
}

/// Whether `text`, all that a compressed file decodes to, is read as it is: it is not compressed again, and nothing that
/// is refused.
pub fn is_plain(text: &[u8]) -> bool {
    // A decoder gives its first bytes in one piece or another; either way they tell the same.
    [sniff::WANTED, OUT].iter().map(|&len| &text[..text.len().min(len)]).all(|head| {
        refusal(head).is_none() && matches!(sniff::sniff(head), Kind::Other | Kind::Zeros | Kind::Empty)
    })
}

/// How much is decoded at once.
pub const OUT: usize = 128 << 10;

fn early(what: &str) -> Damage {
    Damage { kind: ProblemKind::Truncated, text: format!("the {what} stream ends early") }
}

/// Told where nothing more can be read.
fn cut(text: String) -> Damage {
    Damage { kind: ProblemKind::Truncated, text }
}

fn damaged(text: impl Into<String>) -> Damage {
    Damage { kind: ProblemKind::Damaged, text: text.into() }
}

/// Told where nothing behind a damage can be decoded: for who reads it, the stream ends there.
fn lost(what: &str, at: u64) -> Damage {
    cut(format!(
        "the {what} data is damaged at byte {at} of the compressed stream; what stands before was used, what stands \
         behind cannot be decoded"
    ))
}

/// Told where bytes follow a whole stream.
fn trailing(what: &str, at: u64) -> Damage {
    damaged(format!("other data follows the {what} stream at byte {at}; it was left out"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn text() -> Vec<u8> {
        (0..40_000u32)
            .flat_map(|n| format!("line {n} of {}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    /// Packed with writers that share no code with the decoders, where there is one.
    fn packed(kind: Kind, text: &[u8]) -> Vec<u8> {
        match kind {
            Kind::Gzip => {
                let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                gz.write_all(text).expect("in memory");
                gz.finish().expect("in memory")
            }
            Kind::Bzip2 => {
                let mut bz = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
                bz.write_all(text).expect("in memory");
                bz.finish().expect("in memory")
            }
            Kind::Zstd => {
                ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
            }
            _ => {
                let options = lzma_rust2::XzOptions::with_preset(1);
                let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
                xz.write_all(text).expect("in memory");
                xz.finish().expect("in memory")
            }
        }
    }

    fn unpacked(kind: Kind, bytes: &[u8], block: usize) -> (Vec<u8>, Vec<ProblemKind>) {
        let mut decoder = decoder(kind, 64 << 20).expect("a compression");
        let (mut out, mut faults) = (Vec::new(), Vec::new());
        let mut give = |given: Out<'_>| {
            match given {
                Out::Bytes(bytes) => out.extend_from_slice(bytes),
                Out::Gap => {}
                Out::Fault(fault) => faults.push(fault.kind),
            }
            ControlFlow::Continue(())
        };
        for block in bytes.chunks(block) {
            let _ = decoder.push(block, &mut give);
        }
        let _ = decoder.finish(&mut give);
        (out, faults)
    }

    const ALL: [Kind; 4] = [Kind::Gzip, Kind::Zstd, Kind::Bzip2, Kind::Xz];

    #[test]
    fn every_compression_is_read_in_blocks_of_any_size_and_streams_behind_each_other_are_one() {
        let text = text();
        for kind in ALL {
            let mut both = packed(kind, &text[..300_000]);
            both.extend(packed(kind, &text[300_000..]));
            for block in [1, 1000, 1 << 20] {
                let (out, faults) = unpacked(kind, &both, block);
                assert!(out == text && faults.is_empty(), "{kind:?} in {block}: {} {faults:?}", out.len());
            }
        }
    }

    #[test]
    fn a_file_that_was_compressed_again_and_again_is_read() {
        let text = text();
        for again in 0..4 {
            let mut packed = packed(Kind::Gzip, &text);
            for kind in [Kind::Gzip, Kind::Xz, Kind::Bzip2].into_iter().take(again) {
                packed = super::tests::packed(kind, &packed);
            }
            let mut decoder = file_decoder(sniff::sniff(&packed), 64 << 20).expect("a compression");
            let (mut out, mut faults) = (Vec::new(), 0);
            let mut give = |given: Out<'_>| {
                match given {
                    Out::Bytes(bytes) => out.extend_from_slice(bytes),
                    Out::Gap | Out::Fault(_) => faults += 1,
                }
                ControlFlow::Continue(())
            };
            for block in packed.chunks(777) {
                let _ = decoder.push(block, &mut give);
            }
            let _ = decoder.finish(&mut give);
            assert!(out == text && faults == 0, "{again} times again: {} bytes, {faults} faults", out.len());
        }
    }

    #[test]
    fn a_cut_keeps_what_stands_before_and_a_flip_is_never_silent() {
        let text = text();
        for kind in ALL {
            let whole = packed(kind, &text);
            let (out, faults) = unpacked(kind, &whole[..whole.len() * 2 / 3], 4096);
            assert!(text.starts_with(&out), "{kind:?}");
            assert!(out.len() > text.len() / 4, "{kind:?}: {} of {}", out.len(), text.len());
            assert_eq!(faults, [ProblemKind::Truncated], "{kind:?}");
            for at in [whole.len() / 3, whole.len() / 2, whole.len() - 3] {
                let mut flipped = whole.clone();
                flipped[at] ^= 0x55;
                let (out, faults) = unpacked(kind, &flipped, 4096);
                assert!(!faults.is_empty() || out == text, "{kind:?} flipped at {at} of {}", whole.len());
            }
        }
    }

    #[test]
    fn what_was_decoded_before_a_damage_is_given() {
        let text = text();
        for (kind, most) in [(Kind::Zstd, 300_000), (Kind::Xz, 60_000)] {
            let mut whole = packed(kind, &text);
            let at = whole.len() * 2 / 3;
            let (cut, _) = unpacked(kind, &whole[..at], 4096);
            whole[at..at + 100].fill(0xff);
            let (out, _) = unpacked(kind, &whole, 4096);
            let same = out.iter().zip(&text).take_while(|(own, real)| own == real).count();
            assert!(same + most >= cut.len(), "{kind:?}: {same} of {}", cut.len());
            assert!(cut.len() + 300_000 > text.len() * 2 / 3, "{kind:?}: {} of {}", cut.len(), text.len());
        }
    }

    #[test]
    fn padding_is_harmless_and_what_follows_it_is_told() {
        for kind in ALL {
            // Padding of xz comes in fours.
            let mut bytes = [packed(kind, b"a text"), vec![0; 4000]].concat();
            for block in [1, 1000, 1 << 20] {
                let (out, faults) = unpacked(kind, &bytes, block);
                assert!(out == b"a text" && faults.is_empty(), "{kind:?} in {block}: {faults:?}");
            }
            bytes.extend(b"and other data");
            for block in [1, 1000, 1 << 20] {
                assert_eq!(unpacked(kind, &bytes, block).1.len(), 1, "{kind:?} in {block}");
            }
        }
    }
}
