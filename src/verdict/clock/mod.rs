//! Do the clocks of the hosts differ so much that the order of their logs misleads?

mod ntp;
mod remedy;
mod text;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Evidence, Finding, Verdict, distinct};
use crate::case::{Case, Clock, Reference, millis};
use crate::model::{Confidence, Severity};

pub(super) static VERDICT: Verdict = Verdict {
    name: "clock",
    about: "Do the clocks of the hosts differ by more than 2 s?",
    findings: &["clock.skew"],
    reach,
};

/// A difference above this misleads who reads logs side by side, in microseconds.
const LEAST: i64 = 2_000_000;
/// Independent events in common from which nothing else explains an offset.
const CERTAIN_PAIRS: usize = 5;

/// A host whose clock is wrong.
struct Skewed<'a> {
    host: usize,
    clock: &'a Clock,
    /// How far it is ahead at the end of its logs, in microseconds.
    now: i64,
    /// The most that it ever was.
    most: i64,
    /// Why, as far as its bundle tells.
    signs: ntp::Signs,
}

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    let told = ntp::told(case);
    let skewed: Vec<Skewed<'_>> =
        (0..case.hosts.len()).filter_map(|host| skewed(case, host, &told)).collect();
    let mut by_reference: BTreeMap<Reference, Vec<Skewed<'_>>> = BTreeMap::new();
    for one in skewed {
        if let Some(against) = one.clock.against {
            by_reference.entry(against).or_default().push(one);
        }
    }
    by_reference.into_iter().map(|(reference, skewed)| finding(case, reference, &skewed)).collect()
}

fn skewed<'a>(case: &'a Case, index: usize, told: &ntp::Told<'_>) -> Option<Skewed<'a>> {
    let host = &case.hosts[index];
    let clock = host.clock.as_ref().filter(|clock| !clock.pieces.is_empty())?;
    let members = || host.logs.iter().flat_map(|log| &log.members);
    let first = members().filter_map(|member| member.from).min()?;
    let last = host.newest_record()?;
    // The logs are in corrected time; what is asked of the clock is what it showed.
    let most = clock.most_ahead(clock.raw(first), clock.raw(last));
    let now = clock.ahead_at_end(Some(last));
    // What the times of the report are corrected by is told.
    let counts = most.abs() > LEAST;
    counts.then(|| Skewed { host: index, clock, now, most, signs: ntp::signs(case, index, told) })
}

fn finding(case: &Case, reference: Reference, skewed: &[Skewed<'_>]) -> Finding {
    let lines = skewed.iter().flat_map(|skewed| {
        let pairs = skewed.clock.evidence.iter().map(|line| Evidence {
            host: line.host,
            source: line.source.clone(),
            time: Some(line.time),
            text: line.text.clone(),
        });
        pairs.chain(skewed.signs.evidence.clone())
    });
    let evidence = distinct(lines.collect());
    let times = || evidence.iter().filter_map(|line| line.time);
    // When an id was made is known no better than how long its migration waited.
    let is_certain = |one: &Skewed<'_>| {
        let basis = &one.clock.basis;
        basis.witnesses >= CERTAIN_PAIRS && basis.count() > basis.made_ids
    };
    Finding {
        id: "clock.skew",
        severity: Severity::Warning,
        confidence: if skewed.iter().all(is_certain) { Confidence::Certain } else { Confidence::Likely },
        title: text::title(case, reference, skewed),
        summary: text::summary(case, reference, skewed),
        cause: text::cause(case, skewed),
        hosts: skewed.iter().map(|skewed| skewed.host).collect(),
        vms: Vec::new(),
        first_seen: times().min(),
        last_seen: times().max(),
        count: skewed.iter().map(|skewed| skewed.clock.basis.count() as u64).sum(),
        remedy: remedy::remedy(case, reference, skewed),
        brief: crate::verdict::Brief::default(),
        references: Vec::new(),
        evidence,
        details: details(case, reference, skewed),
    }
}

fn details(case: &Case, reference: Reference, skewed: &[Skewed<'_>]) -> Value {
    let host = |skewed: &Skewed<'_>| {
        let steps: Vec<Value> = skewed
            .clock
            .steps
            .iter()
            .map(|step| json!({"at": step.at.to_string(), "by_ms": millis(step.by)}))
            .collect();
        json!({
            "host": case.hosts[skewed.host].id,
            "offset_ms": millis(skewed.now),
            "uncertainty_ms": millis(skewed.clock.uncertainty),
            "drift_ms_per_day": skewed.clock.gains_millis_a_day(),
            "steps": steps,
        })
    };
    let reference = match reference {
        Reference::Host(host) => Some(case.hosts[host].id.as_str()),
        Reference::MigrationIds => None,
    };
    json!({"reference": reference, "hosts": skewed.iter().map(host).collect::<Vec<_>>()})
}
