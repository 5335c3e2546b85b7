//! The server itself: its hardware, its processors, its memory, its partitions.

use super::{Do, Known, Need, PLAIN, is_error, never};
use crate::case::Moment;
use crate::model::{Confidence, EventKind, Severity};

const SEL: Do = Do(
    "Read the hardware's event log for these times; it names the part.",
    "該当時刻のハードウェア イベント ログで部品を特定します。",
    Some("esxcli hardware ipmi sel list"),
);
const SPACE: Do = Do("See what is full.", "一杯になっている領域を確認します。", Some("vdf -h"));
const MCE_KB: (&str, Option<&str>) = (
    "KB 367928: Decoding machine check error output",
    Some("https://knowledge.broadcom.com/external/article/367928"),
);

pub(super) const HARDWARE: Known = Known {
    id: "host.hardware",
    kinds: &[EventKind::HARDWARE_ERROR, EventKind::HARDWARE_SENSOR],
    object: &["alarm", "what"],
    noun: ("", ""),
    is_told_at_stops: true,
    cause: "hardware",
    why: (
        "The hardware itself tells of an error that it could not correct, or one of its sensors turned red.",
        "ハードウェア自身が訂正不能なエラーを報告したか、センサーが異常を示しました。",
    ),
    title: (
        "The hardware of {host} reported a fault: {object}",
        "{host} のハードウェアで障害が報告されました：{object}",
    ),
    meaning: ("The host may stop without warning.", "ホストが突然停止する可能性があります。"),
    steps: &[
        Do(
            "Put the host into maintenance mode.",
            "ホストをメンテナンス モードにします。",
            Some("esxcli system maintenanceMode set --enable true"),
        ),
        SEL,
        Do(
            "Have the part replaced, and update the firmware.",
            "部品を交換し、ファームウェアを更新します。",
            None,
        ),
        Do(
            "Check: all sensors are green, and the log has no new entry.",
            "確認：すべてのセンサーが正常で、ログに新しい記録がないこと。",
            Some("esxcli hardware ipmi sdr list"),
        ),
    ],
    references: &[MCE_KB],
    ..PLAIN
};

/// ESXi or the firmware sums it up already.
fn is_summed_up(moment: &Moment) -> bool {
    moment.event.rule == "vob.memory-page"
}

/// The memory controller corrected it; others are of a processor's caches or of buses.
fn is_of_memory(moment: &Moment) -> bool {
    is_summed_up(moment) || moment.field("what").is_none_or(|what| what.starts_with("Memory Controller"))
}

fn is_of_no_memory(moment: &Moment) -> bool {
    !is_of_memory(moment)
}

pub(super) const MEMORY_ERRORS: Known = Known {
    id: "host.memory-errors",
    kinds: &[EventKind::HARDWARE_MEMORY_ERROR],
    counts: is_of_memory,
    object: &["what"],
    noun: ("", ""),
    need: Need { repeats: (10, 86_400), apart: 1, lasts: None, alone: is_summed_up },
    severity: Severity::Warning,
    is_told_at_stops: true,
    cause: "memory-module",
    why: (
        "A memory module has more errors than it should; each was corrected so far.",
        "メモリ モジュールのエラーが多発しています（現時点ではすべて訂正されています）。",
    ),
    title: ("Memory of {host} has errors: {object}", "{host} のメモリにエラーがあります：{object}"),
    meaning: (
        "Correcting takes time, so that the host becomes slow, and the next error may be one that stops it.",
        "訂正処理によりホストの動作が遅くなり、次のエラーで停止する可能性があります。",
    ),
    steps: &[
        SEL,
        Do(
            "Evacuate the host and have the module replaced.",
            "ホストから仮想マシンを退避し、モジュールを交換します。",
            Some("esxcli system maintenanceMode set --enable true"),
        ),
        Do(
            "Check: no new such lines in vmkernel.log.",
            "確認：vmkernel.log に新しい記録がないこと。",
            Some("grep MCA /var/run/log/vmkernel.log"),
        ),
    ],
    references: &[
        (
            "KB 373203: Large number of corrected memory errors and hostd hang",
            Some("https://knowledge.broadcom.com/external/article/373203"),
        ),
        MCE_KB,
    ],
    ..PLAIN
};

