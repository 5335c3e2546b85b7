//! A case in one row of the index.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use crate::model::{Confidence, HostKind, Severity, Timestamp};
use crate::report::build;
use crate::report::gist;
use crate::report::model::{HostInfo, Report};

/// The finding that only says what the bundles do not cover.
const INCOMPLETE: &str = "evidence.incomplete";

/// What the index says of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Unique in the index, and the name of the folder that holds the report.
    pub id: String,
    /// The files of its report, in `cases/<id>/`.
    pub reports: Vec<String>,
    /// The cluster's name or id.
    pub cluster: Option<String>,
    /// How bad the worst finding is; `null` where nothing was found.
    pub severity: Option<Severity>,
    /// How sure it is.
    pub confidence: Option<Confidence>,
    /// The worst finding in one line; what was looked at where nothing was found.
    pub title: String,
    /// Why, in a sentence or two.
    pub cause: Option<String>,
    /// What to do first.
    pub first_step: Option<String>,
    /// The report's verdict: what happened, why, and what to do first.
    pub verdict: Vec<String>,
    /// The incident that it is; `null` where nothing was found.
    pub shape: Option<Shape>,
    /// What else was found, worst first.
    pub also: Vec<Shape>,
    /// When it was seen first.
    pub first_seen: Option<Timestamp>,
    /// When it was seen last.
    pub last_seen: Option<Timestamp>,
    /// First record of the logs.
    pub from: Option<Timestamp>,
    /// Last record of the logs.
    pub to: Option<Timestamp>,
    /// ESXi hosts and vCenter Servers, ordered by name.
    pub hosts: Vec<HostRow>,
    /// Cluster members without a bundle.
    pub missing_hosts: Vec<String>,
    /// Whether something that the bundles hold could not be read, or a bundle is missing.
    pub incomplete: bool,
    /// How many problems the report lists.
    pub problems: usize,
}

/// A host in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRow {
    /// Its name.
    pub name: String,
    /// ESXi or vCenter.
    pub kind: HostKind,
    /// `6.7.0`.
    pub version: Option<String>,
    /// `6.7 U3`.
    pub update: Option<String>,
    /// `14320388`.
    pub build: Option<String>,
    /// Its bundles as given, the one taken last first.
    pub bundles: Vec<String>,
    /// When it was taken.
    pub captured_at: Option<Timestamp>,
}

impl HostRow {
    /// The release as people call it: `6.7 U3 (14320388)`.
    pub fn release(&self) -> Option<String> {
        let release = self.update.as_ref().or(self.version.as_ref())?;
        Some(match &self.build {
            Some(build) => format!("{release} ({build})"),
            None => release.clone(),
        })
    }
}

impl Row {
    /// The row of the case called `id` that `report` is of, which was written to `files`.
    pub fn of<'f>(id: &str, report: &Report, files: impl Iterator<Item = &'f OsStr>) -> Row {
        // That evidence is missing is no incident, though it may be the worst that a report has to say.
        let mut incidents = report.findings.iter().filter(|finding| finding.id != INCOMPLETE);
        let worst = incidents.next().filter(|finding| finding.severity > Severity::Info);
        let also = incidents.filter(|finding| finding.severity > Severity::Info);
        Row {
            id: id.to_owned(),
            reports: files.map(|file| file.to_string_lossy().into_owned()).collect(),
            cluster: cluster(report),
            severity: worst.map(|finding| finding.severity),
            confidence: worst.map(|finding| finding.confidence),
            title: worst.map_or_else(|| report.case.title.clone(), |finding| finding.title.clone()),
            cause: worst.map(|finding| finding.cause.text.clone()),
            first_step: worst.and_then(|finding| finding.remedy.first()).map(|step| step.text.clone()),
            verdict: gist::verdict(report),
            shape: worst.map(Shape::of),
            also: distinct(also.map(Shape::of)),
            first_seen: worst.and_then(|finding| finding.first_seen),
            last_seen: worst.and_then(|finding| finding.last_seen),
            from: report.case.from,
            to: report.case.to,
            hosts: hosts(report),
            missing_hosts: report.missing_hosts.iter().map(|host| host.name_or_uuid.clone()).collect(),
            incomplete: build::is_incomplete(report),
            problems: report.problems.len(),
        }
    }

    /// Where its report lies; of several forms the one whose name ends so.
    pub fn report(&self, end: &str) -> String {
        let file = self.reports.iter().find(|file| file.ends_with(end)).or(self.reports.first());
        format!("cases/{}/{}", self.id, file.map_or("", String::as_str))
    }

    /// What the rows of an index are ordered by: the worst first, then the surest, then the earliest.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let first = self.first_seen.unwrap_or(Timestamp::from_micros(i64::MAX));
        let how_bad = std::cmp::Reverse((self.severity, self.confidence));
        (how_bad, !self.incomplete && self.severity.is_none(), first, self.id.clone())
    }

    /// The releases of its ESXi hosts or its vCenter Servers, ordered.
    pub fn releases(&self, kind: HostKind) -> BTreeSet<String> {
        self.hosts.iter().filter(|host| host.kind == kind).filter_map(HostRow::release).collect()
    }
}

/// The one cluster of a case, by its name where it has one.
fn cluster(report: &Report) -> Option<String> {
    match report.case.clusters.as_slice() {
        [one] if one.id != "case" => Some(one.name.clone().unwrap_or_else(|| one.id.clone())),
        _ => None,
    }
}

fn hosts(report: &Report) -> Vec<HostRow> {
    let row = |host: &HostInfo| HostRow {
        name: host.name.clone(),
        kind: host.kind,
        version: host.version.clone(),
        update: host.update.clone(),
        build: host.build.clone(),
        bundles: host.captures.iter().map(|capture| capture.bundle.clone()).collect(),
        captured_at: host.captured_at,
    };
    report.hosts.iter().map(row).collect()
}

/// Shapes without repeats, in their order.
fn distinct(shapes: impl Iterator<Item = Shape>) -> Vec<Shape> {
    let mut kept: Vec<Shape> = Vec::new();
    for shape in shapes {
        if !kept.contains(&shape) {
            kept.push(shape);
        }
    }
    kept
}
