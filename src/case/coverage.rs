//! Which stretches of time a host's logs do not cover, though they should: rotations that are not there, members that
//! end early, fragments that are missing. Quiet time is none of these.

use std::collections::{BTreeMap, BTreeSet};

use super::inside;
use crate::digest::{LogCoverage, MemberCoverage};
use crate::format::{self, Place};
use crate::model::{ProblemKind, Timestamp};

/// Why a stretch of time is not covered.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapCause {
    /// A rotation between two that are there is not in the bundle.
    RotationMissing,
    /// A member ends early, or could not be read.
    Damaged,
    /// A fragment of a member is not in the bundle.
    FragmentMissing,
    /// The bundle itself is cut or damaged, and whole members may be lost with it.
    BundleDamaged,
}

impl GapCause {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            GapCause::RotationMissing => "rotation-missing",
            GapCause::Damaged | GapCause::BundleDamaged => "damaged",
            GapCause::FragmentMissing => "fragment-missing",
        }
    }
}

/// A stretch of time that a log does not cover.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Last stamp before it.
    pub from: Timestamp,
    /// First stamp after it, or the time of the capture where nothing follows.
    pub to: Timestamp,
    /// Why.
    pub why: GapCause,
    /// The files that are missing or damaged: names of those that are not there, paths of those that are.
    pub files: Vec<String>,
    /// Whether some of the time was read, and what is missing lies somewhere in it.
    pub partial: bool,
}

/// What a capture says beside its logs that tells what they lack.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// When it was taken.
    pub captured_at: Option<Timestamp>,
    /// The container that is cut or damaged, where one is: whole members may be lost with it.
    pub damaged: Option<String>,
    /// When the host booted, as far as known: before that it was silent.
    pub boots: Vec<Timestamp>,
}

/// The gaps of one log over all captures of a host, ordered by time.
///
/// `captures` has what each capture holds of the log. What one capture lacks another may have.
pub fn gaps(captures: &[(&LogCoverage, &Circumstances)]) -> Vec<Gap> {
    let mut groups: BTreeMap<Option<String>, Vec<Sequence<'_>>> = BTreeMap::new();
    for sequence in captures.iter().flat_map(|(log, of)| sequences(log, of)) {
        groups.entry(sequence.of.clone()).or_default().push(sequence);
    }
    let mut found: Vec<Gap> = groups.values().flat_map(|group| gaps_of_group(group)).collect();
    found.sort();
    found.dedup();
    found.into_iter().fold(Vec::new(), |mut gaps, gap| {
        match gaps.last_mut() {
            Some(last) if is_one(last, &gap) => take(last, gap),
            _ => gaps.push(gap),
        }
        gaps
    })
}

/// Missing files that are named; nobody keeps more rotations.
const MAX_FILES: usize = 100;
/// Copies of a log that are looked through for what one of them lacks; a bundle with more is no bundle.
const MAX_COPIES: usize = 200;

