//! How findings came about: the chains of the demo's stories are in order, rest on lines that are there, and tell nothing
//! that no line tells. With `--nocapture` the chains of both touchstone incidents are printed.

#[path = "common/run.rs"]
mod run;

use std::collections::{BTreeMap, BTreeSet};

use esxray::demo::{
    Container, EvcCause, EvcOptions, Generation, MembershipOptions, Site, Story, VmotionOptions, VsanCause,
    VsanOptions, evc_incident, membership_incident, vmotion_incident, vsan_incident,
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
    let (folder, run) = analyze_site(site, Container::Directory, &[]);
    let files = files(&folder.path().join("in"));
    let mut checked = 0;
    for finding in run.report["findings"].as_array().expect("findings") {
        check(finding);
        checked += check_lines(finding, &files);
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
fn check_lines(finding: &Value, files: &BTreeMap<String, Vec<String>>) -> usize {
    let mut compared = 0;
    for line in links(finding).iter().flat_map(|link| link["evidence"].as_array().expect("evidence")) {
        let file = line["file"].as_str().expect("a file");
        let number = line["line"].as_u64().expect("a number") as usize;
        // Logs that were rotated are packed.
        let Some((_, lines)) = files.iter().find(|(name, _)| name.ends_with(file) || file.ends_with(*name)) else {
            assert!(file.ends_with(".gz"), "no file {file}");
            continue;
        };
        let stands = lines.get(number - 1).unwrap_or_else(|| panic!("no line {number} in {file}"));
        let told = line["text"].as_str().expect("a text").trim();
        let head: String = told.lines().next().unwrap_or("").chars().take(200).collect();
        assert!(stands.contains(head.trim()) || head.contains(stands.trim()), "{head:?} is not {stands:?} in {file}");
        compared += 1;
    }
    compared
}

fn print(title: &str, finding: &Value) {
    println!("\n== {title}: {}", finding["title"].as_str().expect("a title"));
    for (at, link) in links(finding).iter().enumerate() {
        let time = link["time"].as_str().unwrap_or("-");
        println!("{}. {time:26} {}", at + 1, link["text"].as_str().expect("a text"));
        for line in link["evidence"].as_array().expect("evidence") {
            let text: String = line["text"].as_str().expect("a text").chars().take(110).collect();
            println!("       {} {}:{} | {text}", line["host"].as_str().unwrap_or(""), line["file"].as_str().unwrap_or(""), line["line"]);
        }
    }
}

fn japanese(title: &str, site: &Site, id: &str) -> Value {
    let (_folder, run) = analyze_site(site, Container::Tgz, &["--lang", "ja"]);
    let found = finding(&run.report, id).clone();
    print(title, &found);
    found
}

#[test]
fn dump() {
    let (site, _) = vsan_incident(&VsanOptions::default());
    let r = report(&site);
    for f in r["findings"].as_array().unwrap() { print("vsan", f); }
    japanese("vsan ja", &site, "vsan.host-lost");
    let (site, _) = vsan_incident(&VsanOptions { cause: VsanCause::Network, ..VsanOptions::default() });
    let r = report(&site);
    for f in r["findings"].as_array().unwrap() { print("vsan network", f); }
    for cause in [EvcCause::StaleMicrocode, EvcCause::PatchLevel, EvcCause::BiosSetting, EvcCause::StaleMask] {
        let (site, _) = evc_incident(&EvcOptions { cause, ..EvcOptions::default() });
        let r = report(&site);
        for f in r["findings"].as_array().unwrap() { print(&format!("{cause:?}"), f); }
        if cause == EvcCause::StaleMicrocode { japanese("evc ja", &site, "evc.feature-mismatch"); }
    }
    for story in [Story::ListNotPushed, Story::Partition, Story::LinkDown, Story::Mtu, Story::OneWay, Story::AdapterRemoved, Story::Crash, Story::PowerLoss, Story::Restart, Story::Maintenance, Story::FormatSkew, Story::Decommission, Story::AgentHang, Story::ManagementNetwork, Story::Certificate, Story::DiskGroup] {
        for returned in [false, true] {
            let mut options = MembershipOptions::of(story, Generation::V70);
            options.returned = returned;
            let (site, _) = membership_incident(&options);
            let r = report(&site);
            for f in r["findings"].as_array().unwrap() { print(&format!("{story:?} {returned}"), f); }
        }
    }
    let (site, _) = vmotion_incident(&VmotionOptions::of(Generation::V70));
    let r = report(&site);
    for f in r["findings"].as_array().unwrap() { print("vmotion", f); }
}
