//! What fact readers share: pieces of text, assignments, and where a fact stands.
//!
//! Nothing in here knows a file; nothing here keeps more than it is given.

use std::borrow::Cow;

use super::{Fact, FactValue, Line, Output, Reader};
use crate::format::text::shown;
use crate::model::{MemberPath, Problem, ProblemKind, Source};

/// The most entries that a reader keeps of one list.
pub(super) const MAX_ENTRIES: usize = 4096;

/// The most bytes that a reader keeps of one name, path or value.
const MAX_VALUE: usize = 1024;

/// Where a fact that is told over several lines stands.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    source: Source,
    text: String,
}

impl Anchor {
    /// At this line.
    pub(super) fn of(line: &Line<'_>) -> Self {
        Anchor { source: line.source(), text: line.excerpt() }
    }

    /// At the start of a member that has no line to stand on; only its path inside the tree is known.
    pub(super) fn of_empty(path: &str) -> Self {
        Anchor { source: Source { file: MemberPath::new(path), line: 1, offset: 0 }, text: String::new() }
    }

    /// At `source`, whose line is `text`.
    pub(super) fn at(source: Source, text: &str) -> Self {
        Anchor { source, text: cut(text, 300).trim_end().to_owned() }
    }

    /// Its place and its line.
    pub(super) fn into_parts(self) -> (Source, String) {
        (self.source, self.text)
    }

    /// Whether its line begins with a blank.
    pub(super) fn is_indented(&self) -> bool {
        self.text.starts_with([' ', '\t'])
    }

    /// Line from 1.
    pub(super) fn line(&self) -> u64 {
        self.source.line
    }

    /// `value` as a fact that stands here.
    pub(super) fn fact(self, value: FactValue) -> Fact {
        Fact { value, source: self.source, text: self.text }
    }

    /// A problem with the member that this stands in.
    pub(super) fn problem(&self, kind: ProblemKind, text: impl Into<String>) -> Problem {
        Problem::new(kind, self.source.file.as_str(), text)
    }
}

/// A reader that needs no memory between lines.
pub(super) struct EachLine(pub(super) fn(&Line<'_>, &str, &mut Output));

impl Reader for EachLine {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        self.0(&line, &lossy(&line), out);
    }
}

/// The line as text; what is not UTF-8 is replaced.
pub(super) fn lossy<'a>(line: &Line<'a>) -> Cow<'a, str> {
    shown(line.bytes)
}

/// A value worth keeping: trimmed, without quotes, neither blank nor a firmware's placeholder, cut at 1 kB.
pub(super) fn value(text: &str) -> Option<String> {
    let text = unquoted(text.trim().trim_end_matches(',')).trim();
    let placeholder = ["not specified", "to be filled by o.e.m.", "<unset>", "n/a"];
    if text.is_empty() || placeholder.iter().any(|no| text.eq_ignore_ascii_case(no)) {
        return None;
    }
    Some(cut(text, MAX_VALUE).to_owned())
}

/// The first bytes of `text`, at most `most`, ending between characters.
pub(super) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// `text` without the pair of quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    let pair = |mark: char| text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark));
    pair('"').or_else(|| pair('\'')).unwrap_or(text)
}

/// `   Sub-Cluster UUID: 52ab…` or `"Sub-Cluster UUID": "52ab…",`: the key and what follows the first colon.
pub(super) fn pair(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let key = unquoted(key.trim());
    let plain = !key.is_empty() && key.len() <= 64;
    plain.then(|| (key, unquoted(value.trim().trim_end_matches(',')).trim()))
}

