//! The vSAN network: test it, and repair what is wrong with it.

use super::super::event::Loss;
use super::super::network::{Fault, NetworkSign, usual_mtu};
use crate::case::{Case, Membership, Node};
use crate::fact::vmkernel::VmkernelAdapter;
use crate::model::Text;
use crate::verdict::{Step, shell_word, step};

/// Two ends of the vSAN network that lost each other: nodes.
#[derive(Copy, Clone)]
pub(super) struct Ends<'a> {
    pub case: &'a Case,
    pub membership: &'a Membership,
    /// The node that was lost, or one of the lost side.
    pub lost: usize,
    /// A node of the side that went on.
    pub other: Option<usize>,
}

impl<'a> Ends<'a> {
    /// The ends of a loss.
    pub(super) fn of(case: &'a Case, loss: &Loss<'a>) -> Self {
        let membership = loss.membership;
        let mate = loss.mates.iter().find_map(|&host| membership.node_of(host));
        let other = |node: &usize| *node != loss.node && !membership.nodes[*node].witness;
        let other = mate.or_else(|| (0..membership.nodes.len()).find(other));
        Ends { case, membership, lost: loss.node, other }
    }

    /// The host to type at: the lost one, else one that is here.
    fn host(&self) -> Option<usize> {
        let host = |node: usize| self.membership.nodes[node].host;
        host(self.lost).or_else(|| self.other.and_then(host))
    }

    /// The node at the other end.
    fn target(&self) -> Option<usize> {
        let is_lost_here = self.membership.nodes[self.lost].host.is_some();
        if is_lost_here { self.other } else { Some(self.lost) }
    }

    /// The adapter of the host to type at; where it has none, what others call theirs.
    fn adapter(&self) -> Option<&'a VmkernelAdapter> {
        let of = |host: usize| self.case.hosts[host].vsan_adapters().next();
        let others = || self.membership.nodes.iter().filter_map(|node| node.host).find_map(of);
        self.host().and_then(of).or_else(others).map(|adapter| &adapter.value)
    }

    fn vmk(&self) -> String {
        self.adapter().map_or_else(|| "vmkX".to_owned(), |adapter| shell_word(&adapter.name))
    }

    /// The MTU that most hosts of the cluster have: the lost one's own may be what is wrong.
    fn mtu(&self) -> Option<u32> {
        usual_mtu(
            self.membership.nodes.iter().filter_map(|node| node.host).map(|host| &self.case.hosts[host]),
        )
    }

    /// What a packet of full size carries: the MTU without the headers of IP and ICMP.
    fn full_size(&self) -> String {
        self.mtu().map_or_else(|| "<MTU minus 28>".to_owned(), |mtu| mtu.saturating_sub(28).to_string())
    }

    fn peer(&self) -> String {
        let node = self.target().map(|node| &self.membership.nodes[node]);
        let ip = node.and_then(|node| node.addresses.first()).map(|ip| shell_word(ip));
        ip.unwrap_or_else(|| "<vSAN IP of a peer>".to_owned())
    }

    /// The commands that ping `peer`, small and of full size.
    fn pings(&self, peer: &str) -> String {
        let (vmk, size) = (self.vmk(), self.full_size());
        format!("vmkping -I {vmk} {peer}; vmkping -I {vmk} -d -s {size} {peer}")
    }
}

/// The steps against a fault of the network, on the host where it shows.
pub(super) fn steps(ends: Ends<'_>, sign: &NetworkSign) -> Vec<Step> {
    let lost = ends.membership.nodes[ends.lost].host;
    // What shows on both sides is looked for where the host is lost.
    let host = lost.filter(|lost| sign.hosts.is_empty() || sign.hosts.contains(lost));
    let host = host.or_else(|| sign.hosts.first().copied()).or(lost);
    let mut steps = repair(ends, host, sign.fault);
    steps.push(ping(ends));
    steps
}

