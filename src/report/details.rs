//! `finding.details` as types, for the findings whose details have a picture of their own.
//!
//! A renderer must not fail on a report, so a field that is absent is empty, and details
//! that do not fit their finding are none.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

use super::model::{Finding, HostId};
use crate::model::Timestamp;

/// The details that the renderers show.
pub enum Details {
    /// Of `evc.feature-mismatch`.
    Mismatch(Mismatch),
    /// Of `vsan.host-lost`.
    HostLost(HostLost),
    /// Of `vsan.partition`.
    Partition(Partition),
    /// Nothing that needs more than the finding's own texts.
    None,
}

/// Hosts that offer different CPU features.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Mismatch {
    /// Keys.
    pub features: Vec<String>,
    /// Hosts that offer them.
    pub have: Vec<HostId>,
    /// Hosts that do not.
    pub lack: Vec<HostId>,
    /// VMs that are pinned.
    pub vms: Vec<PinnedVm>,
    /// Pairs between which migration works in this direction only.
    pub one_way: Vec<Arrow>,
}

/// A VM and where it runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PinnedVm {
    /// Its name.
    pub name: String,
    /// Its host.
    pub host: HostId,
}

/// From one host to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Arrow {
    /// Where a VM can leave.
    pub from: HostId,
    /// Where it can go.
    pub to: HostId,
}

impl Mismatch {
    /// Whether the one-way pairs are just "every lacking host to every having one",
    /// which the two groups already show.
    pub fn is_between_groups(&self) -> bool {
        let pairs = self.lack.len() * self.have.len();
        pairs == self.one_way.len()
            && self
                .one_way
                .iter()
                .all(|arrow| self.lack.contains(&arrow.from) && self.have.contains(&arrow.to))
    }
}

/// A host that is out of the vSAN membership.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct HostLost {
    /// The host.
    pub host: Option<HostId>,
    /// When the others lost it.
    pub lost_at: Option<Timestamp>,
    /// Half-width of the uncertainty, milliseconds.
    pub lost_at_uncertainty_ms: Option<i64>,
    /// Who saw it, and when.
    pub observers: Vec<Observer>,
    /// Whether it is a member again.
    pub over: bool,
    /// When it became one again.
    pub returned_at: Option<Timestamp>,
    /// Hosts that went on without it.
    pub went_on: Vec<HostId>,
    /// vCenter's version.
    pub vcenter_version: Option<String>,
    /// The host's version.
    pub host_version: Option<String>,
    /// Entries of each host's unicast agent list.
    pub unicast_peers: BTreeMap<HostId, Option<u64>>,
}

/// A host that saw another one go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Observer {
    /// The host.
    pub host: HostId,
    /// When it saw it.
    pub at: Option<Timestamp>,
}

/// A membership that split.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Partition {
    /// The groups.
    pub groups: Vec<Vec<HostId>>,
    /// When they formed.
    pub at: Option<Timestamp>,
    /// When they were one again.
    pub returned_at: Option<Timestamp>,
}

/// The details of `finding`.
pub fn read(finding: &Finding) -> Details {
    match finding.id.as_str() {
        "evc.feature-mismatch" => typed(&finding.details).map_or(Details::None, Details::Mismatch),
        "vsan.host-lost" => typed(&finding.details).map_or(Details::None, Details::HostLost),
        "vsan.partition" => typed(&finding.details).map_or(Details::None, Details::Partition),
        _ => Details::None,
    }
}

fn typed<T: DeserializeOwned>(details: &Value) -> Option<T> {
    T::deserialize(details).ok()
}
