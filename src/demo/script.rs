//! Pieces of stories: a migration, a reboot, an upgrade, each told by every log that would tell it.

use super::headers::section;
use super::line::{Log, ScriptedLine};
use super::prng::Prng;
use super::site::{DAEMON_START, Generation, Host, Release, Site};
use crate::model::Timestamp;

/// A finished vMotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The VM's name.
    pub vm: String,
    /// Its number in vCenter.
    pub moref: u32,
    /// Migration id.
    pub id: u64,
    /// Name of the source host.
    pub from: String,
    /// Name of the target host.
    pub to: String,
    /// When vCenter was asked for it.
    pub at: Timestamp,
}

/// Tells of a successful vMotion on both hosts and in vCenter. The VM itself is not moved.
pub fn add_migration(site: &mut Site, migration: &Migration) {
    let addresses = |name: &str| site.host(name).map(|host| (host.net.vmotion.clone(), host.moref));
    let (Some((source, _)), Some((target, target_moref))) =
        (addresses(&migration.from), addresses(&migration.to))
    else {
        return;
    };
    let mut prng = Prng::labelled(site.seed, &["migration", &migration.id.to_string()]);
    let root =
        format!("k{:x}-{}-auto-3u-h5:70{:04}-5a", prng.next() >> 44, prng.below(900_000), prng.below(10_000));
    // Worlds that no VM at capture has: they would be taken for its own.
    let worlds = (2_804_300 + prng.below(900), 2_831_000 + prng.below(900));
    let sides = (source.as_str(), target.as_str());
    if let Some(host) = site.host_mut(&migration.from) {
        let lines = source_side(migration, host.release.generation, sides, worlds, &root);
        host.lines.extend(lines);
    }
    if let Some(host) = site.host_mut(&migration.to) {
        let lines = target_side(migration, host.release.generation, sides, worlds, &root);
        host.lines.extend(lines);
    }
    if let Some(vcenter) = &mut site.vcenter {
        let task = format!("task-{}", 40_000 + migration.id % 10_000);
        let (at, vm) = (migration.at, migration.moref);
        let begin = format!(
            "[VpxLRO] -- BEGIN {task} -- vm-{vm} -- vim.VirtualMachine.migrate -- 52a1c9d7-30e6(52d8e0f1-77b2)"
        );
        let choice = format!(
            "[VMotion] [vim.VirtualMachine:vm-{vm},{}] to [vim.HostSystem:host-{target_moref},{}], compatible",
            migration.vm, migration.to
        );
        let lines = [(0, begin), (140, choice), (9_412, format!("[VpxLRO] -- FINISH {task}"))];
        for (millis, text) in lines {
            let line = ScriptedLine::new(at.plus_micros(millis * 1000), Log::Vpxd, text);
            vcenter.lines.push(line.under("vpxLro").op(root.as_str()));
        }
    }
}

/// How the source's kernel says that a migration begins: addresses and worlds of source and target.
pub(crate) fn source_setting(
    generation: Generation,
    id: u64,
    (source, target): (&str, &str),
    (world, target_world): (u64, u64),
) -> String {
    match generation {
        Generation::V80 => format!(
            "Migrate: 101: vmotion: Source vmmLeaderID = {world}, ts = {id}, srcIP = <{source}> dstIP = <{target}> Dest wid = {target_world} using SHARED swap, encrypted"
        ),
        _ => format!(
            "Migrate: vm {world}: 3885: Setting VMOTION info: Source ts = {id}, src ip = <{source}> dest ip = <{target}> Dest wid = {target_world} using SHARED swap"
        ),
    }
}

/// The same on the target, whose world is `world`.
pub(crate) fn target_setting(
    generation: Generation,
    id: u64,
    (source, target): (&str, &str),
    world: u64,
) -> String {
    match generation {
        Generation::V80 => format!(
            "Migrate: 101: vmotion: Dest vmmLeaderID = {world}, ts ={id}, srcIP = <{source}> dstIP = <{target}> Dest wid = 0 using SHARED swap, encrypted"
        ),
        _ => format!(
            "Migrate: vm {world}: 3885: Setting VMOTION info: Dest ts = {id}, src ip = <{source}> dest ip = <{target}> Dest wid = 0 using SHARED swap"
        ),
    }
}

