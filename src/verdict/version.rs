//! Was the upgrade order kept: is any host newer than the vCenter Server that manages it?

use serde_json::{Map, Value, json};

use super::{Evidence, Finding, Step, Verdict, ids, list_en, list_ja};
use crate::case::{Case, Host};
use crate::model::{Confidence, HostKind, Severity, Text};

pub(super) static VERDICT: Verdict = Verdict {
    name: "version",
    about: "Is any ESXi host newer than the vCenter Server that manages it?",
    findings: &["version.hosts-newer-than-vcenter"],
    reach,
};

/// Hosts that are newer than their vCenter Server by train and update; patch letters of the two do not compare.
pub(super) fn newer_hosts(case: &Case, vcenter: usize) -> Vec<usize> {
    let Some(own) = case.hosts[vcenter].placed.as_ref() else { return Vec::new() };
    let newer = |index: &usize| {
        let host = &case.hosts[*index];
        let manages = case.vcenter_of(*index).is_some_and(|(manager, _)| manager == vcenter);
        let placed = host.placed.as_ref().filter(|_| host.kind == HostKind::Esxi && manages);
        placed.is_some_and(|placed| placed.rank() > own.rank())
    };
    (0..case.hosts.len()).filter(newer).collect()
}

fn reach(case: &Case, _found: &[Finding]) -> Vec<Finding> {
    let vcenters = (0..case.hosts.len()).filter(|&index| case.hosts[index].kind == HostKind::Vcenter);
    vcenters.filter_map(|vcenter| finding(case, vcenter, newer_hosts(case, vcenter))).collect()
}

/// `6.7 U3 (build 14320388)`
pub(super) fn release(host: &Host) -> String {
    let name = host.placed.as_ref().map(|placed| placed.name.clone());
    let name = name.or_else(|| host.version.clone()).unwrap_or_else(|| "?".to_owned());
    match &host.build {
        Some(build) => format!("{name} (build {build})"),
        None => name,
    }
}

/// A release, or a list of some, as a Japanese sentence writes it: `6.7 U3（ビルド 14320388）`.
pub(super) fn in_ja(release: &str) -> String {
    let build = release.split_once(" (build ").and_then(|(name, rest)| Some((name, rest.split_once(')')?)));
    match build {
        Some((name, (build, behind))) => format!("{name}（ビルド {build}）{}", in_ja(behind)),
        None => release.to_owned(),
    }
}

/// The same with what goes on in Japanese behind it: a blank where it does not end in a bracket.
pub(super) fn behind_ja(release: &str) -> String {
    let told = in_ja(release);
    if told.ends_with('）') { told } else { told + " " }
}

/// The ESXi hosts that vCenter Server `vcenter` manages.
fn managed(case: &Case, vcenter: usize) -> Vec<usize> {
    let manages = |index: &usize| case.vcenter_of(*index).is_some_and(|(manager, _)| manager == vcenter);
    let is_host = |index: &usize| case.hosts[*index].kind == HostKind::Esxi;
    (0..case.hosts.len()).filter(is_host).filter(manages).collect()
}

/// A release, and the hosts that run it.
type ByRelease = (String, Vec<String>);

/// Each release among `hosts` with the hosts that run it, in the order of the hosts.
fn by_release(case: &Case, hosts: &[usize]) -> Vec<ByRelease> {
    let mut releases: Vec<ByRelease> = Vec::new();
    for host in hosts.iter().map(|&index| &case.hosts[index]) {
        let own = release(host);
        match releases.iter_mut().find(|(known, _)| *known == own) {
            Some((_, names)) => names.push(host.id.clone()),
            None => releases.push((own, vec![host.id.clone()])),
        }
    }
    releases
}

