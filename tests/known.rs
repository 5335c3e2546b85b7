//! Incidents that are known by their lines, from raw bundles to the report; and what looks like one and is none.

#[path = "common/run.rs"]
mod run;

use esxray::demo::{ClusterOptions, Container, Generation, Level, Log, ScriptedLine, Site, healthy};
use esxray::model::Timestamp;
use run::{all_ids, analyze_site, finding, findings};
use serde_json::Value;

const LUN: &str = "naa.600508b1001c3f2a9e0d4477aa10b2c3";
const DISK: &str = "naa.5000c500a1b2c3d4";

/// A healthy cluster, and a time two hours before its bundles were taken.
fn site(generation: Generation) -> (Site, Timestamp) {
    let site = healthy(&ClusterOptions { hosts: 3, ..ClusterOptions::of(generation) });
    let at = site.hosts[0].captured_at.plus_seconds(-7_200);
    (site, at)
}

fn kernel(at: Timestamp, level: Level, text: impl Into<String>) -> ScriptedLine {
    ScriptedLine::new(at, Log::Vmkernel, text).level(level)
}

fn apd_start(at: Timestamp, device: &str) -> ScriptedLine {
    let text =
        format!("Device or filesystem with identifier [{device}] has entered the All Paths Down state.");
    ScriptedLine::vob(at, "APDCorrelator", "esx.problem.storage.apd.start", &text)
}

fn apd_exit(at: Timestamp, device: &str) -> ScriptedLine {
    let text =
        format!("Device or filesystem with identifier [{device}] has exited the All Paths Down state.");
    ScriptedLine::vob(at, "APDCorrelator", "esx.clear.storage.apd.exit", &text)
}

/// A link that goes down and comes back ten seconds later, as the kernel and vobd tell.
fn flap(at: Timestamp, nic: &str) -> Vec<ScriptedLine> {
    let notify = |line: u32, what: &str| {
        format!("NetSchedHClk: NetSchedHClkNotify:{line}: {nic}: link {what} notification")
    };
    let down = format!("Physical NIC {nic} linkstate is down.");
    let up = format!("Physical NIC {nic} linkstate is up.");
    let back = at.plus_seconds(10);
    vec![
        kernel(at, Level::Info, notify(2_908, "down")),
        ScriptedLine::vob(at, "netCorrelator", "esx.problem.net.vmnic.linkstate.down", &down),
        kernel(back, Level::Info, notify(2_900, "up")),
        ScriptedLine::vob(back, "netCorrelator", "esx.clear.net.vmnic.linkstate.up", &up),
    ]
}

fn slow(at: Timestamp, micros: u32) -> ScriptedLine {
    let text = format!(
        "ScsiDeviceIO: 1513: Device {LUN} performance has deteriorated. I/O latency increased from average value of 1206 microseconds to {micros} microseconds."
    );
    kernel(at, Level::Warning, text)
}

/// A path to a device that goes down, and is back after so many seconds, if at all.
fn path_lost(at: Timestamp, back: Option<i64>) -> Vec<ScriptedLine> {
    let down = format!(
        "Lost path redundancy to storage device {LUN}. Path vmhba2:C0:T0:L1 is down. Affected datastores: \"ds1\"."
    );
    let up = format!(
        "Path redundancy to storage device {LUN} (Datastores: \"ds1\") restored. Path vmhba2:C0:T0:L1 is active again."
    );
    let lost = ScriptedLine::vob(at, "scsiCorrelator", "esx.problem.storage.redundancy.lost", &down);
    let restored = back.map(|seconds| {
        let id = "esx.clear.storage.redundancy.restored";
        ScriptedLine::vob(at.plus_seconds(seconds), "scsiCorrelator", id, &up)
    });
    std::iter::once(lost).chain(restored).collect()
}

fn maintenance(at: Timestamp, id: &str) -> ScriptedLine {
    let text = format!("The host has {id} maintenance mode.");
    ScriptedLine::vob(at, "UserLevelCorrelator", &format!("esx.audit.maintenancemode.{id}"), &text)
}

