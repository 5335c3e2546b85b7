//! Events of bundles as they come in from their members: of each rule both ends of time are kept, whatever comes in which
//! order, so that memory grows neither with the noise nor with the number of bundles.

use std::collections::BTreeMap;

use crate::model::Event;
use crate::rule::{FOLLOW_RULE, Sample, Sighting, repeat};

/// Events kept of one rule of a bundle at either end, before copies of members are left out.
const ENDS: usize = 2_500;
/// The same of an operation that is followed.
const FOLLOWED_ENDS: usize = 10_000;

/// Events of one bundle, by rule.
#[derive(Debug, Default)]
pub struct Events {
    by_rule: BTreeMap<String, Vec<(u64, Event)>>,
    dropped: BTreeMap<String, u64>,
    /// By log family.
    sightings: BTreeMap<&'static str, Sample>,
}

impl Events {
    /// Takes the events of the member `id`; `ends` are kept of a rule at either end, and some more for now.
    fn add(&mut self, id: u64, events: Vec<Event>, ends: usize) {
        for event in events {
            if let Some(kept) = self.by_rule.get_mut(&event.rule) {
                kept.push((id, event));
                let ends = own_ends(&kept[0].1.rule, ends);
                if kept.len() >= 3 * ends {
                    let rule = kept[0].1.rule.clone();
                    *self.dropped.entry(rule).or_default() += thin(kept, ends);
                }
            } else {
                self.by_rule.insert(event.rule.clone(), vec![(id, event)]);
            }
        }
    }

    fn sample(&mut self, log: &'static str) -> &mut Sample {
        self.sightings.entry(log).or_insert_with(|| Sample::of(log))
    }

    /// The operations that were seen, each with its member, ordered by id and time; what is left has none.
    pub(super) fn take_sightings(&mut self) -> Vec<(Sighting, u64)> {
        let samples = std::mem::take(&mut self.sightings).into_values();
        let mut all: Vec<(Sighting, u64)> = samples.flat_map(Sample::into_sightings).collect();
        all.sort();
        all
    }

    /// Takes what another part of the same bundle gave.
    pub(super) fn join(&mut self, other: Events) {
        for (log, sample) in other.sightings {
            self.sample(log).join(sample);
        }
        for (id, event) in other.by_rule.into_values().flatten() {
            self.add(id, vec![event], ENDS);
        }
        for (rule, count) in other.dropped {
            *self.dropped.entry(rule).or_default() += count;
        }
    }

    /// How many events of each rule are held. An operation that is followed has a bound of its own.
    fn lengths(&self) -> impl Iterator<Item = usize> {
        self.by_rule.iter().filter(|(rule, _)| *rule != FOLLOW_RULE).map(|(_, events)| events.len())
    }

    fn len(&self) -> usize {
        self.lengths().sum()
    }

    /// Keeps no more than `ends` of each rule at either end.
    fn thin(&mut self, ends: usize) {
        for (rule, events) in &mut self.by_rule {
            let ends = own_ends(rule, ends);
            if events.len() > 2 * ends {
                *self.dropped.entry(rule.clone()).or_default() += thin(events, ends);
            }
        }
    }

    /// What is left of the members for which `kept` holds, each with its member, and how many events of each rule were
    /// counted only.
    pub fn into_parts(mut self, kept: impl Fn(u64) -> bool) -> (Vec<(u64, Event)>, BTreeMap<String, u64>) {
        self.thin(ENDS);
        let all = self.by_rule.into_values().flatten().filter(|(id, _)| kept(*id)).collect();
        (all, self.dropped)
    }
}

/// How many events of `rule` are kept at either end, where `ends` are of others.
fn own_ends(rule: &str, ends: usize) -> usize {
    if rule == FOLLOW_RULE { FOLLOWED_ENDS } else { ends }
}

/// Keeps both ends; how many events were dropped between them. What is among the first of all events is among the first
/// of any of them, so it does not matter in which order and how often this is done.
fn thin(events: &mut Vec<(u64, Event)>, ends: usize) -> u64 {
    let all = events.len();
    events.sort_by(|(a_id, a), (b_id, b)| (a.stamp, a_id, &a.source).cmp(&(b.stamp, b_id, &b.source)));
    let from = all.saturating_sub(ends);
    let gone = events.drain(ends.min(from)..from);
    gone.map(|(_, event)| repeat::times(&event.fields)).fold(0, u64::saturating_add)
}

/// The events of all bundles of a run, no more than a limit together: where there are more, the noisiest rules of the
/// noisiest bundles give way, each at the middle of its time.
///
/// The more events come in, the fewer of a rule are kept at either end, and never more again. So what is kept at last
/// does not depend on the order in which they came.
#[derive(Debug)]
pub struct AllEvents<K> {
    bundles: BTreeMap<K, Events>,
    limit: usize,
    /// Kept of each rule of a bundle at either end.
    ends: usize,
    /// Events that are held.
    held: usize,
}

