//! Text from a bundle is hostile: it is made harmless here for the place that it is written to.
//!
//! Every renderer escapes at the moment of writing; nothing in a [`super::model::Report`] is escaped yet.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Whether a character would act on the reader's screen instead of being seen: control characters,
/// text-direction overrides, zero-width and tag characters.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Writes a hidden character so that it is seen, in signs that every font has:
/// `\n` for a line feed, `[U+001B]` for ESC, `[U+202E]` for an override.
fn write_shown(c: char, out: &mut impl Write) -> fmt::Result {
    match u32::from(c) {
        0x0a => out.write_str("\\n"),
        0x0d => out.write_str("\\r"),
        code => write!(out, "[U+{code:04X}]"),
    }
}

/// Whether `text` is printable ASCII alone, as most texts are: nothing in it is hidden.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn shown(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if is_plain(text) || !text.contains(|c| is_hidden(c) && !keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        let written = if is_hidden(c) && !keep(c) { write_shown(c, &mut out) } else { out.write_char(c) };
        written.expect("a String takes everything");
    }
    Cow::Owned(out)
}

/// Text that may have several lines: everything hidden is shown, tabs and line feeds stay.
pub fn block(text: &str) -> Cow<'_, str> {
    shown(text, |c| c == '\n' || c == '\t')
}

/// Text that must stay on one line, in a terminal too: everything hidden is shown, a tab is a space.
pub fn line(text: &str) -> Cow<'_, str> {
    if text.contains('\t') {
        return Cow::Owned(shown(&text.replace('\t', " "), |_| false).into_owned());
    }
    shown(text, |_| false)
}

/// The escaper of the HTML templates: what `{{ … }}` writes is seen as text in elements and in quoted attributes.
#[derive(Copy, Clone, Debug)]
pub struct Html;

impl askama::filters::Escaper for Html {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        write_html(text, &mut out)
    }
}

fn write_html(text: &str, out: &mut impl Write) -> fmt::Result {
    let mut rest = text;
    // What is written as it is goes in one piece.
    while let Some(at) = rest.bytes().position(|byte| !is_as_it_is(byte)) {
        let (before, from) = rest.split_at(at);
        out.write_str(before)?;
        let mut signs = from.chars();
        signs.next().map_or(Ok(()), |sign| write_html_char(sign, out))?;
        rest = signs.as_str();
    }
    out.write_str(rest)
}

/// Whether a byte is a sign of ASCII that is seen and means nothing in HTML.
fn is_as_it_is(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'')
}

fn write_html_char(c: char, out: &mut impl Write) -> fmt::Result {
    match c {
        '<' => out.write_str("&lt;"),
        '>' => out.write_str("&gt;"),
        '&' => out.write_str("&amp;"),
        '"' => out.write_str("&quot;"),
        '\'' => out.write_str("&#39;"),
        '\n' | '\t' => out.write_char(c),
        c if is_hidden(c) => write_shown(c, out),
        c => out.write_char(c),
    }
}

/// HTML of a text, for the pictures, which are not templates.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    write_html(text, &mut out).expect("a String takes everything");
    out
}

/// A value inside an URL's fragment: everything but letters, digits and `-._` is percent-encoded.
pub fn fragment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    out
}

/// An address that may become a link: `http` or `https` with nothing hidden in it.
pub fn link(url: &str) -> Option<&str> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    (is_web && !url.contains(|c: char| is_hidden(c) || c.is_whitespace() || "<>\"'`\\".contains(c)))
        .then_some(url)
}

/// One line of JSON, in which everything hidden is an escape of JSON: it reads back as what it was, and neither a terminal
/// nor a reader that takes U+2028 or U+0085 for a line end is misled.
pub fn json_line(json: &str) -> Cow<'_, str> {
    if !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    let mut units = [0; 2];
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}").expect("a String takes everything");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// JSON that stands in an element of HTML: no text in it can end the element, begin a comment, or make an entity. It reads
/// back as what it was.
pub fn json_block(json: &str) -> Cow<'_, str> {
    let acts = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        let written = if acts(c) { write!(out, "\\u{:04x}", u32::from(c)) } else { out.write_char(c) };
        written.expect("a String takes everything");
    }
    Cow::Owned(out)
}

