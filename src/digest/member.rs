//! One member, read as its bytes arrive: decoded, cut into records, fed to the matcher and the fact readers.

use std::ops::ControlFlow;

use super::text::{Read, TextReader};
use super::{MemberCoverage, Silence};
use crate::bundle::codec::{self, Crc, Decoder, Out, Whole};
use crate::bundle::sniff::{self, Kind};
use crate::bundle::{self, Damage, Gap, Limits, Member, missing_fragments};
use crate::fact::{self, Fact, FactValue};
use crate::format;
use crate::model::{MemberPath, Problem, ProblemKind};
use crate::record::Origin;
use crate::rule::{RuleSet, Scan};

/// Whether the member at `path` of a bundle's tree holds anything that is read.
pub fn wants(path: &str) -> bool {
    format::of_path(path).is_some() || fact::of_path(plain(path)).next().is_some()
}

/// Whether the name of the member at `path` says that it is compressed.
pub fn is_packed(path: &str) -> bool {
    plain(path) != path
}

/// A path without the ending of a compression.
pub(super) fn plain(path: &str) -> &str {
    [".gz", ".zst", ".xz", ".bz2"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path)
}

/// What one member gave.
#[derive(Debug)]
pub struct MemberDigest {
    /// Its place in the order of the walk.
    pub number: u64,
    /// Its path with every nesting; for fragments that of their target.
    pub path: MemberPath,
    /// Its path inside the tree.
    pub tree: String,
    /// Whether it came in fragments.
    pub fragmented: bool,
    /// Its log family, where it is a log.
    pub log: Option<&'static str>,
    /// Decoded bytes.
    pub bytes: u64,
    /// Whether it was read from its beginning to its end.
    pub whole: bool,
    /// Whether it ever expanded so far that it is taken for a bomb where others were met before.
    pub suspect: bool,
    /// CRC-32 of the decoded bytes.
    pub crc: u32,
    /// Events and counts.
    pub scan: Scan,
    /// Facts.
    pub facts: Vec<Fact>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// What a member may expand to, whatever its ratio, once others of its input have expanded to too much together.
const SHORT_FUSE: u64 = 16 << 20;

impl MemberDigest {
    /// Gives up what it said: how far it was read depends on when the bombs before it were met.
    pub fn give_up(&mut self, limits: &Limits) {
        let text = format!(
            "it expands more than {} times (--max-ratio), as members before it do: taken for a decompression bomb and left out",
            limits.ratio
        );
        self.whole = false;
        self.problems = vec![Problem::new(ProblemKind::Limit, self.path.as_str(), text)];
        (self.scan, self.facts, self.bytes, self.crc) = (Scan::default(), Vec::new(), 0, 0);
    }

    pub(super) fn coverage(&self) -> MemberCoverage {
        MemberCoverage {
            path: self.path.clone(),
            bytes: self.bytes,
            crc: self.crc,
            records: self.scan.records,
            unparsed: self.scan.unparsed,
            unparsed_samples: self.scan.unparsed_samples.clone(),
            from: self.scan.first.map(|stamp| stamp.time),
            to: self.scan.last.map(|stamp| stamp.time),
            first_record: self.scan.first_record.clone(),
            last_record: self.scan.last_record.clone(),
            silences: self
                .scan
                .clock
                .silences
                .iter()
                .map(|told| Silence { from: told.from, to: told.to })
                .collect(),
            problems: self.problems.clone(),
        }
    }
}

/// Reads one member as its bytes arrive.
pub struct MemberReader<'r> {
    path: MemberPath,
    tree: String,
    fragmented: bool,
    /// Its stored size, where it may be decoded at one go.
    in_one: Option<u64>,
    limits: Limits,
    form: Form,
    /// Stored bytes so far.
    raw: u64,
    text: TextReader<'r>,
    problems: Vec<Problem>,
    /// Problems beyond those.
    more_problems: u64,
    over: bool,
    /// Whether it ever expanded like a bomb, as far as a short fuse burns.
    suspect: bool,
}

