//! Dumps of the cluster's directory (CMMDS): which node has which name, address and maintenance state, and how many
//! entries of each type there are.
//!
//! A dump has a hundred megabytes and more, and its layout differs by tool: it is read word by word, and only the entry
//! that is being read is held. What an entry of another type says is not looked at.

mod entry;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::entry::{CmmdsEntry, CmmdsKind};
use self::entry::{Entry, Pairs};
use super::super::text::{Anchor, MAX_ENTRIES, is_uuid};
use super::super::{Fact, FactFile, FactValue, Line, Output, Reader, Sample, output_of};
use super::lexer::{Lexer, Token};
use crate::model::{Problem, ProblemKind, Source};

/// The outputs of `cmmds-tool find` and `cmmds-tool readdump`, as JSON or as a Python literal.
pub static CMMDS: FactFile = FactFile {
    name: "cmmds-dump",
    about: "Names, addresses and maintenance states of the nodes in the vSAN directory",
    matches: |path| {
        output_of(path).is_some_and(|name| {
            let dump = name.contains("_find") || name.contains("_readdump");
            name.starts_with("cmmds_tool_") && dump && (name.contains("_json") || name.contains("_python"))
        })
    },
    reader: |_| Box::new(Dump::default()),
    samples: SAMPLES,
};

/// How deep brackets may nest before the text is taken for garbage and read afresh.
const MAX_DEPTH: usize = 256;

/// The most types that are counted; there are some sixty.
const MAX_TYPES: usize = 256;

/// How many entries of one type the directory has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CmmdsCount {
    /// `DISK`, `DOM_OBJECT`, `LSOM_OBJECT`, …
    pub kind: String,
    /// How many there are.
    pub entries: u64,
    /// How many of them say another health than `Healthy`.
    pub unhealthy: u64,
}

#[derive(Default)]
struct Dump {
    lexer: Lexer,
    pairs: Pairs,
    frames: Vec<Frame>,
    /// Number of the line above, and the offset behind it.
    above: Option<(u64, u64)>,
    first: Option<Anchor>,
    types: BTreeMap<String, (u64, u64)>,
    /// Whether the list of entries was closed behind the last one.
    closed: bool,
    lost: bool,
    /// Entries that are not whole, and where the first stands.
    broken: u64,
    broken_at: Option<Source>,
    facts: usize,
}

enum Frame {
    /// An object that may be an entry.
    Entry(Box<Entry>),
    List,
    /// A bracket inside an entry's content.
    Content(u8),
}

impl Frame {
    fn open(&self) -> u8 {
        match self {
            Frame::Entry(_) => b'{',
            Frame::List => b'[',
            Frame::Content(open) => *open,
        }
    }

    fn is_entry(&self) -> bool {
        matches!(self, Frame::Entry(entry) if entry.is_one())
    }
}

impl Reader for Dump {
    /// ```text
    /// {
    ///    "uuid": "5f0a1b2c-3d4e-5f60-7182-0050568a0001",
    ///    "health": "Healthy",
    ///    "type": "HOSTNAME",
    ///    "content": {"hostname": "esx01.lab.local"},
    /// },
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        // A line beyond the limit of records arrives in pieces that have its number. A line ending may hide between them.
        let goes_on = self.above.is_some_and(|(number, end)| number == line.number && line.offset <= end + 1);
        if !goes_on {
            self.end_line(&line, out);
        }
        self.above = Some((line.number, line.offset + line.bytes.len() as u64));
        let mut lexer = std::mem::take(&mut self.lexer);
        let mut at = 0;
        while let Some(token) = lexer.next(line.bytes, &mut at) {
            self.token(token, &line, at, out);
        }
        self.lexer = lexer;
    }

    /// Whose fields follow is not known behind missing lines.
    fn gap(&mut self) {
        (self.lexer, self.pairs, self.above) = Default::default();
        self.frames.clear();
        (self.lost, self.closed) = (true, false);
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(source) = self.broken_at.take() {
            let text = format!("{} entries are not whole and were left out", self.broken);
            out.problems.push(Problem::new(ProblemKind::Unparsed, source.file.as_str(), text));
        }
        let Some(first) = self.first.take() else { return };
        if !self.closed && !self.frames.is_empty() {
            out.problems.push(
                first.problem(ProblemKind::Truncated, "ends inside the list of the directory's entries"),
            );
        }
        if self.facts > MAX_ENTRIES {
            let text = format!("more than {MAX_ENTRIES} entries tell of nodes; the rest was left out");
            out.problems.push(first.problem(ProblemKind::Limit, text));
        }
        let count = |(kind, (entries, unhealthy))| CmmdsCount { kind, entries, unhealthy };
        let types = std::mem::take(&mut self.types).into_iter().map(count).collect();
        let whole = self.closed && !self.lost && self.broken == 0;
        out.facts.push(first.fact(FactValue::CmmdsCounts { types, whole }));
    }
}

