//! Many bundles: what becomes a case, what the index says, and that nothing is read twice or half.

// A skipped test must say so.
#![allow(clippy::print_stderr)]

#[path = "common/browser.rs"]
mod browser;
#[path = "common/run.rs"]
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use boon::{Compiler, Schemas};
use browser::Browser;
use esxray::demo::{Befell, Container, Volume, fleet, fleet_cluster, write_site};
use esxray::triage::index::SCHEMA_JSON;
use parquet::file::serialized_reader::SerializedFileReader;
use run::esxray;
use serde_json::Value;
use tempfile::TempDir;

/// Lines of a bundle: enough for its story.
const VOLUME: Volume = Volume { lines: 400, rotate_at: 100, gzip: 1 };

/// The bundles of so many clusters: of every other one in a folder of its own, the rest in one.
fn fleet_in(folder: &Path, clusters: usize) -> BTreeMap<String, Befell> {
    let mut told = BTreeMap::new();
    for (at, cluster) in fleet(clusters, 3, VOLUME).enumerate() {
        let place = if at % 2 == 0 { folder.join(&cluster.domain) } else { folder.join("inbox") };
        write_site(&cluster.site, &place, Container::Tgz).expect("written");
        told.insert(cluster.domain, cluster.befell);
    }
    told
}

/// The index at `path`, which is held against its schema.
fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let index = serde_json::from_str(&text).expect("valid JSON");
    let schema = serde_json::from_str(SCHEMA_JSON).expect("the schema is JSON");
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.add_resource("urn:esxray:triage:1", schema).expect("a resource");
    let compiled = compiler.compile("urn:esxray:triage:1", &mut schemas).expect("it compiles");
    if let Err(why) = schemas.validate(&index, compiled) {
        panic!("{} breaks its schema:\n{why:#}", path.display());
    }
    index
}

#[track_caller]
fn triage(folder: &Path, args: &[&str]) -> String {
    let output = esxray(["triage"].iter().chain(args), folder);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Every file below `folder` but the store, with its content.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn below(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("entry").path();
            if path.is_dir() && path != root.join("store") {
                below(root, &path, found);
            } else if path.is_file() {
                let bytes = fs::read(&path).expect("read");
                found.insert(path.strip_prefix(root).expect("below").to_owned(), bytes);
            }
        }
    }
    let mut found = BTreeMap::new();
    below(folder, folder, &mut found);
    found
}

/// The domains of a case's hosts.
fn domains(row: &Value) -> BTreeSet<String> {
    let hosts = row["hosts"].as_array().expect("hosts").iter();
    let name = |host: &Value| host["name"].as_str().expect("a name").to_owned();
    hosts.map(name).map(|name| name.split_once('.').expect("a domain").1.to_owned()).collect()
}

#[test]
fn the_index_names_each_incident_and_the_clusters_that_it_befell() {
    let folder = TempDir::new().expect("a temporary folder");
    let told = fleet_in(&folder.path().join("in"), 12);
    triage(folder.path(), &["in", "--out", "out"]);
    let index = json(&folder.path().join("out/index.json"));
    assert_eq!((&index["bundles"], &index["cases"].as_array().expect("cases").len()), (&60.into(), &12));
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for incident in index["incidents"].as_array().expect("incidents") {
        let id = (
            incident["finding"].as_str().expect("id").to_owned(),
            incident["cause"].as_str().expect("id").to_owned(),
        );
        for case in incident["cases"].as_array().expect("cases") {
            let row = index["cases"]
                .as_array()
                .expect("cases")
                .iter()
                .find(|row| row["id"] == *case)
                .expect("there");
            found.entry(id.clone()).or_default().extend(domains(row));
        }
    }
    let mut expected: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (domain, befell) in told {
        let (finding, cause) = befell.told_as().expect("an incident");
        expected.entry((finding.to_owned(), cause.to_owned())).or_default().insert(domain);
    }
    assert_eq!(found, expected);
    // Worst first, in both lists.
    let rank = |row: &Value| {
        ["critical", "error", "warning", "info"].iter().position(|name| row["severity"] == *name)
    };
    for list in ["incidents", "cases"] {
        let ranks: Vec<_> = index[list].as_array().expect("a list").iter().map(rank).collect();
        assert!(ranks.is_sorted(), "{list}: {ranks:?}");
    }
    let (html, md, csv) = (
        fs::read_to_string(folder.path().join("out/index.html")).expect("written"),
        fs::read_to_string(folder.path().join("out/index.md")).expect("written"),
        fs::read_to_string(folder.path().join("out/index.csv")).expect("written"),
    );
    assert_eq!(csv.lines().count(), 13);
    for row in index["cases"].as_array().expect("cases") {
        let id = row["id"].as_str().expect("an id");
        assert!(
            html.contains(&format!("cases/{id}/report.html"))
                && md.contains(&format!("cases/{id}/report.md"))
        );
        assert!(folder.path().join("out/cases").join(id).join("report.html").is_file(), "{id}");
    }
}

