//! Which host stopped without being asked to: with a purple screen, or because its power was lost?
//!
//! Restarts that somebody asked for are context, and no finding.

use serde_json::json;

use super::is_down;
use super::signature::Signature;
use crate::case::{Case, How, Moment, Stop};
use crate::model::{Confidence, EventKind, Severity, Text, Timestamp};
use crate::verdict::known;
use crate::verdict::{
    Evidence, Finding, Step, Verdict, distinct, list_en, list_ja, near, readable, span, step,
};

pub(in crate::verdict) static VERDICT: Verdict = Verdict {
    name: "crash",
    about: "Which host stopped without being asked to, and did its kernel crash or its power fail?",
    findings: &["host.crashed"],
    reach,
};

/// The hardware tells of what stopped a host within this many seconds before the stop, or after the boot.
const HARDWARE: i64 = 900;
/// vSphere HA restarts VMs within this many seconds after a host is lost.
const FAILOVER: i64 = 1_800;

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    case.stops
        .iter()
        .filter(|stop| !stop.is_asked())
        .map(|stop| finding(case, &Crash::of(case, stop)))
        .collect()
}

/// A stop that nobody asked for, and what is known of it.
pub(in crate::verdict) struct Crash<'c> {
    pub stop: &'c Stop,
    lines: Vec<&'c Moment>,
    pub cause: &'static str,
    /// The line of the purple screen: `#PF Exception 14 in world 2097705:CMMDS-worker IP 0x41802`.
    pub reason: Option<&'c str>,
    /// Others that lost the host then: vCenter, vSphere HA.
    pub witnesses: Vec<&'c Moment>,
    /// VMs that vSphere HA restarted then.
    pub restarted: Vec<&'c Moment>,
    /// What the hardware told just before, or firmware at the boot: an error that was not corrected, a sensor.
    hardware: Vec<&'c Moment>,
}

impl<'c> Crash<'c> {
    /// The crash that `finding` is about.
    pub(in crate::verdict) fn told_by(case: &'c Case, finding: &Finding) -> Option<Self> {
        let mut stops = case.stops.iter().filter(|stop| !stop.is_asked() && finding.hosts == [stop.host]);
        let first = |stop: &Stop| stop.lines.iter().map(|&line| case.timeline[line].time).min();
        let stop = stops.find(|stop| stop.down.or_else(|| first(stop)) == finding.first_seen)?;
        Some(Crash::of(case, stop))
    }

    fn of(case: &'c Case, stop: &'c Stop) -> Self {
        let lines: Vec<&Moment> = stop.lines.iter().map(|&line| &case.timeline[line]).collect();
        let said = |field: &str| lines.iter().find_map(|line| line.field(field));
        let reason = said("reason").or(said("message"));
        Crash {
            stop,
            cause: cause(stop, said("unclean").is_some()),
            reason,
            witnesses: witnesses(case, stop),
            restarted: restarted(case, stop),
            hardware: hardware(case, stop),
            lines,
        }
    }

    /// The sort of its purple screen.
    fn signature(&self) -> Option<&'static Signature> {
        self.reason.filter(|_| self.cause == "psod").and_then(Signature::of)
    }
}

/// A core dump is written by a kernel that crashed. Where the stop itself is not in the logs it may be an older one.
fn cause(stop: &Stop, is_without_reason: bool) -> &'static str {
    match stop.how {
        How::PurpleScreen => "psod",
        How::Unclean if is_without_reason => "power-loss",
        How::Unclean if stop.down.is_some() && stop.is_covered => "psod",
        How::Silent => "power-loss",
        _ => "unknown",
    }
}

/// Records of vCenter or of other hosts that lost the host while it was down.
fn witnesses<'c>(case: &'c Case, stop: &Stop) -> Vec<&'c Moment> {
    let id = case.hosts[stop.host].id.as_str();
    let lost = [EventKind::HOST_NOT_RESPONDING, EventKind::HA_HOST_DEAD, EventKind::VSAN_NODE_LEFT];
    let about = |moment: &&Moment| {
        let names_it = || [moment.field("host_name"), moment.field("node_host")].contains(&Some(id));
        moment.host != stop.host && lost.contains(&moment.event.kind) && names_it()
    };
    case.timeline.iter().filter(about).filter(|moment| is_down(stop, moment.time)).collect()
}

fn restarted<'c>(case: &'c Case, stop: &Stop) -> Vec<&'c Moment> {
    let Some(down) = stop.down else { return Vec::new() };
    // HA acts within a cluster; another one may have lost a host as well.
    let vcenter = case.vcenter_of(stop.host).map(|(vcenter, _)| vcenter);
    let mates = case.clusters.iter().find(|cluster| cluster.hosts.contains(&stop.host));
    let is_ours =
        |host: usize| Some(host) == vcenter || mates.is_some_and(|cluster| cluster.hosts.contains(&host));
    let told = |moment: &&Moment| {
        moment.event.kind == EventKind::HA_FAILOVER && moment.host != stop.host && is_ours(moment.host)
    };
    near(case, down, (0, FAILOVER)).iter().filter(told).collect()
}

