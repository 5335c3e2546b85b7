//! The schema in words, made from the catalogue.

use std::fmt::Write;

use super::column::Kind;
use super::{SCHEMA_VERSION, TABLES, Tabular, file_name};

/// The schema as Markdown: a section a table.
pub fn document() -> String {
    let mut text = format!("Schema version {SCHEMA_VERSION}.\n");
    for table in TABLES {
        section(*table, &mut text);
    }
    text
}

fn section(table: &dyn Tabular, text: &mut String) {
    let mut add = |line: String| {
        // A string takes whatever is written to it.
        let _ = writeln!(text, "{line}");
    };
    add(format!("\n### `{}`\n\n{}\n", file_name(table), table.about()));
    add("| column | type | NULL | what it holds |\n| --- | --- | --- | --- |".to_owned());
    for column in table.columns() {
        let null = if column.is_nullable { "yes" } else { "" };
        add(format!("| `{}` | {} | {null} | {} |", column.name, type_name(column.kind), column.about));
    }
}

/// The type as Parquet has it.
const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "STRING",
        Kind::Texts => "LIST of STRING",
        Kind::Map => "MAP of STRING to STRING",
        Kind::Int => "INT64",
        Kind::Ints => "LIST of INT64",
        Kind::Real => "DOUBLE",
        Kind::Bool => "BOOLEAN",
        Kind::Time => "TIMESTAMP (µs, UTC)",
    }
}
