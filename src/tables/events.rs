//! `events`: the timeline.

use std::borrow::Cow;

use super::Table;
use super::column::{Column, Read};
use crate::report::model::TimelineEntry;
use crate::report::show;
use crate::report::timeline::repeats;

pub(super) static TABLE: Table<TimelineEntry> = Table {
    name: "events",
    about: "One row an event, by time, then host, then place; repeats are not folded.",
    rows: |report| Box::new(report.timeline.iter().map(Cow::Borrowed)),
    columns: &[
        Column::case(),
        Column::new("time", Read::Time(|of| of.item.time), "When, on the reference clock of the case."),
        Column::new(
            "time_quality",
            Read::Text(|of| show::quality(of.item.time_quality).into()),
            "`exact` (with a fraction), `second`, or `estimated` from what stands beside it.",
        ),
        Column::new(
            "host",
            Read::Text(|of| of.item.host.as_str().into()),
            "The host whose bundle tells it, as in `hosts.host`.",
        ),
        Column::new(
            "file",
            Read::Text(|of| of.item.source.file.as_str().into()),
            "The member of the bundle.",
        ),
        Column::new("line", Read::Int(|of| of.item.source.line), "Line in its text, from 1."),
        Column::new(
            "byte_offset",
            Read::Int(|of| of.item.source.offset),
            "Where the line begins in its text, in bytes from 0.",
        ),
        Column::new(
            "kind",
            Read::Text(|of| of.item.kind.name().into()),
            "What happened: `host.boot`, `host.crash`, `vmotion.fail.cpu` and so on.",
        ),
        Column::new(
            "severity",
            Read::Text(|of| of.item.severity.name().into()),
            "`critical`, `error`, `warning` or `info`.",
        ),
        Column::new("text", Read::Text(|of| of.item.text.as_str().into()), "What happened, in a sentence."),
        Column::new(
            "record",
            Read::Text(|of| of.item.record().into()),
            "The record's message as it stands there.",
        ),
        Column::new(
            "repeats",
            Read::Int(|of| repeats(of.item)),
            "How often it happened: 1, and as often as the log says that the record was repeated.",
        ),
        Column::new(
            "findings",
            Read::Ints(|of| of.item.findings.iter().map(|&at| at as u64 + 1).collect()),
            "The findings of the case that rest on it, each as in `findings.number`, ascending.",
        ),
        Column::new(
            "fields",
            Read::Map(|of| &of.item.fields),
            "What was read from the record, by name; `raw_time` is the written stamp where the time was corrected.",
        ),
    ],
};