impl Dump {
    /// The line above is at its end.
    fn end_line(&mut self, line: &Line<'_>, out: &mut Output) {
        let mut lexer = std::mem::take(&mut self.lexer);
        let (token, cut) = lexer.end_line();
        if let Some(token) = token {
            self.token(token, line, 0, out);
        }
        if cut {
            // What the string would have said is not known, and no other one says it.
            self.pairs.clear();
        }
        self.lexer = lexer;
    }

    fn token(&mut self, token: Token<'_>, line: &Line<'_>, at: usize, out: &mut Output) {
        match token {
            Token::Open(open) => self.open(open, line),
            Token::Close(close) => self.close(if close == b'}' { b'{' } else { b'[' }, line, out),
            Token::Colon => self.pairs.colon(),
            Token::Comma => self.pairs.clear(),
            Token::Text(text) => {
                let key = self.pairs.text(&text);
                self.text(key.as_deref(), &text, line, at);
            }
        }
    }

    fn open(&mut self, open: u8, line: &Line<'_>) {
        let key = self.pairs.key.take();
        self.pairs.clear();
        if self.frames.len() >= MAX_DEPTH {
            self.frames.clear();
            self.lost = true;
        }
        if open == b'{' && key.is_none() && matches!(self.frames.last(), Some(Frame::Entry(_))) {
            // No object holds another without a key: what closed the entry is missing.
            if self.frames.pop().is_some_and(|frame| frame.is_entry()) {
                self.broken(line);
            }
        }
        let content = match self.frames.last() {
            Some(Frame::Content(_)) => true,
            Some(Frame::Entry(_)) => key.as_deref() == Some(b"content"),
            _ => false,
        };
        self.frames.push(match open {
            open if content => Frame::Content(open),
            b'{' => Frame::Entry(Box::default()),
            _ => Frame::List,
        });
    }

    /// Closes the innermost bracket of that sort, with all that was left open inside it.
    fn close(&mut self, open: u8, line: &Line<'_>, out: &mut Output) {
        self.pairs.clear();
        let Some(index) = self.frames.iter().rposition(|frame| frame.open() == open) else { return };
        let left_open = self.frames.split_off(index + 1);
        let frame = self.frames.pop();
        if left_open.iter().any(Frame::is_entry) {
            self.broken(line);
        }
        match frame {
            Some(Frame::Entry(entry)) if entry.is_one() => self.entry(*entry, line, out),
            Some(Frame::List) => self.closed = self.first.is_some(),
            _ => {}
        }
    }

    fn broken(&mut self, line: &Line<'_>) {
        self.broken += 1;
        self.broken_at.get_or_insert_with(|| line.source());
    }

