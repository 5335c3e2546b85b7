//! `--tables`: the files hold what the report holds, they say what is in them, and another tool answers questions over many
//! cases from them.

#![allow(clippy::print_stderr)]

#[path = "common/run.rs"]
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use esxray::demo::{
    ClusterOptions, Container, EvcCause, EvcOptions, Log, ScriptedLine, Site, VmotionOptions, VsanOptions,
    add_reboot, evc_incident, healthy, vmotion_incident, vsan_incident, write_site,
};
use esxray::report::model::Report;
use esxray::tables::{TABLES, Tables, case_id, document, file_name};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Row;
use run::{analyze, analyze_site, esxray};
use serde_json::Value;
use tempfile::TempDir;

const HOUR: i64 = 3_600;

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tables/README.md")
}

fn report(site: &Site) -> Report {
    serde_json::from_value(analyze_site(site, Container::Tgz, &[]).1.report).expect("a report")
}

/// The tables of `cases`, in a folder.
fn tables<'a>(cases: impl IntoIterator<Item = (&'a str, &'a Report)>) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tables = Tables::create(folder.path()).expect("begun");
    for (id, report) in cases {
        tables.add(id, report).expect("added");
    }
    tables.finish().expect("finished");
    folder
}

fn rows(folder: &Path, table: &str) -> Vec<Row> {
    let file = File::open(folder.join(format!("{table}.parquet"))).expect("a file");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect()
}

/// The value of `column` as text; `null` where it is unknown.
fn cell(row: &Row, column: &str) -> String {
    let (_, field) = row.get_column_iter().find(|(name, _)| *name == column).expect("the column");
    field.to_string().trim_matches('"').to_owned()
}

/// `ESXRAY_BLESS=1 cargo test --test tables schema` writes the text anew.
#[test]
fn the_written_schema_is_the_catalogue() {
    let (begin, end) = ("<!-- schema: begin -->\n", "<!-- schema: end -->");
    let text = fs::read_to_string(readme()).expect("read");
    let (head, rest) = text.split_once(begin).expect("the beginning");
    let (written, tail) = rest.split_once(end).expect("the end");
    if std::env::var_os("ESXRAY_BLESS").is_some() {
        fs::write(readme(), format!("{head}{begin}{}{end}{tail}", document())).expect("written");
    } else {
        let document = document();
        for (written, stated) in written.lines().zip(document.lines()) {
            assert_eq!(written, stated, "say ESXRAY_BLESS=1 to write the schema anew");
        }
        assert!(written == document, "the text ends otherwise");
    }
}

#[test]
fn columns_need_no_quotes_and_say_what_they_are() {
    let mut tables = BTreeSet::new();
    for table in TABLES {
        assert!(tables.insert(table.name()) && table.about().ends_with('.'), "{}", table.name());
        let columns = table.columns();
        assert_eq!(columns[0].name, "case_id");
        let mut names = BTreeSet::new();
        for column in columns {
            assert!(names.insert(column.name), "{} is there twice", column.name);
            assert!(
                column
                    .name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            );
            assert!(
                column.about.ends_with(|c: char| ".;".contains(c)) && !column.about.contains('|'),
                "{}",
                column.about
            );
        }
    }
}

#[test]
fn the_files_hold_what_the_report_holds() {
    let (site, _) = vsan_incident(&VsanOptions::default());
    let report = report(&site);
    let folder = tables([("one", &report)]);
    let hosts = rows(folder.path(), "hosts");
    assert_eq!(hosts.len(), report.hosts.len());
    for (row, host) in hosts.iter().zip(&report.hosts) {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        assert_eq!((cell(row, "case_id"), cell(row, "host")), ("one".to_owned(), host.id.clone()));
        assert_eq!((cell(row, "build"), cell(row, "release")), (text(&host.build), text(&host.update)));
        assert_eq!(
            cell(row, "cpu_model"),
            host.cpu.model.map_or("null".to_owned(), |model| model.to_string())
        );
        // A host without vSAN has no list; one that knows no member has an empty one.
        assert_eq!(cell(row, "vsan_members") == "null", host.vsan.is_none());
    }
    let events = rows(folder.path(), "events");
    assert_eq!(events.len(), report.timeline.len());
    for (row, entry) in events.iter().zip(&report.timeline) {
        assert_eq!(cell(row, "kind"), entry.kind.name());
        assert_eq!(cell(row, "line"), entry.source.line.to_string());
        for (name, value) in &entry.fields {
            assert!(cell(row, "fields").contains(name) && cell(row, "fields").contains(value));
        }
        let findings: Vec<String> = entry.findings.iter().map(|at| (at + 1).to_string()).collect();
        assert_eq!(cell(row, "findings"), format!("[{}]", findings.join(", ")));
    }
    let count = |table: &str| rows(folder.path(), table).len();
    assert_eq!(count("cases"), 1);
    assert_eq!(count("findings"), report.findings.len());
    assert_eq!(count("features"), report.features.rows.len() * report.features.hosts.len());
    assert_eq!(count("coverage"), report.coverage.len());
    assert!(events.len() > 20 && count("features") > 50);
}

