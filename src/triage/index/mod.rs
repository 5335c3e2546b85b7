//! The index over all cases as one value, and its forms.

mod csv;
mod html;
mod json;
mod md;
mod words;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::row::Row;
use super::shape::Shape;
use crate::model::{HostKind, Lang, Problem, Severity, Timestamp};
use crate::report::labels::{Labels, fill, labels};
use crate::report::model::Tool;
use crate::report::problem::told;

pub use json::SCHEMA_JSON;
pub use words::{Words, incident_name};

/// The schema id that an index states.
pub const SCHEMA: &str = "esxray.triage/1";

/// All cases of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Index {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// Language of every text.
    pub lang: Lang,
    /// The zone that times are told in, in HTML and Markdown.
    pub time_zone: String,
    /// How many bundles the cases are made of.
    pub bundles: usize,
    /// How many hosts and vCenter Servers these are of.
    pub hosts: usize,
    /// The incidents, worst first, then by how many cases they befell.
    pub incidents: Vec<Incident>,
    /// The cases, worst first.
    pub cases: Vec<Row>,
    /// What concerns no case: files that hold no bundle or could not be read.
    pub problems: Vec<Problem>,
}

/// The same incident in one case or many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Incident {
    /// [`Shape::id`].
    pub id: String,
    /// The finding's id.
    pub finding: String,
    /// The cause's id.
    pub cause: String,
    /// What it is about: CPU features, a module of the kernel.
    pub about: Vec<String>,
    /// What it is called.
    pub name: String,
    /// How bad at worst.
    pub severity: Severity,
    /// The cases that it is the worst of, in the order of the cases.
    pub cases: Vec<String>,
    /// Cases in which something worse was found beside it.
    pub also_in: Vec<String>,
    /// When it was seen first in any of its cases.
    pub first_seen: Option<Timestamp>,
    /// When it was seen last.
    pub last_seen: Option<Timestamp>,
    /// Releases of the ESXi hosts in its cases, and how many cases have each.
    pub esxi: Vec<Release>,
    /// The same of the vCenter Servers.
    pub vcenter: Vec<Release>,
    /// What to do first, as its first case tells it.
    pub first_step: Option<String>,
}

/// A release, and in how many cases it is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// `6.7 U3 (14320388)`.
    pub release: String,
    /// How many.
    pub cases: usize,
}

impl Incident {
    /// The releases of each kind of host that has some, with the kind in words.
    fn releases(&self, l: &Labels) -> impl Iterator<Item = (&'static str, &[Release])> {
        let all = [(HostKind::Esxi, &self.esxi), (HostKind::Vcenter, &self.vcenter)];
        let named = all.map(|(kind, releases)| (l.host_kind(kind), releases.as_slice()));
        named.into_iter().filter(|(_, releases)| !releases.is_empty())
    }
}

/// One form of the index.
pub struct IndexRenderer {
    /// Its file.
    pub file_name: &'static str,
    /// Writes it.
    pub render: fn(&Index, &mut dyn Write) -> io::Result<()>,
}

/// Every form, in the order in which they are written.
pub static INDEX_RENDERERS: &[IndexRenderer] = &[
    IndexRenderer { file_name: "index.html", render: html::write },
    IndexRenderer { file_name: "index.md", render: md::write },
    IndexRenderer { file_name: "index.csv", render: csv::write },
    IndexRenderer { file_name: "index.json", render: json::write },
];

impl Index {
    /// The index over `rows`, in whatever order they come.
    pub fn of(
        mut rows: Vec<Row>,
        mut problems: Vec<Problem>,
        tool: Tool,
        lang: Lang,
        time_zone: &str,
    ) -> Index {
        rows.sort_by_cached_key(Row::rank);
        problems.iter_mut().for_each(|problem| problem.text = told(&problem.text, lang).into_owned());
        problems.sort();
        problems.dedup();
        Index {
            schema: SCHEMA.to_owned(),
            tool,
            lang,
            time_zone: time_zone.to_owned(),
            bundles: distinct(&rows, |host| &host.bundles),
            // Hosts of one name are told apart by their bundles.
            hosts: distinct(&rows, |host| host.bundles.get(..1).unwrap_or_default()),
            incidents: incidents(&rows, lang),
            cases: rows,
            problems,
        }
    }

