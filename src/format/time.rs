//! Time stamps as logs write them, read from bytes without allocation.

use crate::model::{Stamp, TimeQuality, Timestamp};

/// A stamp that names no year, as syslog wrote them up to ESX 4.x and journals still do.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Yearless {
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31; 29 February exists.
    pub day: u32,
    /// Microseconds since midnight, of a clock that is taken to be UTC.
    pub micros: i64,
}

impl Yearless {
    /// The same in a given year, or `None` where that has no such day.
    pub fn in_year(self, year: i64) -> Option<Timestamp> {
        Timestamp::from_civil(year, self.month, self.day, self.micros)
    }
}

/// Reads `2020-07-01T08:15:30.123Z` at the start of `line`: the stamp and its length in bytes.
///
/// The fraction may have 1 to 9 digits after `.` or `,` or be missing, the offset may be `Z`, `+09:00` or
/// `+0900`. Years before 1970 and 9999 are refused: no log was written then, and with an offset the ends lie beyond
/// what can be written. A stamp without a fraction is of quality [`TimeQuality::Second`].
pub fn iso(line: &[u8]) -> Option<(Stamp, usize)> {
    // The separator is checked first: most lines that are no header differ in it.
    if line.get(10) != Some(&b'T') {
        return None;
    }
    let (local, mut at) = civil(line)?;
    let offset = offset_minutes(line, &mut at)?;
    Some((local.at_offset(offset), at)).filter(|(stamp, _)| stamp.time.micros() >= 0)
}

/// Reads `2020-07-01 08:15:30,123` at the start of `line`, as services in Java and Python write it, and `vmware` up to
/// 4.x: the stamp and its length in bytes. It names no offset and is taken to be UTC, unless one follows.
pub fn dated(line: &[u8]) -> Option<(Stamp, usize)> {
    if line.get(10) != Some(&b' ') {
        return None;
    }
    let (local, end) = civil(line)?;
    let mut at = end;
    let offset = offset_minutes(line, &mut at);
    // Another digit or letter behind it is no end of a stamp.
    let ends = |at: usize| line.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    match offset {
        Some(offset) if ends(at) => Some((local.at_offset(offset), at)),
        _ => ends(end).then(|| (local.at_offset(0), end)),
    }
}

/// A date and a time of day whose offset is not known yet.
#[derive(Clone, Copy)]
struct Local {
    time: Timestamp,
    quality: TimeQuality,
}

impl Local {
    fn at_offset(self, minutes: i32) -> Stamp {
        Stamp { time: self.time.plus_seconds(-i64::from(minutes) * 60), quality: self.quality }
    }
}

/// `2020-07-01?08:15:30.123`, whatever stands between date and time: the time and where it ends.
fn civil(line: &[u8]) -> Option<(Local, usize)> {
    let text: &[u8; 19] = line.first_chunk()?;
    // A stamp is followed by something: an offset, a blank, a bracket.
    if line.len() < 20 || text[4] != b'-' || text[7] != b'-' || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let pair = |at: usize| pair(text[at], text[at + 1]);
    let year = pair(0)? * 100 + pair(2)?;
    let (month, day) = (pair(5)?, pair(8)?);
    let (hour, minute, second) = (pair(11)?, pair(14)?, pair(17)?);
    if !(1970..9999).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, at) = fraction(line, 19)?;
    let of_day = i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction.unwrap_or(0);
    let time = Timestamp::from_civil(i64::from(year), month, day, of_day)?;
    let quality = if fraction.is_some() { TimeQuality::Exact } else { TimeQuality::Second };
    Some((Local { time, quality }, at))
}

/// Reads `08:15:30.123` at `at`: microseconds since midnight, whether a fraction is written, and where it ends.
pub(super) fn time_of_day(line: &[u8], at: usize) -> Option<(i64, bool, usize)> {
    let text = line.get(at..at + 8)?;
    if text[2] != b':' || text[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(text)?, two(&text[3..])?, two(&text[6..])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, end) = fraction(line, at + 8)?;
    let micros = i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction.unwrap_or(0);
    Some((micros, fraction.is_some(), end))
}

