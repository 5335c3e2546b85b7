//! Names of managed objects from vCenter's log: which host is `host-12`, which VM is `vm-101`.
//!
//! These logs are large: a line costs one search unless it names an object that was not seen before.

use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::text::cut;
use super::{FactFile, FactValue, Line, Output, Reader, Sample};
use crate::format;
use crate::format::text::shown;
use crate::model::{Problem, ProblemKind};

/// vpxd's logs.
pub static OBJECT_NAMES: FactFile = FactFile {
    name: "object-names",
    about: "Names of hosts, VMs and clusters behind their ids",
    matches: |path| format::of_path(path).is_some_and(|format| format.name == "vpxd"),
    reader: |_| Box::new(Names::default()),
    samples: SAMPLES,
};

static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("[vim."));

/// The most names that one log can give.
const MAX_NAMES: usize = 20_000;

/// The most bytes that an object's brackets may hold.
const MAX_OBJECT: usize = 512;

/// The most objects that one line can name.
const MAX_PER_LINE: usize = 256;

#[derive(Default)]
struct Names {
    seen: HashSet<Box<[u8]>>,
    full: bool,
}

impl Reader for Names {
    fn mark(&self) -> Option<&'static Finder<'static>> {
        Some(&MARK)
    }

    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if self.full {
            return;
        }
        for at in MARK.find_iter(line.bytes).take(MAX_PER_LINE) {
            let from = at + MARK.needle().len();
            let Some(object) = object(&line.bytes[from..]) else { continue };
            if !object.contains(&b',') {
                self.named_before(object, &line, at, out);
            } else if !self.seen.contains(object)
                && let Some(value) = named(object)
            {
                self.keep(object, value, &line, out);
            }
        }
    }
}

impl Names {
    /// `Initializing min EVC key for VM web 1 [vim.VirtualMachine:vm-101]`
    fn named_before(&mut self, object: &[u8], line: &Line<'_>, at: usize, out: &mut Output) {
        const BEFORE: &[u8] = b" for VM ";
        let head = line.bytes[..at].trim_ascii_end();
        let Some(start) = memchr::memmem::rfind(head, BEFORE) else { return };
        let name = &head[start + BEFORE.len()..];
        let whole = [object, b",", name].concat();
        if name.len() > MAX_OBJECT || !object.starts_with(b"VirtualMachine:") || self.seen.contains(&*whole) {
            return;
        }
        if let Some(value) = named(&whole) {
            self.keep(&whole, value, line, out);
        }
    }

    fn keep(&mut self, object: &[u8], value: FactValue, line: &Line<'_>, out: &mut Output) {
        if self.seen.len() == MAX_NAMES {
            self.full = true;
            let text = format!("more than {MAX_NAMES} object names; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
            return;
        }
        self.seen.insert(object.into());
        out.facts.push(line.fact(value));
    }
}

/// What stands between the brackets of `[vim.VirtualMachine:vm-101,web [old] 1]`; `text` begins behind `[vim.`.
///
/// Names may hold brackets: the one that closes is not followed by more of a name, and pairs do not count. A name
/// with a lone `]` before a blank cannot be told from the text behind it and is cut there.
fn object(text: &[u8]) -> Option<&[u8]> {
    let text = &text[..text.len().min(MAX_OBJECT)];
    if ![&b"HostSystem:"[..], b"VirtualMachine:", b"ClusterComputeResource:"]
        .iter()
        .any(|k| text.starts_with(k))
    {
        return None;
    }
    let mut depth = 0usize;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth > 0 => depth -= 1,
            b']' if !text.get(at + 1).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_') => {
                return Some(&text[..at]);
            }
            _ => {}
        }
    }
    // A lone `[` in the name: the first bracket closes after all.
    text.iter().position(|&byte| byte == b']').map(|end| &text[..end])
}

/// `HostSystem:host-12,esx01.lab.local`, also with the server's id: `HostSystem:11112222-…:host-12,esx01.lab.local`
fn named(object: &[u8]) -> Option<FactValue> {
    let text = shown(object);
    let (id, name) = text.split_once(',')?;
    let (kind, id) = id.split_once(':')?;
    let moref = id.rsplit(':').next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let name = name.trim();
    let numbered = moref.rsplit_once('-').is_some_and(|(stem, number)| {
        !stem.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if name.is_empty() || !numbered || moref.len() > 64 || !moref.bytes().all(plain) {
        return None;
    }
    Some(FactValue::ObjectName {
        kind: kind.to_owned(),
        moref: moref.to_owned(),
        name: cut(name, MAX_OBJECT).to_owned(),
    })
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "var/log/vmware/vpxd/vpxd-12.log.gz",
        text: "2020-07-01T08:15:30.123Z info vpxd[01234] [Originator@6876 sub=x opID=a] host \
               [vim.HostSystem:host-12,esx01.lab.local] connection state changed to NO_RESPONSE\n\
               2020-07-01T08:15:31.123Z info vpxd[01234] [Originator@6876 sub=x opID=a] moving \
               [vim.VirtualMachine:vm-101,web [old], copy 1] to [vim.HostSystem:host-12,esx01.lab.local]\n\
               2020-07-01T08:15:32.123Z warning vpxd[01234] [Originator@6876 sub=x] Connection not alive due to \
               missing heartbeats; [vim.HostSystem:host-13, esx02.lab.local]\n\
               2020-07-01T08:15:33.123Z info vpxd[01234] [Originator@6876 sub=x] \
               [VmMo::InitMinEVCKeyIfNecessary] Initializing min EVC key for VM db 1 [vim.VirtualMachine:vm-102]\n",
        facts: &[
            r#"{"fact":"object-name","kind":"HostSystem","moref":"host-12","name":"esx01.lab.local"}"#,
            r#"{"fact":"object-name","kind":"VirtualMachine","moref":"vm-101","name":"web [old], copy 1"}"#,
            r#"{"fact":"object-name","kind":"HostSystem","moref":"host-13","name":"esx02.lab.local"}"#,
            r#"{"fact":"object-name","kind":"VirtualMachine","moref":"vm-102","name":"db 1"}"#,
        ],
    },
    Sample {
        path: "var/log/vmware/vpxd/vpxd.log",
        text: "--> vm = 'vim.VirtualMachine:11112222-3333-4444-5555-666677778888:vm-101',\n\
               x [vim.HostSystem:11112222-3333-4444-5555-666677778888:host-12,esx01.lab.local] y\n\
               x [vim.ClusterComputeResource:domain-c7,prod]one], [vim.VirtualMachine:vm-7,a[b] c\n\
               x [vim.Datacenter:datacenter-2,dc] [vim.HostSystem:host-12] [vim.VirtualMachine:vm-9,cut",
        facts: &[
            r#"{"fact":"object-name","kind":"HostSystem","moref":"host-12","name":"esx01.lab.local"}"#,
            r#"{"fact":"object-name","kind":"ClusterComputeResource","moref":"domain-c7","name":"prod]one"}"#,
            r#"{"fact":"object-name","kind":"VirtualMachine","moref":"vm-7","name":"a[b"}"#,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn names_are_limited() {
        let text: String = (0..MAX_NAMES + 5).map(|n| format!("[vim.VirtualMachine:vm-{n},v]\n")).collect();
        let out = read(&OBJECT_NAMES, "var/log/vmware/vpxd/vpxd.log", text.as_bytes());
        assert_eq!((out.facts.len(), out.problems.len()), (MAX_NAMES, 1));
    }
}
