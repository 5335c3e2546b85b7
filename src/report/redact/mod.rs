//! Redaction: a report with aliases where names and addresses stood, for who may see the incident and not the site.
//!
//! It is a function over the report, so every output has aliases only. It fails closed, in three ways:
//!
//! - A field is redacted unless [`policy`] says that it holds nothing of a site.
//! - Names that the report's own fields hold, and whatever has the shape of an address or an id, are replaced everywhere.
//! - What is left of a text must be words that are known to be harmless ([`words`]); any other token is masked.
//!
//! Times, numbers, versions, ids of findings and kinds stay. So do SHA-256 sums: who has a bundle can tell that it is the one.

mod alias;
mod code;
mod differences;
mod japanese;
mod names;
mod order;
mod policy;
mod shape;
mod text;
mod words;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

pub use self::alias::{AliasMap, Class, MapError};
use self::code::Token;
use self::names::{Names, Wanted};
use self::policy::Policy;
use self::text::{Found, Piece};
use super::diff;
use super::model::{Report, TimelineEntry};
use super::timeline::SourceRef;
use crate::fact::features;

/// `report` with aliases of `map` instead of names; a redacted report stays as it is.
///
/// # Errors
/// Fails where the redacted parts are no report any more, which would be a fault of this module.
pub fn redact(report: Report, map: &mut AliasMap) -> serde_json::Result<Report> {
    let mut redactor = Redactor::new(std::mem::take(map));
    redactor.learn(&report);
    let redacted = redactor.report(report);
    *map = redactor.map;
    redacted
}

/// Replaces names in texts: those of the reports that it learned, and whatever has the shape of one.
#[derive(Default)]
pub struct Redactor {
    names: Names,
    map: AliasMap,
    hosts: HashSet<String>,
    /// Paths and field values stand in many events. Only asked for single texts: its order tells nothing.
    known: HashMap<Policy, HashMap<String, String>>,
}

/// How many texts are kept with their redacted form.
const MOST_KNOWN: usize = 20_000;

impl Redactor {
    /// A redactor that knows no names yet: strangers are masked all the same.
    pub fn new(map: AliasMap) -> Self {
        Redactor { map, ..Redactor::default() }
    }

    /// Learns the names of `report`, beside those of others; a redacted one has none.
    pub fn learn(&mut self, report: &Report) {
        if report.case.redacted {
            return;
        }
        self.names.learn(report, &mut self.map);
        self.hosts.extend(report.hosts.iter().map(|host| host.id.clone()));
        self.known.clear();
    }

    /// The aliases that were given so far.
    pub fn map(&self) -> &AliasMap {
        &self.map
    }

    /// The whole report; a redacted one stays as it is.
    ///
    /// # Errors
    /// As [`redact`].
    pub fn report(&mut self, mut report: Report) -> serde_json::Result<Report> {
        if report.case.redacted {
            return Ok(report);
        }
        let timeline = std::mem::take(&mut report.timeline);
        // A million entries as JSON values would not fit into memory; one by one they do.
        let timeline = timeline.into_iter().map(|entry| self.entry(entry)).collect();
        let differences = std::mem::take(&mut report.differences);
        let differences = differences.into_iter().map(|one| self.differences(one)).collect();
        let mut value = serde_json::to_value(&report)?;
        self.top(&mut value);
        let mut report: Report = serde_json::from_value(value)?;
        report.timeline = timeline;
        report.differences = differences;
        report.case.redacted = true;
        order::restore(&mut report);
        Ok(report)
    }

    /// A line for the terminal: a message of ours with names in it.
    pub fn line(&mut self, text: &str) -> String {
        self.value(text, Policy::Prose, &[])
    }

    /// The id of an operation.
    pub fn code(&mut self, id: &str) -> String {
        self.value(id, Policy::Code, &[])
    }

    /// The parts of the report, each with the ordinary words that are names in it.
    fn top(&mut self, report: &mut Value) {
        let Value::Object(parts) = report else { return };
        let of_findings = self.names.ordinary(parts.get("findings").map(policy::beside).unwrap_or_default());
        for (key, part) in parts.iter_mut() {
            let mut path = format!(".{key}");
            match part {
                Value::Array(items) => {
                    for item in items {
                        let beside = self.names.ordinary(policy::beside(item));
                        self.walk(&mut path, item, &beside);
                    }
                }
                part => self.walk(&mut path, part, &of_findings),
            }
        }
    }

