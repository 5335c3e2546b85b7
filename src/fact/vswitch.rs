//! Virtual switches: their ports, MTU, uplinks and port groups.

use serde::{Deserialize, Serialize};

use super::read::{Entry, Limited, WholeLines, blocks, columns_of, words};
use super::text::{Anchor, MAX_ENTRIES, lossy, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command, is_output};

/// The output of `esxcfg-vswitch -l`.
pub static VSWITCHES: FactFile = FactFile {
    name: "vswitches",
    about: "Standard and distributed switches with their uplinks, MTU and port groups",
    matches: |path| is_command(path, "esxcfg-vswitch_-l"),
    reader: |_| Box::new(WholeLines::new(Switches::default())),
    samples: TABLE_SAMPLES,
};

/// The output of `localcli network vswitch standard list`.
pub static STANDARD: FactFile = FactFile {
    name: "standard-switches",
    about: "Standard switches with their uplinks, MTU and port groups",
    matches: |path| is_output(path, "localcli_network-vswitch-standard-list"),
    reader: |path| blocks(path, "switches", "Name", KEYS, |entry, _| switch(entry, false)),
    samples: STANDARD_SAMPLES,
};

/// The output of `localcli network vswitch dvs vmware list`.
pub static DISTRIBUTED: FactFile = FactFile {
    name: "distributed-switches",
    about: "Distributed switches with their uplinks and MTU",
    matches: |path| is_output(path, "localcli_network-vswitch-dvs-vmware-list"),
    reader: |path| blocks(path, "switches", "Name", KEYS, |entry, _| switch(entry, true)),
    samples: DISTRIBUTED_SAMPLES,
};

/// A virtual switch as one file tells it; what the file does not tell is `None`.
///
/// From `esxcfg-vswitch -l`, `localcli network vswitch standard list` and `… dvs vmware list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualSwitch {
    /// `vSwitch0`
    pub name: String,
    /// Whether it is a distributed switch. NSX's own switches are listed among the standard ones.
    pub distributed: bool,
    /// Ports in use.
    pub ports_used: Option<u32>,
    /// Ports as configured.
    pub ports_configured: Option<u32>,
    /// Bytes.
    pub mtu: Option<u32>,
    /// `vmnic0`, in the file's order; empty where the file says that there is none.
    pub uplinks: Option<Vec<String>>,
    /// Port groups of a standard switch; a host does not list those of a distributed one by name.
    pub port_groups: Option<Vec<PortGroup>>,
}

/// A port group of a standard switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortGroup {
    /// `Management Network`
    pub name: String,
    /// VLAN ID: 0 is untagged, 4095 is all.
    pub vlan: Option<u16>,
}

const KEYS: &[&str] = &["Name", "Used Ports", "Configured Ports", "MTU", "Uplinks", "Portgroups"];

/// ```text
/// vSwitch0
///    Name: vSwitch0
///    Uplinks: vmnic0, vmnic1
///    Portgroups: VM Network, Management Network
/// ```
fn switch(entry: &Entry, distributed: bool) -> Option<FactValue> {
    let named = |name| PortGroup { name, vlan: None };
    Some(FactValue::VirtualSwitch(VirtualSwitch {
        name: entry.text("Name")?,
        distributed,
        ports_used: entry.number("Used Ports"),
        ports_configured: entry.number("Configured Ports"),
        mtu: entry.number("MTU"),
        uplinks: entry.list("Uplinks"),
        port_groups: entry.list("Portgroups").map(|names| names.into_iter().map(named).collect()),
    }))
}

const SWITCH_COLUMNS: &[&str] =
    &["Switch Name", "DVS Name", "Num Ports", "Used Ports", "Configured Ports", "MTU", "Uplinks"];
const GROUP_COLUMNS: &[&str] = &["PortGroup Name", "VLAN ID", "Used Ports", "Uplinks"];
const PORT_COLUMNS: &[&str] = &["DVPort ID", "In Use", "Client"];

