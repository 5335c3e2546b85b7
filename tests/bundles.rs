//! Containers, damage and limits: whatever form the bundles come in, the same is found, and what is missing is said.

#[path = "common/run.rs"]
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use esxray::demo::{Container, EvcOptions, VsanOptions, evc_incident, vsan_incident};
use run::{analyze, analyze_site, esxray, events, finding, findings, written};
use serde_json::Value;
use tempfile::TempDir;

/// A report without what depends on the container: paths of members and bundles, and hashes.
fn without_places(report: &Value) -> Value {
    let mut report = report.clone();
    for host in report["hosts"].as_array_mut().expect("hosts") {
        (host["bundle"], host["bundle_sha256"]) = (Value::Null, Value::Null);
        for capture in host["captures"].as_array_mut().expect("captures") {
            (capture["bundle"], capture["bundle_sha256"]) = (Value::Null, Value::Null);
        }
    }
    for finding in report["findings"].as_array_mut().expect("findings") {
        for line in run::lines_of(finding) {
            line["file"] = Value::Null;
        }
    }
    for event in report["timeline"].as_array_mut().expect("timeline") {
        event["source"]["file"] = Value::Null;
    }
    run::clear_feature_files(&mut report["features"]);
    run::clear_membership_files(&mut report["membership"]);
    report
}

#[test]
fn every_container_gives_the_same_report() {
    let (site, _) = vsan_incident(&VsanOptions::default());
    let (_folder, plain) = analyze_site(&site, Container::Tgz, &[]);
    let plain = without_places(&plain.report);
    for container in [Container::Tar, Container::Zip, Container::TreeZip, Container::Wrapped, Container::Tree]
    {
        let (_folder, other) = analyze_site(&site, container, &[]);
        assert_eq!(without_places(&other.report), plain, "{container:?}");
    }
}

#[test]
fn threads_leave_no_trace_in_any_output() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let mut seen: Vec<BTreeMap<String, Vec<u8>>> = Vec::new();
    for jobs in ["1", "8", "3"] {
        let forms = "html,md,json,csv,timesketch";
        let run = analyze(&paths, folder.path(), &["--jobs", jobs, "--format", forms]);
        assert_eq!(run.code, 0);
        let out = folder.path().join("out");
        let files = fs::read_dir(&out).expect("listed").flatten();
        seen.push(
            files
                .map(|file| {
                    (file.file_name().to_string_lossy().into_owned(), fs::read(file.path()).expect("read"))
                })
                .collect(),
        );
    }
    assert_eq!(seen[0].len(), 6, "five forms and the mark");
    assert!(seen[0] == seen[1] && seen[0] == seen[2], "the outputs differ");
}

/// The text of a member of a `.tgz` bundle, decoded.
fn member(bundle: &Path, path: &str) -> Vec<u8> {
    let file = fs::File::open(bundle).expect("opened");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("entry");
        if entry.path().expect("a path").to_string_lossy() == path {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("read");
            if bytes.starts_with(b"\x1f\x8b") {
                let mut text = Vec::new();
                flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text).expect("decoded");
                return text;
            }
            return bytes;
        }
    }
    panic!("{path} is not in {}", bundle.display());
}

