//! One member, read as its bytes arrive: decoded, cut into records, fed to the matcher and the fact readers.

use flate2::Crc;

use super::MemberCoverage;
use crate::bundle::gunzip::Gunzip;
use crate::bundle::sniff::{self, Kind};
use crate::bundle::{Damage, Limits, Member, tree};
use crate::fact::{self, Fact, FactValue, Line, Output, Reader};
use crate::format;
use crate::model::{MemberPath, Problem, ProblemKind};
use crate::record::{Origin, Records, Stretch};
use crate::rule::{RuleSet, Scan, Scanner};

/// Whether the member at `path` of a bundle's tree holds anything that is read.
pub fn wants(path: &str) -> bool {
    let target = tree::fragment(path).map_or(path, |(target, _)| target);
    format::of_path(target).is_some() || fact::of_path(plain(target)).next().is_some()
}

/// A path without the ending of a compression.
fn plain(path: &str) -> &str {
    path.strip_suffix(".gz").unwrap_or(path)
}

/// What one member gave.
#[derive(Debug)]
pub struct MemberDigest {
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
    /// CRC-32 of the decoded bytes.
    pub crc: u32,
    /// Events and counts.
    pub scan: Scan,
    /// Facts.
    pub facts: Vec<Fact>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

impl MemberDigest {
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
            problems: self.problems.clone(),
        }
    }
}

/// Reads one member as its bytes arrive.
pub struct MemberReader<'r> {
    path: MemberPath,
    tree: String,
    fragmented: bool,
    limits: Limits,
    decoder: Decoder,
    raw: u64,
    text: TextReader<'r>,
    problems: Vec<Problem>,
    over: bool,
}

enum Decoder {
    /// The first bytes are awaited.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<Gunzip>),
    /// A form that is not read; said once.
    Refused,
}

impl<'r> MemberReader<'r> {
    /// A reader for `member`; for a fragment, one for the whole of its target.
    pub fn new(member: &Member, rules: &'r RuleSet, limits: Limits) -> Self {
        let fragment = tree::fragment(&member.tree).map(|(target, _)| target.to_owned());
        let fragmented = fragment.is_some();
        let tree = fragment.unwrap_or_else(|| member.tree.clone());
        let path = match tree::fragment(member.path.as_str()) {
            Some((target, _)) => MemberPath::new(target),
            None => member.path.clone(),
        };
        let text = TextReader::new(&tree, member.path.clone(), rules, limits.record_bytes);
        let decoder = Decoder::Unknown(Vec::new());
        MemberReader {
            path,
            tree,
            fragmented,
            limits,
            decoder,
            raw: 0,
            text,
            problems: Vec::new(),
            over: false,
        }
    }

    /// Takes the next bytes, as stored.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.over {
            return;
        }
        self.raw += bytes.len() as u64;
        let held;
        let bytes = match &mut self.decoder {
            Decoder::Unknown(head) => {
                head.extend_from_slice(bytes);
                if head.len() < 8 {
                    return;
                }
                held = std::mem::take(head);
                self.choose(&held);
                &held[..]
            }
            _ => bytes,
        };
        self.decode(bytes);
    }

    /// What follows comes from the next fragment, `file`.
    pub fn piece(&mut self, file: MemberPath) {
        match &self.decoder {
            Decoder::Plain => self.text.goes_on_in(file),
            // The first fragment to come need not be the first of the file.
            Decoder::Unknown(head) if head.is_empty() => self.text.origin = Origin::new(file),
            _ => {}
        }
    }

    /// Fragments are missing here: what stands before and behind does not join.
    pub fn gap(&mut self, first: u32, last: u32) {
        let which = if first == last {
            format!("fragment {first} is")
        } else {
            format!("fragments {first} to {last} are")
        };
        let text = format!("{which} missing; what stands before and behind was used");
        self.problem(ProblemKind::MissingFragment, text);
        self.text.break_here();
    }

    /// The member is at its end, which `damage` brought about early.
    pub fn finish(mut self, damage: Option<Damage>) -> MemberDigest {
        if let Decoder::Unknown(head) = &mut self.decoder {
            let head = std::mem::take(head);
            self.choose(&head);
            self.decode(&head);
        }
        if let Decoder::Gzip(gunzip) = &self.decoder
            && let Some(wrong) = gunzip.finish()
            && !self.over
        {
            let early = wrong.contains("early");
            let kind = if early { ProblemKind::Truncated } else { ProblemKind::Damaged };
            let text = format!("{wrong}; {} decoded bytes before it were used", self.text.bytes);
            self.problem(kind, text);
        }
        if let Some(damage) = damage {
            self.problem(damage.kind, damage.text);
        }
        let mut problems = self.problems;
        let text = self.text.finish();
        if text.cuts > 0 {
            let told = format!(
                "{} records were longer than {} bytes and were cut",
                text.cuts, self.limits.record_bytes
            );
            problems.push(Problem::new(ProblemKind::Limit, self.path.as_str(), told));
        }
        let cut = !problems.is_empty();
        problems.extend(text.out.problems);
        let mut facts = text.out.facts;
        if cut {
            // What a file does not hold is known only where all of it was read.
            let of_absence = |fact: &Fact| match &fact.value {
                FactValue::ConfigRead => true,
                FactValue::UnicastAgents { agents } => agents.is_empty(),
                _ => false,
            };
            facts.retain(|fact| !of_absence(fact));
        }
        for fact in facts.iter_mut().filter(|fact| fact.source.file.as_str() == self.tree) {
            // A fact about an empty file stands on no line, and its reader knows only the path in the tree.
            fact.source.file = self.path.clone();
        }
        MemberDigest {
            path: self.path,
            tree: self.tree,
            fragmented: self.fragmented,
            log: text.log,
            bytes: text.bytes,
            crc: text.crc,
            scan: text.scan,
            facts,
            problems,
        }
    }

    fn choose(&mut self, head: &[u8]) {
        let refused = match sniff::sniff(head) {
            Kind::Gzip => {
                // Positions in compressed pieces mean nothing: the text is that of the joined target.
                self.text.origin = Origin::new(self.path.clone());
                self.decoder = Decoder::Gzip(Box::default());
                return;
            }
            Kind::Zstd => "zstd",
            Kind::Bzip2 => "bzip2",
            Kind::Xz => "xz",
            Kind::Zip => "zip",
            _ => {
                self.decoder = Decoder::Plain;
                return;
            }
        };
        self.decoder = Decoder::Refused;
        self.problem(ProblemKind::Unreadable, format!("it is compressed with {refused}, which is not read"));
    }

    fn decode(&mut self, bytes: &[u8]) {
        match &mut self.decoder {
            Decoder::Plain => self.text.push(bytes),
            Decoder::Gzip(gunzip) => gunzip.push(bytes, &mut |decoded| self.text.push(decoded)),
            Decoder::Unknown(_) | Decoder::Refused => {}
        }
        let bytes = self.text.bytes;
        let (limits, raw) = (self.limits, self.raw.max(1));
        if bytes > limits.member_bytes {
            self.over = true;
            self.problem(
                ProblemKind::Limit,
                format!("longer than {} bytes; the rest was left out", limits.member_bytes),
            );
        } else if bytes > limits.ratio_from && bytes / raw > limits.ratio {
            self.over = true;
            let text = format!("it expands more than {} times: taken for a decompression bomb", limits.ratio);
            self.problem(ProblemKind::Limit, text);
        }
    }

    fn problem(&mut self, kind: ProblemKind, text: String) {
        self.problems.push(Problem::new(kind, self.path.as_str(), text));
    }
}

