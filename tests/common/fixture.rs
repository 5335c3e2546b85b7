//! A handmade report: an EVC incident and a vSAN incident on four hosts and a vCenter Server,
//! with hostile text wherever a bundle could put it.

#![allow(dead_code)]

use std::collections::BTreeMap;

use esxray::model::{
    Confidence, EventKind, HostKind, Lang, ProblemKind, Severity, Text, TimeQuality, Timestamp,
};
use esxray::report::model::*;
use serde_json::{Value, json};

#[path = "witnesses.rs"]
pub mod witnesses;

/// What a bundle's author could write to harm the reader.
pub const HOSTILE: &str = "evil\u{202e}gpj.exe </script><img src=x onerror=alert(1)> \u{1b}[31mred\u{1b}[0m `a|b` \
[x](http://evil.example/) =cmd|' /C calc'!A0";
/// The VM whose name is hostile.
pub const HOSTILE_VM: &str = "vm\"><script>alert(1)</script>";

const HASH: &str = "5f2b9c6e3d1a48079be0c4f7a6d5e8123456789abcdef0123456789abcdef012";
const HOSTS: [&str; 4] = ["esx01", "esx02", "esx03", "esx04"];
const KEYS: [(&str, &str); 4] = [
    ("cpuid.mdclear", "MD_CLEAR: clears buffers against MDS"),
    ("cpuid.ibrs", "Indirect branch restricted speculation"),
    ("cpuid.stibp", "Single thread indirect branch predictors"),
    ("cpuid.avx2", "Advanced Vector Extensions 2"),
];

/// The report in `lang`, with about `events` timeline entries.
pub fn report(lang: Lang, events: usize) -> Report {
    let timeline = timeline(events);
    Report {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            name: "esxray".into(),
            version: "0.1.0".into(),
            rules: RuleSetInfo { count: 61, sha256: HASH.into() },
        },
        case: CaseInfo {
            title: say(
                lang,
                "Cluster PROD-A: vMotion refused, one vSAN host lost",
                "クラスタ PROD-A：vMotion の拒否および vSAN ホストの離脱",
            ),
            from: Some(at("2026-11-20T00:00:03Z")),
            to: Some(at("2026-11-23T04:55:41Z")),
            lang,
            redacted: false,
            clusters: vec![ClusterInfo {
                id: "52e1f1a0-7f3c".into(),
                name: Some("PROD-A".into()),
                kind: ClusterKind::Vsan,
                hosts: HOSTS.map(String::from).to_vec(),
            }],
            time_zone: "UTC".to_owned(),
            verdict: Vec::new(),
        },
        hosts: HOSTS.iter().enumerate().map(|(n, id)| esxi(n, id)).chain([vcenter()]).collect(),
        findings: vec![host_lost(lang), mismatch(lang), incomplete(lang)],
        features: features(),
        membership: vec![membership(lang)],
        timeline,
        spans: vec![],
        migrations: vec![],
        evacuations: vec![],
        coverage: coverage(),
        missing_hosts: vec![MissingHost {
            name_or_uuid: "5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e22".into(),
            seen_by: vec!["esx01".into(), "esx02".into()],
            why: say(
                lang,
                "It is a member in both unicast agent lists.",
                "2 台のユニキャスト エージェント リストに記載されています。",
            ),
        }],
        problems: vec![ReportProblem {
            kind: ProblemKind::Truncated,
            path: HOSTILE.into(),
            text: say(
                lang,
                "The gzip stream ends early; 41 of an unknown number of lines were read.",
                "gzip ストリームが途中で終わっています。41 行を読み取りました。",
            ),
            hosts: vec!["esx02".into()],
        }],
        differences: vec![],
    }
}

/// The same hosts with nothing wrong.
pub fn healthy(lang: Lang) -> Report {
    let mut report = report(lang, 40);
    report.findings.clear();
    report.missing_hosts.clear();
    report.problems.clear();
    report.timeline.retain(|entry| entry.severity == Severity::Info);
    report
}

