//! The content of one zip entry: stored, deflated or of a newer method, its length told before or behind it.

use std::ops::ControlFlow;

use memchr::memmem;

use super::local::{DESCRIPTOR, Local};
use crate::bundle::Damage;
use crate::bundle::archive::{Item, Take};
use crate::bundle::codec::{self, Crc, Decoder, Inflate, Out, Step};
use crate::bundle::sniff::Kind;
use crate::model::ProblemKind;

/// Signature, checksum, and two sizes of eight bytes.
const LONGEST_DESCRIPTOR: usize = 24;
/// A window that an entry of a newer method may ask for.
const MEMORY: usize = 64 << 20;

/// An entry on its way.
pub(super) struct Content {
    pub(super) local: Local,
    /// Stored bytes left, where that is known.
    pub(super) left: Option<u64>,
    pub(super) body: Body,
    pub(super) crc: Crc,
    pub(super) stored: u64,
    pub(super) given: u64,
    pub(super) damage: Option<Damage>,
    /// The end of what came in, of a stored entry of unknown length: it may be the descriptor's.
    pub(super) back: Vec<u8>,
    /// What stands behind the content of such an entry.
    pub(super) behind: Option<Vec<u8>>,
    /// Whether more of it is wanted.
    pub(super) wanted: bool,
}

/// How it is stored.
pub(super) enum Body {
    Stored,
    Deflated(Box<Inflate>),
    Other(Box<dyn Decoder>),
}

impl Content {
    /// Takes stored bytes; how many, where the content ends in them by itself.
    pub(super) fn body(&mut self, input: &[u8], take: &mut Take<'_>) -> Option<usize> {
        match &mut self.body {
            Body::Stored if self.left.is_some() => {
                self.crc.update(input);
                self.given += input.len() as u64;
                self.wanted = take(Item::Bytes(input));
                None
            }
            Body::Stored => {
                self.stored_to_descriptor(input, take);
                None
            }
            Body::Deflated(_) => self.inflate(input, take),
            Body::Other(_) => {
                self.decode(Some(input), take);
                None
            }
        }
    }

    /// Stored content of unknown length ends where a descriptor with its checksum stands.
    fn stored_to_descriptor(&mut self, input: &[u8], take: &mut Take<'_>) {
        let mut all = std::mem::take(&mut self.back);
        all.extend_from_slice(input);
        let mut summed = 0;
        let mut end = all.len().saturating_sub(7);
        for start in memmem::find_iter(&all, DESCRIPTOR).filter(|start| start + 8 <= all.len()) {
            self.crc.update(&all[summed..start]);
            summed = start;
            if all[start + 4..start + 8] == self.crc.sum().to_le_bytes() {
                self.behind = Some(all[start..].to_vec());
                end = start;
                break;
            }
        }
        if summed > end {
            end = summed;
        }
        self.crc.update(&all[summed..end]);
        self.given += end as u64;
        if end > 0 {
            take(Item::Bytes(&all[..end]));
        }
        if self.behind.is_none() {
            self.back = all.split_off(end);
        }
    }

    fn inflate(&mut self, mut input: &[u8], take: &mut Take<'_>) -> Option<usize> {
        let all = input.len();
        loop {
            let Body::Deflated(inflate) = &mut self.body else { return None };
            let step = inflate.step(input);
            if !inflate.out().is_empty() {
                self.given += inflate.out().len() as u64;
                self.wanted = take(Item::Bytes(inflate.out()));
                if !self.wanted && self.left.is_some() {
                    return None;
                }
            }
            match step {
                Step::Taken(taken) => input = &input[taken..],
                Step::End(taken) => return Some(all - input.len() + taken),
                Step::Damaged(_) => {
                    self.damaged("the compressed data is damaged; what stands before was used");
                    return None;
                }
                Step::Resumed(_) => {
                    take(Item::Gap);
                    let held = inflate.take_held();
                    self.damage = None;
                    self.damaged("the compressed data is damaged; what stands before and behind was used");
                    self.resumed(&held, take);
                    return None;
                }
                Step::Searching => return None,
            }
            let Body::Deflated(inflate) = &self.body else { return None };
            if input.is_empty() && !inflate.is_full() {
                return None;
            }
        }
    }

    /// Goes on with what was held behind a damage.
    fn resumed(&mut self, held: &[u8], take: &mut Take<'_>) {
        if self.inflate(held, take).is_some() {
            // The stream ended inside what had been taken before: nothing more of the entry is its own.
            self.body = Body::Other(Box::new(Nothing));
        }
    }

