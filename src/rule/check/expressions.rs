//! Expressions that can match nothing, or less than their author thinks.

use regex::bytes::RegexBuilder;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{Extractor, Literal};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::samples::message;
use super::{Of, Weight, short};
use crate::rule::Compiled;
use crate::rule::fault::Wrong;
use crate::rule::load::matches_nothing;

/// Alternatives of one expression that are looked at.
const MOST: usize = 200;

/// What is to be said of the expressions of one rule.
pub(super) fn check(compiled: &Compiled) -> Of {
    let mut of = Of::new();
    let rule = &compiled.rule;
    let named = [("pattern", &rule.pattern), ("unless", &rule.unless)];
    let lists = [("extract", &rule.extract), ("collect", &rule.collect)];
    let single = named.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.as_ref()?)));
    let listed = lists
        .into_iter()
        .flat_map(|(name, all)| all.iter().enumerate().map(move |(at, text)| (format!("{name}.{at}"), text)));
    for (field, text) in single.chain(listed) {
        let Some(hir) = parsed(text) else { continue };
        if let Some(reason) = matches_nothing(text) {
            let wrong = format!("`{field}` can match nothing: {reason}");
            of.push((Weight::Wrong, Wrong::new(field.clone(), wrong, "take out what contradicts")));
        }
        if begins_with_stamp(&hir) && !matches_a_hit(compiled, text) {
            let wrong =
                format!("`{field}` can match nothing: it wants a time stamp where the message begins");
            let hint =
                "the header is no part of the message: begin behind time stamp, program and [Originator…]";
            of.push((Weight::Wrong, Wrong::new(field, wrong, hint)));
        }
    }
    of.extend(capitals(compiled));
    of.extend(without_literal(compiled));
    of.extend(unexercised(compiled));
    of
}

fn parsed(text: &str) -> Option<Hir> {
    ParserBuilder::new().unicode(false).utf8(false).build().parse(text).ok()
}

fn matches_a_hit(compiled: &Compiled, text: &str) -> bool {
    let regex = RegexBuilder::new(text).unicode(false).build();
    regex.is_ok_and(|regex| compiled.rule.hit.iter().any(|hit| regex.is_match(&message(&hit.log))))
}

/// Whether every match begins where the message does, with what looks like `2026-01-31`.
fn begins_with_stamp(hir: &Hir) -> bool {
    let HirKind::Concat(subs) = hir.kind() else { return false };
    let Some((HirKind::Look(Look::Start), rest)) =
        subs.split_first().map(|(first, rest)| (first.kind(), rest))
    else {
        return false;
    };
    let mut form = String::new();
    rest.iter().all(|sub| put_form(sub, &mut form) && form.len() < 10);
    form.starts_with("0000-00-00")
}

/// Writes what `hir` matches with 0 for every digit; whether it could be told.
fn put_form(hir: &Hir, form: &mut String) -> bool {
    let is_digit = |class: &Class| match class {
        Class::Bytes(class) => {
            class.ranges().iter().all(|range| range.start() >= b'0' && range.end() <= b'9')
        }
        Class::Unicode(_) => false,
    };
    match hir.kind() {
        HirKind::Literal(literal) => {
            let sign = |&byte: &u8| if byte.is_ascii_digit() { '0' } else { char::from(byte) };
            form.extend(literal.0.iter().map(sign));
            true
        }
        HirKind::Class(class) if is_digit(class) => {
            form.push('0');
            true
        }
        HirKind::Repetition(repeated) if repeated.max == Some(repeated.min) && repeated.min <= 20 => {
            (0..repeated.min).all(|_| put_form(&repeated.sub, form))
        }
        HirKind::Capture(capture) => put_form(&capture.sub, form),
        HirKind::Concat(subs) => subs.iter().all(|sub| put_form(sub, form)),
        _ => false,
    }
}

/// A pattern that takes any capitals beside literals that do not; and one whose only text differs from a literal in them.
fn capitals(compiled: &Compiled) -> Of {
    let rule = &compiled.rule;
    let Some(pattern) = &rule.pattern else { return Of::new() };
    let mut of = Of::new();
    for (at, literal) in rule.any.iter().enumerate() {
        if !literal.contains(|sign: char| sign.is_ascii_alphabetic()) {
            continue;
        }
        let lower = literal.to_lowercase();
        let spelled = rule.any.iter().filter(|other| other.to_lowercase() == lower).count();
        let field = format!("any.{at}");
        if pattern.contains(literal.as_str()) {
            if pattern.starts_with("(?i") && spelled == 1 {
                let text = format!(
                    "`pattern` takes any capitals, and the literal {literal:?} is looked for as it is written"
                );
                let hint = "name each spelling in `any`, or leave out (?i) where the log has one alone";
                of.push((Weight::Note, Wrong::new(field, text, hint)));
            }
        } else if !pattern.contains("(?i") && pattern.to_lowercase().contains(&lower) {
            let text = format!("the literal {literal:?} has other capitals than the same text in `pattern`");
            let hint =
                "a record is seen where it holds a literal and `pattern` matches: write both as the log does";
            of.push((Weight::Warning, Wrong::new(field, text, hint)));
        }
    }
    of
}

