//! Storage: devices, paths, datastores, disks, and the room on them.

use super::{Do, Known, Need, ONCE, PLAIN, is_error, never};
use crate::model::{EventKind, Severity};

/// How long ESXi retries I/O of a device without paths, in seconds.
const APD_TIMEOUT: i64 = 140;

const PATHS: Do = Do(
    "See which paths to it are dead, and through which adapter and target they go.",
    "停止しているパスと、そのアダプタおよびターゲットを確認します。",
    Some("esxcli storage core path list -d {object}"),
);
const FABRIC: Do = Do(
    "Check what these paths share: cables and SFP modules, switch ports, zoning, and the array's ports and controllers.",
    "これらのパスの共通部分（ケーブル、SFP モジュール、スイッチ ポート、ゾーニング、ストレージのポートとコントローラ）を確認します。",
    None,
);
const RESCAN: Do = Do(
    "Rescan the adapters.",
    "アダプタを再スキャンします。",
    Some("esxcli storage core adapter rescan --all"),
);
const ADAPTERS: Do = Do(
    "List the storage adapters with their drivers and the state of their links.",
    "ストレージ アダプタのドライバとリンク状態を一覧表示します。",
    Some("esxcli storage core adapter list"),
);
const APD_KB: (&str, Option<&str>) = (
    "KB 310620: Storage device has entered the All Paths Down state",
    Some("https://knowledge.broadcom.com/external/article/310620"),
);
const HEARTBEAT_KB: (&str, Option<&str>) = (
    "KB 320840: Host connectivity degraded in ESXi",
    Some("https://knowledge.broadcom.com/external/article/320840"),
);

pub(super) const APD: Known = Known {
    id: "storage.apd",
    kinds: &[EventKind::STORAGE_APD, EventKind::STORAGE_APD_TIMEOUT],
    object: &["device"],
    noun: ("storage device", "ストレージ デバイス"),
    need: Need {
        repeats: (3, 3_600),
        apart: 10,
        lasts: Some((&[EventKind::STORAGE_RESTORED], APD_TIMEOUT)),
        alone: never,
    },
    is_shared: true,
    cause: "paths-down",
    why: (
        "The host had no working path to the device for longer than the APD timeout, or lost it again and again: its adapters, their cables or the fabric are at fault, unless other hosts tell of the same.",
        "APD タイムアウトを超えて、または繰り返し、デバイスへの有効なパスがありませんでした。他のホストに同様の報告がなければ、このホストのアダプタ、ケーブル、またはファブリックの障害です。",
    ),
    title: (
        "{host} lost all paths to {object} (APD)",
        "{host} が {object} へのすべてのパスを失いました（APD）",
    ),
    meaning: (
        "VMs on it stand still or lose their disks, and agents of the host may hang while they wait for it.",
        "該当デバイス上の仮想マシンは停止するかディスクを失い、応答を待つホストのエージェントがハングすることがあります。",
    ),
    steps: &[
        PATHS,
        FABRIC,
        RESCAN,
        Do(
            "Power off or restart VMs that lost their disks, and restart agents that hang.",
            "ディスクを失った仮想マシンをパワーオフまたは再起動し、ハングしたエージェントを再起動します。",
            None,
        ),
        Do(
            "Check: the device is on and all its paths are active.",
            "確認：デバイスがオンになり、すべてのパスがアクティブであること。",
            Some("esxcli storage core device list -d {object}"),
        ),
    ],
    references: &[APD_KB],
    yields_to: &["vsan.disk-failed"],
    ..PLAIN
};

pub(super) const PDL: Known = Known {
    id: "storage.pdl",
    kinds: &[EventKind::STORAGE_PDL],
    object: &["device"],
    noun: ("storage device", "ストレージ デバイス"),
    is_shared: true,
    cause: "device-removed",
    why: (
        "The array says that the device is gone for good: it failed, or it was unmapped or deleted while it was in use.",
        "ストレージからデバイスが永続的に失われたと通知されました。デバイスの障害か、使用中のマッピング解除または削除です。",
    ),
    title: ("{host} permanently lost {object} (PDL)", "{host} で {object} が永続的に失われました（PDL）"),
    meaning: (
        "VMs on it have lost their disks; the host does not take the device back by itself.",
        "該当デバイス上の仮想マシンはディスクを失っており、ホストがデバイスを自動的に復旧することはありません。",
    ),
    steps: &[
        Do(
            "Ask the array whether the device still exists, and whether it is mapped to this host.",
            "デバイスがストレージに存在し、このホストにマッピングされているか確認します。",
            None,
        ),
        Do(
            "Power off the VMs that use it and unregister them, then unmount its datastore.",
            "使用中の仮想マシンをパワーオフして登録解除し、データストアをアンマウントします。",
            None,
        ),
        RESCAN,
        Do(
            "Check: the device is listed as on again, or not at all.",
            "確認：デバイスが再びオンと表示されるか、一覧に表示されないこと。",
            Some("esxcli storage core device list"),
        ),
    ],
    references: &[APD_KB],
    yields_to: &["vsan.disk-failed"],
    ..PLAIN
};

