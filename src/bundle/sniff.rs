//! What a run of bytes is, told from its content; names are never trusted.

use super::{archive, tree};

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

impl Kind {
    /// Whether something lies in it: an archive or a compression.
    pub fn is_container(self) -> bool {
        !matches!(self, Kind::Zeros | Kind::Empty | Kind::Other)
    }
}

/// Bytes that [`sniff`] wants to see.
pub const WANTED: usize = 1024;

/// What `head`, the first [`WANTED`] bytes or all there are, begins.
pub fn sniff(head: &[u8]) -> Kind {
    const MAGIC: &[(&[u8], Kind)] = &[
        (b"\x1f\x8b", Kind::Gzip),
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        // The marks of a spanned archive that fitted into one file.
        (b"PK\x07\x08PK", Kind::Zip),
        (b"PK00PK", Kind::Zip),
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
    // zstd may begin with a frame that is to be skipped.
    if matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) {
        return Kind::Zstd;
    }
    if archive::is_tar_header(head) {
        return Kind::Tar;
    }
    if head.len() >= 512 && head.iter().all(|&byte| byte == 0) {
        return Kind::Zeros;
    }
    Kind::Other
}

/// Where in `bytes` something begins that can be read, and what: behind bytes that are none of it. Compressions stand
/// only in what was not decompressed.
pub fn find(bytes: &[u8], compressed: bool) -> Option<(usize, Kind)> {
    let gzip = memchr::memmem::find_iter(bytes, b"\x1f\x8b\x08").find(|&at| {
        // Flags that exist, and a system that does.
        matches!(bytes.get(at + 3), Some(0..=0x1f)) && matches!(bytes.get(at + 9), Some(0..=13 | 255))
    });
    let found = [
        (archive::find_tar_header(bytes), Kind::Tar),
        (archive::find_zip_header(bytes), Kind::Zip),
        (gzip.filter(|_| compressed), Kind::Gzip),
    ];
    found.into_iter().filter_map(|(at, kind)| Some((at?, kind))).min_by_key(|(at, _)| *at)
}

/// What `head` was before some of its first bytes were damaged, where what is left of them, or its name, tells.
pub fn guess(head: &[u8], name: &str) -> Option<Kind> {
    let alike = |magic: &[u8]| head.iter().zip(magic).filter(|(own, real)| own == real).count();
    if archive::is_damaged_tar_header(head) {
        return Some(Kind::Tar);
    }
    if alike(b"\x1f\x8b\x08") == 2 && head.get(3).is_some_and(|flags| flags & 0xe0 == 0) {
        return Some(Kind::Gzip);
    }
    if alike(b"PK\x03\x04") == 3 {
        return Some(Kind::Zip);
    }
    let named = match () {
        () if tree::is_gzip_name(name) => Kind::Gzip,
        () if tree::ends(name, &[".zip"]) => Kind::Zip,
        () => return None,
    };
    looks_random(&head[..head.len().min(WANTED)]).then_some(named)
}

/// How something is encrypted, as far as its first bytes tell.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// An envelope of ESXi: core dumps and state of hosts in crypto-safe mode.
    Envelope,
    /// A core dump of ESXi whose header is followed by an envelope.
    Dump,
    /// The configuration of an encrypted virtual machine.
    Vmx,
    /// OpenSSL's `enc` with a password.
    OpenSsl,
    /// OpenPGP.
    Pgp,
    /// age.
    Age,
}

impl Scheme {
    /// What it is, and what would open it.
    pub const fn told(self) -> &'static str {
        match self {
            Scheme::Envelope => {
                "it is encrypted (a VMware envelope); the host's key opens it: crypto-util envelope extract on a host \
                 that has the key, or collect the bundle again with a password of its own"
            }
            Scheme::Dump => {
                "it is an encrypted core dump; the host's key (of a VM's dump since 6.7: the VM's key) opens it: \
                 crypto-util envelope extract on a host that has the key, or collect the bundle again with a password \
                 of its own"
            }
            Scheme::Vmx => {
                "the configuration of the virtual machine is encrypted; its key provider's key opens it"
            }
            Scheme::OpenSsl => {
                "it is encrypted with openssl enc; the password and the cipher it was made with open it"
            }
            Scheme::Pgp => {
                "it is encrypted with OpenPGP; the recipient's private key or the password opens it: gpg -d"
            }
            Scheme::Age => {
                "it is encrypted with age; the recipient's identity or the passphrase opens it: age -d"
            }
        }
    }
}

