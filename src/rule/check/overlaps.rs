//! Records that two rules see: in a timeline they stand twice.

use std::collections::BTreeSet;

use super::{Of, Weight};
use crate::rule::fault::Wrong;
use crate::rule::{Compiled, RuleSet, scan};

/// The hits of one rule that another rule sees too: where one of the two is an own rule, or `all`.
pub(super) fn check(rules: &RuleSet, compiled: &Compiled, all: bool) -> Of {
    let is_own = rules.is_own(compiled);
    let has_own = rules.rules[..rules.len()].iter().any(|other| rules.is_own(other));
    if !all && !has_own {
        return Of::new();
    }
    let by_id = |id: &str| rules.rules.iter().find(|other| other.rule.id == id);
    let mut of = Of::new();
    for (at, hit) in compiled.rule.hit.iter().enumerate() {
        let seen = compiled.rule.logs.iter().flat_map(|log| scan::seen_in(rules, log, hit.log.as_bytes()));
        let others: BTreeSet<String> = seen.map(|(id, _)| id).filter(|id| *id != compiled.rule.id).collect();
        for other in others.iter().filter_map(|id| by_id(id)) {
            // What the own rule's samples tell need not be told again by those of the built-in one.
            let concerns = all || is_own || rules.is_own(other);
            if !concerns || other.rule.witness {
                continue;
            }
            let kind = |compiled: &Compiled| compiled.rule.kind.map_or("(clocks)", |kind| kind.name());
            let is_same = compiled.rule.kind == other.rule.kind;
            let weight = if is_same { Weight::Warning } else { Weight::Note };
            let text = format!(
                "the rule {} ({}) sees this hit too: {}",
                other.rule.id,
                kind(other),
                if is_same { "the event stands twice in the timeline" } else { "two events are made of it" }
            );
            let hint = "leave it to one of them: make `pattern` narrower or exclude it by `unless`, where that is not meant";
            of.push((weight, Wrong::new(format!("hit.{at}.log"), text, hint)));
        }
    }
    of
}
