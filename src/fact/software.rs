//! The software on a host: its packages, the image that they came in, and what it admits.
//!
//! Of interest is above all `cpu-microcode`, the package that carries microcode.

use serde::{Deserialize, Serialize};

use super::read::{EachEntry, Entries, Entry, table};
use super::text::EachLine;
use super::{FactFile, FactValue, Line, Output, Sample, is_output};
use crate::format::time;

/// The output of `localcli software vib list`.
pub static VIBS: FactFile = FactFile {
    name: "vib-list",
    about: "Installed VIBs with version, vendor, acceptance level and day",
    matches: |path| is_output(path, "localcli_software-vib-list"),
    reader: |path| table(path, "VIBs", vib),
    samples: VIB_SAMPLES,
};

/// The output of `localcli software profile get`; that of the image to be booted next is another file.
pub static PROFILE: FactFile = FactFile {
    name: "image-profile",
    about: "The image profile that the host runs",
    matches: |path| is_output(path, "localcli_software-profile-get"),
    reader: |path| {
        // What follows the fields is a description, which may hold anything.
        let fields = Entries::blocks("Name", &["Name", "Vendor", "Creation Time", "Modification Time"]);
        Box::new(EachEntry::new(path, "image profiles", fields, profile).once())
    },
    samples: PROFILE_SAMPLES,
};

/// The output of `localcli software acceptance get`.
pub static ACCEPTANCE: FactFile = FactFile {
    name: "acceptance-level",
    about: "The least acceptance level that the host admits",
    matches: |path| is_output(path, "localcli_software-acceptance-get"),
    reader: |_| Box::new(EachLine(acceptance)),
    samples: ACCEPTANCE_SAMPLES,
};

/// How far VMware vouches for a package.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Acceptance {
    /// Tested by VMware as its own.
    VMwareCertified,
    /// Tested by a partner, checked by VMware.
    VMwareAccepted,
    /// Tested by a partner.
    PartnerSupported,
    /// Tested by nobody that VMware knows.
    CommunitySupported,
}

/// The image profile that a host runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageProfile {
    /// `ESXi-8.0U3b-24280767-standard`; `(Updated) …` where packages were changed since.
    pub name: Option<String>,
    /// `VMware, Inc.`
    pub vendor: Option<String>,
    /// When it was made, without a zone as printed: `2024-09-25T10:50:12`.
    pub created: Option<String>,
    /// When it was last changed, which is when the host was last patched.
    pub modified: Option<String>,
}

impl Acceptance {
    /// `VMwareCertified`, also `vmware_certified` of JSON.
    fn read(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().replace('_', "").as_str() {
            "vmwarecertified" => Some(Acceptance::VMwareCertified),
            "vmwareaccepted" => Some(Acceptance::VMwareAccepted),
            "partnersupported" | "partner" => Some(Acceptance::PartnerSupported),
            "communitysupported" | "community" => Some(Acceptance::CommunitySupported),
            _ => None,
        }
    }
}

/// `PartnerSupported`, alone on its line, with quotes in JSON
fn acceptance(line: &Line<'_>, text: &str, out: &mut Output) {
    let level = Acceptance::read(text.trim().trim_matches('"'));
    out.facts.extend(level.map(|level| line.fact(FactValue::AcceptanceLevel { level })));
}

/// `cpu-microcode   6.7.0-3.77.15018017   VMware  VMwareCertified   2019-11-20`, or
/// `{"Name": "cpu-microcode", "Version": "8.0.3-0.0.24022510", …}`
///
/// A line of stderr amid the rows is prose, and has blanks where a row has names.
fn vib(entry: &Entry, _: &str) -> Option<FactValue> {
    let (name, version) = (entry.text("Name")?, entry.text("Version")?);
    if name.contains(' ') || version.contains(' ') || !version.contains(['.', '-']) {
        return None;
    }
    let level = entry.closed("Acceptance Level", |level| Acceptance::read(level).is_some());
    let acceptance = level.and_then(|level| Acceptance::read(&level));
    let vendor = entry.text("Vendor").filter(|_| acceptance.is_some());
    let installed = entry.closed("Install Date", is_day).filter(|day| is_day(day));
    Some(FactValue::Vib { name, version, vendor, acceptance, installed })
}

/// `2019-11-20`
fn is_day(text: &str) -> bool {
    text.len() == 10 && time::iso(format!("{text}T00:00:00Z").as_bytes()).is_some_and(|(_, end)| end == 20)
}

/// `2024-09-25T10:50:12`
fn is_moment(text: &str) -> bool {
    text.len() == 19 && time::iso(format!("{text}Z").as_bytes()).is_some_and(|(_, end)| end == 20)
}

