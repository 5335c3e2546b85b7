//! A host's configuration as renderers show it: a few lines, and tables without what is empty in them.

use super::super::labels::{Labels as Common, fill, fill_count};
use super::super::show as text;
use super::words::{Labels, words};
use super::*;

/// What is shown of a setup.
pub struct Shown {
    /// Labels and texts.
    pub lines: Vec<(&'static str, String)>,
    /// Tables, none of them empty.
    pub parts: Vec<Part>,
    /// Headings of tables that are left out here.
    pub elsewhere: Vec<&'static str>,
}

/// How much of a setup is shown.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What matters in a ticket.
    Brief,
    /// All but what is shown better elsewhere.
    Full,
}

impl Depth {
    /// Rows of one table.
    pub(in crate::report) const fn rows(self) -> usize {
        match self {
            Depth::Brief => 16,
            Depth::Full => 250,
        }
    }
}

/// One table.
pub struct Part {
    /// Its heading.
    pub title: &'static str,
    /// How many of its columns, and whether it itself, matter in a ticket.
    brief: Option<usize>,
    /// Heads of the columns.
    pub heads: Vec<&'static str>,
    /// The rows that are shown.
    pub rows: Vec<Vec<String>>,
    /// How many more there are.
    pub rest: usize,
}

/// What is shown of `setup`.
pub fn show(setup: &SetupInfo, common: &Common, depth: Depth) -> Shown {
    let (l, max) = (words(common), depth.rows());
    let network = &setup.network;
    let mut parts = vec![
        part(l.vmkernel, Some(6), &network.vmkernel, max, vmkernel(l)),
        part(l.nics, Some(5), &network.nics, max, nics(l)),
        part(l.switches, Some(5), &network.switches, max, switches(l)),
        part(l.peers, Some(5), &setup.ntp.peers, max, peers(l)),
        part(l.options, Some(2), &setup.options, max, options(l)),
        part(l.kernel, Some(4), &setup.kernel_settings, max, kernel(l)),
        part(l.vms, Some(2), &setup.vms, max, vms(l)),
    ];
    if let Some(ha) = &setup.ha {
        parts.push(part(l.ha_hosts, None, &ha.hosts, max, ha_hosts(l)));
        parts.push(part(l.ha_options, None, &Some(ha.options.clone()), max, options(l)));
    }
    parts.extend(setup.vsan.iter().flat_map(|vsan| vsan_parts(vsan, max, l)));
    parts.extend(setup.vibs.as_ref().map(|vibs| vib_part(vibs, max, l)));
    parts.retain(|part| !part.rows.is_empty());
    let is_shown = |part: &Part| depth == Depth::Full || part.brief.is_some();
    let elsewhere = parts.iter().filter(|part| !is_shown(part)).map(|part| part.title).collect();
    parts.retain(is_shown);
    if depth == Depth::Brief {
        parts.iter_mut().for_each(Part::drop_details);
    }
    parts.iter_mut().for_each(Part::drop_empty_columns);
    let mut lines = lines(setup, l);
    let absent = absent(setup, l);
    if !absent.is_empty() {
        lines.push((l.absent, absent.join(l.comma)));
    }
    Shown { lines, parts, elsewhere }
}

/// Where the tables are that are left out.
pub fn elsewhere(titles: &[&str], common: &Common) -> String {
    fill(words(common).elsewhere, &[&titles.join(common.comma)])
}