/// Several incidents at once, each of another sort.
fn troubled(generation: Generation) -> Site {
    let (mut site, at) = site(generation);
    let after = |seconds: i64| at.plus_seconds(seconds);
    let name = site.hosts[2].name.clone();
    site.hosts[0].lines.extend([
        apd_start(after(0), LUN),
        ScriptedLine::vob(
            after(140),
            "APDCorrelator",
            "esx.problem.storage.apd.timeout",
            &format!("Device or filesystem with identifier [{LUN}] has entered the All Paths Down Timeout state after being in the All Paths Down state for 140 seconds. I/Os will now be fast failed."),
        ),
        kernel(after(150), Level::Alert, "hostd detected to be non-responsive"),
        apd_exit(after(400), LUN),
    ]);
    site.hosts[1].lines.extend([apd_start(after(1), LUN), apd_exit(after(402), LUN)]);
    site.hosts[1].lines.extend((0..4).flat_map(|n| flap(after(1_800 + 40 * n), "vmnic3")));
    site.hosts[2].lines.extend((0..6).map(|n| slow(after(60 * n), 1_396_174)));
    site.hosts[2].lines.extend([kernel(
        after(600),
        Level::Warning,
        "VisorFSRam: 203: Cannot extend visorfs file /tmp/x.log because its ramdisk (tmp) is full.",
    )]);
    let gave_up = "watchdog-vpxa[2099]: End '/usr/lib/vmware/vpxa/bin/vpxa ++min=0', failure limit reached";
    site.hosts[1].lines.push(ScriptedLine::new(after(700), Log::Syslog, gave_up));
    let sense = format!(
        "ScsiDeviceIO: 4325: Cmd(0x45be74dae040) 0x28, CmdSN 0xd65263a8 from world 0 to dev \"{DISK}\" failed H:0x0 D:0x2 P:0x0 Valid sense data: 0x3 0x11 0x0."
    );
    site.hosts[0].lines.extend((0..3).map(|n| kernel(after(900 + 60 * n), Level::Info, sense.clone())));
    let alarm = format!(
        "Event [482] [1-1] [{at}] [vim.event.AlarmStatusChangedEvent] [info] [] [DC] [480] [Alarm 'Host hardware power status' on {name} changed from Green to Red]"
    );
    let line = ScriptedLine::new(after(1_000), Log::Vpxd, alarm).under("vpxLro");
    site.vcenter.as_mut().expect("a vCenter Server").lines.push(line);
    site
}

/// Everything that a reader needs of a finding is there.
#[track_caller]
fn check(found: &Value, hosts: usize, object: &str) {
    let id = &found["id"];
    assert_eq!(found["hosts"].as_array().map(Vec::len), Some(hosts), "{id}");
    for part in ["title", "summary"] {
        let text = found[part].as_str().expect("a text");
        assert!(text.contains(object), "{id}: {object} is not in its {part}: {text}");
        assert!(!text.contains(['{', '}']), "{id}: {text}");
    }
    assert!(found["cause"]["text"].as_str().is_some_and(|text| text.len() > 40), "{id}");
    let remedy = found["remedy"].as_array().expect("steps");
    assert!(remedy.len() >= 3 && remedy.iter().any(|step| !step["command"].is_null()), "{id}");
    let last = remedy.last().and_then(|step| step["text"].as_str()).expect("a step");
    assert!(last.starts_with("Check") || last.starts_with("確認"), "{id}: {last}");
    assert!(["likely", "possible"].contains(&found["confidence"].as_str().expect("a word")), "{id}");
}

#[test]
fn known_incidents_are_told_with_their_object_and_a_remedy() {
    for generation in [Generation::V67, Generation::V80] {
        let (_folder, run) = analyze_site(&troubled(generation), Container::Tgz, &[]);
        let report = &run.report;
        let apd = finding(report, "storage.apd");
        check(apd, 2, LUN);
        assert_eq!(apd["cause"]["id"], "array-or-fabric", "two hosts tell of one device");
        assert!(!apd["details"]["over_at"].is_null());
        assert!(apd["chain"].as_array().is_some_and(|chain| chain.len() >= 2), "{:?}", apd["chain"]);
        check(finding(report, "net.nic-flapping"), 1, "vmnic3");
        check(finding(report, "storage.latency"), 1, LUN);
        check(finding(report, "host.ramdisk-full"), 1, "tmp");
        check(finding(report, "service.crash"), 1, "vpxa");
        check(finding(report, "storage.disk-failed"), 1, DISK);
        let hardware = finding(report, "host.hardware");
        check(hardware, 1, "Host hardware power status");
        assert_eq!(
            hardware["hosts"][0],
            finding(report, "host.ramdisk-full")["hosts"][0],
            "the host, not vCenter"
        );
        assert!(findings(report, "service.hung").is_empty(), "it hung because its paths were down");
    }
}

