//! `esxray features`: the CPU-feature matrix on stdout.

use std::io::Write;
use std::sync::atomic::AtomicBool;

use super::analyze::Colour;
use super::load::{self, CaseArgs};
use super::{Done, stdout_columns};
use crate::report::features;

/// Columns where nothing says how many there are.
const WIDTH: usize = 80;
/// The narrowest and the widest line that is written.
const NARROWEST: usize = 40;
const WIDEST: usize = 1000;

/// Arguments of `esxray features`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    case: CaseArgs,
    /// Every row with its description, all VMs and files, not only what differs
    #[arg(long)]
    all: bool,
    /// Columns of a line, 40 to 1000 [default: those of the terminal, else 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(NARROWEST as i64..=WIDEST as i64))]
    width: Option<u16>,
    /// Colour for the host that stands apart
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let report = load::report(&args.case, stop)?;
    let width = args.width.map_or_else(|| stdout_columns(WIDTH).clamp(NARROWEST, WIDEST), usize::from);
    features::write(&report, width, args.all, args.color.is_on(), out)?;
    Ok(Done::Clean)
}
