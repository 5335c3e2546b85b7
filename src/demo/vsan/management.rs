//! What vCenter says of a host that it loses, and hostd of VMs whose files are out of reach.

use super::super::line::{Level, Log, ScriptedLine};
use super::super::site::Host;
use crate::model::Timestamp;

/// Name and number of a host in vCenter.
pub(super) type HostRef<'a> = (&'a str, u32);

fn vpxd(at: Timestamp, millis: i64, sub: &str, text: impl Into<String>) -> ScriptedLine {
    let at = at.plus_micros(millis * 1000);
    let line = ScriptedLine::new(at, Log::Vpxd, text).under(sub).level(Level::Warning);
    line.op("CheckforMissingHeartbeats-6d1f20b4")
}

fn reference((name, moref): HostRef<'_>) -> String {
    format!("[vim.HostSystem:host-{moref},{name}]")
}

/// vpxd and eam mark the host as not responding at `at`.
pub(super) fn not_responding(at: Timestamp, host: HostRef<'_>) -> Vec<ScriptedLine> {
    let (name, moref) = host;
    let missed = |count: u32| format!("[VpxdIntHost] Missed {count} heartbeats for host {name}");
    let dead =
        format!("Connection not alive due to missing heartbeats; [vim.HostSystem:host-{moref}, {name}]");
    let das = format!(
        "[VpxdMoHost::UpdateDasState] VC state for host host-{moref} (connected -> noResponse), FDM state (Live -> FDMUnreachable)"
    );
    let state = format!("host {} connection state changed to NO_RESPONSE", reference(host));
    let eam =
        format!("VcHostSystem(ID: host-{moref}) connection state changed from connected to notResponding");
    vec![
        vpxd(at, -31_000, "VpxdIntHost", missed(3)),
        vpxd(at, -1_010, "VpxdIntHost", missed(6)),
        vpxd(at, -4, "MoHost", "No heartbeats received from host, time since last heartbeat: 61012ms"),
        vpxd(at, -2, "HostCnx", dead),
        vpxd(at, 0, "InvtHostCnx", state),
        vpxd(at, 410, "DAS", das),
        ScriptedLine::new(at.plus_micros(1_733_000), Log::Eam, eam).under("VcHostSystem.java | 388"),
    ]
}

pub(super) fn connected(at: Timestamp, host: HostRef<'_>) -> ScriptedLine {
    let text = format!("host {} connection state changed to CONNECTED", reference(host));
    vpxd(at, 0, "InvtHostCnx", text).level(Level::Info)
}

/// It cannot be connected again, a minute after it was lost at `at`.
pub(super) fn bad_version(at: Timestamp, host: HostRef<'_>, version: &str) -> ScriptedLine {
    let text = format!(
        "[VpxdMoHost] Reconnect of {} failed: vim.event.HostCnxFailedBadVersionEvent, agent version {version} is newer than this server's",
        reference(host)
    );
    vpxd(at, 64_020, "vpxdMoHost", text)
}

/// vCenter closes the connection because the host shows another certificate than it knows.
pub(super) fn thumbprint_refused(at: Timestamp, host: HostRef<'_>) -> Vec<ScriptedLine> {
    let (name, moref) = host;
    let event = format!(
        "[VpxdMoEvent] Event of {}: (vim.event.HostDisconnectedEvent) {{\n   key = 88213,\n   userName = \"\",\n   host = (vim.event.HostEventArgument) {{\n      name = \"{name}\",\n      host = 'vim.HostSystem:host-{moref}'\n   }},\n   reason = \"sslThumbprintVerifyFailed\"\n}}",
        reference(host)
    );
    let posted = format!(
        "{} vim.event.HostDisconnectedEvent posted, reason sslThumbprintVerifyFailed",
        reference(host)
    );
    vec![
        vpxd(at, -310, "vpxdMoHost", format!("SSL thumbprint of {} could not be verified", reference(host))),
        vpxd(
            at,
            0,
            "InvtHostCnx",
            format!("host {} connection state changed to DISCONNECTED", reference(host)),
        ),
        vpxd(at, 12, "MoEvent", posted),
        vpxd(at, 15, "MoEvent", event),
    ]
}

/// A task on a host that somebody began in vCenter: `enterMaintenanceMode`, `shutdown`, `reboot`.
pub(super) fn task(at: Timestamp, host: HostRef<'_>, verb: &str, number: u32) -> Vec<ScriptedLine> {
    let begin = format!(
        "[VpxLRO] -- BEGIN task-{number} -- host-{} -- vim.HostSystem.{verb} -- 52b0d1e7-40fa(52f7a2c3-18bd)",
        host.1
    );
    let line = |millis: i64, text: String| vpxd(at, millis, "vpxLro", text).level(Level::Info);
    vec![line(0, begin), line(33_900, format!("[VpxLRO] -- FINISH task-{number}"))]
}

/// A health check turned red, or green again.
pub(super) fn health_test(at: Timestamp, name: &str, red: bool) -> ScriptedLine {
    let (from, to) = if red { ("green", "red") } else { ("red", "green") };
    let text = format!("vSAN Health Test '{name}' status changed from '{from}' to '{to}'");
    let line = ScriptedLine::new(at, Log::VsanHealth, text).under("VsanHealthEvent::Post");
    line.op("SWI-28c1e0b7").level(if red { Level::Warning } else { Level::Info })
}

/// hostd loses the VMs one after another, and words it in three ways.
pub(super) fn invalid(host: &Host, vms: &[(String, Timestamp)]) -> Vec<ScriptedLine> {
    let mut lines = Vec::new();
    for (slot, (name, at)) in vms.iter().enumerate() {
        let Some(vm) = host.vm(name) else { continue };
        let sub = format!("Vmsvc.vm:{}", vm.vmx_path());
        let text = match slot % 3 {
            0 => "State Transition (VM_STATE_ON -> VM_STATE_INVALID_CONFIG)",
            1 => "Marking VirtualMachine invalid",
            _ => {
                "Failed to load virtual machine: vim.fault.InvalidVmConfig\n(vim.fault.InvalidVmConfig) {\n   faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>,\n   property = \"config\"\n   msg = \"Input/output error\"\n}"
            }
        };
        let level = if slot % 3 == 0 { Level::Info } else { Level::Warning };
        lines.push(ScriptedLine::new(*at, Log::Hostd, text).under(sub).level(level));
    }
    lines
}

/// The VMs come back by themselves with the membership.
pub(super) fn recovered(host: &Host, vms: &[(String, Timestamp)], back: Timestamp) -> Vec<ScriptedLine> {
    let line = |(slot, (name, _)): (usize, &(String, Timestamp))| {
        let sub = format!("Vmsvc.vm:{}", host.vm(name)?.vmx_path());
        let at = back.plus_micros(21_000_000 + 900_000 * slot as i64);
        let text = "State Transition (VM_STATE_INVALID_CONFIG -> VM_STATE_ON)";
        Some(ScriptedLine::new(at, Log::Hostd, text).under(sub))
    };
    vms.iter().enumerate().filter_map(line).collect()
}
