//! What a loss led to: VMs that became invalid, restarts by HA, objects and resync. Effects, never causes.

use serde_json::{Value, json};

use super::skew::vcenter_of;
use crate::case::{Case, Membership, Moment};
use crate::fact::vsan::health::VsanObjectState;
use crate::model::{EventKind, Timestamp};
use crate::verdict::near;

/// The effects of a loss or a split.
#[derive(Debug, Default)]
pub(in crate::verdict) struct Effects<'c> {
    /// Names of VMs that became invalid or inaccessible, ordered.
    pub vms: Vec<String>,
    /// The lines that say so, by time.
    pub vm_lines: Vec<&'c Moment>,
    /// Names of VMs that HA restarted, ordered.
    pub restarted: Vec<String>,
    /// The records that tell of a failover, by time.
    pub failovers: Vec<&'c Moment>,
    /// Objects by state, those of a state in which data is not as safe as it should be.
    pub objects: Vec<VsanObjectState>,
    /// Objects and bytes left to resync.
    pub resync: Option<(Option<u64>, Option<u64>)>,
}

/// Whom effects are looked for at.
pub(in crate::verdict) struct Scene<'a> {
    pub membership: &'a Membership,
    /// Hosts whose VMs are affected.
    pub hosts: Vec<usize>,
    pub at: Option<Timestamp>,
    /// When it was over.
    pub until: Option<Timestamp>,
    /// Hosts that went on, whose view of the objects counts; all where nobody did.
    pub mates: Vec<usize>,
    /// Whether it lasts at the capture.
    pub lasts: bool,
}

/// Effects are looked for from so many seconds before to so many after.
const BEFORE: i64 = 120;
const AFTER: i64 = 86_400;
/// What is told so many seconds after the end was still an effect.
const STILL: i64 = 60;
/// HA restarts VMs within so many seconds.
const FAILOVER: i64 = 3_600;

/// The effects, from a little before it began until it was over, or a day after.
pub(in crate::verdict) fn of<'c>(case: &'c Case, scene: &Scene<'_>) -> Effects<'c> {
    let mut effects = Effects::default();
    let (vcenter, cluster) = (
        vcenter_of(case, scene.membership, scene.hosts.first().copied()).map(|(index, _)| index),
        &case.clusters[scene.membership.cluster],
    );
    // HA acts at once; a VM may be found invalid much later.
    let is_prompt = |moment: &Moment| scene.at.is_none_or(|at| moment.time.since(at) <= FAILOVER * 1_000_000);
    let all = || case.timeline.as_slice();
    let is_over = |moment: &Moment| scene.until.is_some_and(|until| moment.time > until.plus_seconds(STILL));
    let moments = scene.at.map_or_else(all, |at| near(case, at, (BEFORE, AFTER)));
    for moment in moments.iter().filter(|moment| !is_over(moment)) {
        let kind = moment.event.kind;
        let is_ours = cluster.hosts.contains(&moment.host) || Some(moment.host) == vcenter;
        if (kind == EventKind::VM_INVALID || kind == EventKind::VM_INACCESSIBLE)
            && concerns(case, scene, vcenter, moment)
        {
            effects.vm_lines.push(moment);
        } else if kind == EventKind::HA_FAILOVER && is_ours && is_prompt(moment) {
            effects.failovers.push(moment);
            effects.restarted.extend(moment.field("vm").map(str::to_owned));
        }
    }
    keep_vsan(&mut effects.vm_lines);
    effects.vms =
        effects.vm_lines.iter().filter_map(|moment| moment.field("vm")).map(str::to_owned).collect();
    for names in [&mut effects.vms, &mut effects.restarted] {
        names.sort();
        names.dedup();
    }
    if scene.lasts {
        let hosts = if scene.mates.is_empty() { &cluster.hosts } else { &scene.mates };
        data(case, hosts, &mut effects);
    }
    effects
}

/// Where some VMs lie on a vSAN datastore, those on another one are no effect of the loss. What a datastore is, its
/// volume tells: `/vmfs/volumes/vsan:5215ab…/…`.
fn keep_vsan(lines: &mut Vec<&Moment>) {
    let volume = |moment: &Moment| {
        let path = moment.field("vmx")?.strip_prefix("/vmfs/volumes/")?;
        path.split_once('/').map(|(volume, _)| volume.starts_with("vsan:"))
    };
    if lines.iter().any(|moment| volume(moment) == Some(true)) {
        lines.retain(|moment| volume(moment) != Some(false));
    }
}

/// Whether a VM that went invalid is one of the hosts concerned: in their own log, or in that of their vCenter, which may
/// lose VMs of other hosts at the same time.
fn concerns(case: &Case, scene: &Scene<'_>, vcenter: Option<usize>, moment: &Moment) -> bool {
    let elsewhere = |name: &str| {
        let mut others = case.hosts.iter().enumerate().filter(|(index, _)| !scene.hosts.contains(index));
        others.any(|(_, host)| host.vms.iter().any(|vm| vm.name == name))
    };
    scene.hosts.contains(&moment.host)
        || (Some(moment.host) == vcenter && !moment.field("vm").is_some_and(elsewhere))
}

/// What hosts know of their objects at the capture: the one that knows of most trouble.
fn data(case: &Case, hosts: &[usize], effects: &mut Effects<'_>) {
    let is_reduced = |state: &VsanObjectState| state.objects > 0 && !state.is_whole();
    for &index in hosts {
        let vsan = &case.hosts[index].setup.vsan;
        let objects: Vec<VsanObjectState> = vsan
            .objects
            .iter()
            .flat_map(|told| &told.value)
            .filter(|state| is_reduced(state))
            .cloned()
            .collect();
        let count = |states: &[VsanObjectState]| states.iter().map(|state| state.objects).sum::<u64>();
        if count(&objects) > count(&effects.objects) {
            effects.objects = objects;
        }
        let resync = vsan.resync.as_ref().map(|told| told.value).filter(|left| left.0.or(left.1) > Some(0));
        effects.resync = effects.resync.max(resync);
    }
}

impl Effects<'_> {
    /// The effects as `details` show them.
    pub(in crate::verdict) fn details(&self) -> Value {
        let objects: serde_json::Map<String, Value> =
            self.objects.iter().map(|state| (state.state.clone(), json!(state.objects))).collect();
        json!({
            "vms_invalid": self.vms,
            "vms_restarted": self.restarted,
            "failovers": self.failovers.len(),
            "objects": objects,
            "resync_objects": self.resync.and_then(|left| left.0),
            "resync_bytes": self.resync.and_then(|left| left.1),
        })
    }
}
