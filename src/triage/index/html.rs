//! `index.html`: one page that needs no network, and no script to be read; a script only filters.

use std::io::{self, Write};

use askama::Template;

use super::words::{Words, words};
use super::{Incident, Index, Release};
use crate::model::{HostKind, Problem};
use crate::report::html::{CSS, script_hash};
use crate::report::labels::{Labels, fill, fill_count, labels};
use crate::report::zone::Zone;
use crate::triage::row::Row;

/// Problems that are shown; all are in `index.json`.
const PROBLEMS: usize = 500;
/// Releases of one incident that are named.
const RELEASES: usize = 8;
static OWN_CSS: &str = include_str!("../templates/index.css");
static SCRIPT: &str = include_str!("../templates/index.js");

#[derive(Template)]
#[template(path = "index.html", config = "src/triage/askama.toml")]
struct Page<'i> {
    w: &'static Words,
    l: &'static Labels,
    css: String,
    script: String,
    script_hash: String,
    counted: String,
    incidents: Vec<IncidentView<'i>>,
    quiet: Vec<(String, Vec<&'i Row>)>,
    rows: Vec<RowView<'i>>,
    problems: &'i [Problem],
    more: Option<String>,
    made: String,
}

struct IncidentView<'i> {
    it: &'i Incident,
    severity: &'static str,
    severity_name: &'static str,
    cases: String,
    when: Option<String>,
    releases: Vec<(&'static str, String)>,
    also: Option<String>,
    rows: Vec<&'i Row>,
}

struct RowView<'i> {
    it: &'i Row,
    severity: &'static str,
    severity_name: &'static str,
    hosts: Vec<&'i str>,
    releases: Vec<String>,
    when: String,
    window: String,
    also: Option<String>,
}

pub(super) fn write(index: &Index, out: &mut dyn Write) -> io::Result<()> {
    let (w, l) = (words(index.lang), labels(index.lang));
    let zone = Zone::named(&index.time_zone).unwrap_or(Zone::UTC);
    // Line ends are what the browser makes of them, so that the hash holds wherever this was built.
    let script = SCRIPT.replace('\r', "");
    let (problems, more) = problems_shown(index);
    let rules = &index.tool.rules;
    let page = Page {
        w,
        l,
        css: format!("{CSS}{OWN_CSS}"),
        script_hash: script_hash(&script),
        script,
        counted: counted(index),
        incidents: index
            .incidents
            .iter()
            .map(|incident| incident_view(index, incident, w, l, &zone))
            .collect(),
        quiet: quiet(index, w),
        rows: index.cases.iter().map(|row| row_view(index, row, w, l, &zone)).collect(),
        problems,
        more: (more > 0).then(|| fill(w.more, &[&more.to_string()])),
        made: fill(w.made, &[&index.tool.version, &rules.count.to_string(), &rules.sha256]),
    };
    page.write_into(out)
}

/// How many of what, in one sentence.
pub(super) fn counted(index: &Index) -> String {
    let w = words(index.lang);
    let counts = [
        (w.bundles, index.bundles),
        (w.systems, index.hosts),
        (w.cases_n, index.cases.len()),
        (w.incidents_n, index.incidents.len()),
    ];
    let told = counts.map(|(word, count)| fill_count(word, count as u64));
    fill(w.counted, &told.each_ref().map(String::as_str))
}

/// The problems that a page shows, and how many more there are.
pub(super) fn problems_shown(index: &Index) -> (&[Problem], usize) {
    let shown = index.problems.len().min(PROBLEMS);
    (&index.problems[..shown], index.problems.len() - shown)
}

/// Releases with the number of cases that have each, the commonest first.
pub(super) fn releases_told(releases: &[Release], w: &Words) -> String {
    let told = |release: &Release| match release.cases {
        1 => fill(crate::report::labels::choose(w.in_cases, 1), &[&release.release, "1"]),
        many => fill(
            crate::report::labels::choose(w.in_cases, many as u64),
            &[&release.release, &many.to_string()],
        ),
    };
    let mut told: Vec<String> = releases.iter().take(RELEASES).map(told).collect();
    if releases.len() > RELEASES {
        told.push("…".to_owned());
    }
    told.join(w.separator)
}

fn quiet<'i>(index: &'i Index, w: &Words) -> Vec<(String, Vec<&'i Row>)> {
    let groups = [(true, w.nothing_incomplete), (false, w.nothing)].map(|(is_incomplete, title)| {
        let rows: Vec<&Row> = index.quiet(is_incomplete).collect();
        (fill(w.pair, &[title, &fill_count(w.cases_n, rows.len() as u64)]), rows)
    });
    groups.into_iter().filter(|(_, rows)| !rows.is_empty()).collect()
}

fn incident_view<'i>(
    index: &'i Index,
    incident: &'i Incident,
    w: &'static Words,
    l: &Labels,
    zone: &Zone,
) -> IncidentView<'i> {
    let also = (!incident.also_in.is_empty()).then(|| fill(w.also_in, &[&incident.also_in.join(", ")]));
    IncidentView {
        it: incident,
        severity: incident.severity.name(),
        severity_name: l.severity_name(incident.severity),
        cases: fill_count(w.cases_n, incident.cases.len() as u64),
        when: zone.span_or_none(incident.first_seen, incident.last_seen),
        releases: incident.releases(l).map(|(kind, releases)| (kind, releases_told(releases, w))).collect(),
        also,
        rows: incident.cases.iter().filter_map(|id| index.case(id)).collect(),
    }
}

fn row_view<'i>(index: &Index, row: &'i Row, w: &'static Words, l: &Labels, zone: &Zone) -> RowView<'i> {
    let release = |kind: HostKind| {
        row.releases(kind).into_iter().map(move |release| format!("{} {release}", l.host_kind(kind)))
    };
    RowView {
        it: row,
        severity: row.severity.map_or("ok", |severity| severity.name()),
        severity_name: row.severity.map_or(w.nothing, |severity| l.severity_name(severity)),
        hosts: row.hosts.iter().map(|host| host.name.as_str()).collect(),
        releases: release(HostKind::Esxi).chain(release(HostKind::Vcenter)).collect(),
        when: zone.span_or_none(row.first_seen, row.last_seen).unwrap_or_default(),
        window: zone.span_or_none(row.from, row.to).unwrap_or_default(),
        also: index.also(row),
    }
}
