//! The words of differences, in English and Japanese beside each other.

use super::super::features::plain;
use super::super::labels::{Labels as Common, fill, fill_count, labels};
use super::area::Area;
use super::attributes::{NONE, PRESENT};
use crate::model::Lang;

/// Keys that are named in one label.
const KEYS: usize = 6;

labels! {
    title: "What is different about each host", "ホストごとの差異";
    nav: "Differences", "差異";
    explained: "Compared with the other hosts of the cluster, the most unusual first; what a bundle does not tell is not compared.",
        "クラスタ内の他のホストとの差異を、珍しいものから順に示します。バンドルに情報がない項目は比較していません。";
    on_most: "Usual", "多数のホスト";
    attribute: "What", "項目";
    hosts_with: "Hosts with it", "該当ホスト数";
    share: "{0} of {1}", "{1} 台中 {0} 台";
    value_with: "{0} ({1})", "{0}（{1}）";
    with_it: "With it: {0}", "これに伴う差異：{0}";
    more_rows: "1 more is in report.json.|{0} more are in report.json.", "ほか {0} 件は report.json にあります。";
    more_hosts: "1 more host is in report.json.|{0} more hosts are in report.json.", "ほか {0} 台のホストは report.json にあります。";
    between: "Differs between {0} and {1}", "{0} と {1} の差異";
    no_usual: "No value is the usual one", "多数の値がない項目";
    named: "{0} {1}", "{0} {1}";

    found: "{0} and {1}: 1 difference in {2} attributes that both bundles tell.|{0} and {1}: {3} differences in {2} attributes that both bundles tell.",
        "{0} と {1} を {2} 項目で比較し、差異が {3} 件ありました。";
    same: "{0} and {1}: no difference in {2} attributes that both bundles tell.",
        "{0} と {1} を {2} 項目で比較しました。差異はありません。";
    nothing: "{0} and {1}: nothing could be compared, as the bundles tell nothing that is the same in both.",
        "{0} と {1} のバンドルに共通の情報がないため、比較できませんでした。";
    by_cluster: "The most unusual among the {0} hosts of the cluster comes first.", "クラスタのホスト {0} 台の中で珍しいものから順に示します。";
    by_area: "Without other hosts of the cluster nothing tells which value is the unusual one; the order is that of the areas.",
        "クラスタ内の他のホストのバンドルがないため、どちらの値が珍しいかは判断できません。項目の種類順に示します。";
    by_captures: "Two bundles of one host, ordered by area.", "同じホストの 2 つのバンドルを、項目の種類順に示します。";
    not_compared: "Not compared", "比較できなかった項目";
    not_in: "{0}: not in the bundle of {1}", "{0}：{1} のバンドルに情報なし";
    in_neither: "{0}: in neither bundle", "{0}：どちらのバンドルにも情報なし";
    keys_of: "{0} ({1})", "{0}（{1}）";
    all_lists: "--all lists what comes with each.", "--all で、これに伴う差異もすべて表示します。";
    at: "{0} ({1})", "{0}（{1}）";

    absent: "not set", "未設定";
    not_installed: "not installed", "未インストール";
    not_there: "not there", "なし";
    not_shared: "no other host", "他のホストになし";
    present: "there", "あり";
    none: "none", "なし";
    on: "enabled", "有効";
    off: "disabled", "無効";
    up: "up", "接続";
    down: "down", "切断";
    switched_off: "switched off", "管理上無効";
    standard: "standard", "標準";
    distributed: "distributed", "分散";
    speed: "{0} Mbit/s", "{0} Mbit/s";
    disk_groups: "disk groups/disks {0}", "ディスク グループ/ディスク {0}";
    vibs_n: "1 VIB|{0} VIBs", "VIB {0} 個";
    release: "{0} ({1})", "{0}（{1}）";

    a_microcode: "Microcode (running)", "マイクロコード（実行中）";
    a_microcode_by_bios: "Microcode (by BIOS)", "マイクロコード（BIOS）";
    a_evc_mask: "EVC mask", "EVC マスク";
    a_capability: "Capability", "ハードウェアの機能";
    a_effective: "Seen by VMs", "仮想マシンに提供される機能";
    a_evc_mode: "EVC mode", "EVC モード";
    a_cpu: "CPU", "CPU";
    a_cpu_name: "CPU name", "CPU 名";
    a_build: "Build", "ビルド";
    a_version: "Version", "バージョン";
    a_update: "Release", "リリース";
    a_image_profile: "Image profile", "イメージ プロファイル";
    a_bios: "BIOS", "BIOS";
    a_bios_date: "BIOS date", "BIOS 日付";
    a_hardware: "Hardware model", "ハードウェア モデル";
    a_hardware_vendor: "Hardware vendor", "ハードウェア ベンダー";
    a_vib: "VIB", "VIB";
    a_acceptance: "Acceptance level", "許容レベル";
    a_nic: "NIC", "NIC";
    a_nic_model: "NIC model", "NIC モデル";
    a_nic_driver: "NIC driver", "NIC ドライバ";
    a_nic_firmware: "NIC firmware", "NIC ファームウェア";
    a_vsan_cluster: "vSAN cluster UUID", "vSAN クラスタ UUID";
    a_vsan_members: "vSAN members", "vSAN メンバー数";
    a_unicast_peers: "Unicast peers", "ユニキャスト ピア数";
    a_vsan_format: "vSAN on-disk format", "vSAN オンディスク フォーマット";
    a_vsan_disks: "vSAN disks", "vSAN ディスク";
    a_vsan_adapters: "vSAN adapters", "vSAN アダプタ";
    a_advanced_option: "Advanced option", "詳細設定";
    a_kernel_setting: "Kernel setting", "カーネル設定";
    a_ha: "vSphere HA", "vSphere HA";
    ha_enabled: "on or off", "有効/無効";
    ha_host_monitoring: "host monitoring", "ホスト監視";
    ha_vm_monitoring: "VM monitoring", "仮想マシンの監視";
    ha_component_protection: "VM component protection", "仮想マシン コンポーネント保護";
    ha_admission: "admission control", "アドミッション コントロール";
    ha_restart_priority: "restart priority", "再起動の優先順位";
    ha_isolation: "isolation response", "隔離時の対応";
    a_ha_option: "HA option", "HA の詳細オプション";
    a_shared_address: "IP address in use twice", "重複する IP アドレス";
    a_nic_link: "NIC link", "NIC リンク";
    a_nic_speed: "NIC speed", "NIC 速度";
    a_nic_mtu: "NIC MTU", "NIC MTU";
    a_vmknic: "VMkernel adapter", "VMkernel アダプタ";
    a_vmknic_mtu: "VMkernel MTU", "VMkernel MTU";
    a_vmknic_network: "VMkernel network", "VMkernel ネットワーク";
    a_vmknic_tags: "VMkernel services", "VMkernel サービス";
    a_vmknic_netstack: "TCP/IP stack", "TCP/IP スタック";
    a_vmknic_port_group: "VMkernel port group", "VMkernel ポート グループ";
    a_vmknic_switch: "VMkernel switch", "VMkernel スイッチ";
    a_switch: "Switch", "スイッチ";
    a_switch_mtu: "Switch MTU", "スイッチ MTU";
    a_switch_uplinks: "Uplinks", "アップリンク";
    a_port_group: "VLAN", "VLAN";
    a_ntp_enabled: "NTP", "NTP";
    a_ntp_servers: "NTP servers", "NTP サーバ";
}

