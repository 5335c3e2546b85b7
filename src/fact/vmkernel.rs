//! VMkernel adapters: their addresses, MTU, MAC, port groups and what traffic they are for.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::read::{Entry, Named, WholeLines, blocks, columns_of, table, words};
use super::text::{Anchor, MAX_ENTRIES, flag, is_mac, is_numbered, lossy, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command, is_output, output_of};

/// The output of `esxcfg-vmknic -l`.
pub static VMKNICS: FactFile = FactFile {
    name: "vmknics",
    about: "VMkernel adapters with their addresses, port groups and MTU",
    matches: |path| is_command(path, "esxcfg-vmknic_-l"),
    reader: |_| Box::new(WholeLines::new(Vmknics::default())),
    samples: VMKNIC_SAMPLES,
};

/// The output of `localcli network ip interface list`.
pub static INTERFACES: FactFile = FactFile {
    name: "ip-interfaces",
    about: "VMkernel adapters with their switches, port groups and MTU",
    matches: |path| is_output(path, "localcli_network-ip-interface-list"),
    reader: |path| blocks(path, "VMkernel adapters", "Name", INTERFACE_KEYS, interface),
    samples: INTERFACE_SAMPLES,
};

/// The output of `localcli network ip interface ipv4 get`.
pub static IPV4: FactFile = FactFile {
    name: "ip-interfaces-ipv4",
    about: "IPv4 addresses of VMkernel adapters",
    matches: |path| is_output(path, "localcli_network-ip-interface-ipv4-get"),
    reader: |path| table(path, "IPv4 addresses", ipv4),
    samples: IPV4_SAMPLES,
};

/// The output of `localcli network ip interface tag get -i vmk0`.
pub static TAGS: FactFile = FactFile {
    name: "ip-interface-tags",
    about: "What traffic a VMkernel adapter is for",
    matches: |path| tagged(path).is_some(),
    reader: |path| blocks(path, "lists of tags", "Tags", &["Tags"], tags),
    samples: TAG_SAMPLES,
};

/// A VMkernel adapter as one file tells it; what the file does not tell is `None`.
///
/// From `esxcfg-vmknic -l` and `localcli network ip interface list`, `… ipv4 get` and `… tag get`, which each tell
/// other parts; they join by the name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VmkernelAdapter {
    /// `vmk0`
    pub name: String,
    /// Name of the standard port group; on a distributed switch the number of the port, on an opaque network its UUID.
    pub port_group: Option<String>,
    /// Name of the standard or distributed switch.
    pub switch: Option<String>,
    /// `00:50:56:0a:00:01`
    pub mac: Option<String>,
    /// Bytes.
    pub mtu: Option<u32>,
    /// Whether it is enabled.
    pub enabled: Option<bool>,
    /// TCP/IP stack: `defaultTcpipStack`, `vmotion`, `vxlan`.
    pub netstack: Option<String>,
    /// Its addresses of both families; empty where the file says that it has none.
    pub addresses: Option<Vec<VmkernelAddress>>,
    /// `Management`, `VMotion`, `VSAN`; empty where the file says that it has none.
    pub tags: Option<Vec<String>>,
}

impl VmkernelAdapter {
    /// Whether it is for vMotion: by its tag, or as part of the TCP/IP stack of that name.
    pub fn is_for_vmotion(&self) -> bool {
        let tagged = self.tags.iter().flatten().any(|tag| tag.eq_ignore_ascii_case("vmotion"));
        tagged || self.is_in_vmotion_stack()
    }

    /// Whether it is in the TCP/IP stack that carries vMotion only.
    pub fn is_in_vmotion_stack(&self) -> bool {
        self.netstack.as_deref().is_some_and(|stack| stack.eq_ignore_ascii_case("vmotion"))
    }
}

/// An address of a VMkernel adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmkernelAddress {
    /// IPv4 or IPv6.
    pub ip: IpAddr,
    /// Bits of the network: 24 of the netmask `255.255.255.0`.
    pub prefix: Option<u8>,
}

const INTERFACE_KEYS: &[&str] = &[
    "Name",
    "MAC Address",
    "Enabled",
    "Portset",
    "Portgroup",
    "Netstack Instance",
    "VDS Name",
    "VDS Port",
    "Opaque Network ID",
    "MTU",
];

