//! A host that stopped, or that only vCenter lost.

use super::story::{Story, names, vms, vms_of};
use super::{Link, Scene};
use crate::case::{Case, Episode, How, Moment, Stop};
use crate::model::{EventKind, Text};
use crate::verdict::Finding;
use crate::verdict::host::crashed::Crash;
use crate::verdict::host::disconnected::{self, cause::Cause};

/// Records that only the boot after a stop gives.
fn is_of_boot(moment: &Moment) -> bool {
    moment.event.kind == EventKind::HOST_BOOT || moment.event.rule == "host.crash-found-at-boot"
}

/// That the host stopped, as the records before its boot tell.
pub(super) fn stopped(story: &mut Story, case: &Case, stop: &Stop, reason: Option<&str>) {
    let lines = stop.lines.iter().filter_map(|&line| case.timeline.get(line));
    let is_of_stop = |moment: &&Moment| {
        let kinds = [EventKind::HOST_CRASH, EventKind::HOST_REBOOT, EventKind::HOST_SHUTDOWN];
        kinds.contains(&moment.event.kind) && !is_of_boot(moment)
    };
    let lines: Vec<&Moment> = lines.filter(is_of_stop).collect();
    let id = &case.hosts[stop.host].id;
    let (en, ja) = match stop.how {
        How::PurpleScreen => ("stopped with a purple screen", "がパープル スクリーン（PSOD）で停止しました"),
        How::Reboot => ("was rebooted by request", "が要求により再起動されました"),
        How::Shutdown => ("was shut down by request", "が要求によりシャットダウンされました"),
        How::Unclean | How::Silent => ("stopped without being asked to", "が要求なしに停止しました"),
    };
    let (en, ja) = match reason.filter(|_| stop.how == How::PurpleScreen) {
        Some(reason) => (format!("{en}: {reason}"), format!("{ja}：{reason}")),
        None => (en.to_owned(), ja.to_owned()),
    };
    story.event(Some(stop.host), &lines, Text::new(format!("{id} {en}"), format!("{id} {ja}")));
}

/// That the host booted again, and what it found then.
pub(super) fn booted(story: &mut Story, case: &Case, stop: &Stop) {
    let lines = stop.lines.iter().filter_map(|&line| case.timeline.get(line));
    let lines: Vec<&Moment> = lines.filter(|moment| is_of_boot(moment)).collect();
    let found = |text: &str| lines.iter().any(|moment| moment.field(text).is_some());
    let has_dump = lines.iter().any(|moment| moment.event.kind == EventKind::HOST_CRASH);
    let id = &case.hosts[stop.host].id;
    let (en, ja) = match stop.how {
        How::Unclean if found("unclean") => (
            format!("{id} booted and found no reason for its stop"),
            format!("{id} が起動しましたが、停止の理由は見つかりませんでした"),
        ),
        How::Unclean | How::PurpleScreen if has_dump => (
            format!("{id} booted and found a core dump"),
            format!("{id} が起動し、コア ダンプが検出されました"),
        ),
        How::Silent => (
            format!("{id} booted; nothing in its logs had asked it to stop"),
            format!("{id} が起動しました（停止の要求はログにありません）"),
        ),
        _ => (format!("{id} booted again"), format!("{id} が再び起動しました")),
    };
    story.event(Some(stop.host), &lines, Text::new(en, ja));
}

/// That vSphere HA restarted VMs; `moments` are its records.
pub(super) fn restarted(story: &mut Story, moments: &[&Moment]) {
    let names = vms_of(moments);
    let text = if names.is_empty() {
        Text::new("vSphere HA began to restart VMs", "vSphere HA が仮想マシンの再起動を開始しました")
    } else {
        let vms = vms(&names);
        Text::new(
            format!("vSphere HA restarted {}", vms.en),
            format!("vSphere HA が{}を再起動しました", spaced(&vms.ja)),
        )
    };
    story.event(None, moments, text);
}

/// A Japanese noun between words of a sentence: a name at its end is kept apart from what follows.
pub(super) fn spaced(text: &str) -> String {
    let is_latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii());
    if is_latin(text.chars().next_back()) { format!("{text} ") } else { text.to_owned() }
}

