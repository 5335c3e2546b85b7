//! Reads the events of a cluster out of its views and the breaks that its lines tell of.

use std::collections::{BTreeMap, BTreeSet};

use super::breaks::{Absence, Break, ONE_EVENT, breaks, is_kernel};
use super::event::{Events, Loss, Span, Split};
use super::sides::{Ground, Row, Sides};
use super::skew::vcenter_of;
use super::state::{State, formed_at, knows_others};
use crate::case::{Case, Membership, Moment, Said};
use crate::model::{EventKind, Timestamp};
use crate::verdict::near;

/// One host sees the nodes of a side leave within this many seconds of each other.
const TOGETHER: i64 = 60;

/// Who misses a node that left does so within this many seconds.
const MISSED: i64 = 900;

/// What `at` rests on where only a membership UUID tells it.
const BY_UUID: &str = "inferred from the membership UUID, which begins with the time the view was formed";

pub(super) struct Reader<'c> {
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
    pub(super) fn new(case: &'c Case, membership: &'c Membership) -> Self {
        let nodes = 0..membership.nodes.len();
        let witnesses: BTreeSet<usize> = nodes.filter(|&node| membership.nodes[node].witness).collect();
        let state = State::of(case, membership, &witnesses);
        // Of a node that no view and no list knows any more, only a loss that somebody missed it for is one: others
        // were removed.
        let counts = |node: usize, at: Timestamp| {
            !is_retired(case, membership, node)
                && (state.expects(node) || was_missed(case, membership, node, at))
        };
        let breaks = breaks(case, membership, counts);
        Reader { case, membership, witnesses, state, breaks }
    }

    pub(super) fn read(&self) -> Events<'c> {
        let mut events = self.by_state();
        self.by_lines(&mut events);
        events.losses.retain(|loss| !self.is_strayed(loss.node));
        events
    }

    fn by_state(&self) -> Events<'c> {
        let mut events = Events::default();
        match self.classify(&self.state.sides, &self.state.rows, None) {
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
        let is_counted =
            |node: usize| self.membership.column(node).any(|(_, said)| said.counted == Some(true));
        let is_lone = |node: &usize| {
            self.state.sides.groups.len() == 1
                && !is_counted(*node)
                && self.state.is_lone(self.case, self.membership, *node)
                && self.membership.nodes[*node].host.is_some_and(|host| knows_others(self.case, host))
        };
        self.state.rows.iter().map(|row| row.by).filter(is_lone).collect()
    }

    /// Whether the only host of this cluster is a node of another one: it joined a cluster of its own, and is missed in the
    /// one that it left.
    fn is_strayed(&self, node: usize) -> bool {
        let Some(host) = self.membership.nodes[node].host else { return false };
        let is_only = self.case.clusters[self.membership.cluster].hosts == [host];
        let mut others =
            self.case.memberships.iter().filter(|other| other.cluster != self.membership.cluster);
        is_only && others.any(|other| other.node_of(host).is_some())
    }

    /// Single nodes that are out, unless groups of several hosts are. `span` is that of a break.
    fn classify(&self, sides: &Sides, rows: &[Row], span: Option<(Timestamp, Timestamp)>) -> Told {
        let hosts = |group: &[usize]| group.iter().filter(|node| !self.witnesses.contains(node)).count();
        let all_single = sides.groups.iter().all(|group| group.len() == 1);
        // Hosts that went down at the same time are no group: each was lost by itself. Nobody goes on where all do.
        let is_down = |place: usize, node: usize| {
            (place > 0 || all_single) && span.is_some_and(|span| self.went_down(node, span))
        };
        let (mut groups, mut lost): (Vec<Vec<usize>>, Vec<usize>) = (Vec::new(), Vec::new());
        for (place, group) in sides.groups.iter().enumerate() {
            let (down, rest): (Vec<usize>, Vec<usize>) =
                group.iter().partition(|&&node| is_down(place, node));
            lost.extend(down);
            // Nor are hosts one of which nobody speaks: that they are together is not known.
            let speaks = rest.iter().any(|&node| rows.iter().any(|row| row.by == node));
            if place > 0 && !speaks && hosts(&rest) > 1 {
                lost.extend(rest.into_iter().filter(|node| !self.witnesses.contains(node)));
            } else if !rest.is_empty() {
                groups.push(rest);
            }
        }
        let all_alone = rows.len() > 1 && groups.len() > 1 && groups.iter().all(|group| group.len() == 1);
        if all_alone || groups.iter().skip(1).any(|group| hosts(group) > 1) {
            groups.extend(lost.into_iter().map(|node| vec![node]));
            return Told::Split(groups);
        }
        // A witness that stayed with a lost host is not lost itself.
        let of_group = |group: Vec<usize>| {
            let node = group.iter().copied().find(|node| !self.witnesses.contains(node));
            node.or(group.first().copied())
        };
        lost.extend(groups.into_iter().skip(1).filter_map(of_group));
        Told::Lost(lost)
    }

    /// The groups, that which went on as it is; of others only nodes that left together stay together.
    fn parted_in_time(&self, event: &Break<'c>, groups: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        let mut groups = groups.into_iter();
        let main = groups.next();
        main.into_iter().chain(groups.flat_map(|group| self.parts_of(event, group))).collect()
    }

    /// A group by when its nodes left, on the clock of the one other host that saw most of them leave; of whom that does
    /// not tell stays with the first.
    fn parts_of(&self, event: &Break<'c>, group: Vec<usize>) -> Vec<Vec<usize>> {
        let mut seen: BTreeMap<usize, Vec<(Timestamp, usize)>> = BTreeMap::new();
        for absence in latest(event, |absence| group.contains(&absence.node)) {
            if !self.membership.node_of(absence.by).is_some_and(|by| group.contains(&by)) {
                seen.entry(absence.by).or_default().push((absence.at(), absence.node));
            }
        }
        let best = seen.into_iter().max_by_key(|(by, told)| (told.len(), std::cmp::Reverse(*by)));
        let Some((_, mut told)) = best else { return vec![group] };
        told.sort_unstable();
        let is_together =
            |a: &(Timestamp, usize), b: &(Timestamp, usize)| b.0.since(a.0) <= TOGETHER * 1_000_000;
        let mut parts: Vec<Vec<usize>> =
            told.chunk_by(is_together).map(|part| part.iter().map(|(_, node)| *node).collect()).collect();
        parts[0].extend(group.iter().filter(|node| !told.iter().any(|(_, known)| known == *node)));
        parts.iter_mut().for_each(|part| part.sort_unstable());
        parts
    }

    /// Whether the host of `node` stopped within minutes of a break.
    fn went_down(&self, node: usize, (first, last): (Timestamp, Timestamp)) -> bool {
        let host = self.membership.nodes[node].host;
        let near = |down: Timestamp| {
            down >= first.plus_seconds(-2 * ONE_EVENT) && down <= last.plus_seconds(ONE_EVENT)
        };
        self.case.stops.iter().any(|stop| Some(stop.host) == host && stop.down.is_some_and(near))
    }

    fn sides_of(&self, event: &Break<'_>) -> (Sides, Vec<Row>) {
        let rows = event.rows(self.membership);
        let nodes = (0..self.membership.nodes.len()).filter(|&node| self.state.expects(node)).collect();
        let ground = Ground { nodes, witnesses: &self.witnesses, rows: &rows, is_state: false };
        let sides = ground.with_spoken_of().sides();
        (sides, rows)
    }

    fn by_lines(&self, events: &mut Events<'c>) {
        for event in &self.breaks {
            let (mut sides, rows) = self.sides_of(event);
            sides.groups = self.parted_in_time(event, sides.groups);
            let lines = lines_of(event);
            match self.classify(&sides, &rows, event.span()) {
                Told::Split(groups) => {
                    let known = |split: &Split<'_>| tells(&split.span, &lines);
                    // Views say better who is with whom.
                    let mut minor = groups.iter().skip(1).flatten();
                    let are_lost = minor.all(|node| {
                        events.losses.iter().any(|loss| loss.node == *node && loss.span.by_state)
                    });
                    if !events.splits.iter().any(known) && !are_lost {
                        events.splits.extend(self.split_by_lines(groups, event));
                    }
                }
                Told::Lost(lost) => {
                    let known = |node: &usize| {
                        events.losses.iter().any(|loss| loss.node == *node && tells(&loss.span, &lines))
                            || events.splits.iter().any(|split| tells(&split.span, &lines))
                    };
                    let new: Vec<usize> = lost.into_iter().filter(|node| !known(node)).collect();
                    for node in new {
                        add(&mut events.losses, self.loss_by_lines(node, event, &sides));
                    }
                }
            }
        }
    }

    fn loss_by_state(&self, node: usize) -> Loss<'c> {
        // Of the events that nobody says were over, the one that most hosts tell of, of these the last: a clock that is
        // wrong makes an event of its own.
        let witnesses = |event: &Break<'_>| {
            let told: BTreeSet<usize> = event
                .absences
                .iter()
                .filter(|absence| absence.node == node)
                .map(|absence| absence.by)
                .collect();
            told.len()
        };
        let own = self.membership.nodes[node].host;
        let is_open = |event: &&Break<'_>| {
            let about = |absence: &&Absence<'_>| absence.node == node || Some(absence.by) == own;
            event.absences.iter().filter(about).any(|absence| !absence.is_over())
        };
        let open = self.breaks.iter().filter(is_open).max_by_key(|event| (witnesses(event), event.span()));
        let sides = open.map(|event| self.sides_of(event).0);
        let mut loss = self.loss(node, open, sides.as_ref().unwrap_or(&self.state.sides));
        loss.span.by_state = true;
        loss
    }

    fn loss_by_lines(&self, node: usize, event: &Break<'c>, sides: &Sides) -> Loss<'c> {
        let mut loss = self.loss(node, Some(event), sides);
        let own = self.membership.nodes[node].host;
        let near = near_last(event, |absence| absence.node == node);
        let told = if near.is_empty() { near_last(event, |absence| Some(absence.by) == own) } else { near };
        (loss.span.over, loss.span.returned) = is_over(&told, loss.span.at);
        loss.span.over |= loss.span.at.is_some_and(|at| self.state.shows_back(node, at));
        // A host that counts only itself shows by its view what its lines tell.
        loss.span.by_state = !loss.span.over && self.state.is_lone(self.case, self.membership, node);
        loss
    }

    /// The loss of `node` as the views, and the lines of `event`, tell it.
    fn loss(&self, node: usize, event: Option<&Break<'c>>, sides: &Sides) -> Loss<'c> {
        let membership = self.membership;
        let host = membership.nodes[node].host;
        let near = event.map(|event| near_last(event, |absence| absence.node == node)).unwrap_or_default();
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
            (host, own.iter().map(|absence| absence.at()).min()),
        );
        // Who misses one other has lost that one; who misses most has lost the cluster.
        let others = sides.groups.iter().map(Vec::len).sum::<usize>().saturating_sub(1);
        let by_view = self.state.rows.iter().find(|row| row.by == node).map_or(0, |row| row.gone.len());
        let own_side = host.is_some() && own.len().max(by_view) * 2 > others;
        let mates = self.mates(node, sides);
        let mut expected: BTreeSet<usize> =
            (0..membership.nodes.len()).filter(|&node| self.state.expects(node)).collect();
        expected.insert(node);
        Loss { membership, node, host, mates, expected, span, observers, observers_by_state, own_side }
    }

    /// The hosts that went on without `node`.
    fn mates(&self, node: usize, sides: &Sides) -> Vec<usize> {
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
        // clomd follows the kernel by up to minutes, on whatever host.
        let by_kernel = |host: usize| span.lines.iter().any(|line| line.host == host && is_kernel(line));
        let kernel: Vec<Timestamp> =
            observers.iter().filter(|(host, _)| by_kernel(*host)).map(|(_, at)| *at).collect();
        let all = || observers.iter().map(|(_, at)| *at).collect();
        let times: Vec<Timestamp> = if kernel.is_empty() { all() } else { kernel };
        if let (Some(&first), Some(&last)) = (times.first(), times.last()) {
            span.at = Some(middle(&times));
            span.uncertainty_ms = (last.since(first) / 1000).clamp(1000, ONE_EVENT * 1000);
            span.basis = "log lines of the hosts that saw the node leave";
            return;
        }
        // The lone host formed its view when it was cut off; a view of the others can be older than that, as members
        // come and go inside one.
        let own_view = host.and_then(|host| formed_at(&self.case.hosts[host]));
        let fell = host.and_then(|host| fell_back(self.case, host, own));
        // A fall long before the view was formed is that of an earlier boot.
        let is_old = |at: Timestamp| own_view.is_some_and(|formed| formed.since(at) > ONE_EVENT * 1_000_000);
        if let Some(at) = fell.filter(|at| own.is_some() || !is_old(*at)).or(own) {
            span.at = Some(at);
            span.uncertainty_ms = 5_000;
            span.basis = "the lost host's own log";
            return;
        }
        let others = by_state.iter().filter_map(|&host| formed_at(&self.case.hosts[host])).max();
        if let Some(at) = own_view.or(others) {
            (span.at, span.uncertainty_ms, span.basis) = (Some(at), 60_000, BY_UUID);
        }
    }

    fn split_by_state(&self, groups: Vec<Vec<usize>>) -> Split<'c> {
        let is_open = |event: &&Break<'_>| {
            let crosses = |absence: &&Absence<'_>| self.crosses(&groups, absence);
            event.absences.iter().filter(crosses).any(|absence| !absence.is_over())
        };
        let open = self.breaks.iter().rev().find(is_open);
        let mut split = self.split(groups, open);
        split.span.by_state = true;
        split.observers.extend(self.state.rows.iter().filter_map(|row| self.membership.nodes[row.by].host));
        split.observers.sort_unstable();
        split.observers.dedup();
        if split.span.at.is_none() {
            // Each side formed its view when it lost the other, the last one when the split was complete.
            let hosts = split.observers.iter().map(|&host| &self.case.hosts[host]);
            split.span.at = hosts.filter_map(formed_at).max();
            (split.span.uncertainty_ms, split.span.basis) = (60_000, BY_UUID);
        }
        split
    }

    fn split_by_lines(&self, groups: Vec<Vec<usize>>, event: &Break<'c>) -> Option<Split<'c>> {
        let split = self.split(groups, Some(event));
        let crossing = near_last(event, |absence| self.crosses(&split.groups, absence));
        let at = split.span.at?;
        let (over, returned) = is_over(&crossing, Some(at));
        let back = split.groups.iter().skip(1).flatten().all(|&node| self.state.shows_back(node, at));
        let span = Span { over: over || back, returned, ..split.span };
        Some(Split { span, ..split })
    }

    fn split(&self, groups: Vec<Vec<usize>>, event: Option<&Break<'c>>) -> Split<'c> {
        let crossing =
            event.map(|event| near_last(event, |absence| self.crosses(&groups, absence))).unwrap_or_default();
        let mut times: Vec<Timestamp> = crossing.iter().map(|absence| absence.at()).collect();
        times.sort_unstable();
        let mut lines: Vec<&'c Moment> =
            crossing.iter().filter_map(|absence| absence.lines.first().copied()).collect();
        lines.sort_by_key(|line| (line.time, line.host));
        let observers: BTreeSet<usize> = crossing.iter().map(|absence| absence.by).collect();
        let mut span = Span { lines, times: 1, ..Span::default() };
        if let (Some(first), Some(last)) = (times.first(), times.last()) {
            span.at = Some(middle(&times));
            span.uncertainty_ms = (last.since(*first) / 1000).clamp(1000, ONE_EVENT * 1000);
            span.basis = "log lines of the hosts that saw nodes leave";
        }
        Split { membership: self.membership, groups, span, observers: observers.into_iter().collect() }
    }

    /// Whether an absence is of a node of another group than its witness.
    fn crosses(&self, groups: &[Vec<usize>], absence: &Absence<'_>) -> bool {
        let group = |node: usize| groups.iter().position(|group| group.contains(&node));
        let by = self.membership.node_of(absence.by).and_then(group);
        by.is_some() && group(absence.node).is_some() && by != group(absence.node)
    }
}

/// Whether somebody missed a node that left at `at`: vCenter or HA lost it, or a host without a node that is known; where
/// vCenter's bundle is not here, it did not answer its peers.
fn was_missed(case: &Case, membership: &Membership, node: usize, at: Timestamp) -> bool {
    let vcenter = vcenter_of(case, membership, None).map(|(index, _)| index);
    let by_peers = [Said::Dead, Said::Unreachable];
    let by_vcenter = [Said::Dead, Said::NotResponding, Said::Disconnected];
    let missed = if vcenter.is_some() { by_vcenter.as_slice() } else { by_peers.as_slice() };
    let is_near = |line: usize| {
        let time = case.timeline.get(line).map(|moment| moment.time);
        time.is_some_and(|time| time.since(at).abs() <= MISSED * 1_000_000)
    };
    let told = membership.column(node).flat_map(|(_, told)| &told.lines);
    let is_missed = told.into_iter().any(|line| missed.contains(&line.0) && is_near(line.1));
    let is_named = membership.nodes[node].name.is_some();
    let stranger = |moment: &Moment| {
        Some(moment.host) == vcenter
            && moment.is_lost_connection()
            && moment.field("host_name").is_some_and(|name| {
                !membership.nodes.iter().any(|node| node.uuid.is_some() && node.name.as_deref() == Some(name))
            })
    };
    is_missed || (!is_named && near(case, at, (MISSED, MISSED)).iter().any(stranger))
}

/// Whether vSAN is off on the host of `node`, or it is among others in another cluster, and no list has it: whoever did
/// that took it out.
fn is_retired(case: &Case, membership: &Membership, node: usize) -> bool {
    let host = membership.nodes[node].host;
    let has_moved = |host: usize| {
        let cluster = &case.clusters[membership.cluster];
        let has_mates = case.hosts[host].whole_view().is_some_and(|view| view.members.len() > 1);
        !cluster.hosts.contains(&host) && has_mates
    };
    let is_off = host.is_some_and(|host| case.hosts[host].vsan_disabled || has_moved(host));
    is_off && !membership.column(node).any(|(_, said)| said.listed == Some(true))
}

/// Adds a loss. One that lasts is one, whatever clocks make of it: that which most hosts saw.
fn add<'c>(losses: &mut Vec<Loss<'c>>, loss: Loss<'c>) {
    let lasting = losses.iter_mut().find(|known| known.node == loss.node && !known.span.over);
    match lasting.filter(|_| !loss.span.over) {
        Some(known) if !known.span.by_state && loss.observers.len() > known.observers.len() => *known = loss,
        Some(_) => {}
        None => losses.push(loss),
    }
}

/// Whether an absence is over by the witnesses of its end, and when: a return counts unless somebody saw the node leave
/// after it.
fn is_over(told: &[&Absence<'_>], at: Option<Timestamp>) -> (bool, Option<Timestamp>) {
    let returns = || told.iter().filter_map(|absence| absence.joined).map(|line| line.time);
    let left_last = told.iter().filter(|absence| !absence.is_over()).map(|absence| absence.at()).max();
    let returned = returns().filter(|back| at.is_none_or(|at| *back >= at)).min();
    let refuted = left_last.is_some_and(|left| returns().max().is_none_or(|back| back < left));
    let over = !refuted && told.iter().any(|absence| absence.is_over());
    (over, returned.filter(|_| over))
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

/// The same, without those of a host whose log lost the line about an earlier return: it would date the loss too early.
fn near_last<'e, 'c>(event: &'e Break<'c>, wanted: impl Fn(&Absence<'c>) -> bool) -> Vec<&'e Absence<'c>> {
    let mut all = latest(event, wanted);
    if let Some(last) = all.iter().map(|absence| absence.at()).max() {
        all.retain(|absence| last.since(absence.at()) <= ONE_EVENT * 1_000_000);
    }
    all
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
