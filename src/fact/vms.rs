//! The VMs that a host runs, and those that are registered on it.

use super::read::{Entry, Json, OrJson};
use super::text::{Anchor, MAX_ENTRIES, lossy, pair, value};
use super::xml::{Step, Xml};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_output};
use crate::model::{Problem, ProblemKind};

/// The output of `localcli vm process list`.
pub static PROCESSES: FactFile = FactFile {
    name: "vm-processes",
    about: "VMs that ran at the capture",
    matches: |path| is_output(path, "localcli_vm-process-list"),
    reader: |path| Box::new(OrJson::new(path, "VMs", Processes::default(), processes)),
    samples: PROCESS_SAMPLES,
};

/// hostd's inventory.
pub static INVENTORY: FactFile = FactFile {
    name: "vm-inventory",
    about: "VMs that are registered on the host",
    matches: |path| path.rsplit('/').next() == Some("vmInventory.xml"),
    reader: |_| Box::new(Inventory::default()),
    samples: INVENTORY_SAMPLES,
};

/// Blocks of `Key: value`; a block ends where one of its keys comes again.
#[derive(Default)]
struct Processes {
    start: Option<Anchor>,
    name: Option<String>,
    /// The key of the line before: at the end of the text its value may be cut.
    fresh: Option<String>,
    world: Option<u64>,
    cartel: Option<u64>,
    uuid: Option<String>,
    vmx: Option<String>,
    count: usize,
}

impl Reader for Processes {
    /// ```text
    /// web 1
    ///    World ID: 2100123
    ///    VMX Cartel ID: 2100122
    ///    UUID: 56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 77
    ///    Display Name: web 1
    ///    Config File: /vmfs/volumes/5f0a1b2c-3d4e5f60-7182-0050568a0001/web 1/web 1.vmx
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        self.fresh = None;
        let text = lossy(&line);
        let Some((key, text)) = pair(&text) else { return };
        let key = key.to_ascii_lowercase();
        let again = match key.as_str() {
            "world id" => self.world.is_some(),
            "vmx cartel id" => self.cartel.is_some(),
            "uuid" => self.uuid.is_some(),
            "display name" => self.name.is_some(),
            "config file" => self.vmx.is_some(),
            _ => return,
        };
        if again {
            self.flush(out);
        }
        self.start.get_or_insert_with(|| Anchor::of(&line));
        match key.as_str() {
            "world id" => self.world = text.parse().ok(),
            "vmx cartel id" => self.cartel = text.parse().ok(),
            "uuid" => self.uuid = value(text).filter(|uuid| is_spaced_uuid(uuid)),
            "display name" => self.name = value(text),
            _ => self.vmx = value(text).filter(|path| is_vmx(path)),
        }
        self.fresh = Some(key);
    }

    fn gap(&mut self) {
        *self = Processes { count: self.count, ..Processes::default() };
    }

    fn end(&mut self, out: &mut Output) {
        // UUIDs and paths tell by themselves whether they are whole.
        match self.fresh.take().as_deref() {
            Some("world id") => self.world = None,
            Some("vmx cartel id") => self.cartel = None,
            Some("display name") => self.name = None,
            _ => {}
        }
        self.flush(out);
    }
}

impl Processes {
    fn flush(&mut self, out: &mut Output) {
        let block = std::mem::take(self);
        self.count = block.count;
        let Processes { start, name, world, cartel, uuid, vmx, .. } = block;
        let (Some(start), Some(name)) = (start, name) else { return };
        self.count += 1;
        if self.count <= MAX_ENTRIES {
            out.facts.push(start.fact(FactValue::RunningVm { name, world, cartel, uuid, vmx }));
        } else if self.count == MAX_ENTRIES + 1 {
            let text = format!("more than {MAX_ENTRIES} VMs; the rest was left out");
            out.problems.push(start.problem(ProblemKind::Limit, text));
        }
    }
}

/// `[{"ConfigFile": "/vmfs/volumes/ds/web/web.vmx", "DisplayName": "web", "UUID": "56 4d …", "WorldID": 2100123}, …]`
fn processes(json: Json, out: &mut Output) -> bool {
    let before = out.facts.len();
    let facts = json.entries.into_iter().filter_map(|entry| {
        let vm = process(&entry)?;
        Some(entry.into_anchor().fact(vm))
    });
    out.facts.extend(facts);
    json.empty || out.facts.len() > before
}

fn process(entry: &Entry) -> Option<FactValue> {
    Some(FactValue::RunningVm {
        name: entry.text("Display Name")?,
        world: entry.number("World ID"),
        cartel: entry.number("VMX Cartel ID"),
        uuid: entry.text("UUID").filter(|uuid| is_spaced_uuid(uuid)),
        vmx: entry.text("Config File").filter(|path| is_vmx(path)),
    })
}

fn is_vmx(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".vmx")
}

