//! What the logs of VMs tell of their host: the features that the newest one found there, and when the host's EVC masks
//! changed.

use std::collections::BTreeMap;

use super::super::host::{Host, Seen};
use super::power;
use crate::fact::VmRun;
use crate::fact::feature::FeatureValue;
use crate::model::{Event, EventKind, Severity, Source, Stamp, Timestamp};
use crate::rule::say::Made;

/// The rule that changes of masks are told by.
const RULE: &str = "state.evc-masks";

/// How these events are told.
pub static MADE: &[Made] = &[
    Made {
        rule: RULE,
        fields: &["features", "not_before", "not_after"],
        en: "The EVC masks of {here} changed: {features:list}",
        ja: "{here} の EVC マスクが変わりました：{features:list}",
    },
    power::SAID,
];

/// Changes that are told of one host.
const MOST_CHANGES: usize = 200;
/// Keys that the text of a change names.
const NAMED_KEYS: usize = 8;

type Masks = BTreeMap<String, FeatureValue>;

pub(super) fn settle(host: &mut Host) {
    let all = std::mem::take(&mut host.told.runs);
    host.told.starts = all.iter().map(|(run, source)| (source.file.as_str().to_owned(), run.start)).collect();
    // A VM's folder holds the logs of the hosts that it came from, too.
    let is_here = |run: &VmRun| run.host.as_deref().is_none_or(|name| host.is_called(name));
    let mut runs: Vec<(&VmRun, &Source)> =
        all.iter().filter(|(run, _)| is_here(run)).map(|(run, source)| (run, source)).collect();
    runs.sort_by_key(|(run, source)| (run.from.map(|stamp| stamp.time), *source));
    host.features.seen = runs.iter().rev().find_map(|(run, source)| seen(host, run, source));
    let newest = runs.iter().rev().find(|(run, _)| !run.cpuid.is_empty() && is_since_boot(host, run));
    host.features.cpuid = newest.map(|(run, _)| run.cpuid.clone()).unwrap_or_default();
    let mut made = changes(host, &runs);
    made.extend(runs.iter().filter_map(|(run, source)| power::on(host, run, source)));
    host.told.made = made;
    host.told.runs = all;
}

/// What a run found on its host, where that still holds: it began after the host's last boot, under the masks that the
/// host has now.
fn seen(host: &Host, run: &VmRun, source: &Source) -> Option<Seen> {
    let is_whole = !run.capabilities.is_empty() && !run.requires.is_empty();
    let same_masks = !host.features.masks_known() || (run.evc_known && masks_of(run) == masks_now(host));
    (is_whole && is_since_boot(host, run) && same_masks)
        .then(|| Seen { capabilities: run.capabilities.iter().cloned().collect(), source: source.clone() })
}

/// Whether a run began after the last boot of its host, where that is known.
fn is_since_boot(host: &Host, run: &VmRun) -> bool {
    host.booted_at.is_none_or(|boot| run.from.is_some_and(|from| from.time >= boot))
}

fn masks_of(run: &VmRun) -> Masks {
    run.evc_masks.iter().cloned().collect()
}

fn masks_now(host: &Host) -> Masks {
    host.features.masks.iter().map(|(key, mask)| (key.clone(), mask.value)).collect()
}

/// The changes of the host's masks, each between two runs, or between the last run and the capture.
fn changes(host: &Host, runs: &[(&VmRun, &Source)]) -> Vec<Event> {
    let known = runs.iter().filter(|(run, _)| run.evc_known && run.from.is_some());
    let mut states: Vec<(Timestamp, Masks, Source)> =
        known.filter_map(|(run, source)| Some((run.from?.time, masks_of(run), (*source).clone()))).collect();
    if let (Some(at), Some(config)) = (host.captured_at, &host.features.config) {
        states.push((at, masks_now(host), config.source.clone()));
    }
    let differ = states.windows(2).filter(|pair| pair[0].1 != pair[1].1 && pair[0].0 <= pair[1].0);
    differ.take(MOST_CHANGES).map(|pair| change(&pair[0], &pair[1])).collect()
}

fn change(before: &(Timestamp, Masks, Source), after: &(Timestamp, Masks, Source)) -> Event {
    let mut told: Vec<String> = Vec::new();
    let keys: std::collections::BTreeSet<&String> = before.1.keys().chain(after.1.keys()).collect();
    let changed: Vec<&String> =
        keys.into_iter().filter(|key| before.1.get(*key) != after.1.get(*key)).collect();
    let value =
        |masks: &Masks, key: &str| masks.get(key).map_or_else(|| "not set".to_owned(), ToString::to_string);
    for key in changed.iter().take(NAMED_KEYS) {
        told.push(format!("{key} {} → {}", value(&before.1, key), value(&after.1, key)));
    }
    if changed.len() > NAMED_KEYS {
        told.push(format!("{} more", changed.len() - NAMED_KEYS));
    }
    let text = format!("EVC masks of the host changed: {}", told.join(", "));
    let names: Vec<&str> = changed.iter().map(|key| key.as_str()).collect();
    let fields = [
        ("features", names.join(",")),
        ("not_before", before.0.to_string()),
        ("not_after", after.0.to_string()),
    ];
    Event {
        stamp: Some(Stamp::estimated(after.0)),
        kind: EventKind::EVC_MASK_CHANGED,
        severity: Severity::Info,
        rule: RULE.to_owned(),
        raw: text.clone(),
        text,
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        source: after.2.clone(),
    }
}
