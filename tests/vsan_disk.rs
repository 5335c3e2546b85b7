//! Disks and disk groups that fail while their host stays a member, from raw bundles to the report.

#[path = "common/run.rs"]
mod run;

use esxray::demo::{
    ClusterOptions, Container, Generation, Level, Log, ScriptedLine, Site, VsanOptions, healthy,
    vsan_incident,
};
use esxray::model::Timestamp;
use run::{above_info, analyze_site, finding, findings};

const STORAGE: &str = "commands/localcli_vsan-storage-list.txt";

/// A healthy site in which disk `failed` of host 1 is told to fail, by its state, by lines, or by both.
fn failing(generation: Generation, failed: usize, state: bool, lines: bool) -> (Site, String, Timestamp) {
    let mut site = healthy(&ClusterOptions::of(generation));
    let at = site.hosts[1].captured_at.plus_seconds(-7_200);
    let uuid = fail(&mut site, failed, state, lines, at);
    (site, uuid, at)
}

/// Lets disk `failed` of host 1 fail, and gives its UUID.
fn fail(site: &mut Site, failed: usize, state: bool, lines: bool, at: Timestamp) -> String {
    let host = &mut site.hosts[1];
    let disks = host.disks();
    let uuid = disks[failed].uuid.clone();
    if lines {
        let text = format!("LSOM: LSOMEventNotify:8126: vSAN device {uuid} is under permanent error.");
        host.lines.push(ScriptedLine::new(at, Log::Vmkernel, text).level(Level::Warning));
    }
    if state {
        // The cache device takes its group along.
        let of = |n: usize| if failed == 0 || n == failed { "false" } else { "true" };
        let block = |(n, disk): (usize, &esxray::demo::Disk)| {
            format!(
                "{0}\n   Device: {0}\n   Is SSD: true\n   VSAN UUID: {1}\n   VSAN Disk Group UUID: {2}\n   \
                 VSAN Disk Group Name: {3}\n   Used by this host: true\n   In CMMDS: {4}\n   \
                 On-disk format version: 10\n   Checksum OK: true\n   Is Capacity Tier: {5}\n   Is Mounted: {4}\n\n",
                disk.device,
                disk.uuid,
                disks[0].uuid,
                disks[0].device,
                of(n),
                disk.capacity
            )
        };
        let text: String = disks.iter().enumerate().map(block).collect();
        host.extra.insert(STORAGE.to_owned(), text.into_bytes());
    }
    uuid
}

#[test]
fn a_failed_disk_is_found_by_lines_by_state_and_by_both() {
    for (generation, state, lines, confidence) in [
        (Generation::V67, true, true, "certain"),
        (Generation::V70, true, false, "likely"),
        (Generation::V80, false, true, "possible"),
    ] {
        let (site, uuid, at) = failing(generation, 1, state, lines);
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        let found = finding(&run.report, "vsan.disk-failed");
        assert_eq!((&found["severity"], &found["confidence"]), (&"error".into(), &confidence.into()));
        let details = &found["details"];
        assert_eq!(details["devices"].as_array().map(Vec::len), Some(1));
        assert_eq!((&details["devices"][0]["disk"], &details["member"]), (&uuid.into(), &true.into()));
        assert_eq!(details["groups"], serde_json::json!([]));
        if lines {
            let seen: Timestamp = found["first_seen"].as_str().expect("dated").parse().expect("a time");
            assert!(seen.since(at).abs() <= 1_000_000, "{seen} for {at}");
        }
        assert_eq!(above_info(&run.report).len(), 1, "{:?}", above_info(&run.report));
    }
}

#[test]
fn without_the_list_of_disks_a_line_is_likely() {
    let (mut site, uuid, _) = failing(Generation::V80, 2, false, true);
    site.hosts[1].omit.insert(STORAGE.to_owned());
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let found = finding(&run.report, "vsan.disk-failed");
    assert_eq!((&found["confidence"], &found["count"]), (&"likely".into(), &1.into()));
    assert_eq!(found["details"]["devices"][0]["disk"], uuid);
}

#[test]
fn a_failed_cache_device_takes_its_group_along() {
    let (site, uuid, _) = failing(Generation::V70, 0, true, true);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &["--lang", "ja"]);
    let found = finding(&run.report, "vsan.disk-failed");
    assert_eq!(found["details"]["groups"], serde_json::json!([uuid]));
    assert_eq!(found["details"]["devices"].as_array().map(Vec::len), Some(3));
    assert!(found["title"].as_str().is_some_and(|title| title.contains("ディスク グループ")));
    assert!(findings(&run.report, "vsan.host-lost").is_empty(), "the host stays a member");
}

#[test]
fn disks_of_a_lost_host_are_an_effect_unless_lines_say_otherwise() {
    let options = VsanOptions { lost: 1, ..VsanOptions::default() };
    for (lines, expected) in [(false, 0), (true, 1)] {
        let (mut site, truth) = vsan_incident(&options);
        fail(&mut site, 0, true, lines, truth.lost_at.plus_seconds(600));
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        assert_eq!(findings(&run.report, "vsan.disk-failed").len(), expected);
        assert_eq!(finding(&run.report, "vsan.host-lost")["hosts"].as_array().map(Vec::len), Some(1));
    }
}
