//! From paths to a report value: what every command that reads bundles does.

use std::mem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;

use super::Failure;
use super::asked::{self, AskedTime};
use super::progress::{self, When};
use super::redaction::{RedactArgs, Redaction};
use crate::bundle::{self, Input, Limits};
use crate::case::Case;
use crate::engine::{self, Outcome};
use crate::format;
use crate::model::{Lang, Problem, ProblemKind, Timestamp};
use crate::report::build;
use crate::report::model::Report;
use crate::report::zone::Zone;
use crate::rule::RuleSet;
use crate::verdict;

/// What every command that reads bundles takes.
#[derive(Clone, Debug, clap::Args)]
pub struct CaseArgs {
    /// Bundle files, folders that hold bundles, or roots of unpacked bundles
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Add the rules of this folder's *.toml files to the built-in ones, repeatable
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Worker threads [default: as many as the machine runs at once]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Show a progress bar on a terminal, or never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub progress: When,
    /// Language of the report's texts
    #[arg(long, value_name = "LANG", default_value = "en")]
    pub lang: LangArg,
    /// Show times in this zone, UTC beside: Asia/Tokyo, +09:00, or local (json, csv and the like stay in UTC)
    #[arg(long, value_name = "ZONE", default_value = "utc", value_parser = asked::zone)]
    pub tz: Zone,
    /// Leave out events before this time: 2026-01-31T08:00:00Z, or in the zone of --tz '2026-01-31 08:00' or a date
    #[arg(long, value_name = "TIME", value_parser = asked::time)]
    pub since: Option<AskedTime>,
    /// Leave out events after this time; a date means its end
    #[arg(long, value_name = "TIME", value_parser = asked::time)]
    pub until: Option<AskedTime>,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

impl CaseArgs {
    /// The same over other paths.
    pub fn over(&self, paths: Vec<PathBuf>) -> Self {
        CaseArgs { paths, ..self.clone() }
    }

    /// The arguments that a run over `paths` has where nothing else is said.
    pub fn of(paths: Vec<PathBuf>, lang: LangArg) -> Self {
        CaseArgs {
            paths,
            rules: Vec::new(),
            jobs: None,
            progress: When::Auto,
            lang,
            tz: Zone::UTC,
            since: None,
            until: None,
            redact: RedactArgs::default(),
            limits: LimitArgs::default(),
        }
    }

    /// What is known of aliases before anything is read.
    ///
    /// # Errors
    /// Fails where a map of aliases is given that is none.
    pub(super) fn redaction(&self) -> Result<Redaction, Failure> {
        Redaction::open(&self.redact)
    }
}

/// The limits of a walk, for who meets a bundle beyond them.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// Containers in containers
    #[arg(long, help_heading = "Limits", value_name = "N", hide_short_help = true, default_value_t = Limits::default().depth)]
    max_depth: u32,
    /// Members of one bundle file
    #[arg(long, help_heading = "Limits", value_name = "N", hide_short_help = true, default_value_t = Limits::default().members)]
    max_members: u64,
    /// Bundles in one bundle file
    #[arg(long, help_heading = "Limits", value_name = "N", hide_short_help = true, default_value_t = Limits::default().bundles)]
    max_bundles: u64,
    /// Members of a bundle that are kept one by one, the others being counted
    #[arg(long, help_heading = "Limits", value_name = "N", hide_short_help = true, default_value_t = Limits::default().kept)]
    max_kept: u64,
    /// Decompressed bytes of one member
    #[arg(long, help_heading = "Limits", value_name = "BYTES", hide_short_help = true, default_value_t = Limits::default().member_bytes)]
    max_member_bytes: u64,
    /// Decompressed to compressed bytes, past 1 GiB
    #[arg(long, help_heading = "Limits", value_name = "N", hide_short_help = true, default_value_t = Limits::default().ratio)]
    max_ratio: u64,
    /// Bytes of one log record
    #[arg(long, help_heading = "Limits", value_name = "BYTES", hide_short_help = true, default_value_t = Limits::default().record_bytes)]
    max_record_bytes: usize,
    /// Events kept of all bundles together, the others being counted; never below 1,000
    #[arg(long, help_heading = "Limits", value_name = "N", hide_short_help = true, default_value_t = Limits::default().events)]
    max_events: usize,
    /// Bytes in memory between readers and workers
    #[arg(long, help_heading = "Limits", value_name = "BYTES", hide_short_help = true, default_value_t = Limits::default().memory)]
    memory: usize,
}

