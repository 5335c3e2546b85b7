//! The HTML report in a real headless Chromium: nothing leaves, nothing fails, it can be used by keys alone, on paper,
//! in the dark, in any width and without scripts.
//! Skipped, with a message, where no `chromium` is installed.

// A skipped test must say so.
#![allow(clippy::print_stderr)]

#[path = "common/browser.rs"]
mod browser;
#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/full.rs"]
mod full;
#[path = "common/large.rs"]
mod large;
#[path = "common/page.rs"]
mod page;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use browser::{Browser, Key, Tab};
use esxray::model::Lang;
use esxray::report::timeline::fold;

/// Panics if the page can be scrolled sideways, with the elements that reach out of it.
#[track_caller]
fn assert_fits(tab: &mut Tab<'_>, name: &str) {
    let by = tab.number("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    let out = tab.texts(
        "[...document.querySelectorAll('main *, nav')].filter(e =>
             e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.parentElement.closest('.wide, .scroll, nav'))
           .slice(0, 6).map(e => e.outerHTML.slice(0, 90))",
    );
    assert!(by == 0.0, "{name}: the page can be scrolled by {by}: {out:#?}");
}

#[test]
fn the_page_opens_without_a_request_or_an_error() {
    let Some(mut browser) = Browser::start() else { return };
    for lang in [Lang::En, Lang::Ja] {
        let report = full::report(lang, 600);
        let written = page::write(&report);
        for scheme in ["light", "dark"] {
            let mut tab = browser.tab();
            tab.media("", &[("prefers-color-scheme", scheme)]);
            tab.go(&written.path, "");
            tab.assert_clean(&written.path);
            assert_eq!(page::shown_rows(&mut tab).len(), fold(&report.timeline).len());
            assert_eq!(tab.evaluate("!!document.getElementById('finding-3')"), true);
        }
    }
}

/// What the other tests look for is seen when it is there: a request, an error, a dialog, a script that is not ours.
#[test]
fn a_page_that_is_not_clean_is_seen() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bad.html");
    let bad = "<!DOCTYPE html><link rel=icon href=data:,><img src=http://esxray.invalid/x.png>\
               <script>console.log('said'); setTimeout(() => alert('hello'), 0); throw Error('thrown')</script>";
    fs::write(&path, bad).expect("written");
    let mut tab = browser.open(&path, "");
    let seen = tab.seen();
    assert!(seen.requests.iter().any(|url| url == "http://esxray.invalid/x.png"), "{seen:?}");
    assert_eq!(seen.dialogs, ["hello"]);
    for word in ["said", "thrown", "ERR_PROXY_CONNECTION_FAILED"] {
        assert!(seen.complaints.iter().any(|text| text.contains(word)), "{word}: {seen:?}");
    }
}

/// The content security policy must stop a script even if an escape were forgotten.
#[test]
fn a_foreign_script_is_refused() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 20));
    let text = fs::read_to_string(&written.path).expect("the page");
    let evil = "<p onclick=\"this.textContent='ran'\" id=evil>calm</p><a id=link href=\"javascript:evil.textContent='ran'\">x</a>\
         <script>document.getElementById('evil').textContent='ran'</script></main>";
    fs::write(&written.path, text.replace("</main>", evil)).expect("written");
    let mut tab = browser.open(&written.path, "");
    tab.click("#evil");
    tab.click("#link");
    assert_eq!(tab.evaluate("document.getElementById('evil').textContent"), "calm");
    let stopped = tab.seen().complaints.iter().filter(|text| text.starts_with("stopped: script-src")).count();
    assert_eq!(stopped, 3, "{:?}", tab.seen());
}

