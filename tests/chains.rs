//! How findings came about: the chains of the demo's stories are in order, rest on lines that are there, and tell nothing
//! that no line tells. With `--nocapture` the chains of both touchstone incidents are printed.

#[path = "common/run.rs"]
mod run;

use std::collections::{BTreeMap, BTreeSet};

use esxray::demo::{
    Container, EvcCause, EvcOptions, Generation, MembershipOptions, ScriptedLine, Site, Story,
    VmotionOptions, VsanCause, VsanOptions, evc_incident, membership_incident, vmotion_incident,
    vsan_incident,
};
use esxray::model::Timestamp;
use run::{analyze_site, finding, findings};
use serde_json::Value;

fn links(finding: &Value) -> &Vec<Value> {
    finding["chain"].as_array().expect("a list")
}

fn texts(finding: &Value) -> Vec<&str> {
    links(finding).iter().map(|link| link["text"].as_str().expect("a text")).collect()
}

/// Where the link with `part` in its text stands.
#[track_caller]
fn place(finding: &Value, part: &str) -> usize {
    let texts = texts(finding);
    let found: Vec<usize> =
        texts.iter().enumerate().filter(|(_, text)| text.contains(part)).map(|(at, _)| at).collect();
    assert_eq!(found.len(), 1, "{part:?} in {texts:#?}");
    found[0]
}

/// Asserts that the links with these parts are there, in this order.
#[track_caller]
fn in_order(finding: &Value, parts: &[&str]) {
    let places: Vec<usize> = parts.iter().map(|part| place(finding, part)).collect();
    assert!(places.is_sorted(), "{places:?} of {parts:?} in {:#?}", texts(finding));
}

#[track_caller]
fn has_none(finding: &Value, part: &str) {
    assert!(texts(finding).iter().all(|text| !text.contains(part)), "{part:?} in {:#?}", texts(finding));
}

