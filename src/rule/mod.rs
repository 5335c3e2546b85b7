//! Records become events: literals first, expressions after. The rules are data, in `rule/*.toml`.
//!
//! A rule says what one record means. It never decides what happened: that is a verdict's work.
//!
//! `say` tells a person what the record says, as one short sentence in English and in Japanese, in the past tense and
//! without a full stop:
//!
//! ```toml
//! say.en = "{node_host|node} left the vSAN membership as {here} sees it[: {reason}]"
//! say.ja = "{here} から見て {node_host|node} が vSAN のメンバーシップから外れました[：{reason}]"
//! ```
//!
//! It claims no more than the record does, and it must make sense with the fields that every such record has: what is
//! outside of `[…]` must be known, or the record's own message is shown. [`say`] has the whole of this language, and the
//! fields that an event has beside those that its rule reads ([`say::ADDED`]).

mod check;
mod expression;
mod family;
mod fault;
mod fields;
mod follow;
mod kept;
mod literals;
mod load;
mod probe;
pub mod repeat;
pub mod say;
mod scan;
mod sighting;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::format;
use crate::model::{EventKind, Severity};

pub use check::{Found, Weight};
use expression::Expression;
use family::Family;
pub use fault::{Fault, RuleError};
pub use follow::{FOLLOW_RULE, Follow, HOP, JOINED_BY, Joined, is_kernel_log, unpadded};
use load::File;
pub use probe::Came;
use say::Sentence;
pub use scan::Scanner;
pub use sighting::{Sample, Sighting, Witnessed};
pub use tally::Scan;

/// The rule files inside the binary, in the order in which they are read.
pub static BUILT_IN: &[(&str, &str)] = &[
    ("vmotion.toml", include_str!("vmotion.toml")),
    ("cpu.toml", include_str!("cpu.toml")),
    ("evc.toml", include_str!("evc.toml")),
    ("vm.toml", include_str!("vm.toml")),
    ("vsan.toml", include_str!("vsan.toml")),
    ("host.toml", include_str!("host.toml")),
    ("ha.toml", include_str!("ha.toml")),
    ("net.toml", include_str!("net.toml")),
    ("task.toml", include_str!("task.toml")),
    ("clock.toml", include_str!("clock.toml")),
    ("storage.toml", include_str!("storage.toml")),
    ("uplink.toml", include_str!("uplink.toml")),
    ("hardware.toml", include_str!("hardware.toml")),
    ("service.toml", include_str!("service.toml")),
];

/// Whether `id` is that of a rule inside the binary.
pub fn is_built_in(id: &str) -> bool {
    static IDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
        let lines = BUILT_IN.iter().flat_map(|(_, text)| text.lines());
        lines.filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')).collect()
    });
    IDS.contains(id)
}

/// A rule as its file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique id: `vpxd.migration-refused`.
    pub id: String,
    /// What a record that matches means. Without one its records are no events: they only compare the clocks of two hosts,
    /// and a sample of them is kept; a rule says that by `witness = true`.
    #[serde(default)]
    pub kind: Option<EventKind>,
    /// How much it matters by itself.
    pub severity: Severity,
    /// Log families that it reads.
    pub logs: Vec<String>,
    /// What it sees, one sentence.
    pub about: String,
    /// How a record that it sees is told to people; without it the record's own message is.
    #[serde(default)]
    pub say: Option<Say>,
    /// Whether its records only compare clocks.
    #[serde(default)]
    pub witness: bool,
    /// Where the wording is known from.
    #[serde(default)]
    pub source: String,
    /// What to do about it; a built-in rule of a warning or worse has it.
    #[serde(default)]
    pub remedy: Option<Say>,
    /// Documents about it. A built-in rule has one, or says why there is none.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// Why there is no document.
    #[serde(default)]
    pub no_reference: String,
    /// Literals, one of which stands in every record that matches. Nothing else is looked at without one.
    pub any: Vec<String>,
    /// Expression that the message must match, continuation lines included; its named groups become fields.
    ///
    /// A name can stand only once in an expression: in another alternative `node2` is `node` too.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Expression that the message must not match.
    #[serde(default)]
    pub unless: Option<String>,
    /// Further expressions on the message; where one matches, its named groups become fields.
    #[serde(default)]
    pub extract: Vec<String>,
    /// Expressions that may match often; all values of a named group are joined by commas.
    #[serde(default)]
    pub collect: Vec<String>,
    /// Records that it must see.
    #[serde(default)]
    pub hit: Vec<Hit>,
    /// Records that look alike and must not be seen.
    #[serde(default)]
    pub miss: Vec<Miss>,
}

/// A sentence about a record, in both languages; see [`say`] for how it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

/// A document of the vendor, or of whoever knows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// `KB 2004684: …`
    pub title: String,
    /// Its address.
    #[serde(default)]
    pub url: Option<String>,
}

/// A record that a rule must see.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hit {
    /// The record, with its header.
    pub log: String,
    /// Fields that must come out, among others.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// A record that a rule must not see.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Miss {
    /// The record, with its header.
    pub log: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    rule: Vec<Rule>,
}

