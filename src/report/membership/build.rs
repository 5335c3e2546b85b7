//! Turns the witness matrix of the case, and the answers reached on it, into that of the report.

use std::collections::{BTreeMap, BTreeSet};

use super::super::labels::{Labels, labels};
use super::super::view;
use super::words;
use super::*;
use crate::case::{Case, Host, Membership, Moment, Testimony};
use crate::model::{HostKind, Lang};
use crate::verdict::{self, Answer};

/// The witness matrix of each vSAN cluster, in the order of the clusters.
pub fn memberships(case: &Case, lang: Lang) -> Vec<MembershipInfo> {
    let told = case.memberships.iter().filter(|membership| !membership.nodes.is_empty());
    told.map(|membership| matrix(case, membership, &verdict::vsan_answers(case, membership), lang)).collect()
}

pub(super) fn matrix(case: &Case, membership: &Membership, answers: &[Answer], lang: Lang) -> MembershipInfo {
    let built = Built { case, membership, names: node_labels(case, membership), l: labels(lang) };
    MembershipInfo {
        cluster: case.clusters.get(membership.cluster).map(|cluster| cluster.id.clone()).unwrap_or_default(),
        answers: answers.iter().map(|answer| built.answer(answer)).collect(),
        nodes: (0..membership.nodes.len()).map(|node| built.node(node)).collect(),
        rows: membership.rows.iter().map(|&row| built.id(row)).collect(),
        says: built.says(),
        left_out: membership.left_out as u64,
        oddities: verdict::vsan_oddities(case, membership)
            .into_iter()
            .map(|odd| OddityInfo {
                hosts: odd.hosts.iter().map(|&host| built.id(host)).collect(),
                text: odd.text.get(lang).to_owned(),
            })
            .collect(),
        hosts: built.hosts(),
    }
}

/// What the nodes are called. A name that two nodes have, as `localhost`, gives way to the UUID.
fn node_labels(case: &Case, membership: &Membership) -> Vec<String> {
    let nodes = || membership.nodes.iter();
    let label = |node: &crate::case::Node| match node.host {
        Some(host) => case.hosts[host].id.clone(),
        None => node.label().to_owned(),
    };
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    nodes().for_each(|node| *times.entry(label(node)).or_default() += 1);
    let unique = |node: &crate::case::Node| {
        let label = label(node);
        match &node.uuid {
            Some(uuid) if times[&label] > 1 && node.host.is_none() => uuid.clone(),
            _ => label,
        }
    };
    nodes().map(unique).collect()
}

struct Built<'c> {
    case: &'c Case,
    membership: &'c Membership,
    /// By node.
    names: Vec<String>,
    l: &'static Labels,
}

