//! Which end of a migration the host is whose bundle holds the VM's own log.
//!
//! A bundle holds the logs of the VMs that are registered on its host when it is made. A log goes with its VM: what it
//! tells of earlier moves was written on other hosts. So an arrival counts where no other follows it, and a departure
//! where no arrival does; and neither where two bundles hold the same record.

use std::collections::BTreeMap;

use super::super::timeline::Moment;
use super::super::vm;
use super::Side;
use crate::model::Timestamp;

/// What the logs of VMs tell of the ends of their migrations.
#[derive(Debug, Default)]
pub(super) struct OwnLogs {
    /// By host and folder: the last arrival, and its migration.
    arrived: BTreeMap<(usize, String), (Timestamp, String)>,
    /// By migration and side: the host whose bundle tells it; `None` where several do.
    tellers: BTreeMap<(String, Side), Option<usize>>,
}

impl OwnLogs {
    pub fn of(timeline: &[Moment]) -> OwnLogs {
        let mut logs = OwnLogs::default();
        for (moment, side, folder, id) in timeline
            .iter()
            .filter_map(|moment| told(moment).map(|(side, folder, id)| (moment, side, folder, id)))
        {
            if side == Side::Destination {
                // The timeline is in the order of time.
                logs.arrived.insert((moment.host, folder), (moment.time, id.to_owned()));
            }
            let teller = logs.tellers.entry((id.to_owned(), side)).or_insert(Some(moment.host));
            if *teller != Some(moment.host) {
                *teller = None;
            }
        }
        logs
    }

    /// The end that the host of `moment` is, where its bundle's log of a VM says so.
    pub fn end(&self, moment: &Moment) -> Option<Side> {
        let (side, folder, id) = told(moment)?;
        self.tellers.get(&(id.to_owned(), side)).copied().flatten()?;
        let last = self.arrived.get(&(moment.host, folder));
        let is_last = match side {
            Side::Destination => last.is_some_and(|(_, last)| last == id),
            Side::Source => last.is_none_or(|(at, _)| *at < moment.time),
        };
        is_last.then_some(side)
    }
}

/// The side, the folder of the log, and the migration: `migrate 'to' request` and the states from 1 on are of the source,
/// `'from'`, `Restoring from` and those from 7 on of the destination.
fn told(moment: &Moment) -> Option<(Side, String, &str)> {
    let id = moment.field("mid")?;
    let side = match (moment.field("request"), moment.field("state")) {
        (Some("to"), _) | (None, Some("1")) => Side::Source,
        (Some("from" | "Restoring"), _) | (None, Some("7")) => Side::Destination,
        _ => return None,
    };
    Some((side, vm::folder_of_log(moment.event.source.file.as_str())?, id))
}
