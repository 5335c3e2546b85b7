//! Tables over many cases, as Parquet files that other tools answer questions over.
//!
//! One table a file, one row an item of a report. [`TABLES`] is the only place that says which tables and columns there are:
//! the files' schema, the values, and the schema in words (`README.md` beside this file) all come from it.
//! A report goes in as it is, so a redacted one gives redacted rows. What writes files is there with the feature `tables` only.

#[cfg(not(feature = "tables"))]
mod absent;
mod cases;
pub mod column;
mod coverage;
mod document;
mod events;
mod features;
mod findings;
mod hosts;
#[cfg(feature = "tables")]
mod leaf;
mod migrations;
#[cfg(feature = "tables")]
mod write;

use std::borrow::Cow;
#[cfg(feature = "tables")]
use std::io;

use sha2::{Digest, Sha256};

use self::column::{Column, Stated};
use crate::report::model::Report;
#[cfg(not(feature = "tables"))]
pub use absent::Tables;
pub use document::document;
#[cfg(feature = "tables")]
pub use write::Tables;

/// The version of the schema: a column that is taken away or means something else makes a new one, one that is added does not.
pub const SCHEMA_VERSION: u32 = 1;

/// Whether this program was built with what writes tables.
pub const IS_BUILT_IN: bool = cfg!(feature = "tables");

/// Every table.
pub static TABLES: &[&dyn Tabular] = &[
    &cases::TABLE,
    &hosts::TABLE,
    &findings::TABLE,
    &events::TABLE,
    &features::TABLE,
    &coverage::TABLE,
    &migrations::TABLE,
];

/// A table whose rows are about a `T`.
pub struct Table<T: Clone + 'static> {
    /// Its name.
    pub name: &'static str,
    /// What a row is, and in which order they are.
    pub about: &'static str,
    /// Its rows.
    pub rows: Rows<T>,
    /// Its columns, in order.
    pub columns: &'static [Column<T>],
}

/// The items of a report that are the rows of a table, in a stated order.
pub type Rows<T> = for<'a> fn(&'a Report) -> Box<dyn Iterator<Item = Cow<'a, T>> + 'a>;

/// A table, whatever its rows are about.
pub trait Tabular: Sync {
    /// Its name, which is also its file's: `hosts` lies in `hosts.parquet`.
    fn name(&self) -> &'static str;
    /// What a row is, and in which order they are.
    fn about(&self) -> &'static str;
    /// Its columns, in order.
    fn columns(&self) -> Vec<Stated>;
    /// Writes the rows of a report to the table's file.
    ///
    /// # Errors
    /// Fails where the file cannot be written.
    #[cfg(feature = "tables")]
    fn write(&self, case_id: &str, report: &Report, file: &mut write::TableFile) -> io::Result<()>;
}

impl<T: Clone + Sync> Tabular for Table<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn columns(&self) -> Vec<Stated> {
        self.columns.iter().map(Column::stated).collect()
    }

    #[cfg(feature = "tables")]
    fn write(&self, case_id: &str, report: &Report, file: &mut write::TableFile) -> io::Result<()> {
        for item in (self.rows)(report) {
            file.add(self.columns, &column::Of { case_id, report, item: &item })?;
        }
        Ok(())
    }
}

/// The name of a table's file.
pub fn file_name(table: &dyn Tabular) -> String {
    format!("{}.parquet", table.name())
}

/// An id for the case of `report` where nobody gives it one: the same bundles have the same id, wherever they lie and whether
/// redacted or not.
pub fn case_id(report: &Report) -> String {
    let captures = report.hosts.iter().flat_map(|host| &host.captures);
    let told = |(sum, captured): (Option<&str>, Option<_>)| {
        format!(
            "{} {}\n",
            sum.unwrap_or_default(),
            captured.map_or_else(String::new, |time: crate::model::Timestamp| time.to_string())
        )
    };
    let mut parts: Vec<String> =
        captures.map(|capture| told((capture.bundle_sha256.as_deref(), capture.captured_at))).collect();
    parts.sort();
    let sum = Sha256::digest(parts.concat());
    let hex: String = sum.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("case-{hex}")
}
