//! Holds a written `report.json` against the project's JSON Schema and against the orders and
//! references that a schema cannot tell.

use std::collections::BTreeSet;

use boon::{Compiler, SchemaIndex, Schemas};
use esxray::report::json::SCHEMA_JSON;
use esxray::report::model::Report;
use serde_json::Value;

/// Panics with every violation if `report_json` is not what the contract promises.
pub fn check(report_json: &str) {
    let value: Value = serde_json::from_str(report_json).expect("report.json is JSON");
    if let Err(why) = against_schema(&value) {
        panic!("report.json breaks its schema:\n{why}");
    }
    let report: Report = serde_json::from_value(value).expect("report.json fits the types");
    assert!(report_json.ends_with("}\n"), "report.json ends with one line feed");
    orders(&report);
    references(&report);
}

/// The violations as text.
pub fn against_schema(value: &Value) -> Result<(), String> {
    // Some tests hold hundreds of reports against it.
    thread_local! {
        static COMPILED: (Schemas, SchemaIndex) = compiled();
    }
    COMPILED.with(|(schemas, index)| schemas.validate(value, *index).map_err(|error| format!("{error:#}")))
}

fn compiled() -> (Schemas, SchemaIndex) {
    let schema: Value = serde_json::from_str(SCHEMA_JSON).expect("the schema is JSON");
    let mut compiler = Compiler::new();
    compiler.add_resource("urn:esxray:report:1", schema).expect("the schema is a resource");
    let mut schemas = Schemas::new();
    let index = compiler.compile("urn:esxray:report:1", &mut schemas).expect("the schema compiles");
    (schemas, index)
}

fn orders(report: &Report) {
    assert!(report.hosts.is_sorted_by(|a, b| a.name <= b.name), "hosts are ordered by name");
    assert!(report.timeline.is_sorted_by(|a, b| a.time <= b.time), "the timeline is ordered by time");
    let key = |f: &esxray::report::model::Finding| {
        (std::cmp::Reverse(f.severity), f.first_seen.map_or(i64::MAX, |at| at.micros()), f.id.clone())
    };
    assert!(report.findings.is_sorted_by_key(key), "findings are ordered by severity, time, id");
    for host in &report.hosts {
        let newest_first = host.captures.is_sorted_by(|a, b| a.captured_at >= b.captured_at);
        assert!(newest_first, "the bundles of {} are ordered, newest first", host.id);
    }
    for log in &report.coverage {
        assert!(log.gaps.is_sorted_by_key(|gap| gap.from), "gaps of {} are ordered", log.log);
        assert!(log.gaps.iter().all(|gap| gap.from <= gap.to && !gap.files.is_empty()), "{}", log.log);
    }
    let key = |c: &esxray::report::model::Coverage| (c.host.clone(), c.log.clone());
    assert!(report.coverage.is_sorted_by_key(key), "coverage is ordered by host, then log");
}

fn references(report: &Report) {
    let ids: BTreeSet<&str> = report.hosts.iter().map(|host| host.id.as_str()).collect();
    assert_eq!(ids.len(), report.hosts.len(), "host ids are unique");
    let evidence = report.findings.iter().flat_map(|finding| &finding.evidence).map(|line| &line.host);
    let timeline = report.timeline.iter().map(|entry| &entry.host);
    let coverage = report.coverage.iter().map(|log| &log.host);
    let features = report.features.hosts.iter();
    let problems = report.problems.iter().flat_map(|problem| &problem.hosts);
    for id in evidence.chain(timeline).chain(coverage).chain(features).chain(problems) {
        assert!(ids.contains(id.as_str()), "{id} is no host of the report");
    }
}