    /// A value, or a lone word of a list.
    fn text(&mut self, key: Option<&[u8]>, text: &[u8], line: &Line<'_>, at: usize) {
        let in_content = matches!(self.frames.last(), Some(Frame::Content(_)));
        let in_entry = matches!(self.frames.last(), Some(Frame::Entry(_)));
        let entry = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Entry(entry) => Some(entry),
            Frame::List | Frame::Content(_) => None,
        });
        let Some(entry) = entry else { return };
        if in_content {
            let told = entry.content(key.unwrap_or_default(), text);
            if told {
                entry.told_by(line, at);
            }
        } else if let Some(key) = key.filter(|_| in_entry) {
            entry.field(key, text, line, at);
        }
    }

    /// Counts a whole entry, and gives what it says of a node.
    fn entry(&mut self, entry: Entry, line: &Line<'_>, out: &mut Output) {
        let kind = entry.kind.as_deref().filter(|kind| is_type(kind));
        let (Some(kind), Some(uuid), false) = (kind, &entry.uuid, entry.two) else {
            return self.broken(line);
        };
        if !is_uuid(uuid) {
            return self.broken(line);
        }
        let (source, text) = (entry.source.clone().unwrap_or_else(|| line.source()), entry.evidence());
        self.closed = false;
        self.first.get_or_insert_with(|| Anchor::at(source.clone(), &text));
        if self.types.len() >= MAX_TYPES && !self.types.contains_key(kind) {
            self.lost = true;
        } else {
            let count = self.types.entry(kind.to_owned()).or_default();
            count.0 += 1;
            count.1 += u64::from(
                entry.health.as_deref().is_some_and(|health| !health.eq_ignore_ascii_case("healthy")),
            );
        }
        let Some(kind) = CmmdsKind::of(kind) else { return };
        match entry.told(kind) {
            Some(value) => {
                self.facts += 1;
                if self.facts <= MAX_ENTRIES {
                    out.facts.push(Fact { value: FactValue::CmmdsEntry(value), source, text });
                }
            }
            None => self.broken(line),
        }
    }
}

/// `DOM_OBJECT`
fn is_type(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (2..=64).contains(&text.len()) && text.bytes().all(plain)
}