/// What the rows below the last header are.
#[derive(Default)]
enum Below {
    /// Nothing that is read.
    #[default]
    Other,
    /// One switch, with these columns.
    Switch(Vec<&'static str>),
    /// Port groups of the last switch.
    Groups,
}

/// Tables without dashes, one below the other. Names may be longer than their columns, so a row is read from its end.
#[derive(Default)]
struct Switches {
    below: Below,
    switch: Option<(Anchor, VirtualSwitch)>,
    limited: Option<Limited>,
}

impl Reader for Switches {
    /// ```text
    /// Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks
    /// vSwitch0         8570        6           128               1500    vmnic0,vmnic1
    ///
    ///   PortGroup Name                            VLAN ID  Used Ports  Uplinks
    ///   Management Network                        0        1           vmnic0,vmnic1
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let text = lossy(&line);
        if let Some(below) = header(&text) {
            if !matches!(below, Below::Groups) {
                self.flush(out);
            }
            if let (Below::Groups, Some((_, switch))) = (&below, &mut self.switch) {
                switch.port_groups.get_or_insert_default();
            }
            self.below = below;
            return;
        }
        match &self.below {
            Below::Switch(columns) => {
                if let Some(row) = switch_row(&text, columns) {
                    self.switch = Some((Anchor::of(&line), row));
                    self.below = Below::Other;
                }
            }
            Below::Groups => {
                let groups = self.switch.as_mut().and_then(|(_, switch)| switch.port_groups.as_mut());
                let group = group_row(&text);
                if let (Some(groups), Some(group)) = (groups.filter(|list| list.len() < MAX_ENTRIES), group) {
                    groups.push(group);
                }
            }
            Below::Other => {}
        }
    }

    fn gap(&mut self) {
        self.below = Below::Other;
    }

    fn end(&mut self, out: &mut Output) {
        self.flush(out);
    }
}

impl Switches {
    fn flush(&mut self, out: &mut Output) {
        if let Some((anchor, switch)) = self.switch.take() {
            let limited = self.limited.get_or_insert_with(|| Limited::of("switches"));
            limited.push(anchor, FactValue::VirtualSwitch(switch), out);
        }
    }
}

/// What stands below `text`, where it is a header.
fn header(text: &str) -> Option<Below> {
    let begins = |columns: &[&str], all: &[&str]| columns.first().is_some_and(|first| all.contains(first));
    if let Some(columns) = columns_of(text, SWITCH_COLUMNS)
        && begins(&columns, &["Switch Name", "DVS Name"])
        && columns.len() > 2
    {
        return Some(Below::Switch(columns));
    }
    let groups = columns_of(text, GROUP_COLUMNS).filter(|columns| columns.starts_with(&GROUP_COLUMNS[..2]));
    let ports = columns_of(text, PORT_COLUMNS).filter(|columns| columns.starts_with(&PORT_COLUMNS[..2]));
    groups.map(|_| Below::Groups).or(ports.map(|_| Below::Other))
}

