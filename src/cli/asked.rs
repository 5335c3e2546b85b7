//! Times and time zones as people type them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::model::Timestamp;
use crate::report::zone::Zone;

/// A time as it was typed: without an offset it is known only with the zone of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedTime {
    /// With an offset.
    Instant(Timestamp),
    /// What the clocks show.
    Clock(DateTime),
    /// A whole day.
    Day(Date),
}

impl AskedTime {
    /// The first microsecond that is meant.
    ///
    /// # Errors
    /// Fails beyond the times that can be told.
    pub fn first(&self, zone: &Zone) -> Result<Timestamp, String> {
        match self {
            AskedTime::Instant(time) => Ok(*time),
            AskedTime::Clock(time) => zone.resolve(*time, false),
            AskedTime::Day(date) => zone.resolve(date.at(0, 0, 0, 0), false),
        }
    }

    /// The last microsecond that is meant.
    ///
    /// # Errors
    /// As [`AskedTime::first`].
    pub fn last(&self, zone: &Zone) -> Result<Timestamp, String> {
        match self {
            AskedTime::Instant(time) => Ok(*time),
            AskedTime::Clock(time) => zone.resolve(*time, true),
            AskedTime::Day(date) => {
                let next = date.tomorrow().map_err(|error| error.to_string())?;
                Ok(zone.resolve(next.at(0, 0, 0, 0), false)?.plus_micros(-1))
            }
        }
    }
}

/// `2026-01-31T08:00:00Z`, `2026-01-31 08:00`, `2026-01-31`.
///
/// # Errors
/// Says what would be understood.
pub fn time(text: &str) -> Result<AskedTime, String> {
    let wrong = || format!("'{text}' is not a time like 2026-01-31T08:00:00Z");
    // `2026-01-31 17:00 +09:00` is how a report writes it.
    let full = text.trim().replacen(' ', "T", 1).replace(' ', "");
    let Some((_, clock)) = full.split_once('T') else {
        return full.parse().map(AskedTime::Day).map_err(|_| wrong());
    };
    if clock.ends_with(['Z', 'z']) || clock.contains(['+', '-']) {
        return full.parse().map(AskedTime::Instant).map_err(|_| wrong());
    }
    // The library takes an hour alone; nobody means that.
    let is_whole = clock.contains(':');
    is_whole.then(|| full.parse().ok()).flatten().map(AskedTime::Clock).ok_or_else(wrong)
}

/// `Asia/Tokyo`, `+09:00`, `utc`, `local`.
///
/// # Errors
/// As [`Zone::named`]; `local` fails where the machine does not tell its zone by a name.
pub fn zone(text: &str) -> Result<Zone, String> {
    if text.trim().eq_ignore_ascii_case("local") { local_zone() } else { Zone::named(text) }
}

/// The zone of this machine.
fn local_zone() -> Result<Zone, String> {
    let rules = TimeZone::try_system().map_err(|error| {
        format!("this machine does not tell its time zone ({error}); say a name like Asia/Tokyo")
    })?;
    Zone::of(rules).ok_or_else(|| {
        "the time zone of this machine has no name that a report can tell; say a name like Asia/Tokyo"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        for (text, first, last) in [
            ("2026-01-31", "2026-01-31T00:00:00Z", "2026-01-31T23:59:59.999999Z"),
            ("2026-01-31 08:00", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
            ("2026-01-31T08:00:01.5", "2026-01-31T08:00:01.500Z", "2026-01-31T08:00:01.500Z"),
            ("2026-01-31 17:00:00+09:00", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
            ("2026-01-31 17:00 +09:00", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
            ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
        ] {
            let asked = time(text).expect(text);
            assert_eq!(asked.first(&Zone::UTC).map(|time| time.to_string()), Ok(first.to_owned()), "{text}");
            assert_eq!(asked.last(&Zone::UTC).map(|time| time.to_string()), Ok(last.to_owned()), "{text}");
        }
        for bad in ["yesterday", "2026-01-31 8", "2026-13-01", "31.01.2026"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_by_the_clocks_of_the_zone() {
        let tokyo = zone("JST").expect("a zone");
        let told = |text: &str| {
            let asked = time(text).expect(text);
            [asked.first(&tokyo), asked.last(&tokyo)].map(|time| time.expect("in range").to_string())
        };
        assert_eq!(told("2026-01-31"), ["2026-01-30T15:00:00Z", "2026-01-31T14:59:59.999999Z"]);
        assert_eq!(told("2026-01-31 08:00"), ["2026-01-30T23:00:00Z", "2026-01-30T23:00:00Z"]);
        assert_eq!(told("2026-01-31T08:00:00Z"), ["2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"]);
    }

    /// An hour that comes twice is meant whole.
    #[test]
    fn where_clocks_are_put_back_a_window_leaves_nothing_out() {
        let berlin = zone("Europe/Berlin").expect("a zone");
        let asked = time("2026-10-25 02:30").expect("a time");
        assert_eq!(asked.first(&berlin).map(|time| time.to_string()), Ok("2026-10-25T00:30:00Z".to_owned()));
        assert_eq!(asked.last(&berlin).map(|time| time.to_string()), Ok("2026-10-25T01:30:00Z".to_owned()));
    }
}
