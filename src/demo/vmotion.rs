//! Migrations that fail for other reasons than CPU features: the network, a switchover that took too long, the VMX, a
//! lack of memory. Each is told on both hosts and in vCenter, among others that succeed.

use super::cluster::{ClusterOptions, healthy};
use super::line::{Level, Log, ScriptedLine};
use super::prng::Prng;
use super::script::{source_setting, target_setting};
use super::site::{Generation, Host, Site};
use crate::model::Timestamp;

/// Why a migration fails.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum VmotionFault {
    /// The other side closed the connection.
    ClosedByRemote,
    /// The other side did not answer in time.
    Timeout,
    /// The hosts never came together.
    ConnectFailed,
    /// The last step took longer than is allowed.
    Switchover,
    /// The VMX gave up.
    Vmx,
    /// The destination has no memory left.
    LowMemory,
}

impl VmotionFault {
    /// All of them.
    pub const ALL: [VmotionFault; 6] = [
        VmotionFault::ClosedByRemote,
        VmotionFault::Timeout,
        VmotionFault::ConnectFailed,
        VmotionFault::Switchover,
        VmotionFault::Vmx,
        VmotionFault::LowMemory,
    ];

    /// The VMkernel status that says so, and its text (vmkapi status table).
    pub const fn status(self) -> (u32, &'static str) {
        match self {
            VmotionFault::ClosedByRemote => CLOSED,
            VmotionFault::Timeout => (0x0bad_0021, "Timeout"),
            VmotionFault::ConnectFailed => {
                (0x0bad_010b, "The ESX hosts failed to connect over the VMotion network")
            }
            VmotionFault::Switchover => (0x0bad_0107, "Maximum switchover time for migration exceeded"),
            VmotionFault::Vmx => (0x0bad_0092, "Migration determined a failure by the VMX"),
            VmotionFault::LowMemory => {
                (0x0bad_00a4, "Migration failed to start due to lack of CPU or memory resources")
            }
        }
    }

    /// Id of the cause that a right report gives.
    pub const fn cause(self) -> &'static str {
        match self {
            VmotionFault::ClosedByRemote | VmotionFault::Timeout | VmotionFault::ConnectFailed => {
                "vmotion-network"
            }
            VmotionFault::Switchover => "timeout",
            VmotionFault::Vmx => "vmx",
            VmotionFault::LowMemory => "resources",
        }
    }

    /// What the kernel of each side gives as its status; the side that did not fail first sees the other go.
    const fn sides(self) -> [(u32, &'static str); 2] {
        match self {
            VmotionFault::Switchover => [self.status(), CLOSED],
            VmotionFault::LowMemory => [CLOSED, self.status()],
            _ => [self.status(), self.status()],
        }
    }

    /// Milliseconds from vCenter's request to the failure.
    const fn after(self) -> i64 {
        match self {
            VmotionFault::ConnectFailed => 31_204,
            VmotionFault::Switchover => 148_660,
            VmotionFault::LowMemory => 64_318,
            _ => 22_417,
        }
    }

    /// Key and text of the message that `vmware.log` and hostd have.
    fn message(self, codes: CodeForm, target: &str) -> (&'static str, String) {
        let (code, text) = self.status();
        let code = codes.write(code);
        match self {
            VmotionFault::Switchover => (
                "msg.checkpoint.migration.maxSwitchoverTimeExceeded",
                "The switchover of the virtual machine took longer than the limit of 100 second(s); it goes on at the source."
                    .to_owned(),
            ),
            VmotionFault::Vmx | VmotionFault::LowMemory => (
                "msg.checkpoint.precopyfailure",
                format!("Migration to host <{target}> failed with error {text} ({code})."),
            ),
            _ => ("msg.migrate.waitdata.platform", format!("Failed waiting for data.  Error {code}. {text}.")),
        }
    }
}

/// `VMK_MIG_CONN_CLOSED`
const CLOSED: (u32, &str) = (0x0bad_003f, "Connection closed by remote host, possibly due to timeout");

/// How messages write a status; the kernel always writes `0xbad003f`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum CodeForm {
    /// `bad003f`
    #[default]
    Bare,
    /// `0xbad003f`
    Hex,
    /// `195887167`
    Decimal,
}

impl CodeForm {
    fn write(self, code: u32) -> String {
        match self {
            CodeForm::Bare => format!("{code:x}"),
            CodeForm::Hex => format!("{code:#x}"),
            CodeForm::Decimal => code.to_string(),
        }
    }
}