#[test]
fn known_incidents_are_told_in_japanese() {
    let (_folder, run) = analyze_site(&troubled(Generation::V70), Container::Tgz, &["--lang", "ja"]);
    for (id, hosts, object) in
        [("storage.apd", 2, LUN), ("net.nic-flapping", 1, "vmnic3"), ("host.ramdisk-full", 1, "tmp")]
    {
        let found = finding(&run.report, id);
        check(found, hosts, object);
        let is_japanese = |text: &Value| text.as_str().is_some_and(|text| text.contains('の'));
        assert!(is_japanese(&found["title"]) && is_japanese(&found["summary"]), "{id}");
    }
}

/// What vobd of a host says, by its event.
fn vob(at: Timestamp, id: &str, text: &str) -> ScriptedLine {
    ScriptedLine::vob(at, "GenericCorrelator", id, text)
}

/// What vCenter's log says of an event.
fn event(at: Timestamp, kind: &str, text: &str) -> ScriptedLine {
    let text = format!("Event [482] [1-1] [{at}] [vim.event.{kind}] [warning] [] [DC] [480] [{text}]");
    ScriptedLine::new(at, Log::Vpxd, text).under("vpxLro")
}

#[test]
fn every_sort_of_known_incident_is_found_by_the_lines_of_its_logs() {
    let (mut site, at) = site(Generation::V70);
    let after = |minutes: i64| at.plus_seconds(60 * minutes);
    let name = site.hosts[0].name.clone();
    let congested = |n: i64| {
        let text = "LSOM: LSOMThrowAsyncCongestionVOB:2127: LSOM SSD Congestion State: Exceeded. Congestion Threshold: 200 Current Congestion: 255.";
        kernel(after(n), Level::Info, text)
    };
    let unsynced = |n: i64| {
        vob(
            after(n),
            "esx.problem.clock.correction.adjtime.lostsync",
            "System clock no longer synchronized to upstream time servers",
        )
    };
    let removed = format!("Device {LUN} has been removed or is permanently inaccessible.");
    site.hosts[0].lines.extend((0..3).map(|n| congested(n * 2)));
    site.hosts[0].lines.extend((0..3).map(|n| unsynced(10 * n)));
    site.hosts[0].lines.extend([
        vob(
            after(5),
            "esx.problem.cpu.page.correctederrors.high",
            "High number of corrected errors on host physical page number 0x661912.",
        ),
        vob(
            after(6),
            "esx.problem.osdata.partition.full",
            "OSData is low on available space (12 MiB free). This may result in system failure.",
        ),
        vob(
            after(8),
            "esx.problem.net.lacp.uplink.fail.speed",
            "LACP error: speed of uplink vmnic3 is 1000.",
        ),
        // Traces fill their ramdisk by design.
        vob(
            after(9),
            "esx.problem.visorfs.ramdisk.full",
            "The ramdisk 'vsantraces' is full.  As a result, the file /vsantraces/x could not be written.",
        ),
    ]);
    let bootbank = "Bootbank cannot be found at path '/bootbank'.";
    let heap = "Heap: 2525: Heap vmfs3 already at its maximum size. Cannot expand.";
    let stuck = "NetSchedHClk: NetSchedHClkWatchdogSysWorld:3875: vmnic1: packet completion seems stuck, issuing reset";
    site.hosts[1].lines.extend([
        kernel(after(0), Level::Alert, bootbank),
        kernel(after(2), Level::Warning, heap),
        kernel(after(4), Level::Warning, stuck),
        kernel(after(14), Level::Warning, stuck),
        vob(after(20), "esx.problem.vmfs.resource.corruptondisk", "5e0a1b2c-3d4e5f60-7182-001b21a0b0c0 ds9"),
    ]);
    site.hosts[2].lines.push(vob(after(0), "esx.problem.scsi.device.state.permanentloss", &removed));
    let vcenter = site.vcenter.as_mut().expect("a vCenter Server");
    let expired = format!("Expired host license for host {name}");
    vcenter.lines.extend([
        event(after(0), "HostLicenseExpiredEvent", &expired),
        event(after(1), "VmFailoverFailed", "vSphere HA unsuccessfully failed over app 3. vSphere HA will retry if the maximum number of attempts has not been exceeded."),
        ScriptedLine::new(after(2), Log::Vpxd, "Failed to write /storage/log/vmware/vpxd/vpxd-profiler.log: No space left on device"),
        ScriptedLine::new(after(3), Log::Vpxd, format!("com.vmware.vc.certmgr.HostCertExpirationImminentEvent posted for [vim.HostSystem:host-9,{name}]")),
    ]);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    for (id, object) in [
        ("vsan.congestion", "vSAN"),
        ("time.sync-lost", "time servers"),
        ("host.memory-errors", "corrected errors of one page"),
        ("host.partition-full", "osdata"),
        ("net.mismatch", "vmnic3"),
        ("host.boot-device-lost", "boot device"),
        ("host.memory-low", "vmfs3"),
        ("net.nic-reset", "vmnic1"),
        ("storage.corruption", "ds9"),
        ("storage.pdl", LUN),
        ("license.expired", "licence"),
        ("ha.restart-failed", "app 3"),
        ("vcenter.disk-full", "/storage/log"),
        ("certificate.expiring", "certificate"),
    ] {
        check(finding(&run.report, id), 1, object);
    }
    assert!(findings(&run.report, "host.ramdisk-full").is_empty(), "{:#?}", all_ids(&run.report));
}

