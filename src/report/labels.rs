//! Every fixed word of the renderers, in English and Japanese beside each other.
//!
//! Titles, summaries and remedies are not here: they come ready-made in the report.
//!
//! # Japanese
//!
//! What a support engineer would write to a customer, in the words of VMware's Japanese products. This holds for every
//! Japanese text of the program, also for those of verdicts and rules; `tests/wording.rs` holds what can be told by a
//! machine.
//!
//! - Sentences are in です・ます and end in 。; labels, cells of tables and rows of the timeline are noun phrases without it.
//! - Brackets and colons beside Japanese are full-width （ ） ：, without a blank around them; between ASCII words they are
//!   half-width. Digits are half-width.
//! - A half-width blank stands between Japanese and ASCII words or digits (`ホスト 4 台`), and between the words of a
//!   katakana compound (`メンテナンス モード`); none beside full-width marks.
//! - As in VMware's own texts no long mark at the end of サーバ, クラスタ, アダプタ, ドライバ, プロセッサ, コントローラ, メモリ.
//! - 他の, すべての, および, ください are written so. Counters: 台 for hosts and VMs, 件 for events and findings, 個 for files
//!   and things, 行 for lines.
//! - Dates in prose are `2026年11月3日 02:10:05 UTC`; tables, timeline and evidence keep `2026-11-03 02:10:05`.
//! - Titles of references are those of the vendor's documents, in English.
//!
//! # Templates
//!
//! `{0}`, `{1}` are places for values, see [`fill`]; `one|many` chooses by number, see [`fill_count`].

use super::model::{ClusterKind, Report, SpanKind};
use super::zone::{Zone, in_japanese};
use crate::model::{Confidence, EventKind, HostKind, Lang, ProblemKind, Severity, Timestamp};

macro_rules! labels {
    ($($name:ident: $en:literal, $ja:literal;)+) => {
        labels! { struct Labels; $($name: $en, $ja;)+ }
    };
    (struct $labels:ident; $($name:ident: $en:literal, $ja:literal;)+) => {
        /// The fixed words in one language.
        pub struct $labels {
            /// The language's tag for `lang="…"`.
            pub tag: &'static str,
            $(#[doc = $en] pub $name: &'static str,)+
        }
        static EN: $labels = $labels { tag: "en", $($name: $en,)+ };
        static JA: $labels = $labels { tag: "ja", $($name: $ja,)+ };
    };
}

/// What the renderers write with: the words of a language, and the zone that times are told in.
pub struct Labels {
    words: &'static Words,
    /// The zone that times are shown in.
    pub zone: Zone,
}

impl std::ops::Deref for Labels {
    type Target = Words;

    fn deref(&self) -> &Words {
        self.words
    }
}

/// The labels of `lang`, with times in UTC.
pub fn labels(lang: Lang) -> &'static Labels {
    static UTC_EN: Labels = Labels { words: &EN, zone: Zone::UTC };
    static UTC_JA: Labels = Labels { words: &JA, zone: Zone::UTC };
    match lang {
        Lang::En => &UTC_EN,
        Lang::Ja => &UTC_JA,
    }
}

/// The labels that `report` is to be written with. A zone that is not known is UTC.
pub fn labels_of(report: &Report) -> Labels {
    let zone = Zone::named(&report.case.time_zone).unwrap_or(Zone::UTC);
    Labels { words: labels(report.case.lang).words, zone }
}

