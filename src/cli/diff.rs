//! `esxray diff`: what is different between two hosts, the most unusual in their cluster first.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;

use super::analyze::Colour;
use super::load::{self, CaseArgs};
use super::redaction::Redaction;
use super::{Done, Failure, columns};
use crate::case::same_name;
use crate::model::HostKind;
use crate::report::diff::{self, PairDiff};
use crate::report::escape;
use crate::report::model::{HostInfo, Report};

/// Columns where nothing says how many there are.
const WIDTH: usize = 80;
/// Hosts that a message names.
const NAMES: usize = 12;

/// Arguments of `esxray diff`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("paths", |paths| paths.required(false).help("Bundles of the other hosts of the cluster; those of A and B may be among them")))]
pub struct Args {
    /// A host: the path of its bundle, or its name where it is in a PATH
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The other host, or another bundle of the same host
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Form of the output
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: Form,
    /// List what comes with each difference too, such as the VIBs of another build
    #[arg(long)]
    all: bool,
    /// Colour in the text form
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
    #[command(flatten)]
    case: CaseArgs,
}

/// A form of the differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// Markdown, for a ticket
    Md,
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let mut redaction = args.case.redaction()?;
    let found = compare(args, &mut redaction, stop).map_err(|error| redaction.failure(error))?;
    match args.output {
        Form::Text => diff::write(&found, columns(WIDTH), args.all, args.color.is_on(), out)?,
        Form::Md => diff::write_pair_markdown(&found, args.all, out)?,
        Form::Json => {
            let json = serde_json::to_string_pretty(&found).map_err(io::Error::from)?;
            writeln!(out, "{json}")?;
        }
    }
    Ok(Done::Clean)
}

fn compare(args: &Args, redaction: &mut Redaction, stop: &AtomicBool) -> anyhow::Result<PairDiff> {
    let sides = [&args.a, &args.b];
    // First, so that a bundle keeps the name that it was asked for by.
    let mut paths: Vec<PathBuf> = sides.into_iter().filter(|side| side.exists()).cloned().collect();
    paths.extend(args.case.paths.iter().cloned());
    if let Some(missing) =
        sides.into_iter().find(|side| !side.exists()).filter(|_| args.case.paths.is_empty())
    {
        let message = format!("there is no path {}", missing.display());
        return Err(Failure::new(message)
            .hint("to name a host, give the bundles of its cluster as PATHs")
            .into());
    }
    let report = load::raw_report(&args.case.over(paths), redaction, stop)?;
    let a = host_of(&report, &args.a)?;
    let b = host_of(&report, &args.b)?;
    if a.id != b.id {
        return redaction.finish_pair(diff::hosts(&report, a, b));
    }
    let is_twice = !args.a.exists() || !args.b.exists() || real(&args.a) == real(&args.b);
    if is_twice {
        let message = format!("{} and {} are one host: {}", args.a.display(), args.b.display(), a.name);
        return Err(Failure::new(message)
            .hint("give two hosts, or the paths of two bundles of one; `esxray inspect` tells what changed on a host")
            .into());
    }
    let [older, newer] =
        [&args.a, &args.b].map(|path| load::raw_report(&args.case.over(vec![path.clone()]), redaction, stop));
    let (older, newer) = (older?, newer?);
    let found = diff::captures((&older, host_of(&older, &args.a)?), (&newer, host_of(&newer, &args.b)?));
    redaction.finish_pair(found)
}

/// The one ESXi host that is meant by a path or a name.
fn host_of<'a>(report: &'a Report, meant: &Path) -> Result<&'a HostInfo, Failure> {
    let found: Vec<&HostInfo> = match meant.exists() {
        true => report.hosts.iter().filter(|host| is_in(host, meant)).collect(),
        false => called(report, &meant.to_string_lossy()),
    };
    let meant = meant.display();
    let esxi: Vec<&HostInfo> = found.iter().copied().filter(|host| host.kind == HostKind::Esxi).collect();
    match (esxi.as_slice(), found.as_slice()) {
        ([one], _) => Ok(one),
        ([], []) => Err(Failure::new(format!("no host is called {meant}, or lies there"))
            .hint(format!("the hosts here are {}", names(&esxi_hosts(report))))),
        ([], [other, ..]) => Err(Failure::new(format!("{} is no ESXi host", other.name))
            .hint(format!("the ESXi hosts here are {}", names(&esxi_hosts(report))))),
        (several, _) => Err(Failure::new(format!("{meant} is not one host but {}", several.len()))
            .hint(format!("say which one: {}", names(several)))),
    }
}

fn esxi_hosts(report: &Report) -> Vec<&HostInfo> {
    report.hosts.iter().filter(|host| host.kind == HostKind::Esxi).collect()
}

fn names(hosts: &[&HostInfo]) -> String {
    let mut names: Vec<&str> = hosts.iter().take(NAMES).map(|host| host.name.as_str()).collect();
    let more = format!("and {} more", hosts.len().saturating_sub(NAMES));
    if hosts.len() > NAMES {
        names.push(&more);
    }
    escape::line(&names.join(", ")).into_owned()
}

/// Whether one of the bundles of `host` is, or lies in, `path`.
fn is_in(host: &HostInfo, path: &Path) -> bool {
    let path = real(path);
    host.captures.iter().any(|capture| {
        let whole = Path::new(&capture.bundle);
        let outer = capture.bundle.split('!').next().map(Path::new).unwrap_or(whole);
        let file = if whole.exists() { whole } else { outer };
        real(file).starts_with(&path)
    })
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The hosts called `name`: by that very name or id, else by its first label.
fn called<'a>(report: &'a Report, name: &str) -> Vec<&'a HostInfo> {
    let by = |is: &dyn Fn(&HostInfo) -> bool| -> Vec<&'a HostInfo> {
        report.hosts.iter().filter(|host| is(host)).collect()
    };
    let exact = by(&|host| host.id.eq_ignore_ascii_case(name) || host.name.eq_ignore_ascii_case(name));
    if exact.is_empty() { by(&|host| same_name(&host.name, name)) } else { exact }
}
