use super::super::Case;
use super::*;
use crate::digest::Digest;
use crate::fact::vmkernel::{VmkernelAdapter, VmkernelAddress};
use crate::fact::{Fact, FactValue};
use crate::model::{Event, MemberPath, Severity, Source, Stamp, TimeQuality};

const START: EventKind = EventKind::VMOTION_START;
const DONE: EventKind = EventKind::VMOTION_SUCCESS;
const FAIL: EventKind = EventKind::VMOTION_FAIL;
const REFUSED: EventKind = EventKind::VMOTION_FAIL_CPU;

type Fields<'a> = &'a [(&'a str, &'a str)];

/// A record of second `at` in `file` with these fields.
fn event(at: i64, kind: EventKind, file: &str, fields: &[(&str, &str)]) -> Event {
    let source = Source { file: MemberPath::new(file), line: at as u64 + 1, offset: at as u64 * 100 };
    Event {
        stamp: Some(Stamp { time: Timestamp::from_seconds(1_700_000_000 + at), quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Error,
        rule: format!("rule.{file}"),
        text: String::new(),
        raw: format!("record {at}"),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source,
    }
}

fn bundle(name: &str, values: Vec<FactValue>, events: Vec<Event>) -> Digest {
    let source = || Source { file: MemberPath::new("f"), line: 1, offset: 0 };
    let fact = |value| Fact { value, source: source(), text: String::new() };
    let named = FactValue::HostName { name: name.to_owned() };
    let facts = [named].into_iter().chain(values).map(fact).collect();
    Digest { bundle: format!("{name}.tgz"), facts, events, ..Digest::default() }
}

fn adapter(ip: &str) -> FactValue {
    FactValue::VmkernelAdapter(VmkernelAdapter {
        name: "vmk1".to_owned(),
        addresses: Some(vec![VmkernelAddress { ip: ip.parse().expect("an address"), prefix: Some(24) }]),
        tags: Some(vec!["VMotion".to_owned()]),
        ..VmkernelAdapter::default()
    })
}

fn vcenter(events: Vec<Event>) -> Digest {
    let mut vcenter = bundle("vc1.lab", Vec::new(), events);
    let value = FactValue::CollectedBy { kind: crate::model::HostKind::Vcenter };
    let source = Source { file: MemberPath::new("f"), line: 1, offset: 0 };
    vcenter.facts.push(Fact { value, source, text: String::new() });
    vcenter
}

/// Id, VM, source, destination, outcome and number of records of every migration.
type Summary<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>, Outcome, usize);

#[track_caller]
fn check(bundles: Vec<Digest>, expected: &[Summary<'_>]) {
    let case = Case::build(bundles);
    let host = |index: Option<usize>| index.map(|index| case.hosts[index].id.as_str());
    let told: Vec<Summary<'_>> = case
        .migrations
        .iter()
        .map(|m| {
            (
                m.id.as_deref(),
                m.vm.as_deref(),
                host(m.source),
                host(m.destination),
                m.outcome,
                m.moments.len(),
            )
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn six_records_of_one_failure_are_one_migration() {
    let source = vec![
        event(0, START, "var/run/log/vmkernel.log", &[("mid", "77"), ("role", "Source")]),
        event(20, FAIL, "var/run/log/vmkernel.log", &[("mid", "77"), ("side", "S"), ("status", "0xbad0021")]),
        event(
            21,
            FAIL,
            "var/run/log/hostd.log",
            &[("mid", "77"), ("side", "S"), ("opid", "k7-12345-h5:70-01-2c")],
        ),
        event(21, FAIL, "vmfs/volumes/ds1/web/vmware.log", &[("msg", "msg.migrate.waitdata.platform")]),
    ];
    let target = vec![
        event(0, START, "var/run/log/vmkernel.log", &[("mid", "77"), ("role", "Dest")]),
        event(20, FAIL, "var/run/log/vmkernel.log", &[("mid", "77"), ("side", "D"), ("status", "195887167")]),
    ];
    // vCenter's clock is a minute and a half ahead; one record has the id, one only the operation, one only the VM.
    let told = vec![
        event(
            111,
            FAIL,
            "var/log/vmware/vpxd/vpxd.log",
            &[("mid", "77"), ("fault", "vmodl.fault.SystemError")],
        ),
        event(112, FAIL, "var/log/vmware/vpxd/vpxd.log", &[("opid", "k7-12345-h5:70-01"), ("vm", "web")]),
        event(113, FAIL, "var/log/vmware/vpxd/vpxd.log", &[("opid", "EventManager-8"), ("vm", "web")]),
    ];
    check(
        vec![bundle("esx1.lab", vec![], source), bundle("esx2.lab", vec![], target), vcenter(told)],
        &[(Some("77"), Some("web"), Some("esx1"), Some("esx2"), Outcome::Failed, 9)],
    );
}

#[test]
fn where_one_sides_bundle_tells_nothing_its_address_does() {
    let source = vec![
        event(
            0,
            START,
            "vmkernel.log",
            &[("mid", "5"), ("role", "Source"), ("src", "10.1.0.1"), ("dst", "10.1.0.2")],
        ),
        event(9, FAIL, "vmkernel.log", &[("mid", "5"), ("side", "S")]),
    ];
    let esx1 = || bundle("esx1.lab", vec![adapter("10.1.0.1")], source.clone());
    let esx2 = bundle("esx2.lab", vec![adapter("10.1.0.2")], vec![]);
    check(vec![esx1(), esx2], &[(Some("5"), None, Some("esx1"), Some("esx2"), Outcome::Failed, 2)]);
    // Nobody here has that address: the host stays unknown, its address is kept.
    let other = bundle("esx3.lab", vec![adapter("10.1.0.3")], vec![]);
    let case = Case::build(vec![esx1(), other]);
    assert_eq!(case.migrations[0].destination, None);
    assert_eq!(case.migrations[0].to.address.as_deref(), Some("10.1.0.2"));
    // Two hosts have it, of which none can be preferred.
    let twins = ["esx4.lab", "esx5.lab"].map(|name| bundle(name, vec![adapter("10.1.0.2")], vec![]));
    let case = Case::build([vec![esx1()], twins.to_vec()].concat());
    assert_eq!(case.migrations[0].destination, None);
}

#[test]
fn a_vm_is_known_by_its_world_on_the_host_that_runs_it() {
    let running = FactValue::RunningVm {
        name: "db 1".to_owned(),
        world: Some(2_100_123),
        cartel: Some(2_100_122),
        uuid: None,
        vmx: Some("/vmfs/volumes/ds1/db 1/db 1.vmx".to_owned()),
    };
    let start = |world: &str| {
        let fields = [("mid", "5"), ("role", "Source"), ("world", world)];
        vec![
            event(0, START, "vmkernel.log", &fields),
            event(9, FAIL, "vmkernel.log", &[("mid", "5"), ("side", "S")]),
        ]
    };
    let of = |world: &str| bundle("esx1.lab", vec![running.clone()], start(world));
    check(vec![of("2100123")], &[(Some("5"), Some("db 1"), Some("esx1"), None, Outcome::Failed, 2)]);
    check(vec![of("2100999")], &[(Some("5"), None, Some("esx1"), None, Outcome::Failed, 2)]);
}

#[test]
fn attempts_of_one_vm_are_told_apart() {
    let at = |mid: &'static str, at: i64| {
        vec![
            event(at, START, "vmkernel.log", &[("mid", mid), ("role", "Source"), ("vm", "web")]),
            event(at + 20, FAIL, "vmkernel.log", &[("mid", mid), ("side", "S")]),
            event(at + 21, FAIL, "vmfs/volumes/ds1/web/vmware.log", &[("msg", "msg.migrate.fail.dst")]),
        ]
    };
    let mut events = at("1", 0);
    events.extend(at("2", 40));
    // By vCenter's clock a record without an id may be of either: it is told of none.
    let told = vec![event(45, FAIL, "vpxd.log", &[("vm", "web")])];
    check(
        vec![bundle("esx1.lab", vec![], events), vcenter(told)],
        &[
            (Some("1"), Some("web"), Some("esx1"), None, Outcome::Failed, 3),
            (Some("2"), Some("web"), Some("esx1"), None, Outcome::Failed, 3),
        ],
    );
}

#[test]
fn records_without_an_id_make_a_migration_of_their_own() {
    let told = vec![
        event(0, FAIL, "vpxd.log", &[("vm", "web"), ("target", "esx9.lab"), ("opid", "k7-12345-h5:70")]),
        event(1, FAIL, "vpxd.log", &[("vm", "web"), ("target", "esx9.lab")]),
        event(2, FAIL, "vpxd.log", &[("vm", "db")]),
        event(9_000, FAIL, "vpxd.log", &[("vm", "web")]),
    ];
    let case = Case::build(vec![vcenter(told)]);
    let told: Vec<(Option<&str>, usize)> =
        case.migrations.iter().map(|m| (m.vm.as_deref(), m.moments.len())).collect();
    assert_eq!(told, [(Some("web"), 2), (Some("db"), 1), (Some("web"), 1)]);
    assert_eq!(case.migrations[0].to.name.as_deref(), Some("esx9.lab"));
}

#[test]
fn how_a_migration_ended() {
    #[track_caller]
    fn check(events: &[(i64, EventKind, Fields<'_>)], expected: Outcome) {
        let events: Vec<Event> = events
            .iter()
            .map(|(at, kind, fields)| {
                event(*at, *kind, "vmkernel.log", &[&[("mid", "5"), ("side", "S")], *fields].concat())
            })
            .collect();
        let case = Case::build(vec![bundle("esx1.lab", vec![], events)]);
        assert_eq!(case.migrations.len(), 1);
        assert_eq!(case.migrations[0].outcome, expected);
    }
    check(&[(0, START, &[])], Outcome::Unknown);
    check(&[(0, START, &[]), (5, DONE, &[])], Outcome::Succeeded);
    check(&[(5, DONE, &[]), (6, FAIL, &[("status", "0xbad0044")])], Outcome::Failed);
    check(&[(5, FAIL, &[("status", "0xbad002e")]), (6, DONE, &[])], Outcome::Succeeded);
    check(&[(5, FAIL, &[]), (6, REFUSED, &[])], Outcome::Refused);
    let called_off = ("fault", "vmodl.fault.RequestCanceled");
    check(&[(5, FAIL, &[("status", "0xbad00e0")]), (6, FAIL, &[called_off])], Outcome::Cancelled);
    // The record of that is no failure; what the kernel makes of it tells no other.
    let step = EventKind::VMOTION_PROGRESS;
    check(&[(0, START, &[]), (6, step, &[called_off])], Outcome::Cancelled);
    check(&[(5, FAIL, &[("status", "0xbad0092")]), (6, step, &[called_off])], Outcome::Cancelled);
    check(&[(5, FAIL, &[("status", "0xbad0021")]), (6, step, &[called_off])], Outcome::Failed);
    let in_words = ("reason", "Migration canceled");
    check(&[(5, FAIL, &[in_words, ("status", "0xbad0120")]), (6, step, &[called_off])], Outcome::Cancelled);
    // All memory was sent, and then it was called off.
    check(&[(5, DONE, &[]), (6, step, &[called_off])], Outcome::Cancelled);
    // The network had failed before anybody called it off.
    check(&[(5, FAIL, &[("status", "0xbad010b")]), (6, FAIL, &[called_off])], Outcome::Failed);
}

#[test]
fn a_refusal_is_no_part_of_the_attempt_that_follows_it() {
    let host = vec![
        event(8, START, "vmkernel.log", &[("mid", "6"), ("role", "Source"), ("vm", "web")]),
        event(30, FAIL, "vmkernel.log", &[("mid", "6"), ("side", "S"), ("status", "0xbad0021")]),
    ];
    let told = vec![event(0, REFUSED, "vpxd.log", &[("vm", "web"), ("target", "esx3.lab")])];
    check(
        vec![bundle("esx1.lab", vec![], host), vcenter(told)],
        &[
            (None, Some("web"), None, None, Outcome::Refused, 1),
            (Some("6"), Some("web"), Some("esx1"), None, Outcome::Failed, 2),
        ],
    );
    // What the VM itself says at the destination is this attempt's reason.
    let host = vec![
        event(0, START, "vmkernel.log", &[("mid", "6"), ("role", "Dest")]),
        event(3, REFUSED, "vmfs/volumes/ds1/web/vmware.log", &[("mid", "6")]),
        event(4, FAIL, "vmkernel.log", &[("mid", "6"), ("side", "D"), ("status", "0xbad0092")]),
    ];
    check(
        vec![bundle("esx1.lab", vec![], host)],
        &[(Some("6"), Some("web"), None, Some("esx1"), Outcome::Refused, 3)],
    );
}

#[test]
fn a_wait_on_the_way_is_no_failure_where_the_vm_arrived() {
    let waited = [("mid", "6"), ("side", "D"), ("reason", "waited 12 seconds to leave low memory state")];
    let target = vec![event(3, FAIL, "vmkernel.log", &waited)];
    let source = |done: &[(&str, &str)]| {
        let done = [&[("mid", "6"), ("side", "S")], done].concat();
        bundle("esx1.lab", vec![], vec![event(9, DONE, "hostd.log", &done)])
    };
    let told = |outcome| [(Some("6"), None, Some("esx1"), Some("esx2"), outcome, 2)];
    let esx2 = || bundle("esx2.lab", vec![], target.clone());
    check(vec![source(&[("stun_us", "201000")]), esx2()], &told(Outcome::Succeeded));
    check(vec![source(&[]), esx2()], &told(Outcome::Failed));
}

/// A record of vCenter's about the host that `fields` names.
fn maintenance(at: i64, kind: EventKind, rule: &str, fields: Fields<'_>) -> Event {
    Event { rule: rule.to_owned(), ..event(at, kind, "var/log/vmware/vpxd/vpxd.log", fields) }
}

const ENTER: EventKind = EventKind::HOST_MAINTENANCE_ENTER;
const EXIT: EventKind = EventKind::HOST_MAINTENANCE_EXIT;

/// Two migrations of `from` at seconds 10 and 20, with these opIDs, and one of another host at second 15.
fn moves(roots: [Option<&str>; 2]) -> Vec<Digest> {
    let one = |at: i64, mid: &'static str, opid: Option<&'static str>| {
        let mut fields = vec![("mid", mid), ("side", "S")];
        fields.extend(opid.map(|id| ("opid", id)));
        let begun = event(at, START, "hostd.log", &fields);
        let done = event(at + 4, DONE, "hostd.log", &[fields.as_slice(), &[("stun_us", "90000")]].concat());
        [begun, done]
    };
    let known = |root: Option<&str>| match root {
        Some("evac") => Some("k7a1-55120-auto-9z-h5:700001-01-3b"),
        Some(_) => Some("k9c3-66230-auto-8y-h5:700002-01-4c"),
        None => None,
    };
    let own = [one(10, "71", known(roots[0])), one(20, "72", known(roots[1]))].concat();
    let other = one(15, "73", None).to_vec();
    vec![bundle("esx1.lab", vec![], own), bundle("esx2.lab", vec![], other)]
}

#[track_caller]
fn evacuations_of(bundles: Vec<Digest>, told: Vec<Event>) -> Vec<(Option<String>, Reached, Vec<String>)> {
    let case = Case::build(bundles.into_iter().chain([vcenter(told)]).collect());
    let ids = |list: &[usize]| list.iter().filter_map(|&at| case.migrations[at].id.clone()).collect();
    let host = |one: &Evacuation| one.host.map(|host| case.hosts[host].id.clone());
    case.evacuations.iter().map(|one| (host(one), one.reached, ids(&one.migrations))).collect()
}

#[test]
fn an_evacuation_has_the_migrations_of_its_task() {
    let begin = |opid: &'static str| {
        maintenance(5, ENTER, "vpxd.maintenance-begun", &[("host_name", "esx1.lab"), ("opid", opid)])
    };
    let entered = |at| maintenance(at, ENTER, "vpxd.maintenance-entered", &[("host_name", "esx1.lab")]);
    let failed = maintenance(40, EXIT, "vpxd.maintenance-failed", &[("host_name", "esx1.lab")]);
    let esx1 = || Some("esx1".to_owned());
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let own = "k7a1-55120-auto-9z-h5:700001";
    // The second has another purpose: its operation is another one. The third is of another host.
    let found = evacuations_of(moves([Some("evac"), Some("other")]), vec![begin(own), entered(40)]);
    assert_eq!(found, [(esx1(), Reached::Entered, list(&["71"]))]);
    // None shares the task's operation: all that began between its begin and its end.
    let found = evacuations_of(moves([None, Some("other")]), vec![begin(own), entered(40)]);
    assert_eq!(found, [(esx1(), Reached::Entered, list(&["71", "72"]))]);
    // The second began when the host was in maintenance mode.
    let found = evacuations_of(moves([None, None]), vec![begin(own), entered(16)]);
    assert_eq!(found, [(esx1(), Reached::Entered, list(&["71"]))]);
    // It failed; the host's leaving says nothing of what was begun.
    let found = evacuations_of(moves([None, None]), vec![begin(own), failed]);
    assert_eq!(found, [(esx1(), Reached::Failed, list(&["71", "72"]))]);
    let found = evacuations_of(moves([None, None]), vec![begin(own)]);
    assert_eq!(found, [(esx1(), Reached::Unknown, list(&["71", "72"]))]);
    // Without a begin, and for a host that gave no VM away, there is no evacuation.
    assert!(evacuations_of(moves([None, None]), vec![entered(40)]).is_empty());
    let other = maintenance(5, ENTER, "vpxd.maintenance-begun", &[("host_name", "esx3.lab")]);
    assert!(evacuations_of(moves([None, None]), vec![other]).is_empty());
}

#[test]
fn a_refusal_of_several_targets_is_paired_with_the_one_that_is_known() {
    let several = [("vm", "web"), ("opid", "k7a1-55120-auto-9z-h5:700001"), ("target", "esx2,esx3")];
    let told = || vec![event(3, REFUSED, "var/log/vmware/vpxd/vpxd.log", &several)];
    let target = |name: &str| {
        let fields = [("mid", "6"), ("side", "D"), ("opid", "k7a1-55120-auto-9z-h5:700001-01")];
        bundle(name, vec![], vec![event(2, START, "hostd.log", &fields)])
    };
    check(
        vec![target("esx2.lab"), vcenter(told())],
        &[(Some("6"), Some("web"), None, Some("esx2"), Outcome::Refused, 2)],
    );
    // A host that is not among them is not meant; the refusal stays, with its choice.
    let case = Case::build(vec![target("esx9.lab"), vcenter(told())]);
    let refused = case.migrations.iter().find(|one| one.outcome == Outcome::Refused).expect("kept");
    assert_eq!((refused.id.as_deref(), refused.destination), (None, None));
    assert_eq!(refused.choice, ["esx2", "esx3"]);
    assert_eq!(case.migrations.len(), 2);
}

#[test]
fn loose_records_of_many_migrations_are_joined_quickly() {
    let (mut host, mut told) = (Vec::new(), Vec::new());
    let count = 20_000;
    for turn in 0..count {
        let (mid, vm) = ((7_000_000 + turn).to_string(), format!("vm {}", turn % 5_000));
        let at = turn * 2;
        let opid = format!("k7a1-55120-auto-{turn}-h5:7{turn:06}");
        host.push(event(at, START, "hostd.log", &[("mid", &mid), ("side", "S"), ("opid", &opid)]));
        told.push(event(at + 1, FAIL, "vpxd.log", &[("opid", &opid), ("vm", &vm)]));
        told.push(event(at + 2, FAIL, "vpxd.log", &[("vm", &vm)]));
    }
    let begun = std::time::Instant::now();
    let case = Case::build(vec![bundle("esx1.lab", vec![], host), vcenter(told)]);
    assert_eq!(case.migrations.len(), count as usize);
    assert!(case.migrations.iter().all(|one| one.moments.len() == 3 && one.outcome == Outcome::Failed));
    // Linear work takes a few seconds without optimisation; a look at each migration for each record takes minutes.
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// The numbers of records of the migrations that records of vpxa make; each second, opID and task.
#[track_caller]
fn attempts(told: &[(i64, &str, &str)], expected: &[usize]) {
    let record = |&(at, opid, task): &(i64, &str, &str)| {
        let fields = [("vm", "db"), ("opid", opid), ("task", task)];
        let told: Vec<(&str, &str)> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        event(at, FAIL, "var/run/log/vpxa.log", &told)
    };
    let case = Case::build(vec![bundle("esx1.lab", vec![], told.iter().map(record).collect())]);
    let sizes: Vec<usize> = case.migrations.iter().map(|one| one.moments.len()).collect();
    assert_eq!(sizes, expected, "{told:?}");
}

#[test]
fn retries_soon_after_another_are_each_one_migration() {
    let (one, other) = ("k7a1bc2d-5512-auto-9z-h5:70000120-5a", "k7a1bc3e-5513-auto-9z-h5:70000131-5a");
    attempts(&[(0, one, "task-100"), (25, other, "task-101"), (50, one, "task-102")], &[2, 1]);
    attempts(&[(0, one, ""), (5, "k7a1bc2d-5512-auto-9z-h5:70000120-61", "")], &[2]);
    // Without an operation the task tells; its parts have ids that contradict nothing.
    attempts(&[(0, "", "task-100"), (25, "", "task-101"), (26, "", "lro-8")], &[1, 2]);
    attempts(&[(0, one, "task-100"), (5, "", "task-101")], &[1, 1]);
    // What the program makes for itself says nothing of who asked.
    attempts(&[(0, one, "task-100"), (5, "EventManager-5441881e", ""), (9, "SWI-5441881f", "")], &[3]);
    // Without any id: near the first record, not near the last that was taken.
    attempts(&[(0, "", ""), (25, "", ""), (50, "", ""), (75, "", "")], &[2, 2]);
}

#[test]
fn other_operations_in_other_logs_are_of_one_migration() {
    let told = |at, file, opid| event(at, FAIL, file, &[("vm", "db"), ("opid", opid)]);
    let events = vec![
        told(0, "var/run/log/vpxa.log", "k7a1bc2d-5512-auto-9z-h5:70000120-5a"),
        told(4, "var/run/log/hostd.log", "539bc6dd-c7-c39c"),
    ];
    let case = Case::build(vec![bundle("esx1.lab", vec![], events)]);
    assert_eq!(case.migrations.len(), 1);
}

#[test]
fn many_attempts_of_one_vm_are_joined_quickly() {
    let count = 20_000;
    let record = |turn: i64, vm: &str, opid: String| {
        event(turn, FAIL, "var/run/log/vpxa.log", &[("vm", vm), ("opid", &opid)])
    };
    // Each of its own, a second apart; and as many records that one migration takes.
    let apart = (0..count).map(|turn| record(turn, "db", format!("{:08x}x{turn:05}", 0x1000_0000 + turn)));
    let together = (0..count).map(|turn| {
        let opid = if turn % 2 == 0 {
            "k7a1bc2d-5512-auto-9z-h5:70000120".to_owned()
        } else {
            format!("SWI-{turn:08x}")
        };
        record(turn / 10, "web", opid)
    });
    let begun = std::time::Instant::now();
    let case = Case::build(vec![bundle("esx1.lab", vec![], apart.chain(together).collect())]);
    assert_eq!(case.migrations.len(), count as usize + 1);
    // Linear work takes a few seconds without optimisation; listing what is known with each record takes minutes.
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// A host that runs the VM `web` at its capture.
fn runs_web(name: &str, events: Vec<Event>) -> Digest {
    let running = FactValue::RunningVm {
        name: "web".to_owned(),
        world: Some(2_100_123),
        cartel: Some(2_100_122),
        uuid: None,
        vmx: Some("/vmfs/volumes/ds1/web/web.vmx".to_owned()),
    };
    bundle(name, vec![running], events)
}

/// The source of the one refused migration of `bundles`.
#[track_caller]
fn source_of_refusal(bundles: Vec<Digest>) -> Option<String> {
    let case = Case::build(bundles);
    let mut refused = case.migrations.iter().filter(|one| one.outcome == Outcome::Refused);
    let one = refused.next().filter(|_| refused.next().is_none()).expect("one refusal");
    one.source.map(|host| case.hosts[host].id.clone())
}

#[test]
fn a_refused_vm_was_where_it_ran_then() {
    let refused =
        |target| vcenter(vec![event(9_000, REFUSED, "vpxd.log", &[("vm", "web"), ("target", target)])]);
    let empty = |name| bundle(name, vec![], vec![]);
    let esx1 = || runs_web("esx1.lab", vec![]);
    let found = source_of_refusal(vec![esx1(), empty("esx2.lab"), refused("esx2.lab")]);
    assert_eq!(found.as_deref(), Some("esx1"));
    // Two hosts have a VM of this name; none has; or it runs where the refused one was to go.
    assert_eq!(source_of_refusal(vec![esx1(), runs_web("esx2.lab", vec![]), refused("esx3.lab")]), None);
    assert_eq!(source_of_refusal(vec![empty("esx1.lab"), refused("esx2.lab")]), None);
    assert_eq!(source_of_refusal(vec![esx1(), refused("esx1.lab")]), None);
    assert_eq!(source_of_refusal(vec![esx1(), refused("esx1.lab,esx2.lab")]), None);
    // It came to its host after the refusal, from another one.
    let moved = |at| {
        let fields = [("mid", "9"), ("vm", "web"), ("stun_us", "90000")];
        let side = |side| event(at, DONE, "hostd.log", &[&fields[..], &[("side", side)]].concat());
        vec![runs_web("esx1.lab", vec![side("D")]), bundle("esx3.lab", vec![], vec![side("S")])]
    };
    let with = |at| [moved(at), vec![refused("esx2.lab")]].concat();
    assert_eq!(source_of_refusal(with(15_000)).as_deref(), Some("esx3"));
    assert_eq!(source_of_refusal(with(3_000)).as_deref(), Some("esx1"));
    // Which of two VMs of one name moved is not known.
    let twice = [with(15_000), vec![runs_web("esx4.lab", vec![])]].concat();
    assert_eq!(source_of_refusal(twice), None);
}

/// The beginning of a migration as the VMkernel of one of its ends tells it.
fn begun(at: i64, id: &str, role: &str, (src, dst): (&str, &str), more: Fields<'_>) -> Event {
    let fields = [("mid", id), ("role", role), ("src", src), ("dst", dst)];
    event(at, START, "vmkernel.log", &[&fields[..], more].concat())
}

#[test]
fn one_id_hours_apart_on_other_hosts_is_two_migrations() {
    let ip = |n: usize| format!("10.1.0.{n}");
    let host = |n: usize, events: Vec<Event>| bundle(&format!("esx{n}.lab"), vec![adapter(&ip(n))], events);
    let pair = |at: i64, (a, b): (usize, usize)| {
        let ends = (ip(a), ip(b));
        let operation = format!("k{a}-12345-h5:70-01");
        let told = |role| begun(at, "5", role, (&ends.0, &ends.1), &[("opid", &operation)]);
        [host(a, vec![told("Source")]), host(b, vec![told("Dest")])]
    };
    let vcenter = || {
        let fields = [("mid", "5"), ("fault", "vmodl.fault.SystemError"), ("opid", "k3-12345-h5:70")];
        vcenter(vec![event(28_808, FAIL, "vpxd.log", &fields)])
    };
    let both = [pair(0, (1, 2)), pair(28_800, (3, 4))].concat();
    check(
        [both, vec![vcenter()]].concat(),
        &[
            (Some("5"), None, Some("esx1"), Some("esx2"), Outcome::Unknown, 2),
            (Some("5"), None, Some("esx3"), Some("esx4"), Outcome::Failed, 3),
        ],
    );
    // A clock that is hours wrong contradicts nothing.
    let ends = (ip(1), ip(2));
    let told = |at, role| begun(at, "5", role, (&ends.0, &ends.1), &[]);
    check(
        vec![host(1, vec![told(0, "Source")]), host(2, vec![told(28_800, "Dest")])],
        &[(Some("5"), None, Some("esx1"), Some("esx2"), Outcome::Unknown, 2)],
    );
}

#[test]
fn a_vms_own_log_tells_the_end_that_its_host_is() {
    const LOG: &str = "vmfs/volumes/ds1/web/vmware.log";
    let told = |at, id, request| event(at, START, LOG, &[("mid", id), ("request", request)]);
    let arrived = |at, id| told(at, id, "from");
    let ends = |events: Vec<Vec<Event>>| -> Vec<(Option<usize>, Option<usize>)> {
        let names = ["esx1.lab", "esx2.lab"];
        let bundles = names.iter().zip(events).map(|(name, events)| bundle(name, vec![], events));
        let case = Case::build(bundles.collect());
        case.migrations.iter().map(|one| (one.source, one.destination)).collect()
    };
    let restored = event(1, START, LOG, &[("mid", "5"), ("request", "Restoring"), ("src", "10.1.0.2")]);
    assert_eq!(ends(vec![vec![arrived(0, "5"), restored]]), [(None, Some(0))]);
    assert_eq!(ends(vec![vec![told(0, "5", "to")]]), [(Some(0), None)]);
    // The log came with its VM: what it told before the last arrival was on other hosts.
    let life = vec![arrived(0, "5"), told(1000, "6", "to"), arrived(2000, "7"), told(3000, "8", "to")];
    assert_eq!(ends(vec![life]), [(None, None), (None, None), (None, Some(0)), (Some(0), None)]);
    // The file lies in two bundles: neither host is the end by it.
    assert_eq!(ends(vec![vec![arrived(0, "5")], vec![arrived(0, "5")]]), [(None, None)]);
    // The host has another address than the end.
    let dest = event(0, START, LOG, &[("mid", "5"), ("request", "from"), ("dst", "10.1.0.9")]);
    let case = Case::build(vec![bundle("esx1.lab", vec![adapter("10.1.0.1")], vec![dest])]);
    assert_eq!(case.migrations[0].destination, None);
}

#[test]
fn an_end_without_a_bundle_has_the_name_that_vcenter_checked() {
    let to = ("10.1.0.1", "10.1.0.2");
    let back = ("10.1.0.2", "10.1.0.1");
    let host = || {
        let there = begun(0, "5", "Source", to, &[("opid", "k7-12345-h5:70-01"), ("vm", "web")]);
        let here = begun(900, "6", "Dest", back, &[("vm", "db")]);
        bundle("esx1.lab", vec![adapter("10.1.0.1")], vec![there, here])
    };
    let checked = |name: &str| {
        let fields = [("opid", "k7-12345-h5:70"), ("vm", "web"), ("checked", name)];
        event(1, EventKind::VMOTION_PROGRESS, "vpxd.log", &fields)
    };
    let names = |told: Vec<Event>| {
        let case = Case::build(vec![host(), vcenter(told)]);
        let [there, here] = &case.migrations[..] else { panic!("{:?}", case.migrations) };
        (there.to.name.clone(), here.from.name.clone())
    };
    // The address has that name in the other migration too.
    let name = Some("esx2.lab".to_owned());
    assert_eq!(names(vec![checked("esx2.lab")]), (name.clone(), name));
    // Of two that were checked it cannot be told which was taken; nor is it the host itself.
    assert_eq!(names(vec![checked("esx2.lab"), checked("esx3.lab")]), (None, None));
    assert_eq!(names(vec![checked("esx1.lab")]), (None, None));
}

#[test]
fn a_vm_is_followed_by_its_worlds_from_host_to_host() {
    let ip = |n: usize| format!("10.1.0.{n}");
    let host = |n: usize, running: &[(&str, u64)], events: Vec<Event>| {
        let list = running.iter().map(|(name, world)| FactValue::RunningVm {
            name: (*name).to_owned(),
            world: Some(*world),
            cartel: None,
            uuid: None,
            vmx: None,
        });
        bundle(&format!("esx{n}.lab"), list.chain([adapter(&ip(n))]).collect(), events)
    };
    let (first, second) = ((ip(1), ip(2)), (ip(2), ip(3)));
    let case = |last: u64| {
        let gone = begun(0, "5", "Source", (&first.0, &first.1), &[("world", "11"), ("peer_world", "22")]);
        let on = begun(900, "6", "Source", (&second.0, &second.1), &[("world", "22"), ("peer_world", "33")]);
        let came = begun(900, "6", "Dest", (&second.0, &second.1), &[("world", "33")]);
        let case = Case::build(vec![
            host(1, &[], vec![gone]),
            host(2, &[("other", 23)], vec![on]),
            host(3, &[("web", last)], vec![came]),
        ]);
        case.migrations.iter().map(|one| one.vm.clone()).collect::<Vec<_>>()
    };
    assert_eq!(case(33), [Some("web".to_owned()), Some("web".to_owned())]);
    // Another world is another VM's.
    assert_eq!(case(34), [None, None]);
}

#[test]
fn what_the_kernel_writes_is_no_operation() {
    let vmkernel = "var/run/log/vmkernel.log";
    let kernel = |second: i64| {
        let fields = [("mid", "77"), ("role", "Source"), ("opid", "3f2a91c7")];
        event(second, START, vmkernel, &fields)
    };
    let of = |events: Vec<Event>| {
        let case = Case::build(vec![bundle("esx1.lab", vec![], events)]);
        case.migrations.iter().map(|migration| migration.operation.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(vec![kernel(0), kernel(1)]), [None]);
    // Neither do more records with the hash outvote the one that has the id itself.
    let hostd = event(
        2,
        FAIL,
        "var/run/log/hostd.log",
        &[("mid", "77"), ("side", "S"), ("opid", "k7a1-55120-auto-9z-h5:700001-01-2c")],
    );
    assert_eq!(of(vec![kernel(0), kernel(1), hostd]), [Some("k7a1-55120-auto-9z-h5:700001".to_owned())]);
    // The hash comes again hours later, so it joins no record to a migration.
    let again = event(1_200, FAIL, "var/run/log/vmkwarning.log", &[("opid", "3f2a91c7")]);
    check(
        vec![bundle("esx1.lab", vec![], vec![kernel(0), again])],
        &[
            (Some("77"), None, Some("esx1"), None, Outcome::Unknown, 1),
            (None, None, None, None, Outcome::Failed, 1),
        ],
    );
}
