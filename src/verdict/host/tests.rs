use std::collections::BTreeMap;

use super::crashed::{self, module, world};
use super::disconnected;
use crate::case::{
    Case, Clock, Cluster, ClusterBasis, Host, How, Membership, Moment, Node, Reference, Stop, Testimony,
};
use crate::model::{
    Confidence, Event, EventKind, HostKind, MemberPath, Severity, Source, Text, TimeQuality, Timestamp,
};
use crate::verdict::Finding;

/// A record of vCenter, host 2 of the case, about `esx1`.
fn of_vcenter(at: i64, kind: EventKind, rule: &str) -> Moment {
    let file = MemberPath::new("var/log/vmware/vpxd/vpxd.log");
    let fields = BTreeMap::from([("host_name".to_owned(), "esx1".to_owned())]);
    Moment {
        time: Timestamp::from_seconds(1_700_000_000 + at),
        quality: TimeQuality::Exact,
        host: 2,
        event: Event {
            stamp: None,
            kind,
            severity: Severity::Error,
            rule: rule.to_owned(),
            text: String::new(),
            raw: format!("record {at}"),
            fields,
            source: Source { file, line: at.unsigned_abs() + 1, offset: 0 },
        },
    }
}

/// Two hosts and their vCenter Server; `counted` is whether `esx2` counts `esx1` as a vSAN member.
fn case(timeline: Vec<Moment>, counted: Option<bool>) -> Case {
    let host = |id: &str, kind| {
        let mut host = Host::default();
        (host.id, host.kind) = (id.to_owned(), kind);
        host
    };
    let node = |host| Node { host: Some(host), ..Node::default() };
    let says = BTreeMap::from([((1, 0), Testimony { counted, ..Testimony::default() })]);
    Case {
        hosts: vec![
            host("esx1", HostKind::Esxi),
            host("esx2", HostKind::Esxi),
            host("vc1", HostKind::Vcenter),
        ],
        timeline,
        memberships: vec![Membership {
            nodes: vec![node(0), node(1)],
            rows: vec![0, 1],
            says,
            ..Membership::default()
        }],
        ..Case::default()
    }
}

const LOST: EventKind = EventKind::HOST_NOT_RESPONDING;
const BACK: EventKind = EventKind::HOST_RECONNECTED;

#[test]
fn it_is_said_whether_the_vsan_membership_is_intact() {
    for (counted, is_only_vcenter) in [(Some(true), true), (Some(false), false), (None, false)] {
        let case = case(vec![of_vcenter(0, LOST, "vpxd.host-not-responding")], counted);
        let found = (disconnected::VERDICT.reach)(&case, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].details["vsan_intact"].as_bool(), counted);
        assert_eq!(found[0].title.en.starts_with("Only vCenter"), is_only_vcenter, "{}", found[0].title.en);
        assert_eq!(found[0].summary.en.contains("membership is intact"), is_only_vcenter);
    }
}

#[test]
fn what_the_agent_manager_says_late_is_no_loss_of_its_own() {
    let told = |late: i64| {
        let timeline = vec![
            of_vcenter(0, LOST, "vpxd.host-not-responding"),
            of_vcenter(4, BACK, "vpxd.host-reconnected"),
            of_vcenter(late, LOST, "eam.host-not-responding"),
        ];
        let found = (disconnected::VERDICT.reach)(&case(timeline, None), &[]);
        (found.len(), found[0].details["episodes"].as_u64(), found[0].severity)
    };
    assert_eq!(told(6), (1, Some(1), Severity::Warning));
    assert_eq!(told(900), (1, Some(2), Severity::Error));
}

#[test]
fn a_purple_screen_names_its_world_and_its_module() {
    let reason = "#PF Exception 14 in world 2097705:CMMDS-worker IP 0x41802 addr 0x0";
    assert_eq!((world(reason), module(reason)), (Some("CMMDS-worker"), None));
    let reason = "Failed at bora/modules/vmkernel/cmmds/cmmds_net.c:911 -- NOT REACHED";
    assert_eq!((world(reason), module(reason)), (None, Some("cmmds")));
    let reason = "PCPU 7: no heartbeat (2/2 IPIs received)";
    assert_eq!((world(reason), module(reason)), (None, None));
    assert_eq!(world("the world is not enough: 3"), None);
}

