//! From rule files to rules that are ready to match, or to all that is wrong with the files.
//!
//! Right files are read once and nothing is remembered of their lines. Where something is wrong the file is read again, to
//! say where it stands and what else is wrong.

mod compile;
mod near;
mod places;
mod schema;
mod trouble;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::near::meant;
pub(super) use self::near::nearest;
pub(super) use self::places::Places;
use super::fault::{Fault, RuleError, Wrong};
use super::{Compiled, Rule, RuleFile};
pub(super) use compile::compile;
pub(super) use trouble::matches_nothing;

/// A rule file.
pub(super) struct File {
    pub path: String,
    pub text: String,
    /// Whether it is inside the binary: a test holds those, so less is asked of them at every start.
    pub built_in: bool,
}

/// A hint that fits everywhere.
const FORMAT: &str = "the format is told in src/rule/README.md";

/// The `*.toml` files of `folder`.
///
/// # Errors
/// Says which cannot be read, and where there is none.
pub(super) fn of_folder(folder: &Path) -> Result<Vec<File>, RuleError> {
    let shown = folder.display().to_string();
    let fail =
        |text: String, hint: &str| RuleError { faults: vec![Fault::of_path(shown.clone(), text, hint)] };
    if folder.is_file() {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let hint = format!("give the folder: {}", parent.unwrap_or(Path::new(".")).display());
        return Err(fail("it is a file, and rules are read from a folder".to_owned(), &hint));
    }
    let entries = std::fs::read_dir(folder).map_err(|error| {
        fail(format!("the folder cannot be read: {error}"), "check the path of the folder")
    })?;
    let all: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(|error| {
            fail(format!("the folder cannot be listed: {error}"), "check the folder and its disk")
        })?;
    let is_rules = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let mut paths: Vec<PathBuf> = all.iter().filter(|path| is_rules(path)).cloned().collect();
    paths.sort();
    if paths.is_empty() {
        let hint = if all.iter().any(|path| path.is_dir()) {
            "the names of rule files end in .toml, and folders in the folder are not looked into"
        } else {
            "the names of rule files end in .toml"
        };
        return Err(fail(format!("the folder holds no rule file, among {} entries", all.len()), hint));
    }
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        match read(&path) {
            Ok(file) => files.push(file),
            Err(fault) => faults.push(*fault),
        }
    }
    if faults.is_empty() { Ok(files) } else { Err(RuleError { faults }) }
}

fn read(path: &Path) -> Result<File, Box<Fault>> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        let hint = if path.is_dir() { "it is a folder: call it otherwise" } else { "check who may read it" };
        Box::new(Fault::of_path(&shown, format!("the file cannot be read: {error}"), hint))
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(File { path: shown, text, built_in: false }),
        Err(error) => {
            let right = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..right].iter().filter(|&&byte| byte == b'\n').count();
            let fault = Fault::of_path(shown, "the file is not written in UTF-8", "save the file as UTF-8");
            Err(Box::new(Fault { line: Some(line), ..fault }))
        }
    }
}

/// The rules of all files.
///
/// # Errors
/// Says all that is wrong with them.
pub(super) fn compiled(files: &[File]) -> Result<Vec<Compiled>, RuleError> {
    let (mut rules, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        match toml::from_str::<RuleFile>(&file.text) {
            Ok(read) => {
                if read.rule.is_empty() && !file.built_in && !file.text.trim().is_empty() {
                    let hint = format!("a rule begins with a line [[rule]]; {FORMAT}");
                    faults.push(Fault::of_path(&file.path, "the file holds no rule", hint));
                }
                let mut wrong = Vec::new();
                for (index, rule) in read.rule.into_iter().enumerate() {
                    let id = rule.id.clone();
                    match compile(file, index, rule) {
                        Ok(compiled) => rules.push(compiled),
                        Err(all) => wrong.push((index, Some(id), all)),
                    }
                }
                faults.extend(placed(file, wrong));
            }
            Err(error) => faults.extend(malformed(file, &error)),
        }
    }
    faults.extend(used_twice(files, &rules));
    if faults.is_empty() { Ok(rules) } else { Err(RuleError { faults }) }
}

/// By rule: its index, its id, and what is wrong with it.
type OfRules = Vec<(usize, Option<String>, Vec<Wrong>)>;

/// The same with its lines.
fn placed(file: &File, wrong: OfRules) -> Vec<Fault> {
    if wrong.is_empty() {
        return Vec::new();
    }
    let places = Places::new(&file.text);
    let of_rule = |(index, id, all): (usize, Option<String>, Vec<Wrong>)| {
        let places = &places;
        all.into_iter().map(move |wrong| Fault {
            path: file.path.clone(),
            line: places.line_of(index, &wrong.field),
            rule: id.clone(),
            text: wrong.text,
            shown: wrong.shown,
            hint: wrong.hint,
        })
    };
    let mut faults: Vec<Fault> = wrong.into_iter().flat_map(of_rule).collect();
    faults.sort_by_key(|fault| fault.line);
    faults
}

