//! Whether a host's logs would tell of a stop: only then their silence says something.

use super::super::host::Host;
use crate::model::{ProblemKind, Timestamp};

/// The logs that tell that a host is asked to stop.
const TELLING: &[&str] = &["vmksummary", "vobd"];
/// The rules that see it.
const RULES: &[&str] =
    &["vmksummary.reboot", "vob.host-reboot", "host.shutdown", "vmksummary.boot", "vob.host-boot"];
/// Logs reach back before a boot where they begin this much earlier, in microseconds.
const REACH: i64 = 1_800_000_000;
/// What is lost this close to the silence may be what would have been said, in microseconds.
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

/// The last stamp before `boot` that a log ends with.
pub(super) fn last_record(host: &Host, boot: Timestamp) -> Option<Timestamp> {
    let own = host.logs.iter().filter(|log| log.log != "vmware");
    own.flat_map(|log| &log.members).filter_map(|member| member.to).filter(|to| *to < boot).max()
}
