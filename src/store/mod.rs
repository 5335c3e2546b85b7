//! Digests kept in a folder, so that no bundle is read twice: one entry a bundle file, found by what the file holds.
//!
//! An entry is keyed by the SHA-256 of the bundle, by its file name, which the paths of its members begin with, and by
//! whatever else decides what a digest says: rules, limits, and the version of the program. It is written aside and put in
//! its place whole, under a name that only its content decides, so that any number of runs may share a folder. It carries
//! checksums: what was damaged since is not there, and the bundle is read again.
//!
//! ```text
//! STORE/digests/5f0c….digest   one bundle file: a header that tells whose it is, and its digests, compressed
//! STORE/paths/81ab….json       what lay at a path when it was read last, so that a file is not even hashed again
//! ```
//!
//! No clock and no order of arrival is in it: the same bundles give the same files.

mod entry;
mod file;
mod print;
mod stock;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::bundle::{Input, Limits};
use crate::case::Card;
use crate::digest::{self, Digest};
use crate::engine::{self, Outcome};
use crate::model::{Problem, ProblemKind};
use crate::rule::RuleSet;

use self::entry::Header;
pub use self::file::{checksum, read_file, write_whole};
use self::file::{hex, sweep};
pub use self::print::Print;
pub use self::stock::{Stocked, stock};

/// A folder of digests, as one set of rules, limits and one version of the program make them.
pub struct Store {
    folder: PathBuf,
    make: String,
    /// Entries by the length of their bundle files; read when a path is not known.
    by_bytes: OnceLock<BTreeMap<u64, Vec<Entry>>>,
}

/// What the store knows of one bundle file, its digests still on disk.
#[derive(Clone, Debug)]
pub struct Entry {
    header: Header,
    file: PathBuf,
    /// Where the bundle file lies now.
    path: String,
}

/// What lies at a path.
#[derive(Clone, Debug)]
pub enum Known {
    /// A file with bundles.
    Bundles(Box<Entry>),
    /// Something that holds none, and what there is to say of it.
    Nothing(Vec<Problem>),
}

/// What was found at a path when it was read last.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    make: String,
    path: String,
    print: Print,
    /// The key of its entry; `None` where it holds no bundle.
    key: Option<String>,
    problems: Vec<Problem>,
}

impl Store {
    /// The store in `folder`, which is made where there is none.
    ///
    /// # Errors
    /// Fails where the folder cannot be made.
    pub fn open(folder: &Path, rules: &RuleSet, limits: &Limits) -> io::Result<Store> {
        for part in [DIGESTS, PATHS] {
            fs::create_dir_all(folder.join(part))?;
            sweep(&folder.join(part));
        }
        Ok(Store { folder: folder.to_owned(), make: make(rules, limits), by_bytes: OnceLock::new() })
    }

    /// Whatever decides, beside a bundle, what its digest says; hex.
    pub fn make(&self) -> &str {
        &self.make
    }

    /// What is known of `input`, whose `print` is as it is now: by its path, else by its content. What is damaged is not
    /// known.
    pub fn known(&self, input: &Input, print: &Print) -> Option<Known> {
        let is_whole = |known: &Known| match known {
            Known::Bundles(entry) => entry.is_whole(),
            Known::Nothing(_) => true,
        };
        self.known_path(input, print)
            .filter(is_whole)
            .or_else(|| self.known_content(input, print).filter(is_whole))
    }

    fn known_path(&self, input: &Input, print: &Print) -> Option<Known> {
        let place = absolute(input);
        let seen = self.seen(&self.seen_file(&place))?;
        let (path, place) = (input.path().to_string_lossy(), place.to_string_lossy());
        if seen.make != self.make || seen.print != *print || seen.path != place {
            return None;
        }
        match seen.key {
            Some(key) => {
                let entry = Entry::open(self.entry_file(&key))?;
                let is_of = entry.header.label == input.label() && entry.header.bytes == print.bytes;
                is_of.then(|| Known::Bundles(Box::new(entry.at(&path))))
            }
            None => Some(Known::Nothing(moved_problems(seen.problems, &seen.path, &path))),
        }
    }

    /// A file that was read under another path holds the same where it has the same length and the same hash. A folder has
    /// no content of its own that could be hashed without reading all.
    fn known_content(&self, input: &Input, print: &Print) -> Option<Known> {
        if input.files().is_empty() {
            return None;
        }
        let by_bytes = self.by_bytes.get_or_init(|| self.read_all().0);
        let alike = by_bytes.get(&print.bytes)?;
        let label = input.label();
        let mut alike = alike.iter().filter(|entry| entry.header.label == label).peekable();
        alike.peek()?;
        let hash = engine::hash_files(input.files());
        let entry = alike.find(|entry| entry.header.sha256 == hash)?;
        let path = input.path().to_string_lossy();
        // Since all were looked through, it may have gone or changed.
        let found = Entry::open(entry.file.clone())?.at(&path);
        // The next run need not hash it; it does so again where this cannot be noted.
        let _ = self.note(input, print, Some(&found.header.key), &[]);
        Some(Known::Bundles(Box::new(found)))
    }

