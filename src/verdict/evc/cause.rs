//! Why a host does not offer a CPU feature that others of its cluster have: judged for each feature and host, by what
//! the host and its twins have in common.

use std::cmp::Ordering;

use super::gap::Gap;
use crate::case::{Case, Host, Sourced};
use crate::fact::cpuid_bits;
use crate::fact::features::{FeatureClass, describe};
use crate::model::Text;
use crate::verdict::features::{Basis, Offers};
use crate::verdict::{Evidence, list_en, list_ja};

/// How well the bundles support a cause.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::verdict) enum Support {
    /// They do not tell.
    None,
    /// Only what is absent speaks for it.
    Weak,
    /// Values of both sides show it.
    Sure,
}

/// A cause of one feature on one host.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::verdict) struct Judged {
    pub id: &'static str,
    pub support: Support,
}

impl Judged {
    const UNKNOWN: Judged = Judged { id: "unknown", support: Support::None };

    fn sure(id: &'static str) -> Self {
        Judged { id, support: Support::Sure }
    }

    fn weak(id: &'static str) -> Self {
        Judged { id, support: Support::Weak }
    }

    /// `id`, sure where `known`.
    fn by(id: &'static str, known: bool) -> Self {
        if known { Judged::sure(id) } else { Judged::weak(id) }
    }
}

/// Features that a BIOS option switches, beside those of virtualization.
const BIOS_SWITCHED: &[&str] = &["cpuid.aes", "cpuid.pclmulqdq", "cpuid.nx", "cpuid.mwait", "cpuid.sgx"];

fn is_switched(key: &str) -> bool {
    BIOS_SWITCHED.contains(&key) || describe(key).class == FeatureClass::Virtualization
}

/// Why host `poor` does not offer `key`, which the hosts `have` offer.
pub(in crate::verdict) fn judge(
    case: &Case,
    offers: &Offers,
    key: &str,
    have: &[usize],
    poor: usize,
) -> Judged {
    let host = &case.hosts[poor];
    let rich: Vec<&Host> = have.iter().map(|&index| &case.hosts[index]).collect();
    if host.features.hidden_by(key).is_some()
        && rich.iter().all(|rich| rich.features.hidden_by(key).is_none())
    {
        return Judged::sure("cpuid-override");
    }
    let twins = twins(host, &rich);
    let no_twin = twins.as_ref().is_some_and(Vec::is_empty);
    let peers = twins.clone().filter(|twins| !twins.is_empty()).unwrap_or_else(|| rich.clone());
    let lacks = lacks(key, host, &peers);
    if lacks == Some(false) {
        // The hardware is no poorer: masks make the difference, or what was left in the configuration by hand.
        let by_hand =
            has_opaque_override(key, host) && peers.iter().all(|peer| peer.features.overrides.is_empty());
        return if by_hand { Judged::weak("cpuid-override") } else { Judged::sure("stale-evc-mask") };
    }
    if no_twin {
        return Judged::by("different-cpu", lacks.is_some());
    }
    let compared = Compared {
        lacks,
        only_lines: have.iter().chain([&poor]).all(|&host| is_line(offers, host, key)),
        level: level(host, &peers),
        revision: revision(host, &peers),
        cpuid: raw_bit(key, host, &peers),
    };
    match describe(key).class {
        FeatureClass::Security => compared.security(),
        // Of hosts of which only lines tell it must be known that nothing else divides them.
        _ if is_switched(key) && (!compared.only_lines || compared.is_level(&twins)) => {
            // A key that an older build does not know is no BIOS option.
            let is_unknown = host.features.capability.get(key).is_some_and(|own| !is_listed(host, own));
            let by_patch = is_unknown && compared.level == Some(Ordering::Less);
            Judged::by(if by_patch { "patch-level" } else { "bios-setting" }, lacks.is_some())
        }
        class => compared.other(class == FeatureClass::Isa),
    }
}