/// How much of a setup is known: `3 VMkernel adapters, 4 NICs, 120 VIBs`; empty where nothing is.
pub fn counts(setup: &SetupInfo, common: &Common) -> String {
    fn count<T>(word: &str, all: Option<&Vec<T>>) -> Option<String> {
        all.map(|all| fill_count(word, all.len() as u64))
    }
    let (l, network, vsan) = (words(common), &setup.network, setup.vsan.as_ref());
    let counts = [
        count(l.vmkernel_n, network.vmkernel.as_ref()),
        count(l.nics_n, network.nics.as_ref()),
        count(l.switches_n, network.switches.as_ref()),
        count(l.options_n, setup.options.as_ref()),
        count(l.vms_n, setup.vms.as_ref()),
        count(l.disks_n, vsan.and_then(|vsan| vsan.disks.as_ref())),
        count(l.vibs_n, setup.vibs.as_ref()),
    ];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A column of a table: its head, and what it says of one thing.
type Column<T> = (&'static str, Box<dyn Fn(&T) -> String>);
type Columns<T> = Vec<Column<T>>;

fn part<T>(
    title: &'static str,
    brief: Option<usize>,
    all: &Option<Vec<T>>,
    max: usize,
    columns: Columns<T>,
) -> Part {
    let all = all.as_deref().unwrap_or_default();
    let row = |one: &T| columns.iter().map(|(_, cell)| cell(one)).collect();
    Part {
        title,
        brief,
        heads: columns.iter().map(|(head, _)| *head).collect(),
        rows: all.iter().take(max).map(row).collect(),
        rest: all.len().saturating_sub(max),
    }
}

impl Part {
    fn drop_details(&mut self) {
        let width = self.brief.unwrap_or(self.heads.len());
        self.heads.truncate(width);
        self.rows.iter_mut().for_each(|row| row.truncate(width));
    }

    /// What no row tells needs no column.
    fn drop_empty_columns(&mut self) {
        let said: Vec<bool> =
            (0..self.heads.len()).map(|at| self.rows.iter().any(|row| !row[at].is_empty())).collect();
        let mut at = 0..;
        self.heads.retain(|_| at.next().is_some_and(|at| said[at]));
        for row in &mut self.rows {
            let mut at = 0..;
            row.retain(|_| at.next().is_some_and(|at| said[at]));
        }
    }
}

fn column<T>(head: &'static str, cell: impl Fn(&T) -> String + 'static) -> Column<T> {
    (head, Box::new(cell))
}

/// What is not known is blank.
fn or_blank<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

fn choose(value: Option<bool>, yes: &str, no: &str) -> String {
    value.map_or("", |value| if value { yes } else { no }).to_owned()
}

/// A list that is known to be empty says so.
fn list(items: Option<&Vec<String>>, l: &Labels) -> String {
    match items {
        Some(items) if items.is_empty() => l.none.to_owned(),
        Some(items) => items.join(", "),
        None => String::new(),
    }
}

fn joined(parts: &[&Option<String>]) -> String {
    parts.iter().filter_map(|part| part.as_deref()).collect::<Vec<_>>().join(" ")
}

fn lines(setup: &SetupInfo, l: &Labels) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut line = |label: &'static str, parts: Vec<String>| {
        let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(l.comma);
        if !text.is_empty() {
            lines.push((label, text));
        }
    };
    if let Some(profile) = &setup.profile {
        let modified = profile.modified.as_ref().map(|at| fill(l.modified, &[at])).unwrap_or_default();
        line(l.profile, vec![or_blank(profile.name.as_ref()), modified]);
    }
    line(l.acceptance, vec![or_blank(setup.acceptance.as_ref())]);
    line(l.bios_date, vec![or_blank(setup.bios_date.as_ref())]);
    if let Some(microcode) = &setup.microcode {
        let original = microcode.original.as_ref().map(|revision| fill(l.by_bios, &[revision]));
        let updates = microcode.updates.map(|count| fill_count(l.by_esxi, count));
        line(l.microcode, vec![original.unwrap_or_default(), updates.unwrap_or_default()]);
    }
    line(l.ntp, vec![choose(setup.ntp.enabled, l.on, l.off)]);
    line(l.ntp_servers, vec![list(setup.ntp.servers.as_ref(), l)]);
    if let Some(ha) = &setup.ha {
        line(l.ha, vec![choose(ha.enabled, l.on, l.off)]);
        line(l.admission, vec![choose(ha.admission_control, l.on, l.off)]);
        line(l.isolation, vec![or_blank(ha.isolation_response.as_ref())]);
    }
    if let Some(vsan) = &setup.vsan {
        let names = |all: &Vec<VsanInterfaceInfo>| all.iter().map(|one| one.vmknic.clone()).collect();
        let names: Option<Vec<String>> = vsan.interfaces.as_ref().map(names);
        line(l.vsan_adapters, vec![list(names.as_ref(), l)]);
        if let Some(left) = &vsan.resync {
            let objects = left.objects.map(|count| fill_count(l.objects_n, count));
            line(
                l.resync,
                vec![objects.unwrap_or_default(), left.bytes.map(text::bytes).unwrap_or_default()],
            );
        }
    }
    lines
}