#[test]
fn a_list_is_unknown_or_empty_or_full() {
    let mut report = report(&healthy(&ClusterOptions::default()));
    let mut hosts = report.hosts.iter_mut().filter_map(|host| host.vsan.as_mut());
    let [unknown, empty, two] = [(); 3].map(|()| hosts.next().expect("a host with vSAN"));
    (unknown.members, unknown.member_count) = (Vec::new(), None);
    (empty.members, empty.member_count) = (Vec::new(), Some(0));
    two.members = vec!["a".to_owned(), "b".to_owned()];
    let folder = tables([("one", &report)]);
    let hosts = rows(folder.path(), "hosts");
    let told: Vec<String> = hosts.iter().take(3).map(|row| cell(row, "vsan_members")).collect();
    assert_eq!(told, ["null", "[]", "[\"a\", \"b\"]"]);
    // vCenter Server has no vSAN.
    assert_eq!(cell(hosts.last().expect("a host"), "vsan_members"), "null");
}

/// Rows of the row groups of the events.
fn groups(folder: &Path) -> Vec<i64> {
    let file = File::open(folder.join("events.parquet")).expect("a file");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect()
}

#[test]
fn what_waits_is_bounded_by_rows_and_by_bytes_and_keeps_its_order() {
    let mut report = report(&healthy(&ClusterOptions { hosts: 2, ..ClusterOptions::default() }));
    let mut entry = report.timeline[0].clone();
    let mut fill = |count: u64, message: &str| {
        entry.message = message.to_owned();
        report.timeline = (1..=count)
            .map(|line| {
                entry.source.line = line;
                entry.clone()
            })
            .collect();
        let folder = tables([("one", &report)]);
        let rows = rows(folder.path(), "events");
        assert_eq!(rows.len() as u64, count);
        assert!(rows.iter().zip(1..).all(|(row, line): (_, u64)| cell(row, "line") == line.to_string()));
        assert!(rows.iter().all(|row| cell(row, "record") == message));
        groups(folder.path())
    };
    let by_bytes = fill(700, &"long \0 \u{202e}\" ".repeat(6_000));
    assert!(by_bytes.len() > 2 && by_bytes.iter().all(|&rows| rows < 400), "{by_bytes:?}");
    assert_eq!(fill(3, "short").len(), 1);
    let by_rows = fill(70_000, "x");
    assert!(by_rows.len() > 1 && by_rows.iter().all(|&rows| rows <= 1 << 16), "{by_rows:?}");
}

#[test]
fn a_feature_differs_in_the_cluster_whose_hosts_differ() {
    let mut report = report(&evc_incident(&EvcOptions::default()).0);
    let mut other = report.case.clusters[0].clone();
    other.id = "other".to_owned();
    other.hosts = report.case.clusters[0].hosts.split_off(2);
    report.case.clusters.push(other);
    let folder = tables([("one", &report)]);
    let of_row = |row: &Row| (cell(row, "host"), cell(row, "cluster_id") == "other", cell(row, "differs"));
    let features = rows(folder.path(), "features");
    let told: Vec<_> =
        features.iter().filter(|row| cell(row, "key") == "cpuid.mdclear").map(of_row).collect();
    let expected = [
        ("esx01", false, "true"),
        ("esx02", false, "true"),
        ("esx03", true, "false"),
        ("esx04", true, "false"),
    ];
    assert_eq!(
        told,
        expected.map(|(host, is_other, differs)| (host.to_owned(), is_other, differs.to_owned()))
    );
}

