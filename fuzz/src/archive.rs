//! Archives made from the bytes of an input: tars, zips and gzip layers in each other, with what a reader must give
//! for them, and damage of every sort.
//!
//! Nothing is read here: `walk` is the harness that does.

mod damage;
mod tar;
mod zip;

use std::io::Write;

use esxray::bundle::tree;
use flate2::{Compression, GzBuilder};

use crate::input::Bytes;

/// What members' paths begin with.
pub const LABEL: &str = "input";
/// Containers in containers that a reader must follow; gzip in gzip is one.
pub const DEPTH: u32 = 4;
/// Decompressed bytes of one member that a reader must give.
pub const MEMBER_BYTES: u64 = 1 << 20;
/// Bytes of all members of an archive are kept below this.
const ROOM: usize = 256 << 10;

/// An archive, and what lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The file.
    pub bytes: Vec<u8>,
    /// What was put into it, in its order.
    pub leaves: Vec<Leaf>,
    /// Whether nothing in it lies or is damaged: then every leaf that is sure must be given as it is.
    pub honest: bool,
}

/// A file in an archive that is no container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The path with every nesting, as a reader calls it; of a file in fragments that of their target.
    pub path: String,
    /// Its bytes, fragments joined by their numbers.
    pub content: Vec<u8>,
    /// Whether a reader must give it. It may refuse an odd name or form; what it gives without damage must be right.
    pub sure: bool,
    /// For a file in fragments the number and length of each, in the order of the archive; some may be missing.
    pub fragments: Vec<(u32, usize)>,
}

/// The archive that `bytes` describe.
pub fn build(bytes: &mut Bytes<'_>) -> Archive {
    let damages = bytes.below(8).saturating_sub(4);
    let mut recipe = Recipe { bytes, leaves: Vec::new(), honest: true, named: 0, room: ROOM };
    let mut file = recipe.container(LABEL, 0);
    let (leaves, honest) = (recipe.leaves, recipe.honest && damages == 0);
    for _ in 0..damages {
        damage::damage(&mut file, bytes);
    }
    Archive { bytes: file, leaves, honest }
}

/// An archive on its way.
struct Recipe<'r, 'b> {
    bytes: &'r mut Bytes<'b>,
    leaves: Vec<Leaf>,
    honest: bool,
    /// Names that were given, so that each is given once.
    named: usize,
    /// Bytes that members may still have.
    room: usize,
}

/// One file to be put into a container.
struct File {
    name: Vec<u8>,
    content: Vec<u8>,
    /// Where it stands in [`Recipe::leaves`], where it is a leaf.
    leaf: Option<usize>,
}

/// Names that a bundle should not have, in a bundle's tree or outside.
const ODD: &[&[u8]] = &[
    b"../../../../etc/passwd",
    b"/esx-a/var/log/absolute.log",
    b"esx-a/var/log/../../../up.log",
    b"C:\\esx-a\\var\\log\\back.log",
    b"esx-a/var/log/\xff\xfe\x80.log",
    b"esx-a/var/log/new\nline\r.log",
    b"esx-a/var/log/\x1b[31mred\x07.log",
    b"esx-a/var/log/\xe2\x80\xaegol.exe",
    b"esx-a/var/log/a!b!c.log",
    b"esx-a/./var//log/./dots.log",
    b"esx-a/var/log/.FRAG-00000",
    b"esx-a/var/log/x.FRAG-4294967296",
    b"esx-a/var/log/not-one.tgz",
    b"esx-a.tgz",
    b"..",
    b".",
    b"",
];

impl Recipe<'_, '_> {
    /// The bytes of a container called `label` inside `depth` others.
    fn container(&mut self, label: &str, depth: u32) -> Vec<u8> {
        let is_zip = self.bytes.once_in(3);
        let layers =
            if is_zip { self.bytes.below(8) / 7 } else { [1, 1, 1, 0, 0, 1, 2, 3][self.bytes.below(8)] };
        let depth = depth + (layers as u32).saturating_sub(1);
        // Beyond the limit a reader must stop.
        self.honest &= depth <= DEPTH;
        let mut files = Vec::new();
        for _ in 0..1 + self.bytes.below(6) {
            self.files(label, depth, &mut files);
        }
        let archive = if is_zip { self.zip(&files) } else { self.tars(&files) };
        (0..layers).fold(archive, |inner, _| self.gzip(&inner))
    }

    /// The next file, or the fragments of one.
    fn files(&mut self, label: &str, depth: u32, files: &mut Vec<File>) {
        match self.bytes.below(8) {
            0 if depth < DEPTH => files.push(self.nested(label, depth)),
            1 => self.fragments(label, files),
            2 => {
                let mut name = self.bytes.pick(ODD).to_vec();
                if self.bytes.once_in(8) {
                    name.extend([b'x'].repeat(self.bytes.two()));
                }
                let content = self.content();
                files.push(self.leaf(label, name, content, false));
            }
            kind => {
                let name = self.name(
                    ["esx-a/var/run/log/vmkernel", "esx-a/commands/c", "case 7/esx-b/etc/vmware/e"][kind % 3],
                );
                let content = self.content();
                files.push(self.leaf(label, format!("{name}.log").into_bytes(), content, true));
            }
        }
    }

