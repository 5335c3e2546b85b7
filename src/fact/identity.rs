//! Who a host is: its name, product, version, build, UUID, and what made the bundle.

use super::date::zone_minutes;
use super::releases::{train_of, vcenter_67_update};
use super::text::{Anchor, EachLine, assignment, build_number, is_version, lossy, pair, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command};
use crate::format::time;
use crate::model::{HostKind, Timestamp};

/// The output of `uname -a`.
pub static UNAME: FactFile = FactFile {
    name: "uname",
    about: "Host name; of ESXi also version and build",
    matches: |path| is_command(path, "uname_-a"),
    reader: |_| Box::new(EachLine(uname)),
    samples: UNAME_SAMPLES,
};

/// The output of `vmware -vl`.
pub static VMWARE_VL: FactFile = FactFile {
    name: "vmware-vl",
    about: "ESXi's version, build and update",
    matches: |path| ["vmware_-vl", "vmware_-v", "vmware_-lv"].iter().any(|name| is_command(path, name)),
    reader: |_| Box::new(Version::new(vmware_vl)),
    samples: VMWARE_VL_SAMPLES,
};

/// The output of `localcli system version get`.
pub static SYSTEM_VERSION: FactFile = FactFile {
    name: "system-version",
    about: "ESXi's version, build and update",
    matches: |path| {
        is_command(path, "localcli_system-version-get")
            || is_command(path, "localcli_--formatterjson-system-version-get")
    },
    reader: |_| Box::new(Version::new(system_version)),
    samples: SYSTEM_VERSION_SAMPLES,
};

/// The bundle's own `README`.
pub static README: FactFile = FactFile {
    name: "readme",
    about: "What made the bundle, and when",
    matches: |path| path.eq_ignore_ascii_case("README"),
    reader: |_| Box::new(EachLine(readme)),
    samples: README_SAMPLES,
};

/// `etc/vmware/esx.conf`.
pub static ESX_CONF: FactFile = FactFile {
    name: "esx-conf",
    about: "Name and UUID of an ESXi host",
    matches: |path| path == "etc/vmware/esx.conf" || path.ends_with("/etc/vmware/esx.conf"),
    reader: |_| Box::new(EachLine(esx_conf)),
    samples: ESX_CONF_SAMPLES,
};

/// `etc/issue` of a vCenter.
pub static ISSUE: FactFile = FactFile {
    name: "issue",
    about: "vCenter's version",
    matches: |path| path == "etc/issue" || path.ends_with("/etc/issue"),
    reader: |_| Box::new(Version::new(issue)),
    samples: ISSUE_SAMPLES,
};

/// `etc/vmware/.buildInfo` of a vCenter.
pub static BUILD_INFO: FactFile = FactFile {
    name: "build-info",
    about: "vCenter's build",
    matches: |path| path == "etc/vmware/.buildInfo" || path.ends_with("/etc/vmware/.buildInfo"),
    reader: |_| Box::new(Version::new(build_info)),
    samples: BUILD_INFO_SAMPLES,
};

/// `etc/hosts` of a vCenter.
pub static HOSTS: FactFile = FactFile {
    name: "hosts",
    about: "vCenter's name, as its own loopback entry gives it",
    matches: |path| path == "etc/hosts" || path.ends_with("/etc/hosts"),
    reader: |_| Box::new(Hosts::default()),
    samples: HOSTS_SAMPLES,
};

/// What the lines of a file say of one product.
#[derive(Default)]
struct Stated {
    kind: Option<HostKind>,
    version: Option<String>,
    build: Option<String>,
    update: Option<u32>,
}

/// A reader of files that tell one product over several lines.
struct Version {
    take: fn(&str, &mut Stated) -> bool,
    stated: Stated,
    /// The line to show as evidence.
    shown: Option<Anchor>,
}

impl Version {
    fn new(take: fn(&str, &mut Stated) -> bool) -> Self {
        Version { take, stated: Stated::default(), shown: None }
    }
}

impl Reader for Version {
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let before = (self.stated.version.clone(), self.stated.build.clone());
        if !(self.take)(lossy(&line).trim(), &mut self.stated) {
            return;
        }
        // The line of the build tells most, then that of the version; a product's bare name proves nothing.
        let (version, build) = (self.stated.version != before.0, self.stated.build != before.1);
        if build || (version && self.stated.build.is_none()) || self.shown.is_none() {
            self.shown = Some(Anchor::of(&line));
        }
    }

    fn end(&mut self, out: &mut Output) {
        let Stated { kind, version, build, update } = std::mem::take(&mut self.stated);
        let (Some(kind), Some(shown)) = (kind, self.shown.take()) else { return };
        if version.is_some() || build.is_some() {
            out.facts.push(shown.fact(FactValue::Product { kind, version, build, update, at: None }));
        }
    }
}

