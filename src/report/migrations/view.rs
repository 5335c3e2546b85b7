//! The section on migrations as rows of text, for every output that shows it.

use super::super::labels::{Labels as Common, fill};
use super::super::model::Report;
use super::super::show;
use super::words::{Labels, numbers, outcome, words};
use super::{EvacuationInfo, MigrationEnd, MigrationInfo};
use crate::case::{Reached, Side};

/// The section, not escaped.
pub struct View {
    /// `200 migrations: 165 succeeded, 30 failed, …`
    pub numbers: String,
    /// How the rows are ordered; `None` where there is one.
    pub order: Option<&'static str>,
    /// Those of no evacuation.
    pub others: MigrationTable,
    /// What is above the others, where there are evacuations beside them.
    pub others_title: Option<&'static str>,
    /// The evacuations, in the order of the report.
    pub evacuations: Vec<Evacuated>,
}

/// One evacuation and its migrations.
pub struct Evacuated {
    /// What became of it, and when.
    pub title: String,
    /// Whether the host did not get there.
    pub is_failed: bool,
    /// Its numbers.
    pub numbers: String,
    /// Its migrations.
    pub table: MigrationTable,
}

/// Some migrations, those that did not succeed first.
pub struct MigrationTable {
    /// What is shown.
    pub rows: Vec<Row>,
    /// How many more there are.
    pub rest: Option<String>,
}

/// One migration.
pub struct Row {
    /// When it began, or ended.
    pub time: String,
    /// The VM.
    pub vm: String,
    /// `esx1 → esx2`
    pub route: String,
    /// How it ended.
    pub outcome: &'static str,
    /// The severity whose colour it has; `None` where all is well.
    pub severity: Option<&'static str>,
    /// Why it failed, and who says so.
    pub reason: String,
    /// `9.412 s`
    pub duration: String,
    /// `1080 MB/s`
    pub bandwidth: String,
    /// `210 ms`
    pub downtime: String,
    /// `migration 1234 · operation ab12`: the ids by which it can be followed.
    pub ids: Option<String>,
}

/// The section with at most `max` rows a table; `None` where there are no migrations.
pub fn view(report: &Report, max: usize, common: &Common) -> Option<View> {
    if report.migrations.is_empty() {
        return None;
    }
    let l = words(common);
    let all: Vec<&MigrationInfo> = report.migrations.iter().collect();
    let others: Vec<&MigrationInfo> = all.iter().copied().filter(|one| one.evacuation.is_none()).collect();
    let evacuated = |evacuation: &EvacuationInfo| {
        let own: Vec<&MigrationInfo> =
            evacuation.migrations.iter().filter_map(|&at| report.migrations.get(at)).collect();
        Evacuated {
            title: title(evacuation, l, common),
            is_failed: evacuation.outcome == Reached::Failed,
            numbers: numbers(&own, l),
            table: table(&own, max, l, common),
        }
    };
    Some(View {
        numbers: numbers(&all, l),
        order: (all.len() > 1).then_some(l.order),
        others_title: (!report.evacuations.is_empty() && !others.is_empty()).then_some(l.others),
        others: table(&others, max, l, common),
        evacuations: report.evacuations.iter().map(evacuated).collect(),
    })
}

fn title(evacuation: &EvacuationInfo, l: &Labels, common: &Common) -> String {
    let host = evacuation.host.as_deref().or(evacuation.name.as_deref()).unwrap_or("–");
    let form = match evacuation.outcome {
        Reached::Entered => l.entered,
        Reached::Failed => l.not_entered,
        Reached::Unknown => l.may_have,
    };
    let span = common.zone.span_or_none(evacuation.started, evacuation.ended);
    let span = span.map_or_else(String::new, |span| format!(" · {span}"));
    format!("{}{span}", fill(form, &[host]))
}

fn table(list: &[&MigrationInfo], max: usize, l: &'static Labels, common: &Common) -> MigrationTable {
    let mut sorted = list.to_vec();
    // By the time that the row shows; the sort is stable.
    sorted.sort_by_key(|one| (outcome(one.outcome, l).rank, one.started.or(one.ended)));
    let rest = sorted.len().saturating_sub(max);
    MigrationTable {
        rows: sorted.into_iter().take(max).map(|one| row(one, l, common)).collect(),
        rest: (rest > 0).then(|| fill(common.more_in_json, &[&show::count(rest as u64)])),
    }
}

fn row(one: &MigrationInfo, l: &'static Labels, common: &Common) -> Row {
    let dash = || "–".to_owned();
    let told = outcome(one.outcome, l);
    let known = one.started.zip(one.ended).map(|(from, to)| to.since(from)).filter(|micros| *micros >= 0);
    Row {
        time: common.zone.second_or_dash(one.started.or(one.ended)),
        vm: one.vm.clone().unwrap_or_else(dash),
        route: format!("{} → {}", end(&one.source), end(&one.destination)),
        outcome: told.word,
        severity: told.severity,
        reason: reason(one, l),
        duration: known.map_or_else(dash, |micros| seconds(micros, l)),
        bandwidth: one.bandwidth_mb_s.map_or_else(dash, |rate| format!("{} MB/s", show::count(rate))),
        downtime: one.downtime_ms.map_or_else(dash, |millis| fill(l.millis, &[&show::count(millis)])),
        ids: ids(one, common),
    }
}

fn end(end: &MigrationEnd) -> &str {
    end.host.as_deref().or(end.name.as_deref()).or(end.address.as_deref()).unwrap_or("–")
}

/// `Timeout 0xbad0021 (esx2, destination)`
fn reason(one: &MigrationInfo, l: &Labels) -> String {
    let Some(text) = &one.reason else { return String::new() };
    let text = show::cut(text, 200);
    let text = match one.status.as_deref().filter(|status| !text.contains(status)) {
        Some(status) => format!("{text} {status}"),
        None => text,
    };
    let Some(by) = one.reason_by.as_deref() else { return text };
    let form = match one.reason_side {
        Some(Side::Source) => l.told_by_source,
        Some(Side::Destination) => l.told_by_destination,
        None => l.told_by,
    };
    fill(form, &[&text, by])
}

fn ids(one: &MigrationInfo, common: &Common) -> Option<String> {
    let id = one.id.as_deref().map(|id| fill(common.migration_id, &[id]));
    let operation = one.operation.as_deref().map(|root| fill(common.operation, &[root]));
    let told: Vec<String> = id.into_iter().chain(operation).collect();
    (!told.is_empty()).then(|| told.join(" · "))
}

/// `9.4 s`, `2 min 05 s`
fn seconds(micros: i64, l: &Labels) -> String {
    let tenths = micros / 100_000;
    match tenths / 10 {
        whole if whole < 60 => fill(l.seconds, &[&format!("{whole}.{}", tenths % 10)]),
        whole => fill(l.minutes, &[&(whole / 60).to_string(), &format!("{:02}", whole % 60)]),
    }
}
