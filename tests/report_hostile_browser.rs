//! A report with hostile text in every field, in a real headless Chromium: none of it becomes an element, an attribute,
//! a link, a script or a dialog, and the page stays whole. And what axe-core says of the page's accessibility.
//! Skipped, with a message, where no `chromium`, or no axe-core, is installed.

// A skipped test must say so.
#![allow(clippy::print_stderr)]

#[path = "common/browser.rs"]
mod browser;
#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/full.rs"]
mod full;
#[path = "common/hostile.rs"]
mod hostile;
#[path = "common/large.rs"]
mod large;
#[path = "common/page.rs"]
mod page;
#[path = "common/run.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use browser::{Browser, Tab};
use esxray::demo::{Container, EvcOptions, VsanOptions, evc_incident, vsan_incident};
use esxray::model::Lang;
use esxray::report::model::Report;
use hostile::Depth;

/// Every element with its attributes, and the schemes of links; values of attributes are not compared.
const PARTS: &str = "[...new Set([...document.querySelectorAll('*')].flatMap(e => [
    ...[...e.attributes].map(a => e.localName + ' ' + a.name), e.localName,
    ...(e.hasAttribute('href') ? [e.localName + ' to ' + e.getAttribute('href').replace(/^#.*/, '#').split(/[/,]/)[0]] : [])]))]";

fn parts(tab: &mut Tab<'_>) -> BTreeSet<String> {
    tab.texts(PARTS).into_iter().collect()
}

#[test]
fn hostile_text_stays_text() {
    let Some(mut browser) = Browser::start() else { return };
    for (lang, depth) in [(Lang::En, Depth::All), (Lang::En, Depth::Texts), (Lang::Ja, Depth::Texts)] {
        check(&mut browser, &format!("{lang:?} {depth:?}"), &full::report(lang, 60), depth, 500);
    }
}

/// The reports of two incidents whose bundles were read, with every free text replaced.
#[test]
fn hostile_text_stays_text_in_real_reports() {
    let Some(mut browser) = Browser::start() else { return };
    let sites = [
        ("features", evc_incident(&EvcOptions::default()).0),
        ("membership", vsan_incident(&VsanOptions::default()).0),
    ];
    for (name, site) in &sites {
        for (lang, word) in [(Lang::En, "en"), (Lang::Ja, "ja")] {
            let (_folder, run) = run::analyze_site(site, Container::Tgz, &["--lang", word]);
            let report: Report = serde_json::from_value(run.report).expect("a report");
            assert_eq!(report.case.lang, lang);
            assert!(!report.findings.is_empty() && !report.timeline.is_empty(), "{name} is an incident");
            check(&mut browser, &format!("{name} {lang:?}"), &report, Depth::Texts, 400);
        }
    }
}

/// How far the page can be scrolled sideways, in pixels.
fn sideways(tab: &mut Tab<'_>) -> f64 {
    tab.number("document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

/// Holds the page of `report` with hostile texts against the one with calm texts; at least `least` of them are there.
fn check(browser: &mut Browser, name: &str, report: &Report, depth: Depth, least: usize) {
    let calm = page::write(&hostile::calm(report, depth));
    let mut allowed = parts(&mut browser.open(&calm.path, ""));
    // Where no text may become a link, the address of the fixture's own reference is still one.
    allowed.insert("a to https:".into());
    allowed.extend(["a", "a href", "a rel"].map(String::from));

    let evil = page::write(&hostile::hostile(report, depth));
    let mut tab = browser.open(&evil.path, "");
    let foreign: Vec<String> = parts(&mut tab).difference(&allowed).cloned().collect();
    assert!(foreign.is_empty(), "{name}: {foreign:?} came from a text");
    assert_eq!(tab.number("document.querySelectorAll('[data-evil]').length"), 0.0);
    assert_eq!(tab.evaluate("typeof window.evil"), "undefined");
    // One script runs; the other is the data that it draws.
    for (tag, most) in [
        ("script:not([type='application/json'])", 1.0),
        ("script", 2.0),
        ("style", 1.0),
        ("main", 1.0),
        ("link", 1.0),
        ("meta", 8.0),
    ] {
        assert!(tab.number(&format!("document.querySelectorAll(\"{tag}\").length")) <= most, "{tag}");
    }
    // It is there, as text, and much of it.
    let there = tab.number("document.body.textContent.split('data-evil').length");
    assert!(there > least as f64, "{name}: only {there} hostile texts are on the page");
    assert_eq!(sideways(&mut tab), 0.0, "{name}: the page is torn apart");
    tab.evaluate("document.querySelectorAll('details:not(.pick)').forEach(d => d.open = true)");
    tab.settle();
    assert_eq!(sideways(&mut tab), 0.0, "{name}: the page is torn apart when it is unfolded");
    // The mouse over the picture: what it says is text too.
    let (_, y) = tab.middle(page::PLOT);
    for at in 1..40 {
        tab.move_to((160.0 + f64::from(at) * 27.0, y));
    }
    // The filter can be set to a hostile host, and the address that it makes works.
    let rows = page::shown_rows(&mut tab).len();
    let hosts = "[...document.querySelectorAll('#filter [name=host]')].map(e => e.closest('label').textContent.trim())";
    assert!(tab.texts(hosts).iter().any(|host| host.contains("evil")), "{name}: hosts are hostile");
    tab.evaluate("document.querySelector('#filter details').open = true");
    tab.click("#filter [name=host]");
    let some = page::shown_rows(&mut tab).len();
    assert!(some < rows, "{name}: {some} of {rows} rows");
    let state = page::address(&mut tab);
    assert!(state.contains("host="), "{state}");
    tab.assert_clean(&evil.path);
    drop(tab);
    let mut tab = browser.open(&evil.path, &state);
    assert_eq!(page::shown_rows(&mut tab).len(), some);
    tab.assert_clean(&evil.path);
}

/// axe-core's script, where `.ci/run` or the environment put it.
fn axe() -> Option<String> {
    let usual = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../axe/node_modules/axe-core/axe.min.js");
    let path = std::env::var_os("ESXRAY_AXE").map_or(usual, PathBuf::from);
    let script = fs::read_to_string(path).ok();
    if script.is_none() {
        eprintln!("skipped: no axe-core");
    }
    script
}

/// The serious and critical violations below `within`, each with the first elements that have it.
fn violations(tab: &mut Tab<'_>, axe: &str, within: &str) -> Vec<String> {
    tab.evaluate(&format!("{axe}; 1"));
    tab.texts(&format!(
        "axe.run(document.querySelector('{within}') ? '{within}' : 'html', {{resultTypes: ['violations']}})
           .then(found => found.violations
           .filter(v => v.impact === 'serious' || v.impact === 'critical')
           .map(v => v.impact + ' ' + v.id + ' (' + v.nodes.length + '): ' + v.nodes.slice(0, 4)
             .map(n => n.html.slice(0, 120) + ' ' + n.any.map(a => a.message).join()).join(' | ')))"
    ))
}

#[test]
fn axe_finds_nothing_serious() {
    let (Some(axe), Some(mut browser)) = (axe(), Browser::start()) else { return };
    let mut wrong = Vec::new();
    for (name, report) in [
        ("full", full::report(Lang::En, 40)),
        ("full, Japanese", full::report(Lang::Ja, 40)),
        ("hostile", hostile::hostile(&full::report(Lang::En, 20), Depth::Texts)),
        ("healthy", fixture::healthy(Lang::En)),
        ("healthy, Japanese", fixture::healthy(Lang::Ja)),
        ("empty", fixture::empty()),
        ("large", large::report(64, 3_000)),
    ] {
        let written = page::write(&report);
        for scheme in ["light", "dark"] {
            let mut tab = browser.tab();
            tab.media("", &[("prefers-color-scheme", scheme)]);
            tab.go(&written.path, "");
            // axe-core takes what is not laid out yet, and so cut off, for something that lies over the rest.
            tab.evaluate(
                "document.head.insertAdjacentHTML('beforeend',
                '<style>main > section { content-visibility: visible !important }</style>')",
            );
            // All that is folded, but for the choices of the filter, which lie over the rest: they are looked at alone.
            for part in ["details:not(.pick)", ".pick"] {
                tab.evaluate(&format!(
                    "document.querySelectorAll('details').forEach(d => d.open = d.matches('{part}'));
                     new Promise(done => setTimeout(done, 600))"
                ));
                let found = violations(&mut tab, &axe, if part == ".pick" { "#filter" } else { "html" });
                wrong.extend(found.into_iter().map(|what| format!("{name}, {scheme}: {what}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the test above looks for is found where it is.
#[test]
fn axe_sees_what_is_serious() {
    let (Some(axe), Some(mut browser)) = (axe(), Browser::start()) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bad.html");
    fs::write(&path, "<!DOCTYPE html><title>x</title><p style='color:#999'>pale</p><input>")
        .expect("written");
    let found = violations(&mut browser.open(&path, ""), &axe, "html");
    for id in ["color-contrast", "label", "html-has-lang"] {
        assert!(found.iter().any(|what| what.contains(id)), "{id} in {found:?}");
    }
}
