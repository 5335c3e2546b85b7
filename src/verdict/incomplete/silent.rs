//! Bundles that hold no log of the host's own: nothing that happened there can be judged.

use serde_json::json;

use super::{Draft, finding};
use crate::case::{Case, Host};
use crate::model::{HostKind, Severity, Text};
use crate::verdict::{Evidence, Finding, Step, ids, list_en, list_ja};

/// The log of a VM: it lies in the VM's folder, and tells of the VM.
const OF_VMS: &str = "vmware";

/// Hosts of whose own logs not one record was read, for no fault that is told elsewhere.
pub(super) fn without_logs(case: &Case) -> Option<Finding> {
    let hosts: Vec<usize> = (0..case.hosts.len()).filter(|&host| is_silent(&case.hosts[host])).collect();
    let evidence: Vec<Evidence> = hosts.iter().filter_map(|&host| shown(case, host)).collect();
    if evidence.is_empty() {
        return None;
    }
    let names = ids(case, &hosts);
    let (en, ja) = (list_en(&names), list_ja(&names));
    Some(finding(Draft {
        cause: "no-logs",
        cause_text: Text::new(
            "The bundle holds no log of the host's own: it was taken without logs, or packed again without them.",
            "バンドルにホスト自身のログが含まれていません（ログなしで取得されたか、ログを除いて再圧縮された可能性があります）。",
        ),
        title: Text::new(
            format!("Nothing can be judged of {en}: no log was read"),
            format!("{ja} のログがないため、何も判断できません"),
        ),
        summary: Text::new(
            format!(
                "No record of the logs of {en} was read, only settings and state. That no problem is told does not mean that there was none."
            ),
            format!(
                "{ja} のログは 1 件も読み取れず、設定と状態のみを確認しました。問題が検出されていないことは、問題がなかったことを意味しません。"
            ),
        ),
        remedy: again_with_logs(case, &hosts, (&en, &ja)),
        hosts,
        evidence,
        severity: Severity::Warning,
        details: json!({ "without_logs": names }),
    }))
}

fn is_silent(host: &Host) -> bool {
    // What is cut off, encrypted or beyond a limit has its own finding. A file that is there twice hides no log.
    !host.problems.iter().any(|problem| problem.kind.is_incomplete())
        && host.logs.iter().filter(|log| log.log != OF_VMS).all(|log| log.total().records == 0)
}

/// A line of what was read instead.
fn shown(case: &Case, host: usize) -> Option<Evidence> {
    let known = &case.hosts[host];
    known.product.as_ref().or(known.first_fact.as_ref()).map(|line| Evidence::of(host, line))
}

fn again_with_logs(case: &Case, hosts: &[usize], (en, ja): (&str, &str)) -> Vec<Step> {
    let is_esxi = hosts.iter().any(|&host| case.hosts[host].kind == HostKind::Esxi);
    vec![Step::new(
        Text::new(
            format!("Collect a support bundle of {en} anew, with logs, and run the analysis again."),
            format!("{ja} のサポート バンドルをログを含めて再取得し、再度解析してください。"),
        ),
        if is_esxi { "vm-support".to_owned() } else { "vc-support -l".to_owned() },
        None,
    )]
}