#[test]
fn the_page_is_read_without_scripts() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 60);
    let written = page::write(&report);
    let mut tab = browser.tab();
    tab.without_scripts();
    tab.go(&written.path, "");
    for id in page::SECTIONS {
        let height = tab.number(&format!("document.getElementById('{id}').getBoundingClientRect().height"));
        assert!(height > 40.0, "{id} is {height} high");
    }
    let text = tab.evaluate("document.body.innerText");
    let text = text.as_str().expect("a text");
    for finding in &report.findings {
        let steps = finding.remedy.iter().map(|step| &step.text);
        for part in [&finding.title, &finding.summary, &finding.cause.text].into_iter().chain(steps) {
            assert!(text.contains(part.as_str()), "{part}");
        }
    }
    let picture = format!("document.querySelector('{}').getBoundingClientRect().height", page::PICTURE);
    assert!(tab.number(&picture) > 40.0, "the picture");
    // A control that does nothing would mislead.
    let dead = format!(
        "[...document.querySelectorAll('{}')].filter(e => e.checkVisibility()).length",
        page::NOT_PRINTED
    );
    let links = "[...document.querySelectorAll('nav')].filter(e => e.checkVisibility()).length";
    assert_eq!(tab.number(&dead), tab.number(links));
    // A step of a remedy is ticked off without a script.
    let ticks = "document.querySelectorAll('.steps input[type=checkbox]').length";
    assert_eq!(tab.number("[...document.querySelectorAll('form, button, select, input')].filter(e => e.checkVisibility()).length"), tab.number(ticks));
    // Folds open by themselves.
    let fold = "document.querySelector('details:not([open])')";
    tab.evaluate(&format!("{fold}.id = 'tried'"));
    tab.click("#tried > summary");
    assert_eq!(tab.evaluate("document.getElementById('tried').open"), true);
}

/// Where the focus is: a path that tells elements apart, whether it can be seen, whether it is marked (the page marks it
/// with outlines only), and what it is.
const FOCUS: &str = "(() => {
    const e = document.activeElement;
    if (!e || e === document.body || e === document.documentElement) return null;
    const all = [...document.querySelectorAll('*')];
    const style = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    return [String(all.indexOf(e)), String(box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight),
        String(style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 && style.outlineColor !== 'rgba(0, 0, 0, 0)'),
        e.outerHTML.slice(0, 80)];
})()";

/// Where the keyboard has been.
#[derive(Default)]
struct Walk {
    /// Each element by its place in the document.
    places: Vec<String>,
    /// Where one could not see that the focus was there.
    unseen: Vec<String>,
}

/// Presses Tab, or back, until the focus leaves the page.
fn walk(tab: &mut Tab<'_>, key: Key, most: usize) -> Walk {
    let mut walk = Walk::default();
    for _ in 0..most {
        tab.press(key);
        let focus = tab.evaluate(FOCUS);
        if focus.is_null() {
            return walk;
        }
        let part = |at: usize| focus[at].as_str().expect("a text").to_owned();
        if part(1) != "true" || part(2) != "true" {
            walk.unseen.push(focus.to_string());
        }
        if walk.places.last() == Some(&part(0)) || walk.places.first() == Some(&part(0)) {
            return walk;
        }
        walk.places.push(part(0));
    }
    panic!("the focus never leaves the page: {:?}", &walk.places[walk.places.len() - 20..]);
}

/// What the keyboard should reach.
const CONTROLS: &str = "(() => { const all = [...document.querySelectorAll('*')];
    return [...document.querySelectorAll('a[href], button, summary, select, input, [tabindex=\"0\"]')]
      .filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0).map(e => String(all.indexOf(e))); })()";

#[test]
fn every_control_is_reached_by_keys_and_left_again() {
    let Some(mut browser) = Browser::start() else { return };
    for (lang, scheme) in [(Lang::En, "light"), (Lang::Ja, "dark")] {
        let written = page::write(&full::report(lang, 24));
        let mut tab = browser.tab();
        tab.media("", &[("prefers-reduced-motion", "reduce"), ("prefers-color-scheme", scheme)]);
        tab.go(&written.path, "");
        let controls = tab.texts(CONTROLS);
        let most = controls.len() + 120;
        let forth = walk(&mut tab, Key::Tab, most);
        assert!(forth.unseen.is_empty(), "the focus is not seen at {:?}", forth.unseen);
        let reached: BTreeSet<String> = forth.places.into_iter().collect();
        let missed: Vec<&String> = controls.iter().filter(|place| !reached.contains(*place)).collect();
        assert!(controls.len() > 20 && missed.is_empty(), "{missed:?} of {} are not reached", controls.len());
        let back = walk(&mut tab, Key::BackTab, most);
        assert!(back.unseen.is_empty(), "the focus is not seen at {:?}", back.unseen);
        let back = back.places.into_iter().collect::<BTreeSet<_>>();
        assert!(reached.len().abs_diff(back.len()) <= 1, "{} forth, {} back", reached.len(), back.len());
        tab.assert_clean(&written.path);
    }
}

