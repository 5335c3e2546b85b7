//! The dump of the host's objects: what its CPU can do, before and after EVC masks.
//!
//! The text is tokenised, not matched line by line: its layout differs by version and tool, from one element a
//! line to everything on one. What VMs require is not read from here, as the dump does not name the VM reliably.

use std::collections::{BTreeSet, VecDeque};

use super::feature::number;
use super::text::{MAX_ENTRIES, cut};
use super::{Fact, FactFile, FactValue, Line, Output, Reader, Sample, command_of};
use crate::model::{Problem, ProblemKind, Source};

/// `vmware-vimdump` and `vim-cmd hostsvc/hostconfig`.
pub static VIMDUMP: FactFile = FactFile {
    name: "vimdump",
    about: "CPU features that the host offers, before and after masks",
    matches: |path| {
        command_of(path).is_some_and(|name| {
            name.starts_with("vmware_vimdump")
                || name.starts_with("vimdump")
                || (name.contains("hostsvc") && name.contains("hostconfig"))
        })
    },
    reader: |_| Box::new(Dump::default()),
    samples: SAMPLES,
};

/// Lines of one element that are held for its evidence.
const ELEMENT_LINES: usize = 8;
/// How deep brackets may nest before the text is taken for garbage and read afresh.
const MAX_DEPTH: usize = 256;

/// How many lines a string may span: annotations do, a stray quote would swallow the rest of the dump.
const MAX_STRING_LINES: u32 = 200;

/// The most bytes of a name, type or value that are kept.
const MAX_WORD: usize = 256;

#[derive(Default)]
struct Dump {
    /// The string that was not closed on its line.
    open: Option<OpenString>,
    /// The word that may turn out to be a name before `=`.
    word: Vec<u8>,
    /// The name before `=` whose value comes next.
    name: Option<Vec<u8>>,
    /// The type in parentheses before a value.
    kind: Vec<u8>,
    frames: Vec<Frame>,
    seen: BTreeSet<(bool, String, u64)>,
    counts: [usize; 2],
    unparsed: bool,
    last: Option<Source>,
    /// The last lines inside a list, with their numbers.
    recent: VecDeque<(u64, String)>,
}

struct OpenString {
    mark: u8,
    text: Vec<u8>,
    lines: u32,
}

struct Frame {
    open: u8,
    what: What,
}

enum What {
    Other,
    /// An EVC mode: its lists have the host's names and are not the host's.
    Mode,
    /// `featureCapability`, or `maskedFeatureCapability` where true.
    List(bool),
    Element(Element),
}

/// One element of a list, as far as it was read.
struct Element {
    masked: bool,
    key: Option<Field>,
    value: Option<Field>,
}

struct Field {
    text: String,
    source: Source,
    /// The line from here on, for the evidence.
    line: String,
}

impl Reader for Dump {
    /// ```text
    /// featureCapability = (vim.host.FeatureCapability) [
    ///    (vim.host.FeatureCapability) {
    ///       key = 'cpuid.MDCLEAR',
    ///       featureName = 'cpuid.MDCLEAR',
    ///       value = '0'
    ///    },
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if self.in_list() {
            // An element's key and value stand a few lines apart; evidence shows them as they stand.
            if self.recent.len() == ELEMENT_LINES {
                self.recent.pop_front();
            }
            self.recent.push_back((line.number, line.excerpt()));
        }
        let mut at = self.resume(&line);
        self.kind.clear();
        while at < line.bytes.len() {
            at = self.token(&line, at, out);
        }
        if self.in_list() {
            self.last = Some(line.source());
        }
    }

    /// Whose list it is in is not known behind missing lines, nor whose key a value is of.
    fn gap(&mut self) {
        let (seen, counts, unparsed) = (std::mem::take(&mut self.seen), self.counts, self.unparsed);
        *self = Dump { seen, counts, unparsed, ..Dump::default() };
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(last) = self.last.take().filter(|_| self.in_list()) {
            let text = "ends inside a list of CPU features";
            out.problems.push(Problem::new(ProblemKind::Truncated, last.file.as_str(), text));
        }
    }
}

