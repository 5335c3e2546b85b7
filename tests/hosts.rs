//! Hosts that crash, hosts that only vCenter loses, and the versions of both: what is found is held against what was
//! planted in a healthy cluster, and what somebody asked for is no finding.

#[path = "common/run.rs"]
mod run;

use esxray::demo::{
    ClusterOptions, Container, Generation, Level, Log, Release, ScriptedLine, Site, VcenterRelease,
    VsanOptions, add_reboot, add_upgrade, healthy, vsan_incident,
};
use esxray::model::Timestamp;
use run::{all_ids, analyze_site, finding, findings, names};
use serde_json::Value;

const HOUR: i64 = 3_600;
/// The host that something happens to.
const HOST: usize = 1;

fn site(generation: Generation, vsan: bool) -> Site {
    healthy(&ClusterOptions { hosts: 3, vsan, ..ClusterOptions::of(generation) })
}

fn report(site: &Site) -> Value {
    analyze_site(site, Container::Tgz, &[]).1.report
}

/// Twenty hours before the first bundle was taken.
fn then(site: &Site) -> Timestamp {
    site.hosts[0].captured_at.plus_seconds(-20 * HOUR)
}

/// Records of vpxd about the host: seconds after `at`, and text, in which `{host}` is the host's reference.
fn vpxd(site: &mut Site, at: Timestamp, host: usize, said: &[(i64, &str)]) {
    let reference = format!("[vim.HostSystem:host-{},{}]", site.hosts[host].moref, site.hosts[host].name);
    let vcenter = site.vcenter.as_mut().expect("a vCenter Server");
    let line = |(after, text): &(i64, &str)| {
        let text = text.replace("{host}", &reference);
        ScriptedLine::new(at.plus_seconds(*after), Log::Vpxd, text).under("InvtHostCnx").level(Level::Warning)
    };
    vcenter.lines.extend(said.iter().map(line));
}

const SILENT: &str = "host {host} connection state changed to NO_RESPONSE";
const BACK: &str = "host {host} connection state changed to CONNECTED";
const CUT: &str = "host {host} connection state changed to DISCONNECTED";

/// The host goes down and boots again eleven minutes later; nobody asked for it.
fn stop_unasked(site: &mut Site, down: Timestamp) -> Timestamp {
    let up = down.plus_seconds(660);
    let host = &mut site.hosts[HOST];
    add_reboot(host, down, up, false);
    host.lines.retain(|line| !(line.at < down && line.at > down.plus_seconds(-60)));
    up
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().expect("a time")
}

#[track_caller]
fn check_crash(report: &Value, site: &Site, cause: &str, up: Timestamp) {
    let found = finding(report, "host.crashed");
    assert_eq!(found["cause"]["id"], cause, "{:?}", all_ids(report));
    assert_eq!(found["severity"], "critical");
    assert_eq!(names(report, &found["hosts"]), std::slice::from_ref(&site.hosts[HOST].name));
    let booted = time(&found["details"]["up_at"]).since(up) / 1_000_000;
    assert!((0..=90).contains(&booted), "booted {booted} s after the truth");
    let steps = found["remedy"].as_array().expect("steps");
    let has = |command: &str| steps.iter().any(|step| step["command"] == command);
    assert!(has("esxcli system coredump file list") && has("esxcli hardware ipmi sel list"));
}

#[test]
fn a_purple_screen_is_a_crash_in_every_generation() {
    for generation in [Generation::V67, Generation::V70, Generation::V80] {
        let mut site = site(generation, true);
        let down = then(&site);
        let up = stop_unasked(&mut site, down);
        let screen =
            "@BlueScreen: #PF Exception 14 in world 2097705:CMMDS-worker IP 0x418023a1b2c0 addr 0x18";
        let line = ScriptedLine::new(down.plus_seconds(-1), Log::Vmkernel, screen);
        site.hosts[HOST].lines.push(line);
        let report = report(&site);
        check_crash(&report, &site, "psod", up);
        let found = finding(&report, "host.crashed");
        assert_eq!(found["confidence"], "certain");
        assert!(time(&found["details"]["down_at"]).since(down).abs() <= 2_000_000);
        assert_eq!(found["details"]["world"], "CMMDS-worker");
    }
}

