//! Datastores and disks: damaged, full, not reached, slow or failing.

use super::{Across, Do, Known, Need, PLAIN, is_error, never};
use crate::case::Moment;
use crate::model::{EventKind, Severity};

const HEARTBEAT_KB: (&str, Option<&str>) = (
    "KB 320840: Host connectivity degraded in ESXi",
    Some("https://knowledge.broadcom.com/external/article/320840"),
);

/// Several hosts do not reach one datastore.
const SHARED_DATASTORE: Across = Across::Shared(
    "array-or-fabric",
    (
        "Several hosts lost the same datastore: what they share is at fault, the array or NFS server, its controllers or the network to it.",
        "複数のホストが同じデータストアにアクセスできなくなっているため、共有するストレージ、NFS サーバ、コントローラ、または接続経路の障害と考えられます。",
    ),
);
/// Several hosts find one device slow.
const SHARED_DEVICE: Across = Across::Shared(
    "array-or-fabric",
    (
        "Several hosts found the same device slow: the array is overloaded, rebuilds or fails over, or the network to it drops frames.",
        "複数のホストで同じデバイスの遅延が発生しているため、ストレージの過負荷、リビルド、フェイルオーバー、または接続経路のフレーム損失と考えられます。",
    ),
);

pub(super) const CORRUPTION: Known = Known {
    id: "storage.corruption",
    kinds: &[EventKind::STORAGE_CORRUPTION],
    object: &["datastore"],
    noun: ("datastore", "データストア"),
    across: Across::Joined,
    is_told_at_stops: true,
    cause: "damaged-metadata",
    why: (
        "Metadata on the disk is not what VMFS wrote: a fault of the disk or of the array, or something else wrote to it.",
        "ディスク上のメタデータが VMFS の書き込んだ内容と異なります。ディスクまたはストレージの障害か、他からの書き込みが原因です。",
    ),
    title: ("{host} found VMFS damaged on {object}", "{host} が {object} の VMFS 破損を検出しました"),
    meaning: (
        "Files on it may be unreadable, and it gets worse with each write.",
        "ファイルが読み取れなくなる可能性があり、書き込みのたびに悪化します。",
    ),
    steps: &[
        Do(
            "Move the VMs elsewhere or back them up first.",
            "まず仮想マシンを移動するかバックアップします。",
            None,
        ),
        Do(
            "See on which device the datastore lies.",
            "データストアのデバイスを確認します。",
            Some("esxcli storage vmfs extent list"),
        ),
        Do(
            "Check it with VOMA while no host uses it, and open a support request before it is repaired.",
            "どのホストも使用していない状態で VOMA により検査し、修復前にサポート リクエストを起票します。",
            Some("voma -m vmfs -f check -d /vmfs/devices/disks/<device>:<partition>"),
        ),
        Do(
            "Check: VOMA finds no error, and the message does not come again.",
            "確認：VOMA でエラーが検出されず、メッセージが再発しないこと。",
            None,
        ),
    ],
    references: &[(
        "vSphere Storage: Check Metadata Consistency with VOMA",
        Some(
            "https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-storage/GUID-6F991DB5-9AF0-4F9F-809C-B82D3EED7DAF.html",
        ),
    )],
    yields_to: &["vsan.disk-failed"],
    ..PLAIN
};

/// The array only says that a thin device is nearly full.
fn is_nearly_full(moment: &Moment) -> bool {
    moment.field("what").is_some_and(|what| what.starts_with("thinprov."))
}

fn is_full(moment: &Moment) -> bool {
    !is_nearly_full(moment)
}

pub(super) const NO_SPACE: Known = Known {
    id: "storage.no-space",
    kinds: &[EventKind::STORAGE_NO_SPACE],
    counts: is_full,
    object: &["datastore", "device"],
    noun: ("datastore", "データストア"),
    across: Across::Joined,
    cause: "full",
    why: (
        "The datastore, or the thin device behind it, is full: often snapshots that were forgotten, or an array that is overcommitted.",
        "データストアまたはその背後のシン デバイスが一杯です。放置されたスナップショットやストレージのオーバーコミットが主な原因です。",
    ),
    title: ("{host} ran out of space on {object}", "{host} で {object} の空き容量がなくなりました"),
    meaning: (
        "VMs stop as soon as they need a new block.",
        "仮想マシンは新しいブロックが必要になった時点で停止します。",
    ),
    steps: &[
        Do("See how full the datastores are.", "データストアの使用量を確認します。", Some("df -h")),
        Do(
            "Look for large snapshots, swap files and logs, and delete or move what is not needed.",
            "大きなスナップショット、スワップ ファイル、ログを調べ、不要なものを削除または移動します。",
            None,
        ),
        Do(
            "Extend the datastore or the array's pool; then answer the questions of VMs that were stopped.",
            "データストアまたはストレージ プールを拡張し、停止した仮想マシンの質問に応答します。",
            None,
        ),
        Do("Check: some percent are free again.", "確認：空き容量が回復していること。", Some("df -h")),
    ],
    references: &[(
        "KB 318856: Troubleshooting a VMFS datastore that is full",
        Some("https://knowledge.broadcom.com/external/article/318856"),
    )],
    ..PLAIN
};

