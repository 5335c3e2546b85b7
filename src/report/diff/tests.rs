use std::collections::BTreeSet;

use super::attributes::{Key, Told};
use super::rank::{self, Field};
use super::*;
use crate::report::model::*;

fn host(id: usize, edit: impl FnOnce(&mut HostInfo)) -> HostInfo {
    let vib = |name: &str, version: &str, vendor: &str| VibInfo {
        name: name.into(),
        version: version.into(),
        vendor: Some(vendor.into()),
        acceptance: None,
        installed: None,
    };
    let adapter = VmkernelInfo {
        name: "vmk0".into(),
        enabled: Some(true),
        addresses: Some(vec![AddressInfo { ip: format!("10.9.1.{}", 10 + id), prefix: Some(24) }]),
        mtu: Some(1500),
        mac: None,
        port_group: None,
        switch: None,
        netstack: None,
        tags: None,
    };
    let vibs = (0..8).map(|n| vib(&format!("esx-part{n}"), "8.0.2-100", "VMware"));
    let setup = SetupInfo {
        vibs: Some(vibs.chain([vib("smartarray", "7.1", "HPE")]).collect()),
        network: NetworkInfo { vmkernel: Some(vec![adapter]), ..NetworkInfo::default() },
        options: Some(vec![OptionInfo { path: "/Net/TcpipHeapMax".into(), value: "1536".into() }]),
        ..SetupInfo::default()
    };
    let mut host = HostInfo {
        id: format!("h{id}"),
        name: format!("h{id}.lab"),
        build: Some("100".into()),
        version: Some("8.0.2".into()),
        bios: Some("U30".into()),
        cpu: CpuInfo { microcode: Some("0x50".into()), ..CpuInfo::default() },
        setup: Some(setup),
        ..HostInfo::default()
    };
    edit(&mut host);
    host
}

fn setup(host: &mut HostInfo) -> &mut SetupInfo {
    host.setup.as_mut().expect("a setup")
}

fn field(hosts: &[HostInfo]) -> Field<'_> {
    let all = hosts.iter().map(|host| super::attributes::Attributes::of(host, &Features::default()));
    Field { all: all.collect(), hosts: hosts.iter().collect() }
}

/// Area, key, and how much is folded, of what differs between the hosts `a` and `b`.
fn found(hosts: &[HostInfo], a: usize, b: usize) -> Vec<(Area, String, usize)> {
    let field = field(hosts);
    let keys: BTreeSet<&Key> = field.keys();
    let rows = rank::differences(&field, &keys, |key| field.all[a].told(key), |key| field.all[b].told(key));
    rows.iter().map(|row| (row.key.0, row.key.1.clone(), row.folded.len())).collect()
}

fn areas(found: &[(Area, String, usize)]) -> Vec<Area> {
    found.iter().map(|(area, _, _)| *area).collect()
}

#[test]
fn every_area_is_listed_in_order() {
    assert!(Area::ALL.is_sorted());
    assert_eq!(Area::ALL.iter().collect::<BTreeSet<_>>().len(), Area::ALL.len());
    assert_eq!(Area::ALL.last(), Some(&Area::NtpServers));
}

#[test]
fn one_against_all_others_comes_before_equal_camps_and_what_is_scattered_last() {
    let hosts: Vec<HostInfo> = (0..4)
        .map(|n| {
            host(n, |host| {
                host.cpu.microcode = Some(format!("0x{n}"));
                host.bios = Some(if n < 2 { "U30" } else { "U31" }.into());
                setup(host).acceptance = Some(if n == 0 { "Community" } else { "Partner" }.into());
            })
        })
        .collect();
    assert_eq!(areas(&found(&hosts, 0, 3)), [Area::Acceptance, Area::Bios, Area::Microcode]);
    assert_eq!(areas(&found(&hosts, 3, 0)), [Area::Acceptance, Area::Bios, Area::Microcode]);
    // Two alone are no measure: the order is that of the areas.
    let two = [hosts[0].clone(), hosts[3].clone()];
    assert_eq!(areas(&found(&two, 0, 1)), [Area::Microcode, Area::Bios, Area::Acceptance]);
}

#[test]
fn what_comes_with_a_build_is_one_row_and_other_vibs_are_not() {
    let newer = |host: &mut HostInfo| {
        host.build = Some("200".into());
        host.version = Some("8.0.3".into());
        for vib in setup(host).vibs.as_mut().expect("VIBs") {
            vib.version = vib.version.replace("8.0.2-100", "8.0.3-200").replace("7.1", "7.2");
        }
    };
    let hosts = [host(0, newer), host(1, |_| ()), host(2, |_| ())];
    let rows = found(&hosts, 0, 1);
    assert_eq!(areas(&rows), [Area::Build, Area::Vib]);
    assert_eq!((rows[0].2, rows[1].1.as_str()), (9, "smartarray"), "eight VIBs and the version");
    // A VIB that hosts of one build have in two versions does not come with the build.
    let patched = host(2, |host| setup(host).vibs.as_mut().expect("VIBs")[0].version = "8.0.2-150".into());
    let hosts = [host(0, newer), host(1, |_| ()), patched];
    assert!(found(&hosts, 0, 1).iter().any(|row| row.1 == "esx-part0"));
}

