//! Files that are not event logs become typed facts of a host, each with the line it came from.
//!
//! A reader is fed lines and gives facts; it does not judge. What is not in the file is not a fact. Where two
//! facts say different things, [`crate::case`] chooses.

pub mod config;
pub mod cpu;
pub mod date;
pub mod feature;
pub mod features;
pub mod ha;
pub mod hardware;
pub mod identity;
mod json;
pub mod product;
pub mod releases;
pub mod section;
pub mod software;
mod text;
pub mod value;
pub mod vimdump;
pub mod vms;
pub mod vmx;
pub mod vmx_log;
pub mod vpxd;
pub mod vsan;
mod xml;

use serde::{Deserialize, Serialize};

pub use self::value::*;
use crate::model::{MemberPath, Problem, Source};

/// One thing that a bundle says about its host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it says.
    pub value: FactValue,
    /// Where.
    pub source: Source,
    /// The line, cut at 300 bytes.
    pub text: String,
}

/// A line of a member that holds facts.
#[derive(Copy, Clone, Debug)]
pub struct Line<'a> {
    /// The member.
    pub file: &'a MemberPath,
    /// Line from 1.
    pub number: u64,
    /// Byte offset of its first byte in the decompressed text.
    pub offset: u64,
    /// The bytes without the line ending.
    pub bytes: &'a [u8],
}

impl Line<'_> {
    /// Where the line stands.
    pub fn source(&self) -> Source {
        Source { file: self.file.clone(), line: self.number, offset: self.offset }
    }

    /// The line as text, trimmed at the end and cut at 300 bytes.
    pub fn excerpt(&self) -> String {
        let cut = &self.bytes[..self.bytes.len().min(300)];
        String::from_utf8_lossy(cut).trim_end().to_owned()
    }

    /// `value` as a fact that stands on this line.
    pub fn fact(&self, value: FactValue) -> Fact {
        Fact { value, source: self.source(), text: self.excerpt() }
    }
}

/// What a reader gives.
#[derive(Debug, Default)]
pub struct Output {
    /// Facts, in the order of their lines.
    pub facts: Vec<Fact>,
    /// Files that should have parsed and did not.
    pub problems: Vec<Problem>,
}

/// Reads one member line by line.
pub trait Reader: Send {
    /// Takes the next line.
    fn line(&mut self, line: Line<'_>, out: &mut Output);

    /// Lines are missing before the next one: what was begun does not go on there.
    fn gap(&mut self) {}

    /// Takes notice that the member is at its end.
    fn end(&mut self, _out: &mut Output) {}
}

/// One sort of file that holds facts.
pub struct FactFile {
    /// A short name: `vsan-cluster-get`.
    pub name: &'static str,
    /// What it tells, one sentence.
    pub about: &'static str,
    /// Whether the member at this path inside a bundle's tree is such a file.
    pub matches: fn(&str) -> bool,
    /// A reader for the member at this path.
    pub reader: fn(&str) -> Box<dyn Reader>,
    /// Texts that it must read, and what must come out.
    pub samples: &'static [Sample],
}

/// A text and the facts that must come out of it.
pub struct Sample {
    /// Path inside a bundle's tree.
    pub path: &'static str,
    /// The file.
    pub text: &'static str,
    /// The facts' values, each as JSON.
    pub facts: &'static [&'static str],
}

/// Every sort of file that holds facts.
pub static FACTS: &[&FactFile] = &[
    &identity::UNAME,
    &product::VMWARE_VL,
    &product::SYSTEM_VERSION,
    &identity::README,
    &date::DATE,
    &identity::UPTIME,
    &identity::ESX_CONF,
    &product::ISSUE,
    &product::BUILD_INFO,
    &product::ANALYTICS_BUILD,
    &identity::HOSTS,
    &identity::SYSTEM_INFO,
    &section::SECTIONS,
    &hardware::SMBIOS,
    &hardware::ESXCFG_INFO,
    &hardware::ESXCFG_INFO_XML,
    &cpu::CPU,
    &software::VIBS,
    &software::PROFILE,
    &software::ACCEPTANCE,
    &config::CONFIG,
    &vimdump::VIMDUMP,
    &vmx_log::VMX_LOG,
    &vsan::CLUSTER,
    &vsan::UNICAST_AGENTS,
    &vsan::ADVANCED_OPTIONS,
    &vms::PROCESSES,
    &vms::INVENTORY,
    &vmx::VMX,
    &ha::HA,
    &vpxd::OBJECT_NAMES,
];

