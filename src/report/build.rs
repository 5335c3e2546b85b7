//! Turns a case and its findings into a [`Report`]: ids instead of indices, one language instead of two.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::clock_info;
use super::model::*;
use super::say::Teller;
use super::zone::{Zone, in_one_bracket};
use super::{diff, gist, membership, migrations, problem, setup, timeline};
use crate::case::{self, Capture, Case, Change, Cluster, ClusterBasis, Host, Moment};
use crate::digest::LogCount;
use crate::fact::features::FeatureClass as FactClass;
use crate::model::{HostKind, Lang, Problem, ProblemKind, Severity, Source, Text, Timestamp};
use crate::rule::RuleSet;
use crate::verdict;

/// What the user asked the report to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its language.
    pub lang: Lang,
    /// The zone that its texts tell times in.
    pub zone: Zone,
    /// Leave out timeline entries before this.
    pub since: Option<Timestamp>,
    /// Leave out timeline entries after this.
    pub until: Option<Timestamp>,
}

impl Default for Options {
    fn default() -> Self {
        Options { lang: Lang::En, zone: Zone::UTC, since: None, until: None }
    }
}

/// The report on `case`; `problems` are those that concern no bundle.
pub fn build(
    case: &Case,
    findings: &[verdict::Finding],
    rules: &RuleSet,
    problems: &[Problem],
    options: &Options,
) -> Report {
    let (from, to) = case.span();
    let mut covered: Vec<Coverage> =
        case.hosts.iter().flat_map(|host| coverage(host, options.lang)).collect();
    covered.sort_by(|a, b| (&a.host, &a.log).cmp(&(&b.host, &b.log)));
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        tool: tool(rules),
        case: CaseInfo {
            title: title(case, findings, options.lang),
            from,
            to,
            lang: options.lang,
            redacted: false,
            clusters: case.clusters.iter().map(|cluster| cluster_info(case, cluster)).collect(),
            time_zone: options.zone.name().to_owned(),
            verdict: Vec::new(),
        },
        hosts: (0..case.hosts.len()).map(|host| host_info(case, host, options.lang)).collect(),
        findings: told(case, findings, options.lang),
        features: features(case),
        membership: membership::memberships(case, options.lang),
        timeline: timeline(case, rules, options),
        spans: timeline::spans(case, options),
        migrations: migrations::migrations(case),
        evacuations: migrations::evacuations(case),
        coverage: covered,
        missing_hosts: missing(case, findings, options.lang),
        problems: all_problems(case, problems, options.lang),
        differences: Vec::new(),
    };
    report.differences = diff::differences(&report);
    timeline::mark(&mut report.timeline, &report.findings);
    retell(&mut report, options);
    report.case.verdict = gist::told(&report, &short(findings, options));
    if options.lang == Lang::Ja {
        // A time in brackets has none of its own.
        report.case.verdict.iter_mut().for_each(|told| *told = in_one_bracket(told));
    }
    report
}

/// What the worst finding says in a sentence.
fn short(findings: &[verdict::Finding], options: &Options) -> gist::Short {
    let tell = |text: &Option<Text>| text.as_ref().map(|text| text.get(options.lang).to_owned());
    let told = |finding: &verdict::Finding| gist::Short {
        what: tell(&finding.brief.what),
        then: tell(&finding.brief.then),
    };
    findings.first().map(told).unwrap_or_default()
}

/// Tells the times in sentences of the verdicts by the reader's zone, and their dates as the language has them: the
/// sentences are made before these are known. It is done in every zone and language, for it takes the signs of the times away.
fn retell(report: &mut Report, options: &Options) {
    let retell = |text: &mut String| {
        *text = options.zone.retold(text, options.lang);
    };
    retell(&mut report.case.title);
    for finding in &mut report.findings {
        retell(&mut finding.title);
        retell(&mut finding.summary);
        retell(&mut finding.cause.text);
        finding.remedy.iter_mut().for_each(|step| retell(&mut step.text));
        finding.chain.iter_mut().for_each(|link| retell(&mut link.text));
    }
    report.missing_hosts.iter_mut().for_each(|missing| retell(&mut missing.why));
    report.hosts.iter_mut().for_each(|host| retell(&mut host.clock.basis));
}

