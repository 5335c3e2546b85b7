//! What is different about a host: two hosts against each other, and each host of a cluster against what is usual there.
//!
//! It is a function of the report. Unknown is never a difference. The most unusual difference comes first, and what has one
//! cause is one row. `null` as a value means that it is known not to be there: not set, not installed.

mod area;
mod attributes;
mod cluster;
mod markdown;
mod pair;
mod print;
mod rank;
#[cfg(test)]
mod tests;
mod view;
mod words;

use serde::{Deserialize, Serialize};

use super::model::HostId;

pub use self::area::Area;
pub use self::cluster::differences;
pub use self::markdown::{write_pair as write_pair_markdown, write_section};
pub use self::pair::{Basis, NotCompared, PairDiff, PairFolded, PairRow, PairSide, captures, hosts};
pub use self::print::write;
pub use self::view::{Line, Section, SectionHost, sections};
pub use self::words::{Labels as Words, words};

/// The JSON Schema (draft 2020-12) of what `esxray diff --output json` writes.
pub const SCHEMA_JSON: &str = include_str!("diff.schema.json");

/// What differs between the hosts of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterDifferences {
    /// Id of the cluster.
    pub cluster: String,
    /// Hosts that are otherwise than most, in the order of the cluster.
    pub hosts: Vec<HostDifferences>,
    /// Attributes in which no value is the usual one, in the order of their areas.
    pub splits: Vec<SplitRow>,
    /// How many more of these there are.
    pub more_splits: usize,
}

/// What is different about one host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostDifferences {
    /// The host.
    pub host: HostId,
    /// The most unusual first.
    pub rows: Vec<DifferenceRow>,
    /// How many more there are.
    pub more: usize,
}

/// One difference between a host and most hosts of its cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// What sort of attribute.
    pub area: Area,
    /// Which one of the area, where there are several: a feature, a VIB, a NIC.
    pub key: Option<String>,
    /// Its value on the host.
    pub value: Option<String>,
    /// What most hosts have.
    pub usual: Option<String>,
    /// How many hosts have the host's value, itself among them.
    pub with: usize,
    /// How many hosts tell.
    pub of: usize,
    /// What comes with it.
    pub folded: Vec<Folded>,
}

/// A difference that comes with another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Folded {
    /// What sort of attribute.
    pub area: Area,
    /// Which one of the area.
    pub key: Option<String>,
    /// Its value on the host.
    pub value: Option<String>,
    /// What most hosts have.
    pub usual: Option<String>,
}

/// An attribute in which no value is the usual one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitRow {
    /// What sort of attribute.
    pub area: Area,
    /// Which one of the area.
    pub key: Option<String>,
    /// The values, the most common first.
    pub camps: Vec<Camp>,
    /// Areas and keys of what divides the hosts with it.
    pub folded: Vec<FoldedSplit>,
}

/// An attribute that divides the hosts as another does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldedSplit {
    /// What sort of attribute.
    pub area: Area,
    /// Which one of the area.
    pub key: Option<String>,
}

/// Hosts that have the same value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Camp {
    /// The value.
    pub value: Option<String>,
    /// The hosts, ordered.
    pub hosts: Vec<HostId>,
}

/// Which one of an area; `None` where there is but one.
fn named(key: &str) -> Option<String> {
    Some(key.to_owned()).filter(|key| !key.is_empty())
}
