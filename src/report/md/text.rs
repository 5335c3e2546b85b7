//! Text of a bundle as Markdown: nothing in it may come alive in GitHub, GitLab, Jira or a plain CommonMark reader.
//!
//! A backslash hides mark-up of Markdown itself. It hides nothing from what GitHub and GitLab do to the finished page:
//! mentions, numbers of issues, commits, addresses, emoji, formulas, wiki links. Only code is left alone by these, so a
//! word that one of them could take for its own becomes a code span.

use super::super::escape::{block, line};

/// Prose on one line, also for a cell of a table: no mark-up, no HTML, no border of a table, no link.
pub fn prose(text: &str) -> String {
    let text = line(text);
    let text = text.trim();
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.bytes().take_while(|byte| byte.is_ascii_graphic() && *byte != b'|').count();
        match (word, first) {
            (0, '|') => out.push_str("\\|"),
            (0, other) => out.push(other),
            (length, _) => write_word(&text[..text.len() - rest.len()], &rest[..length], &mut out),
        }
        rest = &rest[word.max(if word == 0 { first.len_utf8() } else { 0 })..];
    }
    out
}

/// One word behind `before`: as code where it could come alive, without the marks of the sentence around it.
fn write_word(before: &str, word: &str, out: &mut String) {
    let head = word.len() - word.trim_start_matches(['(', '"', '\'']).len();
    let body = word[head..].trim_end_matches(['.', ',', ';', '!', '?', ')', '"', '\'']);
    if is_live(body) || (before.is_empty() && is_command(word)) {
        let tail = &word[head + body.len()..];
        escape(before, &word[..head], out);
        out.push_str(&code_span(body));
        escape("…", tail, out);
    } else {
        escape(before, word, out);
    }
}

