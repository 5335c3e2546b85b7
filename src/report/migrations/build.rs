//! Turns the migrations of a case into those of a report: ids instead of indices.

use super::super::model::HostId;
use super::{EvacuationInfo, MigrationEnd, MigrationInfo, MigrationPhase};
use crate::case::{Case, End, Evacuation, Migration, Step};

/// Every migration once, in the order of the case.
pub fn migrations(case: &Case) -> Vec<MigrationInfo> {
    let mut infos: Vec<MigrationInfo> = case.migrations.iter().map(|one| migration(case, one)).collect();
    for (at, evacuation) in case.evacuations.iter().enumerate() {
        for &of in &evacuation.migrations {
            if let Some(info) = infos.get_mut(of) {
                info.evacuation = Some(at);
            }
        }
    }
    infos
}

/// Every evacuation, in the order of the case.
pub fn evacuations(case: &Case) -> Vec<EvacuationInfo> {
    let info = |evacuation: &Evacuation| EvacuationInfo {
        host: evacuation.host.and_then(|host| id(case, host)),
        name: evacuation.name.clone(),
        started: evacuation.started,
        ended: evacuation.ended,
        outcome: evacuation.reached,
        operation: evacuation.operation.clone(),
        migrations: evacuation.migrations.clone(),
    };
    case.evacuations.iter().map(info).collect()
}

fn id(case: &Case, host: usize) -> Option<HostId> {
    case.hosts.get(host).map(|host| host.id.clone())
}

fn migration(case: &Case, migration: &Migration) -> MigrationInfo {
    let end = |host: Option<usize>, end: &End| MigrationEnd {
        host: host.and_then(|host| id(case, host)),
        name: end.name.clone(),
        address: end.address.clone(),
    };
    let mut destination = end(migration.destination, &migration.to);
    if destination.host.is_none() && destination.name.is_none() && !migration.choice.is_empty() {
        destination.name = Some(migration.choice.join(", "));
    }
    let phase =
        |step: &Step| Some(MigrationPhase { name: step.phase, at: step.at, host: id(case, step.host)? });
    let reason = migration.reason.as_ref();
    MigrationInfo {
        id: migration.id.clone(),
        vm: migration.vm.clone(),
        source: end(migration.source, &migration.from),
        destination,
        started: migration.started,
        ended: migration.ended,
        outcome: migration.outcome,
        reason: reason.map(|reason| reason.text.clone()),
        reason_by: reason.and_then(|reason| id(case, reason.host)),
        reason_side: reason.and_then(|reason| reason.side),
        status: reason.and_then(|reason| reason.status).map(|status| format!("{status:#x}")),
        bandwidth_mb_s: migration.bandwidth,
        downtime_ms: migration.downtime.map(|micros| micros.div_ceil(1000)),
        phases: migration.steps.iter().filter_map(phase).collect(),
        operation: migration.operation.clone(),
        evacuation: None,
    }
}