labels! {
    struct Words;

    // Headings
    overview: "Overview", "概要";
    findings: "Findings", "検出事項";
    hosts: "Hosts", "ホスト";
    setup: "Configuration", "構成";
    setups_left_out: "Shown: {0}. The configuration of {1} more hosts is in report.json.", "{0} の構成を掲載しています。残り {1} 台の構成は report.json にあります。";
    cpu_features: "CPU features", "CPU 機能";
    timeline: "Timeline", "タイムライン";
    coverage: "What was read", "収集範囲";
    missing_hosts: "Hosts without a bundle", "バンドルが不足しているホスト";
    problems: "What could not be read", "読み取れなかったもの";
    about: "How this report was made", "本レポートについて";

    // Overview
    report_kind: "Incident analysis", "障害解析レポート";
    what_happened: "What happened", "発生事象";
    where_: "Where", "対象ホスト";
    why: "Why", "原因";
    chain: "How it came about", "発生の経緯";
    what_to_do: "What to do", "対処手順";
    when: "When", "発生日時";
    also_found: "Also found", "その他の検出事項";
    contents: "Contents", "目次";
    skip: "Skip to the report", "本文へ移動";
    steps_more: "1 more step|{0} more steps", "残り {0} 手順";
    most_logs: "{0} (most logs; the oldest record is of {1})", "{0}（大半のログ。最も古いレコードは {1}）";
    all_steps: "All steps, evidence and details", "全手順・根拠ログ・詳細";
    period: "Log period", "ログ期間";
    clusters: "Clusters", "クラスタ";
    cluster_vsan: "vSAN cluster", "vSAN クラスタ";
    cluster_vcenter: "vCenter cluster", "vCenter クラスタ";
    cluster_unknown: "Bundles given together", "同時に指定されたバンドル";
    looked_at: "Examined: {0}, {1}, {2}, {3}.", "{0}、{1}、{2}、{3}を調査しました。";
    records_n: "1 record|{0} records", "レコード {0} 件";
    timeline_n: "1 timeline event|{0} timeline events", "タイムラインのイベント {0} 件";
    looked_between: "The logs cover {0}; nothing outside that period was in the bundles.",
        "ログの期間は {0} です。この期間外のログはバンドルに含まれていません。";
    looked_mostly: "Most logs cover {0}; the oldest record of any log is of {1}.",
        "大半のログの期間は {0} です。最も古いレコードは {1} のものです。";
    no_period: "No log with time stamps was in the bundles.", "タイムスタンプのあるログはバンドルに含まれていません。";
    redacted: "Names and addresses in this report are replaced.", "本レポートの名称およびアドレスは置き換えられています。";

    // Findings
    severity: "Severity", "重大度";
    confidence: "Confidence", "確度";
    confidence_of: "Confidence: {0}", "確度：{0}";
    cause: "Cause", "原因";
    affected_hosts: "Hosts", "対象ホスト";
    affected_vms: "Virtual machines", "影響を受ける仮想マシン";
    seen: "Seen", "発生日時";
    confirmed_by: "Confirmed by", "根拠イベント";
    events: "1 event|{0} events", "イベント {0} 件";
    remedy: "What to do", "対処手順";
    check: "Check", "確認方法";
    on_host: "on {0}", "{0} で実行";
    copy: "Copy", "コピー";
    copied: "Copied", "コピー済み";
    evidence: "Evidence", "根拠ログ";
    evidence_lines: "1 line|{0} lines", "{0} 行";
    evidence_above: "1 more line stands in the chain above.|{0} more lines stand in the chain above.", "ほか {0} 行は上の「発生の経緯」にあります。";
    steps_on: "{0}: steps {1} to {2}", "{0}：手順 {1}～{2}";
    commands_n: "1 command|{0} commands", "コマンド {0} 個";
    copy_all: "Copy all of this step", "この手順のコマンドをすべてコピー";
    references: "References", "参考資料";
    details: "Details", "詳細";
    more: "and {0} more", "ほか {0} 件";
    none: "none", "なし";
    unknown: "unknown", "不明";

    // Details of findings
    lacks_features: "Lacks", "機能なし";
    has_features: "Has", "機能あり";
    can_move: "VMs can move this way", "移行可能";
    cannot_move: "VMs cannot move this way", "移行不可";
    one_way: "Migration works one way only", "片方向のみ移行可能";
    features_concerned: "Features concerned", "該当する CPU 機能";
    lost_host: "Out of the cluster", "クラスタから離脱";
    remaining: "Still in the cluster", "クラスタに残存";
    was_lost_host: "Was out of the cluster", "一時的にクラスタから離脱";
    did_remain: "Stayed in the cluster", "クラスタに残存";
    lost_at: "Lost at", "離脱時刻";
    returned_at: "Back at", "復帰時刻";
    uncertainty: "± {0} ms", "± {0} ミリ秒";
    observers: "Seen by", "検知したホスト";
    observers_at: "Seen by (UTC)", "検知したホスト（UTC）";
    unicast_peers: "Unicast peers per host", "ホストごとのユニキャスト ピア数";
    unicast_of: "{0} of {1}", "{1} 中 {0}";
    vcenter_version: "vCenter version", "vCenter のバージョン";
    host_version: "Host version", "ホストのバージョン";
    groups: "Groups", "分断されたグループ";
    group: "Group {0}", "グループ {0}";

    // Tables
    host: "Host", "ホスト";
    time_utc: "Time (UTC)", "時刻（UTC）";
    kind: "Kind", "種別";
    text: "Text", "内容";
    source: "Source", "ログの位置";
    version: "Version", "バージョン";
    build: "build {0}", "ビルド {0}";
    hardware: "Hardware", "ハードウェア";
    bios: "BIOS {0}", "BIOS {0}";
    cpu: "CPU", "CPU";
    microcode: "microcode {0}", "マイクロコード {0}";
    vsan: "vSAN", "vSAN";
    vsan_members: "1 member|{0} members", "メンバー {0} 台";
    vsan_peers: "1 unicast peer|{0} unicast peers", "ユニキャスト ピア {0} 件";
    clock: "Clock offset", "時計のずれ";
    clock_ahead: "{0} s ahead", "{0} 秒進んでいる";
    clock_behind: "{0} s behind", "{0} 秒遅れている";
    clock_right: "no difference", "ずれなし";
    clock_reference: "reference", "基準";
    clock_seconds: "{0} s", "{0} 秒";
    booted: "Booted", "起動日時";
    captured: "Bundle taken", "バンドル取得日時";
    booted_at: "Booted (UTC)", "起動日時（UTC）";
    captured_at: "Bundle taken (UTC)", "バンドル取得日時（UTC）";
    bios_head: "BIOS", "BIOS";
    microcode_head: "Microcode", "マイクロコード";
    bundle: "Bundle", "バンドル";
    file: "File", "ファイル";
    older_bundle: "Older bundle", "以前のバンドル";
    changed_since: "Changed since the bundle of {0}", "{0} のバンドルからの変更点";
    no_value: "not set", "未設定";
    odd_one: "Highlighted: differs from most ESXi hosts.", "色付き：多数の ESXi ホストと異なる値。";

    // CPU features
    feature: "Feature", "機能";
    capability: "Hardware", "ハードウェア";
    mask: "EVC mask", "EVC マスク";
    effective: "Seen by VMs", "仮想マシンに提供";
    yes: "✓", "○";
    no: "✗", "×";
    features_same: "No difference between hosts in 1 CPU feature that was compared.|No difference between hosts in {0} CPU features that were compared.", "比較した {0} 個の CPU 機能に差異はありません。";
    one_teller: "Only the bundle of {0} tells CPU features, so there is nothing to compare.", "CPU 機能の情報があるバンドルは {0} のみのため、比較できません。";
    differing_features: "The {0} features that differ, host by host", "差異のある {0} 個の機能（ホスト別）";
    all_features: "All {0} features", "全 {0} 個の機能";
    matrix_legend: "Each value is what VMs see (hardware/EVC mask). {0} stands apart from most hosts; - no mask, which hides the feature where masks are complete; ? not in the bundle.",
        "各値は「仮想マシンに提供される値（ハードウェア/EVC マスク）」です。{0} は多数のホストと異なる値、- はマスクなし（マスクが完全な場合、機能は隠されます）、? はバンドルに情報がないことを示します。";
    features_legend: "“Hardware” is what CPU, microcode and BIOS offer, “EVC mask” what the cluster allows, “Seen by VMs” what is left; – is no mask, which hides the feature where the masks are complete (completeMasks TRUE), ? is not in the bundle.",
        "「ハードウェア」は CPU・マイクロコード・BIOS が提供する値、「EVC マスク」はクラスタが許可する値、「仮想マシンに提供」はその結果です。– はマスクなし（completeMasks が TRUE の場合、機能は隠されます）、? はバンドルに情報がないことを示します。";
    stands_apart: "{0} marks what stands apart from most hosts.", "{0} は多数のホストと異なる値です。";
    comma: ", ", "、";
    semicolon: "; ", "；";
    colon: ": ", "：";
    and_last: "{0} and {1}", "{0}、{1}";
    name_run: "{0} to {1}", "{0}～{1}";
    hosts_of: "1 host|{0} hosts", "ホスト {0} 台";
    no_features_nowhere: "The bundles hold no CPU features: neither masks in etc/vmware/config nor a vim dump.",
        "バンドルに CPU 機能の情報がありません（etc/vmware/config のマスクも vim ダンプもありません）。";
    no_features_hint: "They would be in etc/vmware/config (featMask.evc.*), in the vim dump below commands/ (featureCapability, maskedFeatureCapability), and in the vmware.log of each VM (VM Features Required).",
        "CPU 機能の情報は、etc/vmware/config（featMask.evc.*）、commands/ 以下の vim ダンプ（featureCapability、maskedFeatureCapability）、各仮想マシンの vmware.log（VM Features Required）に記録されます。";
    no_features_of: "The bundles tell nothing of the CPU features of {0}.", "{0} の CPU 機能に関する情報はバンドルにありません。";
    only_one_offers: "Only {0} offers {1}; the {2} other hosts do not.", "{1} を提供するのは {0} のみで、他の {2} 台のホストは提供していません。";
    only_one_lacks: "{0} lacks {1}, which the {2} other hosts offer.", "{0} のみ {1} を提供していません。他の {2} 台のホストは提供しています。";
    one_against_one: "{0}: {1} offers it, {2} does not.", "{0}：{1} は提供し、{2} は提供していません。";
    some_offer: "{0}: {1} hosts offer it ({2}), {3} do not ({4}).", "{0}：{1} 台のホストが提供し（{2}）、{3} 台は提供していません（{4}）。";
    values_differ: "{0}: {1}.", "{0}：{1}。";
    value_on: "{0} on {1}", "{1} は {0}";
    not_known_of: "Not known of {0}.", "{0} については不明です。";
    more_differ: "1 more feature differs; it is below.|{0} more features differ; they are below.", "ほかに {0} 個の機能が異なります（下記参照）。";
    same_rest: "1 other feature shows no difference; --all prints it.|{0} other features show no difference; --all prints them.",
        "他の {0} 個の機能に差異はありません（--all で表示）。";
    all_same_features: "The other {0} features", "他の {0} 個の機能";
    powered_on_short: "powered on", "パワーオン日時";
    n_offer: "1 of {1} offers it: {2} ({3})|{0} of {1} offer it: {2} ({3})", "{1} 台中 {0} 台が提供：{2}（{3}）";
    n_lack: "1 of {1} does not: {2} ({3})|{0} of {1} do not: {2} ({3})", "{1} 台中 {0} 台は提供なし：{2}（{3}）";
    n_value: "1 of {1} has {4}: {2} ({3})|{0} of {1} have {4}: {2} ({3})", "{1} 台中 {0} 台の値は {4}：{2}（{3}）";
    n_unknown: "1 of {1} does not tell: {2} ({3})|{0} of {1} do not tell: {2} ({3})", "{1} 台中 {0} 台は不明：{2}（{3}）";
    capability_is: "capability {0}", "ハードウェア {0}";
    capability_absent: "no capability", "ハードウェアの値なし";
    capability_unknown: "capability not in the bundle", "ハードウェアの値はバンドルになし";
    mask_is: "mask {0}", "マスク {0}";
    mask_absent: "no mask", "マスクなし";
    mask_unknown: "mask not in the bundle", "マスクはバンドルになし";
    one_host_only: "Only {0} is here: to compare its CPU features, give the bundles of the other hosts of its cluster as well.",
        "{0} のバンドルのみです。CPU 機能を比較するには、クラスタ内の他のホストのバンドルも指定してください。";
    security_offered: "Security features that it offers to VMs: {0}.", "仮想マシンに提供しているセキュリティ機能：{0}。";
    security_lacking: "Security features that it does not offer: {0}.", "提供していないセキュリティ機能：{0}。";
    mask_hides: "Offered by the hardware and hidden by EVC masks: {0}.", "ハードウェアは提供し、EVC マスクで隠されている機能：{0}。";
    mask_beyond: "Allowed by an EVC mask and not offered by the hardware: {0}.", "EVC マスクは許可し、ハードウェアが提供していない機能：{0}。";
    can_leave: "Maintenance mode: which hosts can be emptied", "メンテナンス モード：退避の可否";
    cannot_be_emptied: "{0} cannot be emptied with vMotion alone: {1} of {2} VMs stays: {3} (it requires {4}).|{0} cannot be emptied with vMotion alone: {1} of {2} VMs stay: {3} (they require {4}).",
        "{0} は vMotion だけではメンテナンス モードに切り替えられません。仮想マシン {2} 台中 {1} 台を退避できないためです：{3}（{4} が必要）。";
    stay_unknown: "Of 1 other VM the bundles do not tell.|Of {0} other VMs the bundles do not tell.", "ほか {0} 台の仮想マシンについては不明です。";
    no_vms_on: "No running VM is known of: {0}.", "稼働中の仮想マシンの情報がないホスト：{0}。";
    can_be_emptied: "Can be emptied, as far as CPU features decide: {0}.", "すべての仮想マシンを退避可能（CPU 機能の観点）：{0}。";
    emptying_unknown: "Not known: {0} (of 1 VM the bundles do not tell what it requires, or what the other hosts offer).|Not known: {0} (of {1} VMs the bundles do not tell what they require, or what the other hosts offer).",
        "不明：{0}（仮想マシン {1} 台について、必要な機能または他のホストの機能がバンドルにありません）。";
    vms_n: "1 VM|{0} VMs", "仮想マシン {0} 台";
    vms_cannot_move: "{0} on {1} cannot move to {2}", "{1} の{0}は次のホストに移行できません：{2}";
    lacking: "{0} (it lacks {1})|{0} (they lack {1})", "{0}（{1} なし）";
    at_on: "{0} on {1}", "{0}（{1}）";
    on_only: "on {0}", "{0}";
    others_with_settings: "Other virtual machines with CPU settings of their own", "独自の CPU 設定がある他の仮想マシン";
    own_settings: "Own CPU settings", "仮想マシン独自の CPU 設定";
    set_per_vm_evc: "per-VM EVC", "仮想マシン単位の EVC";
    set_feature_masks: "feature masks set by hand", "手動の機能マスク";
    set_register_masks: "CPUID register masks", "CPUID レジスタ マスク";
    set_nested: "nested virtualization", "ネストされた仮想化";
    set_counters: "virtual CPU performance counters", "仮想化された CPU パフォーマンス カウンタ";
    set_no_check: "feature check switched off", "機能チェック無効";
    vms_require: "{0} requires {1}: {2}|{0} require {1}: {2}", "{0}に必要な機能：{1}（{2}）";
    no_security: "no security feature", "セキュリティ機能なし";
    vms_require_unknown: "What {0} need is not in the bundle: {1}", "必要な機能がバンドルにない{0}：{1}";
    vm_requirements: "What virtual machines require", "仮想マシンに必要な機能";
    common_baseline: "Common baseline", "共通の EVC ベースライン";
    evc_mode_now: "EVC mode in force: {0}.", "適用中の EVC モード：{0}。";
    baseline_mode: "The highest EVC mode that every host can offer: {0}.", "すべてのホストが提供できる最上位の EVC モード：{0}。";
    baseline_unknown: "The bundles do not tell the highest EVC mode that every host can offer.", "すべてのホストが提供できる最上位の EVC モードは、バンドルから判断できません。";
    baseline_lacking: "Not part of any common baseline, as only some hosts are capable of it: {0}.", "一部のホストのみが対応しているため、共通のベースラインに含められない機能：{0}。";
    baseline_whole: "Every host is capable of the same features.", "すべてのホストのハードウェアは同じ機能に対応しています。";
    files_of_hosts: "Files by host", "ホストごとのファイル";
    feature_files: "What was read", "読み取った情報";
    vm_log: "VM log", "仮想マシンのログ";
    masks_complete: "masks are complete", "完全なマスク";
    masks_partial: "masks are not complete", "部分的なマスク";
    without_capabilities: "{0}: no capabilities in the bundle (no vim dump); only masks are compared.", "{0}：バンドルにハードウェアの値（vim ダンプ）がないため、マスクのみを比較しました。";
    without_masks: "{0}: no EVC masks in the bundle (no etc/vmware/config); only the vim dump is compared.", "{0}：バンドルに EVC マスク（etc/vmware/config）がないため、vim ダンプのみを比較しました。";
    with_vm_log_only: "{0}: neither capabilities nor EVC masks in the bundle; only what a VM found when it was powered on is known.", "{0}：バンドルにハードウェアの値も EVC マスクもなく、仮想マシンの起動時のログのみで判断しました。";
    without_anything: "{0}: neither capabilities (vim dump) nor EVC masks (etc/vmware/config) in the bundle.", "{0}：バンドルにハードウェアの値（vim ダンプ）も EVC マスク（etc/vmware/config）もありません。";
    pinned_vms: "Virtual machines that cannot move freely", "移行先が制限されている仮想マシン";
    vm: "VM", "仮想マシン";
    runs_on: "Runs on", "稼働ホスト";
    powered_on: "Powered on", "パワーオン日時";
    cannot_go: "Cannot move to", "移行できないホスト";
    class_security: "security", "セキュリティ";
    class_isa: "instructions", "命令セット";
    class_virtualization: "virtualization", "仮想化";
    class_other: "other", "その他";

    // Timeline
    whole_period: "Whole period", "全期間";
    around_incident: "Around the incident", "障害発生前後";
    lane_note: "One lane a host; the taller a bar, the more events; its colour is the worst severity among them. Lines along the top of a lane are what lasted. Numbered lines are findings. Times are UTC.",
        "1 行が 1 ホストに対応します。棒の高さは件数、色は最も高い重大度、行の上端の横線は継続した状態、番号付きの縦線は検出事項です。時刻は UTC です。";
    bar_length: "one bar = {0}", "棒 1 本 = {0}";
    no_events: "No events.", "イベントはありません。";
    all_events: "Events", "イベント一覧";
    table_capped: "{0} of {1} events are listed: the worst and those nearest to the incident first. All are in report.json.",
        "全 {1} 件のうち {0} 件を、重大度が高く障害時刻に近いものから選んで掲載しています。全件は report.json にあります。";
    times: "× {0}", "× {0} 回";
    times_until: "× {0}, last at {1}", "× {0} 回、最後は {1}";
    told_by: "(told by {0} records)", "（{0} 件のレコードに記録）";
    stamp: "stamp {0}", "元のタイムスタンプ {0}";
    repeats_shown: "Repeats", "繰り返し";
    repeats_more: "and {0} more, in report.json", "ほか {0} 件は report.json にあります";
    spans: "What lasted", "継続した状態";
    span_from: "From (UTC)", "開始（UTC）";
    span_to: "To (UTC)", "終了（UTC）";
    span_down: "Down", "停止";
    span_maintenance: "Maintenance mode", "メンテナンス モード";
    span_upgrade: "Upgrade", "アップグレード";
    span_disconnected: "No connection to vCenter", "vCenter 切断";
    span_gap: "Log gap", "ログの欠落";
    rows_finding: "Finding", "検出事項";
    in_timeline: "In the timeline", "タイムラインで表示";
    rows_more: "and {0} more", "ほか {0} 件";
    operation: "operation {0}", "操作 {0}";
    migration_id: "migration {0}", "移行 ID {0}";
    text_head: "time (UTC, ~ estimated), severity (C critical, E error, W warning, I info, = a span), host, what happened",
        "時刻（UTC、~ は推定）、重大度（C 重大、E エラー、W 警告、I 情報、= 継続した状態）、ホスト、内容";
    text_head_op: "time (UTC, ~ estimated), severity (C critical, E error, W warning, I info), host, log, hop, what happened",
        "時刻（UTC、~ は推定）、重大度（C 重大、E エラー、W 警告、I 情報）、ホスト、ログ、ホップ、内容";
    text_hops: "hop: what the opID has behind the root of the operation, . the root itself, =hex the kernel's id, mid by the migration's id, - by a task or the text",
        "ホップ：opID のうち操作のルートに続く部分。「.」はルート自体、「=hex」はカーネルの ID、「mid」は移行 ID、「-」はタスクまたは本文による対応を示します";
    text_none: "no events that fit what was asked for", "条件に一致するイベントはありません";
    folded_rows: "{0} events in {1} rows: what repeats is one row that can be opened.", "イベント {0} 件を {1} 行にまとめています。繰り返しは行を開くと表示されます。";
    folded_lines: "{0} events in {1} lines: what repeats is one line.", "イベント {0} 件を {1} 行にまとめています。";
    folded_note: "{0} events in {1} lines; --all shows each", "イベント {0} 件を {1} 行にまとめています。--all ですべて表示します";
    printed_note: "On paper, {0} of them: warnings and worse, and what findings rest on.", "印刷時は、警告以上のものと検出事項の根拠のうち {0} 件のみ掲載しています。";
    corrected_note: "Times are those of the logs, in UTC; no event tells how the clocks of the hosts differ. ~ marks an estimated time.",
        "時刻はログに記録された値（UTC）です。ホスト間の時計のずれを示すイベントはありません。「~」は推定時刻を示します。";
    times_by: "Times are in UTC, by the clock of {0}; ~ marks an estimated time.",
        "時刻は {0} の時計を基準とし、UTC で表示しています。「~」は推定時刻を示します。";
    times_by_ids: "Times are in UTC, by the clock of vCenter Server as ids of migrations tell it; ~ marks an estimated time.",
        "時刻は、移行 ID が示す vCenter Server の時計を基準とし、UTC で表示しています。「~」は推定時刻を示します。";
    times_corrected: "Corrected: {0}.", "時計のずれを補正したホスト：{0}。";
    times_not_compared: "Not compared: {0}.", "比較できなかったホスト：{0}。";
    filter_text: "Text…", "文字列…";
    reset: "Reset", "解除";

    // Coverage
    log: "Log", "ログ";
    from: "From (UTC)", "開始（UTC）";
    to: "To (UTC)", "終了（UTC）";
    members: "Files", "ファイル数";
    size: "Size", "サイズ";
    records: "Records", "レコード数";
    unparsed: "Not parsed", "解析不可";
    samples: "Records without a recognised header", "ヘッダを認識できないレコード";
    gaps: "Gaps", "ログの欠落期間";
    logs: "Logs", "ログ数";
    problems_short: "Problems", "問題";
    gap_rotation: "{0} is not in the bundle|{0} are not in the bundle", "{0} がバンドルに含まれていません";
    gap_damaged: "the rest of {0} could not be read", "{0} の残りの部分を読み取れませんでした";
    gap_damaged_inside: "{0} is damaged somewhere in it", "{0} のどこかが破損しています";
    gap_bundle: "{0} is cut or damaged, and records of this time may be lost with it",
        "{0} が途中で切れているか破損しており、この期間の記録が失われている可能性があります";
    gap_fragment: "a fragment of {0} is missing somewhere in it", "{0} の断片がこの期間のどこかで欠落しています";
    covered: "Covered", "期間";
    logs_n: "1 log|{0} logs", "ログ {0} 本";
    gaps_n: "1 gap|{0} gaps", "欠落 {0} か所";
    problems_n: "1 problem|{0} problems", "問題 {0} 件";
    seen_by: "Named by", "記載元のホスト";
    reason: "Why", "理由";
    path: "Path", "パス";
    more_in_json: "{0} more are in report.json.", "残り {0} 件は report.json にあります。";

    // What could not be known
    unknown_title: "What could not be known", "確認できなかったこと";
    logs_by_host: "Logs of each host", "ホストごとのログ";
    unknown_nothing: "Nothing is known to be missing from what was given.", "指定されたバンドルに、欠落または読み取れなかったものは見つかりませんでした。";
    unknown_missing: "No bundle of {0} was given ({1} names it): what happened there is not known.|No bundle of {0} was given ({1} name it): what happened there is not known.",
        "{0} のバンドルがありません（{1} のログや構成に記載）。このホストで起きたことは確認できません。";
    unknown_gap: "{0}: the log {1} is not complete for {2}: {3}.", "{0}：ログ {1} は {2} の記録が不完全です（{3}）。";
    unknown_gaps_more: "1 more gap is in the tables below.|{0} more gaps are in the tables below.", "ほか {0} か所の欠落は下の表にあります。";
    unknown_absent: "{0}: the bundle holds no {1}, which most other hosts have.", "{0}：他の多くのホストにあるログ {1} がバンドルに含まれていません。";
    unknown_lost: "1 file of {1} could only be read in part: what its rest said is not known.|{0} files of {1} could only be read in part: what their rest said is not known.",
        "{1} のファイル {0} 個は一部しか読み取れませんでした。残りの内容は確認できません。";
    unknown_encrypted: "1 file of {1} is encrypted: what it says is not known without the key.|{0} files of {1} are encrypted: what they say is not known without the key.",
        "{1} のファイル {0} 個は暗号化されています。鍵がないため内容は確認できません。";
    unknown_limited: "1 file of {1} was not read to its end, as a limit was reached.|{0} files of {1} were not read to their end, as limits were reached.",
        "{1} のファイル {0} 個は、上限に達したため最後まで読み取っていません。";
    unknown_unopened: "Of what was given, nothing could be read of {0}.", "指定されたもののうち、{0} は読み取れませんでした。";
    unknown_locked: "Of what was given, {0} is encrypted and could not be read.", "指定されたもののうち、{0} は暗号化されており読み取れませんでした。";
    unknown_left_out: "Of what was given, {0} was not read, or not to its end, as a limit was reached.", "指定されたもののうち、{0} は上限に達したため、全部または一部を読み取っていません。";
    unknown_foreign: "Of what was given, {0} is no support bundle.", "指定されたもののうち、{0} はサポート バンドルではありません。";
    unknown_clocks: "The clock of {0} could not be compared with the others: how its events are ordered against theirs is only as good as the clock.|The clocks of {0} could not be compared with the others: how their events are ordered is only as good as these clocks.",
        "{0} の時計は他のホストと比較できませんでした。他のホストのイベントとの前後関係は、時計の精度に依存します。";
    unknown_faults: "esxray itself failed on 1 file; see the problems below.|esxray itself failed on {0} files; see the problems below.", "esxray の内部エラーのため、ファイル {0} 個を処理できませんでした（下記参照）。";

    // Ledger
    captured_short: "captured", "取得日時";
    bundle_short: "bundle", "バンドル";
    older_short: "older", "以前";
    changed_short: "changed", "変更点";
    files_short: "files", "ファイル";
    setup_short: "setup", "構成";
    absent_logs: "Logs that are missing altogether", "不足しているログ";
    absent_short: "not here", "不足しているログ";
    absent: "{0}: most of the other hosts have them", "{0}（他の多くのホストにはあります）";
    files_read: "{0} read, {1} others hold nothing that is known", "{0} 個を読み取り、ほか {1} 個は対象外";
    ledger_log: "Log", "ログ";
    ledger_span: "From – to (UTC)", "期間（UTC）";
    ledger_files: "Files", "個数";
    ledger_records: "Records", "件数";
    ledger_unparsed: "Unparsed", "解析不可";
    no_stamps: "no time stamps", "タイムスタンプなし";
    and_more: "… and {0} more; --all shows them", "… ほか {0} 件（--all ですべて表示）";
    named_by: "named by {0}", "{0} のログや構成に記載";
    no_host: "Not of one host", "特定のホストに属さないもの";

    // About
    made_by: "Made by {0} {1} with {2} detection rules.", "{0} {1}（検出ルール {2} 件）で作成しました。";
    made_with: "Program", "プログラム";
    detection_rules: "Detection rules", "検出ルール";
    language: "Language", "言語";
    language_name: "English", "日本語";
    zone_of_times: "Time zone", "タイム ゾーン";
    names: "Names and addresses", "名称およびアドレス";
    names_kept: "as in the bundles", "バンドルの記載のまま";
    names_replaced: "replaced", "置き換え済み";
    setup_shared: "What most hosts share", "大半のホストに共通の構成";
    setup_shared_note: "Said once here; below, each host has only what is its own.", "共通の構成はここに 1 回だけ記載し、以下には各ホスト固有の構成のみを記載しています。";
    setup_on: "Hosts", "ホスト";
    all_hosts: "all {0}", "全 {0} 台";
    all_but: "{2} of {0}, not {1}", "{0} 台中 {2} 台（{1} を除く）";
    rules_hash: "Rules SHA-256", "ルールの SHA-256";
    bundles: "Bundles and their SHA-256", "バンドルと SHA-256";
    offline_note: "Made offline from the bundles named here; the logs were not changed. This file loads nothing from a network.",
        "ここに記載のバンドルのみをオフラインで解析しました。ログは変更していません。本ファイルはネットワークに接続しません。";

    // The verdict in three sentences
    gist_what: "{0}.", "{0}。";
    gist_aside: "{0} ({1})", "{0}（{1}）";
    gist_cause: "Cause: {0}.", "原因：{0}。";
    gist_cause_likely: "Likely cause: {0}.", "推定される原因：{0}。";
    gist_cause_possible: "Possible cause: {0}.", "考えられる原因：{0}。";
    gist_first: "What to do first: {0}.", "最初の対処：{0}。";
    gist_first_incomplete: "What to do first: {0}; the evidence is incomplete ({1}).", "最初の対処：{0}。ただし、ログなどの情報が一部不足しています（{1}）。";
    gist_on_host: "{1} (on {0})", "{1}（{0} で実行）";
    gist_incomplete: "The evidence is incomplete: {0}.", "ログなどの情報が一部不足しています（{0}）。";
    gist_lost: "1 file could only be read in part|{0} files could only be read in part", "一部しか読み取れなかったファイル {0} 個";
    gist_encrypted: "1 file is encrypted|{0} files are encrypted", "暗号化されたファイル {0} 個";
    gist_limited: "1 file was not read to its end|{0} files were not read to their end", "最後まで読み取っていないファイル {0} 個";
    gist_unopened: "nothing was read of 1 file that was given|nothing was read of {0} files that were given", "読み取れなかった指定ファイル {0} 個";
    gist_then: "{0}; {1}", "{0}。{1}";
    gist_gaps: "1 log has a gap at that time|{0} logs have gaps at that time", "当該時刻に欠落のあるログ {0} 個";
    gist_absent: "logs of {0} are not there", "{0} のログの一部なし";
    gist_missing: "no bundle of {0}", "{0} のバンドルなし";

    // Terminal
    next_steps: "Next", "対処";
    verify: "Check", "確認";
    more_steps: "1 more step is in the report.|{0} more steps are in the report.", "残り {0} 手順はレポートを参照してください。";
    lost_n: "1 file could only be read in part; see the report.|{0} files could only be read in part; see the report.", "一部しか読み取れなかったファイルが {0} 個あります。レポートを参照してください。";
    encrypted_n: "1 file is encrypted.|{0} files are encrypted.", "暗号化されたファイルが {0} 個あります。";
    limited_n: "1 file was not read to the end, as a limit was reached.|{0} files were not read to the end, as limits were reached.", "上限に達したため、{0} 個のファイルは最後まで読み取られていません。";
    faults_n: "1 fault of esxray is in the report.|{0} faults of esxray are in the report.", "esxray の内部エラーが {0} 件あります。レポートを参照してください。";
    unopened_n: "Not read: {0}", "読み取り不可：{0}";
    locked_n: "Encrypted, and nothing of it was read: {0}", "暗号化されており、読み取れませんでした：{0}";
    locked_files: "{0} (1 file)|{0} ({1} files)", "{0}（ファイル {1} 個）";
    foreign_n: "No bundle: {0}", "バンドル以外：{0}";
    missing_n: "No bundle for: {0}", "バンドルなし：{0}";
    more_findings: "1 more finding:|{0} more findings:", "その他の検出事項（{0} 件）：";
    more_commands: "1 more command is in the report.|{0} more commands are in the report.", "残り {0} 個のコマンドはレポートを参照してください。";
    more_alike: "{0} more like this: {1}", "ほか {0} 台も同じ：{1}";
}

