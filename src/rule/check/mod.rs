//! What may be said of rules beside whether they can be loaded: do they see what they say, do they cost speed, and do they
//! meet other rules. All of it is for who writes rules; a run over bundles asks nothing of it.

mod expressions;
mod literals;
mod overlaps;
mod samples;

use super::fault::{Fault, Wrong};
use super::load::Places;
use super::{Compiled, RuleSet};

/// How much something matters that was found.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The rule does not do what it says.
    Wrong,
    /// It works, but costs more or says more than it should.
    Warning,
    /// Its author may want to know.
    Note,
}

impl Weight {
    /// The word before what was found.
    pub const fn name(self) -> &'static str {
        match self {
            Weight::Wrong => "error",
            Weight::Warning => "warning",
            Weight::Note => "note",
        }
    }
}

/// Something that was found of a rule.
#[derive(Debug)]
pub struct Found {
    /// How much it matters.
    pub weight: Weight,
    /// What, where, and what to change.
    pub fault: Fault,
}

/// What was found of one rule.
type Of = Vec<(Weight, Wrong)>;

impl RuleSet {
    /// What is to be said of the rules, in the order of their files and lines: samples that are not told apart of all rules,
    /// everything else of the own ones, and of the built-in ones where `all`.
    pub fn check(&self, all: bool) -> Vec<Found> {
        let mut found = Vec::new();
        for compiled in &self.rules[..self.len()] {
            let mut of = samples::check(self, compiled);
            let is_own = self.is_own(compiled);
            if is_own || all {
                of.extend(literals::check(self, compiled));
                of.extend(expressions::check(compiled));
            }
            of.extend(overlaps::check(self, compiled, all));
            found.extend(self.placed(compiled, of));
        }
        found
    }

    /// What is wrong with the samples of the rules: an empty list where every hit is seen, every miss is not, and every
    /// rule has both.
    pub fn check_samples(&self) -> Vec<Fault> {
        let of = |compiled: &Compiled| self.placed(compiled, samples::check(self, compiled));
        let found = self.rules.iter().flat_map(of);
        found.filter(|found| found.weight == Weight::Wrong).map(|found| found.fault).collect()
    }

    /// Whether a rule is none of the built-in ones.
    fn is_own(&self, compiled: &Compiled) -> bool {
        !self.files.iter().any(|file| file.built_in && file.path == compiled.file)
    }

    /// What was found, with its lines.
    fn placed(&self, compiled: &Compiled, of: Of) -> Vec<Found> {
        if of.is_empty() {
            return Vec::new();
        }
        let file = self.files.iter().find(|file| file.path == compiled.file);
        let places = file.map(|file| Places::new(&file.text));
        let line = |field: &str| places.as_ref().and_then(|places| places.line_of(compiled.index, field));
        let mut found: Vec<Found> = of
            .into_iter()
            .map(|(weight, wrong)| Found {
                weight,
                fault: Fault {
                    path: compiled.file.clone(),
                    line: line(&wrong.field),
                    rule: Some(compiled.rule.id.clone()),
                    text: wrong.text,
                    shown: wrong.shown,
                    hint: wrong.hint,
                },
            })
            .collect();
        found.sort_by_key(|found| found.fault.line);
        found
    }
}

/// The beginning of a text on one line.
fn short(text: &str) -> String {
    const SHOWN: usize = 100;
    let line = text.trim().replace(['\n', '\r'], "⏎");
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
