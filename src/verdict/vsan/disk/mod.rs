//! Which hosts have lost vSAN disks while they stay members of the cluster?
//!
//! What the host lists of its disks and what its logs say of them each show it alone. A host that is out of the
//! membership, or in maintenance, shows its disks as lost too: there only lines count.

pub(in crate::verdict) mod device;
mod text;

use serde_json::{Value, json};

use self::device::{Device, Group, devices, groups};
use crate::case::{Case, Cluster, Host, Maintenance, Moment, Sourced};
use crate::model::{Confidence, EventKind, Severity, Timestamp};
use crate::verdict::{Evidence, Finding, Verdict, distinct, span};

pub(in crate::verdict) static VERDICT: Verdict = Verdict {
    name: "vsan-disk",
    about: "Which hosts have lost vSAN disks while they stay members of the cluster?",
    findings: &["vsan.disk-failed"],
    reach,
};

/// VMs that are hit become inaccessible within this many seconds before or after a failure.
const VMS_BEFORE: i64 = 60;
const VMS_AFTER: i64 = 3_600;

/// Objects and bytes that are left to resync.
pub(in crate::verdict) type Resync = (Option<u64>, Option<u64>);

fn reach(case: &Case, found: &[Finding]) -> Vec<Finding> {
    let hosts = case.clusters.iter().flat_map(|cluster| &cluster.hosts);
    let failures = hosts.filter_map(|&host| failure(case, host, found));
    failures.map(|failure| failure.finding(found)).collect()
}

/// The failed disks of one host; `found` is what is known of losses.
pub(in crate::verdict) fn failure<'c>(case: &'c Case, host: usize, found: &[Finding]) -> Option<Failure<'c>> {
    let cluster = case.clusters.iter().find(|cluster| cluster.hosts.contains(&host))?;
    Failure::of(case, cluster, host, found)
}

/// The failed disks of one host.
pub(in crate::verdict) struct Failure<'c> {
    case: &'c Case,
    cluster: &'c Cluster,
    /// An index into the case's hosts.
    index: usize,
    host: &'c Host,
    pub devices: Vec<Device<'c>>,
    groups: Vec<Group<'c>>,
    /// Those of them that failed by devices whose state does not contradict the lines.
    pub lost_groups: Vec<Group<'c>>,
    /// Whether the host is a member of its vSAN cluster.
    member: Option<bool>,
}