/// Whether a spreadsheet could take a text that begins so for a formula.
fn is_formula(line: &str) -> bool {
    line.trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '−', '﹢', '﹣', '﹦', '﹫', '\t'])
        || line.starts_with('\t')
}

/// A CSV cell: quoted where needed, and never taken for a formula by a spreadsheet, not even where a program splits its
/// lines: each line that could be one begins with `'`.
pub fn csv(text: &str) -> String {
    let text = block(text);
    let has_formula = text.split('\n').any(is_formula);
    if !has_formula && !text.contains([',', '"', '\n', '\t', ';']) {
        return text.into_owned();
    }
    let guarded = |line: &str| if is_formula(line) { format!("'{line}") } else { line.to_owned() };
    let lines: Vec<String> = text.split('\n').map(guarded).collect();
    // A cell that begins with a line end is one that some programs trim.
    let guard = if lines[0].is_empty() && lines.len() > 1 { "'" } else { "" };
    format!("\"{guard}{}\"", lines.join("\n").replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(line("a\u{1b}[31mred\u{7}"), "a[U+001B][31mred[U+0007]");
        assert_eq!(line("exe\u{202e}fdp\u{2066}\u{200b}"), "exe[U+202E]fdp[U+2066][U+200B]");
        assert_eq!(line("a\tb\nc\r\u{9b}1m"), "a b\\nc\\r[U+009B]1m");
        assert_eq!(block("a\tb\nc\u{0}"), "a\tb\nc[U+0000]");
        assert_eq!(line("日本語 – ✓"), "日本語 – ✓");
    }

    #[test]
    fn html_cannot_be_left() {
        assert_eq!(html("</script><img src=x onerror='a'>&\""), {
            "&lt;/script&gt;&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;"
        });
        assert_eq!(html("\u{202e}x\u{1b}"), "[U+202E]x[U+001B]");
    }

    #[test]
    fn fragments_and_links_hold_nothing_else() {
        assert_eq!(fragment("esx 02\"><&日"), "esx%2002%22%3E%3C%26%E6%97%A5");
        assert_eq!(link("https://kb.example/1?a=b#c"), Some("https://kb.example/1?a=b#c"));
        for bad in ["javascript:alert(1)", "https://a b", "https://a\u{202e}b", "data:x", "https://a\"b"] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }

    #[test]
    fn lines_of_json_hide_nothing_and_read_back() {
        let text = "a\u{202e}b\u{2028}c\u{85}d\u{e0001}é日";
        let json = serde_json::to_string(text).expect("JSON");
        let line = json_line(&json);
        assert_eq!(line, r#""a\u202eb\u2028c\u0085d\udb40\udc01é日""#);
        assert_eq!(serde_json::from_str::<String>(&line).expect("JSON"), text);
    }

    #[test]
    fn json_in_html_cannot_end_its_element() {
        let text = "</script><!-- &amp; \u{2028}\u{2029} 日 \\u003c";
        let json = serde_json::to_string(text).expect("JSON");
        let block = json_block(&json);
        assert!(!block.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{block}");
        assert_eq!(serde_json::from_str::<String>(&block).expect("JSON"), text);
        assert!(matches!(json_block("[1]"), Cow::Borrowed("[1]")));
    }

    #[test]
    fn csv_cells_are_no_formulas() {
        assert_eq!(csv("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(csv(" +1"), "\"' +1\"");
        assert_eq!(csv("@x"), "\"'@x\"");
        assert_eq!(csv("＝1+1"), "\"'＝1+1\"");
        assert_eq!(csv("\t=1"), "\"'\t=1\"");
        assert_eq!(csv("\r=1"), "\\r=1");
        assert_eq!(csv("said:\n=1\n -2\nend"), "\"said:\n'=1\n' -2\nend\"");
        assert_eq!(csv("\n=1"), "\"'\n'=1\"");
        assert_eq!(csv("a;b"), "\"a;b\"");
        assert_eq!(csv("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv("plain 2026-11-23T00:00:00Z"), "plain 2026-11-23T00:00:00Z");
    }
}
