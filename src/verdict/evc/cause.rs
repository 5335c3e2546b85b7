//! Why hosts of one cluster offer different CPU features.

use super::Gap;
use crate::case::{Case, Host};
use crate::fact::features::{FeatureClass, describe};
use crate::model::Text;
use crate::verdict::{Evidence, list_en, list_ja};

/// A cause, how well it is supported, and the lines that support it.
pub(super) struct Cause {
    pub id: &'static str,
    pub text: Text,
    /// Whether capabilities or microcode revisions show it, not only masks.
    pub sure: bool,
    pub evidence: Vec<Evidence>,
}

/// Features that a BIOS option switches.
const BIOS_SWITCHED: &[&str] =
    &["cpuid.aes", "cpuid.pclmulqdq", "cpuid.nx", "cpuid.vmx", "cpuid.svm", "hv.capable"];

/// What the two sides of a gap have in common and what not; `None` where the bundles do not tell.
struct Compared {
    same_cpu: Option<bool>,
    same_build: Option<bool>,
    same_microcode_vib: Option<bool>,
    /// Whether the side that lacks the features lacks them in hardware and firmware too.
    capability_differs: Option<bool>,
    /// Whether the side that lacks them runs an older microcode revision.
    older_microcode: Option<bool>,
    has_override: bool,
}

/// Features that come and go together, as their cause is of one sort.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// With microcode and patches.
    Security,
    /// With a BIOS option.
    Switched,
    /// With the CPU's generation.
    Other,
}

/// What sort of feature `key` is, where hosts `have` and `lack` are of the same CPU type; of different types, all
/// differences have one cause.
pub(super) fn sort(case: &Case, key: &str, have: &[usize], lack: &[usize]) -> Sort {
    let of = |hosts: &[usize]| hosts.iter().map(|&index| &case.hosts[index]).collect::<Vec<_>>();
    if twins(&of(have), &of(lack)) == Some(false) {
        return Sort::Other;
    }
    match describe(key).class {
        FeatureClass::Security => Sort::Security,
        class if class == FeatureClass::Virtualization || BIOS_SWITCHED.contains(&key) => Sort::Switched,
        _ => Sort::Other,
    }
}

/// The cause of `gap`.
pub(super) fn of(case: &Case, gap: &Gap) -> Cause {
    let compared = compare(case, gap);
    let id = decide(gap, &compared);
    let sure = match id {
        "stale-microcode" => {
            compared.older_microcode == Some(true)
                || (compared.capability_differs == Some(true) && compared.older_microcode.is_none())
        }
        "unknown" => false,
        _ => compared.capability_differs.is_some(),
    };
    let mut text = text(id);
    if id == "stale-microcode" {
        tell_revisions(case, gap, &mut text);
    }
    Cause { id, text, sure, evidence: evidence(case, gap, id) }
}

/// Adds which microcode revision runs where, as far as the bundles tell.
fn tell_revisions(case: &Case, gap: &Gap, text: &mut Text) {
    let of = |hosts: &[usize]| -> Vec<String> {
        let told = |&host: &usize| {
            let host = &case.hosts[host];
            host.microcode.as_ref().map(|revision| format!("{} 0x{:x}", host.id, revision.value))
        };
        hosts.iter().filter_map(told).collect()
    };
    let (have, lack) = (of(&gap.have), of(&gap.lack));
    if !have.is_empty() && !lack.is_empty() {
        text.en.push_str(&format!(" Running microcode: {}, but {}.", list_en(&lack), list_en(&have)));
        text.ja.push_str(&format!("稼働中のマイクロコード: {}、一方 {}。", list_ja(&lack), list_ja(&have)));
    }
}

fn compare(case: &Case, gap: &Gap) -> Compared {
    let of = |hosts: &[usize]| hosts.iter().map(|&index| &case.hosts[index]).collect::<Vec<_>>();
    let (have, lack) = (of(&gap.have), of(&gap.lack));
    let all: Vec<&Host> = have.iter().chain(&lack).copied().collect();
    Compared {
        same_cpu: twins(&have, &lack),
        same_build: same(&all, |host| host.build.clone()),
        same_microcode_vib: same(&all, |host| host.microcode_vib.as_ref().map(|vib| vib.value.clone())),
        capability_differs: capability_differs(gap, &have, &lack),
        older_microcode: older_microcode(&have, &lack),
        has_override: lack.iter().any(|host| !host.features.overrides.is_empty()),
    }
}

