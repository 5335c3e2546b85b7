//! A cluster that parts into groups, and may come together again: the state of each host and the lines it writes.

use super::super::line::ScriptedLine;
use super::super::prng::Prng;
use super::super::site::{Gone, Host, Site, UnicastAgent, VsanState, membership_uuid};
use super::said::{self, TIMEOUT};
use super::{Observer, availability};
use crate::model::Timestamp;

/// A node of the cluster: a host of the site by its index, or the witness, whose index is the next one.
pub(super) type NodeIndex = usize;

/// A part of the cluster that sees itself only.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub nodes: Vec<NodeIndex>,
    /// Who leads it.
    pub master: NodeIndex,
    /// Who would follow.
    pub backup: Option<NodeIndex>,
    /// What its leader was before.
    before: VsanState,
    /// Whether its hosts are up and tell of it.
    pub runs: bool,
}

impl Group {
    /// The master stays; where it is in another group, the backup takes over, else somebody is elected.
    fn new(site: &Site, nodes: &[NodeIndex], runs: bool) -> Self {
        let state = |node: &NodeIndex| site.hosts.get(*node)?.vsan.as_ref().map(|vsan| vsan.state);
        let data = || nodes.iter().copied().filter(|node| *node < site.hosts.len());
        let of = |wanted: VsanState| data().find(|node| state(node) == Some(wanted));
        let master = of(VsanState::Master).or_else(|| of(VsanState::Backup)).or_else(|| data().next());
        let master = master.unwrap_or_default();
        let backup = of(VsanState::Backup).filter(|node| *node != master);
        let backup = backup.or_else(|| data().find(|node| *node != master));
        let before = state(&master).unwrap_or(VsanState::Agent);
        Group { nodes: nodes.to_vec(), master, backup, before, runs }
    }

    fn role(&self, node: NodeIndex) -> VsanState {
        match node {
            node if node == self.master => VsanState::Master,
            node if Some(node) == self.backup => VsanState::Backup,
            _ => VsanState::Agent,
        }
    }

    /// When its view is formed, in microseconds after the loss.
    fn formed_after(&self) -> i64 {
        match (self.nodes.len(), self.before) {
            (1, _) => 16_204_000,
            (_, VsanState::Agent) => 6_120_000,
            _ => 1_000_000,
        }
    }
}

/// The groups, when they parted, and when they were together again.
#[derive(Clone, Debug)]
pub(super) struct Parting {
    /// The one that goes on comes first.
    pub groups: Vec<Group>,
    pub at: Timestamp,
    pub healed: Option<Timestamp>,
    /// Whether those that went said so before.
    pub graceful: bool,
    pub word: &'static str,
    /// UUID and name of every node.
    nodes: Vec<(String, String)>,
}

impl Parting {
    /// `gone` parts from the other nodes; with `runs`, its hosts are up.
    pub(super) fn new(
        site: &Site,
        gone: &[NodeIndex],
        at: Timestamp,
        runs: bool,
        word: &'static str,
    ) -> Self {
        let nodes = nodes(site);
        let stay: Vec<NodeIndex> = (0..nodes.len()).filter(|node| !gone.contains(node)).collect();
        let groups = vec![Group::new(site, &stay, true), Group::new(site, gone, runs)];
        Parting { groups, at, healed: None, graceful: false, word, nodes }
    }

    /// When a host sees the others go: each a little later than the one before, the group that parts after the other.
    pub(super) fn seen_at(&self, node: NodeIndex) -> Timestamp {
        let place = |group: &Group| group.nodes.iter().position(|own| *own == node);
        match (place(&self.groups[0]), self.groups.get(1).and_then(place)) {
            (Some(place), _) => self.at.plus_micros(83_000 * place as i64),
            (None, place) => self.at.plus_micros(212_000 + 83_000 * place.unwrap_or(0) as i64),
        }
    }

    /// When the view of a group is formed.
    pub(super) fn formed_at(&self, group: usize) -> Timestamp {
        self.at.plus_micros(self.groups[group].formed_after())
    }

    /// The hosts that saw the others go.
    pub(super) fn observers(&self, site: &Site) -> Vec<Observer> {
        let hosts = self.groups[0].nodes.iter().filter_map(|&node| Some((node, site.hosts.get(node)?)));
        hosts.map(|(node, host)| Observer { host: host.name.clone(), at: self.seen_at(node) }).collect()
    }

    /// Names of the hosts of each group; the witness is none.
    pub(super) fn names(&self, site: &Site) -> Vec<Vec<String>> {
        let name = |node: &NodeIndex| site.hosts.get(*node).map(|host| host.name.clone());
        self.groups.iter().map(|group| group.nodes.iter().filter_map(name).collect()).collect()
    }