impl Dump {
    fn in_list(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame.what, What::List(_)))
    }

    /// Goes on with a string of the lines before; gives where the rest of this line begins.
    fn resume(&mut self, line: &Line<'_>) -> usize {
        let Some(mut open) = self.open.take() else { return 0 };
        open.lines += 1;
        if open.lines > MAX_STRING_LINES || is_structure(line.bytes) {
            // A stray quote, not a string: what it swallowed was no value.
            self.name = None;
            return 0;
        }
        self.string(line, 0, open)
    }

    /// The lines from `first` to `last` as they stand; of an element too long to be held only these two.
    fn between(&self, first: &Field, last: &Field) -> String {
        let (from, to) = (first.source.line, last.source.line);
        if !self.recent.iter().any(|(number, _)| *number == from) {
            let gap = if from + 1 == to { "\n" } else { "\n…\n" };
            return [first.line.as_str(), last.line.as_str()].join(gap);
        }
        let lines = self.recent.iter().filter(|(number, _)| (from..=to).contains(number));
        lines.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Reads the token at `at` and gives where the next begins.
    fn token(&mut self, line: &Line<'_>, at: usize, out: &mut Output) -> usize {
        let bytes = line.bytes;
        match bytes[at] {
            // A lone `)` belongs to no type.
            byte if byte.is_ascii_whitespace() || byte == b')' => {}
            b'(' => return self.type_name(bytes, at + 1),
            open @ (b'{' | b'[') => self.open_frame(open),
            b'}' => self.close_frame(b'{', line, out),
            b']' => self.close_frame(b'[', line, out),
            b',' => {
                self.name = None;
                self.word.clear();
            }
            b'=' => self.name = Some(std::mem::take(&mut self.word)),
            mark @ (b'"' | b'\'') => {
                return self.string(line, at + 1, OpenString { mark, text: Vec::new(), lines: 0 });
            }
            _ => return self.bare(line, at),
        }
        at + 1
    }

    /// `(vim.host.FeatureCapability)`; a type never spans lines.
    fn type_name(&mut self, bytes: &[u8], from: usize) -> usize {
        let end = memchr::memchr(b')', &bytes[from..]).map_or(bytes.len(), |len| from + len);
        self.kind.clear();
        self.kind.extend_from_slice(&bytes[from..end.min(from + MAX_WORD)]);
        end + 1
    }

    /// A string from `from` on: up to its closing quote, or left open for the next line.
    ///
    /// `vim-cmd` does not escape quotes inside strings: one with a letter behind it does not close.
    fn string(&mut self, line: &Line<'_>, from: usize, mut string: OpenString) -> usize {
        let bytes = line.bytes;
        let mut at = from;
        while at < bytes.len() {
            let mut byte = bytes[at];
            if byte == b'\\' && at + 1 < bytes.len() {
                at += 1;
                byte = bytes[at];
            } else if byte == string.mark && !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
                self.value(&string.text, line, from.saturating_sub(1));
                return at + 1;
            }
            if string.text.len() < MAX_WORD {
                string.text.push(byte);
            }
            at += 1;
        }
        self.open = Some(string);
        bytes.len()
    }

    /// `key`, `<unset>`, `true`, `12`, and the `u` of `u'text'`.
    fn bare(&mut self, line: &Line<'_>, at: usize) -> usize {
        let bytes = line.bytes;
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{}[](),=".contains(byte);
        let end = bytes[at..].iter().position(ends).map_or(bytes.len(), |len| at + len);
        let word = &bytes[at..end];
        if matches!(word, [b'u' | b'b', b'\'' | b'"', ..]) {
            return at + 1;
        }
        let word = &word[..word.len().min(MAX_WORD)];
        if self.name.is_some() {
            self.value(word, line, at);
        } else {
            self.word.clear();
            self.word.extend_from_slice(word);
        }
        end
    }

    /// The value of the name before it; of interest are an element's key and value.
    fn value(&mut self, text: &[u8], line: &Line<'_>, at: usize) {
        let name = self.name.take();
        let Some(Frame { what: What::Element(element), .. }) = self.frames.last_mut() else { return };
        let slot = match name.as_deref() {
            Some(b"key") => &mut element.key,
            Some(b"value") => &mut element.value,
            _ => return,
        };
        *slot = Some(Field {
            text: String::from_utf8_lossy(text).trim().to_owned(),
            source: line.source(),
            line: evidence(line.bytes, at),
        });
    }

    fn open_frame(&mut self, open: u8) {
        let name = self.name.take().unwrap_or_default();
        let kind = std::mem::take(&mut self.kind);
        self.word.clear();
        if self.frames.len() >= MAX_DEPTH {
            self.frames.clear();
        }
        let what = if open == b'[' { self.list(&name) } else { self.element(&kind) };
        self.frames.push(Frame { open, what });
    }

    /// What `name = (…) [` opens. A list that was never closed ends where the next begins.
    fn list(&mut self, name: &[u8]) -> What {
        let name = name.rsplit(|&byte| byte == b'.').next().unwrap_or(name);
        let masked = name.eq_ignore_ascii_case(b"maskedFeatureCapability");
        let known = masked || name.eq_ignore_ascii_case(b"featureCapability");
        if !known || self.frames.iter().any(|frame| matches!(frame.what, What::Mode)) {
            return What::Other;
        }
        if let Some(at) = self.frames.iter().position(|frame| matches!(frame.what, What::List(_))) {
            self.frames.truncate(at);
        }
        What::List(masked)
    }

    /// What `(type) {` opens. An element that was never closed ends where the next begins.
    fn element(&mut self, kind: &[u8]) -> What {
        let capability = kind.ends_with(b"FeatureCapability");
        let unclosed = matches!(self.frames.last(), Some(Frame { what: What::Element(_), .. }));
        if capability && unclosed {
            self.frames.pop();
        }
        match self.frames.last() {
            Some(Frame { what: What::List(masked), .. }) => {
                What::Element(Element { masked: *masked, key: None, value: None })
            }
            _ if kind.ends_with(b"EVCMode") => What::Mode,
            _ => What::Other,
        }
    }

    /// Closes the innermost frame of that bracket, with all that was left open inside it.
    fn close_frame(&mut self, open: u8, line: &Line<'_>, out: &mut Output) {
        self.name = None;
        self.word.clear();
        let Some(index) = self.frames.iter().rposition(|frame| frame.open == open) else { return };
        let closed = self.frames.drain(index..).next();
        if let Some(Frame { what: What::Element(element), .. }) = closed {
            self.emit(element, line, out);
        }
    }

    fn emit(&mut self, element: Element, line: &Line<'_>, out: &mut Output) {
        let (Some(key), Some(value)) = (element.key, element.value) else { return };
        let name = key.text.to_ascii_lowercase();
        let Some(number) = number(&value.text).filter(|_| !name.is_empty()) else {
            if !std::mem::replace(&mut self.unparsed, true) {
                let text = format!("line {}: '{}' of '{name}' is no number", value.source.line, value.text);
                out.problems.push(Problem::new(ProblemKind::Unparsed, line.file.as_str(), text));
            }
            return;
        };
        if self.counts[usize::from(element.masked)] > MAX_ENTRIES
            || !self.seen.insert((element.masked, name.clone(), number))
        {
            return;
        }
        let count = &mut self.counts[usize::from(element.masked)];
        *count += 1;
        if *count > MAX_ENTRIES {
            let text = format!("more than {MAX_ENTRIES} CPU features; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
            return;
        }
        let (first, last) = if value.source < key.source { (value, key) } else { (key, value) };
        let one_line = first.source.line == last.source.line;
        let text = if one_line { first.line } else { self.between(&first, &last) };
        let source = first.source;
        let value = FactValue::Capability { key: name, value: number, masked: element.masked };
        out.facts.push(Fact { value, source, text: cut(&text, 300).to_owned() });
    }
}

