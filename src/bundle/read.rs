//! Readers that look ahead, count, and stop at the limits; and what their errors mean to a user.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::{Limits, sniff};
use crate::model::ProblemKind;

/// Bytes handed over at once.
pub(super) const BLOCK: usize = 256 << 10;

pub(super) fn kind_of(error: &io::Error) -> ProblemKind {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ProblemKind::Truncated,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => ProblemKind::Unreadable,
        _ if is_over_limit(error) => ProblemKind::Limit,
        _ => ProblemKind::Damaged,
    }
}

/// Whether a limit stands behind an error, also one that an archive library has wrapped.
pub(super) fn is_over_limit(error: &io::Error) -> bool {
    let mut inner: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(cause) = inner {
        if cause.is::<OverLimit>() || cause.is::<EndlessName>() {
            return true;
        }
        inner = match cause.downcast_ref::<io::Error>() {
            Some(wrapped) => wrapped.get_ref().map(|inner| inner as _),
            None => cause.source(),
        };
    }
    false
}

pub(super) fn told(error: &io::Error) -> String {
    match kind_of(error) {
        ProblemKind::Truncated => "the archive ends early; what stands before the cut was used".to_owned(),
        ProblemKind::Damaged => {
            format!("the archive is damaged ({error}); what stands before the damage was used")
        }
        _ => error.to_string(),
    }
}

/// Fills `block` as far as `rdr` gives; how much, and what failed.
pub(super) fn fill(rdr: &mut dyn Read, block: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut len = 0;
    while len < block.len() {
        match rdr.read(&mut block[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (len, Some(error)),
        }
    }
    (len, None)
}

/// Counts the bytes that pass.
pub(super) struct Counted<R> {
    pub(super) inner: R,
    pub(super) count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

impl<R: io::Seek> io::Seek for Counted<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A reader whose first bytes can be looked at.
pub(super) struct Peek<R> {
    inner: R,
    head: Vec<u8>,
    at: usize,
    failed: Option<io::Error>,
    looked: bool,
}

impl<R: Read> Peek<R> {
    pub(super) fn new(inner: R) -> Self {
        Peek { inner, head: Vec::new(), at: 0, failed: None, looked: false }
    }

    /// The first bytes, as many as [`sniff::sniff`] wants where there are so many.
    pub(super) fn head(&mut self) -> io::Result<&[u8]> {
        if !self.looked {
            self.looked = true;
            self.head.resize(sniff::WANTED, 0);
            let (len, failed) = fill(&mut self.inner, &mut self.head);
            self.head.truncate(len);
            self.failed = failed;
        }
        match self.failed.take() {
            Some(error) if self.head.is_empty() => Err(error),
            failed => {
                self.failed = failed;
                Ok(&self.head)
            }
        }
    }
}

impl<R: Read> Read for Peek<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at < self.head.len() {
            let len = buf.len().min(self.head.len() - self.at);
            buf[..len].copy_from_slice(&self.head[self.at..self.at + len]);
            self.at += len;
            return Ok(len);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.inner.read(buf),
        }
    }
}

/// Names in a tar may be so long; more is no name. The header before the name says how long it is, and the archive
/// library reads all of it into memory.
pub(super) const LONGEST_NAME: u64 = 1 << 20;

/// Gives a tar block by block, and stops before a header that announces an endless name.
pub(super) struct Blocks<R> {
    inner: R,
    buf: Vec<u8>,
    at: usize,
    failed: Option<io::Error>,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(inner: R) -> Self {
        Blocks { inner, buf: Vec::new(), at: 0, failed: None }
    }

    /// Gives `head` again before what is left.
    pub(super) fn unread(&mut self, head: &[u8]) {
        self.buf.drain(..self.at);
        self.buf.splice(..0, head.iter().copied());
        self.at = 0;
    }

    fn refill(&mut self) {
        self.buf.resize(64 << 10, 0);
        self.at = 0;
        let (len, failed) = fill(&mut self.inner, &mut self.buf);
        self.buf.truncate(len);
        self.failed = failed;
        if let Some(block) = self.buf.chunks(512).position(announces_endless_name) {
            self.buf.truncate(block * 512);
            self.failed = Some(io::Error::other(EndlessName));
        }
    }
}

/// A member's name is beyond all bounds.
#[derive(Debug, thiserror::Error)]
#[error("a member's name is longer than {LONGEST_NAME} bytes; the rest was left out")]
pub(super) struct EndlessName;

/// Whether a block is the header of a GNU long name or PAX record beyond [`LONGEST_NAME`].
pub(super) fn announces_endless_name(block: &[u8]) -> bool {
    let is_extension = block.len() == 512 && matches!(block[156], b'L' | b'K' | b'x' | b'g');
    is_extension && sniff::is_tar_header(block) && {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes().copy_from_slice(block);
        header.entry_size().is_ok_and(|size| size > LONGEST_NAME)
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buf.len() {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            self.refill();
        }
        let len = buf.len().min(self.buf.len() - self.at);
        if len == 0
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        buf[..len].copy_from_slice(&self.buf[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

/// gzip decoding that stops at the limits of size and ratio.
pub(super) struct Guard<R: Read> {
    inner: MultiGzDecoder<BufReader<Counted<R>>>,
    taken: Rc<Cell<u64>>,
    given: u64,
    ratio: u64,
    ratio_from: u64,
}

/// A limit was reached.
#[derive(Debug, thiserror::Error)]
#[error("it expands more than {ratio} times: taken for a decompression bomb, the rest was left out")]
pub(super) struct OverLimit {
    pub(super) ratio: u64,
}

impl<R: Read> Guard<R> {
    pub(super) fn new(rdr: R, limits: &Limits) -> Self {
        let taken = Rc::new(Cell::new(0));
        let counted = Counted { inner: rdr, count: Rc::clone(&taken) };
        let inner = MultiGzDecoder::new(BufReader::with_capacity(BLOCK, counted));
        Guard { inner, taken, given: 0, ratio: limits.ratio, ratio_from: limits.ratio_from }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given > self.ratio_from && self.given / self.taken.get().max(1) > self.ratio {
            return Err(io::Error::other(OverLimit { ratio: self.ratio }));
        }
        let read = self.inner.read(buf)?;
        self.given += read as u64;
        Ok(read)
    }
}
