//! The texts of a host's `commands/` folder, one function a command.

use std::fmt::Write;
use std::io;

use super::pack::Members;
use super::setup::spaced;
use super::site::{Generation, Host, Vsan};
use super::table;
use super::{dump, network, storage};
use crate::model::Timestamp;

/// Writes the `commands/` folder.
pub(crate) fn write_commands(host: &Host, out: &mut Members<'_>) -> io::Result<()> {
    let at = host.captured_at;
    for (name, text) in texts(host) {
        out.file(&format!("commands/{name}.txt"), text.as_bytes(), at)?;
    }
    let path = "commands/vmware-vimdump_-o----U-dcui.txt";
    let text = dump::dump(host);
    match host.fragment_bytes {
        None => out.file(path, text.as_bytes(), at),
        Some(size) => {
            for (index, part) in text.as_bytes().chunks(size.max(1)).enumerate() {
                out.file(&format!("{path}.FRAG-{index:05}"), part, at)?;
            }
            let script = format!("#!/bin/sh\ncat {path}.FRAG-* > {path} && rm {path}.FRAG-*\n");
            out.file("reconstruct.sh", script.as_bytes(), at)
        }
    }
}

fn texts(host: &Host) -> Vec<(String, String)> {
    let mut texts = vec![
        ("uname_-a", uname(host)),
        ("vmware_-vl", vmware(host)),
        ("date", date(host.clock.shows(host.captured_at))),
        ("localcli_system-version-get", version(host)),
        ("localcli_system-stats-uptime-get", uptime(host)),
        ("smbiosDump", smbios(host)),
        ("localcli_hardware-cpu-list", cpu_list(host)),
        ("vsish_-e--get-hardwarecpucpuList0", cpu_node(host)),
        ("localcli_vm-process-list", processes(host)),
        ("localcli_software-vib-list", vibs(host)),
        ("localcli_software-profile-get", profile(host)),
        ("localcli_software-acceptance-get", "PartnerSupported\n".to_owned()),
        ("localcli_system-settings-advanced-list--d", advanced(host)),
        ("localcli_storage-filesystem-list", filesystems(host)),
        ("localcli_vsan-cluster-get", vsan_cluster(host)),
    ];
    if let Some(vsan) = &host.vsan {
        texts.push(("localcli_vsan-cluster-unicastagent-list", unicast(vsan)));
    }
    texts.extend(storage::texts(host));
    let named = texts.into_iter().map(|(name, text)| (name.to_owned(), text));
    named.chain(network::texts(host)).collect()
}

/// `Wed Jun 25 19:25:14 UTC 2025`
pub(crate) fn date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day, micros) = at.civil();
    let second = micros / 1_000_000;
    let weekday = DAYS[at.micros().div_euclid(86_400_000_000).rem_euclid(7) as usize];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let month = MONTHS[month as usize - 1];
    format!("{weekday} {month} {day:>2} {hour:02}:{minute:02}:{second:02} UTC {year}\n")
}

fn uname(host: &Host) -> String {
    let release = &host.release;
    format!(
        "VMkernel {} {} #1 SMP Release build-{} Jul 30 2019 23:13:09 x86_64 x86_64 x86_64 ESXi\n",
        host.name, release.version, release.build
    )
}

fn vmware(host: &Host) -> String {
    let release = &host.release;
    let name = if release.update == 0 { "GA".to_owned() } else { format!("Update {}", release.update) };
    // The friendly name keeps the base version: the third part of 7.0.3 is the Update.
    let base = match release.generation {
        Generation::V67 => release.version.clone(),
        _ => format!("{}.0", release.version.rsplit_once('.').map_or("8.0", |(base, _)| base)),
    };
    format!("VMware ESXi {} build-{}\nVMware ESXi {base} {name}\n", release.version, release.build)
}

fn version(host: &Host) -> String {
    let release = &host.release;
    format!(
        "   Product: VMware ESXi\n   Version: {}\n   Build: Releasebuild-{}\n   Update: {}\n   Patch: {}\n",
        release.version, release.build, release.update, release.patch
    )
}

fn uptime(host: &Host) -> String {
    format!("{}\n", host.captured_at.since(host.booted_at))
}