enum Form {
    /// The first bytes are awaited.
    Unknown(Vec<u8>),
    Plain,
    Packed(Box<dyn Decoder>),
    /// Compressed and whole, if nothing else comes.
    Waits(Vec<u8>),
    /// A form that is not read; said once.
    Refused,
}

/// So many zero bytes at the end of a text were not written by who wrote it.
const MANY_ZEROS: u64 = 512;

/// Bytes with which a first fragment tells the form of a member.
const TELLING: usize = 32;

/// Bytes of a log in which some record must be known.
const LEAST_LOG: u64 = 64;

/// Problems that are told of one member.
const MOST_PROBLEMS: usize = 20;

impl<'r> MemberReader<'r> {
    /// A reader for `member`.
    pub fn new(member: &Member, rules: &'r RuleSet, limits: Limits) -> Self {
        let mut text = TextReader::new(&member.tree, member.path.clone(), rules, limits.record_bytes);
        if member.doubtful {
            text.doubt();
        }
        let in_one = codec::IS_NATIVE && !member.fragmented && !member.doubtful;
        MemberReader {
            path: member.path.clone(),
            tree: member.tree.clone(),
            fragmented: member.fragmented,
            in_one: member.size.filter(|&size| in_one && size <= codec::MOST_STORED),
            limits,
            form: Form::Unknown(Vec::new()),
            raw: 0,
            text,
            problems: Vec::new(),
            more_problems: 0,
            over: false,
            suspect: false,
        }
    }

    /// Others of its input have expanded to too much: a ratio beyond the limit is not put up with for long.
    pub fn shorten_fuse(&mut self) {
        self.limits.ratio_from = self.limits.ratio_from.min(SHORT_FUSE);
    }

    /// Takes the next bytes, as stored; gives the block back, unless it is kept.
    pub fn push(&mut self, block: Vec<u8>) -> Option<Vec<u8>> {
        let is_whole = self.in_one == Some(block.len() as u64);
        self.wait_no_more();
        if is_whole && is_gzip(&block[..block.len().min(bundle::BLOCK)]) {
            self.form = Form::Waits(block);
            return None;
        }
        block.chunks(bundle::BLOCK).for_each(|part| self.part(part));
        Some(block)
    }

    /// Takes the next bytes, a block of the usual size.
    fn part(&mut self, bytes: &[u8]) {
        if self.over {
            return;
        }
        self.raw += bytes.len() as u64;
        match &mut self.form {
            Form::Unknown(head) if head.is_empty() && bytes.len() >= sniff::WANTED => {
                self.choose(bytes);
                self.decode(bytes);
            }
            Form::Unknown(head) => {
                head.extend_from_slice(bytes);
                if head.len() >= sniff::WANTED {
                    self.settle();
                }
            }
            _ => self.decode(bytes),
        }
    }

    /// Decides by the bytes that came in so far.
    fn settle(&mut self) {
        if let Form::Unknown(head) = &mut self.form
            && !head.is_empty()
        {
            let head = std::mem::take(head);
            self.choose(&head);
            self.decode(&head);
        }
    }

    /// What follows comes from the next fragment, `file`.
    pub fn piece(&mut self, file: MemberPath) {
        match &self.form {
            // The first fragment to come need not be the first of the file.
            Form::Unknown(head) if head.is_empty() => return self.text.origin = Origin::new(file),
            Form::Unknown(head) if head.len() >= TELLING => self.settle(),
            _ => {}
        }
        if matches!(self.form, Form::Plain) {
            self.text.goes_on_in(file);
        }
    }

