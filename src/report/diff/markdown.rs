//! Differences in Markdown: of two hosts alone, and as a section of a report.

use std::io::{self, Write};

use super::super::escape::markdown as md;
use super::super::labels::{Labels as Common, fill};
use super::super::model::Report;
use super::print::{answer, names, not_compared, order};
use super::view::{Line, pair_line, sections};
use super::words::{Labels, words, words_in};
use super::{Basis, PairDiff};

/// Hosts of a cluster, and lines of each: a ticket is no place for more.
const HOSTS: usize = 8;
const ROWS: usize = 10;
/// Keys of one area that were not compared.
const KEYS: usize = 20;

/// Writes the differences of two hosts; `all` lists what was folded.
pub fn write_pair(diff: &PairDiff, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let l = words_in(diff.lang);
    let [a, b] = names(diff, l);
    writeln!(out, "# {}\n\n{}", md(&fill(l.between, &[&a, &b])), md(&answer(diff, l)))?;
    if !diff.rows.is_empty() {
        writeln!(out, "{}", md(&order(diff, l)))?;
        head(&[l.attribute, &md(&a), &md(&b)], out)?;
    }
    let share = diff.basis == Basis::Cluster;
    for line in diff.rows.iter().map(|row| pair_line(row, l)) {
        let value = |side: usize| match share {
            true => fill(l.value_with, &[&line.values[side], &line.shares[side]]),
            false => line.values[side].clone(),
        };
        let label = label(&line, !all);
        writeln!(out, "| {label} | {} | {} |", md(&value(0)), md(&value(1)))?;
        for (label, [a, b]) in line.parts.iter().filter(|_| all) {
            writeln!(out, "| – {} | {} | {} |", md(label), md(a), md(b))?;
        }
    }
    let left = not_compared(diff, KEYS, l);
    if !left.is_empty() {
        writeln!(out, "\n## {}\n", l.not_compared)?;
    }
    left.iter().try_for_each(|line| writeln!(out, "- {}", md(line)))
}

fn head(heads: &[&str], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n| {} |\n|{}", heads.join(" | "), " --- |".repeat(heads.len()))
}

fn label(line: &Line, says_folded: bool) -> String {
    match line.with_it.as_ref().filter(|_| says_folded) {
        Some(with_it) => format!("{}<br>{}", md(&line.label), md(with_it)),
        None => md(&line.label),
    }
}

/// Writes the section of a report; nothing where no host differs.
pub fn write_section(report: &Report, common: &Common, out: &mut dyn Write) -> io::Result<()> {
    let l = words(common);
    let sections = sections(report, HOSTS, ROWS, common);
    if sections.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}\n\n{}", l.title, l.explained)?;
    for section in &sections {
        section.title.iter().try_for_each(|title| writeln!(out, "\n### {}", md(title)))?;
        for host in &section.hosts {
            writeln!(out, "\n#### {}", md(&host.host))?;
            host_rows(&host.lines, &host.host, l, out)?;
            host.more.iter().try_for_each(|more| writeln!(out, "\n{more}"))?;
        }
        section.more_hosts.iter().try_for_each(|more| writeln!(out, "\n{more}"))?;
        if !section.splits.is_empty() {
            writeln!(out, "\n#### {}\n", md(&section.split_title))?;
        }
        for (label, text) in &section.splits {
            writeln!(out, "- {}: {}", md(label), md(text))?;
        }
        section.more_splits.iter().try_for_each(|more| writeln!(out, "\n{more}"))?;
    }
    Ok(())
}

fn host_rows(lines: &[Line], host: &str, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    head(&[l.attribute, &md(host), l.on_most, l.hosts_with], out)?;
    for line in lines {
        let [value, usual] = [0, 1].map(|side| md(&line.values[side]));
        writeln!(out, "| {} | {value} | {usual} | {} |", label(line, true), md(&line.shares[0]))?;
    }
    Ok(())
}