/// Columns of `esxcfg-vmknic -l` in their order; older releases lack some.
const VMKNIC_COLUMNS: &[&str] = &[
    "Interface",
    "Port Group/DVPort/Opaque Network",
    "Port Group/DVPort",
    "IP Family",
    "IP Address",
    "Netmask",
    "Broadcast",
    "MAC Address",
    "MTU",
    "TSO MSS",
    "Enabled",
    "Type",
    "NetStack",
];

/// A table without dashes. Its cells stand below the header only as long as no name is too long, so a row is read
/// by its words around the MAC address.
#[derive(Default)]
struct Vmknics {
    columns: Vec<&'static str>,
    adapters: Named<VmkernelAdapter>,
}

impl Reader for Vmknics {
    /// `vmk0       Management Network    IPv4      10.0.0.1    255.255.255.0   10.0.0.255      00:50:56:0a:00:01 1500    65535     true    STATIC    defaultTcpipStack`
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let text = lossy(&line);
        if let Some(columns) = columns_of(&text, VMKNIC_COLUMNS) {
            self.columns = columns;
        } else if let Some(row) = vmknic(&text, &self.columns) {
            self.adapters.add(&row.name.clone(), Anchor::of(&line), row, join);
        }
    }

    fn end(&mut self, out: &mut Output) {
        self.adapters.give(FactValue::VmkernelAdapter, "VMkernel adapters", out);
    }
}

/// An adapter has a row for each of its addresses.
fn join(adapter: &mut VmkernelAdapter, row: VmkernelAdapter) {
    let addresses = adapter.addresses.get_or_insert_default();
    addresses.extend(row.addresses.into_iter().flatten());
    addresses.truncate(MAX_ENTRIES);
}

/// One row; `None` where it is another text.
fn vmknic(text: &str, columns: &[&str]) -> Option<VmkernelAdapter> {
    let has = |name: &str| columns.contains(&name);
    if !(has("Interface") && has("IP Address") && has("MAC Address") && has("MTU") && has("Enabled")) {
        return None;
    }
    let words = words(text);
    let name = words.first().map(|(_, word)| *word).filter(|word| is_numbered(word, "vmk"))?;
    // A port group can be named like anything, but stands before all else.
    let mac = words.iter().rposition(|(_, word)| is_mac(word))?;
    let (address_at, addresses) = address(&words[1..mac], has("IP Family"))?;
    let behind: Vec<&str> = words[mac + 1..].iter().map(|(_, word)| *word).collect();
    let enabled = behind.get(1 + usize::from(has("TSO MSS")))?;
    // The type is one word or two, the stack is the last one.
    let typed = behind.len() > 3 + usize::from(has("TSO MSS"));
    let netstack = behind.last().filter(|_| has("NetStack") && typed);
    Some(VmkernelAdapter {
        name: name.to_owned(),
        port_group: value(&text[words[1].0..words[1 + address_at].0]),
        switch: None,
        mac: Some(words[mac].1.to_ascii_lowercase()),
        mtu: Some(behind.first()?.parse().ok()?),
        enabled: Some(flag(enabled)?),
        netstack: netstack.and_then(|stack| value(stack)),
        addresses: Some(addresses),
        tags: None,
    })
}

/// The address among the words before the MAC address, and which word begins it.
///
/// ```text
/// … IPv4 10.0.0.1 255.255.255.0 10.0.0.255
/// … IPv4 N/A N/A N/A
/// … IPv6 fe80::1 64
/// ```
fn address(words: &[(usize, &str)], has_family: bool) -> Option<(usize, Vec<VmkernelAddress>)> {
    let word = |from_end: usize| words.len().checked_sub(from_end).map(|at| (at, words[at].1));
    let (at, ip, mask) = match (word(4), word(3)) {
        (Some((at, "IPv4")), Some((_, ip))) if has_family => (at, ip, word(2)?.1),
        (_, Some((at, "IPv6"))) if has_family => (at, word(2)?.1, word(1)?.1),
        (_, Some((at, ip))) if !has_family => (at, ip, word(2)?.1),
        _ => return None,
    };
    match ip {
        "N/A" => Some((at, Vec::new())),
        _ => Some((at, vec![VmkernelAddress { ip: ip.parse().ok()?, prefix: prefix(mask) }])),
    }
}

