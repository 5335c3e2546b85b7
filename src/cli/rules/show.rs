//! `esxray rules show`: what one rule looks for, in plain words; and with bundles, what it found in each, or why nothing.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::super::Failure;
use super::super::load::{self, CaseArgs, LangArg};
use super::super::redaction::warning;
use crate::case::Case;
use crate::digest::{Digest, LogCount};
use crate::model::{Event, ProblemKind};
use crate::report::{escape, show};
use crate::rule::{Came, Rule, RuleSet, repeat};

/// Characters of a record that are shown.
const SHOWN: usize = 300;

/// What a digest says of events that it could give no time.
const UNSTAMPED: &str = "events stand in logs without any time stamp";

/// Arguments of `esxray rules show`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rule's id
    id: String,
    /// Bundles to look into: says what the rule found in each, or why it found nothing
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Add the rules of this folder's *.toml files, repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Worker threads [default: as many as the machine runs at once]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

/// Runs the command.
pub(super) fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<()> {
    let rules = load::loaded(&args.rules)?;
    let Some((rule, _)) = rules.iter().find(|(rule, _)| rule.id == args.id) else {
        let alike = rules.alike(&args.id);
        let hint = match alike.as_slice() {
            [] => "`esxray rules list` shows all; own ones are added by --rules DIR".to_owned(),
            near => format!("ids that are alike: {}; `esxray rules list` shows all", near.join(", ")),
        };
        return Err(Failure::new(format!("there is no rule '{}'", args.id)).hint(hint).into());
    };
    if args.paths.is_empty() {
        explain(rule, &rules, out)?;
        return Ok(());
    }
    let rule = rule.clone();
    let mut case = CaseArgs::of(args.paths.clone(), LangArg::En);
    case.jobs = args.jobs;
    let probing = rules.probing(&rule.id).ok_or_else(|| Failure::new("the rule cannot be asked alone"))?;
    let (outcome, unopened) = load::read(&case, &probing, stop)?;
    writeln!(out, "{}\n{}", rule.id, rule.about)?;
    for digest in outcome.digests {
        if !digest.logs.is_empty() || !digest.facts.is_empty() {
            of_bundle(&rule, digest, out)?;
        }
    }
    unopened.iter().for_each(|problem| warning(&problem.path, &problem.text));
    Ok(())
}

fn explain(rule: &Rule, rules: &RuleSet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n\n{}\n", rule.id, rule.about)?;
    match rule.kind {
        Some(kind) => writeln!(out, "event       {kind} ({})", rule.severity.name())?,
        None => writeln!(out, "event       none: it compares the clocks of two hosts")?,
    }
    writeln!(out, "logs        {}", rule.logs.join(", "))?;
    let words = match rule.any.len() {
        1 => "this text must stand in the record, with these capitals",
        _ => "one of these texts must stand in the record, with these capitals",
    };
    writeln!(out, "literals    {words}:")?;
    for literal in &rule.any {
        writeln!(out, "              '{}'", escape::line(literal))?;
    }
    let message = "the message, which is what stands behind the header, with its continuation lines,";
    let list = |name: &str, words: &str, all: &[String], out: &mut dyn Write| -> io::Result<()> {
        if !all.is_empty() {
            writeln!(out, "{name:<12}{words}:")?;
        }
        all.iter().try_for_each(|text| writeln!(out, "              {}", escape::line(text)))
    };
    let one = |text: &Option<String>| text.iter().cloned().collect::<Vec<String>>();
    list("pattern", &format!("{message} must match"), &one(&rule.pattern), out)?;
    list("unless", &format!("{message} must not match"), &one(&rule.unless), out)?;
    list("extract", "where one of these matches, its groups give fields", &rule.extract, out)?;
    list("collect", "all values that these find are joined", &rule.collect, out)?;
    let fields: Vec<&str> = rules.fields_of(&rule.id).collect();
    if !fields.is_empty() {
        writeln!(out, "fields      {}", fields.join(", "))?;
    }
    for (name, say) in [("says", &rule.say), ("remedy", &rule.remedy)] {
        if let Some(say) = say {
            writeln!(out, "{name:<12}{}\n            {}", escape::line(&say.en), escape::line(&say.ja))?;
        }
    }
    documents(rule, out)?;
    writeln!(out, "file        {}\n", escape::line(&rules.place_of(&rule.id)))?;
    samples(rule, out)
}

fn documents(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    for (at, reference) in rule.references.iter().enumerate() {
        let name = if at == 0 { "references" } else { "" };
        writeln!(out, "{name:<12}{}", escape::line(&reference.title))?;
        if let Some(url) = &reference.url {
            writeln!(out, "            {}", escape::line(url))?;
        }
    }
    if rule.references.is_empty() && !rule.no_reference.is_empty() {
        writeln!(out, "references  none: {}", escape::line(&rule.no_reference))?;
    }
    let source = if rule.source.is_empty() { "not stated" } else { &rule.source };
    writeln!(out, "source      {}", escape::line(source))
}

fn samples(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let each = |log: &str, out: &mut dyn Write| -> io::Result<()> {
        log.trim().lines().try_for_each(|line| writeln!(out, "  {}", escape::line(line)))?;
        writeln!(out)
    };
    for hit in &rule.hit {
        writeln!(out, "sees")?;
        each(&hit.log, out)?;
    }
    for miss in &rule.miss {
        writeln!(out, "does not see")?;
        each(&miss.log, out)?;
    }
    Ok(())
}