/// `true`, `TRUE`, `yes`, `on`, `1`
pub(super) fn flag(text: &str) -> Option<bool> {
    match unquoted(text.trim()).to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// `Releasebuild-14320388`, `build-14320388`, `14320388`: the number, as text.
pub(super) fn build_number(text: &str) -> Option<String> {
    let digits = text.trim().rsplit('-').next()?;
    let number = (4..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| digits.to_owned())
}

/// Whether `text` is a dotted version such as `6.7.0` or `8.0.3.00100`.
pub(super) fn is_version(text: &str) -> bool {
    let parts = text.split('.').count();
    (2..=5).contains(&parts)
        && text
            .split('.')
            .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether `text` has the form of a vSAN node's UUID: 32 hexadecimal digits in five groups.
pub(super) fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let dashes = text.bytes().filter(|&byte| byte == b'-').count();
    digits == 32 && (3..=4).contains(&dashes) && digits + dashes == text.len()
}

/// Whether `text` is a MAC address: `00:50:56:0a:00:01`.
pub(super) fn is_mac(text: &str) -> bool {
    let hex = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(hex)
}

/// Whether `text` is `prefix` with a number: `vmk0`.
pub(super) fn is_numbered(text: &str, prefix: &str) -> bool {
    let number = text.strip_prefix(prefix).unwrap_or_default();
    (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// One line of a VMware dictionary: `key = "value" # comment`, with or without quotes.
#[derive(Debug, PartialEq)]
pub(super) struct Assignment {
    /// The key as written.
    pub(super) key: String,
    /// The value without its quotes, `|22` and the like decoded.
    pub(super) value: String,
    /// Whether the value is whole: unquoted, or with its closing quote.
    pub(super) closed: bool,
}

/// Reads `featMask.evc.cpuid.MDCLEAR = "Val:1"   # by hand`.
pub(super) fn assignment(text: &str) -> Option<Assignment> {
    let text = text.trim();
    if text.starts_with('#') {
        return None;
    }
    let (key, rest) = text.split_once('=')?;
    let (key, rest) = (key.trim(), rest.trim_start());
    if key.is_empty() || key.len() > 256 || key.contains(char::is_whitespace) {
        return None;
    }
    let (raw, closed) = match rest.chars().next() {
        Some(mark @ ('"' | '\'')) => match rest[1..].find(mark) {
            Some(end) => (&rest[1..1 + end], true),
            None => (&rest[1..], false),
        },
        _ => (rest.split('#').next().unwrap_or("").trim_end(), true),
    };
    let value = decoded(cut(raw, MAX_VALUE));
    Some(Assignment { key: key.to_owned(), value, closed })
}

/// `a|22b` is `a"b`: the dictionary writes quotes, bars and control characters as two hexadecimal digits.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('|') {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(u8::is_ascii) {
            Some(byte) => out.push(char::from(byte)),
            None => out.push('|'),
        }
        rest = if code.is_some_and(|byte| byte.is_ascii()) { &rest[at + 3..] } else { &rest[at + 1..] };
    }
    out.push_str(rest);
    out
}

/// `IP Address` and `ip address` are `ipaddress`.
pub(super) fn column_name(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_of_every_spelling_are_read() {
        let check = |text: &str, expected: Option<(&str, &str, bool)>| {
            let read = assignment(text).map(|read| (read.key, read.value, read.closed));
            let expected = expected.map(|(key, value, closed)| (key.into(), value.into(), closed));
            assert_eq!(read, expected, "{text}");
        };
        check(r#"a.b = "x y" # z"#, Some(("a.b", "x y", true)));
        check("a=Val:1   # z", Some(("a", "Val:1", true)));
        check(r#"a = "say |22hi|22 |zz""#, Some(("a", "say \"hi\" |zz", true)));
        check(r#"a = "cut"#, Some(("a", "cut", false)));
        check("a = \"", Some(("a", "", false)));
        check("a = ", Some(("a", "", true)));
        check("# a = 1", None);
        check("no such file = here", None);
        check(" = 1", None);
    }

    #[test]
    fn versions_builds_and_identifiers_are_told_from_words() {
        assert!(is_version("8.0.3.00100") && is_version("7.0") && !is_version("7") && !is_version("8.0.x"));
        assert_eq!(build_number("Releasebuild-14320388").as_deref(), Some("14320388"));
        assert_eq!((build_number("build-"), build_number("x")), (None, None));
        assert!(
            is_uuid("5f0a1b2c-3d4e-5f60-7182-0050568a0001") && is_uuid("5f0a1b2c-3d4e5f60-7182-0050568a0001")
        );
        assert!(!is_uuid("5f0a1b2c-3d4e-5f60-7182-0050568a"));
    }
}
