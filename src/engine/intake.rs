//! The reader's side: a walk's members become jobs of the pool.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::pool::{Message, Pool};
use super::{Bundle, Progress};
use crate::bundle::{self, Damage, Gap, Handle, Input, Limits, Member, Sink};
use crate::digest::{self, MemberReader};
use crate::model::{MemberPath, Problem};
use crate::rule::RuleSet;

/// What the walk of one input leaves, beside what its members gave.
pub(super) struct Walked {
    pub sha256: String,
    pub problems: Vec<Problem>,
    /// Skipped members by bundle.
    pub skipped: BTreeMap<Bundle, u64>,
}

/// What the walk of one input needs.
pub(super) struct Run<'e, 'r> {
    pub pool: &'e Pool<'r>,
    pub rules: &'r RuleSet,
    pub limits: Limits,
    pub progress: &'e dyn Progress,
    pub stop: &'e AtomicBool,
}

impl<'r> Run<'_, 'r> {
    pub(super) fn input(&self, index: usize, input: &Input) -> Walked {
        let is_folder = matches!(input, Input::Folder(_));
        let mut intake = Intake {
            run: self,
            index,
            problems: Vec::new(),
            skipped: BTreeMap::new(),
            hash: is_folder.then(Sha256::new),
        };
        let mut sha256 = String::new();
        thread::scope(|scope| {
            // The file's own hash is computed beside the walk, from the same cached pages.
            let hashed = (!is_folder).then(|| scope.spawn(|| hash_files(input.files(), self.stop)));
            bundle::walk(input, &self.limits, &mut intake);
            sha256 = match hashed {
                Some(hashed) => hashed.join().unwrap_or_default(),
                None => intake.hash.take().map(hex).unwrap_or_default(),
            };
        });
        Walked { sha256, problems: intake.problems, skipped: intake.skipped }
    }
}

fn hash_files(paths: &[PathBuf], stop: &AtomicBool) -> String {
    let (mut hash, mut block) = (Sha256::new(), vec![0; 1 << 20]);
    for path in paths {
        let Ok(mut file) = File::open(path) else { return String::new() };
        while !stop.load(Ordering::Relaxed) {
            match file.read(&mut block) {
                Ok(0) | Err(_) => break,
                Ok(len) => hash.update(&block[..len]),
            }
        }
    }
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes a walk's members and hands their blocks to the pool.
struct Intake<'a, 'e, 'r> {
    run: &'a Run<'e, 'r>,
    index: usize,
    problems: Vec<Problem>,
    skipped: BTreeMap<Bundle, u64>,
    /// Over a folder's names and the content that is read.
    hash: Option<Sha256>,
}

impl Sink for Intake<'_, '_, '_> {
    fn begin(&mut self, member: Member) -> Option<Handle> {
        let wanted = digest::wants(&member.tree);
        if let Some(hash) = &mut self.hash {
            hash.update(format!("{}\0{}\0{wanted}\n", member.tree, member.size.unwrap_or(0)));
        }
        if !wanted {
            self.skip(member);
            return None;
        }
        let reader = MemberReader::new(&member, self.run.rules, self.run.limits);
        let id = self.run.pool.open(self.index, (member.root, member.container), member.path, reader);
        Some(Handle(id))
    }

    fn skip(&mut self, member: Member) {
        *self.skipped.entry((member.root, member.container)).or_default() += 1;
    }

    fn piece(&mut self, handle: Handle, file: MemberPath) {
        self.run.pool.send(handle.0, Message::Piece(file));
    }

    fn gap(&mut self, handle: Handle, gap: Gap) {
        self.run.pool.send(handle.0, Message::Gap(gap));
    }

    fn block(&mut self, handle: Handle, bytes: Vec<u8>) {
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes);
        }
        self.run.pool.send(handle.0, Message::Block(bytes));
    }

    fn end(&mut self, handle: Handle, damage: Option<Damage>) {
        self.run.pool.send(handle.0, Message::End(damage));
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn progress(&mut self, bytes: u64) {
        self.run.progress.advance(self.index, bytes);
    }

    fn stopped(&self) -> bool {
        self.run.stop.load(Ordering::Relaxed)
    }
}
