//! The interactive picture of the timeline in a real headless Chromium: by keys, by mouse and by its buttons, and what
//! it shows beside what the list and the address say.
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

use browser::{Browser, Key, Tab};
use esxray::model::{Lang, Timestamp};

/// The window of time that is in view: its beginning and its length in microseconds, out of the address.
fn view(tab: &mut Tab<'_>) -> (i64, i64) {
    let address = page::address(tab).replace("%3A", ":").replace("%2F", "/");
    let view = address.split("view=").nth(1).unwrap_or_else(|| panic!("no view in {address}"));
    let (from, to) = view.split('&').next().and_then(|view| view.split_once('/')).expect("two times");
    let micros = |text: &str| text.parse::<Timestamp>().expect("a time").micros();
    (micros(from), micros(to) - micros(from))
}

/// The rectangle of the picture in the window: left, top, width, height.
fn frame(tab: &mut Tab<'_>) -> [f64; 4] {
    tab.middle(page::PLOT);
    let found = tab.evaluate(&format!(
        "(() => {{ const b = document.querySelector('{}').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }})()",
        page::PLOT
    ));
    [0, 1, 2, 3].map(|at| found[at].as_f64().expect("a number"))
}

/// A place in the lanes: `share` of the way from their left to their right, half way down.
fn place(tab: &mut Tab<'_>, share: f64) -> (f64, f64) {
    let [x, y, width, height] = frame(tab);
    (x + 160.0 + (width - 180.0) * share, y + 52.0 + (height - 52.0) * 0.5)
}

/// The middle of the first sign of that severity, in the window.
fn sign(tab: &mut Tab<'_>, severity: &str) -> (f64, f64) {
    let [x, y, ..] = frame(tab);
    let found = tab.evaluate(&format!(
        "(() => {{ const all = document.querySelector('{plot} > path.sign.s-{severity}');
           const one = all.cloneNode(); one.setAttribute('d', all.getAttribute('d').split('z')[0] + 'z');
           all.after(one); const b = one.getBBox(); one.remove();
           return [b.x + b.width / 2, b.y + b.height / 2]; }})()",
        plot = page::PLOT
    ));
    let part = |at: usize| found[at].as_f64().expect("a number");
    (x + part(0), y + part(1))
}

/// What the note at the mouse says; empty where there is none.
fn tip(tab: &mut Tab<'_>) -> String {
    let tip = tab.evaluate(&format!(
        "(() => {{ const t = document.querySelector('{}'); return t.checkVisibility() ? t.innerText : ''; }})()",
        page::TIP
    ));
    tip.as_str().expect("a text").to_owned()
}

/// Whether the element is in the window, below what sticks to its top.
fn is_in_window(tab: &mut Tab<'_>, expression: &str) -> bool {
    let inside = format!(
        "(() => {{ const b = ({expression}).getBoundingClientRect(); return b.top >= 30 && b.bottom <= innerHeight + 1; }})()"
    );
    tab.evaluate("new Promise(done => setTimeout(done, 700))");
    tab.evaluate(&inside) == true
}

fn focus(tab: &mut Tab<'_>) {
    tab.evaluate(&format!("document.querySelector('{}').focus()", page::PLOT));
}

fn press(tab: &mut Tab<'_>, key: Key) -> (i64, i64) {
    tab.press(key);
    view(tab)
}

#[test]
fn keys_move_and_scale_the_picture() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 600));
    let mut tab = browser.open(&written.path, "");
    focus(&mut tab);
    let whole = press(&mut tab, Key::Home);
    let near = press(&mut tab, Key::Letter('+'));
    assert!((near.1 * 2 - whole.1).abs() < 10, "{whole:?} {near:?}");
    let right = press(&mut tab, Key::Right);
    assert!(right.0 > near.0 && (right.1 - near.1).abs() < 10, "{near:?} {right:?}");
    let left = press(&mut tab, Key::Left);
    assert!((left.0 - near.0).abs() < 10, "{near:?} {left:?}");
    let far = press(&mut tab, Key::Letter('-'));
    assert!((far.1 - whole.1).abs() < 10, "{whole:?} {far:?}");
    press(&mut tab, Key::Letter('+'));
    assert_eq!(press(&mut tab, Key::Letter('0')), whole);
    let incident = press(&mut tab, Key::Letter('i'));
    assert!(incident.1 < whole.1 && incident.1 > 0, "{incident:?}");
    // The end is the end: it can be gone to again and again.
    (0..30).for_each(|_| tab.press(Key::Right));
    let end = view(&mut tab);
    assert!(end.0 + end.1 <= whole.0 + whole.1 + 10 && end.1 == incident.1, "{end:?} of {whole:?}");
    tab.assert_clean(&written.path);
}

