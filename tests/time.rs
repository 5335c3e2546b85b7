//! Time: stamps without a year, clocks that are set, boots that only the stamps show, and logs that are no logs.

#[path = "common/run.rs"]
mod run;

use std::fs;
use std::path::{Path, PathBuf};

use esxray::demo::{
    ClusterOptions, Container, EvcOptions, Generation, VsanOptions, evc_incident, healthy, vsan_incident,
};
use run::{analyze, analyze_site, events};
use serde_json::Value;
use tempfile::TempDir;

/// An unpacked bundle of one host, made of these files.
fn bundle(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder");
    let root = folder.path().join("esx09");
    for (path, text) in files {
        write(&root.join(path), text);
    }
    write(&root.join("etc/vmware/esx.conf"), "/adv/Misc/HostName = \"esx09.example.org\"\n");
    (folder, root)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

fn report(files: &[(&str, &str)]) -> Value {
    let (folder, root) = bundle(files);
    let run = analyze(&[root], folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.report
}

fn coverage<'a>(report: &'a Value, log: &str) -> &'a Value {
    let all = report["coverage"].as_array().expect("a list");
    all.iter().find(|coverage| coverage["log"] == log).unwrap_or_else(|| panic!("no {log}"))
}

/// Times and qualities of the events of a kind.
fn times(report: &Value, kind: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    events(report, kind).iter().map(|event| (text(&event["time"]), text(&event["time_quality"]))).collect()
}

fn link_down(stamp: &str) -> String {
    format!("{stamp} esx09 vmkernel: 4:01:02:03.456 cpu2:4099)NetPort: 1: vmnic1: link down notification\n")
}

#[test]
fn years_are_counted_back_from_the_capture_over_all_rotations() {
    let newest = link_down("Dec 30 23:00:00") + &link_down("Jan  2 04:05:06") + &link_down("Mar  4 09:00:00");
    let older = link_down("Jun 10 01:00:00") + &link_down("Dec 29 10:00:00");
    // Older by a year and more than the one behind it, as its number says.
    let oldest = link_down("Aug  1 01:00:00") + &link_down("Feb 28 10:00:00");
    let files = [
        ("var/log/vmkernel", newest.as_str()),
        ("var/log/vmkernel.1", older.as_str()),
        ("var/log/vmkernel.2", oldest.as_str()),
    ];
    let expected: Vec<(String, String)> = [
        "2009-08-01T01:00:00Z",
        "2010-02-28T10:00:00Z",
        "2010-06-10T01:00:00Z",
        "2010-12-29T10:00:00Z",
        "2010-12-30T23:00:00Z",
        "2011-01-02T04:05:06Z",
        "2011-03-04T09:00:00Z",
    ]
    .iter()
    .map(|time| ((*time).to_owned(), "estimated".to_owned()))
    .collect();
    let dated = ("commands/date.txt", "Fri Mar  4 10:00:07 UTC 2011\n");
    let read = report(&[files[0], files[1], files[2], dated]);
    assert_eq!(times(&read, "net.link-down"), expected);
    let log = coverage(&read, "vmkernel");
    assert_eq!((&log["from"], &log["to"]), (&expected[0].0.clone().into(), &expected[6].0.clone().into()));
    assert_eq!((&log["records"], &log["unparsed"]), (&7.into(), &0.into()));
    // Without the date of the capture the newest stamp of another log says how late it was.
    let other = "2011-03-04T09:30:00.000Z: [netCorrelator] 4us: [vob.net.x] y\n";
    let read = report(&[files[0], files[1], files[2], ("var/log/vobd.log", other)]);
    assert_eq!(times(&read, "net.link-down"), expected);
    // So does the bundle's name.
    let (folder, root) = bundle(&files);
    let named = folder.path().join("esx-esx09.example.org-2011-03-04--10.00-2113007");
    fs::rename(root, &named).expect("renamed");
    let read = analyze(&[named], folder.path(), &[]).report;
    assert_eq!(times(&read, "net.link-down"), expected);
    assert_eq!(read["hosts"][0]["captured_at"], "2011-03-04T10:00:00Z");
    // A newer rotation that names its years says when the older ones end, whenever the bundle was taken.
    let late = "2011-04-01T01:00:00.000Z cpu1:2)Boot: 1: x\n";
    let read = report(&[
        ("var/log/vmkernel.1.gz", &newest),
        ("var/log/vmkernel.0.gz", late),
        ("var/log/vmkernel.log", &late.replace("2011", "2015")),
        ("commands/date.txt", "Fri Mar  4 10:00:07 UTC 2016\n"),
    ]);
    assert_eq!(times(&read, "net.link-down"), expected[4..]);
    // A log that was written on by a newer release is dated by its own later records.
    let upgraded = newest.clone() + "2011-03-05T01:00:00.000Z cpu1:2)Boot: 1: x\n";
    let read =
        report(&[("var/log/vmkernel", &upgraded), ("commands/date.txt", "Fri Mar  4 10:00:07 UTC 2016\n")]);
    assert_eq!(times(&read, "net.link-down"), expected[4..]);
}

