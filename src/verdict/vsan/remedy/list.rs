//! The member list: let vCenter push it, and only if that fails rebuild it by hand (KB 326427).

use super::super::event::Loss;
use super::super::lists::{FROZEN, ListSign};
use super::network::Ends;
use super::{named, vcenter};
use crate::case::{Case, Node};
use crate::model::Text;
use crate::verdict::{Step, shell_word, step};

/// Lets vCenter push the member list, and only if that fails rebuilds it by hand. The text names steps by their number,
/// so it takes those that stand before.
pub(super) fn push(steps: &mut Vec<Step>, case: &Case, loss: &Loss<'_>, sign: &ListSign) {
    let name = loss.name(case);
    steps.push(super::network::first_ping(Ends::of(case, loss)));
    steps.extend(unfreeze(case, &sign.frozen));
    steps.push(Step::new(
        Text::new(
            format!(
                "In vCenter Server reconnect {name}; vCenter Server then pushes the vSAN member list to all hosts. It must not be older than the hosts."
            ),
            format!(
                "vCenter Server で {name} を再接続します。これにより vSAN メンバー リストが全ホストに配信されます。vCenter Server はホストより古くないことが前提です。"
            ),
        ),
        None,
        vcenter(case, loss.membership, loss.host),
    ));
    steps.push(step(
        "Check the unicast agent list on every host: one line for every other host, never the host itself. If all are complete now, go to the last step.",
        "全ホストでユニキャスト エージェント リストを確認します。自分自身を除く全ホストが 1 行ずつ表示されること。すべて正しければ最後の手順へ進みます。",
        Some("esxcli vsan cluster unicastagent list"),
        None,
    ));
    let mut by_hand = rebuild(case, loss, sign);
    let from = steps.len() + 1;
    let to = (from + by_hand.len()).saturating_sub(1);
    if let Some(first) = by_hand.first_mut() {
        first.text.en = format!(
            "Only if a list is still not right, and together with VMware support (KB 326427): rebuild it by hand with steps {from} to {to}. {}",
            first.text.en
        );
        first.text.ja = format!(
            "リストが正しくならない場合に限り、VMware サポートの支援のもとで、手順 {from} ～ {to} により手動で再作成します（KB 326427）。{}",
            first.text.ja
        );
    }
    steps.append(&mut by_hand);
}

/// Hosts that ignore the list would ignore the next one too.
fn unfreeze(case: &Case, frozen: &[usize]) -> Option<Step> {
    let (en, ja) = named(case, frozen);
    (!frozen.is_empty()).then(|| {
        Step::new(
            Text::new(
                format!("On {en}: let the host take member lists from vCenter Server again."),
                format!("{ja} で、vCenter Server からのメンバー リストを再び受け取るように設定します。"),
            ),
            format!("esxcfg-advcfg -s 0 {FROZEN}"),
            frozen.first().copied().filter(|_| frozen.len() == 1),
        )
    })
}

/// KB 326427: freeze the lists, add every other host, never the own one, verify, unfreeze.
fn rebuild(case: &Case, loss: &Loss<'_>, sign: &ListSign) -> Vec<Step> {
    let membership = loss.membership;
    let mut steps = vec![step(
        "On all hosts: keep vCenter Server from overwriting the lists meanwhile.",
        "全ホストで実施：作業中に vCenter Server がリストを上書きしないようにします。",
        Some(&format!("esxcfg-advcfg -s 1 {FROZEN}")),
        None,
    )];
    let others = membership.nodes.iter().enumerate().filter(|(node, _)| *node != loss.node);
    for (_, peer) in others.filter(|(node, _)| loss.expected.contains(node)) {
        let Some(command) = add(peer) else { continue };
        let label = peer.label();
        steps.push(Step::new(
            Text::new(
                format!("Add {label} to the list. Never add a host to its own list: that can crash it."),
                format!("リストに {label} を追加します。自分自身は絶対に追加しないでください（ホストがクラッシュする可能性があります）。"),
            ),
            command,
            loss.host,
        ));
    }
    let lost = &membership.nodes[loss.node];
    if let Some(command) = add(lost).filter(|_| !sign.lacking.is_empty()) {
        let name = loss.name(case);
        let text = Text::new(
            format!(
                "Add {name} on every host whose list lacks it. esxcli vsan network list on {name} shows its address."
            ),
            format!(
                "リストに {name} がない各ホストで {name} を追加します。アドレスは {name} 上の esxcli vsan network list で確認できます。"
            ),
        );
        // The same step on each: its hosts are shown over the one command.
        steps.extend(sign.lacking.iter().map(|&host| Step::new(text.clone(), command.clone(), host)));
    }
    steps.push(step(
        "When all hosts are members again, on all hosts: let vCenter Server manage the lists again.",
        "全ホストがメンバーに復帰したら、全ホストで vCenter Server によるリスト管理を再開します。",
        Some(&format!("esxcfg-advcfg -s 0 {FROZEN}")),
        None,
    ));
    steps
}

/// The command that adds a node to a unicast agent list.
fn add(node: &Node) -> Option<String> {
    let uuid = node.uuid.as_deref()?;
    let kind = if node.witness { "witness" } else { "node" };
    let ip = node.addresses.first().map(|ip| shell_word(ip));
    // A name that a bundle gives is no word for a shell.
    let ip = ip.unwrap_or_else(|| "<its vSAN IP>".to_owned());
    let uuid = shell_word(uuid);
    Some(format!("esxcli vsan cluster unicastagent add -t {kind} -u {uuid} -U true -a {ip} -p 12321"))
}

/// A split whose lists do not have each other's hosts.
pub(super) fn of_split(ends: Ends<'_>) -> Vec<Step> {
    let (case, membership) = (ends.case, ends.membership);
    let cluster = &case.clusters[membership.cluster];
    let frozen: Vec<usize> =
        cluster.hosts.iter().copied().filter(|&host| case.hosts[host].ignores_member_list()).collect();
    let mut steps = vec![super::network::first_ping(ends)];
    steps.extend(unfreeze(case, &frozen));
    steps.push(step(
        "In vCenter Server let the vSAN health service update the configuration of all hosts (cluster, Monitor, vSAN, Skyline Health: remediate inconsistent configuration).",
        "vCenter Server の vSAN 健全性で、全ホストの構成を更新します（クラスタ - 監視 - vSAN - Skyline 健全性：不整合な構成を修正）。",
        None,
        vcenter(case, membership, None),
    ));
    steps.push(step(
        "On every host: one line for every other host, never the host itself. If lists are still not right, rebuild them with VMware support (KB 326427).",
        "各ホストで、自分自身を除く全ホストが 1 行ずつ表示されること。正しくない場合は VMware サポートの支援のもとで再作成します（KB 326427）。",
        Some("esxcli vsan cluster unicastagent list"),
        None,
    ));
    steps
}
