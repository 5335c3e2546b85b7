//! What a host's bundle says of its time synchronisation that explains a wrong clock.

use std::collections::BTreeMap;

use crate::case::{Case, Moment, Sourced};
use crate::fact::ntp::{NtpPeer, NtpTally};
use crate::model::{EventKind, Text};
use crate::verdict::Evidence;

/// What was found.
#[derive(Default)]
pub(super) struct Signs {
    /// One sentence each, without the host's name.
    pub said: Vec<Text>,
    pub evidence: Vec<Evidence>,
}

/// Lines of the log that are shown.
const LINES: usize = 2;

/// The first lines of each host in which it says itself that its clock was corrected or lost its synchronisation.
pub(super) type Told<'a> = BTreeMap<usize, Vec<&'a Moment>>;

pub(super) fn told(case: &Case) -> Told<'_> {
    let mut told = Told::new();
    let tells =
        |moment: &&Moment| moment.event.kind == EventKind::TIME_STEP && moment.event.rule == "vob.clock";
    for moment in case.timeline.iter().filter(tells) {
        let lines = told.entry(moment.host).or_default();
        if lines.len() < LINES {
            lines.push(moment);
        }
    }
    told
}

pub(super) fn signs(case: &Case, index: usize, told: &Told<'_>) -> Signs {
    let mut signs = Signs::default();
    let ntp = &case.hosts[index].setup.ntp;
    if let Some(enabled) = ntp.enabled.as_ref().filter(|enabled| !enabled.value) {
        signs.said.push(Text::new("NTP is disabled", "NTP が無効になっています"));
        signs.evidence.push(Evidence::of(index, enabled));
    }
    if let Some(servers) = ntp.servers.as_ref().filter(|servers| servers.value.is_empty()) {
        signs.said.push(Text::new("no NTP server is configured", "NTP サーバが設定されていません"));
        signs.evidence.push(Evidence::of(index, servers));
    }
    of_peers(index, &ntp.peers, &mut signs);
    if let Some(lines) = told.get(&index) {
        signs.said.push(Text::new(
            "the host itself reports that its clock was corrected or lost its synchronisation",
            "時計の補正または同期の喪失をホスト自身が報告しています",
        ));
        signs.evidence.extend(lines.iter().copied().map(Evidence::event));
    }
    signs
}

/// Whether the daemon has chosen a server, where it lists any.
fn of_peers(index: usize, peers: &[Sourced<NtpPeer>], signs: &mut Signs) {
    let is_chosen = |peer: &Sourced<NtpPeer>| {
        // Its own clock is no server.
        let is_own = peer.value.refid.as_deref().is_some_and(|refid| refid.starts_with(".LOC"));
        matches!(peer.value.tally, NtpTally::SystemPeer | NtpTally::PpsPeer) && !is_own
    };
    if peers.is_empty() || peers.iter().any(is_chosen) {
        return;
    }
    let said = if peers.iter().all(|peer| peer.value.reach == 0) {
        Text::new("none of its NTP servers answers", "NTP サーバのいずれからも応答がありません")
    } else {
        Text::new(
            "its NTP daemon has not chosen any of its servers",
            "NTP デーモンが同期先のサーバを選択していません",
        )
    };
    signs.said.push(said);
    signs.evidence.extend(peers.iter().take(LINES).map(|peer| Evidence::of(index, peer)));
}
