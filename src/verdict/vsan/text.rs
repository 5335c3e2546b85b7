//! What the vSAN findings say, in English and Japanese.

use super::cause::Cause;
use super::effects::Effects;
use super::event::{Loss, Span};
use super::network::Fault;
use crate::case::{Case, How, Stop};
use crate::model::Text;
use crate::verdict::brief::{Brief, vms};
use crate::verdict::{ids, list_en, list_ja, readable, version};

/// `8 minutes`, `2 h 10 min`
fn lasting(micros: i64) -> (String, String) {
    let seconds = micros / 1_000_000;
    match seconds {
        ..120 => (format!("{seconds} seconds"), format!("{seconds} 秒間")),
        120..7_200 => (format!("{} minutes", seconds / 60), format!("{} 分間", seconds / 60)),
        _ => {
            let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
            (format!("{hours} h {minutes} min"), format!("{hours} 時間 {minutes} 分"))
        }
    }
}

/// Sentences of both languages, one after another.
#[derive(Default)]
struct Sentences {
    en: Vec<String>,
    ja: String,
}

impl Sentences {
    fn say(&mut self, en: impl Into<String>, ja: impl AsRef<str>) {
        self.en.push(en.into());
        self.ja.push_str(ja.as_ref());
    }

    fn text(self) -> Text {
        Text::new(self.en.join(" "), self.ja)
    }
}

/// A lost host, as it is told.
pub(super) struct Told<'a, 'c> {
    pub case: &'c Case,
    pub loss: &'a Loss<'c>,
    pub cause: &'a Cause<'c>,
    pub name: &'a str,
    pub times: usize,
}

impl Told<'_, '_> {
    pub(super) fn title(&self) -> Text {
        let name = self.name;
        if self.loss.span.over {
            Text::new(
                format!("{name} was out of the vSAN cluster"),
                format!("{name} が一時的に vSAN クラスタから外れました"),
            )
        } else {
            Text::new(
                format!("{name} is out of the vSAN cluster"),
                format!("{name} が vSAN クラスタから外れています"),
            )
        }
    }

    /// What came of it for the VMs.
    pub(super) fn brief(&self, effects: &Effects<'_>) -> Brief {
        let then = (!effects.vms.is_empty()).then(|| {
            let vms = vms(&effects.vms);
            Text::new(
                format!("{} became invalid or inaccessible", vms.en),
                format!("{}が無効またはアクセス不可になりました", vms.ja),
            )
        });
        Brief { then, ..Brief::default() }
    }

    pub(super) fn summary(&self, effects: &Effects<'_>) -> Text {
        let mut said = Sentences::default();
        self.say_when(&mut said);
        self.say_who(&mut said);
        self.say_own_view(&mut said);
        say_effects(effects, !self.loss.span.over, &mut said);
        said.text()
    }

    fn say_when(&self, said: &mut Sentences) {
        let (name, span) = (self.name, &self.loss.span);
        match (span.at.map(readable), span.over) {
            (Some(at), false) => said.say(
                format!("Since {at} {name} has not been a member of the vSAN cluster."),
                format!("{name} は {at} 以降、vSAN クラスタのメンバーではありません。"),
            ),
            (Some(at), true) => {
                let back =
                    span.returned.zip(span.at).map(|(back, at)| (readable(back), lasting(back.since(at))));
                match back {
                    Some((back, (for_en, for_ja))) => said.say(
                        format!("{name} was no member of the vSAN cluster from {at} until {back} ({for_en})."),
                        format!("{name} は {at} から {back} まで（{for_ja}）、vSAN クラスタのメンバーではありませんでした。"),
                    ),
                    None => said.say(
                        format!("{name} left the vSAN cluster at {at}; it is a member again, but no line says since when."),
                        format!("{name} は {at} に vSAN クラスタから外れました。現在はメンバーに復帰していますが、復帰時刻はログから特定できません。"),
                    ),
                }
            }
            (None, _) => said.say(
                format!("{name} is not a member of the vSAN cluster; the bundles do not tell since when."),
                format!(
                    "{name} は vSAN クラスタのメンバーではありません。発生時刻はバンドルから特定できません。"
                ),
            ),
        }
        if self.times > 1 {
            let times = self.times;
            said.say(format!("It happened {times} times."), format!("同じ事象が {times} 回発生しています。"));
        }
    }

