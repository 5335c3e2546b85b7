//! bzip2: streams one behind the other.

use std::ops::ControlFlow;

use bzip2::{Decompress, Status};

use super::{Decoder, Give, OUT, Out, Slices, damaged, early, lost, trailing};

/// Decodes a bzip2 stream that arrives in blocks.
pub(super) struct Bunzip {
    inner: Decompress,
    slices: Slices,
    out: Vec<u8>,
    at: u64,
    state: State,
    /// Streams begun.
    streams: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between two streams.
    Start,
    /// Inside a stream.
    Body,
    /// Behind the last stream: zeros are harmless.
    Padding,
    /// Nothing more is decoded.
    Over,
}

impl Default for Bunzip {
    fn default() -> Self {
        Bunzip {
            inner: Decompress::new(false),
            slices: Slices::default(),
            out: Vec::new(),
            at: 0,
            state: State::Start,
            streams: 0,
        }
    }
}

impl Bunzip {
    /// Takes some of `input`.
    fn step<'a>(&mut self, input: &'a [u8], give: &mut Give<'_>) -> ControlFlow<(), &'a [u8]> {
        if self.state == State::Start {
            if self.streams > 0 && input[0] != b'B' {
                self.state = State::Padding;
                return ControlFlow::Continue(input);
            }
            self.inner = Decompress::new(false);
            self.streams += 1;
            self.state = State::Body;
        }
        self.out.clear();
        self.out.reserve(OUT);
        let before = self.inner.total_in();
        let status = self.inner.decompress_vec(input, &mut self.out);
        let taken = (self.inner.total_in() - before) as usize;
        self.at += taken as u64;
        if !self.out.is_empty() {
            give(Out::Bytes(&self.out))?;
        }
        match status {
            Ok(Status::StreamEnd) => self.state = State::Start,
            Ok(Status::Ok | Status::FlushOk | Status::RunOk | Status::FinishOk)
                if taken > 0 || !self.out.is_empty() => {}
            Ok(_) => return self.give_up(give).map_continue(|()| &input[..0]),
            Err(_) => return self.give_up(give).map_continue(|()| &input[..0]),
        }
        ControlFlow::Continue(&input[taken..])
    }

    fn padding(&mut self, input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        if let Some(zeros) = input.iter().position(|&byte| byte != 0) {
            self.state = State::Over;
            give(Out::Fault(trailing("bzip2", self.at + zeros as u64)))?;
        }
        self.at += input.len() as u64;
        ControlFlow::Continue(())
    }

    fn slice(&mut self, mut input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        while !input.is_empty() {
            match self.state {
                State::Over => break,
                State::Padding => {
                    self.padding(input, give)?;
                    break;
                }
                State::Start | State::Body => input = self.step(input, give)?,
            }
        }
        ControlFlow::Continue(())
    }

    fn rest(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let rest = self.slices.rest();
        self.slice(&rest, give)
    }

    fn give_up(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        self.state = State::Over;
        let fault = if self.at < 4 { damaged("the bzip2 header is damaged") } else { lost("bzip2", self.at) };
        give(Out::Fault(fault))
    }
}

impl Decoder for Bunzip {
    fn push(&mut self, mut input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        while let Some(slice) = self.slices.next(&mut input) {
            self.slice(&slice, give)?;
        }
        ControlFlow::Continue(())
    }

    fn gap(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        self.rest(give)?;
        if self.state == State::Over { ControlFlow::Continue(()) } else { self.give_up(give) }
    }

    fn finish(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        self.rest(give)?;
        if self.state != State::Body {
            return ControlFlow::Continue(());
        }
        // What the last block decoded to may wait for room.
        loop {
            self.out.clear();
            self.out.reserve(OUT);
            let status = self.inner.decompress_vec(&[], &mut self.out);
            if self.out.is_empty() || status.is_err() {
                break;
            }
            give(Out::Bytes(&self.out))?;
        }
        self.state = State::Over;
        give(Out::Fault(early("bzip2")))
    }
}