    /// Keeps what was read of `input` alone; `print` was taken before that. What it returns is what a later run will find;
    /// `None` where nothing may be kept: the file changed or failed while it was read, or a defect showed.
    ///
    /// # Errors
    /// Fails where the store cannot be written.
    pub fn keep(&self, input: &Input, print: &Print, outcome: &Outcome) -> io::Result<Option<Known>> {
        let path = input.path().to_string_lossy().into_owned();
        let told = || outcome.digests.iter().flat_map(|digest| &digest.problems).chain(&outcome.problems);
        let is_whole = outcome.digests.iter().all(|digest| !digest.sha256.is_empty());
        if !is_whole
            || told().any(|problem| problem.kind == ProblemKind::Internal)
            || Print::of(input).ok().as_ref() != Some(print)
        {
            return Ok(None);
        }
        let Some(first) = outcome.digests.first() else {
            // What could not be opened may be readable the next time.
            if outcome.problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable) {
                return Ok(None);
            }
            self.note(input, print, None, &outcome.problems)?;
            return Ok(Some(Known::Nothing(outcome.problems.clone())));
        };
        let label = input.label();
        let header = Header {
            key: key(&first.sha256, &label, &self.make),
            make: self.make.clone(),
            sha256: first.sha256.clone(),
            label,
            path: path.clone(),
            place: absolute(input).to_string_lossy().into_owned(),
            bytes: print.bytes,
            cards: outcome.digests.iter().map(Card::of).collect(),
            problems: outcome.problems.clone(),
            body: entry::Body::default(),
        };
        let header = with_silent(header, &outcome.digests);
        let file = self.entry_file(&header.key);
        let (header, text) = entry::pack(header, &outcome.digests)?;
        write_whole(&file, &text)?;
        self.note(input, print, Some(&header.key), &[])?;
        Ok(Some(Known::Bundles(Box::new(Entry { header, file, path }))))
    }

    /// Every entry that these rules, limits and this version made of what lay at its path last, ordered by path; and what is
    /// wrong with others.
    pub fn entries(&self) -> (Vec<Entry>, Vec<Problem>) {
        let (by_bytes, mut problems) = self.read_all();
        let mut entries: Vec<Entry> = by_bytes.into_values().flatten().collect();
        entries.sort_by(|a, b| (&a.path, &a.header.key).cmp(&(&b.path, &b.header.key)));
        let all = entries.len();
        entries.retain(|entry| !self.is_superseded(entry));
        if entries.len() < all {
            let count = all - entries.len();
            let text = format!(
                "{count} kept digests are of bundle files that were replaced since, and were not used"
            );
            problems.push(Problem::new(ProblemKind::Duplicate, self.folder.to_string_lossy(), text));
        }
        (entries, problems)
    }

    /// Whether something else lay at its path when that was read last.
    fn is_superseded(&self, entry: &Entry) -> bool {
        let seen = self.seen(&self.seen_file(Path::new(&entry.header.place)));
        seen.is_some_and(|seen| {
            seen.path == entry.header.place && seen.key.as_ref() != Some(&entry.header.key)
        })
    }

    fn read_all(&self) -> (BTreeMap<u64, Vec<Entry>>, Vec<Problem>) {
        let (mut entries, mut problems, mut others) = (BTreeMap::<u64, Vec<Entry>>::new(), Vec::new(), 0);
        for file in files(&self.folder.join(DIGESTS)) {
            match Entry::open(file.clone()) {
                Some(entry) if entry.header.make == self.make => {
                    entries.entry(entry.header.bytes).or_default().push(entry);
                }
                Some(_) => others += 1,
                None => {
                    let text = "the kept digest is damaged and was not used; the bundle is read again where it is given";
                    problems.push(Problem::new(ProblemKind::Damaged, file.to_string_lossy(), text));
                }
            }
        }
        if others > 0 {
            let text = format!(
                "{others} kept digests were made by other rules, limits or another version and were not used"
            );
            problems.push(Problem::new(ProblemKind::Unparsed, self.folder.to_string_lossy(), text));
        }
        (entries, problems)
    }

    /// What was noted in `file`; `None` where it is damaged or is none.
    fn seen(&self, file: &Path) -> Option<Seen> {
        let text = String::from_utf8(read_file(file)?).ok()?;
        let (sum, line) = text.split_once('\n')?;
        (sum == checksum(line.as_bytes())).then(|| serde_json::from_str(line).ok()).flatten()
    }

    /// The folders that hold what it keeps.
    pub fn folders(&self) -> [PathBuf; 2] {
        [self.folder.join(DIGESTS), self.folder.join(PATHS)]
    }

    /// Notes what lies at the path of `input`.
    fn note(&self, input: &Input, print: &Print, key: Option<&str>, problems: &[Problem]) -> io::Result<()> {
        let place = absolute(input);
        let seen = Seen {
            make: self.make.clone(),
            path: place.to_string_lossy().into_owned(),
            print: print.clone(),
            key: key.map(str::to_owned),
            problems: moved_problems(
                problems.to_vec(),
                &input.path().to_string_lossy(),
                &place.to_string_lossy(),
            ),
        };
        let line = serde_json::to_string(&seen)?;
        let text = format!("{}\n{line}", checksum(line.as_bytes()));
        write_whole(&self.seen_file(&place), text.as_bytes())
    }

    fn entry_file(&self, key: &str) -> PathBuf {
        self.folder.join(DIGESTS).join(format!("{key}.digest"))
    }

    fn seen_file(&self, place: &Path) -> PathBuf {
        let name = hex(&[place.as_os_str().as_encoded_bytes(), self.make.as_bytes()]);
        self.folder.join(PATHS).join(format!("{}.json", &name[..KEY]))
    }
}

