//! What to do about a loss or a split, in order, with commands per host, their warnings and the check.

mod list;
mod network;

use self::network::Ends;
use super::cause::Cause;
use super::event::{Loss, Split};
use super::network::{Fault, NetworkSign};
use super::skew::vcenter_of;
use crate::case::{Case, How, Membership};
use crate::model::Text;
use crate::verdict::{Step, ids, list_en, list_ja, step, version};

/// The steps against `loss`.
pub(super) fn steps(case: &Case, loss: &Loss<'_>, cause: &Cause<'_>) -> Vec<Step> {
    let mut steps = match cause.id {
        "version-skew" => skew(case, loss, cause),
        "member-list-not-pushed" => unpushed(case, loss, cause),
        "network" => network::steps(Ends::of(case, loss), &cause.signs.network),
        "host-crash" => crash(loss, cause),
        "host-restart" => restart(case, loss),
        "maintenance" => maintenance(case, loss),
        "format-skew" => format(case, loss),
        _ => unknown(case, loss),
    };
    steps.push(check(Members::of(case, loss)));
    steps
}

/// The steps against a split.
pub(super) fn of_split(case: &Case, split: &Split<'_>, cause: &str, sign: &NetworkSign) -> Vec<Step> {
    let membership = split.membership;
    let first =
        |group: &Vec<usize>| group.iter().copied().find(|&node| membership.nodes[node].host.is_some());
    let other = split.groups.first().and_then(first);
    let lost = split.groups.iter().skip(1).find_map(first).or(other).unwrap_or_default();
    let ends = Ends { case, membership, lost, other: other.filter(|other| *other != lost) };
    let mut steps = match cause {
        "member-list-not-pushed" => list::of_split(ends),
        "format-skew" => vec![one_build(None)],
        _ => network::steps(ends, sign),
    };
    steps.push(check(Members::Counted(split.groups.iter().map(Vec::len).sum())));
    steps
}

fn skew(case: &Case, loss: &Loss<'_>, cause: &Cause<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(skew) = &cause.signs.skew {
        let shown = loss.host.filter(|host| skew.newer.contains(host)).unwrap_or(skew.newer[0]);
        // The version finding tells the check; here the order matters.
        steps.extend(version::remedy(&case.hosts[shown], skew.vcenter).into_iter().take(2));
    }
    list::push(&mut steps, case, loss, &cause.signs.lists);
    steps
}

fn unpushed(case: &Case, loss: &Loss<'_>, cause: &Cause<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    list::push(&mut steps, case, loss, &cause.signs.lists);
    steps
}

fn crash(loss: &Loss<'_>, cause: &Cause<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    if cause.signs.stop.is_some_and(|stop| stop.how == How::Silent) {
        steps.push(step(
            "Look in the hardware's event log and the power supplies for the time at which the host's logs end.",
            "ホストのログが途切れた時刻について、ハードウェアのイベント ログと電源を確認します。",
            Some("esxcli hardware ipmi sel list"),
            loss.host,
        ));
    } else {
        steps.push(step(
            "Find out why the host stopped (core dump, hardware event log) before it goes back to work.",
            "復帰させる前に、停止の原因（コア ダンプ、ハードウェア イベント ログ）を調査してください。",
            Some("esxcli system coredump file list; esxcli hardware ipmi sel list"),
            loss.host,
        ));
    }
    steps.push(step(
        "Keep the dump and a fresh vm-support bundle for VMware support.",
        "VMware サポート用に、コア ダンプと最新の vm-support バンドルを保管します。",
        Some("vm-support"),
        loss.host,
    ));
    steps
}

/// A step on the lost host. Without its bundle it is no place of the report: then the step says where.
fn on_lost(case: &Case, loss: &Loss<'_>, en: &str, ja: &str, command: Option<&str>) -> Step {
    if loss.host.is_some() {
        return step(en, ja, command, loss.host);
    }
    let name = loss.name(case);
    step(format!("On {name}: {en}"), format!("{name} で実施：{ja}"), command, None)
}

fn restart(case: &Case, loss: &Loss<'_>) -> Vec<Step> {
    let mut steps = vec![on_lost(
        case,
        loss,
        "Find out who restarted the host, and why: the shell and authentication logs and the tasks in vCenter Server tell.",
        "誰が何のために再起動したかを、シェル ログ、認証ログ、および vCenter Server のタスクで確認します。",
        Some("grep -E 'reboot|poweroff|shutdown' /var/log/shell.log /var/log/auth.log"),
    )];
    if loss.span.over {
        steps.push(on_lost(case, loss,
            "Next time put the host into maintenance mode first, with the vSAN data migration that the work needs.",
            "次回は、作業に適した vSAN データ移行オプションを選んで、先にホストをメンテナンス モードにしてください。",
            Some("esxcli system maintenanceMode set -e true -m ensureObjectAccessibility"),
        ));
    } else {
        steps.push(on_lost(
            case,
            loss,
            "Wait until the host has booted and joined again.",
            "ホストの起動とクラスタへの再参加を待ちます。",
            None,
        ));
    }
    steps
}

