//! One stream of bytes, whatever it turns out to be: a compression around another stream, an archive, or a bare log.

use std::ops::ControlFlow;

use super::archive::{Archive, Entry, Item, Tar, Zip};
use super::codec::{self, Decoder, Out};
use super::content::{Content, Leaf};
use super::place::Place;
use super::sniff::{self, Kind};
use super::walk::Walk;
use super::{Damage, Member, tree};
use crate::model::{MemberPath, ProblemKind};

/// What a stream is looked at for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It was given by the user, or stands alone in a container that was: it should be something.
    Given,
    /// A file beside bundles: it may be an archive, and `called` says that its name says so.
    Beside { called: bool },
    /// A file inside a bundle that holds nothing that is read: whether it is encrypted is all that matters.
    Inside,
}

/// A stream of bytes that arrives in blocks.
pub(super) struct Stream {
    place: Place,
    purpose: Purpose,
    state: State,
}

enum State {
    /// The first bytes are collected.
    Head(Vec<u8>),
    Decoded(Box<Decoded>),
    Archived(Box<Archived>),
    Bare(Leaf),
    /// It should be something and begins like nothing that is known: it may begin further in.
    Search(Search),
    /// Nothing more is read of it.
    Over,
}

/// A search for where an archive begins.
struct Search {
    held: Vec<u8>,
    /// Bytes passed over before those.
    passed: u64,
    /// The first bytes, which tell what it is if nothing is found.
    first: Vec<u8>,
    /// Whether all bytes were zero.
    zeros: bool,
}

/// Bytes behind which a file that is called a gzip is searched for what can be decoded.
const FAR: u64 = 256 << 10;
/// An empty tar is that many zeros, as writers fill their last record.
const EMPTY_TAR: usize = 20 << 10;

/// A compression around another stream.
struct Decoded {
    decoder: Box<dyn Decoder>,
    inner: Stream,
    given: u64,
    /// Bytes of the input that had been read when it began.
    from: u64,
    /// Whether the decoder told of damage.
    faulty: bool,
    /// Whether it went on behind missing bytes: what only those would tell is zero since then.
    doubtful: bool,
}

/// An archive and the entry that is open.
struct Archived {
    reader: Box<dyn Archive>,
    content: Content,
    /// Whether its entries may be compressed.
    expands: bool,
}

impl Stream {
    pub(super) fn new(place: Place, purpose: Purpose) -> Self {
        Stream { place, purpose, state: State::Head(Vec::new()) }
    }

    /// Its path with every nesting.
    pub(super) fn label(&self) -> &str {
        &self.place.label
    }

    /// Whether it is a container, or should be one.
    pub(super) fn is_wanted(&self) -> bool {
        match self.purpose {
            Purpose::Given | Purpose::Beside { called: true } => true,
            Purpose::Beside { called: false } | Purpose::Inside => !matches!(self.state, State::Head(_)),
        }
    }

