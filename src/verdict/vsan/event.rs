//! Losses and splits of one cluster: what views and lines tell, joined and dated.

use std::collections::BTreeSet;

use super::reader::Reader;
use super::run;
use super::skew::vcenter_of;
use crate::case::{Case, Membership, Moment, Node, same_name};
use crate::model::Timestamp;
use crate::verdict::near;

/// A node that was, or is, out of the membership.
#[derive(Debug)]
pub(in crate::verdict) struct Loss<'c> {
    pub membership: &'c Membership,
    /// An index into the membership's nodes.
    pub node: usize,
    /// Its host, where its bundle is here.
    pub host: Option<usize>,
    /// The hosts that went on without it, with a bundle here.
    pub mates: Vec<usize>,
    /// The nodes that belong to the cluster, this one among them.
    pub expected: BTreeSet<usize>,
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
pub(in crate::verdict) struct Split<'c> {
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
pub(in crate::verdict) struct Span<'c> {
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
pub(in crate::verdict) struct Events<'c> {
    /// By time, then node.
    pub losses: Vec<Loss<'c>>,
    /// By time.
    pub splits: Vec<Split<'c>>,
    /// Who lost whom at the capture though others still see both: a host and a node.
    pub only: Vec<(usize, usize)>,
}

/// The losses and splits that the views and lines of `membership` tell of.
pub(in crate::verdict) fn events<'c>(case: &'c Case, membership: &'c Membership) -> Events<'c> {
    let mut events = Reader::new(case, membership).read();
    events.losses = run::of_losses(events.losses);
    events.splits = run::of_splits(events.splits);
    events.losses.sort_by_key(|loss| (loss.span.at, loss.node));
    events.splits.sort_by_key(|split| split.span.at);
    events
}

/// vCenter loses a host within so many seconds of its leaving the vSAN membership.
const WITH_VCENTER: i64 = 900;

impl Loss<'_> {
    /// The host's id; without a bundle the name that lists give it, else that of the one host which vCenter lost at the
    /// same time and which is no other of the cluster, else its UUID.
    pub(in crate::verdict) fn name(&self, case: &Case) -> String {
        let node = &self.membership.nodes[self.node];
        let known = node.name.clone().or_else(|| self.name_by_vcenter(case));
        known.unwrap_or_else(|| node.label().to_owned())
    }

    /// The only host that vCenter names beside those whose node is known, if it lost that one at the same time.
    fn name_by_vcenter(&self, case: &Case) -> Option<String> {
        let at = self.span.at?;
        let (vcenter, _) = vcenter_of(case, self.membership, None)?;
        // A host whose bundle does not tell its node may be this one.
        let has_node = |name: &str| {
            let by_bundle = case.host_called(name).is_some_and(|host| case.hosts[host].node_uuid().is_some());
            let named = |node: &Node| {
                node.uuid.is_some() && node.name.as_deref().is_some_and(|own| same_name(own, name))
            };
            by_bundle || self.membership.nodes.iter().any(named)
        };
        let mut strangers = case.names.named_by(vcenter).into_iter().filter(|name| !has_node(name));
        let only = strangers.next().filter(|_| strangers.next().is_none())?;
        let lost = |moment: &&Moment| {
            moment.host == vcenter
                && moment.is_lost_connection()
                && moment.field("host_name").is_some_and(|name| same_name(name, only))
        };
        let told = near(case, at, (WITH_VCENTER, WITH_VCENTER)).iter().find(lost)?;
        told.field("host_name").map(str::to_owned)
    }
}
