//! The victim stops: it crashes, loses power, is restarted, or is down for planned work.

use super::super::line::{Log, ScriptedLine};
use super::super::script::{add_downtime, add_reboot};
use super::super::site::Host;
use super::membership::Scene;
use super::{management, rolling, said};
use crate::model::Timestamp;

/// How long a node is missed before it is dropped, in microseconds.
const MISSED: i64 = 5_180_000;
/// How long before the return the victim boots, in seconds.
const BOOTS_BEFORE: i64 = rolling::REJOINS_AFTER + 14;

/// A purple screen; the dump is found when the host boots.
pub(super) fn crash(scene: &mut Scene<'_>) {
    let (down, boot, victim) = (scene.at.plus_micros(-MISSED), boot(scene), scene.victim());
    let host = &mut scene.site.hosts[victim];
    if let Some(up) = boot {
        host.lines.extend(purple_screen(host, down));
        add_downtime(host, down, up);
        restart_vms(host);
        let found = "bootstop[2097811]: file core dump found";
        let unread = "An unread host kernel core dump has been found.";
        host.lines.push(ScriptedLine::new(up.plus_seconds(58), Log::Vmksummary, found));
        let (at, id) = (up.plus_seconds(63), "esx.problem.host.coredump");
        host.lines.push(ScriptedLine::vob(at, "UserLevelCorrelator", id, unread));
        scene.expect("host.crashed", "psod");
    }
    gone(scene, "host-crash", false);
}

/// Nothing is written: the host is up, then it boots.
pub(super) fn power_loss(scene: &mut Scene<'_>) {
    let (down, boot, victim) = (scene.at.plus_micros(-MISSED), boot(scene), scene.victim());
    if let Some(up) = boot {
        add_downtime(&mut scene.site.hosts[victim], down, up);
        restart_vms(&mut scene.site.hosts[victim]);
        scene.expect("host.crashed", "power-loss");
    }
    gone(scene, "host-crash", false);
}

/// `reboot` in the shell, while VMs run.
pub(super) fn restart(scene: &mut Scene<'_>) {
    let (boot, victim) = (boot(scene), scene.victim());
    if let Some(up) = boot {
        stop(&mut scene.site.hosts[victim], scene.at, up, false);
    }
    gone(scene, "host-restart", true);
}

/// From vCenter: maintenance mode, then a shutdown. A host that is back gives nothing to tell.
pub(super) fn maintenance(scene: &mut Scene<'_>) {
    let (at, boot, victim) = (scene.at, boot(scene), scene.victim());
    let host = &mut scene.site.hosts[victim];
    host.lines.extend(maintenance_mode(at.plus_seconds(-311), boot.map(|up| up.plus_seconds(184))));
    match boot {
        Some(up) => stop(host, at, up, true),
        None => host.vsan.iter_mut().for_each(|vsan| vsan.maintenance = true),
    }
    let reference = (host.name.clone(), host.moref);
    if let Some(vcenter) = &mut scene.site.vcenter {
        let of = (reference.0.as_str(), reference.1);
        vcenter.lines.extend(management::task(at.plus_seconds(-312), of, "enterMaintenanceMode", 51_204));
        vcenter.lines.extend(management::task(at.plus_seconds(-47), of, "shutdown", 51_209));
    }
    if boot.is_some() {
        leave(scene, true);
    } else {
        gone(scene, "maintenance", true);
    }
}