/// The sorts that the member at `path` is of; a member can be of several.
pub fn of_path(path: &str) -> impl Iterator<Item = &'static FactFile> {
    FACTS.iter().copied().filter(move |file| (file.matches)(path))
}

/// Whether `path` is the output of the command that bundles call `name`.
///
/// `commands/1.localcli_vsan-cluster-get.txt`, `esxcli_vsan_cluster_get.txt` and `localcli_vsan-cluster-get.txt` are
/// all `localcli_vsan-cluster-get`: `-`, `_` and blanks are equal, case does not count, and `esxcli` is `localcli`.
pub fn is_command(path: &str, name: &str) -> bool {
    command_of(path).is_some_and(|found| found == plain(name))
}

/// The plain name of the command whose output lies at `path`: `localcli_vsan_cluster_get`.
pub fn command_of(path: &str) -> Option<String> {
    let (folder, file) = path.rsplit_once('/')?;
    if !matches!(folder.rsplit('/').next(), Some("commands" | "json")) {
        return None;
    }
    let file = numbered(file).map_or(file, |(_, name)| name);
    Some(plain(file.strip_suffix(".txt").unwrap_or(file)))
}

/// The how manieth collection the output at `path` is of: 2 of `commands/2.ps_-c.txt`, 0 where it has no number.
pub fn collection(path: &str) -> u32 {
    numbered(path.rsplit('/').next().unwrap_or(path)).map_or(0, |(number, _)| number)
}

/// Splits `2.ps_-c.txt` into its number and its name.
fn numbered(file: &str) -> Option<(u32, &str)> {
    let (number, name) = file.split_once('.')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| (number.parse().unwrap_or(u32::MAX), name))
}