impl Labels {
    /// `label`, which says UTC of times that are shown with it, for the zone that they are shown in.
    pub fn in_zone(&self, label: &str) -> String {
        if self.zone.is_utc() { label.to_owned() } else { label.replace("UTC", self.zone.name()) }
    }

    /// A span for prose, of which either end may be unknown; `None` where both are.
    pub fn span_told(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Option<String> {
        let span = self.zone.span_or_none(from, to)?;
        Some(self.prose(&span))
    }

    /// The language.
    pub fn lang(&self) -> Lang {
        if self.tag == "ja" { Lang::Ja } else { Lang::En }
    }

    /// A release, `6.7 U3 (build 14320388)`, in Japanese `6.7 U3（ビルド 14320388）`.
    pub fn release(&self, told: &str) -> String {
        let build =
            told.split_once(" (build ").and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
        build.map_or_else(
            || told.to_owned(),
            |(name, build)| format!("{name}{}", self.aside(&fill(self.build, &[build]))),
        )
    }

    /// A sentence with times in it, as the language has them.
    pub fn prose(&self, text: &str) -> String {
        if self.tag == "ja" { in_japanese(text) } else { text.to_owned() }
    }

    /// `text` in brackets behind something: ` (on esx01)`, `（esx01 で実行）`.
    pub fn aside(&self, text: &str) -> String {
        if self.tag == "ja" { format!("（{text}）") } else { format!(" ({text})") }
    }

    /// A severity.
    pub fn severity_name(&self, severity: Severity) -> &'static str {
        let (en, ja) = match severity {
            Severity::Critical => ("Critical", "重大"),
            Severity::Error => ("Error", "エラー"),
            Severity::Warning => ("Warning", "警告"),
            Severity::Info => ("Info", "情報"),
        };
        self.pick(en, ja)
    }

