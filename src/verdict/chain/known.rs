//! An incident that is known by its lines: what was told, what it cost, and its end.

use super::story::{Story, only, vms, vms_of};
use super::{Link, Scene};
use crate::case::Moment;
use crate::model::{EventKind, Text};
use crate::verdict::Finding;
use crate::verdict::known::{self, Incident};

/// VMs that are hit tell of it within this many seconds before or after.
const EFFECTS: i64 = 300;

pub(super) fn chain(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let is_its = |(known, incident): &&(&known::Known, Incident<'_>)| {
        known.id == finding.id && is_of(incident, finding)
    };
    let Some((known, incident)) = scene.known.iter().find(is_its) else { return Vec::new() };
    let mut story = Story::default();
    let host = only(&incident.hosts);
    story.event(host, &incident.lines, known::title(scene.case, known, incident));
    let hit = hit(scene, incident);
    let names = vms(&vms_of(&hit));
    let text = Text::new(
        format!("{} became inaccessible or invalid", names.en),
        format!("{}がアクセス不可または無効になりました", super::host::spaced(&names.ja)),
    );
    story.effect(host, &hit, text);
    if incident.is_over {
        story.event(host, &incident.back, known::back_text(scene.case, known, incident));
    }
    story.told()
}

/// Whether `finding` tells of this incident: hosts may have one of the same sort at another time, or of another object.
fn is_of(incident: &Incident<'_>, finding: &Finding) -> bool {
    let first = incident.lines.first().map(|line| line.time);
    incident.hosts == finding.hosts
        && first == finding.first_seen
        && finding.details["objects"] == serde_json::json!(incident.objects)
}

/// VMs of these hosts that became invalid or inaccessible meanwhile.
fn hit<'c>(scene: &Scene<'c>, incident: &Incident<'c>) -> Vec<&'c Moment> {
    let (Some(first), Some(last)) = (incident.lines.first(), incident.lines.last()) else {
        return Vec::new();
    };
    let (from, to) = (first.time.plus_seconds(-EFFECTS), last.time.plus_seconds(EFFECTS));
    let kinds = [EventKind::VM_INVALID, EventKind::VM_INACCESSIBLE];
    let is_hit = |moment: &&Moment| {
        incident.hosts.contains(&moment.host)
            && kinds.contains(&moment.event.kind)
            && (from..=to).contains(&moment.time)
    };
    scene.case.timeline.iter().filter(is_hit).collect()
}
