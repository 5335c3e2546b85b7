//! Literals that are not too short, by one q-gram every few bytes.
//!
//! A literal of at least `stride + q - 1` bytes holds, at whatever alignment it stands, a q-gram that begins at a
//! multiple of `stride`. So all `stride` q-grams of one window of each literal go into a hashed bitmap, and of a text only
//! the q-grams at multiples of `stride` are tested. The window is the one that is rarest in logs.

use super::exact::{Exact, gram, hash};
use super::rarity::Rarity;
use super::{Hit, Literal};

/// Bytes of a bitmap: it must stay in the first cache beside the text.
const MAP: usize = 32 << 10;
/// Its words: a bit of one is tested with one instruction where a byte would be shifted first.
const WORDS: usize = MAP / 4;
/// Q-grams that are tested at once.
const TURN: usize = 8;
/// Bytes that a turn looks at.
const LOOK: usize = 64;

/// How far apart the tested q-grams are, and how long.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub stride: usize,
    pub q: usize,
}

/// The ways to step, those for long literals first.
pub(super) const STEPS: [Steps; 4] = [
    Steps { stride: 8, q: 8 },
    Steps { stride: 6, q: 6 },
    Steps { stride: 4, q: 6 },
    Steps { stride: 4, q: 4 },
];

impl Steps {
    /// Bytes of the shortest literal that is found.
    pub(super) const fn least(self) -> usize {
        self.stride + self.q - 1
    }

    /// Where in `literal` its rarest window begins, and the share of places in a log at which one of the window's q-grams is
    /// expected.
    pub(super) fn window(self, literal: &[u8]) -> (usize, f64) {
        let rarity = Rarity::get();
        let shares: Vec<f64> = literal.windows(self.q).map(|gram| rarity.share(gram)).collect();
        let windows = shares.windows(self.stride).map(|window| window.iter().sum::<f64>()).enumerate();
        windows.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 1.0))
    }

    /// The share of a bitmap that `literals` literals set.
    pub(super) fn filled(self, literals: usize) -> f64 {
        (literals * self.stride) as f64 / (MAP * 8) as f64
    }
}

/// Finds literals by some way to step.
pub(super) struct Strided {
    steps: Steps,
    map: Box<[u32; WORDS]>,
    exact: Exact,
}

/// The word of the bitmap and the bit in it that stand for a q-gram.
#[inline(always)]
fn place(gram: u64) -> (usize, u32) {
    let hash = hash(gram);
    ((hash >> (64 - WORDS.ilog2())) as usize, (hash >> (59 - WORDS.ilog2())) as u32 % u32::BITS)
}

impl Strided {
    /// Finds those of `literals` that `ids` names; none may be shorter than the steps allow.
    pub(super) fn new(steps: Steps, literals: &[Literal], ids: &[u32]) -> Self {
        let mut grams = Vec::new();
        for &id in ids {
            let literal = &literals[id as usize];
            let (begin, _) = steps.window(literal);
            let of_window = begin..begin + steps.stride;
            grams.extend(of_window.filter_map(|at| Some((gram(&literal[at..], steps.q)?, id, at))));
        }
        let mut map = Box::new([0; WORDS]);
        for &(gram, _, _) in &grams {
            let (word, bit) = place(gram);
            map[word] |= 1 << bit;
        }
        Strided { steps, map, exact: Exact::new(&grams) }
    }

    /// Its steps and how many q-grams it has.
    #[cfg(test)]
    pub(super) fn describe(&self) -> String {
        format!("{}/{}: {} q-grams", self.steps.stride, self.steps.q, self.exact.len())
    }

    /// Adds what stands in `text` with its q-gram in `from..to`; `from` is a multiple of the stride.
    pub(super) fn find(
        &self,
        literals: &[Literal],
        text: &[u8],
        from: usize,
        to: usize,
        found: &mut Vec<Hit>,
    ) {
        let mut met = |at: usize, gram: u64| self.exact.confirm(literals, text, at, gram, found);
        let rest = match self.steps {
            Steps { stride: 8, .. } => self.turns::<8, 8>(text, from, to, &mut met),
            Steps { stride: 6, .. } => self.turns::<6, 6>(text, from, to, &mut met),
            Steps { q: 6, .. } => self.turns::<4, 6>(text, from, to, &mut met),
            Steps { .. } => self.turns::<4, 4>(text, from, to, &mut met),
        };
        for at in (rest..to).step_by(self.steps.stride) {
            let Some(gram) = gram(&text[at..], self.steps.q) else { break };
            if self.may_be(gram) {
                met(at, gram);
            }
        }
    }

    /// Whether `gram` may be one of those that are looked for.
    #[inline(always)]
    fn may_be(&self, gram: u64) -> bool {
        let (word, bit) = place(gram);
        self.map[word] >> bit & 1 != 0
    }

    /// Tests [`TURN`] q-grams at once while a whole turn is left; where it ended.
    #[inline(always)]
    fn turns<const STRIDE: usize, const Q: usize>(
        &self,
        text: &[u8],
        from: usize,
        to: usize,
        met: &mut impl FnMut(usize, u64),
    ) -> usize {
        const { assert!((TURN - 1) * STRIDE + 8 <= LOOK) };
        let mut at = from;
        while at + TURN * STRIDE <= to
            && let Some(look) = text[at..].first_chunk::<LOOK>()
        {
            // One branch a turn: a bit for each q-gram that the map knows.
            let mut known = 0_u32;
            for turn in 0..TURN {
                known |= u32::from(self.may_be(gram_in::<Q>(look, turn * STRIDE))) << turn;
            }
            while known != 0 {
                let offset = known.trailing_zeros() as usize * STRIDE;
                known &= known - 1;
                met(at + offset, gram_in::<Q>(look, offset));
            }
            at += TURN * STRIDE;
        }
        at
    }
}

/// The q-gram at `at`, as [`gram`] gives it.
#[inline(always)]
fn gram_in<const Q: usize>(look: &[u8; LOOK], at: usize) -> u64 {
    if Q == 4 {
        let bytes = look[at..at + 4].try_into().expect("a slice of four bytes");
        return u64::from(u32::from_le_bytes(bytes));
    }
    let bytes = look[at..at + 8].try_into().expect("a slice of eight bytes");
    u64::from_le_bytes(bytes) & (u64::MAX >> (64 - 8 * Q))
}
