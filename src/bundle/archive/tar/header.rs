//! The 512-byte header of a tar entry: v7, ustar, GNU and PAX.

use memchr::memchr;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 512;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The name with its prefix.
    pub name: Vec<u8>,
    /// Bytes of content as stored.
    pub size: u64,
    /// The type flag.
    pub kind: u8,
    /// Whether the checksum is wrong.
    pub doubtful: bool,
    /// The old GNU form of a sparse file: its pieces, its size, and whether more pieces follow in blocks of their own.
    pub sparse: Option<(Vec<Piece>, u64, bool)>,
}

/// A piece of a sparse file that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it belongs in the file.
    pub offset: u64,
    /// Its bytes.
    pub size: u64,
}

/// Whether `block` begins with a tar header: its checksum is right, whatever its flavour.
pub(crate) fn is_header(block: &[u8]) -> bool {
    block.first_chunk::<BLOCK>().is_some_and(checksum_is_right)
}

/// Whether `block` begins with a header of which some bytes are wrong.
pub(crate) fn is_damaged_header(block: &[u8]) -> bool {
    block.first_chunk::<BLOCK>().is_some_and(|block| block[257..262] == *b"ustar" || salvage(block).is_some())
}

fn checksum_is_right(block: &[u8; BLOCK]) -> bool {
    if block[0] == 0 && block[257..262] != *b"ustar" {
        return false;
    }
    let Some(stored) = number(&block[148..156]) else { return false };
    // The checksum field counts as eight blanks. Some old writers summed signed bytes.
    let sum = |value: fn(u8) -> i64| {
        let own: i64 = block[148..156].iter().map(|&byte| value(byte)).sum();
        block.iter().map(|&byte| value(byte)).sum::<i64>() - own + 8 * i64::from(b' ')
    };
    let stored = i64::try_from(stored).unwrap_or(-1);
    stored == sum(i64::from) || stored == sum(|byte| i64::from(byte as i8))
}

/// The header in `block`, or `None` where [`is_header`] says that it is none. A size that is no number is beyond all
/// belief.
pub(super) fn parse(block: &[u8; BLOCK]) -> Option<Header> {
    checksum_is_right(block).then(|| read(block))
}

/// The header that stands in `block` but for some wrong bytes, or `None` where it cannot be one: it has a magic and a
/// type, and all its numbers are numbers.
///
/// A wrong byte in a compressed tar comes back in every header that was compressed by reference to it.
pub(super) fn salvage(block: &[u8; BLOCK]) -> Option<Header> {
    const NUMBERS: [std::ops::Range<usize>; 5] = [100..108, 108..116, 116..124, 136..148, 148..156];
    number(&block[124..136])?;
    let known = matches!(block[156], 0 | b'0' | b'L' | b'K' | b'x' | b'5');
    let numbers = NUMBERS.iter().all(|field| number(&block[field.clone()]).is_some());
    let name = text(&block[..100]);
    let named = !name.is_empty() && !name.iter().any(u8::is_ascii_control);
    if !known || !numbers || !named || block[257..262] != *b"ustar" {
        return None;
    }
    Some(Header { doubtful: true, ..read(block) })
}

fn read(block: &[u8; BLOCK]) -> Header {
    let kind = block[156];
    let size = number(&block[124..136]).unwrap_or(u64::MAX);
    let sparse = (kind == b'S').then(|| old_sparse(block)).flatten();
    Header { name: name(block), size, kind, doubtful: false, sparse }
}

fn name(block: &[u8; BLOCK]) -> Vec<u8> {
    let own = text(&block[..100]);
    // Only POSIX headers have a prefix; GNU ones keep other things in its place.
    let prefix = if &block[257..263] == b"ustar\0" { text(&block[345..500]) } else { &[] };
    if prefix.is_empty() {
        return own.to_vec();
    }
    [prefix, b"/", own].concat()
}

/// A field up to its first NUL.
fn text(field: &[u8]) -> &[u8] {
    &field[..memchr(0, field).unwrap_or(field.len())]
}

/// A number: octal digits between blanks and NULs, or GNU's binary form, which begins with a byte of 0x80.
/// `None` where it is neither, negative, or beyond 63 bits.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let (head, tail) = field.split_at(field.len().saturating_sub(8));
        let high = head.iter().enumerate().any(|(at, &byte)| byte != if at == 0 { 0x80 } else { 0 });
        let value = tail.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        return (!high && value >> 63 == 0).then_some(value);
    }
    let digits = text(field).trim_ascii();
    if digits.is_empty() {
        // A field that was left empty is zero, as in the headers of folders.
        return field.iter().all(|byte| matches!(byte, 0 | b' ')).then_some(0);
    }
    digits.iter().try_fold(0u64, |value, &byte| match byte {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

fn old_sparse(block: &[u8; BLOCK]) -> Option<(Vec<Piece>, u64, bool)> {
    let real_size = number(&block[483..495])?;
    Some((pieces(&block[386..482]), real_size, block[482] != 0))
}

/// The pieces of a sparse file in a header or in a block of its own: pairs of two 12-byte numbers.
pub(super) fn pieces(fields: &[u8]) -> Vec<Piece> {
    let piece = |pair: &[u8]| {
        if pair[0] == 0 {
            return None;
        }
        Some(Piece { offset: number(&pair[..12])?, size: number(&pair[12..24])? })
    };
    fields.chunks_exact(24).map_while(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(header: &tar::Header) -> &[u8; BLOCK] {
        header.as_bytes()
    }

    #[test]
    fn headers_of_every_flavour_are_read() {
        for mut header in [tar::Header::new_gnu(), tar::Header::new_ustar(), tar::Header::new_old()] {
            header.set_path("esx-a/var/run/log/hostd.log").expect("short");
            header.set_size(0o1234567);
            header.set_cksum();
            let read = parse(block(&header)).expect("a header");
            assert_eq!((read.name.as_slice(), read.size), (&b"esx-a/var/run/log/hostd.log"[..], 0o1234567));
        }
        let mut header = tar::Header::new_ustar();
        let long = format!("{}/{}", "d".repeat(120), "f".repeat(90));
        header.set_path(&long).expect("split at the slash");
        header.set_size(1 << 40);
        header.set_cksum();
        let read = parse(block(&header)).expect("a header");
        assert_eq!((String::from_utf8_lossy(&read.name).into_owned(), read.size), (long, 1 << 40));
    }

    #[test]
    fn numbers_are_octal_or_binary_and_never_negative() {
        let check = |field: &[u8], expected: Option<u64>| assert_eq!(number(field), expected, "{field:?}");
        check(b"00000000017\0", Some(15));
        check(b"       17 \0\0", Some(15));
        check(b"\0\0\0\0\0\0\0\0\0\0\0\0", Some(0));
        check(b"0000000001x\0", None);
        check(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02", Some(258));
        check(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None);
        check(b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None);
        check(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Some(i64::MAX as u64));
    }

    #[test]
    fn a_changed_byte_makes_it_none() {
        let mut header = tar::Header::new_gnu();
        header.set_path("a").expect("short");
        header.set_size(3);
        header.set_cksum();
        for at in [0, 30, 124, 150, 156, 257, 511] {
            let mut bytes = *header.as_bytes();
            bytes[at] ^= 0x11;
            assert!(parse(&bytes).is_none(), "byte {at}");
        }
        assert!(!is_header(&header.as_bytes()[..511]) && is_header(header.as_bytes()));
    }
}
