//! The commands beside `analyze`: what they print, and how they refuse.

#[path = "common/run.rs"]
mod run;

use std::fs;
use std::process::Command;

use esxray::model::{TIME_SIGN, Timestamp};
use run::{esxray, incident};
use serde_json::Value;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

#[track_caller]
fn printed(folder: &TempDir, args: &[&str]) -> String {
    let output = esxray(args, folder.path());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[track_caller]
fn refused(folder: &TempDir, args: &[&str], expected: &str) {
    let output = esxray(args, folder.path());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stderr.starts_with("error: ") && stderr.contains(expected), "{stderr}");
}

#[test]
fn the_timeline_is_printed_in_every_form_and_filtered() {
    let (folder, _) = incident();
    // Lines with # explain, and = marks what lasts: neither is an event.
    let is_event = |line: &&str| !line.starts_with('#') && line.get(25..26) != Some("=");
    let count = |args: &[&str]| printed(&folder, args).lines().filter(is_event).count();
    let all = count(&["timeline", "--all", "in"]);
    assert!(all > 10);
    assert_eq!(count(&["timeline", "--output", "jsonl", "in"]), all);
    let timesketch = printed(&folder, &["timeline", "--output", "timesketch", "in"]);
    assert_eq!(timesketch.matches("\"Event Logged\"").count(), all);
    assert_eq!(count(&["timeline", "--all", "--kind", "vmotion.fail.cpu", "in"]), 3);
    assert!(count(&["timeline", "--kind", "vmotion", "in"]) > 3);
    let nothing = printed(&folder, &["timeline", "--since", "2100-01-01", "--kind", "vmotion", "in"]);
    assert_eq!(nothing, "# no events that fit what was asked for\n");
    let refusals = printed(
        &folder,
        &["timeline", "--kind", "vmotion.fail.cpu", "--output", "jsonl", "--host", "vcsa", "in"],
    );
    for line in refusals.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&event["kind"], &event["host"]), (&"vmotion.fail.cpu".into(), &"vcsa".into()));
    }
    let csv = printed(&folder, &["timeline", "--output", "csv", "--kind", "vmotion.fail.cpu", "in"]);
    assert_eq!(csv.matches("vmotion.fail.cpu").count(), 3);
    refused(&folder, &["timeline", "--host", "nobody", "in"], "no host begins with 'nobody'");
    refused(
        &folder,
        &["timeline", "--since", "2021-01-02", "--until", "2021-01-01", "in"],
        "is before --since",
    );
}

#[test]
fn the_feature_matrix_shows_what_differs_or_everything() {
    let (folder, _) = incident();
    let differing = printed(&folder, &["features", "in"]);
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("cpuid.")).count();
    assert_eq!(rows(&differing), 1, "{differing}");
    assert!(differing.contains("cpuid.mdclear") && differing.contains("cannot move to esx02, esx03, esx04"));
    assert!(rows(&printed(&folder, &["features", "--all", "in"])) > 20);
}

#[test]
fn inspect_tells_what_was_read() {
    let (folder, _) = incident();
    let ledger = printed(&folder, &["inspect", "in"]);
    for part in ["esx01", "vcsa", "6.7 U3", "vmkernel", "hostd", "vpxd", "hold nothing that is known"] {
        assert!(ledger.contains(part), "{part} is missing:\n{ledger}");
    }
}

#[test]
fn rules_are_listed_shown_and_tested() {
    let folder = TempDir::new().expect("a temporary folder");
    let list = printed(&folder, &["rules", "list"]);
    assert!(list.lines().count() > 40);
    assert!(printed(&folder, &["rules", "show", "cmmds.node-left"]).contains("vsan.node-left"));
    assert!(printed(&folder, &["rules", "test"]).contains("all right"));
    refused(&folder, &["rules", "show", "no.such-rule"], "there is no rule");
    refused(&folder, &["rules", "test", "no-such-folder"], "no-such-folder");
    fs::write(folder.path().join("mine.toml"), "[[rule]]\nid = 3\n").expect("written");
    refused(&folder, &["rules", "test", "."], "mine.toml");
    let wrong = "[[rule]]\nid='a.b'\nkind='host.boot'\nseverity='info'\nabout='x'\nlogs=['vobd']\nany=['abc']\n\
                 [[rule.hit]]\nlog='2020-02-03T10:00:00.100Z: no such literal'\n[[rule.miss]]\nlog='x'\n";
    fs::write(folder.path().join("mine.toml"), wrong).expect("written");
    refused(&folder, &["rules", "test", "."], "does not see its own sample");
}

