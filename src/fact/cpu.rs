//! The CPU of a host and its microcode.

use super::feature::number;
use super::read::{Entry, Json, OrJson};
use super::text::{Anchor, lossy, pair, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, command_of, is_output};

/// `localcli hardware cpu list`, or `vsish` of `/hardware/cpu/cpuList/0`.
pub static CPU: FactFile = FactFile {
    name: "cpu",
    about: "Identity and microcode of the first CPU",
    matches: |path| {
        let is_node = |name: String| name.contains("vsish") && name.contains("cpulist");
        is_output(path, "localcli_hardware-cpu-list") || command_of(path).is_some_and(is_node)
    },
    reader: |path| Box::new(OrJson::new(path, "a CPU", Cpu::default(), first_cpu)),
    samples: SAMPLES,
};

/// The first CPU of a list; the others are the same, as no machine boots with two sorts.
#[derive(Default)]
struct Cpu {
    first: Option<Anchor>,
    vendor: Told<String>,
    name: Told<String>,
    /// Family, model, stepping.
    numbers: [Told<u64>; 3],
    revision: Option<Anchor>,
    /// Original revision, current revision, number of updates.
    microcode: [Told<u64>; 3],
    blocks: usize,
    last: u64,
}

/// A value with the line that told it.
type Told<T> = Option<(T, u64)>;

impl Reader for Cpu {
    /// ```text
    /// CPU:0
    ///    Family: 6
    ///    Brand: GenuineIntel
    ///    Number of microcode updates:1
    ///    Original Revision:0x00000036
    ///    Current Revision:0x0000003d
    /// ```
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        self.last = line.number;
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
        self.field(&key, text, &Anchor::of(&line));
    }

    /// What the last line tells may be cut: no list and no node ends with a value.
    fn end(&mut self, out: &mut Output) {
        let last = self.last;
        let number = |told: Told<u64>| told.filter(|(_, line)| *line != last).map(|(number, _)| number);
        let text = |told: Told<String>| told.filter(|(_, line)| *line != last).map(|(text, _)| text);
        let [family, model, stepping] = self.numbers.map(number);
        let (vendor, name) = (text(self.vendor.take()), text(self.name.take()));
        let said = vendor.is_some() || name.is_some() || family.or(model).or(stepping).is_some();
        if let Some(first) = self.first.take().filter(|_| said) {
            out.facts.push(first.fact(FactValue::Cpu { vendor, family, model, stepping, name }));
        }
        let [original, current, updates] = self.microcode.map(number);
        if let Some(line) = self.revision.take().filter(|_| original.or(current).is_some()) {
            out.facts.push(line.fact(FactValue::Microcode { updates, original, current }));
        }
    }
}

impl Cpu {
    /// The CPU of an object of JSON, none of whose values is cut.
    fn of(entry: &Entry) -> Self {
        let mut cpu = Cpu::default();
        for key in KEYS {
            if let Some(text) = entry.text(key) {
                cpu.field(key, &text, entry.anchor());
            }
        }
        cpu.last = 1;
        cpu
    }

    /// Takes a field that the last line tells, or an object whole; it stands at `anchor`.
    fn field(&mut self, key: &str, text: &str, anchor: &Anchor) {
        if let Some(slot) = microcode_of(key).and_then(|at| self.microcode.get_mut(at)) {
            *slot = slot.or(hex(text).map(|number| (number, self.last)));
            self.revision.get_or_insert_with(|| anchor.clone());
        } else if self.identity(key, text) {
            self.first.get_or_insert_with(|| anchor.clone());
        }
    }

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
                *slot = slot.take().or(value(text).map(|text| (text, self.last)));
                return slot.is_some();
            }
            _ => return false,
        };
        self.numbers[number] = self.numbers[number].or(hex(text).map(|found| (found, self.last)));
        self.numbers[number].is_some()
    }
}

/// `[{"Brand": "GenuineIntel", "Family": 6, "Id": 0, "Model": 63, "Stepping": 2}, …]`
fn first_cpu(json: Json, out: &mut Output) -> bool {
    json.entries.iter().any(|entry| {
        let before = out.facts.len();
        Cpu::of(entry).end(out);
        out.facts.len() > before
    })
}

/// The keys of what is told of a CPU.
const KEYS: &[&str] = &[
    "family",
    "model",
    "stepping",
    "vendor",
    "brand",
    "name",
    "brand string",
    "model name",
    "original revision",
    "current revision",
    "microcode revision",
    "number of microcode updates",
];

