//! Log families: which members are logs, how a record's header is read, and what the stamps say.
//!
//! A file's name gives its family, its lines give their shape: every shape is told apart by content, so that a
//! log of a host that was upgraded in between is read on. Meaning is not decided here.

pub mod clock;
mod families;
mod glance;
mod header;
pub mod id;
mod rotation;
mod shape;
pub mod text;
pub mod time;
pub mod vc_event;

pub use families::FORMATS;
pub use header::{Dialect, Header, goes_on_with, is_section, parse, repeats, starts_record};
pub use rotation::Place;
pub use shape::Shape;
pub use shape::kernel::vob_uptime;

/// One log family.
pub struct Format {
    /// The family's name in rules, coverage and reports.
    pub name: &'static str,
    /// What its files' names begin with, in lower case.
    pub stems: &'static [&'static str],
    /// Whether a file is called like the stem alone, as `var/log/vmkernel` was in 4.x.
    pub bare: bool,
    /// What the name of a command begins with whose output is such a log.
    pub command: Option<&'static str>,
    /// Whether the names of its rotations say which one is older.
    pub rotates: bool,
    /// Whether its columns are only known from the file as a whole.
    pub has_dialects: bool,
    /// Whether several threads write it, so that records may overtake each other.
    pub of_threads: bool,
    /// The host's uptime in microseconds, where a record names it.
    pub uptime: Option<fn(&Header<'_>) -> Option<i64>>,
    /// Lines that the family writes, with the message that must come out of each.
    pub samples: &'static [(&'static str, &'static str)],
}

impl Format {
    /// The place of the file called `name` among the rotations of this log; `None` where the name tells none.
    pub fn place(&self, name: &str) -> Option<Place> {
        let name = name.to_ascii_lowercase();
        self.stems.iter().filter(|_| self.rotates).find_map(|stem| rotation::place(&name, stem))
    }

    fn is_called(&self, folder: &str, name: &str) -> bool {
        self.stems.iter().any(|stem| {
            name.strip_prefix(stem)
                .is_some_and(|suffix| is_log_suffix(suffix) || self.is_bare(folder, suffix))
        })
    }

    fn is_bare(&self, folder: &str, suffix: &str) -> bool {
        self.bare && suffix.is_empty() && (folder == "var/log" || folder == "var/log/vmware")
    }
}

/// The family named `name`.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// Folders at the top of a bundle that hold command output, configuration or programs, never logs.
const NOT_LOGS: &[&str] = &["commands", "json", "etc", "usr", "bin", "opt", "lib", "boot", "reconstruction"];

/// The family of the log at `path` inside a bundle's tree, or `None` where it is no log that is read.
///
/// ```text
/// var/run/log/vmkernel.log   vmkernel.0.gz   vmkernel.3   hostd.log.1   vpxd-12.log.gz   vmware-3.log
/// commands/journalctl_-b--0.txt
/// ```
pub fn of_path(path: &str) -> Option<&'static Format> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let top = folder.split('/').next().unwrap_or("");
    let name = name.to_ascii_lowercase();
    if NOT_LOGS.iter().any(|no| no.eq_ignore_ascii_case(top)) {
        return FORMATS.iter().copied().find(|format| {
            format.command.is_some_and(|command| is_output_of(&name, command)) && folder.ends_with("commands")
        });
    }
    FORMATS.iter().copied().find(|format| format.is_called(folder, &name))
}

/// `journalctl_-b--0.txt`, also collected again as `2.journalctl_-b--0.txt`.
fn is_output_of(name: &str, command: &str) -> bool {
    let numbered =
        name.split_once('.').filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
    let name = numbered.map_or(name, |(_, name)| name);
    name.strip_prefix(command).is_some_and(|rest| rest.starts_with('_') || rest == ".txt")
        && name.ends_with(".txt")
}

/// Whether what follows a log's stem names a current or rotated log: `.log`, `.0.gz`, `-12.log.zst`, `.log.1`,
/// `-10.0.0.7.log`; at least one part, each a number, `log` or a compression.
fn is_log_suffix(suffix: &str) -> bool {
    let mut parts = suffix.split(['.', '-']);
    if parts.next() != Some("") {
        return false;
    }
    let known = |part: &str| {
        matches!(part, "log" | "gz" | "zst" | "xz" | "bz2" | "old")
            || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut any = false;
    parts.all(|part| {
        any = true;
        known(part)
    }) && any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_reads_its_samples() {
        for format in FORMATS {
            assert!(!format.samples.is_empty(), "{} has no sample", format.name);
            for (line, message) in format.samples {
                let header = parse(line.as_bytes()).unwrap_or_else(|| panic!("{}: {line}", format.name));
                assert_eq!(String::from_utf8_lossy(header.message), *message, "{}", format.name);
                assert!(starts_record(line.as_bytes()));
            }
        }
    }

    #[test]
    fn a_log_is_known_by_its_name_and_folder() {
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(of_path(path).map(|format| format.name), expected, "{path}");
        };
        check("var/run/log/vmkernel.log", Some("vmkernel"));
        check("var/run/log/vmkernel.0.gz", Some("vmkernel"));
        check("scratch/log/hostd.log.1", Some("hostd"));
        check("var/run/log/hostd-probe.3.gz", Some("hostd-probe"));
        check("var/log/vmware/vpxd/vpxd-12.log.zst", Some("vpxd"));
        check("var/log/vmware/vpxd/vpxd-profiler-12.log", Some("vpxd-profiler"));
        check("var/log/vmware/vsan-health/vmware-vsan-health-service.log", Some("vsan-health"));
        check("var/log/vmware/eam/eam-1.log.gz", Some("eam"));
        check("var/run/log/cmmdsTimeMachineDump.3.gz", Some("cmmdsTimeMachineDump"));
        check("var/run/log/cmmdsTimeMachine.log", Some("cmmdsTimeMachine"));
        check("commands/journalctl_-b--0.txt", Some("journal"));
        check("commands/2.journalctl_-b--0.txt", Some("journal"));
        check("commands/journalctlx_-b.txt", None);
        check("etc/journalctl_-b--0.txt", None);
        check("var/log/vmkernel", Some("vmkernel"));
        check("var/log/vmkernel.2", Some("vmkernel"));
        check("var/log/vmware/hostd-4.log", Some("hostd"));
        check("var/log/vmware/vpxd-svcs/vpxd-svcs.log", None);
        check("vmfs/volumes/vsan:52-ab/vm 1/vmware-3.log", Some("vmware"));
        check("vmkernel-10.0.0.7.log", Some("vmkernel"));
        check("etc/init.d/hostd", None);
        check("commands/vobd.log", None);
        check("var/core/vmkernel-zdump.1", None);
        check("var/run/vmware/hostd.pid", None);
        check("var/run/log/hostd", None);
    }
}