/// What the hardware told of the host near the stop; vCenter tells of its sensors.
fn hardware<'c>(case: &'c Case, stop: &Stop) -> Vec<&'c Moment> {
    let from = stop.down.or(stop.up).map(|down| down.plus_seconds(-HARDWARE));
    let to = stop.up.or(stop.down).map(|up| up.plus_seconds(HARDWARE));
    let Some((from, to)) = from.zip(to) else { return Vec::new() };
    let kinds = [EventKind::HARDWARE_ERROR, EventKind::HARDWARE_SENSOR];
    let is_its = |moment: &&Moment| {
        kinds.contains(&moment.event.kind)
            && (from..=to).contains(&moment.time)
            && known::subject(case, moment) == stop.host
    };
    case.timeline.iter().filter(is_its).collect()
}

fn finding(case: &Case, crash: &Crash<'_>) -> Finding {
    let stop = crash.stop;
    let host = &case.hosts[stop.host];
    let name = host.id.as_str();
    let (first, last, count) = span(crash.lines.iter().copied());
    let mut vms: Vec<String> =
        crash.restarted.iter().filter_map(|moment| moment.field("vm")).map(str::to_owned).collect();
    vms.sort();
    vms.dedup();
    let others = [&crash.hardware, &crash.witnesses, &crash.restarted];
    let shown = crash.lines.iter().chain(others.into_iter().flat_map(|some| some.iter().take(3)));
    Finding {
        id: "host.crashed",
        severity: if crash.cause == "unknown" { Severity::Error } else { Severity::Critical },
        confidence: confidence(crash),
        title: title(name, crash.cause),
        summary: summary(name, crash, &vms),
        cause: (crash.cause, with_signature(crash, cause_text(stop.how, crash.cause))),
        hosts: vec![stop.host],
        first_seen: stop.down.or(first),
        last_seen: last.max(stop.up),
        count,
        remedy: remedy(crash),
        brief: crate::verdict::Brief::default(),
        references: references(crash),
        evidence: distinct(shown.map(|moment| Evidence::event(moment)).collect()),
        details: json!({
            "host": name, "down_at": stop.down, "up_at": stop.up, "reason": crash.reason,
            "signature": crash.signature().map(|signature| signature.name),
            "world": crash.reason.and_then(world), "module": crash.reason.and_then(module),
            "restarted_vms": vms,
        }),
        vms,
    }
}

fn confidence(crash: &Crash<'_>) -> Confidence {
    let is_witnessed = !crash.witnesses.is_empty();
    match crash.stop.how {
        How::PurpleScreen => Confidence::Certain,
        How::Unclean if crash.stop.down.is_some() && crash.stop.is_covered && is_witnessed => {
            Confidence::Certain
        }
        How::Unclean if crash.cause != "unknown" => Confidence::Likely,
        How::Silent if is_witnessed => Confidence::Likely,
        _ => Confidence::Possible,
    }
}

/// The world that ran: `… in world 2097705:CMMDS-worker IP …` names `CMMDS-worker`.
pub(in crate::verdict) fn world(reason: &str) -> Option<&str> {
    let after = &reason[reason.find("world ")? + "world ".len()..];
    let (number, name) = after.split_once(':')?;
    let name = name.split([' ', ')', ',']).next().unwrap_or("").trim_end_matches('.');
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty())
        .then_some(name)
}

/// The module of the kernel: `Failed at bora/modules/vmkernel/cmmds/cmmds_net.c:911` names `cmmds`.
pub(in crate::verdict) fn module(reason: &str) -> Option<&str> {
    let marks = ["modules/vmkernel/", "bora/vmkernel/"];
    let after = marks.iter().find_map(|mark| Some(&reason[reason.find(mark)? + mark.len()..]))?;
    let (module, _) = after.split_once('/')?;
    (!module.is_empty() && !module.contains(' ')).then_some(module)
}

fn title(name: &str, cause: &str) -> Text {
    match cause {
        "psod" => Text::new(
            format!("{name} crashed with a purple screen"),
            format!("{name} がパープル スクリーン（PSOD）で停止しました"),
        ),
        "power-loss" => Text::new(
            format!("{name} lost its power or was reset"),
            format!("{name} の電源が失われたか、リセットされました"),
        ),
        _ => Text::new(
            format!("A core dump was found when {name} booted"),
            format!("{name} の起動時にコア ダンプが検出されました"),
        ),
    }
}

