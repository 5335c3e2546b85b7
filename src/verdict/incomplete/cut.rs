//! Bundles and members that end early, are damaged or lack a fragment: which, and what time is lost with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Draft, finding};
use crate::case::{Case, Gap, Host};
use crate::digest::MemberCoverage;
use crate::model::{ProblemKind, Severity, Text};
use crate::verdict::{Evidence, Finding, Step, ids, list_en, list_ja};

/// Lost stretches of time that the summary names; all are in the details.
const NAMED: usize = 3;

/// One member with something wrong.
struct Cut<'a> {
    host: &'a Host,
    path: &'a str,
    text: String,
    /// The log and the time that is lost in it, where the member is one and that is known.
    gap: Option<(&'a str, &'a Gap)>,
    /// What was read of it, where it is a log.
    member: Option<&'a MemberCoverage>,
}

impl Cut<'_> {
    fn details(&self) -> Value {
        let gap = self.gap.map(|(_, gap)| gap);
        json!({
            "host": self.host.id,
            "member": self.path,
            "text": self.text,
            "bytes_read": self.member.map(|member| member.bytes),
            "from": gap.map(|gap| gap.from),
            "to": gap.map(|gap| gap.to),
            "partial": gap.is_some_and(|gap| gap.partial),
        })
    }
}

/// The members of a host that were cut or damaged, each once with all that is said of it.
fn cuts(host: &Host) -> Vec<Cut<'_>> {
    let is_cut = |kind: ProblemKind| {
        matches!(
            kind,
            ProblemKind::Truncated
                | ProblemKind::Damaged
                | ProblemKind::MissingFragment
                | ProblemKind::Unreadable
                | ProblemKind::Limit
        )
    };
    let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for problem in host.problems.iter().filter(|problem| is_cut(problem.kind)) {
        let told = texts.entry(problem.path.as_str()).or_default();
        if !told.contains(&problem.text.as_str()) {
            told.push(&problem.text);
        }
    }
    let members: BTreeMap<&str, &MemberCoverage> =
        host.logs.iter().flat_map(|log| &log.members).map(|member| (member.path.as_str(), member)).collect();
    let lost = host.gaps.iter().flat_map(|(log, gaps)| gaps.iter().map(move |gap| (log.as_str(), gap)));
    let gaps: BTreeMap<&str, (&str, &Gap)> =
        lost.flat_map(|lost| lost.1.files.iter().map(move |file| (file.as_str(), lost))).collect();
    texts
        .into_iter()
        .map(|(path, told)| Cut {
            host,
            path,
            text: told.join("; "),
            gap: gaps.get(path).copied(),
            member: members.get(path).copied(),
        })
        .collect()
}

pub(super) fn cut_short(case: &Case, severity: Severity) -> Option<Finding> {
    let mut hosts = Vec::new();
    let mut evidence = Vec::new();
    let mut all = Vec::new();
    for (index, host) in case.hosts.iter().enumerate() {
        let cut = cuts(host);
        if !cut.is_empty() {
            hosts.push(index);
            evidence.extend(where_it_ends(index, host, cut.iter().map(|cut| cut.path).collect()));
            all.extend(cut);
        }
    }
    if hosts.is_empty() {
        return None;
    }
    Some(finding(Draft {
        cause: "truncated",
        cause_text: Text::new(
            "A bundle, or a file in it, ends early or is damaged.",
            "バンドルまたはその中のファイルが途中で切れているか、破損しています。",
        ),
        title: title(&ids(case, &hosts), all.len()),
        summary: summary(&ids(case, &hosts), &all),
        remedy: vec![Step::new(
            Text::new(
                "Transfer the bundle again and compare its size and checksum with the original, or collect it anew.",
                "バンドルを再転送して元ファイルとサイズ・チェックサムを比較するか、再取得してください。",
            ),
            None,
            None,
        )],
        hosts,
        evidence,
        severity,
        details: json!({ "members": all.iter().map(Cut::details).collect::<Vec<_>>() }),
    }))
}

fn title(hosts: &[String], count: usize) -> Text {
    let (files, verb) = if count == 1 { ("file", "ends early or is") } else { ("files", "end early or are") };
    Text::new(
        format!("The evidence of {} is incomplete: {count} {files} {verb} damaged", list_en(hosts)),
        format!(
            "{} の証跡が不完全です: {count} 個のファイルが途中で切れているか破損しています",
            list_ja(hosts)
        ),
    )
}

fn summary(hosts: &[String], cuts: &[Cut<'_>]) -> Text {
    let lost: Vec<(&str, &str, &Gap)> = cuts
        .iter()
        .filter_map(|cut| cut.gap.map(|(log, gap)| (cut.host.id.as_str(), log, gap)))
        .filter(|(_, _, gap)| !gap.partial)
        .take(NAMED)
        .collect();
    let en = lost
        .iter()
        .map(|(host, log, gap)| format!(" Not covered by {log} of {host}: {} to {}.", gap.from, gap.to));
    let ja = lost.iter().map(|(host, log, gap)| {
        format!("{host} の {log} は {} から {} までを含みません。", gap.from, gap.to)
    });
    let (count, file) = (cuts.len(), if cuts.len() == 1 { "file" } else { "files" });
    Text::new(
        format!(
            "{count} {file} in the bundles of {} could only be read in part. Everything before and behind the damage was used; what the rest said is not known.{}",
            list_en(hosts),
            en.collect::<String>()
        ),
        format!(
            "{} のバンドル内の {count} 個のファイルは一部しか読み取れませんでした。読み取れた部分はすべて使用しましたが、残りの内容は不明です。{}",
            list_ja(hosts),
            ja.collect::<String>()
        ),
    )
}

/// The last records that could be read of the damaged logs; where none is a log, the last record of the bundle, and
/// where no log is left, what else was read of it.
fn where_it_ends(index: usize, host: &Host, cut: BTreeSet<&str>) -> Vec<Evidence> {
    let members = || host.logs.iter().flat_map(|log| &log.members);
    let line = |member: &MemberCoverage| {
        let (source, text) = member.last_record.clone()?;
        Some(Evidence { host: index, source, time: member.to, text })
    };
    let damaged: Vec<Evidence> =
        members().filter(|member| cut.contains(member.path.as_str())).filter_map(line).take(5).collect();
    if !damaged.is_empty() {
        return damaged;
    }
    let last = members().max_by_key(|member| member.to).and_then(line);
    let fact = host.first_fact.as_ref().map(|fact| Evidence {
        host: index,
        source: fact.source.clone(),
        time: None,
        text: fact.text.clone(),
    });
    last.or(fact).into_iter().collect()
}
