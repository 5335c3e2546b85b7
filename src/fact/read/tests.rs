//! What entries are read of each form.

use super::super::text::lossy;
use super::*;
use crate::model::MemberPath;

/// What the entries of `text` say under `a b`, and the JSON in it that is not whole.
fn said(mut entries: Entries, text: &str) -> (Vec<String>, bool) {
    let file = MemberPath::new("a");
    for (index, line) in text.lines().enumerate() {
        entries.line(&Line { file: &file, number: index as u64 + 1, offset: 0, bytes: line.as_bytes() });
    }
    if !text.ends_with('\n') {
        entries.cut();
    }
    entries.end();
    let said = entries.take().iter().filter_map(|entry| entry.text("a b")).collect();
    (said, entries.is_cut_json(&mut Output::default()))
}

fn check(entries: fn() -> Entries, text: &str, expected: &[&str], cut: bool) {
    let (found, is_cut) = said(entries(), text);
    assert_eq!(
        (found.iter().map(String::as_str).collect::<Vec<_>>(), is_cut),
        (expected.to_vec(), cut),
        "{text}"
    );
}

#[test]
fn objects_are_read_with_noise_around_and_before_a_cut() {
    let check = |text: &str, expected: &[&str], cut: bool| check(Entries::table, text, expected, cut);
    check(r#"[{"aB":"1"}, {"A B":"2"}]"#, &["1", "2"], false);
    check("junk {\n[root@x] y\n{\n \"a_b\": \"1\"\n}\nmore", &["1"], false);
    check(r#"[{"ab":"1"}, {"ab":"2""#, &["1"], true);
    check("it's \"x\n[{\"A B\": \"1}\"},\n{\n\"aB\": \"2\\\"\"\n}, {\"ab\": \"3", &["1}", "2\""], true);
    check("{\"ab\": \"1\"}\nError: {x}\n{\"ab\": 2,\nError: amid\n\"c\": [1,],}", &["1", "2"], false);
    check("[]", &[], false);
    check(r#"[{"a""#, &[], true);
    check("no", &[], false);
    check("} } {\"x\": 1}", &[], false);
    check(&"{".repeat(100_000), &[], true);
    check(&"{\"x\":".repeat(100_000), &[], true);
}

#[test]
fn what_only_holds_objects_is_none_and_what_is_in_one_is_no_other() {
    let check = |text: &str, expected: &[&str], cut: bool| check(Entries::table, text, expected, cut);
    check(r#"{"x": [{"ab": "in"}], "ab": "out"}"#, &["out"], false);
    check(r#"{"x": {"ab": "in"}, "ab": "out"}"#, &["out"], false);
    check(r#"{"x": {"ab": "in"}, "y": 1}"#, &["in"], false);
    check(r#"{"x": {"ab": "1"}, "y": {"ab": "2"}}"#, &["1", "2"], false);
    check(r#"{"x": {"ab": "1"}, "y": {"ab": "2""#, &["1"], true);
    check(r#"{"y": 1, "x": [{"ab": "in"}"#, &[], true);
    check(r#"{"ab": ["1", "2"]}"#, &["1, 2"], false);
}

#[test]
fn a_block_begins_with_its_key_and_ends_where_one_comes_again() {
    let check = |start: &'static str, text: &str, expected: &[&str]| {
        let (found, _) = said(Entries::blocks(start, &["A B", "C"]), text);
        assert_eq!(found, expected, "{text}");
    };
    check("A B", "   C: 0\n   A B: 1\n   C: 1\n   C: 2\n   A b: 2\n", &["1", "2"]);
    check("", "   C: 0\n   A B: 1\n   X: 1\n   X: 2\n   C: 2\n", &["1"]);
    check("", "A B: no\n   \"A B\": \"no\"\n", &[]);
    check("A B", "   A B: 1\n   C: 1\n   A B: 2", &["1"]);
    check("A B", "{\"x\": 1, \"list\": [{\"ab\": \"in\"}, {\"x\": 2}]}\n", &["in"]);
    check("A B", "   A B: 1\nError: amid\n   C: ", &["1"]);
}

#[test]
fn what_a_text_ends_in_counts_where_it_is_closed() {
    let uuid = "5f0a1b2c-3d4e-5f60-7182-0050568a0001";
    let entry = |value: &str, cut: bool| {
        let file = MemberPath::new("a");
        let mut entries = Entries::blocks("", &[]);
        for (number, text) in ["   C: 0".to_owned(), format!("   A B: {value}")].iter().enumerate() {
            let line = Line { file: &file, number: number as u64, offset: 0, bytes: text.as_bytes() };
            assert_eq!(lossy(&line), *text);
            entries.line(&line);
        }
        if cut {
            entries.cut();
        }
        entries.end();
        entries.take().remove(0)
    };
    assert_eq!(entry(uuid, true).uuid("ab").as_deref(), Some(uuid));
    assert_eq!((entry(&uuid[1..], true).uuid("ab"), entry(uuid, true).text("ab")), (None, None));
    assert_eq!((entry("True", true).flag("ab"), entry("no", true).flag("ab")), (Some(true), None));
    assert_eq!((entry("1", true).number::<u8>("ab"), entry("1", false).number("ab")), (None, Some(1)));
    assert_eq!(
        (entry("a, b", true).list("ab"), entry("a, b", true).items("ab").map(|list| list.len())),
        (None, Some(2))
    );
    assert_eq!(entry("on", true).closed("ab", |text| text == "on").as_deref(), Some("on"));
    assert!(!entry("a", true).has("ab") && entry("a", true).has("c") && entry("a", false).has("ab"));
}

#[test]
fn the_last_row_counts_as_far_as_it_is_whole() {
    let rows = |row: &str| said(Entries::table(), &format!("A B  C\n---  -----\n{row}")).0;
    assert_eq!(rows("x    yes"), ["x"]);
    assert_eq!(rows("x"), Vec::<String>::new());
    assert_eq!(rows("x\n"), ["x"]);
    let last = |row: &str| {
        let (mut rows, file) = (Rows::default(), MemberPath::new("a"));
        for bytes in [b"A B  C".as_slice(), b"---  -----", row.as_bytes()] {
            rows.line(&Line { file: &file, number: 1, offset: 0, bytes });
        }
        rows.cut();
        rows.take().and_then(|entry| entry.text("C"))
    };
    assert_eq!((last("x    yes"), last("x      yes").as_deref()), (None, Some("yes")));
}

#[test]
fn a_cell_that_is_longer_than_its_column_shifts_its_row_and_prose_is_no_row() {
    let mut rows = super::table::Rows::default();
    let member = crate::model::MemberPath::new("x");
    let text = "Name      Version  Vendor\n\
                --------  -------  ------\n\
                esx-base  6.7.0-1  VMware\n\
                lsi-mr3   7.708.07.00-3vmw.670  VMware\n\
                esxcli:   the database is  busy  now\n\
                a-name-of-its-own  1.0  Other\n";
    let mut found = Vec::new();
    for (index, bytes) in text.lines().enumerate() {
        let line = super::super::Line {
            file: &member,
            number: index as u64 + 1,
            offset: 0,
            bytes: bytes.as_bytes(),
        };
        found.extend(rows.line(&line));
    }
    found.extend(rows.take());
    let told: Vec<_> = found
        .iter()
        .map(|entry| ["Name", "Version", "Vendor"].map(|name| entry.text(name).unwrap_or_default()))
        .collect();
    assert_eq!(told[0], ["esx-base", "6.7.0-1", "VMware"]);
    assert_eq!(told[1], ["lsi-mr3", "7.708.07.00-3vmw.670", "VMware"]);
    assert_eq!(told[told.len() - 1], ["a-name-of-its-own", "1.0", "Other"]);
    assert_eq!(told.len(), 3);
}
