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
    pub outcome: MigrationOutcome,
    /// Why it failed, from whichever side knows it.
    pub reason: Option<String>,
    /// The host or vCenter Server that tells the reason.
    #[serde(default)]
    pub reason_by: Option<HostId>,
    /// The side that it is of: `source` or `destination`; `null` where vCenter tells it.
    #[serde(default)]
    pub reason_side: Option<String>,
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

/// How a migration ended; ordered as a summary counts them.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationOutcome {
    /// The VM runs on the destination.
    Succeeded,
    /// It runs, if it does, on the source.
    Failed,
    /// The destination lacks a CPU feature.
    Refused,
    /// Somebody called it off.
    Cancelled,
    /// The records do not tell.
    #[default]
    Unknown,
}

/// How an evacuation ended.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvacuationOutcome {
    /// The host was in maintenance mode.
    Entered,
    /// It did not get there.
    Failed,
    /// The records do not tell.
    #[default]
    Unknown,
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
    /// `asked`, `prepared`, `started`, `switching-over`, `memory-sent`, `memory-received`, `switched-over`, `finished` (the
    /// VM itself is through), `done`, `cancelled`, `failed` or `refused`.
    pub name: String,
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
    pub outcome: EvacuationOutcome,
    /// The root of its operation.
    pub operation: Option<String>,
    /// Its migrations: positions in [`Report::migrations`](super::model::Report::migrations), ascending.
    pub migrations: Vec<usize>,
}
