//! Whole incidents, from raw bundles to the report: what is found is held against what was planted.

#[path = "common/run.rs"]
mod run;
#[path = "common/truth.rs"]
mod truth;

use std::collections::BTreeSet;

use esxray::demo::{
    ClusterOptions, Container, EvcCause, EvcOptions, EvcTruth, Generation, Log, ScriptedLine, VsanCause,
    VsanOptions, VsanTruth, Wording, evc_incident, healthy, vsan_incident,
};
use run::{above_info, all_ids, analyze_site, events, finding, findings, names};
use serde_json::Value;
use truth::{check_mismatch as check_evc, strings};

fn evc(options: &EvcOptions) -> (Value, EvcTruth) {
    let (site, truth) = evc_incident(options);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    (run.report, truth)
}

#[test]
fn a_cpu_feature_of_one_host_is_found_in_every_generation() {
    for (generation, rich, feature) in [
        (Generation::V67, 0, "cpuid.MDCLEAR"),
        (Generation::V70, 2, "cpuid.SSBD"),
        (Generation::V80, 1, "cpuid.MDCLEAR"),
    ] {
        let mut options = EvcOptions::of(generation);
        (options.rich, options.features) = (vec![rich], vec![feature.to_owned()]);
        let (report, truth) = evc(&options);
        check_evc(&report, &truth, "stale-microcode");
        let found = finding(&report, "evc.feature-mismatch");
        assert_eq!((&found["severity"], &found["confidence"]), (&"error".into(), &"certain".into()));
        let commands: Vec<&str> = found["remedy"]
            .as_array()
            .expect("steps")
            .iter()
            .filter_map(|step| step["command"].as_str())
            .collect();
        let check =
            format!("vim-cmd hostsvc/hostconfig | grep -A 2 {}", feature.trim_start_matches("cpuid."));
        assert!(commands.contains(&check.as_str()), "{commands:#?}");
        assert!(
            commands.iter().filter(|command| command.contains("maintenanceMode set -e true")).count() == 3
        );
        assert!(commands.iter().filter(|command| command.contains("shutdown poweroff")).count() == 3);
        assert!(
            findings(&report, "vsan.host-lost").is_empty()
                && findings(&report, "evc.vmotion-failed").is_empty()
        );
    }
}

#[test]
fn state_alone_is_enough_and_is_said_to_be_alone() {
    for generation in [Generation::V67, Generation::V80] {
        let mut options = EvcOptions::of(generation);
        options.failures = false;
        options.cluster.vcenter = false;
        let (report, truth) = evc(&options);
        check_evc(&report, &truth, "stale-microcode");
        assert_eq!(finding(&report, "evc.feature-mismatch")["confidence"], "likely");
    }
}

#[test]
fn masks_alone_are_enough_where_no_object_dump_is_there() {
    let (mut site, truth) = evc_incident(&EvcOptions::default());
    for host in &mut site.hosts {
        host.omit.insert("commands/vmware-vimdump".to_owned());
    }
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    check_evc(&run.report, &truth, "stale-microcode");
}

#[test]
fn causes_of_a_feature_difference_are_told_apart() {
    for (cause, features, expected) in [
        (EvcCause::StaleMicrocode, vec!["cpuid.MDCLEAR", "cpuid.SSBD"], "stale-microcode"),
        (EvcCause::PatchLevel, vec!["cpuid.MDCLEAR"], "patch-level"),
        (EvcCause::BiosSetting, vec!["cpuid.AES"], "bios-setting"),
        (EvcCause::StaleMask, vec!["cpuid.MDCLEAR"], "stale-evc-mask"),
        (EvcCause::DifferentCpu, vec!["cpuid.ADX", "cpuid.RDSEED", "cpuid.SMAP"], "different-cpu"),
    ] {
        let mut options = EvcOptions { cause, ..EvcOptions::default() };
        options.features = features.into_iter().map(str::to_owned).collect();
        let (report, truth) = evc(&options);
        check_evc(&report, &truth, expected);
    }
}

#[test]
fn microcode_is_not_blamed_where_the_cpus_differ() {
    let (mut site, truth) = evc_incident(&EvcOptions::default());
    site.hosts[0].cpu.stepping += 2;
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    check_evc(&run.report, &truth, "different-cpu");
}

#[test]
fn the_host_that_lacks_what_the_rest_has_stands_alone() {
    let options = EvcOptions { rich: vec![0, 1, 3], ..EvcOptions::default() };
    let (report, truth) = evc(&options);
    check_evc(&report, &truth, "stale-microcode");
}