    /// Whether nothing more of it is wanted.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, cx: &mut Walk<'_>, bytes: &[u8]) {
        match &mut self.state {
            State::Head(head)
                if head.is_empty() && bytes.len() >= wanted(&self.place, self.purpose, bytes) =>
            {
                self.decide(cx, bytes);
                self.push(cx, bytes);
            }
            State::Head(head) => {
                head.extend_from_slice(bytes);
                if head.len() >= wanted(&self.place, self.purpose, head) {
                    let head = std::mem::take(head);
                    self.decide(cx, &head);
                    self.push(cx, &head);
                }
            }
            State::Decoded(decoded) => {
                let Decoded { decoder, inner, given, from, faulty, doubtful } = &mut **decoded;
                let place = &self.place;
                let flow = decoder.push(bytes, &mut |out| {
                    *faulty |= matches!(out, Out::Fault(_));
                    take(cx, place, inner, (given, *from, doubtful), out)
                });
                if flow.is_break() {
                    self.stop(cx);
                }
            }
            State::Archived(archived) => {
                let Archived { reader, content, expands } = &mut **archived;
                let place = &mut self.place;
                reader.push(bytes, &mut |item| {
                    if let (Item::Bytes(bytes), true) = (&item, *expands) {
                        cx.expand(bytes.len());
                    }
                    item_of(cx, place, content, item)
                });
            }
            State::Bare(leaf) => leaf.push(cx, bytes),
            State::Search(search) => {
                search.zeros &= bytes.iter().all(|&byte| byte == 0);
                search.held.extend_from_slice(bytes);
                self.search(cx);
            }
            State::Over => {}
        }
    }

    /// Looks for the beginning of an archive in what is held.
    fn search(&mut self, cx: &mut Walk<'_>) {
        let is_called_gzip = self.is_called_gzip();
        let State::Search(search) = &mut self.state else { return };
        if let Some((at, _)) = sniff::find(&search.held, !self.place.is_decoded) {
            let rest = search.held.split_off(at);
            let text = format!(
                "its first {} bytes are of no archive that is known: damaged; what stands behind was read",
                search.passed + at as u64
            );
            cx.problem(ProblemKind::Damaged, &self.place.label, text);
            self.state = State::Head(Vec::new());
            return self.push(cx, &rest);
        }
        let last = &search.held[search.held.len().saturating_sub(sniff::WANTED)..];
        if search.passed >= FAR && is_called_gzip && sniff::looks_random(last) {
            return self.search_gzip(cx);
        }
        let done = search.held.len().saturating_sub(sniff::WANTED);
        search.held.drain(..done);
        search.passed += done as u64;
    }

    fn is_called_gzip(&self) -> bool {
        !self.place.is_decoded && tree::is_gzip_name(&self.place.label)
    }

    /// What is called a gzip has lost its beginning: the rest may decode.
    fn search_gzip(&mut self, cx: &mut Walk<'_>) {
        let State::Search(search) = std::mem::replace(&mut self.state, State::Over) else { return };
        self.state = self.decoded(cx, Kind::Gzip);
        self.push(cx, &search.held);
    }

    /// Nothing was found.
    fn found_nothing(&mut self, cx: &mut Walk<'_>) {
        let State::Search(search) = &self.state else { return };
        if self.is_called_gzip() && sniff::looks_random(&search.first) && search.passed == 0 {
            self.search_gzip(cx);
            return self.close(cx, false);
        }
        let (kind, text) = if search.zeros {
            let empty =
                self.purpose != Purpose::Given && search.held.len() <= EMPTY_TAR && search.passed == 0;
            if empty {
                self.state = State::Over;
                return;
            }
            (ProblemKind::Truncated, "the file holds nothing but zero bytes: a broken upload?")
        } else {
            self.unknown(&search.first)
        };
        self.state = refuse(cx, &self.place, kind, text);
    }

    /// What is told of what is no archive and no log.
    fn unknown(&self, first: &[u8]) -> (ProblemKind, &'static str) {
        let should_be = tree::is_archive_name(&self.place.label);
        let kind = if should_be { ProblemKind::Unreadable } else { ProblemKind::NotABundle };
        if sniff::looks_random(first) {
            let text = "it begins like no archive that is known, and its bytes look random: encrypted as a whole, or its \
                        beginning is missing";
            return (kind, text);
        }
        match self.purpose {
            Purpose::Given => {
                (kind, "neither an archive (tgz, tar, zip, zst, xz, bz2) nor a log that is known")
            }
            _ => (ProblemKind::Damaged, "it is called an archive and is none that is known: damaged?"),
        }
    }

    /// An unknown number of bytes is missing before what comes next.
    pub(super) fn gap(&mut self, cx: &mut Walk<'_>) {
        match &mut self.state {
            State::Head(head) => {
                // What it is was not seen: what comes next may show it.
                head.clear();
            }
            State::Decoded(decoded) => {
                let Decoded { decoder, inner, given, from, doubtful, .. } = &mut **decoded;
                let place = &self.place;
                let _ = decoder.gap(&mut |out| take(cx, place, inner, (given, *from, doubtful), out));
            }
            State::Archived(archived) => {
                let Archived { reader, content, .. } = &mut **archived;
                let (place, opaque) = (&mut self.place, content.is_opaque());
                reader.gap(opaque, &mut |item| item_of(cx, place, content, item));
            }
            State::Bare(leaf) => leaf.gap(cx),
            State::Search(search) => {
                search.passed += search.held.len() as u64;
                search.held.clear();
            }
            State::Over => {}
        }
    }

    /// The stream is at its end; `cut` says that it ends early and that this was told.
    pub(super) fn finish(&mut self, cx: &mut Walk<'_>, cut: bool) {
        if let State::Head(head) = &mut self.state {
            let head = std::mem::take(head);
            self.decide(cx, &head);
            self.push(cx, &head);
        }
        self.close(cx, cut);
    }

    /// Nothing more is decoded, not even what the decoder still holds.
    fn stop(&mut self, cx: &mut Walk<'_>) {
        if let State::Decoded(mut decoded) = std::mem::replace(&mut self.state, State::Over) {
            cx.doubt(decoded.doubtful, |cx| decoded.inner.finish(cx, true));
        }
    }

    fn close(&mut self, cx: &mut Walk<'_>, cut: bool) {
        self.found_nothing(cx);
        match std::mem::replace(&mut self.state, State::Over) {
            State::Decoded(mut decoded) => {
                let Decoded { decoder, inner, given, from, faulty, doubtful } = &mut *decoded;
                let place = &self.place;
                let _ = decoder.finish(&mut |out| {
                    if let Out::Fault(fault) = &out {
                        *faulty = true;
                        // That it ends early was told of what it lies in.
                        if cut && fault.kind == ProblemKind::Truncated {
                            return ControlFlow::Continue(());
                        }
                    }
                    take(cx, place, inner, (given, *from, doubtful), out)
                });
                let cut = cut || *faulty;
                cx.doubt(*doubtful, |cx| inner.finish(cx, cut));
            }
            State::Archived(mut archived) => {
                let Archived { reader, content, .. } = &mut *archived;
                let place = &mut self.place;
                reader.finish(cut, &mut |item| item_of(cx, place, content, item));
            }
            State::Bare(leaf) => leaf.end(cx, None),
            State::Head(_) | State::Search(_) | State::Over => {}
        }
    }

    /// Decides by its first bytes what the stream is.
    fn decide(&mut self, cx: &mut Walk<'_>, head: &[u8]) {
        let by_name = || sniff::encrypted_name(&self.place.label).filter(|_| self.purpose == Purpose::Given);
        if let Some(scheme) = sniff::encrypted(head).or_else(by_name) {
            cx.problem(ProblemKind::Encrypted, &self.place.label, scheme.told());
            self.state = State::Over;
            return;
        }
        if self.purpose == Purpose::Inside {
            self.state = State::Over;
            return;
        }
        let mut kind = sniff::sniff(head);
        let should_be = matches!(self.purpose, Purpose::Given | Purpose::Beside { called: true });
        if kind == Kind::Other && should_be && !self.place.is_decoded {
            kind = self.guess(cx, head);
        }
        let container = kind.is_container();
        if !container && self.purpose == (Purpose::Beside { called: false }) {
            self.state = State::Over;
            return;
        }
        if container && self.place.depth > cx.limits().depth {
            let text = format!(
                "containers are nested deeper than {} (--max-depth); the rest was left out",
                cx.limits().depth
            );
            cx.problem(ProblemKind::Limit, &self.place.label, text);
            self.state = State::Over;
            return;
        }
        self.state = match kind {
            Kind::Tar => archived(Box::new(Tar::new(cx.limits().into())), false),
            Kind::Zip => archived(Box::new(Zip::new(cx.limits().into())), true),
            Kind::Other => self.bare(cx, head),
            Kind::Empty if tree::is_archive_name(&self.place.label) => {
                refuse(cx, &self.place, ProblemKind::Truncated, "the file is empty: a broken upload?")
            }
            Kind::Empty => refuse(cx, &self.place, ProblemKind::NotABundle, "the file is empty"),
            Kind::Zeros => self.searched(cx, head),
            kind => self.decoded(cx, kind),
        };
    }

    /// What it was before its first bytes were damaged.
    fn guess(&self, cx: &mut Walk<'_>, head: &[u8]) -> Kind {
        let Some(kind) = sniff::guess(head, &self.place.label) else { return Kind::Other };
        cx.problem(
            ProblemKind::Damaged,
            &self.place.label,
            "it begins like no archive that is known: damaged, or encrypted as a whole; it was searched for what can be read",
        );
        kind
    }

    fn decoded(&self, cx: &Walk<'_>, kind: Kind) -> State {
        let place = self.place.decoded();
        // Windows of codecs in codecs add up to no more than a part of the memory.
        let memory = (cx.limits().memory * 3 / 8) >> self.place.depth.min(16);
        let Some(decoder) = codec::decoder(kind, memory) else { return State::Over };
        let inner = Stream::new(place, self.purpose);
        State::Decoded(Box::new(Decoded {
            decoder,
            inner,
            given: 0,
            from: cx.read_before(),
            faulty: false,
            doubtful: false,
        }))
    }

    /// No container: a log that stands alone, or nothing that is known.
    fn bare(&self, cx: &mut Walk<'_>, head: &[u8]) -> State {
        let name = self.place.label.rsplit(['!', '/']).next().unwrap_or(&self.place.label).to_owned();
        let path = MemberPath::new(self.place.label.as_str());
        let member = Member {
            path: path.clone(),
            container: path.clone(),
            root: path,
            tree: name,
            size: None,
            fragmented: false,
            doubtful: false,
        };
        if let Some(handle) = cx.begin(member) {
            return State::Bare(Leaf::new(handle, None, cx));
        }
        self.searched(cx, head)
    }

    /// It begins like nothing that is known, unless it is some other thing that is.
    fn searched(&self, cx: &mut Walk<'_>, head: &[u8]) -> State {
        if let Some(what) = sniff::foreign(head) {
            return refuse(cx, &self.place, ProblemKind::NotABundle, &format!("it is {what}, not a bundle"));
        }
        let first = head[..head.len().min(sniff::WANTED)].to_vec();
        State::Search(Search { held: Vec::new(), passed: 0, first, zeros: true })
    }
}