    fn walk(&mut self, path: &mut String, value: &mut Value, beside: &[String]) {
        match value {
            Value::String(text) => *text = self.value(text, policy::of(path), beside),
            Value::Array(items) => {
                let was_sorted = policy::is_sorted(items);
                for item in items.iter_mut() {
                    self.walk(path, item, beside);
                }
                if was_sorted {
                    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                }
            }
            Value::Object(parts) => {
                let is_map = policy::is_map(path);
                let length = path.len();
                for (key, mut part) in std::mem::take(parts) {
                    path.push('.');
                    path.push_str(&key);
                    self.walk(path, &mut part, beside);
                    path.truncate(length);
                    let key = if is_map || self.is_host(&key) {
                        self.value(&key, Policy::Name, beside)
                    } else {
                        key
                    };
                    parts.insert(key, part);
                }
            }
            _ => {}
        }
    }

    /// Keys of details may be hosts; one that is a word is a field's name.
    fn is_host(&self, key: &str) -> bool {
        !words::is_word(key) && self.hosts.contains(key)
    }

    /// An entry of the timeline. Every field is named here, so that none is forgotten.
    fn entry(&mut self, entry: TimelineEntry) -> TimelineEntry {
        let has_sentence = entry.has_sentence();
        let TimelineEntry {
            time,
            time_quality,
            host,
            source,
            kind,
            severity,
            text,
            fields,
            message,
            findings,
        } = entry;
        let beside = self.names.ordinary(fields.values().chain([&host]));
        let SourceRef { file, line, offset } = source;
        let source = SourceRef { file: self.value(&file, Policy::Text, &[]), line, offset };
        let is_same = !has_sentence && text == message;
        // Hardly two records are the same, so nothing is kept of them.
        let message = self.fresh(&message, Policy::Text, &beside);
        let text = match has_sentence {
            true => self.sentence(&text, &fields, &beside),
            false if is_same => message.clone(),
            false => self.anew(&text, Policy::Text, &beside),
        };
        let host = self.value(&host, Policy::Name, &[]);
        let fields = fields.into_iter().map(|(key, value)| {
            let policy = policy::of_field(&key);
            let value = self.value(&value, policy, &[]);
            // A rule calls its fields by identifiers.
            let is_plain =
                key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            let key = if is_plain { key } else { self.value(&key, Policy::Text, &[]) };
            (key, value)
        });
        let fields = fields.collect();
        TimelineEntry { time, time_quality, host, source, kind, severity, text, fields, message, findings }
    }

    /// A sentence of ours that holds values of a record: those that are not ASCII cannot be told from our own Japanese, and
    /// those that are encoded hide what they say, so they are looked for as they are.
    fn sentence(&mut self, text: &str, fields: &BTreeMap<String, String>, beside: &[String]) -> String {
        let mut odd = fields.values().filter(|value| !value.is_ascii() || value.contains('%')).peekable();
        if odd.peek().is_none() {
            return self.value(text, Policy::Prose, beside);
        }
        let mut pieces = vec![Piece::Open(text)];
        for value in odd {
            let instead = self.value(value, Policy::Text, &[]);
            pieces = text::sweep(pieces, |text, from| {
                let start = from + text[from..].find(value.as_str())?;
                Some(Found { start, end: start + value.len(), instead: instead.clone() })
            });
        }
        self.finish(pieces, Policy::Prose, beside)
    }

    /// A text as its policy says.
    fn value(&mut self, text: &str, policy: Policy, beside: &[String]) -> String {
        if policy == Policy::Keep || text.is_empty() {
            return text.to_owned();
        }
        if policy == Policy::Technical && features::is_told(text) {
            return text.to_owned();
        }
        let is_kept = beside.is_empty() && text.len() < 300;
        if is_kept && let Some(known) = self.known.get(&policy).and_then(|known| known.get(text)) {
            return known.clone();
        }
        let redacted = self.anew(text, policy, beside);
        if is_kept {
            let known = self.known.entry(policy).or_default();
            if known.len() < MOST_KNOWN {
                known.insert(text.to_owned(), redacted.clone());
            }
        }
        redacted
    }

