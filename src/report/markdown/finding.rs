//! Findings: what, why, how it came about, what to do as a list to tick off, and the lines that say so in code fences.

use std::io::{self, Write};

use super::super::details::{self, Details, HostLost, Mismatch, Partition};
use super::super::labels::{Labels, fill, fill_count};
use super::super::md::Page;
use super::super::md::text::{fence, prose, sentences};
use super::super::model::{Evidence, Finding, Link, Report, Step};
use super::super::steps::{self, Commands, Group};
use super::super::{escape, show};
use super::{VMS, names};

/// Findings that are told in full; they come the worst first.
const FINDINGS: usize = 30;
/// Lines that one finding shows, and one step of how it came about.
const LINES: usize = 16;
const LINES_OF_STEP: usize = 3;
/// Characters of one line.
const LINE: usize = 1000;
/// Lines of commands that one step shows.
const COMMANDS: usize = 100;

pub(super) fn findings(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    page.heading(2, l.findings)?;
    for (at, found) in report.findings.iter().take(FINDINGS).enumerate() {
        finding(at + 1, found, l, page)?;
    }
    let titles: Vec<String> = report.findings.iter().skip(FINDINGS).map(|found| title(found, l)).collect();
    page.list(Some((3, l.also_found)), &titles, VMS, l)
}

fn title(finding: &Finding, l: &Labels) -> String {
    format!("{}{}{}", l.severity_name(finding.severity), l.colon, finding.title)
}

fn finding(number: usize, finding: &Finding, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(3, &format!("{number}. {}", prose(&title(finding, l))))?;
    page.paragraph(&sentences(&finding.summary))?;
    facts(finding, l, page)?;
    match details::read(finding) {
        Details::Mismatch(found) => mismatch(&found, l, page)?,
        Details::HostLost(found) => host_lost(&found, l, page)?,
        Details::Partition(found) => partition(&found, l, page)?,
        Details::None => {}
    }
    writeln!(page)?;
    let mut parts = 0..;
    let mut part = |title: &str| format!("{number}.{} {title}", parts.next().unwrap_or(0) + 1);
    if !finding.chain.is_empty() {
        page.heading(4, &part(l.chain))?;
        chain(&finding.chain, l, page)?;
    }
    if !finding.remedy.is_empty() {
        page.heading(4, &part(l.remedy))?;
        remedy(&finding.remedy, l, page)?;
    }
    page.heading(4, &part(l.evidence))?;
    write!(page, "{}", lines(&finding.evidence, LINES, "", l))?;
    writeln!(page)?;
    page.more_in_json(finding.evidence.len(), LINES, l)?;
    if !finding.references.is_empty() {
        page.heading(4, &part(l.references))?;
        references(finding, page)?;
    }
    Ok(())
}

/// `- label: text`, the text escaped already.
fn fact(label: &str, text: &str, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    writeln!(page, "- {label}{}{text}", l.colon)
}

fn facts(finding: &Finding, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    fact(l.cause, &format!("{}{}", prose(&finding.cause.text), l.aside(&prose(&finding.cause.id))), l, page)?;
    let confidence = l.confidence_name(finding.confidence);
    fact(l.confidence, &format!("{confidence}{}", l.aside(&prose(&finding.id))), l, page)?;
    if !finding.hosts.is_empty() {
        fact(l.affected_hosts, &names(&finding.hosts, VMS, l), l, page)?;
    }
    if !finding.vms.is_empty() {
        fact(l.affected_vms, &names(&finding.vms, VMS, l), l, page)?;
    }
    if let Some(span) = l.span_told(finding.first_seen, finding.last_seen) {
        fact(l.seen, &format!("{span}{}", l.aside(&fill_count(l.events, finding.count))), l, page)?;
    }
    Ok(())
}

fn mismatch(found: &Mismatch, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    fact(l.features_concerned, &names(&found.features, VMS, l), l, page)?;
    fact(l.has_features, &names(&found.have, VMS, l), l, page)?;
    fact(l.lacks_features, &names(&found.lack, VMS, l), l, page)?;
    let arrows: Vec<String> = found.one_way.iter().map(|a| format!("{} → {}", a.from, a.to)).collect();
    if arrows.is_empty() { Ok(()) } else { fact(l.one_way, &names(&arrows, VMS, l), l, page) }
}

