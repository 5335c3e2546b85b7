//! What the finding says, and what to do, in English and Japanese.

use super::super::text::became_invalid;
use super::Failure;
use super::device::Device;
use crate::model::Text;
use crate::verdict::{Step, list_en, list_ja, readable, shell_quoted};

/// Devices that get steps of their own.
const MAX_STEPS: usize = 4;

pub(super) fn title(of: &Failure<'_>) -> Text {
    let host = &of.host.id;
    if of.is_contradicted() {
        return Text::new(
            format!("Logs of {host} tell of a failed vSAN disk that the host lists as in use"),
            format!(
                "{host} のログに vSAN ディスクの障害が記録されていますが、ホストは使用中と表示しています"
            ),
        );
    }
    let (count, groups) = (of.lost().count(), of.lost_groups.len());
    match (groups, count) {
        (1, _) => Text::new(
            format!("A vSAN disk group of {host} has failed"),
            format!("{host} の vSAN ディスク グループに障害が発生しています"),
        ),
        (2.., _) => Text::new(
            format!("{groups} vSAN disk groups of {host} have failed"),
            format!("{host} の vSAN ディスク グループ {groups} 個に障害が発生しています"),
        ),
        (0, 1) => Text::new(
            format!("A vSAN disk of {host} has failed"),
            format!("{host} の vSAN ディスクに障害が発生しています"),
        ),
        (0, _) => Text::new(
            format!("{count} vSAN disks of {host} have failed"),
            format!("{host} の vSAN ディスク {count} 台に障害が発生しています"),
        ),
    }
}

pub(super) fn cause(of: &Failure<'_>) -> Text {
    if of.is_contradicted() {
        Text::new(
            "Lines tell of permanent errors of vSAN devices, but the host's own list of disks contradicts them.",
            "ログには vSAN デバイスの恒久的なエラーが記録されていますが、ホストのディスク リストと矛盾しています。",
        )
    } else if of.lost_groups.is_empty() {
        Text::new(
            "vSAN devices report permanent errors, or are no longer in the cluster's directory.",
            "vSAN デバイスで恒久的なエラーが発生しているか、デバイスがクラスタのディレクトリから失われています。",
        )
    } else {
        Text::new(
            "The cache device, or every disk, of a disk group has failed: the whole group is lost to vSAN.",
            "ディスク グループのキャッシュ デバイスまたは全ディスクに障害が発生し、ディスク グループ全体が vSAN で使用できなくなっています。",
        )
    }
}

pub(super) fn summary(of: &Failure<'_>, vms: &[String]) -> Text {
    let host = &of.host.id;
    let (mut en, mut ja) = (Vec::new(), Vec::new());
    let mut say = |text: (String, String)| {
        en.push(text.0);
        ja.push(text.1);
    };
    failed(of).into_iter().chain(contradicted(of)).for_each(&mut say);
    match of.member {
        Some(true) => say((
            format!("{host} itself is still a member of the vSAN cluster."),
            format!("{host} 自体は vSAN クラスタのメンバーのままです。"),
        )),
        Some(false) => say((
            format!("{host} is also out of the vSAN cluster; that is another matter."),
            format!("{host} は vSAN クラスタからも外れていますが、これは別の事象です。"),
        )),
        None => {}
    }
    effects(of, vms).into_iter().for_each(say);
    // Japanese sentences need no space between them.
    Text::new(en.join(" "), ja.concat())
}

/// Since when, by the first line about one of `devices`.
fn since<'a>(devices: impl Iterator<Item = &'a Device<'a>>) -> Option<String> {
    let lines = devices.flat_map(|device| &device.lines);
    lines.map(|line| line.time).min().map(readable)
}

