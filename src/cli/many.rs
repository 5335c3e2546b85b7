//! What the commands over many bundles share: their arguments, the store, and the reading of what it lacks.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::Failure;
use super::load::{self, Found, LimitArgs};
use super::progress::{self, When};
use crate::bundle::{Input, Limits};
use crate::engine;
use crate::model::Problem;
use crate::rule::RuleSet;
use crate::store::{self, Stocked, Store};

/// What every command over many bundles takes.
#[derive(Clone, Debug, clap::Args)]
pub struct ManyArgs {
    /// Add the rules of this folder's *.toml files to the built-in ones, repeatable
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Bundles that are read at once [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Show a progress bar on a terminal, or never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    progress: When,
    #[command(flatten)]
    limits: LimitArgs,
}

/// A store and what it is filled with.
pub struct Shelf {
    /// The rules in force.
    pub rules: RuleSet,
    /// The store.
    pub store: Store,
    /// The folder that it is.
    pub folder: PathBuf,
    options: engine::Options,
    progress: When,
}

impl Shelf {
    /// Loads the rules and opens the store in `folder`.
    ///
    /// # Errors
    /// Fails where a rule file is wrong or the store cannot be written.
    pub fn open(args: &ManyArgs, folder: &Path) -> Result<Shelf, Failure> {
        let rules = load::loaded(&args.rules)?;
        let limits: Limits = args.limits.limits();
        let store = Store::open(folder, &rules, &limits).map_err(|error| {
            Failure::new(format!("cannot write to the store {}", folder.display()))
                .cause(error)
                .hint("name another folder with --store")
        })?;
        let mut options = engine::Options { limits, ..engine::Options::default() };
        if let Some(jobs) = args.jobs {
            options.jobs = usize::from(jobs);
        }
        Ok(Shelf { rules, store, folder: folder.to_owned(), options, progress: args.progress })
    }

    /// Threads that work at once.
    pub fn jobs(&self) -> usize {
        self.options.jobs.max(1)
    }

    /// Reads what the store lacks of `inputs`.
    pub fn stock(&self, inputs: &[Input], stop: &AtomicBool) -> Vec<Stocked> {
        let bar = progress::one_bar(self.progress, inputs);
        store::stock(&self.store, inputs, &self.rules, &self.options, bar.as_ref(), stop, &|_, _| {})
    }

    /// The bundle file at `path` as it is read now, for what the store had and has no more.
    pub fn again(&self, path: &Path, stop: &AtomicBool) -> Option<Stocked> {
        let Found { inputs, .. } = load::find(&[path.to_owned()]);
        let input = inputs.into_iter().find(|input| input.path() == path)?;
        let silent = &engine::Silent;
        store::stock(&self.store, &[input], &self.rules, &self.options, silent, stop, &|_, _| {}).pop()
    }
}

/// What to say where the problems of a run explain why there was nothing to read.
pub fn nothing_to_read(paths: &[PathBuf], problems: &[Problem]) -> Failure {
    let message = match paths {
        [one] => format!("nothing in {} could be read as a support bundle", one.display()),
        _ => "none of the paths could be read as a support bundle".to_owned(),
    };
    let shown = problems.iter().take(5).map(|problem| format!("{}: {}", problem.path, problem.text));
    let failure = shown.fold(Failure::new(message), Failure::cause);
    match paths.iter().find(|path| !path.exists()) {
        Some(path) => failure.hint(format!("there is no {}: check the path", path.display())),
        None => failure.hint(
            "expected are bundle files as collected (.tgz, .tar, .zip), folders of them, or roots of unpacked ones",
        ),
    }
}
