//! What vSphere HA says: it uses the vSAN network, so it parts where vSAN parts.

use super::super::line::{Log, ScriptedLine};
use crate::model::Timestamp;

fn fdm(at: Timestamp, millis: i64, sub: &str, text: impl Into<String>) -> ScriptedLine {
    ScriptedLine::new(at.plus_micros(millis * 1000), Log::Fdm, text).under(sub).op("SWI-5a0f21c3")
}

/// The host that leads a part which lost its master.
pub(super) fn alone(at: Timestamp, own: u32) -> Vec<ScriptedLine> {
    let state = format!(
        "hostId=host-{own} state=Master master=host-{own} isolated=false host-list-version=12 config-version=7 vm-metadata-version=5 slv-mst-tdiff-sec=0"
    );
    vec![
        fdm(at, 9_870, "Election", "[ClusterElection::ChangeState] Slave => Startup : Lost master"),
        fdm(at, 24_912, "Election", "[ClusterElection::ChangeState] Startup => Master : I'm only host"),
        fdm(at, 25_020, "Cluster", state),
    ]
}

/// The master, of hosts that it still sees by their datastore heartbeats.
pub(super) fn partitioned(at: Timestamp, lost: &[u32]) -> Vec<ScriptedLine> {
    let of = |lost: &u32| {
        let state = format!("Host host-{lost} changed state: NetworkPartitionedFromMaster");
        let live = format!("[InventoryManagerImpl::HostChange] host-{lost} is live by datastore heartbeat");
        [fdm(at, 12_380, "Cluster", state), fdm(at, 12_391, "Invt", live)]
    };
    lost.iter().flat_map(of).collect()
}

/// The master, of a host that is down.
pub(super) fn dead(at: Timestamp, lost: u32) -> Vec<ScriptedLine> {
    let state = format!("[InventoryManagerImpl::ProcessHostChange] Host host-{lost} changed state: Dead");
    vec![
        fdm(at, 18_020, "Invt", state),
        fdm(at, 18_260, "Policy", "[FailoverAction::FailoverAction] Issue failover start event"),
    ]
}

/// The master, of a host that answers again.
pub(super) fn live(at: Timestamp, host: u32) -> ScriptedLine {
    fdm(
        at,
        3_410,
        "Invt",
        format!("[InventoryManagerImpl::ProcessHostChange] Host host-{host} changed state: Live"),
    )
}
