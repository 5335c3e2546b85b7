//! What to do about failed migrations, in order, with commands per host and the check that proves it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::network::{Signs, adapter, address};
use super::{Cause, Group, vms};
use crate::case::{Case, Migration, Side, inside};
use crate::verdict::{Step, list_en, list_ja, readable, shell_quoted, step};

/// Pairs of hosts for which the test is spelled out.
const SPELLED_OUT: usize = 4;

/// The port that vMotion listens on.
const PORT: u16 = 8000;

pub(super) fn steps(case: &Case, group: &Group<'_>, signs: &Signs) -> Vec<Step> {
    let mut steps = match group.cause {
        Cause::Network => network(case, group, signs),
        Cause::Timeout => timeout(case, group),
        Cause::Resources => resources(case, group),
        Cause::Vmx => vmx(case, group),
        Cause::Unknown => unknown(),
    };
    steps.extend(way_out(case, group, signs));
    steps.push(check(group));
    steps
}

fn network(case: &Case, group: &Group<'_>, signs: &Signs) -> Vec<Step> {
    let mut steps = setup(case, signs);
    let migrations: Vec<&Migration> = group.failures.iter().map(|failure| failure.migration).collect();
    let pairs: BTreeSet<(usize, usize)> =
        migrations.iter().filter_map(|m| m.source.zip(m.destination)).collect();
    let both_ways: BTreeSet<(usize, usize)> = pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
    for &(from, to) in both_ways.iter().take(2 * SPELLED_OUT) {
        steps.push(ping(case, &migrations, from, to));
    }
    // Of an end without a bundle, the other one can be asked.
    for migration in migrations.iter().filter(|m| m.source.is_some() != m.destination.is_some()).take(1) {
        steps.extend(ping_unknown(case, migration));
    }
    steps.push(step(
        format!(
            "On both hosts: the firewall lets vMotion through (TCP port {PORT}), also on the way between them, and the neighbour of the peer's vMotion address is resolved."
        ),
        format!(
            "両ホストで確認：vMotion（TCP {PORT}）がホストおよび経路上のファイアウォールで許可され、相手の vMotion アドレスの MAC アドレスが解決されていること。"
        ),
        Some("esxcli network firewall ruleset list --ruleset-id=vMotion; esxcli network ip neighbor list"),
        None,
    ));
    steps.push(step(
        "Compare VLAN and MTU of the vMotion port groups, their switches and uplinks on the hosts and on the physical switches.",
        "vMotion 用ポート グループ、仮想スイッチ、アップリンクの VLAN と MTU を、ホストおよび物理スイッチで比較します。",
        Some("esxcli network vswitch standard portgroup list; esxcli network ip interface list; esxcli network nic list"),
        None,
    ));
    steps
}

/// What the hosts' own setup asks for.
fn setup(case: &Case, signs: &Signs) -> Vec<Step> {
    let mut steps = Vec::new();
    for &host in &signs.without_adapter {
        let id = &case.hosts[host].id;
        steps.push(step(
            format!("Enable vMotion on a VMkernel adapter of {id} in the vMotion network."),
            format!("{id} の vMotion ネットワークにある VMkernel アダプタで vMotion を有効にします。"),
            Some("esxcli network ip interface tag add -i vmkX -t VMotion"),
            Some(host),
        ));
    }
    for [(a, own, mtu), (b, peer, peer_mtu)] in &signs.mtu {
        let (a_id, b_id) = (&case.hosts[*a].id, &case.hosts[*b].id);
        let (small, name, host) = if mtu < peer_mtu { (*a, own, a_id) } else { (*b, peer, b_id) };
        let wanted = mtu.max(peer_mtu);
        steps.push(step(
            format!(
                "Give the vMotion adapters of {a_id} and {b_id} one MTU: the larger one on {host} if the switches carry it, else the smaller one on both."
            ),
            format!(
                "{a_id} と {b_id} の vMotion アダプタの MTU を統一します。スイッチが対応していれば {host} を大きい方に、そうでなければ両方を小さい方に合わせます。"
            ),
            Some(&format!("esxcli network ip interface set -i {name} -m {wanted}")),
            Some(small),
        ));
    }
    for (host, nic) in &signs.links {
        let id = &case.hosts[*host].id;
        let nic = nic.as_deref().unwrap_or("vmnicX");
        steps.push(step(
            format!("Find out why the link of {nic} on {id} went down: cable, transceiver, port of the physical switch."),
            format!("{id} の {nic} のリンクがダウンした原因（ケーブル、トランシーバ、物理スイッチのポート）を調査します。"),
            Some(&format!("esxcli network nic get -n {nic}")),
            Some(*host),
        ));
    }
    steps
}

