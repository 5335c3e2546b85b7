//! Two hosts against each other, or two bundles of one host.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::model::{CaseInfo, HostId, HostInfo, Report};
use super::area::Area;
use super::attributes::{Attributes, Key, Told};
use super::rank::{self, Difference, Field};
use crate::model::{HostKind, Lang, Timestamp};

/// What `esxray diff` tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairDiff {
    /// Always `esxray.diff/1`.
    pub schema: String,
    /// Language of the texts made from it.
    pub lang: Lang,
    /// The first host.
    pub a: PairSide,
    /// The second.
    pub b: PairSide,
    /// What the order of the rows rests on.
    pub basis: Basis,
    /// The hosts that values were counted among, the two themselves too.
    pub hosts: Vec<HostId>,
    /// How many attributes both tell.
    pub compared: usize,
    /// The most unusual difference first.
    pub rows: Vec<PairRow>,
    /// What could not be compared, in the order of the areas.
    pub not_compared: Vec<NotCompared>,
    /// The zone that times are told in where people read.
    pub time_zone: String,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairSide {
    /// The host's id.
    pub host: HostId,
    /// Its name.
    pub name: String,
    /// Its bundle.
    pub bundle: String,
    /// When that was taken.
    pub captured_at: Option<Timestamp>,
}

/// What the order of the rows rests on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// How unusual a difference is among the hosts of the cluster.
    Cluster,
    /// The order of the areas alone: no other host is there.
    Area,
    /// The same for two bundles of one host.
    Captures,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    /// What sort of attribute.
    pub area: Area,
    /// Which one of the area, where there are several.
    pub key: Option<String>,
    /// Its value on the first host.
    pub a: Option<String>,
    /// Its value on the second.
    pub b: Option<String>,
    /// How many hosts have the first value.
    pub with_a: usize,
    /// How many hosts have the second value.
    pub with_b: usize,
    /// How many hosts tell.
    pub of: usize,
    /// What comes with it.
    pub folded: Vec<PairFolded>,
}

/// A difference that comes with another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairFolded {
    /// What sort of attribute.
    pub area: Area,
    /// Which one of the area.
    pub key: Option<String>,
    /// Its value on the first host.
    pub a: Option<String>,
    /// Its value on the second.
    pub b: Option<String>,
}

/// Something of which one bundle, or both, tell nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotCompared {
    /// What sort of attribute.
    pub area: Area,
    /// Which ones of the area; empty where it is the whole of it.
    pub keys: Vec<String>,
    /// Whether the first bundle tells.
    pub in_a: bool,
    /// Whether the second does.
    pub in_b: bool,
}

/// What differs between the hosts `a` and `b` of `report`, among the hosts of their clusters.
pub fn hosts(report: &Report, a: &HostInfo, b: &HostInfo) -> PairDiff {
    let is_near = |host: &HostInfo| {
        let mut clusters = report.case.clusters.iter().map(|cluster| &cluster.hosts);
        clusters.any(|of| of.contains(&host.id) && (of.contains(&a.id) || of.contains(&b.id)))
    };
    let is_of = |host: &&HostInfo| {
        host.id == a.id || host.id == b.id || (host.kind == HostKind::Esxi && is_near(host))
    };
    let field = Field::of(report, report.hosts.iter().filter(is_of).collect());
    let basis = if field.hosts.len() > 2 { Basis::Cluster } else { Basis::Area };
    let place = |of: &HostInfo| field.hosts.iter().position(|host| host.id == of.id);
    let (at_a, at_b) = (place(a).unwrap_or(0), place(b).unwrap_or(0));
    compare(&field, [at_a, at_b], basis, &report.case)
}

/// What differs between two bundles of one host: the reports are each of one bundle.
pub fn captures(a: (&Report, &HostInfo), b: (&Report, &HostInfo)) -> PairDiff {
    let all = [a, b].map(|(report, host)| Attributes::of(host, &report.features));
    let field = Field { hosts: vec![a.1, b.1], all: all.into() };
    compare(&field, [0, 1], Basis::Captures, &a.0.case)
}