fn maintenance(case: &Case, loss: &Loss<'_>) -> Vec<Step> {
    let mut steps = vec![on_lost(
        case,
        loss,
        "When the work is done, power the host on and take it out of maintenance mode.",
        "作業完了後、ホストの電源をオンにし、メンテナンス モードを終了します。",
        Some("esxcli system maintenanceMode set -e false"),
    )];
    let is_on = |host: usize| {
        let state = case.hosts[host].vsan.as_ref().and_then(|vsan| vsan.value.maintenance.as_deref());
        state.is_some_and(|state| state.eq_ignore_ascii_case("on"))
    };
    if loss.host.is_some_and(is_on) {
        steps.push(on_lost(case, loss,
            "If vSAN still holds the host for in maintenance afterwards (Maintenance Mode State: ON), set it on and off once more; noAction moves no data, so make sure that no object depends on it.",
            "その後も vSAN 側がメンテナンス中のまま（Maintenance Mode State: ON）の場合は、もう一度オンとオフを行います。noAction はデータを移行しないため、依存するオブジェクトがないことを確認してください。",
            Some("esxcli system maintenanceMode set -e true -m noAction; esxcli system maintenanceMode set -e false"),
        ));
    }
    steps
}

fn format(case: &Case, loss: &Loss<'_>) -> Vec<Step> {
    // The newest of those that went on.
    let rank = |host: &usize| case.hosts[*host].placed.as_ref().map(|placed| placed.rank());
    let newest = loss.mates.iter().copied().filter(|host| rank(host).is_some()).max_by_key(rank);
    vec![
        step(
            "Create no new disk groups and upgrade no on-disk format meanwhile: there is no way back.",
            "それまで新しいディスク グループの作成や、オンディスク フォーマットのアップグレードを行わないでください（元に戻せません）。",
            None,
            None,
        ),
        Step { host: loss.host, ..one_build(newest.map(|host| version::release(&case.hosts[host]))) },
    ]
}

fn one_build(wanted: Option<String>) -> Step {
    let (en, ja) = match &wanted {
        Some(release) => (
            format!(": {release}, as the other hosts run"),
            format!("（他のホストと同じ {}）", version::in_ja(release)),
        ),
        None => (", the newest that any of them runs".to_owned(), "（その中で最も新しいもの）".to_owned()),
    };
    Step::new(
        Text::new(
            format!(
                "Bring all hosts of the cluster to one ESXi build{en}; vCenter Server first if it is older."
            ),
            format!(
                "クラスタの全ホストを同一の ESXi ビルドに統一します{ja}。vCenter Server の方が古い場合は、先に vCenter Server をアップグレードします。"
            ),
        ),
        "esxcli system version get".to_owned(),
        None,
    )
}

fn unknown(case: &Case, loss: &Loss<'_>) -> Vec<Step> {
    let name = loss.name(case);
    let mut steps = Vec::new();
    if loss.host.is_none() {
        let (see, see_ja) = if loss.span.over {
            ("Take the bundle of", "のバンドルを取得します。")
        } else {
            (
                "See on the console or the management controller whether it is up, and take the bundle of",
                "のコンソールまたは管理コントローラで稼働状態を確認し、バンドルを取得します。",
            )
        };
        steps.push(Step::new(
            Text::new(
                format!("{see} {name} (there: vm-support)."),
                format!("{name} {see_ja}（コマンド：vm-support）"),
            ),
            None,
            None,
        ));
    }
    steps.push(step(
        "On every host: compare the membership and the unicast agent lists.",
        "全ホストで、メンバーシップとユニキャスト エージェント リストを比較します。",
        Some("esxcli vsan cluster get; esxcli vsan cluster unicastagent list"),
        None,
    ));
    steps.push(network::ping(Ends::of(case, loss)));
    steps
}

/// How many members the whole cluster has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Members {
    /// Hosts that go on list them.
    Counted(usize),
    /// No list of another host is here; so many are named in some place.
    Named(usize),
    /// Nothing names another one.
    Unknown,
}

