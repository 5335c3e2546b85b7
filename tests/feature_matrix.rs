//! `esxray features` on real bundles: what it says first, and that it keeps to its width for 1, 4 and 32 hosts.

#[path = "common/run.rs"]
mod run;

use std::fs;
use std::path::{Path, PathBuf};

use esxray::demo::{ClusterOptions, Container, EvcOptions, Volume, evc_incident, healthy, write_site};
use run::esxray;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

const DIFFERING: [&str; 2] = ["cpuid.mdclear", "cpuid.aes"];

fn options(hosts: usize, rich: Vec<usize>) -> EvcOptions {
    let cluster = ClusterOptions { hosts, vms_per_host: 2, vsan: false, ..ClusterOptions::default() };
    let features = ["cpuid.MDCLEAR", "cpuid.AES"].map(str::to_owned).to_vec();
    EvcOptions { cluster, features, rich, ..EvcOptions::default() }
}

/// The bundles of `hosts` hosts, of which `rich` offer what the others do not, in the folder `in`.
fn incident(hosts: usize, rich: Vec<usize>, container: Container) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut site, _) = evc_incident(&options(hosts, rich));
    site.set_volume(Volume::SMALL);
    write_site(&site, &folder.path().join("in"), container).expect("written");
    folder
}

#[track_caller]
fn features(folder: &TempDir, args: &[&str]) -> String {
    let output = esxray([&["features"], args, &["in"]].concat(), folder.path());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The text without its line breaks, as words may be divided by them.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_fits(text: &str, width: usize) {
    let long = text.lines().find(|line| line.width() > width);
    assert_eq!(long, None, "wider than {width}:\n{text}");
}

#[test]
fn every_width_and_number_of_hosts_reads_well() {
    for hosts in [1, 4, 32] {
        let folder = incident(hosts, vec![0], Container::Tgz);
        for (width, lang, all) in [
            ("40", "en", false),
            ("80", "en", false),
            ("80", "en", true),
            ("80", "ja", true),
            ("200", "en", false),
            ("200", "ja", true),
        ] {
            let mut args = vec!["--width", width, "--lang", lang];
            args.extend(all.then_some("--all"));
            let text = features(&folder, &args);
            assert_fits(&text, width.parse().expect("a number"));
            let first = flowing(&text.lines().take(4).collect::<Vec<_>>().join(" "));
            assert!(first.contains("esx01"), "the first lines name the odd host:\n{text}");
            if hosts > 1 {
                assert!(DIFFERING.iter().all(|key| text.lines().any(|line| line.starts_with(key))), "{text}");
                assert!(text.contains("VMSA-2019-0008") && text.contains("CVE-2018-12126"), "{text}");
                assert!(first.contains("MDCLEAR") && first.contains("AES"), "{text}");
            }
        }
    }
}

#[test]
fn few_hosts_stand_beside_each_other_and_the_odd_one_is_marked() {
    let folder = incident(4, vec![0], Container::Tgz);
    let text = features(&folder, &["--width", "80"]);
    let row = text.lines().find(|line| line.starts_with("cpuid.mdclear")).expect("the row");
    let cells: Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells, ["cpuid.mdclear", "*1 (1/1)", "0 (0/-)", "0 (0/-)", "0 (0/-)"]);
    assert!(flowing(&text).contains("hardware/EVC mask"), "a legend explains the values:\n{text}");
    let text = features(&folder, &["--width", "52"]);
    assert!(text.contains("  * 1 of 4 offers it: esx01 (capability 1, mask 1)"), "{text}");
    assert!(!text.contains('\u{1b}'));
    let painted = features(&folder, &["--color", "always"]);
    assert!(painted.contains("\u{1b}[1;33m*1 (1/1)"), "{painted}");
}

