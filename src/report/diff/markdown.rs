//! Differences in Markdown: of two hosts alone, and as a section of a report.

use std::io::{self, Write};

use super::super::labels::{Labels as Common, fill};
use super::super::md::Page;
use super::super::md::text::prose as md;
use super::super::model::Report;
use super::print::{answer, names, not_compared, order};
use super::view::{Line, Section, pair_line, sections};
use super::words::{Labels, words, words_in};
use super::{Basis, PairDiff, PairRow};

/// Hosts of a cluster, and lines of each: a ticket is no place for more.
const HOSTS: usize = 8;
const ROWS: usize = 10;
/// Keys of one area that were not compared.
const KEYS: usize = 20;

/// Writes the differences of two hosts; `all` lists what was folded.
pub fn write_pair(diff: &PairDiff, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let l = words_in(diff.lang);
    let page = &mut Page::new(out);
    let [a, b] = names(diff, l);
    page.heading(1, &md(&fill(l.between, &[&a, &b])))?;
    page.paragraph(&md(&answer(diff, l)))?;
    if !diff.rows.is_empty() {
        page.paragraph(&md(&order(diff, l)))?;
        let rows: Vec<Vec<String>> =
            diff.rows.iter().flat_map(|row| pair_rows(row, diff.basis, all, l)).collect();
        page.table(&[l.attribute.to_owned(), md(&a), md(&b)], &rows)?;
    }
    let left = not_compared(diff, KEYS, l);
    if left.is_empty() {
        return Ok(());
    }
    page.heading(2, l.not_compared)?;
    left.iter().try_for_each(|line| writeln!(page, "- {}", md(line)))
}

/// The row of a difference, and below it those of what comes with it where `all` are asked for.
fn pair_rows(row: &PairRow, basis: Basis, all: bool, l: &Labels) -> Vec<Vec<String>> {
    let line = pair_line(row, l);
    let value = |side: usize| match basis {
        Basis::Cluster => fill(l.value_with, &[&line.values[side], &line.shares[side]]),
        Basis::Area | Basis::Captures => line.values[side].clone(),
    };
    let mut rows = vec![vec![label(&line, !all), md(&value(0)), md(&value(1))]];
    if all {
        rows.extend(line.parts.iter().map(|(label, [a, b])| vec![format!("– {}", md(label)), md(a), md(b)]));
    }
    rows
}

/// What is compared, and what comes with it.
fn label(line: &Line, says_folded: bool) -> String {
    match line.with_it.as_ref().filter(|_| says_folded) {
        Some(with_it) => format!("{} – {}", md(&line.label), md(with_it)),
        None => md(&line.label),
    }
}

/// Writes the section of a report; nothing where no host differs.
pub fn write_section(report: &Report, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    let l = words(common);
    let sections = sections(report, HOSTS, ROWS, common);
    if sections.is_empty() {
        return Ok(());
    }
    page.heading(2, l.title)?;
    page.paragraph(l.explained)?;
    sections.iter().try_for_each(|section| cluster(section, l, common, page))
}

fn cluster(section: &Section, l: &Labels, common: &Common, page: &mut Page<'_>) -> io::Result<()> {
    section.title.iter().try_for_each(|title| page.heading(3, &md(title)))?;
    for host in &section.hosts {
        page.heading(4, &md(&host.host))?;
        let heads = [l.attribute.to_owned(), md(&host.host), l.on_most.to_owned(), l.hosts_with.to_owned()];
        let rows: Vec<Vec<String>> = host.lines.iter().map(host_row).collect();
        page.table(&heads, &rows)?;
        host.more.iter().try_for_each(|more| page.paragraph(&md(more)))?;
    }
    section.more_hosts.iter().try_for_each(|more| page.paragraph(&md(more)))?;
    if !section.splits.is_empty() {
        page.heading(4, &md(&section.split_title))?;
        for (label, text) in &section.splits {
            writeln!(page, "- {}{}{}", md(label), common.colon, md(text))?;
        }
        writeln!(page)?;
    }
    section.more_splits.iter().try_for_each(|more| page.paragraph(&md(more)))
}

fn host_row(line: &Line) -> Vec<String> {
    let [value, usual] = [0, 1].map(|side| md(&line.values[side]));
    vec![label(line, true), value, usual, md(&line.shares[0])]
}
