//! Storage devices, and the ways to them: paths, targets, adapters, the fabric.

use super::join::is_volume;
use super::{Across, Do, Known, Need, ONCE, PLAIN, never};
use crate::case::Moment;
use crate::model::{EventKind, Severity};

/// How long ESXi retries I/O of a device without paths, in seconds.
const APD_TIMEOUT: i64 = 140;
const PATHS: Do = Do(
    "See which paths to it are dead, and through which adapter and target they go.",
    "停止しているパスと、そのアダプタおよびターゲットを確認します。",
    Some("esxcli storage core path list -d {device}"),
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

/// Several hosts lose one device: what they share is at fault.
const SHARED: Across = Across::Shared(
    "array-or-fabric",
    (
        "Several hosts lost paths to the same device: what they share is at fault, the array, its controllers or the network to it.",
        "複数のホストで同じデバイスへのパスが失われているため、共有するストレージ、コントローラ、または接続経路の障害と考えられます。",
    ),
);
/// Several hosts lose one iSCSI target.
const SHARED_TARGET: Across = Across::Shared(
    "array-or-fabric",
    (
        "Several hosts lost the same iSCSI target: the target itself or the storage network that they share is at fault.",
        "複数のホストが同じ iSCSI ターゲットへの接続を失っているため、ターゲット自体または共有するストレージ ネットワークの障害と考えられます。",
    ),
);

/// An NFS volume is named by a hash of server and share: `8a5a1336-3d574c6d`.
fn is_nfs(moment: &Moment) -> bool {
    moment.field("device").is_some_and(|device| is_volume(device) && device.matches('-').count() == 1)
}

fn is_no_nfs(moment: &Moment) -> bool {
    !is_nfs(moment)
}

pub(super) const APD: Known = Known {
    id: "storage.apd",
    kinds: &[EventKind::STORAGE_APD, EventKind::STORAGE_APD_TIMEOUT],
    counts: is_no_nfs,
    object: &["device"],
    noun: ("storage device", "ストレージ デバイス"),
    need: Need {
        repeats: (3, 3_600),
        apart: 10,
        lasts: Some((&[EventKind::STORAGE_RESTORED], APD_TIMEOUT)),
        alone: never,
    },
    across: SHARED,
    cause: "paths-down",
    why: (
        "The host had no working path to the device for longer than the APD timeout, or lost it again and again: its adapters, their cables or the fabric are at fault, unless other hosts tell of the same.",
        "APD タイムアウトを超えて、または繰り返し、デバイスへの有効なパスがありませんでした。他のホストに同様の報告がなければ、このホストのアダプタ、ケーブル、またはファブリックの障害です。",
    ),
    title: (
        "{host} lost all paths to {object} (APD)",
        "{host} から {object} へのすべてのパスが失われました（APD）",
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
            Some("esxcli storage core device list -d {device}"),
        ),
    ],
    references: &[APD_KB],
    yields_to: &["vsan.disk-failed"],
    ..PLAIN
};

