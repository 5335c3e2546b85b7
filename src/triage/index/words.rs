//! The fixed words of the index, in English and Japanese beside each other.

use crate::model::Lang;
use crate::triage::shape::Shape;

labels! {
    struct Words;

    title: "Triage", "トリアージ結果";
    kind: "Triage of support bundles", "サポート バンドルのトリアージ";
    counted: "{0}, {1}, {2}, {3}.", "{0}、{1}、{2}、{3}。";
    bundles: "1 bundle|{0} bundles", "バンドル {0} 個";
    systems: "1 host|{0} hosts", "ホスト {0} 台";
    cases_n: "1 case|{0} cases", "ケース {0} 件";
    incidents_n: "1 kind of incident|{0} kinds of incident", "障害 {0} 種類";
    incidents: "Incidents", "障害一覧";
    cases: "Cases", "ケース一覧";
    problems: "What belongs to no case", "ケースに含まれないもの";
    case: "Case", "ケース";
    verdict: "Verdict", "判定";
    versions: "Versions", "バージョン";
    also_in: "Beside something worse in: {0}", "より重大な障害とともに検出：{0}";
    first: "What to do first", "最初の対処";
    incomplete: "evidence incomplete", "証跡に不足あり";
    nothing: "Nothing found", "検出事項なし";
    nothing_incomplete: "Nothing found, and the evidence is incomplete", "検出事項なし（証跡に不足あり）";
    no_incident: "No incident was found.", "障害は検出されませんでした。";
    filter: "Show only cases with", "絞り込み";
    shown: "{0} of {1} shown", "{1} 件中 {0} 件を表示";
    path: "Path", "パス";
    problem: "Problem", "内容";
    made: "Made by esxray {0} with {1} rules ({2}).", "esxray {0}、ルール {1} 件（{2}）で作成。";
    more: "{0} more in index.json", "残り {0} 件は index.json に記載";
    left_over: "What belongs to no case: 1 note in the index|What belongs to no case: {0} notes in the index",
        "ケースに含まれないもの：{0} 件（索引に記載）";
    pair: "{0}: {1}", "{0}：{1}";
    heading: "{0}: {1} ({2})", "{0}：{1}（{2}）";
    separator: "; ", "、";
    in_cases: "{0} in 1 case|{0} in {1} cases", "{0}（{1} 件）";
}

pub(super) fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::En => &EN,
        Lang::Ja => &JA,
    }
}

/// What an incident is called in one line: its finding in words, what it is about, and the cause's id.
pub fn incident_name(shape: &Shape, lang: Lang) -> String {
    let known = FINDINGS.iter().find(|(id, _, _)| *id == shape.finding);
    let name = match (known, lang) {
        (Some((_, en, _)), Lang::En) => en,
        (Some((_, _, ja)), Lang::Ja) => ja,
        (None, _) => shape.finding.as_str(),
    };
    let about = shape.about.join(", ");
    let aside: Vec<&str> = [about.as_str(), shape.cause.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty() && *part != "unknown")
        .collect();
    match (aside.is_empty(), lang) {
        (true, _) => name.to_owned(),
        (false, Lang::En) => format!("{name} ({})", aside.join("; ")),
        (false, Lang::Ja) => format!("{name}（{}）", aside.join("、")),
    }
}