/// A report of nothing at all.
pub fn empty() -> Report {
    let mut report = healthy(Lang::En);
    report.case = CaseInfo { from: None, to: None, clusters: Vec::new(), ..report.case };
    report.hosts.clear();
    report.features = Features::default();
    report.membership.clear();
    report.timeline.clear();
    report.coverage.clear();
    report
}

/// esx03 lost everyone; the witness appliance and the file have names that a bundle's author could choose.
fn membership(lang: Lang) -> MembershipInfo {
    let hosts = HOSTS.map(String::from);
    let case = witnesses::Case {
        hosts: &hosts,
        lost: Some(2),
        witness: Some(HOSTILE),
        vcenter: Some("vcsa"),
        file: HOSTILE,
        lang,
    };
    witnesses::matrix(&case, "52e1f1a0-7f3c")
}

fn say(lang: Lang, en: &str, ja: &str) -> String {
    Text::new(en, ja).get(lang).to_owned()
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn esxi(n: usize, id: &str) -> HostInfo {
    let some = |text: &str| Some(text.to_owned());
    let is_old = id == "esx04";
    let is_lost = id == "esx03";
    HostInfo {
        id: id.into(),
        name: format!("{id}.prod.example.com"),
        kind: HostKind::Esxi,
        bundle: format!("vc-export.zip!esx-{id}.prod.example.com-2026-11-23--04.55-2104512.tgz"),
        bundle_sha256: Some(HASH.into()),
        captured_at: Some(at("2026-11-23T04:55:41Z")),
        booted_at: Some(at(if is_old { "2026-07-02T21:14:09Z" } else { "2026-11-21T13:02:44Z" })),
        version: some("6.7.0"),
        build: some(if is_old { "13006603" } else { "14320388" }),
        update: some(if is_old { "6.7 U2" } else { "6.7 U3" }),
        vendor: some("Dell Inc."),
        model: some("PowerEdge R640"),
        bios: some(if is_old { "1.6.12" } else { "2.2.11" }),
        cpu: CpuInfo {
            vendor: some("GenuineIntel"),
            family: Some(6),
            model: Some(85),
            stepping: Some(4),
            name: some("Intel(R) Xeon(R) Gold 6126 CPU @ 2.60GHz"),
            microcode: some(if is_old { "0x200004d" } else { "0x2000064" }),
        },
        vsan: Some(VsanInfo {
            node_uuid: Some(format!("5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e1{n}")),
            cluster_uuid: some("52e1f1a0-7f3c-11b2-8b0e-6c2b5977a001"),
            state: some(["MASTER", "BACKUP", "MASTER", "AGENT"][n]),
            members: vec![format!("5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e1{n}")],
            member_count: Some(if is_lost { 1 } else { 3 }),
            unicast_peers: Some(if is_lost { 0 } else { 3 }),
            config_generation: some("7a1f 12 2026-11-23T01:58:12.0"),
            membership_at: Some(at("2026-11-23T02:10:06Z")),
        }),
        clock: ClockInfo {
            offset_ms: Some([0, -142, 38, 1250][n]),
            uncertainty_ms: Some(12),
            basis: if n == 0 { "reference" } else { "6 shared events" }.into(),
            reference: n == 0,
            ..ClockInfo::default()
        },
        members: MemberCount { read: 60, skipped: 9 },
        captures: captures(n, id),
        changes: if n == 0 { changes() } else { vec![] },
        absent_logs: vec![],
        setup: (n < 2).then(|| setup(n)),
    }
}

/// A configuration; that of the first host has texts that a bundle's author could choose.
fn setup(n: usize) -> SetupInfo {
    let text = |calm: &str| if n == 0 { HOSTILE.to_owned() } else { calm.to_owned() };
    let option = |at: usize| OptionInfo { path: format!("/Net/Option{at:02}"), value: text("1") };
    let adapter = VmkernelInfo {
        name: "vmk0".into(),
        enabled: Some(true),
        addresses: Some(vec![AddressInfo { ip: "10.0.0.1".into(), prefix: Some(24) }]),
        mtu: Some(9000),
        mac: None,
        port_group: Some(text("Management Network")),
        switch: Some("vSwitch0".into()),
        netstack: None,
        tags: Some(vec![]),
    };
    SetupInfo {
        profile: Some(ProfileInfo {
            name: Some(text("ESXi-6.7U3-14320388-standard")),
            ..ProfileInfo::default()
        }),
        network: NetworkInfo { vmkernel: Some(vec![adapter]), ..NetworkInfo::default() },
        ntp: NtpInfo { enabled: Some(false), servers: Some(vec![]), peers: None },
        options: Some((0..20).map(option).collect()),
        vms: Some(vec![VmInfo { name: Some(text("web")), running: Some(true), ..VmInfo::default() }]),
        ..SetupInfo::default()
    }
}

/// One bundle a host; the first has an older one too.
fn captures(n: usize, id: &str) -> Vec<CaptureInfo> {
    let newest = CaptureInfo {
        bundle: format!("vc-export.zip!esx-{id}.prod.example.com-2026-11-23--04.55-2104512.tgz"),
        bundle_sha256: Some(HASH.into()),
        captured_at: Some(at("2026-11-23T04:55:41Z")),
        version: Some("6.7.0".into()),
        update: Some("6.7 U3".into()),
        ..CaptureInfo::default()
    };
    let older = CaptureInfo {
        bundle: HOSTILE.into(),
        captured_at: Some(at("2026-11-02T04:55:41Z")),
        update: Some("6.7 U2".into()),
        ..newest.clone()
    };
    if n == 0 { vec![newest, older] } else { vec![newest] }
}

fn changes() -> Vec<ChangeInfo> {
    let since = Some(at("2026-11-02T04:55:41Z"));
    let change = |what: &str, key: Option<&str>, older: Option<&str>| ChangeInfo {
        what: what.into(),
        key: key.map(str::to_owned),
        older: older.map(str::to_owned),
        newer: Some("14320388".into()),
        since,
    };
    vec![change("build", None, Some("13006603")), change("evc-mask", Some(HOSTILE), None)]
}

fn vcenter() -> HostInfo {
    HostInfo {
        id: "vcsa".into(),
        name: "vcsa.prod.example.com".into(),
        kind: HostKind::Vcenter,
        bundle: "vc-vcsa-2026-11-23--04.58.tgz".into(),
        bundle_sha256: Some(HASH.into()),
        captured_at: Some(at("2026-11-23T04:58:00Z")),
        booted_at: None,
        version: Some("6.7.0".into()),
        build: Some("13010631".into()),
        update: Some("6.7 U2a".into()),
        vendor: None,
        model: None,
        bios: None,
        cpu: CpuInfo::default(),
        vsan: None,
        clock: ClockInfo { basis: "no shared events".into(), ..ClockInfo::default() },
        members: MemberCount { read: 12, skipped: 3 },
        captures: vec![CaptureInfo {
            bundle: "vc-vcsa-2026-11-23--04.58.tgz".into(),
            bundle_sha256: Some(HASH.into()),
            captured_at: Some(at("2026-11-23T04:58:00Z")),
            ..CaptureInfo::default()
        }],
        changes: vec![],
        absent_logs: vec![],
        setup: None,
    }
}

fn step(text: String, command: Option<&str>, host: Option<&str>) -> Step {
    Step { text, command: command.map(str::to_owned), host: host.map(str::to_owned) }
}

fn line(host: &str, file: &str, number: u64, time: &str, text: &str) -> Evidence {
    Evidence {
        host: host.into(),
        file: file.into(),
        line: number,
        offset: number * 131,
        time: Some(at(time)),
        text: text.into(),
    }
}

fn host_lost(lang: Lang) -> Finding {
    Finding {
        id: "vsan.host-lost".into(),
        severity: Severity::Critical,
        confidence: Confidence::Certain,
        title: say(
            lang,
            "esx03 is out of the vSAN cluster since 02:10 UTC",
            "esx03 が 02:10 UTC 以降 vSAN クラスタから離脱しています",
        ),
        summary: say(
            lang,
            "At 02:10:05 UTC the three other hosts lost esx03. Since then esx03 runs as a cluster of its own: its data is stale, and two virtual machines have lost redundancy. The network between the hosts works; what is missing is the list of peers on esx03.",
            "02:10:05 UTC に、他の 3 台のホストが esx03 との接続を失いました。以降、esx03 は単独のクラスタとして動作しており、データは更新されず、2 台の仮想マシンで冗長性が失われています。ホスト間のネットワークは正常で、esx03 のピア リストが空になっていることが原因です。",
        ),
        cause: Cause {
            id: "member-list-not-pushed".into(),
            text: say(
                lang,
                "esx03 was upgraded to 6.7 U3 while vCenter is still 6.7 U2a, so vCenter did not push the unicast agent list to it: 0 of 3 peers are configured.",
                "vCenter が 6.7 U2a のまま esx03 が 6.7 U3 にアップグレードされたため、vCenter からユニキャスト エージェント リストが配布されず、3 台中 0 台のピアしか設定されていません。",
            ),
        },
        hosts: vec!["esx03".into()],
        vms: vec!["db-primary".into(), HOSTILE_VM.into()],
        first_seen: Some(at("2026-11-23T02:10:05.120Z")),
        last_seen: Some(at("2026-11-23T02:41:30Z")),
        count: 214,
        remedy: lost_steps(lang),
        references: vec![
            Reference {
                title: "Configuring vSAN unicast networking from the command line".into(),
                url: Some("https://knowledge.broadcom.com/external/article/326427".into()),
            },
            Reference { title: HOSTILE.into(), url: None },
        ],
        evidence: vec![
            line(
                "esx01",
                "vc-export.zip!esx-esx01.tgz!var/run/log/vmkernel.1.gz",
                40211,
                "2026-11-23T02:10:05.120Z",
                "2026-11-23T02:10:05.120Z cpu12:2099401)CMMDS: LeaderRemoveNodeFromMembership:7995: 5d3a77b2: Removing node 5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e12 (vsanNodeType: data) from the cluster membership",
            ),
            line(
                "esx02",
                "vc-export.zip!esx-esx02.tgz!var/run/log/clomd.log",
                877,
                "2026-11-23T02:10:06.004Z",
                HOSTILE,
            ),
        ],
        details: lost_details(),
        chain: vec![],
    }
}

fn lost_steps(lang: Lang) -> Vec<Step> {
    vec![
        step(
            say(
                lang,
                "Put esx03 into maintenance mode without moving data; do not restart it.",
                "esx03 をデータ移行なしでメンテナンス モードにします。再起動は行わないでください。",
            ),
            Some("esxcli system maintenanceMode set -e true -m noAction"),
            Some("esx03"),
        ),
        step(
            say(
                lang,
                "Stop vCenter from overwriting the list, on every host.",
                "すべてのホストで、vCenter によるリストの上書きを止めます。",
            ),
            Some("esxcfg-advcfg -s 1 /VSAN/IgnoreClusterMemberListUpdates"),
            None,
        ),
        step(
            say(lang, "Add the three peers by hand.", "3 台のピアを手動で追加します。"),
            Some(
                "esxcli vsan cluster unicastagent add -t node -u 5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e10 -U true -a 192.0.2.11 -p 12321\nesxcli vsan cluster unicastagent add -t node -u 5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e11 -U true -a 192.0.2.12 -p 12321",
            ),
            Some("esx03"),
        ),
        step(
            say(
                lang,
                "Upgrade vCenter to 6.7 U3 or later before the next host.",
                "次のホストをアップグレードする前に、vCenter を 6.7 U3 以降にアップグレードします。",
            ),
            None,
            Some("vcsa"),
        ),
        step(
            say(
                lang,
                "Check that every host sees four members.",
                "すべてのホストでメンバーが 4 台になっていることを確認します。",
            ),
            Some("esxcli vsan cluster get | grep -E 'Member Count|State'"),
            Some("esx03"),
        ),
    ]
}

fn lost_details() -> Value {
    json!({
        "host": "esx03", "lost_at": "2026-11-23T02:10:05.120Z", "lost_at_uncertainty_ms": 150,
        "observers": [
            {"host": "esx01", "at": "2026-11-23T02:10:05.120Z"},
            {"host": "esx02", "at": "2026-11-23T02:10:05.262Z"},
            {"host": "esx04", "at": "2026-11-23T02:10:06.004Z"}
        ],
        "vcenter_version": "6.7 U2a (13010631)", "host_version": "6.7 U3 (14320388)",
        "unicast_peers": {"esx01": 3, "esx02": 3, "esx03": 0, "esx04": 3}
    })
}

fn mismatch(lang: Lang) -> Finding {
    let vms: Vec<String> = (1..=40).map(|n| format!("app-{n:02}")).collect();
    Finding {
        id: "evc.feature-mismatch".into(),
        severity: Severity::Error,
        confidence: Confidence::Likely,
        title: say(lang, "Virtual machines cannot move to esx04: it lacks three CPU features", "仮想マシンを esx04 に移行できません：3 つの CPU 機能が不足しています"),
        summary: say(lang, "esx04 does not offer MD_CLEAR, IBRS and STIBP, which the three other hosts do. Every virtual machine powered on there uses them and can no longer move to esx04; those on esx04 can still leave it.", "esx04 は、他の 3 台のホストが提供する MD_CLEAR、IBRS、STIBP を提供していません。これらのホストで起動した仮想マシンは esx04 に移行できません。esx04 上の仮想マシンは他のホストに移行できます。"),
        cause: Cause { id: "stale-microcode".into(), text: say(lang, "esx04 runs microcode 0x200004d from BIOS 1.6.12; the others run 0x2000064.", "esx04 のマイクロコードは 0x200004d（BIOS 1.6.12）で、他のホストは 0x2000064 です。") },
        hosts: HOSTS.map(String::from).to_vec(),
        vms: vms.clone(),
        first_seen: Some(at("2026-11-22T10:31:00Z")),
        last_seen: Some(at("2026-11-23T03:20:11Z")),
        count: 18,
        remedy: vec![
            step(say(lang, "Move all virtual machines off esx04 and put it into maintenance mode.", "esx04 からすべての仮想マシンを移行し、メンテナンス モードにします。"), Some("esxcli system maintenanceMode set -e true"), Some("esx04")),
            step(say(lang, "Update its BIOS to 2.2.11 and ESXi to 6.7 U3, then restart it.", "BIOS を 2.2.11 に、ESXi を 6.7 U3 に更新して再起動します。"), None, Some("esx04")),
            step(say(lang, "Check that the feature is there.", "機能が有効になったことを確認します。"), Some("vim-cmd hostsvc/hosthardware | grep -A2 -i mdclear"), Some("esx04")),
        ],
        references: vec![Reference { title: "KB 55806".into(), url: Some("https://knowledge.broadcom.com/external/article/318579".into()) }],
        evidence: (0..9)
            .map(|n| line("esx01", "vc-export.zip!esx-esx01.tgz!var/run/log/hostd.log", 1000 + n, "2026-11-23T03:20:11Z", "The target host does not support the virtual machine's current hardware requirements. com.vmware.vim.vmfeature.cpuid.mdclear"))
            .collect(),
        details: json!({
            "features": ["cpuid.mdclear", "cpuid.ibrs", "cpuid.stibp"],
            "have": ["esx01", "esx02", "esx03"], "lack": ["esx04"],
            "vms": vms.iter().map(|name| json!({"name": name, "host": "esx01"})).collect::<Vec<_>>(),
            "one_way": [{"from": "esx04", "to": "esx01"}, {"from": "esx04", "to": "esx02"}, {"from": "esx04", "to": "esx03"}]
        }),
        chain: vec![],
    }
}

fn incomplete(lang: Lang) -> Finding {
    Finding {
        id: "evidence.incomplete".into(),
        severity: Severity::Warning,
        confidence: Confidence::Certain,
        title: say(
            lang,
            "vmkernel logs of esx02 begin after the incident",
            "esx02 の vmkernel ログは障害発生後から始まっています",
        ),
        summary: say(
            lang,
            "The log was rotated away. What esx02 saw before 02:31 UTC is known from the other hosts only.",
            "ログがローテーションされています。02:31 UTC 以前の esx02 の状況は、他のホストのログからのみ判断しています。",
        ),
        cause: Cause {
            id: "rotated".into(),
            text: say(
                lang,
                "vmkernel.log keeps eight files of one MiB.",
                "vmkernel.log は 1 MiB のファイルを 8 世代のみ保持します。",
            ),
        },
        hosts: vec!["esx02".into()],
        vms: vec![],
        first_seen: None,
        last_seen: None,
        count: 1,
        remedy: vec![step(
            say(
                lang,
                "Send the logs of a syslog server, if there is one.",
                "syslog サーバがあれば、そのログをご提供ください。",
            ),
            None,
            None,
        )],
        references: vec![],
        evidence: vec![line(
            "esx02",
            "vc-export.zip!esx-esx02.tgz!var/run/log/vmkernel.7.gz",
            1,
            "2026-11-23T02:31:00Z",
            "first line of the oldest file",
        )],
        details: json!({}),
        chain: vec![],
    }
}

fn values(pick: impl Fn(&str) -> Option<u64>) -> BTreeMap<HostId, Option<u64>> {
    HOSTS.iter().map(|host| ((*host).to_owned(), pick(host))).collect()
}

fn features() -> Features {
    let differing = KEYS.iter().map(|(key, label)| {
        let is_security = *key != "cpuid.avx2";
        let lacks = |host: &str| is_security && host == "esx04";
        FeatureRow {
            key: (*key).into(),
            label: (*label).into(),
            class: if is_security { FeatureClass::Security } else { FeatureClass::Isa },
            capability: values(|host| Some(u64::from(!lacks(host)))),
            mask: values(|host| if is_security { None } else { Some(u64::from(host != "esx02")) }),
            effective: values(|host| Some(u64::from(!lacks(host) && (is_security || host != "esx02")))),
            differs: true,
            cves: vec!["CVE-2018-12126".into()],
            advisory: Some("VMSA-2019-0008".into()),
        }
    });
    let same = (0..60).map(|n| FeatureRow {
        key: format!("cpuid.same{n:02}"),
        label: String::new(),
        class: FeatureClass::Other,
        capability: values(|_| Some(n % 3)),
        mask: values(|_| None),
        effective: values(|_| Some(n % 3)),
        differs: false,
        cves: Vec::new(),
        advisory: None,
    });
    let vm = |n: usize| FeatureVm {
        name: if n == 1 { HOSTILE_VM.into() } else { format!("app-{n:02}") },
        host: HOSTS[n % 3].into(),
        powered_on_at: Some(at("2026-11-21T14:00:00Z")),
        requires: KEYS.iter().map(|(key, _)| (*key).to_owned()).collect(),
        blocked: vec![Blocked {
            host: "esx04".into(),
            missing: vec!["cpuid.ibrs".into(), "cpuid.mdclear".into(), "cpuid.stibp".into()],
        }],
        powered_on_host: Some(HOSTS[n % 3].into()),
        requires_from: Some(format!("vmfs/volumes/ds/app-{n:02}/vmware.log")),
        settings: Vec::new(),
    };
    Features {
        hosts: HOSTS.map(String::from).to_vec(),
        rows: differing.chain(same).collect(),
        vms: (1..=8).map(vm).collect(),
        sources: Vec::new(),
        clusters: Vec::new(),
    }
}

/// Background noise over three days and a burst in the half hour of the incident; no clock, no chance.
fn timeline(events: usize) -> Vec<TimelineEntry> {
    let start = at("2026-11-20T00:00:03Z");
    let burst = at("2026-11-23T02:10:05Z");
    let mut seed: u64 = 42;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut out: Vec<TimelineEntry> = (0..events)
        .map(|n| {
            let in_burst = n % 3 == 0;
            let time = if in_burst {
                burst.plus_micros(next(1_900_000_000) as i64)
            } else {
                start.plus_seconds(next(276_000) as i64)
            };
            let (kind, severity) = match (in_burst, next(8)) {
                (true, 0) => (EventKind::VSAN_NODE_LEFT, Severity::Critical),
                (true, 1 | 2) => (EventKind::VSAN_PEER_UNREACHABLE, Severity::Error),
                (true, 3) => (EventKind::VM_INACCESSIBLE, Severity::Error),
                (_, 4) => (EventKind::VMOTION_FAIL_CPU, Severity::Warning),
                (_, 5) => (EventKind::HA_ELECTION, Severity::Info),
                (_, 6) => (EventKind::VM_POWER_ON, Severity::Info),
                _ => (EventKind::VMOTION_START, Severity::Info),
            };
            let host = if in_burst && next(2) == 0 {
                "esx03"
            } else {
                ["esx01", "esx02", "esx03", "esx04", "vcsa"][next(5) as usize]
            };
            entry(n as u64, time, host, kind, severity)
        })
        .collect();
    if let Some(first) = out.first_mut() {
        first.text = HOSTILE.into();
    }
    out.sort_by(|a, b| (a.time, &a.host, a.source.line).cmp(&(b.time, &b.host, b.source.line)));
    out
}

fn entry(n: u64, time: Timestamp, host: &str, kind: EventKind, severity: Severity) -> TimelineEntry {
    TimelineEntry {
        time,
        time_quality: if n.is_multiple_of(11) { TimeQuality::Estimated } else { TimeQuality::Exact },
        host: host.into(),
        source: SourceRef {
            file: format!("vc-export.zip!esx-{host}.tgz!var/run/log/vmkernel.{}.gz", n % 8),
            line: n + 1,
            offset: n * 120,
        },
        kind,
        severity,
        text: format!(
            "cpu{}:2099401)world {n}: state of 5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e12 changed",
            n % 24
        ),
        fields: BTreeMap::new(),
        message: String::new(),
        findings: Vec::new(),
    }
}

fn coverage() -> Vec<Coverage> {
    let mut out = Vec::new();
    for (n, host) in HOSTS.iter().enumerate() {
        for (m, log) in ["fdm", "hostd", "vmkernel", "vobd"].iter().enumerate() {
            let has_gap = *host == "esx02" && *log == "vmkernel";
            out.push(Coverage {
                host: (*host).into(),
                log: (*log).into(),
                from: Some(at("2026-11-20T00:00:03Z").plus_seconds((n * 7 + m * 3) as i64 * 3_600)),
                to: Some(at("2026-11-23T04:55:41Z")),
                members: 9,
                bytes: 9_437_184 + (n * m) as u64 * 77_000,
                records: 71_204,
                unparsed: if has_gap { 312 } else { 0 },
                gaps: if has_gap {
                    vec![Gap {
                        from: at("2026-11-21T22:00:00Z"),
                        to: at("2026-11-22T09:31:00Z"),
                        why: "rotation-missing".into(),
                        files: vec!["vmkernel.4.gz".into(), HOSTILE.into()],
                        partial: false,
                    }]
                } else {
                    vec![]
                },
                problems: if has_gap {
                    vec![CoverageProblem {
                        kind: "truncated".into(),
                        member: HOSTILE.into(),
                        text: "The gzip stream ends early.".into(),
                    }]
                } else {
                    vec![]
                },
                samples: if has_gap {
                    vec![Sample { file: HOSTILE.into(), line: 3, offset: 211, text: HOSTILE.into() }]
                } else {
                    vec![]
                },
            });
        }
    }
    out
}
