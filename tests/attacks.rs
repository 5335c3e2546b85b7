//! Bundles made to do harm: nothing is written but the report, memory stays bounded, each limit that is hit is told, and
//! what is real beside the attack is read.

#[path = "common/forms.rs"]
mod forms;
#[path = "common/run.rs"]
mod run;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use forms::{gzip, tar_of, write, zip_of};
use run::Run;
use serde_json::Value;
use tempfile::TempDir;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const VMKERNEL: &[u8] = b"2020-02-03T10:00:00.100Z cpu4:20977)x: 1: y\n";
const VOBD: &[u8] = b"2020-02-03T10:00:00.100Z: [netCorrelator] 1us: [vob.x] t\n";

/// Address space that the program gets: it holds nothing that grows with an attack. Threads reserve some of it.
const ADDRESS_SPACE_KB: u64 = 900_000;

/// Runs in a folder that lies deep inside another one: names that lead out of it lead into that.
struct Attack {
    folder: TempDir,
}

impl Attack {
    fn new() -> Attack {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir_all(folder.path().join(Self::DEEP)).expect("made");
        Attack { folder }
    }

    const DEEP: &str = "a/b/c/d";

    fn path(&self) -> PathBuf {
        self.folder.path().join(Self::DEEP)
    }

    /// Analyses `bundle` with bounded memory.
    #[track_caller]
    fn run(&self, bundle: &Path, more: &[&str]) -> Run {
        let out = self.path().join("out");
        let _ = std::fs::remove_dir_all(&out);
        let before = self.listing();
        let script = format!("ulimit -v {ADDRESS_SPACE_KB} && exec \"$0\" \"$@\"");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_esxray"), "analyze", "--jobs", "2", "--out", "out"])
            .args(more)
            .arg(bundle)
            .current_dir(self.path())
            .output()
            .expect("the program runs");
        let run = run::run_of(&output, &out);
        assert!(matches!(run.code, 0..=2), "{}: {}", run.code, run.stderr);
        let own = ["", ".esxray", "report.html", "report.md", "report.json"].map(|name| out.join(name));
        let mut after = self.listing();
        after.retain(|path| !own.contains(path));
        assert_eq!(before, after, "nothing is written but the report");
        run
    }

    fn listing(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("listed").flatten() {
                found.push(entry.path());
                if entry.path().is_dir() {
                    below(&entry.path(), found);
                }
            }
        }
        let mut found = Vec::new();
        below(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

fn problems(report: &Value, kind: &str) -> Vec<String> {
    let all = report["problems"].as_array().unwrap_or_else(|| panic!("no report: {report}"));
    let of_kind = all.iter().filter(|problem| problem["kind"] == kind);
    of_kind.map(|problem| format!("{}: {}", problem["path"], problem["text"])).collect()
}

fn records(report: &Value, log: &str) -> u64 {
    let logs = report["coverage"].as_array().expect("coverage").iter().filter(|own| own["log"] == log);
    logs.map(|log| log["records"].as_u64().expect("a number")).sum()
}

fn files(list: &[(&str, &[u8])]) -> Vec<(String, Vec<u8>)> {
    list.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()
}

/// `len` bytes of `byte`, gzipped, without ever holding them.
fn gzip_of(byte: u8, len: u64) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::new(6));
    let block = vec![byte; 1 << 20];
    for _ in 0..len >> 20 {
        gz.write_all(&block).expect("in memory");
    }
    gz.finish().expect("in memory")
}

/// A tgz of `count` members, without ever holding its tar.
fn many(path: &Path, count: u32, name: fn(u32) -> String, content: fn(u32) -> Vec<u8>) {
    let file = std::fs::File::create(path).expect("made");
    let mut archive = tar::Builder::new(GzEncoder::new(std::io::BufWriter::new(file), Compression::new(1)));
    for n in 0..count {
        let content = content(n);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name(n), &content[..]).expect("written");
    }
    archive.into_inner().expect("written").finish().expect("written").flush().expect("written");
}

