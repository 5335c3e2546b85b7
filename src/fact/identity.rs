//! Who a host is: its name, UUID, and what made the bundle.

use super::date::zone_minutes;
use super::text::{Anchor, EachLine, assignment, build_number, cut, is_uuid, is_version, lossy, pair, value};
use super::{Fact, FactFile, FactValue, Line, Output, Reader, Sample, is_command, is_file};
use crate::format::time;
use crate::model::{HostKind, ProblemKind, Timestamp};

/// The output of `uname -a`.
pub static UNAME: FactFile = FactFile {
    name: "uname",
    about: "Host name; of ESXi also version and build",
    matches: |path| is_command(path, "uname_-a"),
    reader: |_| Box::new(EachLine(uname)),
    samples: UNAME_SAMPLES,
};

/// The bundle's own `README`.
pub static README: FactFile = FactFile {
    name: "readme",
    about: "What made the bundle, and when",
    matches: |path| path.eq_ignore_ascii_case("README"),
    reader: |_| Box::new(Readme::default()),
    samples: README_SAMPLES,
};

/// `etc/vmware/esx.conf`.
pub static ESX_CONF: FactFile = FactFile {
    name: "esx-conf",
    about: "Name and UUID of an ESXi host",
    matches: |path| is_file(path, "etc/vmware/esx.conf"),
    reader: |_| Box::new(EachLine(esx_conf)),
    samples: ESX_CONF_SAMPLES,
};

/// `etc/hosts` of a vCenter.
pub static HOSTS: FactFile = FactFile {
    name: "hosts",
    about: "vCenter's name, as its own loopback entry gives it",
    matches: |path| is_file(path, "etc/hosts"),
    reader: |_| Box::new(Hosts::default()),
    samples: HOSTS_SAMPLES,
};

/// The output of `systeminfo` on a Windows vCenter; what Windows calls the keys depends on its language.
pub static SYSTEM_INFO: FactFile = FactFile {
    name: "systeminfo",
    about: "Name of a Windows vCenter",
    matches: |path| is_command(path, "systeminfo"),
    reader: |_| Box::new(SystemInfo::default()),
    samples: SYSTEM_INFO_SAMPLES,
};

/// `VMkernel esx01.lab.local 6.7.0 #1 SMP Release build-14320388 Aug 12 2019 00:00:00 x86_64 x86_64 x86_64 ESXi`
///
/// A word that no other follows may be cut.
fn uname(line: &Line<'_>, text: &str, out: &mut Output) {
    let words: Vec<&str> = text.split_whitespace().take(32).collect();
    let Some((_, whole)) = words.split_last() else { return };
    let [system @ ("VMkernel" | "Linux"), name, rest @ ..] = whole else { return };
    push_name(line, name, out);
    let version = rest.first().filter(|version| is_version(version));
    if let (&"VMkernel", Some(version)) = (system, version) {
        let build = rest.iter().find_map(|word| build_number(word.strip_prefix("build-")?));
        let (kind, version) = (HostKind::Esxi, Some((*version).to_owned()));
        out.facts.push(line.fact(FactValue::Product { kind, version, build, update: None, at: None }));
    }
}

fn push_name(line: &Line<'_>, name: &str, out: &mut Output) {
    if is_name(name) {
        out.facts.push(line.fact(FactValue::HostName { name: name.to_owned() }));
    }
}

/// Whether `name` names a host; one that is called localhost has no name.
fn is_name(name: &str) -> bool {
    let short = name.split('.').next().unwrap_or("");
    let plain = name.len() <= 255 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    plain && !short.is_empty() && !short.eq_ignore_ascii_case("localhost")
}

/// What the README says. Its time counts when another line follows, or with all digits of its fraction: what is
/// shorter may be cut.
#[derive(Default)]
struct Readme {
    captured: Option<Fact>,
}

