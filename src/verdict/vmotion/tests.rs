use super::*;
use crate::digest::Digest;
use crate::fact::vmkernel::{VmkernelAdapter, VmkernelAddress};
use crate::fact::{Fact, FactValue};
use crate::model::{Event, EventKind, HostKind, MemberPath, Source, Stamp, TimeQuality};

const START: EventKind = EventKind::VMOTION_START;
const DONE: EventKind = EventKind::VMOTION_SUCCESS;
const FAIL: EventKind = EventKind::VMOTION_FAIL;
const REFUSED: EventKind = EventKind::VMOTION_FAIL_CPU;
const KERNEL: &str = "var/run/log/vmkernel.log";
const VMX: &str = "esx.tgz!esx/vmfs/volumes/ds1/web/vmware.log";

type Fields<'a> = &'a [(&'a str, &'a str)];

/// Second, kind, file, fields.
type Line<'a> = (i64, EventKind, &'a str, Fields<'a>);

fn event(at: usize, line: &Line<'_>) -> Event {
    let (time, kind, file, fields) = *line;
    let time = Timestamp::from_seconds(1_700_000_000 + time);
    Event {
        stamp: Some(Stamp { time, quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Error,
        rule: "r".to_owned(),
        text: fields.iter().find(|(name, _)| *name == "text").map_or("", |(_, text)| text).to_owned(),
        raw: format!("line {at}"),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: Source { file: MemberPath::new(file), line: at as u64 + 1, offset: at as u64 * 50 },
    }
}

fn bundle(name: &str, values: Vec<FactValue>, lines: &[Line<'_>]) -> Digest {
    let source = || Source { file: MemberPath::new("f"), line: 1, offset: 0 };
    let fact = |value| Fact { value, source: source(), text: "a line".to_owned() };
    let named = FactValue::HostName { name: name.to_owned() };
    let facts = [named].into_iter().chain(values).map(fact).collect();
    let events = lines.iter().enumerate().map(|(at, line)| event(at, line)).collect();
    Digest { bundle: format!("{name}.tgz"), facts, events, ..Digest::default() }
}

fn vcenter(lines: &[Line<'_>]) -> Digest {
    bundle("vc1.lab", vec![FactValue::CollectedBy { kind: HostKind::Vcenter }], lines)
}

fn adapter(ip: &str, mtu: u32, stack: &str, tags: &[&str]) -> FactValue {
    FactValue::VmkernelAdapter(VmkernelAdapter {
        name: "vmk3".to_owned(),
        mtu: Some(mtu),
        netstack: Some(stack.to_owned()),
        addresses: Some(vec![VmkernelAddress { ip: ip.parse().expect("an address"), prefix: Some(24) }]),
        tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
        ..VmkernelAdapter::default()
    })
}

fn found(bundles: Vec<Digest>) -> Vec<Finding> {
    let case = Case::build(bundles);
    reach(&case, &[])
}

fn only(bundles: Vec<Digest>) -> Finding {
    let mut findings = found(bundles);
    assert_eq!(findings.len(), 1, "{:?}", findings.iter().map(|f| f.cause.0).collect::<Vec<_>>());
    findings.remove(0)
}

fn commands(finding: &Finding) -> Vec<&str> {
    finding.remedy.iter().filter_map(|step| step.command.as_deref()).collect()
}

/// Source and destination of migration 7 of `web`, each with a failure that says this.
#[track_caller]
fn check(
    source: &[(&str, &str)],
    destination: &[(&str, &str)],
    cause: &str,
    confidence: Confidence,
    side: Option<&str>,
) {
    let mut bundles = Vec::new();
    for (name, side, fields) in [("esx1.lab", "S", source), ("esx2.lab", "D", destination)] {
        let told = [&[("mid", "7"), ("vm", "web"), ("side", side)], fields].concat();
        let begin = [("mid", "7"), ("side", side)];
        let mut lines: Vec<Line<'_>> = vec![(0, START, KERNEL, &begin)];
        if !fields.is_empty() {
            lines.push((30, FAIL, KERNEL, &told));
        }
        bundles.push(bundle(name, vec![], &lines));
    }
    let finding = only(bundles);
    assert_eq!((finding.cause.0, finding.confidence), (cause, confidence));
    assert_eq!(finding.details["migrations"][0]["side"].as_str(), side);
    assert_eq!((finding.count, finding.vms.as_slice()), (1, ["web".to_owned()].as_slice()));
}

#[test]
fn the_stronger_side_tells_the_cause() {
    use Confidence::{Certain, Likely, Possible};
    let (s, d) = (Some("source"), Some("destination"));
    let echo = [("status", "0xbad003f")];
    check(&[("status", "0xbad0021")], &echo, "vmotion-network", Certain, s);
    check(&[("status", "195887371")], &[], "vmotion-network", Likely, s);
    check(&echo, &[("status", "0xbad0051")], "vmotion-network", Certain, d);
    check(&[("reason", "Connection reset by peer")], &echo, "vmotion-network", Certain, s);
    // Both sides only say that the other one had gone.
    check(&[("status", "195887150")], &echo, "vmotion-network", Possible, s);
    check(&echo, &[("status", "0xbad0107")], "timeout", Certain, d);
    check(&[("status", "0xbad0021")], &[("msg", "msg.migrate.slow.disk.open.error")], "timeout", Certain, d);
    check(&[("status", "0xbad0109")], &[], "timeout", Likely, s);
    check(&[("status", "0xbad00e0")], &[("status", "0xbad00a4")], "resources", Certain, d);
    check(
        &[],
        &[("text", "World 9 waited 12 seconds to leave low memory state on dest host")],
        "resources",
        Likely,
        d,
    );
    check(&echo, &[("fault", "vim.fault.InsufficientMemoryResourcesFault")], "resources", Certain, d);
    check(&echo, &[("status", "0xbad0092")], "vmx", Likely, d);
    check(&[("status", "0xbad0021")], &[("status", "0xbad0092")], "vmotion-network", Certain, s);
    check(&[("status", "0xbad00e0")], &[], "unknown", Possible, s);
    check(&[("fault", "vmodl.fault.SystemError")], &[], "unknown", Possible, s);
}

#[test]
fn what_the_vm_itself_says_counts_before_the_vmxs_bare_word() {
    let begin = [("mid", "7"), ("side", "S"), ("vm", "web")];
    let gave_up = [("mid", "7"), ("side", "S"), ("text", "Migration considered a failure by the VMX.")];
    let of = |message: &str| {
        let says = [("msg", message)];
        let lines: [Line<'_>; 3] =
            [(0, START, KERNEL, &begin), (30, FAIL, KERNEL, &gave_up), (31, FAIL, VMX, &says)];
        only(vec![bundle("esx1.lab", vec![], &lines)])
    };
    assert_eq!(of("msg.checkpoint.migration.maxSwitchoverTimeExceeded").cause.0, "timeout");
    let finding = of("msg.checkpoint.mrestoregroup.failed,msg.migrate.fail.dst");
    assert_eq!(finding.cause.0, "vmx");
    let reads = "'/vmfs/volumes/ds1/web/vmware.log'";
    assert!(
        commands(&finding)
            .iter()
            .any(|command| command.starts_with("grep -nE '^2023-11-14T22:13") && command.ends_with(reads))
    );
}

#[test]
fn what_is_no_failure_of_this_kind_gives_nothing() {
    let begin: &[(&str, &str)] = &[("mid", "7"), ("side", "S"), ("vm", "web")];
    let of = |lines: &[Line<'_>]| found(vec![bundle("esx1.lab", vec![], lines)]).len();
    let failed: &[(&str, &str)] = &[("mid", "7"), ("side", "S"), ("status", "0xbad00e0")];
    assert_eq!(of(&[(0, START, KERNEL, begin), (9, FAIL, KERNEL, failed)]), 1, "the control");
    assert_eq!(of(&[(0, START, KERNEL, begin), (9, DONE, KERNEL, begin)]), 0);
    assert_eq!(of(&[(0, START, KERNEL, begin)]), 0);
    let called_off: &[(&str, &str)] = &[("mid", "7"), ("fault", "vmodl.fault.RequestCanceled")];
    assert_eq!(of(&[(0, START, KERNEL, begin), (9, FAIL, KERNEL, failed), (9, FAIL, KERNEL, called_off)]), 0);
    let refused: &[(&str, &str)] = &[("mid", "7"), ("features", "cpuid.mdclear")];
    assert_eq!(of(&[(0, START, KERNEL, begin), (9, FAIL, KERNEL, failed), (9, REFUSED, VMX, refused)]), 0);
    let says: &[(&str, &str)] = &[("mid", "7"), ("msg", "msg.featurecompat.requirement.bool.mustBeTrue")];
    assert_eq!(of(&[(0, START, KERNEL, begin), (9, FAIL, KERNEL, failed), (9, FAIL, VMX, says)]), 0);
    let by_vcenter: &[(&str, &str)] = &[("vm", "web"), ("target", "esx3.lab")];
    assert_eq!(found(vec![vcenter(&[(0, REFUSED, "vpxd.log", by_vcenter)])]).len(), 0);
}

#[test]
fn a_failure_that_the_next_attempt_overcame_is_a_warning() {
    let (one, two): (Fields<'_>, Fields<'_>) = (
        &[("mid", "1"), ("side", "S"), ("vm", "web"), ("status", "0xbad0021")],
        &[("mid", "2"), ("side", "S"), ("vm", "web")],
    );
    let esx1 = |lines: &[Line<'_>]| only(vec![bundle("esx1.lab", vec![], lines)]);
    let alone = esx1(&[(0, FAIL, KERNEL, one)]);
    assert_eq!(alone.severity, Severity::Error);
    assert!(alone.summary.en.contains("No later migration"));
    let overcome = esx1(&[(0, FAIL, KERNEL, one), (300, DONE, KERNEL, two)]);
    assert_eq!(overcome.severity, Severity::Warning);
    assert!(overcome.summary.en.contains("A later attempt succeeded at \u{fdd0}2023-11-14 22:18:20 UTC."));
    assert_eq!(overcome.details["migrations"][0]["succeeded_later_at"], "2023-11-14T22:18:20Z");
    // A success before it, or of another VM, overcomes nothing.
    let before = esx1(&[(-300, DONE, KERNEL, two), (0, FAIL, KERNEL, one)]);
    assert_eq!(before.severity, Severity::Error);
    let other: &[(&str, &str)] = &[("mid", "3"), ("side", "S"), ("vm", "db")];
    assert_eq!(esx1(&[(0, FAIL, KERNEL, one), (300, DONE, KERNEL, other)]).severity, Severity::Error);
    let fields = |mid: &'static str| [("mid", mid), ("side", "S"), ("vm", "web"), ("status", "0xbad0021")];
    let (a, b, c) = (fields("4"), fields("5"), fields("6"));
    let many = esx1(&[
        (0, FAIL, KERNEL, &a),
        (100, FAIL, KERNEL, &b),
        (200, FAIL, KERNEL, &c),
        (300, DONE, KERNEL, two),
    ]);
    assert_eq!((many.severity, many.count), (Severity::Error, 3));
}

#[test]
fn the_tests_of_the_network_name_real_adapters_sizes_and_addresses() {
    let begin =
        |side| [("mid", "7"), ("side", side), ("vm", "web"), ("src", "10.1.0.1"), ("dst", "10.1.0.2")];
    let (s, d) = (begin("S"), begin("D"));
    let failed: &[(&str, &str)] = &[("mid", "7"), ("side", "S"), ("status", "0xbad0021")];
    let of = |own: FactValue, peer: FactValue, more: &[Line<'_>]| {
        let lines = [&[(0, START, KERNEL, &s[..]), (30, FAIL, KERNEL, failed)][..], more].concat();
        only(vec![
            bundle("esx1.lab", vec![own], &lines),
            bundle("esx2.lab", vec![peer], &[(0, START, KERNEL, &d)]),
        ])
    };
    let jumbo = |ip| adapter(ip, 9000, "vmotion", &["VMotion"]);
    let finding = of(jumbo("10.1.0.1"), adapter("10.1.0.2", 1500, "defaultTcpipStack", &["VMotion"]), &[]);
    let told = commands(&finding);
    assert!(told.contains(&"vmkping -I vmk3 -S vmotion -d -s 8972 10.1.0.2"), "{told:#?}");
    assert!(told.contains(&"vmkping -I vmk3 -d -s 1472 10.1.0.1"), "{told:#?}");
    assert!(told.contains(&"esxcli network ip interface set -i vmk3 -m 9000"), "{told:#?}");
    assert!(finding.cause.1.en.contains("The MTU differs: vmk3 of esx1 has 9000, vmk3 of esx2 has 1500."));
    assert!(finding.title.en.contains("from esx1 to esx2"), "{}", finding.title.en);
    assert_eq!(finding.details["pairs"][0]["count"], 1);
    // Alike, nothing is said of the MTU; a link that went down is.
    let down: Line<'_> = (20, EventKind::NET_LINK_DOWN, KERNEL, &[("nic", "vmnic4")]);
    let finding = of(jumbo("10.1.0.1"), jumbo("10.1.0.2"), &[down]);
    assert!(!finding.cause.1.en.contains("MTU"));
    assert!(finding.cause.1.en.contains("On esx1 the link of vmnic4 went down"));
    let late: Line<'_> = (7_200, EventKind::NET_LINK_DOWN, KERNEL, &[("nic", "vmnic4")]);
    assert!(!of(jumbo("10.1.0.1"), jumbo("10.1.0.2"), &[late]).cause.1.en.contains("vmnic4"));
    let untagged =
        of(jumbo("10.1.0.1"), adapter("10.9.0.2", 9000, "defaultTcpipStack", &["Management"]), &[]);
    assert!(untagged.cause.1.en.contains("esx2 has no VMkernel adapter that is enabled for vMotion"));
}

#[test]
fn the_host_that_all_failures_share_is_named_and_causes_are_kept_apart() {
    let start = |mid, side| [("mid", mid), ("side", side), ("vm", mid)];
    let fail = |mid, status| [("mid", mid), ("side", "S"), ("status", status)];
    let (a, b, c) = (start("1", "S"), start("2", "S"), start("3", "S"));
    let (fa, fb, fc) = (fail("1", "0xbad010b"), fail("2", "0xbad0051"), fail("3", "0xbad0107"));
    let source: Vec<Line<'_>> = vec![
        (0, START, KERNEL, &a),
        (5, FAIL, KERNEL, &fa),
        (100, START, KERNEL, &b),
        (105, FAIL, KERNEL, &fb),
        (200, START, KERNEL, &c),
        (205, FAIL, KERNEL, &fc),
    ];
    let (da, db) = (start("1", "D"), start("2", "D"));
    let findings = found(vec![
        bundle("esx1.lab", vec![], &source),
        bundle("esx2.lab", vec![], &[(0, START, KERNEL, &da)]),
        bundle("esx3.lab", vec![], &[(100, START, KERNEL, &db)]),
    ]);
    let causes: Vec<(&str, u64)> = findings.iter().map(|finding| (finding.cause.0, finding.count)).collect();
    assert_eq!(causes, [("vmotion-network", 2), ("timeout", 1)]);
    assert!(findings[0].cause.1.en.contains("esx1 is an end of every failed migration."));
    assert_eq!(findings[0].hosts, [0, 1, 2]);
    assert!(commands(&findings[1]).contains(&"fsr.maxSwitchoverSeconds = \"300\""));
}

#[test]
fn vcenter_alone_makes_a_finding_without_a_cause() {
    let failed: &[(&str, &str)] = &[("mid", "7"), ("fault", "vmodl.fault.SystemError")];
    let finding = only(vec![vcenter(&[(0, FAIL, "vpxd.log", failed)])]);
    assert_eq!(
        (finding.cause.0, finding.confidence, finding.hosts.as_slice()),
        ("unknown", Confidence::Possible, &[0][..])
    );
    assert_eq!(finding.evidence.len(), 1);
}