/// Rules whose id another one has.
fn used_twice(files: &[File], rules: &[Compiled]) -> Vec<Fault> {
    let line = |rule: &Compiled| {
        let file = files.iter().find(|file| file.path == rule.file)?;
        Places::new(&file.text).line_of(rule.index, "id")
    };
    let (mut first_of, mut faults) = (BTreeMap::new(), Vec::new());
    for compiled in rules {
        let Some(first) = first_of.insert(compiled.rule.id.as_str(), compiled) else { continue };
        let place = line(first).map_or_else(|| first.file.clone(), |line| format!("{}:{line}", first.file));
        faults.push(Fault {
            path: compiled.file.clone(),
            line: line(compiled),
            rule: Some(compiled.rule.id.clone()),
            text: format!("the id is also used in {place}"),
            shown: Vec::new(),
            hint: "give one of them another id; own rules best begin with a word of your own: mine.…"
                .to_owned(),
        });
    }
    faults
}

/// All that is wrong with a file that is no rule file; `error` is what was met first.
fn malformed(file: &File, error: &toml::de::Error) -> Vec<Fault> {
    let places = Places::new(&file.text);
    let Some(document) = &places.document else { return vec![no_toml(file, &places)] };
    let mut faults = misnamed(file, &places, document.get_ref());
    let wrong = places.rules().iter().enumerate().map(|(index, rule)| of_rule(file, index, rule)).collect();
    faults.extend(placed(file, wrong));
    if faults.is_empty() {
        let line = error.span().map(|span| places.line_at(span.start));
        faults.push(Fault { line, ..Fault::of_path(&file.path, one_line(error.message()), FORMAT) });
    }
    faults
}

/// What stands at the top of a rule file beside its list of rules.
fn misnamed(file: &File, places: &Places<'_>, document: &DeTable<'_>) -> Vec<Fault> {
    let fault = |at: usize, text: String, hint: String| {
        let fault = Fault::of_path(&file.path, text, hint);
        Fault { line: Some(places.line_at(at)), ..fault }
    };
    let mut faults = Vec::new();
    for key in document.keys().filter(|key| key.get_ref() != "rule") {
        let name = key.get_ref().as_ref();
        let hint = format!("{}a rule begins with a line [[rule]]", meant(&nearest(name, ["rule"], 1)));
        faults.push(fault(key.span().start, format!("there is no `{name}` in a rule file"), hint));
    }
    // Where the list has another name a sample makes a table of this one.
    if let Some((at, rule)) = places::entry(document, "rule").filter(|_| faults.is_empty())
        && !rule.get_ref().is_array()
    {
        faults.push(fault(
            at,
            "`rule` is no list".to_owned(),
            "write it in two brackets: [[rule]]".to_owned(),
        ));
    }
    faults
}

/// What is wrong with one rule of a file of which something is.
fn of_rule(file: &File, index: usize, rule: &Spanned<DeValue<'_>>) -> (usize, Option<String>, Vec<Wrong>) {
    let id = rule.get_ref().as_table().and_then(|table| places::entry(table, "id"));
    let id = id.and_then(|(_, id)| id.get_ref().as_str()).map(str::to_owned);
    let mut wrong = schema::check_rule(rule.get_ref());
    if wrong.is_empty() {
        let read = Rule::deserialize(toml::de::ValueDeserializer::from(rule.clone()));
        match read.map(|rule| compile(file, index, rule)) {
            Ok(Ok(_)) => {}
            Ok(Err(all)) => wrong = all,
            Err(error) => wrong.push(Wrong::new("", one_line(error.message()), FORMAT)),
        }
    }
    (index, id, wrong)
}

/// The file is no TOML.
fn no_toml(file: &File, places: &Places<'_>) -> Fault {
    let Err(error) = DeTable::parse(&file.text) else {
        return Fault::of_path(&file.path, "the file cannot be read", FORMAT);
    };
    let text = file.text.trim_end_matches(['\n', '\r']);
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let begin = file.text.as_bytes()[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let line = file.text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let message = one_line(error.message());
    let hint = if message.contains("duplicate key") {
        "a field stands once in a rule; what has several values is a list: any = ['abc', 'def']"
    } else if line.contains('"') && line.contains('\\') {
        "in \"…\" a backslash begins an escape: write expressions in '''…''', where every sign stands for itself"
    } else if message.contains("string") && !message.contains("must be quoted") {
        "a text begins and ends with the same quotes; one that holds ' is best written in '''…'''"
    } else if !line.contains(['=', '[']) {
        "a line is a [[rule]], a field such as id = '…', or a comment behind #"
    } else {
        "texts stand in quotes: severity = 'info'; lists in brackets: logs = ['hostd']"
    };
    let fault = Fault::of_path(&file.path, format!("this is no TOML: {message}"), hint);
    let column = file.text.get(begin..at).map_or(0, |before| before.chars().count());
    Fault { line: Some(places.line_at(at)), shown: trouble::marked(line, column), ..fault }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
