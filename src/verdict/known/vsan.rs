//! vSAN: no room, congestion, and a resynchronisation that does not get on.

use super::{Do, Known, Need, ONCE, PLAIN, is_error};
use crate::case::Moment;
use crate::model::{EventKind, Severity};

/// Only near to the limit of components.
fn is_near_limit(moment: &Moment) -> bool {
    moment.field("what").is_some_and(|what| what.ends_with(".componentthreshold"))
}

fn is_at_limit(moment: &Moment) -> bool {
    !is_near_limit(moment)
}

pub(super) const NO_SPACE: Known = Known {
    id: "vsan.no-space",
    kinds: &[EventKind::VSAN_NO_SPACE],
    counts: is_at_limit,
    need: ONCE,
    cause: "full",
    why: (
        "vSAN found no room for components: capacity or the number of components is used up.",
        "vSAN がコンポーネントを配置できませんでした。容量またはコンポーネント数が上限に達しています。",
    ),
    title: ("vSAN ran out of room on {host}", "{host} の vSAN でコンポーネントを配置できませんでした"),
    meaning: (
        "Rebuilds stop, and objects stay without their redundancy.",
        "リビルドが停止し、オブジェクトの冗長性が回復しません。",
    ),
    steps: &[
        Do(
            "See which limit is reached.",
            "どの上限に達しているか確認します。",
            Some("esxcli vsan debug limit get"),
        ),
        Do(
            "Delete snapshots and objects that nobody uses, or add disks.",
            "不要なスナップショットやオブジェクトを削除するか、ディスクを追加します。",
            None,
        ),
        Do(
            "Check: the resynchronisation goes on.",
            "確認：再同期が進行すること。",
            Some("esxcli vsan debug resync summary get"),
        ),
    ],
    references: &[(
        "KB 438233: vSAN component limit exhaustion",
        Some("https://knowledge.broadcom.com/external/article/438233"),
    )],
    ..PLAIN
};

pub(super) const COMPONENTS: Known = Known {
    counts: is_near_limit,
    severity: Severity::Warning,
    cause: "component-limit",
    why: (
        "The host holds nearly as many vSAN components as it can: many small objects, snapshots, or wide stripes.",
        "ホストの vSAN コンポーネント数が上限に近づいています。多数の小さなオブジェクト、スナップショット、ストライプ数が主な原因です。",
    ),
    title: (
        "{host} is near its limit of vSAN components",
        "{host} の vSAN コンポーネント数が上限に近づいています",
    ),
    meaning: (
        "At the limit no new objects can be made there, and a rebuild may find no place.",
        "上限に達すると新しいオブジェクトを作成できず、リビルドの配置先がなくなる可能性があります。",
    ),
    steps: &[
        Do(
            "See how near the hosts are to their limits.",
            "各ホストの上限までの余裕を確認します。",
            Some("esxcli vsan debug limit get"),
        ),
        Do(
            "Delete snapshots and objects that nobody uses, or spread the objects over more hosts.",
            "不要なスナップショットやオブジェクトを削除するか、ホストを追加して分散します。",
            None,
        ),
        Do(
            "Check: the number of components goes down.",
            "確認：コンポーネント数が減少すること。",
            Some("esxcli vsan debug limit get"),
        ),
    ],
    ..NO_SPACE
};

pub(super) const CONGESTION: Known = Known {
    id: "vsan.congestion",
    kinds: &[EventKind::VSAN_CONGESTION],
    object: &["disk"],
    noun: ("", ""),
    need: Need { repeats: (3, 3_600), apart: 5, lasts: None, alone: is_error },
    severity: Severity::Warning,
    cause: "congestion",
    why: (
        "Writes come faster than the disk group takes them to its capacity disks: a slow or failing device, a rebuild, or too much load for its cache.",
        "書き込みがキャパシティ ディスクへのデステージ速度を超えています。デバイスの遅延や障害、リビルド、キャッシュ容量を超える負荷が考えられます。",
    ),
    title: ("vSAN is congested on {host} ({object})", "{host} の vSAN で輻輳が発生しています（{object}）"),
    meaning: (
        "vSAN holds I/O of the VMs back, so all of them become slow.",
        "vSAN が仮想マシンの I/O を抑制するため、全体の動作が遅くなります。",
    ),
    steps: &[
        Do(
            "See whether a disk is slow, full or failing.",
            "遅い、一杯、または障害のあるディスクがないか確認します。",
            Some("esxcli vsan debug disk list"),
        ),
        Do(
            "See whether a resynchronisation runs.",
            "再同期の実行状況を確認します。",
            Some("esxcli vsan debug resync summary get"),
        ),
        Do(
            "Where destaging is stuck, evacuate the host and restart it, then update it to a release with the fix.",
            "デステージが停止している場合はホストから仮想マシンを退避して再起動し、修正済みリリースに更新します。",
            None,
        ),
        Do(
            "Check: the congestion is back at zero.",
            "確認：輻輳値が 0 に戻ること。",
            Some("vsish -e get /vmkModules/lsom/disks/{disk}/info"),
        ),
    ],
    references: &[
        (
            "KB 326870: SSD log build-up can cause poor performance of vSAN",
            Some("https://knowledge.broadcom.com/external/article/326870"),
        ),
        (
            "KB 400669: Excessive build-up of LLOG/PLOG usage of vSAN",
            Some("https://knowledge.broadcom.com/external/article/400669"),
        ),
    ],
    yields_to: &["vsan.disk-failed", "vsan.host-lost", "vsan.partition"],
    ..PLAIN
};

pub(super) const RESYNC: Known = Known {
    id: "vsan.resync-delayed",
    kinds: &[EventKind::VSAN_RESYNC_DELAYED],
    need: ONCE,
    severity: Severity::Warning,
    confidence: crate::model::Confidence::Possible,
    cause: "resync",
    why: (
        "A resynchronisation does not get on: congestion, a slow disk, or a network that loses packets.",
        "再同期が進んでいません。輻輳、遅いディスク、またはネットワークのパケット損失が考えられます。",
    ),
    title: ("A vSAN resynchronisation on {host} does not get on", "{host} の vSAN 再同期が進んでいません"),
    meaning: (
        "Until it ends, objects have less redundancy than their policy asks for.",
        "完了するまで、オブジェクトの冗長性はポリシーの要求を下回ります。",
    ),
    steps: &[
        Do("See what is left.", "残量を確認します。", Some("esxcli vsan debug resync summary get")),
        Do(
            "Look for objects that are not healthy.",
            "健全でないオブジェクトを確認します。",
            Some("esxcli vsan debug object health summary get"),
        ),
        Do(
            "Check: nothing is left to resynchronise.",
            "確認：再同期の残りがないこと。",
            Some("esxcli vsan debug resync summary get"),
        ),
    ],
    yields_to: &["vsan.disk-failed", "vsan.host-lost", "vsan.partition", "vsan.no-space", "vsan.congestion"],
    ..PLAIN
};
