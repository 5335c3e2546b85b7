//! The walk itself: one reader, one pass, containers recognised by content at every level.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::content::{BLOCK, Content, NAMES, PASSWORD};
use super::fragment::{self, Joins};
use super::stream::{Purpose, Stream};
use super::{Damage, Gap, Handle, Input, Limits, Member, Sink, tree};
use crate::model::{MemberPath, Problem, ProblemKind};

/// Walks everything in `input` and pushes it into `sink`.
pub fn walk(input: &Input, limits: &Limits, sink: &mut dyn Sink) {
    let mut cx = Walk::new(&input.label(), limits, sink);
    match input {
        Input::File(path) => cx.file(path, &input.label()),
        Input::Fragments(paths) => cx.fragments(paths, &input.label()),
        Input::Folder(path) => {
            let mut place = Place::new("");
            cx.folder(path, path, &mut place);
        }
    }
    cx.finish();
}

/// Walks what `rdr` gives, called `label`, and pushes it into `sink`.
pub fn walk_from(label: &str, rdr: &mut dyn Read, limits: &Limits, sink: &mut dyn Sink) {
    let mut cx = Walk::new(label, limits, sink);
    let mut root = Stream::new(Place::new(label), Purpose::Given);
    let cut = cx.pump(rdr, label, |cx, bytes| {
        root.push(cx, bytes);
        !root.is_over()
    });
    root.finish(&mut cx, cut);
    cx.finish();
}

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
    fn new(label: &str, limits: &'a Limits, sink: &'a mut dyn Sink) -> Self {
        Walk {
            label: label.to_owned(),
            limits,
            sink,
            members: 0,
            before: 0,
            read: 0,
            expanded: 0,
            bombs: 0,
            over: false,
            joins: Joins::default(),
            problems: BTreeMap::new(),
            alike: BTreeMap::new(),
        }
    }

    fn file(&mut self, path: &Path, label: &str) {
        let mut root = Stream::new(Place::new(label), Purpose::Given);
        let cut = self.pump_file(path, label, |cx, bytes| {
            root.push(cx, bytes);
            !root.is_over()
        });
        root.finish(self, cut);
    }

    /// Files that are fragments of one.
    fn fragments(&mut self, paths: &[std::path::PathBuf], label: &str) {
        let mut root = Stream::new(Place::new(label), Purpose::Given);
        let mut next = None;
        for path in paths {
            let name = path.to_string_lossy();
            let number = tree::fragment(&name).map_or(0, |(_, number)| number);
            // The first may be 0 or 1.
            let expected = next.unwrap_or(number.min(1));
            if number > expected {
                let text = fragment::missing_fragments(expected, number - 1);
                self.problem(ProblemKind::MissingFragment, label, text);
                root.gap(self);
            }
            next = Some(number + 1);
            let cut = self.pump_file(path, &name, |cx, bytes| {
                root.push(cx, bytes);
                !root.is_over()
            });
            if cut {
                root.gap(self);
            }
        }
        root.finish(self, false);
    }

    fn folder(&mut self, root: &Path, folder: &Path, place: &mut Place) {
        let entries = match fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>()) {
            Ok(entries) => entries,
            Err(error) => {
                let text = format!("the folder cannot be listed: {error}");
                return self.problem(ProblemKind::Unreadable, &folder.to_string_lossy(), text);
            }
        };
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if self.is_over() {
                return;
            }
            // Links are not followed: a bundle's tree may hold one that leads anywhere.
            match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => self.folder(root, &path, place),
                Ok(meta) if meta.is_file() => self.folder_file(root, &path, meta.len(), place),
                Ok(_) => {
                    let name = relative(root, &path);
                    let member = place.member(&name, Some(0), false);
                    self.skip(member);
                }
                Err(error) => {
                    let text = format!("the file cannot be read: {error}");
                    self.problem(ProblemKind::Unreadable, &relative(root, &path), text);
                }
            }
        }
    }

    fn folder_file(&mut self, root: &Path, path: &Path, size: u64, place: &mut Place) {
        if !self.count_member(&root.to_string_lossy()) {
            return;
        }
        let name = relative(root, path);
        let mut content = match tree::fragment(&name) {
            Some((target, number)) => fragment::Piece::begin(self, place, &name, target, number),
            None => {
                let member = place.member(&name, Some(size), false);
                Content::of(self, place, &name, member)
            }
        };
        let mut got = 0;
        let failed = match File::open(path) {
            Ok(mut file) => self.blocks(&mut file, |cx, bytes| {
                got += bytes.len() as u64;
                content.push(cx, bytes);
                !content.is_over()
            }),
            Err(error) => Some(error),
        };
        let missing = size.saturating_sub(got);
        let damage = match failed {
            Some(error) => Some((ProblemKind::Unreadable, format!("the file cannot be read: {error}"))),
            None if missing > 0 && !content.is_over() => Some((
                ProblemKind::Truncated,
                format!("its last {missing} bytes are missing; what stands before was used"),
            )),
            None => None,
        };
        content.end(self, damage.map(|(kind, text)| Damage { kind, text }));
    }

    /// Reads a file into `push` until that says no; whether it broke off.
    fn pump_file(&mut self, path: &Path, label: &str, push: impl FnMut(&mut Self, &[u8]) -> bool) -> bool {
        match File::open(path) {
            Ok(mut file) => self.pump(&mut file, label, push),
            Err(error) => {
                self.problem(ProblemKind::Unreadable, label, format!("the file cannot be read: {error}"));
                true
            }
        }
    }

    fn pump(&mut self, rdr: &mut dyn Read, label: &str, push: impl FnMut(&mut Self, &[u8]) -> bool) -> bool {
        let failed = self.blocks(rdr, push);
        if let Some(error) = &failed {
            let text = format!(
                "reading the file failed at byte {}: {error}; what stands before was used",
                self.read
            );
            self.problem(ProblemKind::Unreadable, label, text);
        }
        failed.is_some()
    }

    /// Reads block by block into `push` until that says no; what failed.
    fn blocks(
        &mut self,
        rdr: &mut dyn Read,
        mut push: impl FnMut(&mut Self, &[u8]) -> bool,
    ) -> Option<io::Error> {
        let mut block = vec![0; BLOCK];
        while !self.is_over() {
            match rdr.read(&mut block) {
                Ok(0) => return None,
                Ok(len) => {
                    self.before = self.read;
                    self.read += len as u64;
                    let goes_on = push(self, &block[..len]);
                    self.sink.progress(len as u64);
                    if !goes_on {
                        return None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(error),
            }
        }
        None
    }

    /// Takes what waits, and tells what was counted.
    fn finish(&mut self) {
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
        if self.members > self.limits.members && !self.over {
            self.over = true;
            let text = format!("more than {} members; the rest was left out", self.limits.members);
            self.problem(ProblemKind::Limit, label, text);
        }
        !self.over
    }

    /// The limit that a member of `given` bytes so far has reached, which began when `from` bytes had been read.
    pub(super) fn limit_of(&mut self, given: u64, from: u64) -> Option<Damage> {
        if given > self.limits.member_bytes {
            let text = format!("longer than {} bytes; the rest was left out", self.limits.member_bytes);
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
        if self.bombs >= MOST_BOMBS && !self.over {
            self.over = true;
            let text =
                format!("{MOST_BOMBS} members of it are decompression bombs; the rest of it was left out");
            let label = self.label.clone();
            self.problem(ProblemKind::Limit, &label, text);
        }
        let text = format!(
            "it expands more than {} times: taken for a decompression bomb, the rest was left out",
            self.limits.ratio
        );
        Some(Damage { kind: ProblemKind::Limit, text })
    }

    /// Counts what came out of a compression or a hole. Archives in archives and holes beside holes, each harmless by
    /// itself, may add up to a bomb.
    pub(super) fn expand(&mut self, bytes: usize) {
        self.expanded += bytes as u64;
        let too_much =
            self.expanded > self.limits.ratio_from && self.expanded / self.read.max(1) > self.limits.ratio;
        if too_much && !self.over {
            self.over = true;
            let text = format!(
                "what is nested in it expands more than {} times in all: taken for a decompression bomb, the rest was left out",
                self.limits.ratio
            );
            let label = self.label.clone();
            self.problem(ProblemKind::Limit, &label, text);
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
        self.alike(NAMES, text, container, name);
    }

    /// Counts a member that needs a password.
    pub(super) fn tally_encrypted(&mut self, container: &str, name: &str) {
        self.alike(ProblemKind::Encrypted, PASSWORD, container, name);
    }

    fn alike(&mut self, kind: ProblemKind, text: &'static str, container: &str, name: &str) {
        let cut = name.chars().take(200).collect();
        self.alike.entry((kind, container.to_owned(), text)).or_insert((0, cut)).0 += 1;
    }

    pub(super) fn begin(&mut self, member: Member) -> Option<Handle> {
        self.sink.begin(member)
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

    pub(super) fn end(&mut self, handle: Handle, damage: Option<Damage>) {
        self.sink.end(handle, damage);
    }
}

fn relative(root: &Path, path: &Path) -> String {
    tree::normal(&path.strip_prefix(root).unwrap_or(path).to_string_lossy())
}

/// A container that is being read.
#[derive(Clone)]
pub(super) struct Place {
    /// Its path with every nesting; empty for a folder.
    pub(super) label: String,
    /// Containers around it; a compression around an archive is one with it.
    pub(super) depth: u32,
    /// Whether a compression was just taken off.
    is_decoded: bool,
    path: MemberPath,
    /// The root of the last member's bundle, which the next one shares as a rule.
    root: (String, MemberPath),
}

impl Place {
    pub(super) fn new(label: &str) -> Self {
        let path = MemberPath::new(label);
        Place {
            label: label.to_owned(),
            depth: 0,
            is_decoded: false,
            root: (String::new(), path.clone()),
            path,
        }
    }

    /// The place of the container `name` in this one.
    pub(super) fn inner(&self, name: &str) -> Place {
        Place { depth: self.depth + 1, ..Place::new(&self.path_of(name)) }
    }

    /// This place below one more compression.
    pub(super) fn decoded(&self) -> Place {
        Place { depth: self.depth + u32::from(self.is_decoded), is_decoded: true, ..self.clone() }
    }

    /// The path of `name` in this place, with every nesting.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.label.is_empty() { name.to_owned() } else { format!("{}!{name}", self.label) }
    }

    /// The member `name` of this place. Where the name is doubtful, the root is that of the member before.
    pub(super) fn member(&mut self, name: &str, size: Option<u64>, doubtful: bool) -> Member {
        let path = MemberPath::new(self.path_of(name));
        // A folder is the root of one bundle.
        if self.label.is_empty() {
            let container = self.path.clone();
            return Member {
                path,
                root: container.clone(),
                container,
                tree: name.to_owned(),
                size,
                fragmented: false,
            };
        }
        let split = tree::split(name)
            .or_else(|| name.rsplit_once('/').map(|(root, tree)| (root.into(), tree.into())));
        let (root, tree) = split.unwrap_or_else(|| (String::new(), name.to_owned()));
        let alike = |a: &str, b: &str| a.matches('/').count() == b.matches('/').count();
        let root = if doubtful && alike(&root, &self.root.0) { self.root.0.clone() } else { root };
        if self.root.0 != root {
            self.root = (root.clone(), MemberPath::new(self.path_of(&root)));
        }
        let root = if root.is_empty() { self.path.clone() } else { self.root.1.clone() };
        Member { path, container: self.path.clone(), root, tree, size, fragmented: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wants every log and counts.
    #[derive(Default)]
    struct Count {
        bytes: u64,
        problems: Vec<String>,
    }

    impl Sink for Count {
        fn begin(&mut self, member: Member) -> Option<Handle> {
            member.path.as_str().ends_with(".log").then_some(Handle(0))
        }

        fn skip(&mut self, _: Member) {}

        fn piece(&mut self, _: Handle, _: MemberPath) {}

        fn gap(&mut self, _: Handle, _: Gap) {}

        fn block(&mut self, _: Handle, bytes: Vec<u8>) {
            self.bytes += bytes.len() as u64;
        }

        fn end(&mut self, _: Handle, damage: Option<Damage>) {
            self.problems.extend(damage.map(|damage| damage.text));
        }

        fn problem(&mut self, problem: Problem) {
            self.problems.push(problem.text);
        }

        fn progress(&mut self, _: u64) {}

        fn stopped(&self) -> bool {
            false
        }
    }

    fn count(bytes: &[u8], limits: &Limits) -> Count {
        let mut count = Count::default();
        walk_from("a.tar", &mut &bytes[..], limits, &mut count);
        count
    }

    fn entry(tar: &mut tar::Builder<Vec<u8>>, name: &str, text: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, name, text).expect("in memory");
    }

    #[test]
    fn a_hole_in_an_archive_in_an_archive_ends() {
        let mut inner = tar::Builder::new(Vec::new());
        entry(&mut inner, "esx-a/var/log/a.log", b"text");
        let inner = inner.into_inner().expect("in memory");
        let mut tar = tar::Builder::new(Vec::new());
        let map = format!("0,{}", inner.len());
        let sparse =
            [("GNU.sparse.realsize", &b"4611686018427387904"[..]), ("GNU.sparse.map", map.as_bytes())];
        tar.append_pax_extensions(sparse).expect("in memory");
        entry(&mut tar, "x/inner.tar", &inner);
        entry(&mut tar, "esx-a/var/log/b.log", b"more");
        let limits = Limits { ratio_from: 1 << 20, ..Limits::default() };
        let count = count(&tar.into_inner().expect("in memory"), &limits);
        assert_eq!(count.bytes, 8);
        assert!(
            count.problems.iter().any(|text| text.contains("decompression bomb")),
            "{:?}",
            count.problems
        );
    }

    #[test]
    fn a_member_has_as_many_bytes_as_the_limit_allows() {
        let mut tar = tar::Builder::new(Vec::new());
        entry(&mut tar, "esx-a/var/log/a.log", &[b'x'; 5000]);
        let limits = Limits { member_bytes: 5000, ..Limits::default() };
        let tar = tar.into_inner().expect("in memory");
        assert_eq!(count(&tar, &limits).bytes, 5000);
        // A log that stands alone has no size that is told beforehand.
        let mut bare = Count::default();
        walk_from("a.log", &mut &[b'x'; 9000][..], &limits, &mut bare);
        assert!(bare.bytes == 5000 && bare.problems.len() == 1, "{} {:?}", bare.bytes, bare.problems);
    }
}
