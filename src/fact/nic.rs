//! Physical NICs: their links, drivers and firmware.

use serde::{Deserialize, Serialize};

use super::read::{Entry, Named, Table, WholeLines, blocks, columns_of, table, words};
use super::text::{Anchor, flag, is_mac, is_numbered, lossy, pair};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command, is_output, output_of};

/// The output of `localcli network nic list`.
pub static LIST: FactFile = FactFile {
    name: "nic-list",
    about: "Physical NICs with their drivers and links",
    matches: |path| is_output(path, "localcli_network-nic-list"),
    reader: |path| table(path, "NICs", |entry, _| listed(entry).map(FactValue::PhysicalNic)),
    samples: LIST_SAMPLES,
};

/// The outputs of `esxcfg-nics -l` and `nicinfo.sh`, which begins with such a list and goes on with each NIC.
pub static NICINFO: FactFile = FactFile {
    name: "nicinfo",
    about: "Physical NICs with their links, drivers and firmware",
    matches: |path| is_command(path, "nicinfo.sh") || is_command(path, "esxcfg-nics_-l"),
    reader: |_| Box::new(WholeLines::new(NicInfo::default())),
    samples: NICINFO_SAMPLES,
};

/// The output of `localcli network nic get -n vmnic0`.
pub static DETAILS: FactFile = FactFile {
    name: "nic-details",
    about: "Driver and firmware of one physical NIC",
    matches: |path| detailed(path).is_some(),
    reader: |path| blocks(path, "NICs", "", DETAIL_KEYS, details),
    samples: DETAIL_SAMPLES,
};

/// A physical NIC as one file tells it; what the file does not tell is `None`.
///
/// From `esxcfg-nics -l`, `nicinfo.sh`, `localcli network nic list` and `… nic get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalNic {
    /// `vmnic0`
    pub name: String,
    /// PCI address as printed: `0000:4b:00.0`.
    pub pci: Option<String>,
    /// Name of the driver: `ixgben`.
    pub driver: Option<String>,
    /// `1.7.1.35`
    pub driver_version: Option<String>,
    /// Firmware as the driver tells it: `8.15 0x80009621 1.2829.0`.
    pub firmware: Option<String>,
    /// Whether it is meant to be up.
    pub admin_up: Option<bool>,
    /// Whether it has a link.
    pub link_up: Option<bool>,
    /// Megabits a second; `None` without a link too.
    pub speed: Option<u32>,
    /// Whether it is full duplex.
    pub full_duplex: Option<bool>,
    /// `00:50:56:0a:00:01`
    pub mac: Option<String>,
    /// Bytes.
    pub mtu: Option<u32>,
    /// Vendor and model.
    pub description: Option<String>,
}

/// Columns of the list of NICs in their order; each release lacks some.
const COLUMNS: &[&str] = &[
    "Name",
    "PCI Device",
    "PCI",
    "Driver",
    "Admin Status",
    "Link Status",
    "Link",
    "Speed",
    "Duplex",
    "MAC Address",
    "MTU",
    "Description",
];

const DETAIL_KEYS: &[&str] =
    &["Name", "Bus Info", "Driver", "Firmware Version", "Version", "Link Status", "Link Detected"];

fn is_nic(name: &str) -> bool {
    is_numbered(name, "vmnic") || is_numbered(name, "vusb")
}

fn up(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "up" => Some(true),
        "down" => Some(false),
        _ => flag(text),
    }
}

/// `1000`, `10000Mbps`; 0 is said of a NIC without a link.
fn speed(text: &str) -> Option<u32> {
    let number = text.strip_suffix("Mbps").unwrap_or(text).trim();
    number.parse().ok().filter(|speed| *speed > 0)
}

/// A row of the list; `None` where it is another text.
fn listed(entry: &Entry) -> Option<PhysicalNic> {
    let text = |name: &str| entry.text(name);
    let duplex = |text: String| match text.to_ascii_lowercase().as_str() {
        "full" => Some(true),
        "half" => Some(false),
        _ => None,
    };
    let mac = text("MAC Address").filter(|mac| is_mac(mac));
    Some(PhysicalNic {
        name: text("Name").filter(|name| is_nic(name))?,
        pci: text("PCI Device").or_else(|| text("PCI")),
        driver: text("Driver"),
        driver_version: None,
        firmware: None,
        admin_up: text("Admin Status").as_deref().and_then(up),
        link_up: text("Link Status").or_else(|| text("Link")).as_deref().and_then(up),
        speed: text("Speed").as_deref().and_then(speed),
        full_duplex: text("Duplex").and_then(duplex),
        // A row without them is none, or cut before what tells most.
        mac: Some(mac?.to_ascii_lowercase()),
        mtu: Some(entry.number("MTU")?),
        description: text("Description"),
    })
}

