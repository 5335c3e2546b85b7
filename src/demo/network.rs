//! The texts of commands about a host's network and time.

use std::fmt::Write;

use super::setup::{Adapter, DISTRIBUTED, JUMBO, Nic, STANDARD};
use super::site::{Generation, Host};
use super::table;

const DESCRIPTION: &str = "Intel(R) 82599 10 Gigabit Dual Port Network Connection";

/// Names and texts of all of them.
pub(crate) fn texts(host: &Host) -> Vec<(String, String)> {
    let named = |name: &str, text: String| (name.to_owned(), text);
    let mut texts = vec![
        named("esxcfg-nics_-l", legacy_nics(host)),
        named("esxcfg-vmknic_-l", vmknics(host)),
        named("esxcfg-vswitch_-l", switches(host)),
        named("localcli_network-ip-interface-ipv4-get", addresses(host)),
        named("localcli_network-ip-interface-list", interfaces(host)),
        named("localcli_network-nic-list", nics(host)),
        named("localcli_network-vswitch-dvs-vmware-list", distributed(host)),
        named("localcli_network-vswitch-standard-list", standard(host)),
        named("nicinfo.sh", nicinfo(host)),
        named("ntpq_-p", peers(host)),
    ];
    texts.extend(host.adapters().iter().map(|adapter| {
        let name = format!("localcli_network-ip-interface-tag-get--i-{}", adapter.name);
        (name, format!("   Tags: {}\n", adapter.tags.join(", ")))
    }));
    // The command came with 6.7 Update 3, and its words changed with 8.0.
    let servers = host.ntp_servers().join(", ");
    match host.release.generation {
        Generation::V67 => {}
        Generation::V70 => texts.push(named(
            "localcli_system-ntp-get",
            format!(
                "   Enabled: true\n   Loglevel: warning\n   PID: 2099871\n   Runtime Seconds: 86400\n   Server: {servers}\n"
            ),
        )),
        Generation::V80 => texts.push(named(
            "localcli_system-ntp-get",
            format!(
                "   Enabled: true\n   Loglevel: warning\n   PID: 2099871\n   Runtime Seconds: 86400\n   Servers: {servers}\n   \
                 Service Providing Kernel Time: Network Time Protocol\n   Time Service Enabled: true\n   Time Synchronized: true\n"
            ),
        )),
    }
    texts
}

/// `etc/ntp.conf`
pub(crate) fn ntp_conf(host: &Host) -> String {
    let mut text =
        String::from("tos maxdist 30\nrestrict default nomodify notrap nopeer noquery\nrestrict 127.0.0.1\n");
    for server in host.ntp_servers() {
        let _ = writeln!(text, "server {server}");
    }
    text.push_str("driftfile /etc/ntp.drift\n");
    text
}

fn vmknics(host: &Host) -> String {
    let mut text = String::from(
        "Interface  Port Group/DVPort/Opaque Network        IP Family IP Address                              Netmask         Broadcast       MAC Address       MTU     TSO MSS   Enabled Type                NetStack\n",
    );
    for Adapter { name, port, ip, mac, mtu, netstack, .. } in host.adapters() {
        let _ = writeln!(
            text,
            "{name:<10} {port:<39} IPv4      {ip:<39} 255.255.255.0   {:<15} {mac} {mtu:<7} 65535     true    STATIC              {netstack}",
            broadcast(&ip),
        );
    }
    text
}

fn network(address: &str) -> &str {
    address.rsplit_once('.').map_or(address, |(network, _)| network)
}

fn broadcast(address: &str) -> String {
    format!("{}.255", network(address))
}

fn addresses(host: &Host) -> String {
    let row = |adapter: Adapter| {
        let (broadcast, gateway) = (broadcast(&adapter.ip), format!("{}.1", network(&adapter.ip)));
        let mask = "255.255.255.0".to_owned();
        vec![adapter.name, adapter.ip, mask, broadcast, "STATIC".to_owned(), gateway, "false".to_owned()]
    };
    let rows: Vec<Vec<String>> = host.adapters().into_iter().map(row).collect();
    let heads =
        ["Name", "IPv4 Address", "IPv4 Netmask", "IPv4 Broadcast", "Address Type", "Gateway", "DHCP DNS"];
    table::text(&heads, &[], &rows)
}

