//! Failed migrations, from raw bundles to the report: one finding a cause, with both hosts, the VM and the code.

#[path = "common/run.rs"]
mod run;

use esxray::demo::{
    ClusterOptions, Container, Generation, Log, MigrationsOptions, ScriptedLine, Site, ToldMigration,
    healthy, many_migrations,
};
use run::{all_ids, analyze_site, finding, findings, names};
use serde_json::Value;

/// A site in which migration 4561230987654321012 of a VM of the first host to the second one fails, with a status on each side.
fn site(source: &str, destination: &str) -> Site {
    let mut site = healthy(&ClusterOptions::default());
    let id = 4_561_230_987_654_321_012_u64;
    let from = site.hosts[0].net.vmotion.clone();
    let to = site.hosts[1].net.vmotion.clone();
    let at = site.hosts[0].captured_at.plus_seconds(-2 * 3600);
    let ends = format!("ts = {id}, srcIP = <{from}> dstIP = <{to}>");
    let kernel = |after: i64, text: String| ScriptedLine::new(at.plus_seconds(after), Log::Vmkernel, text);
    site.hosts[0].lines.extend([
        kernel(
            0,
            format!("Migrate: 101: vmotion: Source vmmLeaderID = 1, {ends} Dest wid = 2 using SHARED swap"),
        ),
        kernel(21, format!("WARNING: Migrate: 267: {id} S: Failed: {source} @0x41802d9a")),
    ]);
    site.hosts[1].lines.extend([
        kernel(
            0,
            format!("Migrate: 101: vmotion: Dest vmmLeaderID = 2, {ends} Dest wid = 0 using SHARED swap"),
        ),
        kernel(20, format!("WARNING: Migrate: 267: {id} D: Failed: {destination} @0x41802d9b")),
    ]);
    if let Some(vcenter) = &mut site.vcenter {
        let text = format!("[MIGRATE] ({id}) vMotion failed: vmodl.fault.SystemError");
        vcenter.lines.push(ScriptedLine::new(at.plus_seconds(25), Log::Vpxd, text).under("VmProv"));
    }
    site
}

#[track_caller]
fn check(source: &str, destination: &str, cause: &str, code: u64) -> Value {
    let site = site(source, destination);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let found = finding(&run.report, "vmotion.failed");
    assert_eq!(found["cause"]["id"], cause);
    assert_eq!(found["count"], 1);
    assert_eq!(names(&run.report, &found["hosts"]), [site.hosts[0].name.clone(), site.hosts[1].name.clone()]);
    let migration = &found["details"]["migrations"][0];
    assert_eq!((&migration["id"], &migration["code"]), (&"4561230987654321012".into(), &code.into()));
    let evc: Vec<String> = all_ids(&run.report).into_iter().filter(|id| id.contains("evc.")).collect();
    assert!(evc.is_empty(), "{evc:?}");
    found.clone()
}

#[test]
fn failures_of_the_network_name_the_test_between_the_hosts() {
    let closed = "Connection closed by remote host, possibly due to timeout (0xbad003f)";
    let found = check("Timeout (0xbad0021)", closed, "vmotion-network", 195_887_137);
    assert_eq!((&found["severity"], &found["confidence"]), (&"error".into(), &"certain".into()));
    let site = site("", "");
    let pings: Vec<&str> = found["remedy"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|step| step["command"].as_str())
        .filter(|command| command.starts_with("vmkping -I vmk1 "))
        .collect();
    assert_eq!(pings.len(), 2, "{:#?}", found["remedy"]);
    assert!(pings[0].ends_with(&format!(" {}", site.hosts[1].net.vmotion)), "{pings:?}");
    assert!(pings[1].ends_with(&format!(" {}", site.hosts[0].net.vmotion)), "{pings:?}");
    let failed = "The ESX hosts failed to connect over the VMotion network (195887371)";
    check(failed, closed, "vmotion-network", 195_887_371);
    check(closed, "Connection reset by peer (0xbad004b)", "vmotion-network", 195_887_179);
}

#[test]
fn other_failures_have_their_own_cause() {
    let closed = "Already disconnected (0xbad002e)";
    check("Maximum switchover time for migration exceeded (0xbad0107)", closed, "timeout", 195_887_367);
    let lack = "Migration failed to start due to lack of CPU or memory resources (0xbad00a4)";
    check(closed, lack, "resources", 195_887_268);
    check(
        "IO was aborted (0xbad00e0)",
        "Migration determined a failure by the VMX (0xbad0092)",
        "vmx",
        195_887_250,
    );
}

