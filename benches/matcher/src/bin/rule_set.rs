//! Makes rule files of many rules, to see what they cost beside the built-in ones:
//!
//! ```text
//! mkdir more && cargo run --release --bin rule_set -- 300 > more/300.toml
//! esxray analyze --rules more BUNDLE
//! ```
//!
//! Each rule has one to four literals of 7 to 45 bytes and an expression with fields, as the built-in ones do, and reads
//! the logs that are long.

use std::process::ExitCode;

use matcher_bench::{Numbers, literal};

const LOGS: &[&str] =
    &["'vmkernel', 'vmkwarning'", "'hostd'", "'vpxa'", "'vpxd'", "'fdm'", "'vobd'", "'clomd'"];
/// What follows a literal in an expression.
const BEHIND: &[&str] = &[
    r"[^\n]*? (?P<device>naa\.[0-9a-f]{16,32})",
    r"[^\n]*?\((?P<status>0x[0-9a-f]{1,8})\)",
    r"[^\n]*? after (?P<seconds>\d+(?:\.\d+)?) ?(?:s|sec|seconds)\b",
    r"(?:[^\n]* (?:host|node|peer) (?P<node>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))",
    r"[^\n]*?: (?P<reason>[^\n:]+)",
];

fn main() -> ExitCode {
    let Some(count) = std::env::args().nth(1).and_then(|count| count.parse().ok()) else {
        eprintln!("error: say how many rules");
        return ExitCode::FAILURE;
    };
    let mut numbers = Numbers(7);
    (0..count).for_each(|n: usize| print!("{}", rule(n, &mut numbers)));
    ExitCode::SUCCESS
}

fn rule(n: usize, numbers: &mut Numbers) -> String {
    let any: Vec<String> = (0..1 + numbers.below(4))
        .map(|_| {
            let least = [7, 11, 15, 15, 20, 25, 30][numbers.below(7)];
            literal(numbers, least)
        })
        .collect();
    let quoted: Vec<String> = any.iter().map(|text| format!("'{text}'")).collect();
    let unless = if n % 4 == 0 { "unless = '(?i)test|simulated|ignored'\n" } else { "" };
    format!(
        "[[rule]]\nid = 'made.rule-{n}'\nkind = 'host.boot'\nseverity = 'info'\nlogs = [{}]\nabout = 'Made.'\n\
         any = [{}]\npattern = '(?:{}){}'\n{unless}\n",
        numbers.one(LOGS),
        quoted.join(", "),
        any.join("|"),
        numbers.one(BEHIND),
    )
}
