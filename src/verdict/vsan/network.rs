//! What speaks for the vSAN network between two sides: adapters, links, failed sends, MTU, addresses, damaged packets.

use std::collections::BTreeSet;

use crate::case::{Case, Host, Membership, Moment};
use crate::fact::vsan::health::VsanStatus;
use crate::model::{EventKind, Timestamp};
use crate::verdict::{Evidence, near};

/// What is wrong with the network.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::verdict) enum Fault {
    /// A host has no adapter for vSAN, or it is not ready.
    Adapter,
    /// The uplinks of the vSAN adapter went down.
    Link,
    /// Another machine uses the adapter's address.
    Address,
    /// Packets arrive damaged.
    Corruption,
    /// Packets arrive in one direction only.
    OneWay,
    /// The addresses of the others are not resolved: layer 2, VLAN, cabling.
    Neighbour,
    /// Sends fail for another reason: routing, a firewall.
    Routing,
    /// Packets of full size do not arrive.
    Mtu,
    /// Only the witness is lost: its traffic takes another way than that between the hosts.
    Witness,
}

impl Fault {
    /// The name used in `details`.
    pub(in crate::verdict) const fn name(self) -> &'static str {
        match self {
            Fault::Adapter => "adapter",
            Fault::Link => "link",
            Fault::Address => "duplicate-address",
            Fault::Corruption => "corruption",
            Fault::OneWay => "one-way",
            Fault::Neighbour => "neighbour",
            Fault::Routing => "routing",
            Fault::Mtu => "mtu",
            Fault::Witness => "witness",
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(in crate::verdict) struct NetworkSign {
    pub fault: Option<Fault>,
    /// Whether it cuts a side off by itself.
    pub is_strong: bool,
    /// Whether a link that may carry vSAN went down seconds before.
    pub is_close: bool,
    /// Hosts on which it shows.
    pub hosts: BTreeSet<usize>,
    pub evidence: Vec<Evidence>,
}

/// The two sides of a loss or a split.
pub(in crate::verdict) struct Between<'a> {
    pub case: &'a Case,
    pub membership: &'a Membership,
    /// Nodes of the side that was lost.
    pub side: Vec<usize>,
    /// Nodes of the other side.
    pub others: Vec<usize>,
    pub at: Option<Timestamp>,
    /// Whether it still lasts at the capture, so that the state of hosts tells of it.
    pub lasts: bool,
}

/// The most lines of one sort that are shown.
const SHOWN: usize = 4;

impl<'a> Between<'a> {
    /// The most telling fault of the network between the sides.
    pub(in crate::verdict) fn sign(&self) -> NetworkSign {
        let tests = [
            Self::adapter_removed,
            Self::links_down,
            Self::address_taken,
            Self::damaged_packets,
            Self::failed_sends,
            Self::mtu_differs,
            Self::adapter_not_ready,
            Self::some_link_down,
        ];
        let mut signs: Vec<NetworkSign> =
            tests.iter().map(|test| test(self)).filter(|sign| sign.fault.is_some()).collect();
        // A weak sign hides no strong one.
        signs.sort_by_key(|sign| !sign.is_strong);
        signs.into_iter().next().unwrap_or_default()
    }

