//! Words that the readers look for: changes made of them reach further than random bytes.

use std::collections::BTreeSet;

use esxray::fact::FACTS;
use esxray::format::FORMATS;
use esxray::rule::BUILT_IN;

/// Marks of headers and containers that stand in no sample by themselves.
const MARKS: &[&[u8]] = &[
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x07\x08",
    b"ustar\x0000",
    b"ustar  \0",
    b"././@LongLink",
    b".FRAG-00001",
    b"[[rule]]\n",
    b"\xff\xff\xff\xff",
    b"18446744073709551615",
    b"9223372036854775808",
    b"-1",
    b"0x",
    b"\xf0\x9f\x92\xa9",
    b"\xed\xa0\x80",
    b"-->",
    b"[+]",
    b"..",
];

/// The words of the samples of all formats and facts, of the rule files, and marks of containers.
pub fn words() -> Vec<Vec<u8>> {
    let mut words: BTreeSet<&[u8]> = MARKS.iter().copied().collect();
    let lines = FORMATS.iter().flat_map(|format| format.samples).map(|sample| sample.0);
    let texts = FACTS.iter().flat_map(|file| file.samples).map(|sample| sample.text);
    let rules = BUILT_IN.iter().map(|(_, text)| *text);
    for text in lines.chain(texts).chain(rules) {
        // Prose adds nothing: words that hold a digit or a mark do.
        let telling = |word: &&str| {
            (2..=40).contains(&word.len()) && word.bytes().any(|byte| !byte.is_ascii_lowercase())
        };
        words.extend(text.split_ascii_whitespace().filter(telling).map(str::as_bytes));
    }
    words.into_iter().map(<[u8]>::to_vec).collect()
}