#[test]
fn names_in_known_incidents_are_masked_where_that_is_asked_for() {
    let (mut site, at) = site(Generation::V80);
    let id = "esx.problem.vmfs.heartbeat.timedout";
    let text = "5e0a1b2c-3d4e5f60-7182-001b21a0b0c0 payroll-secrets";
    site.hosts[0].lines.push(ScriptedLine::vob(at, "vmfsCorrelator", id, text));
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    check(finding(&run.report, "storage.datastore-lost"), 1, "payroll-secrets");
    let (_folder, run) = analyze_site(&site, Container::Tgz, &["--redact"]);
    let found = finding(&run.report, "storage.datastore-lost");
    assert!(!run.report.to_string().contains("payroll"), "{found:#}");
    assert!(
        found["title"].as_str().is_some_and(|title| title.contains("lost access to datastore")),
        "{found:#}"
    );
}

#[test]
fn what_passes_by_itself_and_what_is_meant_is_no_incident() {
    for generation in [Generation::V67, Generation::V80] {
        let (mut site, at) = site(generation);
        let after = |seconds: i64| at.plus_seconds(seconds);
        site.hosts[0].lines.extend([apd_start(after(0), LUN), apd_exit(after(12), LUN)]);
        site.hosts[0].lines.extend(flap(after(600), "vmnic1"));
        site.hosts[0].lines.extend(path_lost(after(1_200), Some(10)));
        site.hosts[0].lines.extend([slow(after(1_800), 1_396_174), slow(after(1_860), 96_174)]);
        let lost = "NTPClock: 1457: ntpd changed system clock to 1675418400.237264000, lost synchronization to upstream time servers";
        site.hosts[0].lines.push(kernel(after(2_400), Level::Warning, lost));
        site.hosts[1].lines.push(maintenance(after(0), "entered"));
        site.hosts[1].lines.extend((0..4).flat_map(|n| flap(after(600 + 40 * n), "vmnic2")));
        site.hosts[1].lines.extend(path_lost(after(900), None));
        site.hosts[1].lines.push(maintenance(after(3_600), "exited"));
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        let told = all_ids(&run.report);
        let known = ["storage.", "net.", "host.", "service.", "time.", "vsan."];
        let is_false = |id: &&String| known.iter().any(|known| id.starts_with(&format!("\"{known}")));
        assert_eq!(told.iter().find(is_false), None, "{told:#?}");
        // The same without the maintenance is one.
        site.hosts[1].lines.retain(|line| !line.text.contains("maintenance"));
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        check(finding(&run.report, "net.nic-flapping"), 1, "vmnic2");
        check(finding(&run.report, "storage.path-lost"), 1, LUN);
    }
}
