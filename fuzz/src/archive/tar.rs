//! Tars of every flavour, and headers that lie.

use super::{File, Recipe};

const BLOCK: usize = 512;

/// Kinds of entries that hold no file.
const NO_FILES: &[u8] = b"5123461";

impl Recipe<'_, '_> {
    /// `files` in one tar, or in two that were put behind each other.
    pub(super) fn tars(&mut self, files: &[File]) -> Vec<u8> {
        let split = if self.bytes.once_in(8) { files.len() / 2 } else { 0 };
        let mut tar = Vec::new();
        for part in [&files[..split], &files[split..]].into_iter().filter(|part| !part.is_empty()) {
            if self.bytes.once_in(5) {
                self.no_file(&mut tar);
            }
            // A tar that begins with no name is taken for padding.
            self.honest &= part.first().is_none_or(|file| !file.name.is_empty());
            part.iter().for_each(|file| self.entry(&mut tar, file));
            // Two blocks end an archive; some have one, or are padded to 20.
            let end = [2, 2, 2, 1, 20][self.bytes.below(5)];
            tar.resize(tar.len() + end * BLOCK, 0);
        }
        if self.bytes.once_in(10) {
            tar.extend_from_slice(self.bytes.take(40));
        }
        tar
    }

    fn entry(&mut self, tar: &mut Vec<u8>, file: &File) {
        let mut header =
            Header::new(*self.bytes.pick(&[Flavour::Gnu, Flavour::Ustar, Flavour::V7, Flavour::Pax]));
        self.put_name(tar, &mut header, &file.name);
        if self.bytes.once_in(12) && self.sparse(tar, &mut header, file) {
            return;
        }
        header.kind(*self.bytes.pick(&[b'0', b'0', b'0', 0, b'7']));
        let size = file.content.len() as u64;
        header.size(self.lie(size), self.bytes.below(4));
        header.write(tar);
        if !self.bytes.once_in(64) {
            padded(tar, &file.content);
        } else {
            self.honest = false;
        }
    }

    /// `size`, or once in a while something else.
    fn lie(&mut self, size: u64) -> u64 {
        if !self.bytes.once_in(48) {
            return size;
        }
        self.honest = false;
        let near = size.wrapping_add(self.bytes.byte().into()).wrapping_sub(128);
        [0, size + 513, size / 2, 1 << 33, 1 << 62, u64::MAX, near][self.bytes.below(7)]
    }

    /// Puts a name where it has room: into the header, in two parts, or into an entry before it.
    fn put_name(&mut self, tar: &mut Vec<u8>, header: &mut Header, name: &[u8]) {
        let forced = self.bytes.once_in(6);
        if header.flavour == Flavour::Pax {
            let mut records = self.records();
            if name.len() > 100 || forced {
                records.extend(record(b"path", name));
            }
            extension(tar, b'x', &records);
        }
        let fits = name.len() <= 100 && !name.contains(&0);
        if header.flavour == Flavour::Ustar && !fits && header.split_name(name) {
            return;
        }
        if header.flavour != Flavour::Pax && (!fits || forced) {
            header.flavour = Flavour::Gnu;
            header.magic();
            extension(tar, b'L', &[name, b"\0"].concat());
        }
        header.put(0, &name[..name.len().min(100)]);
    }