fn repair(ends: Ends<'_>, host: Option<usize>, fault: Option<Fault>) -> Vec<Step> {
    let vmk = ends.vmk();
    let add = format!("esxcli vsan network ip add -i {vmk}");
    let switches = switch_list(ends, host);
    let of = |en, ja, command: &str| step(en, ja, Some(command), host);
    match fault {
        Some(Fault::Adapter) => vec![
            of(
                "See which VMkernel adapter should carry vSAN, and that it has its address and is up.",
                "vSAN を担当すべき VMkernel アダプタと、その IP アドレスおよび状態を確認します。",
                "esxcli vsan network list; esxcli network ip interface ipv4 get",
            ),
            of(
                "If the adapter itself is gone, create it again first (in vCenter Server) with the address that the other hosts' unicast lists have for this host and the MTU of the cluster. Then enable vSAN traffic on it. Only for witness traffic add -T witness.",
                "アダプタ自体が存在しない場合は、他のホストのユニキャスト リストにある IP アドレスとクラスタの MTU で先に再作成します（vCenter Server で実施）。その後、vSAN トラフィックを有効にします。監視トラフィック専用の場合のみ -T witness を付けます。",
                &add,
            ),
        ],
        Some(Fault::Link) => vec![of(
            "Repair the links: cable, transceiver, switch port; then see that every uplink of the vSAN switch is up.",
            "リンクを復旧します（ケーブル、トランシーバ、スイッチ ポート）。その後、vSAN 用スイッチの全アップリンクがアップしていることを確認します。",
            &format!("esxcli network nic list; {switches}"),
        )],
        Some(Fault::Address) => vec![of(
            "Find the machine that uses the same address (its MAC address is in the log and in the neighbour list) and correct one of the two.",
            "同じ IP アドレスを使用している機器を特定し（MAC アドレスはログとネイバー リストで確認可能）、どちらかのアドレスを修正します。",
            "esxcli network ip neighbor list",
        )],
        Some(Fault::Corruption) => vec![of(
            "Find out which link damages packets: compare error counters of adapter and switch port, then change cable, driver, firmware or adapter.",
            "破損の発生箇所を特定します。アダプタとスイッチ ポートのエラー カウンタを比較し、ケーブル、ドライバ、ファームウェア、またはアダプタを交換・更新します。",
            "esxcli network nic stats get -n vmnicX; esxcli network nic get -n vmnicX",
        )],
        Some(Fault::Mtu) => {
            let set = ends.mtu().map(|mtu| format!("; esxcli network ip interface set -i {vmk} -m {mtu}"));
            let set = set.unwrap_or_default();
            vec![of(
                "Set the same MTU end to end: VMkernel adapter (shown here with the cluster's usual value), virtual switch, physical switch ports of every host.",
                "経路全体で MTU を一致させます：VMkernel アダプタ（コマンドはクラスタの標準値）、仮想スイッチ、全ホストの物理スイッチ ポート。",
                &format!("esxcli network ip interface list; {switches}{set}"),
            )]
        }
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

/// How the switch of the vSAN adapters is listed: standard and distributed ones by different commands.
fn switch_list(ends: Ends<'_>, host: Option<usize>) -> &'static str {
    let switch = ends.adapter().and_then(|adapter| adapter.switch.as_deref());
    let is_distributed = host.or(ends.host()).zip(switch).is_some_and(|(host, name)| {
        let known = ends.case.hosts[host].setup.network.switches.get(name);
        known.is_some_and(|switch| switch.value.distributed)
    });
    if is_distributed {
        "esxcli network vswitch dvs vmware list"
    } else {
        "esxcli network vswitch standard list"
    }
}

/// `vmkping` to the other end, small and of full size, with this cluster's adapter, address and MTU where they are known.
pub(super) fn ping(ends: Ends<'_>) -> Step {
    step(
        "Test the vSAN network to the other side and back, to each peer, with small and with full-size packets.",
        "vSAN ネットワークの疎通を、相手側の各ホストとの間で双方向に、小さいパケットと最大サイズのパケットで確認します。",
        Some(&ends.pings(&ends.peer())),
        ends.host(),
    )
}

/// The ping that decides whether it is the network at all: every peer, small and of full size.
pub(super) fn first_ping(ends: Ends<'_>) -> Step {
    let own = ends.host();
    let of = |node: &Node| node.addresses.first().map(|ip| shell_word(ip));
    let others = ends.membership.nodes.iter().filter(|node| node.host.is_none() || node.host != own);
    // A witness may be behind another adapter.
    let mut peers: Vec<String> = others.filter(|node| !node.witness).filter_map(of).collect();
    if peers.is_empty() {
        peers.push(ends.peer());
    }
    let pings = peers.iter().map(|peer| ends.pings(peer));
    Step::new(
        Text::new(
            "Test the vSAN network to every peer, with small and with full-size packets: if this fails, repair the network instead.",
            "vSAN ネットワークの疎通を各ホストに対し、小さいパケットと最大サイズのパケットで確認し、失敗する場合はネットワークの復旧を優先します。",
        ),
        pings.collect::<Vec<_>>().join("\n"),
        own,
    )
}
