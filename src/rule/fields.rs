//! What a rule reads from one record: its message, whether it matches, and its fields.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;

use super::Compiled;
use super::expression::Expression;
use super::repeat::REPEATED;
use crate::format::id::{MigrationId, OpId};
use crate::format::text::shown;
use crate::format::{self, Header, Shape, vc_event};
use crate::record::Stretch;

/// Bytes of a field's value that are kept.
pub(super) const KEPT_FIELD: usize = 400;

/// The record's message with its continuation lines, which lose their headers and arrows, and without what only its
/// writer can read.
pub(super) fn message_of<'a>(record: Stretch<'a>, header: &Header<'a>) -> Cow<'a, [u8]> {
    let mut lines = record.lines().skip(1).peekable();
    let is_packed = || holds(header.message, FOLDED) || holds(header.message, CONTEXT.0.as_bytes());
    if lines.peek().is_none() && !is_packed() {
        return Cow::Borrowed(header.message);
    }
    let mut message = unfolded(header.message);
    for (line, _, _) in lines {
        let body = format::parse(line).map_or(line, |header| header.message);
        let body = body.trim_ascii_start().strip_prefix(b"-->").unwrap_or(body);
        message.push(b'\n');
        message.extend_from_slice(body);
    }
    Cow::Owned(without_context(message))
}

/// Whether `word`, whose first byte is rare in messages, stands in `text`; no searcher is made for so few bytes.
fn holds(text: &[u8], word: &[u8]) -> bool {
    memchr::memchr_iter(word[0], text).any(|at| text[at..].starts_with(word))
}

/// A line's end that an export wrote as two characters.
const FOLDED: &[u8] = b"\\n-->";
/// What vmacore packs a backtrace into.
pub(super) const CONTEXT: (&str, &str) = ("[context]", "[/context]");

