//! How a host is set up: what its commands will say, as plain values.

use std::collections::BTreeSet;

use super::prng::Prng;
use super::site::{Generation, Host};

/// A VMkernel adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// `vmk0`
    pub name: String,
    /// Name of a standard port group, number of a distributed port.
    pub port: String,
    /// The switch that it is on.
    pub switch: &'static str,
    /// Its IPv4 address, of a network of 24 bits.
    pub ip: String,
    /// MAC address.
    pub mac: String,
    /// Bytes.
    pub mtu: u32,
    /// TCP/IP stack.
    pub netstack: &'static str,
    /// What traffic it is for.
    pub tags: Vec<&'static str>,
}

/// A physical NIC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// `vmnic0`
    pub name: String,
    /// PCI address.
    pub pci: String,
    /// Name of the driver.
    pub driver: &'static str,
    /// Its version.
    pub driver_version: &'static str,
    /// Firmware.
    pub firmware: &'static str,
    /// Whether it has a link, of 10 Gbit/s then.
    pub link_up: bool,
    /// MAC address.
    pub mac: String,
    /// Bytes.
    pub mtu: u32,
}

/// A disk of vSAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// `naa.…`
    pub device: String,
    /// Its vSAN UUID.
    pub uuid: String,
    /// Whether it is of the capacity tier.
    pub capacity: bool,
}

/// What differs on one host from how its cluster is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// MTU of its adapter for vSAN.
    pub vsan_mtu: Option<u32>,
    /// NICs that have lost their link.
    pub links_down: BTreeSet<String>,
    /// Its adapter for vSAN is gone.
    pub without_vsan_adapter: bool,
    /// Its disk group failed.
    pub disks_failed: bool,
}

/// The standard switch that carries management.
pub(crate) const STANDARD: &str = "vSwitch0";
/// The distributed switch that carries vMotion and vSAN.
pub(crate) const DISTRIBUTED: &str = "DSwitch-Prod";
/// Its MTU.
pub(crate) const JUMBO: u32 = 9000;

impl Host {
    /// Its VMkernel adapters, by name.
    pub fn adapters(&self) -> Vec<Adapter> {
        let net = &self.net;
        let vsan = if self.vsan.is_some() { vec!["VSAN"] } else { vec![] };
        let rows = [
            (&net.management, "Management Network", STANDARD, 1500, "defaultTcpipStack", vec!["Management"]),
            (&net.vmotion, "9", DISTRIBUTED, JUMBO, "vmotion", vec!["VMotion"]),
            (&net.vsan, "10", DISTRIBUTED, self.changes.vsan_mtu.unwrap_or(JUMBO), "defaultTcpipStack", vsan),
        ];
        let mac = |index: usize| match index {
            0 => net.mac.clone(),
            _ => format!("00:50:56:6{index}:{:02x}:10", self.moref & 0xff),
        };
        let adapter =
            |(index, (ip, port, switch, mtu, netstack, tags)): (usize, (&String, &str, _, _, _, _))| {
                let (name, ip, port) = (format!("vmk{index}"), ip.clone(), port.to_owned());
                Adapter { name, port, switch, ip, mac: mac(index), mtu, netstack, tags }
            };
        let count = rows.len() - usize::from(self.changes.without_vsan_adapter);
        rows.into_iter().take(count).enumerate().map(adapter).collect()
    }

    /// Its physical NICs, by name: two for each switch, the last of which has no link.
    pub fn nics(&self) -> Vec<Nic> {
        let (stem, last) = self.net.mac.rsplit_once(':').unwrap_or((&self.net.mac, "00"));
        let last = u8::from_str_radix(last, 16).unwrap_or(0);
        let (driver_version, firmware) = match self.release.generation {
            Generation::V67 => ("1.7.1.16", "0x800007b0, 1.949.0"),
            Generation::V70 => ("1.7.1.41", "0x800008a7, 18.8.9"),
            Generation::V80 => ("1.18.2.0", "0x8000094f, 22.0.9"),
        };
        let nic = |index: u8| Nic {
            name: format!("vmnic{index}"),
            pci: format!("0000:01:00.{index}"),
            driver: "ixgben",
            driver_version,
            firmware,
            link_up: index < 3 && !self.changes.links_down.contains(&format!("vmnic{index}")),
            mac: format!("{stem}:{:02x}", last.wrapping_add(64 * index)),
            mtu: if index < 2 { 1500 } else { JUMBO },
        };
        (0..4).map(nic).collect()
    }

    /// The servers that it asks for the time.
    pub fn ntp_servers(&self) -> [&'static str; 2] {
        ["10.20.0.5", "10.20.0.6"]
    }

    /// The image profile that it runs.
    pub fn image_profile(&self) -> String {
        let release = &self.release;
        let base = release.version.rsplit_once('.').map_or("", |(base, _)| base);
        format!("ESXi-{base}U{}-{}-standard", release.update, release.build)
    }

    /// The disks that vSAN uses: one group of a cache and two capacity disks. None without vSAN.
    pub fn disks(&self) -> Vec<Disk> {
        let mut prng = Prng::labelled(0, &["disks", &self.name]);
        let mut disk = |index: u32| {
            let device = format!("naa.55cd2e41{:04x}{:03x}{index}", self.moref, prng.below(0x1000));
            Disk { device, uuid: prng.uuid(), capacity: index > 0 }
        };
        if self.vsan.is_some() { (0..3).map(&mut disk).collect() } else { Vec::new() }
    }

    /// The on-disk format of these: the newest that the release knows.
    pub const fn disk_format(&self) -> u32 {
        let early = self.release.update < 3;
        match self.release.generation {
            Generation::V67 => {
                if early {
                    7
                } else {
                    10
                }
            }
            Generation::V70 => {
                if early {
                    13
                } else {
                    15
                }
            }
            Generation::V80 => {
                if early {
                    18
                } else {
                    20
                }
            }
        }
    }

    /// How many vSAN objects its VMs have.
    pub fn objects(&self) -> usize {
        4 * self.vms.len()
    }
}

/// `56 4d aa bb cc dd ee ff-00 11 22 33 44 55 66 77`: a BIOS UUID as commands and `.vmx` files write it.
pub(crate) fn spaced(uuid: &str) -> String {
    let digits: Vec<char> = uuid.chars().filter(char::is_ascii_hexdigit).collect();
    let bytes: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    let (front, back) = bytes.split_at(bytes.len() / 2);
    format!("{}-{}", front.join(" "), back.join(" "))
}
