//! Text in columns of a terminal: padded, cut and wrapped by width, in which wide characters count twice.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` with blanks up to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The same with the blanks before it.
pub fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// `path` in at most `width` columns: where it is wider, its middle gives way to `…`, so that folder and name stay.
pub fn shorten(path: &str, width: usize) -> String {
    if path.width() <= width {
        return path.to_owned();
    }
    let room = width.saturating_sub(1);
    // The name is worth more than the folder.
    let (head, tail) = (room / 3, room - room / 3);
    let front = take(path.chars(), head);
    let back: Vec<char> = take(path.chars().rev(), tail).chars().rev().collect();
    format!("{front}…{}", back.into_iter().collect::<String>())
}

/// The beginning of `text` in at most `width` columns, with `…` where some of it was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    format!("{}…", take(text.chars(), width.saturating_sub(1)))
}

/// The first characters that fit in `width` columns.
fn take(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    chars.take_while(fits).collect()
}

/// Breaks one line of text into lines of at most `width` columns: at blanks, between wide characters,
/// and inside a word only where it is wider than a whole line.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(10);
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if !line.is_empty() && line.width() + piece.trim_end().width() > width {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        for c in piece.chars() {
            if line.width() + c.width().unwrap_or(0) > width && c != ' ' {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// The pieces between which a line may be broken: words with their blank, single wide characters
/// with the closing marks after them, which must not begin a line.
fn pieces(text: &str) -> Vec<&str> {
    const NOT_FIRST: &str = "、。，．・：；？！）」』】〕〉》｝］％ー～々…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ)]}.,:;?!%";
    const NOT_LAST: &str = "（「『【〔〈《｛［([{";
    let mut out = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let is_wide = |c: char| c.width() == Some(2);
        let may_break = before.is_some_and(|b| {
            let after_blank = b == ' ' && c != ' ';
            let beside_wide = (is_wide(b) || is_wide(c)) && b != ' ' && c != ' ';
            after_blank || (beside_wide && !NOT_FIRST.contains(c) && !NOT_LAST.contains(b))
        });
        if may_break {
            out.push(&text[start..at]);
            start = at;
        }
        before = Some(c);
    }
    out.push(&text[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_between_wide_characters() {
        assert_eq!(wrap("one two three four", 10), ["one two", "three four"]);
        assert_eq!(wrap("仮想マシンを移行します。", 12), ["仮想マシンを", "移行します。"]);
        assert_eq!(wrap("あいうえお。", 10), ["あいうえ", "お。"]);
        assert_eq!(wrap("あいうえ（か）", 10), ["あいうえ", "（か）"]);
        assert_eq!(wrap("あいうえ(か).", 10), ["あいうえ", "(か)."]);
        assert_eq!(wrap("abcdefghijklmno", 10), ["abcdefghij", "klmno"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn columns_are_padded_by_width() {
        assert_eq!(pad("日本語", 8), "日本語  ");
        assert_eq!(pad_left("日本語", 8), "  日本語");
    }

    #[test]
    fn a_text_is_cut_by_width() {
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "…");
    }

    #[test]
    fn paths_lose_their_middle_by_width() {
        assert_eq!(shorten("var/log/a.log", 13), "var/log/a.log");
        assert_eq!(shorten("abcdefghijklmnopqrst", 10), "abc…opqrst");
        assert_eq!(shorten("日本語日本語日本語.log", 12), "日…本語.log");
    }
}
