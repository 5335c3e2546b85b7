//! What stands for the writer in a program that was built without the feature `tables`: nothing can be begun.

use std::io;
use std::path::{Path, PathBuf};

use crate::report::model::Report;

/// Tables that cannot be there.
pub enum Tables {}

impl Tables {
    /// Fails.
    ///
    /// # Errors
    /// Always, with [`io::ErrorKind::Unsupported`].
    pub fn create(_folder: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Cannot be called.
    ///
    /// # Errors
    /// None.
    pub fn add(&mut self, _case_id: &str, _report: &Report) -> io::Result<()> {
        match *self {}
    }

    /// Cannot be called.
    ///
    /// # Errors
    /// None.
    pub fn finish(self) -> io::Result<Vec<PathBuf>> {
        match self {}
    }
    /// Cannot be called.
    pub fn abandon(self) {
        match self {}
    }
}