#[test]
fn the_index_is_one_page_that_loads_nothing_and_filters() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 6);
    triage(folder.path(), &["in", "--out", "out", "--lang", "ja"]);
    let Some(mut browser) = Browser::start() else { return };
    let page = folder.path().join("out/index.html");
    let mut tab = browser.open(&page, "");
    let shown = "[...document.querySelectorAll('#rows tbody tr')].filter(row => row.offsetHeight > 0).length";
    let asked = |text: &str| {
        format!(
            "(() => {{ const field = document.getElementById('filter'); field.value = '{text}'; \
                 field.dispatchEvent(new Event('input')); return {shown}; }})()"
        )
    };
    assert_eq!(tab.number(shown), 6.0);
    assert_eq!(tab.number(&asked("PSOD esx05")), 0.0);
    assert_eq!(tab.number(&asked("psod")), 1.0);
    assert_eq!(tab.number(&asked("SITE003 esx04")), 1.0);
    assert_eq!(tab.number(&asked("MDCLEAR 6.7")), 1.0);
    assert_eq!(tab.number(&asked("")), 6.0);
    let links =
        tab.texts("[...document.querySelectorAll('#incidents a')].map(link => link.getAttribute('href'))");
    assert!(links.len() == 6 && links.iter().all(|link| page.with_file_name(link).is_file()), "{links:?}");
    let overflow = tab.number("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert!(overflow <= 0.0, "{overflow} pixels beside the page");
    let seen = tab.seen();
    assert!(seen.complaints.is_empty() && seen.dialogs.is_empty(), "{seen:?}");
    assert!(seen.requests.iter().all(|address| address.ends_with("/index.html")), "{seen:?}");
}

#[test]
fn a_case_is_told_as_analyze_tells_it() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 2);
    triage(folder.path(), &["in", "--out", "out", "--lang", "ja", "--tz", "Asia/Tokyo"]);
    let case = fs::read_dir(folder.path().join("out/cases"))
        .expect("cases")
        .map(|entry| entry.expect("entry").path());
    let case =
        case.into_iter().find(|path| path.to_string_lossy().contains("site000")).expect("the first cluster");
    let args = ["analyze", "in/site000.example.net", "--out", "one", "--lang", "ja", "--tz", "Asia/Tokyo"];
    assert!(esxray(args, folder.path()).status.success());
    for name in ["report.json", "report.html", "report.md"] {
        let (one, own) = (fs::read(folder.path().join("one").join(name)), fs::read(case.join(name)));
        assert!(one.expect("written") == own.expect("written"), "{name} differs");
    }
}

