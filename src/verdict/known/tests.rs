mod forms;

use std::collections::BTreeMap;

use super::{KNOWN, Known, incidents, reach};
use crate::case::{Case, Host, How, Moment, Stop};
use crate::model::{
    Confidence, Event, EventKind, HostKind, MemberPath, Severity, Source, Text, TimeQuality, Timestamp,
};
use crate::verdict::{Brief, Finding, Step, VERDICTS};

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + second)
}

/// An event of a host `second`s after the beginning.
fn moment(host: usize, second: i64, kind: EventKind, fields: &[(&str, &str)]) -> Moment {
    let fields: BTreeMap<String, String> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Moment {
        time: at(second),
        quality: TimeQuality::Exact,
        host,
        event: Event {
            stamp: None,
            kind,
            severity: Severity::Warning,
            rule: "storage.apd".to_owned(),
            text: String::new(),
            raw: format!("record {second}"),
            fields,
            source: Source {
                file: MemberPath::new("var/run/log/vobd.log"),
                line: second.unsigned_abs() + 1,
                offset: 0,
            },
        },
    }
}

/// Two hosts and their vCenter Server.
fn case(mut timeline: Vec<Moment>) -> Case {
    timeline.sort_by_key(|moment| moment.time);
    let host = |id: &str, kind| {
        let mut host = Host::default();
        (host.id, host.kind) = (id.to_owned(), kind);
        host
    };
    let hosts =
        vec![host("esx1", HostKind::Esxi), host("esx2", HostKind::Esxi), host("vc1", HostKind::Vcenter)];
    Case { hosts, timeline, ..Case::default() }
}

fn ids(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.id).collect()
}

fn finding(id: &'static str, hosts: Vec<usize>, first: i64, last: i64) -> Finding {
    Finding {
        id,
        severity: Severity::Error,
        confidence: Confidence::Likely,
        title: Text::default(),
        summary: Text::default(),
        cause: ("unknown", Text::default()),
        hosts,
        vms: Vec::new(),
        first_seen: Some(at(first)),
        last_seen: Some(at(last)),
        count: 1,
        remedy: Vec::new(),
        brief: Brief::default(),
        references: Vec::new(),
        evidence: Vec::new(),
        details: serde_json::Value::Null,
    }
}

const APD: EventKind = EventKind::STORAGE_APD;
const BACK: EventKind = EventKind::STORAGE_RESTORED;

#[test]
fn a_rule_of_the_users_own_raises_none() {
    let mut own = moment(0, 0, EventKind::STORAGE_PDL, &[("device", "naa.1")]);
    let raised = |moment: &Moment| reach(&case(vec![moment.clone()]), &[]).len();
    assert_eq!(raised(&own), 1);
    own.event.rule = "mine.pdl".to_owned();
    assert_eq!(raised(&own), 0);
}

#[test]
fn paths_that_come_back_in_time_are_no_incident_unless_it_happens_again_and_again() {
    let lun: &[(&str, &str)] = &[("device", "naa.1")];
    let told = |pairs: &[(i64, i64)]| {
        let events =
            pairs.iter().flat_map(|&(from, to)| [moment(0, from, APD, lun), moment(0, to, BACK, lun)]);
        ids(&reach(&case(events.collect()), &[])).len()
    };
    assert_eq!(told(&[(0, 12)]), 0);
    assert_eq!(told(&[(0, 139)]), 0);
    assert_eq!(told(&[(0, 141)]), 1);
    assert_eq!(told(&[(0, 12), (600, 612)]), 0);
    assert_eq!(told(&[(0, 12), (600, 612), (1_200, 1_212)]), 1);
    assert_eq!(told(&[(0, 12), (6_000, 6_012), (12_000, 12_012)]), 0);
    // The end of another device is not its own.
    let other = vec![moment(0, 0, APD, lun), moment(0, 12, BACK, &[("device", "naa.2")])];
    assert_eq!(ids(&reach(&case(other), &[])), ["storage.apd"]);
}

