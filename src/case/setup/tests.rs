use super::*;
use crate::fact::ntp::NtpConfig;
use crate::fact::vmkernel::{VmkernelAdapter, VmkernelAddress};
use crate::fact::vsan::cmmds::{CmmdsCount, CmmdsEntry, CmmdsKind};
use crate::fact::vsan::network::VsanInterface;
use crate::fact::vswitch::{PortGroup, VirtualSwitch};
use crate::fact::{VmConfig, nic::PhysicalNic};
use crate::model::{MemberPath, Source};

fn fact(file: &str, value: FactValue) -> Fact {
    let source = Source { file: MemberPath::new(file), line: 1, offset: 0 };
    Fact { value, source, text: file.to_owned() }
}

/// The setup that facts of these files make, all of which were read whole but `damaged`.
fn setup_but(facts: Vec<(&str, FactValue)>, damaged: &[&str]) -> Setup {
    let mut setup = Setup::default();
    facts.into_iter().for_each(|(file, value)| setup.take(&fact(file, value)));
    setup.settle(&damaged.iter().copied().collect());
    setup
}

fn setup(facts: Vec<(&str, FactValue)>) -> Setup {
    setup_but(facts, &[])
}

fn adapter(name: &str) -> VmkernelAdapter {
    VmkernelAdapter { name: name.to_owned(), ..VmkernelAdapter::default() }
}

fn addresses(list: &[&str]) -> Option<Vec<VmkernelAddress>> {
    Some(
        list.iter().map(|ip| VmkernelAddress { ip: ip.parse().expect("an address"), prefix: None }).collect(),
    )
}

fn vmks(parts: Vec<VmkernelAdapter>) -> Vec<VmkernelAdapter> {
    let setup = setup(parts.into_iter().map(|part| ("a", FactValue::VmkernelAdapter(part))).collect());
    setup.network.vmkernel.iter().map(|found| found.value.clone()).collect()
}

#[test]
fn parts_of_an_adapter_join_and_the_first_of_two_contradictions_holds() {
    let all = VmkernelAdapter {
        mtu: Some(9000),
        port_group: Some("vSAN".to_owned()),
        addresses: addresses(&["10.0.0.1"]),
        ..adapter("vmk2")
    };
    let list = VmkernelAdapter { mtu: Some(1500), switch: Some("vSwitch1".to_owned()), ..adapter("vmk2") };
    let tags = VmkernelAdapter { tags: Some(vec!["VSAN".to_owned()]), ..adapter("vmk2") };
    let found = vmks(vec![all.clone(), list, tags, all.clone(), adapter("vmk10")]);
    let expected =
        VmkernelAdapter { switch: Some("vSwitch1".to_owned()), tags: Some(vec!["VSAN".to_owned()]), ..all };
    assert_eq!(found, [expected, adapter("vmk10")]);
}

#[test]
fn an_empty_list_of_addresses_is_known_and_none_is_not() {
    let of = |first: Option<Vec<VmkernelAddress>>, second| {
        let part = |addresses| VmkernelAdapter { addresses, ..adapter("vmk0") };
        vmks(vec![part(first), part(second)])[0].addresses.clone()
    };
    let v4 = || addresses(&["10.0.0.1"]);
    assert_eq!(of(None, None), None);
    assert_eq!(of(None, Some(vec![])), Some(vec![]));
    assert_eq!(of(Some(vec![]), v4()), Some(vec![]), "the first file says that there is none");
    assert_eq!(of(v4(), addresses(&["10.0.0.2"])), v4());
    assert_eq!(of(v4(), addresses(&["10.0.0.1", "fe80::1"])), addresses(&["10.0.0.1", "fe80::1"]));
}

#[test]
fn vlans_are_found_for_the_port_groups_that_the_first_file_lists() {
    let group = |name: &str, vlan| PortGroup { name: name.to_owned(), vlan };
    let switch = |groups| VirtualSwitch {
        name: "vSwitch0".to_owned(),
        port_groups: Some(groups),
        ..VirtualSwitch::default()
    };
    let first = switch(vec![group("a", None), group("b", Some(1))]);
    let second = switch(vec![group("b", Some(2)), group("a", Some(7)), group("c", None)]);
    let setup = setup(vec![("j", FactValue::VirtualSwitch(first)), ("t", FactValue::VirtualSwitch(second))]);
    let found = setup.network.switches.get("vSwitch0").expect("there");
    assert_eq!(found.value.port_groups, Some(vec![group("a", Some(7)), group("b", Some(1))]));
    assert_eq!(found.source.file.as_str(), "j");
}