    /// The same, without looking whether it is known.
    fn anew(&mut self, text: &str, policy: Policy, beside: &[String]) -> String {
        // An ordinary word is a name where a field for names holds it.
        let whole = self.names.whole(text).filter(|(_, ordinary)| !ordinary || policy == Policy::Name);
        match whole {
            Some((alias, _)) => alias.to_owned(),
            None => self.fresh(text, policy, beside),
        }
    }

    /// The same for what is no name as a whole.
    fn fresh(&mut self, text: &str, policy: Policy, beside: &[String]) -> String {
        let decoded = text::percent_decoded(text);
        self.finish(vec![Piece::Open(decoded.as_deref().unwrap_or(text))], policy, beside)
    }

    fn finish(&mut self, pieces: Vec<Piece<'_>>, policy: Policy, beside: &[String]) -> String {
        // Shapes first: a name that is hex digits must not cut a UUID into parts that are none.
        let pieces = shape::replace(pieces, &mut self.map, policy == Policy::Technical);
        let names = &self.names;
        let wanted = Wanted { beside, prose: matches!(policy, Policy::Prose | Policy::Technical) };
        let mut named = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match piece {
                Piece::Open(text) => {
                    let mut found = names.find(text, wanted).into_iter().peekable();
                    named.extend(text::sweep(vec![Piece::Open(text)], |_, from| {
                        found.next_if(|found| found.start >= from)
                    }));
                }
                done => named.push(done),
            }
        }
        let pieces = shape::replace_dotted(named, &mut self.map);
        let pieces = text::sweep(pieces, |text, from| self.next_stranger(text, from, policy));
        text::joined(pieces)
    }

    /// The next token of `text` that is no harmless word.
    fn next_stranger(&mut self, text: &str, mut from: usize, policy: Policy) -> Option<Found> {
        let bytes = text.as_bytes();
        while from < bytes.len() {
            let rest = &text[from..];
            let is_word = bytes[from].is_ascii_alphanumeric();
            if !is_word && bytes[from].is_ascii() {
                from += 1;
                continue;
            }
            let is_sign = rest.starts_with(|c: char| !c.is_alphanumeric());
            let same = |c: char| c.is_ascii() == is_word && c.is_alphanumeric() != is_sign;
            let length = rest.find(|c| !same(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(length);
            let token = Token { before: &text[..from], word, behind };
            let stranger = match is_word {
                true => self.word(&token, policy == Policy::Code),
                false => (!is_sign && !japanese::is_ours(word)).then_some((0, Class::Name)),
            };
            if let Some((more, class)) = stranger {
                let end = from + length + more;
                let instead = self.map.alias(class, &text[from..end].to_lowercase());
                return Some(Found { start: from, end, instead });
            }
            from += length;
        }
        None
    }

    /// How much behind `token` is to be masked with it, and as what; `None` where it is harmless.
    fn word(&self, token: &Token<'_>, is_code: bool) -> Option<(usize, Class)> {
        const LONG: usize = 20;
        let Token { word, behind, .. } = *token;
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            let is_known = is_code || self.names.is_number(word) || token.is_count();
            return (!is_known || self.hides_name(word)).then_some((0, Class::Blob));
        }
        if !words::is_harmless(word) {
            let is_code = words::is_hex_code(word) && (is_code || token.is_code());
            return (!is_code).then_some((0, if word.len() < LONG { Class::Name } else { Class::Blob }));
        }
        // `node-03` is a host's name made of a word; `vm-12` is an object's id.
        let digits = behind.strip_prefix(['-', '_'])?;
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let next = digits[length..].bytes().next();
        let ends = !next.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let is_id = words::is_numbered(word) && !(length > 1 && digits.starts_with('0'));
        ((1..=5).contains(&length) && ends && !is_id).then_some((1 + length, Class::Name))
    }

    /// Whether digits are a known name in hex: `6573783031` is `esx01`.
    fn hides_name(&self, digits: &str) -> bool {
        if digits.len() < 6 || digits.len() % 2 == 1 {
            return false;
        }
        let pairs = digits.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
        let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let wanted = Wanted { beside: &[], prose: true };
        text.is_some_and(|text| !self.names.find(&text, wanted).is_empty())
    }
}
