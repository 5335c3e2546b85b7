//! Services of hosts and of vCenter Server, time, certificates and licences, vSphere HA, and VMs that stood still.

use super::{Across, Do, Known, Need, ONCE, PLAIN, never};
use crate::case::Moment;
use crate::model::{EventKind, Severity};

const CORES: Do = Do(
    "Look for core files, and collect a support bundle with them.",
    "コア ファイルを確認し、サポート バンドルを採取します。",
    Some("ls -lh /var/core"),
);

pub(super) const HUNG: Known = Known {
    id: "service.hung",
    kinds: &[EventKind::SERVICE_HANG],
    object: &["service"],
    noun: ("service", "サービス"),
    need: Need { apart: 60, ..ONCE },
    cause: "agent-hang",
    why: (
        "The agent did not answer, or crashed: often it waits for storage, or it ran out of memory or space.",
        "エージェントが応答しないか、クラッシュしました。ストレージの応答待ち、メモリ不足、容量不足が主な原因です。",
    ),
    title: ("{object} did not answer on {host}", "{host} で {object} が応答しませんでした"),
    meaning: (
        "The host cannot be managed meanwhile; its VMs run on.",
        "その間ホストは管理できませんが、仮想マシンは稼働を続けます。",
    ),
    steps: &[
        Do(
            "See whether the agent answers now.",
            "エージェントの状態を確認します。",
            Some("/etc/init.d/{service} status"),
        ),
        Do(
            "Look for storage that does not answer, and for full ramdisks.",
            "応答しないストレージと一杯の RAM ディスクを確認します。",
            Some("esxcli storage core path list; vdf -h"),
        ),
        CORES,
        Do("Restart the agent.", "エージェントを再起動します。", Some("/etc/init.d/{service} restart")),
        Do(
            "Check: the host is connected in vCenter Server and stays so.",
            "確認：ホストが vCenter Server に接続され、維持されること。",
            None,
        ),
    ],
    yields_to: &[
        "host.disconnected",
        "host.crashed",
        "vsan.host-lost",
        "storage.apd",
        "storage.pdl",
        "host.ramdisk-full",
        "host.memory-errors",
    ],
    ..PLAIN
};

pub(super) const CRASHED: Known = Known {
    id: "service.crash",
    kinds: &[EventKind::SERVICE_CRASH],
    object: &["service"],
    noun: ("service", "サービス"),
    severity: Severity::Warning,
    cause: "service-crash",
    why: (
        "The service ended without being asked to; its own log and the core file tell why.",
        "サービスが予期せず終了しました。原因はサービス自身のログとコア ファイルで確認できます。",
    ),
    title: ("{object} ended unexpectedly on {host}", "{host} で {object} が異常終了しました"),
    meaning: (
        "What it does is not done until it runs again.",
        "再起動されるまで、その機能は利用できません。",
    ),
    steps: &[
        Do("Look at the end of the service's own log.", "サービス自身のログの末尾を確認します。", None),
        CORES,
        Do(
            "See whether memory or a partition ran out.",
            "メモリや容量の不足がないか確認します。",
            Some("df -h"),
        ),
        Do("Check: the service runs and stays up.", "確認：サービスが稼働し続けること。", None),
    ],
    yields_to: &[
        "host.disconnected",
        "host.crashed",
        "host.ramdisk-full",
        "host.partition-full",
        "service.hung",
    ],
    ..PLAIN
};

pub(super) const VCENTER_DISK_FULL: Known = Known {
    id: "vcenter.disk-full",
    kinds: &[EventKind::VCENTER_DISK_FULL],
    object: &["partition", "alarm"],
    noun: ("partition", "パーティション"),
    cause: "full",
    why: (
        "A partition of vCenter Server is full: logs that do not rotate, core files, or a database that grew.",
        "vCenter Server のパーティションが一杯です。ログの肥大化、コア ファイル、データベースの増大が原因です。",
    ),
    title: (
        "vCenter Server {host} has no space left on {object}",
        "vCenter Server {host} の {object} に空きがありません",
    ),
    meaning: (
        "Services of vCenter stop, and nobody can log in.",
        "vCenter のサービスが停止し、ログインできなくなります。",
    ),
    steps: &[
        Do(
            "See which partition is full, of bytes or of inodes.",
            "容量または inode が一杯のパーティションを確認します。",
            Some("df -h; df -i"),
        ),
        Do(
            "Find what is large there, and remove what is old.",
            "大きなファイルを特定し、古いものを削除します。",
            Some("du -xah /storage | sort -rh | head -n 20"),
        ),
        Do(
            "Or enlarge the disk in the VM's settings, then the partition.",
            "または仮想マシンの設定でディスクを拡張し、パーティションを拡張します。",
            Some("/usr/lib/applmgmt/support/scripts/autogrow.sh"),
        ),
        Do("Start the services.", "サービスを起動します。", Some("service-control --start --all")),
        Do(
            "Check: all services run.",
            "確認：すべてのサービスが稼働していること。",
            Some("service-control --status --all"),
        ),
    ],
    ..PLAIN
};

