//! `date`: when the bundle was taken, in the forms and zones that hosts and vCenters print.

use super::text::EachLine;
use super::{FactFile, FactValue, Line, Output, Sample, is_command};
use crate::format::time;
use crate::model::{Problem, ProblemKind, Timestamp};

/// The output of `date`.
pub static DATE: FactFile = FactFile {
    name: "date",
    about: "When the bundle was taken",
    matches: |path| is_command(path, "date"),
    reader: |_| Box::new(EachLine(line)),
    samples: SAMPLES,
};

fn line(line: &Line<'_>, text: &str, out: &mut Output) {
    match parse(text) {
        Some(Ok(at)) => out.facts.push(line.fact(FactValue::CapturedAt { at })),
        Some(Err(zone)) => {
            let text = format!("line {}: the zone '{zone}' is not known", line.number);
            out.problems.push(Problem::new(ProblemKind::Unparsed, line.file.as_str(), text));
        }
        None => {}
    }
}

/// What the words of a date say, before they are put together.
#[derive(Default)]
struct Words<'a> {
    year: Option<i64>,
    month: Option<u32>,
    /// Numbers of one or two digits: the day, or month and day.
    numbers: Vec<u32>,
    micros: Option<i64>,
    afternoon: Option<bool>,
    zone: Option<&'a str>,
}

/// Reads a date; `Err` holds a zone that is not known. `None` where the text is no date.
///
/// ```text
/// Wed Jun 25 19:25:14 UTC 2025
/// Wed 25 Jun 2025 07:22:01 PM JST
/// Wed Jun 25 19:25:14 +09 2025
/// 2025年  6月 25日 水曜日 19:25:14 JST
/// 2025-06-25T19:25:14Z
/// ```
fn parse(text: &str) -> Option<Result<Timestamp, String>> {
    let text = text.trim();
    if let Some((stamp, end)) = time::iso(text.as_bytes()) {
        return (end == text.len()).then_some(Ok(stamp.time));
    }
    if text.len() > 100 {
        return None;
    }
    let plain = text.replace(['年', '月', '日', ','], " ");
    let mut words = Words::default();
    for word in plain.split_whitespace() {
        take(word, &mut words)?;
    }
    let (month, day) = match (words.month, words.numbers.as_slice()) {
        (Some(month), [day]) => (month, *day),
        (None, [month, day]) => (*month, *day),
        _ => return None,
    };
    let local = Timestamp::from_civil(words.year?, month, day, time_of_day(&words)?)?;
    let zone = words.zone?;
    Some(zone_minutes(zone).map(|minutes| local.plus_seconds(-minutes * 60)).ok_or_else(|| zone.to_owned()))
}

/// Takes one word of a date; `None` where it can be no part of one.
fn take<'a>(word: &'a str, words: &mut Words<'a>) -> Option<()> {
    if let Some(month) = month(word) {
        words.month = Some(month);
    } else if word.contains(':') && word.as_bytes()[0].is_ascii_digit() {
        words.micros = Some(clock(word)?);
    } else if word.bytes().all(|byte| byte.is_ascii_digit()) {
        match word.len() {
            1 | 2 => words.numbers.push(word.parse().ok()?),
            4 => words.year = Some(word.parse().ok()?),
            _ => return None,
        }
    } else if word.eq_ignore_ascii_case("am") || word.eq_ignore_ascii_case("pm") {
        words.afternoon = Some(word.eq_ignore_ascii_case("pm"));
    } else if !is_weekday(word) && words.zone.replace(word).is_some() {
        return None;
    }
    Some(())
}

fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| word.starts_with(month))?;
    (word.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(at as u32 + 1)
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let lower = word.to_ascii_lowercase();
    // The Japanese weekday is `水曜` behind the `日` that was cut off, or one character in brackets.
    DAYS.iter().any(|day| lower == *day || (lower.starts_with(day) && lower.ends_with("day")))
        || word.ends_with('曜')
        || (word.starts_with('(') && word.ends_with(')'))
}

/// `19:25:14` or `19:25:14.5`: microseconds since midnight.
fn clock(word: &str) -> Option<i64> {
    let padded = format!("2000-01-01T{word:0>8}Z");
    let (stamp, end) = time::iso(padded.as_bytes())?;
    (end == padded.len()).then(|| stamp.time.civil().3)
}