fn plain(text: &str) -> String {
    let text = text.to_ascii_lowercase().replace(['-', ' '], "_");
    text.strip_prefix("esxcli_").map(|rest| format!("localcli_{rest}")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_of_file_reads_its_samples() {
        for file in FACTS {
            assert!(!file.samples.is_empty(), "{} has no sample", file.name);
            for sample in file.samples {
                assert!((file.matches)(sample.path), "{}: {}", file.name, sample.path);
                let out = read(file, sample.path, sample.text.as_bytes());
                let got: Vec<serde_json::Value> =
                    out.facts.iter().map(|fact| without_lines(&fact.value)).collect();
                let expected: Vec<serde_json::Value> =
                    sample.facts.iter().map(|text| serde_json::from_str(text).expect(text)).collect();
                assert_eq!(got, expected, "{}: {}\n{:#?}", file.name, sample.path, out.problems);
            }
        }
    }

    /// A fact as JSON, without the lines that it keeps as evidence.
    fn without_lines(value: &FactValue) -> serde_json::Value {
        let mut value = serde_json::to_value(value).expect("serialisable");
        if let Some(object) = value.as_object_mut() {
            object.remove("lines");
        }
        value
    }

    pub(super) fn read(file: &FactFile, path: &str, text: &[u8]) -> Output {
        let member = MemberPath::new(path);
        let (mut reader, mut out, mut offset) = ((file.reader)(path), Output::default(), 0);
        for (index, bytes) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            reader.line(Line { file: &member, number: index as u64 + 1, offset, bytes: line }, &mut out);
            offset += bytes.len() as u64;
        }
        reader.end(&mut out);
        out
    }

    /// A tiny generator of the same bytes on every run.
    fn noise(state: &mut u64) -> usize {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize
    }

    #[test]
    fn no_reader_panics_on_a_text_cut_anywhere_or_with_wrong_bytes() {
        let mut state = 7;
        for file in FACTS {
            for sample in file.samples {
                let text = sample.text.as_bytes();
                for end in 0..text.len() {
                    read(file, sample.path, &text[..end]);
                }
                for _ in 0..200 {
                    let mut wrong = text.to_vec();
                    for _ in 0..1 + noise(&mut state) % 8 {
                        let at = noise(&mut state) % wrong.len().max(1);
                        if let Some(byte) = wrong.get_mut(at) {
                            *byte ^= 1 << (noise(&mut state) % 8);
                        }
                    }
                    read(file, sample.path, &wrong);
                }
            }
        }
    }

    /// The texts and numbers in a value.
    fn leaves(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(object) => {
                let fields = object.iter().filter(|(key, _)| !matches!(key.as_str(), "text" | "source"));
                fields.for_each(|(_, value)| leaves(value, found));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|value| leaves(value, found)),
            serde_json::Value::String(_) | serde_json::Value::Number(_) => {
                found.insert(value.to_string());
            }
            _ => {}
        }
    }

    /// Files whose text tells where it was cut. Others hold one bare number or word, or end differently each time.
    const TELL_A_CUT: &[&str] = &[
        "uname",
        "system-version",
        "readme",
        "date",
        "esx-conf",
        "build-info",
        "analytics-build",
        "hosts",
        "systeminfo",
        "log-section",
        "smbios",
        "esxcfg-info",
        "esxcfg-info-xml",
        "cpu",
        "vib-list",
        "image-profile",
        "acceptance-level",
        "vimdump",
        "vm-processes",
        "vm-inventory",
        "vmx",
        "ha",
    ];

    #[test]
    fn a_text_cut_anywhere_tells_nothing_that_the_whole_does_not() {
        let told = |file: &FactFile, path: &str, text: &[u8]| {
            let mut found = BTreeSet::new();
            let out = read(file, path, text);
            out.facts.iter().for_each(|fact| leaves(&without_lines(&fact.value), &mut found));
            found
        };
        let files = FACTS.iter().filter(|file| TELL_A_CUT.contains(&file.name));
        assert_eq!(files.clone().count(), TELL_A_CUT.len());
        for (file, sample) in files.flat_map(|file| file.samples.iter().map(move |sample| (file, sample))) {
            let text = sample.text.as_bytes();
            let whole = told(file, sample.path, text);
            for end in 0..text.len() {
                let cut = told(file, sample.path, &text[..end]);
                let more: Vec<_> = cut.difference(&whole).collect();
                let text = String::from_utf8_lossy(&text[..end]);
                assert!(more.is_empty(), "{}: {more:?} of {text}", file.name);
            }
        }
    }

    #[test]
    fn every_reader_survives_every_other_ones_samples() {
        let texts = || FACTS.iter().flat_map(|file| file.samples).map(|sample| sample.text.as_bytes());
        for file in FACTS {
            for text in texts() {
                read(file, file.samples[0].path, text);
            }
        }
    }

    #[test]
    fn names_of_fact_files_are_unique() {
        let names: BTreeSet<&str> = FACTS.iter().map(|file| file.name).collect();
        assert_eq!(names.len(), FACTS.len());
    }

    #[test]
    fn spellings_of_a_command_file_are_one() {
        for path in [
            "commands/localcli_vsan-cluster-get.txt",
            "commands/1.localcli_vsan-cluster-get.txt",
            "commands/esxcli_vsan_cluster_get.txt",
            "snapshot-1/commands/LocalCli_vsan-cluster get.txt",
        ] {
            assert!(is_command(path, "localcli_vsan-cluster-get"), "{path}");
        }
        assert!(!is_command("commands/localcli_vsan-cluster-get-x.txt", "localcli_vsan-cluster-get"));
        assert!(!is_command("var/localcli_vsan-cluster-get.txt", "localcli_vsan-cluster-get"));
    }
}
