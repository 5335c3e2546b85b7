//! `cases`: what each case is, and what was in force when it was judged.

use std::borrow::Cow;
use std::iter;

use super::Table;
use super::column::{Column, Read, list, named};
use crate::report::model::CaseInfo;

pub(super) static TABLE: Table<CaseInfo> = Table {
    name: "cases",
    about: "One row a case, in the order in which the cases were written.",
    rows: |report| Box::new(iter::once(Cow::Borrowed(&report.case))),
    columns: &[
        Column::case(),
        Column::new("title", Read::Text(|of| of.item.title.as_str().into()), "A short title."),
        Column::new(
            "verdict",
            Read::Texts(|of| list(&of.item.verdict)),
            "What happened, why, and what to do first, a sentence each.",
        ),
        Column::new(
            "first_at",
            Read::MaybeTime(|of| of.item.from),
            "First time stamp of any record that was read.",
        ),
        Column::new(
            "last_at",
            Read::MaybeTime(|of| of.item.to),
            "Last time stamp of any record that was read.",
        ),
        Column::new(
            "host_count",
            Read::Int(|of| of.report.hosts.len() as u64),
            "Hosts and vCenter Servers with a bundle.",
        ),
        Column::new(
            "missing_hosts",
            Read::Texts(|of| {
                of.report.missing_hosts.iter().map(|host| host.name_or_uuid.as_str().into()).collect()
            }),
            "Hosts that the evidence names and that have no bundle, by name or node UUID.",
        ),
        Column::new(
            "problem_count",
            Read::Int(|of| of.report.problems.len() as u64),
            "What was not read, however little.",
        ),
        Column::new("lang", Read::Text(|of| named(&of.item.lang)), "Language of all texts: `en` or `ja`."),
        Column::new(
            "redacted",
            Read::Bool(|of| of.item.redacted),
            "Whether names and addresses were replaced.",
        ),
        Column::new(
            "esxray_version",
            Read::Text(|of| of.report.tool.version.as_str().into()),
            "The esxray that judged the case.",
        ),
        Column::new(
            "rule_count",
            Read::Int(|of| of.report.tool.rules.count as u64),
            "Detection rules that were in force.",
        ),
        Column::new(
            "rules_sha256",
            Read::Text(|of| of.report.tool.rules.sha256.as_str().into()),
            "SHA-256 over the files of these rules, hex.",
        ),
    ],
};
