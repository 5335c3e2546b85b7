//! One run of a VM, as its `vmware.log` tells it: what it requires of a CPU, where and how it began and ended.
//!
//! A log holds one run of a vmx; where it holds several, the last one counts. Logs of hosted products give nothing.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::feature::{FeatureValue, number};
use super::text::{Anchor, MAX_ENTRIES, assignment, flag, value};
use super::{CpuidLeaf, FactFile, FactValue, Line, Output, Reader, Requirement, Sample, VmRun, VmStart};
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

/// How many records of other threads may stand amid the settings.
const MAX_AMID: u32 = 8;

/// What keys of masks begin with, in lower case.
const EVC_MASK: &str = "featmask.evc.";
const VM_MASK: &str = "featmask.vm.";

/// The sections of the settings that a vmx prints when it starts.
#[derive(Copy, Clone, Default, PartialEq)]
enum Settings {
    #[default]
    None,
    /// `DICT --- HOST DEFAULTS /etc/vmware/config`
    Host,
    /// `DICT --- CONFIGURATION /vmfs/volumes/ds/web/web.vmx`
    Machine,
    /// The others, and behind all of them.
    Other,
}

/// The masks that a vmx prints, each in the settings and again in a block of its own.
#[derive(Copy, Clone, PartialEq)]
enum Masks {
    Evc,
    Vm,
}

/// What the last line added, to be taken back where the line may be cut.
#[derive(Copy, Clone)]
enum Added {
    Name,
    Mask(Masks),
    Capability,
    Requirement,
    Leaf,
}

/// Leaves and subleaves of the host's CPUID that are kept: those that hold bits of features.
const LEAVES: &[(u32, u32)] =
    &[(1, 0), (7, 0), (7, 1), (0xd, 1), (0x8000_0001, 0), (0x8000_0008, 0), (0x8000_0021, 0)];

struct Vmx {
    run: VmRun,
    first: Option<Anchor>,
    hosted: bool,
    settings: Settings,
    /// How many records stand behind the last setting.
    behind: u32,
    /// The block of masks that the next lines are of, and whether it has one yet.
    block: Option<(Masks, bool)>,
    /// Whether a mask of the host could not be read: then one that is not known may be set.
    unread: bool,
    added: Option<Added>,
    handed_over: Option<Stamp>,
    full: bool,
}

impl Vmx {
    fn new(path: &str) -> Self {
        let (folder, log) = path.rsplit_once('/').unwrap_or(("", path));
        let log = [".gz", ".zst", ".xz", ".bz2"].iter().find_map(|end| log.strip_suffix(end)).unwrap_or(log);
        let run = VmRun { folder: folder.to_owned(), log: log.to_owned(), ..VmRun::default() };
        Vmx {
            run,
            first: None,
            hosted: false,
            settings: Settings::None,
            behind: 0,
            block: None,
            unread: false,
            added: None,
            handed_over: None,
            full: false,
        }
    }
}