fn smbios(host: &Host) -> String {
    let (vendor, model, bios, uuid) = (&host.vendor, &host.model, &host.bios, &host.uuid);
    format!(
        "  BIOS Info (Type 0): #0\n    Vendor: \"{vendor}\"\n    Version: \"{bios}\"\n    Date: \"06/14/2019\"\n    \
         Start Address: 0xf0000\n    ROM Size: 16384 kB\n  System Info (Type 1): #1\n    \
         Manufacturer: \"{vendor}\"\n    Product: \"{model}\"\n    Version: \"Not Specified\"\n    \
         Serial: \"CZJ{serial:07}\"\n    UUID: {uuid}\n    BIOS Version: \"{bios}\"\n    \
         Wake-up Type: 0x06 (Power Switch)\n  Board Info (Type 2): #2\n    Manufacturer: \"{vendor}\"\n    \
         Product: \"0CNCJW\"\n    Serial: \".F3N7L02.\"\n",
        serial = host.moref * 7919 + 100_003,
    )
}

fn cpu_list(host: &Host) -> String {
    let mut text = String::new();
    for index in 0..host.cpu.cores.min(4) {
        let cpu = &host.cpu;
        let _ = write!(
            text,
            "CPU:{index}\n   Id: {index}\n   Package Id: 0\n   Family: {}\n   Model: {}\n   Type: 0\n   \
             Stepping: {}\n   Brand: {}\n   Core Speed: 2597000117\n   Bus Speed: 99884620\n   APIC ID: {:#x}\n   \
             Node: 0\n   L2 Cache Size: 262144\n   L3 Cache Size: 26214400\n   Microcode Revision: {:#010x}\n\n",
            cpu.family,
            cpu.model,
            cpu.stepping,
            cpu.vendor,
            index * 2,
            host.microcode_current,
        );
    }
    text
}

/// The `vsish` node of processor 0, which tells both microcode revisions.
fn cpu_node(host: &Host) -> String {
    let cpu = &host.cpu;
    let updates = u32::from(host.microcode_current != host.microcode_original);
    format!(
        "CPU {{\n   APIC ID:0x0\n   Package ID:0\n   Core ID:0\n   Family:{:#04x}\n   Model:{:#04x}\n   \
         Stepping:{:#04x}\n   Type:0x00\n   Vendor:{}\n   Name:{}\n   Number of microcode updates:{updates}\n   \
         Original Revision:{:#010x}\n   Current Revision:{:#010x}\n   TSC frequency:2597000117\n}}\n",
        cpu.family,
        cpu.model,
        cpu.stepping,
        cpu.vendor,
        cpu.name,
        host.microcode_original,
        host.microcode_current,
    )
}

fn processes(host: &Host) -> String {
    let mut text = String::new();
    for vm in host.vms.iter().filter(|vm| vm.running) {
        let _ = write!(
            text,
            "{name}\n   World ID: {}\n   Process ID: 0\n   VMX Cartel ID: {}\n   UUID: {}\n   Display Name: {name}\n   \
             Config File: {}\n\n",
            vm.world + 4,
            vm.world,
            spaced(&vm.uuid),
            vm.vmx_path(),
            name = vm.name,
        );
    }
    text
}

fn vibs(host: &Host) -> String {
    let release = &host.release;
    let base = format!("{}-{}.{}.{}", release.version, release.update, release.patch, release.build);
    let (year, month, day, _) = host.booted_at.civil();
    let driver = host.nics().first().map(|nic| format!("{}-1vmw.{}", nic.driver_version, release.build));
    let driver = driver.unwrap_or_default();
    let rows = [
        ("esx-base", base.as_str()),
        ("cpu-microcode", &release.microcode_vib),
        ("vsan", &base),
        ("vsanhealth", &base),
        ("esx-ui", "1.33.4-14093553"),
        ("ixgben", &driver),
        ("lsi-mr3", "7.708.07.00-3vmw.670.3.73.14320388"),
        ("nmlx5-core", "4.17.13.1-1vmw.670.2.48.13006603"),
        ("vmware-fdm", "6.7.0-14368073"),
    ];
    let day = format!("{year:04}-{month:02}-{day:02}");
    let row = |(name, version): (&str, &str)| {
        [name, version, "VMware", "VMwareCertified", &day].map(str::to_owned).to_vec()
    };
    let heads = ["Name", "Version", "Vendor", "Acceptance Level", "Install Date"];
    table::text(&heads, &[], &rows.into_iter().map(row).collect::<Vec<_>>())
}

