//! The walk itself: one reader, one pass, containers recognised by content at every level.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use super::read::{BLOCK, Blocks, Counted, Guard, OverLimit, Peek, fill, kind_of, told};
use super::sniff::{self, Kind};
use super::{Damage, Input, Limits, Member, Sink, tree};
use crate::model::{MemberPath, Problem, ProblemKind};

/// Walks everything in `input` and pushes it into `sink`.
pub fn walk(input: &Input, limits: &Limits, sink: &mut dyn Sink) {
    let read = Rc::new(Cell::new(0));
    let mut walk = Walk { limits, sink, members: 0, read, reported: 0 };
    match input {
        Input::File(path) => walk.file(path, &input.label()),
        Input::Folder(path) => walk.folder(path, path),
    }
    walk.report_progress();
}

struct Walk<'a> {
    limits: &'a Limits,
    sink: &'a mut dyn Sink,
    members: u64,
    /// Bytes read of the input file so far.
    read: Rc<Cell<u64>>,
    reported: u64,
}

/// The container that is being read.
struct Place {
    /// Its path with every nesting.
    label: String,
    /// Containers around it; gzip around tar is one.
    depth: u32,
    /// Whether a gzip layer was just taken off.
    gunzipped: bool,
}

impl Place {
    fn inner(&self, name: &str) -> Place {
        Place { label: format!("{}!{name}", self.label), depth: self.depth + 1, gunzipped: false }
    }
}

