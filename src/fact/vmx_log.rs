//! One run of a VM, as its `vmware.log` tells it: what it requires of a CPU, where and how it began and ended.
//!
//! A log holds one run of a vmx; where it holds several, the last one counts. Logs of hosted products give nothing.

use super::feature::{FeatureValue, number};
use super::text::{Anchor, MAX_ENTRIES, assignment, value};
use super::{FactFile, FactValue, Line, Output, Reader, Requirement, Sample, VmRun, VmStart};
use crate::format;
use crate::format::text::shown;
use crate::model::{ProblemKind, Stamp};

/// `vmware.log`, `vmware-3.log.gz`.
pub static VMX_LOG: FactFile = FactFile {
    name: "vmx-log",
    about: "A VM's run: its CPU requirements, host, start and end",
    matches: |path| format::of_path(path).is_some_and(|format| format.name == "vmware"),
    reader: |path| Box::new(Vmx::new(path)),
    samples: SAMPLES,
};

/// How long after handing a VM over its source may take to exit, in microseconds.
const EXIT_AFTER_MOVE: i64 = 15 * 60 * 1_000_000;

/// The sections of the settings that a vmx prints when it starts.
#[derive(Copy, Clone, Default, PartialEq)]
enum Settings {
    #[default]
    None,
    /// `DICT --- HOST DEFAULTS /etc/vmware/config`
    Host,
    /// `DICT --- CONFIGURATION …` and the others.
    Other,
}

struct Vmx {
    run: VmRun,
    first: Option<Anchor>,
    hosted: bool,
    settings: Settings,
    handed_over: Option<Stamp>,
    full: bool,
}

impl Vmx {
    fn new(path: &str) -> Self {
        let (folder, log) = path.rsplit_once('/').unwrap_or(("", path));
        let log = [".gz", ".zst", ".xz", ".bz2"].iter().find_map(|end| log.strip_suffix(end)).unwrap_or(log);
        let run = VmRun { folder: folder.to_owned(), log: log.to_owned(), ..VmRun::default() };
        Vmx { run, first: None, hosted: false, settings: Settings::None, handed_over: None, full: false }
    }
}

impl Reader for Vmx {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let Some(header) = format::parse(line.bytes) else { return };
        let text = shown(header.message);
        let text = text.trim();
        if let Some(product) = text.strip_prefix("Log for VMware ") {
            self.restart(product);
        }
        if self.hosted {
            return;
        }
        self.first.get_or_insert_with(|| Anchor::of(&line));
        self.run.from = self.run.from.or(header.stamp);
        self.run.to = header.stamp.or(self.run.to);
        if let Some(setting) = text.strip_prefix("DICT ") {
            self.setting(setting.trim_start());
        } else {
            self.feature(text, &line, out);
            self.course(text, header.stamp);
        }
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(first) = self.first.take().filter(|_| !self.hosted) {
            out.facts.push(first.fact(FactValue::VmRun(std::mem::take(&mut self.run))));
        }
    }
}

impl Vmx {
    /// `Log for VMware ESX pid=2100100 version=6.7.0 build=build-14320388 option=Release`: a vmx begins.
    fn restart(&mut self, product: &str) {
        let run = std::mem::take(&mut self.run);
        self.run = VmRun { folder: run.folder, log: run.log, ..VmRun::default() };
        self.hosted = !product.starts_with("ESX");
        (self.first, self.settings, self.handed_over) = (None, Settings::None, None);
    }

    /// `--- HOST DEFAULTS /etc/vmware/config`, or `displayName = "web 1"`
    fn setting(&mut self, text: &str) {
        if let Some(section) = text.strip_prefix("--- ") {
            self.settings = Settings::Other;
            if section.starts_with("HOST DEFAULTS") {
                self.settings = Settings::Host;
                self.run.evc_masks.clear();
            } else if let Some(path) = section.strip_prefix("CONFIGURATION ") {
                self.run.vmx = value(path).or(self.run.vmx.take());
            }
            return;
        }
        let Some(read) = assignment(text).filter(|read| read.closed) else { return };
        let key = read.key.to_ascii_lowercase();
        if key == "displayname" {
            self.run.name = value(&read.value);
        } else if self.settings == Settings::Host {
            self.mask(&key, &read.value);
        }
    }

