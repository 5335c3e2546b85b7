//! What the CPU features of a case say, for every renderer: hosts by the value they have, the host that stands apart,
//! the VMs that cannot leave, in sentences.
//!
//! Nothing in here is escaped; who writes a sentence escapes the whole of it for the place that it goes to.

mod names;
mod print;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::labels::Labels;
use super::model::{Blocked, FeatureClass, FeatureCluster, FeatureRow, FeatureSource, FeatureVm, Report};
use super::view;

pub use names::fold;
pub(super) use names::plain;
pub use print::write;
pub use words::{
    answer, baseline, class_name, evacuation, files, group_line, guards, legend, missing, moves_barred,
    others_with_settings, pinned_line, powered_on, read, requirements, settings,
};

/// Hosts that a reader can compare beside each other; of more, groups are told.
pub const COLUMNS: usize = 8;

/// The hosts of one cluster, and what is known of their CPU features.
pub struct Block<'a> {
    /// What the cluster is called, where there are several to tell apart.
    pub title: Option<String>,
    /// Ids, in the order of the report.
    pub hosts: Vec<&'a str>,
    /// Rows in which these hosts differ, security features first.
    pub differing: Vec<&'a FeatureRow>,
    /// The other rows of which one of these hosts tells something.
    pub same: Vec<&'a FeatureRow>,
    /// VMs on these hosts.
    pub vms: Vec<&'a FeatureVm>,
    /// What the features mean for the cluster; `None` for hosts that belong to none.
    pub cluster: Option<&'a FeatureCluster>,
    sources: BTreeMap<&'a str, &'a FeatureSource>,
}

/// The blocks of a report: one a cluster, and one of the hosts that belong to none.
pub fn blocks<'a>(report: &'a Report, l: &Labels) -> Vec<Block<'a>> {
    let features = &report.features;
    let mut parts: Vec<(Option<&FeatureCluster>, Vec<&str>)> = Vec::new();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    for cluster in features.clusters.iter().filter(|cluster| !cluster.hosts.is_empty()) {
        placed.extend(cluster.hosts.iter().map(String::as_str));
        parts.push((Some(cluster), cluster.hosts.iter().map(String::as_str).collect()));
    }
    let rest: Vec<&str> =
        features.hosts.iter().map(String::as_str).filter(|host| !placed.contains(host)).collect();
    if !rest.is_empty() {
        parts.push((None, rest));
    }
    let several = parts.len() > 1;
    let title = |cluster: Option<&FeatureCluster>| {
        let id = &cluster.filter(|_| several)?.id;
        let info = report.case.clusters.iter().find(|info| info.id == *id)?;
        Some(format!("{} {}", l.cluster_kind(info.kind), info.name.as_deref().unwrap_or(&info.id)))
    };
    parts.into_iter().map(|(cluster, hosts)| block(report, title(cluster), cluster, hosts)).collect()
}

fn block<'a>(
    report: &'a Report,
    title: Option<String>,
    cluster: Option<&'a FeatureCluster>,
    hosts: Vec<&'a str>,
) -> Block<'a> {
    let features = &report.features;
    let is_here = |host: &String| hosts.contains(&host.as_str());
    let tells = |row: &&FeatureRow| {
        let values = [&row.capability, &row.mask, &row.effective];
        hosts.iter().any(|host| values.iter().any(|map| map.get(*host).copied().flatten().is_some()))
    };
    let differs = |row: &FeatureRow| {
        let known: BTreeSet<u64> = hosts.iter().filter_map(|host| effective(row, host)).collect();
        row.differs && known.len() > 1
    };
    let (differing, same) = features.rows.iter().filter(tells).partition(|row| differs(row));
    let sources = features.sources.iter().filter(|source| is_here(&source.host));
    Block {
        title,
        differing,
        same,
        vms: features.vms.iter().filter(|vm| is_here(&vm.host)).collect(),
        cluster,
        sources: sources.map(|source| (source.host.as_str(), source)).collect(),
        hosts,
    }
}

fn effective(row: &FeatureRow, host: &str) -> Option<u64> {
    row.effective.get(host).copied().flatten()
}

/// A number that a host's bundle should tell.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It does.
    Is(u64),
    /// The file that tells such numbers was read, and this one is not in it.
    Absent,
    /// No such file was read.
    Unknown,
}

impl Part {
    fn of(value: Option<u64>, is_told: bool) -> Part {
        match value {
            Some(value) => Part::Is(value),
            None if is_told => Part::Absent,
            None => Part::Unknown,
        }
    }

    /// `1`, `-` or `?`.
    pub fn sign(self) -> String {
        match self {
            Part::Is(value) => value.to_string(),
            Part::Absent => "-".to_owned(),
            Part::Unknown => "?".to_owned(),
        }
    }
}

