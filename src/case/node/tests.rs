use super::*;
use crate::case::Case;
use crate::digest::Digest;
use crate::fact::vmkernel::{VmkernelAdapter, VmkernelAddress};
use crate::fact::vsan::cmmds::{CmmdsEntry, CmmdsKind};
use crate::fact::vsan::network::VsanInterface;
use crate::fact::{Fact, FactValue, UnicastAgent, VsanCluster};
use crate::model::{EventKind, MemberPath, Severity, Source, Stamp, TimeQuality, Timestamp};

/// Its last 12 digits are the MAC address 00:50:56:8a:00:0N.
pub(crate) fn uuid(n: u8) -> String {
    format!("5f0a1b2c-3d4e-5f60-7182-0050568a000{n}")
}

pub(crate) fn bundle(name: &str, values: Vec<FactValue>) -> Digest {
    let source = || Source { file: MemberPath::new("f"), line: 1, offset: 0 };
    let fact = |value| Fact { value, source: source(), text: "a line".to_owned() };
    let named = FactValue::HostName { name: name.to_owned() };
    let facts = [named].into_iter().chain(values).map(fact).collect();
    Digest { bundle: format!("{name}.tgz"), facts, ..Digest::default() }
}

/// `cluster get` of node `own` with these members and their names.
pub(crate) fn view(own: u8, members: &[(u8, &str)]) -> FactValue {
    FactValue::VsanCluster(VsanCluster {
        node_uuid: Some(uuid(own)),
        cluster_uuid: Some("52aa".to_owned()),
        members: members.iter().map(|(n, _)| uuid(*n)).collect(),
        member_names: members.iter().map(|(_, name)| (*name).to_owned()).collect(),
        ..VsanCluster::default()
    })
}

pub(crate) fn agents(list: &[(u8, &str, bool)]) -> FactValue {
    let agent = |(n, ip, witness): &(u8, &str, bool)| UnicastAgent {
        node_uuid: uuid(*n),
        witness: *witness,
        ip: Some((*ip).to_owned()),
    };
    FactValue::UnicastAgents { agents: list.iter().map(agent).collect() }
}

/// An entry of the directory about node `n`.
pub(crate) fn entry(n: u8, hostname: Option<&str>, ip: Option<&str>, health: &str) -> FactValue {
    FactValue::CmmdsEntry(CmmdsEntry {
        node_uuid: uuid(n),
        kind: if ip.is_some() { CmmdsKind::NetInterface } else { CmmdsKind::HostName },
        interface: None,
        health: Some(health.to_owned()),
        revision: None,
        hostname: hostname.map(str::to_owned),
        address: ip.map(str::to_owned),
        decom_state: None,
    })
}

/// The adapter for vSAN.
pub(crate) fn vmk(ip: &str, mac: &str) -> FactValue {
    FactValue::VmkernelAdapter(VmkernelAdapter {
        name: "vmk2".to_owned(),
        mac: Some(mac.to_owned()),
        addresses: Some(vec![VmkernelAddress { ip: ip.parse().expect("an address"), prefix: Some(24) }]),
        tags: Some(vec!["VSAN".to_owned()]),
        ..VmkernelAdapter::default()
    })
}

pub(crate) fn interface(vmknic: &str) -> FactValue {
    FactValue::VsanInterface(VsanInterface {
        vmknic: vmknic.to_owned(),
        uuid: None,
        traffic: vec!["vsan".to_owned()],
        unicast_port: None,
        agent_group: None,
        master_group: None,
        multicast: None,
    })
}

pub(crate) fn ha(list: &[(&str, &str, &[&str], &[&str])]) -> FactValue {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let host = |(id, name, addresses, macs): &(&str, &str, &[&str], &[&str])| HaHost {
        id: Some((*id).to_owned()),
        name: Some((*name).to_owned()),
        addresses: texts(addresses),
        macs: texts(macs),
        ..HaHost::default()
    };
    FactValue::HaHosts { hosts: list.iter().map(host).collect() }
}

