//! Which vSAN node a host is where its own bundle does not say so, and what the bundles tell of every node.
//!
//! A UUID is given to one host only, and a host gets one UUID only: what is not clear stays unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::host::{Host, same_name};
use crate::fact::HaHost;
use crate::fact::vsan::is_node_uuid;
use crate::model::{Event, HostKind};

/// What the bundles tell of the node of one UUID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Names that member lists give it.
    pub listed: BTreeSet<String>,
    /// Names that the directory gives it.
    pub directory: BTreeSet<String>,
    /// Its addresses in the vSAN network, by unicast lists and the directory.
    pub addresses: BTreeSet<IpAddr>,
    /// Whether some directory has it as healthy, a member list counts it, or a unicast list has it.
    pub live: bool,
    /// Whether a unicast list says that it is a witness.
    pub witness: bool,
}

/// The ways from a UUID to a host, the surest first.
#[derive(Copy, Clone, Debug)]
enum Way {
    /// A member list gives the node the host's name.
    MemberList,
    /// A `HOSTNAME` entry of the directory does.
    Directory,
    /// A unicast list or the directory gives it an address of the host.
    Address,
    /// Its UUID ends with a MAC address of the host, as those do that ESXi made at its installation. Inferred.
    Mac,
}

const WAYS: [Way; 4] = [Way::MemberList, Way::Directory, Way::Address, Way::Mac];

/// What a host is known by.
struct Own {
    vsan: BTreeSet<IpAddr>,
    /// With those that vSphere HA lists for it.
    addresses: BTreeSet<IpAddr>,
    macs: BTreeSet<String>,
}

/// What is told of each node that lists, directories or lines name, by its UUID in lower case.
pub(super) fn told(hosts: &[Host], events: &[Vec<Event>]) -> BTreeMap<String, Told> {
    let mut nodes: BTreeMap<String, Told> = BTreeMap::new();
    for host in hosts {
        by_members(host, &mut nodes);
        for agent in host.unicast.iter().flat_map(|list| &list.value) {
            let node = nodes.entry(agent.node_uuid.clone()).or_default();
            node.addresses.extend(agent.ip.as_deref().and_then(address));
            node.witness |= agent.witness;
            node.live = true;
        }
        for (uuid, entry) in &host.setup.vsan.nodes {
            let node = nodes.entry(uuid.clone()).or_default();
            node.directory.extend(entry.value.name.clone().filter(|name| is_name(name)));
            node.addresses.extend(entry.value.addresses.iter().filter_map(|ip| address(ip)));
            node.live |= entry.value.is_healthy();
        }
    }
    for uuid in events.iter().flatten().filter_map(|event| event.fields.get("node")) {
        nodes.entry(uuid.to_ascii_lowercase()).or_default();
    }
    nodes.retain(|uuid, _| is_node(uuid));
    nodes
}

fn by_members(host: &Host, nodes: &mut BTreeMap<String, Told>) {
    let Some(vsan) = host.vsan.as_ref().map(|vsan| &vsan.value) else { return };
    // The two lists are in one order; where one of them is cut nothing tells which name is whose.
    let names = (vsan.members.len() == vsan.member_names.len()).then_some(&vsan.member_names);
    for (at, uuid) in vsan.members.iter().enumerate() {
        let node = nodes.entry(uuid.clone()).or_default();
        node.live = true;
        node.listed.extend(names.map(|names| names[at].clone()).filter(|name| is_name(name)));
    }
}

/// Gives hosts that do not know their own node UUID the one that others know them by.
pub(super) fn settle(hosts: &mut [Host], told: &BTreeMap<String, Told>) {
    let own: Vec<Own> = hosts.iter().map(|host| own(host, hosts)).collect();
    let mut open: BTreeMap<usize, Option<BTreeSet<String>>> = BTreeMap::new();
    let unknown = |host: &Host| host.kind == HostKind::Esxi && host.node.is_none();
    open.extend((0..hosts.len()).filter(|&at| unknown(&hosts[at])).map(|at| (at, None)));
    for way in WAYS {
        let taken: BTreeSet<String> = hosts.iter().filter_map(|host| host.node.clone()).collect();
        for (&at, among) in &mut open {
            let fits = |uuid: &String, node: &Told| {
                !taken.contains(uuid)
                    && among.as_ref().is_none_or(|among| among.contains(uuid))
                    && way.fits(&hosts[at], &own[at], uuid, node)
                    && !is_refuted(&hosts[at], &own[at], node)
            };
            let found = living(told.iter().filter(|(uuid, node)| fits(uuid, node)));
            // What a surer way left open a weaker one may decide; it opens nothing again.
            if !found.is_empty() {
                *among = Some(found);
            }
        }
        for (at, uuid) in clear(&open) {
            hosts[at].node = Some(uuid);
            open.remove(&at);
        }
    }
}

