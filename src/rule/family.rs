//! The rules of one log family by their literals: which of them a record concerns.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Compiled;
use super::literals::{Hits, Literals};

/// The rules of one log family.
pub(super) struct Family {
    /// Any literal of any rule.
    literals: Literals,
    /// By literal: indices of the rules that have it.
    rules_of: Vec<Vec<usize>>,
    /// A rule that is looked at on every record that holds any literal.
    always: Option<usize>,
}

impl Family {
    /// Those of `rules` that `indices` names, ascending; `always` may be one of them.
    pub(super) fn new(rules: &[Compiled], indices: &[usize], always: Option<usize>) -> Self {
        let mut by_literal: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &index in indices {
            for literal in &rules[index].rule.any {
                by_literal.entry(literal).or_default().push(index);
            }
        }
        let literals: Vec<&str> = by_literal.keys().copied().collect();
        Family { literals: Literals::new(&literals), rules_of: by_literal.into_values().collect(), always }
    }

    /// Looks for literals in `text`.
    pub(super) fn hits<'a>(&'a self, text: &'a [u8]) -> FamilyHits<'a> {
        FamilyHits { family: self, hits: self.literals.find_iter(text) }
    }
}

/// The literals in a text that is gone through record by record.
pub(super) struct FamilyHits<'a> {
    family: &'a Family,
    hits: Hits<'a>,
}

impl FamilyHits<'_> {
    /// A place in the next occurrence of a literal.
    #[inline]
    pub(super) fn next_at(&mut self) -> Option<usize> {
        self.hits.peek().map(|hit| hit.at)
    }

    /// Itself, where the next occurrence is met before `end`.
    #[inline]
    pub(super) fn before(&mut self, end: usize) -> Option<&mut Self> {
        self.next_at().is_some_and(|at| at < end).then_some(self)
    }

    /// Passes all that is met before the end of `record`, and puts the indices of the rules that have a literal in it into
    /// `rules`, ascending.
    pub(super) fn take(&mut self, record: Range<usize>, rules: &mut Vec<usize>) {
        rules.clear();
        rules.extend(self.family.always);
        while let Some(hit) = self.hits.peek().filter(|hit| hit.at < record.end) {
            self.hits.next();
            // A literal of several lines may lie in two records.
            if record.start <= hit.start && hit.start + self.family.literals.len_of(hit.id) <= record.end {
                rules.extend_from_slice(&self.family.rules_of[hit.id as usize]);
            }
        }
        rules.sort_unstable();
        rules.dedup();
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
                let rule = &rules.rules[*index].rule;
                rule.logs.iter().any(|own| own == log)
                    && rule.any.iter().any(|literal| record.contains(literal))
            };
            let expected: Vec<usize> = (0..rules.rules.len()).filter(holds_one).collect();
            match hits.before(own.end) {
                Some(hits) => hits.take(own.clone(), &mut concerned),
                None => concerned.clear(),
            }
            assert_eq!(concerned, expected, "{log}: {record}");
            begin = own.end;
        }
        assert!(hits.next_at().is_none());
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