const DIGESTS: &str = "digests";
const PATHS: &str = "paths";
/// Hex digits of a key: what two bundles share by chance no two of all that ever were.
const KEY: usize = 40;

impl Entry {
    fn open(file: PathBuf) -> Option<Entry> {
        let header = entry::header(&file)?;
        let path = header.path.clone();
        Some(Entry { header, file, path })
    }

    /// The same where the bundle file lies at `path` now.
    fn at(mut self, path: &str) -> Entry {
        let from = std::mem::replace(&mut self.path, path.to_owned());
        for card in self.header.cards.iter_mut().flatten() {
            card.bundle = moved(&card.bundle, &from, path);
        }
        self.header.problems = moved_problems(std::mem::take(&mut self.header.problems), &from, path);
        self
    }

    /// Its key: the same for the same bundle file under the same name, rules, limits and version.
    pub fn key(&self) -> &str {
        &self.header.key
    }

    /// SHA-256 of the bundle file, hex.
    pub fn sha256(&self) -> &str {
        &self.header.sha256
    }

    /// Where the bundle file lies, as given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes of the bundle file.
    pub fn bytes(&self) -> u64 {
        self.header.bytes
    }

    /// The file of the store that holds it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The cards of its bundles, in the order of its digests; `None` of one that says nothing of any host.
    pub fn cards(&self) -> &[Option<Card>] {
        &self.header.cards
    }

    /// What concerns none of its bundles.
    pub fn problems(&self) -> &[Problem] {
        &self.header.problems
    }

    /// The same with the file's path in place of its name.
    pub fn placed_problems(&self) -> Vec<Problem> {
        placed(&self.header.label, &self.path, self.header.problems.clone())
    }

    /// The digests, or `None` where they are damaged.
    pub fn digests(&self) -> Option<Vec<Digest>> {
        let mut digests = entry::body(&self.file, &self.header)?;
        if self.path != self.header.path {
            for digest in &mut digests {
                digest.bundle = moved(&digest.bundle, &self.header.path, &self.path);
                digest.problems =
                    moved_problems(std::mem::take(&mut digest.problems), &self.header.path, &self.path);
            }
        }
        Some(digests)
    }

    /// Whether its digests are as they were written.
    fn is_whole(&self) -> bool {
        entry::packed(&self.file, &self.header).is_some()
    }
}

/// Takes over what is told of digests that say nothing of any host: no case will hold these.
fn with_silent(mut header: Header, digests: &[Digest]) -> Header {
    let silent =
        digests.iter().zip(&header.cards).filter(|(_, card)| card.is_none()).map(|(digest, _)| digest);
    header.problems.extend(silent.flat_map(|digest| digest.problems.iter().cloned()));
    header
}

/// Whatever decides, beside a bundle, what its digest says.
fn make(rules: &RuleSet, limits: &Limits) -> String {
    // What waits in memory decides only how a run is done.
    let limits = Limits { memory: 0, ..*limits };
    let told = format!("{} {} {} {limits:?}", env!("CARGO_PKG_VERSION"), digest::VERSION, rules.sha256());
    hex(&[told.as_bytes()])
}

fn key(sha256: &str, label: &str, make: &str) -> String {
    hex(&[sha256.as_bytes(), label.as_bytes(), make.as_bytes()])[..KEY].to_owned()
}

fn absolute(input: &Input) -> PathBuf {
    let path = input.path();
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// `path`, where what lay at `from` lies at `to` now.
fn moved(path: &str, from: &str, to: &str) -> String {
    match path.strip_prefix(from) {
        Some(rest) if rest.is_empty() || rest.starts_with(['!', '/']) => format!("{to}{rest}"),
        _ => path.to_owned(),
    }
}

/// Problems of the file called `label` that lies at `path`: with its path in place of its name, so that two files of one
/// name are told apart.
pub fn placed(label: &str, path: &str, problems: Vec<Problem>) -> Vec<Problem> {
    if label.is_empty() { problems } else { moved_problems(problems, label, path) }
}

fn moved_problems(mut problems: Vec<Problem>, from: &str, to: &str) -> Vec<Problem> {
    for problem in &mut problems {
        problem.path = moved(&problem.path, from, to);
    }
    problems
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "digest"));
    files.sort();
    files
}

#[cfg(test)]
mod tests;
