//! What the evidence covers: several captures of a host, holes in its logs, and the ledger that names what is missing.

#[path = "common/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use esxray::demo::{
    Container, DamageTruth, EvcOptions, ScriptedLine, Site, Volume, VsanOptions, damaged_evidence,
    evc_incident, healthy, vsan_incident, write_site,
};
use esxray::model::Timestamp;
use run::{analyze, analyze_site, esxray, finding, findings};
use serde_json::Value;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

fn written(site: &Site, folder: &Path, container: Container) -> Vec<PathBuf> {
    write_site(site, folder, container).expect("written")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is no list"))
}

fn host<'a>(report: &'a Value, id: &str) -> &'a Value {
    list(report, "hosts").iter().find(|host| host["id"] == id).unwrap_or_else(|| panic!("no host {id}"))
}

fn coverage<'a>(report: &'a Value, host: &str, log: &str) -> &'a Value {
    let of_it = |entry: &&Value| entry["host"] == host && entry["log"] == log;
    list(report, "coverage").iter().find(of_it).unwrap_or_else(|| panic!("no {log} of {host}"))
}

fn time(value: &Value) -> Timestamp {
    value.as_str().expect("a time").parse().expect("a time")
}

/// The vSAN incident, and the same hosts as they were a day earlier: not upgraded, and all of them members.
fn before_and_after() -> (Site, Site) {
    let (mut after, _) = vsan_incident(&VsanOptions::default());
    after.set_volume(Volume::SMALL);
    after.vcenter = None;
    let whole = healthy(&VsanOptions::default().cluster);
    let mut before = after.clone();
    for (host, healthy) in before.hosts.iter_mut().zip(&whole.hosts) {
        let stop = host.downtimes.first().expect("it was rebooted for the upgrade").0;
        host.captured_at = stop.plus_seconds(-86_400);
        host.log_from = host.log_from.plus_seconds(-86_400);
        host.release = host.previous_release.take().expect("it was upgraded");
        host.booted_at = healthy.booted_at;
        host.downtimes.clear();
        host.vms = healthy.vms.clone();
        host.vsan = healthy.vsan.clone();
        host.evc_masks.insert("cpuid.RDSEED".to_owned(), "Val:1".to_owned());
        host.unreachable_from = None;
        host.lines.clear();
    }
    // Three things that happened before either capture: both bundles tell them.
    for at in [-9_000, -6_000, -3_000] {
        let at = before.hosts[1].captured_at.plus_seconds(at);
        let text = "The host has entered maintenance mode, as planted.";
        let line = ScriptedLine::vob(at, "UserLevelCorrelator", "esx.audit.maintenancemode.entered", text);
        before.hosts[1].lines.push(line.clone());
        after.hosts[1].lines.push(line);
    }
    (before, after)
}