#[test]
fn own_rules_are_added_to_the_built_in_ones() {
    let (folder, bundles) = incident();
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).expect("made");
    let mine = "[[rule]]\nid='mine.login'\nkind='service.hang'\nseverity='warning'\nabout='x'\nlogs=['hostd']\nany=['logged in as']\n";
    fs::write(rules.join("mine.toml"), mine).expect("written");
    let before = printed(&folder, &["timeline", "--kind", "service.hang", "in"]).lines().count();
    let after = printed(
        &folder,
        &["timeline", "--rules", "rules", "--kind", "service.hang", bundles.to_str().expect("UTF-8")],
    );
    assert!(after.lines().count() > before);
}

/// The options that stand under `heading` in the help of a command.
fn options_under(help: &str, heading: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != format!("{heading}:")).skip(1);
    let own = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    let names = own.filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    names.map(str::to_owned).collect()
}

#[test]
fn the_help_puts_options_under_the_heading_that_they_are_of() {
    let folder = TempDir::new().expect("a temporary folder");
    for command in ["timeline", "analyze"] {
        let help = printed(&folder, &[command, "--help"]);
        let limits = options_under(&help, "Limits");
        assert!(limits.contains(&"--max-events".to_owned()), "{help}");
        assert!(limits.iter().all(|name| name.starts_with("--max-") || name == "--memory"), "{limits:?}");
        assert!(help.contains("never below 1,000"));
    }
    let help = printed(&folder, &["timeline", "-h"]);
    let filter = options_under(&help, "Which events");
    assert!(["--host", "--kind", "--op"].iter().all(|name| filter.iter().any(|own| own == name)), "{help}");
    assert!(options_under(&help, "Options").iter().any(|name| name == "--output"), "{help}");
}

#[test]
fn completions_and_the_man_page_come_from_the_definition() {
    let folder = TempDir::new().expect("a temporary folder");
    assert!(printed(&folder, &["completions", "bash"]).contains("esxray"));
    assert!(printed(&folder, &["man"]).contains(".TH esxray"));
}

#[test]
fn the_demo_makes_and_solves_every_incident() {
    let folder = TempDir::new().expect("a temporary folder");
    let said = printed(&folder, &["demo", "--out", "demo"]);
    assert!(said.contains("MDCLEAR") && said.contains("out of the vSAN cluster"), "{said}");
    for incident in ["incident-1-cpu-feature", "incident-2-vsan-host-lost", "incident-3-damaged-evidence"] {
        for file in ["report.html", "report.md", "report.json"] {
            assert!(folder.path().join("demo").join(incident).join("report").join(file).is_file());
        }
        let report = fs::read_to_string(folder.path().join("demo").join(incident).join("report/report.json"));
        run::schema::check(&report.expect("read"));
    }
    assert!(said.contains("No bundle of node05") && said.contains("esxray inspect demo"), "{said}");
    let big = printed(&folder, &["demo", "--size", "3M", "--out", "big"]);
    assert!(big.contains(".tgz"));
}

#[test]
fn a_path_that_cannot_be_opened_is_warned_of_and_the_others_are_read() {
    let (folder, _) = incident();
    for command in ["inspect", "analyze", "timeline"] {
        let output = esxray([command, "in", "nosuch.tgz"], folder.path());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(stderr.starts_with("warning: nosuch.tgz: ") && stderr.lines().count() == 1, "{stderr}");
    }
}

#[test]
fn an_unknown_kind_is_answered_with_those_there_are() {
    let (folder, _) = incident();
    refused(
        &folder,
        &["timeline", "--kind", "nosuch", "in"],
        "vmotion.fail.cpu, vmotion.progress, vmotion.start",
    );
}

#[test]
fn the_summary_obeys_the_columns_it_is_given() {
    let (folder, _) = incident();
    for (lang, columns) in [("en", 60), ("en", 80), ("ja", 60), ("ja", 80)] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_esxray"))
            .args(["analyze", "--lang", lang, "in"])
            .env("COLUMNS", columns.to_string())
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        // Commands are not wrapped, so that they can be copied.
        let long = said.lines().find(|line| line.width() > columns && !line.contains("# "));
        assert_eq!(long, None, "{said}");
        let host =
            if lang == "ja" { "esx01  ESXi 6.7 U3（14320388）" } else { "esx01  ESXi 6.7 U3 (14320388)" };
        assert!(said.lines().any(|line| line.starts_with(host)), "{said}");
        assert!(!said.contains("確認：確認") && !said.contains("Check: Check"), "{said}");
    }
}