impl<'c> Failure<'c> {
    fn of(case: &'c Case, cluster: &'c Cluster, index: usize, found: &[Finding]) -> Option<Failure<'c>> {
        let host = &case.hosts[index];
        let member = is_member(case, cluster, index);
        let told =
            |moment: &&Moment| moment.host == index && moment.event.kind == EventKind::VSAN_DISK_FAILED;
        let mut lines: Vec<&Moment> = case.timeline.iter().filter(told).collect();
        // The kernel's log of warnings repeats what its log says.
        lines.dedup_by(|again, first| again.time == first.time && again.event.raw == first.event.raw);
        let is_lost = found.iter().any(|finding| {
            finding.id == "vsan.host-lost" && finding.details["host"].as_str() == Some(&host.id)
        });
        // Of a host that is out, or that gave its disks away, they are not in the directory either.
        let state_counts = member != Some(false) && !is_lost && !is_in_maintenance(case, index);
        let devices = devices(host, &lines, state_counts);
        let all: Vec<&Device<'_>> = devices.iter().collect();
        let lost: Vec<&Device<'_>> = devices.iter().filter(|device| !device.is_contradicted()).collect();
        let (groups, lost_groups) = (groups(host, &all), groups(host, &lost));
        (!devices.is_empty()).then_some(Failure {
            case,
            cluster,
            index,
            host,
            devices,
            groups,
            lost_groups,
            member,
        })
    }

    fn lines(&self) -> Vec<&'c Moment> {
        let mut lines: Vec<&Moment> =
            self.devices.iter().flat_map(|device| device.lines.iter().copied()).collect();
        lines.sort_by_key(|moment| moment.time);
        lines
    }

    fn confidence(&self) -> Confidence {
        let both = |device: &Device<'_>| device.is_bad() && !device.lines.is_empty();
        if self.devices.iter().any(both) {
            return Confidence::Certain;
        }
        if self.is_contradicted() { Confidence::Possible } else { Confidence::Likely }
    }

    /// Whether the host lists all the devices as in use.
    fn is_contradicted(&self) -> bool {
        self.devices.iter().all(Device::is_contradicted)
    }

    /// Devices that failed, as far as their state does not contradict that.
    fn lost(&self) -> impl Iterator<Item = &Device<'c>> {
        self.devices.iter().filter(|device| !device.is_contradicted())
    }

    /// How many objects are in which state, as the host says, else as another one of its cluster does.
    fn objects(&self) -> Option<(usize, &'c Sourced<Vec<crate::fact::vsan::health::VsanObjectState>>)> {
        let others = self.cluster.hosts.iter().copied().filter(|&other| other != self.index);
        let mut hosts = std::iter::once(self.index).chain(others);
        hosts.find_map(|host| Some((host, self.case.hosts[host].setup.vsan.objects.as_ref()?)))
    }

    /// Objects of which something is missing, by state.
    fn impaired(&self) -> Vec<(String, u64)> {
        let states = self.objects().into_iter().flat_map(|(_, states)| &states.value);
        let impaired = states.filter(|state| state.objects > 0 && !state.is_whole());
        impaired.map(|state| (state.state.clone(), state.objects)).collect()
    }

    /// Objects and bytes that are left to resync.
    pub(in crate::verdict) fn id(&self) -> &str {
        &self.host.id
    }

    /// Objects and bytes that are left to resync.
    pub(in crate::verdict) fn resync(&self) -> Option<(usize, &'c Sourced<Resync>)> {
        let others = self.cluster.hosts.iter().copied().filter(|&other| other != self.index);
        let mut hosts = std::iter::once(self.index).chain(others);
        hosts.find_map(|host| Some((host, self.case.hosts[host].setup.vsan.resync.as_ref()?)))
    }

    /// VMs that became invalid or inaccessible near a failure and that no other finding is about.
    pub(in crate::verdict) fn vms(&self, found: &[Finding]) -> Vec<&'c Moment> {
        let vcenter = self.case.vcenter_of(self.index).map(|(vcenter, _)| vcenter);
        let here = |host: usize| self.cluster.hosts.contains(&host) || Some(host) == vcenter;
        let times: Vec<Timestamp> = self.lines().iter().map(|line| line.time).collect();
        let near = |at: Timestamp| {
            times.iter().any(|time| (-VMS_BEFORE..=VMS_AFTER).contains(&(at.since(*time) / 1_000_000)))
        };
        let is_other = |vm: &str| {
            let mut lost = found.iter().filter(|finding| finding.id == "vsan.host-lost");
            lost.any(|finding| finding.vms.iter().any(|known| known == vm))
        };
        let hit = |moment: &&Moment| {
            let kind = moment.event.kind;
            (kind == EventKind::VM_INVALID || kind == EventKind::VM_INACCESSIBLE)
                && here(moment.host)
                && near(moment.time)
                && !moment.field("vm").is_some_and(is_other)
        };
        self.case.timeline.iter().filter(hit).collect()
    }

    fn finding(&self, found: &[Finding]) -> Finding {
        let lines = self.lines();
        let effects = self.vms(found);
        let mut vms: Vec<String> =
            effects.iter().filter_map(|moment| moment.field("vm")).map(str::to_owned).collect();
        vms.sort();
        vms.dedup();
        let (first_seen, last_seen, count) = span(lines.iter().copied());
        Finding {
            id: "vsan.disk-failed",
            severity: Severity::Error,
            confidence: self.confidence(),
            title: text::title(self),
            summary: text::summary(self, &vms),
            cause: ("disk-failure", text::cause(self)),
            hosts: vec![self.index],
            vms,
            first_seen,
            last_seen,
            count,
            remedy: text::remedy(self),
            brief: crate::verdict::Brief::default(),
            references: vec![(
                "KB 326859: vSAN disks and disk groups that failed",
                Some("https://knowledge.broadcom.com/external/article/326859"),
            )],
            evidence: self.evidence(&effects),
            details: self.details(),
        }
    }

    fn evidence(&self, effects: &[&Moment]) -> Vec<Evidence> {
        let mut lines: Vec<Evidence> = Vec::new();
        for device in &self.devices {
            lines.extend(device.lines.iter().take(2).map(|line| Evidence::event(line)));
            lines.extend(device.state().map(|(source, text)| Evidence {
                host: self.index,
                source: source.clone(),
                time: None,
                text: text.to_owned(),
            }));
        }
        lines.extend(
            self.objects()
                .filter(|_| !self.impaired().is_empty())
                .map(|(host, fact)| Evidence::of(host, fact)),
        );
        lines.extend(
            self.resync()
                .filter(|(_, left)| left.value.0.is_some_and(|objects| objects > 0))
                .map(|(host, fact)| Evidence::of(host, fact)),
        );
        lines.extend(effects.iter().take(3).map(|moment| Evidence::event(moment)));
        distinct(lines)
    }

    fn details(&self) -> Value {
        let device = |device: &Device<'_>| {
            json!({
                "device": device.name(), "disk": device.uuid(), "group": device.group(),
                "since": device.lines.first().map(|line| line.time),
            })
        };
        let state = |(state, objects): (String, u64)| json!({ "state": state, "objects": objects });
        let objects = self.objects().map(|_| self.impaired().into_iter().map(state).collect::<Vec<Value>>());
        let resync = self.resync().map(|(_, left)| json!({ "objects": left.value.0, "bytes": left.value.1 }));
        json!({
            "host": self.host.id,
            "devices": self.devices.iter().map(device).collect::<Vec<Value>>(),
            "groups": self.groups.iter().map(|group| group.uuid).collect::<Vec<&str>>(),
            "objects": objects,
            "resync": resync,
            "member": self.member,
        })
    }
}

