//! What values of masks and capabilities mean together, on hosts made by hand.

use super::*;
use crate::case::{ClusterBasis, Sourced};
use crate::fact::Requirement;
use crate::model::{MemberPath, Source};

const KEY: &str = "cpuid.mdclear";

fn source() -> Source {
    Source { file: MemberPath::new("f"), line: 1, offset: 0 }
}

fn sourced<T>(value: T) -> Sourced<T> {
    Sourced { value, source: source(), text: String::new() }
}

/// A host out of words: `cap=1 masked=0 mask=Val:1 others complete config dump`, of which all speak of one key but
/// `others`, five more masks as of an EVC mode.
fn host(words: &str) -> Host {
    let mut host = Host::default();
    host.kind = HostKind::Esxi;
    let state = &mut host.features;
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || crate::fact::feature::number(value).expect("a number");
        match name {
            "cap" => drop(state.capability.insert(KEY.to_owned(), sourced(number()))),
            "masked" => drop(state.masked.insert(KEY.to_owned(), sourced(number()))),
            "mask" => drop(state.masks.insert(KEY.to_owned(), sourced(value.parse().expect("a mask")))),
            "others" => state.masks.extend(
                (0..5).map(|n| (format!("cpuid.other{n}"), sourced("Val:1".parse().expect("a mask")))),
            ),
            "complete" => state.complete = Some(value != "false"),
            "config" => state.config = Some(sourced(())),
            "override" => state.overrides.push(sourced(("cpuid.7.edx".to_owned(), value.to_owned()))),
            _ => panic!("{word}"),
        }
    }
    host
}

fn case(hosts: &[&str]) -> Case {
    let hosts: Vec<Host> = hosts.iter().map(|words| host(words)).collect();
    let all = (0..hosts.len()).collect();
    let cluster = Cluster { id: "case".to_owned(), name: None, basis: ClusterBasis::Together, hosts: all };
    Case { hosts, clusters: vec![cluster], ..Case::default() }
}

/// What each host offers of the key.
#[track_caller]
fn check(hosts: &[&str], expected: &[Option<u64>]) {
    let offers = Offers::of(&case(hosts));
    let told: Vec<Option<u64>> = (0..hosts.len()).map(|host| offers.value(host, KEY)).collect();
    assert_eq!(told, expected, "{hosts:?}");
}

#[test]
fn capability_and_mask_give_the_effective_value() {
    check(&["cap=1 mask=Val:1 others"], &[Some(1)]);
    // No mask adds hardware, unless it raises.
    check(&["cap=0 mask=Val:1 others"], &[Some(0)]);
    check(&["cap=0 mask=Min:1 others"], &[Some(1)]);
    check(&["cap=3 mask=Max:0x2 others"], &[Some(2)]);
    check(&["cap=45 mask=Val:0x2d others"], &[Some(45)]);
    check(&["mask=Val:1 others"], &[Some(1)]);
    check(&["cap=1", "cap=0"], &[Some(1), Some(0)]);
    check(&[""], &[None]);
    // The host's own list after masks is the best of all.
    check(&["cap=1 masked=0 mask=Val:1"], &[Some(0)]);
}

#[test]
fn complete_masks_decide_what_a_missing_one_means() {
    check(&["cap=1 others complete"], &[Some(0)]);
    check(&["cap=1 others complete=false"], &[Some(1)]);
    check(&["cap=1 others"], &[Some(1)]);
    // Where it is not said, another host's mask says that masks speak of the key.
    check(&["cap=1 others", "cap=1 others mask=Val:1"], &[Some(0), Some(1)]);
    check(&["cap=1 others complete=false", "cap=1 others mask=Val:1"], &[Some(1), Some(1)]);
    // Nor is the key hidden that a host under EVC offers without a mask for it.
    check(&["cap=1 others complete", "masked=1 others complete"], &[Some(1), Some(1)]);
    // A single mask is no EVC mode.
    check(&["cap=1", "cap=1 mask=Val:1"], &[Some(1), Some(1)]);
}

#[test]
fn a_host_of_which_only_masks_are_known_is_compared_by_them() {
    check(&["config", "config mask=Val:1"], &[Some(0), Some(1)]);
    check(&["config others", "config others mask=Val:1"], &[Some(0), Some(1)]);
    check(&["config others complete=false", "config others mask=Val:1"], &[None, Some(1)]);
    // Whose file is not there is not compared, nor is a host that is not under EVC.
    check(&["", "config mask=Val:1"], &[None, Some(1)]);
    check(&["config", "config others mask=Val:1"], &[None, Some(1)]);
}