#[test]
fn several_logs_of_one_flap_are_one_flap() {
    let nic: &[(&str, &str)] = &[("nic", "vmnic3")];
    let flaps = |starts: &[i64]| {
        let lines = starts.iter().flat_map(|&start| (0..3).map(move |late| start + late));
        let events = lines.map(|second| moment(0, second, EventKind::NET_LINK_DOWN, nic));
        ids(&reach(&case(events.collect()), &[])).len()
    };
    assert_eq!(flaps(&[0]), 0);
    assert_eq!(flaps(&[0, 30]), 0);
    assert_eq!(flaps(&[0, 30, 60]), 1);
    assert_eq!(flaps(&[0, 300, 900]), 0);
}

#[test]
fn hosts_that_tell_of_one_object_tell_of_one_incident_and_others_do_not() {
    let events = vec![
        moment(0, 0, APD, &[("device", "naa.1")]),
        moment(1, 1, APD, &[("device", "naa.1")]),
        moment(1, 2, APD, &[("device", "naa.2")]),
    ];
    let found = reach(&case(events), &[]);
    let told: Vec<(&[usize], &str)> =
        found.iter().map(|finding| (finding.hosts.as_slice(), finding.cause.0)).collect();
    assert_eq!(told, [(&[0, 1][..], "array-or-fabric"), (&[1][..], "paths-down")]);
    assert_eq!(found[0].details["objects"], serde_json::json!(["naa.1"]));
}

#[test]
fn a_stronger_finding_about_the_same_host_and_time_explains_it() {
    let hung = || case(vec![moment(0, 0, EventKind::SERVICE_HANG, &[("service", "hostd")])]);
    let told = |found: &[Finding]| ids(&reach(&hung(), found)).len();
    assert_eq!(told(&[]), 1);
    assert_eq!(told(&[finding("host.disconnected", vec![0], 60, 600)]), 0);
    assert_eq!(told(&[finding("host.disconnected", vec![1], 60, 600)]), 1, "another host");
    assert_eq!(told(&[finding("host.disconnected", vec![0], 7_200, 7_300)]), 1, "another time");
    assert_eq!(told(&[finding("vmotion.failed", vec![0], 60, 600)]), 1, "another matter");
    // Two losses of one finding, a month before and a month after.
    let mut twice = finding("host.disconnected", vec![0], -2_600_000, 2_600_000);
    assert_eq!(told(std::slice::from_ref(&twice)), 1, "between");
    let seen = moment(0, -60, EventKind::HOST_DISCONNECTED, &[]);
    twice.evidence.push(crate::verdict::Evidence::event(&seen));
    assert_eq!(told(&[twice]), 0, "a third one");
    // vSphere HA tells elsewhere of the host that stopped.
    let failover = case(vec![moment(1, 60, EventKind::HA_FAILOVER, &[("vm", "app1")])]);
    assert_eq!(ids(&reach(&failover, &[])), ["ha.failover"]);
    assert!(reach(&failover, &[finding("host.crashed", vec![0], 0, 600)]).is_empty());
}

#[test]
fn what_happens_to_a_host_that_is_down_or_starts_is_no_incident() {
    let mut case = case(vec![moment(0, 500, EventKind::HOST_RAMDISK_FULL, &[("partition", "tmp")])]);
    assert_eq!(ids(&reach(&case, &[])), ["host.ramdisk-full"]);
    case.stops.push(stop(How::Reboot));
    assert!(reach(&case, &[]).is_empty());
}

/// The first host is down for 400 seconds.
fn stop(how: How) -> Stop {
    let (maintenance, upgrade, lines) = (None, None, vec![0]);
    Stop { host: 0, how, down: Some(at(0)), up: Some(at(400)), is_covered: true, maintenance, upgrade, lines }
}

#[test]
fn what_vcenter_tells_of_a_host_is_about_that_host() {
    let alarm = &[("alarm", "Host hardware power status"), ("host_name", "esx2")];
    let found = reach(&case(vec![moment(2, 0, EventKind::HARDWARE_SENSOR, alarm)]), &[]);
    assert_eq!((ids(&found), &found[0].hosts), (vec!["host.hardware"], &vec![1]));
    assert!(found[0].title.en.contains("esx2") && found[0].title.en.ends_with("Host hardware power status"));
}

