//! Bundles that are cut, flipped, holed or zeroed anywhere: a report always comes out, it tells what is left, and it
//! never keeps a loss to itself.

#[path = "common/forms.rs"]
mod forms;
#[path = "common/schema.rs"]
mod schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use esxray::bundle::Input;
use esxray::case::Case;
use esxray::demo::{
    Container, EvcOptions, Site, Volume, VsanOptions, evc_incident, vsan_incident, write_site,
};
use esxray::digest::Digest;
use esxray::engine::{self, Options, Silent};
use esxray::model::{Confidence, Problem};
use esxray::report::build;
use esxray::report::model::Report;
use esxray::rule::RuleSet;
use esxray::verdict;
use tempfile::TempDir;

/// An incident whose bundles were read once; one of them is read again and again with some damage.
struct Incident {
    folder: TempDir,
    paths: Vec<PathBuf>,
    whole: Vec<Digest>,
    rules: RuleSet,
    expected: Report,
    /// What the whole report says.
    said: String,
}

impl Incident {
    fn new(site: Site) -> Incident {
        Incident::of(site, Volume::SMALL)
    }

    fn of(mut site: Site, volume: Volume) -> Incident {
        site.set_volume(volume);
        let folder = TempDir::new().expect("a temporary folder");
        let paths = write_site(&site, &folder.path().join("in"), Container::Tgz).expect("written");
        let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules");
        let (whole, problems) = digests(&paths, &rules);
        let expected = report(whole.clone(), &problems, &rules);
        assert!(expected.problems.is_empty(), "{:?}", expected.problems);
        let said = said(&expected);
        Incident { folder, paths, whole, rules, expected, said }
    }

    /// The bytes of bundle `index`.
    fn bytes(&self, index: usize) -> Vec<u8> {
        fs::read(&self.paths[index]).expect("read")
    }

    /// The report with bundle `index` as `bytes`.
    fn with(&self, index: usize, bytes: &[u8]) -> Report {
        let name = self.paths[index].file_name().expect("a name");
        let path = self.folder.path().join("damaged").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, bytes).expect("written");
        let (own, problems) = digests(&[path], &self.rules);
        let mut all = self.whole.clone();
        all.splice(index..=index, own);
        report(all, &problems, &self.rules)
    }
}

fn digests(paths: &[PathBuf], rules: &RuleSet) -> (Vec<Digest>, Vec<Problem>) {
    let inputs: Vec<Input> = paths.iter().map(|path| Input::File(path.clone())).collect();
    let outcome = engine::digest(&inputs, rules, &Options::default(), &Silent, &AtomicBool::new(false));
    (outcome.digests, outcome.problems)
}

fn report(digests: Vec<Digest>, problems: &[Problem], rules: &RuleSet) -> Report {
    let case = Case::build(digests);
    let findings = verdict::reach(&case);
    build::build(&case, &findings, rules, problems, &build::Options::default())
}

/// What a report says, but for where its inputs lay.
fn said(report: &Report) -> String {
    let mut value = serde_json::to_value(report).expect("serialisable");
    for host in value["hosts"].as_array_mut().expect("hosts") {
        for field in ["bundle", "bundle_sha256", "captures"] {
            host.as_object_mut().expect("an object").remove(field);
        }
    }
    value.to_string()
}

/// Holds what is true of every report on a damaged bundle.
#[track_caller]
fn check(incident: &Incident, damaged: &Report, what: &str) {
    let text = format!("{}\n", serde_json::to_string(damaged).expect("serialisable"));
    schema::check(&text);
    if said(damaged) == incident.said {
        return;
    }
    assert!(!damaged.problems.is_empty(), "{what}: the report differs, and no problem is told");
    assert!(build::is_incomplete(damaged), "{what}: the evidence is not said to be incomplete");
    let admitted = has(damaged, "evidence.incomplete") || damaged.hosts.len() < incident.expected.hosts.len();
    let lost = lost(incident, damaged);
    assert!(lost.is_empty() || admitted, "{what}: {lost:?} are gone without a word: {:#?}", damaged.problems);
    // A wrong byte can make a difference of its own in a file without a checksum; it is told as no more than possible.
    let invented: Vec<&str> = damaged
        .findings
        .iter()
        .filter(|finding| finding.confidence != Confidence::Possible)
        .map(|finding| finding.id.as_str())
        .filter(|id| *id != "evidence.incomplete" && !has(&incident.expected, id))
        // Without the host's own word on CPU features, only the refused migrations are left.
        .filter(|id| *id != "evc.vmotion-failed" || !has(&incident.expected, "evc.feature-mismatch"))
        .collect();
    assert!(invented.is_empty(), "{what}: {invented:?} came up");
}

fn has(report: &Report, id: &str) -> bool {
    report.findings.iter().any(|finding| finding.id == id)
}

