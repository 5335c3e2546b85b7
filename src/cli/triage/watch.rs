//! `--watch`: bundles are taken in as they arrive.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Args, Done, Shelf, found, round, sources, tell};
use crate::bundle::Input;
use crate::cli::redaction::note;
use crate::model::{Problem, ProblemKind};
use crate::store::Print;

/// How long a request to stop may go unnoticed.
const NAP: Duration = Duration::from_millis(100);

/// What was seen at a look, by path.
type Prints = BTreeMap<PathBuf, Print>;

/// Looks at the paths again and again, and makes the index anew whenever something arrived, changed or went.
///
/// # Errors
/// Fails where the index or the store cannot be written.
pub(super) fn run(
    args: &Args,
    shelf: &Shelf,
    stop: &AtomicBool,
    out: &mut dyn Write,
) -> anyhow::Result<Done> {
    let every = Duration::from_secs(args.every);
    note("watching; bundles are taken in as they arrive, Ctrl-C ends");
    let mut seen = Prints::new();
    let mut told: Option<(Prints, Vec<Problem>)> = None;
    loop {
        let (prints, inputs, problems) = look(args, shelf);
        let is_ready = |input: &&Input| {
            let print = prints.get(input.path());
            print.is_some() && (seen.get(input.path()) == print || rests(input, every))
        };
        let ready: Vec<Input> = inputs.iter().filter(is_ready).cloned().collect();
        let of_ready = ready.iter().filter_map(|input| prints.get_key_value(input.path()));
        let now = (of_ready.map(|(path, print)| (path.clone(), print.clone())).collect(), problems);
        let is_new = told.as_ref() != Some(&now);
        if is_new && (told.is_some() || !ready.is_empty()) {
            let stocked = shelf.stock(&ready, stop)?;
            if stop.load(Ordering::SeqCst) {
                return Ok(Done::Clean);
            }
            let (sources, problems) = sources(&ready, stocked, now.1.clone());
            tell(&round(args, shelf, &sources, problems, stop)?, &args.out, out)?;
            told = Some(now);
        }
        seen = prints;
        let began = Instant::now();
        while began.elapsed() < every {
            if stop.load(Ordering::SeqCst) {
                return Ok(Done::Clean);
            }
            sleep(NAP);
        }
    }
}

/// What lies at the paths now, how it looks, and what is no bundle or cannot be looked at.
fn look(args: &Args, shelf: &Shelf) -> (Prints, Vec<Input>, Vec<Problem>) {
    let mut found = found(args, shelf, &args.paths);
    let mut prints = Prints::new();
    for input in &found.inputs {
        match Print::of(input) {
            Ok(print) => drop(prints.insert(input.path().to_owned(), print)),
            Err(error) => {
                let path = input.path().to_string_lossy();
                found.problems.push(Problem::new(ProblemKind::Unreadable, path, error.to_string()));
            }
        }
    }
    found.problems.extend(found.unopened);
    (prints, found.inputs, found.problems)
}

/// Whether nobody has written to a file for so long that it will not be half a bundle. What is being copied is seen to
/// change between two looks.
fn rests(input: &Input, every: Duration) -> bool {
    let age = |file: &PathBuf| std::fs::metadata(file).ok()?.modified().ok()?.elapsed().ok();
    !input.files().is_empty() && input.files().iter().all(|file| age(file).is_some_and(|age| age > 2 * every))
}