/// Every problem once, with the hosts that it concerns.
fn all_problems(case: &Case, problems: &[Problem], lang: Lang) -> Vec<ReportProblem> {
    let mut hosts_of: BTreeMap<(&str, ProblemKind, &str), Vec<HostId>> = BTreeMap::new();
    for problem in problems {
        hosts_of.entry((&problem.path, problem.kind, &problem.text)).or_default();
    }
    for host in &case.hosts {
        for problem in &host.problems {
            let hosts = hosts_of.entry((&problem.path, problem.kind, &problem.text)).or_default();
            if !hosts.contains(&host.id) {
                hosts.push(host.id.clone());
            }
        }
    }
    let told = |((path, kind, text), hosts): ((&str, ProblemKind, &str), Vec<HostId>)| ReportProblem {
        kind,
        path: path.to_owned(),
        text: problem::told(text, lang).into_owned(),
        hosts,
    };
    hosts_of.into_iter().map(told).collect()
}

fn title(case: &Case, findings: &[verdict::Finding], lang: Lang) -> String {
    let worst = findings.iter().find(|finding| finding.severity >= Severity::Warning);
    let esxi = case.hosts.iter().filter(|host| host.kind == HostKind::Esxi).count();
    let errors = case.timeline.iter().filter(|moment| moment.event.severity >= Severity::Error).count();
    let quiet = quiet_title(case, esxi);
    let unexplained = Text::new(
        match errors {
            1 => "No known problem, but 1 error event is not explained".to_owned(),
            errors => format!("No known problem, but {errors} error events are not explained"),
        },
        format!("既知の問題は検出されませんでしたが、説明のつかないエラー イベントが {errors} 件あります"),
    );
    let silent = if errors > 0 { &unexplained } else { &quiet };
    worst.map_or(silent, |finding| &finding.title).get(lang).to_owned()
}

/// Of a case without a finding and without errors; what it is about are its ESXi hosts, or else its vCenter Servers.
fn quiet_title(case: &Case, esxi: usize) -> Text {
    let vcenters: Vec<&str> = case.hosts.iter().map(|host| host.id.as_str()).collect();
    match (esxi, vcenters.as_slice()) {
        (0, []) => Text::new("No support bundle could be read", "サポート バンドルを読み取れませんでした"),
        (0, vcenters) => Text::new(
            format!("Nothing wrong found on vCenter Server {}", vcenters.join(", ")),
            format!("vCenter Server {} に問題は検出されませんでした", vcenters.join("、")),
        ),
        (1, _) => {
            Text::new("Nothing wrong found on 1 ESXi host", "ESXi ホスト 1 台に問題は検出されませんでした")
        }
        (esxi, _) => Text::new(
            format!("Nothing wrong found on {esxi} ESXi hosts"),
            format!("ESXi ホスト {esxi} 台に問題は検出されませんでした"),
        ),
    }
}

pub(super) fn id(case: &Case, host: usize) -> HostId {
    case.hosts[host].id.clone()
}

fn cluster_info(case: &Case, cluster: &Cluster) -> ClusterInfo {
    ClusterInfo {
        id: cluster.id.clone(),
        name: cluster.name.clone(),
        kind: match cluster.basis {
            ClusterBasis::Vsan => ClusterKind::Vsan,
            ClusterBasis::Vcenter => ClusterKind::Vcenter,
            ClusterBasis::Together => ClusterKind::Unknown,
        },
        hosts: cluster.hosts.iter().map(|&host| id(case, host)).collect(),
    }
}

fn host_info(case: &Case, index: usize, lang: Lang) -> HostInfo {
    let host = &case.hosts[index];
    let cpu = &host.cpu;
    HostInfo {
        id: host.id.clone(),
        name: host.name.clone(),
        kind: host.kind,
        bundle: host.bundle.clone(),
        bundle_sha256: known(&host.sha256),
        captured_at: host.captured_at,
        booted_at: host.booted_at,
        version: host.version.clone(),
        build: host.build.clone(),
        update: host.placed.as_ref().map(|placed| placed.name.clone()),
        vendor: host.vendor.clone(),
        model: host.model.clone(),
        bios: host.bios.clone(),
        cpu: CpuInfo {
            vendor: cpu.vendor.clone(),
            family: cpu.family,
            model: cpu.model,
            stepping: cpu.stepping,
            name: cpu.name.clone(),
            microcode: host.microcode.as_ref().map(|revision| hex(revision.value)),
        },
        vsan: vsan_info(host),
        clock: clock_info(case, index, lang),
        members: MemberCount { read: host.members_read, skipped: host.members_skipped },
        captures: host.captures.iter().map(capture_info).collect(),
        changes: case::changes(&host.captures).into_iter().map(change_info).collect(),
        absent_logs: host.absent_logs.clone(),
        setup: setup::setup_info(host),
    }
}