/// Findings of the whole incident that are not found any more.
fn lost<'a>(incident: &'a Incident, damaged: &Report) -> Vec<&'a str> {
    let ids = incident.expected.findings.iter().map(|finding| finding.id.as_str());
    ids.filter(|id| !has(damaged, id)).collect()
}

/// Records of a host's logs.
fn records(report: &Report, host: &str) -> u64 {
    report.coverage.iter().filter(|log| log.host == host).map(|log| log.records).sum()
}

fn incidents() -> [Incident; 2] {
    [
        Incident::new(evc_incident(&EvcOptions::default()).0),
        Incident::new(vsan_incident(&VsanOptions::default()).0),
    ]
}

#[test]
fn a_bundle_cut_at_every_64th_of_its_length_gives_a_report_that_says_so() {
    for incident in &incidents() {
        for index in [0, incident.paths.len() - 1] {
            let whole = incident.bytes(index);
            for part in 0..64 {
                let cut = incident.with(index, &whole[..whole.len() * part / 64]);
                check(incident, &cut, &format!("bundle {index} cut at {part}/64"));
                assert!(build::is_incomplete(&cut), "{part}/64");
                if part > 60 {
                    let lost = lost(incident, &cut);
                    assert!(lost.is_empty(), "{lost:?} is not found although only the end is missing");
                }
            }
        }
    }
}

