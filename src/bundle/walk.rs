//! The walk itself: one reader, one pass, containers recognised by content at every level.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::sniff::{self, Kind};
use super::{Damage, Input, Limits, Member, Sink, tree};
use crate::model::{MemberPath, Problem, ProblemKind};

/// Bytes handed over at once.
const BLOCK: usize = 256 << 10;

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

fn kind_of(error: &io::Error) -> ProblemKind {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ProblemKind::Truncated,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => ProblemKind::Unreadable,
        _ if is_over_limit(error) => ProblemKind::Limit,
        _ => ProblemKind::Damaged,
    }
}

/// Whether a limit stands behind an error, also one that an archive library has wrapped.
fn is_over_limit(error: &io::Error) -> bool {
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

fn told(error: &io::Error) -> String {
    match kind_of(error) {
        ProblemKind::Truncated => "the archive ends early; what stands before the cut was used".to_owned(),
        ProblemKind::Damaged => {
            format!("the archive is damaged ({error}); what stands before the damage was used")
        }
        _ => error.to_string(),
    }
}

/// Fills `block` as far as `rdr` gives; how much, and what failed.
fn fill(rdr: &mut dyn Read, block: &mut [u8]) -> (usize, Option<io::Error>) {
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
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
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
struct Peek<R> {
    inner: R,
    head: Vec<u8>,
    at: usize,
    failed: Option<io::Error>,
    looked: bool,
}

impl<R: Read> Peek<R> {
    fn new(inner: R) -> Self {
        Peek { inner, head: Vec::new(), at: 0, failed: None, looked: false }
    }

    /// The first bytes, as many as [`sniff::sniff`] wants where there are so many.
    fn head(&mut self) -> io::Result<&[u8]> {
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
const LONGEST_NAME: u64 = 1 << 20;

/// Gives a tar block by block, and stops before a header that announces an endless name.
struct Blocks<R> {
    inner: R,
    buf: Vec<u8>,
    at: usize,
    failed: Option<io::Error>,
}

impl<R: Read> Blocks<R> {
    fn new(inner: R) -> Self {
        Blocks { inner, buf: Vec::new(), at: 0, failed: None }
    }

    /// Gives `head` again before what is left.
    fn unread(&mut self, head: &[u8]) {
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
struct EndlessName;

/// Whether a block is the header of a GNU long name or PAX record beyond [`LONGEST_NAME`].
fn announces_endless_name(block: &[u8]) -> bool {
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
struct Guard<R: Read> {
    inner: MultiGzDecoder<BufReader<Counted<R>>>,
    taken: Rc<Cell<u64>>,
    given: u64,
    ratio: u64,
    ratio_from: u64,
}

/// A limit was reached.
#[derive(Debug, thiserror::Error)]
#[error("it expands more than {ratio} times: taken for a decompression bomb, the rest was left out")]
struct OverLimit {
    ratio: u64,
}

impl<R: Read> Guard<R> {
    fn new(rdr: R, limits: &Limits) -> Self {
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
