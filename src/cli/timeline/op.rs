//! `esxray timeline --op`: every record of one operation, on all hosts and in all logs.
//!
//! Bundles are read more than once: an operation's own records tell its kernel ids and migrations, by which others are
//! found. What only looks for ids has no other rule and is quick; the last pass reads as every command does.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use super::super::Failure;
use super::super::load::{self, CaseArgs};
use crate::case::operation::follow::{self, Asked, Named};
use crate::case::{Case, log_of};
use crate::engine::Outcome;
use crate::format::id::OpId;
use crate::model::ProblemKind;
use crate::report::model::{Report, ReportProblem, TimelineEntry};
use crate::report::timeline::text;
use crate::report::{escape, show};
use crate::rule::{FOLLOW_RULE, Follow, HOP, JOINED_BY, RuleSet, is_kernel_log};

/// Passes that look for ids: of a task or a kernel id its operation, of that its migrations, of these the kernel's ids.
const PASSES: usize = 3;
/// Ids that begin like one that is unknown.
const MOST_ALIKE: usize = 5;

/// What is followed, and the report whose timeline holds it alone.
pub(super) struct Followed {
    pub(super) report: Report,
    /// What [`hop_of`] tells of each entry.
    hops: Vec<String>,
}

/// Follows the operation that `id` names through all bundles.
///
/// # Errors
/// Fails where `id` has the form of no id, no record names it, or records hold it as a word only.
pub(super) fn follow(
    args: &CaseArgs,
    id: &str,
    stop: &AtomicBool,
    narrow: impl FnOnce(&mut Report) -> Result<(), Failure>,
) -> anyhow::Result<Followed> {
    let mut redaction = args.redaction()?;
    let (rules, asked, follow) = found(args, id, stop).map_err(|error| redaction.failure(error))?;
    let rules = rules.following(follow.clone())?;
    let (outcome, unopened) = load::read(args, &rules, stop).map_err(|error| redaction.failure(error))?;
    let case = Case::following(outcome.digests, &follow);
    let mut report = load::report_of(args, &rules, &case, &outcome.problems)?;
    redaction.learn(&report);
    redaction.warn(&unopened);
    report.spans.clear();
    report.timeline.retain(|entry| entry.fields.contains_key(JOINED_BY));
    narrow(&mut report).map_err(|error| redaction.failure(error.into()))?;
    note_hops(&mut report, &follow.roots);
    // Before the report is finished, as the map is kept then.
    let roots = follow.roots.iter().map(|root| redaction.code(root)).collect();
    let mut report = redaction.finish(report)?;
    let hops = take_hops(&mut report);
    say(&asked, &follow, &roots)?;
    say_thinned(&report)?;
    Ok(Followed { report, hops })
}

/// Writes the hop of each entry into it: names in an opID get aliases, by which its beginning is no longer known, and the
/// entries a new order.
fn note_hops(report: &mut Report, roots: &BTreeSet<String>) {
    for entry in &mut report.timeline {
        let hop = hop_of(entry, roots);
        entry.fields.insert(HOP.to_owned(), hop);
    }
}

/// Takes out what [`note_hops`] wrote.
fn take_hops(report: &mut Report) -> Vec<String> {
    report.timeline.iter_mut().map(|entry| entry.fields.remove(HOP).unwrap_or_default()).collect()
}

/// The ids that belong to the operation that `id` names.
fn found(args: &CaseArgs, id: &str, stop: &AtomicBool) -> anyhow::Result<(RuleSet, Asked, Follow)> {
    let asked = Asked::new(id).ok_or_else(|| {
        Failure::new(format!("'{id}' is no id of an operation")).hint(
            "give an opID or its beginning, a task (task-1234), the id of a migration, or the kernel's opID",
        )
    })?;
    let rules = load::rules(args)?;
    let mut follow = asked.start();
    for _ in 0..PASSES {
        let outcome = look(args, &follow, stop)?;
        match follow::named(&outcome.digests) {
            Named::Joined => {}
            Named::Told(records) => return Err(unknown(args, id, records, &outcome, stop)?.into()),
        }
        let grown = asked.grow(&follow, &outcome.digests);
        if grown == follow {
            break;
        }
        follow = grown;
    }
    Ok((rules, asked, follow))
}

