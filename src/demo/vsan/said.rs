//! What a host's kernel and clomd say of nodes of the vSAN cluster, one function a line.

use super::super::line::{Level, Log, ScriptedLine};
use crate::model::Timestamp;

/// Why a node is dropped that is not heard of.
pub(super) const TIMEOUT: &str = "Heartbeat timeout";

fn kernel(at: Timestamp, text: String) -> ScriptedLine {
    ScriptedLine::new(at, Log::Vmkernel, text)
}

fn warning(at: Timestamp, text: String) -> ScriptedLine {
    kernel(at, text).level(Level::Warning)
}

pub(super) fn missed(at: Timestamp, node: &str) -> ScriptedLine {
    let text = format!(
        "CMMDS: CMMDSHeartbeatCheckHBLogWork:752: Check node returned Failure for node {node} count 5"
    );
    warning(at, text)
}

pub(super) fn destroyed(at: Timestamp, node: &str, reason: &str) -> ScriptedLine {
    kernel(at, format!("CMMDS: CMMDSStateDestroyNode:708: Destroying node {node}: {reason}"))
}

/// Only the node that leads removes others from the membership.
pub(super) fn removed(at: Timestamp, word: &str, node: &str) -> ScriptedLine {
    let text = format!(
        "CMMDS: {word}RemoveNodeFromMembership:7892: Removing node {node} (vsanNodeType: data) from the cluster membership"
    );
    kernel(at, text)
}

pub(super) fn left(at: Timestamp, node: &str) -> ScriptedLine {
    kernel(at, format!("CMMDS: Node {node} left cluster"))
}

pub(super) fn added(at: Timestamp, word: &str, node: &str) -> ScriptedLine {
    let text = format!(
        "CMMDS: {word}AddNodeToMembership:7331: Added node {node} (vsanNodeType: data) to the cluster membership"
    );
    kernel(at, text)
}

pub(super) fn joined(at: Timestamp, node: &str) -> ScriptedLine {
    kernel(at, format!("CMMDS: Node {node} joined cluster"))
}

pub(super) fn leaves(at: Timestamp) -> ScriptedLine {
    kernel(at, "CMMDS: LeaveCluster:1204: Leaving the cluster, the host is going down".to_owned())
}

pub(super) fn role(at: Timestamp, own: &str, (from, to): (&str, &str), reason: &str) -> ScriptedLine {
    let text = format!(
        "CMMDS: CMMDSLogStateTransition:1310: Transitioning({own}) from {from} to {to}: (Reason: {reason})"
    );
    kernel(at, text)
}

/// The way of a node that played `role` into a view of its own, of which it is the `word`.
pub(super) fn alone(
    at: Timestamp,
    alone_at: Timestamp,
    own: &str,
    (role_before, word): (&str, &str),
) -> [ScriptedLine; 3] {
    [
        role(at.plus_micros(240_000), own, (role_before, "Discovery"), "Lost all peers"),
        role(at.plus_micros(15_900_000), own, ("Discovery", "Rejoin"), "No reply to discovery"),
        role(alone_at, own, ("Rejoin", word), "The only node of its view"),
    ]
}

/// The way of a node back into a view that another leads.
pub(super) fn rejoins(at: Timestamp, own: &str, role_before: &str, word: &str) -> Vec<ScriptedLine> {
    let found = format!("Found a {} node", word.to_lowercase());
    let heard = format!("The {} added this node to its membership", word.to_lowercase());
    let mut lines = Vec::new();
    if role_before != "Discovery" {
        lines.push(role(at.plus_micros(-1_900_000), own, (role_before, "Discovery"), &found));
    }
    lines.push(role(at.plus_micros(-1_200_000), own, ("Discovery", "Rejoin"), &found));
    lines.push(role(at.plus_micros(40_000), own, ("Rejoin", "Agent"), &heard));
    lines
}

pub(super) fn clomd_removed(at: Timestamp, node: &str) -> ScriptedLine {
    ScriptedLine::new(at, Log::Clomd, format!("Removing {node} of type CdbObjectNode from CLOMDB"))
}

pub(super) fn clomd_added(at: Timestamp, node: &str) -> ScriptedLine {
    ScriptedLine::new(at, Log::Clomd, format!("Added {node} of type CdbObjectNode to CLOMDB"))
}

/// Heartbeats to `peers` cannot be sent around `at`: "Host is down" where the neighbour's address is not resolved.
pub(super) fn sends_failed(at: Timestamp, peers: &[String], errno: &str) -> Vec<ScriptedLine> {
    let mut lines = Vec::new();
    for (place, peer) in peers.iter().enumerate() {
        for attempt in 0..3 {
            let text = format!(
                "CMMDSNet: CMMDSNetSendtoUnicastChannels:1172: Throttled: CMMDS: Failed to send to unicast host '{peer};12321' on iface 'vmk2': {errno}"
            );
            let millis = -3_000 + 9_000 * attempt + 17 * place as i64;
            lines.push(warning(at.plus_micros(millis * 1000), text));
        }
    }
    lines
}

pub(super) fn no_redundancy(at: Timestamp) -> ScriptedLine {
    let text = "vSAN doesn't have any redundancy in its network configuration.";
    let id = "esx.problem.vsan.net.redundancy.lost";
    ScriptedLine::vob(at.plus_micros(-4_100_000), "netCorrelator", id, text)
}

pub(super) fn no_connectivity(at: Timestamp) -> ScriptedLine {
    let text = "vSAN doesn't have any networking configuration. This can severely impact several objects in the vSAN datastore.";
    ScriptedLine::vob(at, "VsanCorrelator", "esx.problem.vsan.no.network.connectivity", text)
}
