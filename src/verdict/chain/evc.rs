//! Migrations that CPU features forbid: since when the hosts differ, what the VMs require, and who was refused.

use std::collections::BTreeSet;

use super::story::{Story, line, names, only, verb, vm, vms};
use super::{Link, Scene};
use crate::case::{Case, How, Migration, Moment, Outcome, Stop, Vm};
use crate::model::{EventKind, Text, Timestamp};
use crate::verdict::evc::Mismatch;
use crate::verdict::evc::gap::{Gap, Pinned};
use crate::verdict::evc::refused::{Stuck, cause_id};
use crate::verdict::{Evidence, Finding, list_en, list_ja, near, readable};

/// Features that a sentence names.
const KEYS: usize = 3;
/// VMs that a sentence names.
const NAMED: usize = 3;

/// A stop so many seconds before the first VM required the features is a part of the story.
const RECENT: i64 = 30 * 86_400;

pub(super) fn of_mismatch(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let case = scene.case;
    let mut all = scene.features.iter().flat_map(|answer| &answer.mismatches);
    let Some(found) = all.find(|found| found.is_told_by(case, finding)) else { return Vec::new() };
    let mut story = Story::default();
    let since = first_power_on(&found.pinned).or_else(|| found.refusals.first().map(|refusal| refusal.time));
    if found.gap.cause.id == "stale-microcode" {
        power_cycled(&mut story, case, &found.gap, since);
    }
    offered(&mut story, case, &found.gap);
    lacking(&mut story, case, &found.gap);
    required(&mut story, case, found);
    refused(&mut story, case, &found.refusals);
    other_way(&mut story, case, found);
    story.told()
}

/// `MDCLEAR`, `MDCLEAR, SSBD and 4 more`: the keys without their kind.
fn short(keys: &[String]) -> Text {
    let shown: Vec<String> = keys
        .iter()
        .take(KEYS)
        .map(|key| key.split_once('.').map_or(key.as_str(), |(_, name)| name).to_ascii_uppercase())
        .collect();
    match keys.len().saturating_sub(KEYS) {
        0 => Text::new(list_en(&shown), list_ja(&shown)),
        more => Text::new(
            format!("{} and {more} more", shown.join(", ")),
            format!("{} ほか {more} 個", shown.join("、")),
        ),
    }
}