    fn mask(&mut self, key: &str, text: &str) {
        let (Some(key), Ok(mask)) = (key.strip_prefix("featmask.evc."), text.parse::<FeatureValue>()) else {
            return;
        };
        let masks = &mut self.run.evc_masks;
        masks.retain(|(known, _)| known != key);
        if masks.len() < MAX_ENTRIES {
            masks.push((key.to_owned(), mask));
        }
    }

    /// The blocks that the vmx prints of the CPU; a block that comes again replaces the one before.
    ///
    /// ```text
    /// FeatureCompat: Capabilities:
    /// Capability Found: cpuid.mdclear = 0x1
    /// FeatureCompat: Requirements:
    /// VM Features Required: cpuid.mdclear - Bool:Min:1
    /// ```
    fn feature(&mut self, text: &str, line: &Line<'_>, out: &mut Output) {
        if let Some(found) = text.strip_prefix("Capability Found:") {
            let read = found.split_once('=').and_then(|(key, text)| Some((plain_key(key)?, number(text)?)));
            // Only what the host has is printed: a 0 is the beginning of `0x1`.
            if let Some((key, value)) = read.filter(|(_, value)| *value != 0) {
                self.capability(key, value, line, out);
            }
        } else if let Some(required) = text.strip_prefix("VM Features Required:") {
            let read = required.split_once(" - ");
            let read = read.and_then(|(key, text)| Some((plain_key(key)?, text.parse().ok()?)));
            if let Some((key, value)) = read {
                self.requirement(key, value, line, out);
            }
        } else if let Some(header) = text.strip_prefix("FeatureCompat: ") {
            match header {
                "Capabilities:" => self.run.capabilities.clear(),
                "Requirements:" => self.run.requires.clear(),
                _ => {}
            }
        }
    }

    /// A key that comes again begins a new block whose header was lost.
    fn capability(&mut self, key: String, value: u64, line: &Line<'_>, out: &mut Output) {
        let known = &mut self.run.capabilities;
        if known.iter().any(|(found, _)| *found == key) {
            known.clear();
        }
        if known.len() < MAX_ENTRIES {
            known.push((key, value));
        } else {
            self.limit(line, out);
        }
    }

    fn requirement(&mut self, key: String, value: FeatureValue, line: &Line<'_>, out: &mut Output) {
        let known = &mut self.run.requires;
        if known.iter().any(|found| found.key == key) {
            known.clear();
        }
        if known.len() < MAX_ENTRIES {
            known.push(Requirement { key, value, source: line.source(), text: line.excerpt() });
        } else {
            self.limit(line, out);
        }
    }

    fn limit(&mut self, line: &Line<'_>, out: &mut Output) {
        if !std::mem::replace(&mut self.full, true) {
            let text = format!("more than {MAX_ENTRIES} CPU features; the rest was left out");
            out.problems.push(Anchor::of(line).problem(ProblemKind::Limit, text));
        }
    }

    /// What happens to the run: its host, how it begins, whether it moves away, that it ends.
    fn course(&mut self, text: &str, stamp: Option<Stamp>) {
        if let Some(host) = text.strip_prefix("Hostname=") {
            self.run.host = value(host).or(self.run.host.take());
        } else if let Some(start) = start(text) {
            // A VM that arrives or resumes goes through the steps of a power-on too.
            self.run.start = strongest(self.run.start, start);
        } else if is_exit(text) {
            self.exit(stamp);
        } else {
            self.migration(text, stamp);
        }
        if self.run.vmx.is_none() {
            self.run.vmx = config_file(text);
        }
    }

