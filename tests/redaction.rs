//! `--redact`: identifiers planted in odd places, and none of them in any output.

#[path = "common/fixture.rs"]
mod fixture;
#[path = "common/full.rs"]
mod full;
#[path = "common/hostile.rs"]
mod hostile;
#[path = "common/run.rs"]
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use esxray::demo::{VsanOptions, vsan_incident};
use esxray::model::{EventKind, Lang, ProblemKind, Severity, TimeQuality};
use esxray::report::model::*;
use esxray::report::redact::{AliasMap, redact};
use esxray::report::{RENDERERS, features, ledger, terminal, timeline};
use esxray::{demo::Container, report::json};
use run::{esxray, schema, written};

/// What must not be found, in lower case; each is planted by [`planted`].
const SECRETS: &[&str] = &[
    "quokka01",
    "quokka02",
    "quokka77",
    "wombat.example",
    "srv-files.kiwi.example",
    "jdoe",
    "m.mustermann",
    "s.tanaka",
    "10.44.5.6",
    "10-44-5-6",
    "6.5.44.10",
    "192.168.77.21",
    "2001:db8:77::21",
    "fe80::1234:56ff",
    "24:6e:96:aa:bb:01",
    "24-6e-96-aa-bb-02",
    "246e96aabb03",
    "246e.96aa.bb04",
    "564d77aa",
    "56 4d 77 bb",
    "5e4a77cc",
    "77dd77dd",
    "naa.600a0b80",
    "eui.0025385a",
    "t10.nvme____",
    "vmhba77",
    "50:06:01:60",
    "gold-store-7",
    "silver store",
    "payroll-7",
    "lohn_db",
    "経理サーバ",
    "京都",
    "berlin-prod-a",
    "vlan-finanz",
    "dvs-osaka",
    "czj7120xyz",
    "zxn4mdeuy29ycc5leg",
    "6573783032",
    "corpnet",
    "kundenakte",
    "ntp.kiwi",
    "esx-quokka",
    "/home/jdoe",
    "quokka09",
    "fritzbox",
    "secretfolder7",
];

fn entry(report: &Report, message: &str, text: &str, fields: &[(&str, &str)]) -> TimelineEntry {
    TimelineEntry {
        time: report.case.to.expect("a span"),
        time_quality: TimeQuality::Exact,
        host: "quokka01".into(),
        source: SourceRef {
            file: "vc.zip!esx-quokka01.wombat.example-2026-11-23--02.10.tgz!esx-quokka01/var/log/hostd.log"
                .into(),
            line: 7,
            offset: 99,
        },
        kind: EventKind::VM_POWER_ON,
        severity: Severity::Info,
        text: text.into(),
        fields: fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        message: message.into(),
        findings: vec![],
    }
}

/// Lines of logs with a secret in each, in the grammars that real logs have.
const LINES: &[&str] = &[
    "info hostd[2098] [Originator@6876 sub=Vimsvc opID=quokka01-jdoe-4f2a-11] Task Created",
    "warning: GET https://srv-files.kiwi.example:443/sdk?host=quokka02%2Ewombat%2Eexample&u=jdoe",
    "warning: GET /folder/x?dcPath=%2571uokka77%2Fdata",
    "peer 10.44.5.6:902 [10.44.5.6] ip-10-44-5-6 6.5.44.10.in-addr.arpa refused",
    "bound to 192.168.77.21/24 and [2001:db8:77::21]:443, fe80::1234:56ff:fe00:7%vmk0",
    "mac 24:6e:96:aa:bb:01 24-6E-96-AA-BB-02 246E96AABB03 246e.96aa.bb04",
    "uuid 564d77aa-1111-2222-3333-444455556666 56 4d 77 bb 11 11 22 22-33 33 44 44 55 55 66 66 564D77AA111122223333444455556666",
    "uuid 5e4a77cc-11112222-3333-444455556666 session 77dd77dd-1a2b",
    "device naa.600a0b8000112233445566778899aabb eui.0025385a11223344 t10.NVMe____ACME_DISK_7 mpx.vmhba77:C0:T1:L0 50:06:01:60:11:22:33:44",
    "[gold-store-7] payroll-7/payroll-7.vmx and /vmfs/volumes/silver store/lohn_db/lohn_db.vmdk",
    "serial CZJ7120XYZ of user CORPNET\\m.mustermann, mail s.tanaka@kundenakte.example",
    "payload ZXN4MDEuY29ycC5leGFtcGxl end ZXN4MDEuY29ycC5leGFtcGxlLg== id 6573783032",
    "msg = 仮想マシン経理サーバは京都で開始しました QUOKKA01.Wombat.Example",
    "esx-quokka01.wombat.example-2026-11-23--02.10.tgz /home/jdoe/secretfolder7/x.log",
    "host quokka09 sent\u{0} \u{fffd}\u{fffd}fritzbox01 broken { key 'Quokka02' = \"x\" }",
];

