//! The file of `--redact-map`: it holds the real names, so only its owner reads it, and only one run at a time uses it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use super::{Failure, output};
use crate::report::redact::AliasMap;

/// A map's file, held from before the first bundle is read until the run ends: two runs that give aliases at once would give
/// the same alias to two names.
pub struct MapFile {
    path: PathBuf,
    /// Locked, and unlocked when it is closed.
    _held: File,
}

impl MapFile {
    /// Opens the map at `path`, an empty one where nothing is there.
    ///
    /// # Errors
    /// Fails where it cannot be read and written, is a link or no file, is no map, or another run uses it.
    pub fn open(path: &Path) -> Result<(MapFile, AliasMap), Failure> {
        let hint = "name a map that esxray wrote, or a file that is not there yet";
        let failed = |cause: &dyn ToString| {
            let message = format!("cannot use {} as the map of aliases", path.display());
            Failure::new(message).cause(cause.to_string()).hint(hint)
        };
        match fs::symlink_metadata(path) {
            // Whoever can write where the link lies would choose where the names go.
            Ok(found) if found.is_symlink() => return Err(failed(&"it is a link")),
            Ok(found) if !found.is_file() => return Err(failed(&"it is no file")),
            _ => {}
        }
        let held = private().read(true).open(path).map_err(|error| failed(&error))?;
        held.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => failed(&"another run uses it").hint("run them one after the other"),
            TryLockError::Error(error) => failed(&error),
        })?;
        // By the handle: where a lock is of the handle, another one of the same process cannot read.
        let text = io::read_to_string(&held).map_err(|error| failed(&error))?;
        if !is_still_at(&held, path) {
            return Err(failed(&"another run has just written it").hint("run it again"));
        }
        // An empty file is one that was made for this.
        let map = match text.trim().is_empty() {
            true => AliasMap::default(),
            false => AliasMap::from_json(&text).map_err(|error| failed(&error))?,
        };
        Ok((MapFile { path: path.to_owned(), _held: held }, map))
    }

    /// Writes `map` aside and puts it in place.
    ///
    /// # Errors
    /// Fails where that cannot be done.
    pub fn keep(&self, map: &AliasMap) -> Result<(), Failure> {
        write(&self.path, &map.to_json()).map_err(|error| {
            Failure::new(format!("cannot write the map of aliases to {}", self.path.display()))
                .cause(error)
                .hint("name another file with --redact-map")
        })
    }
}

/// How a file is made that nobody else can read from the first moment on.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether `held` is what lies at `path`: another run may have put its map in place after we opened the file.
#[cfg(unix)]
fn is_still_at(held: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |found: fs::Metadata| (found.dev(), found.ino());
    held.metadata().ok().map(id) == fs::symlink_metadata(path).ok().map(id)
}

#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> bool {
    true
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let aside = file.with_file_name(format!(".{name}.{}.partial", process::id()));
    let written = output::anew(&aside, private().create_new(true)).and_then(|mut out| {
        io::Write::write_all(&mut out, text.as_bytes())?;
        out.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&aside, file));
    if placed.is_err() {
        let _ = fs::remove_file(&aside);
    }
    placed
}