#[test]
fn two_captures_of_a_host_are_one_host_with_a_history() {
    let (before, after) = before_and_after();
    let folder = TempDir::new().expect("a temporary folder");
    let mut paths = written(&after, &folder.path().join("after"), Container::Tgz);
    let only_after = analyze(&paths, folder.path(), &[]).report;
    let older = written(&before, &folder.path().join("before"), Container::Tgz);
    let only_before = analyze(&older, folder.path(), &[]).report;
    paths.extend(older);
    let run = analyze(&paths, folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report = run.report;

    assert_eq!(list(&report, "hosts").len(), after.hosts.len());
    for name in ["esx01", "esx02", "esx03", "esx04"] {
        let one = host(&report, name);
        let captures = list(one, "captures");
        assert_eq!(captures.len(), 2, "{name}");
        assert!(time(&captures[0]["captured_at"]) > time(&captures[1]["captured_at"]));
        assert_eq!(captures[0]["build"], one["build"], "the newer one tells the state");
        assert_eq!((&one["build"], &captures[1]["build"]), (&"14320388".into(), &"10302608".into()));
        for log in ["vmkernel", "hostd", "vpxa"] {
            let all = coverage(&report, name, log);
            assert_eq!(all["from"], coverage(&only_before, name, log)["from"], "{name} {log}");
            assert_eq!(all["to"], coverage(&only_after, name, log)["to"], "{name} {log}");
        }
    }
    let lost = host(&report, "esx01");
    let change = |what: &str| list(lost, "changes").iter().find(|change| change["what"] == what).cloned();
    let build = change("build").expect("the build changed");
    assert_eq!((&build["older"], &build["newer"]), (&"10302608".into(), &"14320388".into()));
    assert_eq!(build["since"], list(lost, "captures")[1]["captured_at"]);
    let members = change("vsan-members").expect("it was lost");
    assert_eq!((&members["older"], &members["newer"]), (&"4".into(), &"1".into()));
    assert_eq!(change("unicast-peers").expect("its peers are gone")["newer"], "0");
    let mask = change("evc-mask").expect("a mask was removed");
    assert_eq!(
        (&mask["key"], &mask["older"], &mask["newer"]),
        (&"cpuid.rdseed".into(), &"Val:1".into(), &Value::Null)
    );

    // The verdict is that of the newer state.
    assert_eq!(
        finding(&report, "vsan.host-lost")["details"],
        finding(&only_after, "vsan.host-lost")["details"]
    );
    let events = list(&report, "timeline");
    let told: BTreeSet<String> = events
        .iter()
        .map(|event| format!("{} {} {} {}", event["time"], event["host"], event["kind"], event["text"]))
        .collect();
    assert_eq!(told.len(), events.len(), "no event is told twice");
    let planted = events.iter().filter(|event| event["message"].to_string().contains("as planted"));
    assert_eq!(planted.count(), 3);

    for form in ["html", "md"] {
        let text =
            fs::read_to_string(folder.path().join("out").join(format!("report.{form}"))).expect("read");
        assert!(text.contains("Older bundle") && text.contains("build 10302608 → 14320388"), "{form}");
    }
}

#[test]
fn the_same_bundle_under_another_name_or_in_another_container_counts_once() {
    let (mut site, _) = evc_incident(&EvcOptions::default());
    site.set_volume(Volume::SMALL);
    let folder = TempDir::new().expect("a temporary folder");
    let paths = written(&site, &folder.path().join("a"), Container::Tgz);
    let once = analyze(&paths, folder.path(), &[]).report;
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).expect("made");
    let mut renamed = paths.clone();
    for (n, path) in paths.iter().enumerate() {
        let copy = copies.join(format!("upload-{n}.tgz"));
        fs::copy(path, &copy).expect("copied");
        renamed.push(copy);
    }
    let mut repacked = paths.clone();
    repacked.extend(written(&site, &folder.path().join("b"), Container::Tree));
    let mut cut = paths.clone();
    let bytes = fs::read(&paths[0]).expect("read");
    cut.push(copies.join("cut.tgz"));
    fs::write(&cut[cut.len() - 1], &bytes[..bytes.len() * 7 / 10]).expect("written");
    for (how, twice, copies) in
        [("renamed", &renamed, paths.len()), ("repacked", &repacked, paths.len()), ("cut", &cut, 1)]
    {
        let report = analyze(twice, folder.path(), &[]).report;
        for part in ["findings", "coverage", "timeline"] {
            assert!(report[part] == once[part], "{how}: the {part} differ");
        }
        assert!(list(&report, "hosts").iter().all(|host| list(host, "captures").len() == 1));
        let problems = list(&report, "problems").iter().filter(|problem| problem["kind"] == "duplicate");
        assert_eq!(problems.count(), copies);
    }
}