#[test]
fn many_hosts_are_grouped_by_value() {
    let poor_one = (0..32).filter(|host| *host != 6).collect();
    let folder = incident(32, poor_one, Container::Tgz);
    let text = features(&folder, &["--width", "200"]);
    assert!(text.starts_with("esx07 lacks MDCLEAR and AES, which the 31 other hosts offer.\n"), "{text}");
    for line in [
        "  * 1 of 32 does not: esx07 (capability 0, no mask)",
        "    31 of 32 offer it: esx01 to esx06, esx08 to esx32 (capability 1, mask 1)",
        "  Can be emptied, as far as CPU features decide: esx01, esx02, esx03, esx07.",
        "  No running VM is known of: esx04, esx05, esx06, esx08 to esx32.",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let wide = features(&folder, &["--width", "600"]);
    let row = wide.lines().find(|line| line.starts_with("cpuid.aes")).expect("the row");
    assert_eq!((row.matches("1 (1/1)").count(), row.matches("*0 (0/-)").count()), (31, 1), "{row}");
}

#[test]
fn what_follows_for_vms_is_told() {
    let folder = incident(4, vec![0], Container::Tgz);
    let text = flowing(&features(&folder, &["--width", "200"]));
    assert!(text.contains("esx01 cannot be emptied with vMotion alone: 3 of 7 VMs stay: "), "{text}");
    assert!(text.contains("Can be emptied, as far as CPU features decide: esx02, esx03, esx04."), "{text}");
    let barred = "3 VMs on esx01 cannot move to esx02, esx03, esx04 (they lack AES and MDCLEAR)";
    assert!(text.contains(barred), "{text}");
    assert!(text.contains("powered on 2020-02-17 ") && text.contains(" UTC on esx01"), "{text}");
    assert!(text.contains("as only some hosts are capable of it: AES and MDCLEAR."), "{text}");
}

#[test]
fn two_clusters_are_told_apart() {
    let folder = incident(4, vec![0], Container::Tgz);
    let one = features(&folder, &["--width", "100"]);
    assert!(!one.contains("=="), "one cluster needs no heading:\n{one}");
    let other = ClusterOptions { hosts: 3, seed: 9, prefix: "node".into(), ..ClusterOptions::default() };
    let mut site = healthy(&other);
    site.set_volume(Volume::SMALL);
    write_site(&site, &folder.path().join("in"), Container::Tgz).expect("written");
    let text = features(&folder, &["--width", "100"]);
    let blocks: Vec<&str> = text.split("\n== ").collect();
    assert_eq!((blocks.len(), text.matches(" ==\n").count()), (2, 2), "{text}");
    let of = |name: &str| blocks.iter().filter(|block| block.contains(name)).count();
    assert_eq!((of("esx01"), of("node01")), (1, 1), "each block has only its hosts:\n{text}");
    assert!(
        text.contains("No difference between hosts in ") && text.contains("Only esx01 offers "),
        "{text}"
    );
}

#[test]
fn one_host_alone_says_what_can_be_said() {
    let folder = incident(1, vec![0], Container::Tgz);
    let text = flowing(&features(&folder, &[]));
    assert!(text.contains("give the bundles of the other hosts of its cluster"), "{text}");
    assert!(text.contains("Security features that it offers to VMs: ") && text.contains("MDCLEAR"), "{text}");
    assert!(text.contains("VMs require ") && !text.contains("cannot be emptied"), "{text}");
}

/// Every file below `folder` whose path has `part` in it is taken away.
fn remove(folder: &Path, part: &str) {
    for entry in fs::read_dir(folder).expect("listed") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            remove(&path, part);
        } else if path.to_string_lossy().contains(part) {
            fs::remove_file(&path).expect("removed");
        }
    }
}

#[test]
fn what_a_bundle_lacks_is_said() {
    let folder = incident(4, vec![0], Container::Tree);
    let bundles = folder.path().join("in");
    let third = fs::read_dir(&bundles).expect("listed").map(|entry| entry.expect("an entry").path());
    let third = third.into_iter().find(|path| path.to_string_lossy().contains("esx03")).expect("a bundle");
    remove(&third, "vimdump");
    let text = flowing(&features(&folder, &["--width", "200"]));
    assert!(text.contains("esx03: no capabilities in the bundle (no vim dump)"), "{text}");
    assert!(text.contains("esx01, esx02, esx04: featureCapability"), "{text}");
    let all = features(&folder, &["--width", "200", "--all"]);
    assert!(all.lines().any(|line| line.trim() == "EVC mask: etc/vmware/config"), "{all}");
}

#[test]
fn without_any_feature_the_files_that_would_tell_are_named() {
    let folder = incident(1, vec![0], Container::Tree);
    for part in ["vimdump", "etc/vmware/config", "vmware.log"] {
        remove(&folder.path().join("in"), part);
    }
    for lang in ["en", "ja"] {
        let text = features(&folder, &["--lang", lang]);
        assert_fits(&text, 80);
        let text = flowing(&text);
        assert!(["etc/vmware/config", "vmware.log"].iter().all(|file| text.contains(file)), "{text}");
    }
}

#[test]
fn a_width_that_nobody_can_read_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    for width in ["39", "1001", "wide"] {
        assert_eq!(esxray(["features", "--width", width, "in"], folder.path()).status.code(), Some(2));
    }
}
