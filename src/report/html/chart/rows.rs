//! The rows that are listed, as JSON: the best first, as many as there is room for, then in the order of time.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::super::super::escape;
use super::super::super::labels::{Labels, fill};
use super::super::super::model::Report;
use super::super::super::show;
use super::super::super::timeline::text::count_text;
use super::super::super::timeline::{Row, TimelineEntry};
use super::super::events::{EVENT_TEXT, REPEAT_TEXT, REPEATS};
use crate::model::{EventKind, TimeQuality};

/// Bytes of the rows without their repeats.
const ROW_BYTES: usize = 620_000;
/// Bytes of the repeats of all rows.
const REPEAT_BYTES: usize = 120_000;

/// The rows that are listed.
pub struct Listed {
    /// JSON of each, in the order of time.
    pub rows: Vec<String>,
    /// The events of those rows.
    pub events: usize,
    /// The members that the rows name by position.
    pub files: Vec<String>,
}

/// A row: time as an offset from the first event, host, kind, severity, file, line, byte, record, the rest.
type Packed<'a> = (i64, usize, usize, usize, usize, u64, u64, Cow<'a, str>, Rest<'a>);
/// A repeat: time as an offset from the first event, file, line, byte, and the record, where it is not that of the row.
type Repeat<'a> = (i64, usize, u64, u64, Option<Cow<'a, str>>);

/// What not every row has.
#[derive(Serialize)]
struct Rest<'a> {
    /// Its place in the timeline, by which findings link to it.
    id: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<Cow<'a, str>>,
    /// Numbers of the findings that rest on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<usize>,
    #[serde(skip_serializing_if = "is_one")]
    events: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repeats: Vec<Repeat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_one(events: &usize) -> bool {
    *events == 1
}

impl Listed {
    /// As many of `rows` as there is room for, in the `order` of their worth.
    pub fn choose(
        report: &Report,
        rows: &[Row],
        order: &[usize],
        borne: &[Vec<usize>],
        hosts: &BTreeMap<&str, usize>,
        kinds: &[EventKind],
        l: &Labels,
    ) -> Listed {
        let mut packer = Packer {
            report,
            hosts,
            kinds,
            l,
            from: report.timeline.first().map_or(0, |entry| entry.time.micros()),
            files: Files::default(),
            left: ROW_BYTES,
            repeats_left: REPEAT_BYTES,
        };
        let mut chosen: Vec<(usize, String)> = Vec::new();
        let mut events = 0;
        for &at in order {
            let Some(row) = packer.pack(&rows[at], &borne[at]) else { break };
            events += rows[at].members.len();
            chosen.push((at, row));
        }
        chosen.sort_unstable_by_key(|(at, _)| *at);
        let files = packer.files.names.iter().map(|file| escape::line(file).into_owned()).collect();
        Listed { rows: chosen.into_iter().map(|(_, row)| row).collect(), events, files }
    }
}

struct Packer<'a, 'b> {
    report: &'a Report,
    hosts: &'b BTreeMap<&'a str, usize>,
    kinds: &'b [EventKind],
    l: &'b Labels,
    /// The time that offsets are from, in microseconds.
    from: i64,
    files: Files<'a>,
    /// Bytes that are left for rows.
    left: usize,
    /// Bytes that are left for repeats.
    repeats_left: usize,
}

impl<'a> Packer<'a, '_> {
    /// JSON of `row`, on which the findings `borne` rest; `None` where there is no room left.
    fn pack(&mut self, row: &Row, borne: &[usize]) -> Option<String> {
        let entries = &self.report.timeline;
        let (entry, begins) = (&entries[row.spoken], &entries[row.first()]);
        let file = self.files.place(&entry.source.file, &mut self.left);
        let (repeats, bytes) = self.repeats(row, entry);
        let rest = row.members.len() - 1 - repeats.len();
        let packed: Packed = (
            begins.time.micros().saturating_sub(self.from),
            // An event of no host that is listed has a lane of no host.
            self.hosts.get(entry.host.as_str()).copied().unwrap_or(self.hosts.len()),
            self.kinds.binary_search(&entry.kind).unwrap_or(0),
            entry.severity as usize,
            file,
            entry.source.line,
            entry.source.offset,
            shown(entry.record(), EVENT_TEXT),
            Rest {
                id: row.first(),
                said: entry.has_sentence().then(|| shown(&entry.text, EVENT_TEXT)),
                findings: borne.iter().map(|at| at + 1).collect(),
                events: row.members.len(),
                count: count_text(row, begins.time, self.l),
                stamp: begins.fields.get("raw_time").map(|raw| fill(self.l.stamp, &[&escape::line(raw)])),
                operation: entry.fields.get("op").map(|op| fill(self.l.operation, &[&escape::line(op)])),
                estimated: begins.time_quality == TimeQuality::Estimated,
                repeats,
                more: (rest > 0).then(|| fill(self.l.repeats_more, &[&show::count(rest as u64)])),
            },
        );
        let json = json(&packed);
        self.left = self.left.checked_sub(json.len().saturating_sub(bytes))?;
        Some(json)
    }

    /// The first repeats of `row`, and their bytes.
    fn repeats(&mut self, row: &Row, spoken: &TimelineEntry) -> (Vec<Repeat<'a>>, usize) {
        let mut repeats = Vec::new();
        let mut bytes = 0;
        let own = shown(spoken.record(), REPEAT_TEXT);
        for at in row.members.iter().copied().filter(|at| *at != row.spoken).take(REPEATS) {
            let entry = &self.report.timeline[at];
            let record = shown(entry.record(), REPEAT_TEXT);
            let repeat: Repeat = (
                entry.time.micros().saturating_sub(self.from),
                self.files.place(&entry.source.file, &mut self.left),
                entry.source.line,
                entry.source.offset,
                (record != own).then_some(record),
            );
            let size = json(&repeat).len() + 1;
            let Some(left) = self.repeats_left.checked_sub(size) else { break };
            self.repeats_left = left;
            bytes += size;
            repeats.push(repeat);
        }
        (repeats, bytes)
    }
}

/// The names of members, each once.
#[derive(Default)]
struct Files<'a> {
    names: Vec<&'a str>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Files<'a> {
    /// The position of `file`; a new one takes its bytes from `left`.
    fn place(&mut self, file: &'a str, left: &mut usize) -> usize {
        *self.places.entry(file).or_insert_with(|| {
            self.names.push(file);
            *left = left.saturating_sub(file.len() + 3);
            self.names.len() - 1
        })
    }
}

/// At most `max` characters of `text`, with everything hidden shown.
fn shown(text: &str, max: usize) -> Cow<'_, str> {
    // No text has more characters than bytes.
    let is_longer = text.len() > max && text.chars().nth(max).is_some();
    match is_longer {
        false => escape::block(text),
        true => Cow::Owned(escape::block(&show::cut(text, max)).into_owned()),
    }
}

fn json<T: Serialize>(value: &T) -> String {
    // A structure of texts and numbers is always JSON.
    let json = serde_json::to_string(value).unwrap_or_default();
    escape::json_block(&json).into_owned()
}
