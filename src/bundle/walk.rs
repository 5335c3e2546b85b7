//! What all of a walk shares: the sink, the limits and what was counted against them, the problems.

use std::collections::BTreeMap;

use super::fragment::{self, Joins};
use super::{Damage, Gap, Handle, Limits, Member, Sink};
use crate::model::{MemberPath, Problem, ProblemKind};

/// What all of a walk shares.
pub(super) struct Walk<'a> {
    /// What its input is called.
    label: String,
    limits: &'a Limits,
    sink: &'a mut dyn Sink,
    members: u64,
    /// Bytes of the input before the block that is at work.
    before: u64,
    /// Bytes of the input with it.
    read: u64,
    /// Bytes that came out of compressions and holes so far, but for bombs that were stopped.
    expanded: u64,
    bombs: u32,
    /// Whether what is at work stands behind missing bytes of a compressed stream.
    doubtful: bool,
    over: bool,
    pub(super) joins: Joins,
    /// Problems by kind.
    problems: BTreeMap<ProblemKind, u64>,
    /// Problems that many members of a container have alike: how many, and the first of them.
    alike: BTreeMap<(ProblemKind, String, &'static str), (u64, String)>,
}

/// Problems of a kind that are told one by one; the rest is counted.
const MOST_PROBLEMS: u64 = 1_000;

/// Bombs in one input after which it is given up.
const MOST_BOMBS: u32 = 64;

impl<'a> Walk<'a> {
    pub(super) fn new(label: &str, limits: &'a Limits, sink: &'a mut dyn Sink) -> Self {
        Walk {
            label: label.to_owned(),
            limits,
            sink,
            members: 0,
            before: 0,
            read: 0,
            expanded: 0,
            bombs: 0,
            doubtful: false,
            over: false,
            joins: Joins::default(),
            problems: BTreeMap::new(),
            alike: BTreeMap::new(),
        }
    }

    /// Takes what waits, and tells what was counted.
    pub(super) fn finish(&mut self) {
        fragment::close_all(self);
        for ((kind, path, text), (count, first)) in std::mem::take(&mut self.alike) {
            let text = format!("{count} {text} (the first: {first})");
            self.sink.problem(Problem::new(kind, path, text));
        }
        for (kind, count) in std::mem::take(&mut self.problems) {
            if count > MOST_PROBLEMS {
                let text = format!(
                    "{} further problems of this kind were counted but not kept",
                    count - MOST_PROBLEMS
                );
                self.sink.problem(Problem::new(kind, self.label.as_str(), text));
            }
        }
    }

    pub(super) fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// The next `len` bytes of the input are at work.
    pub(super) fn reads(&mut self, len: usize) {
        self.before = self.read;
        self.read += len as u64;
    }

    /// So many bytes of the input are done.
    pub(super) fn progress(&mut self, len: usize) {
        self.sink.progress(len as u64);
    }

    /// Bytes of the input that had been read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Bytes of the input that had been read before the block that is at work.
    pub(super) fn read_before(&self) -> u64 {
        self.before
    }

    /// Whether the walk ends here.
    pub(super) fn is_over(&mut self) -> bool {
        self.over = self.over || self.sink.stopped();
        self.over
    }

    /// Counts a member of the container `label`; whether it is within the limit.
    pub(super) fn count_member(&mut self, label: &str) -> bool {
        self.members += 1;
        let most = self.limits.members;
        if self.members > most {
            self.give_up(label, || {
                format!("more than {most} members (--max-members); the rest was left out")
            });
        }
        !self.over
    }

    /// The limit that a member of `given` bytes so far has reached, which began when `from` bytes had been read.
    pub(super) fn limit_of(&mut self, given: u64, from: u64) -> Option<Damage> {
        if given > self.limits.member_bytes {
            let text = format!(
                "longer than {} bytes (--max-member-bytes); the rest was left out",
                self.limits.member_bytes
            );
            return Some(Damage { kind: ProblemKind::Limit, text });
        }
        self.bomb(given, from)
    }

