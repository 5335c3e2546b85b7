//! `walk`: what a walk over an archive must give, whatever the archive is.
//!
//! [`Told`] is what its sink keeps, and [`check`] holds it against the recipe. That it is the same for blocks of any size
//! is demanded of damaged archives too.

use std::collections::BTreeMap;
use std::io::{self, Read};

use esxray::bundle::{Damage, Gap, Handle, Limits, Member, Sink, tree, walk_from};
use esxray::model::{MemberPath, Problem};

use crate::archive::{self, Archive, DEPTH, LABEL, Leaf, MEMBER_BYTES};
use crate::input::{Bytes, Prng};

/// The most members that a walk may give.
const MEMBERS: u64 = 2000;
/// What a walk may give of a member beyond its limit: the block in which the limit was reached.
const LAST_BLOCK: u64 = 1 << 20;

/// Runs one input: walks its archive in blocks of two sorts of sizes.
pub fn run(data: &[u8]) {
    let (archive, seed) = archive_of(data);
    let told = tell(&archive.bytes, 0);
    check(&archive, &told);
    let again = tell(&archive.bytes, seed | 1);
    // How much a stream grew is looked at when a block was read: where it is near the limit, the blocks decide.
    let is_bomb = |told: &Told| told.says("decompression bomb");
    if !is_bomb(&told) && !is_bomb(&again) {
        told.is_the_same(&again);
    }
}

/// What a walk over `file` tells, which is read in blocks whose sizes come from `seed`.
fn tell(file: &[u8], seed: u64) -> Told {
    let mut told = Told::default();
    walk_from(LABEL, &mut Drip::new(file, seed), &limits(), &mut told);
    assert!(told.progress <= file.len() as u64, "more is read than there is");
    told
}

/// One input: an archive as it is, or a recipe of one; with it the seed of the sizes in which it is read.
pub fn archive_of(data: &[u8]) -> (Archive, u64) {
    let mut bytes = Bytes::new(data);
    let (kind, seed) = (bytes.below(2), bytes.seed());
    let archive = match kind {
        0 => Archive { bytes: bytes.rest().to_vec(), leaves: Vec::new(), honest: false },
        _ => archive::build(&mut bytes),
    };
    (archive, seed)
}

/// Inputs that begin a search: recipes, and the archives that they make where these are small.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for seed in 0..60 {
        let mut prng = Prng::new(seed);
        let recipe: Vec<u8> = (0..30 + prng.below(300)).map(|_| prng.draw() as u8).collect();
        let archive = archive::build(&mut Bytes::new(&recipe)).bytes;
        if archive.len() <= 8 << 10 {
            seeds.push([&[0, 0, 0, 0, 1], &archive[..]].concat());
        }
        seeds.push([&[1, 0, 0, 0, 1], &recipe[..]].concat());
    }
    seeds
}

/// How often [`Limits::ratio_from`] all members together may have, before what was read of the file counts.
const ROOM_OF_ALL: u64 = 16;

/// Limits that a small input can reach.
pub fn limits() -> Limits {
    Limits {
        depth: DEPTH,
        members: MEMBERS,
        member_bytes: MEMBER_BYTES,
        ratio_from: 1 << 20,
        ..Limits::default()
    }
}

/// Gives an archive in blocks of any size, as a pipe does.
pub struct Drip<'a> {
    rest: &'a [u8],
    prng: Prng,
    largest: usize,
}

impl<'a> Drip<'a> {
    /// `bytes` in blocks whose sizes come from `seed`.
    pub fn new(bytes: &'a [u8], seed: u64) -> Self {
        let mut prng = Prng::new(seed);
        let largest = [1, 7, 512, 4000, 70_000][prng.below(5)];
        Drip { rest: bytes, prng, largest }
    }
}

impl Read for Drip<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.prng.below(32) == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = (1 + self.prng.below(self.largest)).min(buf.len()).min(self.rest.len());
        let (block, rest) = self.rest.split_at(len);
        buf[..len].copy_from_slice(block);
        self.rest = rest;
        Ok(len)
    }
}

/// What a sink was told of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The path that it began with; of a file in fragments that of its target.
    pub path: String,
    /// All its blocks.
    pub content: Vec<u8>,
    /// Whether it was told that something is missing inside.
    pub gaps: usize,
    /// Whether it has ended, and with which damage.
    pub ended: Option<Option<String>>,
}

