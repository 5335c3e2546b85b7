//! Differences as every renderer shows them: lines of text. Nothing in here is escaped.

use std::collections::BTreeMap;

use super::super::features::{fold, plain};
use super::super::labels::{Labels as Common, fill, fill_count};
use super::super::model::Report;
use super::area::Area;
use super::words::{Labels, words};
use super::{DifferenceRow, HostDifferences, PairRow, SplitRow};

/// Hosts that are named beside a value.
const HOSTS: usize = 6;
/// Attributes that divide hosts as another does, and are named.
const SPLIT_NAMES: usize = 8;
/// Splits of a cluster that are shown.
const SPLITS: usize = 12;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `NIC firmware vmnic0, vmnic1`
    pub label: String,
    /// What it is on each side.
    pub values: [String; 2],
    /// `1 of 4`: how many hosts have that; of what is usual it is not told.
    pub shares: Vec<String>,
    /// What comes with it, in short.
    pub with_it: Option<String>,
    /// The same one by one.
    pub parts: Vec<(String, [String; 2])>,
}

/// One side by side difference without its counts.
struct Part<'a> {
    area: Area,
    key: Option<&'a str>,
    values: [Option<&'a str>; 2],
}

/// A difference of two hosts.
pub(super) fn pair_line(row: &PairRow, l: &Labels) -> Line {
    let part = Part { area: row.area, key: row.key.as_deref(), values: [row.a.as_deref(), row.b.as_deref()] };
    let folded = row.folded.iter().map(|one| Part {
        area: one.area,
        key: one.key.as_deref(),
        values: [one.a.as_deref(), one.b.as_deref()],
    });
    line(&part, &folded.collect::<Vec<_>>(), &[row.with_a, row.with_b], row.of, l)
}

/// A difference of a host and the usual.
fn host_line(row: &DifferenceRow, l: &Labels) -> Line {
    let values = [row.value.as_deref(), row.usual.as_deref()];
    let part = Part { area: row.area, key: row.key.as_deref(), values };
    let folded = row.folded.iter().map(|one| Part {
        area: one.area,
        key: one.key.as_deref(),
        values: [one.value.as_deref(), one.usual.as_deref()],
    });
    line(&part, &folded.collect::<Vec<_>>(), &[row.with], row.of, l)
}

fn line(own: &Part<'_>, folded: &[Part<'_>], with: &[usize], of: usize, l: &Labels) -> Line {
    let is_alike = |part: &&Part<'_>| part.area == own.area && part.values == own.values;
    let mut keys: Vec<&str> = own.key.into_iter().collect();
    keys.extend(folded.iter().filter(is_alike).filter_map(|part| part.key));
    let mut others: BTreeMap<Area, Vec<&str>> = BTreeMap::new();
    for part in folded.iter().filter(|part| !is_alike(part)) {
        others.entry(part.area).or_default().extend(part.key);
    }
    let named: Vec<String> = others.iter().map(|(area, keys)| l.counted(*area, keys)).collect();
    let share = |count: usize| fill(l.share, &[&count.to_string(), &of.to_string()]);
    let part = |part: &Part<'_>| {
        let keys: Vec<&str> = part.key.into_iter().collect();
        (l.label(part.area, &keys), part.values.map(|value| l.value(part.area, value)))
    };
    Line {
        label: l.label(own.area, &keys),
        values: [0, 1].map(|side| value(own, folded, side, l)),
        shares: with.iter().map(|count| share(*count)).collect(),
        with_it: (!named.is_empty()).then(|| fill(l.with_it, &[&named.join(l.common().comma)])),
        parts: folded.iter().map(part).collect(),
    }
}

/// A build says its release where that differs with it.
fn value(own: &Part<'_>, folded: &[Part<'_>], side: usize, l: &Labels) -> String {
    let value = l.value(own.area, own.values[side]);
    let release = folded.iter().find(|part| own.area == Area::Build && part.area == Area::Update);
    match release.and_then(|part| part.values[side]) {
        Some(release) => fill(l.release, &[release, &value]),
        None => value,
    }
}