/// That vCenter lost the host; `moments` are its records. That heartbeats were missed comes before, and is no loss yet.
pub(super) fn lost_by_vcenter(
    story: &mut Story,
    case: &Case,
    vcenter: usize,
    name: &str,
    moments: &[&Moment],
) {
    let id = &case.hosts[vcenter].id;
    let (lost, missed): (Vec<&Moment>, Vec<&Moment>) =
        moments.iter().partition(|moment| moment.is_lost_connection());
    let text = Text::new(
        format!("vCenter Server {id} began to miss heartbeats from {name}"),
        format!("vCenter Server {id} で {name} からのハートビートの欠落が始まりました"),
    );
    story.aside(Some(vcenter), &missed, text);
    let is_silent = lost.iter().any(|moment| moment.event.kind == EventKind::HOST_NOT_RESPONDING);
    let text = if is_silent {
        Text::new(
            format!("vCenter Server {id} got no more heartbeats from {name}: not responding"),
            format!(
                "vCenter Server {id} が {name} からのハートビートを受信できなくなり、「応答なし」と判定しました"
            ),
        )
    } else {
        Text::new(
            format!("vCenter Server {id} disconnected {name}"),
            format!("vCenter Server {id} が {name} を切断しました"),
        )
    };
    story.event(Some(vcenter), &lost, text);
}

pub(super) fn of_crash(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let case = scene.case;
    let Some(crash) = Crash::told_by(case, finding) else { return Vec::new() };
    let mut story = Story::default();
    let stop = crash.stop;
    let id = &case.hosts[stop.host].id;
    stopped(&mut story, case, stop, crash.reason);
    let of = |kind: EventKind| -> Vec<&Moment> {
        crash.witnesses.iter().copied().filter(|moment| moment.event.kind == kind).collect()
    };
    let left = of(EventKind::VSAN_NODE_LEFT);
    let mut mates = super::story::hosts_of(&left);
    mates.sort_unstable();
    let who = names(case, &mates);
    let text = Text::new(
        format!("{} dropped {id} from the vSAN membership", who.en),
        format!("{} が {id} を vSAN メンバーシップから除外しました", who.ja),
    );
    story.event(Some(stop.host), &left, text);
    let silent = of(EventKind::HOST_NOT_RESPONDING);
    if let Some(first) = silent.iter().find(|moment| Some(moment.host) == vcenter_of(case, stop.host)) {
        lost_by_vcenter(&mut story, case, first.host, id, &silent);
    }
    let text = Text::new(
        format!("vSphere HA declared {id} dead"),
        format!("vSphere HA が {id} を停止（Dead）と判定しました"),
    );
    story.event(Some(stop.host), &of(EventKind::HA_HOST_DEAD), text);
    restarted(&mut story, &crash.restarted);
    booted(&mut story, case, stop);
    story.told()
}

fn vcenter_of(case: &Case, host: usize) -> Option<usize> {
    case.vcenter_of(host).map(|(vcenter, _)| vcenter)
}

pub(super) fn of_lost_connection(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let case = scene.case;
    let Some((episode, cause)) = disconnected::told_by(case, finding, &scene.episodes) else {
        return Vec::new();
    };
    let lost = Lost { case, episode, cause: &cause };
    let mut story = Story::default();
    // What comes after the connection is back is the end of the hang, not its beginning.
    let (before, after): (Vec<&Moment>, Vec<&Moment>) =
        cause.lines.iter().partition(|moment| moment.time <= episode.lost_at || cause.id != "agent-hang");
    lost.lead_up(&mut story, &before);
    lost.by_vcenter(&mut story);
    lost.end(&mut story, &after);
    story.told()
}

/// A connection that vCenter lost.
struct Lost<'a, 'c> {
    case: &'c Case,
    episode: &'a Episode<'c>,
    cause: &'a Cause<'c>,
}

