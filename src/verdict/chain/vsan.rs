//! A host that fell out of the vSAN membership, or a cluster that split: what led to it, who dropped whom, what came of it.

use super::host::{booted, link_down, lost_by_vcenter, nics_of, restarted, stopped};
use super::story::{Story, hosts_of, line, names, only, verb, vms, within};
use super::{Link, Scene, version};
use crate::case::{Case, Membership, Moment, Said, same_name};
use crate::model::{EventKind, HostKind, Text, Timestamp};
use crate::verdict::vsan::cause::{self, Cause, is_refusal};
use crate::verdict::vsan::effects::{self, Effects};
use crate::verdict::vsan::event::{Loss, Split};
use crate::verdict::vsan::network::{Fault, NetworkSign, uplinks};
use crate::verdict::vsan::skew::vcenter_of;
use crate::verdict::vsan::{lost, partition};
use crate::verdict::{Evidence, Finding, list_en, list_ja, near};

/// Heartbeats are missed for so many seconds before a node is dropped.
const MISSED: i64 = 60;
/// vCenter notices within so many seconds before or after.
const WITH_VCENTER: i64 = 900;
/// vSphere HA says what it makes of it from so many seconds before to so many after.
const WITH_HA: (i64, i64) = (60, 900);

pub(super) fn of_loss(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let case = scene.case;
    let mut all = scene.happened.iter().flat_map(|happened| &happened.losses);
    let Some(losses) = all.find(|losses| losses.is_told_by(case, finding)) else { return Vec::new() };
    let (loss, cause) = (&losses.loss, &losses.cause);
    let name = loss.name(case);
    let told = Told { case, loss, cause, name: &name };
    let mut story = Story::default();
    told.lead_up(&mut story);
    told.missed(&mut story);
    told.dropped(&mut story);
    told.by_vcenter(&mut story);
    told.by_ha(&mut story);
    let effects = effects::of(case, &lost::scene(loss));
    told_effects(&mut story, loss.host, &effects);
    told.end(&mut story);
    story.told()
}

/// A loss that is told.
struct Told<'a, 'c> {
    case: &'c Case,
    loss: &'a Loss<'c>,
    cause: &'a Cause<'c>,
    name: &'a str,
}

