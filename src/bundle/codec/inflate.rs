//! Raw deflate, step by step, and on again behind a damage: what gzip and zip share.

use flate2::{Decompress, FlushDecompress, Status};

use super::resync::{Found, Resync};
use super::{Crc, OUT};

/// One deflate stream.
pub(crate) struct Inflate {
    inner: Decompress,
    out: Vec<u8>,
    crc: Crc,
    /// Looks for a place to go on at, once the stream was found to be damaged.
    resync: Option<Resync>,
    /// What the searches so far have cost, see [`Resync::debt`].
    debt: usize,
    /// Whether something is missing of what was decoded.
    damaged: bool,
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many bytes of the input were taken.
    Taken(usize),
    /// So many bytes were taken, and the stream is at its end.
    End(usize),
    /// The stream is damaged behind so many bytes: what follows is searched for a place to go on at.
    Damaged(usize),
    /// Behind a damage a place was found; so many compressed bytes were skipped.
    Resumed(u64),
    /// Behind a damage, nothing to go on at was found so far; all input is held.
    Searching,
}

impl Default for Inflate {
    fn default() -> Self {
        Inflate {
            inner: Decompress::new(false),
            out: Vec::new(),
            crc: Crc::new(),
            resync: None,
            debt: 0,
            damaged: false,
        }
    }
}

impl Inflate {
    /// Begins another stream.
    pub(crate) fn reset(&mut self) {
        self.inner.reset(false);
        self.crc.reset();
        self.resync = None;
        self.damaged = false;
    }

    /// CRC-32 of what was decoded.
    pub(crate) fn crc(&self) -> u32 {
        self.crc.sum()
    }

    /// Whether a damage was met on the way.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// What the last step decoded.
    pub(crate) fn out(&self) -> &[u8] {
        &self.out
    }

    /// Whether more may come out without further input.
    pub(crate) fn is_full(&self) -> bool {
        !self.out.is_empty() && self.out.len() == self.out.capacity()
    }

    /// Takes some of `input`; the decoded bytes are in [`Inflate::out`] until the next step.
    pub(crate) fn step(&mut self, input: &[u8]) -> Step {
        self.out.clear();
        if let Some(resync) = &mut self.resync {
            resync.extend(input);
            return self.search(false);
        }
        self.out.reserve(OUT);
        let before = self.inner.total_in();
        let status = self.inner.decompress_vec(input, &mut self.out, FlushDecompress::None);
        let taken = (self.inner.total_in() - before) as usize;
        self.crc.update(&self.out);
        match status {
            Ok(Status::StreamEnd) => Step::End(taken),
            // Without input there may be nothing more to give.
            Ok(_) if taken > 0 || !self.out.is_empty() || input.is_empty() => Step::Taken(taken),
            _ => {
                self.lose();
                // What the decoder had taken ahead of the damage is not looked at again.
                if let Some(resync) = &mut self.resync {
                    resync.extend(&input[taken..]);
                }
                Step::Damaged(taken)
            }
        }
    }

    /// Bytes are missing before what comes next, or it is none of the stream.
    pub(crate) fn lose(&mut self) {
        self.damaged = true;
        self.resync.get_or_insert_with(|| Resync::with_debt(self.debt));
    }

    /// What comes next is no member of a gzip stream: the next one may begin anywhere behind.
    pub(crate) fn seek_member(&mut self) {
        self.damaged = true;
        self.resync.get_or_insert_with(|| Resync::with_debt(self.debt)).seek_members();
    }

    /// No more input comes: whether there is a place to go on at in what is held.
    pub(crate) fn last_search(&mut self) -> Step {
        self.out.clear();
        self.search(true)
    }

    /// Compressed bytes that were skipped since the damage.
    pub(crate) fn skipped(&self) -> u64 {
        self.resync.as_ref().map_or(0, Resync::skipped)
    }

    fn search(&mut self, at_end: bool) -> Step {
        let Some(resync) = &mut self.resync else { return Step::Searching };
        match resync.search(at_end) {
            Some(found) => Step::Resumed(self.resume(found)),
            None => Step::Searching,
        }
    }

    /// Goes on at a place that was found: what is held from there on is for the caller to push again.
    fn resume(&mut self, found: Found) -> u64 {
        self.inner = found.decoder;
        found.skipped
    }

    /// What was held behind the place at which decoding goes on.
    pub(crate) fn take_held(&mut self) -> Vec<u8> {
        self.debt = self.resync.as_ref().map_or(self.debt, Resync::debt);
        self.resync.take().map(Resync::into_held).unwrap_or_default()
    }
}