/// What is known of one feature on one host.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value {
    /// What VMs can use.
    pub effective: Option<u64>,
    /// What CPU, microcode and BIOS offer.
    pub capability: Part,
    /// What the EVC mask says.
    pub mask: Part,
}

impl Value {
    /// `1 (1/-)`: effective, capability, mask.
    pub fn signs(&self) -> String {
        let effective = Part::of(self.effective, false).sign();
        format!("{effective} ({}/{})", self.capability.sign(), self.mask.sign())
    }
}

/// Hosts that have the same values of a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The values.
    pub value: Value,
    /// The hosts, in the order of the block.
    pub hosts: Vec<&'a str>,
    /// Whether VMs on them see something else than on most hosts.
    pub is_odd: bool,
}

impl<'a> Block<'a> {
    /// What is known of a feature on a host of the block.
    pub fn value(&self, row: &FeatureRow, host: &str) -> Value {
        let of = |values: &BTreeMap<String, Option<u64>>| values.get(host).copied().flatten();
        // A report that does not name its sources has masks of every host, as far as one can tell.
        let source = self.sources.get(host);
        Value {
            effective: of(&row.effective),
            capability: Part::of(
                of(&row.capability),
                source.is_some_and(|source| source.capability.is_some()),
            ),
            mask: Part::of(of(&row.mask), source.is_none_or(|source| source.masks.is_some())),
        }
    }

    /// What VMs see on most hosts; `None` where no value is more common than all others.
    pub fn usual(&self, row: &FeatureRow) -> Option<u64> {
        view::usual(self.hosts.iter().filter_map(|host| effective(row, host)), false)
    }

    /// Whether VMs on `host` see something else than on most hosts.
    pub fn is_odd(&self, row: &FeatureRow, host: &str) -> bool {
        let usual = self.usual(row);
        usual.is_some() && effective(row, host).is_some_and(|value| Some(value) != usual)
    }

    /// The hosts by their values of a feature: the fewest first, those of which nothing is known last.
    pub fn groups(&self, row: &FeatureRow) -> Vec<Group<'a>> {
        let mut by_value: BTreeMap<Value, Vec<&'a str>> = BTreeMap::new();
        for host in &self.hosts {
            by_value.entry(self.value(row, host)).or_default().push(host);
        }
        let usual = self.usual(row);
        let group = |(value, hosts): (Value, Vec<&'a str>)| Group {
            value,
            hosts,
            is_odd: usual.is_some() && value.effective.is_some() && value.effective != usual,
        };
        let mut groups: Vec<Group<'a>> = by_value.into_iter().map(group).collect();
        groups.sort_by_key(|group| (group.value.effective.is_none(), group.hosts.len(), group.value));
        groups
    }

    /// The differing rows of one class whose hosts have the same values together, in the order of their first rows.
    pub fn alike(&self) -> Vec<(Vec<Group<'a>>, Vec<&'a FeatureRow>)> {
        let mut out: Vec<(Vec<Group<'a>>, Vec<&'a FeatureRow>)> = Vec::new();
        for row in &self.differing {
            let groups = self.groups(row);
            let is_same = |other: &&FeatureRow| other.class == row.class && is_flag(other) == is_flag(row);
            match out.iter_mut().find(|(known, rows)| *known == groups && rows.first().is_some_and(is_same)) {
                Some((_, rows)) => rows.push(row),
                None => out.push((groups, vec![row])),
            }
        }
        out
    }

    /// The differing rows by how they divide the hosts, in the order of their first rows.
    fn splits(&self) -> Vec<(Split<'a>, Vec<&'a FeatureRow>)> {
        let mut out: Vec<(Split<'a>, Vec<&'a FeatureRow>)> = Vec::new();
        for row in &self.differing {
            let split = Split::of(row, &self.hosts);
            match out.iter_mut().find(|(known, _)| *known == split) {
                Some((_, rows)) => rows.push(row),
                None => out.push((split, vec![row])),
            }
        }
        out
    }

    /// The VMs that cannot go to every host, those with the same limits together.
    pub fn pinned(&self) -> Vec<Pinned<'a>> {
        let mut out: Vec<Pinned<'a>> = Vec::new();
        for &vm in self.vms.iter().filter(|vm| !vm.blocked.is_empty()) {
            let barred = barred(&vm.blocked);
            match out.iter_mut().find(|group| group.barred == barred) {
                Some(group) => group.vms.push(vm),
                None => out.push(Pinned { barred, vms: vec![vm] }),
            }
        }
        out
    }

    /// The id of the host of this block that a bundle calls `name`, else that name: `esx01` for `esx01.lab`.
    pub fn host_called<'n>(&'n self, name: &'n str) -> &'n str {
        let is_called = |host: &&&str| {
            let rest = name
                .get(..host.len())
                .filter(|own| own.eq_ignore_ascii_case(host))
                .map(|_| &name[host.len()..]);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.hosts.iter().find(is_called).copied().unwrap_or(name)
    }

    /// The hosts by what `of` says of their source; those of which it says nothing are left out.
    fn hosts_by<T: Ord>(&self, of: impl Fn(&FeatureSource) -> Option<T>) -> BTreeMap<T, Vec<&'a str>> {
        let mut out: BTreeMap<T, Vec<&'a str>> = BTreeMap::new();
        for host in &self.hosts {
            if let Some(key) = self.sources.get(host).and_then(|source| of(source)) {
                out.entry(key).or_default().push(host);
            }
        }
        out
    }
}

