//! Zips of every form, and headers that lie.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

use super::{File, Recipe};

impl Recipe<'_, '_> {
    /// `files` in a zip.
    pub(super) fn zip(&mut self, files: &[File]) -> Vec<u8> {
        let (mut zip, mut entries) = (Vec::new(), Vec::new());
        if self.bytes.once_in(24) {
            self.honest = false;
            zip.extend_from_slice(self.bytes.take(20));
        }
        if self.bytes.once_in(6) {
            let mut folder = Entry::new(b"esx-a/var/log/", &[]);
            folder.local(&mut zip, &[]);
            entries.push(folder);
        }
        for file in files {
            let (mut entry, data) = self.entry_of(file);
            entry.local(&mut zip, &data);
            entries.push(entry);
        }
        if self.bytes.once_in(32) {
            self.honest = false;
            return zip;
        }
        let begin = zip.len();
        entries.iter().for_each(|entry| entry.central(&mut zip));
        self.end(&mut zip, entries.len(), begin);
        zip
    }

    fn entry_of(&mut self, file: &File) -> (Entry, Vec<u8>) {
        let mut entry = Entry::new(&file.name, &file.content);
        let stored = self.bytes.once_in(3);
        let data = if stored { file.content.clone() } else { deflated(&file.content, self.bytes.below(10)) };
        entry.method = if stored { 0 } else { 8 };
        entry.packed = data.len() as u64;
        entry.zip64 = self.bytes.once_in(8);
        entry.descriptor = match self.bytes.below(6) {
            4 => Descriptor::Signed,
            5 => Descriptor::Bare,
            _ => Descriptor::None,
        };
        if entry.descriptor != Descriptor::None {
            entry.flags |= 8;
            // The end of a stored file is told by the signature behind it; without one only by the directory, which a
            // stream does not have yet.
            self.honest &= !stored || entry.descriptor == Descriptor::Signed;
        }
        if self.bytes.once_in(24) {
            self.lie_about(&mut entry);
        }
        (entry, data)
    }

    fn lie_about(&mut self, entry: &mut Entry) {
        self.honest = false;
        match self.bytes.below(8) {
            0 => entry.flags |= 1,
            1 => entry.flags |= 1 << self.bytes.below(16),
            2 => entry.method = *self.bytes.pick(&[9, 12, 14, 93, 95, 99, 0, 8]),
            3 => entry.crc ^= 1,
            4 => entry.packed = *self.bytes.pick(&[0, 1, 1 << 20, u64::from(u32::MAX), u64::MAX]),
            5 => entry.size = *self.bytes.pick(&[0, 1, 1 << 20, u64::from(u32::MAX), u64::MAX]),
            6 => entry.packed = entry.packed.wrapping_add(self.bytes.byte().into()).wrapping_sub(128),
            _ => entry.extra = self.bytes.take(30).to_vec(),
        }
    }

    /// The end records, with those of zip64 before them once in a while.
    fn end(&mut self, zip: &mut Vec<u8>, count: usize, begin: usize) {
        let (len, end) = (zip.len() - begin, zip.len());
        if self.bytes.once_in(8) {
            zip.extend(b"PK\x06\x06");
            zip.extend(44u64.to_le_bytes());
            zip.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            [count, count, len, begin].iter().for_each(|field| zip.extend((*field as u64).to_le_bytes()));
            zip.extend(b"PK\x06\x07\0\0\0\0");
            zip.extend((end as u64).to_le_bytes());
            zip.extend(1u32.to_le_bytes());
        }
        let comment = if self.bytes.once_in(6) { self.bytes.take(30) } else { b"" };
        zip.extend(b"PK\x05\x06\0\0\0\0");
        [count, count].iter().for_each(|field| zip.extend((*field as u16).to_le_bytes()));
        [len, begin].iter().for_each(|field| zip.extend((*field as u32).to_le_bytes()));
        zip.extend((comment.len() as u16).to_le_bytes());
        zip.extend(comment);
    }
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Descriptor {
    None,
    Signed,
    Bare,
}

struct Entry {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    extra: Vec<u8>,
    zip64: bool,
    descriptor: Descriptor,
    offset: u32,
}

impl Entry {
    fn new(name: &[u8], content: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        // A name has two bytes for its length.
        let name = name[..name.len().min(usize::from(u16::MAX))].to_vec();
        let flags = if name.is_ascii() { 0 } else { 1 << 11 };
        Entry {
            name,
            flags,
            method: 0,
            crc: crc.sum(),
            packed: content.len() as u64,
            size: content.len() as u64,
            extra: Vec::new(),
            zip64: false,
            descriptor: Descriptor::None,
            offset: 0,
        }
    }

    /// The fields that both headers share, from the version on.
    fn fields(&self, zip: &mut Vec<u8>, later: bool) {
        let short = |size: u64| if self.zip64 { u32::MAX } else { size as u32 };
        let (crc, packed, size) =
            if later { (0, 0, 0) } else { (self.crc, short(self.packed), short(self.size)) };
        [45, self.flags, self.method, 0x7000, 0x50e1]
            .iter()
            .for_each(|field| zip.extend(field.to_le_bytes()));
        [crc, packed, size].iter().for_each(|field| zip.extend(field.to_le_bytes()));
    }

    fn extra(&self, later: bool) -> Vec<u8> {
        let mut extra = self.extra.clone();
        if self.zip64 && !later {
            extra.extend([1, 0, 16, 0]);
            [self.size, self.packed].iter().for_each(|field| extra.extend(field.to_le_bytes()));
        }
        extra
    }

    fn lengths(&self, zip: &mut Vec<u8>, extra: &[u8]) {
        [self.name.len(), extra.len()].iter().for_each(|len| zip.extend((*len as u16).to_le_bytes()));
    }

    /// The local header, the data, and what follows it.
    fn local(&mut self, zip: &mut Vec<u8>, data: &[u8]) {
        self.offset = zip.len() as u32;
        let later = self.descriptor != Descriptor::None;
        let extra = self.extra(later);
        zip.extend(b"PK\x03\x04");
        self.fields(zip, later);
        self.lengths(zip, &extra);
        zip.extend([&self.name, &extra, data].concat());
        if self.descriptor == Descriptor::Signed {
            zip.extend(b"PK\x07\x08");
        }
        if later {
            [self.crc, self.packed as u32, self.size as u32]
                .iter()
                .for_each(|field| zip.extend(field.to_le_bytes()));
        }
    }

    fn central(&self, zip: &mut Vec<u8>) {
        let extra = self.extra(false);
        zip.extend(b"PK\x01\x02\x2d\x03");
        self.fields(zip, false);
        self.lengths(zip, &extra);
        zip.extend([0; 10]);
        zip.extend(self.offset.to_le_bytes());
        zip.extend([&self.name[..], &extra].concat());
    }
}

fn deflated(content: &[u8], level: usize) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level as u32));
    encoder.write_all(content).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}