/// What every host has, and the bundle does not tell.
fn absent(setup: &SetupInfo, l: &Labels) -> Vec<&'static str> {
    let network = &setup.network;
    let told = [
        (l.profile, setup.profile.is_some()),
        (l.vibs_all, setup.vibs.is_some()),
        (l.vmkernel, network.vmkernel.is_some()),
        (l.nics, network.nics.is_some()),
        (l.switches, network.switches.is_some()),
        (l.ntp, setup.ntp.servers.is_some() || setup.ntp.enabled.is_some() || setup.ntp.peers.is_some()),
        (l.vms, setup.vms.is_some()),
    ];
    told.into_iter().filter(|(_, told)| !told).map(|(label, _)| label).collect()
}

fn vmkernel(l: &'static Labels) -> Columns<VmkernelInfo> {
    let address = |at: &AddressInfo| match at.prefix {
        Some(prefix) => format!("{}/{prefix}", at.ip),
        None => at.ip.clone(),
    };
    let addresses = move |adapter: &VmkernelInfo| {
        let texts = adapter.addresses.as_ref().map(|all| all.iter().map(address).collect());
        list(texts.as_ref(), l)
    };
    vec![
        column(l.name, |adapter: &VmkernelInfo| adapter.name.clone()),
        column(l.addresses, addresses),
        column(l.mtu, |adapter: &VmkernelInfo| or_blank(adapter.mtu.as_ref())),
        column(l.services, |adapter: &VmkernelInfo| list(adapter.tags.as_ref(), l)),
        column(l.port_group, |adapter: &VmkernelInfo| or_blank(adapter.port_group.as_ref())),
        column(l.switch, |adapter: &VmkernelInfo| or_blank(adapter.switch.as_ref())),
        column(l.netstack, |adapter: &VmkernelInfo| or_blank(adapter.netstack.as_ref())),
        column(l.mac, |adapter: &VmkernelInfo| or_blank(adapter.mac.as_ref())),
    ]
}

fn nics(l: &'static Labels) -> Columns<NicInfo> {
    let link = |nic: &NicInfo| {
        let speed = nic.speed_mbps.map(|speed| format!(" {speed} Mbit/s")).unwrap_or_default();
        format!("{}{speed}", choose(nic.link_up, l.up, l.down))
    };
    vec![
        column(l.name, |nic: &NicInfo| nic.name.clone()),
        column(l.driver, |nic: &NicInfo| joined(&[&nic.driver, &nic.driver_version])),
        column(l.firmware, |nic: &NicInfo| or_blank(nic.firmware.as_ref())),
        column(l.link, link),
        column(l.mtu, |nic: &NicInfo| or_blank(nic.mtu.as_ref())),
        column(l.mac, |nic: &NicInfo| or_blank(nic.mac.as_ref())),
        column(l.model, |nic: &NicInfo| or_blank(nic.description.as_ref())),
    ]
}

fn switches(l: &'static Labels) -> Columns<SwitchInfo> {
    let group = |group: &PortGroupInfo| match group.vlan {
        Some(vlan) => fill(l.vlan, &[&group.name, &vlan.to_string()]),
        None => group.name.clone(),
    };
    let groups = move |switch: &SwitchInfo| {
        let names = switch.port_groups.as_ref().map(|groups| groups.iter().map(group).collect());
        list(names.as_ref(), l)
    };
    vec![
        column(l.name, |switch: &SwitchInfo| switch.name.clone()),
        column(l.kind, |switch: &SwitchInfo| choose(Some(switch.distributed), l.distributed, l.standard)),
        column(l.mtu, |switch: &SwitchInfo| or_blank(switch.mtu.as_ref())),
        column(l.uplinks, |switch: &SwitchInfo| list(switch.uplinks.as_ref(), l)),
        column(l.port_groups, groups),
    ]
}

