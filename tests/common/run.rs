//! Runs the built program on bundles in a temporary folder.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use esxray::demo::{Container, EvcOptions, Site, Volume, evc_incident, write_site};
use serde_json::Value;
use tempfile::TempDir;

#[path = "schema.rs"]
pub mod schema;

/// What a run of `esxray analyze` gave.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub report: Value,
}

/// The bundles of the first incident, with few records, in the folder `in` of a temporary one.
pub fn incident() -> (TempDir, PathBuf) {
    let (mut site, _) = evc_incident(&EvcOptions::default());
    site.set_volume(Volume::SMALL);
    let folder = TempDir::new().expect("a temporary folder");
    let bundles = folder.path().join("in");
    write_site(&site, &bundles, Container::Tgz).expect("written");
    (folder, bundles)
}

/// Runs the program.
pub fn esxray<I: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = I>, folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_esxray"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the program runs")
}

/// Analyses `paths` into `folder/out` and holds the report against the schema.
pub fn analyze(paths: &[PathBuf], folder: &Path, more: &[&str]) -> Run {
    let out = folder.join("out");
    let mut args: Vec<std::ffi::OsString> = vec!["analyze".into(), "--out".into(), out.clone().into()];
    args.extend(more.iter().map(Into::into));
    args.extend(paths.iter().map(|path| path.clone().into_os_string()));
    // What an earlier run left must not pass for the result of this one.
    let _ = fs::remove_file(out.join("report.json"));
    run_of(&esxray(args, folder), &out)
}

/// What a run that wrote to `out` gave; its report is held against the schema, and is `Null` where there is none.
pub fn run_of(output: &Output, out: &Path) -> Run {
    let text = fs::read_to_string(out.join("report.json")).unwrap_or_default();
    let report = if text.is_empty() {
        Value::Null
    } else {
        schema::check(&text);
        serde_json::from_str(&text).expect("valid JSON")
    };
    Run {
        code: output.status.code().expect("ended by itself"),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        report,
    }
}

/// Writes the bundles of `site`, with few records, and gives their paths.
pub fn written(mut site: Site, container: Container) -> (TempDir, Vec<PathBuf>) {
    site.set_volume(Volume::SMALL);
    let folder = TempDir::new().expect("a temporary folder");
    let paths = write_site(&site, &folder.path().join("in"), container).expect("written");
    (folder, paths)
}

/// Writes the bundles of `site` and analyses them.
pub fn analyze_site(site: &Site, container: Container, more: &[&str]) -> (TempDir, Run) {
    let (folder, paths) = written(site.clone(), container);
    let run = analyze(&paths, folder.path(), more);
    assert_eq!(run.code, 0, "{}", run.stderr);
    (folder, run)
}

/// The lines that a finding rests on, those of its chain too.
pub fn lines_of(finding: &mut Value) -> Vec<&mut Value> {
    let Value::Object(parts) = finding else { panic!("a finding is an object") };
    let mut lines = Vec::new();
    for (name, part) in parts.iter_mut() {
        let holders: Vec<&mut Value> = match name.as_str() {
            "evidence" => vec![part],
            "chain" => {
                part.as_array_mut().expect("a chain").iter_mut().map(|link| &mut link["evidence"]).collect()
            }
            _ => Vec::new(),
        };
        lines.extend(holders.into_iter().flat_map(|lines| lines.as_array_mut().expect("evidence")));
    }
    lines
}

/// Takes the files out of a report's `features`, as paths of members differ by the container.
pub fn clear_feature_files(features: &mut Value) {
    for source in features["sources"].as_array_mut().expect("sources") {
        for file in ["capability", "masked", "masks", "vm_log"] {
            source[file] = Value::Null;
        }
    }
    for vm in features["vms"].as_array_mut().expect("VMs") {
        vm["requires_from"] = Value::Null;
    }
}

/// Takes the files out of a report's `membership`.
pub fn clear_membership_files(membership: &mut Value) {
    let all = membership.as_array_mut().into_iter().flatten();
    for said in all.flat_map(|one| one["says"].as_array_mut().into_iter().flatten()) {
        for line in said["told"].as_array_mut().into_iter().flatten() {
            (line["first_source"]["file"], line["last_source"]["file"]) = (Value::Null, Value::Null);
        }
    }
}

/// The findings with this id.
pub fn findings<'a>(report: &'a Value, id: &str) -> Vec<&'a Value> {
    report["findings"].as_array().expect("a list").iter().filter(|finding| finding["id"] == id).collect()
}

/// The one finding with this id.
#[track_caller]
pub fn finding<'a>(report: &'a Value, id: &str) -> &'a Value {
    let found = findings(report, id);
    assert_eq!(found.len(), 1, "{id}: {:#?}", all_ids(report));
    found[0]
}

/// Id, severity and cause of every finding.
pub fn all_ids(report: &Value) -> Vec<String> {
    let told =
        |finding: &Value| format!("{} {} {}", finding["id"], finding["severity"], finding["cause"]["id"]);
    report["findings"].as_array().expect("a list").iter().map(told).collect()
}

/// The full names that host ids stand for.
pub fn names(report: &Value, ids: &Value) -> Vec<String> {
    let hosts = report["hosts"].as_array().expect("a list");
    let name = |id: &Value| {
        let host = hosts.iter().find(|host| host["id"] == *id).unwrap_or_else(|| panic!("no host {id}"));
        host["name"].as_str().expect("a name").to_owned()
    };
    ids.as_array().expect("a list").iter().map(name).collect()
}

/// Events of a kind.
pub fn events<'a>(report: &'a Value, kind: &str) -> Vec<&'a Value> {
    report["timeline"].as_array().expect("a list").iter().filter(|event| event["kind"] == kind).collect()
}

/// Severities above `info` that were found.
pub fn above_info(report: &Value) -> Vec<String> {
    all_ids(report).into_iter().filter(|finding| !finding.contains("\"info\"")).collect()
}
