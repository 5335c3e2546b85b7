//! What is measured: a bundle from disk or of the demo builder, the logs in it that are read most, and a case of many hosts.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use esxray::bundle::tree;
use esxray::demo::{self, ClusterOptions, Container, Volume, VsanOptions};
use esxray::format;

/// Names the bundle to measure.
const VARIABLE: &str = "ESXRAY_BENCH_BUNDLE";
/// Families whose logs are measured one by one: most of the bytes of a bundle are theirs.
const HOT: [&str; 3] = ["vmkernel", "hostd", "vpxa"];
/// Hosts of the large case, and decompressed bytes of the logs of each.
const HOSTS: usize = 32;
const HOST_BYTES: u64 = 12 << 20;

/// A rotated log.
pub struct Log {
    /// Its family.
    pub family: &'static str,
    /// As it stands in the archive: gzipped.
    pub stored: Vec<u8>,
}

/// The bundle that is asked for, else one of the demo builder.
pub fn bundle() -> PathBuf {
    let of_demo = |path: &Path| {
        demo::loaded(path, 1).expect("a bundle");
    };
    let asked = std::env::var_os(VARIABLE).map(PathBuf::from);
    asked.unwrap_or_else(|| made("esx-bench-2020-02-18--09.20-1.tgz", of_demo))
}

/// The bundles of a cluster of many hosts and its vCenter Server, of which one host falls out of vSAN.
pub fn small_hosts() -> Vec<PathBuf> {
    let folder = made("esx-bench-hosts", |path| {
        let cluster = ClusterOptions { hosts: HOSTS, ..ClusterOptions::default() };
        let (mut site, _) = demo::vsan_incident(&VsanOptions { cluster, ..VsanOptions::default() });
        site.set_volume(Volume { rotate_at: 10_000, ..Volume::of_bytes(HOST_BYTES) });
        demo::write_site(&site, path, Container::Tgz).expect("bundles");
    });
    let entries = folder.read_dir().expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// What `make` has made at a path of this name below `target`: once, for it takes a while.
fn made(name: &str, make: impl Fn(&Path)) -> PathBuf {
    let path = kept(name);
    if !path.exists() {
        // A run that is interrupted must not leave half of it under that name.
        let partial = kept("partial");
        let _ = std::fs::remove_file(&partial);
        let _ = std::fs::remove_dir_all(&partial);
        make(&partial);
        std::fs::rename(&partial, &path).expect("it can be put in its place");
    }
    path
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Bytes of a file.
pub fn size(path: &Path) -> u64 {
    path.metadata().expect("the bundle is there").len()
}

/// One rotated log of each hot family.
pub fn logs(bundle: &Path) -> Vec<Log> {
    let file = File::open(bundle).expect("the bundle can be opened");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut found: Vec<Log> = Vec::new();
    for entry in archive.entries().expect("the bundle is an archive") {
        let mut entry = entry.expect("a member");
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        let Some((_, tree)) = tree::split(&path) else { continue };
        let Some(family) = format::of_path(&tree).map(|format| format.name) else { continue };
        let is_hot = HOT.contains(&family) && tree.ends_with(".gz");
        if is_hot && !found.iter().any(|log| log.family == family) {
            let mut stored = Vec::new();
            entry.read_to_end(&mut stored).expect("a member that can be read");
            found.push(Log { family, stored });
        }
        if found.len() == HOT.len() {
            break;
        }
    }
    found
}
