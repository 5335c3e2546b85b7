//! Codes of events in words: what a title says where no name but a code tells what it is about.

use crate::case::Moment;
use crate::model::Text;
use crate::verdict::{list_en, list_ja};

/// The code, English, Japanese.
type Word = (&'static str, &'static str, &'static str);

/// What the field `what` of a rule may be.
const WORDS: &[Word] = &[
    (
        "cpu.page.correctederrors.high",
        "many corrected errors of one page",
        "特定ページでの訂正済みエラーの多発",
    ),
    (
        "pageretire.selectedmpnthreshold.host.exceeded",
        "too many pages were retired",
        "リタイアされたページ数の超過",
    ),
    (
        "apei.bert.memory.error.corrected",
        "corrected memory error before the boot",
        "起動前の訂正済みメモリ エラー",
    ),
    ("apei.bert.memory.error.fatal", "fatal memory error before the boot", "起動前の致命的なメモリ エラー"),
    (
        "apei.bert.memory.error.recoverable",
        "uncorrected memory error before the boot",
        "起動前の訂正不能なメモリ エラー",
    ),
    ("apei.bert.pcie.error.fatal", "fatal PCIe error before the boot", "起動前の致命的な PCIe エラー"),
    (
        "apei.bert.pcie.error.recoverable",
        "uncorrected PCIe error before the boot",
        "起動前の訂正不能な PCIe エラー",
    ),
    ("pageretire.mce.injected", "injected machine check", "注入されたマシン チェック"),
    (
        "forcefulPageRetire",
        "memory page of a VM that had to be retired",
        "仮想マシンが使用中のメモリ ページの強制リタイア",
    ),
    ("vmtrack", "a VM that took memory too fast", "仮想マシンによる急速なメモリ割り当て"),
    ("noSwapResponse", "a VM that could not be swapped out", "スワップに応答しない仮想マシン"),
    ("MtuMismatchEvent", "MTU", "MTU"),
    ("UplinkPortMtuNotSupportEvent", "MTU of an uplink port", "アップリンク ポートの MTU"),
    ("UplinkPortVlanUntrunkedEvent", "VLANs of an uplink port", "アップリンク ポートの VLAN"),
    ("TeamingMisMatchEvent", "teaming", "チーミング"),
    ("uplink.fail.speed", "LACP, speed", "LACP の速度"),
    ("uplink.fail.duplex", "LACP, duplex", "LACP のデュプレックス"),
    ("uplink.blocked", "LACP, blocked uplink", "LACP によるアップリンクのブロック"),
    ("policy.incompatible", "LACP, teaming policy", "LACP とチーミング ポリシー"),
    ("policy.linkstatus", "LACP, failure detection", "LACP と障害検出ポリシー"),
];

/// What the fabric tells of (FPIN), by its sort and its detail.
const FABRIC: &[Word] = &[
    ("linkintegrity", "link errors", "リンク エラー"),
    ("delivery", "lost frames", "フレームの損失"),
    ("congestion", "congestion", "輻輳"),
];
const FABRIC_DETAILS: &[Word] = &[
    ("creditstall", "credit stall", "クレジット ストール"),
    ("lostcredit", "lost credits", "クレジットの喪失"),
    ("oversubscription", "oversubscription", "オーバーサブスクリプション"),
    ("invalidcrc", "invalid CRC", "CRC エラー"),
    ("linkfailure", "link failure", "リンク障害"),
    ("lossofsignal", "loss of signal", "信号断"),
    ("lossofsync", "loss of synchronisation", "同期の喪失"),
    ("timeout", "timeout", "タイムアウト"),
];

/// A name or code as a reader knows it; what is no code stays.
pub(in crate::verdict) fn told(name: &str) -> Text {
    // A code of one event has versions: `vmtrack.2`, `forcefulPageRetire.64.2`.
    let code = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let word = WORDS.iter().find(|word| word.0 == name || word.0 == code);
    word.map(|word| Text::new(word.1, word.2))
        .or_else(|| fabric(name))
        .unwrap_or_else(|| Text::new(name, name))
}

/// `congestion.creditstall`, `peercongestion.lostcredit`, `linkintegrity.invalidCRC`.
fn fabric(name: &str) -> Option<Text> {
    let (sort, detail) = name.split_once('.')?;
    let (sort, is_peer) = sort.strip_prefix("peer").map_or((sort, false), |sort| (sort, true));
    let sort = FABRIC.iter().find(|word| word.0 == sort)?;
    let lower = detail.to_ascii_lowercase();
    let detail =
        FABRIC_DETAILS.iter().find(|word| word.0 == lower).map_or((detail, detail), |word| (word.1, word.2));
    let (en, ja) = if is_peer { (" of a peer", "接続先の") } else { ("", "") };
    Some(Text::new(format!("{}{en} ({})", sort.1, detail.0), format!("{ja}{}（{}）", sort.2, detail.1)))
}

/// Several of them in a list, each once.
pub(super) fn list(names: &[&str]) -> Text {
    let mut told: Vec<Text> = Vec::new();
    for text in names.iter().map(|name| self::told(name)) {
        if !told.iter().any(|one| one.en == text.en) {
            told.push(text);
        }
    }
    let (en, ja): (Vec<String>, Vec<String>) = told.into_iter().map(|text| (text.en, text.ja)).unzip();
    Text::new(list_en(&en), list_ja(&ja))
}

/// What events of the hardware are about.
pub(in crate::verdict) fn of_lines(lines: &[&Moment]) -> Text {
    let names = lines.iter().filter_map(|line| line.field("alarm").or(line.field("what")));
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return Text::new("an error without a name", "名称不明のエラー");
    }
    list(&names)
}