/// `0x43`: a microcode revision.
fn hex(revision: u64) -> String {
    format!("0x{revision:x}")
}

fn capture_info(capture: &Capture) -> CaptureInfo {
    CaptureInfo {
        bundle: capture.bundle.clone(),
        bundle_sha256: known(&capture.sha256),
        captured_at: capture.captured_at,
        booted_at: capture.booted_at,
        version: capture.version.clone(),
        build: capture.build.clone(),
        update: capture.update.clone(),
        microcode: capture.microcode.map(hex),
        running_vms: capture.running_vms,
        members: MemberCount { read: capture.members_read, skipped: capture.members_skipped },
    }
}

fn change_info(change: Change) -> ChangeInfo {
    let Change { what, key, older, newer, since } = change;
    ChangeInfo { what: what.to_owned(), key, older, newer, since }
}

/// A hash, unless reading failed on the way.
fn known(sha256: &str) -> Option<String> {
    Some(sha256.to_owned()).filter(|sha256| !sha256.is_empty())
}

fn vsan_info(host: &Host) -> Option<VsanInfo> {
    let peers = host.unicast.as_ref().map(|agents| agents.value.len() as u64);
    let Some(vsan) = host.vsan.as_ref().map(|vsan| &vsan.value) else {
        return peers.map(|peers| VsanInfo { unicast_peers: Some(peers), ..VsanInfo::default() });
    };
    Some(VsanInfo {
        node_uuid: vsan.node_uuid.clone(),
        cluster_uuid: vsan.cluster_uuid.clone(),
        state: vsan.state.clone(),
        members: vsan.members.clone(),
        member_count: vsan.member_count,
        unicast_peers: peers,
        config_generation: vsan.config_generation.clone(),
        membership_at: verdict::vsan_formed_at(host),
    })
}

/// The findings, each with how it came about.
fn told(case: &Case, findings: &[verdict::Finding], lang: Lang) -> Vec<Finding> {
    let chains = verdict::chains(case, findings);
    let told = |(finding, chain): (&verdict::Finding, Vec<verdict::Link>)| Finding {
        chain: chain.iter().map(|link| link_of(case, link, lang)).collect(),
        ..finding_of(case, finding, lang)
    };
    findings.iter().zip(chains).map(told).collect()
}

fn link_of(case: &Case, link: &verdict::Link, lang: Lang) -> Link {
    let place = |place: &verdict::Place| Place {
        host: id(case, place.host),
        file: place.source.file.as_str().to_owned(),
        line: place.source.line,
        kind: place.kind,
    };
    Link {
        time: link.time,
        host: link.host.map(|host| id(case, host)),
        text: link.text.get(lang).to_owned(),
        evidence: link.evidence.iter().map(|line| evidence_of(case, line)).collect(),
        places: link.places.iter().map(place).collect(),
    }
}

fn evidence_of(case: &Case, line: &verdict::Evidence) -> Evidence {
    Evidence {
        host: id(case, line.host),
        file: line.source.file.as_str().to_owned(),
        line: line.source.line,
        offset: line.source.offset,
        time: line.time,
        text: line.text.clone(),
    }
}

fn finding_of(case: &Case, finding: &verdict::Finding, lang: Lang) -> Finding {
    let step = |step: &verdict::Step| Step {
        text: step.text.get(lang).to_owned(),
        command: step.command.clone(),
        host: step.host.map(|host| id(case, host)),
    };
    let reference = |(title, url): &(&str, Option<&str>)| Reference {
        title: (*title).to_owned(),
        url: url.map(str::to_owned),
    };
    Finding {
        id: finding.id.to_owned(),
        severity: finding.severity,
        confidence: finding.confidence,
        title: finding.title.get(lang).to_owned(),
        summary: finding.summary.get(lang).to_owned(),
        cause: Cause { id: finding.cause.0.to_owned(), text: finding.cause.1.get(lang).to_owned() },
        hosts: finding.hosts.iter().map(|&host| id(case, host)).collect(),
        vms: finding.vms.clone(),
        first_seen: finding.first_seen,
        last_seen: finding.last_seen,
        count: finding.count,
        remedy: finding.remedy.iter().map(step).collect(),
        references: finding.references.iter().map(reference).collect(),
        evidence: finding.evidence.iter().map(|line| evidence_of(case, line)).collect(),
        details: finding.details.clone(),
        chain: Vec::new(),
    }
}