/// Reads the date `2022-06-02` at the start of `line`: its midnight.
pub(super) fn date(line: &[u8]) -> Option<Timestamp> {
    if line.len() < 10 || line[4] != b'-' || line[7] != b'-' {
        return None;
    }
    let year = four(line).filter(|year| (1970..9999).contains(year))?;
    Timestamp::from_civil(i64::from(year), two(&line[5..])?, two(&line[8..])?, 0)
}

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Reads `Aug  5 06:07:13` at the start of `line`, the day padded or not, with or without a fraction: the stamp and its
/// length in bytes.
pub fn classic(line: &[u8]) -> Option<(Yearless, usize)> {
    let name = line.get(..3)?;
    let month = MONTHS.iter().position(|month| *month == name)? as u32 + 1;
    let blanks = line[3..].iter().take(3).take_while(|&&byte| byte == b' ').count();
    if !(1..=2).contains(&blanks) {
        return None;
    }
    let at = 3 + blanks;
    let digits = line[at..].iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let day = match digits {
        1 => digit(line[at])?,
        2 => two(&line[at..])?,
        _ => return None,
    };
    if line.get(at + digits) != Some(&b' ') {
        return None;
    }
    let (micros, _, end) = time_of_day(line, at + digits + 1)?;
    let stamp = Yearless { month, day, micros };
    // 29 February is a day in some year.
    stamp.in_year(2000)?;
    Some((stamp, end))
}

/// Reads the uptime `0:00:00:05.123` at the start of `line`, in days, hours, minutes and seconds: microseconds and its
/// length in bytes.
pub fn uptime(line: &[u8]) -> Option<(i64, usize)> {
    let digits = line.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || line.get(digits) != Some(&b':') {
        return None;
    }
    let days = number(&line[..digits])?;
    let (micros, fraction, end) = time_of_day(line, digits + 1)?;
    fraction.then_some((days * 86_400_000_000 + micros, end))
}

/// Reads `1584433290.123456` at the start of `line`, seconds since the epoch: the stamp and its length in bytes.
pub fn epoch(line: &[u8]) -> Option<(Stamp, usize)> {
    let digits = line.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    // Ten digits are 2001 to 2286.
    if digits != 10 || line[0] == b'0' {
        return None;
    }
    // A comma ends it: columns follow.
    let (fraction, end) =
        if line.get(digits) == Some(&b'.') { fraction(line, digits)? } else { (None, digits) };
    let time = Timestamp::from_seconds(number(&line[..digits])?).plus_micros(fraction.unwrap_or(0));
    let quality = if fraction.is_some() { TimeQuality::Exact } else { TimeQuality::Second };
    Some((Stamp { time, quality }, end))
}

/// The number that `digits` are, or `None` where there are none or too many.
pub(super) fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0i64, |value, &byte| Some(value * 10 + i64::from(digit(byte)?)))
}

/// Whether `line` could begin with an [`iso`] stamp: a test of five bytes.
pub fn looks_iso(line: &[u8]) -> bool {
    line.len() >= 20
        && line[4] == b'-'
        && line[7] == b'-'
        && line[10] == b'T'
        && line[0].is_ascii_digit()
        && line[13] == b':'
}

fn digit(byte: u8) -> Option<u32> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(u32::from(value))
}

fn pair(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then_some(u32::from(tens) * 10 + u32::from(ones))
}

fn two(text: &[u8]) -> Option<u32> {
    pair(text[0], text[1])
}

fn four(text: &[u8]) -> Option<u32> {
    Some(two(text)? * 100 + two(&text[2..])?)
}

