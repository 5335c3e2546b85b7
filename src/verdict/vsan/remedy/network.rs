//! The vSAN network: test it, and repair what is wrong with it.

use super::super::network::{Fault, NetworkSign, adapters};
use super::step;
use crate::case::{Case, Membership};
use crate::model::Text;
use crate::verdict::{Step, shell_word};

/// The steps against a fault of the network, on the host where it shows.
pub(super) fn steps(
    case: &Case,
    membership: &Membership,
    lost: Option<usize>,
    sign: &NetworkSign,
) -> Vec<Step> {
    // What shows on both sides is looked for where the host is lost.
    let host = lost.filter(|lost| sign.hosts.is_empty() || sign.hosts.contains(lost));
    let host = host.or_else(|| sign.hosts.first().copied()).or(lost);
    let mut steps = repair(case, host, sign.fault);
    steps.extend(ping(case, membership, host));
    steps
}

fn repair(case: &Case, host: Option<usize>, fault: Option<Fault>) -> Vec<Step> {
    let vmk = host
        .and_then(|host| adapters(&case.hosts[host]).next())
        .map(|adapter| shell_word(&adapter.value.name));
    let vmk = vmk.unwrap_or_else(|| "vmkX".to_owned());
    let add = format!("esxcli vsan network ip add -i {vmk}");
    let of = |en, ja, command: &str| step(en, ja, Some(command), host);
    match fault {
        Some(Fault::Adapter) => vec![
            of(
                "See which VMkernel adapter should carry vSAN, and that it has its address and is up.",
                "vSAN を担当すべき VMkernel アダプタと、その IP アドレスおよび状態を確認します。",
                "esxcli vsan network list; esxcli network ip interface ipv4 get",
            ),
            of(
                "Enable vSAN traffic on it again (in vCenter Server, or here). Only for witness traffic add -T witness.",
                "そのアダプタで vSAN トラフィックを再度有効にします (vCenter Server またはホスト上で実施)。監視トラフィック専用の場合のみ -T witness を付けます。",
                &add,
            ),
        ],
        Some(Fault::Link) => vec![of(
            "Repair the links: cable, transceiver, switch port; then see that every uplink of the vSAN switch is up.",
            "リンクを復旧します (ケーブル、トランシーバ、スイッチ ポート)。その後、vSAN 用スイッチの全アップリンクがアップしていることを確認します。",
            "esxcli network nic list; esxcli network vswitch standard list",
        )],
        Some(Fault::Address) => vec![of(
            "Find the machine that uses the same address (its MAC address is in the log and in the neighbour list) and correct one of the two.",
            "同じ IP アドレスを使用している機器を特定し (MAC アドレスはログとネイバー リストで確認可能)、どちらかのアドレスを修正します。",
            "esxcli network ip neighbor list",
        )],
        Some(Fault::Corruption) => vec![of(
            "Find out which link damages packets: compare error counters of adapter and switch port, then change cable, driver, firmware or adapter.",
            "破損の発生箇所を特定します。アダプタとスイッチ ポートのエラー カウンタを比較し、ケーブル、ドライバ、ファームウェア、またはアダプタを交換・更新します。",
            "esxcli network nic stats get -n vmnicX; esxcli network nic get -n vmnicX",
        )],
        Some(Fault::Mtu) => vec![of(
            "Set the same MTU end to end: VMkernel adapter, virtual switch, physical switch ports of every host.",
            "VMkernel アダプタ、仮想スイッチ、全ホストの物理スイッチ ポートで、経路全体の MTU を一致させます。",
            "esxcli network ip interface list; esxcli network vswitch standard list",
        )],
        Some(Fault::OneWay) => vec![of(
            "Packets pass in one direction only: look for VLAN, access lists, teaming and switch ports that differ between the hosts, and test both directions.",
            "片方向のみ通信できています。VLAN、アクセス リスト、チーミング、スイッチ ポートの設定差異を確認し、双方向で疎通を確認します。",
            "esxcli network ip neighbor list",
        )],
        Some(Fault::Witness) => vec![of(
            "See that the witness is up, and that the route to it goes through the adapter for witness traffic, not through that for vSAN data.",
            "監視ホストが稼働していること、および監視ホストへのルートが vSAN データ用ではなく監視トラフィック用のアダプタを経由していることを確認します。",
            "esxcli vsan network list; esxcli network ip route ipv4 list",
        )],
        Some(Fault::Routing) => vec![of(
            "Look at the routes and the firewall: UDP 12321 and TCP 2233 must pass between all hosts.",
            "ルーティングとファイアウォールを確認します。全ホスト間で UDP 12321 と TCP 2233 が通信できる必要があります。",
            "esxcli network ip route ipv4 list; esxcli network firewall ruleset list",
        )],
        Some(Fault::Neighbour) | None => vec![of(
            "Look for unresolved neighbours, the state of the uplinks, VLAN and MTU on host and switch.",
            "未解決のネイバー、アップリンクの状態、ホストとスイッチの VLAN・MTU を確認します。",
            "esxcli network ip neighbor list; esxcli network nic list",
        )],
    }
}

/// `vmkping` to a peer, small and of full size, with this cluster's adapter, address and MTU where they are known.
pub(super) fn ping(case: &Case, membership: &Membership, host: Option<usize>) -> Vec<Step> {
    let (vmk, mtu, peer) = target(case, membership, host);
    let size = mtu.map_or_else(|| "<MTU minus 28>".to_owned(), |mtu| mtu.saturating_sub(28).to_string());
    vec![step(
        "Test the vSAN network from the host to each peer and back, with small and with full-size packets.",
        "当該ホストと各ホストの間で、双方向の vSAN ネットワークの疎通を小さいパケットと最大サイズのパケットで確認します。",
        Some(&format!("vmkping -I {vmk} {peer}; vmkping -I {vmk} -d -s {size} {peer}")),
        host,
    )]
}

/// The ping that decides whether it is the network at all.
pub(super) fn first_ping(case: &Case, membership: &Membership, host: Option<usize>) -> Step {
    let (vmk, _, peer) = target(case, membership, host);
    Step::new(
        Text::new(
            "Test the vSAN network to every peer first: if this fails, repair the network instead.",
            "最初に vSAN ネットワークの疎通を各ホストに対して確認します。失敗する場合はネットワークの復旧を優先してください。",
        ),
        format!("vmkping -I {vmk} {peer}"),
        host,
    )
}

/// The adapter, its MTU and the address of a peer; what is not known is a placeholder.
fn target(case: &Case, membership: &Membership, host: Option<usize>) -> (String, Option<u32>, String) {
    let adapter = host.and_then(|host| adapters(&case.hosts[host]).next()).map(|adapter| &adapter.value);
    let vmk = adapter.map_or_else(|| "vmkX".to_owned(), |adapter| shell_word(&adapter.name));
    let other = membership
        .nodes
        .iter()
        .find(|node| host.is_some() && node.host != host && !node.witness && !node.addresses.is_empty());
    let peer = other.and_then(|node| node.addresses.first()).map(|ip| shell_word(ip));
    (vmk, adapter.and_then(|adapter| adapter.mtu), peer.unwrap_or_else(|| "<vSAN IP of a peer>".to_owned()))
}
