//! zstd (RFC 8878): frames one behind the other, block by block.

use std::ops::ControlFlow;

use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::FrameDecoderError;

use super::{Decoder, Give, OUT, Out, damaged, early, lost, trailing};
use crate::bundle::Damage;
use crate::model::ProblemKind;

/// Decodes a zstd stream that arrives in blocks.
pub(super) struct Zstd {
    inner: FrameDecoder,
    state: State,
    held: Vec<u8>,
    out: Vec<u8>,
    at: u64,
    memory: usize,
    frames: u64,
    /// Whether the frame ends with a checksum.
    has_checksum: bool,
}

enum State {
    /// A frame's header is awaited.
    Frame,
    /// A block of a frame is awaited.
    Block,
    /// So many bytes of a skippable frame are passed over.
    Skip(u64),
    /// Nothing more is decoded.
    Over,
}

/// What the bytes held are good for.
enum Need {
    More,
    /// So many bytes were used.
    Used(usize),
    Fault(Damage),
}

impl Zstd {
    pub(super) fn new(memory: usize) -> Self {
        let mut inner = FrameDecoder::new();
        inner.set_max_window_size(memory as u64);
        Zstd {
            inner,
            state: State::Frame,
            held: Vec::new(),
            out: vec![0; OUT],
            at: 0,
            memory,
            frames: 0,
            has_checksum: false,
        }
    }

    fn step(&mut self, held: &[u8], give: &mut Give<'_>) -> ControlFlow<(), Need> {
        ControlFlow::Continue(match self.state {
            State::Frame => self.frame(held),
            State::Block => return self.block(held, give),
            State::Skip(left) => {
                let skip = left.min(held.len() as u64);
                self.state = if skip == left { State::Frame } else { State::Skip(left - skip) };
                if held.is_empty() { Need::More } else { Need::Used(skip as usize) }
            }
            State::Over => Need::Used(held.len()),
        })
    }

    fn frame(&mut self, held: &[u8]) -> Need {
        // Padding is harmless.
        let zeros = held.iter().take_while(|&&byte| byte == 0).count();
        if self.frames > 0 && zeros > 0 {
            return Need::Used(zeros);
        }
        let Some(&[a, b, c, d, rest @ ..]) = held.first_chunk::<8>() else { return Need::More };
        let magic = u32::from_le_bytes([a, b, c, d]);
        if magic & 0xffff_fff0 == 0x184d_2a50 {
            self.state = State::Skip(u64::from(u32::from_le_bytes(rest)));
            return Need::Used(8);
        }
        if magic != 0xfd2f_b528 {
            return Need::Fault(match self.frames {
                0 => damaged("the zstd header is damaged"),
                _ => trailing("zstd", self.at),
            });
        }
        let len = header_len(held[4]);
        if held.len() < len {
            return Need::More;
        }
        match self.inner.init(&held[..len]) {
            Ok(()) => {
                self.frames += 1;
                self.has_checksum = held[4] & 4 != 0;
                self.state = State::Block;
                Need::Used(len)
            }
            Err(FrameDecoderError::WindowSizeTooBig { requested, .. }) => Need::Fault(Damage {
                kind: ProblemKind::Limit,
                text: format!(
                    "it needs a zstd window of {requested} bytes, and the limit is {}; a larger --memory lets it be read",
                    self.memory
                ),
            }),
            Err(error) => Need::Fault(damaged(format!("the zstd header is damaged ({error})"))),
        }
    }

    /// Decodes one block; more at once would let a few bytes grow to gigabytes before anything is given.
    fn block(&mut self, held: &[u8], give: &mut Give<'_>) -> ControlFlow<(), Need> {
        let Some(&[a, b, c]) = held.first_chunk::<3>() else { return ControlFlow::Continue(Need::More) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let is_last = header & 1 == 1;
        let size = 3 + if header >> 1 & 3 == 1 { 1 } else { (header >> 3) as usize };
        let size = if is_last && self.has_checksum { size + 4 } else { size };
        if held.len() < size {
            return ControlFlow::Continue(Need::More);
        }
        if !self.decode(&held[..size], give)? {
            return ControlFlow::Continue(Need::Fault(lost("zstd", self.at)));
        }
        if is_last {
            self.state = State::Frame;
            if self
                .inner
                .get_checksum_from_data()
                .is_some_and(|sum| Some(sum) != self.inner.get_calculated_checksum())
            {
                give(Out::Fault(damaged("the checksum does not match: some of the bytes before are wrong")))?;
            }
        }
        ControlFlow::Continue(Need::Used(size))
    }
}

impl Zstd {
    /// Decodes a block that is whole; whether it could be.
    fn decode(&mut self, mut source: &[u8], give: &mut Give<'_>) -> ControlFlow<(), bool> {
        loop {
            match self.inner.decode_from_to(source, &mut self.out) {
                Ok((_, 0)) => return ControlFlow::Continue(true),
                Ok((_, len)) => give(Out::Bytes(&self.out[..len]))?,
                Err(_) => return ControlFlow::Continue(false),
            }
            source = &[];
        }
    }

    /// Ends the frame that is open early: what was decoded last still waits for the window to move on.
    fn drain(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        if matches!(self.state, State::Block) {
            // An empty last block, and a checksum that is not looked at.
            let end = [1, 0, 0, 0, 0, 0, 0];
            let len = if self.has_checksum { end.len() } else { 3 };
            self.decode(&end[..len], give)?;
        }
        self.state = State::Over;
        ControlFlow::Continue(())
    }
}

/// The length of a frame's header by its descriptor: magic, descriptor, window, dictionary, content size.
fn header_len(descriptor: u8) -> usize {
    let single = descriptor & 0x20 != 0;
    let content = match descriptor >> 6 {
        0 => usize::from(single),
        flag => 1 << flag,
    };
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    4 + 1 + usize::from(!single) + dictionary + content
}

impl Decoder for Zstd {
    fn push(&mut self, input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        if matches!(self.state, State::Over) {
            return ControlFlow::Continue(());
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(input);
        let mut used = 0;
        while used < held.len() {
            match self.step(&held[used..], give)? {
                Need::More => break,
                Need::Used(len) => {
                    used += len;
                    self.at += len as u64;
                }
                Need::Fault(fault) => {
                    self.drain(give)?;
                    give(Out::Fault(fault))?;
                    used = held.len();
                }
            }
        }
        held.drain(..used);
        self.held = held;
        ControlFlow::Continue(())
    }

    fn gap(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        if matches!(self.state, State::Over) {
            return ControlFlow::Continue(());
        }
        self.drain(give)?;
        give(Out::Fault(lost("zstd", self.at)))
    }

    fn finish(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let whole = match self.state {
            State::Over => true,
            State::Frame => self.held.is_empty() && self.frames > 0,
            _ => false,
        };
        if whole {
            return ControlFlow::Continue(());
        }
        let between = matches!(self.state, State::Frame);
        self.drain(give)?;
        let padding =
            between && self.frames > 0 && self.held.iter().all(|&byte| byte == 0) && !self.held.is_empty();
        if padding { ControlFlow::Continue(()) } else { give(Out::Fault(early("zstd"))) }
    }
}