/// How a feature divides hosts: what VMs see, and the hosts on which they do. Absent features come last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Split<'a> {
    camps: Vec<(u64, Vec<&'a str>)>,
    unknown: Vec<&'a str>,
}

impl<'a> Split<'a> {
    fn of(row: &FeatureRow, hosts: &[&'a str]) -> Split<'a> {
        let mut camps: BTreeMap<u64, Vec<&'a str>> = BTreeMap::new();
        let mut unknown = Vec::new();
        for host in hosts {
            match effective(row, host) {
                Some(value) => camps.entry(value).or_default().push(host),
                None => unknown.push(*host),
            }
        }
        Split { camps: camps.into_iter().rev().collect(), unknown }
    }
}

/// VMs that cannot go to the same hosts for the same features.
pub struct Pinned<'a> {
    /// The features that are missing, and the hosts that lack them.
    pub barred: Vec<(&'a [String], Vec<&'a str>)>,
    /// The VMs.
    pub vms: Vec<&'a FeatureVm>,
}

impl<'a> Pinned<'a> {
    /// Where they run.
    pub fn hosts(&self) -> Vec<&'a str> {
        let mut hosts: Vec<&str> = self.vms.iter().map(|vm| vm.host.as_str()).collect();
        hosts.dedup();
        hosts
    }
}

/// The hosts that a VM cannot go to, by what they lack, in the order of the first host.
pub fn barred(blocked: &[Blocked]) -> Vec<(&[String], Vec<&str>)> {
    let mut out: Vec<(&[String], Vec<&str>)> = Vec::new();
    for block in blocked {
        match out.iter_mut().find(|(missing, _)| *missing == block.missing) {
            Some((_, hosts)) => hosts.push(&block.host),
            None => out.push((&block.missing, vec![&block.host])),
        }
    }
    out
}

/// `MDCLEAR` for `cpuid.mdclear`, as VMware's texts call it; other keys as they are.
pub fn name(key: &str) -> String {
    key.strip_prefix("cpuid.").map_or_else(|| key.to_owned(), str::to_ascii_uppercase)
}

/// Whether every value is 0 or 1, and so is better told as yes or no.
pub fn is_flag(row: &FeatureRow) -> bool {
    let values = [&row.capability, &row.mask, &row.effective];
    values.iter().flat_map(|map| map.values()).flatten().all(|value| *value <= 1)
}

/// Names of features, at most `max` of them.
fn feature_names<'k>(keys: impl Iterator<Item = &'k str>, max: usize, l: &Labels) -> String {
    names::list(&keys.map(name).collect::<Vec<_>>(), max, l)
}

