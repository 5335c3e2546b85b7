//! `report.md`: the report for a ticket; one sentence a line, hostile text in code spans or escaped.

use std::io::{self, Write};

use super::clock::{clock_note, clock_text};
use super::details::{self, Details, HostLost, Mismatch, Partition};
use super::escape::{self, code_span, markdown as md};
use super::features::{self, Block};
use super::labels::{Labels, fill, fill_count, labels_of};
use super::model::{Evidence, FeatureRow, Finding, Link, Report, Step};
use super::timeline::text::count_text;
use super::timeline::{Row, fold};
use super::{Renderer, membership, migrations, setup, show, view};
use crate::model::Severity;

/// Writes `report.md`.
pub static RENDERER: Renderer = Renderer {
    name: "md",
    file_name: "report.md",
    about: "The report as Markdown, to paste into a ticket",
    render,
};

/// Events that are listed; a ticket is no place for more.
const EVENTS: usize = 200;
/// Characters of an event's text.
const EVENT_TEXT: usize = 160;
/// Virtual machines that are listed, per list.
const VMS: usize = 50;
/// Stands beside what a host has that stands apart.
const APART: &str = "◆";

fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let l = &labels_of(report);
    overview(report, l, out)?;
    findings(report, l, out)?;
    hosts(report, l, out)?;
    configurations(report, l, out)?;
    cpu_features(report, l, out)?;
    membership::write_markdown(report, l, out)?;
    migrations::write_markdown(report, l, out)?;
    timeline(report, l, out)?;
    coverage(report, l, out)?;
    missing_hosts(report, l, out)?;
    problems(report, l, out)?;
    about(report, l, out)
}

/// A table row of cells that are escaped already.
fn row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

fn table_head(heads: &[&str], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    row(&heads.iter().map(|head| (*head).to_owned()).collect::<Vec<_>>(), out)?;
    writeln!(out, "|{}", " --- |".repeat(heads.len()))
}

/// Names as code spans, so that nothing in them is mark-up.
fn names(list: &[String], max: usize, l: &Labels) -> String {
    let mut out: Vec<String> = list.iter().take(max).map(|name| code_span(name)).collect();
    if list.len() > max {
        out.push(fill(l.more, &[&show::count((list.len() - max) as u64)]));
    }
    out.join(", ")
}

/// One sentence a line, as far as a full stop tells; each is escaped as the beginning of a line.
fn sentences(text: &str) -> String {
    let text = escape::line(text).replace(". ", ".\n").replace('。', "。\n");
    text.lines().map(md).collect::<Vec<_>>().join("\n")
}

fn overview(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}\n", md(&report.case.title))?;
    if let Some(span) = l.zone.span_or_none(report.case.from, report.case.to) {
        writeln!(out, "- {}: {span}", l.period)?;
    }
    for cluster in &report.case.clusters {
        let name = cluster.name.as_deref().unwrap_or(&cluster.id);
        writeln!(out, "- {}: {} ({})", l.clusters, md(name), names(&cluster.hosts, VMS, l))?;
    }
    if report.case.redacted {
        writeln!(out, "- {}", l.redacted)?;
    }
    writeln!(out, "\n## {}\n", l.overview)?;
    match view::headline(report) {
        Some(finding) => answer(finding, l, out),
        None => {
            writeln!(out, "{}", l.no_findings)?;
            view::looked_at(report, l).iter().try_for_each(|sentence| writeln!(out, "{sentence}"))
        }
    }
}

fn answer(finding: &Finding, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**{}**\n", md(&finding.title))?;
    writeln!(out, "{}\n", sentences(&finding.summary))?;
    writeln!(out, "- {}: {}", l.where_, names(&finding.hosts, VMS, l))?;
    writeln!(out, "- {}: {}", l.why, md(&finding.cause.text))?;
    if let Some(step) = finding.remedy.first() {
        writeln!(out, "- {}: {}", l.what_to_do, md(&step.text))?;
    }
    Ok(())
}

fn findings(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}", l.findings)?;
    for (at, found) in report.findings.iter().enumerate() {
        finding(at + 1, found, l, out)?;
    }
    Ok(())
}

