//! A host's clock as the report tells it.

use super::build::id;
use super::features::fold;
use super::labels::{Labels, fill};
use super::model::{ClockInfo, ClockStep, HostInfo};
use crate::case::{Basis, Case, Clock, Comparison, Reference, millis};
use crate::model::{Lang, Text};

/// What is known of the clock of host `index`.
pub(super) fn clock_info(case: &Case, index: usize, lang: Lang) -> ClockInfo {
    let host = &case.hosts[index];
    let Some(clock) = &host.clock else {
        let basis = Text::new(
            "no event is told by this host and by another host that is compared",
            "このホストと、比較済みの他のホストの両方に記録されたイベントがありません",
        );
        return ClockInfo { basis: basis.get(lang).to_owned(), ..ClockInfo::default() };
    };
    let basis = basis(case, clock).get(lang).to_owned();
    if !clock.basis.is_compared() {
        return ClockInfo { basis, ..ClockInfo::default() };
    }
    ClockInfo {
        offset_ms: Some(millis(clock.ahead_at_end(host.newest_record()))),
        uncertainty_ms: Some(millis(clock.uncertainty)),
        basis,
        reference: clock.reference,
        pairs: clock.basis.count() as u64,
        drift_ms_per_day: clock.gains_millis_a_day(),
        steps: clock.steps.iter().map(|step| ClockStep { at: step.at, by_ms: millis(step.by) }).collect(),
    }
}

/// `6 migrations and 41 operations in common with vc01`
fn basis(case: &Case, clock: &Clock) -> Text {
    if clock.reference {
        let text = Text::new(
            "reference: the clocks of the other hosts are compared with this one",
            "基準：他のホストの時計はこのホストと比較しています",
        );
        return within(case, clock, text);
    }
    let common = common(case, &clock.basis);
    match clock.basis.comparison {
        Comparison::Made => within(case, clock, common),
        Comparison::Contradictory => Text::new(
            "what this host and others tell of the same events contradicts itself",
            "このホストと他のホストに共通するイベントの時刻が互いに矛盾しています",
        ),
        // A difference that is told as nothing is no difference to tell.
        Comparison::OfOneEvent { ahead } if seconds(millis(ahead.abs())) == seconds(0) => Text::new(
            format!("{}; one event alone is no comparison", common.en),
            format!("{}。1 件のイベントのみでは比較できません", common.ja),
        ),
        Comparison::OfOneEvent { ahead } => {
            let by = seconds(millis(ahead.abs()));
            let (way, way_ja) = if ahead < 0 { ("behind", "遅れ") } else { ("ahead", "進み") };
            Text::new(
                format!(
                    "{}; one event alone is no comparison (by it {by} s {way} would be possible)",
                    common.en
                ),
                format!(
                    "{}。1 件のイベントのみでは比較できません（そのイベントによれば {by} 秒の{way_ja}の可能性）",
                    common.ja
                ),
            )
        }
        Comparison::OfTooFew => Text::new(
            format!("{}; too few of this sort for a comparison", common.en),
            format!("{}。この種類のイベントとしては少なすぎるため比較できません", common.ja),
        ),
    }
}

/// What is told in common, and with whom.
fn common(case: &Case, basis: &Basis) -> Text {
    let (en, ja) = told(basis);
    let (en, ja) = (en.join(" and "), ja.join("、"));
    let with: Vec<String> = basis.with.iter().map(|&host| id(case, host)).collect();
    if with.is_empty() {
        return Text::new(en, ja);
    }
    Text::new(format!("{en} in common with {}", with.join(", ")), format!("{} と共通：{ja}", with.join("、")))
}

/// The same, where some hosts were compared only with each other.
fn within(case: &Case, clock: &Clock, text: Text) -> Text {
    if clock.within.is_empty() {
        return text;
    }
    let names: Vec<String> = clock.within.iter().map(|&host| id(case, host)).collect();
    let (against, against_ja) = match clock.against {
        Some(Reference::Host(host)) if !clock.reference => {
            (format!(" against {}", id(case, host)), format!("{} を基準に、", id(case, host)))
        }
        _ => (String::new(), String::new()),
    };
    Text::new(
        format!("{}; compared{against} within {} only", text.en, names.join(", ")),
        format!("{}。{against_ja}{} の間でのみ比較しています", text.ja, names.join("、")),
    )
}

/// Each sort of event that is there, with its number.
fn told(basis: &Basis) -> (Vec<String>, Vec<String>) {
    let sorts = [
        (basis.migrations, "migration|migrations", "移行"),
        (
            basis.memberships,
            "change of the vSAN membership|changes of the vSAN membership",
            "vSAN メンバーシップの変更",
        ),
        (basis.operations, "operation|operations", "操作"),
        (
            basis.roots,
            "operation that vCenter Server began|operations that vCenter Server began",
            "vCenter Server が開始した操作",
        ),
        (
            basis.made_ids,
            "migration id that tells vCenter Server's time|migration ids that tell vCenter Server's time",
            "vCenter Server の時刻を示す移行 ID",
        ),
        (
            basis.ha_records,
            "record of vSphere HA on the difference of two clocks|records of vSphere HA on the difference of two clocks",
            "時計の差を示す vSphere HA の記録",
        ),
    ];
    let there = sorts.into_iter().filter(|(count, ..)| *count > 0);
    let said = |(count, en, ja): (usize, &str, &str)| {
        let (one, many) = en.split_once('|').unwrap_or((en, en));
        (format!("{count} {}", if count == 1 { one } else { many }), format!("{ja} {count} 件"))
    };
    there.map(said).unzip()
}