/// Decoded text on its way into the matcher and the fact readers.
struct TextReader<'r> {
    log: Option<&'static str>,
    origin: Origin,
    records: Records,
    scanner: Option<Scanner<'r>>,
    readers: Vec<Box<dyn Reader>>,
    out: Output,
    bytes: u64,
    crc: Crc,
}

struct Read {
    log: Option<&'static str>,
    scan: Scan,
    out: Output,
    bytes: u64,
    crc: u32,
    cuts: u64,
}

impl<'r> TextReader<'r> {
    fn new(tree: &str, file: MemberPath, rules: &'r RuleSet, limit: usize) -> Self {
        let log = format::of_path(tree).map(|format| format.name);
        let starts: fn(&[u8]) -> bool = if log.is_some() { format::starts_record } else { |_| true };
        let path = plain(tree);
        TextReader {
            log,
            origin: Origin::new(file),
            records: Records::new(starts, limit),
            scanner: log.map(|log| Scanner::new(rules, log)),
            readers: fact::of_path(path).map(|file| (file.reader)(path)).collect(),
            out: Output::default(),
            bytes: 0,
            crc: Crc::new(),
        }
    }

    fn push(&mut self, text: &[u8]) {
        self.bytes += text.len() as u64;
        self.crc.update(text);
        let mut take = Take {
            origin: &self.origin,
            scanner: &mut self.scanner,
            readers: &mut self.readers,
            out: &mut self.out,
        };
        self.records.push(text, &mut |stretch| take.stretch(stretch));
    }

    fn goes_on_in(&mut self, file: MemberPath) {
        let (line, offset) = self.records.position();
        self.origin.goes_on_in(file, line, offset);
    }

    fn break_here(&mut self) {
        let mut take = Take {
            origin: &self.origin,
            scanner: &mut self.scanner,
            readers: &mut self.readers,
            out: &mut self.out,
        };
        self.records.finish(&mut |stretch| take.stretch(stretch));
    }

    fn finish(mut self) -> Read {
        self.break_here();
        for reader in &mut self.readers {
            reader.end(&mut self.out);
        }
        Read {
            log: self.log,
            scan: self.scanner.map(Scanner::finish).unwrap_or_default(),
            out: self.out,
            bytes: self.bytes,
            crc: self.crc.sum(),
            cuts: self.records.cuts(),
        }
    }
}

/// The parts of a [`TextReader`] that a stretch goes to.
struct Take<'a, 'r> {
    origin: &'a Origin,
    scanner: &'a mut Option<Scanner<'r>>,
    readers: &'a mut Vec<Box<dyn Reader>>,
    out: &'a mut Output,
}

impl Take<'_, '_> {
    fn stretch(&mut self, stretch: Stretch<'_>) {
        if !self.readers.is_empty() {
            for (bytes, line, offset) in stretch.lines() {
                let source = self.origin.locate(line, offset);
                let line = Line { file: &source.file, number: source.line, offset: source.offset, bytes };
                for reader in self.readers.iter_mut() {
                    reader.line(line, self.out);
                }
            }
        }
        if let Some(scanner) = self.scanner {
            scanner.stretch(stretch, self.origin);
        }
    }
}
