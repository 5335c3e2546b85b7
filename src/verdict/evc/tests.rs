//! Which cause is told of which hosts, on hosts made by hand.

use super::*;
use crate::case::{Cluster, ClusterBasis, Host, Sourced};
use crate::model::{HostKind, MemberPath, Source};

fn sourced<T>(value: T) -> Sourced<T> {
    let source = Source { file: MemberPath::new("f"), line: 1, offset: 0 };
    Sourced { value, source, text: "a line".to_owned() }
}

/// A host out of words: `cpu=63.2 build=1 vib=1.2 rev=0x3d override`, and of any key `cap:cpuid.aes=1
/// mask:cpuid.aes=Val:1`.
fn host(id: usize, words: &str) -> Host {
    let mut host = Host::default();
    (host.id, host.kind) = (format!("esx{id}"), HostKind::Esxi);
    host.features.config = Some(sourced(()));
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || crate::fact::feature::number(value).expect("a number");
        match name.split_once(':').unwrap_or((name, "")) {
            ("cpu", _) => {
                let (model, stepping) = value.split_once('.').expect("model.stepping");
                host.cpu.family = Some(6);
                host.cpu.model = model.parse().ok();
                host.cpu.stepping = stepping.parse().ok();
                host.cpu_line = Some(sourced(()));
            }
            ("build", _) => {
                (host.version, host.build) = (Some("6.7.0".to_owned()), Some(value.to_owned()));
                host.product = Some(sourced(()));
            }
            ("vib", _) => host.microcode_vib = Some(sourced(value.to_owned())),
            ("rev", _) => host.microcode = Some(sourced(number())),
            ("cap", key) => drop(host.features.capability.insert(key.to_owned(), sourced(number()))),
            ("masked", key) => drop(host.features.masked.insert(key.to_owned(), sourced(number()))),
            ("mask", key) => {
                host.features.masks.insert(key.to_owned(), sourced(value.parse().expect("a mask")));
            }
            ("override", _) => {
                host.features.overrides.push(sourced(("cpuid.7.edx".to_owned(), value.to_owned())));
            }
            _ => panic!("{word}"),
        }
    }
    host
}

/// Cause, features, hosts that have and lack them, of every finding.
fn told(hosts: &[&str]) -> Vec<(&'static str, String, String, String)> {
    let hosts: Vec<Host> = hosts.iter().enumerate().map(|(at, words)| host(at + 1, words)).collect();
    let all = (0..hosts.len()).collect();
    let cluster = Cluster { id: "case".to_owned(), name: None, basis: ClusterBasis::Together, hosts: all };
    let case = Case { hosts, clusters: vec![cluster], ..Case::default() };
    let text = |value: &serde_json::Value| {
        let words = value.as_array().expect("a list").iter().filter_map(|word| word.as_str());
        words.collect::<Vec<_>>().join(" ")
    };
    let of = |finding: Finding| {
        let details = &finding.details;
        (finding.cause.0, text(&details["features"]), text(&details["have"]), text(&details["lack"]))
    };
    reach(&case, &[]).into_iter().map(of).collect()
}

/// The one cause of a feature that the first host has and the others lack.
#[track_caller]
fn check(hosts: &[&str], cause: &str) {
    let told = told(hosts);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((told[0].0, told[0].2.as_str()), (cause, "esx1"), "{told:#?}");
}

const ALIKE: &str = "cpu=63.2 build=100 vib=1.0";

#[test]
fn microcode_that_is_not_in_effect_is_told_by_twins() {
    let rich = format!("{ALIKE} rev=0x43 cap:cpuid.mdclear=1");
    let poor = format!("{ALIKE} rev=0x3d cap:cpuid.mdclear=0");
    check(&[&rich, &poor, &poor], "stale-microcode");
    // Capabilities alone, revisions alone.
    check(&["cap:cpuid.ssbd=1", "cap:cpuid.ssbd=0"], "stale-microcode");
    check(&["mask:cpuid.ibrs=Val:1 rev=0x43", "rev=0x3d"], "stale-microcode");
    // Of one of the poor hosts less is known: it is as the others.
    check(&[&rich, &poor, "cap:cpuid.mdclear=0"], "stale-microcode");
}

#[test]
fn an_older_patch_level_is_told_before_microcode() {
    let rich = "cpu=63.2 build=200 rev=0x43 cap:cpuid.mdclear=1";
    check(&[rich, "cpu=63.2 build=100 rev=0x3d cap:cpuid.mdclear=0"], "patch-level");
    check(
        &["cpu=63.2 build=1 vib=1.10 cap:cpuid.ssbd=1", "cpu=63.2 build=1 vib=1.9 cap:cpuid.ssbd=0"],
        "patch-level",
    );
    // A newer build explains nothing.
    check(&[rich, "cpu=63.2 build=300 rev=0x3d cap:cpuid.mdclear=0"], "stale-microcode");
}