impl<'c> Told<'_, 'c> {
    /// What led to it, by its cause.
    fn lead_up(&self, story: &mut Story) {
        let (case, signs) = (self.case, &self.cause.signs);
        match self.cause.id {
            "version-skew" => {
                if let Some(skew) = &signs.skew {
                    version::order(story, case, (skew.vcenter, &skew.newer), self.loss.span.at);
                }
                self.list(story);
            }
            "member-list-not-pushed" => self.list(story),
            "format-skew" => self.format(story),
            "network" => {
                self.links_before(story);
                network(story, case, self.name, self.loss.host, &signs.network, self.loss.span.at);
            }
            "host-crash" | "host-restart" | "maintenance" => self.stop(story),
            _ => {}
        }
    }

    /// That the member list of vCenter did not reach the host, or the others did not have it on theirs.
    fn list(&self, story: &mut Story) {
        let (name, host, told) = (self.name, self.loss.host, &self.cause.signs.lists.told);
        let (said, state) = self.lists();
        let Some(first) = told.first() else {
            return story.state(host, state, Text::new(capital(&said.en), said.ja));
        };
        let not_told = Text::new(
            format!("vCenter's member list did not reach {name}"),
            format!("vCenter Server のメンバー リストが {name} に反映されませんでした"),
        );
        let text = if said.en.is_empty() {
            not_told
        } else {
            Text::new(format!("{}: {}", not_told.en, said.en), format!("{}。{}", not_told.ja, said.ja))
        };
        let evidence = [first.clone()].into_iter().chain(state).collect();
        story.at(host, first.time, evidence, text);
    }

    /// What is wrong with the lists at the capture, with the lines that show it.
    fn lists(&self) -> (Text, Vec<Evidence>) {
        let mut found: Vec<(Text, Vec<Evidence>)> =
            [self.own_list(), self.lists_of_others()].into_iter().flatten().collect();
        if found.is_empty() {
            found.extend(self.old_configuration());
        }
        let (texts, lines): (Vec<Text>, Vec<Vec<Evidence>>) = found.into_iter().unzip();
        let (en, ja): (Vec<String>, Vec<String>) = texts.into_iter().map(|text| (text.en, text.ja)).unzip();
        (Text::new(en.join("; "), ja.join("。")), lines.concat())
    }

    fn own_list(&self) -> Option<(Text, Vec<Evidence>)> {
        let (name, lists) = (self.name, &self.cause.signs.lists);
        let lacks: Vec<&str> =
            lists.lacks.iter().map(|&node| self.loss.membership.nodes[node].label()).collect();
        let text = if lists.is_empty {
            Text::new(
                format!("the unicast agent list of {name} is empty"),
                format!("{name} のユニキャスト エージェント リストは空です"),
            )
        } else if !lacks.is_empty() {
            Text::new(
                format!("the unicast agent list of {name} lacks {}", list_en(&lacks)),
                format!("{name} のユニキャスト エージェント リストに {} がありません", list_ja(&lacks)),
            )
        } else {
            return None;
        };
        Some((text, self.loss.host.and_then(|host| self.list_line(host)).into_iter().collect()))
    }

    fn lists_of_others(&self) -> Option<(Text, Vec<Evidence>)> {
        let (name, lacking) = (self.name, &self.cause.signs.lists.lacking);
        let (who, count) = (names(self.case, lacking), lacking.len());
        let (lists, is) = (verb(count, "the list", "the lists"), verb(count, "is", "are"));
        let text = Text::new(
            format!("{lists} of {} {is} without {name}", who.en),
            format!("{} のリストに {name} がありません", who.ja),
        );
        let lines = || lacking.iter().filter_map(|&host| self.list_line(host)).collect();
        (count > 0).then(|| (text, lines()))
    }

    fn old_configuration(&self) -> Option<(Text, Vec<Evidence>)> {
        let name = self.name;
        let text = Text::new(
            format!("the vSAN configuration of {name} is older than that of the others"),
            format!("{name} の vSAN 構成は他のホストより古い世代です"),
        );
        let lines = || self.loss.host.iter().flat_map(|&host| Evidence::of_view(self.case, host)).collect();
        self.cause.signs.lists.config_stale.then(|| (text, lines()))
    }

    fn list_line(&self, host: usize) -> Option<Evidence> {
        line(host, self.case.hosts[host].unicast.as_ref())
    }

    /// Links of vSAN uplinks that went down in the minute before, where the fault itself is told by something else.
    fn links_before(&self, story: &mut Story) {
        let Some(host) = self.loss.host.filter(|_| self.cause.signs.network.fault != Some(Fault::Link))
        else {
            return;
        };
        let uplinks = uplinks(&self.case.hosts[host]);
        let is_down = |moment: &&Moment| {
            moment.host == host
                && moment.event.kind == EventKind::NET_LINK_DOWN
                && moment.field("nic").is_some_and(|nic| uplinks.iter().any(|uplink| uplink == nic))
        };
        let moments: Vec<&Moment> = self.about((MISSED, 0)).filter(is_down).collect();
        link_down(story, Some(host), self.name, &moments);
    }

    fn format(&self, story: &mut Story) {
        let name = self.name;
        let (is, desu) = if self.loss.span.over { ("was", "でした") } else { ("is", "です") };
        let text = Text::new(
            format!("The software of {name} {is} older than the vSAN format of the cluster"),
            format!("{name} のソフトウェアは、クラスタの vSAN フォーマットより古いバージョン{desu}"),
        );
        // It is told again and again while the host is out: what counts is that it is so.
        story.state(self.loss.host, self.cause.signs.format.clone(), text);
    }

    fn stop(&self, story: &mut Story) {
        let (case, signs, name) = (self.case, &self.cause.signs, self.name);
        let upgrade = signs.stop.and_then(|stop| stop.upgrade).and_then(|line| case.timeline.get(line));
        if let Some(upgrade) = upgrade {
            story.event(self.loss.host, &[upgrade], version::upgraded(case, &[upgrade]));
        }
        if let Some(moment) = signs.maintenance.filter(|_| self.cause.id == "maintenance") {
            let text = Text::new(
                format!("{name} went into maintenance mode"),
                format!("{name} がメンテナンス モードに入りました"),
            );
            story.event(self.loss.host, &[moment], text);
        }
        let text = Text::new(
            format!("The other hosts hold {name} for in maintenance (vSAN decommission state)"),
            format!("他のホストは {name} をメンテナンス中（vSAN decommission 状態）と認識しています"),
        );
        story.state(self.loss.host, signs.decommissioned.clone(), text);
        if let Some(stop) = signs.stop {
            stopped(story, case, stop, None);
        }
    }

    /// The moments about the host from so many seconds before it was lost to so many after.
    fn about(&self, window: (i64, i64)) -> impl Iterator<Item = &'c Moment> {
        let told: &'c [Moment] = self.loss.span.at.map_or(&[], |at| near(self.case, at, window));
        told.iter()
    }

    /// Heartbeats that the others missed before they dropped the host.
    fn missed(&self, story: &mut Story) {
        let (loss, name) = (self.loss, self.name);
        let missed = |moment: &&Moment| {
            moment.event.rule == "cmmds.missed-heartbeat"
                && self.loss.mates.contains(&moment.host)
                && moment.field("node").and_then(|uuid| loss.membership.node(uuid)) == Some(loss.node)
        };
        let moments: Vec<&Moment> = self.about((MISSED, 1)).filter(missed).collect();
        let who = names(self.case, &sorted(hosts_of(&moments)));
        let text = Text::new(
            format!("{} got no more vSAN heartbeats from {name}", who.en),
            format!("{} が {name} からの vSAN ハートビートを受信できなくなりました", who.ja),
        );
        story.aside(loss.host, &moments, text);
    }

    /// Who dropped it, as lines tell, else as the views at the capture do.
    fn dropped(&self, story: &mut Story) {
        let (case, loss, name) = (self.case, self.loss, self.name);
        let lines = &loss.span.lines;
        let of_others: Vec<&Moment> =
            lines.iter().copied().filter(|line| Some(line.host) != loss.host).collect();
        if !of_others.is_empty() {
            let (who, spread) = (names(case, &sorted(hosts_of(&of_others))), within(case, &of_others));
            let text = Text::new(
                format!("{} dropped {name} from the vSAN membership{}", who.en, spread.en),
                format!("{} が {}{name} を vSAN メンバーシップから除外しました", who.ja, spread.ja),
            );
            return story.event_at(loss.host, loss.span.at, &of_others, text);
        }
        if !lines.is_empty() {
            let text = Text::new(
                format!("{name} lost the other hosts from its vSAN membership"),
                format!("{name} の vSAN メンバーシップから他のホストがなくなりました"),
            );
            return story.event_at(loss.host, loss.span.at, lines, text);
        }
        let without = &loss.observers_by_state;
        let (own, others) = (loss.host.filter(|_| loss.own_side), names(case, without));
        let text = if without.is_empty() {
            Text::new(
                format!("{name} does not count the other hosts as vSAN members"),
                format!("{name} は他のホストを vSAN メンバーとして認識していません"),
            )
        } else {
            let count = verb(without.len(), "does", "do");
            Text::new(
                format!("{} {count} not count {name} as a vSAN member", others.en),
                format!("{} は {name} を vSAN メンバーとして認識していません", others.ja),
            )
        };
        let views = without.iter().copied().chain(own.filter(|_| without.is_empty()));
        let evidence = views.filter_map(|host| members_line(case, host)).collect();
        story.state(loss.host, evidence, text);
    }

    /// That vCenter lost it, or did not take it.
    fn by_vcenter(&self, story: &mut Story) {
        let (case, loss) = (self.case, self.loss);
        let Some((vcenter, _)) = vcenter_of(case, loss.membership, loss.host) else { return };
        let lost = [EventKind::HOST_NOT_RESPONDING, EventKind::HOST_DISCONNECTED];
        let is_its = |moment: &&Moment| {
            moment.host == vcenter
                && lost.contains(&moment.event.kind)
                && moment.field("host_name").is_some_and(|name| same_name(name, self.name))
        };
        let told: Vec<&Moment> = self.about((WITH_VCENTER, WITH_VCENTER)).filter(is_its).collect();
        let (refused, silent): (Vec<&Moment>, Vec<&Moment>) =
            told.into_iter().partition(|moment| is_refusal(moment));
        lost_by_vcenter(story, case, vcenter, self.name, &silent);
        if self.cause.id == "version-skew" {
            let later = self.cause.signs.disconnected.filter(|moment| is_refusal(moment));
            let refused = if refused.is_empty() { later.into_iter().collect() } else { refused };
            version::refusal(story, case, vcenter, &refused);
        }
    }

    fn by_ha(&self, story: &mut Story) {
        let is_its = |moment: &&Moment| {
            let own = Some(moment.host) == self.loss.host && moment.event.rule == "fdm.isolated";
            let named = moment.field("host_name").is_some_and(|name| same_name(name, self.name));
            [EventKind::HA_HOST_DEAD, EventKind::HA_ISOLATED].contains(&moment.event.kind) && (own || named)
        };
        let moments: Vec<&Moment> = self.about(WITH_HA).filter(is_its).collect();
        let name = self.name;
        let text = if moments.iter().any(|moment| moment.event.kind == EventKind::HA_HOST_DEAD) {
            Text::new(
                format!("vSphere HA declared {name} dead"),
                format!("vSphere HA が {name} を停止（Dead）と判定しました"),
            )
        } else {
            Text::new(
                format!("vSphere HA held {name} for partitioned or isolated"),
                format!("vSphere HA が {name} をパーティションまたは隔離状態と判定しました"),
            )
        };
        story.aside(self.loss.host, &moments, text);
    }

    /// What ended it.
    fn end(&self, story: &mut Story) {
        let (case, loss, name) = (self.case, self.loss, self.name);
        if let Some(stop) = self.cause.signs.stop.filter(|_| self.is_stopped()) {
            booted(story, case, stop);
        }
        let Some(returned) = loss.span.returned else { return };
        if let (Some(host), Some(at)) = (loss.host, loss.span.at)
            && self.cause.id == "network"
        {
            link_up(story, case, host, (at, returned));
        }
        let told = joined(case, loss, returned);
        let who = names(case, &sorted(hosts_of(&told)));
        let text = Text::new(
            format!(
                "{name} was a member of the vSAN cluster again, as {} {}",
                who.en,
                verb(hosts_of(&told).len(), "tells", "tell")
            ),
            format!("{name} が vSAN メンバーシップに復帰しました（{} のログ）", who.ja),
        );
        story.event_at(loss.host, Some(returned), &told, text);
    }

    fn is_stopped(&self) -> bool {
        ["host-crash", "host-restart", "maintenance"].contains(&self.cause.id)
    }
}

