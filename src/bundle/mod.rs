//! A path on disk becomes a stream of members: containers in containers, nothing unpacked.
//!
//! The walk is driven from here and pushes what it finds into a [`Sink`]. It knows nothing of logs or facts: the
//! sink says which members it wants. Reading never fails as a whole; what could not be read is a [`Problem`].

mod find;
pub mod gunzip;
mod read;
pub mod sniff;
pub mod tree;
mod walk;

pub use find::{Input, find};
pub use walk::walk;

use crate::model::{MemberPath, Problem, ProblemKind};

/// One file of a bundle's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The path with every nesting.
    pub path: MemberPath,
    /// The innermost container that holds the bundle's tree: `outer.zip!esx-a.tgz`.
    pub container: MemberPath,
    /// Where the tree begins, with every nesting: `outer.zip!esx-a.tgz!esx-a`.
    pub root: MemberPath,
    /// The path inside the tree: `var/run/log/hostd.0.gz`.
    pub tree: String,
    /// Its size in bytes as stored.
    pub size: u64,
}

/// Why a member ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What sort of problem it is.
    pub kind: ProblemKind,
    /// One sentence for the user.
    pub text: String,
}

/// Takes what a walk finds, in the order of the container.
///
/// For each member either [`Sink::begin`] returns `false` and nothing follows, or it returns `true` and some
/// [`Sink::block`]s and one [`Sink::end`] follow.
pub trait Sink {
    /// A member begins; whether its content is wanted.
    fn begin(&mut self, member: Member) -> bool;

    /// The next bytes of the member, as stored: an inner `.gz` is not decoded here.
    fn block(&mut self, bytes: Vec<u8>);

    /// The member is at its end; `damage` says why it ends early, if it does.
    fn end(&mut self, damage: Option<Damage>);

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
    /// Decompressed bytes of one member.
    pub member_bytes: u64,
    /// Decompressed to compressed bytes, looked at once [`Limits::ratio_from`] are decompressed.
    pub ratio: u64,
    /// See [`Limits::ratio`].
    pub ratio_from: u64,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Bytes held in memory between the readers and the workers.
    pub memory: usize,
}

impl Default for Limits {
    /// The limits that the contract states.
    fn default() -> Self {
        Limits {
            depth: 8,
            members: 2_000_000,
            member_bytes: 64 << 30,
            ratio: 200,
            ratio_from: 1 << 30,
            record_bytes: 1 << 20,
            memory: 256 << 20,
        }
    }
}
