//! Where a member's bytes go: to the sink, into a stream of their own, to a file of fragments, or nowhere.

use super::archive::{Entry, EntryKind};
use super::fragment::Piece;
use super::place::Place;
use super::sniff::{self, Kind};
use super::stream::{Purpose, Stream};
use super::walk::Walk;
use super::{Damage, Gap, Handle, Member, codec, tree};
use crate::model::ProblemKind;

/// Bytes handed to the sink at once, but for a member that is wanted in one piece.
pub const BLOCK: usize = 256 << 10;

/// Where a member's bytes go.
pub(super) enum Content {
    /// Nothing of it is wanted.
    Skip,
    /// A member that the sink wants.
    Leaf(Leaf),
    /// It may be a container.
    Inner(Box<Stream>),
    /// It is a fragment of another file.
    Piece(Piece),
}

impl Content {
    /// Where the bytes of `entry` go.
    pub(super) fn open(cx: &mut Walk<'_>, place: &mut Place, entry: Entry) -> Content {
        let name = String::from_utf8_lossy(&entry.name);
        match unsafe_name(&entry.name) {
            Some(Unsafe::LeadsOut) => {
                cx.tally(
                    "members have names that lead out of the bundle (..); they were left out",
                    &place.label,
                    &name,
                );
                return Content::Skip;
            }
            Some(Unsafe::Endless) => {
                cx.tally(
                    "members have names longer than 65,536 bytes; they were left out",
                    &place.label,
                    &name,
                );
                return Content::Skip;
            }
            Some(Unsafe::Odd) => {
                let text = "members have names that are absolute, not printable or longer than 4,096 bytes; they were read";
                cx.tally(text, &place.label, &name);
            }
            None => {}
        }
        let name = tree::normal(&name);
        match entry.kind {
            EntryKind::Folder => Content::Skip,
            EntryKind::Link => {
                let member = place.member(&name, Some(0), false);
                cx.skip(member);
                Content::Skip
            }
            EntryKind::Device => {
                cx.tally("members are device nodes or pipes; they were left out", &place.label, &name);
                Content::Skip
            }
            EntryKind::Encrypted => {
                cx.tally_encrypted(&place.label, &name);
                Content::Skip
            }
            EntryKind::File => Content::file(cx, place, &name, entry.size, entry.doubtful),
        }
    }

    /// Where the bytes of the file `name` in `place` go.
    pub(super) fn file(
        cx: &mut Walk<'_>,
        place: &mut Place,
        name: &str,
        size: Option<u64>,
        doubtful: bool,
    ) -> Content {
        if let Some((target, number)) = tree::fragment(name) {
            return Piece::begin(cx, place, name, target, number);
        }
        let member = place.member(name, size, doubtful);
        Content::of(cx, place, name, member)
    }

    /// Where the bytes of `member`, which is `name` in `place`, go.
    pub(super) fn of(cx: &mut Walk<'_>, place: &Place, name: &str, member: Member) -> Content {
        let size = member.size;
        if let Some(handle) = cx.begin(member) {
            return Content::Leaf(Leaf::new(handle, size, cx));
        }
        if let Some(scheme) = sniff::encrypted_name(name) {
            cx.problem(ProblemKind::Encrypted, &place.path_of(name), scheme.told());
            return Content::Skip;
        }
        let purpose = match () {
            () if tree::split(name).is_some() && !tree::is_bundle_name(name) => Purpose::Inside,
            () => Purpose::Beside { called: tree::is_archive_name(name) },
        };
        Content::Inner(Box::new(Stream::new(place.inner(name), purpose)))
    }

    pub(super) fn push(&mut self, cx: &mut Walk<'_>, bytes: &[u8]) {
        match self {
            Content::Skip => {}
            Content::Leaf(leaf) => leaf.push(cx, bytes),
            Content::Inner(stream) => stream.push(cx, bytes),
            Content::Piece(piece) => piece.push(cx, bytes),
        }
    }

    /// So many zero bytes, which are stored nowhere.
    pub(super) fn hole(&mut self, cx: &mut Walk<'_>, mut len: u64) {
        let (zeros, from, mut given) = ([0; 16 << 10], cx.read_before(), 0);
        while len > 0 && !self.is_over() && !cx.is_over() {
            let part = zeros.len().min(usize::try_from(len).unwrap_or(usize::MAX));
            cx.expand(part);
            self.push(cx, &zeros[..part]);
            len -= part as u64;
            given += part as u64;
            // A member on its way to the sink is held to the limits by itself.
            let bomb = if matches!(self, Content::Leaf(_)) { None } else { cx.bomb(given, from) };
            if bomb.is_some() {
                std::mem::replace(self, Content::Skip).end(cx, bomb);
            }
        }
    }

    pub(super) fn gap(&mut self, cx: &mut Walk<'_>) {
        match self {
            Content::Skip => {}
            Content::Leaf(leaf) => leaf.gap(cx),
            Content::Inner(stream) => stream.gap(cx),
            Content::Piece(piece) => piece.gap(cx),
        }
    }

