//! Which product and release a bundle is of, as commands and files of the system say.

use super::read::{Json, OrJson};
use super::releases::{train_of, vcenter_67_update};
use super::text::{Anchor, build_number, is_version, lossy, pair};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command, is_file, is_output};
use crate::model::HostKind;

/// The output of `vmware -vl`.
pub static VMWARE_VL: FactFile = FactFile {
    name: "vmware-vl",
    about: "ESXi's version, build and update",
    matches: |path| ["vmware_-vl", "vmware_-v", "vmware_-lv"].iter().any(|name| is_command(path, name)),
    reader: |path| {
        // The build ends the only line of `-v` and the first of two of `-vl`.
        let last = if is_command(path, "vmware_-v") { Last::Counts } else { Last::MayBeCut };
        Box::new(Version::new(vmware_vl, last))
    },
    samples: VMWARE_VL_SAMPLES,
};

/// The output of `localcli system version get`.
pub static SYSTEM_VERSION: FactFile = FactFile {
    name: "system-version",
    about: "ESXi's version, build and update",
    matches: |path| is_output(path, "localcli_system-version-get"),
    reader: |path| {
        let version = || Version::new(system_version, Last::MayBeCut);
        Box::new(OrJson::new(path, "the version", version(), system_version_json).or_lines(version()))
    },
    samples: SYSTEM_VERSION_SAMPLES,
};

/// `etc/issue` of a vCenter.
pub static ISSUE: FactFile = FactFile {
    name: "issue",
    about: "vCenter's version",
    matches: |path| is_file(path, "etc/issue"),
    reader: |_| Box::new(Version::new(issue, Last::Counts)),
    samples: ISSUE_SAMPLES,
};

/// `etc/vmware/.buildInfo` of a vCenter, and of a host.
pub static BUILD_INFO: FactFile = FactFile {
    name: "build-info",
    about: "Version and build of a vCenter, build of a host",
    matches: |path| is_file(path, "etc/vmware/.buildInfo"),
    reader: |_| Box::new(Version::new(build_info, Last::MayBeCut)),
    samples: BUILD_INFO_SAMPLES,
};

/// `etc/vmware-analytics/build.txt` of a vCenter. That it tells the version is known, how it is laid out is not: any
/// word with the form of a version or of a build is taken.
pub static ANALYTICS_BUILD: FactFile = FactFile {
    name: "analytics-build",
    about: "vCenter's version and build",
    matches: |path| is_file(path, "etc/vmware-analytics/build.txt"),
    reader: |_| Box::new(Version::new(analytics_build, Last::MayBeCut)),
    samples: ANALYTICS_SAMPLES,
};

/// What the lines of a file say of one product.
#[derive(Default)]
struct Stated {
    kind: Option<HostKind>,
    version: Option<String>,
    build: Option<String>,
    update: Option<u32>,
}

impl Stated {
    /// `None` where it is not known which product it is, or neither its version nor its build.
    fn product(self) -> Option<FactValue> {
        let Stated { kind, version, build, update } = self;
        let known = version.is_some() || build.is_some();
        kind.filter(|_| known).map(|kind| FactValue::Product { kind, version, build, update, at: None })
    }
}

/// What the last line of a file ends with: it may be cut where files of that sort go on.
#[derive(Copy, Clone, PartialEq)]
enum Last {
    /// It counts: files of that sort can end there.
    Counts,
    /// It does not.
    MayBeCut,
}

/// A reader of files that tell one product over several lines.
struct Version {
    take: fn(&str, &mut Stated) -> bool,
    last: Last,
    stated: Stated,
    /// Version and build without what the last line ends with.
    before: Option<(Option<String>, Option<String>)>,
    /// The line to show as evidence.
    shown: Option<Anchor>,
}

impl Version {
    fn new(take: fn(&str, &mut Stated) -> bool, last: Last) -> Self {
        Version { take, last, stated: Stated::default(), before: None, shown: None }
    }
}

impl Reader for Version {
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        self.before = None;
        let before = (self.stated.version.clone(), self.stated.build.clone());
        let text = lossy(&line);
        let text = text.trim();
        if !(self.take)(text, &mut self.stated) {
            return;
        }
        // The line of the build tells most, then that of the version; a product's bare name proves nothing.
        let (version, build) = (self.stated.version != before.0, self.stated.build != before.1);
        if build || (version && self.stated.build.is_none()) || self.shown.is_none() {
            self.shown = Some(Anchor::of(&line));
        }
        if self.last == Last::MayBeCut {
            let ends = |told: &Option<String>| told.as_deref().is_some_and(|told| text.ends_with(told));
            let Stated { version, build, .. } = &self.stated;
            self.before = Some((
                if ends(version) { before.0 } else { version.clone() },
                if ends(build) { before.1 } else { build.clone() },
            ));
        }
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(before) = self.before.take() {
            (self.stated.version, self.stated.build) = before;
        }
        let product = std::mem::take(&mut self.stated).product();
        out.facts.extend(product.zip(self.shown.take()).map(|(product, shown)| shown.fact(product)));
    }
}

