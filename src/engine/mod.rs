//! The only module with threads: one reader an input walks its members, a bounded pool of workers reads them.
//!
//! A member's blocks wait in its own queue, and a worker takes the member, works off what has arrived and lets it go
//! again: so a member that comes in pieces holds no thread, and all workers are busy as long as anything waits. The
//! bytes that wait are bounded. Results are put in the order of their names, so that the number of threads leaves no
//! trace.

mod beside;
mod intake;
mod pool;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;

use self::beside::Turns;
pub use self::beside::{on_threads, side_by_side};
use self::intake::{Run, Walked};
use self::pool::{Done, Hand, Pool, Results, lock};
use crate::bundle::{Input, Limits};
use crate::digest::{self, BundleRead, Digest};
use crate::fact::FactValue;
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
    let jobs = options.jobs.max(1);
    // The walk of one input is serial, so nothing may hold it up: as many threads run as there are jobs, those that read
    // among them, and a reader works itself while much waits, and behind its last input.
    let readers = jobs.min(inputs.len());
    let pool = Pool::new(options.limits, jobs, readers);
    let turns = Turns::new(inputs);
    let walked = Mutex::new(BTreeMap::new());
    let read = |hand: &mut Hand| {
        for (index, input) in turns.iter() {
            let run = Run { pool: &pool, rules, limits: options.limits, progress, stop };
            // A fault in reading one input must not cost the others.
            let result = catch_unwind(AssertUnwindSafe(|| run.input(index, input, hand)));
            lock(&walked).insert(index, result.unwrap_or_else(|_| Walked::failed(input)));
            progress.done(index);
        }
    };
    let run = |reads: bool| {
        let mut hand = pool.hand();
        if reads {
            // A reader that panicked has said so through its missing result.
            let _ = catch_unwind(AssertUnwindSafe(|| read(&mut hand)));
            pool.reader_is_done();
        }
        pool.work(&mut hand);
    };
    let run = &run;
    thread::scope(|scope| {
        for job in 0..jobs {
            scope.spawn(move || run(job < readers));
        }
    });
    collect(inputs, lock(&walked).split_off(&0), pool.into_results(), &options.limits)
}

/// SHA-256 over the content of files, one behind the other, hex; empty where one cannot be read to its end.
pub fn hash_files(paths: &[PathBuf]) -> String {
    intake::hash_files(paths, &AtomicBool::new(false))
}

/// A bundle inside an input: where its tree begins, and the container it lies in.
type Bundle = (MemberPath, MemberPath);

fn collect(
    inputs: &[Input],
    mut walked: BTreeMap<usize, Walked>,
    mut results: Results,
    limits: &Limits,
) -> Outcome {
    // Members of one name keep the order of the walk, whichever worker was done first.
    results.done.sort_by_key(|done| done.digest.number);
    defuse(&mut results.done, limits);
    let mut by_bundle: BTreeMap<(usize, Bundle), BundleRead> = BTreeMap::new();
    for done in results.done {
        by_bundle.entry((done.input, done.bundle)).or_default().members.push(done.digest);
    }
    for (bundle, events) in results.events {
        by_bundle.entry(bundle).or_default().events = events;
    }
    for (bundle, counted) in results.counted {
        by_bundle.entry(bundle).or_default().counted = counted;
    }
    join_misspelt(&mut by_bundle, &walked);
    let mut outcome = Outcome::default();
    outcome.problems.extend(results.ends.map(|ends| thinned(ends, limits)));
    for (index, input) in inputs.iter().enumerate() {
        let path = input.path().to_string_lossy().into_owned();
        let later = by_bundle.split_off(&(index + 1, (MemberPath::new(""), MemberPath::new(""))));
        let own = std::mem::replace(&mut by_bundle, later);
        let walk = walked.remove(&index).unwrap_or_else(|| Walked::failed(input));
        outcome.take(input, &path, walk, own);
    }
    outcome
}

/// Told where all bundles together hold more events than are kept.
fn thinned(ends: usize, limits: &Limits) -> Problem {
    let text = format!(
        "the bundles hold more than {} events (--max-events): of each rule the first and the last {ends} of a bundle are \
         kept, and the others are counted",
        limits.events
    );
    Problem::new(ProblemKind::Thinned, "", text)
}

