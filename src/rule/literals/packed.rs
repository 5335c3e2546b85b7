//! Literals that are too short to step over, or few: by the packed search of `aho-corasick`.

use aho_corasick::{AhoCorasick, MatchKind};

use super::exact::{Exact, gram};
use super::{Hit, Literal};

/// Literals that one searcher takes with SIMD. The crate's packed search takes 64, and 48 where one is of three bytes;
/// beyond that it falls back to an automaton, a tenth as fast.
pub(super) fn most(shortest: usize) -> usize {
    if shortest > HEAD { 60 } else { 45 }
}

/// Bytes by which the literals that begin at a place are looked up; no literal is shorter.
const HEAD: usize = super::SHORTEST;

/// Finds some dozens of literals of any length.
pub(super) struct Packed {
    searcher: AhoCorasick,
    /// By their first bytes.
    exact: Exact,
    /// Bytes of the longest.
    longest: usize,
}

impl Packed {
    /// Finds those of `literals` that `ids` names.
    pub(super) fn new(literals: &[Literal], ids: &[u32]) -> Self {
        let own = || ids.iter().map(|&id| &literals[id as usize]);
        // Leftmost-first is the kind that is searched with SIMD.
        let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(own());
        let heads = |&id: &u32| Some((gram(&literals[id as usize], HEAD)?, id, 0));
        Packed {
            searcher: searcher.expect("some dozens of literals are within the automaton's limits"),
            exact: Exact::new(&ids.iter().filter_map(heads).collect::<Vec<_>>()),
            longest: own().map(|literal| literal.len()).max().unwrap_or(0),
        }
    }

    /// How many literals it has.
    #[cfg(test)]
    pub(super) fn describe(&self) -> String {
        format!("packed: {}", self.exact.len())
    }

    /// Adds what begins in `from..to`.
    pub(super) fn find(
        &self,
        literals: &[Literal],
        text: &[u8],
        from: usize,
        to: usize,
        found: &mut Vec<Hit>,
    ) {
        let end = text.len().min(to.saturating_add(self.longest));
        for first in self.searcher.find_iter(&text[from..end]) {
            // The search goes on behind what it found. What it passed over begins within that: all is looked up.
            for at in from + first.start()..to.min(from + first.end()) {
                let Some(head) = gram(&text[at..], HEAD) else { break };
                self.exact.confirm(literals, text, at, head, found);
            }
        }
    }
}
