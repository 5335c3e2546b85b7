//! What hosts tell of objects becomes incidents: who else tells of the same at that time, and what stands together.

use std::collections::{BTreeMap, BTreeSet};

use super::incident::{Incident, PAUSE, object};
use super::{Across, Known, NEAR};
use crate::case::Moment;

/// What one host tells of one object, without a long pause.
pub(super) struct Told<'c> {
    host: usize,
    object: &'c str,
    /// A name of the object that no other object has, on whatever host.
    key: Option<String>,
    /// What it tells, in the order of time.
    pub lines: Vec<&'c Moment>,
    /// That it was over.
    pub back: Vec<&'c Moment>,
}

impl<'c> Told<'c> {
    /// `ends` are those of this host and object, in the order of time.
    pub(super) fn new(
        known: &Known,
        host: usize,
        object: &'c str,
        lines: Vec<&'c Moment>,
        ends: &[&'c Moment],
    ) -> Self {
        let first = lines.first().map(|line| line.time);
        let last = lines.last().map(|line| line.time.plus_seconds(PAUSE));
        let is_its = |end: &&&Moment| {
            first.is_none_or(|first| first <= end.time) && last.is_none_or(|last| end.time <= last)
        };
        let key = lines.iter().find_map(|line| key(known, line));
        Told { host, object, key, back: ends.iter().filter(is_its).copied().collect(), lines }
    }

    fn is_over(&self) -> bool {
        let last = |lines: &[&Moment]| lines.last().map(|line| line.time);
        last(&self.back).is_some_and(|back| last(&self.lines).is_none_or(|line| line <= back))
    }
}

/// The name of a line's object that holds on every host: an identifier of the device or target, the volume's UUID, what an NFS
/// server exports. Names of datastores, adapters and paths are each host's own.
fn key(known: &Known, line: &Moment) -> Option<String> {
    let name = object(known, line);
    let is_global = ["naa.", "eui.", "t10.", "iqn."].iter().any(|sort| name.starts_with(sort));
    if is_global || is_volume(name) || (known.object.first() == Some(&"vm") && !name.is_empty()) {
        return Some(name.to_owned());
    }
    if known.object.first() != Some(&"datastore") {
        return None;
    }
    let share = line.field("server").zip(line.field("share"));
    let share = share.map(|(server, share)| format!("{server}:{share}"));
    share.or_else(|| line.field("volume").filter(|volume| is_volume(volume)).map(str::to_owned))
}

/// `5e0a1b2c-3d4e5f60-7182-001b21a0b0c0`, `8a5a1336-3d574c6d`.
pub(super) fn is_volume(name: &str) -> bool {
    let mut parts = name.split('-');
    let is_hex = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_long = |part: Option<&str>| part.is_some_and(|part| part.len() == 8 && is_hex(part));
    is_long(parts.next()) && is_long(parts.next()) && parts.all(is_hex)
}

/// What several hosts tell of one object at one time is one incident where that may be; objects of the same hosts stand
/// together where there is no long pause between.
pub(super) fn joined<'c>(known: &Known, told: Vec<Told<'c>>) -> Vec<Incident<'c>> {
    let labels = labels(known, &told);
    let mut shared: BTreeMap<usize, Vec<Told<'c>>> = BTreeMap::new();
    for (label, told) in labels.into_iter().zip(told) {
        shared.entry(label).or_default().push(told);
    }
    let mut by_hosts: BTreeMap<Vec<usize>, Vec<Vec<Told<'c>>>> = BTreeMap::new();
    for told in shared.into_values() {
        let hosts: BTreeSet<usize> = told.iter().map(|told| told.host).collect();
        by_hosts.entry(hosts.into_iter().collect()).or_default().push(told);
    }
    by_hosts.into_iter().flat_map(|(hosts, parts)| together(&hosts, parts)).collect()
}

/// For each of `told` the first of those that tell of the same.
fn labels(known: &Known, told: &[Told<'_>]) -> Vec<usize> {
    let mut labels: Vec<usize> = (0..told.len()).collect();
    if matches!(known.across, Across::Each) {
        return labels;
    }
    let mut by_key: BTreeMap<&str, Vec<(&Moment, usize)>> = BTreeMap::new();
    for (at, told) in told.iter().enumerate() {
        let Some(key) = told.key.as_deref() else { continue };
        by_key.entry(key).or_default().extend(told.lines.iter().map(|line| (*line, at)));
    }
    for mut lines in by_key.into_values() {
        lines.sort_by_key(|(line, at)| (line.time, *at));
        for pair in lines.windows(2) {
            let [(one, before), (next, after)] = pair else { continue };
            let (one_label, next_label) = (labels[*before], labels[*after]);
            if one_label != next_label && next.time.since(one.time) <= NEAR * 1_000_000 {
                let (kept, gone) = (one_label.min(next_label), one_label.max(next_label));
                labels.iter_mut().filter(|label| **label == gone).for_each(|label| *label = kept);
            }
        }
    }
    labels
}

/// The incidents of these hosts: parts that follow each other without a long pause are one.
fn together<'c>(hosts: &[usize], parts: Vec<Vec<Told<'c>>>) -> Vec<Incident<'c>> {
    let mut parts: Vec<Incident<'c>> = parts.into_iter().map(|told| incident(hosts, told)).collect();
    let first = |incident: &Incident<'_>| incident.lines.first().map(|line| line.time);
    parts.sort_by_key(first);
    let mut incidents: Vec<Incident<'c>> = Vec::new();
    for part in parts {
        let last = incidents.last().and_then(|before| before.lines.last()).map(|line| line.time);
        let follows =
            last.zip(first(&part)).is_some_and(|(last, first)| first.since(last) <= PAUSE * 1_000_000);
        match incidents.last_mut().filter(|_| follows) {
            Some(before) => before.add(part),
            None => incidents.push(part),
        }
    }
    incidents
}

fn incident<'c>(hosts: &[usize], told: Vec<Told<'c>>) -> Incident<'c> {
    let is_over = true;
    let mut incident =
        Incident { hosts: hosts.to_vec(), objects: vec![], lines: vec![], back: vec![], is_over };
    for told in told {
        let is_over = told.is_over();
        let objects = if told.object.is_empty() { vec![] } else { vec![told.object] };
        let Told { lines, back, .. } = told;
        incident.add(Incident { hosts: vec![], objects, lines, back, is_over });
    }
    incident
}

impl<'c> Incident<'c> {
    /// Takes what belongs to it as well.
    fn add(&mut self, other: Incident<'c>) {
        for object in other.objects {
            if !self.objects.contains(&object) {
                self.objects.push(object);
            }
        }
        self.lines.extend(other.lines);
        self.lines.sort_by_key(|line| line.time);
        self.back.extend(other.back);
        self.back.sort_by_key(|line| line.time);
        self.is_over &= other.is_over;
    }
}
