//! A file that somebody compressed again: compressions in compressions, told by their content.

use std::ops::ControlFlow;

use super::{Decoder, Give, Out, decoder};
use crate::bundle::sniff;

/// Compressions of one file in each other that are taken off.
const DEEPEST: u32 = 4;
/// Bytes that tell a compression.
const HEAD: usize = 32;

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
            (Inner::Packed(decoder), Out::Gap) => decoder.gap(give),
            (_, out) => give(out),
        }
    }

    /// Takes the first bytes that come out, until they tell what they are.
    fn begin(&mut self, bytes: &[u8], memory: usize, depth: u32, give: &mut Give<'_>) -> ControlFlow<()> {
        let Inner::Head(head) = self else { return ControlFlow::Continue(()) };
        head.extend_from_slice(bytes);
        if head.len() < HEAD {
            return ControlFlow::Continue(());
        }
        let head = std::mem::take(head);
        self.decide(&head, memory, depth, give)
    }

    fn decide(&mut self, head: &[u8], memory: usize, depth: u32, give: &mut Give<'_>) -> ControlFlow<()> {
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
                if head.is_empty() { ControlFlow::Continue(()) } else { give(Out::Bytes(head)) }
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
        if let Inner::Head(head) = inner {
            let head = std::mem::take(head);
            inner.decide(&head, memory, depth, give)?;
        }
        match inner {
            Inner::Packed(decoder) => decoder.finish(give),
            _ => ControlFlow::Continue(()),
        }
    }
}
