//! What the vSAN findings say, in English and Japanese.

use super::view::Loss;
use crate::case::{Case, Moment};
use crate::model::{Text, Timestamp};
use crate::verdict::{list_en, list_ja, version};

/// `2019-09-14 06:49:34 UTC`: the second is enough in a sentence.
fn readable(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", &text[..10], &text[11..19])
}

pub(super) fn title(name: &str) -> Text {
    Text::new(
        format!("{name} is out of the vSAN cluster"),
        format!("{name} が vSAN クラスタから外れています"),
    )
}

pub(super) fn summary(case: &Case, loss: &Loss<'_>, name: &str, vms: &[String], effects: &[&Moment]) -> Text {
    let (mut en, mut ja) = (String::new(), String::new());
    match loss.at {
        Some(at) => {
            let at = readable(at);
            en.push_str(&format!("Since {at} {name} has not been a member of the vSAN cluster."));
            ja.push_str(&format!("{name} は {at} 以降、vSAN クラスタのメンバーではありません。"));
        }
        None => {
            en.push_str(&format!(
                "{name} is not a member of the vSAN cluster; the bundles do not tell since when."
            ));
            ja.push_str(&format!(
                "{name} は vSAN クラスタのメンバーではありません。発生時刻はバンドルから特定できません。"
            ));
        }
    }
    let mut observers: Vec<usize> = loss.observers.iter().map(|(host, _)| *host).collect();
    observers.extend(&loss.observers_by_state);
    observers.sort_unstable();
    observers.dedup();
    let observers = crate::verdict::ids(case, &observers);
    if !observers.is_empty() {
        let has = if observers.len() == 1 { "goes" } else { "go" };
        en.push_str(&format!(" {} {has} on without it.", list_en(&observers)));
        ja.push_str(&format!("{} は当該ホストを除いてクラスタを継続しています。", list_ja(&observers)));
    }
    let own = loss.host.and_then(|host| case.hosts[host].vsan.as_ref());
    if let Some(vsan) = own {
        let count = vsan.value.member_count.unwrap_or(vsan.value.members.len() as u64);
        let state = vsan.value.state.as_deref().unwrap_or("?");
        en.push_str(&format!(
            " The host itself counts {count} member{} and calls itself {state}.",
            if count == 1 { "" } else { "s" }
        ));
        ja.push_str(&format!("当該ホスト自身が認識するメンバー数は {count}、状態は {state} です。"));
    }
    if !vms.is_empty() {
        en.push_str(&format!(" {} of its VMs became invalid or inaccessible ({}): an effect, not the cause; they recover when the host is a member again.", vms.len(), list_en(vms)));
        ja.push_str(&format!("仮想マシン {} 台 ({}) が無効またはアクセス不可になりましたが、これは本事象の影響であり、原因ではありません。ホストがメンバーに復帰すれば回復します。", vms.len(), list_ja(vms)));
    } else if !effects.is_empty() {
        en.push_str(" VMs became invalid or inaccessible: an effect, not the cause.");
        ja.push_str(
            "仮想マシンが無効またはアクセス不可になりましたが、これは本事象の影響であり、原因ではありません。",
        );
    }
    Text::new(en, ja)
}

pub(super) fn cause(case: &Case, loss: &Loss<'_>, name: &str, id: &str) -> Text {
    let empty = loss
        .host
        .and_then(|host| case.hosts[host].unicast.as_ref())
        .is_some_and(|list| list.value.is_empty());
    let (list, list_ja) =
        if empty { ("empty", "空になっています") } else { ("stale", "古いままです") };
    match id {
        "version-skew" => {
            let vcenter = loss.host.and_then(|host| case.vcenter_of(host));
            let (vc, vc_release) = vcenter.map_or_else(
                || ("vCenter Server", "?".to_owned()),
                |(_, vc)| (vc.id.as_str(), version::release(vc)),
            );
            let release =
                loss.host.map_or_else(|| "?".to_owned(), |host| version::release(&case.hosts[host]));
            Text::new(
                format!(
                    "The upgrade order was not kept: the hosts run ESXi {release}, vCenter Server {vc} is {vc_release}. An older vCenter Server can lose hosts and then does not push the vSAN member list to them: the list of {name} is {list}, so it forms a cluster of its own."
                ),
                format!(
                    "アップグレードの順序が守られていません。ホストは ESXi {release} ですが、vCenter Server {vc} は {vc_release} です。古い vCenter Server では、ホストとの接続が失われ、vSAN メンバー リストを配信できなくなることがあります。{name} のユニキャスト エージェント リストは{list_ja}。そのため {name} は単独でクラスタを構成しています。"
                ),
            )
        }
        "member-list-not-pushed" => Text::new(
            format!(
                "The vSAN unicast agent lists do not agree with the membership: that of {name} is {list}, or its peers do not have it on theirs. vCenter Server has not pushed the member list."
            ),
            format!(
                "vSAN のユニキャスト エージェント リストがメンバー構成と一致していません。{name} のリストは{list_ja}か、他のホストのリストに {name} がありません。vCenter Server からメンバー リストが配信されていません。"
            ),
        ),
        other => {
            let (en, ja) = fixed(other);
            Text::new(en, ja)
        }
    }
}

fn fixed(id: &str) -> (&'static str, &'static str) {
    match id {
        "network" => (
            "The host's vSAN network failed: heartbeats could not be sent, or its uplink went down at that time.",
            "当該時刻にホストの vSAN ネットワークで障害が発生しました (ハートビートの送信失敗またはアップリンクのダウン)。",
        ),
        "host-crash" => (
            "The host crashed or lost power at that time.",
            "当該時刻にホストがクラッシュしたか、電源が失われました。",
        ),
        "host-restart" => (
            "The host was restarted or shut down at that time.",
            "当該時刻にホストが再起動またはシャットダウンされました。",
        ),
        "maintenance" => (
            "The host had been put into maintenance mode: planned work.",
            "ホストはメンテナンス モードにされていました (計画作業)。",
        ),
        "format-skew" => (
            "The host's software is older than the cluster's vSAN format: it cannot take part, although the network works.",
            "ホストのソフトウェアがクラスタの vSAN フォーマットより古いため、ネットワークが正常でもクラスタに参加できません。",
        ),
        _ => (
            "The bundles show that the host is out, but not why.",
            "ホストがクラスタから外れていることは確認できますが、その原因はバンドルから特定できません。",
        ),
    }
}

fn sides(groups: &[Vec<String>]) -> String {
    groups.iter().map(|group| group.join(", ")).collect::<Vec<_>>().join(" | ")
}

pub(super) fn partition_title(groups: &[Vec<String>]) -> Text {
    Text::new(
        format!("The vSAN cluster is split into {} groups", groups.len()),
        format!("vSAN クラスタが {} つのグループに分断されています", groups.len()),
    )
}

pub(super) fn partition_summary(groups: &[Vec<String>]) -> Text {
    let sides = sides(groups);
    Text::new(
        format!("The hosts see each other only within these groups: {sides}."),
        format!("ホスト同士は次のグループ内でのみ互いを認識しています: {sides}。"),
    )
}

pub(super) fn partition_cause(id: &str) -> Text {
    let (en, ja) = if id == "network" {
        (
            "The vSAN network between the groups failed.",
            "グループ間の vSAN ネットワークで障害が発生しました。",
        )
    } else {
        (
            "The bundles show the split, but not why.",
            "分断は確認できますが、その原因はバンドルから特定できません。",
        )
    };
    Text::new(en, ja)
}