/// A rule, ready to match.
pub(crate) struct Compiled {
    pub rule: Rule,
    pub file: String,
    /// Which rule of its file it is.
    pub index: usize,
    pub pattern: Option<Expression>,
    pub unless: Option<Expression>,
    pub extract: Vec<Expression>,
    pub collect: Vec<Expression>,
    pub say: Option<Sentence>,
    /// The fields that its expressions may give.
    pub fields: BTreeSet<String>,
}

/// What stands as the file of the rule that is made while the program runs.
const FOLLOWED_FILE: &str = "--op";

/// All rules in force.
pub struct RuleSet {
    rules: Vec<Compiled>,
    families: BTreeMap<&'static str, Family>,
    /// What the rules were read from.
    files: Vec<File>,
    sha256: String,
    /// What is followed, and the index of its rule: the last.
    follow: Option<(usize, Follow)>,
    /// Whether they are those of [`RuleSet::probing`].
    probes: bool,
}

impl RuleSet {
    /// The built-in rules and those of the `*.toml` files in `folders`.
    ///
    /// # Errors
    /// Fails on rule files that cannot be read, parsed or compiled, and on an id that is there twice; all is told at once.
    pub fn load<P: AsRef<Path>>(folders: &[P]) -> Result<RuleSet, RuleError> {
        let built_in = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
            built_in: true,
        };
        let mut files: Vec<File> = BUILT_IN.iter().map(built_in).collect();
        let mut faults = Vec::new();
        for folder in folders {
            match load::of_folder(folder.as_ref()) {
                Ok(own) => files.extend(own),
                Err(error) => faults.extend(error.faults),
            }
        }
        if !faults.is_empty() {
            return Err(RuleError { faults });
        }
        RuleSet::from_files(files)
    }

    /// The rules of one rule file, given as `text`, and no others; `name` stands in errors.
    ///
    /// # Errors
    /// Fails where the text cannot be parsed or compiled, and on an id that is there twice.
    pub fn parse(name: &str, text: &str) -> Result<RuleSet, RuleError> {
        RuleSet::from_files(vec![File { path: name.to_owned(), text: text.to_owned(), built_in: false }])
    }

    /// No rule but the one that `follow` makes.
    ///
    /// # Errors
    /// Fails where something that is followed is too short to be looked for.
    pub fn only(follow: Follow) -> Result<RuleSet, RuleError> {
        RuleSet::from_files(Vec::new())?.following(follow)
    }

    /// These rules, and the one that `follow` makes. It is not among the rules that are listed and hashed.
    ///
    /// # Errors
    /// Fails where something that is followed is too short to be looked for.
    pub fn following(mut self, follow: Follow) -> Result<RuleSet, RuleError> {
        let index = self.rules.len();
        let file = File { path: FOLLOWED_FILE.to_owned(), text: String::new(), built_in: true };
        let compiled = load::compile(&file, 0, follow.rule()).map_err(|wrong| RuleError {
            faults: wrong
                .into_iter()
                .map(|wrong| Fault::of_path(FOLLOWED_FILE, wrong.text, wrong.hint))
                .collect(),
        })?;
        self.rules.push(compiled);
        self.families = families(&self.rules);
        self.follow = Some((index, follow));
        Ok(self)
    }

    fn from_files(files: Vec<File>) -> Result<RuleSet, RuleError> {
        let rules = load::compiled(&files)?;
        let mut hash = Sha256::new();
        files.iter().for_each(|file| hash.update(file.text.as_bytes()));
        let families = families(&rules);
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(RuleSet { rules, families, files, sha256, follow: None, probes: false })
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.follow.as_ref().map_or(self.rules.len(), |(index, _)| *index)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// SHA-256 over the rule files, hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The rules, in the order of their files, each with its file's name.
    pub fn iter(&self) -> impl Iterator<Item = (&Rule, &str)> {
        self.rules[..self.len()].iter().map(|compiled| (&compiled.rule, compiled.file.as_str()))
    }

    /// How the events of the rule `id` are told; `None` where the rule does not say, or is not there.
    #[cfg(test)]
    fn sentence(&self, id: &str) -> Option<&Sentence> {
        self.sentences().find(|(rule, _)| *rule == id).map(|(_, sentence)| sentence)
    }

    /// The sentences of all rules that have one, by the rule's id.
    pub fn sentences(&self) -> impl Iterator<Item = (&str, &Sentence)> {
        self.rules.iter().filter_map(|compiled| Some((compiled.rule.id.as_str(), compiled.say.as_ref()?)))
    }

    /// The fields that the rule `id` may give.
    pub fn fields_of(&self, id: &str) -> impl Iterator<Item = &str> {
        let own = self.rules.iter().find(|compiled| compiled.rule.id == id);
        own.into_iter().flat_map(|compiled| compiled.fields.iter().map(String::as_str))
    }

    /// Where the rule `id` stands: `mine.toml:12`.
    pub fn place_of(&self, id: &str) -> String {
        let Some(compiled) = self.rules.iter().find(|compiled| compiled.rule.id == id) else {
            return String::new();
        };
        let file = self.files.iter().find(|file| file.path == compiled.file);
        let line = file.and_then(|file| load::Places::new(&file.text).line_of(compiled.index, ""));
        line.map_or_else(|| compiled.file.clone(), |line| format!("{}:{line}", compiled.file))
    }

    /// Ids that are like `id`, which is none, the nearest first.
    pub fn alike(&self, id: &str) -> Vec<&str> {
        load::nearest(id, self.iter().map(|(rule, _)| rule.id.as_str()), 3)
    }

    fn family(&self, log: &str) -> Option<&Family> {
        self.families.get(log)
    }

    /// The fields that rule `index` reads from a record of `log` that holds one of its literals, or `None` where it does not
    /// match.
    pub(crate) fn read(
        &self,
        index: usize,
        log: &str,
        header: &format::Header<'_>,
        record: &[u8],
        message: &[u8],
    ) -> Option<BTreeMap<String, String>> {
        match &self.follow {
            Some((follows, follow)) if *follows == index => follow.read(log, header, record, message),
            None if self.probes => self.probe(index, message),
            _ => fields::fields_of(self.compiled(index), message),
        }
    }

    pub(crate) fn compiled(&self, index: usize) -> &Compiled {
        &self.rules[index]
    }
}

