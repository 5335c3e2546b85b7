//! The machine under a host: vendor, model and BIOS.
//!
//! Serial numbers are left out: nothing here needs them, and a report may be passed on.

use super::text::{Anchor, lossy, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command};
use crate::model::Timestamp;

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

/// What a text says of the machine.
#[derive(Default)]
struct Identity {
    vendor: Slot,
    model: Slot,
    bios: Slot,
    bios_date: Slot,
    /// The line that is read.
    line: u64,
}

/// A value that was told.
#[derive(Default)]
struct Slot {
    value: Option<String>,
    /// The line at whose end it stands without a mark of its end: there it may be cut. 0 of a value that is whole.
    open: u64,
}

impl Slot {
    /// Takes a value that is surely whole; what was told first stays.
    fn whole(&mut self, text: &str) {
        self.told(text, 0);
    }

    /// Takes a value at the end of line `line`; what was told first stays.
    fn told(&mut self, text: &str, line: u64) {
        if self.value.is_none() {
            (self.value, self.open) = (value(text), line);
        }
    }

    /// The value, unless it stands at the end of the text, whose last line is `last`, and so may be cut.
    fn settled(self, last: u64) -> Option<String> {
        self.value.filter(|_| self.open == 0 || self.open != last)
    }
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
        self.identity.line = line.number;
        self.form.take(&lossy(&line), &mut self.identity);
        let Identity { vendor, model, bios, .. } = &self.identity;
        if self.first.is_none() && [vendor, model, bios].iter().any(|slot| slot.value.is_some()) {
            self.first = Some(Anchor::of(&line));
        }
    }

    fn gap(&mut self) {
        self.form.gap();
    }

    fn end(&mut self, out: &mut Output) {
        let Identity { vendor, model, bios, bios_date, line } = std::mem::take(&mut self.identity);
        let [vendor, model, bios] = [vendor, model, bios].map(|slot| slot.settled(line));
        let bios_date = bios_date.settled(line).and_then(|text| day(&text));
        if vendor.is_none() && model.is_none() && bios.is_none() {
            return;
        }
        let value = FactValue::Hardware { vendor, model, bios, bios_date };
        out.facts.extend(self.first.take().map(|first| first.fact(value)));
    }
}

/// `12/04/2018` of a BIOS, whose month stands first, or `2018-12-04T00:00:00`: `2018-12-04`.
fn day(text: &str) -> Option<String> {
    let (year, month, day) = match text.trim().split('/').collect::<Vec<_>>().as_slice() {
        [month, day, year] => (*year, *month, *day),
        _ => {
            let date = text.trim().split(['T', ' ']).next()?;
            let mut parts = date.splitn(3, '-');
            (parts.next()?, parts.next()?, parts.next()?)
        }
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || ![year, month, day].into_iter().all(digits) {
        return None;
    }
    let (month, day): (u32, u32) = (month.parse().ok()?, day.parse().ok()?);
    Timestamp::from_civil(year.parse().ok()?, month, day, 0)?;
    Some(format!("{year}-{month:02}-{day:02}"))
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
        let Some((key, text)) = text.split_once(':') else { return };
        let slot = match (&self.block, key.trim().to_ascii_lowercase().as_str()) {
            (Block::System, "manufacturer" | "vendor") => &mut identity.vendor,
            (Block::System, "product" | "product name") => &mut identity.model,
            (Block::System | Block::Bios, "bios version") | (Block::Bios, "version") => &mut identity.bios,
            (Block::Bios, "date" | "release date" | "bios date" | "bios release date") => {
                &mut identity.bios_date
            }
            _ => return,
        };
        let text = text.trim();
        match (text.starts_with('"'), text.len() > 1 && text.ends_with('"')) {
            (true, true) => slot.whole(text),
            // A quote that does not close: the value is cut.
            (true, false) => {}
            (false, _) => slot.told(text, identity.line),
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
        let line = identity.line;
        if let Some(slot) = slot_of(key, identity) {
            slot.told(text.trim_start_matches('.'), line);
        }
    }

    fn gap(&mut self) {
        (self.section, self.children) = (None, None);
    }
}

/// What a key of `esxcfg-info` tells: `BIOS ReleaseDate` of the tree, `bios-release-date` of XML.
fn slot_of<'i>(key: &str, identity: &'i mut Identity) -> Option<&'i mut Slot> {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.to_ascii_lowercase().as_str() {
        "productname" => Some(&mut identity.model),
        "vendorname" => Some(&mut identity.vendor),
        "biosversion" => Some(&mut identity.bios),
        "biosreleasedate" => Some(&mut identity.bios_date),
        _ => None,
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
        let mut tags = text.split('<').skip(1).peekable();
        while let Some(tag) = tags.next() {
            if self.done {
                return;
            }
            if !self.inside {
                self.inside = tag.starts_with("hardware-info");
            } else if let Some(text) = tag.strip_prefix("value ") {
                // A value that no tag follows on its line is cut.
                if tags.peek().is_some() {
                    xml_value(text, identity);
                }
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
    if let Some(slot) = name.and_then(|(name, _)| slot_of(name, identity)) {
        slot.whole(text);
    }
}

const SMBIOS_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/smbiosDump.txt",
        text: "SMBIOS table v2.8\n  BIOS Info (Type 0): #0\n    Vendor: \"Dell BIOS\"\n    Version: \"2.9.1\"\n    \
               Date: \"12/04/2018\"\n  System Info (Type 1): #256\n    Manufacturer: \"Dell Inc.\"\n    \
               Product: \"PowerEdge R730\"\n    Version: \"\"\n    Serial: \"ABC\"\n  Board Info (Type 2): #512\n    \
               Manufacturer: \"Other\"\n    Product: \"0X\"\n",
        facts: &[
            r#"{"fact":"hardware","vendor":"Dell Inc.","model":"PowerEdge R730","bios":"2.9.1","bios_date":"2018-12-04"}"#,
        ],
    },
    // Without quotes, with stderr before, inside and behind.
    Sample {
        path: "commands/smbiosDump.txt",
        text: "warning: x\nProduct: no\n  BIOS Info (Type 0):\n    BIOS Version: P89\nwarning: again\n    \
               Release Date: 2019-02-30\n  System Info (Type 1):\n    Product: ProLiant DL380 Gen9\n    \
               Vendor: To Be Filled By O.E.M.\nterminated: 15\n",
        facts: &[
            r#"{"fact":"hardware","vendor":null,"model":"ProLiant DL380 Gen9","bios":"P89","bios_date":null}"#,
        ],
    },
    Sample { path: "commands/smbiosDump.txt", text: "  System Info (Type 1): #256\n    Prod", facts: &[] },
    // Cut inside a value, in quotes and without.
    Sample {
        path: "commands/smbiosDump.txt",
        text: "  System Info (Type 1): #256\n    Manufacturer: \"Dell Inc.\"\n    Product: \"PowerEd",
        facts: &[r#"{"fact":"hardware","vendor":"Dell Inc.","model":null,"bios":null,"bios_date":null}"#],
    },
    Sample {
        path: "commands/smbiosDump.txt",
        text: "  System Info (Type 1): #256\n    BIOS Version: P8",
        facts: &[],
    },
];