/// `esx01 and esx02 run ESXi 7.0 U3c (build 19193900); esx03 runs ESXi 7.0 U3 (build 18644231)`
fn who_runs_en(releases: &[ByRelease]) -> String {
    let one = |(release, names): &ByRelease| {
        let verb = if names.len() == 1 { "runs" } else { "run" };
        format!("{} {verb} ESXi {release}", list_en(names))
    };
    releases.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn who_runs_ja(releases: &[ByRelease]) -> String {
    let one = |(release, names): &ByRelease| format!("{} は ESXi {}", list_ja(names), in_ja(release));
    releases.iter().map(one).collect::<Vec<_>>().join("、")
}

/// What is said where the hosts of a cluster run different builds, of each such cluster.
fn mixed(case: &Case, managed: &[usize]) -> (String, String) {
    // A vCenter Server may well manage clusters of different releases.
    let of_cluster = |hosts: &Vec<usize>| {
        let known = hosts.iter().copied();
        let known = known.filter(|index| managed.contains(index) && case.hosts[*index].build.is_some());
        by_release(case, &known.collect::<Vec<usize>>())
    };
    let mixed: Vec<_> = case.clusters.iter().map(|cluster| of_cluster(&cluster.hosts)).collect();
    let mixed: Vec<_> = mixed.iter().filter(|releases| releases.len() > 1).collect();
    if mixed.is_empty() {
        return Default::default();
    }
    let all = |who: fn(&[ByRelease]) -> String, between: &str| {
        mixed.iter().map(|releases| who(releases)).collect::<Vec<_>>().join(between)
    };
    (
        format!(
            " The builds of a cluster's hosts differ: a rolling upgrade was stopped midway, or is going on ({}).",
            all(who_runs_en, " / ")
        ),
        format!(
            "管理対象ホストのビルドが混在しており、ローリング アップグレードが途中で停止しているか、進行中です（{}）。",
            all(who_runs_ja, " / ")
        ),
    )
}

fn finding(case: &Case, vcenter: usize, newer: Vec<usize>) -> Option<Finding> {
    // The newest of them says what vCenter Server must become.
    let newest = newer.iter().map(|&index| &case.hosts[index]);
    let first = newest.rev().max_by_key(|host| host.placed.as_ref().map(|placed| placed.rank()))?;
    let vc = &case.hosts[vcenter];
    let (host_release, vc_release) = (release(first), release(vc));
    let managed = managed(case, vcenter);
    let (mixed_en, mixed_ja) = mixed(case, &managed);
    let of_newer = by_release(case, &newer);
    let builds: Map<String, Value> = managed
        .iter()
        .filter_map(|&index| Some((case.hosts[index].id.clone(), json!(case.hosts[index].build.as_ref()?))))
        .collect();
    let names = ids(case, &newer);
    let exact = newer
        .iter()
        .chain([&vcenter])
        .all(|&index| case.hosts[index].placed.as_ref().is_some_and(|p| p.exact));
    let mut evidence = Vec::new();
    for &index in [vcenter].iter().chain(&newer) {
        evidence.extend(case.hosts[index].product.as_ref().map(|product| Evidence::of(index, product)));
    }
    Some(Finding {
        id: "version.hosts-newer-than-vcenter",
        severity: Severity::Error,
        confidence: if exact { Confidence::Certain } else { Confidence::Likely },
        title: Text::new(
            match names.len() {
                1 => format!("ESXi host {} is newer than vCenter Server {}", names[0], vc.id),
                count => format!("{count} ESXi hosts are newer than vCenter Server {}", vc.id),
            },
            format!("ESXi ホスト {} 台が vCenter Server {} より新しいバージョンです", names.len(), vc.id),
        ),
        summary: Text::new(
            format!(
                "{}, but vCenter Server {} is {vc_release}. vCenter Server must be at the same update as its hosts or \
                 newer; an older one may lose hosts and cannot keep their vSAN configuration in step.{mixed_en}",
                who_runs_en(&of_newer),
                vc.id
            ),
            format!(
                "{}ですが、vCenter Server {} は {}です。vCenter Server は管理対象ホストと同じか、\
                 より新しいアップデートである必要があります。古い場合、ホストとの接続が失われたり、vSAN 構成を同期できなくなることがあります。{mixed_ja}",
                behind_ja(&who_runs_ja(&of_newer)),
                vc.id,
                behind_ja(&vc_release)
            ),
        ),
        cause: (
            "upgrade-order",
            Text::new(
                "The ESXi hosts were upgraded before vCenter Server.",
                "vCenter Server より先に ESXi ホストがアップグレードされました。",
            ),
        ),
        hosts: newer,
        vms: Vec::new(),
        first_seen: None,
        last_seen: None,
        count: 0,
        remedy: remedy(first, vcenter),
        brief: crate::verdict::Brief::default(),
        references: vec![
            (
                "KB 326927: vSAN upgrade order and build recommendations",
                Some("https://knowledge.broadcom.com/external/article/326927"),
            ),
            (
                "KB 326316: vCenter Server build numbers and versions",
                Some("https://knowledge.broadcom.com/external/article/326316"),
            ),
        ],
        evidence,
        details: json!({
            "vcenter": vc.id, "vcenter_version": vc_release,
            "hosts": names, "host_version": host_release, "builds": builds,
        }),
    })
}

pub(super) fn remedy(host: &Host, vcenter: usize) -> Vec<Step> {
    let wanted = host.placed.as_ref().map_or_else(|| release(host), |placed| placed.name.clone());
    vec![
        Step::new(
            Text::new(
                "Take a file-based backup of vCenter Server, and do not upgrade any further host.",
                "vCenter Server のファイルベース バックアップを取得し、これ以上ホストをアップグレードしないでください。",
            ),
            None,
            vcenter,
        ),
        Step::new(
            Text::new(
                format!(
                    "Upgrade vCenter Server to {wanted} or newer. The documented order is vCenter Server, then ESXi hosts, then the vSAN on-disk format."
                ),
                format!(
                    "vCenter Server を {}以降にアップグレードします。正しい順序は vCenter Server、ESXi ホスト、vSAN オンディスク フォーマットの順です。",
                    behind_ja(&wanted)
                ),
            ),
            None,
            vcenter,
        ),
        Step::new(
            Text::new(
                "Only then bring all ESXi hosts of a cluster to one build, one after another in maintenance mode.",
                "その後、クラスタの全 ESXi ホストを 1 台ずつメンテナンス モードにし、同一のビルドに統一します。",
            ),
            None,
            None,
        ),
        Step::new(
            Text::new(
                "Upgrade the vSAN on-disk format last, when vCenter Server and all hosts are: there is no way back.",
                "vSAN オンディスク フォーマットのアップグレードは最後に実施します（元に戻すことはできません）。",
            ),
            None,
            None,
        ),
        Step::new(
            Text::new(
                "Check: the version that vCenter Server reports is not older than that of any host.",
                "確認：vCenter Server のバージョンがどのホストよりも古くないこと。",
            ),
            "vpxd -v".to_owned(),
            vcenter,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Cluster, ClusterBasis};

    #[test]
    fn builds_are_mixed_within_a_cluster_only_and_each_such_cluster_is_told() {
        let host = |id: &str, build: &str| {
            let mut host = Host::default();
            (host.id, host.build) = (id.to_owned(), Some(build.to_owned()));
            host
        };
        let told = |builds: [&str; 4]| {
            let names = ["a1", "a2", "b1", "b2"];
            let hosts: Vec<Host> = names.iter().zip(builds).map(|(id, build)| host(id, build)).collect();
            let cluster = |hosts| Cluster { id: String::new(), name: None, basis: ClusterBasis::Vsan, hosts };
            let clusters = vec![cluster(vec![0, 1]), cluster(vec![2, 3])];
            mixed(&Case { hosts, clusters, ..Case::default() }, &[0, 1, 2, 3]).0
        };
        assert_eq!(told(["1", "1", "2", "2"]), "");
        let one = told(["1", "1", "2", "3"]);
        assert!(one.contains("b1") && !one.contains("a1"), "{one}");
        let both = told(["1", "4", "2", "3"]);
        assert!(both.contains("a1") && both.contains("b2"), "{both}");
    }
}