fn profile(host: &Host) -> String {
    let (year, month, day, _) = host.booted_at.civil();
    let name = host.image_profile();
    format!(
        "{name}\n   Name: {name}\n   Vendor: VMware, Inc.\n   Creation Time: {year:04}-{month:02}-{day:02}T06:10:12\n   \
         Modification Time: {year:04}-{month:02}-{day:02}T06:38:33\n   Stateless Ready: True\n   Description: \n\n      \
         Updates ESXi\n   VIBs: esx-base, cpu-microcode\n"
    )
}

fn advanced(host: &Host) -> String {
    let mut text = String::new();
    for (path, value) in &host.advanced {
        let _ = write!(
            text,
            "   Path: {path}\n   Type: integer\n   Int Value: {value}\n   Default Int Value: 0\n   Min Value: 0\n   \
             Max Value: 1\n   String Value: \n   Default String Value: \n   Valid Characters: \n   Description: \n\n"
        );
    }
    text
}

fn filesystems(host: &Host) -> String {
    let mut text = String::from(
        "Mount Point                                        Volume Name   UUID                                 Mounted  Type    Size           Free\n",
    );
    let _ = writeln!(
        text,
        "{}",
        [
            "-".repeat(49),
            "-".repeat(12),
            "-".repeat(35),
            "-".repeat(7),
            "-".repeat(6),
            "-".repeat(13),
            "-".repeat(13)
        ]
        .join("  ")
    );
    let mut seen = std::collections::BTreeSet::new();
    for vm in &host.vms {
        let volume = &vm.datastore.volume;
        if seen.insert(volume) {
            let kind = if volume.starts_with("vsan:") { "vsan" } else { "VMFS-6" };
            let _ = writeln!(
                text,
                "/vmfs/volumes/{volume}  {:<12}  {volume}  true     {kind:<6}  10994847842304  4106235412480",
                vm.datastore.name
            );
        }
    }
    text
}

fn vsan_cluster(host: &Host) -> String {
    let Some(vsan) = &host.vsan else {
        return "Virtual SAN Clustering is not enabled on this host\n".to_owned();
    };
    let uuids: Vec<&str> = vsan.members.iter().map(|(uuid, _)| uuid.as_str()).collect();
    let names: Vec<&str> = vsan.members.iter().map(|(_, name)| name.as_str()).collect();
    let (vcenter, generation, time) = &vsan.config_generation;
    format!(
        "Cluster Information\n   Enabled: true\n   Current Local Time: {now}\n   Local Node UUID: {node}\n   \
         Local Node Type: NORMAL\n   Local Node State: {state}\n   Local Node Health State: HEALTHY\n   \
         Sub-Cluster Master UUID: {master}\n   Sub-Cluster Backup UUID: {backup}\n   Sub-Cluster UUID: {cluster}\n   \
         Sub-Cluster Membership Entry Revision: {revision}\n   Sub-Cluster Member Count: {count}\n   \
         Sub-Cluster Member UUIDs: {uuids}\n   Sub-Cluster Member HostNames: {names}\n   \
         Sub-Cluster Membership UUID: {view}\n   Unicast Mode Enabled: true\n   Maintenance Mode State: {maintenance}\n   \
         Config Generation: {vcenter} {generation} {time}\n",
        now = host.captured_at.plus_micros(-host.captured_at.micros().rem_euclid(1_000_000)),
        node = vsan.node_uuid,
        state = vsan.state.name(),
        master = vsan.master_uuid,
        backup = vsan.backup_uuid.as_deref().unwrap_or_default(),
        cluster = vsan.cluster_uuid,
        revision = vsan.entry_revision,
        count = uuids.len(),
        uuids = uuids.join(", "),
        names = names.join(", "),
        view = vsan.membership_uuid,
        maintenance = if vsan.maintenance { "ON" } else { "OFF" },
    )
}

fn unicast(vsan: &Vsan) -> String {
    let mut text = String::from(
        "NodeUuid                              IsWitness  Supports Unicast  IP Address      Port  Iface Name  Cert Thumbprint                                              SubClusterUuid\n",
    );
    let widths = [36, 9, 16, 14, 5, 10, 59, 36];
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let _ = writeln!(text, "{}", dashes.join("  "));
    for agent in &vsan.unicast {
        let thumbprint = "7B:1D:0C:52:9E:A4:30:66:F1:08:5A:C3:77:E2:94:1B:D0:3F:8C:25";
        let _ = writeln!(
            text,
            "{}          {}              true  {:<14}  12321              {thumbprint}  {}",
            agent.node_uuid,
            u8::from(agent.witness),
            agent.ip,
            vsan.cluster_uuid
        );
    }
    text
}