pub(super) const CORRECTED_ERRORS: Known = Known {
    id: "host.hardware",
    kinds: &[EventKind::HARDWARE_MEMORY_ERROR],
    counts: is_of_no_memory,
    need: Need { repeats: (10, 86_400), apart: 1, lasts: None, alone: never },
    severity: Severity::Warning,
    why: (
        "A processor's cache or a bus has more errors than it should; each was corrected so far.",
        "プロセッサのキャッシュまたはバスのエラーが多発しています（現時点ではすべて訂正されています）。",
    ),
    title: (
        "The hardware of {host} corrects many errors: {object}",
        "{host} のハードウェアで訂正可能なエラーが多発しています：{object}",
    ),
    meaning: (
        "The next error may be one that stops the host.",
        "次のエラーでホストが停止する可能性があります。",
    ),
    steps: &[
        SEL,
        Do(
            "Update BIOS and microcode; where the errors stay, have the hardware's vendor find the part.",
            "BIOS とマイクロコードを更新し、継続する場合はハードウェア ベンダーに部品の特定を依頼します。",
            None,
        ),
        Do(
            "Check: no new such lines in vmkernel.log.",
            "確認：vmkernel.log に新しい記録がないこと。",
            Some("grep MCA /var/run/log/vmkernel.log"),
        ),
    ],
    ..HARDWARE
};

pub(super) const CPU_STALLED: Known = Known {
    id: "host.cpu-stalled",
    kinds: &[EventKind::HOST_CPU_STALLED],
    object: &["cpu"],
    noun: ("processor", "プロセッサ"),
    need: Need { repeats: (3, 3_600), apart: 5, lasts: None, alone: never },
    severity: Severity::Warning,
    confidence: Confidence::Possible,
    cause: "driver-or-firmware",
    why: (
        "Something held processors for seconds: a driver that does not give up the processor, or firmware (SMI).",
        "プロセッサが数秒間占有されました。ドライバの占有またはファームウェア（SMI）が考えられます。",
    ),
    title: ("{host} had stalls of {object}", "{host} で {object} の停止が発生しました"),
    meaning: (
        "VMs on it stand still meanwhile; longer stalls end in a purple screen.",
        "その間仮想マシンは停止し、長引くとパープル スクリーンになります。",
    ),
    steps: &[
        Do(
            "Look at the backtrace behind each message: it names the module that ran.",
            "各メッセージに続くバックトレースで実行中のモジュールを確認します。",
            Some("grep -A20 'have a heartbeat' /var/run/log/vmkernel.log"),
        ),
        Do(
            "Update BIOS, the management controller's firmware and the driver that is named.",
            "BIOS、管理コントローラのファームウェア、該当ドライバを更新します。",
            None,
        ),
        SEL,
        Do("Check: the message does not come again.", "確認：メッセージが再発しないこと。", None),
    ],
    references: &[(
        "KB 395129: PSOD triggered by CPU lock, spin count exceeded",
        Some("https://knowledge.broadcom.com/external/article/395129"),
    )],
    yields_to: &["host.crashed"],
    ..PLAIN
};

