//! What the report says of each host's setup is what the demo set it up to be.

#[path = "common/run.rs"]
mod run;

use esxray::demo::{ClusterOptions, Container, Generation, Host, Site, healthy};
use esxray::fact::FACTS;
use run::{analyze, analyze_site, written};
use serde_json::{Value, json};

fn site(generation: Generation, vsan: bool) -> Site {
    healthy(&ClusterOptions { generation, vsan, hosts: 2, hours: 6, ..ClusterOptions::default() })
}

/// The host of the report that is called `name`.
fn host<'a>(report: &'a Value, name: &str) -> &'a Value {
    let hosts = report["hosts"].as_array().expect("hosts");
    hosts.iter().find(|host| host["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_generation_tells_its_setup() {
    for generation in [Generation::V67, Generation::V70, Generation::V80] {
        let site = site(generation, true);
        let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
        for of in &site.hosts {
            let told = &host(&run.report, &of.name)["setup"];
            software(of, told);
            network(of, told);
            vms(of, told);
            vsan(of, told);
        }
        // An appliance has none of the files.
        assert_eq!(host(&run.report, "vcsa.lab.example.com")["setup"], Value::Null);
    }
}

fn software(of: &Host, told: &Value) {
    assert_eq!(told["profile"]["name"], of.image_profile().as_str());
    assert_eq!(told["acceptance"], "PartnerSupported");
    assert_eq!(told["bios_date"], "2019-06-14");
    assert_eq!(
        told["microcode"],
        json!({"original": format!("0x{:x}", of.microcode_original), "updates": 0})
    );
    let vibs = told["vibs"].as_array().expect("VIBs");
    let names: Vec<&str> = vibs.iter().filter_map(|vib| vib["name"].as_str()).collect();
    assert!(names.len() == 9 && names.is_sorted(), "{names:?}");
    let microcode = vibs.iter().find(|vib| vib["name"] == "cpu-microcode").expect("there");
    assert_eq!(microcode["version"], of.release.microcode_vib.as_str());
    let options: Vec<Value> =
        of.advanced.iter().map(|(path, value)| json!({"path": path, "value": value.to_string()})).collect();
    assert_eq!(told["options"], Value::Array(options));
    assert_eq!((&told["kernel_settings"], &told["ha"]), (&Value::Null, &Value::Null));
}

fn network(of: &Host, told: &Value) {
    let adapter = |of: &esxray::demo::Adapter| {
        json!({
            "name": of.name, "enabled": true, "addresses": [{"ip": of.ip, "prefix": 24}], "mtu": of.mtu, "mac": of.mac,
            "port_group": of.port, "switch": of.switch, "netstack": of.netstack, "tags": of.tags,
        })
    };
    let adapters: Vec<Value> = of.adapters().iter().map(adapter).collect();
    assert_eq!(told["network"]["vmkernel"], Value::Array(adapters));
    let nics = told["network"]["nics"].as_array().expect("NICs");
    assert_eq!(nics.len(), of.nics().len());
    for (told, of) in nics.iter().zip(of.nics()) {
        assert_eq!((&told["name"], &told["mac"]), (&json!(of.name), &json!(of.mac)));
        assert_eq!(
            (&told["driver"], &told["driver_version"]),
            (&json!(of.driver), &json!(of.driver_version))
        );
        assert_eq!((&told["firmware"], &told["pci"]), (&json!(of.firmware), &json!(of.pci)));
        let speed = if of.link_up { json!(10_000) } else { Value::Null };
        assert_eq!((&told["link_up"], &told["speed_mbps"]), (&json!(of.link_up), &speed));
        assert_eq!((&told["mtu"], &told["admin_up"]), (&json!(of.mtu), &json!(true)));
    }
    let switches = &told["network"]["switches"];
    assert_eq!(
        switches[1]["port_groups"],
        json!([{"name": "VM Network", "vlan": 120}, {"name": "Management Network", "vlan": 0}])
    );
    assert_eq!(
        (&switches[0]["name"], &switches[0]["distributed"], &switches[0]["uplinks"], &switches[0]["mtu"]),
        (&json!("DSwitch-Prod"), &json!(true), &json!(["vmnic2", "vmnic3"]), &json!(9000))
    );
    assert_eq!(told["ntp"]["servers"], json!(of.ntp_servers()));
    let enabled = if of.release.generation == Generation::V67 { Value::Null } else { json!(true) };
    assert_eq!(told["ntp"]["enabled"], enabled);
    let peers = told["ntp"]["peers"].as_array().expect("peers");
    assert_eq!(
        (&peers[0]["remote"], &peers[0]["tally"]),
        (&json!(of.ntp_servers()[0]), &json!("system-peer"))
    );
    assert_eq!((peers.len(), &peers[1]["offset_ms"]), (2, &json!(-0.204)));
}

fn vms(of: &Host, told: &Value) {
    let vms = told["vms"].as_array().expect("VMs");
    assert_eq!(vms.len(), of.vms.len());
    for of in &of.vms {
        let told = vms.iter().find(|vm| vm["name"] == of.name.as_str()).expect("told");
        assert_eq!((&told["path"], &told["id"]), (&json!(of.vmx_path()), &json!(of.id)));
        assert_eq!((&told["registered"], &told["running"]), (&json!(true), &json!(of.running)));
        assert_eq!((&told["cartel"], &told["hardware_version"]), (&json!(of.world), &json!(13)));
        assert_eq!((&told["vcpus"], &told["memory_mb"]), (&json!(4), &json!(8192)));
        let uuid = told["uuid"].as_str().expect("a UUID").replace([' ', '-'], "");
        assert_eq!(uuid, of.uuid.replace('-', ""));
    }
}

fn vsan(of: &Host, told: &Value) {
    let (told, view) = (&told["vsan"], of.vsan.as_ref().expect("vSAN"));
    let interfaces = told["interfaces"].as_array().expect("interfaces");
    assert_eq!((interfaces.len(), &interfaces[0]["vmknic"]), (1, &json!("vmk2")));
    let disks = told["disks"].as_array().expect("disks");
    assert_eq!(disks.len(), 3);
    for of_disk in of.disks() {
        let told = disks.iter().find(|disk| disk["device"] == of_disk.device.as_str()).expect("told");
        assert_eq!((&told["uuid"], &told["format"]), (&json!(of_disk.uuid), &json!(of.disk_format())));
        assert_eq!((&told["capacity_tier"], &told["in_cmmds"]), (&json!(of_disk.capacity), &json!(true)));
        assert_eq!((&told["mounted"], &told["group"]), (&json!(true), &json!(of.disks()[0].uuid)));
    }
    assert_eq!(told["candidates"].as_array().map(Vec::len), Some(4));
    let healthy = json!({"state": "healthy", "objects": of.objects()});
    assert!(told["objects"].as_array().expect("objects").contains(&healthy));
    assert_eq!(told["resync"], json!({"objects": 0, "bytes": 0}));
    assert_eq!(told["health"], Value::Null);
    let nodes = told["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), view.members.len());
    for (uuid, name) in &view.members {
        let node = nodes.iter().find(|node| node["node_uuid"] == uuid.as_str()).expect("told");
        assert_eq!((&node["name"], &node["decom_state"]), (&json!(name), &json!(0)));
        assert_eq!(node["addresses"].as_array().map(Vec::len), Some(1));
    }
    let own = nodes.iter().find(|node| node["node_uuid"] == view.node_uuid.as_str()).expect("told");
    assert_eq!(own["addresses"], json!([of.net.vsan]));
}

#[test]
fn a_host_without_vsan_has_none() {
    let (_folder, run) = analyze_site(&site(Generation::V70, false), Container::Tgz, &[]);
    for host in run.report["hosts"].as_array().expect("hosts").iter().filter(|host| host["kind"] == "esxi") {
        assert_eq!(host["setup"]["vsan"], Value::Null);
        assert_eq!(host["setup"]["network"]["vmkernel"][2]["tags"], json!([]), "it is known to have none");
    }
}

#[test]
fn ha_and_kernel_settings_are_told_where_they_are() {
    let mut site = site(Generation::V80, false);
    let mut add = |path: &str, text: &str| {
        site.hosts[0].extra.insert(format!("commands/{path}.txt"), text.as_bytes().to_vec());
    };
    add(
        "prettyPrint.sh_hostlist",
        "12\n<hostList><host><hostId>host-21</hostId><hostName>esx01</hostName></host></hostList>\n",
    );
    add(
        "prettyPrint.sh_clusterconfig",
        "9\n<c><dasConfig><enabled>true</enabled><admissionControlEnabled>false</admissionControlEnabled></dasConfig></c>\n",
    );
    add(
        "localcli_system-settings-kernel-list--d",
        "Name  Type  Configured  Runtime  Default  Description\n----  ----  ----------  -------  -------  -----------\n\
         vga   Bool  FALSE       TRUE     TRUE     VGA at all.\n",
    );
    let (_folder, run) = analyze_site(&site, Container::Tgz, &[]);
    let told = &host(&run.report, &site.hosts[0].name)["setup"];
    assert_eq!((&told["ha"]["enabled"], &told["ha"]["admission_control"]), (&json!(true), &json!(false)));
    assert_eq!(told["ha"]["hosts"][0]["moref"], "host-21");
    let setting = json!({"name": "vga", "configured": "FALSE", "runtime": "TRUE", "default": "TRUE"});
    assert_eq!(told["kernel_settings"], json!([setting]));
}

#[test]
fn the_newest_bundle_tells_the_setup_and_what_changed_in_it() {
    let newer = site(Generation::V80, true);
    let mut older = newer.clone();
    older.vcenter = None;
    older.hosts.truncate(1);
    let host_of = &mut older.hosts[0];
    let days = |days: i64| days * 86_400 * 1_000_000;
    host_of.captured_at = host_of.captured_at.plus_micros(-days(9));
    host_of.booted_at = host_of.booted_at.plus_micros(-days(9));
    host_of.log_from = host_of.log_from.plus_micros(-days(9));
    host_of.vms.clear();
    host_of.release = esxray::demo::Release::esxi_70u3();
    host_of.net.vmotion = "10.20.2.99".to_owned();
    let ((folder, mut paths), (_older_folder, more)) =
        (written(newer.clone(), Container::Tgz), written(older.clone(), Container::Tgz));
    paths.extend(more);
    let run = analyze(&paths, folder.path(), &[]);
    let told = host(&run.report, &newer.hosts[0].name);
    assert_eq!(told["captures"].as_array().map(Vec::len), Some(2));
    network(&newer.hosts[0], &told["setup"]);
    let changes = told["changes"].as_array().expect("changes");
    let change = |what: &str, key: Value| {
        let found = changes.iter().find(|change| change["what"] == what && change["key"] == key);
        found.map(|change| (change["older"].clone(), change["newer"].clone()))
    };
    let (was, is) = (&older.hosts[0], &newer.hosts[0]);
    assert_eq!(
        change("image-profile", Value::Null),
        Some((json!(was.image_profile()), json!(is.image_profile())))
    );
    assert_eq!(change("vsan-format", Value::Null), Some((json!("15"), json!("20"))));
    assert_eq!(change("vmknic-ip", json!("vmk1")), Some((json!("10.20.2.99"), json!(is.net.vmotion))));
    assert_eq!(change("vmknic-ip", json!("vmk0")), None);
    assert_eq!(
        change("nic-driver", json!("vmnic3")),
        Some((json!("ixgben 1.7.1.41"), json!("ixgben 1.18.2.0")))
    );
    assert_eq!(change("ntp-servers", Value::Null), None);
    assert!(
        change("microcode-vib", Value::Null).is_some() && change("nic-firmware", json!("vmnic0")).is_some()
    );
}

/// Whatever the readers of facts can make of a file has its place in the report, which `analyze` holds against the
/// schema.
#[test]
fn every_sample_of_a_fact_fits_the_report() {
    let most = FACTS.iter().map(|file| file.samples.len()).max().expect("some");
    for turn in 0..most {
        let mut site = site(Generation::V80, true);
        (site.vcenter, site.hosts) = (None, site.hosts[..1].to_vec());
        for sample in FACTS.iter().filter_map(|file| file.samples.get(turn)) {
            site.hosts[0].extra.insert(sample.path.to_owned(), sample.text.as_bytes().to_vec());
        }
        let (_folder, run) = analyze_site(&site, Container::Tar, &[]);
        assert!(run.report["hosts"].as_array().is_some_and(|hosts| !hosts.is_empty()), "turn {turn}");
    }
}