fn finding(number: usize, finding: &Finding, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let severity = l.severity_name(finding.severity);
    writeln!(out, "\n### {number}. [{severity}] {}\n", md(&finding.title))?;
    writeln!(out, "{}\n", sentences(&finding.summary))?;
    writeln!(out, "- {}: {} ({})", l.cause, md(&finding.cause.text), code_span(&finding.cause.id))?;
    let confidence = l.confidence_name(finding.confidence);
    writeln!(out, "- {}: {confidence} ({})", l.confidence, code_span(&finding.id))?;
    if !finding.hosts.is_empty() {
        writeln!(out, "- {}: {}", l.affected_hosts, names(&finding.hosts, VMS, l))?;
    }
    if !finding.vms.is_empty() {
        writeln!(out, "- {}: {}", l.affected_vms, names(&finding.vms, VMS, l))?;
    }
    if let Some(span) = l.zone.span_or_none(finding.first_seen, finding.last_seen) {
        writeln!(out, "- {}: {span} ({})", l.seen, fill_count(l.events, finding.count))?;
    }
    finding_details(finding, l, out)?;
    chain(&finding.chain, l, out)?;
    remedy(&finding.remedy, l, out)?;
    evidence(finding, l, out)?;
    references(finding, l, out)
}

fn finding_details(finding: &Finding, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    match details::read(finding) {
        Details::Mismatch(found) => mismatch(&found, l, out),
        Details::HostLost(found) => host_lost(&found, l, out),
        Details::Partition(found) => partition(&found, l, out),
        Details::None => Ok(()),
    }
}

fn mismatch(found: &Mismatch, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "- {}: {}", l.features_concerned, names(&found.features, VMS, l))?;
    writeln!(out, "- {}: {}", l.has_features, names(&found.have, VMS, l))?;
    writeln!(out, "- {}: {}", l.lacks_features, names(&found.lack, VMS, l))?;
    let arrow = |from: &str, to: &str| format!("{} → {}", code_span(from), code_span(to));
    let arrows: Vec<String> = found.one_way.iter().take(VMS).map(|a| arrow(&a.from, &a.to)).collect();
    if !arrows.is_empty() {
        writeln!(out, "- {}: {}", l.one_way, arrows.join(", "))?;
    }
    Ok(())
}

fn host_lost(found: &HostLost, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if let Some(at) = found.lost_at {
        let known = found.lost_at_uncertainty_ms.map(|ms| fill(l.uncertainty, &[&ms.to_string()]));
        writeln!(out, "- {}: {} {}", l.lost_at, l.zone.time_told(at), known.unwrap_or_default())?;
    }
    if let Some(at) = found.returned_at {
        writeln!(out, "- {}: {}", l.returned_at, l.zone.time_told(at))?;
    }
    for seen in &found.observers {
        writeln!(out, "- {}: {} {}", l.observers, code_span(&seen.host), l.zone.time_or_dash(seen.at))?;
    }
    for (label, value) in [(l.vcenter_version, &found.vcenter_version), (l.host_version, &found.host_version)]
    {
        if let Some(value) = value {
            writeln!(out, "- {label}: {}", md(value))?;
        }
    }
    let peers: Vec<String> = found
        .unicast_peers
        .iter()
        .map(|(host, n)| {
            format!("{} {}", code_span(host), n.map_or_else(|| l.unknown.to_owned(), |n| n.to_string()))
        })
        .collect();
    if peers.is_empty() { Ok(()) } else { writeln!(out, "- {}: {}", l.unicast_peers, peers.join(", ")) }
}

fn partition(found: &Partition, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    for (at, group) in found.groups.iter().enumerate() {
        writeln!(out, "- {}: {}", fill(l.group, &[&(at + 1).to_string()]), names(group, VMS, l))?;
    }
    if let Some(at) = found.returned_at {
        writeln!(out, "- {}: {}", l.returned_at, l.zone.time_told(at))?;
    }
    Ok(())
}