#[test]
fn a_copy_of_a_vsan_host_counts_once_whatever_it_is_called() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    site.set_volume(Volume::SMALL);
    let folder = TempDir::new().expect("a temporary folder");
    let paths = written(&site, &folder.path().join("in"), Container::Tgz);
    let once = analyze(&paths, folder.path(), &[]).report;
    let copy = folder.path().join("esx01 (1).tgz");
    fs::copy(&paths[0], &copy).expect("copied");
    let tar = written(&site, &folder.path().join("tar"), Container::Tar).swap_remove(0);
    for copy in [copy, tar] {
        let mut given = paths.clone();
        given.push(copy);
        let report = analyze(&given, folder.path(), &[]).report;
        assert_eq!(list(host(&report, "esx01"), "captures").len(), 1, "{given:?}");
        assert_eq!(report["coverage"], once["coverage"]);
        given.reverse();
        let report = analyze(&given, folder.path(), &[]).report;
        assert_eq!(list(host(&report, "esx01"), "captures").len(), 1, "{given:?}");
    }
}

#[test]
fn records_that_cannot_be_parsed_are_shown() {
    let (mut site, _) = evc_incident(&EvcOptions::default());
    let text = "this log begins in the middle of <b>a record\n2020-02-17T10:00:00.100Z cpu4:20977)x: 1: y\n";
    site.hosts[0].extra.insert("var/run/log/vmkalert.log".to_owned(), text.as_bytes().to_vec());
    let (folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let log = coverage(&run.report, "esx01", "vmkalert");
    assert_eq!(log["unparsed"], 1);
    let samples = list(log, "samples");
    assert_eq!((samples.len(), &samples[0]["line"], &samples[0]["offset"]), (1, &1.into(), &0.into()));
    assert_eq!(samples[0]["text"], "this log begins in the middle of <b>a record");
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).expect("read");
    assert!(read("report.html").contains("middle of &lt;b&gt;a record"));
    assert!(read("report.md").contains("\nthis log begins in the middle of <b>a record\n```\n"));
    let ledger = inspect(&folder, &[]);
    assert!(ledger.contains("vmkalert.log:1: this log begins in the middle"), "{ledger}");
}

#[test]
fn a_rotation_that_is_missing_where_the_incident_lies_is_a_finding() {
    let options = VsanOptions::default();
    let (mut site, truth) = vsan_incident(&options);
    site.set_volume(Volume { rotate_at: 16, ..Volume::SMALL });
    let folder = TempDir::new().expect("a temporary folder");
    let paths = written(&site, &folder.path().join("whole"), Container::Tgz);
    let whole = analyze(&paths, folder.path(), &[]).report;
    assert!(findings(&whole, "evidence.incomplete").is_empty());
    assert!(list(&whole, "coverage").iter().all(|log| list(log, "gaps").is_empty()), "quiet time is no gap");
    // The loss is in the newest rotation of the host that fell out.
    let index = site.hosts.iter().position(|host| host.name == truth.host).expect("the lost host");
    site.hosts[index].omit.insert("var/run/log/hostd.0.gz".to_owned());
    let paths = written(&site, &folder.path().join("holed"), Container::Tgz);
    let report = analyze(&paths, folder.path(), &[]).report;
    let gaps = list(coverage(&report, "esx01", "hostd"), "gaps");
    assert_eq!((gaps.len(), &gaps[0]["why"]), (1, &"rotation-missing".into()));
    assert_eq!(gaps[0]["files"], serde_json::json!(["hostd.0.gz"]));
    let lost_at = time(&finding(&report, "vsan.host-lost")["first_seen"]);
    let spans = time(&gaps[0]["from"]) <= lost_at && lost_at <= time(&gaps[0]["to"]);
    assert!(spans, "the planted hole is where the incident is: {} {lost_at}", gaps[0]);
    let told = finding(&report, "evidence.incomplete");
    assert_eq!(told["cause"]["id"], "rotated");
    assert_eq!(told["details"]["holes"][0]["files"], serde_json::json!(["hostd.0.gz"]));
}

