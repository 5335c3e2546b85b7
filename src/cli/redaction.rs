//! `--redact` and `--redact-map`: names leave no command, and the map lies only where it was asked for.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::model::{Lang, Problem};
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
    is_on: bool,
    map: AliasMap,
    file: Option<PathBuf>,
    lang: Lang,
}

impl Redaction {
    /// Reads the map where there is one, before any bundle is read.
    ///
    /// # Errors
    /// Fails where it cannot be read or is no map: aliases that differ from those of earlier reports would mislead.
    pub fn open(args: &RedactArgs, lang: Lang) -> Result<Redaction, Failure> {
        let mut map = AliasMap::default();
        if let Some(file) = &args.redact_map {
            map = read(file)?;
        }
        Ok(Redaction { is_on: args.redact, map, file: args.redact_map.clone(), lang })
    }

    /// The report as it may be shown; the map is kept where that was asked for. Warns of `unopened` paths.
    ///
    /// # Errors
    /// Fails where the map cannot be written.
    pub fn finish(&mut self, report: Report, unopened: &[Problem]) -> anyhow::Result<Report> {
        if !self.is_on {
            warn(unopened, |text| text.to_owned());
            return Ok(report);
        }
        let mut redactor = Redactor::of(&report, &mut self.map);
        warn(unopened, |text| redactor.line(text));
        let report = redactor.report(report)?;
        self.keep_map()?;
        Ok(report)
    }

    /// Warns of paths that could not be opened.
    pub fn warn(&mut self, report: &Report, unopened: &[Problem]) {
        if self.is_on {
            let mut redactor = Redactor::of(report, &mut self.map);
            warn(unopened, |text| redactor.line(text));
        } else {
            warn(unopened, |text| text.to_owned());
        }
    }

    /// The same for what `esxray diff` found in `report`.
    ///
    /// # Errors
    /// As [`Redaction::finish`].
    pub fn finish_pair(&mut self, report: &Report, pair: PairDiff) -> anyhow::Result<PairDiff> {
        if !self.is_on {
            return Ok(pair);
        }
        let pair = Redactor::of(report, &mut self.map).pair(pair);
        self.keep_map()?;
        Ok(pair)
    }

    fn keep_map(&self) -> anyhow::Result<()> {
        if let Some(file) = &self.file {
            write(file, &self.map.to_json()).map_err(|error| {
                Failure::new(format!("cannot write the map of aliases to {}", file.display()))
                    .cause(error)
                    .hint("name another file with --redact-map")
            })?;
        }
        Ok(())
    }

    /// A line for the terminal where there is a report no more or not yet.
    pub fn line(&mut self, text: &str) -> String {
        if self.is_on { Redactor::blind(&mut self.map, self.lang).line(text) } else { text.to_owned() }
    }

    /// What is told of a failed run.
    pub fn failure(&mut self, error: anyhow::Error) -> anyhow::Error {
        if !self.is_on {
            return error;
        }
        match error.downcast::<Failure>() {
            Ok(failure) => Failure {
                message: self.line(&failure.message),
                causes: failure.causes.iter().map(|cause| self.line(cause)).collect(),
                hint: failure.hint.map(|hint| self.line(&hint)),
            }
            .into(),
            Err(error) => error,
        }
    }
}

/// Says at once which paths could not be opened: one that is mistyped would else be found in the report only.
fn warn(unopened: &[Problem], mut shown: impl FnMut(&str) -> String) {
    let mut stderr = io::stderr().lock();
    for Problem { path, text, .. } in unopened {
        let (path, text) = (shown(path), shown(text));
        // Nobody is left to be told where stderr is closed.
        let _ = writeln!(stderr, "warning: {}: {}", escape::line(&path), escape::line(&text));
    }
}

fn read(file: &Path) -> Result<AliasMap, Failure> {
    let hint = "name a map that esxray wrote, or a file that is not there yet";
    let failed = || Failure::new(format!("cannot use {} as the map of aliases", file.display())).hint(hint);
    match fs::read_to_string(file) {
        Ok(text) => AliasMap::from_json(&text).map_err(|error| failed().cause(error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(AliasMap::default()),
        Err(error) => Err(failed().cause(error)),
    }
}

/// Writes `text` aside and puts it in place. It holds the real names, so nobody else can read it from the first moment on.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let aside = file.with_file_name(format!(".{}.partial", name.to_string_lossy()));
    // Whatever lies there is removed, not followed: a link could lead anywhere.
    let _ = fs::remove_file(&aside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&aside).and_then(|mut out| {
        out.write_all(text.as_bytes())?;
        out.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&aside, file));
    if placed.is_err() {
        let _ = fs::remove_file(&aside);
    }
    placed
}