fn microcode_of(key: &str) -> Option<usize> {
    match key {
        "original revision" => Some(0),
        "current revision" | "microcode revision" => Some(1),
        "number of microcode updates" => Some(2),
        _ => None,
    }
}

/// `6`, `0x3f`, also `0x3f (63)`
fn hex(text: &str) -> Option<u64> {
    number(text.split_whitespace().next()?)
}

const SAMPLES: &[Sample] = &[
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
            r#"{"fact":"microcode","updates":1,"original":54,"current":61}"#,
        ],
    },
    // 9.0 tells the revision in the list; stderr before, inside and behind.
    Sample {
        path: "commands/esxcli_hardware_cpu_list.txt",
        text: "warning: slow: x\nCPU:0\n   Id: 0\n   Family: 6\n   Name: Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz\n   \
               Vendor: GenuineIntel\nwarning: again\n   Microcode Revision: 0x3d\n   Step\nterminated: 15\n",
        facts: &[
            r#"{"fact":"cpu","vendor":"GenuineIntel","family":6,"model":null,"stepping":null,"name":"Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz"}"#,
            r#"{"fact":"microcode","updates":null,"original":null,"current":61}"#,
        ],
    },
    // An AMD machine whose microcode no update touched.
    Sample {
        path: "commands/vsish_-e--get-hardwarecpucpuList0.txt",
        text: "CPU information {\n   Name:AuthenticAMD\n   Family:0x19\n   Model:0x01\n   Stepping:0x01\n   \
               Number of microcode updates:0\n   Original Revision:0x0a0011d1\n   Current Revision:0x0a0011d1\n}\n",
        facts: &[
            r#"{"fact":"cpu","vendor":"AuthenticAMD","family":25,"model":1,"stepping":1,"name":null}"#,
            r#"{"fact":"microcode","updates":0,"original":167776721,"current":167776721}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-hardware-cpu-list.txt",
        text: "warning: slow\n[\n   {\n      \"Brand\": \"GenuineIntel\",\n      \"Family\": 6,\n      \"Id\": 0,\n      \
               \"Model\": \"85\",\nwarning: again\n      \"Stepping\": 7\n   },\n   {\n      \"Brand\": \"GenuineIntel\",\n      \
               \"Family\": 5,\n      \"Id\": 1\n   }\n]\n",
        facts: &[r#"{"fact":"cpu","vendor":"GenuineIntel","family":6,"model":85,"stepping":7,"name":null}"#],
    },
    // Cut inside the second CPU; the revision as 9.0 tells it.
    Sample {
        path: "json/localcli_hardware-cpu-list.json",
        text: "[{\"Family\": \"0x19\", \"Id\": 0, \"Microcode Revision\": \"0x0a0011d1\", \"Model\": 1, \"Name\": \
               \"AMD EPYC 7543 32-Core Processor\", \"Stepping\": 1, \"Vendor\": \"AuthenticAMD\"}, {\"Family\": 2",
        facts: &[
            r#"{"fact":"cpu","vendor":"AuthenticAMD","family":25,"model":1,"stepping":1,"name":"AMD EPYC 7543 32-Core Processor"}"#,
            r#"{"fact":"microcode","updates":null,"original":null,"current":167776721}"#,
        ],
    },
    Sample {
        path: "json/localcli_hardware-cpu-list.json",
        text: "{\"Family\": 23, \"Id\": 0, \"Model\": 49, \"Vendor\": \"AuthenticAMD\"}",
        facts: &[
            r#"{"fact":"cpu","vendor":"AuthenticAMD","family":23,"model":49,"stepping":null,"name":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-hardware-cpu-list.txt",
        text: "[\n   {\n      \"Brand\": \"GenuineIntel\",\n      \"Family\": 6,\n      \"Mod",
        facts: &[],
    },
    // Cut inside a revision, and inside the first value.
    Sample {
        path: "commands/vsish_-e--get-hardwarecpucpuList0.txt",
        text: "CPU information {\n   Family:0x06\n   Model:0x3f\n   Original Revision:0x00000036\n   Current Revision:0x0000",
        facts: &[
            r#"{"fact":"cpu","vendor":null,"family":6,"model":63,"stepping":null,"name":null}"#,
            r#"{"fact":"microcode","updates":null,"original":54,"current":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_hardware-cpu-list.txt",
        text: "CPU:0\n   Id: 0\n   Family: 2",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_of_a_vcenter_is_none_of_a_host() {
        for path in
            ["commands/cat_proccpuinfo.txt", "commands/lscpu.txt", "commands/localcli_hardware-pci-list.txt"]
        {
            assert!(!(CPU.matches)(path), "{path}");
        }
    }
}