/// The lines of every file of the bundles, as the site writes them into folders.
fn files(folder: &std::path::Path) -> BTreeMap<String, Vec<String>> {
    fn walk(root: &std::path::Path, at: &std::path::Path, all: &mut BTreeMap<String, Vec<String>>) {
        for entry in std::fs::read_dir(at).expect("listed") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                walk(root, &path, all);
            } else if path.extension().is_none_or(|extension| extension != "gz") {
                let bytes = std::fs::read(&path).expect("read");
                let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
                all.insert(name, String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect());
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(folder, folder, &mut all);
    all
}

/// The report on `site`; every chain of it is held against what a chain must be.
fn report(site: &Site) -> Value {
    let (folder, run) = analyze_site(site, Container::Tree, &[]);
    let files = files(&folder.path().join("in"));
    let mut checked = 0;
    for finding in run.report["findings"].as_array().expect("findings") {
        check(finding);
        checked += check_lines(&run.report, finding, &files);
    }
    let chained = run.report["findings"].as_array().expect("findings").iter().any(|f| !links(f).is_empty());
    assert!(!chained || checked > 0, "no line of any chain was found in its file");
    run.report
}

fn check(finding: &Value) {
    let links = links(finding);
    assert!(links.is_empty() || (2..=7).contains(&links.len()), "{:#?}", texts(finding));
    let times: Vec<Timestamp> =
        links.iter().filter_map(|link| Some(link["time"].as_str()?.parse().expect("a time"))).collect();
    assert!(times.is_sorted(), "{times:?} of {:#?}", texts(finding));
    let mut seen = BTreeSet::new();
    for link in links {
        let text = link["text"].as_str().expect("a text");
        assert!(seen.insert(text), "twice: {text}");
        assert!(!text.is_empty() && !text.ends_with('.') && !text.contains("  "), "{text:?}");
        let evidence = link["evidence"].as_array().expect("evidence");
        assert!((1..=3).contains(&evidence.len()), "{text}");
        // A dated link is not told by lines of another day.
        for line in evidence {
            let (at, line_at) = (link["time"].as_str(), line["time"].as_str());
            if let (Some(at), Some(line_at)) = (at, line_at) {
                let (at, line_at): (Timestamp, Timestamp) =
                    (at.parse().expect("a time"), line_at.parse().expect("a time"));
                assert!(line_at.since(at).abs() < 86_400_000_000 * 2, "{text}: {at} and {line_at}");
            }
        }
    }
    let places = |link: &Value| -> BTreeSet<String> {
        let lines = link["evidence"].as_array().expect("evidence").iter();
        lines.map(|line| format!("{} {} {}", line["host"], line["file"], line["line"])).collect()
    };
    for (at, link) in links.iter().enumerate() {
        for other in &links[..at] {
            assert_ne!(places(link), places(other), "one event twice: {:#?}", texts(finding));
        }
    }
}

/// Finds the lines of a chain in their files and gives how many were there to be compared.
fn check_lines(report: &Value, finding: &Value, files: &BTreeMap<String, Vec<String>>) -> usize {
    let mut compared = 0;
    for line in links(finding).iter().flat_map(|link| link["evidence"].as_array().expect("evidence")) {
        let file = line["file"].as_str().expect("a file");
        let number = line["line"].as_u64().expect("a number") as usize;
        // Logs that were rotated are packed.
        let is_host = |host: &&Value| host["id"] == line["host"];
        let host = report["hosts"].as_array().expect("hosts").iter().find(is_host).expect("known");
        let folder = host["bundle"].as_str().expect("a path").rsplit('/').next().expect("a name");
        let is_it = |name: &str| name.split('/').any(|part| part == folder) && name.ends_with(file);
        let Some((_, lines)) = files.iter().find(|(name, _)| is_it(name)) else {
            assert!(file.ends_with(".gz"), "no file {file}");
            continue;
        };
        let stands = lines.get(number - 1).map_or("", String::as_str);
        // A file that is empty is told as such.
        if lines.is_empty() && number == 1 {
            continue;
        }
        let told = line["text"].as_str().expect("a text").trim();
        let head: String = told.lines().next().unwrap_or("").chars().take(200).collect();
        assert!(
            stands.contains(head.trim()) || head.contains(stands.trim()),
            "{head:?} is not {stands:?} in {file}"
        );
        compared += 1;
    }
    compared
}

#[expect(clippy::print_stdout, reason = "read with --nocapture")]
fn print(title: &str, finding: &Value) {
    println!("\n== {title}: {}", finding["title"].as_str().expect("a title"));
    for (at, link) in links(finding).iter().enumerate() {
        let time = link["time"].as_str().unwrap_or("-");
        println!("{}. {time:26} {}", at + 1, link["text"].as_str().expect("a text"));
        for line in link["evidence"].as_array().expect("evidence") {
            let text: String = line["text"].as_str().expect("a text").chars().take(110).collect();
            println!(
                "       {} {}:{} | {text}",
                line["host"].as_str().unwrap_or(""),
                line["file"].as_str().unwrap_or(""),
                line["line"]
            );
        }
    }
}

/// The entries of the timeline of a kind that bear the mark of `finding`.
fn marked<'a>(report: &'a Value, kind: &str, finding: &Value) -> Vec<&'a Value> {
    let all = report["findings"].as_array().expect("findings");
    let at = all.iter().position(|found| found == finding).expect("it is of this report");
    let bears = |entry: &Value| entry["findings"].as_array().is_some_and(|marks| marks.contains(&at.into()));
    run::events(report, kind).into_iter().filter(|entry| bears(entry)).collect()
}

fn japanese(title: &str, site: &Site, id: &str) -> Value {
    let (_folder, run) = analyze_site(site, Container::Tgz, &["--lang", "ja"]);
    let found = finding(&run.report, id).clone();
    print(title, &found);
    for text in texts(&found) {
        let half = ["(", ")", ": ", ", ", "電源オン"].into_iter().find(|part| text.contains(part));
        assert!(half.is_none(), "{half:?} in {text}");
        assert!(!text.replace("vCenter Server", "").contains("vCenter"), "{text}");
    }
    found
}

