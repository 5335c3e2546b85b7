//! The conventions of the product's Japanese, as `src/report/labels.rs` states them, as far as a machine can tell.

#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use esxray::demo::ClusterOptions;
use esxray::demo::{
    Container, EvcOptions, Generation, Site, VsanOptions, evc_incident, healthy, vsan_incident,
};
use esxray::model::Lang;
use esxray::report::terminal;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

/// Letters that only Japanese has.
const LETTER: &str = r"[\x{3041}-\x{3096}\x{30a1}-\x{30fa}\x{4e00}-\x{9fff}]";

fn regex(pattern: &str) -> Regex {
    Regex::new(&pattern.replace('J', LETTER)).expect("a pattern")
}

fn is_japanese(text: &str) -> bool {
    regex("J").is_match(text)
}

fn below(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code of a source: without comments that stand alone, and without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("read");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn literals(code: &str) -> Vec<String> {
    let literal = Regex::new(r#""((?:[^"\\]|\\.)*)""#).expect("a pattern");
    literal.captures_iter(code).map(|found| found[1].replace("\\\"", "\"")).collect()
}

/// Every Japanese text of the program with the file that holds it.
fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for folder in ["src/report", "src/triage", "src/verdict"] {
        for path in below(folder, "rs") {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Tests, and the sets of characters at which lines are broken.
            if !["tests.rs", "columns.rs", "gist.rs"].contains(&name) {
                let found = literals(&code(&path)).into_iter().filter(|text| is_japanese(text));
                texts.extend(found.map(|text| (path.display().to_string(), text)));
            }
        }
    }
    for path in below("src/rule", "toml") {
        let text = fs::read_to_string(&path).expect("read");
        let told = text.lines().filter_map(|line| line.strip_prefix("say.ja = "));
        texts.extend(told.map(|text| (path.display().to_string(), text.trim_matches('"').to_owned())));
    }
    texts
}

/// What breaks the conventions in `text`, with what it is.
fn broken(text: &str) -> Vec<String> {
    let rules = [
        ("half-width katakana", r"[\x{ff61}-\x{ff9f}]"),
        ("full-width digit or letter", r"[\x{ff10}-\x{ff19}\x{ff21}-\x{ff5a}]"),
        ("doubled mark", "、、|。。|、。|。、|：："),
        ("ASCII mark behind Japanese", r"J[,:;!?]|J\.(?:\s|$)"),
        ("ASCII mark before Japanese", "[,:;!] J"),
        ("half-width bracket beside Japanese", r"J ?\(|\) ?J"),
        ("blank beside a full-width mark", r"\S [（）：、。；]|[（：、。；] \S"),
        ("no blank between Japanese and ASCII", r"J[A-Za-z0-9]|[A-Za-z0-9]J"),
        (
            "another spelling than ours",
            "サーバー|ヘッダー|クラスター|アダプター|ドライバー|プロセッサー|コントローラー|メモリー|ほかの|全て|下さい|出来|及び",
        ),
    ];
    let told = rules.iter().filter_map(|(what, pattern)| {
        let found = regex(pattern).find(text)?;
        Some(format!("{what}: {:?} in {text:?}", found.as_str()))
    });
    let open = |mark: char| text.matches(mark).count();
    let balance =
        [('（', '）'), ('「', '」'), ('(', ')')].into_iter().filter(|(from, to)| open(*from) != open(*to));
    told.chain(balance.map(|(from, to)| format!("unbalanced {from}{to} in {text:?}"))).collect()
}

#[test]
fn every_japanese_text_keeps_the_conventions() {
    let texts = texts();
    assert!(texts.len() > 900, "{}", texts.len());
    let wrong: Vec<String> = texts
        .iter()
        .flat_map(|(file, text)| broken(text).into_iter().map(move |told| format!("{file}: {told}")))
        .collect();
    assert!(wrong.is_empty(), "{}\n{} in all", wrong.join("\n"), wrong.len());
}

#[test]
fn what_breaks_a_convention_is_seen() {
    for text in [
        "サーバー",
        "ｶﾀｶﾅ",
        "ホスト: a",
        "ホスト(a)",
        "a (ホスト) を",
        "です。。",
        "ホスト ：a",
        "ホスト1",
        "（ホスト",
        "１台",
    ] {
        assert!(!broken(text).is_empty(), "{text}");
    }
    for text in ["ホスト 1 台（esx01）：vSAN (6.7) a: b です。", "CPU・BIOS", "{0} 件"] {
        assert_eq!(broken(text), Vec::<String>::new());
    }
}

/// `{0}` and `{name}`, with or without how a value is told.
fn places(text: &str) -> BTreeSet<String> {
    let place = Regex::new(r"\{([a-z0-9_|:]*)\}").expect("a pattern");
    place.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_label_has_both_languages_and_the_same_places() {
    let label = Regex::new(r#"(?m)^    ([a-z_0-9]+): ((?:"(?:[^"\\]|\\.)*"|,|\s)+);"#).expect("a pattern");
    // Words that are the same in both, and marks.
    let same = [
        "BIOS",
        "CPU",
        "vSAN",
        "MTU",
        "VIB",
        "ID",
        "NTP",
        "VLAN",
        "MAC",
        "decomState",
        "NIC",
        "vSphere HA",
        "Mbit/s",
    ];
    // Values and marks alone.
    let form = Regex::new(r"^[^a-z]*(\{\d\}[^a-zA-Z]*)+$").expect("a pattern");
    let mut count = 0;
    for path in ["src/report", "src/triage"].into_iter().flat_map(|folder| below(folder, "rs")) {
        let code = code(&path);
        for found in code.split("labels! {").skip(1).flat_map(|block| label.captures_iter(block)) {
            let [en, ja] =
                <[String; 2]>::try_from(literals(&found[2])).unwrap_or_else(|all| panic!("{all:?}"));
            count += 1;
            assert!(!en.is_empty() && !ja.is_empty(), "{}", &found[1]);
            assert_eq!(places(&en), places(&ja), "{}", &found[1]);
            let needs_none = same.iter().any(|word| en.contains(word) || ja == *word)
                || !en.contains(|c: char| c.is_alphabetic());
            let is_form = form.is_match(&ja);
            assert!(is_japanese(&ja) || needs_none || is_form, "{}: {ja}", &found[1]);
            // What is a sentence in one language is one in the other.
            assert!(
                !en.ends_with(". ") && (!ja.ends_with('。') || en.ends_with('.')),
                "{}: {en} / {ja}",
                &found[1]
            );
        }
    }
    assert!(count > 400, "{count}");
}

#[test]
fn every_sentence_of_a_rule_has_both_languages_and_the_same_places() {
    let mut count = 0;
    for path in below("src/rule", "toml") {
        let text = fs::read_to_string(&path).expect("read");
        let of = |lang: &str| -> Vec<&str> {
            let key = format!("say.{lang} = ");
            text.lines()
                .filter_map(|line| line.strip_prefix(&key))
                .map(|text| text.trim_matches('"'))
                .collect()
        };
        let (en, ja) = (of("en"), of("ja"));
        assert_eq!(en.len(), ja.len(), "{}", path.display());
        for (en, ja) in en.iter().zip(&ja) {
            assert_eq!(places(en), places(ja), "{en} / {ja}");
            assert!(is_japanese(ja), "{ja}");
        }
        count += en.len();
    }
    assert!(count > 100, "{count}");
}

/// The text of a page outside code, a line each block.
fn plain(markdown: &str) -> Vec<String> {
    let (mut inside, mut lines) = (false, vec![String::new()]);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => inside = true,
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(part) if !inside => lines.last_mut().expect("one").push_str(&part),
            Event::Code(_) => lines.last_mut().expect("one").push('`'),
            Event::Start(Tag::Item | Tag::Paragraph | Tag::TableCell | Tag::Heading { .. }) => {
                lines.push(String::new())
            }
            _ => {}
        }
    }
    lines
}

/// Three words of an English sentence in a row. Commands are not translated, nor are the reasons that a record gives, which
/// the timeline tells behind a colon.
fn english(text: &str) -> Option<String> {
    let command = Regex::new(r"(?:esxcli|vim-cmd|vsish)[a-zA-Z0-9/. -]*").expect("a pattern");
    let is_row = text.starts_with("20") && !text.contains('年');
    let text = if is_row { text.rsplit_once('：').map_or(text, |(told, _)| told) } else { text };
    let text = command.replace_all(text, "");
    let words = Regex::new(r"\b[A-Za-z]?[a-z]+ (?:[a-z]{2,} )+[a-z]{2,}\b").expect("a pattern");
    words.find(&text).map(|found| found.as_str().to_owned())
}

#[test]
fn a_japanese_report_has_no_english_sentence() {
    let mut evc = EvcOptions::of(Generation::V67);
    evc.features = vec!["cpuid.MDCLEAR".to_owned()];
    let sites: [Site; 3] = [
        evc_incident(&evc).0,
        vsan_incident(&VsanOptions::of(Generation::V67)).0,
        healthy(&ClusterOptions::of(Generation::V80)),
    ];
    let apart = Regex::new(r"\d+年\d+月\d+日 ?| \([^()]*(?:CVE|build)[^()]*\)|^! ").expect("a pattern");
    for site in sites {
        let (folder, run) = run::analyze_site(&site, Container::Tgz, &["--lang", "ja"]);
        let page = fs::read_to_string(folder.path().join("out/report.md")).expect("written");
        // Labels of features are the vendor's, and so are titles of references.
        let titles: BTreeSet<&str> = run.report["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|found| found["references"].as_array().into_iter().flatten())
            .filter_map(|reference| reference["title"].as_str())
            .collect();
        let told = run.report["findings"].as_array().into_iter().flatten();
        let told = told.flat_map(|found| {
            let steps = found["remedy"].as_array().into_iter().chain(found["chain"].as_array()).flatten();
            steps.map(|step| &step["text"]).chain([
                &found["title"],
                &found["summary"],
                &found["cause"]["text"],
            ])
        });
        // Texts that are put together from several.
        let joint = regex(r"J[,:;]|。。|、、|[（：、。）] \S");
        let wrong: Vec<&str> =
            told.filter_map(|text| text.as_str()).filter(|text| joint.is_match(text)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let lines = plain(&page);
        let wrong: Vec<_> = lines
            .iter()
            .filter(|line| !titles.contains(line.as_str()))
            .filter_map(|line| Some((english(line)?, line)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        // What is put together from labels and values keeps the conventions as the labels do. Dates are written without
        // blanks, and names of features are the vendor's.
        let told = lines.iter().filter(|line| is_japanese(line));
        let wrong: Vec<String> = told.flat_map(|line| broken(&apart.replace_all(line, ""))).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let dated = lines.iter().find(|line| line.contains("20") && line.contains('年')).is_some();
        assert!(dated, "dates in prose are in Japanese");
        let wrong: Vec<_> = run
            .stdout
            .lines()
            .filter(|line| !line.contains("# ") && !line.trim_start().starts_with('-'))
            .filter_map(|line| Some((english(line)?, line)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn the_summary_of_the_fixture_is_japanese() {
    let mut out = Vec::new();
    terminal::summary(&fixture::report(Lang::Ja, 30), 80, false, &mut out).expect("writes to memory");
    let text = String::from_utf8(out).expect("UTF-8");
    assert!(text.contains("2026年11月23日 02:10:05 – 02:41:30 UTC"), "{text}");
    assert!(text.contains("対象ホスト：esx03"), "{text}");
}