impl Reader for Readme {
    /// `Command line: /usr/bin/vm-support`, `Captured on: 2020-07-01 08:15:30.123456`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        out.facts.extend(self.captured.take());
        let text = lossy(&line);
        let Some((key, text)) = pair(&text) else { return };
        let collected = |kind| line.fact(FactValue::CollectedBy { kind });
        match key.to_ascii_lowercase().as_str() {
            "command line" if text.contains("vc-support") => out.facts.push(collected(HostKind::Vcenter)),
            "command line" if text.contains("vm-support") => out.facts.push(collected(HostKind::Esxi)),
            "captured on" => {
                self.captured = captured(text).map(|at| line.fact(FactValue::CapturedAt { at }));
            }
            _ => {}
        }
    }

    fn end(&mut self, out: &mut Output) {
        let whole = |fact: &Fact| fact.text.rsplit_once('.').is_some_and(|(_, fraction)| fraction.len() == 6);
        out.facts.extend(self.captured.take().filter(whole));
    }
}

/// `2020-07-01 08:15:30.123456`, which is UTC unless a zone follows.
fn captured(text: &str) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let stamp = format!("{}T{}", words.next()?, words.next()?);
    if let Some((stamp, _)) = time::iso(stamp.as_bytes()) {
        return Some(stamp.time);
    }
    let (local, _) = time::iso(format!("{stamp}Z").as_bytes())?;
    let minutes = words.next().map_or(Some(0), zone_minutes)?;
    Some(local.time.plus_seconds(-minutes * 60))
}

/// `/adv/Misc/HostName = "esx01.lab.local"`, `/system/uuid = "5f0a1b2c-…"`
fn esx_conf(line: &Line<'_>, text: &str, out: &mut Output) {
    if !text.starts_with("/adv/Misc/") && !text.starts_with("/system/") {
        return;
    }
    let Some(read) = assignment(text).filter(|read| read.closed) else { return };
    match read.key.as_str() {
        "/adv/Misc/HostName" | "/adv/Misc/Hostname" => push_name(line, &read.value, out),
        "/system/uuid" => {
            let Some(uuid) = value(&read.value) else { return };
            if is_uuid(&uuid) {
                out.facts.push(line.fact(FactValue::SystemUuid { uuid }));
            } else {
                // It would go on as the node's UUID, into commands too.
                let text = format!("line {}: '{}' is no UUID", line.number, cut(&uuid, 64));
                out.problems.push(Anchor::of(line).problem(ProblemKind::Unparsed, text));
            }
        }
        _ => {}
    }
}

/// A name at the end of its line, which counts when another line follows: at the end of the text it may be cut.
#[derive(Default)]
struct Held(Option<(Anchor, String)>);

impl Held {
    fn line_follows(&mut self, out: &mut Output) {
        let name = self.0.take().filter(|(_, name)| is_name(name));
        out.facts.extend(name.map(|(line, name)| line.fact(FactValue::HostName { name })));
    }
}

/// The hosts file of any machine names others; only an appliance's own entries are its name.
#[derive(Default)]
struct Hosts {
    appliance: bool,
    named: bool,
    held: Held,
}

impl Reader for Hosts {
    /// `127.0.0.1 vc01.lab.local vc01 localhost`, or the first name below `# Begin /etc/hosts (network card version)`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        self.held.line_follows(out);
        let text = lossy(&line);
        let text = text.trim();
        self.appliance |= text.starts_with("# Begin /etc/hosts") || text.contains("VAMI_EDIT_BEGIN");
        let mut words = text.split('#').next().unwrap_or("").split_whitespace();
        let Some(address) = words.next() else { return };
        if self.named || !(self.appliance || address == "127.0.0.1" || address == "::1") {
            return;
        }
        let own = |name: &&str| name.contains('.') && !name.to_ascii_lowercase().starts_with("localhost");
        if let Some(name) = words.find(own) {
            self.named = true;
            self.held.0 = Some((Anchor::of(&line), name.to_owned()));
            if words.next().is_some() {
                self.held.line_follows(out);
            }
        }
    }
}

/// The name in the first lines of `systeminfo`.
#[derive(Default)]
struct SystemInfo {
    named: bool,
    held: Held,
}

