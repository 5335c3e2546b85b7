//! What to do about a host that vCenter lost, in order, with commands and the check.

use crate::case::{Case, Episode};
use crate::model::Text;
use crate::verdict::{Step, step, version};

pub(super) fn steps(case: &Case, episode: &Episode<'_>, cause: &str) -> Vec<Step> {
    let (host, vcenter) = (episode.host, episode.vcenter);
    let mut steps = match cause {
        "agent-hang" => agents(host),
        "management-network" => network(host),
        "certificate" => certificate(episode),
        "version-skew" => skew(case, episode),
        "host-crash" => vec![step(
            "Find out why the host stopped: the finding host.crashed has the steps.",
            "ホストが停止した原因を調査します（host.crashed の手順を参照）。",
            Some("esxcli system coredump file list"),
            host,
        )],
        _ => unknown(host),
    };
    steps.push(Step::new(
        Text::new(
            format!("Check: {} is connected in vCenter Server, and stays so for more than a minute without missed heartbeats.", episode.name),
            format!("確認：vCenter Server で {} が接続済みとなり、1 分以上ハートビートの欠落がないこと。", episode.name),
        ),
        None,
        vcenter,
    ));
    steps
}

/// hostd or vpxa hang: find out what they wait for before they are restarted.
fn agents(host: Option<usize>) -> Vec<Step> {
    vec![
        step(
            "See whether hostd answers.",
            "hostd の状態を確認します。",
            Some("/etc/init.d/hostd status"),
            host,
        ),
        step(
            "Collect a support bundle before the restart: what hostd waits for is lost with it.",
            "再起動の前にサポート バンドルを採取します。再起動するとハングの情報が失われます。",
            Some("vm-support"),
            host,
        ),
        step(
            "Look for storage that does not answer: agents often wait for it.",
            "応答しないストレージがないか確認します（エージェントのハングの主な原因です）。",
            Some("esxcli storage core device list"),
            host,
        ),
        step(
            "Restart hostd. VMs go on running; tasks on this host are broken off.",
            "hostd を再起動します。仮想マシンは稼働を続けますが、このホストで実行中のタスクは中断されます。",
            Some("/etc/init.d/hostd restart"),
            host,
        ),
        step("Restart vpxa.", "vpxa を再起動します。", Some("/etc/init.d/vpxa restart"), host),
    ]
}

fn network(host: Option<usize>) -> Vec<Step> {
    vec![
        step(
            "See whether the uplinks of the management network are up.",
            "管理ネットワークのアップリンクの状態を確認します。",
            Some("esxcli network nic list"),
            host,
        ),
        step(
            "Check address, mask and gateway of the management adapter, and ping vCenter Server from it.",
            "管理用 VMkernel アダプタの IP アドレス、マスク、ゲートウェイを確認し、vCenter Server への疎通を確認します。",
            Some("esxcli network ip interface ipv4 get"),
            host,
        ),
        heartbeats(host),
        step(
            "Check firewalls and switches between them: UDP 902 from the host to vCenter Server, TCP 443 and 902 to the host.",
            "経路上のファイアウォールとスイッチを確認します（ホストから vCenter Server へ UDP 902、ホストへ TCP 443 および 902）。",
            None,
            None,
        ),
    ]
}

/// A host sends a heartbeat every ten seconds, and vCenter waits for a minute (KB 435077).
fn heartbeats(host: Option<usize>) -> Step {
    step(
        "See whether heartbeats leave the host: one every ten seconds on UDP 902. Capture at vCenter Server too.",
        "ハートビートがホストから送信されているか確認します（UDP 902、10 秒間隔）。vCenter Server 側でも採取します。",
        Some("tcpdump-uw -i vmk0 -n udp port 902"),
        host,
    )
}