/// Each finding, whichever hosts it befell.
pub(super) static FINDINGS: &[(&str, &str, &str)] = &[
    (
        "evc.feature-mismatch",
        "Hosts of one cluster offer different CPU features",
        "クラスタ内のホスト間で CPU 機能が異なる",
    ),
    ("evc.vmotion-failed", "vMotion was refused for CPU features", "CPU 機能の不一致による vMotion の拒否"),
    ("vmotion.failed", "vMotion failed", "vMotion の失敗"),
    ("vsan.host-lost", "A host is out of the vSAN cluster", "ホストが vSAN クラスタから離脱"),
    ("vsan.partition", "The vSAN cluster is split", "vSAN クラスタの分断"),
    ("vsan.disk-failed", "vSAN disks failed", "vSAN ディスクの障害"),
    (
        "version.hosts-newer-than-vcenter",
        "ESXi hosts are newer than their vCenter Server",
        "ESXi が vCenter Server より新しい",
    ),
    ("host.disconnected", "vCenter Server lost a host", "vCenter Server からホストが切断"),
    ("host.crashed", "A host stopped without being asked to", "ホストの予期しない停止"),
    ("clock.skew", "Host clocks differ", "ホストの時刻のずれ"),
    ("storage.apd", "Datastores or devices lost all paths (APD)", "ストレージの全パス喪失（APD）"),
    ("storage.pdl", "Devices were lost permanently (PDL)", "デバイスの永続的な喪失（PDL）"),
    ("storage.corruption", "VMFS is damaged", "VMFS の破損"),
    ("storage.no-space", "Datastores are full", "データストアの空き容量不足"),
    ("storage.disk-failed", "Disks fail", "ディスクの障害"),
    ("storage.target-lost", "Storage targets were lost", "ストレージ ターゲットへの接続喪失"),
    ("storage.path-lost", "Storage paths were lost", "ストレージ パスの喪失"),
    ("storage.datastore-lost", "Datastores were not reached", "データストアへの接続喪失"),
    ("storage.ats-miscompare", "ATS heartbeats fail", "ATS ハートビートの失敗"),
    ("storage.hba-reset", "Storage adapters were reset", "ストレージ アダプタのリセット"),
    ("storage.fabric-error", "The fabric reports errors", "ファブリックのエラー"),
    ("storage.latency", "Storage is slow", "ストレージの遅延"),
    ("vsan.no-space", "vSAN is running out of space", "vSAN の空き容量不足"),
    ("vsan.congestion", "vSAN is congested", "vSAN の輻輳"),
    ("vsan.resync-delayed", "vSAN resync is delayed", "vSAN の再同期の遅延"),
    ("net.nic-reset", "NICs had to be reset", "NIC のリセット"),
    ("net.nic-flapping", "Links of NICs are unstable", "NIC のリンクの不安定"),
    ("net.connectivity-lost", "Switches lost all uplinks", "仮想スイッチの全アップリンク喪失"),
    ("net.redundancy-lost", "Network redundancy was lost", "ネットワーク冗長性の喪失"),
    ("net.mismatch", "Switch settings do not match", "スイッチ設定の不一致"),
    ("host.hardware", "The hardware reports a fault", "ハードウェアの障害"),
    ("host.memory-errors", "Memory has errors", "メモリ エラー"),
    ("host.cpu-stalled", "CPUs stood still", "CPU の停止"),
    ("host.memory-low", "Hosts ran out of memory", "メモリ不足"),
    ("host.ramdisk-full", "A ramdisk is full", "RAM ディスクの空き容量不足"),
    ("host.partition-full", "A partition is full", "パーティションの空き容量不足"),
    ("host.boot-device-lost", "The boot device was lost", "ブート デバイスの喪失"),
    ("service.hung", "A service did not answer", "サービスの応答停止"),
    ("service.crash", "A service ended unexpectedly", "サービスの異常終了"),
    ("vcenter.disk-full", "vCenter Server has no space left", "vCenter Server の空き容量不足"),
    ("time.sync-lost", "Time servers are lost again and again", "時刻同期の喪失"),
    ("certificate.expiring", "A certificate expires or has expired", "証明書の期限切れ"),
    ("license.expired", "A licence expired", "ライセンスの期限切れ"),
    ("ha.restart-failed", "vSphere HA could not restart VMs", "vSphere HA による再起動の失敗"),
    ("ha.failover", "vSphere HA restarted VMs", "vSphere HA によるフェイルオーバー"),
    ("vm.stunned", "VMs stood still", "仮想マシンの一時停止"),
    ("evidence.incomplete", "The evidence is incomplete", "証跡の不足"),
];
