//! Events of one rule in one member: both ends of a noisy log are kept, and what repeats is counted in between.

use std::collections::{HashMap, VecDeque};

use super::{FOLLOW_RULE, repeat};
use crate::model::Event;

/// Events of one rule kept per member, one by one, from its beginning on.
pub(super) const KEPT: usize = 600;
/// Runs that are kept at its end; the rest is counted.
const RUNS: usize = 300;
/// The same of an operation that is followed, of which each record is a step.
const FOLLOWED_PER_END: usize = 10_000;

/// Events of one rule: an incident may stand at either end of a noisy log.
#[derive(Default)]
pub(super) struct Kept {
    first: Vec<Event>,
    /// The newest, in the order in which they began.
    runs: VecDeque<Run>,
    /// Runs that are gone.
    gone: usize,
    /// By what they say: the number of the last run that says so.
    by_saying: HashMap<String, usize>,
    /// What the event at hand says: room that is used again.
    says: String,
    /// The number of the run that has the newest event.
    newest: usize,
    dropped: u64,
}

/// Events that say the same, each within minutes of the one before: the first, the last, and how many between.
struct Run {
    first: Event,
    last: Option<Event>,
    between: u64,
}

impl Run {
    /// Its newest event.
    fn newest(&mut self) -> &mut Event {
        self.last.as_mut().unwrap_or(&mut self.first)
    }

    /// Takes an event that says the same.
    fn add(&mut self, event: Event) {
        if let Some(last) = self.last.replace(event) {
            self.between = self.between.saturating_add(repeat::times(&last.fields));
        }
    }

    /// How many events it stands for.
    fn count(&self) -> u64 {
        let last = self.last.as_ref().map_or(0, |last| repeat::times(&last.fields));
        repeat::times(&self.first.fields).saturating_add(self.between).saturating_add(last)
    }

    /// Its events; the last one has the count of those between.
    fn into_events(self) -> impl Iterator<Item = Event> {
        let last = self.last.map(|mut last| {
            if self.between > 0 {
                let more = self.between.saturating_add(repeat::times(&last.fields) - 1);
                last.fields.insert(repeat::REPEATED.to_owned(), more.to_string());
                // A length, not a time: the stamps are settled later, and this text is not.
                let span = self.first.stamp.zip(last.stamp).map(|(first, last)| last.time.since(first.time));
                last.fields.extend(span.map(|span| (repeat::FOR.to_owned(), span.to_string())));
            }
            last
        });
        [self.first].into_iter().chain(last)
    }
}

impl Kept {
    /// Takes the next event of the rule.
    pub fn push(&mut self, event: Event) {
        let is_followed = event.rule == FOLLOW_RULE;
        let (first, most) = if is_followed { (FOLLOWED_PER_END, FOLLOWED_PER_END) } else { (KEPT, RUNS) };
        if self.first.len() < first {
            self.first.push(event);
        } else if is_followed || repeat::is_single(event.kind, event.severity) {
            self.begin(event, most);
        } else {
            self.go_on(event, most);
        }
    }

    /// The newest event.
    pub fn newest(&mut self) -> Option<&mut Event> {
        let run = self.newest.checked_sub(self.gone).and_then(|at| self.runs.get_mut(at));
        match run {
            Some(run) => Some(run.newest()),
            None => self.first.last_mut(),
        }
    }

    /// How many events are not kept, and the others in no order.
    pub fn into_events(self) -> (u64, impl Iterator<Item = Event>) {
        (self.dropped, self.first.into_iter().chain(self.runs.into_iter().flat_map(Run::into_events)))
    }

    /// The event goes on with the run that says the same, or begins one.
    fn go_on(&mut self, event: Event, most: usize) {
        repeat::says(&mut self.says, &event.text, &event.fields);
        let number = self.by_saying.get(&self.says).copied();
        let at = number.and_then(|number| number.checked_sub(self.gone));
        let run = at.and_then(|at| self.runs.get_mut(at)).filter(|run| {
            let times = run.last.as_ref().unwrap_or(&run.first).stamp.zip(event.stamp);
            times.is_some_and(|(before, now)| (0..=repeat::PAUSE).contains(&now.time.since(before.time)))
        });
        if let (Some(run), Some(number)) = (run, number) {
            run.add(event);
            self.newest = number;
        } else {
            let number = self.begin(event, most);
            match self.by_saying.get_mut(&self.says) {
                Some(last) => *last = number,
                None => drop(self.by_saying.insert(self.says.clone(), number)),
            }
        }
    }

