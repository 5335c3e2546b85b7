//! `esxray rules`: what is looked for, and whether every rule does what it says.

mod show;

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Subcommand;

use super::{Done, Failure, load};
use crate::report::escape;
use crate::rule::{Found, RuleSet, Weight};

/// Arguments of `esxray rules`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List every rule: id, event kind, severity, logs
    List {
        /// Add the rules of this folder's *.toml files, repeatable
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Explain one rule; with bundles, say what it found in them, or why it found nothing
    Show(show::Args),
    /// Run the samples of the built-in rules, and of those in DIR, and tell what could be better
    Test {
        /// Folder with *.toml rule files
        dir: Option<PathBuf>,
        /// Tell of the built-in rules too what could be better, and where two of them see one record
        #[arg(long)]
        all: bool,
    },
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    match &args.action {
        Action::List { rules } => list(&load::loaded(rules)?, out)?,
        Action::Show(args) => show::run(args, stop, out)?,
        Action::Test { dir, all } => {
            let folders: Vec<PathBuf> = dir.iter().cloned().collect();
            test(&load::loaded(&folders)?, *all, out)?;
        }
    }
    Ok(Done::Clean)
}

fn list(rules: &RuleSet, out: &mut dyn Write) -> anyhow::Result<()> {
    let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
    let id = widest(&mut rules.iter().map(|(rule, _)| rule.id.len()));
    let kind = widest(&mut rules.iter().filter_map(|(rule, _)| rule.kind).map(|kind| kind.name().len()));
    for (rule, _) in rules.iter() {
        writeln!(
            out,
            "{:<id$}  {:<kind$}  {:<8}  {}",
            rule.id,
            rule.kind.map_or("(clocks)", |kind| kind.name()),
            rule.severity.name(),
            rule.logs.join(","),
        )?;
    }
    Ok(())
}

fn test(rules: &RuleSet, all: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let found = rules.check(all);
    let of = |weight: Weight| found.iter().filter(move |found| found.weight == weight);
    for found in of(Weight::Warning).chain(of(Weight::Note)) {
        tell(found, out)?;
    }
    let wrong: Vec<&Found> = of(Weight::Wrong).collect();
    if !wrong.is_empty() {
        let message = match wrong.len() {
            1 => "1 thing is wrong with the rules".to_owned(),
            count => format!("{count} things are wrong with the rules"),
        };
        return Err(Failure::new(message).faults(wrong.into_iter().map(|found| &found.fault)).into());
    }
    let hits: usize = rules.iter().map(|(rule, _)| rule.hit.len()).sum();
    let misses: usize = rules.iter().map(|(rule, _)| rule.miss.len()).sum();
    writeln!(out, "{} rules, {hits} hits and {misses} near misses: all right", rules.len())?;
    Ok(())
}

fn tell(found: &Found, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{}: {}", found.weight.name(), escape::line(&found.fault.to_string()))?;
    for line in &found.fault.shown {
        writeln!(out, "    {}", escape::line(line))?;
    }
    if !found.fault.hint.is_empty() {
        writeln!(out, "hint: {}", escape::line(&found.fault.hint))?;
    }
    Ok(())
}
