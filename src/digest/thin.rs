//! Events of a bundle as they come in from its members: of each rule both ends of time are kept, whatever comes in which
//! order, so that memory does not grow with the noise.

use std::collections::BTreeMap;

use crate::model::Event;
use crate::rule::{Sample, Sighting};

/// Events kept of one rule at either end, before copies of members are left out.
const ENDS: usize = 2_500;

/// Events of one bundle, by rule.
#[derive(Debug, Default)]
pub struct Events {
    by_rule: BTreeMap<String, Vec<(u64, Event)>>,
    dropped: BTreeMap<String, u64>,
    sightings: Sample,
}

impl Events {
    /// Takes the events of the member `id`.
    pub fn add(&mut self, id: u64, events: Vec<Event>) {
        for event in events {
            if let Some(kept) = self.by_rule.get_mut(&event.rule) {
                kept.push((id, event));
                if kept.len() >= 3 * ENDS {
                    *self.dropped.entry(kept[0].1.rule.clone()).or_default() += thin(kept);
                }
            } else {
                self.by_rule.insert(event.rule.clone(), vec![(id, event)]);
            }
        }
    }

    /// Takes the operations that were seen in the member `id`.
    pub fn add_sightings(&mut self, id: u64, sightings: Sample) {
        self.sightings.join_member(id, sightings);
    }

    /// The operations that were seen, each with its member; what is left has none.
    pub(super) fn take_sightings(&mut self) -> Vec<(Sighting, u64)> {
        std::mem::take(&mut self.sightings).into_sightings()
    }

    /// Takes what another part of the same bundle gave.
    pub(super) fn join(&mut self, other: Events) {
        self.sightings.join(other.sightings);
        for (id, event) in other.by_rule.into_values().flatten() {
            self.add(id, vec![event]);
        }
        for (rule, count) in other.dropped {
            *self.dropped.entry(rule).or_default() += count;
        }
    }

    /// What is left of the members for which `kept` holds, each with its member, and how many events of each rule were
    /// counted only.
    pub fn into_parts(mut self, kept: impl Fn(u64) -> bool) -> (Vec<(u64, Event)>, BTreeMap<String, u64>) {
        let mut all = Vec::new();
        for (rule, mut events) in self.by_rule {
            if events.len() > 2 * ENDS {
                *self.dropped.entry(rule).or_default() += thin(&mut events);
            }
            all.extend(events.into_iter().filter(|(id, _)| kept(*id)));
        }
        (all, self.dropped)
    }
}

/// Keeps both ends; how many events were dropped between them. What is among the first of all events is among the first
/// of any of them, so it does not matter in which order and how often this is done.
fn thin(events: &mut Vec<(u64, Event)>) -> u64 {
    let all = events.len();
    events.sort_by(|(a_id, a), (b_id, b)| (a.stamp, a_id, &a.source).cmp(&(b.stamp, b_id, &b.source)));
    let from = all.saturating_sub(ENDS);
    events.drain(ENDS.min(from)..from);
    (all - events.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, MemberPath, Severity, Source, Stamp, TimeQuality, Timestamp};

    fn event(n: u64) -> Event {
        Event {
            stamp: Some(Stamp { time: Timestamp::from_micros(n as i64), quality: TimeQuality::Exact }),
            kind: EventKind::HOST_BOOT,
            severity: Severity::Info,
            rule: "r".to_owned(),
            text: String::new(),
            raw: String::new(),
            fields: BTreeMap::new(),
            source: Source { file: MemberPath::new("f"), line: n, offset: n },
        }
    }

    #[test]
    fn both_ends_are_kept_in_whatever_order_events_come() {
        let count = 70_000u64;
        // 3 has no factor in common with the count: every number comes once.
        let orders: [fn(u64) -> u64; 3] = [|n| n, |n| 69_999 - n, |n| n * 3 % 70_000];
        let mut seen = Vec::new();
        for order in orders {
            let mut events = Events::default();
            (0..count).for_each(|n| events.add(order(n) % 10, vec![event(order(n))]));
            let (kept, dropped) = events.into_parts(|_| true);
            assert_eq!((kept.len(), dropped["r"]), (2 * ENDS, count - 2 * ENDS as u64));
            let times: Vec<u64> = kept.iter().map(|(_, event)| event.source.line).collect();
            assert!(times[..ENDS].iter().copied().eq(0..ENDS as u64));
            assert!(times[ENDS..].iter().copied().eq(count - ENDS as u64..count));
            seen.push(times);
        }
        assert!(seen[0] == seen[1] && seen[0] == seen[2]);
    }

    #[test]
    fn events_of_members_that_are_left_out_go_with_them() {
        let mut events = Events::default();
        events.add(1, vec![event(1), event(2)]);
        events.add(2, vec![event(1)]);
        let (kept, dropped) = events.into_parts(|id| id == 1);
        assert_eq!((kept.len(), dropped.len()), (2, 0));
    }
}