#[test]
fn tables_hold_all_cases_whether_they_were_made_now_or_before() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 3);
    let filled = |tables: &str, more: &[&str]| {
        triage(folder.path(), &[&["in", "--out", "out", "--tables", tables], more].concat());
        tree(&folder.path().join(tables))
    };
    let first = filled("first", &[]);
    assert_eq!(first.keys().filter(|path| path.extension().is_some_and(|end| end == "parquet")).count(), 7);
    assert!(first == filled("second", &[]), "from the reports that were there");
    assert!(first == filled("third", &["--format", "md"]), "from the digests");
    let file = fs::File::open(folder.path().join("first/cases.parquet")).expect("written");
    let rows = SerializedFileReader::new(file).expect("Parquet").into_iter();
    let told: Vec<String> = rows
        .map(|row| {
            let row = row.expect("a row");
            let (_, id) = row.get_column_iter().find(|(name, _)| *name == "case_id").expect("a column");
            id.to_string().trim_matches('"').to_owned()
        })
        .collect();
    let index = json(&folder.path().join("out/index.json"));
    let cases = index["cases"].as_array().expect("cases").iter();
    let mut expected: Vec<&str> = cases.map(|row| row["id"].as_str().expect("an id")).collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn nothing_is_read_twice_even_where_it_was_moved() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 2);
    let statuses = |args: &[&str]| -> BTreeMap<String, usize> {
        let output = esxray(["digest", "--store", "store"].iter().chain(args), folder.path());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut counts = BTreeMap::new();
        for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            assert!(
                line["problems"].is_array() && line["hosts"].as_array().is_some_and(|hosts| hosts.len() == 1)
            );
            *counts.entry(line["status"].as_str().expect("a status").to_owned()).or_default() += 1;
        }
        counts
    };
    let count = |name: &str, number: usize| BTreeMap::from([(name.to_owned(), number)]);
    assert_eq!(statuses(&["in"]), count("kept", 10));
    let before = tree(&folder.path().join("store"));
    assert_eq!(statuses(&["in"]), count("known", 10));
    assert_eq!(tree(&folder.path().join("store")), before, "the same run leaves the store as it was");
    fs::rename(folder.path().join("in"), folder.path().join("moved")).expect("moved");
    assert_eq!(statuses(&["moved"]), count("known", 10));
    // Other rules see other things.
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).expect("made");
    let rule = "[[rule]]\nid = 'own.rule'\nkind = 'host.boot'\nseverity = 'info'\nlogs = ['vobd']\nabout = 'a'\nany = ['never told']\n";
    fs::write(rules.join("own.toml"), rule).expect("written");
    assert_eq!(statuses(&["moved", "--rules", "rules"]), count("kept", 10));
    assert_eq!(statuses(&["moved"]), count("known", 10));
    // A file of the same name, length and place that says something else is another file.
    let first = fs::read_dir(folder.path().join("moved/inbox"))
        .expect("listed")
        .next()
        .expect("one")
        .expect("entry")
        .path();
    let mut bytes = fs::read(&first).expect("read");
    let at = bytes.len() / 2;
    bytes[at] ^= 0x40;
    fs::write(&first, bytes).expect("written");
    assert_eq!(statuses(&["moved"]), BTreeMap::from([("kept".to_owned(), 1), ("known".to_owned(), 9)]));
    // What is damaged in the store is not vouched for.
    for entry in fs::read_dir(folder.path().join("store/digests")).expect("listed") {
        let file = entry.expect("entry").path();
        let mut bytes = fs::read(&file).expect("read");
        let last = bytes.len() - 50;
        bytes[last] ^= 1;
        fs::write(&file, bytes).expect("written");
    }
    assert_eq!(statuses(&["moved"]), count("kept", 10));
    // What was replaced is not made cases of any more.
    let printed = triage(folder.path(), &["--store", "store", "--out", "out"]);
    assert_eq!(json(&folder.path().join("out/index.json"))["bundles"], 10, "{printed}");
}

#[test]
fn the_store_alone_gives_the_same_cases() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 3);
    // One task a bundle, in any order, as a scheduler would.
    let mut bundles: Vec<PathBuf> = Vec::new();
    for place in ["in/inbox", "in/site000.example.net", "in/site002.example.net"] {
        let entries = fs::read_dir(folder.path().join(place)).expect("listed");
        bundles.extend(entries.map(|entry| Path::new(place).join(entry.expect("entry").file_name())));
    }
    bundles.reverse();
    for bundle in &bundles {
        let output = esxray(
            ["digest".as_ref(), "--store".as_ref(), "store".as_ref(), bundle.as_os_str()],
            folder.path(),
        );
        assert!(output.status.success());
    }
    let by_path = triage(folder.path(), &["in", "--out", "a"]).replace("a/index", "index");
    fs::remove_dir_all(folder.path().join("in")).expect("removed");
    let by_store = triage(folder.path(), &["--store", "store", "--out", "b"]).replace("b/index", "index");
    assert_eq!(by_store, by_path);
    assert!(tree(&folder.path().join("a")) == tree(&folder.path().join("b")));
}