/// `255.255.255.0`, `64`
fn prefix(mask: &str) -> Option<u8> {
    if let Ok(mask) = mask.parse::<Ipv4Addr>() {
        let bits = u32::from(mask);
        return (bits.leading_ones() == bits.count_ones()).then_some(bits.leading_ones() as u8);
    }
    mask.parse().ok().filter(|bits| *bits <= 128)
}

/// ```text
/// vmk0
///    Name: vmk0
///    MAC Address: 00:50:56:0a:00:01
///    Portgroup: Management Network
/// ```
fn interface(entry: &Entry, _: &str) -> Option<FactValue> {
    let name = entry.text("Name").filter(|name| is_numbered(name, "vmk"))?;
    // The set of ports is called like the switch only where that is a standard one.
    let standard = || entry.text("Portset").filter(|_| entry.has("VDS Name"));
    let place = || entry.text("VDS Port").or_else(|| entry.text("Opaque Network ID"));
    Some(FactValue::VmkernelAdapter(VmkernelAdapter {
        name,
        port_group: entry.text("Portgroup").or_else(place),
        switch: entry.text("VDS Name").or_else(standard),
        mac: entry.text("MAC Address").filter(|mac| is_mac(mac)).map(|mac| mac.to_ascii_lowercase()),
        mtu: entry.number("MTU"),
        enabled: entry.flag("Enabled"),
        netstack: entry.text("Netstack Instance"),
        addresses: None,
        tags: None,
    }))
}

/// `vmk0  10.0.0.1      255.255.255.0  10.0.0.255      STATIC        10.0.0.254     false`
fn ipv4(entry: &Entry, _: &str) -> Option<FactValue> {
    let name = entry.text("Name").filter(|name| is_numbered(name, "vmk"))?;
    let ip: Ipv4Addr = entry.text("IPv4 Address")?.parse().ok()?;
    let prefix = prefix(&entry.text("IPv4 Netmask")?);
    // An adapter that waits for DHCP has no address yet.
    let own = (!ip.is_unspecified()).then_some(VmkernelAddress { ip: ip.into(), prefix });
    let addresses = Some(own.into_iter().collect());
    Some(FactValue::VmkernelAdapter(VmkernelAdapter { name, addresses, ..VmkernelAdapter::default() }))
}

/// `   Tags: Management, VMotion, VSAN`; which adapter has them only the file's name tells.
fn tags(entry: &Entry, path: &str) -> Option<FactValue> {
    let (name, tags) = (tagged(path)?, Some(entry.list("Tags")?));
    Some(FactValue::VmkernelAdapter(VmkernelAdapter { name, tags, ..VmkernelAdapter::default() }))
}

/// `vmk0` of `commands/localcli_network-ip-interface-tag-get--i-vmk0.txt`, in whichever way the option is spelled.
fn tagged(path: &str) -> Option<String> {
    let command = output_of(path)?;
    let (_, option) = command.split_once("network_ip_interface_tag_get_")?;
    let name = &option[option.rfind("vmk")?..];
    is_numbered(name, "vmk").then(|| name.to_owned())
}

