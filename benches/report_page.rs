//! The page of a large case: its size, the time to render it, and what a reader waits for in a headless Chromium:
//! `cargo bench --bench report_page`. `cargo test --bench report_page` does the same with a build that is not optimised and
//! a case of fewer events, to see that it works; what the browser does is the same there.
//!
//! The report is made in memory. Each figure of the browser is a median over several fresh starts of it, with a profile
//! that has seen nothing. Without a browser only size and rendering are measured.

// A skipped part must say so.
#![allow(clippy::print_stderr)]

#[path = "../tests/common/browser.rs"]
mod browser;
#[path = "../tests/common/fixture.rs"]
mod fixture;
#[path = "../tests/common/full.rs"]
mod full;
#[path = "../tests/common/large.rs"]
mod large;
#[path = "../tests/common/page.rs"]
mod page;

use std::path::Path;
use std::time::Instant;

use browser::Browser;
use esxray::report::model::Report;
use esxray::report::renderer;

const HOSTS: usize = 64;
const EVENTS: usize = if cfg!(debug_assertions) { 40_000 } else { 1_000_000 };
const RUNS: usize = if cfg!(debug_assertions) { 3 } else { 5 };
/// Widths of the window in pixels.
const WIDTHS: [u32; 2] = [1_280, 3_840];
/// What a reader waits for, each an expression that gives milliseconds.
const WAITS: [(&str, &str); 4] = [
    ("first contentful paint", "performance.getEntriesByName('first-contentful-paint')[0].startTime"),
    ("scripts done", "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"),
    ("loaded", "performance.getEntriesByType('navigation')[0].loadEventEnd"),
    ("one filter change, drawn", ""),
];
/// Elements of the page once its scripts have run.
const ELEMENTS: &str = "document.querySelectorAll('*').length";

fn main() {
    let report = large::report(HOSTS, EVENTS);
    let html = render(&report);
    row("size of the page", html.len() as f64 / 1e6, "MB");
    row("rendering", median((0..RUNS).map(|_| seconds_of(&report) * 1e3).collect()), "ms");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("report.html");
    std::fs::write(&path, html).expect("written");
    for width in WIDTHS {
        let mut waits = vec![Vec::new(); WAITS.len() + 1];
        for _ in 0..RUNS {
            let Some(measured) = visit(&path, width) else { return };
            waits.iter_mut().zip(measured).for_each(|(all, one)| all.push(one));
        }
        let names = WAITS.iter().map(|(name, _)| (*name, "ms")).chain([("elements", "")]);
        for ((name, unit), all) in names.zip(waits) {
            row(&format!("{name}, {width} wide"), median(all), unit);
        }
    }
}

/// The waits of one fresh start in milliseconds, and the elements of the page.
fn visit(path: &Path, width: u32) -> Option<Vec<f64>> {
    let mut browser = Browser::start()?;
    let mut tab = browser.tab();
    tab.viewport(width, 1_000);
    tab.go(path, "");
    // The last host is ticked, and the list and the picture are drawn.
    let filter = "(async () => { const all = document.querySelectorAll('#filter [name=host]'), start = performance.now();
           all[all.length - 1].click();
           await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
           return performance.now() - start; })()";
    let expressions = WAITS.iter().map(|(_, what)| if what.is_empty() { filter } else { *what });
    Some(expressions.chain([ELEMENTS]).map(|what| tab.number(what)).collect())
}

fn render(report: &Report) -> Vec<u8> {
    let mut page = Vec::new();
    (renderer("html").expect("a renderer").render)(report, &mut page).expect("written");
    page
}

fn seconds_of(report: &Report) -> f64 {
    let start = Instant::now();
    std::hint::black_box(render(report));
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints one figure.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn row(name: &str, value: f64, unit: &str) {
    println!("{name:<38} {value:>10.2} {unit}");
}
