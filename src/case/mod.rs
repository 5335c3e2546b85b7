//! Digests become one case: who is who, which hosts belong together, what happened in which order.
//!
//! Nothing is judged here, and no log is needed any more. Hosts are ordered by name, and ids are unique.

mod absent;
mod capture;
mod card;
mod clock;
mod cluster;
mod coverage;
mod episode;
mod features;
mod host;
mod identity;
mod join;
mod membership;
mod migration;
mod names;
mod node;
pub mod operation;
mod setup;
mod span;
mod stop;
mod timeline;
mod vm;

use crate::bundle::tree;
use crate::digest::{Digest, LogCount, LogCoverage};
use crate::format;
use crate::model::{HostKind, Source, Timestamp};
use crate::rule::Follow;

pub use capture::{Capture, Change, changes};
pub use card::Card;
pub use clock::{Basis, Clock, ClockLine, ClockStep, Comparison, Reference, millis};
pub use cluster::{Cluster, ClusterBasis};
pub use coverage::{Gap, GapCause};
pub use episode::Episode;
pub use host::{Cpu, FeatureState, Host, IGNORE_MEMBER_LIST, Seen, Sourced, same_name};
pub use identity::Identity;
pub use membership::{Membership, Node, Said, Testimony};
pub use migration::{End, Evacuation, Migration, Outcome, Phase, Reached, Reason, Side, Step, status_of};
pub use names::Names;
pub use setup::{
    ByName, DirectoryCount, DirectoryNode, MicrocodeSetup, NetworkSetup, NtpSetup, Setup, Vib, VmSetup,
    VmsSetup, VsanSetup,
};
pub use span::{Span, SpanKind};
pub use stop::{How, Stop};
pub use timeline::{Maintenance, Moment};
pub use vm::{MADE, Vm, VmCpuSettings};

/// A member's path inside its bundle, `var/run/log/hostd.log`; of a bundle itself the file it lies in.
pub fn inside(path: &str) -> String {
    let own = path.rsplit('!').next().unwrap_or(path);
    tree::split(own).map_or_else(|| own.to_owned(), |(_, tree)| tree)
}

/// The family of the log at a member's path, `hostd`; `None` where it is no log that is read.
pub fn log_of(path: &str) -> Option<&'static str> {
    format::of_path(&inside(path)).map(|format| format.name)
}

/// Everything that is known about the hosts of a case.
#[derive(Debug, Default)]
pub struct Case {
    /// ESXi hosts and vCenter Servers, ordered by name.
    pub hosts: Vec<Host>,
    /// Groups of ESXi hosts that belong together, ordered by id; every ESXi host is in exactly one.
    pub clusters: Vec<Cluster>,
    /// Every event, ordered by time, host and source.
    pub timeline: Vec<Moment>,
    /// Migrations that the timeline tells of, ordered by their first record.
    pub migrations: Vec<Migration>,
    /// Hosts that were emptied for maintenance, ordered by beginning, then host.
    pub evacuations: Vec<Evacuation>,
    /// When hosts were down, ordered by host and time.
    pub stops: Vec<Stop>,
    /// Who says what of which vSAN node, one of each cluster with vSAN, in the order of the clusters.
    pub memberships: Vec<Membership>,
    /// Cluster members that are named and have no bundle here, ordered by name.
    pub missing: Vec<Missing>,
    /// What is called how.
    pub names: Names,
    /// What the clocks of the hosts are compared with; `None` where nothing compares any two.
    pub reference: Option<Reference>,
    /// Who is meant by an id, a name or an address, at a time.
    pub identity: Identity,
}

/// A cluster member that the evidence names and no bundle covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its vSAN node UUID, where it is known by that.
    pub node_uuid: Option<String>,
    /// Its name, where one is known.
    pub name: Option<String>,
    /// Hosts whose bundles name it: indices into [`Case::hosts`], ascending.
    pub seen_by: Vec<usize>,
    /// The lines that name it, one a host.
    pub evidence: Vec<(usize, Source, String)>,
}

impl Missing {
    /// Its name, or its UUID.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.node_uuid.as_deref()).unwrap_or("unknown")
    }
}