#[test]
fn names_that_lead_elsewhere_write_nothing_and_are_told() {
    let attack = Attack::new();
    let mut archive = tar::Builder::new(Vec::new());
    let long = format!("esx-a/{}/var/run/log/fdm.log", "n".repeat(65_000));
    for name in [
        "../../../outside/var/run/log/hostd.log",
        "/absolute/var/run/log/vmkernel.log",
        "C:\\x\\y",
        "..\\..\\z",
        "esx-a/var/run/log/e\x1b[31mvil.log",
        "esx-a/var/run/log/vobd.log",
        "ESX-A/VAR/RUN/LOG/VOBD.LOG",
        &long,
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(VOBD.len() as u64);
        // The library would refuse such names: PAX records carry them.
        archive.append_pax_extensions([("path", name.as_bytes())]).expect("in memory");
        header.set_path("x").expect("short");
        header.set_cksum();
        archive.append(&header, VOBD).expect("in memory");
    }
    for (kind, target) in [
        (tar::EntryType::Symlink, "/etc/passwd"),
        (tar::EntryType::Link, "../../../etc/shadow"),
        (tar::EntryType::Block, ""),
        (tar::EntryType::Char, ""),
        (tar::EntryType::Fifo, ""),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_path("esx-a/var/run/log/vpxa.log").expect("short");
        if !target.is_empty() {
            header.set_link_name(target).expect("short");
        }
        header.set_size(0);
        header.set_cksum();
        archive.append(&header, std::io::empty()).expect("in memory");
    }
    let bundle = write(&attack.path(), "evil.tgz", &gzip(&archive.into_inner().expect("in memory")));
    let run = attack.run(&bundle, &[]);
    for (form, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        assert!(!text.contains('\x1b'), "{form}: {text}");
    }
    for form in ["report.html", "report.md"] {
        let text = std::fs::read_to_string(attack.path().join("out").join(form)).expect("written");
        assert!(!text.contains('\x1b'), "{form}");
    }
    assert!(!Path::new("/absolute").exists());
    let report = run.report;
    let told = problems(&report, "unsafe-name");
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(
        told.iter().any(|text| text.contains("2 members have names that lead out of the bundle")),
        "{told:#?}"
    );
    assert!(told.iter().any(|text| text.contains("3 members are device nodes")), "{told:#?}");
    assert!(records(&report, "vobd") >= 1 && records(&report, "vpxa") == 0 && records(&report, "hostd") == 0);
}

#[test]
fn sizes_that_lie_swallow_nothing() {
    let attack = Attack::new();
    let entry = |name: &str, size: u64, kind: tar::EntryType, content: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).expect("short");
        header.set_size(size);
        header.set_entry_type(kind);
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    };
    let file =
        |name: &str, content: &[u8]| entry(name, content.len() as u64, tar::EntryType::Regular, content);
    let mut tar = file("esx-a/var/run/log/vmkernel.log", VMKERNEL);
    tar.extend(entry("esx-a/var/run/log/hostd.log", 1 << 63, tar::EntryType::Regular, b""));
    tar.extend(entry("esx-a/var/run/log/vpxa.log", u64::MAX >> 1, tar::EntryType::Regular, b""));
    tar.extend(entry("pax", 19, tar::EntryType::XHeader, b"999999999 path=abc\n"));
    tar.extend(entry("name", 1 << 40, tar::EntryType::GNULongName, b""));
    tar.extend(file("esx-a/var/run/log/vobd.log", VOBD));
    tar.extend([0; 1024]);
    let bundle = write(&attack.path(), "esx-a.tar", &tar);
    let report = attack.run(&bundle, &[]).report;
    assert_eq!((records(&report, "vmkernel"), records(&report, "vobd")), (1, 1), "{:#}", report["problems"]);
    assert!(problems(&report, "limit").len() >= 3, "{:#}", report["problems"]);
    assert!(problems(&report, "damaged").concat().contains("PAX record"), "{:#}", report["problems"]);
}

#[test]
fn bombs_are_stopped_one_by_one_and_the_logs_beside_them_are_read() {
    let attack = Attack::new();
    let bomb = gzip_of(b'x', 64 << 20);
    let mut list: Vec<(String, Vec<u8>)> =
        (0..8).map(|n| (format!("esx-a/var/run/log/hostd.{n}.gz"), [&bomb[..], &[n; 3]].concat())).collect();
    // Each one that is met makes the fuse of the next one shorter.
    list.extend(
        [1025, 257, 65, 17]
            .iter()
            .enumerate()
            .map(|(n, mib)| (format!("b{n}.tgz"), gzip_of(b'x', mib << 20))),
    );
    list.extend(files(&[("esx-a/var/run/log/vobd.log", VOBD)]));
    let bundle = write(&attack.path(), "esx-a.tar", &tar_of(&list, tar::Header::new_ustar));
    let report = attack.run(&bundle, &["--max-ratio", "50", "--max-member-bytes", "20000000"]).report;
    assert_eq!(records(&report, "vobd"), 1);
    let told = problems(&report, "limit");
    let of =
        |name: &str| told.iter().filter(|text| text.contains(name) && text.contains("expands more")).count();
    assert!((0..4).all(|n| of(&format!("b{n}.tgz")) == 1), "each is told once: {told:#?}");
    assert!((0..8).all(|n| told.iter().any(|text| text.contains(&format!("hostd.{n}.gz")))), "{told:#?}");
}

