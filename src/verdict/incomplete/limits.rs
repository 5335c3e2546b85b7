//! Where a walk stopped because a limit said so: nothing is damaged, and another run can read on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Draft, finding, named_en, named_ja, place};
use crate::case::{Case, inside};
use crate::model::{ProblemKind, Severity, Text};
use crate::verdict::{Finding, Step, ids, list_en, list_ja};

/// Options that lift a limit. What tells that one was reached names its option.
const OPTIONS: &[&str] = &[
    "--max-kept",
    "--max-depth",
    "--max-bundles",
    "--max-members",
    "--max-ratio",
    "--memory",
    "--max-record-bytes",
    "--max-member-bytes",
];

/// Places that are shown as evidence; all are in the details.
const SHOWN: usize = 5;

/// The option that lifts the limit which `text` is about; `None` where it is a fixed one.
fn option(text: &str) -> Option<&'static str> {
    // The names of files stand before it.
    OPTIONS.iter().copied().filter(|option| text.contains(option)).max_by_key(|option| text.rfind(option))
}

pub(super) fn reached(case: &Case) -> Option<Finding> {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let (mut hosts, mut evidence) = (Vec::new(), Vec::new());
    for (index, host) in case.hosts.iter().enumerate() {
        for problem in host.problems.iter().filter(|problem| problem.kind == ProblemKind::Limit) {
            files.entry(&problem.path).or_default().insert(&problem.text);
            hosts.push(index);
            evidence.push(place(index, problem));
        }
    }
    hosts.dedup();
    if files.is_empty() {
        return None;
    }
    let texts: BTreeSet<&str> = files.values().flatten().copied().collect();
    let options: BTreeSet<&str> = texts.iter().filter_map(|text| option(text)).collect();
    let names: Vec<String> = files.keys().map(|path| inside(path)).collect();
    let details = |(path, texts): (&&str, &BTreeSet<&str>)| json!({ "member": path, "texts": texts });
    Some(finding(Draft {
        cause: "truncated",
        cause_text: Text::new(
            "Limits were reached that protect against bundles which unpack without end.",
            "際限なく展開されるバンドルから保護するための上限に達しました。",
        ),
        title: title(&ids(case, &hosts), names.len()),
        summary: Text::new(
            format!(
                "Nothing of these is damaged, but what lies beyond the limits was not read: {}. First of them: {}.",
                named_en(&names),
                texts.first().copied().unwrap_or("")
            ),
            format!(
                "次のファイルは破損していませんが、上限を超える部分は読み取っていません：{}。例：{}。",
                named_ja(&names),
                texts.first().copied().unwrap_or("")
            ),
        ),
        remedy: vec![remedy(&options.into_iter().collect::<Vec<_>>())],
        evidence: evidence.into_iter().take(SHOWN).collect(),
        details: json!({ "limits": files.iter().map(details).collect::<Vec<_>>() }),
        hosts,
        severity: Severity::Warning,
    }))
}

fn title(hosts: &[String], count: usize) -> Text {
    let (files, verb) = if count == 1 { ("file", "was") } else { ("files", "were") };
    Text::new(
        format!("Limits were reached: {count} {files} of {} {verb} not read to the end", list_en(hosts)),
        format!("上限に達したため、{} の {count} 個のファイルは最後まで読み取られていません", list_ja(hosts)),
    )
}

fn remedy(options: &[&str]) -> Step {
    let text = match options {
        [] => Text::new(
            "These limits are fixed; what lies beyond them is in the files named here.",
            "これらの上限は固定です。上限を超える内容は、ここに記載のファイルを直接確認してください。",
        ),
        options => Text::new(
            format!(
                "If the bundles come from a source that you trust, run the analysis again with a higher limit: {}. `esxray analyze --help` tells the present ones.",
                list_en(options)
            ),
            format!(
                "信頼できる入手元のバンドルであれば、上限を引き上げて再度解析してください：{}。現在の値は `esxray analyze --help` で確認できます。",
                list_ja(options)
            ),
        ),
    };
    Step::new(text, None, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_that_can_be_lifted_names_its_option() {
        for (text, expected) in [
            ("more than 30 members (--max-members); the rest was left out", Some("--max-members")),
            ("it needs 9 KiB, and the limit is 8; a larger --memory lets it be read", Some("--memory")),
            // A file may be called anything.
            (
                "--max-kept/memory claims to be 9 bytes long, and the limit is 8 (--max-member-bytes)",
                Some("--max-member-bytes"),
            ),
            ("more than 65536 VIBs; the rest was left out", None),
        ] {
            assert_eq!(option(text), expected, "{text}");
        }
        assert!(remedy(&["--memory"]).text.en.contains("--memory"));
    }
}
