//! Every form in which bundles reach a support desk, made from plain `.tgz` bundles with writers that share no code with
//! the readers.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// One bundle, taken apart.
#[derive(Clone)]
pub struct Bundle {
    /// `esx-<host>-<date>-<pid>`
    pub name: String,
    /// The tar inside.
    pub tar: Vec<u8>,
    /// Its files, in their order.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Bundle {
    /// Takes a `.tgz` apart.
    pub fn read(path: &Path) -> Bundle {
        let mut tar = Vec::new();
        GzDecoder::new(File::open(path).expect("opened")).read_to_end(&mut tar).expect("decoded");
        let mut files = Vec::new();
        for entry in tar::Archive::new(&tar[..]).entries().expect("entries") {
            let mut entry = entry.expect("an entry");
            if entry.header().entry_type().is_file() {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).expect("read");
                files.push((entry.path().expect("a path").to_string_lossy().into_owned(), bytes));
            }
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Bundle { name, tar, files }
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::new(6));
    gz.write_all(bytes).expect("in memory");
    gz.finish().expect("in memory")
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut xz =
        lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).expect("options");
    xz.write_all(bytes).expect("in memory");
    xz.finish().expect("in memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut bz = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    bz.write_all(bytes).expect("in memory");
    bz.finish().expect("in memory")
}

/// A tar of `files` with headers made by `header`.
pub fn tar_of(files: &[(String, Vec<u8>)], header: fn() -> tar::Header) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = header();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, &bytes[..]).expect("in memory");
    }
    archive.into_inner().expect("in memory")
}

/// A tar in which PAX records tell every name and size, and the headers lie.
pub fn pax_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let size = bytes.len().to_string();
        let records = [
            ("path", name.as_bytes()),
            ("size", size.as_bytes()),
            ("mtime", b"1.5"),
            ("SCHILY.dev", b"=\xff"),
        ];
        archive.append_pax_extensions(records).expect("in memory");
        let mut header = tar::Header::new_ustar();
        header.set_path("././@LongName").expect("short");
        header.set_size(0);
        header.set_cksum();
        archive.append(&header, &bytes[..]).expect("in memory");
    }
    archive.into_inner().expect("in memory")
}

/// A zip of `files`.
pub fn zip_of(files: &[(String, Vec<u8>)], method: CompressionMethod, large: bool) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method).large_file(large);
    for (name, bytes) in files {
        zip.start_file(name, options).expect("begun");
        zip.write_all(bytes).expect("in memory");
    }
    zip.finish().expect("in memory").into_inner()
}

/// A zip of `files` written by one who cannot go back: sizes stand behind the content.
pub fn streamed_zip_of(files: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in files {
        zip.start_file(name, options).expect("begun");
        zip.write_all(bytes).expect("in memory");
    }
    zip.finish().expect("in memory").into_inner()
}

/// `bytes` as fragments of `size` bytes: their names and contents, from number `first` on.
pub fn fragments(name: &str, bytes: &[u8], size: usize, first: usize) -> Vec<(String, Vec<u8>)> {
    let piece =
        |(number, bytes): (usize, &[u8])| (format!("{name}.FRAG-{:05}", number + first), bytes.to_vec());
    bytes.chunks(size).enumerate().map(piece).collect()
}

/// Writes `bytes` below `folder`.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(&path, bytes).expect("written");
    path
}

/// Compresses.
type Pack = fn(&[u8]) -> Vec<u8>;

