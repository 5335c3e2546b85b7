//! What to do about clocks that differ.

use std::collections::BTreeMap;

use super::{Skewed, text};
use crate::case::{Case, Host, Reference};
use crate::model::{HostKind, Text};
use crate::verdict::{Step, shell_word, step};

/// Hosts that get steps of their own; for the others the same holds.
const EACH: usize = 4;

pub(super) fn remedy(case: &Case, reference: Reference, skewed: &[Skewed<'_>]) -> Vec<Step> {
    let mut steps = vec![check_reference(case, reference)];
    let servers = servers(case, skewed);
    for one in skewed.iter().take(EACH) {
        steps.extend(of_host(&case.hosts[one.host], one.host, &servers));
    }
    steps.push(step(
        "A clock that is far off is set in one step, and logs show that as a jump. Do it in maintenance mode: vSphere HA, \
         vSAN, certificates and Kerberos logins depend on clocks that agree.",
        "大きくずれた時計は一度に補正され、ログの時刻が不連続になります。vSphere HA、vSAN、証明書、Kerberos 認証は時刻の一致を前提とするため、メンテナンス モードで実施してください。",
        None,
        None,
    ));
    steps.extend(skewed.iter().take(EACH).map(|one| reading(case, one)));
    let first = skewed.first().map(|one| one.host);
    steps.push(match first.filter(|&host| case.hosts[host].kind == HostKind::Esxi) {
        Some(host) => step(
            "Check: one server is marked with *, its reach is 377, and its offset stays below some milliseconds.",
            "確認：いずれかのサーバに「*」が付き、reach が 377、offset が数ミリ秒以内であること。",
            Some("ntpq -p"),
            Some(host),
        ),
        None => step(
            "Check: all hosts and vCenter Server show the same time.",
            "確認：すべてのホストと vCenter Server の時刻が一致していること。",
            None,
            None,
        ),
    });
    steps
}

/// The reference itself is only what others are compared with: it may be the wrong one.
fn check_reference(case: &Case, reference: Reference) -> Step {
    let vcenter = step(
        "First make sure that the time of vCenter Server is right: in its management interface (port 5480) under Time, and here.",
        "まず vCenter Server の時刻が正しいことを確認します。管理インターフェイス（ポート 5480）の「時間」と、次のコマンドで確認できます。",
        Some("date -u"),
        None,
    );
    match reference {
        Reference::MigrationIds => vcenter,
        Reference::Host(host) if case.hosts[host].kind == HostKind::Vcenter => {
            Step { host: Some(host), ..vcenter }
        }
        Reference::Host(host) => step(
            "First make sure that the clock which the others are compared with is right: most agree with it, which is no proof.",
            "まず、基準としたホストの時刻が正しいことを確認します。多数の時計と一致していますが、正しいとは限りません。",
            Some("esxcli system time get"),
            Some(host),
        ),
    }
}

/// The NTP servers that hosts whose clocks are right use, the most common set.
fn servers(case: &Case, skewed: &[Skewed<'_>]) -> Vec<String> {
    let is_right = |(index, _): &(usize, &Host)| skewed.iter().all(|one| one.host != *index);
    let right = case.hosts.iter().enumerate().filter(is_right);
    let mut sets: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
    for servers in right.filter_map(|(_, host)| host.setup.ntp.servers.as_ref()) {
        *sets.entry(&servers.value).or_default() += usize::from(!servers.value.is_empty());
    }
    let most = sets.into_iter().filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count);
    most.map(|(servers, _)| servers.clone()).unwrap_or_default()
}

fn of_host(host: &Host, index: usize, servers: &[String]) -> Vec<Step> {
    if host.kind == HostKind::Vcenter {
        return vec![step(
            "Set the NTP servers of this vCenter Server in its management interface (port 5480) under Time.",
            "この vCenter Server の管理インターフェイス（ポート 5480）の「時間」で NTP サーバを設定します。",
            None,
            Some(index),
        )];
    }
    let major = host.version.as_deref().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    let is_old = major.is_some_and(|major| major < 7);
    let look = if is_old { "cat /etc/ntp.conf" } else { "esxcli system ntp get" };
    let named = match servers {
        [] => " --server=<NTP server>".to_owned(),
        servers => servers.iter().map(|server| format!(" --server={}", shell_word(server))).collect(),
    };
    let set = match is_old {
        true => "/etc/init.d/ntpd restart".to_owned(),
        false => format!("esxcli system ntp set{named} --enabled=true"),
    };
    let (en, ja) = match is_old {
        true => (
            "Enter the NTP servers that the other hosts use (Configure > Time Configuration), then start the service anew.",
            "他のホストと同じ NTP サーバを設定し（[構成] > [時間の設定]）、サービスを再起動します。",
        ),
        false => (
            "Set the NTP servers that the other hosts use, and enable the service.",
            "他のホストと同じ NTP サーバを設定し、サービスを有効にします。",
        ),
    };
    vec![
        step(
            "Look at the host's time and at its NTP servers.",
            "ホストの時刻と NTP サーバの設定を確認します。",
            Some(&format!("esxcli system time get; {look}; ntpq -p")),
            Some(index),
        ),
        step(en, ja, Some(&set), Some(index)),
    ]
}

/// How its raw logs are to be read.
fn reading(case: &Case, one: &Skewed<'_>) -> Step {
    let (id, by) = (&case.hosts[one.host].id, text::seconds(one.now));
    let (word, to, ja) = match one.now < 0 {
        true => ("add", "to", format!("時刻に {by} 秒を加算")),
        false => ("subtract", "from", format!("時刻から {by} 秒を減算")),
    };
    let changes = !one.clock.steps.is_empty() || one.clock.gains_a_day().is_some();
    let (when, when_ja) = if changes {
        (" (as it was at the end of the logs)", "（ログの最終時点の値）")
    } else {
        ("", "")
    };
    Step::new(
        Text::new(
            format!("When you read the raw logs of {id}, {word} {by} s {to} its stamps{when}."),
            format!("{id} の生ログを読む際は、{ja}してください{when_ja}。"),
        ),
        None,
        one.host,
    )
}
