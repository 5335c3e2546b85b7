//! The text of a dump as tokens: what opens, what closes, and the values between. What they mean is not known here.

use crate::fact::Line;
use crate::model::Source;

/// How many lines a string may span: annotations do, a stray quote would swallow the rest of the dump.
const MAX_STRING_LINES: u32 = 200;

/// The most bytes of a name, type or value that are kept: a path on a datastore is the longest of interest.
const MAX_WORD: usize = 1024;

/// One token.
pub(super) enum Token {
    /// `name = (type) {`; name and type are empty where the text has none.
    Open { bracket: u8, name: String, kind: String },
    /// `name = 'value'`
    Value { name: String, field: Field },
    /// `}` or `]`, told by the bracket that it closes.
    Close { bracket: u8 },
}

/// A value, and where it stands.
pub(super) struct Field {
    /// The value without quotes.
    pub(super) text: String,
    /// Its line.
    pub(super) source: Source,
    /// The part of its line that shows it.
    pub(super) line: String,
}

/// Cuts lines into tokens; what the last line left open goes on in the next.
#[derive(Default)]
pub(super) struct Scanner {
    /// The string that was not closed on its line.
    open: Option<OpenString>,
    /// The word that may turn out to be a name before `=`.
    word: Vec<u8>,
    /// The name before `=` whose value comes next.
    name: Option<Vec<u8>>,
    /// The type in parentheses before a value.
    kind: Vec<u8>,
    /// A value that nothing follows on its line: it may be cut there, which only the next line disproves.
    held: Option<(String, Field)>,
}

struct OpenString {
    mark: u8,
    text: Vec<u8>,
    lines: u32,
}

impl Scanner {
    /// Gives the tokens of the next line.
    pub(super) fn line(&mut self, line: &Line<'_>, each: &mut dyn FnMut(Token)) {
        if let Some((name, field)) = self.held.take() {
            each(Token::Value { name, field });
        }
        let mut at = self.resume(line, each);
        self.kind.clear();
        while at < line.bytes.len() {
            at = self.token(line, at, each);
        }
    }

    /// The last line was cut: so may be the value at its end.
    pub(super) fn cut(&mut self) {
        self.held = None;
    }

    /// Goes on with a string of the lines before; gives where the rest of this line begins.
    fn resume(&mut self, line: &Line<'_>, each: &mut dyn FnMut(Token)) -> usize {
        let Some(mut open) = self.open.take() else { return 0 };
        open.lines += 1;
        if open.lines > MAX_STRING_LINES || is_structure(line.bytes) {
            // A stray quote, not a string: what it swallowed was no value.
            self.name = None;
            return 0;
        }
        open.text.push(b'\n');
        self.string(line, 0, open, each)
    }

    /// Reads the token at `at` and gives where the next begins.
    fn token(&mut self, line: &Line<'_>, at: usize, each: &mut dyn FnMut(Token)) -> usize {
        let bytes = line.bytes;
        match bytes[at] {
            // A lone `)` belongs to no type.
            byte if byte.is_ascii_whitespace() || byte == b')' => {}
            b'(' => return self.type_name(bytes, at + 1),
            bracket @ (b'{' | b'[') => {
                let name = text_of(&self.name.take().unwrap_or_default());
                let kind = text_of(&std::mem::take(&mut self.kind));
                self.word.clear();
                each(Token::Open { bracket, name, kind });
            }
            close @ (b'}' | b']') => {
                self.forget_name();
                each(Token::Close { bracket: if close == b'}' { b'{' } else { b'[' } });
            }
            b',' => self.forget_name(),
            b'=' => self.name = Some(std::mem::take(&mut self.word)),
            mark @ (b'"' | b'\'') => {
                return self.string(line, at + 1, OpenString { mark, text: Vec::new(), lines: 0 }, each);
            }
            _ => return self.bare(line, at, each),
        }
        at + 1
    }

    fn forget_name(&mut self) {
        self.name = None;
        self.word.clear();
    }

    /// `(vim.host.FeatureCapability)`; a type never spans lines.
    fn type_name(&mut self, bytes: &[u8], from: usize) -> usize {
        let end = memchr::memchr(b')', &bytes[from..]).map_or(bytes.len(), |len| from + len);
        self.kind.clear();
        self.kind.extend_from_slice(&bytes[from..end.min(from + MAX_WORD)]);
        end + 1
    }

    /// A string from `from` on: up to its closing quote, or left open for the next line.
    ///
    /// `vim-cmd` does not escape quotes inside strings: one behind which no value can end does not close.
    fn string(
        &mut self,
        line: &Line<'_>,
        from: usize,
        mut string: OpenString,
        each: &mut dyn FnMut(Token),
    ) -> usize {
        let bytes = line.bytes;
        let mut at = from;
        loop {
            // As it stands up to what may end it or is escaped.
            let rest = bytes.get(at..).unwrap_or_default();
            let plain = memchr::memchr2(string.mark, b'\\', rest).unwrap_or(rest.len());
            let room = MAX_WORD.saturating_sub(string.text.len());
            string.text.extend_from_slice(&rest[..plain.min(room)]);
            at += plain;
            if at >= bytes.len() {
                break;
            }
            if bytes[at] == string.mark && ends_value(&bytes[at + 1..]) {
                self.value(&string.text, line, from.saturating_sub(1), at + 1, each);
                return at + 1;
            }
            let mut encoded = [0; 4];
            let (piece, length) = character(&bytes[at..], &mut encoded);
            if string.text.len() < MAX_WORD {
                string.text.extend_from_slice(piece);
            }
            at += length;
        }
        self.open = Some(string);
        bytes.len()
    }