fn inspect(folder: &TempDir, more: &[&str]) -> String {
    let mut args = vec!["inspect", "in"];
    args.extend(more);
    let output = esxray(args, folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn damaged() -> (TempDir, Vec<PathBuf>, DamageTruth) {
    let (site, truth) = damaged_evidence(Volume::SMALL, 5);
    let folder = TempDir::new().expect("a temporary folder");
    let paths = written(&site, &folder.path().join("in"), Container::Tgz);
    (folder, paths, truth)
}

/// The part of a ledger that is on the host whose full name is `name`, on one line.
fn part<'a>(ledger: &'a str, name: &str) -> String {
    let is_it = |part: &&'a str| part.contains(&format!("({name})"));
    let part = ledger.split("\n\n").skip_while(|part| !is_it(part)).take(2).collect::<Vec<_>>();
    assert!(!part.is_empty(), "{name} is not in\n{ledger}");
    part.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn inspect_names_everything_that_was_planted() {
    let (folder, paths, truth) = damaged();
    let ledger = inspect(&folder, &[]);
    let rotation = part(&ledger, &truth.rotation.host);
    assert!(
        rotation.contains("Gaps (1) vmkernel ") && rotation.contains("): vmkernel.1.gz is not in the bundle"),
        "{rotation}"
    );
    let (fragment, number) = &truth.fragment;
    let (file, _) = fragment.member.split_once(".FRAG-").expect("a fragment");
    let said = part(&ledger, &fragment.host);
    assert!(said.contains("Fragments missing (1)"), "{said}");
    assert!(said.contains(&format!("{file}: fragment {number} is missing")), "{said}");
    let cut = part(&ledger, &truth.cut);
    let bundle = paths.iter().find(|path| path.to_string_lossy().contains(&truth.cut)).expect("written");
    let bundle = bundle.file_name().expect("a name").to_string_lossy().into_owned();
    let (_, said) = cut.split_once(&format!("{bundle}: ")).expect("the bundle is named as damaged");
    assert!(
        cut.contains("Cut short")
            && said.split(" var/").next().is_some_and(|said| said.contains("ends early")),
        "{cut}"
    );
    // The live logs at the end of the bundle went with it.
    assert!(cut.contains("not here ") && cut.contains(": most of the other hosts have them"), "{cut}");
    assert_eq!(ledger.matches("not here ").count(), 1, "{ledger}");
    assert!(ledger.contains("Hosts without a bundle (1)\n"), "{ledger}");
    assert!(ledger.contains(&format!("  {} (named by node01, node02", truth.absent)), "{ledger}");
    assert!(ledger.contains(" read, ") && ledger.contains(" others hold nothing that is known"));
    let dump = part(&ledger, &truth.encrypted.host);
    assert!(dump.contains("Encrypted (1)") && dump.contains(&truth.encrypted.member), "{dump}");
}

#[test]
fn the_incident_is_found_in_damaged_evidence_too_and_what_is_lost_is_said() {
    let (folder, paths, truth) = damaged();
    let report = analyze(&paths, folder.path(), &[]).report;
    let found = finding(&report, "evc.feature-mismatch");
    assert_eq!(found["details"]["features"], serde_json::json!(truth.incident.features));
    assert_eq!(list(found, "vms").len(), truth.incident.pinned.len());
    let incomplete = findings(&report, "evidence.incomplete");
    let cause = |id: &str| incomplete.iter().find(|finding| finding["cause"]["id"] == id).copied();
    let members = list(&cause("truncated").expect("a cut bundle")["details"], "members");
    let fragment = truth.fragment.0.member.split_once(".FRAG-").expect("a fragment").0;
    assert!(
        members.iter().any(|member| member["member"].as_str().is_some_and(|path| path.ends_with(fragment)))
    );
    let lost: Vec<&Value> = members.iter().filter(|member| !member["from"].is_null()).collect();
    assert!(!lost.is_empty(), "the bundle ends in a log: {members:#?}");
    for member in lost {
        assert!(time(&member["from"]) < time(&member["to"]) && member["bytes_read"].is_u64(), "{member}");
    }
    assert_eq!(
        cause("missing-bundle").expect("an absent host")["details"]["missing"][0],
        truth.absent.as_str()
    );
}

#[test]
fn the_ledger_fits_its_width_in_both_languages() {
    let (folder, _, _) = damaged();
    for lang in ["en", "ja"] {
        let ledger = inspect(&folder, &["--lang", lang]);
        let long = ledger.lines().find(|line| line.width() > 80);
        assert_eq!(long, None, "{ledger}");
        let ends = |line: &str| line.trim_end().width();
        for table in ledger.split("\n\n").filter(|part| part.contains("vmkernel ")) {
            // The table ends where the indented lines begin; its last column is a number.
            let rows: Vec<&str> = table.lines().take_while(|line| !line.ends_with(')')).collect();
            let widths: BTreeSet<usize> = rows.iter().map(|row| ends(row)).collect();
            assert_eq!(widths.len(), 1, "the columns do not align:\n{table}");
        }
        assert_eq!(ledger.contains("欠落"), lang == "ja");
    }
}

#[test]
fn long_lists_are_cut_and_shown_in_full_on_demand() {
    let (mut site, _) = evc_incident(&EvcOptions::default());
    site.set_volume(Volume::SMALL);
    let line = b"2020-02-17T10:00:00.100Z| vmx| I125: m\n";
    for n in 0..15 {
        // A gzip stream that ends in its header.
        site.hosts[0].extra.insert(
            format!("vmfs/volumes/d/vm{n:02}/vmware-1.log"),
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec(),
        );
        site.hosts[0].extra.insert(
            format!("vmfs/volumes/d/vm{n:02}/vmware.log"),
            [&line[..], b"x\n"].concat().repeat(n + 1),
        );
    }
    let folder = TempDir::new().expect("a temporary folder");
    written(&site, &folder.path().join("in"), Container::Tgz);
    let short = inspect(&folder, &[]);
    assert!(short.contains("Cut short (15)") && short.contains("… and 5 more; --all shows them"), "{short}");
    assert!(!short.contains("vm14/vmware-1.log"));
    let full = inspect(&folder, &["--all"]);
    assert!(full.contains("vm14/vmware-1.log") && !full.contains("--all shows them"), "{full}");
}

/// `bytes` with `length` of them zeroed from `at` on, as a transfer leaves them that lost a block.
fn holed(bytes: &[u8], at: usize, length: usize) -> Vec<u8> {
    let end = (at + length).min(bytes.len());
    [&bytes[..at], &vec![0; end - at], &bytes[end..]].concat()
}

#[test]
fn a_hole_in_a_bundle_leaves_no_log_short_without_saying_so() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    site.set_volume(Volume::SMALL);
    let folder = TempDir::new().expect("a temporary folder");
    let paths = written(&site, &folder.path().join("in"), Container::Tgz);
    let whole = analyze(&paths, folder.path(), &[]).report;
    let bytes = fs::read(&paths[0]).expect("read");
    let mut told = 0;
    for tenth in 1..10 {
        fs::write(&paths[0], holed(&bytes, bytes.len() * tenth / 10, bytes.len() / 12)).expect("written");
        let report = analyze(&paths, folder.path(), &[]).report;
        let logs: Vec<&Value> =
            list(&report, "coverage").iter().filter(|log| log["host"] == "esx01").collect();
        let absent = list(host(&report, "esx01"), "absent_logs");
        for name in ["vmkernel", "hostd", "vpxa", "fdm"] {
            let is_there = logs.iter().any(|log| log["log"] == name);
            assert!(is_there || absent.contains(&name.into()), "{name} is gone without a word at {tenth}");
        }
        for log in logs {
            let name = log["log"].as_str().expect("a name");
            let gaps = list(log, "gaps");
            let perhaps = |gap: &Value| gap["files"].to_string().contains(".tgz\"");
            if ["shell", "esxupdate", "vmware"].contains(&name) {
                assert!(!gaps.iter().any(perhaps), "{name} is always quiet: {gaps:?}");
            }
            if ["vmkernel", "hostd", "vpxa", "fdm"].contains(&name) {
                let lost = time(&coverage(&whole, "esx01", name)["to"]).since(time(&log["to"]));
                let captured = &host(&report, "esx01")["captured_at"];
                let is_told = gaps.iter().any(|gap| gap["to"] == *captured);
                assert!(lost < 3 * 3_600_000_000 || is_told, "{name} lost {lost} at {tenth}: {gaps:?}");
            }
            for gap in gaps.iter().filter(|gap| perhaps(gap)) {
                assert_eq!((&gap["why"], &gap["partial"]), (&"damaged".into(), &true.into()));
                told += 1;
            }
        }
    }
    assert!(told > 0, "no hole cost a whole stretch");
}

#[test]
fn logs_that_are_missing_altogether_are_in_every_form() {
    let (folder, paths, truth) = damaged();
    let run = analyze(&paths, folder.path(), &[]);
    let cut = list(&run.report, "hosts").iter().find(|host| host["name"] == truth.cut.as_str());
    let cut = cut.expect("it was read in part");
    let logs: Vec<&str> = list(cut, "absent_logs").iter().filter_map(Value::as_str).collect();
    assert!(!logs.is_empty());
    let others = list(&run.report, "hosts").iter().filter(|host| host["name"] != truth.cut.as_str());
    assert!(others.into_iter().all(|host| list(host, "absent_logs").is_empty()));
    let said = format!("{}: most of the other hosts have them", logs.join(", "));
    for form in ["html", "md"] {
        let text =
            fs::read_to_string(folder.path().join("out").join(format!("report.{form}"))).expect("read");
        let plain = text.replace('\\', "");
        assert!(plain.contains(&said) && text.contains("Logs that are missing altogether"), "{form}: {said}");
    }
    let incomplete = findings(&run.report, "evidence.incomplete");
    let found = incomplete.iter().find(|finding| finding["cause"]["id"] == "truncated").expect("cut");
    let lost = format!("Lost with it on {}: {}.", cut["id"].as_str().expect("an id"), logs.join(", "));
    assert!(found["summary"].as_str().expect("text").contains(&lost), "{found:#}");
    assert_eq!(found["details"]["absent_logs"][0]["logs"], cut["absent_logs"]);
}

#[test]
fn a_limit_is_no_damage_and_its_option_is_named() {
    let (site, _) = evc_incident(&EvcOptions::default());
    let (_folder, run) = analyze_site(&site, Container::Tgz, &["--max-kept", "26"]);
    let incomplete = findings(&run.report, "evidence.incomplete");
    let title = |finding: &Value| finding["title"].as_str().expect("text").to_owned();
    let found = incomplete.iter().find(|finding| title(finding).starts_with("Limits were reached: "));
    let found = found.expect("a finding of its own");
    assert_eq!(incomplete.len(), 1, "nothing is damaged or missing: {incomplete:#?}");
    assert!(found["summary"].as_str().expect("text").contains("esx-esx01."), "{found:#}");
    assert_eq!(found["cause"]["id"], "truncated");
    let remedy = found["remedy"].to_string();
    assert!(remedy.contains("--max-kept") && !remedy.contains("Transfer"), "{remedy}");
    assert!(run.stdout.contains(" not read to the end, as "), "{}", run.stdout);
}

#[test]
fn damaged_files_are_counted_alike_everywhere_and_named() {
    let (folder, paths, truth) = damaged();
    let run = analyze(&paths, folder.path(), &[]);
    let incomplete = findings(&run.report, "evidence.incomplete");
    let found = incomplete.iter().find(|finding| finding["cause"]["id"] == "truncated").expect("cut");
    let count = list(&found["details"], "members").len();
    assert!(
        found["title"].as_str().expect("text").contains(&format!(": {count} files end early")),
        "{found:#}"
    );
    assert!(run.stdout.contains(&format!("\n{count} files could only be read in part")), "{}", run.stdout);
    let ledger = inspect(&folder, &[]);
    let listed = ["  Fragments missing (", "  Cut short (", "  Damaged (", "  Could not be read ("];
    let number = |line: &str| {
        let rest = listed.iter().find_map(|heading| line.strip_prefix(heading))?;
        rest.trim_end_matches(')').parse::<usize>().ok()
    };
    assert_eq!(ledger.lines().filter_map(number).sum::<usize>(), count, "{ledger}");
    let fragment = truth.fragment.0.member.split_once(".FRAG-").expect("a fragment").0;
    assert!(found["summary"].as_str().expect("text").contains(fragment), "{found:#}");
    let steps = list(found, "remedy");
    assert_eq!(steps.len(), 2, "one a bundle: {steps:?}");
    for (step, host) in steps.iter().zip([&truth.fragment.0.host, &truth.cut]) {
        assert!(step["text"].as_str().expect("text").contains(&format!("Transfer esx-{host}-")), "{step}");
    }
}

#[test]
fn a_missing_bundle_is_asked_of_its_host_by_the_lines_that_name_it() {
    let (folder, paths, truth) = damaged();
    let report = analyze(&paths, folder.path(), &[]).report;
    let incomplete = findings(&report, "evidence.incomplete");
    let found = incomplete.iter().find(|finding| finding["cause"]["id"] == "missing-bundle").expect("absent");
    let step = found["remedy"][0]["text"].as_str().expect("text");
    assert!(step.starts_with(&format!("Collect a support bundle on {} ", truth.absent)), "{step}");
    for line in list(found, "evidence") {
        let text = line["text"].as_str().expect("text");
        assert!(text.contains(&truth.absent_node) || text.contains(&truth.absent), "{text}");
    }
}

#[test]
fn an_encrypted_archive_that_nothing_is_read_of_is_named_as_such() {
    let (mut site, _) = evc_incident(&EvcOptions::default());
    site.set_volume(Volume::SMALL);
    let folder = TempDir::new().expect("a temporary folder");
    let mut paths = written(&site, &folder.path().join("in"), Container::Tgz);
    let zip = written(&site, &folder.path().join("zip"), Container::TreeZip).swap_remove(0);
    let mut bytes = fs::read(&zip).expect("read");
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<usize> = (0..bytes.len() - 4).filter(|&at| &bytes[at..at + 4] == signature).collect();
        places.into_iter().for_each(|at| bytes[at + flags] |= 1);
    }
    let locked = folder.path().join("secret.zip");
    fs::write(&locked, bytes).expect("written");
    paths.push(locked);
    let run = analyze(&paths, folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let said = run.stdout.lines().find(|line| line.starts_with("Encrypted, and nothing of it was read: "));
    assert!(said.is_some(), "{}", run.stdout);
    assert!(run.stdout.contains("secret.zip") && !run.stdout.contains("could not be read"), "{}", run.stdout);
}

#[test]
fn an_incident_in_a_stretch_that_may_be_lost_is_a_finding() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    site.set_volume(Volume { lines: Volume::SMALL.lines * 4, ..Volume::SMALL });
    let folder = TempDir::new().expect("a temporary folder");
    let paths = written(&site, &folder.path().join("in"), Container::Tgz);
    let bytes = fs::read(&paths[0]).expect("read");
    let mut seen = 0;
    for at in 1..12 {
        fs::write(&paths[0], holed(&bytes, bytes.len() * at / 13, bytes.len() / 14)).expect("written");
        let report = analyze(&paths, folder.path(), &[]).report;
        let incomplete = findings(&report, "evidence.incomplete");
        for found in incomplete.iter().filter(|finding| finding["cause"]["id"] == "rotated") {
            let summary = found["summary"].as_str().expect("text");
            assert!(found["remedy"][0]["text"].as_str().expect("text").starts_with("Transfer esx-esx01."));
            seen += usize::from(summary.contains("is cut or damaged, and records may be lost with it"));
        }
    }
    assert!(seen > 0, "no hole hides the incident");
}