    fn say_who(&self, said: &mut Sentences) {
        let loss = self.loss;
        let mut observers: Vec<usize> = loss.observers.iter().map(|(host, _)| *host).collect();
        observers.extend(&loss.observers_by_state);
        observers.sort_unstable();
        observers.dedup();
        let observers = ids(self.case, &observers);
        if !observers.is_empty() {
            let one = observers.len() == 1;
            let (goes, went) = if one { ("goes", "its log says so") } else { ("go", "their logs say so") };
            match loss.span.over {
                false => said.say(
                    format!("{} {goes} on without it.", list_en(&observers)),
                    format!("{} はこのホストを除いてクラスタを継続しています。", list_ja(&observers)),
                ),
                true => said.say(
                    format!("{} went on without it; {went}.", list_en(&observers)),
                    format!("その間、{} はこのホストを除いてクラスタを継続しました。", list_ja(&observers)),
                ),
            }
        } else if loss.own_side {
            said.say(
                "Only its own bundle says so: it lost all others.",
                "これを示すのは、このホスト自身のバンドルのみです（他の全ホストを認識できなくなりました）。",
            );
        }
        if loss.host.is_none() {
            said.say(
                format!("No bundle of {} is here: what it saw itself is not known.", self.name),
                format!("{} のバンドルがないため、このホストから見た状況は不明です。", self.name),
            );
        }
    }

    fn say_own_view(&self, said: &mut Sentences) {
        let own = self.loss.host.and_then(|host| self.case.hosts[host].vsan.as_ref());
        let Some(vsan) = own.filter(|_| !self.loss.span.over && self.loss.span.by_state) else { return };
        if let Some(count) =
            vsan.value.member_count.or(Some(vsan.value.members.len() as u64).filter(|n| *n > 0))
        {
            let state = vsan.value.state.as_deref().unwrap_or("?");
            said.say(
                format!(
                    "The host itself counts {count} member{} and calls itself {state}.",
                    if count == 1 { "" } else { "s" }
                ),
                own_view_ja(self.name, count, state),
            );
        }
    }

    pub(super) fn cause(&self) -> Text {
        match self.cause.id {
            "version-skew" => self.skew(),
            "member-list-not-pushed" => self.list(),
            "network" => network(self.cause.signs.network.fault, &self.fault_hosts()),
            "host-crash" => self.stopped("crashed", "クラッシュしました"),
            "host-restart" => self.stopped(
                "was restarted by somebody, without maintenance mode",
                "メンテナンス モードにせずに再起動されました",
            ),
            "maintenance" => self.maintenance(),
            "format-skew" => self.format(),
            _ => self.unknown(),
        }
    }

    fn fault_hosts(&self) -> Vec<String> {
        let hosts: Vec<usize> = self.cause.signs.network.hosts.iter().copied().collect();
        ids(self.case, &hosts)
    }

    /// How the host's own list and those of its peers stand.
    fn lists(&self) -> (String, String) {
        let (lists, name) = (&self.cause.signs.lists, self.name);
        let lacking = ids(self.case, &lists.lacking);
        let nodes = |nodes: &[usize]| -> Vec<String> {
            nodes.iter().map(|&node| self.loss.membership.nodes[node].label().to_owned()).collect()
        };
        let mut said = Sentences::default();
        if lists.is_empty {
            said.say(
                format!("The unicast agent list of {name} is empty."),
                format!("{name} のユニキャスト エージェント リストは空です。"),
            );
        } else if !lists.lacks.is_empty() {
            let lacks = nodes(&lists.lacks);
            said.say(
                format!("The unicast agent list of {name} lacks {}.", list_en(&lacks)),
                format!("{name} のユニキャスト エージェント リストに {} がありません。", list_ja(&lacks)),
            );
        }
        if !lacking.is_empty() {
            let (have, their) = if lacking.len() == 1 { ("does", "its list") } else { ("do", "their lists") };
            said.say(
                format!("{} {have} not have {name} on {their}.", list_en(&lacking)),
                format!("{} のリストには {name} がありません。", list_ja(&lacking)),
            );
        }
        if lists.config_stale {
            said.say(
                format!("The vSAN configuration of {name} is older than that of its peers, or of another vCenter Server."),
                format!("{name} の vSAN 構成は他のホストより古いか、別の vCenter Server のものです。"),
            );
        }
        if !lists.frozen.is_empty() {
            let frozen = ids(self.case, &lists.frozen);
            said.say(
                format!("{} ignore member lists from vCenter (IgnoreClusterMemberListUpdates is 1).", list_en(&frozen)),
                format!("{} は vCenter からのメンバー リストを無視する設定です（IgnoreClusterMemberListUpdates が 1）。", list_ja(&frozen)),
            );
        }
        let text = said.text();
        (text.en, text.ja)
    }