/// The fixture's report with [`SECRETS`] wherever a site's names can stand.
fn planted(lang: Lang) -> Report {
    let mut report = fixture::report(lang, 40);
    let id_of = |id: &str| if id == "esx01" { "quokka01".to_owned() } else { id.to_owned() };
    let text = serde_json::to_string(&report).expect("JSON").replace("\"esx01\"", "\"quokka01\"");
    report = serde_json::from_str(&text).expect("a report");
    let host = &mut report.hosts[0];
    assert_eq!(host.id, id_of("esx01"));
    host.name = "quokka01.wombat.example".into();
    host.bundle = "/home/jdoe/secretfolder7/esx-quokka01.wombat.example-2026-11-23.tgz".into();
    report.hosts[1].name = "quokka02.wombat.example".into();
    report.case.clusters[0].name = Some("berlin-prod-a".into());
    let setup = report.hosts[0].setup.as_mut().expect("a setup");
    setup.ntp.servers = Some(vec!["ntp.kiwi.example".into()]);
    setup.options = Some(vec![OptionInfo {
        path: "/Syslog/global/logHost".into(),
        value: "udp://fritzbox.lan:514".into(),
    }]);
    let adapter = &mut setup.network.vmkernel.as_mut().expect("adapters")[0];
    (adapter.port_group, adapter.switch) = (Some("VLAN-Finanz".into()), Some("DVS-Osaka".into()));
    adapter.mac = Some("24:6e:96:aa:bb:01".into());
    setup.vms = Some(vec![
        VmInfo {
            name: Some("経理サーバ".into()),
            path: Some("/vmfs/volumes/silver store/lohn_db/lohn_db.vmx".into()),
            ..VmInfo::default()
        },
        VmInfo {
            name: Some("core".into()),
            uuid: Some("56 4d 77 bb 11 11 22 22-33 33 44 44 55 55 66 66".into()),
            ..VmInfo::default()
        },
    ]);
    let finding = &mut report.findings[0];
    finding.vms = vec!["payroll-7".into(), "経理サーバ".into()];
    finding.title = format!("{} quokka01: payroll-7 経理サーバ", finding.title);
    finding.details["unicast_peers"] = serde_json::json!({ "quokka01": 0 });
    let evidence = finding.evidence[0].clone();
    finding.evidence.extend(LINES.iter().map(|line| Evidence { text: (*line).into(), ..evidence.clone() }));
    let log = &mut report.coverage[0];
    log.samples = LINES
        .iter()
        .take(3)
        .map(|line| Sample { file: "var/log/quokka01.log".into(), line: 1, offset: 0, text: (*line).into() })
        .collect();
    log.gaps.push(Gap {
        from: report.case.to.expect("a span"),
        to: report.case.to.expect("a span"),
        why: "damaged".into(),
        files: vec!["esx-quokka01.wombat.example-2026-11-23--02.10.tgz!var/log/quokka77.gz".into()],
        partial: false,
    });
    report.problems.push(ReportProblem {
        kind: ProblemKind::Truncated,
        path: "/home/jdoe/Kundenakte/esx-quokka02.wombat.example.tgz".into(),
        text: "quokka02.wombat.example: the gzip stream ends early".into(),
        hosts: vec!["quokka01".into()],
    });
    for (at, line) in LINES.iter().enumerate() {
        let fields = [
            ("vm", "payroll-7"),
            ("reason", "京都の経理サーバ"),
            ("opid", "quokka01-jdoe-4f2a"),
            ("src", "10.44.5.6"),
        ];
        let text = if at == 0 {
            "The VM payroll-7 was powered on on quokka01: 京都の経理サーバ"
        } else {
            line
        };
        let entry = entry(&report, line, text, &fields);
        report.timeline.push(entry);
    }
    report
}