/// Whether the host lists the feature itself; what it does not list was added at the end of its list.
fn is_listed(host: &Host, own: &Sourced<u64>) -> bool {
    host.features.capability_end.as_ref().is_none_or(|end| end.source != own.source)
}

fn is_line(offers: &Offers, host: usize, key: &str) -> bool {
    offers.get(host, key).is_none_or(|offer| offer.basis == Basis::Line)
}

/// Whether a register mask was left in the host's configuration of which it is not known what it hides of `key`.
fn has_opaque_override(key: &str, host: &Host) -> bool {
    host.features.overrides.iter().any(|line| cpuid_bits::hides(&line.value.0, &line.value.1, key).is_none())
}

/// What a host and those of its CPU type that offer a feature have in common; `None` where the bundles do not tell.
struct Compared {
    /// Whether the host lacks the feature before masks too.
    lacks: Option<bool>,
    /// Whether only refused migrations tell of the feature on any of the hosts.
    only_lines: bool,
    /// Its patch level beside that of the peer that is nearest to it.
    level: Option<Ordering>,
    /// Its microcode revision beside the newest of the peers.
    revision: Option<Ordering>,
    /// Whether the CPU itself says that it lacks the feature and a peer's says that it has it.
    cpuid: Option<bool>,
}

impl Compared {
    /// Whether the hosts are of one CPU type and one patch level.
    fn is_level(&self, twins: &Option<Vec<&Host>>) -> bool {
        twins.is_some() && self.level == Some(Ordering::Equal)
    }

    /// Guards against speculative execution flaws come with microcode and patches.
    fn security(&self) -> Judged {
        if self.level == Some(Ordering::Less) {
            return Judged::by("patch-level", self.lacks.is_some() || self.only_lines);
        }
        // A raw bit alone decides nothing.
        let raw =
            self.cpuid == Some(true) && self.lacks == Some(true) && self.revision != Some(Ordering::Greater);
        let older = self.revision == Some(Ordering::Less) || raw;
        match (self.lacks, self.revision) {
            _ if older => Judged::sure("stale-microcode"),
            (Some(true), None) => Judged::sure("stale-microcode"),
            // A newer revision that took the feature away is another story.
            (_, Some(Ordering::Greater)) => Judged::UNKNOWN,
            (Some(true), _) => Judged::weak("stale-microcode"),
            _ if self.only_lines => Judged::UNKNOWN,
            // The same microcode everywhere and no word of capabilities: then only the masks differ.
            (_, Some(_)) => Judged::weak("stale-evc-mask"),
            _ => Judged::weak("stale-microcode"),
        }
    }

    /// Anything that neither a patch's advisory nor a known BIOS option is about.
    fn other(&self, is_isa: bool) -> Judged {
        match (self.level, self.lacks, self.revision) {
            (Some(Ordering::Less), ..) => Judged::by("patch-level", self.lacks.is_some() || self.only_lines),
            _ if self.only_lines => Judged::UNKNOWN,
            (_, None, _) => Judged::weak("stale-evc-mask"),
            (_, _, Some(Ordering::Less)) => Judged::weak("stale-microcode"),
            // One CPU type, one build, one microcode: only the BIOS is left.
            (Some(Ordering::Equal), _, Some(Ordering::Equal)) if is_isa => Judged::weak("bios-setting"),
            _ => Judged::UNKNOWN,
        }
    }
}

/// The hosts among `rich` of the CPU type of `poor`; `None` where the types are not known.
fn twins<'a>(poor: &Host, rich: &[&'a Host]) -> Option<Vec<&'a Host>> {
    poor.cpu.signature()?;
    let known: Vec<&Host> = rich.iter().filter(|host| host.cpu.signature().is_some()).copied().collect();
    (!known.is_empty()).then(|| known.into_iter().filter(|rich| are_alike(poor, rich)).collect())
}