/// The fraction of a second at `at`, in microseconds, and where it ends.
fn fraction(line: &[u8], at: usize) -> Option<(Option<i64>, usize)> {
    // A colon is what one of the services of vCenter writes; behind others an offset or a blank follows.
    let marked = match line.get(at) {
        Some(b'.' | b',') => true,
        Some(b':') => line.get(at + 1).is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    if !marked {
        return Some((None, at));
    }
    let (mut micros, mut digits) = (0, 0);
    for &byte in line[at + 1..].iter().take(9) {
        let value = byte.wrapping_sub(b'0');
        if value > 9 {
            break;
        }
        if digits < 6 {
            micros = micros * 10 + i64::from(value);
        }
        digits += 1;
    }
    if digits == 0 {
        return None;
    }
    for _ in digits..6 {
        micros *= 10;
    }
    Some((Some(micros), at + 1 + digits))
}

/// The offset from UTC at `at`, in minutes; `at` is moved behind it.
fn offset_minutes(line: &[u8], at: &mut usize) -> Option<i32> {
    match line.get(*at)? {
        b'Z' => {
            *at += 1;
            Some(0)
        }
        sign @ (b'+' | b'-') => {
            let rest = &line[*at + 1..];
            let colon = usize::from(rest.get(2) == Some(&b':'));
            if rest.len() < 4 + colon {
                return None;
            }
            let (hours, minutes) = (two(rest)?, two(&rest[2 + colon..])?);
            // Line Islands are at +14:00.
            if hours > 14 || minutes > 59 {
                return None;
            }
            let minutes = (hours * 60 + minutes) as i32;
            *at += 5 + colon;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, TimeQuality, usize)>) {
        let read = iso(text.as_bytes()).map(|(stamp, len)| (stamp.time.to_string(), stamp.quality, len));
        let expected = expected.map(|(time, quality, len)| (time.to_owned(), quality, len));
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn stamps_of_every_precision_and_offset_are_read() {
        check("2020-07-01T08:15:30.123Z cpu1", Some(("2020-07-01T08:15:30.123Z", TimeQuality::Exact, 24)));
        check("2020-07-01T08:15:30Z vmk", Some(("2020-07-01T08:15:30Z", TimeQuality::Second, 20)));
        check("2020-07-01T08:15:30.97Z", Some(("2020-07-01T08:15:30.970Z", TimeQuality::Exact, 23)));
        check(
            "2020-07-01T08:15:30.123456789+09:00 x",
            Some(("2020-06-30T23:15:30.123456Z", TimeQuality::Exact, 35)),
        );
        check("2020-07-01T08:15:30,5-0730 x", Some(("2020-07-01T15:45:30.500Z", TimeQuality::Exact, 26)));
    }

    #[test]
    fn what_is_no_stamp_is_refused() {
        for text in [
            "",
            "2020-07-01",
            "2020-13-01T08:15:30Z",
            "2020-02-30T08:15:30Z",
            "2020-07-01T25:15:30.1Z",
            "0000-01-01T00:00:00.1+13:59",
            "1969-12-31T23:59:59.9Z",
            "2020-07-01T08:15:30.1+15:00",
            "9999-12-31T23:59:59.9-01:00",
            "####-##-##T08:15:30.123Z",
            "2020-07-01T08:15:30.Z",
            "2020-07-01T08:15:30.123",
            "2020-07-01T08:15:30+1",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn dates_with_a_blank_are_taken_to_be_utc_unless_they_say_more() {
        let check = |text: &str, expected: Option<(&str, usize)>| {
            let read = dated(text.as_bytes()).map(|(stamp, len)| (stamp.time.to_string(), len));
            assert_eq!(read, expected.map(|(time, len)| (time.to_owned(), len)), "{text}");
        };
        check("2011-04-01 15:14:34.203 F5A5AB90", Some(("2011-04-01T15:14:34.203Z", 23)));
        check("2021-05-19 17:36:35,675[x]", Some(("2021-05-19T17:36:35.675Z", 23)));
        check("2020-05-26 19:46:43:259 'x'", Some(("2020-05-26T19:46:43.259Z", 23)));
        check("2020-05-26 19:46:43 x", Some(("2020-05-26T19:46:43Z", 19)));
        check("2020-05-26 19:46:43+09:00 x", Some(("2020-05-26T10:46:43Z", 25)));
        check("2020-05-26 19:46:43-x y", Some(("2020-05-26T19:46:43Z", 19)));
        check("2020-05-26 19:46:43x", None);
        check("2020-05-26T19:46:43 x", None);
    }

    #[test]
    fn days_are_padded_or_not_and_uptimes_have_days() {
        let day = |text: &str| {
            classic(text.as_bytes()).map(|(stamp, len)| (stamp.month, stamp.day, stamp.micros, len))
        };
        assert_eq!(day("Aug  5 06:07:13 x"), Some((8, 5, 22_033_000_000, 15)));
        assert_eq!(day("Oct 4 00:00:00.25"), Some((10, 4, 250_000, 17)));
        assert_eq!(day("Feb 29 23:59:59"), Some((2, 29, 86_399_000_000, 15)));
        for text in [
            "Feb 30 00:00:00",
            "Okt 04 00:00:00",
            "Oct 004 00:00:00",
            "Oct  4T00:00:00",
            "Oct 4 24:00:00",
            "Oct",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
        assert_eq!(uptime(b"0:00:00:05.123 cpu"), Some((5_123_000, 14)));
        assert_eq!(uptime(b"12:01:02:03.456"), Some((1_040_523_456_000, 15)));
        assert_eq!((uptime(b"00:00:05.123 c"), uptime(b"0:00:00:05 cpu")), (None, None));
        assert_eq!(
            epoch(b"1593591330.5,").map(|(stamp, len)| (stamp.time.micros(), len)),
            Some((1_593_591_330_500_000, 12))
        );
        assert_eq!((epoch(b"159359133,"), epoch(b"15935913301,")), (None, None));
    }
}
