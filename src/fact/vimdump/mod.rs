//! The dump of the host's objects: what its CPU can do, before and after EVC masks, and what its VMs require.
//!
//! The text is tokenised, not matched line by line: its layout differs by version and tool, from one element a
//! line to everything on one.

mod token;
mod vm;

use std::collections::{BTreeSet, VecDeque};

use self::token::{Field, Scanner, Token, heading};
use self::vm::{Machine, is_requirements};
use super::feature::number;
use super::text::{Anchor, MAX_ENTRIES, cut, value};
use super::{Fact, FactFile, FactValue, Line, Output, Reader, Requirement, Sample, command_of};
use crate::model::{Problem, ProblemKind, Source};

/// `vmware-vimdump`, and what `vim-cmd` says of the host and of its VMs.
pub static VIMDUMP: FactFile = FactFile {
    name: "vimdump",
    about: "CPU features that the host offers, before and after masks, and what its VMs require",
    matches: |path| {
        command_of(path).is_some_and(|name| {
            name.starts_with("vmware_vimdump")
                || name.starts_with("vimdump")
                || (name.contains("hostsvc") && (name.contains("hostconfig") || name.contains("hostsummary")))
                || (name.contains("vmsvc") && name.contains("get.summary"))
        })
    },
    reader: |_| Box::new(Dump::default()),
    samples: SAMPLES,
};

/// Lines of one element that are held for its evidence.
const ELEMENT_LINES: usize = 8;

/// How deep brackets may nest before the text is taken for garbage and read afresh.
const MAX_DEPTH: usize = 256;

/// The most requirements that are kept of all VMs together: some hundred VMs, each with a whole CPU's.
const MAX_REQUIREMENTS: usize = 65_536;

#[derive(Default)]
struct Dump {
    scanner: Scanner,
    frames: Vec<Frame>,
    /// The VM object that is being read.
    machine: Option<Open>,
    /// A VM that ended at missing lines.
    ended: Option<Machine>,
    modes: Modes,
    told: Told,
    /// The last line inside a list.
    last: Option<Source>,
    /// The last lines inside a list, with their numbers.
    recent: VecDeque<(u64, String)>,
}

/// What was told already; it holds for the whole dump, whatever is missing in it.
#[derive(Default)]
struct Told {
    capabilities: BTreeSet<(bool, String, u64)>,
    counts: [usize; 2],
    /// Whether a list was read from its beginning to its end.
    whole: [bool; 2],
    requirements: usize,
    /// Whether the VMs' requirements were more than are kept.
    full: bool,
    unparsed: bool,
    modes: bool,
}

/// A VM object and where it stands among the open brackets.
struct Open {
    machine: Machine,
    /// How many brackets are open around its fields.
    base: usize,
    /// Whether it has brackets of its own; if not, it lasts until the next heading.
    framed: bool,
}

/// `maxEVCModeKey` and `currentEVCModeKey` of the host's summary.
#[derive(Default)]
struct Modes {
    at: Option<Anchor>,
    max: Option<String>,
    current: Option<String>,
}

struct Frame {
    open: u8,
    name: String,
    what: What,
}

enum What {
    Other,
    /// An EVC mode: its lists have the host's names and are not the host's.
    Mode,
    HostSummary,
    List(List),
    Element(Element),
}

/// A list of CPU features.
struct List {
    of: Features,
    /// What a VM requires, as far as it was read.
    requires: Vec<Requirement>,
    /// Whether each element so far was read.
    whole: bool,
}

#[derive(Copy, Clone, PartialEq)]
enum Features {
    /// `featureCapability`, or `maskedFeatureCapability` where true.
    Capability { masked: bool },
    /// `featureRequirement` of a VM.
    Requirement,
}

