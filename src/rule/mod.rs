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

mod expression;
mod family;
mod fields;
mod follow;
mod kept;
mod literals;
pub mod repeat;
pub mod say;
mod scan;
mod sighting;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::format;
use crate::model::{EventKind, Severity};

use expression::Expression;
use family::Family;
pub use follow::{FOLLOW_RULE, Follow, HOP, JOINED_BY, Joined, is_kernel_log, unpadded};
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

/// A rule file is wrong.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The folder or file cannot be read.
    #[error("{path}: {error}")]
    Unreadable {
        /// The folder or file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is no valid rule file.
    #[error("{path}: {text}")]
    Syntax {
        /// The file.
        path: String,
        /// What is wrong, with line and column.
        text: String,
    },
    /// A rule contradicts itself or its samples.
    #[error("{path}: rule {id}: {text}")]
    Rule {
        /// The file.
        path: String,
        /// The rule's id.
        id: String,
        /// What is wrong.
        text: String,
    },
}

/// A rule, ready to match.
pub(crate) struct Compiled {
    pub rule: Rule,
    pub file: String,
    pub pattern: Option<Expression>,
    pub unless: Option<Expression>,
    pub extract: Vec<Expression>,
    pub collect: Vec<Expression>,
    pub say: Option<Sentence>,
    /// The fields that its expressions may give.
    pub fields: BTreeSet<String>,
}

/// All rules in force.
pub struct RuleSet {
    rules: Vec<Compiled>,
    families: BTreeMap<&'static str, Family>,
    sha256: String,
    /// What is followed, and the index of its rule: the last.
    follow: Option<(usize, Follow)>,
}

impl RuleSet {
    /// The built-in rules and those of the `*.toml` files in `folders`.
    ///
    /// # Errors
    /// Fails on a rule file that cannot be read, parsed or compiled, and on an id that is there twice.
    pub fn load<P: AsRef<Path>>(folders: &[P]) -> Result<RuleSet, RuleError> {
        let mut files: Vec<(String, String)> =
            BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        for folder in folders {
            files.extend(rule_files(folder.as_ref())?);
        }
        RuleSet::from_files(&files)
    }

    /// The rules of one rule file, given as `text`, and no others; `name` stands in errors.
    ///
    /// # Errors
    /// Fails where the text cannot be parsed or compiled, and on an id that is there twice.
    pub fn parse(name: &str, text: &str) -> Result<RuleSet, RuleError> {
        RuleSet::from_files(&[(name.to_owned(), text.to_owned())])
    }

    /// No rule but the one that `follow` makes.
    ///
    /// # Errors
    /// Fails where something that is followed is too short to be looked for.
    pub fn only(follow: Follow) -> Result<RuleSet, RuleError> {
        RuleSet::from_files(&[])?.following(follow)
    }

    /// These rules, and the one that `follow` makes. It is not among the rules that are listed and hashed.
    ///
    /// # Errors
    /// Fails where something that is followed is too short to be looked for.
    pub fn following(mut self, follow: Follow) -> Result<RuleSet, RuleError> {
        let index = self.rules.len();
        self.rules.push(compile("--op", follow.rule())?);
        self.families = families(&self.rules);
        self.follow = Some((index, follow));
        Ok(self)
    }

