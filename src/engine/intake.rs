//! The reader's side: a walk's members become jobs of the pool, fragments in their order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::pool::{JobId, Message, Pool};
use super::{Bundle, Progress};
use crate::bundle::{self, Damage, Input, Limits, Member, Sink, tree};
use crate::digest::{self, MemberReader};
use crate::model::{MemberPath, Problem, ProblemKind};
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
            current: Current::None,
            targets: BTreeMap::new(),
            waiting: 0,
            problems: Vec::new(),
            skipped: BTreeMap::new(),
            hash: is_folder.then(Sha256::new),
        };
        let mut sha256 = String::new();
        thread::scope(|scope| {
            // The file's own hash is computed beside the walk, from the same cached pages.
            let hashed = (!is_folder).then(|| scope.spawn(|| hash_file(input.path(), self.stop)));
            bundle::walk(input, &self.limits, &mut intake);
            intake.finish();
            sha256 = match hashed {
                Some(hashed) => hashed.join().unwrap_or_default(),
                None => intake.hash.take().map(hex).unwrap_or_default(),
            };
        });
        Walked { sha256, problems: intake.problems, skipped: intake.skipped }
    }
}

fn hash_file(path: &Path, stop: &AtomicBool) -> String {
    let (mut hash, mut block) = (Sha256::new(), vec![0; 1 << 20]);
    let Ok(mut file) = File::open(path) else { return String::new() };
    while !stop.load(Ordering::Relaxed) {
        match file.read(&mut block) {
            Ok(0) | Err(_) => break,
            Ok(len) => hash.update(&block[..len]),
        }
    }
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes a walk's members and hands their blocks to the pool, fragments in their order.
struct Intake<'a, 'e, 'r> {
    run: &'a Run<'e, 'r>,
    index: usize,
    current: Current,
    targets: BTreeMap<String, Target>,
    /// Bytes of fragments that came before their turn.
    waiting: usize,
    problems: Vec<Problem>,
    skipped: BTreeMap<Bundle, u64>,
    /// Over a folder's names and the content that is read.
    hash: Option<Sha256>,
}

/// The member that is coming in.
enum Current {
    None,
    /// A whole member.
    Job(JobId),
    /// The fragment of a target whose turn it is.
    Piece(JobId, String),
    /// A fragment before its turn.
    Early(Fragment),
}

struct Fragment {
    target: String,
    number: u32,
    file: MemberPath,
    blocks: Vec<Vec<u8>>,
}

/// What is known of the fragments of one file.
struct Target {
    job: JobId,
    next: u32,
    early: BTreeMap<u32, Fragment>,
    damage: Option<Damage>,
}

impl Intake<'_, '_, '_> {
    fn job(&self, member: &Member) -> JobId {
        let reader = MemberReader::new(member, self.run.rules, self.run.limits);
        self.run.pool.open(
            self.index,
            (member.root.clone(), member.container.clone()),
            member.path.clone(),
            reader,
        )
    }

    fn fragment(&mut self, member: &Member, target: String, number: u32) -> Current {
        if !self.targets.contains_key(&target) {
            let new = Target { job: self.job(member), next: 0, early: BTreeMap::new(), damage: None };
            self.targets.insert(target.clone(), new);
        }
        let known = self.targets.get_mut(&target).expect("inserted above");
        if number < known.next || known.early.contains_key(&number) {
            let text = "this fragment was there before; it was counted once";
            self.problems.push(Problem::new(ProblemKind::Duplicate, member.path.as_str(), text));
            return Current::None;
        }
        if number == known.next {
            known.next += 1;
            self.run.pool.send(known.job, Message::Piece(member.path.clone()));
            return Current::Piece(known.job, target);
        }
        Current::Early(Fragment { target, number, file: member.path.clone(), blocks: Vec::new() })
    }

    /// Hands over the early fragments whose turn has come; at the end of the walk also those behind a gap.
    fn catch_up(&mut self, target: &str, over_gaps: bool) {
        let Some(known) = self.targets.get_mut(target) else { return };
        while let Some((&number, _)) = known.early.first_key_value() {
            if number > known.next {
                if !over_gaps {
                    return;
                }
                self.run.pool.send(known.job, Message::Gap(known.next, number - 1));
            }
            let Some(fragment) = known.early.remove(&number) else { return };
            self.run.pool.send(known.job, Message::Piece(fragment.file));
            for block in fragment.blocks {
                self.waiting -= block.len();
                self.run.pool.send(known.job, Message::Block(block));
            }
            known.next = number.max(known.next) + 1;
        }
    }

    fn finish(&mut self) {
        let targets: Vec<String> = self.targets.keys().cloned().collect();
        for target in targets {
            self.catch_up(&target, true);
            if let Some(known) = self.targets.remove(&target) {
                self.run.pool.send(known.job, Message::End(known.damage));
            }
        }
    }
}

impl Sink for Intake<'_, '_, '_> {
    fn begin(&mut self, member: Member) -> bool {
        let wanted = digest::wants(&member.tree);
        if let Some(hash) = &mut self.hash {
            hash.update(format!("{}\0{}\0{wanted}\n", member.tree, member.size));
        }
        if !wanted {
            *self.skipped.entry((member.root, member.container)).or_default() += 1;
            return false;
        }
        self.current = match tree::fragment(member.path.as_str()) {
            Some((target, number)) => self.fragment(&member, target.to_owned(), number),
            None => Current::Job(self.job(&member)),
        };
        true
    }

    fn block(&mut self, bytes: Vec<u8>) {
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes);
        }
        match &mut self.current {
            Current::None => {}
            Current::Job(job) | Current::Piece(job, _) => self.run.pool.send(*job, Message::Block(bytes)),
            Current::Early(fragment) if self.waiting + bytes.len() <= self.run.limits.memory / 4 => {
                self.waiting += bytes.len();
                fragment.blocks.push(bytes);
            }
            Current::Early(fragment) => {
                let text = "fragments come in an order that needs too much memory; this one was left out";
                self.problems.push(Problem::new(ProblemKind::Limit, fragment.file.as_str(), text));
                self.waiting -= fragment.blocks.iter().map(Vec::len).sum::<usize>();
                self.current = Current::None;
            }
        }
    }

    fn end(&mut self, damage: Option<Damage>) {
        match std::mem::replace(&mut self.current, Current::None) {
            Current::None => {}
            Current::Job(job) => self.run.pool.send(job, Message::End(damage)),
            Current::Piece(_, target) => {
                if let Some(known) = self.targets.get_mut(&target) {
                    known.damage = known.damage.take().or(damage);
                }
                self.catch_up(&target, false);
            }
            Current::Early(fragment) => {
                if let Some(known) = self.targets.get_mut(&fragment.target) {
                    known.damage = known.damage.take().or(damage);
                    known.early.insert(fragment.number, fragment);
                }
            }
        }
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
