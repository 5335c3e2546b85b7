//! What to do about a difference in CPU features, in order, with commands per host and the check that proves it.

use super::cause;
use super::gap::{Gap, Pinned};
use crate::case::Case;
use crate::fact::features::{FeatureClass, describe};
use crate::model::Text;
use crate::verdict::{Step, ids, list_en, list_ja, shell_quoted};

/// Hosts for which every step is spelled out; the rest is told to be done alike.
const SPELLED_OUT: usize = 8;

pub(super) fn steps(case: &Case, gap: &Gap, pinned: &[Pinned<'_>]) -> Vec<Step> {
    let mut steps = match gap.cause.id {
        "stale-microcode" => power_cycles(case, gap, false),
        "bios-setting" => power_cycles(case, gap, true),
        "patch-level" => patch(case, gap),
        "stale-evc-mask" => reapply(case, gap),
        "cpuid-override" => remove_override(case, gap),
        "different-cpu" if cause::is_of_vendors(case, gap) => vec![Step::new(
            both(
                "Put hosts of each CPU vendor into a cluster of their own; move VMs between these powered off.",
                "CPU ベンダーごとに別のクラスタに分け、クラスタ間の移行は仮想マシンをパワーオフして行います。",
            ),
            None,
            None,
        )],
        "different-cpu" => common_baseline(),
        _ => vec![Step::new(
            Text::new(
                "Compare BIOS version and settings, microcode revision and ESXi build of the hosts, and bring them to one level.",
                "各ホストの BIOS バージョンと設定、マイクロコード リビジョン、ESXi ビルドを比較し、統一してください。",
            ),
            None,
            None,
        )],
    };
    steps.extend(nested(gap, pinned));
    steps.extend(checks(case, gap));
    // Behind the first step, which says what the cure is: for whoever must move a VM before that.
    let at = steps.len().min(1);
    steps.splice(at..at, way_out(case, gap, pinned));
    steps
}

fn both(en: impl Into<String>, ja: impl Into<String>) -> Text {
    Text::new(en, ja)
}

fn maintenance(case: &Case, host: usize) -> String {
    let vsan = case.hosts[host].vsan.is_some();
    let mode = if vsan { " -m ensureObjectAccessibility" } else { "" };
    format!("esxcli system maintenanceMode set -e true{mode}")
}

/// One lacking host after the other: maintenance mode, full power-off, power on, check, back to work.
fn power_cycles(case: &Case, gap: &Gap, bios: bool) -> Vec<Step> {
    let (lack, lack_ja) = (list_en(&ids(case, &gap.lack)), list_ja(&ids(case, &gap.lack)));
    let (en, ja) = match gap.lack.as_slice() {
        [_] => (
            format!("Power {lack} fully off and on, in maintenance mode; a warm reboot is not enough."),
            format!(
                "{lack_ja} をメンテナンス モードにし、電源を完全に切ってから入れ直します（再起動では不可）。"
            ),
        ),
        _ => (
            format!(
                "Power {lack} fully off and on, one at a time and in maintenance mode; go on to the next host only when the check on the one before has passed."
            ),
            format!(
                "{lack_ja} を 1 台ずつメンテナンス モードにして電源を完全に切ってから入れ直し、確認が完了してから次のホストに進みます。"
            ),
        ),
    };
    let mut steps = vec![Step::new(both(en, ja), None, None)];
    for &host in gap.lack.iter().take(SPELLED_OUT) {
        steps.extend(power_cycle(case, gap, host, bios));
    }
    if gap.lack.len() > SPELLED_OUT {
        let rest = ids(case, &gap.lack[SPELLED_OUT..]);
        steps.push(Step::new(
            both(
                format!("Do the same, one at a time, on {}.", rest.join(", ")),
                format!("次のホストでも 1 台ずつ同様に実施します：{}", rest.join("、")),
            ),
            None,
            None,
        ));
    }
    steps
}

fn power_cycle(case: &Case, gap: &Gap, host: usize, bios: bool) -> [Step; 4] {
    let id = &case.hosts[host].id;
    let (option, option_ja) = match bios {
        true => {
            (", and set the BIOS option as on the other hosts", "。BIOS 設定を他のホストに合わせてください")
        }
        false => ("", ""),
    };
    [
        Step::new(
            both(
                format!(
                    "Move the VMs of {id} to other hosts with vMotion, then put it into maintenance mode."
                ),
                format!(
                    "{id} の仮想マシンを vMotion で他のホストへ退避してから、メンテナンス モードにします。"
                ),
            ),
            maintenance(case, host),
            host,
        ),
        Step::new(
            both(
                format!(
                    "Shut {id} down and power it off fully, not a warm reboot; remove mains power for half a minute where possible{option}. Then power it on."
                ),
                format!(
                    "{id} をシャットダウンし、完全に電源を切ります（再起動では不可。可能であれば電源ケーブルを抜くなどして 30 秒程度 AC 電源も切断）{option_ja}。その後電源を入れます。"
                ),
            ),
            format!(
                "esxcli system shutdown poweroff -d 10 -r \"full power cycle: {}\"",
                if bios { "BIOS setting" } else { "CPU microcode" }
            ),
            host,
        ),
        Step::new(gate(case, gap, id), gate_command(case, gap), host),
        Step::new(
            both(
                format!("Take {id} out of maintenance mode."),
                format!("{id} のメンテナンス モードを終了します。"),
            ),
            "esxcli system maintenanceMode set -e false".to_owned(),
            host,
        ),
    ]
}

/// The feature, and the microcode where that is known of a host that has it.
fn gate_command(case: &Case, gap: &Gap) -> String {
    let is_known = gap.have.first().is_some_and(|&host| case.hosts[host].microcode.is_some());
    let revision = if is_known { "\nvsish -e get /hardware/cpu/cpuList/0 | grep -i revision" } else { "" };
    format!("{}{revision}", check_command(case, gap))
}

/// What must be seen on a host before the next one is worked on.
fn gate(case: &Case, gap: &Gap, id: &str) -> Text {
    let names: Vec<String> = gap.keys.iter().map(|key| super::text::short(key)).collect();
    let rich = gap.have.first().map(|&host| &case.hosts[host]);
    let revision = rich.and_then(|host| Some((host.id.as_str(), host.microcode.as_ref()?.value)));
    let (also, also_ja) = revision.map_or_else(Default::default, |(rich, revision)| {
        (
            format!(" The microcode revision is 0x{revision:x}, as on {rich}."),
            format!("マイクロコードのリビジョンは {rich} と同じ 0x{revision:x} であること。"),
        )
    });
    both(
        format!(
            "Check on {id}: in the first list (featureCapability) {} is no longer 0. The second list (maskedFeatureCapability) may stay at 0 until all hosts are done.{also}",
            list_en(&names)
        ),
        format!(
            "{id} で確認：1 番目のリスト（featureCapability）の {} が 0 でないこと。2 番目のリスト（maskedFeatureCapability）は全ホストの作業が終わるまで 0 のままの場合があります。{also_ja}",
            list_ja(&names)
        ),
    )
}

fn patch(case: &Case, gap: &Gap) -> Vec<Step> {
    let (lack, lack_ja) = (list_en(&ids(case, &gap.lack)), list_ja(&ids(case, &gap.lack)));
    let rich = gap
        .have
        .first()
        .and_then(|&host| Some((case.hosts[host].id.as_str(), case.hosts[host].build.as_deref()?)));
    let (level, level_ja) = rich.map_or_else(
        || ("the level of the other hosts".to_owned(), "他のホストと同じレベル".to_owned()),
        |(host, build)| {
            (format!("build {build} or later, as {host} has"), format!("ビルド {build}（{host} と同じ）以降"))
        },
    );
    let mut steps = vec![
        Step::new(
            both(
                "Bring vCenter Server to a release that knows the feature before any host.",
                "先に vCenter Server を、当該機能に対応したリリースに更新します。",
            ),
            None,
            None,
        ),
        Step::new(
            both(
                format!(
                    "Patch {lack} to {level}, the cpu-microcode VIB included, one host at a time; go on to the next one only when the check on the one before has passed."
                ),
                format!(
                    "{lack_ja} を {level_ja} に更新します（cpu-microcode VIB を含む）。1 台ずつ実施し、確認が完了してから次のホストに進んでください。"
                ),
            ),
            None,
            None,
        ),
    ];
    for &host in gap.lack.iter().take(SPELLED_OUT) {
        let id = &case.hosts[host].id;
        steps.push(Step::new(
            both(
                format!("Move the VMs of {id} away with vMotion, put it into maintenance mode, patch it with your usual tool (vSphere Lifecycle Manager, or esxcli with an offline bundle) and reboot."),
                format!("{id} の仮想マシンを vMotion で退避してメンテナンス モードにし、通常の手順（vSphere Lifecycle Manager、またはオフライン バンドルと esxcli）でパッチを適用して再起動します。"),
            ),
            maintenance(case, host),
            host,
        ));
        steps.push(Step::new(
            both(
                format!("Check the build and the package on {id}, then take it out of maintenance mode."),
                format!("{id} のビルドとパッケージを確認し、メンテナンス モードを終了します。"),
            ),
            "vmware -vl; esxcli software vib list | grep -E 'esx-base|cpu-microcode'".to_owned(),
            host,
        ));
    }
    steps
}

fn reapply(case: &Case, gap: &Gap) -> Vec<Step> {
    let (lack, lack_ja) = (list_en(&ids(case, &gap.lack)), list_ja(&ids(case, &gap.lack)));
    vec![
        Step::new(
            both(
                format!(
                    "In the vSphere Client disconnect and reconnect {lack}, one at a time, so that vCenter Server writes the EVC masks again."
                ),
                format!(
                    "vSphere Client で {lack_ja} を 1 台ずつ切断・再接続し、vCenter Server に EVC マスクを再適用させます。"
                ),
            ),
            None,
            None,
        ),
        Step::new(
            both(
                "If they still differ: move the host out of the cluster and in again in maintenance mode.",
                "差異が解消しない場合は、メンテナンス モードでホストをクラスタから外し、再度追加します。",
            ),
            None,
            None,
        ),
    ]
}

/// One host after the other: which line goes, in which file.
fn remove_override(case: &Case, gap: &Gap) -> Vec<Step> {
    let names = ids(case, &gap.lack);
    let mut steps = vec![Step::new(
        both(
            format!(
                "Remove the register masks (cpuid.* lines) that were left in /etc/vmware/config of {}; keep a copy of the file. A VM takes the feature at its next power-on.",
                list_en(&names)
            ),
            format!(
                "{} の /etc/vmware/config に残されたレジスタ マスク（cpuid.* の行）を削除します（事前にファイルのコピーを保存）。仮想マシンには次回のパワーオン時に反映されます。",
                list_ja(&names)
            ),
        ),
        None,
        None,
    )];
    for &host in gap.lack.iter().take(SPELLED_OUT) {
        let overrides = &case.hosts[host].features.overrides;
        let keys: Vec<&str> = overrides.iter().map(|line| line.value.0.as_str()).collect();
        steps.push(Step::new(
            both(
                format!("On {}: the lines {} are there now.", case.hosts[host].id, list_en(&keys)),
                format!("{}：現在 {} の行があります。", case.hosts[host].id, list_ja(&keys)),
            ),
            "cp /etc/vmware/config /tmp/config.before && grep -n -i '^cpuid\\.' /etc/vmware/config"
                .to_owned(),
            host,
        ));
    }
    steps
}

/// A guest that runs a hypervisor needs virtualization of its own, which is not supported in EVC clusters.
fn nested(gap: &Gap, pinned: &[Pinned<'_>]) -> Option<Step> {
    let is_nested = |pinned: &&Pinned<'_>| pinned.vm.is_some_and(|vm| vm.settings.nested);
    let names: Vec<&str> = pinned.iter().filter(is_nested).map(|pinned| pinned.name).collect();
    let virtualization = gap.keys.iter().any(|key| describe(key).class == FeatureClass::Virtualization);
    (!names.is_empty() && virtualization).then(|| Step::new(
        both(
            format!("{} offer hardware virtualization to the guest (vhv.enable): where the guest does not run a hypervisor, power the VM off and switch this off.", list_en(&names)),
            format!("{} はゲストにハードウェア仮想化を提供しています（vhv.enable）。ゲスト内でハイパーバイザーを使用しない場合は、パワーオフしてこの設定を無効にします。", list_ja(&names)),
        ),
        None, None,
    ))
}

fn common_baseline() -> Vec<Step> {
    vec![Step::new(
        both(
            "Enable EVC on the cluster at the newest mode that all hosts support; power off VMs that run above it first.",
            "全ホストがサポートする最新の EVC モードをクラスタで有効にします。そのモードを超える仮想マシンは事前に電源を切ってください。",
        ),
        None,
        None,
    )]
}

/// How to see the feature on a host, in the spelling that the host itself uses.
pub(super) fn check_command(case: &Case, gap: &Gap) -> String {
    let key = gap.keys.first().map_or("", String::as_str);
    let spelled = gap.have.iter().chain(&gap.lack).find_map(|&host| {
        let state = &case.hosts[host].features;
        let texts =
            [state.masks.get(key).map(|mask| &mask.text), state.capability.get(key).map(|value| &value.text)];
        texts.into_iter().flatten().find_map(|text| {
            let at = text.to_ascii_lowercase().find(key)?;
            text.get(at..at + key.len()).map(str::to_owned)
        })
    });
    let spelled = spelled.unwrap_or_else(|| key.to_uppercase());
    let name = spelled.split_once('.').map_or(spelled.as_str(), |(_, name)| name).to_owned();
    format!("vim-cmd hostsvc/hostconfig | grep -A 2 {name}")
}

fn checks(case: &Case, gap: &Gap) -> Vec<Step> {
    vec![
        Step::new(
            both(
                "Check that the EVC masks are the same on every host. Where they differ, reconnect the host in vCenter Server or apply the EVC mode again.",
                "全ホストで EVC マスクが一致していることを確認します。差異がある場合は、vCenter Server でホストを再接続するか、EVC モードを再適用します。",
            ),
            "grep -i featMask.evc /etc/vmware/config | sort".to_owned(),
            None,
        ),
        Step::new(
            both(
                "Check: on every host of the cluster the feature has the same value, and one of the VMs concerned can be migrated both ways.",
                "確認：クラスタの全ホストで当該機能の値が同じであり、対象の仮想マシンを vMotion で双方向に移行できること。",
            ),
            check_command(case, gap),
            None,
        ),
    ]
}

fn way_out(case: &Case, gap: &Gap, pinned: &[Pinned<'_>]) -> Option<Step> {
    let target = &case.hosts[*gap.lack.first()?].id;
    let mut names: Vec<&str> = pinned.iter().map(|pinned| pinned.name).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| Step::new(
        both(
            format!("Optional, until then: to free a VM ({}), shut it down and power it on while it is registered on {target} or another host that lacks the feature. A restart on its present host does not help.", list_en(&names)),
            format!("任意・暫定対処：先に移行が必要な仮想マシン（{}）は、シャットダウンして {target} など当該機能のないホストに移し、パワーオンしてください。現在のホスト上での再起動では解消しません。", list_ja(&names)),
        ),
        None, None,
    ))
}

/// What to do about VMs that no difference between hosts holds; `vms` with the host that each runs on.
pub(super) fn refused(
    case: &Case,
    cause: &str,
    vms: &[(String, Option<usize>)],
    keys: &[String],
) -> Vec<Step> {
    let names: Vec<&str> = vms.iter().map(|(name, _)| name.as_str()).collect();
    let host = vms.iter().find_map(|(_, host)| *host);
    match cause {
        "target-bundle-missing" => vec![
            Step::new(
                both(
                    "Collect support bundles of all hosts of the cluster, the target among them, and run the analysis again with all of them together.",
                    "移行先を含むクラスタの全ホストのサポート バンドルを取得し、まとめて再度解析してください。",
                ),
                Some("vm-support".to_owned()),
                None,
            ),
            compare_step(keys),
        ],
        "cured" => vec![Step::new(
            both(
                "Try the migration again; where it works, nothing is left to do.",
                "移行を再試行してください。成功すれば、追加の作業は不要です。",
            ),
            None,
            None,
        )],
        "vm-powered-on-earlier" => powered_on_earlier(&names, host),
        "per-vm-evc" => own_masks(case, &names, host),
        _ => vec![
            Step::new(
                both(
                    "In the vSphere Client open the compatibility details of the migration: they name the features.",
                    "vSphere Client で移行の互換性の詳細を開き、不足している機能を確認してください。",
                ),
                None,
                None,
            ),
            compare_step(keys),
        ],
    }
}

/// The same command on source and target shows who lacks what.
fn compare_step(keys: &[String]) -> Step {
    let key = keys.first().map_or("cpuid", String::as_str);
    let name = key.split_once('.').map_or(key, |(_, name)| name).to_uppercase();
    Step::new(
        both(
            "Compare the feature on the source and on the target: the first list is what the host is capable of, the second what EVC lets through.",
            "移行元と移行先で当該機能を比較します。1 番目のリストはホストの能力、2 番目のリストは EVC 適用後の値です。",
        ),
        format!("vim-cmd hostsvc/hostconfig | grep -i -A 2 {name}"),
        None,
    )
}

fn powered_on_earlier(names: &[&str], host: Option<usize>) -> Vec<Step> {
    let (vms, vms_ja) = (list_en(names), list_ja(names));
    vec![
        Step::new(
            both(
                format!(
                    "Power {vms} off and on once at an agreed time (not a reboot of the guest): the VM then takes the features of the cluster's present EVC mode."
                ),
                format!(
                    "合意した時間帯に {vms_ja} を一度パワーオフ・パワーオンします（ゲスト OS の再起動では不可）。クラスタの現在の EVC モードの機能が適用されます。"
                ),
            ),
            None,
            host,
        ),
        Step::new(
            both(
                "Or, on ESXi 6.5 U3, 6.7 U3 and later, set the VM's advanced option vmx.reboot.PowerCycle to TRUE: the next reboot of the guest becomes a power cycle, and the option clears itself.",
                "または、ESXi 6.5 U3、6.7 U3 以降では、仮想マシンの詳細オプション vmx.reboot.PowerCycle を TRUE に設定します。次回のゲスト再起動がパワーサイクルとして実行され、オプションは自動的に解除されます。",
            ),
            "Get-VM <VM> | New-AdvancedSetting -Name vmx.reboot.PowerCycle -Value TRUE -Confirm:$false"
                .to_owned(),
            None,
        ),
        Step::new(
            both(
                "Check: the newest list of required features in the VM's log no longer has the feature, and the migration works.",
                "確認：仮想マシンの最新ログの必要機能一覧に当該機能がなく、移行が成功すること。",
            ),
            "grep 'VM Features Required' /vmfs/volumes/<datastore>/<vm>/vmware.log".to_owned(),
            host,
        ),
    ]
}

/// Masks of the VM itself go while it is powered off.
fn own_masks(case: &Case, names: &[&str], host: Option<usize>) -> Vec<Step> {
    let (vms, vms_ja) = (list_en(names), list_ja(names));
    let path = host.and_then(|host| {
        let vm = case.hosts[host].vms.iter().find(|vm| names.contains(&vm.name.as_str()))?;
        vm.folder
            .contains('/')
            .then(|| format!("{}/*.vmx", shell_quoted(&format!("/{}", vm.folder.trim_start_matches('/')))))
    });
    let path = path.unwrap_or_else(|| "/vmfs/volumes/<datastore>/<vm>/<vm>.vmx".to_owned());
    let show = format!("grep -iE '^(featMask\\.vm|featureCompat|cpuid)\\.' {path}");
    vec![
        Step::new(
            both(
                format!("See what the configuration of {vms} sets of the CPU."),
                format!("{vms_ja} の構成ファイルの CPU 関連の設定を確認します。"),
            ),
            show.clone(),
            host,
        ),
        Step::new(
            both(
                format!(
                    "Power {vms} off. Under Configure > VMware EVC apply per-VM EVC again at a mode that all hosts offer, or disable it; remove masks that were set by hand. Then power on."
                ),
                format!(
                    "{vms_ja} をパワーオフします。[構成] > [VMware EVC] で、全ホストが提供するモードで仮想マシン単位の EVC を再適用するか無効にし、手動で設定されたマスクは削除します。その後パワーオンします。"
                ),
            ),
            None,
            host,
        ),
        Step::new(
            both(
                "Check: the masks are as wanted, and the migration works.",
                "確認：マスクが意図したとおりであり、移行が成功すること。",
            ),
            show,
            host,
        ),
    ]
}

pub(super) fn references(cause: &str) -> Vec<(&'static str, Option<&'static str>)> {
    let mut references =
        vec![("VMware KB 1003212: Enhanced vMotion Compatibility (EVC) processor support", None)];
    match cause {
        "stale-microcode" | "patch-level" => {
            references.push(("VMware KB 68024: patch order for new CPU features in EVC clusters", None));
            references.push((
                "KB 441638: CPU microcode revisions in ESXi",
                Some("https://knowledge.broadcom.com/external/article/441638"),
            ));
        }
        "bios-setting" => references.push(("VMware KB 1003718: CPU features that a BIOS option hides", None)),
        _ => {}
    }
    references
}