#[test]
fn what_a_bios_switches_is_told_where_cpus_are_alike() {
    for key in ["cpuid.aes", "cpuid.nx", "cpuid.vmx", "hv.capable", "cpuid.svm", "vt.realmode"] {
        let host = |value: u64| format!("{ALIKE} rev=0x43 cap:{key}={value}");
        check(&[&host(1), &host(0), &host(0)], "bios-setting");
    }
    // One CPU, one build, one microcode: nothing else is left for any other feature.
    let host = |value: u64| format!("{ALIKE} rev=0x43 cap:cpuid.avx512f={value}");
    check(&[&host(1), &host(0)], "bios-setting");
}

#[test]
fn masks_are_told_where_the_hardware_is_the_same() {
    for key in ["cpuid.mdclear", "cpuid.aes", "cpuid.avx2"] {
        let (rich, poor) = (
            format!("{ALIKE} cap:{key}=1 masked:{key}=1 mask:{key}=Val:1"),
            format!("{ALIKE} cap:{key}=1 masked:{key}=0"),
        );
        check(&[&rich, &poor, &poor], "stale-evc-mask");
    }
    check(&["rev=0x43 mask:cpuid.ibrs=Val:1", "rev=0x43"], "stale-evc-mask");
}

#[test]
fn another_cpu_is_told_for_all_that_it_brings() {
    let rich = "cpu=79.1 cap:cpuid.adx=1 cap:cpuid.rdseed=1 cap:cpuid.mdclear=1 cap:cpuid.aes=1";
    let poor = "cpu=63.2 cap:cpuid.adx=0 cap:cpuid.rdseed=0 cap:cpuid.mdclear=0 cap:cpuid.aes=0";
    check(&[rich, poor, poor], "different-cpu");
    check(&["cpu=85.7 cap:cpuid.avx512vnni=1", "cpu=85.4 cap:cpuid.avx512vnni=0"], "different-cpu");
}

#[test]
fn a_register_mask_is_told_only_of_what_it_hides() {
    let mask = "----:00--:----:----:----:----:----:----";
    let poor = format!("{ALIKE} cap:cpuid.ibrs=1 cap:cpuid.stibp=1 override={mask}");
    check(&[&format!("{ALIKE} cap:cpuid.ibrs=1 cap:cpuid.stibp=1"), &poor], "cpuid-override");
    let poor = format!("{ALIKE} rev=1 cap:cpuid.mdclear=0 override={mask}");
    check(&[&format!("{ALIKE} rev=2 cap:cpuid.mdclear=1"), &poor], "stale-microcode");
}

#[test]
fn two_causes_on_two_hosts_are_two_findings() {
    let rich = "cpu=63.2 build=200 rev=0x43 cap:cpuid.mdclear=1";
    let stale = "cpu=63.2 build=200 rev=0x3d cap:cpuid.mdclear=0";
    let old = "cpu=63.2 build=100 rev=0x3d cap:cpuid.mdclear=0";
    let found = told(&[rich, stale, old]);
    let causes: Vec<(&str, &str)> = found.iter().map(|found| (found.0, found.3.as_str())).collect();
    assert_eq!(causes, [("stale-microcode", "esx2"), ("patch-level", "esx3")]);
}

#[test]
fn two_features_of_one_cause_are_one_finding_and_of_two_causes_two() {
    let host = |flags: [u64; 3], rev: &str| {
        let [mdclear, ssbd, aes] = flags;
        format!("{ALIKE} rev={rev} cap:cpuid.mdclear={mdclear} cap:cpuid.ssbd={ssbd} cap:cpuid.aes={aes}")
    };
    let found = told(&[&host([1, 1, 1], "2"), &host([0, 0, 0], "1")]);
    let told: Vec<(&str, &str)> = found.iter().map(|found| (found.0, found.1.as_str())).collect();
    assert_eq!(told, [("bios-setting", "cpuid.aes"), ("stale-microcode", "cpuid.mdclear cpuid.ssbd")]);
}

#[test]
fn equal_hosts_and_a_single_one_have_no_finding() {
    let host = format!("{ALIKE} rev=2 cap:cpuid.mdclear=1 mask:cpuid.mdclear=Val:1");
    assert!(told(&[&host, &host, &host]).is_empty());
    assert!(told(&[&host]).is_empty());
    // Different CPUs under one baseline are what EVC is for.
    let other = "cpu=79.1 cap:cpuid.adx=1 masked:cpuid.adx=0";
    assert!(told(&["cpu=63.2 cap:cpuid.adx=0 masked:cpuid.adx=0", other]).is_empty());
}