    /// What lasts.
    pub fn span_name(&self, kind: SpanKind) -> &'static str {
        match kind {
            SpanKind::Down => self.span_down,
            SpanKind::Maintenance => self.span_maintenance,
            SpanKind::Upgrade => self.span_upgrade,
            SpanKind::Disconnected => self.span_disconnected,
            SpanKind::LogGap => self.span_gap,
        }
    }

    /// A confidence.
    pub fn confidence_name(&self, confidence: Confidence) -> &'static str {
        let (en, ja) = match confidence {
            Confidence::Certain => ("certain", "確実"),
            Confidence::Likely => ("likely", "高い"),
            Confidence::Possible => ("possible", "可能性あり"),
        };
        self.pick(en, ja)
    }

    /// What a cluster is known by.
    pub fn cluster_kind(&self, kind: ClusterKind) -> &'static str {
        match kind {
            ClusterKind::Vsan => self.cluster_vsan,
            ClusterKind::Vcenter => self.cluster_vcenter,
            ClusterKind::Unknown => self.cluster_unknown,
        }
    }

    /// What a bundle was taken from.
    pub fn host_kind(&self, kind: HostKind) -> &'static str {
        match kind {
            HostKind::Esxi => "ESXi",
            HostKind::Vcenter => "vCenter Server",
        }
    }

    /// An event kind in words; the dotted name where there is none.
    pub fn kind_name(&self, kind: EventKind) -> &'static str {
        let found = KINDS.iter().find(|(known, _, _)| *known == kind);
        found.map_or(kind.name(), |(_, en, ja)| self.pick(en, ja))
    }

    /// A sort of problem, as a heading over several.
    pub fn problem_kind(&self, kind: ProblemKind) -> &'static str {
        let (en, ja) = match kind {
            ProblemKind::Unreadable => ("Could not be read", "読み取り不可"),
            ProblemKind::Truncated => ("Cut short", "途中で終わっているもの"),
            ProblemKind::Damaged => ("Damaged", "破損"),
            ProblemKind::Encrypted => ("Encrypted", "暗号化"),
            ProblemKind::Limit => ("Limits reached", "上限到達"),
            ProblemKind::Thinned => ("Counted, not kept", "件数のみ集計"),
            ProblemKind::MissingFragment => ("Fragments missing", "断片の欠落"),
            ProblemKind::Unparsed => ("Not understood", "解釈不可"),
            ProblemKind::Duplicate => ("There twice, counted once", "重複（1 回のみ計上）"),
            ProblemKind::UnsafeName => ("Unsafe names", "危険なファイル名"),
            ProblemKind::NotABundle => ("No bundle", "バンドル以外"),
            ProblemKind::Internal => ("Faults of esxray", "esxray の内部エラー"),
        };
        self.pick(en, ja)
    }

    /// What two bundles of a host are compared by; the word of JSON where there is none.
    pub fn change_name<'a>(&self, what: &'a str) -> &'a str {
        let (en, ja) = match what {
            "version" => ("version", "バージョン"),
            "build" => ("build", "ビルド"),
            "bios" => ("BIOS", "BIOS"),
            "microcode" => ("microcode", "マイクロコード"),
            "evc-mask" => ("EVC mask", "EVC マスク"),
            "vsan-state" => ("vSAN state", "vSAN の状態"),
            "vsan-members" => ("vSAN members", "vSAN メンバー数"),
            "unicast-peers" => ("unicast peers", "ユニキャスト ピア数"),
            "image-profile" => ("image profile", "イメージ プロファイル"),
            "microcode-vib" => ("microcode VIB", "マイクロコード VIB"),
            "nic-driver" => ("NIC driver", "NIC ドライバ"),
            "nic-firmware" => ("NIC firmware", "NIC ファームウェア"),
            "vmknic-mtu" => ("VMkernel MTU", "VMkernel MTU"),
            "vmknic-ip" => ("VMkernel IP address", "VMkernel IP アドレス"),
            "ntp-servers" => ("NTP servers", "NTP サーバ"),
            "vsan-format" => ("vSAN on-disk format", "vSAN オンディスク フォーマット"),
            _ => return what,
        };
        self.pick(en, ja)
    }

    /// Two sentences, one behind the other.
    pub fn both(&self, first: &str, second: &str) -> String {
        format!("{first}{}{second}", self.pick(" ", ""))
    }

    /// The one of two words that is in its language: for words that stand beside their values and not in the list above.
    pub(super) fn pick(&self, en: &'static str, ja: &'static str) -> &'static str {
        if self.tag == "ja" { ja } else { en }
    }
}