impl Built<'_> {
    fn id(&self, host: usize) -> HostId {
        self.case.hosts[host].id.clone()
    }

    fn node(&self, at: usize) -> NodeInfo {
        let node = &self.membership.nodes[at];
        NodeInfo {
            label: self.names[at].clone(),
            uuid: node.uuid.clone(),
            host: node.host.map(|host| self.id(host)),
            name: node.name.clone(),
            witness: node.witness,
            addresses: node.addresses.clone(),
        }
    }

    fn answer(&self, answer: &Answer) -> AnswerInfo {
        let group = |group: &Vec<usize>| group.iter().map(|&node| self.names[node].clone()).collect();
        let groups: Vec<Vec<String>> = answer.groups.iter().map(group).collect();
        let by: Vec<HostId> = answer.by.iter().map(|&host| self.id(host)).collect();
        AnswerInfo {
            text: words::answer(answer.kind, &groups, &by, self.still_seeing(answer), self.l),
            kind: answer.kind.name().to_owned(),
            groups,
            by,
            at: answer.at,
            until: answer.until,
            over: answer.over,
        }
    }

    /// How many other hosts count the node that an answer speaks of.
    fn still_seeing(&self, answer: &Answer) -> usize {
        let Some(&node) = answer.groups.last().and_then(|group| group.first()) else { return 0 };
        let own = self.membership.nodes[node].host;
        let sees = |row: usize, says: &Testimony| {
            says.counted == Some(true) && Some(row) != own && !answer.by.contains(&row)
        };
        self.membership.column(node).filter(|(row, says)| sees(*row, says)).count()
    }

    fn says(&self) -> Vec<SaysInfo> {
        let membership = self.membership;
        let nodes = 0..membership.nodes.len();
        let cells = membership.rows.iter().flat_map(|&row| nodes.clone().map(move |node| (row, node)));
        let told = cells.filter_map(|(row, node)| Some((row, node, membership.says(row, node)?)));
        told.map(|(row, node, says)| SaysInfo {
            by: self.id(row),
            of: self.names[node].clone(),
            counted: says.counted,
            listed: says.listed,
            told: self.told(says),
        })
        .collect()
    }

    /// The lines of a cell, each sort once.
    fn told(&self, says: &Testimony) -> Vec<ToldInfo> {
        let mut out: Vec<ToldInfo> = Vec::new();
        for (said, line) in &says.lines {
            let Some(moment) = self.case.timeline.get(*line) else { continue };
            match out.iter_mut().find(|told| told.what == said.name()) {
                Some(told) => {
                    told.count += 1;
                    told.last = moment.time;
                    told.last_source = source(moment);
                }
                None => out.push(ToldInfo {
                    what: said.name().to_owned(),
                    count: 1,
                    first: moment.time,
                    last: moment.time,
                    first_source: source(moment),
                    last_source: source(moment),
                }),
            }
        }
        out
    }

    fn hosts(&self) -> Vec<HostState> {
        // One that says nothing of any node may tell of its own state.
        let cluster = self.case.clusters.get(self.membership.cluster);
        let hosts = cluster.iter().flat_map(|cluster| cluster.hosts.iter().copied());
        let esxi: Vec<usize> = hosts.filter(|&host| self.case.hosts[host].kind == HostKind::Esxi).collect();
        let generation = |host: usize| self.case.hosts[host].config_generation();
        let usual = view::usual(esxi.iter().filter_map(|&host| generation(host)), false);
        let state = |&host: &usize| HostState {
            generation_is_odd: generation(host).zip(usual).map(|(own, usual)| own != usual),
            ..self.state(host)
        };
        esxi.iter().map(state).collect()
    }

    fn state(&self, row: usize) -> HostState {
        let host = &self.case.hosts[row];
        let vsan = host.vsan.as_ref().map(|vsan| &vsan.value);
        let text =
            |of: fn(&crate::fact::VsanCluster) -> &Option<String>| vsan.and_then(|vsan| of(vsan).clone());
        HostState {
            host: host.id.clone(),
            state: text(|vsan| &vsan.state),
            health: text(|vsan| &vsan.health),
            cluster_uuid: text(|vsan| &vsan.cluster_uuid),
            master: text(|vsan| &vsan.master_uuid).map(|uuid| self.label_of(uuid)),
            member_count: vsan.and_then(|vsan| vsan.member_count),
            revision: vsan.and_then(|vsan| vsan.revision),
            formed_at: verdict::vsan_formed_at(host),
            config_generation: text(|vsan| &vsan.config_generation),
            generation_is_odd: None,
            unicast_peers: host.unicast.as_ref().map(|agents| agents.value.len() as u64),
            unicast_lacks: host.unicast.as_ref().map(|_| self.lacks(row)),
            maintenance: text(|vsan| &vsan.maintenance),
            decom_state: self.decom_state(host),
            vmknics: vmknics(host),
            formats: formats(host),
            ignore_member_list: ignores_updates(host),
        }
    }

    /// The label of the node whose UUID is `uuid`, else the UUID.
    fn label_of(&self, uuid: String) -> String {
        self.membership.node(&uuid).map_or(uuid, |node| self.names[node].clone())
    }

    /// Nodes that `row` should have on its unicast agent list and has not.
    fn lacks(&self, row: usize) -> Vec<String> {
        let lacks =
            |node: &usize| self.membership.says(row, *node).is_some_and(|says| says.listed == Some(false));
        (0..self.names.len()).filter(lacks).map(|node| self.names[node].clone()).collect()
    }

    /// What the directory says of `host`: its own copy first, as another's may be older.
    fn decom_state(&self, host: &Host) -> Option<u64> {
        let uuid = host.node_uuid()?;
        let of = |teller: &Host| teller.setup.vsan.nodes.get(uuid)?.value.decom_state;
        of(host).or_else(|| self.membership.rows.iter().find_map(|&row| of(&self.case.hosts[row])))
    }
}

fn source(moment: &Moment) -> SourceRef {
    let source = &moment.event.source;
    SourceRef { file: source.file.as_str().to_owned(), line: source.line, offset: source.offset }
}

fn vmknics(host: &Host) -> Option<Vec<VmknicInfo>> {
    let told = |name: &str| {
        let adapter = host.setup.network.vmkernel.get(name).map(|adapter| &adapter.value);
        let ip = adapter.and_then(|adapter| adapter.addresses.as_ref()?.first());
        VmknicInfo {
            name: name.to_owned(),
            ip: ip.map(|address| address.ip.to_string()),
            mtu: adapter.and_then(|adapter| adapter.mtu),
        }
    };
    let names = host.vsan_vmknics();
    let is_told = host.setup.vsan.interfaces.is_some() || !names.is_empty();
    is_told.then(|| names.into_iter().map(told).collect())
}

fn formats(host: &Host) -> Vec<u64> {
    let found: BTreeSet<u64> = host.setup.vsan.disks.iter().filter_map(|disk| disk.value.format).collect();
    found.into_iter().collect()
}

/// Only changed options are listed: where that list was read, what is not on it has its default of 0.
fn ignores_updates(host: &Host) -> Option<bool> {
    (!host.options.is_empty()).then(|| host.ignores_member_list())
}