    /// Gives every host its state and its lines.
    pub(super) fn happen(&self, site: &mut Site) {
        let mut prng = Prng::labelled(site.seed, &["parting"]);
        let tails: Vec<String> = self.groups.iter().map(|_| prng.uuid()[9..].to_owned()).collect();
        for (number, group) in self.groups.iter().enumerate() {
            let hosts = site.hosts.len();
            for &node in group.nodes.iter().filter(|node| **node < hosts) {
                let lines = self.lines(number, node);
                site.hosts[node].lines.extend(lines);
                match self.healed {
                    None => self.split_view(site, node, (number, &tails[number])),
                    Some(_) => self.whole_view(&mut site.hosts[node], &tails[0]),
                }
            }
        }
        self.tell_ha(site);
    }

    fn split_view(&self, site: &mut Site, node: NodeIndex, (number, tail): (usize, &str)) {
        let group = &self.groups[number];
        let formed = self.formed_at(number);
        let others = self.groups.iter().enumerate().filter(|(other, _)| *other != number);
        let gone = others.flat_map(|(_, group)| &group.nodes);
        let gone = gone.map(|&gone| {
            let in_maintenance =
                site.hosts.get(gone).and_then(|host| host.vsan.as_ref()).is_some_and(|v| v.maintenance);
            let (node_uuid, name) = self.nodes[gone].clone();
            Gone { node_uuid, name, decom_state: if in_maintenance { 6 } else { 0 } }
        });
        let gone = gone.collect();
        let Some(vsan) = &mut site.hosts[node].vsan else { return };
        vsan.state = group.role(node);
        vsan.master_uuid = self.nodes[group.master].0.clone();
        vsan.backup_uuid = group.backup.map(|backup| self.nodes[backup].0.clone());
        vsan.members = group.nodes.iter().map(|&member| self.nodes[member].clone()).collect();
        vsan.membership_uuid = membership_uuid(formed, tail);
        vsan.entry_revision = u32::from(group.nodes.len() > 1) * 2;
        vsan.gone = gone;
    }

    /// The view of the group that went on, with the others in it again.
    fn whole_view(&self, host: &mut Host, tail: &str) {
        let group = &self.groups[0];
        let index = self.nodes.iter().position(|(uuid, _)| *uuid == host.uuid);
        let Some(vsan) = &mut host.vsan else { return };
        vsan.state = index.map_or(VsanState::Agent, |index| group.role(index));
        vsan.master_uuid = self.nodes[group.master].0.clone();
        vsan.backup_uuid = group.backup.map(|backup| self.nodes[backup].0.clone());
        let members = self.groups.iter().flat_map(|group| &group.nodes);
        vsan.members = members.map(|&member| self.nodes[member].clone()).collect();
        vsan.membership_uuid = membership_uuid(self.formed_at(0), tail);
        vsan.entry_revision = 2 + self.nodes.len() as u32;
    }

    fn lines(&self, number: usize, node: NodeIndex) -> Vec<ScriptedLine> {
        let group = &self.groups[number];
        let others = self.groups.iter().enumerate().filter(|(other, _)| *other != number);
        let gone: Vec<NodeIndex> = others.flat_map(|(_, group)| group.nodes.clone()).collect();
        let mut lines = Vec::new();
        if group.runs {
            lines.extend(self.loss_lines(group, node, &gone));
        }
        if let Some(back) = self.healed {
            lines.extend(self.return_lines(number, node, &gone, back));
        }
        lines
    }

    fn loss_lines(&self, group: &Group, node: NodeIndex, gone: &[NodeIndex]) -> Vec<ScriptedLine> {
        let mut lines = Vec::new();
        for (place, &other) in gone.iter().enumerate() {
            let (uuid, at) = (&self.nodes[other].0, self.seen_at(node).plus_micros(5_000 * place as i64));
            if self.graceful {
                lines.push(said::destroyed(at, uuid, "Node left the cluster"));
            } else {
                lines.push(said::missed(at.plus_micros(-1_240_000), uuid));
                lines.push(said::destroyed(at, uuid, TIMEOUT));
            }
            if node == group.master && group.nodes.len() > 1 {
                lines.push(said::removed(at.plus_micros(3_000), self.word, uuid));
            } else if group.nodes.len() > 1 {
                lines.push(said::left(at.plus_micros(4_000), uuid));
            }
            lines.push(said::clomd_removed(at.plus_micros(1_106_000), uuid));
        }
        lines.extend(self.role_lines(group, node));
        lines
    }

