//! One capture of a host: what its bundle says of the host at one time, and what changed between two of them.

use std::collections::{BTreeMap, BTreeSet};

use super::host::Host;
use crate::bundle::tree;
use crate::digest::LogCoverage;
use crate::fact::{Fact, FactValue};
use crate::model::Timestamp;

/// What one bundle says of its host: the state that two captures are compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The bundle as given.
    pub bundle: String,
    /// SHA-256 of the input.
    pub sha256: String,
    /// When it was taken.
    pub captured_at: Option<Timestamp>,
    /// When the host had last booted then.
    pub booted_at: Option<Timestamp>,
    /// `6.7.0`
    pub version: Option<String>,
    /// `14320388`
    pub build: Option<String>,
    /// The release name: `6.7 U3`.
    pub update: Option<String>,
    /// BIOS version.
    pub bios: Option<String>,
    /// Running microcode revision.
    pub microcode: Option<u64>,
    /// Running VMs; `None` where no list of them was in the bundle.
    pub running_vms: Option<u64>,
    /// `Local Node State` of vSAN.
    pub vsan_state: Option<String>,
    /// `Sub-Cluster Member Count`.
    pub vsan_members: Option<u64>,
    /// Entries of the unicast agent list.
    pub unicast_peers: Option<u64>,
    /// EVC masks as written, by feature key; `None` where the bundle does not tell them.
    pub masks: Option<BTreeMap<String, String>>,
    /// Members that were read.
    pub members_read: u64,
    /// Members that hold nothing that is known.
    pub members_skipped: u64,
}

impl Capture {
    /// The capture that `host` was made of, before other captures join it.
    pub(super) fn of(host: &Host) -> Capture {
        let vsan = host.vsan.as_ref().map(|vsan| &vsan.value);
        let masks = || host.features.masks.iter().map(|(key, mask)| (key.clone(), mask.value.to_string()));
        Capture {
            bundle: host.bundle.clone(),
            sha256: host.sha256.clone(),
            captured_at: host.captured_at,
            booted_at: host.booted_at,
            version: host.version.clone(),
            build: host.build.clone(),
            update: host.placed.as_ref().map(|placed| placed.name.clone()),
            bios: host.bios.clone(),
            microcode: host.microcode.as_ref().map(|microcode| microcode.value),
            running_vms: host.running.as_ref().map(|running| running.len() as u64),
            vsan_state: vsan.and_then(|vsan| vsan.state.clone()),
            vsan_members: vsan.and_then(|vsan| vsan.member_count),
            unicast_peers: host.unicast.as_ref().map(|agents| agents.value.len() as u64),
            masks: host.features.masks_known().then(|| masks().collect()),
            members_read: host.members_read,
            members_skipped: host.members_skipped,
        }
    }
}

/// Something that was otherwise in an older capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `version`, `build`, `bios`, `microcode`, `evc-mask`, `vsan-state`, `vsan-members` or `unicast-peers`.
    pub what: &'static str,
    /// The feature key of an EVC mask.
    pub key: Option<String>,
    /// What it was; `None` where it was not set.
    pub older: Option<String>,
    /// What it is; `None` where it is not set.
    pub newer: Option<String>,
    /// When the older capture was taken.
    pub since: Option<Timestamp>,
}

/// What changed from each older capture to the newest, which is the first; the latest older one first.
pub fn changes(captures: &[Capture]) -> Vec<Change> {
    let Some((newest, older)) = captures.split_first() else { return Vec::new() };
    older.iter().flat_map(|older| between(older, newest)).collect()
}

/// The values that captures are compared by, one by one.
fn values(capture: &Capture) -> [(&'static str, Option<String>); 7] {
    let number = |value: Option<u64>| value.map(|value| value.to_string());
    [
        ("version", capture.version.clone()),
        ("build", capture.build.clone()),
        ("bios", capture.bios.clone()),
        ("microcode", capture.microcode.map(|revision| format!("0x{revision:x}"))),
        ("vsan-state", capture.vsan_state.clone()),
        ("vsan-members", number(capture.vsan_members)),
        ("unicast-peers", number(capture.unicast_peers)),
    ]
}

/// What is different in `newer`, as far as both captures tell it.
fn between(older: &Capture, newer: &Capture) -> Vec<Change> {
    let since = older.captured_at;
    let pairs = values(older).into_iter().zip(values(newer));
    let differing =
        pairs.filter(|((_, older), (_, newer))| older.is_some() && newer.is_some() && older != newer);
    let change = |((what, older), (_, newer))| Change { what, key: None, older, newer, since };
    differing.map(change).chain(masks_between(older, newer)).collect()
}

fn masks_between(older: &Capture, newer: &Capture) -> Vec<Change> {
    let (Some(before), Some(after)) = (&older.masks, &newer.masks) else { return Vec::new() };
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let change = |key: &String| Change {
        what: "evc-mask",
        key: Some(key.clone()),
        older: before.get(key).cloned(),
        newer: after.get(key).cloned(),
        since: older.captured_at,
    };
    differing.map(change).collect()
}

/// What tells whether two captures are one: their logs and facts, with what was wrong in reading them.
pub(super) struct Content<'a> {
    pub logs: &'a [LogCoverage],
    pub facts: &'a [Fact],
    /// Paths that something was wrong with.
    pub damaged: BTreeSet<&'a str>,
    pub captured_at: Option<Timestamp>,
}

impl Content<'_> {
    /// Whether this is a copy of `other`, whole or cut: all that was read of it whole is in the other one too.
    pub fn is_copy_of(&self, other: &Content<'_>) -> bool {
        // A VM's run is told by its log, whose checksum is compared; it knows the path too, which may differ.
        let is_told = |fact: &&Fact| !matches!(fact.value, FactValue::VmRun(_));
        let said = |fact: &Fact| format!("{:?}", fact.value);
        let known: BTreeSet<String> = other.facts.iter().filter(is_told).map(said).collect();
        let files: BTreeSet<_> = other.members().collect();
        let is_same_log = |file: &(&str, u64, u32)| files.contains(file);
        let whole = self.facts.iter().filter(is_told).filter(|fact| self.is_whole(fact.source.file.as_str()));
        self.captured_at == other.captured_at
            && whole.into_iter().all(|fact| known.contains(&said(fact)))
            && self.members().all(|file| is_same_log(&file))
    }

    /// Family, length and checksum of the log members that were read whole.
    fn members(&self) -> impl Iterator<Item = (&str, u64, u32)> {
        let members = self.logs.iter().flat_map(|log| log.members.iter().map(move |member| (log, member)));
        members
            .filter(|(_, member)| self.is_whole(member.path.as_str()))
            .map(|(log, member)| (log.log.as_str(), member.bytes, member.crc))
    }

    /// Whether nothing was wrong with the member at `path`, a fragment by its target.
    fn is_whole(&self, path: &str) -> bool {
        let target = tree::fragment(path).map_or(path, |(target, _)| target);
        !self.damaged.contains(target)
    }
}
