//! `esxray timeline --op`: every record of one operation, on all hosts and in all logs.
//!
//! Bundles are read more than once: an operation's own records tell its kernel ids and migrations, by which others are
//! found. What only looks for ids has no other rule and is quick; the last pass reads as every command does.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use super::super::Failure;
use super::super::load::{self, CaseArgs};
use crate::case::operation::follow::{self, Asked};
use crate::case::{Case, inside};
use crate::engine::Outcome;
use crate::format::id::OpId;
use crate::format::of_path;
use crate::model::{EventKind, ProblemKind};
use crate::report::model::{Report, ReportProblem, TimelineEntry};
use crate::report::{escape, show};
use crate::rule::{FOLLOW_RULE, Follow, JOINED_BY, RuleSet, is_kernel_log};

/// Passes that look for ids: of a task or a kernel id its operation, of that its migrations, of these the kernel's ids.
const PASSES: usize = 3;
/// Ids that begin like one that is unknown.
const MOST_ALIKE: usize = 5;

/// What is followed, and the report whose timeline holds it alone.
pub(super) struct Followed {
    pub(super) report: Report,
    follow: Follow,
}

/// Follows the operation that `id` names through all bundles; `None` where no record names it, which is said on
/// stderr.
pub(super) fn follow(args: &CaseArgs, id: &str, stop: &AtomicBool) -> anyhow::Result<Option<Followed>> {
    let asked = Asked::new(id).ok_or_else(|| {
        Failure::new(format!("'{id}' is no id of an operation")).hint(
            "give an opID or its beginning, a task (task-1234), the id of a migration, or the kernel's opID",
        )
    })?;
    let rules = load::rules(args)?;
    let mut follow = asked.start();
    for _ in 0..PASSES {
        let outcome = look(args, &follow, stop)?;
        if !outcome.digests.iter().flat_map(|digest| &digest.events).any(follow::is_record) {
            unknown(args, id, &outcome, stop)?;
            return Ok(None);
        }
        let grown = asked.grow(&follow, &outcome.digests);
        if grown == follow {
            break;
        }
        follow = grown;
    }
    say(&asked, &follow)?;
    let rules = rules.following(follow.clone())?;
    let outcome = load::read(args, &rules, stop)?;
    let case = Case::following(outcome.digests, &follow);
    let mut report = load::report_of(args, &rules, &case, &outcome.problems);
    report.spans.clear();
    report.timeline.retain(|entry| entry.fields.contains_key(JOINED_BY));
    say_thinned(&report)?;
    Ok(Some(Followed { report, follow }))
}

/// Reads the bundles for what is followed and nothing else.
fn look(args: &CaseArgs, follow: &Follow, stop: &AtomicBool) -> anyhow::Result<Outcome> {
    let rules = RuleSet::only(follow.clone())?;
    Ok(load::read_quietly(args, &rules, stop)?.0)
}

/// Says that no record names `id`, what the logs cover, and which ids begin alike.
fn unknown(args: &CaseArgs, id: &str, outcome: &Outcome, stop: &AtomicBool) -> anyhow::Result<()> {
    let logs = outcome.digests.iter().flat_map(|digest| &digest.logs).map(|log| log.total());
    let (from, to) = logs
        .fold((None, None), |(from, to), log| ([from, log.from].into_iter().flatten().min(), to.max(log.to)));
    let covered =
        from.zip(to).map_or_else(String::new, |(from, to)| format!("; the logs cover {from} to {to}"));
    let mut stderr = io::stderr().lock();
    writeln!(stderr, "note: no record names {}{covered}", escape::line(id))?;
    let begin: String = id.chars().take((id.len() / 2).clamp(4, 12)).collect();
    let alike = Follow { alike: Some(begin), ..Follow::default() };
    let known = follow::alike(&look(args, &alike, stop)?.digests, MOST_ALIKE);
    if !known.is_empty() {
        writeln!(stderr, "hint: ids that begin alike: {}", escape::line(&known.join(", ")))?;
    }
    Ok(())
}

/// Says what a user should know of what is followed.
fn say(asked: &Asked, follow: &Follow) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    let roots: Vec<&str> = follow.roots.iter().map(String::as_str).collect();
    if roots.len() > 1 {
        writeln!(stderr, "note: these operations are followed: {}", escape::line(&roots.join(", ")))?;
    }
    if matches!(asked, Asked::Operation(_))
        && roots.iter().filter_map(|root| OpId::new(root)).any(OpId::is_noise)
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
    /// Writes one line a record: time, host, log, the hop that the opID tells, text.
    pub(super) fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let entries = &self.report.timeline;
        let rows: Vec<(&str, &str, String)> =
            entries.iter().map(|entry| (entry.host.as_str(), log(entry), self.hop(entry))).collect();
        let width = |part: &dyn Fn(&(&str, &str, String)) -> usize| rows.iter().map(part).max().unwrap_or(0);
        let (hosts, logs, hops) =
            (width(&|row| row.0.len()), width(&|row| row.1.len()), width(&|row| row.2.len()));
        for (entry, (host, log, hop)) in entries.iter().zip(&rows) {
            writeln!(
                out,
                "{:<28} {:<hosts$} {log:<logs$} {:<hops$} {}{}",
                format!("{}{}", show::mark(entry.time_quality), entry.time),
                escape::line(host),
                escape::line(hop),
                told(entry),
                escape::line(entry.text.lines().next().unwrap_or(""))
            )?;
        }
        Ok(())
    }

    /// What the opID of a record has behind the operation's root, `-88-01`; else by what the record is joined.
    fn hop(&self, entry: &TimelineEntry) -> String {
        let field = |name: &str| entry.fields.get(name).map(String::as_str);
        if let Some(id) = field("kernel_opid").filter(|_| field(JOINED_BY) == Some("kernel")) {
            return format!("={id}");
        }
        let id =
            field("opid").filter(|_| !is_kernel_log(log(entry))).or(field("vc_opid")).unwrap_or_default();
        let roots: BTreeSet<&str> =
            self.follow.roots.iter().filter_map(|root| id.strip_prefix(root.as_str())).collect();
        match (roots.first(), field("mid")) {
            (Some(&""), _) => ".".to_owned(),
            (Some(hop), _) => (*hop).to_owned(),
            (None, Some(_)) => "mid".to_owned(),
            (None, None) => "-".to_owned(),
        }
    }
}

/// What a rule made of a record, before its text.
fn told(entry: &TimelineEntry) -> String {
    if entry.kind == EventKind::OP_RECORD { String::new() } else { format!("[{}] ", entry.kind) }
}

/// The family of the log that a record stands in.
fn log(entry: &TimelineEntry) -> &'static str {
    of_path(&inside(&entry.source.file)).map_or("-", |format| format.name)
}