/// What failed, and since when.
fn failed(of: &Failure<'_>) -> Option<(String, String)> {
    let host = &of.host.id;
    let labels: Vec<String> = of.lost().filter_map(Device::label).collect();
    let (when, when_ja) = since(of.lost())
        .map_or_else(Default::default, |at| (format!("Since {at}: "), format!("{at} 以降、")));
    of.lost().next()?;
    if labels.is_empty() {
        return Some((
            format!("{when}a vSAN device of {host} has failed; the lines do not name it."),
            format!(
                "{when_ja}{host} の vSAN デバイスに障害が発生しています。デバイス名は記録されていません。"
            ),
        ));
    }
    let (devices, has) = if labels.len() == 1 { ("device", "has") } else { ("devices", "have") };
    Some((
        format!("{when}vSAN {devices} {} of {host} {has} failed.", list_en(&labels)),
        format!("{when_ja}{host} の vSAN デバイス {} に障害が発生しています。", list_ja(&labels)),
    ))
}

/// What lines say of devices that the host lists as in use.
fn contradicted(of: &Failure<'_>) -> Option<(String, String)> {
    let host = &of.host.id;
    let devices = || of.devices.iter().filter(|device| device.is_contradicted());
    let labels: Vec<String> = devices().filter_map(Device::label).collect();
    let at = since(devices())?;
    Some((
        format!(
            "Lines from {at} on tell of a failure of {} of {host}. Its state contradicts them: when the bundle was taken, the host listed it as in use, so it may be back.",
            list_en(&labels)
        ),
        format!(
            "{at} 以降のログに {host} の {} の障害が記録されていますが、状態と矛盾します。バンドル取得時、ホストは使用中と表示しており、回復している可能性があります。",
            list_ja(&labels)
        ),
    ))
}

/// What followed from it.
fn effects(of: &Failure<'_>, vms: &[String]) -> Vec<(String, String)> {
    let mut said = Vec::new();
    let impaired = of.impaired();
    if !impaired.is_empty() {
        let states: Vec<String> =
            impaired.iter().map(|(state, objects)| format!("{objects} {state}")).collect();
        let states_ja: Vec<String> =
            impaired.iter().map(|(state, objects)| format!("{state} {objects} 個")).collect();
        said.push((
            format!("Objects of the cluster by state: {}.", list_en(&states)),
            format!("クラスタのオブジェクトの状態：{}。", list_ja(&states_ja)),
        ));
    }
    if let Some(objects) = of.resync().and_then(|(_, left)| left.value.0).filter(|objects| *objects > 0) {
        said.push((
            format!("{objects} objects were being resynchronised when the bundle was taken."),
            format!("バンドル取得時、{objects} 個のオブジェクトが再同期中でした。"),
        ));
    }
    if !vms.is_empty() {
        let text = became_invalid(vms, ("", ""));
        said.push((text.en, text.ja));
    }
    said
}

pub(super) fn remedy(of: &Failure<'_>) -> Vec<Step> {
    let mut steps = vec![step(
        of,
        "See which disks are not in CMMDS or not mounted, and to which disk groups they belong.",
        "CMMDS に含まれない、またはマウントされていないディスクと、その所属ディスク グループを確認します。",
        Some("esxcli vsan storage list".to_owned()),
    )];
    for name in of.devices.iter().filter_map(Device::name).take(MAX_STEPS) {
        steps.push(step(
            of,
            "See whether the host still reaches the device (Status), and look into the hardware's own log for the disk and its controller.",
            "デバイスの状態（Status）を確認し、ハードウェア ログでディスクとコントローラの障害を調査します。",
            Some(format!("esxcli storage core device list -d {}", shell_quoted(name))),
        ));
    }
    if of.is_contradicted() {
        steps.push(step(
            of,
            "The host lists the device as in use: remove nothing. If its hardware log shows errors too, have it replaced by plan, with full data migration.",
            "ホストはデバイスを使用中と表示しているため、何も削除しないでください。ハードウェア ログにもエラーがある場合は、全データの移行を伴う計画交換を行います。",
            None,
        ));
        steps.extend(last(of));
        return steps;
    }
    steps.push(step(
        of,
        "Before anything is removed: no object may be inaccessible. If one is, the failed disk may hold its last copy: remove nothing and ask VMware support.",
        "削除作業の前に、アクセス不可（inaccessible）のオブジェクトがないことを確認します。ある場合、障害ディスクに最後のコピーが残っている可能性があるため、何も削除せず VMware サポートに連絡してください。",
        Some("esxcli vsan debug object health summary get".to_owned()),
    ));
    steps.extend(mount(of));
    steps.extend(replace(of));
    steps.extend(last(of));
    steps
}

