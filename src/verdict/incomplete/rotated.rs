//! Logs that do not reach back to the incident, or have a hole where it lies.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Draft, again, finding, transferred};
use crate::case::{Case, Gap, GapCause, Host, inside};
use crate::model::{Severity, Text, Timestamp};
use crate::verdict::{Evidence, Finding, Step, ids, list_en, list_ja, readable};

/// Logs in which the story of an incident stands.
const KEY_LOGS: &[&str] = &["vmkernel", "hostd", "vobd", "vpxa", "fdm", "vpxd"];

/// The earliest incident: when, and on which hosts.
fn incident(found: &[Finding]) -> Option<(Timestamp, &Vec<usize>)> {
    let incident = found.iter().filter(|finding| finding.severity >= Severity::Error);
    incident.filter_map(|finding| finding.first_seen.map(|at| (at, &finding.hosts))).min_by_key(|(at, _)| *at)
}

fn look_elsewhere() -> Vec<Step> {
    vec![Step::new(
        Text::new(
            "Look for the time in a remote syslog server, and raise the number and size of rotated logs.",
            "リモート syslog サーバに該当時刻のログがないか確認し、ログのローテーション数とサイズを増やしてください。",
        ),
        "esxcli system syslog config logger set --id=vmkernel --rotate=16 --size=10240".to_owned(),
        None,
    )]
}

/// The time of the incident lies before a host's vmkernel log begins.
pub(super) fn begins_later(case: &Case, found: &[Finding]) -> Option<Finding> {
    let at = incident(found)?;
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
        remedy: look_elsewhere(),
        hosts,
        evidence,
        severity: Severity::Warning,
        details: json!({ "incident_at": at.0, "logs_begin": latest }),
    }))
}

/// A hole in the log of a host that lies where an incident of it does.
struct Hole<'a> {
    host: usize,
    log: &'a str,
    gap: &'a Gap,
    incident_at: Timestamp,
}

fn holes<'a>(case: &'a Case, found: &[Finding]) -> Vec<Hole<'a>> {
    let mut holes: Vec<Hole<'a>> = Vec::new();
    for incident in found.iter().filter(|finding| finding.severity >= Severity::Error) {
        let Some(at) = incident.first_seen else { continue };
        for &index in &incident.hosts {
            let key = case.hosts[index].gaps.iter().filter(|(log, _)| KEY_LOGS.contains(&log.as_str()));
            for (log, gap) in key.flat_map(|(log, gaps)| gaps.iter().map(move |gap| (log, gap))) {
                let whole = [GapCause::RotationMissing, GapCause::BundleDamaged].contains(&gap.why);
                let spans = whole && gap.from <= at && at <= gap.to;
                let known = holes.iter().any(|hole| hole.host == index && hole.gap == gap);
                if spans && !known {
                    holes.push(Hole { host: index, log, gap, incident_at: at });
                }
            }
        }
    }
    holes.sort_by_key(|hole| (hole.host, hole.log, hole.gap));
    holes
}

/// A rotation is missing between two others, or may be lost with what is wrong with the bundle, and its time is that of
/// the incident.
pub(super) fn hole(case: &Case, found: &[Finding]) -> Option<Finding> {
    let holes = holes(case, found);
    let mut hosts: Vec<usize> = holes.iter().map(|hole| hole.host).collect();
    hosts.dedup();
    let first = holes.iter().map(|hole| hole.incident_at).min()?;
    let details = |hole: &Hole<'_>| {
        let Gap { from, to, files, .. } = hole.gap;
        let (host, at) = (&case.hosts[hole.host].id, hole.incident_at);
        json!({ "host": host, "log": hole.log, "from": from, "to": to, "files": files, "incident_at": at })
    };
    let perhaps = holes.iter().all(|hole| hole.gap.why == GapCause::BundleDamaged);
    Some(finding(Draft {
        cause: "rotated",
        cause_text: if perhaps { maybe_lost() } else { not_there() },
        title: Text::new(
            format!("The logs of {} have a hole where the incident lies", list_en(&ids(case, &hosts))),
            format!("{} のログは事象発生時刻の部分が欠落しています", list_ja(&ids(case, &hosts))),
        ),
        summary: hole_summary(case, &holes, first),
        remedy: remedy(case, &holes),
        evidence: holes.iter().flat_map(|hole| edges(case, hole)).collect(),
        hosts,
        severity: Severity::Warning,
        details: json!({ "holes": holes.iter().map(details).collect::<Vec<_>>() }),
    }))
}

