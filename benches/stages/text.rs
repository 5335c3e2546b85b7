//! What is done with the text of a log, each step by itself: lines, records, stamps, headers, and matching.

use esxray::format;
use esxray::model::MemberPath;
use esxray::record::{Origin, Records, Stretch};
use esxray::rule::{RuleSet, Scanner};

use super::input::Log;
use super::{decode, figure};

/// Bytes that a decoder hands over at once.
const BLOCK: usize = 128 << 10;
/// Bytes after which a record is cut.
const RECORD: usize = 1 << 20;

/// Measures each step on each log.
pub fn stages(rules: &RuleSet, logs: &[Log]) {
    for Log { family, stored } in logs {
        let text = decode::gunzip(stored);
        figure::title(&format!("{family}, {} MB of text", text.len() / 1_000_000));
        let step = |name: &str, work: &dyn Fn() -> u64| figure::rate(name, text.len(), work);
        step("record: lines", &|| lines(&text).count() as u64);
        step("record: beginnings", &|| starts(&text));
        step("record: split and count", &|| split(&text));
        step("parse: stamps", &|| stamps(&text));
        step("parse: stamps by jiff", &|| library_stamps(&text));
        step("parse: headers", &|| headers(&text));
        let cost = step("match: split, literals, records hit", &|| scan(rules, family, &text));
        figure::count("match: records", starts(&text), cost.wall);
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    (Stretch { text, line: 1, offset: 0 }).lines().map(|(line, _, _)| line)
}

/// Only the beginnings of records.
fn starts(text: &[u8]) -> u64 {
    lines(text).filter(|line| format::starts_record(line)).count() as u64
}

fn split(text: &[u8]) -> u64 {
    let (mut records, mut lines) = (Records::new(format::starts_record, RECORD), 0);
    for block in text.chunks(BLOCK) {
        records.push(block, &mut |stretch| lines += stretch.lines().count() as u64);
    }
    lines
}

/// Reads the header of every line, though the matcher asks for those of hits only.
fn headers(text: &[u8]) -> u64 {
    lines(text).filter_map(|line| format::parse(line).map(|header| header.message.len() as u64)).sum()
}

/// Only the stamps, as the product reads them.
fn stamps(text: &[u8]) -> u64 {
    lines(text).filter_map(format::time::iso).map(|(stamp, _)| stamp.time.micros() as u64 & 1).sum()
}

/// Only the stamps, as a date library reads them, given where they end.
fn library_stamps(text: &[u8]) -> u64 {
    let stamp = |line: &[u8]| {
        let end = line.iter().take(36).position(|&byte| matches!(byte, b' ' | b'|'))?;
        let text = std::str::from_utf8(&line[..end]).ok()?;
        text.parse::<jiff::Timestamp>().ok()
    };
    lines(text).filter_map(stamp).map(|stamp| stamp.as_microsecond() as u64 & 1).sum()
}

fn scan(rules: &RuleSet, family: &str, text: &[u8]) -> u64 {
    let mut scanner = Scanner::new(rules, family);
    let origin = Origin::new(MemberPath::new("bench"));
    let mut records = Records::new(format::starts_record, RECORD);
    for block in text.chunks(BLOCK) {
        records.push(block, &mut |stretch| scanner.stretch(stretch, &origin));
    }
    scanner.finish().records
}