    /// `MigrateSetState: Transitioning from state 5 to 6.` ends a move on its source, well or badly.
    fn migration(&mut self, text: &str, stamp: Option<Stamp>) {
        if text.starts_with("MigrateSetState:") {
            if text.contains("from state 5 to 6") {
                self.handed_over = stamp;
            }
        } else if text.starts_with("Migrate: Attempting to continue running on the source")
            || text.starts_with("Migrate: Caching migration error message list")
        {
            self.handed_over = None;
        }
    }

    fn exit(&mut self, stamp: Option<Stamp>) {
        self.run.ended = true;
        if let (Some(moved), Some(now)) = (self.handed_over.take(), stamp) {
            self.run.left = (0..=EXIT_AFTER_MOVE).contains(&now.time.since(moved.time));
        }
    }
}

/// How a message says that the run began.
fn start(text: &str) -> Option<VmStart> {
    if text.starts_with("Migrate_Open: Restoring from") {
        Some(VmStart::MigratedIn)
    } else if text.to_ascii_lowercase().contains("restoring featurecompat")
        || text.starts_with("DUMPER: Restoring checkpoint")
    {
        Some(VmStart::Resume)
    } else if text == "PowerOn" || (text.contains("Bootstrap.PowerOn") && text.contains("Receiving")) {
        Some(VmStart::PowerOn)
    } else {
        None
    }
}

fn strongest(known: VmStart, said: VmStart) -> VmStart {
    let rank = |start: VmStart| match start {
        VmStart::Unknown => 0,
        VmStart::PowerOn => 1,
        VmStart::Resume => 2,
        VmStart::MigratedIn => 3,
    };
    if rank(said) > rank(known) { said } else { known }
}

/// `VMX exit (0).`, `VMX has left the building: 0.`
fn is_exit(text: &str) -> bool {
    ["VMX exit (", "VMX has left the building", "VMX has exited"].iter().any(|exit| text.starts_with(exit))
}

/// A configuration file as a message names it: `Config file: /vmfs/volumes/ds/web 1/web 1.vmx`.
fn config_file(text: &str) -> Option<String> {
    let named = text.get(..12).is_some_and(|head| head.eq_ignore_ascii_case("config file:"));
    let start = if named { 12 } else { text.find("/vmfs/volumes/")? };
    let rest = &text[start..];
    let end = rest.find(".vmx")? + 4;
    let whole = !rest[end..].starts_with(|c: char| c.is_alphanumeric() || c == '.' || c == '~');
    whole.then(|| value(&rest[..end])).flatten()
}

