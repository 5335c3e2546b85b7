//! Holds reports against what was planted.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeSet;

use esxray::demo::{EvcTruth, VmotionTruth};
use serde_json::Value;

use super::run::{above_info, all_ids, events, finding, findings, names};

pub fn set<T: Ord + Clone>(items: &[T]) -> BTreeSet<T> {
    items.iter().cloned().collect()
}

pub fn strings(value: &Value) -> Vec<String> {
    value.as_array().expect("a list").iter().map(|item| item.as_str().expect("a string").to_owned()).collect()
}

/// The full name that a host's id stands for.
pub fn name(report: &Value, id: &Value) -> String {
    names(report, &Value::Array(vec![id.clone()])).remove(0)
}

/// The finding of `id` and `cause`, and that there is no other above `info`.
#[track_caller]
pub fn only<'a>(report: &'a Value, (id, cause): (&str, &str)) -> &'a Value {
    let found = finding(report, id);
    assert_eq!(found["cause"]["id"], cause, "{:?}", all_ids(report));
    assert_eq!(above_info(report).len(), 1, "{:#?}", all_ids(report));
    found
}

/// That nothing is said of CPU features.
#[track_caller]
pub fn no_evc(report: &Value) {
    for id in ["evc.feature-mismatch", "evc.vmotion-failed"] {
        assert!(findings(report, id).is_empty(), "{:#?}", all_ids(report));
    }
    assert!(events(report, "vmotion.fail.cpu").is_empty());
}

/// Features, hosts and VMs of `evc.feature-mismatch`.
#[track_caller]
fn check_division(report: &Value, found: &Value, truth: &EvcTruth, pinned: &BTreeSet<(String, String)>) {
    let details = &found["details"];
    assert_eq!(set(&strings(&details["features"])), set(&truth.features));
    assert_eq!(set(&names(report, &details["have"])), set(&truth.have));
    assert_eq!(set(&names(report, &details["lack"])), set(&truth.lack));
    let vms: BTreeSet<(String, String)> = details["vms"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|vm| (vm["name"].as_str().expect("a name").to_owned(), name(report, &vm["host"])))
        .collect();
    assert_eq!(vms, *pinned);
}

fn one_way(report: &Value, found: &Value) -> BTreeSet<(String, String)> {
    let pairs = found["details"]["one_way"].as_array().expect("a list");
    pairs.iter().map(|pair| (name(report, &pair["from"]), name(report, &pair["to"]))).collect()
}

/// Each refused migration is one event that names the VM and its target.
#[track_caller]
pub fn check_refused(report: &Value, truth: &EvcTruth) {
    let told: Vec<(String, String)> = events(report, "vmotion.fail.cpu")
        .iter()
        .map(|event| {
            let vm = event["fields"]["vm"].as_str().expect("the VM is named").to_owned();
            (vm, name(report, &event["fields"]["target"]))
        })
        .collect();
    let expected: Vec<(String, String)> =
        truth.refused.iter().map(|refused| (refused.vm.clone(), refused.to.clone())).collect();
    assert_eq!(told, expected);
}

/// Holds a report against the truth of hosts that differ.
#[track_caller]
pub fn check_mismatch(report: &Value, truth: &EvcTruth, cause: &str) {
    let found = finding(report, "evc.feature-mismatch");
    assert_eq!(found["cause"]["id"], cause, "{:?}", all_ids(report));
    check_division(report, found, truth, &set(&truth.pinned));
    assert_eq!(one_way(report, found), set(&truth.one_way));
    check_refused(report, truth);
    assert_eq!(found["count"], truth.refused.len());
}

/// Holds a report made from lines alone against the truth: what was tried is known, and no more than is true is said.
#[track_caller]
pub fn check_lines(report: &Value, truth: &EvcTruth) {
    let expected = truth.expected.expect("a finding is due");
    let found = only(report, expected);
    match expected.0 {
        "evc.feature-mismatch" => {
            // Only a VM that was refused has lines.
            let is_refused = |vm: &str| truth.refused.iter().any(|refused| refused.vm == vm);
            let refused = truth.pinned.iter().filter(|(vm, _)| is_refused(vm)).cloned().collect();
            check_division(report, found, truth, &refused);
            assert!(one_way(report, found).is_subset(&set(&truth.one_way)));
        }
        _ => check_held(found, truth),
    }
    check_refused(report, truth);
    assert_eq!(found["count"], truth.refused.len());
}

