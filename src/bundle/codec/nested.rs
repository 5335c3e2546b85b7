//! A file that somebody compressed again: compressions in compressions, told by their content.

use std::ops::ControlFlow;

use super::{Decoder, Give, Out, decoder, refusal};
use crate::bundle::sniff;

/// Compressions of one file in each other that are taken off.
const DEEPEST: u32 = 4;
/// Decodes a file, and what comes out of it as long as that is compressed too.
pub(super) struct Nested {
    outer: Box<dyn Decoder>,
    inner: Inner,
    memory: usize,
    depth: u32,
}

enum Inner {
    /// The first bytes that came out.
    Head(Vec<u8>),
    /// They are what was compressed.
    Plain,
    /// They are compressed themselves.
    Packed(Box<dyn Decoder>),
    /// They are of something that is not read; said once.
    Refused,
}

impl Nested {
    /// Takes off `outer`, the `depth`th compression.
    pub(super) fn new(outer: Box<dyn Decoder>, memory: usize, depth: u32) -> Self {
        Nested { outer, inner: Inner::Head(Vec::new()), memory, depth }
    }
}

impl Inner {
    fn take(&mut self, out: Out<'_>, memory: usize, depth: u32, give: &mut Give<'_>) -> ControlFlow<()> {
        match (self, out) {
            (inner @ Inner::Head(_), Out::Bytes(bytes)) => inner.begin(bytes, memory, depth, give),
            (Inner::Packed(decoder), Out::Bytes(bytes)) => decoder.push(bytes, give),
            (Inner::Refused, Out::Bytes(_)) => ControlFlow::Continue(()),
            (inner, Out::Gap) => {
                inner.settle(memory, depth, give)?;
                inner.gap(give)
            }
            (_, out) => give(out),
        }
    }

    /// Takes the first bytes that come out, until they tell what they are.
    fn begin(&mut self, bytes: &[u8], memory: usize, depth: u32, give: &mut Give<'_>) -> ControlFlow<()> {
        let Inner::Head(head) = self else { return ControlFlow::Continue(()) };
        if head.is_empty() && bytes.len() >= sniff::WANTED {
            return self.decide(bytes, memory, depth, give);
        }
        head.extend_from_slice(bytes);
        if head.len() < sniff::WANTED {
            return ControlFlow::Continue(());
        }
        self.settle(memory, depth, give)
    }

    /// Decides by the bytes that came out so far.
    fn settle(&mut self, memory: usize, depth: u32, give: &mut Give<'_>) -> ControlFlow<()> {
        match self {
            Inner::Head(head) if !head.is_empty() => {
                let head = std::mem::take(head);
                self.decide(&head, memory, depth, give)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// Bytes are missing in what comes out.
    fn gap(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        match self {
            Inner::Packed(decoder) => decoder.gap(give),
            Inner::Refused => ControlFlow::Continue(()),
            Inner::Head(_) | Inner::Plain => give(Out::Gap),
        }
    }

    fn decide(&mut self, head: &[u8], memory: usize, depth: u32, give: &mut Give<'_>) -> ControlFlow<()> {
        if let Some(damage) = refusal(head) {
            *self = Inner::Refused;
            return give(Out::Fault(damage));
        }
        let packed = if depth < DEEPEST { decoder(sniff::sniff(head), memory) } else { None };
        match packed {
            Some(outer) => {
                let mut decoder: Box<dyn Decoder> = Box::new(Nested::new(outer, memory, depth + 1));
                let flow = decoder.push(head, give);
                *self = Inner::Packed(decoder);
                flow
            }
            None => {
                *self = Inner::Plain;
                give(Out::Bytes(head))
            }
        }
    }
}

impl Decoder for Nested {
    fn push(&mut self, input: &[u8], give: &mut Give<'_>) -> ControlFlow<()> {
        let (inner, memory, depth) = (&mut self.inner, self.memory, self.depth);
        self.outer.push(input, &mut |out| inner.take(out, memory, depth, give))
    }

    fn gap(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let (inner, memory, depth) = (&mut self.inner, self.memory, self.depth);
        self.outer.gap(&mut |out| inner.take(out, memory, depth, give))
    }

    fn finish(&mut self, give: &mut Give<'_>) -> ControlFlow<()> {
        let (inner, memory, depth) = (&mut self.inner, self.memory, self.depth);
        self.outer.finish(&mut |out| inner.take(out, memory, depth, give))?;
        inner.settle(memory, depth, give)?;
        match inner {
            Inner::Packed(decoder) => decoder.finish(give),
            _ => ControlFlow::Continue(()),
        }
    }
}
