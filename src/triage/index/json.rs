//! `index.json`: the index for programs; [`SCHEMA_JSON`] says what stands in it.

use std::io::{self, Write};

use super::Index;
use crate::report::escape;

/// The JSON Schema of the file.
pub static SCHEMA_JSON: &str = include_str!("../index.schema.json");

pub(super) fn write(index: &Index, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(index)?;
    writeln!(out, "{}", escape::json_block(&text))
}
