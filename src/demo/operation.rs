//! One vMotion told by every log that its operation passes through, from vCenter's task to the kernels of both hosts,
//! among operations whose ids only look alike. Headers are written here, as one host's logs may be of several eras.

use super::cluster::{ClusterOptions, healthy};
use super::line::{Level, Log, ScriptedLine};
use super::script::{source_setting, target_setting};
use super::site::{Generation, Site};
use crate::model::Timestamp;

/// How headers are written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OperationEra {
    /// `[2011-04-01 15:14:34.203 F5A5AB90 info 'Sub' opID=x] text`
    V4,
    /// `2013-07-01T08:15:30.123Z [FFA1B2C0 info 'Sub' opID=x] text`
    V5,
    /// `2020-07-01T08:15:30.123Z info hostd[2099] [Originator@6876 sub=Sub opID=x] text`
    V67,
    /// `2023-07-01T08:15:30.123Z In(166) Hostd[2099]: [Originator@6876 sub=Sub opID=x] text`
    V80,
}

/// The story's knobs.
#[derive(Clone, Debug)]
pub struct OperationOptions {
    /// The cluster: at least 3 hosts with a VM each.
    pub cluster: ClusterOptions,
    /// How headers are written.
    pub era: OperationEra,
    /// What all opIDs of the operation begin with, where no hop has appended anything.
    pub root: String,
}

impl OperationOptions {
    /// The story in the grammar of `era`; its opIDs begin with `root`.
    pub fn of(era: OperationEra, root: &str) -> Self {
        let generation = if era == OperationEra::V80 { Generation::V80 } else { Generation::V67 };
        let cluster = ClusterOptions { vsan: false, hours: 12, ..ClusterOptions::of(generation) };
        OperationOptions { cluster, era, root: root.to_owned() }
    }
}

/// A record of the operation: the short name of its host or vCenter Server, its log, and the first line of its message.
pub type OperationRecord = (String, String, String);

/// What a right answer says.
#[derive(Clone, Debug)]
pub struct OperationTruth {
    /// What all opIDs begin with.
    pub root: String,
    /// The longest opID: that of the source's hostd.
    pub hop: String,
    /// vCenter's task.
    pub task: String,
    /// The task of the source's hostd.
    pub host_task: String,
    /// The migration's id.
    pub migration: u64,
    /// What the source's kernel calls the operation, where it says so.
    pub kernel: Option<String>,
    /// Short names of source and destination.
    pub hosts: (String, String),
    /// Every record of it.
    pub own: Vec<OperationRecord>,
}

/// The site and the truth.
pub fn operation_story(options: &OperationOptions) -> (Site, OperationTruth) {
    let mut site = healthy(&options.cluster);
    let story = Story::new(&site, options);
    let mut truth = story.truth(&site);
    let names: Vec<String> = site.hosts.iter().map(|host| short(&host.name)).collect();
    let told = [story.source(&site), story.destination(&site), Vec::new()];
    let foreign = [story.foreign_on_source(), story.foreign_on_destination(), story.foreign_on_third()];
    for (index, (own, foreign)) in told.into_iter().zip(foreign).enumerate() {
        truth.own.extend(own.iter().map(|line| story.record(&names[index], line)));
        let all = own.into_iter().chain(foreign).map(|line| story.scripted(line));
        site.hosts[index].lines.extend(all);
    }
    let (own, foreign) = story.of_vm();
    truth.own.extend(own.iter().map(|(_, text)| (names[0].clone(), "vmware".to_owned(), text.clone())));
    site.hosts[0].vms[0].run.lines.extend(own.into_iter().chain(foreign));
    let vm = site.hosts[0].vms[0].moref;
    if let Some(vcenter) = &mut site.vcenter {
        let own = story.vcenter(vm);
        truth.own.extend(own.iter().map(|line| story.record(&short(&vcenter.name), line)));
        let all = own.into_iter().chain(story.foreign_on_vcenter(vm));
        vcenter.lines.extend(all.map(|line| story.scripted(line)));
    }
    truth.own.sort();
    (site, truth)
}

fn short(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}

/// A line before it has its header: milliseconds from the beginning, log, `sub=`, opID or the kernel's, text.
struct Line {
    millis: i64,
    log: Log,
    sub: String,
    op: String,
    text: String,
}

fn line(millis: i64, log: Log, sub: &str, op: &str, text: impl Into<String>) -> Line {
    Line { millis, log, sub: sub.to_owned(), op: op.to_owned(), text: text.into() }
}

/// What the kernels of source and destination call the operation.
const KERNEL: (&str, &str) = ("3f2a91c7", "b04e6d1");

/// Messages of a `vmware.log`, with their times.
type Said = Vec<(Timestamp, String)>;

struct Story {
    era: OperationEra,
    generation: Generation,
    root: String,
    task: String,
    id: u64,
    at: Timestamp,
    addresses: (String, String),
}