/// `word` with a backslash before what CommonMark would take for mark-up.
fn escape(before: &str, word: &str, out: &mut String) {
    let bytes = word.as_bytes();
    for (at, c) in word.char_indices() {
        let is_first = at == 0 && before.is_empty();
        let is_inner = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let is_escaped = match c {
            '\\' | '`' | '*' | '[' | ']' | '~' | '#' | '<' => true,
            '_' => !(at > 0 && is_inner(at - 1) && is_inner(at + 1)),
            '-' | '+' | '=' | ':' | '>' => is_first,
            '.' | ')' => {
                before.is_empty()
                    && at > 0
                    && at + 1 == word.len()
                    && word[..at].bytes().all(|b| b.is_ascii_digit())
            }
            _ => false,
        };
        if is_escaped {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Whether GitHub, GitLab or Jira could make something of a word, however it is escaped.
fn is_live(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    word.contains(['@', '$', '<'])
        || ["://", "www.", "mailto:", "xmpp:", "[[", "]]", "gh-"].into_iter().any(has)
        || is_reference(word.as_bytes())
        || is_emoji(&lower)
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(is_commit)
}

/// `/close`: what GitLab does where a line begins so.
fn is_command(word: &str) -> bool {
    word.strip_prefix('/')
        .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

/// `#12`, `!12`, `&12`, `%"1.0"`, `~label`, `^alert#1`: what points to something of the project, or an entity of HTML.
fn is_reference(word: &[u8]) -> bool {
    word.windows(2).any(|pair| match pair[0] {
        // Paths with a bundle in a bundle have `!` before a name.
        b'!' => pair[1].is_ascii_digit(),
        b'&' => pair[1].is_ascii_alphanumeric() || pair[1] == b'#',
        b'#' | b'%' | b'~' | b'^' => pair[1].is_ascii_alphanumeric() || pair[1] == b'"',
        _ => false,
    })
}

/// `:smile:`, not `02:10:05`.
fn is_emoji(lower: &str) -> bool {
    let mut parts: Vec<&str> = lower.split(':').collect();
    // What stands before the first colon and behind the last one is in no pair.
    parts.pop();
    let is_name = |part: &&str| {
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-');
        !part.is_empty()
            && part.bytes().all(of_name)
            && (part.len() > 2 || !part.bytes().all(|b| b.is_ascii_digit()))
    };
    parts.iter().skip(1).any(is_name)
}

/// Seven to forty hexadecimal digits, of which not all are decimal ones, as those of a build are.
fn is_commit(part: &str) -> bool {
    (7..=40).contains(&part.len())
        && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        && part.bytes().any(|byte| byte.is_ascii_digit())
        && part.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Prose with one sentence a line.
pub fn sentences(text: &str) -> String {
    let text = line(text);
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let mut next = text[end..].chars();
        let ends = match c {
            '。' => true,
            '.' => next.next() == Some(' ') && next.next().is_some_and(char::is_uppercase),
            _ => false,
        };
        if ends {
            lines.push(prose(&text[start..end]));
            start = end;
        }
    }
    lines.push(prose(&text[start..]));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A code span that its text cannot leave. In a table `|` would end the cell: there is none in a word of [`prose`].
pub fn code_span(text: &str) -> String {
    let text = line(text);
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad =
        if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A fenced code block that its lines cannot leave, with its last line feed. `indent` puts it inside a list item.
pub fn fence(text: &str, language: &str, indent: &str) -> String {
    let text = block(text);
    let fence = "`".repeat((longest_run(&text, '`') + 1).max(3));
    let mut out = format!("{indent}{fence}{language}\n");
    for part in text.lines() {
        out.push_str(indent);
        out.push_str(part);
        out.push('\n');
    }
    out.push_str(indent);
    out.push_str(&fence);
    out.push('\n');
    out
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_no_mark_up() {
        assert_eq!(prose("a|b `c` *d* [e](f)"), "a\\|b \\`c\\` \\*d\\* \\[e\\](f)");
        assert_eq!(prose("a\\|b"), "a\\\\\\|b");
        assert_eq!(prose("x\n# y"), "x\\\\n\\# y");
        for (text, safe) in [
            ("1. one", "1\\. one"),
            ("- minus", "\\- minus"),
            ("=== x", "\\=== x"),
            (":- x", "\\:- x"),
            ("> x", "\\> x"),
            ("/close", "`/close`"),
        ] {
            assert_eq!(prose(text), safe);
        }
        assert_eq!(prose("_x_ a_b __init__"), "\\_x\\_ a_b \\_\\_init\\_\\_");
        assert_eq!(prose("x ##"), "x \\#\\#");
    }

    #[test]
    fn what_a_forge_would_bring_to_life_is_code() {
        for word in [
            "@root",
            "a@b.example",
            "#123",
            "!7",
            "&3",
            "~bug",
            "%1",
            "GH-1",
            ":smile:",
            "a:ab:c",
            "http://evil",
            "www.evil",
            "$x$",
            "[[wiki]]",
            "<b>",
            "<datastore>",
            "&amp",
            "&#64;x",
            "5d3a77b2-0c1e",
        ] {
            assert_eq!(prose(&format!("see ({word}), x")), format!("see (`{word}`), x"));
        }
        for word in [
            "6.7.0",
            "esx-01.example",
            "02:10:05",
            "14320388",
            "vmk0",
            "100%",
            "a:b",
            "2026-11-23",
            "cpu12:2099401",
        ] {
            assert_eq!(prose(&format!("see ({word}), x")), format!("see ({word}), x"));
        }
    }

    #[test]
    fn sentences_end_where_another_begins() {
        assert_eq!(sentences("It is 6.7 U3. No. x is. The end"), "It is 6.7 U3.\nNo. x is.\nThe end");
        assert_eq!(sentences("一つ。二つ。"), "一つ。\n二つ。");
        assert_eq!(sentences("Go. - x. = y"), "Go. - x. = y");
    }

    #[test]
    fn code_is_fenced_by_more_backticks_than_it_holds() {
        assert_eq!(code_span("plain"), "`plain`");
        assert_eq!(code_span("a``b"), "```a``b```");
        assert_eq!(code_span("`x"), "`` `x ``");
        assert_eq!(code_span("a\n```\nb"), "````a\\n```\\nb````");
        assert_eq!(fence("a\n```\nb", "sh", "  "), "  ````sh\n  a\n  ```\n  b\n  ````\n");
    }
}
