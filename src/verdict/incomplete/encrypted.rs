//! What the bundles hold that only a key opens.

use serde_json::json;

use super::{Draft, finding, place};
use crate::case::{Case, inside};
use crate::format;
use crate::model::{Problem, ProblemKind, Severity, Text};
use crate::verdict::{Finding, Step, ids, list_en, list_ja};

/// Where the vendor tells what encrypted dumps are.
const REFERENCE: (&str, Option<&str>) = (
    "vSphere Virtual Machine Encryption and Core Dumps",
    Some(
        "https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-security/GUID-63728E8B-810D-418B-B1AA-6A0A2F92AABE.html",
    ),
);
/// Names in the summary; all are in the details.
const NAMED: usize = 5;

/// What sort of thing is encrypted: each is opened in another way.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Sort {
    Log,
    Dump,
    Other,
}

fn sort(tree: &str) -> Sort {
    let name = tree.rsplit('/').next().unwrap_or(tree).to_ascii_lowercase();
    if format::of_path(tree).is_some() {
        Sort::Log
    } else if tree.starts_with("var/core/") || name.contains("zdump") || name.ends_with(".ve") {
        Sort::Dump
    } else {
        Sort::Other
    }
}

struct Item<'a> {
    host: usize,
    problem: &'a Problem,
    tree: String,
    sort: Sort,
}

/// Encrypted items: worth knowing, and a warning where one is a log, which may tell the incident.
pub(super) fn encrypted(case: &Case) -> Option<Finding> {
    let items: Vec<Item<'_>> =
        case.hosts.iter().enumerate().flat_map(|(host, of)| items(host, &of.problems)).collect();
    let mut hosts: Vec<usize> = items.iter().map(|item| item.host).collect();
    hosts.dedup();
    if items.is_empty() {
        return None;
    }
    let severity = match items.iter().any(|item| item.sort == Sort::Log) {
        true => Severity::Warning,
        false => Severity::Info,
    };
    let details = |item: &Item<'_>| {
        let (host, text) = (&case.hosts[item.host].id, &item.problem.text);
        json!({ "host": host, "member": item.problem.path, "text": text })
    };
    let mut found = finding(Draft {
        cause: "encrypted",
        cause_text: Text::new(
            "The host encrypts its core dumps with a key of its own, or somebody gave the file a password.",
            "ホストが独自の鍵でコア ダンプを暗号化しているか、ファイルにパスワードが設定されています。",
        ),
        title: title(&ids(case, &hosts), items.len()),
        summary: summary(&items),
        remedy: remedy(&items),
        evidence: items.iter().take(NAMED).map(|item| place(item.host, item.problem)).collect(),
        details: json!({ "members": items.iter().map(details).collect::<Vec<_>>() }),
        hosts,
        severity,
    });
    if items.iter().any(|item| item.sort == Sort::Dump) {
        found.references.push(REFERENCE);
    }
    Some(found)
}

fn items(host: usize, problems: &[Problem]) -> impl Iterator<Item = Item<'_>> {
    let encrypted = problems.iter().filter(|problem| problem.kind == ProblemKind::Encrypted);
    encrypted.map(move |problem| {
        let tree = inside(&problem.path);
        Item { host, problem, sort: sort(&tree), tree }
    })
}

fn title(hosts: &[String], count: usize) -> Text {
    let (files, verb) = if count == 1 { ("file", "is") } else { ("files", "are") };
    Text::new(
        format!("{count} {files} of {} {verb} encrypted", list_en(hosts)),
        format!("{} の {count} 個のファイルが暗号化されています", list_ja(hosts)),
    )
}

