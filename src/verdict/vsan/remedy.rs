//! What to do about a host that is out of the vSAN membership, in order, with commands per host and the check.

use super::view::Loss;
use crate::case::{Case, Cluster};
use crate::model::{EventKind, Text};
use crate::verdict::{Step, list_en, list_ja, version};

pub(super) fn steps(case: &Case, cluster: &Cluster, loss: &Loss<'_>, cause: &str) -> Vec<Step> {
    let mut steps = match cause {
        "version-skew" => skew(case, cluster, loss),
        "member-list-not-pushed" => push_list(case, cluster, loss),
        "network" => return network(loss.host),
        "host-crash" => vec![step(
            "Find out why the host stopped (hardware log, core dump) before it goes back to work.",
            "復帰させる前に、停止の原因 (ハードウェア ログ、コア ダンプ) を調査してください。",
            Some("esxcli system coredump file list"),
            loss.host,
        )],
        "host-restart" => vec![step(
            "Wait until the host has booted and joined again.",
            "ホストの起動とクラスタへの再参加を待ちます。",
            None,
            loss.host,
        )],
        "maintenance" => vec![step(
            "Take the host out of maintenance mode when the work is done.",
            "作業完了後、メンテナンス モードを終了します。",
            Some("esxcli system maintenanceMode set -e false"),
            loss.host,
        )],
        "format-skew" => vec![step(
            "Bring all hosts of the cluster to one ESXi build; create no new disk groups until then.",
            "クラスタの全ホストを同一の ESXi ビルドに統一します。それまで新しいディスク グループを作成しないでください。",
            None,
            loss.host,
        )],
        _ => vec![step(
            "Compare the membership and the unicast agent lists of all hosts, and test the vSAN network between them.",
            "全ホストのメンバーシップとユニキャスト エージェント リストを比較し、vSAN ネットワークの疎通を確認します。",
            Some("esxcli vsan cluster unicastagent list"),
            None,
        )],
    };
    steps.extend(checks(case, cluster, loss));
    steps
}

fn step(en: &str, ja: &str, command: Option<&str>, host: Option<usize>) -> Step {
    Step::new(Text::new(en, ja), command.map(str::to_owned), host)
}

fn skew(case: &Case, cluster: &Cluster, loss: &Loss<'_>) -> Vec<Step> {
    let reference = loss.host.or(cluster.hosts.first().copied());
    let mut steps = Vec::new();
    if let Some((vcenter, host)) = reference.and_then(|host| Some((case.vcenter_of(host)?.0, host))) {
        // The version finding tells the check; here the order matters.
        steps.extend(version::remedy(&case.hosts[host], vcenter).into_iter().take(2));
    }
    steps.extend(push_list(case, cluster, loss));
    steps
}

/// Lets vCenter push the member list, and only if that fails rebuilds it by hand.
fn push_list(case: &Case, cluster: &Cluster, loss: &Loss<'_>) -> Vec<Step> {
    let name = loss.name(case);
    let vcenter = loss.host.or(cluster.hosts.first().copied()).and_then(|host| case.vcenter_of(host));
    let mut steps = vec![
        step(
            "Test the vSAN network to every peer first: if this fails, repair the network instead.",
            "最初に vSAN ネットワークの疎通を各ホストに対して確認します。失敗する場合はネットワークの復旧を優先してください。",
            Some("vmkping -I vmkX <vSAN IP of a peer>"),
            loss.host,
        ),
        Step::new(
            Text::new(
                format!(
                    "In vCenter Server reconnect {name}; vCenter Server then pushes the vSAN member list to all hosts. It must not be older than the hosts."
                ),
                format!(
                    "vCenter Server で {name} を再接続します。これにより vSAN メンバー リストが全ホストに配信されます。vCenter Server はホストより古くないことが前提です。"
                ),
            ),
            None,
            vcenter.map(|(index, _)| index),
        ),
        step(
            "Check the unicast agent list: one line for every other host, never the host itself. If it is complete now, go to the last step.",
            "ユニキャスト エージェント リストを確認します。自分自身を除く全ホストが 1 行ずつ表示されること。正しければ最後の手順へ進みます。",
            Some("esxcli vsan cluster unicastagent list"),
            loss.host,
        ),
    ];
    let mut by_hand = rebuild_list(case, cluster, loss);
    let rest = by_hand.len().saturating_sub(1);
    if let Some(first) = by_hand.first_mut() {
        first.text.en = format!(
            "Only if the list is still not right, and together with VMware support (KB 326427): rebuild it by hand with this and the next {rest} steps. {}",
            first.text.en
        );
        first.text.ja = format!(
            "リストが正しくならない場合に限り、VMware サポートと共に、この手順とそれに続く {rest} 手順により手動で再作成します (KB 326427)。{}",
            first.text.ja
        );
    }
    steps.append(&mut by_hand);
    steps
}