    fn decode(&mut self, input: Option<&[u8]>, take: &mut Take<'_>) {
        let Body::Other(decoder) = &mut self.body else { return };
        let (mut damage, mut given, crc, wanted) = (None, 0, &mut self.crc, &mut self.wanted);
        let mut give = |out: Out<'_>| {
            match out {
                Out::Bytes(bytes) => {
                    crc.update(bytes);
                    given += bytes.len() as u64;
                    *wanted = take(Item::Bytes(bytes));
                }
                Out::Gap => *wanted = take(Item::Gap),
                Out::Fault(fault) => damage = Some(fault),
            }
            if *wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let _ = match input {
            Some(input) => decoder.push(input, &mut give),
            None => decoder.finish(&mut give),
        };
        self.given += given;
        self.damage = self.damage.take().or(damage);
    }

    pub(super) fn damaged(&mut self, text: &str) {
        let damage = Damage { kind: ProblemKind::Damaged, text: text.to_owned() };
        self.damage.get_or_insert(damage);
    }

    /// Gives what a decoder still holds.
    pub(super) fn flush(&mut self, by_itself: bool, take: &mut Take<'_>) {
        self.decode(None, take);
        let back = std::mem::take(&mut self.back);
        if !back.is_empty() {
            self.crc.update(&back);
            take(Item::Bytes(&back));
        }
        while let Body::Deflated(inflate) = &mut self.body
            && matches!(inflate.last_search(), Step::Resumed(_))
        {
            take(Item::Gap);
            let held = inflate.take_held();
            self.resumed(&held, take);
        }
        let ends_early = matches!(&self.body, Body::Deflated(inflate) if !inflate.is_damaged());
        if ends_early && !by_itself {
            self.damaged("the compressed data ends early; what stands before was used");
        }
    }

    /// What came in behind the damage and was not used.
    pub(super) fn unread(&mut self) -> Vec<u8> {
        match &mut self.body {
            Body::Deflated(inflate) => inflate.take_held(),
            Body::Stored | Body::Other(_) => Vec::new(),
        }
    }

    /// Reads checksum and sizes behind the content; how long they are, once they are there. With a signature or not, of
    /// four or eight bytes each: whichever agrees with what was read.
    pub(super) fn descriptor(&mut self, held: &[u8]) -> Option<usize> {
        let number = |at: usize, len: usize| {
            let bytes = held.get(at..at + len)?;
            Some(bytes.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte)))
        };
        if held.len() < LONGEST_DESCRIPTOR + 2 {
            return None;
        }
        let mut found = None;
        for (start, len) in [(4, 4), (4, 8), (0, 4), (0, 8)] {
            if start == 4 && !held.starts_with(DESCRIPTOR) {
                continue;
            }
            let end = start + 4 + 2 * len;
            if number(start + 4, len) == Some(self.stored) {
                // The shorter form agrees with the longer one too: what follows decides.
                let followed = held[end..].starts_with(b"PK");
                if found.is_none() || followed {
                    found = Some((start, end));
                }
                if followed {
                    break;
                }
            }
        }
        if let Some((start, end)) = found {
            self.local.crc = number(start, 4).unwrap_or(0) as u32;
            return Some(end);
        }
        // Longer than any: there is none that agrees.
        self.damaged("its length does not agree with what stands behind it");
        Some(0)
    }

    /// Holds the checksum against what was given.
    pub(super) fn verify(&mut self) {
        let sum = match &self.body {
            Body::Deflated(inflate) => inflate.crc(),
            _ => self.crc.sum(),
        };
        if sum != self.local.crc {
            self.damaged("the checksum does not match: some of its bytes are wrong");
        }
    }
}

/// Decodes to nothing.
struct Nothing;

impl Decoder for Nothing {
    fn push(&mut self, _: &[u8], _: &mut codec::Give<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn gap(&mut self, _: &mut codec::Give<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut codec::Give<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The reader of content that is stored by `method`, where that is read.
pub(super) fn body(method: u16) -> Option<Body> {
    let kind = match method {
        0 => return Some(Body::Stored),
        8 => return Some(Body::Deflated(Box::default())),
        12 => Kind::Bzip2,
        20 | 93 => Kind::Zstd,
        95 => Kind::Xz,
        _ => return None,
    };
    codec::decoder(kind, MEMORY).map(Body::Other)
}
