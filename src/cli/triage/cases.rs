//! The cases of a run: which bundles belong together, and a report of each. What did not change since the last run stays.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::folder::ready;
use super::written::Written;
use crate::case::{Card, Case};
use crate::cli::many::Shelf;
use crate::cli::tables::Filling;
use crate::cli::{Failure, output};
use crate::digest::Digest;
use crate::engine;
use crate::model::{Lang, Problem, ProblemKind, Timestamp};
use crate::report::model::Report;
use crate::report::zone::Zone;
use crate::report::{Renderer, build};
use crate::store::{Entry, Stocked, checksum, read_file};
use crate::triage::group::{self, Item};
use crate::triage::{Row, groups};
use crate::verdict;

/// What a case is made of: one bundle file.
pub(super) enum Source {
    /// In the store.
    Kept(Box<Entry>),
    /// What could not be put there: where it lies, its digests, and their cards.
    Loose(String, Vec<Digest>, Vec<Option<Card>>),
}

impl Source {
    pub fn of_digests(path: String, digests: Vec<Digest>) -> Source {
        let cards = digests.iter().map(Card::of).collect();
        Source::Loose(path, digests, cards)
    }

    fn cards(&self) -> &[Option<Card>] {
        match self {
            Source::Kept(entry) => entry.cards(),
            Source::Loose(_, _, cards) => cards,
        }
    }

    /// The folder that the file lies in.
    fn folder(&self) -> &str {
        let path = match self {
            Source::Kept(entry) => entry.path(),
            Source::Loose(path, ..) => path,
        };
        Path::new(path).parent().and_then(Path::to_str).unwrap_or("")
    }
}

/// The making of all cases.
pub(super) struct Cases<'a> {
    pub shelf: &'a Shelf,
    pub sources: &'a [Source],
    /// The folder that holds one folder a case.
    pub folder: PathBuf,
    pub forms: Vec<&'static Renderer>,
    pub lang: Lang,
    pub zone: Zone,
    /// Microseconds that divide two times of one cluster.
    pub apart: i64,
    pub stop: &'a AtomicBool,
}

/// A case that is to be made.
pub(super) struct Plan {
    id: String,
    /// Its bundles: the source, and the digest in it.
    parts: Vec<(usize, usize)>,
}

