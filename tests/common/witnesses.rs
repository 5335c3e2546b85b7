//! Handmade witness matrices of any size: one host lost, the rest together, with a vCenter Server that lost it too.

use esxray::model::{Lang, Text, Timestamp};
use esxray::report::model::*;

/// A matrix to be made.
pub struct Case<'a> {
    /// Hosts with a bundle.
    pub hosts: &'a [String],
    /// The one that is lost: an index into `hosts`.
    pub lost: Option<usize>,
    /// The name of a witness appliance, which has no bundle.
    pub witness: Option<&'a str>,
    /// The id of a vCenter Server.
    pub vcenter: Option<&'a str>,
    /// The file that lines stand in.
    pub file: &'a str,
    /// The language of the answers.
    pub lang: Lang,
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The matrix of `case` in the cluster called `cluster`.
pub fn matrix(case: &Case<'_>, cluster: &str) -> MembershipInfo {
    let nodes: Vec<NodeInfo> = (0..case.hosts.len()).map(|n| node(case, n)).chain(witness(case)).collect();
    let mut says = Vec::new();
    for (row, by) in case.hosts.iter().enumerate() {
        says.extend(nodes.iter().enumerate().map(|(column, of)| said(case, row, column, by, &of.label)));
    }
    if let (Some(by), Some(lost)) = (case.vcenter, case.lost) {
        let told = vec![
            told(case, "not-responding", 3, "2026-11-23T02:10:55Z", "2026-11-23T02:31:00Z"),
            told(case, "disconnected", 1, "2026-11-23T02:31:00Z", "2026-11-23T02:31:00Z"),
        ];
        says.push(SaysInfo { by: by.into(), of: case.hosts[lost].clone(), told, ..SaysInfo::default() });
    }
    MembershipInfo {
        oddities: vec![esxray::report::membership::OddityInfo {
            hosts: Vec::new(),
            text: "esx01 | <b>odd</b> `x`".to_owned(),
        }],
        cluster: cluster.into(),
        left_out: 0,
        answers: answer(case).into_iter().collect(),
        rows: case.hosts.iter().cloned().chain(case.vcenter.map(str::to_owned)).collect(),
        says,
        hosts: (0..case.hosts.len()).map(|n| state(case, n)).collect(),
        nodes,
    }
}

fn node(case: &Case<'_>, n: usize) -> NodeInfo {
    NodeInfo {
        label: case.hosts[n].clone(),
        uuid: Some(format!("5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e{n:02}")),
        host: Some(case.hosts[n].clone()),
        name: Some(case.hosts[n].clone()),
        witness: false,
        addresses: vec![format!("10.0.20.{}", n + 1)],
    }
}

fn witness(case: &Case<'_>) -> Option<NodeInfo> {
    case.witness.map(|name| NodeInfo {
        label: name.into(),
        uuid: Some("5d3a77b2-0c1e-4f55-9a51-0cc47a3fffff".into()),
        name: Some(name.into()),
        witness: true,
        ..NodeInfo::default()
    })
}

/// The lost host counts nobody and has an empty list; the others count all but it, and two of three have lines.
fn said(case: &Case<'_>, row: usize, column: usize, by: &str, of: &str) -> SaysInfo {
    let is_apart = (case.lost == Some(row)) != (case.lost == Some(column));
    let is_witness = column >= case.hosts.len();
    let told = match (is_apart, row % 3) {
        (true, 0) => vec![
            told(case, "unreachable", 5, "2026-11-23T02:10:01.250Z", "2026-11-23T02:10:04.250Z"),
            told(case, "left", 1, "2026-11-23T02:10:05.120Z", "2026-11-23T02:10:05.120Z"),
        ],
        (true, 1) => vec![told(case, "left", 2, "2026-11-23T02:10:05.740Z", "2026-11-23T02:41:30Z")],
        _ if is_witness && row == 0 => vec![
            told(case, "left", 1, "2026-11-22T20:00:01Z", "2026-11-22T20:00:01Z"),
            told(case, "joined", 1, "2026-11-22T20:00:31Z", "2026-11-22T20:00:31Z"),
        ],
        _ => Vec::new(),
    };
    SaysInfo {
        by: by.into(),
        of: of.into(),
        counted: Some(row == column || !is_apart),
        listed: (row != column).then_some(case.lost != Some(row)),
        told,
    }
}

fn told(case: &Case<'_>, what: &str, count: u64, first: &str, last: &str) -> ToldInfo {
    let source = |line: u64| SourceRef { file: case.file.into(), line, offset: line * 97 };
    ToldInfo {
        what: what.into(),
        count,
        first: at(first),
        last: at(last),
        first_source: source(40_211),
        last_source: source(40_210 + count),
    }
}

fn answer(case: &Case<'_>) -> Option<AnswerInfo> {
    let lost = case.hosts[case.lost?].clone();
    let others: Vec<String> = case.hosts.iter().filter(|host| **host != lost).cloned().collect();
    let text = Text::new(
        format!("{lost} lost everyone, and {} others lost {lost}.", others.len()),
        format!("{lost} はほかのすべてのノードとの接続を失いました。"),
    );
    Some(AnswerInfo {
        kind: "isolated".into(),
        by: others.clone(),
        groups: vec![others, vec![lost]],
        at: Some(at("2026-11-23T02:10:05.120Z")),
        until: None,
        over: false,
        text: text.get(case.lang).to_owned(),
    })
}

fn state(case: &Case<'_>, n: usize) -> HostState {
    let some = |text: &str| Some(text.to_owned());
    let is_lost = case.lost == Some(n);
    let all = case.hosts.len() + usize::from(case.witness.is_some());
    HostState {
        host: case.hosts[n].clone(),
        state: some(if n == 0 || is_lost { "MASTER" } else { "AGENT" }),
        health: some("HEALTHY"),
        cluster_uuid: some("52e1f1a0-7f3c-11b2-8b0e-6c2b5977a001"),
        master: Some(case.hosts[if is_lost { n } else { 0 }].clone()),
        member_count: Some(if is_lost { 1 } else { all as u64 - u64::from(case.lost.is_some()) }),
        revision: Some(if is_lost { 0 } else { 11 }),
        formed_at: Some(at(if is_lost { "2026-11-23T02:10:06Z" } else { "2026-10-02T08:00:00Z" })),
        config_generation: Some(format!(
            "52a0d1f3-9c1e-4b7a-8d11-2f3e4d5c6b7a {} 2026-11-23T01:58:12.0",
            if is_lost { 9 } else { 12 }
        )),
        generation_is_odd: Some(is_lost),
        unicast_peers: Some(if is_lost { 0 } else { all as u64 - 1 }),
        unicast_lacks: Some(if is_lost {
            case.hosts.iter().filter(|host| **host != case.hosts[n]).cloned().collect()
        } else {
            Vec::new()
        }),
        maintenance: some("OFF"),
        decom_state: Some(0),
        vmknics: Some(vec![VmknicInfo {
            name: "vmk2".into(),
            ip: Some(format!("10.0.20.{}", n + 1)),
            mtu: Some(if n == 1 { 1500 } else { 9000 }),
        }]),
        formats: vec![10],
        ignore_member_list: Some(n == 1),
    }
}