/// What the test above looks for is missed where it is missing.
#[test]
fn a_focus_that_is_hidden_is_seen() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 24));
    let text = fs::read_to_string(&written.path).expect("the page");
    for hidden in ["*:focus { outline: none !important }", "*:focus { position: fixed; top: -5000px }"] {
        let page = text.replace("</head>", &format!("<style>{hidden}</style></head>"));
        fs::write(&written.path, page).expect("written");
        let mut tab = browser.open(&written.path, "");
        let most = tab.texts(CONTROLS).len() + 120;
        let walk = walk(&mut tab, Key::Tab, most);
        assert!(walk.unseen.len() > 20, "only {} are missed with {hidden}", walk.unseen.len());
    }
}

#[test]
fn folds_open_and_close_by_keys() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 24));
    let mut tab = browser.open(&written.path, "");
    tab.evaluate("document.querySelector('details:not([open])').id = 'tried'");
    tab.evaluate("document.querySelector('#tried > summary').focus()");
    for (key, is_open) in [(Key::Enter, true), (Key::Enter, false), (Key::Space, true), (Key::Space, false)] {
        tab.press(key);
        assert_eq!(tab.evaluate("document.getElementById('tried').open"), is_open, "{key:?}");
    }
}

#[test]
fn a_command_is_copied_whole() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 24);
    let written = page::write(&report);
    let mut tab = browser.open(&written.path, "");
    let commands: Vec<&String> = report
        .findings
        .iter()
        .flat_map(|finding| &finding.remedy)
        .filter_map(|step| step.command.as_ref())
        .collect();
    assert_eq!(
        tab.number(&format!("document.querySelectorAll('{}').length", page::COPY)),
        commands.len() as f64
    );
    // A command of two lines shows that lines stay lines.
    let lines = commands.iter().position(|command| command.contains('\n')).expect("one of two lines");
    for at in [0, lines] {
        tab.evaluate(&format!("document.querySelectorAll('{}')[{at}].id = 'copy-{at}'", page::COPY));
        tab.click(&format!("#copy-{at}"));
        tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<textarea id=pasted></textarea>'); pasted.focus()");
        tab.press(Key::Paste);
        assert_eq!(tab.evaluate("pasted.value"), commands[at].as_str());
        tab.evaluate("pasted.remove()");
    }
    tab.assert_clean(&written.path);
}

/// The texts of the pages of a PDF are in compressed streams; this gives how many streams show text.
fn pages_with_text(pdf: &[u8]) -> usize {
    let find = |from: usize, what: &[u8]| {
        pdf[from..].windows(what.len()).position(|part| part == what).map(|at| from + at)
    };
    let (mut at, mut count) = (0, 0);
    while let Some(start) = find(at, b"stream\n") {
        let end = find(start, b"endstream").unwrap_or(pdf.len());
        let mut content = Vec::new();
        let _ = flate2::read::ZlibDecoder::new(&pdf[start + 7..end]).read_to_end(&mut content);
        let content = String::from_utf8_lossy(&content);
        count += usize::from(content.contains(" Tf") && (content.contains("Tj") || content.contains("TJ")));
        at = end + 9;
    }
    count
}