pub(super) const SPACE_LOW: Known = Known {
    counts: is_nearly_full,
    object: &["device"],
    noun: ("thin-provisioned device", "シン プロビジョニング デバイス"),
    severity: Severity::Warning,
    why: (
        "The array says that the device has passed the threshold of its pool: an array that is overcommitted, or space that was deleted and not given back.",
        "デバイスがストレージ プールのしきい値を超えたと通知されました。オーバーコミット、または削除済み領域の未回収が考えられます。",
    ),
    title: ("On {host} {object} is nearly full", "{host} の {object} の空き容量が残りわずかです"),
    meaning: (
        "When its pool is full, VMs on it stop as soon as they need a new block.",
        "プールが一杯になると、仮想マシンは新しいブロックが必要になった時点で停止します。",
    ),
    steps: &[
        Do(
            "See how full the pool is on the array, and enlarge it.",
            "ストレージ側でプールの使用量を確認し、拡張します。",
            None,
        ),
        Do(
            "Give back the space of files that were deleted.",
            "削除済みファイルの領域を解放します。",
            Some("esxcli storage vmfs unmap -l <datastore>"),
        ),
        Do(
            "Check: the pool is below its threshold.",
            "確認：プールの使用量がしきい値を下回ること。",
            Some("esxcli storage core device vaai status get -d {device}"),
        ),
    ],
    references: &[],
    ..NO_SPACE
};

pub(super) const DISK_FAILED: Known = Known {
    id: "storage.disk-failed",
    kinds: &[EventKind::STORAGE_DISK_ERROR],
    object: &["device"],
    noun: ("disk", "ディスク"),
    need: Need { repeats: (3, 86_400), apart: 1, lasts: None, alone: is_error },
    is_told_at_stops: true,
    cause: "disk-failure",
    why: (
        "The disk reports errors of its medium or its hardware, or values below their thresholds.",
        "ディスクがメディア エラー、ハードウェア エラー、またはしきい値を下回る値を報告しています。",
    ),
    title: ("{host} reports errors of {object}", "{host} の {object} でエラーが報告されています"),
    meaning: (
        "Data on it may be lost; where it is a cache device, a whole disk group goes with it.",
        "データが失われる可能性があります。キャッシュ デバイスの場合はディスク グループ全体に影響します。",
    ),
    steps: &[
        Do(
            "Read its SMART values.",
            "SMART 値を確認します。",
            Some("esxcli storage core device smart get -d {device}"),
        ),
        Do(
            "Read its counters of failed commands.",
            "失敗したコマンドのカウンタを確認します。",
            Some("esxcli storage core device stats get -d {device}"),
        ),
        Do("Evacuate what is on it, and have it replaced.", "データを退避し、ディスクを交換します。", None),
        Do(
            "Check: the new disk is listed, and its counters stay at zero.",
            "確認：新しいディスクが認識され、カウンタが 0 のままであること。",
            Some("esxcli storage core device stats get"),
        ),
    ],
    references: &[
        (
            "KB 313033: ESXi S.M.A.R.T. health monitoring for hard drives",
            Some("https://knowledge.broadcom.com/external/article/313033"),
        ),
        (
            "KB 338435: SCSI device and target status codes of ESXi",
            Some("https://knowledge.broadcom.com/external/article/338435"),
        ),
    ],
    yields_to: &["vsan.disk-failed"],
    ..PLAIN
};

pub(super) const DATASTORE_LOST: Known = Known {
    id: "storage.datastore-lost",
    kinds: &[EventKind::STORAGE_DATASTORE_LOST],
    object: &["datastore", "server"],
    noun: ("datastore", "データストア"),
    need: Need {
        repeats: (3, 3_600),
        apart: 5,
        lasts: Some((&[EventKind::STORAGE_DATASTORE_RESTORED], 60)),
        alone: never,
    },
    across: SHARED_DATASTORE,
    cause: "storage-unreachable",
    why: (
        "The host did not reach the datastore in time: lost or slow paths, an array or NFS server that did not answer.",
        "ホストが時間内にデータストアに到達できませんでした。パスの断や遅延、ストレージまたは NFS サーバの無応答が原因です。",
    ),
    title: ("{host} lost access to {object}", "{host} から {object} にアクセスできなくなりました"),
    meaning: (
        "I/O of the VMs on it was held; guests may have set their disks read-only.",
        "仮想マシンの I/O が保留され、ゲスト OS がディスクを読み取り専用にした可能性があります。",
    ),
    steps: &[
        Do(
            "See whether the host reaches all its datastores now.",
            "現在すべてのデータストアに到達できるか確認します。",
            Some("esxcli storage filesystem list"),
        ),
        Do(
            "For an NFS server, ping it from the adapter that reaches it; for VMFS look for dead paths.",
            "NFS の場合は使用するアダプタからサーバへの疎通を、VMFS の場合は停止したパスを確認します。",
            Some("esxcli storage core path list"),
        ),
        Do(
            "Read the log of the array or of the NFS server for that time: failover, overload, maintenance.",
            "その時刻のストレージまたは NFS サーバのログ（フェイルオーバー、過負荷、メンテナンス）を確認します。",
            None,
        ),
        Do(
            "Check: the datastore is mounted and accessible, and its VMs write.",
            "確認：データストアがマウントされてアクセス可能で、仮想マシンの書き込みが正常であること。",
            Some("esxcli storage filesystem list"),
        ),
    ],
    references: &[HEARTBEAT_KB],
    yields_to: &["storage.apd", "storage.pdl", "storage.disk-failed", "storage.corruption"],
    ..PLAIN
};

