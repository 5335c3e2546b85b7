//! Words that no name hides in: what VMware's logs, our own sentences and English are made of.
//!
//! A token that is none of them is masked. So a new word of a rule or a sentence costs readability until it is listed in
//! `words.txt`, never a name.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::format::id::OBJECTS;

/// Everything that is a word, in lower case. Only asked for membership: its order tells nothing.
static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());

/// Words beside those of managed objects, `vm-12`, that a number stands behind in logs.
const NUMBERED: &[&str] = &[
    "folder", "alarm", "event", "hatask", "cpu", "pcpu", "vcpu", "world", "lun", "port", "thread", "worker",
    "sha", "utf", "iso", "rfc", "kb", "step", "vmnic", "vmk", "vmhba", "e3", "e5", "e7", "u", "p", "s", "c",
];

/// Letters before digits in one token: `vmk0`, `vmnic1`, `cpu12`.
const COUNTED: &[&str] = &[
    "vmk",
    "vmnic",
    "vmhba",
    "vusb",
    "cpu",
    "pcpu",
    "vcpu",
    "vmm",
    "vmx",
    "vSwitch",
    "dvUplink",
    "Uplink",
    "LUN",
    "u",
    "U",
    "v",
    "C",
    "T",
    "L",
    "P",
    "S",
    "Z",
    "numa",
    "irq",
    "scsi",
    "ide",
    "sata",
    "nvme",
    "ethernet",
    "pciBridge",
    "ESXi",
    "ata",
    "I",
    "W",
    "E",
    "sd",
    "hda",
    "eth",
    "tty",
    "dvPort",
    "lcore",
];

/// Whether `token`, a run of ASCII letters and digits, tells nothing.
pub(super) fn is_harmless(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    if digits == token.len() || token.len() == 1 {
        return true;
    }
    is_word(token) || if digits == 0 { is_compound(token) } else { is_code(token) }
}

/// Whether it is listed, in any case.
pub(super) fn is_word(token: &str) -> bool {
    const LONGEST: usize = 24;
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..token.len()) else { return false };
    lower.copy_from_slice(token.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|lower| WORDS.contains(lower))
}

/// Whether a number behind `word-` is that of an object: `vm-12`. A host may be called `node-3`, so others are no words.
pub(super) fn is_numbered(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    OBJECTS.contains(&lower.as_str()) || NUMBERED.contains(&lower.as_str())
}

/// `CMMDSLogStateTransition`: an identifier whose parts are words.
fn is_compound(token: &str) -> bool {
    let mut parts = 0;
    let mut rest = token;
    while !rest.is_empty() {
        let part = first_part(rest);
        if part.len() > 1 && !is_word(part) {
            return false;
        }
        parts += 1;
        rest = &rest[part.len()..];
    }
    // Of single letters anything can be spelled.
    parts > 1 && token.len() > 2 * parts
}

/// The first part of a camel-case identifier: `CMMDS` of `CMMDSLog`, `Log` of `LogState`.
fn first_part(text: &str) -> &str {
    let bytes = text.as_bytes();
    let upper = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let lower = bytes[upper..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let end = match (upper, lower) {
        (0 | 1, _) => upper + lower,
        (_, 0) => upper,
        // A plural of capitals, `VMs`, is one part.
        (_, 1) if upper + lower == bytes.len() && bytes[upper] == b's' => upper + lower,
        _ => upper - 1,
    };
    &text[..end.max(1)]
}

/// Numbers with letters that are no names: `vmk0`, `12ms`, `0x3d`.
fn is_code(token: &str) -> bool {
    let letters = token.bytes().take_while(|byte| !byte.is_ascii_digit()).count();
    let (head, tail) = token.split_at(letters);
    let all_digits =
        |text: &str| !text.is_empty() && text.len() < 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits(tail) && COUNTED.contains(&head) && !(tail.len() > 1 && tail.starts_with('0')) {
        return true;
    }
    let number = token.bytes().take_while(u8::is_ascii_digit).count();
    let unit = &token[number..];
    let is_unit = matches!(
        unit,
        "ms" | "us"
            | "ns"
            | "s"
            | "m"
            | "h"
            | "d"
            | "x"
            | "k"
            | "K"
            | "B"
            | "KB"
            | "MB"
            | "GB"
            | "TB"
            | "KiB"
            | "MiB"
            | "GiB"
            | "TiB"
            | "MHz"
            | "GHz"
            | "th"
            | "st"
            | "nd"
            | "rd"
            | "Mbps"
            | "Gbps"
            | "vmw"
            | "OEM"
            | "b"
            | "a"
            | "c"
            | "T"
            | "Z"
    );
    (number > 0 && is_unit) || is_number_in_hex(token)
}

/// `0x3d`, `0xbad0001`, and the kernel's own addresses: `0x41801a2b3c4d`. Other long ones may be an address of a site.
/// Two digits are the end of an opID, and too few for a name.
fn is_number_in_hex(token: &str) -> bool {
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match token.strip_prefix("0x").or_else(|| token.strip_prefix("0X")) {
        Some(digits) => {
            is_hex(digits) && (digits.len() <= 8 || digits.len() <= 14 && digits.starts_with('4'))
        }
        None => token.len() == 2 && is_hex(token),
    }
}

/// Four to eight hex digits that change between letters and digits as few names do: a code where the text around it says
/// that one stands there.
///
/// `db01`, `dc02` and `ad1` are hex digits too, and names: letters and then digits are no code.
pub(super) fn is_hex_code(token: &str) -> bool {
    let is_hex = token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_upper = token.bytes().any(|byte| byte.is_ascii_uppercase());
    let has_lower = token.bytes().any(|byte| byte.is_ascii_lowercase());
    let turns = token
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    let is_mixed = turns > 1 || token.as_bytes()[0].is_ascii_digit();
    is_hex && !(has_upper && has_lower) && (3..=8).contains(&token.len()) && is_mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_english_are_words_and_names_are_not() {
        for word in [
            "CMMDSLogStateTransition",
            "MasterRemoveNodeFromMembership",
            "VMotionSend",
            "vmk0",
            "vmnic1",
            "61012ms",
            "VMs",
            "0xbad0001",
            "hostd",
            "featMask",
            "MDCLEAR",
            "Transitioning",
            "vmhba32",
            "x86",
            "the",
            "2831367",
        ] {
            assert!(is_harmless(word), "{word}");
        }
        for name in [
            "esx01",
            "db01",
            "dc02",
            "ad1",
            "vcsa01",
            "CZ3412ABCD",
            "jdoe",
            "ZXN4MDEuY29ycA",
            "tokyo",
            "vmk01",
            "AbCdEfGhIj",
            "0x20000025b501000a0a",
            "web",
            "DeadBeef01",
            "6d1f20b4",
            "node12",
            "leaf301",
            "u104937",
            "7f3b9d2",
            "0x246e96fd6a77",
        ] {
            assert!(!is_harmless(name), "{name}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_holds_each_word_once() {
        let words: Vec<&str> = include_str!("words.txt").lines().collect();
        assert!(words.is_sorted_by(|a, b| a < b));
        assert!(
            words.iter().all(|word| word.len() <= 24 && !word.bytes().any(|byte| byte.is_ascii_uppercase()))
        );
    }
}