/// A message whose folded lines are lines again.
fn unfolded(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = memmem::find(rest, FOLDED) {
        // Exports of exports fold twice.
        out.extend_from_slice(rest[..at].strip_suffix(b"\\").unwrap_or(&rest[..at]));
        out.push(b'\n');
        rest = &rest[at + FOLDED.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn without_context(message: Vec<u8>) -> Vec<u8> {
    if memmem::find(&message, CONTEXT.0.as_bytes()).is_none() {
        return message;
    }
    let (mut out, mut rest) = (Vec::with_capacity(message.len()), &message[..]);
    while let Some(begin) = memmem::find(rest, CONTEXT.0.as_bytes()) {
        out.extend_from_slice(&rest[..begin]);
        let end = memmem::find(&rest[begin..], CONTEXT.1.as_bytes());
        rest = end.map_or(&[][..], |at| &rest[begin + at + CONTEXT.1.len()..]);
    }
    out.extend_from_slice(rest);
    out
}

/// The fields that a rule reads from a record that holds one of its literals, or `None` where it does not match.
pub(super) fn fields_of(compiled: &Compiled, message: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut fields = BTreeMap::new();
    if let Some(pattern) = &compiled.pattern {
        groups(pattern, message, &mut fields).then_some(())?;
    }
    if compiled.unless.as_ref().is_some_and(|unless| unless.regex().is_match(message)) {
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

/// What a record says beside what the rule reads: in its header, in the columns of an event, and in its last line.
pub(super) fn add_columns(fields: &mut BTreeMap<String, String>, header: &Header<'_>, message: &[u8]) {
    let mut add = |name: &str, value: Option<&[u8]>| {
        if let Some(value) = value {
            fields.entry(name.to_owned()).or_insert_with(|| text_of(value, KEPT_FIELD));
        }
    };
    // hostd names the VM that a record is about in its header; the path may hold brackets and blanks.
    add("vmx", header.sub.and_then(|sub| sub.strip_prefix(b"Vmsvc.vm:")));
    if let Some((side, migration)) = header.sub.and_then(migration_of) {
        add("mid", Some(migration));
        add("side", Some(side));
    }
    add("opid", header.op_id);
    // A relay keeps the records of many machines.
    add("relayed_host", header.host.filter(|_| header.shape == Shape::Relayed));
    if let Some(event) = vc_event::read(message) {
        add("event_type", event.kind);
        add("event_time", event.time);
        add("user", event.user);
    }
    let last = message.rsplit(|&byte| byte == b'\n').next();
    if let Some(times) = last.and_then(format::repeats) {
        fields.insert(REPEATED.to_owned(), times.to_string());
    }
    one_notation(fields);
}

/// `Vcsvc.VMotionSrc (1580724000100200)`: the side, as the VMkernel calls it, and the migration's id.
fn migration_of(sub: &[u8]) -> Option<(&'static [u8], &[u8])> {
    let sub = sub.strip_prefix(b"Vcsvc.").unwrap_or(sub);
    let (side, rest): (&[u8], _) = match sub.strip_prefix(b"VMotionSrc (") {
        Some(rest) => (b"S", rest),
        None => (b"D", sub.strip_prefix(b"VMotionDst (")?),
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    (digits > 0).then_some((side, &rest[..digits]))
}

/// Brings what several logs write in several ways into one: the id of a migration in decimal, the root of an operation's id.
fn one_notation(fields: &mut BTreeMap<String, String>) {
    if let Some(migration) = fields.get_mut("mid") {
        let id = MigrationId::decimal(migration).or_else(|| MigrationId::hex(migration));
        if let Some(MigrationId(id)) = id {
            *migration = id.to_string();
        }
    }
    let root = fields.get("opid").and_then(|id| OpId::new(id)).filter(|id| !id.is_noise()).map(OpId::root);
    if let Some(root) = root.filter(|root| fields["opid"] != *root).map(str::to_owned) {
        fields.insert("op_root".to_owned(), root);
    }
}

/// The field that a named group gives: the same one in another alternative of an expression has a number behind its name.
pub(super) fn field_of(group: &str) -> &str {
    group.strip_suffix('2').unwrap_or(group)
}

/// Puts the named groups of a match into `fields`; whether there is a match.
fn groups(pattern: &Expression, text: &[u8], fields: &mut BTreeMap<String, String>) -> bool {
    // Most texts do not match: that is told without room for groups.
    if !pattern.regex().is_match(text) {
        return false;
    }
    let named = pattern.groups();
    let captures = (!named.is_empty()).then(|| pattern.regex().captures(text)).flatten();
    let Some(captures) = captures else { return true };
    for (name, number) in named {
        if let Some(found) = captures.get(*number).filter(|found| !found.is_empty()) {
            fields.insert(field_of(name).to_owned(), text_of(found.as_bytes(), KEPT_FIELD));
        }
    }
    true
}

/// Joins what a named group matches anywhere in `text`, each value once, in order.
fn collect(pattern: &Expression, text: &[u8], fields: &mut BTreeMap<String, String>) {
    if !pattern.regex().is_match(text) {
        return;
    }
    for captures in pattern.regex().captures_iter(text).take(200) {
        for (name, number) in pattern.groups() {
            let Some(found) = captures.get(*number).filter(|found| !found.is_empty()) else { continue };
            let value = text_of(found.as_bytes(), KEPT_FIELD);
            let all = fields.entry(name.clone()).or_default();
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
        return shown(bytes).into_owned();
    }
    let text = shown(&bytes[..limit]);
    format!("{}…", text.trim_end_matches('\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let record = Stretch { text: text.as_bytes(), line: 1, offset: 0 };
        let first = record.lines().next().expect("a line").0;
        let header = format::parse(first).expect("a header");
        String::from_utf8(message_of(record, &header).into_owned()).expect("text")
    }

    #[test]
    fn lines_that_were_folded_into_one_are_lines_again() {
        let head = "2020-02-03T10:00:00.100Z info hostd[1] [Originator@6876 sub=x]";
        assert_eq!(message(&format!("{head} fault:\n--> a\n-->    b\n")), "fault:\n a\n    b");
        assert_eq!(message(&format!(r"{head} fault:\n--> a\n-->    b")), "fault:\n a\n    b");
        assert_eq!(message(&format!(r"{head} fault:\\n--> a\\n-->    b")), "fault:\n a\n    b");
        assert_eq!(message(&format!(r"{head} path \new --> b")), r"path \new --> b");
    }

    #[test]
    fn ids_are_brought_into_one_notation() {
        let mut fields = BTreeMap::from([("mid".to_owned(), "7958ea7f2d34d435".to_owned())]);
        let line = b"2020-02-03T10:00:00.100Z info hostd[1] [Originator@6876 sub=Vmsvc.vm:/vmfs/a b.vmx opID=k9-12345-h5:7001-01-2c user=root] x";
        add_columns(&mut fields, &format::parse(line).expect("a header"), b"x");
        let told: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            told,
            [
                ("mid", "8743996508480001077"),
                ("op_root", "k9-12345-h5:7001"),
                ("opid", "k9-12345-h5:7001-01-2c"),
                ("vmx", "/vmfs/a b.vmx")
            ]
        );
    }

    #[test]
    fn an_event_in_a_journal_gives_its_columns() {
        let line = b"Jul 01 08:15:30 vcsa vpxd[7]: Event [481] [1-1] [2020-07-01T08:15:29.123456Z] [vim.event.VmMigratedEvent] [info] [LAB\\ops] [] [77] [text]";
        let header = format::parse(line).expect("a header");
        let mut fields = BTreeMap::new();
        add_columns(&mut fields, &header, header.message);
        assert_eq!(fields["event_type"], "vim.event.VmMigratedEvent");
        assert_eq!(
            (fields["event_time"].as_str(), fields["user"].as_str()),
            ("2020-07-01T08:15:29.123456Z", "LAB\\ops")
        );
    }

    #[test]
    fn what_only_its_writer_can_read_is_left_out() {
        let head = "2020-02-03T10:00:00.100Z info hostd[1] [Originator@6876 sub=x]";
        assert_eq!(message(&format!("{head} Panic [context]zKq7AVICAgAAA[/context] x")), "Panic  x");
        assert_eq!(message(&format!("{head} Panic\n--> [context]zKq7AV")), "Panic\n ");
    }
}
