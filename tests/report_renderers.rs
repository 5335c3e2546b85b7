//! Every renderer on one handmade case: what is promised is there, and hostile text stays text.

#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/schema.rs"]
mod schema;

use esxray::model::Lang;
use esxray::report::model::{
    Baseline, ClusterInfo, ClusterKind, Evacuation, FeatureCluster, FeatureSource, Link, Report,
};
use esxray::report::{RENDERERS, features, json, ledger, renderer, terminal};
use serde_json::Value;

fn render(name: &str, report: &Report) -> String {
    let mut out = Vec::new();
    (renderer(name).expect("a renderer").render)(report, &mut out).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

fn summary(report: &Report, width: usize, colour: bool) -> String {
    let mut out = Vec::new();
    terminal::summary(report, width, colour, &mut out).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

fn coverage_ledger(report: &Report, width: usize) -> String {
    let mut out = Vec::new();
    ledger::write(report, width, false, &mut out).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn every_report_obeys_the_schema() {
    for report in [
        fixture::report(Lang::En, 300),
        fixture::report(Lang::Ja, 300),
        fixture::healthy(Lang::Ja),
        fixture::empty(),
    ] {
        schema::check(&render("json", &report));
    }
}

#[test]
fn the_schema_refuses_what_the_contract_forbids() {
    let good: Value = serde_json::from_str(&render("json", &fixture::report(Lang::En, 20))).expect("JSON");
    assert!(schema::against_schema(&good).is_ok());
    let cases: [(&str, Value); 27] = [
        ("/schema", "esxray.report/2".into()),
        ("/case/lang", "fr".into()),
        ("/case/from", "2026-11-20 00:00:03".into()),
        ("/case/from", "2026-11-20T00:00:03+09:00".into()),
        ("/hosts/0/update", "".into()),
        ("/findings/0/severity", "fatal".into()),
        ("/findings/0/cause/id", "stale-microcode".into()),
        ("/findings/0/id", "vsan.unheard-of".into()),
        ("/findings/0/evidence", Value::Array(vec![])),
        ("/findings/1/details/have", Value::Null),
        ("/membership/0/nodes", Value::Array(vec![])),
        ("/membership/0/answers/0/kind", "odd".into()),
        ("/membership/0/says/0/counted", "yes".into()),
        ("/membership/0/says/2/told/0/what", "gone".into()),
        ("/membership/0/says/2/told/0/first_source/line", 0.into()),
        ("/membership/0/hosts/0/unicast_lacks", "none".into()),
        ("/timeline/0/kind", "vmotion.unheard-of".into()),
        ("/problems/0/kind", "odd".into()),
        ("/problems/0/hosts", Value::Null),
        ("/hosts/0/captures", Value::Array(vec![])),
        ("/hosts/0/changes/0/what", "weather".into()),
        ("/hosts/0/setup", "none".into()),
        ("/hosts/1/setup/network/vmkernel/0/mtu", "9000".into()),
        ("/hosts/1/setup/options/0/value", "".into()),
        ("/hosts/1/setup/profile/name", "".into()),
        ("/coverage/6/gaps/0/why", "quiet".into()),
        ("/coverage/6/samples/0/line", 0.into()),
    ];
    for (at, value) in cases {
        let mut bad = good.clone();
        *bad.pointer_mut(at).unwrap_or_else(|| panic!("{at} is there")) = value;
        assert!(schema::against_schema(&bad).is_err(), "the schema lets {at} pass");
    }
    let mut more = good;
    more["case"]["added_later"] = true.into();
    assert!(schema::against_schema(&more).is_ok(), "fields may be added");
}

#[test]
fn json_round_trips_with_the_contracts_key_order() {
    let text = render("json", &fixture::report(Lang::En, 50));
    let again: Report = serde_json::from_str(&text).expect("its own types");
    assert_eq!(render("json", &again), text);
    let keys = [
        "schema",
        "tool",
        "case",
        "hosts",
        "findings",
        "features",
        "membership",
        "timeline",
        "coverage",
        "missing_hosts",
        "problems",
    ];
    let places: Vec<usize> =
        keys.iter().map(|key| text.find(&format!("\n  \"{key}\":")).expect(key)).collect();
    assert!(places.is_sorted());
    assert!(json::SCHEMA_JSON.contains("draft/2020-12"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for found in RENDERERS {
        let once = render(found.name, &fixture::report(Lang::Ja, 400));
        assert_eq!(once, render(found.name, &fixture::report(Lang::Ja, 400)), "{}", found.name);
        assert!(once.ends_with('\n') || found.name == "html", "{}", found.name);
    }
}

#[test]
fn every_renderer_takes_an_empty_report() {
    for found in RENDERERS {
        render(found.name, &fixture::empty());
    }
    assert!(summary(&fixture::empty(), 80, false).contains("No log with time stamps"));
}

/// Nothing that a bundle wrote may act: no raw control or direction character leaves a renderer for people.
#[test]
fn hidden_characters_never_reach_the_reader() {
    let report = fixture::report(Lang::En, 30);
    let mut outputs: Vec<(&str, String)> =
        ["html", "md", "csv"].iter().map(|name| (*name, render(name, &report))).collect();
    outputs.push(("terminal", summary(&report, 100, false)));
    outputs.push(("ledger", coverage_ledger(&report, 100)));
    for (name, text) in outputs {
        let acts =
            |c: char| (c.is_control() && !"\n\t\r".contains(c)) || ('\u{202a}'..='\u{202e}').contains(&c);
        assert_eq!(text.chars().find(|c| acts(*c)), None, "{name}");
        assert!(["terminal", "ledger"].contains(&name) || text.contains("evil[U+202E]gpj.exe"), "{name}");
    }
}

#[test]
fn html_is_one_file_that_loads_nothing() {
    let mut report = fixture::report(Lang::En, 300);
    report.findings[0].references[1].url = Some("javascript:alert(1)".into());
    let text = render("html", &report);
    assert!(text.contains("default-src 'none'"));
    for banned in ["<img", "<iframe", "<object", "<embed", "@import", "url(", "srcset", " src="] {
        let is_text = |at: usize| ["&lt;img", "\\u003cimg"].iter().any(|tag| text[..at].ends_with(tag));
        let found = text.match_indices(banned).find(|(at, _)| !is_text(*at));
        assert!(found.is_none(), "{banned} at {found:?}");
    }
    assert_eq!(text.matches("<link ").count(), 1);
    // The script of the page, and the data that it reads, which no text of a bundle can end.
    assert_eq!(text.matches("<script>").count(), 1);
    assert_eq!(text.matches("<script type=\"application/json\"").count(), 1);
    assert_eq!(text.matches("</script>").count(), 2);
    assert!(!text.contains("javascript:"));
    assert!(text.contains("vm&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn html_of_many_events_stays_small() {
    let mut report = fixture::report(Lang::En, 20_000);
    // Records that differ cannot be folded.
    for (n, entry) in report.timeline.iter_mut().enumerate() {
        entry.fields.insert("vm".into(), format!("vm{n}"));
    }
    let text = render("html", &report);
    let table = section(&text, "<table id=\"events\">", "</table>");
    assert_eq!(table.matches("<tr class=").count(), 200);
    let pictures: usize =
        text.split("<svg").skip(1).map(|rest| rest.find("</svg>").unwrap_or(rest.len())).sum();
    assert!(pictures < 200_000, "{pictures} bytes of SVG");
    let data = timeline_data(&text);
    let rows = data["rows"].as_array().expect("rows");
    assert!((1_000..20_000).contains(&rows.len()), "{} rows", rows.len());
    let (thousands, rest) = (rows.len() / 1_000, rows.len() % 1_000);
    assert!(text.contains(&format!("{thousands},{rest:03} of 20,000 events are listed")));
    // All are counted, those too that are not listed.
    let cells = data["head"]["counts"]["cells"].as_array().expect("cells").iter();
    let cells = cells.flat_map(|lane| lane.as_array().expect("a lane").chunks(3));
    assert_eq!(cells.map(|cell| cell[2].as_u64().expect("a count")).sum::<u64>(), 20_000);
    let own = text.len() - text.find("<section id=\"timeline\">").expect("the timeline");
    assert!(own < 1_300_000, "{own} bytes from the timeline on");
}

/// What the script of the page reads.
fn timeline_data(page: &str) -> serde_json::Value {
    let block = section(page, "<script type=\"application/json\" id=\"timeline-data\">", "</script>");
    serde_json::from_str(block).expect("JSON")
}

#[test]
fn hostile_text_stays_text_in_the_data_of_the_page() {
    let mut report = fixture::report(Lang::En, 300);
    for entry in &mut report.timeline {
        entry.message = format!("<!--<script> {}", fixture::HOSTILE);
        entry.source.file = fixture::HOSTILE.into();
        entry.fields.insert("op".into(), fixture::HOSTILE.into());
    }
    let text = render("html", &report);
    let json = section(&text, "<script type=\"application/json\" id=\"timeline-data\">", "</script>");
    assert!(!json.contains(['<', '>', '&', '\u{202e}', '\u{1b}']));
    let data = timeline_data(&text);
    let record = data["rows"][0][7].as_str().expect("a record");
    assert!(record.starts_with("<!--<script> evil[U+202E]gpj.exe </script><img"), "{record}");
}

#[test]
fn markdown_keeps_text_in_its_place() {
    let mut report = fixture::report(Lang::En, 400);
    report.findings[0].references[1].url = Some("javascript:alert(1)".into());
    for (n, entry) in report.timeline.iter_mut().enumerate() {
        entry.fields.insert("vm".into(), format!("vm{n}"));
    }
    let text = render("md", &report);
    assert!(text.starts_with("# Cluster PROD-A"));
    let prose = without_code_spans(&text);
    for banned in ["<img", "<script", "](http://evil", "](<javascript", "://evil"] {
        assert!(!prose.contains(banned), "{banned}");
    }
    assert!(text.contains("\n  ```sh\n  esxcli system maintenanceMode set -e true -m noAction\n  ```\n"));
    assert!(text.contains("200 of 400 events are listed"));
    // A table row has as many cells as its head, whatever its text.
    for table in text.split("\n\n").filter(|part| part.starts_with("| ")) {
        let cells = |row: &str| row.replace("\\|", "").matches('|').count();
        let mut rows = table.lines();
        let head = cells(rows.next().expect("a head"));
        assert!(rows.all(|row| cells(row) == head), "{table}");
    }
}

/// The fixture with a second cluster beside that of esx04, and a host that cannot be emptied.
fn two_clusters(lang: Lang) -> Report {
    let mut report = fixture::report(lang, 30);
    report.case.clusters = ["one", "two"]
        .map(|id| ClusterInfo {
            id: id.into(),
            name: Some(format!("{id} <b>")),
            kind: ClusterKind::Vsan,
            hosts: Vec::new(),
        })
        .to_vec();
    let hosts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<String>>();
    let stay = report.features.vms.iter().filter(|vm| vm.host == "esx01").map(|vm| vm.name.clone()).collect();
    report.features.vms[0].settings = vec!["per-vm-evc".into(), "nested".into()];
    report.features.vms[3].blocked.clear();
    report.features.vms[3].settings = vec!["performance-counters".into()];
    let source = |id: &str| FeatureSource {
        host: id.into(),
        capability: Some("esx.tgz!esx/commands/vimdump.txt".into()).filter(|_| id != "esx04"),
        masks: Some("esx.tgz!esx/etc/vmware/config".into()).filter(|_| id == "esx02"),
        evc_mode: Some("intel-haswell".into()).filter(|_| id != "esx04"),
        ..FeatureSource::default()
    };
    report.features.sources = report.features.hosts.iter().map(|id| source(id)).collect();
    report.features.clusters = vec![
        FeatureCluster {
            id: "one".into(),
            hosts: hosts(&["esx01", "esx02", "esx04"]),
            evacuation: vec![
                Evacuation { host: "esx01".into(), vms: 12, stay, unknown: Vec::new() },
                Evacuation { host: "esx02".into(), ..Evacuation::default() },
                Evacuation { host: "esx04".into(), vms: 2, unknown: hosts(&["a"]), ..Evacuation::default() },
            ],
            baseline: Some(Baseline {
                evc_mode: Some("intel-skylake".into()),
                lacking: vec!["cpuid.mdclear".into()],
            }),
        },
        FeatureCluster { id: "two".into(), hosts: hosts(&["esx03"]), ..FeatureCluster::default() },
    ];
    report
}

/// `text` with one blank where columns are padded.
fn one_blank(text: &str) -> String {
    let line =
        |line: &str| line.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}

fn section<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split(from).nth(1).expect("the section begins");
    rest.split(to).next().expect("the section ends")
}

#[test]
fn features_are_told_by_cluster_with_the_odd_host_marked() {
    let report = two_clusters(Lang::En);
    let html = render("html", &report);
    let html = section(&html, "<section id=\"features\">", "</section>");
    let md = render("md", &report);
    let md = section(&md, "## CPU features", "\n## ");
    let mut printed = Vec::new();
    features::write(&report, 1000, false, false, &mut printed).expect("writes to memory");
    let printed = String::from_utf8(printed).expect("UTF-8");
    for (name, text) in [("html", html), ("md", md), ("terminal", &printed)] {
        for part in [
            "esx04 lacks ",
            "Not known: esx04 (of 1 VM ",
            "CVE-2018-12126",
            "VMSA-2019-0008",
            if name == "terminal" { "*0 (0/" } else { "◆" },
            "esx01 cannot be emptied with vMotion alone: ",
            " of 12 VMs stay",
            "per-VM EVC, nested virtualization",
            "app-04 on esx02; virtual CPU performance counters",
            "No running VM is known of: esx02.",
            "2026-11-21 14:00:00 UTC on esx01",
            "The highest EVC mode that every host can offer: intel-skylake.",
            "as only some hosts are capable of it: MDCLEAR.",
            "EVC mode in force: intel-haswell on esx01, esx02.",
            "esx01: no EVC masks in the bundle",
            "esx04: neither capabilities (vim dump) nor EVC masks",
            "esx02: featureCapability, EVC mask",
            "Only esx03 is here",
        ] {
            assert!(text.contains(part), "{name}: {part}\n{text}");
        }
        // A host of the other cluster stands in no table of the first.
        let heading = match name {
            "html" => "<h3",
            "md" => "\n### ",
            _ => "== vSAN",
        };
        let first = text.split(heading).nth(1).expect("the first cluster");
        assert!(first.contains("esx02") && !first.contains("esx03"), "{name}\n{first}");
        assert_eq!(text.contains("one <b>"), name == "terminal", "{name}");
    }
    let ja = render("md", &two_clusters(Lang::Ja));
    assert!(
        ja.contains("esx01 は vMotion だけではメンテナンス モードに切り替えられません")
            && ja.contains("仮想マシン単位の EVC")
    );
}

#[test]
fn many_hosts_are_lists_in_markdown_and_scroll_in_html() {
    let mut report = fixture::report(Lang::En, 30);
    let ids: Vec<String> = (1..=64).map(|n| format!("node{n:02}")).collect();
    for row in &mut report.features.rows {
        for map in [&mut row.capability, &mut row.mask, &mut row.effective] {
            let value = |id: &String| (id.clone(), Some(u64::from(id != "node40" || !row.differs)));
            *map = ids.iter().map(value).collect();
        }
    }
    report.features.hosts = ids;
    report.features.vms.clear();
    let md = render("md", &report);
    let md = section(&md, "## CPU features", "\n## ");
    assert!(!md.contains("| node01"), "{md}");
    for line in [
        "- **◆ 1 of 64 does not: node40 (capability 0, mask 0)**",
        "- 63 of 64 offer it: node01 to node39, node41 to node64 (capability 1, mask 1)",
    ] {
        assert!(md.contains(line), "{line}\n{md}");
    }
    let html = render("html", &report);
    let html = section(&html, "<section id=\"features\">", "</section>");
    assert!(
        html.contains("<li>◆ 1 of 64 does not: node40 "),
        "the odd host may be out of sight in the table"
    );
    assert!(html.contains("<div class=\"wide\"><table class=\"matrix\">"));
}

#[test]
fn the_feature_matrix_is_aligned_and_harmless_whatever_hosts_are_called() {
    use unicode_width::UnicodeWidthStr;
    let mut report = fixture::report(Lang::Ja, 30);
    let names = ["ホスト一号", "h\u{1b}[31m", "esx03", "evil\u{202e}gpj"];
    for row in &mut report.features.rows {
        for map in [&mut row.capability, &mut row.mask, &mut row.effective] {
            *map = map.values().zip(names).map(|(value, name)| (name.to_owned(), *value)).collect();
        }
    }
    report.features.hosts = names.map(str::to_owned).to_vec();
    let print = |width: usize| {
        let mut out = Vec::new();
        features::write(&report, width, true, false, &mut out).expect("writes to memory");
        String::from_utf8(out).expect("UTF-8")
    };
    for width in [40, 80, 200] {
        let text = print(width);
        assert_eq!(text.lines().find(|line| line.width() > width), None, "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']) && text.contains("[U+202E]"), "{text}");
    }
    let text = print(200);
    let head = text.lines().find(|line| line.contains("esx03  ")).expect("the head");
    let row = text.lines().find(|line| line.starts_with("cpuid.ibrs")).expect("a row");
    let before = |line: &str, part: &str| line.split(part).next().expect("a part").width();
    // The third host's value begins under the third host's name.
    let third = row.match_indices('(').nth(2).map(|(at, _)| row[..at].width() - 2);
    assert_eq!(third, Some(before(head, "esx03")), "{head}\n{row}");
}

#[test]
fn configurations_are_folded_and_cut() {
    let text = render("html", &fixture::report(Lang::En, 30));
    assert_eq!(text.matches("<details class=\"setup\">").count(), 2);
    let part = text.split("<section id=\"setup\">").nth(1).and_then(|rest| rest.split("</section>").next());
    let part = part.expect("the section");
    for expected in [
        "VMkernel adapters",
        "10.0.0.1/24",
        "<dt>NTP servers</dt><dd>none</dd>",
        "<td>/Net/Option19</td>",
        "<td>running</td>",
    ] {
        assert!(part.contains(expected), "{expected}\n{part}");
    }
    assert!(
        part.contains("<dt>Not in the bundle</dt><dd>VIBs, Physical NICs, Virtual switches</dd>"),
        "{part}"
    );
    for banned in ["<img", "<h4>Physical NICs", "MAC address", "TCP/IP stack"] {
        assert!(!part.contains(banned), "what is not known has no place: {banned}");
    }
    let text = render("md", &fixture::report(Lang::Ja, 30));
    assert!(text.contains("## 構成") && text.contains("#### esx01：VMkernel アダプタ"));
    assert!(text.contains("| /Net/Option15 ") && !text.contains("/Net/Option16"));
    assert!(text.contains("残り 4 件は report.json にあります。"));
    let none = fixture::empty();
    assert!(
        !render("html", &none).contains("id=\"setup\"") && !render("md", &none).contains("Configuration")
    );
}

/// The fixture with a cluster of `count` hosts, of which the last but one is lost.
fn witnesses_of(count: usize, witness: Option<&str>, lang: Lang) -> Report {
    let hosts: Vec<String> = (1..=count).map(|n| format!("node{n:02}")).collect();
    let lost = (count > 1).then(|| count - 2);
    let case = fixture::witnesses::Case {
        hosts: &hosts,
        lost,
        witness,
        vcenter: Some("vcsa"),
        file: "node.tgz!var/run/log/vmkernel.1.gz",
        lang,
    };
    let mut report = fixture::report(lang, 30);
    report.membership = vec![fixture::witnesses::matrix(&case, "52e1f1a0-7f3c")];
    report
}

fn picture(report: &Report) -> String {
    let html = render("html", report);
    section(&html, "<section id=\"membership\">", "</section>").to_owned()
}

#[test]
fn who_lost_whom_has_a_cell_for_each_witness_and_node() {
    let html = picture(&witnesses_of(4, None, Lang::En));
    let table = section(&html, "<table class=\"witness\">", "</table>");
    let rows: Vec<&str> = table.split("<tr>").skip(2).collect();
    let signs = |row: &str| -> Vec<String> {
        let cells = row.split("<td class=\"m ").skip(1);
        cells.map(|cell| cell.split('"').next().expect("a class").to_owned()).collect()
    };
    assert_eq!(rows.len(), 5, "{table}");
    assert_eq!(signs(rows[0]), ["own", "counted", "missing", "counted"]);
    assert_eq!(signs(rows[2]), ["missing", "missing", "own", "missing"]);
    assert_eq!(signs(rows[4]), ["silent", "silent", "unreachable", "silent"], "vCenter");
    for part in [
        "2026-11-23 02:10:01 – 02:10:04 UTC, 5 lines, var/run/log/vmkernel.1.gz:40211 @3900467",
        "cluster get does not count it",
        "node03 lost everyone",
        "since 2026-11-23 02:10:05 UTC",
        "<span class=\"odd\">0; lacks node01, node02, node04</span>",
        "<span class=\"odd\">1500</span>",
        "<span class=\"odd\">52a0d1f3… 9</span>",
        "<span class=\"odd\">yes</span>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("class=\"numbers\"") && !html.contains("<span class=\"odd\">9000"), "{html}");
    let md = render("md", &witnesses_of(4, None, Lang::En));
    let md = one_blank(section(&md, "## Who lost whom (vSAN)", "\n## "));
    for part in [
        "| says ↓ of → | node01 | node02 | node03 | node04 |",
        "| node01 | ■ | ✓ | ✕ | ✓ |",
        "| node03 | ✕° | ✕° | ■ | ✕° |",
        "| vcsa | · | · | ! | · |",
        "- node02 of node03: left the membership (2026-11-23 02:10:05 – 02:41:30 UTC, 2 lines) `var/run/log/vmkernel.1.gz:40211 @3900467`",
        "**◆ 1500**",
    ] {
        assert!(md.contains(part), "{part}\n{md}");
    }
}

#[test]
fn rows_of_a_large_cluster_that_say_the_same_are_one() {
    let report = witnesses_of(33, Some("witness-a"), Lang::En);
    let html = picture(&report);
    let tables: Vec<&str> = html.split("<table class=\"witness many\">").skip(1).collect();
    assert_eq!(tables.len(), 2, "folded, and every host in a row of its own");
    let rows = |table: &str| {
        table.split("</table>").next().map_or(0, |table| table.matches("<th scope=\"row\">").count())
    };
    // The first had the witness lost for a time; then all others, the lost one, and vCenter.
    assert_eq!(rows(tables[0]), 4, "{}", tables[0]);
    assert_eq!(rows(tables[1]), 34);
    assert!(
        tables[0].contains("<th scope=\"row\">node02 to node31, node33 (31 hosts)</th>"),
        "{}",
        tables[0]
    );
    assert!(html.contains("<li><b>32</b>node32</li>") && html.contains("<b>34</b>witness-a <small>W "));
    let md = render("md", &report);
    let md = section(&md, "## Who lost whom (vSAN)", "\n## ");
    let row = md.lines().find_map(|line| line.strip_prefix("node02 to node31, node33 (31 hosts) "));
    let row = row.expect("the row");
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells.len(), 34);
    assert_eq!((cells[0], cells[31], cells[32]), ("✓", "✕", "✓"), "{row}");
    assert!(md.contains(" 34W\n") && md.contains("34 witness-a (witness appliance)"), "{md}");
    // What 22 hosts say of one node is one line, its times those of the first and the last.
    let left = md.lines().filter(|line| line.contains(" of node32: left the membership")).collect::<Vec<_>>();
    assert_eq!(left.len(), 1, "{md}");
    assert!(left[0].contains("hosts)") && left[0].contains("02:10:05 – 02:41:30 UTC"), "{left:?}");
}

#[test]
fn a_lost_host_that_still_counts_all_is_not_hidden_in_the_row_of_the_others() {
    let mut report = witnesses_of(12, None, Lang::En);
    for says in report.membership[0].says.iter_mut().filter(|says| says.by == "node11") {
        (says.counted, says.listed) = (Some(true), Some(true));
        says.told.clear();
    }
    let html = picture(&report);
    assert!(html.contains("<th scope=\"row\">node11</th>"), "{html}");
    assert!(html.contains("<th scope=\"row\">node01 to node10, node12 (11 hosts)</th>"), "{html}");
}

#[test]
fn one_node_and_a_stretched_cluster_have_their_matrix() {
    for (count, witness) in [(1, None), (8, Some("witness-a"))] {
        for lang in [Lang::En, Lang::Ja] {
            let report = witnesses_of(count, witness, lang);
            schema_of_matrix(&report);
            let html = picture(&report);
            assert!(html.contains("class=\"m own\""), "{html}");
            assert_eq!(html.contains("class=\"of wit\""), witness.is_some());
        }
    }
    let alone = picture(&witnesses_of(1, None, Lang::En));
    assert!(alone.contains("No node lost another"), "{alone}");
}

fn schema_of_matrix(report: &Report) {
    let json: Value = serde_json::from_str(&render("json", report)).expect("JSON");
    schema::against_schema(&json).expect("the schema holds");
}

#[test]
fn a_case_without_vsan_has_no_matrix_and_old_reports_are_read() {
    let mut report = fixture::report(Lang::En, 30);
    report.membership.clear();
    assert!(!render("html", &report).contains("id=\"membership\""));
    assert!(!render("html", &report).contains("#membership"));
    assert!(!render("md", &report).contains("Who lost whom"));
    let mut old: Value = serde_json::from_str(&render("json", &report)).expect("JSON");
    old.as_object_mut().expect("an object").remove("membership");
    assert!(serde_json::from_value::<Report>(old).expect("an older report").membership.is_empty());
}

#[test]
fn a_matrix_of_hostile_names_stays_text() {
    let name = |n: usize| format!("{n} {}", fixture::HOSTILE);
    let hosts: Vec<String> = (0..10).map(name).collect();
    let case = fixture::witnesses::Case {
        hosts: &hosts,
        lost: Some(3),
        witness: Some(fixture::HOSTILE_VM),
        vcenter: None,
        file: fixture::HOSTILE,
        lang: Lang::Ja,
    };
    for several in [false, true] {
        let mut report = fixture::report(Lang::Ja, 30);
        report.membership = vec![fixture::witnesses::matrix(&case, fixture::HOSTILE)];
        if several {
            report.membership.push(report.membership[0].clone());
        }
        let html = picture(&report);
        let md = render("md", &report);
        let md = section(&md, "## vSAN メンバーシップの相互認識", "\n## ");
        for banned in ["<img", "<script", "\u{202e}", "\u{1b}"] {
            assert!(!html.contains(banned), "{banned}\n{html}");
            assert!(!without_code_spans(md).contains(banned), "{banned}\n{md}");
        }
        assert!(!without_code_spans(md).contains("](http://evil"), "{md}");
        for table in md.split("\n\n").filter(|part| part.starts_with("| ")) {
            let cells = |row: &str| row.replace("\\|", "").matches('|').count();
            let mut rows = table.lines();
            let head = cells(rows.next().expect("a head"));
            assert!(rows.all(|row| cells(row) == head), "{table}");
        }
    }
}

/// The text outside code spans, read as CommonMark does: a run of backticks ends at the next run of its length.
fn without_code_spans(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let escaped = run == 1 && rest[..at].ends_with('\\');
        out.push_str(&rest[..at]);
        let after = &rest[at + run..];
        let end = after.match_indices('`').map(|(found, _)| found).find(|&found| {
            let opens_here = !after[..found].ends_with('`');
            let length = after[found..].len() - after[found..].trim_start_matches('`').len();
            opens_here && length == run
        });
        rest = match end {
            Some(end) if !escaped => &after[end + run..],
            _ => after,
        };
    }
    out + rest
}

#[test]
fn csv_has_one_line_an_event_and_no_formula() {
    let mut report = fixture::report(Lang::En, 30);
    report.timeline[3].text = "=cmd|' /C calc'!A0".into();
    let text = render("csv", &report);
    assert_eq!(text.lines().count(), 31);
    assert!(text.contains(",\"'=cmd|' /C calc'!A0\","));
}

#[test]
fn timesketch_has_its_three_fields() {
    let text = render("timesketch", &fixture::report(Lang::En, 30));
    assert_eq!(text.lines().count(), 30);
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).expect("JSON");
        assert!(value["message"].is_string() && value["timestamp_desc"].is_string());
        assert!(value["datetime"].as_str().is_some_and(|time| time.ends_with("+00:00")));
    }
}

#[test]
fn the_terminal_summary_answers_the_question() {
    let text = summary(&fixture::report(Lang::En, 30), 80, false);
    for expected in [
        "Critical  esx03 is out of the vSAN cluster",
        "so vCenter did",
        "Hosts: esx03",
        "esx03# esxcli system maintenanceMode set -e true -m noAction",
        " \\\n",
        "Check: Check that every host sees four members.",
        "1 file could only be read in part",
        "No bundle for: 5d3a77b2",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let long = text.lines().find(|line| line.chars().count() > 80);
    assert_eq!(long, None);
    let first = text.lines().next().expect("a line");
    assert!(first.starts_with("esx03 is out of the vSAN cluster since 02:10 UTC (2026-11-23"), "{text}");
}

#[test]
fn the_terminal_summary_fits_its_width_in_japanese() {
    use unicode_width::UnicodeWidthStr;
    let text = summary(&fixture::report(Lang::Ja, 30), 72, false);
    let long = text.lines().find(|line| line.width() > 72);
    assert_eq!(long, None, "{text}");
    assert!(summary(&fixture::report(Lang::Ja, 30), 72, true).contains("\u{1b}[1;31m重大\u{1b}[0m"));
}

#[test]
fn the_terminal_summary_of_many_hosts_keeps_to_its_width_and_folds_what_is_alike() {
    use unicode_width::UnicodeWidthStr;
    for lang in [Lang::En, Lang::Ja] {
        let mut report = chained(lang);
        let host = report.hosts[0].clone();
        for n in 10..70 {
            let mut host = host.clone();
            host.id = format!("node{n}");
            report.hosts.push(host);
        }
        report.hosts[0].id = fixture::HOSTILE.into();
        for step in &mut report.findings[0].remedy {
            step.host = Some(fixture::HOSTILE.into());
        }
        let (finding, link) = (report.findings[1].clone(), report.findings[0].chain[0].clone());
        report.findings[0].chain = vec![link; 40];
        report.findings.extend(vec![finding; 20]);
        report.case.time_zone = "Asia/Tokyo".into();
        for width in [40, 80, 120] {
            let text = summary(&report, width, false);
            let long = text.lines().find(|line| line.width() > width);
            assert_eq!(long, None, "{text}");
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
            for line in text.lines().map(str::trim_start) {
                assert!(!line.starts_with(['、', '。', '）']) && !line.ends_with('（'), "{line}\n{text}");
            }
        }
        let text = summary(&report, 80, false);
        let rows = text.lines().filter(|line| line.contains("ESXi 6.7")).count();
        assert!(rows <= 16, "{text}");
        let expected = match lang {
            Lang::En => ["20 more findings:", "and 30 more", "60 more like this: node10 to node69"],
            Lang::Ja => ["その他の検出事項（20 件）：", "ほか 30 件", "ほか 60 台も同じ：node10～node69"],
        };
        for part in expected {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}

#[test]
fn the_ledger_keeps_to_its_width_whatever_a_bundle_says() {
    use unicode_width::UnicodeWidthStr;
    for lang in [Lang::En, Lang::Ja] {
        let mut report = fixture::report(lang, 30);
        report.coverage[3].records = 123_456_789;
        report.coverage[3].log = "名前の長いログ.log".into();
        report.hosts[0].bundle = format!("{}/日本語のフォルダー/esx.tgz", "very-long-folder/".repeat(9));
        report.problems[0].path = format!("{}vmkernel.log", "var/".repeat(40));
        for width in [60, 80] {
            let text = coverage_ledger(&report, width);
            let long = text.lines().find(|line| line.width() > width);
            assert_eq!(long, None, "{width}\n{text}");
        }
    }
    let text = coverage_ledger(&fixture::report(Lang::En, 30), 80);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "older 2026-11-02 04:55:41 UTC, 6.7 U2",
        "changed build 13006603 → 14320388",
        "files 60 read, 9 others hold nothing that is known",
        "Gaps (1) vmkernel 2026-11-21 22:00:00 – 2026-11-22 09:31:00 UTC (11 h 31 min): vmkernel.4.gz, A0 are not in the bundle",
        "Cut short (1)",
        "(named by esx01, esx02)",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn the_healthy_summary_says_what_was_looked_at() {
    let report = fixture::healthy(Lang::En);
    let text = summary(&report, 80, false);
    // That nothing was found is said once.
    let told = text.replace('\n', " ");
    assert!(told.starts_with(report.case.title.trim_end_matches('.')), "{text}");
    assert!(!text.contains("No known problem"), "{text}");
    assert!(text.contains("5 hosts, 16 logs"));
    assert!(text.replace('\n', " ").contains("nothing outside that period"));
}

/// The fixture's report, whose worst finding came about in two steps.
fn chained(lang: Lang) -> Report {
    let mut report = fixture::report(lang, 30);
    let found = &mut report.findings[0];
    let mut step = |text: &str, time: Option<&str>| {
        found.chain.push(Link {
            time: time.map(|time| time.parse().expect("a time")),
            host: found.hosts.first().cloned(),
            text: text.to_owned(),
            evidence: found.evidence.iter().take(1).cloned().collect(),
            places: Vec::new(),
        });
    };
    step("esx-01 was <b>upgraded</b>", Some("2020-03-01T10:00:00.250Z"));
    step("vcsa is older", None);
    report
}

#[test]
fn how_a_finding_came_about_is_told_in_order_by_every_output_for_people() {
    for (lang, heading) in [(Lang::En, "How it came about"), (Lang::Ja, "発生の経緯")] {
        let report = chained(lang);
        schema::check(&render("json", &report));
        let html = render("html", &report);
        let chain = html
            .split("<ol class=\"chain\">")
            .nth(1)
            .expect("a list")
            .split("</ol>")
            .next()
            .expect("its end");
        assert_eq!(chain.matches("<li>").count(), 2);
        assert_eq!(chain.matches("<details>").count(), 2, "evidence is folded");
        assert!(!chain.contains("<b>") && chain.contains("2020-03-01 10:00:00.250"), "{chain}");
        assert!(chain.find("upgraded") < chain.find("vcsa is older"));
        let markdown = render("md", &report);
        let chain = markdown.split(&format!("#### 1.1 {heading}\n")).nth(1).expect("a heading");
        let lines: Vec<&str> = chain.lines().filter(|line| !line.is_empty()).take(6).collect();
        assert!(
            lines[0].starts_with("1. 2020-03-01 10:00:00.250 UTC") && lines[0].contains("`<b>upgraded</b>`"),
            "{lines:#?}"
        );
        assert!(lines[1] == "   ```text" && lines[5] == "2. vcsa is older", "{lines:#?}");
        let text = summary(&report, 80, false);
        let colon = if lang == Lang::Ja { '：' } else { ':' };
        assert_eq!(text.matches(&format!("{heading}{colon}")).count(), 1, "{text}");
        assert!(text.lines().any(|line| line.starts_with("    2020-03-01 10:00:00  esx-01 was")), "{text}");
    }
    for output in
        [render("html", &fixture::report(Lang::En, 30)), render("md", &fixture::report(Lang::En, 30))]
    {
        assert!(!output.contains("How it came about"), "no chain, no heading");
    }
}
