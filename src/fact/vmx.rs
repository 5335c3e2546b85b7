//! A VM's configuration file: who the VM is, and what it sets of the CPU.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::is_register_mask;
use super::feature::FeatureValue;
use super::text::{Anchor, MAX_ENTRIES, assignment, flag, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample};
use crate::format::text::shown;
use crate::model::{Problem, ProblemKind, Source};

/// `web 1.vmx` in the folder of a VM.
pub static VMX: FactFile = FactFile {
    name: "vmx",
    about: "What a VM's configuration sets: identity, size, CPU masks",
    matches: |path| {
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file.len().checked_sub(4).filter(|&at| at > 0 && file.is_char_boundary(at));
        stem.is_some_and(|at| file[at..].eq_ignore_ascii_case(".vmx"))
    },
    reader: |path| Box::new(Vmx::new(path)),
    samples: SAMPLES,
};

/// What a VM's configuration file sets. It is what was written last: a VM that runs may use older values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VmConfig {
    /// Folder of the VM inside the bundle: `vmfs/volumes/<datastore>/<vm>`.
    pub folder: String,
    /// File name: `web 1.vmx`.
    pub file: String,
    /// `displayName`. Bytes that are not UTF-8, as of a file in Shift_JIS, are written `\x8b\xc6`.
    pub name: Option<String>,
    /// `uuid.bios` as written: `56 4d … -…`.
    pub uuid_bios: Option<String>,
    /// `uuid.location`
    pub uuid_location: Option<String>,
    /// `vc.uuid`, by which vCenter knows the VM.
    pub uuid_vc: Option<String>,
    /// `virtualHW.version`
    pub hardware_version: Option<u64>,
    /// `guestOS`
    pub guest: Option<String>,
    /// `numvcpus`; a VM with one CPU need not state it.
    pub vcpus: Option<u64>,
    /// `memSize`, in MB.
    pub memory_mb: Option<u64>,
    /// `featMask.vm.<key>` in lower case: masks set by hand or by per-VM EVC.
    pub masks: Vec<(String, FeatureValue)>,
    /// `featureCompat.vm.completeMasks`: whether features without a mask are hidden. Per-VM EVC sets it.
    pub complete_masks: Option<bool>,
    /// `featureCompat.enable`: FALSE switches the check of features off.
    pub feature_check: Option<bool>,
    /// Legacy register masks in lower case: `("cpuid.7.edx", "----:0---:…")`.
    pub cpuid: Vec<(String, String)>,
    /// `vmx.reboot.PowerCycle`: whether the next reboot of the guest becomes a power cycle.
    pub power_cycle: Option<bool>,
    /// `vhv.enable`: whether the guest may run a hypervisor.
    pub nested: Option<bool>,
    /// `vpmc.enable`: whether the guest sees performance counters.
    pub perf_counters: Option<bool>,
    /// Other keys that change what the guest sees of the CPU, in lower case: `monitor.…`, `monitor_control.…`,
    /// `hypervisor.cpuid.v0`.
    pub monitor: Vec<(String, String)>,
    /// `migrate.encryptionMode`: `opportunistic`, `required`, `disabled`.
    pub migrate_encryption: Option<String>,
    /// `.encoding`
    pub encoding: Option<String>,
    /// Whether the file was read to its end: what is not in it then is not set.
    pub whole: bool,
    /// The lines that set something of the CPU, as evidence.
    #[serde(default)]
    pub lines: Vec<(Source, String)>,
}

/// A key that may stand twice; the last one holds.
struct Setting {
    key: String,
    /// `None` where it could not be read to its end.
    value: Option<String>,
    at: (Source, String),
}

struct Vmx {
    config: VmConfig,
    first: Option<Anchor>,
    settings: BTreeMap<String, Setting>,
    /// Whether the last line ends inside a value.
    cut: bool,
    /// The key of the last line where its value has no quotes: at the end of the text it may be cut.
    open: Option<String>,
    gap: bool,
    full: bool,
}

impl Vmx {
    fn new(path: &str) -> Self {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let config = VmConfig { folder: folder.to_owned(), file: file.to_owned(), ..VmConfig::default() };
        Vmx {
            config,
            first: None,
            settings: BTreeMap::new(),
            cut: false,
            open: None,
            gap: false,
            full: false,
        }
    }
}