/// `n` and `p` go from event to event of the host that the arrows chose, each told; Enter opens its row, Esc leaves.
#[test]
fn keys_walk_the_events_of_a_host() {
    let Some(mut browser) = Browser::start() else { return };
    for lang in [Lang::En, Lang::Ja] {
        let written = page::write(&full::report(lang, 600));
        let mut tab = browser.open(&written.path, "");
        let live = "document.querySelector('#chart [aria-live]').textContent";
        focus(&mut tab);
        tab.press(Key::Home);
        tab.press(Key::Down);
        let host = tab.evaluate(live);
        assert!(host.as_str().is_some_and(|words| words.contains("esx02")), "{host}");
        let mut told = Vec::new();
        for _ in 0..3 {
            tab.press(Key::Letter('n'));
            let words = tab.evaluate(live);
            assert!(words.as_str().is_some_and(|words| words.contains("esx02")), "{words}");
            assert!(tip(&mut tab).contains("@"), "where its record stands: {}", tip(&mut tab));
            told.push(words);
        }
        assert!(told[0] != told[1] && told[1] != told[2], "{told:?}");
        tab.press(Key::Letter('p'));
        assert_eq!(tab.evaluate(live), told[1]);
        let said = tip(&mut tab);
        tab.press(Key::Enter);
        let record = tab.evaluate("document.activeElement.querySelector('code').textContent");
        assert!(said.contains(record.as_str().expect("a record")), "{record} of {said}");
        assert!(is_in_window(&mut tab, "document.activeElement"), "the row is to be seen");
        focus(&mut tab);
        tab.press(Key::Escape);
        assert_eq!(tip(&mut tab), "");
        assert_eq!(
            tab.evaluate(&format!("document.activeElement.closest('{}') !== null", page::TOOLS)),
            true
        );
        tab.assert_clean(&written.path);
    }
}

#[test]
fn the_mouse_moves_and_scales_the_picture() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 600));
    let mut tab = browser.open(&written.path, "");
    focus(&mut tab);
    let whole = press(&mut tab, Key::Home);
    let middle = place(&mut tab, 0.5);
    tab.wheel(middle, -600.0, true);
    let near = view(&mut tab);
    assert!(near.1 < whole.1 * 6 / 10, "{whole:?} {near:?}");
    // What was under the mouse is still there.
    let drift = (near.0 + near.1 / 2) - (whole.0 + whole.1 / 2);
    assert!(drift.abs() < whole.1 / 50, "{drift} of {}", whole.1);
    let (from, to) = (place(&mut tab, 0.3), place(&mut tab, 0.5));
    tab.drag(from, to);
    let moved = view(&mut tab);
    assert!((moved.1 - near.1).abs() < 10, "{near:?} {moved:?}");
    let by = (near.0 - moved.0) as f64 / near.1 as f64;
    assert!((0.17..0.23).contains(&by), "moved by {by} of the view");
    // The wheel alone scrolls the page, and leaves the picture alone.
    let before = tab.number("scrollY");
    tab.wheel(middle, 200.0, false);
    tab.evaluate("new Promise(done => setTimeout(done, 700))");
    assert!(tab.number("scrollY") > before);
    assert_eq!(view(&mut tab), moved);
    for (button, is_nearer) in [(1, true), (2, false)] {
        let before = view(&mut tab);
        tab.click(&format!("{} button:nth-child({button})", page::TOOLS));
        assert_eq!(view(&mut tab).1 < before.1, is_nearer, "button {button}");
    }
    tab.click(&format!("{} button:nth-child(3)", page::TOOLS));
    assert_eq!(view(&mut tab), whole);
    tab.assert_clean(&written.path);
}