pub(crate) fn line(kind: EventKind, second: i64, fields: &[(&str, &str)], raw: &str) -> Event {
    let time = Timestamp::from_seconds(1_700_000_000 + second);
    Event {
        stamp: Some(Stamp { time, quality: TimeQuality::Exact }),
        kind,
        severity: Severity::Error,
        rule: "r".to_owned(),
        text: String::new(),
        raw: raw.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        source: Source { file: MemberPath::new("vmkernel.log"), line: second.unsigned_abs(), offset: 0 },
    }
}

/// The node of every host, by name; `-` of none.
#[track_caller]
fn check(bundles: &[Digest], expected: &[(&str, Option<u8>)]) {
    for reversed in [false, true] {
        let mut given = bundles.to_vec();
        if reversed {
            given.reverse();
        }
        let case = Case::build(given);
        let told: Vec<(&str, Option<&str>)> =
            case.hosts.iter().map(|host| (host.name.as_str(), host.node_uuid())).collect();
        let expected: Vec<(&str, Option<String>)> =
            expected.iter().map(|(name, n)| (*name, n.map(uuid))).collect();
        let expected: Vec<(&str, Option<&str>)> =
            expected.iter().map(|(name, node)| (*name, node.as_deref())).collect();
        assert_eq!(told, expected);
        for host in case.hosts.iter().filter(|host| host.node.is_some()) {
            let found = case.names.node(host.node_uuid().expect("known")).map(|index| &case.hosts[index].id);
            assert_eq!(found, Some(&host.id));
        }
    }
}

#[test]
fn a_member_list_names_a_host() {
    let a = bundle("esx1.lab", vec![view(1, &[(1, "esx1.lab"), (2, "ESX2.lab"), (3, "esx3.lab")])]);
    check(&[a.clone(), bundle("esx2.lab", vec![])], &[("esx1.lab", Some(1)), ("esx2.lab", Some(2))]);
    check(&[a.clone(), bundle("esx20.lab", vec![])], &[("esx1.lab", Some(1)), ("esx20.lab", None)]);
    // A bundle that says what its node is, is not told otherwise.
    let two = bundle("esx2.lab", vec![view(7, &[(7, "esx2.lab")])]);
    check(&[a, two], &[("esx1.lab", Some(1)), ("esx2.lab", Some(7))]);
}

#[test]
fn a_list_of_localhosts_or_one_that_is_cut_names_nobody() {
    let local = bundle("esx1.lab", vec![view(1, &[(1, "localhost"), (2, "localhost.localdomain")])]);
    check(&[local, bundle("localhost", vec![])], &[("esx1.lab", Some(1)), ("localhost", None)]);
    let mut cut = VsanCluster {
        node_uuid: Some(uuid(1)),
        members: vec![uuid(1), uuid(2), uuid(3)],
        member_names: vec!["esx1.lab".to_owned(), "esx3.lab".to_owned()],
        ..VsanCluster::default()
    };
    let with = |cut: &VsanCluster| {
        let one = bundle("esx1.lab", vec![FactValue::VsanCluster(cut.clone())]);
        [one, bundle("esx3.lab", vec![])]
    };
    check(&with(&cut), &[("esx1.lab", Some(1)), ("esx3.lab", None)]);
    cut.member_names.insert(1, "esx2.lab".to_owned());
    check(&with(&cut), &[("esx1.lab", Some(1)), ("esx3.lab", Some(3))]);
}

#[test]
fn the_directory_names_a_host_and_knows_which_of_its_nodes_is_gone() {
    let a = |more: Vec<FactValue>| bundle("esx1.lab", [vec![view(1, &[])], more].concat());
    let two = || bundle("esx2.lab", vec![]);
    let named = |n, health| entry(n, Some("esx2.lab"), None, health);
    check(&[a(vec![named(2, "Unhealthy")]), two()], &[("esx1.lab", Some(1)), ("esx2.lab", Some(2))]);
    let reinstalled = vec![named(2, "Unhealthy"), named(4, "Healthy")];
    check(&[a(reinstalled), two()], &[("esx1.lab", Some(1)), ("esx2.lab", Some(4))]);
    let either = vec![named(2, "Healthy"), named(4, "Healthy")];
    check(&[a(either.clone()), two()], &[("esx1.lab", Some(1)), ("esx2.lab", None)]);
    // A weaker way may decide between the two.
    let with_mac = bundle("esx2.lab", vec![vmk("10.9.0.2", "00:50:56:8A:00:04")]);
    check(&[a(either), with_mac], &[("esx1.lab", Some(1)), ("esx2.lab", Some(4))]);
}