#[test]
fn every_line_of_evidence_stands_where_it_is_said_to() {
    for site in [evc_incident(&EvcOptions::default()).0, vsan_incident(&VsanOptions::default()).0] {
        let (folder, paths) = written(site, Container::Tgz);
        let report = analyze(&paths, folder.path(), &[]).report;
        let (mut checked, mut cache) = (0, BTreeMap::new());
        for line in report["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .flat_map(|f| f["evidence"].as_array().expect("evidence"))
        {
            let (bundle, path) = line["file"].as_str().expect("a path").split_once('!').expect("in a bundle");
            let bundle = paths.iter().find(|path| path.ends_with(bundle)).expect("given");
            let text = cache.entry((bundle, path.to_owned())).or_insert_with(|| member(bundle, path));
            let offset = usize::try_from(line["offset"].as_u64().expect("a number")).expect("fits");
            let told = line["text"].as_str().expect("text");
            let there = String::from_utf8_lossy(&text[offset..]);
            assert!(there.starts_with(told.trim_end_matches('…')), "{path} at {offset}: {told}");
            let number = text[..offset].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
            assert_eq!(line["line"], number, "{path}: {told}");
            checked += 1;
        }
        assert!(checked > 10, "only {checked} lines");
    }
}

#[test]
fn logs_that_are_there_twice_count_once() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    let (_folder, once) = analyze_site(&site, Container::Tgz, &[]);
    for host in &mut site.hosts {
        host.duplicate_logs = true;
    }
    let (_folder, twice) = analyze_site(&site, Container::Tgz, &[]);
    let count = |report: &Value| events(report, "vsan.node-left").len();
    assert_eq!(count(&once.report), count(&twice.report));
    assert!(
        twice.report["problems"]
            .as_array()
            .expect("problems")
            .iter()
            .any(|problem| problem["kind"] == "duplicate")
    );
}

#[test]
fn a_bundle_cut_in_the_middle_is_used_up_to_the_cut() {
    let (site, _) = vsan_incident(&VsanOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let whole = fs::read(&paths[1]).expect("read");
    fs::write(&paths[1], &whole[..whole.len() * 3 / 5]).expect("cut");
    let run = analyze(&paths, folder.path(), &["--fail-on", "incomplete"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    finding(&run.report, "vsan.host-lost");
    let problems = run.report["problems"].as_array().expect("problems");
    assert!(problems.iter().any(|problem| problem["kind"] == "truncated"), "{problems:#?}");
    let incomplete = findings(&run.report, "evidence.incomplete");
    assert!(incomplete.iter().any(|finding| finding["cause"]["id"] == "truncated"));
}

#[test]
fn one_unreadable_path_among_several_is_a_problem_and_no_more() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (folder, mut paths) = written(site, Container::Tgz);
    let notes = folder.path().join("notes.txt");
    fs::write(&notes, "nothing here\n").expect("written");
    paths.push(notes);
    paths.push(folder.path().join("not-there.tgz"));
    let run = analyze(&paths, folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    finding(&run.report, "evc.feature-mismatch");
    let told: Vec<&str> = run.report["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .filter_map(|p| p["path"].as_str())
        .collect();
    assert!(
        told.iter().any(|path| path.ends_with("notes.txt"))
            && told.iter().any(|path| path.ends_with("not-there.tgz"))
    );
}

#[test]
fn what_is_no_bundle_is_refused_with_path_and_hint() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("notes.txt"), "nothing here\n").expect("written");
    fs::write(folder.path().join("empty.tgz"), "").expect("written");
    fs::write(folder.path().join("zeros.tgz"), [0; 4096]).expect("written");
    fs::create_dir(folder.path().join("bare")).expect("made");
    for path in ["notes.txt", "empty.tgz", "zeros.tgz", "bare", "absent.tgz"] {
        let output = esxray(["analyze", path], folder.path());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{path}: {stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains(path) && stderr.contains("hint: "),
            "{stderr}"
        );
        assert!(output.stdout.is_empty());
        assert!(
            !folder.path().join("esxray-report").exists(),
            "nothing is left of a run that could not be done"
        );
    }
}

#[test]
fn a_folder_of_other_files_is_not_written_into() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("made");
    fs::write(out.join("thesis.txt"), "years of work").expect("written");
    let run = analyze(&paths, folder.path(), &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--force"), "{}", run.stderr);
    assert_eq!(analyze(&paths, folder.path(), &["--force"]).code, 0);
    assert_eq!(fs::read_to_string(out.join("thesis.txt")).expect("kept"), "years of work");
    // What esxray wrote it may write again.
    assert_eq!(analyze(&paths, folder.path(), &[]).code, 0);
}

#[test]
fn fail_on_and_the_exit_status_agree() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let code = |what: &str| analyze(&paths, folder.path(), &["--fail-on", what]).code;
    assert_eq!((code("critical"), code("error"), code("info"), code("incomplete")), (0, 1, 1, 0));
    assert_eq!(esxray(["analyze"], folder.path()).status.code(), Some(2));
    assert_eq!(esxray(["--help"], folder.path()).status.code(), Some(0));
}

#[test]
fn a_report_in_japanese_is_japanese_and_says_the_same() {
    let (site, _) = vsan_incident(&VsanOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let en = analyze(&paths, folder.path(), &[]).report;
    let ja = analyze(&paths, folder.path(), &["--lang", "ja"]).report;
    let japanese =
        |text: &Value| text.as_str().expect("text").chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c));
    for (en, ja) in
        en["findings"].as_array().expect("list").iter().zip(ja["findings"].as_array().expect("list"))
    {
        assert_eq!(
            (&en["id"], &en["details"], &en["evidence"]),
            (&ja["id"], &ja["details"], &ja["evidence"])
        );
        assert!(japanese(&ja["title"]) && japanese(&ja["summary"]) && japanese(&ja["cause"]["text"]));
        assert!(!japanese(&en["title"]) && !japanese(&en["summary"]));
        assert!(ja["remedy"].as_array().expect("steps").iter().all(|step| japanese(&step["text"])));
    }
}

