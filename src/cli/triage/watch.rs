//! `--watch`: bundles are taken in as they arrive.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use super::{Args, Done, Shelf, found, round, sources, tell};
use crate::bundle::Input;
use crate::store::Print;

/// How long a request to stop may go unnoticed.
const NAP: Duration = Duration::from_millis(100);

/// Looks at the paths again and again, and makes the index anew whenever something arrived, changed or went.
///
/// # Errors
/// Fails where the index cannot be written.
pub(super) fn run(
    args: &Args,
    shelf: &Shelf,
    stop: &AtomicBool,
    out: &mut dyn Write,
) -> anyhow::Result<Done> {
    let every = Duration::from_secs(args.every);
    let mut seen: BTreeMap<PathBuf, Print> = BTreeMap::new();
    let mut taken: Option<BTreeMap<PathBuf, Print>> = None;
    loop {
        let found = found(args, shelf, &args.paths);
        let prints: Vec<(Input, Print)> = found
            .inputs
            .into_iter()
            .filter_map(|input| Print::of(&input).ok().map(|print| (input, print)))
            .collect();
        let is_ready =
            |(input, print): &&(Input, Print)| seen.get(input.path()) == Some(print) || rests(input, every);
        let ready: Vec<&(Input, Print)> = prints.iter().filter(is_ready).collect();
        let now: BTreeMap<PathBuf, Print> =
            ready.iter().map(|(input, print)| (input.path().to_owned(), print.clone())).collect();
        if !now.is_empty() && taken.as_ref() != Some(&now) {
            let inputs: Vec<Input> = ready.iter().map(|(input, _)| input.clone()).collect();
            let stocked = shelf.stock(&inputs, stop);
            if stop.load(Ordering::SeqCst) {
                return Ok(Done::Clean);
            }
            let mut problems = found.problems;
            problems.extend(found.unopened);
            let (sources, problems) = sources(stocked, problems);
            if !sources.is_empty() {
                tell(&round(args, shelf, &sources, problems, stop)?, &args.out, out)?;
            }
            taken = Some(now);
        }
        seen = prints.into_iter().map(|(input, print)| (input.path().to_owned(), print)).collect();
        let until = SystemTime::now() + every;
        while SystemTime::now() < until {
            if stop.load(Ordering::SeqCst) {
                return Ok(Done::Clean);
            }
            sleep(NAP);
        }
    }
}

/// Whether nobody has written to a file for so long that it will not be half a bundle. What is being copied is seen to
/// change between two looks.
fn rests(input: &Input, every: Duration) -> bool {
    let age = |file: &PathBuf| std::fs::metadata(file).ok()?.modified().ok()?.elapsed().ok();
    !input.files().is_empty() && input.files().iter().all(|file| age(file).is_some_and(|age| age > 2 * every))
}