#[test]
fn zips_in_zips_that_add_up_to_a_bomb_end_soon() {
    let attack = Attack::new();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("0.dll", SimpleFileOptions::default()).expect("begun");
    for _ in 0..64 {
        zip.write_all(&vec![0; 1 << 20]).expect("in memory");
    }
    let mut inner = zip.finish().expect("in memory").into_inner();
    for _ in 0..5 {
        let copies: Vec<_> = (0..16).map(|n| (format!("lib {n}.zip"), inner.clone())).collect();
        inner = zip_of(&copies, CompressionMethod::Deflated, false);
    }
    let bundle = write(&attack.path(), "42.zip", &inner);
    let told = attack.run(&bundle, &[]).stderr;
    assert!(told.contains("nothing in") && told.contains("expands more than"), "{told}");
}

#[test]
fn containers_nested_without_end_are_followed_to_the_limit() {
    let attack = Attack::new();
    let mut inner = tar_of(&files(&[("esx-a/var/run/log/vobd.log", VOBD)]), tar::Header::new_ustar);
    for _ in 0..40 {
        let list =
            vec![("esx-a/var/run/log/vobd.log".to_owned(), VOBD.to_vec()), ("in.zip".to_owned(), inner)];
        inner = zip_of(&list, CompressionMethod::Deflated, false);
    }
    let report = attack.run(&write(&attack.path(), "deep.zip", &inner), &[]).report;
    assert!(problems(&report, "limit").concat().contains("nested deeper than 8"), "{:#}", report["problems"]);
    let packed = (0..3000).fold(VOBD.to_vec(), |bytes, _| gzip(&bytes));
    let told = attack.run(&write(&attack.path(), "gz.tgz", &packed), &[]).stderr;
    assert!(told.contains("nested deeper than 8"), "{told}");
}

#[test]
fn members_without_number_are_counted_in_bounded_memory() {
    let attack = Attack::new();
    let bundle = attack.path().join("esx-a.tgz");
    // Each is a log that is read, and each says something else.
    let log = |n| format!("2020-07-01T08:15:30.{:03}Z| vmx| I125: line {n}\n", n % 1000).into_bytes();
    many(&bundle, 120_000, |n| format!("esx-a/vmfs/volumes/ds/vm{n}/vmware.log"), log);
    let report = attack.run(&bundle, &[]).report;
    assert_eq!(records(&report, "vmware"), 120_000);
    assert!(
        problems(&report, "limit").concat().contains("103616 files beyond the limit"),
        "{:#}",
        report["problems"]
    );
    let few = attack.run(&bundle, &["--max-members", "1000"]).report;
    assert_eq!(records(&few, "vmware"), 1000);
    assert!(problems(&few, "limit").concat().contains("more than 1000 members"));
}

#[test]
fn roots_and_fragments_without_number_stay_bounded() {
    let attack = Attack::new();
    let bundle = attack.path().join("esx-a.tgz");
    let uname = |n| format!("VMkernel h{n}.lab 6.7.0 #1 SMP Release build-14320388 x86_64\n").into_bytes();
    many(&bundle, 3_000, |n| format!("esx-{n}/commands/uname_-a.txt"), uname);
    let report = attack.run(&bundle, &["--max-bundles", "50"]).report;
    assert_eq!(report["hosts"].as_array().map(Vec::len), Some(50));
    let told = problems(&report, "limit");
    assert!(told.len() == 1 && told[0].contains("2950 files of further ones were left out"), "{told:?}");
    // None of them is taken for part of another.
    assert!(report["hosts"].as_array().expect("hosts").iter().all(|host| host["members"]["read"] == 1));
    let piece = |n| format!("2020-02-03T10:00:00.{:03}Z cpu4:20977)x: 1: y\n", n % 1000).into_bytes();
    many(
        &bundle,
        20_000,
        |n| format!("esx-a/var/run/log/{}/vmkernel.log.FRAG-{:05}", n % 5000, n / 5000),
        piece,
    );
    let report = attack.run(&bundle, &[]).report;
    let told = problems(&report, "limit");
    assert!(told.iter().any(|text| text.contains("too many fragmented files")), "{told:#?}");
    assert!(told.len() <= 1002, "{} problems", told.len());
}