#[test]
fn what_a_noisy_log_counted_counts() {
    let kind = EventKind::STORAGE_LATENCY;
    let told = |repeated: &str, micros: &str| {
        let fields: &[(&str, &str)] =
            &[("device", "naa.1"), ("repeated", repeated), ("repeated_for_us", micros)];
        reach(&case(vec![moment(0, 0, kind, fields)]), &[])
    };
    assert!(told("2", "600000000").is_empty());
    let found = told("40", "600000000");
    assert_eq!(found.len(), 1);
    assert!(found[0].summary.en.contains(" 41 records tell of it"), "{}", found[0].summary.en);
    assert_eq!(found[0].count, 41);
    // Of a burst that is one occurrence as many lines make one, whether they were folded or not.
    assert!(told("40", "3000000").is_empty());
}

/// Which hosts each finding is about, and its cause.
fn told(found: &[Finding]) -> Vec<(&[usize], &str)> {
    found.iter().map(|finding| (finding.hosts.as_slice(), finding.cause.0)).collect()
}

#[test]
fn what_several_hosts_tell_of_one_object_keeps_its_cause_where_sharing_does_not_tell_it() {
    let both =
        |kind, fields: &[(&str, &str)]| case(vec![moment(0, 0, kind, fields), moment(1, 30, kind, fields)]);
    let lun: &[(&str, &str)] = &[("device", "naa.1")];
    let volume: &[(&str, &str)] = &[("datastore", "ds1"), ("volume", "5e0a1b2c-3d4e5f60-7182-001b21a0b0c0")];
    for (kind, fields, cause) in [
        (EventKind::STORAGE_NO_SPACE, lun, "full"),
        (EventKind::STORAGE_PDL, lun, "device-removed"),
        (EventKind::STORAGE_CORRUPTION, volume, "damaged-metadata"),
        (EventKind::HA_FAILOVER, &[("vm", "app1")], "ha-restart"),
        (EventKind::STORAGE_PATH_LOST, lun, "array-or-fabric"),
        (EventKind::STORAGE_DATASTORE_LOST, volume, "array-or-fabric"),
    ] {
        let found = reach(&both(kind, fields), &[]);
        assert_eq!(told(&found), [(&[0, 1][..], cause)], "{kind}");
        let says = found[0].summary.en.contains("what they share is at fault");
        assert_eq!(says, cause == "array-or-fabric", "{}", found[0].summary.en);
    }
}

#[test]
fn names_that_each_host_gives_itself_and_other_times_are_not_shared() {
    let each = |kind, fields: &[(&str, &str)], later| {
        let events = vec![moment(0, 0, kind, fields), moment(1, later, kind, fields)];
        reach(&case(events), &[]).len()
    };
    let lost = EventKind::STORAGE_DATASTORE_LOST;
    assert_eq!(each(lost, &[("datastore", "datastore1")], 5), 2);
    assert_eq!(each(lost, &[("server", "10.9.0.5"), ("share", "/vol/ds2")], 5), 1);
    assert_eq!(each(APD, &[("device", "mpx.vmhba1:C0:T0:L0")], 5), 2);
    assert_eq!(each(APD, &[("device", "8a5a1336-3d574c6d")], 5), 1);
    assert_eq!(each(APD, &[("device", "naa.1")], 600), 1);
    assert_eq!(each(APD, &[("device", "naa.1")], 7_200), 2, "hours apart");
}

#[test]
fn incidents_far_from_each_other_are_two_and_explain_only_what_is_near_to_each() {
    const DAY: i64 = 86_400;
    let lun: &[(&str, &str)] = &[("device", "naa.1")];
    let slow = |from: i64, device: &str| -> Vec<Moment> {
        let fields = [("device", device)];
        (0..6).map(|n| moment(0, from + 60 * n, EventKind::STORAGE_LATENCY, &fields)).collect()
    };
    let mut events = vec![
        moment(0, 0, APD, lun),
        moment(0, 7_200, BACK, lun),
        moment(0, 120 * DAY, APD, lun),
        moment(0, 120 * DAY + 300, BACK, lun),
    ];
    events.extend(slow(60 * DAY, "naa.1"));
    let found = reach(&case(events.clone()), &[]);
    assert_eq!(ids(&found), ["storage.apd", "storage.apd", "storage.latency"]);
    assert!(found.iter().take(2).all(|apd| apd.count == 1 && !apd.details["over_at"].is_null()));
    // What happens while the paths are down is explained, of that device.
    events.extend(slow(3_600, "naa.1"));
    assert_eq!(reach(&case(events.clone()), &[]).len(), 3);
    events.extend(slow(3_600, "naa.2"));
    assert_eq!(
        ids(&reach(&case(events), &[])),
        ["storage.apd", "storage.apd", "storage.latency", "storage.latency"]
    );
}

