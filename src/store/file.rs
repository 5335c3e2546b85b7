//! Files of a store and of whoever writes beside it: whole or not there, and read only where they are files.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// SHA-256 over `parts`, each with its length before it.
pub(super) fn hex(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of the length of `bytes` and of these, hex: what tells one content from another, here alone.
pub fn checksum(bytes: &[u8]) -> String {
    hex(&[bytes])
}

/// The content of a regular file; `None` where there is none. A pipe in its place would never end.
pub fn read_file(path: &Path) -> Option<Vec<u8>> {
    fs::metadata(path).ok()?.is_file().then(|| fs::read(path).ok()).flatten()
}

/// Older than this, a file that is not whole is nobody's any more: to write one takes a moment.
const STALE: Duration = Duration::from_secs(3_600);

/// Removes what runs left behind that were killed while they wrote.
pub(super) fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "partial")) {
        let written = entry.metadata().and_then(|meta| meta.modified()).ok();
        if written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > STALE) {
            // Another run may have removed it already.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Writes `bytes` to a file of another name beside `file` and puts it in its place: never half a file, whoever else writes
/// it at the same time.
///
/// # Errors
/// Fails where the file cannot be written; then nothing is left behind.
pub fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let aside = file.with_file_name(format!(".{name}.{}.{number}.partial", std::process::id()));
    let written = fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, file));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}
