//! Containers: the members of a bundle become a tar, a gzipped tar, a client export, or a plain folder.
//!
//! One member at a time is held, whatever the container. Owners, modes, times and gzip headers are fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::model::Timestamp;

/// What a bundle is packed in.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    /// `<name>.tgz`: a gzipped tar with one top directory.
    Tgz,
    /// `<name>.tar`
    Tar,
    /// The vSphere Client's export: a zip with one `.tgz` per system.
    Zip,
    /// `<name>.zip`: the tree itself, zipped, as people do who unpacked a bundle first.
    TreeZip,
    /// An outer `.tgz` around an inner archive: a `.tar` for a host, and for vCenter a `.tgz` that is really a tar.
    ///
    /// The inner archive is held in memory, so this one is for small bundles.
    Wrapped,
    /// A folder: the bundle, unpacked.
    Tree,
}

impl Container {
    /// Every container.
    pub const ALL: [Container; 6] = [
        Container::Tgz,
        Container::Tar,
        Container::Zip,
        Container::TreeZip,
        Container::Wrapped,
        Container::Tree,
    ];
}

/// Where members go.
pub(crate) trait Sink {
    /// Adds one member.
    fn put(&mut self, path: &str, bytes: &[u8], modified: Timestamp) -> io::Result<()>;
}

/// The members of one bundle on their way into a sink: below its top directory, some left out, some replaced.
pub(crate) struct Members<'a> {
    sink: &'a mut dyn Sink,
    root: &'a str,
    omit: &'a BTreeSet<String>,
    extra: &'a BTreeMap<String, Vec<u8>>,
    written: BTreeSet<String>,
}

impl<'a> Members<'a> {
    /// Members below `root`.
    pub(crate) fn new(
        sink: &'a mut dyn Sink,
        root: &'a str,
        omit: &'a BTreeSet<String>,
        extra: &'a BTreeMap<String, Vec<u8>>,
    ) -> Self {
        Members { sink, root, omit, extra, written: BTreeSet::new() }
    }

    /// Adds the member `path`, unless it is to be left out.
    pub(crate) fn file(&mut self, path: &str, bytes: &[u8], modified: Timestamp) -> io::Result<()> {
        if self.omit.iter().any(|prefix| path.starts_with(prefix.as_str())) {
            return Ok(());
        }
        let bytes = match self.extra.get(path) {
            Some(other) => {
                self.written.insert(path.to_owned());
                other
            }
            None => bytes,
        };
        self.sink.put(&format!("{}/{path}", self.root), bytes, modified)
    }

    /// Adds the extra members that replaced none.
    pub(crate) fn finish(self, modified: Timestamp) -> io::Result<()> {
        let added = self.extra.iter().filter(|(path, _)| !self.written.contains(*path));
        for (path, bytes) in added {
            self.sink.put(&format!("{}/{path}", self.root), bytes, modified)?;
        }
        Ok(())
    }
}

/// A system's bundle, ready to be packed.
pub(crate) struct Packing<'a> {
    /// Name of the top directory, and of the file without its extension.
    pub name: &'a str,
    /// Name of the `.tgz` inside a client export, without the extension.
    pub export_name: &'a str,
    /// Whether it is vCenter's, whose archives come from another tool: PAX headers.
    pub vcenter: bool,
    /// Level of the outer gzip.
    pub gzip: u32,
    /// When it was collected.
    pub captured_at: Timestamp,
}

/// Writes the members.
pub(crate) type Emit<'a> = dyn Fn(&mut dyn Sink) -> io::Result<()> + 'a;

/// Packs one bundle below `directory` and gives the path written.
pub(crate) fn pack(
    packing: &Packing<'_>,
    directory: &Path,
    container: Container,
    emit: &Emit<'_>,
) -> io::Result<PathBuf> {
    fs::create_dir_all(directory)?;
    match container {
        Container::Tgz => {
            let path = directory.join(format!("{}.tgz", packing.name));
            write_tgz(packing, &path, emit)?;
            Ok(path)
        }
        Container::Tar => {
            let path = directory.join(format!("{}.tar", packing.name));
            tar(packing, create(&path)?, emit)?.flush()?;
            Ok(path)
        }
        Container::Zip => export(directory, packing.captured_at, &[(packing, emit)]),
        Container::TreeZip => tree_zip(packing, directory, emit),
        Container::Wrapped => wrapped(packing, directory, emit),
        Container::Tree => {
            let mut sink = TreeSink { directory: directory.to_owned() };
            emit(&mut sink)?;
            Ok(directory.join(packing.name))
        }
    }
}

/// Packs one bundle as a gzipped tar at `path`.
pub(crate) fn write_tgz(packing: &Packing<'_>, path: &Path, emit: &Emit<'_>) -> io::Result<()> {
    tgz(packing, create(path)?, emit)?.flush()
}