/// `VMware ESXi 6.7.0 build-14320388`, then `VMware ESXi 6.7.0 Update 3`
fn vmware_vl(text: &str, stated: &mut Stated) -> bool {
    let Some(rest) = text.strip_prefix("VMware ESXi ").or_else(|| text.strip_prefix("VMware ESX ")) else {
        return false;
    };
    let mut words = rest.split_whitespace().peekable();
    let Some(version) = words.next().filter(|version| is_version(version)) else { return false };
    if words.peek().is_none() {
        // A version that nothing follows is cut.
        return false;
    }
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
    pair(text).is_some_and(|(key, text)| version_field(key, text, stated))
}

/// `{"Build": "Releasebuild-14320388", "Product": "VMware ESXi", "Update": "3", "Version": "6.7.0"}`
fn system_version_json(json: Json, out: &mut Output) -> bool {
    let stated = json.entries.into_iter().find_map(|entry| {
        let mut stated = Stated::default();
        for key in ["Product", "Version", "Build", "Update"] {
            entry.text(key).inspect(|text| _ = version_field(key, text, &mut stated));
        }
        stated.product().map(|product| entry.into_anchor().fact(product))
    });
    let said = stated.is_some();
    out.facts.extend(stated);
    said
}

/// Takes a field of `system version get`; false where it is none that is told of.
fn version_field(key: &str, text: &str, stated: &mut Stated) -> bool {
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
///
/// A host has a file of that name too, with `BRANCH:esx-7.0.3` and `STAGEPATH:build/esx/release`; older ones of both
/// products name neither, and say nothing.
fn build_info(text: &str, stated: &mut Stated) -> bool {
    let Some((key, text)) = pair(text) else { return false };
    match key {
        "BUILDNUMBER" => stated.build = build_number(text),
        "SUMMARY" | "CLOUDVM_VERSION" | "CLOUDVM_NAME" => {
            stated.kind.get_or_insert(HostKind::Vcenter);
            let version = text.split_whitespace().find(|word| is_version(word));
            if let Some(version) = version {
                stated.version = Some(version.to_owned());
                stated.update = vcenter_update(version);
            }
        }
        "BRANCH" if text.starts_with("esx-") || text.starts_with("esx_") => {
            stated.kind.get_or_insert(HostKind::Esxi);
        }
        "STAGEPATH" if text.split('/').any(|part| part == "esx") => {
            stated.kind.get_or_insert(HostKind::Esxi);
        }
        _ => return false,
    }
    true
}

/// `VMware vCenter Server 8.0.3 build-24022515`, `version=8.0.3.00100`, `"build": "24022515"`
fn analytics_build(text: &str, stated: &mut Stated) -> bool {
    let names_build = text.to_ascii_lowercase().contains("build");
    let mut told = false;
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))) {
        let (version, build) = word.split_once('-').unwrap_or((word, word));
        if stated.version.is_none() && is_vcenter_version(version) {
            stated.version = Some(version.to_owned());
            stated.update = vcenter_update(version);
            told = true;
        }
        let in_place = names_build || version != word;
        if let Some(build) = build_number(build).filter(|build| in_place && (7..=9).contains(&build.len())) {
            told |= stated.build.is_none();
            stated.build.get_or_insert(build);
        }
    }
    if told {
        stated.kind = Some(HostKind::Vcenter);
    }
    told
}