fn source_side(
    migration: &Migration,
    generation: Generation,
    (source, target): (&str, &str),
    (world, target_world): (u64, u64),
    root: &str,
) -> Vec<ScriptedLine> {
    let id = migration.id;
    let setting = source_setting(generation, id, (source, target), (world, target_world));
    let sub = format!("Vcsvc.VMotionSrc ({id})");
    let op = format!("{root}-01-{:02x}-{:04x}", id % 251, id % 65_521);
    let hostd = |millis: i64, sub: &str, text: &str| {
        let at = migration.at.plus_micros(millis * 1000);
        ScriptedLine::new(at, Log::Hostd, text).under(sub).op(op.as_str())
    };
    let kernel = |millis: i64, text: String| {
        ScriptedLine::new(migration.at.plus_micros(millis * 1000), Log::Vmkernel, text)
    };
    vec![
        hostd(610, &sub, "VMotionEntry: migrateType = 1"),
        hostd(742, &sub, "State Transition (VM_STATE_ON -> VM_STATE_EMIGRATING)"),
        kernel(1_020, setting),
        kernel(1_388, format!("VMotionUtil: 5199: {id} S: Stream connection 1 added.")),
        kernel(
            7_204,
            format!(
                "VMotionSend: 5095: {id} S: Sent all modified pages to destination (network bandwidth ~{}.337 MB/s)",
                700 + id % 300
            ),
        ),
        hostd(8_650, &sub, &format!("Set source task result precopyStunTime to {}", 180_000 + id % 90_000)),
        hostd(8_804, &sub, "State Transition (VM_STATE_EMIGRATING -> VM_STATE_OFF)"),
    ]
}

fn target_side(
    migration: &Migration,
    generation: Generation,
    (source, target): (&str, &str),
    (_, world): (u64, u64),
    root: &str,
) -> Vec<ScriptedLine> {
    let id = migration.id;
    let setting = target_setting(generation, id, (source, target), world);
    let sub = format!("Vcsvc.VMotionDst ({id})");
    let op = format!("{root}-02-{:02x}-{:04x}", id % 241, id % 65_519);
    let line = |millis: i64, log: Log, text: String| {
        ScriptedLine::new(migration.at.plus_micros(millis * 1000), log, text)
    };
    let hostd = |millis: i64, text: &str| {
        line(millis, Log::Hostd, text.to_owned()).under(sub.as_str()).op(op.as_str())
    };
    vec![
        hostd(590, "VMotionEntry: migrateType = 1"),
        line(1_004, Log::Vmkernel, setting),
        line(1_390, Log::Vmkernel, format!("VMotionUtil: 5199: {id} D: Stream connection 1 added.")),
        line(
            7_260,
            Log::Vmkernel,
            format!(
                "VMotionRecv: 761: {id} D: Estimated network bandwidth {}.112 MB/s during pre-copy",
                680 + id % 300
            ),
        ),
        line(8_020, Log::Vmkernel, format!("VMotionRecv: 3087: {id} D: DONE paging in")),
        hostd(8_702, "State Transition (VM_STATE_IMMIGRATING -> VM_STATE_ON)"),
    ]
}

/// Stops `host` at `down` and boots it again at `up`; nothing is written between. With `power_off` it is shut down
/// and powered on by hand, else rebooted.
pub fn add_reboot(host: &mut Host, down: Timestamp, up: Timestamp, power_off: bool) {
    let (command, stop) = if power_off { ("poweroff", "powering off") } else { ("reboot", "rebooting") };
    let (vob, event, said) = if power_off {
        ("vob.user.host.stop.shutdown", "esx.audit.host.stop.shutdown", "Host is shutting down.")
    } else {
        ("vob.user.host.stop.reboot", "esx.audit.host.stop.reboot", "Host is rebooting.")
    };
    host.lines.extend([
        ScriptedLine::new(down.plus_seconds(-41), Log::Shell, format!("shell[2188402]: [root]: {command}")),
        ScriptedLine::vob(down.plus_seconds(-40), "UserLevelCorrelator", vob, said),
        ScriptedLine::vob(down.plus_micros(-39_998_000), "UserLevelCorrelator", event, said),
        ScriptedLine::new(
            down.plus_seconds(-38),
            Log::Vmksummary,
            format!("bootstop[2188411]: Host is {stop}"),
        ),
    ]);
    add_downtime(host, down, up);
}