    /// Something is missing here: what stands before and behind does not join.
    pub fn gap(&mut self, gap: Gap) {
        self.wait_no_more();
        if let Gap::Fragments { first, last } = gap {
            self.problem(ProblemKind::MissingFragment, missing_fragments(first, last));
        }
        self.settle();
        let anywhere = gap == Gap::Bytes;
        match &mut self.form {
            Form::Packed(decoder) => {
                let (text, mut faults) = (&mut self.text, Vec::new());
                let _ = decoder.gap(&mut |out| take(text, &mut faults, out));
                self.told(faults);
            }
            Form::Plain | Form::Unknown(_) => {
                if anywhere {
                    self.text.doubt();
                }
                self.text.lose(anywhere);
            }
            Form::Refused | Form::Waits(_) => {}
        }
    }

    /// The member is at its end, which `damage` brought about early. What is decoded at one go is
    /// decoded with `whole`.
    pub fn finish(mut self, damage: Option<Damage>, whole: &mut Whole) -> MemberDigest {
        if damage.is_none() {
            self.decode_whole(whole);
        }
        self.wait_no_more();
        self.settle();
        if let Form::Packed(decoder) = &mut self.form
            && !self.over
        {
            let (text, mut faults) = (&mut self.text, Vec::new());
            let _ = decoder.finish(&mut |out| take(text, &mut faults, out));
            // That it ends early is said by what it lies in, where that does.
            faults.retain(|fault| damage.is_none() || fault.kind != ProblemKind::Truncated);
            self.told(faults);
        }
        let damaged = damage.is_some() || !self.problems.is_empty();
        let limited = self.over || damage.as_ref().is_some_and(|damage| damage.kind == ProblemKind::Limit);
        if let Some(damage) = damage {
            self.problem(damage.kind, damage.text);
        }
        if self.more_problems > 0 {
            let told = format!("{} further problems were counted but not kept", self.more_problems);
            self.problems.push(Problem::new(ProblemKind::Damaged, self.path.as_str(), told));
        }
        let text = self.text.finish(damaged);
        let mut problems = self.problems;
        let told = wrong(&text, problems.is_empty());
        problems.extend(told.into_iter().map(|(kind, text)| Problem::new(kind, self.path.as_str(), text)));
        let whole = problems.is_empty();
        if text.cuts > 0 {
            let limit = self.limits.record_bytes;
            let told = format!(
                "{} records were longer than {limit} bytes (--max-record-bytes) and were cut",
                text.cuts
            );
            problems.push(Problem::new(ProblemKind::Limit, self.path.as_str(), told));
        }
        problems.extend(text.out.problems);
        if limited {
            // What a limit cut off ends early too, and is whole all the same.
            problems.retain(|problem| problem.kind != ProblemKind::Truncated);
        }
        let mut facts = text.out.facts;
        if !whole {
            facts.retain(|fact| !is_of_absence(&fact.value));
        }
        for fact in facts.iter_mut().filter(|fact| fact.source.file.as_str() == self.tree) {
            // A fact about an empty file stands on no line, and its reader knows only the path in the tree.
            fact.source.file = self.path.clone();
        }
        MemberDigest {
            number: 0,
            path: self.path,
            tree: self.tree,
            fragmented: self.fragmented,
            log: text.log,
            bytes: text.bytes,
            whole,
            suspect: self.suspect,
            crc: text.crc,
            scan: text.scan,
            facts,
            problems,
        }
    }

    fn choose(&mut self, head: &[u8]) {
        if let Some(refusal) = codec::refusal(head) {
            self.form = Form::Refused;
            return self.problem(refusal.kind, refusal.text);
        }
        self.form = match codec::file_decoder(sniff::sniff(head), self.window()) {
            Some(decoder) => {
                // Positions in compressed pieces mean nothing: the text is that of the joined target.
                self.text.origin = Origin::new(self.path.clone());
                Form::Packed(decoder)
            }
            None => Form::Plain,
        };
    }

    /// Decodes what came in one piece at one go, where that gives what the decoder of blocks would give and nothing is
    /// wrong with it.
    fn decode_whole(&mut self, whole: &mut Whole) {
        let Form::Waits(stream) = &self.form else { return };
        let Some((text, crc)) = whole.gunzip(stream) else { return };
        let first = stream.len().clamp(1, bundle::BLOCK);
        if !is_within(&self.limits, text.len() as u64, first as u64) || !codec::is_plain(text) {
            return;
        }
        self.text.origin = Origin::new(self.path.clone());
        text.chunks(codec::OUT).for_each(|part| self.text.take(part));
        self.text.crc = Crc::of(crc, text.len() as u64);
        self.form = Form::Plain;
    }

