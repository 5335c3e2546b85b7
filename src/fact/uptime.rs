//! How long a host had been up at the capture.

use super::read::{Json, OrJson, WholeLines};
use super::text::{EachLine, unquoted};
use super::{FactFile, FactValue, Line, Output, Sample, is_command, is_output};

/// The output of `localcli system stats uptime get`.
pub static STATS: FactFile = FactFile {
    name: "uptime",
    about: "How long the host had been up",
    matches: |path| is_output(path, "localcli_system-stats-uptime-get"),
    reader: |path| Box::new(OrJson::new(path, "the uptime", WholeLines::new(EachLine(micros)), micros_json)),
    samples: STATS_SAMPLES,
};

/// The output of `uptime`, on vCenter.
pub static UPTIME: FactFile = FactFile {
    name: "uptime-line",
    about: "How long the system had been up, to the minute",
    matches: |path| is_command(path, "uptime"),
    reader: |_| Box::new(EachLine(line)),
    samples: UPTIME_SAMPLES,
};

/// `1234567890123`: microseconds, alone on its line; in JSON it may stand in quotes.
fn micros(line: &Line<'_>, text: &str, out: &mut Output) {
    let text = unquoted(text.trim());
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let (true, Ok(micros)) = (digits, text.parse()) {
        out.facts.push(line.fact(FactValue::Uptime { micros }));
    }
}

/// `{"Uptime": 1234567890123}`
fn micros_json(json: Json, out: &mut Output) -> bool {
    let told = json.entries.into_iter().find_map(|entry| Some((entry.number("Uptime")?, entry)));
    let fact = told.filter(|(micros, _)| *micros >= 0);
    let fact = fact.map(|(micros, entry)| entry.into_anchor().fact(FactValue::Uptime { micros }));
    let said = fact.is_some();
    out.facts.extend(fact);
    said
}

fn line(line: &Line<'_>, text: &str, out: &mut Output) {
    let up = seconds(text).and_then(|seconds| seconds.checked_mul(1_000_000));
    out.facts.extend(up.map(|micros| line.fact(FactValue::Uptime { micros })));
}

/// Seconds of a line of `uptime`; `None` where it is another text.
///
/// ```text
///  09:20:31 up 291 days,  5:54,  1 user,  load average: 0.61, 0.52, 0.48
///  09:20:31 up 12 min,  0 users,  load average: 0.00, 0.01, 0.05
///  09:20:31 up 3 days, 02:04:05, load average: 0.00, 0.00, 0.00
/// ```
fn seconds(text: &str) -> Option<i64> {
    let (clock, rest) = text.trim().split_once(" up ")?;
    clock_seconds(clock.trim())?;
    let mut total = None;
    for part in rest.split(',').map(str::trim) {
        // Behind these nothing tells of the uptime, and before them nothing is left out.
        if part.ends_with("user") || part.ends_with("users") || part.starts_with("load average:") {
            return total;
        }
        total = Some(total.unwrap_or(0i64).checked_add(span(part)?)?);
    }
    None
}

/// `291 days`, `5:54`, `12 min`, `7 hours`
fn span(part: &str) -> Option<i64> {
    let Some((number, unit)) = part.split_once(' ') else { return clock_seconds(part) };
    let unit = match unit.trim() {
        "day" | "days" => 86_400,
        "hour" | "hours" | "hr" | "hrs" => 3600,
        "min" | "mins" | "minute" | "minutes" => 60,
        "sec" | "secs" | "second" | "seconds" => 1,
        _ => return None,
    };
    number.parse::<u32>().ok().map(|number| i64::from(number) * unit)
}

/// `5:54`, `05:54:13`
fn clock_seconds(text: &str) -> Option<i64> {
    let parts: Vec<u32> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [hours, minutes] if *minutes < 60 => Some(i64::from(*hours) * 3600 + i64::from(*minutes) * 60),
        [hours, minutes, seconds] if *minutes < 60 && *seconds < 60 => {
            Some(i64::from(*hours) * 3600 + i64::from(*minutes) * 60 + i64::from(*seconds))
        }
        _ => None,
    }
}

const STATS_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_system-stats-uptime-get.txt",
        text: "Errors: none\n1234567890123\n",
        facts: &[r#"{"fact":"uptime","micros":1234567890123}"#],
    },
    Sample {
        path: "commands/esxcli_system-stats-uptime-get.txt",
        text: "99999999999999999999\n",
        facts: &[],
    },
    // Cut: what is missing could be more digits.
    Sample { path: "commands/localcli_system-stats-uptime-get.txt", text: "12345678901", facts: &[] },
    // JSON: a bare number, one in quotes, and in an object.
    Sample {
        path: "json/localcli_system-stats-uptime-get.json",
        text: "1234567890123\n",
        facts: &[r#"{"fact":"uptime","micros":1234567890123}"#],
    },
    Sample {
        path: "commands/localcli_--formatterjson-system-stats-uptime-get.txt",
        text: "warning: slow\n\"2345678901234\"\n",
        facts: &[r#"{"fact":"uptime","micros":2345678901234}"#],
    },
    Sample {
        path: "commands/localcli_--formatterjson-system-stats-uptime-get.txt",
        text: "warning: slow\n{\n   \"Uptime\": 3456789012345\n}\n",
        facts: &[r#"{"fact":"uptime","micros":3456789012345}"#],
    },
    Sample {
        path: "json/localcli_system-stats-uptime-get.json",
        text: "[{\"uptime\": \"4567890123456\"}]\n",
        facts: &[r#"{"fact":"uptime","micros":4567890123456}"#],
    },
    Sample {
        path: "json/localcli_system-stats-uptime-get.json",
        text: "{\n   \"Uptime\": 34567\n",
        facts: &[],
    },
    Sample { path: "json/localcli_system-stats-uptime-get.json", text: "\"23456789", facts: &[] },
];

const fn sample(text: &'static str, facts: &'static [&'static str]) -> Sample {
    Sample { path: "commands/uptime.txt", text, facts }
}

const UPTIME_SAMPLES: &[Sample] = &[
    sample(
        "uptime: wtmp is not there\n 09:20:31 up 291 days,  5:54,  1 user,  load average: 0.61, 0.52, 0.48\nmore\n",
        &[r#"{"fact":"uptime","micros":25163640000000}"#],
    ),
    sample(
        " 09:20:31 up 12 min,  0 users,  load average: 0.61, 0.52, 0.48\n",
        &[r#"{"fact":"uptime","micros":720000000}"#],
    ),
    sample(
        " 09:20:31 up 1 day, 7 hours,  2 users,  load average: 0.61, 0.52, 0.48\n",
        &[r#"{"fact":"uptime","micros":111600000000}"#],
    ),
    // The one of ESXi tells seconds and no users.
    sample(
        " 09:20:31 up 3 days, 02:04:05, load average: 0.61, 0.52, 0.48\n",
        &[r#"{"fact":"uptime","micros":266645000000}"#],
    ),
    sample(" 09:20:31 up 291 days,  5:54,  1 us", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_whole_or_not_known_tells_nothing() {
        for text in [
            " 09:20:31 up 291 days,  5:54",
            " 09:20:31 up 291 days,  5:64,  1 user,",
            " 09:20:31 up 291 Tage,  5:54,  1 user,  load average: 1",
            " 09:20:31 up load average: 1",
            "system went up 5 min, 1 user, load average: 1",
            "09:20:31 5 min, 1 user",
            "",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(seconds("09:20:31 up 0 min,  0 users,  load average: 1\r"), Some(0));
    }
}