/// Every output of `report`, by name.
fn outputs(report: &Report) -> BTreeMap<&'static str, String> {
    let mut all = BTreeMap::new();
    let mut put = |name, write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut out = Vec::new();
        write(&mut out).expect("written to memory");
        all.insert(name, String::from_utf8(out).expect("UTF-8"));
    };
    for renderer in RENDERERS {
        put(renderer.name, &|out| (renderer.render)(report, out));
    }
    let shape = timeline::text::Shape { is_folded: false, shows_source: true, width: None, colour: false };
    put("summary", &|out| terminal::summary(report, 100, false, out));
    put("timeline", &|out| timeline::text::write(report, &shape, None, out));
    put("inspect", &|out| ledger::write(report, 100, true, out));
    put("features", &|out| features::write(report, 100, true, false, out));
    all
}

/// `text` as a reader could decode it: entities and percent signs undone, and each long token read as base64 and as hex.
fn decoded(text: &str) -> String {
    let mut plain = text.to_lowercase();
    for (code, sign) in [
        ("&#45;", "-"),
        ("&#46;", "."),
        ("&#58;", ":"),
        ("&amp;", "&"),
        ("%2e", "."),
        ("%2f", "/"),
        ("%71", "q"),
        ("\\/", "/"),
    ] {
        plain = plain.replace(code, sign);
    }
    let is_code = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    for token in text.split(|c| !is_code(c)).filter(|token| (10..=4000).contains(&token.len())) {
        plain.push('\n');
        plain.push_str(&String::from_utf8_lossy(&base64(token)).to_lowercase());
    }
    plain
}

