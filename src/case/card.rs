//! What one bundle says of who its host is and whom it knows, short: enough to tell which bundles belong together without
//! their digests at hand.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::host::{self, Host};
use super::node;
use crate::digest::Digest;
use crate::fact::FactValue;
use crate::model::{HostKind, Timestamp};

/// A bundle's card. All names and UUIDs are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The bundle as given, with nesting shown by `!`.
    pub bundle: String,
    /// What it was taken from.
    pub kind: HostKind,
    /// The host's name; that of the file where nothing else says it.
    pub name: String,
    /// Whether only the file says it.
    pub anonymous: bool,
    /// Every name that the bundle gives the host.
    pub names: BTreeSet<String>,
    /// `/system/uuid`.
    pub system_uuid: Option<String>,
    /// When it was taken; where it does not say so, its newest record.
    pub at: Option<Timestamp>,
    /// The vSAN cluster that it is in.
    pub vsan: Option<String>,
    /// The vSAN nodes that it is or knows.
    pub nodes: BTreeSet<String>,
    /// Hosts of its cluster as vSphere HA and vSAN name them.
    pub mates: BTreeSet<String>,
    /// Of a vCenter Server: the hosts that its logs name.
    pub managed: BTreeSet<String>,
    /// Of a vCenter Server: clusters, each with the names of its hosts, as DRS tells them.
    pub clusters: Vec<BTreeSet<String>>,
}

impl Card {
    /// The card of the bundle that `digest` is of; `None` where it says nothing of any host.
    pub fn of(digest: &Digest) -> Option<Card> {
        if digest.facts.is_empty() && digest.logs.is_empty() {
            return None;
        }
        let bundle = digest.bundle.clone();
        let (host, _) = host::host(&mut digest.clone());
        let (managed, clusters) = inventory(digest);
        Some(Card {
            bundle,
            kind: host.kind,
            name: host.name.to_ascii_lowercase(),
            anonymous: host.anonymous,
            names: host.names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            system_uuid: host.system_uuid.clone(),
            at: host.captured_at.or(host.newest_record()),
            vsan: host.vsan_uuid().map(str::to_ascii_lowercase),
            nodes: nodes(&host),
            mates: mates(&host),
            managed,
            clusters,
        })
    }
}

fn nodes(host: &Host) -> BTreeSet<String> {
    let members = host.vsan.iter().flat_map(|vsan| vsan.value.members.iter().cloned());
    let agents = host.unicast.iter().flat_map(|list| &list.value).map(|agent| agent.node_uuid.clone());
    let own = host.vsan.as_ref().and(host.node.clone());
    let all = members.chain(agents).chain(own).map(|uuid| uuid.to_ascii_lowercase());
    all.filter(|uuid| !node::is_nil(uuid)).collect()
}

/// Those of the HA list, and of vSAN's members, where more than one is named.
fn mates(host: &Host) -> BTreeSet<String> {
    let list = host.setup.ha_hosts.iter().flat_map(|list| &list.value);
    let by_ha = list.filter_map(|listed| listed.name.as_deref());
    let by_vsan = host.vsan.iter().flat_map(|vsan| &vsan.value.member_names).map(String::as_str);
    let names: BTreeSet<String> = by_ha.chain(by_vsan).map(str::to_ascii_lowercase).collect();
    if names.len() > 1 { names } else { BTreeSet::new() }
}

/// The hosts that a vCenter Server names, and those of each of its clusters.
fn inventory(digest: &Digest) -> (BTreeSet<String>, Vec<BTreeSet<String>>) {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut clusters: BTreeMap<&str, &Vec<String>> = BTreeMap::new();
    for fact in &digest.facts {
        match &fact.value {
            FactValue::ObjectName { kind, moref, name } if kind == "HostSystem" => {
                names.insert(moref, name.to_ascii_lowercase());
            }
            FactValue::ClusterHosts { cluster, hosts } => drop(clusters.insert(cluster, hosts)),
            _ => {}
        }
    }
    let called = |hosts: &Vec<String>| -> BTreeSet<String> {
        hosts.iter().filter_map(|moref| names.get(moref.as_str())).cloned().collect()
    };
    let clusters = clusters.values().map(|hosts| called(hosts)).filter(|hosts| hosts.len() > 1).collect();
    (names.into_values().collect(), clusters)
}
