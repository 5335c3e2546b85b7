//! From the paths that a user gives to the files and folders that are bundles.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::sniff::{self, Kind};
use super::tree;
use crate::model::{Problem, ProblemKind};

/// Something on disk that holds at least one bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// An archive, or a single log.
    File(PathBuf),
    /// The fragments of an archive, in their order.
    Fragments(Vec<PathBuf>),
    /// The root of an unpacked bundle.
    Folder(PathBuf),
}

impl Input {
    /// The path on disk; of fragments, that of the first.
    pub fn path(&self) -> &Path {
        match self {
            Input::File(path) | Input::Folder(path) => path,
            Input::Fragments(paths) => paths.first().map_or(Path::new(""), PathBuf::as_path),
        }
    }

    /// The files that it is read from; none for a folder.
    pub fn files(&self) -> &[PathBuf] {
        match self {
            Input::File(path) => std::slice::from_ref(path),
            Input::Fragments(paths) => paths,
            Input::Folder(_) => &[],
        }
    }

    /// The name that members' paths begin with: the archive's file name, or nothing for a folder.
    pub fn label(&self) -> String {
        match self {
            Input::File(path) => name_of(path),
            Input::Fragments(_) => {
                let name = name_of(self.path());
                tree::fragment(&name).map_or(name.clone(), |(target, _)| target.to_owned())
            }
            Input::Folder(_) => String::new(),
        }
    }
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Folders below which no bundle is looked for.
const DEEPEST: usize = 6;

/// The bundles at `path`: a bundle file, the root of an unpacked bundle, or a folder that holds bundles, in the order
/// of their names. `is_log` knows a log by its path, for folders and files that hold bare logs.
///
/// # Errors
/// Fails where `path` does not exist or cannot be listed; what is no bundle inside a folder is a problem.
pub fn find(path: &Path, is_log: &dyn Fn(&str) -> bool) -> io::Result<(Vec<Input>, Vec<Problem>)> {
    let mut finder = Finder { is_log, inputs: Vec::new(), problems: Vec::new(), joined: BTreeSet::new() };
    let meta = fs::metadata(path)?;
    if meta.is_dir() {
        finder.folder(path, 0)?;
    } else if meta.is_file() {
        fs::File::open(path)?;
        finder.inputs.push(match siblings(path) {
            Some(fragments) => Input::Fragments(fragments),
            None => Input::File(path.to_owned()),
        });
    } else {
        // A bundle is read more than once, and a pipe or device can only be read through.
        return Err(io::Error::other("neither a file nor a folder"));
    }
    Ok((finder.inputs, finder.problems))
}

/// The fragments beside `path` that belong to the same file, in their order, where it is one.
fn siblings(path: &Path) -> Option<Vec<PathBuf>> {
    let name = name_of(path);
    let (target, _) = tree::fragment(&name)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (own, number) = tree::fragment(&name)?;
            (own == target && entry.path().is_file())
                .then(|| (number, path.with_file_name(entry.file_name())))
        })
        .collect();
    found.sort();
    Some(found.into_iter().map(|(_, path)| path).collect())
}

struct Finder<'a> {
    is_log: &'a dyn Fn(&str) -> bool,
    inputs: Vec<Input>,
    problems: Vec<Problem>,
    /// Files whose fragments were found.
    joined: BTreeSet<PathBuf>,
}

impl Finder<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
            .collect::<io::Result<Vec<_>>>()?
            .into_iter()
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        if self.is_root(folder, &entries) {
            self.inputs.push(Input::Folder(folder.to_owned()));
            return Ok(());
        }
        for entry in entries {
            // Links are not followed: a bundle's tree may hold one that leads anywhere.
            let Ok(kind) = fs::symlink_metadata(&entry) else { continue };
            let hidden = name_of(&entry).starts_with('.');
            if kind.is_file() && !hidden {
                self.file(&entry);
            } else if kind.is_file() {
                self.hidden(&entry);
            } else if !kind.is_dir() {
                let text = "neither a file nor a folder; a link is not followed: give what it leads to";
                self.problems.push(Problem::new(ProblemKind::NotABundle, entry.to_string_lossy(), text));
            } else if kind.is_dir() && depth >= DEEPEST {
                let text =
                    format!("the folder lies more than {DEEPEST} folders deep and was not looked into");
                self.problems.push(Problem::new(ProblemKind::Limit, entry.to_string_lossy(), text));
            } else if kind.is_dir()
                && let Err(error) = self.folder(&entry, depth + 1)
            {
                let text = format!("the folder cannot be listed: {error}");
                self.problems.push(Problem::new(ProblemKind::Unreadable, entry.to_string_lossy(), text));
            }
        }
        Ok(())
    }

    /// Whether `folder` is the root of an unpacked bundle, or holds bare logs.
    fn is_root(&self, folder: &Path, entries: &[PathBuf]) -> bool {
        const MARKS: &[&str] =
            &["etc/vmware", "var/run/log", "var/log/vmware", "scratch/log", "commands", "vmfs/volumes"];
        let bare_logs = || entries.iter().any(|entry| (self.is_log)(&name_of(entry)));
        // Logs beside bundles do not make the folder one.
        let archives = || {
            entries
                .iter()
                .any(|entry| entry.is_file() && is_archive(entry) && !(self.is_log)(&name_of(entry)))
        };
        MARKS.iter().any(|mark| folder.join(mark).is_dir()) || (bare_logs() && !archives())
    }

    /// Whether a file is no archive, nor called one.
    fn is_other(&self, path: &Path, head: &[u8]) -> bool {
        let name = name_of(path);
        matches!(sniff::sniff(head), Kind::Other | Kind::Empty)
            && !tree::is_archive_name(&name)
            && sniff::guess(head, &name).is_none()
            && sniff::encrypted(head).is_none()
            && sniff::foreign(head).is_none()
    }

    /// Names what looks like a bundle; what else is hidden is nobody's business.
    fn hidden(&mut self, path: &Path) {
        if head(path).is_ok_and(|head| sniff::sniff(&head).is_container()) {
            let text = "a hidden file; give it by itself to have it read";
            self.problems.push(Problem::new(ProblemKind::NotABundle, path.to_string_lossy(), text));
        }
    }

    fn file(&mut self, path: &Path) {
        if let Some((target, _)) = tree::fragment(&name_of(path)) {
            if self.joined.insert(path.with_file_name(target))
                && let Some(fragments) = siblings(path)
            {
                self.inputs.push(Input::Fragments(fragments));
            }
            return;
        }
        match head(path) {
            // What should be an archive is told apart by who reads it.
            Ok(head) if self.is_other(path, &head) => {
                let text = match (self.is_log)(&name_of(path)) {
                    true => "a log beside bundles; give it by itself to have it read",
                    false => "no archive and no log; left out",
                };
                self.problems.push(Problem::new(ProblemKind::NotABundle, path.to_string_lossy(), text));
            }
            Ok(_) => self.inputs.push(Input::File(path.to_owned())),
            Err(error) => {
                let text = format!("the file cannot be read: {error}");
                self.problems.push(Problem::new(ProblemKind::Unreadable, path.to_string_lossy(), text));
            }
        }
    }
}

fn is_archive(path: &Path) -> bool {
    head(path).is_ok_and(|head| sniff::sniff(&head).is_container())
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(sniff::WANTED);
    fs::File::open(path)?.take(sniff::WANTED as u64).read_to_end(&mut head)?;
    Ok(head)
}
