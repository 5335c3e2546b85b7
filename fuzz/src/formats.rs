//! `formats`: every header that is read is made of the line's own bytes, and every stamp is one that can be written
//! and read again.

use std::ops::Range;

use esxray::format::{self, FORMATS, Header};
use esxray::model::{Stamp, TimeQuality, Timestamp};

use crate::input::{Bytes, mutated};

/// One input: lines as they are, or a family's sample and changes to it.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    if bytes.once_in(2) {
        let family = *bytes.pick(FORMATS);
        let (sample, _) = *bytes.pick(family.samples);
        let line = mutated(sample.as_bytes(), &mut bytes);
        return line.split(|&byte| byte == b'\n').for_each(check);
    }
    bytes.rest().split(|&byte| byte == b'\n').for_each(check);
}

/// Inputs that begin a search: every sample of every family, and stamps at the edges.
pub fn seeds() -> Vec<Vec<u8>> {
    const EDGES: &[&str] = &[
        "0000-01-01T00:00:00.1+23:59 x",
        "9999-12-31T23:59:60.999999999-99:99 x",
        "2020-02-29T23:59:59,123456+0900| vmx| I125+ x",
        "TSC: 9 cpu0:1)x\n0:00:00:04.100 cpu0:1)@BlueScreen: x",
    ];
    let samples = FORMATS.iter().flat_map(|format| format.samples).map(|sample| sample.0);
    let lines = samples.chain(EDGES.iter().copied()).map(|line| [&[0], line.as_bytes()].concat());
    let changed = (0..FORMATS.len() as u8).map(|family| vec![1, family, 1, 0, 20, 2, b'x', 3]);
    lines.chain(changed).collect()
}

fn check(line: &[u8]) {
    let starts = format::starts_record(line);
    let header = format::parse(line);
    assert_eq!(header, format::parse(line), "the same line is read in two ways");
    assert!(!starts || header.is_none() || !header.as_ref().is_some_and(|header| header.continues));
    if let Some(header) = &header {
        is_of_the_line(header, line);
    }
    match format::time::iso(line) {
        Some((stamp, len)) => {
            assert!(format::time::looks_iso(line), "a stamp that does not look like one");
            assert!((20..=line.len()).contains(&len), "a stamp of {len} bytes");
            assert_eq!(header.and_then(|header| header.stamp), Some(stamp));
            is_in_range(stamp, &line[..len]);
        }
        None => assert_eq!(header, None, "a header without a stamp"),
    }
    let path = String::from_utf8_lossy(line);
    if let Some(family) = format::of_path(&path) {
        assert!(format::by_name(family.name).is_some_and(|found| found.name == family.name));
    }
}

/// Every part lies in the line; only a program may be one that the shape implies.
fn is_of_the_line(header: &Header<'_>, line: &[u8]) {
    let program = header.program.filter(|program| !matches!(program, &b"vobd" | &b"vmx" | &b"vmkernel"));
    let parts = [header.level, program, header.thread, header.sub, header.op_id, header.user];
    for part in parts.into_iter().flatten().chain([header.message]) {
        let (whole, part) = (line.as_ptr_range(), part.as_ptr_range());
        assert!(lies_in(&part, &whole), "a part that is not of the line");
    }
    let last = parts.into_iter().flatten().map(|part| part.as_ptr_range().start).max();
    assert!(
        last.is_none_or(|_| header.message.as_ptr_range().end == line.as_ptr_range().end),
        "a cut message"
    );
}

fn lies_in<T: PartialOrd>(part: &Range<T>, whole: &Range<T>) -> bool {
    part.start >= whole.start && part.end <= whole.end
}

fn is_in_range(stamp: Stamp, text: &[u8]) {
    let (year, ..) = stamp.time.civil();
    assert!((-1..=10_000).contains(&year), "the year {year}");
    assert!(matches!(stamp.quality, TimeQuality::Exact | TimeQuality::Second));
    let shown = stamp.time.to_string();
    assert_eq!(shown.parse(), Ok(stamp.time), "a stamp that is written and cannot be read");
    // A leap second is the next second here, and the one before in the library.
    let text = String::from_utf8_lossy(text);
    if !text.contains(":60")
        && let Ok(time) = text.parse::<Timestamp>()
    {
        // Digits beyond a microsecond are cut off here, and towards 1970 in the library.
        assert!(stamp.time.since(time).abs() <= 1, "{text}: {} and {time}", stamp.time);
    }
}
