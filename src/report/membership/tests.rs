use super::build::matrix;
use super::state::generation;
use super::*;
use crate::case::{Case, Cluster, ClusterBasis, Host, Membership, Moment, Node, Said, Testimony};
use crate::model::{Event, EventKind, Lang, Severity, Source, Stamp, TimeQuality};
use crate::report::labels::labels;
use crate::verdict::{Answer, AnswerKind};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn host(id: &str) -> Host {
    let mut host = Host::default();
    host.id = id.to_owned();
    host.name = id.to_owned();
    host
}

fn moment(host: usize, time: &str, line: u64) -> Moment {
    let time = at(time);
    let source = Source {
        file: crate::model::MemberPath::new("esx.tgz!var/run/log/vmkernel.log"),
        line,
        offset: line * 10,
    };
    let event = Event {
        kind: EventKind::VSAN_NODE_LEFT,
        severity: Severity::Critical,
        stamp: Some(Stamp { time, quality: TimeQuality::Exact }),
        source,
        rule: String::new(),
        text: String::new(),
        raw: String::new(),
        fields: std::collections::BTreeMap::new(),
    };
    Moment { time, quality: TimeQuality::Exact, host, event }
}

/// Two hosts, and two nodes without a bundle that have one name.
fn case() -> (Case, Membership) {
    let hosts = vec![host("esx01"), host("esx02")];
    let cluster = Cluster { id: "52e1".to_owned(), name: None, basis: ClusterBasis::Vsan, hosts: vec![0, 1] };
    let timeline = vec![
        moment(0, "2026-11-23T02:10:01Z", 5),
        moment(0, "2026-11-23T02:10:05Z", 7),
        moment(0, "2026-11-23T02:20:05Z", 9),
    ];
    let own = |host: usize, id: &str| Node {
        uuid: Some(format!("u{host}")),
        host: Some(host),
        name: Some(id.to_owned()),
        ..Node::default()
    };
    let other = |uuid: &str| Node {
        uuid: Some(uuid.to_owned()),
        name: Some("localhost".to_owned()),
        ..Node::default()
    };
    let lines = vec![(Said::Unreachable, 0), (Said::Left, 1), (Said::Left, 2)];
    let says = [
        ((0, 1), Testimony { counted: Some(false), listed: Some(false), lines }),
        ((1, 2), Testimony { counted: Some(true), listed: Some(true), lines: Vec::new() }),
    ];
    let membership = Membership {
        cluster: 0,
        nodes: vec![own(0, "esx01"), own(1, "esx02"), other("u8"), other("u9")],
        rows: vec![0, 1],
        says: says.into_iter().collect(),
        left_out: 0,
    };
    (Case { hosts, clusters: vec![cluster], timeline, ..Case::default() }, membership)
}

#[test]
fn indices_become_ids_and_lines_are_counted_by_what_they_say() {
    let (case, membership) = case();
    let info = matrix(&case, &membership, &[], Lang::En);
    let labels: Vec<&str> = info.nodes.iter().map(|node| node.label.as_str()).collect();
    assert_eq!(labels, ["esx01", "esx02", "u8", "u9"], "one name of two nodes tells neither");
    let says = info.says("esx01", "esx02").expect("the cell");
    assert_eq!((says.counted, says.listed, says.told.len()), (Some(false), Some(false), 2));
    let left = &says.told[1];
    assert_eq!((left.what.as_str(), left.count), ("left", 2));
    assert_eq!((left.first, left.last), (at("2026-11-23T02:10:05Z"), at("2026-11-23T02:20:05Z")));
    assert_eq!((left.first_source.line, left.last_source.line), (7, 9));
    assert!(info.says("esx01", "u8").is_none(), "what is not said has no cell");
}

