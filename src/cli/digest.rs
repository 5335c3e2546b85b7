//! `esxray digest`: bundles into a store, one line a bundle file, for a scheduler that runs it wherever it likes.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::load::{self, Found};
use super::many::{ManyArgs, Shelf};
use super::redaction::warning;
use super::{Done, Failure};
use crate::bundle::Input;
use crate::model::Problem;
use crate::report::escape;
use crate::store::Stocked;

/// Arguments of `esxray digest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Bundle files, folders that hold bundles, or roots of unpacked bundles
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder that digests are kept in; any number of runs may share it
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    #[command(flatten)]
    many: ManyArgs,
}

/// What is told of one bundle file: one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    path: String,
    status: &'static str,
    sha256: Option<&'a str>,
    key: Option<&'a str>,
    file: Option<String>,
    bytes: Option<u64>,
    hosts: Vec<&'a str>,
    /// What is said of the file, and what could not be read of its bundles.
    problems: Vec<Problem>,
    why: Option<&'a str>,
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let shelf = Shelf::open(&args.many, &args.store)?;
    let Found { inputs, mut problems, unopened } = load::find(&args.paths);
    let stocked = shelf.stock(&inputs, stop)?;
    for (input, stocked) in inputs.iter().zip(&stocked) {
        tell(&line(input, stocked), out)?;
    }
    for problem in &unopened {
        tell(&unreadable(problem), out)?;
    }
    out.flush()?;
    // What is no bundle in a folder, or was given twice, is no task; it is said all the same.
    problems.iter().for_each(|problem| warning(&problem.path, &problem.text));
    if stop.load(Ordering::SeqCst) {
        return Err(Failure::new("interrupted; what was read to its end is in the store").into());
    }
    problems.extend(unopened.iter().cloned());
    if let Some(problem) = unopened.first() {
        return Err(Failure::new(format!("cannot read {}", problem.path)).cause(&problem.text).into());
    }
    let unkept = inputs.iter().zip(&stocked).find_map(|(input, stocked)| match stocked {
        Stocked::Unkept { why, .. } => Some((input, why)),
        _ => None,
    });
    if let Some((input, why)) = unkept {
        return Err(Failure::new(format!("no digest of {} was kept", input.path().display()))
            .cause(why)
            .into());
    }
    if !stocked.iter().any(|stocked| matches!(stocked, Stocked::Kept { .. })) {
        problems.extend(stocked.iter().flat_map(told).cloned());
        return Err(load::nothing_readable(&args.paths, &problems).into());
    }
    Ok(Done::Clean)
}

fn tell(line: &Line<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{}", escape::json_line(&serde_json::to_string(line)?))?;
    Ok(())
}

/// The line of a path that could not be opened.
fn unreadable(problem: &Problem) -> Line<'_> {
    Line {
        path: problem.path.clone(),
        status: "unreadable",
        sha256: None,
        key: None,
        file: None,
        bytes: None,
        hosts: Vec::new(),
        problems: vec![problem.clone()],
        why: Some(&problem.text),
    }
}

fn line<'a>(input: &Input, stocked: &'a Stocked) -> Line<'a> {
    let (status, entry, why) = match stocked {
        Stocked::Kept { entry, was_there: true } => ("known", Some(entry), None),
        Stocked::Kept { entry, was_there: false } => ("kept", Some(entry), None),
        Stocked::Unkept { why, .. } => ("not-kept", None, Some(why.as_str())),
        Stocked::Nothing { .. } => ("no-bundle", None, None),
        Stocked::Stopped | Stocked::Unwritable { .. } => ("interrupted", None, None),
    };
    Line {
        path: input.path().to_string_lossy().into_owned(),
        status,
        sha256: entry.map(|entry| entry.sha256()),
        key: entry.map(|entry| entry.key()),
        file: entry.map(|entry| entry.file().to_string_lossy().into_owned()),
        bytes: entry.map(|entry| entry.bytes()),
        hosts: entry.map_or_else(Vec::new, |entry| {
            entry.cards().iter().flatten().map(|card| card.name.as_str()).collect()
        }),
        problems: told(stocked).iter().cloned().chain(unread(stocked)).collect(),
        why,
    }
}

/// What could not be read of its bundles.
fn unread(stocked: &Stocked) -> Vec<Problem> {
    let digests = match stocked {
        Stocked::Kept { entry, .. } => entry.digests().unwrap_or_default(),
        _ => Vec::new(),
    };
    let problems = digests.into_iter().flat_map(|digest| digest.problems);
    problems.filter(|problem| problem.kind.is_incomplete()).collect()
}

fn told(stocked: &Stocked) -> &[Problem] {
    match stocked {
        Stocked::Kept { entry, .. } => entry.problems(),
        Stocked::Unkept { problems, .. } | Stocked::Nothing { problems, .. } => problems,
        Stocked::Stopped | Stocked::Unwritable { .. } => &[],
    }
}
