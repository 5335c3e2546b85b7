//! CRC-32 as gzip and zip use it (RFC 1952, 8), at the speed of memory.

use crc32fast::Hasher;

/// The checksum of bytes that arrive in blocks.
#[derive(Clone, Debug, Default)]
pub struct Crc(Hasher);

impl Crc {
    /// The checksum of no bytes.
    pub fn new() -> Self {
        Crc::default()
    }

    /// Of `len` bytes that were taken elsewhere and whose checksum is `sum`.
    pub(crate) fn of(sum: u32, len: u64) -> Self {
        Crc(Hasher::new_with_initial_len(sum, len))
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of what was taken.
    pub fn sum(&self) -> u32 {
        self.0.clone().finalize()
    }

    /// Begins again.
    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_standard_however_the_bytes_arrive() {
        // The check value of CRC-32/ISO-HDLC.
        let mut crc = Crc::new();
        crc.update(b"123456789");
        assert_eq!(crc.sum(), 0xcbf4_3926);
        let text: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        // The writer's own one is of another maker.
        let mut other = flate2::Crc::new();
        other.update(&text);
        for block in [1, 63, 64, 1000, text.len()] {
            crc.reset();
            text.chunks(block).for_each(|block| crc.update(block));
            assert_eq!(crc.sum(), other.sum(), "in {block}");
            let first = &text[..text.len() / 3];
            let mut crc = Crc::new();
            crc.update(first);
            let mut behind = Crc::of(crc.sum(), first.len() as u64);
            behind.update(&text[first.len()..]);
            assert_eq!(behind.sum(), other.sum());
        }
    }
}