/// Holds a report against the truth of a vSAN incident.
fn check_vsan(report: &Value, truth: &VsanTruth, cause: &str) {
    let found = finding(report, "vsan.host-lost");
    let details = &found["details"];
    assert_eq!(found["cause"]["id"], cause, "{:?}", all_ids(report));
    assert_eq!(
        names(report, &Value::Array(vec![details["host"].clone()])),
        std::slice::from_ref(&truth.host)
    );
    let at: esxray::model::Timestamp = details["lost_at"].as_str().expect("dated").parse().expect("a time");
    assert!(at.since(truth.lost_at).abs() <= 1_000_000, "{at} for {}", truth.lost_at);
    let observers: BTreeSet<String> = details["observers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|observer| names(report, &Value::Array(vec![observer["host"].clone()])).remove(0))
        .collect();
    assert_eq!(observers, truth.observers.iter().map(|observer| observer.host.clone()).collect());
    for (host, peers) in &truth.unicast_peers {
        let id = report["hosts"].as_array().expect("hosts").iter().find(|known| known["name"] == *host);
        let id = id.expect("known")["id"].as_str().expect("an id");
        assert_eq!(details["unicast_peers"][id], *peers, "{host}");
    }
    let invalid: BTreeSet<String> = truth.invalid_vms.iter().map(|(vm, _)| vm.clone()).collect();
    assert_eq!(strings(&found["vms"]).into_iter().collect::<BTreeSet<_>>(), invalid);
}

#[test]
fn a_host_lost_after_the_wrong_upgrade_order_is_found_in_every_generation() {
    for (generation, lost, wording) in [
        (Generation::V67, 0, None),
        (Generation::V70, 1, Some(Wording::Leader)),
        (Generation::V80, 3, Some(Wording::Master)),
    ] {
        let options = VsanOptions { lost, wording, ..VsanOptions::of(generation) };
        let (site, truth) = vsan_incident(&options);
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        check_vsan(&run.report, &truth, "version-skew");
        let version = finding(&run.report, "version.hosts-newer-than-vcenter");
        assert_eq!(version["cause"]["id"], "upgrade-order");
        assert_eq!(version["hosts"].as_array().map(Vec::len), Some(4));
        assert_eq!(finding(&run.report, "vsan.host-lost")["severity"], "critical");
    }
}

#[test]
fn a_lost_host_is_found_without_any_line_and_dated_with_its_uncertainty() {
    let options = VsanOptions { lines: false, ..VsanOptions::default() };
    let (site, truth) = vsan_incident(&options);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let found = finding(&run.report, "vsan.host-lost");
    assert_eq!((&found["cause"]["id"], &found["confidence"]), (&"version-skew".into(), &"likely".into()));
    let details = &found["details"];
    let at: esxray::model::Timestamp = details["lost_at"].as_str().expect("dated").parse().expect("a time");
    let uncertainty = details["lost_at_uncertainty_ms"].as_i64().expect("stated");
    assert!(
        at.since(truth.lost_at).abs() <= uncertainty * 1000,
        "{at} ± {uncertainty} ms for {}",
        truth.lost_at
    );
}

#[test]
fn a_broken_network_is_not_called_version_skew() {
    let options = VsanOptions { cause: VsanCause::Network, ..VsanOptions::default() };
    let (site, truth) = vsan_incident(&options);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    check_vsan(&run.report, &truth, "network");
    assert!(findings(&run.report, "version.hosts-newer-than-vcenter").is_empty());
}

#[test]
fn an_old_configuration_is_an_effect_where_the_network_failed() {
    let options = VsanOptions { cause: VsanCause::Network, ..VsanOptions::default() };
    let (mut site, truth) = vsan_incident(&options);
    let vsan = site.hosts[options.lost].vsan.as_mut().expect("a vSAN host");
    vsan.config_generation.1 -= 3;
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    check_vsan(&run.report, &truth, "network");
}

#[test]
fn the_lost_host_is_named_by_its_peers_where_its_bundle_is_missing() {
    let options = VsanOptions { peers_keep_entry: true, ..VsanOptions::default() };
    let (mut site, truth) = vsan_incident(&options);
    site.hosts.remove(0);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let found = finding(&run.report, "vsan.host-lost");
    assert_eq!(found["details"]["node_uuid"], truth.node_uuid);
    let incomplete = finding(&run.report, "evidence.incomplete");
    assert_eq!(incomplete["cause"]["id"], "missing-bundle");
    assert_eq!(run.report["missing_hosts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_healthy_cluster_full_of_near_misses_has_no_finding() {
    for generation in [Generation::V67, Generation::V70, Generation::V80] {
        let (_folder, run) = analyze_site(&healthy(&ClusterOptions::of(generation)), Container::Tgz, &[]);
        assert_eq!(above_info(&run.report), Vec::<String>::new(), "{generation:?}");
        assert!(events(&run.report, "vmotion.fail.cpu").is_empty());
        assert!(events(&run.report, "vsan.node-left").is_empty());
        assert!(!events(&run.report, "vmotion.success").is_empty(), "the control is seen");
    }
}

#[test]
fn an_isolated_host_alone_in_the_case_is_the_one_that_is_out() {
    for with_vcenter in [false, true] {
        let (mut site, truth) = vsan_incident(&VsanOptions::default());
        site.hosts.truncate(1);
        if !with_vcenter {
            site.vcenter = None;
        }
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        let found = finding(&run.report, "vsan.host-lost");
        assert_eq!(found["details"]["node_uuid"], truth.node_uuid);
        assert_eq!(run.report["missing_hosts"].as_array().map(Vec::len), Some(3), "its peers have no bundle");
    }
}

#[test]
fn a_lost_host_that_nobody_lists_any_more_is_known_by_the_lines_of_its_peers() {
    let (mut site, truth) = vsan_incident(&VsanOptions::default());
    site.hosts.remove(0);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let found = finding(&run.report, "vsan.host-lost");
    assert_eq!(found["details"]["node_uuid"], truth.node_uuid);
    assert_eq!(found["details"]["host"], truth.host, "vCenter lost it at the same time and names it");
    assert_eq!(found["hosts"].as_array().map(Vec::len), Some(3));
}

#[test]
fn without_any_view_of_the_membership_the_lines_of_both_sides_name_one_host() {
    let (mut site, truth) = vsan_incident(&VsanOptions::default());
    for host in &mut site.hosts {
        host.omit.insert("commands/localcli_vsan-cluster".to_owned());
    }
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let found = finding(&run.report, "vsan.host-lost");
    assert_eq!(found["details"]["node_uuid"], truth.node_uuid);
}

#[test]
fn clusters_of_equal_host_names_given_together_stay_apart() {
    let (evc, evc_truth) = evc_incident(&EvcOptions::default());
    let (vsan, vsan_truth) = vsan_incident(&VsanOptions {
        cluster: ClusterOptions { seed: 9, ..VsanOptions::default().cluster },
        ..VsanOptions::default()
    });
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let mut paths = Vec::new();
    for (name, mut site) in [("a", evc), ("b", vsan)] {
        site.set_volume(esxray::demo::Volume::SMALL);
        site.vcenter = None;
        paths.extend(
            esxray::demo::write_site(&site, &folder.path().join(name), Container::Tgz).expect("written"),
        );
    }
    let report = run::analyze(&paths, folder.path(), &[]).report;
    assert_eq!(report["hosts"].as_array().map(Vec::len), Some(8));
    let features = finding(&report, "evc.feature-mismatch");
    assert_eq!(features["vms"].as_array().map(Vec::len), Some(evc_truth.pinned.len()));
    assert_eq!(finding(&report, "vsan.host-lost")["details"]["node_uuid"], vsan_truth.node_uuid);
}

#[test]
fn vms_on_another_datastore_are_no_effect_of_the_loss() {
    let (mut site, _) = vsan_incident(&VsanOptions::default());
    let at = site.hosts[0].captured_at.plus_seconds(-3_600);
    let invalid = |volume: &str, vm: &str| {
        let text = "State Transition (VM_STATE_ON -> VM_STATE_INVALID_CONFIG)";
        let sub = format!("Vmsvc.vm:/vmfs/volumes/{volume}/{vm}/{vm}.vmx");
        ScriptedLine::new(at, Log::Hostd, text).under(&sub)
    };
    site.hosts[0].lines.extend([invalid("nfs-ds9", "scratch01"), invalid("5e0a1b2c-3d4e5f60", "scratch02")]);
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let lost = finding(&run.report, "vsan.host-lost");
    let vms = lost["vms"].as_array().expect("VMs");
    assert!(
        !vms.is_empty() && !vms.iter().any(|vm| vm.as_str().is_some_and(|vm| vm.starts_with("scratch"))),
        "{vms:?}"
    );
}