    /// What came in one piece goes to the decoder of blocks.
    fn wait_no_more(&mut self) {
        self.in_one = None;
        if let Form::Waits(stream) = &mut self.form {
            let stream = std::mem::take(stream);
            self.form = Form::Unknown(Vec::new());
            stream.chunks(bundle::BLOCK).for_each(|part| self.part(part));
        }
    }

    /// Bytes that a decoder may ask for. Files in fragments may stay open by the dozen.
    fn window(&self) -> usize {
        self.limits.memory / if self.fragmented { 64 } else { 8 }
    }

    /// Takes what a decoder found wrong.
    fn told(&mut self, faults: Vec<Damage>) {
        for fault in faults {
            let text = match fault.kind {
                ProblemKind::Truncated | ProblemKind::Damaged => {
                    format!("{}; {} decoded bytes were used up to there", fault.text, self.text.bytes)
                }
                _ => fault.text,
            };
            self.problem(fault.kind, text);
        }
    }

    fn decode(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Plain => self.text.push(bytes),
            Form::Packed(decoder) => {
                let (limits, raw) = (self.limits, self.raw.max(1));
                let (text, mut faults) = (&mut self.text, Vec::new());
                let suspect = &mut self.suspect;
                let _ = decoder.push(bytes, &mut |out| {
                    let _ = take(text, &mut faults, out);
                    *suspect |= text.bytes > SHORT_FUSE && text.bytes / raw > limits.ratio;
                    match too_much(&limits, text.bytes, raw) {
                        Some(_) => ControlFlow::Break(()),
                        None => ControlFlow::Continue(()),
                    }
                });
                self.told(faults);
                // What is not packed is held to the limits where it comes from.
                if let Some(told) = too_much(&limits, self.text.bytes, raw) {
                    self.over = true;
                    self.problem(ProblemKind::Limit, told);
                }
            }
            Form::Unknown(_) | Form::Refused | Form::Waits(_) => {}
        }
    }

    fn problem(&mut self, kind: ProblemKind, text: String) {
        if self.problems.len() >= MOST_PROBLEMS {
            self.more_problems += 1;
            return;
        }
        self.problems.push(Problem::new(kind, self.path.as_str(), text));
    }
}

/// Whether `head`, the first bytes of a member, begins a gzip stream that is read.
fn is_gzip(head: &[u8]) -> bool {
    sniff::sniff(head) == Kind::Gzip && codec::refusal(head).is_none()
}

/// Whether a text of `bytes` bytes, of whose stored bytes the first `first` came in at once, reaches no limit on its way
/// and is nowhere taken for a bomb.
fn is_within(limits: &Limits, bytes: u64, first: u64) -> bool {
    let is_small = bytes <= SHORT_FUSE.min(limits.ratio_from);
    bytes <= limits.member_bytes && (is_small || bytes / first <= limits.ratio)
}

/// What is told of a text that grew to `bytes` bytes out of `raw` stored ones, where a limit is reached.
fn too_much(limits: &Limits, bytes: u64, raw: u64) -> Option<String> {
    if bytes > limits.member_bytes {
        let most = limits.member_bytes;
        return Some(format!("longer than {most} bytes (--max-member-bytes); the rest was left out"));
    }
    if bytes > limits.ratio_from && bytes / raw > limits.ratio {
        let most = limits.ratio;
        return Some(format!(
            "it expands more than {most} times (--max-ratio): taken for a decompression bomb, the rest was left out"
        ));
    }
    None
}