pub(super) const MEMORY_LOW: Known = Known {
    id: "host.memory-low",
    kinds: &[EventKind::HOST_MEMORY_LOW],
    object: &["heap", "group", "what"],
    noun: ("", ""),
    need: Need { repeats: (10, 3_600), apart: 1, lasts: None, alone: is_error },
    severity: Severity::Warning,
    cause: "memory-exhausted",
    why: (
        "A heap or a group of services used up its memory, or the host as a whole did: a leak, or more load than it was made for.",
        "ヒープ、サービス グループ、またはホスト全体のメモリが枯渇しました。リークまたは想定を超える負荷が原因です。",
    ),
    title: ("{host} ran out of memory: {object}", "{host} でメモリが不足しました：{object}"),
    meaning: (
        "Services fail to start or to answer, and VMs may be ended.",
        "サービスの起動や応答に失敗し、仮想マシンが停止される可能性があります。",
    ),
    steps: &[
        Do(
            "See who uses the memory.",
            "メモリの使用状況を確認します。",
            Some("memstats -r group-stats -s name:min:max:memSizePeak -u mb"),
        ),
        Do(
            "Move VMs away, and update the module or agent that leaks.",
            "仮想マシンを退避し、リークしているモジュールまたはエージェントを更新します。",
            None,
        ),
        Do(
            "Restart the host in maintenance mode where it does not recover.",
            "回復しない場合はメンテナンス モードでホストを再起動します。",
            None,
        ),
        Do(
            "Check: the message does not come again for some days.",
            "確認：数日間メッセージが再発しないこと。",
            None,
        ),
    ],
    yields_to: &["host.crashed"],
    ..PLAIN
};

/// vSAN's traces fill their ramdisk and begin anew: that is how they are kept.
fn is_no_trace(moment: &Moment) -> bool {
    !moment.field("partition").is_some_and(|partition| partition.starts_with("vsantrace"))
}

pub(super) const RAMDISK_FULL: Known = Known {
    id: "host.ramdisk-full",
    kinds: &[EventKind::HOST_RAMDISK_FULL],
    counts: is_no_trace,
    object: &["partition"],
    noun: ("ramdisk", "RAM ディスク"),
    cause: "full",
    why: (
        "Something filled the ramdisk: logs, core files, or many small files of an agent.",
        "ログ、コア ファイル、またはエージェントの多数の小さなファイルが RAM ディスクを占有しています。",
    ),
    title: ("{host} has no space left on {object}", "{host} の {object} に空きがありません"),
    meaning: (
        "Agents fail, VMs cannot be migrated or powered on, and the host may lose its connection to vCenter.",
        "エージェントの障害、仮想マシンの移行やパワーオンの失敗、vCenter との切断につながります。",
    ),
    steps: &[
        SPACE,
        Do(
            "See which ramdisk it is, by bytes and by files.",
            "容量とファイル数で該当する RAM ディスクを確認します。",
            Some("esxcli system visorfs ramdisk list"),
        ),
        Do(
            "Find what fills it, and move or delete it.",
            "占有しているファイルを特定し、移動または削除します。",
            Some("find / -xdev -type f -size +1000k"),
        ),
        Do(
            "Restart the agents that failed.",
            "失敗したエージェントを再起動します。",
            Some("/etc/init.d/hostd restart"),
        ),
        Do(
            "Check: some percent are free, and stay so.",
            "確認：空き容量が回復し、維持されること。",
            Some("vdf -h"),
        ),
    ],
    yields_to: &[],
    ..PLAIN
};

fn is_low(moment: &Moment) -> bool {
    moment.event.rule == "vob.partition-low"
}

fn is_log_lost(moment: &Moment) -> bool {
    moment.event.rule == "vob.log-storage-failed"
}

fn is_full(moment: &Moment) -> bool {
    !is_low(moment) && !is_log_lost(moment)
}

pub(super) const PARTITION_FULL: Known = Known {
    id: "host.partition-full",
    kinds: &[EventKind::HOST_PARTITION_FULL],
    counts: is_full,
    object: &["partition"],
    noun: ("partition", "パーティション"),
    cause: "full",
    why: (
        "The partition for logs, core files and support bundles is full.",
        "ログ、コア ファイル、サポート バンドル用のパーティションが一杯です。",
    ),
    title: ("{host} has no space left on {object}", "{host} の {object} に空きがありません"),
    meaning: (
        "Logs are lost, and updates and support bundles fail.",
        "ログが失われ、アップデートやサポート バンドルの採取に失敗します。",
    ),
    steps: &[
        SPACE,
        Do(
            "Remove old core files and support bundles.",
            "古いコア ファイルとサポート バンドルを削除します。",
            Some("ls -lh /var/core /scratch"),
        ),
        Do(
            "Send the logs to a syslog server, or to a datastore with room.",
            "ログを Syslog サーバまたは空きのあるデータストアに出力します。",
            Some("esxcli system syslog config get"),
        ),
        Do(
            "Check: some percent are free, and stay so.",
            "確認：空き容量が回復し、維持されること。",
            Some("df -h"),
        ),
    ],
    references: &[(
        "KB 87212 (number of the older knowledge base): OSData or scratch is low on space",
        Some("https://knowledge.broadcom.com/external/article?legacyId=87212"),
    )],
    ..PLAIN
};

