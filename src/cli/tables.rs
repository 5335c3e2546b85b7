//! `--tables DIR`: the folder of tables that a run fills, whether it analyses one case or many.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::{Failure, output};
use crate::report::model::Report;
use crate::tables::{IS_BUILT_IN, Tables};

/// Tables that are being written.
pub(super) struct Filling<'a> {
    folder: &'a Path,
    prepared: output::Prepared<'a>,
    tables: Tables,
    /// Two runs would mix their files.
    _locked: Option<File>,
}

/// Makes sure that `folder` can take tables, waits until no other run writes to it, and begins them. The caller has locked
/// `held` already.
///
/// # Errors
/// As [`output::prepare`], and where this program was built without tables.
pub(super) fn open<'a>(
    folder: &'a Path,
    force: bool,
    held: Option<&Path>,
    stop: &AtomicBool,
) -> Result<Filling<'a>, Failure> {
    if !IS_BUILT_IN {
        return Err(Failure::new("this esxray was built without --tables")
            .hint("build it with them: cargo install --path ."));
    }
    let prepared = output::prepare_for("--tables", folder, force)?;
    let real = |path: &Path| path.canonicalize().ok();
    let is_held = held.is_some_and(|held| real(held) == real(folder));
    let locked = if is_held { None } else { Some(output::lock(folder, stop)?) };
    let tables = Tables::create(folder).map_err(|error| {
        prepared.withdraw();
        failed(folder, error)
    })?;
    Ok(Filling { folder, prepared, tables, _locked: locked })
}

impl Filling<'_> {
    /// Adds the rows of a case, which `case_id` tells from the others.
    ///
    /// # Errors
    /// Fails where a file cannot be written.
    pub(super) fn add(&mut self, case_id: &str, report: &Report) -> Result<(), Failure> {
        self.tables.add(case_id, report).map_err(|error| failed(self.folder, error))
    }

    /// Puts all files in their places; gives their paths.
    ///
    /// # Errors
    /// Fails where a file cannot be written; then no half of one is left.
    pub(super) fn finish(self) -> Result<Vec<PathBuf>, Failure> {
        self.tables.finish().map_err(|error| failed(self.folder, error))
    }

    /// Takes back what was made, as there is nothing to write.
    pub(super) fn withdraw(self) {
        self.tables.abandon();
        self.prepared.withdraw();
    }
}

fn failed(folder: &Path, error: io::Error) -> Failure {
    Failure::new(format!("cannot write tables to {}", folder.display())).cause(error)
}