fn features(case: &Case) -> Features {
    let matrix = verdict::matrix(case);
    let by_id = |values: &BTreeMap<usize, Option<u64>>| {
        values.iter().map(|(&host, &value)| (id(case, host), value)).collect()
    };
    let row = |row: &verdict::Row| FeatureRow {
        key: row.key.clone(),
        label: row.label.clone(),
        class: class(row.class),
        capability: by_id(&row.capability),
        mask: by_id(&row.mask),
        effective: by_id(&row.effective),
        differs: row.differs,
        cves: row.cves.iter().map(|cve| (*cve).to_owned()).collect(),
        advisory: row.advisory.map(str::to_owned),
    };
    let vm = |needs: &verdict::VmNeeds<'_>| FeatureVm {
        name: needs.vm.name.clone(),
        host: id(case, needs.host),
        powered_on_at: needs.vm.powered_on_at,
        requires: needs.vm.requires.iter().map(|need| need.key.clone()).collect(),
        blocked: needs
            .blocked
            .iter()
            .map(|block| Blocked { host: id(case, block.host), missing: block.missing.clone() })
            .collect(),
        powered_on_host: needs.vm.powered_on_host.clone(),
        requires_from: needs.vm.requires_from.clone(),
        settings: needs.vm.settings.kinds().into_iter().map(str::to_owned).collect(),
    };
    Features {
        hosts: matrix.hosts.iter().map(|&host| id(case, host)).collect(),
        rows: matrix.rows.iter().map(row).collect(),
        vms: matrix.vms.iter().map(vm).collect(),
        sources: matrix.hosts.iter().map(|&host| feature_source(case, host)).collect(),
        clusters: matrix.clusters.iter().map(|outlook| feature_cluster(case, outlook)).collect(),
    }
}

fn feature_source(case: &Case, host: usize) -> FeatureSource {
    let state = &case.hosts[host].features;
    fn file<T>(value: Option<&case::Sourced<T>>) -> Option<String> {
        value.map(|value| value.source.file.as_str().to_owned())
    }
    FeatureSource {
        host: id(case, host),
        capability: file(state.capability.values().next()),
        masked: file(state.masked.values().next()),
        masks: file(state.masks.values().next()).or_else(|| file(state.config.as_ref())),
        complete_masks: state.complete,
        vm_log: state.seen.as_ref().map(|seen| seen.source.file.as_str().to_owned()),
        evc_mode: state.evc_mode.as_ref().map(|mode| mode.value.clone()),
        max_evc_mode: state.max_evc_mode.as_ref().map(|mode| mode.value.clone()),
    }
}

fn feature_cluster(case: &Case, outlook: &verdict::Outlook) -> FeatureCluster {
    let cluster = &case.clusters[outlook.cluster];
    let evacuation = |evacuation: &verdict::Evacuation| Evacuation {
        host: id(case, evacuation.host),
        vms: evacuation.vms as u64,
        stay: evacuation.stay.clone(),
        unknown: evacuation.unknown.clone(),
    };
    FeatureCluster {
        id: cluster.id.clone(),
        hosts: cluster.hosts.iter().map(|&host| id(case, host)).collect(),
        evacuation: outlook.evacuation.iter().map(evacuation).collect(),
        baseline: outlook.baseline.as_ref().map(|baseline| Baseline {
            evc_mode: baseline.evc_mode.clone(),
            lacking: baseline.lacking.clone(),
        }),
    }
}

fn class(class: FactClass) -> FeatureClass {
    match class {
        FactClass::Security => FeatureClass::Security,
        FactClass::Isa => FeatureClass::Isa,
        FactClass::Virtualization => FeatureClass::Virtualization,
        FactClass::Other => FeatureClass::Other,
    }
}

fn timeline(case: &Case, rules: &RuleSet, options: &Options) -> Vec<TimelineEntry> {
    let teller = Teller::new(case, rules, options.lang);
    let inside = |(_, moment): &(usize, &Moment)| {
        options.since.is_none_or(|since| moment.time >= since)
            && options.until.is_none_or(|until| moment.time <= until)
    };
    let entry = |(at, moment): (usize, &Moment)| TimelineEntry {
        time: moment.time,
        time_quality: moment.quality,
        host: id(case, moment.host),
        source: SourceRef {
            file: moment.event.source.file.as_str().to_owned(),
            line: moment.event.source.line,
            offset: moment.event.source.offset,
        },
        kind: moment.event.kind,
        severity: moment.event.severity,
        text: teller.tell(at, moment),
        fields: moment.event.fields.clone(),
        message: moment.event.text.clone(),
        findings: Vec::new(),
    };
    case.timeline.iter().enumerate().filter(inside).map(entry).collect()
}