/// What ends every repair.
fn last(of: &Failure<'_>) -> [Step; 2] {
    [
        step(
            of,
            "Wait until nothing is left to resync. Restart no host and put none into maintenance mode until then: a second failure may make objects inaccessible.",
            "再同期が完了するまで待ちます。完了前に他のホストの再起動やメンテナンス モードへの切り替えを行わないでください。障害が重なるとオブジェクトがアクセス不可になる可能性があります。",
            Some("esxcli vsan debug resync summary get".to_owned()),
        ),
        step(
            of,
            "Check: every disk shows In CMMDS: true and Is Mounted: true, and all objects are healthy.",
            "確認：すべてのディスクで In CMMDS: true、Is Mounted: true と表示され、全オブジェクトが healthy であること。",
            Some("esxcli vsan storage list".to_owned()),
        ),
    ]
}

/// Mounts what the host reaches again.
fn mount(of: &Failure<'_>) -> Vec<Step> {
    let mut targets: Vec<String> = of
        .lost_groups
        .iter()
        .map(|group| match group.cache {
            Some(cache) => format!("-s {}", shell_quoted(cache)),
            None => format!("-u {}", shell_quoted(group.uuid)),
        })
        .collect();
    if targets.is_empty() {
        // A disk that is not mounted comes back with its group.
        let mut groups: Vec<&str> =
            of.devices.iter().filter(|device| device.is_unmounted()).filter_map(Device::group).collect();
        groups.sort_unstable();
        groups.dedup();
        targets.extend(groups.into_iter().map(|group| format!("-u {}", shell_quoted(group))));
    }
    let mount = |target: String| {
        step(
            of,
            "If the device works again (a cable, the controller or its power was the fault), mount the disk group. If it fails once more, do not try again: replace the disk.",
            "デバイスが正常に戻った場合（ケーブル、コントローラ、電源の障害など）は、ディスク グループをマウントします。再び失敗する場合は繰り返さず、ディスクを交換してください。",
            Some(format!("esxcli vsan storage diskgroup mount {target}")),
        )
    };
    targets.into_iter().take(MAX_STEPS).map(mount).collect()
}

/// Takes the failed disks out of vSAN and puts new ones in. A device that the host lists as in use holds data: it is not
/// taken out, nor is its group for its sake.
fn replace(of: &Failure<'_>) -> Vec<Step> {
    let in_group = |device: &&Device<'_>| {
        device.group().is_some_and(|group| of.lost_groups.iter().any(|failed| failed.uuid == group))
    };
    let single = of.lost().filter(|device| !in_group(device)).filter_map(Device::uuid);
    let mut targets: Vec<&str> = of.lost_groups.iter().map(|group| group.uuid).chain(single).collect();
    targets.dedup();
    let remove = |uuid: &str| {
        step(
            of,
            "Else take the failed device out of vSAN. Removing a cache device, or any disk of a group with deduplication, removes the whole disk group with all data on it: only if no object is inaccessible.",
            "回復しない場合は、障害デバイスを vSAN から削除します。キャッシュ デバイス、または重複排除が有効なグループのディスクを削除すると、ディスク グループ全体がデータごと削除されます。アクセス不可のオブジェクトがない場合に限り実施してください。",
            Some(format!("esxcli vsan storage remove -u {}", shell_quoted(uuid))),
        )
    };
    let mut steps: Vec<Step> = targets.into_iter().take(MAX_STEPS).map(remove).collect();
    steps.push(step(
        of,
        "Replace the hardware by a device on the compatibility list and add it to vSAN again (vSphere Client: cluster, Configure, vSAN, Disk Management). Pull out the right one: turn on its locator LED.",
        "互換性リストに記載されたデバイスに交換し、vSAN に追加します（vSphere Client：クラスタ > 設定 > vSAN > ディスク管理）。抜き間違いを防ぐため、ロケータ LED を点灯させて対象を確認してください。",
        None,
    ));
    steps
}

fn step(of: &Failure<'_>, en: &str, ja: &str, command: Option<String>) -> Step {
    Step::new(Text::new(en, ja), command, of.index)
}