impl Walk<'_> {
    fn file(&mut self, path: &Path, label: &str) {
        let place = Place { label: label.to_owned(), depth: 0, gunzipped: false };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => return self.failed(&place, &error),
        };
        let mut peek = Peek::new(Counted { inner: file, count: Rc::clone(&self.read) });
        match peek.head().map(sniff::sniff) {
            // A zip on disk is read by its central directory, which a stream does not have yet.
            Ok(Kind::Zip) => self.zip_file(path, &place),
            Ok(_) => self.stream(&mut peek, &place),
            Err(error) => self.failed(&place, &error),
        }
    }

    fn folder(&mut self, root: &Path, folder: &Path) {
        let entries = match fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>()) {
            Ok(entries) => entries,
            Err(error) => {
                let place =
                    Place { label: folder.to_string_lossy().into_owned(), depth: 0, gunzipped: false };
                return self.failed(&place, &error);
            }
        };
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if self.is_over(&root.to_string_lossy()) {
                return;
            }
            // Links are not followed: a bundle's tree may hold one that leads anywhere.
            match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => self.folder(root, &path),
                Ok(meta) if meta.is_file() => self.folder_file(root, &path, meta.len()),
                _ => {}
            }
        }
    }

    fn folder_file(&mut self, root: &Path, path: &Path, size: u64) {
        self.members += 1;
        let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        let name = tree::normal(&relative);
        let member = Member {
            path: MemberPath::new(name.as_str()),
            container: MemberPath::new(""),
            root: MemberPath::new(""),
            tree: name.clone(),
            size,
        };
        if !self.sink.begin(member) {
            return;
        }
        let damage = match File::open(path) {
            Ok(file) => self.blocks(&mut Counted { inner: file, count: Rc::clone(&self.read) }, Some(size)),
            Err(error) => Some(Damage {
                kind: ProblemKind::Unreadable,
                text: format!("the file cannot be read: {error}"),
            }),
        };
        self.sink.end(damage);
        self.report_progress();
    }

    /// Reads a file's or member's content, whatever it is.
    fn stream(&mut self, rdr: &mut dyn Read, at: &Place) {
        if at.depth > self.limits.depth {
            let text =
                format!("containers are nested deeper than {}; the rest was left out", self.limits.depth);
            return self.sink.problem(Problem::new(ProblemKind::Limit, &at.label, text));
        }
        let mut peek = Peek::new(rdr);
        let kind = match peek.head() {
            Ok(head) => sniff::sniff(head),
            Err(error) => return self.failed(at, &error),
        };
        match kind {
            Kind::Tar => self.tar(&mut peek, at),
            Kind::Gzip => {
                let depth = at.depth + u32::from(at.gunzipped);
                let deeper = Place { label: at.label.clone(), depth, gunzipped: true };
                let mut unpacked = Guard::new(peek, self.limits);
                self.stream(&mut unpacked, &deeper);
            }
            Kind::Zip => self.zip_stream(&mut peek, at),
            Kind::Other => self.bare(&mut peek, at),
            Kind::Empty => self.refuse(at, ProblemKind::NotABundle, "the file is empty"),
            Kind::Zeros => self.refuse(
                at,
                ProblemKind::Damaged,
                "the file holds nothing but zero bytes: a broken upload?",
            ),
            Kind::Zstd | Kind::Bzip2 | Kind::Xz => {
                self.refuse(
                    at,
                    ProblemKind::Unreadable,
                    "zstd, bzip2 and xz archives are not read: unpack it one level and try again",
                );
            }
        }
    }

    fn refuse(&mut self, at: &Place, kind: ProblemKind, text: &str) {
        self.sink.problem(Problem::new(kind, &at.label, text));
    }

    /// A log that lies alone, not in a tree.
    fn bare(&mut self, rdr: &mut dyn Read, at: &Place) {
        let name = at.label.rsplit(['!', '/']).next().unwrap_or(&at.label).to_owned();
        let path = MemberPath::new(at.label.as_str());
        let member = Member { path: path.clone(), container: path.clone(), root: path, tree: name, size: 0 };
        if self.sink.begin(member) {
            let damage = self.blocks(rdr, None);
            self.sink.end(damage);
        } else {
            self.refuse(
                at,
                ProblemKind::NotABundle,
                "neither an archive (tgz, tar, zip) nor a log that is known",
            );
        }
    }

    /// A tar, and those that were put behind it.
    fn tar(&mut self, rdr: &mut dyn Read, at: &Place) {
        let mut rdr = Blocks::new(rdr);
        while self.one_tar(&mut rdr, at) {
            match self.after_tar(&mut rdr, at) {
                Some(head) => rdr.unread(&head),
                None => return,
            }
        }
    }

    /// Walks the members of a tar; whether it was read to its end mark.
    fn one_tar<R: Read>(&mut self, rdr: &mut Blocks<R>, at: &Place) -> bool {
        let mut archive = tar::Archive::new(rdr);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => {
                self.failed(at, &error);
                return false;
            }
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.failed(at, &error);
                    return false;
                }
            };
            let kind = entry.header().entry_type();
            if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let size = entry.size();
                self.member(&name, size, &mut entry, at);
            }
            if self.is_over(&at.label) {
                return false;
            }
        }
        true
    }

    /// Reads on behind a tar's end mark: the gzip layer around it tells its checksum only there. Gives what was read of
    /// another tar that follows.
    fn after_tar(&mut self, rdr: &mut dyn Read, at: &Place) -> Option<Vec<u8>> {
        let mut block = vec![0; BLOCK];
        while !self.sink.stopped() {
            let (len, failed) = fill(rdr, &mut block);
            let next = block[..len].chunks(512).position(|part| part.iter().any(|&byte| byte != 0));
            if let Some(next) = next {
                let head = block[next * 512..len].to_vec();
                if sniff::is_tar_header(&head) && failed.is_none() {
                    return Some(head);
                }
                self.refuse(at, ProblemKind::Damaged, "other data follows the archive; it was left out");
                return None;
            }
            match failed {
                // Padding behind a gzip stream is no gzip header, and harmless.
                Some(error)
                    if error.kind() == io::ErrorKind::InvalidInput
                        && !error.to_string().contains("checksum") => {}
                Some(error) => self.failed(at, &error),
                None if len == BLOCK => continue,
                None => {}
            }
            return None;
        }
        None
    }

    fn zip_file(&mut self, path: &Path, at: &Place) {
        let opened = File::open(path).map(|file| Counted { inner: file, count: Rc::clone(&self.read) });
        let archive = match opened {
            Ok(file) => zip::ZipArchive::new(BufReader::new(file)),
            Err(error) => return self.failed(at, &error),
        };
        let mut archive = match archive {
            Ok(archive) => archive,
            Err(error) => return self.failed_zip(at, &error),
        };
        for index in 0..archive.len() {
            match archive.by_index(index) {
                Ok(mut file) => {
                    if !file.is_dir() {
                        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
                        let size = file.size();
                        self.member(&name, size, &mut file, at);
                    }
                }
                Err(error) => self.failed_zip(at, &error),
            }
            if self.is_over(&at.label) {
                return;
            }
        }
    }

    fn zip_stream(&mut self, rdr: &mut dyn Read, at: &Place) {
        let mut rdr = rdr;
        loop {
            match zip::read::read_zipfile_from_stream(&mut rdr) {
                Ok(Some(mut file)) => {
                    if !file.is_dir() {
                        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
                        let size = file.size();
                        self.member(&name, size, &mut file, at);
                    }
                }
                Ok(None) => return,
                Err(error) => return self.failed_zip(at, &error),
            }
            if self.is_over(&at.label) {
                return;
            }
        }
    }

    /// One file of an archive: a member of a bundle's tree, a bare log, or another archive.
    fn member(&mut self, name: &str, size: u64, rdr: &mut dyn Read, at: &Place) {
        self.members += 1;
        self.report_progress();
        let name = tree::normal(name);
        if let Some((root, tree)) = tree::split(&name) {
            if self.leaf(at, &root, tree, &name, size, rdr) || !is_bundle_name(&name) {
                return;
            }
        } else {
            let (root, tree) = name.rsplit_once('/').unwrap_or(("", &name));
            if self.leaf(at, root, tree.to_owned(), &name, size, rdr) {
                return;
            }
        }
        let mut peek = Peek::new(rdr);
        match peek.head().map(sniff::sniff) {
            Ok(Kind::Other | Kind::Empty | Kind::Zeros) if !is_archive_name(&name) => {}
            Ok(Kind::Other) => {
                let text = "it is called an archive and is none that is known: damaged?";
                self.refuse(&at.inner(&name), ProblemKind::Damaged, text);
            }
            Ok(_) => self.stream(&mut peek, &at.inner(&name)),
            Err(error) => self.failed(&at.inner(&name), &error),
        }
    }

    /// Offers a member to the sink; whether it was wanted.
    fn leaf(
        &mut self,
        at: &Place,
        root: &str,
        tree: String,
        name: &str,
        size: u64,
        rdr: &mut dyn Read,
    ) -> bool {
        let label = &at.label;
        let root = if root.is_empty() { label.clone() } else { format!("{label}!{root}") };
        let member = Member {
            path: MemberPath::new(format!("{label}!{name}")),
            container: MemberPath::new(label.as_str()),
            root: MemberPath::new(root),
            tree,
            size,
        };
        let wanted = self.sink.begin(member);
        if wanted {
            let damage = self.blocks(rdr, Some(size));
            self.sink.end(damage);
        }
        wanted
    }

    /// Hands over all of `rdr`; what ended it early, if anything did. `size` is what the container says it has.
    fn blocks(&mut self, rdr: &mut dyn Read, size: Option<u64>) -> Option<Damage> {
        let (mut total, from) = (0u64, self.read.get());
        let mut scratch = vec![0; BLOCK];
        loop {
            let (len, failed) = fill(rdr, &mut scratch);
            total += len as u64;
            if len > 0 {
                self.sink.block(scratch[..len].to_vec());
                self.report_progress();
            }
            if let Some(error) = failed {
                return Some(Damage { kind: kind_of(&error), text: told(&error) });
            }
            if let Some(limit) = self.limit_of(total, self.read.get() - from) {
                return Some(limit);
            }
            if self.sink.stopped() {
                return None;
            }
            if len < BLOCK {
                let missing = size.unwrap_or(0).saturating_sub(total);
                let text = format!("its last {missing} bytes are missing; what stands before was used");
                return (missing > 0).then_some(Damage { kind: ProblemKind::Truncated, text });
            }
        }
    }

    /// The limit that a member of `total` bytes so far has reached, for which `read` bytes of the input were read.
    fn limit_of(&self, total: u64, read: u64) -> Option<Damage> {
        let limits = self.limits;
        let text = if total > limits.member_bytes {
            format!("longer than {} bytes; the rest was left out", limits.member_bytes)
        } else if total > limits.ratio_from && total / read.max(1) > limits.ratio {
            OverLimit { ratio: limits.ratio }.to_string()
        } else {
            return None;
        };
        Some(Damage { kind: ProblemKind::Limit, text })
    }

    fn report_progress(&mut self) {
        let read = self.read.get();
        if read > self.reported {
            self.sink.progress(read - self.reported);
            self.reported = read;
        }
    }

    fn is_over(&mut self, label: &str) -> bool {
        if self.members > self.limits.members {
            let text = format!("more than {} members; the rest was left out", self.limits.members);
            self.sink.problem(Problem::new(ProblemKind::Limit, label, text));
            return true;
        }
        self.sink.stopped()
    }

    fn failed(&mut self, at: &Place, error: &io::Error) {
        self.sink.problem(Problem::new(kind_of(error), &at.label, told(error)));
    }

    fn failed_zip(&mut self, at: &Place, error: &zip::result::ZipError) {
        let text = error.to_string();
        let kind = if text.contains("assword") { ProblemKind::Encrypted } else { ProblemKind::Damaged };
        self.sink.problem(Problem::new(
            kind,
            &at.label,
            format!("the zip archive cannot be read on: {text}"),
        ));
    }
}

/// Whether a file inside a bundle's tree is called like a bundle: one that somebody kept in a log folder.
fn is_bundle_name(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    is_archive_name(&file)
        && (file.starts_with("esx-") || file.starts_with("vc-") || file.contains("support"))
}

/// Whether a name is that of an archive.
fn is_archive_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".tgz", ".tar.gz", ".tar", ".zip", ".tar.zst", ".tar.xz", ".tar.bz2"]
        .iter()
        .any(|end| name.ends_with(end))
}