    fn skew(&self) -> Text {
        let Some(skew) = &self.cause.signs.skew else { return self.unknown() };
        let vcenter = &self.case.hosts[skew.vcenter];
        let shown = self.loss.host.filter(|host| skew.newer.contains(host)).unwrap_or(skew.newer[0]);
        let (release, vc_release) = (version::release(&self.case.hosts[shown]), version::release(vcenter));
        let (release_ja, vc_release_ja) = (version::behind_ja(&release), version::behind_ja(&vc_release));
        let (lists, lists_ja) = self.lists();
        let vc = &vcenter.id;
        let mut said = Sentences::default();
        said.say(
            format!("The upgrade order was not kept: the hosts run ESXi {release}, vCenter Server {vc} is {vc_release}. An older vCenter Server can lose hosts and then does not push the vSAN member list to them."),
            format!("アップグレードの順序が守られておらず、ホストは ESXi {release_ja}ですが、vCenter Server {vc} は {vc_release_ja}です。古い vCenter Server では、ホストとの接続が失われ、vSAN メンバー リストを配信できなくなることがあります。"),
        );
        if !lists.is_empty() {
            said.say(lists, lists_ja);
        }
        if self.cause.signs.lists.is_empty {
            let name = self.name;
            said.say(
                format!("So {name} knows no peers and forms a cluster of its own."),
                format!("そのため {name} は他のホストを認識できず、単独でクラスタを構成しています。"),
            );
        }
        said.text()
    }

    fn list(&self) -> Text {
        let (lists, lists_ja) = self.lists();
        let mut said = Sentences::default();
        said.say(
            "vCenter Server's vSAN member list did not reach every host.",
            "vCenter Server の vSAN メンバー リストが全ホストに行き渡っていません。",
        );
        if !lists.is_empty() {
            said.say(lists, lists_ja);
        }
        if self.cause.signs.skew.is_none() {
            said.say(
                "Nothing shows that the hosts are newer than vCenter Server.",
                "ホストが vCenter Server より新しいことを示す情報はありません。",
            );
        }
        said.text()
    }

    fn stopped(&self, how: &str, how_ja: &str) -> Text {
        let name = self.name;
        let Some(stop) = self.cause.signs.stop else {
            return Text::new(format!("{name} {how}."), format!("{name} は{how_ja}。"));
        };
        let mut said = Sentences::default();
        match stop.down {
            Some(down) => said.say(
                format!("{name} {how} at {}.", readable(down)),
                format!("{name} は {} に{how_ja}。", readable(down)),
            ),
            None => said.say(format!("{name} {how}."), format!("{name} は{how_ja}。")),
        }
        self.say_up(stop, &mut said);
        said.text()
    }

    fn say_up(&self, stop: &Stop, said: &mut Sentences) {
        match stop.up {
            Some(up) => said.say(
                format!("It booted at {}.", readable(up)),
                format!("{} に起動しています。", readable(up)),
            ),
            None => said
                .say("No boot after that is in the bundles.", "その後の起動はバンドルからは確認できません。"),
        }
        if stop.how == How::Silent {
            said.say(
                "Its logs end without a stop or a purple screen: power was lost, or it hung and was reset.",
                "ログは停止処理やパープル スクリーンの記録なしに途切れており、電源断、またはハングアップ後のリセットが考えられます。",
            );
        }
    }

