//! Every built-in rule says what to do, and which document tells of it.

use std::path::Path;

use esxray::model::Severity;
use esxray::rule::RuleSet;

/// Rule files of which this does not hold yet.
const UNDONE: &[&str] = &[
    "vmotion.toml",
    "cpu.toml",
    "evc.toml",
    "vm.toml",
    "vsan.toml",
    "host.toml",
    "ha.toml",
    "net.toml",
    "task.toml",
    "clock.toml",
];

#[test]
fn every_rule_has_a_document_or_says_why_not_and_a_warning_has_a_remedy() {
    let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules");
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for (rule, file) in rules.iter().filter(|(_, file)| !UNDONE.contains(file)) {
        checked += 1;
        let mut fail = |what: &str| wrong.push(format!("{file}: {}: {what}", rule.id));
        if rule.references.is_empty() == rule.no_reference.is_empty() {
            fail("it needs either a reference or a reason why there is none");
        }
        for reference in &rule.references {
            let url = reference.url.as_deref().unwrap_or_default();
            let number: String = url.chars().filter(char::is_ascii_digit).collect();
            if reference.title.is_empty() || !url.starts_with("https://") {
                fail("a reference needs a title and an address");
            } else if reference.title.starts_with("KB ") && !reference.title.contains(&number) {
                fail("a reference's title and address name different articles");
            }
        }
        let remedy = rule.remedy.as_ref();
        let is_told = remedy.is_some_and(|remedy| {
            remedy.en.ends_with('.') && remedy.ja.ends_with('。') && !remedy.ja.is_ascii()
        });
        if (rule.severity >= Severity::Warning || remedy.is_some()) && !is_told {
            fail("it needs a remedy in both languages, in whole sentences");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 50, "only {checked} rules were looked at");
}

#[test]
fn only_files_that_are_there_are_undone() {
    let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules");
    for name in UNDONE {
        assert!(rules.iter().any(|(_, file)| file == *name), "{name} is no rule file");
    }
}