/// What the rule came to in one bundle.
fn of_bundle(rule: &Rule, digest: Digest, out: &mut dyn Write) -> io::Result<()> {
    let own: BTreeMap<&str, LogCount> = digest
        .logs
        .iter()
        .filter(|log| rule.logs.contains(&log.log))
        .map(|log| (log.log.as_str(), log.total()))
        .collect();
    let has: Vec<&str> = digest.logs.iter().map(|log| log.log.as_str()).collect();
    let [fired, unmatched, excluded] = Came::ALL.map(|came| Seen::of(&digest, &came.id(&rule.id)));
    let name =
        Case::build(vec![digest.clone()]).hosts.first().map(|host| host.name.clone()).unwrap_or_default();
    writeln!(out, "\n{}  ({})", escape::line(&name), escape::line(&digest.bundle))?;
    fired.tell_fired(out)?;
    if own.is_empty() {
        let has = if has.is_empty() { "no log at all".to_owned() } else { has.join(", ") };
        writeln!(
            out,
            "  none of its logs is in the bundle: it reads {}; the bundle has {has}",
            rule.logs.join(", ")
        )?;
        return Ok(());
    }
    // Records that hold a literal, whatever they came to, as no other rule is read for.
    let unstamped = digest.problems.iter().find(|problem| problem.text.contains(UNSTAMPED));
    if let Some(problem) = unstamped {
        writeln!(out, "  of the records that hold a literal {}", escape::line(&problem.text))?;
    } else if unmatched.count + excluded.count + fired.count == 0 {
        writeln!(out, "  none of its literals stands in its logs:")?;
        covered(&own, out)?;
    }
    unmatched.tell("with one of its literals, of which the pattern does not match the message", out)?;
    excluded.tell("that the pattern takes and `unless` excludes", out)?;
    let missing: Vec<&str> =
        rule.logs.iter().map(String::as_str).filter(|log| !own.contains_key(log)).collect();
    if fired.count == 0 && !missing.is_empty() {
        writeln!(out, "  not in the bundle: {}", missing.join(", "))?;
    }
    let unread = digest.problems.iter().filter(|problem| problem.kind != ProblemKind::Thinned).count();
    if fired.count == 0 && unread > 0 {
        writeln!(out, "  {unread} problems while the bundle was read: `esxray inspect` lists them")?;
    }
    Ok(())
}

/// What is there of the logs that a rule reads.
fn covered(own: &BTreeMap<&str, LogCount>, out: &mut dyn Write) -> io::Result<()> {
    for (log, count) in own {
        let covers = count
            .from
            .zip(count.to)
            .map_or_else(|| "without any time stamp".to_owned(), |(from, to)| format!("{from} to {to}"));
        writeln!(out, "    {log}: {} records, {covers}", show::count(count.records))?;
    }
    Ok(())
}

/// The records of a bundle that came to one end.
struct Seen {
    /// With those that are not kept.
    count: u64,
    /// How many of these are not kept.
    not_kept: u64,
    first: Option<Event>,
    last: Option<Event>,
}

impl Seen {
    fn of(digest: &Digest, id: &str) -> Seen {
        let own: Vec<&Event> = digest.events.iter().filter(|event| event.rule == id).collect();
        let behind = format!(" further events of rule {id} were counted but not kept");
        let thinned = digest.problems.iter().filter(|problem| problem.kind == ProblemKind::Thinned);
        let not_kept =
            thinned.filter_map(|problem| problem.text.strip_suffix(&behind)?.parse::<u64>().ok()).sum();
        let kept: u64 = own.iter().map(|event| repeat::times(&event.fields)).sum();
        Seen {
            count: kept + not_kept,
            not_kept,
            first: own.first().map(|event| (*event).clone()),
            last: own.last().map(|event| (*event).clone()),
        }
    }

    fn tell_fired(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.count {
            0 => writeln!(out, "  did not fire")?,
            1 => writeln!(out, "  fired once")?,
            count => writeln!(out, "  fired {} times", show::count(count))?,
        }
        if self.not_kept > 0 {
            let count = show::count(self.not_kept);
            writeln!(out, "  {count} of these were counted and are not in the timeline: there are too many")?;
        }
        let last = self.last.as_ref().filter(|_| self.count > 1);
        for (word, event) in [("first", self.first.as_ref()), ("last", last)] {
            let Some(event) = event else { continue };
            let time = event.stamp.map_or_else(|| "no time".to_owned(), |stamp| stamp.time.to_string());
            writeln!(out, "  {word:<6}{time}  {}", place(event))?;
            writeln!(out, "        {}", escape::line(&show::cut(&event.raw, SHOWN)))?;
        }
        Ok(())
    }

    /// Tells that records `came` to this, and shows the first.
    fn tell(&self, came: &str, out: &mut dyn Write) -> io::Result<()> {
        let Some(event) = &self.first else { return Ok(()) };
        let records = if self.count == 1 { "record" } else { "records" };
        writeln!(out, "  {} {records} {came}; the first:", show::count(self.count))?;
        writeln!(out, "        {}", place(event))?;
        writeln!(out, "        {}", escape::line(&show::cut(&event.raw, SHOWN)))?;
        // What the expressions are asked about.
        writeln!(out, "        its message: {}", escape::line(&show::cut(&event.text, SHOWN)))
    }
}

fn place(event: &Event) -> String {
    let source = &event.source;
    escape::line(&show::place(&source.file.to_string(), source.line, source.offset)).into_owned()
}