/// The one story that `membership_incident` tells of hosts of vSphere 7.0.
fn membership(story: Story, returned: bool, victims: &[usize]) -> Value {
    let mut options = MembershipOptions::of(story, Generation::V70);
    (options.returned, options.victims) = (returned, victims.to_vec());
    report(&membership_incident(&options).0)
}

#[test]
fn a_host_lost_after_the_wrong_upgrade_order_is_told_from_the_upgrade_to_its_vms() {
    let (site, truth) = vsan_incident(&VsanOptions::default());
    let report = report(&site);
    let lost = finding(&report, "vsan.host-lost");
    print("incident 2", lost);
    in_order(
        lost,
        &[
            "upgraded to ESXi",
            "older than",
            "member list did not reach",
            "dropped esx01",
            "no more heartbeats",
            "became invalid",
        ],
    );
    let dropped = &links(lost)[place(lost, "dropped esx01")];
    assert_eq!(dropped["time"], truth.lost_at.to_string());
    assert_eq!(dropped["text"], "esx02, esx03 and esx04 dropped esx01 from the vSAN membership");
    let invalid = texts(lost)[place(lost, "became invalid")];
    assert!(truth.invalid_vms.iter().all(|(vm, _)| invalid.contains(vm.as_str())), "{invalid}");
    // That heartbeats are missed is told half a minute before vCenter holds the host for lost.
    let silent = &links(lost)[place(lost, "not responding")];
    let (missed, told): (Vec<&Value>, Vec<&Value>) = run::events(&report, "host.not-responding")
        .into_iter()
        .filter(|event| event["fields"]["host_name"] == "esx01")
        .partition(|event| event["message"].as_str().is_some_and(|text| text.contains("Missed")));
    assert!(missed[0]["time"].as_str() < told[0]["time"].as_str());
    assert_eq!(silent["time"], told[0]["time"]);
    // Three lines of an upgrade are shown, and the rows of all hosts are marked.
    let upgraded = |event: &&&Value| event["fields"]["change"] != "remove";
    let hosts: BTreeSet<&str> = marked(&report, "host.upgrade", lost)
        .iter()
        .filter(upgraded)
        .map(|event| event["host"].as_str().expect("a host"))
        .collect();
    assert_eq!(hosts.len(), 4, "{hosts:?}");
    let older = &links(lost)[place(lost, "older than")];
    assert!(older["time"].is_null(), "a state has no time");
    in_order(finding(&report, "version.hosts-newer-than-vcenter"), &["upgraded", "older than", "refused"]);
    japanese("incident 2", &site, "vsan.host-lost");
}

#[test]
fn a_story_without_the_log_of_the_upgrade_has_no_upgrade() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    for host in &mut site.hosts {
        host.lines.retain(|line| !line.text.contains("esximage") && !line.text.contains("image profile"));
    }
    let report = report(&site);
    let lost = finding(&report, "vsan.host-lost");
    has_none(lost, "upgraded");
    in_order(lost, &["older than", "dropped esx01", "became invalid"]);
    assert!(texts(finding(&report, "version.hosts-newer-than-vcenter")).len() < 3);
}

#[test]
fn an_upgrade_of_a_month_before_is_no_part_of_the_story() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    for host in &mut site.hosts {
        host.log_from = host.log_from.plus_seconds(-40 * 86_400);
        let told = |line: &&mut esxray::demo::ScriptedLine| line.text.contains("esximage.profile.update");
        for line in host.lines.iter_mut().filter(told) {
            line.at = line.at.plus_seconds(-30 * 86_400);
        }
    }
    let report = report(&site);
    assert!(!run::events(&report, "host.upgrade").is_empty(), "it is still told");
    has_none(finding(&report, "vsan.host-lost"), "upgraded");
}