impl Reader for Vmx {
    /// `featMask.vm.cpuid.MWAIT = "Val:0"   # by hand`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if line.bytes.trim_ascii().is_empty() {
            return;
        }
        let text = decoded(line.bytes, self.config.encoding.as_deref());
        (self.cut, self.open) = (false, None);
        let Some(read) = assignment(&text) else { return };
        self.cut = !read.closed;
        let key = read.key.to_ascii_lowercase();
        if key == ".encoding" {
            self.config.encoding = value(&read.value).filter(|_| read.closed);
        }
        if !is_kept(&key) {
            return;
        }
        // A mask or a flag tells by itself whether it is whole.
        self.open = (!text.contains('"') && !is_of_cpu(&key)).then(|| key.clone());
        self.first.get_or_insert_with(|| Anchor::of(&line));
        if self.settings.len() >= MAX_ENTRIES && !self.settings.contains_key(&key) {
            self.limit(&line, out);
            return;
        }
        let said = read.closed.then_some(read.value);
        let setting = Setting { key: key.clone(), value: said, at: (line.source(), line.excerpt()) };
        self.settings.insert(key, setting);
    }

    fn gap(&mut self) {
        self.gap = true;
    }

    fn end(&mut self, out: &mut Output) {
        let Some(first) = self.first.take() else { return };
        if self.cut {
            out.problems.push(first.problem(ProblemKind::Truncated, "ends inside a quoted value"));
        }
        let mut config = std::mem::take(&mut self.config);
        config.whole = !(self.cut || self.gap || self.full);
        if let Some(open) = self.open.take() {
            self.settings.remove(&open);
        }
        let mut settings: Vec<Setting> = std::mem::take(&mut self.settings).into_values().collect();
        settings.sort_by_key(|setting| setting.at.0.line);
        for setting in settings {
            if let Err(wrong) = config.set(setting) {
                out.problems.push(first.problem(ProblemKind::Unparsed, wrong));
            }
        }
        out.facts.push(first.fact(FactValue::VmConfig(Box::new(config))));
    }
}

impl Vmx {
    fn limit(&mut self, line: &Line<'_>, out: &mut Output) {
        if !std::mem::replace(&mut self.full, true) {
            let text = format!("more than {MAX_ENTRIES} keys; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
        }
    }
}

/// Whether a key, in lower case, says who the VM is or sets something of its CPU.
fn is_kept(key: &str) -> bool {
    const NAMES: &[&str] = &[
        "displayname",
        "uuid.bios",
        "uuid.location",
        "vc.uuid",
        "virtualhw.version",
        "guestos",
        "numvcpus",
        "memsize",
        "migrate.encryptionmode",
    ];
    NAMES.contains(&key) || is_of_cpu(key)
}

/// Whether a key, in lower case, changes what the guest sees of the CPU.
fn is_of_cpu(key: &str) -> bool {
    const NAMES: &[&str] = &["vmx.reboot.powercycle", "vhv.enable", "vpmc.enable", "hypervisor.cpuid.v0"];
    const STARTS: &[&str] = &["featmask.vm.", "featurecompat.", "monitor.", "monitor_control."];
    NAMES.contains(&key) || STARTS.iter().any(|start| key.starts_with(start)) || is_register_mask(key)
}

impl VmConfig {
    /// Takes a setting; says why it cannot be read.
    fn set(&mut self, setting: Setting) -> Result<(), String> {
        let Setting { key, value: said, at: (source, line) } = setting;
        let Some(said) = said else {
            return Err(format!("line {}: the value of {key} has no closing quote", source.line));
        };
        let wrong = |wrong: String| format!("line {}: {wrong}", source.line);
        if let Some(feature) = key.strip_prefix("featmask.vm.") {
            self.masks.push((feature.to_owned(), said.parse().map_err(wrong)?));
        } else if is_register_mask(&key) {
            self.cpuid.extend(value(&said).map(|said| (key.clone(), said)));
        } else {
            self.named(&key, &said);
        }
        if is_of_cpu(&key) {
            self.lines.push((source, line));
        }
        Ok(())
    }

