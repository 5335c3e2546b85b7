//! Files that the collector cut into fragments, `NAME.FRAG-00000` and on: laid end to end in their order as they come,
//! without disk. What is missing between two of them is a gap that is told.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::content::Content;
use super::place::Place;
use super::sniff;
use super::walk::Walk;
use super::{Damage, Gap};
use crate::model::{MemberPath, ProblemKind};

/// Files that are open at once; with more, the one that was begun first is closed.
const MOST_OPEN: usize = 64;

/// The files whose fragments are coming in, by the path of the whole file.
#[derive(Default)]
pub(super) struct Joins {
    open: BTreeMap<String, Join>,
    /// Files that were closed to make room for others, by a hash of the path: there may be many.
    closed: BTreeSet<u64>,
    /// Whether one is being closed: fragments inside of it may come up.
    closing: bool,
    begun: u64,
    /// Bytes of fragments that came before their turn.
    waiting: usize,
}

/// A file whose fragments are coming in.
struct Join {
    content: Content,
    begun: u64,
    /// The number of the fragment whose turn it is.
    next: u32,
    early: BTreeMap<u32, Early>,
    /// Fragments that were given up, from the first to the last.
    missing: Vec<(u32, u32)>,
    damage: Option<Damage>,
}

/// A fragment that came before its turn.
struct Early {
    file: MemberPath,
    bytes: Vec<u8>,
    damage: Option<Damage>,
}

/// A fragment that is coming in.
pub(super) struct Piece {
    target: String,
    number: u32,
    way: Way,
}

enum Way {
    /// Its turn has come.
    Straight,
    /// It waits for others.
    Waits(Early),
    /// It was there before, or there is no room for it.
    LeftOut,
}

impl Piece {
    /// The fragment `number` of the file `target`, at `name` in `place`.
    pub(super) fn begin(
        cx: &mut Walk<'_>,
        place: &mut Place,
        name: &str,
        target: &str,
        number: u32,
    ) -> Content {
        let (path, file) = (place.path_of(target), MemberPath::new(place.path_of(name)));
        let left_out = |path| Content::Piece(Piece { target: path, number, way: Way::LeftOut });
        if cx.joins.closed.contains(&hash(&path)) {
            let text = "too many fragmented files are open at once; this fragment of one that was closed was left out";
            cx.problem(ProblemKind::Limit, file.as_str(), text);
            return left_out(path);
        }
        if !cx.joins.open.contains_key(&path) && !Join::open(cx, place, target, &path) {
            let text = "too many fragmented files are open at once; this fragment was left out";
            cx.problem(ProblemKind::Limit, file.as_str(), text);
            return left_out(path);
        }
        let Some(mut join) = cx.joins.open.remove(&path) else { return left_out(path) };
        let way = if number < join.next || join.early.contains_key(&number) {
            if join.was_missing(number) {
                let text = "this fragment came when those behind it had been read, for want of memory (--memory); it was left out";
                cx.problem(ProblemKind::Limit, file.as_str(), text);
            } else {
                let text =
                    "a fragment of this number was there before; that one was used, and this was left out";
                cx.problem(ProblemKind::Duplicate, file.as_str(), text);
            }
            Way::LeftOut
        } else if number == join.next {
            join.next += 1;
            join.begin_piece(cx, file);
            Way::Straight
        } else {
            Way::Waits(Early { file, bytes: Vec::new(), damage: None })
        };
        cx.joins.open.insert(path.clone(), join);
        Content::Piece(Piece { target: path, number, way })
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.way, Way::LeftOut)
    }

    pub(super) fn push(&mut self, cx: &mut Walk<'_>, bytes: &[u8]) {
        match &mut self.way {
            Way::Straight => with(cx, &self.target, |join, cx| join.content.push(cx, bytes)),
            Way::Waits(early) if cx.joins.waiting + bytes.len() <= cx.limits().memory / 4 => {
                cx.joins.waiting += bytes.len();
                early.bytes.extend_from_slice(bytes);
            }
            Way::Waits(_) => self.no_room(cx, bytes),
            Way::LeftOut => {}
        }
    }

    /// There is no room to wait in: what is missing before it is given up, and reading goes on with it.
    fn no_room(&mut self, cx: &mut Walk<'_>, bytes: &[u8]) {
        let Way::Waits(early) = std::mem::replace(&mut self.way, Way::Straight) else { return };
        let (number, target) = (self.number, self.target.clone());
        with(cx, &target, |join, cx| {
            join.catch_up(cx, &target, true);
            join.begin_at_one(number, &early);
            if number > join.next {
                join.missing(cx, &target, join.next, number - 1);
            }
            join.take_early(cx, number, early);
            join.content.push(cx, bytes);
        });
    }

    pub(super) fn gap(&mut self, cx: &mut Walk<'_>) {
        match &mut self.way {
            Way::Straight => with(cx, &self.target, |join, cx| join.content.gap(cx)),
            // What stands behind a hole in it cannot be told from what stands before once it waits.
            Way::Waits(early) => {
                let text = "bytes are missing in the middle of this fragment".to_owned();
                early.damage.get_or_insert(Damage { kind: ProblemKind::Damaged, text });
            }
            Way::LeftOut => {}
        }
    }

    pub(super) fn end(self, cx: &mut Walk<'_>, damage: Option<Damage>) {
        let Some(mut join) = cx.joins.open.remove(&self.target) else {
            // It was closed meanwhile.
            if let Way::Waits(early) = self.way {
                cx.joins.waiting -= early.bytes.len();
            }
            return;
        };
        match self.way {
            Way::Straight => join.end_piece(cx, damage),
            Way::Waits(early) => {
                join.early.insert(self.number, Early { damage: early.damage.or(damage), ..early });
            }
            Way::LeftOut => {}
        }
        join.catch_up(cx, &self.target, false);
        cx.joins.open.insert(self.target, join);
    }
}