/// Joins bundles of one damaged container whose roots differ in a byte or two, or only begin alike and name no host, to the
/// one that has by far the most members: a damaged header misspells the root of its member, and makes no host.
fn join_misspelt(bundles: &mut BTreeMap<(usize, Bundle), BundleRead>, walked: &BTreeMap<usize, Walked>) {
    let is_damaged = |(input, (_, container)): &(usize, Bundle)| {
        let problems = walked.get(input).into_iter().flat_map(|walk| &walk.problems);
        problems
            .into_iter()
            .any(|problem| problem.kind == ProblemKind::Damaged && problem.path == container.as_str())
    };
    let sized = |(key, read): (&(usize, Bundle), &BundleRead)| (key.clone(), read.members.len());
    let keys: Vec<((usize, Bundle), usize)> =
        bundles.iter().map(sized).filter(|(key, _)| is_damaged(key)).collect();
    for (stray, few) in &keys {
        let is_home = |((input, (root, container)), many): &&((usize, Bundle), usize)| {
            *input == stray.0
                && *container == stray.1.1
                && *many >= few * FAR_MORE
                && (is_misspelt(stray.1.0.as_str(), root.as_str())
                    || begins_alike(stray.1.0.as_str(), root.as_str())
                        && bundles.get(stray).is_some_and(is_nameless))
        };
        let Some((home, _)) = keys.iter().find(is_home) else { continue };
        let Some(read) = bundles.remove(stray) else { continue };
        match bundles.get_mut(home) {
            Some(home) => home.join(read),
            None => drop(bundles.insert(stray.clone(), read)),
        }
    }
}

/// So many times the members of a misspelt root the real one has at least.
const FAR_MORE: usize = 5;

/// Whether `stray` is `root` with one or two other bytes in it.
fn is_misspelt(stray: &str, root: &str) -> bool {
    let differ = stray.bytes().zip(root.bytes()).filter(|(a, b)| a != b).count();
    stray.len() == root.len() && (1..=2).contains(&differ)
}

/// Whether the first half of a root is that of the other one.
fn begins_alike(stray: &str, root: &str) -> bool {
    let name = root.rfind('!').map_or(root, |at| &root[at + 1..]);
    let common = stray.bytes().zip(root.bytes()).take_while(|(a, b)| a == b).count();
    stray != root && common >= root.len() - name.len() / 2
}

/// Whether no member says which host it is of.
fn is_nameless(read: &BundleRead) -> bool {
    let names =
        |value: &FactValue| matches!(value, FactValue::HostName { .. } | FactValue::SystemUuid { .. });
    !read.members.iter().flat_map(|member| &member.facts).any(|fact| names(&fact.value))
}

/// Gives up members that expand like bombs behind others that did: workers may have read them on a shorter fuse, or not,
/// as it happened.
fn defuse(results: &mut [Done], limits: &Limits) {
    let mut expanded: BTreeMap<usize, u64> = BTreeMap::new();
    for done in results.iter_mut().filter(|done| done.digest.suspect) {
        let before = expanded.entry(done.input).or_default();
        if *before > pool::patience(limits) {
            done.digest.give_up(limits);
        } else {
            *before += done.digest.bytes;
        }
    }
}

impl Outcome {
    /// Takes what one input gave.
    fn take(
        &mut self,
        input: &Input,
        path: &str,
        mut walk: Walked,
        bundles: BTreeMap<(usize, Bundle), BundleRead>,
    ) {
        if bundles.is_empty() && !walk.problems.iter().any(|problem| explains(problem.kind)) {
            let text = "no log, command output or configuration of ESXi or vCenter was found in it";
            walk.problems.push(Problem::new(ProblemKind::NotABundle, path, text));
        }
        let places: Vec<Bundle> = bundles.keys().map(|(_, bundle)| bundle.clone()).collect();
        let mut problems: Vec<Vec<Problem>> = vec![Vec::new(); places.len()];
        for problem in walk.problems {
            let owners = owners(&problem.path, &places);
            if owners.is_empty() {
                self.problems.push(problem);
            } else {
                owners.into_iter().for_each(|owner| problems[owner].push(problem.clone()));
            }
        }
        for (((_, bundle), mut read), problems) in bundles.into_iter().zip(problems) {
            read.skipped = walk.skipped.get(&bundle).copied().unwrap_or(0);
            let mut digest = digest::merge(named(path, input, &bundle.1), walk.sha256.clone(), read);
            digest.problems.extend(problems);
            self.digests.push(digest);
        }
    }
}

