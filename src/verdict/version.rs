//! Was the upgrade order kept: is any host newer than the vCenter Server that manages it?

use serde_json::json;

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

fn finding(case: &Case, vcenter: usize, newer: Vec<usize>) -> Option<Finding> {
    let first = &case.hosts[*newer.first()?];
    let vc = &case.hosts[vcenter];
    let (host_release, vc_release) = (release(first), release(vc));
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
                "{} {} ESXi {host_release}, but vCenter Server {} is {vc_release}. vCenter Server must be at the same \
                 update as its hosts or newer; an older one may lose hosts and cannot keep their vSAN configuration in step.",
                list_en(&names),
                if names.len() == 1 { "runs" } else { "run" },
                vc.id
            ),
            format!(
                "{} は ESXi {host_release} ですが、vCenter Server {} は {vc_release} です。vCenter Server は管理対象ホストと同じか、\
                 より新しいアップデートである必要があります。古い場合、ホストとの接続が失われたり、vSAN 構成を同期できなくなることがあります。",
                list_ja(&names),
                vc.id
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
            "hosts": names, "host_version": host_release,
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
                    "vCenter Server を {wanted} 以降にアップグレードします。正しい順序は vCenter Server、ESXi ホスト、vSAN オンディスク フォーマットの順です。"
                ),
            ),
            None,
            vcenter,
        ),
        Step::new(
            Text::new(
                "Check: the version that vCenter Server reports is not older than that of any host.",
                "確認: vCenter Server のバージョンがどのホストよりも古くないこと。",
            ),
            "vpxd -v".to_owned(),
            vcenter,
        ),
    ]
}
