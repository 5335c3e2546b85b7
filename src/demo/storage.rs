//! The texts of commands about vSAN's adapter, disks, objects and directory.

use std::fmt::Write;

use super::setup::Disk;
use super::site::{Generation, Gone, Host, Vsan};
use super::table;

/// Names and texts of all of them; none on a host without vSAN.
pub(crate) fn texts(host: &Host) -> Vec<(&'static str, String)> {
    let Some(vsan) = &host.vsan else { return Vec::new() };
    let mut texts = vec![
        (
            "localcli_vsan-network-list",
            if host.changes.without_vsan_adapter { String::new() } else { network(host) },
        ),
        ("localcli_vsan-storage-list", disks(host)),
        ("vdq_-q", candidates(host)),
        ("cmmds-tool_find--f-python", directory(host, vsan)),
    ];
    // Both commands came with 6.7 and later; 6.5 has neither.
    texts.push(("localcli_vsan-debug-object-health-summary-get", objects(host, vsan)));
    texts.push((
        "localcli_vsan-debug-resync-summary-get",
        "   Total Number Of Resyncing Objects: 0\n   Total Bytes Left To Resync: 0\n   Total GB Left To Resync: 0.00\n"
            .to_owned(),
    ));
    texts
}

/// UUID of its adapter for vSAN.
fn interface_uuid(mac: &str) -> String {
    format!("5f1c0a5d-61cd-9b0e-7f64-{}", mac.replace(':', ""))
}

fn network(host: &Host) -> String {
    format!(
        "Interface\n   VmkNic Name: vmk2\n   IP Protocol: IP\n   Interface UUID: {}\n   \
         Agent Group Multicast Address: 224.2.3.4\n   Agent Group IPv6 Multicast Address: ff19::2:3:4\n   \
         Agent Group Multicast Port: 23451\n   Master Group Multicast Address: 224.1.2.3\n   \
         Master Group IPv6 Multicast Address: ff19::1:2:3\n   Master Group Multicast Port: 12345\n   \
         Host Unicast Channel Bound Port: 12321\n   Multicast TTL: 5\n   Traffic Type: vsan\n",
        interface_uuid(&host.net.mac)
    )
}

fn disks(host: &Host) -> String {
    let disks = host.disks();
    let mut text = String::new();
    for Disk { device, uuid, capacity } in &disks {
        let Disk { device: cache, uuid: group, .. } = &disks[0];
        let _ = write!(
            text,
            "{device}\n   Device: {device}\n   Display Name: {device}\n   Is SSD: true\n   VSAN UUID: {uuid}\n   \
             VSAN Disk Group UUID: {group}\n   VSAN Disk Group Name: {cache}\n   Used by this host: true\n   In CMMDS: {works}\n   \
             On-disk format version: {format}\n   Deduplication: false\n   Compression: false\n   \
             Checksum: 14089764713925472302\n   Checksum OK: true\n   Is Capacity Tier: {capacity}\n   Encryption Metadata Checksum OK: true\n   \
             Encryption: false\n   DiskKeyLoaded: false\n   Is Mounted: {works}\n   Creation Time: Mon Mar 11 08:21:40 2019\n\n",
            format = host.disk_format(),
            works = !host.changes.disks_failed,
        );
    }
    text
}

fn candidates(host: &Host) -> String {
    let pool = match host.release.generation {
        Generation::V80 => "\"StoragePoolState\": \"Ineligible for use by Storage Pool\",\n",
        Generation::V67 | Generation::V70 => "",
    };
    let entry = |name: &str, uuid: &str, state: &str, reason: &str, capacity: u8| {
        format!(
            "   {{\n      \"Name\"     : \"{name}\",\n      \"VSANUUID\" : \"{uuid}\",\n      \"State\"    : \"{state}\",\n      \
             \"Reason\"   : \"{reason}\",\n{pool}      \"IsSSD\"    : \"1\",\n\"IsCapacityFlash\": \"{capacity}\",\n      \
             \"IsPDL\"    : \"0\",\n      \"Size(MB)\" : \"953869\",\n    \"FormatType\" : \"512e\"\n   }},\n"
        )
    };
    let mut text = String::from("[\n");
    for Disk { device, uuid, capacity } in host.disks() {
        text.push_str(&entry(&device, &uuid, "In-use for VSAN", "None", u8::from(capacity)));
    }
    text.push_str(&entry("mpx.vmhba32:C0:T0:L0", "", "Ineligible for use by VSAN", "Has partitions", 0));
    text.push_str("]\n");
    text
}

