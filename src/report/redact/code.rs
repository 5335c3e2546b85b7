//! Where the grammar of logs makes a token a code that tells nothing of a site: it is no word, and no name either.

/// A run of letters and digits with what stands around it.
pub(super) struct Token<'a> {
    pub(super) before: &'a str,
    pub(super) word: &'a str,
    pub(super) behind: &'a str,
}

/// Digits that may be anything: serials, phones and addresses without their signs are longer.
const SHORT: usize = 8;

impl Token<'_> {
    /// Whether hex digits here are those of an opID or a thread: `opID=6d1f20b4-4f2a`, `hostd[12AB3B70]`.
    pub(super) fn is_code(&self) -> bool {
        let is_apart = |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ']' | '"' | '\'');
        let field = self.before.rsplit(is_apart).next().unwrap_or_default();
        if field.to_ascii_lowercase().contains("opid=") {
            return true;
        }
        let program = field.strip_suffix('[').unwrap_or_default();
        !program.is_empty()
            && program.bytes().all(|byte| byte.is_ascii_lowercase())
            && self.behind.starts_with(']')
    }

    /// Whether digits here are a count, a time or the number of a line.
    pub(super) fn is_count(&self) -> bool {
        let length = self.word.len();
        if length <= SHORT {
            return true;
        }
        // Seconds, milli- or microseconds of these decades.
        let is_epoch = matches!(length, 10 | 13 | 16) && matches!(&self.word[..2], "15" | "16" | "17" | "18");
        let is_fraction = length == 9
            && self
                .before
                .strip_suffix(['.', ','])
                .is_some_and(|text| text.ends_with(|c: char| c.is_ascii_digit()));
        let is_size = [" bytes", " byte", " B"].iter().any(|unit| self.behind.starts_with(unit))
            || ["offset ", "offset=", "bytes=", "size="].iter().any(|head| self.before.ends_with(head));
        is_epoch || is_fraction || is_size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn token<'a>(text: &'a str, word: &str) -> Token<'a> {
        let at = text.find(word).expect("it is there");
        let (before, rest) = text.split_at(at);
        let (word, behind) = rest.split_at(word.len());
        Token { before, word, behind }
    }

    #[test]
    fn hex_is_a_code_only_where_the_log_says_so() {
        assert!(token("[Originator@6876 sub=Vimsvc opID=HB-host-2-6d1f20b4-11] x", "6d1f20b4").is_code());
        assert!(token("info hostd[12AB3B70] x", "12AB3B70").is_code());
        assert!(!token("host 7f3b9d2 is down", "7f3b9d2").is_code());
        assert!(!token("opID=1f) the tag 7f3b9d2", "7f3b9d2").is_code());
    }

    #[test]
    fn long_digits_are_a_serial_unless_the_text_counts_with_them() {
        assert!(token("at 1606097405123 it", "1606097405123").is_count());
        assert!(token("40238817745 bytes", "40238817745").is_count());
        assert!(token("12.123456789 s", "123456789").is_count());
        assert!(token("world 2098123", "2098123").is_count());
        assert!(!token("chassis 40238817745 is", "40238817745").is_count());
    }
}