const TREE_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/esxcfg-info_-a.txt",
        text: "warning: x\n+Host : \n   \\==+Hardware Info : \n      |----BIOS UUID.........0x1 0x2\n      \
               |----Product Name......PowerEdge R730\n      |----Vendor Name.......Dell Inc.\n      \
               \\==+Pci Info : \n         |----Vendor Name.......Intel\n      |----BIOS Version......2.9.1\n   \
               \\==+Other : \n      |----Product Name......no\n",
        facts: &[
            r#"{"fact":"hardware","vendor":"Dell Inc.","model":"PowerEdge R730","bios":"2.9.1","bios_date":null}"#,
        ],
    },
    // 8.0 and later tell more of the BIOS; stderr inside.
    Sample {
        path: "commands/esxcfg-info_-a.txt",
        text: "+Host :\n   \\==+Hardware Info :\n      |----BIOS Vendor.........Other International\n      \
               |----BIOS Version........1.03 (5.36)\nvsi: warning: no such node\n      \
               |----BIOS ReleaseDate....2026-04-01T00:00:00\n      |----BIOS Firmware Type..1\n      \
               |----Product Name........MS-X\n      |----Vendor Name.........Small Ltd\n      \\==+CPU Info :\n",
        facts: &[
            r#"{"fact":"hardware","vendor":"Small Ltd","model":"MS-X","bios":"1.03 (5.36)","bios_date":"2026-04-01"}"#,
        ],
    },
    Sample {
        path: "commands/esxcfg-info_-a.txt",
        text: "   \\==+Hardware Info :\n      |----Product Na",
        facts: &[],
    },
    Sample {
        path: "commands/esxcfg-info_-a.txt",
        text: "   \\==+Hardware Info :\n      |----Product Name......PowerEdge R730\n      |----BIOS Version......2.",
        facts: &[
            r#"{"fact":"hardware","vendor":null,"model":"PowerEdge R730","bios":null,"bios_date":null}"#,
        ],
    },
];

const XML_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/esxcfg-info_-a--F-xml.txt",
        text: "ResourceGroup: x\n<?xml version=\"1.0\"?>\n<host>\n<hardware-info>\n\
               <value name=\"product-name\" format=\"text\">PowerEdge R730</value>\nResourceGroup: y\n\
               <value name=\"vendor-name\" format=\"text\">Dell Inc.</value><value name=\"bios-version\">2.9.1</value>\n\
               <value name=\"bios-releasedate\" format=\"text\">2018-12-04T00:00:00</value>\n\
               <cpu-info>\n<value name=\"product-name\">no</value>\nterminated\n",
        facts: &[
            r#"{"fact":"hardware","vendor":"Dell Inc.","model":"PowerEdge R730","bios":"2.9.1","bios_date":"2018-12-04"}"#,
        ],
    },
    Sample {
        path: "commands/esxcfg-info_-a--F-xml.txt",
        text: "<hardware-info><value name=\"product-name\" for",
        facts: &[],
    },
    Sample {
        path: "commands/esxcfg-info_-a--F-xml.txt",
        text: "<hardware-info><value name=\"vendor-name\">Dell Inc.</value><value name=\"product-name\">PowerEd",
        facts: &[r#"{"fact":"hardware","vendor":"Dell Inc.","model":null,"bios":null,"bios_date":null}"#],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_dates_are_days() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(day(text).as_deref(), expected, "{text}");
        check("12/04/2018", Some("2018-12-04"));
        check("1/4/2018", Some("2018-01-04"));
        check("2026-04-01T00:00:00", Some("2026-04-01"));
        for text in ["", "13/04/2018", "12/04/18", "2018-12", "+1/04/2018", "a/b/2018", "12/04/2018/1"] {
            check(text, None);
        }
    }
}