fn summary(items: &[Item<'_>]) -> Text {
    let names: Vec<&str> = items.iter().take(NAMED).map(|item| item.tree.as_str()).collect();
    let rest = items.len() - names.len();
    let (more, more_ja) = match rest {
        0 => (String::new(), String::new()),
        rest => (format!(" and {rest} more"), format!("ほか {rest} 件")),
    };
    Text::new(
        format!(
            "What these files say is not known without the key: {}{more}. Everything else was read.",
            names.join(", ")
        ),
        format!(
            "次のファイルの内容は鍵がないと確認できません：{}{more_ja}。それ以外はすべて読み取りました。",
            names.join("、")
        ),
    )
}

/// What would open each sort that is there.
fn remedy(items: &[Item<'_>]) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(dump) = items.iter().find(|item| item.sort == Sort::Dump) {
        steps.push(open_dump(dump));
        steps.push(Step::new(
            Text::new(
                "Or export the logs anew in the vSphere Client with a password for encrypted core dumps, and pass the password on.",
                "または、vSphere Client で暗号化されたコア ダンプのパスワードを指定してログを再エクスポートし、パスワードを共有してください。",
            ),
            None,
            None,
        ));
    }
    if items.iter().any(|item| item.sort != Sort::Dump) {
        steps.push(Step::new(
            Text::new(
                "Decrypt the file with its password or key, or collect it without one, and run the analysis again.",
                "パスワードまたは鍵を使ってファイルを復号するか、暗号化せずに再取得してから、再度解析してください。",
            ),
            None,
            None,
        ));
    }
    steps
}

/// The host's own tool opens a dump where the key is. A kernel dump has a header of a page before the envelope.
fn open_dump(dump: &Item<'_>) -> Step {
    let name = dump.tree.rsplit('/').next().unwrap_or(&dump.tree);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // A command is typed into a shell: a name that is more than a name is not put there.
    let name = if name.chars().all(plain) && !name.starts_with('-') { name } else { "FILE" };
    let offset = if name.starts_with("vmkernel-zdump") { " --offset 4096" } else { "" };
    Step::new(
        Text::new(
            "Decrypt the dump on its host, in /var/core, while the host has its key: it is in encryption mode and its key provider answers.",
            "ホストが鍵を保持している間（暗号化モードが有効で、キー プロバイダに接続できる状態）に、そのホストの /var/core でダンプを復号してください。",
        ),
        format!("crypto-util envelope extract{offset} {name} {name}.decrypted"),
        dump.host,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::fact::{Fact, FactValue};
    use crate::model::{MemberPath, Source};

    fn case(paths: &[&str]) -> Case {
        let name = FactValue::HostName { name: "esx1.example.org".to_owned() };
        let source = Source { file: MemberPath::new("f"), line: 1, offset: 0 };
        let problem =
            |path: &&str| Problem::new(ProblemKind::Encrypted, *path, "it is in an encrypted envelope");
        Case::build(vec![Digest {
            facts: vec![Fact { value: name, source, text: String::new() }],
            problems: paths.iter().map(problem).collect(),
            ..Digest::default()
        }])
    }

    #[test]
    fn an_encrypted_kernel_dump_is_worth_a_note_and_opened_behind_its_header() {
        assert!(encrypted(&case(&[])).is_none());
        let case = case(&["a.tgz!esx-a/var/core/vmkernel-zdump.1", "a.tgz!esx-a/var/core/hostd-zdump.000"]);
        let found = encrypted(&case).expect("a finding");
        assert_eq!((found.severity, found.cause.0), (Severity::Info, "encrypted"));
        assert!(found.summary.en.contains("var/core/vmkernel-zdump.1, var/core/hostd-zdump.000"));
        let command =
            "crypto-util envelope extract --offset 4096 vmkernel-zdump.1 vmkernel-zdump.1.decrypted";
        assert_eq!(found.remedy[0].command.as_deref(), Some(command));
        assert_eq!((found.evidence.len(), found.details["members"].as_array().map(Vec::len)), (2, Some(2)));
    }

    #[test]
    fn an_encrypted_log_is_a_warning_and_no_hostile_name_gets_into_a_command() {
        let found = encrypted(&case(&["a.tgz!esx-a/var/run/log/vmkernel.0.gz"])).expect("a finding");
        assert_eq!(found.severity, Severity::Warning);
        assert!(found.remedy.iter().all(|step| step.command.is_none()));
        let found = encrypted(&case(&["a.tgz!esx-a/var/core/x;reboot;"])).expect("a finding");
        assert_eq!(
            found.remedy[0].command.as_deref(),
            Some("crypto-util envelope extract FILE FILE.decrypted")
        );
    }
}
