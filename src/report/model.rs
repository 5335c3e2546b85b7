//! `report.json` as types: the one value that every renderer is a function of.
//!
//! Field order is the order of the keys in the file. Unknown is `null`. Arrays have a stated order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use super::membership::{
    AnswerInfo, HostState, MembershipInfo, NodeInfo, SaysInfo, ToldInfo, VmknicInfo,
};
pub use super::migrations::{EvacuationInfo, MigrationEnd, MigrationInfo, MigrationPhase};
pub use super::setup::*;
pub use super::timeline::{SourceRef, SpanInfo, SpanKind, TimelineEntry};
use crate::model::{Confidence, EventKind, HostKind, Lang, ProblemKind, Severity, Timestamp};

/// The schema id that a report states.
pub const SCHEMA: &str = "esxray.report/1";

/// A host's id: unique in the report, what other fields refer to.
pub type HostId = String;

/// The whole report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What made the report.
    pub tool: Tool,
    /// What the report is about.
    pub case: CaseInfo,
    /// Ordered by name.
    pub hosts: Vec<HostInfo>,
    /// Ordered by severity (worst first), then `first_seen`, then `id`.
    pub findings: Vec<Finding>,
    /// The CPU-feature matrix.
    pub features: Features,
    /// Who says what of which vSAN node, one a vSAN cluster, in the order of the clusters.
    #[serde(default)]
    pub membership: Vec<MembershipInfo>,
    /// Ordered by time, then host, then source.
    pub timeline: Vec<TimelineEntry>,
    /// What lasts: times in which a host was down, in maintenance, being upgraded, or without a log. Ordered by
    /// beginning, then host, then kind.
    #[serde(default)]
    pub spans: Vec<SpanInfo>,
    /// Every migration once, ordered by its first record.
    #[serde(default)]
    pub migrations: Vec<MigrationInfo>,
    /// Hosts that were emptied for maintenance, ordered by beginning, then host.
    #[serde(default)]
    pub evacuations: Vec<EvacuationInfo>,
    /// Ordered by host, then log.
    pub coverage: Vec<Coverage>,
    /// Ordered by name.
    pub missing_hosts: Vec<MissingHost>,
    /// Ordered by path, then kind.
    pub problems: Vec<ReportProblem>,
}

/// Something that was not read, and whose bundle it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportProblem {
    /// What sort of problem.
    pub kind: ProblemKind,
    /// The path or member concerned.
    pub path: String,
    /// One sentence.
    pub text: String,
    /// The hosts whose bundles it concerns, ordered; none where it is no host's.
    #[serde(default)]
    pub hosts: Vec<HostId>,
}

/// The program and its rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tool {
    /// `esxray`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The detection rules that were in force.
    pub rules: RuleSetInfo,
}

/// The rule set, so that two reports can be compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RuleSetInfo {
    /// Number of rules.
    pub count: usize,
    /// SHA-256 over all rule files, hex.
    pub sha256: String,
}

/// What the report covers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseInfo {
    /// A short title, in the report's language.
    pub title: String,
    /// First time stamp of any record read.
    pub from: Option<Timestamp>,
    /// Last time stamp of any record read.
    pub to: Option<Timestamp>,
    /// Language of every text in the report.
    pub lang: Lang,
    /// Whether names and addresses were replaced.
    pub redacted: bool,
    /// The clusters of the case, ordered by id.
    pub clusters: Vec<ClusterInfo>,
    /// The zone that times in texts are told in: `UTC`, `Asia/Tokyo` or `+09:00`. All other times are UTC.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// The verdict: what happened and where and when; why; what to do first. At most three sentences.
    #[serde(default)]
    pub verdict: Vec<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Hosts that belong together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClusterInfo {
    /// vSAN cluster UUID, vCenter cluster moref, or a label of the case.
    pub id: String,
    /// The cluster's name where one was found.
    pub name: Option<String>,
    /// What the grouping rests on.
    pub kind: ClusterKind,
    /// Its ESXi hosts, ordered.
    pub hosts: Vec<HostId>,
}

/// What a cluster's grouping rests on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterKind {
    /// The vSAN cluster UUID.
    Vsan,
    /// vCenter's inventory.
    Vcenter,
    /// The bundles were given together.
    Unknown,
}

