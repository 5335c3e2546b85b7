//! The sentences about CPU features, in the language of the report.

use std::collections::BTreeMap;

use super::super::labels::{Labels, choose, fill, fill_count};
use super::super::model::{Evacuation, FeatureClass, FeatureRow, FeatureSource, FeatureVm};
use super::super::show;
use super::names::{fold, plain};
use super::{Block, Group, Part, Pinned, Split, Value, barred, feature_names, is_flag, is_security, name};
use crate::case::inside;

/// Sentences that answer which features differ; the rows that follow tell the rest.
const ANSWERS: usize = 3;
/// Names of features or runs of hosts in one sentence.
const NAMES: usize = 6;
/// Names of hosts where a list of them is the point.
const HOSTS: usize = 64;

/// What a reader wants to know first: which features differ, and which host stands alone.
pub fn answer(block: &Block<'_>, l: &Labels) -> Vec<String> {
    if block.same.is_empty() && block.differing.is_empty() {
        return vec![fill(l.no_features_of, &[&fold(&block.hosts, NAMES, l)])];
    }
    if let [host] = block.hosts.as_slice() {
        return alone(block, host, l);
    }
    if block.differing.is_empty() {
        return vec![agreement(block, l)];
    }
    let splits = block.splits();
    let told = splits.iter().take(ANSWERS);
    let mut out: Vec<String> = told.map(|(split, rows)| split_sentence(split, rows, l)).collect();
    let rest: usize = splits.iter().skip(ANSWERS).map(|(_, rows)| rows.len()).sum();
    if rest > 0 {
        out.push(fill_count(l.more_differ, rest as u64));
    }
    out
}

/// That hosts agree, as far as their bundles tell.
fn agreement(block: &Block<'_>, l: &Labels) -> String {
    let tells = |host: &&str| block.same.iter().any(|row| block.value(row, host).effective.is_some());
    let (telling, silent): (Vec<&str>, Vec<&str>) = block.hosts.iter().partition(|host| tells(host));
    let compared = block.same.iter().filter(|row| {
        let known: Vec<u64> = telling.iter().filter_map(|host| block.value(row, host).effective).collect();
        // Numbers that identify a CPU may be different and make no difference for VMs.
        known.len() > 1 && known.iter().all(|value| *value == known[0])
    });
    let text = match telling.as_slice() {
        [] => fill(l.no_features_of, &[&fold(&silent, NAMES, l)]),
        [one] => fill(l.one_teller, &[one]),
        _ => fill_count(l.features_same, compared.count() as u64),
    };
    match silent.is_empty() || telling.len() < 2 {
        true => text,
        false => l.both(&text, &fill(l.not_known_of, &[&fold(&silent, NAMES, l)])),
    }
}

/// One sentence on features that divide the hosts in the same way.
fn split_sentence(split: &Split<'_>, rows: &[&FeatureRow], l: &Labels) -> String {
    let features = feature_names(rows.iter().map(|row| row.key.as_str()), NAMES, l);
    let hosts = |hosts: &[&str]| fold(hosts, NAMES, l);
    let number = |hosts: &[&str]| show::count(hosts.len() as u64);
    let text = match split.camps.as_slice() {
        [(_, have), (0, lack)] => match (have.as_slice(), lack.as_slice()) {
            ([one], [other]) => fill(l.one_against_one, &[&features, one, other]),
            ([one], _) => fill(l.only_one_offers, &[one, &features, &number(lack)]),
            (_, [one]) => fill(l.only_one_lacks, &[one, &features, &number(have)]),
            _ => fill(l.some_offer, &[&features, &number(have), &hosts(have), &number(lack), &hosts(lack)]),
        },
        camps => {
            let camp =
                |(value, names): &(u64, Vec<&str>)| fill(l.value_on, &[&value.to_string(), &hosts(names)]);
            let camps: Vec<String> = camps.iter().map(camp).collect();
            fill(l.values_differ, &[&features, &camps.join(l.semicolon)])
        }
    };
    match split.unknown.is_empty() {
        true => text,
        false => l.both(&text, &fill(l.not_known_of, &[&hosts(&split.unknown)])),
    }
}