impl Default for LimitArgs {
    fn default() -> Self {
        let limits = Limits::default();
        LimitArgs {
            max_depth: limits.depth,
            max_members: limits.members,
            max_bundles: limits.bundles,
            max_kept: limits.kept,
            max_member_bytes: limits.member_bytes,
            max_ratio: limits.ratio,
            max_record_bytes: limits.record_bytes,
            max_events: limits.events,
            memory: limits.memory,
        }
    }
}

impl LimitArgs {
    /// How a run is done within these limits, on so many threads where that is asked for.
    pub(super) fn options(&self, jobs: Option<u16>) -> engine::Options {
        let options = engine::Options { limits: self.limits(), ..engine::Options::default() };
        engine::Options { jobs: jobs.map_or(options.jobs, usize::from), ..options }
    }

    fn limits(&self) -> Limits {
        Limits {
            depth: self.max_depth,
            members: self.max_members,
            bundles: self.max_bundles.max(1),
            kept: self.max_kept.max(1),
            member_bytes: self.max_member_bytes,
            ratio: self.max_ratio.max(1),
            ratio_from: Limits::default().ratio_from,
            record_bytes: self.max_record_bytes.max(1024),
            events: self.max_events.max(1000),
            memory: self.memory.max(8 << 20),
        }
    }
}

/// A language on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LangArg {
    /// English
    En,
    /// Japanese
    Ja,
}

impl From<LangArg> for Lang {
    fn from(lang: LangArg) -> Lang {
        match lang {
            LangArg::En => Lang::En,
            LangArg::Ja => Lang::Ja,
        }
    }
}

/// Reads everything at the paths and reaches the verdicts.
///
/// # Errors
/// Fails where no path holds anything that can be read, a rule file or a map of aliases is wrong, or the run was
/// interrupted.
pub fn report(args: &CaseArgs, stop: &AtomicBool) -> anyhow::Result<Report> {
    report_with(args, stop, |_| Ok(()))
}

/// The same, with `narrow` done to the report while it holds the names that the user typed.
///
/// # Errors
/// As [`report`], and where `narrow` fails.
pub(super) fn report_with(
    args: &CaseArgs,
    stop: &AtomicBool,
    narrow: impl FnOnce(&mut Report) -> Result<(), Failure>,
) -> anyhow::Result<Report> {
    let mut redaction = args.redaction()?;
    let mut report = raw_report(args, &mut redaction, stop)?;
    narrow(&mut report).map_err(|error| redaction.failure(error.into()))?;
    redaction.finish(report)
}

/// The same with the names as they are, which `redaction` has learned, for what is redacted later: the caller must see to
/// that.
///
/// # Errors
/// As [`report`].
pub(super) fn raw_report(
    args: &CaseArgs,
    redaction: &mut Redaction,
    stop: &AtomicBool,
) -> anyhow::Result<Report> {
    let rules = rules(args).map_err(|error| redaction.failure(error))?;
    let (outcome, unopened) = read(args, &rules, stop).map_err(|error| redaction.failure(error))?;
    let case = Case::build(outcome.digests);
    let report = report_of(args, &rules, &case, &outcome.problems)?;
    redaction.learn(&report);
    redaction.warn(&unopened);
    // The process is about to write what it found and to end: to free the rest would only take time.
    mem::forget((rules, case));
    Ok(report)
}

/// The rules in force.
pub(super) fn rules(args: &CaseArgs) -> anyhow::Result<RuleSet> {
    let (since, until) = window(args)?;
    if let Some((since, until)) = since.zip(until).filter(|(since, until)| until < since) {
        return Err(Failure::new(format!("--until {until} is before --since {since}")).into());
    }
    Ok(loaded(&args.rules)?)
}

/// The built-in rules and those in `folders`.
///
/// # Errors
/// Says all that is wrong with the files.
pub(super) fn loaded(folders: &[PathBuf]) -> Result<RuleSet, Failure> {
    RuleSet::load(folders).map_err(|error| {
        let message = match error.faults.len() {
            1 => "a rule file is wrong".to_owned(),
            count => format!("rule files are wrong in {count} places"),
        };
        Failure::new(message).faults(&error.faults)
    })
}

/// The first and the last time that are asked for.
fn window(args: &CaseArgs) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
    let since = args.since.as_ref().map(|time| time.first(&args.tz)).transpose();
    let until = args.until.as_ref().map(|time| time.last(&args.tz)).transpose();
    let wrong = |error| Failure::new("--since or --until is no time that can be told").cause(error);
    Ok((since.map_err(wrong)?, until.map_err(wrong)?))
}