/// How a file is encrypted by its name, where its bytes do not show it.
pub fn encrypted_name(name: &str) -> Option<Scheme> {
    match () {
        () if tree::ends(name, &[".gpg", ".pgp"]) => Some(Scheme::Pgp),
        () if tree::ends(name, &[".age"]) => Some(Scheme::Age),
        () => None,
    }
}

/// Bytes of an ESXi core dump before what may be encrypted.
pub const DUMP_HEADER: usize = 4096;

/// How `head` is encrypted; more than [`WANTED`] bytes are looked at where there are.
pub fn encrypted(head: &[u8]) -> Option<Scheme> {
    const ENVELOPE: &[u8] = b"DataTransformEnvelope";
    const MAGIC: &[(&[u8], Scheme)] = &[
        (ENVELOPE, Scheme::Envelope),
        (b"Salted__", Scheme::OpenSsl),
        (b"-----BEGIN PGP MESSAGE-----", Scheme::Pgp),
        (b"age-encryption.org/v1", Scheme::Age),
        (b"-----BEGIN AGE ENCRYPTED FILE-----", Scheme::Age),
    ];
    if let Some((_, scheme)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(*scheme);
    }
    // Clear text, but for its own name and the keys.
    if memchr::memmem::find(&head[..head.len().min(WANTED)], b"encryption.keySafe = ").is_some() {
        return Some(Scheme::Vmx);
    }
    let is_dump = head.get(DUMP_HEADER..).is_some_and(|behind| behind.starts_with(ENVELOPE));
    is_dump.then_some(Scheme::Dump)
}

/// What else `head` is that people send in place of a bundle.
pub fn foreign(head: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(usize, &[u8], &str)] = &[
        (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (0, b"Rar!\x1a\x07", "a rar archive"),
        (0x8001, b"CD001", "an ISO 9660 image"),
        (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
        (0, b"%PDF-", "a PDF document"),
        (0, b"\x1f\x9d", "a file of compress (.Z)"),
        (0, b"LZIP", "an lzip archive"),
        (0, b"\x04\x22\x4d\x18", "an lz4 archive"),
        (0, b"MSCF", "a cabinet archive"),
        (0, b"\x7fELF", "a program"),
        (0, b"<!DOCTYPE html", "a web page"),
        (0, b"<html", "a web page"),
    ];
    let found =
        MAGIC.iter().find(|(at, magic, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    found.map(|(_, _, name)| *name)
}

/// Whether bytes are spread so evenly that they must be compressed or encrypted; few bytes do not tell.
pub fn looks_random(head: &[u8]) -> bool {
    if head.len() < 512 {
        return false;
    }
    let mut counts = [0u32; 256];
    head.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let len = head.len() as f64;
    let part = |count: u32| f64::from(count) / len;
    let entropy: f64 =
        counts.iter().filter(|&&count| count > 0).map(|&count| -part(count) * part(count).log2()).sum();
    // 1,024 even bytes have about 7.8 bits; text has below 6, programs about 6.5.
    entropy > 7.3
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

    #[test]
    fn what_is_encrypted_is_told_apart_from_what_is_damaged() {
        assert_eq!(encrypted(b"Salted__\x01\x02"), Some(Scheme::OpenSsl));
        let mut dump = vec![0x5a; DUMP_HEADER];
        assert_eq!(encrypted(&dump), None);
        dump.extend(b"DataTransformEnvelope\0\0");
        assert_eq!(encrypted(&dump), Some(Scheme::Dump));
        assert_eq!(encrypted(b"2020-07-01T08:15:30Z DataTransformEnvelope"), None);
        let vmx = b".encoding = \"UTF-8\"\ndisplayName = \"web\"\nencryption.keySafe = \"vmware:key/list/(pair/\"\n";
        assert_eq!(encrypted(vmx), Some(Scheme::Vmx));
        let mut image = vec![0; 0x8001];
        image.extend(b"CD001");
        assert_eq!(foreign(&image), Some("an ISO 9660 image"));
        let mut seed = 1u64;
        let noise: Vec<u8> = (0..1024)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56) as u8
            })
            .collect();
        assert!(
            looks_random(&noise)
                && !looks_random("2020-07-01T08:15:30Z text of a log\n".repeat(30).as_bytes())
        );
    }
}
