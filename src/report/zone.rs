//! Times as the reader wants them: in a zone of their choice, UTC always beside.
//!
//! Only what people read is in that zone; the times of `report.json`, CSV and the like are UTC whatever it is.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::model::{Lang, TIME_SIGN, TimeQuality, Timestamp};

/// The zone that times are shown in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// `None` is UTC.
    other: Option<Other>,
}

/// A zone that is not UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Other {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// UTC: what all times are in where nothing else is asked for.
    pub const UTC: Zone = Zone { other: None };

    /// A zone by its IANA name (`Asia/Tokyo`), its offset (`+09:00`, `+9`), or `JST`, which is no IANA name and is what
    /// many will type.
    ///
    /// # Errors
    /// Says what would be understood.
    pub fn named(name: &str) -> Result<Zone, String> {
        let asked = name.trim();
        if asked.eq_ignore_ascii_case("utc") || asked.eq_ignore_ascii_case("z") {
            return Ok(Zone::UTC);
        }
        if let Some(offset) = offset(asked) {
            return Ok(Zone::fixed(offset));
        }
        let known = if asked.eq_ignore_ascii_case("jst") { "Asia/Tokyo" } else { asked };
        jiff::tz::db().get(known).ok().and_then(Zone::of).ok_or_else(|| {
            format!("'{name}' is no time zone that is known; say a name like Asia/Tokyo, an offset like +09:00, utc or local")
        })
    }

    /// A zone by its rules, where its name tells them to whoever reads the report again: by the IANA name, or by the
    /// offset where it never has another. `None` for rules that no name tells.
    pub fn of(rules: TimeZone) -> Option<Zone> {
        let Some(name) = rules.iana_name().map(str::to_owned) else {
            let is_fixed = rules.following(jiff::Timestamp::MIN).next().is_none();
            return is_fixed.then(|| Zone::fixed(rules.to_offset(jiff::Timestamp::UNIX_EPOCH)));
        };
        if matches!(name.as_str(), "UTC" | "Etc/UTC" | "Etc/UCT" | "Etc/Zulu" | "Zulu" | "UCT") {
            return Some(Zone::UTC);
        }
        Some(Zone { other: Some(Other { name, rules }) })
    }

    fn fixed(offset: Offset) -> Zone {
        if offset.is_zero() {
            return Zone::UTC;
        }
        Zone { other: Some(Other { name: written(offset), rules: TimeZone::fixed(offset) }) }
    }

    /// `Asia/Tokyo`, `+09:00`, `UTC`.
    pub fn name(&self) -> &str {
        self.other.as_ref().map_or("UTC", |other| &other.name)
    }

    /// Whether it is UTC.
    pub const fn is_utc(&self) -> bool {
        self.other.is_none()
    }

    /// Seconds that its clocks are ahead of UTC at `at`.
    pub fn offset_seconds(&self, at: Timestamp) -> i32 {
        self.other.as_ref().map_or(0, |other| other.offset(at).seconds())
    }

    /// Every offset between two times, in seconds ahead of UTC, each with the time from which it holds; the first holds at
    /// `from`.
    pub fn offsets(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, i32)> {
        let mut offsets = vec![(from, self.offset_seconds(from))];
        let Some(other) = &self.other else { return offsets };
        let changes = other.rules.following(instant(from)).take(MOST_CHANGES);
        let within =
            changes.map(|change| (Timestamp::from_micros(change.timestamp().as_microsecond()), change));
        offsets.extend(
            within.take_while(|(at, _)| *at <= to).map(|(at, change)| (at, change.offset().seconds())),
        );
        offsets
    }

    /// The time at which its clocks show `civil`. Where that comes twice it is the first, or the last one where `is_end` is
    /// asked for, so that nothing between is left out; where it never comes, the one behind the gap.
    ///
    /// # Errors
    /// Fails beyond the times that can be told.
    pub fn resolve(&self, civil: DateTime, is_end: bool) -> Result<Timestamp, String> {
        let rules = self.other.as_ref().map_or(TimeZone::UTC, |other| other.rules.clone());
        let meant = rules.to_ambiguous_zoned(civil);
        let zoned = if is_end { meant.later() } else { meant.compatible() };
        let zoned = zoned.map_err(|error| error.to_string())?;
        Ok(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
    }

    /// `2026-11-23 02:10:05.123` in UTC, where the column or the sentence tells the unit;
    /// `2026-11-23 11:10:05.123 +09:00 (02:10:05.123 UTC)` in any other zone.
    pub fn time(&self, time: Timestamp) -> String {
        self.beside(&plain(time), time)
    }

    /// A time, or a dash where it is not known.
    pub fn time_or_dash(&self, value: Option<Timestamp>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.time(value))
    }

    /// `2026-11-23 02:10:05`: without the fraction.
    pub fn second(&self, value: Timestamp) -> String {
        self.beside(&plain(whole(value)), whole(value))
    }

    /// The same, or a dash where it is not known.
    pub fn second_or_dash(&self, value: Option<Timestamp>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.second(value))
    }

    /// `2026-11-23 02:10:05.123 UTC`: a time that says its zone.
    pub fn time_told(&self, value: Timestamp) -> String {
        let time = self.time(value);
        if self.is_utc() { format!("{time} UTC") } else { time }
    }

    /// `2026-11-23 02:10:05 UTC`: a time that says its zone, without the fraction.
    pub fn told(&self, value: Timestamp) -> String {
        self.time_told(whole(value))
    }

    /// The same, or a dash where it is not known.
    pub fn told_or_dash(&self, value: Option<Timestamp>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.told(value))
    }

    /// `2026-11-23 02:10:05 – 04:55:00 UTC`; the date is not repeated where it is the same.
    pub fn span(&self, from: Timestamp, to: Timestamp) -> String {
        let (from, to) = (whole(from), whole(to));
        if from == to {
            return self.told(from);
        }
        let in_utc = format!("{} UTC", joined(&plain(from), &plain(to)));
        let Some(other) = &self.other else { return in_utc };
        let (first, last) = (other.offset(from), other.offset(to));
        let here = if first == last {
            format!("{} {}", joined(&other.plain(from), &other.plain(to)), written(last))
        } else {
            format!("{} {} – {} {}", other.plain(from), written(first), other.plain(to), written(last))
        };
        // All on one day of both zones: its date is said once.
        let ends = [&plain(from), &plain(to), &other.plain(from), &other.plain(to)];
        let days: BTreeSet<&str> = ends.into_iter().filter_map(|end| end.get(..=DATE_LENGTH)).collect();
        let in_utc = match days.first() {
            Some(day) if days.len() == 1 => in_utc.strip_prefix(day).unwrap_or(&in_utc).to_owned(),
            _ => in_utc,
        };
        format!("{here} ({in_utc})")
    }

    /// A span of which either end may be unknown; `None` where both are.
    pub fn span_or_none(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Option<String> {
        match (from, to) {
            (Some(from), Some(to)) => Some(self.span(from, to)),
            (Some(one), None) | (None, Some(one)) => Some(self.told(one)),
            (None, None) => None,
        }
    }

    /// A time of the timeline; `~` marks one that is estimated.
    pub fn entry_time(&self, time: Timestamp, quality: TimeQuality) -> String {
        format!("{}{}", super::show::mark(quality), self.time(time))
    }

    /// `2026-11-23 11:10:05.123`: what the clocks of the zone show, without a word on UTC.
    pub fn clock(&self, time: Timestamp) -> String {
        self.other.as_ref().map_or_else(|| plain(time), |other| other.plain(time))
    }

    /// The time of day of `to`, with its date where that is another than that of `from`.
    pub fn until(&self, from: Option<Timestamp>, to: Timestamp) -> String {
        let last = self.second(to);
        let first = from.map(|from| self.clock(from)).unwrap_or_default();
        match (first.split_once(' '), last.split_once(' ')) {
            (Some((date, _)), Some((other, clock))) if date == other => clock.to_owned(),
            _ => last,
        }
    }

    /// `+09:00` at `at`.
    pub fn offset(&self, at: Timestamp) -> String {
        written(self.other.as_ref().map_or(Offset::UTC, |other| other.offset(at)))
    }

    /// `2026-11-23 02:10:05.123 +09:00` of a time in UTC is not repeated here; in another zone UTC stands in brackets.
    fn beside(&self, in_utc: &str, time: Timestamp) -> String {
        let Some(other) = &self.other else { return in_utc.to_owned() };
        let here = other.plain(time);
        let (date, clock) = in_utc.split_once(' ').unwrap_or(("", in_utc));
        let in_utc = if here.starts_with(date) { clock } else { in_utc };
        format!("{here} {} ({in_utc} UTC)", written(other.offset(time)))
    }

    /// `text`, a sentence of ours, with each of its times in this zone and without their signs. Its times have the form of
    /// [`Timestamp::in_text`], since the zone is not known where the sentence is made; a time without the sign is quoted
    /// and stays as it is, in Japanese too.
    pub fn retold(&self, text: &str, lang: Lang) -> String {
        let mut pieces = text.split(TIME_SIGN);
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            match signed(piece) {
                Some((time, rest)) => {
                    let told = self.told_behind(&out, time, lang);
                    // A blank that parted the bracket from Japanese is no longer needed.
                    let is_closed = told.ends_with('）');
                    out.push_str(&told);
                    out.push_str(rest.strip_prefix(' ').filter(|_| is_closed).unwrap_or(rest));
                }
                None => out.push_str(piece),
            }
        }
        out
    }

    /// A time as a sentence in `lang` has it behind `before`: in Japanese brackets it has none of its own.
    fn told_behind(&self, before: &str, time: Timestamp, lang: Lang) -> String {
        let told = self.told(time);
        if lang == Lang::En {
            return told;
        }
        let is_inside = before.matches('（').count() > before.matches('）').count();
        if !is_inside {
            return in_japanese(&told);
        }
        let inside = in_japanese(&format!("（{told}）"));
        inside.strip_prefix('（').and_then(|told| told.strip_suffix('）')).unwrap_or(&inside).to_owned()
    }
}

