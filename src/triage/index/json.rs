//! `index.json`: the index for programs.

use std::io::{self, Write};

use super::Index;
use crate::report::escape;

pub(super) fn write(index: &Index, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(index)?;
    writeln!(out, "{}", escape::json_block(&text))
}