const VMKNIC_SAMPLES: &[Sample] = &[
    // ESX 4 and ESXi 5: no family, no stack.
    Sample {
        path: "commands/esxcfg-vmknic_-l.txt",
        text: "Interface  Port Group/DVPort   IP Address    Netmask         Broadcast       MAC Address       MTU     Enabled\n\
               vmk0       Mgmt 1             192.0.2.10    255.255.255.128 192.0.2.127     00:50:56:0A:00:01 1500    true\n",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":"Mgmt 1","switch":null,"mac":"00:50:56:0a:00:01","mtu":1500,"enabled":true,"netstack":null,"addresses":[{"ip":"192.0.2.10","prefix":25}],"tags":null}"#,
        ],
    },
    // ESXi 6 to 8: names with blanks, distributed ports, several addresses, an adapter without one.
    Sample {
        path: "commands/esxcfg-vmknic_-l.txt",
        text: "vmknic: one adapter is busy\n\
               Interface  Port Group/DVPort/Opaque Network        IP Family IP Address                              Netmask         Broadcast       MAC Address       MTU     TSO MSS   Enabled Type                NetStack            \n\
               vmk0       Management Network                      IPv4      10.0.0.1                                255.255.255.0   10.0.0.255      00:50:56:0a:00:01 1500    65535     true    DHCP                defaultTcpipStack   \n\
               vmk0       Management Network                      IPv6      fe80::250:56ff:fe0a:1                   64                              00:50:56:0a:00:01 1500    65535     true    STATIC, PREFERRED   defaultTcpipStack   \n\
               Error: vmk7 IPv4 is gone\n\
               vmk1       16                                      IPv4      10.0.1.1                                255.255.0.0     10.0.255.255    00:50:56:0a:00:02 9000    65535     true    STATIC              vmotion             \n\
               vmk2       PG storage                              IPv4      N/A                                     N/A             N/A             00:50:56:0a:00:03 9000    65535     false   NONE                defaultTcpipStack   \n\
               vmk10      5a6b7c8d-1111-2222-3333-444455556666    IPv4      10.0.2.1                                255.255.255.0   10.0.2.255      00:50:56:0a:00:04 1700    65535     true    STATIC              vxlan               \n",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":"Management Network","switch":null,"mac":"00:50:56:0a:00:01","mtu":1500,"enabled":true,"netstack":"defaultTcpipStack","addresses":[{"ip":"10.0.0.1","prefix":24},{"ip":"fe80::250:56ff:fe0a:1","prefix":64}],"tags":null}"#,
            r#"{"fact":"vmkernel-adapter","name":"vmk1","port_group":"16","switch":null,"mac":"00:50:56:0a:00:02","mtu":9000,"enabled":true,"netstack":"vmotion","addresses":[{"ip":"10.0.1.1","prefix":16}],"tags":null}"#,
            r#"{"fact":"vmkernel-adapter","name":"vmk2","port_group":"PG storage","switch":null,"mac":"00:50:56:0a:00:03","mtu":9000,"enabled":false,"netstack":"defaultTcpipStack","addresses":[],"tags":null}"#,
            r#"{"fact":"vmkernel-adapter","name":"vmk10","port_group":"5a6b7c8d-1111-2222-3333-444455556666","switch":null,"mac":"00:50:56:0a:00:04","mtu":1700,"enabled":true,"netstack":"vxlan","addresses":[{"ip":"10.0.2.1","prefix":24}],"tags":null}"#,
        ],
    },
    // Cut in the stack's name.
    Sample {
        path: "commands/1.esxcfg_vmknic_-l.txt",
        text: "Interface  Port Group/DVPort/Opaque Network        IP Family IP Address      Netmask         Broadcast       MAC Address       MTU     TSO MSS   Enabled Type     NetStack\n\
               vmk0       Management Network                      IPv4      10.0.0.1        255.255.255.0   10.0.0.255      00:50:56:0a:00:01 1500    65535     true    STATIC   defaultTcpipStack\n\
               vmk1       vMotion                                 IPv4      10.0.1.1        255.255.255.0   10.0.1.255      00:50:56:0a:00:02 1500    65535     true    STATIC   defaultTcp",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":"Management Network","switch":null,"mac":"00:50:56:0a:00:01","mtu":1500,"enabled":true,"netstack":"defaultTcpipStack","addresses":[{"ip":"10.0.0.1","prefix":24}],"tags":null}"#,
        ],
    },
];

