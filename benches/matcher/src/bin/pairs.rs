//! Counts the pairs of bytes in logs and prints the table that `src/rule/literals/pairs.txt` holds:
//!
//! ```text
//! cargo run --release --bin pairs -- LOG... > ../../src/rule/literals/pairs.txt
//! ```
//!
//! Each log counts for as much as another, however long it is, so that a few of each kind are best. The table's form is
//! told where it is read, in `src/rule/literals/rarity.rs`.

use std::process::ExitCode;

/// Kinds of bytes: the printable ones of ASCII, and all others.
const KINDS: usize = 96;
/// Binary logarithm of the share that `0` stands for.
const LEAST: f64 = -24.0;

fn main() -> ExitCode {
    let mut shares = vec![0.0; KINDS * KINDS];
    let logs: Vec<String> = std::env::args().skip(1).collect();
    for path in &logs {
        let text = match std::fs::read(path) {
            Ok(text) if text.len() > 1 => text,
            Ok(_) => continue,
            Err(error) => {
                eprintln!("error: {path}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let mut counts = vec![0_u64; KINDS * KINDS];
        for two in text.windows(2) {
            counts[kind(two[0]) * KINDS + kind(two[1])] += 1;
        }
        for (share, count) in shares.iter_mut().zip(counts) {
            *share += count as f64 / (text.len() - 1) as f64 / logs.len() as f64;
        }
    }
    for row in shares.chunks(KINDS) {
        println!("{}", row.iter().map(|&share| letter(share)).collect::<String>());
    }
    ExitCode::SUCCESS
}

fn kind(byte: u8) -> usize {
    usize::from(byte.wrapping_sub(b' ')).min(KINDS - 1)
}

fn letter(share: f64) -> char {
    let halves = ((share.log2() - LEAST) * 2.0).round().clamp(0.0, -2.0 * LEAST);
    char::from(b'0' + halves as u8)
}
