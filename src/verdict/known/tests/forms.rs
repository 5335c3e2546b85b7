//! The words and commands of each entry, and what ends it.

use std::collections::BTreeSet;

use super::*;
use crate::verdict::known::{Ground, tell};

#[test]
fn each_form_of_a_finding_has_its_own_words() {
    let of = |kind, rule: &str, count: i64, fields: &[(&str, &str)]| {
        let mut events: Vec<Moment> = (0..count).map(|n| moment(0, n * 70, kind, fields)).collect();
        if !rule.is_empty() {
            events.iter_mut().for_each(|event| event.event.rule = rule.to_owned());
        }
        let found = reach(&case(events), &[]);
        assert_eq!(found.len(), 1, "{kind}: {:?}", ids(&found));
        (found[0].id, found[0].severity, found[0].title.en.clone(), found[0].remedy.clone())
    };
    let (error, warning) = (Severity::Error, Severity::Warning);
    let commands =
        |steps: &[Step]| -> Vec<String> { steps.iter().filter_map(|step| step.command.clone()).collect() };
    for (kind, rule, count, fields, id, severity, words) in [
        (
            EventKind::STORAGE_NO_SPACE,
            "",
            1,
            &[("what", "thinprov.atquota"), ("device", "naa.1")][..],
            "storage.no-space",
            warning,
            "nearly full",
        ),
        (
            EventKind::STORAGE_NO_SPACE,
            "",
            1,
            &[("datastore", "ds1")],
            "storage.no-space",
            error,
            "ran out of space",
        ),
        (
            EventKind::VSAN_NO_SPACE,
            "",
            1,
            &[("what", "lsom.componentthreshold")],
            "vsan.no-space",
            warning,
            "near its limit",
        ),
        (
            EventKind::VSAN_NO_SPACE,
            "",
            1,
            &[("what", "dom.nospaceduringresync")],
            "vsan.no-space",
            error,
            "ran out of room",
        ),
        (
            EventKind::NET_REDUNDANCY_LOST,
            "",
            1,
            &[("what", "connectivity.lost"), ("nic", "vmnic3")],
            "net.connectivity-lost",
            error,
            "lost all its uplinks: vmnic3",
        ),
        (
            EventKind::NET_REDUNDANCY_LOST,
            "",
            1,
            &[("what", "redundancy.lost"), ("nic", "vmnic3")],
            "net.redundancy-lost",
            warning,
            "lost redundancy of uplink vmnic3",
        ),
        (
            EventKind::HARDWARE_MEMORY_ERROR,
            "",
            12,
            &[("what", "Memory Controller Read Error on Channel 1")],
            "host.memory-errors",
            warning,
            "Memory of",
        ),
        (
            EventKind::HARDWARE_MEMORY_ERROR,
            "",
            12,
            &[("what", "Cache Hierarchy: Level 2 Generic Error")],
            "host.hardware",
            warning,
            "corrects many errors",
        ),
        (
            EventKind::HOST_PARTITION_FULL,
            "vob.partition-low",
            1,
            &[("partition", "osdata")],
            "host.partition-full",
            warning,
            "is low on space on partition osdata",
        ),
        (
            EventKind::HOST_PARTITION_FULL,
            "vob.log-storage-failed",
            1,
            &[],
            "host.partition-full",
            error,
            "no longer stores its logs",
        ),
        (
            EventKind::STORAGE_APD,
            "",
            1,
            &[("device", "8a5a1336-3d574c6d")],
            "storage.apd",
            error,
            "NFS volume 8a5a1336-3d574c6d",
        ),
        (
            EventKind::STORAGE_TARGET_LOST,
            "",
            3,
            &[("hba", "vmhba64"), ("target", "iqn.2004-04.com.example:a")],
            "storage.target-lost",
            error,
            "lost iSCSI target iqn.2004-04.com.example:a",
        ),
        (
            EventKind::STORAGE_TARGET_LOST,
            "",
            3,
            &[("hba", "vmhba64")],
            "storage.target-lost",
            error,
            "connections of iSCSI adapter vmhba64",
        ),
        (
            EventKind::STORAGE_FABRIC_ERROR,
            "",
            3,
            &[("what", "congestion.creditstall")],
            "storage.fabric-error",
            warning,
            "congestion (credit stall)",
        ),
    ] {
        let (told, how_bad, title, steps) = of(kind, rule, count, fields);
        assert_eq!((told, how_bad), (id, severity), "{title}");
        assert!(title.contains(words), "{title}");
        let is_replaced = steps.iter().any(|step| step.text.en.contains("module replaced"));
        assert_eq!(is_replaced, id == "host.memory-errors", "{title}");
        let is_device = commands(&steps).iter().any(|command| command.contains("path list -d"));
        assert!(!is_device, "{title}: NFS has no paths");
    }
}

