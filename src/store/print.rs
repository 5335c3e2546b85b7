//! What tells on sight that a file is as it was: length, times and number, and no byte of it.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::hex;
use crate::bundle::Input;

/// How a file, fragments or a folder look from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// Bytes of all files.
    pub bytes: u64,
    /// Over names, lengths and times of all files, hex.
    pub sum: String,
}

impl Print {
    /// That of `input` as it is now.
    ///
    /// # Errors
    /// Fails where a file cannot be looked at.
    pub fn of(input: &Input) -> io::Result<Print> {
        let mut seen = Seen { bytes: 0, lines: Vec::new() };
        match input {
            Input::Folder(path) => {
                fs::read_dir(path)?;
                seen.folder(path, &mut 0)?;
            }
            _ => {
                for file in input.files() {
                    seen.take(file, &fs::metadata(file)?);
                }
            }
        }
        Ok(Print { bytes: seen.bytes, sum: hex(&[seen.lines.join("\n").as_bytes()]) })
    }
}

/// Entries of a folder that are looked at; a bundle's tree has a hundredth of them.
const MOST: u64 = 4_000_000;

struct Seen {
    bytes: u64,
    lines: Vec<String>,
}

impl Seen {
    fn take(&mut self, path: &Path, meta: &Metadata) {
        self.bytes += meta.len();
        self.lines.push(format!("{} {} {}", path.display(), meta.len(), when(meta)));
    }

    /// Links are not followed, as the walk does not.
    fn folder(&mut self, folder: &Path, count: &mut u64) -> io::Result<()> {
        // What cannot be looked at is told by the walk; here it only has to look the same the next time.
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let Ok(mut entries) = entries else {
            self.lines.push(format!("{} cannot be listed", folder.display()));
            return Ok(());
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            *count += 1;
            if *count > MOST {
                return Err(io::Error::other("the folder holds too many files"));
            }
            let path = entry.path();
            let Ok(meta) = entry.metadata() else {
                self.lines.push(format!("{} cannot be looked at", path.display()));
                continue;
            };
            if meta.is_dir() {
                self.folder(&path, count)?;
            } else {
                self.take(&path, &meta);
            }
        }
        Ok(())
    }
}

/// When the content was written last, and, where the system tells it, when anything about the file was changed: nobody sets
/// that one back.
#[cfg(unix)]
fn when(meta: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{}.{} {}.{} {}", meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec(), meta.ino())
}

#[cfg(not(unix))]
fn when(meta: &Metadata) -> String {
    format!("{:?} {:?}", meta.modified().ok(), meta.created().ok())
}
