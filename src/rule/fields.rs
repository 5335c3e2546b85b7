//! What a rule reads from one record: its message, whether it matches, and its fields.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::bytes::Regex;

use super::Compiled;
use crate::format::{self, Header};
use crate::record::Stretch;

/// Bytes of a field's value that are kept.
pub(super) const KEPT_FIELD: usize = 400;

/// The record's message with its continuation lines, which lose their headers and arrows.
pub(super) fn message_of<'a>(record: Stretch<'a>, header: &Header<'a>) -> Cow<'a, [u8]> {
    let mut lines = record.lines().skip(1).peekable();
    if lines.peek().is_none() {
        return Cow::Borrowed(header.message);
    }
    let mut message = header.message.to_vec();
    for (line, _, _) in lines {
        let body = format::parse(line).map_or(line, |header| header.message);
        let body = body.trim_ascii_start().strip_prefix(b"-->").unwrap_or(body);
        message.push(b'\n');
        message.extend_from_slice(body);
    }
    Cow::Owned(message)
}

/// The fields that a rule reads from a record, or `None` where it does not match.
pub(super) fn fields_of(
    compiled: &Compiled,
    record: &[u8],
    message: &[u8],
) -> Option<BTreeMap<String, String>> {
    let any = &compiled.rule.any;
    any.iter().find(|literal| memchr::memmem::find(record, literal.as_bytes()).is_some())?;
    let mut fields = BTreeMap::new();
    if let Some(pattern) = &compiled.pattern {
        groups(pattern, message, &mut fields).then_some(())?;
    }
    if compiled.unless.as_ref().is_some_and(|unless| unless.is_match(message)) {
        return None;
    }
    for pattern in &compiled.extract {
        groups(pattern, message, &mut fields);
    }
    for pattern in &compiled.collect {
        collect(pattern, message, &mut fields);
    }
    Some(fields)
}

/// Puts the named groups of a match into `fields`; whether there is a match.
fn groups(pattern: &Regex, text: &[u8], fields: &mut BTreeMap<String, String>) -> bool {
    let Some(captures) = pattern.captures(text) else { return false };
    for name in pattern.capture_names().flatten() {
        if let Some(found) = captures.name(name).filter(|found| !found.is_empty()) {
            // The same field in another alternative of the expression has a number behind its name.
            let field = name.strip_suffix('2').unwrap_or(name);
            fields.insert(field.to_owned(), text_of(found.as_bytes(), KEPT_FIELD));
        }
    }
    true
}

/// Joins what a named group matches anywhere in `text`, each value once, in order.
fn collect(pattern: &Regex, text: &[u8], fields: &mut BTreeMap<String, String>) {
    for captures in pattern.captures_iter(text).take(200) {
        for name in pattern.capture_names().flatten() {
            let Some(found) = captures.name(name).filter(|found| !found.is_empty()) else { continue };
            let value = text_of(found.as_bytes(), KEPT_FIELD);
            let all = fields.entry(name.to_owned()).or_default();
            if !all.split(',').any(|one| one == value) {
                if !all.is_empty() {
                    all.push(',');
                }
                all.push_str(&value);
            }
        }
    }
}

/// At most `limit` bytes of `bytes` as text, cut between characters.
pub(super) fn text_of(bytes: &[u8], limit: usize) -> String {
    let bytes = bytes.trim_ascii_end();
    if bytes.len() <= limit {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let text = String::from_utf8_lossy(&bytes[..limit]);
    format!("{}…", text.trim_end_matches('\u{fffd}'))
}
