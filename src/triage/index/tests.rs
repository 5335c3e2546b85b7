use super::*;
use crate::model::{Confidence, ProblemKind};
use crate::report::model::RuleSetInfo;
use crate::triage::HostRow;

fn shape(finding: &str, about: &[&str]) -> Shape {
    let about = about.iter().map(|text| (*text).to_owned()).collect();
    Shape { finding: finding.to_owned(), cause: "network".to_owned(), about }
}

fn row(id: &str, severity: Option<Severity>, shape: Option<Shape>) -> Row {
    let host = HostRow {
        name: format!("{id}.example.org"),
        kind: HostKind::Esxi,
        version: Some("6.7.0".to_owned()),
        update: Some("6.7 U3".to_owned()),
        build: Some("14320388".to_owned()),
        bundles: vec![format!("in/{id}.tgz")],
        captured_at: None,
    };
    Row {
        id: id.to_owned(),
        reports: vec!["report.html".to_owned()],
        cluster: None,
        severity,
        confidence: severity.map(|_| Confidence::Likely),
        title: format!("title of {id}"),
        cause: None,
        first_step: None,
        verdict: vec![format!("verdict of {id}")],
        shape,
        also: Vec::new(),
        first_seen: None,
        last_seen: None,
        from: None,
        to: None,
        hosts: vec![host],
        missing_hosts: Vec::new(),
        incomplete: false,
        problems: 0,
    }
}

fn index(rows: Vec<Row>, lang: Lang) -> Index {
    let rules = RuleSetInfo { count: 1, sha256: "00".to_owned() };
    let tool = Tool { name: "esxray".to_owned(), version: "1".to_owned(), rules };
    Index::of(rows, Vec::new(), tool, lang, "UTC")
}

fn written(index: &Index, file: &str) -> String {
    let renderer = INDEX_RENDERERS.iter().find(|renderer| renderer.file_name == file).expect("a form");
    let mut out = Vec::new();
    (renderer.render)(index, &mut out).expect("in memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn the_same_incident_is_one_and_the_worst_comes_first() {
    let lost = || Some(shape("vsan.host-lost", &[]));
    let cpu = |about: &[&str]| Some(shape("evc.feature-mismatch", about));
    let mut beside = row("d", Some(Severity::Critical), lost());
    beside.also = vec![shape("evc.feature-mismatch", &["SSBD"])];
    let quiet = row("q", None, None);
    let cut = Row { incomplete: true, ..row("r", None, None) };
    let rows = vec![
        quiet,
        row("c", Some(Severity::Error), cpu(&["SSBD"])),
        cut,
        row("a", Some(Severity::Error), cpu(&["MDCLEAR"])),
        beside,
        row("b", Some(Severity::Error), cpu(&["MDCLEAR"])),
    ];
    let index = index(rows, Lang::En);
    let cases: Vec<&str> = index.cases.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(cases, ["d", "a", "b", "c", "r", "q"]);
    let told: Vec<(&str, Vec<&str>, Vec<&str>)> = index
        .incidents
        .iter()
        .map(|incident| {
            let own = incident.cases.iter().map(String::as_str).collect();
            (incident.id.as_str(), own, incident.also_in.iter().map(String::as_str).collect())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("vsan.host-lost/network", vec!["d"], vec![]),
            ("evc.feature-mismatch/network/MDCLEAR", vec!["a", "b"], vec![]),
            ("evc.feature-mismatch/network/SSBD", vec!["c"], vec!["d"]),
        ]
    );
    assert_eq!(index.incidents[1].esxi, [Release { release: "6.7 U3 (14320388)".to_owned(), cases: 2 }]);
    assert_eq!(index.counted(), "6 bundles, 6 hosts, 6 cases, 3 kinds of incident.");
}

#[test]
fn hostile_text_stays_text_in_every_form() {
    let evil = "<script>alert(1)</script>|=cmd()\u{202e}\n# x [a](javascript:b)";
    let mut row = row("a", Some(Severity::Error), Some(shape("host.crashed", &[evil])));
    row.title = evil.to_owned();
    row.verdict = vec![evil.to_owned()];
    row.hosts[0].name = evil.to_owned();
    row.missing_hosts = vec![evil.to_owned()];
    let mut index = index(vec![row], Lang::Ja);
    index.problems.push(Problem::new(ProblemKind::NotABundle, evil, evil));
    let html = written(&index, "index.html");
    assert!(
        !html.contains("<script>alert") && html.contains("&lt;script&gt;alert") && !html.contains('\u{202e}')
    );
    let md = written(&index, "index.md");
    // In Markdown what could come alive is code.
    assert!(
        md.matches("<script>").count() == md.matches("`<script>").count() && !md.contains("\n# x"),
        "{md}"
    );
    let csv = written(&index, "index.csv");
    assert!(csv.lines().skip(1).all(|line| !line.starts_with('=')) && !csv.contains('\u{202e}'), "{csv}");
    let json: Index = serde_json::from_str(&written(&index, "index.json")).expect("valid JSON");
    assert_eq!(json.cases[0].title, evil);
}

#[test]
fn every_finding_has_a_name() {
    for id in crate::verdict::VERDICTS.iter().flat_map(|verdict| verdict.findings) {
        assert!(words::FINDINGS.iter().any(|(known, _, _)| known == id), "{id}");
    }
    assert_eq!(incident_name(&shape("vsan.partition", &[]), Lang::Ja), "vSAN クラスタの分断（network）");
    assert_eq!(
        incident_name(&shape("vsan.partition", &["X", "Y"]), Lang::En),
        "The vSAN cluster is split (X, Y; network)"
    );
}
