//! The words of the section on migrations, in English and Japanese beside each other.

use super::super::labels::{Labels as Common, fill, fill_count};

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
        "{0} にメンテナンス モードへの切り替えが要求されました （結果不明）";
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

/// The word for an outcome; that of JSON where there is none.
pub(super) fn outcome<'a>(outcome: &'a str, l: &'a Labels) -> &'a str {
    match outcome {
        "succeeded" => l.succeeded,
        "failed" => l.failed,
        "refused" => l.refused,
        "cancelled" => l.cancelled,
        "unknown" => l.unknown,
        other => other,
    }
}

/// `200 migrations: 165 succeeded, 30 failed`, the numbers given in the order of `counts`.
pub(super) fn numbers(total: u64, counts: [u64; 5], l: &Labels) -> String {
    let forms = [l.n_succeeded, l.n_failed, l.n_refused, l.n_cancelled, l.n_unknown];
    let told = forms.iter().zip(counts).filter(|(_, count)| *count > 0);
    let told: Vec<String> = told.map(|(form, count)| fill_count(form, count)).collect();
    fill(l.sum, &[&fill_count(l.total, total), &told.join(l.between)])
}
