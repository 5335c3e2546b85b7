//! Migrations that fail for other reasons than CPU features: each has its cause and code, and none is called EVC.

#[path = "common/run.rs"]
mod run;
#[path = "common/truth.rs"]
mod truth;

use esxray::demo::{CodeForm, Container, Generation, VmotionFault, VmotionOptions, vmotion_incident};
use run::{all_ids, analyze_site, events, findings};
use truth::{check_vmotion, no_evc, only};

fn check(options: &VmotionOptions) {
    let (site, truth) = vmotion_incident(options);
    assert_eq!(truth.failed.len(), options.faults.len(), "every failure has a VM");
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    check_vmotion(&run.report, &truth);
    assert!(!events(&run.report, "vmotion.success").is_empty(), "the control is seen");
}

#[test]
fn failures_are_told_apart_in_every_generation() {
    for (generation, codes) in [
        (Generation::V67, CodeForm::Bare),
        (Generation::V70, CodeForm::Decimal),
        (Generation::V80, CodeForm::Hex),
    ] {
        check(&VmotionOptions { codes, ..VmotionOptions::of(generation) });
    }
}

#[test]
fn one_failure_alone_is_one_finding_with_its_cause() {
    for (fault, generation) in VmotionFault::ALL
        .into_iter()
        .zip([Generation::V80, Generation::V67, Generation::V70].into_iter().cycle())
    {
        let options = VmotionOptions { faults: vec![fault], ..VmotionOptions::of(generation) };
        let (site, truth) = vmotion_incident(&options);
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        only(&run.report, ("vmotion.failed", fault.cause()));
        check_vmotion(&run.report, &truth);
    }
}

#[test]
fn the_hosts_alone_are_enough() {
    let mut options = VmotionOptions::of(Generation::V70);
    options.cluster.vcenter = false;
    check(&options);
}

#[test]
fn one_side_alone_is_enough_for_the_cause() {
    for (fault, kept) in [(VmotionFault::Switchover, 0), (VmotionFault::LowMemory, 1)] {
        let mut options = VmotionOptions { faults: vec![fault], ..VmotionOptions::default() };
        options.cluster.vcenter = false;
        let (mut site, _) = vmotion_incident(&options);
        site.hosts = vec![site.hosts.swap_remove(kept)];
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        let found = findings(&run.report, "vmotion.failed");
        assert_eq!(found.len(), 1, "{:#?}", all_ids(&run.report));
        assert_eq!(found[0]["cause"]["id"], fault.cause());
        no_evc(&run.report);
    }
}