fn remedy(steps: &[Step], l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n#### {}\n", l.remedy)?;
    for (at, step) in steps.iter().enumerate() {
        let host = step.host.as_deref().map(|host| format!(" ({})", fill(l.on_host, &[&code_span(host)])));
        writeln!(out, "{}. {}{}", at + 1, md(&step.text), host.unwrap_or_default())?;
        if let Some(command) = &step.command {
            let indent = " ".repeat((at + 1).to_string().len() + 2);
            writeln!(out, "\n{}\n", escape::code_block(command, "sh", &indent))?;
        }
    }
    Ok(())
}

/// How it came about, each link with its lines.
fn chain(links: &[Link], l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if links.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n#### {}\n", l.chain)?;
    for (at, link) in links.iter().enumerate() {
        let time = link.time.map(|time| format!("{}: ", l.zone.time_told(time))).unwrap_or_default();
        writeln!(out, "{}. {time}{}", at + 1, md(&link.text))?;
        let indent = " ".repeat((at + 1).to_string().len() + 2);
        lines(&link.evidence, &indent, l, out)?;
    }
    Ok(())
}

fn evidence(finding: &Finding, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n#### {}\n", l.evidence)?;
    lines(&finding.evidence, "", l, out)
}

fn lines(lines: &[Evidence], indent: &str, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        let time = line.time.map_or_else(|| "–".to_owned(), |time| l.zone.time_told(time));
        let place = show::place(&line.file, line.line, line.offset);
        writeln!(out, "{indent}- {time} {} {}", code_span(&line.host), code_span(&place))?;
        writeln!(out, "{indent}  {}", code_span(&line.text))?;
    }
    Ok(())
}

fn references(finding: &Finding, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if finding.references.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n#### {}\n", l.references)?;
    for reference in &finding.references {
        match reference.url.as_deref().and_then(escape::link) {
            Some(url) => writeln!(out, "- [{}](<{url}>)", md(&reference.title))?,
            None => writeln!(out, "- {}", md(&reference.title))?,
        }
    }
    Ok(())
}

fn hosts(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## {}", l.hosts)?;
    table_head(&[l.host, l.version, l.hardware, l.cpu, l.vsan, l.clock, l.booted, l.captured], out)?;
    for host in &report.hosts {
        let known = |parts: &[&Option<String>]| {
            let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
            md(&parts.join(" "))
        };
        let vsan = host.vsan.as_ref().map_or_else(String::new, |vsan| {
            let members = vsan.member_count.map(|n| fill_count(l.vsan_members, n));
            known(&[&vsan.state, &members])
        });
        let microcode = host.cpu.microcode.as_ref().map(|text| fill(l.microcode, &[text]));
        let cells = [
            md(&host.name),
            md(&format!("{} {}", l.host_kind(host.kind), view::version(host, l))),
            known(&[&host.vendor, &host.model, &host.bios]),
            known(&[&host.cpu.name, &microcode]),
            vsan,
            md(&clock_text(&host.clock, l)),
            l.zone.time_or_dash(host.booted_at),
            l.zone.time_or_dash(host.captured_at),
        ];
        row(&cells, out)?;
    }
    writeln!(out, "\n{}", md(&clock_note(&report.hosts, l)))?;
    older_bundles(report, l, out)
}

/// What the hosts with several bundles were before.
fn older_bundles(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    for host in report.hosts.iter().filter(|host| host.captures.len() > 1) {
        writeln!(out)?;
        for capture in &host.captures[1..] {
            let (id, bundle) = (code_span(&host.id), code_span(&capture.bundle));
            let head = md(&view::capture_head(capture, l));
            writeln!(out, "- {id}: {}: {head} {bundle}", l.older_bundle)?;
            let changes = view::changes_since(host, capture);
            for change in changes.iter().take(VMS) {
                writeln!(out, "  - {}", md(&view::change_text(change, l)))?;
            }
            if changes.len() > VMS {
                writeln!(out, "  - {}", fill(l.more, &[&show::count((changes.len() - VMS) as u64)]))?;
            }
        }
    }
    Ok(())
}