impl Case {
    /// The case that `digests` make together.
    pub fn build(digests: Vec<Digest>) -> Case {
        Case::put_together(digests, None)
    }

    /// The same of digests that were made while `follow` was followed: its timeline holds the records of that.
    pub fn following(digests: Vec<Digest>, follow: &Follow) -> Case {
        Case::put_together(digests, Some(follow))
    }

    fn put_together(digests: Vec<Digest>, follow: Option<&Follow>) -> Case {
        let (mut hosts, mut events) = join::hosts(digests);
        absent::settle(&mut hosts);
        let mut names = Names::build(&mut hosts, &events);
        vm::settle(&mut hosts);
        for (host, events) in hosts.iter_mut().zip(&mut events) {
            events.append(&mut host.told.made);
        }
        let clusters = cluster::clusters(&hosts, &names);
        features::settle(&mut hosts, &clusters);
        // From here on all times are on one axis.
        let reference = clock::settle(&mut hosts, &mut events, &mut names);
        let identity = Identity::build(&hosts, &clusters, &names, &events);
        let mut timeline = timeline::build(events, &hosts, &clusters, &names, &identity);
        follow.into_iter().for_each(|follow| operation::follow::settle(&mut timeline, follow));
        operation::name(&mut timeline);
        let migrations = migration::build(&timeline, &hosts, &identity);
        let evacuations = migration::evacuations(&timeline, &hosts, &migrations);
        let stops = stop::build(&timeline, &hosts);
        let memberships = membership::build(&hosts, &clusters, &names, &timeline);
        let missing = cluster::missing(&hosts, &clusters, &memberships, &names, &timeline);
        Case {
            hosts,
            clusters,
            timeline,
            migrations,
            evacuations,
            stops,
            memberships,
            missing,
            names,
            reference,
            identity,
        }
    }

    /// Every time that a vCenter Server had no connection to a host, meant or not, ordered by time.
    pub fn disconnections(&self) -> Vec<Episode<'_>> {
        episode::episodes(&self.hosts, &self.timeline)
    }

    /// What lasted on which host, ordered by beginning, host and kind.
    pub fn spans(&self) -> Vec<Span> {
        span::spans(self)
    }

    /// The ESXi hosts of `cluster`.
    pub fn members<'a>(&'a self, cluster: &'a Cluster) -> impl Iterator<Item = (usize, &'a Host)> {
        cluster.hosts.iter().map(|&index| (index, &self.hosts[index]))
    }

    /// The host whose id is `id`.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.hosts.iter().position(|host| host.id == id)
    }

    /// The ESXi host that is called `name`: by its full name, else by its short name where only one has it.
    pub fn host_called(&self, name: &str) -> Option<usize> {
        names::position(&self.hosts, name)
    }

    /// The vCenter Server that manages host `index`: the one whose log names it or a host of its cluster, else the only
    /// one, if its log names no host at all.
    pub fn vcenter_of(&self, index: usize) -> Option<(usize, &Host)> {
        let mut vcenters = self.hosts.iter().enumerate().filter(|(_, host)| host.kind == HostKind::Vcenter);
        let named = vcenters.clone().find(|(vcenter, _)| self.names.knows(*vcenter, index));
        let only = vcenters.next().filter(|_| vcenters.next().is_none());
        let manages = |vcenter: usize| {
            let cluster = self.clusters.iter().find(|cluster| cluster.hosts.contains(&index));
            let mate = cluster
                .is_some_and(|cluster| cluster.hosts.iter().any(|&host| self.names.knows(vcenter, host)));
            mate || self.names.hosts_of(vcenter) == 0
        };
        named.or_else(|| only.filter(|(vcenter, _)| manages(*vcenter)))
    }

    /// How many hosts the vCenter Server of host `index` names beside it.
    pub fn managed_beside(&self, index: usize) -> usize {
        self.vcenter_of(index).map_or(0, |(vcenter, _)| self.names.hosts_of(vcenter).saturating_sub(1))
    }

    /// First and last stamp of any record that was read.
    pub fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let logs: Vec<LogCount> =
            self.hosts.iter().flat_map(|host| &host.logs).map(LogCoverage::total).collect();
        (logs.iter().filter_map(|log| log.from).min(), logs.iter().filter_map(|log| log.to).max())
    }
}