/// Has `host` down from `down` until it boots at `up`; nothing says why.
pub(crate) fn add_downtime(host: &mut Host, down: Timestamp, up: Timestamp) {
    host.downtimes.push((down, up));
    if host.booted_at < up {
        host.earlier_boots.push(host.booted_at);
        host.booted_at = up;
    }
    host.lines.extend(boot_lines(host, up));
}

fn boot_lines(host: &Host, up: Timestamp) -> Vec<ScriptedLine> {
    let after = |seconds: i64| up.plus_seconds(seconds);
    let started = after(DAEMON_START);
    let mut lines = vec![
        ScriptedLine::raw(
            up,
            Log::Vmkernel,
            "TSC: 412870996 cpu0:1)Boot: 149: Parsing boot modules, first stage",
        ),
        ScriptedLine::raw(
            up,
            Log::Vmkernel,
            "0:00:00:03.118 cpu0:2097152)Init: 418: Memory and timers ready",
        ),
        ScriptedLine::raw(
            up,
            Log::Vmkernel,
            format!(
                "0:00:00:05.204 cpu0:2097152)VMKernel: 1042: build-{}, {} cores",
                host.release.build, host.cpu.cores
            ),
        ),
        ScriptedLine::new(
            after(21),
            Log::Vmkernel,
            "Boot: 287: Boot modules started, storage and network follow",
        ),
        ScriptedLine::new(after(60), Log::Vmksummary, "bootstop[2097811]: Host has booted"),
        ScriptedLine::vob(after(61), "GenericCorrelator", "vob.user.host.boot", "Host has booted."),
        ScriptedLine::vob(after(62), "UserLevelCorrelator", "esx.audit.host.boot", "Host has booted."),
    ];
    if host.release.generation != Generation::V80 {
        for log in [Log::Hostd, Log::Vpxa, Log::Fdm] {
            let header = section(log, &host.release, started, started, 2_098_176);
            lines.push(ScriptedLine::raw(started, log, header.trim_end()));
        }
    }
    lines
}

/// Upgrades `host` from `previous`, beginning at `start`: maintenance mode, new image, reboot, out again.
///
/// The host is down from 11 to 20 minutes after `start`.
pub fn add_upgrade(host: &mut Host, previous: Release, start: Timestamp) {
    let after = |seconds: i64| start.plus_seconds(seconds);
    let image = format!("ESXi-{}-{}-standard", host.release.version, host.release.build);
    let maintenance = |seconds: i64, id: &str, text: &str| {
        ScriptedLine::vob(
            after(seconds),
            "UserLevelCorrelator",
            &format!("esx.audit.maintenancemode.{id}"),
            text,
        )
    };
    let esxupdate = |seconds: i64, text: String| {
        ScriptedLine::new(after(seconds), Log::Esxupdate, format!("esxupdate: 2187760: {text}"))
    };
    let task = |seconds: i64, text: &str| {
        ScriptedLine::new(after(seconds), Log::Hostd, text).under("Vimsvc.TaskManager")
    };
    let mut lines = vec![
        task(0, "Task Created : haTask-ha-host-vim.HostSystem.enterMaintenanceMode-184467"),
        maintenance(1, "entering", "The host has begun entering maintenance mode."),
        maintenance(34, "entered", "The host has entered maintenance mode."),
        task(35, "Task Completed : haTask-ha-host-vim.HostSystem.enterMaintenanceMode-184467 Status success"),
        esxupdate(118, format!("root: INFO: Command = profile.update, profile = {image}")),
        esxupdate(204, "BootBankInstaller: INFO: Unpacking the image to /altbootbank".to_owned()),
        esxupdate(418, format!("HostImage: INFO: Image profile {image} installed, reboot required")),
    ];
    let updated =
        format!("Successfully updated host to image profile '{image}'. Please refer to the log for details.");
    let id = "esx.audit.esximage.profile.update.successful";
    lines.push(ScriptedLine::vob(after(419), "UserLevelCorrelator", id, &updated));
    lines.push(maintenance(1_390, "exited", "The host has exited maintenance mode."));
    host.previous_release = Some(previous);
    host.lines.extend(lines);
    add_reboot(host, after(660), after(1_200), false);
}
