//! Whether a record begins at a line, told from the few bytes behind its stamp.
//!
//! Every line of a log is asked that, so no header is read here and nothing is searched for: what is compared is compared
//! eight or sixteen bytes at once. Where these bytes do not tell, the header is read; where they do, it says the same.

use super::time;

/// Bytes in which the name of a program is looked for.
const NAME: usize = 64;

/// Whether a record begins at `line`, or it goes on with the one before. `None` where a glance does not tell, as with any
/// line that does not begin with a stamp in the usual form: of UTC, with up to nine digits of a fraction or none.
#[inline]
pub(super) fn begins(line: &[u8]) -> Option<bool> {
    // Behind a stamp that is wrong nothing is marked.
    behind_stamp(&line[stamp_end(line)?..]).filter(|&begins| begins || time::iso(line).is_some())
}

/// Where the stamp `2020-07-01T08:15:30.123Z` or `2020-07-01T08:15:30Z` ends, if it is one: its numbers are not read, as a line
/// whose stamp is wrong begins a record too.
#[inline]
fn stamp_end(line: &[u8]) -> Option<usize> {
    // Nearly all have three digits.
    if line.get(16..).and_then(<[u8]>::first_chunk).is_some_and(is_like_millis) {
        return Some(24);
    }
    let fraction = line.get(19..)?.strip_prefix(b".").unwrap_or_default();
    let end = if line[19] == b'.' { 20 + digits(&fraction[..fraction.len().min(9)]) } else { 19 };
    (line.get(end) == Some(&b'Z')).then_some(end + 1)
}

/// Whether `text` is like `:30.123Z`.
#[inline]
fn is_like_millis(text: &[u8; 8]) -> bool {
    // A digit and `0` differ in what the digit counts; any other byte differs in more than nine.
    let differs = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*b":00.000Z");
    let most = u64::from_le_bytes([0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x76, 0x7f]);
    (differs & HIGH_8 | ((differs & !HIGH_8) + most) & HIGH_8) == 0
}

/// The highest bit of each of eight bytes.
const HIGH_8: u64 = u64::from_le_bytes([0x80; 8]);
/// The highest bit of each of sixteen bytes.
const HIGH_16: u128 = u128::from_le_bytes([0x80; 16]);

/// Where `byte` stands first in `text`; 16 where it does not.
#[inline]
fn first(byte: u8, text: &[u8; 16]) -> usize {
    let differs = u128::from_le_bytes(*text) ^ u128::from_le_bytes([byte; 16]);
    // The lowest byte that does not differ is the first that borrows.
    let equal = differs.wrapping_sub(u128::from_le_bytes([1; 16])) & !differs & HIGH_16;
    equal.trailing_zeros() as usize / 8
}

/// How many letters `text` begins with.
#[inline]
fn letters(text: &[u8; 16]) -> usize {
    let small = u128::from_le_bytes(*text) | u128::from_le_bytes([0x20; 16]);
    let low = small & !HIGH_16;
    let (from_a, behind_z) =
        (low + u128::from_le_bytes([0x80 - b'a'; 16]), low + u128::from_le_bytes([0x7f - b'z'; 16]));
    let letters = from_a & !behind_z & !small & HIGH_16;
    (!letters & HIGH_16).trailing_zeros() as usize / 8
}

/// How many digits `text` begins with.
#[inline]
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// What follows the stamp.
#[inline]
fn behind_stamp(rest: &[u8]) -> Option<bool> {
    match rest {
        // `cpu4:2097705)text`, `info hostd[2099] [Originator@6876 …] text`
        [b' ', rest @ ..] => after_blank(rest),
        [b'|', rest @ ..] => bars(rest),
        // vobd marks no line, and nor does what is not known.
        _ => Some(true),
    }
}