/// A case judged and made a report; `problems` concern no bundle.
pub(super) fn report_of(
    args: &CaseArgs,
    rules: &RuleSet,
    case: &Case,
    problems: &[Problem],
) -> anyhow::Result<Report> {
    let findings = verdict::reach(case);
    let (since, until) = window(args)?;
    let options = build::Options { lang: args.lang.into(), zone: args.tz.clone(), since, until };
    Ok(build::build(case, &findings, rules, problems, &options))
}

/// Reads everything at the paths; what could not be opened is returned beside it.
///
/// # Errors
/// As [`report`].
pub(super) fn read(
    args: &CaseArgs,
    rules: &RuleSet,
    stop: &AtomicBool,
) -> anyhow::Result<(Outcome, Vec<Problem>)> {
    let Found { inputs, mut problems, unopened } = find(&args.paths);
    problems.extend(unopened.iter().cloned());
    let options = args.limits.options(args.jobs);
    // Bars are called after the bundles.
    let progress = if args.redact.is_on() { When::Never } else { args.progress };
    let bars = progress::bars(progress, &inputs);
    let mut outcome = engine::digest(&inputs, rules, &options, bars.as_ref(), stop);
    drop(bars);
    if stop.load(Ordering::SeqCst) {
        return Err(Failure::new("interrupted; nothing was written").into());
    }
    problems.append(&mut outcome.problems);
    outcome.problems = problems;
    if outcome.digests.iter().all(|digest| digest.facts.is_empty() && digest.logs.is_empty()) {
        return Err(nothing_readable(&args.paths, &outcome.problems).into());
    }
    Ok((outcome, unopened))
}

/// What lies at the paths that are given.
#[derive(Default)]
pub(super) struct Found {
    /// Each file or folder once.
    pub inputs: Vec<Input>,
    /// What lies there and is no bundle.
    pub problems: Vec<Problem>,
    /// Paths that could not be opened.
    pub unopened: Vec<Problem>,
}

/// Looks for bundles at `paths`.
pub(super) fn find(paths: &[PathBuf]) -> Found {
    let mut all = Found::default();
    for path in paths {
        match bundle::find(path, &|name| format::of_path(name).is_some()) {
            Ok((found, left_out)) => {
                if found.is_empty() {
                    let text = "the folder holds no bundle";
                    all.problems.push(Problem::new(ProblemKind::NotABundle, path.to_string_lossy(), text));
                }
                all.inputs.extend(found);
                all.problems.extend(left_out);
            }
            Err(error) => all.unopened.push(Problem::new(
                ProblemKind::Unreadable,
                path.to_string_lossy(),
                error.to_string(),
            )),
        }
    }
    distinct(&mut all.inputs, &mut all.problems);
    all
}

/// The same file given twice is read once.
fn distinct(inputs: &mut Vec<Input>, problems: &mut Vec<Problem>) {
    let mut seen = Vec::new();
    inputs.retain(|input| {
        let real = input.path().canonicalize().unwrap_or_else(|_| input.path().to_owned());
        let again = seen.contains(&real);
        // Each fragment of a file that is given finds all of them.
        if again && !matches!(input, Input::Fragments(_)) {
            let path = input.path().to_string_lossy();
            problems.push(Problem::new(ProblemKind::Duplicate, path, "it was given twice and read once"));
        }
        seen.push(real);
        !again
    });
}

/// What to say where nothing at `paths` could be read; `problems` say why.
pub(super) fn nothing_readable(paths: &[PathBuf], problems: &[Problem]) -> Failure {
    let message = match paths {
        [one] => format!("nothing in {} could be read as a support bundle", one.display()),
        _ => "none of the paths could be read as a support bundle".to_owned(),
    };
    let missing = paths.iter().find(|path| !path.exists());
    let shown = problems.iter().take(5).map(|problem| format!("{}: {}", problem.path, problem.text));
    let failure = shown.fold(Failure::new(message), Failure::cause);
    match missing {
        Some(path) => failure.hint(format!("there is no {}: check the path", path.display())),
        None => failure.hint(
            "expected is an ESXi vm-support or vCenter vc-support bundle: a .tgz, .tar or .zip as collected, a folder of \
             them, or the root of an unpacked one",
        ),
    }
}
