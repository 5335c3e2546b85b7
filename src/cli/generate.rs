//! `esxray completions` and `esxray man`: made from the command line's own definition.

use std::io::Write;

use clap::CommandFactory;

use super::{Cli, Done};

/// Arguments of `esxray completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints a completion script.
pub fn completions(args: &Completions, out: &mut dyn Write) -> anyhow::Result<Done> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "esxray", &mut script);
    out.write_all(&script)?;
    Ok(Done::Clean)
}

/// Prints the man page.
pub fn man(out: &mut dyn Write) -> anyhow::Result<Done> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    out.write_all(&page)?;
    Ok(Done::Clean)
}