fn time_of_day(words: &Words<'_>) -> Option<i64> {
    const HOUR: i64 = 3_600_000_000;
    let micros = words.micros?;
    match (words.afternoon, micros / HOUR) {
        (Some(true), 1..=11) => Some(micros + 12 * HOUR),
        (Some(false), 12) => Some(micros - 12 * HOUR),
        _ => Some(micros),
    }
}

/// Minutes east of UTC. Abbreviations that stand for zones far apart, such as `CST`, `IST` and `BST`, are not known.
pub(super) fn zone_minutes(zone: &str) -> Option<i64> {
    if zone.starts_with(['+', '-']) {
        return offset_minutes(zone);
    }
    let hours = match zone.to_ascii_uppercase().as_str() {
        "UTC" | "GMT" | "Z" | "WET" => 0,
        "CET" | "WEST" => 1,
        "CEST" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "HKT" | "SGT" | "AWST" => 8,
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "NZST" => 12,
        "NZDT" => 13,
        "HST" => -10,
        "AKST" => -9,
        "PST" => -8,
        "PDT" => -7,
        "MDT" => -6,
        "EST" => -5,
        "EDT" => -4,
        _ => return None,
    };
    Some(hours * 60)
}

/// `+09`, `+0900`, `-03:30`
fn offset_minutes(zone: &str) -> Option<i64> {
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minutes =
        digits[..2].parse::<i64>().ok()? * 60 + digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
    Some(if zone.starts_with('-') { -minutes } else { minutes })
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/date.txt",
        text: "Wed Jun 25 19:25:14 UTC 2025\n",
        facts: &[r#"{"fact":"captured-at","at":"2025-06-25T19:25:14Z"}"#],
    },
    Sample {
        path: "commands/1.date.txt",
        text: "Wed 25 Jun 2025 07:22:01 PM UTC\n",
        facts: &[r#"{"fact":"captured-at","at":"2025-06-25T19:22:01Z"}"#],
    },
    Sample {
        path: "commands/date.txt",
        text: "sh: warning: setlocale: cannot change locale\nThu Jun  5 04:00:00 JST 2025\n",
        facts: &[r#"{"fact":"captured-at","at":"2025-06-04T19:00:00Z"}"#],
    },
    Sample {
        path: "commands/date.txt",
        text: "warning: slow\n\nWed Jun 25 19:25:14 UTC 2025\nterminated: 15\nMon\n",
        facts: &[r#"{"fact":"captured-at","at":"2025-06-25T19:25:14Z"}"#],
    },
    Sample { path: "commands/date.txt", text: "Wed Jun 25 19:25:14 CST 2025\n", facts: &[] },
    Sample { path: "commands/date.txt", text: "Wed Jun 25 19:25:14 UTC 20", facts: &[] },
    Sample { path: "commands/date.txt", text: "Wed Jun 25 19:25:1", facts: &[] },
];

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn dates_of_every_form_and_zone_are_read() {
        let check = |text: &str, expected: &str| {
            let read = parse(text).unwrap_or_else(|| panic!("no date: {text}")).expect("zone");
            assert_eq!(read.to_string(), expected, "{text}");
        };
        check("Wed Jun 25 12:00:01 AM GMT 2025", "2025-06-25T00:00:01Z");
        check("Wed Jun 25 12:00:01 PM GMT 2025", "2025-06-25T12:00:01Z");
        check("Wed Jun 25 19:25:14 +0530 2025", "2025-06-25T13:55:14Z");
        check("Wed Jun 25 19:25:14 -03 2025", "2025-06-25T22:25:14Z");
        check("Wednesday, June 25, 2025 19:25:14 +09:00", "2025-06-25T10:25:14Z");
        check("2025年  6月 25日 水曜日 19:25:14 JST", "2025-06-25T10:25:14Z");
        check("2025-06-25T19:25:14+09:00", "2025-06-25T10:25:14Z");
        check("Wed Jun 25 9:25:14 EDT 2025", "2025-06-25T13:25:14Z");
    }

    #[test]
    fn what_is_no_date_is_nothing_and_an_unknown_zone_is_a_problem() {
        for text in ["", "Wed", "Jun 25 2025 UTC", "Wed Jun 25 19:25:14 2025", "Wed Feb 30 19:25:14 UTC 2025"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        let out = read(&DATE, "commands/date.txt", SAMPLES[4].text.as_bytes());
        assert!(out.problems[0].text.contains("'CST'"), "{:?}", out.problems);
    }
}
