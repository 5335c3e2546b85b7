//! The configuration of each host: folded, as tables.

use super::super::labels::Labels;
use super::super::model::Report;
use super::super::setup::{Depth, Part, show};
use super::note_of_rest;

/// The configuration of one host.
pub struct HostSetup<'a> {
    pub host: &'a str,
    pub summary: String,
    pub lines: Vec<(&'static str, String)>,
    pub tables: Vec<Table>,
}

/// One table, and a note of what is not in it.
pub struct Table {
    pub part: Part,
    pub note: Option<String>,
}

/// The configurations of the hosts of which one is known.
pub fn setups<'a>(report: &'a Report, l: &Labels) -> Vec<HostSetup<'a>> {
    let told = report.hosts.iter().filter_map(|host| Some((host, host.setup.as_ref()?)));
    let table = |part: Part| {
        let note = note_of_rest(part.rows.len() + part.rest, part.rows.len(), l);
        Table { part, note }
    };
    let shown = told.map(|(host, setup)| {
        let shown = show(setup, l, Depth::Full);
        HostSetup {
            host: &host.id,
            summary: setup.profile.as_ref().and_then(|profile| profile.name.clone()).unwrap_or_default(),
            lines: shown.lines,
            tables: shown.parts.into_iter().map(table).collect(),
        }
    });
    shown.filter(|host| !host.lines.is_empty() || !host.tables.is_empty()).collect()
}
