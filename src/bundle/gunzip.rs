//! gzip as a push decoder: it takes what has arrived and gives what that decodes to, so that a member can wait for
//! its next block without holding a thread, and everything before a damage is kept.

use flate2::{Crc, Decompress, FlushDecompress, Status};

/// Decodes a gzip stream, multi-member too, that arrives in blocks.
pub struct Gunzip {
    state: State,
    inflate: Decompress,
    crc: Crc,
    held: Vec<u8>,
    out: Vec<u8>,
}

enum State {
    /// Collecting a member header in `held`.
    Header { again: bool },
    /// Inside a deflate stream.
    Body,
    /// Collecting the 8-byte trailer in `held`.
    Trailer,
    /// Nothing more is decoded: what follows is padding, or the stream is damaged.
    Over(Option<&'static str>),
}

/// How much is decoded at once.
const OUT: usize = 128 << 10;
/// A header that is longer than this is none.
const MAX_HEADER: usize = 128 << 10;

impl Default for Gunzip {
    fn default() -> Self {
        Gunzip {
            state: State::Header { again: false },
            inflate: Decompress::new(false),
            crc: Crc::new(),
            held: Vec::new(),
            out: Vec::new(),
        }
    }
}

impl Gunzip {
    /// Takes the next block and gives what it decodes to, in pieces, to `sink`.
    pub fn push(&mut self, mut input: &[u8], sink: &mut dyn FnMut(&[u8])) {
        while !input.is_empty() {
            match self.state {
                State::Header { again } => input = self.header(input, again),
                State::Body => input = self.body(input, sink),
                State::Trailer => input = self.trailer(input),
                State::Over(_) => return,
            }
        }
    }

    /// What was wrong with the stream, now that it is at its end; `None` where it was whole.
    pub fn finish(&self) -> Option<&'static str> {
        match self.state {
            State::Header { again } if again && self.held.iter().all(|&byte| byte == 0) => None,
            State::Over(wrong) => wrong,
            _ => Some("the gzip stream ends early"),
        }
    }

    fn header<'a>(&mut self, input: &'a [u8], again: bool) -> &'a [u8] {
        if self.held.is_empty()
            && let Header::Len(len) = header_len(input)
        {
            self.begin_body();
            return &input[len..];
        }
        let before = self.held.len();
        self.held.extend_from_slice(input);
        match header_len(&self.held) {
            Header::Len(len) => {
                self.begin_body();
                &input[len - before..]
            }
            Header::Short if self.held.len() < MAX_HEADER => &[],
            // Padding behind the last member is common and harmless; anything else there is said.
            _ if again && self.held.iter().all(|&byte| byte == 0) => {
                self.state = State::Over(None);
                &[]
            }
            _ => {
                let wrong =
                    if again { "other data follows the gzip stream" } else { "the gzip header is damaged" };
                self.state = State::Over(Some(wrong));
                &[]
            }
        }
    }

    fn begin_body(&mut self) {
        self.held.clear();
        self.inflate.reset(false);
        self.crc.reset();
        self.state = State::Body;
    }

    fn body<'a>(&mut self, input: &'a [u8], sink: &mut dyn FnMut(&[u8])) -> &'a [u8] {
        self.out.clear();
        self.out.reserve(OUT);
        let before = self.inflate.total_in();
        let status = self.inflate.decompress_vec(input, &mut self.out, FlushDecompress::None);
        let taken = (self.inflate.total_in() - before) as usize;
        if !self.out.is_empty() {
            self.crc.update(&self.out);
            sink(&self.out);
        }
        match status {
            Ok(Status::StreamEnd) => self.state = State::Trailer,
            Ok(_) if taken > 0 || !self.out.is_empty() => {}
            _ => self.state = State::Over(Some("the compressed data is damaged")),
        }
        &input[taken..]
    }

    fn trailer<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let take = (8 - self.held.len()).min(input.len());
        self.held.extend_from_slice(&input[..take]);
        if self.held.len() == 8 {
            let stored = u32::from_le_bytes([self.held[0], self.held[1], self.held[2], self.held[3]]);
            self.held.clear();
            let right = stored == self.crc.sum();
            self.state = if right {
                State::Header { again: true }
            } else {
                State::Over(Some("the checksum does not match"))
            };
        }
        &input[take..]
    }
}

enum Header {
    Len(usize),
    Short,
    Wrong,
}

/// The length of the gzip header (RFC 1952) that `bytes` begin with.
fn header_len(bytes: &[u8]) -> Header {
    let magic = [0x1f, 0x8b, 8];
    let common = bytes.len().min(3);
    if bytes[..common] != magic[..common] {
        return Header::Wrong;
    }
    if bytes.len() < 10 {
        return Header::Short;
    }
    let flags = bytes[3];
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
            .write(Vec::new(), Compression::fast());
        gz.write_all(text).expect("in memory");
        gz.finish().expect("in memory")
    }

    fn unpacked(bytes: &[u8], block: usize) -> (Vec<u8>, Option<&'static str>) {
        let (mut gunzip, mut out) = (Gunzip::default(), Vec::new());
        for block in bytes.chunks(block) {
            gunzip.push(block, &mut |text| out.extend_from_slice(text));
        }
        (out, gunzip.finish())
    }

    fn text() -> Vec<u8> {
        (0..60_000u32)
            .flat_map(|n| format!("line {} of {}\n", n, n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    #[test]
    fn members_cut_into_blocks_of_any_size_are_read_whole() {
        let text = text();
        let mut both = packed(&text[..100_000]);
        both.extend(packed(&text[100_000..]));
        for block in [1, 7, 4096, 1 << 20] {
            assert_eq!(unpacked(&both, block), (text.clone(), None), "block {block}");
        }
        both.extend([0; 700]);
        assert_eq!(unpacked(&both, 512).1, None, "zero padding is harmless");
    }

    #[test]
    fn what_stands_before_a_cut_or_a_flip_is_kept() {
        let (text, whole) = (text(), packed(&text()));
        let cut = unpacked(&whole[..whole.len() / 2], 4096);
        assert!(cut.0.len() > text.len() / 3 && text.starts_with(&cut.0));
        assert_eq!(cut.1, Some("the gzip stream ends early"));
        let mut flipped = whole.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 0xff;
        assert_eq!(unpacked(&flipped, 4096), (text, Some("the checksum does not match")));
        assert_eq!(unpacked(b"\x1f\x8b\x09 nonsense", 4096).1, Some("the gzip header is damaged"));
    }
}