/// The time that stands behind a sign, and what follows it.
fn signed(text: &str) -> Option<(Timestamp, &str)> {
    let time = format!("{}Z", text.get(..TIME_LENGTH)?.replacen(' ', "T", 1));
    Some((time.parse().ok()?, text[TIME_LENGTH..].strip_prefix(UNIT)?))
}

/// Behind a time in a sentence.
const UNIT: &str = " UTC";
/// Bytes of `2026-11-23`.
const DATE_LENGTH: usize = 10;
/// Bytes of `2026-11-23 02:10:05`.
const TIME_LENGTH: usize = 19;
/// A zone changes its offset twice a year; logs do not cover more than this.
const MOST_CHANGES: usize = 64;

impl Other {
    fn offset(&self, at: Timestamp) -> Offset {
        self.rules.to_offset(instant(at))
    }

    fn plain(&self, at: Timestamp) -> String {
        plain(at.plus_seconds(i64::from(self.offset(at).seconds())))
    }
}

/// `text`, prose in Japanese, with its dates as Japanese prose has them: `2026-11-03 02:10:05 UTC` becomes
/// `2026年11月3日 02:10:05 UTC`. A date is one of ours where a time stands behind it and `UTC` follows: that is the form of
/// [`Zone::told`] and [`Zone::span`]. Tables, the timeline and evidence keep the form that sorts.
pub fn in_japanese(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_inner = out.ends_with(|before: char| before.is_ascii_alphanumeric() || before == '-');
        match date(rest).filter(|_| !is_inner) {
            Some((year, month, day)) => {
                out.push_str(&format!("{year}年{month}月{day}日"));
                rest = &rest[DATE_LENGTH..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    in_one_bracket(&out)
}

/// `text` with the brackets that UTC stands in as Japanese has them: `（15:49:34 +09:00 (06:49:34 UTC)）` becomes
/// `（15:49:34 +09:00、06:49:34 UTC）`, and outside of brackets they are full-width.
pub fn in_one_bracket(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(c) = rest.chars().next() {
        if let Some((in_utc, behind)) = beside_utc(&out, rest) {
            out.push_str(&if depth > 0 { format!("、{in_utc}") } else { format!("（{in_utc}）") });
            // A blank that parted the bracket from Japanese is no longer needed.
            rest = if depth > 0 { behind } else { behind.strip_prefix(' ').unwrap_or(behind) };
            continue;
        }
        match c {
            '（' => depth += 1,
            '）' => depth = depth.saturating_sub(1),
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// `06:49:34 UTC` and what is behind, of a ` (06:49:34 UTC)` that `rest` begins with behind an offset.
fn beside_utc<'a>(before: &str, rest: &'a str) -> Option<(&'a str, &'a str)> {
    // What was written so outside of brackets may have come to stand in some.
    let (inner, end) = match rest.strip_prefix(" (") {
        Some(inner) => (inner, ')'),
        None => (rest.strip_prefix('（')?, '）'),
    };
    let offset = before.as_bytes().last_chunk::<6>()?;
    let is_offset =
        matches!(offset, [b'+' | b'-', h, _, b':', m, _] if h.is_ascii_digit() && m.is_ascii_digit());
    let (in_utc, behind) = inner.split_once(end).filter(|_| is_offset)?;
    let goes_on = |c: char| c.is_ascii_digit() || " .:–年月日".contains(c);
    in_utc.strip_suffix(UNIT)?.chars().all(goes_on).then_some((in_utc, behind))
}

/// The date that `text` begins with, where a time of ours follows it: year, month, day.
fn date(text: &str) -> Option<(&str, u8, u8)> {
    let stamp = text.get(..TIME_LENGTH)?;
    let is_form = stamp.bytes().zip(*b"0000-00-00 00:00:00").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        mark => byte == mark,
    });
    let goes_on = |c: char| c.is_ascii_digit() || " .:+-–()".contains(c);
    let behind = text[TIME_LENGTH..].trim_start_matches(goes_on);
    (is_form && behind.starts_with("UTC"))
        .then(|| Some((&stamp[..4], stamp[5..7].parse().ok()?, stamp[8..DATE_LENGTH].parse().ok()?)))?
}

/// `2026-11-23 02:10:05.123` of a time as if in UTC.
fn plain(time: Timestamp) -> String {
    time.to_string().replace('T', " ").trim_end_matches('Z').to_owned()
}

/// Without its fraction.
fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros().div_euclid(1_000_000) * 1_000_000)
}

/// `first – last`; the date is not repeated where it is the same.
fn joined(first: &str, last: &str) -> String {
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((date, _)), Some((other, clock))) if date == other => format!("{first} – {clock}"),
        _ => format!("{first} – {last}"),
    }
}