#[test]
fn a_restart_that_failed_and_succeeded_at_the_next_attempt_is_none() {
    let failed = |second| moment(2, second, EventKind::HA_RESTART_FAILED, &[("vm", "app 3")]);
    let on = |second, kind, vm| moment(1, second, kind, &[("vm", vm)]);
    let told = |more: Vec<Moment>, found: &[Finding]| {
        let events = vec![failed(0), failed(120)].into_iter().chain(more).collect();
        reach(&case(events), found).iter().filter(|finding| finding.id == "ha.restart-failed").count()
    };
    assert_eq!(told(vec![], &[]), 1);
    assert_eq!(told(vec![on(300, EventKind::HA_FAILOVER, "app 3")], &[]), 0);
    assert_eq!(told(vec![on(300, EventKind::VM_POWER_ON, "app 3")], &[]), 0);
    assert_eq!(told(vec![on(300, EventKind::VM_POWER_ON, "app 4")], &[]), 1);
    assert_eq!(told(vec![on(3_600, EventKind::VM_POWER_ON, "app 3")], &[]), 1);
    assert_eq!(told(vec![], &[finding("vsan.partition", vec![0], 0, 60)]), 0);
}

#[test]
fn a_connection_is_ended_by_its_own_line_and_by_no_other() {
    let session = |second, kind| moment(0, second, kind, &[("hba", "vmhba64")]);
    let lost = EventKind::STORAGE_TARGET_LOST;
    assert!(reach(&case(vec![session(0, lost), session(8, BACK)]), &[]).is_empty());
    assert_eq!(reach(&case(vec![session(0, lost), session(90, BACK)]), &[]).len(), 1);
    let apd = vec![moment(0, 0, APD, &[("device", "naa.1")]), session(8, BACK)];
    assert_eq!(ids(&reach(&case(apd), &[])), ["storage.apd"]);
    let pdl = vec![
        moment(0, 0, EventKind::STORAGE_PDL, &[("device", "naa.1")]),
        moment(0, 500, BACK, &[("device", "naa.1")]),
    ];
    assert!(!reach(&case(pdl), &[])[0].details["over_at"].is_null());
}

#[test]
fn a_command_is_filled_from_the_field_that_it_needs() {
    let commands = |kind, count: i64, fields: &[(&str, &str)]| -> String {
        let mut events: Vec<Moment> = (0..count).map(|n| moment(0, n * 70, kind, fields)).collect();
        events.iter_mut().for_each(|event| event.event.severity = Severity::Error);
        let found = reach(&case(events), &[]);
        let commands = found[0].remedy.iter().filter_map(|step| step.command.clone());
        commands.collect::<Vec<_>>().join("\n")
    };
    for (kind, count, fields, is, is_not) in [
        (EventKind::NET_NIC_RESET, 1, &[("driver", "bnxtnet")][..], "nic get -n <nic>", "bnxtnet"),
        (EventKind::NET_NIC_RESET, 1, &[("nic", "vmnic3")], "nic get -n vmnic3", "<nic>"),
        (EventKind::NET_REDUNDANCY_LOST, 1, &[("switch", "dvs1")], "-n <nic>", "dvs1"),
        (EventKind::SERVICE_HANG, 1, &[("service", "hostd")], "/etc/init.d/hostd restart", "<service>"),
        (EventKind::SERVICE_HANG, 1, &[("service", "vpxd")], "/etc/init.d/<service>", "vpxd"),
        (EventKind::STORAGE_PATH_LOST, 3, &[("path", "vmhba1:C0:T0:L1")], "path list -d <device>", "vmhba1"),
        (
            EventKind::VSAN_CONGESTION,
            1,
            &[("disk", "5210fa3e-aa11")],
            "/lsom/disks/5210fa3e-aa11/info",
            "controller",
        ),
    ] {
        let told = commands(kind, count, fields);
        assert!(told.contains(is) && !told.contains(is_not), "{is}: {told}");
    }
}

