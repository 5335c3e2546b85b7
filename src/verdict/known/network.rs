//! Uplinks: those that hang, whose link is unstable, that are missing, and switches that do not match.

use super::{Do, Known, Need, PLAIN, is_error};
use crate::case::Moment;
use crate::model::{EventKind, Severity};

const NICS: Do = Do(
    "See which uplinks are up, and at which speed.",
    "アップリンクの状態と速度を確認します。",
    Some("esxcli network nic list"),
);
const CABLE: Do = Do(
    "Check cable, SFP module and the switch port, and read the port's error counters.",
    "ケーブル、SFP モジュール、スイッチ ポートを確認し、ポートのエラー カウンタを確認します。",
    Some("esxcli network nic stats get -n {nic}"),
);
const DRIVER: Do = Do(
    "Compare the adapter's driver and firmware with the compatibility guide, and update both together.",
    "アダプタのドライバとファームウェアを互換性ガイドと比較し、同時に更新します。",
    Some("esxcli network nic get -n {nic}"),
);
const NIC_KB: (&str, Option<&str>) = (
    "KB 318898: Network adapter (vmnic) is down or fails",
    Some("https://knowledge.broadcom.com/external/article/318898"),
);

pub(super) const NIC_RESET: Known = Known {
    id: "net.nic-reset",
    kinds: &[EventKind::NET_NIC_RESET],
    object: &["nic"],
    noun: ("uplink", "アップリンク"),
    need: Need { repeats: (2, 86_400), apart: 5, lasts: None, alone: is_error },
    severity: Severity::Warning,
    cause: "adapter",
    why: (
        "The adapter stopped sending, or its firmware stopped: its firmware, its driver, or the adapter itself.",
        "アダプタの送信またはファームウェアが停止しました。ファームウェア、ドライバ、またはアダプタ自体が原因です。",
    ),
    title: ("{host} had to reset {object}", "{host} で {object} のリセットが発生しました"),
    meaning: (
        "Traffic through it was lost for seconds, though the link stayed up, so that no failover helped.",
        "リンクがアップのままのためフェイルオーバーが働かず、数秒間の通信断が発生しました。",
    ),
    steps: &[
        NICS,
        DRIVER,
        Do(
            "Restart the host in maintenance mode where the adapter does not recover; where it comes again, replace it.",
            "回復しない場合はメンテナンス モードでホストを再起動し、再発する場合はアダプタを交換します。",
            None,
        ),
        Do(
            "Check: the driver writes no such message again.",
            "確認：ドライバの同様のメッセージが再発しないこと。",
            None,
        ),
    ],
    references: &[
        NIC_KB,
        (
            "KB 374362: ESXi host experiences a PSOD with network adapter firmware messages",
            Some("https://knowledge.broadcom.com/external/article/374362"),
        ),
    ],
    yields_to: &["host.crashed"],
    ..PLAIN
};

/// ESXi itself says that the link is unstable.
fn is_called_flapping(moment: &Moment) -> bool {
    moment.event.kind == EventKind::NET_FLAPPING
}

pub(super) const NIC_FLAPPING: Known = Known {
    id: "net.nic-flapping",
    kinds: &[EventKind::NET_LINK_DOWN, EventKind::NET_FLAPPING],
    object: &["nic"],
    noun: ("uplink", "アップリンク"),
    need: Need { repeats: (3, 600), apart: 5, lasts: None, alone: is_called_flapping },
    severity: Severity::Warning,
    cause: "unstable-link",
    why: (
        "The link went down again and again within minutes: cable, SFP module, switch port, or the adapter.",
        "数分以内にリンクダウンが繰り返されました。ケーブル、SFP モジュール、スイッチ ポート、またはアダプタが原因です。",
    ),
    title: ("The link of {object} on {host} is unstable", "{host} の {object} のリンクが不安定です"),
    meaning: (
        "Each time VMs and services move to another uplink and lose packets.",
        "そのたびに仮想マシンやサービスの通信が他のアップリンクに切り替わり、パケットが失われます。",
    ),
    steps: &[
        NICS,
        CABLE,
        DRIVER,
        Do(
            "Check: the link stays up.",
            "確認：リンクがアップのまま維持されること。",
            Some("esxcli network nic list"),
        ),
    ],
    references: &[NIC_KB],
    yields_to: &["vsan.host-lost", "vsan.partition", "host.disconnected", "host.crashed", "net.nic-reset"],
    ..PLAIN
};

