//! CPU-feature incidents: each gives its cause and no other, from state, from lines and from both; in mixed spellings;
//! with another cluster beside it; and from one bundle alone.

#[path = "common/run.rs"]
mod run;
#[path = "common/truth.rs"]
mod truth;

use std::path::PathBuf;

use esxray::demo::{
    ClusterOptions, Container, DumpSyntax, EvcCause, EvcOptions, EvidenceKind, Generation, KeySpelling,
    Masks, RefusalForm, Site, Spelling, System, ValueSpelling, Volume, add_ha, evc_incident, healthy,
    write_bundle, write_site,
};
use run::{Run, all_ids, analyze, analyze_site, events, finding};
use tempfile::TempDir;
use truth::{check_evc, check_lines, name, no_evc, only, set, strings};

/// The incidents of the ten causes and of nested virtualisation, each in the grammar of another generation.
fn incident(number: usize) -> EvcOptions {
    const HASWELL: &[&str] = &["cpuid.AVX2", "cpuid.FMA", "cpuid.MOVBE"];
    let about = EvcOptions::about;
    let mut options = match number {
        // One host alone has what the others' microcode does not bring.
        0 => EvcOptions::default(),
        // One host alone lacks it.
        1 => EvcOptions { rich: vec![0, 1, 3], ..EvcOptions::default() },
        2 => about(EvcCause::StaleMicrocode, &["cpuid.MDCLEAR", "cpuid.SSBD"]),
        3 => about(EvcCause::PatchLevel, &["cpuid.MDCLEAR"]),
        4 => EvcOptions { rich: vec![0, 2, 3], ..about(EvcCause::BiosSetting, &["cpuid.AES"]) },
        5 => about(EvcCause::StaleMask, &["cpuid.MDCLEAR"]),
        6 => EvcOptions {
            masks: Masks::None,
            rich: vec![1, 2],
            ..about(EvcCause::DifferentCpu, &["cpuid.ADX", "cpuid.RDSEED", "cpuid.SMAP"])
        },
        7 => about(EvcCause::PerVmEvc, HASWELL),
        8 => about(EvcCause::CpuidOverride, &["cpuid.IBRS", "cpuid.IBPB", "cpuid.STIBP"]),
        9 => about(EvcCause::StartedEarlier, HASWELL),
        10 => about(EvcCause::BiosSetting, &["cpuid.VMX", "hv.capable", "vt.realmode"]),
        _ => unreachable!("there are eleven incidents"),
    };
    options.cluster = EvcOptions::of([Generation::V67, Generation::V70, Generation::V80][number % 3]).cluster;
    options
}

fn from(number: usize, evidence: EvidenceKind) -> (Run, esxray::demo::EvcTruth) {
    let (site, truth) = evc_incident(&EvcOptions { evidence, ..incident(number) });
    let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
    (run, truth)
}

/// One test an incident and kind of evidence, so that each fails by itself.
macro_rules! incidents {
    ($($test:ident: $number:literal from $evidence:ident,)*) => {
        $(#[test]
        fn $test() {
            let (run, truth) = from($number, EvidenceKind::$evidence);
            match EvidenceKind::$evidence {
                EvidenceKind::Lines => check_lines(&run.report, &truth),
                _ => check_evc(&run.report, &truth),
            }
        })*
    };
}