/// One host or vCenter Server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HostInfo {
    /// Unique in the report.
    pub id: HostId,
    /// Its full name where known.
    pub name: String,
    /// ESXi or vCenter.
    pub kind: HostKind,
    /// The bundle as given, with nesting shown by `!`.
    pub bundle: String,
    /// SHA-256 of the bundle's file, or of a folder's names and read contents; hex.
    pub bundle_sha256: Option<String>,
    /// When the bundle was taken.
    pub captured_at: Option<Timestamp>,
    /// When the host last booted.
    pub booted_at: Option<Timestamp>,
    /// `6.7.0`.
    pub version: Option<String>,
    /// `14320388`.
    pub build: Option<String>,
    /// The release name: `6.7 U3`.
    pub update: Option<String>,
    /// Hardware vendor.
    pub vendor: Option<String>,
    /// Hardware model.
    pub model: Option<String>,
    /// BIOS version.
    pub bios: Option<String>,
    /// CPU identity.
    pub cpu: CpuInfo,
    /// vSAN view of this host; `null` where it is not in a vSAN cluster or nothing was found.
    pub vsan: Option<VsanInfo>,
    /// What is known of its clock.
    pub clock: ClockInfo,
    /// Files of the bundle that was taken last.
    #[serde(default)]
    pub members: MemberCount,
    /// Its bundles, the one taken last first: the host's other fields are of that one.
    #[serde(default)]
    pub captures: Vec<CaptureInfo>,
    /// What is different in the newest bundle, compared with each older one; the latest of these first.
    #[serde(default)]
    pub changes: Vec<ChangeInfo>,
    /// Log families that most other hosts of its kind have and it has not.
    #[serde(default)]
    pub absent_logs: Vec<String>,
    /// How it is set up; `null` where its bundle tells nothing of that.
    #[serde(default)]
    pub setup: Option<SetupInfo>,
}

/// One bundle of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureInfo {
    /// As given, with nesting shown by `!`.
    pub bundle: String,
    /// As in [`HostInfo`].
    pub bundle_sha256: Option<String>,
    /// When it was taken.
    pub captured_at: Option<Timestamp>,
    /// When the host had last booted then.
    pub booted_at: Option<Timestamp>,
    /// `6.7.0`.
    pub version: Option<String>,
    /// `14320388`.
    pub build: Option<String>,
    /// The release name: `6.7 U3`.
    pub update: Option<String>,
    /// Running microcode revision, `0x43`.
    pub microcode: Option<String>,
    /// VMs that ran then; `null` where the bundle has no list of them.
    pub running_vms: Option<u64>,
    /// Files of the bundle.
    pub members: MemberCount,
}

/// Something that was otherwise in an older bundle of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeInfo {
    /// `version`, `build`, `bios`, `microcode`, `evc-mask`, `vsan-state`, `vsan-members`, `unicast-peers`,
    /// `image-profile`, `microcode-vib`, `nic-driver`, `nic-firmware`, `vmknic-mtu`, `vmknic-ip`, `ntp-servers` or
    /// `vsan-format`.
    pub what: String,
    /// The feature key of an EVC mask, the NIC, or the VMkernel adapter.
    pub key: Option<String>,
    /// What it was.
    pub older: Option<String>,
    /// What it is.
    pub newer: Option<String>,
    /// When the older bundle was taken.
    pub since: Option<Timestamp>,
}

/// How many files of a bundle were read.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCount {
    /// Logs, command outputs and configuration files that were read.
    pub read: u64,
    /// Files that hold nothing that is known; they were not looked into.
    pub skipped: u64,
}

/// CPU identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuInfo {
    /// `GenuineIntel`, `AuthenticAMD`.
    pub vendor: Option<String>,
    /// CPUID family.
    pub family: Option<u64>,
    /// CPUID model.
    pub model: Option<u64>,
    /// CPUID stepping.
    pub stepping: Option<u64>,
    /// Brand string.
    pub name: Option<String>,
    /// Running microcode revision, `0x43`.
    pub microcode: Option<String>,
}

/// A host's own view of its vSAN cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct VsanInfo {
    /// `Local Node UUID`.
    pub node_uuid: Option<String>,
    /// `Sub-Cluster UUID`.
    pub cluster_uuid: Option<String>,
    /// `Local Node State`: `MASTER`, `BACKUP`, `AGENT`, …
    pub state: Option<String>,
    /// Member node UUIDs, ordered as printed.
    pub members: Vec<String>,
    /// `Sub-Cluster Member Count`.
    pub member_count: Option<u64>,
    /// Entries of the unicast agent list; `null` where the list was not in the bundle.
    pub unicast_peers: Option<u64>,
    /// `Config Generation` as printed.
    pub config_generation: Option<String>,
    /// When the membership view was formed, from the membership UUID.
    pub membership_at: Option<Timestamp>,
}

/// What is known of a host's clock, compared with the reference clock of the case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClockInfo {
    /// How far it is ahead, in milliseconds; negative where it is behind. A stamp minus this is the corrected time. Where
    /// it changes, as it was at the end.
    pub offset_ms: Option<i64>,
    /// Half-width of the uncertainty, milliseconds.
    pub uncertainty_ms: Option<i64>,
    /// What it rests on.
    pub basis: String,
    /// Whether the others are compared with it.
    #[serde(default)]
    pub reference: bool,
    /// Events that it and another host both tell, on which the offset rests.
    #[serde(default)]
    pub pairs: u64,
    /// How much it gains, in milliseconds a day; `null` where nothing of that can be told.
    #[serde(default)]
    pub drift_ms_per_day: Option<f64>,
    /// When it was set, in the order of time.
    #[serde(default)]
    pub steps: Vec<ClockStep>,
}