/// What follows a stamp and a blank.
#[inline]
fn after_blank(rest: &[u8]) -> Option<bool> {
    if is_on_cpu(rest) || is_level_and_program(rest) {
        return Some(true);
    }
    match rest {
        [b'[' | b'|', ..] => Some(true),
        [b'A'..=b'Z', b'a'..=b'z', b'(', severity @ ..] => after_severity(severity),
        [b'c', b'p', b'u', ..] => None,
        _ => program(rest),
    }
}

/// `cpu4:2097705)text`: what has a number behind the colon has no arrow there.
#[inline]
fn is_on_cpu(rest: &[u8]) -> bool {
    let Some(text) = rest.first_chunk::<8>() else { return false };
    if !text.starts_with(b"cpu") {
        return false;
    }
    let of_number = |byte: u8| byte.wrapping_sub(b'0') < 10;
    // The number of a CPU has up to three digits.
    let colon = match &text[3..] {
        [_, b':', ..] => 4,
        [_, _, b':', ..] => 5,
        [_, _, _, b':', _] => 6,
        _ => return false,
    };
    text[3..colon].iter().all(|&byte| of_number(byte)) && of_number(text[colon + 1])
}

/// `info hostd[2099] [Originator@6876 …]`: a level in letters, a program and its number. Such a line is never marked.
#[inline]
fn is_level_and_program(rest: &[u8]) -> bool {
    let Some(level) = rest.first_chunk().map(letters) else { return false };
    if level == 0 || level > 15 || rest[level] != b' ' {
        return false;
    }
    let Some(word) = rest[level + 1..].first_chunk() else { return false };
    let (number, end) = (first(b'[', word), first(b' ', word));
    if number == 0 || number > 15 || number > end {
        return false;
    }
    if end < 16 {
        return word[end - 1] == b']';
    }
    let rest = &rest[level + 17..];
    let more = rest.iter().take(NAME).position(|&byte| byte == b' ');
    more.is_some_and(|more| (if more == 0 { word[15] } else { rest[more - 1] }) == b']')
}

/// `182) vmkernel: text`, behind the letters and the bracket.
#[inline]
fn after_severity(rest: &[u8]) -> Option<bool> {
    let number = digits(&rest[..rest.len().min(4)]);
    match &rest[number..] {
        // A mark for what goes on would stand before the blank.
        [b')', b' ', tail @ ..] if number > 0 => program(tail),
        _ => None,
    }
}

/// `clomd[2099]: text`: an arrow that follows the program marks what goes on.
#[inline]
fn program(text: &[u8]) -> Option<bool> {
    let text = &text[..text.len().min(NAME)];
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-');
    let name = text.iter().take_while(|&&byte| of_name(byte)).count();
    if !text.first()?.is_ascii_alphabetic() {
        return None;
    }
    let mut behind = &text[name..];
    if let Some(number) = behind.strip_prefix(b"[") {
        behind = number[digits(number)..].strip_prefix(b"]")?;
    }
    match behind.strip_prefix(b": ")? {
        [b'-', b'-', b'>', ..] => Some(false),
        // Of more blanks, and of what may be half of an arrow, the header tells.
        [b'-' | b' ' | b'\t'..=b'\r', ..] | [] => None,
        _ => Some(true),
    }
}