/// KB 326427: freeze the lists, add every other host, never the own one, verify, unfreeze.
fn rebuild_list(case: &Case, cluster: &Cluster, loss: &Loss<'_>) -> Vec<Step> {
    let mut steps = vec![step(
        "On all hosts: keep vCenter Server from overwriting the lists meanwhile.",
        "全ホストで実施: 作業中に vCenter Server がリストを上書きしないようにします。",
        Some("esxcfg-advcfg -s 1 /VSAN/IgnoreClusterMemberListUpdates"),
        None,
    )];
    for (_, peer) in case.members(cluster).filter(|(index, _)| Some(*index) != loss.host) {
        let Some(uuid) = peer.node_uuid() else { continue };
        let ip = address(case, cluster, uuid).unwrap_or_else(|| format!("<vSAN IP of {}>", peer.id));
        steps.push(Step::new(
            Text::new(
                format!("Add {} to the list. Never add a host to its own list: that can crash it.", peer.id),
                format!("リストに {} を追加します。自分自身は絶対に追加しないでください (ホストがクラッシュする可能性があります)。", peer.id),
            ),
            format!("esxcli vsan cluster unicastagent add -t node -u {uuid} -U true -a {ip} -p 12321"),
            loss.host,
        ));
    }
    if let Some(own) = &loss.node {
        let (ip, name) = (address(case, cluster, own), loss.name(case));
        let ip = ip.unwrap_or_else(|| format!("<vSAN IP of {name}>"));
        let lists = |host: usize| case.hosts[host].unicast.as_ref();
        let lacks = |host: usize| {
            lists(host).is_some_and(|list| !list.value.iter().any(|agent| agent.node_uuid == *own))
        };
        let lacking: Vec<usize> = case
            .members(cluster)
            .map(|(host, _)| host)
            .filter(|&host| Some(host) != loss.host && lacks(host))
            .collect();
        if !lacking.is_empty() {
            let names = crate::verdict::ids(case, &lacking);
            steps.push(Step::new(
                Text::new(
                    format!("On {}, which do not have {name} on their lists: add it. esxcli vsan network list on {name} shows its address.", list_en(&names)),
                    format!("リストに {name} がない {} で、{name} を追加します。アドレスは {name} 上の esxcli vsan network list で確認できます。", list_ja(&names)),
                ),
                format!("esxcli vsan cluster unicastagent add -t node -u {own} -U true -a {ip} -p 12321"),
                None,
            ));
        }
    }
    steps.push(step(
        "When all hosts are members again, on all hosts: let vCenter Server manage the lists again.",
        "全ホストがメンバーに復帰したら、全ホストで vCenter Server によるリスト管理を再開します。",
        Some("esxcfg-advcfg -s 0 /VSAN/IgnoreClusterMemberListUpdates"),
        None,
    ));
    steps
}

/// The vSAN address that some unicast agent list gives a node.
fn address(case: &Case, cluster: &Cluster, uuid: &str) -> Option<String> {
    let agents =
        case.members(cluster).filter_map(|(_, host)| host.unicast.as_ref()).flat_map(|list| &list.value);
    agents.filter(|agent| agent.node_uuid == uuid).find_map(|agent| agent.ip.clone())
}

pub(super) fn network(host: Option<usize>) -> Vec<Step> {
    vec![
        step(
            "Test the vSAN network from the host to each peer, with small and with full-size packets.",
            "当該ホストから各ホストへ、vSAN ネットワークの疎通を小さいパケットと最大サイズのパケットで確認します。",
            Some("vmkping -I vmkX -d -s <MTU minus 28> <peer vSAN IP>"),
            host,
        ),
        step(
            "Look for unresolved neighbours, the state of the uplinks, VLAN and MTU on host and switch.",
            "未解決のネイバー、アップリンクの状態、ホストとスイッチの VLAN・MTU を確認します。",
            Some("esxcli network ip neighbor list; esxcli network nic list"),
            host,
        ),
        step(
            "Check: every host counts all members.",
            "確認: 全ホストで、すべてのメンバーが認識されていること。",
            Some("esxcli vsan cluster get"),
            None,
        ),
    ]
}

fn checks(case: &Case, cluster: &Cluster, loss: &Loss<'_>) -> Vec<Step> {
    let mut nodes: Vec<&str> = case.members(cluster).filter_map(|(_, host)| host.node_uuid()).collect();
    nodes.extend(loss.node.as_deref());
    for (_, host) in case.members(cluster) {
        nodes.extend(host.vsan.iter().flat_map(|vsan| &vsan.value.members).map(String::as_str));
        nodes.extend(host.unicast.iter().flat_map(|list| &list.value).map(|agent| agent.node_uuid.as_str()));
    }
    let told = case.timeline.iter().filter(|moment| cluster.hosts.contains(&moment.host));
    nodes.extend(
        told.filter(|moment| moment.event.kind == EventKind::VSAN_NODE_LEFT)
            .filter_map(|moment| moment.field("node")),
    );
    nodes.sort_unstable();
    nodes.dedup();
    let count = nodes.len().max(cluster.hosts.len());
    vec![Step::new(
        Text::new(
            format!(
                "Every host counts all members: Sub-Cluster Member Count is {count} and the Sub-Cluster Master UUID is the same everywhere. VMs that were invalid recover by themselves."
            ),
            format!(
                "確認: 全ホストで Sub-Cluster Member Count が {count} で、Sub-Cluster Master UUID が全ホストで一致していること。無効になっていた仮想マシンは自動的に回復します。"
            ),
        ),
        "esxcli vsan cluster get".to_owned(),
        None,
    )]
}

pub(super) fn references(cause: &str) -> Vec<(&'static str, Option<&'static str>)> {
    let mut references = vec![(
        "KB 393677: vSAN host isolated from its cluster",
        Some("https://knowledge.broadcom.com/external/article/393677"),
    )];
    if matches!(cause, "version-skew" | "member-list-not-pushed") {
        references.insert(
            0,
            (
                "KB 326427: vSAN unicast agent list not updated",
                Some("https://knowledge.broadcom.com/external/article/326427"),
            ),
        );
        references.insert(
            0,
            (
                "KB 326927: vSAN upgrade order and build recommendations",
                Some("https://knowledge.broadcom.com/external/article/326927"),
            ),
        );
    }
    references
}