/// A form: its name, and how bundles are written in it.
pub type Form = (&'static str, fn(&[Bundle], &Path) -> Vec<PathBuf>);

/// One file a bundle.
fn each(
    bundles: &[Bundle],
    folder: &Path,
    extension: &str,
    pack: impl Fn(&Bundle) -> Vec<u8>,
) -> Vec<PathBuf> {
    let one = |bundle: &Bundle| write(folder, &format!("{}.{extension}", bundle.name), &pack(bundle));
    bundles.iter().map(one).collect()
}

/// One file for all bundles.
fn all(
    bundles: &[Bundle],
    folder: &Path,
    name: &str,
    pack: impl Fn(&[(String, Vec<u8>)]) -> Vec<u8>,
) -> Vec<PathBuf> {
    let files: Vec<_> = bundles.iter().map(|b| (format!("{}.tgz", b.name), gzip(&b.tar))).collect();
    vec![write(folder, name, &pack(&files))]
}

fn supervisor(bundles: &[Bundle], shuffle: fn(&mut Vec<(String, Vec<u8>)>), first: usize) -> Vec<u8> {
    let mut files = Vec::new();
    for bundle in bundles {
        let packed = gzip(&bundle.tar);
        let mut pieces =
            fragments(&format!("wcp/{}.tar.gz", bundle.name), &packed, packed.len() / 7 + 1, first);
        shuffle(&mut pieces);
        files.extend(pieces);
    }
    files.insert(files.len() / 2, ("wcp/notes.txt".to_owned(), b"between the fragments\n".to_vec()));
    tar_of(&files, tar::Header::new_gnu)
}

/// Every form of a bundle but the plain one.
pub const FORMS: &[Form] = &[
    ("tar", |b, f| each(b, f, "tar", |b| b.tar.clone())),
    ("a tar that is called .tgz", |b, f| each(b, f, "tgz", |b| b.tar.clone())),
    ("a tgz that is called .zip", |b, f| each(b, f, "zip", |b| gzip(&b.tar))),
    ("a zip that is called .tgz", |b, f| {
        each(b, f, "tgz", |b| zip_of(&b.files, CompressionMethod::Deflated, false))
    }),
    ("no extension at all", |b, f| each(b, f, "bundle", |b| gzip(&b.tar))),
    ("tar.zst", |b, f| each(b, f, "tar.zst", |b| zstd(&b.tar))),
    ("tar.xz", |b, f| each(b, f, "tar.xz", |b| xz(&b.tar))),
    ("tar.bz2", |b, f| each(b, f, "tar.bz2", |b| bzip2(&b.tar))),
    ("gzip in gzip", |b, f| each(b, f, "tgz.gz", |b| gzip(&gzip(&b.tar)))),
    ("gzip of many members", |b, f| each(b, f, "tgz", |b| b.tar.chunks(100_001).flat_map(gzip).collect())),
    ("v7 headers", |b, f| each(b, f, "tgz", |b| gzip(&tar_of(&b.files, tar::Header::new_old)))),
    ("ustar headers", |b, f| each(b, f, "tgz", |b| gzip(&tar_of(&b.files, tar::Header::new_ustar)))),
    ("PAX records", |b, f| each(b, f, "tgz", |b| gzip(&pax_of(&b.files)))),
    ("stored zip", |b, f| each(b, f, "zip", |b| zip_of(&b.files, CompressionMethod::Stored, false))),
    ("zip64", |b, f| each(b, f, "zip", |b| zip_of(&b.files, CompressionMethod::Deflated, true))),
    ("zip with data descriptors", |b, f| {
        each(b, f, "zip", |b| streamed_zip_of(&b.files, CompressionMethod::Deflated))
    }),
    ("the client's export", |b, f| {
        all(b, f, "export.zip", |files| zip_of(files, CompressionMethod::Stored, false))
    }),
    ("a streamed export", |b, f| {
        all(b, f, "export.zip", |files| streamed_zip_of(files, CompressionMethod::Stored))
    }),
    ("a deflated streamed export", |b, f| {
        all(b, f, "export.zip", |files| streamed_zip_of(files, CompressionMethod::Deflated))
    }),
    ("all in one tar", |b, f| all(b, f, "all.tar", |files| tar_of(files, tar::Header::new_gnu))),
    ("all in one tar.xz", |b, f| all(b, f, "all.tar.xz", |files| xz(&tar_of(files, tar::Header::new_gnu)))),
    ("tgz in tar in gzip in zip", |b, f| {
        all(b, f, "case.zip", |files| {
            let inner = gzip(&tar_of(files, tar::Header::new_gnu));
            zip_of(&[("case/upload.tar.gz".to_owned(), inner)], CompressionMethod::Deflated, false)
        })
    }),
    ("a tar in a tgz", |b, f| {
        each(b, f, "tgz", |b| {
            gzip(&tar_of(&[(format!("{}.tgz", b.name), b.tar.clone())], tar::Header::new_gnu))
        })
    }),
    ("one tgz behind the other", |b, f| {
        vec![write(f, "all.tgz", &b.iter().flat_map(|b| gzip(&b.tar)).collect::<Vec<u8>>())]
    }),
    ("fragments in a tar", |b, f| vec![write(f, "wcp-support-bundle.tar", &supervisor(b, |_| {}, 0))]),
    ("fragments in a tar, from 1", |b, f| {
        vec![write(f, "wcp-support-bundle.tar", &supervisor(b, |_| {}, 1))]
    }),
    ("fragments in a tgz, the last first", |b, f| {
        vec![write(f, "wcp-support-bundle.tgz", &gzip(&supervisor(b, |pieces| pieces.reverse(), 0)))]
    }),
    ("fragments in a tar, from 1, the last first", |b, f| {
        vec![write(f, "wcp-support-bundle.tar", &supervisor(b, |pieces| pieces.reverse(), 1))]
    }),
    ("a folder of fragments", |b, f| {
        for bundle in b {
            for (name, bytes) in fragments(&format!("{}.tgz", bundle.name), &gzip(&bundle.tar), 50_000, 0) {
                write(f, &format!("case/{name}"), &bytes);
            }
        }
        vec![f.join("case")]
    }),
    ("the first fragment of each", |b, f| {
        let first = |bundle: &Bundle| {
            let mut paths = Vec::new();
            for (name, bytes) in fragments(&format!("{}.tgz", bundle.name), &gzip(&bundle.tar), 50_000, 0) {
                paths.push(write(f, &name, &bytes));
            }
            paths.swap_remove(0)
        };
        b.iter().map(first).collect()
    }),
    ("unpacked folders", |b, f| {
        for (name, bytes) in b.iter().flat_map(|bundle| &bundle.files) {
            write(f, &format!("case/{name}"), bytes);
        }
        vec![f.join("case")]
    }),
    ("unpacked folders, reconstructed", |b, f| {
        for bundle in b {
            for (name, bytes) in reconstructed(&bundle.files) {
                write(f, &format!("case/{name}"), &bytes);
            }
        }
        vec![f.join("case")]
    }),
    ("fragments beside what was made of them", |b, f| {
        each(b, f, "tgz", |b| {
            let mut files = reconstructed(&b.files);
            files.extend(b.files.iter().filter(|(name, _)| name.contains(".FRAG-")).cloned());
            gzip(&tar_of(&files, tar::Header::new_gnu))
        })
    }),
    ("logs decompressed, and their names kept", |b, f| {
        each(b, f, "tgz", |b| {
            let plain = |(name, bytes): &(String, Vec<u8>)| {
                let mut text = Vec::new();
                let whole = flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text).is_ok();
                (name.clone(), if whole { text } else { bytes.clone() })
            };
            gzip(&tar_of(&b.files.iter().map(plain).collect::<Vec<_>>(), tar::Header::new_gnu))
        })
    }),
    ("rotated logs as zst, xz and bz2", |b, f| {
        each(b, f, "tgz", |b| {
            let again = |(index, (name, bytes)): (usize, &(String, Vec<u8>))| {
                let mut text = Vec::new();
                let is_log = name.ends_with(".gz") && name.contains("/log/");
                if !is_log || flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text).is_err() {
                    return (name.clone(), bytes.clone());
                }
                let (pack, ending) = [(zstd as Pack, "zst"), (xz, "xz"), (bzip2, "bz2")][index % 3];
                (format!("{}{ending}", name.trim_end_matches("gz")), pack(&text))
            };
            let files: Vec<_> = b.files.iter().enumerate().map(again).collect();
            gzip(&tar_of(&files, tar::Header::new_gnu))
        })
    }),
    ("every member twice", |b, f| {
        each(b, f, "tgz", |b| {
            gzip(&tar_of(&[b.files.clone(), b.files.clone()].concat(), tar::Header::new_gnu))
        })
    }),
    ("logs under scratch/log and var/log too", |b, f| {
        each(b, f, "tgz", |b| {
            let mut files = b.files.clone();
            for (name, bytes) in &b.files {
                for other in ["/scratch/log/", "/var/log/"] {
                    if name.contains("/var/run/log/") {
                        files.push((name.replace("/var/run/log/", other), bytes.clone()));
                    }
                }
            }
            gzip(&tar_of(&files, tar::Header::new_gnu))
        })
    }),
    ("the members in the opposite order", |b, f| {
        each(b, f, "tgz", |b| {
            gzip(&tar_of(&b.files.iter().rev().cloned().collect::<Vec<_>>(), tar::Header::new_gnu))
        })
    }),
    ("names that begin with ./", |b, f| {
        each(b, f, "tgz", |b| {
            let dotted: Vec<_> =
                b.files.iter().map(|(name, bytes)| (format!("./{name}"), bytes.clone())).collect();
            gzip(&tar_of(&dotted, tar::Header::new_gnu))
        })
    }),
    ("no top folder", |b, f| {
        each(b, f, "tgz", |b| {
            let cut = |name: &String| name.split_once('/').map_or("", |(_, rest)| rest).to_owned();
            let files: Vec<_> = b.files.iter().map(|(name, bytes)| (cut(name), bytes.clone())).collect();
            gzip(&tar_of(&files, tar::Header::new_gnu))
        })
    }),
    ("the same bundles again under other names", |b, f| {
        let mut paths = each(b, f, "tgz", |b| gzip(&b.tar));
        paths.extend(b.iter().map(|b| write(f, &format!("copy-of-{}.tar", b.name), &b.tar)));
        paths
    }),
];

/// `files` with the fragments laid end to end, as `reconstruct.sh` does.
fn reconstructed(files: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let mut whole: Vec<(String, Vec<u8>)> = Vec::new();
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by_key(|(name, _)| name.clone());
    for (name, bytes) in sorted {
        match name.split_once(".FRAG-") {
            None => whole.push((name.clone(), bytes.clone())),
            // Dumps are cut into fragments too, and nothing reads them.
            Some((target, _)) => match whole.iter_mut().find(|(own, _)| own == target) {
                Some((_, joined)) => joined.extend_from_slice(bytes),
                None => whole.push((target.to_owned(), bytes.clone())),
            },
        }
    }
    whole
}
