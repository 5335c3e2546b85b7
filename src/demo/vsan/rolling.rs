//! Hosts that reboot one after another, as their peers tell it: planned work, not an incident.

use super::super::line::ScriptedLine;
use super::super::site::Site;
use super::said;
use crate::model::Timestamp;

/// How long after a boot a node is in the membership again, in seconds.
pub(super) const REJOINS_AFTER: i64 = 96;

/// Tells of each time that a host was down: its peers that are up see it leave and join.
pub(super) fn tell(site: &mut Site, word: &'static str) {
    let nodes: Vec<String> = site.hosts.iter().map(|host| host.uuid.clone()).collect();
    let gone: Vec<Vec<(Timestamp, Timestamp)>> =
        site.hosts.iter().map(|host| host.downtimes.clone()).collect();
    for (index, host) in site.hosts.iter_mut().enumerate() {
        for (other, times) in gone.iter().enumerate() {
            for &(down, up) in times {
                let back = up.plus_seconds(REJOINS_AFTER);
                if other != index {
                    host.lines.extend(peer_lines(&nodes[other], down.plus_micros(-30_000_000), back, word));
                } else {
                    host.lines.push(said::leaves(down.plus_micros(-30_100_000)));
                    host.lines.extend(said::rejoins(back, &nodes[index], "Discovery", word));
                }
            }
        }
    }
}

fn peer_lines(node: &str, left: Timestamp, back: Timestamp, word: &str) -> [ScriptedLine; 5] {
    [
        said::destroyed(left, node, "Node left the cluster"),
        said::left(left.plus_micros(4_000), node),
        said::clomd_removed(left.plus_micros(1_100_000), node),
        said::added(back, word, node),
        said::clomd_added(back.plus_micros(900_000), node),
    ]
}