#[test]
fn an_address_of_the_vsan_network_is_a_hosts() {
    let a = bundle("esx1.lab", vec![view(1, &[]), agents(&[(2, "10.9.0.2", false), (3, "10.9.0.3", false)])]);
    let two = |values| bundle("esx2.lab", values);
    let mac = "00:50:56:00:00:01";
    check(&[a.clone(), two(vec![vmk("10.9.0.2", mac)])], &[("esx1.lab", Some(1)), ("esx2.lab", Some(2))]);
    check(&[a.clone(), two(vec![vmk("10.9.0.22", mac)])], &[("esx1.lab", Some(1)), ("esx2.lab", None)]);
    // The adapter has that address, but carries no vSAN traffic.
    let other = two(vec![vmk("10.9.0.2", mac), interface("vmk5")]);
    check(&[a.clone(), other], &[("esx1.lab", Some(1)), ("esx2.lab", None)]);
    // Two hosts have it.
    let twins = [a, two(vec![vmk("10.9.0.2", mac)]), bundle("esx3.lab", vec![vmk("10.9.0.2", mac)])];
    check(&twins, &[("esx1.lab", Some(1)), ("esx2.lab", None), ("esx3.lab", None)]);
    let in_directory = bundle("esx1.lab", vec![view(1, &[]), entry(4, None, Some("10.9.0.2"), "Healthy")]);
    let pair = [in_directory, two(vec![vmk("10.9.0.2", mac)])];
    check(&pair, &[("esx1.lab", Some(1)), ("esx2.lab", Some(4))]);
}

#[test]
fn vsphere_ha_lists_addresses_and_mac_addresses_of_a_host() {
    let list: &[(&str, &str, &[&str], &[&str])] =
        &[("host-9", "esx2.lab", &["10.0.0.2", "10.9.0.2"], &["00:50:56:8a:00:03"])];
    let by_address = bundle("esx1.lab", vec![view(1, &[]), agents(&[(2, "10.9.0.2", false)]), ha(list)]);
    check(&[by_address, bundle("esx2.lab", vec![])], &[("esx1.lab", Some(1)), ("esx2.lab", Some(2))]);
    let by_mac = bundle("esx1.lab", vec![view(1, &[(1, "localhost"), (3, "localhost")]), ha(list)]);
    check(&[by_mac, bundle("esx2.lab", vec![])], &[("esx1.lab", Some(1)), ("esx2.lab", Some(3))]);
}

#[test]
fn a_uuid_ends_with_the_mac_address_of_its_host() {
    let left = line(EventKind::VSAN_NODE_LEFT, 1, &[("node", &uuid(2).to_ascii_uppercase())], "left");
    let mut a = bundle("esx1.lab", vec![view(1, &[])]);
    a.events.push(left);
    let two = |mac: &str| bundle("esx2.lab", vec![vmk("10.9.0.2", mac)]);
    check(&[a.clone(), two("00:50:56:8a:00:02")], &[("esx1.lab", Some(1)), ("esx2.lab", Some(2))]);
    check(&[a, two("00:50:56:8a:00:0f")], &[("esx1.lab", Some(1)), ("esx2.lab", None)]);
    assert_eq!(mac_of(&uuid(2)).as_deref(), Some("00:50:56:8a:00:02"));
    assert_eq!((mac_of("5f0a-000000000000"), mac_of("x"), mac_of("5f-00505é8a000")), (None, None, None));
}