#[test]
fn hosts_of_another_cluster_do_not_count() {
    let mut case = case(&["config", "config mask=Val:1", "config"]);
    case.clusters[0].hosts = vec![0, 2];
    case.clusters.push(Cluster { id: "other".to_owned(), hosts: vec![1], ..case.clusters[0].clone() });
    let offers = Offers::of(&case);
    assert_eq!((offers.value(0, KEY), offers.value(1, KEY), offers.value(2, KEY)), (None, Some(1), None));
    assert!(matrix(&case).rows.iter().all(|row| !row.differs));
}

#[test]
fn a_register_mask_hides_what_the_lists_have() {
    let hides = "----:----:----:----:----:-0--:----:----";
    check(&[&format!("cap=1 masked=1 override={hides}"), "cap=1 masked=1"], &[Some(0), Some(1)]);
    let other = "----:00--:----:----:----:----:----:----";
    check(&[&format!("cap=1 masked=1 override={other}"), "cap=1 masked=1"], &[Some(1), Some(1)]);
}

fn vm(requires: &[(&str, &str)]) -> Vm {
    let need = |(key, value): &(&str, &str)| Requirement {
        key: (*key).to_owned(),
        value: value.parse().expect("a requirement"),
        source: source(),
        text: String::new(),
    };
    Vm {
        name: "vm".to_owned(),
        folder: "vmfs/volumes/ds/vm".to_owned(),
        powered_on_at: None,
        powered_on_host: None,
        requires: requires.iter().map(need).collect(),
        requires_from: (!requires.is_empty()).then(|| "f".to_owned()),
        settings: crate::case::VmCpuSettings::default(),
        masked_then: None,
        source: source(),
    }
}

#[test]
fn a_vm_goes_where_what_it_requires_is_offered() {
    let mut case = case(&["cap=1", "cap=0", "cap=1", ""]);
    case.hosts[0].vms.push(vm(&[(KEY, "Bool:Min:1"), ("cpuid.model", "Match:63")]));
    let found = matrix(&case);
    assert_eq!(found.vms[0].blocked, [Block { host: 1, missing: vec![KEY.to_owned()] }]);
    let evacuation = &found.clusters[0].evacuation[0];
    assert_eq!((evacuation.vms, evacuation.stay.len(), evacuation.unknown.len()), (1, 0, 0));
    // A VM whose features are not checked goes anywhere.
    case.hosts[0].vms[0].settings.unchecked = true;
    assert!(matrix(&case).vms[0].blocked.is_empty());
}

#[test]
fn a_host_can_be_emptied_where_every_vm_has_somewhere_to_go() {
    let stays = |others: &[&str], requires: &[(&str, &str)]| {
        let mut words = vec!["cap=1"];
        words.extend(others);
        let mut case = case(&words);
        case.hosts[0].vms.push(vm(requires));
        let found = matrix(&case).clusters[0].evacuation[0].clone();
        (found.stay.len(), found.unknown.len())
    };
    let needs = [(KEY, "Bool:Min:1")];
    assert_eq!(stays(&["cap=0", "cap=0"], &needs), (1, 0));
    assert_eq!(stays(&["cap=0", "cap=1"], &needs), (0, 0));
    assert_eq!(stays(&["cap=0", ""], &needs), (0, 1), "the other host may take it");
    assert_eq!(stays(&[], &needs), (0, 1), "no other bundle is here");
    assert_eq!(stays(&["cap=1"], &[]), (0, 1), "what it requires is not told");
    assert_eq!(stays(&["cap=0"], &[(KEY, "Bool:Max:0")]), (0, 0), "what must be absent is");
}

#[test]
fn the_baseline_has_what_every_host_is_capable_of() {
    let mut case = case(&["cap=1", "cap=0", "cap=1"]);
    let lacking = |case: &Case| matrix(case).clusters[0].baseline.clone().map(|baseline| baseline.lacking);
    assert_eq!(lacking(&case), Some(vec![KEY.to_owned()]));
    case.hosts[1].features.capability.clear();
    assert_eq!(lacking(&case), None, "one of them does not tell");
}