#[test]
fn paper_shows_the_evidence_and_no_controls() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 2_600));
    let mut tab = browser.open(&written.path, "");
    // What the page has open when it is laid out for paper; its own listener comes first.
    tab.evaluate(&format!(
        "window.addEventListener('beforeprint', () => {{
           window.folded = [...document.querySelectorAll('{}')].filter(d => !d.open).length; }}); 1",
        page::PRINTED_FOLDS
    ));
    let open_before = tab.number("document.querySelectorAll('details[open]').length");
    let pdf = tab.pdf();
    assert_eq!(tab.number("window.folded"), 0.0);
    assert_eq!(tab.number("document.querySelectorAll('details[open]').length"), open_before);
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.matches("/Type /Page\n").count();
    assert!((5..=60).contains(&pages), "{pages} pages");
    assert!(pages_with_text(&pdf) >= pages, "{} of {pages} pages have text", pages_with_text(&pdf));
    tab.media("print", &[]);
    let seen = format!(
        "[...document.querySelectorAll('{}')].filter(e => e.checkVisibility()).length",
        page::NOT_PRINTED
    );
    assert_eq!(tab.number(&seen), 0.0);
    // Nothing that is told on the screen is missing below its heading.
    let lost = tab.texts(
        "[...document.querySelectorAll('main :is(p, ul, ol, dl, table):not(nav *, #chart *, #filter *, .onward, .all, .hint)')]
           .filter(e => !e.checkVisibility() && !e.closest('[hidden], #events, #chart, .onward, .all, details:not([open])'))
           .map(e => e.outerHTML.slice(0, 80))",
    );
    assert!(lost.is_empty(), "not on paper: {lost:#?}");
    let rows = page::shown_rows(&mut tab).len();
    assert!((1..=400).contains(&rows), "{rows} rows of the timeline on paper");
    tab.assert_clean(&written.path);
}

#[test]
fn the_page_fits_its_window() {
    let Some(mut browser) = Browser::start() else { return };
    for (name, report) in [
        ("full", full::report(Lang::En, 600)),
        ("full, Japanese", full::report(Lang::Ja, 600)),
        ("healthy", fixture::healthy(Lang::Ja)),
        ("empty", fixture::empty()),
    ] {
        let written = page::write(&report);
        let mut tab = browser.tab();
        for width in [360, 1280, 3840] {
            tab.viewport(width, 900);
            tab.go(&written.path, "");
            assert_fits(&mut tab, &format!("{name} at {width}"));
            tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
            tab.settle();
            assert_fits(&mut tab, &format!("{name} at {width}, all unfolded"));
            // What is there is wide enough to be read.
            let least = tab.number("Math.min(...[...document.querySelectorAll('h1, h2, h3')].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().width))");
            assert!(least > 100.0, "{name} at {width}: a heading is {least} wide");
        }
        tab.assert_clean(&written.path);
    }
}

#[test]
fn forced_colours_and_reduced_motion_are_obeyed() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 60));
    let mut tab = browser.tab();
    tab.media("", &[("forced-colors", "active"), ("prefers-reduced-motion", "reduce")]);
    tab.go(&written.path, "");
    tab.assert_clean(&written.path);
    assert_eq!(tab.evaluate("matchMedia('(forced-colors: active)').matches"), true);
    let moves = tab.texts(
        "[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
           return s.scrollBehavior === 'smooth' || s.transitionDuration.split(',').some(t => parseFloat(t) > 0.01)
             || (s.animationName !== 'none' && parseFloat(s.animationDuration) > 0.01); }).map(e => e.tagName)",
    );
    assert!(moves.is_empty(), "{moves:?} still move");
}

/// Writes pages to look at: `cargo test --test report_browser -- --ignored`, then `target/tmp/*.html` and `*.png`.
#[test]
#[ignore = "writes samples for people"]
fn samples() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut browser = Browser::start();
    for (name, report) in [
        ("report-en", full::report(Lang::En, 2_600)),
        ("report-ja", full::report(Lang::Ja, 2_600)),
        ("healthy-ja", fixture::healthy(Lang::Ja)),
        ("empty", fixture::empty()),
        ("large", large::report(64, 40_000)),
    ] {
        let written = page::write(&report);
        fs::copy(&written.path, folder.join(format!("{name}.html"))).expect("copied");
        let Some(browser) = &mut browser else { continue };
        let mut tab = browser.tab();
        for (width, scheme) in [(1280, "light"), (3840, "dark")] {
            tab.viewport(width, 2_000);
            tab.media("", &[("prefers-color-scheme", scheme)]);
            tab.go(&written.path, "");
            fs::write(folder.join(format!("{name}-{width}-{scheme}.png")), tab.screenshot())
                .expect("written");
        }
    }
}