    /// How many bundles, hosts, cases and kinds of incident, in one sentence.
    pub fn counted(&self) -> String {
        html::counted(self)
    }

    /// The fixed words in its language.
    pub fn words(&self) -> &'static Words {
        words::words(self.lang)
    }

    /// The case called `id`.
    pub fn case(&self, id: &str) -> Option<&Row> {
        self.cases.iter().find(|row| row.id == id)
    }

    /// What else was found in a case, in words.
    fn also(&self, row: &Row) -> Option<String> {
        let names: Vec<String> = row.also.iter().map(|shape| incident_name(shape, self.lang)).collect();
        let (w, l) = (self.words(), labels(self.lang));
        (!names.is_empty()).then(|| fill(w.pair, &[l.also_found, &names.join(w.separator)]))
    }

    /// Cases in which no incident was found, and whether something could not be read.
    pub fn quiet(&self, incomplete: bool) -> impl Iterator<Item = &Row> {
        self.cases.iter().filter(move |row| row.shape.is_none() && row.incomplete == incomplete)
    }
}

fn distinct<'r>(rows: &'r [Row], of: impl Fn(&'r super::HostRow) -> &'r [String]) -> usize {
    rows.iter().flat_map(|row| &row.hosts).flat_map(of).collect::<std::collections::BTreeSet<_>>().len()
}

fn incidents(rows: &[Row], lang: Lang) -> Vec<Incident> {
    let mut by_shape: BTreeMap<&Shape, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if let Some(shape) = &row.shape {
            by_shape.entry(shape).or_default().push(row);
        }
    }
    let mut incidents: Vec<Incident> =
        by_shape.into_iter().map(|(shape, own)| incident(shape, &own, rows, lang)).collect();
    incidents.sort_by(|a, b| {
        let key = |incident: &Incident| {
            let many = std::cmp::Reverse(incident.cases.len());
            (std::cmp::Reverse(incident.severity), many, incident.id.clone())
        };
        key(a).cmp(&key(b))
    });
    incidents
}

fn incident(shape: &Shape, own: &[&Row], rows: &[Row], lang: Lang) -> Incident {
    let ids = |rows: &mut dyn Iterator<Item = &Row>| rows.map(|row| row.id.clone()).collect();
    Incident {
        id: shape.id(),
        finding: shape.finding.clone(),
        cause: shape.cause.clone(),
        about: shape.about.clone(),
        name: incident_name(shape, lang),
        severity: own.iter().filter_map(|row| row.severity).max().unwrap_or(Severity::Info),
        cases: ids(&mut own.iter().copied()),
        also_in: ids(&mut rows.iter().filter(|row| row.also.contains(shape))),
        first_seen: own.iter().filter_map(|row| row.first_seen).min(),
        last_seen: own.iter().filter_map(|row| row.last_seen).max(),
        esxi: releases(own, HostKind::Esxi),
        vcenter: releases(own, HostKind::Vcenter),
        first_step: own.iter().find_map(|row| row.first_step.clone()),
    }
}

/// What is met in most cases first.
fn releases(rows: &[&Row], kind: HostKind) -> Vec<Release> {
    let mut cases: BTreeMap<String, usize> = BTreeMap::new();
    for release in rows.iter().flat_map(|row| row.releases(kind)) {
        *cases.entry(release).or_default() += 1;
    }
    let mut releases: Vec<Release> =
        cases.into_iter().map(|(release, cases)| Release { release, cases }).collect();
    releases.sort_by(|a, b| b.cases.cmp(&a.cases).then_with(|| a.release.cmp(&b.release)));
    releases
}

#[cfg(test)]
mod tests;
