//! `esxray triage`: many bundles become cases with a report each, and an index over all.

mod cases;
mod folder;
mod watch;
mod written;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::PossibleValuesParser;

use super::load::{self, Found, LangArg};
use super::many::{ManyArgs, Shelf};
use super::{Done, Failure, asked, output, tables};
use crate::bundle::Input;
use crate::model::{Problem, ProblemKind, Severity};
use crate::report::labels::{fill, fill_count, labels};
use crate::report::zone::Zone;
use crate::report::{build, escape};
use crate::store::{Stocked, placed};
use crate::triage::index::{INDEX_RENDERERS, Index};

use cases::{Cases, Source};
use written::Written;

/// Arguments of `esxray triage`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Bundle files and folders that hold bundles, up to six folders deep; without one, all that the store holds
    #[arg(value_name = "PATH", required_unless_present = "store")]
    paths: Vec<PathBuf>,
    /// Folder that the index and the reports are written to
    #[arg(long, value_name = "DIR", default_value = "esxray-triage")]
    out: PathBuf,
    /// Folder that digests are kept in, so that no bundle is read twice; any number of runs may share it
    /// [default: the folder `store` in --out]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Go on, and take in bundles as they arrive, until interrupted
    #[arg(long, requires = "paths")]
    watch: bool,
    /// Seconds between two looks at the paths with --watch
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "watch",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
    /// Bundles of one cluster that were taken so many days apart are about different times, and so different cases
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    apart: u32,
    /// Forms of each case's report, repeatable or comma separated
    #[arg(long, value_name = "FORM", value_delimiter = ',', default_values = ["html", "md", "json"],
          value_parser = PossibleValuesParser::new(output::form_names()))]
    format: Vec<String>,
    /// Write what the reports of all cases hold as Parquet tables into this folder, for DuckDB and the like
    #[arg(long, value_name = "DIR")]
    tables: Option<PathBuf>,
    /// Language of the index and the reports
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: LangArg,
    /// Show times in this zone, UTC beside: Asia/Tokyo, +09:00, or local (json and csv stay in UTC)
    #[arg(long, value_name = "ZONE", default_value = "utc", value_parser = asked::zone)]
    tz: Zone,
    /// End with status 1 where a finding of this severity or a worse one is in any case
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Write into a folder that holds other files
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    many: ManyArgs,
}

/// What ends a run with status 1.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FailOn {
    Critical,
    Error,
    Warning,
}

