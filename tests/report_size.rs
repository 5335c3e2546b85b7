//! How large the page of a large case is: it must go by mail, and open at once. The case has 64 hosts and 40,000 events: what
//! is listed and drawn is bounded, so more events than that do not make the page larger.

#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/full.rs"]
mod full;
#[path = "common/large.rs"]
mod large;

use esxray::report::renderer;

/// Bytes that the page of 64 hosts may have.
const MOST: usize = 3_000_000;

#[test]
fn the_page_of_64_hosts_stays_small() {
    let report = large::report(64, 40_000);
    let mut page = Vec::new();
    (renderer("html").expect("a renderer").render)(&report, &mut page).expect("written");
    // It is the page of that case, with all hosts.
    let text = String::from_utf8(page).expect("UTF-8");
    assert!(text.len() < MOST, "{} bytes: {}", text.len(), parts(&text));
    for id in ["esx001", "esx064"] {
        assert!(text.matches(id).count() > 20, "{id} is told");
    }
}

/// The bytes of each section, to see where they are.
fn parts(page: &str) -> String {
    let sections = page.split("<section id=\"").skip(1);
    let told = sections.map(|part| format!("{} {}", part.split('"').next().unwrap_or_default(), part.len()));
    told.collect::<Vec<_>>().join(", ")
}
