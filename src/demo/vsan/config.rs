//! What hosts were told or know differs: the member list, the on-disk format, the state of maintenance.

use super::super::line::{Level, Log, ScriptedLine};
use super::super::site::Release;
use super::membership::Scene;
use crate::model::Timestamp;

/// An update of the member list fails on the victim, which goes on with an old generation and an empty list.
pub(super) fn list_not_pushed(scene: &mut Scene<'_>) {
    let (at, victim, returned) = (scene.at, scene.victim(), scene.options.returned);
    let text = "unicast agent update not applied: generation 6 stays, the request carries no member list";
    let refused = ScriptedLine::new(at.plus_seconds(-7), Log::Vsanmgmt, text);
    let refused = refused.under("VsanSystemImpl::Update").op("5b1e-77a0").level(Level::Warning);
    scene.site.hosts[victim].lines.push(refused);
    scene.part(true, false);
    for (index, host) in scene.site.hosts.iter_mut().enumerate().filter(|_| !returned) {
        let Some(vsan) = &mut host.vsan else { continue };
        let (_, generation, time) = &mut vsan.config_generation;
        if index == victim {
            vsan.unicast.clear();
            (*generation, *time) = (6, at.plus_seconds(-11 * 86_400));
        } else {
            *time = at.plus_seconds(-1_260);
        }
    }
    scene.health_check("vSAN cluster partition");
    scene.expect("vsan.host-lost", "member-list-not-pushed");
}

/// The others were upgraded, and one of them made a disk group in the new format; the victim waits for its turn.
pub(super) fn format_skew(scene: &mut Scene<'_>) {
    let (at, victim) = (scene.at, scene.victim());
    let wanted = scene.site.hosts[victim].disk_format();
    let host = &mut scene.site.hosts[victim];
    host.release = Release::before(scene.options.cluster.generation);
    let own = host.disk_format();
    for second in (-2..180).step_by(60) {
        let text = format!(
            "CMMDS: CMMDSPromoteFormatVersion:1530: Failed to promote the node to a format version {wanted} beyond its software version {own}"
        );
        let line = ScriptedLine::new(at.plus_seconds(second), Log::Vmkernel, text);
        host.lines.push(line.level(Level::Warning));
    }
    scene.part(true, false);
    scene.health_check("vSAN cluster partition");
    scene.expect("vsan.host-lost", "format-skew");
}

/// The host left maintenance mode and vSAN did not: it stays a member that holds no data.
pub(super) fn decommission(scene: &mut Scene<'_>) {
    let (at, victim) = (scene.at, scene.victim());
    let host = &mut scene.site.hosts[victim];
    host.vsan.iter_mut().for_each(|vsan| vsan.maintenance = true);
    let vob = |at: Timestamp, id: &str, text: &str| {
        let id = format!("esx.audit.maintenancemode.{id}");
        ScriptedLine::vob(at, "UserLevelCorrelator", &id, text)
    };
    let mismatch = "VSAN: VsanDecomStateCheck:418: vSAN node decommission state mismatch";
    host.lines.extend([
        vob(at.plus_seconds(-900), "entered", "The host has entered maintenance mode."),
        vob(at, "exited", "The host has exited maintenance mode."),
        ScriptedLine::new(at.plus_seconds(20), Log::Vmkernel, mismatch).level(Level::Warning),
    ]);
}
