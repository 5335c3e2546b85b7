//! `esxray inspect`: the coverage ledger on stdout: what was read, what is missing or damaged.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::AtomicBool;

use super::Done;
use super::load::{self, CaseArgs};
use crate::report::ledger;

/// Arguments of `esxray inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    case: CaseArgs,
    /// Show every item of long lists
    #[arg(long)]
    all: bool,
}

/// Columns where stdout is no terminal.
const WIDTH: usize = 80;

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let report = load::report(&args.case, stop)?;
    let terminal = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let columns = terminal.map_or(WIDTH, |(width, _)| usize::from(width.0));
    ledger::write(&report, columns.clamp(60, 160), args.all, out)?;
    Ok(Done::Clean)
}
