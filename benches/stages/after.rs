//! What comes after reading: case, verdicts, report and its forms, and how they compare with reading.

use std::path::PathBuf;

use esxray::bundle::Input;
use esxray::case::Case;
use esxray::engine::Options;
use esxray::report::model::Report;
use esxray::report::{build, renderer};
use esxray::rule::RuleSet;
use esxray::verdict;

use super::{figure, input, whole};

/// What `esxray analyze` writes where nothing else is said.
const FORMS: [&str; 3] = ["html", "md", "json"];

/// Measures each step for the case that `bundles` make; the bytes are those of the bundles as they lie on disk.
pub fn stages(title: &str, bundles: &[PathBuf], rules: &RuleSet) {
    let size: u64 = bundles.iter().map(|bundle| input::size(bundle)).sum();
    let bytes = usize::try_from(size).expect("it fits");
    figure::title(&format!("after reading: {title}, {} MB compressed", size / 1_000_000));
    let inputs: Vec<Input> = bundles.iter().cloned().map(Input::File).collect();
    let jobs = Options::default().jobs;
    let reading = figure::rate("digest", bytes, &|| whole::digest(&inputs, rules, jobs).digests.len() as u64);
    let digests = whole::digest(&inputs, rules, jobs).digests;
    let copying = figure::rate("(a copy of the digests)", bytes, &|| digests.clone().len() as u64);
    let building = figure::rate("case", bytes, &|| Case::build(digests.clone()).timeline.len() as u64);
    let mut after = building.without(copying);
    let case = Case::build(digests.clone());
    after = after.and(figure::rate("verdicts", bytes, &|| verdict::reach(&case).len() as u64));
    let findings = verdict::reach(&case);
    let make = || build::build(&case, &findings, rules, &[], &build::Options::default());
    after = after.and(figure::rate("report", bytes, &|| make().findings.len() as u64));
    let report = make();
    for form in FORMS {
        let name = format!("report.{form}, {:.1} MB", render(&report, form) as f64 / 1e6);
        after = after.and(figure::rate(&name, bytes, &|| render(&report, form)));
    }
    figure::share("after reading, of the digest", after, reading);
}

/// Bytes of the report in one form.
fn render(report: &Report, form: &str) -> u64 {
    let mut page = Vec::new();
    (renderer(form).expect("a renderer").render)(report, &mut page).expect("memory takes it");
    page.len() as u64
}