/// Reads the bundles for what is followed and nothing else.
fn look(args: &CaseArgs, follow: &Follow, stop: &AtomicBool) -> anyhow::Result<Outcome> {
    let rules = RuleSet::only(follow.clone())?;
    Ok(load::read(args, &rules, stop)?.0)
}

/// That nothing is joined by `id`, which `records` records name only: what the logs cover, and which ids begin alike.
fn unknown(
    args: &CaseArgs,
    id: &str,
    records: usize,
    outcome: &Outcome,
    stop: &AtomicBool,
) -> anyhow::Result<Failure> {
    let logs = outcome.digests.iter().flat_map(|digest| &digest.logs).map(|log| log.total());
    let (from, to) = logs
        .fold((None, None), |(from, to), log| ([from, log.from].into_iter().flatten().min(), to.max(log.to)));
    let covered =
        from.zip(to).map_or_else(String::new, |(from, to)| format!("; the logs cover {from} to {to}"));
    let message = match records {
        0 => format!("no record names '{id}'{covered}"),
        1 => format!("no operation is called '{id}'; 1 record only names it{covered}"),
        _ => {
            let records = show::count(records as u64);
            format!("no operation is called '{id}'; {records} records only name it{covered}")
        }
    };
    let begin: String = id.chars().take((id.len() / 2).clamp(4, 12)).collect();
    let alike = Follow { alike: Some(begin), ..Follow::default() };
    let known = follow::alike(&look(args, &alike, stop)?.digests, MOST_ALIKE);
    Ok(Failure::new(message).hint(if known.is_empty() {
        "-v shows the op and mid of each event that has one; --host shows what is about a host".to_owned()
    } else {
        format!("ids that begin alike: {}", known.join(", "))
    }))
}

/// Says what a user should know of what is followed.
fn say(asked: &Asked, follow: &Follow, roots: &BTreeSet<String>) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    if roots.len() > 1 {
        writeln!(stderr, "note: these operations are followed: {}", escape::line(&roots.join(", ")))?;
    }
    if matches!(asked, Asked::Operation(_))
        && follow.roots.iter().filter_map(|root| OpId::new(root)).any(OpId::is_noise)
    {
        writeln!(
            stderr,
            "note: this id is one of a loop that goes on all the time: its records need not have to do with each other"
        )?;
    }
    Ok(())
}

/// Says where an operation has more records than are kept.
fn say_thinned(report: &Report) -> io::Result<()> {
    let thinned =
        |problem: &&ReportProblem| problem.kind == ProblemKind::Thinned && problem.text.contains(FOLLOW_RULE);
    let mut stderr = io::stderr().lock();
    for problem in report.problems.iter().filter(thinned) {
        writeln!(stderr, "warning: {}: {}", escape::line(&problem.path), escape::line(&problem.text))?;
    }
    Ok(())
}

impl Followed {
    /// Writes one line a record, with its log and the hop that the opID tells.
    pub(super) fn text(&self, shape: &text::Shape, out: &mut dyn Write) -> io::Result<()> {
        let columns = |at: usize| [log(&self.report.timeline[at]).to_owned(), self.hops[at].clone()];
        text::write(&self.report, shape, Some(&text::Thread { columns: &columns }), out)
    }
}

/// What the opID of a record has behind the operation's root, `-88-01`; else by what the record is joined.
fn hop_of(entry: &TimelineEntry, roots: &BTreeSet<String>) -> String {
    let field = |name: &str| entry.fields.get(name).map(String::as_str);
    if let Some(id) = field("kernel_opid").filter(|_| field(JOINED_BY) == Some("kernel")) {
        return format!("={id}");
    }
    let id = field("opid").filter(|_| !is_kernel_log(log(entry))).or(field("vc_opid")).unwrap_or_default();
    let behind: BTreeSet<&str> = roots.iter().filter_map(|root| id.strip_prefix(root.as_str())).collect();
    match (behind.first(), field("mid")) {
        (Some(&""), _) => ".".to_owned(),
        (Some(hop), _) => (*hop).to_owned(),
        (None, Some(_)) => "mid".to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// The family of the log that a record stands in.
fn log(entry: &TimelineEntry) -> &'static str {
    log_of(&entry.source.file).unwrap_or("-")
}
