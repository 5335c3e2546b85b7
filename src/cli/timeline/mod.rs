//! `esxray timeline`: what happened, on which host, in order, on stdout.

mod filter;
mod op;

use std::io::{self, IsTerminal, Write, stdout};
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;

use self::filter::Filter;
use super::analyze::Colour;
use super::load::{self, CaseArgs};
use super::{Done, stdout_columns};
use crate::report::model::Report;
use crate::report::timeline::text;
use crate::report::{csv, escape, timesketch};

/// Columns of a terminal that does not tell.
const WIDTH: usize = 120;

/// Arguments of `esxray timeline`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Form of the output
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
    /// Every record of one operation: an opID or its root, a task (task-1234), a migration's id, or a kernel's opID
    #[arg(long, help_heading = "Which events", value_name = "ID")]
    op: Option<String>,
    /// Show each record in a line of its own, repeats too (text form; the other forms always do)
    #[arg(long, visible_alias = "unfold")]
    all: bool,
    /// Show below each line its kind, its place in the bundle and the record itself (text form)
    #[arg(short = 'v', long)]
    source: bool,
    /// Colour in the text form
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    case: CaseArgs,
}

/// A form of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people: repeats folded, what lasts in a line where it begins; lines with # explain
    Text,
    /// Comma-separated values, one line a record or a span
    Csv,
    /// One JSON object a record, as in report.json
    Jsonl,
    /// JSON Lines for Timesketch
    Timesketch,
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let Some(id) = &args.op else {
        let report = load::report_with(&args.case, stop, |report| args.filter.apply(report))?;
        write(args.output, &report, &|out| text::write(&report, &shape(args), None, out), out)?;
        return Ok(Done::Clean);
    };
    let followed = op::follow(&args.case, id, stop, |report| args.filter.apply(report))?;
    // A thread is shown whole: its records are no repeats of each other.
    let shape = text::Shape { is_folded: false, ..shape(args) };
    write(args.output, &followed.report, &|out| followed.text(&shape, out), out)?;
    Ok(Done::Clean)
}

/// Writes the timeline of `report` in the form that is asked for; `text` writes the one for people.
fn write(
    form: Form,
    report: &Report,
    text: &dyn Fn(&mut dyn Write) -> io::Result<()>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match form {
        Form::Text => text(out)?,
        Form::Csv => csv::write(report, out)?,
        Form::Timesketch => timesketch::write(report, out)?,
        Form::Jsonl => {
            for entry in &report.timeline {
                let line = serde_json::to_string(entry).map_err(io::Error::from)?;
                writeln!(out, "{}", escape::json_line(&line))?;
            }
        }
    }
    Ok(())
}

fn shape(args: &Args) -> text::Shape {
    text::Shape {
        is_folded: !args.all,
        shows_source: args.source,
        // What goes to a file or another program is whole.
        width: stdout().is_terminal().then(|| stdout_columns(WIDTH)),
        colour: args.color.is_on(),
    }
}
