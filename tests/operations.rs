//! `esxray timeline --op`: one operation over vCenter, source and destination, complete, and with nothing foreign in it.

#[path = "common/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use esxray::case::inside;
use esxray::demo::{
    Container, OperationEra, OperationOptions, OperationRecord, OperationTruth, operation_story,
};
use esxray::format::of_path;
use esxray::model::Timestamp;
use run::{esxray, written};
use serde_json::Value;

/// An id of the vSphere Client.
const CLIENT: &str = "kx9w2b1c-88412-auto-1w2x-h5:70012345";

/// What `timeline --op ID` gives as JSON Lines, and what it says on stderr.
fn follow(folder: &Path, paths: &[PathBuf], id: &str, more: &[&str]) -> (Vec<Value>, String) {
    let mut args: Vec<std::ffi::OsString> = vec!["timeline".into(), "--op".into(), id.into()];
    args.extend(["--output", "jsonl"].iter().chain(more).map(Into::into));
    args.extend(paths.iter().map(|path| path.clone().into_os_string()));
    let output = esxray(args, folder);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), stderr)
}

fn text<'a>(row: &'a Value, pointer: &str) -> &'a str {
    row.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Host, log and first line of each row.
fn records(rows: &[Value]) -> Vec<OperationRecord> {
    let record = |row: &Value| {
        let log = of_path(&inside(text(row, "/source/file"))).expect("a log").name.to_owned();
        // The kernel's warnings stand in two logs alike.
        let log = if log == "vmkwarning" { "vmkernel".to_owned() } else { log };
        let first = text(row, "/message").lines().next().unwrap_or_default().to_owned();
        (text(row, "/host").to_owned(), log, first)
    };
    let found: BTreeSet<OperationRecord> = rows.iter().map(record).collect();
    found.into_iter().collect()
}

#[track_caller]
fn check(folder: &Path, paths: &[PathBuf], id: &str, expected: &[OperationRecord]) -> Vec<Value> {
    let (rows, stderr) = follow(folder, paths, id, &[]);
    let found = records(&rows);
    let missing: Vec<_> = expected.iter().filter(|record| !found.contains(record)).collect();
    let foreign: Vec<_> = found.iter().filter(|record| !expected.contains(record)).collect();
    assert!(
        missing.is_empty() && foreign.is_empty(),
        "--op {id}\nmissing {missing:#?}\nforeign {foreign:#?}\n{stderr}"
    );
    rows
}

fn story(era: OperationEra, root: &str) -> (tempfile::TempDir, Vec<PathBuf>, OperationTruth) {
    let (site, truth) = operation_story(&OperationOptions::of(era, root));
    let (folder, paths) = written(site, Container::Tgz);
    (folder, paths, truth)
}

#[test]
fn a_thread_is_complete_and_holds_nothing_foreign_whichever_of_its_ids_is_given() {
    for era in [OperationEra::V67, OperationEra::V80] {
        let (folder, paths, truth) = story(era, CLIENT);
        let migration = truth.migration.to_string();
        let hexadecimal = format!("{:x}", truth.migration);
        let ids = [&truth.root, &truth.hop, &truth.task, &truth.host_task, &migration, &hexadecimal];
        for id in ids {
            let rows = check(folder.path(), &paths, id, &truth.own);
            let mut places = BTreeSet::new();
            for row in rows.iter().filter(|row| text(row, "/kind") == "op.record") {
                assert!(places.insert((text(row, "/source/file"), row["source"]["line"].as_u64())));
            }
            for row in &rows {
                assert!(text(row, "/kind") != "op.record" || !row["fields"]["log"].is_null());
            }
            let times: Vec<Timestamp> =
                rows.iter().map(|row| text(row, "/time").parse().expect("a time")).collect();
            assert!(times.is_sorted(), "in the order of time");
            assert!(rows.iter().any(|row| text(row, "/source/file").ends_with(".gz")), "also rotated logs");
        }
    }
}