/// Whether a problem tells why an input holds no bundle.
fn explains(kind: ProblemKind) -> bool {
    !matches!(kind, ProblemKind::UnsafeName | ProblemKind::Duplicate | ProblemKind::Thinned)
}

/// The bundles that a problem at `place` is one of: that in whose tree it lies, else all in its container, or in a
/// container that lies in it.
fn owners(place: &str, bundles: &[Bundle]) -> Vec<usize> {
    let of = |holds: &dyn Fn(&Bundle) -> bool| -> Vec<usize> {
        (0..bundles.len()).filter(|&index| holds(&bundles[index])).collect()
    };
    let in_tree = of(&|(root, container)| root != container && is_in(place, root.as_str()));
    let deepest = in_tree.iter().map(|&index| bundles[index].0.as_str().len()).max();
    if let Some(deepest) = deepest {
        return in_tree.into_iter().filter(|&index| bundles[index].0.as_str().len() == deepest).collect();
    }
    of(&|(_, container)| is_in(place, container.as_str()) || is_in(container.as_str(), place))
}

/// Whether `place` is `whole` or lies in it.
fn is_in(place: &str, whole: &str) -> bool {
    let behind = place.strip_prefix(whole);
    behind.is_some_and(|rest| whole.is_empty() || rest.is_empty() || rest.starts_with(['!', '/']))
}

/// A bundle's name in the report: the path as given, and the containers inside it.
fn named(path: &str, input: &Input, container: &MemberPath) -> String {
    match container.as_str().strip_prefix(input.label().as_str()) {
        Some("") | None => path.to_owned(),
        Some(inner) if matches!(input, Input::Folder(_)) => format!("{path}/{inner}"),
        Some(inner) => format!("{path}{inner}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_with_a_wrong_byte_is_no_other_host() {
        let home = "a.tgz!esx-esx01.lab.local-2020-01-02--03.04-9";
        assert!(is_misspelt("a.tgz!esx-esx01.lab.locbl-2020-01-02--03.04-9", home));
        assert!(
            !is_misspelt(home, home) && !is_misspelt("a.tgz!esx-esx01.lab.local-2020-01-02--03.04-99", home)
        );
        assert!(!is_misspelt("a.tgz!esx-web99.lab.local-2020-01-02--03.04-9", home));
        assert!(begins_alike("a.tgz!esx-esx01.lab.local-2020-0s/vsan:04-9", home));
        assert!(
            !begins_alike("a.tgz!esx-esx02.lab.local-2020-01-02--03.04-9", home) && !begins_alike(home, home)
        );
    }

    #[test]
    fn a_problem_is_told_of_the_bundle_that_it_lies_in() {
        let bundle = |root: &str, container: &str| (MemberPath::new(root), MemberPath::new(container));
        let both = [bundle("both.tar!esx-a", "both.tar"), bundle("both.tar!esx-ab", "both.tar")];
        let check = |place: &str, bundles: &[Bundle], expected: &[usize]| {
            assert_eq!(owners(place, bundles), expected, "{place}");
        };
        check("both.tar!esx-a/var/core/x", &both, &[0]);
        check("both.tar!esx-ab/var/core/x", &both, &[1]);
        check("both.tar", &both, &[0, 1]);
        check("both.tar!notes.txt", &both, &[0, 1]);
        let zip =
            [bundle("x.zip!a.tar!esx-a", "x.zip!a.tar"), bundle("x.zip!a.tar.gz!esx-b", "x.zip!a.tar.gz")];
        check("x.zip!a.tar", &zip, &[0]);
        check("x.zip", &zip, &[0, 1]);
        check("x.zip!other.tgz", &zip, &[]);
        check("var/log/x", &[bundle("", "")], &[0]);
    }
}