fn is_security(row: &FeatureRow) -> bool {
    row.class == FeatureClass::Security
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Lang;
    use crate::report::labels::labels;

    const HOSTS: [&str; 5] = ["esx01", "esx02", "esx03", "esx04", "esx05"];

    fn row(key: &str, values: [Option<u64>; 5]) -> FeatureRow {
        let map = || HOSTS.iter().zip(values).map(|(host, value)| ((*host).to_owned(), value)).collect();
        FeatureRow {
            key: key.into(),
            label: String::new(),
            class: FeatureClass::Security,
            capability: map(),
            mask: BTreeMap::new(),
            effective: map(),
            differs: true,
            cves: Vec::new(),
            advisory: None,
        }
    }

    fn block(rows: &[FeatureRow]) -> Block<'_> {
        Block {
            title: None,
            hosts: HOSTS.to_vec(),
            differing: rows.iter().collect(),
            same: Vec::new(),
            vms: Vec::new(),
            cluster: None,
            sources: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn check_answer(rows: &[FeatureRow], expected: &[&str]) {
        assert_eq!(answer(&block(rows), labels(Lang::En)), expected);
    }

    #[test]
    fn hosts_are_grouped_by_value_the_fewest_first() {
        let rows = [row("cpuid.mdclear", [Some(1), Some(0), None, Some(0), Some(0)])];
        let groups = block(&rows).groups(&rows[0]);
        let told: Vec<(Option<u64>, &[&str], bool)> = groups
            .iter()
            .map(|group| (group.value.effective, group.hosts.as_slice(), group.is_odd))
            .collect();
        let poor: &[&str] = &["esx02", "esx04", "esx05"];
        assert_eq!(
            told,
            [(Some(1), &["esx01"][..], true), (Some(0), poor, false), (None, &["esx03"], false)]
        );
    }

    #[test]
    fn features_of_one_class_with_the_same_hosts_are_told_together() {
        let one = [Some(1), Some(0), Some(0), Some(0), Some(0)];
        let other = [Some(0), Some(1), Some(1), Some(1), Some(1)];
        let isa = FeatureRow { class: FeatureClass::Isa, ..row("cpuid.avx2", one) };
        let rows = [row("cpuid.a", one), row("cpuid.b", other), row("cpuid.c", one), isa];
        let told: Vec<Vec<&str>> = block(&rows)
            .alike()
            .into_iter()
            .map(|(_, rows)| rows.into_iter().map(|row| row.key.as_str()).collect())
            .collect();
        assert_eq!(told, [vec!["cpuid.a", "cpuid.c"], vec!["cpuid.b"], vec!["cpuid.avx2"]]);
    }

    #[test]
    fn equal_camps_have_no_odd_host() {
        let rows = [row("cpuid.mdclear", [Some(1), Some(1), Some(0), Some(0), None])];
        assert!(block(&rows).groups(&rows[0]).iter().all(|group| !group.is_odd));
        let rows = [row("cpuid.mdclear", [Some(1), Some(1), Some(0), Some(0), Some(1)])];
        assert!(block(&rows).is_odd(&rows[0], "esx03") && !block(&rows).is_odd(&rows[0], "esx01"));
    }

    #[test]
    fn the_answer_names_the_host_that_stands_alone() {
        let one = [Some(1), Some(0), Some(0), Some(0), Some(0)];
        let rows = [row("cpuid.mdclear", one), row("cpuid.stibp", one)];
        check_answer(&rows, &["Only esx01 offers MDCLEAR and STIBP; the 4 other hosts do not."]);
        let rows = [row("cpuid.aes", [Some(1), Some(1), Some(0), Some(1), Some(1)])];
        check_answer(&rows, &["esx03 lacks AES, which the 4 other hosts offer."]);
        let rows = [row("hv.capable", [Some(1), None, Some(0), Some(0), Some(1)])];
        check_answer(
            &rows,
            &["hv.capable: 2 hosts offer it (esx01, esx05), 2 do not (esx03, esx04). Not known of esx02."],
        );
        let rows = [row("cpuid.xsave_size", [Some(576), Some(832), Some(832), Some(832), Some(832)])];
        check_answer(&rows, &["XSAVE_SIZE: 832 on esx02 to esx05; 576 on esx01."]);
    }

    #[test]
    fn two_hosts_stand_against_each_other() {
        let rows = [row("cpuid.mdclear", [Some(1), Some(0), None, None, None])];
        let mut pair = block(&rows);
        pair.hosts.truncate(2);
        assert_eq!(answer(&pair, labels(Lang::En)), ["MDCLEAR: esx01 offers it, esx02 does not."]);
    }

    #[test]
    fn hosts_that_tell_nothing_are_not_said_to_agree() {
        let rows = [row("cpuid.mdclear", [Some(1), Some(1), None, Some(1), Some(1)])];
        let mut same = block(&rows);
        same.same = std::mem::take(&mut same.differing);
        let l = labels(Lang::En);
        let expected = "No difference between hosts in 1 CPU feature that was compared. Not known of esx03.";
        assert_eq!(answer(&same, l), [expected]);
        same.hosts = vec!["esx02", "esx03"];
        assert_eq!(
            answer(&same, l),
            ["Only the bundle of esx02 tells CPU features, so there is nothing to compare."]
        );
    }

    #[test]
    fn a_host_is_known_by_its_full_name_too() {
        let rows = [];
        let block = block(&rows);
        assert_eq!(block.host_called("ESX01.lab.example.com"), "esx01");
        assert_eq!(block.host_called("esx011"), "esx011");
        assert_eq!(block.host_called("é"), "é");
    }

    #[test]
    fn vms_are_barred_by_what_the_hosts_lack() {
        let blocked = |host: &str, missing: &[&str]| Blocked {
            host: host.into(),
            missing: missing.iter().map(|key| (*key).to_owned()).collect(),
        };
        let list = [blocked("a", &["x"]), blocked("b", &["x", "y"]), blocked("c", &["x"])];
        let told: Vec<(usize, Vec<&str>)> =
            barred(&list).into_iter().map(|(missing, hosts)| (missing.len(), hosts)).collect();
        assert_eq!(told, [(1, vec!["a", "c"]), (2, vec!["b"])]);
    }
}
