//! Why vCenter lost a host.

use super::super::crashed;
use crate::case::{Case, Episode, Moment};
use crate::model::{Confidence, EventKind};
use crate::verdict::{Evidence, version};

/// vCenter waits a minute for heartbeats: what was lost together is told within this many seconds.
const TOGETHER: i64 = 90;
/// A link that went down this long before vCenter noticed, in seconds, is why.
const LINK: i64 = 180;
/// hostd-probe tells of a hang some time after it began, or before vCenter notices it, in seconds.
const HANG: i64 = 3_600;

/// A cause, how well it is supported, and what supports it.
pub(in crate::verdict) struct Cause<'c> {
    pub id: &'static str,
    pub confidence: Confidence,
    pub lines: Vec<&'c Moment>,
    /// What state supports it.
    pub state: Vec<Evidence>,
    /// The other hosts that vCenter lost at the same time.
    pub others: Vec<&'c str>,
}

impl<'c> Cause<'c> {
    fn new(id: &'static str, confidence: Confidence, lines: Vec<&'c Moment>) -> Self {
        Cause { id, confidence, lines, state: Vec::new(), others: Vec::new() }
    }
}

/// The cause of `episode`; `all` are the episodes of the case.
pub(in crate::verdict) fn of<'c>(case: &'c Case, episode: &Episode<'c>, all: &[Episode<'c>]) -> Cause<'c> {
    crash(case, episode)
        .or_else(|| refused(case, episode))
        .or_else(|| hang(case, episode))
        .or_else(|| network(case, episode, all))
        .unwrap_or_else(|| Cause::new("unknown", Confidence::Possible, Vec::new()))
}

fn crash<'c>(case: &'c Case, episode: &Episode<'c>) -> Option<Cause<'c>> {
    let own = case.stops.iter().filter(|stop| Some(stop.host) == episode.host);
    let stop = own.into_iter().find(|stop| crashed::is_near(stop, episode.lost_at))?;
    let lines = stop.lines.iter().map(|&line| &case.timeline[line]).collect();
    Some(Cause::new("host-crash", Confidence::Likely, lines))
}

/// vCenter itself says why it does not connect the host.
fn refused<'c>(case: &'c Case, episode: &Episode<'c>) -> Option<Cause<'c>> {
    let saying = |is: fn(&Moment) -> bool| -> Vec<&'c Moment> {
        episode.lines.iter().copied().filter(|moment| is(moment)).collect()
    };
    let version = saying(names_version);
    if !version.is_empty() {
        let newer = version::newer_hosts(case, episode.vcenter);
        let host = episode.host.filter(|host| newer.contains(host));
        let confidence = if host.is_some() { Confidence::Certain } else { Confidence::Likely };
        let mut cause = Cause::new("version-skew", confidence, version);
        let told = host.into_iter().flat_map(|host| [episode.vcenter, host]);
        let product = |index: usize| Some(Evidence::of(index, case.hosts[index].product.as_ref()?));
        cause.state = told.filter_map(product).collect();
        return Some(cause);
    }
    let certificate = saying(names_certificate);
    (!certificate.is_empty()).then(|| Cause::new("certificate", Confidence::Likely, certificate))
}

fn names_version(moment: &Moment) -> bool {
    let is_bad = moment.field("event").is_some_and(|event| event.contains("BadVersion"));
    is_bad || moment.field("reason") == Some("agentOutOfDate")
}

/// `reason = sslThumbprintVerifyFailed`, `SSLVerifyFault`, `The host's certificate has expired`
fn names_certificate(moment: &Moment) -> bool {
    let text = moment.event.text.to_ascii_lowercase();
    ["thumbprint", "sslverif", "ssl verif", "certificate", "hostcertexp"]
        .iter()
        .any(|word| text.contains(word))
}

fn of_host<'a, 'c: 'a>(
    case: &'c Case,
    episode: &'a Episode<'c>,
    kinds: &'a [EventKind],
    (before, after): (i64, i64),
) -> impl Iterator<Item = &'c Moment> + 'a {
    let end = episode.back_at().unwrap_or(episode.lost_at).max(episode.lost_at).plus_seconds(after);
    let start = episode.lost_at.plus_seconds(-before);
    case.timeline.iter().filter(move |moment| {
        Some(moment.host) == episode.host
            && kinds.contains(&moment.event.kind)
            && (start..=end).contains(&moment.time)
    })
}

/// hostd does not answer, or an agent was started again while vCenter had no connection.
fn hang<'c>(case: &'c Case, episode: &Episode<'c>) -> Option<Cause<'c>> {
    let hung: Vec<&Moment> = of_host(case, episode, &[EventKind::SERVICE_HANG], (HANG, TOGETHER)).collect();
    let is_agent = |moment: &&Moment| {
        ["hostd", "vpxa"].iter().any(|agent| moment.event.source.file.as_str().contains(agent))
    };
    let kinds = [EventKind::SERVICE_START];
    let started: Vec<&Moment> =
        of_host(case, episode, &kinds, (TOGETHER, TOGETHER)).filter(is_agent).collect();
    if hung.is_empty() && started.is_empty() {
        return None;
    }
    let confidence = if hung.is_empty() { Confidence::Possible } else { Confidence::Likely };
    Some(Cause::new("agent-hang", confidence, hung.into_iter().chain(started).collect()))
}

fn network<'c>(case: &'c Case, episode: &Episode<'c>, all: &[Episode<'c>]) -> Option<Cause<'c>> {
    let start = episode.lost_at.plus_seconds(-LINK);
    let end = episode.lost_at.plus_seconds(TOGETHER);
    let is_sign = |moment: &&Moment| {
        let kind = moment.event.kind;
        let blocked = kind == EventKind::HOST_NOT_RESPONDING;
        let cut = kind == EventKind::NET_LINK_DOWN || kind == EventKind::NET_IP_CONFLICT;
        Some(moment.host) == episode.host && (blocked || cut) && (start..=end).contains(&moment.time)
    };
    let lines: Vec<&Moment> = case.timeline.iter().filter(is_sign).collect();
    let is_beside = |other: &&Episode<'c>| {
        let apart = (other.lost_at.since(episode.lost_at) / 1_000_000).abs();
        other.vcenter == episode.vcenter && other.name != episode.name && apart <= TOGETHER
    };
    let mut others: Vec<&str> = all.iter().filter(is_beside).map(|other| other.name).collect();
    others.sort_unstable();
    others.dedup();
    if lines.is_empty() && others.is_empty() {
        return None;
    }
    let confidence = if lines.is_empty() { Confidence::Possible } else { Confidence::Likely };
    Some(Cause { others, ..Cause::new("management-network", confidence, lines) })
}
