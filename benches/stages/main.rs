//! Bytes per second of the stages that see every byte, and of the whole: `cargo bench`.
//!
//! A timer of its own, as the figures that matter are throughputs of seconds, not of nanoseconds. The input is made
//! by the demo builder. Each stage is run several times; the median is printed.

use std::hint::black_box;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use esxray::bundle::codec::{Decoder, Gunzip, Out};
use esxray::bundle::{Input, tree};
use esxray::case::Case;
use esxray::demo::{self, Container, Volume, VsanOptions};
use esxray::engine::{self, Options, Silent};
use esxray::format;
use esxray::model::MemberPath;
use esxray::record::{Origin, Records, Stretch};
use esxray::report::build;
use esxray::rule::{RuleSet, Scanner};
use esxray::verdict;

/// Decompressed bytes of the bundle.
const SIZE: u64 = 256 << 20;
const RUNS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bundle = folder.path().join("esx-bench-2020-07-11--12.00-1.tgz");
    demo::big(&bundle, SIZE, 1).expect("written");
    let rules = RuleSet::load::<&Path>(&[]).expect("the built-in rules");
    let logs = logs(&bundle);
    for (family, gz) in &logs {
        let text = gunzip(gz);
        let from_memory =
            |name: &str, work: &dyn Fn() -> u64| report(&format!("{family} {name}"), text.len(), work);
        from_memory("gunzip", &|| gunzip(gz).len() as u64);
        from_memory("split", &|| split(&text));
        from_memory("lines", &|| lines(&text).count() as u64);
        from_memory("starts", &|| starts(&text));
        from_memory("stamps", &|| stamps(&text));
        from_memory("stamps by jiff", &|| library_stamps(&text));
        from_memory("header", &|| headers(&text));
        from_memory("match", &|| scan(&rules, family, &text));
        records(family, &text, median(&|| scan(&rules, family, &text)));
    }
    for jobs in [1, 2] {
        let options = Options { jobs, ..Options::default() };
        let inputs = [Input::File(bundle.clone())];
        let bytes = usize::try_from(SIZE).expect("fits");
        report(&format!("whole bundle, {jobs} workers"), bytes, &|| {
            let outcome = engine::digest(&inputs, &rules, &options, &Silent, &AtomicBool::new(false));
            outcome.digests.iter().map(|digest| digest.members).sum()
        });
    }
    after_reading(&rules, &folder.path().join("incident"));
}

/// Prints how the time of an incident of five bundles divides: reading, and everything after it.
fn after_reading(rules: &RuleSet, folder: &Path) {
    let (mut site, _) = demo::vsan_incident(&VsanOptions::default());
    site.set_volume(Volume::DEMO);
    let paths = demo::write_site(&site, folder, Container::Tgz).expect("written");
    let inputs: Vec<Input> = paths.into_iter().map(Input::File).collect();
    let read = || engine::digest(&inputs, rules, &Options::default(), &Silent, &AtomicBool::new(false));
    milliseconds("incident: read", &|| read().digests.len());
    let digests = read().digests;
    milliseconds("incident: case to report", &|| {
        let case = Case::build(digests.clone());
        let findings = verdict::reach(&case);
        let report = build::build(&case, &findings, rules, &[], &build::Options::default());
        report.findings.len()
    });
}

/// Prints the median time of `work`.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn milliseconds(name: &str, work: &dyn Fn() -> usize) {
    println!("{name:<28} {:>8.1} ms", median(&|| work() as u64) * 1e3);
}

/// The median of several runs, in seconds.
fn median(work: &dyn Fn() -> u64) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

/// Prints how many records were matched in a second.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn records(family: &str, text: &[u8], seconds: f64) {
    println!("{:<28} {:>8.1} M/s", format!("{family} records"), starts(text) as f64 / 1e6 / seconds);
}

/// Prints the median throughput of `work` over `bytes` decompressed bytes.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn report(name: &str, bytes: usize, work: &dyn Fn() -> u64) {
    println!("{name:<28} {:>8.0} MB/s", bytes as f64 / 1e6 / median(work));
}

/// One rotated log of each hot family, as stored.
fn logs(bundle: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let file = std::fs::File::open(bundle).expect("opened");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut found: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("entry");
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        let Some((_, tree)) = tree::split(&path) else { continue };
        let Some(family) = format::of_path(&tree).map(|format| format.name) else { continue };
        let hot = ["vmkernel", "hostd", "vpxa"].contains(&family) && tree.ends_with(".gz");
        if hot && !found.iter().any(|(known, _)| *known == family) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("read");
            found.push((family, bytes));
        }
    }
    found
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let _ = Gunzip::default().push(bytes, &mut |out| {
        if let Out::Bytes(decoded) = out {
            text.extend_from_slice(decoded);
        }
        ControlFlow::Continue(())
    });
    text
}

fn split(text: &[u8]) -> u64 {
    let (mut records, mut lines) = (Records::new(format::starts_record, 1 << 20), 0);
    for block in text.chunks(128 << 10) {
        records.push(block, &mut |stretch| lines += stretch.lines().count() as u64);
    }
    lines
}

/// Reads the header of every line, though the matcher asks for those of hits only.
fn headers(text: &[u8]) -> u64 {
    lines(text).filter_map(|line| format::parse(line).map(|header| header.message.len() as u64)).sum()
}

/// Only the stamps, as the product reads them.
fn stamps(text: &[u8]) -> u64 {
    lines(text).filter_map(format::time::iso).map(|(stamp, _)| stamp.time.micros() as u64 & 1).sum()
}

/// Only the stamps, as a date library reads them, given where they end.
fn library_stamps(text: &[u8]) -> u64 {
    let stamp = |line: &[u8]| {
        let end = line.iter().take(36).position(|&byte| matches!(byte, b' ' | b'|'))?;
        let text = std::str::from_utf8(&line[..end]).ok()?;
        text.parse::<jiff::Timestamp>().ok()
    };
    lines(text).filter_map(stamp).map(|stamp| stamp.as_microsecond() as u64 & 1).sum()
}

/// Only the beginnings of records.
fn starts(text: &[u8]) -> u64 {
    lines(text).filter(|line| format::starts_record(line)).count() as u64
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    (Stretch { text, line: 1, offset: 0 }).lines().map(|(line, _, _)| line)
}

fn scan(rules: &RuleSet, family: &str, text: &[u8]) -> u64 {
    let mut scanner = Scanner::new(rules, family);
    let origin = Origin::new(MemberPath::new("bench"));
    let mut records = Records::new(format::starts_record, 1 << 20);
    for block in text.chunks(128 << 10) {
        records.push(block, &mut |stretch| scanner.stretch(stretch, &origin));
    }
    scanner.finish().records
}