pub(super) const NFS_APD: Known = Known {
    id: "storage.apd",
    kinds: &[EventKind::STORAGE_APD, EventKind::STORAGE_APD_TIMEOUT],
    counts: is_nfs,
    object: &["device"],
    noun: ("NFS volume", "NFS ボリューム"),
    need: APD.need,
    across: Across::Shared(
        "array-or-fabric",
        (
            "Several hosts lost the same NFS volume: the server itself or the network that they share is at fault.",
            "複数のホストが同じ NFS ボリュームにアクセスできなくなっているため、サーバ自体または共有するネットワークの障害と考えられます。",
        ),
    ),
    cause: "paths-down",
    why: (
        "The NFS server did not answer the host for longer than the APD timeout, or again and again: the VMkernel adapter that reaches it, the network, or the server, unless other hosts tell of the same.",
        "APD タイムアウトを超えて、または繰り返し、NFS サーバから応答がありませんでした。他のホストに同様の報告がなければ、使用する VMkernel アダプタ、ネットワーク、またはサーバの障害です。",
    ),
    title: ("{host} did not reach {object} (APD)", "{host} が {object} に到達できませんでした（APD）"),
    meaning: (
        "VMs on it stand still or lose their disks, and agents of the host may hang while they wait for it.",
        "該当ボリューム上の仮想マシンは停止するかディスクを失い、応答を待つホストのエージェントがハングすることがあります。",
    ),
    steps: &[
        Do(
            "See which server and share it is: the volume's UUID begins with these two groups.",
            "該当するサーバと共有を確認します（ボリュームの UUID の先頭 2 グループが一致します）。",
            Some("esxcli storage nfs list; esxcli storage nfs41 list; esxcli storage filesystem list"),
        ),
        Do(
            "Ping the server from the VMkernel adapter that reaches it, with the MTU in use; 8972 is for jumbo frames.",
            "使用する VMkernel アダプタから運用中の MTU でサーバへの疎通を確認します（ジャンボ フレームの場合は 8972）。",
            Some("vmkping -I <vmk> -d -s 8972 <server>"),
        ),
        Do(
            "Read the server's log for that time: failover, overload, maintenance, a changed export.",
            "その時刻のサーバのログ（フェイルオーバー、過負荷、メンテナンス、エクスポートの変更）を確認します。",
            None,
        ),
        Do(
            "Power off or restart VMs that lost their disks, and restart agents that hang.",
            "ディスクを失った仮想マシンをパワーオフまたは再起動し、ハングしたエージェントを再起動します。",
            None,
        ),
        Do(
            "Check: the volume is mounted and accessible.",
            "確認：ボリュームがマウントされ、アクセス可能であること。",
            Some("esxcli storage nfs list"),
        ),
    ],
    references: &[APD_KB],
    ..PLAIN
};

pub(super) const PDL: Known = Known {
    id: "storage.pdl",
    kinds: &[EventKind::STORAGE_PDL],
    object: &["device"],
    noun: ("storage device", "ストレージ デバイス"),
    need: Need { lasts: Some((&[EventKind::STORAGE_RESTORED], 0)), ..ONCE },
    across: Across::Joined,
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

fn names_target(moment: &Moment) -> bool {
    moment.field("target").is_some()
}

fn names_no_target(moment: &Moment) -> bool {
    !names_target(moment)
}

pub(super) const TARGET_LOST: Known = Known {
    id: "storage.target-lost",
    kinds: &[EventKind::STORAGE_TARGET_LOST],
    counts: names_target,
    object: &["target"],
    noun: ("iSCSI target", "iSCSI ターゲット"),
    need: Need { repeats: (3, 3_600), apart: 5, lasts: None, alone: never },
    across: SHARED_TARGET,
    cause: "storage-network",
    why: (
        "iSCSI sessions break or cannot be made: the storage network, its MTU, or the target itself.",
        "iSCSI セッションが切断されるか確立できません。ストレージ ネットワーク、MTU、またはターゲット自体の問題です。",
    ),
    title: ("{host} lost {object}", "{host} から {object} への接続が失われました"),
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

pub(super) const SESSION_LOST: Known = Known {
    counts: names_no_target,
    object: &["hba"],
    noun: ("iSCSI adapter", "iSCSI アダプタ"),
    need: Need {
        repeats: (3, 3_600),
        apart: 5,
        lasts: Some((&[EventKind::STORAGE_RESTORED], 60)),
        alone: never,
    },
    across: Across::Each,
    title: ("{host} lost iSCSI connections of {object}", "{host} の {object} の iSCSI 接続が失われました"),
    ..TARGET_LOST
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
    across: SHARED,
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
            Some("esxcli storage core path list -d {device}"),
        ),
    ],
    yields_to: &["storage.apd", "storage.pdl", "vsan.disk-failed"],
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
    noun: ("", ""),
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