/// Generations can share family and model and differ in the stepping only; one that is not told is no difference.
fn are_alike(a: &Host, b: &Host) -> bool {
    let steppings = a.cpu.stepping.zip(b.cpu.stepping);
    let signatures = a.cpu.signature().zip(b.cpu.signature());
    signatures.is_some_and(|((vendor, family, model), (other_vendor, other_family, other_model))| {
        let one_vendor = vendor.zip(other_vendor).is_none_or(|(a, b)| a == b);
        one_vendor && (family, model) == (other_family, other_model) && steppings.is_none_or(|(a, b)| a == b)
    })
}

/// Whether the host is capable of less than its peers, before masks.
fn lacks(key: &str, host: &Host, peers: &[&Host]) -> Option<bool> {
    let own = host.features.capable_of(key)?;
    let least = peers.iter().filter_map(|peer| peer.features.capable_of(key)).min()?;
    Some(own < least)
}

/// The patch level beside that of the nearest peer: version, build, then the microcode package.
fn level(host: &Host, peers: &[&Host]) -> Option<Ordering> {
    let beside = |peer: &&Host| -> Option<Ordering> {
        let build = |host: &Host| -> Option<(Vec<u32>, u64)> {
            let version = host.version.as_deref().unwrap_or("");
            let parts = version.split('.').filter_map(|part| part.parse().ok()).take(2).collect();
            Some((parts, host.build.as_deref()?.parse().ok()?))
        };
        let by_build = build(host)?.cmp(&build(peer)?);
        let package = |host: &Host| host.microcode_vib.as_ref().map(|vib| numbers(&vib.value));
        let by_package = package(host).zip(package(peer)).map(|(own, other)| own.cmp(&other));
        Some(by_build.then(by_package.unwrap_or(Ordering::Equal)))
    };
    let all: Vec<Ordering> = peers.iter().filter_map(beside).collect();
    [Ordering::Equal, Ordering::Greater, Ordering::Less].into_iter().find(|order| all.contains(order))
}

/// The numbers of a version: `6.7.0-1.28.10302608`.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// The running microcode revision beside the newest of the peers.
fn revision(host: &Host, peers: &[&Host]) -> Option<Ordering> {
    let of = |host: &Host| host.microcode.as_ref().map(|revision| revision.value);
    let newest = peers.iter().filter_map(|peer| of(peer)).max()?;
    Some(of(host)?.cmp(&newest))
}

/// Whether the raw CPUID of the host lacks the feature's bit and that of a peer has it. It only supports what other
/// sources show: a bit is no capability.
fn raw_bit(key: &str, host: &Host, peers: &[&Host]) -> Option<bool> {
    let bit = |host: &Host| host.features.raw_bit(key);
    let any = peers.iter().filter_map(|peer| bit(peer)).any(|set| set);
    Some(!bit(host)? && any)
}

/// What is said of a cause, with the values of both sides.
pub(in crate::verdict) fn text_of(case: &Case, gap: &Gap) -> Text {
    let mut text = text(variant(case, gap));
    let revision = |host: &Host| host.microcode.as_ref().map(|revision| format!("0x{:x}", revision.value));
    let build = |host: &Host| {
        let name = host.placed.as_ref().map(|placed| placed.name.clone());
        let build = host.build.clone()?;
        Some(name.map_or_else(|| build.clone(), |name| format!("{name} ({build})")))
    };
    let package = |host: &Host| host.microcode_vib.as_ref().map(|vib| vib.value.clone());
    match gap.cause.id {
        "stale-microcode" => {
            tell(&mut text, ("Microcode now running", "稼働中のマイクロコード"), case, gap, &revision)
        }
        "patch-level" if differ(case, gap, &build) => {
            tell(&mut text, ("Builds", "ビルド"), case, gap, &build)
        }
        "patch-level" => tell(&mut text, ("cpu-microcode VIB", "cpu-microcode VIB"), case, gap, &package),
        "different-cpu" => tell(&mut text, ("CPUs", "CPU"), case, gap, &|host: &Host| host.cpu.name.clone()),
        _ => {}
    }
    text
}

