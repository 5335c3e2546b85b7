//! The places of the page that browser tests know: the one file to change when the page names them otherwise.

#![allow(dead_code)]

use std::fs::File;
use std::path::PathBuf;

use esxray::report::model::Report;
use esxray::report::renderer;
use serde::Deserialize;

use super::browser::Tab;

/// The form with the filters.
pub const FILTER: &str = "#filter";
/// Controls of the filter.
pub const HOST: &str = "#filter [name=host]";
pub const KIND: &str = "#filter [name=kind]";
pub const SEVERITY: &str = "#filter [name=severity]";
pub const TEXT: &str = "#filter [name=text]";
/// Clears the filter.
pub const RESET: &str = "#filter [type=reset]";
/// Says how many rows are shown.
pub const SHOWN: &str = "#filter output";
/// The list of events.
pub const EVENTS: &str = "#events";
/// A picture of the timeline.
pub const PICTURE: &str = ".lanes svg";
/// A remedy's command, and what copies it.
pub const COMMAND: &str = "figure.command code";
pub const COPY: &str = "figure.command button";
/// Folds that paper must show open.
pub const PRINTED_FOLDS: &str = "article details";
/// What paper must not show.
pub const NOT_PRINTED: &str = "nav, #filter, button";
/// Sections that a report of the fixture has, with or without scripts.
pub const SECTIONS: [&str; 8] =
    ["overview", "findings", "hosts", "setup", "features", "membership", "timeline", "coverage"];

/// What a shown row of the list of events says.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    pub host: String,
    pub kind: String,
    pub severity: String,
    pub text: String,
}

/// The rows of the list of events that are to be seen.
pub fn shown_rows(tab: &mut Tab<'_>) -> Vec<Shown> {
    let rows = tab.evaluate(
        "[...document.querySelectorAll('#events tbody tr')].filter(row => row.checkVisibility()).map(row => ({
            host: row.cells[1].textContent,
            kind: row.dataset.kind,
            severity: [...row.classList].find(name => name.startsWith('s-')).slice(2),
            text: row.querySelector('code').textContent,
        }))",
    );
    serde_json::from_value(rows).expect("rows")
}

/// A written page in a folder of its own.
pub struct Written {
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

/// Writes the page of `report`.
pub fn write(report: &Report) -> Written {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("report.html");
    let mut file = File::create(&path).expect("a file");
    (renderer("html").expect("a renderer").render)(report, &mut file).expect("written");
    Written { path, _folder: folder }
}