pub(super) const ATS_MISCOMPARE: Known = Known {
    id: "storage.ats-miscompare",
    kinds: &[EventKind::STORAGE_ATS_MISCOMPARE],
    object: &["datastore"],
    noun: ("datastore", "データストア"),
    need: Need { repeats: (3, 3_600), apart: 1, lasts: None, alone: never },
    across: Across::Joined,
    severity: Severity::Warning,
    cause: "ats-heartbeat",
    why: (
        "Heartbeats by ATS come back as mismatches: the array answers too late, so that the retry finds the value already written.",
        "ATS ハートビートが不一致となっています。ストレージの応答遅延により、再試行時に値が書き込み済みとなるためです。",
    ),
    title: (
        "ATS heartbeats of {host} fail on {object}",
        "{host} の ATS ハートビートが {object} で失敗しています",
    ),
    meaning: (
        "The host may lose access to the datastore for seconds each time.",
        "そのたびに数秒間データストアにアクセスできなくなる可能性があります。",
    ),
    steps: &[
        Do(
            "Ask the array's vendor whether ATS heartbeats must be turned off; never do that on hosts of a vSAN cluster.",
            "ATS ハートビートの無効化が必要かストレージ ベンダーに確認します。vSAN クラスタのホストでは無効化しないでください。",
            None,
        ),
        Do(
            "See how it is set.",
            "現在の設定を確認します。",
            Some("esxcli system settings advanced list -o /VMFS3/UseATSForHBOnVMFS5"),
        ),
        Do(
            "Where the vendor asks for it, turn it off on all hosts that share the datastore.",
            "ベンダーの指示がある場合は、データストアを共有するすべてのホストで無効化します。",
            Some("esxcli system settings advanced set -i 0 -o /VMFS3/UseATSForHBOnVMFS5"),
        ),
        Do("Check: the message does not come again.", "確認：メッセージが再発しないこと。", None),
    ],
    references: &[(
        "KB 326437: ESXi host loses connectivity to a VMFS datastore (ATS miscompare)",
        Some("https://knowledge.broadcom.com/external/article/326437"),
    )],
    ..PLAIN
};

pub(super) const LATENCY: Known = Known {
    id: "storage.latency",
    kinds: &[EventKind::STORAGE_LATENCY],
    object: &["device"],
    noun: ("storage device", "ストレージ デバイス"),
    need: Need { repeats: (5, 3_600), apart: 5, lasts: None, alone: never },
    across: SHARED_DEVICE,
    severity: Severity::Warning,
    cause: "slow-storage",
    why: (
        "The device answered so late that every VM on it felt it: overload, a rebuild or failover in the array, or errors on the way.",
        "デバイスの応答が大幅に遅延しました。過負荷、ストレージのリビルドやフェイルオーバー、経路上のエラーが考えられます。",
    ),
    title: ("{host} saw high latency of {object}", "{host} で {object} の遅延が大きくなりました"),
    meaning: (
        "VMs on it were slow or stood still for seconds.",
        "仮想マシンの動作が遅くなるか、数秒間停止しました。",
    ),
    steps: &[
        Do(
            "See in esxtop (u) whether DAVG stays high: then the device is slow, not the host.",
            "esxtop（u）で DAVG が高いままか確認します。高い場合はホストではなくデバイス側の遅延です。",
            Some("esxtop"),
        ),
        Do(
            "Ask the array what it did at these times: rebuild, failover, backup, overload.",
            "その時刻のストレージの状態（リビルド、フェイルオーバー、バックアップ、過負荷）を確認します。",
            None,
        ),
        Do(
            "Look for errors of this device's commands.",
            "このデバイスのコマンド エラーを確認します。",
            Some("esxcli storage core device stats get -d {device}"),
        ),
        Do(
            "Check: DAVG stays below 10 to 20 ms under load.",
            "確認：負荷時の DAVG が 10～20 ms 未満であること。",
            Some("esxtop"),
        ),
    ],
    references: &[(
        "KB 318927: ESXi device latency, \"performance has deteriorated\" messages",
        Some("https://knowledge.broadcom.com/external/article/318927"),
    )],
    yields_to: &["storage.apd", "storage.path-lost", "storage.disk-failed", "vsan.disk-failed"],
    ..PLAIN
};
