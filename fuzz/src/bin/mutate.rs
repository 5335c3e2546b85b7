//! The fallback where libFuzzer cannot be had: inputs made from the seeds by changes drawn from a seeded generator,
//! run through every harness in turn. It is blind to coverage, and the same on every machine.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, thread};

use esxray_fuzz::input::Prng;
use esxray_fuzz::{TARGETS, Target, dictionary};

/// Inputs do not grow beyond this.
const LONGEST: usize = 64 << 10;
/// One input that takes longer than this does not end.
const PATIENCE: Duration = Duration::from_secs(30);
/// More memory than this, in pages of 4 KiB, is without bound.
const MOST_PAGES: usize = (2 << 30) / 4096;
/// Inputs between two looks at the clock.
const BATCH: u64 = 16;

const USAGE: &str = "mutate [--seconds N] [--target NAME] [--seed N] [INPUT]...
  --seconds N    how long in total, 60 unless told
  --target NAME  only this harness
  --seed N       of the generator, 1 unless told
  INPUT          runs these files through the harness of --target, and nothing else";

struct Options {
    seconds: u64,
    target: Option<String>,
    seed: u64,
    inputs: Vec<PathBuf>,
}

/// What runs now, for the watch that ends what does not end by itself.
static RUNNING: Mutex<Option<(&'static str, Vec<u8>, Instant)>> = Mutex::new(None);

thread_local! {
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("error: {wrong}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    panic::set_hook(Box::new(|info| MESSAGE.set(info.to_string())));
    thread::spawn(watch);
    let wanted = |target: &&Target| options.target.as_ref().is_none_or(|name| name == target.name);
    let targets: Vec<&'static Target> = TARGETS.iter().filter(wanted).collect();
    if !options.inputs.is_empty() {
        return again(&targets, &options.inputs);
    }
    println!("seed {}, {} seconds, {} targets", options.seed, options.seconds, targets.len());
    let words = dictionary::words();
    let share = Duration::from_secs(options.seconds) / targets.len() as u32;
    let failed = targets.into_iter().filter(|target| !search(target, &words, share, options.seed)).count();
    ExitCode::from(u8::from(failed > 0))
}

fn options() -> Result<Options, String> {
    let mut options = Options { seconds: 60, target: None, seed: 1, inputs: Vec::new() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("'{text}' is no number"));
        match arg.as_str() {
            "--seconds" => options.seconds = number(value()?)?,
            "--seed" => options.seed = number(value()?)?,
            "--target" => options.target = Some(value()?),
            flag if flag.starts_with('-') => return Err(format!("there is no {flag}")),
            file => options.inputs.push(file.into()),
        }
    }
    let known = |name: &String| TARGETS.iter().any(|target| target.name == name);
    match &options.target {
        Some(name) if !known(name) => Err(format!("there is no target '{name}'")),
        None if !options.inputs.is_empty() => Err("an input needs --target".to_owned()),
        _ => Ok(options),
    }
}

/// Runs kept inputs once more.
fn again(targets: &[&'static Target], inputs: &[PathBuf]) -> ExitCode {
    let mut failed = false;
    for (target, path) in targets.iter().flat_map(|target| inputs.iter().map(move |path| (target, path))) {
        let told = match fs::read(path) {
            Ok(bytes) => run(target, &bytes).err(),
            Err(error) => Some(error.to_string()),
        };
        failed |= told.is_some();
        println!("{} {}: {}", target.name, path.display(), told.as_deref().unwrap_or("holds"));
    }
    ExitCode::from(u8::from(failed))
}

/// Runs one harness for a while; whether all its properties held.
fn search(target: &'static Target, words: &[Vec<u8>], share: Duration, seed: u64) -> bool {
    let begun = Instant::now();
    let seeds = (target.seeds)();
    let (mut prng, mut runs) = (Prng::new(seed), 0u64);
    let mut input: Vec<u8> = Vec::new();
    let told = loop {
        let held = match seeds.get(runs as usize) {
            Some(seed) => run(target, seed).map_err(|told| (told, seed.clone())),
            None => {
                next(&mut input, &seeds, words, &mut prng);
                run(target, &input).map_err(|told| (told, input.clone()))
            }
        };
        runs += 1;
        match held {
            Err(failure) => break Some(failure),
            Ok(()) if runs.is_multiple_of(BATCH) && begun.elapsed() >= share => break None,
            Ok(()) => {}
        }
    };
    let rate = runs as f64 / begun.elapsed().as_secs_f64();
    println!("{:8} {runs} executions, {rate:.0} per second", target.name);
    let Some((told, input)) = told else { return true };
    println!("{:8} FAILED: {told}\n         input: {}", target.name, keep(target.name, &input).display());
    false
}

/// The next input: the last one changed further, or a seed changed.
fn next(input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[Vec<u8>], prng: &mut Prng) {
    if prng.below(5) < 2 || input.is_empty() {
        input.clone_from(&seeds[prng.below(seeds.len())]);
    }
    for _ in 0..=prng.below(4) {
        change(input, seeds, words, prng);
    }
    input.truncate(LONGEST);
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[Vec<u8>], prng: &mut Prng) {
    let at = prng.below(input.len() + 1);
    match prng.below(9) {
        0 => set(input, at, |byte, prng| byte ^ (1 << prng.below(8)), prng),
        1 => set(input, at, |_, prng| prng.draw() as u8, prng),
        2 => set(input, at, |byte, prng| byte.wrapping_add(prng.below(7) as u8).wrapping_sub(3), prng),
        3 if prng.below(4) == 0 => input.truncate(at),
        3 | 4 => drop(input.drain(at..(at + 1 + prng.below(30)).min(input.len()))),
        5 => {
            let (byte, times) = (prng.draw() as u8, 1 + prng.below(100));
            input.splice(at..at, std::iter::repeat_n(byte, times));
        }
        6 => {
            let other = &seeds[prng.below(seeds.len())];
            input.truncate(at);
            input.extend_from_slice(&other[prng.below(other.len() + 1)..]);
        }
        7 => {
            let again = input[at..(at + prng.below(200)).min(input.len())].to_vec();
            let to = prng.below(input.len() + 1);
            input.splice(to..to, again);
        }
        _ => {
            let word = &words[prng.below(words.len())];
            let over = if prng.below(2) == 0 { at } else { (at + word.len()).min(input.len()) };
            input.splice(at..over, word.iter().copied());
        }
    }
}

fn set(input: &mut [u8], at: usize, to: fn(u8, &mut Prng) -> u8, prng: &mut Prng) {
    if let Some(byte) = input.get_mut(at) {
        *byte = to(*byte, prng);
    }
}

/// Runs one input; what it broke, where it did.
fn run(target: &'static Target, input: &[u8]) -> Result<(), String> {
    running(Some((target.name, input.to_vec(), Instant::now())));
    let held = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    running(None);
    held.map_err(|_| MESSAGE.take())
}

fn running(now: Option<(&'static str, Vec<u8>, Instant)>) {
    *RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = now;
}

/// Ends the process where one input takes longer than [`PATIENCE`] or more than [`MOST_PAGES`].
fn watch() {
    loop {
        thread::sleep(Duration::from_millis(100));
        let running = RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((name, input, since)) = running.as_ref()
            && let Some(what) = excess(*since)
        {
            println!("{name:8} FAILED: {what}\n         input: {}", keep(name, input).display());
            std::process::exit(1);
        }
    }
}

/// What an input that began at `since` takes too much of.
fn excess(since: Instant) -> Option<String> {
    if since.elapsed() > PATIENCE {
        return Some(format!("no end after {PATIENCE:?}"));
    }
    // Known on Linux only.
    let pages = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse::<usize>().ok()?;
    (pages > MOST_PAGES).then(|| format!("{pages} pages of memory"))
}

/// Writes an input that broke a property; where.
fn keep(target: &str, input: &[u8]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts");
    let path = folder.join(format!("{target}-{:016x}", hasher.finish()));
    if let Err(error) = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input)) {
        eprintln!("error: {}: {error}", path.display());
    }
    path
}
