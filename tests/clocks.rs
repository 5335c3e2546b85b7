//! Clocks of hosts that differ: estimated from what two hosts tell, corrected in the timeline, told in the report.

#[path = "common/run.rs"]
mod run;

use esxray::demo::{
    ClockOptions, ClusterOptions, Container, Generation, HostClock, Level, Log, MigrationIds, ScriptedLine,
    Site, add_calls, clock_story, healthy,
};
use esxray::model::Timestamp;
use run::{analyze_site, findings};
use serde_json::Value;

fn report(site: &Site) -> Value {
    analyze_site(site, Container::Tgz, &[]).1.report
}

fn host<'a>(report: &'a Value, id: &str) -> &'a Value {
    let hosts = report["hosts"].as_array().expect("hosts");
    hosts.iter().find(|host| host["id"] == id).unwrap_or_else(|| panic!("no {id}"))
}

/// Seconds by which a host's clock is said to be ahead, and what is not known of it.
#[track_caller]
fn ahead(report: &Value, id: &str) -> (f64, f64) {
    let clock = &host(report, id)["clock"];
    let seconds = |name: &str| clock[name].as_f64().unwrap_or_else(|| panic!("{id}: {clock}")) / 1e3;
    (seconds("offset_ms"), seconds("uncertainty_ms"))
}

#[track_caller]
fn check(report: &Value, expected: &[(&str, f64)]) {
    for (id, seconds) in expected {
        let (told, unsure) = ahead(report, id);
        assert!((told - seconds).abs() <= 1.0, "{id} is {seconds} s ahead, told are {told} ± {unsure}");
        assert!((told - seconds).abs() <= unsure, "{id}: {told} ± {unsure} does not hold {seconds}");
    }
}

/// The migrations' first records on both sides in the order of the report, as (id, host).
fn starts(report: &Value, by: &str) -> Vec<(String, String)> {
    let entries = report["timeline"].as_array().expect("a timeline").iter();
    let mut starts: Vec<(String, String, String)> = entries
        .filter(|entry| entry["kind"] == "vmotion.start" && entry["fields"]["mid"].is_string())
        .map(|entry| {
            let raw = entry["fields"]["raw_time"].as_str().filter(|_| by == "raw_time");
            let at = raw.or(entry["time"].as_str()).expect("a time").to_owned();
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            (at, text(&entry["fields"]["mid"]), text(&entry["host"]))
        })
        .collect();
    starts.sort_by_key(|(at, ..)| at.parse::<Timestamp>().expect("a time"));
    starts.into_iter().map(|(_, mid, host)| (mid, host)).collect()
}

fn forms() -> Vec<ClockOptions> {
    let mut forms = Vec::new();
    for generation in [Generation::V67, Generation::V80] {
        for (vcenter, ids) in [
            (true, MigrationIds::Made),
            (true, MigrationIds::Random),
            (false, MigrationIds::Made),
            (false, MigrationIds::Random),
        ] {
            let mut options = ClockOptions { ids, ..ClockOptions::of(generation) };
            options.cluster.vcenter = vcenter;
            forms.push(options);
        }
    }
    forms
}

