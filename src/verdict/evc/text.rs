//! What the CPU-feature findings say, in English and Japanese.

use super::gap::{Gap, Pinned};
use crate::case::Case;
use crate::fact::features::describe;
use crate::model::Text;
use crate::verdict::brief::{Brief, vms};
use crate::verdict::features::Evacuation;
use crate::verdict::{ids, list_en, list_ja};

/// `cpuid.mdclear` as people say it: `MDCLEAR`.
pub(super) fn short(key: &str) -> String {
    key.strip_prefix("cpuid.").map_or_else(|| key.to_owned(), str::to_uppercase)
}

fn shorts(gap: &Gap) -> Vec<String> {
    gap.keys.iter().map(|key| short(key)).collect()
}

pub(super) fn title(case: &Case, gap: &Gap) -> Text {
    let (features, lack, have) = (shorts(gap), ids(case, &gap.lack), ids(case, &gap.have));
    let en = if gap.have.len() <= gap.lack.len() {
        format!(
            "Only {} of {} hosts {} the CPU feature{} {}",
            list_en(&have),
            have.len() + lack.len(),
            verb(have.len(), "offers", "offer"),
            plural(features.len()),
            list_en(&features)
        )
    } else {
        format!(
            "{} {} the CPU feature{} {} that the other hosts have",
            list_en(&lack),
            verb(lack.len(), "lacks", "lack"),
            plural(features.len()),
            list_en(&features)
        )
    };
    let ja = if gap.have.len() <= gap.lack.len() {
        format!(
            "{} 台のホストのうち {} のみが CPU 機能 {} を提供しています",
            have.len() + lack.len(),
            list_ja(&have),
            list_ja(&features)
        )
    } else {
        format!(
            "{} には、クラスタの他のホストが提供する CPU 機能 {} がありません",
            list_ja(&lack),
            list_ja(&features)
        )
    };
    Text::new(en, ja)
}