#[test]
fn a_namesake_or_a_network_with_the_same_numbers_is_not_taken() {
    // Another cluster's host of that name has another address.
    let listed = bundle(
        "esx1.lab",
        vec![view(1, &[(1, "esx1.lab"), (2, "esx2.lab")]), agents(&[(2, "10.9.0.2", false)])],
    );
    let namesake = bundle("esx2.lab", vec![vmk("172.16.0.2", "00:50:56:00:00:01")]);
    check(&[listed.clone(), namesake], &[("esx1.lab", Some(1)), ("esx2.lab", None)]);
    // Another cluster's host of that address has another name.
    let same_numbers = bundle("esx7.lab", vec![vmk("10.9.0.2", "00:50:56:8a:00:02")]);
    check(&[listed, same_numbers], &[("esx1.lab", Some(1)), ("esx7.lab", None)]);
}

#[test]
fn clones_are_kept_and_told() {
    let one = bundle("esx1.lab", vec![view(1, &[(1, "esx1.lab")])]);
    let clone = bundle("esx2.lab", vec![view(1, &[(1, "esx2.lab")])]);
    let case = Case::build(vec![one, clone]);
    let told: Vec<(&str, &[usize])> = case.names.clones().collect();
    assert_eq!(told, [(uuid(1).as_str(), &[0, 1][..])]);
    let alone = Case::build(vec![bundle("esx1.lab", vec![view(1, &[])])]);
    assert_eq!(alone.names.clones().count(), 0);
}

#[test]
fn nodes_without_a_bundle_are_called_by_the_best_that_is_told() {
    let of = |values: Vec<FactValue>, n: u8| {
        let case = Case::build(vec![bundle("esx1.lab", values)]);
        case.names.node_name(&uuid(n)).map(str::to_owned)
    };
    let list: &[(&str, &str, &[&str], &[&str])] = &[
        ("host-8", "esx2.ha", &["10.9.0.2"], &[]),
        ("host-9", "esx3.ha", &["10.0.0.3"], &["00:50:56:8a:00:03"]),
    ];
    let members = || view(1, &[(1, "esx1.lab"), (2, "esx2.lab"), (3, "localhost")]);
    let by_directory = || entry(2, Some("other.lab"), None, "Healthy");
    assert_eq!(of(vec![members(), by_directory(), ha(list)], 2).as_deref(), Some("esx2.lab"));
    assert_eq!(of(vec![view(1, &[]), by_directory(), ha(list)], 2).as_deref(), Some("other.lab"));
    let ips = || agents(&[(2, "10.9.0.2", false), (3, "10.9.0.3", false)]);
    assert_eq!(of(vec![view(1, &[]), ips(), ha(list)], 2).as_deref(), Some("esx2.ha"));
    assert_eq!(of(vec![members(), ips(), ha(list)], 3).as_deref(), Some("esx3.ha"));
    assert_eq!(of(vec![members(), ips()], 3), None, "a localhost is nobody");
    assert_eq!(of(vec![members()], 1).as_deref(), Some("esx1"), "the id of a host with a bundle");
}

#[test]
fn a_name_is_that_of_one_node() {
    let of = |entries: Vec<FactValue>| {
        let case = Case::build(vec![bundle("esx1.lab", [vec![view(1, &[])], entries].concat())]);
        [2, 4].map(|n| case.names.node_name(&uuid(n)).map(str::to_owned))
    };
    let esx2 = |n, health| entry(n, Some("esx2.lab"), None, health);
    let named = Some("esx2.lab".to_owned());
    assert_eq!(of(vec![esx2(2, "Unhealthy"), esx2(4, "Healthy")]), [None, named]);
    assert_eq!(of(vec![esx2(2, "Healthy"), esx2(4, "Healthy")]), [None, None]);
    // The old node of a host that was installed again.
    assert_eq!(of(vec![entry(2, Some("esx1.lab"), None, "Unhealthy")]), [None, None]);
}

