//! Events become incidents: which count, what they are about, whether they are enough, and who else tells of the same.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::explain::Stronger;
use super::join::{Told, joined};
use super::{Across, Known, NEAR};
use crate::case::{Case, Moment, SpanKind};
use crate::model::{EventKind, HostKind, Timestamp};
use crate::rule;
use crate::rule::repeat::{self, REPEATED};
use crate::verdict::Finding;
use crate::verdict::host::is_down;

/// What comes later than so many seconds after the line before is another incident.
pub(super) const PAUSE: i64 = 86_400;
/// Fields that name what an event is about.
const NAMES: &[&str] = &["device", "path", "hba", "target", "datastore", "server", "nic", "switch"];
/// Repeats of one line that are reckoned with: no entry needs more.
const REPEATS: i64 = 1_000;

/// One incident: on the same hosts, with all that it is about.
pub(in crate::verdict) struct Incident<'c> {
    /// Hosts that it happened on: indices into the case's hosts.
    pub hosts: Vec<usize>,
    /// Names of what it is about, as the events tell them.
    pub objects: Vec<&'c str>,
    /// The events that tell of it, in the order of time.
    pub lines: Vec<&'c Moment>,
    /// The events that tell of its end.
    pub back: Vec<&'c Moment>,
    /// Whether all of it ended: each object on each host, after its last line.
    pub is_over: bool,
}

/// An event with its place in the timeline.
type Placed<'c> = (usize, &'c Moment);

/// What all entries ask of a case, put together once for them all.
pub(super) struct Ground<'c> {
    pub(super) case: &'c Case,
    /// The events of each kind, in the order of the timeline.
    by_kind: BTreeMap<EventKind, Vec<Placed<'c>>>,
    /// When hosts were in maintenance mode: what happens to them then is meant.
    maintenance: Vec<(usize, Option<Timestamp>, Option<Timestamp>)>,
}

impl<'c> Ground<'c> {
    pub(super) fn of(case: &'c Case) -> Self {
        let mut by_kind: BTreeMap<EventKind, Vec<Placed<'_>>> = BTreeMap::new();
        for (at, moment) in case.timeline.iter().enumerate() {
            by_kind.entry(moment.event.kind).or_default().push((at, moment));
        }
        let spans = case.spans().into_iter().filter(|span| span.kind == SpanKind::Maintenance);
        let maintenance = spans.map(|span| (span.host, span.from, span.to)).collect();
        Ground { case, by_kind, maintenance }
    }

    /// The events of these kinds, in the order of the timeline.
    fn events(&self, kinds: &[EventKind]) -> Vec<&'c Moment> {
        self.parts(kinds, |events| events)
    }

    /// Those of them in `times`.
    pub(super) fn events_in(&self, kinds: &[EventKind], times: RangeInclusive<Timestamp>) -> Vec<&'c Moment> {
        self.parts(kinds, |events| {
            let from = events.partition_point(|(_, moment)| moment.time < *times.start());
            let to = events.partition_point(|(_, moment)| moment.time <= *times.end());
            &events[from..to.max(from)]
        })
    }

    /// What `part` leaves of the events of each of these kinds, in the order of the timeline.
    fn parts(
        &self,
        kinds: &[EventKind],
        part: impl for<'p> Fn(&'p [Placed<'c>]) -> &'p [Placed<'c>],
    ) -> Vec<&'c Moment> {
        let of_kinds = kinds.iter().filter_map(|kind| self.by_kind.get(kind)).flat_map(|events| part(events));
        let mut events: Vec<Placed<'c>> = of_kinds.copied().collect();
        events.sort_by_key(|(at, _)| *at);
        events.into_iter().map(|(_, moment)| moment).collect()
    }

    /// Whether the host was in maintenance mode, down, or on its way there or back, and that explains events of `known`.
    fn is_meant(&self, known: &Known, host: usize, at: Timestamp) -> bool {
        let within = |(of, from, to): &(usize, Option<Timestamp>, Option<Timestamp>)| {
            *of == host && from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to)
        };
        self.maintenance.iter().any(within)
            || !known.is_told_at_stops
                && self.case.stops.iter().any(|stop| stop.host == host && is_down(stop, at))
    }
}

