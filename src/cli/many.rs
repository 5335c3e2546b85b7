//! What the commands over many bundles share: their arguments, the store, and the reading of what it lacks.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::Failure;
use super::load::{self, Found, LimitArgs};
use super::progress::{self, When};
use crate::bundle::Input;
use crate::engine;
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
        let options = args.limits.options(args.jobs);
        let store = Store::open(folder, &rules, &options.limits).map_err(|error| {
            Failure::new(format!("cannot write to the store {}", folder.display()))
                .cause(error)
                .hint("name another folder with --store")
        })?;
        Ok(Shelf { rules, store, folder: folder.to_owned(), options, progress: args.progress })
    }

    /// Threads that work at once.
    pub fn jobs(&self) -> usize {
        self.options.jobs.max(1)
    }

    /// Reads what the store lacks of `inputs`.
    ///
    /// # Errors
    /// Fails where the store cannot be written.
    pub fn stock(&self, inputs: &[Input], stop: &AtomicBool) -> Result<Vec<Stocked>, Failure> {
        let bar = progress::one_bar(self.progress, inputs);
        let stocked = store::stock(&self.store, inputs, &self.rules, &self.options, bar.as_ref(), stop);
        drop(bar);
        let unwritable = stocked.iter().find_map(|stocked| match stocked {
            Stocked::Unwritable { error } => Some(self.unwritable(error)),
            _ => None,
        });
        unwritable.map_or(Ok(stocked), Err)
    }

    fn unwritable(&self, error: &str) -> Failure {
        Failure::new(format!("cannot write to the store {}", self.folder.display()))
            .cause(error)
            .hint("what was kept before stays; the same command goes on from there")
    }

    /// The bundle file at `path` as it is read now, for an entry that was damaged in the meantime.
    pub fn again(&self, path: &Path, stop: &AtomicBool) -> Option<Stocked> {
        let Found { inputs, .. } = load::find(&[path.to_owned()]);
        let input = inputs.into_iter().find(|input| input.path() == path)?;
        store::stock(&self.store, &[input], &self.rules, &self.options, &engine::Silent, stop).pop()
    }
}