/// What a sink was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Members that were wanted; a handle is an index of this list.
    pub members: Vec<Given>,
    /// Members that were offered.
    pub offered: u64,
    /// Problems, as text.
    pub problems: Vec<String>,
    /// Bytes of all members.
    pub bytes: u64,
    /// Bytes of the input that were read.
    pub progress: u64,
}

impl Sink for Told {
    fn begin(&mut self, member: Member) -> Option<Handle> {
        Told::begin(self, member.path.as_str()).map(|index| Handle(index as u64))
    }

    fn skip(&mut self, _: Member) {
        self.offered += 1;
    }

    fn piece(&mut self, handle: Handle, file: MemberPath) {
        let target = tree::fragment(file.as_str()).map(|(target, _)| target.to_owned());
        let member = self.open(handle.0 as usize);
        assert_eq!(target.as_ref(), Some(&member.path), "a fragment of another file");
    }

    fn gap(&mut self, handle: Handle, _: Gap) {
        Told::gap(self, handle.0 as usize);
    }

    fn block(&mut self, handle: Handle, bytes: Vec<u8>) {
        Told::block(self, handle.0 as usize, &bytes);
    }

    fn end(&mut self, handle: Handle, damage: Option<Damage>) {
        Told::end(self, handle.0 as usize, damage.map(|damage| damage.text));
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(format!("{:?} {}: {}", problem.kind, problem.path, problem.text));
        // A thousand of a kind are told one by one.
        assert!(self.problems.len() <= 20_000, "problems without bound");
    }

    fn progress(&mut self, bytes: u64) {
        self.progress += bytes;
    }

    fn stopped(&self) -> bool {
        false
    }
}

impl Told {
    /// A member is offered; gives its handle where it is wanted. Archives are not: they shall be walked.
    pub fn begin(&mut self, path: &str) -> Option<usize> {
        assert!(path == LABEL || path.starts_with("input!"), "a path that is not below the input: {path}");
        self.offered += 1;
        let name = path.rsplit(['/', '!']).next().unwrap_or(path);
        if [".tgz", ".tar.gz", ".tar", ".zip"].iter().any(|ending| name.ends_with(ending)) {
            return None;
        }
        let path = tree::fragment(path).map_or(path, |(target, _)| target).to_owned();
        self.members.push(Given { path, content: Vec::new(), gaps: 0, ended: None });
        Some(self.members.len() - 1)
    }

    /// The member behind `handle`, which must have begun and not ended.
    fn open(&mut self, handle: usize) -> &mut Given {
        let member = self.members.get_mut(handle).expect("a handle that was given");
        assert_eq!(member.ended, None, "{}: told of after its end", member.path);
        member
    }

    /// A block of a member.
    pub fn block(&mut self, handle: usize, bytes: &[u8]) {
        let member = self.open(handle);
        assert!(!bytes.is_empty(), "{}: an empty block", member.path);
        member.content.extend_from_slice(bytes);
        let len = member.content.len() as u64;
        assert!(len <= MEMBER_BYTES + LAST_BLOCK, "{}: {len} bytes", member.path);
        self.bytes += bytes.len() as u64;
    }

    /// Something is missing inside a member.
    pub fn gap(&mut self, handle: usize) {
        self.open(handle).gaps += 1;
    }

    /// A member ends.
    pub fn end(&mut self, handle: usize, damage: Option<String>) {
        self.open(handle).ended = Some(damage);
    }
}

impl Told {
    /// Whether a problem or the end of a member says `text`.
    fn says(&self, text: &str) -> bool {
        let ended = |given: &Given| given.ended.iter().flatten().any(|damage| damage.contains(text));
        self.problems.iter().any(|problem| problem.contains(text)) || self.members.iter().any(ended)
    }

    /// Panics where `other`, told of the same archive, differs.
    fn is_the_same(&self, other: &Told) {
        assert_eq!(self.problems, other.problems, "the size of the blocks changes the problems");
        for (own, other) in self.members.iter().zip(&other.members) {
            assert_eq!(
                (&own.path, own.content.len(), own.gaps, &own.ended),
                (&other.path, other.content.len(), other.gaps, &other.ended),
                "the size of the blocks changes what is given"
            );
            assert!(own.content == other.content, "{}: the size of the blocks changes its bytes", own.path);
        }
        assert_eq!((self.members.len(), self.offered), (other.members.len(), other.offered));
    }
}

