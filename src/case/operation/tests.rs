use super::follow::{self, Asked};
use super::*;
use crate::case::Case;
use crate::digest::Digest;
use crate::model::{Event, EventKind, MemberPath, Severity, Source, Stamp, TimeQuality, Timestamp};
use crate::rule::{FOLLOW_RULE, Follow, JOINED_BY};

/// A moment `second` seconds after the epoch on `host`, told by `file`.
fn moment(host: usize, second: i64, file: &str, kind: EventKind, fields: &[(&str, &str)]) -> Moment {
    let time = Timestamp::from_seconds(second);
    let rule = if kind == EventKind::OP_RECORD { FOLLOW_RULE } else { "r" };
    let event = Event {
        stamp: Some(Stamp { time, quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Info,
        rule: rule.to_owned(),
        text: String::new(),
        raw: String::new(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: Source { file: MemberPath::new(file), line: second.unsigned_abs(), offset: 0 },
    };
    Moment { time, quality: TimeQuality::Exact, host, event }
}

const HOSTD: &str = "var/run/log/hostd.log";
const VPXD: &str = "var/log/vmware/vpxd/vpxd-1.log";
const VMKERNEL: &str = "var/run/log/vmkernel.log";

#[test]
fn events_of_one_operation_are_named_by_its_root_and_loops_are_none() {
    let task = [("opid", "SWI-5441881e"), ("task", "task-7"), ("object", "vm-3"), ("method", "vim.M.x")];
    let mut timeline = [
        moment(2, 1, VPXD, EventKind::TASK_BEGIN, &task),
        moment(0, 2, HOSTD, EventKind::VMOTION_START, &[("opid", "SWI-5441881e-01-bf20"), ("mid", "77")]),
        moment(1, 3, VMKERNEL, EventKind::VMOTION_START, &[("opid", "5441881e"), ("mid", "77")]),
        moment(1, 4, HOSTD, EventKind::VM_POWER_ON, &[("opid", "SWI-5441881e1-01")]),
        moment(1, 5, HOSTD, EventKind::VM_POWER_ON, &[("opid", "HB-host-3@20-389ab9b1-9f")]),
        moment(1, 6, VMKERNEL, EventKind::VM_POWER_ON, &[("opid", "5441881e")]),
        moment(0, 7, VMKERNEL, EventKind::VMOTION_FAIL, &[("mid", "77")]),
    ];
    name(&mut timeline);
    let ops: Vec<Option<&str>> = timeline.iter().map(|moment| moment.field("op")).collect();
    let own = Some("SWI-5441881e");
    assert_eq!(ops, [own, own, own, Some("SWI-5441881e1"), None, None, own]);
}

#[test]
fn a_migration_that_two_operations_name_joins_nothing() {
    let mut timeline = [
        moment(0, 1, HOSTD, EventKind::VMOTION_START, &[("opid", "SWI-5441881e-01"), ("mid", "77")]),
        moment(0, 2, HOSTD, EventKind::VMOTION_START, &[("opid", "SWI-5441882f-01"), ("mid", "77")]),
        moment(0, 3, VMKERNEL, EventKind::VMOTION_FAIL, &[("mid", "77")]),
    ];
    name(&mut timeline);
    let ops: Vec<Option<&str>> = timeline.iter().map(|moment| moment.field("op")).collect();
    assert_eq!(ops, [Some("SWI-5441881e"), Some("SWI-5441882f"), None]);
}

#[test]
fn what_is_asked_for_is_told_by_its_form() {
    let asked = |text: &str| Asked::new(text);
    assert_eq!(asked("SWI-5441881e-01-bf20"), Some(Asked::Operation("SWI-5441881e".to_owned())));
    assert_eq!(asked("task-12"), Some(Asked::Task("task-12".to_owned())));
    assert_eq!(
        asked("task-internal-12-ab34cd56-01"),
        Some(Asked::Operation("task-internal-12-ab34cd56".to_owned()))
    );
    let id = crate::format::id::MigrationId(8_743_996_508_480_001_077);
    assert_eq!(asked("8743996508480001077"), Some(Asked::Migration(id)));
    assert_eq!(asked("7958ea7f2d34d435"), Some(Asked::Migration(id)));
    assert_eq!(asked("3f2a91c7"), Some(Asked::Hex("3f2a91c7".to_owned())));
    assert_eq!((asked("a b"), asked("ab"), asked("")), (None, None, None));
}

fn kernel(host: usize, second: i64) -> Moment {
    let fields = [(JOINED_BY, "kernel"), ("kernel_opid", "ab12")];
    moment(host, second, VMKERNEL, EventKind::OP_RECORD, &fields)
}

fn mapping(host: usize, second: i64, text: &str) -> Moment {
    let fields = [(JOINED_BY, "mapping"), ("kernel_opid", "ab12"), ("vc_opid", text)];
    moment(host, second, VMKERNEL, EventKind::OP_RECORD, &fields)
}

#[test]
fn a_kernel_id_counts_where_and_as_long_as_it_stands_for_the_operation() {
    let mut follow = Follow::default();
    follow.roots.insert("SWI-5441881e".to_owned());
    follow.kernel.insert("ab12".to_owned());
    let timeline = vec![
        kernel(0, 90),
        mapping(0, 100, "SWI-5441881e-01-bf20"),
        kernel(0, 101),
        kernel(1, 102),
        mapping(0, 200, "SWI-99999999-01"),
        kernel(0, 201),
        mapping(0, 300, "SWI-5441881e-02-bf21"),
        moment(0, 400, HOSTD, EventKind::OP_RECORD, &[(JOINED_BY, "opid"), ("opid", "SWI-5441881e")]),
        kernel(0, 999),
        kernel(0, 1_001),
        moment(0, 1_010, VMKERNEL, EventKind::HOST_BOOT, &[]),
        kernel(0, 1_011),
    ];
    let mut case = Case { timeline, ..Case::default() };
    follow::settle(&mut case.timeline, &follow);
    let kept: Vec<i64> = case.timeline.iter().map(|moment| moment.time.micros() / 1_000_000).collect();
    assert_eq!(kept, [100, 101, 300, 400, 999, 1_010]);
}

#[test]
fn a_boot_ends_what_a_kernel_id_stands_for() {
    let mut follow = Follow::default();
    follow.roots.insert("SWI-5441881e".to_owned());
    let boot = moment(0, 110, VMKERNEL, EventKind::HOST_BOOT, &[]);
    let timeline = vec![mapping(0, 100, "SWI-5441881e"), kernel(0, 105), boot, kernel(0, 120)];
    let mut case = Case { timeline, ..Case::default() };
    follow::settle(&mut case.timeline, &follow);
    assert_eq!(case.timeline.len(), 3);
}

#[test]
fn a_record_that_a_rule_saw_is_one_row() {
    let follow = Follow::default();
    let timeline = vec![
        moment(0, 1, HOSTD, EventKind::OP_RECORD, &[(JOINED_BY, "opid")]),
        moment(0, 1, HOSTD, EventKind::VM_POWER_ON, &[]),
        moment(0, 2, HOSTD, EventKind::OP_RECORD, &[(JOINED_BY, "text")]),
        moment(0, 3, HOSTD, EventKind::VM_POWER_OFF, &[]),
    ];
    let mut case = Case { timeline, ..Case::default() };
    follow::settle(&mut case.timeline, &follow);
    let rows: Vec<_> =
        case.timeline.iter().map(|moment| (moment.event.kind, moment.field(JOINED_BY))).collect();
    let (on, off) = (EventKind::VM_POWER_ON, EventKind::VM_POWER_OFF);
    assert_eq!(rows, [(on, Some("opid")), (EventKind::OP_RECORD, Some("text")), (off, None)]);
}

#[test]
fn a_task_leads_to_the_operation_of_its_own_records_only() {
    let mut own =
        moment(0, 1, VPXD, EventKind::OP_RECORD, &[(JOINED_BY, "task"), ("opid", "SWI-5441881e-01")]);
    own.event.text = "[VpxLRO] -- BEGIN task-12 -- vm-1 -- vim.VirtualMachine.migrate -- 5".to_owned();
    let mut waits =
        moment(0, 2, VPXD, EventKind::OP_RECORD, &[(JOINED_BY, "task"), ("opid", "SWI-77777777")]);
    waits.event.text = "waiting for task-12".to_owned();
    let asked = Asked::new("task-12").expect("a task");
    let digest = |events: Vec<Event>| [Digest { events, ..Digest::default() }];
    let grown = asked.grow(&asked.start(), &digest(vec![own.event, waits.event.clone()]));
    assert_eq!(
        (grown.roots.into_iter().collect::<Vec<_>>(), grown.tasks.len()),
        (vec!["SWI-5441881e".to_owned()], 0)
    );
    let grown = asked.grow(&asked.start(), &digest(vec![waits.event]));
    assert_eq!((grown.roots.len(), grown.tasks.len()), (0, 1), "its own name is all that is known");
}
