//! A report of a case with many hosts and many events, made in memory: four clusters' worth of noise, an incident on some
//! hosts, long texts, and every part of the page in use.

#![allow(dead_code)]

use std::collections::BTreeMap;

use esxray::model::{EventKind, HostKind, Lang, Severity, TimeQuality, Timestamp};
use esxray::report::model::*;

use super::fixture::witnesses;
use super::full;

/// Kinds with how bad they are and how often they come in a hundred events.
const MIX: [(EventKind, Severity, u64); 8] = [
    (EventKind::VMOTION_START, Severity::Info, 30),
    (EventKind::VM_POWER_ON, Severity::Info, 25),
    (EventKind::HA_ELECTION, Severity::Info, 15),
    (EventKind::VSAN_PEER_UNREACHABLE, Severity::Error, 15),
    (EventKind::VMOTION_FAIL_CPU, Severity::Warning, 8),
    (EventKind::VM_INACCESSIBLE, Severity::Error, 4),
    (EventKind::VSAN_NODE_LEFT, Severity::Critical, 2),
    (EventKind::HOST_NOT_RESPONDING, Severity::Critical, 1),
];

/// The report of `hosts` ESXi hosts and a vCenter Server with `events` events over a week.
pub fn report(hosts: usize, events: usize) -> Report {
    let mut report = full::report(Lang::En, 60);
    let ids: Vec<String> = (1..=hosts).map(|n| format!("esx{n:03}")).collect();
    infos(&mut report, &ids);
    features(&mut report.features, &ids);
    let case = witnesses::Case {
        hosts: &ids,
        lost: Some(2),
        witness: Some("witness-01"),
        vcenter: Some("vcsa"),
        file: "vc-export.zip!esx.tgz!var/run/log/vmkernel.0.gz",
        lang: Lang::En,
    };
    report.membership = vec![witnesses::matrix(&case, "52e1f1a0-7f3c")];
    report.case.clusters[0].hosts = ids.clone();
    report.timeline = timeline(&ids, events, report.findings.len());
    repeat(&mut report.spans, hosts * 6, |n, span| span.host.clone_from(&ids[n % hosts]));
    repeat(&mut report.migrations, hosts * 40, |n, moved| {
        moved.id = Some((7_000_000 + n).to_string());
        moved.vm = Some(format!("application-server-{n:05}"));
        moved.source.host = Some(ids[n % hosts].clone());
        moved.destination.host = Some(ids[(n * 7 + 1) % hosts].clone());
    });
    repeat(&mut report.findings, 12, |n, finding| {
        finding.hosts = vec![ids[n % hosts].clone()];
        finding.vms = (0..200).map(|vm| format!("application-server-{vm:05}")).collect();
    });
    report.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.first_seen));
    let logs = report.coverage.clone();
    report.coverage = ids.iter().flat_map(|id| of_host(&logs, id)).collect();
    report
}

/// Makes `wanted` parts of those that are there, each changed by its number.
fn repeat<T: Clone>(parts: &mut Vec<T>, wanted: usize, change: impl Fn(usize, &mut T)) {
    *parts = parts.iter().cloned().cycle().take(wanted).collect();
    parts.iter_mut().enumerate().for_each(|(n, part)| change(n, part));
}

fn infos(report: &mut Report, ids: &[String]) {
    let (esxi, mut others): (Vec<HostInfo>, Vec<HostInfo>) =
        report.hosts.drain(..).partition(|host| host.kind == HostKind::Esxi);
    let setup = esxi.iter().find_map(|host| host.setup.clone());
    report.hosts = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            let mut host = esxi[n % esxi.len()].clone();
            host.id.clone_from(id);
            host.name = format!("{id}.datacenter-frankfurt.prod.example.com");
            host.setup.clone_from(&setup);
            host
        })
        .collect();
    report.hosts.append(&mut others);
}

fn features(features: &mut Features, ids: &[String]) {
    let spread = |values: &mut BTreeMap<HostId, Option<u64>>| {
        let known: Vec<Option<u64>> = values.values().copied().collect();
        *values = ids.iter().enumerate().map(|(n, id)| (id.clone(), known[n % known.len()])).collect();
    };
    for row in &mut features.rows {
        for values in [&mut row.capability, &mut row.mask, &mut row.effective] {
            spread(values);
        }
    }
    features.hosts = ids.to_vec();
    repeat(&mut features.sources, ids.len(), |n, source| source.host.clone_from(&ids[n]));
    repeat(&mut features.vms, ids.len() * 20, |n, vm| {
        vm.name = format!("application-server-{n:05}");
        vm.host.clone_from(&ids[n % ids.len()]);
    });
    for cluster in &mut features.clusters {
        cluster.hosts = ids.to_vec();
        repeat(&mut cluster.evacuation, ids.len(), |n, evacuation| evacuation.host.clone_from(&ids[n]));
    }
}

fn of_host(logs: &[Coverage], id: &str) -> Vec<Coverage> {
    let mut logs: Vec<Coverage> = logs.iter().filter(|log| log.host == "esx02").cloned().collect();
    logs.iter_mut().for_each(|log| log.host = id.to_owned());
    logs
}

fn timeline(ids: &[String], events: usize, findings: usize) -> Vec<TimelineEntry> {
    let start: Timestamp = "2026-11-16T00:00:00Z".parse().expect("a time");
    let step = 604_800_000_000 / events.max(1) as i64;
    let mut seed: u64 = 7;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut made = Vec::with_capacity(events);
    for n in 0..events {
        let (kind, severity) = pick(next(100));
        let host = &ids[next(ids.len() as u64) as usize];
        let message = format!(
            "cpu{}:{})CMMDS: CMMDSHeartbeatCheckHBLogWork: world {n}: {} of 5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e{:02} \
             changed while the request /vmfs/volumes/vsan:52e1f1a07f3c/application-server-{:05}/disk_{}.vmdk was waiting",
            next(48),
            2_097_000 + next(9_000),
            kind.name(),
            next(ids.len() as u64),
            next(1_280),
            next(8)
        );
        made.push(TimelineEntry {
            time: start.plus_micros(step * n as i64),
            time_quality: TimeQuality::Exact,
            host: host.clone(),
            source: SourceRef {
                file: format!(
                    "vc-export.zip!esx-{host}-2026-11-23--04.55-2104512.tgz!var/run/log/vmkernel.{}.gz",
                    n % 8
                ),
                line: n as u64 + 1,
                offset: n as u64 * 180,
            },
            kind,
            severity,
            text: format!(
                "{host} tells of {} for the virtual machine application-server-{:05}",
                kind.name(),
                next(1_280)
            ),
            fields: BTreeMap::from([("op".to_owned(), format!("lro-{}", n % 9_000))]),
            message,
            findings: if n % 500 == 0 { vec![n / 500 % findings] } else { Vec::new() },
        });
    }
    made
}

fn pick(mut at: u64) -> (EventKind, Severity) {
    for (kind, severity, share) in MIX {
        if at < share {
            return (kind, severity);
        }
        at -= share;
    }
    (MIX[0].0, MIX[0].1)
}