    fn named(&mut self, key: &str, said: &str) {
        let number = || said.trim().parse().ok();
        match key {
            "displayname" => self.name = value(said),
            "uuid.bios" => self.uuid_bios = value(said),
            "uuid.location" => self.uuid_location = value(said),
            "vc.uuid" => self.uuid_vc = value(said),
            "virtualhw.version" => self.hardware_version = number(),
            "guestos" => self.guest = value(said),
            "numvcpus" => self.vcpus = number(),
            "memsize" => self.memory_mb = number(),
            "migrate.encryptionmode" => self.migrate_encryption = value(said),
            "featurecompat.vm.completemasks" => self.complete_masks = flag(said),
            "featurecompat.enable" => self.feature_check = flag(said),
            "vmx.reboot.powercycle" => self.power_cycle = flag(said),
            "vhv.enable" => self.nested = flag(said),
            "vpmc.enable" => self.perf_counters = flag(said),
            _ => self.monitor.extend(value(said).map(|said| (key.to_owned(), said))),
        }
    }
}

/// A line in the file's encoding.
///
/// Files that ESXi writes are UTF-8; one that came from a Windows machine may be in its code page, and says so. Bytes
/// that are no text in it are kept as `\x8b`, so that two names are equal only where the files say the same.
fn decoded<'l>(line: &'l [u8], encoding: Option<&str>) -> Cow<'l, str> {
    if let Ok(text) = std::str::from_utf8(line) {
        return Cow::Borrowed(text);
    }
    let Some(encoding) = encoding.and_then(named) else { return shown_or_escaped(line) };
    match encoding.decode_without_bom_handling_and_without_replacement(line) {
        Some(text) => text,
        None => escaped(line).into(),
    }
}

/// The encoding that VMware calls `name`: Windows names its code pages by numbers.
fn named(name: &str) -> Option<&'static encoding_rs::Encoding> {
    let name = name.to_ascii_lowercase();
    let number = name.strip_prefix("windows-").or_else(|| name.strip_prefix("cp")).unwrap_or(&name);
    let name = match number {
        "932" => "shift_jis",
        "936" => "gbk",
        "949" => "euc-kr",
        "950" => "big5",
        _ => &name,
    };
    encoding_rs::Encoding::for_label(name.as_bytes())
}

fn shown_or_escaped(line: &[u8]) -> Cow<'_, str> {
    let text = shown(line);
    if text.contains('\u{fffd}') { escaped(line).into() } else { text }
}

/// Writes what is not ASCII as `\x8b`.
fn escaped(line: &[u8]) -> String {
    let escape = |byte: &u8| match byte.is_ascii() {
        true => char::from(*byte).to_string(),
        false => format!("\\x{byte:02x}"),
    };
    line.iter().map(escape).collect()
}