impl Story {
    fn new(site: &Site, options: &OperationOptions) -> Self {
        let at = options.cluster.captured_at.plus_seconds(-7 * 3600);
        let id = match options.era {
            OperationEra::V80 => 8_743_996_508_480_001_077,
            _ => at.micros().unsigned_abs(),
        };
        Story {
            era: options.era,
            generation: options.cluster.generation,
            root: options.root.clone(),
            task: "task-4711".to_owned(),
            id,
            at,
            addresses: (site.hosts[0].net.vmotion.clone(), site.hosts[1].net.vmotion.clone()),
        }
    }

    fn truth(&self, site: &Site) -> OperationTruth {
        OperationTruth {
            root: self.root.clone(),
            hop: self.op("-01-39-6b81"),
            task: self.task.clone(),
            host_task: "haTask-12-vim.VirtualMachine.migrate-90441".to_owned(),
            migration: self.id,
            kernel: self.has_kernel_ids().then(|| KERNEL.0.to_owned()),
            hosts: (short(&site.hosts[0].name), short(&site.hosts[1].name)),
            own: Vec::new(),
        }
    }

    fn op(&self, hops: &str) -> String {
        format!("{}{hops}", self.root)
    }

    fn has_kernel_ids(&self) -> bool {
        matches!(self.era, OperationEra::V67 | OperationEra::V80)
    }

    fn record(&self, host: &str, line: &Line) -> OperationRecord {
        let first = line.text.lines().next().unwrap_or_default();
        (host.to_owned(), line.log.name().to_owned(), first.to_owned())
    }

    /// Lines of the kernel that have an id, where this era's have one.
    fn kernel_ids(&self, lines: Vec<Line>) -> Vec<Line> {
        if self.has_kernel_ids() { lines } else { Vec::new() }
    }

    /// vCenter: the task, a sub-operation, and a record of several lines that names the migration.
    fn vcenter(&self, vm: u32) -> Vec<Line> {
        let (task, id) = (&self.task, self.id);
        let session = "52a1c9d7-30e6-11aa-2b3c-0f1e2d3c4b5a(52d8e0f1-77b2-40c1-8d9e-aabbccddeeff)";
        let begin = format!("[VpxLRO] -- BEGIN {task} -- vm-{vm} -- vim.VirtualMachine.migrate -- {session}");
        let spec = format!(
            "[MIGRATE] ({id}) specification is sent\n   type = vmotion,\n   opaque = {}77",
            self.root
        );
        vec![
            line(0, Log::Vpxd, "vpxLro", &self.root, begin),
            line(
                140,
                Log::Vpxd,
                "VMotion",
                &self.op("-01"),
                format!("[VMotion] vm-{vm} is compatible with the target"),
            ),
            line(300, Log::Vpxd, "Migrate", &self.op("-01"), spec),
            line(9_412, Log::Vpxd, "vpxLro", &self.root, format!("[VpxLRO] -- FINISH {task}")),
        ]
    }

    fn source(&self, site: &Site) -> Vec<Line> {
        let (id, vpxa, hostd) = (self.id, self.op("-01-39"), self.op("-01-39-6b81"));
        let world = u64::from(site.hosts[0].vms[0].world);
        let sides = (self.addresses.0.as_str(), self.addresses.1.as_str());
        let task = "haTask-12-vim.VirtualMachine.migrate-90441";
        let mut lines = vec![
            line(
                410,
                Log::Vpxa,
                "vpxLro",
                &vpxa,
                "[VpxLRO] -- BEGIN lro-8812 -- vm-12 -- vpxapi.VpxaService.migrateSource -- 52ff01",
            ),
            line(431, Log::Hostd, "Vimsvc.TaskManager", &hostd, format!("Task Created : {task}")),
            line(444, Log::Hostd, &format!("Vcsvc.VMotionSrc ({id})"), "", "VMotionEntry: migrateType = 1"),
            line(
                8_770,
                Log::Hostd,
                &format!("Vcsvc.VMotionSrc ({id})"),
                &hostd,
                "Set source task result precopyStunTime to 410211",
            ),
            line(610, Log::Vmkernel, "", "", source_setting(self.generation, id, sides, (world, 2_131_044))),
            line(
                5_201,
                Log::Vmkernel,
                "",
                "",
                format!("WARNING: VMotionUtil: 862: {id} S: stream keepalive took 1204 ms"),
            ),
            line(
                8_790,
                Log::Hostd,
                "Vimsvc.TaskManager",
                &hostd,
                format!("Task Completed : {task} Status success"),
            ),
            line(8_802, Log::Vpxa, "vpxLro", &vpxa, "[VpxLRO] -- FINISH lro-8812"),
        ];
        lines.extend(self.kernel_ids(vec![
            line(520, Log::Vmkernel, "", KERNEL.0, self.maps(world, &hostd, KERNEL.0)),
            line(
                533,
                Log::Vmkernel,
                "",
                KERNEL.0,
                "VSCSI: 6602: handle 81(GID:8193)(vscsi0:0):state is saved for the move",
            ),
        ]));
        lines
    }