/// The knobs of [`vmotion_incident`].
#[derive(Clone, Debug)]
pub struct VmotionOptions {
    /// The cluster it happens to: at least 2 hosts with at least 2 VMs.
    pub cluster: ClusterOptions,
    /// The failures, one migration each.
    pub faults: Vec<VmotionFault>,
    /// How messages write a status.
    pub codes: CodeForm,
}

impl Default for VmotionOptions {
    fn default() -> Self {
        VmotionOptions::of(Generation::V67)
    }
}

impl VmotionOptions {
    /// All failures on hosts of `generation`.
    pub fn of(generation: Generation) -> Self {
        let cluster = ClusterOptions { vsan: false, ..ClusterOptions::of(generation) };
        VmotionOptions { cluster, faults: VmotionFault::ALL.to_vec(), codes: CodeForm::default() }
    }
}

/// A migration that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedMigration {
    /// Migration id.
    pub id: u64,
    /// The VM, which stays where it is.
    pub vm: String,
    /// Name of the source host.
    pub from: String,
    /// Name of the target host.
    pub to: String,
    /// When it failed.
    pub at: Timestamp,
    /// Why.
    pub fault: VmotionFault,
    /// Id of the cause that a right report gives.
    pub cause: &'static str,
    /// The VMkernel status that says why.
    pub code: u32,
}

/// What a right answer says about [`vmotion_incident`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmotionTruth {
    /// In order of time.
    pub failed: Vec<FailedMigration>,
}

/// The site and the truth: the first VM of each host migrates well, others fail, each from another host than the one
/// before.
pub fn vmotion_incident(options: &VmotionOptions) -> (Site, VmotionTruth) {
    let mut site = healthy(&options.cluster);
    let mut failed = Vec::new();
    let hosts = site.hosts.len();
    for (turn, &fault) in options.faults.iter().enumerate() {
        let (from, to) = (turn % hosts, (turn + 1) % hosts);
        let slots = site.hosts[from].vms.len();
        if hosts < 2 || slots < 2 {
            break;
        }
        let slot = 1 + (turn / hosts) % (slots - 1);
        let asked = options.cluster.captured_at.plus_seconds(-5 * 3600 + 1_260 * turn as i64);
        let attempt = Attempt::new(&site, options, (from, to, slot), (fault, asked));
        failed.push(attempt.truth(&site));
        attempt.tell(&mut site);
    }
    (site, VmotionTruth { failed })
}

/// One migration that is tried.
pub(super) struct Attempt {
    id: u64,
    fault: VmotionFault,
    codes: CodeForm,
    generation: Generation,
    asked: Timestamp,
    from: usize,
    to: usize,
    slot: usize,
    moref: u32,
    /// vMotion addresses of source and target.
    addresses: (String, String),
    worlds: (u64, u64),
    op: String,
}

impl Attempt {
    pub(super) fn new(
        site: &Site,
        options: &VmotionOptions,
        (from, to, slot): (usize, usize, usize),
        (fault, asked): (VmotionFault, Timestamp),
    ) -> Self {
        let vm = &site.hosts[from].vms[slot];
        let mut prng = Prng::labelled(site.seed, &["failed", &vm.name, &asked.to_string()]);
        let generation = options.cluster.generation;
        // Ids were microseconds of vCenter's clock once, later they are random.
        let id = match generation {
            Generation::V67 => asked.micros().unsigned_abs(),
            _ => 4_000_000_000_000_000_000 + prng.below(4_000_000_000_000_000_000),
        };
        let op = format!(
            "k{:x}-{}-auto-4f-h5:70{:04}",
            prng.next() >> 44,
            prng.below(900_000),
            prng.below(10_000)
        );
        let address = |host: usize| site.hosts[host].net.vmotion.clone();
        Attempt {
            id,
            fault,
            codes: options.codes,
            generation,
            asked,
            from,
            to,
            slot,
            moref: vm.moref,
            addresses: (address(from), address(to)),
            worlds: (u64::from(vm.world), 2_831_000 + prng.below(900)),
            op,
        }
    }

    pub(super) fn truth(&self, site: &Site) -> FailedMigration {
        FailedMigration {
            id: self.id,
            vm: site.hosts[self.from].vms[self.slot].name.clone(),
            from: site.hosts[self.from].name.clone(),
            to: site.hosts[self.to].name.clone(),
            at: self.after(self.fault.after()),
            fault: self.fault,
            cause: self.fault.cause(),
            code: self.fault.status().0,
        }
    }

