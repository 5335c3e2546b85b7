//! Events become incidents: which count, what they are about, whether they are enough, and who else tells of the same.

use std::collections::{BTreeMap, BTreeSet};

use super::Known;
use crate::case::{Case, Moment, SpanKind};
use crate::model::{HostKind, Timestamp};
use crate::rule::repeat::REPEATED;
use crate::verdict::Finding;
use crate::verdict::host::is_down;

/// A finding explains events from so many seconds before its first to so many after its last.
const NEAR: i64 = 900;

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
}

/// When hosts were in maintenance mode: what happens to them then is meant.
pub(super) struct Times {
    maintenance: Vec<(usize, Option<Timestamp>, Option<Timestamp>)>,
}

impl Times {
    pub(super) fn of(case: &Case) -> Self {
        let spans = case.spans().into_iter().filter(|span| span.kind == SpanKind::Maintenance);
        Times { maintenance: spans.map(|span| (span.host, span.from, span.to)).collect() }
    }

    /// Whether the host was in maintenance mode, down, or on its way there or back.
    fn is_meant(&self, case: &Case, host: usize, at: Timestamp) -> bool {
        let within = |(of, from, to): &(usize, Option<Timestamp>, Option<Timestamp>)| {
            *of == host && from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to)
        };
        self.maintenance.iter().any(within)
            || case.stops.iter().any(|stop| stop.host == host && is_down(stop, at))
    }
}

/// What one host tells of one object.
struct Told<'c> {
    lines: Vec<&'c Moment>,
    back: Vec<&'c Moment>,
}

/// The incidents of `known` that `case` tells of and `found` does not explain.
pub(in crate::verdict) fn incidents<'c>(
    case: &'c Case,
    found: &[Finding],
    known: &Known,
) -> Vec<Incident<'c>> {
    of_known(case, &Times::of(case), found, known)
}

pub(super) fn of_known<'c>(
    case: &'c Case,
    times: &Times,
    found: &[Finding],
    known: &Known,
) -> Vec<Incident<'c>> {
    let mut told: BTreeMap<(usize, &str), Told<'c>> = BTreeMap::new();
    for moment in case.timeline.iter().filter(|moment| known.kinds.contains(&moment.event.kind)) {
        let host = subject(case, moment);
        let is_one = (known.counts)(moment)
            && !times.is_meant(case, host, moment.time)
            && !is_explained(case, found, known, host, moment.time);
        if is_one {
            let empty = || Told { lines: Vec::new(), back: Vec::new() };
            told.entry((host, object(known, moment))).or_insert_with(empty).lines.push(moment);
        }
    }
    without_nameless(known, &mut told);
    let ends = ends(case, known);
    for ((host, object), told) in &mut told {
        told.back = ends_of(&ends, known, *host, object);
    }
    told.retain(|_, told| is_enough(known, told));
    joined(known, told)
}

/// The host that an event is about: vCenter tells of others.
fn subject(case: &Case, moment: &Moment) -> usize {
    let is_vcenter = case.hosts.get(moment.host).is_some_and(|host| host.kind == HostKind::Vcenter);
    let named = moment.field("host_name").filter(|_| is_vcenter);
    named.and_then(|name| case.host_called(name).or_else(|| case.position(name))).unwrap_or(moment.host)
}

/// What an event is about, empty where it does not say.
fn object<'c>(known: &Known, moment: &'c Moment) -> &'c str {
    let told = known.object.iter().find_map(|field| moment.field(field));
    let is_device = known.object.first() == Some(&"device");
    told.or_else(|| is_device.then(|| device_in(&moment.event.text)).flatten()).unwrap_or_default()
}

/// `Device naa.600508b1001c has been removed or is permanently inaccessible.` names `naa.600508b1001c`.
fn device_in(text: &str) -> Option<&str> {
    let words = text.split(|c: char| c.is_whitespace() || "[]()\"',;".contains(c));
    let mut words = words.map(|word| word.trim_end_matches(['.', ':']));
    words.find(|word| ["naa.", "eui.", "t10.", "mpx."].iter().any(|sort| word.starts_with(sort)))
}

/// Lines that name no object repeat what others of the host tell, or of any host where it is shared, near in time.
fn without_nameless<'c>(known: &Known, told: &mut BTreeMap<(usize, &'c str), Told<'c>>) {
    // Of what is shared the host does not matter.
    let teller = |host: usize| if known.is_shared { usize::MAX } else { host };
    let mut named: BTreeMap<usize, Vec<Timestamp>> = BTreeMap::new();
    for ((host, _), told) in told.iter().filter(|((_, object), _)| !object.is_empty()) {
        named.entry(teller(*host)).or_default().extend(told.lines.iter().map(|line| line.time));
    }
    named.values_mut().for_each(|times| times.sort_unstable());
    let repeats = |host: usize, at: Timestamp| {
        let times = named.get(&teller(host)).map_or(&[][..], Vec::as_slice);
        let next = times.partition_point(|time| *time < at.plus_seconds(-NEAR));
        times.get(next).is_some_and(|time| *time <= at.plus_seconds(NEAR))
    };
    told.retain(|(host, object), told| {
        if object.is_empty() {
            told.lines.retain(|line| !repeats(*host, line.time));
        }
        !told.lines.is_empty()
    });
}