#[test]
fn a_host_that_is_ahead_is_found_by_six_migrations_and_put_in_order() {
    for mut options in forms() {
        options.clocks = vec![HostClock::default(), HostClock::ahead(97_500_000)];
        let (mut site, moves) = clock_story(&options);
        // One minute after each migration began something happens on a host whose clock is right.
        let vmotions: Vec<String> = moves.iter().map(|told| told.id.to_string()).collect();
        for told in &moves {
            let line = ScriptedLine::vob(
                told.at.plus_seconds(60),
                "netCorrelator",
                "esx.problem.net.vmnic.linkstate.down",
                "Physical NIC vmnic3 linkstate is down.",
            );
            site.hosts[2].lines.push(line.level(Level::Warning));
        }
        let report = report(&site);
        check(&report, &[("esx01", 0.0), ("esx02", 97.5), ("esx03", 0.0)]);
        let order = |by: &str| {
            let entries = report["timeline"].as_array().expect("a timeline").iter();
            let mut told: Vec<(Timestamp, String)> = entries
                .filter_map(|entry| {
                    let raw = entry["fields"]["raw_time"].as_str().filter(|_| by == "raw_time");
                    let at = raw.or(entry["time"].as_str())?.parse().ok()?;
                    let is_start = entry["kind"] == "vmotion.start" && entry["host"] == "esx02";
                    let is_down = entry["kind"] == "net.link-down" && entry["host"] == "esx03";
                    let what = if is_start { entry["fields"]["mid"].as_str()? } else { "down" };
                    (is_start || is_down).then(|| (at, what.to_owned()))
                })
                .collect();
            told.sort();
            told.into_iter().map(|(_, what)| what).collect::<Vec<_>>()
        };
        let by_host = |told: &&String| {
            let of = moves.iter().find(|one| one.id.to_string() == **told).expect("one of them");
            [&of.from, &of.to].iter().any(|name| name.starts_with("esx02"))
        };
        let mut expected = Vec::new();
        for id in &vmotions {
            expected.extend(by_host(&id).then(|| id.clone()));
            expected.push("down".to_owned());
        }
        assert_eq!(order("time"), expected, "corrected");
        assert_ne!(order("raw_time"), expected, "by raw stamps it is wrong");
        assert_eq!(starts(&report, "time").len(), 12);
        let skew = findings(&report, "clock.skew");
        assert_eq!(skew.len(), 1, "{skew:?}");
        assert_eq!(skew[0]["hosts"], serde_json::json!(["esx02"]));
    }
}

/// A cluster of four, of which the last tells of no migration; 24 migrations between the others.
fn four(generation: Generation, clocks: Vec<HostClock>) -> ClockOptions {
    let pairs = [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)];
    let mut options = ClockOptions { moves: pairs.repeat(4), clocks, ..ClockOptions::of(generation) };
    options.cluster.hosts = 4;
    options
}

#[test]
fn a_step_a_drift_a_false_pair_and_a_host_without_any() {
    for vcenter in [true, false] {
        let mut options = four(Generation::V80, Vec::new());
        options.cluster.vcenter = vcenter;
        options.false_pair = Some(9);
        let middle = options.cluster.captured_at.plus_seconds(-36 * 3600 - 600);
        let from = options.cluster.captured_at.plus_seconds(-72 * 3600);
        options.clocks = vec![
            HostClock::default(),
            HostClock { steps: vec![(middle, 40_000_000)], ..HostClock::default() },
            HostClock { gains: 2_000_000, gains_from: from, ..HostClock::default() },
        ];
        let (mut site, _) = clock_story(&options);
        if vcenter {
            // Without calls nothing but the ids ties vCenter to the hosts.
            add_calls(&mut site, 1_800);
            site.hosts[3].lines.retain(|line| line.log != Log::Vpxa);
        }
        let report = report(&site);
        check(&report, &[("esx01", 0.0), ("esx02", 40.0), ("esx03", 6.0)]);
        let steps = host(&report, "esx02")["clock"]["steps"].as_array().expect("steps");
        let [step] = steps.as_slice() else { panic!("{steps:?}") };
        assert!((step["by_ms"].as_i64().expect("a number") - 40_000).abs() < 1_000, "{step}");
        let at: Timestamp = step["at"].as_str().expect("a time").parse().expect("a time");
        assert!(at.since(middle).abs() < 4 * 3_600_000_000, "{at} is near {middle}");
        let drift = host(&report, "esx03")["clock"]["drift_ms_per_day"].as_f64().expect("a drift");
        assert!((drift - 2_000.0).abs() < 300.0, "{drift}");
        assert_eq!(host(&report, "esx04")["clock"]["offset_ms"], Value::Null);
        let hosts = &findings(&report, "clock.skew")[0]["hosts"];
        assert_eq!(*hosts, serde_json::json!(["esx02", "esx03"]));
    }
}

#[test]
fn calls_of_vcenter_compare_hosts_without_migrations() {
    for generation in [Generation::V67, Generation::V80] {
        let clocks = vec![HostClock::ahead(-12_000_000), HostClock::ahead(97_500_000)];
        let mut options = ClockOptions { moves: Vec::new(), clocks, ..ClockOptions::of(generation) };
        options.cluster.vcenter = true;
        let (mut site, _) = clock_story(&options);
        add_calls(&mut site, 600);
        let report = report(&site);
        check(&report, &[("esx01", -12.0), ("esx02", 97.5), ("esx03", 0.0)]);
        let vcenter =
            report["hosts"].as_array().expect("hosts").iter().find(|host| host["kind"] == "vcenter");
        assert_eq!(vcenter.expect("vCenter")["clock"]["reference"], true);
    }
}