/// The gaps in sequences of one log, each of which may have what another lacks.
fn gaps_of_group(group: &[Sequence<'_>]) -> Vec<Gap> {
    let mut found = Vec::new();
    for (own, sequence) in group.iter().enumerate() {
        let gaps = sequence.gaps();
        let copies = if gaps.is_empty() || group.len() > MAX_COPIES { &[] } else { group };
        let others = copies.iter().enumerate().filter(|(at, _)| *at != own);
        let others: Vec<&MemberCoverage> =
            others.flat_map(|(_, other)| other.members.iter().map(|placed| placed.member)).collect();
        found.extend(gaps.into_iter().flat_map(|gap| uncovered(gap, &others)));
    }
    found
}

/// Whether two gaps are one: of a member that is cut the rest is missing, and with it what would follow.
fn is_one(a: &Gap, b: &Gap) -> bool {
    (a.from, a.to) == (b.from, b.to) && !a.partial && !b.partial
}

/// Joins `other` to a gap of the same time. Damage is what is seen, and comes first.
fn take(gap: &mut Gap, other: Gap) {
    let damaged = other.why == GapCause::Damaged && gap.why != GapCause::Damaged;
    let (first, second) = if damaged { (other, gap.clone()) } else { (gap.clone(), other) };
    let rest = second.files.into_iter().filter(|file| !first.files.contains(file)).collect::<Vec<_>>();
    *gap = first;
    gap.files.extend(rest);
}

/// What of `gap` is not covered by other copies of the log: as many of the longest pieces as files are still missing.
fn uncovered(gap: Gap, others: &[&MemberCoverage]) -> Vec<Gap> {
    let covers = |member: &&MemberCoverage| {
        member.from.is_some_and(|from| from <= gap.from) && member.to.is_some_and(|to| to >= gap.to)
    };
    if others.iter().any(|other| covers(other) && other.problems.is_empty()) {
        return Vec::new();
    }
    if gap.partial {
        return vec![gap];
    }
    let inside = |member: &&MemberCoverage| {
        let span = member.from?.max(gap.from)..member.to?.min(gap.to);
        (span.start < span.end).then_some((span.start, span.end))
    };
    let mut covered: Vec<(Timestamp, Timestamp)> = others.iter().filter_map(inside).collect();
    covered.sort();
    let still = gap.files.len().max(1).saturating_sub(covered.len());
    let mut pieces = Vec::new();
    let mut from = gap.from;
    for (start, end) in covered {
        pieces.push((from, start));
        from = from.max(end);
    }
    pieces.push((from, gap.to));
    pieces.retain(|(from, to)| from < to);
    pieces.sort_by_key(|(from, to)| (std::cmp::Reverse(to.since(*from)), *from));
    pieces.truncate(still);
    pieces.into_iter().map(|(from, to)| Gap { from, to, ..gap.clone() }).collect()
}

/// One member and its place, as a number that grows with time.
struct Placed<'a> {
    member: &'a MemberCoverage,
    place: Place,
    order: i64,
}

impl Placed<'_> {
    /// Counts from the other end of time.
    fn turn(&mut self) {
        self.place = match self.place {
            Place::Serial(number) => Place::Age { number, newest: 1 },
            Place::Age { number, .. } => Place::Serial(number),
            Place::Current => Place::Current,
        };
        self.order = self.place.order();
    }
}

/// Whether stamps say that the numbers of rotations count the other way than their names do: of the pairs that follow
/// each other more than half do, and there are enough of them to tell it from a clock that was set.
fn is_contradicted(members: &[Placed<'_>]) -> bool {
    let numbered = members.iter().filter(|placed| placed.place != Place::Current);
    let mut starts: Vec<(i64, Timestamp)> =
        numbered.filter_map(|placed| Some((placed.order, placed.member.from?))).collect();
    starts.sort();
    starts.dedup_by_key(|(order, _)| *order);
    let against = starts.windows(2).filter(|pair| pair[0].1 > pair[1].1).count();
    let pairs = starts.len().saturating_sub(1);
    // A single pair is believed where nothing is promised of the numbers: they are only called so in Java.
    let is_serial = members.iter().any(|placed| matches!(placed.place, Place::Serial(_)));
    2 * against > pairs && (pairs > 1 || is_serial)
}

/// The rotations of one log in one folder, oldest first.
struct Sequence<'a> {
    /// What it is a log of where that is not the host: the file of a VM's log, or of another machine's.
    of: Option<String>,
    members: Vec<Placed<'a>>,
    /// By member: the last stamp of anything up to it.
    ends: Vec<Option<Timestamp>>,
    /// By member: the first stamp of anything from it on.
    begins: Vec<Option<Timestamp>>,
    log: &'a LogCoverage,
    capture: &'a Circumstances,
}

/// Logs that are written to as long as their host runs: a long silence in them says something. The others are silent
/// until something happens, or somebody comes.
const STEADY: &[&str] =
    &["vmkernel", "hostd", "vpxa", "fdm", "clomd", "vsanmgmt", "syslog", "hostd-probe", "vpxd"];
/// A silence of so many mean distances between the records of a steady log is none of its usual ones.
const OUT_OF_PROPORTION: i64 = 50;
/// Nor is a shorter silence than this one ever told, in microseconds.
const SHORT: i64 = 600_000_000;
/// The mean of fewer records says nothing.
const FEW: u64 = 50;
/// A log goes on so soon after a boot that ended its silence, in microseconds.
const AFTER_BOOT: i64 = 900_000_000;