fn base64(token: &str) -> Vec<u8> {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for byte in token.bytes() {
        bits = bits << 6 | SIGNS.iter().position(|sign| *sign == byte).expect("a sign") as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

#[track_caller]
fn assert_clean(name: &str, text: &str, secrets: &[&str]) {
    let plain = decoded(text);
    for secret in secrets {
        if let Some(at) = plain.find(secret) {
            let around: String =
                plain[..at].chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{secret} is in {name}, behind …{around}");
        }
    }
}

#[test]
fn no_output_holds_a_planted_identifier() {
    for lang in [Lang::En, Lang::Ja] {
        let report = planted(lang);
        let raw = decoded(&outputs(&report)["json"]);
        // A secret that is not planted would prove nothing.
        for secret in SECRETS {
            assert!(raw.contains(secret), "{secret} is not planted");
        }
        let mut map = AliasMap::default();
        let redacted = redact(report, &mut map).expect("redacted");
        assert!(redacted.case.redacted);
        for (name, text) in outputs(&redacted) {
            assert_clean(name, &text, SECRETS);
            assert!(name != "md" || text.contains("HOST-0001"), "{name} tells the hosts");
        }
        let mut text = Vec::new();
        (json::RENDERER.render)(&redacted, &mut text).expect("written to memory");
        schema::check(&String::from_utf8(text).expect("UTF-8"));
    }
}

/// Texts that are ours in every report, or a sum that who has the bundle knows anyway.
const OURS: &[&str] = &[
    ".case.lang",
    ".case.time_zone",
    ".findings.*.references.*.title",
    ".findings.*.references.*.url",
    ".hosts.*.bundle_sha256",
    ".hosts.*.captures.*.bundle_sha256",
    ".tool.commit",
    ".tool.name",
    ".tool.rules.*.sha256",
    ".tool.rules.sha256",
    ".tool.version",
];

#[test]
fn no_field_lets_text_of_a_bundle_out() {
    for (lang, plant) in [(Lang::En, "Mitsukoshi"), (Lang::Ja, "三越"), (Lang::Ja, "Mitsukoshi")] {
        let report = hostile::planted(&full::report(lang, 60), plant, OURS);
        let raw = outputs(&report)["json"].matches(plant).count();
        assert!(raw > 1000, "only {raw} are planted");
        let redacted = redact(report, &mut AliasMap::default()).expect("redacted");
        let value = serde_json::to_value(&redacted).expect("JSON");
        let mut leaks = Vec::new();
        leaks_in(&value, String::new(), plant, &mut leaks);
        leaks.sort();
        leaks.dedup();
        assert!(leaks.is_empty(), "{plant} is at {leaks:#?}");
        for (name, text) in outputs(&redacted) {
            assert_clean(name, &text, &[&plant.to_lowercase()]);
        }
    }
}

/// Where `plant` stands in `value`, in a text or a key.
fn leaks_in(value: &serde_json::Value, path: String, plant: &str, leaks: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if text.contains(plant) => leaks.push(path),
        serde_json::Value::Array(items) => {
            items.iter().for_each(|item| leaks_in(item, path.clone(), plant, leaks));
        }
        serde_json::Value::Object(parts) => {
            for (key, part) in parts {
                leaks_in(part, format!("{path}.{key}"), plant, leaks);
            }
        }
        _ => {}
    }
}

/// Names and ids that have the shape of something harmless.
#[test]
fn what_looks_harmless_is_masked_all_the_same() {
    let lines = [
        ("host node12 and leaf301 of u104937", &["node12", "leaf301", "u104937"][..]),
        ("tag 8C4D2F1, 7f3b9d2 and 6d1f20b4", &["8c4d2f1", "7f3b9d2", "6d1f20b4"]),
        ("Serial Number: 4023881 of the chassis", &["4023881"]),
        ("chassis 40238817745 has S/N 7391846", &["40238817745", "7391846"]),
        ("mac 005056123456 0050.5612.3456 246e96-fd6a77", &["005056123456", "0050.5612", "fd6a77"]),
        ("mac 0x246e96fd6a77 24 6e 96 fd 6a 77", &["246e96fd6a77", "96 fd"]),
        ("opID=kurokawa-676663-auto-2k-h5:702051", &["kurokawa"]),
        ("url %71uokka%FF here", &["quokka"]),
    ];
    let mut report = fixture::report(Lang::En, 4);
    for (line, _) in lines {
        let entry = entry(&report, line, line, &[]);
        report.timeline.push(entry);
    }
    let redacted = outputs(&redact(report, &mut AliasMap::default()).expect("redacted"));
    for (line, secrets) in lines {
        for (name, text) in &redacted {
            for secret in secrets.iter().filter(|_| *name != "json") {
                assert!(!text.to_lowercase().contains(secret), "{secret} of '{line}' is in {name}");
            }
        }
        let json = &redacted["json"];
        let timeline = &json[json.find("\"timeline\"").expect("a timeline")..];
        assert_clean("the timeline", timeline, secrets);
    }
}

/// A host in other writing is the same: case is folded in every script, and escapes are undone.
#[test]
fn names_of_other_scripts_are_found_in_every_form() {
    for (vm, written) in [
        ("ＤＢサーバ02", "The VM ＤＢサーバ02 and ｄｂサーバ02 ran"),
        ("МОСКВА-3", "The VM МОСКВА-3 ran"),
        ("会計%2f東京", "The VM 会計%2f東京 and 会計/東京 ran"),
    ] {
        let mut report = fixture::report(Lang::Ja, 4);
        report.findings[0].vms = vec![vm.to_owned()];
        let told = entry(&report, written, written, &[("vm", vm)]);
        report.timeline.push(told);
        let mut map = AliasMap::default();
        let redacted = redact(report, &mut map).expect("redacted");
        let alias = map.get(&vm.to_lowercase()).expect("an alias").to_owned();
        let told = redacted.timeline.iter().find(|entry| entry.fields.get("vm") == Some(&alias));
        let text = &told.expect("the entry").message;
        assert!(text.starts_with(&format!("The VM {alias} ")), "{vm}: {text}");
        let is_script = |c: char| !c.is_ascii();
        assert!(!text.contains(is_script), "{vm}: {text}");
    }
}

#[test]
fn what_is_encoded_is_decoded_in_sentences_and_a_sign_is_no_name() {
    let mut report = fixture::report(Lang::En, 4);
    report.findings[0].vms = vec!["%2F".to_owned()];
    let encoded = "%4D%49%54%53%55";
    let told = entry(&report, "a/b is here", &format!("The device {encoded} failed"), &[("device", encoded)]);
    report.timeline.push(told);
    let redacted = redact(report, &mut AliasMap::default()).expect("redacted");
    assert!(redacted.timeline.iter().any(|entry| entry.message == "a/b is here"));
    for told in &redacted.timeline {
        assert!(!told.text.contains("%4D") && !told.text.contains("MITSU"), "{}", told.text);
    }
}

#[test]
fn no_alias_is_the_real_name_of_a_host() {
    let mut report = fixture::report(Lang::En, 4);
    report.hosts[3].name = "host-0001.corp.example".into();
    let mut map = AliasMap::default();
    redact(report, &mut map).expect("redacted");
    assert_ne!(map.get("host-0001"), None);
    assert!(!map.to_json().contains("\"HOST-0001\""), "{}", map.to_json());
}

#[test]
fn one_map_gives_one_alias_in_every_report() {
    let mut map = AliasMap::default();
    let text = |report: &Report| serde_json::to_string(report).expect("JSON");
    let first = redact(planted(Lang::En), &mut map).expect("redacted");
    let mut kept = AliasMap::from_json(&map.to_json()).expect("a map");
    let again = redact(planted(Lang::En), &mut kept).expect("redacted");
    assert_eq!(text(&first), text(&again));
    assert_eq!(map.to_json(), kept.to_json(), "nothing is new the second time");
    let twice = redact(first.clone(), &mut kept).expect("redacted");
    assert_eq!(text(&first), text(&twice), "a redacted report stays as it is");
    // Another case knows the host by its short name only.
    let mut other = fixture::report(Lang::En, 4);
    other.hosts[3].name = "quokka01".into();
    let other = redact(other, &mut kept).expect("redacted");
    let alias = map.get("quokka01").expect("an alias").to_owned();
    assert!(other.hosts.iter().any(|host| host.name == alias), "{alias}");
    assert_eq!(
        first.hosts.iter().find(|host| host.id == alias).map(|host| host.name.clone()),
        Some(format!("{alias}.DOMAIN-0001"))
    );
}

#[test]
fn the_same_name_is_one_alias_in_every_form() {
    let mut map = AliasMap::default();
    let redacted = redact(planted(Lang::En), &mut map).expect("redacted");
    let line = |beginning: &str| {
        let lines = redacted.findings[0].evidence.iter().map(|line| line.text.clone());
        lines
            .into_iter()
            .find(|line| line.starts_with(beginning))
            .unwrap_or_else(|| panic!("no line {beginning}"))
    };
    let alias = |name: &str| map.get(name).unwrap_or_else(|| panic!("{name} has no alias")).to_owned();
    let ip = alias("10.44.5.6");
    assert_eq!(line("peer"), format!("peer {ip}:902 [{ip}] ip-{ip} {ip} refused"));
    let host = alias("quokka01");
    assert!(
        line("esx-").starts_with(&format!("esx-{host}.DOMAIN-0001-2026-11-23--02.10.tgz /home/")),
        "{}",
        line("esx-")
    );
    assert!(line("msg").ends_with(&format!("{host}.DOMAIN-0001")), "{}", line("msg"));
    assert!(line("info").contains(&format!("opID={host}-")), "{}", line("info"));
    // A VM called `core` is an alias where a field says so, and "core dump" stays a word of ours.
    let vms = redacted
        .hosts
        .iter()
        .filter_map(|host| host.setup.as_ref())
        .flat_map(|setup| setup.vms.iter().flatten());
    assert!(vms.filter_map(|vm| vm.name.clone()).any(|name| name == alias("core")));
}

/// The share of tokens of the demo's lines and sentences that are masked for being no known word.
#[test]
fn what_is_technical_stays_readable() {
    let (site, _) = vsan_incident(&VsanOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    for lang in ["en", "ja"] {
        let run = run::analyze(&paths, folder.path(), &["--redact", "--lang", lang, "--format", "json,md"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let text = fs::read_to_string(folder.path().join("out/report.md")).expect("written");
        let tokens: Vec<&str> = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|token| !token.is_empty())
            .collect();
        let masked: Vec<&&str> =
            tokens.iter().filter(|token| token.starts_with("NAME-") || token.starts_with("BLOB-")).collect();
        assert!(
            masked.len() * 200 < tokens.len(),
            "{lang}: {} of {} tokens: {masked:?}",
            masked.len(),
            tokens.len()
        );
        for kept in [
            "host-21",
            "vmk2",
            "vmnic",
            "hostd.log",
            "esxcli vsan cluster get",
            "https://knowledge.broadcom.com/",
            "CMMDSStateDestroyNode",
        ] {
            assert!(text.contains(kept), "{kept} is masked");
        }
        for name in ["esx01", "lab.example", "10.20.", "db01", "246e96"] {
            assert!(!text.to_lowercase().contains(name), "{name}");
        }
    }
}

#[test]
fn commands_keep_the_map_for_its_owner_and_refuse_what_is_none() {
    let (site, _) = vsan_incident(&VsanOptions::default());
    let (folder, paths) = written(site, Container::Tgz);
    let folder_path = folder.path();
    let named = ["esx0", "lab.example", "10.20.", "db01", "app01", "246e96"];
    let run = |command: &[&str]| {
        let mut args: Vec<std::ffi::OsString> = command.iter().map(Into::into).collect();
        args.extend(["--redact", "--redact-map", "map.json"].map(Into::into));
        args.extend(paths.iter().map(|path| path.clone().into_os_string()));
        esxray(args, folder_path)
    };
    let mut told = Vec::new();
    for command in [
        &["timeline", "-v"][..],
        &["timeline", "--host", "esx01"],
        &["timeline", "--output", "jsonl"],
        &["timeline", "--op", "SWI-5a0f21c3"],
        &["timeline", "--host", "zzz"],
        &["features", "--all"],
        &["inspect", "--all"],
        &["analyze", "--out", "o", "--format", "html,md,json,csv,timesketch"],
    ] {
        let output = run(command);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let fails = command.contains(&"zzz");
        assert_eq!(fails, !output.status.success(), "{command:?}: {err}");
        assert!(!fails || err.contains("the hosts are HOST-0001"), "{err}");
        assert!(fails || out.contains("HOST-0001"), "{command:?}: {err}");
        for secret in named {
            // A host that is asked for and not there is told as it was typed only where it was typed.
            assert!(
                !out.to_lowercase().contains(secret) && !err.to_lowercase().contains(secret),
                "{secret} in {command:?}: {out}{err}"
            );
        }
        told.push(out.into_owned());
    }
    for file in fs::read_dir(folder_path.join("o")).expect("listed") {
        let text = fs::read_to_string(file.expect("an entry").path()).expect("read");
        assert_clean("a file of the report", &text, &named);
    }
    assert_private(&folder_path.join("map.json"));
    assert_eq!(
        told[0],
        String::from_utf8_lossy(&run(&["timeline", "-v"]).stdout),
        "the map gives the same again"
    );
    refuses_maps(&run, folder_path);
    fs::write(folder_path.join("map.json"), "{\"schema\":\"esxray.report/1\",\"names\":{}}")
        .expect("written");
    let refused = run(&["inspect"]);
    let err = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err.contains("map.json") && err.contains("hint:"), "{err}");
    let alone = esxray(["inspect", "--redact-map", "map.json", "in"], folder_path);
    assert_eq!(alone.status.code(), Some(2), "a map without --redact is a mistake");
}

/// A map that another run uses, or that is a link, is refused and stays as it is.
fn refuses_maps(run: &dyn Fn(&[&str]) -> std::process::Output, folder: &Path) {
    let map = folder.join("map.json");
    let before = fs::read(&map).expect("read");
    let other = fs::File::open(&map).expect("opened");
    other.lock().expect("locked");
    let refused = run(&["inspect"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another run"));
    drop(other);
    #[cfg(unix)]
    {
        let away = folder.join("away.json");
        fs::rename(&map, &away).expect("moved");
        std::os::unix::fs::symlink(&away, &map).expect("linked");
        assert_eq!(run(&["inspect"]).status.code(), Some(2), "a link is refused");
        fs::remove_file(&map).expect("removed");
        fs::rename(&away, &map).expect("moved back");
    }
    assert_eq!(fs::read(&map).expect("read"), before);
    let left = fs::read_dir(folder).expect("listed").filter_map(Result::ok);
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
}

#[cfg(unix)]
#[track_caller]
fn assert_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(file).expect("the map is kept").permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn assert_private(file: &Path) {
    assert!(file.is_file());
}
