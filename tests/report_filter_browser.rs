//! The filter of the list of events in a real headless Chromium: each part alone and all together against what the
//! report says, by mouse and by keys, and restored from an address.
//! Skipped, with a message, where no `chromium` is installed.

// A skipped test must say so.
#![allow(clippy::print_stderr)]

#[path = "common/browser.rs"]
mod browser;
#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/full.rs"]
mod full;
#[path = "common/page.rs"]
mod page;

use browser::{Browser, Key, Tab};
use esxray::model::{EventKind, Lang, Severity, Timestamp};
use esxray::report::labels::labels;
use esxray::report::model::{Report, TimelineEntry};
use esxray::report::timeline::{Row, fold};
use esxray::report::view;
use page::Shown;

/// What one asks the filter for; nothing is everything.
#[derive(Clone, Copy, Default, Debug)]
struct Asked<'a> {
    hosts: &'a [&'a str],
    kinds: &'a [EventKind],
    /// It, and what is worse.
    severity: &'a str,
    text: &'a str,
    /// UTC, as people write it.
    from: &'a str,
    to: &'a str,
    /// Its number.
    finding: &'a str,
}

impl Asked<'_> {
    /// How it stands behind the address.
    fn state(&self) -> String {
        let hosts = self.hosts.iter().map(|host| ("host", *host));
        let kinds = self.kinds.iter().map(|kind| ("kind", kind.name()));
        let single = [
            ("severity", self.severity),
            ("text", self.text),
            ("from", self.from),
            ("to", self.to),
            ("finding", self.finding),
        ];
        let parts = hosts.chain(kinds).chain(single).filter(|(_, value)| !value.is_empty());
        let parts: Vec<String> =
            parts.map(|(name, value)| format!("{name}={}", value.replace(' ', "%20"))).collect();
        format!("#{}", parts.join("&"))
    }

    fn fits(&self, row: &Row, report: &Report) -> bool {
        let entry = &report.timeline[row.spoken];
        let least = Severity::ALL.into_iter().find(|severity| severity.name() == self.severity);
        let says = |at: &usize| {
            let entry = &report.timeline[*at];
            [&entry.text, entry.record()]
                .iter()
                .any(|text| text.to_lowercase().contains(&self.text.to_lowercase()))
        };
        let begins = report.timeline[row.first()].time;
        let finding = self.finding.parse().ok().map(|number: usize| number - 1);
        (self.hosts.is_empty() || self.hosts.contains(&entry.host.as_str()))
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
            && least.is_none_or(|least| entry.severity >= least)
            && time(self.from).is_none_or(|from| begins >= from)
            && time(self.to).is_none_or(|to| begins <= to)
            && finding.is_none_or(|finding| row.findings(&report.timeline).contains(&finding))
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

/// The moment that people write so.
fn time(text: &str) -> Option<Timestamp> {
    let whole = if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") };
    (!text.is_empty()).then(|| whole.replace(' ', "T").parse().expect("a time"))
}

fn shown(entry: &TimelineEntry) -> Shown {
    Shown {
        host: entry.host.clone(),
        kind: entry.kind.name().to_owned(),
        severity: entry.severity.name().to_owned(),
        text: entry.record().to_owned(),
    }
}

const NONE: Asked<'_> =
    Asked { hosts: &[], kinds: &[], severity: "", text: "", from: "", to: "", finding: "" };
/// Each part alone, two, and all; "WORLD 12" is in other letters than the records, and in repeats of a row.
const ALL: [Asked<'_>; 15] = [
    NONE,
    Asked { hosts: &["esx02"], ..NONE },
    Asked { hosts: &["esx02", "esx03"], ..NONE },
    Asked { kinds: &[EventKind::VSAN_PEER_UNREACHABLE], ..NONE },
    Asked { kinds: &[EventKind::VSAN_PEER_UNREACHABLE, EventKind::HA_ELECTION], ..NONE },
    Asked { severity: "error", ..NONE },
    Asked { severity: "critical", ..NONE },
    Asked { text: "WORLD 12", ..NONE },
    Asked { from: FROM, ..NONE },
    Asked { to: TO, ..NONE },
    Asked { from: FROM, to: TO, ..NONE },
    Asked { finding: "1", ..NONE },
    Asked { hosts: &["esx03"], kinds: &[EventKind::VSAN_NODE_LEFT], ..NONE },
    Asked {
        hosts: &["esx01", "esx02", "esx03", "esx04"],
        kinds: &[EventKind::VSAN_PEER_UNREACHABLE, EventKind::VSAN_NODE_LEFT],
        severity: "error",
        text: "world",
        from: FROM,
        to: TO,
        finding: "1",
    },
    Asked { hosts: &["esx01"], kinds: &[EventKind::HA_ELECTION], severity: "critical", ..NONE },
];
const FROM: &str = "2026-11-23 00:10";
const TO: &str = "2026-11-23 03:30:12.5";

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
    let report = full::report(Lang::En, 600);
    assert!(fold(&report.timeline).len() < 600, "the fixture has repeats");
    let written = page::write(&report);
    for asked in &ALL {
        let mut tab = browser.open(&written.path, &asked.state());
        check(&mut tab, asked, &report);
        tab.assert_clean(&written.path);
    }
    let counts = ALL.map(|asked| asked.expected(&report).len());
    assert!(
        counts[..14].iter().all(|count| *count > 0 && *count <= counts[0]) && counts[14] == 0,
        "{counts:?}"
    );
}

