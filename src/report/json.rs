//! `report.json`: the report as it is, two spaces of indentation, keys in the contract's order.

use std::io::{self, BufWriter, Write};

use super::Renderer;
use super::model::Report;

/// Writes `report.json`.
pub static RENDERER: Renderer = Renderer {
    name: "json",
    file_name: "report.json",
    about: "Everything, for scripts; stable field names with a JSON Schema",
    render,
};

/// The JSON Schema (draft 2020-12) that every written report obeys.
pub const SCHEMA_JSON: &str = include_str!("report.schema.json");

/// Bytes that are written at once.
const BLOCK: usize = 64 << 10;

fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // JSON is written a few bytes at a time, which must not each be a call through `dyn`.
    let mut out = BufWriter::with_capacity(BLOCK, out);
    serde_json::to_writer_pretty(&mut out, report)?;
    out.write_all(b"\n")?;
    out.flush()
}