/// The incidents of `known` that the case of `ground` tells of and `found` does not explain.
pub(super) fn incidents<'c>(ground: &Ground<'c>, found: &[Finding], known: &Known) -> Vec<Incident<'c>> {
    let raising = ground.events(known.kinds).into_iter().filter(|moment| is_told(known, moment));
    let raising = raising.map(|moment| (subject(ground.case, moment), moment));
    let mut raising = raising.filter(|(host, moment)| !ground.is_meant(known, *host, moment.time)).peekable();
    // Most entries are raised by no event: what would explain it need not be put together.
    if raising.peek().is_none() {
        return Vec::new();
    }
    let stronger = Stronger::of(ground, found, known);
    let mut lines: Lines<'c> = BTreeMap::new();
    for (host, moment) in raising.filter(|(host, moment)| !stronger.explains(known, *host, moment)) {
        lines.entry((host, object(known, moment))).or_default().push(moment);
    }
    without_nameless(known, &mut lines);
    let ends = ground.events(known.need.lasts.map_or(&[][..], |(kinds, _)| kinds));
    let told = lines.into_iter().flat_map(|((host, object), lines)| {
        let ends = ends_of(&ends, known, host, object);
        episodes(lines).into_iter().map(move |lines| Told::new(known, host, object, lines, &ends))
    });
    joined(known, told.filter(|told| is_enough(known, told)).collect())
}

/// The lines by host and object.
type Lines<'c> = BTreeMap<(usize, &'c str), Vec<&'c Moment>>;

/// Whether an event raises `known`.
pub(super) fn is_told(known: &Known, moment: &Moment) -> bool {
    known.kinds.contains(&moment.event.kind)
        && (known.counts)(moment)
        // A rule of the user's own says what its kind says and no more: what it is about, the catalogue does not know.
        && rule::is_built_in(&moment.event.rule)
}

/// Lines in the order of time, parted where there is none for long.
fn episodes(lines: Vec<&Moment>) -> Vec<Vec<&Moment>> {
    let is_one = |one: &&Moment, next: &&Moment| next.time.since(one.time) <= PAUSE * 1_000_000;
    lines.chunk_by(is_one).map(<[&Moment]>::to_vec).collect()
}

/// The host that an event is about: vCenter tells of others.
pub(in crate::verdict) fn subject(case: &Case, moment: &Moment) -> usize {
    let is_vcenter = case.hosts.get(moment.host).is_some_and(|host| host.kind == HostKind::Vcenter);
    let named = moment.field("host_name").filter(|_| is_vcenter);
    named.and_then(|name| case.host_called(name).or_else(|| case.position(name))).unwrap_or(moment.host)
}

/// What an event is about, empty where it does not say.
pub(super) fn object<'c>(known: &Known, moment: &'c Moment) -> &'c str {
    let told = known.object.iter().find_map(|field| moment.field(field));
    let is_device = known.object.first() == Some(&"device");
    told.or_else(|| is_device.then(|| device_in(&moment.event.text)).flatten()).unwrap_or_default()
}

/// `Device naa.600508b1001c has been removed or is permanently inaccessible.` names `naa.600508b1001c`.
pub(super) fn device_in(text: &str) -> Option<&str> {
    let words = text.split(|c: char| c.is_whitespace() || "[]()\"',;".contains(c));
    let mut words = words.map(|word| word.trim_end_matches(['.', ':']));
    words.find(|word| ["naa.", "eui.", "t10.", "mpx."].iter().any(|sort| word.starts_with(sort)))
}

