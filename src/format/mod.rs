//! Log families: which members are logs, and how a record's header is read.
//!
//! A file's name gives its family, its lines give their shape: every shape is told apart by content, so that a
//! log of a host that was upgraded in between is read on. Meaning is not decided here.

mod header;
pub mod time;

pub use header::{Header, parse, starts_record};

/// One log family.
pub struct Format {
    /// The family's name in rules, coverage and reports.
    pub name: &'static str,
    /// What its files' names begin with.
    pub stem: &'static str,
    /// One line that the family writes, with the message that must come out of it.
    pub samples: &'static [(&'static str, &'static str)],
}

/// Every log family that is read, in the order of the report's coverage table.
pub static FORMATS: &[&Format] = &[
    &Format {
        name: "vmkernel",
        stem: "vmkernel",
        samples: &[
            ("2020-07-01T08:15:30.123Z cpu4:2097705)Vmxnet3: 1: x", "Vmxnet3: 1: x"),
            ("2023-07-01T08:15:30.123Z In(182) vmkernel: cpu4:2097705)Vmxnet3: 1: x", "Vmxnet3: 1: x"),
        ],
    },
    &Format {
        name: "vmkwarning",
        stem: "vmkwarning",
        samples: &[
            ("2020-07-01T08:15:30.123Z cpu4:2097705)WARNING: A: 1: x", "WARNING: A: 1: x"),
            (
                "2023-07-01T08:15:30.123Z Wa(180) vmkwarning: cpu4:2097705)WARNING: A: 1: x",
                "WARNING: A: 1: x",
            ),
        ],
    },
    &Format {
        name: "vmkalert",
        stem: "vmkalert",
        samples: &[(
            "2023-07-01T08:15:30.123Z Al(177) vmkalert: cpu4:2097705)ALERT: A: 1: x",
            "ALERT: A: 1: x",
        )],
    },
    &Format { name: "cmmdsd", stem: "cmmdsd", samples: &[("2020-07-01T08:15:30Z cmmdsd[2099]: m", "m")] },
    &Format {
        name: "vmksummary",
        stem: "vmksummary",
        samples: &[
            ("2020-07-01T08:15:30Z bootstop: Host has booted", "Host has booted"),
            ("2023-07-01T08:15:30.123Z In(14) bootstop[2097]: Host has booted", "Host has booted"),
        ],
    },
    &Format {
        name: "vobd",
        stem: "vobd",
        samples: &[
            ("2020-07-01T08:15:30.123Z: [netCorrelator] 1us: [vob.x] t", "[netCorrelator] 1us: [vob.x] t"),
            (
                "2023-07-01T08:15:30.123Z In(14) vobd[1]:  [netCorrelator] 1us: [vob.x] t",
                "[netCorrelator] 1us: [vob.x] t",
            ),
        ],
    },
    &Format {
        name: "hostd",
        stem: "hostd",
        samples: &[
            ("2020-07-01T08:15:30.123Z info hostd[2099] [Originator@6876 sub=Default] m", "m"),
            ("2023-07-01T08:15:30.123Z In(166) Hostd[2099]: [Originator@6876 sub=Default] m", "m"),
        ],
    },
    &Format {
        name: "hostd-probe",
        stem: "hostd-probe",
        samples: &[("2020-07-01T08:15:30.123Z info hostd-probe[2099] [Originator@6876 sub=Default] m", "m")],
    },
    &Format {
        name: "vpxa",
        stem: "vpxa",
        samples: &[("2020-07-01T08:15:30.123Z verbose vpxa[2099] [Originator@6876 sub=Default] m", "m")],
    },
    &Format {
        name: "fdm",
        stem: "fdm",
        samples: &[(
            "2020-07-01T08:15:30.123Z info fdm[2099] [Originator@6876 sub=Election opID=SWI-1] m",
            "m",
        )],
    },
    &Format {
        name: "clomd",
        stem: "clomd",
        samples: &[
            ("2020-07-01T08:15:30Z clomd[2099]: CLOMX: m", "CLOMX: m"),
            ("2023-07-01T08:15:30.123Z In(14) clomd[2099]: CLOMX: m", "CLOMX: m"),
        ],
    },
    &Format {
        name: "vsanmgmt",
        stem: "vsanmgmt",
        samples: &[("2021-05-11T22:32:32.922Z info vsand[1000] [opID=a Cls::_fn] m", "m")],
    },
    &Format {
        name: "esxupdate",
        stem: "esxupdate",
        samples: &[("2020-07-01T08:15:30Z esxupdate: 2099: root: INFO: m", "2099: root: INFO: m")],
    },
    &Format {
        name: "syslog",
        stem: "syslog",
        samples: &[("2020-07-01T08:15:30Z watchdog-vobd[2099]: m", "m")],
    },
    &Format {
        name: "shell",
        stem: "shell",
        samples: &[("2020-07-01T08:15:30Z shell[2099]: [root]: ls", "[root]: ls")],
    },
    &Format {
        name: "vmware",
        stem: "vmware",
        samples: &[
            ("2020-07-01T08:15:30.123Z| vmx| I125: m", "m"),
            ("2023-07-01T08:15:30.123Z In(05) vmx - m", "m"),
        ],
    },
    &Format {
        name: "vpxd",
        stem: "vpxd",
        samples: &[(
            "2020-07-01T08:15:30.123Z warning vpxd[01234] [Originator@6876 sub=vpxLro opID=a] m",
            "m",
        )],
    },
];

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
/// ```
pub fn of_path(path: &str) -> Option<&'static Format> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let top = folder.split('/').next().unwrap_or("");
    if NOT_LOGS.iter().any(|no| no.eq_ignore_ascii_case(top)) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    FORMATS.iter().copied().find(|format| name.strip_prefix(format.stem).is_some_and(is_log_suffix))
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
        check("var/log/vmware/vpxd/vpxd-profiler-12.log", None);
        check("var/log/vmware/vpxd-svcs/vpxd-svcs.log", None);
        check("vmfs/volumes/vsan:52-ab/vm 1/vmware-3.log", Some("vmware"));
        check("vmkernel-10.0.0.7.log", Some("vmkernel"));
        check("etc/init.d/hostd", None);
        check("commands/vobd.log", None);
        check("var/core/vmkernel-zdump.1", None);
        check("var/run/vmware/hostd.pid", None);
        check("var/run/log/hostd", None);
    }

    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    /// Real lines, where the corpus is at hand; the test says so and passes where it is not.
    #[test]
    fn real_lines_have_their_time_and_message() {
        let Ok(folder) = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")) else {
            eprintln!("skipped: no corpus of real lines beside the project");
            return;
        };
        let mut stamped = 0;
        for entry in folder.flatten().filter(|entry| entry.path().extension().is_some_and(|e| e == "log")) {
            let bytes = std::fs::read(entry.path()).expect("readable");
            for line in bytes.split(|&byte| byte == b'\n').filter(|line| time::looks_iso(line)) {
                let header = parse(line).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(line)));
                assert!(header.stamp.is_some() && !header.message.is_empty());
                let text = String::from_utf8_lossy(line);
                if text.contains("[Originator@") && text.contains(" sub=") && !text.contains("Section for") {
                    assert!(header.sub.is_some(), "{text}");
                    assert!(!header.message.starts_with(b"[Originator"), "{text}");
                }
                stamped += 1;
            }
        }
        assert!(stamped > 50, "only {stamped} stamped lines");
    }
}