incidents! {
    the_touchstone_from_state: 0 from State,
    the_touchstone_from_lines: 0 from Lines,
    the_touchstone_from_both: 0 from Both,
    one_stale_host_from_state: 1 from State,
    one_stale_host_from_lines: 1 from Lines,
    one_stale_host_from_both: 1 from Both,
    two_features_from_state: 2 from State,
    two_features_from_lines: 2 from Lines,
    two_features_from_both: 2 from Both,
    a_patch_level_from_state: 3 from State,
    a_patch_level_from_lines: 3 from Lines,
    a_patch_level_from_both: 3 from Both,
    aes_off_from_state: 4 from State,
    aes_off_from_lines: 4 from Lines,
    aes_off_from_both: 4 from Both,
    a_stale_mask_from_state: 5 from State,
    a_stale_mask_from_both: 5 from Both,
    generations_without_evc_from_state: 6 from State,
    generations_without_evc_from_lines: 6 from Lines,
    generations_without_evc_from_both: 6 from Both,
    per_vm_evc_from_state: 7 from State,
    per_vm_evc_from_lines: 7 from Lines,
    per_vm_evc_from_both: 7 from Both,
    a_register_mask_from_state: 8 from State,
    a_register_mask_from_both: 8 from Both,
    a_vm_started_earlier_from_state: 9 from State,
    a_vm_started_earlier_from_lines: 9 from Lines,
    a_vm_started_earlier_from_both: 9 from Both,
    virtualisation_off_from_state: 10 from State,
    virtualisation_off_from_both: 10 from Both,
}

#[test]
fn a_register_mask_that_no_list_shows_is_found_in_the_configuration() {
    let options = EvcOptions { override_in_masked: false, ..incident(8) };
    let (site, truth) = evc_incident(&options);
    let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
    check_evc(&run.report, &truth);
}

#[test]
fn a_mask_does_not_give_what_the_microcode_lacks() {
    let (site, truth) = evc_incident(&EvcOptions { masks: Masks::Equal, ..EvcOptions::default() });
    let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
    check_evc(&run.report, &truth);
}

/// A small site: two hosts are enough to differ.
fn pair(options: EvcOptions) -> EvcOptions {
    let cluster = ClusterOptions { hosts: 2, ..options.cluster };
    EvcOptions { cluster, failures: false, ..options }
}

#[test]
fn mixed_spellings_say_the_same() {
    let spelling = |keys, dump| Spelling { keys, values: ValueSpelling::Varied, dump };
    let spellings = vec![
        spelling(KeySpelling::Documented, DumpSyntax::PyVmomi),
        spelling(KeySpelling::Lower, DumpSyntax::VimCmd),
        spelling(KeySpelling::Mixed, DumpSyntax::VimCmd),
    ];
    for rotate in 0..3 {
        let mut spellings = spellings.clone();
        spellings.rotate_left(rotate);
        for cause in [EvcCause::StaleMicrocode, EvcCause::StaleMask] {
            let features = &["cpuid.MDCLEAR", "cpuid.SSBD"];
            let masks = if rotate == 1 { Masks::Zero } else { Masks::Missing };
            let options =
                EvcOptions { spellings: spellings.clone(), masks, ..EvcOptions::about(cause, features) };
            let (site, truth) = evc_incident(&pair(options));
            let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
            check_evc(&run.report, &truth);
        }
    }
}

#[test]
fn healthy_hosts_that_only_write_differently_do_not_differ() {
    let mut site = healthy(&ClusterOptions { hosts: 3, vsan: false, ..ClusterOptions::default() });
    let keys = [KeySpelling::Documented, KeySpelling::Lower, KeySpelling::Mixed];
    for (host, keys) in site.hosts.iter_mut().zip(keys) {
        host.spelling = Spelling { keys, values: ValueSpelling::Varied, dump: DumpSyntax::VimCmd };
    }
    site.hosts[0].spelling.dump = DumpSyntax::PyVmomi;
    // Also without the lists of capabilities: then the masks alone speak.
    for without_dump in [false, true] {
        if without_dump {
            site.hosts.iter_mut().for_each(|host| {
                host.omit.insert("commands/vmware-vimdump".to_owned());
            });
        }
        let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
        no_evc(&run.report);
    }
}