impl<K: Ord> AllEvents<K> {
    /// None yet; `limit` events are kept at most.
    pub fn new(limit: usize) -> Self {
        AllEvents { bundles: BTreeMap::new(), limit, ends: ENDS, held: 0 }
    }

    /// Takes the events of the member `id` of `bundle`, and the operations that were seen in it.
    pub fn add(&mut self, bundle: K, id: u64, events: Vec<Event>, sightings: Sample) {
        let own = self.bundles.entry(bundle).or_default();
        let before = own.len();
        own.add(id, events, self.ends);
        if !sightings.is_empty() {
            own.sample(sightings.log()).join_member(id, sightings);
        }
        self.held = self.held - before + own.len();
        // Some room, so that not every member has all bundles gone through.
        if self.held > self.limit + self.limit / 4 {
            self.settle();
        }
    }

    /// Thins all bundles so far that no more than the limit is held.
    fn settle(&mut self) {
        let lengths: Vec<usize> = self.bundles.values().flat_map(Events::lengths).collect();
        self.ends = self.ends.min(ends_for(lengths, self.limit));
        self.bundles.values_mut().for_each(|events| events.thin(self.ends));
        self.held = self.bundles.values().map(Events::len).sum();
    }

    /// The events by bundle, and how many of each rule were kept at either end where that is less than usual.
    pub fn into_bundles(mut self) -> (BTreeMap<K, Events>, Option<usize>) {
        self.settle();
        (self.bundles, Some(self.ends).filter(|ends| *ends < ENDS))
    }
}

/// How many of each list may be kept at either end so that all together are no more than `limit`; at least one.
fn ends_for(mut lengths: Vec<usize>, limit: usize) -> usize {
    lengths.sort_unstable();
    let (mut room, mut left) = (limit, lengths.len());
    for length in lengths {
        if length > room / left {
            return (room / left / 2).max(1);
        }
        room -= length;
        left -= 1;
    }
    usize::MAX
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
            (0..count).for_each(|n| events.add(order(n) % 10, vec![event(order(n))], ENDS));
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
        events.add(1, vec![event(1), event(2)], ENDS);
        events.add(2, vec![event(1)], ENDS);
        let (kept, dropped) = events.into_parts(|id| id == 1);
        assert_eq!((kept.len(), dropped.len()), (2, 0));
    }

    /// What is kept of events of three bundles, of `counts` each, given in the order of `order`; each list's lines.
    fn kept(
        counts: [u64; 3],
        limit: usize,
        order: fn(u64, u64) -> u64,
    ) -> (Vec<Vec<u64>>, Option<usize>, u64) {
        let mut all = AllEvents::new(limit);
        let most = counts.into_iter().max().unwrap_or_default();
        for n in 0..most {
            for (bundle, count) in counts.into_iter().enumerate().filter(|(_, count)| n < *count) {
                all.add(bundle, 1, vec![event(order(n, count))], Sample::default());
            }
        }
        let (bundles, ends) = all.into_bundles();
        let mut lost = 0;
        let lines = |events: Events| {
            let (kept, dropped) = events.into_parts(|_| true);
            lost += dropped.values().sum::<u64>();
            kept.into_iter().map(|(_, event)| event.source.line).collect()
        };
        let lines = bundles.into_values().map(lines).collect();
        (lines, ends, lost)
    }

    #[test]
    fn many_bundles_share_the_room_and_the_noisiest_give_way() {
        let orders: [fn(u64, u64) -> u64; 3] = [|n, _| n, |n, count| count - 1 - n, |n, count| n * 7 % count];
        let mut seen = Vec::new();
        for order in orders {
            // 7 has no factor in common with the counts.
            let (lines, ends, lost) = kept([9_001, 40, 3_001], 1_000, order);
            assert_eq!((lines[1].len(), ends), (40, Some(240)), "what is rare is kept whole");
            assert_eq!(lines[0].len() + lines[2].len(), 960);
            assert_eq!(lost, 9_001 + 3_001 - 960, "what is not kept is counted");
            let mut first = lines[0].clone();
            first.sort_unstable();
            assert!(first[..240].iter().copied().eq(0..240) && first[240..].iter().copied().eq(8_761..9_001));
            let sorted = |lines: &Vec<u64>| {
                let mut lines = lines.clone();
                lines.sort_unstable();
                lines
            };
            seen.push(lines.iter().map(sorted).collect::<Vec<_>>());
        }
        assert!(seen[0] == seen[1] && seen[0] == seen[2]);
        let (lines, ends, lost) = kept([300, 40, 300], 1_000, |n, _| n);
        assert_eq!((lines.iter().map(Vec::len).sum::<usize>(), ends, lost), (640, None, 0));
    }

    #[test]
    fn room_is_shared_out_from_the_shortest_list() {
        assert_eq!(ends_for(vec![10, 10], 20), usize::MAX);
        assert_eq!(ends_for(vec![10, 100, 100], 110), 25);
        assert_eq!(ends_for(vec![5; 100], 20), 1, "never nothing");
        assert_eq!(ends_for(Vec::new(), 20), usize::MAX);
    }
}
