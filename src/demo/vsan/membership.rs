//! The incidents of a vSAN cluster but the touchstone: what can happen, and what a right answer says of it.

use super::super::cluster::{ClusterOptions, base, routine_migrations};
use super::super::site::{Generation, Site};
use super::parting::{self, NodeIndex, Parting};
use super::{Observer, Wording, config, management, network, rolling, spared, stops};
use crate::model::Timestamp;

/// What happens.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    /// Nothing.
    Healthy,
    /// Hosts of equal versions, but vCenter's member list did not reach the victim.
    ListNotPushed,
    /// The network between the victims and the other hosts is cut; within both sides it works.
    Partition,
    /// The victim's uplinks of the vSAN switch lose their link.
    LinkDown,
    /// The victim's vSAN adapter gets a smaller MTU than all others.
    Mtu,
    /// The others cannot send to the victim; it can send to them.
    OneWay,
    /// The victim's vSAN adapter is removed.
    AdapterRemoved,
    /// The victim stops with a purple screen.
    Crash,
    /// The victim loses power.
    PowerLoss,
    /// Somebody restarts the victim in its shell, without maintenance mode.
    Restart,
    /// The victim is put into maintenance mode and shut down.
    Maintenance,
    /// Every host is put into maintenance mode and rebooted, one after another; none stays out.
    RollingReboots,
    /// The victim's software is older than the on-disk format of the others.
    FormatSkew,
    /// vSAN has the victim in maintenance mode, though the host is not.
    Decommission,
    /// The victim's hostd hangs.
    AgentHang,
    /// The victim's heartbeats to vCenter are lost on their way.
    ManagementNetwork,
    /// The victim shows a certificate that vCenter does not know.
    Certificate,
    /// The victim's disk group fails.
    DiskGroup,
}

/// The knobs of [`membership_incident`].
#[derive(Clone, Debug)]
pub struct MembershipOptions {
    /// The cluster it happens to.
    pub cluster: ClusterOptions,
    /// What happens.
    pub story: Story,
    /// The hosts that it happens to, by index: one, but for [`Story::Partition`].
    pub victims: Vec<usize>,
    /// How long before the first capture, in seconds.
    pub before: i64,
    /// Whether it is over before the capture.
    pub returned: bool,
    /// How kernel lines are worded; `None` for the generation's own.
    pub wording: Option<Wording>,
    /// Whether the cluster is a stretched one, with a witness appliance on the side that goes on.
    pub witness: bool,
    /// Whether logs tell of it; without, only the state at capture does.
    pub lines: bool,
}

impl MembershipOptions {
    /// `story` on hosts of `generation`.
    pub fn of(story: Story, generation: Generation) -> Self {
        MembershipOptions {
            cluster: ClusterOptions { cluster: "vSAN-A".to_owned(), ..ClusterOptions::of(generation) },
            story,
            victims: vec![0],
            before: 8_733,
            returned: false,
            wording: None,
            witness: false,
            lines: true,
        }
    }
}

/// What a right answer says about [`membership_incident`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipTruth {
    /// Finding ids with their cause ids, where all the evidence that can be there is there.
    pub findings: Vec<(&'static str, &'static str)>,
    /// Names of the hosts that it happened to.
    pub victims: Vec<String>,
    /// Node UUID of the first of these.
    pub node_uuid: String,
    /// The groups that do not see each other, by the names of their hosts; empty where the membership stayed whole.
    pub groups: Vec<Vec<String>>,
    /// When it began: the first host dropped a node, or vCenter the host.
    pub at: Timestamp,
    /// The hosts that saw the victims go, by name.
    pub observers: Vec<Observer>,
    /// When it was over.
    pub returned_at: Option<Timestamp>,
    /// The VMs that turned invalid.
    pub vms: Vec<String>,
    /// Victims that were down at the capture: nobody could collect their bundle.
    pub uncollected: Vec<String>,
}

/// The site and the truth.
pub fn membership_incident(options: &MembershipOptions) -> (Site, MembershipTruth) {
    let mut scene = Scene::new(options);
    scene.play();
    scene.finish()
}

/// A site on which a story is played, and what is known of it so far.
pub(super) struct Scene<'a> {
    pub options: &'a MembershipOptions,
    pub site: Site,
    pub at: Timestamp,
    pub word: &'static str,
    truth: MembershipTruth,
    /// The victims are down at the capture.
    stays_down: bool,
}

impl<'a> Scene<'a> {
    fn new(options: &'a MembershipOptions) -> Self {
        let hosts = options.cluster.hosts.max(3);
        let mut site = base(&ClusterOptions { vsan: true, hosts, ..options.cluster.clone() });
        if options.witness {
            parting::add_witness(&mut site);
        }
        let at = options.cluster.captured_at.plus_seconds(-options.before).plus_micros(318_000);
        let name = |&victim: &usize| site.hosts[victim].name.clone();
        let truth = MembershipTruth {
            findings: Vec::new(),
            victims: options.victims.iter().map(name).collect(),
            node_uuid: site.hosts[options.victims[0]].uuid.clone(),
            groups: Vec::new(),
            at,
            observers: Vec::new(),
            returned_at: None,
            vms: Vec::new(),
            uncollected: Vec::new(),
        };
        let word = Wording::of(options.wording, options.cluster.generation).word();
        Scene { options, site, at, word, truth, stays_down: false }
    }