    /// Records of a PAX header beside the path: harmless ones, and wrong ones.
    fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        for _ in 0..self.bytes.below(4) {
            let kind = self.bytes.below(16);
            self.honest &= kind < 9;
            records.extend(match kind {
                0..3 => record(b"mtime", b"1593591330.123456789"),
                3..5 => record(b"SCHILY.xattr.user.x", b"a=b\nc\0d"),
                5..9 => record(b"comment", "\u{e9} \u{1f4a9}".as_bytes()),
                9 => record(b"size", self.bytes.pick(&["0", "-1", "99999999999999999999", "7x"]).as_bytes()),
                10 => record(b"path", b""),
                11 => record(b"GNU.sparse.major", b"1"),
                12 => record(b"GNU.sparse.realsize", b"18446744073709551615"),
                13 => b"99999 path=short\n".to_vec(),
                14 => b"3 a\n0 =\nno record at all".to_vec(),
                _ => record(b"linkpath", &self.bytes.byte().to_string().into_bytes().repeat(300)),
            });
        }
        records
    }

    /// The file as GNU's old sparse form; whether it was written. What it holds begins with the hole then.
    fn sparse(&mut self, tar: &mut Vec<u8>, header: &mut Header, file: &File) -> bool {
        let Some(leaf) = file.leaf.filter(|&leaf| self.leaves[leaf].fragments.is_empty()) else {
            return false;
        };
        if file.content.is_empty() || header.flavour != Flavour::Gnu {
            return false;
        }
        let hole = BLOCK * (1 + self.bytes.below(16));
        let real = hole + file.content.len();
        header.kind(b'S');
        header.size(file.content.len() as u64, 0);
        header.put(386, format!("{hole:011o}\0{:011o}\0", file.content.len()).as_bytes());
        let told = if self.bytes.once_in(12) {
            self.honest = false;
            [real / 2, real + 5, 1 << 32, 0][self.bytes.below(4)]
        } else {
            real
        };
        header.put(483, format!("{told:011o}\0").as_bytes());
        header.write(tar);
        padded(tar, &file.content);
        self.leaves[leaf].content.splice(..0, std::iter::repeat_n(0, hole));
        true
    }

    /// A folder, link, device or pipe; or a header of all archive that follows.
    fn no_file(&mut self, tar: &mut Vec<u8>) {
        if self.bytes.once_in(4) {
            return extension(tar, b'g', &record(b"comment", b"of all"));
        }
        let mut header = Header::new(Flavour::Ustar);
        header.put(0, b"esx-a/var/log/link/");
        header
            .put(157, self.bytes.pick(&["/etc/shadow", "../../../..", "esx-a/var/log/link/", ""]).as_bytes());
        header.kind(*self.bytes.pick(NO_FILES));
        header.size(0, 0);
        if self.bytes.once_in(8) {
            self.honest = false;
            header.kind(self.bytes.byte());
            header.size(u64::from(self.bytes.byte()), 0);
        }
        header.write(tar);
    }
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Flavour {
    V7,
    Ustar,
    Gnu,
    Pax,
}

struct Header {
    block: [u8; BLOCK],
    flavour: Flavour,
}

impl Header {
    fn new(flavour: Flavour) -> Self {
        let mut header = Header { block: [0; BLOCK], flavour };
        for (at, field) in
            [(100, "0000644\0"), (108, "0000000\0"), (116, "0000000\0"), (136, "13737043342\0")]
        {
            header.put(at, field.as_bytes());
        }
        header.magic();
        header
    }

    fn magic(&mut self) {
        match self.flavour {
            Flavour::V7 => {}
            Flavour::Gnu => self.put(257, b"ustar  \0"),
            Flavour::Ustar | Flavour::Pax => self.put(257, b"ustar\x0000"),
        }
    }

    fn put(&mut self, at: usize, field: &[u8]) {
        self.block[at..at + field.len()].copy_from_slice(field);
    }

    fn kind(&mut self, kind: u8) {
        self.block[156] = kind;
    }

    /// Puts the size in one of the ways that are seen: octal in 11 digits, with blanks, or binary where it is large.
    fn size(&mut self, size: u64, way: usize) {
        if size >= 1 << 33 || way == 3 {
            self.put(124, &[0x80, 0, 0, 0]);
            return self.put(128, &size.to_be_bytes());
        }
        let text = if way == 1 { format!("{size:>11o} ") } else { format!("{size:011o}\0") };
        self.put(124, text.as_bytes());
    }

    /// Puts a long name into prefix and name; whether there is a `/` in the right place.
    fn split_name(&mut self, name: &[u8]) -> bool {
        let fits =
            |at: &usize| name[*at] == b'/' && *at > 0 && name.len() - at - 1 <= 100 && name.len() - at > 1;
        let Some(at) = (0..name.len().min(156)).rev().find(fits) else { return false };
        self.put(345, &name[..at]);
        self.put(0, &name[at + 1..]);
        true
    }

    fn write(&mut self, tar: &mut Vec<u8>) {
        sign(&mut self.block);
        tar.extend_from_slice(&self.block);
    }
}

/// Puts the right checksum into a header.
pub(super) fn sign(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// An entry that says something about the next: a long name or PAX records.
fn extension(tar: &mut Vec<u8>, kind: u8, content: &[u8]) {
    let mut header = Header::new(if kind == b'L' { Flavour::Gnu } else { Flavour::Pax });
    header.put(0, if kind == b'L' { b"././@LongLink" } else { b"PaxHeaders.0/" });
    header.kind(kind);
    header.size(content.len() as u64, 0);
    header.write(tar);
    padded(tar, content);
}

/// `27 path=esx-a/var/log/x.log`, whose number counts itself.
fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let len = (1..).map(|digits| rest + digits).find(|len| len.to_string().len() + rest == *len);
    let len = len.expect("some number of digits fits");
    [len.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

fn padded(tar: &mut Vec<u8>, content: &[u8]) {
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
}
