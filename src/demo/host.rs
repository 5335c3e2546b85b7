//! A host's bundle: everything but the `commands/` folder, the VM directories and the logs' content.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;

use super::commands::write_commands;
use super::line::{Log, ScriptedLine};
use super::logs::{Keep, LogStream, Origin, write_host_log};
use super::network::ntp_conf;
use super::noise::Words;
use super::pack::{Members, Sink};
use super::prng::Prng;
use super::site::{Host, Site};
use super::vm::write_vm;

/// `esx-<fqdn>-2020-02-18--09.20-<pid>`: the name of the bundle and of its top directory.
pub(crate) fn bundle_name(host: &Host) -> String {
    stamped_name("esx", &host.name, host.captured_at, host.collector_pid)
}

/// `<prefix>-<name>-YYYY-MM-DD--HH.MM-<pid>`
pub(crate) fn stamped_name(prefix: &str, name: &str, at: crate::model::Timestamp, pid: u32) -> String {
    let (year, month, day, micros) = at.civil();
    let minute = micros / 60_000_000;
    format!("{prefix}-{name}-{year:04}-{month:02}-{day:02}--{:02}.{:02}-{pid}", minute / 60, minute % 60)
}

/// Writes all members of host `index`.
pub(crate) fn emit(site: &Site, index: usize, sink: &mut dyn Sink) -> io::Result<()> {
    let host = &site.hosts[index];
    let root = bundle_name(host);
    let mut out = Members::new(sink, &root, &host.omit, &host.extra);
    collection(host, &mut out)?;
    write_commands(host, &mut out)?;
    etc(site, host, &mut out)?;
    logs(site, index, &mut out)?;
    for vm in &host.vms {
        write_vm(vm, host, &mut out)?;
    }
    binaries(site, host, &mut out)?;
    out.finish(host.captured_at)
}

fn collection(host: &Host, out: &mut Members<'_>) -> io::Result<()> {
    let at = host.captured_at;
    out.file(
        "README",
        readme(host.clock.shows(at), "/usr/bin/vm-support --performance=false").as_bytes(),
        at,
    )?;
    let mut action = String::new();
    for (offset, command) in
        ["uname -a", "vmware -vl", "date", "vmware-vimdump -o - -U dcui"].iter().enumerate()
    {
        let _ = writeln!(action, "{} INFO: running '{command}'", at.plus_seconds(offset as i64 + 1));
    }
    out.file("action.log", action.as_bytes(), at)?;
    let error = format!("{} ERROR: 'nvidia-smi -q' not found, skipped\n", at.plus_seconds(7));
    out.file("error.log", error.as_bytes(), at)
}

/// The README of a collection.
pub(crate) fn readme(at: crate::model::Timestamp, command: &str) -> String {
    let (year, month, day, micros) = at.civil();
    let second = micros / 1_000_000;
    format!(
        "This archive was made for VMware support.\n\nCommand line: {command}\nCaptured on: \
         {year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{:06}\nvm-support version: 2.0\nOptions: default\n",
        second / 3600,
        second / 60 % 60,
        second % 60,
        micros % 1_000_000,
    )
}

fn etc(site: &Site, host: &Host, out: &mut Members<'_>) -> io::Result<()> {
    let at = host.captured_at;
    out.file("etc/vmware/config", config(host).as_bytes(), at)?;
    out.file("etc/vmware/esx.conf", esx_conf(host).as_bytes(), at)?;
    out.file("etc/vmware/hostd/vmInventory.xml", inventory(host).as_bytes(), at)?;
    let mut hosts =
        String::from("# Do not remove the following line\n127.0.0.1\tlocalhost.localdomain localhost\n");
    let _ = writeln!(hosts, "{}\t{} {}", host.net.management, host.name, host.short());
    for other in site.hosts.iter().filter(|other| other.name != host.name) {
        let _ = writeln!(hosts, "{}\t{}", other.net.management, other.name);
    }
    out.file("etc/hosts", hosts.as_bytes(), at)?;
    out.file("etc/ntp.conf", ntp_conf(host).as_bytes(), at)?;
    out.file("etc/vmsyslog.conf", b"[vmsyslog]\nlogdir = <none>\nrotate = 8\nsize = 1024\n", at)
}

fn config(host: &Host) -> String {
    let mut text = String::from(
        "libdir = \"/usr/lib/vmware\"\nauthd.proxy.vim = \"vmware-hostd:hostd-vmdb\"\nauthd.proxy.nfc = \"vmware-hostd:ha-nfc\"\n\
         authd.fullpath = \"/sbin/authd\"\nvhv.enable = \"FALSE\"\nvmauthd.server.alwaysProxy = \"TRUE\"\n",
    );
    if let Some(complete) = host.complete_masks {
        let _ = writeln!(
            text,
            "featureCompat.evc.completeMasks = \"{}\"",
            if complete { "TRUE" } else { "FALSE" }
        );
    }
    for (turn, (key, value)) in host.evc_masks.iter().enumerate() {
        let capability = host.capabilities.get(key).copied().unwrap_or(0);
        let name = host.spelling.key(turn, &format!("featMask.evc.{key}"));
        let _ = writeln!(text, "{name} = \"{}\"", host.spelling.mask(turn, value, capability));
    }
    for (key, mask) in &host.registers.lines {
        let _ = writeln!(text, "{key} = \"{mask}\"");
    }
    text.push_str("log.throttleBytesPerSec = \"16384\"\nsnapshot.maxSnapshots = \"31\"\n");
    text
}

