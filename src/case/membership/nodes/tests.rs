use super::*;
use crate::case::Case;
use crate::case::node::tests::{agents, bundle, entry, interface, line, uuid, view, vmk};
use crate::digest::Digest;

/// Label, host, witness and addresses of every node of the first cluster.
fn told(bundles: Vec<Digest>) -> Vec<(String, Option<usize>, bool, String)> {
    let case = Case::build(bundles);
    let (nodes, _) = nodes(&case.hosts, &case.clusters[0], &case.names, &case.timeline);
    let row = |node: &Node| (node.label().to_owned(), node.host, node.witness, node.addresses.join(" "));
    nodes.iter().map(row).collect()
}

fn row(
    label: &str,
    host: Option<usize>,
    witness: bool,
    addresses: &str,
) -> (String, Option<usize>, bool, String) {
    (label.to_owned(), host, witness, addresses.to_owned())
}

#[test]
fn hosts_come_first_and_witnesses_last() {
    let list = agents(&[(9, "10.9.0.9", true), (3, "10.9.0.3", false), (2, "10.9.0.2", false)]);
    let members = view(1, &[(1, "esx1.lab"), (3, "localhost"), (4, "esx4.lab"), (9, "witness.lab")]);
    let mac = "00:50:56:00:00:01";
    let a = bundle("esx1.lab", vec![members, list, vmk("10.9.0.1", mac), interface("vmk2")]);
    let b = bundle("esx2.lab", vec![vmk("10.9.0.2", mac)]);
    assert_eq!(
        told(vec![b, a]),
        [
            row("esx1", Some(0), false, "10.9.0.1"),
            row("esx2", Some(1), false, "10.9.0.2"),
            row("esx4.lab", None, false, ""),
            row(&uuid(3), None, false, "10.9.0.3"),
            row("witness.lab", None, true, "10.9.0.9"),
        ]
    );
}

#[test]
fn the_directory_alone_names_only_who_is_there() {
    let a = |more: Vec<_>| vec![bundle("esx1.lab", [vec![view(1, &[])], more].concat())];
    let gone = || entry(5, Some("esx5.lab"), None, "Unhealthy");
    assert_eq!(told(a(vec![gone()])).len(), 1, "it was removed long ago");
    let healthy = entry(5, Some("esx5.lab"), None, "Healthy");
    let at = entry(5, None, Some("10.9.0.5"), "Healthy");
    assert_eq!(told(a(vec![healthy, at]))[1], row("esx5.lab", None, false, "10.9.0.5"));
    let listed = agents(&[(5, "10.9.0.55", false)]);
    assert_eq!(told(a(vec![gone(), listed]))[1], row("esx5.lab", None, false, "10.9.0.55"));
    let mut by_line = a(vec![gone()]);
    by_line[0].events.push(line(EventKind::VSAN_NODE_LEFT, 1, &[("node", &uuid(5))], "left"));
    assert_eq!(told(by_line)[1], row("esx5.lab", None, false, ""));
}

#[test]
fn lines_name_nodes_and_tell_a_witness() {
    let raw = format!("Removing node {} (vsanNodeType: witness) from the cluster membership", uuid(9));
    let mut a = bundle("esx1.lab", vec![view(1, &[])]);
    a.events.push(line(EventKind::VSAN_NODE_LEFT, 1, &[("node", &uuid(9))], &raw));
    a.events.push(line(EventKind::VSAN_NODE_LEFT, 2, &[("node", &uuid(4))], &raw));
    a.events.push(line(
        EventKind::VSAN_NODE_JOINED,
        3,
        &[("node", "00000000-0000-0000-0000-000000000000")],
        "",
    ));
    a.events.push(line(EventKind::VSAN_DISK_FAILED, 4, &[("node", &uuid(6))], ""));
    assert_eq!(
        told(vec![a]),
        [row("esx1", Some(0), false, ""), row(&uuid(4), None, false, ""), row(&uuid(9), None, true, ""),]
    );
}

#[test]
fn clones_are_two_nodes_of_one_uuid() {
    let mac = "00:50:56:00:00:01";
    let one = bundle("esx1.lab", vec![view(1, &[(1, "esx1.lab"), (3, "esx3.lab")]), vmk("10.9.0.1", mac)]);
    let clone = bundle("esx2.lab", vec![view(1, &[(1, "esx2.lab")]), vmk("10.9.0.2", mac)]);
    let third = bundle("esx3.lab", vec![view(3, &[(3, "esx3.lab")]), agents(&[(1, "10.9.0.1", false)])]);
    assert_eq!(
        told(vec![one, clone, third]),
        [
            row("esx1", Some(0), false, "10.9.0.1"),
            row("esx2", Some(1), false, "10.9.0.2"),
            row("esx3", Some(2), false, ""),
        ]
    );
}

#[test]
fn a_host_that_made_a_cluster_of_its_own_is_still_a_node_of_its_old_one() {
    let a = bundle("esx1.lab", vec![view(1, &[(1, "esx1.lab")]), agents(&[(2, "10.9.0.2", false)])]);
    let mut own = view(2, &[(2, "esx2.lab")]);
    if let crate::fact::FactValue::VsanCluster(own) = &mut own {
        own.cluster_uuid = Some("53bb".to_owned());
    }
    let b = bundle("esx2.lab", vec![own]);
    assert_eq!(told(vec![a, b])[1], row("esx2", Some(1), false, "10.9.0.2"));
}

#[test]
fn a_name_is_never_that_of_two_nodes() {
    // Two hosts of one name are told apart by a number; a list may use just that for another node.
    let members = view(1, &[(1, "esx1.lab"), (4, "esx1.lab#2")]);
    let a = bundle("esx1.lab", vec![members]);
    let twin = bundle("esx1.lab", vec![view(2, &[(2, "esx1.lab")])]);
    let labels: Vec<String> = told(vec![a, twin]).into_iter().map(|row| row.0).collect();
    assert_eq!(labels, ["esx1.lab", "esx1.lab#2", &uuid(4)]);
}

#[test]
fn the_adapter_for_the_witness_gives_a_node_no_address() {
    let witness = |name: &str| match interface(name) {
        crate::fact::FactValue::VsanInterface(mut interface) => {
            interface.traffic = vec!["witness".to_owned()];
            crate::fact::FactValue::VsanInterface(interface)
        }
        other => other,
    };
    let adapter = |name: &str, ip: &str| match vmk(ip, "00:50:56:00:00:01") {
        crate::fact::FactValue::VmkernelAdapter(mut adapter) => {
            (adapter.name, adapter.tags) = (name.to_owned(), None);
            crate::fact::FactValue::VmkernelAdapter(adapter)
        }
        other => other,
    };
    let both =
        || vec![view(1, &[]), adapter("vmk0", "10.0.0.1"), adapter("vmk2", "10.9.0.1"), witness("vmk0")];
    let with = |more| vec![bundle("esx1.lab", [both(), vec![more]].concat())];
    assert_eq!(told(with(interface("vmk2")))[0].3, "10.9.0.1");
    // Where only the witness's is listed, tags tell.
    assert_eq!(told(with(vmk("10.9.0.1", "00:50:56:00:00:01")))[0].3, "10.9.0.1");
    assert_eq!(told(vec![bundle("esx1.lab", both())])[0].3, "");
    let none = crate::fact::FactValue::VsanNoInterface;
    let tagged = vmk("10.9.0.1", "00:50:56:00:00:01");
    assert_eq!(told(vec![bundle("esx1.lab", vec![view(1, &[]), tagged, none])])[0].3, "");
}
