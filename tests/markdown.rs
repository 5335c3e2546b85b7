//! `report.md` read by a Markdown parser: its structure is ours alone, whatever a bundle writes, and it stays small.

#[path = "common/fixture.rs"]
mod fixture;

use std::collections::BTreeSet;

use esxray::model::{Lang, Timestamp};
use esxray::report::model::{Evidence, Finding, Report};
use esxray::report::{escape, renderer};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use regex::Regex;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// What a bundle's author could write to be more than text on the page.
const PAYLOADS: &[&str] = &[
    "```\n# gone\n```",
    "~~~~ `` ` ```` x",
    "a | b | c \\| d \\\\| e",
    "<script>alert(1)</script> <b onclick=x>",
    "x](javascript:alert(1)) [y](http://evil.example/)",
    "![](http://evil.example/pixel.png) ![x][y]",
    "@root and @team/ops, see #123 !7 &3 ~bug %1 GH-1",
    "<!-- hidden --> &lt;b&gt; &#64;x",
    "===\n---\n***",
    "- [ ] item\n* item\n1. item\n+ item\n2) item",
    "\ttab\\ end\\",
    "https://evil.example/x www.evil.example mail@evil.example",
    "[^1] and [^1]: note",
    "[a]: http://evil.example",
    ":smile: ~~gone~~ $x^2$ $$y$$ [[wiki]] 1a2b3c4d5e6f",
    "line\r\nline\u{2028}line\u{202e}evil\u{200b}",
    "# heading\n## heading ##",
    "> quote",
    ": definition",
    "/close",
    "__strong__ *em* _em_ ***x***",
    "|---|---|\n| a | b |",
    ":-\n-:",
];

/// Keys whose strings are words of the report's form, not text of a bundle.
const FORM: &[&str] = &[
    "schema",
    "lang",
    "kind",
    "severity",
    "confidence",
    "class",
    "time_quality",
    "outcome",
    "what",
    "why",
    "url",
    "time_zone",
    "details",
    "side",
    "reason_side",
    "phase",
    "requires_from",
    "tally",
    "sha256",
    "state",
];

/// Every text of a report replaced by what `to` makes of it; equal texts stay equal, times and words of the form stay.
fn replaced(report: &Report, to: &dyn Fn(&str) -> String) -> Report {
    fn walk(key: &str, value: &mut Value, to: &dyn Fn(&str) -> String) {
        match value {
            _ if FORM.contains(&key) => {}
            Value::String(text) if text.parse::<Timestamp>().is_err() => *text = to(text),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(key, item, to)),
            Value::Object(map) if ["capability", "mask", "effective"].contains(&key) => {
                *map = std::mem::take(map).into_iter().map(|(host, value)| (to(&host), value)).collect();
            }
            Value::Object(map) => map.iter_mut().for_each(|(key, value)| walk(key, value, to)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(report).expect("JSON");
    walk("", &mut value, to);
    serde_json::from_value(value).expect("a report")
}

/// A text as a word without any mark; long enough to be told from any other.
fn calm(text: &str) -> String {
    let sum = text.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let letters = b"ghijklmnopqrstuv";
    (0..12).map(|at| char::from(letters[(sum >> (4 * at)) as usize % letters.len()])).collect()
}

fn hostile(text: &str) -> String {
    let word = calm(text);
    let at = word.bytes().map(usize::from).sum::<usize>();
    let (one, other) = (PAYLOADS[at % PAYLOADS.len()], PAYLOADS[at / 3 % PAYLOADS.len()]);
    format!("{one} {word} {other}")
}

fn markdown(report: &Report) -> String {
    let mut out = Vec::new();
    (renderer("md").expect("a renderer").render)(report, &mut out).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

/// Read with all that forges switch on, and more.
fn parse(text: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_WIKILINKS;
    Parser::new_ext(text, options).collect()
}

/// The blocks and the emphasis of a page, without its text.
fn structure(events: &[Event<'_>]) -> Vec<String> {
    let told = |event: &Event<'_>| match event {
        Event::Start(Tag::Link { .. }) => Some("link".to_owned()),
        Event::Start(tag) => Some(format!("{tag:?}")),
        Event::End(tag) => Some(format!("{tag:?}")),
        Event::Text(_) | Event::Code(_) | Event::SoftBreak => None,
        other => Some(format!("{other:?}")),
    };
    events.iter().filter_map(told).collect()
}

/// A report with something in every part, of which no part is left out.
fn full(lang: Lang) -> Report {
    let mut report = fixture::report(lang, 60);
    let evidence = report.findings[0].evidence.clone();
    let at = report.findings[0].first_seen;
    report.findings[0].chain = vec![esxray::report::model::Link {
        time: at,
        host: None,
        text: "It began.".into(),
        evidence,
        places: vec![],
    }];
    for entry in &mut report.timeline {
        entry.message = format!("{} as it stands", entry.text);
    }
    report
}

/// The pairs of lines in the fences of evidence: the place, then the text.
fn fenced(events: &[Event<'_>]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut inside: Option<String> = None;
    for event in events {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(word))) if &**word == "text" => {
                inside = Some(String::new());
            }
            Event::Text(part) => inside.iter_mut().for_each(|text| text.push_str(part)),
            Event::End(TagEnd::CodeBlock) => {
                let text = inside.take().unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                assert!(lines.len().is_multiple_of(2), "{lines:#?}");
                pairs.extend(lines.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())));
            }
            _ => {}
        }
    }
    pairs
}

