//! xz: streams one behind the other.

use std::ops::ControlFlow;

use lzma_rust2::{Action, Status, XzStream};

use super::{Decoder, Give, OUT, Out, Slices, early, lost};
use crate::bundle::Damage;
use crate::model::ProblemKind;

/// Bytes decoded at once: what the decoder had made of them is lost where one of them is wrong.
const SLICE: usize = 512;

/// Decodes an xz stream that arrives in blocks.
pub(super) struct Xz {
    inner: XzStream,
    slices: Slices,
    out: Vec<u8>,
    over: bool,
    memory: usize,
}

impl Xz {
    pub(super) fn new(memory: usize) -> Self {
        let limit = u32::try_from(memory >> 10).unwrap_or(u32::MAX - 1);
        let inner = XzStream::new_mem_limit(true, limit);
        Xz { inner, slices: Slices::of(SLICE), out: vec![0; OUT], over: false, memory }
    }

    /// Decodes as far as `input` goes.
    fn run(&mut self, mut input: &[u8], action: Action, give: &mut Give<'_>) -> ControlFlow<()> {
        while !self.over {
            let before = self.inner.total_out();
            let result = match self.inner.process(input, &mut self.out, action) {
                Ok(result) => result,
                Err(error) => {
                    self.over = true;
                    // What was decoded before the damage stands in the buffer all the same.
                    let len = (self.inner.total_out() - before) as usize;
                    if len > 0 {
                        give(Out::Bytes(&self.out[..len]))?;
                    }
                    return give(Out::Fault(self.told(&error, action)));
                }
            };
            input = &input[result.bytes_consumed..];
            if result.bytes_produced > 0 {
                give(Out::Bytes(&self.out[..result.bytes_produced]))?;
            }
            self.over = result.status == Status::StreamEnd;
            if result.bytes_consumed == 0 && result.bytes_produced == 0 {
                break;
            }
        }
        ControlFlow::Continue(())
    }

    fn told(&self, error: &std::io::Error, action: Action) -> Damage {
        if let Some(need) = self.inner.memory_usage().filter(|&need| need as usize > self.memory >> 10) {
            let text = format!(
                "it needs {need} KiB to be decoded, and the limit is {}; a larger --memory lets it be read",
                self.memory >> 10
            );
            return Damage { kind: ProblemKind::Limit, text };
        }
        let at_end = action == Action::Finish || error.kind() == std::io::ErrorKind::UnexpectedEof;
        if at_end { early("xz") } else { lost("xz", self.inner.total_in()) }
    }
}

impl Decoder for Xz {
    fn push(&mut self, mut input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        while let Some(slice) = self.slices.next(&mut input) {
            self.run(&slice, Action::Run, give)?;
        }
        ControlFlow::Continue(())
    }

    fn gap(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let rest = self.slices.rest();
        self.run(&rest, Action::Run, give)?;
        if std::mem::replace(&mut self.over, true) {
            return ControlFlow::Continue(());
        }
        give(Out::Fault(lost("xz", self.inner.total_in())))
    }

    fn finish(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let rest = self.slices.rest();
        self.run(&rest, Action::Run, give)?;
        self.run(&[], Action::Finish, give)?;
        if std::mem::replace(&mut self.over, true) {
            ControlFlow::Continue(())
        } else {
            give(Out::Fault(early("xz")))
        }
    }
}
