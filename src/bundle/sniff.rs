//! What a run of bytes is, told from its content; names are never trusted.

/// What the first bytes of a file or member say it is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// gzip, single or multi-member.
    Gzip,
    /// ZIP with a local file header.
    Zip,
    /// tar: ustar, GNU, PAX or v7 with a valid checksum.
    Tar,
    /// zstd.
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Nothing but zero bytes, at least 512 of them.
    Zeros,
    /// No bytes at all.
    Empty,
    /// Anything else.
    Other,
}

/// Bytes that [`sniff`] wants to see.
pub const WANTED: usize = 1024;

/// What `head`, the first [`WANTED`] bytes or all there are, begins.
pub fn sniff(head: &[u8]) -> Kind {
    const MAGIC: &[(&[u8], Kind)] = &[
        (b"\x1f\x8b", Kind::Gzip),
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        (b"\x28\xb5\x2f\xfd", Kind::Zstd),
        (b"BZh", Kind::Bzip2),
        (b"\xfd7zXZ\0", Kind::Xz),
    ];
    if head.is_empty() {
        return Kind::Empty;
    }
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return *kind;
    }
    if is_tar_header(head) {
        return Kind::Tar;
    }
    if head.len() >= 512 && head.iter().all(|&byte| byte == 0) {
        return Kind::Zeros;
    }
    Kind::Other
}

/// Whether `head` begins with a tar header: its checksum is right, whatever its flavour.
pub fn is_tar_header(head: &[u8]) -> bool {
    if head.len() < 512 || head[0] == 0 {
        return false;
    }
    let Some(stored) = octal(&head[148..156]) else { return false };
    // The checksum field counts as eight blanks.
    let sum: u64 = head[..512].iter().map(|&byte| u64::from(byte)).sum();
    let field: u64 = head[148..156].iter().map(|&byte| u64::from(byte)).sum();
    stored == sum - field + 8 * u64::from(b' ')
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits: Vec<u8> = field.iter().copied().filter(u8::is_ascii_digit).collect();
    let plain = field.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | 0));
    if digits.is_empty() || !plain {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        assert_eq!(sniff(b""), Kind::Empty);
        assert_eq!(sniff(b"\x1f\x8b\x08\0"), Kind::Gzip);
        assert_eq!(sniff(b"PK\x03\x04"), Kind::Zip);
        assert_eq!(sniff(&[0; 1024]), Kind::Zeros);
        assert_eq!(sniff(b"2020-07-01T08:15:30Z text"), Kind::Other);
        let mut header = tar::Header::new_gnu();
        header.set_path("esx-a/README").expect("short");
        header.set_size(3);
        header.set_cksum();
        assert_eq!(sniff(header.as_bytes()), Kind::Tar);
        let mut broken = *header.as_bytes();
        broken[0] ^= 1;
        assert_eq!(sniff(&broken), Kind::Other);
    }
}
