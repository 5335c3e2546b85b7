//! The files of an input are read once: a thread of its own reads and hashes them, and passes their blocks on to the walk.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use sha2::{Digest as _, Sha256};

use crate::bundle::{BLOCK, Blocks};

/// Blocks that wait for the walk; two more are read into and walked.
const AHEAD: usize = 4;

/// Reads and hashes the files of one input.
pub(super) struct Reading<'a> {
    stop: &'a AtomicBool,
    /// To the walk, file by file.
    files: SyncSender<io::Result<Passed>>,
    /// Blocks that the walk is done with, to be filled again.
    spent: Receiver<Vec<u8>>,
    returns: Sender<Vec<u8>>,
    /// `None` once something could not be read: the hash of a part would be taken for that of the whole.
    hash: Option<Sha256>,
}

/// The walk's end: its files, in their order.
pub(super) struct Files(Receiver<io::Result<Passed>>);

/// A file whose blocks come from the thread that reads it.
struct Passed {
    blocks: Receiver<io::Result<Vec<u8>>>,
    returns: Sender<Vec<u8>>,
    block: Vec<u8>,
}

/// Both ends of a reading, which ends early where `stop` becomes true.
pub(super) fn reading(stop: &AtomicBool) -> (Reading<'_>, Files) {
    let (files, walked) = sync_channel(0);
    let (returns, spent) = channel();
    (Reading { stop, files, spent, returns, hash: Some(Sha256::new()) }, Files(walked))
}

impl Reading<'_> {
    /// Reads all of `paths`, also what the walk does not ask for; gives their hash, empty where something could not be
    /// read.
    pub(super) fn hash(mut self, paths: &[PathBuf]) -> String {
        for path in paths {
            match File::open(path) {
                Ok(file) => {
                    let (to, blocks) = sync_channel(AHEAD);
                    let passed = Passed { blocks, returns: self.returns.clone(), block: Vec::new() };
                    // Whether or not the walk wants it: it may have come to its end.
                    let _ = self.files.send(Ok(passed));
                    self.file(file, &to);
                }
                Err(error) => {
                    self.hash = None;
                    let _ = self.files.send(Err(error));
                }
            }
        }
        self.hash.map(hex).unwrap_or_default()
    }

    fn file(&mut self, mut file: File, to: &SyncSender<io::Result<Vec<u8>>>) {
        while !self.stop.load(Ordering::Relaxed) {
            let mut block = self.spent.try_recv().unwrap_or_default();
            block.resize(BLOCK, 0);
            match file.read(&mut block) {
                Ok(0) => return,
                Ok(len) => {
                    block.truncate(len);
                    self.pass(block, to);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.hash = None;
                    let _ = to.send(Err(error));
                    return;
                }
            }
        }
    }

    /// Hashes `block` and passes it on, or keeps it where nobody waits for it.
    fn pass(&mut self, block: Vec<u8>, to: &SyncSender<io::Result<Vec<u8>>>) {
        if let Some(hash) = &mut self.hash {
            hash.update(&block);
        }
        if let Err(back) = to.send(Ok(block))
            && let Ok(block) = back.0
        {
            let _ = self.returns.send(block);
        }
    }
}

impl Files {
    /// The next file.
    pub(super) fn open(&mut self) -> io::Result<Box<dyn Blocks>> {
        match self.0.recv() {
            Ok(file) => Ok(Box::new(file?)),
            Err(_) => Err(io::Error::other("it was not read")),
        }
    }
}

impl Blocks for Passed {
    fn next(&mut self) -> io::Result<&[u8]> {
        let spent = std::mem::take(&mut self.block);
        if spent.capacity() > 0 {
            let _ = self.returns.send(spent);
        }
        // Nobody sends any more: the file is at its end, or the run is stopped.
        self.block = self.blocks.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
        Ok(&self.block)
    }
}

pub(super) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{fs, thread};

    use super::*;

    /// What the walk does with each file in turn: it takes so many blocks of it.
    #[track_caller]
    fn read(paths: &[PathBuf], stop: bool, takes: &[usize]) -> (String, Vec<Option<Vec<u8>>>) {
        let stop = AtomicBool::new(stop);
        thread::scope(|scope| {
            let (reading, mut files) = reading(&stop);
            let hashed = scope.spawn(|| reading.hash(paths));
            let walk = |&blocks: &usize| {
                let (mut file, mut taken) = (files.open().ok()?, Vec::new());
                for _ in 0..blocks {
                    taken.extend_from_slice(file.next().ok()?);
                }
                Some(taken)
            };
            let walked = takes.iter().map(walk).collect();
            drop(files);
            (hashed.join().expect("it does not panic"), walked)
        })
    }

    fn write(folder: &Path, name: &str, text: &[u8]) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).expect("a writable folder");
        path
    }

    #[test]
    fn the_hash_is_of_all_files_whatever_the_walk_takes() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let text: Vec<u8> = (0..=250).cycle().take(20 * BLOCK + 77).collect();
        let (first, second) = text.split_at(11 * BLOCK + 3);
        let paths = [write(folder, "0", first), write(folder, "1", second)];
        let hash = hex(Sha256::new_with_prefix(&text));
        let both = vec![Some(first.to_vec()), Some(second.to_vec())];
        assert_eq!(read(&paths, false, &[13, 11]), (hash.clone(), both));
        let some = vec![Some(first[..2 * BLOCK].to_vec()), Some(second.to_vec())];
        assert_eq!(read(&paths, false, &[2, 11]), (hash.clone(), some));
        assert_eq!(read(&paths, false, &[0]), (hash.clone(), vec![Some(Vec::new())]));
        assert_eq!(read(&paths, false, &[]), (hash, Vec::new()));
        // A file that is missing leaves the others readable, and no hash.
        let missing = [paths[0].clone(), folder.join("2"), paths[1].clone()];
        let walked = vec![Some(first.to_vec()), None, Some(second.to_vec())];
        assert_eq!(read(&missing, false, &[13, 1, 11]), (String::new(), walked));
        // More files than there are.
        assert_eq!(read(&paths[..1], false, &[13, 1]).1[1], None);
        assert_eq!(read(&paths, true, &[5]).1, [Some(Vec::new())]);
        // A folder can be opened, and not be read.
        assert_eq!(read(&[folder.to_owned()], false, &[1]), (String::new(), vec![None]));
    }
}
