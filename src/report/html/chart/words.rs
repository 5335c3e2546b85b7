//! The words that the script of the timeline needs, in English and Japanese. `{0}` is a place for a value.

use std::collections::BTreeMap;

use super::super::super::labels::Labels;

/// Name, English, Japanese.
const WORDS: &[(&str, &str, &str)] = &[
    ("family_vmotion", "vMotion", "vMotion"),
    ("family_vm", "Virtual machine", "仮想マシン"),
    ("family_vsan", "vSAN", "vSAN"),
    ("family_host", "Host", "ホスト"),
    ("family_ha", "vSphere HA", "vSphere HA"),
    ("family_net", "Network", "ネットワーク"),
    ("family_storage", "Storage", "ストレージ"),
    ("family_evc", "EVC", "EVC"),
    ("family_service", "Time, services and tasks", "時刻・サービス・タスク"),
    ("picture", "Timeline of {0} hosts, {1}", "ホスト {0} 台のタイムライン：{1}"),
    (
        "keys",
        "Keys: ← → pan, + − zoom, 0 whole period, i incident, ↑ ↓ other host, n and p next and previous event, Enter opens its record, Esc leaves.",
        "キー操作：← → 移動、+ − 拡大/縮小、0 全期間、i 障害発生前後、↑ ↓ ホストの選択、n/p 次/前のイベント、Enter レコードを表示、Esc 終了。",
    ),
    (
        "mouse",
        "Drag to pan, double-click or Ctrl + wheel to zoom, Shift + drag to choose a time window; click a sign to see its record.",
        "ドラッグで移動、ダブルクリックまたは Ctrl + ホイールで拡大/縮小、Shift + ドラッグで期間を指定、記号のクリックでレコードを表示します。",
    ),
    ("zoom_in", "Zoom in", "拡大"),
    ("zoom_out", "Zoom out", "縮小"),
    ("whole", "Whole period", "全期間"),
    ("incident", "Incident", "障害発生前後"),
    ("copy_link", "Copy link to this view", "この表示へのリンクをコピー"),
    ("copied", "Copied", "コピー済み"),
    ("quiet", "{0} quiet hosts", "警告のないホスト {0} 台"),
    ("others", "{0} other hosts", "その他のホスト {0} 台"),
    ("fold", "Fold hosts without warnings", "警告のないホストをまとめる"),
    ("fold_others", "Fold the other hosts", "その他のホストをまとめる"),
    ("all_hosts", "All hosts", "すべてのホスト"),
    ("all_kinds", "All kinds", "すべての種別"),
    ("some_hosts", "{0} hosts", "ホスト {0} 台"),
    ("some_kinds", "{0} kinds", "種別 {0} 件"),
    ("all_severities", "All severities", "すべての重大度"),
    ("and_worse", "{0} and worse", "{0}以上"),
    ("all_findings", "All findings", "すべての検出事項"),
    ("only_finding", "Finding {0}", "検出事項 {0}"),
    ("shown", "{0} of {1} shown", "{1} 件中 {0} 件を表示"),
    ("earlier", "Earlier rows", "前の行を表示"),
    ("later", "More rows", "続きの行を表示"),
    ("nothing", "No event fits the filter.", "条件に一致するイベントはありません。"),
    (
        "not_a_time",
        "Not a time: write 2026-11-23 02:10",
        "時刻の形式が正しくありません（例：2026-11-23 02:10）",
    ),
    (
        "was_reset",
        "The filter was reset to show this event.",
        "このイベントを表示するため、フィルタを解除しました。",
    ),
    (
        "not_listed",
        "This event is not listed here; it is in report.json.",
        "このイベントは一覧に含まれていません。report.json を参照してください。",
    ),
    ("events_in", "{0} events, {1}", "イベント {0} 件、{1}"),
    ("one_event_in", "1 event, {0}", "イベント 1 件、{0}"),
    ("and_more", "and {0} more here", "ほか {0} 件"),
    ("no_more", "No further event of {0}", "{0} にこれ以上のイベントはありません"),
    ("of_lane", "{0}: {1} rows", "{0}：{1} 行"),
    ("finding", "Finding {0}", "検出事項 {0}"),
    ("since_before", "since before the logs", "ログの開始前から"),
    ("not_over", "not over", "継続中"),
    ("repeats", "Repeats", "繰り返し"),
    (
        "listed_only",
        "With a text or a finding, only listed events are drawn.",
        "文字列または検出事項で絞り込むと、一覧のイベントのみが図に表示されます。",
    ),
];

/// Every word by its name.
pub fn all(l: &Labels) -> BTreeMap<&'static str, &'static str> {
    WORDS.iter().map(|(name, en, ja)| (*name, l.pick(en, ja))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::super::labels::labels;
    use super::*;
    use crate::model::Lang;

    #[test]
    fn each_word_is_there_once_and_used() {
        let names: BTreeSet<&str> = WORDS.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names.len(), WORDS.len());
        let script = super::super::super::SCRIPT;
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        for part in script.split("say(\"").skip(1) {
            asked.insert(part.split('"').next().unwrap_or_default());
        }
        let families: BTreeSet<&str> = super::super::FAMILIES.iter().map(|(_, word)| *word).collect();
        asked.extend(families);
        // Some are chosen between before they are asked for.
        asked.extend(names.iter().copied().filter(|name| script.contains(&format!("\"{name}\""))));
        assert_eq!(asked, names);
    }

    #[test]
    fn places_for_values_are_the_same_in_both_languages() {
        for (name, en, ja) in WORDS {
            for place in ["{0}", "{1}", "{2}"] {
                assert!(en.contains(place) == ja.contains(place), "{name}");
            }
        }
        assert_eq!(all(labels(Lang::Ja))["fold"], "警告のないホストをまとめる");
    }
}