fn interfaces(host: &Host) -> String {
    let mut text = String::new();
    for (index, adapter) in host.adapters().iter().enumerate() {
        let Adapter { name, port, switch, mac, mtu, netstack, .. } = adapter;
        let standard = *switch == STANDARD;
        let (portset, group) = if standard { (STANDARD, port.as_str()) } else { ("DvsPortset-0", "N/A") };
        let (vds, place) = if standard { ("N/A", "N/A") } else { (DISTRIBUTED, port.as_str()) };
        let _ = write!(
            text,
            "{name}\n   Name: {name}\n   MAC Address: {mac}\n   Enabled: true\n   Portset: {portset}\n   Portgroup: {group}\n   \
             Netstack Instance: {netstack}\n   VDS Name: {vds}\n   VDS UUID: {uuid}\n   VDS Port: {place}\n   \
             VDS Connection: {connection}\n   Opaque Network ID: N/A\n   Opaque Network Type: N/A\n   External ID: N/A\n   \
             MTU: {mtu}\n   TSO MSS: 65535\n   RXDispQueue Size: 2\n   Port ID: {id}\n\n",
            uuid = if standard { "N/A" } else { DVS_UUID },
            connection = if standard { -1 } else { 1_582_017_631 },
            id = 33_554_436 + index,
        );
    }
    text
}

const DVS_UUID: &str = "50 1e 5a 07 41 9c 66 30-8f 1d 2b 77 90 c4 e3 58";

fn speed(nic: &Nic) -> (&'static str, &'static str, &'static str) {
    if nic.link_up { ("Up", "10000", "Full") } else { ("Down", "0", "Half") }
}

fn nics(host: &Host) -> String {
    let row = |nic: Nic| {
        let (link, speed, duplex) = speed(&nic);
        let [driver, up, link, speed, duplex] = [nic.driver, "Up", link, speed, duplex].map(str::to_owned);
        let mtu = nic.mtu.to_string();
        vec![nic.name, nic.pci, driver, up, link, speed, duplex, nic.mac, mtu, DESCRIPTION.to_owned()]
    };
    let rows: Vec<Vec<String>> = host.nics().into_iter().map(row).collect();
    let heads = [
        "Name",
        "PCI Device",
        "Driver",
        "Admin Status",
        "Link Status",
        "Speed",
        "Duplex",
        "MAC Address",
        "MTU",
        "Description",
    ];
    table::text(&heads, &["Speed", "MTU"], &rows)
}

fn legacy_nics(host: &Host) -> String {
    let mut text = String::from(
        "Name    PCI          Driver      Link Speed      Duplex MAC Address       MTU    Description                   \n",
    );
    for nic in host.nics() {
        let (link, speed, duplex) = speed(&nic);
        let Nic { name, pci, driver, mac, mtu, .. } = &nic;
        let _ = writeln!(
            text,
            "{name:<7} {pci:<12} {driver:<11} {link:<4} {:<10} {duplex:<6} {mac} {mtu:<6} {DESCRIPTION}",
            format!("{speed}Mbps"),
        );
    }
    text
}

fn nicinfo(host: &Host) -> String {
    let mut text = format!("Network Interface Cards Information.\n\n{}\n", nics(host));
    for Nic { name, pci, driver, driver_version, firmware, link_up, .. } in host.nics() {
        let bus = pci.replacen('.', ":", 1);
        let status = if link_up { "Up" } else { "Down" };
        let _ = write!(
            text,
            "NIC:  {name}\n\nNICInfo:\n   Advertised Auto Negotiation: true\n   Advertised Link Modes: Auto\n   Auto Negotiation: true\n   \
             Cable Type: FIBRE\n   Driver Info: \n         Bus Info: {bus}\n         Driver: {driver}\n         \
             Firmware Version: {firmware}\n         Version: {driver_version}\n   Link Detected: {link_up}\n   \
             Link Status: {status} \n   Name: {name}\n   PHYAddress: 0\n   Wakeon: None\nRing parameters for {name}:\n\
             Pre-set maximums:\nRX:\t\t4096\nTX:\t\t4096\nNIC statistics for {name}:\n   Packets received: 781254\n   \
             Packets sent: 612007\n\n"
        );
    }
    text
}