/// A stop of `esx1` that ended before second 1,000, whose cause its boot told.
fn found_at_boot(is_covered: bool) -> Case {
    let mut case = case(vec![of_vcenter(500, LOST, "vpxd.host-not-responding")], None);
    let mut dump = of_vcenter(1_000, EventKind::HOST_CRASH, "host.crash-found-at-boot");
    dump.host = 0;
    case.timeline.push(dump);
    let at = |second: i64| Some(Timestamp::from_seconds(1_700_000_000 + second));
    case.stops.push(Stop {
        host: 0,
        how: How::Unclean,
        down: at(400),
        up: at(990),
        is_covered,
        maintenance: None,
        upgrade: None,
        lines: vec![1],
    });
    case
}

#[test]
fn a_dump_whose_stop_no_log_covers_blames_nobody() {
    for (is_covered, crash, lost) in [(true, "psod", "host-crash"), (false, "unknown", "unknown")] {
        let case = found_at_boot(is_covered);
        let crashed = (crashed::VERDICT.reach)(&case, &[]);
        assert_eq!((crashed.len(), crashed[0].cause.0), (1, crash));
        assert_eq!(crashed[0].summary.en.contains("without being asked to"), is_covered);
        let disconnected = (disconnected::VERDICT.reach)(&case, &[]);
        assert_eq!((disconnected.len(), disconnected[0].cause.0), (1, lost));
    }
}

/// `esx1` was lost for vSAN at second 0.
fn lost_for_vsan(details: serde_json::Value) -> Finding {
    let at = Timestamp::from_seconds(1_700_000_000);
    Finding {
        id: "vsan.host-lost",
        severity: Severity::Critical,
        confidence: Confidence::Likely,
        title: Text::default(),
        summary: Text::default(),
        cause: ("network", Text::default()),
        hosts: vec![0],
        vms: Vec::new(),
        first_seen: Some(at),
        last_seen: Some(at),
        count: 1,
        remedy: Vec::new(),
        brief: crate::verdict::Brief::default(),
        references: Vec::new(),
        evidence: Vec::new(),
        details,
    }
}

#[test]
fn a_host_that_is_still_out_of_vsan_is_told_there_only_and_one_that_came_back_is_not() {
    for (over, count) in [(false, 0), (true, 1)] {
        let case = case(vec![of_vcenter(7_200, LOST, "vpxd.host-not-responding")], None);
        let lost = lost_for_vsan(serde_json::json!({ "host": "esx1", "over": over }));
        assert_eq!((disconnected::VERDICT.reach)(&case, &[lost]).len(), count);
    }
}

#[test]
fn one_loss_by_two_clocks_that_nothing_compares_is_told_once() {
    let lost = |at| of_vcenter(at, LOST, "vpxd.host-not-responding");
    let count = |timeline: Vec<Moment>, times: u64, compared: bool| {
        let mut case = case(timeline, None);
        for host in case.hosts.iter_mut().filter(|_| compared) {
            let against = Some(Reference::Host(0));
            host.clock = Some(Clock { reference: true, against, ..Default::default() });
        }
        let vsan = lost_for_vsan(serde_json::json!({ "host": "esx1", "over": false, "times": times }));
        (disconnected::VERDICT.reach)(&case, &[vsan]).len()
    };
    // vCenter's clock is an hour behind.
    assert_eq!(count(vec![lost(-3_540)], 1, false), 0);
    // The clocks agree, so it is another loss; so it may be where the host was lost more than once.
    assert_eq!(count(vec![lost(-3_540)], 1, true), 1);
    assert_eq!(count(vec![lost(-3_540)], 2, false), 1);
    let back = of_vcenter(-7_000, BACK, "vpxd.host-reconnected");
    assert_eq!(count(vec![lost(-7_200), back, lost(-3_540)], 1, false), 1);
    // No clock is set to a zone so far away.
    assert_eq!(count(vec![lost(-90_000)], 1, false), 1);
}