/// What the text of a member shows to be wrong with it; `unsaid` where nothing else was found wrong.
fn wrong(text: &Read, unsaid: bool) -> Vec<(ProblemKind, String)> {
    let mut wrong = Vec::new();
    if text.zeros >= MANY_ZEROS {
        let told = format!("its last {} bytes are zeros: what stood there is missing", text.zeros);
        wrong.push((ProblemKind::Truncated, told));
    }
    if text.unknown > 0 && unsaid {
        let told = format!("{} of its lines, of which bytes are missing, were left out", text.unknown);
        wrong.push((ProblemKind::Damaged, told));
    }
    if text.log.is_some() && text.bytes >= LEAST_LOG && text.scan.unparsed == text.scan.records {
        let told = format!(
            "none of its {} records has a header that is known: is it compressed or encrypted in another way, or no log?",
            text.scan.records
        );
        wrong.push((ProblemKind::Unreadable, told));
    }
    wrong
}

/// Whether a fact says that something is not there, which is known only where all of a file was read.
fn is_of_absence(value: &FactValue) -> bool {
    match value {
        // Who is not on the list is not known to the host.
        FactValue::ConfigRead | FactValue::UnicastAgents { .. } | FactValue::VsanNoInterface => true,
        _ => false,
    }
}

/// Takes what a decoder gives.
fn take(text: &mut TextReader<'_>, faults: &mut Vec<Damage>, out: Out<'_>) -> ControlFlow<()> {
    match out {
        Out::Bytes(bytes) => text.push(bytes),
        Out::Gap => {
            text.doubt();
            text.lose(true);
        }
        Out::Fault(fault) => faults.push(fault),
    }
    ControlFlow::Continue(())
}