    fn hosts_of<'s>(&'s self, nodes: &'s [usize]) -> impl Iterator<Item = (usize, &'a Host)> + 's {
        let (membership, case) = (self.membership, self.case);
        nodes
            .iter()
            .filter_map(move |&node| membership.nodes[node].host)
            .map(move |host| (host, &case.hosts[host]))
    }

    fn is_of(&self, nodes: &[usize], host: usize) -> bool {
        nodes.iter().any(|&node| self.membership.nodes[node].host == Some(host))
    }

    /// Moments from `before` seconds before it began to `after` seconds behind.
    fn near(&self, before: i64, after: i64) -> impl Iterator<Item = &'a Moment> + use<'a> {
        let told: &'a [Moment] = self.at.map_or(&[], |at| near(self.case, at, (before, after)));
        told.iter()
    }

    /// Moments of a rule on the lost side.
    fn on_side(&self, rules: &'static [&'static str], before: i64, after: i64) -> Vec<&'a Moment> {
        let own = |moment: &&Moment| {
            rules.contains(&moment.event.rule.as_str()) && self.is_of(&self.side, moment.host)
        };
        self.near(before, after).filter(own).collect()
    }

    fn told(&self, fault: Fault, is_strong: bool, moments: &[&Moment]) -> NetworkSign {
        let hosts = moments.iter().map(|moment| moment.host).collect();
        let evidence = moments.iter().take(SHOWN).map(|moment| Evidence::event(moment)).collect();
        let fault = Some(fault).filter(|_| !moments.is_empty());
        NetworkSign { fault, is_strong, is_close: false, hosts, evidence }
    }

    /// A host of the lost side has no adapter for vSAN, or its log tells that it was removed.
    fn adapter_removed(&self) -> NetworkSign {
        let mut sign = self.told(Fault::Adapter, true, &self.on_side(&["vob.vsan-vmknic-removed"], 900, 300));
        for (index, host) in self.hosts_of(&self.side).filter(|_| self.lasts) {
            let Some(line) = &host.setup.vsan.no_interface else { continue };
            (sign.fault, sign.is_strong) = (Some(Fault::Adapter), true);
            sign.hosts.insert(index);
            let text = if line.text.trim().is_empty() { "(the file is empty)" } else { &line.text };
            let line = Evidence { text: text.to_owned(), ..Evidence::of(index, line) };
            sign.evidence.push(line);
        }
        sign
    }

    fn adapter_not_ready(&self) -> NetworkSign {
        let told = self.on_side(&["vob.vsan-network"], 300, 300);
        // Redundancy that is lost leaves one link.
        let cut = |moment: &&Moment| !moment.field("id").is_some_and(|id| id.contains("redundancy"));
        let told: Vec<&Moment> = told.into_iter().filter(cut).collect();
        self.told(Fault::Adapter, true, &told)
    }

    /// Every uplink of the vSAN adapter of a lost host went down, or has no link at the capture.
    fn links_down(&self) -> NetworkSign {
        let mut sign = NetworkSign::default();
        for (index, host) in self.hosts_of(&self.side) {
            let uplinks = uplinks(host);
            let downs = self.downs(index);
            let went = |nic: &String| downs.iter().any(|moment| moment.field("nic") == Some(nic.as_str()));
            // What has no link at the capture.
            let dark = |nic: &String| {
                let nic = host.setup.network.nics.get(nic);
                nic.filter(|nic| self.lasts && nic.value.link_up == Some(false))
            };
            if !uplinks.is_empty() && uplinks.iter().all(|nic| went(nic) || dark(nic).is_some()) {
                (sign.fault, sign.is_strong) = (Some(Fault::Link), true);
                sign.hosts.insert(index);
                let carries = |moment: &&&Moment| uplinks.iter().any(|nic| moment.field("nic") == Some(nic));
                sign.evidence
                    .extend(downs.iter().filter(carries).take(SHOWN).map(|moment| Evidence::event(moment)));
                let at_capture = uplinks.iter().filter_map(dark);
                sign.evidence.extend(at_capture.map(|nic| Evidence::of(index, nic)));
            }
        }
        sign
    }

    /// Links of a host that went down near the beginning and did not come up before it.
    fn downs(&self, host: usize) -> Vec<&'a Moment> {
        let mut down: Vec<&Moment> = Vec::new();
        for moment in self.near(300, 60).filter(|moment| moment.host == host) {
            let before = self.at.is_some_and(|at| at.since(moment.time) > 5_000_000);
            match moment.event.kind {
                EventKind::NET_LINK_DOWN => down.push(moment),
                EventKind::NET_LINK_UP if before => {
                    down.retain(|known| known.field("nic") != moment.field("nic"))
                }
                _ => {}
            }
        }
        down
    }

    /// A link went down, and it is not known to carry vSAN alone.
    fn some_link_down(&self) -> NetworkSign {
        let mut downs = Vec::new();
        for (index, host) in self.hosts_of(&self.side) {
            let uplinks = uplinks(host);
            let may_carry = |moment: &&&Moment| {
                uplinks.is_empty()
                    || moment.field("nic").is_none_or(|nic| uplinks.iter().any(|uplink| uplink == nic))
            };
            downs.extend(self.downs(index).iter().filter(may_carry).copied());
        }
        let is_close = |moment: &&Moment| {
            self.at.is_some_and(|at| (0..=60).contains(&(at.since(moment.time) / 1_000_000)))
        };
        NetworkSign { is_close: downs.iter().any(is_close), ..self.told(Fault::Link, false, &downs) }
    }

    fn address_taken(&self) -> NetworkSign {
        let taken = |moment: &&Moment| {
            moment.event.kind == EventKind::NET_IP_CONFLICT
                && (self.is_of(&self.side, moment.host) || self.is_of(&self.others, moment.host))
                && self.is_vsan_address(moment)
        };
        self.told(Fault::Address, true, &self.near(3_600, 120).filter(taken).collect::<Vec<_>>())
    }

    /// Whether the address or adapter that a moment names is one of vSAN; true where that cannot be told.
    fn is_vsan_address(&self, moment: &Moment) -> bool {
        let host = &self.case.hosts[moment.host];
        let names = host.vsan_vmknics();
        let by_name = moment.field("vmknic").map(|name| names.contains(&name));
        let known: Vec<&String> = self.membership.nodes.iter().flat_map(|node| &node.addresses).collect();
        let by_address = moment.field("ip").map(|ip| known.iter().any(|address| *address == ip));
        names.is_empty() || by_name == Some(true) || by_address == Some(true)
    }

    fn damaged_packets(&self) -> NetworkSign {
        let rules = ["rdt.checksum-mismatch", "cmmds.update-not-applied"];
        let told = |moment: &&Moment| {
            rules.contains(&moment.event.rule.as_str())
                && (self.is_of(&self.side, moment.host) || self.is_of(&self.others, moment.host))
        };
        let told: Vec<&Moment> = self.near(1_800, 900).filter(told).collect();
        let is_strong = told.iter().any(|moment| moment.event.rule == rules[0]);
        self.told(Fault::Corruption, is_strong, &told)
    }

    /// Heartbeats that could not be sent from one side to the other.
    fn failed_sends(&self) -> NetworkSign {
        let failed = |moment: &&Moment| moment.event.rule == "cmmdsnet.unicast-send-failed";
        let moments: Vec<&Moment> = self.near(600, 600).filter(failed).collect();
        let from = |own: &[usize], peers: &[usize]| -> Vec<&'a Moment> {
            let goes = |moment: &&&Moment| self.is_of(own, moment.host) && self.is_to(peers, moment);
            moments.iter().filter(goes).copied().collect()
        };
        let (out, back) = (from(&self.side, &self.others), from(&self.others, &self.side));
        let both: Vec<&Moment> =
            out.iter().take(SHOWN / 2).chain(back.iter().take(SHOWN / 2)).copied().collect();
        let side_tells = self.hosts_of(&self.side).next().is_some();
        let others_tell = self.hosts_of(&self.others).next().is_some();
        let down = |moment: &&&Moment| {
            moment.field("errno").is_some_and(|errno| errno.to_ascii_lowercase().contains("host is down"))
        };
        let fault = if side_tells && others_tell && out.is_empty() != back.is_empty() {
            Fault::OneWay
        } else if both.iter().any(|moment| down(&moment)) {
            Fault::Neighbour
        } else {
            Fault::Routing
        };
        // To a host without a bundle, sends fail as well if it is down.
        self.told(fault, side_tells, &both)
    }

    /// Whether a failed send was to one of `nodes`; true where its address is no node's and some of `nodes` have none.
    fn is_to(&self, nodes: &[usize], moment: &Moment) -> bool {
        if let Some(node) = moment.field("node").and_then(|uuid| self.membership.node(uuid)) {
            return nodes.contains(&node);
        }
        let Some(ip) = moment.field("ip").map(|ip| ip.split(';').next().unwrap_or(ip)) else { return false };
        let of = |node: &&usize| self.membership.nodes[**node].addresses.iter().any(|address| address == ip);
        let owner = (0..self.membership.nodes.len()).find(|node| of(&node));
        match owner {
            Some(owner) => nodes.contains(&owner),
            None => nodes.iter().any(|&node| self.membership.nodes[node].addresses.is_empty()),
        }
    }

    /// vSAN adapters of the two sides differ in their MTU, or exceed that of their switch; a health check may say so.
    fn mtu_differs(&self) -> NetworkSign {
        let usual = usual_mtu(self.hosts_of(&self.others).map(|(_, host)| host));
        let mut sign = NetworkSign::default();
        for (index, host) in self.hosts_of(&self.side).filter(|_| self.lasts) {
            for adapter in host.vsan_adapters() {
                let Some(mtu) = adapter.value.mtu else { continue };
                let switch =
                    adapter.value.switch.as_deref().and_then(|name| host.setup.network.switches.get(name));
                let above = switch.is_some_and(|switch| switch.value.mtu.is_some_and(|limit| limit < mtu));
                if usual.is_some_and(|usual| usual != mtu) || above {
                    sign.fault = Some(Fault::Mtu);
                    sign.hosts.insert(index);
                    sign.evidence.push(Evidence::of(index, adapter));
                    sign.evidence.extend(switch.filter(|_| above).map(|switch| Evidence::of(index, switch)));
                }
            }
        }
        let lines = self.large_ping_fails();
        if !lines.is_empty() {
            (sign.fault, sign.is_strong) = (Some(Fault::Mtu), true);
            sign.evidence.extend(lines);
        }
        sign
    }

    /// The lines that say that a check with packets of full size failed where that with small ones did not.
    fn large_ping_fails(&self) -> Vec<Evidence> {
        let is_large = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.contains("mtu") || (name.contains("large") && name.contains("ping"))
        };
        let mut lines = Vec::new();
        let hosts = self.hosts_of(&self.side).chain(self.hosts_of(&self.others));
        for (index, host) in hosts.filter(|_| self.lasts) {
            let Some(health) = &host.setup.vsan.health else { continue };
            let failed = |large: bool| {
                let of = |name: &str| {
                    is_large(name) == large && (large || name.to_ascii_lowercase().contains("ping"))
                };
                health.value.iter().any(|check| {
                    check.status == VsanStatus::Red
                        && !check.name.to_ascii_lowercase().contains("vmotion")
                        && of(&check.name)
                })
            };
            if failed(true) && !failed(false) {
                lines.push(Evidence::of(index, health));
            }
        }
        let told = self.near(900, 3_600).filter(|moment| {
            moment.event.rule == "vsanhealth.network-test-red" && moment.field("test").is_some_and(is_large)
        });
        lines.extend(told.take(SHOWN).map(Evidence::event));
        lines
    }
}

/// The uplinks that carry a host's vSAN adapters; empty where that is not told.
pub(in crate::verdict) fn uplinks(host: &Host) -> Vec<String> {
    let switches = host
        .vsan_adapters()
        .filter_map(|adapter| host.setup.network.switches.get(adapter.value.switch.as_deref()?));
    let mut uplinks: Vec<String> =
        switches.flat_map(|switch| switch.value.uplinks.iter().flatten().cloned()).collect();
    uplinks.sort();
    uplinks.dedup();
    uplinks
}

/// The MTU that most vSAN adapters of `hosts` have.
pub(in crate::verdict) fn usual_mtu<'a>(hosts: impl Iterator<Item = &'a Host>) -> Option<u32> {
    let mut mtus: Vec<u32> =
        hosts.flat_map(Host::vsan_adapters).filter_map(|adapter| adapter.value.mtu).collect();
    mtus.sort_unstable();
    let count = |mtu: u32| mtus.iter().filter(|other| **other == mtu).count();
    mtus.iter().copied().max_by_key(|&mtu| (count(mtu), mtu))
}