/// What one host says where there is no other to compare it with.
fn alone(block: &Block<'_>, host: &str, l: &Labels) -> Vec<String> {
    let rows = || block.differing.iter().chain(&block.same).copied();
    let features = |wanted: &dyn Fn(&FeatureRow, Value) -> bool| {
        let found: Vec<&str> =
            rows().filter(|row| wanted(row, block.value(row, host))).map(|row| row.key.as_str()).collect();
        (!found.is_empty()).then(|| feature_names(found.into_iter(), usize::MAX, l))
    };
    let offers = features(&|row, value| is_security(row) && value.effective.is_some_and(|n| n > 0));
    let lacks = features(&|row, value| is_security(row) && value.effective == Some(0));
    let hidden =
        features(&|_, value| value.effective == Some(0) && matches!(value.capability, Part::Is(n) if n > 0));
    let beyond =
        features(&|_, value| value.capability == Part::Is(0) && matches!(value.mask, Part::Is(n) if n > 0));
    let told = [
        (l.security_offered, offers),
        (l.security_lacking, lacks),
        (l.mask_hides, hidden),
        (l.mask_beyond, beyond),
    ];
    let told = told.into_iter().filter_map(|(label, found)| Some(fill(label, &[&found?])));
    std::iter::once(fill(l.one_host_only, &[host])).chain(told).collect()
}

/// `1 of 32 offers it: esx01 (capability 1, mask 1)`
pub fn group_line(block: &Block<'_>, row: &FeatureRow, group: &Group<'_>, l: &Labels) -> String {
    let (count, all) = (group.hosts.len() as u64, show::count(block.hosts.len() as u64));
    let part = |part: Part, is: &str, absent: &str, unknown: &str| match part {
        Part::Is(value) => fill(is, &[&value.to_string()]),
        Part::Absent => absent.to_owned(),
        Part::Unknown => unknown.to_owned(),
    };
    let Value { effective, capability, mask } = group.value;
    let parts = [
        part(capability, l.capability_is, l.capability_absent, l.capability_unknown),
        part(mask, l.mask_is, l.mask_absent, l.mask_unknown),
    ];
    let says = match effective {
        None => choose(l.n_unknown, count),
        Some(0) => choose(l.n_lack, count),
        Some(1) if is_flag(row) => choose(l.n_offer, count),
        Some(_) => choose(l.n_value, count),
    };
    let value = effective.map_or_else(String::new, |value| value.to_string());
    let hosts = fold(&group.hosts, HOSTS, l);
    fill(says, &[&show::count(count), &all, &hosts, &parts.join(l.comma), &value])
}

/// `1 (1/-) on esx01, esx02`
pub(super) fn value_on(group: &Group<'_>, l: &Labels) -> String {
    fill(l.value_on, &[&group.value.signs(), &fold(&group.hosts, NAMES, l)])
}

/// `security; VERW clears CPU buffers; CVE-2018-12126; VMSA-2019-0008`: what a feature is for.
pub fn guards(row: &FeatureRow, l: &Labels) -> String {
    let cves = row.cves.join(l.comma);
    // A feature that no table describes is called by its key.
    let label = if row.label == row.key { "" } else { &row.label };
    let parts = [class_name(row.class, l), label, &cves, row.advisory.as_deref().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(l.semicolon)
}

/// What sort of feature it is.
pub fn class_name(class: FeatureClass, l: &Labels) -> &'static str {
    match class {
        FeatureClass::Security => l.class_security,
        FeatureClass::Isa => l.class_isa,
        FeatureClass::Virtualization => l.class_virtualization,
        FeatureClass::Other => l.class_other,
    }
}

/// What the signs in a table of values mean; `mark` stands beside the odd value.
pub fn legend(mark: &str, l: &Labels) -> String {
    fill(l.matrix_legend, &[mark])
}

/// Which hosts can be emptied and which not, with at most `max` names of VMs each.
pub fn evacuation(block: &Block<'_>, max: usize, l: &Labels) -> Vec<String> {
    let Some(cluster) = block.cluster.filter(|_| block.hosts.len() > 1) else { return Vec::new() };
    let all = || cluster.evacuation.iter();
    let mut out: Vec<String> =
        all().filter(|one| !one.stay.is_empty()).map(|one| stays(block, one, max, l)).collect();
    let open = |one: &&Evacuation| one.stay.is_empty() && !one.unknown.is_empty();
    let hosts = |found: Vec<&Evacuation>| -> Option<String> {
        let names: Vec<&str> = found.iter().map(|one| one.host.as_str()).collect();
        (!names.is_empty()).then(|| fold(&names, HOSTS, l))
    };
    let unknown: Vec<&Evacuation> = all().filter(open).collect();
    let vms: usize = unknown.iter().map(|one| one.unknown.len()).sum();
    let told = hosts(unknown)
        .map(|hosts| fill(choose(l.emptying_unknown, vms as u64), &[&hosts, &show::count(vms as u64)]));
    let free = |one: &&Evacuation| one.stay.is_empty() && one.unknown.is_empty();
    let (empty, leaving): (Vec<&Evacuation>, Vec<&Evacuation>) =
        all().filter(free).partition(|one| one.vms == 0);
    out.extend(hosts(leaving).map(|hosts| fill(l.can_be_emptied, &[&hosts])));
    out.extend(hosts(empty).map(|hosts| fill(l.no_vms_on, &[&hosts])));
    out.extend(told);
    out
}