/// What `network nic get` says; of its file's name only where it does not tell the NIC itself.
///
/// ```text
///    Driver Info:
///          Bus Info: 0000:4b:00:0
///          Driver: i40en
///          Firmware Version: 8.15 0x80009621 1.2829.0
///          Version: 2.5.0.28
///    Link Detected: true
///    Link Status: Up
///    Name: vmnic0
/// ```
fn details(entry: &Entry, path: &str) -> Option<FactValue> {
    let name = entry.text("Name").filter(|name| is_nic(name)).or_else(|| detailed(path))?;
    let nic = with_details(name, entry);
    nic.driver.is_some().then_some(FactValue::PhysicalNic(nic))
}

fn with_details(name: String, entry: &Entry) -> PhysicalNic {
    let link = entry.text("Link Status").or_else(|| entry.text("Link Detected"));
    PhysicalNic {
        name,
        pci: entry.text("Bus Info").map(|address| pci(&address)),
        driver: entry.text("Driver"),
        driver_version: entry.text("Version"),
        firmware: entry.text("Firmware Version"),
        link_up: link.as_deref().and_then(up),
        ..PhysicalNic::default()
    }
}

/// `0000:4b:00:0` is how some drivers spell `0000:4b:00.0`.
fn pci(text: &str) -> String {
    match text.rsplit_once(':') {
        Some((device, function)) if device.matches(':').count() == 2 => format!("{device}.{function}"),
        _ => text.to_owned(),
    }
}

/// `vmnic0` of `commands/localcli_network-nic-get--n-vmnic0.txt`, in whichever way the option is spelled.
fn detailed(path: &str) -> Option<String> {
    let command = output_of(path)?;
    let (_, option) = command.split_once("network_nic_get_")?;
    let name = &option[option.rfind("vmnic").or_else(|| option.rfind("vusb"))?..];
    is_nic(name).then(|| name.to_owned())
}

/// A list, with or without dashes below its header, and a section for each NIC.
#[derive(Default)]
struct NicInfo {
    table: Table,
    /// The columns where the header is known; read by words if there are no dashes to go by.
    columns: Vec<&'static str>,
    nics: Named<PhysicalNic>,
    /// The NIC whose section the lines are of.
    section: Option<(String, Entry)>,
}

impl Reader for NicInfo {
    /// ```text
    /// Name    PCI          Driver      Link Speed      Duplex MAC Address       MTU    Description
    /// vmnic0  0000:4b:00.0 icen        Up   25000Mbps  Full   00:50:56:0a:00:01 1500   Ethernet Controller E810
    ///
    /// NIC:  vmnic0
    ///    Driver Info:
    ///          Driver: icen
    /// ```
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let text = lossy(&line);
        if let Some(name) = text.strip_prefix("NIC:").map(str::trim) {
            self.close();
            self.section = is_nic(name).then(|| (name.to_owned(), Entry::new(Anchor::of(&line))));
        } else if let Some((_, entry)) = &mut self.section {
            match pair(&text) {
                Some((key, text)) if is_detail(key) => entry.put_text(key, text),
                // Counters of any name follow.
                _ if is_end(&text) => self.close(),
                _ => {}
            }
        } else if let Some(columns) = columns_of(&text, COLUMNS).filter(|columns| columns.len() > 4) {
            self.columns = columns;
            self.table = Table::default();
            self.table.is_row(line.bytes);
        } else if let Some(nic) = self.row(&line, &text) {
            self.nics.add(&nic.name.clone(), Anchor::of(&line), nic, PhysicalNic::complete);
        }
    }

    fn gap(&mut self) {
        self.section = None;
    }

    fn end(&mut self, out: &mut Output) {
        self.close();
        self.nics.give(FactValue::PhysicalNic, "NICs", out);
    }
}

/// `Driver`, and `firmware-version` as `ethtool -i` spells it.
fn is_detail(key: &str) -> bool {
    let key = key.replace('-', " ");
    DETAIL_KEYS.iter().any(|known| known.eq_ignore_ascii_case(&key))
}

