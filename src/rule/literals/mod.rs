//! All literals of a log family's rules, found in one pass over a text, whatever their number.
//!
//! What is not too short is found by one q-gram every few bytes ([`strided`]), what is too short or few by the packed
//! search of `aho-corasick` ([`packed`]); which literal goes which way is chosen by what it would cost ([`grouping`]).
//! Every occurrence is found, also of literals that overlap. What a hit means is not known here.

mod exact;
mod grouping;
mod packed;
mod rarity;
mod strided;

use packed::Packed;
use strided::Strided;

/// The bytes of a literal.
type Literal = Box<[u8]>;

/// Bytes of the shortest literal.
pub const SHORTEST: usize = 3;

/// Bytes that all searchers look at before the next ones, so that only the first reads them from memory: a multiple of
/// every stride.
const BLOCK: usize = 12 << 10;

/// Which way literals of `size` bytes are found, in words.
pub fn group_of(size: usize) -> &'static str {
    match size {
        15.. => "found at every eighth byte, the fastest way",
        11.. => "found at every sixth byte",
        7.. => "found at every fourth byte, which takes twice the time of the longest",
        _ => "too short to step over, every byte is looked at",
    }
}

/// Cycles that the search for these literals takes for a byte of text, reckoned by what was measured.
pub fn cycles<L: AsRef<[u8]>>(literals: &[L]) -> f64 {
    let literals: Vec<Literal> = literals.iter().map(|literal| literal.as_ref().into()).collect();
    grouping::cycles(&literals)
}

/// A way to find some of the literals.
enum Searcher {
    Strided(Strided),
    Packed(Packed),
}

impl Searcher {
    fn find(&self, literals: &[Literal], text: &[u8], from: usize, to: usize, found: &mut Vec<Hit>) {
        match self {
            Searcher::Strided(strided) => strided.find(literals, text, from, to, found),
            Searcher::Packed(packed) => packed.find(literals, text, from, to, found),
        }
    }
}

/// The literals of a log family.
pub struct Literals {
    literals: Vec<Literal>,
    /// Bytes of the longest.
    longest: usize,
    searchers: Vec<Searcher>,
    /// For literals of other scripts that fit no searcher of the others: a text of ASCII alone, as most logs are, holds none
    /// of them.
    other: Vec<Searcher>,
}

/// An occurrence of a literal.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// A place within the occurrence; hits come in the order of these.
    pub at: usize,
    /// Where the occurrence begins.
    pub start: usize,
    /// The literal's index.
    pub id: u32,
}

impl Literals {
    /// Finds these literals, each known by its index; none may be shorter than [`SHORTEST`].
    pub fn new<L: AsRef<[u8]>>(literals: &[L]) -> Self {
        let literals: Vec<Literal> = literals.iter().map(|literal| literal.as_ref().into()).collect();
        let groups = grouping::choose(&literals);
        let searcher = |group: &grouping::Group| match group.steps {
            Some(steps) => Searcher::Strided(Strided::new(steps, &literals, &group.ids)),
            None => Searcher::Packed(Packed::new(&literals, &group.ids)),
        };
        let searchers = groups.searchers.iter().map(searcher).collect();
        let other = groups.other.iter().map(searcher).collect();
        let longest = literals.iter().map(|literal| literal.len()).max().unwrap_or(0);
        Literals { literals, longest, searchers, other }
    }

    /// Bytes of the literal `id`.
    pub fn len_of(&self, id: u32) -> usize {
        self.literals[id as usize].len()
    }

    /// All occurrences in `text`.
    pub fn find_iter<'a>(&'a self, text: &'a [u8]) -> Hits<'a> {
        Hits { literals: self, text, searched: 0, found: Vec::new(), next: 0 }
    }

    /// What the searchers look for: the steps of each and how many literals it has; those of other scripts last.
    #[cfg(test)]
    pub fn describe(&self) -> String {
        let one = |searcher: &Searcher| match searcher {
            Searcher::Strided(strided) => strided.describe(),
            Searcher::Packed(packed) => packed.describe(),
        };
        let all = |searchers: &[Searcher]| searchers.iter().map(one).collect::<Vec<_>>().join(" + ");
        format!("{} | {}", all(&self.searchers), all(&self.other))
    }

    /// Puts what is met in `from..to` into `found`, in order.
    fn find(&self, text: &[u8], from: usize, to: usize, found: &mut Vec<Hit>) {
        found.clear();
        for searcher in &self.searchers {
            searcher.find(&self.literals, text, from, to, found);
        }
        // A literal may begin before and end behind.
        let around = from.saturating_sub(self.longest)..text.len().min(to + self.longest);
        if !self.other.is_empty() && !text[around].is_ascii() {
            for searcher in &self.other {
                searcher.find(&self.literals, text, from, to, found);
            }
        }
        found.sort_unstable();
    }
}

/// Occurrences of literals, in the order of their places.
pub struct Hits<'a> {
    literals: &'a Literals,
    text: &'a [u8],
    /// How far the text was searched.
    searched: usize,
    found: Vec<Hit>,
    /// Index into `found`.
    next: usize,
}

impl Hits<'_> {
    /// The next occurrence, which is not passed.
    pub fn peek(&mut self) -> Option<Hit> {
        while self.next == self.found.len() {
            if self.searched == self.text.len() {
                return None;
            }
            let to = self.text.len().min(self.searched + BLOCK);
            self.literals.find(self.text, self.searched, to, &mut self.found);
            (self.searched, self.next) = (to, 0);
        }
        Some(self.found[self.next])
    }
}

impl Iterator for Hits<'_> {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        let hit = self.peek()?;
        self.next += 1;
        Some(hit)
    }
}

#[cfg(test)]
mod tests;