/// Hosts that have one UUID left, which is left to no other host.
fn clear(open: &BTreeMap<usize, Option<BTreeSet<String>>>) -> Vec<(usize, String)> {
    let claimed = |uuid: &String| open.values().flatten().filter(|among| among.contains(uuid)).count();
    let only = |(at, among): (&usize, &Option<BTreeSet<String>>)| {
        let among = among.as_ref().filter(|among| among.len() == 1)?;
        Some((*at, among.first().filter(|uuid| claimed(uuid) == 1)?.clone()))
    };
    open.iter().filter_map(only).collect()
}

/// The UUIDs of `nodes`; those of nodes that are gone only if there are no others. A host that was installed again has
/// a new UUID, and its old one may stay in the directory for long.
fn living<'a>(nodes: impl Iterator<Item = (&'a String, &'a Told)>) -> BTreeSet<String> {
    let (live, gone): (Vec<_>, Vec<_>) = nodes.partition(|(_, node)| node.live);
    let left = if live.is_empty() { gone } else { live };
    left.into_iter().map(|(uuid, _)| uuid.clone()).collect()
}

impl Way {
    fn fits(self, host: &Host, own: &Own, uuid: &str, node: &Told) -> bool {
        match self {
            Way::MemberList => node.listed.iter().any(|name| host.is_called(name)),
            Way::Directory => node.directory.iter().any(|name| host.is_called(name)),
            Way::Address => !own.addresses.is_disjoint(&node.addresses),
            Way::Mac => mac_of(uuid).is_some_and(|mac| own.macs.contains(&mac)),
        }
    }
}

/// Whether the node has other names, or other addresses, than the host: by all other signs it is a namesake then, or one
/// of another network with the same numbers.
fn is_refuted(host: &Host, own: &Own, node: &Told) -> bool {
    let is_named = !host.anonymous && host.names.iter().any(|name| is_name(name));
    let mut names = node.listed.iter().chain(&node.directory).peekable();
    let other_name = is_named && names.peek().is_some() && !names.any(|name| host.is_called(name));
    let other_address =
        !own.vsan.is_empty() && !node.addresses.is_empty() && own.vsan.is_disjoint(&node.addresses);
    other_name || other_address
}

fn own(host: &Host, hosts: &[Host]) -> Own {
    let vsan: BTreeSet<IpAddr> = vsan_addresses(host).into_iter().collect();
    let listed = ha_hosts(hosts).filter(|of| of.name.as_deref().is_some_and(|name| host.is_called(name)));
    let listed: Vec<&HaHost> = listed.collect();
    let network = &host.setup.network;
    let macs = network.vmkernel.iter().filter_map(|adapter| adapter.value.mac.as_ref());
    let macs = macs.chain(network.nics.iter().filter_map(|nic| nic.value.mac.as_ref()));
    let macs = macs.chain(listed.iter().flat_map(|host| &host.macs));
    Own {
        addresses: listed
            .iter()
            .flat_map(|host| &host.addresses)
            .filter_map(|ip| address(ip))
            .chain(vsan.clone())
            .collect(),
        macs: macs.map(|mac| mac.to_ascii_lowercase()).collect(),
        vsan,
    }
}

/// The hosts that the lists of vSphere HA name, of all hosts that have one.
pub(super) fn ha_hosts(hosts: &[Host]) -> impl Iterator<Item = &HaHost> {
    hosts.iter().filter_map(|host| host.setup.ha_hosts.as_ref()).flat_map(|list| &list.value)
}

/// The addresses of the adapters that carry the host's vSAN data.
pub(super) fn vsan_addresses(host: &Host) -> Vec<IpAddr> {
    let addresses = host.vsan_adapters().flat_map(|adapter| adapter.value.addresses.iter().flatten());
    addresses.map(|address| address.ip).filter(is_routable).collect()
}

/// An address that tells nodes apart.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(is_routable)
}

/// Every adapter has a link-local address of IPv6, and in every network the same may be there again.
fn is_routable(ip: &IpAddr) -> bool {
    let link_local = matches!(ip, IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80);
    !ip.is_unspecified() && !ip.is_loopback() && !link_local
}

/// The MAC address that a node UUID ends with: `5f0a1b2c-3d4e-5f60-7182-0050568a0002` → `00:50:56:8a:00:02`.
pub(super) fn mac_of(uuid: &str) -> Option<String> {
    let last = uuid.rsplit('-').next().filter(|last| last.len() == 12)?;
    let is_hex = last.bytes().all(|byte| byte.is_ascii_hexdigit());
    let zero = last.bytes().all(|byte| byte == b'0');
    let pairs: Vec<&str> = (0..6).filter_map(|at| last.get(2 * at..2 * at + 2)).collect();
    (is_hex && !zero).then(|| pairs.join(":").to_ascii_lowercase())
}

/// Whether a name can tell a host: one that does not know its peers prints `localhost` for all of them.
pub(super) fn is_name(name: &str) -> bool {
    let label = name.split('.').next().unwrap_or("");
    !label.is_empty() && !label.eq_ignore_ascii_case("localhost") && name != "127.0.0.1"
}