/// Alternatives of the pattern that match known texts only, in none of which a literal stands.
fn without_literal(compiled: &Compiled) -> Of {
    let Some(hir) = compiled.rule.pattern.as_deref().and_then(parsed) else { return Of::new() };
    let mut all = variants(&hir);
    if all.is_empty() {
        all.push((hir.clone(), hir));
    }
    let holds_one = |text: &[u8]| {
        compiled.rule.any.iter().any(|literal| memchr::memmem::find(text, literal.as_bytes()).is_some())
    };
    let lacks_all = |whole: &Hir| {
        let texts = Extractor::new().extract(whole);
        let known = texts.literals().filter(|texts| !texts.is_empty() && texts.iter().all(Literal::is_exact));
        known.is_some_and(|texts| !texts.iter().any(|text| holds_one(text.as_bytes())))
    };
    // Where a hit has it, a literal stands beside it: in the header, say.
    let idle = all.into_iter().take(MOST);
    let idle = idle.filter(|(_, whole)| lacks_all(whole) && !matches_a_hit(compiled, &whole.to_string()));
    idle.map(|(alternative, _)| {
        let text = format!(
            "no literal of `any` stands in what this alternative of `pattern` matches: {}",
            short(&alternative.to_string())
        );
        let hint = "a record is only looked at where it holds a literal: name one for every alternative";
        (Weight::Warning, Wrong::new("pattern", text, hint))
    })
    .collect()
}

/// Alternatives of the pattern that no hit exercises.
fn unexercised(compiled: &Compiled) -> Of {
    let Some(hir) = compiled.rule.pattern.as_deref().and_then(parsed) else { return Of::new() };
    if compiled.rule.hit.is_empty() {
        return Of::new();
    }
    let idle = variants(&hir).into_iter().take(MOST);
    let idle = idle.filter(|(_, whole)| !matches_a_hit(compiled, &whole.to_string()));
    idle.map(|(alternative, _)| {
        let text =
            format!("no hit exercises this alternative of `pattern`: {}", short(&alternative.to_string()));
        (Weight::Note, Wrong::new("pattern", text, "add a [[rule.hit]] with a line that it is for"))
    })
    .collect()
}

/// Every alternative of `hir`, at the top or in a part of it, and the whole with that one alone.
fn variants(hir: &Hir) -> Vec<(Hir, Hir)> {
    match hir.kind() {
        HirKind::Alternation(subs) => subs.iter().map(|sub| (sub.clone(), sub.clone())).collect(),
        HirKind::Capture(capture) => variants(&capture.sub),
        HirKind::Concat(subs) => {
            let of = |at: usize| {
                let with = move |(alternative, part): (Hir, Hir)| {
                    let mut all = subs.clone();
                    all[at] = part;
                    (alternative, Hir::concat(all))
                };
                variants(&subs[at]).into_iter().map(with)
            };
            (0..subs.len()).flat_map(of).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_at_the_beginning_is_known_in_its_spellings() {
        for text in [r"^\d{4}-\d\d-\d\dT", r"^2026-01-31", r"^(\d\d\d\d)-[0-9]{2}-\d{2}"] {
            assert!(begins_with_stamp(&parsed(text).expect("right")), "{text}");
        }
        for text in [r"\d{4}-\d\d-\d\dT", r"^\d+-\d\d-\d\dT", r"^\d{4}-\d\d: ", "^a", "abc"] {
            assert!(!begins_with_stamp(&parsed(text).expect("right")), "{text}");
        }
    }

    #[test]
    fn every_alternative_is_tried_by_itself() {
        let told = |text: &str| {
            let all = variants(&parsed(text).expect("right"));
            all.into_iter().map(|(_, whole)| whole.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(told("abc").len(), 0);
        assert_eq!(told("ab|cd").len(), 2);
        assert_eq!(told("x(?:ab|cd)y(?P<n>ef|gh)").len(), 4);
    }
}