/// Whether counters or rings begin: `NIC statistics for vmnic0:`, `Ring parameters for vmnic0:`.
fn is_end(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("statistics") || text.starts_with("ring parameters")
}

impl NicInfo {
    /// A row of the list, by its dashes where there are some for each column, or else by its words.
    fn row(&mut self, line: &Line<'_>, text: &str) -> Option<PhysicalNic> {
        let below_dashes = self.table.is_row(line.bytes);
        let mut entry = Entry::new(Anchor::of(line));
        if below_dashes && self.table.width() > 1 {
            self.table.cells(line.bytes).for_each(|(name, cell)| entry.put_text(name, &cell));
            return listed(&entry).filter(|_| self.table.fits(line.bytes));
        }
        let words = words(text);
        let known = words.len() >= self.columns.len() && self.columns.last() == Some(&"Description");
        for (name, (at, word)) in self.columns.iter().zip(&words).filter(|_| known) {
            entry.put_text(name, if *name == "Description" { &text[*at..] } else { word });
        }
        listed(&entry).filter(|nic| nic.link_up.is_some())
    }

    /// Ends the section, and adds what it said to the NIC.
    fn close(&mut self) {
        let Some((name, entry)) = self.section.take() else { return };
        let nic = with_details(name, &entry);
        if nic.driver.is_some() {
            self.nics.add(&nic.name.clone(), entry.anchor().clone(), nic, PhysicalNic::complete);
        }
    }
}

impl PhysicalNic {
    /// Takes from `other` what this does not know.
    pub fn complete(&mut self, other: PhysicalNic) {
        fn keep<T>(own: &mut Option<T>, other: Option<T>) {
            *own = own.take().or(other);
        }
        keep(&mut self.pci, other.pci);
        keep(&mut self.driver, other.driver);
        keep(&mut self.driver_version, other.driver_version);
        keep(&mut self.firmware, other.firmware);
        keep(&mut self.admin_up, other.admin_up);
        keep(&mut self.link_up, other.link_up);
        keep(&mut self.speed, other.speed);
        keep(&mut self.full_duplex, other.full_duplex);
        keep(&mut self.mac, other.mac);
        keep(&mut self.mtu, other.mtu);
        keep(&mut self.description, other.description);
    }
}

const LIST_SAMPLES: &[Sample] = &[
    // ESXi 5: no admin status, PCI numbers of three digits.
    Sample {
        path: "commands/esxcli_network_nic_list.txt",
        text: "Name    PCI Device     Driver  Link  Speed  Duplex  MAC Address         MTU  Description\n\
               ------  -------------  ------  ----  -----  ------  -----------------  ----  -----------------\n\
               vmnic0  0000:002:00.0  be2net  Up     4000  Full    00:50:56:0A:00:01  1500  Example NC553i FlexFabric\n",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic0","pci":"0000:002:00.0","driver":"be2net","driver_version":null,"firmware":null,"admin_up":null,"link_up":true,"speed":4000,"full_duplex":true,"mac":"00:50:56:0a:00:01","mtu":1500,"description":"Example NC553i FlexFabric"}"#,
        ],
    },
    // ESXi 6 to 9.
    Sample {
        path: "commands/localcli_network-nic-list.txt",
        text: "Error: vmnic9 is gone\n\
               Name    PCI Device    Driver      Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description\n\
               ------  ------------  ----------  ------------  -----------  -----  ------  -----------------  ----  -----------\n\
               vmnic0  0000:1c:00.0  i40en       Up            Up            1000  Full    00:50:56:0a:00:01  9000  Example X722; 1GbE\n\
               vmnic2 is slow: it has been asked three times in vain, and then once more for good measure\n\
               vmnic1  0000:5e:00.0  nmlx5_core  Up            Down             0  Half    00:50:56:0a:00:02  1500  Example CX-4 Lx\n\
               vmnic2  0000:5e:00.1  nmlx5_core  Up            Down             0  Half    00:50:56:0a:00:03  15",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic0","pci":"0000:1c:00.0","driver":"i40en","driver_version":null,"firmware":null,"admin_up":true,"link_up":true,"speed":1000,"full_duplex":true,"mac":"00:50:56:0a:00:01","mtu":9000,"description":"Example X722; 1GbE"}"#,
            r#"{"fact":"physical-nic","name":"vmnic1","pci":"0000:5e:00.0","driver":"nmlx5_core","driver_version":null,"firmware":null,"admin_up":true,"link_up":false,"speed":null,"full_duplex":false,"mac":"00:50:56:0a:00:02","mtu":1500,"description":"Example CX-4 Lx"}"#,
        ],
    },
    Sample {
        path: "json/localcli_network-nic-list.json",
        text: "[{\"Name\": \"vmnic0\", \"PCI Device\": \"0000:1c:00.0\", \"Driver\": \"i40en\", \"Link Status\": \"Up\", \
               \"Speed\": 10000, \"MAC Address\": \"00:50:56:0a:00:01\", \"MTU\": 1500}]\n",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic0","pci":"0000:1c:00.0","driver":"i40en","driver_version":null,"firmware":null,"admin_up":null,"link_up":true,"speed":10000,"full_duplex":null,"mac":"00:50:56:0a:00:01","mtu":1500,"description":null}"#,
        ],
    },
];

