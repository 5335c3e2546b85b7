//! The VMs that a host runs, and those that are registered on it.

use super::text::{Anchor, EachLine, MAX_ENTRIES, lossy, pair, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command};
use crate::model::{Problem, ProblemKind};

/// The output of `localcli vm process list`.
pub static PROCESSES: FactFile = FactFile {
    name: "vm-processes",
    about: "VMs that ran at the capture",
    matches: |path| is_command(path, "localcli_vm-process-list"),
    reader: |_| Box::new(Processes::default()),
    samples: PROCESS_SAMPLES,
};

/// hostd's inventory.
pub static INVENTORY: FactFile = FactFile {
    name: "vm-inventory",
    about: "VMs that are registered on the host",
    matches: |path| path.rsplit('/').next() == Some("vmInventory.xml"),
    reader: |_| Box::new(EachLine(inventory)),
    samples: INVENTORY_SAMPLES,
};

/// Blocks of `Key: value`; a block ends where one of its keys comes again.
#[derive(Default)]
struct Processes {
    start: Option<Anchor>,
    name: Option<String>,
    world: Option<u64>,
    vmx: Option<String>,
    count: usize,
}

impl Reader for Processes {
    /// ```text
    /// web 1
    ///    World ID: 2100123
    ///    Display Name: web 1
    ///    Config File: /vmfs/volumes/5f0a1b2c-3d4e5f60-7182-0050568a0001/web 1/web 1.vmx
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let text = lossy(&line);
        let Some((key, text)) = pair(&text) else { return };
        let again = match key {
            "World ID" => self.world.is_some(),
            "Display Name" => self.name.is_some(),
            "Config File" => self.vmx.is_some(),
            _ => return,
        };
        if again {
            self.flush(out);
        }
        self.start.get_or_insert_with(|| Anchor::of(&line));
        match key {
            "World ID" => self.world = text.parse().ok(),
            "Display Name" => self.name = value(text),
            _ => self.vmx = value(text),
        }
    }

    fn gap(&mut self) {
        *self = Processes { count: self.count, ..Processes::default() };
    }

    fn end(&mut self, out: &mut Output) {
        self.flush(out);
    }
}

impl Processes {
    fn flush(&mut self, out: &mut Output) {
        let (name, world, vmx) = (self.name.take(), self.world.take(), self.vmx.take());
        let Some(start) = self.start.take() else { return };
        let Some(name) = name else { return };
        self.count += 1;
        if self.count <= MAX_ENTRIES {
            out.facts.push(start.fact(FactValue::RunningVm { name, world, vmx }));
        } else if self.count == MAX_ENTRIES + 1 {
            let text = format!("more than {MAX_ENTRIES} VMs; the rest was left out");
            out.problems.push(start.problem(ProblemKind::Limit, text));
        }
    }
}

/// `<vmxCfgPath>/vmfs/volumes/ds/web &amp; db/web.vmx</vmxCfgPath>`, one or many on a line
fn inventory(line: &Line<'_>, text: &str, out: &mut Output) {
    let mut rest = text;
    let mut count = 0;
    while let Some((_, after)) = rest.split_once("<vmxCfgPath>") {
        let Some((path, after)) = after.split_once("</vmxCfgPath>") else { return };
        rest = after;
        count += 1;
        if count > MAX_ENTRIES {
            let text = format!("more than {MAX_ENTRIES} VMs on a line; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
            return;
        }
        if let Some(vmx) = value(&unescaped(path)) {
            out.facts.push(line.fact(FactValue::RegisteredVm { vmx }));
        }
    }
}

/// Text of XML with its entities decoded; what is no entity stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let decoded =
            rest.find(';').filter(|&end| end <= 10).and_then(|end| Some((entity(&rest[1..end])?, end)));
        match decoded {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

const PROCESS_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_vm-process-list.txt",
        text: "web 1\n   World ID: 2100123\n   Process ID: 0\n   VMX Cartel ID: 2100122\n   UUID: 56 4d aa bb\n   \
               Display Name: web 1\n   Config File: /vmfs/volumes/ds/web 1/web 1.vmx\n\n\
               db: main\n   World ID: 2100456\n   Display Name: db: main\n   Config File: /vmfs/volumes/ds/db/db.vmx\n",
        facts: &[
            r#"{"fact":"running-vm","name":"web 1","world":2100123,"vmx":"/vmfs/volumes/ds/web 1/web 1.vmx"}"#,
            r#"{"fact":"running-vm","name":"db: main","world":2100456,"vmx":"/vmfs/volumes/ds/db/db.vmx"}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_vm_process_list.txt",
        text: "Warning: x: y\nweb\n   Display Name: web\nWarning: again\n   World ID: 12\nnext\n   World ID: 13\n   Display Na",
        facts: &[r#"{"fact":"running-vm","name":"web","world":12,"vmx":null}"#],
    },
    Sample { path: "commands/localcli_vm-process-list.txt", text: "", facts: &[] },
];

const INVENTORY_SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/vmware/hostd/vmInventory.xml",
        text: "<ConfigRoot>\n  <ConfigEntry id=\"0000\">\n    <objID>1</objID>\n    \
               <vmxCfgPath>/vmfs/volumes/ds/web &amp; db&#x21;/web.vmx</vmxCfgPath>\n  </ConfigEntry>\n</ConfigRoot>\n",
        facts: &[r#"{"fact":"registered-vm","vmx":"/vmfs/volumes/ds/web & db!/web.vmx"}"#],
    },
    Sample {
        path: "etc/vmware/hostd/vmInventory.xml",
        text: "noise<ConfigRoot><vmxCfgPath>/a/a.vmx</vmxCfgPath><x/><vmxCfgPath>/b/&b;&.vmx</vmxCfgPath><vmxCfgPath>/c",
        facts: &[
            r#"{"fact":"registered-vm","vmx":"/a/a.vmx"}"#,
            r#"{"fact":"registered-vm","vmx":"/b/&b;&.vmx"}"#,
        ],
    },
];
