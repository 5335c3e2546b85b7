//! What a store lacks is read, several bundle files at once, and each is kept as soon as it is read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Entry, Known, Print, Store};
use crate::bundle::{Input, Limits};
use crate::digest::Digest;
use crate::engine::{self, Options, Progress};
use crate::model::{Problem, ProblemKind};
use crate::rule::RuleSet;

/// What is known of one bundle file now.
#[derive(Debug)]
pub enum Stocked {
    /// It is in the store.
    Kept {
        /// Its entry.
        entry: Box<Entry>,
        /// Whether it was there before.
        was_there: bool,
    },
    /// It was read and may not be kept; why, and what was read.
    Unkept {
        /// One sentence.
        why: String,
        /// Its digests.
        digests: Vec<Digest>,
        /// What concerns none of its bundles.
        problems: Vec<Problem>,
    },
    /// It holds no bundle.
    Nothing {
        /// What there is to say of it.
        problems: Vec<Problem>,
    },
    /// The run was interrupted, or the store cannot be written, before it was read.
    Stopped,
    /// The store cannot be written.
    Unwritable {
        /// Why.
        error: String,
    },
}

/// Sees to it that the store holds all of `inputs`; what is known of each, in their order.
pub fn stock(
    store: &Store,
    inputs: &[Input],
    rules: &RuleSet,
    options: &Options,
    progress: &dyn Progress,
    stop: &AtomicBool,
) -> Vec<Stocked> {
    // One bundle a thread keeps all busy, and no thread waits for another. Where there are fewer bundles than threads, each
    // gets several.
    let lanes = options.jobs.min(inputs.len()).max(1);
    let limits = Limits { memory: options.limits.memory / lanes, ..options.limits };
    let options = Options { jobs: (options.jobs / lanes).max(1), limits };
    let is_broken = AtomicBool::new(false);
    engine::on_threads(lanes, inputs, |index, input| {
        if is_broken.load(Ordering::Relaxed) {
            return Stocked::Stopped;
        }
        let progress = OfOne { index, all: progress };
        // A defect that one bundle brings to light must not cost the others.
        let read = || one(store, input, rules, &options, &progress, stop);
        let stocked = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| broken(input));
        is_broken.fetch_or(matches!(stocked, Stocked::Unwritable { .. }), Ordering::Relaxed);
        progress.all.done(index);
        stocked
    })
}

fn broken(input: &Input) -> Stocked {
    let why = "a defect of esxray kept it from being read; please report the message on stderr".to_owned();
    let problem = Problem::new(ProblemKind::Internal, input.path().to_string_lossy(), why.as_str());
    Stocked::Unkept { why, digests: Vec::new(), problems: vec![problem] }
}

fn one(
    store: &Store,
    input: &Input,
    rules: &RuleSet,
    options: &Options,
    progress: &dyn Progress,
    stop: &AtomicBool,
) -> Stocked {
    if stop.load(Ordering::Relaxed) {
        return Stocked::Stopped;
    }
    let print = match Print::of(input) {
        Ok(print) => print,
        Err(error) => {
            let path = input.path().to_string_lossy();
            let problem = Problem::new(ProblemKind::Unreadable, path, error.to_string());
            return Stocked::Nothing { problems: vec![problem] };
        }
    };
    match store.known(input, &print) {
        Some(Known::Bundles(entry)) => return Stocked::Kept { entry, was_there: true },
        Some(Known::Nothing(problems)) => return Stocked::Nothing { problems },
        None => {}
    }
    let outcome = engine::digest(std::slice::from_ref(input), rules, options, progress, stop);
    if stop.load(Ordering::Relaxed) {
        return Stocked::Stopped;
    }
    match store.keep(input, &print, &outcome) {
        Ok(Some(Known::Bundles(entry))) => Stocked::Kept { entry, was_there: false },
        Ok(Some(Known::Nothing(problems))) => Stocked::Nothing { problems },
        Ok(None) if outcome.digests.is_empty() => Stocked::Nothing { problems: outcome.problems },
        Ok(None) => Stocked::Unkept {
            why: "it changed or could not be read to its end, so its digest was not kept".to_owned(),
            digests: outcome.digests,
            problems: outcome.problems,
        },
        Err(error) => Stocked::Unwritable { error: error.to_string() },
    }
}

/// The progress of one input of many.
struct OfOne<'p> {
    index: usize,
    all: &'p dyn Progress,
}

impl Progress for OfOne<'_> {
    fn advance(&self, _: usize, bytes: u64) {
        self.all.advance(self.index, bytes);
    }

    fn done(&self, _: usize) {}
}
