//! Do the bundles cover what happened: is a member's bundle missing, cut short, or too young?

mod cut;
mod encrypted;
mod limits;
mod missing;
mod rotated;
mod silent;

use super::{Evidence, Finding, Step, Verdict, list_en, list_ja};
use crate::case::{Case, Host};
use crate::model::{Confidence, MemberPath, Problem, Severity, Source, Text};

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
        missing::bundles(case, severity),
        silent::without_logs(case),
        cut::cut_short(case, Severity::Warning),
        limits::reached(case),
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
        brief: crate::verdict::Brief::default(),
        references: Vec::new(),
        evidence: draft.evidence,
        details: draft.details,
    }
}

/// Files that a text names; all are in the details.
const NAMED: usize = 3;

/// The first of `names`, and how many more there are.
fn named_en(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len() - shown.len() {
        0 => list_en(&shown),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

/// The same in Japanese.
fn named_ja(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len() - shown.len() {
        0 => list_ja(&shown),
        rest => format!("{} ほか {rest} 件", shown.join("、")),
    }
}

/// What brings the damaged bundle `file` of these hosts whole.
fn again(file: &str, hosts: &[String]) -> Step {
    Step::new(
        Text::new(
            format!(
                "Transfer {file} again and compare its size and checksum with the original, or collect the bundle of {} anew.",
                list_en(hosts)
            ),
            format!(
                "{file} を再転送して元ファイルとサイズ・チェックサムを比較するか、{} のバンドルを再取得してください。",
                list_ja(hosts)
            ),
        ),
        None,
        None,
    )
}

/// The name of the file that is transferred where something at `path` in the bundle of `host` is wrong.
fn transferred(host: &Host, path: &str) -> String {
    let file = match path.split_once('!') {
        Some((outermost, _)) => outermost,
        None if host.containers().contains(path) => path,
        None => &host.bundle,
    };
    file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned()
}

/// The member that something is said of, where there is no line to show.
fn place(host: usize, problem: &Problem) -> Evidence {
    let file = MemberPath::new(problem.path.as_str());
    Evidence {
        host,
        source: Source { file, line: 1, offset: 0 },
        time: None,
        text: format!("({})", problem.text),
    }
}
