//! The folder that reports are written to: never half a report, never over somebody else's files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::Failure;
use super::redaction::note;
use crate::engine;
use crate::report::model::Report;
use crate::report::{RENDERERS, Renderer};

/// How the names of files end that are not whole yet.
const PARTIAL: &str = "partial";
/// A file that marks a folder as written by esxray.
const MARK: &str = ".esxray";

/// A folder that is ready to take a report.
pub struct Prepared<'a> {
    folder: &'a Path,
    is_new: bool,
}

impl Prepared<'_> {
    /// Takes back what was made, as there is nothing to write.
    pub fn withdraw(&self) {
        if self.is_new {
            // What stays behind is a marked folder at worst.
            let _ = fs::remove_file(self.folder.join(MARK));
            let _ = fs::remove_dir(self.folder);
        }
    }
}

/// Makes sure that `folder` can take a report.
///
/// # Errors
/// Fails where it cannot be made, is a file, or holds files that esxray did not write and `force` is not set.
pub fn prepare(folder: &Path, force: bool) -> Result<Prepared<'_>, Failure> {
    prepare_for("--out", folder, force)
}

/// The same for the folder that `option` names.
///
/// # Errors
/// As [`prepare`].
pub(super) fn prepare_for<'a>(option: &str, folder: &'a Path, force: bool) -> Result<Prepared<'a>, Failure> {
    let failed =
        |error: io::Error| Failure::new(format!("cannot write to {}", folder.display())).cause(error);
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::new(format!("{} is a file, not a folder", folder.display()))
            .hint(format!("name another folder with {option}")));
    }
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(failed)?;
    let used = fs::read_dir(folder).map_err(failed)?.next().is_some();
    if used && !force && !folder.join(MARK).is_file() {
        return Err(Failure::new(format!("{} is not empty, and esxray did not write it", folder.display()))
            .hint(format!("name another folder with {option}, or say --force")));
    }
    let mark = folder.join(MARK);
    if fs::symlink_metadata(&mark).is_ok_and(|meta| !meta.is_file()) {
        // A link could lead anywhere, and a pipe has no end.
        let _ = fs::remove_file(&mark);
    }
    // Fails now rather than after the work where the folder cannot be written.
    fs::write(mark, "written by esxray\n").map_err(failed)?;
    Ok(Prepared { folder, is_new })
}