    /// `key`, `<unset>`, `true`, `12`, and the `u` of `u'text'`.
    fn bare(&mut self, line: &Line<'_>, at: usize, each: &mut dyn FnMut(Token)) -> usize {
        let bytes = line.bytes;
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{}[](),=".contains(byte);
        let end = bytes[at..].iter().position(ends).map_or(bytes.len(), |len| at + len);
        let word = &bytes[at..end];
        if matches!(word, [b'u' | b'b', b'\'' | b'"', ..]) {
            return at + 1;
        }
        let word = &word[..word.len().min(MAX_WORD)];
        if self.name.is_some() {
            self.value(word, line, at, end, each);
        } else {
            self.word.clear();
            self.word.extend_from_slice(word);
        }
        end
    }

    /// The value of the name before it, which begins at `at` and ends before `end`.
    fn value(&mut self, text: &[u8], line: &Line<'_>, at: usize, end: usize, each: &mut dyn FnMut(Token)) {
        let Some(name) = self.name.take() else { return };
        let name = text_of(&name);
        let field = Field {
            text: text_of(text).trim().to_owned(),
            source: line.source(),
            line: evidence(line.bytes, at),
        };
        if line.bytes[end..].trim_ascii().is_empty() {
            self.held = Some((name, field));
        } else {
            each(Token::Value { name, field });
        }
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a value can end before `rest`: at the line's end, at a comma, or at a closing bracket.
fn ends_value(rest: &[u8]) -> bool {
    rest.trim_ascii_start().first().is_none_or(|byte| b",}])".contains(byte))
}

/// The first character of a string's text, escapes of Python decoded, and how many bytes it takes there.
fn character<'b>(bytes: &'b [u8], encoded: &'b mut [u8; 4]) -> (&'b [u8], usize) {
    let [b'\\', mark, rest @ ..] = bytes else { return (&bytes[..1], 1) };
    let code = |digits: usize| {
        let text = std::str::from_utf8(rest.get(..digits)?).ok()?;
        u32::from_str_radix(text, 16).ok()
    };
    // Python 2 writes what is not ASCII as `\xe6` byte by byte, and as `\u696d` in `u'…'`.
    let byte = code(2).filter(|_| *mark == b'x').and_then(|code| u8::try_from(code).ok());
    if let Some(byte) = byte {
        encoded[0] = byte;
        return (&encoded[..1], 4);
    }
    let digits = match mark {
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    };
    if let Some(letter) = code(digits).filter(|_| digits > 0).and_then(char::from_u32) {
        return (letter.encode_utf8(encoded).as_bytes(), 2 + digits);
    }
    (&bytes[1..2], 2)
}

/// The part of a line that shows the value at `at`: all of it, or of a very long one what lies around.
fn evidence(bytes: &[u8], at: usize) -> String {
    let from = if bytes.len() <= 300 { 0 } else { at.saturating_sub(40) };
    let part = &bytes[from..bytes.len().min(from + 300)];
    String::from_utf8_lossy(part).trim_end().to_owned()
}

/// The type that `=== vim.VirtualMachine:12 ===` says the next object is of.
pub(super) fn heading(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim();
    let (kind, _) =
        line.strip_prefix("===")?.strip_suffix("===")?.trim_matches(['=', ' ']).split_once(':')?;
    let dotted = kind.contains('.') && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    dotted.then_some(kind)
}

/// Whether a line is the dump's own text and not the middle of a string: `}`, `],`, `(vim.X) {`, `name = …`.
fn is_structure(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let bracket = matches!(line, b"}" | b"]" | b"}," | b"],");
    let word = line.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    bracket
        || line.starts_with(b"(vim.")
        || line.starts_with(b"(vmodl.")
        || heading(line).is_some()
        || (word > 0 && line[word..].starts_with(b" = "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MemberPath;

    /// The values of a text, as `name=value`.
    fn values(text: &str) -> Vec<String> {
        let file = MemberPath::new("x");
        let (mut scanner, mut found) = (Scanner::default(), Vec::new());
        for (index, bytes) in text.split('\n').enumerate() {
            let line = Line { file: &file, number: index as u64 + 1, offset: 0, bytes: bytes.as_bytes() };
            scanner.line(&line, &mut |token| {
                if let Token::Value { name, field } = token {
                    found.push(format!("{name}={}", field.text));
                }
            });
        }
        scanner.cut();
        found
    }

    #[test]
    fn strings_of_both_syntaxes_are_read() {
        assert_eq!(values(r"a = 'it\'s', b = u'\u696d\n', c = '\xe6\xa5\xad',"), ["a=it's", "b=業n", "c=業"]);
        assert_eq!(values("a = \"say \"hi\" now\", \nb = \"it's\"}"), ["a=say \"hi\" now", "b=it's"]);
        assert_eq!(
            values("a = \"one\ntwo\", b = <unset>, c = (vim.X) null, d = true}"),
            ["a=one\ntwo", "b=<unset>", "c=null", "d=true"]
        );
        // Escapes that are none stand for what follows the bar.
        assert_eq!(values(r"a = '\uzzzz\x\\',"), [r"a=uzzzzx\"]);
    }

    #[test]
    fn a_value_at_the_end_of_a_cut_line_is_not_given() {
        assert_eq!(values("a = 12,\nb = 2020-07-01T08:15"), ["a=12"]);
        assert_eq!(values("a = 'x'"), Vec::<String>::new());
        assert_eq!(values("a = 'x'\n"), ["a=x"]);
    }

    #[test]
    fn a_stray_quote_swallows_no_structure() {
        assert_eq!(values("can't be read\nb = 1,"), ["b=1"]);
        assert_eq!(heading(b"=== vim.VirtualMachine:12 ==="), Some("vim.VirtualMachine"));
        assert_eq!((heading(b"=== done: 12 ==="), heading(b"=== x"), heading(b"===")), (None, None, None));
    }
}