fn peers(l: &'static Labels) -> Columns<NtpPeerInfo> {
    vec![
        column(l.name, |peer: &NtpPeerInfo| peer.remote.clone()),
        column(l.state, |peer: &NtpPeerInfo| peer.tally.clone()),
        column(l.stratum, |peer: &NtpPeerInfo| peer.stratum.to_string()),
        // The daemon's own tools write it so.
        column(l.reach, |peer: &NtpPeerInfo| format!("{:o}", peer.reach)),
        // Of a peer that never answered nothing is known.
        column(l.offset, |peer: &NtpPeerInfo| match peer.reach {
            0 => String::new(),
            _ => format!("{:+.3} ms", peer.offset_ms),
        }),
    ]
}

fn options(l: &'static Labels) -> Columns<OptionInfo> {
    vec![
        column(l.option, |option: &OptionInfo| option.path.clone()),
        column(l.value, |option: &OptionInfo| option.value.clone()),
    ]
}

fn kernel(l: &'static Labels) -> Columns<KernelSettingInfo> {
    vec![
        column(l.option, |setting: &KernelSettingInfo| setting.name.clone()),
        column(l.configured, |setting: &KernelSettingInfo| or_blank(setting.configured.as_ref())),
        column(l.runtime, |setting: &KernelSettingInfo| or_blank(setting.runtime.as_ref())),
        column(l.default, |setting: &KernelSettingInfo| or_blank(setting.default.as_ref())),
    ]
}

fn vms(l: &'static Labels) -> Columns<VmInfo> {
    let state = |vm: &VmInfo| {
        let unregistered = (vm.registered == Some(false)).then(|| l.unregistered.to_owned());
        let running = vm.running.map(|running| if running { l.running } else { l.stopped }.to_owned());
        running.into_iter().chain(unregistered).collect::<Vec<_>>().join(", ")
    };
    vec![
        column(l.name, |vm: &VmInfo| or_blank(vm.name.as_ref())),
        column(l.state, state),
        column(l.id, |vm: &VmInfo| or_blank(vm.id.as_ref())),
        column(l.world, |vm: &VmInfo| or_blank(vm.world.as_ref())),
        column(l.hardware, |vm: &VmInfo| or_blank(vm.hardware_version.as_ref())),
        column(l.path, |vm: &VmInfo| or_blank(vm.path.as_ref())),
    ]
}

fn ha_hosts(l: &'static Labels) -> Columns<HaHostInfo> {
    vec![
        column(l.name, |host: &HaHostInfo| or_blank(host.name.as_ref())),
        column(l.id, |host: &HaHostInfo| or_blank(host.moref.as_ref())),
        column(l.addresses, |host: &HaHostInfo| host.addresses.join(", ")),
        column(l.version, |host: &HaHostInfo| joined(&[&host.version, &host.build])),
    ]
}

fn vsan_parts(vsan: &VsanSetupInfo, max: usize, l: &'static Labels) -> Vec<Part> {
    let in_use = |disk: &&VsanCandidateInfo| !disk.state.starts_with("In-use");
    let unused = vsan.candidates.as_ref().map(|all| all.iter().filter(in_use).cloned().collect());
    let not_green = |check: &&VsanCheckInfo| !matches!(check.status.as_str(), "green" | "info" | "skipped");
    let checks = vsan.health.as_ref().map(|all| all.iter().filter(not_green).cloned().collect());
    let objects = vsan.objects.as_ref().map(|all| all.iter().filter(|of| of.objects > 0).cloned().collect());
    vec![
        part(l.disks, Some(6), &vsan.disks, max, disks(l)),
        part(l.unused, None, &unused, max, candidates(l)),
        part(l.checks, Some(2), &checks, max, health(l)),
        part(l.objects, Some(2), &objects, max, states(l)),
        part(l.nodes, None, &vsan.nodes, max, nodes(l)),
    ]
}