const SAMPLES: &[Sample] = &[
    // As ESXi writes it, on vSAN, with per-VM EVC, register masks and a nested hypervisor.
    Sample {
        path: "vmfs/volumes/vsan:52aa-bb/業務 (旧)/業務 (旧).vmx",
        text: ".encoding = \"UTF-8\"\nconfig.version = \"8\"\nvirtualHW.version = \"14\"\ndisplayName = \"業務 |22旧|22\"\n\
               guestOS = \"centos7-64\"\nnumvcpus = \"4\"\nmemSize = \"8192\"\ncpuid.coresPerSocket = \"2\"\n\
               uuid.bios = \"42 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd\"\n\
               uuid.location = \"56 4d 00 11 22 33 44 55-66 77 88 99 aa bb cc dd\"\n\
               vc.uuid = \"50 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd\"\nmigrate.encryptionMode = \"opportunistic\"\n\
               featMask.vm.cpuid.Intel = \"Val:1\"\nfeatMask.vm.cpuid.MDCLEAR = \"Val:1\"\n\
               featMask.vm.cpuid.MDCLEAR = \"Val:0x0\"\nfeatureCompat.vm.completeMasks = \"TRUE\"\n\
               cpuid.7.edx = \"----:0---:----:----:----:----:----:----\"\nvhv.enable = \"TRUE\"\nvpmc.enable = \"FALSE\"\n\
               vmx.reboot.PowerCycle = \"TRUE\"\nmonitor_control.enable_fullcpuid = \"TRUE\"\n",
        facts: &[
            r#"{"fact":"vm-config","folder":"vmfs/volumes/vsan:52aa-bb/業務 (旧)","file":"業務 (旧).vmx","name":"業務 \"旧\"","uuid_bios":"42 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd","uuid_location":"56 4d 00 11 22 33 44 55-66 77 88 99 aa bb cc dd","uuid_vc":"50 3b 00 11 22 33 44 55-66 77 88 99 aa bb cc dd","hardware_version":14,"guest":"centos7-64","vcpus":4,"memory_mb":8192,"masks":[["cpuid.intel","Val:1"],["cpuid.mdclear","Val:0"]],"complete_masks":true,"feature_check":null,"cpuid":[["cpuid.7.edx","----:0---:----:----:----:----:----:----"]],"power_cycle":true,"nested":true,"perf_counters":false,"monitor":[["monitor_control.enable_fullcpuid","TRUE"]],"migrate_encryption":"opportunistic","encoding":"UTF-8","whole":true}"#,
        ],
    },
    // Written by hand: other capitals, no quotes, comments, noise.
    Sample {
        path: "vmfs/volumes/5f0a1b2c-3d4e5f60-7182-0050568a0001/web 1/web 1.VMX",
        text: "cp: reading 'x': Input/output error\n__CPU__ = \"\"\ndisplayname = web 1\nFeatMask.vm.cpuid.AMD = Min:1   # checked by hand\n\
               featMask.vm.cpuid.MWAIT = \"Val:0\" # for the cluster\n# featMask.vm.cpuid.AES = \"Val:0\"\nfeatureCompat.enable = FALSE\n\
               numvcpus = many\nuuid.bios = \"\"\nread error\n",
        facts: &[
            r#"{"fact":"vm-config","folder":"vmfs/volumes/5f0a1b2c-3d4e5f60-7182-0050568a0001/web 1","file":"web 1.VMX","name":"web 1","uuid_bios":null,"uuid_location":null,"uuid_vc":null,"hardware_version":null,"guest":null,"vcpus":null,"memory_mb":null,"masks":[["cpuid.amd","Min:1"],["cpuid.mwait","Val:0"]],"complete_masks":null,"feature_check":false,"cpuid":[],"power_cycle":null,"nested":null,"perf_counters":null,"monitor":[],"migrate_encryption":null,"encoding":null,"whole":true}"#,
        ],
    },
    // All capitals, single quotes, register masks without quotes and with a vendor, comments right behind.
    Sample {
        path: "vmfs/volumes/ds/lab/lab.vmx",
        text: "DISPLAYNAME = 'lab'\nFEATMASK.VM.CPUID.AES = VAL:0X0#off\nFeatMask.VM.HV.capable = 'Min:1' # nested\n\
               FEATURECOMPAT.VM.COMPLETEMASKS = FALSE   # the rest is the host's\nVHV.ENABLE = true\n\
               CPUID.1.ECX = ----:----:----:----:----:----:--0-:---- # no VMX\n\
               cpuid.80000001.ecx.AMD = \"----:----:----:----:----:----:----:-0--\"\n",
        facts: &[
            r#"{"fact":"vm-config","folder":"vmfs/volumes/ds/lab","file":"lab.vmx","name":"lab","uuid_bios":null,"uuid_location":null,"uuid_vc":null,"hardware_version":null,"guest":null,"vcpus":null,"memory_mb":null,"masks":[["cpuid.aes","Val:0"],["hv.capable","Min:1"]],"complete_masks":false,"feature_check":null,"cpuid":[["cpuid.1.ecx","----:----:----:----:----:----:--0-:----"],["cpuid.80000001.ecx.amd","----:----:----:----:----:----:----:-0--"]],"power_cycle":null,"nested":true,"perf_counters":null,"monitor":[],"migrate_encryption":null,"encoding":null,"whole":true}"#,
        ],
    },
    Sample {
        path: "vmfs/volumes/ds/web/web.vmx",
        text: ".encoding = \"UTF-8\"\nvirtualHW.version = \"8\"\ndisplayName = \"web\"\nfeatMask.vm.cpuid.AES = \"Val:0\"\nguestOS = \"win",
        facts: &[
            r#"{"fact":"vm-config","folder":"vmfs/volumes/ds/web","file":"web.vmx","name":"web","uuid_bios":null,"uuid_location":null,"uuid_vc":null,"hardware_version":8,"guest":null,"vcpus":null,"memory_mb":null,"masks":[["cpuid.aes","Val:0"]],"complete_masks":null,"feature_check":null,"cpuid":[],"power_cycle":null,"nested":null,"perf_counters":null,"monitor":[],"migrate_encryption":null,"encoding":"UTF-8","whole":false}"#,
        ],
    },
    Sample {
        path: "vmfs/volumes/ds/web/web.vmx",
        text: "numvcpus = 2\ncpuid.1.ecx = \"\"\ndisplayName = we",
        facts: &[
            r#"{"fact":"vm-config","folder":"vmfs/volumes/ds/web","file":"web.vmx","name":null,"uuid_bios":null,"uuid_location":null,"uuid_vc":null,"hardware_version":null,"guest":null,"vcpus":2,"memory_mb":null,"masks":[],"complete_masks":null,"feature_check":null,"cpuid":[],"power_cycle":null,"nested":null,"perf_counters":null,"monitor":[],"migrate_encryption":null,"encoding":null,"whole":true}"#,
        ],
    },
    Sample { path: "vmfs/volumes/ds/web/web.vmx", text: "cp: No such file or directory\n.enc", facts: &[] },
];

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    fn config(text: &[u8]) -> (VmConfig, Vec<String>) {
        let out = read(&VMX, "vmfs/volumes/ds/web/web.vmx", text);
        let FactValue::VmConfig(config) = &out.facts[0].value else { panic!("{:?}", out.facts[0].value) };
        (*config.clone(), out.problems.into_iter().map(|problem| problem.text).collect())
    }

    #[test]
    fn only_configuration_files_are_meant() {
        for path in ["a/web.vmxf", "a/web.vmx~", "a/.vmx", "a/vmx", "a/web.vmx.lck/x", "a/業vmx", "a/業.v"]
        {
            assert!(!(VMX.matches)(path), "{path}");
        }
        assert!((VMX.matches)("vmfs/volumes/ds (1)/a: b/業務.vmx"));
    }

    #[test]
    fn a_name_in_another_encoding_is_read() {
        // Its second character ends in the byte of `|`, before `22` that is no quote.
        let text =
            b".encoding = \"Shift_JIS\"\ndisplayName = \"\x8b\xc6\x83\x7c22 \xb1A\"\nnumvcpus = \"2\"\n";
        let (read, _) = config(text);
        assert_eq!((read.name.as_deref(), read.vcpus), (Some("業ポ22 ｱA"), Some(2)));
        let (read, _) = config(b".encoding = \"windows-1252\"\ndisplayName = \"B\xfcro\"\n");
        assert_eq!(read.name.as_deref(), Some("B\u{fc}ro"));
        let (read, _) = config(b"displayName = \"B\xfc\"\n");
        assert_eq!(read.name.as_deref(), Some("B\\xfc"));
        let (read, _) = config(b".encoding = \"GBK\"\ndisplayName = \"\xc4\xe3\xba\xc3\"\n");
        assert_eq!(read.name.as_deref(), Some("你好"));
        let (read, _) = config(b".encoding = \"UTF-8\"\ndisplayName = \"\xc4\xe3 x\"\n");
        assert_eq!(read.name.as_deref(), Some("\\xc4\\xe3 x"));
    }

    #[test]
    fn what_cannot_be_read_is_a_problem_and_no_value() {
        let (read, problems) = config(
            b"featMask.vm.cpuid.AES = \"on\"\nvhv.enable = \"maybe\"\nvc.uuid = \"50\nmemSize = \"1\"\n",
        );
        assert_eq!((read.masks.len(), read.nested, read.uuid_vc, read.memory_mb), (0, None, None, Some(1)));
        assert!(problems.len() == 2 && problems[0].starts_with("line 1: 'on'"), "{problems:?}");
        assert!(problems[1].contains("vc.uuid has no closing quote") && read.whole, "{problems:?}");
    }

    #[test]
    fn lines_of_the_cpu_are_evidence_and_keys_are_limited() {
        let (read, _) = config(b"displayName = \"a\"\nvhv.enable = \"TRUE\"\n");
        assert_eq!(read.lines.len(), 1);
        assert!(read.lines[0].1.starts_with("vhv.enable") && read.lines[0].0.line == 2);
        let text: String = (0..5000).map(|n| format!("featMask.vm.k{n} = \"Val:1\"\n")).collect();
        let (read, problems) = config(text.as_bytes());
        assert_eq!((read.masks.len(), problems.len(), read.whole), (MAX_ENTRIES, 1, false));
    }
}
