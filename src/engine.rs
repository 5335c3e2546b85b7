//! The only module with threads: one reader an input walks its members, a bounded pool of workers reads them.
//!
//! A member's blocks wait in its own queue, and a worker takes the member, works off what has arrived and lets it go
//! again: so a member that comes in pieces holds no thread, and all workers are busy as long as anything waits. The
//! bytes that wait are bounded. Results are put in the order of their names, so that the number of threads leaves no
//! trace.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::bundle::{self, Input, Limits, Member, Sink, tree};
use crate::digest::{self, Digest, MemberDigest, MemberReader};
use crate::model::{MemberPath, Problem, ProblemKind};
use crate::rule::RuleSet;

/// How a run is done; never what comes out of it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Worker threads, at least 1.
    pub jobs: usize,
    /// Limits of the walk.
    pub limits: Limits,
}

impl Default for Options {
    /// As many workers as the machine runs at once.
    fn default() -> Self {
        let jobs = thread::available_parallelism().map_or(1, |jobs| jobs.get());
        Options { jobs, limits: Limits::default() }
    }
}

/// Told how far the run is. Called from several threads.
pub trait Progress: Sync {
    /// Input `index` of the run is `advance` bytes of its file further.
    fn advance(&self, index: usize, bytes: u64);
    /// Input `index` is read to its end.
    fn done(&self, index: usize);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn advance(&self, _index: usize, _bytes: u64) {}
    fn done(&self, _index: usize) {}
}

/// What a run over inputs gives.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One digest a bundle, in the order of the inputs, then of the bundles' places in them.
    pub digests: Vec<Digest>,
    /// What concerns no bundle: inputs that could not be read or held none.
    pub problems: Vec<Problem>,
}

/// Digests every bundle of `inputs`. When `stop` becomes true the run ends soon, with what it has.
pub fn digest(
    inputs: &[Input],
    rules: &RuleSet,
    options: &Options,
    progress: &dyn Progress,
    stop: &AtomicBool,
) -> Outcome {
    let pool = Pool::new(options.limits.memory / 4);
    let next = AtomicUsize::new(0);
    let walked = Mutex::new(BTreeMap::new());
    let jobs = options.jobs.max(1);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..jobs.min(inputs.len()))
            .map(|_| {
                scope.spawn(|| {
                    while let Some(input) = inputs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let index = inputs.iter().position(|other| std::ptr::eq(other, input)).unwrap_or(0);
                        let run = Run { pool: &pool, rules, limits: options.limits, progress, stop };
                        let result = run.input(index, input);
                        lock(&walked).insert(index, result);
                        progress.done(index);
                    }
                })
            })
            .collect();
        for _ in 0..jobs {
            scope.spawn(|| pool.work());
        }
        for reader in readers {
            // A reader that panicked has said so through its missing result.
            let _ = reader.join();
        }
        pool.close();
    });
    collect(inputs, lock(&walked).split_off(&0), pool.into_results())
}

/// What the walk of one input leaves, beside what its members gave.
struct Walked {
    sha256: String,
    problems: Vec<Problem>,
    /// Skipped members by bundle.
    skipped: BTreeMap<Bundle, u64>,
}

/// A bundle inside an input: where its tree begins, and the container it lies in.
type Bundle = (MemberPath, MemberPath);

fn collect(inputs: &[Input], mut walked: BTreeMap<usize, Walked>, results: Vec<Done>) -> Outcome {
    let mut by_bundle: BTreeMap<(usize, Bundle), Vec<MemberDigest>> = BTreeMap::new();
    for done in results {
        by_bundle.entry((done.input, done.bundle)).or_default().push(done.digest);
    }
    let mut outcome = Outcome::default();
    for (index, input) in inputs.iter().enumerate() {
        let path = input.path().to_string_lossy().into_owned();
        let Some(mut walk) = walked.remove(&index) else {
            outcome.problems.push(Problem::new(
                ProblemKind::Internal,
                path,
                "the reader failed; please report this",
            ));
            continue;
        };
        let mut found = false;
        while let Some(entry) = by_bundle.first_entry().filter(|entry| entry.key().0 == index) {
            let ((_, bundle), members) = entry.remove_entry();
            let skipped = walk.skipped.get(&bundle).copied().unwrap_or(0);
            found = true;
            outcome.digests.push(digest::merge(
                named(&path, input, &bundle.1),
                walk.sha256.clone(),
                members,
                skipped,
            ));
        }
        if !found && walk.problems.is_empty() {
            let text = "no log, command output or configuration of ESXi or vCenter was found in it";
            walk.problems.push(Problem::new(ProblemKind::NotABundle, path, text));
        }
        outcome.problems.append(&mut walk.problems);
    }
    outcome
}

/// A bundle's name in the report: the path as given, and the containers inside it.
fn named(path: &str, input: &Input, container: &MemberPath) -> String {
    match container.as_str().strip_prefix(input.label().as_str()) {
        Some(inner) if matches!(input, Input::File(_)) => format!("{path}{inner}"),
        _ => path.to_owned(),
    }
}

/// What the walk of one input needs.
struct Run<'e, 'r> {
    pool: &'e Pool<'r>,
    rules: &'r RuleSet,
    limits: Limits,
    progress: &'e dyn Progress,
    stop: &'e AtomicBool,
}

