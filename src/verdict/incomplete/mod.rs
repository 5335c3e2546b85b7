//! Do the bundles cover what happened: is a member's bundle missing, cut short, or too young?

mod cut;
mod encrypted;
mod rotated;

use serde_json::json;

use super::{Evidence, Finding, Step, Verdict, ids, list_en, list_ja};
use crate::case::Case;
use crate::model::{Confidence, Severity, Text};

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
    [
        missing_bundles(case, severity),
        cut::cut_short(case, Severity::Warning),
        rotated::begins_later(case, found),
        rotated::hole(case, found),
        encrypted::encrypted(case),
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Draft {
    cause: &'static str,
    cause_text: Text,
    title: Text,
    summary: Text,
    remedy: Vec<Step>,
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
        remedy: draft.remedy,
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
        remedy: vec![Step::new(
            Text::new(
                "Collect a support bundle on each of them and run the analysis again with all bundles together.",
                "該当する各ホストでサポート バンドルを取得し、すべてのバンドルをまとめて再度解析してください。",
            ),
            "vm-support".to_owned(),
            None,
        )],
        evidence: case.missing.iter().flat_map(|missing| missing.evidence.iter().take(2).map(line)).collect(),
        hosts,
        severity,
        details: json!({ "missing": names }),
    }))
}