/// Panics where `told` is not what a walk over `archive` must tell.
pub fn check(archive: &Archive, told: &Told) {
    assert!(told.offered <= MEMBERS + 1, "{} members", told.offered);
    let limits = limits();
    let most = ROOM_OF_ALL * limits.ratio_from + 2 * limits.ratio * archive.bytes.len() as u64;
    assert!(told.bytes <= most, "{} bytes out of {}", told.bytes, archive.bytes.len());
    let mut by_path: BTreeMap<&str, Vec<&Given>> = BTreeMap::new();
    for given in &told.members {
        assert!(given.ended.is_some(), "{}: no end", given.path);
        by_path.entry(&given.path).or_default().push(given);
    }
    if archive.honest {
        archive.leaves.iter().filter(|leaf| leaf.sure).for_each(|leaf| is_given(leaf, &by_path, told));
        told.members.iter().for_each(|given| is_right(given, archive));
    }
}

/// What is given without damage is what the recipe put there; odd names may meet on one path.
fn is_right(given: &Given, archive: &Archive) {
    let mut leaves = archive.leaves.iter().filter(|leaf| leaf.path == given.path).peekable();
    let is_odd = leaves.peek().is_none() || given.ended != Some(None);
    let right = is_odd || leaves.any(|leaf| leaf.content == given.content || !leaf.fragments.is_empty());
    assert!(right, "{}: other bytes, and no damage is told", given.path);
}

fn is_given(leaf: &Leaf, by_path: &BTreeMap<&str, Vec<&Given>>, told: &Told) {
    let given = by_path.get(leaf.path.as_str()).map_or(&[][..], Vec::as_slice);
    let path = &leaf.path;
    assert_eq!(given.len(), 1, "{path}: given {} times; {:?}", given.len(), told.problems);
    assert!(
        given[0].content == leaf.content,
        "{path}: {} bytes, not {}",
        given[0].content.len(),
        leaf.content.len()
    );
    assert_eq!(given[0].ended, Some(None), "{path}");
    let numbers = leaf.fragments.iter().map(|fragment| fragment.0);
    let inside = numbers.clone().max().map_or(0, |last| last as usize + 1) - leaf.fragments.len();
    assert!(inside == 0 || given[0].gaps > 0, "{path}: a missing fragment is not told");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(archive: &Archive) -> Told {
        let mut told = Told::default();
        for leaf in &archive.leaves {
            let Some(handle) = told.begin(&leaf.path) else { continue };
            leaf.content.chunks(100).for_each(|block| told.block(handle, block));
            told.gap(handle);
            told.end(handle, None);
        }
        told
    }

    fn honest() -> Archive {
        let mut seeds = 0..;
        let archives = std::iter::from_fn(|| {
            let mut prng = Prng::new(seeds.next()?);
            let bytes: Vec<u8> = (0..500).map(|_| prng.draw() as u8).collect();
            Some(archive::build(&mut Bytes::new(&bytes)))
        });
        let telling = |archive: &Archive| {
            archive.honest && archive.leaves.iter().any(|leaf| leaf.sure && leaf.content.len() > 9)
        };
        archives.into_iter().find(telling).expect("most are honest")
    }

    #[test]
    fn what_the_recipe_says_is_right() {
        check(&honest(), &right(&honest()));
    }

    #[test]
    #[should_panic(expected = "bytes, not")]
    fn other_bytes_are_seen() {
        let mut told = right(&honest());
        told.members.iter_mut().for_each(|given| given.content.push(0));
        check(&honest(), &told);
    }

    #[test]
    fn seeds_are_archives_and_recipes() {
        let (raw, made): (Vec<_>, Vec<_>) = seeds().into_iter().partition(|seed| seed[0] == 0);
        assert!(raw.len() > 10 && made.len() == 60);
        assert!(made.iter().any(|seed| archive_of(seed).0.honest));
        assert_eq!(archive_of(&raw[0]).0.bytes, raw[0][5..]);
    }

    #[test]
    fn a_drip_gives_all() {
        let text: Vec<u8> = (0..=255).cycle().take(9000).collect();
        for seed in 0..50 {
            let mut out = Vec::new();
            Drip::new(&text, seed).read_to_end(&mut out).expect("interrupted reads are repeated");
            assert_eq!(out, text);
        }
    }
}