/// Writes a client export with all of `bundles`.
pub(crate) fn export(
    directory: &Path,
    at: Timestamp,
    bundles: &[(&Packing<'_>, &Emit<'_>)],
) -> io::Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let (year, month, day, micros) = at.civil();
    let second = micros / 1_000_000;
    let time = format!("{:02}-{:02}-{:02}", second / 3600, second / 60 % 60, second % 60);
    let path = directory.join(format!("VMware-vCenter-support-{year:04}-{month:02}-{day:02}@{time}.zip"));
    let mut zip = ZipWriter::new(create(&path)?);
    for (packing, emit) in bundles {
        // A tgz does not get smaller, and its size is not known beforehand.
        let options = zip_options(packing.captured_at).large_file(true);
        zip.start_file(format!("{}.tgz", packing.export_name), options)?;
        zip = tgz(packing, zip, *emit)?;
    }
    zip.finish()?.flush()?;
    Ok(path)
}

fn tree_zip(packing: &Packing<'_>, directory: &Path, emit: &Emit<'_>) -> io::Result<PathBuf> {
    let path = directory.join(format!("{}.zip", packing.name));
    let mut sink = ZipSink { zip: ZipWriter::new(create(&path)?) };
    emit(&mut sink)?;
    sink.zip.finish()?.flush()?;
    Ok(path)
}

fn wrapped(packing: &Packing<'_>, directory: &Path, emit: &Emit<'_>) -> io::Result<PathBuf> {
    let inner = tar(packing, Vec::new(), emit)?;
    let extension = if packing.vcenter { "tgz" } else { "tar" };
    let path = directory.join(format!("{}.tgz", packing.name));
    let label = packing.export_name;
    let encoder = encoder(create(&path)?, packing.gzip);
    let mut sink = TarSink { builder: tar::Builder::new(encoder), pax: false };
    sink.put(&format!("{label}.{extension}"), &inner, packing.captured_at)?;
    sink.builder.into_inner()?.finish()?.flush()?;
    Ok(path)
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 18, File::create(path)?))
}

fn tgz<W: Write>(packing: &Packing<'_>, out: W, emit: &Emit<'_>) -> io::Result<W> {
    tar(packing, encoder(out, packing.gzip), emit)?.finish()
}

fn tar<W: Write>(packing: &Packing<'_>, out: W, emit: &Emit<'_>) -> io::Result<W> {
    let mut sink = TarSink { builder: tar::Builder::new(out), pax: packing.vcenter };
    sink.directory(packing.name, packing.captured_at)?;
    emit(&mut sink)?;
    sink.builder.into_inner()
}

/// A gzip stream with a header that says nothing of time and machine.
fn encoder<W: Write>(out: W, level: u32) -> GzEncoder<W> {
    GzBuilder::new().mtime(0).operating_system(3).write(out, Compression::new(level))
}

/// `bytes`, gzipped.
pub(crate) fn gzip(bytes: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = encoder(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes)?;
    encoder.finish()
}

struct TarSink<W: Write> {
    builder: tar::Builder<W>,
    pax: bool,
}

impl<W: Write> TarSink<W> {
    fn directory(&mut self, path: &str, modified: Timestamp) -> io::Result<()> {
        let mut header = header(0, modified);
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o755);
        self.builder.append_data(&mut header, format!("{path}/"), io::empty())
    }
}

fn header(size: u64, modified: Timestamp) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(modified.micros().max(0) as u64 / 1_000_000);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

impl<W: Write> Sink for TarSink<W> {
    fn put(&mut self, path: &str, bytes: &[u8], modified: Timestamp) -> io::Result<()> {
        if self.pax {
            let micros = modified.micros();
            let time = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            self.builder.append_pax_extensions([("mtime", time.as_bytes())])?;
        }
        self.builder.append_data(&mut header(bytes.len() as u64, modified), path, bytes)
    }
}

struct ZipSink<W: Write + Seek> {
    zip: ZipWriter<W>,
}

impl<W: Write + Seek> Sink for ZipSink<W> {
    fn put(&mut self, path: &str, bytes: &[u8], modified: Timestamp) -> io::Result<()> {
        let options = zip_options(modified).compression_method(CompressionMethod::Deflated);
        self.zip.start_file(path, options)?;
        self.zip.write_all(bytes)
    }
}

fn zip_options(modified: Timestamp) -> SimpleFileOptions {
    let (year, month, day, micros) = modified.civil();
    let second = micros / 1_000_000;
    let (hour, minute) = ((second / 3600) as u8, (second / 60 % 60) as u8);
    let time = zip::DateTime::from_date_and_time(
        u16::try_from(year).unwrap_or(1980),
        month as u8,
        day as u8,
        hour,
        minute,
        (second % 60) as u8,
    );
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(time.unwrap_or_default())
        .unix_permissions(0o644)
}

struct TreeSink {
    directory: PathBuf,
}

impl Sink for TreeSink {
    fn put(&mut self, path: &str, bytes: &[u8], _: Timestamp) -> io::Result<()> {
        let path = self.directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)
    }
}