impl Reader for SystemInfo {
    /// `Host Name:                 VC01`, also `ホスト名:               VC01`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        self.held.line_follows(out);
        let text = lossy(&line);
        let Some((key, name)) = pair(&text).filter(|_| !self.named) else { return };
        if key.eq_ignore_ascii_case("Host Name") || key == "ホスト名" {
            self.named = true;
            self.held.0 = Some((Anchor::of(&line), name.to_owned()));
        }
    }
}

const UNAME_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/uname_-a.txt",
        text: "VMkernel esx01.lab.local 6.7.0 #1 SMP Release build-14320388 Aug 12 2019 00:00:00 x86_64 x86_64 \
               x86_64 ESXi\n",
        facts: &[
            r#"{"fact":"host-name","name":"esx01.lab.local"}"#,
            r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":"14320388","update":null}"#,
        ],
    },
    Sample {
        path: "commands/uname_-a.txt",
        text: "uname: warning\nVMkernel esx01 8.0.3 #1 SMP Release build-24022510 Jun 1 2024 x86_64 x86_64 x86_64 ESXi\n",
        facts: &[
            r#"{"fact":"host-name","name":"esx01"}"#,
            r#"{"fact":"product","kind":"esxi","version":"8.0.3","build":"24022510","update":null}"#,
        ],
    },
    Sample {
        path: "commands/uname_-a.txt",
        text: "Linux vc01.lab.local 4.19.321-4.ph3 #1-photon SMP Fri Sep 6 2024 x86_64 GNU/Linux\n",
        facts: &[r#"{"fact":"host-name","name":"vc01.lab.local"}"#],
    },
    // 5.x ends otherwise; stderr behind.
    Sample {
        path: "commands/uname_-a.txt",
        text: "VMkernel esx55 5.5.0 #1 SMP Release build-1331820 Sep 18 2013 23:08:31 x86_64 GNU/Linux\nterminated: 15\n",
        facts: &[
            r#"{"fact":"host-name","name":"esx55"}"#,
            r#"{"fact":"product","kind":"esxi","version":"5.5.0","build":"1331820","update":null}"#,
        ],
    },
    Sample {
        path: "commands/uname_-a.txt",
        text: "VMkernel esx90.lab.local 9.0.1 #1 SMP Release build-24957456 Sep 1 2025 00:00:00 x86_64 x86_64 x86_64 ESXi\n",
        facts: &[
            r#"{"fact":"host-name","name":"esx90.lab.local"}"#,
            r#"{"fact":"product","kind":"esxi","version":"9.0.1","build":"24957456","update":null}"#,
        ],
    },
    Sample { path: "commands/uname_-a.txt", text: "VMkernel localhost", facts: &[] },
    // Cut inside the name, the version and the build.
    Sample { path: "commands/uname_-a.txt", text: "VMkernel esx01.la", facts: &[] },
    Sample {
        path: "commands/uname_-a.txt",
        text: "VMkernel esx01.lab.local 6.7",
        facts: &[r#"{"fact":"host-name","name":"esx01.lab.local"}"#],
    },
    Sample {
        path: "commands/uname_-a.txt",
        text: "VMkernel esx01.lab.local 6.7.0 #1 SMP Release build-14320",
        facts: &[
            r#"{"fact":"host-name","name":"esx01.lab.local"}"#,
            r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":null,"update":null}"#,
        ],
    },
];

const README_SAMPLES: &[Sample] = &[
    Sample {
        path: "README",
        text: "vm-support version: 3.0\nCommand line: /usr/bin/vm-support -w /scratch\n\
               Captured on: 2020-07-01 08:15:30.123456\nOptions:\n",
        facts: &[
            r#"{"fact":"collected-by","kind":"esxi"}"#,
            r#"{"fact":"captured-at","at":"2020-07-01T08:15:30.123456Z"}"#,
        ],
    },
    Sample {
        path: "README",
        text: "Command line: /usr/bin/vc-support.sh\nCaptured on: 2025-06-25 19:25:14.5 JST\nOptions:\n",
        facts: &[
            r#"{"fact":"collected-by","kind":"vcenter"}"#,
            r#"{"fact":"captured-at","at":"2025-06-25T10:25:14.500Z"}"#,
        ],
    },
    Sample { path: "README", text: "Command line: /usr/bin/x\nCaptured on: 2020-07", facts: &[] },
    // stderr around; cut before the zone.
    Sample {
        path: "README",
        text: "warning: x\nCommand line: vm-support\nwarning\nCaptured on: 2025-06-25 19:25:14.5",
        facts: &[r#"{"fact":"collected-by","kind":"esxi"}"#],
    },
];

const ESX_CONF_SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/vmware/esx.conf",
        text: "/adv/Misc/HostIPAddr = \"10.0.0.1\"\n/adv/Misc/HostName = \"esx01.lab.local\"\n\
               /system/uuid = \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\"\n/vmkdevmgr/x = \"/system/uuid = 1\"\n",
        facts: &[
            r#"{"fact":"host-name","name":"esx01.lab.local"}"#,
            r#"{"fact":"system-uuid","uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001"}"#,
        ],
    },
    // What is no UUID is none.
    Sample {
        path: "etc/vmware/esx.conf",
        text: "/system/uuid = \"5f0a1b2c-3d4e-5f60-7182-0050568a0001;reboot\"\n/adv/Misc/HostName = \"esx01\"\n/x = \"1\"\n",
        facts: &[r#"{"fact":"host-name","name":"esx01"}"#],
    },
    // 5.x writes the key otherwise; stderr before and behind.
    Sample {
        path: "etc/vmware/esx.conf",
        text: "cp: reading: Input/output error\n/adv/Misc/Hostname = \"esx55\"\n/system/uuid = \"\"\nread error\n",
        facts: &[r#"{"fact":"host-name","name":"esx55"}"#],
    },
    Sample {
        path: "etc/vmware/esx.conf",
        text: "/adv/Misc/HostName = \"localhost.localdomain\"\n/system/uuid = \"5f0a1b2c-3d",
        facts: &[],
    },
];

const HOSTS_SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/hosts",
        text: "# Begin /etc/hosts (network card version)\n127.0.0.1 localhost\n10.0.0.5 vc01.lab.local vc01\n\
               10.0.0.6 other.lab.local\n",
        facts: &[r#"{"fact":"host-name","name":"vc01.lab.local"}"#],
    },
    Sample {
        path: "etc/hosts",
        text: "127.0.0.1 localhost.localdomain localhost\n::1 vc02.lab.local localhost # own\n",
        facts: &[r#"{"fact":"host-name","name":"vc02.lab.local"}"#],
    },
    Sample {
        path: "etc/hosts",
        text: "127.0.0.1 localhost.localdomain localhost\n10.0.0.2 esx02.lab.local esx02\n",
        facts: &[],
    },
    // Written over by the appliance's own tools; stderr before; cut inside another name.
    Sample {
        path: "etc/hosts",
        text: "cat: warning\n# VAMI_EDIT_BEGIN\n127.0.0.1 localhost\n10.0.0.7 vc03.lab.local\n# VAMI_EDIT_END\n10.0.0.8 es",
        facts: &[r#"{"fact":"host-name","name":"vc03.lab.local"}"#],
    },
    Sample { path: "etc/hosts", text: "127.0.0.1 vc01.lab.lo", facts: &[] },
];

const SYSTEM_INFO_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/systeminfo.txt",
        text: "\nHost Name:                 VC60\nOS Name:                   Microsoft Windows Server 2012 R2 Standard\n\
               Hotfix(s):                 1 Hotfix(s) Installed.\n",
        facts: &[r#"{"fact":"host-name","name":"VC60"}"#],
    },
    Sample {
        path: "commands/systeminfo.txt",
        text: "Loading: WARNING\nホスト名:               VC-01\nwarning: x\nOS 名:                  Microsoft Windows Server 2016\n",
        facts: &[r#"{"fact":"host-name","name":"VC-01"}"#],
    },
    Sample { path: "commands/systeminfo.txt", text: "Host Name:                 VC", facts: &[] },
];