/// Records without a header that are shown of one log.
const SAMPLES: usize = 3;

fn coverage(host: &Host, lang: Lang) -> impl Iterator<Item = Coverage> {
    host.logs.iter().map(move |log| {
        let LogCount { members, bytes, records, unparsed, from, to } = log.total();
        let problem = |problem: &Problem| CoverageProblem {
            kind: problem.kind.name().to_owned(),
            member: problem.path.clone(),
            text: problem::told(&problem.text, lang).into_owned(),
        };
        let samples = log.members.iter().flat_map(|member| &member.unparsed_samples);
        Coverage {
            host: host.id.clone(),
            log: log.log.clone(),
            from,
            to,
            members,
            bytes,
            records,
            unparsed,
            gaps: host.gaps.get(&log.log).into_iter().flatten().map(gap).collect(),
            problems: log.members.iter().flat_map(|member| &member.problems).map(problem).collect(),
            samples: samples.take(SAMPLES).map(sample).collect(),
        }
    })
}

fn gap(gap: &case::Gap) -> Gap {
    let (why, files) = (gap.why.name().to_owned(), gap.files.clone());
    Gap { from: gap.from, to: gap.to, why, files, partial: gap.partial }
}

fn sample((source, text): &(Source, String)) -> Sample {
    Sample {
        file: source.file.as_str().to_owned(),
        line: source.line,
        offset: source.offset,
        text: text.clone(),
    }
}

fn missing(case: &Case, findings: &[verdict::Finding], lang: Lang) -> Vec<MissingHost> {
    let why = Text::new(
        "Named in the vSAN member list or unicast agent list, but no bundle of it was given.",
        "vSAN のメンバー リストまたはユニキャスト エージェント リストに含まれていますが、バンドルが提供されていません。",
    );
    let host = |missing: &crate::case::Missing| MissingHost {
        name_or_uuid: missing.label().to_owned(),
        seen_by: missing.seen_by.iter().map(|&host| id(case, host)).collect(),
        why: why.get(lang).to_owned(),
    };
    let mut missing: Vec<MissingHost> = case.missing.iter().map(host).collect();
    for (name, by) in concerned(case, findings) {
        if !missing.iter().any(|known| is_one_name(&known.name_or_uuid, name)) {
            missing.push(told_of(case, name, &by, lang));
        }
    }
    missing.sort_by(|a, b| a.name_or_uuid.cmp(&b.name_or_uuid));
    missing
}

/// Hosts that findings are about and that have no bundle here, with those that name them.
fn concerned<'a>(case: &Case, findings: &'a [verdict::Finding]) -> BTreeMap<&'a str, BTreeSet<usize>> {
    let mut named: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for finding in findings {
        for name in finding.brief.absent.iter().filter(|name| case.position(name).is_none()) {
            named.entry(name).or_default().extend(finding.evidence.iter().map(|line| line.host));
        }
    }
    named
}

/// Whether two names are of one host: one of them may lack its domain.
fn is_one_name(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let is_short_of = |short: &str, long: &str| {
        !short.contains('.') && long.split_once('.').is_some_and(|(label, _)| label == short)
    };
    one == other || is_short_of(&one, &other) || is_short_of(&other, &one)
}

fn told_of(case: &Case, name: &str, by: &BTreeSet<usize>, lang: Lang) -> MissingHost {
    let why = Text::new(
        "A finding is about it, but no bundle of it was given.",
        "検出事項の対象ですが、バンドルが提供されていません。",
    );
    MissingHost {
        name_or_uuid: name.to_owned(),
        seen_by: by.iter().map(|&host| id(case, host)).collect(),
        why: why.get(lang).to_owned(),
    }
}

/// This program with these rules.
pub fn tool(rules: &RuleSet) -> Tool {
    Tool {
        name: "esxray".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        rules: RuleSetInfo { count: rules.len(), sha256: rules.sha256().to_owned() },
    }
}

/// Whether the report says that evidence is incomplete, for `--fail-on incomplete`.
pub fn is_incomplete(report: &Report) -> bool {
    report.findings.iter().any(|finding| finding.id == "evidence.incomplete")
        || report.problems.iter().any(|problem| problem.kind.is_incomplete())
}