#[test]
fn ntp_servers_are_those_of_one_file() {
    let server =
        |name: &str| FactValue::NtpConfig(NtpConfig { enabled: None, servers: Some(vec![name.to_owned()]) });
    let state = |servers| FactValue::NtpConfig(NtpConfig { enabled: Some(false), servers });
    let told = |facts| setup(facts).ntp.servers.map(|servers| servers.value);
    let lines = || vec![("etc", server("b")), ("etc", server("a")), ("etc", server("b"))];
    assert_eq!(told(lines()), Some(vec!["b".to_owned(), "a".to_owned()]));
    assert_eq!(told([vec![("get", state(Some(vec![])))], lines()].concat()), Some(vec![]));
    assert_eq!(told([vec![("get", state(None))], lines()].concat()).map(|list| list.len()), Some(2));
    assert_eq!(told(vec![("get", state(None))]), None);
}

fn registered(id: u64, vmx: &str) -> FactValue {
    FactValue::RegisteredVm { id: Some(id), vmx: vmx.to_owned() }
}

fn running(name: &str, world: u64, vmx: Option<&str>) -> FactValue {
    let (name, vmx) = (name.to_owned(), vmx.map(str::to_owned));
    FactValue::RunningVm { name, world: Some(world), cartel: None, uuid: None, vmx }
}

fn config(folder: &str, file: &str, name: &str) -> FactValue {
    let (folder, file, name) = (folder.to_owned(), file.to_owned(), Some(name.to_owned()));
    FactValue::VmConfig(Box::new(VmConfig {
        folder,
        file,
        name,
        hardware_version: Some(14),
        ..VmConfig::default()
    }))
}

/// Name, number, whether it runs, version of the hardware.
type Told<'a> = (Option<&'a str>, Option<u64>, Option<bool>, Option<u64>);

fn vms(setup: &Setup) -> Vec<Told<'_>> {
    let vms = setup.vms.vms.iter().map(|vm| &vm.value);
    vms.map(|vm| (vm.name.as_deref(), vm.id, vm.running, vm.hardware_version)).collect()
}

#[test]
fn vms_join_by_path_and_a_process_without_a_path_by_its_name() {
    let (web, db) = ("/vmfs/volumes/ds/web/web.vmx", "/vmfs/volumes/ds/db/db.vmx");
    let facts = vec![
        ("list", running("web", 11, Some(web))),
        ("list", running("db", 12, None)),
        ("list", running("stray", 13, None)),
        ("inventory", registered(1, web)),
        ("inventory", registered(2, db)),
        ("inventory", registered(3, "/vmfs/volumes/ds/off/off.vmx")),
        ("web.vmx", config("vmfs/volumes/ds/web", "web.vmx", "web")),
        ("db.vmx", config("vmfs/volumes/ds/db", "db.vmx", "db")),
    ];
    let expected = [
        (Some("db"), Some(2), Some(true), Some(14)),
        (Some("stray"), None, Some(true), None),
        (Some("web"), Some(1), Some(true), Some(14)),
        (None, Some(3), Some(false), None),
    ];
    assert_eq!(vms(&setup(facts.clone())), expected);
    // What stood in the rest of a damaged list is not known.
    let cut = setup_but(facts, &["list"]);
    assert_eq!(vms(&cut)[3], (None, Some(3), None, None));
}

#[test]
fn two_vms_of_one_name_lend_a_process_to_neither() {
    let facts = vec![
        ("list", running("web", 11, None)),
        ("a.vmx", config("vmfs/volumes/a/web", "web.vmx", "web")),
        ("b.vmx", config("vmfs/volumes/b/web", "web.vmx", "web")),
    ];
    let setup = setup(facts);
    let runs: Vec<_> = setup.vms.vms.iter().map(|vm| (vm.value.path.is_some(), vm.value.running)).collect();
    assert_eq!(runs, [(false, Some(true)), (true, Some(false)), (true, Some(false))]);
    assert!(setup.vms.vms.iter().all(|vm| vm.value.registered.is_none()), "there is no inventory");
}