/// Keys are compared in lower case: builds differ in how they write them.
fn plain_key(text: &str) -> Option<String> {
    let key = text.trim();
    let plain = !key.is_empty() && key.len() <= 128 && !key.contains(char::is_whitespace);
    plain.then(|| key.to_ascii_lowercase())
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "vmfs/volumes/ds 1/web 1/vmware-3.log.gz",
        text: "2020-07-01T08:15:30.123Z| vmx| I125: Log for VMware ESX pid=2100100 version=6.7.0 build=build-14320388 option=Release\n\
               2020-07-01T08:15:30.124Z| vmx| I125: Hostname=esx01.lab.local\n\
               2020-07-01T08:15:30.140Z| vmx| I125: DICT --- HOST DEFAULTS /etc/vmware/config\n\
               2020-07-01T08:15:30.140Z| vmx| I125: DICT                    libdir = \"/usr/lib/vmware\"\n\
               2020-07-01T08:15:30.140Z| vmx| I125: DICT featMask.evc.cpuid.MDCLEAR = \"Val:1\"\n\
               2020-07-01T08:15:30.140Z| vmx| I125: DICT --- SITE DEFAULTS /usr/lib/vmware/config\n\
               2020-07-01T08:15:30.140Z| vmx| I125: DICT featMask.evc.cpuid.AES = \"Val:1\"\n\
               2020-07-01T08:15:30.140Z| vmx| I125: DICT --- CONFIGURATION /vmfs/volumes/ds 1/web 1/web 1.vmx\n\
               2020-07-01T08:15:30.140Z| vmx| I125: DICT              displayName = \"web |22one|22\"\n\
               2020-07-01T08:15:30.150Z| vmx| I125: VigorTransportProcessClientPayload: opID=a seq=1: Receiving Bootstrap.PowerOn request.\n\
               2020-07-01T08:15:31.123Z| vmx| I125: FeatureCompat: Capabilities:\n\
               2020-07-01T08:15:31.123Z| vmx| I125: Capability Found: cpuid.MDCLEAR = 0x1\n\
               2020-07-01T08:15:31.123Z| vmx| I125: FeatureCompat: Requirements:\n\
               2020-07-01T08:15:31.123Z| vmx| I125: VM Features Required: cpuid.MDCLEAR - Bool:Min:1\n\
               2020-07-01T09:00:00.000Z| vmx| I125: MigrateSetState: Transitioning from state 5 to 6.\n\
               2020-07-01T09:00:05.000Z| vmx| I125: VMX exit (0).\n\
               2020-07-01T09:00:06.000Z| vmx| I125: VMX has left the building: 0.\n",
        facts: &[
            r#"{"fact":"vm-run","name":"web \"one\"","folder":"vmfs/volumes/ds 1/web 1","log":"vmware-3.log","vmx":"/vmfs/volumes/ds 1/web 1/web 1.vmx","host":"esx01.lab.local","from":{"time":"2020-07-01T08:15:30.123Z","quality":"exact"},"to":{"time":"2020-07-01T09:00:06Z","quality":"exact"},"start":"power-on","ended":true,"left":true,"requires":[{"key":"cpuid.mdclear","value":"Min:1","source":{"file":"vmfs/volumes/ds 1/web 1/vmware-3.log.gz","line":14,"offset":1095},"text":"2020-07-01T08:15:31.123Z| vmx| I125: VM Features Required: cpuid.MDCLEAR - Bool:Min:1"}],"capabilities":[["cpuid.mdclear",1]],"evc_masks":[["cpuid.mdclear","Val:1"]]}"#,
        ],
    },
    Sample {
        path: "vmfs/volumes/vsan:52-ab/db/vmware.log",
        text: "a line without a header\n\
               2023-07-01T08:15:30.123Z In(05) vmx - Log for VMware ESX pid=1 version=8.0.2 build=build-22380479 option=Release\n\
               2023-07-01T08:15:30.124Z In(05) vmx - Config file: /vmfs/volumes/vsan:52-ab/db/db.vmx\n\
               2023-07-01T08:15:30.125Z In(05) vmx ab-1f Migrate_Open: Restoring from <10.0.0.1> with migration id 8743996508480001077\n\
               --> continued\n\
               2023-07-01T08:15:30.126Z In(05)+ vmx - more\n\
               2023-07-01T08:15:30.127Z In(05) vmx - PowerOn\n\
               2023-07-01T08:15:30.128Z In(05) vmx - restoring FeatureCompat\n\
               2023-07-01T08:15:30.129Z In(05) vmx - Capability Found: cpuid.aes = 1\n\
               2023-07-01T08:15:30.129Z In(05) vmx - Capability Found: cpuid.model = 0x3f\n\
               2023-07-01T08:15:30.130Z In(05) vmx - VM Features Required: cpuid.old - Bool:Min:1\n\
               2023-07-01T08:15:30.130Z In(05) vmx - FeatureCompat: Requirements:\n\
               2023-07-01T08:15:30.130Z In(05) vmx - VM Features Required: cpuid.aes - Bool:Min:1\n\
               2023-07-01T08:15:30.130Z In(05) vmx - VM Features Required: cpuid.aes - nonsense\n\
               2023-07-01T08:16:30.000Z In(05) vmx - MigrateSetState: Transitioning from state 5 to 6.\n\
               2023-07-01T08:16:31.000Z In(05) vmx - Migrate: Attempting to continue running on the source.\n\
               2023-07-01T08:17:31.000Z In(05) vmx - VMX exit (0).\n\
               2023-07-01T08:17:32.000Z In(05) vmx - AIOMGR-S : st",
        facts: &[
            r#"{"fact":"vm-run","name":null,"folder":"vmfs/volumes/vsan:52-ab/db","log":"vmware.log","vmx":"/vmfs/volumes/vsan:52-ab/db/db.vmx","host":null,"from":{"time":"2023-07-01T08:15:30.123Z","quality":"exact"},"to":{"time":"2023-07-01T08:17:32Z","quality":"exact"},"start":"migrated-in","ended":true,"left":false,"requires":[{"key":"cpuid.aes","value":"Min:1","source":{"file":"vmfs/volumes/vsan:52-ab/db/vmware.log","line":13,"offset":804},"text":"2023-07-01T08:15:30.130Z In(05) vmx - VM Features Required: cpuid.aes - Bool:Min:1"}],"capabilities":[["cpuid.aes",1],["cpuid.model",63]],"evc_masks":[]}"#,
        ],
    },
    Sample {
        path: "vmfs/volumes/ds/web/vmware.log",
        text: "2020-07-01T08:15:30.123Z| vmx| I125: Log for VMware ESX pid=1 version=6.7.0 build=build-1 option=Release\n\
               2020-07-01T08:15:30.124Z| vmx| I125: VM Features Required: cpuid.aes - Bool:Min:1\n\
               2020-07-01T08:15:30.125Z| vmx| I125: VMX exit (0).\n\
               2020-07-02T08:15:30.123Z| vmx| I125: Log for VMware ESX pid=2 version=6.7.0 build=build-1 option=Release\n\
               2020-07-02T08:15:30.124Z| vmx| I125: DUMPER: Restoring checkpoint version 8\n\
               2020-07-02T08:15:30.125Z| vmx| I125: DICT displayName = \"we",
        facts: &[
            r#"{"fact":"vm-run","name":null,"folder":"vmfs/volumes/ds/web","log":"vmware.log","vmx":null,"host":null,"from":{"time":"2020-07-02T08:15:30.123Z","quality":"exact"},"to":{"time":"2020-07-02T08:15:30.125Z","quality":"exact"},"start":"resume","ended":false,"left":false,"requires":[],"capabilities":[],"evc_masks":[]}"#,
        ],
    },
    // 5.x: another number behind the level, no product's step before the power-on, an empty header of masks.
    Sample {
        path: "vmfs/volumes/ds/old/vmware-1.log",
        text: "2014-07-01T08:15:30.123Z| vmx| I120: Log for VMware ESX pid=34025 version=5.5.0 build=build-1331820 option=Release\n\
               2014-07-01T08:15:30.124Z| vmx| I120: FeatureCompat: EVC masks:\nwarning: amid\n\
               2014-07-01T08:15:30.125Z| vmx| I120: Capability Found: cpuid.SSE3 = 0x1\n\
               2014-07-01T08:15:30.126Z| vmx| I120: PowerOn\n",
        facts: &[
            r#"{"fact":"vm-run","name":null,"folder":"vmfs/volumes/ds/old","log":"vmware-1.log","vmx":null,"host":null,"from":{"time":"2014-07-01T08:15:30.123Z","quality":"exact"},"to":{"time":"2014-07-01T08:15:30.126Z","quality":"exact"},"start":"power-on","ended":false,"left":false,"requires":[],"capabilities":[["cpuid.sse3",1]],"evc_masks":[]}"#,
        ],
    },
    Sample {
        path: "home/vm/vmware.log",
        text: "2023-07-01T08:15:30.123+09:00 In(05) vmx Log for VMware Workstation pid=1 version=17.0 build=build-1 option=Release\n\
               2023-07-01T08:15:30.124+09:00 In(05) vmx VM Features Required: cpuid.aes - Bool:Min:1\n",
        facts: &[],
    },
    Sample { path: "vmfs/volumes/ds/web/vmware.log", text: "no header\nat all\n", facts: &[] },
];