/// A clock was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockStep {
    /// When, at the latest; corrected.
    pub at: Timestamp,
    /// How far it was put forward, in milliseconds; negative where it was put back.
    pub by_ms: i64,
}

/// What we tell the user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// `evc.feature-mismatch`, `vsan.host-lost`, …
    pub id: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One line.
    pub title: String,
    /// A paragraph for the customer.
    pub summary: String,
    /// Why.
    pub cause: Cause,
    /// Hosts concerned, ordered.
    pub hosts: Vec<HostId>,
    /// VMs concerned, by name, ordered.
    pub vms: Vec<String>,
    /// First evidence in time.
    pub first_seen: Option<Timestamp>,
    /// Last evidence in time.
    pub last_seen: Option<Timestamp>,
    /// How many events confirm it.
    pub count: u64,
    /// What to do, in order; the last steps check that it worked.
    pub remedy: Vec<Step>,
    /// Where the vendor says so.
    pub references: Vec<Reference>,
    /// The lines it rests on, never empty.
    pub evidence: Vec<Evidence>,
    /// Per finding id, as the contract states.
    pub details: Value,
    /// How it came about, step by step, each with the lines that say so; empty where one line says all.
    #[serde(default)]
    pub chain: Vec<Link>,
}

/// One step in how something came about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// When; `null` where only a state tells of it.
    pub time: Option<Timestamp>,
    /// The host it happened on, where it is one.
    pub host: Option<HostId>,
    /// One short sentence.
    pub text: String,
    /// The lines that say so, never empty.
    pub evidence: Vec<Evidence>,
    /// Where all stand that say so, shown or not: they mark rows of the timeline, and are told by no output.
    #[serde(skip)]
    pub places: Vec<Place>,
}

/// Where something stands that a step rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host.
    pub host: HostId,
    /// The member.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The kind of the event that is meant, where the step rests on one alone of those that the line tells.
    pub kind: Option<EventKind>,
}

/// Why something happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cause {
    /// `stale-microcode`, `version-skew`, …
    pub id: String,
    /// The cause in a sentence or two.
    pub text: String,
}

/// One step of a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What to do.
    pub text: String,
    /// The command to type, where there is one.
    pub command: Option<String>,
    /// The host to do it on, where it is one host.
    pub host: Option<HostId>,
}

/// A vendor document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its title or number.
    pub title: String,
    /// Its address.
    pub url: Option<String>,
}

/// One line of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The host whose bundle holds it.
    pub host: HostId,
    /// The member.
    pub file: String,
    /// Line from 1.
    pub line: u64,
    /// Byte offset of the line.
    pub offset: u64,
    /// The line's time stamp.
    pub time: Option<Timestamp>,
    /// The line.
    pub text: String,
}

/// The CPU-feature matrix.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Features {
    /// Columns: ESXi hosts, ordered by name.
    pub hosts: Vec<HostId>,
    /// Rows that differ first (security features before others), then by key.
    pub rows: Vec<FeatureRow>,
    /// VMs with their requirements, ordered by host, then name.
    pub vms: Vec<FeatureVm>,
    /// Where the values of each host come from, ordered as `hosts`.
    #[serde(default)]
    pub sources: Vec<FeatureSource>,
    /// What the features mean for each cluster, ordered as the case's clusters.
    #[serde(default)]
    pub clusters: Vec<FeatureCluster>,
}

/// Where the CPU features of a host come from: files of its bundle.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FeatureSource {
    /// The host.
    pub host: HostId,
    /// Of `featureCapability`.
    pub capability: Option<String>,
    /// Of `maskedFeatureCapability`.
    pub masked: Option<String>,
    /// Of the EVC masks.
    pub masks: Option<String>,
    /// `featureCompat.evc.completeMasks`
    pub complete_masks: Option<bool>,
    /// The log of a VM that tells what it found when it was powered on last, where that still holds.
    pub vm_log: Option<String>,
    /// The EVC mode that is applied: `intel-haswell`.
    pub evc_mode: Option<String>,
    /// The highest EVC mode that the CPU can offer.
    pub max_evc_mode: Option<String>,
}

/// What CPU features mean for a cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FeatureCluster {
    /// Id of the cluster.
    pub id: String,
    /// Its hosts with a bundle here.
    pub hosts: Vec<HostId>,
    /// Host by host: can every VM leave?
    pub evacuation: Vec<Evacuation>,
    /// What all hosts can offer; `None` with fewer than two hosts, or where their CPUs are not known.
    pub baseline: Option<Baseline>,
}