/// The families that have rules.
fn families(rules: &[Compiled]) -> BTreeMap<&'static str, Family> {
    let of_family = |log: &str| {
        let indices = (0..rules.len()).filter(|&index| rules[index].rule.logs.iter().any(|own| own == log));
        indices.collect::<Vec<usize>>()
    };
    let family = |log| {
        let indices = of_family(log);
        (!indices.is_empty()).then(|| (log, Family::new(rules, &indices)))
    };
    format::FORMATS.iter().filter_map(|format| family(format.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_sees_its_hits_and_not_its_misses() {
        let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules compile");
        let wrong: Vec<String> = rules.check_samples().iter().map(ToString::to_string).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_rule_says_what_to_do_and_which_document_tells_of_it() {
        let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules compile");
        let mut wrong = Vec::new();
        for (rule, file) in rules.iter() {
            let mut fail = |text: &str| wrong.push(format!("{file}: {}: {text}", rule.id));
            match &rule.remedy {
                None if rule.severity > Severity::Info => fail("it has no remedy"),
                Some(remedy) if !remedy.en.ends_with('.') || !remedy.ja.ends_with('。') => {
                    fail("its remedy is no sentence");
                }
                Some(remedy) if remedy.ja.is_ascii() || !remedy.en.is_ascii() => {
                    fail("its remedy is not in both languages");
                }
                _ => {}
            }
            if rule.references.is_empty() == rule.no_reference.is_empty() {
                fail("it has references, or says why there are none");
            }
            for reference in &rule.references {
                let number =
                    reference.title.strip_prefix("KB ").and_then(|rest| rest.split([':', ' ']).next());
                let url = reference.url.as_deref().unwrap_or("https://");
                if !url.starts_with("https://") || number.is_some_and(|number| !url.contains(number)) {
                    fail("the address of a reference is another one's");
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_built_in_rules_are_known_by_their_ids() {
        let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules compile");
        assert!(rules.iter().all(|(rule, _)| is_built_in(&rule.id)));
        assert!(!is_built_in("mine.backup-timeout") && !is_built_in(""));
    }

    #[test]
    fn every_rule_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rule");
        let on_disk: std::collections::BTreeSet<String> = std::fs::read_dir(folder)
            .expect("sources")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".toml"))
            .collect();
        assert_eq!(on_disk, BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect());
    }

    #[test]
    fn wrong_rules_are_refused_with_path_and_id() {
        let check = |body: &str, expected: &str| {
            let text = format!("[[rule]]\nid='x.y'\nkind='host.boot'\nseverity='info'\nabout='a'\n{body}\n");
            let error = RuleSet::parse("mine.toml", &text).err().map(|error| error.to_string());
            let error = error.unwrap_or_else(|| panic!("accepted: {body}"));
            assert!(error.starts_with("mine.toml") && error.contains(expected), "{error}");
        };
        check("logs=['vobd']\nany=['ab']", "at least 3 bytes");
        check("logs=['nolog']\nany=['abc']", "no log family 'nolog'");
        check("logs=['vobd']\nany=['abc']\npattern='('", "is no expression");
        check("logs=['vobd']\nany=['abc']\ncolour='red'", "no field `colour`");
        check("logs=['vobd']\nany=['abc']\npattern='(?P<n2>abc)'\nsay={en='x {m}',ja='x'}", "no field 'm'");
        check("logs=['vobd']\nany=['abc']\npattern='(?P<n2>abc)'\nsay={en='x {n}',ja='x {n'}", "`say.ja`");
        let twice =
            "[[rule]]\nid='x'\nkind='host.boot'\nseverity='info'\nabout='a'\nlogs=['vobd']\nany=['abc']\n";
        let file = |path: &str| File { path: path.into(), text: twice.into(), built_in: false };
        let error = RuleSet::from_files(vec![file("a.toml"), file("b.toml")]).err();
        assert!(error.expect("refused").to_string().contains("also used in a.toml:2"));
    }
}