#[test]
fn each_answer_has_its_own_sentence() {
    let (case, membership) = case();
    let text = |kind, groups: &[&[usize]], by: &[usize], lang| {
        let groups = groups.iter().map(|group| group.to_vec()).collect();
        let answer = Answer { kind, groups, by: by.to_vec(), at: None, until: None, over: false };
        matrix(&case, &membership, &[answer], lang).answers[0].text.clone()
    };
    use AnswerKind::*;
    for (kind, groups, by, expected) in [
        (Lost, [&[0][..], &[1]], &[0][..], "The cluster lost esx02, as esx01 tells."),
        (Isolated, [&[0], &[1]], &[0, 1], "esx02 lost everyone, and esx01 lost esx02."),
        (Split, [&[0, 1], &[2, 3]], &[0], "The cluster split: esx01, esx02 | u8, u9."),
        (OnlySome, [&[0], &[2]], &[0], "Only esx01 lost u8; 1 other still sees it."),
        (OnlyVcenter, [&[0], &[1]], &[], "Only vCenter lost esx02: its vSAN peers still count it."),
    ] {
        assert_eq!(text(kind, &groups, by, Lang::En), expected);
        let ja = text(kind, &groups, by, Lang::Ja);
        assert!(ja.ends_with('。') && ja.contains("esx0"), "{ja}");
    }
}

#[test]
fn a_view_at_the_capture_comes_before_lines_and_later_lines_before_earlier_ones() {
    let told = |what: &str, time: &str| ToldInfo {
        what: what.to_owned(),
        count: 1,
        first: at(time),
        last: at(time),
        first_source: SourceRef { file: "f".into(), line: 1, offset: 0 },
        last_source: SourceRef { file: "f".into(), line: 1, offset: 0 },
    };
    let (early, late) = ("2026-11-23T02:10:05Z", "2026-11-23T02:20:05Z");
    for (counted, lines, sign) in [
        (Some(true), vec![], Sign::Counted),
        (Some(true), vec![told("left", late)], Sign::Returned),
        (Some(true), vec![told("unreachable", late)], Sign::Unreachable),
        (Some(false), vec![told("left", early), told("joined", late)], Sign::Missing),
        (None, vec![told("left", early), told("joined", late)], Sign::Returned),
        (None, vec![told("joined", early), told("left", late)], Sign::Left),
        (None, vec![told("dead", late)], Sign::Unreachable),
        (None, vec![told("not-responding", early), told("reconnected", late)], Sign::Returned),
        (None, vec![], Sign::Silent),
    ] {
        let (case, membership) = case();
        let mut info = matrix(&case, &membership, &[], Lang::En);
        info.says[0].counted = counted;
        info.says[0].told = lines.clone();
        assert_eq!(grid(&info, labels(Lang::En)).rows[0].cells[1].sign, sign, "{counted:?} {lines:?}");
    }
}

#[test]
fn a_generation_is_who_set_it_and_how_often() {
    assert_eq!(generation("52a0-d1 12 2026-11-23T01:58:12.0"), "52a0-d1 12");
    assert_eq!(generation("52a0d1f3-9c1e-4b7a-8d11-2f3e4d5c6b7a 12 2026-11-23T01:58:12.0"), "52a0d1f3… 12");
    assert_eq!(generation("None"), "None");
}

fn sourced<T>(value: T) -> crate::case::Sourced<T> {
    let file = crate::model::MemberPath::new("f");
    crate::case::Sourced { value, source: Source { file, line: 1, offset: 0 }, text: String::new() }
}

#[test]
fn a_host_that_says_nothing_of_any_node_still_tells_of_its_own_state() {
    let (mut case, mut membership) = case();
    membership.rows = vec![0];
    for (host, number) in [(0, 12), (1, 9)] {
        case.hosts[host].vsan = Some(sourced(crate::fact::VsanCluster {
            state: Some("AGENT".to_owned()),
            member_count: Some(4),
            config_generation: Some(format!("52a0-d1 {number} 2026-11-23T01:58:12.000")),
            ..Default::default()
        }));
    }
    let option = "/vsan/ignoreClusterMemberListUpdates".to_owned();
    case.hosts[1].options.insert(option, sourced(" 1 ".to_owned()));
    let info = matrix(&case, &membership, &[], Lang::En);
    let told: Vec<_> =
        info.hosts.iter().map(|state| (state.host.as_str(), state.ignore_member_list)).collect();
    assert_eq!(told, [("esx01", None), ("esx02", Some(true))]);
    assert_eq!(info.hosts[1].config_generation.as_deref(), Some("52a0-d1 9 2026-11-23T01:58:12.000"));
    assert_eq!(info.hosts[1].generation_is_odd, None, "of two neither is usual");
}

