//! The CPU-feature matrix: which host offers what, and which VMs cannot move because of it.

use std::collections::BTreeMap;

use super::super::labels::{Labels, fill};
use super::super::model::{FeatureClass, FeatureRow, FeatureVm, HostId, Report};
use super::super::{show, view};

/// Virtual machines that are listed.
const VMS: usize = 500;

/// The matrix, ready for the template.
pub struct Matrix<'a> {
    pub hosts: &'a [HostId],
    pub statement: String,
    pub differing: Vec<DifferingRow<'a>>,
    pub all: Vec<PlainRow<'a>>,
    pub all_label: String,
    pub vms: Vec<VmRow<'a>>,
    pub vms_note: Option<String>,
}

/// A feature in which hosts differ: one line for each of capability, mask and effective value.
pub struct DifferingRow<'a> {
    pub row: &'a FeatureRow,
    pub class: &'static str,
    pub lines: Vec<(&'static str, Vec<Cell>)>,
}

/// Any feature, one line.
pub struct PlainRow<'a> {
    pub row: &'a FeatureRow,
    pub cells: Vec<Cell>,
}

/// A value of one host.
pub struct Cell {
    pub text: String,
    pub style: &'static str,
}

/// A VM that cannot go everywhere.
pub struct VmRow<'a> {
    pub vm: &'a FeatureVm,
    pub powered_on: String,
    pub blocked: Vec<(&'a str, String)>,
}

/// Prepares the matrix, or `None` where no bundle had feature data.
pub fn matrix<'a>(report: &'a Report, l: &Labels) -> Option<Matrix<'a>> {
    let features = &report.features;
    if features.rows.is_empty() {
        return None;
    }
    let hosts = &features.hosts;
    let differing: Vec<_> =
        features.rows.iter().filter(|row| row.differs).map(|row| differing_row(row, hosts, l)).collect();
    let pinned: Vec<&FeatureVm> = features.vms.iter().filter(|vm| !vm.blocked.is_empty()).collect();
    let all = show::count(features.rows.len() as u64);
    Some(Matrix {
        hosts,
        statement: match differing.len() {
            0 if features.hosts.len() < 2 => l.features_one_host.to_owned(),
            0 => fill(l.features_same, &[&all]),
            n => fill(l.features_differ, &[&show::count(n as u64), &all]),
        },
        differing,
        all: features.rows.iter().map(|row| plain_row(row, hosts, l)).collect(),
        all_label: fill(l.all_features, &[&all]),
        vms: pinned.iter().take(VMS).map(|vm| vm_row(vm)).collect(),
        vms_note: super::note_of_rest(pinned.len(), VMS, l),
    })
}

fn differing_row<'a>(row: &'a FeatureRow, hosts: &[HostId], l: &Labels) -> DifferingRow<'a> {
    let is_flag = is_flag(row);
    let line = |label, values: &BTreeMap<HostId, Option<u64>>| (label, cells(values, hosts, is_flag, l));
    DifferingRow {
        row,
        class: class(row.class, l),
        lines: vec![
            line(l.capability, &row.capability),
            line(l.mask, &row.mask),
            line(l.effective, &row.effective),
        ],
    }
}

const fn class(class: FeatureClass, l: &Labels) -> &'static str {
    match class {
        FeatureClass::Security => l.class_security,
        FeatureClass::Isa => l.class_isa,
        FeatureClass::Virtualization => l.class_virtualization,
        FeatureClass::Other => l.class_other,
    }
}

/// Whether every value is 0 or 1, and so is better told as yes or no.
fn is_flag(row: &FeatureRow) -> bool {
    let values = [&row.capability, &row.mask, &row.effective];
    values.iter().flat_map(|map| map.values()).flatten().all(|value| *value <= 1)
}

fn value_of(values: &BTreeMap<HostId, Option<u64>>, host: &str) -> Option<u64> {
    values.get(host).copied().flatten()
}

fn word(value: Option<u64>, is_flag: bool, l: &Labels) -> String {
    match value {
        None => "–".to_owned(),
        Some(1) if is_flag => l.yes.to_owned(),
        Some(0) if is_flag => l.no.to_owned(),
        Some(n) => n.to_string(),
    }
}

fn cells(values: &BTreeMap<HostId, Option<u64>>, hosts: &[HostId], is_flag: bool, l: &Labels) -> Vec<Cell> {
    let usual = view::usual(hosts.iter().filter_map(|host| value_of(values, host)), true);
    let cell = |host: &HostId| {
        let value = value_of(values, host);
        let style = match value {
            None => "na",
            value if value != usual => "odd",
            Some(0) => "off",
            Some(_) => "on",
        };
        Cell { text: word(value, is_flag, l), style }
    };
    hosts.iter().map(cell).collect()
}

/// One value where all three are the same, else `capability / mask / effective`.
fn plain_row<'a>(row: &'a FeatureRow, hosts: &[HostId], l: &Labels) -> PlainRow<'a> {
    let is_flag = is_flag(row);
    let mut cells = cells(&row.effective, hosts, is_flag, l);
    for (cell, host) in cells.iter_mut().zip(hosts) {
        let [capability, mask, effective] =
            [&row.capability, &row.mask, &row.effective].map(|values| value_of(values, host));
        // An absent mask hides nothing; then only capability and effective value can differ.
        if capability != effective || mask.is_some_and(|mask| Some(mask) != effective) {
            cell.text = [capability, mask, effective].map(|value| word(value, is_flag, l)).join(" / ");
        }
    }
    PlainRow { row, cells }
}

fn vm_row(vm: &FeatureVm) -> VmRow<'_> {
    let blocked = vm.blocked.iter();
    VmRow {
        vm,
        powered_on: show::second_or_dash(vm.powered_on_at),
        blocked: blocked.map(|b| (b.host.as_str(), b.missing.join(", "))).collect(),
    }
}