fn sorted(mut hosts: Vec<usize>) -> Vec<usize> {
    hosts.sort_unstable();
    hosts
}

/// `text` as the beginning of a sentence.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// The line of a host's view that lists its members, else its first one.
fn members_line(case: &Case, host: usize) -> Option<Evidence> {
    let mut lines = Evidence::of_view(case, host);
    let first = Evidence::of_view(case, host).next();
    lines.find(|line| line.text.contains("Member UUIDs")).or(first)
}

/// The records that `loss` was over, of those who say so.
fn joined<'c>(case: &'c Case, loss: &Loss<'c>, at: Timestamp) -> Vec<&'c Moment> {
    let cells = loss.membership.column(loss.node);
    let lines = cells.flat_map(|(_, told)| told.of(Said::Joined)).filter_map(|line| case.timeline.get(line));
    let mut moments: Vec<&Moment> =
        lines.filter(|moment| (0..=MISSED * 1_000_000).contains(&moment.time.since(at))).collect();
    if moments.is_empty() {
        // The host itself may tell it by the others that it sees again.
        let own = |moment: &&Moment| {
            Some(moment.host) == loss.host && moment.event.kind == EventKind::VSAN_NODE_JOINED
        };
        moments = near(case, at, (0, 1)).iter().filter(own).collect();
    }
    moments.sort_by_key(|moment| moment.time);
    moments
}