fn archived(reader: Box<dyn Archive>, expands: bool) -> State {
    State::Archived(Box::new(Archived { reader, content: Content::Skip, expands }))
}

/// How many first bytes tell what a stream is.
fn wanted(place: &Place, purpose: Purpose, head: &[u8]) -> usize {
    const IMAGE: usize = 0x8001 + 5;
    let name = place.label.rsplit(['!', '/']).next().unwrap_or("");
    if name.contains("dump") || name.contains("core") {
        return sniff::DUMP_HEADER + 32;
    }
    // An ISO image begins with 32 KiB of zeros.
    let zeros = head.len() >= sniff::WANTED && head[..sniff::WANTED].iter().all(|&byte| byte == 0);
    if zeros && purpose != Purpose::Inside { IMAGE } else { sniff::WANTED }
}

fn refuse(cx: &mut Walk<'_>, place: &Place, kind: ProblemKind, text: &str) -> State {
    cx.problem(kind, &place.label, text);
    State::Over
}

/// Takes what a decoder gives.
fn take(
    cx: &mut Walk<'_>,
    place: &Place,
    inner: &mut Stream,
    (given, from, doubtful): (&mut u64, u64, &mut bool),
    out: Out<'_>,
) -> ControlFlow<()> {
    match out {
        Out::Bytes(bytes) => {
            *given += bytes.len() as u64;
            cx.expand(bytes.len());
            if let Some(limit) = cx.bomb(*given, from) {
                cx.problem(limit.kind, &place.label, limit.text);
                return ControlFlow::Break(());
            }
            cx.doubt(*doubtful, |cx| inner.push(cx, bytes));
        }
        Out::Gap => {
            *doubtful = true;
            cx.doubt(true, |cx| inner.gap(cx));
        }
        Out::Fault(fault) => cx.problem(fault.kind, &place.label, fault.text),
    }
    // A stream that nothing more is wanted of need not be decoded to its end.
    let done = cx.is_over() || (inner.is_over() && inner.purpose != Purpose::Given);
    if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Takes what an archive holds; whether more of the open entry's content is wanted.
fn item_of(cx: &mut Walk<'_>, place: &mut Place, content: &mut Content, item: Item<'_>) -> bool {
    if cx.is_over() && !matches!(item, Item::End(_)) {
        return false;
    }
    match item {
        Item::Entry(entry) => *content = open(cx, place, entry),
        Item::Bytes(bytes) => content.push(cx, bytes),
        Item::Hole(len) => content.hole(cx, len),
        Item::Gap => content.gap(cx),
        Item::End(damage) => std::mem::replace(content, Content::Skip).end(cx, damage),
        Item::Fault(Damage { kind, text }) => cx.problem(kind, &place.label, text),
    }
    !content.is_over()
}

fn open(cx: &mut Walk<'_>, place: &mut Place, entry: Entry) -> Content {
    if cx.count_member(&place.label) { Content::open(cx, place, entry) } else { Content::Skip }
}