    fn maintenance(&self) -> Text {
        let name = self.name;
        let mut said = Sentences::default();
        let at = self.cause.signs.maintenance.map(|moment| readable(moment.time));
        let (at, at_ja) = at.map_or_else(Default::default, |at| (format!(" at {at}"), format!(" {at} に")));
        said.say(
            format!("{name} had been put into maintenance mode{at}: planned work."),
            format!("{name} は{at_ja}メンテナンス モードに切り替えられていました（計画作業）。"),
        );
        if let Some(stop) = self.cause.signs.stop {
            self.say_up(stop, &mut said);
        }
        said.text()
    }

    fn format(&self) -> Text {
        let name = self.name;
        Text::new(
            format!(
                "The ESXi software of {name} is older than the vSAN format of its cluster or disks: it cannot take part, although the network works."
            ),
            format!(
                "{name} の ESXi は、クラスタまたはディスクの vSAN フォーマットより古いため、ネットワークが正常でもクラスタに参加できません。"
            ),
        )
    }

    fn unknown(&self) -> Text {
        let (name, over) = (self.name, self.loss.span.over);
        let is = if over { "was" } else { "is" };
        let ja = if over {
            "がクラスタから外れていたこと"
        } else {
            "がクラスタから外れていること"
        };
        if self.loss.host.is_some_and(|host| self.case.hosts[host].vsan_disabled) {
            return Text::new(
                format!(
                    "vSAN clustering is disabled on {name}, and the other hosts still have it on their lists: somebody disabled it there, or its configuration was lost."
                ),
                format!(
                    "{name} では vSAN クラスタリングが無効ですが、他のホストのリストには残っています。{name} 上で無効にされたか、構成が失われています。"
                ),
            );
        }
        if self.loss.host.is_none() {
            return Text::new(
                format!(
                    "The bundles show that {name} {is} out, but not why: whether it was down or only cut off, its own bundle would tell."
                ),
                format!(
                    "{name} {ja}は確認できますが、原因は特定できません。停止していたのか通信できなかったのかは、{name} のバンドルがあれば判断できます。"
                ),
            );
        }
        Text::new(
            format!("The bundles show that {name} {is} out, but not why."),
            format!("{name} {ja}は確認できますが、その原因はバンドルから特定できません。"),
        )
    }
}

fn say_times(times: usize, said: &mut Sentences) {
    if times > 1 {
        said.say(format!("It happened {times} times."), format!("同じ事象が {times} 回発生しています。"));
    }
}

/// That VMs became invalid, and what becomes of them: `; they recover…`, in both languages.
pub(super) fn became_invalid(vms: &[String], (more, more_ja): (&str, &str)) -> Text {
    let (count, plural) = (vms.len(), if vms.len() == 1 { "" } else { "s" });
    Text::new(
        format!(
            "{count} VM{plural} became invalid or inaccessible ({}): an effect, not the cause{more}.",
            list_en(vms)
        ),
        format!(
            "仮想マシン {count} 台（{}）が無効またはアクセス不可になりましたが、これは本事象の影響であり、原因ではありません{more_ja}。",
            list_ja(vms)
        ),
    )
}

