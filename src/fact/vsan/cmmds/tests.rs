//! What a dump says whole, in pieces, cut and broken.

use super::super::super::tests::read;
use super::*;
use crate::model::MemberPath;

const NODE: &str = "5f0a1b2c-3d4e-5f60-7182-0050568a0001";

/// What a text says that comes in as these lines: number, offset, bytes; a number of 0 is a gap.
fn say(lines: &[(u64, u64, &[u8])]) -> Output {
    let (member, mut out, mut reader) =
        (MemberPath::new(SAMPLES[0].path), Output::default(), Dump::default());
    for &(number, offset, bytes) in lines {
        match number {
            0 => reader.gap(),
            _ => reader.line(Line { file: &member, number, offset, bytes }, &mut out),
        }
    }
    reader.end(&mut out);
    out
}

#[test]
fn only_dumps_that_can_be_read_are() {
    for path in [
        "commands/cmmds-tool_whoami.txt",
        "commands/cmmds-tool_find--f-text.txt",
        "var/cmmds-tool_find--f-json",
    ] {
        assert!(!(CMMDS.matches)(path), "{path}");
    }
    assert!((CMMDS.matches)("commands/2.cmmds-tool_find--f-json--t-HOSTNAME.txt"));
}

#[test]
fn one_huge_line_says_the_same_in_pieces() {
    let text = SAMPLES[2].text.as_bytes();
    let whole = say(&[(1, 0, text)]);
    let values = |out: &Output| out.facts.iter().map(|fact| fact.value.clone()).collect::<Vec<_>>();
    for at in 1..text.len() {
        let out = say(&[(1, 0, &text[..at]), (1, at as u64, &text[at..])]);
        assert_eq!((values(&out), out.problems.len()), (values(&whole), 0), "{at}");
    }
}

#[test]
fn an_entry_does_not_go_on_behind_a_gap() {
    let uuid = format!("[{{\"uuid\": \"{NODE}\",");
    let out = say(&[
        (1, 0, uuid.as_bytes()),
        (0, 0, b""),
        (7, 700, b"\"type\": \"HOSTNAME\", \"content\": {\"hostname\": \"esx09\"}},"),
        (8, 800, format!("{{\"uuid\": \"{NODE}\", \"type\": \"NODE\"}}]").as_bytes()),
    ]);
    assert_eq!(out.facts.len(), 2);
    let FactValue::CmmdsCounts { types, whole } = &out.facts[1].value else { panic!("{:?}", out.facts) };
    assert_eq!((types[0].kind.as_str(), types.len(), *whole), ("NODE", 1, false));
}

#[test]
fn entries_that_ran_together_are_left_out_and_told() {
    let entry = format!("{{\"uuid\": \"{NODE}\", \"type\": \"NODE\"");
    let two = format!(
        "[{entry}, \"uuid\": \"{NODE}\"}}, {entry} {{\"uuid\": \"x\", \"type\": \"NODE\"}}, {entry}}}]"
    );
    let out = read(&CMMDS, SAMPLES[0].path, two.as_bytes());
    let counts = FactValue::CmmdsCounts {
        types: vec![CmmdsCount { kind: "NODE".to_owned(), entries: 1, unhealthy: 0 }],
        whole: false,
    };
    assert_eq!(out.facts.last().map(|fact| &fact.value), Some(&counts));
    assert!(out.problems[0].text.starts_with("3 entries"), "{:?}", out.problems);
}

#[test]
fn evidence_is_the_entrys_own_lines() {
    let out = read(&CMMDS, SAMPLES[0].path, SAMPLES[0].text.as_bytes());
    assert_eq!(out.facts[0].source.line, 6);
    let text = &out.facts[0].text;
    assert!(
        text.contains(NODE) && text.contains("\"type\": \"HOSTNAME\"") && text.contains("esx01"),
        "{text}"
    );
    assert!(out.problems.is_empty(), "{:?}", out.problems);
    let out = read(&CMMDS, SAMPLES[3].path, SAMPLES[3].text.as_bytes());
    assert_eq!(out.problems[0].kind, ProblemKind::Truncated);
}

#[test]
fn brackets_without_end_and_long_dumps_are_limited() {
    let mut text = "[{\"content\":".repeat(10_000);
    for n in 0..MAX_ENTRIES + 10 {
        text.push_str(&format!("[{{\"uuid\": \"5f0a1b2c-3d4e-5f60-7182-{n:012}\", \"type\": \"NODE\"}}],\n"));
    }
    let mut long = "[".to_owned();
    for n in 0..MAX_ENTRIES + 10 {
        long.push_str(&format!("{{\"uuid\": \"5f0a1b2c-3d4e-5f60-7182-{n:012}\", \"type\": \"NODE\"}},\n"));
    }
    read(&CMMDS, SAMPLES[0].path, text.as_bytes());
    let out = read(&CMMDS, SAMPLES[0].path, (long + "]").as_bytes());
    assert_eq!(out.facts.len(), MAX_ENTRIES + 1);
    assert!(out.problems.iter().any(|problem| problem.kind == ProblemKind::Limit));
}
