//! Bytes of a log as text: UTF-8, or the code page in which a Japanese Windows or an old guest wrote them.

use std::borrow::Cow;

/// `bytes` as text. What is neither UTF-8 nor clearly Japanese in code page 932 keeps what is UTF-8 in it, with a
/// replacement character for each wrong byte.
pub fn shown(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) if is_japanese(bytes) => encoding_rs::SHIFT_JIS.decode_without_bom_handling(bytes).0,
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// What stands behind the mark that some editors leave at the beginning of a text.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether `bytes` are text in code page 932: all of it can be read as such, and at least two different characters are kana
/// or frequent kanji. One such pair alone is as likely a letter with an accent in a western code page.
fn is_japanese(bytes: &[u8]) -> bool {
    let (mut at, mut frequent, mut other) = (0, 0, 0);
    let mut last = None;
    while let Some(&lead) = bytes.get(at) {
        let trail = bytes.get(at + 1).copied().unwrap_or(0);
        match lead {
            0x00..=0x7f => {}
            // A text that is cut may end in half of a character.
            0x81..=0x9f | 0xe0..=0xfc if at + 1 == bytes.len() => {}
            0x81..=0x97 if is_trail(trail) => {
                // The same pair over and over is no text.
                frequent += u32::from(last.replace((lead, trail)) != Some((lead, trail)));
                at += 1;
            }
            0x98..=0x9f | 0xe0..=0xfc if is_trail(trail) => {
                (other, at) = (other + 1, at + 1);
            }
            0xa1..=0xdf => other += 1,
            _ => return false,
        }
        at += 1;
    }
    frequent >= 2 && frequent >= other
}

fn is_trail(byte: u8) -> bool {
    matches!(byte, 0x40..=0x7e | 0x80..=0xfc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn japanese_in_either_encoding_is_text() {
        let text = "仮想マシン 業務サーバ１ を移行できません (ｴﾗｰ)";
        assert_eq!(shown(text.as_bytes()), text);
        let (encoded, _, unmapped) = encoding_rs::SHIFT_JIS.encode(text);
        assert!(!unmapped && encoded.as_ref() != text.as_bytes());
        assert_eq!(shown(&encoded), text);
        let cut = &encoded[..encoded.len() - 7];
        assert!(text.starts_with(shown(cut).trim_end_matches('\u{fffd}')), "{}", shown(cut));
    }

    #[test]
    fn other_code_pages_and_damage_are_not_taken_for_japanese() {
        for bytes in [
            &b"Host f\xfcr die Pr\xfcfung gel\xf6scht"[..],
            b"d\xe9j\xe0 vu \xe0 l'\xe9cole",
            b"a \xff\xfe b",
            b"\x8b\xc6 alone",
            b"\x92\x92\x92\x92\x92\x92\x92\x92 damage",
            b"\x00\x80\x81\x20",
            b"caf\xc3\xa9 \xe9",
        ] {
            let text = shown(bytes);
            assert!(text.contains('\u{fffd}'), "{text}");
        }
        assert_eq!(shown(b"caf\xc3\xa9"), "café");
    }
}
