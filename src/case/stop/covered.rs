//! Whether a host's logs would tell of a stop, as only then their silence says something, and when they fell silent.

use super::super::host::Host;
use crate::digest::{LogCoverage, Silence};
use crate::model::{ProblemKind, Timestamp};

/// The logs that tell that a host is asked to stop.
const TELLING: &[&str] = &["vmksummary", "vobd"];
/// The rules that see it.
const RULES: &[&str] =
    &["vmksummary.reboot", "vob.host-reboot", "host.shutdown", "vmksummary.boot", "vob.host-boot"];
/// Logs reach back before a boot where they begin this much earlier, in microseconds.
const REACH: i64 = 1_800_000_000;
/// What is lost this close to the silence may be what would have been said, and a boot is told in every log within this
/// time of its first record, in microseconds.
const CLOSE: i64 = 900_000_000;

/// Whether the logs of `host` would hold what was said between its last record `before` the silence and its `boot`.
pub(super) fn tells_of_stop(host: &Host, before: Timestamp, boot: Timestamp) -> bool {
    let is_thinned = |text: &str| RULES.iter().any(|rule| text.contains(rule));
    let thinned = host.problems.iter().filter(|problem| problem.kind == ProblemKind::Thinned);
    if host.damaged_container().is_some() || thinned.into_iter().any(|problem| is_thinned(&problem.text)) {
        return false;
    }
    let telling = || host.logs.iter().filter(|log| TELLING.contains(&log.log.as_str()));
    // Each of them that is there must reach back: one alone that begins with the boot may have been cleared by it.
    let reaches =
        |from: Option<Timestamp>| from.is_some_and(|from| boot.since(from) > REACH && from <= before);
    let is_whole = |log: &str| {
        let near = |from: Timestamp, to: Timestamp| from <= boot && to >= before.plus_micros(-CLOSE);
        !host.gaps.get(log).is_some_and(|gaps| gaps.iter().any(|gap| near(gap.from, gap.to)))
    };
    let goes_on = |to: Option<Timestamp>| to.is_some_and(|to| to >= boot);
    telling().count() > 0
        && telling().all(|log| {
            let total = log.total();
            reaches(total.from) && goes_on(total.to) && is_whole(&log.log) && log.rest.members == 0
        })
}

/// The silence of `host` that `boot` ended: from the last record of any log before it to the first of the new run, which
/// may be some minutes before the record that tells the boot. `None` where no log was read on both sides, nor to its end.
pub(super) fn silence(host: &Host, boot: Timestamp) -> Option<Silence> {
    let own = || host.logs.iter().filter(|log| log.log != "vmware").filter_map(|log| of_log(log, boot));
    // The log that speaks first tells when the run began; what another says after that is of the new run.
    let to = own().map(|silence| silence.to).min()?.min(boot);
    let from = own().map(|silence| silence.from).filter(|from| *from < to).max()?;
    Some(Silence { from, to })
}

/// The longest silence of a log around `boot`. Shorter ones before it are a pause, and those after it are of the new run:
/// no host boots as fast as a log may pause.
fn of_log(log: &LogCoverage, boot: Timestamp) -> Option<Silence> {
    let is_around = |silence: &Silence| silence.from < boot && boot.since(silence.to) < CLOSE;
    let within = log.members.iter().flat_map(|member| member.silences.iter().copied());
    within.chain(between(log, boot)).filter(is_around).max_by_key(|silence| silence.to.since(silence.from))
}

/// The times between the members of a log, up to `boot` behind the last of them.
fn between(log: &LogCoverage, boot: Timestamp) -> Vec<Silence> {
    let mut spans: Vec<_> = log.members.iter().filter_map(|member| member.from.zip(member.to)).collect();
    spans.sort_unstable();
    let mut end: Option<Timestamp> = None;
    let mut found = Vec::new();
    for (from, to) in spans.into_iter().chain([(boot, boot)]) {
        found.extend(end.filter(|end| *end < from).map(|end| Silence { from: end, to: from }));
        end = end.max(Some(to));
    }
    found
}