/// `8.0.3`, `6.7.0.20000`: of a train that there is, and no address.
fn is_vcenter_version(text: &str) -> bool {
    let parts = text.split('.').count();
    let train = text.split('.').next().and_then(|part| part.parse::<u32>().ok());
    is_version(text) && (3..=5).contains(&parts) && train.is_some_and(|train| (5..=9).contains(&train))
}

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
    Sample {
        path: "commands/vmware_-lv.txt",
        text: "VMware ESXi 5.5.0 build-1331820\nwarning: slow\nVMware ESXi 5.5.0 GA\nterminated: 15\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"5.5.0","build":"1331820","update":0}"#],
    },
    Sample {
        path: "commands/vmware_-v.txt",
        text: "VMware ESXi 8.0.2 build-22380479\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"8.0.2","build":"22380479","update":null}"#],
    },
    Sample { path: "commands/vmware_-vl.txt", text: "VMware ESXi", facts: &[] },
    // Cut inside the version, and inside the build.
    Sample { path: "commands/vmware_-vl.txt", text: "VMware ESXi 6.7", facts: &[] },
    Sample {
        path: "commands/vmware_-vl.txt",
        text: "VMware ESXi 6.7.0 build-14320",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":null,"update":null}"#],
    },
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
    // A list of one, on one line, with keys and numbers as they come; noise before.
    Sample {
        path: "json/localcli_system-version-get.json",
        text: "sh: warning: it's \"slow\"\n[{\"Build\": \"Releasebuild-19193900\", \"Patch\": 45, \"product\": \"VMware ESXi\", \
               \"Update\": 3, \"VERSION\": \"7.0.3\"}]\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"7.0.3","build":"19193900","update":3}"#],
    },
    Sample {
        path: "commands/localcli_--formatterjson-system-version-get.txt",
        text: "{\n   \"Build\": 24957456,\n   \"Patch\": \"10\",\nwarning: amid\n   \"Product\": \"VMware ESX\",\n   \
               \"Update\": \"0\",\n   \"Version\": \"9.0.1\"\n}\nterminated: 15\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"9.0.1","build":"24957456","update":0}"#],
    },
    Sample {
        path: "json/localcli_system-version-get.json",
        text: "{\"Build\": \"Releasebuild-19193900\", \"Product\": \"VMware ESXi\", \"Versi",
        facts: &[],
    },
    // 5.x knows no patch; stderr inside and behind.
    Sample {
        path: "commands/esxcli_system-version-get.txt",
        text: "   Product: VMware ESXi\nwarning: slow\n   Version: 5.5.0\n   Build: Releasebuild-1331820\n   Update: 0\nterminated: 15\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"5.5.0","build":"1331820","update":0}"#],
    },
    // Cut inside the build, and inside the version.
    Sample {
        path: "commands/localcli_system-version-get.txt",
        text: "   Product: VMware ESXi\n   Version: 6.7.0\n   Build: Releasebuild-1432",
        facts: &[r#"{"fact":"product","kind":"esxi","version":"6.7.0","build":null,"update":null}"#],
    },
    Sample {
        path: "commands/localcli_system-version-get.txt",
        text: "   Product: VMware ESXi\n   Version: 6.7",
        facts: &[],
    },
    Sample {
        path: "commands/esxcli_system_version_get.txt",
        text: "Connect to localhost failed: x\n",
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
        text: "noise\nBUILDNUMBER:14368073\nwarning: x\nSUMMARY:",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":null,"build":"14368073","update":null}"#],
    },
    // A host's own; an old one that names no product; one that is cut.
    Sample {
        path: "etc/vmware/.buildInfo",
        text: "GITHASH:0\nCHANGE:9235482\nBRANCH:esx-7.0.3\nVMTREE:/build/release/bora\nBUILDNUMBER:18644231\n\
               STAGEPATH:build/esx/release\n",
        facts: &[r#"{"fact":"product","kind":"esxi","version":null,"build":"18644231","update":null}"#],
    },
    Sample {
        path: "etc/vmware/.buildInfo",
        text: "CHANGE:3981216\nBRANCH:vsphere60u2\nBUILDNUMBER:3434759\n",
        facts: &[],
    },
    Sample {
        path: "etc/vmware/.buildInfo",
        text: "CLOUDVM_NAME:VMware-vCenter-Server-Appliance\nCLOUDVM_VERSION:6.7.0.20000\nBUILDNUMBER:1109",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":"6.7.0.20000","build":null,"update":1}"#],
    },
];

const ANALYTICS_SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/vmware-analytics/build.txt",
        text: "noise 10.0.0.1\nVMware vCenter Server 8.0.3 build-24022515\nread error\n",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":"8.0.3","build":"24022515","update":3}"#],
    },
    Sample {
        path: "etc/vmware-analytics/build.txt",
        text: "version=6.7.0.20000\nbuild=11726888\ntype=release\n",
        facts: &[
            r#"{"fact":"product","kind":"vcenter","version":"6.7.0.20000","build":"11726888","update":1}"#,
        ],
    },
    Sample {
        path: "etc/vmware-analytics/build.txt",
        text: "{\n \"version\": \"9.0.0.0\",\n \"build\": \"24755",
        facts: &[r#"{"fact":"product","kind":"vcenter","version":"9.0.0.0","build":null,"update":0}"#],
    },
    Sample { path: "etc/vmware-analytics/build.txt", text: "20240601\n10.0.0.1\nVMware vCen", facts: &[] },
];