const NICINFO_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/esxcfg-nics_-l.txt",
        text: "vmnic0: slow\n\
               Name    PCI          Driver      Link Speed      Duplex MAC Address       MTU    Description                   \n\
               vmnic0  0000:4b:00.0 icen        Up   25000Mbps  Full   00:50:56:0a:00:01 1500   Example E810-C for SFP\n\
               vmnic1 0000:4b:00.1 cannot be read at all now 1500 it seems\n\
               vmnic14 0000:98:00.0 bnxtnet     Down 0Mbps      Half   00:50:56:0a:00:02 9000   Example BCM57416\n\
               vmnic15 0000:98:00.1 bnxtnet     Down 0Mbps      Half   00:50:56:0a:00:03 90",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic0","pci":"0000:4b:00.0","driver":"icen","driver_version":null,"firmware":null,"admin_up":null,"link_up":true,"speed":25000,"full_duplex":true,"mac":"00:50:56:0a:00:01","mtu":1500,"description":"Example E810-C for SFP"}"#,
            r#"{"fact":"physical-nic","name":"vmnic14","pci":"0000:98:00.0","driver":"bnxtnet","driver_version":null,"firmware":null,"admin_up":null,"link_up":false,"speed":null,"full_duplex":false,"mac":"00:50:56:0a:00:02","mtu":9000,"description":"Example BCM57416"}"#,
        ],
    },
    // ESXi 5: one row of dashes below all columns, details as `ethtool -i` has them.
    Sample {
        path: "commands/nicinfo.sh.txt",
        text: "Network Interface Cards Information.\n\n\
               Name    PCI Device     Driver  Link  Speed  Duplex  MAC Address        MTU   Description\n\
               ----------------------------------------------------------------------------------------\n\
               vmnic0  0000:002:00.0  be2net  Up    1000   Full    00:50:56:0a:00:01  1500  Example NC553i\n\n\
               NIC:  vmnic0\n\ndriver: be2net\nversion: 4.1.255.11\nfirmware-version: 4.1.402.20\nbus-info: 0000:02:00.0\n\
               NIC statistics:\n   version: 3\n   driver: 4\n",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic0","pci":"0000:002:00.0","driver":"be2net","driver_version":"4.1.255.11","firmware":"4.1.402.20","admin_up":null,"link_up":true,"speed":1000,"full_duplex":true,"mac":"00:50:56:0a:00:01","mtu":1500,"description":"Example NC553i"}"#,
        ],
    },
    // ESXi 6 to 9, cut in the second section.
    Sample {
        path: "commands/nicinfo.sh.txt",
        text: "Network Interface Cards Information.\n\n\
               Name    PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description\n\
               ------  ------------  ------  ------------  -----------  -----  ------  -----------------  ----  -----------\n\
               vmnic0  0000:4b:00.0  i40en   Up            Up           10000  Full    00:50:56:0a:00:01  1500  Example X710\n\n\
               NIC:  vmnic0\n\nNICInfo:\n   Advertised Auto Negotiation: true\n   Driver Info: \n         \
               Bus Info: 0000:4b:00:0\n         Driver: i40en\nError: one more try\n         \
               Firmware Version: 8.15 0x80009621 1.2829.0\n         Version: 2.5.0.28\n   Link Detected: true\n   \
               Link Status: Up \n   Name: vmnic0\n   PHYAddress: 0\nRing parameters for vmnic0:\nRX: 1\n\
               NIC statistics for vmnic0:\n   Packets received: 5\nNIC Private statistics:\n   driver: 7\n\n\
               NIC:  vusb0\n\n   Driver Info: \n         Driver: cdce\n         Version: 1.",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic0","pci":"0000:4b:00.0","driver":"i40en","driver_version":"2.5.0.28","firmware":"8.15 0x80009621 1.2829.0","admin_up":true,"link_up":true,"speed":10000,"full_duplex":true,"mac":"00:50:56:0a:00:01","mtu":1500,"description":"Example X710"}"#,
            r#"{"fact":"physical-nic","name":"vusb0","pci":null,"driver":"cdce","driver_version":null,"firmware":null,"admin_up":null,"link_up":null,"speed":null,"full_duplex":null,"mac":null,"mtu":null,"description":null}"#,
        ],
    },
];

