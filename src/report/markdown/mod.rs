//! `report.md`: the report for a ticket. It renders in GitHub, GitLab and Jira, and can be read as plain text.
//!
//! The order is that of the HTML page. Every list is bounded: of a case of 64 hosts the file stays below 400 kB, and says
//! what is only in `report.json`.

mod coverage;
mod features;
mod finding;
mod hosts;
mod timeline;

use std::io::{self, Write};

use super::features::plain;
use super::labels::{Labels, fill, labels_of};
use super::md::Page;
use super::md::text::prose;
use super::model::Report;
use super::{Renderer, diff, gist, membership, migrations, view};

/// Writes `report.md`.
pub static RENDERER: Renderer = Renderer {
    name: "md",
    file_name: "report.md",
    about: "The report as Markdown, to paste into a ticket",
    render,
};

/// Entries of a list; a ticket is no place for more.
const LISTED: usize = 100;
/// Names that are listed, per list.
const VMS: usize = 50;
/// Stands beside what a host has that stands apart.
const APART: &str = "◆";

fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let l = &labels_of(report);
    let page = &mut Page::new(out);
    verdict(report, l, page)?;
    finding::findings(report, l, page)?;
    hosts::hosts(report, l, page)?;
    diff::write_section(report, l, page)?;
    hosts::configurations(report, l, page)?;
    features::cpu_features(report, l, page)?;
    membership::write_markdown(report, l, page)?;
    timeline::timeline(report, l, page)?;
    migrations::write_markdown(report, l, page)?;
    coverage::coverage(report, l, page)?;
    coverage::missing_hosts(report, l, page)?;
    coverage::problems(report, l, page)?;
    about(report, l, page)
}

/// At most `max` names, each made harmless.
fn names(list: &[String], max: usize, l: &Labels) -> String {
    let harmless: Vec<String> = list.iter().map(|name| prose(name)).collect();
    plain(&harmless, max, l)
}

fn verdict(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(1, &prose(&report.case.title))?;
    page.heading(2, l.overview)?;
    for sentence in gist::verdict(report) {
        page.paragraph(&prose(&sentence))?;
    }
    if let Some(span) = view::period(report, l) {
        writeln!(page, "- {}{}{span}", l.period, l.colon)?;
    }
    for cluster in &report.case.clusters {
        let name = cluster.name.as_deref().unwrap_or(&cluster.id);
        writeln!(
            page,
            "- {}{}{}{}",
            l.clusters,
            l.colon,
            prose(name),
            l.aside(&names(&cluster.hosts, VMS, l))
        )?;
    }
    if report.case.redacted {
        writeln!(page, "- {}", l.redacted)?;
    }
    writeln!(page)
}

fn about(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(2, l.about)?;
    let tool = &report.tool;
    let count = tool.rules.count.to_string();
    writeln!(page, "{}", fill(l.made_by, &[&prose(&tool.name), &prose(&tool.version), &count]))?;
    writeln!(page, "{}{}{}\n", l.rules_hash, l.colon, prose(&tool.rules.sha256))?;
    page.paragraph(&format!("{}{}", l.bundles, l.colon.trim_end()))?;
    let captures = report.hosts.iter().flat_map(|host| &host.captures);
    for capture in captures.clone().take(4 * LISTED) {
        let hash = capture.bundle_sha256.as_deref().unwrap_or("–");
        writeln!(page, "- {} {}", prose(&capture.bundle), prose(hash))?;
    }
    writeln!(page)?;
    page.more_in_json(captures.count(), 4 * LISTED, l)
}
