//! What a lost connection to vCenter says, in English and Japanese.

use super::cause::Cause;
use crate::case::{Case, Episode};
use crate::model::Text;
use crate::verdict::{list_en, list_ja, readable, version};

/// What is told of a host that vCenter lost.
pub(super) struct Told<'a, 'c> {
    pub case: &'c Case,
    pub first: &'a Episode<'c>,
    pub last: &'a Episode<'c>,
    pub episodes: usize,
    /// Whether the other members still count the host.
    pub intact: Option<bool>,
    pub cause: &'a Cause<'c>,
}

impl Told<'_, '_> {
    fn vcenter(&self) -> &str {
        &self.case.hosts[self.first.vcenter].id
    }

    pub(super) fn title(&self) -> Text {
        let (name, vcenter) = (self.first.name, self.vcenter());
        let en = if self.intact == Some(true) {
            format!("Only vCenter Server {vcenter} lost {name}; vSAN did not")
        } else {
            format!("vCenter Server {vcenter} lost its connection to {name}")
        };
        let ja = if self.intact == Some(true) {
            format!("vCenter Server {vcenter} のみが {name} との接続を失いました（vSAN は正常）")
        } else {
            format!("vCenter Server {vcenter} が {name} との接続を失いました")
        };
        Text::new(en, ja)
    }

    pub(super) fn summary(&self) -> Text {
        let (name, vcenter, lost) = (self.first.name, self.vcenter(), readable(self.first.lost_at));
        let mut en = format!("At {lost} vCenter Server {vcenter} lost its connection to {name}.");
        let mut ja = format!("{lost} に vCenter Server {vcenter} が {name} との接続を失いました。");
        if self.episodes > 1 {
            en.push_str(&format!(" It did so {} times.", self.episodes));
            ja.push_str(&format!("同様の切断は {} 回発生しています。", self.episodes));
        }
        match self.last.back_at() {
            Some(back) => {
                en.push_str(&format!(" It was connected again at {}.", readable(back)));
                ja.push_str(&format!("{} に再接続されました。", readable(back)));
            }
            None => {
                en.push_str(" Its log does not show it connected again.");
                ja.push_str("その後の再接続はログに記録されていません。");
            }
        }
        match self.intact {
            Some(true) => {
                en.push_str(" The vSAN membership is intact: the other hosts count it as a member. This is the management path only, and its VMs go on running.");
                ja.push_str("vSAN のメンバーシップは正常で、他のホストはこのホストをメンバーとして認識しています。管理経路のみの問題であり、仮想マシンは稼働を続けています。");
            }
            Some(false) => {
                en.push_str(" Hosts of the vSAN cluster do not count it as a member.");
                ja.push_str("vSAN クラスタのホストはこのホストをメンバーとして認識していません。");
            }
            None => {}
        }
        if self.first.host.is_none() {
            en.push_str(" No bundle of this host is here.");
            ja.push_str("このホストのバンドルはありません。");
        }
        Text::new(en, ja)
    }

    pub(super) fn cause(&self) -> Text {
        let name = self.first.name;
        match self.cause.id {
            "version-skew" => self.skew(),
            "management-network" => self.network(),
            "certificate" => Text::new(
                format!(
                    "vCenter Server does not accept the certificate of {name}, or its thumbprint is not the one it knows."
                ),
                format!(
                    "vCenter Server が {name} の証明書を検証できません。証明書が無効か、サムプリントが一致していません。"
                ),
            ),
            "agent-hang" => Text::new(
                format!(
                    "The management agents of {name} did not answer, or were restarted at that time: hostd and vpxa speak with vCenter Server."
                ),
                format!(
                    "当該時刻に {name} の管理エージェント（hostd、vpxa）が応答しなかったか、再起動されました。"
                ),
            ),
            "host-crash" => Text::new(
                format!("{name} itself was down at that time, and nobody had asked for it."),
                format!("当該時刻に {name} 自体が予期せず停止していました。"),
            ),
            _ => self.unknown(),
        }
    }

    fn skew(&self) -> Text {
        let vcenter = version::release(&self.case.hosts[self.first.vcenter]);
        let host = self.first.host.map(|host| version::release(&self.case.hosts[host]));
        let (en, ja) = host.map_or_else(Default::default, |host| {
            (
                format!(" The host runs ESXi {host}, vCenter Server is {vcenter}."),
                format!(
                    "ホストは ESXi {}、vCenter Server は {}です。",
                    version::in_ja(&host),
                    version::behind_ja(&vcenter)
                ),
            )
        });
        Text::new(
            format!(
                "vCenter Server refuses {}: the versions of its agent and of vCenter Server do not go together.{en}",
                self.first.name
            ),
            format!(
                "バージョンの不一致により、vCenter Server が {} との接続を拒否しています。{ja}",
                self.first.name
            ),
        )
    }

    fn network(&self) -> Text {
        let name = self.first.name;
        let others = &self.cause.others;
        if self.cause.lines.is_empty() {
            return Text::new(
                format!(
                    "vCenter Server lost {} at the same time as {name}: what they share failed, their management network or vCenter Server's own.",
                    list_en(others)
                ),
                format!(
                    "vCenter Server は同時に {} との接続も失っています。共通の管理ネットワークまたは vCenter Server 側のネットワークの障害と考えられます。",
                    list_ja(others)
                ),
            );
        }
        Text::new(
            format!(
                "The management network of {name} failed: an uplink went down, its address was taken, or heartbeats could not be sent at that time."
            ),
            format!(
                "{name} の管理ネットワークで障害が発生しました（アップリンクのダウン、IP アドレスの競合、またはハートビートの送信失敗）。"
            ),
        )
    }

    fn unknown(&self) -> Text {
        let name = self.first.name;
        if self.first.host.is_none() {
            return Text::new(
                format!(
                    "Not known: the logs of {name} are not here. Its hostd-probe, vpxa and vmkernel logs of that time would tell."
                ),
                format!(
                    "不明です。{name} のログがありません。当該時刻の hostd-probe、vpxa、vmkernel のログで判別できます。"
                ),
            );
        }
        Text::new(
            format!(
                "Not known: {name} was up, and its logs show no hang of the agents and no failed uplink. Heartbeats (UDP 902 from the host) may be lost on the way: a capture on both sides tells."
            ),
            format!(
                "不明です。{name} は稼働しており、エージェントのハングやアップリンク障害は記録されていません。ハートビート（ホストから UDP 902）が経路上で失われている可能性があり、両側でのパケット キャプチャで判別できます。"
            ),
        )
    }
}