pub(super) const CONNECTIVITY_LOST: Known = Known {
    id: "net.connectivity-lost",
    kinds: &[EventKind::NET_REDUNDANCY_LOST],
    counts: is_cut_off,
    object: &["nic", "switch"],
    noun: ("", ""),
    need: Need {
        repeats: (3, 3_600),
        apart: 5,
        lasts: Some((&[EventKind::NET_LINK_UP], 60)),
        alone: super::never,
    },
    cause: "uplinks-down",
    why: (
        "All uplinks of a virtual switch were down: what they share is at fault, the physical switch, one adapter with several ports, or a switch with one uplink only.",
        "仮想スイッチのすべてのアップリンクがダウンしました。共有する物理スイッチ、複数ポートのアダプタの障害、またはアップリンクが 1 本のみの構成が原因です。",
    ),
    title: (
        "A virtual switch of {host} lost all its uplinks: {object}",
        "{host} の仮想スイッチのすべてのアップリンクが失われました：{object}",
    ),
    meaning: (
        "VMs and VMkernel adapters on it reached nothing outside of the host.",
        "このスイッチ上の仮想マシンと VMkernel アダプタはホスト外と通信できませんでした。",
    ),
    steps: &[
        NICS,
        Do(
            "Check what the uplinks share: the physical switch, the adapter, cables and SFP modules.",
            "アップリンクの共通部分（物理スイッチ、アダプタ、ケーブル、SFP モジュール）を確認します。",
            None,
        ),
        Do(
            "Give the switch a second uplink on another adapter and another physical switch.",
            "別のアダプタと別の物理スイッチに接続した 2 本目のアップリンクを追加します。",
            None,
        ),
        Do(
            "Check: the uplinks of the switch are up.",
            "確認：スイッチのアップリンクがアップであること。",
            Some("esxcli network nic list"),
        ),
    ],
    references: &[NIC_KB],
    yields_to: &["vsan.host-lost", "vsan.partition", "host.disconnected", "host.crashed", "net.nic-reset"],
    ..PLAIN
};

/// No uplink is left.
fn is_cut_off(moment: &Moment) -> bool {
    moment.field("what").is_some_and(|what| what.ends_with("connectivity.lost"))
}

fn has_uplink(moment: &Moment) -> bool {
    !is_cut_off(moment)
}

pub(super) const REDUNDANCY_LOST: Known = Known {
    id: "net.redundancy-lost",
    kinds: &[EventKind::NET_REDUNDANCY_LOST],
    counts: has_uplink,
    object: &["nic", "switch"],
    noun: ("uplink", "アップリンク"),
    need: Need {
        repeats: (3, 3_600),
        apart: 5,
        lasts: Some((&[EventKind::NET_LINK_UP], 300)),
        alone: super::never,
    },
    severity: Severity::Warning,
    cause: "uplink-down",
    why: (
        "An uplink stayed down: its cable, its switch port or the adapter.",
        "アップリンクがダウンしたままです。ケーブル、スイッチ ポート、またはアダプタが原因です。",
    ),
    title: ("{host} lost redundancy of {object}", "{host} で {object} の冗長性が失われました"),
    meaning: (
        "The switch has no spare: one more failure cuts its networks off.",
        "予備のアップリンクがなく、さらに障害が発生するとネットワークが切断されます。",
    ),
    steps: &[
        NICS,
        CABLE,
        DRIVER,
        Do(
            "Check: all uplinks of the switch are up.",
            "確認：スイッチのすべてのアップリンクがアップであること。",
            Some("esxcli network nic list"),
        ),
    ],
    references: &[NIC_KB],
    yields_to: &[
        "vsan.host-lost",
        "vsan.partition",
        "host.disconnected",
        "host.crashed",
        "net.nic-reset",
        "net.nic-flapping",
        "net.connectivity-lost",
    ],
    ..PLAIN
};

pub(super) const MISMATCH: Known = Known {
    id: "net.mismatch",
    kinds: &[EventKind::NET_MISMATCH],
    object: &["nic", "what"],
    noun: ("", ""),
    severity: Severity::Warning,
    cause: "switch-settings",
    why: (
        "MTU, VLANs, teaming, speed or LACP of the physical switch are not what the virtual switch has.",
        "物理スイッチの MTU、VLAN、チーミング、速度、または LACP が仮想スイッチの設定と一致していません。",
    ),
    title: (
        "Switch settings do not match on {host}: {object}",
        "{host} でスイッチの設定が一致していません：{object}",
    ),
    meaning: (
        "Large packets or some networks do not get through, or an aggregated link is down.",
        "大きなパケットや一部のネットワークの通信が失われるか、集約リンクがダウンします。",
    ),
    steps: &[
        Do(
            "List the switches with their uplinks and MTU.",
            "スイッチのアップリンクと MTU を一覧表示します。",
            Some("esxcli network vswitch dvs vmware list"),
        ),
        Do(
            "For LACP compare both sides.",
            "LACP の場合は両側の設定を比較します。",
            Some("esxcli network vswitch dvs vmware lacp status get"),
        ),
        Do(
            "Set MTU, trunked VLANs and port channel of the physical ports as the virtual switch has them.",
            "物理ポートの MTU、トランク VLAN、ポート チャネルを仮想スイッチに合わせます。",
            None,
        ),
        Do(
            "Check: the health check of the switch is green.",
            "確認：スイッチの健全性チェックが正常であること。",
            None,
        ),
    ],
    ..PLAIN
};