/// The events that say of something that it was over.
fn ends<'c>(case: &'c Case, known: &Known) -> Vec<&'c Moment> {
    let kinds = known.need.lasts.map_or(&[][..], |(kinds, _)| kinds);
    case.timeline.iter().filter(|moment| kinds.contains(&moment.event.kind)).collect()
}

/// Those of `ends` that a host tells of this object.
fn ends_of<'c>(ends: &[&'c Moment], known: &Known, host: usize, about: &str) -> Vec<&'c Moment> {
    let is_its = |moment: &&&Moment| {
        moment.host == host && (about.is_empty() || [about, ""].contains(&object(known, moment)))
    };
    ends.iter().filter(is_its).copied().collect()
}

/// Whether a stronger finding tells of what happened to the host then.
fn is_explained(case: &Case, found: &[Finding], known: &Known, host: usize, at: Timestamp) -> bool {
    let id = case.hosts.get(host).map(|host| host.id.as_str());
    found.iter().any(|finding| {
        let is_about =
            || finding.hosts.contains(&host) || id.is_some() && finding.details["host"].as_str() == id;
        let is_stronger =
            known.yields_to_any.contains(&finding.id) || known.yields_to.contains(&finding.id) && is_about();
        is_stronger && is_near(finding, at)
    })
}

fn is_near(finding: &Finding, at: Timestamp) -> bool {
    let from = finding.first_seen.map(|first| first.plus_seconds(-NEAR));
    let to = finding.last_seen.map(|last| last.plus_seconds(NEAR));
    from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to)
}

/// Whether what a host tells of an object is an incident.
fn is_enough(known: &Known, told: &Told<'_>) -> bool {
    let need = &known.need;
    if told.lines.iter().any(|line| (need.alone)(line)) {
        return true;
    }
    let times = occurrences(&told.lines, need.apart);
    let (count, within) = need.repeats;
    let is_repeated =
        times.windows(count.max(1)).any(|some| some[some.len() - 1].since(some[0]) <= within * 1_000_000);
    // A noisy log is thinned, and what it said between is counted.
    let is_counted = told.lines.iter().filter_map(|line| line.field(REPEATED)?.parse::<usize>().ok());
    let is_repeated = is_repeated || is_counted.max().is_some_and(|more| more >= count);
    let Some((_, lasts)) = need.lasts else { return is_repeated };
    let is_first_kind = |line: &&&Moment| known.kinds.first() == Some(&line.event.kind);
    let begun: Vec<&Moment> = told.lines.iter().filter(is_first_kind).copied().collect();
    // A kind beside the first says by itself that it lasted.
    let has_other = begun.len() < told.lines.len();
    let ended =
        |at: Timestamp| told.back.iter().any(|end| (0..lasts * 1_000_000).contains(&end.time.since(at)));
    is_repeated || has_other || occurrences(&begun, need.apart).into_iter().any(|at| !ended(at))
}

/// When each occurrence began: several logs tell of one.
fn occurrences(lines: &[&Moment], apart: i64) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = Vec::new();
    for line in lines {
        if times.last().is_none_or(|last| line.time.since(*last) >= apart * 1_000_000) {
            times.push(line.time);
        }
    }
    times
}

/// What several hosts tell of one object is one incident where it is shared; objects of the same hosts stand together.
fn joined<'c>(known: &Known, told: BTreeMap<(usize, &'c str), Told<'c>>) -> Vec<Incident<'c>> {
    let mut sharers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (host, object) in told.keys() {
        sharers.entry(object).or_default().insert(*host);
    }
    let mut groups: BTreeMap<Vec<usize>, Incident<'c>> = BTreeMap::new();
    for ((host, object), told) in told {
        let of_object = sharers.get(object).filter(|_| known.is_shared && !object.is_empty());
        let hosts = of_object.map_or_else(|| vec![host], |hosts| hosts.iter().copied().collect());
        let new = || Incident { hosts: hosts.clone(), objects: vec![], lines: vec![], back: vec![] };
        let incident = groups.entry(hosts.clone()).or_insert_with(new);
        if !object.is_empty() && !incident.objects.contains(&object) {
            incident.objects.push(object);
        }
        incident.lines.extend(told.lines);
        incident.back.extend(told.back);
    }
    let mut incidents: Vec<Incident<'c>> = groups.into_values().collect();
    for incident in &mut incidents {
        incident.lines.sort_by_key(|line| line.time);
        let first = incident.lines.first().map(|line| line.time);
        incident.back.retain(|end| first.is_none_or(|first| first <= end.time));
        incident.back.sort_by_key(|line| line.time);
    }
    incidents
}
