use super::super::labels::labels;
use super::super::md::Page;
use super::super::model::Report;
use super::*;
use crate::case::Case;
use crate::model::Lang;
use crate::report::build::{Options, build};
use crate::rule::RuleSet;

fn migration(outcome: Outcome, vm: &str) -> MigrationInfo {
    MigrationInfo {
        vm: Some(vm.to_owned()),
        outcome,
        started: Some(Timestamp::from_seconds(1_700_000_000)),
        ended: Some(Timestamp::from_seconds(1_700_000_009)),
        ..MigrationInfo::default()
    }
}

fn report(migrations: Vec<MigrationInfo>, evacuations: Vec<EvacuationInfo>) -> Report {
    let rules = RuleSet::parse("none.toml", "").expect("no rules");
    let report = build(&Case::default(), &[], &rules, &[], &Options::default());
    Report { migrations, evacuations, ..report }
}

/// `line` with one blank where columns are padded.
fn one_blank(line: &str) -> String {
    line.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn page(report: &Report, lang: Lang) -> String {
    let mut out = Vec::new();
    write_markdown(report, labels(lang), &mut Page::new(&mut out)).expect("written");
    // Columns are padded.
    String::from_utf8(out).expect("text").lines().map(|line| one_blank(line) + "\n").collect()
}

#[test]
fn without_migrations_there_is_no_section() {
    assert_eq!(page(&report(vec![], vec![]), Lang::En), "");
}

#[test]
fn failed_ones_come_first_and_long_lists_are_cut_with_their_number() {
    let mut failed = migration(Outcome::Failed, "web|1");
    failed.reason = Some("Timeout".to_owned());
    failed.status = Some("0xbad0021".to_owned());
    failed.reason_by = Some("esx2".to_owned());
    failed.reason_side = Some(Side::Destination);
    let mut list: Vec<MigrationInfo> =
        (0..60).map(|at| migration(Outcome::Succeeded, &format!("vm{at}"))).collect();
    list.push(failed);
    let report = report(list, vec![]);
    let text = page(&report, Lang::En);
    assert!(text.contains("61 migrations: 60 succeeded, 1 failed"), "{text}");
    let first = text.lines().find(|line| line.starts_with("| 2023")).expect("a row");
    assert!(first.contains("web") && first.contains("**failed**") && first.contains("9.0 s"), "{first}");
    assert!(first.contains("Timeout 0xbad0021") && first.contains("esx2, destination"), "{first}");
    assert!(text.contains("11 more"), "{text}");
    assert!(page(&report, Lang::Ja).contains("移行 61 件：成功 60 件、失敗 1 件"));
}

#[test]
fn migrations_of_an_evacuation_stand_under_it_and_not_among_the_others() {
    let mut own = migration(Outcome::Succeeded, "web");
    own.evacuation = Some(0);
    let evacuation = EvacuationInfo {
        host: Some("esx1".to_owned()),
        outcome: Reached::Failed,
        migrations: vec![1],
        ..EvacuationInfo::default()
    };
    let report = report(vec![migration(Outcome::Unknown, "db"), own], vec![evacuation]);
    let text = page(&report, Lang::En);
    assert_eq!((text.matches(" web |").count(), text.matches(" db |").count()), (1, 1), "{text}");
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}"));
    assert!(at("esx1 did not enter maintenance mode") < at(" web |") && at(" web |") < at(" db |"), "{text}");
}

#[test]
fn rows_are_ordered_as_the_note_above_them_says() {
    let at = |outcome, vm: &str, second: i64| MigrationInfo {
        started: Some(Timestamp::from_seconds(1_700_000_000 + second)),
        ..migration(outcome, vm)
    };
    let list = vec![
        at(Outcome::Succeeded, "vm-e", 0),
        at(Outcome::Unknown, "vm-d", 1),
        at(Outcome::Cancelled, "vm-c", 2),
        at(Outcome::Failed, "vm-b", 5),
        at(Outcome::Refused, "vm-a", 4),
    ];
    let text = page(&report(list, vec![]), Lang::En);
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("| vm-")).collect();
    let order = ["vm-a", "vm-b", "vm-c", "vm-d", "vm-e"];
    assert!(rows.len() == 5 && rows.iter().zip(order).all(|(row, vm)| row.contains(vm)), "{text}");
    assert!(text.contains("1 succeeded, 1 failed, 1 refused, 1 cancelled, 1 of unknown outcome"), "{text}");
    assert!(text.contains("Order of the rows: failed and refused ones"), "{text}");
    let one = page(&report(vec![migration(Outcome::Failed, "web")], vec![]), Lang::Ja);
    assert!(!one.contains("並び順"), "{one}");
}

#[test]
fn an_outcome_has_the_name_of_the_schema() {
    let told = serde_json::to_value([Outcome::Refused, Outcome::Cancelled]).expect("a value");
    assert_eq!(told, serde_json::json!(["refused", "cancelled"]));
    let told = serde_json::to_value(Reached::Entered).expect("a value");
    assert_eq!(told, serde_json::json!("entered"));
}
