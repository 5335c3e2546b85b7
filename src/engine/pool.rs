//! The workers' side: members wait with their blocks, and a worker takes one, works off what has arrived and lets it
//! go again. A reader does the same while too much waits, and when it is done.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Bundle;
use crate::bundle::codec::Whole;
use crate::bundle::{BLOCK, Damage, Gap, Limits};
use crate::digest::{AllEvents, Counted, Events, MemberDigest, MemberReader};
use crate::model::{MemberPath, Problem, ProblemKind};

pub(super) type JobId = u64;

pub(super) enum Message {
    Block(Vec<u8>),
    Piece(MemberPath),
    Gap(Gap),
    End(Option<Damage>),
}

/// One member on its way through the workers.
pub(super) struct Job<'r> {
    pub input: usize,
    pub bundle: Bundle,
    pub path: MemberPath,
    /// Whether what it gives is counted only.
    pub brief: bool,
    /// Whether its name says that it is compressed.
    pub is_packed: bool,
    /// `None` while a worker has it.
    pub reader: Option<Box<MemberReader<'r>>>,
    pub messages: VecDeque<Message>,
}

/// A member that is read.
pub(super) struct Done {
    pub input: usize,
    pub bundle: Bundle,
    pub digest: MemberDigest,
}

/// What one thread works with.
pub(super) struct Hand {
    whole: Whole,
}

/// What the workers have read.
pub(super) struct Results {
    /// Members one by one, without their events.
    pub done: Vec<Done>,
    /// Events by input and bundle.
    pub events: BTreeMap<(usize, Bundle), Events>,
    /// How many events of a rule were kept at either end, where the limit of all of them made that less than usual.
    pub ends: Option<usize>,
    /// Members that were only counted, by input and bundle.
    pub counted: BTreeMap<(usize, Bundle), Counted>,
}

/// The workers' common state.
pub(super) struct Pool<'r> {
    state: Mutex<State<'r>>,
    /// Apart from the state: to put events in order may take a while, and nobody else has to wait for that.
    events: Mutex<AllEvents<(usize, Bundle)>>,
    /// Something is ready, or no reader is left.
    ready: Condvar,
    /// There is room for another block.
    room: Condvar,
    /// Blocks that were read, to be filled again: memory that was in use a moment ago is at hand, while what is asked for
    /// anew is cleared by the system first.
    spent: Mutex<Vec<Vec<u8>>>,
    limits: Limits,
    /// Threads that work.
    workers: usize,
    last: AtomicU64,
}

/// Blocks that are kept to be filled again.
const MOST_SPENT: usize = 16;

/// Jobs that wait for a worker.
///
/// Those of compressed members wait longest: of the bytes that may wait they are the most work, and where a reader goes
/// through much that nobody wants, the others live on them.
#[derive(Default)]
struct Ready {
    plain: VecDeque<JobId>,
    packed: VecDeque<JobId>,
}

impl Ready {
    fn push(&mut self, id: JobId, is_packed: bool) {
        if is_packed { &mut self.packed } else { &mut self.plain }.push_back(id);
    }

    fn pop(&mut self) -> Option<JobId> {
        self.plain.pop_front().or_else(|| self.packed.pop_front())
    }
}

/// What members of an input that expand like bombs may expand to together before the others are not put up with for
/// long.
pub(super) fn patience(limits: &Limits) -> u64 {
    limits.ratio_from.saturating_mul(4)
}

struct State<'r> {
    jobs: BTreeMap<JobId, Job<'r>>,
    /// Jobs with messages that no worker has.
    ready: Ready,
    waiting: usize,
    /// Readers that may still bring something.
    readers: usize,
    done: Vec<Done>,
    counted: BTreeMap<(usize, Bundle), Counted>,
    /// Members that expand like bombs, with their bytes, by input.
    suspects: BTreeMap<usize, Vec<(JobId, u64)>>,
}

impl State<'_> {
    fn new(readers: usize) -> Self {
        State {
            jobs: BTreeMap::new(),
            ready: Ready::default(),
            waiting: 0,
            readers,
            done: Vec::new(),
            counted: BTreeMap::new(),
            suspects: BTreeMap::new(),
        }
    }

    /// Whether members before the job `id` of `input` have expanded to more than `patience`.
    fn is_mined(&self, input: usize, id: JobId, patience: u64) -> bool {
        let suspects = self.suspects.get(&input).into_iter().flatten();
        suspects.filter(|(suspect, _)| *suspect < id).map(|(_, bytes)| bytes).sum::<u64>() > patience
    }
}

