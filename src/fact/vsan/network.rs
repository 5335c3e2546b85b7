//! The adapters that carry vSAN traffic, as the host lists them.

use serde::{Deserialize, Serialize};

use super::super::read::{EachEntry, Entries, Entry};
use super::super::text::is_numbered;
use super::super::{FactFile, FactValue, Sample, is_output};

/// The output of `localcli vsan network list`.
pub static NETWORK: FactFile = FactFile {
    name: "vsan-network-list",
    about: "The VMkernel adapters that carry vSAN traffic",
    matches: |path| is_output(path, "localcli_vsan-network-list"),
    reader: |path| {
        let reader = EachEntry::new(path, "interfaces", Entries::blocks("VmkNic Name", &[]), interface);
        Box::new(reader.or_problem("an interface without a vmknic").or_empty(FactValue::VsanNoInterface))
    },
    samples: SAMPLES,
};

/// One block of `localcli vsan network list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanInterface {
    /// `vmk2`
    pub vmknic: String,
    /// `Interface UUID`
    pub uuid: Option<String>,
    /// `Traffic Type`, lower case: `vsan`, `witness`. Empty where it is not printed, as up to 6.0.
    pub traffic: Vec<String>,
    /// `Host Unicast Channel Bound Port`, UDP: 12321.
    pub unicast_port: Option<u16>,
    /// `Agent Group Multicast Address` and port; printed still where all is unicast, as from 6.6 on.
    pub agent_group: Option<MulticastGroup>,
    /// `Master Group Multicast Address` and port.
    pub master_group: Option<MulticastGroup>,
    /// `Multicast Enabled`, where it is printed.
    pub multicast: Option<bool>,
}

/// A multicast group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MulticastGroup {
    /// IPv4 address: `224.2.3.4`.
    pub address: String,
    /// UDP port.
    pub port: Option<u16>,
}

/// ```text
/// Interface:
///    VmkNic Name: vmk2
///    Host Unicast Channel Bound Port: 12321
///    Traffic Type: vsan
/// ```
fn interface(entry: &Entry, _: &str) -> Option<FactValue> {
    let vmknic = entry.text("VmkNic Name").filter(|name| is_numbered(name, "vmk"))?;
    Some(FactValue::VsanInterface(VsanInterface {
        vmknic,
        uuid: entry.uuid("Interface UUID"),
        traffic: entry.closed("Traffic Type", is_traffic).map(|text| traffic(&text)).unwrap_or_default(),
        unicast_port: entry.number("Host Unicast Channel Bound Port"),
        agent_group: group(entry, &["Agent"]),
        // What was called master is leader in later texts.
        master_group: group(entry, &["Master", "Leader"]),
        multicast: entry.flag("Multicast Enabled"),
    }))
}

/// `vsan`, `vsan, witness`
fn traffic(text: &str) -> Vec<String> {
    let kinds = text.split([',', ' ']).map(str::trim).filter(|kind| !kind.is_empty());
    kinds.map(str::to_ascii_lowercase).collect()
}

/// Whether the kinds are known, none of which begins another.
fn is_traffic(text: &str) -> bool {
    traffic(text).iter().all(|kind| matches!(kind.as_str(), "vsan" | "witness"))
}

fn group(entry: &Entry, names: &[&str]) -> Option<MulticastGroup> {
    let key =
        |what: &str| names.iter().find_map(|name| entry.text(&format!("{name} Group Multicast {what}")));
    let address = key("Address").filter(|address| address.parse::<std::net::IpAddr>().is_ok())?;
    Some(MulticastGroup { address, port: key("Port").and_then(|port| port.parse().ok()) })
}