#[test]
fn ids_of_every_form_and_era_are_followed() {
    for (era, root) in [
        (OperationEra::V4, "F6FC49D5-000007E6"),
        (OperationEra::V5, "7A01BC9E-0000013F"),
        (OperationEra::V67, "539bc6dd"),
        (OperationEra::V80, "task-internal-12-ab34cd56"),
        (OperationEra::V80, "lq3wrhr4-cbf-h5:70001034"),
        (OperationEra::V67, "sps-Main-135968-4068"),
    ] {
        let (folder, paths, truth) = story(era, root);
        check(folder.path(), &paths, root, &truth.own);
        check(folder.path(), &paths, &truth.hop, &truth.own);
    }
}

#[test]
fn without_one_hosts_bundle_the_rest_is_still_whole() {
    let (mut site, truth) = operation_story(&OperationOptions::of(OperationEra::V80, CLIENT));
    site.hosts.retain(|host| host.short() != truth.hosts.0);
    let own: Vec<OperationRecord> =
        truth.own.iter().filter(|(host, _, _)| *host != truth.hosts.0).cloned().collect();
    assert!(own.len() + 5 < truth.own.len() && own.len() > 5);
    let (folder, paths) = written(site, Container::Zip);
    check(folder.path(), &paths, &truth.task, &own);
    check(folder.path(), &paths, &truth.migration.to_string(), &own);
}

#[test]
fn a_kernel_id_leads_to_the_operations_that_it_stands_for() {
    let (mut site, truth) = operation_story(&OperationOptions::of(OperationEra::V80, CLIENT));
    // With one host left the id stands for one operation, until it is used again.
    site.hosts.retain(|host| host.short() == truth.hosts.1);
    site.vcenter = None;
    let own: Vec<OperationRecord> =
        truth.own.iter().filter(|(host, _, _)| *host == truth.hosts.1).cloned().collect();
    let (folder, paths) = written(site, Container::Tgz);
    check(folder.path(), &paths, "b04e6d1", &own);
    check(folder.path(), &paths, "0b04e6d1", &own);
}

#[test]
fn filters_and_forms_work_on_the_thread() {
    let (folder, paths, truth) = story(OperationEra::V67, CLIENT);
    let (rows, _) = follow(folder.path(), &paths, &truth.task, &["--host", &truth.hosts.1]);
    // What it says, and what others say about it.
    let names_it = |row: &Value| {
        let fields = row["fields"].as_object().expect("fields");
        fields.values().filter_map(Value::as_str).any(|value| value.split('.').next() == Some(&truth.hosts.1))
    };
    let is_own = |row: &Value| text(row, "/host") == truth.hosts.1;
    assert!(rows.iter().any(is_own) && rows.iter().all(|row| is_own(row) || names_it(row)), "{rows:?}");
    let mut args: Vec<std::ffi::OsString> = vec!["timeline".into(), "--op".into(), CLIENT.into()];
    args.extend(paths.iter().map(|path| path.clone().into_os_string()));
    let output = esxray(&args, folder.path());
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(shown.lines().count() >= truth.own.len(), "{shown}");
    let hostd =
        shown.lines().find(|line| line.contains("hostd") && line.contains("-01-39-6b81")).expect("a task");
    let columns: Vec<&str> = hostd.split_whitespace().collect();
    assert_eq!((columns[2], columns[3]), ("I", truth.hosts.0.as_str()));
    assert_eq!((columns[4], columns[5]), ("hostd", "-01-39-6b81"));
    assert!(shown.starts_with("# time (UTC") && shown.contains("\n# hop: "), "{shown}");
    for form in ["csv", "timesketch"] {
        let mut args = args.clone();
        args.extend(["--output".into(), form.into()]);
        let lines = String::from_utf8(esxray(&args, folder.path()).stdout).expect("UTF-8").lines().count();
        assert!(lines >= truth.own.len(), "{form}");
    }
}

