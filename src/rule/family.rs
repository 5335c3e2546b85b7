//! The rules of one log family by their literals: which of them a record concerns.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::Compiled;
use super::fields::CONTEXT;
use super::literals::{Hits, Literals};

/// Bytes below which a literal is so short that a text is searched slowly for it.
const SHORT: usize = 7;
/// Letters of a word that is looked for in both cases of each: more would be too many spellings, fewer met too often.
const OF_WORD: usize = 5;

/// The rules of one log family.
pub(super) struct Family {
    /// One of them stands in every record that any rule matches.
    literals: Literals,
    /// By literal: indices of the rules that have it.
    rules_of: Vec<Vec<usize>>,
    /// What is asked of a record for the rules whose own literals are not looked for in the text.
    own: Own,
}

impl Family {
    /// Those of `rules` that `indices` names, ascending.
    pub(super) fn new(rules: &[Compiled], indices: &[usize]) -> Self {
        let (mut by_literal, mut own) = (ByLiteral::new(), ByLiteral::new());
        for &index in indices {
            let any = rules[index].rule.any.clone();
            match spellings(&rules[index]) {
                Some(spellings) => {
                    add(&mut by_literal, spellings, index);
                    add(&mut own, any, index);
                }
                None => add(&mut by_literal, any, index),
            }
        }
        let literals: Vec<&str> = by_literal.keys().map(String::as_str).collect();
        Family {
            literals: Literals::new(&literals),
            rules_of: by_literal.into_values().collect(),
            own: Own::new(own),
        }
    }

    /// Looks for literals in `text`.
    pub(super) fn hits<'a>(&'a self, text: &'a [u8]) -> FamilyHits<'a> {
        FamilyHits { family: self, text, hits: self.literals.find_iter(text) }
    }
}

/// By literal: indices of the rules that have it.
type ByLiteral = BTreeMap<String, Vec<usize>>;

fn add(to: &mut ByLiteral, literals: Vec<String>, index: usize) {
    for literal in literals {
        to.entry(literal).or_default().push(index);
    }
}

/// Rules that are asked only on records that hold one of their own literals as well.
struct Own {
    /// Their indices, ascending.
    rules: Vec<usize>,
    /// Finds all literals of all of them; `None` where there are none.
    finder: Option<AhoCorasick>,
    /// By literal: indices of the rules that have it.
    rules_of: Vec<Vec<usize>>,
}

impl Own {
    fn new(literals: ByLiteral) -> Self {
        let mut rules: Vec<usize> = literals.values().flatten().copied().collect();
        rules.sort_unstable();
        rules.dedup();
        // A record is short and asked once for all of them, so what counts is a byte's cost in the worst case.
        let automaton = || AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(literals.keys());
        let finder = (!rules.is_empty())
            .then(|| automaton().expect("some dozens of literals are within the automaton's limits"));
        Own { rules, finder, rules_of: literals.into_values().collect() }
    }

    /// Leaves out of `rules` those of its own that have no literal in `record`.
    fn narrow(&self, rules: &mut Vec<usize>, record: &[u8]) {
        let Some(finder) = &self.finder else { return };
        let is_own = |index: &usize| self.rules.contains(index);
        if !rules.iter().any(is_own) {
            return;
        }
        let met = finder.find_overlapping_iter(record).map(|met| &self.rules_of[met.pattern().as_usize()]);
        let met: Vec<&Vec<usize>> = met.collect();
        rules.retain(|index| !is_own(index) || met.iter().any(|rules| rules.contains(index)));
    }
}

/// What is looked for instead of a rule's own literals where some of these are short: all spellings of the word with which
/// its expression begins. `None` where it begins with none.
pub(super) fn spellings(compiled: &Compiled) -> Option<Vec<String>> {
    compiled.rule.any.iter().find(|literal| literal.len() < SHORT)?;
    let word = compiled.pattern.as_ref()?.first_word()?.get(..OF_WORD)?;
    let spelled = |spelling: u32| {
        let letters = word.chars().enumerate();
        letters.map(|(at, c)| if spelling >> at & 1 == 0 { c } else { c.to_ascii_uppercase() }).collect()
    };
    let mut all: Vec<String> = (0..1 << OF_WORD).map(spelled).collect();
    // The expression sees a message without what is left out of it: there a word may be in two pieces.
    all.push(CONTEXT.0.to_owned());
    Some(all)
}