/// What matters of each host's configuration; the whole is in `report.json`.
fn configurations(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let mut told = report.hosts.iter().filter_map(|host| Some((host, host.setup.as_ref()?))).peekable();
    if told.peek().is_some() {
        writeln!(out, "\n## {}", l.setup)?;
    }
    for (host, setup) in told {
        let shown = setup::show(setup, l, setup::Depth::Brief);
        writeln!(out, "\n### {}\n", code_span(&host.id))?;
        for (label, text) in &shown.lines {
            writeln!(out, "- {label}: {}", code_span(text))?;
        }
        for part in &shown.parts {
            configuration_part(part, l, out)?;
        }
        if !shown.elsewhere.is_empty() {
            writeln!(out, "\n{}", setup::elsewhere(&shown.elsewhere, l))?;
        }
    }
    Ok(())
}

fn configuration_part(part: &setup::Part, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n#### {}", part.title)?;
    table_head(&part.heads, out)?;
    for cells in &part.rows {
        row(&cells.iter().map(|cell| md(cell)).collect::<Vec<_>>(), out)?;
    }
    more_in_json(part.rows.len() + part.rest, part.rows.len(), l, out)
}

fn cpu_features(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if report.features.rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}", l.cpu_features)?;
    features::blocks(report, l).iter().try_for_each(|block| feature_block(block, l, out))
}

fn feature_block(block: &Block<'_>, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if let Some(title) = &block.title {
        writeln!(out, "\n### {}", md(title))?;
    }
    writeln!(out)?;
    for sentence in features::answer(block, l) {
        writeln!(out, "{}", md(&sentence))?;
    }
    if !block.differing.is_empty() {
        match block.hosts.len() <= features::COLUMNS {
            true => feature_table(block, l, out)?,
            false => feature_groups(block, l, out)?,
        }
    }
    told(l.can_leave, &features::evacuation(block, VMS, l), l, out)?;
    if let [_] = block.hosts.as_slice() {
        told(l.vm_requirements, &features::requirements(block, VMS, l), l, out)?;
    }
    pinned_vms(block, l, out)?;
    told(l.others_with_settings, &features::others_with_settings(block, l), l, out)?;
    told(l.common_baseline, &features::baseline(block, l), l, out)?;
    told(l.feature_files, &[features::missing(block, l), features::read(block, l)].concat(), l, out)
}

/// A heading and a list of sentences, at most [`EVENTS`]; nothing where there are none.
fn told(title: &str, lines: &[String], l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n#### {title}\n")?;
    for line in lines.iter().take(EVENTS) {
        writeln!(out, "- {}", md(line))?;
    }
    more_in_json(lines.len(), EVENTS, l, out)
}

/// A column for each host: `**◆ 1** (1/-)` for the one that stands apart.
fn feature_table(block: &Block<'_>, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", md(&features::legend(APART, l)))?;
    let hosts: Vec<String> = block.hosts.iter().map(|host| md(host)).collect();
    let heads: Vec<&str> = std::iter::once(l.feature).chain(hosts.iter().map(String::as_str)).collect();
    table_head(&heads, out)?;
    for found in &block.differing {
        let what = md(&format!("{}: {}", found.key, features::guards(found, l)));
        let cell = |host: &&str| {
            let signs = block.value(found, host).signs();
            if block.is_odd(found, host) { format!("**{APART} {signs}**") } else { signs }
        };
        let cells: Vec<String> = std::iter::once(what).chain(block.hosts.iter().map(cell)).collect();
        row(&cells, out)?;
    }
    Ok(())
}

/// The hosts of each feature by their values.
fn feature_groups(block: &Block<'_>, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}\n", fill(l.stands_apart, &[APART]))?;
    for (groups, rows) in block.alike() {
        let Some(first) = rows.first() else { continue };
        let what =
            |found: &&FeatureRow| format!("{} ({})", code_span(&found.key), md(&features::guards(found, l)));
        writeln!(out, "- {}", rows.iter().map(what).collect::<Vec<_>>().join(l.semicolon))?;
        for group in groups {
            let line = md(&features::group_line(block, first, &group, l));
            let line = if group.is_odd { format!("**{APART} {line}**") } else { line };
            writeln!(out, "  - {line}")?;
        }
    }
    Ok(())
}

