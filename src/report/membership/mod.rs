//! Who says what of which vSAN node, as it stands in `report.json`, and what renderers make of it.
//!
//! Nothing in here is escaped; who writes a sentence escapes the whole of it for the place that it goes to.

mod build;
mod grid;
mod markdown;
mod state;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::labels;
use super::model::{HostId, Report, SourceRef};
use crate::model::Timestamp;

pub use build::memberships;
pub use grid::{Cell, Column, Grid, Row, Sign, Statement, UNLISTED, grid, statements};
pub use markdown::write_markdown;
pub use state::{StateTable, states};
pub use words::{Labels as Words, when, words};

/// Nodes that a reader can compare beside each other by their names; of more, columns are numbered and rows folded.
pub const COLUMNS: usize = 8;

/// The witness matrix of one vSAN cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipInfo {
    /// The id of the cluster.
    pub cluster: String,
    /// What the witnesses say together, in the order of time.
    pub answers: Vec<AnswerInfo>,
    /// The columns: hosts whose bundle is here first, witness appliances last.
    pub nodes: Vec<NodeInfo>,
    /// Who says something: ESXi hosts, then vCenter Servers.
    pub rows: Vec<HostId>,
    /// What is said, ordered by row and column.
    pub says: Vec<SaysInfo>,
    /// Nodes that only lines name and that are not in `nodes`, as there are more of these than a cluster can have.
    #[serde(default)]
    pub left_out: u64,
    /// What is not as it should be though nobody is lost for it, a sentence each.
    #[serde(default)]
    pub oddities: Vec<OddityInfo>,
    /// The vSAN state of the ESXi hosts, to be read side by side.
    pub hosts: Vec<HostState>,
}

/// One answer to "who lost whom?".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerInfo {
    /// `lost`, `isolated`, `split`, `only-some` or `only-vcenter`.
    pub kind: String,
    /// Labels of the nodes that do not see each other, the group that went on first; of the last two kinds the last
    /// group is the node that is spoken of.
    pub groups: Vec<Vec<String>>,
    /// Who says so.
    pub by: Vec<HostId>,
    /// When it began.
    pub at: Option<Timestamp>,
    /// When it was over.
    pub until: Option<Timestamp>,
    /// Whether it is over.
    pub over: bool,
    /// The answer in a sentence.
    pub text: String,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddityInfo {
    /// The hosts that it is about.
    pub hosts: Vec<HostId>,
    /// What it is, and what to do.
    pub text: String,
}

/// A node of a vSAN cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// What it is called in this matrix, unique there: its host's id, else its name, else its UUID.
    pub label: String,
    /// Its UUID, lower case.
    pub uuid: Option<String>,
    /// The host, where its bundle is here.
    pub host: Option<HostId>,
    /// What member lists, the directory or an HA list call it.
    pub name: Option<String>,
    /// Whether it is a witness appliance.
    pub witness: bool,
    /// Its addresses in the vSAN network.
    pub addresses: Vec<String>,
}

/// What one witness says of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaysInfo {
    /// The witness.
    pub by: HostId,
    /// The label of the node.
    pub of: String,
    /// Whether `cluster get` counts the node as a member.
    pub counted: Option<bool>,
    /// Whether the unicast agent list has the node.
    pub listed: Option<bool>,
    /// What the logs say, each sort once, in the order of the first of each.
    pub told: Vec<ToldInfo>,
}

/// Lines of one witness that say one thing of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldInfo {
    /// `left`, `joined`, `unreachable`, `not-responding`, `disconnected`, `reconnected` or `dead`.
    pub what: String,
    /// How many lines.
    pub count: u64,
    /// When the first was written.
    pub first: Timestamp,
    /// When the last was written.
    pub last: Timestamp,
    /// Where the first stands.
    pub first_source: SourceRef,
    /// Where the last stands.
    pub last_source: SourceRef,
}

/// How one host sees its vSAN cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostState {
    /// The host.
    pub host: HostId,
    /// `MASTER`, `BACKUP`, `AGENT`.
    pub state: Option<String>,
    /// `HEALTHY`.
    pub health: Option<String>,
    /// The vSAN cluster's UUID.
    pub cluster_uuid: Option<String>,
    /// The label of the master, or its UUID where it is no node of the matrix.
    pub master: Option<String>,
    /// How many members it counts.
    pub member_count: Option<u64>,
    /// The revision of its view.
    pub revision: Option<u64>,
    /// When its view was formed, inferred from the membership UUID.
    pub formed_at: Option<Timestamp>,
    /// As printed: the vCenter Server's UUID, a number that grows, a time.
    pub config_generation: Option<String>,
    /// Whether the vCenter Server and the number are not those that most hosts have; `null` where nothing is usual.
    pub generation_is_odd: Option<bool>,
    /// Nodes on its unicast agent list.
    pub unicast_peers: Option<u64>,
    /// Labels of nodes that should be on that list and are not; `null` where the list is not here.
    pub unicast_lacks: Option<Vec<String>>,
    /// vSAN's own maintenance mode: `ON`, `OFF`.
    pub maintenance: Option<String>,
    /// 0 is out of maintenance, 6 is in it.
    pub decom_state: Option<u64>,
    /// Adapters that carry vSAN traffic; empty where the host says that it has none.
    pub vmknics: Option<Vec<VmknicInfo>>,
    /// On-disk formats of its disks, ascending.
    pub formats: Vec<u64>,
    /// Whether it ignores updates of the member list.
    pub ignore_member_list: Option<bool>,
}

/// An adapter that carries vSAN traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmknicInfo {
    /// `vmk2`
    pub name: String,
    /// Its first address.
    pub ip: Option<String>,
    /// Bytes.
    pub mtu: Option<u32>,
}

impl MembershipInfo {
    /// What is said, by witness and node: a matrix may have thousands of cells.
    fn by_cell(&self) -> BTreeMap<(&str, &str), &SaysInfo> {
        self.says.iter().map(|says| ((says.by.as_str(), says.of.as_str()), says)).collect()
    }

    /// That some nodes are not in the matrix, in a sentence.
    pub fn note_of_left_out(&self, l: &labels::Labels) -> Option<String> {
        (self.left_out > 0).then(|| labels::fill_count(words(l).left_out, self.left_out))
    }

    /// What `by` says of the node that is labelled `of`.
    pub fn says(&self, by: &str, of: &str) -> Option<&SaysInfo> {
        self.says.iter().find(|says| says.by == by && says.of == of)
    }
}

/// What the cluster of `info` is called.
pub fn cluster_title(report: &Report, info: &MembershipInfo, l: &labels::Labels) -> String {
    let cluster = report.case.clusters.iter().find(|cluster| cluster.id == info.cluster);
    let name = cluster.and_then(|cluster| cluster.name.as_deref()).unwrap_or(&info.cluster);
    format!("{} {name}", l.cluster_vsan)
}
