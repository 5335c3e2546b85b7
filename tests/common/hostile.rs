//! Hostile text in every field of a report.
//!
//! Which strings are free is found by trying: a string is free if the report can still be read with a hostile one in its
//! place. So a new field needs no line here. The same string is always replaced by the same text, so that a host is still
//! found by its id, in keys too.

#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};

use esxray::report::model::Report;
use serde_json::Value;

/// What could break out of the place that it is written to. Elements in it have `data-evil`, and scripts set `evil`.
const PAYLOADS: [&str; 16] = [
    "</script><script data-evil>window.evil=1;alert(1)</script>",
    "\"><img data-evil src=x onerror=\"window.evil=1;alert(1)\">",
    "'/><svg data-evil onload='window.evil=1;alert(1)'>",
    "\" onmouseover=\"window.evil=1;alert(1)\" autofocus onfocus=alert(1) data-evil=\"",
    "<!-- <p data-evil> --!> ]]> <![CDATA[ <b data-evil>",
    "</style></title></textarea></noscript><style data-evil>*{display:none}</style>",
    "</td></tr></tbody></table></details></section></main><div data-evil>",
    "{{7*7}} {% raw %} ${alert(1)} <%= 1 %> #{1} {0} {1}",
    "`code` ``` ~~~ [a](javascript:alert(1)) ![b](http://esxray.invalid/x.png) | c |",
    "\u{202e}gpj.exe\u{202d}\u{2066}a\u{2069} z\u{200b}e\u{200d}r\u{feff}o",
    "\u{0}\u{1}\u{8}\u{1b}[31mred\u{1b}[0m\u{7f}\u{85}\r\nnext\ttab",
    "line\u{2028}paragraph\u{2029}end\u{fffe}\u{ffff}",
    "=cmd|' /C calc'!A0 &lt;b data-evil&gt; &#60;i data-evil&#62; %3Cu%3E",
    "<base data-evil href=http://esxray.invalid/><meta data-evil http-equiv=refresh content=0>",
    "<a data-evil href=javascript:alert(1)>x</a><form data-evil><input name=host><iframe data-evil srcdoc=x>",
    "<link data-evil rel=stylesheet href=http://esxray.invalid/x.css>",
];
/// No place for a line break for as long as a hash of hashes.
const LONG: &str = "Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";
/// Addresses that must become no link.
const ADDRESSES: [&str; 4] = [
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)//https://example.com",
    "data:text/html,<script data-evil>alert(1)</script>",
    "https://example.com/\"onmouseover=alert(1) data-evil=\"",
];

/// How much of a report is replaced.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Depth {
    /// All that can be: findings are of no known sort then.
    All,
    /// Not what tells the sort of a finding, a cause, a change and a gap, nor times: the page draws all that it can.
    Texts,
}

/// `report` with hostile text in all that a bundle could have written.
pub fn hostile(report: &Report, depth: Depth) -> Report {
    replaced(report, depth, evil)
}

/// `report` with `plant` behind all text that a bundle could have written, but at the places of `except`.
pub fn planted(report: &Report, plant: &str, except: &[&str]) -> Report {
    let is_planted = |shape: &str| !except.contains(&shape);
    replaced_where(report, Depth::Texts, is_planted, |_, before| format!("{before} {plant}"))
}

/// `report` with calm text in the same places, to compare with.
pub fn calm(report: &Report, depth: Depth) -> Report {
    replaced(report, depth, |number, _| format!("calm {number}"))
}

fn evil(number: usize, before: &str) -> String {
    if before.starts_with("https://") {
        return ADDRESSES[number % ADDRESSES.len()].to_owned();
    }
    // Every payload comes first somewhere, as long texts are cut.
    let at = |n: usize| PAYLOADS[(number + n) % PAYLOADS.len()];
    let long = if number.is_multiple_of(5) { LONG } else { "" };
    format!("{}{long}{} evil {number} {}", at(0), at(5), at(11))
}

