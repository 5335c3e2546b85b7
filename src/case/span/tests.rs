use super::*;
use crate::case::GapCause;
use crate::case::coverage::Gap;
use crate::digest::Digest;
use crate::fact::{Fact, FactValue};
use crate::model::{Event, MemberPath, Severity, Source, Stamp, TimeQuality};

const ENTER: EventKind = EventKind::HOST_MAINTENANCE_ENTER;
const EXIT: EventKind = EventKind::HOST_MAINTENANCE_EXIT;
const BEGUN: &str = "vpxd.maintenance-begun";
const HOST: [(&str, &str); 1] = [("host_name", "esx1.lab")];

fn time(at: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + at)
}

fn event(at: i64, kind: EventKind, rule: &str, fields: &[(&str, &str)]) -> Event {
    Event {
        stamp: Some(Stamp { time: time(at), quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Info,
        rule: rule.to_owned(),
        text: String::new(),
        raw: format!("record {at}"),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: Source { file: MemberPath::new(rule), line: at.unsigned_abs() + 1, offset: 0 },
    }
}

/// A record of the host's own log.
fn own(at: i64, kind: EventKind) -> Event {
    event(at, kind, "vobd", &[])
}

/// A record of vCenter about the host.
fn said(at: i64, kind: EventKind, rule: &str) -> Event {
    event(at, kind, rule, &HOST)
}

fn bundle(name: &str, kind: HostKind, events: Vec<Event>) -> Digest {
    let source = || Source { file: MemberPath::new("f"), line: 1, offset: 0 };
    let values = [FactValue::HostName { name: name.to_owned() }, FactValue::CollectedBy { kind }];
    let facts = values.into_iter().map(|value| Fact { value, source: source(), text: String::new() });
    Digest { bundle: format!("{name}.tgz"), facts: facts.collect(), events, ..Digest::default() }
}

fn case(host: Vec<Event>, vcenter: Vec<Event>) -> Case {
    Case::build(vec![
        bundle("esx1.lab", HostKind::Esxi, host),
        bundle("esx2.lab", HostKind::Esxi, Vec::new()),
        bundle("vc1.lab", HostKind::Vcenter, vcenter),
    ])
}

/// Kind, beginning and end, all of the first host.
type Told = (SpanKind, Option<i64>, Option<i64>);

#[track_caller]
fn check(case: &Case, expected: &[Told]) {
    let second = |at: Timestamp| at.since(time(0)) / 1_000_000;
    let spans = case.spans();
    assert!(spans.iter().all(|span| case.hosts[span.host].name == "esx1.lab"));
    let told: Vec<Told> =
        spans.iter().map(|span| (span.kind, span.from.map(second), span.to.map(second))).collect();
    assert_eq!(told, expected);
}

#[test]
fn maintenance_is_told_once_by_host_and_vcenter() {
    let host = vec![own(40, ENTER), own(4_008, EXIT)];
    let vcenter = vec![
        said(10, ENTER, BEGUN),
        said(41, ENTER, "vpxd.maintenance-entered"),
        said(4_000, EXIT, "vpxd.maintenance-exit"),
    ];
    check(&case(host, vcenter), &[(SpanKind::Maintenance, Some(10), Some(4_008))]);
}

#[test]
fn an_attempt_that_failed_is_no_maintenance() {
    let failed =
        event(90, EXIT, "vpxd.maintenance-failed", &[HOST[0], ("fault", "vim.fault.NoCompatibleHost")]);
    check(&case(Vec::new(), vec![said(10, ENTER, BEGUN), failed.clone()]), &[]);
    // Nor is it an end: the host was in the mode before.
    let again = vec![said(80, ENTER, BEGUN), failed];
    check(&case(vec![own(40, ENTER)], again), &[(SpanKind::Maintenance, Some(40), None)]);
}

#[test]
fn maintenance_may_have_begun_before_or_go_on() {
    check(&case(vec![own(40, EXIT)], Vec::new()), &[(SpanKind::Maintenance, None, Some(40))]);
    let back = vec![own(40, EXIT), own(9_000, ENTER)];
    let expected = [(SpanKind::Maintenance, None, Some(40)), (SpanKind::Maintenance, Some(9_000), None)];
    check(&case(back, Vec::new()), &expected);
    // A host that takes a VM is not in maintenance mode, whatever is missing.
    let at_work = |at| own(at, EventKind::VM_POWER_ON);
    let missed = vec![own(40, ENTER), at_work(700)];
    check(&case(missed, Vec::new()), &[(SpanKind::Maintenance, Some(40), Some(700))]);
    check(&case(vec![at_work(5), own(40, EXIT)], Vec::new()), &[]);
    check(&case(vec![at_work(700)], vec![said(10, ENTER, BEGUN)]), &[]);
}

#[test]
fn an_upgrade_lasts_from_the_first_change_to_the_boot() {
    let (change, boot) = (EventKind::HOST_UPGRADE, EventKind::HOST_BOOT);
    let host = vec![own(100, change), own(160, change), own(300, EventKind::HOST_REBOOT), own(900, boot)];
    let expected = [(SpanKind::Upgrade, Some(100), Some(900)), (SpanKind::Down, Some(300), Some(900))];
    check(&case(host, Vec::new()), &expected);
    // A change without a boot is a point, and so is one long before a boot.
    check(&case(vec![own(100, change)], Vec::new()), &[]);
    let late = case(vec![own(100, change), own(200_000, boot)], Vec::new()).spans();
    assert!(late.iter().all(|span| span.kind != SpanKind::Upgrade), "{late:?}");
}

#[test]
fn a_host_that_did_not_come_up_is_down_and_being_upgraded_to_the_end() {
    let host = vec![own(100, EventKind::HOST_UPGRADE), own(300, EventKind::HOST_REBOOT)];
    let expected = [(SpanKind::Upgrade, Some(100), None), (SpanKind::Down, Some(300), None)];
    check(&case(host, Vec::new()), &expected);
}

#[test]
fn vcenter_had_no_connection_from_the_first_word_to_the_reconnect() {
    let vcenter = vec![
        said(50, EventKind::HOST_NOT_RESPONDING, "vpxd.host-missed-heartbeats"),
        said(60, EventKind::HOST_NOT_RESPONDING, "vpxd.host-not-responding"),
        said(65, EventKind::HOST_DISCONNECTED, "vpxd.host-disconnected"),
        said(400, EventKind::HOST_RECONNECTED, "vpxd.host-reconnected"),
        // The agent manager is late.
        said(430, EventKind::HOST_NOT_RESPONDING, "eam.host-not-responding"),
        said(9_000, EventKind::HOST_DISCONNECTED, "vpxd.host-disconnected"),
    ];
    let expected =
        [(SpanKind::Disconnected, Some(60), Some(400)), (SpanKind::Disconnected, Some(9_000), None)];
    check(&case(Vec::new(), vcenter), &expected);
}

#[test]
fn a_disconnect_that_somebody_meant_is_a_span_too() {
    let by_hand = event(
        60,
        EventKind::HOST_DISCONNECTED,
        "vpxd.host-disconnected",
        &[HOST[0], ("reason", "userRequest")],
    );
    check(&case(Vec::new(), vec![by_hand]), &[(SpanKind::Disconnected, Some(60), None)]);
}

#[test]
fn gaps_of_one_log_that_overlap_are_one_and_other_logs_stay_apart() {
    let mut case = case(Vec::new(), Vec::new());
    let gap = |from, to| Gap {
        from: time(from),
        to: time(to),
        why: GapCause::RotationMissing,
        files: Vec::new(),
        partial: false,
    };
    let host = case.hosts.iter_mut().find(|host| host.name == "esx1.lab").expect("the host");
    host.gaps.insert("hostd".to_owned(), vec![gap(0, 100), gap(90, 200), gap(500, 600)]);
    host.gaps.insert("vobd".to_owned(), vec![gap(50, 60)]);
    let of = |from, to| (SpanKind::LogGap, Some(from), Some(to));
    check(&case, &[of(0, 200), of(50, 60), of(500, 600)]);
    let logs: Vec<Option<String>> = case.spans().into_iter().map(|span| span.log).collect();
    assert_eq!(logs, ["hostd", "vobd", "hostd"].map(|log| Some(log.to_owned())));
}