/// Who cannot move where, and why: what a customer meets of the difference. `names` are those of the VMs, ordered.
pub(super) fn brief(
    case: &Case,
    gap: &Gap,
    (pinned, names): (&[Pinned<'_>], &[String]),
    refusals: usize,
) -> Brief {
    if names.is_empty() {
        return Brief::default();
    }
    let mut homes: Vec<usize> = pinned.iter().map(|pinned| pinned.host).collect();
    homes.sort_unstable();
    homes.dedup();
    let (vms, from, to) = (vms(names), ids(case, &homes), ids(case, &gap.lack));
    let (have, features) = (ids(case, &gap.have), shorts(gap));
    let (why, why_ja) = if gap.have.len() <= gap.lack.len() {
        (
            format!("only {} {}", list_en(&have), verb(have.len(), "offers", "offer")),
            format!(" を提供しているのが {} のみの", list_ja(&have)),
        )
    } else {
        (
            format!("{} {}", list_en(&to), verb(to.len(), "lacks", "lack")),
            format!(" が {} にない", list_ja(&to)),
        )
    };
    let ending = if refusals > 0 {
        format!("移行できず、{refusals} 件の移行が拒否されました")
    } else {
        "移行できません".to_owned()
    };
    let (mut en, ja) = (
        format!(
            "{} cannot be migrated from {} to {}: {why} the CPU feature{} {}",
            vms.en,
            list_en(&from),
            list_en(&to),
            plural(features.len()),
            list_en(&features)
        ),
        format!(
            "CPU 機能 {}{why_ja}ため、{}を {} から {} へ{ending}",
            list_ja(&features),
            vms.ja,
            list_ja(&from),
            list_ja(&to)
        ),
    );
    if refusals > 0 {
        en.push_str(&format!(
            "; {refusals} migration{} {} refused",
            plural(refusals),
            verb(refusals, "was", "were")
        ));
    }
    Brief { what: Some(Text::new(en, ja)), ..Brief::default() }
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

/// Which hosts have the EVC mask of the first feature, where that divides the cluster as the feature does.
fn mask_sentence(case: &Case, gap: &Gap, en: &mut String, ja: &mut String) {
    let Some(key) = gap.keys.first() else { return };
    let has = |host: &usize| case.hosts[*host].features.masks.contains_key(key);
    let known = gap.have.iter().chain(&gap.lack).all(|&host| case.hosts[host].features.masks_known());
    if known && gap.have.iter().all(has) && !gap.lack.iter().any(has) {
        let (hosts, name) = (ids(case, &gap.have), key.to_uppercase().replacen("CPUID.", "cpuid.", 1));
        en.push_str(&format!(
            " In /etc/vmware/config only {} {} the mask featMask.evc.{name}.",
            list_en(&hosts),
            verb(hosts.len(), "has", "have")
        ));
        ja.push_str(&format!(
            "/etc/vmware/config に featMask.evc.{name} マスクがあるのは {} のみです。",
            list_ja(&hosts)
        ));
    }
}

/// What the customer reads of a gap; `vms` are pinned by it, `held` are the hosts that cannot be emptied for it.
pub(super) fn summary(
    case: &Case,
    gap: &Gap,
    vms: &[String],
    held: &[&Evacuation],
    refusals: usize,
    one_way: bool,
) -> Text {
    let (have, lack) = (ids(case, &gap.have), ids(case, &gap.lack));
    let (meaning_en, meaning_ja) = meaning(gap);
    let mut en = format!(
        "A VM that is started on {} gets {meaning_en}; on {} it does not.",
        list_en(&have),
        list_en(&lack)
    );
    let mut ja = format!(
        "{} でパワーオンした仮想マシンは {meaning_ja} を使用できますが、{} では使用できません。",
        list_ja(&have),
        list_ja(&lack)
    );
    mask_sentence(case, gap, &mut en, &mut ja);
    if vms.is_empty() {
        en.push_str(" No running VM in the bundles requires it yet; any VM powered on on a host that has it will, and can then not move to the others.");
        ja.push_str("現時点でこの機能を要求する実行中の仮想マシンはバンドル内に見つかりませんが、機能を持つホストで電源を入れた仮想マシンは他のホストへ移行できなくなります。");
    } else {
        en.push_str(&format!(
            " {} {} powered on while it was available, so {} it until the next power-off and cannot be migrated with vMotion to {}.",
            list_en(vms), verb(vms.len(), "was", "were"), verb(vms.len(), "it requires", "they require"), list_en(&lack)
        ));
        ja.push_str(&format!(
            "{} はこの機能が有効な状態でパワーオンされたため、次回パワーオフするまでこの機能を必要とし、{} へ vMotion で移行できません。",
            list_ja(vms), list_ja(&lack)
        ));
    }
    if one_way {
        en.push_str(" The other direction works: the check looks at the target only.");
        ja.push_str("逆方向の移行は可能です（互換性チェックは移行先のみを確認するため）。");
    }
    for host in held {
        let (id, stay) = (&case.hosts[host.host].id, host.stay.len());
        en.push_str(&format!(
            " {id} cannot enter maintenance mode with vMotion alone: {stay} of its {} VM{} {}.",
            host.vms,
            plural(host.vms),
            verb(stay, "stays", "stay")
        ));
        ja.push_str(&format!(
            "{id} は vMotion だけではメンテナンス モードに切り替えられません（{} 台の仮想マシンのうち {stay} 台が残ります）。",
            host.vms
        ));
    }
    if refusals > 0 {
        en.push_str(&format!(
            " {refusals} migration{} {} refused for it.",
            plural(refusals),
            verb(refusals, "was", "were")
        ));
        ja.push_str(&format!("この理由で {refusals} 件の移行が拒否されています。"));
    } else {
        en.push_str(" This is concluded from the state of the hosts and VMs; no refused migration was found in the logs given.");
        ja.push_str("この結論はホストと仮想マシンの構成情報に基づくもので、提供されたログに移行拒否の記録は見つかっていません。");
    }
    Text::new(en, ja)
}

/// VMs that cannot move though no two hosts are shown to differ.
pub(super) struct Refused<'a> {
    pub cause: &'static str,
    /// Refused migrations.
    pub refused: u64,
    pub vms: &'a [String],
    pub keys: &'a [String],
    /// Targets that have no bundle here.
    pub missing: &'a [String],
}

impl Refused<'_> {
    pub(super) fn title(&self) -> Text {
        let (of, of_ja) = match self.vms {
            [] => (String::new(), String::new()),
            vms => (format!(" of {}", list_en(vms)), format!("{} の", list_ja(vms))),
        };
        let n = self.refused;
        if n == 0 {
            return Text::new(
                format!(
                    "{} {} CPU features that no host of the cluster offers any more",
                    self.who().0,
                    verb(self.vms.len(), "requires", "require")
                ),
                format!(
                    "{} は、クラスタのホストが現在提供していない CPU 機能を必要としています",
                    self.who().1
                ),
            );
        }
        Text::new(
            format!(
                "{n} migration{}{of} {} refused for CPU features",
                plural(n as usize),
                verb(n as usize, "was", "were")
            ),
            format!("CPU 機能の不足により {of_ja}移行が {n} 件拒否されました"),
        )
    }

    fn who(&self) -> (String, String) {
        match self.vms {
            [] => ("VMs".to_owned(), "仮想マシン".to_owned()),
            vms => (list_en(vms), list_ja(vms)),
        }
    }

    pub(super) fn summary(&self) -> Text {
        let features: Vec<String> = self.keys.iter().map(|key| short(key)).collect();
        let (named, named_ja) = match features.as_slice() {
            [] => (String::new(), String::new()),
            features => (format!(" ({})", list_en(features)), format!(" ({})", list_ja(features))),
        };
        let (who, who_ja) = self.who();
        let n = self.refused;
        let (mut en, mut ja) = if n > 0 {
            (
                format!(
                    "{n} migration{} of {who} {} refused because the target does not offer a CPU feature that the VM requires{named}.",
                    plural(n as usize),
                    verb(n as usize, "was", "were")
                ),
                format!(
                    "移行先が必要な CPU 機能{named_ja}を提供していないため、{who_ja} の移行が {n} 件拒否されました。"
                ),
            )
        } else {
            (
                format!(
                    "{who} {} CPU features{named} that the hosts do not offer now; the VM runs on, and vMotion to another host is refused.",
                    verb(self.vms.len(), "requires", "require")
                ),
                format!(
                    "{who_ja} は、ホストが現在提供していない CPU 機能{named_ja}を必要としています。実行は継続しますが、他のホストへの vMotion は拒否されます。"
                ),
            )
        };
        let (more, more_ja) = match self.cause {
            "vm-powered-on-earlier" | "per-vm-evc" => (
                " The hosts of the cluster do not differ in it: the reason lies in the VM.",
                "クラスタのホスト間に差異はなく、原因は仮想マシン側にあります。",
            ),
            "cured" => (
                " The target offers it now, by what its bundle says.",
                "バンドルの情報では、移行先は現在この機能を提供しています。",
            ),
            _ => (
                " Beside these refusals, nothing in the bundles given here shows hosts of one cluster that differ in it.",
                "これらの拒否の記録以外に、同一クラスタ内のホスト間の差異を示す情報は提供されたバンドルにありません。",
            ),
        };
        en.push_str(more);
        ja.push_str(more_ja);
        Text::new(en, ja)
    }

    pub(super) fn cause(&self) -> Text {
        if self.cause == "target-bundle-missing" && !self.missing.is_empty() {
            return Text::new(
                format!("What {} offers cannot be compared: its bundle is not here.", list_en(self.missing))
                    .replace(
                        "its bundle is",
                        if self.missing.len() > 1 { "their bundles are" } else { "its bundle is" },
                    ),
                format!(
                    "{} のバンドルが提供されていないため、提供する機能を比較できません。",
                    list_ja(self.missing)
                ),
            );
        }
        let (en, ja) = match self.cause {
            "target-bundle-missing" => (
                "The bundle of the other side is not here: without both the source and the target, what they offer cannot be compared.",
                "移行元と移行先の両方のバンドルが揃っていないため、提供する機能を比較できません。",
            ),
            "cured" => (
                "The target did not offer the feature then and offers it now: it has been patched, powered off and on, or given its EVC masks since.",
                "当時移行先は当該機能を提供していませんでしたが、現在は提供しています。その後にパッチ適用、電源の入れ直し、または EVC マスクの適用が行われたと考えられます。",
            ),
            "vm-powered-on-earlier" => (
                "The VM was powered on while its host offered more than the hosts offer now, as before the EVC mode was lowered, and keeps what it required then until it is powered off. A reboot of the guest does not change that.",
                "仮想マシンは、ホストが現在より多くの機能を提供していた時点（EVC モードを下げる前など）でパワーオンされ、パワーオフされるまで当時の要求を保持します。ゲスト OS の再起動では変わりません。",
            ),
            "per-vm-evc" => (
                "The VM's own configuration sets its CPU features: per-VM EVC, or masks left in its .vmx file, ask for what the target does not offer, whatever the EVC mode of the cluster.",
                "仮想マシン自身の設定（仮想マシン単位の EVC、または .vmx ファイルに残されたマスク）が CPU 機能を固定しており、クラスタの EVC モードに関係なく、移行先が提供しない機能を要求しています。",
            ),
            _ => (
                "The bundles show the refusal but not its reason.",
                "バンドルから移行の拒否は確認できますが、その原因までは特定できません。",
            ),
        };
        Text::new(en, ja)
    }
}
