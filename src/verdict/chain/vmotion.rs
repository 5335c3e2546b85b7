//! Migrations that failed: the first one of a cause from its beginning on, then how often, and what went through later.

use super::story::{Story, vm};
use super::{Link, Scene};
use crate::case::{Case, Migration, Moment, Side};
use crate::model::{EventKind, HostKind, Text, Timestamp};
use crate::verdict::vmotion::{Failure, from_label, to_label};
use crate::verdict::{Finding, readable};

pub(super) fn chain(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let case = scene.case;
    let Some(group) = scene.failed.iter().find(|group| group.cause.id() == finding.cause.0) else {
        return Vec::new();
    };
    let Some((first, more)) = group.failures.split_first() else { return Vec::new() };
    let mut story = Story::default();
    began(&mut story, case, first.migration);
    failed(&mut story, case, first);
    repeated(&mut story, more);
    if let Some(at) = first.later {
        later(&mut story, case, first.migration, at);
    }
    story.told()
}

fn began(story: &mut Story, case: &Case, migration: &Migration) {
    let moments = migration.moments.iter().filter_map(|&at| case.timeline.get(at));
    let starts: Vec<&Moment> =
        moments.filter(|moment| moment.event.kind == EventKind::VMOTION_START).collect();
    let way = match (from_label(case, migration), to_label(case, migration)) {
        (Some(from), Some(to)) => Text::new(format!(" from {from} to {to}"), format!("（{from} → {to}）")),
        (Some(from), None) => Text::new(format!(" from {from}"), format!("（移行元 {from}）")),
        (None, Some(to)) => Text::new(format!(" to {to}"), format!("（移行先 {to}）")),
        (None, None) => Text::default(),
    };
    let vm = vm(migration.vm.as_deref());
    let text = Text::new(
        format!("The migration of {}{} began", vm.en, way.en),
        format!("{}の移行{}が開始されました", vm.ja, way.ja),
    );
    story.event(migration.source, &starts, text);
}

/// Which side failed, and with what: the one that says why, then the others in the order of time.
fn failed(story: &mut Story, case: &Case, failure: &Failure<'_>) {
    let (migration, reason) = (failure.migration, &failure.reason);
    let mut told: Vec<usize> = Vec::new();
    let mut lines: Vec<&Moment> = vec![reason.told_by];
    lines.extend(migration.failures(&case.timeline));
    for moment in lines {
        if told.contains(&moment.host) {
            continue;
        }
        told.push(moment.host);
        let id = &case.hosts[moment.host].id;
        let (side, side_ja) = match migration.side_of(moment) {
            Some(Side::Source) => ("the source ", "移行元 "),
            Some(Side::Destination) => ("the destination ", "移行先 "),
            None => ("", ""),
        };
        let why = if std::ptr::eq(moment, reason.told_by) { reason.text.trim_end_matches('.') } else { "" };
        let (colon, colon_ja) = if why.is_empty() { ("", "") } else { (": ", "：") };
        if case.hosts[moment.host].kind == HostKind::Vcenter && !std::ptr::eq(moment, reason.told_by) {
            let text = Text::new(
                format!("vCenter Server {id} reported the failure"),
                format!("vCenter Server {id} が失敗を記録しました"),
            );
            story.event(Some(moment.host), &[moment], text);
            continue;
        }
        let text = Text::new(
            format!("It failed on {side}{id}{colon}{why}"),
            format!("{side_ja}{id} で失敗しました{colon_ja}{why}"),
        );
        story.event(Some(moment.host), &[moment], text);
    }
}

fn repeated(story: &mut Story, more: &[Failure<'_>]) {
    let (Some(first), Some(last)) = (more.first(), more.last()) else { return };
    let lines: Vec<&Moment> = [first, last].iter().map(|failure| failure.reason.told_by).collect();
    let count = more.len();
    let text = match count {
        1 => Text::new("Another migration failed alike", "別の移行も同様に失敗しました"),
        _ => Text::new(
            format!("{count} more migrations failed alike, the last at {}", readable(last.at())),
            format!("さらに {count} 件の移行が同様に失敗しました（最後は {}）", readable(last.at())),
        ),
    };
    story.event(None, &lines, text);
}

/// That a later attempt went through.
fn later(story: &mut Story, case: &Case, failed: &Migration, at: Timestamp) {
    let is_it = |migration: &&Migration| migration.vm == failed.vm && migration.at() == Some(at);
    let Some(done) = case.migrations.iter().find(is_it) else { return };
    let moments = done.moments.iter().filter_map(|&at| case.timeline.get(at));
    let lines: Vec<&Moment> =
        moments.filter(|moment| moment.event.kind == EventKind::VMOTION_SUCCESS).collect();
    let vm = vm(failed.vm.as_deref());
    let text = Text::new(
        format!("A later migration of {} succeeded", vm.en),
        format!("その後の{}の移行は成功しました", vm.ja),
    );
    story.event_at(done.destination, Some(at), &lines, text);
}