    fn role_lines(&self, group: &Group, node: NodeIndex) -> Vec<ScriptedLine> {
        let (at, own, word) = (self.seen_at(node), &self.nodes[node].0, self.word);
        let formed = self.at.plus_micros(group.formed_after());
        let lost = format!("Lost the {}", word.to_lowercase());
        let before = match group.before {
            VsanState::Master => word,
            VsanState::Backup => "Backup",
            VsanState::Agent => "Agent",
        };
        if node != group.master {
            let is_new = Some(node) == group.backup && group.before != VsanState::Master;
            let chosen = said::role(formed, own, ("Agent", "Backup"), "Chosen as the backup");
            return if is_new { vec![chosen] } else { Vec::new() };
        }
        match group.before {
            _ if group.nodes.len() == 1 => said::alone(at, formed, own, (before, word)).into(),
            VsanState::Master => Vec::new(),
            VsanState::Backup => vec![said::role(at.plus_micros(2_000), own, ("Backup", word), &lost)],
            VsanState::Agent => vec![
                said::role(at.plus_micros(90_000), own, ("Agent", "Discovery"), &lost),
                said::role(formed, own, ("Discovery", word), "Elected by the nodes of its view"),
            ],
        }
    }

    fn return_lines(
        &self,
        number: usize,
        node: NodeIndex,
        gone: &[NodeIndex],
        back: Timestamp,
    ) -> Vec<ScriptedLine> {
        let group = &self.groups[number];
        let mut lines = Vec::new();
        for (place, &other) in gone.iter().enumerate() {
            let (uuid, at) = (&self.nodes[other].0, back.plus_micros(5_000 * place as i64));
            let leads = number == 0 && node == group.master;
            lines.push(if leads {
                said::added(at, self.word, uuid)
            } else {
                said::joined(at.plus_micros(60_000), uuid)
            });
            lines.push(said::clomd_added(at.plus_micros(900_000), uuid));
        }
        if number > 0 {
            let before = match group.role(node) {
                _ if !group.runs => "Discovery",
                VsanState::Master => self.word,
                VsanState::Backup => "Backup",
                VsanState::Agent => "Agent",
            };
            lines.extend(said::rejoins(back, &self.nodes[node].0, before, self.word));
        }
        lines
    }

    /// The leading host of each group speaks for vSphere HA.
    fn tell_ha(&self, site: &mut Site) {
        let moref = |site: &Site, node: NodeIndex| site.hosts.get(node).map(|host| host.moref);
        for (number, group) in self.groups.iter().enumerate().filter(|(_, group)| group.runs) {
            let Some(own) = moref(site, group.master) else { continue };
            let lines = if number > 0 {
                availability::alone(self.at, own)
            } else {
                let runs = |wanted: bool| self.groups[1..].iter().filter(move |group| group.runs == wanted);
                let morefs = |wanted| -> Vec<u32> {
                    runs(wanted).flat_map(|g| &g.nodes).filter_map(|&node| moref(site, node)).collect()
                };
                let mut lines = availability::partitioned(self.at, &morefs(true));
                if !self.graceful {
                    lines.extend(morefs(false).iter().flat_map(|&lost| availability::dead(self.at, lost)));
                }
                let again = morefs(true).into_iter().chain(morefs(false));
                lines.extend(self.healed.into_iter().flat_map(|back| {
                    again.clone().map(move |host| availability::live(back, host)).collect::<Vec<_>>()
                }));
                lines
            };
            site.hosts[group.master].lines.extend(lines);
        }
    }
}

/// UUID and name of every node of the cluster: the hosts, then the witness if there is one.
fn nodes(site: &Site) -> Vec<(String, String)> {
    let hosts = site.hosts.iter().map(|host| (host.uuid.clone(), host.name.clone()));
    let members = site.hosts.first().and_then(|host| host.vsan.as_ref()).map(|vsan| &vsan.members);
    let is_host = |uuid: &str| site.hosts.iter().any(|host| host.uuid == uuid);
    hosts.chain(members.into_iter().flatten().filter(|(uuid, _)| !is_host(uuid)).cloned()).collect()
}

/// Makes the cluster a stretched one: a witness appliance at a third site, whose bundle nobody has.
pub(super) fn add_witness(site: &mut Site) {
    let node_uuid = Prng::labelled(site.seed, &["witness"]).uuid();
    let domain = site.hosts[0].name.split_once('.').map_or("example.com", |(_, domain)| domain).to_owned();
    let name = format!("witness01.{domain}");
    let ip = site.hosts[0].net.vsan.rsplit_once('.').map_or("10.0.9", |(network, _)| network).to_owned();
    for vsan in site.hosts.iter_mut().filter_map(|host| host.vsan.as_mut()) {
        vsan.members.push((node_uuid.clone(), name.clone()));
        let agent = UnicastAgent { node_uuid: node_uuid.clone(), ip: format!("{ip}.250"), witness: true };
        vsan.unicast.push(agent);
    }
}
