use super::*;
use crate::digest::Digest;
use crate::fact::vsan::cmmds::{CmmdsEntry, CmmdsKind};
use crate::fact::vsan::health::VsanObjectState;
use crate::fact::vsan::storage::{VsanCandidate, VsanDisk};
use crate::fact::{Fact, FactValue, VsanCluster};
use crate::model::{Event, MemberPath, Source, Stamp, TimeQuality};

const FAILED: EventKind = EventKind::VSAN_DISK_FAILED;
const GROUP: &str = "5210fa3e-aa11-bb22-cc33-dd44ee55ff60";

fn node(n: u8) -> String {
    format!("5f0a1b2c-3d4e-5f60-7182-0050568a000{n}")
}

/// The UUID of disk `n`; that of disk 0, the cache, is the group's.
fn disk_uuid(n: u8) -> String {
    format!("5210fa3e-aa11-bb22-cc33-dd44ee55ff6{n}")
}

fn disk(n: u8, change: impl FnOnce(&mut VsanDisk)) -> FactValue {
    let mut disk = VsanDisk {
        device: format!("naa.500000000000000{n}"),
        pool: false,
        ssd: Some(true),
        uuid: Some(disk_uuid(n)),
        group: Some(GROUP.to_owned()),
        cache_device: Some("naa.5000000000000000".to_owned()),
        used: Some(true),
        in_cmmds: Some(true),
        format: Some(10),
        mounted: Some(true),
        capacity_tier: Some(n > 0),
        deduplication: None,
        compression: None,
        checksum_ok: Some(true),
        encryption: None,
        key_loaded: None,
    };
    change(&mut disk);
    FactValue::VsanDisk(disk)
}

fn lost(n: u8) -> FactValue {
    disk(n, |disk| disk.in_cmmds = Some(false))
}

fn well(n: u8) -> FactValue {
    disk(n, |_| ())
}

fn gone(n: u8, change: impl FnOnce(&mut VsanCandidate)) -> FactValue {
    let mut gone = VsanCandidate {
        device: Some(format!("naa.500000000000000{n}")),
        uuid: Some(disk_uuid(n)),
        state: "In-use for VSAN".to_owned(),
        reason: None,
        pool_state: None,
        ssd: None,
        pdl: Some(false),
    };
    change(&mut gone);
    FactValue::VsanCandidate(gone)
}

/// `cluster get` of a host that counts these nodes.
fn view(own: u8, members: &[u8], maintenance: &str) -> FactValue {
    FactValue::VsanCluster(VsanCluster {
        node_uuid: Some(node(own)),
        cluster_uuid: Some("52aa".to_owned()),
        members: members.iter().map(|n| node(*n)).collect(),
        maintenance: Some(maintenance.to_owned()),
        ..VsanCluster::default()
    })
}

