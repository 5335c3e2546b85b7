//! `--redact` and `--redact-map`: names leave no command, and the map lies only where it was asked for.

use std::io::{self, Write};
use std::path::PathBuf;

use super::Failure;
use super::redact_map::MapFile;
use crate::model::Problem;
use crate::report::diff::PairDiff;
use crate::report::escape;
use crate::report::model::Report;
use crate::report::redact::{AliasMap, Redactor};

/// Arguments of redaction.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RedactArgs {
    /// Put aliases for names, addresses, ids and paths into every output, so that it can be shown outside the site
    #[arg(long)]
    redact: bool,
    /// Keep which alias stands for which name in this file, and give the same aliases again where it is there; it holds
    /// the real names, and only its owner can read it
    #[arg(long, value_name = "FILE", requires = "redact")]
    redact_map: Option<PathBuf>,
}

impl RedactArgs {
    /// Whether names are replaced.
    pub fn is_on(&self) -> bool {
        self.redact
    }
}

/// What is known of aliases in one run; without `--redact` it changes nothing.
pub struct Redaction {
    redactor: Option<Redactor>,
    map: Option<MapFile>,
}

impl Redaction {
    /// Reads the map where there is one, before any bundle is read.
    ///
    /// # Errors
    /// Fails where it cannot be read or is no map: aliases that differ from those of earlier reports would mislead.
    pub fn open(args: &RedactArgs) -> Result<Redaction, Failure> {
        let mut known = AliasMap::default();
        let mut map = None;
        if let Some(path) = &args.redact_map {
            let (file, aliases) = MapFile::open(path)?;
            (known, map) = (aliases, Some(file));
        }
        Ok(Redaction { redactor: args.redact.then(|| Redactor::new(known)), map })
    }

    /// Learns the names of `report`, which whatever is told from now on is redacted by.
    pub fn learn(&mut self, report: &Report) {
        if let Some(redactor) = &mut self.redactor {
            redactor.learn(report);
        }
    }

    /// The report as it may be shown, whose names were learned before; the map is kept where that was asked for.
    ///
    /// # Errors
    /// Fails where the map cannot be written.
    pub fn finish(&mut self, report: Report) -> anyhow::Result<Report> {
        let Some(redactor) = &mut self.redactor else { return Ok(report) };
        let report = redactor.report(report)?;
        self.keep_map()?;
        Ok(report)
    }

    /// Says at once which paths could not be opened: one that is mistyped would else be found in the report only.
    pub fn warn(&mut self, unopened: &[Problem]) {
        for Problem { path, text, .. } in unopened {
            warning(&self.line(path), &self.line(text));
        }
    }

    /// The same as [`Redaction::finish`] for what `esxray diff` found.
    ///
    /// # Errors
    /// As [`Redaction::finish`].
    pub fn finish_pair(&mut self, pair: PairDiff) -> anyhow::Result<PairDiff> {
        let Some(redactor) = &mut self.redactor else { return Ok(pair) };
        let pair = redactor.pair(pair);
        self.keep_map()?;
        Ok(pair)
    }

    fn keep_map(&self) -> anyhow::Result<()> {
        if let (Some(file), Some(redactor)) = (&self.map, &self.redactor) {
            file.keep(redactor.map())?;
        }
        Ok(())
    }

    /// A line for the terminal.
    pub fn line(&mut self, text: &str) -> String {
        self.redactor.as_mut().map_or_else(|| text.to_owned(), |redactor| redactor.line(text))
    }

    /// The id of an operation.
    pub fn code(&mut self, id: &str) -> String {
        self.redactor.as_mut().map_or_else(|| id.to_owned(), |redactor| redactor.code(id))
    }

    /// What is told of a failed run.
    pub fn failure(&mut self, error: anyhow::Error) -> anyhow::Error {
        if self.redactor.is_none() {
            return error;
        }
        let failure = Failure::of(error);
        Failure {
            message: self.line(&failure.message),
            causes: failure.causes.into_iter().map(|cause| cause.told(|text| self.line(text))).collect(),
            hint: failure.hint.map(|hint| self.line(&hint)),
        }
        .into()
    }
}

/// Says on stderr what does not end the run.
pub(super) fn warning(path: &str, text: &str) {
    note(&format!("warning: {path}: {text}"));
}

/// A line on stderr.
pub(super) fn note(text: &str) {
    // Nobody is left to be told where stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{}", escape::line(text));
}