/// One element of a list, as far as it was read.
struct Element {
    of: Features,
    key: Option<Field>,
    value: Option<Field>,
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
        if let Some(ended) = self.ended.take() {
            ended.tell(out);
        }
        if let Some(kind) = heading(line.bytes) {
            self.object(kind, &line, out);
            return;
        }
        if self.in_list() {
            // An element's key and value stand a few lines apart; evidence shows them as they stand.
            if self.recent.len() == ELEMENT_LINES {
                self.recent.pop_front();
            }
            self.recent.push_back((line.number, line.excerpt()));
        }
        let mut scanner = std::mem::take(&mut self.scanner);
        scanner.line(&line, &mut |token| self.token(token, &line, out));
        self.scanner = scanner;
        if self.in_list() {
            self.last = Some(line.source());
        }
        if !self.frames.iter().any(|frame| matches!(frame.what, What::HostSummary)) {
            self.tell_modes(out);
        }
    }

    /// Whose list it is in is not known behind missing lines, nor whose key a value is of.
    fn gap(&mut self) {
        let ended = self.ended.take().or_else(|| self.machine.take().map(|open| open.machine));
        let (told, modes) = (std::mem::take(&mut self.told), std::mem::take(&mut self.modes));
        *self = Dump { ended, told, modes, ..Dump::default() };
    }

    fn cut(&mut self) {
        self.scanner.cut();
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(last) = self.last.take().filter(|_| self.in_list()) {
            let text = "ends inside a list of CPU features";
            out.problems.push(Problem::new(ProblemKind::Truncated, last.file.as_str(), text));
        }
        self.tell_modes(out);
        if let Some(ended) = self.ended.take() {
            ended.tell(out);
        }
        self.finish(out);
    }
}