/// `97.5 s ahead ± 0.4 s`: how a host's clock stands against the reference.
pub fn clock_text(clock: &ClockInfo, l: &Labels) -> String {
    let Some(offset) = clock.offset_ms else { return l.unknown.to_owned() };
    if clock.reference {
        return l.clock_reference.to_owned();
    }
    let told = match offset {
        0 => l.clock_right.to_owned(),
        1.. => fill(l.clock_ahead, &[&seconds(offset)]),
        _ => fill(l.clock_behind, &[&seconds(-offset)]),
    };
    match clock.uncertainty_ms {
        Some(unsure) => format!("{told} ± {}", fill(l.clock_seconds, &[&seconds(unsure)])),
        None => told,
    }
}

/// What the times of the report are by: which clock, whose times were corrected, and which were not compared.
pub fn clock_note(hosts: &[HostInfo], l: &Labels) -> String {
    let compared = |host: &&HostInfo| host.clock.offset_ms.is_some();
    if !hosts.iter().any(|host| compared(&host)) {
        return l.in_zone(l.corrected_note);
    }
    let names = |chosen: Vec<&HostInfo>| {
        let ids: Vec<&str> = chosen.iter().map(|host| host.id.as_str()).collect();
        fold(&ids, NAMED, l)
    };
    let reference = hosts.iter().find(|host| host.clock.reference);
    let is_corrected = |host: &&HostInfo| {
        host.clock.offset_ms.is_some_and(|offset| offset != 0) || !host.clock.steps.is_empty()
    };
    let corrected: Vec<&HostInfo> = hosts.iter().filter(is_corrected).collect();
    let unknown: Vec<&HostInfo> = hosts.iter().filter(|host| !compared(host)).collect();
    let by =
        reference.map_or_else(|| l.in_zone(l.times_by_ids), |host| fill(&l.in_zone(l.times_by), &[&host.id]));
    let corrected = (!corrected.is_empty()).then(|| fill(l.times_corrected, &[&names(corrected)]));
    let unknown = (!unknown.is_empty()).then(|| fill(l.times_not_compared, &[&names(unknown)]));
    [corrected, unknown].into_iter().flatten().fold(by, |told, more| l.both(&told, &more))
}

/// Hosts that a note names.
const NAMED: usize = 8;

/// `97.5`: seconds with one digit, below one with two.
fn seconds(millis: i64) -> String {
    let seconds = millis as f64 / 1e3;
    if millis.abs() < 1_000 { format!("{seconds:.2}") } else { format!("{seconds:.1}") }
}

#[cfg(test)]
mod tests {
    use super::super::labels::labels;
    use super::*;

    #[test]
    fn a_clock_is_told_in_seconds() {
        let (en, ja) = (labels(Lang::En), labels(Lang::Ja));
        let clock = |offset, unsure| ClockInfo {
            offset_ms: Some(offset),
            uncertainty_ms: Some(unsure),
            ..ClockInfo::default()
        };
        assert_eq!(clock_text(&clock(97_480, 400), en), "97.5 s ahead ± 0.40 s");
        assert_eq!(clock_text(&clock(-12_000, 1_250), en), "12.0 s behind ± 1.2 s");
        assert_eq!(clock_text(&clock(0, 400), en), "no difference ± 0.40 s");
        assert_eq!(clock_text(&clock(97_480, 400), ja), "97.5 秒進んでいる ± 0.40 秒");
        assert_eq!(clock_text(&ClockInfo::default(), en), "unknown");
    }

    #[test]
    fn the_note_names_the_reference_the_corrected_and_those_not_compared() {
        let host = |id: &str, clock: ClockInfo| HostInfo { id: id.to_owned(), clock, ..HostInfo::default() };
        let of = |offset_ms| ClockInfo {
            offset_ms,
            uncertainty_ms: offset_ms.map(|_| 400),
            ..ClockInfo::default()
        };
        let reference = ClockInfo { reference: true, ..of(Some(0)) };
        let hosts = [host("a", reference), host("b", of(Some(97_500))), host("c", of(None))];
        let note = clock_note(&hosts, labels(Lang::En));
        assert!(
            note.contains("clock of a") && note.contains("Corrected: b.") && note.contains("compared: c."),
            "{note}"
        );
        let none = clock_note(&hosts[2..], labels(Lang::En));
        assert_eq!(none, labels(Lang::En).corrected_note);
    }
}