/// `vSwitch0         8570        6           128               1500    vmnic0,vmnic1`
fn switch_row(text: &str, columns: &[&'static str]) -> Option<VirtualSwitch> {
    let names: Vec<&str> =
        columns.iter().copied().filter(|name| !name.ends_with(" Name") && *name != "Uplinks").collect();
    let (name, numbers, uplinks) = from_end(text, names.len())?;
    let number = |column: &str| numbers.get(names.iter().position(|name| *name == column)?).copied();
    Some(VirtualSwitch {
        name,
        distributed: columns[0] == "DVS Name",
        ports_used: number("Used Ports"),
        ports_configured: number("Configured Ports"),
        mtu: number("MTU"),
        uplinks: columns.contains(&"Uplinks").then_some(uplinks),
        port_groups: None,
    })
}

/// `  Management Network                        0        1           vmnic0,vmnic1`
fn group_row(text: &str) -> Option<PortGroup> {
    // What a command writes to stderr is not indented.
    let (name, numbers, _) = from_end(text, 2).filter(|_| text.starts_with([' ', '\t']))?;
    let vlan = numbers.first().and_then(|vlan| u16::try_from(*vlan).ok()).filter(|vlan| *vlan <= 4095)?;
    Some(PortGroup { name, vlan: Some(vlan) })
}

/// A name with blanks in it, `count` numbers, and perhaps uplinks.
fn from_end(text: &str, count: usize) -> Option<(String, Vec<u32>, Vec<String>)> {
    let mut words = words(text);
    let last = words.last()?.1;
    let mut uplinks = Vec::new();
    if last.parse::<u32>().is_err() {
        uplinks = last.split(',').filter_map(value).take(MAX_ENTRIES).collect();
        words.pop();
    }
    let begin = words.len().checked_sub(count).filter(|begin| *begin > 0)?;
    let numbers: Vec<u32> =
        words[begin..].iter().map(|(_, word)| word.parse().ok()).collect::<Option<_>>()?;
    let name = value(&text[..words.get(begin)?.0])?;
    Some((name, numbers, uplinks))
}

const TABLE_SAMPLES: &[Sample] = &[
    // ESXi 5 and 6: narrow columns, a name that is too long for its own, a distributed switch, no uplink.
    Sample {
        path: "commands/esxcfg-vswitch_-l.txt",
        text: "Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks   \n\
               vSwitch0         8192        5           128               1500    vmnic0    \n\n\
               \x20 PortGroup Name        VLAN ID  Used Ports  Uplinks   \n\
               \x20 Trunk of all that there is - 1  4095     0           vmnic0    \n\
               vswitch: one port group is busy 3 4\n\
               \x20 Management Network    50       1           vmnic0    \n\
               \x20 Test 7                0        0           \n\n\
               DVS Name         Num Ports   Used Ports  Configured Ports  MTU     Uplinks   \n\
               DSwitch of two   8192        6           512               9000    vmnic1,vmnic2\n\n\
               \x20 DVPort ID           In Use      Client      \n\
               \x20 4                   1           vmnic1      \n\
               \x20 5                   0           \n\n\
               Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks   \n\
               vSwitch1         8192        1           128               1500              \n\n",
        facts: &[
            r#"{"fact":"virtual-switch","name":"vSwitch0","distributed":false,"ports_used":5,"ports_configured":128,"mtu":1500,"uplinks":["vmnic0"],"port_groups":[{"name":"Trunk of all that there is - 1","vlan":4095},{"name":"Management Network","vlan":50},{"name":"Test 7","vlan":0}]}"#,
            r#"{"fact":"virtual-switch","name":"DSwitch of two","distributed":true,"ports_used":6,"ports_configured":512,"mtu":9000,"uplinks":["vmnic1","vmnic2"],"port_groups":null}"#,
            r#"{"fact":"virtual-switch","name":"vSwitch1","distributed":false,"ports_used":1,"ports_configured":128,"mtu":1500,"uplinks":[],"port_groups":null}"#,
        ],
    },
    // ESXi 7 to 9: wide columns, a switch of NSX without an MTU, and a cut in the last row.
    Sample {
        path: "commands/esxcfg-vswitch_-l.txt",
        text: "busy\nSwitch Name      Num Ports   Used Ports  Uplinks\nerror 1\n\
               NVDS-1           2560        12          vmnic1,vmnic0\n\n\
               Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks\n\
               vSwitchLongName17 8570        6           128               1500    vmnic4\n\n\
               \x20 PortGroup Name                            VLAN ID  Used Ports  Uplinks\n\
               \x20 VM Network                                0        1           vmnic4\n\
               \x20 Management Network                        1",
        facts: &[
            r#"{"fact":"virtual-switch","name":"NVDS-1","distributed":false,"ports_used":12,"ports_configured":null,"mtu":null,"uplinks":["vmnic1","vmnic0"],"port_groups":null}"#,
            r#"{"fact":"virtual-switch","name":"vSwitchLongName17","distributed":false,"ports_used":6,"ports_configured":128,"mtu":1500,"uplinks":["vmnic4"],"port_groups":[{"name":"VM Network","vlan":0}]}"#,
        ],
    },
    Sample {
        path: "commands/esxcfg-vswitch_-l.txt",
        text: "Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks\nvSwitch0         8570        6",
        facts: &[],
    },
];

const STANDARD_SAMPLES: &[Sample] = &[
    // ESXi 5 to 6.0 name the class `etherswitch`, later ones `cswitch`.
    Sample {
        path: "commands/esxcli_network_vswitch_standard_list.txt",
        text: "vSwitch0\n   Name: vSwitch0\n   Class: etherswitch\n   Num Ports: 4352\n   Used Ports: 10\n   \
               Configured Ports: 128\n   MTU: 1500\n   CDP Status: listen\n   Beacon Enabled: false\n   \
               Beacon Interval: 1\n   Beacon Threshold: 3\n   Beacon Required By: \n   Uplinks: vmnic0, vmnic1\n   \
               Portgroups: VM Network, MTU, Management Network\n",
        facts: &[
            r#"{"fact":"virtual-switch","name":"vSwitch0","distributed":false,"ports_used":10,"ports_configured":128,"mtu":1500,"uplinks":["vmnic0","vmnic1"],"port_groups":[{"name":"VM Network","vlan":null},{"name":"MTU","vlan":null},{"name":"Management Network","vlan":null}]}"#,
        ],
    },
    Sample {
        path: "commands/localcli_network-vswitch-standard-list.txt",
        text: "Warning: x\nvSwitch1\n   Name: vSwitch1\n   Class: cswitch\nUplinks: no\n   Used Ports: 1\n   MTU: 9000\n   \
               Uplinks: \n   Portgroups: VM Network, Manag",
        facts: &[
            r#"{"fact":"virtual-switch","name":"vSwitch1","distributed":false,"ports_used":1,"ports_configured":null,"mtu":9000,"uplinks":[],"port_groups":null}"#,
        ],
    },
    Sample {
        path: "json/localcli_network-vswitch-standard-list.json",
        text: "[{\"Name\": \"vSwitch0\", \"MTU\": 1500, \"Uplinks\": [\"vmnic0\"], \"Portgroups\": [\"a, b\", \"c\"]}, {\"Name\": \"vSw",
        facts: &[
            r#"{"fact":"virtual-switch","name":"vSwitch0","distributed":false,"ports_used":null,"ports_configured":null,"mtu":1500,"uplinks":["vmnic0"],"port_groups":[{"name":"a, b","vlan":null},{"name":"c","vlan":null}]}"#,
        ],
    },
];

const DISTRIBUTED_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_network-vswitch-dvs-vmware-list.txt",
        text: "x: y\nDSwitch 1\n   Name: DSwitch 1\n   VDS ID: 50 1e 00 01 02 03 04 05-06 07 08 09 0a 0b 0c 0d\n   \
               Class: cswitch\n   Num Ports: 2290\n   Used Ports: 6\n   Configured Ports: 512\n   MTU: 9000\n   \
               CDP Status: listen\n   Beacon Timeout: -1\n   Uplinks: vmnic4\n   VMware Branded: true\n   DVPort: \n         \
               Client: vmnic4\n         DVPortgroup ID: dvportgroup-114\n         In Use: true\n         Port ID: 16\n      \n         \
               Client: \n         DVPortgroup ID: dvportgroup-114\n         In Use: false\n         Port ID: 1",
        facts: &[
            r#"{"fact":"virtual-switch","name":"DSwitch 1","distributed":true,"ports_used":6,"ports_configured":512,"mtu":9000,"uplinks":["vmnic4"],"port_groups":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-network-vswitch-dvs-vmware-list.txt",
        text: "slow {x}\n[{\"Name\": \"DSwitch\", \"MTU\": 1500, \"Uplinks\": [], \"DVPort\": [{\"Client\": \"vmnic4\", \"Name\": \"no\"}]}]\n",
        facts: &[
            r#"{"fact":"virtual-switch","name":"DSwitch","distributed":true,"ports_used":null,"ports_configured":null,"mtu":1500,"uplinks":[],"port_groups":null}"#,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_group_may_be_named_like_a_header_or_a_number() {
        let check = |row: &str, expected: Option<(&str, u16)>| {
            let read = group_row(row);
            let read = read.as_ref().map(|group| (group.name.as_str(), group.vlan.unwrap_or(9999)));
            assert_eq!(read, expected, "{row}");
        };
        check("  MTU  5  1  vmnic0", Some(("MTU", 5)));
        check("  5 10  0  1", Some(("5 10", 0)));
        check("  PortGroup Name  VLAN ID  7  1", Some(("PortGroup Name  VLAN ID", 7)));
        check("  PG  4096  1  vmnic0", None);
        check("PG  5  1  vmnic0", None);
        check("  PG  5", None);
        check("  5  1", None);
        check("  ", None);
    }

    #[test]
    fn a_header_that_is_translated_or_reordered_gives_nothing() {
        let check = |header: &str, expected: usize| {
            let text = format!("{header}\r\nvSwitch0  8570  6  128  1500  vmnic0\r\n");
            let out = crate::fact::tests::read(&VSWITCHES, VSWITCHES.samples[0].path, text.as_bytes());
            assert_eq!(out.facts.len(), expected, "{header}");
        };
        check("Switch Name  Num Ports  Used Ports  Configured Ports  MTU  Uplinks", 1);
        check("Switch Name  MTU  Num Ports  Used Ports  Configured Ports  Uplinks", 0);
        check("交换机  Num Ports  Used Ports  Configured Ports  MTU  Uplinks", 0);
    }
}