fn first_power_on(pinned: &[Pinned<'_>]) -> Option<Timestamp> {
    pinned.iter().filter_map(|pinned| pinned.vm?.powered_on_at).min()
}

/// That a host with the features was switched off and on, before any VM required them: microcode takes effect then.
fn power_cycled(story: &mut Story, case: &Case, gap: &Gap, since: Option<Timestamp>) {
    let Some(since) = since else { return };
    let is_cycle = |stop: &&Stop| {
        let up = stop.up.filter(|up| (0..=RECENT).contains(&(since.since(*up) / 1_000_000)));
        gap.have.contains(&stop.host) && stop.how == How::Shutdown && up.is_some()
    };
    let Some(stop) = case.stops.iter().rev().find(is_cycle) else { return };
    let id = &case.hosts[stop.host].id;
    let lines: Vec<&Moment> = stop.lines.iter().filter_map(|&line| case.timeline.get(line)).collect();
    let text = Text::new(
        format!("{id} was shut down and powered on again"),
        format!("{id} がシャットダウンされ、再びパワーオンされました"),
    );
    story.event(Some(stop.host), &lines, text);
}

/// That hosts offer the features: a change of their masks, else the state.
fn offered(story: &mut Story, case: &Case, gap: &Gap) {
    let keys = short(&gap.keys);
    let who = names(case, &gap.have);
    let state: Vec<Evidence> = gap.have.iter().filter_map(|&host| state_line(case, host, gap)).collect();
    let is_change = |moment: &&Moment| {
        let named = || moment.field("features").unwrap_or("").split(',');
        moment.event.kind == EventKind::EVC_MASK_CHANGED
            && only(&gap.have) == Some(moment.host)
            && named().any(|key| gap.keys.iter().any(|own| own.eq_ignore_ascii_case(key)))
    };
    let change = case.timeline.iter().rfind(is_change);
    let bounds = change.and_then(|change| {
        let time = |name: &str| change.field(name)?.parse::<Timestamp>().ok();
        Some((time("not_before")?, time("not_after")?))
    });
    let text = match bounds {
        Some((from, to)) => Text::new(
            format!(
                "Between {} and {} the EVC masks of {} changed: it offers {} since then",
                readable(from),
                readable(to),
                who.en,
                keys.en
            ),
            format!(
                "{} から {} の間に {} の EVC マスクが変わり、以後 {} を提供しています",
                readable(from),
                readable(to),
                who.ja,
                keys.ja
            ),
        ),
        None => Text::new(
            format!("{} {} {}", who.en, verb(gap.have.len(), "offers", "offer"), keys.en),
            format!("{} は {} を提供しています", who.ja, keys.ja),
        ),
    };
    let of_change = change.filter(|_| state.is_empty()).map(Evidence::event);
    let shown = state.into_iter().chain(of_change).collect();
    // Of a change only bounds are known: it is dated by the later one, as its event is.
    let at = change.map(|change| change.time);
    story.beside(only(&gap.have), at, (shown, change.as_slice()), text);
}

/// The line that shows what a host offers of the first feature: its mask, else its capability.
fn state_line(case: &Case, host: usize, gap: &Gap) -> Option<Evidence> {
    let (state, key) = (&case.hosts[host].features, gap.keys.first()?);
    let listed = state.masked.get(key).or_else(|| state.capability.get(key));
    line(host, state.masks.get(key))
        .or_else(|| line(host, listed))
        // What a file does not hold has no line: its last one shows that it was read.
        .or_else(|| line(host, state.config.as_ref()))
}

/// That the other hosts do not, and what their bundles show of the reason.
fn lacking(story: &mut Story, case: &Case, gap: &Gap) {
    let (who, keys, count) = (names(case, &gap.lack), short(&gap.keys), gap.lack.len());
    let mut text = Text::new(
        format!("{} {} not", who.en, verb(count, "does", "do")),
        format!("{} は {} を提供していません", who.ja, keys.ja),
    );
    let mut evidence: Vec<Evidence> = Vec::new();
    match gap.cause.id {
        "stale-microcode" => {
            let revision = |host: &usize| case.hosts[*host].microcode.as_ref();
            let of = |hosts: &[usize]| -> BTreeSet<u64> {
                hosts.iter().filter_map(revision).map(|revision| revision.value).collect()
            };
            let (own, other) = (of(&gap.lack), of(&gap.have));
            if let (Some(own), Some(other)) = (own.first(), other.last())
                && own < other
            {
                text.en.push_str(&format!(": they run microcode 0x{own:x}, not 0x{other:x}"));
                text.ja.push_str(&format!("（マイクロコード 0x{own:x}、提供側は 0x{other:x}）"));
                if count == 1 {
                    text.en = text.en.replace(": they run", ": it runs");
                }
                evidence.extend(gap.lack.iter().take(2).filter_map(|&host| line(host, revision(&host))));
                evidence.extend(gap.have.iter().take(1).filter_map(|&host| line(host, revision(&host))));
            }
        }
        "patch-level" => {
            let line_of = |&host: &usize| line(host, case.hosts[host].product.as_ref());
            let releases = |hosts: &[usize]| -> Vec<String> {
                let all: BTreeSet<String> =
                    hosts.iter().map(|&host| crate::verdict::version::release(&case.hosts[host])).collect();
                all.into_iter().collect()
            };
            let (own, other) = (releases(&gap.lack), releases(&gap.have));
            if own != other {
                text.en.push_str(&format!(": ESXi {}, not {}", list_en(&own), list_en(&other)));
                text.ja.push_str(&format!(
                    "（ESXi {}、提供側は {}）",
                    crate::verdict::version::in_ja(&list_ja(&own)),
                    crate::verdict::version::in_ja(&list_ja(&other))
                ));
                evidence.extend(gap.lack.iter().take(2).filter_map(line_of));
                evidence.extend(gap.have.iter().take(1).filter_map(line_of));
            }
        }
        _ => {}
    }
    if evidence.is_empty() {
        evidence.extend(gap.lack.iter().filter_map(|&host| state_line(case, host, gap)));
    }
    story.state(only(&gap.lack), evidence, text);
}

/// That VMs were powered on where the features are, and require them since.
fn required(story: &mut Story, case: &Case, found: &Mismatch<'_>) {
    let known: Vec<(usize, &Vm)> =
        found.pinned.iter().filter_map(|pinned| Some((pinned.host, pinned.vm?))).collect();
    needs(story, case, &known, &found.gap.keys);
}

fn needs(story: &mut Story, case: &Case, known: &[(usize, &Vm)], keys: &[String]) {
    let line_of = |(host, vm): &(usize, &Vm)| {
        let need = vm.requires.iter().find(|need| keys.contains(&need.key))?;
        Some((vm.powered_on_at, vm.name.clone(), *host, Evidence::requirement(*host, need)))
    };
    let mut told: Vec<_> = known.iter().filter_map(line_of).collect();
    told.sort_by(|a, b| (a.0.is_none(), a.0, &a.1).cmp(&(b.0.is_none(), b.0, &b.1)));
    let mut called: Vec<String> = told.iter().map(|(_, name, ..)| name.clone()).collect();
    called.dedup();
    let mut hosts: Vec<usize> = told.iter().map(|(_, _, host, _)| *host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let (vms, on, keys) = (vms(&called), names(case, &hosts), short(keys));
    let time = told.iter().filter_map(|(at, ..)| *at).min();
    let evidence: Vec<Evidence> = told.iter().map(|(.., line)| line.clone()).collect();
    let count = called.len();
    let text = match (time, count) {
        (Some(_), 1) => Text::new(
            format!("{} was powered on on {} and requires {}", vms.en, on.en, keys.en),
            format!("{} がパワーオンされ、以後 {} を必要としています（{}）", vms.ja, keys.ja, on.ja),
        ),
        (Some(_), _) => Text::new(
            format!("{} were powered on, one after another, on {} and require {}", vms.en, on.en, keys.en),
            format!(
                "{}が順にパワーオンされ、以後 {} を必要としています（{}）",
                super::host::spaced(&vms.ja),
                keys.ja,
                on.ja
            ),
        ),
        (None, _) => Text::new(
            format!("{} on {} {} {}", vms.en, on.en, verb(count, "requires", "require"), keys.en),
            format!("{} の{}は {} を必要としています", on.ja, vms.ja, keys.ja),
        ),
    };
    story.beside(only(&hosts), time, (evidence, &power_ons(case, known)), text);
}

/// The records of the power-ons since which the VMs run.
fn power_ons<'c>(case: &'c Case, known: &[(usize, &Vm)]) -> Vec<&'c Moment> {
    let mut told: Vec<&Moment> = Vec::new();
    for (_, vm) in known {
        let Some(at) = vm.powered_on_at else { continue };
        let about = near(case, at, (Vm::ONE_POWER_ON, Vm::ONE_POWER_ON));
        told.extend(about.iter().filter(|moment| vm.is_powered_on_by(moment)));
    }
    told
}