/// The literals in a text that is gone through record by record.
pub(super) struct FamilyHits<'a> {
    family: &'a Family,
    text: &'a [u8],
    hits: Hits<'a>,
}

impl FamilyHits<'_> {
    /// A place in the next occurrence of a literal.
    #[inline]
    pub(super) fn next_at(&mut self) -> Option<usize> {
        self.hits.peek().map(|hit| hit.at)
    }

    /// Passes all that is met before the end of `record`, and puts the indices of the rules that have a literal in it into
    /// `rules`, ascending; a rule that cannot match may be left out.
    pub(super) fn take(&mut self, record: Range<usize>, rules: &mut Vec<usize>) {
        rules.clear();
        while let Some(hit) = self.hits.peek().filter(|hit| hit.at < record.end) {
            self.hits.next();
            // A literal of several lines may lie in two records.
            if record.start <= hit.start && hit.start + self.family.literals.len_of(hit.id) <= record.end {
                rules.extend_from_slice(&self.family.rules_of[hit.id as usize]);
            }
        }
        rules.sort_unstable();
        rules.dedup();
        self.family.own.narrow(rules, &self.text[record]);
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::RuleSet;

    /// What `take` gives for each of `records` beside what a look for every literal of every rule gives.
    #[track_caller]
    fn check(rules: &RuleSet, log: &str, records: &[&str]) {
        let text = records.concat();
        let mut hits = rules.families[log].hits(text.as_bytes());
        let (mut begin, mut concerned) = (0, Vec::new());
        for record in records {
            let own = begin..begin + record.len();
            let holds_one = |index: &usize| {
                let compiled = &rules.rules[*index];
                let holds = |all: &[String]| all.iter().any(|literal| record.contains(literal.as_str()));
                compiled.rule.logs.iter().any(|own| own == log)
                    && holds(&compiled.rule.any)
                    && super::spellings(compiled).is_none_or(|all| holds(&all))
            };
            let expected: Vec<usize> = (0..rules.rules.len()).filter(holds_one).collect();
            concerned.clear();
            if hits.next_at().is_some_and(|at| at < own.end) {
                hits.take(own.clone(), &mut concerned);
            }
            assert_eq!(concerned, expected, "{log}: {record}");
            begin = own.end;
        }
        assert!(hits.next_at().is_none());
    }

    #[test]
    fn a_word_in_two_pieces_and_in_any_case_is_not_overlooked() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let tail = "MasterTick:31: Evicting 5e0a1b2c-3d4e-5f60-7182-001b21a0b0c0 from the cluster membership";
        for word in ["CMMDS", "cMMdS", "CM[context]zKq7[/context]MDS"] {
            let text = format!("2020-02-03T10:00:00.100Z cpu4:20977){word}: {tail}\n");
            let seen = crate::rule::scan::seen_in(&rules, "vmkernel", text.as_bytes());
            assert_eq!(seen.len(), 1, "{word}");
        }
    }

    #[test]
    fn short_literals_are_looked_for_only_where_nothing_else_is_certain() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let replaced = rules.families["vmkernel"].own.rules.len();
        assert!(replaced >= 5, "the rules on the membership begin with a word: {replaced}");
        assert!(rules.families["hostd"].own.rules.is_empty());
    }

    #[test]
    fn a_record_concerns_the_rules_that_have_a_literal_in_it_and_no_others() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let all = rules.iter().flat_map(|(rule, _)| {
            rule.hit.iter().map(|hit| &hit.log).chain(rule.miss.iter().map(|miss| &miss.log))
        });
        let mut samples: Vec<String> = all.map(|log| format!("{log}\n")).collect();
        let cut: Vec<String> =
            samples.iter().map(|sample| format!("{}\n", &sample.trim_end()[25..])).collect();
        samples.extend(cut);
        let samples: Vec<&str> = samples.iter().map(String::as_str).collect();
        for log in rules.families.keys() {
            check(&rules, log, &samples);
        }
    }

    #[test]
    fn a_literal_of_several_lines_counts_only_where_one_record_holds_it_all() {
        let head = "[[rule]]\nid='x'\nkind='host.boot'\nseverity='info'\nabout='a'\nlogs=['vobd']\n";
        let rules = RuleSet::parse("mine.toml", &format!("{head}any=[\"end\\nbegin of another\", 'lost']\n"));
        let rules = rules.expect("right");
        check(
            &rules,
            "vobd",
            &["the end\n", "begin of another\n", "the end\nbegin of another\n", "lost\n", "x\n"],
        );
    }
}