const INTERFACE_SAMPLES: &[Sample] = &[
    // ESXi 5 and 6.
    Sample {
        path: "commands/esxcli_network_ip_interface_list.txt",
        text: "vmk0\n   Name: vmk0\n   MAC Address: 00:50:56:0a:00:01\n   Enabled: true\n   Portset: vSwitch0\n   \
               Portgroup: Management Network\n   Netstack Instance: defaultTcpipStack\n   VDS Name: N/A\n   \
               VDS UUID: N/A\n   VDS Port: N/A\n   VDS Connection: -1\n   MTU: 1500\n   TSO MSS: 65535\n   \
               Port ID: 33554436\n",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":"Management Network","switch":"vSwitch0","mac":"00:50:56:0a:00:01","mtu":1500,"enabled":true,"netstack":"defaultTcpipStack","addresses":null,"tags":null}"#,
        ],
    },
    // ESXi 6.5 to 9, with stderr amid a block, and cut in the second block.
    Sample {
        path: "commands/localcli_network-ip-interface-list.txt",
        text: "Warning: slow: x\nvmk1\n   Name: vmk1\n   MAC Address: 00:50:56:0a:00:02\nMTU: cannot be read\n   \
               Enabled: true\n   Portset: DvsPortset-0\n   Portgroup: N/A\n   Netstack Instance: vmotion\n   \
               VDS Name: DSwitch 1\n   VDS UUID: 50 1e 00 01 02 03 04 05-06 07 08 09 0a 0b 0c 0d\n   VDS Port: 16\n   \
               VDS Connection: 77\n   Opaque Network ID: N/A\n   Opaque Network Type: N/A\n   External ID: N/A\n   \
               MTU: 9000\n   TSO MSS: 65535\n   RXDispQueue Size: 1\n   Port ID: 50331652\n\nvmk2\n   Name: vmk2\n   \
               MTU: 90",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk1","port_group":"16","switch":"DSwitch 1","mac":"00:50:56:0a:00:02","mtu":9000,"enabled":true,"netstack":"vmotion","addresses":null,"tags":null}"#,
            r#"{"fact":"vmkernel-adapter","name":"vmk2","port_group":null,"switch":null,"mac":null,"mtu":null,"enabled":null,"netstack":null,"addresses":null,"tags":null}"#,
        ],
    },
    Sample {
        path: "json/localcli_network-ip-interface-list.json",
        text: "[junk\n[{\"Name\": \"vmk0\", \"MAC Address\": \"00:50:56:0a:00:01\", \"Enabled\": true, \"MTU\": 1500, \
               \"Portgroup\": \"PG, one\", \"Portset\": \"vSwitch0\", \"VDS Name\": \"N/A\"}]\n",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":"PG, one","switch":"vSwitch0","mac":"00:50:56:0a:00:01","mtu":1500,"enabled":true,"netstack":null,"addresses":null,"tags":null}"#,
        ],
    },
];

const IPV4_SAMPLES: &[Sample] = &[
    // ESXi 5: no gateway.
    Sample {
        path: "commands/esxcli_network_ip_interface_ipv4_get.txt",
        text: "Name  IPv4 Address  IPv4 Netmask   IPv4 Broadcast  Address Type  DHCP DNS\n\
               ----  ------------  -------------  --------------  ------------  --------\n\
               vmk0  10.0.0.1      255.255.255.0  10.0.0.255      STATIC           false\n",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":null,"switch":null,"mac":null,"mtu":null,"enabled":null,"netstack":null,"addresses":[{"ip":"10.0.0.1","prefix":24}],"tags":null}"#,
        ],
    },
    // ESXi 6.5 to 9.
    Sample {
        path: "commands/localcli_network-ip-interface-ipv4-get.txt",
        text: "Error: one more try\nName  IPv4 Address  IPv4 Netmask     IPv4 Broadcast  Address Type  Gateway     DHCP DNS\n\
               ----  ------------  ---------------  --------------  ------------  ----------  --------\n\
               vmk0  10.0.0.1      255.255.255.192  10.0.0.63       STATIC        10.0.0.62      false\n\
               vmk9 10.0.0.9 is in use by another one\n\
               vmk1  0.0.0.0       0.0.0.0          0.0.0.0         DHCP          0.0.0.0        false\n\
               vmk2  10.0.2.1      255.255.2",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":null,"switch":null,"mac":null,"mtu":null,"enabled":null,"netstack":null,"addresses":[{"ip":"10.0.0.1","prefix":26}],"tags":null}"#,
            r#"{"fact":"vmkernel-adapter","name":"vmk1","port_group":null,"switch":null,"mac":null,"mtu":null,"enabled":null,"netstack":null,"addresses":[],"tags":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-network-ip-interface-ipv4-get.txt",
        text: "slow\n[\n {\n  \"Name\": \"vmk0\",\n  \"IPv4 Address\": \"10.0.0.1\",\n  \"IPv4 Netmask\": \"255.0.0.0\"\n },\n {\n  \"Name\": \"vm",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":null,"switch":null,"mac":null,"mtu":null,"enabled":null,"netstack":null,"addresses":[{"ip":"10.0.0.1","prefix":8}],"tags":null}"#,
        ],
    },
];

