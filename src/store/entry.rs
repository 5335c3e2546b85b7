//! The file of one entry: a line that says what it is, a line that says whose, and the digests, compressed.
//!
//! ```text
//! esxray.digest/1 <SHA-256 of the next line>
//! {"key":"5f0c…","make":"…","sha256":"…","label":"esx01.tgz",…,"body":{"bytes":81234,"sha256":"…"}}
//! <gzip of the digests as JSON>
//! ```

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::hex;
use crate::case::Card;
use crate::digest::Digest;
use crate::model::Problem;

const MAGIC: &str = "esxray.digest/1";
/// More bytes no first two lines have; a damaged file must not be read without end.
const LONGEST: u64 = 64 << 20;
/// More bytes no digests have.
const MOST: u64 = 4 << 30;

/// Whose digests an entry holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub key: String,
    pub make: String,
    /// Of the bundle file.
    pub sha256: String,
    /// The file's name.
    pub label: String,
    /// The path as it was given.
    pub path: String,
    /// The whole path.
    pub place: String,
    /// The file's length.
    pub bytes: u64,
    /// One a digest; `None` where that says nothing of any host.
    pub cards: Vec<Option<Card>>,
    /// What concerns none of its bundles.
    pub problems: Vec<Problem>,
    pub body: Body,
}

/// What tells whether the digests are as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Body {
    pub bytes: u64,
    pub sha256: String,
}

/// The file of `digests`, and the header as it stands in it.
pub(super) fn pack(mut header: Header, digests: &[Digest]) -> io::Result<(Header, Vec<u8>)> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(io::BufWriter::with_capacity(1 << 16, &mut packed), digests)?;
    let packed = packed.finish()?;
    header.body = Body { bytes: packed.len() as u64, sha256: hex(&[&packed]) };
    let line = serde_json::to_string(&header)?;
    let mut text = format!("{MAGIC} {}\n{line}\n", hex(&[line.as_bytes()])).into_bytes();
    text.extend(packed);
    Ok((header, text))
}

/// The header of the entry in `file`; `None` where it is none, of another layout, or damaged.
pub(super) fn header(file: &Path) -> Option<Header> {
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    let mut rdr = BufReader::new(File::open(file).ok()?).take(LONGEST);
    let (mut first, mut line) = (String::new(), String::new());
    rdr.read_line(&mut first).ok()?;
    rdr.read_line(&mut line).ok()?;
    let (magic, sum) = first.trim_end().split_once(' ')?;
    let line = line.strip_suffix('\n')?;
    if magic != MAGIC || sum != hex(&[line.as_bytes()]) {
        return None;
    }
    let header: Header = serde_json::from_str(line).ok()?;
    // A file that was renamed is not what its name says.
    let is_named = file.file_stem().is_some_and(|stem| *stem == *header.key);
    let whole = header.body.bytes.checked_add((first.len() + line.len() + 1) as u64)?;
    (is_named && fs::metadata(file).ok()?.len() == whole).then_some(header)
}

/// The digests of an entry, compressed; `None` where they are not as they were written.
pub(super) fn packed(file: &Path, header: &Header) -> Option<Vec<u8>> {
    let mut bytes = fs::read(file).ok()?;
    let at = bytes.len().checked_sub(usize::try_from(header.body.bytes).ok()?)?;
    let packed = bytes.split_off(at);
    (hex(&[&packed]) == header.body.sha256).then_some(packed)
}

/// The digests of an entry; `None` where they are not as they were written.
pub(super) fn body(file: &Path, header: &Header) -> Option<Vec<Digest>> {
    let packed = packed(file, header)?;
    let rdr = BufReader::with_capacity(1 << 16, GzDecoder::new(packed.as_slice()).take(MOST));
    let digests: Vec<Digest> = serde_json::from_reader(rdr).ok()?;
    let is_of = digests.iter().all(|digest| digest.sha256 == header.sha256);
    (is_of && digests.len() == header.cards.len()).then_some(digests)
}