const SAMPLES: &[Sample] = &[
    // JSON, the content an object.
    Sample {
        path: "commands/cmmds-tool_-f-json-readdump--p--d-scratchlogcmmdsdump.txt",
        text: "warning: can't open {x\n{\n   \"entries\":\n[\n{\n   \"uuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\",\n   \
               \"owner\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\",\n   \"health\": \"Healthy\",\n   \"revision\": \"12\",\n   \
               \"type\": \"HOSTNAME\",\n   \"flag\": \"2\",\n   \"minHostVersion\": \"0\",\n   \
               \"md5sum\": \"00000000000000000000000000000001\",\n   \"valueLen\": \"32\",\n   \
               \"content\": {\"hostname\": \"esx01.lab.local\"},\n   \"errorStr\": \"(null)\"\n}\n,{\n   \
               \"uuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\",\n   \"owner\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\",\n   \
               \"health\": \"Unhealthy\",\n   \"revision\": \"3\",\n   \"type\": \"NODE_DECOM_STATE\",\nError: amid\n   \
               \"content\": {\"decomState\": 6, \"decomJobType\": 0, \"decomJobUuid\": \"00000000-0000-0000-0000-000000000000\"},\n   \
               \"errorStr\": \"(null)\"\n}\n,{\n   \"uuid\": \"52b9cafe-0000-0000-0000-0050568a0001\",\n   \
               \"owner\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\",\n   \"health\": \"Healthy\",\n   \"revision\": \"1\",\n   \
               \"type\": \"DISK\",\n   \"content\": {\"capacity\": 107, \"hostname\": \"no\", \"list\": [\"10.9.9.9\"]},\n   \
               \"errorStr\": \"(null)\"\n}\n]\n}\nTraceback (most recent call last):\n",
        facts: &[
            r#"{"fact":"cmmds-entry","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","kind":"host-name","interface":null,"health":"Healthy","revision":12,"hostname":"esx01.lab.local","address":null,"decom_state":null}"#,
            r#"{"fact":"cmmds-entry","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","kind":"decom-state","interface":null,"health":"Unhealthy","revision":3,"hostname":null,"address":null,"decom_state":6}"#,
            r#"{"fact":"cmmds-counts","types":[{"kind":"DISK","entries":1,"unhealthy":0},{"kind":"HOSTNAME","entries":1,"unhealthy":0},{"kind":"NODE_DECOM_STATE","entries":1,"unhealthy":1}],"whole":true}"#,
        ],
    },
    // A Python literal, the content a string with JSON; a comma behind the last entry.
    Sample {
        path: "commands/cmmds-tool_find--f-python.txt",
        text: "[\n{\n   \"uuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\",\n   \
               \"owner\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\",\n   \"health\": \"Healthy\",\n   \"revision\": \"0\",\n   \
               \"type\": \"NODE\",\n   \"content\": \"{\\\"capabilities\\\": [1, 2]}\",\n   \"errorStr\": \"(null)\"\n},\n{\n   \
               \"uuid\": \"f2ba0454-c847-9435-5fcd-0050568a0001\",\n   \"owner\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\",\n   \
               \"health\": \"Healthy\",\n   \"revision\": \"2\",\n   \"type\": \"NET_INTERFACE\",\n   \
               \"content\": \"{\\\"addrs\\\": [\\\"10.0.0.1\\\", \\\"255.255.255.0\\\", \\\"224.2.3.4\\\"]}\",\n   \
               \"errorStr\": \"(null)\"\n},\n]\n",
        facts: &[
            r#"{"fact":"cmmds-entry","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","kind":"node","interface":null,"health":"Healthy","revision":0,"hostname":null,"address":null,"decom_state":null}"#,
            r#"{"fact":"cmmds-entry","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","kind":"net-interface","interface":"f2ba0454-c847-9435-5fcd-0050568a0001","health":"Healthy","revision":2,"hostname":null,"address":"10.0.0.1","decom_state":null}"#,
            r#"{"fact":"cmmds-counts","types":[{"kind":"NET_INTERFACE","entries":1,"unhealthy":0},{"kind":"NODE","entries":1,"unhealthy":0}],"whole":true}"#,
        ],
    },
    // All on one line, with quotes of both sorts and the content before the type.
    Sample {
        path: "commands/cmmds-tool_find--f-json.txt",
        text: "{'entries': [{u'content': u\"{'hostname': 'esx01'}\", u'uuid': u'5f0a1b2c-3d4e-5f60-7182-0050568a0001', \
               u'health': u'Healthy', u'revision': 7, u'type': u'HOSTNAME'}]}",
        facts: &[
            r#"{"fact":"cmmds-entry","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","kind":"host-name","interface":null,"health":"Healthy","revision":7,"hostname":"esx01","address":null,"decom_state":null}"#,
            r#"{"fact":"cmmds-counts","types":[{"kind":"HOSTNAME","entries":1,"unhealthy":0}],"whole":true}"#,
        ],
    },
    // Cut inside the second entry.
    Sample {
        path: "commands/cmmds-tool_find--f-python.txt",
        text: "[\n{\n   \"uuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\",\n   \"health\": \"Healthy\",\n   \
               \"type\": \"HOSTNAME\",\n   \"content\": \"{\\\"hostname\\\": \\\"esx01\\\"}\",\n   \"errorStr\": \"(null)\"\n},\n{\n   \
               \"uuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\",\n   \"type\": \"HOSTNAME\",\n   \
               \"content\": \"{\\\"hostname\\\": \\\"es",
        facts: &[
            r#"{"fact":"cmmds-entry","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","kind":"host-name","interface":null,"health":"Healthy","revision":null,"hostname":"esx01","address":null,"decom_state":null}"#,
            r#"{"fact":"cmmds-counts","types":[{"kind":"HOSTNAME","entries":1,"unhealthy":0}],"whole":false}"#,
        ],
    },
    Sample {
        path: "commands/cmmds-tool_find--f-python.txt",
        text: "Failed to open vmkernel interface: [Errno 2] No such file\n",
        facts: &[],
    },
];

#[cfg(test)]
mod tests;