/// The rotations of `log`, one sequence a folder; members that are no rotations stand alone.
fn sequences<'a>(log: &'a LogCoverage, capture: &'a Circumstances) -> Vec<Sequence<'a>> {
    let mut folders: BTreeMap<&str, Vec<Placed<'a>>> = BTreeMap::new();
    let mut found = Vec::new();
    for member in &log.members {
        let path = member.path.as_str();
        let (folder, name) = path.rfind(['/', '!']).map_or(("", path), |at| (&path[..at], &path[at + 1..]));
        // VMs have logs of their own, and their numbers do not follow each other.
        match format::by_name(&log.log).and_then(|format| format.place(name)) {
            Some(place) => {
                folders.entry(folder).or_default().push(Placed { member, place, order: place.order() })
            }
            None => {
                let members = vec![Placed { member, place: Place::Current, order: 0 }];
                found.push(Sequence::new(Some(inside(path)), members, log, capture));
            }
        }
    }
    found.extend(folders.into_values().map(|members| Sequence::new(None, members, log, capture)));
    found
}

impl<'a> Sequence<'a> {
    fn new(
        of: Option<String>,
        mut members: Vec<Placed<'a>>,
        log: &'a LogCoverage,
        capture: &'a Circumstances,
    ) -> Self {
        if is_contradicted(&members) {
            for placed in members.iter_mut().filter(|placed| placed.place != Place::Current) {
                placed.turn();
            }
        }
        members.sort_by_key(|placed| (placed.order, placed.member.from));
        let mut last = None;
        let up_to = |placed: &Placed<'_>| {
            last = last.max(placed.member.to);
            last
        };
        let ends = members.iter().map(up_to).collect();
        let mut first: Option<Timestamp> = None;
        let from_on = |placed: &Placed<'_>| {
            first = first.into_iter().chain(placed.member.from).min();
            first
        };
        let mut begins: Vec<_> = members.iter().rev().map(from_on).collect();
        begins.reverse();
        Sequence { of, members, ends, begins, log, capture }
    }

    fn gaps(&self) -> Vec<Gap> {
        let missing = (0..self.members.len()).filter_map(|at| self.missing_behind(at));
        let damaged = (0..self.members.len()).filter_map(|at| self.damaged(at));
        let missing = missing.chain(self.without_current());
        // Files beyond the limit of those that are kept one by one are there, and not known by their names.
        let is_whole = self.log.rest.members == 0;
        let mut gaps: Vec<Gap> = missing.filter(|_| is_whole).chain(damaged).collect();
        let perhaps = self.may_be_lost(&gaps);
        gaps.extend(perhaps);
        gaps
    }

    /// Where the container is damaged: the silences that members may have stood in which are lost with it.
    fn may_be_lost(&self, known: &[Gap]) -> Vec<Gap> {
        let (Some(container), Some(pace)) = (&self.capture.damaged, self.pace()) else { return Vec::new() };
        let least = SHORT.max(pace.saturating_mul(OUT_OF_PROPORTION));
        let is_known = |from, to| known.iter().any(|gap| !gap.partial && gap.from <= from && to <= gap.to);
        let gap = |at| {
            let (from, to) = (self.before(at)?, self.after(at + 1).or(self.capture.captured_at)?);
            let files = vec![container.clone()];
            let is_lost = to.since(from) > least && !is_known(from, to) && !self.is_after_boot(from, to);
            is_lost.then_some(Gap { from, to, why: GapCause::BundleDamaged, files, partial: true })
        };
        (0..self.members.len()).filter_map(gap).collect()
    }

    /// Mean distance of the log's records in microseconds, where it is steady and there are enough of them.
    fn pace(&self) -> Option<i64> {
        let is_steady = self.of.is_none() && STEADY.contains(&self.log.log.as_str());
        let members = || self.members.iter().map(|placed| placed.member);
        let records: u64 = members().map(|member| member.records).sum();
        let span = |member: &MemberCoverage| Some(member.to?.since(member.from?).max(0));
        let length = members().filter_map(span).fold(0, i64::saturating_add);
        let count = i64::try_from(records).ok().filter(|_| is_steady && records >= FEW)?;
        Some(length / count)
    }

    /// Whether the host was down up to the end of a silence, as far as that is known.
    fn is_after_boot(&self, from: Timestamp, to: Timestamp) -> bool {
        self.capture.boots.iter().any(|boot| from < *boot && *boot <= to && to.since(*boot) < AFTER_BOOT)
    }

    /// Last stamp of anything up to member `at`.
    fn before(&self, at: usize) -> Option<Timestamp> {
        self.ends.get(at).copied().flatten()
    }

    /// First stamp of anything from member `at` on.
    fn after(&self, at: usize) -> Option<Timestamp> {
        self.begins.get(at).copied().flatten()
    }

    /// The gap between member `at` and the next one, where their numbers do not follow each other.
    fn missing_behind(&self, at: usize) -> Option<Gap> {
        let (one, next) = (&self.members[at], self.members.get(at + 1)?);
        // Numbers come from names, which may say anything: no more are listed than are told.
        let numbers: Vec<u64> = match (one.place, next.place) {
            (Place::Age { number: old, .. }, Place::Age { number: new, .. }) => {
                (new.saturating_add(1)..old).rev().take(MAX_FILES).collect()
            }
            (Place::Age { number: old, newest }, Place::Current) => {
                (newest..old).rev().take(MAX_FILES).collect()
            }
            (Place::Serial(old), Place::Serial(new)) => {
                (old.saturating_add(1)..new).take(MAX_FILES).collect()
            }
            _ => Vec::new(),
        };
        let files = numbers.iter().filter_map(|number| one.renamed(*number)).collect();
        let (from, to) = (self.before(at)?, self.after(at + 1)?);
        let why = GapCause::RotationMissing;
        (!numbers.is_empty() && from < to).then_some(Gap { from, to, why, files, partial: false })
    }

    /// The time from the newest rotation to the capture, where the file that is written to is not there.
    fn without_current(&self) -> Option<Gap> {
        let last = self.members.last()?;
        let Place::Age { .. } = last.place else { return None };
        let (from, to) = (self.before(self.members.len() - 1)?, self.capture.captured_at?);
        let name = last.name().split('.').next()?;
        let files = vec![format!("{name}.log")];
        let why = GapCause::RotationMissing;
        (from < to).then_some(Gap { from, to, why, files, partial: false })
    }

    /// The time that is lost with what is wrong with member `at`.
    fn damaged(&self, at: usize) -> Option<Gap> {
        let member = self.members[at].member;
        let kinds: BTreeSet<ProblemKind> = member.problems.iter().map(|problem| problem.kind).collect();
        let files = vec![member.path.as_str().to_owned()];
        let inside = |why| {
            // Where stamps are damaged too, the last need not be the latest.
            let (first, last) = (member.from?, member.to?);
            let (from, to) = (first.min(last), first.max(last));
            Some(Gap { from, to, why, files: files.clone(), partial: true })
        };
        let next = self.after(at + 1).or(self.capture.captured_at);
        let behind = |from: Option<Timestamp>| {
            let (from, to) = (from?, next?);
            let files = files.clone();
            (from < to).then_some(Gap { from, to, why: GapCause::Damaged, files, partial: false })
        };
        let unread = [ProblemKind::Unreadable, ProblemKind::Encrypted];
        if member.from.is_none() && !kinds.is_empty() {
            return behind(at.checked_sub(1).and_then(|before| self.before(before)));
        }
        if kinds.contains(&ProblemKind::Truncated) || unread.iter().any(|kind| kinds.contains(kind)) {
            return behind(member.to);
        }
        if kinds.contains(&ProblemKind::MissingFragment) {
            return inside(GapCause::FragmentMissing);
        }
        // A wrong checksum says that something in it is not as it was, not where.
        if kinds.contains(&ProblemKind::Damaged) { inside(GapCause::Damaged) } else { None }
    }
}

