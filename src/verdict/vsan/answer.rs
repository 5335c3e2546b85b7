//! What the witnesses of a cluster say together: the four answers that are so often taken for each other.

use crate::case::{Case, Membership};
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

/// The answers for one cluster, in the order of time; none where every node saw every other one.
pub fn answers(case: &Case, membership: &Membership) -> Vec<Answer> {
    let _ = (case, membership);
    Vec::new()
}
