//! What the CPU-feature findings say, in English and Japanese.

use super::{Gap, Pinned};
use crate::case::Case;
use crate::fact::features::describe;
use crate::model::Text;
use crate::verdict::{ids, list_en, list_ja};

/// `cpuid.mdclear` as people say it: `MDCLEAR`.
pub(super) fn short(key: &str) -> String {
    key.rsplit('.').next().unwrap_or(key).to_uppercase()
}

fn shorts(gap: &Gap) -> Vec<String> {
    gap.keys.iter().map(|key| short(key)).collect()
}

pub(super) fn title(case: &Case, gap: &Gap) -> Text {
    let (features, lack, have) = (shorts(gap), ids(case, &gap.lack), ids(case, &gap.have));
    let en = if gap.have.len() <= gap.lack.len() {
        format!(
            "Only {} of the cluster {} the CPU feature{} {}",
            list_en(&have),
            verb(have.len(), "offers", "offer"),
            plural(features.len()),
            list_en(&features)
        )
    } else {
        format!(
            "{} {} the CPU feature{} {} that the rest of the cluster has",
            list_en(&lack),
            verb(lack.len(), "lacks", "lack"),
            plural(features.len()),
            list_en(&features)
        )
    };
    let ja = if gap.have.len() <= gap.lack.len() {
        format!("クラスタ内で {} のみが CPU 機能 {} を提供しています", list_ja(&have), list_ja(&features))
    } else {
        format!(
            "{} には、クラスタの他のホストが提供する CPU 機能 {} がありません",
            list_ja(&lack),
            list_ja(&features)
        )
    };
    Text::new(en, ja)
}

/// `summary`, and that the difference may be none.
pub(super) fn with_doubt(summary: Text, hosts: &[String]) -> Text {
    Text::new(
        format!(
            "{} The bundle of {} is damaged: the difference may be the damage itself.",
            summary.en,
            list_en(hosts)
        ),
        format!(
            "{}{} のバンドルは破損しています。この差異は破損によるものである可能性があります。",
            summary.ja,
            list_ja(hosts)
        ),
    )
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn verb(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// What the features are and which vulnerabilities they mitigate.
fn meaning(gap: &Gap) -> (String, String) {
    let named: Vec<String> = gap
        .keys
        .iter()
        .take(4)
        .map(|key| {
            let info = describe(key);
            let cves: Vec<&str> = info.cves().collect();
            let mitigates = if cves.is_empty() { String::new() } else { format!("; {}", cves.join(", ")) };
            format!("{} ({}{mitigates})", short(key), info.description)
        })
        .collect();
    let rest = gap.keys.len().saturating_sub(4);
    match rest {
        0 => (list_en(&named), list_ja(&named)),
        _ => {
            (format!("{} and {rest} more", named.join(", ")), format!("{} ほか {rest} 件", named.join("、")))
        }
    }
}

pub(super) fn summary(case: &Case, gap: &Gap, pinned: &[Pinned<'_>], refusals: usize, one_way: bool) -> Text {
    let (have, lack) = (ids(case, &gap.have), ids(case, &gap.lack));
    let (meaning_en, meaning_ja) = meaning(gap);
    let mut en = format!("VMs on {} can use {meaning_en}; VMs on {} cannot.", list_en(&have), list_en(&lack));
    let mut ja = format!(
        "{} 上の仮想マシンは {meaning_ja} を使用できますが、{} 上では使用できません。",
        list_ja(&have),
        list_ja(&lack)
    );
    let mut names: Vec<&str> = pinned.iter().map(|pinned| pinned.vm.name.as_str()).collect();
    names.sort_unstable();
    if names.is_empty() {
        en.push_str(" No running VM in the bundles requires it yet; any VM powered on on a host that has it will, and can then not move to the others.");
        ja.push_str("現時点でこの機能を要求する実行中の仮想マシンはバンドル内に見つかりませんが、機能を持つホストで電源を入れた仮想マシンは他のホストへ移行できなくなります。");
    } else {
        en.push_str(&format!(
            " {} {} powered on there while it was effective, so {} it until the next power-off and cannot be migrated with vMotion to {}.",
            list_en(&names), verb(names.len(), "was", "were"), verb(names.len(), "requires", "require"), list_en(&lack)
        ));
        ja.push_str(&format!(
            "{} はこの機能が有効な状態でパワーオンされたため、次回パワーオフするまでこの機能を必要とし、{} へ vMotion で移行できません。",
            list_ja(&names), list_ja(&lack)
        ));
    }
    if one_way {
        en.push_str(" The other direction works: the check looks at the target only.");
        ja.push_str("逆方向の移行は可能です (互換性チェックは移行先のみを確認するため)。");
    }
    if refusals > 0 {
        en.push_str(&format!(" vCenter Server refused {refusals} migration{} for it.", plural(refusals)));
        ja.push_str(&format!("vCenter Server はこの理由で {refusals} 件の移行を拒否しています。"));
    } else {
        en.push_str(" This is concluded from the state of the hosts and VMs; no refused migration was found in the logs given.");
        ja.push_str("この結論はホストと仮想マシンの構成情報に基づくもので、提供されたログに移行拒否の記録は見つかっていません。");
    }
    Text::new(en, ja)
}

pub(super) fn unexplained_title(count: u64, vms: &[String]) -> Text {
    let (of, of_ja) = match vms {
        [] => (String::new(), String::new()),
        vms => (format!(" of {}", list_en(vms)), format!("{} の", list_ja(vms))),
    };
    Text::new(
        format!("{count} migrations{of} were refused for CPU features"),
        format!("CPU 機能の不足により {of_ja}移行が {count} 件拒否されました"),
    )
}

pub(super) fn unexplained_summary(count: u64, vms: &[String], keys: &[String]) -> Text {
    let features: Vec<String> = keys.iter().map(|key| short(key)).collect();
    let (named, named_ja) = match features.as_slice() {
        [] => (String::new(), String::new()),
        features => (format!(" ({})", list_en(features)), format!(" ({})", list_ja(features))),
    };
    let (who, who_ja) = if vms.is_empty() {
        ("VMs".to_owned(), "仮想マシン".to_owned())
    } else {
        (list_en(vms), list_ja(vms))
    };
    Text::new(
        format!(
            "vCenter Server refused {count} migrations of {who} because the target does not offer a CPU feature that they require{named}. The bundles given here do not show hosts of one cluster that differ in it."
        ),
        format!(
            "vCenter Server は、移行先が必要な CPU 機能{named_ja}を提供していないため、{who_ja} の移行を {count} 件拒否しました。提供されたバンドルからは、同一クラスタ内のホスト間の差異を確認できません。"
        ),
    )
}

pub(super) fn unexplained_cause(id: &str) -> Text {
    let (en, ja) = match id {
        "target-bundle-missing" => (
            "The bundle of the target host is not here, so what it offers cannot be compared.",
            "移行先ホストのバンドルが提供されていないため、比較できません。",
        ),
        "vm-powered-on-earlier" => (
            "The VM was powered on while its host offered more than it does now, and keeps what it required then.",
            "仮想マシンは、ホストが現在より多くの機能を提供していた時点で電源が入れられ、当時の要求を保持しています。",
        ),
        _ => (
            "The bundles show the refusal but not its reason.",
            "バンドルから移行の拒否は確認できますが、その原因までは特定できません。",
        ),
    };
    Text::new(en, ja)
}