impl From<FailOn> for Severity {
    fn from(what: FailOn) -> Severity {
        match what {
            FailOn::Critical => Severity::Critical,
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    if let (Some(store), true) = (&args.store, args.paths.is_empty())
        && !store.is_dir()
    {
        return Err(Failure::new(format!("there is no store {}", store.display()))
            .hint("`esxray digest PATH... --store DIR` makes one")
            .into());
    }
    let prepared = output::prepare(&args.out, args.force)?;
    let store = args.store.clone().unwrap_or_else(|| args.out.join("store"));
    let shelf = Shelf::open(&args.many, &store).inspect_err(|_| prepared.withdraw())?;
    if args.watch {
        return watch::run(args, &shelf, stop, out);
    }
    let (sources, problems) = match args.paths.as_slice() {
        [] => from_store(&shelf),
        paths => {
            let Found { inputs, mut problems, unopened } = found(args, &shelf, paths);
            problems.extend(unopened);
            let stocked = shelf.stock(&inputs, stop)?;
            if stop.load(Ordering::SeqCst) {
                return Err(interrupted(&stocked).into());
            }
            sources(&inputs, stocked, problems)
        }
    };
    if sources.is_empty() {
        return Err(match args.paths.as_slice() {
            [] => {
                let failure =
                    Failure::new(format!("the store {} holds no digest that can be used", store.display()));
                let told = problems.iter().take(5).map(|problem| &problem.text);
                told.fold(failure, Failure::cause).hint("`esxray digest PATH... --store DIR` puts some there")
            }
            paths => load::nothing_readable(paths, &problems),
        }
        .into());
    }
    let index = round(args, &shelf, &sources, problems, stop)?;
    tell(&index, &args.out, out)?;
    let worst = index.cases.iter().filter_map(|row| row.severity).max();
    let failed = args.fail_on.is_some_and(|what| worst >= Some(Severity::from(what)));
    Ok(if failed { Done::Found } else { Done::Clean })
}

/// What lies at the paths, without what triage itself wrote below them.
fn found(args: &Args, shelf: &Shelf, paths: &[PathBuf]) -> Found {
    let mut found = load::find(paths);
    let real = |path: &Path| path.canonicalize().ok();
    let cases = std::fs::read_dir(args.out.join("cases")).into_iter().flatten().flatten();
    let cases = cases.map(|entry| entry.path()).filter(|folder| Written::is_in(folder));
    let parts = shelf.store.folders();
    let own: Vec<PathBuf> = cases.chain(parts).filter_map(|folder: PathBuf| real(&folder)).collect();
    let written: Vec<PathBuf> =
        INDEX_RENDERERS.iter().filter_map(|renderer| real(&args.out.join(renderer.file_name))).collect();
    let is_own = |path: &Path| {
        let Some(path) = real(path) else { return false };
        own.iter().any(|folder| path.starts_with(folder)) || written.contains(&path)
    };
    found.inputs.retain(|input| !is_own(input.path()));
    found.problems.retain(|problem| !is_own(Path::new(&problem.path)));
    found
}

/// What was kept is not lost.
fn interrupted(stocked: &[Stocked]) -> Failure {
    let kept = stocked.iter().filter(|stocked| !matches!(stocked, Stocked::Stopped)).count();
    Failure::new(format!("interrupted; {kept} of {} bundles are in the store", stocked.len()))
        .hint("the same command goes on from there")
}

/// All that the store holds.
fn from_store(shelf: &Shelf) -> (Vec<Source>, Vec<Problem>) {
    let (entries, problems) = shelf.store.entries();
    (entries.into_iter().map(Box::new).map(Source::Kept).collect(), problems)
}

/// What cases are made of, and what belongs to none.
fn sources(
    inputs: &[Input],
    stocked: Vec<Stocked>,
    mut problems: Vec<Problem>,
) -> (Vec<Source>, Vec<Problem>) {
    let mut sources = Vec::new();
    for (input, stocked) in inputs.iter().zip(stocked) {
        match stocked {
            Stocked::Kept { entry, .. } => sources.push(Source::Kept(entry)),
            Stocked::Unkept { why, digests, problems: own } => {
                let path = input.path().to_string_lossy().into_owned();
                problems.extend(placed(&input.label(), &path, own));
                if !digests.is_empty() {
                    problems.push(Problem::new(ProblemKind::Unreadable, path.as_str(), why));
                    sources.push(Source::of_digests(path, digests));
                }
            }
            Stocked::Nothing { problems: own, .. } => {
                problems.extend(placed(&input.label(), &input.path().to_string_lossy(), own));
            }
            Stocked::Stopped | Stocked::Unwritable { .. } => {}
        }
    }
    (sources, problems)
}

/// Makes the cases of `sources`, writes their reports and the index.
fn round(
    args: &Args,
    shelf: &Shelf,
    sources: &[Source],
    mut problems: Vec<Problem>,
    stop: &AtomicBool,
) -> anyhow::Result<Index> {
    let _locked = output::lock(&args.out, stop)?;
    folder::sweep(&args.out);
    let cases = Cases {
        shelf,
        sources,
        folder: args.out.join("cases"),
        forms: args.format.iter().filter_map(|name| crate::report::renderer(name)).collect(),
        lang: args.lang.into(),
        zone: args.tz.clone(),
        apart: i64::from(args.apart) * 86_400_000_000,
        stop,
    };
    let mut filling = args
        .tables
        .as_deref()
        .map(|folder| tables::open(folder, args.force, Some(&args.out), stop))
        .transpose()?;
    let plans = cases.plans();
    let made = cases.make(&plans).and_then(|made| {
        filling.iter_mut().try_for_each(|filling| cases.fill(&plans, &made.0, filling))?;
        Ok(made)
    });
    let (rows, own) = match made {
        Ok(made) => made,
        Err(error) => {
            filling.into_iter().for_each(tables::Filling::withdraw);
            return Err(error);
        }
    };
    filling.map(tables::Filling::finish).transpose()?;
    problems.extend(own);
    folder::keep_only(&cases.folder, rows.iter().map(|row| row.id.as_str()))?;
    let index = Index::of(rows, problems, build::tool(&shelf.rules), args.lang.into(), args.tz.name());
    for renderer in INDEX_RENDERERS {
        let mut bytes = Vec::new();
        (renderer.render)(&index, &mut bytes)?;
        folder::put(&args.out.join(renderer.file_name), &bytes)?;
    }
    Ok(index)
}

/// The summary on stdout: the incidents, worst first, and where the index lies.
fn tell(index: &Index, folder: &Path, out: &mut dyn Write) -> std::io::Result<()> {
    let (l, w) = (labels(index.lang), index.words());
    writeln!(out, "{}", index.counted())?;
    let told = |name: &str, cases: usize| fill(w.pair, &[name, &fill_count(w.cases_n, cases as u64)]);
    for incident in &index.incidents {
        let name = escape::line(&incident.name);
        writeln!(out, "\n{}  {}", l.severity_name(incident.severity), told(&name, incident.cases.len()))?;
        for id in &incident.cases {
            let title = index.case(id).map_or("", |row| row.title.as_str());
            writeln!(out, "  {id}  {}", escape::line(title))?;
        }
    }
    for (is_incomplete, name) in [(true, w.nothing_incomplete), (false, w.nothing)] {
        let cases = index.quiet(is_incomplete).count();
        if cases > 0 {
            writeln!(out, "\n{}", told(name, cases))?;
        }
    }
    if !index.problems.is_empty() {
        writeln!(out, "\n{}", fill_count(w.left_over, index.problems.len() as u64))?;
    }
    writeln!(out)?;
    for renderer in INDEX_RENDERERS {
        writeln!(out, "{}", folder.join(renderer.file_name).display())?;
    }
    out.flush()
}
