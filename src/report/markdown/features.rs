//! CPU features: a table where there are few hosts, groups of hosts where there are many, and what it means for VMs.

use std::io::{self, Write};

use super::super::features::{self, Block};
use super::super::labels::{Labels, fill};
use super::super::md::Page;
use super::super::md::text::prose;
use super::super::model::{FeatureRow, Report};
use super::super::show;
use super::{APART, LISTED, VMS};

pub(super) fn cpu_features(report: &Report, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    if report.features.rows.is_empty() {
        return Ok(());
    }
    page.heading(2, l.cpu_features)?;
    features::blocks(report, l).iter().try_for_each(|block| feature_block(block, l, page))
}

fn feature_block(block: &Block<'_>, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    if let Some(title) = &block.title {
        page.heading(3, &prose(title))?;
    }
    // Headings of several clusters are told apart by the cluster.
    let title = |text: &str| match &block.title {
        Some(cluster) => format!("{}{}{text}", prose(cluster), l.colon),
        None => text.to_owned(),
    };
    for sentence in features::answer(block, l) {
        writeln!(page, "{}", prose(&sentence))?;
    }
    writeln!(page)?;
    if !block.differing.is_empty() {
        match block.hosts.len() <= features::COLUMNS {
            true => table(block, l, page)?,
            false => groups(block, l, page)?,
        }
    }
    let mut told = |heading: &str, lines: &[String]| page.list(Some((4, &title(heading))), lines, LISTED, l);
    told(l.can_leave, &features::evacuation(block, VMS, l))?;
    if let [_] = block.hosts.as_slice() {
        told(l.vm_requirements, &features::requirements(block, VMS, l))?;
    }
    pinned_vms(block, &title(l.pinned_vms), l, page)?;
    let mut told = |heading: &str, lines: &[String]| page.list(Some((4, &title(heading))), lines, LISTED, l);
    told(l.others_with_settings, &features::others_with_settings(block, l))?;
    told(l.common_baseline, &features::baseline(block, l))?;
    told(l.feature_files, &[features::missing(block, l), features::read(block, l)].concat())
}

/// A column for each host: `**◆ 1** (1/-)` for the one that stands apart.
fn table(block: &Block<'_>, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(&prose(&features::legend(APART, l)))?;
    let hosts = block.hosts.iter().map(|host| prose(host));
    let heads: Vec<String> = std::iter::once(l.feature.to_owned()).chain(hosts).collect();
    let row = |found: &&FeatureRow| {
        let what = prose(&format!("{}{}{}", found.key, l.colon, features::guards(found, l)));
        let cell = |host: &&str| {
            let signs = block.value(found, host).signs();
            if block.is_odd(found, host) { format!("**{APART} {signs}**") } else { signs }
        };
        std::iter::once(what).chain(block.hosts.iter().map(cell)).collect()
    };
    let rows: Vec<Vec<String>> = block.differing.iter().map(row).collect();
    page.table(&heads, &rows)
}

/// The hosts of each feature by their values.
fn groups(block: &Block<'_>, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(&fill(l.stands_apart, &[APART]))?;
    for (groups, rows) in block.alike() {
        let Some(first) = rows.first() else { continue };
        let what = |found: &&FeatureRow| {
            format!("{}{}", prose(&found.key), l.aside(&prose(&features::guards(found, l))))
        };
        writeln!(page, "- {}", rows.iter().map(what).collect::<Vec<_>>().join(l.semicolon))?;
        for group in groups {
            let line = prose(&features::group_line(block, first, &group, l));
            let line = if group.is_odd { format!("**{APART} {line}**") } else { line };
            writeln!(page, "  - {line}")?;
        }
    }
    writeln!(page)
}

fn pinned_vms(block: &Block<'_>, title: &str, l: &Labels, page: &mut Page<'_>) -> io::Result<()> {
    let groups = block.pinned();
    if groups.is_empty() {
        return Ok(());
    }
    page.heading(4, title)?;
    for group in &groups {
        writeln!(page, "- {}", prose(&features::pinned_line(group, l)))?;
        for vm in group.vms.iter().take(VMS) {
            let told = [
                features::powered_on(block, vm, l).map(|at| format!("{} {at}", l.powered_on_short)),
                features::settings(vm, l).map(|set| format!("{}{}{set}", l.own_settings, l.colon)),
            ];
            let told: Vec<String> = told.into_iter().flatten().collect();
            let vm = fill(l.at_on, &[&prose(&vm.name), &prose(&vm.host)]);
            writeln!(page, "  - {vm}{}{}", l.colon, prose(&told.join(l.semicolon)))?;
        }
        if group.vms.len() > VMS {
            let left = show::count((group.vms.len() - VMS) as u64);
            writeln!(page, "  - {}", fill(l.more_in_json, &[&left]))?;
        }
    }
    writeln!(page)
}
