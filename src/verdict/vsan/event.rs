//! Losses and splits of one cluster: what views and lines tell, joined and dated.

use std::collections::{BTreeMap, BTreeSet};

use super::breaks::{Absence, Break, ONE_EVENT, breaks};
use super::sides::{Ground, Sides};
use super::state::{State, formed_at, knows_others};
use crate::case::{Case, Membership, Moment, Node};
use crate::model::{EventKind, Timestamp};

/// A node that was, or is, out of the membership.
#[derive(Debug)]
pub(super) struct Loss<'c> {
    pub membership: &'c Membership,
    /// An index into the membership's nodes.
    pub node: usize,
    /// Its host, where its bundle is here.
    pub host: Option<usize>,
    /// The hosts that went on without it, with a bundle here.
    pub mates: Vec<usize>,
    /// How the views and the lines tell it.
    pub span: Span<'c>,
    /// Hosts whose log shows the loss, and when; by time.
    pub observers: Vec<(usize, Timestamp)>,
    /// Hosts whose own view lacks it.
    pub observers_by_state: Vec<usize>,
    /// Whether its own bundle says that it lost the others.
    pub own_side: bool,
}

/// Groups that do not see each other.
#[derive(Debug)]
pub(super) struct Split<'c> {
    pub membership: &'c Membership,
    /// Indices into the membership's nodes; the group that went on first.
    pub groups: Vec<Vec<usize>>,
    /// How the views and the lines tell it.
    pub span: Span<'c>,
    /// Hosts that say so, ascending.
    pub observers: Vec<usize>,
}

/// From when until when, and what tells it.
#[derive(Debug, Default)]
pub(super) struct Span<'c> {
    /// Whether the views at the capture show it, not only lines.
    pub by_state: bool,
    /// When it began.
    pub at: Option<Timestamp>,
    /// Half-width of the uncertainty of `at`.
    pub uncertainty_ms: i64,
    /// What `at` rests on.
    pub basis: &'static str,
    /// Whether it is over.
    pub over: bool,
    /// When it was over, where a line says so.
    pub returned: Option<Timestamp>,
    /// The lines about the leaving, by time.
    pub lines: Vec<&'c Moment>,
    /// How often within minutes.
    pub times: usize,
}

/// What happened to a cluster.
#[derive(Debug, Default)]
pub(super) struct Events<'c> {
    /// By time, then node.
    pub losses: Vec<Loss<'c>>,
    /// By time.
    pub splits: Vec<Split<'c>>,
    /// Who lost whom at the capture though others still see both: a host and a node.
    pub only: Vec<(usize, usize)>,
}

/// The losses and splits that the views and lines of `membership` tell of.
pub(super) fn events<'c>(case: &'c Case, membership: &'c Membership) -> Events<'c> {
    let nodes = 0..membership.nodes.len();
    let witnesses: BTreeSet<usize> = nodes.filter(|&node| membership.nodes[node].witness).collect();
    let state = State::of(case, membership, &witnesses);
    let breaks = breaks(case, membership);
    let reader = Reader { case, membership, witnesses, state, breaks };
    let mut events = reader.by_state();
    reader.by_lines(&mut events);
    events.losses.sort_by_key(|loss| (loss.span.at, loss.node));
    events.splits.sort_by_key(|split| split.span.at);
    events
}

/// vCenter loses a host within so many seconds of its leaving the vSAN membership.
const WITH_VCENTER: i64 = 900;

impl Loss<'_> {
    /// The host's id; without a bundle the name that lists give it, else that of the one host which vCenter lost at the
    /// same time and which is no other of the cluster, else its UUID.
    pub(super) fn name(&self, case: &Case) -> String {
        let node = &self.membership.nodes[self.node];
        let known = node.name.clone().or_else(|| self.name_by_vcenter(case));
        known.unwrap_or_else(|| node.label().to_owned())
    }

    fn name_by_vcenter(&self, case: &Case) -> Option<String> {
        let at = self.span.at?;
        let lost = |moment: &&Moment| {
            let kind = moment.event.kind;
            (kind == EventKind::HOST_NOT_RESPONDING || kind == EventKind::HOST_DISCONNECTED)
                && moment.time.since(at).abs() <= WITH_VCENTER * 1_000_000
        };
        // A host whose bundle does not tell its node may be this one.
        let has_node = |name: &&str| {
            let by_bundle = case.position(name).is_some_and(|host| case.hosts[host].node_uuid().is_some());
            let named = |node: &Node| node.uuid.is_some() && node.name.as_deref() == Some(*name);
            by_bundle || self.membership.nodes.iter().any(named)
        };
        let names = case.timeline.iter().filter(lost).filter_map(|moment| moment.field("host_name"));
        let names: BTreeSet<&str> = names.filter(|name| !has_node(name)).collect();
        let only = names.first().filter(|_| names.len() == 1)?;
        Some((*only).to_owned())
    }
}

