//! Choices read from the bytes of an input, and the changes that are made to a text by them.

/// Reads choices from an input; at its end every choice is 0.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// Choices from `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Bytes(bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// The next two bytes.
    pub fn two(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// The next four bytes, as the seed of a [`Prng`].
    pub fn seed(&mut self) -> u64 {
        (self.two() as u64) << 16 | self.two() as u64
    }

    /// A number below `end`, which must be more than 0; one byte is read where that is enough.
    pub fn below(&mut self, end: usize) -> usize {
        if end <= 256 { usize::from(self.byte()) % end } else { self.two() % end }
    }

    /// Whether a thing happens that should happen once in `times`; never at the end of the input.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }

    /// The next `len` bytes, or as many as there are.
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A `splitmix64` stream: the same seed gives the same numbers for ever.
#[derive(Clone, Debug)]
pub struct Prng(u64);

impl Prng {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Prng(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.draw()) * end as u128) >> 64) as usize
    }
}

/// `text` in blocks whose sizes come from `seed`: seed 0 gives one block, others any size from none to a few thousand.
pub fn blocks(text: &[u8], seed: u64) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut prng) = (text, Prng::new(seed));
    let largest = [1, 2, 8, 64, 600, 5000][prng.below(6)];
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let len = if seed == 0 { rest.len() } else { prng.below(largest + 1).max(prng.below(20).min(1)) };
        let (block, after) = rest.split_at(len.min(rest.len()));
        rest = after;
        Some(block)
    })
}

/// `sample` after a few changes that `bytes` choose: none where nothing is left of them.
pub fn mutated(sample: &[u8], bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut text = sample.to_vec();
    for _ in 0..bytes.below(9) {
        let at = bytes.two() % (text.len() + 1);
        match bytes.below(7) {
            0 => text.truncate(at),
            1 => flip(&mut text, at, 1 << bytes.below(8)),
            2 => insert(&mut text, at, bytes.byte(), 1 + bytes.below(40)),
            3 => drop(text.drain(at..(at + 1 + bytes.below(40)).min(text.len()))),
            4 => flip(&mut text, at, bytes.byte()),
            5 => repeat(&mut text, at, 1 + bytes.below(60)),
            _ => insert(&mut text, at, b"\n: ]\"-\t9"[bytes.below(8)], 1),
        }
    }
    text
}

fn flip(text: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = text.get_mut(at) {
        *byte ^= bits;
    }
}

fn insert(text: &mut Vec<u8>, at: usize, byte: u8, times: usize) {
    text.splice(at..at, std::iter::repeat_n(byte, times));
}

/// Writes the `len` bytes at `at` a second time.
fn repeat(text: &mut Vec<u8>, at: usize, len: usize) {
    let again = text[at..(at + len).min(text.len())].to_vec();
    text.splice(at..at, again);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_the_whole_text_whatever_the_seed() {
        let text: Vec<u8> = (0..=255).cycle().take(3000).collect();
        for seed in 0..200 {
            assert_eq!(blocks(&text, seed).collect::<Vec<_>>().concat(), text, "seed {seed}");
        }
        assert_eq!(blocks(&text, 0).count(), 1);
    }

    #[test]
    fn an_empty_input_changes_nothing() {
        assert_eq!(mutated(b"a line", &mut Bytes::new(b"")), b"a line");
    }
}