#[test]
fn logs_and_reports_beside_bundles_do_not_hide_them() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (folder, _) = written(site, Container::Tgz);
    let case = folder.path().join("in");
    fs::write(case.join("vmkernel.log"), "2020-02-03T10:00:00.100Z cpu4:20977)x: 1: y\n").expect("written");
    fs::write(case.join("notes.txt"), "nothing here").expect("written");
    let run = analyze(std::slice::from_ref(&case), folder.path(), &[]);
    finding(&run.report, "evc.feature-mismatch");
    let problems = run.report["problems"].as_array().expect("problems");
    assert_eq!(
        problems.iter().filter(|problem| problem["kind"] == "not-a-bundle").count(),
        2,
        "{problems:#?}"
    );
}

#[test]
fn fragments_given_twice_count_once_and_a_missing_one_is_a_gap() {
    let lines = |from: u32, to: u32| -> Vec<u8> {
        (from..to)
            .flat_map(|n| {
                format!("2020-02-03T10:{:02}:{:02}.000Z cpu4:20977)x: {n}: y\n", n / 60 % 60, n % 60)
                    .into_bytes()
            })
            .collect()
    };
    let read = |pieces: &[(u32, u32, u32)]| -> Value {
        let folder = TempDir::new().expect("a temporary folder");
        let mut archive = tar::Builder::new(Vec::new());
        for (number, from, to) in pieces {
            let text = lines(*from, *to);
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_cksum();
            let path = format!("esx-a/var/run/log/vmkernel.log.FRAG-{number:05}");
            archive.append_data(&mut header, path, &text[..]).expect("in memory");
        }
        let bundle = folder.path().join("esx-a.tar");
        fs::write(&bundle, archive.into_inner().expect("in memory")).expect("written");
        analyze(&[bundle], folder.path(), &[]).report
    };
    let records = |report: &Value| report["coverage"][0]["records"].clone();
    let kinds = |report: &Value| -> Vec<String> {
        report["problems"]
            .as_array()
            .expect("problems")
            .iter()
            .map(|p| p["kind"].as_str().expect("a kind").to_owned())
            .collect()
    };
    let whole = read(&[(1, 100, 200), (0, 0, 100), (2, 200, 300)]);
    assert_eq!((records(&whole), kinds(&whole)), (300.into(), vec![]));
    let twice = read(&[(0, 0, 100), (1, 100, 200), (0, 0, 100), (2, 200, 300), (2, 200, 300)]);
    assert_eq!((records(&twice), kinds(&twice)), (300.into(), vec!["duplicate".to_owned(); 2]));
    let gap = read(&[(0, 0, 100), (2, 200, 300)]);
    assert_eq!((records(&gap), kinds(&gap)), (200.into(), vec!["missing-fragment".to_owned()]));
}

