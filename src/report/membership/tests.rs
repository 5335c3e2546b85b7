use super::build::{generation, matrix};
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
    assert_eq!(generation("52a0-d1 12 2026-11-23T01:58:12.0"), Some(["52a0-d1", "12"]));
    assert_eq!(generation("None"), None);
}