fn summary(name: &str, crash: &Crash<'_>, vms: &[String]) -> Text {
    let (mut en, mut ja) = went_down(name, crash.stop);
    match crash.stop.up {
        Some(up) => {
            en.push_str(&format!(" It booted again at {}.", readable(up)));
            ja.push_str(&format!("{} に再起動しました。", readable(up)));
        }
        None => {
            en.push_str(" The bundles show no boot after it.");
            ja.push_str("その後の起動はバンドルに記録されていません。");
        }
    }
    if let Some(reason) = crash.reason {
        en.push_str(&format!(" The screen said: {reason}"));
        ja.push_str(&format!("画面の内容：{reason}"));
        if !reason.ends_with('.') {
            en.push('.');
        }
    }
    let named = [("module", crash.reason.and_then(module)), ("world", crash.reason.and_then(world))];
    for (what, name) in named.into_iter().filter_map(|(what, name)| Some((what, name?))) {
        en.push_str(&format!(" It names the {what} {name}."));
        let what = if what == "module" { "モジュール" } else { "ワールド" };
        ja.push_str(&format!("{what}: {name}。"));
    }
    if !crash.hardware.is_empty() {
        let told = known::words::of_lines(&crash.hardware);
        en.push_str(&format!(" Near the stop the hardware reported: {}.", told.en));
        ja.push_str(&format!("停止の前後にハードウェアが次の異常を報告しています：{}。", told.ja));
    }
    restarts(crash, vms, &mut en, &mut ja);
    Text::new(en, ja)
}

fn went_down(name: &str, stop: &Stop) -> (String, String) {
    match (stop.down, stop.how) {
        (Some(down), How::PurpleScreen) => (
            format!("{name} went down at {}.", readable(down)),
            format!("{name} は {} に停止しました。", readable(down)),
        ),
        (Some(down), _) if !stop.is_covered => (
            format!(
                "{name} was down between its last record of {} and a boot; its logs do not cover the stop, so somebody may have asked for it.",
                readable(down)
            ),
            format!(
                "{name} は最後の記録（{}）から起動までの間に停止していました。停止時のログがないため、意図された停止であった可能性もあります。",
                readable(down)
            ),
        ),
        (Some(down), _) => (
            format!(
                "{name} went down without being asked to; its last sign of life is of {}.",
                readable(down)
            ),
            format!("{name} は停止の要求なしに停止しました。最後の記録は {} です。", readable(down)),
        ),
        (None, _) => (
            format!("{name} may not have stopped cleanly; its logs do not reach back to the stop."),
            format!("{name} は正常に停止しなかった可能性があります。停止時刻はログの範囲外です。"),
        ),
    }
}

