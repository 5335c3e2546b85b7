//! One rule becomes ready to match, or all that is wrong with it is told.

use std::collections::BTreeSet;

use super::near::{meant, nearest};
use super::{File, trouble};
use crate::format;
use crate::model::EventKind;
use crate::rule::expression::Expression;
use crate::rule::fault::Wrong;
use crate::rule::say::Sentence;
use crate::rule::{Compiled, FOLLOW_RULE, Rule, fields, literals};

/// The rule `index` of `file`, ready to match.
///
/// # Errors
/// Says all that is wrong with it.
pub(in crate::rule) fn compile(file: &File, index: usize, rule: Rule) -> Result<Compiled, Vec<Wrong>> {
    let mut wrong = Vec::new();
    check_id(&rule, file, &mut wrong);
    check_kind(&rule, &mut wrong);
    check_logs(&rule, &mut wrong);
    check_literals(&rule, &mut wrong);
    if !file.built_in {
        check_unless(&rule, &mut wrong);
    }
    let mut expression = |field: String, text: &String| match Expression::new(text) {
        Ok(right) => {
            let reason = if file.built_in { None } else { trouble::matches_nothing(text) };
            wrong.extend(reason.map(|reason| contradicts(&field, reason)));
            Some(right)
        }
        Err(refusal) => {
            wrong.push(trouble::of_expression(&field, text, &refusal));
            None
        }
    };
    let pattern = rule.pattern.as_ref().and_then(|text| expression("pattern".to_owned(), text));
    let unless = rule.unless.as_ref().and_then(|text| expression("unless".to_owned(), text));
    let mut all = |name: &str, texts: &[String]| -> Vec<Expression> {
        texts.iter().enumerate().filter_map(|(at, text)| expression(format!("{name}.{at}"), text)).collect()
    };
    let (extract, collect) = (all("extract", &rule.extract), all("collect", &rule.collect));
    let fields: BTreeSet<String> = groups_of(pattern.iter().chain(&extract).chain(&collect));
    // Of a wrong expression the fields are not known.
    let say = if wrong.is_empty() { sentence(&rule, &fields, &mut wrong) } else { None };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Compiled { rule, file: file.path.clone(), index, pattern, unless, extract, collect, say, fields })
}

/// The fields that expressions give.
fn groups_of<'e>(all: impl Iterator<Item = &'e Expression>) -> BTreeSet<String> {
    all.flat_map(Expression::groups).map(|(group, _)| fields::field_of(group).to_owned()).collect()
}

fn contradicts(field: &str, reason: &str) -> Wrong {
    let hint = "^ and $ are the beginning and the end of the whole message, continuation lines included; of each line \
                they are with (?m)";
    Wrong::new(field, format!("`{field}` can match nothing: {reason}"), hint)
}

/// Says where nothing is left that the rule could see.
fn check_unless(rule: &Rule, wrong: &mut Vec<Wrong>) {
    let Some(unless) = &rule.unless else { return };
    let text = if trouble::matches_everything(unless) {
        "`unless` matches every message, so the rule sees none"
    } else if rule.pattern.as_ref() == Some(unless) {
        "`unless` is the same as `pattern`, so the rule sees nothing"
    } else {
        return;
    };
    let hint = "name in `unless` a text that stands only in records which are not meant, or leave it out";
    wrong.push(Wrong::new("unless", text, hint));
}

fn check_id(rule: &Rule, file: &File, wrong: &mut Vec<Wrong>) {
    let fits = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
    if rule.id.is_empty() || !rule.id.chars().all(fits) {
        let hint = "an id is of letters, digits, `.`, `-` and `_`: mine.some-name";
        wrong.push(Wrong::new("id", format!("'{}' is no id", rule.id), hint));
    } else if rule.id == FOLLOW_RULE && file.path != super::super::FOLLOWED_FILE {
        wrong.push(Wrong::new("id", "the program itself uses this id", "give the rule another id"));
    }
}