    /// What is told of a stream that grew to `given` bytes out of what was read since `from`, if that is too much.
    pub(super) fn bomb(&mut self, given: u64, from: u64) -> Option<Damage> {
        // Each bomb makes the next one's fuse shorter: many of them must not cost more than a few.
        let ratio_from = (self.limits.ratio_from >> (2 * self.bombs).min(13)).max(1);
        let read = (self.read - from).max(1);
        if given <= ratio_from || given / read <= self.limits.ratio {
            return None;
        }
        self.bombs += 1;
        self.expanded = self.expanded.saturating_sub(given);
        if self.bombs >= MOST_BOMBS {
            self.give_up(&self.label.clone(), || {
                format!("{MOST_BOMBS} members of it are decompression bombs (--max-ratio); the rest of it was left out")
            });
        }
        let text = format!(
            "it expands more than {} times (--max-ratio): taken for a decompression bomb, the rest was left out",
            self.limits.ratio
        );
        Some(Damage { kind: ProblemKind::Limit, text })
    }

    /// Counts what came out of a compression or a hole. Archives in archives and holes beside holes, each harmless by
    /// itself, may add up to a bomb.
    pub(super) fn expand(&mut self, bytes: usize) {
        self.expanded += bytes as u64;
        // A single bomb is stopped before all together are too much.
        let free = self.limits.ratio_from.saturating_mul(4);
        let too_much = self.expanded > free && self.expanded / self.read.max(1) > self.limits.ratio;
        if too_much {
            let most = self.limits.ratio;
            self.give_up(&self.label.clone(), || {
                format!("what is nested in it expands more than {most} times in all (--max-ratio): taken for a decompression bomb, the rest was left out")
            });
        }
    }

    /// Ends the walk and tells why, once.
    fn give_up(&mut self, label: &str, text: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.over, true) {
            self.problem(ProblemKind::Limit, label, text());
        }
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, path: &str, text: impl Into<String>) {
        let count = self.problems.entry(kind).or_default();
        *count += 1;
        if *count <= MOST_PROBLEMS {
            self.sink.problem(Problem::new(kind, path, text));
        }
    }

    /// Counts a member whose name is `text`, for one problem with all of them.
    pub(super) fn tally(&mut self, text: &'static str, container: &str, name: &str) {
        self.alike(ProblemKind::UnsafeName, text, container, name);
    }

    /// Counts a member that needs a password.
    pub(super) fn tally_encrypted(&mut self, container: &str, name: &str) {
        let text = "files are protected by a password; unzip them with it and give the folder instead";
        self.alike(ProblemKind::Encrypted, text, container, name);
    }

    fn alike(&mut self, kind: ProblemKind, text: &'static str, container: &str, name: &str) {
        let first = || (0, name.chars().take(200).collect());
        self.alike.entry((kind, container.to_owned(), text)).or_insert_with(first).0 += 1;
    }

    pub(super) fn begin(&mut self, member: Member) -> Option<Handle> {
        self.sink.begin(Member { doubtful: self.doubtful, ..member })
    }

    /// Does `work` on bytes that are `doubtful`, or lie in something that is.
    pub(super) fn doubt(&mut self, doubtful: bool, work: impl FnOnce(&mut Self)) {
        let before = self.doubtful;
        self.doubtful |= doubtful;
        work(self);
        self.doubtful = before;
    }

    pub(super) fn skip(&mut self, member: Member) {
        self.sink.skip(member);
    }

    pub(super) fn piece(&mut self, handle: Handle, file: MemberPath) {
        self.sink.piece(handle, file);
    }

    pub(super) fn gap(&mut self, handle: Handle, gap: Gap) {
        self.sink.gap(handle, gap);
    }

    pub(super) fn block(&mut self, handle: Handle, bytes: Vec<u8>) {
        self.sink.block(handle, bytes);
    }

    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.sink.buffer()
    }

    pub(super) fn end(&mut self, handle: Handle, damage: Option<Damage>) {
        self.sink.end(handle, damage);
    }
}