fn esx_conf(host: &Host) -> String {
    let net = &host.net;
    format!(
        "/resourceGroups/version = \"{}\"\n/system/uuid = \"{}\"\n/adv/Misc/HostName = \"{}\"\n/adv/Misc/HostIPAddr = \"{}\"\n\
         /adv/Net/ManagementIface = \"vmk0\"\n/adv/Net/ManagementAddr = \"{}\"\n/adv/UserVars/SuppressShellWarning = \"1\"\n\
         /net/pnic/child[0000]/mac = \"{}\"\n/net/pnic/child[0000]/name = \"vmnic0\"\n/vsan/faultDomainName = \"\"\n",
        host.release.version,
        host.uuid,
        host.short(),
        net.management,
        net.management,
        net.mac,
    )
}

fn inventory(host: &Host) -> String {
    let mut text = String::from("<ConfigRoot>\n");
    for (index, vm) in host.vms.iter().enumerate() {
        let _ = write!(
            text,
            "  <ConfigEntry id=\"{index:04}\">\n    <objID>{}</objID>\n    <vmxCfgPath>{}</vmxCfgPath>\n  </ConfigEntry>\n",
            vm.id,
            vm.vmx_path()
        );
    }
    text.push_str("</ConfigRoot>\n");
    text
}

fn logs(site: &Site, index: usize, out: &mut Members<'_>) -> io::Result<()> {
    let host = &site.hosts[index];
    let words = Words::new(site, Some(index));
    let origin = Origin::host(host, site.seed);
    let mut lines = host.lines.clone();
    lines.extend(heartbeats(host));
    let directories: &[&str] =
        if host.duplicate_logs { &["var/run/log", "scratch/log"] } else { &["var/run/log"] };
    for log in Log::HOST {
        if log.is_vsan() && host.vsan.is_none() {
            // Services that do not run leave an empty log behind.
            out.file(&format!("var/run/log/{}.log", log.name()), b"", host.captured_at)?;
            continue;
        }
        let stream = LogStream::new(&origin, (log, Keep::All), &lines, &words);
        write_host_log(stream, log.name(), directories, out)?;
        if log == Log::Vmkernel {
            // The same lines once more: they are made again instead of kept.
            let stream = LogStream::new(&origin, (log, Keep::Warnings), &lines, &words);
            write_host_log(stream, "vmkwarning", directories, out)?;
        }
    }
    Ok(())
}

/// The hourly heartbeat of vmksummary, with the uptime and the VMs.
fn heartbeats(host: &Host) -> Vec<ScriptedLine> {
    let hour = 3_600_000_000;
    let first = (host.log_from.micros().div_euclid(hour) + 1) * hour;
    let hours = (host.captured_at.micros() - first).div_euclid(hour) + 1;
    let times =
        (0..hours.max(0)).map(|n| crate::model::Timestamp::from_micros(first + n * hour + 14_000_000));
    let up = times.filter(|&at| at < host.captured_at && !host.is_down(at));
    up.map(|at| {
        let seconds = at.since(host.boot_before(at)) / 1_000_000;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
        let vms = host.vms.iter().filter(|vm| vm.running && vm.run.started <= at).count();
        let text = format!(
            "heartbeat: up {days}d{hours}h{minutes}m{seconds}s, {vms} VMs; [[2099112 vsanmgmtd 52480kB] [2098176 hostd 94312kB]] []"
        );
        ScriptedLine::new(at, Log::Vmksummary, text)
    })
    .collect()
}

/// Small files that hold nothing an analyzer could read.
fn binaries(site: &Site, host: &Host, out: &mut Members<'_>) -> io::Result<()> {
    let mut prng = Prng::labelled(site.seed, &["binaries", &host.name]);
    let mut bytes = |size: usize| (0..size).map(|_| (prng.next() >> 32) as u8).collect::<Vec<u8>>();
    let day = host.captured_at.to_string()[..10].to_owned();
    let traces = format!("var/log/vsantraces/vsantraces--{day}T03h10m22s114.gz");
    let files: [(&str, Vec<u8>); 3] = [
        (traces.as_str(), bytes(2048)),
        ("var/core/hostd-probe-zdump.000.FRAG-00000", bytes(1024)),
        ("var/log/dvsData.tar", vec![0; 1024]),
    ];
    let skip: BTreeSet<&str> =
        if host.vsan.is_some() { BTreeSet::new() } else { BTreeSet::from([files[0].0]) };
    for (path, bytes) in files.iter().filter(|(path, _)| !skip.contains(path)) {
        out.file(path, bytes, host.captured_at)?;
    }
    Ok(())
}