/// The library's form of a time; what is beyond its range is put at its end.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(if at.micros() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

/// `+09:00`, `UTC+9`, `-0330`
fn offset(text: &str) -> Option<Offset> {
    let text = text.strip_prefix("UTC").or(text.strip_prefix("GMT")).unwrap_or(text);
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let digits = text.trim_start_matches(['+', '-', '−']);
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at(2),
        None => (digits, "0"),
    };
    let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() <= 2);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let fits = hours <= 18 && minutes < 60;
    fits.then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()).flatten()
}

/// `+09:00`
fn written(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect("a zone")
    }

    #[test]
    fn spans_repeat_the_date_only_when_it_changes() {
        let from = at("2026-11-23T02:10:05.123Z");
        let utc = Zone::UTC;
        assert_eq!(utc.span(from, at("2026-11-23T04:55:00Z")), "2026-11-23 02:10:05 – 04:55:00 UTC");
        assert_eq!(
            utc.span(from, at("2026-11-24T04:55:00Z")),
            "2026-11-23 02:10:05 – 2026-11-24 04:55:00 UTC"
        );
        assert_eq!(utc.span(from, from), "2026-11-23 02:10:05 UTC");
        assert_eq!(utc.time(from), "2026-11-23 02:10:05.123");
        assert_eq!(utc.second(from), "2026-11-23 02:10:05");
    }

    #[test]
    fn another_zone_has_utc_beside_it() {
        let tokyo = zone("Asia/Tokyo");
        let time = at("2026-11-23T02:10:05.123Z");
        assert_eq!(tokyo.time(time), "2026-11-23 11:10:05.123 +09:00 (02:10:05.123 UTC)");
        assert_eq!(tokyo.told(time), "2026-11-23 11:10:05 +09:00 (02:10:05 UTC)");
        let night = at("2026-11-23T20:00:00Z");
        assert_eq!(tokyo.second(night), "2026-11-24 05:00:00 +09:00 (2026-11-23 20:00:00 UTC)");
        assert_eq!(
            tokyo.span(time, at("2026-11-23T04:55:00Z")),
            "2026-11-23 11:10:05 – 13:55:00 +09:00 (02:10:05 – 04:55:00 UTC)"
        );
        assert_eq!(tokyo.clock(time), "2026-11-23 11:10:05.123");
    }

    #[test]
    fn a_zone_is_known_by_its_name_its_offset_or_what_people_say() {
        for (asked, name) in [
            ("utc", "UTC"),
            ("Etc/UTC", "UTC"),
            ("+00:00", "UTC"),
            ("asia/tokyo", "Asia/Tokyo"),
            ("JST", "Asia/Tokyo"),
            ("+9", "+09:00"),
            ("UTC+5:30", "+05:30"),
            ("-0330", "-03:30"),
        ] {
            assert_eq!(zone(asked).name(), name, "{asked}");
        }
        for wrong in ["Mars/Base", "+25:00", "+9:75", "", "+", "9"] {
            let said = Zone::named(wrong).expect_err(wrong);
            assert!(said.contains("Asia/Tokyo"), "{said}");
        }
    }

    #[test]
    fn a_zone_without_a_name_is_told_by_its_offset_or_refused() {
        let of = |rules: &str| Zone::of(TimeZone::posix(rules).expect("rules"));
        assert_eq!(of("JST-9"), Some(zone("+09:00")));
        assert_eq!(of("GMT0"), Some(Zone::UTC));
        assert_eq!(of("CET-1CEST,M3.5.0,M10.5.0/3"), None);
    }

    #[test]
    fn summer_time_changes_the_offset_within_a_span() {
        let berlin = zone("Europe/Berlin");
        let (from, to) = (at("2026-10-24T22:00:00Z"), at("2026-10-26T00:00:00Z"));
        assert_eq!(berlin.offsets(from, to), [(from, 7200), (at("2026-10-25T01:00:00Z"), 3600)]);
        assert!(
            berlin.span(from, to).starts_with("2026-10-25 00:00:00 +02:00 – 2026-10-26 01:00:00 +01:00 (")
        );
    }

    #[test]
    fn japanese_prose_has_dates_in_japanese() {
        for (iso, told) in [
            ("esx01 は 2026-11-03 02:10:05 UTC に停止", "esx01 は 2026年11月3日 02:10:05 UTC に停止"),
            (
                "（2026-11-23 02:10:05 – 2026-12-01 04:55:00 UTC）",
                "（2026年11月23日 02:10:05 – 2026年12月1日 04:55:00 UTC）",
            ),
            (
                "2026-11-24 05:00:00 +09:00 (2026-11-23 20:00:00 UTC)",
                "2026年11月24日 05:00:00 +09:00（2026年11月23日 20:00:00 UTC）",
            ),
            ("2026-11-23 11:10:05 +09:00 (02:10:05 UTC)", "2026年11月23日 11:10:05 +09:00（02:10:05 UTC）"),
            (
                "離脱（2026-11-23 11:10:05 +09:00 (02:10:05 UTC)）。2026-11-23 11:10:05 +09:00 (02:10:05 UTC) に",
                "離脱（2026年11月23日 11:10:05 +09:00、02:10:05 UTC）。2026年11月23日 11:10:05 +09:00（02:10:05 UTC）に",
            ),
            (
                "離脱（2026年11月23日 11:10:05 +09:00（02:10:05 UTC））。",
                "離脱（2026年11月23日 11:10:05 +09:00、02:10:05 UTC）。",
            ),
            ("esx01 (02:10:05 UTC)", "esx01 (02:10:05 UTC)"),
            ("esx-2026-11-23 02:10:05 UTC", "esx-2026-11-23 02:10:05 UTC"),
            ("記録「2026-11-23 02:10:05 x」UTC", "記録「2026-11-23 02:10:05 x」UTC"),
            ("日本語", "日本語"),
        ] {
            assert_eq!(in_japanese(iso), told);
        }
    }

    #[test]
    fn times_in_sentences_are_told_in_the_zone_and_nothing_else_is_touched() {
        let tokyo = zone("Asia/Tokyo");
        let down = at("2026-11-23T02:10:05.123Z").in_text();
        let quoted = "the log says \"2026-11-23 02:10:05 UTC boot\", 2026-99-23 02:10:05 UTC 日本語";
        assert_eq!(
            tokyo.retold(&format!("esx01 went down at {down}. {quoted}"), Lang::En),
            format!("esx01 went down at 2026-11-23 11:10:05 +09:00 (02:10:05 UTC). {quoted}")
        );
        assert_eq!(Zone::UTC.retold(&down, Lang::En), "2026-11-23 02:10:05 UTC");
        assert_eq!(
            tokyo.retold(&format!("停止（{down}）、{down} に再開。{quoted}"), Lang::Ja),
            format!(
                "停止（2026年11月23日 11:10:05 +09:00、02:10:05 UTC）、\
                 2026年11月23日 11:10:05 +09:00（02:10:05 UTC）に再開。{quoted}"
            )
        );
        // A sign that a bundle has is taken away and does nothing.
        assert_eq!(
            tokyo.retold("a\u{fdd0}b\u{fdd0}2026-99-23 02:10:05 UTC\u{fdd0}", Lang::En),
            "ab2026-99-23 02:10:05 UTC"
        );
    }
}
