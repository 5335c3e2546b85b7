//! Whether a literal really stands where a part of it was met: by the hash of that part, in a table.

use super::{Hit, Literal};

/// A multiplier that spreads a q-gram over the high bits of its product: 2^64 divided by the golden ratio, odd.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads the bits of a q-gram: the high ones are good ones. The same in every run, and on every machine.
#[inline(always)]
pub(super) fn hash(gram: u64) -> u64 {
    gram.wrapping_mul(SPREAD)
}

/// The first `q` bytes of `text`, at most eight, as a number.
pub(super) fn gram(text: &[u8], q: usize) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes[..q].copy_from_slice(text.get(..q)?);
    Some(u64::from_le_bytes(bytes))
}

/// A q-gram of a literal.
struct Entry {
    gram: u64,
    /// Where in the literal it stands.
    offset: u32,
    /// Index of the literal among those of the family.
    id: u32,
}

/// The q-grams that were chosen to stand for literals.
///
/// What a text can make it cost is bounded by the literals: a bucket holds about one q-gram, and further ones only
/// where literals share it.
pub(super) struct Exact {
    /// By how much a hash is shifted to give a bucket.
    shift: u32,
    /// Where the entries of each bucket begin, and the end of the last.
    begins: Box<[u32]>,
    entries: Box<[Entry]>,
}

impl Exact {
    /// A table of q-grams, each with the literal that it stands for and its offset there.
    pub(super) fn new(grams: &[(u64, u32, usize)]) -> Self {
        let bits = (grams.len().max(2) * 2).next_power_of_two().ilog2();
        let shift = 64 - bits;
        let bucket = |gram: u64| (hash(gram) >> shift) as usize;
        let mut sorted = grams.to_vec();
        sorted.sort_unstable_by_key(|&(gram, id, offset)| (bucket(gram), gram, id, offset));
        let mut begins = vec![0; (1 << bits) + 1].into_boxed_slice();
        for &(gram, _, _) in &sorted {
            begins[bucket(gram) + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let entry = |(gram, id, offset)| Entry { gram, offset: offset as u32, id };
        Exact { shift, begins, entries: sorted.into_iter().map(entry).collect() }
    }

    /// How many q-grams it holds.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds the literals that stand in `text` with this q-gram of theirs at `at`.
    #[inline]
    pub(super) fn confirm(
        &self,
        literals: &[Literal],
        text: &[u8],
        at: usize,
        gram: u64,
        found: &mut Vec<Hit>,
    ) {
        let bucket = (hash(gram) >> self.shift) as usize;
        let entries = &self.entries[self.begins[bucket] as usize..self.begins[bucket + 1] as usize];
        for entry in entries.iter().filter(|entry| entry.gram == gram) {
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            if text[start..].starts_with(&literals[entry.id as usize]) {
                found.push(Hit { at, start, id: entry.id });
            }
        }
    }
}