/// Lines that name no object repeat what others of the host tell, or of any host where it is shared, near in time.
fn without_nameless<'c>(known: &Known, told: &mut Lines<'c>) {
    // Of what is shared the host does not matter.
    let is_shared = !matches!(known.across, Across::Each);
    let teller = |host: usize| if is_shared { usize::MAX } else { host };
    let mut named: BTreeMap<usize, Vec<Timestamp>> = BTreeMap::new();
    for ((host, _), lines) in told.iter().filter(|((_, object), _)| !object.is_empty()) {
        named.entry(teller(*host)).or_default().extend(lines.iter().map(|line| line.time));
    }
    named.values_mut().for_each(|times| times.sort_unstable());
    let repeats = |host: usize, at: Timestamp| {
        let times = named.get(&teller(host)).map_or(&[][..], Vec::as_slice);
        let next = times.partition_point(|time| *time < at.plus_seconds(-NEAR));
        times.get(next).is_some_and(|time| *time <= at.plus_seconds(NEAR))
    };
    told.retain(|(host, object), lines| {
        if object.is_empty() {
            lines.retain(|line| !repeats(*host, line.time));
        }
        !lines.is_empty()
    });
}

/// Those of `ends` that a host tells of this object; of a VM whoever tells it, as it starts on another host.
fn ends_of<'c>(ends: &[&'c Moment], known: &Known, host: usize, about: &str) -> Vec<&'c Moment> {
    let is_vm = known.object.first() == Some(&"vm");
    let is_its = |moment: &&&Moment| {
        let named = object(known, moment);
        if is_vm {
            return about.is_empty() || named == about;
        }
        // What names something of another sort is no end of this.
        let is_open = || named.is_empty() && NAMES.iter().all(|field| moment.field(field).is_none());
        moment.host == host && (about.is_empty() || named == about || is_open())
    };
    ends.iter().filter(is_its).copied().collect()
}

/// Whether what a host tells of an object is an incident.
fn is_enough(known: &Known, told: &Told<'_>) -> bool {
    let need = &known.need;
    if told.lines.iter().any(|line| (need.alone)(line)) {
        return true;
    }
    // A noisy log is thinned, and what it said between is counted.
    let all = told.lines.iter().flat_map(|line| repeats_of(line)).collect();
    let times = occurrences(all, need.apart);
    let (count, within) = need.repeats;
    let is_repeated =
        times.windows(count.max(1)).any(|some| some[some.len() - 1].since(some[0]) <= within * 1_000_000);
    let Some((_, lasts)) = need.lasts else { return is_repeated };
    let is_first_kind = |line: &&&Moment| known.kinds.first() == Some(&line.event.kind);
    let begun: Vec<&Moment> = told.lines.iter().filter(is_first_kind).copied().collect();
    // A kind beside the first says by itself that it lasted.
    let has_other = begun.len() < told.lines.len();
    let ended =
        |at: Timestamp| told.back.iter().any(|end| (0..lasts * 1_000_000).contains(&end.time.since(at)));
    let begun = begun.iter().map(|line| line.time).collect();
    is_repeated || has_other || occurrences(begun, need.apart).into_iter().any(|at| !ended(at))
}

/// When a line was told: where it stands for repeats, these as well, evenly over the time that they took.
fn repeats_of(line: &Moment) -> Vec<Timestamp> {
    let number = |field: &str| line.field(field)?.parse::<i64>().ok().filter(|number| *number > 0);
    let between = number(REPEATED).map_or(0, |more| more.min(REPEATS));
    // Without a length they may all have come at once.
    let length = number(repeat::FOR).unwrap_or(0);
    let step = length / (between + 1);
    (0..=between).rev().map(|back| line.time.plus_micros(-step * back)).collect()
}

/// When each occurrence began: several logs tell of one.
fn occurrences(mut all: Vec<Timestamp>, apart: i64) -> Vec<Timestamp> {
    all.sort_unstable();
    let mut times: Vec<Timestamp> = Vec::new();
    for time in all {
        if times.last().is_none_or(|last| time.since(*last) >= apart * 1_000_000) {
            times.push(time);
        }
    }
    times
}
