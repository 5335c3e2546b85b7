//! The filter of the list of events in a real headless Chromium: each part alone and all together against what the
//! report says, by mouse and by keys, and restored from an address.
//! Skipped, with a message, where no `chromium` is installed.

// A skipped test must say so.
#![allow(clippy::print_stderr)]

#[path = "common/browser.rs"]
mod browser;
#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/page.rs"]
mod page;

use browser::{Browser, Key, Tab};
use esxray::model::{Lang, Severity};
use esxray::report::model::{Report, TimelineEntry};
use esxray::report::timeline::{Row, fold};
use page::Shown;

/// What one asks the filter for; nothing is everything.
#[derive(Clone, Copy, Default, Debug)]
struct Asked<'a> {
    host: &'a str,
    kind: &'a str,
    /// It, and what is worse.
    severity: &'a str,
    text: &'a str,
}

impl Asked<'_> {
    /// How it stands behind the address.
    fn state(&self) -> String {
        let parts =
            [("host", self.host), ("kind", self.kind), ("severity", self.severity), ("text", self.text)];
        let parts = parts.iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<String> =
            parts.map(|(name, value)| format!("{name}={}", value.replace(' ', "%20"))).collect();
        format!("#{}", parts.join("&"))
    }

    fn fits(&self, row: &Row, report: &Report) -> bool {
        let entry = &report.timeline[row.spoken];
        let least = Severity::ALL.into_iter().find(|severity| severity.name() == self.severity);
        let says = |at: &usize| report.timeline[*at].text.to_lowercase().contains(&self.text.to_lowercase());
        (self.host.is_empty() || entry.host == self.host)
            && (self.kind.is_empty() || entry.kind.name() == self.kind)
            && least.is_none_or(|least| entry.severity >= least)
            && row.members.iter().any(says)
    }

    /// The rows that must be shown.
    fn expected(&self, report: &Report) -> Vec<Shown> {
        let rows = fold(&report.timeline);
        rows.iter()
            .filter(|row| self.fits(row, report))
            .map(|row| shown(&report.timeline[row.spoken]))
            .collect()
    }
}

fn shown(entry: &TimelineEntry) -> Shown {
    Shown {
        host: entry.host.clone(),
        kind: entry.kind.name().to_owned(),
        severity: entry.severity.name().to_owned(),
        text: entry.record().to_owned(),
    }
}

/// Each part alone, two, and all; "WORLD 1" is in other letters than the records, and in repeats of a row.
const ALL: [Asked<'_>; 9] = [
    Asked { host: "", kind: "", severity: "", text: "" },
    Asked { host: "esx02", kind: "", severity: "", text: "" },
    Asked { host: "", kind: "vsan.peer-unreachable", severity: "", text: "" },
    Asked { host: "", kind: "", severity: "error", text: "" },
    Asked { host: "", kind: "", severity: "critical", text: "" },
    Asked { host: "", kind: "", severity: "", text: "WORLD 12" },
    Asked { host: "esx03", kind: "vsan.node-left", severity: "", text: "" },
    Asked { host: "esx03", kind: "vsan.peer-unreachable", severity: "error", text: "world 1" },
    Asked { host: "esx01", kind: "ha.election", severity: "critical", text: "" },
];

#[track_caller]
fn check(tab: &mut Tab<'_>, asked: &Asked<'_>, report: &Report) {
    let mut expected = asked.expected(report);
    let mut seen = page::shown_rows(tab);
    expected.sort();
    seen.sort();
    // Hostile text is compared by the tests of hostile text; browsers drop some of its characters.
    let is_calm = |row: &Shown| row.text.starts_with("cpu");
    assert_eq!(seen.len(), expected.len(), "{asked:?}");
    expected.retain(is_calm);
    seen.retain(is_calm);
    assert_eq!(seen, expected, "{asked:?}");
    let told = tab.evaluate(&format!("document.querySelector('{}').textContent", page::SHOWN));
    let told = told.as_str().expect("a text");
    assert!(told.contains(&asked.expected(report).len().to_string()), "{asked:?}: {told}");
}