    /// The member is at its end, which `damage` brought about early.
    pub(super) fn end(self, cx: &mut Walk<'_>, damage: Option<Damage>) {
        match self {
            Content::Skip => {}
            Content::Leaf(leaf) => leaf.end(cx, damage),
            Content::Inner(mut stream) => {
                let cut = damage.is_some();
                if let Some(damage) = damage.filter(|_| !stream.is_over()) {
                    stream.told(cx, damage);
                }
                stream.finish(cx, cut);
            }
            Content::Piece(piece) => piece.end(cx, damage),
        }
    }

    /// Whether it may hold headers of an archive of its own.
    pub(super) fn is_opaque(&self) -> bool {
        match self {
            Content::Inner(stream) => !stream.is_over(),
            Content::Piece(_) => true,
            Content::Leaf(_) | Content::Skip => false,
        }
    }

    /// Whether nothing more of it is wanted.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Content::Skip => true,
            Content::Leaf(leaf) => leaf.limit.is_some(),
            Content::Inner(stream) => stream.is_over(),
            Content::Piece(piece) => piece.is_over(),
        }
    }
}

/// A member on its way to the sink.
pub(super) struct Leaf {
    handle: Handle,
    block: Vec<u8>,
    /// Bytes of a block.
    most: usize,
    size: Option<u64>,
    got: u64,
    from: u64,
    limit: Option<Damage>,
}

impl Leaf {
    pub(super) fn new(handle: Handle, size: Option<u64>, cx: &Walk<'_>) -> Self {
        Leaf { handle, block: Vec::new(), most: BLOCK, size, got: 0, from: cx.read_before(), limit: None }
    }

    /// Bytes of its blocks, by the first of them: what can be decoded at one go goes on in one piece.
    fn most(&self, first: &[u8]) -> usize {
        let size = self.size.filter(|&size| size <= codec::MOST_STORED);
        let in_one = codec::IS_NATIVE && sniff::sniff(first) == Kind::Gzip;
        size.and_then(|size| usize::try_from(size).ok()).filter(|_| in_one).unwrap_or(0).max(BLOCK)
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    pub(super) fn push(&mut self, cx: &mut Walk<'_>, mut bytes: &[u8]) {
        if self.limit.is_some() {
            return;
        }
        if self.got == 0 {
            self.most = self.most(bytes);
        }
        let before = self.got;
        let room = usize::try_from(cx.limits().member_bytes - self.got).unwrap_or(usize::MAX);
        self.got += bytes.len() as u64;
        self.limit = cx.limit_of(self.got, self.from);
        // As much as the limit allows, however the bytes arrive.
        bytes = &bytes[..bytes.len().min(room)];
        let mut left = self.size.map(|size| size.saturating_sub(before));
        while !bytes.is_empty() {
            if self.block.capacity() == 0 {
                self.block = self.room(cx, left, bytes.len());
            }
            let (part, rest) = bytes.split_at(bytes.len().min(self.most - self.block.len()));
            if self.block.capacity() - self.block.len() < part.len() {
                // Doubling would hold more than a block.
                self.block.reserve_exact(self.most - self.block.len());
            }
            self.block.extend_from_slice(part);
            left = left.map(|left| left.saturating_sub(part.len() as u64));
            bytes = rest;
            if self.block.len() == self.most {
                cx.block(self.handle, std::mem::take(&mut self.block));
            }
        }
    }

    /// Room for a block of the `left` bytes to come, or where that is not known of the `given` ones that have.
    fn room(&self, cx: &mut Walk<'_>, left: Option<u64>, given: usize) -> Vec<u8> {
        let len = left.map_or(given, |left| usize::try_from(left).unwrap_or(self.most)).min(self.most);
        // A whole block for a small member would hold more memory than it needs.
        if self.most == BLOCK && len > BLOCK / 2 { cx.buffer() } else { Vec::with_capacity(len) }
    }

    pub(super) fn gap(&mut self, cx: &mut Walk<'_>) {
        self.flush(cx);
        cx.gap(self.handle, Gap::Bytes);
    }

    /// Hands over what is held.
    pub(super) fn flush(&mut self, cx: &mut Walk<'_>) {
        if !self.block.is_empty() {
            cx.block(self.handle, std::mem::take(&mut self.block));
        }
    }

    pub(super) fn end(mut self, cx: &mut Walk<'_>, damage: Option<Damage>) {
        self.flush(cx);
        cx.end(self.handle, self.limit.or(damage));
    }
}

impl Stream {
    /// What it lies in ends early.
    fn told(&self, cx: &mut Walk<'_>, damage: Damage) {
        if self.is_wanted() {
            cx.problem(damage.kind, self.label(), damage.text);
        }
    }
}

enum Unsafe {
    /// It would be written outside the folder that the bundle is unpacked into.
    LeadsOut,
    /// It is no name any more.
    Endless,
    /// It would do no harm here, and may elsewhere.
    Odd,
}

fn unsafe_name(name: &[u8]) -> Option<Unsafe> {
    if name.split(|&byte| matches!(byte, b'/' | b'\\')).any(|segment| segment == b"..") {
        return Some(Unsafe::LeadsOut);
    }
    if name.len() > 1 << 16 {
        return Some(Unsafe::Endless);
    }
    let drive = name.get(1) == Some(&b':') && name[0].is_ascii_alphabetic();
    let absolute = matches!(name.first(), Some(b'/' | b'\\')) || drive;
    let odd = absolute || name.len() > 4096 || name.iter().any(|byte| byte.is_ascii_control());
    odd.then_some(Unsafe::Odd)
}
