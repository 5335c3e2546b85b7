//! Incidents of vSAN clusters: one host falls out, a cluster splits, or only vCenter loses a host.
//!
//! One file a family of stories: [`skew`] the touchstone, [`network`], [`stops`], [`config`] and [`spared`] the rest.

mod availability;
mod config;
mod management;
mod membership;
mod network;
mod parting;
mod rolling;
mod said;
mod skew;
mod spared;
mod stops;

pub use membership::{MembershipOptions, MembershipTruth, Story, membership_incident};
pub use skew::{VsanCause, VsanOptions, VsanTruth, vsan_incident};

use super::site::Generation;
use crate::model::Timestamp;

/// What the kernel calls the node that leads a cluster.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Master, as up to 6.7.
    Master,
    /// Leader, as in later releases. Commands still print MASTER.
    Leader,
}

impl Wording {
    /// What is asked for, else what releases of `generation` use.
    fn of(asked: Option<Wording>, generation: Generation) -> Self {
        asked.unwrap_or(match generation {
            Generation::V67 => Wording::Master,
            Generation::V70 | Generation::V80 => Wording::Leader,
        })
    }

    const fn word(self) -> &'static str {
        match self {
            Wording::Master => "Master",
            Wording::Leader => "Leader",
        }
    }
}

/// A host that saw the loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observer {
    /// Its name.
    pub host: String,
    /// When its kernel dropped the lost node; by its clock, that plus its offset.
    pub at: Timestamp,
}
