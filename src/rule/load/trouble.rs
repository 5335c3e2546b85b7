//! What is wrong with an expression: where, and what to write instead.

use regex_syntax::ParserBuilder;
use regex_syntax::ast::ErrorKind as Syntax;
use regex_syntax::hir::{self, Class, ErrorKind as Meaning, Hir, HirKind, Look};

use crate::rule::fault::Wrong;

/// Characters of a line that are shown beside the place.
const AROUND: usize = 60;

/// What is wrong with the expression `text` of `field`, which the compiler refuses in the words `refusal`.
pub(super) fn of_expression(field: &str, text: &str, refusal: &str) -> Wrong {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(text);
    let (what, span, hint) = match &parsed {
        Err(regex_syntax::Error::Parse(error)) => {
            (error.kind().to_string(), Some(*error.span()), hint_of_syntax(error.kind()))
        }
        Err(regex_syntax::Error::Translate(error)) => {
            (error.kind().to_string(), Some(*error.span()), hint_of_meaning(error))
        }
        _ if refusal.contains("size limit") => (
            "it is too large when it is compiled".to_owned(),
            None,
            "repeat less: of (…{900}){900} every turn takes room",
        ),
        _ => (refusal.to_owned(), None, OTHER),
    };
    let place = span.map(|span| span.start);
    let at = place.map_or_else(String::new, |at| match at.line {
        1 => format!(" at column {}", at.column),
        line => format!(" at column {} of its line {line}", at.column),
    });
    let mut wrong = Wrong::new(field, format!("`{field}` is no expression{at}: {what}"), hint);
    if let Some(at) = place {
        let line = text.split('\n').nth(at.line.saturating_sub(1)).unwrap_or("");
        wrong.shown = marked(line, at.column.saturating_sub(1));
    }
    wrong
}

const OTHER: &str = "the flavour is that of the Rust crate `regex`; src/rule/README.md says what is left out";

fn hint_of_syntax(kind: &Syntax) -> &'static str {
    match kind {
        Syntax::UnsupportedLookAround => {
            "there is no looking ahead or behind: say by `unless` what must not stand in the message"
        }
        Syntax::UnsupportedBackreference => {
            "there are no backreferences: name two groups and leave it to the reader that they are the same"
        }
        Syntax::GroupUnclosed => "close the group with ), or write \\( for the sign itself",
        Syntax::GroupUnopened => "open the group with (, or write \\) for the sign itself",
        Syntax::ClassUnclosed => "close the class with ], or write \\[ for the sign itself",
        Syntax::ClassRangeInvalid => {
            "in a range the lower sign comes first: [a-z]; a - itself stands last: [a-z-]"
        }
        Syntax::RepetitionMissing => {
            "before *, + and ? stands what is repeated; the sign itself is \\*, \\+ or \\?"
        }
        Syntax::RepetitionCountUnclosed
        | Syntax::RepetitionCountDecimalEmpty
        | Syntax::RepetitionCountInvalid => "a count is {2}, {2,} or {2,5}; the sign { itself is \\{",
        Syntax::GroupNameDuplicate { .. } => {
            "a name stands once in an expression: call the second one like the first with a 2 behind, it gives the same field"
        }
        Syntax::GroupNameInvalid | Syntax::GroupNameEmpty | Syntax::GroupNameUnexpectedEof => {
            "a group with a name is (?P<name>…); names are of letters, digits and _"
        }
        Syntax::EscapeUnrecognized | Syntax::EscapeUnexpectedEof => {
            "behind \\ stands a class such as \\d, \\w, \\s or \\b, or a sign that has a meaning: \\. \\( \\[; a backslash itself is \\\\"
        }
        Syntax::FlagUnrecognized | Syntax::FlagUnexpectedEof => "the flags are i, m, s, x and U: (?i), (?is)",
        _ => OTHER,
    }
}

fn hint_of_meaning(error: &hir::Error) -> &'static str {
    match error.kind() {
        Meaning::UnicodePropertyNotFound
        | Meaning::UnicodePropertyValueNotFound
        | Meaning::UnicodeNotAllowed
        | Meaning::UnicodePerlClassNotFound
        | Meaning::UnicodeCaseUnavailable => {
            "there are no Unicode classes: \\w, \\d, \\s and . are of bytes; a character beyond ASCII stands outside of […] and without (?i), a range of them is (?u:[ぁ-ん])"
        }
        _ => OTHER,
    }
}

