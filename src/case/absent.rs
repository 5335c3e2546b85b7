//! Logs that a host lacks altogether, told by what the other hosts have.

use std::collections::BTreeSet;

use super::host::Host;

/// Puts into each host the families that most others of its kind have and it has not.
pub(super) fn settle(hosts: &mut [Host]) {
    let has = |host: &Host, log: &str| host.logs.iter().any(|own| own.log == log);
    let families: BTreeSet<String> =
        hosts.iter().flat_map(|host| &host.logs).map(|log| log.log.clone()).collect();
    let absent = |at: usize| -> Vec<String> {
        let others =
            || hosts.iter().enumerate().filter(|(other, host)| *other != at && host.kind == hosts[at].kind);
        let most = |log: &&String| others().filter(|(_, host)| has(host, log)).count() * 2 > others().count();
        families.iter().filter(|log| !has(&hosts[at], log)).filter(most).cloned().collect()
    };
    let absent: Vec<Vec<String>> = (0..hosts.len()).map(absent).collect();
    for (host, logs) in hosts.iter_mut().zip(absent) {
        host.absent_logs = logs;
    }
}