struct Reader<'c> {
    case: &'c Case,
    membership: &'c Membership,
    witnesses: BTreeSet<usize>,
    state: State,
    breaks: Vec<Break<'c>>,
}

/// What sides mean: single nodes that are out, or groups that are.
enum Told {
    Lost(Vec<usize>),
    Split(Vec<Vec<usize>>),
}

impl<'c> Reader<'c> {
    fn by_state(&self) -> Events<'c> {
        let mut events = Events::default();
        match self.classify(&self.state.sides, self.state.rows.len(), None) {
            Told::Split(groups) => events.splits.push(self.split_by_state(groups)),
            Told::Lost(mut lost) => {
                lost.extend(self.lone());
                lost.sort_unstable();
                lost.dedup();
                events.losses.extend(lost.into_iter().map(|node| self.loss_by_state(node)));
            }
        }
        let host = |node: usize| self.membership.nodes[node].host;
        events.only = self.state.sides.only.iter().filter_map(|&(by, of)| Some((host(by)?, of))).collect();
        events
    }

    /// Nodes that count only themselves and know that there are others, where no view tells of these.
    fn lone(&self) -> Vec<usize> {
        let is_lone = |node: &usize| {
            self.state.sides.groups.len() == 1
                && self.state.is_lone(self.case, self.membership, *node)
                && self.membership.nodes[*node].host.is_some_and(|host| knows_others(self.case, host))
        };
        self.state.rows.iter().map(|row| row.by).filter(is_lone).collect()
    }

    /// Single nodes that are out, unless groups of several hosts are. `span` is that of a break.
    fn classify(&self, sides: &Sides, rows: usize, span: Option<(Timestamp, Timestamp)>) -> Told {
        let hosts = |group: &[usize]| group.iter().filter(|node| !self.witnesses.contains(node)).count();
        let all_single = sides.groups.iter().all(|group| group.len() == 1);
        // Hosts that went down at the same time are no group: each was lost by itself. Nobody goes on where all do.
        let is_down = |place: usize, node: usize| {
            (place > 0 || all_single) && span.is_some_and(|span| self.went_down(node, span))
        };
        let (mut groups, mut down): (Vec<Vec<usize>>, Vec<usize>) = (Vec::new(), Vec::new());
        for (place, group) in sides.groups.iter().enumerate() {
            let (gone, rest): (Vec<usize>, Vec<usize>) =
                group.iter().partition(|&&node| is_down(place, node));
            down.extend(gone);
            groups.extend(Some(rest).filter(|rest| !rest.is_empty()));
        }
        let all_alone = rows > 1 && groups.len() > 1 && groups.iter().all(|group| group.len() == 1);
        if all_alone || groups.iter().skip(1).any(|group| hosts(group) > 1) {
            groups.extend(down.into_iter().map(|node| vec![node]));
            return Told::Split(groups);
        }
        // A witness that stayed with a lost host is not lost itself.
        let lost = |group: Vec<usize>| {
            let node = group.iter().copied().find(|node| !self.witnesses.contains(node));
            node.or(group.first().copied())
        };
        down.extend(groups.into_iter().skip(1).filter_map(lost));
        Told::Lost(down)
    }

    /// Whether the host of `node` stopped within minutes of a break.
    fn went_down(&self, node: usize, (first, last): (Timestamp, Timestamp)) -> bool {
        let host = self.membership.nodes[node].host;
        let near = |down: Timestamp| {
            down >= first.plus_seconds(-2 * ONE_EVENT) && down <= last.plus_seconds(ONE_EVENT)
        };
        self.case.stops.iter().any(|stop| Some(stop.host) == host && stop.down.is_some_and(near))
    }

    /// Whether somebody took the node out of the cluster: its host has no vSAN, and no list of the others has it.
    fn is_removed(&self, node: usize) -> bool {
        let host = self.membership.nodes[node].host.map(|host| &self.case.hosts[host]);
        let is_listed = self.membership.column(node).any(|(_, said)| said.listed == Some(true));
        host.is_some_and(|host| host.vsan_disabled) && !is_listed
    }

    fn sides_of(&self, event: &Break<'_>) -> (Sides, usize) {
        let rows = event.rows(self.membership);
        let nodes = (0..self.membership.nodes.len()).collect();
        let ground = Ground { nodes, witnesses: &self.witnesses, rows: &rows, is_state: false };
        (ground.sides(), rows.len())
    }

    fn by_lines(&self, events: &mut Events<'c>) {
        for event in &self.breaks {
            let (sides, rows) = self.sides_of(event);
            let lines = lines_of(event);
            match self.classify(&sides, rows, event.span()) {
                Told::Split(groups) => {
                    let known = |split: &Split<'_>| tells(&split.span, &lines);
                    if !events.splits.iter().any(known) {
                        events.splits.extend(self.split_by_lines(groups, event));
                    }
                }
                Told::Lost(lost) => {
                    let known = |node: &usize| {
                        events.losses.iter().any(|loss| loss.node == *node && tells(&loss.span, &lines))
                            || events.splits.iter().any(|split| tells(&split.span, &lines))
                    };
                    let is_removed = |node: &usize| self.is_removed(*node);
                    let new: Vec<usize> =
                        lost.into_iter().filter(|node| !known(node) && !is_removed(node)).collect();
                    events.losses.extend(new.into_iter().map(|node| self.loss_by_lines(node, event)));
                }
            }
        }
    }

    fn loss_by_state(&self, node: usize) -> Loss<'c> {
        let membership = self.membership;
        let own = membership.nodes[node].host;
        let about = |absence: &&Absence<'_>| absence.node == node || Some(absence.by) == own;
        // The last event that the node had a part in is this one, if nobody says that it was over.
        let last =
            self.breaks.iter().rev().find(|event| event.absences.iter().any(|absence| about(&absence)));
        let open = last.filter(|event| event.absences.iter().filter(about).any(|absence| !absence.is_over()));
        let mut loss = self.loss(node, open);
        loss.span.by_state = true;
        loss
    }

    fn loss_by_lines(&self, node: usize, event: &Break<'c>) -> Loss<'c> {
        let mut loss = self.loss(node, Some(event));
        let latest = latest(event, |absence| absence.node == node);
        let own = self.membership.nodes[node].host;
        let told =
            if latest.is_empty() { self::latest(event, |absence| Some(absence.by) == own) } else { latest };
        loss.span.returned = told.iter().filter_map(|absence| absence.joined).map(|line| line.time).min();
        let back = loss.span.at.is_some_and(|at| self.state.shows_back(node, at));
        loss.span.over = back || told.iter().any(|absence| absence.is_over());
        // A host that counts only itself shows by its view what its lines tell.
        loss.span.by_state = !loss.span.over && self.state.is_lone(self.case, self.membership, node);
        loss
    }

    /// The loss of `node` as the views, and the lines of `event`, tell it.
    fn loss(&self, node: usize, event: Option<&Break<'c>>) -> Loss<'c> {
        let membership = self.membership;
        let host = membership.nodes[node].host;
        let absences = event.map(|event| latest(event, |absence| absence.node == node)).unwrap_or_default();
        let last = absences.iter().map(|absence| absence.at()).max();
        // A host whose log lost the line about an earlier return would date the loss too early.
        let is_near = |absence: &&&Absence<'_>| {
            last.is_some_and(|last| last.since(absence.at()) <= ONE_EVENT * 1_000_000)
        };
        let near: Vec<&Absence<'c>> = absences.iter().filter(is_near).copied().collect();
        let mut lines: Vec<&'c Moment> =
            near.iter().flat_map(|absence| absence.lines.iter().copied()).collect();
        let mut observers: Vec<(usize, Timestamp)> =
            near.iter().map(|absence| (absence.by, absence.at())).collect();
        observers.sort_by_key(|(host, at)| (*at, *host));
        let own: Vec<&Absence<'c>> =
            event.map(|event| latest(event, |absence| Some(absence.by) == host)).unwrap_or_default();
        if lines.is_empty() {
            lines.extend(own.iter().filter_map(|absence| absence.lines.first()));
        }
        lines.sort_by_key(|line| (line.time, line.host));
        let lacks = |row: &usize| {
            let stays = membership.node_of(*row).is_some_and(|of| self.state.sides.main().contains(&of));
            stays && membership.says(*row, node).is_some_and(|said| said.counted == Some(false))
        };
        let observers_by_state: Vec<usize> = membership.rows.iter().copied().filter(lacks).collect();
        let times = event.map_or(1, |event| times(event, node));
        let mut span = Span { lines, times, ..Span::default() };
        self.date(
            &mut span,
            &observers,
            &observers_by_state,
            (host, own.first().map(|absence| absence.at())),
        );
        let own_side =
            !own.is_empty() || self.state.rows.iter().any(|row| row.by == node && !row.gone.is_empty());
        let mates = self.mates(node, event);
        Loss { membership, node, host, mates, span, observers, observers_by_state, own_side }
    }

    /// The hosts that went on without `node`.
    fn mates(&self, node: usize, event: Option<&Break<'c>>) -> Vec<usize> {
        let sides = match event {
            Some(event) => self.sides_of(event).0,
            None => Sides { groups: self.state.sides.groups.clone(), only: Vec::new() },
        };
        let main = if sides.main().contains(&node) { &[] } else { sides.main() };
        let mut mates: Vec<usize> =
            main.iter().filter_map(|&mate| self.membership.nodes[mate].host).collect();
        mates.sort_unstable();
        mates
    }

    /// When it was lost: by the lines of others, else by its own, else by the views.
    fn date(
        &self,
        span: &mut Span<'c>,
        observers: &[(usize, Timestamp)],
        by_state: &[usize],
        (host, own): (Option<usize>, Option<Timestamp>),
    ) {
        let mut times: Vec<Timestamp> = observers.iter().map(|(_, at)| *at).collect();
        times.sort_unstable();
        if let (Some(&first), Some(&last)) = (times.first(), times.last()) {
            span.at = Some(middle(&times));
            span.uncertainty_ms = (last.since(first) / 1000).clamp(1000, ONE_EVENT * 1000);
            span.basis = "log lines of the hosts that saw the node leave";
            return;
        }
        if let Some(at) = host.and_then(|host| fell_back(self.case, host, own)).or(own) {
            span.at = Some(at);
            span.uncertainty_ms = 5_000;
            span.basis = "the lost host's own log";
            return;
        }
        // The lone host formed its view when it was cut off; a view of the others can be older than that, as members
        // come and go inside one.
        let own_view = host.and_then(|host| formed_at(&self.case.hosts[host]));
        let others = by_state.iter().filter_map(|&host| formed_at(&self.case.hosts[host])).max();
        if let Some(at) = own_view.or(others) {
            span.at = Some(at);
            span.uncertainty_ms = 60_000;
            span.basis = "inferred from the membership UUID, which begins with the time the view was formed";
        }
    }

    fn split_by_state(&self, groups: Vec<Vec<usize>>) -> Split<'c> {
        let crosses = |absence: &&Absence<'_>| self.crosses(&groups, absence);
        let last =
            self.breaks.iter().rev().find(|event| event.absences.iter().any(|absence| crosses(&absence)));
        let open =
            last.filter(|event| event.absences.iter().filter(crosses).any(|absence| !absence.is_over()));
        let mut split = self.split(groups, open);
        split.span.by_state = true;
        split.observers.extend(self.state.rows.iter().filter_map(|row| self.membership.nodes[row.by].host));
        split.observers.sort_unstable();
        split.observers.dedup();
        if split.span.at.is_none() {
            // Each side formed its view when it lost the other, the last one when the split was complete.
            let hosts = split.observers.iter().map(|&host| &self.case.hosts[host]);
            split.span.at = hosts.filter_map(formed_at).max();
            split.span.uncertainty_ms = 60_000;
            split.span.basis =
                "inferred from the membership UUID, which begins with the time the view was formed";
        }
        split
    }

    fn split_by_lines(&self, groups: Vec<Vec<usize>>, event: &Break<'c>) -> Option<Split<'c>> {
        let split = self.split(groups, Some(event));
        let crossing = latest(event, |absence| self.crosses(&split.groups, absence));
        let over = crossing.iter().filter(|absence| absence.is_over()).count() * 2 > crossing.len();
        let at = split.span.at?;
        let back = split.groups.iter().skip(1).flatten().all(|&node| self.state.shows_back(node, at));
        let returned = crossing.iter().filter_map(|absence| absence.joined).map(|line| line.time).min();
        let span = Span { over: over || back, returned, ..split.span };
        Some(Split { span, ..split })
    }

    fn split(&self, groups: Vec<Vec<usize>>, event: Option<&Break<'c>>) -> Split<'c> {
        let crossing =
            event.map(|event| latest(event, |absence| self.crosses(&groups, absence))).unwrap_or_default();
        let mut times: Vec<Timestamp> = crossing.iter().map(|absence| absence.at()).collect();
        times.sort_unstable();
        let mut lines: Vec<&'c Moment> =
            crossing.iter().filter_map(|absence| absence.lines.first().copied()).collect();
        lines.sort_by_key(|line| (line.time, line.host));
        let mut observers: Vec<usize> = crossing.iter().map(|absence| absence.by).collect();
        observers.sort_unstable();
        observers.dedup();
        let mut span = Span { lines, times: 1, ..Span::default() };
        if let (Some(first), Some(last)) = (times.first(), times.last()) {
            span.at = Some(middle(&times));
            span.uncertainty_ms = (last.since(*first) / 1000).clamp(1000, ONE_EVENT * 1000);
            span.basis = "log lines of the hosts that saw nodes leave";
        }
        Split { membership: self.membership, groups, span, observers }
    }

    /// Whether an absence is of a node of another group than its witness.
    fn crosses(&self, groups: &[Vec<usize>], absence: &Absence<'_>) -> bool {
        let group = |node: usize| groups.iter().position(|group| group.contains(&node));
        let by = self.membership.node_of(absence.by).and_then(group);
        by.is_some() && group(absence.node).is_some() && by != group(absence.node)
    }
}

/// The lines of an event, told apart by where they are kept.
fn lines_of(event: &Break<'_>) -> BTreeSet<*const Moment> {
    event.absences.iter().flat_map(|absence| &absence.lines).map(|line| std::ptr::from_ref(*line)).collect()
}

/// Whether a span has one of `lines`.
fn tells(span: &Span<'_>, lines: &BTreeSet<*const Moment>) -> bool {
    span.lines.iter().any(|line| lines.contains(&std::ptr::from_ref(*line)))
}

/// Of the absences that `wanted` picks the last one of each witness and node, in the order of these.
fn latest<'e, 'c>(event: &'e Break<'c>, wanted: impl Fn(&Absence<'c>) -> bool) -> Vec<&'e Absence<'c>> {
    let wanted = event.absences.iter().filter(|absence| wanted(absence));
    let last: BTreeMap<(usize, usize), &Absence<'c>> =
        wanted.map(|absence| ((absence.by, absence.node), absence)).collect();
    last.into_values().collect()
}

/// How often `node` left within one event, by the witness that saw it most often.
fn times(event: &Break<'_>, node: usize) -> usize {
    let mut by: BTreeMap<usize, usize> = BTreeMap::new();
    for absence in event.absences.iter().filter(|absence| absence.node == node) {
        *by.entry(absence.by).or_default() += 1;
    }
    by.into_values().max().unwrap_or(1)
}

/// One removal is seen within a second or two, and its first line dates it; more than that is a clock that is wrong, and
/// the middle is best.
fn middle(sorted: &[Timestamp]) -> Timestamp {
    let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
    let is_skewed = sorted.len() > 2 && last.since(first) > 5_000_000;
    if is_skewed { sorted[sorted.len() / 2] } else { first }
}

/// When the host last fell back from its role, or left by itself; near `own`, where its log says that others left.
fn fell_back(case: &Case, host: usize, own: Option<Timestamp>) -> Option<Timestamp> {
    let falls = |moment: &&Moment| {
        let discovery = moment.field("to").is_some_and(|to| to.eq_ignore_ascii_case("discovery"));
        let kind = moment.event.kind;
        let near = own.is_none_or(|own| moment.time.since(own).abs() <= ONE_EVENT * 1_000_000);
        moment.host == host
            && near
            && (kind == EventKind::VSAN_ROLE_CHANGE && discovery
                || moment.event.rule == "cmmds.left-by-itself")
    };
    case.timeline.iter().rfind(falls).map(|moment| moment.time)
}