/// What `--op ID` says where it fails, which leaves stdout empty.
#[track_caller]
fn refused(folder: &Path, paths: &[PathBuf], id: &str) -> String {
    let mut args: Vec<std::ffi::OsString> = vec!["timeline".into(), "--op".into(), id.into()];
    args.extend(paths.iter().map(|path| path.clone().into_os_string()));
    let output = esxray(args, folder);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{id}: {stderr}");
    assert!(stderr.contains("error: ") && stderr.contains("hint: "), "{id}: {stderr}");
    stderr
}

#[test]
fn an_id_that_nobody_names_is_said_to_be_unknown_with_those_that_begin_alike() {
    let (folder, paths, _) = story(OperationEra::V67, CLIENT);
    let stderr = refused(folder.path(), &paths, "kx9w2b1c-88412-auto-1w2x-h5:7001239");
    assert!(stderr.contains("no record names") && stderr.contains(CLIENT), "{stderr}");
    assert!(stderr.contains("the logs cover"), "{stderr}");
    assert!(refused(folder.path(), &paths, "a b").contains("is no id of an operation"));
}

#[test]
fn a_word_that_records_only_name_is_no_operation() {
    let (folder, paths, _) = story(OperationEra::V67, CLIENT);
    let stderr = refused(folder.path(), &paths, "Created");
    assert!(stderr.contains("no operation is called") && stderr.contains("only name it"), "{stderr}");
    assert!(stderr.contains("--host"), "{stderr}");
}

#[test]
fn rows_of_the_timeline_name_the_operation_that_can_be_followed() {
    let (folder, paths, truth) = story(OperationEra::V67, CLIENT);
    let mut args: Vec<std::ffi::OsString> = vec!["timeline".into(), "--output".into(), "jsonl".into()];
    args.extend(paths.iter().map(|path| path.clone().into_os_string()));
    let output = String::from_utf8(esxray(&args, folder.path()).stdout).expect("UTF-8");
    let rows: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(rows.iter().all(|row| text(row, "/kind") != "op.record"));
    let own = rows.iter().filter(|row| text(row, "/fields/op") == truth.root);
    let hosts: BTreeSet<&str> = own.map(|row| text(row, "/host")).collect();
    assert!(hosts.contains("vcsa"), "vCenter's task: {hosts:?}");
    assert!(hosts.contains(truth.hosts.0.as_str()), "the migration on its host: {hosts:?}");
    // The text for people names it too.
    let mut args: Vec<std::ffi::OsString> = vec!["timeline".into(), "-v".into()];
    args.extend(paths.iter().map(|path| path.clone().into_os_string()));
    let shown = String::from_utf8(esxray(&args, folder.path()).stdout).expect("UTF-8");
    let ids = format!("  op {}  mid {}  ", truth.root, truth.migration);
    assert!(shown.lines().any(|line| line.starts_with("    ") && line.contains(&ids)), "{ids}");
}

/// The column of hops in the text form, in no order: aliases order records of one time anew.
fn hops(folder: &Path, paths: &[PathBuf], id: &str, more: &[&str]) -> Vec<String> {
    let mut args: Vec<std::ffi::OsString> = vec!["timeline".into(), "--op".into(), id.into()];
    args.extend(more.iter().map(Into::into));
    args.extend(paths.iter().map(|path| path.clone().into_os_string()));
    let shown = String::from_utf8(esxray(args, folder).stdout).expect("UTF-8");
    let lines = shown.lines().filter(|line| !line.starts_with('#'));
    let mut hops: Vec<String> =
        lines.map(|line| line.split_whitespace().nth(5).unwrap_or("").to_owned()).collect();
    hops.sort();
    hops
}

#[test]
fn hops_are_told_where_names_are_not() {
    for root in ["539bc6dd", "F6FC49D5-000007E6", "lq3wrhr4-cbf-h5:70001034"] {
        let (folder, paths, _) = story(OperationEra::V67, root);
        let raw = hops(folder.path(), &paths, root, &[]);
        assert!(raw.iter().filter(|hop| hop.starts_with('-') && hop.len() > 1).count() > 3, "{raw:?}");
        assert_eq!(hops(folder.path(), &paths, root, &["--redact"]), raw, "{root}");
    }
}
