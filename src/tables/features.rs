//! `features`: the CPU-feature matrix, a row a cell.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Table;
use super::column::{Column, Of, Read, int, list, maybe, named};
use crate::report::model::{ClusterInfo, FeatureRow, HostId, Report};

/// A feature on a host, by their positions in the report's matrix.
#[derive(Clone)]
pub(super) struct Cell {
    row: usize,
    host: usize,
}

fn row<'a>(of: &Of<'a, Cell>) -> &'a FeatureRow {
    &of.report.features.rows[of.item.row]
}

fn host<'a>(of: &Of<'a, Cell>) -> &'a HostId {
    &of.report.features.hosts[of.item.host]
}

fn cluster<'a>(of: &Of<'a, Cell>) -> Option<&'a ClusterInfo> {
    super::hosts::cluster(of.report, host(of))
}

fn cells(report: &Report) -> impl Iterator<Item = Cell> {
    let hosts = report.features.hosts.len();
    (0..report.features.rows.len()).flat_map(move |row| (0..hosts).map(move |host| Cell { row, host }))
}

fn value(of: &Of<'_, Cell>, values: &BTreeMap<HostId, Option<u64>>) -> Option<i64> {
    values.get(host(of)).copied().flatten().map(int)
}

/// Whether hosts of this host's cluster, and not only of another one, differ in the feature.
fn differs(of: &Of<'_, Cell>) -> bool {
    let row = row(of);
    let hosts = cluster(of).map_or(&[][..], |cluster| &cluster.hosts);
    let mut values = hosts.iter().filter_map(|host| row.effective.get(host).copied().flatten());
    let first = values.next();
    row.differs && values.any(|value| Some(value) != first)
}

pub(super) static TABLE: Table<Cell> = Table {
    name: "features",
    about: "One row a CPU feature and ESXi host: features in which hosts differ first, then by key; below that by host.",
    rows: |report| Box::new(cells(report).map(Cow::Owned)),
    columns: &[
        Column::case(),
        Column::new(
            "cluster_id",
            Read::MaybeText(|of| cluster(of).map(|cluster| cluster.id.as_str().into())),
            "The host's cluster, as in `hosts.cluster_id`.",
        ),
        Column::new("host", Read::Text(|of| host(of).as_str().into()), "The host, as in `hosts.host`."),
        Column::new("key", Read::Text(|of| row(of).key.as_str().into()), "The feature: `cpuid.mdclear`."),
        Column::new("label", Read::Text(|of| row(of).label.as_str().into()), "The feature in words."),
        Column::new(
            "class",
            Read::Text(|of| named(&row(of).class)),
            "`security`, `isa`, `virtualization` or `other`.",
        ),
        Column::new(
            "capability",
            Read::MaybeInt(|of| value(of, &row(of).capability)),
            "What the host is capable of, before any mask: mostly 0 or 1.",
        ),
        Column::new("mask", Read::MaybeInt(|of| value(of, &row(of).mask)), "What the EVC mask lets through."),
        Column::new("effective", Read::MaybeInt(|of| value(of, &row(of).effective)), "What VMs can use."),
        Column::new(
            "differs",
            Read::Bool(differs),
            "Whether hosts of this cluster differ in what VMs can use; never for what only identifies a CPU.",
        ),
        Column::new("cves", Read::Texts(|of| list(&row(of).cves)), "The flaws that it guards against."),
        Column::new("advisory", Read::MaybeText(|of| maybe(&row(of).advisory)), "VMware's advisory on them."),
    ],
};