/// Waits until no other run writes to `folder`, which was prepared; as long as the file lives, none does. A run that is
/// killed lets go of it.
///
/// # Errors
/// Fails where the folder cannot be locked, and when `stop` is set while it waits.
pub(super) fn lock(folder: &Path, stop: &AtomicBool) -> Result<File, Failure> {
    let failed = |error| Failure::new(format!("cannot write to {}", folder.display())).cause(error);
    let file = File::open(folder.join(MARK)).map_err(failed)?;
    let mut is_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if stop.load(Ordering::SeqCst) => {
                return Err(Failure::new("interrupted; nothing was written"));
            }
            Err(TryLockError::WouldBlock) => {
                if !is_told && io::stderr().is_terminal() {
                    note(&format!("waiting for another run that writes to {}", folder.display()));
                }
                is_told = true;
                sleep(Duration::from_millis(50));
            }
            // Some file systems know no locks; there each file is whole all the same.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

/// Makes the file at `path` as `options` say, which make new ones only. Whatever lies there is removed, not followed: a link
/// could lead anywhere.
pub(super) fn anew(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let _ = fs::remove_file(path);
    options.open(path)
}

/// As [`write_whole`], and fails as well where a form could not be made; then the others are written.
///
/// # Errors
/// As said.
pub fn write(
    report: &Report,
    forms: &[&Renderer],
    folder: &Path,
    stop: &AtomicBool,
) -> Result<Vec<PathBuf>, Failure> {
    let (files, broken) = write_whole(report, forms, folder, stop)?;
    if broken.is_empty() {
        return Ok(files);
    }
    Err(Failure::new(format!("{} could not be made: a defect of esxray", broken.join(", ")))
        .hint(format!("the other forms are in {}; please report the message above", folder.display())))
}

/// Writes the report in every form into `folder`: all files aside first, then each put in its place. Gives their paths, and
/// the files that could not be made, as their renderer panicked.
///
/// # Errors
/// Fails where a file cannot be written; then, and when `stop` is set, nothing is left behind.
pub fn write_whole(
    report: &Report,
    forms: &[&Renderer],
    folder: &Path,
    stop: &AtomicBool,
) -> Result<(Vec<PathBuf>, Vec<&'static str>), Failure> {
    // A form needs nothing of another.
    let made = engine::side_by_side(forms, |form| render(report, form, &partial(folder, form)));
    let mut aside: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut broken: Vec<&'static str> = Vec::new();
    let mut written = Ok(());
    for (form, made) in forms.iter().zip(made) {
        if made.as_ref().is_ok_and(|is_whole| !is_whole) {
            broken.push(form.file_name);
        } else {
            aside.push((partial(folder, form), folder.join(form.file_name)));
        }
        written = written.and(made.map(drop));
    }
    let stopped = stop.load(Ordering::SeqCst);
    if written.is_err() || stopped {
        for (partial, _) in &aside {
            // What was never made cannot be removed.
            let _ = fs::remove_file(partial);
        }
    }
    written.map_err(|error| {
        Failure::new(format!("cannot write the report to {}", folder.display())).cause(error)
    })?;
    if stopped {
        return Err(Failure::new("interrupted; nothing was written"));
    }
    // What an earlier run wrote in other forms is of another case by now.
    for other in RENDERERS.iter().filter(|other| !forms.iter().any(|form| form.name == other.name)) {
        let _ = fs::remove_file(folder.join(other.file_name));
    }
    if let Some((_, path)) = aside.iter().find(|(_, path)| path.is_dir()) {
        for (partial, _) in &aside {
            let _ = fs::remove_file(partial);
        }
        return Err(
            Failure::new(format!("{} is a folder", path.display())).hint("name another folder with --out")
        );
    }
    for (partial, path) in &aside {
        let moved = fs::rename(partial, path);
        moved.map_err(|error| Failure::new(format!("cannot write {}", path.display())).cause(error))?;
    }
    // What an earlier run wrote under that name is of another case.
    broken.iter().for_each(|file_name| drop(fs::remove_file(folder.join(file_name))));
    Ok((aside.into_iter().map(|(_, path)| path).collect(), broken))
}

/// Where `form` is written until all forms are.
fn partial(folder: &Path, form: &Renderer) -> PathBuf {
    folder.join(format!(".{}.{PARTIAL}", form.file_name))
}

/// Writes `form` to `partial`; whether it could be made, or panicked and left nothing.
fn render(report: &Report, form: &Renderer, partial: &Path) -> io::Result<bool> {
    let file = anew(partial, File::options().write(true).create_new(true))?;
    // A defect in one form must not cost the others. Nothing shared is left half changed: a renderer only reads.
    let rendered = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut file = BufWriter::new(file);
        (form.render)(report, &mut file)?;
        file.flush()
    }));
    match rendered {
        Ok(rendered) => rendered.map(|()| true),
        Err(_) => fs::remove_file(partial).map(|()| false),
    }
}

/// The names that `--format` takes.
pub fn form_names() -> Vec<&'static str> {
    RENDERERS.iter().map(|renderer| renderer.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_breaks_costs_no_other_and_leaves_nothing_half() {
        fn breaks(_: &Report, out: &mut dyn Write) -> io::Result<()> {
            out.write_all(b"half a report")?;
            panic!("a renderer that has a defect");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let rules = crate::rule::RuleSet::parse("none.toml", "").expect("no rules");
        let case = crate::case::Case::default();
        let report =
            crate::report::build::build(&case, &[], &rules, &[], &crate::report::build::Options::default());
        let json = RENDERERS.iter().find(|form| form.name == "json").expect("JSON is written");
        let broken = Renderer { name: "html", file_name: "report.html", render: breaks, ..**json };
        let failure = write(&report, &[&broken, json], folder.path(), &AtomicBool::new(false));
        assert!(failure.is_err());
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .expect("it can be read")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["report.json"]);
    }
}