impl Dump {
    fn in_list(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame.what, What::List(_)))
    }

    /// `=== vim.VirtualMachine:12 ===` begins an object, whatever was left open before it.
    fn object(&mut self, kind: &str, line: &Line<'_>, out: &mut Output) {
        self.finish(out);
        self.tell_modes(out);
        self.frames.clear();
        self.scanner = Scanner::default();
        if is_machine(kind) {
            self.machine = Some(Open { machine: Machine::new(Anchor::of(line)), base: 0, framed: false });
        }
    }

    /// The VM that is being read is at its end.
    fn finish(&mut self, out: &mut Output) {
        if let Some(open) = self.machine.take() {
            open.machine.tell(out);
        }
    }

    fn tell_modes(&mut self, out: &mut Output) {
        let Modes { at: Some(at), max, current } = std::mem::take(&mut self.modes) else { return };
        if !std::mem::replace(&mut self.told.modes, true) {
            out.facts.push(at.fact(FactValue::EvcModes { max, current }));
        }
    }

    fn token(&mut self, token: Token, line: &Line<'_>, out: &mut Output) {
        match token {
            Token::Open { bracket, name, kind } => self.open_frame(bracket, name, &kind, line, out),
            Token::Value { name, field } => self.value(&name, field),
            Token::Close { bracket } => self.close_frame(bracket, line, out),
        }
    }

    /// Of interest are an element's key and value, the EVC modes of the host, and the fields of a VM.
    fn value(&mut self, name: &str, field: Field) {
        match self.frames.last_mut().map(|frame| &mut frame.what) {
            Some(What::Element(element)) => match name {
                "key" => element.key = Some(field),
                "value" => element.value = Some(field),
                _ => {}
            },
            Some(What::HostSummary) => self.modes.value(name, field),
            _ => {
                let path = self.path_in_machine(name);
                if let (Some(open), Some(path)) = (&mut self.machine, path) {
                    open.machine.value(&path, &field.text);
                }
            }
        }
    }

    /// The path of `name` from the VM object on: `runtime.powerState`; `None` inside a list of other things.
    fn path_in_machine(&self, name: &str) -> Option<String> {
        let around = self.frames.get(self.machine.as_ref()?.base..)?;
        if around.iter().any(|frame| frame.open == b'[') {
            return None;
        }
        let names = around.iter().map(|frame| frame.name.as_str()).filter(|name| !name.is_empty());
        Some(names.chain([name]).collect::<Vec<_>>().join("."))
    }

    fn open_frame(&mut self, open: u8, name: String, kind: &str, line: &Line<'_>, out: &mut Output) {
        if self.frames.len() >= MAX_DEPTH {
            self.finish(out);
            self.frames.clear();
        }
        if open == b'{' && name.is_empty() {
            self.unnamed(kind, line, out);
        }
        let what = if open == b'[' { self.list(&name) } else { self.element(kind) };
        self.frames.push(Frame { open, name, what });
    }

    /// `(vim.VirtualMachine) {`, or the summary of one alone, begins a VM; any other object ends one that has only a heading.
    fn unnamed(&mut self, kind: &str, line: &Line<'_>, out: &mut Output) {
        let depth = self.frames.len();
        let heading = self.machine.as_ref().is_some_and(|open| !open.framed && depth == 0);
        if heading && (is_machine(kind) || kind.contains(".vm.") || kind.is_empty()) {
            if let Some(open) = &mut self.machine {
                (open.base, open.framed) = (1, true);
            }
        } else if is_machine(kind) || (self.machine.is_none() && kind.ends_with("vm.Summary")) {
            self.finish(out);
            if is_machine(kind) {
                // No object holds a VM: what is still open was never closed.
                self.frames.clear();
            }
            let (machine, base) = (Machine::new(Anchor::of(line)), self.frames.len() + 1);
            self.machine = Some(Open { machine, base, framed: true });
        } else if heading {
            self.finish(out);
        }
    }

    /// What `name = (…) [` opens. A list that was never closed ends where the next begins.
    fn list(&mut self, name: &str) -> What {
        let last = name.rsplit('.').next().unwrap_or(name);
        let masked = last.eq_ignore_ascii_case("maskedFeatureCapability");
        let of = if masked || last.eq_ignore_ascii_case("featureCapability") {
            Features::Capability { masked }
        } else if last == "featureRequirement" {
            self.leave_list();
            if !self.path_in_machine(name).is_some_and(|path| is_requirements(&path)) {
                return What::Other;
            }
            Features::Requirement
        } else {
            return What::Other;
        };
        if self.frames.iter().any(|frame| matches!(frame.what, What::Mode)) {
            return What::Other;
        }
        self.leave_list();
        What::List(List { of, requires: Vec::new(), whole: true })
    }

    fn leave_list(&mut self) {
        if let Some(at) = self.frames.iter().position(|frame| matches!(frame.what, What::List(_))) {
            self.frames.truncate(at);
        }
    }

    /// What `(type) {` opens. An element that was never closed ends where the next begins.
    fn element(&mut self, kind: &str) -> What {
        let feature = kind.ends_with("FeatureCapability") || kind.ends_with("FeatureRequirement");
        if feature && matches!(self.frames.last(), Some(Frame { what: What::Element(_), .. })) {
            self.frames.pop();
            self.lose_element();
        }
        match self.frames.last() {
            Some(Frame { what: What::List(list), .. }) => {
                What::Element(Element { of: list.of, key: None, value: None })
            }
            _ if kind.ends_with("EVCMode") => What::Mode,
            _ if is_host_summary(kind) => What::HostSummary,
            _ => What::Other,
        }
    }

    /// An element of the list around could not be read: what is left of it is not all.
    fn lose_element(&mut self) {
        if let Some(Frame { what: What::List(list), .. }) = self.frames.last_mut() {
            list.whole = false;
        }
    }

    /// Closes the innermost frame of that bracket, with all that was left open inside it.
    fn close_frame(&mut self, open: u8, line: &Line<'_>, out: &mut Output) {
        let Some(index) = self.frames.iter().rposition(|frame| frame.open == open) else { return };
        let clean = index + 1 == self.frames.len();
        let closed = self.frames.drain(index..).next();
        match closed.map(|frame| frame.what) {
            Some(What::Element(element)) => self.emit(element, line, out),
            Some(What::List(list)) if list.of == Features::Requirement && list.whole && clean => {
                if let Some(open) = &mut self.machine {
                    open.machine.require(list.requires);
                }
            }
            Some(What::List(List { of: Features::Capability { masked }, whole: true, .. })) if clean => {
                self.read(masked, line, out);
            }
            _ => {}
        }
        if self.machine.as_ref().is_some_and(|open| open.framed && self.frames.len() < open.base) {
            self.finish(out);
        }
    }

    /// A list of capabilities was read to its end; an empty one is no host's.
    fn read(&mut self, masked: bool, line: &Line<'_>, out: &mut Output) {
        let count = self.told.counts[usize::from(masked)];
        let told = &mut self.told.whole[usize::from(masked)];
        if (1..=MAX_ENTRIES).contains(&count) && !std::mem::replace(told, true) {
            out.facts.push(line.fact(FactValue::CapabilitiesRead { masked }));
        }
    }

    fn emit(&mut self, element: Element, line: &Line<'_>, out: &mut Output) {
        let (of, Some(key), Some(value)) = (element.of, element.key, element.value) else {
            return self.lose_element();
        };
        let name = key.text.to_ascii_lowercase();
        let taken = !name.is_empty()
            && match of {
                Features::Capability { masked } => self.capability(masked, name, key, value, line, out),
                Features::Requirement => self.requirement(name, key, value, line, out),
            };
        if !taken {
            self.lose_element();
        }
    }

    /// Tells a capability, once; gives whether it could be read.
    fn capability(
        &mut self,
        masked: bool,
        name: String,
        key: Field,
        value: Field,
        line: &Line<'_>,
        out: &mut Output,
    ) -> bool {
        let Some(number) = number(&value.text) else {
            self.unparsed(&name, &value, "no number", line, out);
            return false;
        };
        let told = &mut self.told;
        let count = &mut told.counts[usize::from(masked)];
        if *count > MAX_ENTRIES || !told.capabilities.insert((masked, name.clone(), number)) {
            return true;
        }
        *count += 1;
        if *count > MAX_ENTRIES {
            let text = format!("more than {MAX_ENTRIES} CPU features; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
            return true;
        }
        let (source, text) = self.place(key, value);
        let value = FactValue::Capability { key: name, value: number, masked };
        out.facts.push(Fact { value, source, text });
        true
    }

    /// Puts a requirement into its list; gives whether it is there.
    fn requirement(
        &mut self,
        name: String,
        key: Field,
        value: Field,
        line: &Line<'_>,
        out: &mut Output,
    ) -> bool {
        let Ok(said) = value.text.parse() else {
            self.unparsed(&name, &value, "no requirement", line, out);
            return false;
        };
        if self.told.requirements >= MAX_REQUIREMENTS {
            if !std::mem::replace(&mut self.told.full, true) {
                let text =
                    format!("VMs require more than {MAX_REQUIREMENTS} CPU features; the rest was left out");
                out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
            }
            return false;
        }
        self.told.requirements += 1;
        let (source, text) = self.place(key, value);
        if let Some(Frame { what: What::List(list), .. }) = self.frames.last_mut() {
            list.requires.push(Requirement { key: name, value: said, source, text });
        }
        true
    }

    fn unparsed(&mut self, name: &str, value: &Field, no: &str, line: &Line<'_>, out: &mut Output) {
        if !std::mem::replace(&mut self.told.unparsed, true) {
            let text = format!("line {}: '{}' of '{name}' is {no}", value.source.line, value.text);
            out.problems.push(Problem::new(ProblemKind::Unparsed, line.file.as_str(), text));
        }
    }

    /// Where an element stands, and its lines as evidence.
    fn place(&self, key: Field, value: Field) -> (Source, String) {
        let (first, last) = if value.source < key.source { (value, key) } else { (key, value) };
        let one_line = first.source.line == last.source.line;
        let text = if one_line { first.line } else { self.between(&first, &last) };
        (first.source, cut(&text, 300).to_owned())
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
}

impl Modes {
    /// `maxEVCModeKey = 'intel-haswell'`
    fn value(&mut self, name: &str, field: Field) {
        let slot = match name {
            "maxEVCModeKey" => &mut self.max,
            "currentEVCModeKey" => &mut self.current,
            _ => return,
        };
        let Some(mode) = value(&field.text).filter(|mode| mode != "null" && slot.is_none()) else { return };
        *slot = Some(mode);
        self.at.get_or_insert_with(|| Anchor::at(field.source, &field.line));
    }
}

fn is_machine(kind: &str) -> bool {
    kind.rsplit('.').next() == Some("VirtualMachine")
}

/// `vim.host.Summary`, and as older and other clients call it.
fn is_host_summary(kind: &str) -> bool {
    ["host.Summary", "host.ListSummary", "HostListSummary"].iter().any(|end| kind.ends_with(end))
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
            r#"{"fact":"capabilities-read","masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.mdclear","value":0,"masked":true}"#,
            r#"{"fact":"capabilities-read","masked":true}"#,
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
            r#"{"fact":"capabilities-read","masked":false}"#,
            r#"{"fact":"capability","key":"cpuid.aes","value":1,"masked":true}"#,
            r#"{"fact":"capabilities-read","masked":true}"#,
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
            r#"{"fact":"capabilities-read","masked":true}"#,
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
    // Two VMs of a host: one runs, one is off; other things have names and lists of the same names.
    Sample {
        path: "commands/vmware-vimdump_-o----U-dcui.txt",
        text: "=== vim.HostSystem:ha-host ===\n(vim.HostSystem) {\n   summary = (vim.host.Summary) {\n      \
               maxEVCModeKey = 'intel-broadwell',\n      currentEVCModeKey = 'intel-haswell',\n      rebootRequired = false\n   }\n}\n\n\
               === vim.VirtualMachine:12 ===\n(vim.VirtualMachine) {\n   config = (vim.vm.ConfigInfo) {\n      name = 'web%2f1',\n      \
               files = (vim.vm.FileInfo) {\n         vmPathName = '[ds 1] web/web.vmx'\n      },\n      hardware = (vim.vm.VirtualHardware) {\n         \
               device = (vim.vm.device.VirtualDevice) [\n            (vim.vm.device.VirtualDisk) {\n               name = 'disk',\n               key = 2000\n            }\n         ]\n      }\n   },\n   \
               runtime = (vim.vm.RuntimeInfo) {\n      powerState = 'poweredOn',\n      bootTime = 2020-07-01T08:15:30.123456Z,\n      \
               minRequiredEVCModeKey = 'intel-haswell',\n      offlineFeatureRequirement = (vim.vm.FeatureRequirement) [\n         \
               (vim.vm.FeatureRequirement) {\n            key = 'cpuid.lm',\n            featureName = 'cpuid.lm',\n            value = 'Bool:Min:1'\n         }\n      ],\n      \
               featureRequirement = (vim.vm.FeatureRequirement) [\n         (vim.vm.FeatureRequirement) {\n            \
               key = 'cpuid.MDCLEAR',\n            featureName = 'cpuid.MDCLEAR',\n            value = 'Bool:Min:1'\n         }\n      ]\n   },\n   \
               snapshot = (vim.vm.SnapshotInfo) {\n      rootSnapshotList = (vim.vm.SnapshotTree) [\n         (vim.vm.SnapshotTree) {\n            name = 'before'\n         }\n      ]\n   }\n}\n\n\
               === vim.ResourcePool:ha-root-pool ===\n(vim.ResourcePool) {\n   name = 'Resources'\n}\n\
               === vim.VirtualMachine:13 ===\n(vim.VirtualMachine) {\n   runtime = (vim.vm.RuntimeInfo) {\n      powerState = 'poweredOff',\n      \
               bootTime = <unset>,\n      featureRequirement = (vim.vm.FeatureRequirement) [],\n      minRequiredEVCModeKey = <unset>\n   },\n   \
               config = (vim.vm.ConfigInfo) {\n      name = 'db'\n   }\n}\n",
        facts: &[
            r#"{"fact":"evc-modes","max":"intel-broadwell","current":"intel-haswell"}"#,
            r#"{"fact":"vm-requirements","name":"web/1","path":"[ds 1] web/web.vmx","powered_on":true,"booted_at":"2020-07-01T08:15:30.123456Z","min_evc_mode":"intel-haswell","requires":[{"key":"cpuid.mdclear","value":"Min:1","source":{"file":"commands/vmware-vimdump_-o----U-dcui.txt","line":39,"offset":1114},"text":"            key = 'cpuid.MDCLEAR',\n            featureName = 'cpuid.MDCLEAR',\n            value = 'Bool:Min:1'"}]}"#,
            r#"{"fact":"vm-requirements","name":"db","path":null,"powered_on":false,"booted_at":null,"min_evc_mode":null,"requires":[]}"#,
        ],
    },
    // As `vim-cmd` says it: double quotes, blanks behind commas, the summary alone, the name behind the requirements.
    Sample {
        path: "commands/vim-cmd_vmsvc-get.summary-12.txt",
        text: "Listsummary:\n\n(vim.vm.Summary) {\n   vm = 'vim.VirtualMachine:12', \n   runtime = (vim.vm.RuntimeInfo) {\n      \
               host = <unset>, \n      powerState = \"poweredOn\", \n      bootTime = \"2020-07-01T17:15:30+09:00\", \n      \
               question = (vim.vm.QuestionInfo) null, \n      minRequiredEVCModeKey = <unset>, \n      \
               featureRequirement = (vim.vm.FeatureRequirement) [\n         (vim.vm.FeatureRequirement) {\n            \
               key = \"cpuid.SSE3\", \n            featureName = \"cpuid.SSE3\", \n            value = \"Bool:Min:1\", \n         }, \n      ], \n   }, \n   \
               config = (vim.vm.Summary.ConfigSummary) {\n      name = \"the \"new\" one\", \n      \
               vmPathName = \"[ds] new/new.vmx\", \n   }, \n}\n",
        facts: &[
            r#"{"fact":"vm-requirements","name":"the \"new\" one","path":"[ds] new/new.vmx","powered_on":true,"booted_at":"2020-07-01T08:15:30Z","min_evc_mode":null,"requires":[{"key":"cpuid.sse3","value":"Min:1","source":{"file":"commands/vim-cmd_vmsvc-get.summary-12.txt","line":13,"offset":388},"text":"            key = \"cpuid.SSE3\",\n            featureName = \"cpuid.SSE3\",\n            value = \"Bool:Min:1\","}]}"#,
        ],
    },
    // A heading without an object's brackets; a list that is cut tells nothing; a mode's list is no VM's.
    Sample {
        path: "commands/vmware-vimdump_-o----U-dcui.txt",
        text: "=== vim.VirtualMachine:12 ===\nsummary = (vim.vm.Summary) {config = (vim.vm.Summary.ConfigSummary) {vmPathName = '[ds] a/a.vmx'}},\n\
               runtime = (vim.vm.RuntimeInfo) {mode = (vim.EVCMode) {featureRequirement = (vim.vm.FeatureRequirement) \
               [(vim.vm.FeatureRequirement) {key = 'cpuid.NO', value = 'Bool:Min:1'}]}, featureRequirement = (vim.vm.FeatureRequirement) \n\
               [(vim.vm.FeatureRequirement) {key = 'vpmc.version', value = 'Num:Min:0x2'}\n]}\n\
               === vim.VirtualMachine:13 ===\n(vim.VirtualMachine) {config = (vim.vm.ConfigInfo) {name = 'b'}, runtime = (vim.vm.RuntimeInfo) {\n\
               featureRequirement = (vim.vm.FeatureRequirement) [(vim.vm.FeatureRequirement) {key = 'cpuid.AES', value = 'Bool:Min:1'},\n\
               (vim.vm.FeatureRequirement) {key = 'cpuid.SSE3', va",
        facts: &[
            r#"{"fact":"vm-requirements","name":null,"path":"[ds] a/a.vmx","powered_on":null,"booted_at":null,"min_evc_mode":null,"requires":[{"key":"vpmc.version","value":"Min:2","source":{"file":"commands/vmware-vimdump_-o----U-dcui.txt","line":4,"offset":356},"text":"[(vim.vm.FeatureRequirement) {key = 'vpmc.version', value = 'Num:Min:0x2'}"}]}"#,
        ],
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
        let listed = out.facts.iter().filter(|fact| matches!(fact.value, FactValue::Capability { .. }));
        let texts: Vec<&str> = listed.map(|fact| fact.text.as_str()).collect();
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

    /// The facts of texts between which lines are missing.
    fn parts(texts: &[&str]) -> Vec<FactValue> {
        let file = crate::model::MemberPath::new("commands/vimdump.txt");
        let (mut reader, mut out, mut number) = (Dump::default(), Output::default(), 0);
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                reader.gap();
            }
            for line in text.split('\n') {
                number += 1;
                reader.line(Line { file: &file, number, offset: 0, bytes: line.as_bytes() }, &mut out);
            }
        }
        reader.end(&mut out);
        out.facts.into_iter().map(|fact| fact.value).collect()
    }

    /// Each VM's name, path and required keys.
    fn machines(texts: &[&str]) -> Vec<(String, String, Vec<String>)> {
        let told = |value| match value {
            FactValue::VmRequirements(vm) => {
                let keys = vm.requires.into_iter().map(|required| required.key).collect();
                Some((vm.name.unwrap_or_default(), vm.path.unwrap_or_default(), keys))
            }
            _ => None,
        };
        parts(texts).into_iter().filter_map(told).collect()
    }

    /// A VM object in one line, its fields in this order.
    fn object(fields: &[&str]) -> String {
        format!("(vim.VirtualMachine) {{{}}}", fields.join(", "))
    }

    fn name(name: &str) -> String {
        format!("config = (vim.vm.ConfigInfo) {{name = '{name}'}}")
    }

    fn runtime(entries: &str) -> String {
        format!(
            "runtime = (vim.vm.RuntimeInfo) {{featureRequirement = (vim.vm.FeatureRequirement) [{entries}]}}"
        )
    }

    const AES: &str = "(vim.vm.FeatureRequirement) {key = 'cpuid.AES', value = 'Bool:Min:1'}";

    #[test]
    fn a_vm_is_read_whatever_the_order_and_only_with_a_whole_list() {
        let check = |texts: &[&str], expected: &[(&str, usize)]| {
            let told = machines(texts);
            let told: Vec<(&str, usize)> =
                told.iter().map(|(name, _, keys)| (name.as_str(), keys.len())).collect();
            assert_eq!(told, expected, "{texts:?}");
        };
        let whole = object(&[&runtime(AES), &name("a")]);
        check(&[&whole], &[("a", 1)]);
        check(&[&object(&[&name("a"), &runtime(AES)])], &[("a", 1)]);
        // Neither name nor path; no list; a list with an element that cannot be read, or lost a part.
        check(&[&object(&[&runtime(AES)])], &[]);
        check(&[&object(&[&name("a")])], &[]);
        for broken in ["{key = 'cpuid.B', value = 'on'}", "{key = 'cpuid.B'}", "{value = 'Bool:Min:1'}", "{"]
        {
            check(&[&object(&[&name("a"), &runtime(&format!("{AES}, {broken}"))])], &[]);
        }
        // A VM that runs requires something; one that is off may have no list.
        let off = "runtime = (vim.vm.RuntimeInfo) {powerState = 'poweredOff', featureRequirement = <unset>}";
        check(&[&object(&[&name("a"), off])], &[("a", 0)]);
        check(&[&object(&[&name("a"), &off.replace("Off", "On")])], &[]);
        // An object that was never closed ends where the next begins, bracket or heading.
        let open = whole.trim_end_matches('}');
        check(&[&format!("{open}\n{}", object(&[&runtime(AES), &name("b")]))], &[("a", 1), ("b", 1)]);
        check(&[&format!("{open}}}\n=== vim.Folder:x ===\n{}", runtime(AES))], &[("a", 1)]);
    }

    #[test]
    fn nothing_behind_missing_lines_is_of_the_vm_before() {
        let start = format!("(vim.VirtualMachine) {{{},", name("a"));
        let rest = format!("{}}}", runtime(AES));
        assert_eq!(machines(&[&format!("{start}\n{rest}")]).len(), 1);
        assert_eq!(machines(&[&start, &rest]), []);
        // What was whole before the gap is told, and names behind it are another VM's.
        let told =
            machines(&[&format!("(vim.VirtualMachine) {{{},\n{}", name("a"), runtime(AES)), &name("b")]);
        assert_eq!(told, [("a".to_owned(), String::new(), vec!["cpuid.aes".to_owned()])]);
        let inside = format!("{start} runtime = (x) {{featureRequirement = (x) [{AES},");
        assert_eq!(machines(&[&inside, &format!("{AES}]}}}}")]), []);
        // A list that its unclosed predecessor swallows is still the VM's.
        let list =
            "featureCapability = (vim.host.FeatureCapability) [(vim.host.FeatureCapability) {key = 'k',";
        assert_eq!(machines(&[&format!("{list}\n{start}\n{rest}")]).len(), 1);
    }

    #[test]
    fn evc_modes_are_the_hosts() {
        let modes = |text: &str| {
            let told = parts(&[text]).into_iter().filter_map(|value| match value {
                FactValue::EvcModes { max, current } => Some((max, current)),
                _ => None,
            });
            told.collect::<Vec<_>>()
        };
        let max = Some("intel-haswell".to_owned());
        let summary =
            "summary = (vim.host.Summary) {maxEVCModeKey = \"intel-haswell\", currentEVCModeKey = <unset>}";
        assert_eq!(modes(&format!("{summary}, {summary}")), [(max.clone(), None)]);
        assert_eq!(modes("(vim.host.Summary) {\ncurrentEVCModeKey = 'intel-haswell'\n"), [(None, max)]);
        for no in [
            "summary = (vim.host.Summary) {maxEVCModeKey = <unset>, currentEVCModeKey = ''}",
            "summary = (vim.ClusterComputeResource.Summary) {currentEVCModeKey = 'intel-haswell'}",
            "runtime = (vim.vm.RuntimeInfo) {minRequiredEVCModeKey = 'intel-haswell'}",
        ] {
            assert_eq!(modes(no), [], "{no}");
        }
    }

    #[test]
    fn requirements_are_limited() {
        let entries: Vec<String> =
            (0..1000).map(|n| format!("{{key = 'k{n}', value = 'Bool:Min:1'}}")).collect();
        let vm = object(&[&name("a"), &runtime(&entries.join(", "))]);
        let text = format!("{vm}\n").repeat(MAX_REQUIREMENTS / 1000 + 2);
        let out = read(&VIMDUMP, "commands/vimdump.txt", text.as_bytes());
        assert_eq!(out.facts.len(), MAX_REQUIREMENTS / 1000);
        assert_eq!(out.problems.iter().filter(|problem| problem.kind == ProblemKind::Limit).count(), 1);
    }

    /// What a generated bundle says of its VMs is what was put in.
    #[test]
    fn every_vm_of_a_generated_bundle_is_read() {
        use crate::demo::{ClusterOptions, Container, System, healthy, write_bundle};
        let site =
            healthy(&ClusterOptions { hosts: 1, vms_per_host: 5, hours: 1, ..ClusterOptions::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let root = write_bundle(&site, System::Host(0), folder.path(), Container::Tree).expect("written");
        let path = "commands/vmware-vimdump_-o----U-dcui.txt";
        let out = read(&VIMDUMP, path, &std::fs::read(root.join(path)).expect("its dump"));
        let told: Vec<&crate::fact::VmRequirements> = out
            .facts
            .iter()
            .filter_map(|fact| match &fact.value {
                FactValue::VmRequirements(vm) => Some(vm),
                _ => None,
            })
            .collect();
        assert_eq!(told.len(), site.hosts[0].vms.len());
        for (vm, told) in site.hosts[0].vms.iter().zip(told) {
            assert_eq!((told.name.as_ref(), told.powered_on), (Some(&vm.name), Some(vm.running)));
            assert_eq!(told.booted_at, vm.running.then_some(vm.run.started));
            let expected: BTreeSet<String> = if vm.running {
                vm.run.requires.keys().map(|key| key.to_lowercase()).collect()
            } else {
                BTreeSet::new()
            };
            assert_eq!(told.requires.iter().map(|one| one.key.clone()).collect::<BTreeSet<_>>(), expected);
        }
        assert!(out.facts.iter().any(|fact| matches!(fact.value, FactValue::EvcModes { .. })));
    }
}
