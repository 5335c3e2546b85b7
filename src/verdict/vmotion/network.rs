//! What the hosts' own setup and logs show of the network between the ends of failed migrations.

use std::collections::BTreeSet;

use super::{Cause, Group};
use crate::case::{Case, Host, Migration, Moment, Sourced};
use crate::fact::vmkernel::VmkernelAdapter;
use crate::model::{EventKind, HostKind, Timestamp};
use crate::verdict::Evidence;

/// How far a link that went down lies from the failures, in seconds.
const NEAR: i64 = 900;

/// What was found; each with the hosts' indices.
#[derive(Default)]
pub(super) struct Signs {
    /// The host that is an end of every failed migration, where it is only one of the two.
    pub shared: Option<usize>,
    /// The hosts between which every migration failed.
    pub pair: Option<(usize, usize)>,
    /// Hosts of which all adapters are known and none is for vMotion.
    pub without_adapter: Vec<usize>,
    /// Two hosts with adapters of different MTU: host, adapter, bytes.
    pub mtu: Vec<[(usize, String, u32); 2]>,
    /// Hosts whose link went down near a failure, and the NIC.
    pub links: Vec<(usize, Option<String>)>,
    pub evidence: Vec<Evidence>,
}

/// What the setup shows; nothing where the network was not the cause.
pub(super) fn signs(case: &Case, group: &Group<'_>) -> Signs {
    let mut signs = Signs::default();
    if group.cause != Cause::Network {
        return signs;
    }
    let migrations: Vec<&Migration> = group.failures.iter().map(|failure| failure.migration).collect();
    let pairs: BTreeSet<(usize, usize)> =
        migrations.iter().filter_map(|m| m.source.zip(m.destination)).collect();
    signs.pair = common_pair(&migrations);
    if signs.pair.is_none() {
        signs.shared = common_host(&migrations);
    }
    let ends: BTreeSet<usize> = migrations.iter().flat_map(|m| [m.source, m.destination]).flatten().collect();
    for &index in ends.iter().filter(|&&index| lacks_adapter(&case.hosts[index])) {
        signs.without_adapter.push(index);
        let adapters = case.hosts[index].setup.network.vmkernel.iter().take(3);
        signs.evidence.extend(adapters.map(|adapter| Evidence::of(index, adapter)));
    }
    for (source, destination) in unordered(&pairs) {
        mtu_differs(case, &migrations, source, destination, &mut signs);
    }
    let times: Vec<Timestamp> = group.failures.iter().map(super::Failure::at).collect();
    links(case, &ends, &times, &mut signs);
    signs
}

/// Pairs in any direction, each once.
fn unordered(pairs: &BTreeSet<(usize, usize)>) -> BTreeSet<(usize, usize)> {
    pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect()
}

/// The two hosts between which all migrations failed, in either direction; the source of the first one first.
fn common_pair(migrations: &[&Migration]) -> Option<(usize, usize)> {
    let (a, b) = migrations.first().and_then(|m| m.source.zip(m.destination))?;
    let between = |m: &&Migration| m.involves(a) && m.involves(b);
    migrations.iter().all(between).then_some((a, b))
}

/// The only host that is an end of all of several migrations.
fn common_host(migrations: &[&Migration]) -> Option<usize> {
    let first = migrations.first().filter(|_| migrations.len() > 1)?;
    let ends = [first.source, first.destination].into_iter().flatten();
    let common: Vec<usize> = ends.filter(|&host| migrations.iter().all(|m| m.involves(host))).collect();
    common.first().copied().filter(|_| common.len() == 1)
}

/// Whether the tags of all of a host's adapters are known, and none is for vMotion.
fn lacks_adapter(host: &Host) -> bool {
    let adapters = || host.setup.network.vmkernel.iter().map(|adapter| &adapter.value);
    host.kind == HostKind::Esxi
        && adapters().next().is_some()
        && adapters().all(|adapter| adapter.tags.is_some() && !adapter.is_for_vmotion())
}

/// The adapter that a host used for `migration`: the one with the address that the records name, else its only one for
/// vMotion, else the first of these.
pub(super) fn adapter<'a>(host: &'a Host, address: Option<&str>) -> Option<&'a Sourced<VmkernelAdapter>> {
    let adapters = || host.setup.network.vmkernel.iter();
    let ip: Option<std::net::IpAddr> = address.and_then(|address| address.parse().ok());
    let has = |adapter: &&Sourced<VmkernelAdapter>| {
        adapter.value.addresses.iter().flatten().any(|address| Some(address.ip) == ip)
    };
    adapters().find(has).or_else(|| adapters().find(|adapter| adapter.value.is_for_vmotion()))
}

/// The address that records name for a host as an end of one of these migrations.
pub(super) fn address<'a>(migrations: &[&'a Migration], host: usize) -> Option<&'a str> {
    migrations.iter().find_map(|m| {
        let of_source = m.from.address.as_deref().filter(|_| m.source == Some(host));
        of_source.or_else(|| m.to.address.as_deref().filter(|_| m.destination == Some(host)))
    })
}

fn mtu_differs(case: &Case, migrations: &[&Migration], a: usize, b: usize, signs: &mut Signs) {
    let of = |host: usize| {
        let adapter = adapter(&case.hosts[host], address(migrations, host))?;
        Some((adapter, adapter.value.mtu?))
    };
    let (Some((own, mtu)), Some((peer, peer_mtu))) = (of(a), of(b)) else { return };
    if mtu != peer_mtu {
        signs.mtu.push([(a, own.value.name.clone(), mtu), (b, peer.value.name.clone(), peer_mtu)]);
        signs.evidence.extend([Evidence::of(a, own), Evidence::of(b, peer)]);
    }
}

fn links(case: &Case, ends: &BTreeSet<usize>, times: &[Timestamp], signs: &mut Signs) {
    let near = |moment: &&Moment| {
        moment.event.kind == EventKind::NET_LINK_DOWN
            && ends.contains(&moment.host)
            && times.iter().any(|at| moment.time.since(*at).abs() <= NEAR * 1_000_000)
    };
    for moment in case.timeline.iter().filter(near).take(20) {
        let nic = moment.field("nic").map(str::to_owned);
        if !carries(&case.hosts[moment.host], nic.as_deref())
            || signs.links.contains(&(moment.host, nic.clone()))
        {
            continue;
        }
        signs.links.push((moment.host, nic));
        signs.evidence.push(Evidence::event(moment));
    }
}

/// Whether a NIC is, as far as the setup tells, an uplink of the switch of a vMotion adapter.
fn carries(host: &Host, nic: Option<&str>) -> bool {
    let Some(nic) = nic else { return true };
    let network = &host.setup.network;
    let adapters = network.vmkernel.iter().filter(|adapter| adapter.value.is_for_vmotion());
    let switches = adapters.filter_map(|adapter| network.switches.get(adapter.value.switch.as_deref()?));
    let uplinks: Vec<&Vec<String>> = switches.filter_map(|switch| switch.value.uplinks.as_ref()).collect();
    // A switch that lists no uplink may have lost just this one.
    let listed =
        || uplinks.iter().any(|uplinks| uplinks.is_empty() || uplinks.iter().any(|uplink| uplink == nic));
    uplinks.is_empty() || listed()
}