#[test]
fn power_that_was_lost_is_told_with_and_without_a_word_at_the_boot() {
    for (generation, is_told) in [(Generation::V67, false), (Generation::V70, true), (Generation::V80, false)]
    {
        let mut site = site(generation, true);
        let down = then(&site);
        let up = stop_unasked(&mut site, down);
        if is_told {
            let id = "esx.audit.host.poweroff.reason.unavailable";
            let text = "The host was powered off. The reason for the previous poweroff is unavailable.";
            let line = ScriptedLine::vob(up.plus_seconds(64), "UserLevelCorrelator", id, text);
            site.hosts[HOST].lines.push(line);
        } else {
            vpxd(&mut site, down, HOST, &[(61, SILENT), (790, BACK)]);
        }
        let report = report(&site);
        check_crash(&report, &site, "power-loss", up);
        assert_eq!(finding(&report, "host.crashed")["confidence"], "likely");
        if !is_told {
            let lost = finding(&report, "host.disconnected");
            assert_eq!((&lost["cause"]["id"], &lost["severity"]), (&"host-crash".into(), &"warning".into()));
        }
    }
}

#[track_caller]
fn check_nothing(report: &Value) {
    for id in ["host.crashed", "host.disconnected", "vsan.host-lost", "vsan.partition"] {
        assert!(findings(report, id).is_empty(), "{:?}", all_ids(report));
    }
}

#[test]
fn what_somebody_asked_for_is_no_finding() {
    for (generation, power_off) in
        [(Generation::V67, true), (Generation::V70, false), (Generation::V80, false)]
    {
        let mut site = site(generation, true);
        let down = then(&site);
        add_reboot(&mut site.hosts[HOST], down, down.plus_seconds(600), power_off);
        vpxd(&mut site, down, HOST, &[(61, SILENT), (760, BACK)]);
        // Another host is upgraded, and vCenter loses it meanwhile.
        let start = down.plus_seconds(4 * HOUR);
        add_upgrade(&mut site.hosts[2], Release::before(generation), start);
        vpxd(&mut site, start, 2, &[(721, SILENT), (1_330, BACK)]);
        check_nothing(&report(&site));
    }
}

#[test]
fn a_host_that_is_disconnected_by_hand_or_misses_a_few_heartbeats_is_not_lost() {
    let mut site = site(Generation::V67, true);
    let at = then(&site);
    let by_hand = "Event [7711] posted: vim.event.HostDisconnectedEvent for {host}, reason = \"userRequest\"";
    vpxd(&mut site, at, HOST, &[(0, by_hand), (1, CUT), (1_800, BACK)]);
    let missed = format!("[VpxdIntHost] Missed 3 heartbeats for host {}", site.hosts[2].name);
    vpxd(&mut site, at, 2, &[(0, missed.as_str())]);
    check_nothing(&report(&site));
}

/// What a lost connection to vCenter is expected to be: cause, severity, how many times.
#[track_caller]
fn check_lost<'r>(report: &'r Value, site: &Site, expected: (&str, &str, u64)) -> &'r Value {
    let found = finding(report, "host.disconnected");
    let told =
        (found["cause"]["id"].as_str(), found["severity"].as_str(), found["details"]["episodes"].as_u64());
    assert_eq!(told, (Some(expected.0), Some(expected.1), Some(expected.2)), "{found:#}");
    assert_eq!(names(report, &found["hosts"]), std::slice::from_ref(&site.hosts[HOST].name));
    assert!(findings(report, "vsan.host-lost").is_empty() && findings(report, "host.crashed").is_empty());
    assert_ne!(found["details"]["vsan_intact"], false);
    found
}

#[test]
fn a_hang_of_hostd_loses_the_host_for_vcenter_only() {
    for generation in [Generation::V67, Generation::V80] {
        let mut site = site(generation, true);
        let at = then(&site);
        vpxd(&mut site, at, HOST, &[(0, SILENT)]);
        site.hosts[HOST].unreachable_from = Some(at);
        let hang = "hostd detected to be non-responsive";
        let line = ScriptedLine::new(at.plus_seconds(-240), Log::Vmkernel, hang).level(Level::Alert);
        site.hosts[HOST].lines.push(line);
        let report = report(&site);
        let found = check_lost(&report, &site, ("agent-hang", "error", 1));
        assert_eq!(time(&found["details"]["lost_at"]), at);
        assert_eq!(found["details"]["returned_at"], Value::Null);
    }
}