fn host_lost(found: &HostLost, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    if let Some(at) = found.lost_at {
        let known = found.lost_at_uncertainty_ms.map(|ms| fill(l.uncertainty, &[&ms.to_string()]));
        let lost = format!("{} {}", l.zone.time_told(at), known.unwrap_or_default());
        fact(l.lost_at, lost.trim_end(), l, page)?;
    }
    if let Some(at) = found.returned_at {
        fact(l.returned_at, &l.zone.time_told(at), l, page)?;
    }
    let observer = |seen: &details::Observer| format!("{} {}", seen.host, l.zone.time_or_dash(seen.at));
    let observers: Vec<String> = found.observers.iter().map(observer).collect();
    if !observers.is_empty() {
        fact(&l.in_zone(l.observers_at), &names(&observers, VMS, l), l, page)?;
    }
    for (label, value) in [(l.vcenter_version, &found.vcenter_version), (l.host_version, &found.host_version)]
    {
        if let Some(value) = value {
            fact(label, &prose(&l.release(value)), l, page)?;
        }
    }
    let peer = |(host, n): (&String, &Option<u64>)| {
        format!("{host} {}", n.map_or_else(|| l.unknown.to_owned(), |n| n.to_string()))
    };
    let peers: Vec<String> = found.unicast_peers.iter().map(peer).collect();
    if peers.is_empty() { Ok(()) } else { fact(l.unicast_peers, &names(&peers, VMS, l), l, page) }
}

fn partition(found: &Partition, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    for (at, group) in found.groups.iter().enumerate() {
        fact(&fill(l.group, &[&(at + 1).to_string()]), &names(group, VMS, l), l, page)?;
    }
    match found.returned_at {
        Some(at) => fact(l.returned_at, &l.zone.time_told(at), l, page),
        None => Ok(()),
    }
}

/// How it came about, each step with its lines.
fn chain(links: &[Link], l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    for (at, link) in links.iter().enumerate() {
        let time = link.time.map(|time| format!("{}{}", l.zone.time_told(time), l.colon)).unwrap_or_default();
        let number = at + 1;
        writeln!(page, "{number}. {time}{}\n", prose(&link.text))?;
        let indent = " ".repeat(number.to_string().len() + 2);
        writeln!(page, "{}", lines(&link.evidence, LINES_OF_STEP, &indent, l))?;
    }
    Ok(())
}

/// The steps to tick off. Their numbers are text, since one entry may stand for several steps.
fn remedy(all: &[Step], l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    for group in steps::group(all, l) {
        step(&group, l, page)?;
    }
    Ok(())
}

fn step(group: &Group<'_>, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let hosts: Vec<String> = group.hosts.iter().map(|host| (*host).to_owned()).collect();
    let on = |hosts: &[String]| fill(l.on_host, &[&names(hosts, VMS, l)]);
    let host = if hosts.is_empty() { String::new() } else { l.aside(&on(&hosts)) };
    writeln!(page, "- [ ] **{}.** {}{host}\n", group.number(), prose(&group.text))?;
    let mut room = COMMANDS;
    for commands in &group.commands {
        if room == 0 {
            break;
        }
        if group.commands.len() > 1 {
            let hosts: Vec<String> = commands.hosts.iter().map(|host| (*host).to_owned()).collect();
            if !hosts.is_empty() {
                writeln!(page, "  {}:\n", on(&hosts))?;
            }
        }
        writeln!(page, "{}", fence(&typed(commands, room), "sh", "  "))?;
        room = room.saturating_sub(commands.lines.len());
    }
    let rest: usize = group.commands.iter().map(|commands| commands.lines.len()).sum();
    match rest.saturating_sub(COMMANDS) {
        0 => Ok(()),
        rest => writeln!(page, "  {}\n", fill(l.more_in_json, &[&show::count(rest as u64)])),
    }
}

fn typed(commands: &Commands<'_>, room: usize) -> String {
    commands.lines.iter().take(room).copied().collect::<Vec<_>>().join("\n")
}

/// A fence in which each line of a log stands below the place that it comes from; no line is more than one here, so
/// every second one is ours.
pub(super) fn lines(lines: &[Evidence], most: usize, indent: &str, l: &Labels) -> String {
    let told = lines.iter().take(most).map(|line| {
        let time = line.time.map(|time| format!(" ({})", l.zone.time_told(time))).unwrap_or_default();
        let place = show::place(&line.file, line.line, line.offset);
        let place = escape::line(&place).into_owned();
        let text = show::cut(&line.text, LINE);
        format!("# {} {place}{time}\n{}", escape::line(&line.host), escape::line(&text))
    });
    fence(&told.collect::<Vec<_>>().join("\n"), "text", indent)
}

fn references(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    for reference in &finding.references {
        match reference.url.as_deref().and_then(escape::link) {
            // The angle brackets keep every character of the address inside the link.
            Some(url) => writeln!(page, "- [{}](<{url}>)", prose(&reference.title))?,
            None => writeln!(page, "- {}", prose(&reference.title))?,
        }
    }
    writeln!(page)
}
