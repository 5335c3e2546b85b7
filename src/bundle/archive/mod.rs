//! Archives as push readers: bytes come in, entries and their content go out; read on behind a damage.
//!
//! What an entry is good for is not decided here.

mod tar;
mod zip;

pub(super) use tar::find_header as find_tar_header;
pub(super) use tar::{Tar, is_damaged_header as is_damaged_tar_header, is_header as is_tar_header};
pub(super) use zip::{Zip, find_header as find_zip_header};

use super::{Damage, Limits};

/// What an archive holds.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// An entry begins; its content and an [`Item::End`] follow.
    Entry(Entry),
    /// The next bytes of the entry's content.
    Bytes(&'a [u8]),
    /// So many zero bytes of the entry's content, which the archive does not store.
    Hole(u64),
    /// An unknown number of bytes of the entry's content is missing here.
    Gap,
    /// The entry is at its end; with it, what ended it early.
    End(Option<Damage>),
    /// Something is wrong with the archive.
    Fault(Damage),
}

/// An entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name as stored.
    pub name: Vec<u8>,
    /// Its size in bytes, where the archive tells it beforehand.
    pub size: Option<u64>,
    /// What it is.
    pub kind: EntryKind,
    /// Whether its header is damaged and was used as it stands: the name may be wrong.
    pub doubtful: bool,
}

/// What an entry of an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A file with content.
    File,
    /// A file whose content is encrypted: none follows.
    Encrypted,
    /// A hard or symbolic link.
    Link,
    /// A device node, pipe or socket.
    Device,
    /// A folder.
    Folder,
}

/// Takes what an archive holds; whether more of the open entry's content is wanted.
pub(super) type Take<'a> = dyn FnMut(Item<'_>) -> bool + 'a;

/// Reads an archive that arrives in blocks.
pub(super) trait Archive {
    /// Takes the next bytes.
    fn push(&mut self, input: &[u8], take: &mut Take<'_>);

    /// An unknown number of bytes is missing before what comes next. `opaque` says that the open entry's content may hold
    /// headers of its own.
    fn gap(&mut self, opaque: bool, take: &mut Take<'_>);

    /// The archive is at its end. `cut` says that what it lies in ended early and has told so.
    fn finish(&mut self, cut: bool, take: &mut Take<'_>);
}

/// The limits that archives keep to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The largest size of one entry that is believed.
    pub entry_bytes: u64,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Bounds { entry_bytes: limits.member_bytes }
    }
}