fn check_kind(rule: &Rule, wrong: &mut Vec<Wrong>) {
    match rule.kind {
        None if !rule.witness => {
            let all: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
            let hint = format!("add kind = '…', what a record that matches means: {}", all.join(", "));
            wrong.push(Wrong::new("", "`kind` is missing", hint));
        }
        Some(_) if rule.witness => {
            let hint = "leave out `witness`: such a rule only compares clocks, and its records are no events";
            wrong.push(Wrong::new("witness", "a rule has a `kind`, or `witness = true` and none", hint));
        }
        _ => {}
    }
}

fn check_logs(rule: &Rule, wrong: &mut Vec<Wrong>) {
    let all = || format::FORMATS.iter().map(|format| format.name);
    let families = || all().collect::<Vec<_>>().join(", ");
    if rule.logs.is_empty() {
        let hint = format!("name the log families that it reads: {}", families());
        wrong.push(Wrong::new("logs", "`logs` is empty", hint));
    }
    for (at, log) in rule.logs.iter().enumerate() {
        if format::by_name(log).is_none() {
            let near = meant(&nearest(log, all(), 2));
            let hint = format!("{near}the log families are {}", families());
            wrong.push(Wrong::new(format!("logs.{at}"), format!("there is no log family '{log}'"), hint));
        }
    }
}

fn check_literals(rule: &Rule, wrong: &mut Vec<Wrong>) {
    let shortest = literals::SHORTEST;
    if rule.any.is_empty() {
        let hint = "add a text that stands in every record that the rule is to see, 15 bytes or more where there is one";
        wrong.push(Wrong::new(
            "any",
            format!("`any` needs literals of at least {shortest} bytes; it is empty"),
            hint,
        ));
    }
    for (at, literal) in rule.any.iter().enumerate() {
        let field = format!("any.{at}");
        if literal.len() < shortest {
            let text = format!(
                "`any` needs literals of at least {shortest} bytes; {literal:?} has {}",
                literal.len()
            );
            let hint = "take more of the text around it; the longer a literal is the faster it is found, 15 bytes and more best";
            wrong.push(Wrong::new(field, text, hint));
        } else if let Some((text, hint)) = never_stands(literal) {
            wrong.push(Wrong::new(field, format!("the literal {literal:?} {text}"), hint));
        }
    }
}

/// Why `literal` can stand in no record, or in nearly every one.
fn never_stands(literal: &str) -> Option<(&'static str, &'static str)> {
    if literal.trim().is_empty() {
        return Some((
            "is of blanks alone, which stand in every record",
            "take a word that stands in few records",
        ));
    }
    if literal.ends_with(['\n', '\r']) || literal.starts_with('\n') {
        let hint = "leave out the line's end; in '''…''' the closing quotes stand behind the last letter";
        return Some(("begins or ends with a line's end", hint));
    }
    let is_odd = |sign: char| sign.is_control() && !matches!(sign, '\n' | '\t');
    literal.contains(is_odd).then_some((
        "holds a control character, which stands in no record",
        "a literal is plain text and no expression: write it in '…', where a backslash stands for itself",
    ))
}

fn sentence(rule: &Rule, fields: &BTreeSet<String>, wrong: &mut Vec<Wrong>) -> Option<Sentence> {
    let gives = |field: &str| fields.contains(field);
    let refused = Sentence::new(rule.say.as_ref()?, gives);
    refused
        .map_err(|text| {
            let field = if text.starts_with("`say.ja`") { "say.ja" } else { "say.en" };
            let own: Vec<&str> = fields.iter().map(String::as_str).collect();
            let hint = match text.contains("reads no field") {
                true if own.is_empty() => {
                    "a field is a named group of `pattern`, `extract` or `collect`: (?P<name>…)".to_owned()
                }
                true => format!("the rule's own fields are {}", own.join(", ")),
                false => "a field is {name}; what may be missing stands in […] with its field; the signs themselves \
                          are \\{ \\} \\[ \\] \\|"
                    .to_owned(),
            };
            wrong.push(Wrong::new(field, text, hint));
        })
        .ok()
}
