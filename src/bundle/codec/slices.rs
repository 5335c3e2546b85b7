//! A stream cut at fixed places, however it arrives.
//!
//! Where an inflater reports an error depends on how its input was cut, and with it where a search behind the damage
//! begins and how much it sees. Cut at fixed places, the same stream gives the same in blocks of any size.

use std::borrow::Cow;

/// Bytes of a slice; the blocks that are read from files are a multiple of it, so that nothing is copied as a rule.
const SLICE: usize = 32 << 10;

/// Cuts what arrives in blocks.
pub(crate) struct Slices {
    size: usize,
    held: Vec<u8>,
}

impl Default for Slices {
    fn default() -> Self {
        Slices::of(SLICE)
    }
}

impl Slices {
    /// Slices of `size` bytes.
    pub(super) fn of(size: usize) -> Self {
        Slices { size, held: Vec::new() }
    }

    /// The next whole slice, of which `input` is the end or more; what is taken is cut off there. `None` where more has
    /// to come.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let (part, rest) = input.split_at(input.len().min(self.size - self.held.len()));
        *input = rest;
        if part.len() == self.size {
            return Some(Cow::Borrowed(part));
        }
        self.held.extend_from_slice(part);
        (self.held.len() == self.size).then(|| Cow::Owned(std::mem::take(&mut self.held)))
    }

    /// What is left of the last slice.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cuts_do_not_depend_on_the_blocks() {
        let text: Vec<u8> = (0..=255).cycle().take(3 * SLICE + 500).collect();
        for block in [100, SLICE - 1, SLICE, SLICE + 1, text.len()] {
            let (mut slices, mut all) = (Slices::default(), Vec::new());
            for mut input in text.chunks(block) {
                while let Some(slice) = slices.next(&mut input) {
                    assert_eq!(slice.len(), SLICE, "in {block}");
                    all.extend_from_slice(&slice);
                }
            }
            let rest = slices.rest();
            assert!(rest.len() == 500 && [all, rest].concat() == text, "in {block}");
        }
    }
}
