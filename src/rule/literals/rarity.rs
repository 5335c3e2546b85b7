//! How often a q-gram is to be expected in a log: from how often each pair of bytes stands in real ones.

use std::sync::LazyLock;

/// Counts of the pairs of printable bytes, and of all others as one: a line for each first byte, a character for each
/// second.
///
/// A character tells twice the binary logarithm of the pair's share of a log, from [`LEAST`] on: what `0` tells is a
/// half less often than what `2` tells. Made by `benches/matcher`: `pairs LOG...`, which counts each log for as much as
/// another.
static PAIRS: &str = include_str!("pairs.txt");

/// Binary logarithm of the share that `0` stands for; a pair that was never seen has it too.
const LEAST: f64 = -24.0;
/// Kinds of bytes: the printable ones of ASCII, and all others.
const KINDS: usize = 96;

/// Shares of pairs of bytes in logs.
pub(super) struct Rarity {
    /// By the kinds of both bytes.
    pairs: Vec<f64>,
    /// By kind: the sum over what may follow.
    single: Vec<f64>,
}

static RARITY: LazyLock<Rarity> = LazyLock::new(Rarity::shipped);

fn kind(byte: u8) -> usize {
    usize::from(byte.wrapping_sub(b' ')).min(KINDS - 1)
}

impl Rarity {
    pub(super) fn get() -> &'static Rarity {
        &RARITY
    }

    fn shipped() -> Self {
        let share = |letter: u8| (LEAST + f64::from(letter.saturating_sub(b'0')) / 2.0).exp2();
        let pairs: Vec<f64> = PAIRS.bytes().filter(|byte| byte.is_ascii_graphic()).map(share).collect();
        let single = pairs.chunks(KINDS).map(|row| row.iter().sum()).collect();
        Rarity { pairs, single }
    }

    /// The share of places in a log at which `gram` is to be expected, were each byte to depend on the one before it only.
    pub(super) fn share(&self, gram: &[u8]) -> f64 {
        let pair = |two: &[u8]| self.pairs[kind(two[0]) * KINDS + kind(two[1])];
        let together: f64 = gram.windows(2).map(pair).product();
        let inner = gram.get(1..gram.len().saturating_sub(1)).unwrap_or_default();
        together / inner.iter().map(|&byte| self.single[kind(byte)]).product::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_tells_common_from_rare() {
        let rarity = Rarity::get();
        assert_eq!((rarity.pairs.len(), rarity.single.len()), (KINDS * KINDS, KINDS));
        let all: f64 = rarity.pairs.iter().sum();
        assert!((0.8..1.3).contains(&all), "shares of one whole: {all}");
        assert!(rarity.share(b" info") > 30.0 * rarity.share(b"Qxj~Z"));
        assert!(rarity.share("移行に".as_bytes()) < rarity.share(b"host"));
    }
}
