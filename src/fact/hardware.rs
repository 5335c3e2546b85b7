//! The machine under a host: vendor, model, BIOS, CPU and microcode.

use super::feature::number;
use super::text::{Anchor, lossy, pair, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, command_of, is_command};

/// The output of `smbiosDump`.
pub static SMBIOS: FactFile = FactFile {
    name: "smbios",
    about: "Vendor, model and BIOS of the machine",
    matches: |path| is_command(path, "smbiosDump"),
    reader: |_| Box::new(Machine::new(Smbios::default())),
    samples: SMBIOS_SAMPLES,
};

/// The output of `esxcfg-info -a`.
pub static ESXCFG_INFO: FactFile = FactFile {
    name: "esxcfg-info",
    about: "Vendor, model and BIOS of the machine",
    matches: |path| is_command(path, "esxcfg-info_-a"),
    reader: |_| Box::new(Machine::new(Tree::default())),
    samples: TREE_SAMPLES,
};

/// The output of `esxcfg-info -a -F xml`.
pub static ESXCFG_INFO_XML: FactFile = FactFile {
    name: "esxcfg-info-xml",
    about: "Vendor, model and BIOS of the machine",
    matches: |path| is_command(path, "esxcfg-info_-a--F-xml"),
    reader: |_| Box::new(Machine::new(Xml::default())),
    samples: XML_SAMPLES,
};

/// `localcli hardware cpu list`, or `vsish` of `/hardware/cpu/cpuList/0`.
pub static CPU: FactFile = FactFile {
    name: "cpu",
    about: "Identity and microcode of the first CPU",
    matches: |path| {
        command_of(path).is_some_and(|name| {
            name.contains("hardware_cpu_list") || (name.contains("vsish") && name.contains("cpulist"))
        })
    },
    reader: |_| Box::new(Cpu::default()),
    samples: CPU_SAMPLES,
};

/// What a text says of the machine.
#[derive(Default)]
struct Identity {
    vendor: Option<String>,
    model: Option<String>,
    bios: Option<String>,
}

/// One form in which a machine is told.
trait Form: Send {
    /// Takes a line; what was told first stays.
    fn take(&mut self, text: &str, identity: &mut Identity);

    /// Lines are missing: a section that was begun need not go on.
    fn gap(&mut self);
}

/// Reads a machine in the form `F`, and gives it at the end.
struct Machine<F> {
    form: F,
    identity: Identity,
    first: Option<Anchor>,
}

impl<F: Form> Machine<F> {
    fn new(form: F) -> Self {
        Machine { form, identity: Identity::default(), first: None }
    }
}

impl<F: Form> Reader for Machine<F> {
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        self.form.take(&lossy(&line), &mut self.identity);
        let Identity { vendor, model, bios } = &self.identity;
        if self.first.is_none() && (vendor.is_some() || model.is_some() || bios.is_some()) {
            self.first = Some(Anchor::of(&line));
        }
    }

    fn gap(&mut self) {
        self.form.gap();
    }

    fn end(&mut self, out: &mut Output) {
        let Identity { vendor, model, bios } = std::mem::take(&mut self.identity);
        let value = FactValue::Hardware { vendor, model, bios };
        out.facts.extend(self.first.take().map(|first| first.fact(value)));
    }
}

fn keep(slot: &mut Option<String>, text: &str) {
    if slot.is_none() {
        *slot = value(text);
    }
}

#[derive(Default)]
enum Block {
    #[default]
    None,
    System,
    Bios,
}

/// Blocks of `Key: "value"`, each below a line with its type.
#[derive(Default)]
struct Smbios {
    block: Block,
}

impl Form for Smbios {
    /// ```text
    ///   System Info (Type 1): #256
    ///     Manufacturer: "Dell Inc."
    ///     Product: "PowerEdge R730"
    /// ```
    fn take(&mut self, text: &str, identity: &mut Identity) {
        if text.contains("(Type ") {
            let head = text.trim_start();
            self.block = match head {
                _ if head.starts_with("System Info (Type 1)") => Block::System,
                _ if head.starts_with("BIOS Info (Type 0)") => Block::Bios,
                _ => Block::None,
            };
            return;
        }
        let Some((key, text)) = pair(text) else { return };
        match (&self.block, key) {
            (Block::System, "Manufacturer" | "Vendor") => keep(&mut identity.vendor, text),
            (Block::System, "Product" | "Product Name") => keep(&mut identity.model, text),
            (Block::System | Block::Bios, "BIOS Version") | (Block::Bios, "Version") => {
                keep(&mut identity.bios, text);
            }
            _ => {}
        }
    }

    fn gap(&mut self) {
        self.block = Block::None;
    }
}

/// The tree of `esxcfg-info`: only what hangs directly below `Hardware Info`, as every PCI device has a vendor too.
#[derive(Default)]
struct Tree {
    /// Where the section's own branch begins on the line.
    section: Option<usize>,
    /// Where its children do.
    children: Option<usize>,
}

