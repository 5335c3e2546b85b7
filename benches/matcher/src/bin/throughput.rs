//! The matcher against Hyperscan (Vectorscan) over logs in memory, on one core, in turns of one run:
//!
//! ```text
//! cargo run --release --bin throughput -- [--literals FILE]... LOG...
//! ```
//!
//! A file of literals has one a line; without one, sets of 40, 200 and 1,000 are made. Both look for the same literals in
//! the same blocks and tell each occurrence. Vectorscan is compiled for the machine at hand, with what it has of SIMD; to
//! build it, the packages `cmake`, `ragel`, `libboost-dev`, `pkg-config` and a C++ compiler are needed.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use matcher_bench::literals::Literals;
use vectorscan_rs::{BlockDatabase, BlockScanner, Flag, Pattern, Scan};

/// Bytes that are searched at once, as the records of a log come.
const BLOCK: usize = 256 << 10;
const RUNS: usize = 9;

fn main() -> ExitCode {
    let (mut sets, mut logs) = (Vec::new(), Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let path = if arg == "--literals" { args.next().unwrap_or_default() } else { arg.clone() };
        let Ok(text) = std::fs::read(&path) else {
            eprintln!("error: {path} cannot be read");
            return ExitCode::FAILURE;
        };
        if arg == "--literals" {
            let text = String::from_utf8_lossy(&text);
            sets.push(text.lines().filter(|line| line.len() >= 3).map(str::to_owned).collect::<Vec<_>>());
        } else {
            logs.push(text);
        }
    }
    if logs.is_empty() {
        eprintln!("error: no log is named");
        return ExitCode::FAILURE;
    }
    if sets.is_empty() {
        sets = [40, 200, 1_000].map(matcher_bench::literals).into();
    }
    for set in &sets {
        compare("logs", set, &logs);
        let cut = |literal: &String| literal.as_bytes()[..literal.len() - 1].to_vec();
        compare("a text of near hits", set, &[repeated(set.iter().map(cut))]);
        compare("a text of hits", set, &[repeated(set.iter().map(|literal| literal.clone().into_bytes()))]);
    }
    ExitCode::SUCCESS
}

/// What hostile text may be: pieces of a kind again and again, at all alignments.
fn repeated(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let once: Vec<u8> = pieces.flat_map(|piece| [piece, b"-".to_vec()].concat()).collect();
    once.iter().copied().cycle().take(32 << 20).collect()
}

/// Prints the median of both, as bytes per second, and of their quotients.
fn compare(what: &str, literals: &[String], logs: &[Vec<u8>]) {
    let own = Literals::new(literals);
    let pattern = |(id, text): (usize, &String)| Pattern::new(escaped(text), Flag::empty(), Some(id as u32));
    let database = BlockDatabase::new(literals.iter().enumerate().map(pattern).collect()).expect("compiled");
    let mut hyperscan = BlockScanner::new(&database).expect("scratch memory");
    let (mut ours, mut theirs, mut found) = (Vec::new(), Vec::new(), (0, 0));
    for _ in 0..RUNS {
        let (seconds, count) = timed(logs, &mut |block| own.find_iter(block).count());
        (found.0, ours) = (count, pushed(ours, seconds));
        let (seconds, count) = timed(logs, &mut |block| {
            let mut count = 0;
            let met = |_, _, _, _| {
                count += 1;
                Scan::Continue
            };
            hyperscan.scan(block, met).expect("scanned");
            count
        });
        (found.1, theirs) = (count, pushed(theirs, seconds));
    }
    let bytes = logs.iter().map(Vec::len).sum::<usize>() as f64 / 1e9;
    let quotients = ours.iter().zip(&theirs).map(|(ours, theirs)| theirs / ours).collect();
    println!(
        "{:5} literals in {what}: {:.2} GB/s, Hyperscan {:.2} GB/s, {:.2} times; {} and {} occurrences",
        literals.len(),
        bytes / median(ours),
        bytes / median(theirs),
        median(quotients),
        found.0,
        found.1,
    );
}

fn pushed(mut all: Vec<f64>, one: f64) -> Vec<f64> {
    all.push(one);
    all
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Seconds that it takes to search all logs, and what was found.
fn timed(logs: &[Vec<u8>], search: &mut dyn FnMut(&[u8]) -> usize) -> (f64, usize) {
    let begin = Instant::now();
    let found = logs.iter().flat_map(|log| log.chunks(BLOCK)).map(search).sum();
    (begin.elapsed().as_secs_f64(), black_box(found))
}

/// A literal as an expression.
fn escaped(text: &str) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || b" _".contains(&byte);
    text.bytes().flat_map(|byte| if plain(byte) { vec![byte] } else { vec![b'\\', byte] }).collect()
}
