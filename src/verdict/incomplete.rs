//! Do the bundles cover what happened: is a member's bundle missing, cut short, or too young?

use std::collections::BTreeSet;

use serde_json::json;

use super::{Evidence, Finding, Step, Verdict, ids, list_en, list_ja};
use crate::case::{Case, Host};
use crate::model::{Confidence, ProblemKind, Severity, Text, Timestamp};

pub(super) static VERDICT: Verdict = Verdict {
    name: "incomplete",
    about: "Do the bundles cover what happened?",
    findings: &["evidence.incomplete"],
    reach,
};

fn reach(case: &Case, found: &[Finding]) -> Vec<Finding> {
    let worst = found.iter().map(|finding| finding.severity).max();
    // Without an incident a gap is worth a note; with one it may hide the rest of the story.
    let severity = if worst >= Some(Severity::Warning) { Severity::Warning } else { Severity::Info };
    // What a damaged bundle does not tell may be the incident itself.
    [missing_bundles(case, severity), cut_short(case, Severity::Warning), rotated(case, found)]
        .into_iter()
        .flatten()
        .collect()
}

struct Draft {
    cause: &'static str,
    cause_text: Text,
    title: Text,
    summary: Text,
    remedy: Text,
    command: Option<String>,
    hosts: Vec<usize>,
    evidence: Vec<Evidence>,
    severity: Severity,
    details: serde_json::Value,
}

fn finding(draft: Draft) -> Finding {
    Finding {
        id: "evidence.incomplete",
        severity: draft.severity,
        confidence: Confidence::Certain,
        title: draft.title,
        summary: draft.summary,
        cause: (draft.cause, draft.cause_text),
        hosts: draft.hosts,
        vms: Vec::new(),
        first_seen: None,
        last_seen: None,
        count: 0,
        remedy: vec![Step::new(draft.remedy, draft.command, None)],
        references: Vec::new(),
        evidence: draft.evidence,
        details: draft.details,
    }
}