/// ```text
/// (Updated) ESXi-8.0U3b-24280767-standard
///    Name: (Updated) ESXi-8.0U3b-24280767-standard
///    Vendor: VMware, Inc.
///    Creation Time: 2024-09-25T10:50:12
///    Modification Time: 2024-12-21T00:38:33
///    Stateless Ready: True
/// ```
fn profile(entry: &Entry, _: &str) -> Option<FactValue> {
    let moment = |name: &str| entry.closed(name, is_moment).filter(|text| is_moment(text));
    let profile = ImageProfile {
        name: entry.text("Name").filter(|text| !text.starts_with("No pending image profile")),
        vendor: entry.text("Vendor"),
        created: moment("Creation Time"),
        modified: moment("Modification Time"),
    };
    (profile != ImageProfile::default()).then_some(FactValue::ImageProfile(profile))
}

const VIB_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_software-vib-list.txt",
        text: "Name           Version              Vendor  Acceptance Level  Install Date\n\
               -------------  -------------------  ------  ----------------  ------------\n\
               cpu-microcode  6.7.0-3.77.15018017  VMware  VMwareCertified   2019-11-20\n\
               warning: the database was busy for a while\n\
               esx-base       6.7.0-3.77.15018017  VMware  VMwareCertified   2019-11-20\n",
        facts: &[
            r#"{"fact":"vib","name":"cpu-microcode","version":"6.7.0-3.77.15018017","vendor":"VMware","acceptance":"VMwareCertified","installed":"2019-11-20"}"#,
            r#"{"fact":"vib","name":"esx-base","version":"6.7.0-3.77.15018017","vendor":"VMware","acceptance":"VMwareCertified","installed":"2019-11-20"}"#,
        ],
    },
    // 5.x: trailing blanks; a driver of a partner and one of nobody.
    Sample {
        path: "commands/1.esxcli_software_vib_list.txt",
        text: "Name              Version                       Vendor   Acceptance Level    Install Date\n\
               ----------------  ----------------------------  -------  ------------------  ------------\n\
               lsiprovider       500.04.V0.32-0003             LSI      VMwareAccepted      2014-01-03  \n\
               net55-r8168       8.045a-napi                   Realtek  CommunitySupported  2014-01-04  \n\
               net-bnx2          2.2.5f-1OEM.550.0.0.1331820   BCM      PartnerSupported    -           \n",
        facts: &[
            r#"{"fact":"vib","name":"lsiprovider","version":"500.04.V0.32-0003","vendor":"LSI","acceptance":"VMwareAccepted","installed":"2014-01-03"}"#,
            r#"{"fact":"vib","name":"net55-r8168","version":"8.045a-napi","vendor":"Realtek","acceptance":"CommunitySupported","installed":"2014-01-04"}"#,
            r#"{"fact":"vib","name":"net-bnx2","version":"2.2.5f-1OEM.550.0.0.1331820","vendor":"BCM","acceptance":"PartnerSupported","installed":null}"#,
        ],
    },
    // 8.0 U2 and later name the platforms; stderr before and behind.
    Sample {
        path: "commands/localcli_software-vib-list.txt",
        text: "Errors: could not lock\nName           Version                        Vendor  Acceptance Level  Install Date  Platforms\n\
               -------------  -----------------------------  ------  ----------------  ------------  ---------\n\
               atlantic       1.0.3.0-15vmw.900.0.24755229   VMW     VMwareCertified   2025-12-06    host\n\
               cpu-microcode  9.0.0-0.0.24755229             VMware  VMwareCertified   2025-12-06    host\n\
               terminated\n",
        facts: &[
            r#"{"fact":"vib","name":"atlantic","version":"1.0.3.0-15vmw.900.0.24755229","vendor":"VMW","acceptance":"VMwareCertified","installed":"2025-12-06"}"#,
            r#"{"fact":"vib","name":"cpu-microcode","version":"9.0.0-0.0.24755229","vendor":"VMware","acceptance":"VMwareCertified","installed":"2025-12-06"}"#,
        ],
    },
    Sample {
        path: "json/localcli_software-vib-list.json",
        text: "sh: warning: it's \"slow\n[{\"Acceptance Level\": \"VMwareCertified\", \"Creation Date\": \"2015-12-08\", \
               \"ID\": \"VMware_bootbank_cpu-microcode_6.0.0-2.34.3309627\", \"Install Date\": \"2015-12-09\", \
               \"Name\": \"cpu-microcode\", \"Status\": \"\", \"Vendor\": \"VMware\", \"Version\": \"6.0.0-2.34.3309627\"},\n \
               {\"Name\": \"vsan\", \"Ver",
        facts: &[
            r#"{"fact":"vib","name":"cpu-microcode","version":"6.0.0-2.34.3309627","vendor":"VMware","acceptance":"VMwareCertified","installed":"2015-12-09"}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-software-vib-list.txt",
        text: "[\n   {\n      \"AcceptanceLevel\": \"PartnerSupported\",\n      \"InstallDate\": \"2023-10-10\",\n      \
               \"Name\": \"dellemc-osname-idrac\",\n      \"Platforms\": \"host\",\n      \"Vendor\": \"DEL\",\n      \
               \"Version\": \"7.0.0-A00\"\n   }\n]\n",
        facts: &[
            r#"{"fact":"vib","name":"dellemc-osname-idrac","version":"7.0.0-A00","vendor":"DEL","acceptance":"PartnerSupported","installed":"2023-10-10"}"#,
        ],
    },
    Sample {
        path: "commands/localcli_software-vib-list.txt",
        text: "noise\nName           Version          Vendor\n-------------  ---------------  ------\ncpu-microc",
        facts: &[],
    },
    // Cut inside the version, and behind it.
    Sample {
        path: "commands/localcli_software-vib-list.txt",
        text: "Name           Version              Vendor  Acceptance Level  Install Date\n\
               -------------  -------------------  ------  ----------------  ------------\n\
               cpu-microcode  6.7.0-3.77.15",
        facts: &[],
    },
    Sample {
        path: "commands/localcli_software-vib-list.txt",
        text: "Name           Version              Vendor  Acceptance Level  Install Date\n\
               -------------  -------------------  ------  ----------------  ------------\n\
               esx-base       6.7.0-3.77.15018017  VMware  VMwareCertified   2019-1\n\
               cpu-microcode  6.7.0-3.77.15018017  VMwa",
        facts: &[
            r#"{"fact":"vib","name":"esx-base","version":"6.7.0-3.77.15018017","vendor":"VMware","acceptance":"VMwareCertified","installed":null}"#,
            r#"{"fact":"vib","name":"cpu-microcode","version":"6.7.0-3.77.15018017","vendor":null,"acceptance":null,"installed":null}"#,
        ],
    },
];