/// What the events of forms of one finding tell beside those of the others: field, value, rule.
const FORMS: &[(&str, &str, &str)] = &[
    ("id", "esx.problem.clock.correction.adjtime.lostsync", ""),
    ("device", "8a5a1336-3d574c6d", ""),
    ("what", "Memory Controller Read Error on Channel 1", ""),
    ("what", "thinprov.atquota", ""),
    ("what", "lsom.componentthreshold", ""),
    ("what", "connectivity.lost", ""),
    ("what", "Cache Hierarchy: Level 2 Data Cache Eviction Error", ""),
    ("log", "vobd", "vob.partition-low"),
    ("log", "vobd", "vob.log-storage-failed"),
];

/// A sentence of the catalogue with its places filled.
fn sample(known: &Known) -> Finding {
    FORMS.iter().find_map(|form| of_form(known, form)).unwrap_or_else(|| panic!("no form of {}", known.id))
}

fn of_form(known: &Known, (field, value, rule): &(&str, &str, &str)) -> Option<Finding> {
    let mut fields: Vec<(&str, &str)> = Vec::new();
    fields.extend(known.object.first().map(|field| (*field, "x1")));
    fields.push((*field, *value));
    let mut events: Vec<Moment> = (0..12).map(|n| moment(0, n * 70, known.kinds[0], &fields)).collect();
    if !rule.is_empty() {
        events.iter_mut().for_each(|event| event.event.rule = (*rule).to_owned());
    }
    let case = case(events);
    let incidents = incidents(&Ground::of(&case), &[], known);
    assert!(incidents.len() < 2, "{}", known.id);
    incidents.first().map(|incident| tell::finding(&case, known, incident))
}

#[test]
fn every_entry_is_whole_and_its_sentences_have_no_holes() {
    for known in KNOWN {
        let finding = sample(known);
        let texts = [&finding.title, &finding.summary, &finding.cause.1]
            .into_iter()
            .chain(finding.remedy.iter().map(|step| &step.text));
        for text in texts {
            for told in [&text.en, &text.ja] {
                let has_hole = told.contains(['{', '}']) || told.contains("  ") || told.trim() != told;
                assert!(!told.is_empty() && !has_hole, "{}: {told:?}", known.id);
            }
            assert!(!text.ja.is_ascii(), "{}: {:?}", known.id, text.ja);
        }
        let holes = finding.remedy.iter().filter_map(|step| step.command.as_deref());
        assert!(!holes.clone().any(|command| command.contains(['{', '}'])), "{}", known.id);
        let last = finding.remedy.last().expect("steps");
        assert!(last.text.en.starts_with("Check") && last.text.ja.starts_with("確認"), "{}", known.id);
        assert!(!finding.evidence.is_empty() && finding.remedy.len() >= 3, "{}", known.id);
        assert!(finding.remedy.iter().any(|step| step.command.is_some()), "{}", known.id);
    }
}

#[test]
fn an_entry_gives_way_only_to_what_was_found_before_it() {
    let mut before: BTreeSet<&str> = BTreeSet::new();
    for verdict in VERDICTS.iter().take_while(|verdict| verdict.name != "known") {
        before.extend(verdict.findings);
    }
    for known in KNOWN {
        for stronger in known.yields_to.iter().chain(known.yields_to_any) {
            assert!(before.contains(stronger), "{} gives way to {stronger}, which comes later", known.id);
        }
        before.insert(known.id);
    }
}
