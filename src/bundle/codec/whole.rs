//! A gzip stream that lies whole in memory, decoded at one go by libdeflate: the cargo feature `native`.
//!
//! It only says yes or no. What it does not take, for whatever reason, is for [`super::Gunzip`] to read from its
//! beginning, so that a damage is told in the same words, at the same byte, with and without the feature.
//!
//! One thing is not told with it: libdeflate allows some tables of codes that RFC 1951 forbids. Where a wrong bit in a
//! block's header makes one of them, and every byte comes out right all the same, as checksum and length prove, the
//! other decoder tells of a damage there.

/// Decodes whole streams into a buffer that is used again and again.
pub struct Whole {
    #[cfg(feature = "native")]
    native: native::Buffers,
}

/// Whether whole streams are decoded at one go in this build.
pub const IS_NATIVE: bool = cfg!(feature = "native");

/// A stream of more bytes is not collected.
pub const MOST_STORED: u64 = 16 << 20;

impl Whole {
    /// Decodes streams that hold no more than `most` bytes.
    pub fn new(most: usize) -> Self {
        #[cfg(feature = "native")]
        return Whole { native: native::Buffers::new(most) };
        #[cfg(not(feature = "native"))]
        {
            let _ = most;
            Whole {}
        }
    }

    /// What `stream` decodes to, where it is one gzip member from its first byte to its last, its checksum and length
    /// are right, and that is not too much; with it, its CRC-32. Else `None`.
    pub fn gunzip(&mut self, stream: &[u8]) -> Option<(&[u8], u32)> {
        #[cfg(feature = "native")]
        return self.native.gunzip(stream);
        #[cfg(not(feature = "native"))]
        {
            let _ = stream;
            None
        }
    }
}

#[cfg(feature = "native")]
mod native {
    use libdeflater::Decompressor;
    use memchr::memmem;

    use crate::bundle::codec::gzip::{Header, header_len};

    /// Checksum and length behind a member (RFC 1952, 2.3.1).
    const TRAILER: usize = 8;
    /// No deflate stream grows more: two bits tell 258 bytes.
    const MOST_RATIO: usize = 1032;
    /// A buffer this small is made at once.
    const STEP: usize = 1 << 20;

    pub(super) struct Buffers {
        most: usize,
        /// Made when it is needed first.
        decoder: Option<Decompressor>,
        out: Vec<u8>,
    }

    impl Buffers {
        pub(super) fn new(most: usize) -> Self {
            Buffers { most, decoder: None, out: Vec::new() }
        }

        pub(super) fn gunzip(&mut self, stream: &[u8]) -> Option<(&[u8], u32)> {
            let (crc, claimed) = self.claimed(stream)?;
            let Buffers { decoder, out, .. } = self;
            if out.len() < claimed {
                // Zeroed once, and used again for all that comes.
                out.resize(claimed.next_multiple_of(STEP), 0);
            }
            let decoder = decoder.get_or_insert_with(Decompressor::new);
            let len = decoder.gzip_decompress(stream, &mut out[..claimed]).ok()?;
            (len == claimed).then(|| (&out[..len], crc))
        }

        /// Bytes of the buffer.
        #[cfg(test)]
        pub(super) fn held(&self) -> usize {
            self.out.len()
        }

        /// The checksum and length that the end of `stream` claims, where that can be and nothing follows the member.
        fn claimed(&self, stream: &[u8]) -> Option<(u32, usize)> {
            let Header::Len(header) = header_len(stream) else { return None };
            let body = stream.get(header..)?;
            let trailer = body.last_chunk::<TRAILER>()?;
            let crc = u32::from_le_bytes(*trailer.first_chunk::<4>()?);
            let claimed = u32::from_le_bytes(*trailer.last_chunk::<4>()?) as usize;
            let can_be = claimed <= self.most && claimed / MOST_RATIO <= body.len();
            // The decoder holds what it gives against the checksum and length behind the member, and does not say where
            // they stand. If this length occurs at the end alone, they stand there.
            let length = &trailer[TRAILER / 2..];
            let ends_there = || memmem::find(body, length) == Some(body.len() - length.len());
            (can_be && ends_there()).then_some((crc, claimed))
        }
    }
}

#[cfg(feature = "native")]
#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn packed(text: &[u8], level: u32) -> Vec<u8> {
        let mut gz = GzBuilder::new().filename("hostd.0").write(Vec::new(), Compression::new(level));
        gz.write_all(text).expect("in memory");
        gz.finish().expect("in memory")
    }

    fn text() -> Vec<u8> {
        (0..30_000u32)
            .flat_map(|n| format!("line {n} of {}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    #[track_caller]
    fn check(stream: &[u8], expected: Option<&[u8]>) {
        let mut whole = Whole::new(4 << 20);
        let sum = |text: &[u8]| {
            let mut crc = flate2::Crc::new();
            crc.update(text);
            crc.sum()
        };
        let expected = expected.map(|text| (text, sum(text)));
        assert_eq!(whole.gunzip(stream), expected);
        // The buffers hold nothing that matters from one to the next.
        let other = packed(b"another", 6);
        assert_eq!(whole.gunzip(&other), Some((&b"another"[..], sum(b"another"))));
        assert_eq!(whole.gunzip(stream), expected);
    }

    #[test]
    fn one_whole_member_is_decoded() {
        let text = text();
        for level in [0, 1, 6, 9] {
            check(&packed(&text, level), Some(&text));
        }
        check(&packed(b"x", 6), Some(b"x"));
    }

    #[test]
    fn what_is_anything_else_is_left_to_the_other_decoder() {
        let (text, whole) = (text(), packed(&text(), 6));
        for at in [0, 1, 2, 3, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x81;
            check(&flipped, None);
        }
        for cut in [0, 5, 18, whole.len() / 2, whole.len() - 1] {
            check(&whole[..cut], None);
        }
        check(&[&whole[..], b"\0"].concat(), None);
        check(&[&whole[..], &packed(b"more", 6)].concat(), None);
        // What follows ends like the member itself: twice the same, and its trailer once more.
        check(&whole.repeat(2), None);
        check(&[&whole[..], &whole[whole.len() - 8..]].concat(), None);
        // What the last bytes claim is true of a first member that is not alone.
        for padding in 0..12 {
            check(&[&packed(b"", 6)[..], &packed(b"more", 6), &vec![0; padding]].concat(), None);
        }
        // Right, and too much.
        assert_eq!(Whole::new(text.len() - 1).gunzip(&whole), None);
        assert_eq!(Whole::new(text.len()).gunzip(&whole).map(|(own, _)| own), Some(&text[..]));
    }

    #[test]
    fn a_length_that_cannot_be_makes_no_buffer() {
        let mut lies = packed(b"short", 6);
        let len = lies.len();
        lies[len - 4..].copy_from_slice(&(1u32 << 30).to_le_bytes());
        let mut whole = Whole::new(2 << 30);
        assert_eq!(whole.gunzip(&lies), None);
        assert_eq!(whole.native.held(), 0);
    }
}