/// A window drawn with shift is the filter's from and to.
#[test]
fn a_window_that_is_drawn_filters() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 600);
    let written = page::write(&report);
    let mut tab = browser.open(&written.path, "#view=all");
    let all = page::shown_rows(&mut tab).len();
    let (from, to) = (place(&mut tab, 0.7), place(&mut tab, 0.999));
    tab.shift_drag(to, from);
    let some = page::shown_rows(&mut tab).len();
    assert!(some > 0 && some < all, "{some} of {all}");
    let fields = [page::FROM, page::TO]
        .map(|field| tab.evaluate(&format!("document.querySelector('{field}').value")))
        .map(|text| text.as_str().expect("a text").replace(' ', "T") + "Z")
        .map(|text| text.parse::<Timestamp>().expect("a time").micros());
    assert!(fields[0] < fields[1], "{fields:?}");
    let address = page::address(&mut tab);
    assert!(address.contains("from=") && address.contains("to="), "{address}");
    tab.assert_clean(&written.path);
}

#[test]
fn the_mouse_over_a_sign_tells_its_record_and_a_click_opens_it() {
    let Some(mut browser) = Browser::start() else { return };
    for scheme in ["light", "dark"] {
        let written = page::write(&full::report(Lang::En, 600));
        let mut tab = browser.tab();
        tab.media("", &[("prefers-color-scheme", scheme)]);
        tab.go(&written.path, "#view=all");
        for severity in ["critical", "error"] {
            let at = sign(&mut tab, severity);
            tab.move_to(at);
            let said = tip(&mut tab);
            tab.click_at(at);
            assert!(
                is_in_window(&mut tab, "document.querySelector('#events tr.now')"),
                "the row is to be seen"
            );
            let record = tab.evaluate("document.querySelector('#events tr.now code').textContent");
            assert!(said.contains(record.as_str().expect("a record")), "{record} of {said}");
            let place =
                tab.evaluate("document.querySelector('#events tr.now .place').textContent.split(' · ')[0]");
            assert!(said.contains(place.as_str().expect("a place")), "{place} of {said}");
            let class = tab.evaluate("document.querySelector('#events tr.now').className");
            assert!(class.as_str().is_some_and(|class| class.contains(severity)), "{class}");
        }
        // Beside everything there is nothing to say.
        let [x, y, ..] = frame(&mut tab);
        tab.move_to((x + 20.0, y + 10.0));
        assert_eq!(tip(&mut tab), "");
        tab.assert_clean(&written.path);
    }
}

/// A finding links to its events; each link leads to the row, even past a filter, and chooses it in the picture.
#[test]
fn a_finding_leads_to_its_events() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&full::report(Lang::En, 600));
    for state in ["", "#host=vcsa&text=nothing%20says%20this"] {
        let mut tab = browser.open(&written.path, state);
        let links = tab.texts(
            "[...document.querySelectorAll('article a[href^=\"#event-\"]')].map(a => a.getAttribute('href'))",
        );
        assert!(links.len() > 8, "{links:?}");
        for link in [&links[0], &links[links.len() - 1]] {
            tab.evaluate(&format!("document.querySelector('article a[href=\"{link}\"]').focus()"));
            tab.press(Key::Enter);
            assert!(
                is_in_window(&mut tab, &format!("document.querySelector('{link}')")),
                "{link} is to be seen"
            );
            assert_eq!(tab.evaluate("'#' + document.activeElement.id"), link.as_str());
            assert_eq!(tab.evaluate("location.hash"), link.as_str());
            assert_eq!(
                tab.number(&format!("document.querySelectorAll('{} .chosen').length", page::PLOT)),
                1.0
            );
        }
        tab.assert_clean(&written.path);
    }
}

/// The page of 64 hosts: nothing to complain of, and the picture fits a screen though every host has warnings; the lane
/// of the others opens to all.
#[test]
fn many_hosts_fit_a_screen() {
    let Some(mut browser) = Browser::start() else { return };
    let written = page::write(&large::report(64, 20_000));
    let mut tab = browser.open(&written.path, "");
    let lanes = format!("document.querySelectorAll('{} rect.lane').length", page::PLOT);
    let [.., height] = frame(&mut tab);
    assert!(height < 700.0, "the picture is {height} high");
    let few = tab.number(&lanes);
    assert!((2.0..=20.0).contains(&few), "{few} lanes");
    // The last lane is that of the others.
    let [x, y, _, height] = frame(&mut tab);
    tab.click_at((x + 60.0, y + height - 16.0));
    assert_eq!(tab.number(&lanes), 65.0);
    let state = page::address(&mut tab);
    assert!(state.contains("lanes=all"), "{state}");
    tab.assert_clean(&written.path);
    drop(tab);
    let mut tab = browser.open(&written.path, &state);
    assert_eq!(tab.number(&lanes), 65.0);
    tab.assert_clean(&written.path);
}
