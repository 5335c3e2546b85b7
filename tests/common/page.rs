//! The places of the page that browser tests know: the one file to change when the page names them otherwise.

#![allow(dead_code)]

use std::fs::File;
use std::path::PathBuf;

use esxray::report::model::Report;
use esxray::report::renderer;
use serde::Deserialize;

use super::browser::{Key, Tab};

/// The form with the filters.
pub const FILTER: &str = "#filter";
/// Controls of the filter; of hosts and kinds any number can be ticked, see [`tick`].
pub const SEVERITY: &str = "#filter [name=severity]";
pub const FINDING: &str = "#filter [name=finding]";
pub const TEXT: &str = "#filter [name=text]";
pub const FROM: &str = "#filter [name=from]";
pub const TO: &str = "#filter [name=to]";
/// Clears the filter.
pub const RESET: &str = "#filter [type=reset]";
/// Says how many rows are shown.
pub const SHOWN: &str = "#filter output";
/// The list of events.
pub const EVENTS: &str = "#events";
/// A picture of the timeline, on paper and without scripts.
pub const PICTURE: &str = ".lanes svg";
/// The picture that can be moved, what it says of what lies under the mouse, and its buttons.
pub const PLOT: &str = "#chart .plot";
pub const TIP: &str = "#chart .tip";
pub const TOOLS: &str = "#chart .tools";
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

/// The rows of the list of events: those that the filter lets through, all pages of them; on paper and without scripts
/// those in the page itself.
pub fn shown_rows(tab: &mut Tab<'_>) -> Vec<Shown> {
    let rows = tab.evaluate(
        "(() => { document.querySelectorAll('#timeline .pages').forEach(more => {
               while (more.checkVisibility()) more.click(); });
           return [...document.querySelectorAll('#events tbody tr')].filter(row => row.checkVisibility()).map(row => ({
             host: row.cells[1].textContent,
             kind: row.dataset.kind ?? '',
             severity: [...row.classList].find(name => name.startsWith('s-')).slice(2),
             text: row.querySelector('code').textContent,
           })); })()",
    );
    serde_json::from_value(rows).expect("rows")
}

/// Ticks the box with these words among those of `name`, `host` or `kind`, with the keyboard alone.
pub fn tick(tab: &mut Tab<'_>, name: &str, words: &str) {
    let summary = format!("document.querySelector('#filter [name={name}]').closest('details').firstChild");
    tab.evaluate(&format!("{summary}.focus()"));
    tab.press(Key::Enter);
    let boxes = tab.number(&format!("document.querySelectorAll('#filter [name={name}]').length"));
    let at =
        "document.activeElement.name + ' ' + document.activeElement.closest('label')?.textContent.trim()";
    let wanted = format!("{name} {words}");
    let is_found = (0..=boxes as usize).any(|_| {
        tab.press(Key::Tab);
        tab.evaluate(at) == wanted.as_str()
    });
    assert!(is_found, "no box for {wanted}");
    tab.press(Key::Space);
    tab.press(Key::Escape);
    assert_eq!(tab.evaluate(&format!("document.activeElement === {summary}")), true, "Esc folds the boxes");
}

/// The words of the boxes of `name` that are ticked.
pub fn ticked(tab: &mut Tab<'_>, name: &str) -> Vec<String> {
    tab.texts(&format!(
        "[...document.querySelectorAll('#filter [name={name}]:checked')].map(e => e.closest('label').textContent.trim())"
    ))
}

/// What stands behind the address once the page has written it there.
pub fn address(tab: &mut Tab<'_>) -> String {
    let hash = tab.evaluate("new Promise(done => setTimeout(() => done(location.hash), 250))");
    hash.as_str().expect("a text").to_owned()
}

/// What the picture shows, without the mark of the lane that the keyboard is in.
pub fn picture(tab: &mut Tab<'_>) -> String {
    tab.settle();
    let inner = tab.evaluate(&format!("document.querySelector('{PLOT}').innerHTML"));
    inner.as_str().expect("a text").replace(" here", "")
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
