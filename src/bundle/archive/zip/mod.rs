//! zip by its local headers, so that it can arrive in blocks, lack its directory or be damaged: stored and deflated
//! entries and those of newer methods, zip64, sizes behind the content; on again at the next local header.

mod content;
mod local;

use memchr::memmem;

use self::content::{Body, Content, body};
use self::local::{DESCRIPTOR, LOCAL, Local, local};
use super::{Archive, Bounds, Entry, EntryKind, Item, Take};
use crate::bundle::Damage;
use crate::bundle::codec::{Crc, Slices};
use crate::model::ProblemKind;

/// Bytes of a directory entry before the name.
const CENTRAL_LEN: usize = 46;

/// Reads a zip that arrives in blocks.
pub(crate) struct Zip {
    bounds: Bounds,
    slices: Slices,
    state: State,
    held: Vec<u8>,
    /// What was held and is to be taken in the new state, before all that follows.
    again: Vec<u8>,
    /// Bytes taken, but for those in `held`.
    at: u64,
    /// Entries begun.
    entries: u64,
    /// Entries of the directory.
    listed: u64,
    /// Whether the directory's end was read.
    ended: bool,
}

enum State {
    /// A signature is awaited.
    Signature,
    /// Inside an entry's content.
    Content(Box<Content>),
    /// So many bytes are passed over.
    Skip(u64),
    /// Behind the content: its checksum and sizes.
    Descriptor(Box<Content>),
    /// A local header is looked for, from here on.
    Seek(u64),
}