fn restarts(crash: &Crash<'_>, vms: &[String], en: &mut String, ja: &mut String) {
    if !vms.is_empty() {
        en.push_str(&format!(
            " vSphere HA restarted {} VM{} elsewhere ({}).",
            vms.len(),
            plural(vms.len()),
            list_en(vms)
        ));
        ja.push_str(&format!(
            "vSphere HA により {} 台の仮想マシン（{}）が他のホストで再起動されました。",
            vms.len(),
            list_ja(vms)
        ));
    } else if !crash.restarted.is_empty() {
        en.push_str(" vSphere HA began to restart VMs elsewhere.");
        ja.push_str("vSphere HA が他のホストで仮想マシンの再起動を開始しました。");
    }
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn cause_text(how: How, cause: &str) -> Text {
    match (cause, how) {
        ("psod", How::PurpleScreen) => Text::new(
            "The VMkernel stopped with a purple screen: a fault of a driver, of the hardware or of ESXi itself.",
            "VMkernel がパープル スクリーンで停止しました。ドライバ、ハードウェア、または ESXi 自体の障害です。",
        ),
        ("psod", _) => Text::new(
            "A core dump of the VMkernel was found at the boot, and nothing asked the host to stop before it.",
            "起動時に VMkernel のコア ダンプが検出され、その前に停止の要求はありませんでした。",
        ),
        ("power-loss", How::Unclean) => Text::new(
            "At the boot ESXi found no reason for the stop: no kernel error, no reboot and no shutdown. The power was lost, or the hardware was reset.",
            "起動時に停止の理由が見つかりませんでした（カーネル エラー、再起動、シャットダウンのいずれでもありません）。電源喪失またはハードウェアのリセットです。",
        ),
        ("power-loss", _) => Text::new(
            "The logs go on up to the stop and say nothing of it: neither a request nor a purple screen. Lost power, a reset of the hardware and a forced reboot look like this; the hardware's event log tells them apart.",
            "ログは停止直前まで続いていますが、停止の要求もパープル スクリーンも記録されていません。電源喪失、ハードウェアのリセット、強制再起動のいずれかであり、ハードウェアのイベント ログで判別できます。",
        ),
        _ => Text::new(
            "A core dump was found at a boot whose stop the logs do not cover; it may be of an older crash. The time of the dump file tells.",
            "起動時にコア ダンプが検出されましたが、その停止はログの範囲外です。以前のクラッシュのものである可能性があります。ダンプ ファイルの時刻を確認してください。",
        ),
    }
}

/// The cause, with what the sort of the screen means.
fn with_signature(crash: &Crash<'_>, text: Text) -> Text {
    let Some(signature) = crash.signature() else { return text };
    let meaning = signature.meaning();
    Text::new(format!("{} {}", text.en, meaning.en), format!("{}{}", text.ja, meaning.ja))
}

fn remedy(crash: &Crash<'_>) -> Vec<Step> {
    let host = Some(crash.stop.host);
    let hardware = step(
        "Read the hardware's event log for the time of the stop: power supplies, memory, CPU, watchdog, temperature.",
        "停止時刻前後のハードウェア イベント ログを確認します（電源、メモリ、CPU、ウォッチドッグ、温度）。",
        Some("esxcli hardware ipmi sel list"),
        host,
    );
    let mut steps = Vec::new();
    if crash.cause == "power-loss" {
        steps.push(hardware);
        steps.push(step(
            "Check the power supplies, the power lines and what the server's management controller says of resets; ask whether somebody pressed the button or forced a reboot.",
            "電源ユニット、給電系統、およびサーバ管理コントローラのリセット履歴を確認します。手動の電源操作や強制再起動の有無も確認してください。",
            None,
            host,
        ));
        steps.extend(dump_steps(host));
    } else {
        let first = crash.signature().map(|signature| signature.first_step(host));
        // The sort of the screen may send to the same log, and say what to look for.
        let is_told = first.as_ref().is_some_and(|first| first.command == hardware.command);
        steps.extend(first);
        steps.extend(dump_steps(host));
        steps.extend((!is_told).then_some(hardware));
    }
    if is_cmmds(crash) {
        steps.push(step(
            "Check that the host is not on its own unicast agent list: that crashes it. Remove such an entry.",
            "ユニキャスト エージェント リストに自分自身が含まれていないことを確認します（クラッシュの原因になります）。含まれている場合は削除します。",
            Some("esxcli vsan cluster unicastagent list"),
            host,
        ));
    }
    steps.push(step(
        "Compare BIOS, drivers and firmware with the compatibility guide and with hosts that did not crash.",
        "BIOS、ドライバ、ファームウェアを互換性ガイドおよびクラッシュしていないホストと比較します。",
        Some("esxcli software vib list"),
        host,
    ));
    steps.push(step(
        "Check: the host stays up, and no unread core dump is left.",
        "確認：ホストが稼働し続け、未確認のコア ダンプが残っていないこと。",
        Some("esxcli system stats uptime get"),
        host,
    ));
    steps
}

fn dump_steps(host: Option<usize>) -> Vec<Step> {
    vec![
        step(
            "See whether there is a core dump in a file, and of what time.",
            "コア ダンプ ファイルの有無と時刻を確認します。",
            Some("esxcli system coredump file list"),
            host,
        ),
        step(
            "Where there is no file: see whether a partition takes core dumps.",
            "ファイルがない場合：コア ダンプ用パーティションの設定を確認します。",
            Some("esxcli system coredump partition get"),
            host,
        ),
        step(
            "Collect a support bundle with the dump before it is overwritten, and send it to VMware support.",
            "ダンプが上書きされる前にサポート バンドルを採取し、VMware サポートに送付します。",
            Some("vm-support"),
            host,
        ),
    ]
}

/// Whether vSAN's membership code crashed.
fn is_cmmds(crash: &Crash<'_>) -> bool {
    crash.reason.is_some_and(|reason| reason.to_ascii_lowercase().contains("cmmds"))
}

fn references(crash: &Crash<'_>) -> Vec<(&'static str, Option<&'static str>)> {
    let mut references = vec![(
        "KB 317245: Determining why an ESXi host was powered off or restarted",
        Some("https://knowledge.broadcom.com/external/article/317245"),
    )];
    references.extend(crash.signature().and_then(|signature| signature.reference));
    if is_cmmds(crash) {
        references.push((
            "KB 387631: Purple screen in vSAN CMMDS",
            Some("https://knowledge.broadcom.com/external/article/387631"),
        ));
    }
    references
}

/// Whether the host was down at `at` because it crashed, and its logs would tell if somebody had asked for it; for
/// others that judge an effect of it.
pub(in crate::verdict) fn is_near(stop: &Stop, at: Timestamp) -> bool {
    !stop.is_asked() && stop.is_covered && is_down(stop, at)
}
