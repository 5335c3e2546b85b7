//! The words of a host's configuration, in English and Japanese beside each other.

use super::super::labels::Labels as Common;

labels! {
    comma: ", ", "、";
    profile: "Image profile", "イメージ プロファイル";
    modified: "changed {0}", "{0} に変更";
    absent: "Not in the bundle", "バンドルにない情報";
    vibs_all: "VIBs", "VIB";
    elsewhere: "Only in report.html and report.json: {0}", "report.html と report.json のみに記載：{0}";
    acceptance: "Acceptance level", "許容レベル";
    bios_date: "BIOS date", "BIOS 日付";
    microcode: "Microcode", "マイクロコード";
    by_bios: "{0} from the BIOS", "BIOS による読み込み {0}";
    by_esxi: "1 update by ESXi|{0} updates by ESXi", "ESXi による更新 {0} 回";
    ntp: "NTP", "NTP";
    ntp_servers: "NTP servers", "NTP サーバ";
    ha: "vSphere HA", "vSphere HA";
    admission: "Admission control", "アドミッション コントロール";
    isolation: "Isolation response", "隔離時の対応";
    vsan_adapters: "vSAN adapters", "vSAN アダプタ";
    resync: "vSAN resync left", "vSAN 再同期の残り";
    objects_n: "1 object|{0} objects", "オブジェクト {0} 件";

    vmkernel: "VMkernel adapters", "VMkernel アダプタ";
    nics: "Physical NICs", "物理 NIC";
    switches: "Virtual switches", "仮想スイッチ";
    peers: "NTP peers", "NTP ピア";
    options: "Changed advanced options", "変更された詳細設定";
    kernel: "Changed kernel settings", "変更されたカーネル設定";
    vms: "Virtual machines", "仮想マシン";
    ha_hosts: "Hosts of the HA cluster", "HA クラスタのホスト";
    ha_options: "HA advanced options", "HA の詳細オプション";
    disks: "vSAN disks", "vSAN ディスク";
    unused: "Disks that vSAN does not use", "vSAN が使用していないディスク";
    checks: "vSAN health checks that are not green", "正常でない vSAN 健全性チェック";
    objects: "vSAN objects", "vSAN オブジェクト";
    nodes: "Nodes of the vSAN directory", "vSAN ディレクトリのノード";
    vibs: "VIBs that VMware did not make, and the most important ones", "VMware 製以外の VIB および主要な VIB";

    vmkernel_n: "1 VMkernel adapter|{0} VMkernel adapters", "VMkernel アダプタ {0} 個";
    nics_n: "1 NIC|{0} NICs", "NIC {0} 個";
    switches_n: "1 switch|{0} switches", "スイッチ {0} 個";
    options_n: "1 changed option|{0} changed options", "変更された詳細設定 {0} 件";
    vms_n: "1 VM|{0} VMs", "仮想マシン {0} 台";
    disks_n: "1 vSAN disk|{0} vSAN disks", "vSAN ディスク {0} 個";
    vibs_n: "1 VIB|{0} VIBs", "VIB {0} 個";

    name: "Name", "名前";
    addresses: "IP address", "IP アドレス";
    mtu: "MTU", "MTU";
    port_group: "Port group", "ポート グループ";
    port_groups: "Port groups", "ポート グループ";
    switch: "Switch", "スイッチ";
    services: "Services", "サービス";
    netstack: "TCP/IP stack", "TCP/IP スタック";
    mac: "MAC address", "MAC アドレス";
    driver: "Driver", "ドライバ";
    firmware: "Firmware", "ファームウェア";
    link: "Link", "リンク";
    model: "Model", "モデル";
    kind: "Kind", "種類";
    standard: "standard", "標準";
    distributed: "distributed", "分散";
    uplinks: "Uplinks", "アップリンク";
    vlan: "{0} (VLAN {1})", "{0}（VLAN {1}）";
    state: "State", "状態";
    stratum: "Stratum", "階層";
    reach: "Reach", "到達性";
    offset: "Offset", "オフセット";
    option: "Option", "オプション";
    value: "Value", "値";
    configured: "Configured", "設定値";
    runtime: "Running", "実行値";
    default: "Default", "デフォルト";
    id: "ID", "ID";
    world: "World", "ワールド ID";
    hardware: "Hardware version", "ハードウェア バージョン";
    path: "Configuration file", "構成ファイル";
    version: "Version", "バージョン";
    device: "Device", "デバイス";
    tier: "Tier", "階層";
    cache: "cache", "キャッシュ";
    capacity: "capacity", "キャパシティ";
    format: "Format", "フォーマット";
    in_cmmds: "In CMMDS", "CMMDS 登録";
    mounted: "Mounted", "マウント";
    reason: "Reason", "理由";
    check: "Check", "チェック";
    count: "Objects", "オブジェクト数";
    node: "Node", "ノード";
    maintenance: "Decom state", "廃止状態";
    health: "Health", "健全性";
    vendor: "Vendor", "ベンダー";
    installed: "Installed", "インストール日";

    on: "enabled", "有効";
    off: "disabled", "無効";
    up: "up", "接続";
    down: "down", "切断";
    yes: "yes", "はい";
    no: "no", "いいえ";
    none: "none", "なし";
    running: "running", "パワーオン";
    stopped: "not running", "パワーオフ";
    unregistered: "not registered", "未登録";
}

/// The words in the language of `common`.
pub fn words(common: &Common) -> &'static Labels {
    if common.tag == JA.tag { &JA } else { &EN }
}
