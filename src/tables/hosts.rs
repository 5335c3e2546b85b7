//! `hosts`: each host and vCenter Server, as its newest bundle tells it.

use std::borrow::Cow;

use super::Table;
use super::column::{Column, Of, Read, int, list, maybe, named};
use crate::model::Timestamp;
use crate::report::model::{ClusterInfo, HostInfo, Report, VsanInfo};

/// Logs that tell of boots and crashes. What reaches further back than these saw none, whether there was one or not.
const TELL_STOPS: [&str; 3] = ["vmkernel", "vmksummary", "vobd"];

/// The cluster of a host.
pub(super) fn cluster<'a>(report: &'a Report, host: &str) -> Option<&'a ClusterInfo> {
    report.case.clusters.iter().find(|cluster| cluster.hosts.iter().any(|id| id == host))
}

fn own_cluster<'a>(of: &Of<'a, HostInfo>) -> Option<&'a ClusterInfo> {
    cluster(of.report, &of.item.id)
}

fn vsan<'a>(of: &Of<'a, HostInfo>) -> Option<&'a VsanInfo> {
    of.item.vsan.as_ref()
}

/// The members that a host knows; none where its bundle has no list of them.
fn members(vsan: &VsanInfo) -> Option<Vec<Cow<'_, str>>> {
    (!vsan.members.is_empty() || vsan.member_count.is_some()).then(|| list(&vsan.members))
}

/// First and last stamps of the logs that would tell of a crash of the host.
fn observed<'a>(
    of: &Of<'a, HostInfo>,
) -> impl Iterator<Item = (Option<Timestamp>, Option<Timestamp>)> + use<'a> {
    let (report, host) = (of.report, of.item);
    let own = report.coverage.iter().filter(move |log| log.host == host.id);
    own.filter(|log| TELL_STOPS.contains(&log.log.as_str())).map(|log| (log.from, log.to))
}

