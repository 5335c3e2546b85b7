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
    if at(line, 16).is_some_and(|text| within(text, *b":00.000Z", *b":99.999Z") == HIGH) {
        return Some(24);
    }
    let fraction = line.get(19..)?.strip_prefix(b".").unwrap_or_default();
    let end = if line[19] == b'.' { 20 + digits(&fraction[..fraction.len().min(9)]) } else { 19 };
    (line.get(end) == Some(&b'Z')).then_some(end + 1)
}

/// Eight bytes as a number whose lowest byte is the first.
#[inline]
fn eight(text: [u8; 8]) -> u64 {
    u64::from_le_bytes(text)
}

/// The highest bit of each of eight bytes: where a test below sets it, the byte passes.
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// The eight bytes at `at`.
#[inline]
fn at(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().copied().map(eight)
}

/// Which of eight bytes are at least the lower and at most the upper of these, both of ASCII.
#[inline]
fn within(text: u64, low: [u8; 8], high: [u8; 8]) -> u64 {
    let plain = text & !HIGH;
    // Neither sum reaches into the next byte.
    let from_low = plain + (HIGH - eight(low));
    let over_high = plain + (HIGH - 0x0101_0101_0101_0101 - eight(high));
    from_low & !over_high & !text & HIGH
}

/// Index of the first byte of which the highest bit is set; 8 where there is none.
#[inline]
fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// Which of eight bytes are `byte`.
#[inline]
fn are(text: u64, byte: u8) -> u64 {
    within(text, [byte; 8], [byte; 8])
}

/// Which of eight bytes are letters.
#[inline]
fn are_letters(text: u64) -> u64 {
    within(text | eight([0x20; 8]), [b'a'; 8], [b'z'; 8])
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
    // The colon follows the digits in ASCII; the number of a CPU has up to three.
    let Some(text) = at(rest, 0) else { return false };
    let colons = are(text, b':');
    let colon = first(colons);
    within(text, *b"cpu00000", *b"cpu9::::") == HIGH && colon < 7 && colons.count_ones() == 1
}

/// `info hostd[2099] [Originator@6876 …]`: a level in letters, a program and its number. Such a line is never marked.
#[inline]
fn is_level_and_program(rest: &[u8]) -> bool {
    let Some(level) = at(rest, 0).map(|text| first(!are_letters(text) & HIGH)) else { return false };
    if level == 0 || level > 7 || rest[level] != b' ' {
        return false;
    }
    let word = &rest[level + 1..];
    let Some((head, tail)) = at(word, 0).zip(at(word, 8)) else { return false };
    let (bracket, blank) = (first(are(head, b'[')), 8 + first(are(tail, b' ')));
    if (1..8).contains(&bracket) && blank < 16 && are(head, b' ') == 0 {
        return word[blank - 1] == b']';
    }
    is_program(word)
}

/// `hostd-probe[2099]` with a blank behind it, of any length.
fn is_program(word: &[u8]) -> bool {
    let word = word.iter().take(NAME).position(|&byte| byte == b' ').map_or(&[][..], |end| &word[..end]);
    word.ends_with(b"]") && word.iter().position(|&byte| byte == b'[').is_some_and(|bracket| bracket > 0)
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