#[test]
fn migrations_are_joined_to_their_hosts() {
    let (site, truth) = vmotion_incident(&VmotionOptions::default());
    let report = report(&site);
    let folder = tables([("one", &report)]);
    let migrations = rows(folder.path(), "migrations");
    assert_eq!(migrations.len(), report.migrations.len());
    for failed in &truth.failed {
        let id = failed.id.to_string();
        let row = migrations.iter().find(|row| cell(row, "id") == id).expect("the migration");
        assert_eq!((cell(row, "outcome"), cell(row, "vm")), ("failed".to_owned(), failed.vm.clone()));
        let short = |name: &str| name.split('.').next().expect("a label").to_owned();
        assert_eq!(
            (cell(row, "source_host"), cell(row, "destination_host")),
            (short(&failed.from), short(&failed.to))
        );
    }
}

#[test]
fn a_file_says_what_made_it_and_is_the_same_again() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let report = report(&site);
    let (one, two) = (tables([("a", &report), ("b", &report)]), tables([("a", &report), ("b", &report)]));
    for table in TABLES {
        let name = file_name(*table);
        let bytes = |folder: &TempDir| fs::read(folder.path().join(&name)).expect("read");
        assert!(bytes(&one) == bytes(&two), "{name} differs");
        let reader =
            SerializedFileReader::new(File::open(one.path().join(&name)).expect("a file")).expect("Parquet");
        let told: BTreeMap<String, String> = reader
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .expect("metadata")
            .iter()
            .map(|told| (told.key.clone(), told.value.clone().expect("a value")))
            .collect();
        assert_eq!(told["esxray.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(told["esxray.schema"], esxray::tables::SCHEMA_VERSION.to_string());
        assert_eq!(told["esxray.table"], table.name());
    }
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    fs::read_dir(folder).expect("listed").map(|entry| name(entry.expect("an entry"))).collect()
}

#[test]
fn no_file_has_its_name_before_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = report(&healthy(&ClusterOptions { hosts: 2, ..ClusterOptions::default() }));
    let mut begun = Tables::create(folder.path()).expect("begun");
    begun.add("one", &report).expect("added");
    assert!(names_in(folder.path()).iter().all(|name| name.ends_with(".partial")));
    drop(begun);
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn the_command_writes_them_and_minds_what_is_not_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = healthy(&ClusterOptions { hosts: 2, ..ClusterOptions::default() });
    let bundles = write_site(&site, &folder.path().join("bundles"), Container::Tgz).expect("bundles");
    let run = analyze(&bundles, folder.path(), &["--tables", "tables"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut expected: BTreeSet<String> = TABLES.iter().map(|table| file_name(*table)).collect();
    assert!(expected.iter().all(|name| run.stdout.contains(name)), "{}", run.stdout);
    expected.insert(".esxray".to_owned());
    assert_eq!(names_in(&folder.path().join("tables")), expected);
    let report: Report = serde_json::from_value(run.report).expect("a report");
    assert_eq!(cell(&rows(&folder.path().join("tables"), "cases")[0], "case_id"), case_id(&report));
    // Its own folder is written to again, somebody else's is not.
    assert_eq!(analyze(&bundles, folder.path(), &["--tables", "tables"]).code, 0);
    fs::create_dir(folder.path().join("other")).expect("a folder");
    fs::write(folder.path().join("other/notes.txt"), "mine").expect("written");
    let refused = analyze(&bundles, folder.path(), &["--tables", "other"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--tables"), "{}", refused.stderr);
    assert_eq!(names_in(&folder.path().join("other")).len(), 1);
    assert_eq!(analyze(&bundles, folder.path(), &["--tables", "other", "--force"]).code, 0);
    assert!(
        folder.path().join("other/notes.txt").is_file()
            && folder.path().join("other/hosts.parquet").is_file()
    );
    // Where nothing can be read, nothing is left behind.
    let nothing = esxray(["analyze", "--out", "new", "--tables", "new-tables", "other"], folder.path());
    assert_eq!(nothing.status.code(), Some(2));
    assert!(!folder.path().join("new-tables").exists() && !folder.path().join("new").exists());
}

#[test]
fn a_redacted_report_gives_redacted_tables_of_the_same_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let (site, _) = vmotion_incident(&VmotionOptions::default());
    let bundles = write_site(&site, &folder.path().join("bundles"), Container::Tgz).expect("bundles");
    let open = analyze(&bundles, folder.path(), &["--tables", "open"]);
    let redacted = analyze(&bundles, folder.path(), &["--tables", "redacted", "--redact"]);
    assert_eq!((open.code, redacted.code), (0, 0), "{}{}", open.stderr, redacted.stderr);
    let vms = site.hosts.iter().flat_map(|host| &host.vms).map(|vm| vm.name.as_str());
    let names: BTreeSet<&str> =
        site.hosts.iter().map(|host| host.short()).chain(vms).chain(["lab.example.com", "10.20."]).collect();
    let told = |part: &str, name: &str| {
        let tables = TABLES.iter().flat_map(|table| rows(&folder.path().join(part), table.name()));
        tables.filter(|row| row.to_string().contains(name)).count()
    };
    for name in names {
        assert_eq!(told("redacted", name), 0, "{name} is told");
        assert!(told("open", name) > 0, "{name} is nowhere");
    }
    let case = |part: &str| rows(&folder.path().join(part), "cases").remove(0);
    assert_eq!(cell(&case("open"), "case_id"), cell(&case("redacted"), "case_id"));
    assert_eq!(
        (cell(&case("open"), "redacted"), cell(&case("redacted"), "redacted")),
        ("false".into(), "true".into())
    );
}

/// Asks DuckDB `sql` in `folder`; none where it is not installed.
fn ask(sql: &str, folder: &Path) -> Option<Vec<Vec<Value>>> {
    let script = "import sys\ntry:\n    import duckdb\nexcept ImportError:\n    sys.exit(42)\n\
                  import json\nprint(json.dumps(duckdb.sql(sys.stdin.read()).fetchall(), default=str))\n";
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../duckdb");
    let question = folder.join("question.sql");
    fs::write(&question, sql).expect("written");
    let run = Command::new("python3")
        .args(["-c", script])
        .env("PYTHONPATH", installed)
        .current_dir(folder)
        .stdin(File::open(&question).expect("read"))
        .output();
    match run {
        Ok(run) if run.status.success() => Some(serde_json::from_slice(&run.stdout).expect("JSON")),
        Ok(run) if run.status.code() != Some(42) => panic!("{}", String::from_utf8_lossy(&run.stderr)),
        _ => {
            eprintln!("skipped: no duckdb for python3");
            None
        }
    }
}

/// The questions of the README, in their order.
fn questions() -> Vec<String> {
    let text = fs::read_to_string(readme()).expect("read");
    let sql =
        text.split("```sql\n").skip(1).map(|rest| rest.split("```").next().expect("its end").to_owned());
    sql.collect()
}

/// A host of the cluster stops at `hours` before the capture, and boots eleven minutes later.
fn stop(site: &mut Site, host: usize, hours: i64, is_asked: bool) {
    let host = &mut site.hosts[host];
    let down = host.captured_at.plus_seconds(-hours * HOUR);
    add_reboot(host, down, down.plus_seconds(660), false);
    if !is_asked {
        host.lines.retain(|line| !(line.at < down && line.at > down.plus_seconds(-60)));
        let screen =
            "@BlueScreen: #PF Exception 14 in world 2097705:CMMDS-worker IP 0x418023a1b2c0 addr 0x18";
        host.lines.push(ScriptedLine::new(down.plus_seconds(-1), Log::Vmkernel, screen));
        // A second record of the same crash.
        let dump = "bootstop[2097811]: file core dump found";
        host.lines.push(ScriptedLine::new(down.plus_seconds(723), Log::Vmksummary, dump));
    }
}

/// Sites whose stories are known, and how often hosts of each model crash in them.
fn sites() -> (Vec<(&'static str, Site)>, BTreeMap<String, i64>) {
    let small = ClusterOptions { hosts: 3, ..ClusterOptions::default() };
    let mut crashing = healthy(&ClusterOptions { seed: 5, ..small.clone() });
    for host in &mut crashing.hosts[..2] {
        host.model = "PowerEdge R740".to_owned();
    }
    stop(&mut crashing, 0, 50, false);
    stop(&mut crashing, 0, 20, false);
    stop(&mut crashing, 1, 30, false);
    // Of the other model; somebody asked for it.
    stop(&mut crashing, 2, 25, true);
    let evc = |cause, features: &[&str]| evc_incident(&EvcOptions::about(cause, features)).0;
    let sites = vec![
        ("healthy", healthy(&small)),
        ("stale", evc(EvcCause::StaleMicrocode, &["cpuid.MDCLEAR"])),
        ("patch", evc(EvcCause::PatchLevel, &["cpuid.MDCLEAR", "cpuid.SSBD"])),
        ("vsan", vsan_incident(&VsanOptions::default()).0),
        ("crashing", crashing),
    ];
    (sites, BTreeMap::from([("PowerEdge R740".to_owned(), 3)]))
}

fn builds(site: &Site) -> BTreeSet<String> {
    site.hosts.iter().map(|host| host.release.build.to_string()).collect()
}

#[test]
fn duckdb_answers_the_questions_over_many_cases() {
    let (sites, crashes) = sites();
    let reports: Vec<(&str, Report)> = sites.iter().map(|(id, site)| (*id, report(site))).collect();
    let folder = tables(reports.iter().map(|(id, report)| (*id, report)));
    let questions = questions();
    let [mixed, features, failures] = questions.as_slice() else { panic!("three questions") };
    let Some(answer) = ask(mixed, folder.path()) else { return };
    let told: BTreeMap<&str, BTreeSet<String>> = answer
        .iter()
        .map(|row| {
            (row[0].as_str().expect("a case"), serde_json::from_value(row[2].clone()).expect("builds"))
        })
        .collect();
    let expected: BTreeMap<&str, BTreeSet<String>> =
        sites.iter().map(|(id, site)| (*id, builds(site))).filter(|(_, builds)| builds.len() > 1).collect();
    assert_eq!(told, expected);
    assert_eq!(told.keys().collect::<Vec<_>>(), [&"patch"]);

    let answer = ask(features, folder.path()).expect("an answer");
    let told: Vec<(&str, i64)> = answer
        .iter()
        .map(|row| (row[0].as_str().expect("a key"), row[2].as_i64().expect("a count")))
        .collect();
    assert_eq!(told, [("cpuid.mdclear", 2), ("cpuid.ssbd", 1)]);

    check_failures(&ask(failures, folder.path()).expect("an answer"), &sites, &crashes);
    every_column_is_read_without_quotes(folder.path());
}

/// Model, hosts, observed hours, crashes, hours between them.
fn check_failures(answer: &[Vec<Value>], sites: &[(&str, Site)], crashes: &BTreeMap<String, i64>) {
    let mut truth: BTreeMap<&str, (i64, f64)> = BTreeMap::new();
    for host in sites.iter().flat_map(|(_, site)| &site.hosts) {
        let of_model = truth.entry(&host.model).or_default();
        of_model.0 += 1;
        of_model.1 += host.captured_at.since(host.log_from) as f64 / 1e6 / HOUR as f64;
    }
    assert_eq!(answer.len(), truth.len());
    for row in answer {
        let model = row[0].as_str().expect("a model");
        let (hosts, hours) = truth[model];
        let crashes = crashes.get(model).copied().unwrap_or(0);
        assert_eq!((row[1].as_i64(), row[3].as_i64()), (Some(hosts), Some(crashes)), "{model}");
        let is_near = |value: &Value, truth: f64| {
            value.as_f64().is_some_and(|value| (value / truth - 1.0).abs() < 0.02)
        };
        assert!(is_near(&row[2], hours), "{model}: {} of {hours} hours", row[2]);
        match crashes {
            0 => assert!(row[4].is_null(), "{model}"),
            _ => assert!(is_near(&row[4], hours / crashes as f64), "{model}: {}", row[4]),
        }
    }
    // The model that fails stands first.
    assert_eq!(answer[0][0], "PowerEdge R740");
}

fn every_column_is_read_without_quotes(folder: &Path) {
    for table in TABLES {
        let columns: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
        let sql = format!("SELECT {} FROM '{}' LIMIT 1", columns.join(", "), file_name(*table));
        let answer = ask(&sql, folder).expect("an answer");
        assert!(answer.iter().all(|row| row.len() == columns.len()), "{}", table.name());
    }
}