fn disks(l: &'static Labels) -> Columns<VsanDiskInfo> {
    vec![
        column(l.device, |disk: &VsanDiskInfo| disk.device.clone()),
        column(l.tier, |disk: &VsanDiskInfo| choose(disk.capacity_tier, l.capacity, l.cache)),
        column(l.format, |disk: &VsanDiskInfo| or_blank(disk.format.as_ref())),
        column(l.in_cmmds, |disk: &VsanDiskInfo| choose(disk.in_cmmds, l.yes, l.no)),
        column(l.mounted, |disk: &VsanDiskInfo| choose(disk.mounted, l.yes, l.no)),
    ]
}

fn candidates(l: &'static Labels) -> Columns<VsanCandidateInfo> {
    vec![
        column(l.device, |disk: &VsanCandidateInfo| or_blank(disk.device.as_ref().or(disk.uuid.as_ref()))),
        column(l.state, |disk: &VsanCandidateInfo| disk.state.clone()),
        column(l.reason, |disk: &VsanCandidateInfo| or_blank(disk.reason.as_ref())),
    ]
}

fn health(l: &'static Labels) -> Columns<VsanCheckInfo> {
    let name = |check: &VsanCheckInfo| match &check.group {
        Some(group) => format!("{group}: {}", check.name),
        None => check.name.clone(),
    };
    vec![column(l.check, name), column(l.state, |check: &VsanCheckInfo| check.status.clone())]
}

fn states(l: &'static Labels) -> Columns<VsanObjectsInfo> {
    vec![
        column(l.state, |of: &VsanObjectsInfo| of.state.clone()),
        column(l.count, |of: &VsanObjectsInfo| text::count(of.objects)),
    ]
}

fn nodes(l: &'static Labels) -> Columns<VsanNodeInfo> {
    vec![
        column(l.node, |node: &VsanNodeInfo| node.node_uuid.clone()),
        column(l.name, |node: &VsanNodeInfo| or_blank(node.name.as_ref())),
        column(l.addresses, |node: &VsanNodeInfo| node.addresses.join(", ")),
        column(l.maintenance, |node: &VsanNodeInfo| or_blank(node.decom_state.as_ref())),
        column(l.health, |node: &VsanNodeInfo| or_blank(node.health.as_ref())),
    ]
}

/// A host has a hundred VIBs and more, most of them of its release: those of others, and those that verdicts name.
fn vib_part(vibs: &[VibInfo], max: usize, l: &'static Labels) -> Part {
    const NAMED: &[&str] = &["cpu-microcode", "esx-base", "vsan", "vsanhealth", "vmware-fdm"];
    let is_vmwares =
        |vib: &VibInfo| vib.vendor.as_deref().is_none_or(|who| who.starts_with("VMW") || who == "VMware");
    let is_shown = |vib: &&VibInfo| !is_vmwares(vib) || NAMED.contains(&vib.name.as_str());
    let shown: Vec<VibInfo> = vibs.iter().filter(is_shown).cloned().collect();
    let part = part(l.vibs, Some(4), &Some(shown), max, vib_columns(l));
    let rest = vibs.len() - part.rows.len();
    Part { rest, ..part }
}

fn vib_columns(l: &'static Labels) -> Columns<VibInfo> {
    vec![
        column(l.name, |vib: &VibInfo| vib.name.clone()),
        column(l.version, |vib: &VibInfo| vib.version.clone()),
        column(l.vendor, |vib: &VibInfo| or_blank(vib.vendor.as_ref())),
        column(l.acceptance, |vib: &VibInfo| or_blank(vib.acceptance.as_ref())),
        column(l.installed, |vib: &VibInfo| or_blank(vib.installed.as_ref())),
    ]
}