/// A step of the clock that was no loss of its servers is a verdict of the clocks.
fn tells_of_servers(moment: &Moment) -> bool {
    moment.event.kind == EventKind::TIME_UNSYNCED
        || moment.field("id").is_some_and(|id| {
            id.ends_with(".lostsync") || id.ends_with(".adjtime.unsync") || id.contains(".ntpd.")
        })
}

pub(super) const TIME_LOST: Known = Known {
    id: "time.sync-lost",
    kinds: &[EventKind::TIME_UNSYNCED, EventKind::TIME_STEP],
    counts: tells_of_servers,
    need: Need { repeats: (3, 86_400), apart: 60, lasts: None, alone: never },
    severity: Severity::Warning,
    cause: "ntp",
    why: (
        "The host's time servers do not answer, or do not agree.",
        "時刻サーバが応答しないか、時刻が一致していません。",
    ),
    title: ("{host} keeps losing its time servers", "{host} で時刻サーバとの同期が繰り返し失われています"),
    meaning: (
        "Its clock drifts; certificates, logins, vSAN and vSphere HA depend on clocks that agree.",
        "時計がずれていきます。証明書、認証、vSAN、vSphere HA は時刻の一致を前提とします。",
    ),
    steps: &[
        Do("See which servers answer.", "応答するサーバを確認します。", Some("ntpq -pn")),
        Do(
            "Let UDP 123 through, and name at least three servers that agree.",
            "UDP 123 を許可し、時刻の一致する 3 台以上のサーバを設定します。",
            Some("esxcli system ntp get"),
        ),
        Do(
            "Check: one server is marked with *, and its reach is 377.",
            "確認：いずれかのサーバに「*」が付き、reach が 377 であること。",
            Some("ntpq -pn"),
        ),
    ],
    references: &[(
        "KB 312204: Troubleshooting NTP on ESXi",
        Some("https://knowledge.broadcom.com/external/article/312204"),
    )],
    yields_to: &["clock.skew"],
    ..PLAIN
};

pub(super) const CERTIFICATE: Known = Known {
    id: "certificate.expiring",
    kinds: &[EventKind::CERTIFICATE_EXPIRING],
    need: Need { apart: 60, ..ONCE },
    severity: Severity::Warning,
    cause: "certificate",
    why: (
        "A certificate is at its end: vCenter says so, or what depends on it fails already.",
        "証明書の期限が近いか、切れています。vCenter が警告しているか、依存する機能が既に失敗しています。",
    ),
    title: ("A certificate of {host} expires or has expired", "{host} の証明書の期限が近いか、切れています"),
    meaning: (
        "When it ends, hosts cannot be connected or nobody can log in.",
        "期限が切れると、ホストの接続やログインができなくなります。",
    ),
    steps: &[
        Do(
            "Read when a host's certificate ends.",
            "ホスト証明書の有効期限を確認します。",
            Some("openssl x509 -in /etc/vmware/ssl/rui.crt -noout -dates"),
        ),
        Do(
            "Renew it from vCenter, or replace it where it comes from your own authority.",
            "vCenter から更新するか、独自の認証局の証明書の場合は置き換えます。",
            None,
        ),
        Do(
            "For the signing certificate of Single Sign-On follow KB 316619, with a snapshot first.",
            "Single Sign-On の署名証明書の場合は、スナップショット作成後に KB 316619 の手順に従います。",
            None,
        ),
        Do(
            "Check: the new date is shown, and the alarm is green.",
            "確認：新しい有効期限が表示され、アラームが正常であること。",
            None,
        ),
    ],
    references: &[(
        "KB 316619: Signing certificate is not valid",
        Some("https://knowledge.broadcom.com/external/article/316619"),
    )],
    yields_to: &["host.disconnected"],
    ..PLAIN
};

pub(super) const LICENSE: Known = Known {
    id: "license.expired",
    kinds: &[EventKind::LICENSE_EXPIRED],
    need: Need { apart: 60, ..ONCE },
    severity: Severity::Warning,
    cause: "licence",
    why: (
        "vCenter says that a licence expired: an evaluation that ended, or a term that was not renewed.",
        "ライセンスの期限切れを vCenter が報告しています。評価期間の終了または更新漏れが原因です。",
    ),
    title: ("A licence of {host} expired", "{host} のライセンスの期限が切れました"),
    meaning: (
        "Hosts without a licence are disconnected, and VMs cannot be powered on there.",
        "ライセンスのないホストは切断され、仮想マシンをパワーオンできません。",
    ),
    steps: &[
        Do(
            "See the host's licence.",
            "ホストのライセンスを確認します。",
            Some("vim-cmd vimsvc/license --show"),
        ),
        Do(
            "Assign a valid one in vCenter Server.",
            "vCenter Server で有効なライセンスを割り当てます。",
            None,
        ),
        Do("Check: the host is connected.", "確認：ホストが接続されていること。", None),
    ],
    yields_to: &["host.disconnected"],
    ..PLAIN
};