    fn destination(&self, _site: &Site) -> Vec<Line> {
        let (id, vpxa, hostd) = (self.id, self.op("-02-5a"), self.op("-02-5a-7c02"));
        let sides = (self.addresses.0.as_str(), self.addresses.1.as_str());
        let task = "haTask--vim.host.VMotionManager.initiateDestination-77120";
        let mut lines = vec![
            line(
                415,
                Log::Vpxa,
                "vpxLro",
                &vpxa,
                "[VpxLRO] -- BEGIN lro-5120 -- vm-31 -- vpxapi.VpxaService.migrateDestination -- 52ff02",
            ),
            line(437, Log::Hostd, "Vimsvc.TaskManager", &hostd, format!("Task Created : {task}")),
            line(447, Log::Hostd, &format!("Vcsvc.VMotionDst ({id})"), "", "VMotionEntry: migrateType = 2"),
            line(
                8_730,
                Log::Hostd,
                &format!("Vcsvc.VMotionDst ({id})"),
                &hostd,
                "VMotionEntry: the VM is resumed",
            ),
            line(608, Log::Vmkernel, "", "", target_setting(self.generation, id, sides, 2_131_044)),
            line(8_120, Log::Vmkernel, "", "", format!("VMotionRecv: 3001: {id} D: all pages are here")),
            line(
                8_744,
                Log::Hostd,
                "Vimsvc.TaskManager",
                &hostd,
                format!("Task Completed : {task} Status success"),
            ),
            line(8_750, Log::Vpxa, "vpxLro", &vpxa, "[VpxLRO] -- FINISH lro-5120"),
        ];
        lines.extend(self.kernel_ids(vec![
            line(540, Log::Vmkernel, "", KERNEL.1, self.maps(2_131_044, &hostd, KERNEL.1)),
            line(
                551,
                Log::Vmkernel,
                "",
                KERNEL.1,
                "VSCSI: 3810: handle 44(GID:8236)(vscsi0:0):state is restored",
            ),
        ]));
        lines
    }

    fn maps(&self, world: u64, op: &str, kernel: &str) -> String {
        format!("World: 12232: VC opID {op} maps to vmkernel opID {kernel}")
            .replace("12232", &world.to_string())
    }

    /// The VM's own log: what is the operation's, and what is not.
    fn of_vm(&self) -> (Said, Said) {
        let id = self.id;
        let hostd = self.op("-01-39-6b81");
        let at = |millis: i64, text: String| (self.at.plus_micros(millis * 1000), text);
        let own = vec![
            at(
                480,
                format!(
                    "VigorTransportProcessClientPayload: opID={hostd} seq=31: Receiving Migrate.PrepareSource request."
                ),
            ),
            at(481, format!("Received migrate 'to' request for mid id {id}")),
            at(482, format!("MigrateVMXdrToSpec: type: 1 srcIp=<{}> mid={id:x}", self.addresses.0)),
        ];
        let foreign = vec![
            at(
                483,
                format!(
                    "VigorTransportProcessClientPayload: opID={}7-01 seq=32: Receiving MKS.IssueTicket request.",
                    self.root
                ),
            ),
            at(484, format!("Received migrate 'to' request for mid id {}", id + 1)),
        ];
        (own, foreign)
    }

    fn foreign_on_vcenter(&self, vm: u32) -> Vec<Line> {
        let (task, more) = (&self.task, self.op("0"));
        vec![
            line(
                20,
                Log::Vpxd,
                "vpxLro",
                &more,
                format!("[VpxLRO] -- BEGIN {task}0 -- vm-{vm}0 -- vim.VirtualMachine.migrate -- 52b1(52b2)"),
            ),
            line(
                60,
                Log::Vpxd,
                "PropertyProvider",
                "WFU-1b2c3d4e",
                format!("RecordOp ASSIGN: info.progress, {task}. Applied change to temp map."),
            ),
            line(
                90,
                Log::Vpxd,
                "vpxLro",
                &format!("x{}", self.root),
                "[VpxLRO] -- BEGIN lro-91001 -- SessionManager -- vim.SessionManager.sessionIsActive -- 52c1(52c2)",
            ),
            line(9_500, Log::Vpxd, "vpxLro", &more, format!("[VpxLRO] -- FINISH {task}0")),
        ]
    }