#[test]
fn a_hosts_own_ha_list_names_morefs_for_its_agents_log() {
    let dead =
        |at| line(EventKind::HA_HOST_DEAD, at, &[("host_ref", "host-9")], "Host host-9 changed state: Dead");
    let mut a =
        bundle("esx1.lab", vec![ha(&[("host-8", "esx1.lab", &[], &[]), ("host-9", "esx2.lab", &[], &[])])]);
    a.events.push(dead(1));
    // Another cluster, under another vCenter Server, counts its hosts anew.
    let mut b =
        bundle("esx5.lab", vec![ha(&[("host-9", "esx6.lab", &[], &[]), ("host-5", "localhost", &[], &[])])]);
    b.events.push(dead(2));
    // Its own list is not here, but it is on the first one.
    let mut mate = bundle("esx2.lab", vec![]);
    mate.events.push(dead(3));
    let mut stranger = bundle("esx9.lab", vec![]);
    stranger.events.push(dead(4));
    let case = Case::build(vec![a, b, mate, stranger]);
    let told: Vec<Option<&str>> = case.timeline.iter().map(|moment| moment.field("host_name")).collect();
    assert_eq!(told, [Some("esx2"), Some("esx6.lab"), Some("esx2"), None]);
}

#[test]
fn a_send_that_failed_is_to_the_node_at_that_address() {
    let failed = |ip: &str| line(EventKind::VSAN_PEER_UNREACHABLE, 1, &[("ip", ip)], "Failed to send");
    let node = |ip: &str, bundles: Vec<Digest>| {
        let mut bundles = bundles;
        bundles[0].events.push(failed(ip));
        let case = Case::build(bundles);
        let field = |name| case.timeline[0].field(name).map(str::to_owned);
        (field("node"), field("node_host"))
    };
    let list = || agents(&[(2, "10.9.0.2", false), (3, "10.9.0.3", false), (4, "10.9.0.3", false)]);
    let pair = || {
        let a = bundle("esx1.lab", vec![view(1, &[(1, "esx1.lab"), (2, "esx2.lab")]), list()]);
        vec![a, bundle("esx2.lab", vec![view(2, &[(2, "esx2.lab")]), agents(&[(1, "10.9.0.1", false)])])]
    };
    assert_eq!(node("10.9.0.2", pair()), (Some(uuid(2)), Some("esx2".to_owned())));
    assert_eq!(node("10.9.0.3", pair()), (None, None), "two nodes have it");
    assert_eq!(node("10.9.0.77", pair()), (None, None));
    assert_eq!(node("fe80::1", pair()), (None, None));
    // What is not on its own list is on its mate's.
    let mut without = pair();
    without.reverse();
    assert_eq!(node("10.9.0.2", without), (Some(uuid(2)), Some("esx2".to_owned())));
}

#[test]
fn a_missing_member_has_its_name_and_a_witness_is_never_missing() {
    let members = view(1, &[(1, "localhost"), (2, "localhost"), (8, "localhost"), (9, "localhost")]);
    let list = agents(&[(2, "10.9.0.2", false), (8, "10.9.0.8", false), (9, "10.9.0.9", true)]);
    let named = ha(&[("host-8", "esx8.lab", &["10.9.0.8"], &[])]);
    let a = bundle("esx1.lab", vec![members, list, named]);
    let case = Case::build(vec![a, bundle("esx2.lab", vec![vmk("10.9.0.2", "00:50:56:00:00:01")])]);
    let told: Vec<&str> = case.missing.iter().map(|missing| missing.label()).collect();
    assert_eq!(told, ["esx8.lab"]);
}

#[test]
fn names_are_counted_as_they_are_compared() {
    let names = [
        "esx1",
        "ESX1.",
        "esx1.lab",
        "esx1.other",
        "esx10",
        "10",
        "10.lab",
        "10.0.0.2",
        "10.0.0.2.",
        "",
        ".",
    ];
    let mut counts = NameCounts::default();
    names.iter().for_each(|name| counts.add(name));
    for name in names {
        let same = names.iter().filter(|other| same_name(name, other)).count();
        assert_eq!(counts.of(name), same, "{name}");
    }
}

#[test]
fn thousands_of_names_are_not_compared_one_by_one() {
    let node = |n: usize| {
        (
            format!("5f0a1b2c-3d4e-5f60-7182-{n:012}"),
            Told { listed: BTreeSet::from([format!("esx.rack{n}")]), live: true, ..Told::default() },
        )
    };
    let told: BTreeMap<String, Told> = (1..=100_000).map(node).collect();
    assert_eq!(names(&[], &told).len(), 100_000);
}
