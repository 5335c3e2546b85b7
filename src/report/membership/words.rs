//! The words of the witness matrix, in English and Japanese beside each other.

use super::super::features::fold;
use super::super::labels::{Labels as Common, choose, fill, fill_count};
use super::super::show;
use super::AnswerInfo;
use crate::verdict::AnswerKind;

labels! {
    title: "Who lost whom (vSAN)", "vSAN メンバーシップの相互認識";
    no_answer: "No node lost another, as far as these bundles tell.", "バンドルの範囲では、他のノードを見失ったノードはありません。";
    lost: "The cluster lost {0}.", "{0} がクラスタから離脱しました。";
    lost_by: "The cluster lost {0}, as {1} tells.|The cluster lost {0}, as {1} tell.", "{0} がクラスタから離脱しました（検知：{1}）。";
    isolated: "{0} lost everyone, and {1} lost {0}.", "{0} は他のすべてのノードとの接続を失い、{1} も {0} との接続を失いました。";
    isolated_alone: "{0} lost everyone.", "{0} は他のすべてのノードとの接続を失いました。";
    split: "The cluster split: {0}.", "クラスタが分断されました：{0}。";
    only_some: "Only {0} lost {1}.", "{1} との接続を失ったのは {0} のみです。";
    only_some_others: "Only {0} lost {1}; 1 other still sees it.|Only {0} lost {1}; {2} others still see it.",
        "{1} との接続を失ったのは {0} のみです。他の {2} 台は引き続き {1} をメンバーと認識しています。";
    only_vcenter: "Only vCenter lost {0}: its vSAN peers still count it.",
        "{0} との接続を失ったのは vCenter Server のみです。vSAN のピアは引き続き {0} をメンバーと認識しています。";
    since: "since {0}", "{0} から継続";
    began: "began {0}; over", "{0} に発生、復旧済み";
    over: "over", "復旧済み";
    lasted: "{0}; over", "{0}、復旧済み";

    caption: "Each row is who says it, each column is of whom.", "行は証言するホスト、列は対象ノードです。";
    caption_hover: "Hold the pointer over a cell to see when, and in which file and line.",
        "セルにポインタを合わせると、時刻とログの位置が表示されます。";
    says_of: "says ↓ of →", "行 ↓ 対象 →";
    witness: "witness", "監視ホスト";
    witness_long: "witness appliance", "監視ホスト";
    columns: "Columns", "列";
    all_rows: "Every host in a row of its own ({0})", "全 {0} 台を 1 行ずつ表示";
    group_row: "{0} ({1})", "{0}（{1}）";
    said_by: "What the logs say", "ログの記録";
    by: "Says", "証言元";
    of: "Of", "対象";
    what: "What", "内容";
    first: "First (UTC)", "最初（UTC）";
    last: "Last (UTC)", "最後（UTC）";
    lines: "Lines", "件数";
    lines_n: "1 line|{0} lines", "{0} 件";
    statement: "{0} of {1}: {2}", "{0} → {1}：{2}";
    left_out: "1 more node, which only log lines name, is left out.|{0} more nodes, which only log lines name, are left out.",
        "ログにのみ現れるノードが他に {0} 個ありますが、省略しています。";
    place: "First at", "最初のログの位置";
    colon: ": ", "：";

    sign_own: "itself", "自ホスト";
    sign_counted: "counted as a member", "メンバーと認識";
    sign_missing: "not counted as a member", "メンバーと認識せず";
    sign_left: "left, and no line says that it is back", "離脱（復帰の記録なし）";
    sign_returned: "lost for a time, and back", "一時離脱後に復帰";
    sign_unreachable: "did not answer; no word that it left", "応答なし（離脱の記録なし）";
    sign_silent: "no word", "情報なし";
    sign_unlisted: "not on its unicast agent list", "ユニキャスト エージェント リストに未登録";
    in_view: "cluster get counts it", "cluster get：メンバーと認識";
    not_in_view: "cluster get does not count it", "cluster get：メンバーと認識せず";
    in_list: "on the unicast agent list", "ユニキャスト エージェント リストに登録済み";

    said_left: "left the membership", "メンバーシップから離脱";
    said_joined: "joined the membership", "メンバーシップに参加";
    said_unreachable: "does not answer in the vSAN network", "vSAN ネットワークで応答なし";
    said_not_responding: "does not answer vCenter", "vCenter Server に応答なし";
    said_disconnected: "disconnected from vCenter", "vCenter Server から切断";
    said_reconnected: "connected to vCenter again", "vCenter Server に再接続";
    said_dead: "declared dead by vSphere HA", "vSphere HA が停止と判定";

    state_title: "vSAN state side by side", "vSAN の状態の比較";
    oddities: "What else is not as it should be", "その他の注意点";
    host: "Host", "ホスト";
    state: "State", "状態";
    health: "Health", "健全性";
    cluster_uuid: "Cluster UUID", "クラスタ UUID";
    master: "Master", "マスター";
    members: "Members", "メンバー数";
    formed: "View formed (UTC)", "メンバーシップ形成時刻（UTC）";
    revision: "Revision", "リビジョン";
    generation: "Config generation", "構成の世代";
    peers: "Unicast peers", "ユニキャスト ピア";
    lacks: "{0}; lacks {1}", "{0}（不足：{1}）";
    maintenance: "Maintenance", "メンテナンス モード";
    decom: "Decom state", "decomState";
    adapters: "vSAN adapters", "vSAN アダプタ";
    no_adapter: "none", "なし";
    adapter_mtu: "MTU", "MTU";
    formats: "Disk format", "ディスク フォーマット";
    ignores: "Ignores member list updates", "メンバー リストの更新を無視";
    yes: "yes", "はい";
    no: "no", "いいえ";
    same: "The same on all hosts: {0}.", "全ホストで共通：{0}。";
    odd: "Highlighted: differs from most hosts, or is not as it should be.", "色付き：多数のホストと異なる値、または通常と異なる値。";
    odd_mark: "◆ marks what differs from most hosts, or is not as it should be.", "◆ は多数のホストと異なる値、または通常と異なる値です。";
    formed_note: "“View formed” is inferred from the membership UUID.", "「メンバーシップ形成時刻」はメンバーシップ UUID から推定した値です。";
}

