//! Time stamps as logs write them, read from bytes without allocation.

use crate::model::{Stamp, TimeQuality, Timestamp};

/// Reads `2020-07-01T08:15:30.123Z` at the start of `line`: the stamp and its length in bytes.
///
/// The fraction may have 1 to 9 digits after `.` or `,` or be missing, the offset may be `Z`, `+09:00` or
/// `+0900`. The years 0000 and 9999 are refused: with an offset they lie beyond what can be written. A stamp without a fraction is of quality [`TimeQuality::Second`].
pub fn iso(line: &[u8]) -> Option<(Stamp, usize)> {
    // The separators are checked first: most lines that are no header differ in one of them.
    if line.len() < 20
        || line[4] != b'-'
        || line[7] != b'-'
        || line[10] != b'T'
        || line[13] != b':'
        || line[16] != b':'
    {
        return None;
    }
    let year = four(line)?;
    let (month, day) = (two(&line[5..])?, two(&line[8..])?);
    let (hour, minute, second) = (two(&line[11..])?, two(&line[14..])?, two(&line[17..])?);
    if year == 0 || year == 9999 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, mut at) = fraction(line, 19)?;
    let offset = offset_minutes(line, &mut at)?;
    let of_day = i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction.unwrap_or(0);
    let local = Timestamp::from_civil(i64::from(year), month, day, of_day)?;
    let quality = if fraction.is_some() { TimeQuality::Exact } else { TimeQuality::Second };
    Some((Stamp { time: local.plus_seconds(-i64::from(offset) * 60), quality }, at))
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

fn two(text: &[u8]) -> Option<u32> {
    Some(digit(text[0])? * 10 + digit(text[1])?)
}

fn four(text: &[u8]) -> Option<u32> {
    Some(two(text)? * 100 + two(&text[2..])?)
}

/// The fraction of a second at `at`, in microseconds, and where it ends.
fn fraction(line: &[u8], at: usize) -> Option<(Option<i64>, usize)> {
    if !matches!(line.get(at), Some(b'.' | b',')) {
        return Some((None, at));
    }
    let digits = line[at + 1..].iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let mut micros = 0;
    for place in 0..6 {
        let value = if place < digits { i64::from(line[at + 1 + place] - b'0') } else { 0 };
        micros = micros * 10 + value;
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
            let minutes = (two(rest)? * 60 + two(&rest[2 + colon..])?) as i32;
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
            "0000-01-01T00:00:00.1+23:59",
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
    fn the_reader_equals_a_date_library_on_valid_stamps() {
        let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let micros = (state >> 20) as i64 % 4_000_000_000_000_000;
            let minutes = (state >> 7) as i64 % 900 - 450;
            let library = jiff::Timestamp::from_microsecond(micros).expect("in range");
            let offset = jiff::tz::Offset::from_seconds((minutes * 60) as i32).expect("in range");
            let text = offset.to_datetime(library).strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string();
            let sign = if minutes < 0 { '-' } else { '+' };
            let text = format!("{text}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
            let (stamp, len) = iso(text.as_bytes()).expect("valid");
            assert_eq!((stamp.time.micros(), len), (micros, text.len()), "{text}");
        }
    }
}
