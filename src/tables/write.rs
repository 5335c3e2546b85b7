//! Writes the tables of any number of reports, one after the other, with bounded memory and never half a file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::column::{Column, Kind, Of, Stated};
use super::leaf::{self, Leaf};
use super::{SCHEMA_VERSION, TABLES, Tabular, file_name};
use crate::report::model::Report;

/// Rows of a row group: what others read at once.
const GROUP_ROWS: usize = 1 << 16;
/// Bytes that wait for a row group, roughly, where its rows are long.
const GROUP_BYTES: usize = 16 << 20;

/// The tables of a folder, being written.
///
/// Nothing stands under a final name before [`Tables::finish`]; what is dropped before leaves nothing behind.
pub struct Tables {
    files: Vec<TableFile>,
}

impl Tables {
    /// Begins the tables in `folder`, which is there.
    ///
    /// # Errors
    /// Fails where the folder cannot be written.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            files.push(TableFile::create(*table, folder)?);
        }
        Ok(Tables { files })
    }

    /// Adds the rows of a case. `case_id` tells it from the others; nothing of it is redacted.
    ///
    /// # Errors
    /// Fails where a file cannot be written; what was begun is not to be used then.
    pub fn add(&mut self, case_id: &str, report: &Report) -> io::Result<()> {
        TABLES.iter().zip(&mut self.files).try_for_each(|(table, file)| table.write(case_id, report, file))
    }

    /// Ends all files, then puts each in its place; gives their paths.
    ///
    /// # Errors
    /// Fails where a file cannot be written or put in its place.
    pub fn finish(mut self) -> io::Result<Vec<PathBuf>> {
        self.files.iter_mut().try_for_each(TableFile::end)?;
        self.files.iter().map(TableFile::put).collect()
    }

    /// Ends without a file, as dropping it does.
    pub fn abandon(self) {}
}

/// One table's file: what waits for the next row group, and what is written, under a name of its own.
pub struct TableFile {
    leaves: Vec<Vec<Leaf>>,
    rows: usize,
    bytes: usize,
    writer: SerializedFileWriter<File>,
    partial: PathBuf,
    path: PathBuf,
}

impl TableFile {
    fn create(table: &dyn Tabular, folder: &Path) -> io::Result<Self> {
        let name = file_name(table);
        let (path, partial) = (folder.join(&name), folder.join(format!(".{name}.partial")));
        let columns = table.columns();
        let schema = parse_message_type(&message(table.name(), &columns)).map_err(failed)?;
        // Whatever lies there is removed, not followed: a link could lead anywhere.
        let _ = fs::remove_file(&partial);
        let file = File::options().write(true).create_new(true).open(&partial)?;
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties(table.name())));
        Ok(TableFile {
            leaves: columns.iter().map(leaf::leaves).collect(),
            rows: 0,
            bytes: 0,
            writer: writer.map_err(failed)?,
            partial,
            path,
        })
    }

    /// Adds one row.
    pub(super) fn add<T>(&mut self, columns: &[Column<T>], of: &Of<'_, T>) -> io::Result<()> {
        for (column, leaves) in columns.iter().zip(&mut self.leaves) {
            self.bytes += leaf::add(&column.read, of, leaves);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what waits as a row group.
    fn flush(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for leaf in self.leaves.iter_mut().flatten() {
            let column = group.next_column().map_err(failed)?;
            let mut column = column.ok_or_else(|| io::Error::other("a leaf that the schema lacks"))?;
            leaf.write(&mut column).map_err(failed)?;
            column.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        self.writer.finish().map_err(failed)?;
        Ok(())
    }

    fn put(&self) -> io::Result<PathBuf> {
        fs::rename(&self.partial, &self.path)?;
        Ok(self.path.clone())
    }
}

impl Drop for TableFile {
    fn drop(&mut self) {
        // What was put in its place is not there under this name any more.
        let _ = fs::remove_file(&self.partial);
    }
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => io::Error::other(error),
        error => io::Error::other(error.to_string()),
    }
}

/// No time of the run is in it: the same reports give the same bytes.
fn properties(table: &str) -> WriterProperties {
    let told = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("esxray version {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![
            told("esxray.version", env!("CARGO_PKG_VERSION").to_owned()),
            told("esxray.schema", SCHEMA_VERSION.to_string()),
            told("esxray.table", table.to_owned()),
        ]))
        .build()
}

/// The schema of a table in the language of Parquet.
fn message(table: &str, columns: &[Stated]) -> String {
    let fields: String = columns.iter().map(field).collect();
    format!("message {table} {{ {fields} }}")
}

fn field(column: &Stated) -> String {
    let (name, is) = (column.name, if column.is_nullable { "optional" } else { "required" });
    let list = |of: &str| format!("{is} group {name} (LIST) {{ repeated group list {{ required {of}; }} }} ");
    match column.kind {
        Kind::Text => format!("{is} binary {name} (STRING); "),
        Kind::Int => format!("{is} int64 {name}; "),
        Kind::Real => format!("{is} double {name}; "),
        Kind::Bool => format!("{is} boolean {name}; "),
        Kind::Time => format!("{is} int64 {name} (TIMESTAMP(MICROS,true)); "),
        Kind::Texts => list("binary element (STRING)"),
        Kind::Ints => list("int64 element"),
        Kind::Map => format!(
            "{is} group {name} (MAP) {{ repeated group key_value {{ required binary key (STRING); \
             required binary value (STRING); }} }} "
        ),
    }
}