impl Reader for Vmx {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        self.added = None;
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
            self.leave_block();
            self.setting(setting.trim_start());
        } else {
            self.interrupt_settings();
            if !self.mask_of_block(text) {
                self.feature(text, &line, out);
                self.course(text, header.stamp);
            }
        }
    }

    /// What section or block the lines behind missing ones are of is not known, nor whether masks are among those.
    fn gap(&mut self) {
        self.run.evc_known &= self.settings != Settings::Host;
        (self.settings, self.block, self.added) = (Settings::None, None, None);
    }

    /// What the last line said may be the beginning of something else: `Val:0x2` of `Val:0x2d`.
    fn cut(&mut self) {
        let run = &mut self.run;
        match self.added.take() {
            Some(Added::Name) => run.name = None,
            Some(Added::Mask(Masks::Evc)) => drop(run.evc_masks.pop()),
            Some(Added::Mask(Masks::Vm)) => drop(run.vm_masks.pop()),
            Some(Added::Capability) => drop(run.capabilities.pop()),
            Some(Added::Requirement) => drop(run.requires.pop()),
            Some(Added::Leaf) => drop(run.cpuid.pop()),
            None => {}
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
        (self.behind, self.block, self.unread, self.added) = (0, None, false, None);
    }

    /// `--- HOST DEFAULTS /etc/vmware/config`, or `displayName = "web 1"`
    fn setting(&mut self, text: &str) {
        if let Some(section) = text.strip_prefix("--- ") {
            self.section(section);
            return;
        }
        self.behind = 0;
        // Only of the host it matters whether each is whole; `displayName`, `featMask.…` and `featureCompat.…` are read of all.
        let may_be_read = matches!(text.as_bytes(), [b'D' | b'd' | b'F' | b'f', ..]);
        if !may_be_read && self.settings != Settings::Host {
            return;
        }
        let Some(read) = assignment(text) else { return };
        let key = read.key.to_ascii_lowercase();
        if !read.closed {
            self.unread |= self.settings == Settings::Host;
            return;
        }
        match (self.settings, key.as_str()) {
            (_, "displayname") => {
                self.run.name = value(&read.value);
                self.added = Some(Added::Name);
            }
            (Settings::Host, "featurecompat.evc.completemasks") => self.run.evc_complete = flag(&read.value),
            (Settings::Machine, "featurecompat.vm.completemasks") => self.run.vm_complete = flag(&read.value),
            (Settings::Host | Settings::None, key) if key.starts_with(EVC_MASK) => {
                self.mask(Masks::Evc, &key[EVC_MASK.len()..], &read.value);
            }
            (Settings::Machine | Settings::None, key) if key.starts_with(VM_MASK) => {
                self.mask(Masks::Vm, &key[VM_MASK.len()..], &read.value);
            }
            _ => {}
        }
    }

    /// A section of the settings begins; one that is printed again replaces the one before.
    fn section(&mut self, section: &str) {
        if self.settings == Settings::Host {
            self.run.evc_known = !self.unread;
        }
        (self.settings, self.behind) = (Settings::Other, 0);
        let run = &mut self.run;
        if section.starts_with("HOST DEFAULTS") {
            self.settings = Settings::Host;
            self.unread = false;
            run.evc_masks.clear();
            (run.evc_complete, run.evc_known) = (None, false);
        } else if let Some(path) = section.strip_prefix("CONFIGURATION ") {
            self.settings = Settings::Machine;
            run.vmx = value(path).or(run.vmx.take());
            run.vm_masks.clear();
            run.vm_complete = None;
        }
    }

    /// Behind the last setting of the host all its masks are known; but another thread's record may stand amid them.
    fn interrupt_settings(&mut self) {
        if self.settings == Settings::Host {
            self.run.evc_known = !self.unread;
        }
        self.behind = self.behind.saturating_add(1);
        if self.behind > MAX_AMID {
            self.settings = Settings::Other;
        }
    }

    fn mask(&mut self, of: Masks, key: &str, text: &str) {
        let masks = match of {
            Masks::Evc => &mut self.run.evc_masks,
            Masks::Vm => &mut self.run.vm_masks,
        };
        masks.retain(|(known, _)| known != key);
        match text.parse::<FeatureValue>() {
            Ok(mask) if masks.len() < MAX_ENTRIES => {
                masks.push((key.to_owned(), mask));
                self.added = Some(Added::Mask(of));
            }
            _ => self.unread |= of == Masks::Evc,
        }
    }

    /// A block of masks, which may have none below its header: then it says nothing that the settings do not.
    ///
    /// ```text
    /// FeatureCompat: EVC masks:
    /// cpuid.mdclear = Val:1
    /// FeatureCompat: No VM masks.
    /// ```
    fn mask_of_block(&mut self, text: &str) -> bool {
        let Some((of, begun)) = self.block else { return false };
        let read = text.split_once('=').or_else(|| text.split_once(" - "));
        let read = read.and_then(|(key, text)| Some((plain_key(key)?, text.trim())));
        let Some((key, text)) = read.filter(|(_, text)| text.parse::<FeatureValue>().is_ok()) else {
            self.leave_block();
            return false;
        };
        if !begun {
            self.block = Some((of, true));
            self.clear(of);
        }
        let named = key.strip_prefix(EVC_MASK).or_else(|| key.strip_prefix(VM_MASK));
        self.mask(of, named.unwrap_or(&key), text);
        true
    }

    fn leave_block(&mut self) {
        if let Some((Masks::Evc, true)) = self.block.take() {
            self.run.evc_known = !self.unread;
        }
    }

    /// What is printed next of these masks is all.
    fn clear(&mut self, of: Masks) {
        match of {
            Masks::Evc => {
                self.run.evc_masks.clear();
                (self.run.evc_known, self.unread) = (false, false);
            }
            Masks::Vm => self.run.vm_masks.clear(),
        }
    }

    /// The header of a block: `EVC masks:`, `No VM masks.`, `Capabilities:`
    fn header(&mut self, header: &str) {
        match header {
            "Capabilities:" => self.run.capabilities.clear(),
            "Requirements:" => self.run.requires.clear(),
            "EVC masks:" => self.block = Some((Masks::Evc, false)),
            "VM masks:" => self.block = Some((Masks::Vm, false)),
            "No EVC masks." => {
                self.clear(Masks::Evc);
                self.run.evc_known = true;
            }
            "No VM masks." => self.clear(Masks::Vm),
            _ => {}
        }
    }

    /// `hostCPUID level 00000007, 0: 0x00000000 0x000037ab 0x00000000 0x9c000400`; `vendor: …` begins a block of them.
    fn cpuid(&mut self, text: &str) {
        if text.starts_with("vendor") {
            self.run.cpuid.clear();
        } else if let Some(leaf) = text.strip_prefix("level").and_then(leaf)
            && LEAVES.contains(&(leaf.leaf, leaf.subleaf))
        {
            self.run.cpuid.retain(|known| (known.leaf, known.subleaf) != (leaf.leaf, leaf.subleaf));
            self.run.cpuid.push(leaf);
            self.added = Some(Added::Leaf);
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
            self.header(header);
        } else if let Some(cpuid) = text.strip_prefix("hostCPUID ") {
            self.cpuid(cpuid.trim_start());
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
            self.added = Some(Added::Capability);
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
            self.added = Some(Added::Requirement);
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

/// ` 00000007, 0: 0x00000000 0x000037ab 0x00000000 0x9c000400`: leaf, subleaf and registers, all hexadecimal.
fn leaf(text: &str) -> Option<CpuidLeaf> {
    let hex = |text: &str| u32::from_str_radix(text.trim(), 16).ok();
    let (numbers, registers) = text.split_once(':')?;
    let (leaf, subleaf) = numbers.split_once(',')?;
    let (leaf, subleaf) = (hex(leaf)?, hex(subleaf)?);
    let mut words = registers.split_whitespace().map(|word| word.strip_prefix("0x").and_then(hex));
    let mut register = || words.next().flatten();
    let registers = [register()?, register()?, register()?, register()?];
    words.next().is_none().then_some(CpuidLeaf { leaf, subleaf, registers })
}

/// How a message says that the run began.
fn start(text: &str) -> Option<VmStart> {
    if text.starts_with("Migrate_Open: Restoring from") {
        Some(VmStart::MigratedIn)
    } else if restores_features(text.as_bytes()) || text.starts_with("DUMPER: Restoring checkpoint") {
        Some(VmStart::Resume)
    } else if text == "PowerOn" || (POWER_ON.find(text.as_bytes()).is_some() && text.contains("Receiving")) {
        Some(VmStart::PowerOn)
    } else {
        None
    }
}

/// The step of a power-on that a product asks a vmx for.
static POWER_ON: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Bootstrap.PowerOn"));

/// Whether a message says, in whatever case, that features are restored.
fn restores_features(text: &[u8]) -> bool {
    const SAID: &[u8] = b"restoring featurecompat";
    // Of its letters the `g` is the rarest in these logs; eight stand before it.
    memchr::memchr2_iter(b'g', b'G', text).any(|at| {
        let said = at.checked_sub(8).and_then(|from| text.get(from..from + SAID.len()));
        said.is_some_and(|said| said.eq_ignore_ascii_case(SAID))
    })
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
    static VOLUMES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("/vmfs/volumes/"));
    let named = text.get(..12).is_some_and(|head| head.eq_ignore_ascii_case("config file:"));
    let start = if named { 12 } else { VOLUMES.find(text.as_bytes())? };
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
            r#"{"fact":"vm-run","name":"web \"one\"","folder":"vmfs/volumes/ds 1/web 1","log":"vmware-3.log","vmx":"/vmfs/volumes/ds 1/web 1/web 1.vmx","host":"esx01.lab.local","from":{"time":"2020-07-01T08:15:30.123Z","quality":"exact"},"to":{"time":"2020-07-01T09:00:06Z","quality":"exact"},"start":"power-on","ended":true,"left":true,"requires":[{"key":"cpuid.mdclear","value":"Min:1","source":{"file":"vmfs/volumes/ds 1/web 1/vmware-3.log.gz","line":14,"offset":1095},"text":"2020-07-01T08:15:31.123Z| vmx| I125: VM Features Required: cpuid.MDCLEAR - Bool:Min:1"}],"capabilities":[["cpuid.mdclear",1]],"evc_masks":[["cpuid.mdclear","Val:1"]],"evc_complete":null,"evc_known":true,"vm_masks":[],"vm_complete":null,"cpuid":[]}"#,
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
            r#"{"fact":"vm-run","name":null,"folder":"vmfs/volumes/vsan:52-ab/db","log":"vmware.log","vmx":"/vmfs/volumes/vsan:52-ab/db/db.vmx","host":null,"from":{"time":"2023-07-01T08:15:30.123Z","quality":"exact"},"to":{"time":"2023-07-01T08:17:32Z","quality":"exact"},"start":"migrated-in","ended":true,"left":false,"requires":[{"key":"cpuid.aes","value":"Min:1","source":{"file":"vmfs/volumes/vsan:52-ab/db/vmware.log","line":13,"offset":804},"text":"2023-07-01T08:15:30.130Z In(05) vmx - VM Features Required: cpuid.aes - Bool:Min:1"}],"capabilities":[["cpuid.aes",1],["cpuid.model",63]],"evc_masks":[],"evc_complete":null,"evc_known":false,"vm_masks":[],"vm_complete":null,"cpuid":[]}"#,
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
            r#"{"fact":"vm-run","name":null,"folder":"vmfs/volumes/ds/web","log":"vmware.log","vmx":null,"host":null,"from":{"time":"2020-07-02T08:15:30.123Z","quality":"exact"},"to":{"time":"2020-07-02T08:15:30.125Z","quality":"exact"},"start":"resume","ended":false,"left":false,"requires":[],"capabilities":[],"evc_masks":[],"evc_complete":null,"evc_known":false,"vm_masks":[],"vm_complete":null,"cpuid":[]}"#,
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
            r#"{"fact":"vm-run","name":null,"folder":"vmfs/volumes/ds/old","log":"vmware-1.log","vmx":null,"host":null,"from":{"time":"2014-07-01T08:15:30.123Z","quality":"exact"},"to":{"time":"2014-07-01T08:15:30.126Z","quality":"exact"},"start":"power-on","ended":false,"left":false,"requires":[],"capabilities":[["cpuid.sse3",1]],"evc_masks":[],"evc_complete":null,"evc_known":false,"vm_masks":[],"vm_complete":null,"cpuid":[]}"#,
        ],
    },
    // Masks of host and VM in the settings and in blocks of their own, and raw CPUID.
    Sample {
        path: "vmfs/volumes/ds/app/vmware.log",
        text: "2021-07-01T08:15:30.123Z| vmx| I005: Log for VMware ESX pid=7 version=7.0.3 build=build-18644231 option=Release\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT --- CONFIGURATION /vmfs/volumes/ds/app/app.vmx\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT FeatMask.vm.cpuid.AVX512F = \"Val:0\"\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT featMask.vm.hv.capable = Min:0x1\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT featureCompat.vm.completeMasks = \"FALSE\"\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT --- USER DEFAULTS ///.vmware/config\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT featMask.vm.cpuid.AES = \"Val:0\"\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT --- HOST DEFAULTS /etc/vmware/config\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT featureCompat.evc.completeMasks = \"TRUE\"\n\
               2021-07-01T08:15:30.141Z| worker-7| I005: AIOGNRC: a record amid\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT featMask.evc.cpuid.MDCLEAR = \"Val:0\"\n\
               2021-07-01T08:15:30.140Z| vmx| I005: DICT --- SITE DEFAULTS /usr/lib/vmware/config\n\
               2021-07-01T08:15:30.150Z| vmx| I005: FeatureCompat: EVC masks:\n\
               2021-07-01T08:15:30.150Z| vmx| I005: cpuid.mdclear = Val:0\n\
               2021-07-01T08:15:30.150Z| vmx| I005: featMask.evc.cpuid.FAMILY = Val:0x6\n\
               2021-07-01T08:15:30.150Z| vmx| I005: hostCPUID vendor: GenuineIntel\n\
               2021-07-01T08:15:30.150Z| vmx| I005: hostCPUID name: Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz\n\
               2021-07-01T08:15:30.150Z| vmx| I005: hostCPUID level 00000000, 0: 0x0000000f 0x756e6547 0x6c65746e 0x49656e69\n\
               2021-07-01T08:15:30.150Z| vmx| I005: hostCPUID level 00000001, 0: 0x000306f2 0x00200800 0x7ffefbff 0xbfebfbff\n\
               2021-07-01T08:15:30.150Z| vmx| I005: hostCPUID level 00000007, 0: 0x00000000 0x000037ab 0x00000000 0x9c000400\n\
               2021-07-01T08:15:30.150Z| vmx| I005: hostCPUID level 80000001, 0: 0x00000000 0x00000000 0x00000021 0x2c100800\n\
               2021-07-01T08:15:30.150Z| vmx| I005: hostCPUID level 80000008, 0: 0x0000302e 0x00000000\n\
               2021-07-01T08:15:30.150Z| vmx| I005: CPUID differences from hostCPUID.\n\
               2021-07-01T08:15:30.150Z| vmx| I005: FeatureCompat: VM masks:\n\
               2021-07-01T08:15:30.150Z| vmx| I005: cpuid.avx512f = Val:0\n\
               2021-07-01T08:15:30.150Z| vmx| I005: FeatureCompat: Capabilities:\n\
               2021-07-01T08:15:30.150Z| vmx| I005: Capability Found: cpuid.sse3 = 1\n",
        facts: &[
            r#"{"fact":"vm-run","name":null,"folder":"vmfs/volumes/ds/app","log":"vmware.log","vmx":"/vmfs/volumes/ds/app/app.vmx","host":null,"from":{"time":"2021-07-01T08:15:30.123Z","quality":"exact"},"to":{"time":"2021-07-01T08:15:30.150Z","quality":"exact"},"start":"unknown","ended":false,"left":false,"requires":[],"capabilities":[["cpuid.sse3",1]],"evc_masks":[["cpuid.mdclear","Val:0"],["cpuid.family","Val:6"]],"evc_complete":true,"evc_known":true,"vm_masks":[["cpuid.avx512f","Val:0"]],"vm_complete":false,"cpuid":[{"leaf":1,"subleaf":0,"registers":[198386,2099200,2147417087,3219913727]},{"leaf":7,"subleaf":0,"registers":[0,14251,0,2617246720]},{"leaf":2147483649,"subleaf":0,"registers":[0,0,33,739248128]}]}"#,
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

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    /// The run that these messages tell; a message `GAP` stands for missing lines.
    fn run(messages: &[&str]) -> VmRun {
        let file = crate::model::MemberPath::new("vmfs/volumes/ds/a/vmware.log");
        let (mut reader, mut out) = ((VMX_LOG.reader)(file.as_str()), Output::default());
        let first = "Log for VMware ESX pid=1 version=7.0.3 build=build-1 option=Release";
        for (index, message) in [first].iter().chain(messages).enumerate() {
            if *message == "GAP" {
                reader.gap();
                continue;
            }
            let text = format!("2021-07-01T08:15:30.{index:03}Z| vmx| I005: {message}");
            let line = Line { file: &file, number: index as u64 + 1, offset: 0, bytes: text.as_bytes() };
            reader.line(line, &mut out);
        }
        reader.end(&mut out);
        let FactValue::VmRun(run) = out.facts.remove(0).value else { panic!("another fact") };
        run
    }

    const HOST: &str = "DICT --- HOST DEFAULTS /etc/vmware/config";
    const SITE: &str = "DICT --- SITE DEFAULTS /usr/lib/vmware/config";
    const AES: &str = "DICT featMask.evc.cpuid.AES = \"Val:1\"";
    const PCID: &str = "DICT featMask.evc.cpuid.PCID = \"Val:1\"";

    #[test]
    fn the_hosts_masks_are_known_where_they_were_printed_to_their_end() {
        let check = |messages: &[&str], known: bool, masks: usize| {
            let run = run(messages);
            assert_eq!((run.evc_known, run.evc_masks.len()), (known, masks), "{messages:?}");
        };
        check(&[HOST, AES, SITE], true, 1);
        check(&[HOST, SITE], true, 0);
        check(&[HOST, AES, "PowerOn"], true, 1);
        check(&[HOST, AES], false, 1);
        check(&[HOST, AES, "GAP", PCID, SITE], false, 2);
        check(&[HOST, AES, "a record amid", "GAP", SITE], false, 1);
        check(&[HOST, AES, "a record amid", PCID, SITE, "GAP", "PowerOn"], true, 2);
        check(&[HOST, AES, "DICT featMask.evc.cpuid.PCID = \"Val:", SITE], false, 1);
        check(&[HOST, AES, "DICT featMask.evc.cpuid.PCID = \"one\"", SITE], false, 1);
        // Of settings whose header is missing, and behind another's.
        check(&[AES, SITE, PCID], false, 1);
        // A section that is printed again.
        check(&[HOST, AES, SITE, HOST, PCID, SITE], true, 1);
    }

    #[test]
    fn blocks_of_masks_replace_the_settings() {
        let check = |messages: &[&str], known: bool, masks: &[(&str, &str)]| {
            let run = run(messages);
            let read: Vec<(String, String)> =
                run.evc_masks.iter().map(|(key, mask)| (key.clone(), mask.to_string())).collect();
            let masks: Vec<(String, String)> =
                masks.iter().map(|(key, mask)| ((*key).to_owned(), (*mask).to_owned())).collect();
            assert_eq!((run.evc_known, read), (known, masks), "{messages:?}");
        };
        let block = "FeatureCompat: EVC masks:";
        check(
            &[block, "cpuid.AES = Val:0", "cpuid.PCID - Val:1", "PowerOn"],
            true,
            &[("cpuid.aes", "Val:0"), ("cpuid.pcid", "Val:1")],
        );
        // Cut, or empty as older builds print it.
        check(&[block, "cpuid.AES = Val:0"], false, &[("cpuid.aes", "Val:0")]);
        check(&[block, "cpuid.AES = Val:0", "GAP", "PowerOn"], false, &[("cpuid.aes", "Val:0")]);
        check(&[block, "PowerOn"], false, &[]);
        check(&[HOST, AES, SITE, block, "PowerOn"], true, &[("cpuid.aes", "Val:1")]);
        check(&["FeatureCompat: No EVC masks."], true, &[]);
        check(&["cpuid.AES = Val:0"], false, &[]);
        let vm =
            ["DICT --- CONFIGURATION /vmfs/volumes/ds/a/a.vmx", "DICT featMask.vm.cpuid.AES = \"Val:0\""];
        assert_eq!(run(&vm).vm_masks.len(), 1);
        assert_eq!(run(&[vm[0], vm[1], "FeatureCompat: No VM masks."]).vm_masks, []);
    }

    #[test]
    fn raw_cpuid_is_of_the_last_block() {
        let level =
            |leaf: &str| format!("hostCPUID level {leaf}: 0x00000001 0x00000002 0x00000003 0x00000004");
        let leaves = |messages: &[String]| {
            let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
            run(&messages).cpuid.into_iter().map(|leaf| (leaf.leaf, leaf.subleaf)).collect::<Vec<_>>()
        };
        assert_eq!(
            leaves(&[level("00000001, 0"), level("0000000d, 1"), level("00000002, 0")]),
            [(1, 0), (13, 1)]
        );
        let vendor = "hostCPUID vendor: AuthenticAMD".to_owned();
        assert_eq!(leaves(&[level("00000001, 0"), vendor, level("80000008, 0")]), [(0x8000_0008, 0)]);
        assert_eq!(leaves(&[level("00000001, 0"), level("00000001, 0")]), [(1, 0)]);
        for no in ["1", "00000001, 0: 0x1 0x2 0x3", "x, 0: 0x1 0x2 0x3 0x4", "00000001, 0: 1 2 3 4"] {
            assert_eq!(leaf(no), None, "{no}");
        }
    }

    #[test]
    fn what_a_cut_line_says_is_not_taken() {
        let start = "2021-07-01T08:15:30.123Z| vmx| I005: ";
        for last in [
            "DICT featMask.evc.cpuid.MODEL = Val:0x2",
            "Capability Found: cpuid.model = 0x2",
            "VM Features Required: vpmc.version - Num:Min:2",
            "hostCPUID level 00000001, 0: 0x00000001 0x00000002 0x00000003 0x0",
            "DICT displayName = we",
        ] {
            let text = format!("{start}{HOST}\n{start}{last}");
            let said = |text: &str| {
                let out = read(&VMX_LOG, "vmfs/volumes/ds/a/vmware.log", text.as_bytes());
                let FactValue::VmRun(run) = &out.facts[0].value else { panic!("another fact") };
                let lists =
                    run.evc_masks.len() + run.capabilities.len() + run.requires.len() + run.cpuid.len();
                lists + usize::from(run.name.is_some())
            };
            assert_eq!((said(&text), said(&format!("{text}\n"))), (0, 1), "{last}");
        }
    }
}