fn link_up(story: &mut Story, case: &Case, host: usize, (from, to): (Timestamp, Timestamp)) {
    let uplinks = uplinks(&case.hosts[host]);
    let up = |moment: &&Moment| {
        moment.host == host
            && moment.event.kind == EventKind::NET_LINK_UP
            && moment.time >= from
            && moment.field("nic").is_some_and(|nic| uplinks.iter().any(|uplink| uplink == nic))
    };
    let seconds = to.since(from) / 1_000_000;
    let moments: Vec<&Moment> = near(case, from, (0, seconds + 1)).iter().filter(up).collect();
    let (nics, id) = (nics_of(&moments), &case.hosts[host].id);
    let text = Text::new(
        format!("{} of {id} had the link again", list_en(&nics)),
        format!("{id} の {} がリンク アップしました", list_ja(&nics)),
    );
    story.event(Some(host), &moments, text);
}

/// What was wrong with the network when `lost`, or groups, fell out `at` a time; `name` is what the host is called.
fn network(
    story: &mut Story,
    case: &Case,
    name: &str,
    lost: Option<usize>,
    sign: &NetworkSign,
    at: Option<Timestamp>,
) {
    let Some(fault) = sign.fault else { return };
    let hosts: Vec<usize> = sign.hosts.iter().copied().collect();
    let who = names(case, &hosts);
    let place = only(&hosts).or(lost.filter(|lost| hosts.contains(lost)));
    let downs = links_shown(case, sign, at.filter(|_| fault == Fault::Link));
    if downs.is_empty() {
        story.lines(place, sign.evidence.clone(), told_fault(fault, name, &who));
    } else {
        link_down(story, place, &who.en, &downs);
    }
}