    fn foreign_on_source(&self) -> Vec<Line> {
        let other = "sps-Main-135968-406-9a-41cc";
        let mut lines = vec![
            line(
                450,
                Log::Hostd,
                "Vimsvc.TaskManager",
                &self.op("4-39-6b81"),
                "Task Created : haTask-12-vim.VirtualMachine.migrate-904410",
            ),
            line(
                455,
                Log::Hostd,
                "Default",
                "HB-host-9@88-1a2b3c4d",
                format!(
                    "session {}-246d-58b5-3234-278c6e0c5d0d is idle",
                    &self.root[..8.min(self.root.len())]
                ),
            ),
            line(
                470,
                Log::Hostd,
                &format!("Vcsvc.VMotionSrc ({})", self.id + 1),
                "",
                "VMotionEntry: migrateType = 1 once more",
            ),
        ];
        lines.extend(self.kernel_ids(vec![
            line(1_800_000, Log::Vmkernel, "", KERNEL.0, self.maps(2_104_999, other, KERNEL.0)),
            line(
                1_800_010,
                Log::Vmkernel,
                "",
                KERNEL.0,
                "VSCSI: 6602: handle 95(GID:8207)(vscsi0:1):reset of another VM",
            ),
            line(
                530,
                Log::Vmkernel,
                "",
                "3f2a91c",
                "VSCSI: 6602: handle 96(GID:8208)(vscsi0:1):a digit less",
            ),
        ]));
        lines
    }

    /// The source's kernel id stands for something else here, and nothing maps it.
    fn foreign_on_destination(&self) -> Vec<Line> {
        let mut lines = vec![line(
            8_200,
            Log::Vmkernel,
            "",
            "",
            format!("VMotionRecv: 3001: {} D: pages of another VM", self.id + 1),
        )];
        lines.extend(self.kernel_ids(vec![
            line(560, Log::Vmkernel, "", KERNEL.0, "ScsiDevice: 4480: another host's use of the same hash"),
            line(
                2 * 3_600_000,
                Log::Vmkernel,
                "",
                KERNEL.1,
                "ScsiDevice: 4480: the same hash two hours later",
            ),
        ]));
        lines
    }

    fn foreign_on_third(&self) -> Vec<Line> {
        let other = "4e5f6a7b-88-01-9c2d";
        self.kernel_ids(vec![
            line(500, Log::Vmkernel, "", KERNEL.0, self.maps(2_100_001, other, KERNEL.0)),
            line(
                505,
                Log::Vmkernel,
                "",
                KERNEL.0,
                "ScsiDevice: 4481: the same hash stands for another operation here",
            ),
            line(507, Log::Vmkernel, "", "539bc6dd", "ScsiDevice: 4482: a hash that looks like a plain id"),
        ])
    }

    /// The line with the header of its era.
    fn scripted(&self, line: Line) -> ScriptedLine {
        let at = self.at.plus_micros(line.millis * 1000);
        let level = if line.text.starts_with("WARNING: ") { Level::Warning } else { Level::Info };
        let head = match line.log {
            Log::Vmkernel => self.kernel_head(at, &line, level),
            _ => self.vmacore_head(at, &line),
        };
        // Further lines are marked, and since 8.0 have a header of their own.
        let mark = match (line.log, self.era) {
            (Log::Vpxd, _) | (_, OperationEra::V4 | OperationEra::V5 | OperationEra::V67) => {
                "\n-->".to_owned()
            }
            _ => format!("\n{at} In(166) Hostd[2099533]: -->"),
        };
        ScriptedLine::raw(at, line.log, format!("{head}{}", line.text.replace('\n', &mark))).level(level)
    }

    fn kernel_head(&self, at: Timestamp, line: &Line, level: Level) -> String {
        let tag = match (self.era, level) {
            (OperationEra::V80, Level::Warning) => "Wa(180) vmkwarning: ",
            (OperationEra::V80, _) => "In(182) vmkernel: ",
            _ => "",
        };
        let op = if line.op.is_empty() { String::new() } else { format!(" opID={}", line.op) };
        format!("{at} {tag}cpu4:2104311{op})")
    }

    fn vmacore_head(&self, at: Timestamp, line: &Line) -> String {
        let (sub, name) = (&line.sub, line.log.name());
        let op = if line.op.is_empty() { String::new() } else { format!(" opID={}", line.op) };
        match self.era {
            OperationEra::V4 => {
                let stamp = at.to_string().replace('T', " ").replace('Z', "");
                format!("[{stamp} F5A5AB90 info '{sub}'{op}] ")
            }
            OperationEra::V5 => format!("{at} [FFA1B2C0 info '{sub}'{op}] "),
            OperationEra::V80 if line.log != Log::Vpxd => {
                let program = if line.log == Log::Vpxa { "Vpxa" } else { "Hostd" };
                format!("{at} In(166) {program}[2099533]: [Originator@6876 sub={sub}{op}] ")
            }
            _ => format!("{at} info {name}[04711] [Originator@6876 sub={sub}{op}] "),
        }
    }
}
