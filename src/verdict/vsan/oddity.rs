//! What is not as it should be in a vSAN cluster though nobody is lost for it: what comes next, or what explains a loss.

use std::collections::{BTreeMap, BTreeSet};

use super::lists::FROZEN;
use crate::case::{Case, Host, Membership, Moment};
use crate::model::Text;
use crate::verdict::{ids, list_en, list_ja, version};

/// The option that an unfinished shutdown of a cluster leaves behind.
const PAUSED: &str = "/VSAN/DOMPauseAllCCPs";

/// Something that is not as it should be, in a sentence with its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Hosts that it is about: indices into the case's hosts, ascending.
    pub hosts: Vec<usize>,
    /// What it is, and what to do.
    pub text: Text,
}

/// What is odd in a cluster; those of each sort together.
pub fn oddities(case: &Case, membership: &Membership) -> Vec<Oddity> {
    let of = Cluster { case, hosts: case.clusters[membership.cluster].hosts.clone(), membership };
    let tests = [
        Cluster::clones,
        Cluster::own_entries,
        Cluster::decommissioned,
        Cluster::frozen,
        Cluster::paused,
        Cluster::short_lists,
        Cluster::generations,
        Cluster::unicast_modes,
        Cluster::mtus,
        Cluster::builds,
    ];
    tests.iter().flat_map(|test| test(&of)).collect()
}

struct Cluster<'a> {
    case: &'a Case,
    hosts: Vec<usize>,
    membership: &'a Membership,
}

