//! The host table: what each host is, with the values marked in which it differs from most.

use super::super::clock::clock_text;
use super::super::labels::{Labels, fill, fill_count};
use super::super::model::{CaptureInfo, HostInfo, Report, VsanInfo};
use super::super::view;
use crate::model::HostKind;

/// The host table.
pub struct HostTable<'a> {
    pub rows: Vec<HostRow<'a>>,
    pub has_odd: bool,
    pub has_vsan: bool,
}

/// One host.
pub struct HostRow<'a> {
    pub host: &'a HostInfo,
    pub kind: &'static str,
    pub version: Value,
    pub build: Value,
    pub hardware: String,
    pub bios: Value,
    pub cpu: String,
    pub microcode: Value,
    pub vsan: Option<String>,
    pub members: Value,
    pub peers: Value,
    pub clock: String,
    pub booted: String,
    pub captured: String,
    pub older: Vec<Older>,
}

/// An older bundle of the host, and what changed since.
pub struct Older {
    pub head: String,
    pub bundle: String,
    pub changed_since: String,
    pub changes: Vec<String>,
}

/// A text, and whether it is the odd one out.
#[derive(Default)]
pub struct Value {
    pub text: String,
    pub is_odd: bool,
}

/// Prepares the table.
pub fn table<'a>(report: &'a Report, l: &Labels) -> HostTable<'a> {
    let usual = Usual::of(report);
    let rows: Vec<HostRow> = report.hosts.iter().map(|host| row(host, &usual, l)).collect();
    let is_odd = |row: &HostRow| {
        [&row.version, &row.build, &row.bios, &row.microcode, &row.members, &row.peers]
            .iter()
            .any(|v| v.is_odd)
    };
    HostTable {
        has_odd: rows.iter().any(is_odd),
        has_vsan: report.hosts.iter().any(|host| host.vsan.is_some()),
        rows,
    }
}

/// What most ESXi hosts have.
struct Usual<'a> {
    version: Option<&'a String>,
    build: Option<&'a String>,
    bios: Option<&'a String>,
    microcode: Option<&'a String>,
    members: Option<u64>,
    peers: Option<u64>,
}

impl<'a> Usual<'a> {
    fn of(report: &'a Report) -> Self {
        let most =
            |pick: fn(&HostInfo) -> Option<&String>| view::usual(view::esxi(report).filter_map(pick), false);
        let vsan = || view::esxi(report).filter_map(|host| host.vsan.as_ref());
        let members = vsan().filter_map(|vsan| vsan.member_count);
        let peers = vsan().filter_map(|vsan| vsan.unicast_peers);
        Usual {
            version: most(|host| host.update.as_ref().or(host.version.as_ref())),
            build: most(|host| host.build.as_ref()),
            bios: most(|host| host.bios.as_ref()),
            microcode: most(|host| host.cpu.microcode.as_ref()),
            members: view::usual(members, true),
            peers: view::usual(peers, true),
        }
    }
}

fn row<'a>(host: &'a HostInfo, usual: &Usual<'_>, l: &Labels) -> HostRow<'a> {
    let is_esxi = host.kind == HostKind::Esxi;
    let value = |own: &Option<String>, most: Option<&String>, text: String| Value {
        is_odd: is_esxi && own.is_some() && most.is_some() && own.as_ref() != most,
        text,
    };
    let filled = |template: &str, own: &Option<String>| {
        own.as_ref().map(|text| fill(template, &[text])).unwrap_or_default()
    };
    let version = host.update.as_ref().or(host.version.as_ref());
    HostRow {
        host,
        kind: l.host_kind(host.kind),
        version: value(&version.cloned(), usual.version, version.map_or(l.unknown.to_owned(), Clone::clone)),
        build: value(&host.build, usual.build, filled(l.build, &host.build)),
        hardware: joined(&[&host.vendor, &host.model]),
        bios: value(&host.bios, usual.bios, filled(l.bios, &host.bios)),
        cpu: host.cpu.name.clone().or(host.cpu.vendor.clone()).unwrap_or_default(),
        microcode: value(&host.cpu.microcode, usual.microcode, filled(l.microcode, &host.cpu.microcode)),
        vsan: host.vsan.as_ref().map(|vsan| vsan.state.clone().unwrap_or_else(|| l.unknown.to_owned())),
        members: vsan_count(host, |vsan| vsan.member_count, usual.members, l.vsan_members),
        peers: vsan_count(host, |vsan| vsan.unicast_peers, usual.peers, l.vsan_peers),
        clock: clock_text(&host.clock, l),
        booted: l.zone.second_or_dash(host.booted_at),
        captured: l.zone.second_or_dash(host.captured_at),
        older: host.captures.iter().skip(1).map(|capture| older(host, capture, l)).collect(),
    }
}

fn older(host: &HostInfo, capture: &CaptureInfo, l: &Labels) -> Older {
    Older {
        head: view::capture_head(capture, l),
        bundle: capture.bundle.clone(),
        changed_since: fill(l.changed_since, &[&l.zone.told_or_dash(capture.captured_at)]),
        changes: view::changes_since(host, capture)
            .into_iter()
            .map(|change| view::change_text(change, l))
            .collect(),
    }
}

fn joined(parts: &[&Option<String>]) -> String {
    parts.iter().filter_map(|part| part.as_deref()).collect::<Vec<_>>().join(" ")
}

fn vsan_count(
    host: &HostInfo,
    pick: fn(&VsanInfo) -> Option<u64>,
    most: Option<u64>,
    template: &str,
) -> Value {
    let count = host.vsan.as_ref().and_then(pick);
    Value {
        text: count.map(|n| fill_count(template, n)).unwrap_or_default(),
        is_odd: count.is_some() && most.is_some() && count != most,
    }
}
