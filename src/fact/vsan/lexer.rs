//! The words of a JSON text or a Python literal that comes in line by line: a text may be many lines, or one line of any
//! length that arrives in pieces. Holds one string at a time, and of that no more than a limit.

use std::borrow::Cow;

use memchr::memchr2;

/// The most bytes that are held of one string.
const MAX_TEXT: usize = 64 << 10;

/// One word.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// `{` or `[`
    Open(u8),
    /// `}` or `]`
    Close(u8),
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// A string without its quotes, escapes resolved; or a bare word such as `12`, `null`.
    Text(Cow<'a, [u8]>),
}

#[derive(Default)]
pub(super) struct Lexer {
    state: State,
    text: Vec<u8>,
}

#[derive(Copy, Clone, Default, PartialEq)]
enum State {
    #[default]
    Between,
    Word,
    /// In a string that this quote ends; whether a backslash came last.
    String(u8, bool),
}

impl Lexer {
    /// The next word that ends in `bytes[*at..]`, behind which `at` is moved; `None` where more must come in.
    pub(super) fn next(&mut self, bytes: &[u8], at: &mut usize) -> Option<Token<'_>> {
        if self.state == State::Between {
            self.text.clear();
        }
        while let Some(&byte) = bytes.get(*at) {
            match self.state {
                State::String(quote, escaped) => {
                    if self.string(bytes, at, quote, escaped) {
                        return Some(Token::Text(unescaped(&self.text)));
                    }
                }
                State::Word if !ends_word(byte) => {
                    self.keep(&[byte]);
                    *at += 1;
                }
                State::Word => {
                    self.state = State::Between;
                    // The `u` of `u'text'` is no word.
                    if matches!(byte, b'"' | b'\'') && self.text.len() == 1 {
                        self.text.clear();
                        continue;
                    }
                    return Some(Token::Text(Cow::Borrowed(&self.text)));
                }
                State::Between => {
                    *at += usize::from(!is_word(byte));
                    match byte {
                        b'{' | b'[' => return Some(Token::Open(byte)),
                        b'}' | b']' => return Some(Token::Close(byte)),
                        b':' => return Some(Token::Colon),
                        b',' => return Some(Token::Comma),
                        b'"' | b'\'' => self.state = State::String(byte, false),
                        byte if is_word(byte) => self.state = State::Word,
                        _ => {}
                    }
                }
            }
        }
        None
    }

    /// The line is at its end: gives the word that it ends. A string does not span lines: one that is open is cut, and
    /// true is said of it.
    pub(super) fn end_line(&mut self) -> (Option<Token<'_>>, bool) {
        match std::mem::take(&mut self.state) {
            State::Word => (Some(Token::Text(Cow::Borrowed(&self.text))), false),
            State::String(..) => (None, true),
            State::Between => (None, false),
        }
    }

    /// Goes on in a string; true behind its quote.
    fn string(&mut self, bytes: &[u8], at: &mut usize, quote: u8, escaped: bool) -> bool {
        if escaped {
            self.keep(&bytes[*at..=*at]);
            *at += 1;
            self.state = State::String(quote, false);
            return false;
        }
        let rest = &bytes[*at..];
        let len = memchr2(quote, b'\\', rest).unwrap_or(rest.len());
        self.keep(&rest[..len]);
        *at += len;
        let Some(&mark) = rest.get(len) else { return false };
        *at += 1;
        if mark == quote {
            self.state = State::Between;
            return true;
        }
        self.keep(b"\\");
        self.state = State::String(quote, true);
        false
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_TEXT.saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn is_word(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !ends_word(byte)
}

fn ends_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',' | b'"' | b'\'')
}

/// `a\"b` is `a"b`; a line break is a blank, and what lies beyond ASCII stays as it is.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match (byte, if byte == b'\\' { bytes.next() } else { None }) {
            (b'\\', Some(b'n' | b't' | b'r' | b'b' | b'f')) => out.push(b' '),
            (b'\\', Some(b'u')) => out.extend_from_slice(b"\\u"),
            (b'\\', Some(&next)) => out.push(next),
            _ => out.push(byte),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of `pieces`, which are one line.
    fn words(pieces: &[&[u8]]) -> String {
        let (mut lexer, mut out) = (Lexer::default(), String::new());
        let mut say = |token: Token<'_>| match token {
            Token::Open(byte) | Token::Close(byte) => out.push(char::from(byte)),
            Token::Colon => out.push(':'),
            Token::Comma => out.push(','),
            Token::Text(text) => out.push_str(&format!("<{}>", String::from_utf8_lossy(&text))),
        };
        for piece in pieces {
            let mut at = 0;
            while let Some(token) = lexer.next(piece, &mut at) {
                say(token);
            }
        }
        if let (Some(token), _) = lexer.end_line() {
            say(token);
        }
        out
    }

    #[test]
    fn json_and_python_have_the_same_words() {
        let expected = "[{<a>:<b\"c {>,<d>:<12>,<e>:<null>},]";
        assert_eq!(words(&[br#"[ {"a": "b\"c {", "d": 12, "e": null}, ]"#]), expected);
        assert_eq!(words(&[br#"[{u'a': 'b"c {', 'd': 12, 'e': null},]"#]), expected);
        assert_eq!(words(&[br#"{"p": "C:\\x\ty", "": ""}"#]), r"{<p>:<C:\x y>,<>:<>}");
    }

    #[test]
    fn a_line_in_pieces_has_the_words_of_the_line() {
        let line = br#"[{"a": "b\\\"c", 'd': u'e', f: 12}]"#;
        let whole = words(&[line]);
        for at in 0..=line.len() {
            assert_eq!(words(&[&line[..at], &line[at..]]), whole, "{at}");
        }
    }

    #[test]
    fn a_string_ends_with_its_line_and_is_held_in_part() {
        let mut lexer = Lexer::default();
        assert_eq!(lexer.next(b"\"open", &mut 0), None);
        assert_eq!(lexer.end_line(), (None, true));
        assert_eq!(lexer.next(b"]", &mut 0), Some(Token::Close(b']')));
        for _ in 0..10 {
            assert_eq!(lexer.next(&[[b'"'].as_slice(), &[b'x'; MAX_TEXT]].concat(), &mut 1), None);
            lexer.state = State::String(b'"', false);
        }
        assert!(lexer.text.len() <= MAX_TEXT);
    }
}