/// The largest packet from one host's vMotion adapter to the other's.
fn ping(case: &Case, migrations: &[&Migration], from: usize, to: usize) -> Step {
    let peer = adapter(&case.hosts[to], address(migrations, to));
    let of_setup = || {
        let addresses = peer.into_iter().flat_map(|adapter| adapter.value.addresses.iter().flatten());
        let ips: Vec<IpAddr> = addresses.map(|address| address.ip).collect();
        ips.iter().find(|ip| ip.is_ipv4()).or(ips.first()).map(IpAddr::to_string)
    };
    let target = address(migrations, to).map(str::to_owned).or_else(of_setup);
    let target = target.unwrap_or_else(|| format!("<vMotion IP of {}>", case.hosts[to].id));
    let (a, b) = (&case.hosts[from].id, &case.hosts[to].id);
    step(
        format!(
            "On {a}: test the vMotion network to {b} with the largest packet of the adapter's MTU, not fragmented."
        ),
        format!(
            "{a} で、{b} への vMotion ネットワークの疎通を、アダプタの MTU の最大サイズ（フラグメント禁止）で確認します。"
        ),
        Some(&vmkping(case, migrations, from, &target)),
        Some(from),
    )
}

/// The test towards an end of which only the address or the name is known.
fn ping_unknown(case: &Case, migration: &Migration) -> Option<Step> {
    let (own, peer) = match (migration.source, migration.destination) {
        (Some(own), None) => (own, &migration.to),
        (None, Some(own)) => (own, &migration.from),
        _ => return None,
    };
    let name = peer.name.as_deref().or(peer.address.as_deref()).unwrap_or("the other host");
    let name_ja = peer.name.as_deref().or(peer.address.as_deref()).unwrap_or("相手ホスト");
    let target = peer.address.clone().unwrap_or_else(|| format!("<vMotion IP of {name}>"));
    let id = &case.hosts[own].id;
    Some(step(
        format!(
            "On {id}: test the vMotion network to {name}, and collect the support bundle of that host too: its log tells the other half."
        ),
        format!(
            "{id} で {name_ja} への vMotion ネットワークの疎通を確認します。そのホストのサポート バンドルも取得してください（相手側のログが必要です）。"
        ),
        Some(&vmkping(case, &[migration], own, &target)),
        Some(own),
    ))
}

/// `vmkping -I vmk1 -S vmotion -d -s 8972 10.1.0.2`: a packet is the MTU without the headers of IP and ICMP; the stack is
/// named only where the adapter is in one of its own.
fn vmkping(case: &Case, migrations: &[&Migration], from: usize, target: &str) -> String {
    let own = adapter(&case.hosts[from], address(migrations, from)).map(|adapter| &adapter.value);
    let is_v6 = target.contains(':');
    let name = own.map_or("vmkX", |adapter| adapter.name.as_str());
    let stack = match own {
        Some(adapter) if adapter.is_in_vmotion_stack() => " -S vmotion",
        _ => "",
    };
    let headers = if is_v6 { 48 } else { 28 };
    let size = own.and_then(|adapter| adapter.mtu).unwrap_or(1500).saturating_sub(headers);
    let family = if is_v6 { " -6" } else { "" };
    format!("vmkping{family} -I {name}{stack} -d -s {size} {target}")
}

fn timeout(case: &Case, group: &Group<'_>) -> Vec<Step> {
    let host = group.failures.iter().find_map(|failure| failure.migration.destination);
    let (at, at_ja) = host.map_or_else(
        || ("the destination".to_owned(), "移行先ホスト".to_owned()),
        |host| (case.hosts[host].id.clone(), case.hosts[host].id.clone()),
    );
    vec![
        step(
            "Migrate again at a quiet time of the VM, one VM at a time.",
            "仮想マシンの負荷が低い時間帯に、1 台ずつ移行を再試行します。",
            None,
            None,
        ),
        step(
            format!(
                "Look for slow disks and paths on {at} at that time: latency, aborted commands, lost paths."
            ),
            format!(
                "{at_ja} で、当該時刻のディスクとパスの遅延（レイテンシ、コマンドの中断、パスの喪失）を確認します。"
            ),
            Some(
                "grep -iE 'deteriorated|H:0x|APD|lost access to volume' /var/log/vobd.log /var/log/vmkernel.log",
            ),
            host,
        ),
        step(
            "Give vMotion more bandwidth: a faster network, or several vMotion adapters.",
            "vMotion の帯域を増やします（より高速なネットワーク、または複数の vMotion アダプタ）。",
            None,
            None,
        ),
        step(
            "If it is a Storage vMotion: with the VM powered off raise the limit in its .vmx; the default is 100 seconds (KB 320352).",
            "Storage vMotion の場合：仮想マシンをパワーオフし、.vmx で上限値を引き上げます（デフォルト 100 秒、KB 320352）。",
            Some("fsr.maxSwitchoverSeconds = \"300\""),
            None,
        ),
    ]
}

