//! `report.html`: one self-contained page that needs no network and no script to be read.
//!
//! The words come from the template, the pictures from [`lanes`]; scripts only filter and copy.

use std::io::{self, Write};

use askama::Template;
use sha2::{Digest, Sha256};

use super::labels::{Labels, fill, fill_count, labels_of};
use super::membership::{Words, words};
use super::model::{Finding, MissingHost, Report, ReportProblem};
use super::{Renderer, diff, gist, migrations, show, unknown, view};
use crate::model::Severity;

mod chart;
mod coverage;
mod differences;
mod events;
mod finding;
mod hosts;
mod lanes;
mod matrix;
mod membership;
mod setup;

/// Writes `report.html`.
pub static RENDERER: Renderer = Renderer {
    name: "html",
    file_name: "report.html",
    about: "The report for people: one file, opens in any browser without a network",
    render,
};

/// Rows of a table of migrations.
const MIGRATIONS: usize = 200;
/// Rows of the table of what could not be read.
const PROBLEMS: usize = 1_000;
/// Steps of the remedy that the overview lists.
const STEPS: usize = 5;
/// How all pages look.
pub static CSS: &str =
    concat!(include_str!("../templates/report.css"), include_str!("../templates/timeline.css"));
/// The parts are functions that know each other; nothing else on the page sees them.
static SCRIPT: &str = concat!(
    "(function () {\n\"use strict\";\n",
    include_str!("../templates/copy.js"),
    include_str!("../templates/report.js"),
    include_str!("../templates/timeline-data.js"),
    include_str!("../templates/timeline-filter.js"),
    include_str!("../templates/timeline-list.js"),
    include_str!("../templates/timeline-picture.js"),
    include_str!("../templates/timeline.js"),
    "})();\n",
);

#[derive(Template)]
#[template(path = "report.html", config = "src/report/askama.toml")]
struct Page<'a> {
    report: &'a Report,
    l: &'a Labels,
    css: &'static str,
    script: String,
    script_hash: String,
    verdict: Vec<String>,
    period: Option<String>,
    clusters: Vec<(&'static str, &'a str, String)>,
    headline: Option<finding::Card<'a>>,
    /// How many steps of the remedy the overview lists.
    brief: usize,
    /// The steps beyond these.
    more_steps: Option<String>,
    findings: Vec<finding::Card<'a>>,
    hosts: hosts::HostTable<'a>,
    d: &'static diff::Words,
    differences: Vec<diff::Section>,
    setups: setup::Setups<'a>,
    matrices: Vec<matrix::Matrix<'a>>,
    w: &'static Words,
    witnesses: Vec<membership::Witnesses<'a>>,
    m: &'static migrations::Words,
    moved: Option<migrations::View>,
    pictures: Vec<lanes::Picture>,
    severities: [(&'static str, &'static str); 4],
    events: events::EventTable<'a>,
    unknown: Vec<String>,
    coverage: Vec<coverage::HostCoverage<'a>>,
    missing: &'a [MissingHost],
    problems: &'a [ReportProblem],
    problems_note: Option<String>,
    made_with: String,
    rules: String,
}

fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    page(report, &labels_of(report)).write_into(out)
}

/// The hash by which a page's policy admits its script.
pub fn script_hash(script: &str) -> String {
    base64(&Sha256::digest(script.as_bytes()))
}

fn page<'a>(report: &'a Report, l: &'a Labels) -> Page<'a> {
    // Line ends are what the browser makes of them, so that the hash holds wherever this was built.
    let script = SCRIPT.replace('\r', "");
    let events = events::table(report, l);
    let headline = view::headline(report).map(|found| finding::card(1, found, l));
    let steps = headline.as_ref().map_or(0, |card| card.steps.len());
    let mut findings = cards(&report.findings, l);
    events::link(&mut findings, &events, l);
    Page {
        report,
        l,
        css: CSS,
        script_hash: script_hash(&script),
        script,
        verdict: verdict(report),
        period: view::period(report, l),
        clusters: clusters(report, l),
        headline,
        brief: STEPS,
        more_steps: (steps > STEPS).then(|| fill_count(l.steps_more, (steps - STEPS) as u64)),
        findings,
        hosts: hosts::table(report, l),
        d: diff::words(l),
        differences: differences::differences(report, l),
        setups: setup::setups(report, l),
        matrices: matrix::matrices(report, l),
        w: words(l),
        witnesses: membership::witnesses(report, l),
        m: migrations::words(l),
        moved: migrations::view(report, MIGRATIONS, l),
        pictures: lanes::pictures(report, l),
        severities: Severity::ALL.map(|severity| (severity.name(), l.severity_name(severity))),
        events,
        unknown: unknown::sentences(report, l),
        coverage: coverage::coverage(report, l),
        missing: &report.missing_hosts,
        problems: &report.problems[..report.problems.len().min(PROBLEMS)],
        problems_note: note_of_rest(report.problems.len(), PROBLEMS, l),
        made_with: format!("{} {}", report.tool.name, report.tool.version),
        rules: show::count(report.tool.rules.count as u64),
    }
}

/// The sentences of the verdict; the first is the heading of the page, which has no stop at its end.
fn verdict(report: &Report) -> Vec<String> {
    let mut told = gist::verdict(report);
    if let Some(first) = told.first_mut() {
        first.truncate(first.trim_end_matches(['.', '。']).len());
    }
    told
}

fn clusters<'a>(report: &'a Report, l: &Labels) -> Vec<(&'static str, &'a str, String)> {
    let clusters = report.case.clusters.iter();
    clusters
        .map(|c| {
            (l.cluster_kind(c.kind), c.name.as_deref().unwrap_or(&c.id), show::count(c.hosts.len() as u64))
        })
        .collect()
}

fn cards<'a>(findings: &'a [Finding], l: &Labels) -> Vec<finding::Card<'a>> {
    findings.iter().enumerate().map(|(at, found)| finding::card(at + 1, found, l)).collect()
}

fn note_of_rest(all: usize, shown: usize, l: &Labels) -> Option<String> {
    (all > shown).then(|| fill(l.more_in_json, &[&show::count((all - shown) as u64)]))
}

/// Base 64 of a hash for the content security policy.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, at| word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_agrees_with_the_rfc() {
        for (text, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }
}