pub(super) const CORRUPTION: Known = Known {
    id: "storage.corruption",
    kinds: &[EventKind::STORAGE_CORRUPTION],
    object: &["datastore"],
    noun: ("datastore", "データストア"),
    is_shared: true,
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
        "KB 318611: Connection to the /bootbank partition breaks with USB or SD devices",
        Some("https://knowledge.broadcom.com/external/article/318611"),
    )],
    yields_to: &["vsan.disk-failed"],
    ..PLAIN
};

pub(super) const NO_SPACE: Known = Known {
    id: "storage.no-space",
    kinds: &[EventKind::STORAGE_NO_SPACE],
    object: &["datastore", "device"],
    noun: ("datastore", "データストア"),
    is_shared: true,
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

pub(super) const DISK_FAILED: Known = Known {
    id: "storage.disk-failed",
    kinds: &[EventKind::STORAGE_DISK_ERROR],
    object: &["device"],
    noun: ("disk", "ディスク"),
    need: Need { repeats: (3, 86_400), apart: 1, lasts: None, alone: is_error },
    cause: "disk-failure",
    why: (
        "The disk reports errors of its medium or its hardware, or values below their thresholds.",
        "ディスクがメディア エラー、ハードウェア エラー、またはしきい値を下回る値を報告しています。",
    ),
    title: ("A disk of {host} is failing: {object}", "{host} のディスクに障害が発生しています：{object}"),
    meaning: (
        "Data on it may be lost; where it is a cache device, a whole disk group goes with it.",
        "データが失われる可能性があります。キャッシュ デバイスの場合はディスク グループ全体に影響します。",
    ),
    steps: &[
        Do(
            "Read its SMART values.",
            "SMART 値を確認します。",
            Some("esxcli storage core device smart get -d {object}"),
        ),
        Do(
            "Read its counters of failed commands.",
            "失敗したコマンドのカウンタを確認します。",
            Some("esxcli storage core device stats get -d {object}"),
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

pub(super) const TARGET_LOST: Known = Known {
    id: "storage.target-lost",
    kinds: &[EventKind::STORAGE_TARGET_LOST],
    object: &["target", "hba"],
    noun: ("iSCSI target", "iSCSI ターゲット"),
    need: Need { repeats: (3, 3_600), apart: 5, lasts: None, alone: never },
    is_shared: true,
    cause: "storage-network",
    why: (
        "iSCSI sessions break or cannot be made: the storage network, its MTU, or the target itself.",
        "iSCSI セッションが切断されるか確立できません。ストレージ ネットワーク、MTU、またはターゲット自体の問題です。",
    ),
    title: ("{host} lost {object}", "{host} が {object} への接続を失いました"),
    meaning: (
        "Devices behind it lose paths, and VMs on them wait.",
        "ターゲット配下のデバイスのパスが失われ、仮想マシンの I/O が待機します。",
    ),
    steps: &[
        Do("List the sessions.", "セッションを一覧表示します。", Some("esxcli iscsi session list")),
        Do(
            "Ping the target from each bound adapter with the MTU in use; 8972 is for jumbo frames.",
            "バインドされた各アダプタから運用中の MTU で疎通を確認します（ジャンボ フレームの場合は 8972）。",
            Some("vmkping -I <vmk> -d -s 8972 <target>"),
        ),
        Do(
            "Where it answers, check CHAP and the array's access list.",
            "疎通する場合は CHAP とストレージのアクセス リストを確認します。",
            None,
        ),
        Do(
            "Check: all sessions are logged in.",
            "確認：すべてのセッションがログイン済みであること。",
            Some("esxcli iscsi session connection list"),
        ),
    ],
    yields_to: &["storage.apd"],
    ..PLAIN
};

pub(super) const PATH_LOST: Known = Known {
    id: "storage.path-lost",
    kinds: &[EventKind::STORAGE_PATH_LOST],
    object: &["device", "path"],
    noun: ("storage device", "ストレージ デバイス"),
    need: Need {
        repeats: (3, 3_600),
        apart: 5,
        lasts: Some((&[EventKind::STORAGE_RESTORED], 60)),
        alone: never,
    },
    is_shared: true,
    severity: Severity::Warning,
    cause: "path-down",
    why: (
        "A path stayed down or goes up and down: adapter, cable, SFP module, switch port or a controller of the array.",
        "パスがダウンしたまま、または断続しています。アダプタ、ケーブル、SFP モジュール、スイッチ ポート、またはストレージ コントローラが原因です。",
    ),
    title: ("{host} lost paths to {object}", "{host} から {object} へのパスが失われました"),
    meaning: (
        "What is left carries the load alone; one more failure cuts the device off.",
        "残りのパスのみで稼働しており、さらに障害が発生するとデバイスに到達できなくなります。",
    ),
    steps: &[
        PATHS,
        ADAPTERS,
        FABRIC,
        RESCAN,
        Do(
            "Check: all paths to it are active.",
            "確認：すべてのパスがアクティブであること。",
            Some("esxcli storage core path list -d {object}"),
        ),
    ],
    references: &[(
        "KB 390100: Congestion, oversubscription and credit stall on Fibre Channel",
        Some("https://knowledge.broadcom.com/external/article/390100"),
    )],
    yields_to: &["storage.apd", "storage.pdl", "vsan.disk-failed"],
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
    is_shared: true,
    cause: "storage-unreachable",
    why: (
        "The host did not reach the datastore in time: lost or slow paths, an array or NFS server that did not answer.",
        "ホストが時間内にデータストアに到達できませんでした。パスの断や遅延、ストレージまたは NFS サーバの無応答が原因です。",
    ),
    title: ("{host} lost access to {object}", "{host} が {object} にアクセスできなくなりました"),
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
    is_shared: true,
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

pub(super) const HBA_RESET: Known = Known {
    id: "storage.hba-reset",
    kinds: &[EventKind::STORAGE_HBA_RESET],
    object: &["hba", "driver"],
    noun: ("storage adapter", "ストレージ アダプタ"),
    need: Need { repeats: (3, 3_600), apart: 5, lasts: None, alone: never },
    severity: Severity::Warning,
    cause: "adapter",
    why: (
        "The adapter is reset, or its link or its requests are lost, again and again: its firmware, its driver, its SFP module or the adapter itself.",
        "アダプタのリセット、リンク断、または要求の消失が繰り返されています。ファームウェア、ドライバ、SFP モジュール、またはアダプタ自体が原因です。",
    ),
    title: ("{host} has trouble with {object}", "{host} の {object} に問題があります"),
    meaning: ("I/O through it stops for seconds each time.", "そのたびに数秒間 I/O が停止します。"),
    steps: &[
        ADAPTERS,
        Do(
            "Compare driver and firmware with the compatibility guide, and update both together.",
            "ドライバとファームウェアを互換性ガイドと比較し、同時に更新します。",
            Some("esxcli software vib list"),
        ),
        Do(
            "Check its SFP module, cable and switch port; where it comes again, replace the adapter.",
            "SFP モジュール、ケーブル、スイッチ ポートを確認し、再発する場合はアダプタを交換します。",
            None,
        ),
        Do("Check: no new messages of the driver.", "確認：ドライバの新しいメッセージがないこと。", None),
    ],
    references: &[(
        "KB 436435: ESXi host unresponsive and VM deadlock due to Fibre Channel SFP degradation",
        Some("https://knowledge.broadcom.com/external/article/436435"),
    )],
    ..PLAIN
};

pub(super) const FABRIC_ERROR: Known = Known {
    id: "storage.fabric-error",
    kinds: &[EventKind::STORAGE_FABRIC_ERROR],
    object: &["what"],
    noun: ("Fibre Channel notification", "Fibre Channel 通知"),
    need: Need { repeats: (3, 3_600), apart: 5, lasts: None, alone: never },
    severity: Severity::Warning,
    cause: "fabric",
    why: (
        "The switches themselves tell of link errors or congestion.",
        "スイッチ自身がリンク エラーまたは輻輳を通知しています。",
    ),
    title: ("The fabric warned {host}: {object}", "ファブリックから {host} に警告がありました：{object}"),
    meaning: ("I/O is delayed or lost on the way.", "経路上で I/O の遅延または損失が発生しています。"),
    steps: &[
        FABRIC,
        Do(
            "Read the counters of the adapter: CRC errors, invalid words, loss of signal.",
            "アダプタのカウンタ（CRC エラー、無効ワード、信号断）を確認します。",
            Some("esxcli storage san fc stats get"),
        ),
        Do(
            "Check: the counters no longer grow.",
            "確認：カウンタが増加しないこと。",
            Some("esxcli storage san fc stats get"),
        ),
    ],
    references: &[(
        "KB 390100: Congestion, oversubscription and credit stall on Fibre Channel",
        Some("https://knowledge.broadcom.com/external/article/390100"),
    )],
    ..PLAIN
};

pub(super) const LATENCY: Known = Known {
    id: "storage.latency",
    kinds: &[EventKind::STORAGE_LATENCY],
    object: &["device"],
    noun: ("storage device", "ストレージ デバイス"),
    need: Need { repeats: (5, 3_600), apart: 5, lasts: None, alone: never },
    is_shared: true,
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
            Some("esxcli storage core device stats get -d {object}"),
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

pub(super) const VSAN_NO_SPACE: Known = Known {
    id: "vsan.no-space",
    kinds: &[EventKind::VSAN_NO_SPACE],
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

pub(super) const VSAN_CONGESTION: Known = Known {
    id: "vsan.congestion",
    kinds: &[EventKind::VSAN_CONGESTION],
    object: &["disk"],
    noun: ("vSAN device", "vSAN デバイス"),
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
            "デステージが停止している場合はホストを退避して再起動し、修正済みリリースに更新します。",
            None,
        ),
        Do(
            "Check: the congestion is back at zero.",
            "確認：輻輳値が 0 に戻ること。",
            Some("esxcli vsan debug controller list"),
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

pub(super) const VSAN_RESYNC: Known = Known {
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
