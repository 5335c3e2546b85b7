//! The handmade report with everything in it that a report can have.

#![allow(dead_code)]

use esxray::model::{Lang, Timestamp};
use esxray::report::model::*;
use serde_json::{Value, json};

use super::fixture;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A value of a type that is easier told as JSON.
fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it fits the type")
}

/// The report in `lang`, with about `events` timeline entries, and spans, migrations, evacuations, chains, sources.
pub fn report(lang: Lang, events: usize) -> Report {
    let mut report = fixture::report(lang, events);
    for finding in &mut report.findings {
        let evidence = finding.evidence.clone();
        finding.chain = (0..3)
            .map(|n| Link {
                time: finding.first_seen.map(|time| time.plus_seconds(n)),
                host: finding.hosts.first().cloned(),
                text: format!("Step {n} led to the next."),
                evidence: evidence.clone(),
                places: Vec::new(),
            })
            .collect();
    }
    for (n, entry) in report.timeline.iter_mut().enumerate() {
        entry.message = format!("record {n} as it stands there: {}", entry.text);
        entry.fields.insert("raw_time".into(), "2026-11-23T02:10:05.120Z".into());
        entry.fields.insert("op".into(), format!("op-{}", n % 7));
        entry.findings = if n % 9 == 0 { vec![n / 9 % 3] } else { Vec::new() };
    }
    report.spans = spans();
    report.migrations = migrations();
    report.evacuations = vec![from(json!({
        "host": "esx04", "name": "esx04.prod.example.com", "started": "2026-11-23T01:00:00Z",
        "ended": "2026-11-23T01:20:00Z", "outcome": "failed", "operation": "op-1", "migrations": [0, 1]
    }))];
    features(&mut report.features);
    for host in &mut report.hosts {
        host.absent_logs = vec!["vpxa".into(), "clomd".into()];
        host.clock.steps = vec![ClockStep { at: at("2026-11-21T01:00:00Z"), by_ms: 5_200 }];
    }
    report
}

fn spans() -> Vec<SpanInfo> {
    let kinds =
        [SpanKind::Down, SpanKind::Maintenance, SpanKind::Upgrade, SpanKind::Disconnected, SpanKind::LogGap];
    let span = |(n, kind): (usize, SpanKind)| SpanInfo {
        host: format!("esx0{}", n % 4 + 1),
        kind,
        from: Some(at("2026-11-22T01:00:00Z").plus_seconds(n as i64 * 1_800)),
        to: (n != 3).then(|| at("2026-11-22T09:00:00Z").plus_seconds(n as i64 * 1_800)),
        text: format!("lasted {n}"),
        log: (kind == SpanKind::LogGap).then(|| "vmkernel".to_owned()),
    };
    kinds.into_iter().enumerate().map(span).collect()
}

fn migrations() -> Vec<MigrationInfo> {
    let outcomes = ["succeeded", "failed", "refused", "cancelled", "unknown"];
    let one = |(n, outcome): (usize, &str)| {
        from(json!({
            "id": format!("{}", 7_000_000 + n), "vm": format!("app-{n}"),
            "source": {"host": "esx01", "name": "esx01", "address": "10.0.1.1"},
            "destination": {"host": "esx04", "name": "esx04.prod", "address": "10.0.1.4"},
            "started": "2026-11-23T01:02:00Z", "ended": "2026-11-23T01:03:00Z", "outcome": outcome,
            "reason": "The destination does not answer", "reason_by": "esx01", "reason_side": "source",
            "status": "0xbad0021", "bandwidth_mb_s": 812, "downtime_ms": 140,
            "phases": [{"name": "started", "at": "2026-11-23T01:02:00Z", "host": "esx01"}],
            "operation": format!("op-{n}"), "evacuation": (n < 2).then_some(0)
        }))
    };
    outcomes.into_iter().enumerate().map(one).collect()
}

fn features(features: &mut Features) {
    features.sources = features
        .hosts
        .iter()
        .map(|host| FeatureSource {
            host: host.clone(),
            capability: Some(format!("{host}/hostd/featureCapability.txt")),
            masked: Some(format!("{host}/hostd/masked.txt")),
            masks: Some(format!("{host}/etc/vmware/config")),
            complete_masks: Some(true),
            vm_log: Some(format!("{host}/vmware.log")),
            evc_mode: Some("intel-haswell".into()),
            max_evc_mode: Some("intel-skylake".into()),
        })
        .collect();
    let evacuation = |host: &HostId| Evacuation {
        host: host.clone(),
        vms: 3,
        stay: vec!["app-02".into()],
        unknown: vec!["app-03".into()],
    };
    features.clusters = vec![FeatureCluster {
        id: "52e1f1a0-7f3c".into(),
        hosts: features.hosts.clone(),
        evacuation: features.hosts.iter().map(evacuation).collect(),
        baseline: Some(Baseline {
            evc_mode: Some("intel-haswell".into()),
            lacking: vec!["cpuid.mdclear".into()],
        }),
    }];
    for vm in &mut features.vms {
        vm.settings = vec!["per-vm-evc".into(), "nested".into()];
    }
}
