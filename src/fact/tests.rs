//! What holds for every reader of facts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::model::ProblemKind;

#[test]
fn every_kind_of_file_reads_its_samples() {
    for file in FACTS {
        assert!(!file.samples.is_empty(), "{} has no sample", file.name);
        for sample in file.samples {
            assert!((file.matches)(sample.path), "{}: {}", file.name, sample.path);
            let out = read(file, sample.path, sample.text.as_bytes());
            let got: Vec<Value> = out.facts.iter().map(|fact| without_lines(&fact.value)).collect();
            let expected: Vec<Value> =
                sample.facts.iter().map(|text| serde_json::from_str(text).expect(text)).collect();
            assert_eq!(got, expected, "{}: {}\n{:#?}", file.name, sample.path, out.problems);
        }
    }
}

/// A fact as JSON, without the lines that it keeps as evidence.
pub(super) fn without_lines(value: &FactValue) -> Value {
    let mut value = serde_json::to_value(value).expect("serialisable");
    if let Some(object) = value.as_object_mut() {
        object.remove("lines");
    }
    value
}

pub(super) fn read(file: &FactFile, path: &str, text: &[u8]) -> Output {
    let member = MemberPath::new(path);
    let (mut reader, mut out, mut offset) = ((file.reader)(path), Output::default(), 0);
    for (index, bytes) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        reader.line(Line { file: &member, number: index as u64 + 1, offset, bytes: line }, &mut out);
        offset += bytes.len() as u64;
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        reader.cut();
    } else if !text.is_empty() {
        let number = text.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        reader.line(Line { file: &member, number, offset, bytes: b"" }, &mut out);
    }
    reader.end(&mut out);
    out
}

/// A tiny generator of the same bytes on every run.
fn noise(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn no_reader_panics_on_a_text_cut_anywhere_or_with_wrong_bytes() {
    let mut state = 7;
    for file in FACTS {
        for sample in file.samples {
            let text = sample.text.as_bytes();
            for end in 0..text.len() {
                read(file, sample.path, &text[..end]);
            }
            for _ in 0..200 {
                let mut wrong = text.to_vec();
                for _ in 0..1 + noise(&mut state) % 8 {
                    let at = noise(&mut state) % wrong.len().max(1);
                    if let Some(byte) = wrong.get_mut(at) {
                        *byte ^= 1 << (noise(&mut state) % 8);
                    }
                }
                read(file, sample.path, &wrong);
            }
        }
    }
}

/// Whether `part` says nothing that `whole` does not: what is missing is null, or left out of a list.
fn is_within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Null, _) => true,
        (Value::Array(part), Value::Array(whole)) => {
            part.iter().all(|part| whole.iter().any(|whole| is_within(part, whole)))
        }
        (Value::Object(part), Value::Object(whole)) => {
            // That it is not whole may be said of a part.
            let said = |key: &str, part| whole.get(key).is_some_and(|whole| is_within(part, whole));
            part.iter().all(|(key, part)| key == "whole" || said(key, part))
        }
        _ => part == whole,
    }
}

/// Files that may end in one bare value, or in a name that only its end closes: there a cut cannot be seen. In the last
/// two a later line may say otherwise than an earlier one.
const CANNOT_TELL: &[&str] = &["vmware-vl", "issue", "object-names", "vmx-log", "host-config", "vmx"];

/// What a text says, but for what is said to be only a part, and for what an empty one says: the digest holds that back.
fn told(file: &FactFile, path: &str, text: &[u8]) -> Vec<Value> {
    let facts = read(file, path, text).facts;
    let is_sure = |fact: &&Fact| {
        !matches!(
            fact.value,
            FactValue::CmmdsCounts { whole: false, .. } | FactValue::VsanNoInterface | FactValue::ConfigRead
        )
    };
    facts.iter().filter(is_sure).map(|fact| without_lines(&fact.value)).collect()
}