fn objects(host: &Host, vsan: &Vsan) -> String {
    let (count, alone) = (host.objects(), vsan.members.len() < 2);
    let whole = vsan.members.len() > vsan.unicast.len() && !vsan.reduced;
    let of = |state: bool| if state { count } else { 0 };
    let rows = [
        ("inaccessible", of(alone)),
        ("reduced-availability-with-no-rebuild", of(!alone && !whole)),
        ("reduced-availability-with-active-rebuild", 0),
        ("data-move", 0),
        ("healthy", of(!alone && whole)),
    ];
    let rows: Vec<Vec<String>> =
        rows.iter().map(|(state, objects)| vec![(*state).to_owned(), objects.to_string()]).collect();
    table::text(&["Health Status", "Number Of Objects"], &["Number Of Objects"], &rows)
}

/// The entries that tell of nodes, as far as this host sees them.
fn directory(host: &Host, vsan: &Vsan) -> String {
    let mut text = String::from("[\n");
    let mut entry = |(kind, health): (&str, &str), uuid: &str, owner: &str, revision: u32, content: &str| {
        let _ = write!(
            text,
            "{{\n   \"uuid\": \"{uuid}\",\n   \"owner\": \"{owner}\",\n   \"health\": \"{health}\",\n   \"revision\": \"{revision}\",\n   \
             \"type\": \"{kind}\",\n   \"flag\": \"2\",\n   \"minHostVersion\": \"0\",\n   \
             \"md5sum\": \"6f1a8be2d54c9f0e3377a2c1d08b5e94\",\n   \"valueLen\": \"64\",\n   \"content\": {content},\n   \
             \"errorStr\": \"(null)\"\n}},\n"
        );
    };
    for (uuid, name) in &vsan.members {
        let own = *uuid == vsan.node_uuid;
        let ip = vsan.unicast.iter().find(|agent| agent.node_uuid == *uuid).map(|agent| &agent.ip);
        let decom = if own && vsan.maintenance { 6 } else { 0 };
        entry(("NODE", "Healthy"), uuid, uuid, 0, "{\"capabilities\": [31, 7]}");
        entry(("HOSTNAME", "Healthy"), uuid, uuid, 1, &format!("{{\"hostname\": \"{name}\"}}"));
        entry(
            ("NODE_DECOM_STATE", "Healthy"),
            uuid,
            uuid,
            4,
            &format!("{{\"decomState\": {decom}, \"decomJobType\": 0}}"),
        );
        if let Some(ip) = if own { Some(&host.net.vsan) } else { ip } {
            let mac = uuid.rsplit('-').next().unwrap_or_default();
            let content = format!("{{\"addrs\": [\"{ip}\", \"255.255.255.0\", \"224.2.3.4\"]}}");
            entry(("NET_INTERFACE", "Healthy"), &interface_uuid(mac), uuid, 2, &content);
        }
    }
    for Gone { node_uuid, name, decom_state } in &vsan.gone {
        let hostname = format!("{{\"hostname\": \"{name}\"}}");
        entry(("HOSTNAME", "Unhealthy"), node_uuid, node_uuid, 1, &hostname);
        let decom = format!("{{\"decomState\": {decom_state}, \"decomJobType\": 0}}");
        entry(("NODE_DECOM_STATE", "Unhealthy"), node_uuid, node_uuid, 4, &decom);
    }
    text.push_str("]\n");
    text
}
