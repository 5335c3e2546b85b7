//! Any literal of a log family's rules, found in one pass with SIMD where its kind allows.

use std::iter::Peekable;

use aho_corasick::{AhoCorasick, FindIter, MatchKind};

/// Literals that one searcher takes with SIMD; the crate's packed search takes no more.
const PACKED: usize = 60;

/// The literals of a log family.
pub(crate) struct Literals {
    ascii: Vec<AhoCorasick>,
    /// Those of other scripts: a text of ASCII alone, as most logs are, holds none of them.
    other: Vec<AhoCorasick>,
}

impl Literals {
    pub(super) fn new(mut literals: Vec<&str>) -> Self {
        literals.sort_unstable();
        literals.dedup();
        let (ascii, other): (Vec<&str>, Vec<&str>) =
            literals.into_iter().partition(|literal| literal.is_ascii());
        Literals { ascii: searchers(&ascii), other: searchers(&other) }
    }

    /// Where literals begin in `text`, ascending; of those that overlap some may be left out.
    pub(super) fn find_iter<'a>(&'a self, text: &'a [u8]) -> Hits<'a> {
        let other = if text.is_ascii() { &[][..] } else { &self.other };
        Hits { parts: self.ascii.iter().chain(other).map(|part| part.find_iter(text).peekable()).collect() }
    }
}

fn searchers(literals: &[&str]) -> Vec<AhoCorasick> {
    // Equal parts: a searcher of a few literals more than fit would cost a whole pass for them.
    let parts = literals.len().div_ceil(PACKED).max(1);
    let chunks = literals.chunks(literals.len().div_ceil(parts).max(1));
    // Leftmost-first is the kind that is searched with SIMD; which rules a hit concerns is asked on the record.
    let build = |chunk| AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(chunk);
    chunks
        .map(|chunk| build(chunk).expect("some dozens of short literals are within the automaton's limits"))
        .collect()
}

/// Where literals begin.
pub(super) struct Hits<'a> {
    parts: Vec<Peekable<FindIter<'a, 'a>>>,
}

impl Iterator for Hits<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let first = match self.parts.as_mut_slice() {
            [only] => return only.next().map(|found| found.start()),
            parts => {
                let starts = parts.iter_mut().enumerate();
                starts.filter_map(|(at, part)| Some((part.peek()?.start(), at))).min()?
            }
        };
        self.parts[first.1].next();
        Some(first.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_of_all_parts_come_in_their_order() {
        let names: Vec<String> = (0..150).map(|n| format!("literal-{n:03}.")).collect();
        let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
        all.extend(["移行に失敗", "等待数据失败"]);
        let literals = Literals::new(all);
        assert_eq!((literals.ascii.len(), literals.other.len()), (3, 1));
        let find = |text: &str| literals.find_iter(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(find("literal-149. literal-000. x literal-077."), [0, 13, 28]);
        assert_eq!(find("移行に失敗 literal-001. 等待数据失败"), [0, 16, 29]);
        assert!(find("literal-150").is_empty() && Literals::new(Vec::new()).find_iter(b"x").next().is_none());
    }
}