/// How many places are tried; `ESXRAY_FLIPS=2000` for a long run.
fn rounds(usual: usize) -> usize {
    std::env::var("ESXRAY_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

#[test]
fn a_flipped_byte_anywhere_is_never_silent() {
    let mut dice = Dice(3);
    for incident in &incidents() {
        for round in 0..rounds(60) / 2 {
            let index = dice.below(incident.paths.len());
            let mut bytes = incident.bytes(index);
            let (at, mask) = (dice.below(bytes.len()), 1 + dice.below(255) as u8);
            bytes[at] ^= mask;
            let damaged = incident.with(index, &bytes);
            check(incident, &damaged, &format!("round {round}: bundle {index} byte {at} ^ {mask:#x}"));
        }
    }
}

#[test]
fn most_of_a_bundle_is_read_behind_a_hole_in_its_middle() {
    let incident = Incident::of(vsan_incident(&VsanOptions::default()).0, Volume::DEMO);
    let host = incident.expected.hosts[1].id.clone();
    let whole = incident.bytes(1);
    let all = records(&incident.expected, &host);
    for part in 1..8 {
        let mut holed = whole.clone();
        let at = whole.len() * part / 8;
        let mut dice = Dice(part as u64);
        holed[at..at + 600].iter_mut().for_each(|byte| *byte = dice.below(256) as u8);
        let damaged = incident.with(1, &holed);
        check(&incident, &damaged, &format!("hole at {part}/8"));
        let left = records(&damaged, &host);
        assert!(
            left * 10 > all * 6,
            "hole at {part}/8: {left} of {all} records are left: {:#?}",
            damaged.problems
        );
    }
}

#[test]
fn a_tail_of_zeros_is_told_as_what_it_is() {
    let incident = Incident::new(evc_incident(&EvcOptions::default()).0);
    let whole = incident.bytes(0);
    let mut tail = whole.clone();
    let from = whole.len() * 3 / 4;
    tail[from..].fill(0);
    let damaged = incident.with(0, &tail);
    check(&incident, &damaged, "zeros");
    assert!(damaged.problems.iter().any(|problem| problem.text.contains("zeros")), "{:#?}", damaged.problems);
    // The same in a plain tar, whose end mark is zeros too.
    let tar = forms::Bundle::read(&incident.paths[0]).tar;
    let mut plain = tar.clone();
    plain[tar.len() / 2..].fill(0);
    let damaged = incident.with(0, &plain);
    check(&incident, &damaged, "zeros in a tar");
    assert!(damaged.problems.iter().any(|problem| problem.text.contains("zeros")), "{:#?}", damaged.problems);
}

#[test]
fn a_damaged_header_in_a_tar_costs_one_member() {
    let incident = Incident::new(evc_incident(&EvcOptions::default()).0);
    let bundle = forms::Bundle::read(&incident.paths[0]);
    let name = bundle.files.iter().find(|(name, _)| name.contains("vobd")).expect("a log").0.clone();
    let at = bundle.tar.windows(name.len()).position(|part| part == name.as_bytes()).expect("in the tar");
    let mut tar = bundle.tar.clone();
    tar[at + 124] = 0x80 | 0x33;
    let damaged = incident.with(0, &tar);
    check(&incident, &damaged, "a header");
    let told =
        damaged.problems.iter().find(|problem| problem.text.contains("the header at byte")).expect("told");
    assert!(told.text.contains(&format!("byte {at}")), "{told:?}");
    assert_eq!(damaged.hosts[0].members.read + 1, incident.expected.hosts[0].members.read);
}

#[test]
fn a_zip_without_its_directory_is_read_by_its_members() {
    let incident = Incident::new(evc_incident(&EvcOptions::default()).0);
    let bundle = forms::Bundle::read(&incident.paths[0]);
    let zip = forms::zip_of(&bundle.files, zip::CompressionMethod::Deflated, false);
    let directory = zip.windows(4).position(|part| part == b"PK\x01\x02").expect("a directory");
    let damaged = incident.with(0, &zip[..directory]);
    check(&incident, &damaged, "a zip");
    assert_eq!(damaged.hosts[0].members.read, incident.expected.hosts[0].members.read);
    assert!(damaged.problems.iter().any(|problem| problem.text.contains("directory is missing")));
}

#[test]
fn a_missing_fragment_of_a_bundle_costs_what_stands_in_it() {
    let incident = Incident::of(vsan_incident(&VsanOptions::default()).0, Volume::DEMO);
    let whole = incident.bytes(1);
    let mut pieces = forms::fragments("wcp/esx.tar.gz", &whole, whole.len() / 20, 0);
    assert_eq!(pieces.remove(9).0, "wcp/esx.tar.gz.FRAG-00009");
    // They need not come in their order.
    pieces.swap(3, 12);
    let damaged = incident.with(1, &forms::tar_of(&pieces, tar::Header::new_gnu));
    check(&incident, &damaged, "a fragment");
    let told =
        damaged.problems.iter().find(|problem| problem.kind.name() == "missing-fragment").expect("told");
    assert!(told.text.contains("fragment 9 is missing"), "{told:?}");
    let host = &incident.expected.hosts[1].id;
    let (left, all) = (records(&damaged, host), records(&incident.expected, host));
    assert!(left < all && left * 10 > all * 6, "{left} of {all} records: {:#?}", damaged.problems);
}

#[test]
fn a_second_fragment_that_begins_like_an_archive_does_not_stand_for_the_first() {
    let incident = Incident::new(evc_incident(&EvcOptions::default()).0);
    let tar = forms::Bundle::read(&incident.paths[0]).tar;
    // Two gzip streams, cut where the second one begins.
    let (first, second) = tar.split_at(tar.len() / 2);
    let name = |number: u32| format!("wcp/esx.tar.gz.FRAG-{number:05}");
    let pieces = [(name(1), forms::gzip(second)), (name(0), forms::gzip(first))];
    let report = incident.with(0, &forms::tar_of(&pieces, tar::Header::new_gnu));
    assert!(report.problems.is_empty(), "{:#?}", report.problems);
    assert_eq!(report.hosts[0].members.read, incident.expected.hosts[0].members.read);
}

#[test]
fn a_bundle_whose_first_bytes_are_wrong_is_read() {
    let incident = Incident::new(evc_incident(&EvcOptions::default()).0);
    let bundle = forms::Bundle::read(&incident.paths[0]);
    let zip = forms::zip_of(&bundle.files, zip::CompressionMethod::Deflated, false);
    for (form, bytes) in [("tgz", incident.bytes(0)), ("tar", bundle.tar), ("zip", zip)] {
        for at in [0, 1] {
            let mut wrong = bytes.clone();
            wrong[at] ^= 0x21;
            let damaged = incident.with(0, &wrong);
            check(&incident, &damaged, &format!("byte {at} of a {form}"));
            let (read, all) = (damaged.hosts[0].members.read, incident.expected.hosts[0].members.read);
            assert!(read + 1 >= all, "byte {at} of a {form}: {read} of {all}: {:#?}", damaged.problems);
        }
    }
}

#[test]
fn a_bundle_behind_other_bytes_or_without_its_beginning_is_read() {
    let incident = Incident::new(evc_incident(&EvcOptions::default()).0);
    let bundle = forms::Bundle::read(&incident.paths[0]);
    let (tgz, tar) = (incident.bytes(0), bundle.tar);
    let zip = forms::zip_of(&bundle.files, zip::CompressionMethod::Deflated, false);
    let behind = |head: &[u8], rest: &[u8]| [head, rest].concat();
    let all = incident.expected.hosts[0].members.read;
    let forms = [
        ("a line before the tgz", behind(b"HTTP/1.1 200 OK\r\n\r\n", &tgz), all),
        ("zeros before the tar", behind(&vec![0; 1 << 20], &tar), all),
        ("a program before the zip", behind(&[0x7f; 5000], &zip), all),
        ("a spanned zip", behind(b"PK\x07\x08", &zip), all),
        ("garbage before the tar in the tgz", forms::gzip(&behind(&[b'?'; 100], &tar)), all),
        ("the tar from byte 300 on", tar[300..].to_vec(), all - 2),
        ("the tar in the tgz from byte 1,300 on", forms::gzip(&tar[1300..]), all - 3),
    ];
    for (form, bytes, least) in forms {
        let damaged = incident.with(0, &bytes);
        check(&incident, &damaged, form);
        let read = damaged.hosts[0].members.read;
        assert!(read >= least, "{form}: {read} of {all}: {:#?}", damaged.problems);
    }
}