/// The words in the language of `common`.
pub fn words(common: &Common) -> &'static Labels {
    if common.tag == JA.tag { &JA } else { &EN }
}

/// The words in `lang`.
pub(super) fn words_in(lang: Lang) -> &'static Labels {
    match lang {
        Lang::En => &EN,
        Lang::Ja => &JA,
    }
}

impl Labels {
    /// An area.
    pub(super) const fn area(&self, area: Area) -> &'static str {
        match area {
            Area::Microcode => self.a_microcode,
            Area::MicrocodeByBios => self.a_microcode_by_bios,
            Area::EvcMask => self.a_evc_mask,
            Area::Capability => self.a_capability,
            Area::Effective => self.a_effective,
            Area::EvcMode => self.a_evc_mode,
            Area::Cpu => self.a_cpu,
            Area::CpuName => self.a_cpu_name,
            Area::Build => self.a_build,
            Area::Version => self.a_version,
            Area::Update => self.a_update,
            Area::ImageProfile => self.a_image_profile,
            Area::Bios => self.a_bios,
            Area::BiosDate => self.a_bios_date,
            Area::Hardware => self.a_hardware,
            Area::HardwareVendor => self.a_hardware_vendor,
            Area::Vib => self.a_vib,
            Area::Acceptance => self.a_acceptance,
            Area::Nic => self.a_nic,
            Area::NicModel => self.a_nic_model,
            Area::NicDriver => self.a_nic_driver,
            Area::NicFirmware => self.a_nic_firmware,
            Area::VsanCluster => self.a_vsan_cluster,
            Area::VsanMembers => self.a_vsan_members,
            Area::UnicastPeers => self.a_unicast_peers,
            Area::VsanFormat => self.a_vsan_format,
            Area::VsanDisks => self.a_vsan_disks,
            Area::VsanAdapters => self.a_vsan_adapters,
            Area::AdvancedOption => self.a_advanced_option,
            Area::KernelSetting => self.a_kernel_setting,
            Area::Ha => self.a_ha,
            Area::HaOption => self.a_ha_option,
            Area::SharedAddress => self.a_shared_address,
            Area::NicLink => self.a_nic_link,
            Area::NicSpeed => self.a_nic_speed,
            Area::NicMtu => self.a_nic_mtu,
            Area::Vmknic => self.a_vmknic,
            Area::VmknicMtu => self.a_vmknic_mtu,
            Area::VmknicNetwork => self.a_vmknic_network,
            Area::VmknicTags => self.a_vmknic_tags,
            Area::VmknicNetstack => self.a_vmknic_netstack,
            Area::VmknicPortGroup => self.a_vmknic_port_group,
            Area::VmknicSwitch => self.a_vmknic_switch,
            Area::Switch => self.a_switch,
            Area::SwitchMtu => self.a_switch_mtu,
            Area::SwitchUplinks => self.a_switch_uplinks,
            Area::PortGroup => self.a_port_group,
            Area::NtpEnabled => self.a_ntp_enabled,
            Area::NtpServers => self.a_ntp_servers,
        }
    }

    /// A value of an area; `None` is known not to be there.
    pub(super) fn value(&self, area: Area, value: Option<&str>) -> String {
        let Some(value) = value else {
            return match area {
                Area::Vib => self.not_installed,
                Area::Nic | Area::Vmknic | Area::Switch | Area::PortGroup => self.not_there,
                Area::SharedAddress => self.not_shared,
                _ => self.absent,
            }
            .to_owned();
        };
        match (area, value) {
            (Area::Nic | Area::Vmknic, PRESENT) => self.present.to_owned(),
            (Area::NtpEnabled | Area::Ha, "true") => self.on.to_owned(),
            (Area::NtpEnabled | Area::Ha, "false") => self.off.to_owned(),
            (Area::NicLink, "up") => self.up.to_owned(),
            (Area::NicLink, "down") => self.down.to_owned(),
            (Area::NicLink, _) => self.switched_off.to_owned(),
            (Area::Switch, "standard") => self.standard.to_owned(),
            (Area::Switch, _) => self.distributed.to_owned(),
            (Area::NicSpeed, speed) => fill(self.speed, &[speed]),
            (Area::VsanDisks, counts) => fill(self.disk_groups, &[counts]),
            (Area::VmknicTags | Area::SwitchUplinks | Area::NtpServers, NONE) => self.none.to_owned(),
            (_, value) => value.to_owned(),
        }
    }

    /// The words that all renderers share, in the same language.
    pub(super) fn common(&self) -> &'static Common {
        labels(if self.tag == JA.tag { Lang::Ja } else { Lang::En })
    }

    /// What a key of an area is called: a setting of vSphere HA by its name, all others as they are.
    fn key<'k>(&self, area: Area, key: &'k str) -> &'k str
    where
        'static: 'k,
    {
        match (area, key) {
            (Area::Ha, "enabled") => self.ha_enabled,
            (Area::Ha, "host_monitoring") => self.ha_host_monitoring,
            (Area::Ha, "vm_monitoring") => self.ha_vm_monitoring,
            (Area::Ha, "component_protection") => self.ha_component_protection,
            (Area::Ha, "admission_control") => self.ha_admission,
            (Area::Ha, "restart_priority") => self.ha_restart_priority,
            (Area::Ha, "isolation_response") => self.ha_isolation,
            _ => key,
        }
    }

    /// At most `max` keys of an area, and how many more there are.
    pub(super) fn keys(&self, area: Area, keys: &[&str], max: usize) -> String {
        let told: Vec<&str> = keys.iter().map(|key| self.key(area, key)).collect();
        plain(&told, max, self.common())
    }

    /// `NIC firmware vmnic0, vmnic1`
    pub(super) fn label(&self, area: Area, keys: &[&str]) -> String {
        match keys {
            [] => self.area(area).to_owned(),
            keys => fill(self.named, &[self.area(area), &self.keys(area, keys, KEYS)]),
        }
    }

    /// `9 VIBs`, or `BIOS date`: things of one area that come with another.
    pub(super) fn counted(&self, area: Area, keys: &[&str]) -> String {
        match (area, keys.len()) {
            (Area::Vib, count) => fill_count(self.vibs_n, count as u64),
            _ => self.label(area, keys),
        }
    }
}