fn pinned_vms(block: &Block<'_>, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let groups = block.pinned();
    if !groups.is_empty() {
        writeln!(out, "\n#### {}\n", l.pinned_vms)?;
    }
    for group in &groups {
        writeln!(out, "- {}", md(&features::pinned_line(group, l)))?;
        for vm in group.vms.iter().take(VMS) {
            let told = [
                features::powered_on(block, vm, l).map(|at| format!("{} {at}", l.powered_on_short)),
                features::settings(vm, l).map(|set| format!("{}: {set}", l.own_settings)),
            ];
            let told: Vec<String> = told.into_iter().flatten().collect();
            let (name, host) = (code_span(&vm.name), code_span(&vm.host));
            writeln!(out, "  - {}: {}", fill(l.at_on, &[&name, &host]), md(&told.join(l.semicolon)))?;
        }
        if group.vms.len() > VMS {
            let left = show::count((group.vms.len() - VMS) as u64);
            writeln!(out, "  - {}", fill(l.more_in_json, &[&left]))?;
        }
    }
    Ok(())
}

fn more_in_json(all: usize, shown: usize, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    match all.saturating_sub(shown) {
        0 => Ok(()),
        rest => writeln!(out, "\n{}", fill(l.more_in_json, &[&show::count(rest as u64)])),
    }
}

fn timeline(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## {}\n", l.timeline)?;
    if report.timeline.is_empty() && report.spans.is_empty() {
        return writeln!(out, "{}", l.no_events);
    }
    spans(report, l, out)?;
    let rows = fold(&report.timeline);
    let shown = view::select_rows(report, &rows, EVENTS);
    let (listed, all) =
        (shown.iter().map(|&at| rows[at].members.len()).sum::<usize>(), report.timeline.len());
    if rows.len() < all {
        let (all, rows) = (show::count(all as u64), show::count(rows.len() as u64));
        writeln!(out, "{}\n", fill(l.folded_lines, &[&all, &rows]))?;
    }
    if listed < all {
        let (some, all) = (show::count(listed as u64), show::count(all as u64));
        writeln!(out, "{}\n", fill(l.table_capped, &[&some, &all]))?;
    }
    shown.into_iter().try_for_each(|at| event(report, &rows[at], l, out))
}

/// `- 2026-11-23 02:10:05 `esx01` **vSAN node left** sentence [1]`, and the record below it where it is another.
fn event(report: &Report, row: &Row, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let (entry, begins) = (&report.timeline[row.spoken], &report.timeline[row.first()]);
    let mark = if entry.severity >= Severity::Error { "**" } else { "" };
    let (time, host) = (l.zone.entry_time(begins.time, begins.time_quality), code_span(&entry.host));
    let kind = l.kind_name(entry.kind);
    let stamp = begins.fields.get("raw_time").map(|raw| format!(" ({})", fill(l.stamp, &[&md(raw)])));
    let count = count_text(row, begins.time, l).map(|count| format!(" {count}"));
    let findings: Vec<String> =
        row.findings(&report.timeline).iter().map(|at| (at + 1).to_string()).collect();
    let findings = (!findings.is_empty()).then(|| format!(" ({} {})", l.rows_finding, findings.join(", ")));
    let [stamp, count, findings] = [stamp, count, findings].map(Option::unwrap_or_default);
    let text = show::cut(&entry.text, EVENT_TEXT);
    if !entry.has_sentence() {
        return writeln!(
            out,
            "- {time}{stamp} {host} {mark}{kind}{mark} {}{count}{findings}",
            code_span(&text)
        );
    }
    writeln!(out, "- {time}{stamp} {host} {mark}{kind}{mark} {}{count}{findings}", md(&text))?;
    writeln!(out, "  {}", code_span(&show::cut(&entry.message, EVENT_TEXT)))
}