/// `VMkernel esx01.lab.local 6.7.0 #1 SMP Release build-14320388 Aug 12 2019 00:00:00 x86_64 x86_64 x86_64 ESXi`
fn uname(line: &Line<'_>, text: &str, out: &mut Output) {
    let mut words = text.split_whitespace();
    let system = words.next();
    if !matches!(system, Some("VMkernel" | "Linux")) {
        return;
    }
    let Some(name) = words.next() else { return };
    push_name(line, name, out);
    let version = words.next().filter(|version| is_version(version));
    if system == Some("VMkernel") && version.is_some() {
        let build = words.find_map(|word| build_number(word.strip_prefix("build-")?));
        let (kind, version) = (HostKind::Esxi, version.map(str::to_owned));
        out.facts.push(line.fact(FactValue::Product { kind, version, build, update: None, at: None }));
    }
}

/// A host that is called localhost has no name.
fn push_name(line: &Line<'_>, name: &str, out: &mut Output) {
    let short = name.split('.').next().unwrap_or("");
    let plain = name.len() <= 255 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if plain && !short.is_empty() && !short.eq_ignore_ascii_case("localhost") {
        out.facts.push(line.fact(FactValue::HostName { name: name.to_owned() }));
    }
}

/// `VMware ESXi 6.7.0 build-14320388`, then `VMware ESXi 6.7.0 Update 3`
fn vmware_vl(text: &str, stated: &mut Stated) -> bool {
    let Some(rest) = text.strip_prefix("VMware ESXi ").or_else(|| text.strip_prefix("VMware ESX ")) else {
        return false;
    };
    let mut words = rest.split_whitespace().peekable();
    let Some(version) = words.next().filter(|version| is_version(version)) else { return false };
    stated.kind = Some(HostKind::Esxi);
    stated.version.get_or_insert_with(|| version.to_owned());
    while let Some(word) = words.next() {
        match word {
            "GA" => stated.update = Some(0),
            "Update" => stated.update = words.peek().and_then(|number| number.parse().ok()).or(stated.update),
            _ => {
                let build = word.strip_prefix("build-").and_then(build_number);
                stated.build = build.or_else(|| stated.build.take());
            }
        }
    }
    true
}

/// `Build: Releasebuild-14320388`, `Update: 3`
fn system_version(text: &str, stated: &mut Stated) -> bool {
    let Some((key, text)) = pair(text) else { return false };
    match key {
        "Product" if text.starts_with("VMware ESX") => stated.kind = Some(HostKind::Esxi),
        "Version" if is_version(text) => stated.version = Some(text.to_owned()),
        "Build" => stated.build = build_number(text),
        "Update" => stated.update = text.parse().ok(),
        _ => return false,
    }
    true
}

/// `VMware vCenter Server Appliance 6.7.0.20000`, `VMware vCenter Server 8.0.3.00100`
fn issue(text: &str, stated: &mut Stated) -> bool {
    let named = text.starts_with("VMware vCenter");
    let version = text.split_whitespace().find(|word| is_version(word));
    let (true, Some(version)) = (named, version) else { return false };
    stated.kind = Some(HostKind::Vcenter);
    stated.update = vcenter_update(version);
    stated.version = Some(version.to_owned());
    true
}

/// Since 7.0 the third part is the update; 6.7 tells it in the fourth, older ones do not tell it.
fn vcenter_update(version: &str) -> Option<u32> {
    let train = train_of(version)?;
    let mut parts = version.split('.').skip(2);
    let third = parts.next()?.parse().ok();
    if train.0 >= 7 { third } else { vcenter_67_update(train, parts.next()?.parse().ok()?) }
}

/// `SUMMARY:VMware vCenter Server 8.0.3.00100`, `BUILDNUMBER:24091160`
fn build_info(text: &str, stated: &mut Stated) -> bool {
    let Some((key, text)) = pair(text) else { return false };
    match key {
        "BUILDNUMBER" => stated.build = build_number(text),
        "SUMMARY" | "CLOUDVM_VERSION" => {
            let version = text.split_whitespace().find(|word| is_version(word));
            if let Some(version) = version {
                stated.version = Some(version.to_owned());
                stated.update = vcenter_update(version);
            }
        }
        _ => return false,
    }
    stated.kind = Some(HostKind::Vcenter);
    true
}

