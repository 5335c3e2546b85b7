//! Rules see what they are for under the headers of every release, and nothing in healthy logs full of near misses.
//!
//! `ESXRAY_PRECISION_RECORDS` sets how many records are read; the logs are made and read one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use esxray::demo::{ClusterOptions, Container, Generation, Volume, healthy, write_site};
use esxray::format;
use esxray::model::{Event, MemberPath, Severity};
use esxray::record::{Origin, Records, Stretch};
use esxray::rule::{RuleSet, Scan, Scanner};

#[path = "common/heads.rs"]
mod heads;

/// Records that are read where nothing else is asked for.
const RECORDS: u64 = 200_000;
/// Records of noise between two near misses.
const APART: u64 = 9;
/// A stamp for what has none.
const SOME_TIME: &str = "2020-02-03T10:00:00.100Z";

fn rules() -> RuleSet {
    RuleSet::load::<&Path>(&[]).expect("the built-in rules compile")
}

/// What the rules see in `text`, which arrives in blocks.
fn scan(rules: &RuleSet, family: &str, text: &[u8]) -> Scan {
    let mut scanner = Scanner::new(rules, family);
    let origin = Origin::new(MemberPath::new("member"));
    let mut records = Records::new(format::starts_record, 1 << 20);
    for block in text.chunks(64 << 10) {
        records.push(block, &mut |stretch| scanner.stretch(stretch, &origin));
    }
    records.finish(&mut |stretch| scanner.stretch(stretch, &origin));
    scanner.finish()
}

/// A near miss and the rule that must not see it.
struct NearMiss {
    rule: String,
    record: String,
}

/// The near misses of every rule that reads `family`, each under every header that the family is written with.
fn near_misses(rules: &RuleSet, family: &str) -> Vec<NearMiss> {
    let mut found = Vec::new();
    for (rule, _) in rules.iter().filter(|(rule, _)| rule.logs.iter().any(|log| log == family)) {
        for miss in &rule.miss {
            let own = NearMiss { rule: rule.id.clone(), record: miss.log.trim_start().to_owned() };
            let under = |head| heads::under(&miss.log, family, head, SOME_TIME);
            let others = heads::of_family(family).iter().filter_map(|head| under(*head));
            found.extend(others.map(|record| NearMiss { rule: rule.id.clone(), record }));
            found.push(own);
        }
    }
    found
}

/// The record at the time of the record before it.
fn at_time_of(record: &str, before: &[u8]) -> String {
    let here = format::time::iso(record.as_bytes()).map(|(_, length)| length);
    let there = format::time::iso(before).map(|(_, length)| &before[..length]);
    match (here, there) {
        (Some(here), Some(there)) => {
            let old = &record[..here];
            record.replace(old, &String::from_utf8_lossy(there))
        }
        _ => record.to_owned(),
    }
}

/// A healthy log with near misses planted in it.
struct Planted<'m> {
    text: Vec<u8>,
    /// Which near miss begins on a line.
    lines: BTreeMap<u64, &'m NearMiss>,
}

/// Plants the next of `misses` before every tenth record of `noise`, beginning with number `next`.
fn plant<'m>(noise: &[u8], misses: &'m [NearMiss], next: &mut usize) -> Planted<'m> {
    let mut planted = Planted { text: Vec::with_capacity(noise.len() * 2), lines: BTreeMap::new() };
    let (mut line, mut records, mut head): (u64, u64, &[u8]) = (1, 0, b"");
    for (text, _, _) in (Stretch { text: noise, line: 1, offset: 0 }).lines() {
        if format::starts_record(text) {
            records += 1;
            if records.is_multiple_of(APART) && !misses.is_empty() {
                let miss = &misses[*next % misses.len()];
                *next += 1;
                let record = at_time_of(&miss.record, head);
                planted.lines.insert(line, miss);
                planted.text.extend_from_slice(record.as_bytes());
                planted.text.push(b'\n');
                line += record.matches('\n').count() as u64 + 1;
            }
            head = text;
        }
        planted.text.extend_from_slice(text);
        planted.text.push(b'\n');
        line += 1;
    }
    planted
}

