//! What the witnesses of a cluster say together: the four answers that are so often taken for each other.

use super::event::{self, Loss, Span};
use crate::case::{Case, Membership, Moment, Said};
use crate::model::Timestamp;

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
    for node in 0..membership.nodes.len() {
        answers.extend(only_vcenter(case, membership, node, &answers));
    }
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
    let rest = (0..membership.nodes.len()).filter(|&node| node != loss.node).collect();
    answer(kind, vec![rest, vec![loss.node]], by, &loss.span)
}

/// The last time that vCenter alone lost `node`: its peers still count it, or it did not leave in their logs then.
fn only_vcenter(case: &Case, membership: &Membership, node: usize, known: &[Answer]) -> Option<Answer> {
    let mut last: Option<(usize, &Moment, Option<Timestamp>)> = None;
    for (row, told) in membership.column(node) {
        for (said, moment) in told.lines.iter().filter_map(|line| Some((line.0, case.timeline.get(line.1)?)))
        {
            match said {
                Said::NotResponding | Said::Disconnected
                    if last.is_none_or(|(_, _, back)| back.is_some()) =>
                {
                    last = Some((row, moment, None));
                }
                Said::Reconnected => {
                    last = last.map(|(row, lost, back)| (row, lost, back.or(Some(moment.time))))
                }
                _ => {}
            }
        }
    }
    let (vcenter, lost, until) = last?;
    let near = |at: Timestamp| lost.time.since(at).abs() <= WITH_A_LOSS * 1_000_000;
    let is_told = known.iter().any(|answer| {
        let about = answer.groups.iter().skip(1).any(|group| group.contains(&node));
        about && answer.at.is_none_or(near)
    });
    let host = membership.nodes[node].host;
    let went_down = case
        .stops
        .iter()
        .any(|stop| Some(stop.host) == host && (stop.down.is_some_and(near) || stop.up.is_some_and(near)));
    let is_counted = membership.column(node).any(|(_, said)| said.counted == Some(true));
    if is_told || went_down || !is_counted {
        return None;
    }
    let rest = (0..membership.nodes.len()).filter(|&other| other != node).collect();
    Some(Answer {
        kind: AnswerKind::OnlyVcenter,
        groups: vec![rest, vec![node]],
        by: vec![vcenter],
        at: Some(lost.time),
        until,
        over: until.is_some(),
    })
}
