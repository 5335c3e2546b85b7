//! The folder that triage writes: one run at a time, whole files only, and nothing of cases that are no more.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::Failure;
use crate::report::RENDERERS;
use crate::store::write_whole;

/// What a case's folder holds beside its report.
pub(super) const CASE: &str = "case.json";

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
        if !is_current && entry.path().join(CASE).is_file() {
            clear(&entry.path());
            // What others put there keeps it.
            let _ = fs::remove_dir(entry.path());
        }
    }
    Ok(())
}

/// Removes what an earlier run wrote into a case's folder, whole or not.
pub(super) fn clear(folder: &Path) {
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