impl<'c> Lost<'_, 'c> {
    /// What led to it, by its cause; `before` are the records of that.
    fn lead_up(&self, story: &mut Story, before: &[&Moment]) {
        let (host, name) = (self.episode.host, self.episode.name);
        match self.cause.id {
            "agent-hang" => {
                let text = Text::new(
                    format!("The management agent of {name} hung"),
                    format!("{name} の管理エージェントが応答しなくなりました"),
                );
                self.hang(story, before, text);
            }
            "host-crash" => {
                if let Some(stop) = self.stop() {
                    stopped(story, self.case, stop, None);
                }
            }
            "management-network" => management_network(story, host, name, before),
            _ => {}
        }
    }

    /// That the agent hung, as `hung` says, and that agents were started again.
    fn hang(&self, story: &mut Story, lines: &[&Moment], hung: Text) {
        let (silent, started): (Vec<&Moment>, Vec<&Moment>) =
            lines.iter().partition(|moment| moment.event.kind == EventKind::SERVICE_HANG);
        story.event(self.episode.host, &silent, hung);
        agent_started(story, self.episode.host, self.episode.name, &started);
    }

    /// The stop of the host that the cause tells of.
    fn stop(&self) -> Option<&'c Stop> {
        self.case.stops.iter().find(|stop| {
            let first = stop.lines.first().and_then(|&line| self.case.timeline.get(line));
            Some(stop.host) == self.episode.host
                && first.is_some_and(|first| self.cause.lines.iter().any(|line| std::ptr::eq(*line, first)))
        })
    }

    /// That vCenter lost it, and what it had against it.
    fn by_vcenter(&self, story: &mut Story) {
        let Lost { case, episode, cause } = *self;
        let (vcenter, name) = (episode.vcenter, episode.name);
        let is_refused = cause.id == "version-skew";
        let says_why = is_refused || cause.id == "certificate";
        let is_why = |line: &&Moment| says_why && cause.lines.iter().any(|told| std::ptr::eq(*told, *line));
        let lines: Vec<&Moment> = episode.lines.iter().copied().filter(|line| !is_why(line)).collect();
        if let Some(host) = episode.host.filter(|_| is_refused) {
            super::version::order(story, case, (vcenter, &[host]), Some(episode.lost_at));
        }
        lost_by_vcenter(story, case, vcenter, name, &lines);
        if is_refused {
            super::version::refusal(story, case, vcenter, &cause.lines);
        } else if says_why {
            let id = &case.hosts[vcenter].id;
            let text = Text::new(
                format!("vCenter Server {id} did not accept the certificate of {name}"),
                format!("vCenter Server {id} が {name} の証明書を受け入れませんでした"),
            );
            story.event(Some(vcenter), &cause.lines, text);
        }
    }

    /// What the host said afterwards, as `after` tells, and that it was connected again.
    fn end(&self, story: &mut Story, after: &[&Moment]) {
        let (name, vcenter) = (self.episode.name, self.episode.vcenter);
        let text = Text::new(
            format!("{name} itself noticed that its management agent hung"),
            format!("{name} 自身が管理エージェントの無応答を検出しました"),
        );
        self.hang(story, after, text);
        let back: Vec<&Moment> = self.episode.back.into_iter().collect();
        let id = &self.case.hosts[vcenter].id;
        let text = Text::new(
            format!("{name} was connected to vCenter Server {id} again"),
            format!("{name} が vCenter Server {id} に再接続されました"),
        );
        story.event(Some(vcenter), &back, text);
    }
}

fn management_network(story: &mut Story, host: Option<usize>, name: &str, moments: &[&Moment]) {
    link_down(story, host, name, moments);
    let of = |kind: EventKind| -> Vec<&Moment> {
        moments.iter().copied().filter(|moment| moment.event.kind == kind).collect()
    };
    let text = Text::new(
        format!("Another machine used an address of {name}"),
        format!("他の機器が {name} のアドレスを使用しました"),
    );
    story.event(host, &of(EventKind::NET_IP_CONFLICT), text);
    let text = Text::new(
        format!("{name} could not send its heartbeats to vCenter Server"),
        format!("{name} が vCenter Server にハートビートを送信できなくなりました"),
    );
    story.event(host, &of(EventKind::HOST_NOT_RESPONDING), text);
}

fn agent_started(story: &mut Story, host: Option<usize>, name: &str, moments: &[&Moment]) {
    let text = Text::new(
        format!("The management agents of {name} were started again"),
        format!("{name} の管理エージェントが再起動されました"),
    );
    story.event(host, moments, text);
}

/// That links went down, and which.
pub(super) fn link_down(story: &mut Story, host: Option<usize>, name: &str, moments: &[&Moment]) {
    let downs: Vec<&Moment> =
        moments.iter().copied().filter(|moment| moment.event.kind == EventKind::NET_LINK_DOWN).collect();
    let nics = nics_of(&downs);
    let text = Text::new(
        format!("{} of {name} lost the link", crate::verdict::list_en(&nics)),
        format!("{name} の {} がリンク ダウンしました", crate::verdict::list_ja(&nics)),
    );
    let text = if nics.is_empty() {
        Text::new(
            format!("{name} lost the link of an uplink"),
            format!("{name} のアップリンクがリンク ダウンしました"),
        )
    } else {
        text
    };
    story.event(host, &downs, text);
}

/// Names of the uplinks that `moments` are about, ordered.
pub(super) fn nics_of(moments: &[&Moment]) -> Vec<String> {
    let mut nics: Vec<String> =
        moments.iter().filter_map(|moment| moment.field("nic")).map(str::to_owned).collect();
    nics.sort();
    nics.dedup();
    nics
}