fn spans(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if report.spans.is_empty() {
        return Ok(());
    }
    writeln!(out, "### {}\n", l.spans)?;
    for span in report.spans.iter().take(EVENTS) {
        let (from, to) = (l.zone.second_or_dash(span.from), l.zone.second_or_dash(span.to));
        let kind = l.span_name(span.kind);
        writeln!(out, "- {from} – {to} {} {kind}: {}", code_span(&span.host), md(&span.text))?;
    }
    more_in_json(report.spans.len(), EVENTS, l, out)?;
    writeln!(out, "\n### {}\n", l.all_events)
}

fn coverage(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if report.coverage.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}", l.coverage)?;
    table_head(
        &[l.host, l.log, &l.in_zone(l.from), &l.in_zone(l.to), l.records, l.unparsed, l.gaps, l.problems],
        out,
    )?;
    for log in &report.coverage {
        let cells = [
            md(&log.host),
            md(&log.log),
            l.zone.second_or_dash(log.from),
            l.zone.second_or_dash(log.to),
            show::count(log.records),
            show::count(log.unparsed),
            log.gaps.len().to_string(),
            log.problems.len().to_string(),
        ];
        row(&cells, out)?;
    }
    absent_logs(report, l, out)?;
    gaps_and_samples(report, l, out)
}

fn absent_logs(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let mut lacking = report.hosts.iter().filter(|host| !host.absent_logs.is_empty()).peekable();
    if lacking.peek().is_some() {
        writeln!(out, "\n### {}\n", l.absent_logs)?;
    }
    for host in lacking {
        let logs = fill(l.absent, &[&host.absent_logs.join(", ")]);
        writeln!(out, "- {}: {}", code_span(&host.id), md(&logs))?;
    }
    Ok(())
}

fn gaps_and_samples(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let logs = || report.coverage.iter().map(|log| (log, code_span(&format!("{} {}", log.host, log.log))));
    if report.coverage.iter().any(|log| !log.gaps.is_empty()) {
        writeln!(out, "\n### {}\n", l.gaps)?;
    }
    for (log, name) in logs() {
        for gap in &log.gaps {
            let (span, what) = (l.zone.span(gap.from, gap.to), view::gap_text(gap, l));
            writeln!(out, "- {name} {span}: {}", md(&what))?;
        }
    }
    if report.coverage.iter().any(|log| !log.samples.is_empty()) {
        writeln!(out, "\n### {}\n", l.samples)?;
    }
    for (log, name) in logs() {
        for sample in &log.samples {
            let place = show::place(&sample.file, sample.line, sample.offset);
            writeln!(out, "- {name} {}", code_span(&place))?;
            writeln!(out, "  {}", code_span(&sample.text))?;
        }
    }
    Ok(())
}

fn missing_hosts(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if report.missing_hosts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}\n", l.missing_hosts)?;
    for host in &report.missing_hosts {
        let seen_by = names(&host.seen_by, VMS, l);
        writeln!(out, "- {} ({}: {seen_by}): {}", code_span(&host.name_or_uuid), l.seen_by, md(&host.why))?;
    }
    Ok(())
}

fn problems(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    if report.problems.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}\n", l.problems)?;
    for problem in report.problems.iter().take(EVENTS) {
        writeln!(
            out,
            "- {} {}: {}",
            l.problem_kind(problem.kind),
            code_span(&problem.path),
            md(&problem.text)
        )?;
    }
    more_in_json(report.problems.len(), EVENTS, l, out)
}

fn about(report: &Report, l: &Labels, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## {}\n", l.about)?;
    let tool = &report.tool;
    let count = tool.rules.count.to_string();
    writeln!(out, "{}", fill(l.made_by, &[&md(&tool.name), &md(&tool.version), &count]))?;
    writeln!(out, "{}: {}\n", l.rules_hash, code_span(&tool.rules.sha256))?;
    for capture in report.hosts.iter().flat_map(|host| &host.captures) {
        writeln!(
            out,
            "- {} {}",
            code_span(&capture.bundle),
            code_span(capture.bundle_sha256.as_deref().unwrap_or("–"))
        )?;
    }
    Ok(())
}
