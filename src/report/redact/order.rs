//! The orders that a report promises, after names were replaced.

use crate::report::model::Report;

/// Orders anew what is ordered by a name.
pub(super) fn restore(report: &mut Report) {
    report.hosts.sort_by(|a, b| a.name.cmp(&b.name));
    let at = |id: &str| report.hosts.iter().position(|host| host.id == id);
    report.features.hosts.sort_by_key(|id| at(id));
    report.features.sources.sort_by_key(|source| at(&source.host));
    report.features.vms.sort_by(|a, b| (&a.host, &a.name).cmp(&(&b.host, &b.name)));
    for vm in &mut report.features.vms {
        vm.blocked.sort_by(|a, b| a.host.cmp(&b.host));
    }
    report.case.clusters.sort_by(|a, b| a.id.cmp(&b.id));
    let cluster = |id: &str| report.case.clusters.iter().position(|cluster| cluster.id == id);
    report.features.clusters.sort_by_key(|one| cluster(&one.id));
    report.membership.sort_by_key(|one| cluster(&one.cluster));
    report.differences.sort_by_key(|one| cluster(&one.cluster));
    report.timeline.sort_by(|a, b| {
        let key = |source: &super::SourceRef| (source.line, source.offset);
        (a.time, &a.host, &a.source.file, key(&a.source)).cmp(&(
            b.time,
            &b.host,
            &b.source.file,
            key(&b.source),
        ))
    });
    report.spans.sort_by(|a, b| (a.from, &a.host).cmp(&(b.from, &b.host)));
    report.coverage.sort_by(|a, b| (&a.host, &a.log).cmp(&(&b.host, &b.log)));
    report.missing_hosts.sort_by(|a, b| a.name_or_uuid.cmp(&b.name_or_uuid));
    report.problems.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    evacuations(report);
}

/// Migrations name an evacuation by its position, so these move with it.
fn evacuations(report: &mut Report) {
    let mut order: Vec<usize> = (0..report.evacuations.len()).collect();
    order.sort_by_key(|&at| (report.evacuations[at].started, report.evacuations[at].host.clone()));
    let mut moved = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        moved[old] = new;
    }
    report.evacuations = order.iter().map(|&at| report.evacuations[at].clone()).collect();
    for migration in &mut report.migrations {
        migration.evacuation = migration.evacuation.and_then(|old| moved.get(old).copied());
    }
}