/// `esx01 cannot be emptied with vMotion alone: 3 of 12 VMs stay: a, b, c (they require MDCLEAR).`
fn stays(block: &Block<'_>, one: &Evacuation, max: usize, l: &Labels) -> String {
    let here = block.vms.iter().filter(|vm| vm.host == one.host && one.stay.contains(&vm.name));
    let mut missing: Vec<&str> =
        here.flat_map(|vm| &vm.blocked).flat_map(|block| &block.missing).map(String::as_str).collect();
    missing.sort_unstable();
    missing.dedup();
    let number = |n: usize| show::count(n as u64);
    let text = fill(
        choose(l.cannot_be_emptied, one.stay.len() as u64),
        &[
            &one.host,
            &number(one.stay.len()),
            &show::count(one.vms),
            &plain(&one.stay, max, l),
            &feature_names(missing.into_iter(), NAMES, l),
        ],
    );
    match one.unknown.len() {
        0 => text,
        n => l.both(&text, &fill_count(l.stay_unknown, n as u64)),
    }
}

/// `3 VMs on esx01 cannot move to esx02 to esx32 (MDCLEAR is missing there):`
pub fn pinned_line(pinned: &Pinned<'_>, l: &Labels) -> String {
    let vms = fill_count(l.vms_n, pinned.vms.len() as u64);
    fill(l.vms_cannot_move, &[&vms, &fold(&pinned.hosts(), HOSTS, l), &targets(&pinned.barred, l)])
}

fn targets(barred: &[(&[String], Vec<&str>)], l: &Labels) -> String {
    let target = |(missing, hosts): &(&[String], Vec<&str>)| {
        let features = feature_names(missing.iter().map(String::as_str), NAMES, l);
        fill(choose(l.lacking, hosts.len() as u64), &[&fold(hosts, HOSTS, l), &features])
    };
    barred.iter().map(target).collect::<Vec<_>>().join(l.semicolon)
}

/// Where a VM cannot go: hosts, and the features that they lack.
pub fn moves_barred(vm: &FeatureVm, l: &Labels) -> Vec<(String, String)> {
    let names =
        |missing: &[String]| plain(&missing.iter().map(|key| name(key)).collect::<Vec<_>>(), NAMES, l);
    barred(&vm.blocked).iter().map(|(missing, hosts)| (fold(hosts, HOSTS, l), names(missing))).collect()
}

/// `2026-11-21 14:00:00 UTC on esx01`: when a VM was powered on and where; as much of it as is known.
pub fn powered_on(block: &Block<'_>, vm: &FeatureVm, l: &Labels) -> Option<String> {
    let at = vm.powered_on_at.map(|_| l.zone.told_or_dash(vm.powered_on_at));
    match (at, vm.powered_on_host.as_deref().map(|host| block.host_called(host))) {
        (Some(at), Some(host)) => Some(fill(l.at_on, &[&at, host])),
        (Some(at), None) => Some(at),
        (None, Some(host)) => Some(fill(l.on_only, &[host])),
        (None, None) => None,
    }
}

/// What a VM's own configuration sets of the CPU, in words.
pub fn settings(vm: &FeatureVm, l: &Labels) -> Option<String> {
    let word = |kind: &String| match kind.as_str() {
        "per-vm-evc" => l.set_per_vm_evc.to_owned(),
        "feature-masks" => l.set_feature_masks.to_owned(),
        "register-masks" => l.set_register_masks.to_owned(),
        "nested" => l.set_nested.to_owned(),
        "performance-counters" => l.set_counters.to_owned(),
        "no-check" => l.set_no_check.to_owned(),
        other => other.to_owned(),
    };
    let words: Vec<String> = vm.settings.iter().map(word).collect();
    (!words.is_empty()).then(|| words.join(l.comma))
}

/// The VMs that set something of the CPU and are not among those that cannot move freely.
pub fn others_with_settings(block: &Block<'_>, l: &Labels) -> Vec<String> {
    let free = block.vms.iter().filter(|vm| vm.blocked.is_empty());
    let line = |vm: &&FeatureVm| {
        Some(format!("{}{}{}", fill(l.at_on, &[&vm.name, &vm.host]), l.semicolon, settings(vm, l)?))
    };
    free.filter_map(line).collect()
}

