//! A path on disk becomes a stream of members: containers in containers, nothing unpacked.
//!
//! The walk is driven from here and pushes what it finds into a [`Sink`]. It knows nothing of logs or facts: the
//! sink says which members it wants. Reading never fails as a whole; what could not be read is a [`Problem`].
//!
//! ```text
//! file ─▶ stream ─▶ codec ─▶ stream ─▶ archive ─▶ content ─┬▶ sink      a member that is wanted
//!                                                          ├▶ stream    a container in the container
//!                                                          └▶ fragment ─▶ content of the whole file
//! ```
//!
//! Everything is pushed: each part takes the bytes that have arrived and keeps what it needs to go on, so a file that
//! comes in fragments, between which other files stand, is read like any other, and nothing is ever read twice. Where
//! bytes are missing or wrong, a *gap* goes the same way, and each part goes on behind it as it can: a codec at the
//! next block that decodes, an archive at the next header whose checksum is right.

mod archive;
pub mod codec;
mod content;
mod find;
mod fragment;
mod input;
mod place;
pub mod sniff;
mod stream;
pub mod tree;
mod walk;

pub use content::BLOCK;
pub use find::{Input, find};
pub use fragment::missing_fragments;
pub use input::{walk, walk_from};

use crate::model::{MemberPath, Problem, ProblemKind};

/// One file of a bundle's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The path with every nesting; of a file in fragments, that of the whole file.
    pub path: MemberPath,
    /// The innermost container that holds the bundle's tree: `outer.zip!esx-a.tgz`.
    pub container: MemberPath,
    /// Where the tree begins, with every nesting: `outer.zip!esx-a.tgz!esx-a`.
    pub root: MemberPath,
    /// The path inside the tree: `var/run/log/hostd.0.gz`.
    pub tree: String,
    /// Its size in bytes as stored, where that is known beforehand.
    pub size: Option<u64>,
    /// Whether it comes in fragments.
    pub fragmented: bool,
    /// Whether it stands behind missing bytes of a compressed stream: bytes that only those would tell are zero.
    pub doubtful: bool,
}

/// Why a member ends early, or what is wrong with a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What sort of problem it is.
    pub kind: ProblemKind,
    /// One sentence for the user.
    pub text: String,
}

/// What stands for a member whose content was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u64);

/// What is missing in the middle of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// An unknown number of bytes.
    Bytes,
    /// Fragments, from the first to the last.
    Fragments {
        /// The first that is missing.
        first: u32,
        /// The last that is missing.
        last: u32,
    },
}

/// Takes what a walk finds, in the order of the container.
///
/// For each member either [`Sink::begin`] gives `None` and nothing follows, or it gives a handle, and some
/// [`Sink::block`]s, perhaps gaps, and one [`Sink::end`] of that handle follow. Members in fragments may be open beside
/// others.
pub trait Sink {
    /// A member begins; a handle where its content is wanted.
    fn begin(&mut self, member: Member) -> Option<Handle>;

    /// A link, of which nothing can be read.
    fn skip(&mut self, member: Member);

    /// What follows of the member comes from the fragment `file`.
    fn piece(&mut self, handle: Handle, file: MemberPath);

    /// Something of the member is missing here.
    fn gap(&mut self, handle: Handle, gap: Gap);

    /// The next bytes of the member, as stored: an inner `.gz` is not decoded here. They are [`BLOCK`] bytes or less, but
    /// that a member which can be decoded at one go comes in one piece.
    fn block(&mut self, handle: Handle, bytes: Vec<u8>);

    /// An empty buffer with room for [`BLOCK`] bytes, for a block to come.
    fn buffer(&mut self) -> Vec<u8> {
        Vec::with_capacity(BLOCK)
    }

    /// The member is at its end; `damage` says why it ends early, if it does.
    fn end(&mut self, handle: Handle, damage: Option<Damage>);

    /// Something could not be read.
    fn problem(&mut self, problem: Problem);

    /// The walk has read this many more bytes of its input file.
    fn progress(&mut self, bytes: u64);

    /// Whether the walk should stop early.
    fn stopped(&self) -> bool;
}

/// The limits of a walk; each is reported when it is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Containers in containers.
    pub depth: u32,
    /// Members of a case.
    pub members: u64,
    /// Bundles in one file.
    pub bundles: u64,
    /// Members of a bundle that are kept one by one; those beyond are read and counted. Four times as many of a file.
    pub kept: u64,
    /// Decompressed bytes of one member.
    pub member_bytes: u64,
    /// Decompressed to compressed bytes, looked at once [`Limits::ratio_from`] are decompressed.
    pub ratio: u64,
    /// See [`Limits::ratio`].
    pub ratio_from: u64,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Events kept of all bundles together.
    pub events: usize,
    /// Bytes held in memory between the readers and the workers.
    pub memory: usize,
}

impl Default for Limits {
    /// The limits that the contract states.
    fn default() -> Self {
        Limits {
            depth: 8,
            members: 2_000_000,
            bundles: 256,
            kept: 16_384,
            member_bytes: 64 << 30,
            ratio: 200,
            ratio_from: 1 << 30,
            record_bytes: 1 << 20,
            events: 250_000,
            memory: 256 << 20,
        }
    }
}