#[test]
fn what_rests_on_a_state_explains_what_was_near_to_the_bundle_of_that_host() {
    let mut hung = case(vec![moment(0, 0, EventKind::SERVICE_HANG, &[("service", "hostd")])]);
    let mut state = finding("vsan.host-lost", vec![0], 0, 0);
    (state.first_seen, state.last_seen) = (None, None);
    let state = [state];
    assert_eq!(reach(&hung, &state).len(), 1);
    hung.hosts[0].captured_at = Some(at(3_600));
    assert!(reach(&hung, &state).is_empty());
    hung.hosts[0].captured_at = Some(at(30 * 86_400));
    assert_eq!(reach(&hung, &state).len(), 1);
    let failover = case(vec![moment(1, 60, EventKind::HA_FAILOVER, &[("vm", "app1")])]);
    assert_eq!(reach(&failover, &state).len(), 1);
}

#[test]
fn an_incident_is_over_where_all_of_it_ended() {
    let of = |device: &'static str, host, from, kind| moment(host, from, kind, &[("device", device)]);
    let mut events = vec![of("naa.1", 0, 0, APD), of("naa.2", 0, 0, APD), of("naa.1", 0, 300, BACK)];
    let over = |events: &[Moment]| {
        let found = reach(&case(events.to_vec()), &[]);
        assert_eq!(ids(&found), ["storage.apd"]);
        (found[0].details["over_at"].is_null(), found[0].summary.en.contains("record of its end"))
    };
    assert_eq!(over(&events), (true, false));
    events.push(of("naa.2", 0, 400, BACK));
    assert_eq!(over(&events), (false, true));
    events.push(of("naa.2", 0, 900, APD));
    assert_eq!(over(&events), (true, false));
}

#[test]
fn what_the_hardware_tells_at_a_stop_counts() {
    let disk: &[(&str, &str)] = &[("device", "naa.5")];
    let mut events = vec![
        moment(0, 410, EventKind::HARDWARE_ERROR, &[("what", "apei.bert.pcie.error.fatal")]),
        moment(0, 420, EventKind::HOST_BOOT_DEVICE_LOST, &[]),
        moment(0, 430, EventKind::HOST_RAMDISK_FULL, &[("partition", "tmp")]),
    ];
    events.extend((0..3).map(|n| moment(0, 440 + 5 * n, EventKind::STORAGE_DISK_ERROR, disk)));
    let mut case = case(events);
    case.stops.push(stop(How::Silent));
    let found = reach(&case, &[]);
    assert_eq!(ids(&found), ["storage.disk-failed", "host.hardware", "host.boot-device-lost"]);
    assert!(found[1].title.en.ends_with("fatal PCIe error before the boot"), "{}", found[1].title.en);
}

#[test]
fn a_device_is_named_by_its_line_where_the_rule_reads_none_and_nameless_lines_repeat_others() {
    let mut lost = moment(0, 0, EventKind::STORAGE_PDL, &[]);
    lost.event.text = "Device naa.600508b1001c has been removed or is permanently inaccessible.".to_owned();
    let found = reach(&case(vec![lost]), &[]);
    assert!(found[0].title.en.contains("naa.600508b1001c (PDL)"), "{}", found[0].title.en);
    // One host tells of the failover, another names the VM.
    let begun = moment(0, 0, EventKind::HA_FAILOVER, &[]);
    let named = moment(2, 30, EventKind::HA_FAILOVER, &[("vm", "app1")]);
    let found = reach(&case(vec![begun.clone(), named]), &[]);
    assert_eq!((ids(&found), &found[0].vms), (vec!["ha.failover"], &vec!["app1".to_owned()]));
    let far = moment(2, 9_000, EventKind::HA_FAILOVER, &[("vm", "app1")]);
    assert_eq!(reach(&case(vec![begun, far]), &[]).len(), 2);
}