/// The records around `at` whose lines show the fault.
fn links_shown<'c>(case: &'c Case, sign: &NetworkSign, at: Option<Timestamp>) -> Vec<&'c Moment> {
    let is_shown = |moment: &&Moment| {
        let mut lines = sign.evidence.iter();
        lines.any(|line| line.host == moment.host && line.source == moment.event.source)
    };
    at.map_or(&[][..], |at| near(case, at, (300, 60))).iter().filter(is_shown).collect()
}

/// A fault in a sentence; `who` are the hosts that it was seen on, and may be none.
fn told_fault(fault: Fault, name: &str, who: &Text) -> Text {
    let Text { en, ja } = who;
    match fault {
        Fault::Link => Text::new(
            format!("The vSAN uplinks of {en} have no link"),
            format!("{ja} の vSAN アップリンクがリンク ダウンしています"),
        ),
        Fault::Adapter => Text::new(
            format!("{en} had no working VMkernel adapter for vSAN"),
            format!("{ja} の vSAN 用 VMkernel アダプタが使用できなくなりました"),
        ),
        Fault::Address => Text::new(
            format!("Another machine used a vSAN address, as {en} noticed"),
            format!("他の機器が vSAN の IP アドレスを使用していることを {ja} が検出しました"),
        ),
        Fault::Corruption => Text::new(
            format!("vSAN packets arrived damaged at {en}"),
            format!("{ja} で破損した vSAN パケットを受信しました"),
        ),
        Fault::OneWay | Fault::Neighbour | Fault::Routing => Text::new(
            format!("{en} could not send over the vSAN network"),
            format!("{ja} が vSAN ネットワークで送信できなくなりました"),
        ),
        Fault::Mtu if en.is_empty() => Text::new(
            "The MTU on the vSAN network does not fit",
            "vSAN ネットワークの MTU が一致していません",
        ),
        Fault::Mtu => Text::new(
            format!("The MTU on the vSAN network of {en} does not fit"),
            format!("{ja} の vSAN ネットワークの MTU が一致していません"),
        ),
        Fault::Witness => Text::new(
            format!("The way to the witness {name} was cut"),
            format!("監視ホスト {name} への経路が切断されました"),
        ),
    }
}