#[test]
fn a_missing_mask_hides_only_where_masks_are_complete() {
    for (complete, hidden) in [(Some(true), true), (Some(false), false), (None, false)] {
        for cause in [EvcCause::StaleMask, EvcCause::StaleMicrocode] {
            let options =
                EvcOptions { complete_masks: vec![complete], ..EvcOptions::about(cause, &["cpuid.MDCLEAR"]) };
            let (site, truth) = evc_incident(&pair(options));
            // What the processor lacks is missing either way.
            assert_eq!(truth.expected.is_some(), hidden || cause == EvcCause::StaleMicrocode);
            let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
            check_evc(&run.report, &truth);
        }
    }
}

#[test]
fn a_mask_of_zero_hides_whether_masks_are_complete_or_not() {
    for complete in [Some(true), Some(false), None] {
        let options = EvcOptions {
            complete_masks: vec![complete],
            masks: Masks::Zero,
            ..EvcOptions::about(EvcCause::StaleMask, &["cpuid.MDCLEAR"])
        };
        let (site, truth) = evc_incident(&pair(options));
        assert!(truth.expected.is_some());
        let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
        check_evc(&run.report, &truth);
    }
}

#[test]
fn a_refusal_is_recognised_however_it_is_told() {
    for generation in [Generation::V67, Generation::V80] {
        let options = EvcOptions { forms: RefusalForm::ALL.to_vec(), ..EvcOptions::of(generation) };
        let (site, truth) = evc_incident(&options);
        assert_eq!(truth.refused.len(), RefusalForm::ALL.len());
        let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
        let refused = events(&run.report, "vmotion.fail.cpu");
        for expected in &truth.refused {
            let told = refused.iter().find(|event| {
                let at: esxray::model::Timestamp =
                    event["time"].as_str().expect("a time").parse().expect("a time");
                at.since(expected.at).abs() < 2_000_000
            });
            let told = told.unwrap_or_else(|| panic!("{:?} in {generation:?} is not seen", expected.form));
            assert_eq!(told["fields"]["vm"], expected.vm, "{:?}", expected.form);
            if expected.form.names_features() {
                let features = told["fields"]["features"].as_str().unwrap_or("").to_lowercase();
                assert!(features.contains("cpuid.mdclear"), "{:?}: {features}", expected.form);
            }
        }
        assert_eq!(refused.len(), truth.refused.len(), "each is told once");
        let found = only(&run.report, truth.expected.expect("a finding"));
        assert_eq!(found["cause"]["id"], "stale-microcode");
    }
}

/// Two clusters that have nothing in common but the case.
fn clusters(vsan: bool, vcenter: bool) -> [ClusterOptions; 2] {
    let of = |seed: u64, prefix: &str, domain: &str, network: &str| ClusterOptions {
        seed,
        hosts: 3,
        prefix: prefix.to_owned(),
        domain: domain.to_owned(),
        network: network.to_owned(),
        vms_per_host: 2,
        vsan,
        vcenter,
        ..ClusterOptions::default()
    };
    [of(3, "esx", "north.example.com", "10.20"), of(8, "node", "south.example.com", "10.44")]
}

/// What Ivy Bridge mode leaves out of Haswell mode.
const ABOVE_IVY_BRIDGE: &[&str] =
    &["cpuid.ABM", "cpuid.AVX2", "cpuid.BMI1", "cpuid.BMI2", "cpuid.FMA", "cpuid.INVPCID", "cpuid.MOVBE"];

