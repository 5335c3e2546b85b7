//! The words of the section on migrations, in English and Japanese beside each other.

use std::collections::BTreeMap;

use super::super::labels::{Labels as Common, fill, fill_count};
use super::MigrationInfo;
use crate::case::Outcome;

labels! {
    title: "Migrations", "仮想マシンの移行（vMotion）";
    total: "1 migration|{0} migrations", "移行 {0} 件";
    n_succeeded: "{0} succeeded", "成功 {0} 件";
    n_failed: "{0} failed", "失敗 {0} 件";
    n_refused: "{0} refused", "拒否 {0} 件";
    n_cancelled: "{0} cancelled", "キャンセル {0} 件";
    n_unknown: "{0} of unknown outcome", "結果不明 {0} 件";
    time: "Time (UTC)", "日時（UTC）";
    vm: "VM", "仮想マシン";
    route: "From → to", "移行元 → 移行先";
    outcome: "Outcome", "結果";
    reason: "Reason", "理由";
    duration: "Duration", "所要時間";
    bandwidth: "Bandwidth", "帯域幅";
    downtime: "Downtime", "停止時間";
    succeeded: "succeeded", "成功";
    failed: "failed", "失敗";
    refused: "refused: CPU features", "拒否（CPU 機能）";
    cancelled: "cancelled", "キャンセル";
    unknown: "unknown", "不明";
    told_by_source: "{0} ({1}, source)", "{0}（{1}、移行元）";
    told_by_destination: "{0} ({1}, destination)", "{0}（{1}、移行先）";
    told_by: "{0} ({1})", "{0}（{1}）";
    evacuations: "Evacuations for maintenance mode", "メンテナンス モードへの移行に伴う退避";
    entered: "{0} entered maintenance mode", "{0} はメンテナンス モードに切り替わりました";
    not_entered: "{0} did not enter maintenance mode", "{0} はメンテナンス モードに切り替わりませんでした";
    may_have: "{0} was told to enter maintenance mode; how that ended is not known",
        "{0} にメンテナンス モードへの切り替えが要求されました（結果不明）";
    order: "Order of the rows: failed and refused ones, then cancelled ones, those of unknown outcome and those that succeeded; each by time.",
        "行の並び順：失敗・拒否、キャンセル、結果不明、成功の順。同じ結果の中では日時順です。";
    millis: "{0} ms", "{0} ミリ秒";
    seconds: "{0} s", "{0} 秒";
    minutes: "{0} min {1} s", "{0} 分 {1} 秒";
    sum: "{0}: {1}", "{0}：{1}";
    between: ", ", "、";
    others: "Other migrations", "その他の移行";
}

/// The words in the language of `common`.
pub fn words(common: &Common) -> &'static Labels {
    if common.tag == JA.tag { &JA } else { &EN }
}

/// How one outcome is told.
pub(super) struct OutcomeWords {
    /// The word of a row.
    pub word: &'static str,
    /// `{0} failed`
    pub counted: &'static str,
    /// How soon a reader wants to see it: 0 first.
    pub rank: u8,
    /// The severity whose colour it has; `None` where all is well.
    pub severity: Option<&'static str>,
}

/// How `outcome` is told.
pub(super) fn outcome(outcome: Outcome, l: &'static Labels) -> OutcomeWords {
    let (word, counted, rank, severity) = match outcome {
        Outcome::Succeeded => (l.succeeded, l.n_succeeded, 3, None),
        Outcome::Failed => (l.failed, l.n_failed, 0, Some("error")),
        Outcome::Refused => (l.refused, l.n_refused, 0, Some("error")),
        Outcome::Cancelled => (l.cancelled, l.n_cancelled, 1, Some("warning")),
        Outcome::Unknown => (l.unknown, l.n_unknown, 2, Some("warning")),
    };
    OutcomeWords { word, counted, rank, severity }
}

/// `200 migrations: 165 succeeded, 30 failed`
pub(super) fn numbers(list: &[&MigrationInfo], l: &'static Labels) -> String {
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for one in list {
        *counts.entry(one.outcome).or_default() += 1;
    }
    let told: Vec<String> =
        counts.into_iter().map(|(of, count)| fill_count(outcome(of, l).counted, count)).collect();
    fill(l.sum, &[&fill_count(l.total, list.len() as u64), &told.join(l.between)])
}