/// One host after the other, the last of them done at `scene.at`.
pub(super) fn rolling_reboots(scene: &mut Scene<'_>) {
    const STEP: i64 = 1_800;
    let count = scene.site.hosts.len() as i64;
    for index in 0..scene.site.hosts.len() {
        let start = scene.at.plus_seconds(-STEP * (count - index as i64));
        let (down, up) = (start.plus_seconds(360), start.plus_seconds(960));
        let host = &mut scene.site.hosts[index];
        host.lines.extend(maintenance_mode(start, Some(up.plus_seconds(184))));
        add_reboot(host, down, up, false);
        restart_vms(host);
        host.unreachable_from = Some(down.plus_seconds(-40));
        host.unreachable_until = Some(up.plus_seconds(120));
        let reference = (host.name.clone(), host.moref);
        if let Some(vcenter) = &mut scene.site.vcenter {
            let of = (reference.0.as_str(), reference.1);
            let number = 51_300 + 2 * index as u32;
            vcenter.lines.extend(management::task(
                start.plus_seconds(-1),
                of,
                "enterMaintenanceMode",
                number,
            ));
            vcenter.lines.extend(management::task(
                up.plus_seconds(183),
                of,
                "exitMaintenanceMode",
                number + 1,
            ));
            vcenter.lines.extend(management::not_responding(down.plus_seconds(31), of));
            vcenter.lines.push(management::connected(up.plus_seconds(121), of));
        }
    }
    scene.tell_reboots();
}

fn boot(scene: &Scene<'_>) -> Option<Timestamp> {
    scene.back().map(|back| back.plus_seconds(-BOOTS_BEFORE))
}

/// The victim leaves, and that is an incident for `cause`.
fn gone(scene: &mut Scene<'_>, cause: &'static str, graceful: bool) {
    leave(scene, graceful);
    scene.expect("vsan.host-lost", cause);
}

fn leave(scene: &mut Scene<'_>, graceful: bool) {
    scene.part(false, graceful);
    scene.vcenter_loses_it();
    scene.health_check("vSAN cluster partition");
    if scene.back().is_none() {
        scene.stay_down();
    }
}

/// Somebody stops the host; its peers see it leave at `left`, before it is down.
fn stop(host: &mut Host, left: Timestamp, up: Timestamp, power_off: bool) {
    host.lines.push(said::leaves(left.plus_micros(-60_000)));
    add_reboot(host, left.plus_seconds(6), up, power_off);
    restart_vms(host);
}

/// The VMs start again after the boot.
fn restart_vms(host: &mut Host) {
    for (slot, vm) in host.vms.iter_mut().enumerate() {
        vm.run.started = host.booted_at.plus_seconds(300 + 45 * slot as i64);
    }
}

fn maintenance_mode(start: Timestamp, exit: Option<Timestamp>) -> Vec<ScriptedLine> {
    let vob = |at: Timestamp, id: &str, text: &str| {
        let id = format!("esx.audit.maintenancemode.{id}");
        ScriptedLine::vob(at, "UserLevelCorrelator", &id, text)
    };
    let task = "Task Created : haTask-ha-host-vim.HostSystem.enterMaintenanceMode-184467";
    let mut lines = vec![
        ScriptedLine::new(start, Log::Hostd, task).under("Vimsvc.TaskManager"),
        vob(start.plus_seconds(1), "entering", "The host has begun entering maintenance mode."),
        vob(start.plus_seconds(34), "entered", "The host has entered maintenance mode."),
    ];
    lines.extend(exit.map(|at| vob(at, "exited", "The host has exited maintenance mode.")));
    lines
}

fn purple_screen(host: &Host, at: Timestamp) -> Vec<ScriptedLine> {
    let kernel =
        |millis: i64, text: String| ScriptedLine::new(at.plus_micros(millis * 1000), Log::Vmkernel, text);
    let up = at.since(host.boot_before(at)) / 1_000_000;
    let uptime = format!("{}:{:02}:{:02}:{:02}.118", up / 86_400, up / 3600 % 24, up / 60 % 60, up % 60);
    let version = format!("{} build-{}", host.release.version, host.release.build);
    vec![
        kernel(
            -91,
            format!("World: 3015: PRDA 0x418045000000 ss 0x0 ds 0x10b es 0x10b, VMware ESXi {version}"),
        ),
        kernel(
            -90,
            "@BlueScreen: #PF Exception 14 in world 2098041:NetWorld-VM IP 0x418027d3a4c1 addr 0x68"
                .to_owned(),
        ),
        kernel(-88, format!("Code start: 0x418027a00000 VMK uptime: {uptime}")),
        kernel(
            -86,
            "0x451a0b49bd50:[0x418027d3a4c1]Port_Disable@vmkernel#nover+0x41 stack: 0x430a5c0e".to_owned(),
        ),
    ]
}