const TAG_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_network-ip-interface-tag-get--i-vmk0.txt",
        text: "Tags: no\n   Tags: Management, VMotion, VSAN\n",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk0","port_group":null,"switch":null,"mac":null,"mtu":null,"enabled":null,"netstack":null,"addresses":null,"tags":["Management","VMotion","VSAN"]}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_network_ip_interface_tag_get_--interface-namevmk12.txt",
        text: "   Tags: \n",
        facts: &[
            r#"{"fact":"vmkernel-adapter","name":"vmk12","port_group":null,"switch":null,"mac":null,"mtu":null,"enabled":null,"netstack":null,"addresses":null,"tags":[]}"#,
        ],
    },
    Sample {
        path: "commands/localcli_network-ip-interface-tag-get--i-vmk0.txt",
        text: "   Tags: Management, VMot",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &[&str] = VMKNIC_COLUMNS;

    #[track_caller]
    fn check(row: &str, expected: Option<(&str, Option<&str>)>) {
        let read = vmknic(row, NEW);
        let read = read.as_ref().map(|row| (row.name.as_str(), row.port_group.as_deref()));
        assert_eq!(read, expected, "{row}");
    }

    #[test]
    fn a_port_group_may_be_named_like_any_other_cell() {
        let rest =
            "10.0.0.1 255.255.255.0 10.0.0.255 00:50:56:0a:00:01 1500 65535 true STATIC defaultTcpipStack";
        for group in ["MTU", "IPv4", "IPv6 10.0.0.9", "00:50:56:0a:00:09", "true", "a  b"] {
            check(&format!("vmk0 {group}  IPv4 {rest}"), Some(("vmk0", Some(group))));
        }
        let long = "a name that is longer than the whole of its column of the table";
        check(&format!("vmk0       {long} IPv4      {rest}"), Some(("vmk0", Some(long))));
        check(&format!("vmk0 IPv4 {rest}"), Some(("vmk0", None)));
    }

    #[test]
    fn an_error_that_looks_like_a_row_is_none() {
        let rest = "10.0.0.1 255.255.255.0 10.0.0.255 00:50:56:0a:00:01 1500 65535 true STATIC";
        check(&format!("vmk0: PG IPv4 {rest} x"), None);
        check(&format!("vmkx PG IPv4 {rest} x"), None);
        check(&format!("vmk0 PG IPv5 {rest} x"), None);
        check("vmk0 has the address 00:50:56:0a:00:01 twice", None);
        check("vmk0 PG IPv4 10.0.0.1 255.255.255.0 10.0.0.255 00:50:56:0a:00:01 failed 65535 true x", None);
        check("vmk0 PG IPv4 10.0.0.1 255.255.255.0 10.0.0.255 00:50:56:0a:00:01", None);
        check("vmk0", None);
    }

    #[test]
    fn a_header_that_is_not_known_gives_nothing() {
        let row =
            "vmk0 PG IPv4 10.0.0.1 255.255.255.0 10.0.0.255 00:50:56:0a:00:01 1500 65535 true STATIC x\n";
        let check = |header: &str, expected: usize| {
            let path = VMKNICS.samples[0].path;
            let text = format!("{header}\r\n{row}").replace("x\n", "x\r\n");
            let out = crate::fact::tests::read(&VMKNICS, path, text.as_bytes());
            assert_eq!(out.facts.len(), expected, "{header}");
        };
        check(&VMKNIC_COLUMNS.join("  ").replace("Port Group/DVPort  ", ""), 1);
        check("接口  端口组  IP Address  MAC Address  MTU", 0);
        check("MAC Address  Interface  IP Address  MTU  Enabled", 0);
    }

    #[test]
    fn netmasks_and_prefixes_are_one() {
        assert_eq!([prefix("255.255.255.0"), prefix("64"), prefix("0.0.0.0")], [Some(24), Some(64), Some(0)]);
        assert_eq!([prefix("255.0.255.0"), prefix("129"), prefix("N/A")], [None, None, None]);
    }
}