#[test]
fn a_text_cut_anywhere_tells_nothing_that_the_whole_does_not() {
    let files = FACTS.iter().filter(|file| !CANNOT_TELL.contains(&file.name));
    let mut wrong = Vec::new();
    for (file, sample) in files.flat_map(|file| file.samples.iter().map(move |sample| (file, sample))) {
        let text = sample.text.as_bytes();
        let whole = told(file, sample.path, text);
        // A sample that is cut itself may say less than a shorter part of it.
        for end in (1..text.len()).filter(|_| !whole.is_empty()) {
            // A table that is cut right below the dashes of its header looks empty, not cut.
            let (above, below) = text.split_at(end);
            let at_line = above.ends_with(b"\n") || below.starts_with(b"\n");
            if at_line && above.trim_ascii_end().ends_with(b"-----") {
                continue;
            }
            let more = told(file, sample.path, above).into_iter();
            let more: Vec<Value> =
                more.filter(|part| !whole.iter().any(|whole| is_within(part, whole))).collect();
            if !more.is_empty() {
                wrong.push(format!("{}: {more:?} of\n{}", file.name, String::from_utf8_lossy(above)));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn absence_is_never_an_empty_text() {
    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => object.values().for_each(|value| texts(value, found)),
            Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
            Value::String(text) => found.push(text.clone()),
            _ => {}
        }
    }
    for file in FACTS {
        for sample in file.samples {
            for fact in told(file, sample.path, sample.text.as_bytes()) {
                let mut found = Vec::new();
                texts(&fact, &mut found);
                let blank = |text: &String| text.trim().is_empty() || text.eq_ignore_ascii_case("n/a");
                assert!(!found.iter().any(blank), "{}: {fact}", file.name);
            }
        }
    }
}

#[test]
fn every_form_of_an_output_is_known() {
    for path in [
        "commands/localcli_network-nic-list.txt",
        "commands/3.esxcli_network_nic_list.txt",
        "commands/localcli_--formatterjson-network-nic-list.txt",
        "json/localcli_network-nic-list.json",
        "json/localcli_network-nic-list.txt",
    ] {
        assert!(is_output(path, "localcli_network-nic-list"), "{path}");
    }
    for path in ["etc/localcli_network-nic-list.json", "commands/localcli_network-nic-list-x.txt"] {
        assert!(!is_output(path, "localcli_network-nic-list"), "{path}");
    }
}

/// The readers of a text of their own that read the same as JSON, and a command of each.
const OR_JSON: &[(&FactFile, &str)] = &[
    (&product::SYSTEM_VERSION, "system-version-get"),
    (&uptime::STATS, "system-stats-uptime-get"),
    (&cpu::CPU, "hardware-cpu-list"),
    (&unicast::UNICAST_AGENTS, "vsan-cluster-unicastagent-list"),
    (&vms::PROCESSES, "vm-process-list"),
];

#[test]
fn json_of_which_nothing_can_be_read_is_a_problem() {
    use crate::model::ProblemKind::{Truncated, Unparsed};

    let check = |(file, command): &(&FactFile, &str), text: &str, expected: &[ProblemKind]| {
        for path in [
            format!("json/localcli_{command}.json"),
            format!("json/localcli_{command}.txt"),
            format!("commands/2.esxcli_--formatterjson-{command}.txt"),
        ] {
            assert!((file.matches)(&path), "{path}");
            let out = read(file, &path, text.as_bytes());
            let kinds: Vec<ProblemKind> = out.problems.iter().map(|problem| problem.kind).collect();
            assert_eq!((out.facts.len(), kinds.as_slice()), (0, expected), "{path}\n{text}");
        }
    };
    for sort in OR_JSON {
        check(sort, "", &[]);
        check(sort, " \n\n", &[]);
        for text in
            ["Connect to localhost failed: x\n", "null\n", "x", "{}", "[{}]", "{\"error\": {\"code\": 1}}\n"]
        {
            check(sort, text, &[Unparsed]);
        }
        for text in ["[", "x: y\n[\n  {\n    \"Err", "{\"error\": \"x\"", "[{\"a\": 1}, "] {
            check(sort, text, &[Truncated]);
        }
    }
}

#[test]
fn a_text_is_no_json_for_what_stderr_looks_like() {
    let said = |file, path, text: &str| {
        let problems = read(file, path, text.as_bytes()).problems;
        (told(file, path, text.as_bytes()), problems.iter().map(|problem| problem.kind).collect::<Vec<_>>())
    };
    for (file, _) in OR_JSON {
        let is_text = |text: &str| text.ends_with('\n') && !text.contains(['{', '[']);
        for sample in file.samples.iter().filter(|sample| is_text(sample.text) && !sample.facts.is_empty()) {
            let text = format!("{}{{\"error\": [\n", sample.text);
            assert_eq!(said(file, sample.path, &text), said(file, sample.path, sample.text), "{text}");
        }
    }
}

#[test]
fn a_list_that_holds_more_than_agents_is_not_taken_for_whole() {
    let text = "[{\"NodeUuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\", \"IsWitness\": 0}, {\"NodeUuid\": \"5f0a\"}]";
    let out =
        read(&unicast::UNICAST_AGENTS, "json/localcli_vsan-cluster-unicastagent-list.json", text.as_bytes());
    assert_eq!((out.facts.len(), out.problems[0].kind), (0, ProblemKind::Unparsed));
}

#[test]
fn every_reader_survives_every_other_ones_samples() {
    let texts = || FACTS.iter().flat_map(|file| file.samples).map(|sample| sample.text.as_bytes());
    for file in FACTS {
        for text in texts() {
            read(file, file.samples[0].path, text);
        }
    }
}

#[test]
fn names_of_fact_files_are_unique() {
    let names: BTreeSet<&str> = FACTS.iter().map(|file| file.name).collect();
    assert_eq!(names.len(), FACTS.len());
}

#[test]
fn spellings_of_a_command_file_are_one() {
    for path in [
        "commands/localcli_vsan-cluster-get.txt",
        "commands/1.localcli_vsan-cluster-get.txt",
        "commands/esxcli_vsan_cluster_get.txt",
        "snapshot-1/commands/LocalCli_vsan-cluster get.txt",
    ] {
        assert!(is_command(path, "localcli_vsan-cluster-get"), "{path}");
    }
    assert!(!is_command("commands/localcli_vsan-cluster-get-x.txt", "localcli_vsan-cluster-get"));
    assert!(!is_command("var/localcli_vsan-cluster-get.txt", "localcli_vsan-cluster-get"));
}