#[test]
fn one_line_of_a_gigabyte_is_cut_and_the_rest_is_read() {
    let attack = Attack::new();
    let list = vec![
        ("esx-a/var/run/log/vmkernel.0.gz".to_owned(), gzip_of(b'x', 300 << 20)),
        ("esx-a/var/run/log/vobd.log".to_owned(), VOBD.to_vec()),
    ];
    let bundle = write(&attack.path(), "esx-a.tar", &tar_of(&list, tar::Header::new_ustar));
    let report = attack.run(&bundle, &[]).report;
    assert!(problems(&report, "limit").concat().contains("records were longer than 1048576 bytes"));
    assert_eq!(records(&report, "vobd"), 1);
}

#[test]
fn what_is_sent_in_place_of_a_bundle_is_named() {
    let attack = Attack::new();
    let mut image = vec![0; 0x8001];
    image.extend(b"CD001\x01");
    image.resize(1 << 20, 7);
    let mut seed = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 56) as u8
    })
    .take(1 << 16)
    .collect();
    let files: [(&str, &[u8], &str); 8] = [
        ("image.tgz", &image, "an ISO 9660 image"),
        ("seven.tgz", b"7z\xbc\xaf\x27\x1c rest", "a 7z archive"),
        ("page.tgz", b"<!DOCTYPE html><html>Please log in</html>", "a web page"),
        ("noise.tgz", &noise, "encrypted as a whole"),
        ("noise", &noise, "its bytes look random"),
        ("secret.tgz.gpg", b"-----BEGIN PGP MESSAGE-----\n\nhQEMA", "gpg -d"),
        ("salted.tgz", b"Salted__12345678rest of it", "openssl enc"),
        ("empty.tgz", b"", "the file is empty"),
    ];
    for (name, bytes, expected) in files {
        let told = attack.run(&write(&attack.path(), name, bytes), &[]).stderr;
        assert!(told.contains(expected), "{name}: {told}");
    }
}

#[test]
fn files_that_need_a_password_are_named_and_those_beside_them_are_read() {
    let attack = Attack::new();
    let list = files(&[
        ("esx-a/var/run/log/vmkernel.log", VMKERNEL),
        ("esx-a/var/run/log/vobd.log", VOBD),
        ("esx-a/var/run/log/hostd.log", b"x"),
    ]);
    let mut zip = zip_of(&list, CompressionMethod::Deflated, false);
    for name in ["vmkernel.log", "hostd.log"] {
        // The flag of encryption in the local header.
        let at = zip.windows(name.len()).position(|part| part == name.as_bytes()).expect("there");
        zip[at - "esx-a/var/run/log/".len() - 24] |= 1;
    }
    let run = attack.run(&write(&attack.path(), "esx-a.zip", &zip), &["--fail-on", "incomplete"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let report = run.report;
    assert_eq!((records(&report, "vobd"), records(&report, "vmkernel")), (1, 0));
    let told = problems(&report, "encrypted");
    assert!(told.len() == 1 && told[0].contains("2 files are protected by a password"), "{told:?}");
    assert!(problems(&report, "damaged").is_empty(), "{:#}", report["problems"]);
}

#[test]
fn a_log_that_holds_something_else_is_told() {
    let attack = Attack::new();
    let noise: Vec<u8> = (0..4000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let log = VMKERNEL.repeat(50);
    let bundle = write(
        &attack.path(),
        "esx-a.tar",
        &tar_of(
            &files(&[
                ("esx-a/var/run/log/hostd.log", &noise),
                ("esx-a/var/run/log/vpxa.0.gz", &gzip(&noise)),
                (
                    "esx-a/var/run/log/hostd.1.gz",
                    &gzip(&tar_of(&files(&[("x", VOBD)]), tar::Header::new_ustar)),
                ),
                ("esx-a/var/run/log/fdm.0.gz", &gzip(b"Salted__12345678 secret")),
                ("esx-a/var/run/log/fdm.log.gpg", b"\x85\x01\x0c\x03 secret"),
                ("esx-a/var/run/log/vobd.log", &tar_of(&files(&[("x", VOBD)]), tar::Header::new_ustar)),
                ("esx-a/var/run/log/vmkernel.0.gz", &gzip(&gzip(&gzip(&log)))),
            ]),
            tar::Header::new_ustar,
        ),
    );
    let report = attack.run(&bundle, &[]).report;
    let told = problems(&report, "unreadable");
    for name in ["hostd.log", "vpxa.0.gz", "vobd.log", "hostd.1.gz"] {
        assert!(told.iter().any(|text| text.contains(name)), "{name}: {told:#?}");
    }
    let encrypted = problems(&report, "encrypted").concat();
    assert!(encrypted.contains("fdm.log.gpg") && encrypted.contains("fdm.0.gz"), "{encrypted}");
    assert_eq!(records(&report, "vmkernel"), 50, "compressed again and again, and read");
}
