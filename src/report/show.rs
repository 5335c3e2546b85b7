//! How sizes, counts and places are written for people; the same in every renderer. Times are in [`super::zone`].

use crate::model::{Lang, TimeQuality};

/// `20,000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1.4 MiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{number} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// `+1.250 s`, `−2 min 05 s`, in Japanese `−2 分 05 秒`: a difference of two times.
pub fn delta(micros: i64, lang: Lang) -> String {
    let sign = if micros < 0 { "−" } else { "+" };
    let [day, hour, minute, second] = match lang {
        Lang::En => ["d", "h", "min", "s"],
        Lang::Ja => ["日", "時間", "分", "秒"],
    };
    let micros = micros.unsigned_abs();
    let seconds = micros / 1_000_000;
    match seconds {
        0..60 => format!("{sign}{seconds}.{:03} {second}", micros / 1000 % 1000),
        60..3600 => format!("{sign}{} {minute} {:02} {second}", seconds / 60, seconds % 60),
        3600..86_400 => format!("{sign}{} {hour} {:02} {minute}", seconds / 3600, seconds / 60 % 60),
        _ => format!("{sign}{} {day} {:02} {hour}", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// What stands before an estimated time.
pub const fn mark(quality: TimeQuality) -> &'static str {
    match quality {
        TimeQuality::Estimated => "~",
        TimeQuality::Exact | TimeQuality::Second => "",
    }
}

/// The name of a time quality, as in JSON.
pub const fn quality(quality: TimeQuality) -> &'static str {
    match quality {
        TimeQuality::Exact => "exact",
        TimeQuality::Second => "second",
        TimeQuality::Estimated => "estimated",
    }
}

/// `file:12 @345`: where a line stands.
pub fn place(file: &str, line: u64, offset: u64) -> String {
    format!("{file}:{line} @{offset}")
}

/// At most `max` characters of `text`, with `…` where some were cut.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(count(0), "0");
        assert_eq!(count(20_000), "20,000");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(1_468_006), "1.4 MiB");
        assert_eq!(delta(1_250_000, Lang::En), "+1.250 s");
        assert_eq!(delta(-125_000_000, Lang::En), "−2 min 05 s");
        assert_eq!(delta(51_840_000_000, Lang::Ja), "+14 時間 24 分");
        assert_eq!(cut("日本語", 2), "日本…");
    }
}
