//! Whatever form the bundles come in, the same is found.

#[path = "common/forms.rs"]
mod forms;
#[path = "common/run.rs"]
mod run;

use esxray::demo::{Container, EvcOptions, Site, VsanOptions, evc_incident, vsan_incident};
use forms::{Bundle, FORMS};
use run::{analyze, written};
use serde_json::Value;
use tempfile::TempDir;

/// All that is found, without the paths of members, which differ by form.
fn told(report: &Value) -> (Value, Vec<Value>) {
    let mut findings = report["findings"].clone();
    for finding in findings.as_array_mut().expect("findings") {
        for line in run::lines_of(finding) {
            // A dump comes in fragments or put together: lines count within the member that holds them.
            if line["file"].as_str().is_some_and(|file| file.contains("vimdump")) {
                (line["line"], line["offset"]) = (Value::Null, Value::Null);
            }
            line["file"] = Value::Null;
        }
    }
    let event =
        |event: &Value| serde_json::json!([event["time"], event["host"], event["kind"], event["text"]]);
    let mut events: Vec<Value> = report["timeline"].as_array().expect("events").iter().map(event).collect();
    events.sort_by_key(Value::to_string);
    let mut parts = ["case", "features", "missing_hosts"].map(|part| report[part].clone());
    run::clear_feature_files(&mut parts[1]);
    (serde_json::json!([findings, parts]), events)
}

fn every_form_tells_the_same(site: Site) {
    let (folder, paths) = written(site, Container::Tgz);
    let expected = analyze(&paths, folder.path(), &[]).report;
    let bundles: Vec<Bundle> = paths.iter().map(|path| Bundle::read(path)).collect();
    let expected = told(&expected);
    let mut wrong = Vec::new();
    for (name, pack) in FORMS {
        let folder = TempDir::new().expect("a temporary folder");
        let paths = pack(&bundles, &folder.path().join("in"));
        let run = analyze(&paths, folder.path(), &[]);
        let serious = run.report["problems"].as_array().expect("problems");
        let serious: Vec<String> =
            serious.iter().filter(|problem| problem["kind"] != "duplicate").map(Value::to_string).collect();
        let own = told(&run.report);
        if own.0 != expected.0 || own.1 != expected.1 || !serious.is_empty() || run.code != 0 {
            let hosts = run.report["hosts"].as_array().map(Vec::len);
            let same = (own.0 == expected.0, own.1 == expected.1);
            wrong.push(format!(
                "{name}: code {}, {hosts:?} hosts, findings and timeline alike: {same:?}, {serious:#?}",
                run.code
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_form_tells_the_same_of_the_cpu_incident() {
    every_form_tells_the_same(evc_incident(&EvcOptions::default()).0);
}

#[test]
fn every_form_tells_the_same_of_the_vsan_incident() {
    every_form_tells_the_same(vsan_incident(&VsanOptions::default()).0);
}
