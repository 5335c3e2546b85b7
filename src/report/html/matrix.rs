//! The CPU-feature matrix: which host offers what, and which VMs cannot move because of it.

use super::super::features::{self, Block, Part};
use super::super::labels::{Labels, fill};
use super::super::model::{FeatureRow, FeatureVm, Report};
use super::super::{show, view};

/// Virtual machines that are listed.
const VMS: usize = 200;
/// Names of virtual machines in a sentence.
const NAMES: usize = 50;
/// Stands beside the value of a host that stands apart, for who does not see the colour.
const MARK: &str = "◆";

/// The matrix of one cluster, ready for the template.
pub struct Matrix<'a> {
    pub title: Option<String>,
    pub hosts: Vec<&'a str>,
    pub answer: Vec<String>,
    pub legend: String,
    /// Features, and the hosts by their values, where there are too many columns to see at once.
    pub groups: Vec<(String, Vec<String>)>,
    pub differing: Vec<DifferingRow<'a>>,
    /// What the table of these is called where it is folded, as the groups above it say the same.
    pub differing_label: String,
    pub all: Vec<PlainRow<'a>>,
    pub all_label: String,
    /// Which hosts can be emptied.
    pub leave: Vec<String>,
    /// Headings, and the sentences under them.
    pub parts: Vec<(&'static str, Vec<String>)>,
    pub vms: Vec<VmRow<'a>>,
    pub vms_note: Option<String>,
    pub files: Vec<(&'a str, Vec<String>)>,
}

/// A feature in which hosts differ: one line for each of capability, mask and effective value.
pub struct DifferingRow<'a> {
    pub row: &'a FeatureRow,
    pub class: &'static str,
    pub guards: String,
    pub lines: Vec<(&'static str, Vec<Cell>)>,
}

/// Any feature, one line.
pub struct PlainRow<'a> {
    pub row: &'a FeatureRow,
    /// Values, and over how many hosts each reaches: one cell where all say the same.
    pub cells: Vec<(Cell, usize)>,
}

/// A value of one host.
pub struct Cell {
    pub text: String,
    pub mark: &'static str,
    pub style: &'static str,
}

/// A VM that cannot go everywhere.
pub struct VmRow<'a> {
    pub vm: &'a FeatureVm,
    pub powered_on: String,
    pub settings: Option<String>,
    /// Hosts, and the features that they lack.
    pub blocked: Vec<(String, String)>,
}

/// Prepares the matrix of each cluster; none where no bundle had feature data.
pub fn matrices<'a>(report: &'a Report, l: &Labels) -> Vec<Matrix<'a>> {
    if report.features.rows.is_empty() {
        return Vec::new();
    }
    features::blocks(report, l).into_iter().map(|block| matrix(&block, l)).collect()
}

fn matrix<'a>(block: &Block<'a>, l: &Labels) -> Matrix<'a> {
    let pinned: Vec<&FeatureVm> = block.vms.iter().filter(|vm| !vm.blocked.is_empty()).copied().collect();
    let rows = || block.differing.iter().chain(&block.same).copied();
    let parts = [
        (l.others_with_settings, features::others_with_settings(block, l)),
        (l.vm_requirements, alone(block, l)),
        (l.common_baseline, features::baseline(block, l)),
        (l.feature_files, [features::missing(block, l), features::read(block, l)].concat()),
    ];
    Matrix {
        title: block.title.clone(),
        hosts: block.hosts.clone(),
        answer: features::answer(block, l),
        legend: format!("{} {}", fill(l.stands_apart, &[MARK]), l.features_legend),
        groups: groups(block, l),
        differing: block.differing.iter().map(|row| differing_row(block, row, l)).collect(),
        differing_label: fill(l.differing_features, &[&show::count(block.differing.len() as u64)]),
        all: rows().map(|row| plain_row(block, row, l)).collect(),
        all_label: fill(l.all_features, &[&show::count(rows().count() as u64)]),
        leave: features::evacuation(block, NAMES, l),
        parts: parts.into_iter().filter(|(_, lines)| !lines.is_empty()).collect(),
        vms: pinned.iter().take(VMS).map(|vm| vm_row(block, vm, l)).collect(),
        vms_note: super::note_of_rest(pinned.len(), VMS, l),
        files: features::files(block, l),
    }
}

/// What the VMs of one host require, where there is no other host that could lack it.
fn alone(block: &Block<'_>, l: &Labels) -> Vec<String> {
    if block.hosts.len() > 1 { Vec::new() } else { features::requirements(block, NAMES, l) }
}