/// Whether a host can be emptied with vMotion, as far as CPU features decide.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Evacuation {
    /// The host.
    pub host: HostId,
    /// VMs that run on it.
    pub vms: u64,
    /// Those that no other host of the cluster can take.
    pub stay: Vec<String>,
    /// Those whose requirements, or whose targets, the bundles do not tell.
    pub unknown: Vec<String>,
}

/// What all hosts of a cluster can offer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// The highest EVC mode that all hosts can offer, where they tell.
    pub evc_mode: Option<String>,
    /// Features that some hosts are capable of and not all: no common baseline can have them.
    pub lacking: Vec<String>,
}

/// One CPU feature over all hosts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeatureRow {
    /// Lower-case key: `cpuid.mdclear`.
    pub key: String,
    /// Description.
    pub label: String,
    /// What sort of feature.
    pub class: FeatureClass,
    /// `featureCapability`, before masks.
    pub capability: BTreeMap<HostId, Option<u64>>,
    /// The EVC mask's value.
    pub mask: BTreeMap<HostId, Option<u64>>,
    /// What VMs can use.
    pub effective: BTreeMap<HostId, Option<u64>>,
    /// Whether hosts of one cluster differ in it.
    pub differs: bool,
    /// The flaws that it guards against: `CVE-2018-12126`.
    #[serde(default)]
    pub cves: Vec<String>,
    /// VMware's advisory on them.
    #[serde(default)]
    pub advisory: Option<String>,
}

/// What sort of feature a CPU feature is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureClass {
    /// Mitigates a CPU vulnerability; comes with microcode.
    Security,
    /// An instruction-set extension.
    Isa,
    /// Virtualization: VT-x, AMD-V, nested paging.
    Virtualization,
    /// Anything else.
    Other,
}

/// A VM and the CPU features that it needs since it was powered on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeatureVm {
    /// Display name.
    pub name: String,
    /// Where it runs.
    pub host: HostId,
    /// When it was powered on.
    pub powered_on_at: Option<Timestamp>,
    /// Keys, lower case, ordered.
    pub requires: Vec<String>,
    /// Hosts of its cluster that it cannot move to, and what they lack.
    pub blocked: Vec<Blocked>,
    /// The host on which it was powered on, where the bundles tell.
    #[serde(default)]
    pub powered_on_host: Option<String>,
    /// The file that tells what it requires.
    #[serde(default)]
    pub requires_from: Option<String>,
    /// What its own configuration sets of the CPU: `per-vm-evc`, `feature-masks`, `register-masks`, `nested`,
    /// `performance-counters`, `no-check`.
    #[serde(default)]
    pub settings: Vec<String>,
}

/// A host that a VM cannot move to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Blocked {
    /// The host.
    pub host: HostId,
    /// The keys that it lacks.
    pub missing: Vec<String>,
}

/// What was read of one log of one host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Coverage {
    /// The host.
    pub host: HostId,
    /// The log's family: `vmkernel`, `hostd`, …
    pub log: String,
    /// First stamp.
    pub from: Option<Timestamp>,
    /// Last stamp.
    pub to: Option<Timestamp>,
    /// Members read, rotations and fragments included.
    pub members: u64,
    /// Decompressed bytes.
    pub bytes: u64,
    /// Records.
    pub records: u64,
    /// Records without a recognised header.
    pub unparsed: u64,
    /// Times that the log should cover and does not, ordered.
    pub gaps: Vec<Gap>,
    /// What was wrong with its members.
    pub problems: Vec<CoverageProblem>,
    /// The first few records without a recognised header.
    #[serde(default)]
    pub samples: Vec<Sample>,
}

/// A stretch of time that no member covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Last stamp before.
    pub from: Timestamp,
    /// First stamp after.
    pub to: Timestamp,
    /// `rotation-missing`, `damaged` or `fragment-missing`.
    pub why: String,
    /// The files that are missing, by name, or damaged, by path.
    pub files: Vec<String>,
    /// Whether some of the time was read: what is missing lies somewhere in it.
    pub partial: bool,
}

/// A record that has no recognised header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The member.
    pub file: String,
    /// Line from 1.
    pub line: u64,
    /// Byte offset of the line.
    pub offset: u64,
    /// The line, cut at 200 bytes.
    pub text: String,
}

/// What was wrong with one member of a log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CoverageProblem {
    /// As in [`ReportProblem`].
    pub kind: String,
    /// The member.
    pub member: String,
    /// One sentence.
    pub text: String,
}

/// A cluster member that the evidence names and no bundle covers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MissingHost {
    /// Its name, or its node UUID where no name is known.
    pub name_or_uuid: String,
    /// Hosts whose bundles name it, ordered.
    pub seen_by: Vec<HostId>,
    /// Where it is named.
    pub why: String,
}