#[test]
fn a_second_and_nine_tenths_is_no_finding_and_without_pairs_nothing_is_said() {
    let mut options = ClockOptions::of(Generation::V67);
    options.clocks = vec![HostClock::default(), HostClock::ahead(1_900_000)];
    let close = report(&clock_story(&options).0);
    assert!(findings(&close, "clock.skew").is_empty());
    options.moves.clear();
    options.cluster.vcenter = false;
    options.clocks = vec![HostClock::default(), HostClock::ahead(97_500_000)];
    let none = report(&clock_story(&options).0);
    assert!(findings(&none, "clock.skew").is_empty());
    for host in none["hosts"].as_array().expect("hosts") {
        assert_eq!((&host["clock"]["offset_ms"], &host["clock"]["pairs"]), (&Value::Null, &Value::from(0)));
        assert!(host["clock"]["basis"].as_str().is_some_and(|basis| basis.contains("another host")));
    }
}

#[test]
fn one_host_alone_is_compared_by_ids_that_are_times() {
    let mut options = ClockOptions { ids: MigrationIds::Made, ..ClockOptions::of(Generation::V67) };
    options.cluster.vcenter = false;
    options.clocks = vec![HostClock::ahead(97_500_000)];
    let (mut site, _) = clock_story(&options);
    site.hosts.truncate(1);
    let report = report(&site);
    let (told, unsure) = ahead(&report, "esx01");
    assert!((told - 97.5).abs() <= unsure && unsure <= 3.0, "{told} ± {unsure}");
}

/// Records of vSphere HA by which slaves, by index, say by how many seconds they are ahead of the master.
fn say_differences(site: &mut Site, master: usize, ahead: &[(usize, i64)]) {
    let master_ref = site.hosts[master].moref;
    for (index, seconds) in ahead {
        let host = &mut site.hosts[*index];
        let moref = host.moref;
        for n in 0..5 {
            let at = host.captured_at.plus_seconds(-3_600 + 600 * n);
            let text = format!(
                "hostId=host-{moref} state=Slave master=host-{master_ref} isolated=false host-list-version=3 config-version=7 \
                 vm-metadata-version=2 slv-mst-tdiff-sec={seconds}"
            );
            host.lines.push(ScriptedLine::new(at, Log::Fdm, text).under("Cluster"));
        }
    }
}

#[test]
fn what_vsphere_ha_says_of_two_clocks_is_taken_where_nothing_else_compares_them() {
    let options = ClusterOptions { hosts: 4, vms_per_host: 1, ..ClusterOptions::of(Generation::V70) };
    let mut quiet = healthy(&options);
    // No host tells of a migration.
    quiet.hosts.iter_mut().for_each(|host| host.lines.clear());
    // The master is the one that is wrong: the three others agree with each other.
    let mut site = quiet.clone();
    say_differences(&mut site, 1, &[(0, -97), (2, -97), (3, -97)]);
    let told = report(&site);
    check(&told, &[("esx01", 0.0), ("esx02", 97.0), ("esx03", 0.0), ("esx04", 0.0)]);
    let skewed = findings(&told, "clock.skew");
    assert_eq!((skewed.len(), &skewed[0]["hosts"]), (1, &serde_json::json!(["esx02"])));
    // One slave differs; of the others nothing is known, as a 0 is no comparison.
    let mut site = quiet.clone();
    say_differences(&mut site, 0, &[(1, 0), (2, 0), (3, 41)]);
    let told = report(&site);
    check(&told, &[("esx01", 0.0), ("esx04", 41.0)]);
    assert_eq!(host(&told, "esx02")["clock"]["offset_ms"], Value::Null);
    // Nothing but zeros.
    let mut site = quiet;
    say_differences(&mut site, 0, &[(1, 0), (2, 1), (3, 0)]);
    assert!(findings(&report(&site), "clock.skew").is_empty());
}