    fn play(&mut self) {
        routine_migrations(&mut self.site);
        match self.options.story {
            Story::Healthy => {}
            Story::ListNotPushed => config::list_not_pushed(self),
            Story::Partition => network::partition(self),
            Story::LinkDown => network::link_down(self),
            Story::Mtu => network::mtu(self),
            Story::OneWay => network::one_way(self),
            Story::AdapterRemoved => network::adapter_removed(self),
            Story::Crash => stops::crash(self),
            Story::PowerLoss => stops::power_loss(self),
            Story::Restart => stops::restart(self),
            Story::Maintenance => stops::maintenance(self),
            Story::RollingReboots => stops::rolling_reboots(self),
            Story::FormatSkew => config::format_skew(self),
            Story::Decommission => config::decommission(self),
            Story::AgentHang => spared::agent_hang(self),
            Story::ManagementNetwork => spared::management_network(self),
            Story::Certificate => spared::certificate(self),
            Story::DiskGroup => spared::disk_group(self),
        }
    }

    fn finish(mut self) -> (Site, MembershipTruth) {
        if !self.options.lines {
            self.site.hosts.iter_mut().for_each(|host| host.lines.clear());
            if let Some(vcenter) = &mut self.site.vcenter {
                vcenter.lines.clear();
            }
        }
        if self.stays_down {
            self.site.hosts.retain(|host| !self.truth.victims.contains(&host.name));
            self.truth.uncollected.clone_from(&self.truth.victims);
        }
        (self.site, self.truth)
    }

    /// The first victim's index.
    pub(super) fn victim(&self) -> usize {
        self.options.victims[0]
    }

    /// When the story is over, if it ends before the capture.
    pub(super) fn back(&self) -> Option<Timestamp> {
        self.options.returned.then(|| self.at.plus_micros(1_517_000_000 + 340_000))
    }

    /// The hosts that it does not happen to.
    pub(super) fn others(&self) -> Vec<usize> {
        (0..self.site.hosts.len()).filter(|index| !self.options.victims.contains(index)).collect()
    }

    /// vSAN addresses of hosts.
    pub(super) fn addresses(&self, hosts: &[usize]) -> Vec<String> {
        hosts.iter().map(|&host| self.site.hosts[host].net.vsan.clone()).collect()
    }

    pub(super) fn expect(&mut self, id: &'static str, cause: &'static str) {
        self.truth.findings.push((id, cause));
    }

    /// The victims part from the others. What stays up and alone loses its VMs' files.
    pub(super) fn part(&mut self, runs: bool, graceful: bool) {
        let gone: Vec<NodeIndex> = self.options.victims.clone();
        let mut parting = Parting::new(&self.site, &gone, self.at, runs, self.word);
        (parting.healed, parting.graceful) = (self.back(), graceful);
        parting.happen(&mut self.site);
        self.truth.groups = parting.names(&self.site);
        self.truth.observers = parting.observers(&self.site);
        self.truth.returned_at = parting.healed;
        if runs && gone.len() == 1 {
            self.lose_vms(parting.formed_at(1));
        }
    }

    fn lose_vms(&mut self, alone_at: Timestamp) {
        let back = self.back();
        let host = &mut self.site.hosts[self.options.victims[0]];
        let invalid = |(slot, vm): (usize, &super::super::site::Vm)| {
            (vm.name.clone(), alone_at.plus_micros(74_000_000 + 1_310_000 * slot as i64))
        };
        let vms: Vec<(String, Timestamp)> =
            host.vms.iter().filter(|vm| vm.running).enumerate().map(invalid).collect();
        let mut lines = management::invalid(host, &vms);
        lines.extend(back.into_iter().flat_map(|back| management::recovered(host, &vms, back)));
        host.lines.extend(lines);
        self.truth.vms = vms.into_iter().map(|(name, _)| name).collect();
    }

    /// The victims are down and stay so.
    pub(super) fn stay_down(&mut self) {
        self.stays_down = true;
    }

    /// vCenter does not hear from the victim, a minute after it stopped, until it is back.
    pub(super) fn vcenter_loses_it(&mut self) {
        let (at, back, victim) = (self.at, self.back(), self.victim());
        let host = &mut self.site.hosts[victim];
        host.unreachable_from = Some(at.plus_seconds(-8));
        host.unreachable_until = back.map(|back| back.plus_seconds(30));
        let reference = (host.name.clone(), host.moref);
        let Some(vcenter) = &mut self.site.vcenter else { return };
        let of = (reference.0.as_str(), reference.1);
        vcenter.lines.extend(management::not_responding(at.plus_micros(62_440_000), of));
        vcenter.lines.extend(back.map(|back| management::connected(back.plus_seconds(31), of)));
    }

    /// A vSAN health check of vCenter turns red, and green again when it is over.
    pub(super) fn health_check(&mut self, name: &str) {
        let (at, back) = (self.at, self.back());
        let Some(vcenter) = &mut self.site.vcenter else { return };
        vcenter.lines.push(management::health_test(at.plus_micros(84_340_000), name, true));
        let green = |back: Timestamp| management::health_test(back.plus_seconds(55), name, false);
        vcenter.lines.extend(back.map(green));
    }

    /// The peers tell of every reboot as planned work.
    pub(super) fn tell_reboots(&mut self) {
        rolling::tell(&mut self.site, self.word);
    }

    /// When it began, for a story in which no node was dropped.
    pub(super) fn began(&mut self, at: Timestamp) {
        self.truth.at = at;
    }
}