    fn name(&mut self, stem: &str) -> String {
        self.named += 1;
        // Some are longer than a header of a tar has room for.
        let deep = "deep/".repeat(if self.bytes.once_in(6) { 8 + self.bytes.below(40) } else { 0 });
        let (folder, file) = stem.rsplit_once('/').unwrap_or(("", stem));
        format!("{folder}/{deep}{file}-{}", self.named)
    }

    fn leaf(&mut self, label: &str, name: Vec<u8>, content: Vec<u8>, sure: bool) -> File {
        let path = path_of(label, &String::from_utf8_lossy(&name));
        self.leaves.push(Leaf { path, content: content.clone(), sure, fragments: Vec::new() });
        File { name, content, leaf: Some(self.leaves.len() - 1) }
    }

    /// An archive in the archive: beside the trees of bundles, or kept in a log folder.
    fn nested(&mut self, label: &str, depth: u32) -> File {
        let stem = *self.bytes.pick(&["case/esx-c", "esx-a/var/log/esx-kept", "x/vc-d-support"]);
        let ending = *self.bytes.pick(&[".tgz", ".zip", ".tar", ".tar.gz"]);
        self.named += 1;
        let name = format!("{stem}-{}{ending}", self.named);
        let content = self.container(&path_of(label, &name), depth + 1);
        File { name: name.into_bytes(), content, leaf: None }
    }

    /// One file in fragments, as the collector cuts what is large; in any order, and one may be missing.
    fn fragments(&mut self, label: &str, files: &mut Vec<File>) {
        let name = format!("{}.txt", self.name("esx-a/commands/f"));
        let pieces: Vec<Vec<u8>> = (0..1 + self.bytes.below(5)).map(|_| self.content()).collect();
        let mut order: Vec<usize> = (0..pieces.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, at - self.bytes.below(at + 1));
        }
        if order.len() > 1 && self.bytes.once_in(6) {
            let missing = self.bytes.below(order.len());
            order.remove(missing);
        }
        let mut kept = order.clone();
        kept.sort_unstable();
        self.leaves.push(Leaf {
            path: path_of(label, &name),
            content: kept.iter().flat_map(|&at| pieces[at].clone()).collect(),
            sure: true,
            fragments: order.iter().map(|&at| (at as u32, pieces[at].len())).collect(),
        });
        let leaf = Some(self.leaves.len() - 1);
        files.extend(order.into_iter().map(|at| File {
            name: format!("{name}.FRAG-{at:05}").into_bytes(),
            content: pieces[at].clone(),
            leaf,
        }));
    }

    /// Some content: nothing, lines, anything, or more of one byte than a member may have.
    fn content(&mut self) -> Vec<u8> {
        let line = b"2020-07-01T08:15:30.123Z cpu4:2097705)Vmxnet3: 1: x\n";
        let content = match self.bytes.below(8) {
            0 => Vec::new(),
            1 | 2 => line.repeat(self.bytes.below(40)),
            3 => vec![self.bytes.byte(); self.bytes.two()],
            4 if self.bytes.once_in(32) => {
                self.honest = false;
                return vec![0; MEMBER_BYTES as usize + (64 << 10) * self.bytes.below(64)];
            }
            // Any length, to lie at every place in a block of 512.
            5 => line.iter().copied().cycle().take(self.bytes.two() % 2000).collect(),
            _ => {
                let len = self.bytes.below(40);
                self.bytes.take(len).to_vec()
            }
        };
        let content = if content.len() > self.room { Vec::new() } else { content };
        self.room -= content.len();
        content
    }

    /// `inner` in a gzip layer, in one or two members, with or without padding.
    fn gzip(&mut self, inner: &[u8]) -> Vec<u8> {
        let level = Compression::new([6, 1, 0, 9][self.bytes.below(4)]);
        let split = if self.bytes.once_in(5) { self.bytes.two() % (inner.len() + 1) } else { inner.len() };
        let mut file = Vec::new();
        for part in [&inner[..split], &inner[split..]] {
            if part.is_empty() && !file.is_empty() {
                continue;
            }
            let builder = GzBuilder::new();
            let builder = if self.bytes.once_in(2) { builder.filename("esx-a.tar") } else { builder };
            let mut gz = builder.write(file, level);
            gz.write_all(part).expect("a vector takes all");
            file = gz.finish().expect("a vector takes all");
        }
        if self.bytes.once_in(6) {
            file.resize(file.len() + self.bytes.two() % 3000, 0);
        }
        file
    }
}

/// How a reader calls the file `name` of the container `label`.
fn path_of(label: &str, name: &str) -> String {
    format!("{label}!{}", tree::normal(name))
}

#[cfg(test)]
mod tests;
