//! What the finding of failed migrations says, in English and Japanese.

use super::network::Signs;
use super::{Cause, Failure, Group, from_label, pairs, to_label, vms};
use crate::case::{Case, Side};
use crate::model::Text;
use crate::verdict::{ids, list_en, list_ja, readable};

/// How many migrations the summary tells one by one.
const TOLD: usize = 4;

/// Between which ends all migrations failed, as a phrase; empty where these are several.
fn between(case: &Case, group: &Group<'_>) -> (String, String) {
    match pairs(case, group).as_slice() {
        [(Some(from), Some(to), _)] => (format!(" from {from} to {to}"), format!("{from} から {to} への ")),
        [(Some(a), Some(b), _), (Some(c), Some(d), _)] if (a, b) == (d, c) => {
            (format!(" between {a} and {b}"), format!("{a} と {b} の間の "))
        }
        [(Some(from), None, _)] => (format!(" from {from}"), format!("{from} からの ")),
        [(None, Some(to), _)] => (format!(" to {to}"), format!("{to} への ")),
        _ => (String::new(), String::new()),
    }
}

pub(super) fn title(case: &Case, group: &Group<'_>) -> Text {
    let count = group.failures.len();
    let (between_en, between_ja) = between(case, group);
    let names = vms(group);
    let (of_en, of_ja) = match names.as_slice() {
        [] => (String::new(), String::new()),
        names => (format!(" of {}", list_en(names)), format!("{} の ", list_ja(names))),
    };
    let (why_en, why_ja) = match group.cause {
        Cause::Network => (
            "the hosts could not exchange data over the vMotion network",
            "vMotion ネットワークで通信できませんでした",
        ),
        Cause::Timeout => (
            "the switchover or the copying of memory took too long",
            "切り替えまたはメモリのコピーが時間内に完了しませんでした",
        ),
        Cause::Resources => ("memory, CPU or space ran short", "メモリ、CPU または領域が不足していました"),
        Cause::Vmx => ("the VM's own process (VMX) gave up", "仮想マシンの VMX プロセスが移行を中止しました"),
        Cause::Unknown => ("the logs do not say why", "ログからは原因を特定できません"),
    };
    let what = if count == 1 { "A vMotion".to_owned() } else { format!("{count} vMotions") };
    Text::new(
        format!("{what}{of_en}{between_en} failed: {why_en}"),
        format!("{of_ja}{between_ja}vMotion が {count} 件失敗：{why_ja}"),
    )
}

pub(super) fn summary(case: &Case, group: &Group<'_>) -> Text {
    let (mut en, mut ja) = (String::new(), String::new());
    for failure in group.failures.iter().take(TOLD) {
        let (told_en, told_ja) = told(case, failure);
        if !en.is_empty() {
            en.push(' ');
        }
        en.push_str(&told_en);
        ja.push_str(&told_ja);
    }
    let rest = group.failures.len().saturating_sub(TOLD);
    if rest > 0 {
        let (verb, what) = if rest == 1 { ("was", "migration") } else { ("were", "migrations") };
        en.push_str(&format!(" There {verb} {rest} more failed {what} of this kind."));
        ja.push_str(&format!("同様の失敗がほかに {rest} 件あります。"));
    }
    let (standing_en, standing_ja) = standing(&group.failures);
    en.push_str(&standing_en);
    ja.push_str(&standing_ja);
    Text::new(en, ja)
}

/// One failure as a sentence: which VM, between which hosts, when, and what was said, by whom.
fn told(case: &Case, failure: &Failure<'_>) -> (String, String) {
    let migration = failure.migration;
    let vm = migration.vm.as_deref();
    let at = readable(failure.at());
    let (from, to) = (from_label(case, migration), to_label(case, migration));
    let way = match (&from, &to) {
        (Some(from), Some(to)) => (format!(" from {from} to {to}"), format!("{from} から {to} への ")),
        (Some(from), None) => (format!(" from {from}"), format!("{from} からの ")),
        (None, Some(to)) => (format!(" to {to}"), format!("{to} への ")),
        (None, None) => Default::default(),
    };
    let reason = &failure.reason;
    let code = reason.status.map(|status| format!("0x{:x}, {}", status.code, status.code));
    let code_en = code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let code_ja = code.map(|code| format!("（{code}）")).unwrap_or_default();
    let (by_en, by_ja) = match reason.side {
        Some(Side::Source) => ("the source host says", "移行元ホストの記録"),
        Some(Side::Destination) => ("the destination host says", "移行先ホストの記録"),
        None => ("the logs say", "ログの記録"),
    };
    let said = if reason.text.is_empty() { "?" } else { reason.text.trim_end_matches('.') };
    (
        format!(
            "At {at} the vMotion of {}{} failed; {by_en} \"{said}\"{code_en}.",
            vm.unwrap_or("a VM"),
            way.0
        ),
        format!(
            "{at} に{} {}vMotion が失敗しました。{by_ja}：「{said}」{code_ja}。",
            vm.map_or_else(|| "仮想マシンの".to_owned(), |vm| format!(" {vm} の")),
            way.1
        ),
    )
}