#[test]
fn finished_migrations_are_no_finding() {
    let site = healthy(&ClusterOptions::default());
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    assert!(findings(&run.report, "vmotion.failed").is_empty(), "{:?}", all_ids(&run.report));
}

#[test]
fn the_report_tells_it_in_japanese() {
    let site = site("Timeout (0xbad0021)", "Already disconnected (0xbad002e)");
    let (folder, run) = analyze_site(&site, Container::Tgz, &["--lang", "ja"]);
    let found = finding(&run.report, "vmotion.failed");
    assert!(found["title"].as_str().expect("a text").contains("vMotion ネットワーク"));
    let page = std::fs::read_to_string(folder.path().join("out/report.md")).expect("written");
    assert!(page.contains("0xbad0021") && page.contains("vmkping"));
}

/// Holds every migration of `told` against the report: listed once, with its ends, its VM and its outcome. `absent` is the
/// host whose bundle is not there.
fn check_all(report: &Value, told: &[ToldMigration], absent: Option<(&str, &str)>) {
    let listed = report["migrations"].as_array().expect("a list");
    let name_of = |end: &Value| {
        let hosts = report["hosts"].as_array().expect("hosts");
        let found = hosts.iter().find(|host| host["id"] == end["host"]);
        found.map(|host| host["name"].as_str().expect("a name").to_owned())
    };
    for migration in told {
        let id = migration.id.to_string();
        let found: Vec<&Value> = listed.iter().filter(|one| one["id"] == id.as_str()).collect();
        assert_eq!(found.len(), 1, "{migration:?}");
        let found = found[0];
        let outcome = if migration.fault.is_some() { "failed" } else { "succeeded" };
        assert_eq!(found["outcome"], outcome, "{migration:?}: {found:#}");
        assert_eq!(found["vm"], migration.vm.as_str(), "{found:#}");
        for (end, name) in [(&found["source"], &migration.from), (&found["destination"], &migration.to)] {
            match absent.filter(|(absent, _)| absent == name) {
                None => assert_eq!(name_of(end).as_ref(), Some(name), "{migration:?}: {found:#}"),
                Some((_, address)) => {
                    assert_eq!(end["host"], Value::Null, "{found:#}");
                    // Where the beginning is lost, nothing tells the other end's address.
                    assert!(end["address"].is_null() || end["address"] == address, "{found:#}");
                }
            }
        }
        assert_eq!(found["reason"].is_null(), migration.fault.is_none(), "{migration:?}: {found:#}");
    }
    let without_id = listed.iter().filter(|one| one["id"].is_null()).count();
    assert_eq!(without_id, 0, "a record that belongs to a migration made one of its own");
}

#[test]
fn two_hundred_migrations_are_each_listed_once() {
    for generation in [Generation::V67, Generation::V80] {
        let (site, told) = many_migrations(&MigrationsOptions::of(generation));
        assert_eq!((told.len(), told.iter().filter(|one| one.fault.is_some()).count()), (200, 30));
        let (folder, run) = analyze_site(&site, Container::Tgz, &[]);
        check_all(&run.report, &told, None);
        let page = std::fs::read_to_string(folder.path().join("out/report.md")).expect("written");
        assert!(page.contains("30 failed"), "the section has its numbers");
        let measured = told.iter().filter(|one| one.fault.is_none());
        let listed = run.report["migrations"].as_array().expect("a list");
        for one in measured {
            let found =
                listed.iter().find(|found| found["id"] == one.id.to_string().as_str()).expect("listed");
            assert_eq!(found["bandwidth_mb_s"], 700 + one.id % 300, "{found:#}");
            assert!(
                found["downtime_ms"].as_u64().is_some_and(|millis| (180..=270).contains(&millis)),
                "{found:#}"
            );
        }
    }
}

#[test]
fn one_sides_bundle_is_enough() {
    let (mut site, told) = many_migrations(&MigrationsOptions::of(Generation::V80));
    let absent = site.hosts.remove(1);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    check_all(&run.report, &told, Some((&absent.name, &absent.net.vmotion)));
}