/// The list opens where the picture does; what was before stands above it, within the list.
#[test]
fn the_list_opens_at_the_window_that_the_picture_shows() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 3_000);
    let (from, _) = view::incident_window(&report).expect("an incident");
    let written = page::write(&report);
    let mut tab = browser.open(&written.path, "");
    let first = tab.texts(
        "(() => { const scroll = document.querySelector('#timeline .scroll').getBoundingClientRect();
           const head = scroll.top + document.querySelector('#events thead').offsetHeight;
           const rows = [...document.querySelectorAll('#events .live tr')];
           const at = rows.findIndex(row => row.getBoundingClientRect().bottom > head + 2);
           return [rows[at - 1], rows[at]].map(row => row ? row.cells[0].firstChild.data : ''); })()",
    );
    let before =
        |text: &str| text.trim_start_matches('~') < from.to_string().replace('T', " ").trim_end_matches('Z');
    assert!(!first[0].is_empty() && before(&first[0]) && !before(&first[1]), "{first:?} {from}");
    assert_eq!(tab.number("window.scrollY"), 0.0, "the page itself stays at its head");
    assert_eq!(page::shown_rows(&mut tab).len(), fold(&report.timeline).len(), "all can be reached");
}

/// An address that is changed in an open page filters too, and a plain anchor leaves the filter alone.
#[test]
fn a_changed_address_filters_the_open_page() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::Ja, 600);
    let written = page::write(&report);
    let mut tab = browser.open(&written.path, "");
    tab.go(&written.path, &ALL[1].state());
    check(&mut tab, &ALL[1], &report);
    tab.go(&written.path, "#hosts");
    check(&mut tab, &ALL[1], &report);
    tab.go(&written.path, &ALL[13].state());
    check(&mut tab, &ALL[13], &report);
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

/// Asks for `asked` with the keyboard alone.
fn ask(tab: &mut Tab<'_>, asked: &Asked<'_>, lang: Lang) {
    asked.hosts.iter().for_each(|host| page::tick(tab, "host", host));
    asked.kinds.iter().for_each(|kind| page::tick(tab, "kind", labels(lang).kind_name(*kind)));
    for (selector, value) in [(page::SEVERITY, asked.severity), (page::FINDING, asked.finding)] {
        if !value.is_empty() {
            focus(tab, selector);
            choose(tab, selector, value);
        }
    }
    for (selector, text) in [(page::FROM, asked.from), (page::TO, asked.to), (page::TEXT, asked.text)] {
        focus(tab, selector);
        tab.type_text(text);
        // Enter in a field must not leave the page.
        tab.press(Key::Enter);
    }
}