fn missing_bundles(case: &Case, severity: Severity) -> Option<Finding> {
    if case.missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = case.missing.iter().map(|missing| missing.label()).collect();
    let mut hosts: Vec<usize> = case.missing.iter().flat_map(|missing| missing.seen_by.clone()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let line = |(host, source, text): &(usize, _, String)| Evidence {
        host: *host,
        source: crate::model::Source::clone(source),
        time: None,
        text: text.clone(),
    };
    let (seen, seen_ja) = (list_en(&ids(case, &hosts)), list_ja(&ids(case, &hosts)));
    Some(finding(Draft {
        cause: "missing-bundle",
        cause_text: Text::new(
            "The vSAN member lists name hosts that no bundle here covers.",
            "vSAN のメンバー リストに、バンドルが提供されていないホストが含まれています。",
        ),
        title: Text::new(
            format!("No bundle of {}", list_en(&names)),
            format!("{} のサポート バンドルがありません", list_ja(&names)),
        ),
        summary: Text::new(
            format!(
                "{seen} name {} as members of their cluster, but no bundle of them was given. What happened there, and what these hosts offer, cannot be told.",
                list_en(&names)
            ),
            format!(
                "{seen_ja} は {} をクラスタのメンバーとして認識していますが、そのバンドルは提供されていません。これらのホストで発生した事象や構成は確認できません。",
                list_ja(&names)
            ),
        ),
        remedy: Text::new(
            "Collect a support bundle on each of them and run the analysis again with all bundles together.",
            "該当する各ホストでサポート バンドルを取得し、すべてのバンドルをまとめて再度解析してください。",
        ),
        command: Some("vm-support".to_owned()),
        evidence: case.missing.iter().flat_map(|missing| missing.evidence.iter().take(2).map(line)).collect(),
        hosts,
        severity,
        details: json!({ "missing": names }),
    }))
}

fn cut_short(case: &Case, severity: Severity) -> Option<Finding> {
    let is_cut = |kind: ProblemKind| {
        matches!(kind, ProblemKind::Truncated | ProblemKind::Damaged | ProblemKind::MissingFragment)
    };
    let mut hosts = Vec::new();
    let mut evidence = Vec::new();
    let mut members = Vec::new();
    for (index, host) in case.hosts.iter().enumerate() {
        let cut: Vec<_> = host.problems.iter().filter(|problem| is_cut(problem.kind)).collect();
        if cut.is_empty() {
            continue;
        }
        hosts.push(index);
        members.extend(
            cut.iter()
                .map(|problem| json!({ "host": host.id, "member": problem.path, "text": problem.text })),
        );
        evidence.extend(where_it_ends(
            index,
            host,
            cut.iter().map(|problem| problem.path.as_str()).collect(),
        ));
    }
    if hosts.is_empty() {
        return None;
    }
    let (names, names_ja) = (list_en(&ids(case, &hosts)), list_ja(&ids(case, &hosts)));
    Some(finding(Draft {
        cause: "truncated",
        cause_text: Text::new(
            "A bundle, or a file in it, ends early or is damaged.",
            "バンドルまたはその中のファイルが途中で切れているか、破損しています。",
        ),
        title: Text::new(
            format!(
                "The evidence of {names} is incomplete: {} files end early or are damaged",
                members.len()
            ),
            format!(
                "{names_ja} の証跡が不完全です: {} 個のファイルが途中で切れているか破損しています",
                members.len()
            ),
        ),
        summary: Text::new(
            format!(
                "{} files in the bundles of {names} could only be read in part. Everything before and behind the damage was used; what the rest said is not known.",
                members.len()
            ),
            format!(
                "{names_ja} のバンドル内の {} 個のファイルは一部しか読み取れませんでした。読み取れた部分はすべて使用しましたが、残りの内容は不明です。",
                members.len()
            ),
        ),
        remedy: Text::new(
            "Transfer the bundle again and compare its size and checksum with the original, or collect it anew.",
            "バンドルを再転送して元ファイルとサイズ・チェックサムを比較するか、再取得してください。",
        ),
        command: None,
        hosts,
        evidence,
        severity,
        details: json!({ "members": members }),
    }))
}

/// The last records that could be read of the damaged logs; where none is a log, the last record of the bundle.
fn where_it_ends(index: usize, host: &Host, cut: BTreeSet<&str>) -> Vec<Evidence> {
    let members = || host.logs.iter().flat_map(|log| &log.members);
    let line = |member: &crate::digest::MemberCoverage| {
        let (source, text) = member.last_record.clone()?;
        Some(Evidence { host: index, source, time: member.to, text })
    };
    let damaged: Vec<Evidence> =
        members().filter(|member| cut.contains(member.path.as_str())).filter_map(line).take(5).collect();
    if !damaged.is_empty() {
        return damaged;
    }
    members().max_by_key(|member| member.to).and_then(line).into_iter().collect()
}

/// The time of the incident lies before a host's vmkernel log begins.
fn rotated(case: &Case, found: &[Finding]) -> Option<Finding> {
    let incident = found.iter().filter(|finding| finding.severity >= Severity::Error);
    let at = incident
        .filter_map(|finding| finding.first_seen.map(|at| (at, &finding.hosts)))
        .min_by_key(|(at, _)| *at)?;
    let begins = |host: &Host| -> Option<(Timestamp, Evidence)> {
        let log = host.logs.iter().find(|log| log.log == "vmkernel")?;
        let first = log.members.iter().find(|member| member.from.is_some())?;
        let (source, text) = first.first_record.clone()?;
        Some((first.from?, Evidence { host: 0, source, time: first.from, text }))
    };
    let mut hosts = Vec::new();
    let mut evidence = Vec::new();
    for &index in at.1 {
        if let Some((from, line)) = begins(&case.hosts[index]).filter(|(from, _)| *from > at.0) {
            hosts.push((index, from));
            evidence.push(Evidence { host: index, ..line });
        }
    }
    let latest = hosts.iter().map(|(_, from)| *from).max()?;
    let hosts: Vec<usize> = hosts.into_iter().map(|(index, _)| index).collect();
    let (names, names_ja) = (list_en(&ids(case, &hosts)), list_ja(&ids(case, &hosts)));
    Some(finding(Draft {
        cause: "rotated",
        cause_text: Text::new(
            "The logs were rotated away before the bundle was taken.",
            "バンドル取得前にログがローテーションで失われています。",
        ),
        title: Text::new(
            format!("The vmkernel logs of {names} begin after the incident"),
            format!("{names_ja} の vmkernel ログは事象発生後から始まっています"),
        ),
        summary: Text::new(
            format!(
                "The incident is dated {}, but nothing before {latest} is in the vmkernel logs of {names}. What led to it cannot be seen there.",
                at.0
            ),
            format!(
                "事象は {} に発生していますが、{names_ja} の vmkernel ログには {latest} より前の記録がありません。発生に至る経緯は確認できません。",
                at.0
            ),
        ),
        remedy: Text::new(
            "Look for the time in a remote syslog server, and raise the number and size of rotated logs.",
            "リモート syslog サーバーに該当時刻のログがないか確認し、ログのローテーション数とサイズを増やしてください。",
        ),
        command: Some(
            "esxcli system syslog config logger set --id=vmkernel --rotate=16 --size=10240".to_owned(),
        ),
        hosts,
        evidence,
        severity: Severity::Warning,
        details: json!({ "incident_at": at.0, "logs_begin": latest }),
    }))
}