/// Names in a sentence.
const NAMES: usize = 8;

/// The words in the language of `common`.
pub fn words(common: &Common) -> &'static Labels {
    if common.tag == JA.tag { &JA } else { &EN }
}

fn names(list: &[String], common: &Common) -> String {
    fold(&list.iter().map(String::as_str).collect::<Vec<_>>(), NAMES, common)
}

/// An answer in a sentence. `seeing` is how many others still count the node that it speaks of.
pub(super) fn answer(
    kind: AnswerKind,
    groups: &[Vec<String>],
    by: &[String],
    seeing: usize,
    common: &Common,
) -> String {
    let l = words(common);
    let of = names(groups.last().map_or(&[], Vec::as_slice), common);
    let tellers = names(by, common);
    match kind {
        AnswerKind::Lost if by.is_empty() => fill(l.lost, &[&of]),
        AnswerKind::Lost => fill(choose(l.lost_by, by.len() as u64), &[&of, &tellers]),
        AnswerKind::Isolated => {
            let others: Vec<String> = groups.iter().rev().skip(1).rev().flatten().cloned().collect();
            match others.is_empty() {
                true => fill(l.isolated_alone, &[&of]),
                false => fill(l.isolated, &[&of, &names(&others, common)]),
            }
        }
        AnswerKind::Split => {
            let sides: Vec<String> = groups.iter().map(|group| names(group, common)).collect();
            fill(l.split, &[&sides.join(" | ")])
        }
        AnswerKind::OnlySome if seeing == 0 => fill(l.only_some, &[&tellers, &of]),
        AnswerKind::OnlySome => {
            let text = choose(l.only_some_others, seeing as u64);
            fill(text, &[&tellers, &of, &show::count(seeing as u64)])
        }
        AnswerKind::OnlyVcenter => fill(l.only_vcenter, &[&of]),
    }
}

/// When an answer held: `since …`, `… – …; over`; `None` where nothing is known of that.
pub fn when(answer: &AnswerInfo, common: &Common) -> Option<String> {
    let l = words(common);
    match (answer.at, answer.until, answer.over) {
        (Some(at), Some(until), _) => Some(fill(l.lasted, &[&common.zone.span(at, until)])),
        (Some(at), None, true) => Some(fill(l.began, &[&common.zone.told_or_dash(Some(at))])),
        (Some(at), None, false) => Some(fill(l.since, &[&common.zone.told_or_dash(Some(at))])),
        (None, Some(until), _) => Some(fill(l.lasted, &[&common.zone.told_or_dash(Some(until))])),
        (None, None, true) => Some(l.over.to_owned()),
        (None, None, false) => None,
    }
}

/// What lines say of a node; the word of JSON where there is none.
pub(super) fn said<'a>(what: &'a str, l: &'a Labels) -> &'a str {
    match what {
        "left" => l.said_left,
        "joined" => l.said_joined,
        "unreachable" => l.said_unreachable,
        "not-responding" => l.said_not_responding,
        "disconnected" => l.said_disconnected,
        "reconnected" => l.said_reconnected,
        "dead" => l.said_dead,
        other => other,
    }
}

/// `30 hosts`.
pub(super) fn hosts(count: usize, common: &Common) -> String {
    fill_count(common.hosts_of, count as u64)
}