/// Kinds that say that something was lost, failed or ran out, and none that a healthy log can have.
const LOSSES: &[&str] = &[
    "vsan.node-left",
    "vsan.node-joined",
    "vsan.role-change",
    "vsan.peer-unreachable",
    "vsan.format-skew",
    "vsan.disk-failed",
    "vsan.config-stale",
    "host.disconnected",
    "host.not-responding",
    "host.crash",
    "ha.host-dead",
    "ha.isolated",
    "ha.failover",
    "service.hang",
    "ha.restart-failed",
    "net.flapping",
    "net.redundancy-lost",
    "net.nic-reset",
    "net.mismatch",
    "storage.apd",
    "storage.apd-timeout",
    "storage.pdl",
    "storage.path-lost",
    "storage.latency",
    "storage.datastore-lost",
    "storage.ats-miscompare",
    "storage.corruption",
    "storage.target-lost",
    "storage.hba-reset",
    "storage.fabric-error",
    "storage.disk-error",
    "storage.no-space",
    "vsan.congestion",
    "vsan.no-space",
    "vsan.resync-delayed",
    "hardware.memory-error",
    "hardware.error",
    "hardware.sensor",
    "host.cpu-stalled",
    "host.memory-low",
    "host.ramdisk-full",
    "host.partition-full",
    "host.boot-device-lost",
    "service.crash",
    "vcenter.disk-full",
    "time.unsynced",
    "certificate.expiring",
    "license.expired",
    "vm.stun",
];

/// Whether an event of a healthy log says that something was refused, failed or lost.
fn is_alarm(event: &Event) -> bool {
    let kind = event.kind.to_string();
    let is_refusal =
        event.severity > Severity::Info && (kind.starts_with("vmotion.fail") || kind.starts_with("evc."));
    is_refusal || LOSSES.contains(&kind.as_str())
}

/// What is false among the events of a planted log.
fn false_events(planted: &Planted<'_>, scan: &Scan) -> Vec<String> {
    let is_false = |event: &&Event| match planted.lines.get(&event.source.line) {
        Some(miss) => miss.rule == event.rule,
        None => is_alarm(event),
    };
    scan.events.iter().filter(is_false).map(|event| format!("{}: {}", event.rule, event.raw)).collect()
}

/// The logs of a written site, each with its family.
fn logs_below(folder: &Path, found: &mut Vec<(&'static str, PathBuf)>, root: &Path) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("listed").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            logs_below(&path, found, root);
            continue;
        }
        let inside = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        // The bundle's own folder comes first.
        let tree = inside.split_once('/').map_or("", |(_, tree)| tree);
        if let Some(format) = format::of_path(tree) {
            found.push((format.name, path));
        }
    }
}

fn text_of(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).expect("opened");
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("unpacked");
    } else {
        file.read_to_end(&mut bytes).expect("read");
    }
    bytes
}

/// Families that the demo does not write, and one whose healthy lines stand in for them.
const STAND_INS: &[(&str, &str)] = &[("vpxd", "journal"), ("vmkernel", "vmkalert")];

