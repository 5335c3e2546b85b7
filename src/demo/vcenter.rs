//! A vCenter Server's bundle.

use std::fmt::Write;
use std::io;

use super::commands::date;
use super::host::{readme, stamped_name};
use super::line::{Log, ScriptedLine};
use super::logs::{Keep, LogStream, Origin, write_vcenter_log};
use super::noise::Words;
use super::pack::{Members, Sink};
use super::site::{Site, Vcenter};

/// `vc-<fqdn>-2020-02-18--09.20-<pid>`
pub(crate) fn bundle_name(vcenter: &Vcenter) -> String {
    stamped_name("vc", &vcenter.name, vcenter.captured_at, vcenter.collector_pid)
}

/// Writes all members.
pub(crate) fn emit(site: &Site, vcenter: &Vcenter, sink: &mut dyn Sink) -> io::Result<()> {
    let root = bundle_name(vcenter);
    let mut out = Members::new(sink, &root, &vcenter.omit, &vcenter.extra);
    let at = vcenter.captured_at;
    for (path, text) in texts(site, vcenter) {
        out.file(path, text.as_bytes(), at)?;
    }
    let words = Words::new(site, None);
    let origin = Origin::vcenter(vcenter, site.seed);
    let mut lines = inventory_lines(site, vcenter);
    lines.extend(vcenter.lines.iter().cloned());
    for log in Log::VCENTER {
        let directory = match log {
            Log::Eam => "var/log/vmware/eam",
            Log::VsanHealth => "var/log/vmware/vsan-health",
            _ => "var/log/vmware/vpxd",
        };
        let stream = LogStream::new(&origin, (log, Keep::All), &lines, &words);
        write_vcenter_log(stream, directory, &mut out)?;
    }
    out.finish(at)
}

fn texts(site: &Site, vcenter: &Vcenter) -> Vec<(&'static str, String)> {
    let (name, at) = (&vcenter.name, vcenter.captured_at);
    let short = name.split('.').next().unwrap_or(name);
    let mut hosts =
        format!("127.0.0.1 {name} {short} localhost\n::1 {name} {short} localhost ipv6-localhost\n");
    for host in &site.hosts {
        let _ = writeln!(hosts, "{} {}", host.net.management, host.name);
    }
    let product =
        if vcenter.version.starts_with('6') { "vCenter Server Appliance" } else { "vCenter Server" };
    let version = &vcenter.appliance_version;
    let days = at.since(vcenter.booted_at) / 86_400_000_000;
    vec![
        ("README", readme(at, "/usr/bin/vc-support -w /storage/core")),
        ("action.log", format!("{} INFO: running 'uname -a'\n", at.plus_seconds(1))),
        ("error.log", String::new()),
        (
            "etc/issue",
            format!(
                "VMware {product} {version}\n\nType: vCenter Server with an embedded Platform Services Controller\n"
            ),
        ),
        ("etc/hosts", hosts),
        (
            "etc/vmware/.buildInfo",
            format!(
                "APPNAME:VMware-VCSA\nSUMMARY:VMware {product} {version}\nVERSION:{version}\nBUILDNUMBER:{}\n",
                vcenter.build
            ),
        ),
        (
            "commands/uname_-a.txt",
            format!(
                "Linux {name} 4.4.182-1.ph1 #1-photon SMP Thu Jun 27 20:37:10 UTC 2019 x86_64 GNU/Linux\n"
            ),
        ),
        ("commands/date.txt", date(at)),
        (
            "commands/uptime.txt",
            format!(" 09:20:31 up {days} days,  5:54,  0 users,  load average: 0.61, 0.52, 0.48\n"),
        ),
    ]
}

/// One line for each host and VM that names its managed object, so that numbers can be told apart by name.
fn inventory_lines(site: &Site, vcenter: &Vcenter) -> Vec<ScriptedLine> {
    let mut at = vcenter.log_from.plus_seconds(30);
    let mut lines = Vec::new();
    for host in &site.hosts {
        at = at.plus_micros(180_000);
        let text =
            format!("Loaded host [vim.HostSystem:host-{},{}] from the database", host.moref, host.name);
        lines.push(ScriptedLine::new(at, Log::Vpxd, text).under("vpxdInvtHost"));
        for vm in &host.vms {
            at = at.plus_micros(20_000);
            let text = format!(
                "Loaded VM [vim.VirtualMachine:vm-{},{}] on [vim.HostSystem:host-{},{}] from the database",
                vm.moref, vm.name, host.moref, host.name
            );
            lines.push(ScriptedLine::new(at, Log::Vpxd, text).under("vpxdInvtVm"));
        }
    }
    lines
}