fn resources(case: &Case, group: &Group<'_>) -> Vec<Step> {
    let told = |failure: &super::Failure<'_>| match failure.reason.side {
        Some(Side::Source) => failure.migration.source,
        _ => failure.migration.destination,
    };
    let hosts: BTreeSet<usize> = group.failures.iter().filter_map(told).collect();
    let mut steps = Vec::new();
    for &host in hosts.iter().take(SPELLED_OUT) {
        let id = &case.hosts[host].id;
        steps.push(step(
            format!(
                "Free memory and CPU on {id}: move VMs away, or lower reservations there; the memory state must be high (esxtop, key m)."
            ),
            format!(
                "{id} のメモリと CPU を解放します（仮想マシンの退避、予約の削減）。esxtop の m 画面でメモリ状態が high であること。"
            ),
            Some("memstats -r group-stats -g0 -l2 -s gid:name:min:consumed -u mb"),
            Some(host),
        ));
    }
    if steps.is_empty() {
        steps.push(step(
            "Free memory and CPU on the destination: move VMs away, or lower reservations there.",
            "移行先ホストのメモリと CPU を解放します（仮想マシンの退避、予約の削減）。",
            None,
            None,
        ));
    }
    steps.push(step(
        "Check the reservations of the VM and of its resource pool, and the space of the datastore that holds its swap file.",
        "仮想マシンとリソース プールの予約、およびスワップ ファイルを格納するデータストアの空き領域を確認します。",
        Some("df -h"),
        None,
    ));
    steps
}

fn vmx(case: &Case, group: &Group<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for failure in group.failures.iter().take(SPELLED_OUT) {
        let time = readable(failure.at());
        let log = log_of(case, failure.migration);
        let vm = failure.migration.vm.as_deref();
        let (vm_en, vm_ja) = (vm.unwrap_or("the VM"), vm.unwrap_or("仮想マシン"));
        let host = failure.migration.destination.or(failure.migration.source);
        // The log is stamped by the host's own clock.
        let clock = host.and_then(|host| case.hosts[host].clock.as_ref());
        let at = clock.map_or(failure.at(), |clock| clock.raw(failure.at())).to_string();
        let minute = at.get(..16).unwrap_or(&at);
        let path =
            log.unwrap_or_else(|| format!("/vmfs/volumes/<datastore>/{}/vmware.log", vm.unwrap_or("<VM>")));
        steps.push(step(
            format!("Read the vmware.log of {vm_en} at {time}, of the source and of the destination; the first message there counts."),
            format!("{vm_ja} の vmware.log で {time} 前後を、移行元・移行先の両方について確認します。最初に記録されたメッセージが原因です。"),
            Some(&format!("grep -nE '^{minute}.*([Mm]igrat|[Cc]heckpoint|msg\\.)' {}", shell_quoted(&path))),
            host,
        ));
    }
    steps.push(step(
        "Compare the VM's devices with what the destination offers (passthrough, USB, vGPU, connected media), and disconnect what is not needed.",
        "仮想マシンのデバイス（パススルー、USB、vGPU、接続中のメディア）が移行先で利用可能か確認し、不要なものは切断します。",
        None,
        None,
    ));
    steps
}

/// The path on the host of the `vmware.log` that tells of a migration.
fn log_of(case: &Case, migration: &Migration) -> Option<String> {
    let files = migration.moments.iter().filter_map(|&at| case.timeline.get(at));
    let mut paths = files.map(|moment| inside(moment.event.source.file.as_str()));
    let log = paths.find(|path| {
        path.contains("vmfs/volumes/") && path.rsplit('/').next().is_some_and(|f| f.starts_with("vmware"))
    });
    let by_setup = || {
        let name = migration.vm.as_ref()?;
        let hosts = [migration.source, migration.destination].into_iter().flatten();
        let mut vms = hosts.flat_map(|host| &case.hosts[host].setup.vms.vms);
        let vm = vms.find(|vm| vm.value.name.as_ref() == Some(name) && vm.value.path.is_some())?;
        let (folder, _) = vm.value.path.as_deref()?.rsplit_once('/')?;
        Some(format!("{folder}/vmware.log"))
    };
    log.map(|path| format!("/{}", path.trim_start_matches('/'))).or_else(by_setup)
}