/// VMs and features of `evc.vmotion-failed`.
#[track_caller]
fn check_held(found: &Value, truth: &EvcTruth) {
    let pinned: BTreeSet<String> = truth.pinned.iter().map(|(vm, _)| vm.clone()).collect();
    assert_eq!(set(&strings(&found["vms"])), pinned);
    assert_eq!(set(&strings(&found["details"]["features"])), set(&truth.features));
}

/// Holds a report against the truth of a CPU-feature incident: its cause and no other.
#[track_caller]
pub fn check_evc(report: &Value, truth: &EvcTruth) {
    let Some(expected) = truth.expected else { return no_evc(report) };
    let found = only(report, expected);
    match expected.0 {
        "evc.feature-mismatch" => check_mismatch(report, truth, expected.1),
        _ => {
            check_held(found, truth);
            check_refused(report, truth);
            assert_eq!(found["count"], truth.refused.len());
        }
    }
    check_evacuation(report, truth);
}

/// Which hosts can be emptied, and which VMs stay.
#[track_caller]
fn check_evacuation(report: &Value, truth: &EvcTruth) {
    let clusters = report["features"]["clusters"].as_array().expect("a list");
    let told: Vec<(String, usize, Vec<String>)> = clusters
        .iter()
        .flat_map(|cluster| cluster["evacuation"].as_array().expect("a list"))
        .map(|of| {
            let vms = of["vms"].as_u64().expect("a count") as usize;
            (name(report, &of["host"]), vms, strings(&of["stay"]))
        })
        .collect();
    let expected: Vec<(String, usize, Vec<String>)> =
        truth.evacuation.iter().map(|of| (of.host.clone(), of.vms, of.stay.clone())).collect();
    assert_eq!(told, expected);
}

/// Holds a report against the truth of migrations that failed for other reasons: each has its cause, and nothing is
/// said of CPU features. One finding stands for all failures of one cause.
#[track_caller]
pub fn check_vmotion(report: &Value, truth: &VmotionTruth) {
    no_evc(report);
    let found = findings(report, "vmotion.failed");
    let causes: BTreeSet<&str> =
        found.iter().map(|finding| finding["cause"]["id"].as_str().expect("a cause")).collect();
    let expected: BTreeSet<&str> = truth.failed.iter().map(|failed| failed.cause).collect();
    assert_eq!(causes, expected, "{:#?}", all_ids(report));
    assert_eq!(above_info(report).len(), found.len(), "{:#?}", all_ids(report));
    for failed in &truth.failed {
        let of_cause: Vec<&&Value> =
            found.iter().filter(|finding| finding["cause"]["id"] == failed.cause).collect();
        let own = of_cause.iter().find(|finding| strings(&finding["vms"]).contains(&failed.vm));
        let own = own.unwrap_or_else(|| panic!("{} is in no finding of {}", failed.vm, failed.cause));
        let hosts = names(report, &own["hosts"]);
        assert!(hosts.contains(&failed.from) && hosts.contains(&failed.to), "{hosts:?}");
        // Written by whoever prints a code: in hexadecimal or decimal.
        let told = own.to_string().to_lowercase();
        let code = format!("{:x}", failed.code);
        assert!(told.contains(&code) || told.contains(&failed.code.to_string()), "{code}: {told}");
        assert!(told.contains(&failed.id.to_string()), "{}: {told}", failed.id);
    }
    // No VM stands under a cause that is not its own.
    for finding in found {
        for vm in strings(&finding["vms"]) {
            let failed = truth.failed.iter().find(|failed| failed.vm == vm);
            let failed = failed.unwrap_or_else(|| panic!("{vm} did not fail"));
            assert_eq!(finding["cause"]["id"], failed.cause, "{vm}");
        }
    }
}