/// `Command line: /usr/bin/vm-support`, `Captured on: 2020-07-01 08:15:30.123456`
fn readme(line: &Line<'_>, text: &str, out: &mut Output) {
    let Some((key, text)) = pair(text) else { return };
    let said = match key.to_ascii_lowercase().as_str() {
        "command line" if text.contains("vc-support") => {
            Some(FactValue::CollectedBy { kind: HostKind::Vcenter })
        }
        "command line" if text.contains("vm-support") => {
            Some(FactValue::CollectedBy { kind: HostKind::Esxi })
        }
        "captured on" => captured(text).map(|at| FactValue::CapturedAt { at }),
        _ => None,
    };
    out.facts.extend(said.map(|value| line.fact(value)));
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
            let uuid = value(&read.value).map(|uuid| line.fact(FactValue::SystemUuid { uuid }));
            out.facts.extend(uuid);
        }
        _ => {}
    }
}

/// The hosts file of any machine names others; only an appliance's own entries are its name.
#[derive(Default)]
struct Hosts {
    appliance: bool,
    named: bool,
}

impl Reader for Hosts {
    /// `127.0.0.1 vc01.lab.local vc01 localhost`, or the first name below `# Begin /etc/hosts (network card version)`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
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
            push_name(&line, name, out);
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
    Sample { path: "commands/uname_-a.txt", text: "VMkernel localhost", facts: &[] },
];

const VMWARE_VL_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/vmware_-vl.txt",
        text: "VMware ESXi 6.7.0 build-14320388\nVMware ESXi 6.7.0 Update 3\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":"14320388","update":3}"#],
    },
    Sample {
        path: "commands/vmware_-vl.txt",
        text: "WARNING: x\nVMware ESXi 7.0 GA\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"7.0","build":null,"update":0}"#],
    },
    Sample {
        path: "commands/vmware_-vl.txt",
        text: "VMware ESX 9.0.1 build-24957456\nVMware ESX 9.0.1.0 GA Up",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"9.0.1","build":"24957456","update":0}"#],
    },
    Sample { path: "commands/vmware_-vl.txt", text: "VMware ESXi", facts: &[] },
];

const SYSTEM_VERSION_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_system-version-get.txt",
        text: "   Product: VMware ESXi\n   Version: 6.7.0\n   Build: Releasebuild-14320388\n   Update: 3\n   Patch: 73\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":"14320388","update":3}"#],
    },
    Sample {
        path: "commands/localcli_system-version-get.txt",
        text: "Warning: slow\n   Product: VMware ESX\n   Version: 9.0.1\n   Build: Releasebuild-24957456\n   \
               Maintenance: 0\n   Update: 0\n   Patch: 10\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"9.0.1","build":"24957456","update":0}"#],
    },
    Sample {
        path: "commands/localcli_--formatterjson-system-version-get.txt",
        text: "{\n  \"Build\": \"Releasebuild-22380479\",\n  \"Product\": \"VMware ESXi\",\n  \"Version\": \"8.0.2\"",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"8.0.2","build":"22380479","update":null}"#],
    },
    Sample {
        path: "commands/esxcli_system_version_get.txt",
        text: "Connect to localhost failed: x\n",
        facts: &[],
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
        text: "Command line: /usr/bin/vc-support.sh\nCaptured on: 2025-06-25 19:25:14.5 JST\n",
        facts: &[
            r#"{"fact":"collected-by","kind":"vcenter"}"#,
            r#"{"fact":"captured-at","at":"2025-06-25T10:25:14.500Z"}"#,
        ],
    },
    Sample { path: "README", text: "Command line: /usr/bin/x\nCaptured on: 2020-07", facts: &[] },
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
    Sample {
        path: "etc/vmware/esx.conf",
        text: "/adv/Misc/HostName = \"localhost.localdomain\"\n/system/uuid = \"5f0a1b2c-3d",
        facts: &[],
    },
];

const ISSUE_SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/issue",
        text: "\nVMware vCenter Server 8.0.3.00100\n\nType: vCenter Server\n",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":"8.0.3.00100","build":null,"update":3}"#],
    },
    Sample {
        path: "etc/issue",
        text: "VMware vCenter Server Appliance 6.7.0.20000\n",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":"6.7.0.20000","build":null,"update":1}"#],
    },
    Sample {
        path: "etc/issue",
        text: "VMware vCenter Server Appliance 6.5.0.35000\n",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":"6.5.0.35000","build":null,"update":null}"#],
    },
    Sample { path: "etc/issue", text: "Welcome to Photon 3.0\nVMware vCenter Ser", facts: &[] },
];

const BUILD_INFO_SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/vmware/.buildInfo",
        text: "SUMMARY:VMware vCenter Server 8.0.3.00100\nBUILDNUMBER:24091160\nBUILDTYPE:release\n",
        facts: &[
            r#"{"fact":"product","kind":"vcenter","version":"8.0.3.00100","build":"24091160","update":3}"#,
        ],
    },
    Sample {
        path: "etc/vmware/.buildInfo",
        text: "noise\nBUILDNUMBER:14368073\nSUMMARY:",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":null,"build":"14368073","update":null}"#],
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
];
