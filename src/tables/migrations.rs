//! `migrations`: every migration once, joined over both hosts and vCenter.

use std::borrow::Cow;

use super::Table;
use super::column::{Column, Of, Read, int, maybe, named};
use crate::report::model::MigrationInfo;

/// The migration at a position in the report.
fn migration<'a>(of: &Of<'a, usize>) -> &'a MigrationInfo {
    &of.report.migrations[*of.item]
}

pub(super) static TABLE: Table<usize> = Table {
    name: "migrations",
    about: "One row a migration, by its first record.",
    rows: |report| Box::new((0..report.migrations.len()).map(Cow::Owned)),
    columns: &[
        Column::case(),
        Column::new("number", Read::Int(|of| *of.item as u64 + 1), "Its number in the case, from 1."),
        Column::new("id", Read::MaybeText(|of| maybe(&migration(of).id)), "The migration id, in decimal."),
        Column::new("vm", Read::MaybeText(|of| maybe(&migration(of).vm)), "Name of the VM."),
        Column::new(
            "source_host",
            Read::MaybeText(|of| maybe(&migration(of).source.host)),
            "Where the VM was, as in `hosts.host`; NULL where that host has no bundle.",
        ),
        Column::new(
            "source_name",
            Read::MaybeText(|of| maybe(&migration(of).source.name)),
            "The same by the name that records have.",
        ),
        Column::new(
            "source_address",
            Read::MaybeText(|of| maybe(&migration(of).source.address)),
            "Its address in the vMotion network.",
        ),
        Column::new(
            "destination_host",
            Read::MaybeText(|of| maybe(&migration(of).destination.host)),
            "Where the VM was to go, as in `hosts.host`; NULL where that host has no bundle.",
        ),
        Column::new(
            "destination_name",
            Read::MaybeText(|of| maybe(&migration(of).destination.name)),
            "The same by the name that records have.",
        ),
        Column::new(
            "destination_address",
            Read::MaybeText(|of| maybe(&migration(of).destination.address)),
            "Its address in the vMotion network.",
        ),
        Column::new("started_at", Read::MaybeTime(|of| migration(of).started), "When it began."),
        Column::new("ended_at", Read::MaybeTime(|of| migration(of).ended), "When it was done or had failed."),
        Column::new(
            "outcome",
            Read::Text(|of| named(&migration(of).outcome)),
            "`succeeded`, `failed`, `refused` (for CPU features), `cancelled` or `unknown`.",
        ),
        Column::new(
            "reason",
            Read::MaybeText(|of| maybe(&migration(of).reason)),
            "Why it failed, from whichever side knows it.",
        ),
        Column::new(
            "reason_by",
            Read::MaybeText(|of| maybe(&migration(of).reason_by)),
            "Who tells the reason, as in `hosts.host`.",
        ),
        Column::new(
            "reason_side",
            Read::MaybeText(|of| migration(of).reason_side.as_ref().map(named)),
            "The side that the teller is of: `source` or `destination`; NULL where vCenter tells it.",
        ),
        Column::new(
            "status",
            Read::MaybeText(|of| maybe(&migration(of).status)),
            "VMkernel status: `0xbad0021`.",
        ),
        Column::new(
            "bandwidth_mb_s",
            Read::MaybeInt(|of| migration(of).bandwidth_mb_s.map(int)),
            "Megabytes a second, as the source reckons it.",
        ),
        Column::new(
            "downtime_ms",
            Read::MaybeInt(|of| migration(of).downtime_ms.map(int)),
            "How long the VM stood still, in milliseconds.",
        ),
        Column::new(
            "operation",
            Read::MaybeText(|of| maybe(&migration(of).operation)),
            "Root of the operation ids (`opID`) that it is of.",
        ),
    ],
};