const DETAIL_SAMPLES: &[Sample] = &[
    // ESXi 5 to 9; 8 adds `Backing DPUId`.
    Sample {
        path: "commands/localcli_network-nic-get--n-vmnic0.txt",
        text: "Error: x\n   Advertised Auto Negotiation: true\n   Backing DPUId: N/A\n   Driver Info: \n         \
               Bus Info: 0000:05:00.0\n         Driver: igbn\nDriver: gone\n         Firmware Version: N/A\n         \
               Version: 0.1.1.0\n   Link Detected: false\n   Link Status: Down \n   Name: vmnic0\n   Wakeon: None\n",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic0","pci":"0000:05:00.0","driver":"igbn","driver_version":"0.1.1.0","firmware":null,"admin_up":null,"link_up":false,"speed":null,"full_duplex":null,"mac":null,"mtu":null,"description":null}"#,
        ],
    },
    Sample {
        path: "commands/2.esxcli_network_nic_get_--nic-namevmnic12.txt",
        text: "   Driver Info:\n         Driver: elxnet\n         Firmware Version: 10.2.61",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic12","pci":null,"driver":"elxnet","driver_version":null,"firmware":null,"admin_up":null,"link_up":null,"speed":null,"full_duplex":null,"mac":null,"mtu":null,"description":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-network-nic-get--n-vmnic1.txt",
        text: "{\"Driver Info\": {\"Bus Info\": \"0000:05:00:1\", \"Driver\": \"igbn\", \"Firmware Version\": \"1.2\", \
               \"Version\": \"0.1\"}, \"Link Status\": \"Up\", \"Name\": \"vmnic1\"}\n",
        facts: &[
            r#"{"fact":"physical-nic","name":"vmnic1","pci":"0000:05:00.1","driver":"igbn","driver_version":"0.1","firmware":"1.2","admin_up":null,"link_up":true,"speed":null,"full_duplex":null,"mac":null,"mtu":null,"description":null}"#,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn names(file: &FactFile, text: &str, expected: &[&str]) {
        let out = crate::fact::tests::read(file, file.samples[0].path, text.as_bytes());
        let found: Vec<&str> = out
            .facts
            .iter()
            .filter_map(|fact| match &fact.value {
                FactValue::PhysicalNic(nic) => Some(nic.name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn columns_in_another_order_are_found_by_their_dashes_and_left_alone_without_them() {
        let dashed = "MAC Address        Name    MTU\r\n-----------------  ------  ----\r\n\
                      00:50:56:0a:00:01  vmnic3  1500\r\n";
        names(&LIST, dashed, &["vmnic3"]);
        let plain = "Driver Name PCI Link Speed Duplex MAC Address MTU Description\n\
                     ixgben vmnic3 0000:00:00.0 Up 1000Mbps Full 00:50:56:0a:00:01 1500 x\n";
        names(&NICINFO, plain, &[]);
        names(&NICINFO, &plain.replace("Driver Name PCI", "名前 PCI Driver"), &[]);
    }

    #[test]
    fn a_row_without_its_driver_is_not_read_one_cell_off() {
        let text = "Name    PCI          Driver      Link Speed      Duplex MAC Address       MTU    Description\n\
                    vmnic0  0000:4b:00.0             Up   25000Mbps  Full   00:50:56:0a:00:01 1500   Example one\n";
        names(&NICINFO, text, &[]);
        names(&NICINFO, "NIC:  vmnic0\nno driver here\nNIC:  gone\nDriver: x\n", &[]);
    }
}