impl Members {
    fn of(case: &Case, loss: &Loss<'_>) -> Self {
        let expected = loss.expected.len();
        if expected > 1 {
            return Members::Counted(expected);
        }
        // A lost host counts itself alone; its logs may name the others, but perhaps not all of them.
        let membership = loss.membership;
        let hosts = &case.clusters[membership.cluster].hosts;
        let is_expected = |uuid: &str| {
            loss.expected.iter().any(|&node| {
                membership.nodes[node].uuid.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(uuid))
            })
        };
        let others = case.missing.iter().filter(|missing| {
            missing.seen_by.iter().any(|host| hosts.contains(host))
                && missing.node_uuid.as_deref().is_none_or(|uuid| !is_expected(uuid))
        });
        match others.count() {
            0 => Members::Unknown,
            others => Members::Named(others + 1),
        }
    }

    /// What the count is to be, behind `Sub-Cluster Member Count`.
    fn told(self) -> Text {
        match self {
            Members::Counted(count) => Text::new(format!("is {count}"), format!("が {count} で")),
            Members::Named(count) => Text::new(
                format!("equals the number of hosts of the cluster (these bundles name {count})"),
                format!("がクラスタのホスト数（バンドルから確認できるのは {count} 台）と一致し"),
            ),
            Members::Unknown => {
                Text::new("equals the number of hosts of the cluster", "がクラスタのホスト数と一致し")
            }
        }
    }
}

/// Every node of the cluster counts every other one.
fn check(members: Members) -> Step {
    let count = members.told();
    Step::new(
        Text::new(
            format!(
                "Check: on every host Sub-Cluster Member Count {}, and the Sub-Cluster Master UUID is the same everywhere. VMs that were invalid recover by themselves.",
                count.en
            ),
            format!(
                "確認：全ホストで Sub-Cluster Member Count {}、Sub-Cluster Master UUID も全ホストで一致していること。無効になっていた仮想マシンは自動的に回復します。",
                count.ja
            ),
        ),
        "esxcli vsan cluster get".to_owned(),
        None,
    )
}

/// Vendor documents for a cause.
pub(super) fn references(cause: &str, fault: Option<Fault>) -> Vec<(&'static str, Option<&'static str>)> {
    const ISOLATED: (&str, Option<&str>) = (
        "KB 393677: vSAN host isolated from its cluster",
        Some("https://knowledge.broadcom.com/external/article/393677"),
    );
    const LIST: (&str, Option<&str>) = (
        "KB 326427: vSAN unicast agent list not updated",
        Some("https://knowledge.broadcom.com/external/article/326427"),
    );
    const ORDER: (&str, Option<&str>) = (
        "KB 326927: vSAN upgrade order and build recommendations",
        Some("https://knowledge.broadcom.com/external/article/326927"),
    );
    const FORMAT: (&str, Option<&str>) = (
        "KB 326888: vSAN format version beyond the software version",
        Some("https://knowledge.broadcom.com/external/article/326888"),
    );
    const DISKS: (&str, Option<&str>) = (
        "KB 327034: vSAN on-disk formats by release",
        Some("https://knowledge.broadcom.com/external/article/327034"),
    );
    const CORRUPTION: (&str, Option<&str>) = (
        "KB 414383: vSAN packets with a wrong checksum",
        Some("https://knowledge.broadcom.com/external/article/414383"),
    );
    const HEALTH: (&str, Option<&str>) = (
        "KB 318839: vSAN health, cluster partition",
        Some("https://knowledge.broadcom.com/external/article/318839"),
    );
    const WITNESS: (&str, Option<&str>) = (
        "KB 437464: vSAN witness leaves and joins again",
        Some("https://knowledge.broadcom.com/external/article/437464"),
    );
    const MISMATCH: (&str, Option<&str>) = (
        "KB 440571: vSAN node decommission state mismatch",
        Some("https://knowledge.broadcom.com/external/article/440571"),
    );
    match (cause, fault) {
        ("version-skew", _) => vec![ORDER, LIST, ISOLATED],
        ("member-list-not-pushed", _) => vec![LIST, ISOLATED],
        ("format-skew", _) => vec![FORMAT, DISKS],
        ("network", Some(Fault::Corruption)) => vec![CORRUPTION, ISOLATED],
        ("network", Some(Fault::Witness)) => vec![WITNESS, HEALTH],
        ("network", _) => vec![ISOLATED, HEALTH],
        ("maintenance", _) => vec![MISMATCH],
        _ => vec![ISOLATED, HEALTH],
    }
}

/// The vCenter Server of a membership's hosts.
fn vcenter(case: &Case, membership: &Membership, lost: Option<usize>) -> Option<usize> {
    vcenter_of(case, membership, lost).map(|(index, _)| index)
}

/// Names of hosts for a sentence in both languages.
fn named(case: &Case, hosts: &[usize]) -> (String, String) {
    let names = ids(case, hosts);
    (list_en(&names), list_ja(&names))
}
