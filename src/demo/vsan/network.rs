//! The vSAN network fails: between two sides, at the uplinks, by MTU, one way only, or with its adapter.

use std::fmt::Write;

use super::super::line::{Log, ScriptedLine};
use super::membership::Scene;
use super::said;

/// "vSAN cluster partition" as health checks call it.
const PARTITION: &str = "vSAN cluster partition";

/// Both sides fail to send to each other.
pub(super) fn partition(scene: &mut Scene<'_>) {
    let (others, victims) = (scene.others(), scene.options.victims.clone());
    for (own, far) in [(&others, &victims), (&victims, &others)] {
        send_failures(scene, own, far);
    }
    scene.part(true, false);
    scene.health_check(PARTITION);
    let id = if victims.len() > 1 { "vsan.partition" } else { "vsan.host-lost" };
    scene.expect(id, "network");
}

/// Both uplinks of the vSAN switch go down; one of them never had a link.
pub(super) fn link_down(scene: &mut Scene<'_>) {
    let (at, back, victim) = (scene.at, scene.back(), scene.victim());
    let host = &mut scene.site.hosts[victim];
    if back.is_none() {
        host.changes.links_down.insert("vmnic2".to_owned());
    }
    let down = at.plus_micros(-5_310_000);
    let text = "NetSchedHClk: NetSchedHClkNotify:2908: vmnic2: link down notification";
    host.lines.push(ScriptedLine::new(down, Log::Vmkernel, text));
    let text = "Physical NIC vmnic2 linkstate is down.";
    let id = "esx.problem.net.vmnic.linkstate.down";
    host.lines.push(ScriptedLine::vob(down.plus_micros(2_000), "netCorrelator", id, text));
    host.lines.push(said::no_connectivity(at.plus_micros(-2_100_000)));
    if let Some(up) = back.map(|back| back.plus_micros(-4_000_000)) {
        let text = "NetSchedHClk: NetSchedHClkNotify:2900: vmnic2: link up notification";
        host.lines.push(ScriptedLine::new(up, Log::Vmkernel, text));
        let text = "Physical NIC vmnic2 linkstate is up.";
        host.lines.push(ScriptedLine::vob(up, "netCorrelator", "esx.clear.net.vmnic.linkstate.up", text));
    }
    let (others, victims) = (scene.others(), vec![victim]);
    send_failures(scene, &others, &victims);
    scene.part(true, false);
    scene.health_check(PARTITION);
    scene.expect("vsan.host-lost", "network");
}

/// Small packets arrive and large ones do not.
pub(super) fn mtu(scene: &mut Scene<'_>) {
    let (at, back, victim) = (scene.at, scene.back(), scene.victim());
    let host = &mut scene.site.hosts[victim];
    if back.is_none() {
        host.changes.vsan_mtu = Some(1_500);
    }
    let set = |mtu: u32| format!("shell[2188402]: [root]: esxcli network ip interface set -m {mtu} -i vmk2");
    host.lines.push(ScriptedLine::new(at.plus_seconds(-64), Log::Shell, set(1_500)));
    host.lines.extend(back.map(|back| ScriptedLine::new(back.plus_seconds(-9), Log::Shell, set(9_000))));
    for index in (0..scene.site.hosts.len()).filter(|_| back.is_none()) {
        checks(scene, index, &["vSAN: MTU check (ping with large packet size)", PARTITION]);
    }
    scene.part(true, false);
    scene.health_check("vSAN: MTU check (ping with large packet size)");
    scene.health_check(PARTITION);
    scene.expect("vsan.host-lost", "network");
}

/// What the others send does not arrive; the victim sees nothing wrong with its own sending.
pub(super) fn one_way(scene: &mut Scene<'_>) {
    let (others, victims) = (scene.others(), scene.options.victims.clone());
    send_failures(scene, &others, &victims);
    scene.part(true, false);
    scene.health_check(PARTITION);
    scene.expect("vsan.host-lost", "network");
}

/// Somebody removes the adapter; the kernel says at once that vSAN has no network.
pub(super) fn adapter_removed(scene: &mut Scene<'_>) {
    let (at, back, victim) = (scene.at, scene.back(), scene.victim());
    let host = &mut scene.site.hosts[victim];
    host.changes.without_vsan_adapter = back.is_none();
    let removed = at.plus_micros(-5_020_000);
    let command = "shell[2188402]: [root]: esxcli vsan network remove -i vmk2";
    let (text, id) = ("vSAN Virtual NIC has been deleted.", "esx.audit.vsan.net.vnic.deleted");
    host.lines.extend([
        ScriptedLine::new(removed.plus_micros(-400_000), Log::Shell, command),
        ScriptedLine::vob(removed, "VsanCorrelator", id, text),
        said::no_connectivity(removed.plus_micros(310_000)),
    ]);
    if let Some(back) = back {
        let (text, id) = ("vSAN Virtual NIC has been added.", "esx.audit.vsan.net.vnic.added");
        host.lines.push(ScriptedLine::vob(back.plus_seconds(-6), "VsanCorrelator", id, text));
    }
    scene.part(true, false);
    scene.health_check("All hosts have a vSAN vmknic configured");
    scene.health_check(PARTITION);
    scene.expect("vsan.host-lost", "network");
}

/// Each of `from` fails to send to `to`.
fn send_failures(scene: &mut Scene<'_>, from: &[usize], to: &[usize]) {
    let (at, addresses) = (scene.at, scene.addresses(to));
    for &host in from {
        let lines = said::sends_failed(at, &addresses, "Host is down");
        scene.site.hosts[host].lines.extend(lines);
    }
}

/// The health checks as a host lists them, with those of `red` failed.
fn checks(scene: &mut Scene<'_>, host: usize, red: &[&str]) {
    const NETWORK: [&str; 6] = [
        "Hosts disconnected from VC",
        "Hosts with connectivity issues",
        PARTITION,
        "All hosts have a vSAN vmknic configured",
        "vSAN: Basic (unicast) connectivity check",
        "vSAN: MTU check (ping with large packet size)",
    ];
    let status = |name: &str| if red.contains(&name) { "red" } else { "green" };
    let mut text = format!(
        "{:<50}  Status\n{}  ----------\n{:<50}  red (Network misconfiguration)\n{:<50}  red\n",
        "Health Test Name",
        "-".repeat(50),
        "Overall health",
        "Network"
    );
    for name in NETWORK {
        let _ = writeln!(text, "{:<50}  {}", format!("  {name}"), status(name));
    }
    let path = "commands/localcli_vsan-health-cluster-list.txt".to_owned();
    scene.site.hosts[host].extra.insert(path, text.into_bytes());
}
