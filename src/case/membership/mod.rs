//! Who says what of which vSAN node: the hosts' own views, their unicast lists and their logs laid side by side.
//!
//! One row a witness, one column a node. Nothing is judged here: who is out, and why, is asked by a verdict.

mod build;
mod nodes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(super) use build::build;

/// The nodes of a cluster, and what each witness says of each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Index into the case's clusters.
    pub cluster: usize,
    /// Its nodes: those whose bundle is here in the order of the hosts, then others by name and UUID, witnesses last.
    pub nodes: Vec<Node>,
    /// Who says something: the cluster's ESXi hosts, then its vCenter Server. Indices into the case's hosts.
    pub rows: Vec<usize>,
    /// What is said, by row (an index into the case's hosts) and node (an index into `nodes`).
    pub says: BTreeMap<(usize, usize), Testimony>,
    /// Nodes that only lines name and that are not in `nodes`, as there are more of these than a cluster can have.
    pub left_out: usize,
}

/// A node of a vSAN cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its UUID, lower case; `None` for a host of the cluster whose UUID nothing tells.
    pub uuid: Option<String>,
    /// The host, where its bundle is here.
    pub host: Option<usize>,
    /// Its name: the host's id, else what a member list, the directory or an HA list calls it. No two nodes have one.
    pub name: Option<String>,
    /// Whether it is a witness appliance, which holds no data.
    pub witness: bool,
    /// Its addresses in the vSAN network, ordered as told.
    pub addresses: Vec<String>,
}

/// What one witness says of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// Whether its `cluster get` counts the node as a member; `None` where its view is not here, or not whole.
    pub counted: Option<bool>,
    /// Whether its unicast agent list has the node; `None` where the list is not here, and for itself.
    pub listed: Option<bool>,
    /// What its logs say, in the order of time: indices into the case's timeline.
    pub lines: Vec<(Said, usize)>,
}

/// What a line says of a node.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// It left the vSAN membership.
    Left,
    /// It joined the vSAN membership.
    Joined,
    /// It does not answer in the vSAN network.
    Unreachable,
    /// vCenter gets no answer from it.
    NotResponding,
    /// vCenter disconnected it, or could not connect it.
    Disconnected,
    /// vCenter is connected to it again.
    Reconnected,
    /// vSphere HA declared it dead or cannot reach it.
    Dead,
}

impl Said {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Said::Left => "left",
            Said::Joined => "joined",
            Said::Unreachable => "unreachable",
            Said::NotResponding => "not-responding",
            Said::Disconnected => "disconnected",
            Said::Reconnected => "reconnected",
            Said::Dead => "dead",
        }
    }
}

impl Node {
    /// Its name, or its UUID.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.uuid.as_deref()).unwrap_or("unknown")
    }
}

impl Membership {
    /// What `row` says of `node`.
    pub fn says(&self, row: usize, node: usize) -> Option<&Testimony> {
        self.says.get(&(row, node))
    }

    /// The node that host `index` is.
    pub fn node_of(&self, index: usize) -> Option<usize> {
        self.nodes.iter().position(|node| node.host == Some(index))
    }

    /// The node whose UUID is `uuid`, lower case.
    pub fn node(&self, uuid: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.uuid.as_deref() == Some(uuid))
    }

    /// What is said of `node`, row by row.
    pub fn column(&self, node: usize) -> impl Iterator<Item = (usize, &Testimony)> {
        self.rows.iter().filter_map(move |&row| Some((row, self.says(row, node)?)))
    }
}

impl Testimony {
    /// The lines that say `said`: indices into the case's timeline, in the order of time.
    pub fn of(&self, said: Said) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.lines.iter().filter(move |line| line.0 == said).map(|line| line.1)
    }
}