#[test]
fn limits_are_kept_and_said() {
    let folder = TempDir::new().expect("a temporary folder");
    // A sparse member that claims far more than there is.
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_entry_type(tar::EntryType::GNUSparse);
    let mut archive = tar::Builder::new(Vec::new());
    if let Some(gnu) = header.as_gnu_mut() {
        // One gigabyte, all of it a hole: what is stored is nothing, at the end of it.
        gnu.set_real_size(1 << 30);
        gnu.sparse[0].offset.copy_from_slice(b"10000000000\0");
        gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    }
    header.set_path("esx-a/var/run/log/hostd.log").expect("short");
    header.set_cksum();
    archive.append(&header, &b""[..]).expect("in memory");
    let log = "2020-02-03T10:00:00.100Z cpu4:20977)x: 1: y\n";
    let mut header = tar::Header::new_gnu();
    header.set_size(log.len() as u64);
    header.set_cksum();
    archive.append_data(&mut header, "esx-a/var/run/log/vmkernel.log", log.as_bytes()).expect("in memory");
    let bundle = folder.path().join("esx-a.tar");
    fs::write(&bundle, archive.into_inner().expect("in memory")).expect("written");
    let run = analyze(&[bundle], folder.path(), &["--max-member-bytes", "1000000"]);
    let problems = run.report["problems"].as_array().expect("problems");
    assert!(problems.iter().any(|problem| problem["kind"] == "limit"), "{problems:#?}");
    let vmkernel =
        run.report["coverage"].as_array().expect("coverage").iter().find(|log| log["log"] == "vmkernel");
    assert_eq!(vmkernel.unwrap_or_else(|| panic!("not read: {problems:#?}"))["records"], 1);
}

#[test]
fn what_esxray_says_on_the_terminal_holds_no_escape_sequence() {
    let folder = TempDir::new().expect("a temporary folder");
    let name = "evil\u{1b}]0;owned\u{7}.txt";
    fs::write(folder.path().join(name), "nothing").expect("written");
    let output = esxray(["analyze", name], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        !output.stderr.contains(&0x1b) && !output.stderr.contains(&7),
        "{:?}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn bundles_put_behind_each_other_are_all_read_and_a_wrong_checksum_is_said() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let all: Vec<u8> = paths.iter().flat_map(|path| fs::read(path).expect("read")).collect();
    let joined = folder.path().join("all.tgz");
    fs::write(&joined, &all).expect("written");
    let run = analyze(std::slice::from_ref(&joined), folder.path(), &[]);
    assert_eq!(run.report["hosts"].as_array().map(Vec::len), Some(paths.len()));
    finding(&run.report, "evc.feature-mismatch");
    assert_eq!(run.report["problems"].as_array().map(Vec::len), Some(0));

    let mut flipped = fs::read(&paths[0]).expect("read");
    let crc = flipped.len() - 6;
    flipped[crc] ^= 1;
    fs::write(&joined, &flipped).expect("written");
    let run = analyze(&[joined], folder.path(), &[]);
    let problems = run.report["problems"].as_array().expect("problems");
    assert!(problems.iter().any(|problem| problem["kind"] == "damaged"), "{problems:#?}");
}

#[test]
fn an_endless_name_is_refused_and_what_stands_before_it_is_kept() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut archive = tar::Builder::new(Vec::new());
    let log = "2020-02-03T10:00:00.100Z cpu4:20977)x: 1: y\n";
    let mut header = tar::Header::new_gnu();
    header.set_size(log.len() as u64);
    header.set_cksum();
    archive.append_data(&mut header, "esx-a/var/run/log/vmkernel.log", log.as_bytes()).expect("in memory");
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(8 << 20);
    header.set_path("name").expect("short");
    header.set_cksum();
    archive.append(&header, std::io::repeat(b'a').take(8 << 20)).expect("in memory");
    let bundle = folder.path().join("esx-a.tar");
    fs::write(&bundle, archive.into_inner().expect("in memory")).expect("written");
    let run = analyze(&[bundle], folder.path(), &[]);
    let problems = run.report["problems"].as_array().expect("problems");
    assert!(problems.iter().any(|problem| problem["kind"] == "limit"), "{problems:#?}");
    assert_eq!(run.report["coverage"][0]["records"], 1);
}
