//! The files of a VM: `vmware.log` of its runs and its `.vmx`.

use std::fmt::Write;
use std::io;

use super::pack::Members;
use super::prng::Prng;
use super::setup::spaced;
use super::site::{Generation, Host, Vm, VmRun};
use crate::model::Timestamp;

/// Writes the VM's directory.
pub(crate) fn write_vm(vm: &Vm, host: &Host, out: &mut Members<'_>) -> io::Result<()> {
    let directory = format!("vmfs/volumes/{}/{}", vm.datastore.volume, vm.directory);
    for (index, run) in vm.older_runs.iter().enumerate() {
        let end = run.ended.unwrap_or(run.started);
        out.file(&format!("{directory}/vmware-{}.log", index + 1), run_log(vm, run, host).as_bytes(), end)?;
    }
    let end = vm.run.ended.unwrap_or(host.captured_at);
    out.file(&format!("{directory}/vmware.log"), run_log(vm, &vm.run, host).as_bytes(), end)?;
    out.file(&format!("{directory}/{}.vmx", vm.name), vmx(vm, host).as_bytes(), vm.run.started)
}

fn vmx(vm: &Vm, host: &Host) -> String {
    let mut text =
        String::from(".encoding = \"UTF-8\"\nconfig.version = \"8\"\nvirtualHW.version = \"13\"\n");
    let (world, uuid) = (vm.world, spaced(&vm.uuid));
    let fields = [
        ("displayName", vm.name.as_str()),
        ("annotation", &vm.annotation),
        ("guestOS", "centos7-64"),
        ("numvcpus", "4"),
        ("memSize", "8192"),
        ("scsi0.virtualDev", "pvscsi"),
        ("ethernet0.virtualDev", "vmxnet3"),
        ("ethernet0.present", "TRUE"),
        ("uuid.bios", &uuid),
        ("uuid.location", &uuid),
        ("sched.cpu.latencySensitivity", "normal"),
        ("svga.present", "TRUE"),
    ];
    for (key, value) in fields {
        let _ = writeln!(text, "{key} = \"{value}\"");
    }
    let _ = writeln!(
        text,
        "monitor.phys_bits_used = \"43\"\nsched.swap.derivedName = \"{}.vswp\"",
        vm.vmx_path()
    );
    let _ = writeln!(text, "migrate.hostLog = \"{}-{world:08x}.hlog\"", vm.name);
    let signature = host.cpu.signature();
    let _ = writeln!(text, "hostCPUID.1 = \"{signature:08x}01200800fffa3203bfebfbff\"");
    for line in &vm.vmx_extra {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Writes the lines of one `vmware.log`, each a little later than the one before.
struct VmLog {
    text: String,
    generation: Generation,
    at: Timestamp,
    prng: Prng,
}

impl VmLog {
    fn say(&mut self, message: &str) {
        self.at = self.at.plus_micros(1000 * (1 + self.prng.below(9) as i64));
        self.say_at(self.at, message);
    }

    fn say_at(&mut self, at: Timestamp, message: &str) {
        // Always milliseconds, whatever the value.
        let time = at.plus_micros(-(at.micros().rem_euclid(1000))).to_string();
        let stamp = if time.len() == 20 { time.replace('Z', ".000Z") } else { time };
        let _ = match self.generation {
            Generation::V67 => writeln!(self.text, "{stamp}| vmx| I125: {message}"),
            Generation::V70 => writeln!(self.text, "{stamp}| vmx| I005: {message}"),
            Generation::V80 => writeln!(self.text, "{stamp} In(05) vmx - {message}"),
        };
    }
}

fn run_log(vm: &Vm, run: &VmRun, host: &Host) -> String {
    let prng = Prng::labelled(u64::from(vm.world), &[&vm.name, &run.started.to_string()]);
    let generation = host.release.generation;
    let mut log = VmLog { text: String::new(), generation, at: run.started, prng };
    start(&mut log, vm, run, host);
    feature_block(&mut log, vm, run, host);
    running(&mut log, vm, run, host);
    log.text
}

fn start(log: &mut VmLog, vm: &Vm, run: &VmRun, host: &Host) {
    let release = host.release_at(run.started);
    let (version, build) = (&release.version, release.build);
    log.say(&format!(
        "Log for VMware ESX pid={} version={version} build=build-{build} option=Release",
        vm.world
    ));
    log.say("The process is 64-bit.");
    log.say(&format!("Hostname={}", run.on.as_ref().unwrap_or(&host.name)));
    log.say(&format!(
        "/vmfs/volumes/{}/{}/{}.vmx: Setup symlink",
        vm.datastore.volume, vm.directory, vm.name
    ));
    match &run.came_from {
        Some((address, id)) => {
            log.say(&format!("Received migrate 'from' request for mid id {id}, src ip <{address}>."));
            log.say(&format!("Migrate_Open: Restoring from <{address}> with migration id {id}"));
        }
        None => log.say("VigorTransportProcessClientPayload: opID=esxui-5a31-9c0e seq=31: Receiving Bootstrap.PowerOn request."),
    }
    log.say(&format!("DICT --- CONFIGURATION {}", vm.vmx_path()));
    for (key, value) in
        [("displayName", vm.name.as_str()), ("guestOS", "centos7-64"), ("virtualHW.version", "13")]
    {
        log.say(&format!("DICT {key:>24} = \"{value}\""));
    }
    for (key, value) in vm.settings() {
        log.say(&format!("DICT {key:>24} = \"{value}\""));
    }
    log.say("DICT --- USER DEFAULTS");
    log.say("DICT --- HOST DEFAULTS /etc/vmware/config");
    log.say(&format!("DICT {:>24} = \"/usr/lib/vmware\"", "libdir"));
    log.say(&format!("DICT {:>24} = \"902\"", "authd.proxy.nfc"));
    if let Some(complete) = host.complete_masks.filter(|_| !run.evc_masks.is_empty()) {
        let complete = if complete { "TRUE" } else { "FALSE" };
        log.say(&format!("DICT featureCompat.evc.completeMasks = \"{complete}\""));
    }
    for (turn, (key, value)) in run.evc_masks.iter().enumerate() {
        let name = host.spelling.key(turn, &format!("featMask.evc.{key}"));
        log.say(&format!("DICT {name:>24} = \"{value}\""));
    }
    log.say("DICT --- SITE DEFAULTS /usr/lib/vmware/config");
}

fn feature_block(log: &mut VmLog, vm: &Vm, run: &VmRun, host: &Host) {
    let cpu = &host.cpu;
    if run.evc_masks.is_empty() {
        log.say("FeatureCompat: No EVC masks.");
    } else {
        log.say("FeatureCompat: EVC masks:");
        for (key, value) in &run.evc_masks {
            log.say(&format!("{key} = {value}"));
        }
    }
    log.say(&format!("hostCPUID vendor: {}", cpu.vendor));
    let (family, model, stepping) = (cpu.family, cpu.model, cpu.stepping);
    log.say(&format!("hostCPUID family: {family:#x} model: {model:#x} stepping: {stepping:#x}"));
    log.say(&format!("hostCPUID codename: {}", cpu.codename));
    log.say(&format!("hostCPUID name: {}", cpu.name));
    let edx = run
        .capabilities
        .get("cpuid.MDCLEAR")
        .map_or(0x9c00_0000_u32, |value| 0x9c00_0000 | ((*value as u32) << 10));
    log.say("hostCPUID level 00000000, 0: 0x0000000f 0x756e6547 0x6c65746e 0x49656e69");
    log.say(&format!(
        "hostCPUID level 00000001, 0: {:#010x} 0x01200800 0x7ffefbff 0xbfebfbff",
        cpu.signature()
    ));
    log.say(&format!("hostCPUID level 00000007, 0: 0x00000000 0x000037ab 0x00000000 {edx:#010x}"));
    log.say("CPUID differences from hostCPUID.");
    vm_masks(log, vm);
    if run.came_from.is_some() {
        log.say("restoring FeatureCompat");
    }
    log.say("FeatureCompat: Capabilities:");
    for (key, value) in run.capabilities.iter().filter(|(_, value)| **value != 0) {
        log.say(&format!("Capability Found: {} = {value:#x}", key.to_lowercase()));
    }
    log.say("FeatureCompat: Requirements:");
    for (turn, (key, value)) in run.requires.iter().enumerate() {
        log.say(&format!("VM Features Required: {key} - {}", host.spelling.requirement(turn, value)));
    }
}

fn vm_masks(log: &mut VmLog, vm: &Vm) {
    let masks: Vec<(&str, &str)> =
        vm.settings().filter_map(|(key, value)| Some((key.strip_prefix("featMask.vm.")?, value))).collect();
    log.say(if masks.is_empty() { "FeatureCompat: No VM masks." } else { "FeatureCompat: VM masks:" });
    for (key, value) in masks {
        log.say(&format!("{key} = {value}"));
    }
}

fn running(log: &mut VmLog, vm: &Vm, run: &VmRun, host: &Host) {
    log.say("vmm: Monitor started, 4 vcpus");
    log.say(&format!("SVMotion: no storage migration of {} in progress", vm.name));
    log.say("Transitioned vmx/execState/val to poweredOn");
    let end = run.ended.unwrap_or(host.captured_at);
    let mut planned = run.lines.clone();
    planned.extend(chatter(log.at, end, &mut log.prng));
    planned.sort();
    for (at, message) in &planned {
        log.say_at(*at, message);
    }
    if let Some(end) = run.ended {
        log.at = end;
        log.say("Vix: [mainDispatch.c:4238]: VMAutomation_PowerOff: Powering off.");
        log.say("Transitioned vmx/execState/val to poweredOff");
        log.say("VMX exit (0).");
    }
}

/// What a running VM says now and then.
fn chatter(from: Timestamp, to: Timestamp, prng: &mut Prng) -> Vec<(Timestamp, String)> {
    const SAYINGS: [&str; 5] = [
        "GuestRpcSendTimedOut: message to toolbox-dnd timed out.",
        "Tools: Tools heartbeat timeout.",
        "TOOLS autoupgrade protocol version 2",
        "VigorTransportProcessClientPayload: opID=1f0a77c4 seq=902: Receiving MKS.IssueTicket request.",
        "Vix: [vmxCommands.c:7212]: VMAutomation_HandleCLIHLRead. Statistics of the guest read",
    ];
    let span = to.since(from).max(0) as u64;
    let times = (0..24).map(|_| from.plus_micros(prng.below(span) as i64)).collect::<Vec<_>>();
    times.into_iter().map(|at| (at, (*prng.pick(&SAYINGS)).to_owned())).collect()
}
