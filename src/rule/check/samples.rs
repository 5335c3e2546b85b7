//! The records that a rule must see, and those that it must not.

use std::borrow::Cow;

use super::{Of, Weight, short};
use crate::format::{self, Header, Shape};
use crate::record::Stretch;
use crate::rule::fault::Wrong;
use crate::rule::{Compiled, Hit, Miss, RuleSet, fields, scan};

/// Families that keep records of many programs.
const MIXED: &[&str] = &["syslog", "journal"];

/// What is wrong with the samples of one rule.
pub(super) fn check(rules: &RuleSet, compiled: &Compiled) -> Of {
    let rule = &compiled.rule;
    let mut of = Of::new();
    if rule.hit.is_empty() || rule.miss.is_empty() {
        let missing = match (rule.hit.is_empty(), rule.miss.is_empty()) {
            (true, true) => "neither is there",
            (true, false) => "there is no hit",
            _ => "there is no miss",
        };
        let text = format!("it needs a hit and a miss among its samples: {missing}");
        let hint =
            "add a [[rule.hit]] with a line that it must see, and a [[rule.miss]] with one that looks alike";
        of.push((Weight::Wrong, Wrong::new("", text, hint)));
    }
    let samples = rule.hit.iter().map(|hit| ("hit", &hit.log)).enumerate();
    let misses = rule.miss.iter().map(|miss| ("miss", &miss.log)).enumerate();
    for (at, (sort, log)) in samples.chain(misses) {
        of.extend(check_header(compiled, &format!("{sort}.{at}.log"), log));
    }
    for (at, hit) in rule.hit.iter().enumerate() {
        let all = rule.logs.iter().flat_map(|log| check_hit(rules, compiled, log, at, hit));
        of.extend(all.map(|wrong| (Weight::Wrong, wrong)));
    }
    for (at, miss) in rule.miss.iter().enumerate() {
        let all = rule.logs.iter().filter_map(|log| check_miss(rules, compiled, log, at, miss));
        of.extend(all.map(|wrong| (Weight::Wrong, wrong)));
    }
    // Every log says the same.
    of.dedup_by(|a, b| a.1.field == b.1.field && a.1.text == b.1.text);
    of
}

/// A sample whose header no format reads, or that another program wrote.
fn check_header(compiled: &Compiled, field: &str, log: &str) -> Option<(Weight, Wrong)> {
    let Some(header) = format::parse(first_line(log)) else {
        let text = format!("no format reads the header of this sample: {}", short(log));
        let hint = "write the whole line as it stands in the log, with its time stamp";
        return Some((Weight::Warning, Wrong::new(field, text, hint)));
    };
    let logs = &compiled.rule.logs;
    let writer = match header.shape {
        Shape::Vmkernel | Shape::Vmkernel4 => "vmkernel".to_owned(),
        _ => String::from_utf8_lossy(header.program?).to_lowercase(),
    };
    let family = format::FORMATS.iter().find(|format| format.name.eq_ignore_ascii_case(&writer))?.name;
    let is_kernel = |log: &str| log.starts_with("vmk");
    let fits = logs
        .iter()
        .any(|log| log == family || MIXED.contains(&log.as_str()) || is_kernel(log) && is_kernel(family));
    let hint = format!("add '{family}' to `logs`, or take a line of {}", logs.join(" or "));
    let text = format!("the sample is a line of {family}, and the rule reads {}", logs.join(", "));
    (!fits).then(|| (Weight::Warning, Wrong::new(field, text, hint)))
}

fn first_line(log: &str) -> &[u8] {
    log.lines().find(|line| !line.trim().is_empty()).unwrap_or("").as_bytes()
}

fn check_hit(rules: &RuleSet, compiled: &Compiled, log: &str, at: usize, hit: &Hit) -> Vec<Wrong> {
    let seen = scan::seen_in(rules, log, hit.log.as_bytes());
    let own = seen.iter().find(|(rule, _)| *rule == compiled.rule.id);
    let Some((_, fields)) = own else {
        let (why, hint) = why_not(compiled, &hit.log);
        let text = format!("does not see its own sample in {log}: {why}: {}", short(&hit.log));
        return vec![Wrong::new(format!("hit.{at}.log"), text, hint)];
    };
    let differs = hit.fields.iter().filter(|(name, value)| fields.get(*name) != Some(*value));
    let told = |(name, value): (&String, &String)| {
        let text = match fields.get(name) {
            Some(got) => format!("gives {name} = {got:?}, not {value:?}: {}", short(&hit.log)),
            None => format!("gives no {name}, which should be {value:?}: {}", short(&hit.log)),
        };
        let hint = format!("a group (?P<{name}>…) gives the field; its value must be the same, sign by sign");
        Wrong::new(format!("hit.{at}.fields.{name}"), text, hint)
    };
    differs.map(told).collect()
}

fn check_miss(rules: &RuleSet, compiled: &Compiled, log: &str, at: usize, miss: &Miss) -> Option<Wrong> {
    let seen = scan::seen_in(rules, log, miss.log.as_bytes());
    let text = format!("sees a record in {log} that it must not: {}", short(&miss.log));
    let hint = "make `pattern` narrower, or say by `unless` what must not stand in the message";
    seen.iter()
        .any(|(rule, _)| *rule == compiled.rule.id)
        .then(|| Wrong::new(format!("miss.{at}.log"), text, hint))
}

/// Why a rule does not see a record, and what to change.
fn why_not(compiled: &Compiled, log: &str) -> (String, String) {
    let rule = &compiled.rule;
    if !rule.any.iter().any(|literal| log.contains(literal.as_str())) {
        let lower = log.to_lowercase();
        let other = rule.any.iter().find(|literal| lower.contains(&literal.to_lowercase()));
        let hint = match other {
            Some(literal) => {
                format!("{literal:?} stands in it with other capitals: literals are taken as they are")
            }
            None => "`any` must hold a text that stands in the line as it is".to_owned(),
        };
        return ("none of `any` stands in it".to_owned(), hint);
    }
    let message = message(log);
    let text = String::from_utf8_lossy(&message).into_owned();
    if let Some(pattern) = compiled.pattern.as_ref().filter(|pattern| !pattern.regex().is_match(&message)) {
        let why = format!("`pattern` does not match its message, which is {:?}", short(&text));
        let hint = if pattern.regex().is_match(log.trim().as_bytes()) {
            "the header is no part of the message: leave time stamp, program and [Originator…] out of `pattern`"
        } else {
            "the message begins behind the header, and `pattern` is told capitals apart unless it begins with (?i)"
        };
        return (why, hint.to_owned());
    }
    if let Some(unless) = compiled.unless.as_ref().filter(|unless| unless.regex().is_match(&message)) {
        let met =
            unless.regex().find(&message).map(|met| String::from_utf8_lossy(met.as_bytes()).into_owned());
        let why = format!("`unless` excludes it by {:?}", short(&met.unwrap_or_default()));
        return (why, "make `unless` narrower".to_owned());
    }
    (
        "it is read as several records".to_owned(),
        "a sample is one record with its continuation lines".to_owned(),
    )
}

/// The message of a sample, as the expressions see it.
pub(super) fn message(log: &str) -> Cow<'_, [u8]> {
    let text = log.trim_start_matches(['\n', '\r']).as_bytes();
    let record = Stretch { text, line: 1, offset: 0 };
    let first = record.lines().next().map_or(&b""[..], |(line, _, _)| line);
    let header = format::parse(first).unwrap_or_else(|| Header::without(first));
    fields::message_of(record, &header)
}