pub(super) const PARTITION_LOW: Known = Known {
    counts: is_low,
    severity: Severity::Warning,
    why: (
        "The partition for logs, core files and support bundles is nearly full.",
        "ログ、コア ファイル、サポート バンドル用のパーティションの空き容量が残りわずかです。",
    ),
    title: ("{host} is low on space on {object}", "{host} の {object} の空き容量が残りわずかです"),
    meaning: (
        "When it is full, logs are lost, and updates and support bundles fail.",
        "一杯になるとログが失われ、アップデートやサポート バンドルの採取に失敗します。",
    ),
    ..PARTITION_FULL
};

pub(super) const LOGS_LOST: Known = Known {
    counts: is_log_lost,
    object: &[],
    noun: ("", ""),
    cause: "log-storage",
    why: (
        "The syslog daemon cannot write where its logs go: the place is full, gone or read-only.",
        "Syslog デーモンがログの出力先に書き込めません。容量不足、出力先の喪失、または読み取り専用が原因です。",
    ),
    title: ("{host} no longer stores its logs", "{host} でログを保存できなくなりました"),
    meaning: (
        "What happens from then on is in no log of the host.",
        "以後の事象はホストのログに残りません。",
    ),
    steps: &[
        Do("See where the logs go.", "ログの出力先を確認します。", Some("esxcli system syslog config get")),
        Do(
            "See whether that place is there, has room and takes writes.",
            "出力先の存在、空き容量、書き込みの可否を確認します。",
            Some("df -h"),
        ),
        Do("Reload the daemon.", "デーモンを再読み込みします。", Some("esxcli system syslog reload")),
        Do(
            "Check: a mark appears in the log.",
            "確認：ログにマークが記録されること。",
            Some("esxcli system syslog mark --message=test"),
        ),
    ],
    references: &[],
    ..PARTITION_FULL
};

pub(super) const BOOT_DEVICE_LOST: Known = Known {
    id: "host.boot-device-lost",
    kinds: &[EventKind::HOST_BOOT_DEVICE_LOST],
    is_told_at_stops: true,
    cause: "boot-device",
    why: (
        "The boot device does not answer: a worn-out USB stick or SD card, its controller, or lost paths where the host boots from a SAN.",
        "ブート デバイスが応答しません。USB メモリや SD カードの劣化、そのコントローラ、SAN ブートの場合はパス断が原因です。",
    ),
    title: ("{host} lost its boot device", "{host} のブート デバイスが失われました"),
    meaning: (
        "The host runs on from memory; changes are lost with the next restart, which may fail.",
        "ホストはメモリ上で稼働していますが、変更は失われ、次回の起動に失敗する可能性があります。",
    ),
    steps: &[
        Do(
            "Back up the host's configuration at once.",
            "ただちにホストの構成をバックアップします。",
            Some("vim-cmd hostsvc/firmware/backup_config"),
        ),
        Do(
            "See whether the boot device is there.",
            "ブート デバイスの有無を確認します。",
            Some("ls -l /bootbank /altbootbank"),
        ),
        Do(
            "Replace it by a persistent disk, install ESXi there and restore the configuration.",
            "永続的なディスクに交換して ESXi をインストールし、構成を復元します。",
            None,
        ),
        Do(
            "Check: /bootbank points to the device.",
            "確認：/bootbank がデバイスを参照していること。",
            Some("ls -l /bootbank"),
        ),
    ],
    references: &[(
        "KB 318611: Connection to the /bootbank partition breaks with USB or SD devices",
        Some("https://knowledge.broadcom.com/external/article/318611"),
    )],
    ..PLAIN
};