fn not_there() -> Text {
    Text::new(
        "A rotated log that covers the time of the incident is not in the bundle.",
        "事象発生時刻を含むローテーション済みログがバンドルに含まれていません。",
    )
}

fn maybe_lost() -> Text {
    Text::new(
        "The bundle is cut or damaged, and the records of the time of the incident may be lost with it.",
        "バンドルが途中で切れているか破損しており、事象発生時刻の記録が失われている可能性があります。",
    )
}

fn hole_summary(case: &Case, holes: &[Hole<'_>], first: Timestamp) -> Text {
    let en = said(case, holes, |host, log, gap| {
        let (files, verb) = (files(gap), if gap.files.len() == 1 { "is" } else { "are" });
        let why = match gap.why {
            GapCause::BundleDamaged => {
                format!("{} is cut or damaged, and records may be lost with it", list_en(&files))
            }
            _ => format!("{} {verb} not in the bundle", list_en(&files)),
        };
        format!("{log} of {host} is silent from {} to {}: {why}. ", readable(gap.from), readable(gap.to))
    });
    let ja = said(case, holes, |host, log, gap| {
        let files = list_ja(&files(gap));
        let why = match gap.why {
            GapCause::BundleDamaged => {
                format!("{files} が途中で切れているか破損しており、記録が失われている可能性があります")
            }
            _ => format!("{files} がバンドルに含まれていません"),
        };
        format!("{host} の {log} は {} から {} まで記録がなく、{why}。", readable(gap.from), readable(gap.to))
    });
    let first = readable(first);
    Text::new(
        format!("The incident is dated {first}. {en}What happened then cannot be seen there."),
        format!("事象は {first} に発生しています。{ja}その間の経緯は確認できません。"),
    )
}

/// A bundle that is damaged may hold the log where it is whole; elsewhere the log is lost on the host too.
fn remedy(case: &Case, holes: &[Hole<'_>]) -> Vec<Step> {
    let mut damaged: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut is_lost = false;
    for hole in holes {
        let host = &case.hosts[hole.host];
        match host.damaged_container() {
            Some(container) => {
                let hosts = damaged.entry(transferred(host, container)).or_default();
                if !hosts.contains(&host.id) {
                    hosts.push(host.id.clone());
                }
            }
            None => is_lost = true,
        }
    }
    let steps = damaged.iter().map(|(file, hosts)| again(file, hosts));
    steps.chain(is_lost.then(look_elsewhere).into_iter().flatten()).collect()
}

/// The names of a gap's files.
fn files(gap: &Gap) -> Vec<String> {
    gap.files.iter().map(|file| inside(file)).collect()
}

fn said(case: &Case, holes: &[Hole<'_>], one: impl Fn(&str, &str, &Gap) -> String) -> String {
    holes.iter().take(3).map(|hole| one(&case.hosts[hole.host].id, hole.log, hole.gap)).collect()
}

/// The last record before a hole and the first one after it.
fn edges(case: &Case, hole: &Hole<'_>) -> Vec<Evidence> {
    let logs = case.hosts[hole.host].logs.iter().filter(|log| log.log == hole.log);
    let members: Vec<_> = logs.flat_map(|log| &log.members).collect();
    let before = members.iter().find(|member| member.to == Some(hole.gap.from));
    let after = members.iter().find(|member| member.from == Some(hole.gap.to));
    let last = before.and_then(|member| member.last_record.clone().zip(Some(member.to)));
    let first = after.and_then(|member| member.first_record.clone().zip(Some(member.from)));
    let line = |((source, text), time)| Evidence { host: hole.host, source, time, text };
    last.into_iter().chain(first).map(line).collect()
}
