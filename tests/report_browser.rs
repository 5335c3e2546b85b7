//! The HTML report in a real headless Chromium: nothing leaves, nothing fails, the filter works.
//! Skipped, with a message, where no `chromium` is installed.

// A skipped test must say so.
#![allow(clippy::print_stderr)]

#[path = "common/fixture.rs"]
mod fixture;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use esxray::model::Lang;
use esxray::report::model::Report;
use esxray::report::renderer;
use esxray::report::timeline::{Row, fold};

/// What the browser made of a page: its DOM after the scripts, and what it logged.
struct Visit {
    dom: String,
    log: String,
}

fn write_html(report: &Report, path: &Path) {
    let mut file = File::create(path).expect("a file");
    (renderer("html").expect("a renderer").render)(report, &mut file).expect("written");
}

fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success()));
    if found.is_none() {
        eprintln!("skipped: no chromium here");
    }
    found
}

/// Opens `page` with `state` behind it. A proxy that refuses everything makes any request an error in the log.
fn visit(browser: &str, page: &Path, state: &str) -> Visit {
    let profile = tempfile::tempdir().expect("a temporary folder");
    let out = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--proxy-server=127.0.0.1:9", "--enable-logging=stderr", "--v=0"])
        .args(["--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}{state}", page.display()))
        .output()
        .expect("the browser runs");
    Visit {
        dom: String::from_utf8_lossy(&out.stdout).into_owned(),
        log: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

fn page(report: &Report) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("report.html");
    write_html(report, &path);
    (folder, path)
}

/// The rows of the event table that the script lists.
fn shown_rows(dom: &str) -> Vec<&str> {
    let table = dom.split("<table id=\"events\"").nth(1).expect("the event table");
    let table = table.split("</table>").next().unwrap_or(table);
    let rows = table.split("<tbody class=\"live\">").nth(1).expect("the rows of the script");
    rows.split("<tr ").skip(1).collect()
}

/// `12 of 600 shown`, as the script says it.
fn shown_note(report: &Report, shown: usize) -> String {
    format!("{shown} of {} shown", fold(&report.timeline).len())
}

fn assert_clean(visit: &Visit) {
    for bad in ["CONSOLE", "Refused", "Content Security Policy", "ERR_PROXY", "Uncaught"] {
        let line = visit.log.lines().find(|line| line.contains(bad));
        assert_eq!(line, None, "the browser complained");
    }
}

#[test]
fn the_page_opens_without_a_request_or_an_error() {
    let Some(browser) = chromium() else { return };
    for lang in [Lang::En, Lang::Ja] {
        let (_folder, path) = page(&fixture::report(lang, 600));
        let seen = visit(browser, &path, "");
        assert_clean(&seen);
        assert!(seen.dom.contains("id=\"finding-3\""));
        assert_eq!(shown_rows(&seen.dom).len(), fold(&fixture::report(lang, 600).timeline).len().min(200));
        // The script ran (it adds the buttons), and nothing that a bundle wrote became an element.
        assert!(seen.dom.contains("<button type=\"button\">"));
        assert!(!seen.dom.contains("<img") && seen.dom.matches("<script").count() == 2);
        // What could load something: the one link is the empty icon, the rest are anchors.
        assert_eq!(seen.dom.matches("<link ").count(), 1);
        assert!(seen.dom.contains("<link rel=\"icon\" href=\"data:,\">"));
        for tag in ["<iframe", "<object", "<embed", "<video", "<audio", "<source", "<base", "<image", "<use"]
        {
            assert!(!seen.dom.contains(tag), "{tag}");
        }
    }
}

#[test]
fn the_filter_is_read_from_the_address() {
    let Some(browser) = chromium() else { return };
    let report = fixture::report(Lang::En, 600);
    let (_folder, path) = page(&report);
    let rows = fold(&report.timeline);
    assert!(rows.len() < 600, "the fixture has repeats");
    let first = |row: &Row| &report.timeline[row.first()];
    let expected = rows.iter().filter(|row| first(row).host == "esx02").count();
    let seen = visit(browser, &path, "#host=esx02");
    assert_clean(&seen);
    let shown = shown_rows(&seen.dom);
    assert_eq!(shown.len(), expected.min(200));
    assert!(shown.iter().all(|row| row.contains("<td>esx02</td>")));
    assert!(seen.dom.contains(&shown_note(&report, expected)));

    let seen = visit(browser, &path, "#severity=error&kind=vsan.peer-unreachable&text=world%2012");
    // The text is looked for in the repeats of a row too.
    let fits = |row: &&Row| {
        first(row).kind.name() == "vsan.peer-unreachable"
            && row.members.iter().any(|&at| report.timeline[at].text.contains("world 12"))
    };
    assert!(rows.iter().any(|row| fits(&row)));
    assert!(seen.dom.contains(&shown_note(&report, rows.iter().filter(fits).count())));
}

/// The content security policy must stop a script even if an escape were forgotten.
#[test]
fn a_foreign_script_is_refused() {
    let Some(browser) = chromium() else { return };
    let (_folder, path) = page(&fixture::report(Lang::En, 20));
    let text = fs::read_to_string(&path).expect("the page");
    let evil = "<p onclick=1 id=evil>calm</p><script>document.getElementById('evil').textContent='ran'</script></main>";
    fs::write(&path, text.replace("</main>", evil)).expect("written");
    let seen = visit(browser, &path, "");
    assert!(seen.dom.contains(">calm</p>"));
    // And so would be seen what the other tests look for.
    assert!(seen.log.contains("Content Security Policy"), "{}", seen.log);
}

/// Writes pages to look at: `cargo test --test report_browser -- --ignored`, then `target/tmp/*.html`.
#[test]
#[ignore = "writes samples for people"]
fn samples() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, report) in [
        ("report-en.html", fixture::report(Lang::En, 2_600)),
        ("report-ja.html", fixture::report(Lang::Ja, 2_600)),
        ("healthy-ja.html", fixture::healthy(Lang::Ja)),
        ("empty.html", fixture::empty()),
    ] {
        write_html(&report, &folder.join(name));
    }
}