fn certificate(episode: &Episode<'_>) -> Vec<Step> {
    let (host, name) = (episode.host, episode.name);
    vec![
        step(
            "Read thumbprint and end of the host's certificate, and check the clocks of the host and of vCenter Server.",
            "ホスト証明書のサムプリントと有効期限を確認し、ホストと vCenter Server の時刻も確認します。",
            Some("openssl x509 -in /etc/vmware/ssl/rui.crt -noout -fingerprint -sha1 -dates"),
            host,
        ),
        Step::new(
            Text::new(
                format!(
                    "Only if the thumbprint is the host's own: reconnect {name} in vCenter Server and accept it. An unknown one may be another machine at this address."
                ),
                format!(
                    "サムプリントがホスト自身のものである場合に限り、vCenter Server で {name} を再接続して受け入れます。一致しない場合は、同じアドレスの別の機器である可能性があります。"
                ),
            ),
            None,
            episode.vcenter,
        ),
        Step::new(
            Text::new(
                format!(
                    "Where it has expired: renew the certificate of {name} in vCenter Server (host, Configure, Certificate, Renew)."
                ),
                format!(
                    "期限切れの場合：vCenter Server で {name} の証明書を更新します（ホスト > 設定 > 証明書 > 更新）。"
                ),
            ),
            None,
            episode.vcenter,
        ),
    ]
}

fn skew(case: &Case, episode: &Episode<'_>) -> Vec<Step> {
    let newer = version::newer_hosts(case, episode.vcenter);
    let host = episode.host.filter(|host| newer.contains(host));
    // The version finding tells the check; here the order matters.
    let mut steps: Vec<Step> = host
        .map(|host| version::remedy(&case.hosts[host], episode.vcenter).into_iter().take(2).collect())
        .unwrap_or_default();
    if steps.is_empty() {
        steps.push(step(
            "Compare the versions: vCenter Server must not be older than the host.",
            "バージョンを比較します。vCenter Server はホストより古くないことが必要です。",
            Some("vmware -vl"),
            episode.host,
        ));
    }
    steps.push(Step::new(
        Text::new(
            format!("Then reconnect {} in vCenter Server, which updates its agent.", episode.name),
            format!(
                "その後、vCenter Server で {} を再接続します（エージェントが更新されます）。",
                episode.name
            ),
        ),
        None,
        episode.vcenter,
    ));
    let has_vsan = episode.host.is_some_and(|host| case.hosts[host].vsan.is_some());
    steps.extend(has_vsan.then(|| {
        step(
            "Check the unicast agent list: one line for every other host, never the host itself.",
            "ユニキャスト エージェント リストを確認します。自分自身を除く全ホストが 1 行ずつ表示されること。",
            Some("esxcli vsan cluster unicastagent list"),
            episode.host,
        )
    }));
    steps
}

fn unknown(host: Option<usize>) -> Vec<Step> {
    vec![
        step(
            "See whether the agents answer.",
            "管理エージェントの状態を確認します。",
            Some("/etc/init.d/hostd status; /etc/init.d/vpxa status"),
            host,
        ),
        heartbeats(host),
    ]
}

pub(super) fn references(cause: &str) -> Vec<(&'static str, Option<&'static str>)> {
    let heartbeats = (
        "KB 435077: Hosts do not respond for missed heartbeats (UDP 902)",
        Some("https://knowledge.broadcom.com/external/article/435077"),
    );
    let own = match cause {
        "agent-hang" => (
            "KB 442474: hostd is not responsive",
            Some("https://knowledge.broadcom.com/external/article/442474"),
        ),
        "version-skew" => (
            "KB 326927: vSAN upgrade order and build recommendations",
            Some("https://knowledge.broadcom.com/external/article/326927"),
        ),
        "certificate" | "host-crash" => return Vec::new(),
        _ => (
            "KB 438899: Connection not alive due to missing heartbeats",
            Some("https://knowledge.broadcom.com/external/article/438899"),
        ),
    };
    vec![own, heartbeats]
}
