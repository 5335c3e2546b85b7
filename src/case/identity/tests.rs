use super::super::Case;
use crate::digest::Digest;
use crate::fact::{Fact, FactValue};
use crate::model::{Event, EventKind, HostKind, MemberPath, Severity, Source, Stamp, TimeQuality, Timestamp};

const RENAMED: EventKind = EventKind::VM_RENAMED;
const START: EventKind = EventKind::VMOTION_START;

type Fields<'a> = &'a [(&'a str, &'a str)];

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + second)
}

fn event(second: i64, kind: EventKind, fields: Fields<'_>) -> Event {
    Event {
        stamp: Some(Stamp { time: at(second), quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Info,
        rule: "test".to_owned(),
        text: String::new(),
        raw: String::new(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: Source { file: MemberPath::new("f.log"), line: second as u64 + 1, offset: 0 },
    }
}

fn fact(value: FactValue, text: String) -> Fact {
    Fact { value, source: Source { file: MemberPath::new("f"), line: 1, offset: 0 }, text }
}

/// A bundle of vCenter whose logs name these VMs: second, moref, name.
fn vcenter(objects: &[(i64, &str, &str)], events: Vec<Event>) -> Digest {
    let named = objects.iter().map(|(second, moref, name)| {
        let (kind, moref, name) = ("VirtualMachine".to_owned(), (*moref).to_owned(), (*name).to_owned());
        let text =
            format!("{} info vpxd[01234] [Originator@6876 sub=vpxLro] [vim.VirtualMachine:", at(*second));
        fact(FactValue::ObjectName { kind, moref, name }, text)
    });
    let server = [
        fact(FactValue::HostName { name: "vc1.lab".to_owned() }, String::new()),
        fact(FactValue::CollectedBy { kind: HostKind::Vcenter }, String::new()),
    ];
    Digest {
        bundle: "vc1.tgz".to_owned(),
        facts: server.into_iter().chain(named).collect(),
        events,
        ..Digest::default()
    }
}

fn esxi(events: Vec<Event>) -> Digest {
    let named = fact(FactValue::HostName { name: "esx1.lab".to_owned() }, String::new());
    Digest { bundle: "esx1.tgz".to_owned(), facts: vec![named], events, ..Digest::default() }
}

/// The VM of each migration's record, in the order of time.
fn vms(case: &Case) -> Vec<Option<&str>> {
    let told = case.timeline.iter().filter(|moment| moment.event.kind == START);
    told.map(|moment| moment.field("vm")).collect()
}

#[test]
fn a_renamed_vm_has_the_name_of_the_time() {
    let moves = || {
        vec![
            event(10, START, &[("mid", "71"), ("vm_ref", "vm-4")]),
            event(90, START, &[("mid", "72"), ("vm_ref", "vm-4")]),
        ]
    };
    let renamed = event(50, RENAMED, &[("old_name", "web a"), ("new_name", "web b")]);
    // The event names no moref: it is the one that vCenter calls so.
    let told = [moves(), vec![renamed.clone()]].concat();
    let case = Case::build(vec![vcenter(&[(80, "vm-4", "web b"), (80, "vm-5", "db")], told)]);
    assert_eq!(vms(&case), [Some("web a"), Some("web b")]);
    let of_migrations: Vec<Option<&str>> = case.migrations.iter().map(|one| one.vm.as_deref()).collect();
    assert_eq!(of_migrations, [Some("web a"), Some("web b")]);
    // No event is left: the names that the log showed when.
    let case = Case::build(vec![vcenter(&[(60, "vm-4", "web b"), (5, "vm-4", "web a")], moves())]);
    assert_eq!(vms(&case), [Some("web a"), Some("web b")]);
    // Two VMs of two clusters have the new name: whose it was cannot be told without its moref.
    let two = [(80, "vm-4", "web b"), (80, "vm-9", "web b")];
    let case = Case::build(vec![vcenter(&two, [moves(), vec![renamed]].concat())]);
    assert_eq!(vms(&case), [Some("web b"), Some("web b")]);
    let of = [("old_name", "web a"), ("new_name", "web b"), ("vm_ref", "vm-4")];
    let other = event(20, START, &[("mid", "73"), ("vm_ref", "vm-9")]);
    let told = [moves(), vec![event(50, RENAMED, &of), other]].concat();
    let case = Case::build(vec![vcenter(&two, told)]);
    assert_eq!(vms(&case), [Some("web a"), Some("web b"), Some("web b")]);
}

#[test]
fn a_vm_that_was_registered_anew_is_the_same_vm() {
    let told = vec![
        event(10, START, &[("mid", "71"), ("vm_ref", "vm-4")]),
        event(90, START, &[("mid", "72"), ("vm_ref", "vm-88")]),
    ];
    let case = Case::build(vec![vcenter(&[(5, "vm-4", "web"), (80, "vm-88", "web")], told)]);
    assert_eq!(vms(&case), [Some("web"), Some("web")]);
}

#[test]
fn a_name_is_followed_through_all_its_renames() {
    let rename =
        |second: i64, old: &str, new: &str| event(second, RENAMED, &[("old_name", old), ("new_name", new)]);
    let renames =
        vec![rename(10, "a", "b"), rename(20, "b", "a"), rename(30, "a", "c"), rename(40, "x", "c2")];
    let case = Case::build(vec![esxi(renames)]);
    let name = |known: &str, second: i64| case.identity.vm_name_at(known, Some(at(99)), at(second));
    let told: Vec<String> = [5, 15, 25, 35].map(|second| name("c", second)).to_vec();
    assert_eq!(told, ["a", "b", "a", "c"]);
    assert_eq!(name("other", 5), "other");
    // Forward from when it was known.
    assert_eq!(case.identity.vm_name_at("a", Some(at(5)), at(12)), "b");
    assert_eq!(case.identity.vm_name_at("a", Some(at(5)), at(35)), "c");
}

#[test]
fn a_world_is_a_vm_of_one_boot() {
    let world = |second: i64, vm: &str| event(second, EventKind::VM_WORLD, &[("world", "2101"), ("vm", vm)]);
    let boot = event(50, EventKind::HOST_BOOT, &[]);
    let case = Case::build(vec![esxi(vec![world(10, "web"), boot, world(60, "db")])]);
    let name = |second: i64| case.identity.vm_of_world(&case.hosts, 0, 2101, at(second));
    assert_eq!(name(5), None);
    assert_eq!(name(40).as_deref(), Some("web"));
    // Booted since, and not started again.
    assert_eq!(name(55), None);
    assert_eq!(name(70).as_deref(), Some("db"));
}
