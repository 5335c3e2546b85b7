//! Stories in which the membership stays whole: only vCenter loses the host, or only its disks fail.

use super::super::line::{Level, Log, ScriptedLine};
use super::super::site::Generation;
use super::management;
use super::membership::Scene;

/// hostd stops answering. vSAN, which does not need it, goes on.
pub(super) fn agent_hang(scene: &mut Scene<'_>) {
    let (at, victim) = (scene.at, scene.victim());
    let host = &mut scene.site.hosts[victim];
    for log in [Log::Hostd, Log::Vpxa] {
        host.silent_from.insert(log, at.plus_seconds(-20));
    }
    let text = "hostd detected to be non-responsive";
    for after in [44, 344, 644] {
        host.lines.push(ScriptedLine::new(at.plus_seconds(after), Log::Vmkernel, text).level(Level::Alert));
        let probe = ScriptedLine::new(at.plus_seconds(after), Log::HostdProbe, text);
        host.lines.push(probe.under("Default").level(Level::Error));
    }
    lost_by_vcenter(scene, "agent-hang");
}

/// The host's heartbeats do not arrive.
pub(super) fn management_network(scene: &mut Scene<'_>) {
    let (at, victim) = (scene.at, scene.victim());
    let lines = (0..12).map(|turn| {
        let text = "Agent can't send heartbeats: No buffer space available";
        let line = ScriptedLine::new(at.plus_seconds(10 * turn), Log::Vpxa, text);
        line.under("Heartbeat").level(Level::Warning)
    });
    scene.site.hosts[victim].lines.extend(lines);
    lost_by_vcenter(scene, "management-network");
}

fn lost_by_vcenter(scene: &mut Scene<'_>, cause: &'static str) {
    scene.vcenter_loses_it();
    scene.began(scene.at.plus_micros(62_440_000));
    scene.expect("host.disconnected", cause);
}

/// Somebody replaced the host's certificate, and vCenter does not take it.
pub(super) fn certificate(scene: &mut Scene<'_>) {
    let (at, back, victim) = (scene.at, scene.back(), scene.victim());
    let host = &mut scene.site.hosts[victim];
    host.unreachable_from = Some(at.plus_seconds(-2));
    host.unreachable_until = back;
    let reference = (host.name.clone(), host.moref);
    if let Some(vcenter) = &mut scene.site.vcenter {
        let of = (reference.0.as_str(), reference.1);
        vcenter.lines.extend(management::thumbprint_refused(at, of));
        vcenter.lines.extend(back.map(|back| management::connected(back, of)));
    }
    scene.expect("host.disconnected", "certificate");
}

/// The cache disk fails, and with it the group; the host stays a member.
pub(super) fn disk_group(scene: &mut Scene<'_>) {
    let (at, victim, returned) = (scene.at, scene.victim(), scene.options.returned);
    let product = match scene.options.cluster.generation {
        Generation::V67 => "Virtual SAN",
        Generation::V70 | Generation::V80 => "vSAN",
    };
    let host = &mut scene.site.hosts[victim];
    for (place, disk) in host.disks().iter().enumerate() {
        let at = at.plus_micros(410_000 * place as i64);
        let failed = format!("{product} device {} is under permanent error", disk.uuid);
        let offline = format!("{product} device {} has gone offline.", disk.device);
        let notified = format!("LSOM: LSOMEventNotify:6440: {failed}");
        let kernel = ScriptedLine::new(at, Log::Vmkernel, notified).level(Level::Warning);
        let vob = |id: &str, text: &str| {
            ScriptedLine::vob(
                at.plus_micros(3_000),
                "LSOMCorrelator",
                &format!("esx.problem.vob.vsan.{id}"),
                text,
            )
        };
        host.lines.extend([
            kernel,
            vob("lsom.diskerror", &format!("{failed}.")),
            vob("pdl.offline", &offline),
        ]);
    }
    host.changes.disks_failed = !returned;
    for vsan in scene.site.hosts.iter_mut().filter_map(|host| host.vsan.as_mut()) {
        vsan.reduced = !returned;
    }
    scene.health_check("vSAN object health");
    scene.expect("vsan.disk-failed", "disk-failure");
}