fn unknown() -> Vec<Step> {
    vec![
        step(
            "Read the VMkernel logs of both hosts at that time by the migration id; collect the bundle of the other host where it is not here.",
            "両ホストの VMkernel ログを移行 ID で検索し、当該時刻の記録を確認します。片方のバンドルがない場合は取得してください。",
            Some("grep -n <migration id> /var/log/vmkernel.log /var/log/hostd.log"),
            None,
        ),
        step(
            "Read the vmware.log of the VM at that time on the source and on the destination.",
            "移行元・移行先で、当該時刻の仮想マシンの vmware.log を確認します。",
            None,
            None,
        ),
    ]
}

/// For whoever must move a VM before that.
fn way_out(case: &Case, group: &Group<'_>, signs: &Signs) -> Option<Step> {
    let avoid: Vec<&str> = match (signs.shared, signs.pair) {
        (Some(host), _) => vec![&case.hosts[host].id],
        (_, Some((a, b))) => vec![&case.hosts[a].id, &case.hosts[b].id],
        _ => Vec::new(),
    };
    let cold_en = "shut the VM down and migrate it powered off";
    let cold_ja = "仮想マシンをシャットダウンしてパワーオフ状態で移行してください";
    let (en, ja) = match (group.cause, avoid.as_slice()) {
        (Cause::Network, [host]) => (
            format!(
                "Optional, until then: migrations between hosts other than {host} may work; else {cold_en}."
            ),
            format!("任意・暫定対処：{host} 以外のホスト間の移行は可能な場合があります。または、{cold_ja}。"),
        ),
        (Cause::Network, [a, b]) => (
            format!(
                "Optional, until then: migrate to a third host instead of directly between {a} and {b}, or {cold_en}."
            ),
            format!("任意・暫定対処：{a} と {b} の間で直接移行せず、別のホストへ移行するか、{cold_ja}。"),
        ),
        (Cause::Resources, _) => (
            "Optional, until then: choose another destination host.".to_owned(),
            "任意・暫定対処：別の移行先ホストを選択してください。".to_owned(),
        ),
        (Cause::Unknown, _) => return None,
        _ => (
            format!("Optional, until then: choose another destination host, or {cold_en}."),
            format!("任意・暫定対処：別の移行先ホストを選択するか、{cold_ja}。"),
        ),
    };
    Some(step(en, ja, None, None))
}

fn check(group: &Group<'_>) -> Step {
    let names = vms(group);
    let (of_en, of_ja) = match names.as_slice() {
        [] => ("one of the VMs".to_owned(), "対象の仮想マシン".to_owned()),
        names => (list_en(names), format!("{} ", list_ja(names))),
    };
    let (ways_en, ways_ja) = match group.cause {
        Cause::Network => (" between the same hosts, in both directions", "同じホスト間で双方向に"),
        _ => ("", ""),
    };
    step(
        format!(
            "Check: migrate {of_en} again{ways_en}; the source's VMkernel log says that all modified pages were sent, and no line with \"Failed:\" follows."
        ),
        format!(
            "確認：{of_ja}を{ways_ja}再度移行し、移行元の VMkernel ログに「Sent all modified pages to destination」が記録され、その後に「Failed:」の行がないこと。"
        ),
        Some("grep -E 'Migrate:|VMotion' /var/log/vmkernel.log | tail -n 40"),
        None,
    )
}

pub(super) fn references(cause: Cause) -> Vec<(&'static str, Option<&'static str>)> {
    let waiting = ("VMware KB 1003734: vMotion fails with \"Failed waiting for data\"", None);
    let switchover = ("KB 320352: the migration has exceeded the maximum switchover time", None);
    let failed = ("KB 307365: vMotion fails with a VMkernel status", None);
    match cause {
        Cause::Network => vec![waiting],
        Cause::Timeout => vec![switchover, failed],
        Cause::Vmx => vec![("KB 59665: migration considered a failure by the VMX", None), failed],
        Cause::Resources | Cause::Unknown => vec![failed],
    }
}