impl Form for Tree {
    /// ```text
    ///  \==+Hardware Info :
    ///     |----Product Name..........................PowerEdge R730
    /// ```
    fn take(&mut self, text: &str, identity: &mut Identity) {
        if let Some(at) = text.find("\\==+") {
            if text[at + 4..].starts_with("Hardware Info") {
                (self.section, self.children) = (Some(at), None);
            } else if self.section.is_some_and(|section| at <= section) {
                self.section = None;
            }
            return;
        }
        let Some(at) = text.find("|----").filter(|_| self.section.is_some()) else { return };
        if *self.children.get_or_insert(at) != at {
            return;
        }
        let Some((key, text)) = text[at + 5..].split_once("..") else { return };
        let text = text.trim_start_matches('.');
        match key.trim() {
            "Product Name" => keep(&mut identity.model, text),
            "Vendor Name" => keep(&mut identity.vendor, text),
            "BIOS Version" => keep(&mut identity.bios, text),
            _ => {}
        }
    }

    fn gap(&mut self) {
        (self.section, self.children) = (None, None);
    }
}

/// The same as XML: the values before the first element inside `hardware-info`.
#[derive(Default)]
struct Xml {
    inside: bool,
    done: bool,
}

impl Form for Xml {
    /// `<hardware-info><value name="product-name" format="text">PowerEdge R730</value>`
    fn take(&mut self, text: &str, identity: &mut Identity) {
        for tag in text.split('<').skip(1) {
            if self.done {
                return;
            }
            if !self.inside {
                self.inside = tag.starts_with("hardware-info");
            } else if let Some(text) = tag.strip_prefix("value ") {
                xml_value(text, identity);
            } else if !tag.starts_with("/value") {
                self.done = true;
            }
        }
    }

    fn gap(&mut self) {
        self.inside = false;
    }
}

fn xml_value(text: &str, identity: &mut Identity) {
    let Some((attributes, text)) = text.split_once('>') else { return };
    let name = attributes.split_once("name=\"").and_then(|(_, rest)| rest.split_once('"'));
    match name.map(|(name, _)| name) {
        Some("product-name") => keep(&mut identity.model, text),
        Some("vendor-name") => keep(&mut identity.vendor, text),
        Some("bios-version") => keep(&mut identity.bios, text),
        _ => {}
    }
}

/// The first CPU of a list; the others are the same, as no machine boots with two sorts.
#[derive(Default)]
struct Cpu {
    first: Option<Anchor>,
    vendor: Option<String>,
    name: Option<String>,
    /// Family, model, stepping.
    numbers: [Option<u64>; 3],
    revision: Option<Anchor>,
    /// Original and current revision.
    revisions: [Option<u64>; 2],
    blocks: usize,
}

impl Reader for Cpu {
    /// ```text
    /// CPU:0
    ///    Family: 6
    ///    Brand: GenuineIntel
    ///    Original Revision:0x00000036
    /// ```
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let text = lossy(&line);
        let Some((key, text)) = pair(&text) else { return };
        let key = key.to_ascii_lowercase();
        if key == "cpu" || key == "id" {
            // The second block of a list begins; `Id` follows `CPU` in the first one.
            self.blocks += usize::from(self.first.is_some());
        }
        if self.blocks > 0 {
            return;
        }
        if let Some(slot) = revision_of(&key).and_then(|at| self.revisions.get_mut(at)) {
            *slot = slot.or(hex(text));
            self.revision.get_or_insert_with(|| Anchor::of(&line));
        } else if self.identity(&key, text) {
            self.first.get_or_insert_with(|| Anchor::of(&line));
        }
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(first) = self.first.take() {
            let [family, model, stepping] = self.numbers;
            let (vendor, name) = (self.vendor.take(), self.name.take());
            out.facts.push(first.fact(FactValue::Cpu { vendor, family, model, stepping, name }));
        }
        let [original, current] = self.revisions;
        if let Some(line) = self.revision.take().filter(|_| original.or(current).is_some()) {
            out.facts.push(line.fact(FactValue::Microcode { original, current }));
        }
    }
}

impl Cpu {
    /// Takes a field of the CPU's identity; false where it is none.
    fn identity(&mut self, key: &str, text: &str) -> bool {
        let number = match key {
            "family" => 0,
            "model" => 1,
            "stepping" => 2,
            "brand" | "vendor" | "name" | "brand string" | "model name" => {
                let vendor = matches!(
                    value(text).as_deref(),
                    Some("GenuineIntel" | "AuthenticAMD" | "HygonGenuine" | "CentaurHauls")
                );
                let slot = if vendor || key == "vendor" { &mut self.vendor } else { &mut self.name };
                keep(slot, text);
                return slot.is_some();
            }
            _ => return false,
        };
        self.numbers[number] = self.numbers[number].or(hex(text));
        self.numbers[number].is_some()
    }
}

