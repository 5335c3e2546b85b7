//! The hash of an input's own bytes, computed beside the walk from the blocks that it has read anyway.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use sha2::{Digest as _, Sha256};

/// Blocks that may wait to be hashed: a few megabytes.
pub(super) const WAITING: usize = 16;

/// The next bytes of a file: the first `len` of `block`.
pub(super) struct Part {
    pub block: Arc<Vec<u8>>,
    pub len: usize,
}

/// SHA-256 of the files at `paths` behind each other, as hexadecimal digits; of what was read when `stop` became true, and
/// empty where one cannot be read. `parts` are what another has read of the first file, from its beginning; what that did
/// not come to is read here.
pub(super) fn of_files(parts: Receiver<Part>, paths: &[PathBuf], stop: &AtomicBool) -> String {
    let (mut hash, mut known) = (Sha256::new(), 0);
    for Part { block, len } in parts {
        hash.update(&block[..len]);
        known += len as u64;
    }
    for path in paths {
        // The hash of a part would be taken for that of the whole.
        if rest_of_file(&mut hash, path, known, stop).is_err() {
            return String::new();
        }
        known = 0;
    }
    hex(hash)
}

/// Hashes the file at `path` from byte `from` on.
fn rest_of_file(hash: &mut Sha256, path: &PathBuf, from: u64, stop: &AtomicBool) -> io::Result<()> {
    let (mut file, mut block) = (File::open(path)?, vec![0; 256 << 10]);
    if from > 0 {
        // What is no file on a disk, such as a pipe, cannot be read from its middle.
        file.seek(SeekFrom::Start(from))?;
    }
    while !stop.load(Ordering::Relaxed) {
        match file.read(&mut block)? {
            0 => break,
            len => hash.update(&block[..len]),
        }
    }
    Ok(())
}

pub(super) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::channel;

    use super::*;

    /// The hash of files that hold `texts`, of the first of which `known` bytes were read by another.
    fn hashed(texts: &[&[u8]], known: usize) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let paths: Vec<PathBuf> = (0..texts.len()).map(|at| folder.path().join(at.to_string())).collect();
        for (path, text) in paths.iter().zip(texts) {
            fs::write(path, text).expect("written");
        }
        let (sender, parts) = channel();
        for part in texts[0][..known].chunks(7) {
            let block = [part, b"what stood there before"].concat();
            sender.send(Part { block: Arc::new(block), len: part.len() }).expect("taken");
        }
        drop(sender);
        of_files(parts, &paths, &AtomicBool::new(false))
    }

    #[test]
    fn it_is_that_of_the_whole_however_much_another_has_read() {
        let text: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let expected = hex(Sha256::new().chain_update(&text));
        for known in [0, 1, 500, 1000] {
            assert_eq!(hashed(&[&text], known), expected, "{known}");
            assert_eq!(hashed(&[&text[..600], &text[600..]], known.min(600)), expected, "{known}");
        }
        // FIPS 180-2, of no bytes.
        assert!(hashed(&[b""], 0).starts_with("e3b0c44298fc1c14"));
    }

    #[test]
    fn a_file_that_cannot_be_read_has_none() {
        let (_, parts) = channel();
        assert_eq!(of_files(parts, &[PathBuf::from("no/such/file")], &AtomicBool::new(false)), "");
    }
}
