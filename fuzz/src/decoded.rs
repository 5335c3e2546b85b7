//! What a push decoder gives for a stream that arrives in blocks.

use std::fmt;
use std::ops::ControlFlow;

use esxray::bundle::codec::{Decoder, Out};
use flate2::Crc;

use crate::input::blocks;

/// So much of what is decoded is kept; a hostile stream expands a thousand times.
pub const KEPT: usize = 4 << 20;

/// What came out: its beginning, and all of it by length and checksum.
#[derive(PartialEq, Eq)]
pub struct Decoded {
    /// The beginning, [`KEPT`] bytes or all.
    pub head: Vec<u8>,
    /// How many bytes came out before each gap.
    pub gaps: Vec<u64>,
    /// What was said to be wrong.
    pub faults: Vec<String>,
    len: u64,
    crc: u32,
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decoded { gaps, faults, len, crc, .. } = self;
        write!(f, "{len} bytes ({crc:08x}), gaps at {gaps:?}, faults {faults:?}")
    }
}

impl Decoded {
    /// What `decoder` makes of `stream` in blocks whose sizes come from `seed`.
    pub fn of(decoder: &mut dyn Decoder, stream: &[u8], seed: u64) -> Self {
        let mut all = Decoded { head: Vec::new(), gaps: Vec::new(), faults: Vec::new(), len: 0, crc: 0 };
        let mut crc = Crc::new();
        let mut give = |out: Out<'_>| {
            match out {
                Out::Bytes(bytes) => {
                    assert!(!bytes.is_empty(), "no bytes are given");
                    all.len += bytes.len() as u64;
                    crc.update(bytes);
                    let room = bytes.len().min(KEPT - all.head.len());
                    all.head.extend_from_slice(&bytes[..room]);
                }
                Out::Gap => all.gaps.push(all.len),
                Out::Fault(fault) => all.faults.push(fault.text),
            }
            ControlFlow::Continue(())
        };
        for block in blocks(stream, seed) {
            assert!(decoder.push(block, &mut give).is_continue(), "it ends what was not ended");
        }
        assert!(decoder.finish(&mut give).is_continue(), "it ends what was not ended");
        all.crc = crc.sum();
        all
    }

    /// What came out before the first gap.
    pub fn before_gap(&self) -> &[u8] {
        let len = self.gaps.first().map_or(self.head.len(), |&gap| self.head.len().min(gap as usize));
        &self.head[..len]
    }

    /// Panics where it is not all of `text`, without a gap or fault.
    pub fn is_all_of(&self, text: &[u8]) {
        assert!(self.gaps.is_empty() && self.faults.is_empty(), "nothing is damaged: {self:?}");
        assert!(self.head == text, "{} bytes come out as others: {self:?}", text.len());
    }
}