#[test]
fn how_long_a_repeat_lasted_needs_no_year() {
    let stamp =
        |second: usize| format!("Mar  4 {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
    let log: String = (0..900).map(|n| link_down(&stamp(n * 10))).collect();
    let read = report(&[("var/log/vmkernel", &log), ("commands/date.txt", "Fri Mar  4 10:00:07 UTC 2011\n")]);
    let told = events(&read, "net.link-down");
    let last = told.last().expect("events");
    assert_eq!(last["time"], "2011-03-04T02:29:50Z");
    // 600 stand one by one; the first of the run is the next one, and the last one has those between.
    assert_eq!((told.len(), &last["fields"]["repeated"]), (602, &Value::from("298")));
    assert_eq!(last["fields"]["repeated_for_us"], "2990000000");
}

#[test]
fn a_log_without_any_year_has_no_times_and_says_so() {
    let read = report(&[("var/log/vmkernel", &link_down("Dec 30 23:00:00"))]);
    assert_eq!(times(&read, "net.link-down"), []);
    let told: Vec<&str> = read["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| problem["text"].as_str().expect("text"))
        .collect();
    assert!(told.iter().any(|text| text.contains("name no year")), "{told:?}");
    assert_eq!(coverage(&read, "vmkernel")["from"], Value::Null);
}

#[test]
fn a_clock_that_was_set_is_one_event_however_many_logs_show_it() {
    let stamps = ["10:00:00.100", "10:00:30.000", "09:58:53.000", "09:58:54.000", "10:20:00.000"];
    let kernel: String = stamps.iter().map(|time| format!("2020-07-01T{time}Z cpu1:2)Net: 1: x\n")).collect();
    let vobd: String = [("10:00:00.000", 100_000u64), ("09:58:52.500", 100_030), ("09:59:22.500", 100_060)]
        .iter()
        .map(|(time, up)| {
            format!("2020-07-01T{time}Z: [netCorrelator] {}us: [vob.net.x] y\n", up * 1_000_000)
        })
        .collect();
    let read = report(&[("var/run/log/vmkernel.log", &kernel), ("var/run/log/vobd.log", &vobd)]);
    let steps = events(&read, "time.step");
    assert_eq!(steps.len(), 1, "{steps:#?}");
    // vobd names the uptime: it knows how far.
    assert_eq!(steps[0]["fields"]["step_ms"], "-97500");
    assert_eq!(steps[0]["source"]["line"], 2);
    let alone = report(&[("var/run/log/vmkernel.log", &kernel)]);
    assert_eq!(times(&alone, "time.step"), [("2020-07-01T09:58:53Z".to_owned(), "exact".to_owned())]);
    let calm = report(&[("var/run/log/vmkernel.log", &kernel.replace("09:58:5", "10:00:5"))]);
    assert_eq!(times(&calm, "time.step"), []);
}

#[test]
fn a_clock_that_was_set_between_two_rotations_is_told() {
    let line = |time: &str, up: u64| {
        format!("2020-07-01T{time}Z: [netCorrelator] {}us: [vob.net.x] y\n", up * 1_000_000)
    };
    let old = line("10:00:00.000", 100_000) + &line("10:00:30.000", 100_030);
    let new = line("09:59:23.000", 100_060) + &line("09:59:53.000", 100_090);
    let read = report(&[("var/run/log/vobd.0.gz", &old), ("var/run/log/vobd.log", &new)]);
    let steps = events(&read, "time.step");
    assert_eq!((steps.len(), &steps[0]["fields"]["step_ms"]), (1, &"-97000".into()));
    // Another boot between them: nothing is known.
    let booted = line("09:59:23.000", 700) + &line("09:59:53.000", 730);
    let read = report(&[("var/run/log/vobd.0.gz", &old), ("var/run/log/vobd.log", &booted)]);
    assert_eq!(times(&read, "time.step"), []);
}

#[test]
fn uptimes_beside_stamps_without_a_year_show_boots_and_no_steps() {
    let line = |stamp: &str, up: &str| format!("{stamp} esx09 vmkernel: {up} cpu2:4099)Net: 1: x\n");
    let text = line("Dec 30 23:00:00", "3:00:00:00.000")
        + &line("Dec 31 23:00:00", "4:00:00:00.000")
        + &line("Jan  1 23:00:00", "5:00:00:00.000")
        + &line("Jan  2 03:00:00", "0:00:01:00.000")
        + &line("Jan  2 04:00:00", "0:01:01:00.000");
    let read =
        report(&[("var/log/vmkernel", &text), ("commands/date.txt", "Sun Jan  2 10:00:07 UTC 2011\n")]);
    assert_eq!(times(&read, "time.step"), []);
    assert_eq!(times(&read, "host.boot"), [("2011-01-02T03:00:00Z".to_owned(), "estimated".to_owned())]);
}

#[test]
fn a_kernel_log_that_jumps_by_years_without_a_boot_had_a_wrong_clock() {
    let kernel = "2001-01-01T00:00:10.000Z cpu1:2)NetPort: 1: vmnic1: link down notification\n\
                  2001-01-01T00:00:11.000Z cpu1:2)x\n\
                  2020-06-10T04:00:00.000Z cpu1:2)x\n2020-06-10T04:00:01.000Z cpu1:2)x\n";
    let read = report(&[("var/run/log/vmkernel.log", kernel)]);
    assert_eq!(events(&read, "time.step").len(), 1);
    assert_eq!(times(&read, "net.link-down")[0].0, "2020-06-10T03:59:59Z");
    assert_eq!(coverage(&read, "vmkernel")["from"], "2020-06-10T03:59:59Z");
    // After a boot it was only off.
    let off =
        kernel.replace("2020-06-10T04:00:00.000Z", "TSC: 12345 cpu0:1)Boot: 1: x\n2020-06-10T04:00:00.000Z");
    let read = report(&[("var/run/log/vmkernel.log", &off)]);
    assert_eq!(times(&read, "time.step"), []);
}

#[test]
fn a_boot_that_only_the_first_lines_show_is_an_event() {
    let kernel = "2020-07-01T10:00:00.100Z cpu1:2)Net: 1: x\n\
                  TSC: 12345 cpu0:1)Boot: 1: x\n\
                  0:00:00:04.100 cpu0:1)@BlueScreen: early\n\
                  2020-07-01T10:07:00.200Z cpu1:2)Net: 1: x\n";
    let read = report(&[("var/run/log/vmkernel.log", kernel)]);
    let at = ("2020-07-01T10:07:00.200Z".to_owned(), "estimated".to_owned());
    assert_eq!(times(&read, "host.boot"), std::slice::from_ref(&at));
    assert_eq!(
        times(&read, "host.crash"),
        std::slice::from_ref(&at),
        "what stands before the clock is of what follows"
    );
    let summary = "2020-07-01T10:06:30Z bootstop: Host has booted\n";
    let both = report(&[("var/run/log/vmkernel.log", kernel), ("var/run/log/vmksummary.log", summary)]);
    assert_eq!(times(&both, "host.boot"), [("2020-07-01T10:06:30Z".to_owned(), "second".to_owned())]);
}

#[test]
fn a_boot_at_the_end_of_a_rotation_is_dated_by_the_next_one() {
    let old = "2023-07-05T10:00:00.100Z cpu1:2)x\nTSC: 1 cpu0:1)x\n\
               0:00:00:01.000 cpu0:1)NetSched: 1: vmnic1: link down notification\n";
    let new = "2023-07-11T01:00:03.000Z cpu1:2)x\n2023-07-11T01:00:04.000Z cpu1:2)x\n";
    let read = report(&[("var/run/log/vmkernel.0.gz", old), ("var/run/log/vmkernel.log", new)]);
    let at = ("2023-07-11T01:00:03Z".to_owned(), "estimated".to_owned());
    assert_eq!(times(&read, "net.link-down"), std::slice::from_ref(&at));
    assert_eq!(times(&read, "host.boot"), [at]);
}

#[test]
fn what_a_wrong_clock_wrote_after_a_boot_gets_the_time_of_the_right_one() {
    let vobd = "2001-01-01T00:00:30.100Z: [GenericCorrelator] 30000000us: [esx.audit.host.boot] Host has booted.\n\
                2023-07-11T01:00:30.000Z: [x] 70000000us: [vob.x] y\n\
                2023-07-11T03:00:30.000Z: [x] 7270000000us: [vob.x] y\n";
    let read = report(&[("var/run/log/vobd.log", vobd)]);
    assert_eq!(read["hosts"][0]["booted_at"], "2023-07-11T00:59:20Z");
    assert_eq!(times(&read, "host.boot"), [("2023-07-11T00:59:50Z".to_owned(), "estimated".to_owned())]);
    assert_eq!(events(&read, "host.boot")[0]["fields"]["raw_time"], "2001-01-01T00:00:30.100Z");
}

#[test]
fn uptimes_date_the_boot_where_nothing_else_does() {
    let vobd = "2020-07-03T10:00:00.000Z: [netCorrelator] 86400000000us: [vob.net.x] y\n";
    let read = report(&[("var/run/log/vobd.log", vobd)]);
    assert_eq!(read["hosts"][0]["booted_at"], "2020-07-02T10:00:00Z");
    assert_eq!(times(&read, "host.boot"), [], "it lies before the log: nothing was seen of it");
}

#[test]
fn a_log_that_lists_the_newest_first_is_in_order_in_the_timeline() {
    let kernel: String = (0..30)
        .rev()
        .map(|n| {
            format!("2020-07-01T10:{n:02}:00.000Z cpu1:2)NetPort: 1: vmnic{n}: link down notification\n")
        })
        .collect();
    let read = report(&[("var/run/log/vmkernel.log", &kernel)]);
    let found = times(&read, "net.link-down");
    assert_eq!((found.len(), found[0].0.as_str()), (30, "2020-07-01T10:00:00Z"));
    assert_eq!(times(&read, "time.step"), []);
    let log = coverage(&read, "vmkernel");
    assert_eq!((&log["from"], &log["to"]), (&"2020-07-01T10:00:00Z".into(), &"2020-07-01T10:29:00Z".into()));
    let told = read["problems"].to_string();
    assert!(told.contains("not in the order of their time"), "{told}");
}

#[test]
fn nothing_that_the_project_writes_is_unparsed() {
    let generations = [Generation::V67, Generation::V70, Generation::V80];
    let healthy_ones = generations.into_iter().map(|generation| healthy(&ClusterOptions::of(generation)));
    let incidents = [evc_incident(&EvcOptions::default()).0, vsan_incident(&VsanOptions::default()).0];
    for site in incidents.into_iter().chain(healthy_ones) {
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        for log in run.report["coverage"].as_array().expect("a list") {
            assert_eq!(log["unparsed"], 0, "{log:#}");
            assert_eq!(log["records"] == 0, log["bytes"] == 0, "{log:#}");
        }
        assert_eq!(events(&run.report, "time.step").len(), 0);
    }
}

#[test]
fn a_log_of_garbage_is_told_as_such() {
    let mut state = 9u64;
    let garbage: String = (0..1_500_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + ((state >> 40) % 90) as u8)
        })
        .collect::<String>()
        .replace('Q', "\n");
    let read = report(&[("var/run/log/vmkernel.log", &garbage)]);
    let log = coverage(&read, "vmkernel");
    assert_eq!(log["records"], log["unparsed"]);
    assert!(log["problems"].to_string().contains("none of its"), "{log:#}");
}
