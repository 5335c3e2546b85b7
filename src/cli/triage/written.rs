//! `case.json`: what a case's folder says of the report in it, so that a run can tell whether it is still the right one.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Failure;
use super::folder::put;
use crate::report::Renderer;
use crate::store::{checksum, read_file};
use crate::triage::Row;

/// What a case's folder holds beside its report.
pub(super) const CASE: &str = "case.json";

/// What is known of a report that was written.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    /// What the report is a function of; empty where it is to be made anew.
    key: String,
    /// The lengths of its files: a crash of the machine may have cost what was said to be written.
    bytes: Vec<u64>,
    row: Row,
}

/// The file: what it says, and the checksum of that.
#[derive(Serialize, Deserialize)]
struct Sealed {
    sum: String,
    written: Written,
}

impl Written {
    /// Puts it beside the report, last: whoever finds it finds a whole report.
    ///
    /// # Errors
    /// Fails where the file cannot be written.
    pub fn put(folder: &Path, key: String, forms: &[&Renderer], row: Row) -> Result<Row, Failure> {
        let written = Written { key, bytes: lengths(folder, forms).unwrap_or_default(), row };
        let failed = |error| Failure::new(format!("cannot write {CASE}")).cause(error);
        let sealed = Sealed { sum: written.sum().unwrap_or_default(), written };
        put(&folder.join(CASE), &serde_json::to_vec_pretty(&sealed).map_err(failed)?)?;
        Ok(sealed.written.row)
    }

    /// Whether a folder holds one, of whatever report: then esxray wrote what is in it.
    pub fn is_in(folder: &Path) -> bool {
        Written::read(folder).is_some()
    }

    /// The row of the case called `id`, where its report is in `folder`, is that of `key`, and is as it was written.
    pub fn row(folder: &Path, id: &str, key: &str, forms: &[&Renderer]) -> Option<Row> {
        let written = Written::read(folder)?;
        let is_same = written.key == key && written.row.id == id;
        (is_same && lengths(folder, forms).as_ref() == Some(&written.bytes)).then_some(written.row)
    }

    fn read(folder: &Path) -> Option<Written> {
        let sealed: Sealed = serde_json::from_slice(&read_file(&folder.join(CASE))?).ok()?;
        (sealed.written.sum()? == sealed.sum).then_some(sealed.written)
    }

    fn sum(&self) -> Option<String> {
        Some(checksum(serde_json::to_string(self).ok()?.as_bytes()))
    }
}

fn lengths(folder: &Path, forms: &[&Renderer]) -> Option<Vec<u64>> {
    let length = |form: &&Renderer| {
        let meta = fs::symlink_metadata(folder.join(form.file_name)).ok()?;
        meta.is_file().then_some(meta.len())
    };
    forms.iter().map(length).collect()
}
