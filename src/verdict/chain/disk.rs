//! vSAN disks that failed, and what that cost.

use super::story::{Story, line, verb, vms, vms_of};
use super::{Link, Scene};
use crate::case::Moment;
use crate::model::Text;
use crate::verdict::vsan::disk::{self, Failure};
use crate::verdict::{Evidence, Finding, list_en, list_ja};

/// Devices that have a link of their own; of more the first lines stand together.
const APART: usize = 3;

pub(super) fn chain(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let [host] = finding.hosts[..] else { return Vec::new() };
    let Some(failure) = disk::failure(scene.case, host, scene.findings) else { return Vec::new() };
    let mut story = Story::default();
    devices(&mut story, &failure, host);
    groups(&mut story, &failure, host);
    let hit = failure.vms(scene.findings);
    let vms = vms(&vms_of(&hit));
    let text = Text::new(
        format!("{} became inaccessible or invalid", vms.en),
        format!("{}がアクセス不可または無効になりました", super::host::spaced(&vms.ja)),
    );
    story.event(Some(host), &hit, text);
    if let Some((teller, left)) = failure.resync()
        && let Some(objects) = left.value.0.filter(|objects| *objects > 0)
    {
        let text = Text::new(
            format!(
                "{objects} object{} {} left to resynchronise",
                verb(objects as usize, "", "s"),
                verb(objects as usize, "is", "are")
            ),
            format!("{objects} 個のオブジェクトが再同期待ちです"),
        );
        story.state(None, line(teller, Some(left)).into_iter().collect(), text);
    }
    story.told()
}

fn devices(story: &mut Story, failure: &Failure<'_>, host: usize) {
    let id = &failure.id();
    let told: Vec<_> = failure.devices.iter().filter(|device| !device.lines.is_empty()).collect();
    if told.len() > APART {
        let lines: Vec<&Moment> = told.iter().filter_map(|device| device.lines.first().copied()).collect();
        let text = Text::new(
            format!("{} vSAN disks of {id} failed", told.len()),
            format!("{id} の vSAN ディスク {} 台に障害が発生しました", told.len()),
        );
        return story.event(Some(host), &lines, text);
    }
    for device in told {
        let label = device.label().unwrap_or_default();
        let text = Text::new(
            format!("vSAN disk {label} of {id} failed").replace("  ", " "),
            format!("{id} の vSAN ディスク {label} に障害が発生しました").replace("  ", " "),
        );
        story.event(Some(host), &device.lines, text);
    }
}

/// Groups that failed as a whole, as the lists of the host show them.
fn groups(story: &mut Story, failure: &Failure<'_>, host: usize) {
    let uuids: Vec<&str> = failure.lost_groups.iter().map(|group| group.uuid).collect();
    if uuids.is_empty() {
        return;
    }
    let of_groups =
        failure.devices.iter().filter(|device| device.group().is_some_and(|group| uuids.contains(&group)));
    let state = of_groups.flat_map(|device| device.state()).map(|(source, text)| Evidence {
        host,
        source: source.clone(),
        time: None,
        text: text.to_owned(),
    });
    let text = Text::new(
        format!(
            "Disk group{} {} of {} {} lost as a whole",
            verb(uuids.len(), "", "s"),
            list_en(&uuids),
            failure.id(),
            verb(uuids.len(), "is", "are")
        ),
        format!("{} のディスク グループ {} 全体が失われています", failure.id(), list_ja(&uuids)),
    );
    story.state(Some(host), state.collect(), text);
}