#[test]
fn unknown_is_no_difference_and_absent_is_one() {
    let bare = host(1, |host| {
        (host.setup, host.bios) = (None, None);
    });
    assert_eq!(found(&[host(0, |_| ()), bare], 0, 1), []);
    let without = host(1, |host| {
        setup(host).options = Some(vec![OptionInfo { path: "/Mem/Other".into(), value: "1".into() }]);
        setup(host).vibs.as_mut().expect("VIBs").pop();
    });
    let rows = found(&[host(0, |_| ()), without], 0, 1);
    assert_eq!(areas(&rows), [Area::Vib, Area::AdvancedOption, Area::AdvancedOption]);
}

#[test]
fn an_address_is_no_difference_but_its_network_and_a_second_owner_are() {
    assert_eq!(found(&[host(0, |_| ()), host(1, |_| ())], 0, 1), []);
    let at = |n: usize, ip: &'static str, prefix: u8| {
        host(n, move |host| {
            let adapter = &mut setup(host).network.vmkernel.as_mut().expect("adapters")[0];
            adapter.addresses = Some(vec![AddressInfo { ip: ip.into(), prefix: Some(prefix) }]);
        })
    };
    assert_eq!(areas(&found(&[host(0, |_| ()), at(1, "10.9.1.77", 16)], 0, 1)), [Area::VmknicNetwork]);
    let report = |hosts: Vec<HostInfo>| -> Vec<Area> {
        let shared = hosts.iter().collect::<Vec<_>>();
        let empty: Report = serde_json::from_value(serde_json::json!({
            "schema": "", "tool": {"name": "", "version": "", "rules": {"count": 0, "sha256": ""}},
            "case": {"title": "", "from": null, "to": null, "lang": "en", "redacted": false, "clusters": []},
            "hosts": [], "findings": [], "features": {"hosts": [], "rows": [], "vms": []},
            "timeline": [], "coverage": [], "missing_hosts": [], "problems": []
        }))
        .expect("a report");
        let field = Field::of(&empty, shared);
        let keys = field.keys();
        let rows =
            rank::differences(&field, &keys, |key| field.all[0].told(key), |key| field.all[2].told(key));
        rows.iter().map(|row| row.key.0).collect()
    };
    let twice = vec![at(0, "10.9.1.50", 24), at(1, "10.9.1.50", 24), host(2, |_| ())];
    assert_eq!(report(twice), [Area::SharedAddress]);
    let local = vec![at(0, "169.254.1.1", 24), at(1, "169.254.1.1", 24), at(2, "169.254.1.1", 24)];
    assert_eq!(report(local), [], "addresses of one link may be the same");
}

#[test]
fn what_differs_alike_is_one_row() {
    let nic = |name: &str, firmware: &str| NicInfo {
        name: name.into(),
        pci: None,
        driver: None,
        driver_version: None,
        firmware: Some(firmware.into()),
        admin_up: None,
        link_up: None,
        speed_mbps: None,
        full_duplex: None,
        mac: None,
        mtu: None,
        description: None,
    };
    let with = |n: usize, firmware: &'static str| {
        host(n, move |host| {
            let nics = ["vmnic0", "vmnic1", "vmnic2"].map(|name| nic(name, firmware));
            setup(host).network.nics = Some(nics.into());
        })
    };
    let hosts = [with(0, "14.1"), with(1, "14.2"), with(2, "14.2")];
    assert_eq!(found(&hosts, 0, 1), [(Area::NicFirmware, "vmnic0".to_owned(), 2)]);
    let fewer = host(3, |host| setup(host).network.nics = Some(vec![nic("vmnic0", "14.1")]));
    let rows = found(&[with(0, "14.1"), fewer], 0, 1);
    assert_eq!(rows, [(Area::Nic, "vmnic1".to_owned(), 1)], "a NIC that is gone is not told field by field");
}

#[test]
fn camps_know_the_usual_value() {
    let hosts: Vec<HostInfo> =
        (0..5).map(|n| host(n, |host| host.bios = Some(if n < 2 { "a" } else { "b" }.into()))).collect();
    let key = (Area::Bios, String::new());
    assert_eq!(field(&hosts).camps(&key).usual(), Some(Told::Is("b")));
    assert_eq!(field(&hosts[..4]).camps(&key).usual(), None, "two camps of the same size");
}