fn compare(field: &Field<'_>, [a, b]: [usize; 2], basis: Basis, case: &CaseInfo) -> PairDiff {
    let sides = [&field.all[a], &field.all[b]];
    let keys: BTreeSet<&Key> = sides.iter().flat_map(|side| side.keys()).collect();
    let found = rank::differences(field, &keys, |key| sides[0].told(key), |key| sides[1].told(key));
    let is_told = |key: &&&Key| sides.iter().all(|side| side.told(key).is_known());
    PairDiff {
        schema: "esxray.diff/1".to_owned(),
        lang: case.lang,
        a: side(field.hosts[a]),
        b: side(field.hosts[b]),
        basis,
        hosts: field.hosts.iter().map(|host| host.id.clone()).collect(),
        compared: keys.iter().filter(is_told).count(),
        rows: found.iter().map(row).collect(),
        not_compared: not_compared(sides, &keys),
        time_zone: case.time_zone.clone(),
    }
}

fn side(host: &HostInfo) -> PairSide {
    PairSide {
        host: host.id.clone(),
        name: host.name.clone(),
        bundle: host.bundle.clone(),
        captured_at: host.captured_at,
    }
}

fn row(one: &Difference<'_>) -> PairRow {
    let folded = |part: &Difference<'_>| {
        let (area, key, [a, b]) = part.told();
        PairFolded { area, key, a, b }
    };
    let (area, key, [a, b]) = one.told();
    PairRow {
        area,
        key,
        a,
        b,
        with_a: one.with_a,
        with_b: one.with_b,
        of: one.of,
        folded: one.folded.iter().map(folded).collect(),
    }
}

/// Area by area, what one side or both do not tell.
fn not_compared(sides: [&Attributes; 2], keys: &BTreeSet<&Key>) -> Vec<NotCompared> {
    let mut found = Vec::new();
    for area in Area::ALL {
        match sides.map(|side| side.tells(area)) {
            [false, false] if area.is_expected() => {
                found.push(NotCompared { area, keys: Vec::new(), in_a: false, in_b: false });
            }
            [false, false] => {}
            [true, true] => found.extend(single(sides, keys, area)),
            [in_a, in_b] => found.push(NotCompared { area, keys: Vec::new(), in_a, in_b }),
        }
    }
    found
}

/// What one side alone tells in an area that both know of.
fn single(sides: [&Attributes; 2], keys: &BTreeSet<&Key>, area: Area) -> Vec<NotCompared> {
    let only = |at: usize| -> Vec<String> {
        let other = sides[1 - at];
        let own = keys.iter().filter(|key| key.0 == area && sides[at].told(key).is_known());
        let unknown = own.filter(|key| !other.told(key).is_known() && !is_gone(other, key));
        unknown.map(|key| key.1.clone()).filter(|key| !key.is_empty()).collect()
    };
    let lists = [(only(0), true), (only(1), false)];
    let told = lists.into_iter().filter(|(keys, _)| !keys.is_empty());
    told.map(|(keys, in_a)| NotCompared { area, keys, in_a, in_b: !in_a }).collect()
}

/// Whether `side` is known not to have the NIC, the adapter or the switch that `key` is of: its absence is the difference.
fn is_gone(side: &Attributes, key: &Key) -> bool {
    let holder = match key.0 {
        Area::NicModel
        | Area::NicDriver
        | Area::NicFirmware
        | Area::NicLink
        | Area::NicSpeed
        | Area::NicMtu => Area::Nic,
        Area::VmknicMtu
        | Area::VmknicNetwork
        | Area::VmknicTags
        | Area::VmknicNetstack
        | Area::VmknicPortGroup
        | Area::VmknicSwitch => Area::Vmknic,
        Area::SwitchMtu | Area::SwitchUplinks => Area::Switch,
        _ => return false,
    };
    side.told(&(holder, key.1.clone())) == Told::Absent
        // Without a link there is no speed, and a distributed switch has ports for port groups.
        || matches!(key.0, Area::NicSpeed | Area::VmknicPortGroup)
}