#[test]
fn a_datastore_that_is_called_by_two_names_makes_nothing_sure() {
    let facts = vec![
        ("list", running("web", 11, Some("/vmfs/volumes/5f0a/web/web.vmx"))),
        ("inventory", registered(1, "/vmfs/volumes/prod/web/web.vmx")),
        ("inventory", registered(2, "/vmfs/volumes/prod/db/db.vmx")),
    ];
    let setup = setup(facts);
    let told: Vec<_> =
        setup.vms.vms.iter().map(|vm| (vm.value.id, vm.value.registered, vm.value.running)).collect();
    let expected =
        [(None, None, Some(true)), (Some(2), Some(true), Some(false)), (Some(1), Some(true), None)];
    assert_eq!(told, expected);
}

#[test]
fn no_vsan_adapter_is_known_and_none_is_not() {
    let interface = |vmknic: &str| {
        FactValue::VsanInterface(VsanInterface {
            vmknic: vmknic.to_owned(),
            uuid: None,
            traffic: vec![],
            unicast_port: None,
            agent_group: None,
            master_group: None,
            multicast: None,
        })
    };
    let count = |facts| setup(facts).vsan.interfaces.map(|all| all.len());
    assert_eq!(count(vec![]), None);
    assert_eq!(count(vec![("a", FactValue::VsanNoInterface)]), Some(0));
    assert_eq!(count(vec![("a", FactValue::VsanNoInterface), ("b", interface("vmk2"))]), Some(0));
    assert_eq!(
        count(vec![("a", interface("vmk2")), ("b", interface("vmk2")), ("b", interface("vmk3"))]),
        Some(2)
    );
}

#[test]
fn a_node_is_told_by_several_entries_and_a_whole_dump_counts() {
    let entry = |kind, name: Option<&str>, interface: Option<&str>, health: &str| {
        FactValue::CmmdsEntry(CmmdsEntry {
            node_uuid: "5F0A".to_owned(),
            kind,
            interface: interface.map(str::to_owned),
            health: Some(health.to_owned()),
            revision: None,
            hostname: name.map(str::to_owned),
            address: interface.map(|_| "10.0.0.1".to_owned()),
            decom_state: None,
        })
    };
    let counts = |entries, whole| FactValue::CmmdsCounts {
        types: vec![CmmdsCount { kind: "DISK".to_owned(), entries, unhealthy: 0 }],
        whole,
    };
    let setup = setup(vec![
        ("a", entry(CmmdsKind::NetInterface, None, Some("if"), "Unhealthy")),
        ("a", entry(CmmdsKind::HostName, Some("esx01"), None, "Healthy")),
        ("b", entry(CmmdsKind::NetInterface, None, Some("if"), "Healthy")),
        ("a", counts(3, false)),
        ("b", counts(9, true)),
        ("c", counts(8, true)),
    ]);
    let node = &setup.vsan.nodes["5f0a"].value;
    assert_eq!((node.name.as_deref(), node.health.as_deref()), (Some("esx01"), Some("Healthy")));
    assert_eq!(node.addresses, ["10.0.0.1"]);
    assert_eq!(setup.vsan.directory["DISK"].value, DirectoryCount { entries: 9, unhealthy: 0, whole: true });
}

#[test]
fn captures_are_compared_by_what_both_tell() {
    let nic = |firmware: Option<&str>| {
        let nic = PhysicalNic {
            name: "vmnic0".to_owned(),
            driver: Some("i40en".to_owned()),
            firmware: firmware.map(str::to_owned),
            ..PhysicalNic::default()
        };
        FactValue::PhysicalNic(nic)
    };
    let driver = ("nic-driver", Some("vmnic0".to_owned()), "i40en".to_owned());
    let firmware = ("nic-firmware", Some("vmnic0".to_owned()), "8.15".to_owned());
    let joined = setup(vec![("a", nic(None)), ("b", nic(Some("8.15")))]).compared();
    assert_eq!(joined, [driver, firmware]);
    assert_eq!(setup(vec![("a", nic(None))]).compared(), joined[..1]);
    assert!(setup(vec![]).is_empty());
}