/// What the VMs of the block require, those with the same security features together; at most `max` names each.
pub fn requirements(block: &Block<'_>, max: usize, l: &Labels) -> Vec<String> {
    let security =
        |key: &str| block.differing.iter().chain(&block.same).any(|row| row.key == key && is_security(row));
    let mut by_need: BTreeMap<Vec<&str>, Vec<&FeatureVm>> = BTreeMap::new();
    for &vm in block.vms.iter().filter(|vm| !vm.requires.is_empty()) {
        let keys = vm.requires.iter().map(String::as_str).filter(|key| security(key)).collect();
        by_need.entry(keys).or_default().push(vm);
    }
    let line = |(keys, vms): (Vec<&str>, Vec<&FeatureVm>)| {
        let names: Vec<&str> = vms.iter().map(|vm| vm.name.as_str()).collect();
        let needs = match keys.is_empty() {
            true => l.no_security.to_owned(),
            false => feature_names(keys.into_iter(), usize::MAX, l),
        };
        let count = fill_count(l.vms_n, vms.len() as u64);
        fill(choose(l.vms_require, vms.len() as u64), &[&count, &needs, &plain(&names, max, l)])
    };
    let mut out: Vec<String> = by_need.into_iter().map(line).collect();
    let silent: Vec<&str> =
        block.vms.iter().filter(|vm| vm.requires_from.is_none()).map(|vm| vm.name.as_str()).collect();
    if !silent.is_empty() {
        let count = fill_count(l.vms_n, silent.len() as u64);
        out.push(fill(l.vms_require_unknown, &[&count, &plain(&silent, max, l)]));
    }
    out
}

/// What every host of a cluster can offer, and the EVC mode that is in force.
pub fn baseline(block: &Block<'_>, l: &Labels) -> Vec<String> {
    let modes = block.hosts_by(|source| source.evc_mode.clone());
    let now: Vec<String> =
        modes.into_iter().map(|(mode, hosts)| fill(l.value_on, &[&mode, &fold(&hosts, NAMES, l)])).collect();
    let mut out = Vec::new();
    if !now.is_empty() {
        out.push(fill(l.evc_mode_now, &[&now.join(l.semicolon)]));
    }
    let Some(found) = block.cluster.and_then(|cluster| cluster.baseline.as_ref()) else { return out };
    out.push(match &found.evc_mode {
        Some(mode) => fill(l.baseline_mode, &[mode]),
        None => l.baseline_unknown.to_owned(),
    });
    let keys = found.lacking.iter().map(String::as_str);
    out.push(match found.lacking.is_empty() {
        true => l.baseline_whole.to_owned(),
        false => fill(l.baseline_lacking, &[&feature_names(keys, usize::MAX, l)]),
    });
    out
}

/// What the bundles do not hold of CPU features, hosts that lack the same together.
pub fn missing(block: &Block<'_>, l: &Labels) -> Vec<String> {
    let what = |source: &FeatureSource| {
        let is_listed = source.capability.is_some() || source.masked.is_some();
        let (masks, log) = (source.masks.is_some(), source.vm_log.is_some());
        match (is_listed, masks, log) {
            (true, true, _) => None,
            (true, false, _) => Some(l.without_masks),
            (false, true, _) => Some(l.without_capabilities),
            (false, false, true) => Some(l.with_vm_log_only),
            (false, false, false) => Some(l.without_anything),
        }
    };
    block.hosts_by(what).into_iter().map(|(text, hosts)| fill(text, &[&fold(&hosts, HOSTS, l)])).collect()
}

/// What a bundle can tell of its host's CPU features, in VMware's words, and the file that does.
fn parts<'s>(source: &'s FeatureSource, l: &Labels) -> Vec<(&'static str, &'s str)> {
    let told = [
        ("featureCapability", &source.capability),
        ("maskedFeatureCapability", &source.masked),
        (l.mask, &source.masks),
        (l.vm_log, &source.vm_log),
    ];
    told.into_iter().filter_map(|(label, file)| Some((label, file.as_deref()?))).collect()
}

/// What was read of CPU features, hosts of which the same was read together.
pub fn read(block: &Block<'_>, l: &Labels) -> Vec<String> {
    let what = |source: &FeatureSource| {
        let labels: Vec<&str> = parts(source, l).into_iter().map(|(label, _)| label).collect();
        (!labels.is_empty()).then(|| labels.join(l.comma))
    };
    let line = |(what, hosts): (String, Vec<&str>)| format!("{}{}{what}", fold(&hosts, HOSTS, l), l.colon);
    block.hosts_by(what).into_iter().map(line).collect()
}

/// The files that tell of each host: what they tell, and where they lie in its bundle.
pub fn files<'a>(block: &Block<'a>, l: &Labels) -> Vec<(&'a str, Vec<String>)> {
    let of_host = |host: &&'a str| {
        let source = block.sources.get(host)?;
        let complete = match source.complete_masks {
            Some(true) => Some(l.masks_complete),
            Some(false) => Some(l.masks_partial),
            None => None,
        };
        let files =
            parts(source, l).into_iter().map(|(label, file)| format!("{label}{}{}", l.colon, inside(file)));
        let files: Vec<String> = files.chain(complete.map(str::to_owned)).collect();
        (!files.is_empty()).then_some((*host, files))
    };
    block.hosts.iter().filter_map(of_host).collect()
}
