//! The reader's side: a walk's members become jobs of the pool.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::pool::{Hand, Job, JobId, Message, Pool};
use super::{Bundle, Progress};
use crate::bundle::{self, Damage, Gap, Handle, Input, Limits, Member, Sink};
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

impl Walked {
    /// What stands for an input whose reading panicked; what had come in until then counts.
    pub(super) fn failed(input: &Input) -> Self {
        let text = "reading it failed inside esxray; please report this";
        let problem = Problem::new(ProblemKind::Internal, input.label(), text);
        Walked { sha256: String::new(), problems: vec![problem], skipped: BTreeMap::new() }
    }
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
    /// Walks one input; works with `hand` while too much waits.
    pub(super) fn input(&self, index: usize, input: &Input, hand: &mut Hand) -> Walked {
        let is_folder = matches!(input, Input::Folder(_));
        let mut intake = Intake {
            run: self,
            hand,
            index,
            pending: None,
            problems: Vec::new(),
            skipped: BTreeMap::new(),
            kept: BTreeMap::new(),
            all_kept: 0,
            beyond: 0,
            hash: is_folder.then(Sha256::new),
        };
        let mut sha256 = String::new();
        thread::scope(|scope| {
            // The file's own hash is computed beside the walk, from the same cached pages.
            let hashed = (!is_folder).then(|| scope.spawn(|| hash_files(input.files(), self.stop)));
            bundle::walk(input, &self.limits, &mut intake);
            intake.hand_over();
            intake.told(&input.label());
            sha256 = match hashed {
                Some(hashed) => hashed.join().unwrap_or_default(),
                None => intake.hash.take().map(hex).unwrap_or_default(),
            };
        });
        Walked { sha256, problems: intake.problems, skipped: intake.skipped }
    }
}

pub(super) fn hash_files(paths: &[PathBuf], stop: &AtomicBool) -> String {
    let (mut hash, mut block) = (Sha256::new(), vec![0; 1 << 20]);
    for path in paths {
        let Ok(mut file) = File::open(path) else { return String::new() };
        while !stop.load(Ordering::Relaxed) {
            match file.read(&mut block) {
                Ok(0) => break,
                Ok(len) => hash.update(&block[..len]),
                // The hash of a part would be taken for that of the whole.
                Err(_) => return String::new(),
            }
        }
    }
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many times the members of one bundle are kept of one input.
const KEPT_BUNDLES: u64 = 4;

/// What there is room for.
enum Room {
    /// The member is kept.
    Kept,
    /// It is read and counted.
    Counted,
    /// Its bundle is beyond the limit.
    None,
}

/// Takes a walk's members and hands their blocks to the pool.
struct Intake<'a, 'e, 'r> {
    run: &'a Run<'e, 'r>,
    hand: &'a mut Hand,
    index: usize,
    /// The member that began last, until it is whole or large: most members reach the pool in one piece.
    pending: Option<(JobId, Job<'r>)>,
    problems: Vec<Problem>,
    skipped: BTreeMap<Bundle, u64>,
    /// Members of each bundle that are kept one by one, and of all.
    kept: BTreeMap<Bundle, u64>,
    all_kept: u64,
    /// Members of bundles beyond the limit.
    beyond: u64,
    /// Over a folder's names and the content that is read.
    hash: Option<Sha256>,
}

impl Intake<'_, '_, '_> {
    /// Whether there is room for one more member of `bundle`, and whether it is counted only: what is kept must grow
    /// neither with bundles nor with their members.
    fn room(&mut self, bundle: &Bundle) -> Room {
        let limits = self.run.limits;
        if !self.kept.contains_key(bundle) {
            if self.kept.len() as u64 >= limits.bundles {
                self.beyond += 1;
                return Room::None;
            }
            self.kept.insert(bundle.clone(), 0);
        }
        let Some(kept) = self.kept.get_mut(bundle) else { return Room::None };
        if *kept >= limits.kept || self.all_kept >= limits.kept * KEPT_BUNDLES {
            return Room::Counted;
        }
        *kept += 1;
        self.all_kept += 1;
        Room::Kept
    }

    /// Tells of members for whose bundles there was no room.
    fn told(&mut self, label: &str) {
        if self.beyond > 0 {
            let text = format!(
                "it holds more than {} bundles (--max-bundles); {} files of further ones were left out",
                self.run.limits.bundles, self.beyond
            );
            self.problems.push(Problem::new(ProblemKind::Limit, label, text));
        }
    }

    fn send(&mut self, handle: Handle, message: Message) {
        match &mut self.pending {
            Some((id, job)) if *id == handle.0 => {
                let is_full = matches!(message, Message::End(_)) || job.messages.len() > 1;
                job.messages.push_back(message);
                if is_full {
                    self.hand_over();
                }
            }
            _ => self.run.pool.send(handle.0, message, self.hand),
        }
    }

    /// Hands the member that began last over to the pool.
    fn hand_over(&mut self) {
        if let Some((id, job)) = self.pending.take() {
            self.run.pool.put(id, job, self.hand);
        }
    }
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
        self.hand_over();
        let bundle = (member.root.clone(), member.container.clone());
        let brief = match self.room(&bundle) {
            Room::Kept => false,
            Room::Counted => true,
            Room::None => return None,
        };
        let reader = Box::new(MemberReader::new(&member, self.run.rules, self.run.limits));
        let (id, messages) = (self.run.pool.next_id(), VecDeque::new());
        let is_packed = digest::is_packed(&member.tree);
        let (input, path, reader) = (self.index, member.path, Some(reader));
        let job = Job { input, bundle, path, brief, is_packed, reader, messages };
        self.pending = Some((id, job));
        Some(Handle(id))
    }

    fn skip(&mut self, member: Member) {
        let bundle = (member.root, member.container);
        // A bundle of which nothing is wanted is none: beyond some number its files need no count of their own.
        if self.skipped.contains_key(&bundle) || self.skipped.len() as u64 <= 8 * self.run.limits.bundles {
            *self.skipped.entry(bundle).or_default() += 1;
        }
    }

    fn piece(&mut self, handle: Handle, file: MemberPath) {
        self.send(handle, Message::Piece(file));
    }

    fn gap(&mut self, handle: Handle, gap: Gap) {
        self.send(handle, Message::Gap(gap));
    }

    fn block(&mut self, handle: Handle, bytes: Vec<u8>) {
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes);
        }
        self.send(handle, Message::Block(bytes));
    }

    fn buffer(&mut self) -> Vec<u8> {
        self.run.pool.buffer()
    }

    fn end(&mut self, handle: Handle, damage: Option<Damage>) {
        self.send(handle, Message::End(damage));
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