/// Does `work` on the open file `target`, which is taken out meanwhile: its content may hold fragments too.
fn with(cx: &mut Walk<'_>, target: &str, work: impl FnOnce(&mut Join, &mut Walk<'_>)) {
    if let Some((key, mut join)) = cx.joins.open.remove_entry(target) {
        work(&mut join, cx);
        cx.joins.open.insert(key, join);
    }
}

impl Join {
    /// Opens the file `target`; the oldest of too many is closed. Whether there was room.
    fn open(cx: &mut Walk<'_>, place: &mut Place, target: &str, path: &str) -> bool {
        // What comes up in one that is closed must not close another: that would go as deep as files are open.
        if cx.joins.open.len() >= MOST_OPEN && cx.joins.closing {
            return false;
        }
        if cx.joins.open.len() >= MOST_OPEN
            && let Some((oldest, _)) = cx.joins.open.iter().min_by_key(|(_, join)| join.begun)
        {
            let oldest = oldest.clone();
            close(cx, &oldest);
            cx.joins.closed.insert(hash(&oldest));
        }
        let member = super::Member { fragmented: true, ..place.member(target, None, false) };
        let content = Content::of(cx, place, target, member);
        cx.joins.begun += 1;
        let begun = cx.joins.begun;
        let join =
            Join { content, begun, next: 0, early: BTreeMap::new(), missing: Vec::new(), damage: None };
        cx.joins.open.insert(path.to_owned(), join);
        true
    }

    fn begin_piece(&mut self, cx: &mut Walk<'_>, file: MemberPath) {
        if let Content::Leaf(leaf) = &mut self.content {
            leaf.flush(cx);
            cx.piece(leaf.handle(), file);
        }
    }

    fn end_piece(&mut self, cx: &mut Walk<'_>, damage: Option<Damage>) {
        if damage.is_some() {
            self.content.gap(cx);
            self.damage = self.damage.take().or(damage);
        }
    }

    /// Some collectors count from 1: the first fragment of an archive shows it.
    fn begin_at_one(&mut self, number: u32, early: &Early) {
        if self.next == 0 && number == 1 && sniff::sniff(&early.bytes).is_container() {
            self.next = 1;
        }
    }

    /// Takes the fragments whose turn has come; at the end also those behind a gap.
    fn catch_up(&mut self, cx: &mut Walk<'_>, path: &str, over_gaps: bool) {
        while let Some(&number) = self.early.keys().next() {
            if number > self.next && !over_gaps {
                return;
            }
            let Some(mut early) = self.early.remove(&number) else { return };
            self.begin_at_one(number, &early);
            if number > self.next {
                self.missing(cx, path, self.next, number - 1);
            }
            let damage = early.damage.take();
            self.take_early(cx, number, early);
            self.end_piece(cx, damage);
        }
    }

    /// The turn of a fragment that waited has come.
    fn take_early(&mut self, cx: &mut Walk<'_>, number: u32, early: Early) {
        self.next = number + 1;
        self.begin_piece(cx, early.file);
        cx.joins.waiting -= early.bytes.len();
        self.content.push(cx, &early.bytes);
    }

    /// Whether the fragment `number` was given up.
    fn was_missing(&self, number: u32) -> bool {
        self.missing.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    fn missing(&mut self, cx: &mut Walk<'_>, path: &str, first: u32, last: u32) {
        self.missing.push((first, last));
        match &mut self.content {
            Content::Leaf(leaf) => {
                leaf.flush(cx);
                cx.gap(leaf.handle(), Gap::Fragments { first, last });
            }
            Content::Skip => {}
            inner => {
                if !inner.is_over() {
                    let text = missing_fragments(first, last);
                    cx.problem(ProblemKind::MissingFragment, path, text);
                }
                inner.gap(cx);
            }
        }
    }
}

/// Told where fragments are missing.
pub fn missing_fragments(first: u32, last: u32) -> String {
    let which = if first == last {
        format!("fragment {first} is")
    } else {
        format!("fragments {first} to {last} are")
    };
    format!("{which} missing; what stands before and behind was used")
}

fn close(cx: &mut Walk<'_>, path: &str) {
    if let Some(mut join) = cx.joins.open.remove(path) {
        let closing = std::mem::replace(&mut cx.joins.closing, true);
        join.catch_up(cx, path, true);
        join.content.end(cx, join.damage);
        cx.joins.closing = closing;
    }
}

fn hash(path: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::new().hash_one(path)
}

/// The walk is at its end: whatever waits is taken as it is.
pub(super) fn close_all(cx: &mut Walk<'_>) {
    // Files inside a fragmented archive come up while that is closed.
    while let Some(path) = cx.joins.open.keys().next().cloned() {
        close(cx, &path);
    }
}