#[test]
fn the_structure_of_the_page_is_the_same_whatever_a_bundle_writes() {
    for lang in [Lang::En, Lang::Ja] {
        let report = full(lang);
        let (calm, evil) = (replaced(&report, &calm), replaced(&report, &hostile));
        let (calm_text, evil_text) = (markdown(&calm), markdown(&evil));
        let (expected, found) = (structure(&parse(&calm_text)), structure(&parse(&evil_text)));
        let differs = expected.iter().zip(&found).position(|(one, other)| one != other);
        let around =
            differs.map(|at| (&expected[at.saturating_sub(3)..at + 1], &found[at.saturating_sub(3)..at + 1]));
        assert_eq!(around, None, "{evil_text}");
        assert_eq!(expected.len(), found.len());
        for part in ["Table(", "TaskListMarker", "CodeBlock(", "Heading { level: H4", "Strong"] {
            assert!(found.iter().any(|told| told.contains(part)), "{part} is in the page");
        }
        for part in ["Html", "Image", "Footnote", "Math", "Strikethrough", "BlockQuote", "Rule", "Definition"]
        {
            assert!(!found.iter().any(|told| told.contains(part)), "{part} is not in the page");
        }
    }
}

#[test]
fn only_our_links_are_links_and_headings_differ() {
    let report = replaced(&full(Lang::En), &hostile);
    let text = markdown(&report);
    let known: BTreeSet<&str> = report
        .findings
        .iter()
        .flat_map(|found| &found.references)
        .filter_map(|one| one.url.as_deref())
        .collect();
    let (mut links, mut headings, mut inside) = (0, BTreeSet::new(), None);
    for event in parse(&text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(known.contains(&*dest_url), "{dest_url}");
                links += 1;
            }
            Event::Start(Tag::Heading { .. }) => inside = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let heading = inside.take().expect("it began");
                assert!(headings.insert(heading.clone()), "{heading} is there twice");
            }
            Event::Text(part) | Event::Code(part) => inside.iter_mut().for_each(|text| text.push_str(&part)),
            _ => {}
        }
    }
    assert_eq!(links, known.len());
}