/// Whether a host is a member as the other hosts count it; where their whole views are not here, by whether it counts
/// others.
fn is_member(case: &Case, cluster: &Cluster, index: usize) -> Option<bool> {
    let uuid = case.hosts[index].node_uuid()?;
    let others = cluster.hosts.iter().filter(|&&other| other != index);
    let views = others.filter_map(|&other| case.hosts[other].whole_view());
    let counts: Vec<bool> = views.map(|view| view.members.iter().any(|member| member == uuid)).collect();
    if !counts.is_empty() {
        return Some(counts.iter().filter(|counts| **counts).count() * 2 >= counts.len());
    }
    let own = case.hosts[index].whole_view()?;
    let knows_others = case.hosts[index].unicast.as_ref().is_some_and(|list| !list.value.is_empty())
        || cluster.hosts.len() > 1;
    match own.members.len() {
        1 if knows_others => Some(false),
        1 => None,
        _ => Some(true),
    }
}

/// Whether the host was in maintenance mode, or left by vSAN, when its bundle was taken.
fn is_in_maintenance(case: &Case, index: usize) -> bool {
    let host = &case.hosts[index];
    let stated = host.vsan.as_ref().and_then(|vsan| vsan.value.maintenance.as_deref());
    let node = host.node_uuid().and_then(|uuid| host.setup.vsan.nodes.get(uuid));
    let decommissioned = node.and_then(|node| node.value.decom_state).is_some_and(|state| state != 0);
    let mut own = case.timeline.iter().rev().filter(|moment| moment.host == index);
    let entered = own.find_map(Moment::maintenance).is_some_and(Maintenance::is_in);
    // What vSAN states at the capture is newer than any line.
    stated.map_or(entered, |state| state.eq_ignore_ascii_case("on")) || decommissioned
}

#[cfg(test)]
mod tests;