/// What differs in one cluster.
pub struct Section {
    /// What the cluster is called, where there are several.
    pub title: Option<String>,
    /// Its hosts that are otherwise than most.
    pub hosts: Vec<SectionHost>,
    /// That hosts are left out here.
    pub more_hosts: Option<String>,
    /// What is said of attributes without a usual value.
    pub split_title: String,
    /// These attributes, and who has which value.
    pub splits: Vec<(String, String)>,
    /// That some are left out here.
    pub more_splits: Option<String>,
}

/// What is different about one host.
pub struct SectionHost {
    /// Its id.
    pub host: String,
    /// The most unusual first.
    pub lines: Vec<Line>,
    /// That some are left out here.
    pub more: Option<String>,
    /// The most unusual in a few words.
    pub summary: String,
}

/// What differs in each cluster: at most `hosts` hosts with `rows` lines each.
pub fn sections(report: &Report, hosts: usize, rows: usize, common: &Common) -> Vec<Section> {
    let l = words(common);
    let several = report.differences.len() > 1;
    let told = report.differences.iter().map(|found| {
        let cluster = report.case.clusters.iter().find(|cluster| cluster.id == found.cluster);
        let name = |id: &str| {
            cluster.map_or_else(
                || id.to_owned(),
                |of| format!("{} {}", common.cluster_kind(of.kind), of.name.as_deref().unwrap_or(&of.id)),
            )
        };
        let rest = found.splits.len().saturating_sub(SPLITS) + found.more_splits;
        Section {
            title: several.then(|| name(&found.cluster)),
            hosts: found.hosts.iter().take(hosts).map(|host| section_host(host, rows, l)).collect(),
            more_hosts: rest_of(l.more_hosts, found.hosts.len().saturating_sub(hosts)),
            split_title: split_title(&found.splits, cluster.map_or(0, |of| of.hosts.len()), l),
            splits: found.splits.iter().take(SPLITS).map(|row| split_line(row, common, l)).collect(),
            more_splits: rest_of(l.more_rows, rest),
        }
    });
    told.collect()
}

fn rest_of(word: &str, count: usize) -> Option<String> {
    (count > 0).then(|| fill_count(word, count as u64))
}

fn section_host(found: &HostDifferences, rows: usize, l: &Labels) -> SectionHost {
    let lines: Vec<Line> = found.rows.iter().take(rows).map(|row| host_line(row, l)).collect();
    let hidden = found.rows.len().saturating_sub(rows) + found.more;
    let first = lines.first().map(|line| format!("{}{}{}", line.label, l.common().colon, line.values[0]));
    SectionHost {
        host: found.host.clone(),
        summary: first.unwrap_or_default(),
        more: rest_of(l.more_rows, hidden),
        lines,
    }
}

/// Two hosts stand against each other; of more, no camp is the larger one.
fn split_title(rows: &[SplitRow], hosts: usize, l: &Labels) -> String {
    let camps = rows.first().map(|row| row.camps.as_slice()).unwrap_or_default();
    match camps {
        [a, b] if hosts == 2 => fill(l.between, &[&a.hosts.join(", "), &b.hosts.join(", ")]),
        _ => l.no_usual.to_owned(),
    }
}

fn split_line(row: &SplitRow, common: &Common, l: &Labels) -> (String, String) {
    let keys: Vec<&str> = row.key.as_deref().into_iter().collect();
    let camp = |camp: &super::Camp| {
        let hosts: Vec<&str> = camp.hosts.iter().map(String::as_str).collect();
        let hosts = fold(&hosts, HOSTS, common);
        fill(common.value_on, &[&l.value(row.area, camp.value.as_deref()), &hosts])
    };
    let mut text = row.camps.iter().map(camp).collect::<Vec<_>>().join(common.semicolon);
    if !row.folded.is_empty() {
        let mut by_area: BTreeMap<Area, Vec<&str>> = BTreeMap::new();
        for part in &row.folded {
            by_area.entry(part.area).or_default().extend(part.key.as_deref());
        }
        let named: Vec<String> = by_area.iter().map(|(area, keys)| l.counted(*area, keys)).collect();
        let with = plain(&named, SPLIT_NAMES, common);
        text = format!("{text}{}{}", common.semicolon, fill(l.with_it, &[&with]));
    }
    (l.label(row.area, &keys), text)
}