fn replaced(report: &Report, depth: Depth, make: impl Fn(usize, &str) -> String) -> Report {
    replaced_where(report, depth, |_| true, make)
}

fn replaced_where(
    report: &Report,
    depth: Depth,
    is_wanted: impl Fn(&str) -> bool,
    make: impl Fn(usize, &str) -> String,
) -> Report {
    let value = serde_json::to_value(report).expect("a report is JSON");
    let mut found = BTreeMap::new();
    shapes(&value, "", &mut found);
    let free: BTreeSet<String> =
        found.into_keys().filter(|shape| is_wanted(shape) && is_free(&value, shape, depth)).collect();
    assert!(free.len() > 100, "only {} sorts of strings are free", free.len());
    let hosts: BTreeSet<String> = report.hosts.iter().map(|host| host.id.clone()).collect();
    let mut names = BTreeMap::new();
    let mut name = |before: &str| {
        let number = names.len();
        names.entry(before.to_owned()).or_insert_with(|| make(number, before)).clone()
    };
    let mut value = value;
    replace(&mut value, "", &free, &hosts, &mut name);
    serde_json::from_value(value).expect("free strings may be anything")
}

/// Goes to each part of a value below `path`, in which positions are `*`.
fn children<'a>(value: &'a mut Value, path: &str) -> Vec<(String, &'a mut Value)> {
    match value {
        Value::Array(parts) => parts.iter_mut().map(|part| (format!("{path}.*"), part)).collect(),
        Value::Object(parts) => parts.iter_mut().map(|(key, part)| (format!("{path}.{key}"), part)).collect(),
        _ => Vec::new(),
    }
}

fn shapes(value: &Value, path: &str, found: &mut BTreeMap<String, ()>) {
    if value.is_string() {
        found.insert(path.to_owned(), ());
    }
    for (path, part) in children(&mut value.clone(), path) {
        shapes(part, &path, found);
    }
}

/// Whether the report is read with a hostile text at one of the places of `shape`.
fn is_free(value: &Value, shape: &str, depth: Depth) -> bool {
    const SORTS: [&str; 5] = [
        ".findings.*.id",
        ".findings.*.cause.id",
        ".hosts.*.changes.*.what",
        ".coverage.*.gaps.*.why",
        ".schema",
    ];
    if depth == Depth::Texts && SORTS.contains(&shape) {
        return false;
    }
    let mut tried = value.clone();
    let Some(place) = first(&mut tried, "", shape) else { return false };
    let is_time = place.as_str().is_some_and(|text| text.parse::<esxray::model::Timestamp>().is_ok());
    if depth == Depth::Texts && is_time {
        return false;
    }
    *place = Value::String(PAYLOADS[0].to_owned());
    serde_json::from_value::<Report>(tried).is_ok()
}

fn first<'a>(value: &'a mut Value, path: &str, shape: &str) -> Option<&'a mut Value> {
    if path == shape && value.is_string() {
        return Some(value);
    }
    let is_above =
        |path: &str| shape == path || shape.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    children(value, path)
        .into_iter()
        .find_map(|(path, part)| is_above(&path).then(|| first(part, &path, shape))?)
}

fn replace(
    value: &mut Value,
    path: &str,
    free: &BTreeSet<String>,
    hosts: &BTreeSet<String>,
    name: &mut impl FnMut(&str) -> String,
) {
    if let Value::String(text) = value
        && free.contains(path)
    {
        *text = name(text);
    }
    for (path, part) in children(value, path) {
        replace(part, &path, free, hosts, name);
    }
    let Value::Object(parts) = value else { return };
    let keys: Vec<String> = parts.keys().filter(|key| hosts.contains(*key)).cloned().collect();
    for key in keys {
        let part = parts.remove(&key).expect("it is there");
        parts.insert(name(&key), part);
    }
    if path.ends_with(".fields") {
        parts.insert(name("a field"), Value::String(name("a value")));
    }
}