#[test]
fn what_is_damaged_in_the_store_is_read_again() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 2);
    triage(folder.path(), &["in", "--out", "whole"]);
    let whole = tree(&folder.path().join("whole"));
    triage(folder.path(), &["in", "--out", "out"]);
    let digests = || -> Vec<PathBuf> {
        let entries = fs::read_dir(folder.path().join("out/store/digests")).expect("listed");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
        files.sort();
        files
    };
    let original: Vec<Vec<u8>> = digests().iter().map(|file| fs::read(file).expect("read")).collect();
    for (at, (file, bytes)) in digests().iter().zip(&original).enumerate() {
        let mut damaged = bytes.clone();
        match at % 5 {
            // In the digests; in the header; in the line that vouches for it.
            0 => damaged[bytes.len() - 100] ^= 1,
            1 => damaged[200] ^= 1,
            2 => damaged[20] ^= 1,
            3 => damaged.truncate(bytes.len() / 2),
            _ => damaged.clear(),
        }
        fs::write(file, damaged).expect("written");
    }
    fs::remove_dir_all(folder.path().join("out/cases")).expect("removed");
    triage(folder.path(), &["in", "--out", "out"]);
    assert!(tree(&folder.path().join("out")) == whole);
    let again: Vec<Vec<u8>> = digests().iter().map(|file| fs::read(file).expect("read")).collect();
    assert!(again == original, "the store is whole again");
    // Without the bundle the loss is told, and the rest is there.
    let file = &digests()[0];
    let mut damaged = original[0].clone();
    let last = damaged.len() - 100;
    damaged[last] ^= 1;
    fs::write(file, damaged).expect("written");
    fs::remove_dir_all(folder.path().join("in")).expect("removed");
    triage(folder.path(), &["--store", "out/store", "--out", "rest"]);
    let index = json(&folder.path().join("rest/index.json"));
    assert_eq!(index["bundles"], 9, "{index:#}");
    let reports = tree(&folder.path().join("rest"));
    let told = reports.iter().any(|(path, bytes)| {
        path.ends_with("report.json") && String::from_utf8_lossy(bytes).contains("its kept digest is damaged")
    });
    assert!(told, "the lost digest is told of");
}

fn start(folder: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esxray"));
    command.args(args).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program runs")
}

#[test]
fn a_run_that_was_killed_anywhere_goes_on_to_the_same_result() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 4);
    let began = Instant::now();
    triage(folder.path(), &["in", "--out", "whole"]);
    let whole = began.elapsed();
    // Where each is killed is spread over the time that a whole run takes, in no order.
    let mut stood_at = BTreeSet::new();
    for turn in 0..20_u32 {
        // Most begin anew, so that a run is met at every part of its work; the others go on where the last one stood.
        if turn % 5 != 4 {
            let _ = fs::remove_dir_all(folder.path().join("out"));
        }
        let mut child = start(folder.path(), &["triage", "in", "--out", "out"]);
        sleep(whole * (turn * 13 % 20) / 20);
        child.kill().expect("killed");
        child.wait().expect("ended");
        let digests = fs::read_dir(folder.path().join("out/store/digests"));
        stood_at.insert(digests.map_or(0, Iterator::count));
        triage(folder.path(), &["in", "--out", "out"]);
        assert!(tree(&folder.path().join("out")) == tree(&folder.path().join("whole")), "turn {turn}");
    }
    assert!(stood_at.len() > 3, "they were killed at different points: {stood_at:?}");
}

#[test]
fn runs_that_share_a_store_or_a_folder_do_not_disturb_each_other() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 4);
    let runs = ["a", "b", "same", "same"];
    let children = runs.map(|out| start(folder.path(), &["triage", "in", "--store", "store", "--out", out]));
    let outputs = children.map(|child| child.wait_with_output().expect("ended"));
    for output in &outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let a = tree(&folder.path().join("a"));
    assert!(a == tree(&folder.path().join("b")) && a == tree(&folder.path().join("same")));
    let left: Vec<PathBuf> = tree(&folder.path().join("store")).into_keys().collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains("partial")), "{left:?}");
}