fn say_effects(effects: &Effects<'_>, lasts: bool, said: &mut Sentences) {
    let vms = &effects.vms;
    if !vms.is_empty() {
        let recover = if lasts {
            ("; they recover when the members are together again", "。メンバーが復帰すれば回復します")
        } else {
            ("", "")
        };
        let text = became_invalid(vms, recover);
        said.say(text.en, text.ja);
    } else if !effects.vm_lines.is_empty() {
        said.say(
            "VMs became invalid or inaccessible: an effect, not the cause.",
            "仮想マシンが無効またはアクセス不可になりましたが、これは本事象の影響であり、原因ではありません。",
        );
    }
    if !effects.failovers.is_empty() {
        let names = &effects.restarted;
        let (en, ja) = match names.len() {
            0 => (String::new(), String::new()),
            count => {
                (format!(" ({count}: {})", list_en(names)), format!("（{count} 台：{}）", list_ja(names)))
            }
        };
        said.say(
            format!("vSphere HA restarted VMs elsewhere{en}."),
            format!("vSphere HA が仮想マシンを他のホストで再起動しました{ja}。"),
        );
    }
    if !effects.objects.is_empty() {
        let states = |told: fn(u64, &str) -> String| -> Vec<String> {
            effects.objects.iter().map(|state| told(state.objects, &state.state)).collect()
        };
        said.say(
            format!(
                "vSAN objects not whole at the capture: {}.",
                list_en(&states(|count, state| format!("{count} {state}")))
            ),
            format!("取得時点で正常でない vSAN オブジェクト：{}。", list_ja(&states(state_ja))),
        );
    }
    if let Some((Some(objects), _)) = effects.resync {
        said.say(
            format!("{objects} objects were left to resync."),
            format!("再同期待ちのオブジェクトは {objects} 個です。"),
        );
    }
}

/// `アクセス不可（inaccessible）12 個`: the state of objects as the Japanese vSphere Client calls it, with vSAN's own name.
fn state_ja(count: u64, state: &str) -> String {
    let known = [
        ("inaccessible", "アクセス不可"),
        ("reduced-availability", "可用性の低下"),
        ("nonavailability", "可用性以外の不整合"),
        ("data-move", "データ移行中"),
    ];
    let name = known.iter().find(|(start, _)| state.starts_with(start)).map(|(_, name)| *name);
    name.map_or_else(|| format!("{state} {count} 個"), |name| format!("{name}（{state}）{count} 個"))
}

/// `esx01 自身は、メンバー 1 台のクラスタのマスターと認識しています。`
fn own_view_ja(name: &str, count: u64, state: &str) -> String {
    let role = match state.to_ascii_uppercase().as_str() {
        "MASTER" => "マスター".to_owned(),
        "BACKUP" => "バックアップ".to_owned(),
        "AGENT" => "エージェント".to_owned(),
        _ => format!("ロール（{state}）"),
    };
    format!("{name} 自身は、メンバー {count} 台のクラスタの{role}と認識しています。")
}

/// Why the network between two sides failed; `hosts` are those on which it shows.
fn network(fault: Option<Fault>, hosts: &[String]) -> Text {
    let on = if hosts.is_empty() { String::new() } else { format!(" (shown on {})", list_en(hosts)) };
    let on_ja = if hosts.is_empty() { String::new() } else { format!("（{} で確認）", list_ja(hosts)) };
    let (en, ja) = match fault {
        Some(Fault::Adapter) => (
            "The vSAN VMkernel adapter is missing, not tagged for vSAN, or has no usable address",
            "vSAN 用の VMkernel アダプタが存在しないか、vSAN トラフィックが有効でないか、使用できる IP アドレスがありません",
        ),
        Some(Fault::Link) => (
            "The physical uplinks that carry vSAN lost their link",
            "vSAN を流す物理アップリンクのリンクがダウンしました",
        ),
        Some(Fault::Address) => (
            "Another machine uses the vSAN address: duplicate IP address",
            "vSAN の IP アドレスが他の機器と重複しています",
        ),
        Some(Fault::Corruption) => (
            "vSAN packets arrive damaged: an adapter, its driver or a switch port corrupts data",
            "vSAN のパケットが破損して届いています。アダプタ、ドライバ、またはスイッチ ポートによるデータ破損が考えられます",
        ),
        Some(Fault::OneWay) => (
            "The vSAN network failed in one direction only",
            "vSAN ネットワークが片方向のみ通信できなくなりました",
        ),
        Some(Fault::Neighbour) => (
            "The vSAN network failed: the addresses of the peers are not resolved any more (layer 2: VLAN, cabling, switch)",
            "vSAN ネットワークの障害です。相手ホストのアドレスを解決できません（レイヤー 2: VLAN、配線、スイッチ）",
        ),
        Some(Fault::Routing) => (
            "The vSAN network failed: packets cannot be sent to the peers (routing or a firewall)",
            "vSAN ネットワークの障害です。相手ホストへパケットを送信できません（ルーティングまたはファイアウォール）",
        ),
        Some(Fault::Mtu) => (
            "The MTU differs along the vSAN network: small packets pass, full-size packets do not",
            "vSAN ネットワークの経路上で MTU が一致していません。小さいパケットは通りますが、最大サイズのパケットが通りません",
        ),
        Some(Fault::Witness) => (
            "Only the witness is lost, and the hosts see each other: the way to the witness failed (its route or adapter, the link between the sites), or the witness was down",
            "失われたのは監視ホストのみで、ホスト同士は互いを認識しています。監視ホストへの経路（ルート、アダプタ、サイト間リンク）の障害、または監視ホストの停止が考えられます",
        ),
        None => (
            "The host is up and its peers cannot be reached: only the vSAN network between them is left as the cause. Which part of it failed, the bundles do not tell",
            "ホストは稼働していますが他のホストと通信できないため、残る原因は vSAN ネットワークです。障害箇所はバンドルから特定できません",
        ),
    };
    Text::new(format!("{en}{on}."), format!("{ja}{on_ja}。"))
}

