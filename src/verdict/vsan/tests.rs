use super::event::events;
use super::*;
use crate::digest::Digest;
use crate::fact::{Fact, FactValue, VsanCluster};
use crate::model::{Event, EventKind, MemberPath, Severity, Source, Stamp, TimeQuality, Timestamp};

const LEFT: EventKind = EventKind::VSAN_NODE_LEFT;
const JOINED: EventKind = EventKind::VSAN_NODE_JOINED;

fn uuid(node: usize) -> String {
    format!("5e000000-0000-0000-0000-00000000000{node}")
}

fn source(line: u64) -> Source {
    Source { file: MemberPath::new("var/run/log/vmkernel.log"), line, offset: 0 }
}

/// Second, what, which node, and the rule.
type Line = (i64, EventKind, usize, &'static str);

/// Host `own` of a cluster of four: what it counts at the capture, if that is known, and what its log says.
fn host(own: usize, members: Option<&[usize]>, lines: &[Line]) -> Digest {
    let fact = |value| Fact { value, source: source(1), text: "x".to_owned() };
    let view = VsanCluster {
        node_uuid: Some(uuid(own)),
        cluster_uuid: Some("52000000-0000-0000-0000-000000000001".to_owned()),
        members: members.unwrap_or_default().iter().map(|&node| uuid(node)).collect(),
        ..VsanCluster::default()
    };
    let event = |&(at, kind, node, rule): &Line| Event {
        stamp: Some(Stamp { time: Timestamp::from_seconds(1_700_000_000 + at), quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Error,
        rule: rule.to_owned(),
        text: String::new(),
        raw: format!("record {at}"),
        fields: [("node".to_owned(), uuid(node))].into(),
        source: source(at.unsigned_abs() + 1),
    };
    let name = FactValue::HostName { name: format!("esx{own}") };
    Digest {
        bundle: format!("esx{own}.tgz"),
        facts: vec![fact(name), fact(FactValue::VsanCluster(view))],
        events: lines.iter().map(event).collect(),
        ..Digest::default()
    }
}

const KERNEL: &str = "cmmds.node-left";
const CLOMD: &str = "clomd.node-left";
const ALL: Option<&[usize]> = Some(&[1, 2, 3, 4]);

/// Who is told to be lost: name, first second, second of the return, whether it is over, how often.
type Lost = (String, Option<i64>, Option<i64>, bool, usize);

fn told(digests: Vec<Digest>) -> (Vec<Lost>, Vec<Vec<Vec<String>>>) {
    let case = Case::build(digests);
    let events = events(&case, &case.memberships[0]);
    let second = |at: Timestamp| at.since(Timestamp::from_seconds(1_700_000_000)) / 1_000_000;
    let lost = events.losses.iter().map(|loss| {
        let span = &loss.span;
        (loss.name(&case), span.at.map(second), span.returned.map(second), span.over, span.times)
    });
    let label = |node: &usize| case.memberships[0].nodes[*node].label().to_owned();
    let groups = |split: &super::event::Split<'_>| {
        split.groups.iter().map(|group| group.iter().map(label).collect()).collect()
    };
    (lost.collect(), events.splits.iter().map(groups).collect())
}

fn lost(name: &str, at: i64, back: Option<i64>, over: bool, times: usize) -> Lost {
    (name.to_owned(), Some(at), back, over, times)
}

#[test]
fn clomd_that_tells_late_of_a_node_that_is_back_makes_no_second_loss() {
    let seen: &[Line] = &[(0, LEFT, 4, KERNEL), (40, JOINED, 4, KERNEL), (70, LEFT, 4, CLOMD)];
    let (losses, _) = told(vec![host(1, ALL, seen), host(2, ALL, &[]), host(4, ALL, &[])]);
    assert_eq!(losses, [lost("esx4", 0, Some(40), true, 1)]);
}

#[test]
fn clomd_alone_dates_a_loss_and_the_kernel_dates_it_better() {
    let (losses, _) = told(vec![host(1, None, &[(90, LEFT, 4, CLOMD)]), host(2, None, &[])]);
    assert_eq!(losses[0].1, Some(90));
    let both: &[Line] = &[(0, LEFT, 4, KERNEL), (90, LEFT, 4, CLOMD)];
    let (losses, _) = told(vec![host(1, None, both), host(2, None, &[])]);
    assert_eq!(losses[0].1, Some(0));
}

#[test]
fn what_left_days_ago_and_again_now_is_two_losses() {
    let seen: &[Line] = &[(0, LEFT, 4, KERNEL), (900, JOINED, 4, KERNEL), (90_000, LEFT, 4, KERNEL)];
    let (losses, _) =
        told(vec![host(1, Some(&[1, 2]), seen), host(2, Some(&[1, 2]), &[]), host(4, Some(&[4]), &[])]);
    assert_eq!(losses, [lost("esx4", 0, Some(900), true, 1), lost("esx4", 90_000, None, false, 1)]);
}

#[test]
fn a_flapping_node_is_one_event_that_is_counted() {
    let seen: &[Line] = &[
        (0, LEFT, 3, KERNEL),
        (20, JOINED, 3, KERNEL),
        (120, LEFT, 3, KERNEL),
        (140, JOINED, 3, KERNEL),
        (240, LEFT, 3, KERNEL),
        (260, JOINED, 3, KERNEL),
    ];
    let (losses, _) = told(vec![host(1, ALL, seen), host(2, ALL, &[])]);
    assert_eq!(losses.len(), 1);
    assert_eq!((losses[0].0.as_str(), losses[0].3, losses[0].4), (uuid(3).as_str(), true, 3));
}

#[test]
fn a_line_that_is_lost_does_not_make_a_loss_last_that_views_show_to_be_over() {
    let seen: &[Line] = &[(0, LEFT, 4, KERNEL)];
    let (losses, _) = told(vec![host(1, ALL, seen), host(2, ALL, &[]), host(4, ALL, &[])]);
    assert_eq!(losses, [lost("esx4", 0, None, true, 1)]);
}

#[test]
fn halves_that_lost_each_other_are_one_split_even_where_lines_are_missing() {
    let digests = vec![
        host(1, None, &[(0, LEFT, 3, KERNEL), (0, LEFT, 4, KERNEL)]),
        host(2, None, &[(1, LEFT, 4, KERNEL)]),
        host(3, None, &[(1, LEFT, 1, KERNEL), (2, LEFT, 2, KERNEL)]),
        host(4, None, &[]),
    ];
    let (losses, splits) = told(digests);
    assert!(losses.is_empty(), "{losses:?}");
    assert_eq!(splits, [vec![vec!["esx1", "esx2"], vec!["esx3", "esx4"]]]);
}

#[test]
fn who_is_lost_to_one_host_only_while_all_others_count_it_is_no_loss() {
    let case = Case::build(vec![
        host(1, Some(&[1, 3, 4]), &[]),
        host(2, ALL, &[]),
        host(3, ALL, &[]),
        host(4, ALL, &[]),
    ]);
    let told = answers(&case, &case.memberships[0]);
    let kinds: Vec<AnswerKind> = told.iter().map(|answer| answer.kind).collect();
    assert_eq!(kinds, [AnswerKind::OnlySome]);
    assert_eq!((told[0].groups.clone(), told[0].by.clone()), (vec![vec![0], vec![1]], vec![0]));
    assert!((VERDICT.reach)(&case, &[]).is_empty());
}

#[test]
fn a_host_that_counts_only_itself_and_knows_of_nobody_is_a_cluster_of_one() {
    let (losses, splits) = told(vec![host(1, Some(&[1]), &[])]);
    assert!(losses.is_empty() && splits.is_empty());
}

#[test]
fn hosts_that_are_all_alone_are_one_split() {
    let (losses, splits) =
        told(vec![host(1, Some(&[1]), &[]), host(2, Some(&[2]), &[]), host(3, Some(&[3]), &[])]);
    assert!(losses.is_empty(), "{losses:?}");
    assert_eq!(splits, [vec![vec!["esx1"], vec!["esx2"], vec!["esx3"]]]);
}

#[test]
fn what_is_odd_is_told_though_nobody_is_lost() {
    use crate::fact::UnicastAgent;
    let list = |nodes: &[usize]| {
        let agent = |&node: &usize| UnicastAgent { node_uuid: uuid(node), witness: false, ip: None };
        let value = FactValue::UnicastAgents { agents: nodes.iter().map(agent).collect() };
        Fact { value, source: source(1), text: "x".to_owned() }
    };
    let told = |first: &[usize], second: usize| -> Vec<String> {
        let mut digests = vec![host(1, Some(&[1, 2]), &[]), host(2, Some(&[1, 2]), &[])];
        digests[0].facts.push(list(first));
        if second != 2 {
            digests.push(Digest { bundle: "esx8.tgz".to_owned(), ..host(second, Some(&[1, 2]), &[]) });
            let last = digests[2].facts.first_mut().expect("its name");
            last.value = FactValue::HostName { name: "esx8".to_owned() };
        }
        let case = Case::build(digests);
        oddities(&case, &case.memberships[0]).into_iter().map(|odd| odd.text.en).collect()
    };
    assert!(told(&[2], 2).is_empty());
    let own = told(&[1, 2], 2);
    assert!(
        own.len() == 1 && own[0].starts_with("esx1: the unicast agent list has the host itself"),
        "{own:?}"
    );
    let short = told(&[], 2);
    assert!(short.len() == 1 && short[0].starts_with("esx1: the unicast agent list lacks"), "{short:?}");
    let cloned = told(&[2], 1);
    assert!(cloned[0].starts_with("esx1 and esx8 have the same vSAN node UUID"), "{cloned:?}");
}