/// Whether the hosts that lack the features have twins of the same CPU type among those that have them.
///
/// Generations can share family and model and differ in the stepping only; one that is not told is no difference.
fn twins(have: &[&Host], lack: &[&Host]) -> Option<bool> {
    let known = |hosts: &[&Host]| hosts.iter().any(|host| host.cpu.signature().is_some());
    let alike = |a: &Host, b: &Host| {
        let steppings = a.cpu.stepping.zip(b.cpu.stepping);
        let signatures = a.cpu.signature().zip(b.cpu.signature());
        signatures.is_some_and(|((_, family, model), (_, other_family, other_model))| {
            (family, model) == (other_family, other_model) && steppings.is_none_or(|(a, b)| a == b)
        })
    };
    (known(have) && known(lack)).then(|| lack.iter().any(|poor| have.iter().any(|rich| alike(poor, rich))))
}

/// Whether all hosts that tell have the same value; `None` where fewer than two tell.
fn same<T: PartialEq>(hosts: &[&Host], value: impl Fn(&Host) -> Option<T>) -> Option<bool> {
    let values: Vec<T> = hosts.iter().filter_map(|host| value(host)).collect();
    (values.len() >= 2).then(|| values.windows(2).all(|pair| pair[0] == pair[1]))
}

fn capability_differs(gap: &Gap, have: &[&Host], lack: &[&Host]) -> Option<bool> {
    let values = |hosts: &[&Host], key: &String| -> Vec<u64> {
        hosts.iter().filter_map(|host| host.features.capability.get(key)).map(|value| value.value).collect()
    };
    let mut told = None;
    for key in &gap.keys {
        let least = values(have, key).into_iter().min();
        let most = values(lack, key).into_iter().max();
        if let Some(differs) = least.zip(most).map(|(least, most)| least > most) {
            told = Some(told.unwrap_or(false) || differs);
        }
    }
    told
}

fn older_microcode(have: &[&Host], lack: &[&Host]) -> Option<bool> {
    let revisions = |hosts: &[&Host]| -> Vec<u64> {
        hosts.iter().filter_map(|host| host.microcode.as_ref()).map(|revision| revision.value).collect()
    };
    let newest = revisions(have).into_iter().max()?;
    let lacking = revisions(lack);
    (!lacking.is_empty()).then(|| lacking.iter().any(|revision| *revision < newest))
}

fn decide(gap: &Gap, compared: &Compared) -> &'static str {
    let all = |test: &dyn Fn(&str) -> bool| gap.keys.iter().all(|key| test(key));
    let security = all(&|key| describe(key).class == FeatureClass::Security);
    let switched =
        all(&|key| BIOS_SWITCHED.contains(&key) || describe(key).class == FeatureClass::Virtualization);
    let no_hardware_difference = compared.capability_differs == Some(false);
    if compared.has_override && no_hardware_difference {
        return "cpuid-override";
    }
    if no_hardware_difference {
        return "stale-evc-mask";
    }
    if compared.same_cpu == Some(false) {
        return "different-cpu";
    }
    // The same microcode everywhere and no word of capabilities: then only the masks differ.
    if security && compared.capability_differs.is_none() && compared.older_microcode == Some(false) {
        return "stale-evc-mask";
    }
    if security {
        let patched_alike = compared.same_build != Some(false) && compared.same_microcode_vib != Some(false);
        return if patched_alike { "stale-microcode" } else { "patch-level" };
    }
    if switched {
        return "bios-setting";
    }
    match (compared.same_build, compared.capability_differs) {
        (Some(false), _) => "patch-level",
        (_, None) => "stale-evc-mask",
        _ => "unknown",
    }
}

fn evidence(case: &Case, gap: &Gap, id: &str) -> Vec<Evidence> {
    let mut lines = Vec::new();
    for &index in gap.have.iter().take(2).chain(gap.lack.iter().take(4)) {
        let host = &case.hosts[index];
        match id {
            "stale-microcode" | "different-cpu" | "bios-setting" => {
                lines.extend(host.microcode.as_ref().map(|revision| Evidence::of(index, revision)));
            }
            "patch-level" => {
                lines.extend(host.product.as_ref().map(|product| Evidence::of(index, product)));
                lines.extend(host.microcode_vib.as_ref().map(|vib| Evidence::of(index, vib)));
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
             新しいマイクロコードが反映されていません。BIOS に含まれるマイクロコードは再起動 (ウォーム リブート) では反映されず、完全な電源オフが必要です。",
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