/// The part of a line that shows the value at `at`: all of it, or of a very long one what lies around.
fn evidence(bytes: &[u8], at: usize) -> String {
    let from = if bytes.len() <= 300 { 0 } else { at.saturating_sub(40) };
    let part = &bytes[from..bytes.len().min(from + 300)];
    String::from_utf8_lossy(part).trim_end().to_owned()
}

/// Whether a line is the dump's own text and not the middle of a string: `}`, `],`, `(vim.X) {`, `name = …`.
fn is_structure(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let bracket = matches!(line, b"}" | b"]" | b"}," | b"],");
    let word = line.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    bracket
        || line.starts_with(b"(vim.")
        || line.starts_with(b"(vmodl.")
        || (word > 0 && line[word..].starts_with(b" = "))
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/vmware-vimdump_-o----U-dcui.txt",
        text: "(vim.HostSystem) {\n   config = (vim.host.ConfigInfo) {\n      dynamicType = <unset>,\n      \
               name = 'it\\'s [one] {host}',\n      \
               featureCapability = (vim.host.FeatureCapability) [\n         (vim.host.FeatureCapability) {\n            \
               dynamicType = <unset>,\n            dynamicProperty = (vmodl.DynamicProperty) [],\n            \
               key = 'cpuid.MDCLEAR',\n            featureName = 'cpuid.MDCLEAR',\n            value = '1'\n         },\n         \
               (vim.host.FeatureCapability) {\n            value = '0x2d',\n            featureName = 'cpuid.MODEL',\n            \
               key = 'cpuid.MODEL'\n         }\n      ],\n      \
               maskedFeatureCapability = (vim.host.FeatureCapability) [\n         (vim.host.FeatureCapability) {\n            \
               key = 'cpuid.MDCLEAR',\n            featureName = 'cpuid.MDCLEAR',\n            value = '0'\n         }\n      ]\n   }\n}\n",
        facts: &[
            r#"{"fact":"capability","key":"cpuid.mdclear","value":1,"masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.model","value":45,"masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.mdclear","value":0,"masked":true}"#,
        ],
    },
    Sample {
        path: "commands/vim-cmd_hostsvc-hostconfig.txt",
        text: "warning: can't read the \"rest\nof it\n(vim.host.ConfigInfo) {\n   note = \"two \n lines { [\",\n   \
               featureCapability = (vim.host.FeatureCapability) [\n      (vim.host.FeatureCapability) {\n         \
               key = \"cpuid.AES\", \n         featureName = \"cpuid.AES\", \n         value = \"1\"\n      }, \n   \
               ], \n   maskedFeatureCapability = (vim.host.FeatureCapability) [\n      (vim.host.FeatureCapability) {\n         \
               key = \"cpuid.AES\", \nwarning: amid\n         value = 1\n      }\n   ], \n}\n",
        facts: &[
            r#"{"fact":"capability","key":"cpuid.aes","value":1,"masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.aes","value":1,"masked":true}"#,
        ],
    },
    Sample {
        path: "commands/1.vimdump.txt",
        text: "x = (vim.EVCMode) [(vim.EVCMode) {featureCapability = (vim.host.FeatureCapability) [(vim.host.FeatureCapability) \
               {key='cpuid.no', value='1'}]}], featureCapability = (vim.host.FeatureCapability) [(vim.host.FeatureCapability) \
               {key = u'cpuid.SSE3', featureName = u'cpuid.SSE3', value = u'1'}, (vim.host.FeatureCapability) {key = \
               'cpuid.SSE41', value = 'x'}, (vim.host.FeatureCapability) {key = 'cpuid.SSE42', value = <unset>}], \
               maskedFeatureCapability = (vim.host.FeatureCapability) [(vim.host.FeatureCapability) {value = 0x0, key = \
               'cpuid.SSE3'}]",
        facts: &[
            r#"{"fact":"capability","key":"cpuid.sse3","value":1,"masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.sse3","value":0,"masked":true}"#,
        ],
    },
    Sample {
        path: "commands/vmware-vimdump_-o----U-dcui.txt",
        text: "   featureCapability = (vim.host.FeatureCapability) [\n      (vim.host.FeatureCapability) {\n         \
               key = 'cpuid.A',\n         value = '1'\n      },\n      (vim.host.FeatureCapability) {\n         \
               key = 'cpuid.LOST',\n      (vim.host.FeatureCapability) {\n         key = 'cpuid.B',\n         value = '1'\n      }\n   \
               maskedFeatureCapability = (vim.host.FeatureCapability) [\n      (vim.host.FeatureCapability) {\n         \
               key = 'cpuid.A',\n         value = '1'\n      },\n      (vim.host.FeatureCapability) {\n         key = 'cpuid.B',\n         valu",
        facts: &[
            r#"{"fact":"capability","key":"cpuid.a","value":1,"masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.b","value":1,"masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.a","value":1,"masked":true}"#,
        ],
    },
    Sample {
        path: "commands/vmware-vimdump_-o----U-dcui.txt",
        text: "Traceback (most recent call last):\n",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn evidence_shows_key_and_value() {
        let out = read(&VIMDUMP, SAMPLES[0].path, SAMPLES[0].text.as_bytes());
        let text = &out.facts[0].text;
        assert!(SAMPLES[0].text.contains(text.as_str()), "not as it stands: {text}");
        assert!(text.contains("key = 'cpuid.MDCLEAR'") && text.ends_with("value = '1'"), "{text}");
        assert_eq!(out.facts[0].source.line, 9);
        assert!(out.problems.is_empty(), "{:?}", out.problems);
        let long = format!(
            "featureCapability = [ {{ key = 'cpuid.AES',\n{}value = 1 }},\n{{ key = 'cpuid.SSE3',\nvalue = 1 }} ]\n",
            "x = 2,\n".repeat(20)
        );
        let out = read(&VIMDUMP, SAMPLES[0].path, long.as_bytes());
        let texts: Vec<&str> = out.facts.iter().map(|fact| fact.text.as_str()).collect();
        let first = "featureCapability = [ { key = 'cpuid.AES',\n…\nvalue = 1 },";
        assert_eq!(texts, [first, "{ key = 'cpuid.SSE3',\nvalue = 1 } ]"]);

        let out = read(&VIMDUMP, SAMPLES[2].path, SAMPLES[2].text.as_bytes());
        assert!(SAMPLES[2].text.contains(out.facts[0].text.as_str()), "{}", out.facts[0].text);
        assert!(out.problems.iter().any(|problem| problem.text.contains("'x' of 'cpuid.sse41'")));
    }

    #[test]
    fn a_list_that_is_cut_is_a_problem() {
        let out = read(&VIMDUMP, SAMPLES[3].path, SAMPLES[3].text.as_bytes());
        assert_eq!(out.problems[0].kind, ProblemKind::Truncated);
    }

    #[test]
    fn brackets_without_end_and_long_lists_are_limited() {
        let mut text = "[{(".repeat(10_000);
        text.push_str(")\nfeatureCapability = (vim.host.FeatureCapability) [");
        for n in 0..MAX_ENTRIES + 10 {
            text.push_str(&format!("(vim.host.FeatureCapability) {{ key = 'k{n}', value = '1' }},"));
        }
        let out = read(&VIMDUMP, "commands/vimdump.txt", text.as_bytes());
        assert_eq!(out.facts.len(), MAX_ENTRIES);
        assert!(out.problems.iter().any(|problem| problem.kind == ProblemKind::Limit));
    }
}