/// `template` for a number: what stands before its `|` is for one, the rest for any other number.
/// A template without `|`, as all are in Japanese, is for every number.
pub fn fill_count(template: &str, number: u64) -> String {
    fill(choose(template, number), &[&super::show::count(number)])
}

/// The part of `template` that is for `number`, not filled yet.
pub fn choose(template: &str, number: u64) -> &str {
    match template.split_once('|') {
        Some((one, _)) if number == 1 => one,
        Some((_, many)) => many,
        None => template,
    }
}

/// `template` with `{0}`, `{1}`, … replaced by `values`, which are not looked into again.
pub fn fill(template: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}').map(|(digit, tail)| (digit.parse::<usize>(), tail)) {
            Some((Ok(at), tail)) if at < values.len() => {
                out.push_str(values[at]);
                rest = tail;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

static KINDS: &[(EventKind, &str, &str)] = &[
    (EventKind::VMOTION_START, "vMotion started", "vMotion 開始"),
    (EventKind::VMOTION_PROGRESS, "vMotion under way", "vMotion 進行中"),
    (EventKind::VMOTION_SUCCESS, "vMotion done", "vMotion 完了"),
    (EventKind::VMOTION_FAIL, "vMotion failed", "vMotion 失敗"),
    (EventKind::VMOTION_FAIL_CPU, "vMotion refused: CPU features", "vMotion 拒否（CPU 機能）"),
    (EventKind::VM_POWER_ON, "VM powered on", "仮想マシン パワーオン"),
    (EventKind::VM_POWER_OFF, "VM powered off", "仮想マシン パワーオフ"),
    (EventKind::VM_INVALID, "VM invalid", "仮想マシン 無効"),
    (EventKind::VM_INACCESSIBLE, "VM inaccessible", "仮想マシン アクセス不可"),
    (EventKind::VM_RECOVERED, "VM recovered", "仮想マシン 復旧"),
    (EventKind::VM_RENAMED, "VM renamed", "仮想マシン 名前変更"),
    (EventKind::VM_REGISTERED, "VM registered", "仮想マシン 登録"),
    (EventKind::VM_UNREGISTERED, "VM unregistered", "仮想マシン 登録解除"),
    (EventKind::VM_WORLD, "VM world started", "仮想マシン ワールド開始"),
    (EventKind::EVC_MASK_CHANGED, "EVC mask changed", "EVC マスク変更"),
    (EventKind::EVC_ADMISSION_FAILED, "EVC admission failed", "EVC 参加拒否"),
    (EventKind::VSAN_NODE_LEFT, "vSAN node left", "vSAN ノード離脱"),
    (EventKind::VSAN_NODE_JOINED, "vSAN node joined", "vSAN ノード参加"),
    (EventKind::VSAN_ROLE_CHANGE, "vSAN role changed", "vSAN ロール変更"),
    (EventKind::VSAN_PEER_UNREACHABLE, "vSAN peer unreachable", "vSAN ピア到達不可"),
    (EventKind::VSAN_FORMAT_SKEW, "vSAN format differs", "vSAN フォーマット不一致"),
    (EventKind::VSAN_DISK_FAILED, "vSAN disk failed", "vSAN ディスク障害"),
    (EventKind::VSAN_CONFIG_STALE, "vSAN configuration stale", "vSAN 構成が古い"),
    (EventKind::HOST_DISCONNECTED, "Host disconnected", "ホスト切断"),
    (EventKind::HOST_NOT_RESPONDING, "Host not responding", "ホスト応答なし"),
    (EventKind::HOST_RECONNECTED, "Host reconnected", "ホスト再接続"),
    (EventKind::HOST_BOOT, "Host booted", "ホスト起動"),
    (EventKind::HOST_SHUTDOWN, "Host shut down", "ホスト シャットダウン"),
    (EventKind::HOST_REBOOT, "Host rebooted", "ホスト再起動"),
    (EventKind::HOST_CRASH, "Host crashed", "ホスト クラッシュ"),
    (EventKind::HOST_MAINTENANCE_ENTER, "Maintenance mode entered", "メンテナンス モード開始"),
    (EventKind::HOST_MAINTENANCE_EXIT, "Maintenance mode left", "メンテナンス モード終了"),
    (EventKind::HOST_UPGRADE, "Host upgraded", "ホスト アップグレード"),
    (EventKind::HA_HOST_DEAD, "HA: host dead", "HA：ホスト停止判定"),
    (EventKind::HA_ISOLATED, "HA: host isolated", "HA：ホスト隔離"),
    (EventKind::HA_ELECTION, "HA: election", "HA：プライマリ選出"),
    (EventKind::HA_FAILOVER, "HA: failover", "HA：フェイルオーバー"),
    (EventKind::NET_LINK_DOWN, "Link down", "リンク ダウン"),
    (EventKind::NET_LINK_UP, "Link up", "リンク アップ"),
    (EventKind::NET_IP_CONFLICT, "IP address conflict", "IP アドレス競合"),
    (EventKind::STORAGE_APD, "All paths down (APD)", "全パス ダウン（APD）"),
    (EventKind::STORAGE_PDL, "Permanent device loss (PDL)", "永続的なデバイス損失（PDL）"),
    (EventKind::TIME_STEP, "Clock stepped", "時刻の不連続"),
    (EventKind::SERVICE_START, "Service started", "サービス開始"),
    (EventKind::SERVICE_HANG, "Service hung", "サービス応答停止"),
    (EventKind::HA_RESTART_FAILED, "HA: restart failed", "HA：再起動失敗"),
    (EventKind::NET_FLAPPING, "Link unstable", "リンク不安定"),
    (EventKind::NET_REDUNDANCY_LOST, "Uplink redundancy lost", "アップリンク冗長性喪失"),
    (EventKind::NET_NIC_RESET, "Network adapter reset", "ネットワーク アダプタ リセット"),
    (EventKind::NET_MISMATCH, "Switch settings do not match", "スイッチ設定の不一致"),
    (EventKind::STORAGE_APD_TIMEOUT, "APD timed out", "APD タイムアウト"),
    (EventKind::STORAGE_PATH_LOST, "Storage path lost", "ストレージ パス断"),
    (EventKind::STORAGE_RESTORED, "Storage paths restored", "ストレージ パス復旧"),
    (EventKind::STORAGE_LATENCY, "Storage latency high", "ストレージ遅延"),
    (EventKind::STORAGE_DATASTORE_LOST, "Datastore not reached", "データストア アクセス不可"),
    (EventKind::STORAGE_DATASTORE_RESTORED, "Datastore reached again", "データストア復旧"),
    (EventKind::STORAGE_ATS_MISCOMPARE, "ATS miscompare", "ATS 不一致"),
    (EventKind::STORAGE_CORRUPTION, "VMFS damaged", "VMFS 破損"),
    (EventKind::STORAGE_TARGET_LOST, "iSCSI target lost", "iSCSI ターゲット切断"),
    (EventKind::STORAGE_HBA_RESET, "Storage adapter reset", "ストレージ アダプタ リセット"),
    (EventKind::STORAGE_FABRIC_ERROR, "Fabric error", "ファブリック エラー"),
    (EventKind::STORAGE_DISK_ERROR, "Disk error", "ディスク エラー"),
    (EventKind::STORAGE_NO_SPACE, "Datastore full", "データストア容量不足"),
    (EventKind::VSAN_CONGESTION, "vSAN congestion", "vSAN 輻輳"),
    (EventKind::VSAN_NO_SPACE, "vSAN out of space", "vSAN 容量不足"),
    (EventKind::VSAN_RESYNC_DELAYED, "vSAN resync delayed", "vSAN 再同期遅延"),
    (EventKind::HARDWARE_MEMORY_ERROR, "Memory error", "メモリ エラー"),
    (EventKind::HARDWARE_ERROR, "Hardware error", "ハードウェア エラー"),
    (EventKind::HARDWARE_SENSOR, "Hardware alarm", "ハードウェア アラーム"),
    (EventKind::HOST_CPU_STALLED, "Processor stalled", "プロセッサ停止"),
    (EventKind::HOST_MEMORY_LOW, "Out of memory", "メモリ不足"),
    (EventKind::HOST_RAMDISK_FULL, "Ramdisk full", "RAM ディスク満杯"),
    (EventKind::HOST_PARTITION_FULL, "Partition full", "パーティション満杯"),
    (EventKind::HOST_BOOT_DEVICE_LOST, "Boot device lost", "ブート デバイス喪失"),
    (EventKind::SERVICE_CRASH, "Service crashed", "サービス クラッシュ"),
    (EventKind::VCENTER_DISK_FULL, "vCenter partition full", "vCenter パーティション満杯"),
    (EventKind::TIME_UNSYNCED, "Time not synchronised", "時刻同期喪失"),
    (EventKind::CERTIFICATE_EXPIRING, "Certificate expiring", "証明書の期限"),
    (EventKind::LICENSE_EXPIRED, "Licence expired", "ライセンス期限切れ"),
    (EventKind::VM_STUN, "VM stunned", "仮想マシン停止（stun）"),
    (EventKind::TASK_BEGIN, "Task started", "タスク開始"),
    (EventKind::TASK_END, "Task ended", "タスク終了"),
    (EventKind::OP_RECORD, "Record of the operation", "操作の記録"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_kind_has_words_in_both_languages() {
        for kind in EventKind::ALL {
            for lang in [Lang::En, Lang::Ja] {
                assert_ne!(labels(lang).kind_name(*kind), kind.name(), "{kind} has no words");
            }
        }
    }

    #[test]
    fn values_are_filled_in_once() {
        assert_eq!(fill("{1} of {0}", &["{1}", "a"]), "a of {1}");
        assert_eq!(fill_count("1 event|{0} events", 1), "1 event");
        assert_eq!(fill_count("1 event|{0} events", 1_000), "1,000 events");
        assert_eq!(fill_count("イベント {0} 件", 1), "イベント 1 件");
        assert_eq!(fill("{x} {9} {", &["a"]), "{x} {9} {");
    }
}