/// What is asked for by keys stands in the address; that address, opened anew, gives the same rows, the same picture and
/// the same controls; and reset gives everything again.
#[test]
fn filters_set_by_keys_are_kept_in_the_address() {
    let Some(mut browser) = Browser::start() else { return };
    for (lang, asked) in ALL[1..14].iter().map(|asked| (Lang::En, asked)).chain([(Lang::Ja, &ALL[13])]) {
        let report = full::report(lang, 600);
        let written = page::write(&report);
        let mut tab = browser.open(&written.path, "");
        ask(&mut tab, asked, lang);
        check(&mut tab, asked, &report);
        tab.click(&format!("{} button", page::TOOLS));
        let state = page::address(&mut tab);
        let (rows, picture) = (page::shown_rows(&mut tab), page::picture(&mut tab));
        tab.assert_clean(&written.path);
        drop(tab);
        let mut tab = browser.open(&written.path, &state);
        check(&mut tab, asked, &report);
        assert_eq!(page::shown_rows(&mut tab), rows, "{asked:?}: {state}");
        assert_eq!(page::picture(&mut tab), picture, "{asked:?}: {state}");
        // Who follows the link is led to it.
        let top =
            tab.number(&format!("document.querySelector('{}').getBoundingClientRect().top", page::FILTER));
        assert!((0.0..600.0).contains(&top), "the filter is {top} from the window's top");
        assert_eq!(page::ticked(&mut tab, "host").len(), asked.hosts.len());
        assert_eq!(page::ticked(&mut tab, "kind").len(), asked.kinds.len());
        focus(&mut tab, page::RESET);
        tab.press(Key::Enter);
        tab.settle();
        check(&mut tab, &NONE, &report);
        tab.assert_clean(&written.path);
    }
}

/// A time that cannot be read is said to be none, and hides nothing.
#[test]
fn a_time_that_is_none_is_marked() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 60);
    let written = page::write(&report);
    let mut tab = browser.open(&written.path, "");
    for (text, is_wrong) in [("yesterday", "true"), ("2026-02-31 00:00", "true"), ("2026-11-23", "false")] {
        tab.evaluate(&format!("document.querySelector('{}').value = ''", page::TO));
        focus(&mut tab, page::TO);
        tab.type_text(text);
        let marked = format!("document.querySelector('{}').getAttribute('aria-invalid')", page::TO);
        assert_eq!(tab.evaluate(&marked), is_wrong, "{text}");
        if is_wrong == "true" {
            check(&mut tab, &NONE, &report);
        }
    }
    tab.assert_clean(&written.path);
}

/// A link that only says what the picture shows has the list begin there too, not at the incident.
#[test]
fn a_view_alone_begins_the_list() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 3_000);
    let written = page::write(&report);
    for (state, begins_first) in [("", false), ("#view=all", true)] {
        let mut tab = browser.open(&written.path, state);
        tab.settle();
        let above = tab.number(
            "(() => { const scroll = document.querySelector('#timeline .scroll').getBoundingClientRect();
               const head = scroll.top + document.querySelector('#events thead').offsetHeight;
               const rows = [...document.querySelectorAll('#events .live tr')];
               return rows.findIndex(row => row.getBoundingClientRect().bottom > head + 2); })()",
        );
        assert_eq!(above == 0.0, begins_first, "{state}: {above} rows above");
        tab.assert_clean(&written.path);
    }
}

/// A finding that the report has not hides nothing.
#[test]
fn a_finding_that_is_none_is_not_asked_for() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 60);
    let written = page::write(&report);
    for finding in ["999", "-1", "x"] {
        let mut tab = browser.open(&written.path, &format!("#finding={finding}"));
        check(&mut tab, &NONE, &report);
        tab.assert_clean(&written.path);
    }
}

/// Addresses that nobody's filter made: the page opens, and shows what fits.
#[test]
fn a_senseless_address_does_no_harm() {
    let Some(mut browser) = Browser::start() else { return };
    let report = full::report(Lang::En, 60);
    let written = page::write(&report);
    for state in [
        "#host=nobody",
        "#kind=%3Cimg%20src=x%20onerror=alert(1)%3E",
        "#severity=worst&x=y",
        "#text=%E0%A4%A&from=x&to=y",
        "#finding=999&view=2026-11-23/2020-01-01&lanes=none",
        "#view=x/y&host=esx01&host=esx01&finding=-1",
        "#event-99999999",
        "#=",
        "#a=b=c&&&",
    ] {
        let mut tab = browser.open(&written.path, state);
        page::shown_rows(&mut tab);
        tab.assert_clean(&written.path);
    }
}