#[test]
fn a_cluster_at_two_times_is_two_cases_and_what_went_leaves_no_report() {
    let folder = TempDir::new().expect("a temporary folder");
    let one = fleet_cluster(3, Befell::PurpleScreen, 1, VOLUME);
    let mut later = fleet_cluster(3, Befell::Nothing, 1, VOLUME);
    for host in &mut later.site.hosts {
        host.captured_at = host.captured_at.plus_seconds(40 * 86_400);
    }
    write_site(&one.site, &folder.path().join("in/first"), Container::Tgz).expect("written");
    write_site(&later.site, &folder.path().join("in/second"), Container::Tgz).expect("written");
    triage(folder.path(), &["in", "--out", "out"]);
    let cases = || json(&folder.path().join("out/index.json"))["cases"].as_array().expect("cases").len();
    let folders = || fs::read_dir(folder.path().join("out/cases")).expect("listed").count();
    assert_eq!((cases(), folders()), (2, 2));
    triage(folder.path(), &["in", "--out", "out", "--apart", "400"]);
    assert_eq!((cases(), folders()), (1, 1));
}

#[test]
fn folders_of_others_are_read_and_left_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let place = |name: &str| folder.path().join("in").join(name);
    for (at, name) in ["cases/first", "store/second", "third"].iter().enumerate() {
        let cluster = fleet_cluster(at, Befell::INCIDENTS[at], 3, VOLUME);
        write_site(&cluster.site, &place(name), Container::Tgz).expect("written");
    }
    // The index goes where the bundles lie, in folders that are called as ours are.
    let run = || triage(folder.path(), &["in", "--out", "in", "--force"]);
    let printed = run();
    assert_eq!(json(&place("index.json"))["bundles"], 15, "{printed}");
    assert_eq!(run(), printed, "what it wrote is no input");
    assert_eq!(json(&place("index.json"))["problems"].as_array().map(Vec::len), Some(0));
    let reports = fs::read_dir(place("cases")).expect("listed").count();
    assert_eq!(reports, 4, "three reports beside the bundles");
}

#[cfg(unix)]
#[test]
fn what_was_tampered_with_in_the_output_is_made_anew_and_no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 2);
    triage(folder.path(), &["in", "--out", "out"]);
    let whole = tree(&folder.path().join("out"));
    let cases = folder.path().join("out/cases");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&cases).expect("listed").map(|entry| entry.expect("entry").path()).collect();
    folders.sort();
    let same = |what: &str| {
        triage(folder.path(), &["in", "--out", "out"]);
        assert!(tree(&folder.path().join("out")) == whole, "{what}");
    };
    for (from, to) in [("critical", "warning"), (".example.net_", ".example.org_"), ("\"row\"", "\"wor\"")] {
        let file = folders[1].join("case.json");
        let text = fs::read_to_string(&file).expect("read");
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replace(from, to)).expect("written");
        same(from);
    }
    fs::write(folders[0].join("report.html"), "").expect("written");
    same("an empty report");
    // Links to the outside: nothing there is touched.
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).expect("made");
    fs::write(outside.join("report.html"), "of somebody else").expect("written");
    fs::copy(folders[0].join("case.json"), outside.join("case.json")).expect("copied");
    fs::remove_dir_all(&folders[0]).expect("removed");
    symlink(&outside, &folders[0]).expect("linked");
    symlink(&outside, cases.join("old")).expect("linked");
    triage(folder.path(), &["in", "--out", "out"]);
    assert_eq!(fs::read_to_string(outside.join("report.html")).expect("there"), "of somebody else");
    assert!(outside.join("case.json").is_file() && !outside.join("report.md").exists());
    fs::remove_file(cases.join("old")).expect("removed");
    same("the link gave way to a folder");
    // Pipes have no end.
    for pipe in [folders[0].join("case.json"), folder.path().join("out/store/digests/0.digest")] {
        let _ = fs::remove_file(&pipe);
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    }
    triage(folder.path(), &["in", "--out", "out"]);
    triage(folder.path(), &["--store", "out/store", "--out", "again"]);
}

