//! Each host of a cluster against what is usual there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{ClusterInfo, HostInfo, Report};
use super::attributes::{Key, Told};
use super::rank::{self, Difference, Field};
use super::{Camp, ClusterDifferences, DifferenceRow, Folded, FoldedSplit, HostDifferences, SplitRow, named};
use crate::model::HostKind;

/// Rows of one host, and what comes with one row.
const ROWS: usize = 60;
const FOLDED: usize = 120;
/// Rows without a usual value.
const SPLITS: usize = 60;

/// What differs in each cluster of `report`; clusters without a difference are left out.
pub fn differences(report: &Report) -> Vec<ClusterDifferences> {
    let of = |cluster| of_cluster(report, cluster);
    let all = report.case.clusters.iter().map(of);
    all.filter(|found| !found.hosts.is_empty() || !found.splits.is_empty()).collect()
}

fn of_cluster(report: &Report, cluster: &ClusterInfo) -> ClusterDifferences {
    let is_of = |host: &&HostInfo| host.kind == HostKind::Esxi && cluster.hosts.contains(&host.id);
    let field = Field::of(report, report.hosts.iter().filter(is_of).collect());
    let keys = field.keys();
    let usual: BTreeMap<&Key, Told<'_>> =
        keys.iter().filter_map(|key| Some((*key, field.camps(key).usual()?))).collect();
    let usual_of = |key: &Key| usual.get(key).copied().unwrap_or(Told::Unknown);
    let hosts = field.hosts.iter().zip(&field.all).map(|(host, own)| {
        let found = rank::differences(&field, &keys, |key| own.told(key), usual_of);
        let more = found.len().saturating_sub(ROWS);
        HostDifferences { host: host.id.clone(), rows: found.iter().take(ROWS).map(row).collect(), more }
    });
    let hosts = hosts.filter(|host| !host.rows.is_empty()).collect();
    let mut splits = splits(&field, &keys, &usual);
    let more_splits = splits.len().saturating_sub(SPLITS);
    splits.truncate(SPLITS);
    ClusterDifferences { cluster: cluster.id.clone(), hosts, splits, more_splits }
}

fn row(one: &Difference<'_>) -> DifferenceRow {
    let folded = |part: &Difference<'_>| {
        let (area, key, [value, usual]) = part.told();
        Folded { area, key, value, usual }
    };
    let (area, key, [value, usual]) = one.told();
    DifferenceRow {
        area,
        key,
        value,
        usual,
        with: one.with_a,
        of: one.of,
        folded: one.folded.iter().take(FOLDED).map(folded).collect(),
    }
}

/// What no value is usual in. Of what divides the hosts in the same way the first is told, with the names of the others.
fn splits(field: &Field<'_>, keys: &BTreeSet<&Key>, usual: &BTreeMap<&Key, Told<'_>>) -> Vec<SplitRow> {
    let mut rows: Vec<SplitRow> = Vec::new();
    let mut by_hosts: BTreeMap<Vec<Vec<String>>, usize> = BTreeMap::new();
    for key in keys.iter().filter(|key| !usual.contains_key(**key)) {
        let camps = field.camps(key);
        if camps.sizes.len() < 2 || camps.is_scattered() {
            continue;
        }
        let split = split(field, key);
        let division = split.camps.iter().map(|camp| camp.hosts.clone()).collect();
        match by_hosts.get(&division) {
            Some(&at) => {
                let (area, key) = (key.0, named(&key.1));
                let list = &mut rows[at].folded;
                if list.len() < FOLDED {
                    list.push(FoldedSplit { area, key });
                }
            }
            None => {
                by_hosts.insert(division, rows.len());
                rows.push(split);
            }
        }
    }
    rows
}

fn split(field: &Field<'_>, key: &Key) -> SplitRow {
    let mut by_value: BTreeMap<Told<'_>, Vec<String>> = BTreeMap::new();
    for (host, own) in field.hosts.iter().zip(&field.all) {
        let told = own.told(key);
        if told.is_known() {
            by_value.entry(told).or_default().push(host.id.clone());
        }
    }
    let mut camps: Vec<Camp> = by_value
        .into_iter()
        .map(|(told, hosts)| Camp { value: told.value().map(str::to_owned), hosts })
        .collect();
    // By their hosts, so that two attributes that divide them alike are seen to do so.
    camps.sort_by(|x, y| (y.hosts.len(), &x.hosts).cmp(&(x.hosts.len(), &y.hosts)));
    SplitRow { area: key.0, key: named(&key.1), camps, folded: Vec::new() }
}