impl Zip {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let (slices, state, held) = (Slices::default(), State::Signature, Vec::new());
        Zip { bounds, slices, state, held, again: Vec::new(), at: 0, entries: 0, listed: 0, ended: false }
    }

    /// Takes some of `input`.
    fn step<'a>(&mut self, input: &'a [u8], take: &mut Take<'_>) -> &'a [u8] {
        match &mut self.state {
            State::Content(content) if !content.wanted && content.left.is_some() => {
                // It need not be decoded for its end to be known.
                let left = content.left.unwrap_or(0);
                self.state = if left > 0 { State::Skip(left) } else { State::Signature };
                take(Item::End(None));
                input
            }
            State::Content(content) if content.left != Some(0) => {
                let len = content
                    .left
                    .map_or(input.len(), |left| input.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
                let end = content.body(&input[..len], take);
                let taken = end.unwrap_or(len);
                content.stored += taken as u64;
                if let Some(behind) = content.behind.take() {
                    self.at = self.at + taken as u64 - behind.len() as u64;
                    self.held = behind;
                    content.stored = content.given;
                    self.end_body(true, take);
                    self.take_held(take);
                    return &input[taken..];
                }
                content.left = content.left.map(|left| left - taken as u64);
                self.at += taken as u64;
                if end.is_some() || content.left == Some(0) {
                    self.end_body(end.is_some(), take);
                } else if content.damage.is_some() && content.left.is_none() {
                    // Other entries may stand in what follows the damage.
                    let rest = content.unread();
                    self.at -= rest.len() as u64;
                    self.lose(take);
                    self.held = rest;
                    self.take_held(take);
                }
                &input[taken..]
            }
            State::Content(_) => {
                self.end_body(false, take);
                input
            }
            State::Skip(left) => {
                let len = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= len as u64;
                self.at += len as u64;
                if *left == 0 {
                    self.state = State::Signature;
                }
                &input[len..]
            }
            State::Signature | State::Descriptor(_) | State::Seek(_) => {
                let (part, rest) = input.split_at(input.len().min(8 << 10));
                self.held.extend_from_slice(part);
                self.take_held(take);
                rest
            }
        }
    }

    fn run(&mut self, mut input: &[u8], take: &mut Take<'_>) {
        loop {
            // Each of many small entries may leave something, so this is no recursion.
            while !self.again.is_empty() {
                let again = std::mem::take(&mut self.again);
                let mut rest = &again[..];
                while !rest.is_empty() && self.again.is_empty() {
                    rest = self.step(rest, take);
                }
                self.again.extend_from_slice(rest);
            }
            if input.is_empty() {
                return;
            }
            input = self.step(input, take);
        }
    }

    /// Works off what is held, as far as it is whole.
    fn take_held(&mut self, take: &mut Take<'_>) {
        loop {
            let used = match &mut self.state {
                State::Signature => self.signature(take),
                State::Descriptor(content) => {
                    let used = content.descriptor(&self.held);
                    if used.is_some() {
                        self.end(take);
                    }
                    used
                }
                State::Seek(from) => {
                    let from = *from;
                    self.seek(from, take)
                }
                State::Content(_) | State::Skip(_) => {
                    self.again = std::mem::take(&mut self.held);
                    return;
                }
            };
            let Some(used) = used else { return };
            self.held.drain(..used);
            self.at += used as u64;
        }
    }

    /// Takes the header that is held; how long it is, where it is whole.
    fn signature(&mut self, take: &mut Take<'_>) -> Option<usize> {
        let held = &self.held;
        let signature = held.first_chunk::<4>()?;
        match &signature[..] {
            LOCAL => match local(held)? {
                Some(header) => Some(self.begin(header, take)),
                None => self.no_signature(),
            },
            b"PK\x01\x02" => {
                let len =
                    |at: usize| Some(usize::from(u16::from_le_bytes([*held.get(at)?, *held.get(at + 1)?])));
                let len = CENTRAL_LEN + len(28)? + len(30)? + len(32)?;
                (held.len() >= len).then(|| {
                    self.listed += 1;
                    len
                })
            }
            // The end of the directory, of its zip64 form, and where that lies; a comment may follow.
            b"PK\x05\x06" => {
                self.ended = true;
                let comment = held.get(20..22).map(|len| u16::from_le_bytes([len[0], len[1]]))?;
                let len = 22 + usize::from(comment);
                (held.len() >= len).then_some(len)
            }
            b"PK\x06\x06" => {
                let size = held.get(4..12)?.first_chunk::<8>().map(|size| u64::from_le_bytes(*size))?;
                self.state = State::Skip(size.saturating_add(12).min(1 << 20));
                Some(0)
            }
            b"PK\x06\x07" => (held.len() >= 20).then_some(20),
            // A spanned archive's mark; a descriptor that was not announced.
            b"PK00" => Some(4),
            DESCRIPTOR if held.len() >= 16 => Some(if held[4..].starts_with(b"PK") { 4 } else { 16 }),
            DESCRIPTOR => None,
            _ if self.ended => self.behind_end(),
            _ => self.no_signature(),
        }
    }

    /// What follows the archive: padding, or another archive.
    fn behind_end(&mut self) -> Option<usize> {
        if self.held.iter().all(|&byte| byte == 0) { Some(self.held.len()) } else { self.no_signature() }
    }

    fn no_signature(&mut self) -> Option<usize> {
        self.state = State::Seek(self.at);
        Some(0)
    }

    /// Begins an entry; how long its header is.
    fn begin(&mut self, mut local: Local, take: &mut Take<'_>) -> usize {
        self.entries += 1;
        self.ended = false;
        let len = local.len;
        let is_folder = local.name.ends_with(b"/");
        let kind = match () {
            () if local.encrypted => EntryKind::Encrypted,
            () if is_folder => EntryKind::Folder,
            () => EntryKind::File,
        };
        if let Some(stored) = local.stored.filter(|&stored| stored > self.bounds.entry_bytes) {
            let name = String::from_utf8_lossy(&local.name);
            let text = format!(
                "{name} claims to be {stored} bytes long, and the limit is {} (--max-member-bytes); it was left out",
                self.bounds.entry_bytes
            );
            take(Item::Fault(Damage { kind: ProblemKind::Limit, text }));
            self.state = State::Seek(self.at + len as u64);
            return len;
        }
        let name = std::mem::take(&mut local.name);
        let wanted = take(Item::Entry(Entry { name, size: local.size, kind, doubtful: false }));
        // Content that nobody wants is decoded only to find where it ends.
        let is_used = kind == EntryKind::File && (wanted || local.stored.is_none());
        // Of the newer methods only the directory, which comes last, tells where content of unknown length ends.
        let is_read = |body: &Body| local.stored.is_some() || !matches!(body, Body::Other(_));
        let body = is_used.then(|| body(local.method)).flatten().filter(is_read);
        match body {
            Some(body) => {
                let left = local.stored;
                let crc = Crc::new();
                let (back, behind) = (Vec::new(), None);
                let content = Content {
                    local,
                    left,
                    body,
                    crc,
                    stored: 0,
                    given: 0,
                    damage: None,
                    back,
                    behind,
                    wanted,
                };
                self.state = State::Content(Box::new(content));
            }
            None => {
                let text = format!("it is compressed by method {} in a form that is not read", local.method);
                take(Item::End(is_used.then_some(Damage { kind: ProblemKind::Unreadable, text })));
                self.state = match local.stored {
                    Some(stored) if stored > 0 => State::Skip(stored),
                    Some(_) => State::Signature,
                    None => State::Seek(self.at + len as u64),
                };
            }
        }
        len
    }

    /// The content is at its end; `by_itself` says that its own format told so.
    fn end_body(&mut self, by_itself: bool, take: &mut Take<'_>) {
        let State::Content(mut content) = std::mem::replace(&mut self.state, State::Signature) else {
            return;
        };
        content.flush(by_itself, take);
        // Bytes of the entry behind the end of its own stream.
        let left = content.left.unwrap_or(0);
        if content.local.stored.is_none() {
            self.state = State::Descriptor(content);
        } else {
            content.verify();
            take(Item::End(content.damage));
            if left > 0 {
                self.state = State::Skip(left);
            }
        }
    }

    /// The entry is at its end, with its descriptor.
    fn end(&mut self, take: &mut Take<'_>) {
        if let State::Descriptor(mut content) = std::mem::replace(&mut self.state, State::Signature) {
            content.verify();
            take(Item::End(content.damage));
        }
    }

    /// The open entry cannot be read on, and where it ends is not known.
    fn lose(&mut self, take: &mut Take<'_>) {
        if let State::Content(content) | State::Descriptor(content) =
            std::mem::replace(&mut self.state, State::Seek(self.at))
        {
            let text = "it is damaged, and how long it is was not told; what stands before was used";
            let damage = Damage { kind: ProblemKind::Damaged, text: text.to_owned() };
            take(Item::End(content.damage.or(Some(damage))));
        }
    }

    /// Looks for a local header in what is held; what was passed over.
    fn seek(&mut self, from: u64, take: &mut Take<'_>) -> Option<usize> {
        let mut starts = memmem::find_iter(&self.held, b"PK");
        let found = starts.find(|&start| {
            let rest = &self.held[start..];
            rest.starts_with(b"PK\x01\x02")
                || rest.starts_with(b"PK\x05\x06")
                || matches!(local(rest), Some(Some(_)) | None)
                    && rest.starts_with(&LOCAL[..rest.len().min(4)])
        });
        let Some(start) = found else {
            let done = self.held.len().saturating_sub(3);
            self.held.drain(..done);
            self.at += done as u64;
            return None;
        };
        // A header that is not whole yet waits.
        let rest = &self.held[start..];
        if rest.len() < 4 || (rest.starts_with(LOCAL) && local(rest).is_none()) {
            self.held.drain(..start);
            self.at += start as u64;
            return None;
        }
        let skipped = self.at + start as u64 - from;
        if skipped > 0 {
            let text = format!(
                "{skipped} bytes from byte {from} on are no zip; they were skipped, and reading went on behind"
            );
            take(Item::Fault(Damage { kind: ProblemKind::Damaged, text }));
        }
        self.state = State::Signature;
        Some(start)
    }
}