fn together(sites: &[Site]) -> Run {
    let folder = TempDir::new().expect("a temporary folder");
    let mut paths: Vec<PathBuf> = Vec::new();
    for (index, site) in sites.iter().enumerate() {
        let mut site = site.clone();
        site.set_volume(Volume::SMALL);
        let below = folder.path().join(index.to_string());
        paths.extend(write_site(&site, &below, Container::Tar).expect("written"));
    }
    let run = analyze(&paths, folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run
}

/// Hosts are compared within their cluster only, whatever tells the clusters apart.
fn check_apart(vsan: bool, vcenter: bool, ha: bool) {
    let [high, mut low] = clusters(vsan, vcenter);
    low.evc_without = ABOVE_IVY_BRIDGE.iter().map(|key| (*key).to_owned()).collect();
    let mut quiet = healthy(&high);
    let mut lower = healthy(&low);
    let (mut troubled, truth) =
        evc_incident(&EvcOptions { cluster: high, failures: vcenter, ..EvcOptions::default() });
    if ha {
        [&mut quiet, &mut lower, &mut troubled].into_iter().for_each(add_ha);
    }
    let run = together(&[quiet, lower.clone()]);
    no_evc(&run.report);
    assert_eq!(run.report["case"]["clusters"].as_array().map(Vec::len), Some(2), "two clusters");
    let run = together(&[troubled, lower]);
    let found = finding(&run.report, "evc.feature-mismatch");
    assert_eq!(found["cause"]["id"], "stale-microcode", "{:#?}", all_ids(&run.report));
    let hosts: Vec<String> =
        found["hosts"].as_array().expect("hosts").iter().map(|id| name(&run.report, id)).collect();
    assert_eq!(set(&hosts), set(&[truth.have.clone(), truth.lack.clone()].concat()));
    assert_eq!(set(&strings(&found["details"]["features"])), set(&truth.features));
}

#[test]
fn clusters_of_different_vsan_uuids_are_not_compared() {
    check_apart(true, true, false);
}

#[test]
fn clusters_of_different_vcenters_are_not_compared() {
    check_apart(false, true, false);
}

#[test]
fn clusters_that_only_their_ha_tells_apart_are_not_compared() {
    check_apart(false, false, true);
}

/// The report on one host's bundle, and the truth of the whole site.
fn alone(options: &EvcOptions) -> (Run, esxray::demo::EvcTruth) {
    let (mut site, truth) = evc_incident(options);
    site.set_volume(Volume::SMALL);
    let folder = TempDir::new().expect("a temporary folder");
    let path = write_bundle(&site, System::Host(0), folder.path(), Container::Tgz).expect("written");
    let run = analyze(&[path], folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    (run, truth)
}

#[test]
fn one_host_alone_shows_its_masks_and_what_its_vms_require() {
    let (run, truth) = alone(&EvcOptions::default());
    no_evc(&run.report);
    let features = &run.report["features"];
    let rows = features["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["key"] == "cpuid.mdclear").expect("a row of the feature");
    let host = run.report["hosts"][0]["id"].as_str().expect("an id");
    for side in ["capability", "mask", "effective"] {
        assert_eq!(row[side][host], 1, "{side}");
    }
    for (vm, _) in &truth.pinned {
        let vms = features["vms"].as_array().expect("VMs");
        let needs = vms.iter().find(|needs| needs["name"] == vm.as_str()).expect("the VM");
        assert!(strings(&needs["requires"]).contains(&"cpuid.mdclear".to_owned()));
    }
    // Nothing is known of where they could go.
    let evacuation = &features["clusters"][0]["evacuation"][0];
    assert!(strings(&evacuation["stay"]).is_empty());
    assert_eq!(Some(strings(&evacuation["unknown"]).len() as u64), evacuation["vms"].as_u64());
}

#[test]
fn one_host_alone_tells_of_refusals_and_asks_for_the_other_bundles() {
    for form in [RefusalForm::Vpxa, RefusalForm::Hostd] {
        let (run, truth) = alone(&EvcOptions { forms: vec![form], ..EvcOptions::default() });
        assert_eq!(events(&run.report, "vmotion.fail.cpu").len(), truth.refused.len(), "{form:?}");
        let found = finding(&run.report, "evc.vmotion-failed");
        assert_eq!(found["cause"]["id"], "target-bundle-missing", "{form:?}");
        let refused: Vec<String> = truth.refused.iter().map(|refused| refused.vm.clone()).collect();
        if form == RefusalForm::Hostd {
            assert_eq!(set(&strings(&found["vms"])), set(&refused));
        }
        let remedy = found["remedy"].to_string().to_lowercase();
        assert!(remedy.contains("bundle") || remedy.contains("vm-support"), "{remedy}");
    }
}
