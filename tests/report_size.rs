//! How large the page of a large case is: it must go by mail, and open at once.

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
    assert!(page.len() < MOST, "{} bytes", page.len());
    // It is the page of that case, with all hosts and a full list of events.
    let text = String::from_utf8(page).expect("UTF-8");
    for id in ["esx001", "esx064"] {
        assert!(text.matches(id).count() > 20, "{id} is told");
    }
}