#[test]
fn vms_of_another_host_that_turn_invalid_then_are_no_effect() {
    let (mut site, truth) = vsan_incident(&VsanOptions::default());
    let (own, other) = (truth.invalid_vms[0].0.clone(), site.hosts[2].vms[0].clone());
    let path = site.hosts[0].vm(&own).expect("it runs there").vmx_path();
    let told = site.hosts[0].lines.iter().filter(|line| line.sub.contains(&path)).cloned();
    let mut lines: Vec<_> = told.collect();
    lines.iter_mut().for_each(|line| line.sub = line.sub.replace(&path, &other.vmx_path()));
    assert!(!lines.is_empty());
    let other = other.name;
    site.hosts[2].lines.extend(lines);
    let report = report(&site);
    let invalid = run::events(&report, "vm.invalid");
    assert!(invalid.iter().any(|event| event["fields"]["vm"] == other), "{other} is told of");
    let lost = finding(&report, "vsan.host-lost");
    assert!(texts(lost)[place(lost, "became invalid")].starts_with("3 VMs"), "{:#?}", texts(lost));
    has_none(lost, &other);
}

#[test]
fn state_alone_gives_a_chain_without_times() {
    let (site, _) = vsan_incident(&VsanOptions { lines: false, ..VsanOptions::default() });
    let report = report(&site);
    let lost = finding(&report, "vsan.host-lost");
    in_order(lost, &["older than", "agent list of esx01 is empty", "count esx01"]);
    has_none(lost, "invalid");
    assert!(links(lost)[place(lost, "count esx01")]["time"].is_null());
}

#[test]
fn a_feature_mismatch_is_told_from_the_mask_to_the_refusal() {
    let (site, truth) = evc_incident(&EvcOptions::default());
    let report = report(&site);
    let found = finding(&report, "evc.feature-mismatch");
    print("incident 1", found);
    in_order(
        found,
        &["shut down and powered on", "offers MDCLEAR", "do not", "require MDCLEAR", "was refused", "2 more"],
    );
    assert!(texts(found)[place(found, "do not")].contains("microcode 0x"));
    assert_eq!(links(found)[place(found, "was refused")]["time"], truth.refused[0].at.to_string());
    // Every step that tells of a change has its row.
    let rows = marked(&report, "evc.mask-changed", found);
    let masks = &links(found)[place(found, "EVC masks of esx01 changed")];
    assert_eq!(masks["time"], rows.last().expect("a row")["time"]);
    assert_eq!(rows.last().expect("a row")["fields"]["not_after"], masks["time"]);
    let on = marked(&report, "vm.power-on", found);
    let first = on.first().expect("a row");
    assert_eq!(links(found)[place(found, "require MDCLEAR")]["time"], first["time"]);
    assert_eq!(on.len(), 3, "{on:#?}");
    assert!(first["text"].as_str().expect("a text").ends_with("was powered on on esx01"), "{first}");
    let way = texts(found)[place(found, "this way works")];
    assert!(way.contains("from esx02 to esx01"), "{way}");
    japanese("incident 1", &site, "evc.feature-mismatch");

    let silent = EvcOptions { failures: false, ..EvcOptions::default() };
    let (site, _) = evc_incident(&silent);
    let report = self::report(&site);
    has_none(finding(&report, "evc.feature-mismatch"), "refused");
}

#[test]
fn hosts_of_other_patch_levels_differ_by_their_builds() {
    let (site, _) = evc_incident(&EvcOptions { cause: EvcCause::PatchLevel, ..EvcOptions::default() });
    let report = report(&site);
    let found = finding(&report, "evc.feature-mismatch");
    in_order(found, &["offers MDCLEAR", "do not: ESXi", "require MDCLEAR", "was refused"]);
    has_none(found, "microcode");
}