#[test]
#[expect(clippy::print_stdout, reason = "how much was read is asked for by whoever runs it at its full size")]
fn healthy_logs_full_of_near_misses_give_no_false_event() {
    let asked = std::env::var("ESXRAY_PRECISION_RECORDS").ok().and_then(|text| text.parse().ok());
    let wanted = asked.unwrap_or(RECORDS);
    let rules = rules();
    let misses: BTreeMap<&str, Vec<NearMiss>> =
        format::FORMATS.iter().map(|format| (format.name, near_misses(&rules, format.name))).collect();
    let (mut next, mut seen): (BTreeMap<&str, usize>, u64) = (BTreeMap::new(), 0);
    let (mut families, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    for seed in 1.. {
        for generation in [Generation::V67, Generation::V80, Generation::V70] {
            let volume = Volume { lines: 9_000, rotate_at: 3_000, gzip: 1 };
            let options = ClusterOptions { seed, hosts: 2, volume, ..ClusterOptions::of(generation) };
            let folder = tempfile::tempdir().expect("a temporary folder");
            write_site(&healthy(&options), folder.path(), Container::Tree).expect("written");
            let mut logs = Vec::new();
            logs_below(folder.path(), &mut logs, folder.path());
            for (own, path) in logs {
                let noise = text_of(&path);
                let others = STAND_INS.iter().filter(|(of, _)| *of == own).map(|(_, family)| *family);
                for family in others.chain([own]) {
                    let planted = plant(&noise, &misses[family], next.entry(family).or_default());
                    let scan = scan(&rules, family, &planted.text);
                    seen += scan.records;
                    families.insert(family);
                    wrong.extend(
                        false_events(&planted, &scan).into_iter().map(|told| format!("{family}: {told}")),
                    );
                }
            }
        }
        if seen >= wanted {
            break;
        }
    }
    println!(
        "{seen} records of {} families, near misses planted: {}",
        families.len(),
        next.values().sum::<usize>()
    );
    assert!(wrong.is_empty(), "{}", wrong.into_iter().take(40).collect::<Vec<_>>().join("\n"));
    for family in ["vmkernel", "hostd", "vpxa", "vpxd", "vobd", "vmware", "journal", "fdm"] {
        assert!(families.contains(family), "the demo writes no {family}");
        let (planted, all) = (next[family], misses[family].len());
        assert!(planted >= all, "{family}: {planted} of {all} near misses were planted");
    }
}

#[test]
fn a_planted_record_is_seen_where_it_is_no_near_miss() {
    let rules = rules();
    let noise: String =
        (10..60).map(|second| format!("2020-02-03T10:00:{second}.000Z cpu0:1)NetPort: 1: a\n")).collect();
    let record = "2020-02-03T09:00:00.100Z cpu0:1)@BlueScreen: x".to_owned();
    let alarms = [NearMiss { rule: "vmkernel.psod".to_owned(), record: record.clone() }];
    let seen = scan(&rules, "vmkernel", &plant(noise.as_bytes(), &alarms, &mut 0).text);
    assert_eq!(seen.events.len() as u64, 50 / APART);
    assert!(seen.events[0].raw.starts_with("2020-02-03T10:00:17.000Z "), "{}", seen.events[0].raw);
    // The same under the name of the rule that sees it is told as false.
    let rule = seen.events[0].rule.clone();
    let planted = [NearMiss { rule, record }];
    let planted = plant(noise.as_bytes(), &planted, &mut 0);
    assert_eq!(false_events(&planted, &scan(&rules, "vmkernel", &planted.text)).len() as u64, 50 / APART);
    // And so is a failure that nobody planted.
    let failed = "2020-02-03T10:00:00.100Z cpu4:20977)WARNING: Migrate: 267: 1580724000100200 S: Failed: Timeout (0xbad0021) @0x41802d9a\n";
    let planted = plant(failed.as_bytes(), &[], &mut 0);
    assert_eq!(false_events(&planted, &scan(&rules, "vmkernel", &planted.text)).len(), 1);
}

#[test]
fn every_hit_is_seen_under_the_headers_of_all_releases() {
    let rules = rules();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for (rule, _) in rules.iter() {
        for (family, hit) in rule.logs.iter().flat_map(|log| rule.hit.iter().map(move |hit| (log, hit))) {
            for head in heads::of_family(family) {
                let Some(record) = heads::under(&hit.log, family, *head, SOME_TIME) else { continue };
                checked += 1;
                let mut scan = scan(&rules, family, record.as_bytes());
                if rule.witness {
                    let mut seen = std::mem::take(&mut scan.sightings).into_sightings();
                    if !seen.any(|(seen, _)| seen.rule == rule.id) {
                        wrong.push(format!("{} does not see in {family}: {record}", rule.id));
                    }
                    continue;
                }
                let Some(event) = scan.events.iter().find(|event| event.rule == rule.id) else {
                    wrong.push(format!("{} does not see in {family}: {record}", rule.id));
                    continue;
                };
                for (name, value) in hit.fields.iter().filter(|(name, _)| !of_header(family, name)) {
                    if event.fields.get(name) != Some(value) {
                        let told = event.fields.get(name);
                        wrong.push(format!("{} gives {name} = {told:?}, not {value:?}: {record}", rule.id));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 300, "only {checked} were put under another header");
}

/// Whether a field comes from a part of the header that not every release of the family has.
fn of_header(family: &str, name: &str) -> bool {
    let of_vmacore = ["opid", "op_root", "vmx", "user", "mid", "side"].contains(&name);
    (of_vmacore && family == "journal") || name == "relayed_host"
}