    fn after(&self, millis: i64) -> Timestamp {
        self.asked.plus_micros(millis * 1000)
    }

    pub(super) fn tell(&self, site: &mut Site) {
        let target = site.hosts[self.to].moref;
        self.source(&mut site.hosts[self.from]);
        self.target(&mut site.hosts[self.to]);
        if let Some(vcenter) = &mut site.vcenter {
            vcenter.lines.extend(self.vpxd(target));
        }
    }

    fn kernel(&self, millis: i64, text: String) -> ScriptedLine {
        ScriptedLine::new(self.after(millis), Log::Vmkernel, text)
    }

    /// `Migrate: 270: 1582017631000000 S: Failed: Timeout (0xbad0021) @0x41802d9a1c5e`
    fn kernel_failure(&self, millis: i64, side: char) -> ScriptedLine {
        let id = self.id;
        let text = match self.fault {
            VmotionFault::Vmx => format!(
                "Migrate: 6267: {id} {side}: Migration considered a failure by the VMX.  It is most likely a timeout, but check the VMX log for the true error."
            ),
            fault => {
                let (code, text) = fault.sides()[usize::from(side == 'D')];
                format!("Migrate: 270: {id} {side}: Failed: {text} ({code:#x}) @0x41802d9a1c5e")
            }
        };
        self.kernel(millis, text).level(Level::Warning)
    }

    fn hostd(&self, millis: i64, text: String, side: (&str, &str)) -> ScriptedLine {
        let line = ScriptedLine::new(self.after(millis), Log::Hostd, text);
        line.under(format!("Vcsvc.VMotion{} ({})", side.0, self.id))
            .op(format!("{}-{}-3b-51c2", self.op, side.1))
    }

    /// `ResolveCb: Failed with fault: (vim.fault.GenericVmConfigFault) { … }`
    fn hostd_fault(&self) -> String {
        let (key, text) = self.fault.message(self.codes, &self.addresses.1);
        let reason = if self.fault == VmotionFault::Vmx { "msg.migrate.fail.dst" } else { key };
        format!(
            "ResolveCb: Failed with fault: (vim.fault.GenericVmConfigFault) {{\n   faultCause = (vmodl.MethodFault) null,\n   \
             faultMessage = (vmodl.LocalizableMessage) [\n      (vmodl.LocalizableMessage) {{\n         key = \"{reason}\",\n         \
             arg = <unset>,\n         message = \"{text}\"\n      }}\n   ],\n   reason = \"{text}\"\n   msg = \"\"\n}}"
        )
    }

    /// What this fault leaves before it strikes, on the source or the destination.
    fn prelude(&self, side: char) -> Vec<ScriptedLine> {
        let (id, ends) = (self.id, self.fault.after());
        let (source, target) = (&self.addresses.0, &self.addresses.1);
        let warn = |text: String| self.kernel(ends - 11, text).level(Level::Warning);
        match (self.fault, side) {
            (VmotionFault::ClosedByRemote, 'S') => {
                let text = format!("VMotionUtil: 862: {id} S: failed to read stream keepalive: {}", CLOSED.1);
                vec![warn(text)]
            }
            (VmotionFault::Timeout, 'S') => {
                vec![warn(format!("VMotionSend: 3979: {id} S: failed to send pre-copy data: Timeout"))]
            }
            (VmotionFault::ConnectFailed, 'S') => vec![warn(format!(
                "VMotionUtil: 5320: {id} S: failed to connect to remote host <{target}> from host <{source}>: Timeout"
            ))],
            (VmotionFault::LowMemory, 'D') => vec![self.kernel(
                ends - 40,
                format!(
                    "VMotionRecv: 3001: {id} D: World {} waited 61 seconds to leave low memory state on dest host",
                    self.worlds.1
                ),
            )],
            _ => Vec::new(),
        }
    }