#[cfg(feature = "native")]
#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut gz = GzEncoder::new(Vec::new(), Compression::default());
        gz.write_all(text).expect("in memory");
        gz.finish().expect("in memory")
    }

    fn log(lines: u32) -> Vec<u8> {
        (0..lines)
            .flat_map(|n| {
                let (minute, second, number) = (n / 60 % 60, n % 60, n.wrapping_mul(2_654_435_761));
                format!("2020-07-01T08:{minute:02}:{second:02}.123Z cpu4:2097705)NMP: a line: {number}\n")
                    .into_bytes()
            })
            .collect()
    }

    /// What is read of `stream`, in blocks of `block` bytes, with a decoder for whole streams of up to `most` bytes.
    fn read(stream: &[u8], block: usize, most: usize, limits: Limits) -> MemberDigest {
        let rules = RuleSet::load::<&std::path::Path>(&[]).expect("the built-in rules");
        let tree = "var/run/log/vmkernel.0.gz";
        let member = Member {
            path: MemberPath::new(tree),
            container: MemberPath::new(""),
            root: MemberPath::new(""),
            tree: tree.to_owned(),
            size: Some(stream.len() as u64),
            fragmented: false,
            doubtful: false,
        };
        let mut reader = MemberReader::new(&member, &rules, limits);
        stream.chunks(block).for_each(|part| drop(reader.push(part.to_vec())));
        reader.finish(None, &mut Whole::new(most))
    }

    /// What is read with and without the decoder of whole streams.
    #[track_caller]
    fn check(what: &str, stream: &[u8], limits: Limits) {
        let native = read(stream, stream.len(), 64 << 20, limits);
        let pure = read(stream, bundle::BLOCK, 0, limits);
        assert_eq!(format!("{native:?}"), format!("{pure:?}"), "{what}");
    }

    #[test]
    fn whole_streams_are_decoded_at_one_go() {
        let text = log(3000);
        let mut whole = Whole::new(64 << 20);
        assert_eq!(whole.gunzip(&packed(&text)).map(|(own, _)| own), Some(&text[..]));
        let read = read(&packed(&text), usize::MAX, 64 << 20, Limits::default());
        assert!(read.whole && read.bytes == text.len() as u64 && read.scan.records == 3000);
    }

    #[test]
    fn it_is_the_same_with_and_without_the_native_decoder() {
        let (text, limits) = (log(6000), Limits::default());
        let whole = packed(&text);
        check("whole", &whole, limits);
        check("empty", &packed(b""), limits);
        check("short", &packed(b"x"), limits);
        check("several members", &[&whole[..], &packed(&log(50))].concat(), limits);
        check("the same member twice", &whole.repeat(2), limits);
        check("padding", &[&whole[..], &[0; 700]].concat(), limits);
        check("other data behind", &[&whole[..], b"and more"].concat(), limits);
        check("the trailer twice", &[&whole[..], &whole[whole.len() - 8..]].concat(), limits);
        check("compressed again", &packed(&whole), limits);
        check("zeros", &packed(&[0; 5000]), limits);
        check("an archive in place of a file", &packed(&[&b"PK\x03\x04"[..], &text].concat()), limits);
        for part in 1..16 {
            let at = whole.len() * part / 16;
            check("cut", &whole[..at], limits);
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            check("flipped", &damaged, limits);
            let mut holed = whole.clone();
            holed.drain(at..(at + 3000).min(whole.len()));
            check("holed", &holed, limits);
        }
        for at in 1..9 {
            let mut damaged = whole.clone();
            damaged[whole.len() - at] ^= 1;
            check("another trailer", &damaged, limits);
        }
    }

    #[test]
    fn limits_are_met_at_the_same_place() {
        let text = log(6000);
        let whole = packed(&text);
        for limits in [
            Limits { member_bytes: 100_000, ..Limits::default() },
            Limits { ratio: 2, ratio_from: 1000, ..Limits::default() },
            Limits { record_bytes: 5000, ..Limits::default() },
            Limits { record_bytes: 40, ..Limits::default() },
        ] {
            check("limited", &whole, limits);
        }
        // Records that are cut are cut at the same bytes.
        let long =
            [&text[..], b"2020-07-01T09:00:00.123Z cpu4:2097705)NMP: ", &vec![b'x'; 300_000], &text].concat();
        check("a long record", &packed(&long), Limits { record_bytes: 100_000, ..Limits::default() });
        check("a bomb", &packed(&vec![b'x'; 40 << 20]), Limits { ratio_from: 1 << 20, ..Limits::default() });
        check("a bomb that is suspect only", &packed(&vec![b'x'; 40 << 20]), Limits::default());
    }

    #[test]
    fn a_stream_in_one_piece_with_more_behind_it_is_read_all_the_same() {
        let rules = RuleSet::load::<&std::path::Path>(&[]).expect("the built-in rules");
        let whole = packed(&log(6000));
        let member = Member {
            path: MemberPath::new("vmkernel.0.gz"),
            container: MemberPath::new(""),
            root: MemberPath::new(""),
            tree: "var/run/log/vmkernel.0.gz".to_owned(),
            size: Some(whole.len() as u64),
            fragmented: false,
            doubtful: false,
        };
        let read = |more: &dyn Fn(&mut MemberReader<'_>), block: usize, damage: Option<Damage>| {
            let mut reader = MemberReader::new(&member, &rules, Limits::default());
            whole.chunks(block).for_each(|part| drop(reader.push(part.to_vec())));
            more(&mut reader);
            format!("{:?}", reader.finish(damage, &mut Whole::new(64 << 20)))
        };
        let early = Damage { kind: ProblemKind::Truncated, text: "it ends early".to_owned() };
        let gap = |reader: &mut MemberReader<'_>| reader.gap(Gap::Bytes);
        let more = |reader: &mut MemberReader<'_>| drop(reader.push(packed(&log(50))));
        let blocks = whole.len() / 3;
        assert_eq!(read(&gap, whole.len(), None), read(&gap, blocks, None));
        assert_eq!(read(&more, whole.len(), None), read(&more, blocks, None));
        assert_eq!(read(&|_| {}, whole.len(), Some(early.clone())), read(&|_| {}, blocks, Some(early)));
        assert!(read(&more, whole.len(), None).contains("records: 6050"));
    }
}
