//! `esxray inspect`: the coverage ledger on stdout: what was read, what is missing or damaged.

use std::io::Write;
use std::sync::atomic::AtomicBool;

use super::load::{self, CaseArgs};
use super::{Done, columns};
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

/// Columns where nothing says how many there are.
const WIDTH: usize = 80;

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let report = load::report(&args.case, stop)?;
    ledger::write(&report, columns(WIDTH), args.all, out)?;
    Ok(Done::Clean)
}