pub(super) const RESTART_FAILED: Known = Known {
    id: "ha.restart-failed",
    kinds: &[EventKind::HA_RESTART_FAILED],
    object: &["vm"],
    noun: ("VM", "仮想マシン"),
    // A failed attempt is made again, and how often it failed tells nothing where one succeeds.
    need: Need {
        repeats: (usize::MAX, 0),
        apart: 5,
        lasts: Some((&[EventKind::HA_FAILOVER, EventKind::VM_POWER_ON], 900)),
        alone: never,
    },
    cause: "no-host-fits",
    why: (
        "No host that is left could run the VM: too little memory or CPU, or its datastore or network is not there.",
        "残りのホストで仮想マシンを起動できませんでした。リソース不足、またはデータストアやネットワークに到達できないことが原因です。",
    ),
    title: ("vSphere HA could not restart {object}", "vSphere HA が {object} を再起動できませんでした"),
    meaning: (
        "It stays off until an attempt succeeds or somebody powers it on.",
        "再試行が成功するか手動でパワーオンするまで停止したままです。",
    ),
    steps: &[
        Do(
            "Read the reason in the event, and free resources or restore the datastore.",
            "イベントの理由を確認し、リソースの確保またはデータストアの復旧を行います。",
            None,
        ),
        Do(
            "Where it is still off, power the VM on by hand.",
            "停止したままの場合は、仮想マシンを手動でパワーオンします。",
            Some("dcli com vmware vcenter vm power start --vm <id>"),
        ),
        Do(
            "Check admission control: the cluster must hold enough for its largest host.",
            "確認：アドミッション コントロールにより、最大のホスト 1 台分の余力が確保されていること。",
            None,
        ),
    ],
    yields_to_any: &["vsan.partition"],
    ..PLAIN
};

pub(super) const FAILOVER: Known = Known {
    id: "ha.failover",
    kinds: &[EventKind::HA_FAILOVER],
    object: &["vm"],
    noun: ("VM", "仮想マシン"),
    need: Need { apart: 60, ..ONCE },
    across: Across::Joined,
    severity: Severity::Warning,
    cause: "ha-restart",
    why: (
        "vSphere HA took a host or its storage for lost and restarted VMs; the bundles do not show which.",
        "vSphere HA がホストまたはストレージの喪失と判断し、仮想マシンを再起動しました。その原因はバンドルに記録されていません。",
    ),
    title: (
        "vSphere HA restarted {object} (told by {host})",
        "{host} の記録では vSphere HA が {object} を再起動しました",
    ),
    meaning: ("The VMs were off for a minute or more.", "仮想マシンは 1 分以上停止しました。"),
    steps: &[
        Do(
            "Find out which host they ran on, and add its bundle.",
            "元の稼働ホストを特定し、そのバンドルを追加します。",
            None,
        ),
        Do(
            "Read the hardware's event log of that host.",
            "そのホストのハードウェア イベント ログを確認します。",
            Some("esxcli hardware ipmi sel list"),
        ),
        Do(
            "Check: all VMs of the cluster run.",
            "確認：クラスタのすべての仮想マシンが稼働していること。",
            None,
        ),
    ],
    yields_to_any: &[
        "host.crashed",
        "vsan.host-lost",
        "vsan.partition",
        "host.disconnected",
        "storage.apd",
        "storage.pdl",
    ],
    ..PLAIN
};

pub(super) const STUN: Known = Known {
    id: "vm.stunned",
    kinds: &[EventKind::VM_STUN],
    object: &["vm"],
    noun: ("VM", "仮想マシン"),
    severity: Severity::Warning,
    confidence: crate::model::Confidence::Possible,
    cause: "long-stun",
    why: (
        "Something held the VM: a snapshot with memory or its removal, a vMotion of a busy VM, or a slow datastore.",
        "メモリを含むスナップショットの作成や削除、負荷の高い仮想マシンの vMotion、またはデータストアの遅延により停止しました。",
    ),
    title: (
        "{object} stood still on {host} for ten seconds or more",
        "{host} で {object} が 10 秒以上停止しました",
    ),
    meaning: (
        "Clusters inside of guests may have failed over.",
        "ゲスト内のクラスタでフェイルオーバーが発生した可能性があります。",
    ),
    steps: &[
        Do("See in vCenter what was done to the VM then.", "vCenter でその時刻の操作を確認します。", None),
        Do(
            "Take snapshots without memory, and remove old ones in quiet hours.",
            "メモリを含まないスナップショットを使用し、古いものは負荷の低い時間帯に削除します。",
            None,
        ),
        Do(
            "Check: the next stun takes a second or two.",
            "確認：次回の停止が 1～2 秒以内であること。",
            Some("grep Unstun /vmfs/volumes/*/*/vmware.log"),
        ),
    ],
    yields_to: &["storage.apd", "storage.datastore-lost", "storage.latency", "vsan.congestion"],
    ..PLAIN
};