impl<'r> Run<'_, 'r> {
    fn input(&self, index: usize, input: &Input) -> Walked {
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
    /// A whole member, or the fragment whose turn it is.
    Job(JobId),
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
    damage: Option<String>,
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
        if number == known.next {
            known.next += 1;
            self.run.pool.send(known.job, Message::Piece(member.path.clone()));
            return Current::Job(known.job);
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
            Current::Job(job) => self.run.pool.send(*job, Message::Block(bytes)),
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

    fn end(&mut self, damage: Option<String>) {
        match std::mem::replace(&mut self.current, Current::None) {
            Current::None => {}
            Current::Job(job) => match self.targets.iter_mut().find(|(_, target)| target.job == job) {
                Some((target, known)) => {
                    known.damage = known.damage.take().or(damage);
                    let target = target.clone();
                    self.catch_up(&target, false);
                }
                None => self.run.pool.send(job, Message::End(damage)),
            },
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

type JobId = u64;

enum Message {
    Block(Vec<u8>),
    Piece(MemberPath),
    Gap(u32, u32),
    End(Option<String>),
}

/// One member on its way through the workers.
struct Job<'r> {
    input: usize,
    bundle: Bundle,
    path: MemberPath,
    /// `None` while a worker has it.
    reader: Option<MemberReader<'r>>,
    messages: VecDeque<Message>,
}

/// A member that is read.
struct Done {
    input: usize,
    bundle: Bundle,
    digest: MemberDigest,
}

/// The workers' common state.
struct Pool<'r> {
    state: Mutex<State<'r>>,
    /// Something is ready, or the pool is closed.
    ready: Condvar,
    /// There is room for another block.
    room: Condvar,
    budget: usize,
}

#[derive(Default)]
struct State<'r> {
    jobs: BTreeMap<JobId, Job<'r>>,
    last: JobId,
    /// Jobs with messages that no worker has.
    ready: VecDeque<JobId>,
    waiting: usize,
    closed: bool,
    done: Vec<Done>,
}

/// A panic in a worker is caught before it can poison anything; what is in the lock stays whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'r> Pool<'r> {
    fn new(budget: usize) -> Self {
        Pool { state: Mutex::new(State::default()), ready: Condvar::new(), room: Condvar::new(), budget }
    }

    fn open(&self, input: usize, bundle: Bundle, path: MemberPath, reader: MemberReader<'r>) -> JobId {
        let mut state = lock(&self.state);
        state.last += 1;
        let id = state.last;
        state.jobs.insert(id, Job { input, bundle, path, reader: Some(reader), messages: VecDeque::new() });
        id
    }

    /// Puts a message into a job's queue; waits while too many bytes wait.
    fn send(&self, id: JobId, message: Message) {
        let mut state = lock(&self.state);
        if let Message::Block(bytes) = &message {
            while state.waiting > self.budget {
                state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.waiting += bytes.len();
        }
        let Some(job) = state.jobs.get_mut(&id) else { return };
        let idle = job.reader.is_some() && job.messages.is_empty();
        job.messages.push_back(message);
        if idle {
            state.ready.push_back(id);
            self.ready.notify_one();
        }
    }

    /// Works until the pool is closed and nothing waits.
    fn work(&self) {
        let mut state = lock(&self.state);
        loop {
            let Some(id) = state.ready.pop_front() else {
                if state.closed {
                    return;
                }
                state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let Some(job) = state.jobs.get_mut(&id) else { continue };
            let (Some(reader), messages) = (job.reader.take(), std::mem::take(&mut job.messages)) else {
                continue;
            };
            let path = job.path.clone();
            drop(state);
            let (step, freed) = step(reader, messages, &path);
            state = lock(&self.state);
            state.waiting -= freed;
            self.room.notify_all();
            self.put_back(&mut state, id, step);
        }
    }

    fn put_back(&self, state: &mut State<'r>, id: JobId, step: Step<'r>) {
        match step {
            Step::Goes(reader) => {
                let Some(job) = state.jobs.get_mut(&id) else { return };
                job.reader = Some(*reader);
                if !job.messages.is_empty() {
                    state.ready.push_back(id);
                    self.ready.notify_one();
                }
            }
            Step::Over(digest) => {
                let Some(job) = state.jobs.remove(&id) else { return };
                // Blocks of a member that failed may still have come in.
                let left: usize = job.messages.iter().map(block_len).sum();
                state.waiting -= left;
                state.done.push(Done { input: job.input, bundle: job.bundle, digest: *digest });
            }
        }
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        self.ready.notify_all();
    }

    fn into_results(self) -> Vec<Done> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.done
    }
}

fn block_len(message: &Message) -> usize {
    if let Message::Block(bytes) = message { bytes.len() } else { 0 }
}

enum Step<'r> {
    Goes(Box<MemberReader<'r>>),
    Over(Box<MemberDigest>),
}

/// Works off `messages`; gives also the bytes that were freed.
fn step<'r>(reader: MemberReader<'r>, messages: VecDeque<Message>, path: &MemberPath) -> (Step<'r>, usize) {
    let freed = messages.iter().map(block_len).sum();
    let worked = catch_unwind(AssertUnwindSafe(|| {
        let mut reader = reader;
        for message in messages {
            match message {
                Message::Block(bytes) => reader.push(&bytes),
                Message::Piece(file) => reader.piece(file),
                Message::Gap(first, last) => reader.gap(first, last),
                Message::End(damage) => return Step::Over(Box::new(reader.finish(damage))),
            }
        }
        Step::Goes(Box::new(reader))
    }));
    (worked.unwrap_or_else(|_| Step::Over(Box::new(failed(path)))), freed)
}

/// What stands for a member whose reading panicked.
fn failed(path: &MemberPath) -> MemberDigest {
    let text = "reading it failed inside esxray; the rest of the bundle was read; please report this";
    MemberDigest {
        path: path.clone(),
        tree: path.as_str().to_owned(),
        fragmented: false,
        log: None,
        bytes: 0,
        crc: 0,
        scan: crate::rule::Scan::default(),
        facts: Vec::new(),
        problems: vec![Problem::new(ProblemKind::Internal, path.as_str(), text)],
    }
}
