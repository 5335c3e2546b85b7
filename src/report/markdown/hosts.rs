//! Hosts: what they are and run on, what they were before, and how they are set up.

use std::io::{self, Write};

use super::super::clock::{clock_note, clock_text};
use super::super::labels::{Labels, fill, fill_count};
use super::super::md::Page;
use super::super::md::text::{prose, sentences};
use super::super::model::{HostInfo, Report};
use super::super::{setup, show, view};
use super::{VMS, names};

/// Hosts whose configuration is shown; those that findings name come first.
const CONFIGURATIONS: usize = 8;

pub(super) fn hosts(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(2, l.hosts)?;
    if report.hosts.is_empty() {
        return page.paragraph(l.none);
    }
    let heads = [l.host, l.version, l.vsan, l.clock, &l.in_zone(l.booted_at), &l.in_zone(l.captured_at)];
    let rows: Vec<Vec<String>> = report.hosts.iter().map(|host| state(host, l)).collect();
    page.table(&heads.map(str::to_owned), &rows)?;
    let rows: Vec<Vec<String>> = report
        .hosts
        .iter()
        .map(hardware)
        .filter(|row| row.iter().skip(1).any(|cell| !cell.is_empty()))
        .collect();
    if !rows.is_empty() {
        page.table(&[l.host, l.hardware, l.bios_head, l.cpu, l.microcode_head].map(str::to_owned), &rows)?;
    }
    page.paragraph(&sentences(&clock_note(&report.hosts, l)))?;
    older_bundles(report, l, page)
}

fn state(host: &HostInfo, l: &Labels) -> Vec<String> {
    let vsan = host.vsan.as_ref().map_or_else(String::new, |vsan| {
        let members = vsan.member_count.map(|n| fill_count(l.vsan_members, n));
        let parts = [vsan.state.clone(), members];
        parts.into_iter().flatten().collect::<Vec<_>>().join(l.comma)
    });
    vec![
        prose(&host.name),
        prose(&format!("{} {}", l.host_kind(host.kind), view::version(host, l))),
        prose(&vsan),
        prose(&clock_text(&host.clock, l)),
        l.zone.second_or_dash(host.booted_at),
        l.zone.second_or_dash(host.captured_at),
    ]
}

fn hardware(host: &HostInfo) -> Vec<String> {
    let known = |text: Option<&String>| text.map(|text| prose(text)).unwrap_or_default();
    let parts: Vec<&str> =
        [&host.vendor, &host.model].into_iter().filter_map(|part| part.as_deref()).collect();
    vec![
        prose(&host.name),
        prose(&parts.join(" ")),
        known(host.bios.as_ref()),
        known(host.cpu.name.as_ref()),
        known(host.cpu.microcode.as_ref()),
    ]
}

/// What the hosts with several bundles were before.
fn older_bundles(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    for host in report.hosts.iter().filter(|host| host.captures.len() > 1) {
        for capture in &host.captures[1..] {
            let (id, bundle) = (prose(&host.id), prose(&capture.bundle));
            let head = prose(&view::capture_head(capture, l));
            writeln!(page, "- {id} {}{}{head} {bundle}", l.older_bundle, l.colon)?;
            let changes = view::changes_since(host, capture);
            for change in changes.iter().take(VMS) {
                writeln!(page, "  - {}", prose(&view::change_text(change, l)))?;
            }
            if changes.len() > VMS {
                writeln!(page, "  - {}", fill(l.more, &[&show::count((changes.len() - VMS) as u64)]))?;
            }
        }
        writeln!(page)?;
    }
    Ok(())
}

/// What matters of the configuration of the hosts that matter; the whole is in `report.json`.
pub(super) fn configurations(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let mut told: Vec<&HostInfo> = report.hosts.iter().filter(|host| host.setup.is_some()).collect();
    if told.is_empty() {
        return Ok(());
    }
    page.heading(2, l.setup)?;
    let rank = |host: &HostInfo| report.findings.iter().position(|found| found.hosts.contains(&host.id));
    let place = |host: &&HostInfo| (rank(host).unwrap_or(usize::MAX), host.id.clone());
    let all = told.len();
    if all > CONFIGURATIONS {
        told.sort_by_cached_key(place);
        told.truncate(CONFIGURATIONS);
        told.sort_by(|a, b| a.id.cmp(&b.id));
    }
    for host in &told {
        configuration(host, l, page)?;
    }
    if all > told.len() {
        let shown: Vec<String> = told.iter().map(|host| host.id.clone()).collect();
        let rest = show::count((all - told.len()) as u64);
        page.paragraph(&fill(l.setups_left_out, &[&names(&shown, CONFIGURATIONS, l), &rest]))?;
    }
    Ok(())
}

fn configuration(host: &HostInfo, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let Some(setup) = &host.setup else { return Ok(()) };
    let shown = setup::show(setup, l, setup::Depth::Brief);
    let id = prose(&host.id);
    page.heading(3, &format!("{}{}{id}", l.setup, l.colon))?;
    for (label, text) in &shown.lines {
        writeln!(page, "- {label}{}{}", l.colon, prose(text))?;
    }
    if !shown.lines.is_empty() {
        writeln!(page)?;
    }
    for part in &shown.parts {
        page.heading(4, &format!("{id}{}{}", l.colon, part.title))?;
        let heads: Vec<String> = part.heads.iter().map(|head| (*head).to_owned()).collect();
        let rows: Vec<Vec<String>> =
            part.rows.iter().map(|cells| cells.iter().map(|cell| prose(cell)).collect()).collect();
        page.table(&heads, &rows)?;
        page.more_in_json(part.rows.len() + part.rest, part.rows.len(), l)?;
    }
    if !shown.elsewhere.is_empty() {
        page.paragraph(&setup::elsewhere(&shown.elsewhere, l))?;
    }
    Ok(())
}