/// `line` with a mark below its character `column`, cut where it is long.
pub(super) fn marked(line: &str, column: usize) -> Vec<String> {
    let signs: Vec<char> = line.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    let begin = column.saturating_sub(AROUND / 2);
    let end = signs.len().min(begin + AROUND);
    let shown: String = signs.get(begin..end).unwrap_or(&[]).iter().collect();
    let (before, behind) = (if begin > 0 { "…" } else { "" }, if end < signs.len() { "…" } else { "" });
    let left = unicode_width::UnicodeWidthStr::width(
        signs.get(begin..column.min(end)).unwrap_or(&[]).iter().collect::<String>().as_str(),
    );
    let blanks = " ".repeat(left + before.chars().count());
    vec![format!("{before}{shown}{behind}"), format!("{blanks}^")]
}

/// Why the expression `text` can match nothing; `None` where it may.
pub(in crate::rule) fn matches_nothing(text: &str) -> Option<&'static str> {
    let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(text).ok()?;
    impossible(&hir, false, false)
}

/// Whether the expression `text` matches every message: it takes the empty text wherever it stands.
pub(super) fn matches_everything(text: &str) -> bool {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(text);
    parsed
        .is_ok_and(|hir| hir.properties().minimum_len() == Some(0) && hir.properties().look_set().is_empty())
}

/// Why `hir` can match nothing where something stands `before` it, and `behind` it, in every match.
fn impossible(hir: &Hir, before: bool, behind: bool) -> Option<&'static str> {
    match hir.kind() {
        HirKind::Class(Class::Bytes(class)) if class.ranges().is_empty() => {
            Some("a class in it holds no sign")
        }
        HirKind::Class(Class::Unicode(class)) if class.ranges().is_empty() => {
            Some("a class in it holds no sign")
        }
        HirKind::Look(Look::Start) if before => {
            Some("something must stand before its ^, where the message begins")
        }
        HirKind::Look(Look::End) if behind => {
            Some("something must stand behind its $, where the message ends")
        }
        HirKind::Repetition(repeated) if repeated.min > 0 => impossible(&repeated.sub, before, behind),
        HirKind::Capture(capture) => impossible(&capture.sub, before, behind),
        HirKind::Concat(subs) => {
            let takes = |subs: &[Hir]| subs.iter().any(|sub| sub.properties().minimum_len().unwrap_or(0) > 0);
            let of = |at: usize| {
                impossible(&subs[at], before || takes(&subs[..at]), behind || takes(&subs[at + 1..]))
            };
            (0..subs.len()).find_map(of)
        }
        HirKind::Alternation(subs) => {
            let reasons: Option<Vec<&'static str>> =
                subs.iter().map(|sub| impossible(sub, before, behind)).collect();
            reasons.and_then(|reasons| reasons.first().copied())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_that_contradicts_itself_is_told() {
        for text in ["a^b", "x$y", "(?:a|b)^", "[^\\x00-\\xff]", "a(?:^b|^c)", "(?:a$|b$)+c"] {
            assert!(matches_nothing(text).is_some(), "{text}");
        }
        for text in
            ["^ab$", "a?^b", "x$y?", "(?m)a\n^b", "a(?:^b|c)", "(?:[^\\x00-\\xff])?a", "(?:^|x)a", "\\$y"]
        {
            assert_eq!(matches_nothing(text), None, "{text}");
        }
    }

    #[test]
    fn an_expression_that_takes_the_empty_text_matches_everything() {
        for text in ["", "x*", "(?:planned|)", ".*", "a{0,3}"] {
            assert!(matches_everything(text), "{text}");
        }
        for text in ["x", "^$", "x+", "(?:a|b)", "\\b"] {
            assert!(!matches_everything(text), "{text}");
        }
    }

    #[test]
    fn the_mark_stands_below_the_place_of_a_long_line_too() {
        assert_eq!(marked("ab(c", 2), ["ab(c", "  ^"]);
        assert_eq!(marked("会計(c", 2), ["会計(c", "    ^"]);
        let long = format!("{}(c{}", "x".repeat(100), "y".repeat(100));
        let shown = marked(&long, 100);
        let at = shown[1].chars().count() - 1;
        assert_eq!(shown[0].chars().nth(at), Some('('));
        assert!(shown[0].chars().count() < 70);
        assert_eq!(marked("ab", 9)[1].trim_start(), "^");
    }

    #[test]
    fn what_is_refused_is_told_with_its_place_and_a_hint() {
        let check = |text: &str, what: &str, hint: &str| {
            let wrong = of_expression("pattern", text, "");
            assert!(wrong.text.contains(what), "{}", wrong.text);
            assert!(wrong.hint.contains(hint), "{}", wrong.hint);
        };
        check("(?P<x>a", "at column 1", "close the group");
        check("a\n b)", "at column 3 of its line 2", "open the group");
        check("x(?=a)", "at column 2", "`unless`");
        check(r"\pL", "at column 1", "Unicode");
        check("(?P<n>a)(?P<n>b)", "at column", "2 behind");
        check(r"(a)\1", "at column 4", "backreferences");
        check("*a", "at column 1", "what is repeated");
        check(r"\q", "at column 1", "a backslash itself");
    }
}
