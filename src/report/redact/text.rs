//! A text in pieces: what was judged already and what was not yet.

use regex::Regex;

/// A part of a text.
pub(super) enum Piece<'a> {
    /// Not judged yet.
    Open(&'a str),
    /// An alias, or what is known to be harmless.
    Done(String),
}

/// Where something was found, and what stands there instead.
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) instead: String,
}

/// Replaces in every open piece what `find` finds from a position on.
pub(super) fn sweep<'a>(
    pieces: Vec<Piece<'a>>,
    mut find: impl FnMut(&'a str, usize) -> Option<Found>,
) -> Vec<Piece<'a>> {
    let mut swept = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let Piece::Open(text) = piece else {
            swept.push(piece);
            continue;
        };
        let mut from = 0;
        while let Some(found) = find(text, from).filter(|found| found.end > found.start) {
            if found.start > from {
                swept.push(Piece::Open(&text[from..found.start]));
            }
            swept.push(Piece::Done(found.instead));
            from = found.end;
        }
        if from < text.len() {
            swept.push(Piece::Open(&text[from..]));
        }
    }
    swept
}

/// Where to look on after a match was refused.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Behind its first character: another match may begin there. For patterns of bounded length.
    One,
    /// Behind the letters and digits that it begins with, as a match must not begin within them.
    Run,
    /// Behind all of it, as what is refused of it is refused of each of its ends.
    Whole,
}

/// The next match of `regex` that `judge` gives something for; it is asked with the text and the match's ends.
///
/// After a refusal it goes on where `after` says.
pub(super) fn next_match(
    regex: &Regex,
    after: After,
    text: &str,
    mut from: usize,
    mut judge: impl FnMut(&str, usize, usize) -> Option<(usize, String)>,
) -> Option<Found> {
    while let Some(found) = regex.find_at(text, from) {
        if let Some((end, instead)) = judge(text, found.start(), found.end()) {
            return Some(Found { start: found.start(), end, instead });
        }
        from = match after {
            After::Whole => found.end(),
            After::Run => found.start() + run(&text[found.start()..]),
            After::One => found.start() + first(&text[found.start()..]),
        };
    }
    None
}

/// Bytes of the first character.
fn first(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// Bytes of the letters and digits of ASCII that `text` begins with; of the first character where it is none.
fn run(text: &str) -> usize {
    let length = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if length == 0 { first(text) } else { length }
}

/// The pieces as one text.
pub(super) fn joined(pieces: Vec<Piece<'_>>) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Open(part) => text.push_str(part),
            Piece::Done(part) => text.push_str(&part),
        }
    }
    text
}

/// Whether no letter or digit of ASCII stands before `start` or behind `end`.
pub(super) fn is_bounded(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    !before.is_some_and(u8::is_ascii_alphanumeric) && !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric)
}

/// `a%2Fb` as `a/b`, also where it is encoded more than once; text that is not encoded stays.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let mut decoded: Option<String> = None;
    for _ in 0..4 {
        let now = decoded.as_deref().unwrap_or(text);
        let Some(next) = decoded_once(now) else { break };
        decoded = Some(next);
    }
    decoded
}

fn decoded_once(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    // One byte that is none of a text must not leave the others as they are.
    (out.len() < bytes.len()).then(|| String::from_utf8_lossy(&out).into_owned())
}