impl Placed<'_> {
    fn name(&self) -> &str {
        let path = self.member.path.as_str();
        path.rsplit(['/', '!']).next().unwrap_or(path)
    }

    /// The name of the neighbour with another number: `vmkernel.3.gz` for `vmkernel.2.gz`.
    fn renamed(&self, number: u64) -> Option<String> {
        let own = match self.place {
            Place::Age { number, .. } | Place::Serial(number) => number.to_string(),
            Place::Current => return None,
        };
        let name = self.name();
        let is_it = |(at, _): &(usize, &str)| name[..*at].ends_with(['.', '-']);
        let (at, _) = name.match_indices(own.as_str()).find(is_it)?;
        Some(format!("{}{number}{}", &name[..at], &name[at + own.len()..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MemberPath, Problem};

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_seconds(3600 * hour)
    }

    /// A member with what covers these hours, or none.
    fn member(path: &str, hours: Option<(i64, i64)>, wrong: Option<ProblemKind>) -> MemberCoverage {
        MemberCoverage {
            path: MemberPath::new(path),
            bytes: 100,
            crc: 0,
            records: 9,
            unparsed: 0,
            unparsed_samples: Vec::new(),
            from: hours.map(|(from, _)| hour(from)),
            to: hours.map(|(_, to)| hour(to)),
            first_record: None,
            last_record: None,
            silences: Vec::new(),
            problems: wrong.into_iter().map(|kind| Problem::new(kind, path, "wrong")).collect(),
        }
    }

    fn log(name: &str, members: &[(&str, i64, i64)]) -> LogCoverage {
        let members = members.iter().map(|(path, from, to)| member(path, Some((*from, *to)), None)).collect();
        LogCoverage { log: name.to_owned(), members, ..LogCoverage::default() }
    }

    type Told = (i64, i64, GapCause, Vec<String>);

    fn told(gaps: Vec<Gap>) -> Vec<Told> {
        let hours = |at: Timestamp| at.micros() / 3_600_000_000;
        gaps.into_iter().map(|gap| (hours(gap.from), hours(gap.to), gap.why, gap.files)).collect()
    }

    #[track_caller]
    fn check(log: &LogCoverage, captured: i64, expected: &[(i64, i64, GapCause, &[&str])]) {
        let expected: Vec<Told> = expected
            .iter()
            .map(|(from, to, why, files)| (*from, *to, *why, files.iter().map(|f| (*f).to_owned()).collect()))
            .collect();
        assert_eq!(told(gaps(&[(log, &at(captured))])), expected);
    }

    fn at(captured: i64) -> Circumstances {
        Circumstances { captured_at: Some(hour(captured)), ..Circumstances::default() }
    }

    #[test]
    fn a_missing_rotation_is_named_and_quiet_time_is_no_gap() {
        let quiet = [("a/vmkernel.1.gz", 0, 2), ("a/vmkernel.0.gz", 8, 9), ("a/vmkernel.log", 20, 21)];
        check(&log("vmkernel", &quiet), 30, &[]);
        let one = [("a/vmkernel.2.gz", 0, 2), ("a/vmkernel.0.gz", 8, 9), ("a/vmkernel.log", 9, 21)];
        check(&log("vmkernel", &one), 21, &[(2, 8, GapCause::RotationMissing, &["vmkernel.1.gz"])]);
    }

    #[test]
    fn files_beyond_a_limit_are_not_missing() {
        let mut some = log("hostd", &[("a/hostd.4.gz", 0, 2), ("a/hostd.0.gz", 8, 9)]);
        some.rest.members = 4;
        check(&some, 12, &[]);
    }

    #[test]
    fn several_missing_rotations_are_one_gap_oldest_first() {
        let missing = &["hostd.log.3", "hostd.log.2", "hostd.log.1"][..];
        let members = [("hostd.log.4", 0, 2), ("hostd.log", 8, 9)];
        check(&log("hostd", &members), 9, &[(2, 8, GapCause::RotationMissing, missing)]);
        let members = [("x!a/hostd.4.gz", 0, 2), ("x!a/hostd.log", 8, 9)];
        let missing = &["hostd.3.gz", "hostd.2.gz", "hostd.1.gz", "hostd.0.gz"][..];
        check(&log("hostd", &members), 9, &[(2, 8, GapCause::RotationMissing, missing)]);
    }

    #[test]
    fn the_numbers_of_vpxd_grow_with_time() {
        let whole = [("v/vpxd-9.log.gz", 0, 2), ("v/vpxd-10.log.gz", 3, 5), ("v/vpxd.log", 6, 7)];
        check(&log("vpxd", &whole), 7, &[]);
        let holed = [("v/vpxd-9.log.gz", 0, 2), ("v/vpxd-12.log.gz", 5, 6), ("v/vpxd.log", 6, 7)];
        let missing = &["vpxd-10.log.gz", "vpxd-11.log.gz"][..];
        check(&log("vpxd", &holed), 7, &[(2, 5, GapCause::RotationMissing, missing)]);
    }

    #[test]
    fn addresses_dates_and_logs_of_vms_are_no_rotations() {
        let servers = [("vmkernel-10.0.0.7.log", 0, 2), ("vmkernel-10.0.0.9.log", 5, 6)];
        check(&log("vmkernel", &servers), 9, &[]);
        let dates = [("hostd.log-20200203.gz", 0, 2), ("hostd.log-20200209.gz", 5, 6), ("hostd.log", 7, 8)];
        check(&log("hostd", &dates), 9, &[]);
        let vms = [("v/vmware-2.log", 0, 2), ("v/vmware-9.log", 5, 6)];
        check(&log("vmware", &vms), 9, &[]);
    }

    #[test]
    fn where_numbers_contradict_the_stamps_the_stamps_count() {
        // Nobody promises that the numbers of this service grow with time: the other way round nothing is missing.
        let falling =
            [("v/eam-3.log.gz", 0, 2), ("v/eam-2.log.gz", 3, 5), ("v/eam-1.log", 6, 7), ("v/eam.log", 8, 9)];
        check(&log("eam", &falling), 9, &[]);
        let holed = [("v/eam-3.log.gz", 0, 2), ("v/eam-1.log.gz", 6, 7), ("v/eam.log", 8, 9)];
        check(&log("eam", &holed), 9, &[(2, 6, GapCause::RotationMissing, &["eam-2.log.gz"])]);
    }

    #[test]
    fn the_file_that_is_written_to_is_missing_up_to_the_capture() {
        let members = [("a/hostd.1.gz", 0, 2), ("a/hostd.0.gz", 2, 5)];
        check(&log("hostd", &members), 9, &[(5, 9, GapCause::RotationMissing, &["hostd.log"])]);
        check(&log("hostd", &members), 5, &[]);
    }

    #[test]
    fn damage_loses_the_time_up_to_the_next_member() {
        let mut cut = log(
            "vmkernel",
            &[("a/vmkernel.1.gz", 0, 2), ("a/vmkernel.0.gz", 5, 6), ("a/vmkernel.log", 6, 7)],
        );
        cut.members[0] = member("a/vmkernel.1.gz", Some((0, 2)), Some(ProblemKind::Truncated));
        check(&cut, 7, &[(2, 5, GapCause::Damaged, &["a/vmkernel.1.gz"])]);
        cut.members[0] = member("a/vmkernel.1.gz", Some((0, 4)), Some(ProblemKind::MissingFragment));
        check(&cut, 7, &[(0, 4, GapCause::FragmentMissing, &["a/vmkernel.1.gz"])]);
        cut.members[0] = member("a/vmkernel.1.gz", Some((0, 4)), None);
        cut.members[1] = member("a/vmkernel.0.gz", None, Some(ProblemKind::Unreadable));
        check(&cut, 7, &[(4, 6, GapCause::Damaged, &["a/vmkernel.0.gz"])]);
        cut.members[1] = member("a/vmkernel.0.gz", Some((4, 6)), None);
        cut.members[2] = member("a/vmkernel.log", Some((6, 7)), Some(ProblemKind::Truncated));
        check(&cut, 9, &[(7, 9, GapCause::Damaged, &["a/vmkernel.log"])]);
    }

    #[test]
    fn the_log_of_one_vm_does_not_stand_in_for_that_of_another() {
        let mut vms =
            log("vmware", &[("vmfs/volumes/d/a/vmware.log", 0, 2), ("vmfs/volumes/d/b/vmware.log", 0, 9)]);
        vms.members[0].problems = member("x", None, Some(ProblemKind::Truncated)).problems;
        check(&vms, 9, &[(2, 9, GapCause::Damaged, &["vmfs/volumes/d/a/vmware.log"])]);
        let whole = log("vmware", &[("vmfs/volumes/d/a/vmware.log", 0, 9)]);
        assert_eq!(gaps(&[(&vms, &at(9)), (&whole, &at(9))]), []);
    }

    #[test]
    fn where_a_bundle_ends_in_a_rotation_the_cut_and_what_is_missing_are_one_gap() {
        let mut cut = log("vobd", &[("a/vobd.1.gz", 0, 2), ("a/vobd.0.gz", 2, 3)]);
        cut.members[1] = member("a/vobd.0.gz", Some((2, 3)), Some(ProblemKind::Truncated));
        check(&cut, 9, &[(3, 9, GapCause::Damaged, &["a/vobd.0.gz", "vobd.log"])]);
    }

    #[test]
    fn what_one_capture_lacks_another_may_have() {
        let newer = log(
            "vmkernel",
            &[("b/vmkernel.3.gz", 0, 2), ("b/vmkernel.0.gz", 8, 9), ("b/vmkernel.log", 9, 10)],
        );
        let missing = vec!["vmkernel.2.gz".to_owned(), "vmkernel.1.gz".to_owned()];
        let of = |older: &LogCoverage| told(gaps(&[(&newer, &at(10)), (older, &at(7))]));
        let one = log("vmkernel", &[("a/vmkernel.0.gz", 0, 2), ("a/vmkernel.log", 2, 5)]);
        assert_eq!(of(&one), [(5, 8, GapCause::RotationMissing, missing)]);
        let both = log(
            "vmkernel",
            &[("a/vmkernel.1.gz", 0, 2), ("a/vmkernel.0.gz", 2, 5), ("a/vmkernel.log", 5, 7)],
        );
        assert_eq!(of(&both), []);
    }

    #[test]
    fn in_a_damaged_bundle_a_silence_out_of_proportion_may_be_a_loss() {
        let steady = |name: &str, members: &[(&str, i64, i64)]| {
            let mut log = log(name, members);
            log.members.iter_mut().for_each(|member| member.records = 600);
            log
        };
        let cut = |captured| Circumstances { damaged: Some("x.tgz".to_owned()), ..at(captured) };
        let of = |log: &LogCoverage, capture: &Circumstances| told(gaps(&[(log, capture)]));
        let lost = |from, to| (from, to, GapCause::BundleDamaged, vec!["x.tgz".to_owned()]);
        let hostd = steady("hostd", &[("x.tgz!a/hostd.0.gz", 0, 2), ("x.tgz!a/hostd.log", 5, 7)]);
        assert_eq!(of(&hostd, &cut(12)), [lost(2, 5), lost(7, 12)]);
        assert!(gaps(&[(&hostd, &cut(12))]).iter().all(|gap| gap.partial && gap.why.name() == "damaged"));
        // Whole bundles are just silent, and so are logs that wait for something to happen.
        assert_eq!(of(&hostd, &at(12)), []);
        assert_eq!(of(&steady("shell", &[("x.tgz!a/shell.log", 0, 2)]), &cut(12)), []);
        assert_eq!(of(&steady("esxupdate", &[("x.tgz!a/esxupdate.log", 0, 2)]), &cut(12)), []);
        // Nine records in two hours are no pace.
        assert_eq!(of(&log("hostd", &[("x.tgz!a/hostd.log", 0, 2)]), &cut(12)), []);
        // A host that is down writes nothing.
        let booted = Circumstances { boots: vec![hour(5)], ..cut(7) };
        assert_eq!(of(&hostd, &booted), []);
        // What is known to be missing is not told again.
        let holed = steady(
            "hostd",
            &[("x.tgz!a/hostd.2.gz", 0, 2), ("x.tgz!a/hostd.0.gz", 5, 7), ("x.tgz!a/hostd.log", 7, 8)],
        );
        assert_eq!(of(&holed, &cut(8)), [(2, 5, GapCause::RotationMissing, vec!["hostd.1.gz".to_owned()])]);
    }
}
