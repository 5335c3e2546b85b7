//! The digest of the bundle, and the whole run as a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

use esxray::bundle::Input;
use esxray::engine::{self, Options, Outcome, Silent};
use esxray::rule::RuleSet;

use super::{figure, input};

/// Measures both, with one worker and with as many as the machine has.
pub fn stages(bundle: &Path, rules: &RuleSet) {
    figure::title("whole (MB/s of compressed bytes)");
    let size = usize::try_from(input::size(bundle)).expect("it fits");
    let inputs = [Input::File(bundle.to_owned())];
    let most = Options::default().jobs;
    for jobs in [1, most] {
        figure::rate(&format!("digest, {jobs} workers"), size, &|| {
            digest(&inputs, rules, jobs).digests.iter().map(|digest| digest.members).sum()
        });
    }
    for jobs in [1, most] {
        figure::rate(&format!("esxray analyze, {jobs} workers"), size, &|| analyze(bundle, jobs));
    }
}

/// The digests of `inputs`.
pub fn digest(inputs: &[Input], rules: &RuleSet, jobs: usize) -> Outcome {
    let options = Options { jobs, ..Options::default() };
    engine::digest(inputs, rules, &options, &Silent, &AtomicBool::new(false))
}

/// One run of the program with all reports; gives the bytes of its JSON.
fn analyze(bundle: &Path, jobs: usize) -> u64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_esxray"));
    command.args(["analyze", "--progress", "never", "--jobs", &jobs.to_string(), "--out"]);
    command.arg(folder.path()).arg(bundle).stdout(Stdio::null());
    assert!(command.status().expect("the program runs").success());
    folder.path().join("report.json").metadata().expect("a report").len()
}