#[test]
fn the_address_restores_every_filter() {
    let Some(mut browser) = Browser::start() else { return };
    let report = fixture::report(Lang::En, 600);
    assert!(fold(&report.timeline).len() < 600, "the fixture has repeats");
    let written = page::write(&report);
    for asked in &ALL {
        let mut tab = browser.open(&written.path, &asked.state());
        check(&mut tab, asked, &report);
        tab.assert_clean(&written.path);
    }
    let counts = ALL.map(|asked| asked.expected(&report).len());
    assert!(counts[..8].iter().all(|count| *count > 0) && counts[8] == 0, "{counts:?}");
}

/// An address that is changed in an open page filters too, and a plain anchor leaves the filter alone.
#[test]
fn a_changed_address_filters_the_open_page() {
    let Some(mut browser) = Browser::start() else { return };
    let report = fixture::report(Lang::Ja, 600);
    let written = page::write(&report);
    let mut tab = browser.open(&written.path, "");
    tab.go(&written.path, &ALL[1].state());
    check(&mut tab, &ALL[1], &report);
    tab.go(&written.path, "#hosts");
    check(&mut tab, &ALL[1], &report);
    tab.go(&written.path, &ALL[7].state());
    check(&mut tab, &ALL[7], &report);
    tab.assert_clean(&written.path);
}

/// Moves a list that has the focus to `value` with the arrow keys.
fn choose(tab: &mut Tab<'_>, selector: &str, value: &str) {
    let at = tab.number(&format!(
        "[...document.querySelector('{selector}').options].findIndex(o => o.value === '{value}')"
    ));
    assert!(at >= 0.0, "{selector} does not offer {value}");
    tab.press(Key::Home);
    (0..at as usize).for_each(|_| tab.press(Key::Down));
}

fn focus(tab: &mut Tab<'_>, selector: &str) {
    tab.evaluate(&format!("document.querySelector('{selector}').focus()"));
}

#[test]
fn filters_set_by_keys_are_kept_in_the_address() {
    let Some(mut browser) = Browser::start() else { return };
    let report = fixture::report(Lang::En, 600);
    let written = page::write(&report);
    for asked in &ALL[1..8] {
        let mut tab = browser.open(&written.path, "");
        for (selector, value) in
            [(page::HOST, asked.host), (page::KIND, asked.kind), (page::SEVERITY, asked.severity)]
        {
            if !value.is_empty() {
                focus(&mut tab, selector);
                choose(&mut tab, selector, value);
            }
        }
        focus(&mut tab, page::TEXT);
        tab.type_text(asked.text);
        // Enter in a field must not leave the page.
        tab.press(Key::Enter);
        check(&mut tab, asked, &report);
        let state = tab.evaluate("location.hash");
        tab.assert_clean(&written.path);
        drop(tab);
        let mut tab = browser.open(&written.path, state.as_str().expect("a text"));
        check(&mut tab, asked, &report);
        // What was asked for stands in the controls, and goes away when it is reset.
        let host = tab.evaluate(&format!("document.querySelector('{}').value", page::HOST));
        assert_eq!(host, asked.host);
        focus(&mut tab, page::RESET);
        tab.press(Key::Enter);
        tab.settle();
        check(&mut tab, &Asked::default(), &report);
    }
}

/// Addresses that nobody's filter made: the page opens, and shows what fits.
#[test]
fn a_senseless_address_does_no_harm() {
    let Some(mut browser) = Browser::start() else { return };
    let report = fixture::report(Lang::En, 60);
    let written = page::write(&report);
    for state in [
        "#host=nobody",
        "#kind=%3Cimg%20src=x%20onerror=alert(1)%3E",
        "#severity=worst&x=y",
        "#text=%E0%A4%A&from=x&to=y",
        "#=",
        "#a=b=c&&&",
    ] {
        let mut tab = browser.open(&written.path, state);
        page::shown_rows(&mut tab);
        tab.assert_clean(&written.path);
    }
}