#[test]
fn a_certificate_and_a_version_that_vcenter_refuses_are_told_apart() {
    let lost = |said: &str| {
        let mut site = site(Generation::V70, true);
        let at = then(&site);
        vpxd(&mut site, at, HOST, &[(0, CUT), (2, said)]);
        site.hosts[HOST].unreachable_from = Some(at);
        (report(&site), site)
    };
    let said = "[VpxdMoHost] {host} disconnected: vim.event.HostDisconnectedEvent, reason: sslThumbprintVerifyFailed";
    let (report, site) = lost(said);
    check_lost(&report, &site, ("certificate", "error", 1));
    let (report, site) = lost("Reconnect of {host} failed: vim.event.HostCnxFailedBadVersionEvent");
    let found = check_lost(&report, &site, ("version-skew", "error", 1));
    assert_eq!(found["confidence"], "likely", "the host is not newer than its vCenter Server");
}

#[test]
fn a_host_that_is_out_of_the_vsan_cluster_is_told_there_only() {
    for generation in [Generation::V67, Generation::V80] {
        let (mut site, _) = vsan_incident(&VsanOptions::of(generation));
        let lost = report(&site);
        assert!(findings(&lost, "host.disconnected").is_empty(), "{:?}", all_ids(&lost));
        // The lost host's own bundle is missing.
        site.hosts.remove(0);
        let lost = report(&site);
        finding(&lost, "vsan.host-lost");
        assert!(findings(&lost, "host.disconnected").is_empty(), "{:?}", all_ids(&lost));
    }
}

#[test]
fn an_uplink_that_goes_down_twice_is_one_finding_of_two_times() {
    let mut site = site(Generation::V67, false);
    let at = then(&site);
    for at in [at, at.plus_seconds(2 * HOUR)] {
        vpxd(&mut site, at, HOST, &[(0, SILENT), (300, BACK)]);
        let text = "netschedHClk: NetSchedHClkNotify:2900: vmnic0: link down notification";
        site.hosts[HOST].lines.push(ScriptedLine::new(at.plus_seconds(-62), Log::Vmkernel, text));
    }
    let report = report(&site);
    let found = check_lost(&report, &site, ("management-network", "warning", 2));
    assert_eq!(found["details"]["vsan_intact"], Value::Null, "there is no vSAN");
}

#[test]
fn a_host_without_a_bundle_is_named_as_vcenter_names_it() {
    let mut site = site(Generation::V80, false);
    let at = then(&site);
    vpxd(&mut site, at, HOST, &[(0, SILENT)]);
    let gone = site.hosts.remove(HOST);
    let report = report(&site);
    let found = finding(&report, "host.disconnected");
    assert_eq!(found["details"]["host"], gone.name.as_str());
    assert_eq!((&found["cause"]["id"], &found["confidence"]), (&"unknown".into(), &"possible".into()));
}

fn set_vcenter(
    site: &mut Site,
    version: &'static str,
    appliance_version: &'static str,
    update: u32,
    build: u64,
) {
    let release = VcenterRelease { version, appliance_version, update, build, vpxd_build: build };
    site.vcenter.as_mut().expect("a vCenter Server").set_release(release);
}

fn esxi(version: &str, update: u32, build: u64, generation: Generation) -> Release {
    let mut release = Release::of(generation);
    (release.version, release.update, release.build) = (version.to_owned(), update, build);
    release
}

#[test]
fn a_later_patch_of_one_update_is_no_wrong_order() {
    let mut site = site(Generation::V80, true);
    set_vcenter(&mut site, "8.0.2", "8.0.2.00000", 2, 22_385_739);
    for host in &mut site.hosts {
        host.release = esxi("8.0.2", 2, 24_789_317, Generation::V80);
    }
    let report = report(&site);
    assert!(findings(&report, "version.hosts-newer-than-vcenter").is_empty(), "{:?}", all_ids(&report));
}

#[test]
fn hosts_above_their_vcenter_are_told_with_every_build() {
    let mut site = site(Generation::V70, true);
    set_vcenter(&mut site, "7.0.2", "7.0.2.00000", 2, 17_694_817);
    for (host, build) in site.hosts.iter_mut().zip([22_348_816, 21_930_508, 22_348_816]) {
        host.release = esxi("7.0.3", 3, build, Generation::V70);
    }
    let report = report(&site);
    let found = finding(&report, "version.hosts-newer-than-vcenter");
    assert_eq!(found["hosts"].as_array().map(Vec::len), Some(3));
    let builds = found["details"]["builds"].as_object().expect("builds");
    let mut told: Vec<&str> = builds.values().filter_map(Value::as_str).collect();
    told.sort_unstable();
    assert_eq!(told, ["21930508", "22348816", "22348816"]);
    let summary = found["summary"].as_str().expect("text");
    assert!(summary.contains("rolling upgrade") && summary.contains("7.0 U3n"), "{summary}");
}