/// ` vmx| I125: text` of a `vmware.log`: a plus behind the class marks what goes on.
#[inline]
fn bars(rest: &[u8]) -> Option<bool> {
    let bar = rest.iter().take(NAME).position(|&byte| byte == b'|')?;
    match rest.get(bar + 1..)? {
        [b' ', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b':' | b' ', ..] => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::header::{parse, starts_stamped};
    use super::*;

    const STAMPS: &[&str] = &[
        "2020-07-01T08:15:30.123Z",
        "2020-07-01T08:15:30.123Z",
        "2020-07-01T08:15:30Z",
        "2020-07-01T08:15:30.1Z",
        "2020-07-01T08:15:30.123456789Z",
        "2020-07-01T08:15:30.1234567891Z",
        "2020-07-01T08:15:30.Z",
        "2020-07-01T08:15:3x.123Z",
        "2020-07-01T08:15:30.12:Z",
        "2020-13-01T08:15:30.123Z",
        "1969-07-01T08:15:30.123Z",
        "2020-07-01T08:15:30.123+09:00",
        "2020-07-01T08:15:30,123Z",
    ];

    /// What headers are made of, and what looks like it.
    #[rustfmt::skip]
    const PIECES: &[&str] = &[
        " ", " ", " ", " ", ":", ": ", "[", "]", "]:", "] ", "(", ")", "|", "| ", "-", "-->", "--> x", "+", "\t", "\r", "\0", "/",
        "4", "27", "2097705", "x", "cpu", "cpu4:", "cpu27:2097", "info", "verbose", "Warning", "hostd", "hostd[2099024] ",
        "rhttpproxy[2099031]", "vsansystem[20990311] ", "[Originator@6876 sub=x]", "In(166) ", "In(05)", "Db(1", "(14) ",
        "Hostd[2098]: ", "Hostd: ", "vmkernel: ", "vmx", "I125", "I125: ", "I125+ ", "W1x5: ", "esx1", "esx1.lab ", "<166>",
        "Section for ", "- ", "NoneZ", "2020-07-01T08:15:30.123Z", "\u{e9}", "abcdefghijklmnopqrstuvwxyz", "20973 [", "::",
    ];

    /// Lines of which nearly all are damaged in some way.
    fn lines() -> impl Strategy<Value = String> {
        let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..9);
        (prop::sample::select(STAMPS), pieces)
            .prop_map(|(stamp, pieces)| format!("{stamp}{}", pieces.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40_000, ..ProptestConfig::default() })]

        #[test]
        fn a_glance_never_contradicts_the_header(line in lines()) {
            let line = line.as_bytes();
            if time::looks_iso(line) && let Some(told) = begins(line) {
                prop_assert_eq!(told, starts_stamped(line));
            }
        }
    }

    #[test]
    fn a_glance_tells_of_nearly_every_line_of_a_host() {
        let check = |line: &str, expected: Option<bool>| {
            assert_eq!(begins(line.as_bytes()), expected, "{line}");
            let begins = parse(line.as_bytes()).is_some_and(|header| !header.continues);
            assert_eq!(expected.unwrap_or(begins), begins, "{line}");
        };
        for program in ["Hostd[2098]", "vmkernel", "a-daemon", "clomd[2099]"] {
            check(&format!("2023-07-01T08:15:30.123Z In(166) {program}: x"), Some(true));
            check(&format!("2023-07-01T08:15:30.123Z In(166) {program}: --> x"), Some(false));
            check(&format!("2020-07-01T08:15:30Z {program}: x"), Some(true));
        }
        for header in [
            "cpu4:2097705)x",
            "cpu127:2097705 opID=1)x",
            "info hostd[2099024] [Originator@6876 sub=x] m",
            "verbose rhttpproxy[2099031] [Originator@6876 sub=Proxy Req 1] m",
            "warning vsansystem[2099031123] [vSAN@6876 sub=x] m",
            "[FFA1B2C0 info 'Default' opID=ab] m",
            "| INFO  | thread | File.java | 148 | m",
        ] {
            check(&format!("2020-07-01T08:15:30.123Z {header}"), Some(true));
        }
        check("2020-07-01T08:15:30.123Z: [netCorrelator] 1us: [vob.x] t", Some(true));
        check("2020-07-01T08:15:30.123Z| vmx| I125: m", Some(true));
        check("2020-07-01T08:15:30.123Z| vmx| I125+ m", None);
        check("2023-07-01T08:15:30.123Z In(166)+ Hostd[2098]: m", None);
        check("2023-07-01T08:15:30.123Z info Hostd[2098]: --> m", None);
    }
}