/// A panic in a worker is caught before it can poison anything; what is in the lock stays whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'r> Pool<'r> {
    /// A pool for so many `workers`, at least 1, of which `readers` bring what is to be worked off.
    pub(super) fn new(limits: Limits, workers: usize, readers: usize) -> Self {
        let (state, ready, room) = (Mutex::new(State::new(readers)), Condvar::new(), Condvar::new());
        let (events, spent) = (Mutex::new(AllEvents::new(limits.events)), Mutex::new(Vec::new()));
        Pool { state, events, ready, room, spent, limits, workers: workers.max(1), last: AtomicU64::new(0) }
    }

    /// The id of the next job: jobs of one reader ascend.
    pub(super) fn next_id(&self) -> JobId {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    /// Bytes that may wait before readers do: enough that no worker is ever without.
    fn most_waiting(&self) -> usize {
        self.limits.memory / 8
    }

    /// Hands over a job with what came in for it so far; works with `hand` while too many bytes wait.
    pub(super) fn put(&self, id: JobId, job: Job<'r>, hand: &mut Hand) {
        let bytes: usize = job.messages.iter().map(block_len).sum();
        let mut state = lock(&self.state);
        while bytes > 0 && state.waiting > self.most_waiting() {
            state = self.help(state, hand);
        }
        state.waiting += bytes;
        let (is_ready, is_packed) = (!job.messages.is_empty(), job.is_packed);
        state.jobs.insert(id, job);
        if is_ready {
            state.ready.push(id, is_packed);
            self.ready.notify_one();
        }
    }

    /// Puts a message into a job's queue; works with `hand` while too many bytes wait.
    pub(super) fn send(&self, id: JobId, message: Message, hand: &mut Hand) {
        let mut state = lock(&self.state);
        let bytes = block_len(&message);
        // A job whose reading failed is gone, also while its reader worked here.
        while bytes > 0 && state.jobs.contains_key(&id) && state.waiting > self.most_waiting() {
            state = self.help(state, hand);
        }
        let state = &mut *state;
        let Some(job) = state.jobs.get_mut(&id) else { return };
        state.waiting += bytes;
        let idle = job.reader.is_some() && job.messages.is_empty();
        job.messages.push_back(message);
        if idle {
            state.ready.push(id, job.is_packed);
            self.ready.notify_one();
        }
    }

    /// An empty block.
    pub(super) fn buffer(&self) -> Vec<u8> {
        lock(&self.spent).pop().unwrap_or_else(|| Vec::with_capacity(BLOCK))
    }

    /// Takes a block that was read.
    fn take_spent(&self, mut block: Vec<u8>) {
        let mut spent = lock(&self.spent);
        if block.capacity() == BLOCK && spent.len() < MOST_SPENT {
            block.clear();
            spent.push(block);
        }
    }

    /// What one thread works with.
    pub(super) fn hand(&self) -> Hand {
        Hand { whole: Whole::new(self.limits.memory / 3 / self.workers) }
    }

    /// Works until no reader is left and nothing waits.
    pub(super) fn work(&self, hand: &mut Hand) {
        let mut state = lock(&self.state);
        loop {
            state = match state.ready.pop() {
                Some(id) => self.work_off(state, id, hand),
                None if state.readers == 0 => return,
                None => self.ready.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Works off one job, or waits where none is ready: a reader has nothing better to do while too many bytes wait.
    fn help<'p>(
        &'p self,
        mut state: MutexGuard<'p, State<'r>>,
        hand: &mut Hand,
    ) -> MutexGuard<'p, State<'r>> {
        match state.ready.pop() {
            Some(id) => self.work_off(state, id, hand),
            None => self.room.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Works off what has arrived for the job `id`, which was ready.
    fn work_off<'p>(
        &'p self,
        mut state: MutexGuard<'p, State<'r>>,
        id: JobId,
        hand: &mut Hand,
    ) -> MutexGuard<'p, State<'r>> {
        let Some(job) = state.jobs.get_mut(&id) else { return state };
        let Some(mut reader) = job.reader.take() else { return state };
        let messages = std::mem::take(&mut job.messages);
        let (path, input, brief, bundle) = (job.path.clone(), job.input, job.brief, job.bundle.clone());
        if brief || state.is_mined(input, id, patience(&self.limits)) {
            reader.shorten_fuse();
        }
        drop(state);
        let (mut step, freed) = self.step(reader, messages, &path, &mut hand.whole);
        if let Step::Over(digest) = &mut step
            && !brief
        {
            self.take_events(id, (input, bundle), digest);
        }
        state = lock(&self.state);
        state.waiting -= freed;
        self.room.notify_all();
        self.put_back(&mut state, id, step);
        state
    }

    /// Works off `messages`; gives also the bytes that were freed.
    fn step(
        &self,
        reader: Box<MemberReader<'r>>,
        messages: VecDeque<Message>,
        path: &MemberPath,
        whole: &mut Whole,
    ) -> (Step<'r>, usize) {
        let freed = messages.iter().map(block_len).sum();
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let mut reader = reader;
            for message in messages {
                match message {
                    Message::Block(bytes) => {
                        if let Some(spent) = reader.push(bytes) {
                            self.take_spent(spent);
                        }
                    }
                    Message::Piece(file) => reader.piece(file),
                    Message::Gap(gap) => reader.gap(gap),
                    Message::End(damage) => return Step::Over(Box::new(reader.finish(damage, whole))),
                }
            }
            Step::Goes(reader)
        }));
        (worked.unwrap_or_else(|_| Step::Over(Box::new(failed(path)))), freed)
    }

    /// Takes the events out of a member that is read, and what witnesses the clock.
    fn take_events(&self, id: JobId, bundle: (usize, Bundle), digest: &mut MemberDigest) {
        let events = std::mem::take(&mut digest.scan.events);
        let sightings = std::mem::take(&mut digest.scan.sightings);
        if !events.is_empty() || !sightings.is_empty() {
            lock(&self.events).add(bundle, id, events, sightings);
        }
    }

    fn put_back(&self, state: &mut State<'r>, id: JobId, step: Step<'r>) {
        match step {
            Step::Goes(reader) => {
                let Some(job) = state.jobs.get_mut(&id) else { return };
                job.reader = Some(reader);
                if !job.messages.is_empty() {
                    state.ready.push(id, job.is_packed);
                    self.ready.notify_one();
                }
            }
            Step::Over(digest) => {
                let Some(job) = state.jobs.remove(&id) else { return };
                // Blocks of a member that failed may still have come in.
                let left: usize = job.messages.iter().map(block_len).sum();
                state.waiting -= left;
                if job.brief {
                    state.counted.entry((job.input, job.bundle)).or_default().add(*digest, &self.limits);
                } else {
                    if digest.suspect {
                        state.suspects.entry(job.input).or_default().push((id, digest.bytes));
                    }
                    let digest = MemberDigest { number: id, ..*digest };
                    state.done.push(Done { input: job.input, bundle: job.bundle, digest });
                }
            }
        }
    }

    /// A reader brings nothing more.
    pub(super) fn reader_is_done(&self) {
        lock(&self.state).readers -= 1;
        self.ready.notify_all();
    }

    /// What was read.
    pub(super) fn into_results(self) -> Results {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (events, ends) = self.events.into_inner().unwrap_or_else(PoisonError::into_inner).into_bundles();
        Results { done: state.done, events, ends, counted: state.counted }
    }
}

