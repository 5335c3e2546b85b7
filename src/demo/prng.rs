//! A tiny generator of pseudo-random numbers, so that the same seed gives the same bytes for ever.

/// A 64-bit `splitmix64` stream.
#[derive(Clone, Debug)]
pub(crate) struct Prng(u64);

impl Prng {
    /// The stream that belongs to `seed` and a label, so that each log of each host has its own.
    pub(crate) fn labelled(seed: u64, labels: &[&str]) -> Self {
        let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
        for label in labels {
            for byte in label.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Prng(hash)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // Multiply and shift: no division, and the bias is far below what noise could show.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// A lower-case UUID of random digits.
    pub(crate) fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xffff,
            b >> 48,
            b & 0xffff_ffff_ffff
        )
    }
}
