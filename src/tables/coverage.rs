//! `coverage`: what was read, so that "none found" can be told from "not looked at".

use std::borrow::Cow;

use super::Table;
use super::column::{Column, Of, Read};
use crate::report::model::Coverage;

fn gap_seconds(of: &Of<'_, Coverage>) -> f64 {
    of.item.gaps.iter().map(|gap| gap.to.since(gap.from).max(0) as f64 / 1e6).sum()
}

pub(super) static TABLE: Table<Coverage> = Table {
    name: "coverage",
    about: "One row a log of a host, by host, then log.",
    rows: |report| Box::new(report.coverage.iter().map(Cow::Borrowed)),
    columns: &[
        Column::case(),
        Column::new("host", Read::Text(|of| of.item.host.as_str().into()), "The host, as in `hosts.host`."),
        Column::new(
            "log",
            Read::Text(|of| of.item.log.as_str().into()),
            "The log: `vmkernel`, `hostd` and so on.",
        ),
        Column::new("first_at", Read::MaybeTime(|of| of.item.from), "Its first time stamp."),
        Column::new("last_at", Read::MaybeTime(|of| of.item.to), "Its last time stamp."),
        Column::new(
            "members",
            Read::Int(|of| of.item.members),
            "Files that were read, rotations and fragments too.",
        ),
        Column::new("bytes", Read::Int(|of| of.item.bytes), "Bytes of text."),
        Column::new("records", Read::Int(|of| of.item.records), "Records."),
        Column::new("unparsed", Read::Int(|of| of.item.unparsed), "Records without a header that is known."),
        Column::new(
            "gap_count",
            Read::Int(|of| of.item.gaps.len() as u64),
            "Stretches of time that the log should cover and does not.",
        ),
        Column::new(
            "gap_seconds",
            Read::Real(gap_seconds),
            "Length of these stretches together, in seconds.",
        ),
        Column::new(
            "problem_count",
            Read::Int(|of| of.item.problems.len() as u64),
            "What was wrong with its files: cut, damaged, encrypted and the like.",
        ),
    ],
};
