//! Section headers of vmacore logs: which product and build wrote what follows.
//!
//! A host that was upgraded says one version after another; each change is a fact with its time.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::text::{build_number, is_version};
use super::{FactFile, FactValue, Line, Output, Reader, Sample};
use crate::format;
use crate::format::time;
use crate::model::HostKind;

/// The logs of hostd, vpxa, fdm and vpxd.
pub static SECTIONS: FactFile = FactFile {
    name: "log-section",
    about: "Version and build that a log's section header states",
    matches: |path| {
        format::of_path(path)
            .is_some_and(|format| matches!(format.name, "hostd" | "hostd-probe" | "vpxa" | "fdm" | "vpxd"))
    },
    reader: |_| Box::new(Sections::default()),
    samples: SAMPLES,
};

static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Section for VMware "));

/// How far into a line a section header can begin; everything behind is text of the log.
const HEAD: usize = 320;

/// The most changes of version that one log can tell.
const MAX_CHANGES: usize = 64;

#[derive(Default)]
struct Sections {
    last: Option<(String, String)>,
    changes: usize,
}

impl Reader for Sections {
    fn mark(&self) -> Option<&'static Finder<'static>> {
        Some(&MARK)
    }

    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let head = &line.bytes[..line.bytes.len().min(HEAD)];
        let Some(at) = MARK.find(head) else { return };
        let text = String::from_utf8_lossy(&head[at + MARK.needle().len()..]);
        let Some((kind, version, build)) = section(&text) else { return };
        let said = Some((version.to_owned(), build.clone()));
        if self.last == said || self.changes == MAX_CHANGES {
            return;
        }
        self.last = said;
        self.changes += 1;
        let at = time::iso(line.bytes).map(|(stamp, _)| stamp);
        let version = Some(version.to_owned());
        out.facts.push(line.fact(FactValue::Product { kind, version, build: Some(build), update: None, at }));
    }
}

/// `ESX, pid=2099, version=6.7.0, build=14320388, option=Release`
fn section(text: &str) -> Option<(HostKind, &str, String)> {
    let (product, rest) = text.split_once(',')?;
    let kind = match product {
        "ESX" | "ESXi" => HostKind::Esxi,
        "VirtualCenter" => HostKind::Vcenter,
        _ => return None,
    };
    let field = |key: &str| {
        let at = memmem::find(rest.as_bytes(), key.as_bytes())? + key.len();
        // A value that nothing follows may be cut.
        rest[at..].split_once(',').map(|(value, _)| value)
    };
    let version = field("version=").filter(|version| is_version(version))?;
    Some((kind, version, build_number(field("build=")?)?))
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "var/run/log/hostd.log",
        text: "2020-07-01T08:15:30.123Z - time the service was last started, Section for VMware ESX, pid=2099, \
               version=6.7.0, build=13006603, option=Release\n\
               2020-07-01T08:15:31.123Z info hostd[2099] [Originator@6876 sub=Default] Supported VMs 320\n\
               2020-07-02T08:15:30.123Z - last log rotation time, 2020-07-01T08:15:30.123Z - time the service was \
               last started, Section for VMware ESX, pid=2099, version=6.7.0, build=13006603, option=Release\n\
               2020-07-03T08:15:30.123Z - time the service was last started, Section for VMware ESX, pid=2100, \
               version=6.7.0, build=14320388, option=Release\n",
        facts: &[
            r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":"13006603","update":null,"at":{"time":"2020-07-01T08:15:30.123Z","quality":"exact"}}"#,
            r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":"14320388","update":null,"at":{"time":"2020-07-03T08:15:30.123Z","quality":"exact"}}"#,
        ],
    },
    // 5.x, with lines of other sorts around.
    Sample {
        path: "var/log/hostd.log",
        text: "-> continued\n2014-07-01T08:15:30.123Z [FFB1AB70 info 'Default'] Section for VMware ESX, pid=34025, \
               version=5.5.0, build=1331820, option=Release\nSection for VMware ESX, pid\n",
        facts: &[
            r#"{"fact":"product","kind":"esxi","version":"5.5.0","build":"1331820","update":null,"at":{"time":"2014-07-01T08:15:30.123Z","quality":"exact"}}"#,
        ],
    },
    Sample {
        path: "var/run/log/hostd.0",
        text: "2025-07-01T08:15:30.123Z In(166) Hostd[2099]: - time the service was last started, Section for VMware ESX, \
               pid=2099, version=9.0.0, build=24755229, option=Release\n",
        facts: &[
            r#"{"fact":"product","kind":"esxi","version":"9.0.0","build":"24755229","update":null,"at":{"time":"2025-07-01T08:15:30.123Z","quality":"exact"}}"#,
        ],
    },
    Sample {
        path: "var/run/log/vpxa.0.gz",
        text: "2023-07-01T08:15:30.123Z In(14) vmsyslogd[2099]: Logs rotated. 2023-07-01T08:00:00.000Z - time the \
               service was last started 2023-06-01T08:00:00.000Z, Section for VMware ESX, pid=2098, version=8.0.2, \
               build=22380479, option=Release\n",
        facts: &[
            r#"{"fact":"product","kind":"esxi","version":"8.0.2","build":"22380479","update":null,"at":{"time":"2023-07-01T08:15:30.123Z","quality":"exact"}}"#,
        ],
    },
    Sample {
        path: "var/log/vmware/vpxd/vpxd-12.log",
        text: "####-##-##T08:15:30.123Z Section for VMware VirtualCenter, pid=2099, version=8.0.3, build=24091160, \
               option=Release\n",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":"8.0.3","build":"24091160","update":null}"#],
    },
    Sample {
        path: "var/run/log/fdm.log",
        text: "2020-07-01T08:15:30.123Z Section for VMware Something, pid=2099, version=6.7.0, build=14320388, o\n\
               2020-07-01T08:15:30.123Z Section for VMware ESX, pid=2099, version=6.7.0, build=1432",
        facts: &[],
    },
];