fn event(second: i64, kind: EventKind, raw: &str, fields: &[(&str, &str)]) -> Event {
    let time = Timestamp::from_seconds(1_700_000_000 + second);
    Event {
        stamp: Some(Stamp { time, quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Error,
        rule: "r".to_owned(),
        text: String::new(),
        raw: raw.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: Source {
            file: MemberPath::new("var/run/log/vmkernel.log"),
            line: 1 + second.unsigned_abs(),
            offset: 0,
        },
    }
}

fn failed(second: i64, n: u8) -> Event {
    let uuid = disk_uuid(n);
    let raw = format!("LSOM: LSOMEventNotify:8126: vSAN device {uuid} is under permanent error.");
    event(second, FAILED, &raw, &[("device", &uuid)])
}

fn bundle(name: &str, values: Vec<FactValue>, events: Vec<Event>) -> Digest {
    let source = |line| Source { file: MemberPath::new("f"), line, offset: 0 };
    let fact = |(at, value)| Fact { value, source: source(at as u64), text: format!("line {at}") };
    let named = FactValue::HostName { name: name.to_owned() };
    let facts = [named].into_iter().chain(values).enumerate().map(fact).collect();
    Digest { bundle: format!("{name}.tgz"), facts, events, ..Digest::default() }
}

/// What is found where `esx1` tells this, and `esx2` counts both.
fn found(values: Vec<FactValue>, events: Vec<Event>) -> Vec<Finding> {
    found_beside(values, events, &[1, 2], &[])
}

fn found_beside(
    values: Vec<FactValue>,
    events: Vec<Event>,
    counted: &[u8],
    before: &[Finding],
) -> Vec<Finding> {
    let values = [vec![view(1, counted, "OFF")], values].concat();
    let mate = bundle("esx2.lab", vec![view(2, counted, "OFF")], vec![]);
    reach(&Case::build(vec![bundle("esx1.lab", values, events), mate]), before)
}

fn only(values: Vec<FactValue>, events: Vec<Event>) -> Finding {
    let mut found = found(values, events);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn commands(finding: &Finding) -> Vec<&str> {
    finding.remedy.iter().filter_map(|step| step.command.as_deref()).collect()
}

#[test]
fn lines_and_state_of_one_device_are_certain_and_each_alone_is_likely() {
    let both = only(vec![well(0), lost(1), well(2)], vec![failed(5, 1)]);
    assert_eq!(
        (both.confidence, both.severity, both.cause.0),
        (Confidence::Certain, Severity::Error, "disk-failure")
    );
    assert_eq!(both.first_seen, Some(Timestamp::from_seconds(1_700_000_005)));
    let device = json!({
        "device": "naa.5000000000000001", "disk": disk_uuid(1), "group": GROUP, "since": both.first_seen,
    });
    assert_eq!(both.details["devices"], json!([device]));
    assert_eq!((&both.details["groups"], &both.details["member"]), (&json!([]), &json!(true)));
    assert_eq!(both.evidence.len(), 2);
    let state = only(vec![well(0), lost(1)], vec![]);
    assert_eq!((state.confidence, state.count, state.first_seen), (Confidence::Likely, 0, None));
    let line = only(vec![], vec![failed(5, 1), failed(9, 1)]);
    assert_eq!((line.confidence, line.count), (Confidence::Likely, 2));
    assert_eq!(line.details["devices"][0]["disk"], disk_uuid(1));
    let back = only(vec![well(0), well(1)], vec![failed(5, 1)]);
    assert_eq!(back.confidence, Confidence::Possible, "the host lists it as in use");
    assert!(back.summary.en.contains("contradicts") && back.summary.en.contains("may be back"));
    assert!(!back.summary.en.contains("has failed") && back.summary.ja.contains("矛盾"));
}

#[test]
fn what_the_host_lists_as_in_use_is_not_taken_out() {
    let removed = |finding: &Finding| {
        let commands = commands(finding).into_iter();
        let of = commands.filter_map(|command| command.strip_prefix("esxcli vsan storage remove -u "));
        of.map(|uuid| uuid.trim_matches('\'').to_owned()).collect::<Vec<_>>()
    };
    let mounts =
        |finding: &Finding| commands(finding).iter().any(|command| command.contains("diskgroup mount"));
    // Lines tell of a disk, and of a cache, that the host lists as well.
    for n in [1, 0] {
        let back = only(vec![well(0), well(1), well(2)], vec![failed(5, n)]);
        assert_eq!((removed(&back), mounts(&back)), (vec![], false), "{n}");
    }
    // Lines about the cache take no group out for a disk that is gone.
    let mixed = only(vec![well(0), lost(1), well(2)], vec![failed(5, 0), failed(6, 1)]);
    assert_eq!(removed(&mixed), [disk_uuid(1)]);
    assert!(mixed.summary.en.contains("has failed") && mixed.summary.en.contains("contradicts"));
    let group = only(vec![lost(0), well(1), well(2)], vec![failed(5, 1)]);
    assert_eq!(removed(&group), [GROUP]);
    // In maintenance the list counts for nothing, but it does not say that all is well.
    let values = vec![view(1, &[1, 2], "ON"), well(0), lost(1)];
    let mate = bundle("esx2.lab", vec![view(2, &[1, 2], "OFF")], vec![]);
    let away = reach(&Case::build(vec![bundle("esx1.lab", values, vec![failed(5, 1)]), mate]), &[]);
    assert_eq!(removed(&away[0]), [disk_uuid(1)]);
}

#[test]
fn a_view_that_was_cut_does_not_say_that_a_host_is_out() {
    let member = |count: Option<u64>| {
        let mut cut = view(2, &[2], "OFF");
        if let FactValue::VsanCluster(view) = &mut cut {
            view.member_count = count;
        }
        let own = bundle("esx1.lab", vec![view(1, &[1, 2], "OFF"), well(0)], vec![failed(5, 1)]);
        let case = Case::build(vec![own, bundle("esx2.lab", vec![cut], vec![])]);
        reach(&case, &[])[0].details["member"].clone()
    };
    assert_eq!((member(Some(2)), member(Some(1))), (json!(true), json!(false)));
}

#[test]
fn each_sign_of_a_list_counts_alone() {
    for value in [
        disk(1, |disk| disk.mounted = Some(false)),
        disk(1, |disk| disk.checksum_ok = Some(false)),
        gone(1, |disk| disk.pdl = Some(true)),
        gone(1, |disk| disk.device = None),
    ] {
        assert_eq!(found(vec![well(0), value.clone()], vec![]).len(), 1, "{value:?}");
    }
    for value in [
        well(1),
        disk(1, |disk| (disk.used, disk.in_cmmds) = (Some(false), Some(false))),
        disk(1, |disk| (disk.in_cmmds, disk.mounted, disk.checksum_ok) = (None, None, None)),
        gone(1, |_| ()),
        // A disk that vSAN never used.
        gone(1, |disk| (disk.uuid, disk.pdl) = (None, Some(true))),
    ] {
        assert_eq!(found(vec![well(0), value.clone()], vec![]).len(), 0, "{value:?}");
    }
}

#[test]
fn two_lists_that_show_one_device_show_one_device() {
    let one =
        only(vec![well(0), lost(1), gone(1, |disk| (disk.device, disk.pdl) = (None, Some(true)))], vec![]);
    assert_eq!(one.details["devices"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_group_is_lost_with_its_cache_or_with_all_its_disks() {
    let groups = |values, events| only(values, events).details["groups"].clone();
    let whole = json!([GROUP]);
    assert_eq!(groups(vec![lost(0), well(1), well(2)], vec![]), whole);
    assert_eq!(groups(vec![well(0), well(1)], vec![failed(1, 0)]), whole, "the line names the group's cache");
    assert_eq!(groups(vec![lost(0), lost(1), lost(2)], vec![]), whole);
    assert_eq!(groups(vec![well(0), lost(1), lost(2)], vec![]), json!([]));
    // The cache is not on the list any more.
    assert_eq!(groups(vec![lost(1), lost(2)], vec![]), whole);
    let pool = |n| disk(n, |disk| (disk.pool, disk.in_cmmds) = (true, Some(false)));
    assert_eq!(groups(vec![pool(1), pool(2)], vec![]), json!([]), "a storage pool has no groups");
    let finding = only(vec![lost(0), well(1)], vec![]);
    assert!(finding.title.en.contains("disk group of esx1"), "{}", finding.title.en);
    assert!(commands(&finding).contains(&"esxcli vsan storage diskgroup mount -s 'naa.5000000000000000'"));
}

#[test]
fn a_line_without_a_device_is_about_the_one_that_failed() {
    let raw = "[esx.problem.vob.vsan.lsom.diskerror] vSAN device went bad";
    let vob = || event(3, FAILED, raw, &[("id", "esx.problem.vob.vsan.lsom.diskerror")]);
    let one = only(vec![well(0), lost(1)], vec![vob()]);
    assert_eq!(
        (one.confidence, one.details["devices"].as_array().map(Vec::len)),
        (Confidence::Certain, Some(1))
    );
    let nothing = only(vec![], vec![vob()]);
    let device = &nothing.details["devices"][0];
    assert!(device["device"].is_null() && device["disk"].is_null() && !device["since"].is_null());
    let raw = format!("[esx.problem.vob.vsan.pdl.offline] vSAN device {} has gone offline.", disk_uuid(2));
    let named = only(vec![], vec![event(3, FAILED, &raw, &[("id", "esx.problem.vob.vsan.pdl.offline")])]);
    assert_eq!(named.details["devices"][0]["disk"], disk_uuid(2));
}

#[test]
fn state_says_nothing_of_a_host_that_is_out_or_in_maintenance() {
    let alone = || found_beside(vec![well(0), lost(1)], vec![], &[2], &[]);
    assert!(alone().is_empty(), "its mate does not count it");
    let with_line = found_beside(vec![well(0), lost(1)], vec![failed(1, 1)], &[2], &[]);
    assert_eq!(with_line[0].details["member"], json!(false));
    let in_maintenance = |state: &str| {
        let values = vec![view(1, &[1, 2], state), well(0), lost(1)];
        let mate = bundle("esx2.lab", vec![view(2, &[1, 2], "OFF")], vec![]);
        reach(&Case::build(vec![bundle("esx1.lab", values, vec![]), mate]), &[]).len()
    };
    assert_eq!((in_maintenance("ON"), in_maintenance("OFF")), (0, 1));
    let decom = |state| {
        FactValue::CmmdsEntry(CmmdsEntry {
            node_uuid: node(1),
            kind: CmmdsKind::DecomState,
            interface: None,
            health: None,
            revision: None,
            hostname: None,
            address: None,
            decom_state: Some(state),
        })
    };
    assert_eq!(found(vec![lost(1), well(0), decom(6)], vec![]).len(), 0);
    assert_eq!(found(vec![lost(1), well(0), decom(0)], vec![]).len(), 1);
}

#[test]
fn a_host_that_another_finding_has_lost_needs_lines() {
    let mut other = only(vec![], vec![failed(1, 1)]);
    (other.id, other.details) = ("vsan.host-lost", json!({ "host": "esx1" }));
    let count = |events, before: &Finding| {
        found_beside(vec![well(0), lost(1)], events, &[1, 2], std::slice::from_ref(before)).len()
    };
    assert_eq!((count(vec![], &other), count(vec![failed(1, 1)], &other)), (0, 1));
    other.details = json!({ "host": "esx2" });
    assert_eq!(count(vec![], &other), 1);
}

#[test]
fn effects_stand_under_it_with_their_counts() {
    let state = |state: &str, objects| VsanObjectState { state: state.to_owned(), objects };
    let states = vec![
        state("inaccessible", 2),
        state("reduced-availability-with-no-rebuild", 7),
        state("healthy", 90),
        state("data-move", 0),
    ];
    let values = vec![
        lost(1),
        well(0),
        FactValue::VsanObjectHealth { states },
        FactValue::VsanResync { objects: Some(5), bytes: Some(1024) },
    ];
    let vm = |second, name: &str| event(second, EventKind::VM_INACCESSIBLE, "vm", &[("vm", name)]);
    let found = only(values, vec![failed(100, 1), vm(160, "web"), vm(170, "web"), vm(90_000, "late")]);
    assert_eq!(found.vms, ["web"]);
    let objects = json!([
        { "state": "inaccessible", "objects": 2 },
        { "state": "reduced-availability-with-no-rebuild", "objects": 7 },
    ]);
    assert_eq!(found.details["objects"], objects);
    assert_eq!(found.details["resync"], json!({ "objects": 5, "bytes": 1024 }));
    for text in ["2 inaccessible", "5 objects", "web"] {
        assert!(found.summary.en.contains(text), "{}", found.summary.en);
    }
    assert!(found.summary.ja.contains("web") && found.summary.ja.contains("再同期"));
}

#[test]
fn the_remedy_asks_for_the_objects_before_anything_is_removed() {
    let finding = only(vec![well(0), lost(1)], vec![]);
    let commands = commands(&finding);
    let at = |start: &str| commands.iter().position(|command| command.starts_with(start)).expect("a step");
    assert!(at("esxcli vsan debug object health") < at("esxcli vsan storage remove"));
    assert!(at("esxcli vsan storage remove") < at("esxcli vsan debug resync"));
    assert!(commands.contains(&"esxcli storage core device list -d 'naa.5000000000000001'"));
    assert!(finding.remedy.iter().all(|step| step.host == Some(0)));
}