impl Cases<'_> {
    /// The rows of all cases, whose reports are written by then, and what belongs to no case.
    ///
    /// # Errors
    /// Fails where a report cannot be written, or the run was interrupted.
    pub fn make(&self, plans: &[Plan]) -> anyhow::Result<(Vec<Row>, Vec<Problem>)> {
        let made = engine::on_threads(self.shelf.jobs(), plans, |_, plan| {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Failure::new("interrupted; the cases that were made stay").into());
            }
            // A defect that one case brings to light must not cost the others.
            catch_unwind(AssertUnwindSafe(|| self.case(plan)))
                .unwrap_or_else(|_| Ok((None, vec![broken(plan, "the case")])))
        });
        let (mut rows, mut problems) = (Vec::new(), self.left_over());
        for made in made {
            let (row, own) = made?;
            rows.extend(row);
            problems.extend(own);
        }
        Ok((rows, problems))
    }

    /// Which bundles make a case together.
    pub fn plans(&self) -> Vec<Plan> {
        let mut parts = Vec::new();
        let mut items = Vec::new();
        for (file, source) in self.sources.iter().enumerate() {
            for (at, card) in source.cards().iter().enumerate() {
                if let Some(card) = card {
                    parts.push((file, at));
                    items.push(Item { card, file, folder: source.folder() });
                }
            }
        }
        let mut called: BTreeSet<String> = BTreeSet::new();
        let groups = groups(&items, self.apart);
        let plan = |group: Vec<usize>| {
            let name = slug(&group::name_of(&items, &group), group::taken(&items, &group));
            let others = (2..).map(|number| format!("{name}-{number}"));
            let mut ids = std::iter::once(name.clone()).chain(others);
            let id = ids.find(|id| !called.contains(id)).unwrap_or(name);
            called.insert(id.clone());
            Plan { id, parts: group.into_iter().map(|at| parts[at]).collect() }
        };
        groups.into_iter().map(plan).collect()
    }

    /// What the files say that hold no bundle of any case.
    fn left_over(&self) -> Vec<Problem> {
        let silent = |source: &&Source| source.cards().iter().all(Option::is_none);
        let told = |source: &Source| match source {
            Source::Kept(entry) => entry.placed_problems(),
            Source::Loose(..) => Vec::new(),
        };
        self.sources.iter().filter(silent).flat_map(told).collect()
    }

    /// The row of one case: that of an earlier run where nothing changed, else a new one whose report is written. Where
    /// none of its bundles can be read any more there is none. Beside it, what its report does not say.
    fn case(&self, plan: &Plan) -> anyhow::Result<(Option<Row>, Vec<Problem>)> {
        let folder = self.folder.join(&plan.id);
        let key = self.key(plan);
        if let Some(row) = key.as_ref().and_then(|key| Written::row(&folder, &plan.id, key, &self.forms)) {
            return Ok((Some(row), Vec::new()));
        }
        let (report, lost) = self.report(plan);
        let Some(report) = report else { return Ok((None, lost)) };
        ready(&folder)?;
        let (files, broken) = output::write_whole(&report, &self.forms, &folder, self.stop)?;
        let row = Row::of(&plan.id, &report, files.iter().filter_map(|file| file.file_name()));
        // A report without all of its bundles or forms, or of a bundle that could not be kept, is made anew each time.
        let key = key.filter(|_| lost.is_empty() && broken.is_empty()).unwrap_or_default();
        let row = Written::put(&folder, key, &self.forms, row)?;
        Ok((Some(row), broken.into_iter().map(|form| self::broken(plan, form)).collect()))
    }

    /// The report of a case, and what is said of digests that were lost; without any digest there is no report.
    fn report(&self, plan: &Plan) -> (Option<Report>, Vec<Problem>) {
        let (digests, lost) = self.digests(plan);
        if digests.is_empty() {
            return (None, lost);
        }
        let problems: Vec<Problem> = lost.iter().cloned().chain(self.problems(plan)).collect();
        let case = Case::build(digests);
        let options = build::Options { lang: self.lang, zone: self.zone.clone(), since: None, until: None };
        let report = build::build(&case, &verdict::reach(&case), &self.shelf.rules, &problems, &options);
        (Some(report), lost)
    }

    /// Adds the cases of `rows` to tables, in the order of their ids, one report at a time: what was written before is read
    /// back, where it was written as JSON.
    ///
    /// # Errors
    /// Fails where a table cannot be written.
    pub fn fill(&self, plans: &[Plan], rows: &[Row], filling: &mut Filling<'_>) -> anyhow::Result<()> {
        let made: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut plans: Vec<&Plan> = plans.iter().filter(|plan| made.contains(plan.id.as_str())).collect();
        plans.sort_by(|a, b| a.id.cmp(&b.id));
        for plan in plans {
            let written = || {
                let json = self.forms.iter().find(|form| form.name == "json")?;
                let text = read_file(&self.folder.join(&plan.id).join(json.file_name))?;
                serde_json::from_slice::<Report>(&text).ok()
            };
            if let Some(report) = written().or_else(|| self.report(plan).0) {
                filling.add(&plan.id, &report)?;
            }
        }
        Ok(())
    }

    /// Whatever the report of a case is a function of, hex; `None` where a bundle of it is not in the store.
    fn key(&self, plan: &Plan) -> Option<String> {
        let forms: Vec<&str> = self.forms.iter().map(|form| form.name).collect();
        let (lang, zone) = (self.lang, self.zone.name());
        let mut told = format!("{}\n{lang:?} {zone} {}\n", self.shelf.store.make(), forms.join(","));
        for &(file, at) in &plan.parts {
            let Source::Kept(entry) = &self.sources[file] else { return None };
            told.push_str(&format!("{} {at} {}\n", entry.key(), entry.path()));
        }
        Some(checksum(told.as_bytes()))
    }

    /// The digests of a case. What is damaged in the store is read again from its bundle, and told where that is gone.
    fn digests(&self, plan: &Plan) -> (Vec<Digest>, Vec<Problem>) {
        let mut of_files: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &(file, at) in &plan.parts {
            of_files.entry(file).or_default().push(at);
        }
        let (mut digests, mut lost) = (Vec::new(), Vec::new());
        for (file, wanted) in of_files {
            let all = match &self.sources[file] {
                Source::Kept(entry) => self.kept(entry),
                Source::Loose(_, digests, _) => Some(digests.clone()),
            };
            let Some(all) = all else {
                let Source::Kept(entry) = &self.sources[file] else { continue };
                let text = "its kept digest is damaged, and the bundle is not there to be read again";
                lost.push(Problem::new(ProblemKind::Damaged, entry.path(), text));
                continue;
            };
            let own = all.into_iter().enumerate().filter(|(at, _)| wanted.contains(at));
            digests.extend(own.map(|(_, digest)| digest));
        }
        (digests, lost)
    }

    fn kept(&self, entry: &Entry) -> Option<Vec<Digest>> {
        if let Some(digests) = entry.digests() {
            return Some(digests);
        }
        match self.shelf.again(Path::new(entry.path()), self.stop)? {
            Stocked::Kept { entry: again, .. } if again.key() == entry.key() => again.digests(),
            Stocked::Unkept { digests, .. } => Some(digests),
            _ => None,
        }
    }

    /// What concerns none of the bundles of its files.
    fn problems(&self, plan: &Plan) -> Vec<Problem> {
        let mut files: Vec<usize> = plan.parts.iter().map(|&(file, _)| file).collect();
        files.dedup();
        files.into_iter().flat_map(|file| problems(&self.sources[file])).cloned().collect()
    }
}

