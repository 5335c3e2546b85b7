//! What the literals of a rule cost, and which of them are of no use.

use std::collections::BTreeSet;

use super::{Of, Weight};
use crate::rule::family::spellings;
use crate::rule::fault::Wrong;
use crate::rule::{Compiled, RuleSet, literals};

/// Bytes below which a literal is found by the slow search.
const SLOW: usize = 7;
/// Bytes from which it is not worth a word.
const WELL: usize = 11;

/// What is to be said of the literals of one rule.
pub(super) fn check(rules: &RuleSet, compiled: &Compiled) -> Of {
    let rule = &compiled.rule;
    let spelled = spellings(compiled);
    let mut of = Of::new();
    for (at, literal) in rule.any.iter().enumerate() {
        let field = format!("any.{at}");
        let others = rule.any.iter().enumerate().filter(|(other, _)| *other != at);
        let within = others
            .clone()
            .find(|(other, one)| literal.contains(one.as_str()) && (literal != *one || *other < at));
        if let Some((_, shorter)) = within {
            let text = format!(
                "the literal {literal:?} never matters: {shorter:?} stands in every record that holds it"
            );
            of.push((
                Weight::Warning,
                Wrong::new(
                    field.clone(),
                    text,
                    "leave out the longer, which changes nothing, or the shorter where it is too common",
                ),
            ));
        }
        let size = literal.len();
        // Instead of the literals the first word of the pattern may be looked for.
        if size < WELL && spelled.is_none() {
            let weight = if size < SLOW { Weight::Warning } else { Weight::Note };
            let text = format!(
                "the literal {literal:?} has {size} bytes: {}{}",
                literals::group_of(size),
                cost(rules, compiled)
            );
            let hint =
                "take more of the text around it where every such record has it: 11 bytes are good, 15 best";
            of.push((weight, Wrong::new(field.clone(), text, hint)));
        }
        if !rule.hit.is_empty() && !rule.hit.iter().any(|hit| hit.log.contains(literal.as_str())) {
            let text = format!("no hit holds the literal {literal:?}");
            of.push((Weight::Note, Wrong::new(field, text, "add a [[rule.hit]] with a line that has it")));
        }
    }
    of
}

/// What the search of a rule's logs costs with it and without it, where that differs.
fn cost(rules: &RuleSet, compiled: &Compiled) -> String {
    let cycles = |log: &str, with: bool| {
        let of_log = rules.rules.iter().filter(|other| other.rule.logs.iter().any(|own| own == log));
        let of_log = of_log.filter(|other| with || other.rule.id != compiled.rule.id);
        let looked_for = |other: &Compiled| spellings(other).unwrap_or_else(|| other.rule.any.clone());
        let all: BTreeSet<String> = of_log.flat_map(looked_for).collect();
        literals::cycles(&all.into_iter().collect::<Vec<String>>())
    };
    let costs = compiled.rule.logs.iter().map(|log| (log, cycles(log, false), cycles(log, true)));
    let worst = costs.max_by(|a, b| (a.2 - a.1).total_cmp(&(b.2 - b.1)));
    let told = worst.filter(|(_, without, with)| with - without >= 0.01);
    told.map_or_else(String::new, |(log, without, with)| {
        format!("; with this rule the search of {log} takes {with:.2} cycles a byte, without it {without:.2}")
    })
}
