//! When hosts were down: each stop put together from the records before it, the boot after it and the state at capture.
//!
//! Nothing is judged here.

mod covered;
mod put;
#[cfg(test)]
mod tests;

pub(super) use self::put::{is_at_work, is_fresh};
use super::host::Host;
use super::timeline::Moment;
use crate::model::Timestamp;

/// One time a host stopped, and came up again where it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The host: an index into the case's hosts.
    pub host: usize,
    /// How it stopped.
    pub how: How,
    /// When it stopped: the record that says so, else the last record of any of its logs before the silence; `None` where
    /// none of them reaches back so far. A silence under two minutes inside a log is not known.
    pub down: Option<Timestamp>,
    /// When it booted again; `None` where it did not before the capture.
    pub up: Option<Timestamp>,
    /// Whether the logs that would tell that it was asked to stop reach back to the stop. Where they do not, a core dump
    /// that is found at the boot may be older, and the stop an asked one.
    pub is_covered: bool,
    /// When it was in maintenance mode as it stopped, the record that says so: an index into the case's timeline.
    pub maintenance: Option<usize>,
    /// The change of its software that the stop completed: an index into the case's timeline.
    pub upgrade: Option<usize>,
    /// Its records, in the order of time: indices into the case's timeline; never empty.
    pub lines: Vec<usize>,
}

/// How a host stopped.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Somebody had it rebooted.
    Reboot,
    /// Somebody had it shut down or powered off.
    Shutdown,
    /// With a purple screen.
    PurpleScreen,
    /// Not cleanly: a core dump was found at the boot, or the boot says that no reason is known.
    Unclean,
    /// It booted, its logs reach back before that, and nothing in them says that it was asked to stop.
    Silent,
}

impl Stop {
    /// Whether the host was down because somebody meant it to be: in maintenance mode or to complete an upgrade.
    pub fn is_planned(&self) -> bool {
        self.is_asked() && (self.maintenance.is_some() || self.upgrade.is_some())
    }

    /// Whether somebody asked the host to stop.
    pub const fn is_asked(&self) -> bool {
        matches!(self.how, How::Reboot | How::Shutdown)
    }
}

/// Every stop of every host, ordered by host and time.
pub(super) fn build(timeline: &[Moment], hosts: &[Host]) -> Vec<Stop> {
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); hosts.len()];
    for (index, moment) in timeline.iter().enumerate() {
        own[moment.host].push(index);
    }
    let of_host = |(host, own): (usize, &Vec<usize>)| put::together(timeline, hosts, host, own);
    own.iter().enumerate().flat_map(of_host).collect()
}