impl Cluster<'_> {
    fn host(&self, index: usize) -> &Host {
        &self.case.hosts[index]
    }

    /// The hosts of which `is` holds.
    fn those(&self, is: impl Fn(&Host) -> bool) -> Vec<usize> {
        self.hosts.iter().copied().filter(|&host| is(self.host(host))).collect()
    }

    /// One sentence about `hosts`, whose names stand for `{}`, if there are any.
    fn say(&self, hosts: Vec<usize>, en: &str, ja: &str) -> Vec<Oddity> {
        if hosts.is_empty() {
            return Vec::new();
        }
        let names = ids(self.case, &hosts);
        let text = Text::new(en.replace("{}", &list_en(&names)), ja.replace("{}", &list_ja(&names)));
        vec![Oddity { hosts, text }]
    }

    /// Hosts by what `told` says of them, where they do not all say the same.
    fn differing(&self, told: impl Fn(&Host) -> Option<String>) -> BTreeMap<String, Vec<usize>> {
        let mut values: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &host in &self.hosts {
            if let Some(value) = told(self.host(host)) {
                values.entry(value).or_default().push(host);
            }
        }
        if values.len() > 1 { values } else { BTreeMap::new() }
    }

    /// `a: esx01; b: esx02 and esx03`
    fn sides(&self, values: BTreeMap<String, Vec<usize>>, en: &str, ja: &str) -> Vec<Oddity> {
        if values.is_empty() {
            return Vec::new();
        }
        let side_en =
            values.iter().map(|(value, hosts)| format!("{value}: {}", list_en(&ids(self.case, hosts))));
        let side_ja = values
            .iter()
            .map(|(value, hosts)| format!("{}：{}", version::in_ja(value), list_ja(&ids(self.case, hosts))));
        let text = Text::new(
            en.replace("{}", &side_en.collect::<Vec<_>>().join("; ")),
            ja.replace("{}", &side_ja.collect::<Vec<_>>().join("；")),
        );
        let hosts: BTreeSet<usize> = values.into_values().flatten().collect();
        vec![Oddity { hosts: hosts.into_iter().collect(), text }]
    }

    fn clones(&self) -> Vec<Oddity> {
        let ours =
            self.case.names.clones().filter(|(_, hosts)| hosts.iter().any(|host| self.hosts.contains(host)));
        ours.flat_map(|(_, hosts)| {
            self.say(
                hosts.to_vec(),
                "{} have the same vSAN node UUID: one was cloned from the other. They cannot both be members; give the clone a UUID of its own.",
                "{} は同じ vSAN ノード UUID を使用しています（クローンされたホスト）。同時にメンバーになることはできないため、クローン側に固有の UUID を割り当ててください。",
            )
        })
        .collect()
    }

    fn own_entries(&self) -> Vec<Oddity> {
        let has_itself = |host: &Host| {
            let own = host.node_uuid();
            host.unicast
                .iter()
                .flat_map(|list| &list.value)
                .any(|agent| Some(agent.node_uuid.as_str()) == own)
        };
        self.say(
            self.those(has_itself),
            "{}: the unicast agent list has the host itself, which can crash it. Remove the entry (esxcli vsan cluster unicastagent remove).",
            "{}：ユニキャスト エージェント リストに自分自身が登録されています。ホストがクラッシュする可能性があるため、エントリを削除してください（esxcli vsan cluster unicastagent remove）。",
        )
    }

    /// vSAN holds a host for in maintenance that has left maintenance mode.
    fn decommissioned(&self) -> Vec<Oddity> {
        let mismatched = self.hosts.iter().copied().filter(|&index| {
            let host = self.host(index);
            let on = host.vsan.as_ref().and_then(|vsan| vsan.value.maintenance.as_deref());
            let told = self
                .case
                .timeline
                .iter()
                .any(|moment| moment.host == index && moment.event.rule == "vsan.decom-mismatch");
            told || (on.is_some_and(|state| state.eq_ignore_ascii_case("on")) && self.has_left(index))
        });
        self.say(
            mismatched.collect(),
            "{}: vSAN still holds the host for in maintenance although it has left maintenance mode, so it stores no data. Set it on and off once more: esxcli system maintenanceMode set -e true -m noAction, then -e false (KB 440571).",
            "{}：メンテナンス モードは終了していますが、vSAN はまだメンテナンス中と認識しており、データが配置されません。もう一度オンとオフを行ってください：esxcli system maintenanceMode set -e true -m noAction、続いて -e false（KB 440571）。",
        )
    }

    /// Whether the last that a host says of maintenance mode is that it left it.
    fn has_left(&self, index: usize) -> bool {
        let own = self.case.timeline.iter().filter(|moment| moment.host == index);
        own.rev().find_map(Moment::maintenance).is_some_and(|told| !told.is_in())
    }

    fn frozen(&self) -> Vec<Oddity> {
        self.say(
            self.those(Host::ignores_member_list),
            &format!("{{}} ignore member lists from vCenter Server ({FROZEN} is 1): left over from a repair. Set it to 0."),
            &format!("{{}} は vCenter Server からのメンバー リストを無視する設定のままです（{FROZEN} が 1）。0 に戻してください。"),
        )
    }

    fn paused(&self) -> Vec<Oddity> {
        self.say(
            self.those(is_paused),
            &format!("{{}}: {PAUSED} is 1, as an unfinished shutdown of the cluster leaves it. Set it to 0 on every host when all are up."),
            &format!("{{}}: {PAUSED} が 1 です（未完了のクラスタ シャットダウン）。全ホストの起動後、全ホストで 0 に戻してください。"),
        )
    }

    /// Lists that lack a node which the host itself counts: it will be lost when the view is formed anew.
    fn short_lists(&self) -> Vec<Oddity> {
        let short = self.hosts.iter().copied().filter(|&host| {
            (0..self.membership.nodes.len()).any(|node| {
                let said = self.membership.says(host, node);
                said.is_some_and(|said| said.counted == Some(true) && said.listed == Some(false))
            })
        });
        self.say(
            short.collect(),
            "{}: the unicast agent list lacks a node that is a member now. It may be lost at the next change of the membership; let vCenter Server push the list again.",
            "{}：現在のメンバーがユニキャスト エージェント リストに含まれていません。次のメンバーシップ変更時に失われる可能性があります。vCenter Server からリストを再配信してください。",
        )
    }

    fn generations(&self) -> Vec<Oddity> {
        let generation = |host: &Host| {
            let (vcenter, number) = host.config_generation()?;
            Some(format!("{} {number}", vcenter.get(..8)?))
        };
        self.sides(
            self.differing(generation),
            "The vSAN configuration differs (vCenter Server's UUID and generation): {}. vCenter Server did not reach every host with the last change.",
            "vSAN 構成の世代が一致していません（vCenter Server の UUID と世代）：{}。直近の変更が一部のホストに届いていません。",
        )
    }

    fn unicast_modes(&self) -> Vec<Oddity> {
        let mode = |host: &Host| {
            let is_on = host.vsan.as_ref()?.value.unicast_mode?;
            Some(if is_on { "unicast" } else { "multicast" }.to_owned())
        };
        self.sides(
            self.differing(mode),
            "Some hosts use unicast and others multicast: {}. The change to unicast is not finished (KB 326602).",
            "ユニキャストとマルチキャストのホストが混在しています：{}。ユニキャストへの移行が完了していません（KB 326602）。",
        )
    }

    fn mtus(&self) -> Vec<Oddity> {
        let mtu = |host: &Host| {
            host.vsan_adapters().find_map(|adapter| adapter.value.mtu).map(|mtu| mtu.to_string())
        };
        self.sides(
            self.differing(mtu),
            "The MTU of the vSAN adapters differs: {}. Set the same MTU end to end.",
            "vSAN アダプタの MTU が一致していません：{}。経路全体で MTU を一致させてください。",
        )
    }

    fn builds(&self) -> Vec<Oddity> {
        let build = |host: &Host| host.build.is_some().then(|| version::release(host));
        self.sides(
            self.differing(build),
            "The hosts run different builds of ESXi: {}. That is right only while an upgrade is under way (KB 326927).",
            "ホストの ESXi ビルドが混在しています：{}。アップグレード作業中を除き、統一する必要があります（KB 326927）。",
        )
    }
}

/// Whether a host waits for an unfinished shutdown of the cluster.
pub(super) fn is_paused(host: &Host) -> bool {
    host.options.get(PAUSED).is_some_and(|option| option.value.trim() == "1")
}