pub(super) static TABLE: Table<HostInfo> = Table {
    name: "hosts",
    about: "One row a host or vCenter Server of a case, by name; several bundles of one are one row.",
    rows: |report| Box::new(report.hosts.iter().map(Cow::Borrowed)),
    columns: &[
        Column::case(),
        Column::new(
            "host",
            Read::Text(|of| of.item.id.as_str().into()),
            "Its id in the case, which other tables refer to.",
        ),
        Column::new("name", Read::Text(|of| of.item.name.as_str().into()), "Its full name where known."),
        Column::new("kind", Read::Text(|of| named(&of.item.kind)), "`esxi` or `vcenter`."),
        Column::new(
            "bundle",
            Read::Text(|of| of.item.bundle.as_str().into()),
            "Its newest bundle as given, with nesting shown by `!`.",
        ),
        Column::new(
            "bundle_sha256",
            Read::MaybeText(|of| maybe(&of.item.bundle_sha256)),
            "SHA-256 of the bundle's file, or of a folder's names and read contents, hex.",
        ),
        Column::new(
            "bundle_count",
            Read::Int(|of| of.item.captures.len() as u64),
            "Its bundles in the case.",
        ),
        Column::new(
            "captured_at",
            Read::MaybeTime(|of| of.item.captured_at),
            "When the newest bundle was taken.",
        ),
        Column::new("booted_at", Read::MaybeTime(|of| of.item.booted_at), "When it last booted."),
        Column::new("version", Read::MaybeText(|of| maybe(&of.item.version)), "Version: `6.7.0`."),
        Column::new("build", Read::MaybeText(|of| maybe(&of.item.build)), "Build number: `14320388`."),
        Column::new("release", Read::MaybeText(|of| maybe(&of.item.update)), "The release's name: `6.7 U3`."),
        Column::new("vendor", Read::MaybeText(|of| maybe(&of.item.vendor)), "Vendor of the hardware."),
        Column::new("model", Read::MaybeText(|of| maybe(&of.item.model)), "Model of the hardware."),
        Column::new("bios", Read::MaybeText(|of| maybe(&of.item.bios)), "BIOS version."),
        Column::new(
            "cpu_vendor",
            Read::MaybeText(|of| maybe(&of.item.cpu.vendor)),
            "CPUID vendor: `GenuineIntel` or `AuthenticAMD`.",
        ),
        Column::new("cpu_family", Read::MaybeInt(|of| of.item.cpu.family.map(int)), "CPUID family."),
        Column::new("cpu_model", Read::MaybeInt(|of| of.item.cpu.model.map(int)), "CPUID model."),
        Column::new("cpu_stepping", Read::MaybeInt(|of| of.item.cpu.stepping.map(int)), "CPUID stepping."),
        Column::new("cpu_name", Read::MaybeText(|of| maybe(&of.item.cpu.name)), "Brand string."),
        Column::new(
            "microcode",
            Read::MaybeText(|of| maybe(&of.item.cpu.microcode)),
            "Running microcode revision: `0x43`.",
        ),
        Column::new(
            "cluster_id",
            Read::MaybeText(|of| own_cluster(of).map(|cluster| cluster.id.as_str().into())),
            "Its cluster: vSAN UUID, vCenter's reference, or a label of the case. Clusters of two cases may share one.",
        ),
        Column::new(
            "cluster_name",
            Read::MaybeText(|of| own_cluster(of).and_then(|cluster| maybe(&cluster.name))),
            "The cluster's name.",
        ),
        Column::new(
            "cluster_kind",
            Read::MaybeText(|of| own_cluster(of).map(|cluster| named(&cluster.kind))),
            "What the grouping rests on: `vsan`, `vcenter` or `unknown` (given together).",
        ),
        Column::new(
            "vsan_node_uuid",
            Read::MaybeText(|of| vsan(of).and_then(|vsan| maybe(&vsan.node_uuid))),
            "Its node UUID; all `vsan_` columns are NULL on a host without vSAN.",
        ),
        Column::new(
            "vsan_cluster_uuid",
            Read::MaybeText(|of| vsan(of).and_then(|vsan| maybe(&vsan.cluster_uuid))),
            "Its vSAN cluster's UUID.",
        ),
        Column::new(
            "vsan_state",
            Read::MaybeText(|of| vsan(of).and_then(|vsan| maybe(&vsan.state))),
            "Its own state: `MASTER`, `BACKUP`, `AGENT` and so on.",
        ),
        Column::new(
            "vsan_members",
            Read::MaybeTexts(|of| vsan(of).and_then(members)),
            "Node UUIDs that it takes for members, as printed.",
        ),
        Column::new(
            "vsan_member_count",
            Read::MaybeInt(|of| vsan(of).and_then(|vsan| vsan.member_count).map(int)),
            "How many members it counts.",
        ),
        Column::new(
            "vsan_unicast_peers",
            Read::MaybeInt(|of| vsan(of).and_then(|vsan| vsan.unicast_peers).map(int)),
            "Entries of its unicast agent list.",
        ),
        Column::new(
            "vsan_config_generation",
            Read::MaybeText(|of| vsan(of).and_then(|vsan| maybe(&vsan.config_generation))),
            "`Config Generation` as printed.",
        ),
        Column::new(
            "vsan_membership_at",
            Read::MaybeTime(|of| vsan(of).and_then(|vsan| vsan.membership_at)),
            "When its view of the membership was formed.",
        ),
        Column::new(
            "clock_offset_ms",
            Read::MaybeInt(|of| of.item.clock.offset_ms),
            "How far its clock is ahead of the reference, in milliseconds; negative where it is behind.",
        ),
        Column::new(
            "clock_uncertainty_ms",
            Read::MaybeInt(|of| of.item.clock.uncertainty_ms),
            "Half-width of that offset's uncertainty, in milliseconds.",
        ),
        Column::new(
            "clock_drift_ms_per_day",
            Read::MaybeReal(|of| of.item.clock.drift_ms_per_day),
            "How much its clock gains, in milliseconds a day.",
        ),
        Column::new(
            "clock_is_reference",
            Read::Bool(|of| of.item.clock.reference),
            "Whether the others are compared with it.",
        ),
        Column::new(
            "observed_from",
            Read::MaybeTime(|of| observed(of).filter_map(|(from, _)| from).min()),
            "First time stamp of the logs that tell of boots and crashes: vmkernel, vmksummary and vobd.",
        ),
        Column::new(
            "observed_to",
            Read::MaybeTime(|of| observed(of).filter_map(|(_, to)| to).max()),
            "Last time stamp of these logs: crashes between the two would have been seen, but for `coverage.gap_count`.",
        ),
        Column::new(
            "members_read",
            Read::Int(|of| of.item.members.read),
            "Files of the newest bundle that were read.",
        ),
        Column::new(
            "members_skipped",
            Read::Int(|of| of.item.members.skipped),
            "Files of the newest bundle that hold nothing that is known.",
        ),
        Column::new(
            "absent_logs",
            Read::Texts(|of| list(&of.item.absent_logs)),
            "Logs that most other hosts of its kind have and it has not.",
        ),
    ],
};