/// Whether later attempts succeeded.
fn standing(failures: &[Failure<'_>]) -> (String, String) {
    let overcome = failures.iter().filter(|failure| failure.later.is_some()).count();
    let Some(last) = failures.iter().filter_map(|failure| failure.later).max() else {
        return (
            " No later migration of the same VM is seen to succeed.".to_owned(),
            "同じ仮想マシンのその後の移行成功は確認できません。".to_owned(),
        );
    };
    if overcome == failures.len() {
        let at = readable(last);
        let (en, ja) = match overcome {
            1 => (
                format!(" A later attempt succeeded at {at}."),
                format!("その後の再試行は {at} に成功しています。"),
            ),
            _ => (
                format!(" Later attempts succeeded, the last at {at}."),
                format!("その後の再試行はすべて成功しています（最後は {at}）。"),
            ),
        };
        return (en, ja);
    }
    let mut open: Vec<&str> = failures
        .iter()
        .filter(|failure| failure.later.is_none())
        .filter_map(|failure| failure.migration.vm.as_deref())
        .collect();
    open.sort_unstable();
    open.dedup();
    let (of_en, of_ja) = match open.as_slice() {
        [] => ("the others".to_owned(), "残りの仮想マシン".to_owned()),
        names => (list_en(names), list_ja(names)),
    };
    let verb = if overcome == 1 { "was" } else { "were" };
    (
        format!(
            " {overcome} of these failures {verb} followed by a success of the same VM; for {of_en} none is seen."
        ),
        format!("このうち {overcome} 件は後に成功していますが、{of_ja} の移行成功は確認できません。"),
    )
}

pub(super) fn cause(case: &Case, group: &Group<'_>, signs: &Signs) -> Text {
    let (en, ja) = match group.cause {
        Cause::Network => (
            "The hosts did not reach each other over the vMotion network, or lost the connection.",
            "ホスト間で vMotion ネットワークの通信が確立できなかったか、途中で切断されました。",
        ),
        Cause::Timeout => (
            "The migration did not come to its end in the time that it has: the VM changes its memory faster than the network \
             carries it, the destination or its disks are slow, or a device such as a vGPU has much state to hand over.",
            "移行が制限時間内に完了しませんでした。仮想マシンのメモリ更新がネットワークの転送速度を上回っている、移行先ホストやディスクの\
             応答が遅い、または vGPU などのデバイスの状態の引き渡しに時間がかかっていることが考えられます。",
        ),
        Cause::Resources => (
            "A host did not have the memory, the CPU or the space that the VM needs to start there or to be moved.",
            "仮想マシンの起動または移行に必要なメモリ、CPU または領域がホストで不足していました。",
        ),
        Cause::Vmx => (
            "The VMX, the VM's own process, judged that the migration had failed; the VMkernel only carries out its word. The \
             true error stands in the vmware.log of the VM.",
            "仮想マシンの VMX プロセスが移行を失敗と判断しました。VMkernel はその判断に従っただけで、真のエラーは仮想マシンの vmware.log \
             に記録されています。",
        ),
        Cause::Unknown => (
            "The bundles show that the migration failed, but not why: what they hold only follows from another failure.",
            "移行の失敗は確認できますが、原因はバンドルから特定できません。記録されているのは別の障害の結果のみです。",
        ),
    };
    let (signs_en, signs_ja) = shown(case, signs);
    Text::new(format!("{en}{signs_en}"), format!("{ja}{signs_ja}"))
}

/// What the setup and the logs of the hosts show of the network, one sentence each.
fn shown(case: &Case, signs: &Signs) -> (String, String) {
    let id = |host: usize| case.hosts[host].id.as_str();
    let (mut en, mut ja) = (String::new(), String::new());
    let mut say = |english: String, japanese: String| {
        en.push(' ');
        en.push_str(&english);
        ja.push_str(&japanese);
    };
    if let Some(host) = signs.shared {
        say(
            format!("{} is an end of every failed migration.", id(host)),
            format!("失敗した移行はすべて {} が移行元または移行先です。", id(host)),
        );
    }
    if !signs.without_adapter.is_empty() {
        let names = ids(case, &signs.without_adapter);
        let have = if names.len() == 1 { "has" } else { "have" };
        say(
            format!("{} {have} no VMkernel adapter that is enabled for vMotion.", list_en(&names)),
            format!("{} には vMotion が有効な VMkernel アダプタがありません。", list_ja(&names)),
        );
    }
    for [(a, own, mtu), (b, peer, peer_mtu)] in signs.mtu.iter().take(3) {
        let (a, b) = (id(*a), id(*b));
        say(
            format!("The MTU differs: {own} of {a} has {mtu}, {peer} of {b} has {peer_mtu}."),
            format!("MTU が異なります：{a} の {own} は {mtu}、{b} の {peer} は {peer_mtu} です。"),
        );
    }
    for (host, nic) in signs.links.iter().take(3) {
        let nic = nic.as_deref().unwrap_or("NIC");
        say(
            format!("On {} the link of {nic} went down near that time.", id(*host)),
            format!("{} では、同じ時間帯に {nic} のリンクがダウンしています。", id(*host)),
        );
    }
    (en, ja)
}
