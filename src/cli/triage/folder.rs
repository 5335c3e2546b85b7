//! The folder that triage writes: one run at a time, whole files only, and nothing of cases that are no more.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::Failure;
use super::written::{CASE, Written};
use crate::report::RENDERERS;
use crate::store::write_whole;

/// Puts a file in its place whole.
///
/// # Errors
/// Fails where it cannot be written.
pub(super) fn put(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(file, bytes)
        .map_err(|error| Failure::new(format!("cannot write {}", file.display())).cause(error))
}

/// Removes the folders of cases that are not among `ids`. One that holds files of somebody else stays, with these.
///
/// # Errors
/// Fails where `folder` cannot be listed.
pub(super) fn keep_only<'i>(folder: &Path, ids: impl Iterator<Item = &'i str>) -> Result<(), Failure> {
    let ids: BTreeSet<&str> = ids.collect();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries,
    };
    let failed = |error: io::Error| Failure::new(format!("cannot list {}", folder.display())).cause(error);
    for entry in entries.map_err(failed)?.flatten() {
        let is_current = entry.file_name().to_str().is_some_and(|name| ids.contains(name));
        // A link leads to what is somebody else's.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_current && is_folder && Written::is_in(&entry.path()) {
            clear(&entry.path());
            // What others put there keeps it.
            let _ = fs::remove_dir(entry.path());
        }
    }
    Ok(())
}

/// Makes a case's folder ready for a new report. A link in its place is removed, not followed: it could lead anywhere.
///
/// # Errors
/// Fails where the folder cannot be made.
pub(super) fn ready(folder: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(folder).is_ok_and(|meta| !meta.is_dir()) {
        let _ = fs::remove_file(folder);
    }
    fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("cannot write to {}", folder.display())).cause(error))?;
    clear(folder);
    Ok(())
}

/// Removes what an earlier run wrote into a case's folder, whole or not.
fn clear(folder: &Path) {
    let names = || RENDERERS.iter().map(|form| form.file_name).chain([CASE]);
    sweep(folder);
    names().for_each(|name| drop(fs::remove_file(folder.join(name))));
}

/// Removes what a run left behind that was killed while it wrote; the folder must be locked.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') && name.ends_with(".partial") {
            let _ = fs::remove_file(entry.path());
        }
    }
}