/// Which text a cause has: it must not say more than the values of these hosts do.
fn variant(case: &Case, gap: &Gap) -> &'static str {
    let of = |hosts: &[usize]| hosts.iter().map(|&host| &case.hosts[host]).collect::<Vec<_>>();
    let (have, lack) = (of(&gap.have), of(&gap.lack));
    let vendor = |host: &Host| host.cpu.vendor.clone();
    match gap.cause.id {
        "stale-microcode"
            if lack
                .iter()
                .all(|host| revision(host, &have).is_some_and(|order| order == Ordering::Equal)) =>
        {
            "stale-microcode-equal"
        }
        "stale-microcode" if gap.cause.support < Support::Sure => "stale-microcode-likely",
        "stale-evc-mask" if gap.cause.support < Support::Sure => "stale-evc-mask-only",
        "different-cpu" if is_mixed_vendor(&have, &lack, vendor) => "different-vendor",
        id => id,
    }
}

fn is_mixed_vendor(have: &[&Host], lack: &[&Host], vendor: impl Fn(&Host) -> Option<String>) -> bool {
    let vendors = |hosts: &[&Host]| hosts.iter().filter_map(|host| vendor(host)).collect::<Vec<_>>();
    let (have, lack) = (vendors(have), vendors(lack));
    !have.is_empty() && !lack.is_empty() && have.iter().all(|vendor| !lack.contains(vendor))
}

/// Whether a gap divides CPUs of two vendors, which no EVC mode covers.
pub(in crate::verdict) fn is_of_vendors(case: &Case, gap: &Gap) -> bool {
    variant(case, gap) == "different-vendor"
}

fn differ(case: &Case, gap: &Gap, value: &dyn Fn(&Host) -> Option<String>) -> bool {
    let of = |hosts: &[usize]| hosts.iter().filter_map(|&host| value(&case.hosts[host])).collect::<Vec<_>>();
    let (have, lack) = (of(&gap.have), of(&gap.lack));
    lack.iter().any(|value| !have.contains(value))
}

/// Adds a value of the hosts that lack the features, then of those that have them, as far as both sides tell.
fn tell(
    text: &mut Text,
    name: (&str, &str),
    case: &Case,
    gap: &Gap,
    value: &dyn Fn(&Host) -> Option<String>,
) {
    let of = |hosts: &[usize]| -> Vec<String> {
        let told = |&host: &usize| {
            let host = &case.hosts[host];
            value(host).map(|value| format!("{} {value}", host.id))
        };
        hosts.iter().filter_map(told).collect()
    };
    let (have, lack) = (of(&gap.have), of(&gap.lack));
    if !have.is_empty() && !lack.is_empty() {
        text.en.push_str(&format!(" {}: {}; {}.", name.0, list_en(&lack), list_en(&have)));
        text.ja.push_str(&format!("{}：{}、{}。", name.1, list_ja(&lack), list_ja(&have)));
    }
}

/// The lines that support the cause of a gap, of at most two hosts that have the features and four that lack them.
pub(in crate::verdict) fn evidence(case: &Case, gap: &Gap) -> Vec<Evidence> {
    fn line<T>(index: usize, fact: Option<&Sourced<T>>) -> Option<Evidence> {
        fact.map(|fact| Evidence::of(index, fact))
    }
    let mut lines = Vec::new();
    for &index in gap.have.iter().take(2).chain(gap.lack.iter().take(4)) {
        let host = &case.hosts[index];
        match gap.cause.id {
            "stale-microcode" | "bios-setting" => lines.extend(line(index, host.microcode.as_ref())),
            "different-cpu" => lines.extend(line(index, host.cpu_line.as_ref())),
            "patch-level" => {
                lines.extend(line(index, host.product.as_ref()));
                lines.extend(line(index, host.microcode_vib.as_ref()));
            }
            "cpuid-override" => {
                lines.extend(host.features.overrides.iter().map(|line| Evidence::of(index, line)));
            }
            _ => {}
        }
    }
    lines
}