const PROFILE_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_software-profile-get.txt",
        text: "(Updated) ESXi-8.0U3b-24280767-standard\n   Name: (Updated) ESXi-8.0U3b-24280767-standard\n   \
               Vendor: VMware, Inc.\n   Creation Time: 2024-09-25T10:50:12\n   Modification Time: 2024-12-21T00:38:33\n   \
               Stateless Ready: True\n   Description: \n\n      Vendor: not this one\n   VIBs: esx-base 8.0.3\n",
        facts: &[
            r#"{"fact":"image-profile","name":"(Updated) ESXi-8.0U3b-24280767-standard","vendor":"VMware, Inc.","created":"2024-09-25T10:50:12","modified":"2024-12-21T00:38:33"}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_software-profile-get.txt",
        text: "warning: db: locked\nESXi-5.5.0-1331820-standard\n   Name: ESXi-5.5.0-1331820-standard\nwarning: again\n   \
               Vendor: N/A\n   Creation Time: 2013-09-19T06:07:00\n   Modification Time: 2013-09-19\n   Stateless Ready: False\n",
        facts: &[
            r#"{"fact":"image-profile","name":"ESXi-5.5.0-1331820-standard","vendor":null,"created":"2013-09-19T06:07:00","modified":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-software-profile-get.txt",
        text: "{\n  \"CreationTime\": \"2025-06-17T00:00:00\",\n  \"ModificationTime\": \"2025-07-01T10:00:00\",\n  \
               \"Name\": \"ESXi-9.0.0.0-24755229-standard\",\n  \"Vendor\": \"Broadcom, Inc.\",\n  \"VIBs\": [\"a\"]\n}\n",
        facts: &[
            r#"{"fact":"image-profile","name":"ESXi-9.0.0.0-24755229-standard","vendor":"Broadcom, Inc.","created":"2025-06-17T00:00:00","modified":"2025-07-01T10:00:00"}"#,
        ],
    },
    Sample {
        path: "commands/localcli_software-profile-get.txt",
        text: "x\n   Name: HPE-Custom-AddOn_703.0.0.10.9.0-11\n   Vendor: Hewlett Pack",
        facts: &[
            r#"{"fact":"image-profile","name":"HPE-Custom-AddOn_703.0.0.10.9.0-11","vendor":null,"created":null,"modified":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_software-profile-get.txt",
        text: "No pending image profile available.\n   Name: No pending image profile available.\n   Vendor: N/A\n   Descr",
        facts: &[],
    },
];

const ACCEPTANCE_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_software-acceptance-get.txt",
        text: "warning: slow\nPartnerSupported\nterminated\n",
        facts: &[r#"{"fact":"acceptance-level","level":"PartnerSupported"}"#],
    },
    Sample {
        path: "commands/localcli_--formatterjson-software-acceptance-get.txt",
        text: "\"VMwareAccepted\"\n",
        facts: &[r#"{"fact":"acceptance-level","level":"VMwareAccepted"}"#],
    },
    Sample { path: "commands/localcli_software-acceptance-get.txt", text: "VMwareCert", facts: &[] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_running_image_is_meant() {
        for path in [
            "commands/localcli_software-profile-get---rebooting-image.txt",
            "commands/localcli_software-vib-get.txt",
            "var/localcli_software-profile-get.txt",
        ] {
            assert!(!(PROFILE.matches)(path) && !(VIBS.matches)(path), "{path}");
        }
    }
}