#[test]
fn nothing_that_a_forge_looks_for_is_left_in_plain_text() {
    let text = markdown(&replaced(&full(Lang::En), &hostile));
    let live = [
        r"@\w",
        r"[#!&%~^]\d",
        r"&[a-z]",
        r"(?i)\bgh-\d",
        r"://",
        r"(?i)www\.",
        r":[a-z_]+:",
        r"\$",
        r"\[\[",
        r"<\w",
        r"\b(?:[0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{5,38}\b",
        r"^/\w",
    ]
    .map(|pattern| Regex::new(pattern).expect("a pattern"));
    let (mut inside_code, mut plain) = (false, String::new());
    for event in parse(&text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => inside_code = true,
            Event::End(TagEnd::CodeBlock) => inside_code = false,
            Event::Text(part) if !inside_code => plain.push_str(&part),
            // Our own links to the vendor are meant.
            Event::Code(_) => plain.push(' '),
            Event::Start(_) | Event::End(_) | Event::SoftBreak => plain.push('\n'),
            _ => {}
        }
    }
    for pattern in &live {
        let found = plain.lines().find(|line| pattern.is_match(line));
        assert_eq!(found, None, "{pattern}");
    }
}

#[test]
fn fences_hold_the_lines_of_evidence_and_nothing_else() {
    let report = replaced(&full(Lang::Ja), &hostile);
    let text = markdown(&report);
    let found = fenced(&parse(&text));
    let lines = |finding: &Finding| -> Vec<Evidence> {
        finding.chain.iter().flat_map(|link| &link.evidence).chain(&finding.evidence).cloned().collect()
    };
    let samples = report.coverage.iter().map(|log| log.samples.len()).sum::<usize>();
    let all: Vec<Evidence> = report.findings.iter().flat_map(lines).collect();
    assert_eq!(found.len(), all.len() + samples, "{found:#?}");
    for (line, (head, told)) in all.iter().zip(&found) {
        assert!(head.starts_with(&format!("# {} ", escape::line(&line.host))), "{head}");
        assert!(head.contains(&format!(":{} @{}", line.line, line.offset)), "{head}");
        assert_eq!(*told, escape::line(&line.text));
    }
}

#[test]
fn tables_are_aligned_in_plain_text_and_have_few_columns() {
    for lang in [Lang::En, Lang::Ja] {
        let text = markdown(&fixture::report(lang, 60));
        let mut tables = 0;
        for table in text.split("\n\n").filter(|part| part.starts_with("| ")) {
            let widths: BTreeSet<usize> = table.lines().map(UnicodeWidthStr::width).collect();
            let is_long = table.split('|').any(|cell| cell.trim().width() > 48);
            assert!(widths.len() == 1 || is_long, "{table}");
            let columns = table.lines().next().expect("a head").matches(" | ").count() + 1;
            assert!(columns <= 9, "{table}");
            tables += 1;
        }
        assert!(tables >= 6, "{tables}");
        assert!(!text.contains("<br>") && !text.contains("\n\n\n"), "{text}");
    }
}

#[test]
fn a_case_of_64_hosts_stays_a_ticket() {
    let mut report = fixture::report(Lang::Ja, 20_000);
    for (n, entry) in report.timeline.iter_mut().enumerate() {
        entry.fields.insert("vm".into(), format!("vm{n}"));
        entry.message = format!("{n} {}", "a record of some length ".repeat(20));
    }
    let (host, logs) = (report.hosts[0].clone(), report.coverage.clone());
    report.coverage.clear();
    for n in 10..70 {
        let mut host = host.clone();
        host.id = format!("node{n}");
        host.name = format!("{}.prod.example.com", host.id);
        for log in logs.iter().chain(&logs) {
            let mut log = log.clone();
            log.host = host.id.clone();
            report.coverage.push(log);
        }
        report.hosts.push(host);
    }
    let finding = report.findings[1].clone();
    for n in 0..60 {
        let mut finding = finding.clone();
        finding.title = format!("{} {n}", finding.title);
        finding.evidence = finding.evidence.iter().cycle().take(400).cloned().collect();
        report.findings.push(finding);
    }
    let text = markdown(&report);
    assert!(text.len() < 400_000, "{} bytes", text.len());
    assert!(text.contains("report.json"));
}
