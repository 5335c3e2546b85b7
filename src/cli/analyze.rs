//! `esxray analyze`: the main job.

use std::io::{self, IsTerminal, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use super::load::{self, CaseArgs};
use super::{Done, columns, output, tables};
use crate::model::Severity;
use crate::report::model::Report;
use crate::report::{self, build, terminal};
use crate::tables::case_id;

/// Columns of the summary where nothing says how many there are.
const WIDTH: usize = 80;

/// Arguments of `esxray analyze`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    case: CaseArgs,
    /// Folder that the report is written to
    #[arg(long, value_name = "DIR", default_value = "esxray-report")]
    out: PathBuf,
    /// Forms of the report, repeatable or comma separated
    #[arg(long, value_name = "FORM", value_delimiter = ',', default_values = ["html", "md", "json"],
          value_parser = PossibleValuesParser::new(output::form_names()))]
    format: Vec<String>,
    /// Write tables for DuckDB, pandas, Spark and the like as well: Parquet files, into this folder
    #[arg(long, value_name = "DIR")]
    tables: Option<PathBuf>,
    /// End with status 1 where a finding of this severity or a worse one, or incomplete evidence, is there
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    /// Write into a folder that holds other files
    #[arg(long)]
    force: bool,
    /// Colour in the summary
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

/// What ends a run with status 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Critical,
    Error,
    Warning,
    Info,
    Incomplete,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal that knows colours, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// Whether stdout gets colour.
    pub fn is_on(self) -> bool {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        match self {
            Colour::Auto => io::stdout().is_terminal() && !no_color && !is_dumb,
            Colour::Always => true,
            Colour::Never => false,
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let prepared = output::prepare(&args.out, args.force)?;
    let filling =
        args.tables.as_deref().map(|folder| tables::open(folder, args.force, None, stop)).transpose();
    let mut filling = filling.inspect_err(|_| prepared.withdraw())?;
    let report = match load::report(&args.case, stop) {
        Ok(report) => report,
        Err(error) => {
            prepared.withdraw();
            filling.into_iter().for_each(tables::Filling::withdraw);
            return Err(error);
        }
    };
    // All that can fail with them has been done before anything has its final name.
    filling.iter_mut().try_for_each(|filling| filling.add(&case_id(&report), &report))?;
    let forms: Vec<_> = args.format.iter().filter_map(|name| report::renderer(name)).collect();
    let mut files = output::write(&report, &forms, &args.out, stop)?;
    if let Some(filling) = filling {
        files.extend(filling.finish()?);
    }
    summary(&report, args.color, &files, out)?;
    let failed = args.fail_on.iter().any(|what| is_met(&report, *what));
    // The process ends here: to free all events one by one would only take time.
    mem::forget(report);
    Ok(if failed { Done::Found } else { Done::Clean })
}

/// Prints the summary of a report and where its files lie.
pub fn summary(report: &Report, colour: Colour, files: &[PathBuf], out: &mut dyn Write) -> io::Result<()> {
    terminal::summary(report, columns(WIDTH), colour.is_on(), out)?;
    for file in files {
        // The folder is named by the user, who may name it after the site.
        let name = file.file_name().filter(|_| report.case.redacted).map_or(file.as_path(), Path::new);
        writeln!(out, "{}", name.display())?;
    }
    out.flush()
}

fn is_met(report: &Report, what: FailOn) -> bool {
    let at_least = |severity: Severity| report.findings.iter().any(|finding| finding.severity >= severity);
    match what {
        FailOn::Critical => at_least(Severity::Critical),
        FailOn::Error => at_least(Severity::Error),
        FailOn::Warning => at_least(Severity::Warning),
        FailOn::Info => at_least(Severity::Info),
        FailOn::Incomplete => build::is_incomplete(report),
    }
}