/// The refused migrations: the first one, then how many and until when.
fn refused(story: &mut Story, case: &Case, refusals: &[&Moment]) {
    let Some((first, more)) = refusals.split_first() else { return };
    let vm = vm(first.field("vm"));
    let host = crate::verdict::features::home(case, first);
    let targets: Vec<&str> =
        first.field("target").into_iter().flat_map(|targets| targets.split(',')).collect();
    let text = if targets.is_empty() {
        Text::new(
            format!("The migration of {} was refused", vm.en),
            format!("{}の移行が拒否されました", vm.ja),
        )
    } else {
        Text::new(
            format!("The migration of {} to {} was refused", vm.en, list_en(&targets)),
            format!("{}の {} への移行が拒否されました", vm.ja, list_ja(&targets)),
        )
    };
    story.event(host, &[first], text);
    let Some(last) = more.last() else { return };
    let called = super::story::vms_of(more);
    let listed =
        if called.len() > NAMED { vms(&called) } else { Text::new(list_en(&called), list_ja(&called)) };
    let count = more.len();
    let text = match count {
        1 => Text::new(
            format!("Another migration was refused{}", bracketed(&listed.en)),
            format!("別の移行も拒否されました{}", bracketed_ja(&listed.ja)),
        ),
        _ => Text::new(
            format!(
                "{count} more migrations were refused{}, the last at {}",
                bracketed(&listed.en),
                readable(last.time)
            ),
            format!(
                "さらに {count} 件の移行が拒否されました{}。最後は {} です",
                bracketed_ja(&listed.ja),
                readable(last.time)
            ),
        ),
    };
    story.event(None, more, text);
}

