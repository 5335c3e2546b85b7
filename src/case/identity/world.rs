//! VMs by the worlds that hosts run for them, each for one boot.

use std::collections::BTreeMap;

use super::super::host::Host;
use crate::model::{Event, EventKind, Timestamp};

/// Which VM a world was started for, and when hosts booted.
#[derive(Debug, Default)]
pub(super) struct Worlds {
    /// By host and world: when it was started and what the VM was called, in the order of time.
    started: BTreeMap<(usize, u64), Vec<(Timestamp, String)>>,
    /// Boots of each host, ascending.
    boots: BTreeMap<usize, Vec<Timestamp>>,
}

impl Worlds {
    pub fn of(hosts: &[Host], events: &[Vec<Event>]) -> Worlds {
        let mut worlds = Worlds::default();
        for (index, host) in hosts.iter().enumerate() {
            worlds.boots.entry(index).or_default().extend(host.booted_at);
        }
        for (host, event) in
            events.iter().enumerate().flat_map(|(host, list)| list.iter().map(move |e| (host, e)))
        {
            let Some(stamp) = event.stamp else { continue };
            match event.kind {
                EventKind::HOST_BOOT => worlds.boots.entry(host).or_default().push(stamp.time),
                EventKind::VM_WORLD => worlds.take(host, stamp.time, event),
                _ => {}
            }
        }
        worlds.boots.values_mut().for_each(|boots| boots.sort_unstable());
        worlds.started.values_mut().for_each(|list| list.sort());
        worlds
    }

    fn take(&mut self, host: usize, time: Timestamp, event: &Event) {
        let world = event.fields.get("world").and_then(|world| world.parse().ok());
        if let Some((world, name)) = world.zip(event.fields.get("vm")) {
            self.started.entry((host, world)).or_default().push((time, name.clone()));
        }
    }

    /// How many boots of `host` are known that lie before `time`.
    pub fn boots_before(&self, host: usize, time: Timestamp) -> usize {
        self.boots.get(&host).map_or(0, |boots| boots.partition_point(|boot| *boot <= time))
    }

    /// When `world` was started last before `time`, and for which VM; `None` where the host booted between.
    pub fn started(&self, host: usize, world: u64, time: Timestamp) -> Option<(Timestamp, &str)> {
        let list = self.started.get(&(host, world))?;
        let (started, name) = list.get(list.partition_point(|(at, _)| *at <= time).checked_sub(1)?)?;
        let boots = self.boots.get(&host).map_or(&[][..], Vec::as_slice);
        let booted = boots.get(boots.partition_point(|boot| boot <= started));
        booted.is_none_or(|boot| *boot > time).then_some((*started, name.as_str()))
    }
}