/// Where the first local header in `bytes` begins.
pub(crate) fn find_header(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, LOCAL).find(|&at| matches!(local(&bytes[at..]), Some(Some(_))))
}

impl Archive for Zip {
    fn push(&mut self, mut input: &[u8], take: &mut Take<'_>) {
        while let Some(slice) = self.slices.next(&mut input) {
            self.run(&slice, take);
        }
    }

    fn gap(&mut self, _opaque: bool, take: &mut Take<'_>) {
        let rest = self.slices.rest();
        self.run(&rest, take);
        if matches!(self.state, State::Content(_) | State::Descriptor(_)) {
            self.lose(take);
        }
        self.at += self.held.len() as u64;
        self.held.clear();
        self.state = State::Seek(self.at);
    }

    fn finish(&mut self, cut: bool, take: &mut Take<'_>) {
        let rest = self.slices.rest();
        self.run(&rest, take);
        if matches!(&self.state, State::Content(content) if content.left == Some(0)) {
            self.end_body(false, take);
        }
        let damaged = |text: String| Damage { kind: ProblemKind::Damaged, text };
        if let State::Content(mut content) | State::Descriptor(mut content) =
            std::mem::replace(&mut self.state, State::Signature)
        {
            content.flush(true, take);
            let text = match content.left {
                Some(left) => {
                    format!("its last {left} stored bytes are missing; what stands before was used")
                }
                None => "its end is missing; what stands before was used".to_owned(),
            };
            let cut = Damage { kind: ProblemKind::Truncated, text };
            take(Item::End(Some(content.damage.take().unwrap_or(cut))));
        }
        if !self.ended && self.listed == 0 && !cut {
            let text = format!(
                "the zip archive ends early: its directory is missing, and {} members were read by their own headers",
                self.entries
            );
            take(Item::Fault(Damage { kind: ProblemKind::Truncated, text }));
        } else if self.listed > self.entries {
            let text = format!(
                "the directory of the zip archive names {} members, and {} were found",
                self.listed, self.entries
            );
            take(Item::Fault(damaged(text)));
        }
        if let State::Seek(from) = self.state {
            let behind = self.at + self.held.len() as u64 - from;
            if behind > 0 {
                take(Item::Fault(damaged(format!(
                    "{behind} bytes from byte {from} on are no zip; they were left out"
                ))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::CompressionMethod;
    use zip::write::SimpleFileOptions;

    use super::*;

    const BOUNDS: Bounds = Bounds { entry_bytes: 1 << 36 };

    fn text(seed: u32) -> Vec<u8> {
        (0..20_000u32).flat_map(|n| format!("{n} of {}\n", n.wrapping_mul(seed)).into_bytes()).collect()
    }

    fn files() -> Vec<(String, Vec<u8>)> {
        (0..4)
            .map(|n| (format!("esx-a/{n}.log"), text(2_654_435_761 + n)))
            .chain([("e".to_owned(), vec![])])
            .collect()
    }

    fn packed(method: CompressionMethod, large: bool) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(method).large_file(large);
        for (name, text) in files() {
            zip.start_file(name, options).expect("begun");
            zip.write_all(&text).expect("in memory");
        }
        zip.finish().expect("in memory").into_inner()
    }

    /// With sizes and checksums behind the content, as one who cannot seek writes it.
    fn streamed(method: CompressionMethod) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new_stream(Vec::new());
        let options = SimpleFileOptions::default().compression_method(method);
        for (name, text) in files() {
            zip.start_file(name, options).expect("begun");
            zip.write_all(&text).expect("in memory");
        }
        zip.finish().expect("in memory").into_inner()
    }

    /// With sizes of eight bytes behind the content, as zip64 has them.
    fn with_long_descriptors(bytes: Vec<u8>) -> Vec<u8> {
        let (mut rest, mut out) = (&bytes[..], Vec::new());
        while let Some(at) = memmem::find(rest, DESCRIPTOR) {
            out.extend_from_slice(&rest[..at + 8]);
            for size in rest[at + 8..at + 16].chunks(4) {
                out.extend_from_slice(size);
                out.extend([0; 4]);
            }
            rest = &rest[at + 16..];
        }
        out.extend_from_slice(rest);
        out
    }

    type Told = (Vec<(String, Vec<u8>, Option<String>)>, Vec<String>);

    fn told(bytes: &[u8], block: usize) -> Told {
        let (mut items, mut faults): Told = (Vec::new(), Vec::new());
        let mut zip = Zip::new(BOUNDS);
        let mut take = |item: Item<'_>| {
            match (item, items.last_mut()) {
                (Item::Entry(entry), _) => {
                    let name = String::from_utf8_lossy(&entry.name).into_owned();
                    items.push((
                        name,
                        Vec::new(),
                        (entry.kind == EntryKind::Encrypted).then(|| "encrypted".to_owned()),
                    ));
                }
                (Item::Bytes(bytes), Some(last)) => last.1.extend_from_slice(bytes),
                (Item::End(Some(damage)), Some(last)) => last.2 = Some(damage.text),
                (Item::Fault(fault), _) => faults.push(fault.text),
                _ => {}
            }
            true
        };
        for block in bytes.chunks(block) {
            zip.push(block, &mut take);
        }
        zip.finish(false, &mut take);
        (items, faults)
    }

    #[test]
    fn entries_of_every_form_are_read_in_blocks_of_any_size() {
        let expected: Vec<_> = files().into_iter().map(|(name, text)| (name, text, None)).collect();
        let forms = [
            packed(CompressionMethod::Stored, false),
            packed(CompressionMethod::Deflated, false),
            packed(CompressionMethod::Deflated, true),
            packed(CompressionMethod::Stored, true),
            with_long_descriptors(streamed(CompressionMethod::Deflated)),
            streamed(CompressionMethod::Deflated),
            streamed(CompressionMethod::Stored),
        ];
        for (form, bytes) in forms.iter().enumerate() {
            for block in [1000, 4096, 1 << 20] {
                let (items, faults) = told(bytes, block);
                assert!(
                    items == expected,
                    "form {form}, block {block}: {:?}",
                    items.iter().map(|i| (&i.0, i.1.len(), &i.2)).collect::<Vec<_>>()
                );
                assert!(faults.is_empty(), "form {form}, block {block}: {faults:?}");
            }
        }
        let (items, faults) = told(&forms[1], 1);
        assert!(items == expected && faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn without_its_directory_or_its_end_the_rest_is_read() {
        let whole = packed(CompressionMethod::Deflated, false);
        let directory = memmem::find(&whole, b"PK\x01\x02").expect("a directory");
        let (items, faults) = told(&whole[..directory], 4096);
        assert_eq!((items.len(), items.iter().filter(|item| item.2.is_some()).count()), (5, 0));
        assert!(faults[0].contains("its directory is missing, and 5 members"), "{faults:?}");
        let (items, _) = told(&whole[..directory / 2], 4096);
        assert!(items[0].1 == files()[0].1 && items.last().is_some_and(|last| last.2.is_some()));
    }

    #[test]
    fn reading_goes_on_behind_damage() {
        let whole = packed(CompressionMethod::Deflated, false);
        let second = memmem::find(&whole, b"esx-a/1.log").expect("there");
        let mut header = whole.clone();
        header[second - 30] = b'X';
        let (items, faults) = told(&header, 4096);
        assert_eq!(
            items.iter().map(|item| item.0.as_str()).collect::<Vec<_>>(),
            ["esx-a/0.log", "esx-a/2.log", "esx-a/3.log", "e"]
        );
        assert!(
            faults.iter().any(|fault| fault.contains("are no zip"))
                && faults.iter().any(|fault| fault.contains("names 5 members, and 4")),
            "{faults:?}"
        );
        let mut body = whole.clone();
        body[second + 20_000..second + 21_000].fill(0x77);
        let (items, _) = told(&body, 4096);
        assert_eq!(
            items.iter().map(|item| item.2.is_some()).collect::<Vec<_>>(),
            [false, true, false, false, false]
        );
        assert!(items[1].1.len() > 50_000);
    }

    #[test]
    fn a_password_is_told_and_what_stands_behind_is_read() {
        let mut whole = packed(CompressionMethod::Deflated, false);
        let second = memmem::find(&whole, b"esx-a/1.log").expect("there");
        whole[second - 24] |= 1;
        let (items, _) = told(&whole, 4096);
        assert_eq!(
            items.iter().map(|item| item.2.as_deref()).collect::<Vec<_>>(),
            [None, Some("encrypted"), None, None, None]
        );
    }

    #[test]
    fn what_stands_behind_a_damaged_entry_of_unknown_length_is_read() {
        let mut zip = zip::ZipWriter::new_stream(Vec::new());
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for n in 0..5 {
            zip.start_file(format!("esx-a/{n}.log"), options).expect("begun");
            zip.write_all(&text(n)[..3000]).expect("in memory");
        }
        let mut bytes = zip.finish().expect("in memory").into_inner();
        let first = memmem::find(&bytes, b"0.log").expect("there") + 5;
        // A block of a type that does not exist.
        bytes[first] = 7;
        for block in [100, 1 << 20] {
            let (items, _) = told(&bytes, block);
            let whole: Vec<_> =
                items.iter().filter(|item| item.2.is_none()).map(|item| &item.0[6..]).collect();
            assert_eq!(whole, ["1.log", "2.log", "3.log", "4.log"], "in {block}");
        }
    }

    #[test]
    fn many_small_entries_go_no_deeper() {
        let entry = [LOCAL, &[20, 0, 0, 0, 0, 0], &[0; 16], &[1, 0, 0, 0], b"a"].concat();
        let bytes = entry.repeat(20_000);
        let read =
            std::thread::Builder::new().stack_size(128 << 10).spawn(move || told(&bytes, 1 << 20).0.len());
        assert_eq!(read.expect("started").join().expect("no overflow"), 20_000);
    }
}