fn bracketed(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

fn bracketed_ja(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("（{text}）") }
}

/// That a VM could move the other way, to a host with the features.
fn other_way(story: &mut Story, case: &Case, found: &Mismatch<'_>) {
    let goes_up = |migration: &&Migration| {
        let within = |end: Option<usize>, hosts: &[usize]| end.is_some_and(|host| hosts.contains(&host));
        migration.outcome == Outcome::Succeeded
            && within(migration.source, &found.gap.lack)
            && within(migration.destination, &found.gap.have)
    };
    let Some(done) = case.migrations.iter().rev().find(goes_up) else { return };
    let moments = done.moments.iter().filter_map(|&at| case.timeline.get(at));
    let lines: Vec<&Moment> =
        moments.filter(|moment| moment.event.kind == EventKind::VMOTION_SUCCESS).collect();
    let (Some(from), Some(to)) = (done.source, done.destination) else { return };
    let (from, id) = (&case.hosts[from].id, &case.hosts[to].id);
    let vm = vm(done.vm.as_deref());
    let text = Text::new(
        format!("{} could still move from {from} to {id}: this way works", vm.en),
        format!("{}は {from} から {id} に移行できました（この方向は成功）", vm.ja),
    );
    story.event(done.destination, &lines, text);
}

pub(super) fn of_stuck(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let mut all = scene.features.iter().flat_map(|answer| &answer.stuck);
    let is_its = |(cause, stuck): &(&&'static str, &Stuck<'_>)| {
        let told = if stuck.refusals.is_empty() { &stuck.above } else { &stuck.refusals };
        cause_id(cause) == finding.cause.0 && told.len() as u64 == finding.count
    };
    let Some((_, stuck)) = all.find(is_its) else { return Vec::new() };
    let case = scene.case;
    let mut story = Story::default();
    let known: Vec<(usize, &Vm)> = stuck.vms.iter().map(|(host, vm, _)| (*host, *vm)).collect();
    let mut keys: Vec<String> = stuck.vms.iter().flat_map(|(_, _, keys)| keys.iter().cloned()).collect();
    keys.sort();
    keys.dedup();
    needs(&mut story, case, &known, &keys);
    let called = super::story::vms_of(&stuck.above);
    let text = Text::new(
        format!("vCenter Server found {} above the EVC mode of the host", vms(&called).en),
        format!(
            "vCenter Server が{}の要件がホストの EVC モードを超えていることを検出しました",
            super::host::spaced(&vms(&called).ja)
        ),
    );
    story.event(None, &stuck.above, text);
    refused(&mut story, case, &stuck.refusals);
    story.told()
}