fn block_len(message: &Message) -> usize {
    // What a block holds in memory, not only what it uses of it.
    if let Message::Block(bytes) = message { bytes.capacity() } else { 0 }
}

enum Step<'r> {
    Goes(Box<MemberReader<'r>>),
    Over(Box<MemberDigest>),
}

/// What stands for a member whose reading panicked.
fn failed(path: &MemberPath) -> MemberDigest {
    let text = "reading it failed inside esxray; the rest of the bundle was read; please report this";
    MemberDigest {
        number: 0,
        path: path.clone(),
        tree: path.as_str().to_owned(),
        fragmented: false,
        log: None,
        bytes: 0,
        whole: false,
        suspect: false,
        crc: 0,
        scan: crate::rule::Scan::default(),
        facts: Vec::new(),
        problems: vec![Problem::new(ProblemKind::Internal, path.as_str(), text)],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::thread;

    use super::*;
    use crate::bundle::Member;
    use crate::rule::RuleSet;

    #[test]
    fn blocks_are_filled_again_and_few_are_kept() {
        let pool = Pool::new(Limits::default(), 1, 0);
        pool.take_spent(vec![7; BLOCK]);
        pool.take_spent(vec![7; BLOCK / 2]);
        pool.take_spent(vec![7; BLOCK * 2]);
        assert_eq!(lock(&pool.spent).len(), 1);
        let block = pool.buffer();
        assert_eq!((block.len(), block.capacity(), lock(&pool.spent).len()), (0, BLOCK, 0));
        for _ in 0..MOST_SPENT * 2 {
            pool.take_spent(vec![7; BLOCK]);
        }
        assert_eq!(lock(&pool.spent).len(), MOST_SPENT);
    }

    #[test]
    fn blocks_for_a_member_that_is_gone_hold_nobody_up() {
        let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules");
        let path = MemberPath::new("a.tgz!a/var/run/log/vmkernel.log");
        let root = MemberPath::new("a.tgz!a");
        let member = Member {
            path: path.clone(),
            container: MemberPath::new("a.tgz"),
            root: root.clone(),
            tree: "var/run/log/vmkernel.log".to_owned(),
            size: None,
            fragmented: false,
            doubtful: false,
        };
        let pool = Pool::new(Limits { memory: 4000, ..Limits::default() }, 1, 1);
        thread::scope(|scope| {
            scope.spawn(|| pool.work(&mut pool.hand()));
            let reader = Box::new(MemberReader::new(&member, &rules, Limits::default()));
            let mut hand = pool.hand();
            let (id, bundle, messages) = (pool.next_id(), (root.clone(), root), VecDeque::new());
            pool.put(
                id,
                Job {
                    input: 0,
                    bundle,
                    path,
                    brief: false,
                    is_packed: false,
                    reader: Some(reader),
                    messages,
                },
                &mut hand,
            );
            // As when its reading failed: the member is over, and its blocks still come.
            pool.send(id, Message::End(None), &mut hand);
            for _ in 0..50 {
                pool.send(id, Message::Block(vec![0; 600]), &mut hand);
            }
            pool.reader_is_done();
        });
        let state = lock(&pool.state);
        assert_eq!((state.waiting, state.jobs.len(), state.done.len()), (0, 0, 1));
    }
}
