//! Migrations and evacuations, as they stand in `report.json`, and what renderers make of them.
//!
//! Nothing in here is escaped; who writes a sentence escapes the whole of it for the place that it goes to.

mod build;
mod markdown;
#[cfg(test)]
mod tests;
mod view;
mod words;

use serde::{Deserialize, Serialize};

use super::model::HostId;
use crate::case::{Outcome, Phase, Reached, Side};
use crate::model::Timestamp;

pub use build::{evacuations, migrations};
pub use markdown::write_markdown;
pub use view::{Evacuated, MigrationTable, Row, View, view};
pub use words::{Labels as Words, words};

/// One migration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MigrationInfo {
    /// Its id in decimal.
    pub id: Option<String>,
    /// Name of the VM.
    pub vm: Option<String>,
    /// Where the VM was.
    pub source: MigrationEnd,
    /// Where it was to go.
    pub destination: MigrationEnd,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was done or had failed.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, from whichever side knows it.
    pub reason: Option<String>,
    /// The host or vCenter Server that tells the reason.
    #[serde(default)]
    pub reason_by: Option<HostId>,
    /// The side that it is of; `null` where vCenter tells it.
    #[serde(default)]
    pub reason_side: Option<Side>,
    /// VMkernel status, `0xbad0021`.
    pub status: Option<String>,
    /// Megabytes a second, as the source reckons it.
    pub bandwidth_mb_s: Option<u64>,
    /// How long the VM stood still, in milliseconds.
    pub downtime_ms: Option<u64>,
    /// What it went through, in the order of time.
    pub phases: Vec<MigrationPhase>,
    /// The root of the operation that it is of.
    pub operation: Option<String>,
    /// The evacuation that it is of: a position in [`Report::evacuations`](super::model::Report::evacuations).
    pub evacuation: Option<usize>,
}

/// One end of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationEnd {
    /// The host, where its bundle is here.
    pub host: Option<HostId>,
    /// Its name as records have it.
    pub name: Option<String>,
    /// Its address in the vMotion network.
    pub address: Option<String>,
}

/// One step of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationPhase {
    /// Which.
    pub name: Phase,
    /// When; corrected.
    pub at: Timestamp,
    /// The host that tells it.
    pub host: HostId,
}

/// A host was emptied for maintenance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EvacuationInfo {
    /// The host, where its bundle is here.
    pub host: Option<HostId>,
    /// Its name.
    pub name: Option<String>,
    /// When the task began.
    pub started: Option<Timestamp>,
    /// When the host was in maintenance mode, or the task failed.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub outcome: Reached,
    /// The root of its operation.
    pub operation: Option<String>,
    /// Its migrations: positions in [`Report::migrations`](super::model::Report::migrations), ascending.
    pub migrations: Vec<usize>,
}