    fn from_files(files: &[(String, String)]) -> Result<RuleSet, RuleError> {
        let (mut rules, mut hash) = (Vec::new(), Sha256::new());
        for (path, text) in files {
            hash.update(text.as_bytes());
            for rule in parse(path, text)? {
                rules.push(compile(path, rule)?);
            }
        }
        let mut ids = BTreeMap::new();
        for compiled in &rules {
            if let Some(first) = ids.insert(compiled.rule.id.as_str(), compiled.file.as_str()) {
                let text = format!("the id is also used in {first}");
                return Err(RuleError::Rule {
                    path: compiled.file.clone(),
                    id: compiled.rule.id.clone(),
                    text,
                });
            }
        }
        let families = families(&rules);
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(RuleSet { rules, families, sha256, follow: None })
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
            _ => fields::fields_of(self.compiled(index), message),
        }
    }

    pub(crate) fn compiled(&self, index: usize) -> &Compiled {
        &self.rules[index]
    }

    /// What is wrong with the samples of the rules: an empty list where every hit is seen, every miss is not, and every
    /// rule has both.
    pub fn check_samples(&self) -> Vec<RuleError> {
        let mut wrong = Vec::new();
        for compiled in &self.rules {
            let mut fail = |text: String| {
                let (path, id) = (compiled.file.clone(), compiled.rule.id.clone());
                wrong.push(RuleError::Rule { path, id, text });
            };
            if compiled.rule.hit.is_empty() || compiled.rule.miss.is_empty() {
                fail("it needs a hit and a miss among its samples".to_owned());
            }
            for log in &compiled.rule.logs {
                self.check_family(compiled, log, &mut fail);
            }
        }
        wrong
    }

    fn check_family(&self, compiled: &Compiled, log: &str, fail: &mut dyn FnMut(String)) {
        for hit in &compiled.rule.hit {
            let seen = scan::seen_in(self, log, hit.log.as_bytes());
            match seen.iter().find(|(rule, _)| *rule == compiled.rule.id) {
                None => fail(format!("does not see its own sample in {log}: {}", hit.log)),
                Some((_, fields)) => {
                    for (name, value) in &hit.fields {
                        if fields.get(name) != Some(value) {
                            fail(format!(
                                "gives {name} = {:?}, not {value:?}: {}",
                                fields.get(name),
                                hit.log
                            ));
                        }
                    }
                }
            }
        }
        for miss in &compiled.rule.miss {
            let seen = scan::seen_in(self, log, miss.log.as_bytes());
            if seen.iter().any(|(rule, _)| *rule == compiled.rule.id) {
                fail(format!("sees a record in {log} that it must not: {}", miss.log));
            }
        }
    }
}

fn rule_files(folder: &Path) -> Result<Vec<(String, String)>, RuleError> {
    let failed = |path: &Path, error| RuleError::Unreadable { path: path.display().to_string(), error };
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        Ok((path.display().to_string(), text))
    };
    paths.into_iter().map(read).collect()
}

fn parse(path: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let file: RuleFile = toml::from_str(text).map_err(|error| RuleError::Syntax {
        path: path.to_owned(),
        text: error.to_string().trim_end().to_owned(),
    })?;
    Ok(file.rule)
}

fn compile(path: &str, rule: Rule) -> Result<Compiled, RuleError> {
    let fail = |text: String| RuleError::Rule { path: path.to_owned(), id: rule.id.clone(), text };
    if rule.any.is_empty() || rule.any.iter().any(|literal| literal.len() < literals::SHORTEST) {
        return Err(fail(format!("`any` needs literals of at least {} bytes", literals::SHORTEST)));
    }
    if let Some(log) = rule.logs.iter().find(|log| format::by_name(log).is_none()) {
        return Err(fail(format!("there is no log family '{log}'")));
    }
    if rule.logs.is_empty() {
        return Err(fail("`logs` is empty".to_owned()));
    }
    if rule.kind.is_some() == rule.witness {
        return Err(fail("it needs a `kind`, or `witness = true` and none".to_owned()));
    }
    let expression = |text: &String| Expression::new(text).map_err(fail);
    let pattern = rule.pattern.as_ref().map(expression).transpose()?;
    let extract: Vec<Expression> = rule.extract.iter().map(expression).collect::<Result<_, _>>()?;
    let collect: Vec<Expression> = rule.collect.iter().map(expression).collect::<Result<_, _>>()?;
    let fields: BTreeSet<String> = {
        let all = pattern.iter().chain(&extract).chain(&collect);
        all.flat_map(Expression::groups).map(|(group, _)| fields::field_of(group).to_owned()).collect()
    };
    let gives = |field: &str| fields.contains(field);
    let say = rule.say.as_ref().map(|say| Sentence::new(say, gives)).transpose().map_err(fail)?;
    Ok(Compiled {
        unless: rule.unless.as_ref().map(expression).transpose()?,
        pattern,
        extract,
        collect,
        say,
        fields,
        file: path.to_owned(),
        rule,
    })
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
        check("logs=['vobd']\nany=['abc']\npattern='('", "is wrong");
        check("logs=['vobd']\nany=['abc']\ncolour='red'", "unknown field");
        check("logs=['vobd']\nany=['abc']\npattern='(?P<n2>abc)'\nsay={en='x {m}',ja='x'}", "no field 'm'");
        check("logs=['vobd']\nany=['abc']\npattern='(?P<n2>abc)'\nsay={en='x {n}',ja='x {n'}", "`say.ja`");
        let twice =
            "[[rule]]\nid='x'\nkind='host.boot'\nseverity='info'\nabout='a'\nlogs=['vobd']\nany=['abc']\n";
        let error =
            RuleSet::from_files(&[("a.toml".into(), twice.into()), ("b.toml".into(), twice.into())]).err();
        assert!(error.expect("refused").to_string().contains("also used in a.toml"));
    }
}