/// Whether `uuid` can be that of a node.
pub(super) fn is_node(uuid: &str) -> bool {
    is_node_uuid(uuid) && !is_nil(uuid)
}

/// Whether a UUID is all zeros: that of no node.
pub(super) fn is_nil(uuid: &str) -> bool {
    uuid.bytes().all(|byte| byte == b'0' || byte == b'-')
}

/// The names of nodes without a bundle, each for one node only.
pub(super) fn names(hosts: &[Host], told: &BTreeMap<String, Told>) -> BTreeMap<String, String> {
    let taken: BTreeSet<&str> = hosts.iter().filter_map(Host::node_uuid).collect();
    let (mut own, ha) = (NameCounts::default(), HaNames::of(hosts));
    hosts.iter().flat_map(|host| host.names.iter().chain([&host.name])).for_each(|name| own.add(name));
    let free = told.iter().filter(|(uuid, _)| !taken.contains(uuid.as_str()));
    let named: Vec<(&String, &Told, String)> = free
        .filter_map(|(uuid, node)| Some((uuid, node, ha.name_of(uuid, node)?)))
        .filter(|(_, _, name)| own.of(name) == 0)
        .collect();
    let (mut all, mut live) = (NameCounts::default(), NameCounts::default());
    for (_, node, name) in &named {
        all.add(name);
        if node.live {
            live.add(name);
        }
    }
    // Of two nodes with one name the one that is still there has it.
    let is_its =
        |(_, node, name): &&(&String, &Told, String)| all.of(name) == 1 || (node.live && live.of(name) == 1);
    named.iter().filter(is_its).map(|(uuid, _, name)| ((*uuid).clone(), name.clone())).collect()
}

/// How many names mean one host, in the sense of [`same_name`]. A host may list thousands: they are not compared one by
/// one.
#[derive(Debug, Default)]
pub(super) struct NameCounts {
    /// By the whole name.
    whole: BTreeMap<String, usize>,
    /// Names without a domain.
    short: BTreeMap<String, usize>,
    /// Names with one, by their first label.
    long: BTreeMap<String, usize>,
}

impl NameCounts {
    pub(super) fn add(&mut self, name: &str) {
        let (name, label) = parts(name);
        if let Some(label) = label {
            let kin = if label == name { &mut self.short } else { &mut self.long };
            *kin.entry(label).or_default() += 1;
        }
        *self.whole.entry(name).or_default() += 1;
    }

    /// How many of the names that were added mean the same host as `name`.
    pub(super) fn of(&self, name: &str) -> usize {
        let (name, label) = parts(name);
        let same = self.whole.get(&name).filter(|_| !name.is_empty());
        let kin = label.and_then(|label| {
            let kin = if label == name { &self.long } else { &self.short };
            kin.get(&label)
        });
        same.copied().unwrap_or(0) + kin.copied().unwrap_or(0)
    }
}

/// The whole name in lower case, and its first label; an address has none.
fn parts(name: &str) -> (String, Option<String>) {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_address = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b':');
    let label = name.split('.').next().filter(|label| !label.is_empty() && !is_address);
    let label = label.map(str::to_owned);
    (name, label)
}

/// The names that the lists of vSphere HA have for addresses and MAC addresses.
struct HaNames {
    by_address: BTreeMap<IpAddr, BTreeSet<String>>,
    by_mac: BTreeMap<String, BTreeSet<String>>,
}

impl HaNames {
    fn of(hosts: &[Host]) -> HaNames {
        let mut known = HaNames { by_address: BTreeMap::new(), by_mac: BTreeMap::new() };
        for host in ha_hosts(hosts) {
            let Some(name) = host.name.as_ref().filter(|name| is_name(name)) else { continue };
            for ip in host.addresses.iter().filter_map(|ip| address(ip)) {
                known.by_address.entry(ip).or_default().insert(name.clone());
            }
            for mac in &host.macs {
                known.by_mac.entry(mac.to_ascii_lowercase()).or_default().insert(name.clone());
            }
        }
        known
    }

    /// What member lists call a node, else what the directory does, else the name that vSphere HA has for its address,
    /// else for the MAC address that its UUID ends with.
    fn name_of(&self, uuid: &str, node: &Told) -> Option<String> {
        let by_address = || {
            let names = node.addresses.iter().filter_map(|ip| self.by_address.get(ip));
            one_name(&names.flatten().cloned().collect())
        };
        let by_mac = || one_name(self.by_mac.get(&mac_of(uuid)?)?);
        let told = one_name(&node.listed).or_else(|| one_name(&node.directory));
        told.or_else(by_address).or_else(by_mac)
    }
}

/// The fullest of `names`, if all of them mean one host.
fn one_name(names: &BTreeSet<String>) -> Option<String> {
    let best = names.iter().max_by_key(|name| (name.contains('.'), std::cmp::Reverse(*name)))?;
    names.iter().all(|name| same_name(name, best)).then(|| best.clone())
}

#[cfg(test)]
pub(super) mod tests;