fn revision_of(key: &str) -> Option<usize> {
    match key {
        "original revision" => Some(0),
        "current revision" | "microcode revision" => Some(1),
        _ => None,
    }
}

/// `6`, `0x3f`, also `0x3f (63)`
fn hex(text: &str) -> Option<u64> {
    number(text.split_whitespace().next()?)
}

const SMBIOS_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/smbiosDump.txt",
        text: "SMBIOS table v2.8\n  BIOS Info (Type 0): #0\n    Vendor: \"Dell BIOS\"\n    Version: \"2.9.1\"\n    \
               Date: \"12/04/2018\"\n  System Info (Type 1): #256\n    Manufacturer: \"Dell Inc.\"\n    \
               Product: \"PowerEdge R730\"\n    Version: \"\"\n    Serial: \"ABC\"\n  Board Info (Type 2): #512\n    \
               Manufacturer: \"Other\"\n    Product: \"0X\"\n",
        facts: &[r#"{"fact":"hardware","vendor":"Dell Inc.","model":"PowerEdge R730","bios":"2.9.1"}"#],
    },
    Sample {
        path: "commands/smbiosDump.txt",
        text: "warning: x\nProduct: no\n  System Info (Type 1):\n    Product: ProLiant DL380 Gen9\n    \
               Vendor: To Be Filled By O.E.M.\n    BIOS Version: P89",
        facts: &[r#"{"fact":"hardware","vendor":null,"model":"ProLiant DL380 Gen9","bios":"P89"}"#],
    },
    Sample { path: "commands/smbiosDump.txt", text: "  System Info (Type 1): #256\n    Prod", facts: &[] },
];

const TREE_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/esxcfg-info_-a.txt",
        text: "warning: x\n+Host : \n   \\==+Hardware Info : \n      |----BIOS UUID.........0x1 0x2\n      \
               |----Product Name......PowerEdge R730\n      |----Vendor Name.......Dell Inc.\n      \
               \\==+Pci Info : \n         |----Vendor Name.......Intel\n      |----BIOS Version......2.9.1\n   \
               \\==+Other : \n      |----Product Name......no\n",
        facts: &[r#"{"fact":"hardware","vendor":"Dell Inc.","model":"PowerEdge R730","bios":"2.9.1"}"#],
    },
    Sample {
        path: "commands/esxcfg-info_-a.txt",
        text: "   \\==+Hardware Info :\n      |----Product Na",
        facts: &[],
    },
];

const XML_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/esxcfg-info_-a--F-xml.txt",
        text: "ResourceGroup: x\n<?xml version=\"1.0\"?>\n<host>\n<hardware-info>\n\
               <value name=\"product-name\" format=\"text\">PowerEdge R730</value>\n\
               <value name=\"vendor-name\" format=\"text\">Dell Inc.</value><value name=\"bios-version\">2.9.1</value>\n\
               <cpu-info>\n<value name=\"product-name\">no</value>\n",
        facts: &[r#"{"fact":"hardware","vendor":"Dell Inc.","model":"PowerEdge R730","bios":"2.9.1"}"#],
    },
    Sample {
        path: "commands/esxcfg-info_-a--F-xml.txt",
        text: "<hardware-info><value name=\"product-name\" for",
        facts: &[],
    },
];

const CPU_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_hardware-cpu-list.txt",
        text: "CPU:0\n   Id: 0\n   Package Id: 0\n   Family: 6\n   Model: 63\n   Type: 0\n   Stepping: 2\n   \
               Brand: GenuineIntel\n   Core Speed: 2397222000\n\nCPU:1\n   Id: 1\n   Family: 7\n   \
               Original Revision: 1\n",
        facts: &[r#"{"fact":"cpu","vendor":"GenuineIntel","family":6,"model":63,"stepping":2,"name":null}"#],
    },
    Sample {
        path: "commands/vsish_-e-cat-hardwarecpucpuList0.txt",
        text: "CPU information {\n   Family:0x06\n   Model:0x3f\n   Type:0x00\n   Stepping:0x02\n   \
               Number of microcode updates:1\n   Original Revision:0x00000036\n   Current Revision:0x0000003d\n}\n",
        facts: &[
            r#"{"fact":"cpu","vendor":null,"family":6,"model":63,"stepping":2,"name":null}"#,
            r#"{"fact":"microcode","original":54,"current":61}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_hardware_cpu_list.txt",
        text: "warning: slow: x\nCPU:0\n   Family: 6\n   Name: Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz\n   \
               Vendor: GenuineIntel\n   Microcode Revision: 0x3d\n   Step",
        facts: &[
            r#"{"fact":"cpu","vendor":"GenuineIntel","family":6,"model":null,"stepping":null,"name":"Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz"}"#,
            r#"{"fact":"microcode","original":null,"current":61}"#,
        ],
    },
];
