//! `esxray timeline`: what happened, on which host, in order, on stdout.

mod op;

use std::io::Write;
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;

use super::load::{self, CaseArgs};
use super::{Done, Failure};
use crate::model::EventKind;
use crate::report::model::{Report, TimelineEntry};
use crate::report::{csv, escape, show, timesketch};

/// Arguments of `esxray timeline`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    case: CaseArgs,
    /// Form of the output
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
    /// Only this host's events; its id or the beginning of its name, repeatable
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Only events of this kind, or of all kinds below it (`vsan`), repeatable
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Vec<String>,
    /// Every record of one operation: an opID or its root, a task (task-1234), a migration's id, or a kernel's opID
    #[arg(long, value_name = "ID")]
    op: Option<String>,
}

/// A form of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One line an event
    Text,
    /// Comma-separated values
    Csv,
    /// One JSON object a line, as in report.json
    Jsonl,
    /// JSON Lines for Timesketch
    Timesketch,
}

/// A kind, or the first words of some.
fn kind(text: &str) -> Result<String, String> {
    let mut kinds: Vec<&str> = EventKind::ALL.iter().map(|known| known.name()).collect();
    kinds.sort_unstable();
    let is_known = kinds.iter().any(|known| is_kind(known, text));
    let unknown = || format!("no event kind is called so or begins so; the kinds are {}", kinds.join(", "));
    if is_known { Ok(text.to_owned()) } else { Err(unknown()) }
}

fn is_kind(name: &str, wanted: &str) -> bool {
    name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let Some(id) = &args.op else {
        let mut report = load::report(&args.case, stop)?;
        choose(args, &mut report)?;
        write(args, &report.timeline, &|out| text(&report.timeline, out), out)?;
        return Ok(Done::Clean);
    };
    if let Some(mut followed) = op::follow(&args.case, id, stop)? {
        choose(args, &mut followed.report)?;
        write(args, &followed.report.timeline, &|out| followed.text(out), out)?;
    }
    Ok(Done::Clean)
}

/// Leaves in the timeline what the arguments ask for.
fn choose(args: &Args, report: &mut Report) -> anyhow::Result<()> {
    let known =
        |name: &str| report.hosts.iter().any(|host| host.id.starts_with(name) || host.name.starts_with(name));
    if let Some(unknown) = args.host.iter().find(|name| !known(name)) {
        let ids: Vec<&str> = report.hosts.iter().map(|host| host.id.as_str()).collect();
        return Err(Failure::new(format!("no host begins with '{unknown}'"))
            .hint(format!("the hosts are {}", ids.join(", ")))
            .into());
    }
    report.timeline.retain(|entry| {
        let host = args.host.is_empty() || args.host.iter().any(|host| entry.host.starts_with(host.as_str()));
        let kind = args.kind.is_empty() || args.kind.iter().any(|kind| is_kind(entry.kind.name(), kind));
        host && kind
    });
    Ok(())
}

/// Writes `entries` in the form that is asked for; `text` writes the one for people.
fn write(
    args: &Args,
    entries: &[TimelineEntry],
    text: &dyn Fn(&mut dyn Write) -> std::io::Result<()>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match args.output {
        Form::Text => text(out)?,
        Form::Csv => csv::write_entries(entries, out)?,
        Form::Timesketch => timesketch::write_entries(entries, out)?,
        Form::Jsonl => {
            for entry in entries {
                serde_json::to_writer(&mut *out, entry).map_err(std::io::Error::from)?;
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

fn text(entries: &[TimelineEntry], out: &mut dyn Write) -> std::io::Result<()> {
    let width = entries.iter().map(|entry| entry.host.len()).max().unwrap_or(0);
    for entry in entries {
        let first = entry.text.lines().next().unwrap_or("");
        writeln!(
            out,
            "{:<28} {:<width$} {:<22} {:<8} {}",
            format!("{}{}", show::mark(entry.time_quality), entry.time),
            escape::line(&entry.host),
            entry.kind.name(),
            entry.severity.name(),
            escape::line(first)
        )?;
    }
    Ok(())
}
