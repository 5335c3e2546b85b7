//! `formats`: every header that is read is made of the line's own bytes, and every stamp is one that can be written
//! and read again.

use std::ops::Range;

use esxray::format::{self, FORMATS, Header, Shape};
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
        "<166>1 2020-07-01T08:15:30.123Z esx1 Hostd: info hostd[2] [Originator@6876 sub=x opID=a-1] x",
        "<14>1 2020-07-01T08:15:30.123Z esx1 vpxd 7 - [a b=\"c\"] Event [7] [1-1] [a] [b] [] [] [] [c] [d]",
        "<166>NoneZ esx1 esx1 Hostd: [FFA1 info 'x' opID=a] x",
        "Oct  4 10:11:12 192.0.2.7 2020-07-01T08:15:30.123Z esx1 vobd:  [corr] 12us: [vob.x] x",
        "2021-05-19 17:36:35,675 INFO svc[139] [x 1] y\nSvc: 7: 2021-05-19 17:36:35,675 mod:7 INFO y",
        "[2020-05-26 19:46:43:259 'Mgr' 139 INFO]  [x, 1] y\n[2013-01-16 02:26:25,500 pool-3  INFO  a.b.C] y",
        "\0\x002020-07-01T08:15:30.123Z [/etc/init.d/x[7]: y]",
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
            // Of a relayed record the stamp of who wrote it counts.
            if let Some(header) = header.filter(|header| header.shape != Shape::Relayed) {
                assert_eq!(header.stamp, Some(stamp));
            }
            is_in_range(stamp, &line[..len]);
        }
        None => {
            if let Some(stamp) = header.and_then(|header| header.stamp) {
                is_in_range(stamp, b"");
            }
        }
    }
    let path = String::from_utf8_lossy(line);
    if let Some(family) = format::of_path(&path) {
        assert!(format::by_name(family.name).is_some_and(|found| found.name == family.name));
    }
}

/// Every part lies in the line; only a program may be one that the shape implies, and a level that of a number.
fn is_of_the_line(header: &Header<'_>, line: &[u8]) {
    let program = header.program.filter(|program| !matches!(program, &b"vobd" | &b"vmx" | &b"vmkernel"));
    let level = header.level.filter(|_| header.shape != Shape::Relayed);
    let parts = [level, program, header.thread, header.sub, header.op_id, header.user, header.host];
    for part in parts.into_iter().flatten().chain([header.message]) {
        let (whole, part) = (line.as_ptr_range(), part.as_ptr_range());
        assert!(lies_in(&part, &whole), "a part that is not of the line");
    }
    let last = parts.into_iter().flatten().map(|part| part.as_ptr_range().start).max();
    // One form has a bracket around all of it.
    let line = if matches!(header.shape, Shape::Program | Shape::Relayed | Shape::Classic) {
        line.strip_suffix(b"]").unwrap_or(line)
    } else {
        line
    };
    assert!(
        header.shape == Shape::Mark
            || last.is_none_or(|_| header.message.as_ptr_range().end >= line.as_ptr_range().end),
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