/// A split cluster, as it is told.
pub(super) struct Parted<'a, 'c> {
    pub groups: &'a [Vec<String>],
    pub over: bool,
    pub span: &'a Span<'c>,
    pub cause: &'a str,
    pub fault: Option<Fault>,
    pub times: usize,
}

impl Parted<'_, '_> {
    pub(super) fn title(&self) -> Text {
        let count = self.groups.len();
        if self.over {
            Text::new(
                format!("The vSAN cluster was split into {count} groups"),
                format!("vSAN クラスタが一時的に {count} つのパーティションに分かれました"),
            )
        } else {
            Text::new(
                format!("The vSAN cluster is split into {count} groups"),
                format!("vSAN クラスタが {count} つのパーティションに分かれています"),
            )
        }
    }

    pub(super) fn summary(&self, effects: &Effects<'_>) -> Text {
        let sides = |list: fn(&[String]) -> String| {
            self.groups.iter().map(|group| list(group)).collect::<Vec<_>>().join(" | ")
        };
        let (en, ja) = (sides(list_en), sides(list_ja));
        let mut said = Sentences::default();
        match (self.span.at.map(readable), self.over) {
            (Some(at), false) => said.say(
                format!("Since {at} hosts see each other only within these groups: {en}."),
                format!("{at} 以降、ホスト同士は次のパーティション内でのみ互いを認識しています：{ja}。"),
            ),
            (None, false) => said.say(
                format!("Hosts see each other only within these groups: {en}."),
                format!("ホスト同士は次のパーティション内でのみ互いを認識しています：{ja}。"),
            ),
            (at, true) => {
                let at = at.unwrap_or_else(|| "?".to_owned());
                said.say(
                    format!("From {at} hosts saw each other only within these groups: {en}."),
                    format!(
                        "{at} から、ホスト同士は次のパーティション内でのみ互いを認識していました：{ja}。"
                    ),
                );
                if let Some(back) = self.span.returned.map(readable) {
                    said.say(format!("It was over at {back}."), format!("{back} に解消しました。"));
                }
            }
        }
        say_times(self.times, &mut said);
        say_effects(effects, !self.over, &mut said);
        said.text()
    }

    pub(super) fn cause(&self) -> Text {
        match self.cause {
            "network" => network(self.fault, &[]),
            "member-list-not-pushed" => Text::new(
                "The unicast agent lists of the groups do not have each other's hosts: vCenter Server's member list did not reach every host.",
                "各パーティションのユニキャスト エージェント リストに相手側のホストがありません。vCenter Server のメンバー リストが全ホストに行き渡っていません。",
            ),
            "format-skew" => Text::new(
                "Some hosts run ESXi software that is older than the vSAN format of the cluster.",
                "一部のホストの ESXi が、クラスタの vSAN フォーマットより古くなっています。",
            ),
            _ => Text::new(
                "The bundles show the split, but not why; see what else is not as it should be, beside the matrix of who lost whom.",
                "パーティションは確認できますが、その原因はバンドルから特定できません。相互認識の表の下にある「その他の注意点」も確認してください。",
            ),
        }
    }
}