#[test]
fn what_is_no_bundle_is_named_and_costs_nothing_else() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 1);
    fs::write(folder.path().join("in/notes.txt"), "call back at noon\n").expect("written");
    fs::write(folder.path().join("in/empty.tgz"), "").expect("written");
    fs::write(folder.path().join("in/wrong.tgz"), b"\x1f\x8b\x08\0\0\0\0\0\0\x03 no deflate")
        .expect("written");
    for _ in 0..2 {
        let printed = triage(folder.path(), &["in", "--out", "out"]);
        let index = json(&folder.path().join("out/index.json"));
        let paths: BTreeSet<&str> = index["problems"]
            .as_array()
            .expect("problems")
            .iter()
            .filter_map(|problem| problem["path"].as_str())
            .collect();
        for name in ["notes.txt", "empty.tgz", "wrong.tgz"] {
            assert!(paths.iter().any(|path| path.ends_with(name)), "{name}: {paths:?}");
        }
        assert_eq!(index["cases"].as_array().expect("cases").len(), 1);
        assert!(printed.contains("belongs to no case"), "{printed}");
    }
    let check = |args: &[&str], expected: &str| {
        let output = esxray(args, folder.path());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(expected), "{args:?}: {stderr}");
    };
    check(&["triage", "in/empty.tgz", "--out", "none"], "empty.tgz");
    check(&["triage", "nowhere", "--out", "none"], "nowhere");
    check(&["triage", "--out", "none"], "PATH");
    check(&["triage", "--store", "nothing-in-it", "--out", "none"], "there is no store");
    check(&["digest", "in/notes.txt", "--store", "s"], "notes.txt");
    check(&["digest", "in"], "--store");
    let cut = folder.path().join("cut");
    fs::create_dir(&cut).expect("made");
    let whole = fs::read_dir(folder.path().join("in/site000.example.net")).expect("listed");
    let whole = whole.map(|entry| entry.expect("entry").path()).min().expect("a bundle");
    let bytes = fs::read(&whole).expect("read");
    let name = whole.file_name().expect("a name");
    fs::write(cut.join(name), &bytes[..bytes.len() / 2]).expect("written");
    let output = esxray(["digest", "cut", "--store", "s"], folder.path());
    let line: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    assert!(output.status.success() && line["problems"][0]["kind"] == "truncated", "{line:#}");
    fs::write(folder.path().join("a-file"), "").expect("written");
    check(&["triage", "in", "--store", "a-file", "--out", "none"], "a-file");
    check(&["triage", "in", "--out", "in"], "esxray did not write it");
    let output = esxray(["triage", "in", "--out", "out", "--fail-on", "error"], folder.path());
    assert_eq!(output.status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn bundles_are_taken_in_as_they_arrive() {
    let folder = TempDir::new().expect("a temporary folder");
    fleet_in(&folder.path().join("in"), 1);
    let mut child = start(folder.path(), &["triage", "--watch", "in", "--every", "1", "--out", "out"]);
    let index = folder.path().join("out/index.json");
    let until = |bundles: u64| {
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(&index).ok();
            let index = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()).unwrap_or_default();
            if index["bundles"] == bundles {
                return index["cases"].as_array().expect("cases").len();
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{} of {bundles} bundles", index["bundles"]);
            sleep(Duration::from_millis(100));
        }
    };
    assert_eq!(until(5), 1);
    // One that is copied slowly is not taken for a damaged one.
    let cluster = fleet_cluster(1, Befell::UpgradeOrder, 3, VOLUME);
    let bundles = write_site(&cluster.site, &folder.path().join("aside"), Container::Tgz).expect("written");
    fs::create_dir_all(folder.path().join("in/late")).expect("made");
    let (slow, others) = bundles.split_first().expect("bundles");
    let target = |bundle: &Path| folder.path().join("in/late").join(bundle.file_name().expect("a name"));
    let bytes = fs::read(slow).expect("read");
    for upto in 1..=12 {
        fs::write(target(slow), &bytes[..bytes.len() * upto / 12]).expect("written");
        sleep(Duration::from_millis(300));
    }
    for bundle in others {
        fs::rename(bundle, target(bundle)).expect("moved");
    }
    assert_eq!(until(10), 2);
    let kept = fs::read_dir(folder.path().join("out/store/digests")).expect("listed").count();
    assert_eq!(kept, 10, "no half of it was read");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success() && child.wait().expect("ended").success());
}