    fn source(&self, host: &mut Host) {
        let (id, ends) = (self.id, self.fault.after());
        let (source, target) = (self.addresses.0.as_str(), self.addresses.1.as_str());
        let side = ("Src", "01");
        let setting = source_setting(self.generation, id, (source, target), self.worlds);
        host.lines.extend([
            self.hostd(610, "VMotionEntry: migrateType = 1".to_owned(), side),
            self.hostd(742, "State Transition (VM_STATE_ON -> VM_STATE_EMIGRATING)".to_owned(), side),
            self.kernel(1_020, setting),
        ]);
        if self.fault != VmotionFault::ConnectFailed {
            host.lines
                .push(self.kernel(1_388, format!("VMotionUtil: 5199: {id} S: Stream connection 1 added.")));
        }
        host.lines.extend(self.prelude('S'));
        host.lines.extend([
            self.kernel_failure(ends, 'S'),
            self.hostd(ends + 120, self.hostd_fault(), side),
            self.hostd(ends + 131, "State Transition (VM_STATE_EMIGRATING -> VM_STATE_ON)".to_owned(), side),
        ]);
        let (key, text) = self.fault.message(self.codes, target);
        let said = [
            (830, format!("Received migrate 'to' request for mid id {id}, dst ip <{target}>.")),
            (
                1_031,
                format!(
                    "MigrateSetInfo: state=1 srcIp=<{source}> dstIp=<{target}> mid={id} uuid=0 priority=high"
                ),
            ),
            (1_040, "MigrateSetState: Transitioning from state 1 to 2.".to_owned()),
            (ends + 20, "Migrate: Caching migration error message list:".to_owned()),
            (ends + 21, format!("[{key}] {text}")),
            (ends + 22, "Migrate: Attempting to continue running on the source.".to_owned()),
            (ends + 25, "MigrateSetStateFinished: type=1 new state=6".to_owned()),
        ];
        let said = said.map(|(millis, text)| (self.after(millis), text));
        host.vms[self.slot].run.lines.extend(said);
    }

    fn target(&self, host: &mut Host) {
        let (id, ends) = (self.id, self.fault.after());
        let side = ("Dst", "02");
        let setting =
            target_setting(self.generation, id, (&self.addresses.0, &self.addresses.1), self.worlds.1);
        host.lines.extend([
            self.hostd(590, "VMotionEntry: migrateType = 1".to_owned(), side),
            self.kernel(1_004, setting),
        ]);
        host.lines.extend(self.prelude('D'));
        // The destination fails first where it is the one that lacks something.
        let delay = if self.fault == VmotionFault::LowMemory { -6 } else { 7 };
        host.lines.extend([
            self.kernel_failure(ends + delay, 'D'),
            self.hostd(ends + 140, self.hostd_fault(), side),
            self.hostd(
                ends + 152,
                "State Transition (VM_STATE_IMMIGRATING -> VM_STATE_OFF)".to_owned(),
                side,
            ),
        ]);
    }

    fn vpxd(&self, target: u32) -> Vec<ScriptedLine> {
        let (id, vm, ends) = (self.id, self.moref, self.fault.after() + 260);
        let task = format!("task-{}", 46_000 + id % 3_000);
        let (_, text) = self.fault.message(self.codes, &self.addresses.1);
        let fault = match self.fault {
            VmotionFault::LowMemory => "vim.fault.InsufficientResourcesFault",
            VmotionFault::Vmx => "vmodl.fault.SystemError",
            _ => "vim.fault.GenericVmConfigFault",
        };
        let line = |millis: i64, level: Level, sub: &str, text: String| {
            let line = ScriptedLine::new(self.after(millis), Log::Vpxd, text);
            line.level(level).under(sub).op(self.op.as_str())
        };
        let method = "vim.VirtualMachine.migrate";
        vec![
            line(
                0,
                Level::Info,
                "vpxLro",
                format!("[VpxLRO] -- BEGIN {task} -- vm-{vm} -- {method} -- 52a1c9d7-30e6(52d8e0f1-77b2)"),
            ),
            line(
                140,
                Level::Info,
                "vpxLro",
                format!(
                    "[VMotion] [vim.VirtualMachine:vm-{vm}] to [vim.HostSystem:host-{target}], compatible"
                ),
            ),
            line(ends, Level::Error, "VmProv", format!("[MIGRATE] ({id}) vMotion failed: {fault}")),
            line(
                ends + 31,
                Level::Error,
                "Default",
                format!(
                    "[VpxLRO] -- ERROR {task} -- vm-{vm} -- {method}: {fault}:\nResult:\n({fault}) {{\n   \
                     faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>,\n   reason = \"{text}\"\n   \
                     msg = \"{text}\"\n}}\nArgs:\n"
                ),
            ),
        ]
    }
}
