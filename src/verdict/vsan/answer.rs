//! What the witnesses of a cluster say together: the four answers that are so often taken for each other.

use std::collections::BTreeMap;

use super::event::{self, Loss, Span};
use crate::case::{Case, Episode, Membership};
use crate::model::Timestamp;
use crate::verdict::disconnected::episodes;

/// One answer to "who lost whom?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which.
    pub kind: AnswerKind,
    /// The groups that do not see each other, the one that went on first: indices into the membership's nodes. Of
    /// `OnlySome` and `OnlyVcenter` the last group is the node that is spoken of.
    pub groups: Vec<Vec<usize>>,
    /// Who says so: indices into the case's hosts, ascending.
    pub by: Vec<usize>,
    /// When it began.
    pub at: Option<Timestamp>,
    /// When it was over; `None` where it was not, or nothing tells.
    pub until: Option<Timestamp>,
    /// Whether it is over: members are together again at the capture, or lines say so.
    pub over: bool,
}

/// The kinds of answers.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerKind {
    /// The cluster lost one node.
    Lost,
    /// One node lost everyone: its own side is here too, and says so.
    Isolated,
    /// The cluster split into groups.
    Split,
    /// Only some hosts lost a node that others still see.
    OnlySome,
    /// Only vCenter lost a node, which the other hosts still see.
    OnlyVcenter,
}

impl AnswerKind {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            AnswerKind::Lost => "lost",
            AnswerKind::Isolated => "isolated",
            AnswerKind::Split => "split",
            AnswerKind::OnlySome => "only-some",
            AnswerKind::OnlyVcenter => "only-vcenter",
        }
    }
}

/// vCenter notices a loss of the vSAN network within this many seconds, if it notices it at all.
const WITH_A_LOSS: i64 = 900;

/// The answers for one cluster, in the order of time; none where every node saw every other one.
pub fn answers(case: &Case, membership: &Membership) -> Vec<Answer> {
    let events = event::events(case, membership);
    let mut answers: Vec<Answer> = Vec::new();
    for split in &events.splits {
        let by = split.observers.clone();
        answers.push(answer(AnswerKind::Split, split.groups.clone(), by, &split.span));
    }
    answers.extend(events.losses.iter().map(|loss| of_loss(membership, loss)));
    let mut only: Vec<usize> = events.only.iter().map(|(_, node)| *node).collect();
    only.sort_unstable();
    only.dedup();
    for node in only {
        let mut by: Vec<usize> =
            events.only.iter().filter(|(_, of)| *of == node).map(|(by, _)| *by).collect();
        by.sort_unstable();
        let speakers = by.iter().filter_map(|&host| membership.node_of(host)).collect();
        let span = Span { by_state: true, ..Span::default() };
        answers.push(answer(AnswerKind::OnlySome, vec![speakers, vec![node]], by, &span));
    }
    answers.extend(only_vcenter(case, membership, &answers));
    answers.sort_by(|a, b| (a.at, a.kind, &a.groups).cmp(&(b.at, b.kind, &b.groups)));
    answers
}

fn answer(kind: AnswerKind, groups: Vec<Vec<usize>>, by: Vec<usize>, span: &Span<'_>) -> Answer {
    Answer { kind, groups, by, at: span.at, until: span.returned, over: span.over }
}

fn of_loss(membership: &Membership, loss: &Loss<'_>) -> Answer {
    let kind = if loss.own_side { AnswerKind::Isolated } else { AnswerKind::Lost };
    let mut by: Vec<usize> = loss.observers.iter().map(|(host, _)| *host).collect();
    by.extend(&loss.observers_by_state);
    by.extend(loss.host.filter(|_| loss.own_side));
    by.sort_unstable();
    by.dedup();
    answer(kind, vec![all_but(membership, loss.node), vec![loss.node]], by, &loss.span)
}

/// The last time that vCenter alone lost each node which its peers still count.
fn only_vcenter(case: &Case, membership: &Membership, known: &[Answer]) -> Vec<Answer> {
    let mut last: BTreeMap<usize, Episode<'_>> = BTreeMap::new();
    for episode in episodes(case) {
        if let Some(node) = node_of(membership, &episode) {
            last.insert(node, episode);
        }
    }
    let is_own = |(node, episode): &(usize, Episode<'_>)| {
        membership.column(*node).any(|(_, said)| said.counted == Some(true))
            && !is_told(known, *node, episode.lost_at)
            && !went_down(case, episode)
    };
    let answer = |(node, episode): (usize, Episode<'_>)| Answer {
        kind: AnswerKind::OnlyVcenter,
        groups: vec![all_but(membership, node), vec![node]],
        by: vec![episode.vcenter],
        at: Some(episode.lost_at),
        until: episode.back_at(),
        over: episode.back.is_some(),
    };
    last.into_iter().filter(is_own).map(answer).collect()
}

fn node_of(membership: &Membership, episode: &Episode<'_>) -> Option<usize> {
    let named = || membership.nodes.iter().position(|node| episode.is_called(node.label()));
    episode.host.and_then(|host| membership.node_of(host)).or_else(named)
}

/// Whether `node` was out of the membership at `at`, or shortly before or after.
fn is_told(known: &[Answer], node: usize, at: Timestamp) -> bool {
    known.iter().any(|answer| {
        let about = answer.groups.iter().skip(1).any(|group| group.contains(&node));
        let begins = answer.at.is_none_or(|begin| at >= begin.plus_seconds(-WITH_A_LOSS));
        // What is over at a time that nobody tells was over soon.
        let end = answer.until.or(answer.at).filter(|_| answer.over);
        let ends = end.is_none_or(|end| at <= end.plus_seconds(WITH_A_LOSS));
        about && begins && ends
    })
}

fn went_down(case: &Case, episode: &Episode<'_>) -> bool {
    let near = |at: Timestamp| episode.lost_at.since(at).abs() <= WITH_A_LOSS * 1_000_000;
    let mut own = case.stops.iter().filter(|stop| Some(stop.host) == episode.host);
    own.any(|stop| stop.down.is_some_and(near) || stop.up.is_some_and(near))
}

fn all_but(membership: &Membership, node: usize) -> Vec<usize> {
    (0..membership.nodes.len()).filter(|&other| other != node).collect()
}
