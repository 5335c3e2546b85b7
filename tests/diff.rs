//! `esxray diff` through the program, and what a report says is different about its hosts.

#[path = "common/run.rs"]
mod run;

use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use esxray::demo::{ClusterOptions, Container, EvcOptions, Generation, Site, evc_incident, healthy};
use esxray::report::diff::SCHEMA_JSON;
use run::{analyze, esxray, written};
use serde_json::{Value, json};
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

fn cluster(hosts: usize) -> Site {
    healthy(&ClusterOptions { generation: Generation::V70, hosts, hours: 2, ..ClusterOptions::default() })
}

#[track_caller]
fn printed(folder: &Path, args: &[&str]) -> String {
    let output = esxray(args, folder);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[track_caller]
fn refused(folder: &Path, args: &[&str], expected: &[&str]) {
    let output = esxray(args, folder);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(expected.iter().all(|part| stderr.contains(part)), "{stderr}");
}

/// The differences as JSON, held against their schema.
#[track_caller]
fn diff(folder: &Path, args: &[&str]) -> Value {
    let text = printed(folder, &[&["diff", "--output", "json"], args].concat());
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    let schema = serde_json::from_str(SCHEMA_JSON).expect("the schema is JSON");
    compiler.add_resource("urn:esxray:diff:1", schema).expect("a resource");
    let index = compiler.compile("urn:esxray:diff:1", &mut schemas).expect("it compiles");
    schemas.validate(&value, index).unwrap_or_else(|error| panic!("{error:#}"));
    value
}

fn areas(value: &Value) -> Vec<&str> {
    value["rows"].as_array().expect("rows").iter().filter_map(|row| row["area"].as_str()).collect()
}

fn name(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn incident() -> (TempDir, Vec<PathBuf>) {
    written(evc_incident(&EvcOptions::default()).0, Container::Tgz)
}

#[test]
fn microcode_and_mask_come_first_in_both_orders_and_languages() {
    let (folder, paths) = incident();
    for (a, b, values) in
        [("esx01", "ESX02.lab.example.com", ["0x43", "0x3d"]), ("esx02", "esx01", ["0x3d", "0x43"])]
    {
        let found = diff(folder.path(), &[a, b, "in"]);
        assert_eq!(areas(&found)[..3], ["microcode", "evc-mask", "capability"]);
        assert_eq!(json!([found["rows"][0]["a"], found["rows"][0]["b"]]), json!(values));
        assert_eq!(found["rows"][1]["key"], "cpuid.mdclear");
        assert_eq!((&found["basis"], &found["rows"][0]["of"]), (&json!("cluster"), &json!(4)));
        for (lang, first, second) in [
            ("en", "Microcode (running)", "EVC mask cpuid.mdclear"),
            ("ja", "マイクロコード（実行中）", "EVC マスク"),
        ] {
            let text = printed(folder.path(), &["diff", a, b, "in", "--lang", lang]);
            let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
            assert!(at(first) < at(second), "{text}");
            assert!(text.lines().all(|line| line.width() <= 80), "{text}");
            let md = printed(folder.path(), &["diff", a, b, "in", "--lang", lang, "--output", "md"]);
            assert!(md.contains("cpuid.mdclear") && !md.contains('\u{1b}'), "{md}");
        }
    }
    // The bundles themselves, which lie in the folder too, are not counted twice.
    let found = diff(folder.path(), &[name(&paths[0]), name(&paths[1]), "in"]);
    assert_eq!(found["hosts"], json!(["esx01", "esx02", "esx03", "esx04"]));
    let same = printed(folder.path(), &["diff", "esx02", "esx03", "in"]);
    assert!(same.starts_with("esx02 and esx03: no difference in "), "{same}");
}

#[test]
fn two_hosts_alone_are_ordered_by_area() {
    let (folder, paths) = incident();
    let pair = [name(&paths[0]), name(&paths[1])];
    let found = diff(folder.path(), &pair);
    assert_eq!((&found["basis"], areas(&found)[0]), (&json!("area"), "microcode"));
    let text = printed(folder.path(), &["diff", pair[0], pair[1]]);
    assert!(text.contains("Without other hosts") && !text.contains("of 2"), "{text}");
    let out = analyze(&paths[..2], folder.path(), &[]);
    let told = &out.report["differences"][0];
    assert_eq!((&told["hosts"], &told["splits"][0]["area"]), (&json!([]), &json!("microcode")));
    let md = fs::read_to_string(folder.path().join("out/report.md")).expect("read");
    assert!(md.contains("Differs between esx01 and esx02"), "{md}");
}

#[test]
fn what_is_meant_must_be_one_host() {
    let mut site = cluster(2);
    site.vcenter = None;
    site.hosts[0].name = "node.east.example.com".to_owned();
    site.hosts[1].name = "node.west.example.com".to_owned();
    let (folder, paths) = written(site, Container::Tgz);
    let at = folder.path();
    refused(
        at,
        &["diff", "node", "node.west.example.com", "in"],
        &["node.east.example.com", "say which one"],
    );
    refused(at, &["diff", "in", "node.west.example.com", "in"], &["is not one host but 2"]);
    refused(at, &["diff", "nobody", "node.west.example.com", "in"], &["nobody", "node.east.example.com"]);
    refused(at, &["diff", "nobody", "node"], &["there is no path nobody", "PATHs"]);
    refused(at, &["diff", name(&paths[0]), name(&paths[0]), "in"], &["are one host", "inspect"]);
    assert_eq!(diff(at, &["node.east.example.com", "NODE.WEST.example.com", "in"])["basis"], "area");
}

#[test]
fn a_bundle_that_tells_little_is_not_different_but_not_compared() {
    let (folder, paths) = incident();
    let bare = folder.path().join("bare");
    fs::create_dir_all(bare.join("etc/vmware")).expect("made");
    fs::write(bare.join("etc/vmware/esx.conf"), "/adv/Misc/HostName = \"bare9.lab.example.com\"\n")
        .expect("written");
    let found = diff(folder.path(), &[name(&paths[0]), "bare"]);
    assert_eq!(found["rows"], json!([]));
    let left = found["not_compared"].as_array().expect("a list");
    let of = |area: &str| left.iter().find(|one| one["area"] == area).unwrap_or_else(|| panic!("no {area}"));
    assert_eq!((&of("microcode")["in_a"], &of("microcode")["in_b"]), (&json!(true), &json!(false)));
    let text = printed(folder.path(), &["diff", name(&paths[0]), "bare"]);
    assert!(text.contains("Not compared:") && text.contains("not in the bundle of bare9"), "{text}");
}

#[test]
fn two_bundles_of_one_host_are_compared() {
    let newer = cluster(2);
    let mut older = newer.clone();
    (older.vcenter, older.hosts) = (None, newer.hosts[..1].to_vec());
    let host = &mut older.hosts[0];
    for at in [&mut host.captured_at, &mut host.booted_at, &mut host.log_from] {
        *at = at.plus_seconds(-9 * 86_400);
    }
    host.microcode_current -= 1;
    let (folder, paths) = written(newer, Container::Tgz);
    let (_more, old) = written(older, Container::Tgz);
    let found = diff(folder.path(), &[name(&old[0]), name(&paths[0]), "in"]);
    assert_eq!((&found["basis"], areas(&found)), (&json!("captures"), vec!["microcode"]));
}

#[test]
fn a_report_of_many_hosts_stays_short() {
    let mut site = cluster(16);
    for (n, host) in site.hosts.iter_mut().enumerate().filter(|(n, _)| n % 5 == 0) {
        host.microcode_current -= 1;
        for option in 0..90 {
            host.advanced.insert(format!("/Net/Own{n}x{option}"), 1);
        }
    }
    let (folder, paths) = written(site, Container::Tar);
    let run = analyze(&paths, folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let hosts = run.report["differences"][0]["hosts"].as_array().expect("hosts");
    assert_eq!(hosts.len(), 4);
    for host in hosts {
        assert!(host["rows"].as_array().is_some_and(|rows| rows.len() <= 60), "{host}");
        assert!(host["rows"].as_array().expect("rows").iter().any(|row| row["area"] == "microcode"));
    }
    for file in ["report.md", "report.html"] {
        let text = fs::read_to_string(folder.path().join("out").join(file)).expect("read");
        assert!(text.contains("What is different about each host"), "{file}");
        assert!(text.matches("Advanced option").count() < 80, "{file}");
    }
}