#[test]
fn what_is_the_same_on_all_hosts_is_told_once_unless_it_is_wrong() {
    let state = |host: &str, revision, maintenance: &str| HostState {
        host: host.to_owned(),
        health: Some("HEALTHY".to_owned()),
        member_count: Some(4),
        revision: Some(revision),
        maintenance: Some(maintenance.to_owned()),
        ..HostState::default()
    };
    let common = labels(Lang::En);
    let info = |hosts| MembershipInfo { hosts, ..MembershipInfo::default() };
    let table = states(&info(vec![state("a", 1, "OFF"), state("b", 2, "OFF")]), common).expect("a table");
    assert_eq!(table.heads, ["Host", "Revision"]);
    let same = table.same.expect("a sentence");
    assert_eq!(same, "The same on all hosts: Health HEALTHY, Members 4, Maintenance OFF.");
    let table = states(&info(vec![state("a", 1, "ON"), state("b", 1, "ON")]), common).expect("a table");
    assert_eq!(table.heads, ["Host", "Maintenance"]);
    assert!(table.has_odd && table.rows.iter().all(|row| row.1[0].is_odd));
    let table = states(&info(vec![state("a", 1, "OFF")]), common).expect("a table");
    assert!(table.same.is_none() && table.heads.len() == 5, "of one host nothing is folded");
}

#[test]
fn long_labels_are_cut_above_their_column_and_stay_apart() {
    let node = |label: &str| NodeInfo { label: label.to_owned(), ..NodeInfo::default() };
    let nodes = [
        "esx01",
        "esx-rack12-u07.datacenter-east.example.com",
        "production-cluster-of-tokyo-node-0071",
        "production-cluster-of-tokyo-node-0072",
        "5f0a1b2c-3d4e-5f60-7182-0050568a0001",
        "twin.lab-of-the-first-building.example",
        "twin.lab-of-the-other-building.example",
    ];
    let info =
        MembershipInfo { nodes: nodes.iter().map(|label| node(label)).collect(), ..Default::default() };
    let grid = grid(&info, labels(Lang::En));
    let headings: Vec<&str> = grid.columns.iter().map(|column| column.heading.as_str()).collect();
    assert_eq!(headings[..2], ["esx01", "esx-rack12-u07"]);
    assert_eq!(headings[4], "5f0a1b2c-…50568a0001");
    assert!(headings.iter().all(|heading| heading.chars().count() <= 20), "{headings:?}");
    let distinct: std::collections::BTreeSet<&str> = headings[..5].iter().copied().collect();
    assert_eq!(distinct.len(), 5);
}

#[test]
fn thousands_of_cells_are_looked_up_not_searched() {
    let names: Vec<String> = (0..400).map(|n| format!("esx{n}")).collect();
    let node = |name: &String| NodeInfo { label: name.clone(), ..NodeInfo::default() };
    let pairs = names.iter().flat_map(|by| names.iter().map(move |of| (by, of)));
    let says = |(by, of): (&String, &String)| SaysInfo {
        by: by.clone(),
        of: of.clone(),
        counted: Some(true),
        ..SaysInfo::default()
    };
    let info = MembershipInfo {
        nodes: names.iter().map(node).collect(),
        rows: names.clone(),
        says: pairs.map(says).collect(),
        ..MembershipInfo::default()
    };
    let grid = grid(&info, labels(Lang::En));
    assert_eq!((grid.rows.len(), grid.unfolded.len()), (1, 400));
    assert!(grid.unfolded[399].cells.iter().all(|cell| cell.sign == Sign::Counted));
}

#[test]
fn nodes_that_were_left_out_are_told() {
    let (case, mut membership) = case();
    let note =
        |membership: &Membership, lang| matrix(&case, membership, &[], lang).note_of_left_out(labels(lang));
    assert_eq!(note(&membership, Lang::En), None);
    membership.left_out = 1;
    let one = note(&membership, Lang::En).expect("a note");
    assert!(one.starts_with("1 more node, which only log lines name"), "{one}");
    membership.left_out = 4_936;
    assert!(note(&membership, Lang::En).expect("a note").starts_with("4,936 more nodes"));
    assert!(note(&membership, Lang::Ja).expect("a note").contains("4,936 個"));
}