const SAMPLES: &[Sample] = &[
    // 5.5, 6.0
    Sample {
        path: "commands/localcli_vsan-network-list.txt",
        text: "Interface:\n   VmkNic Name: vmk2\n   IP Protocol: IPv4\n   \
               Interface UUID: f2ba0454-c847-9435-5fcd-0050568a0001\n   \
               Agent Group Multicast Address: 224.2.3.4\n   Agent Group Multicast Port: 23451\n   \
               Master Group Multicast Address: 224.1.2.3\n   Master Group Multicast Port: 12345\n   Multicast TTL: 5\n\n\
               Interface:\n   VmkNic Name: vmk13\n   IP Protocol: IPv4\n   \
               Interface UUID: f2ba0454-484e-6215-5d33-0050568a0001\n   \
               Agent Group Multicast Address: 224.2.3.4\n   Agent Group Multicast Port: 23451\n   \
               Master Group Multicast Address: 224.1.2.3\n   Master Group Multicast Port: 12345\n   Multicast TTL: 5\n",
        facts: &[
            r#"{"fact":"vsan-interface","vmknic":"vmk2","uuid":"f2ba0454-c847-9435-5fcd-0050568a0001","traffic":[],"unicast_port":null,"agent_group":{"address":"224.2.3.4","port":23451},"master_group":{"address":"224.1.2.3","port":12345},"multicast":null}"#,
            r#"{"fact":"vsan-interface","vmknic":"vmk13","uuid":"f2ba0454-484e-6215-5d33-0050568a0001","traffic":[],"unicast_port":null,"agent_group":{"address":"224.2.3.4","port":23451},"master_group":{"address":"224.1.2.3","port":12345},"multicast":null}"#,
        ],
    },
    // 6.5 to 8.0, with noise before, inside and behind.
    Sample {
        path: "commands/1.localcli_vsan-network-list.txt",
        text: "VsanUtil: get 0 of 2 failed: x\nInterface:\n   VmkNic Name: vmk2\n   IP Protocol: IP\n   \
               Interface UUID: f2ba0454-c847-9435-5fcd-0050568a0001\n   Agent Group Multicast Address: 224.2.3.4\n   \
               Agent Group IPv6 Multicast Address: ff19::2:3:4\n   Agent Group Multicast Port: 23451\nError: transient\n   \
               Master Group Multicast Address: 224.1.2.3\n   Master Group IPv6 Multicast Address: ff19::1:2:3\n   \
               Master Group Multicast Port: 12345\n   Host Unicast Channel Bound Port: 12321\n   \
               Data-in-Transit Encryption Key Exchange Port: 0\n   Multicast TTL: 5\n   Traffic Type: vsan\n\n\
               Interface:\n   VmkNic Name: vmk0\n   Host Unicast Channel Bound Port: 12321\n   Traffic Type: witness\n\
               Traceback (most recent call last):\n",
        facts: &[
            r#"{"fact":"vsan-interface","vmknic":"vmk2","uuid":"f2ba0454-c847-9435-5fcd-0050568a0001","traffic":["vsan"],"unicast_port":12321,"agent_group":{"address":"224.2.3.4","port":23451},"master_group":{"address":"224.1.2.3","port":12345},"multicast":null}"#,
            r#"{"fact":"vsan-interface","vmknic":"vmk0","uuid":null,"traffic":["witness"],"unicast_port":12321,"agent_group":null,"master_group":null,"multicast":null}"#,
        ],
    },
    // 9.0, and the words of later texts.
    Sample {
        path: "commands/esxcli_vsan_network_list.txt",
        text: "Interface\n   VmkNic Name: vmk1\n   IP Protocol: IP\n   \
               Interface UUID: f2ba0454-c847-9435-5fcd-0050568a0001\n   Agent Group Multicast Address: 224.2.3.4\n   \
               Agent Group Multicast Port: 23451\n   Leader Group Multicast Address: 224.1.2.3\n   \
               Leader Group Multicast Port: 12345\n   Host Unicast Channel Bound Port: 12321\n   \
               Multicast Enabled: false\n   Traffic Type: vsan",
        facts: &[
            r#"{"fact":"vsan-interface","vmknic":"vmk1","uuid":"f2ba0454-c847-9435-5fcd-0050568a0001","traffic":["vsan"],"unicast_port":12321,"agent_group":{"address":"224.2.3.4","port":23451},"master_group":{"address":"224.1.2.3","port":12345},"multicast":false}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-vsan-network-list.txt",
        text: "warning: x\n[{\"Agent Group Multicast Address\": \"224.2.3.4\", \"Agent Group Multicast Port\": 23451, \
               \"Host Unicast Channel Bound Port\": 12321, \"Traffic Type\": \"vsan\", \"VmkNic Name\": \"vmk1\"}]\n",
        facts: &[
            r#"{"fact":"vsan-interface","vmknic":"vmk1","uuid":null,"traffic":["vsan"],"unicast_port":12321,"agent_group":{"address":"224.2.3.4","port":23451},"master_group":null,"multicast":null}"#,
        ],
    },
    // Cut inside a port, and inside the name that begins a block.
    Sample {
        path: "commands/localcli_vsan-network-list.txt",
        text: "Interface:\n   VmkNic Name: vmk2\n   Host Unicast Channel Bound Port: 123",
        facts: &[
            r#"{"fact":"vsan-interface","vmknic":"vmk2","uuid":null,"traffic":[],"unicast_port":null,"agent_group":null,"master_group":null,"multicast":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_vsan-network-list.txt",
        text: "Interface:\n   VmkNic Name: vmk1",
        facts: &[],
    },
    Sample {
        path: "commands/localcli_vsan-network-list.txt",
        text: "\n",
        facts: &[r#"{"fact":"vsan-no-interface"}"#],
    },
    Sample {
        path: "commands/localcli_vsan-network-list.txt",
        text: "Unable to list vSAN network: timeout\n",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::super::super::tests::read;
    use super::super::super::{Line, Output};
    use super::*;
    use crate::model::{MemberPath, ProblemKind};

    #[test]
    fn an_error_is_no_empty_list() {
        let path = SAMPLES[0].path;
        let out = read(&NETWORK, path, b"Unable to list vSAN network: timeout\n");
        assert_eq!((out.facts.len(), out.problems[0].kind), (0, ProblemKind::Unparsed));
        assert_eq!(read(&NETWORK, path, b"").facts[0].value, FactValue::VsanNoInterface);
        let out = read(
            &NETWORK,
            "commands/localcli_--formatterjson-vsan-network-list.txt",
            b"[{\"VmkNic Name\": \"vm",
        );
        assert_eq!((out.facts.len(), out.problems[0].kind), (0, ProblemKind::Truncated));
    }

    #[test]
    fn what_no_block_holds_is_not_taken_for_one() {
        let out = read(
            &NETWORK,
            SAMPLES[0].path,
            b"   Interface UUID: x\n   VmkNic Name: eth0\n   Traffic Type: vsan\n",
        );
        assert_eq!((out.facts.len(), out.problems[0].kind), (0, ProblemKind::Unparsed));
    }

    #[test]
    fn a_block_does_not_go_on_behind_a_gap() {
        let (member, mut out) = (MemberPath::new(SAMPLES[0].path), Output::default());
        let mut reader = (NETWORK.reader)(SAMPLES[0].path);
        let mut say = |number: u64, text: &str, reader: &mut Box<dyn super::super::super::Reader>| {
            reader.line(Line { file: &member, number, offset: number, bytes: text.as_bytes() }, &mut out);
        };
        say(1, "   VmkNic Name: vmk2", &mut reader);
        reader.gap();
        say(9, "   Traffic Type: witness", &mut reader);
        say(10, "", &mut reader);
        reader.end(&mut out);
        let FactValue::VsanInterface(found) = &out.facts[0].value else { panic!("{:?}", out.facts) };
        assert_eq!((found.vmknic.as_str(), found.traffic.len(), out.facts.len()), ("vmk2", 0, 1));
    }
}