/// `56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 77`, as VMware writes a BIOS UUID.
pub(super) fn is_spaced_uuid(text: &str) -> bool {
    let bytes: Vec<&str> = text.split([' ', '-']).collect();
    bytes.len() == 16
        && bytes.iter().all(|byte| byte.len() == 2 && byte.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Entries of hostd's inventory, pretty or all on one line.
#[derive(Default)]
struct Inventory {
    xml: Xml,
    /// `objID` of the entry that is open.
    id: Option<u64>,
    count: usize,
}

impl Reader for Inventory {
    /// ```text
    /// <ConfigEntry id="0000">
    ///   <objID>1</objID>
    ///   <vmxCfgPath>/vmfs/volumes/ds/web &amp; db/web.vmx</vmxCfgPath>
    /// </ConfigEntry>
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let Inventory { xml, id, count } = self;
        xml.line(&lossy(&line), &mut |path, step| {
            let name = path.last().map_or("", String::as_str);
            match (name, step) {
                ("ConfigEntry", _) => *id = None,
                ("objID", Step::Close(text)) => *id = text.and_then(|text| text.parse().ok()),
                ("vmxCfgPath", Step::Close(text)) => {
                    let id = id.take();
                    if let Some(vmx) = text.and_then(value) {
                        registered(id, vmx, count, &line, out);
                    }
                }
                _ => {}
            }
        });
    }

    fn gap(&mut self) {
        *self = Inventory { count: self.count, ..Inventory::default() };
    }
}

fn registered(id: Option<u64>, vmx: String, count: &mut usize, line: &Line<'_>, out: &mut Output) {
    *count += 1;
    if *count <= MAX_ENTRIES {
        out.facts.push(line.fact(FactValue::RegisteredVm { id, vmx }));
    } else if *count == MAX_ENTRIES + 1 {
        let text = format!("more than {MAX_ENTRIES} VMs; the rest was left out");
        out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
    }
}

const PROCESS_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_vm-process-list.txt",
        text: "web 1\n   World ID: 2100123\n   Process ID: 0\n   VMX Cartel ID: 2100122\n   \
               UUID: 56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 77\n   \
               Display Name: web 1\n   Config File: /vmfs/volumes/ds/web 1/web 1.vmx\n\n\
               db: main\n   World ID: 2100456\n   Display Name: db: main\n   Config File: /vmfs/volumes/ds/db/db.vmx\n",
        facts: &[
            r#"{"fact":"running-vm","name":"web 1","world":2100123,"cartel":2100122,"uuid":"56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 77","vmx":"/vmfs/volumes/ds/web 1/web 1.vmx"}"#,
            r#"{"fact":"running-vm","name":"db: main","world":2100456,"cartel":null,"uuid":null,"vmx":"/vmfs/volumes/ds/db/db.vmx"}"#,
        ],
    },
    // vSAN paths, Japanese names, and stderr before, between and behind.
    Sample {
        path: "commands/1.localcli_vm-process-list.txt",
        text: "Connect to hostd failed: retrying\n業務 (旧)\n   World ID: 35805\n   Process ID: 0\n   VMX Cartel ID: 35804\n   \
               UUID: 42 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd\nWarning: slow\n   Display Name: 業務 (旧)\n   \
               Config File: /vmfs/volumes/vsan:52aa-bb/業務 (旧)/業務 (旧).vmx\nterminated\n",
        facts: &[
            r#"{"fact":"running-vm","name":"業務 (旧)","world":35805,"cartel":35804,"uuid":"42 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd","vmx":"/vmfs/volumes/vsan:52aa-bb/業務 (旧)/業務 (旧).vmx"}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_vm_process_list.txt",
        text: "Warning: x: y\nweb\n   Display Name: web\nWarning: again\n   World ID: 12\nnext\n   World ID: 13\n   Display Na",
        facts: &[r#"{"fact":"running-vm","name":"web","world":12,"cartel":null,"uuid":null,"vmx":null}"#],
    },
    // JSON, pretty, with Japanese names and noise before and behind.
    Sample {
        path: "commands/localcli_--formatterjson-vm-process-list.txt",
        text: "Connect to hostd failed: retrying\n[\n   {\n      \"ConfigFile\": \"/vmfs/volumes/vsan:52aa-bb/業務 (旧)/業務 (旧).vmx\",\n      \
               \"DisplayName\": \"業務 (旧)\",\n      \"ProcessID\": 0,\n      \
               \"UUID\": \"42 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd\",\n      \"VMXCartelID\": 35804,\n      \
               \"WorldID\": \"35805\"\n   },\n   {\n      \"DisplayName\": \"say \\\"x\\\": {\",\n      \"WorldID\": 35900\n   }\n]\nterminated\n",
        facts: &[
            r#"{"fact":"running-vm","name":"業務 (旧)","world":35805,"cartel":35804,"uuid":"42 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd","vmx":"/vmfs/volumes/vsan:52aa-bb/業務 (旧)/業務 (旧).vmx"}"#,
            r#"{"fact":"running-vm","name":"say \"x\": {","world":35900,"cartel":null,"uuid":null,"vmx":null}"#,
        ],
    },
    // On one line, keys with blanks; cut inside the second VM.
    Sample {
        path: "json/localcli_vm-process-list.json",
        text: "[{\"Config File\": \"/vmfs/volumes/ds/web/web.vmx\", \"Display Name\": \"web\", \"UUID\": \"56 4d\", \
               \"VMX Cartel ID\": 2100122, \"World ID\": 2100123}, {\"Config File\": \"/vmfs/volumes/ds/db/db.vmx\", \"Display Name\": \"d",
        facts: &[
            r#"{"fact":"running-vm","name":"web","world":2100123,"cartel":2100122,"uuid":null,"vmx":"/vmfs/volumes/ds/web/web.vmx"}"#,
        ],
    },
    Sample {
        path: "json/localcli_vm-process-list.json",
        text: "{\"DisplayName\": \"web\", \"WorldID\": 12}\n",
        facts: &[r#"{"fact":"running-vm","name":"web","world":12,"cartel":null,"uuid":null,"vmx":null}"#],
    },
    Sample { path: "json/localcli_vm-process-list.json", text: "[]\n", facts: &[] },
    // Cut inside a path, and inside a name.
    Sample {
        path: "commands/localcli_vm-process-list.txt",
        text: "web\n   World ID: 12\n   UUID: 56 4d aa\n   Display Name: web\n   Config File: /vmfs/volumes/ds/we",
        facts: &[r#"{"fact":"running-vm","name":"web","world":12,"cartel":null,"uuid":null,"vmx":null}"#],
    },
    Sample {
        path: "commands/localcli_vm-process-list.txt",
        text: "web\n   World ID: 12\n   Display Name: w",
        facts: &[],
    },
    Sample { path: "commands/localcli_vm-process-list.txt", text: "", facts: &[] },
];

const INVENTORY_SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/vmware/hostd/vmInventory.xml",
        text: "<ConfigRoot>\n  <ConfigEntry id=\"0000\">\n    <objID>1</objID>\n    <secDomain/>\n    \
               <vmxCfgPath>/vmfs/volumes/ds/web &amp; db&#x21;/web.vmx</vmxCfgPath>\n  </ConfigEntry>\n  \
               <ConfigEntry id=\"0001\">\n    <objID>24</objID>\n    <secDomain>11</secDomain>\n    \
               <vmxCfgPath>/vmfs/volumes/vsan:52aa-bb/業務 (旧)/業務 (旧).vmx</vmxCfgPath>\n  </ConfigEntry>\n</ConfigRoot>\n",
        facts: &[
            r#"{"fact":"registered-vm","id":1,"vmx":"/vmfs/volumes/ds/web & db!/web.vmx"}"#,
            r#"{"fact":"registered-vm","id":24,"vmx":"/vmfs/volumes/vsan:52aa-bb/業務 (旧)/業務 (旧).vmx"}"#,
        ],
    },
    Sample {
        path: "etc/vmware/hostd/vmInventory.xml",
        text: "noise<ConfigRoot><vmxCfgPath>/a/a.vmx</vmxCfgPath><x/><vmxCfgPath>/b/&b;&.vmx</vmxCfgPath><vmxCfgPath>/c",
        facts: &[
            r#"{"fact":"registered-vm","id":null,"vmx":"/a/a.vmx"}"#,
            r#"{"fact":"registered-vm","id":null,"vmx":"/b/&b;&.vmx"}"#,
        ],
    },
    // An entry without a path lends its id to no other.
    Sample {
        path: "etc/vmware/hostd/vmInventory.xml",
        text: "cp: warning <x>\n<ConfigRoot><ConfigEntry id=\"0000\"><objID>7</objID></ConfigEntry>\nread error\n\
               <ConfigEntry id=\"0001\"><vmxCfgPath>/b/b.vmx</vmxCfgPath></ConfigEntry>\n<ConfigEntry><objID>9</objID>\n<vmxCfgPath>/c/c.v",
        facts: &[r#"{"fact":"registered-vm","id":null,"vmx":"/b/b.vmx"}"#],
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn registered_vms_are_limited() {
        let text = "<vmxCfgPath>/a/a.vmx</vmxCfgPath>".repeat(MAX_ENTRIES + 9);
        let out = read(&INVENTORY, "etc/vmware/hostd/vmInventory.xml", text.as_bytes());
        assert_eq!((out.facts.len(), out.problems.len()), (MAX_ENTRIES, 1));
    }

    #[test]
    fn only_sixteen_bytes_are_a_uuid() {
        assert!(is_spaced_uuid("56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 77"));
        for text in ["", "56 4d aa", "56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 7", "564daabb-ccdd-eeff"] {
            assert!(!is_spaced_uuid(text), "{text}");
        }
    }
}
