//! Bytes per second of every stage and of the whole: `cargo bench --bench stages`.
//!
//! A timer of its own, as the figures that matter are throughputs of seconds, not of nanoseconds. The input is the bundle
//! that `ESXRAY_BENCH_BUNDLE` names, else one that the demo builder makes. Each stage is run several times; the median is
//! printed. What each figure means stands in `benches/README.md`.

mod after;
mod decode;
mod figure;
mod input;
mod text;
mod whole;

use std::path::Path;

use esxray::rule::RuleSet;

fn main() {
    let bundle = input::bundle();
    figure::title(&format!("{} ({} MB)", bundle.display(), input::size(&bundle) / 1_000_000));
    figure::milliseconds("start: rules", &|| rules().len() as u64);
    let rules = rules();
    let logs = input::logs(&bundle);
    decode::stages(&bundle, &logs);
    text::stages(&rules, &logs);
    whole::stages(&bundle, &rules);
    after::stages("one host", &[bundle], &rules);
    after::stages("32 hosts", &input::small_hosts(), &rules);
}

fn rules() -> RuleSet {
    RuleSet::load::<&Path>(&[]).expect("the built-in rules")
}