    /// A run begins; where there are too many the oldest goes. Its number.
    fn begin(&mut self, event: Event, most: usize) -> usize {
        if self.runs.len() == most {
            self.dropped += self.runs.pop_front().map_or(0, |run| run.count());
            self.gone += 1;
            // What they said need not be known for ever.
            if self.by_saying.len() > 4 * most {
                let gone = self.gone;
                self.by_saying.retain(|_, number| *number >= gone);
            }
        }
        self.runs.push_back(Run { first: event, last: None, between: 0 });
        self.newest = self.gone + self.runs.len() - 1;
        self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, MemberPath, Severity, Source, Stamp, TimeQuality, Timestamp};

    fn event(second: i64, text: &str) -> Event {
        let source = Source { file: MemberPath::new("f"), line: second as u64 + 1, offset: 0 };
        Event {
            stamp: Some(Stamp { time: Timestamp::from_seconds(second), quality: TimeQuality::Exact }),
            kind: EventKind::VSAN_PEER_UNREACHABLE,
            severity: Severity::Warning,
            rule: "r".to_owned(),
            text: text.to_owned(),
            raw: text.to_owned(),
            fields: [("ip".to_owned(), text.to_owned())].into(),
            source,
        }
    }

    /// Second and count of every event that is kept, and how many are not.
    fn kept(events: impl IntoIterator<Item = Event>) -> (Vec<(i64, u64)>, u64) {
        let mut kept = Kept::default();
        events.into_iter().for_each(|event| kept.push(event));
        let (dropped, events) = kept.into_events();
        let mut told: Vec<(i64, u64)> =
            events.map(|event| (event.source.line as i64 - 1, repeat::times(&event.fields))).collect();
        told.sort_unstable();
        (told, dropped)
    }

    #[test]
    fn what_repeats_is_counted_whatever_comes_between() {
        // Two peers in turn.
        let peer = |n: i64| if n % 2 == 0 { "10.0.0.1" } else { "10.0.0.2" };
        let (told, dropped) = kept((0..5_000).map(|n| event(n, peer(n))));
        assert_eq!((told.len(), dropped), (KEPT + 4, 0));
        assert_eq!(told.iter().map(|(_, count)| count).sum::<u64>(), 5_000);
        let tail = [(600, 1), (601, 1), (4_998, 2_199), (4_999, 2_199)];
        assert_eq!(told[KEPT..], tail, "first and last of each, the last with those between");
    }

    #[test]
    fn a_pause_and_another_saying_begin_a_run_of_their_own() {
        let begin = (0..KEPT as i64).map(|n| event(n, "a"));
        let later = [event(700, "a"), event(701, "b"), event(702, "a"), event(9_000, "a"), event(9_001, "a")];
        let (told, dropped) = kept(begin.chain(later));
        let expected = [(700, 1), (701, 1), (702, 1), (9_000, 1), (9_001, 1)];
        assert_eq!((&told[KEPT..], dropped), (&expected[..], 0));
    }

    #[test]
    fn what_does_not_repeat_is_kept_at_both_ends() {
        let text = |n: i64| format!("naa.{n:x}x");
        let (told, dropped) = kept((0..1_500).map(|n| event(n, &text(n))));
        assert_eq!((told.len(), dropped), (KEPT + RUNS, 600));
        assert_eq!((told[KEPT - 1], told[KEPT]), ((599, 1), (1_200, 1)));
        // A run that is gone is counted with all that it stands for.
        let noisy = (0..1_000).map(|n| event(n, "a"));
        let others = (0..RUNS as i64).map(|n| event(2_000 + n, &text(n)));
        let (told, dropped) = kept(noisy.chain(others));
        assert_eq!((told.len(), dropped), (KEPT + RUNS, 400));
    }

    #[test]
    fn what_must_be_seen_one_by_one_is_no_run() {
        let crash =
            |n: i64| Event { kind: EventKind::HOST_CRASH, severity: Severity::Critical, ..event(n, "a") };
        let (told, dropped) = kept((0..950).map(crash));
        assert_eq!((told.len(), told[0], told[899], dropped), (900, (0, 1), (949, 1), 50));
    }

    #[test]
    fn repeats_that_the_log_counts_are_added() {
        let mut all = Kept::default();
        for n in 0..KEPT as i64 + 4 {
            all.push(event(n, "a"));
            if n == KEPT as i64 + 1 {
                let newest = all.newest().expect("one was pushed");
                newest.fields.insert(repeat::REPEATED.to_owned(), "17".to_owned());
            }
        }
        let (_, events) = all.into_events();
        let count: u64 = events.map(|event| repeat::times(&event.fields)).sum();
        assert_eq!(count, KEPT as u64 + 4 + 17);
    }
}