fn text(id: &str) -> Text {
    let (en, ja) = match id {
        "stale-microcode" => (
            "The hosts that lack the feature still run with older CPU microcode: same ESXi build and CPU type, but the \
             feature has not become effective there. Microcode that comes with the BIOS takes effect only after a full \
             power-off, not after a warm reboot.",
            "機能が有効になっていないホストは、古い CPU マイクロコードのまま稼働しています。ESXi のビルドと CPU の型番は同じですが、\
             新しいマイクロコードが反映されていません。BIOS に含まれるマイクロコードは再起動（ウォーム リブート）では反映されず、完全な電源オフが必要です。",
        ),
        "stale-microcode-equal" => (
            "The hosts that lack the feature have the same CPU type and ESXi build and report the same microcode revision \
             as the others, and yet the feature has not become effective there. A full power-off, not a warm reboot, is \
             the first thing to try; where it does not help, compare the BIOS settings.",
            "機能が有効になっていないホストは、CPU の型番、ESXi ビルド、マイクロコード リビジョンが他のホストと同じですが、\
             機能が反映されていません。まず電源を完全に切ってから入れ直し（再起動では不可）、解消しない場合は BIOS 設定を比較してください。",
        ),
        "stale-microcode-likely" => (
            "The usual reason for a security feature that some hosts do not have is microcode that has not become effective, \
             as it needs a full power-off, not a warm reboot. The bundles do not show the microcode of both sides: compare \
             Current Revision and the feature's capability on the hosts first.",
            "セキュリティ機能が一部のホストにない場合の一般的な原因は、マイクロコードが反映されていないことです（完全な電源オフが必要で、再起動では反映されません）。\
             バンドルからは双方のマイクロコードを確認できないため、まず各ホストの Current Revision と機能の値を比較してください。",
        ),
        "stale-evc-mask-only" => (
            "The EVC masks in /etc/vmware/config differ, and nothing in the bundles shows that the hardware does: vCenter \
             Server has probably not applied the same baseline to all hosts.",
            "/etc/vmware/config の EVC マスクが異なっています。ハードウェアの差異を示す情報はバンドルになく、vCenter Server \
             が同一のベースラインを全ホストに適用できていない可能性があります。",
        ),
        "different-vendor" => (
            "The hosts have CPUs of different vendors. No EVC mode covers both: VMs cannot move between them while they run.",
            "ホストの CPU ベンダーが異なります。両方に対応する EVC モードはなく、稼働中の仮想マシンは相互に移行できません。",
        ),
        "patch-level" => (
            "The hosts are at different patch levels: ESXi builds or the cpu-microcode VIB differ, and the feature comes \
             with the newer one.",
            "ホスト間でパッチ レベルが異なります。ESXi ビルドまたは cpu-microcode VIB が異なり、当該機能は新しい側にのみ含まれています。",
        ),
        "bios-setting" => (
            "The CPUs are the same, but a BIOS option that switches the feature differs between the hosts.",
            "CPU は同一ですが、当該機能を切り替える BIOS 設定がホスト間で異なっています。",
        ),
        "stale-evc-mask" => (
            "The hardware of the hosts offers the feature alike, but the EVC masks in /etc/vmware/config differ: vCenter \
             Server has not applied the same baseline to all hosts.",
            "ハードウェアとしては同じ機能を提供できますが、/etc/vmware/config の EVC マスクが異なっています。vCenter Server \
             が同一のベースラインを全ホストに適用できていません。",
        ),
        "different-cpu" => (
            "The hosts have CPUs of different generations, and no common EVC baseline hides the difference.",
            "ホストの CPU 世代が異なり、差異を隠す共通の EVC ベースラインが適用されていません。",
        ),
        "cpuid-override" => (
            "A register mask cpuid.* that was set by hand in /etc/vmware/config hides the feature on some hosts.",
            "/etc/vmware/config に手動で設定された cpuid.* レジスタ マスクにより、一部のホストで機能が隠されています。",
        ),
        _ => (
            "The bundles show the difference but not its reason.",
            "バンドルから差異は確認できますが、その原因までは特定できません。",
        ),
    };
    Text::new(en, ja)
}