/// What people read is in their zone with UTC beside it; what machines read is in UTC whatever is asked for.
#[test]
fn times_are_told_in_the_zone_that_is_asked_for() {
    let (folder, _) = incident();
    let analyze = |zone: &str, out: &str| {
        printed(&folder, &["analyze", "in", "--tz", zone, "--out", out, "--format", "html,md,json,csv"]);
        let read = |name: &str| fs::read_to_string(folder.path().join(out).join(name)).expect(name);
        [read("report.html"), read("report.md"), read("report.json"), read("timeline.csv")]
    };
    let (utc, tokyo) = (analyze("utc", "utc"), analyze("JST", "tokyo"));
    assert!(utc.iter().chain(&tokyo).all(|text| !text.contains(TIME_SIGN)), "no sign of a time is left");
    for (at, text) in tokyo.iter().take(2).enumerate() {
        assert!(text.contains(" +09:00 (") && text.contains(" UTC)"), "output {at}");
        assert!(text.contains("Asia/Tokyo"), "output {at}");
        assert!(!utc[at].contains("+09:00"), "output {at}");
        assert!(!text.contains("Times are UTC"), "output {at}");
        // No time stands there in UTC alone: each is followed by a bracket.
        let alone = text.match_indices(" UTC").find(|(at, _)| {
            let before = text[..*at].chars().next_back().is_some_and(|c| c.is_ascii_digit());
            before && !text[at + 4..].starts_with(')')
        });
        assert!(alone.is_none(), "{}", &text[alone.map_or(0, |(at, _)| at - 60)..][..80]);
    }
    let stamps =
        |csv: &str| csv.lines().filter_map(|line| line.get(..24)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(stamps(&utc[3]), stamps(&tokyo[3]), "CSV is in UTC");
    let reports = [&utc[2], &tokyo[2]].map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    let [utc, tokyo] = &reports;
    assert_eq!(tokyo["case"]["time_zone"], "Asia/Tokyo");
    let times = |report: &Value| {
        report["timeline"].as_array().expect("events").iter().map(|e| e["time"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(times(utc), times(tokyo));
    assert_ne!(utc["findings"][0]["chain"], tokyo["findings"][0]["chain"], "texts tell times in the zone");

    let lines = printed(&folder, &["timeline", "in", "--tz", "+09:00"]);
    let line = lines.lines().find(|line| !line.starts_with('#')).expect("an event");
    assert!(line.get(23..30) == Some(" +09:00") && line.get(45..46) == Some("Z"), "{line}");
    // UTC stands beside it with its day: nine hours before the evening of the day before.
    let time = |text: &str| format!("{}Z", text.replace(' ', "T")).parse::<Timestamp>().expect("a time");
    let (tokyo, utc) = (&line[..19], format!("{}-{}", &line[..4], &line[31..45]));
    assert_eq!(time(tokyo).since(time(&utc)), 9 * 3_600 * 1_000_000, "{line}");
    refused(&folder, &["timeline", "in", "--tz", "Asia/Nowhere"], "Asia/Tokyo");

    let ledger = printed(&folder, &["inspect", "in", "--tz", "JST"]);
    let spans = ledger.lines().filter(|line| line.contains(" – ") && line.contains(" UTC)")).count();
    let logs =
        reports[0]["coverage"].as_array().expect("logs").iter().filter(|log| !log["from"].is_null()).count();
    assert!(spans >= logs && logs > 0, "{spans} of {logs}:\n{ledger}");
}

/// A zone of the machine that has no name is told by its offset, or refused where it has more than one.
#[test]
fn the_zone_of_the_machine_is_never_taken_for_another() {
    let (folder, _) = incident();
    let run = |zone: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_esxray"));
        let args = ["analyze", "in", "--tz", "local", "--out", "local", "--format", "md,json"];
        command.args(args).env("TZ", zone).current_dir(folder.path()).output().expect("it runs")
    };
    assert!(run("JST-9").status.success());
    let read = |name: &str| fs::read_to_string(folder.path().join("local").join(name)).expect(name);
    assert!(read("report.json").contains("\"time_zone\": \"+09:00\""));
    let heads =
        read("report.md").lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect::<String>();
    assert!(heads.contains("(+09:00)"), "{heads}");
    let refused = run("CET-1CEST,M3.5.0,M10.5.0/3");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("Asia/Tokyo"), "{said}");
}