#[test]
fn a_link_that_went_down_comes_before_what_it_broke_and_up_before_the_return() {
    let report = membership(Story::LinkDown, true, &[0]);
    let lost = finding(&report, "vsan.host-lost");
    in_order(
        lost,
        &[
            "lost the link",
            "could not send",
            "dropped esx01",
            "became invalid",
            "had the link again",
            "a member",
        ],
    );
    let report = membership(Story::LinkDown, false, &[0]);
    let lost = finding(&report, "vsan.host-lost");
    in_order(lost, &["lost the link", "dropped esx01", "became invalid"]);
    has_none(lost, "again");
}

#[test]
fn a_crash_is_told_from_the_screen_to_the_boot() {
    let report = membership(Story::Crash, true, &[0]);
    let crash = finding(&report, "host.crashed");
    in_order(crash, &["purple screen", "dropped esx01", "booted"]);
    let lost = finding(&report, "vsan.host-lost");
    in_order(lost, &["purple screen", "dropped esx01", "booted", "a member"]);
    has_none(lost, "could not send");
    let report = membership(Story::PowerLoss, true, &[0]);
    has_none(finding(&report, "host.crashed"), "purple");
}

#[test]
fn a_hang_of_the_agents_is_told_up_to_the_connection() {
    let report = membership(Story::AgentHang, true, &[0]);
    let lost = finding(&report, "host.disconnected");
    in_order(lost, &["no more heartbeats", "connected to vCenter Server"]);
    assert!(texts(lost).iter().any(|text| text.contains("hung")), "{:#?}", texts(lost));
    has_none(lost, "membership");
    let report = membership(Story::ManagementNetwork, false, &[0]);
    has_none(finding(&report, "host.disconnected"), "hung");
}

#[test]
fn a_split_is_told_by_its_groups_and_ends_where_they_meet_again() {
    let report = membership(Story::Partition, true, &[2, 3]);
    let split = finding(&report, "vsan.partition");
    in_order(split, &["could not send", "(esx01 and esx02) and (esx03 and esx04)", "saw each other again"]);
}

#[test]
fn every_story_of_a_cluster_keeps_to_what_a_chain_must_be() {
    for story in [
        Story::ListNotPushed,
        Story::Mtu,
        Story::OneWay,
        Story::AdapterRemoved,
        Story::Restart,
        Story::Maintenance,
        Story::FormatSkew,
        Story::Decommission,
        Story::Certificate,
        Story::DiskGroup,
    ] {
        for returned in [false, true] {
            let report = membership(story, returned, &[0]);
            for found in report["findings"].as_array().expect("findings") {
                print(&format!("{story:?}, returned: {returned}"), found);
            }
        }
    }
}

#[test]
fn a_migration_that_failed_is_told_from_its_beginning() {
    let (site, _) = vmotion_incident(&VmotionOptions::of(Generation::V70));
    let report = report(&site);
    for found in findings(&report, "vmotion.failed") {
        print("vMotion", found);
        in_order(found, &["began", "failed on the source"]);
    }
}

#[test]
fn a_healthy_network_story_blames_no_version() {
    let (site, _) = vsan_incident(&VsanOptions { cause: VsanCause::Network, ..VsanOptions::default() });
    let report = report(&site);
    let lost = finding(&report, "vsan.host-lost");
    in_order(lost, &["could not send", "dropped esx01", "became invalid"]);
    has_none(lost, "older than");
    has_none(lost, "upgraded");
}

#[test]
fn a_package_that_was_installed_later_is_no_upgrade_to_the_build() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    let at = site.hosts[2].captured_at.plus_seconds(-9_000);
    let line = ScriptedLine::vob(
        at,
        "UserLevelCorrelator",
        "esx.audit.esximage.install.successful",
        "Successfully installed 1 VIBs on host.",
    );
    site.hosts[2].lines.push(line);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let chain = finding(&run.report, "vsan.host-lost")["chain"].as_array().expect("a chain");
    let upgraded =
        chain.iter().find(|link| link["text"].as_str().is_some_and(|text| text.contains("upgraded")));
    let upgraded = upgraded.expect("the upgrade is told");
    let stamp = at.to_string();
    assert!(!upgraded.to_string().contains(&stamp[..16]), "{upgraded}");
}
