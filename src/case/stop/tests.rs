use super::super::Case;
use super::*;
use crate::digest::{Digest, LogCoverage, MemberCoverage, Silence};
use crate::fact::{Fact, FactValue};
use crate::model::{Event, EventKind, MemberPath, Severity, Source, Stamp, TimeQuality};

const BOOT: EventKind = EventKind::HOST_BOOT;
const REBOOT: EventKind = EventKind::HOST_REBOOT;
const SHUTDOWN: EventKind = EventKind::HOST_SHUTDOWN;
const CRASH: EventKind = EventKind::HOST_CRASH;
const ENTER: EventKind = EventKind::HOST_MAINTENANCE_ENTER;
const EXIT: EventKind = EventKind::HOST_MAINTENANCE_EXIT;
const UPGRADE: EventKind = EventKind::HOST_UPGRADE;

/// The second `at` of the story, which begins in the middle of some day.
fn time(at: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + at)
}

fn told(at: i64, kind: EventKind, log: &str, fields: &[(&str, &str)]) -> Event {
    let file = MemberPath::new(format!("var/run/log/{log}.log"));
    Event {
        stamp: Some(Stamp { time: time(at), quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Info,
        rule: format!("{log}.{kind}"),
        text: String::new(),
        raw: format!("record {at}"),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: Source { file, line: at.unsigned_abs() + 1, offset: at.unsigned_abs() * 100 },
    }
}

fn event(at: i64, kind: EventKind) -> Event {
    told(at, kind, "vobd", &[])
}

fn psod(at: i64) -> Event {
    told(at, CRASH, "vmkernel", &[("reason", "#PF Exception 14 in world 2097705:worker")])
}

fn member(log: &str, name: &str, from: i64, to: i64) -> (String, MemberCoverage) {
    let member = MemberCoverage {
        path: MemberPath::new(format!("var/run/log/{name}")),
        bytes: 9_000,
        crc: 0,
        records: 100,
        unparsed: 0,
        unparsed_samples: Vec::new(),
        from: Some(time(from)),
        to: Some(time(to)),
        first_record: None,
        last_record: None,
        silences: Vec::new(),
        problems: Vec::new(),
    };
    (log.to_owned(), member)
}

/// A host whose logs are `members` and which was captured after two days; it last booted at `booted`.
fn host(events: Vec<Event>, members: Vec<(String, MemberCoverage)>, booted: Option<i64>) -> Digest {
    let source = || Source { file: MemberPath::new("commands/date.txt"), line: 1, offset: 0 };
    let mut values = vec![
        FactValue::HostName { name: "esx1.lab".to_owned() },
        FactValue::CapturedAt { at: time(2 * 86_400) },
    ];
    values.extend(booted.map(|at| FactValue::BootedAt { at: time(at) }));
    let facts = values.into_iter().map(|value| Fact { value, source: source(), text: String::new() });
    let mut logs: Vec<LogCoverage> = Vec::new();
    for (log, member) in members {
        match logs.iter_mut().find(|known| known.log == log) {
            Some(known) => known.members.push(member),
            None => logs.push(LogCoverage { log, members: vec![member], ..LogCoverage::default() }),
        }
    }
    Digest { bundle: "esx1.tgz".to_owned(), facts: facts.collect(), events, logs, ..Digest::default() }
}

/// Logs that begin a day before the story and go on to its end.
fn whole() -> Vec<(String, MemberCoverage)> {
    vec![
        member("vmkernel", "vmkernel.log", -86_400, 172_000),
        member("vobd", "vobd.log", -86_400, 172_000),
        member("vmksummary", "vmksummary.log", -86_400, 172_000),
    ]
}

/// How it stopped, when, when it was up again, and whether it was planned.
type Told = (How, Option<i64>, Option<i64>, bool);

#[track_caller]
fn check(digest: Digest, expected: &[Told]) {
    let case = Case::build(vec![digest]);
    let second = |at: Timestamp| at.since(time(0)) / 1_000_000;
    let of = |stop: &Stop| (stop.how, stop.down.map(second), stop.up.map(second), stop.is_planned());
    assert!(case.stops.iter().all(|stop| !stop.lines.is_empty()));
    assert_eq!(case.stops.iter().map(of).collect::<Vec<_>>(), expected);
}

#[test]
fn records_of_one_stop_in_several_logs_are_one() {
    let events = vec![
        told(100, REBOOT, "vobd", &[]),
        told(103, REBOOT, "vmksummary", &[]),
        told(700, BOOT, "vmksummary", &[]),
        told(1_100, BOOT, "vobd", &[("us", "402000000")]),
    ];
    check(host(events, whole(), Some(640)), &[(How::Reboot, Some(100), Some(700), false)]);
}

#[test]
fn a_stop_in_maintenance_mode_is_planned_however_long_it_was_in_it() {
    let long = vec![event(-40_000, ENTER), event(100, SHUTDOWN), event(9_000, BOOT), event(9_900, EXIT)];
    check(host(long, whole(), None), &[(How::Shutdown, Some(100), Some(9_000), true)]);
    let left = vec![event(-40_000, ENTER), event(-30_000, EXIT), event(100, SHUTDOWN), event(9_000, BOOT)];
    check(host(left, whole(), None), &[(How::Shutdown, Some(100), Some(9_000), false)]);
}

#[test]
fn a_change_of_software_counts_for_the_next_boot_only() {
    let events = vec![
        event(50, UPGRADE),
        event(100, REBOOT),
        event(700, BOOT),
        event(9_000, REBOOT),
        event(9_500, BOOT),
    ];
    let expected =
        [(How::Reboot, Some(100), Some(700), true), (How::Reboot, Some(9_000), Some(9_500), false)];
    check(host(events, whole(), None), &expected);
}

#[test]
fn a_purple_screen_and_what_the_next_boot_finds_are_one_stop() {
    let found = told(1_300, CRASH, "vobd", &[]);
    let events = vec![psod(100), event(1_200, BOOT), found];
    check(host(events, whole(), Some(1_150)), &[(How::PurpleScreen, Some(100), Some(1_200), false)]);
    // The screen stood for hours before somebody came.
    check(
        host(vec![psod(100), event(40_000, BOOT)], whole(), None),
        &[(How::PurpleScreen, Some(100), Some(40_000), false)],
    );
    // It stopped while it was asked to.
    let events = vec![event(100, REBOOT), psod(160), event(1_200, BOOT)];
    check(host(events, whole(), None), &[(How::PurpleScreen, Some(100), Some(1_200), false)]);
    // The kernel's log of the run before is written out after the boot.
    let events = vec![event(1_200, BOOT), psod(1_260)];
    let logs = vec![member("vmkernel", "vmkernel.log", 1_200, 172_000)];
    check(host(events, logs, Some(1_200)), &[(How::PurpleScreen, None, Some(1_200), false)]);
}

#[test]
fn a_boot_without_a_known_reason_is_not_clean() {
    let reason = told(760, CRASH, "vobd", &[("unclean", "reason.unavailable")]);
    let mut logs = whole();
    logs.push(member("hostd", "hostd.3.gz", -86_400, 90));
    check(
        host(vec![event(700, BOOT), reason.clone()], logs, None),
        &[(How::Unclean, Some(90), Some(700), false)],
    );
    // Before the logs begin nothing is known but that.
    let logs = vec![member("vobd", "vobd.log", 690, 172_000)];
    check(host(vec![event(700, BOOT), reason], logs, None), &[(How::Unclean, None, Some(700), false)]);
}

#[test]
fn an_old_core_dump_does_not_make_a_crash_of_an_asked_reboot() {
    let dump = |at| told(at, CRASH, "vmksummary", &[]);
    let after = vec![event(100, REBOOT), event(700, BOOT), dump(701)];
    check(host(after, whole(), None), &[(How::Reboot, Some(100), Some(700), false)]);
    let before = vec![event(100, REBOOT), dump(699), event(700, BOOT)];
    check(host(before, whole(), None), &[(How::Reboot, Some(100), Some(700), false)]);
}

#[test]
fn silence_says_something_only_where_the_logs_would_have_spoken() {
    let boot = || vec![event(-80_000, EventKind::TIME_STEP), event(700, BOOT)];
    let with_end = |mut logs: Vec<(String, MemberCoverage)>| {
        logs.push(member("hostd", "hostd.0.gz", -86_400, 60));
        logs
    };
    check(host(boot(), with_end(whole()), Some(650)), &[(How::Silent, Some(60), Some(700), false)]);
    // The logs begin with the boot, or one of them does.
    let begins = |from| {
        vec![
            member("vobd", "vobd.log", from, 172_000),
            member("vmksummary", "vmksummary.log", -86_400, 172_000),
        ]
    };
    check(host(boot(), with_end(begins(690)), Some(650)), &[]);
    check(host(boot(), with_end(begins(-86_400)), Some(650)), &[(How::Silent, Some(60), Some(700), false)]);
    // The logs that would tell it are not there.
    check(host(boot(), vec![member("hostd", "hostd.log", -86_400, 60)], Some(650)), &[]);
    // A rotation is missing where it would have been told.
    let cut = vec![
        member("vobd", "vobd.2.gz", -86_400, -900),
        member("vobd", "vobd.0.gz", 800, 90_000),
        member("vobd", "vobd.log", 90_000, 172_000),
    ];
    check(host(boot(), with_end(cut), Some(650)), &[]);
    // Somebody works on it.
    check(host(vec![event(-500, ENTER), event(700, BOOT)], with_end(whole()), Some(650)), &[]);
    check(host(vec![event(-500, UPGRADE), event(700, BOOT)], with_end(whole()), Some(650)), &[]);
    // The boot of days ago is told again.
    let again = told(700, BOOT, "vobd", &[("us", "90000000000")]);
    check(host(vec![again], with_end(whole()), None), &[]);
}

#[test]
fn what_was_done_long_before_a_stop_does_not_plan_it() {
    let day = 86_400;
    let asked = |before: Event| vec![before, event(100, REBOOT), event(700, BOOT)];
    let planned = |is| [(How::Reboot, Some(100), Some(700), is)];
    check(host(asked(event(-day + 200, UPGRADE)), whole(), None), &planned(true));
    check(host(asked(event(-day - 200, UPGRADE)), whole(), None), &planned(false));
    check(host(asked(event(-29 * day, ENTER)), whole(), None), &planned(true));
    check(host(asked(event(-31 * day, ENTER)), whole(), None), &planned(false));
    // A host that takes VMs is in maintenance mode no more.
    let worked = vec![
        event(-40_000, ENTER),
        event(-20_000, EventKind::VM_POWER_ON),
        event(100, REBOOT),
        event(700, BOOT),
    ];
    check(host(worked, whole(), None), &planned(false));
    // Nor does it explain a silence.
    let mut logs = whole();
    logs.push(member("hostd", "hostd.0.gz", -86_400, 60));
    let old = vec![event(-day - 200, UPGRADE), event(700, BOOT)];
    check(host(old, logs, None), &[(How::Silent, Some(60), Some(700), false)]);
}

#[test]
fn the_silence_inside_a_log_dates_a_stop_and_what_the_boot_writes_does_not() {
    let silent = |mut logs: Vec<(String, MemberCoverage)>, spans: &[(i64, i64)]| {
        let silence = |&(from, to): &(i64, i64)| Silence { from: time(from), to: time(to) };
        logs[0].1.silences = spans.iter().map(silence).collect();
        logs
    };
    let early =
        || vec![event(-500, EventKind::TIME_STEP), event(660, EventKind::NET_LINK_UP), event(700, BOOT)];
    // A pause before it and one after it are none.
    let logs = silent(whole(), &[(-3_000, -2_800), (60, 650), (900, 1_300)]);
    check(host(early(), logs, None), &[(How::Silent, Some(60), Some(700), false)]);
    // Where no log tells of the silence, the boot's uptime tells what is of the new run.
    let uptime = told(700, BOOT, "vobd", &[("us", "60000000")]);
    let events = vec![event(-500, EventKind::TIME_STEP), event(660, EventKind::NET_LINK_UP), uptime];
    check(host(events, whole(), None), &[(How::Silent, Some(-500), Some(700), false)]);
}

#[test]
fn a_dump_tells_of_a_stop_only_where_the_logs_would_have_told_of_another() {
    let events = || vec![event(700, BOOT), told(701, CRASH, "vmksummary", &[])];
    let is_covered = |logs| {
        let case = Case::build(vec![host(events(), logs, None)]);
        assert_eq!(case.stops.len(), 1);
        assert_eq!(case.stops[0].how, How::Unclean);
        case.stops[0].is_covered
    };
    let mut reaches = whole();
    reaches.push(member("hostd", "hostd.0.gz", -86_400, 60));
    assert!(is_covered(reaches));
    // hostd reaches back, and the logs that would tell of a reboot do not.
    let rotated = vec![
        member("vobd", "vobd.log", 690, 172_000),
        member("vmksummary", "vmksummary.log", 690, 172_000),
        member("hostd", "hostd.0.gz", -86_400, 60),
    ];
    assert!(!is_covered(rotated));
}

#[test]
fn a_stop_that_did_not_come_is_none() {
    check(host(vec![event(100, SHUTDOWN)], whole(), Some(-50_000)), &[]);
    // It did, and no record tells the boot.
    check(
        host(vec![event(100, SHUTDOWN)], whole(), Some(900)),
        &[(How::Shutdown, Some(100), Some(900), false)],
    );
    check(host(vec![event(100, SHUTDOWN)], whole(), None), &[(How::Shutdown, Some(100), None, false)]);
}