/// What came of it: VMs that HA restarted, and VMs that became invalid.
fn told_effects(story: &mut Story, host: Option<usize>, effects: &Effects<'_>) {
    restarted(story, &effects.failovers);
    let vms = vms(&effects.vms);
    let is_invalid = effects.vm_lines.iter().any(|moment| moment.event.kind == EventKind::VM_INVALID);
    let (en, ja) = if is_invalid { ("invalid", "無効") } else { ("inaccessible", "アクセス不可") };
    let text = Text::new(
        format!("{} became {en}", vms.en),
        format!("{}が{ja}になりました", super::host::spaced(&vms.ja)),
    );
    story.effect(host, &effects.vm_lines, text);
}

pub(super) fn of_split(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let case = scene.case;
    let mut all = scene.happened.iter().flat_map(|happened| &happened.splits);
    let Some((split, _)) = all.find(|(split, _)| partition::is_told_by(split, finding)) else {
        return Vec::new();
    };
    let (id, sign, _) = cause::of_split(case, split);
    let mut story = Story::default();
    if id == "network" {
        network(&mut story, case, "", None, &sign, split.span.at);
    }
    parted(&mut story, case, split);
    without_vcenter(&mut story, case, split);
    told_effects(&mut story, None, &effects::of(case, &partition::scene(split)));
    if let Some(returned) = split.span.returned {
        let is_join = |moment: &&Moment| {
            moment.event.kind == EventKind::VSAN_NODE_JOINED && is_of(split.membership, moment.host)
        };
        let told: Vec<&Moment> = near(case, returned, (0, MISSED)).iter().filter(is_join).collect();
        let text = Text::new("The groups saw each other again", "グループ間の通信が回復しました");
        story.event_at(None, Some(returned), &told, text);
    }
    story.told()
}

fn is_of(membership: &Membership, host: usize) -> bool {
    membership.node_of(host).is_some()
}

/// That the groups lost each other.
fn parted(story: &mut Story, case: &Case, split: &Split<'_>) {
    let of_group = |group: &Vec<usize>| -> Vec<String> {
        group.iter().map(|&node| split.membership.nodes[node].label().to_owned()).collect()
    };
    let groups: Vec<Vec<String>> = split.groups.iter().map(of_group).collect();
    let listed =
        |list: fn(&[String]) -> String| -> Vec<String> { groups.iter().map(|group| list(group)).collect() };
    let en: Vec<String> = listed(list_en).iter().map(|group| format!("({group})")).collect();
    let ja: Vec<String> = listed(list_ja).iter().map(|group| format!("（{group}）")).collect();
    let text = Text::new(
        format!("The vSAN cluster fell apart into {}", list_en(&en)),
        format!("vSAN クラスタが{}に分断されました", list_ja(&ja)),
    );
    if split.span.lines.is_empty() {
        let first = |group: &Vec<usize>| group.iter().find_map(|&node| split.membership.nodes[node].host);
        let views = split.groups.iter().filter_map(first).filter_map(|host| members_line(case, host));
        return story.state(None, views.collect(), text);
    }
    story.event_at(None, split.span.at, &split.span.lines, text);
}

/// That vCenter lost hosts of the cluster at that time.
fn without_vcenter(story: &mut Story, case: &Case, split: &Split<'_>) {
    let Some(at) = split.span.at else { return };
    let hosts = split.groups.iter().flatten().filter_map(|&node| split.membership.nodes[node].host);
    let ids: Vec<&str> = hosts.map(|host| case.hosts[host].id.as_str()).collect();
    let is_its = |moment: &&Moment| {
        case.hosts[moment.host].kind == HostKind::Vcenter
            && moment.is_lost_connection()
            && moment.field("host_name").is_some_and(|name| ids.contains(&name))
    };
    let told: Vec<&Moment> = near(case, at, (WITH_VCENTER, WITH_VCENTER)).iter().filter(is_its).collect();
    let Some(vcenter) = told.first().map(|moment| moment.host) else { return };
    let mut lost: Vec<String> =
        told.iter().filter_map(|moment| moment.field("host_name")).map(str::to_owned).collect();
    lost.sort();
    lost.dedup();
    lost_by_vcenter(story, case, vcenter, &list_en(&lost), &told);
}
