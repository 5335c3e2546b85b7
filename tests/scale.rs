//! More events than are kept: the noisiest give way, what is rare stays, and what is not kept is counted.

#[path = "common/run.rs"]
mod run;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use run::analyze;
use serde_json::Value;
use tempfile::TempDir;

/// Records of one log of a host that fails to send to its peer once in two seconds, with one crash in the middle.
const RECORDS: usize = 900;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

/// The unpacked bundle of `host`, with so many logs of [`RECORDS`] send failures each.
fn noisy(folder: &Path, host: &str, logs: usize) -> PathBuf {
    let root = folder.join(host);
    write(&root.join("etc/vmware/esx.conf"), &format!("/adv/Misc/HostName = \"{host}.example.org\"\n"));
    for log in 0..logs {
        let mut text = String::new();
        for n in 0..RECORDS {
            let second = n * 2;
            let stamp = format!("2023-03-04T{:02}:{:02}:{:02}.250Z", log + 1, second / 60, second % 60);
            let crash = log == logs / 2 && n == RECORDS / 2;
            let body = if crash {
                "@BlueScreen: #PF Exception 14 in world 2099:tq".to_owned()
            } else {
                "CMMDSNet: CMMDSNetSendtoUnicastChannels:1430: Failed to send to unicast host '10.7.0.9;12321' on iface \
                 'vmk1': Host is down"
                    .to_owned()
            };
            let _ = writeln!(text, "{stamp} cpu1:2099)WARNING: {body}");
        }
        // The highest number is the oldest.
        let name =
            if log + 1 == logs { "vmkernel.log".to_owned() } else { format!("vmkernel.{}", logs - 2 - log) };
        write(&root.join("var/run/log").join(name), &text);
    }
    root
}

fn of_kind<'a>(report: &'a Value, host: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = report["timeline"].as_array().expect("a list").iter();
    all.filter(move |entry| entry["host"] == host && entry["kind"] == kind)
}

/// The number at the beginning of what is told of `rule`'s events that were not kept, over all problems.
fn counted(report: &Value, rule: &str) -> usize {
    let texts = report["problems"].as_array().expect("a list").iter();
    let texts = texts.filter(|problem| problem["kind"] == "thinned").filter_map(|p| p["text"].as_str());
    let of_rule = texts.filter(|text| text.contains(&format!("of rule {rule} ")));
    of_rule.filter_map(|text| text.split(' ').next()?.parse::<usize>().ok()).sum()
}

#[test]
fn noise_gives_way_and_is_counted_whatever_the_threads() {
    let folder = TempDir::new().expect("a temporary folder");
    let hosts = [noisy(folder.path(), "esx21", 5), noisy(folder.path(), "esx22", 3)];
    let mut reports = Vec::new();
    for jobs in ["1", "2"] {
        let run = analyze(&hosts, folder.path(), &["--max-events", "1000", "--jobs", jobs]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        reports.push(run.report);
    }
    assert!(reports[0] == reports[1], "the number of threads leaves no trace");
    let report = &reports[0];
    assert!(report["timeline"].as_array().expect("a list").len() <= 1000);
    let (mut kept, mut told) = (0, 0);
    for host in ["esx21", "esx22"] {
        assert_eq!(of_kind(report, host, "host.crash").count(), 1, "what is rare stays");
        let times: Vec<&str> = of_kind(report, host, "vsan.peer-unreachable")
            .map(|entry| entry["time"].as_str().expect("a time"))
            .collect();
        let repeated = |entry: &Value| entry["fields"]["repeated"].as_str()?.parse::<usize>().ok();
        told += of_kind(report, host, "vsan.peer-unreachable").filter_map(repeated).sum::<usize>();
        assert_eq!(times.first(), Some(&"2023-03-04T01:00:00.250Z"), "from the beginning");
        let last = if host == "esx21" { "2023-03-04T05:29:58.250Z" } else { "2023-03-04T03:29:58.250Z" };
        assert_eq!(times.last(), Some(&last), "to the end");
        kept += times.len();
    }
    assert!(kept > 900, "the room is used: {kept}");
    assert_eq!(kept + told + counted(report, "cmmdsnet.unicast-send-failed"), 8 * RECORDS - 2);
    let told = report["problems"].to_string();
    assert!(told.contains("--max-events"), "{told}");
    // With room for all of them nothing is said.
    let run = analyze(&hosts[1..], folder.path(), &[]);
    assert!(!run.report["problems"].to_string().contains("--max-events"));
}

#[test]
fn failures_of_forty_minutes_are_one_row_however_few_are_kept_one_by_one() {
    let folder = TempDir::new().expect("a temporary folder");
    let root = folder.path().join("esx23");
    write(&root.join("etc/vmware/esx.conf"), "/adv/Misc/HostName = \"esx23.example.org\"\n");
    let mut text = String::new();
    for n in 0..1_200 {
        let (minute, second) = (n * 2 / 60, n * 2 % 60);
        let _ = writeln!(
            text,
            "2023-03-04T09:{minute:02}:{second:02}.250Z cpu1:2099)WARNING: CMMDSNet: CMMDSNetSendtoUnicastChannels:1430: \
             Failed to send to unicast host '10.7.0.9;12321' on iface 'vmk1': Host is down"
        );
    }
    write(&root.join("var/run/log/vmkernel.log"), &text);
    let output = run::esxray(["timeline", "esx23"], folder.path());
    let rows = String::from_utf8_lossy(&output.stdout).into_owned();
    let sends: Vec<&str> = rows.lines().filter(|line| line.contains("10.7.0.9")).collect();
    assert_eq!(sends.len(), 1, "{rows}");
    assert!(sends[0].contains("1,200") && sends[0].contains("09:39:58"), "{}", sends[0]);
}