fn switches(host: &Host) -> String {
    let (groups, ports) = (port_groups(), port_lines(host));
    let used = |distributed| host.nics().len() / 2 + if distributed { ports.len() } else { groups.len() };
    let mut text = format!(
        "Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks   \n\
         {STANDARD:<16} 2560        {:<11} 128               1500    vmnic0,vmnic1\n\n  \
         PortGroup Name                            VLAN ID  Used Ports  Uplinks   \n",
        used(false)
    );
    for (name, vlan) in groups {
        let _ = writeln!(text, "  {name:<41} {vlan:<8} 1           vmnic0,vmnic1");
    }
    let _ = write!(
        text,
        "\nDVS Name         Num Ports   Used Ports  Configured Ports  MTU     Uplinks   \n\
         {DISTRIBUTED:<16} 2560        {:<11} 512               {JUMBO:<7} vmnic2,vmnic3\n\n  \
         DVPort ID                               In Use      Client    \n",
        used(true)
    );
    for (port, client) in ports {
        let _ = writeln!(text, "  {port:<39} 1           {client}");
    }
    text.push('\n');
    text
}

/// Name and VLAN of the port groups of the standard switch.
pub(crate) const fn port_groups() -> [(&'static str, u16); 2] {
    [("VM Network", 120), ("Management Network", 0)]
}

fn port_lines(host: &Host) -> Vec<(String, String)> {
    let on_dvs = host.adapters().into_iter().filter(|adapter| adapter.switch == DISTRIBUTED);
    let uplinks = [("4".to_owned(), "vmnic2".to_owned()), ("5".to_owned(), "vmnic3".to_owned())];
    uplinks.into_iter().chain(on_dvs.map(|adapter| (adapter.port, adapter.name))).collect()
}

fn standard(_: &Host) -> String {
    let groups: Vec<&str> = port_groups().iter().map(|(name, _)| *name).collect();
    format!(
        "{STANDARD}\n   Name: {STANDARD}\n   Class: cswitch\n   Num Ports: 2560\n   Used Ports: 4\n   Configured Ports: 128\n   \
         MTU: 1500\n   CDP Status: listen\n   Beacon Enabled: false\n   Beacon Interval: 1\n   Beacon Threshold: 3\n   \
         Beacon Required By: \n   Uplinks: vmnic0, vmnic1\n   Portgroups: {}\n",
        groups.join(", ")
    )
}

fn distributed(host: &Host) -> String {
    let mut text = format!(
        "{DISTRIBUTED}\n   Name: {DISTRIBUTED}\n   VDS ID: {DVS_UUID}\n   Class: cswitch\n   Num Ports: 2560\n   Used Ports: 6\n   \
         Configured Ports: 512\n   MTU: {JUMBO}\n   CDP Status: listen\n   Beacon Timeout: -1\n   Uplinks: vmnic2, vmnic3\n   \
         VMware Branded: true\n   DVPort: \n"
    );
    for (port, client) in port_lines(host) {
        let _ = write!(
            text,
            "         Client: {client}\n         DVPortgroup ID: dvportgroup-31\n         In Use: true\n         Port ID: {port}\n      \n"
        );
    }
    text
}

fn peers(host: &Host) -> String {
    let mut text = String::from(
        "     remote           refid      st t when poll reach   delay   offset  jitter\n\
         ==============================================================================\n",
    );
    let told = [
        "10.0.0.1         2 u   33   64  377    0.412    0.118   0.052",
        "10.0.0.1         2 u   51   64  377    0.398   -0.204   0.071",
    ];
    for ((mark, server), told) in ['*', '+'].into_iter().zip(host.ntp_servers()).zip(told) {
        let _ = writeln!(text, "{mark}{server:<15} {told}");
    }
    text
}
