//! The times at which vCenter had no connection to a host, out of its records.

use std::collections::BTreeMap;

use super::host::{Host, same_name};
use super::timeline::Moment;
use crate::model::{EventKind, HostKind, Timestamp};

/// The agent manager says later what vpxd has said.
const LATE: &str = "eam.host-not-responding";
/// Reasons of `HostDisconnectedEvent` that somebody meant: by hand, or to bring the agent up to date.
const MEANT: &[&str] = &["userRequest", "agentUpgrade"];
/// The records of one disconnect lie within this many seconds.
const ONE: i64 = 120;

/// One time at which vCenter had no connection to a host.
pub struct Episode<'c> {
    /// The vCenter Server: an index into the case's hosts.
    pub vcenter: usize,
    /// The host as the report calls it, or as vCenter does where its bundle is not here.
    pub name: &'c str,
    /// The host, where its bundle is here.
    pub host: Option<usize>,
    /// When vCenter said so first.
    pub lost_at: Timestamp,
    /// What vCenter said, in the order of time.
    pub lines: Vec<&'c Moment>,
    /// The record that it is connected again.
    pub back: Option<&'c Moment>,
}

impl Episode<'_> {
    /// When it was connected again.
    pub fn back_at(&self) -> Option<Timestamp> {
        self.back.map(|moment| moment.time)
    }

    /// Whether `name` is another name of the host.
    pub fn is_called(&self, name: &str) -> bool {
        same_name(self.name, name)
    }

    /// Somebody disconnected it, and nothing was wrong before.
    pub fn is_meant(&self) -> bool {
        let says = |moment: &&&Moment| moment.field("reason").is_some_and(|reason| MEANT.contains(&reason));
        self.lines.iter().find(says).is_some_and(|said| said.time.since(self.lost_at) <= ONE * 1_000_000)
            && self.lines.iter().all(|line| line.event.kind == EventKind::HOST_DISCONNECTED)
    }
}

/// Every time that a vCenter Server had no connection to a host, whether somebody meant it or not, ordered by time.
pub(super) fn episodes<'c>(hosts: &[Host], timeline: &'c [Moment]) -> Vec<Episode<'c>> {
    let mut open: BTreeMap<(usize, &str), Episode<'_>> = BTreeMap::new();
    let mut done: Vec<Episode<'_>> = Vec::new();
    let mut last_back: BTreeMap<(usize, &str), Timestamp> = BTreeMap::new();
    for moment in timeline.iter().filter(|moment| hosts[moment.host].kind == HostKind::Vcenter) {
        let Some(name) = moment.field("host_name") else { continue };
        let key = (moment.host, name);
        match moment.event.kind {
            EventKind::HOST_RECONNECTED => {
                if let Some(episode) = open.remove(&key) {
                    last_back.insert(key, moment.time);
                    done.push(Episode { back: Some(moment), ..episode });
                }
            }
            _ if moment.is_lost_connection() => {
                let is_over =
                    || last_back.get(&key).is_some_and(|back| moment.time.since(*back) <= ONE * 1_000_000);
                if moment.event.rule == LATE && is_over() {
                    continue;
                }
                let new = || Episode {
                    vcenter: moment.host,
                    name,
                    host: position(hosts, name),
                    lost_at: moment.time,
                    lines: Vec::new(),
                    back: None,
                };
                open.entry(key).or_insert_with(new).lines.push(moment);
            }
            _ => {}
        }
    }
    done.extend(open.into_values());
    done.sort_by(|a, b| (a.lost_at, a.vcenter, a.name).cmp(&(b.lost_at, b.vcenter, b.name)));
    done
}

/// The timeline names a host that is here by its id.
fn position(hosts: &[Host], name: &str) -> Option<usize> {
    hosts.iter().position(|host| host.kind == HostKind::Esxi && host.id == name)
}
