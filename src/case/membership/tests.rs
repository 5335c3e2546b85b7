use super::super::Case;
use super::*;
use crate::digest::Digest;
use crate::fact::{Fact, FactValue, UnicastAgent, VsanCluster};
use crate::model::{Event, EventKind, HostKind, MemberPath, Severity, Source, Stamp, TimeQuality, Timestamp};

const CLUSTER: &str = "52000000-0000-0000-0000-000000000001";

fn uuid(node: u8) -> String {
    format!("5e000000-0000-0000-0000-00000000000{node}")
}

fn source(line: u64) -> Source {
    Source { file: MemberPath::new("var/run/log/vmkernel.log"), line, offset: 0 }
}

fn event(at: i64, kind: EventKind, rule: &str, fields: &[(&str, &str)]) -> Event {
    Event {
        stamp: Some(Stamp { time: Timestamp::from_seconds(1_700_000_000 + at), quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Error,
        rule: rule.to_owned(),
        text: String::new(),
        raw: format!("record {at}"),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: source(at.unsigned_abs() + 1),
    }
}

fn bundle(name: &str, values: Vec<FactValue>, events: Vec<Event>) -> Digest {
    let fact = |value| Fact { value, source: source(1), text: String::new() };
    let named = FactValue::HostName { name: name.to_owned() };
    let facts = [named].into_iter().chain(values).map(fact).collect();
    Digest { bundle: format!("{name}.tgz"), facts, events, ..Digest::default() }
}

/// The view of node `own`, which counts `members`, of which it says that there are `count`.
fn view(own: u8, members: &[u8], count: u64) -> FactValue {
    FactValue::VsanCluster(VsanCluster {
        node_uuid: Some(uuid(own)),
        cluster_uuid: Some(CLUSTER.to_owned()),
        member_count: Some(count),
        members: members.iter().map(|&node| uuid(node)).collect(),
        ..VsanCluster::default()
    })
}

fn list(nodes: &[u8]) -> FactValue {
    let agent = |&node: &u8| UnicastAgent { node_uuid: uuid(node), witness: node == 9, ip: None };
    FactValue::UnicastAgents { agents: nodes.iter().map(agent).collect() }
}

/// What `by` says of `of`: counted, listed, and how often it says what.
fn told(case: &Case, by: &str, of: &str) -> Option<(Option<bool>, Option<bool>, Vec<Said>)> {
    let membership = &case.memberships[0];
    let row = case.position(by).expect("a host");
    let node = membership.nodes.iter().position(|node| node.label() == of).expect("a node");
    let said = membership.says(row, node)?;
    Some((said.counted, said.listed, said.lines.iter().map(|line| line.0).collect()))
}

#[test]
fn views_and_lists_are_laid_side_by_side_and_a_host_says_nothing_of_itself() {
    let case = Case::build(vec![
        bundle("a", vec![view(1, &[1, 2], 2), list(&[2, 3])], Vec::new()),
        bundle("b", vec![view(2, &[1, 2], 2), list(&[1])], Vec::new()),
        bundle("c", vec![view(3, &[3], 1), list(&[])], Vec::new()),
    ]);
    assert_eq!(case.memberships.len(), 1);
    assert_eq!(told(&case, "a", "b"), Some((Some(true), Some(true), Vec::new())));
    assert_eq!(told(&case, "a", "c"), Some((Some(false), Some(true), Vec::new())));
    assert_eq!(told(&case, "b", "c"), Some((Some(false), Some(false), Vec::new())));
    assert_eq!(told(&case, "c", "a"), Some((Some(false), Some(false), Vec::new())));
    assert_eq!(told(&case, "a", "a"), None);
}

#[test]
fn a_view_that_is_cut_says_nothing_of_who_is_missing() {
    let case = Case::build(vec![
        bundle("a", vec![view(1, &[1], 3)], Vec::new()),
        bundle("b", vec![view(2, &[], 2)], Vec::new()),
        bundle("c", vec![view(3, &[1, 2, 3], 3)], Vec::new()),
    ]);
    assert_eq!(told(&case, "a", "b"), None);
    assert_eq!(told(&case, "b", "a"), None);
    assert_eq!(told(&case, "c", "a"), Some((Some(true), None, Vec::new())));
}

#[test]
fn lines_are_kept_in_their_order_and_what_a_node_says_of_itself_is_not_there() {
    let gone = [("node", uuid(2))];
    let own = [("node", uuid(1))];
    let fields = |pair: &[(&'static str, String)]| -> Vec<(&'static str, String)> { pair.to_vec() };
    let line = |at, kind, pair: &[(&'static str, String)]| {
        let fields = fields(pair);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        event(at, kind, "cmmds.node-left", &fields)
    };
    let case = Case::build(vec![
        bundle(
            "a",
            vec![view(1, &[1, 2], 2)],
            vec![
                line(9, EventKind::VSAN_NODE_JOINED, &gone),
                line(3, EventKind::VSAN_NODE_LEFT, &gone),
                line(5, EventKind::VSAN_NODE_LEFT, &own),
            ],
        ),
        bundle("b", vec![view(2, &[1, 2], 2)], Vec::new()),
    ]);
    assert_eq!(told(&case, "a", "b"), Some((Some(true), None, vec![Said::Left, Said::Joined])));
    assert_eq!(told(&case, "a", "a"), None);
}

#[test]
fn what_vcenter_says_stands_in_a_row_of_its_own_and_a_missed_heartbeat_is_no_loss() {
    let of = [("host_name", "b")];
    let mut vcenter = bundle(
        "vc",
        Vec::new(),
        vec![
            event(1, EventKind::HOST_NOT_RESPONDING, "vpxd.host-missed-heartbeats", &of),
            event(2, EventKind::HOST_NOT_RESPONDING, "vpxd.host-not-responding", &of),
            event(3, EventKind::HOST_RECONNECTED, "vpxd.host-reconnected", &of),
        ],
    );
    let kind = FactValue::CollectedBy { kind: HostKind::Vcenter };
    vcenter.facts.push(Fact { value: kind, source: source(1), text: String::new() });
    let case = Case::build(vec![
        bundle("a", vec![view(1, &[1, 2], 2)], Vec::new()),
        bundle("b", vec![view(2, &[1, 2], 2)], Vec::new()),
        vcenter,
    ]);
    assert_eq!(told(&case, "vc", "b"), Some((None, None, vec![Said::NotResponding, Said::Reconnected])));
    let rows: Vec<&str> = case.memberships[0].rows.iter().map(|&row| case.hosts[row].id.as_str()).collect();
    assert_eq!(rows, ["a", "b", "vc"]);
}

#[test]
fn hosts_without_vsan_have_no_membership_and_a_witness_is_marked() {
    let case = Case::build(vec![bundle("a", Vec::new(), Vec::new()), bundle("b", Vec::new(), Vec::new())]);
    assert!(case.memberships.is_empty());
    let case = Case::build(vec![bundle("a", vec![view(1, &[1, 9], 2), list(&[9])], Vec::new())]);
    let last = case.memberships[0].nodes.last().expect("the witness");
    assert!(last.witness && last.host.is_none());
    assert_eq!(last.uuid, Some(uuid(9)));
}

#[test]
fn what_goes_wrong_with_a_peer_is_no_silence_of_it() {
    let of = [("node", uuid(2))];
    let of: Vec<(&str, &str)> = of.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = |rule: &str| {
        let line = event(3, EventKind::VSAN_PEER_UNREACHABLE, rule, &of);
        let case = Case::build(vec![
            bundle("a", vec![view(1, &[1, 2], 2)], vec![line]),
            bundle("b", vec![view(2, &[1, 2], 2)], Vec::new()),
        ]);
        told(&case, "a", "b").expect("its view").2
    };
    for rule in ["cmmds.missed-heartbeat", "cmmdsnet.unicast-send-failed"] {
        assert_eq!(said(rule), [Said::Unreachable], "{rule}");
    }
    for rule in [
        "rdt.checksum-mismatch",
        "cmmds.update-not-applied",
        "vsanhealth.network-test-red",
        "vob.vsan-network",
    ] {
        assert_eq!(said(rule), [], "{rule}");
    }
}

#[test]
fn a_view_in_upper_case_is_of_the_same_cluster() {
    let mut upper = view(2, &[1, 2], 2);
    if let FactValue::VsanCluster(view) = &mut upper {
        let up = |uuid: &mut String| uuid.make_ascii_uppercase();
        view.cluster_uuid = Some("52ABCDEF-0000-0000-0000-000000000001".to_owned());
        view.members.iter_mut().chain(&mut view.node_uuid).for_each(up);
        view.master_uuid = Some(uuid(1).to_ascii_uppercase());
        view.config_generation = Some("52AB-CD 7 2020-06-30T01:02:03.456".to_owned());
    }
    let mut lower = view(1, &[1, 2], 2);
    if let FactValue::VsanCluster(view) = &mut lower {
        view.cluster_uuid = Some("52abcdef-0000-0000-0000-000000000001".to_owned());
    }
    let case = Case::build(vec![bundle("a", vec![lower], Vec::new()), bundle("b", vec![upper], Vec::new())]);
    assert_eq!((case.clusters.len(), case.memberships.len()), (1, 1));
    assert_eq!(told(&case, "b", "a"), Some((Some(true), None, Vec::new())));
    let view = &case.hosts[1].vsan.as_ref().expect("a view").value;
    assert_eq!(view.master_uuid, Some(uuid(1)));
    assert_eq!(view.config_generation.as_deref(), Some("52ab-cd 7 2020-06-30T01:02:03.456"));
    assert_eq!(case.hosts[1].config_generation(), Some(("52ab-cd", 7)));
    assert_eq!(case.hosts[0].config_generation(), None);
}

#[test]
fn nodes_that_lines_alone_name_are_limited_and_counted() {
    let other = |n: usize| format!("5e000000-0000-0000-0001-{n:012}");
    let left =
        |at: i64, node: &str| event(at, EventKind::VSAN_NODE_LEFT, "cmmds.node-left", &[("node", node)]);
    let mut lines: Vec<Event> = (0..5_000).map(|n| left(n, &other(n as usize))).collect();
    lines.push(left(6_000, &uuid(3)));
    // Both hosts name this one, though late.
    lines.push(left(6_001, &other(9_999)));
    let case = Case::build(vec![
        bundle("a", vec![view(1, &[1, 2], 2), list(&[2, 3])], lines),
        bundle("b", vec![view(2, &[1, 2], 2)], vec![left(6_001, &other(9_999))]),
    ]);
    let membership = &case.memberships[0];
    assert_eq!((membership.nodes.len(), membership.left_out), (3 + 64, 5_001 - 64));
    let is_there = |uuid: &str| membership.node(uuid).is_some();
    assert!(is_there(&uuid(3)), "a list has it");
    assert!(is_there(&other(9_999)) && is_there(&other(0)) && is_there(&other(62)));
    assert!(!is_there(&other(63)) && !is_there(&other(4_999)));
    assert_eq!(case.missing.len(), 65, "who is not in the matrix is not missed either");
}

#[test]
fn what_is_no_uuid_is_no_node() {
    for bad in
        ["5e000000-0000-0000-0000-0000000000'2", "$(reboot)", "5e000000-0000-0000-0000-000000000002;reboot"]
    {
        let case = Case::build(vec![
            bundle(
                "a",
                vec![view(1, &[1], 1)],
                vec![event(1, EventKind::VSAN_NODE_LEFT, "cmmds.node-left", &[("node", bad)])],
            ),
            bundle("b", vec![FactValue::SystemUuid { uuid: bad.to_owned() }], Vec::new()),
        ]);
        assert_eq!(case.hosts[1].node, None, "{bad}");
        let uuids: Vec<_> = case.memberships[0].nodes.iter().filter_map(|node| node.uuid.clone()).collect();
        assert_eq!(uuids, [uuid(1)], "{bad}");
    }
}