/// Told where a case or a form of its report cannot be made.
fn broken(plan: &Plan, what: &str) -> Problem {
    let text = format!("{what} could not be made: a defect of esxray; please report the message on stderr");
    Problem::new(ProblemKind::Internal, format!("cases/{}", plan.id), text)
}

fn problems(source: &Source) -> &[Problem] {
    match source {
        Source::Kept(entry) => entry.problems(),
        Source::Loose(..) => &[],
    }
}

/// The longest part of a folder's name that is a host's name.
const LONGEST: usize = 60;

/// A name that is good for a folder anywhere: `esx01.lab.example.com_2020-02-18`.
fn slug(name: &str, taken: Option<Timestamp>) -> String {
    let good =
        |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c.to_ascii_lowercase() } else { '-' };
    let mut slug: String = name.chars().take(LONGEST).map(good).collect();
    slug = slug.trim_matches(['.', '-', '_']).to_owned();
    if slug.is_empty() {
        slug = "case".to_owned();
    }
    if let Some(taken) = taken {
        let (year, month, day, _) = taken.civil();
        slug.push_str(&format!("_{year:04}-{month:02}-{day:02}"));
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_called_by_a_name_that_leads_nowhere_else() {
        let at = Timestamp::from_civil(2020, 2, 18, 5);
        assert_eq!(slug("ESX01.lab.example.com", at), "esx01.lab.example.com_2020-02-18");
        assert_eq!(slug("../../etc/passwd", None), "etc-passwd");
        assert_eq!(slug("..", None), "case");
        assert_eq!(slug("ホスト", at), "case_2020-02-18");
        assert_eq!(slug(&"a".repeat(300), None).len(), LONGEST);
    }
}
