//! Why a rule did not fire: the same rule, and beside it two that see what it looked at and did not take.
//!
//! They are rules like others, so a bundle is read for them as it is for all; an ordinary run knows nothing of them.

use std::collections::BTreeMap;

use super::load::{self, File};
use super::{FOLLOWED_FILE, Rule, RuleSet, families, fields};
use crate::model::{EventKind, Severity};

/// What a record came to that holds a literal of the rule.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// The rule took it.
    Fired,
    /// Its pattern does not match the message.
    Unmatched,
    /// Its `unless` matches the message.
    Excluded,
}

impl Came {
    /// All, in the order of the rules of [`RuleSet::probing`].
    pub const ALL: [Came; 3] = [Came::Fired, Came::Unmatched, Came::Excluded];

    /// The id of the rule that sees such records, where `id` is that of the rule itself.
    pub fn id(self, id: &str) -> String {
        match self {
            Came::Fired => id.to_owned(),
            Came::Unmatched => format!("{id}.unmatched"),
            Came::Excluded => format!("{id}.excluded"),
        }
    }
}

impl RuleSet {
    /// No rule but `id`, and those that see what it looked at: see [`Came`]. `None` where there is no such rule.
    pub fn probing(mut self, id: &str) -> Option<RuleSet> {
        let at = self.rules[..self.len()].iter().position(|compiled| compiled.rule.id == id)?;
        let mut own = self.rules.swap_remove(at);
        // One that only compares clocks makes no events: here its records are what is asked for.
        own.rule.kind = own.rule.kind.or(Some(EventKind::OP_RECORD));
        let file = File { path: FOLLOWED_FILE.to_owned(), text: String::new(), built_in: true };
        let others =
            [Came::Unmatched, Came::Excluded].map(|came| load::compile(&file, 0, beside(&own.rule, came)));
        let mut rules = vec![own];
        for other in others {
            rules.push(other.ok()?);
        }
        self.families = families(&rules);
        (self.rules, self.follow, self.probes) = (rules, None, true);
        Some(self)
    }

    /// What the rule `index` of [`RuleSet::probing`] reads from a record that holds one of the literals.
    pub(super) fn probe(&self, index: usize, message: &[u8]) -> Option<BTreeMap<String, String>> {
        let own = self.compiled(0);
        if index == 0 {
            return fields::fields_of(own, message);
        }
        let matches = own.pattern.as_ref().is_none_or(|pattern| pattern.regex().is_match(message));
        let excludes = own.unless.as_ref().is_some_and(|unless| unless.regex().is_match(message));
        let is_so = if index == 1 { !matches } else { matches && excludes };
        is_so.then(BTreeMap::new)
    }
}

/// The rule that sees records of the literals of `rule` that came to `came`. Without an expression, as all records that hold
/// a literal are to be asked.
fn beside(rule: &Rule, came: Came) -> Rule {
    Rule {
        id: came.id(&rule.id),
        kind: Some(EventKind::OP_RECORD),
        severity: Severity::Info,
        witness: false,
        say: None,
        pattern: None,
        unless: None,
        extract: Vec::new(),
        collect: Vec::new(),
        ..rule.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::scan;

    #[test]
    fn every_record_with_a_literal_comes_to_one_of_three_ends() {
        let text = "[[rule]]\nid='mine.cdp'\nkind='net.link-down'\nseverity='info'\nabout='a'\nlogs=['vmkernel']\n\
                    any=['CDP', 'lldpd']\npattern='(?i)cdp[a-z]* lost'\nunless='planned'\n";
        let check = |message: &str, expected: Option<Came>| {
            let rules = RuleSet::parse("mine.toml", text).expect("right").probing("mine.cdp").expect("there");
            let line = format!("2020-02-03T10:00:00.100Z cpu4:20977){message}\n");
            let seen: Vec<String> =
                scan::seen_in(&rules, "vmkernel", line.as_bytes()).into_iter().map(|(id, _)| id).collect();
            assert_eq!(
                seen,
                expected.map(|came| came.id("mine.cdp")).into_iter().collect::<Vec<_>>(),
                "{message}"
            );
        };
        check("CDP lost on vmnic1", Some(Came::Fired));
        check("CDP found on vmnic1", Some(Came::Unmatched));
        check("lldpd says hello", Some(Came::Unmatched));
        check("CDP lost on vmnic1, planned", Some(Came::Excluded));
        check("cdp lost on vmnic1", None);
        assert!(RuleSet::parse("mine.toml", text).expect("right").probing("no.such").is_none());
    }

    #[test]
    fn every_built_in_rule_can_be_asked_and_sees_its_hits() {
        let all = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let samples: Vec<(String, String, String)> = all
            .iter()
            .filter_map(|(rule, _)| {
                Some((rule.id.clone(), rule.logs[0].clone(), rule.hit.first()?.log.clone()))
            })
            .collect();
        for (id, log, hit) in samples {
            let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules").probing(&id).expect("there");
            let seen = scan::seen_in(&rules, &log, hit.as_bytes());
            assert!(seen.len() == 1 && seen[0].0 == id, "{id}: {seen:?}");
        }
    }
}
