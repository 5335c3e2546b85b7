//! How many events each host had in each stretch of time, by kind and severity. Every event of the case is counted, those
//! too that are not listed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::lanes::{STEPS, step_for};
use crate::model::EventKind;
use crate::report::timeline::TimelineEntry;

/// Stretches of time over the whole period, at most; about one for two pixels of a wide screen.
const STRETCHES: i64 = 1_500;
/// Numbers that differ from nothing, at most: each is about eight bytes.
const CELLS: usize = 24_000;

/// Counts by host, stretch, kind and severity.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Where the first stretch begins, in microseconds since 1970.
    from: i64,
    /// How long a stretch is, in microseconds.
    bucket: i64,
    /// For each host, three numbers a cell: stretches since the cell before, kind × 4 + severity, events.
    cells: Vec<Vec<i64>>,
}

/// Host, stretch, kind × 4 + severity.
type Cell = (usize, i64, i64);
/// Host, microseconds since 1970, kind × 4 + severity.
type Place = (usize, i64, i64);

impl Counts {
    /// The counts of `entries`, which are in the order of time, in the shortest stretches that have room. `kinds` are
    /// ascending.
    pub fn of(entries: &[TimelineEntry], hosts: &BTreeMap<&str, usize>, kinds: &[EventKind]) -> Counts {
        let from = entries.first().map_or(0, |entry| entry.time.micros());
        let length = entries.last().map_or(0, |entry| entry.time.micros().saturating_sub(from));
        let shortest = step_for(length, STRETCHES);
        let steps = STEPS.iter().map(|step| step * 1_000_000).filter(|step| *step >= shortest);
        let places = places(entries, hosts, kinds);
        let cells = |start: i64, bucket: i64, most: usize| {
            let cell = |&(host, micros, sort): &Place| (host, micros.saturating_sub(start) / bucket, sort);
            gather(places.iter().map(cell), most)
        };
        let fitting = steps.into_iter().find_map(|bucket| {
            let start = from.div_euclid(bucket) * bucket;
            Some((start, bucket, cells(start, bucket, CELLS)?))
        });
        // One stretch over all has the fewest cells: one for each host, kind and severity.
        let (from, bucket, cells) = fitting.unwrap_or_else(|| {
            let whole = length.saturating_add(1);
            (from, whole, cells(from, whole, usize::MAX).unwrap_or_default())
        });
        Counts { from, bucket, cells: packed(&cells, hosts.len()) }
    }
}

/// Where `entries` of known hosts and kinds are counted. They are looked up once, however many stretches are tried.
fn places(entries: &[TimelineEntry], hosts: &BTreeMap<&str, usize>, kinds: &[EventKind]) -> Vec<Place> {
    let place = |entry: &TimelineEntry| {
        let host = *hosts.get(entry.host.as_str())?;
        let kind = kinds.binary_search(&entry.kind).ok()?;
        Some((host, entry.time.micros(), (kind * 4 + entry.severity as usize) as i64))
    };
    entries.iter().filter_map(place).collect()
}

/// The number of times that each cell is there; `None` where there are more than `most` cells.
fn gather(places: impl Iterator<Item = Cell>, most: usize) -> Option<BTreeMap<Cell, i64>> {
    let mut cells = BTreeMap::new();
    for place in places {
        *cells.entry(place).or_default() += 1;
        if cells.len() > most {
            return None;
        }
    }
    Some(cells)
}

fn packed(cells: &BTreeMap<Cell, i64>, hosts: usize) -> Vec<Vec<i64>> {
    let mut lanes = vec![Vec::new(); hosts];
    let mut before = (usize::MAX, 0);
    for (&(host, stretch, sort), &count) in cells {
        let since = if before.0 == host { stretch - before.1 } else { stretch };
        before = (host, stretch);
        lanes[host].extend([since, sort, count]);
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::super::super::super::timeline::SourceRef;
    use super::*;
    use crate::model::{Severity, TimeQuality, Timestamp};

    fn entry(second: i64, host: &str, kind: EventKind, severity: Severity) -> TimelineEntry {
        TimelineEntry {
            time: Timestamp::from_seconds(second),
            time_quality: TimeQuality::Exact,
            host: host.into(),
            source: SourceRef { file: "var/run/log/vmkernel.log".into(), line: 1, offset: 0 },
            kind,
            severity,
            text: String::new(),
            fields: BTreeMap::new(),
            message: String::new(),
            findings: Vec::new(),
        }
    }

    const KINDS: [EventKind; 2] = [EventKind::HOST_BOOT, EventKind::NET_LINK_DOWN];

    fn of(entries: &[TimelineEntry]) -> Counts {
        Counts::of(entries, &BTreeMap::from([("a", 0), ("b", 1)]), &KINDS)
    }

    /// The events that `counts` counts.
    fn total(counts: &Counts) -> i64 {
        counts.cells.iter().flat_map(|lane| lane.chunks(3)).map(|cell| cell[2]).sum()
    }

    #[test]
    fn cells_are_told_by_their_distance() {
        let [boot, link] = KINDS;
        let counts = of(&[
            entry(100, "a", boot, Severity::Info),
            entry(100, "a", link, Severity::Error),
            entry(100, "a", link, Severity::Error),
            entry(103, "b", boot, Severity::Critical),
            entry(107, "a", boot, Severity::Info),
            entry(107, "stranger", boot, Severity::Info),
        ]);
        let cells = vec![vec![0, 0, 1, 0, 6, 2, 7, 0, 1], vec![3, 3, 1]];
        assert_eq!(counts, Counts { from: 100_000_000, bucket: 1_000_000, cells });
    }

    #[test]
    fn many_cells_make_longer_stretches_and_lose_no_event() {
        let kind = |n: i64| KINDS[n as usize % 2];
        let severity = |n: i64| Severity::ALL[n as usize / 2 % 4];
        let host = |n: i64| ["a", "b"][n as usize / 8 % 2];
        let entries: Vec<_> = (0..40_000).map(|n| entry(n, host(n), kind(n), severity(n))).collect();
        let counts = of(&entries);
        assert_eq!(total(&counts), 40_000);
        let cells: usize = counts.cells.iter().map(|lane| lane.len() / 3).sum();
        assert!(cells <= CELLS && cells > CELLS / 8, "{cells}");
    }

    #[test]
    fn a_stamp_in_another_age_is_counted() {
        let far = 9_000_000_000_000;
        let counts =
            of(&[entry(0, "a", KINDS[0], Severity::Info), entry(far, "b", KINDS[0], Severity::Info)]);
        assert_eq!(total(&counts), 2);
        assert_eq!(of(&[]).cells, [Vec::<i64>::new(), Vec::new()]);
    }
}
