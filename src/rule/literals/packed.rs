//! Literals that are too short to step over, or few: by the packed search of `aho-corasick`.

use aho_corasick::packed::Config;
use aho_corasick::{AhoCorasick, Match, MatchKind, packed};

use super::exact::{Exact, gram};
use super::{Hit, Literal};

/// Literals that one searcher takes with SIMD. The crate's packed search takes 64, and 48 where one is of three bytes;
/// beyond that it falls back to an automaton, a tenth as fast.
pub(super) fn most(shortest: usize) -> usize {
    if shortest > HEAD { 60 } else { 45 }
}

/// Bytes by which the literals that begin at a place are looked up; no literal is shorter.
const HEAD: usize = super::SHORTEST;

/// The search of the crate that is taken.
enum Search {
    /// With SIMD alone. The automaton would choose a search for rare bytes where literals are few, and go on itself behind
    /// each of those.
    Packed(packed::Searcher),
    /// Where the machine has no SIMD that it can use, or there are too many literals for it.
    Automaton(AhoCorasick),
}

impl Search {
    fn new<'l>(literals: impl Iterator<Item = &'l Literal> + Clone) -> Self {
        // Leftmost-first is the kind that is searched with SIMD.
        let packed = Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(literals.clone())
            .build();
        packed.map_or_else(
            || {
                let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(literals);
                Search::Automaton(built.expect("some dozens of literals are within the automaton's limits"))
            },
            Search::Packed,
        )
    }

    fn each(&self, text: &[u8], met: impl FnMut(Match)) {
        match self {
            Search::Packed(searcher) => searcher.find_iter(text).for_each(met),
            Search::Automaton(automaton) => automaton.find_iter(text).for_each(met),
        }
    }
}

/// Finds some dozens of literals of any length.
pub(super) struct Packed {
    search: Search,
    /// By their first bytes.
    exact: Exact,
    /// Bytes of the longest.
    longest: usize,
}

impl Packed {
    /// Finds those of `literals` that `ids` names.
    pub(super) fn new(literals: &[Literal], ids: &[u32]) -> Self {
        let own = ids.iter().map(|&id| &literals[id as usize]);
        let heads = |&id: &u32| Some((gram(&literals[id as usize], HEAD)?, id, 0));
        Packed {
            search: Search::new(own.clone()),
            exact: Exact::new(&ids.iter().filter_map(heads).collect::<Vec<_>>()),
            longest: own.map(|literal| literal.len()).max().unwrap_or(0),
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
        self.search.each(&text[from..end], |first| {
            // The search goes on behind what it found. What it passed over begins within that: all is looked up.
            for at in from + first.start()..to.min(from + first.end()) {
                let Some(head) = gram(&text[at..], HEAD) else { break };
                self.exact.confirm(literals, text, at, head, found);
            }
        });
    }
}