fn differing_row<'a>(block: &Block<'a>, row: &'a FeatureRow, l: &Labels) -> DifferingRow<'a> {
    let is_flag = features::is_flag(row);
    let line = |label, values: &[Part]| (label, cells(values, is_flag, l));
    let all: Vec<features::Value> = block.hosts.iter().map(|host| block.value(row, host)).collect();
    let part = |of: &dyn Fn(&features::Value) -> Part| all.iter().map(of).collect::<Vec<_>>();
    let mut effective = line(l.effective, &part(&|value| value.effective.map_or(Part::Unknown, Part::Is)));
    for (cell, host) in effective.1.iter_mut().zip(&block.hosts) {
        cell.mark = if block.is_odd(row, host) { MARK } else { "" };
    }
    DifferingRow {
        row,
        class: features::class_name(row.class, l),
        guards: row.cves.iter().chain(&row.advisory).cloned().collect::<Vec<_>>().join(l.comma),
        lines: vec![
            line(l.capability, &part(&|value| value.capability)),
            line(l.mask, &part(&|value| value.mask)),
            effective,
        ],
    }
}

fn groups(block: &Block<'_>, l: &Labels) -> Vec<(String, Vec<String>)> {
    if block.hosts.len() <= features::COLUMNS {
        return Vec::new();
    }
    let line = |group: &features::Group<'_>, row: &FeatureRow| {
        let line = features::group_line(block, row, group, l);
        if group.is_odd { format!("{MARK} {line}") } else { line }
    };
    let told = |(groups, rows): (Vec<features::Group<'_>>, Vec<&FeatureRow>)| {
        let first = rows.first()?;
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        let lines = groups.iter().map(|group| line(group, first)).collect();
        Some((keys.join(l.comma), lines))
    };
    block.alike().into_iter().filter_map(told).collect()
}

fn word(value: Part, is_flag: bool, l: &Labels) -> String {
    match value {
        Part::Absent => "–".to_owned(),
        Part::Unknown => "?".to_owned(),
        Part::Is(1) if is_flag => l.yes.to_owned(),
        Part::Is(0) if is_flag => l.no.to_owned(),
        Part::Is(n) => n.to_string(),
    }
}

fn cells(values: &[Part], is_flag: bool, l: &Labels) -> Vec<Cell> {
    let known = values.iter().filter(|value| matches!(value, Part::Is(_)));
    let usual = view::usual(known, false);
    let cell = |value: &Part| {
        let style = match value {
            Part::Absent | Part::Unknown => "na",
            value if usual.is_some_and(|usual| usual != value) => "odd",
            Part::Is(0) => "off",
            Part::Is(_) => "on",
        };
        Cell { text: word(*value, is_flag, l), mark: "", style }
    };
    values.iter().map(cell).collect()
}

/// One value where all three are the same, else `capability / mask / effective`.
fn plain_row<'a>(block: &Block<'a>, row: &'a FeatureRow, l: &Labels) -> PlainRow<'a> {
    let is_flag = features::is_flag(row);
    let all: Vec<features::Value> = block.hosts.iter().map(|host| block.value(row, host)).collect();
    let effective = |value: &features::Value| value.effective.map_or(Part::Unknown, Part::Is);
    let mut cells = cells(&all.iter().map(effective).collect::<Vec<_>>(), is_flag, l);
    for (cell, value) in cells.iter_mut().zip(&all) {
        let (capability, mask, effective) = (value.capability, value.mask, effective(value));
        // An absent mask hides nothing; then only capability and effective value can differ.
        if capability != effective || (matches!(mask, Part::Is(_)) && mask != effective) {
            cell.text = [capability, mask, effective].map(|value| word(value, is_flag, l)).join(" / ");
        }
    }
    PlainRow { row, cells: joined(cells) }
}

/// One cell over all columns where all say the same, else one a column.
fn joined(cells: Vec<Cell>) -> Vec<(Cell, usize)> {
    let columns = cells.len();
    let is_same = cells.windows(2).all(|two| two[0].text == two[1].text && two[0].style == two[1].style);
    let kept = if is_same { 1 } else { columns };
    cells.into_iter().take(kept).map(|cell| (cell, columns / kept)).collect()
}

fn vm_row<'a>(block: &Block<'_>, vm: &'a FeatureVm, l: &Labels) -> VmRow<'a> {
    VmRow {
        vm,
        powered_on: features::powered_on(block, vm, l).unwrap_or_else(|| "–".to_owned()),
        settings: features::settings(vm, l),
        blocked: features::moves_barred(vm, l),
    }
}