#[test]
fn a_purple_screen_says_what_its_sort_means_and_what_to_do_about_it() {
    for (reason, signature, word) in [
        ("Machine Check Exception on PCPU42 in world 1002134:idle42", Some("machine-check"), "machine check"),
        ("LINT1/NMI (motherboard nonmaskable interrupt), undiagnosed", Some("nmi"), "non-maskable"),
        ("something that nobody knows", None, "purple screen"),
    ] {
        let mut case = found_at_boot(true);
        let mut screen = of_vcenter(400, EventKind::HOST_CRASH, "vmkernel.psod");
        screen.host = 0;
        screen.event.fields.insert("reason".to_owned(), reason.to_owned());
        case.timeline.insert(0, screen);
        case.stops[0].how = How::PurpleScreen;
        case.stops[0].lines = vec![0];
        let crashed = &(crashed::VERDICT.reach)(&case, &[])[0];
        assert_eq!((crashed.cause.0, crashed.details["signature"].as_str()), ("psod", signature));
        assert!(crashed.cause.1.en.contains(word), "{}", crashed.cause.1.en);
        // What its sort asks for comes first, and the hardware's log is named once.
        let commands: Vec<&str> = crashed.remedy.iter().filter_map(|step| step.command.as_deref()).collect();
        let log = "esxcli hardware ipmi sel list";
        assert_eq!(commands.iter().filter(|command| **command == log).count(), 1, "{commands:?}");
        assert_eq!(commands[0] == log, signature.is_some(), "{commands:?}");
        // Of a dump that may be an older one nothing of the sort is said.
        case.stops[0].how = How::Unclean;
        case.stops[0].is_covered = false;
        let crashed = &(crashed::VERDICT.reach)(&case, &[])[0];
        assert_eq!((crashed.cause.0, crashed.details["signature"].as_str()), ("unknown", None));
        assert_eq!(crashed.references.len(), 1);
    }
}

#[test]
fn what_the_hardware_told_near_the_stop_is_named() {
    let told = |second: i64, kind: EventKind| {
        let mut case = found_at_boot(true);
        let mut error = of_vcenter(second, kind, "vmkernel.machine-check");
        error.event.fields.insert("what".to_owned(), "apei.bert.pcie.error.fatal".to_owned());
        case.timeline.push(error);
        let found = &(crashed::VERDICT.reach)(&case, &[])[0];
        let is_named = found.summary.en.contains("the hardware reported: fatal PCIe error");
        assert_eq!(is_named, found.evidence.iter().any(|line| line.text == format!("record {second}")));
        assert_eq!(found.cause.0, "psod");
        is_named
    };
    assert!(told(300, EventKind::HARDWARE_ERROR));
    assert!(told(1_200, EventKind::HARDWARE_SENSOR));
    assert!(!told(-900, EventKind::HARDWARE_ERROR));
    assert!(!told(300, EventKind::HARDWARE_MEMORY_ERROR));
}

#[test]
fn ha_restarts_of_another_cluster_are_not_counted() {
    let mut case = found_at_boot(true);
    let cluster = |hosts| Cluster { id: String::new(), name: None, basis: ClusterBasis::Vsan, hosts };
    case.clusters = vec![cluster(vec![0, 1]), cluster(vec![3])];
    case.hosts.push(Host::default());
    let mut near = of_vcenter(600, EventKind::HA_FAILOVER, "fdm.failover");
    near.host = 1;
    near.event.fields.insert("vm".to_owned(), "app1".to_owned());
    let mut far = near.clone();
    far.host = 3;
    far.event.fields.insert("vm".to_owned(), "other".to_owned());
    case.timeline.extend([near, far]);
    case.timeline.sort_by_key(|moment| moment.time);
    case.stops[0].lines = vec![3];
    let crashed = (crashed::VERDICT.reach)(&case, &[]);
    assert_eq!(crashed[0].vms, ["app1"]);
}
