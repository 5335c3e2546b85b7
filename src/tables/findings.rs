//! `findings`: what was found.

use std::borrow::Cow;

use super::Table;
use super::column::{Column, Of, Read, list};
use crate::report::model::Finding;

/// The finding at a position in the report.
fn finding<'a>(of: &Of<'a, usize>) -> &'a Finding {
    &of.report.findings[*of.item]
}

pub(super) static TABLE: Table<usize> = Table {
    name: "findings",
    about: "One row a finding, the worst of a case first.",
    rows: |report| Box::new((0..report.findings.len()).map(Cow::Owned)),
    columns: &[
        Column::case(),
        Column::new(
            "number",
            Read::Int(|of| *of.item as u64 + 1),
            "Its number in the case, from 1: `events.findings` refers to it.",
        ),
        Column::new(
            "id",
            Read::Text(|of| finding(of).id.as_str().into()),
            "What sort of finding: `host.crashed`. A case may have several of one sort.",
        ),
        Column::new(
            "severity",
            Read::Text(|of| finding(of).severity.name().into()),
            "`critical`, `error`, `warning` or `info`.",
        ),
        Column::new(
            "confidence",
            Read::Text(|of| finding(of).confidence.name().into()),
            "`certain`, `likely` or `possible`.",
        ),
        Column::new("title", Read::Text(|of| finding(of).title.as_str().into()), "One line."),
        Column::new("summary", Read::Text(|of| finding(of).summary.as_str().into()), "A paragraph."),
        Column::new(
            "cause_id",
            Read::Text(|of| finding(of).cause.id.as_str().into()),
            "Why: `stale-microcode`; `unknown` where nothing tells.",
        ),
        Column::new(
            "cause",
            Read::Text(|of| finding(of).cause.text.as_str().into()),
            "The cause in a sentence or two.",
        ),
        Column::new(
            "hosts",
            Read::Texts(|of| list(&finding(of).hosts)),
            "Hosts concerned, each as in `hosts.host`, ordered.",
        ),
        Column::new("vms", Read::Texts(|of| list(&finding(of).vms)), "VMs concerned, by name, ordered."),
        Column::new(
            "first_seen",
            Read::MaybeTime(|of| finding(of).first_seen),
            "Time of the first evidence; NULL where only a state tells of it.",
        ),
        Column::new("last_seen", Read::MaybeTime(|of| finding(of).last_seen), "Time of the last evidence."),
        Column::new("event_count", Read::Int(|of| finding(of).count), "Events that confirm it."),
        Column::new(
            "evidence_count",
            Read::Int(|of| finding(of).evidence.len() as u64),
            "Lines that the report quotes for it.",
        ),
        Column::new(
            "remedy",
            Read::Texts(|of| finding(of).remedy.iter().map(|step| step.text.as_str().into()).collect()),
            "What to do, a step each, in order.",
        ),
        Column::new(
            "details",
            Read::Text(|of| finding(of).details.to_string().into()),
            "What this sort of finding tells besides, as JSON: `findings[].details` of `report.json`.",
        ),
    ],
};
