//! `esxray rules`: what is looked for, and whether every rule does what it says.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::{Done, Failure};
use crate::rule::{Rule, RuleError, RuleSet};

/// Arguments of `esxray rules`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List every rule: id, event kind, severity, logs
    List,
    /// Show one rule with its samples
    Show {
        /// The rule's id
        id: String,
    },
    /// Run the samples of the built-in rules, and of those in DIR
    Test {
        /// Folder with *.toml rule files
        dir: Option<PathBuf>,
    },
}

/// Runs the command.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<Done> {
    let folders: Vec<PathBuf> = match &args.action {
        Action::Test { dir } => dir.iter().cloned().collect(),
        _ => Vec::new(),
    };
    let rules = RuleSet::load(&folders).map_err(|error| match error {
        RuleError::Unreadable { path, error } => Failure::new(format!("cannot read {path}")).cause(error),
        wrong => Failure::new("a rule file is wrong").cause(wrong),
    })?;
    match &args.action {
        Action::List => list(&rules, out)?,
        Action::Show { id } => show(&rules, id, out)?,
        Action::Test { .. } => test(&rules, out)?,
    }
    Ok(Done::Clean)
}

fn list(rules: &RuleSet, out: &mut dyn Write) -> anyhow::Result<()> {
    for (rule, _) in rules.iter() {
        writeln!(
            out,
            "{:<32} {:<24} {:<9} {}",
            rule.id,
            rule.kind.map_or("(clocks)", |kind| kind.name()),
            rule.severity.name(),
            rule.logs.join(",")
        )?;
    }
    Ok(())
}

fn show(rules: &RuleSet, id: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let found = rules.iter().find(|(rule, _)| rule.id == id);
    let Some((rule, file)) = found else {
        return Err(Failure::new(format!("there is no rule '{id}'"))
            .hint("`esxray rules list` shows all")
            .into());
    };
    writeln!(out, "{}\n\n{}\n", rule.id, rule.about)?;
    match rule.kind {
        Some(kind) => writeln!(out, "event     {kind} ({})", rule.severity.name())?,
        None => writeln!(out, "event     none: it compares the clocks of two hosts")?,
    }
    writeln!(out, "logs      {}", rule.logs.join(", "))?;
    writeln!(out, "literals  {}", rule.any.join(" | "))?;
    if let Some(pattern) = &rule.pattern {
        writeln!(out, "pattern   {pattern}")?;
    }
    if let Some(unless) = &rule.unless {
        writeln!(out, "unless    {unless}")?;
    }
    if let Some(say) = &rule.say {
        writeln!(out, "says      {}\n          {}", say.en, say.ja)?;
    }
    writeln!(out, "source    {}", if rule.source.is_empty() { "not stated" } else { &rule.source })?;
    writeln!(out, "file      {file}\n")?;
    samples(rule, out)
}

fn samples(rule: &Rule, out: &mut dyn Write) -> anyhow::Result<()> {
    for hit in &rule.hit {
        writeln!(out, "sees\n{}\n", hit.log.trim())?;
    }
    for miss in &rule.miss {
        writeln!(out, "does not see\n{}\n", miss.log.trim())?;
    }
    Ok(())
}

fn test(rules: &RuleSet, out: &mut dyn Write) -> anyhow::Result<()> {
    let wrong = rules.check_samples();
    if let Some(first) = wrong.first() {
        let failure = Failure::new(format!("{} samples are wrong", wrong.len())).cause(first);
        return Err(wrong.iter().skip(1).fold(failure, Failure::cause).into());
    }
    let hits: usize = rules.iter().map(|(rule, _)| rule.hit.len()).sum();
    let misses: usize = rules.iter().map(|(rule, _)| rule.miss.len()).sum();
    writeln!(out, "{} rules, {hits} hits and {misses} near misses: all right", rules.len())?;
    Ok(())
}
