//! The command line: one file a command. Arguments in, options out; the work is done by the library.
//!
//! Results go to stdout, progress and problems to stderr. This layer and `main` are the only ones that print.

mod analyze;
mod asked;
mod demo;
mod diff;
mod digest;
mod features;
mod generate;
mod inspect;
mod load;
mod machine;
mod many;
mod output;
mod progress;
mod redact_map;
mod redaction;
mod rules;
mod tables;
mod timeline;
mod triage;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Parser, Subcommand};

use crate::report::escape;
use crate::rule::Fault;

/// Reads VMware ESXi vm-support and vCenter vc-support bundles offline, and says what happened, on which host, why,
/// and what to do.
///
/// A PATH is a bundle file (.tgz, .tar, .zip, .tar.zst and more, also wrongly named), a fragment of one (.FRAG-00000),
/// a folder that holds bundles, or the root of an
/// unpacked bundle. Nothing is unpacked to disk, and nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(name = "esxray", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Analyse bundles as one case: report.html, report.md, report.json and a summary
    Analyze(analyze::Args),
    /// Analyse many bundles: a case for each cluster and time, and an index over all, worst first
    Triage(triage::Args),
    /// Put the digests of bundles into a store that triage reads, for a scheduler: one line of JSON a bundle
    Digest(digest::Args),
    /// Print the merged timeline of all hosts
    Timeline(timeline::Args),
    /// Print the CPU-feature matrix: the rows in which hosts differ
    Features(features::Args),
    /// Print what is different between two hosts, the most unusual in their cluster first
    Diff(diff::Args),
    /// Print what the bundles hold, what was read, and what is missing or damaged
    Inspect(inspect::Args),
    /// List, show or test the detection rules
    Rules(rules::Args),
    /// Make the bundles of two real incidents, one of them again with damaged evidence, and analyse them
    Demo(demo::Args),
    /// Print a completion script for a shell
    Completions(generate::Completions),
    /// Print the man page
    Man,
}

/// What is told to a user when a run fails.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    message: String,
    causes: Vec<Cause>,
    hint: Option<String>,
}

/// Why a run failed.
#[derive(Debug, Default)]
struct Cause {
    text: String,
    /// Lines below it that show the place.
    shown: Vec<String>,
    /// What to do about this one.
    hint: Option<String>,
}

impl Cause {
    /// The same with all texts put as `line` has them.
    fn told(self, mut line: impl FnMut(&str) -> String) -> Self {
        Cause {
            text: line(&self.text),
            shown: self.shown.iter().map(|shown| line(shown)).collect(),
            hint: self.hint.map(|hint| line(&hint)),
        }
    }
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), causes: Vec::new(), hint: None }
    }

    /// What `error` tells, which may be one of these already.
    fn of(error: anyhow::Error) -> Self {
        error.downcast().unwrap_or_else(|error| {
            error.chain().skip(1).fold(Failure::new(error.to_string()), |failure, cause| failure.cause(cause))
        })
    }

    fn cause(mut self, cause: impl ToString) -> Self {
        self.causes.push(Cause { text: cause.to_string(), ..Cause::default() });
        self
    }

    /// What is wrong with a rule file, each with its hint.
    fn faults<'f>(mut self, faults: impl IntoIterator<Item = &'f Fault>) -> Self {
        let cause = |fault: &Fault| Cause {
            text: fault.to_string(),
            shown: fault.shown.clone(),
            hint: Some(fault.hint.clone()).filter(|hint| !hint.is_empty()),
        };
        self.causes.extend(faults.into_iter().map(cause));
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        // Names of files and members are hostile text too.
        writeln!(out, "error: {}", escape::line(&self.message))?;
        for cause in &self.causes {
            writeln!(out, "caused by: {}", escape::line(&cause.text))?;
            for line in &cause.shown {
                writeln!(out, "    {}", escape::line(line))?;
            }
            if let Some(hint) = &cause.hint {
                writeln!(out, "hint: {}", escape::line(hint))?;
            }
        }
        if let Some(hint) = &self.hint {
            writeln!(out, "hint: {}", escape::line(hint))?;
        }
        Ok(())
    }
}

/// How a run ended well.
enum Done {
    Clean,
    /// Something at or above a `--fail-on` was found.
    Found,
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    if machine::serves() { with_arguments() } else { ExitCode::from(2) }
}

/// Apart from [`main`], whose own code must run on every processor.
#[inline(never)]
fn with_arguments() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results, everything else a usage error.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match run(cli.command, &mut io::stdout().lock()) {
        Ok(Done::Clean) => ExitCode::SUCCESS,
        Ok(Done::Found) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told where stderr is closed.
            let _ = Failure::of(error).print(&mut io::stderr().lock());
            ExitCode::from(2)
        }
    }
}

fn run(command: Command, out: &mut dyn Write) -> anyhow::Result<Done> {
    let stop = stop_on_interrupt();
    match command {
        Command::Analyze(args) => analyze::run(&args, &stop, out),
        Command::Triage(args) => triage::run(&args, &stop, out),
        Command::Digest(args) => digest::run(&args, &stop, out),
        Command::Timeline(args) => timeline::run(&args, &stop, out),
        Command::Features(args) => features::run(&args, &stop, out),
        Command::Diff(args) => diff::run(&args, &stop, out),
        Command::Inspect(args) => inspect::run(&args, &stop, out),
        Command::Rules(args) => rules::run(&args, &stop, out),
        Command::Demo(args) => demo::run(&args, &stop, out),
        Command::Completions(args) => generate::completions(&args, out),
        Command::Man => generate::man(out),
    }
}

/// Columns for prose on stdout: those of [`stdout_columns`] where lines of that length can be read.
fn columns(otherwise: usize) -> usize {
    stdout_columns(otherwise).clamp(40, 160)
}

/// Columns of stdout: those of the terminal, else what COLUMNS says, else `otherwise`.
fn stdout_columns(otherwise: usize) -> usize {
    let terminal = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let said = || std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    terminal.map(|(width, _)| usize::from(width.0)).or_else(said).unwrap_or(otherwise)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(broken)
}

/// A flag that the first Ctrl-C sets; the second ends the process at once.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // Without a handler Ctrl-C ends the process at once, which leaves nothing behind either.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    stop
}
