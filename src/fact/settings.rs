//! Settings that differ from their default: advanced options, and those of the kernel.

use serde::{Deserialize, Serialize};

use super::read::{Entry, blocks, table};
use super::{FactFile, FactValue, Sample, is_output};

/// The output of `localcli system settings advanced list -d`.
pub static ADVANCED_OPTIONS: FactFile = FactFile {
    name: "advanced-options",
    about: "Advanced options that were changed from their default",
    matches: |path| is_delta(path, "localcli_system-settings-advanced-list"),
    reader: |path| blocks(path, "options", "Path", &["Path", "Type", "Int Value", "String Value"], option),
    samples: OPTION_SAMPLES,
};

/// The output of `localcli system settings kernel list -d`.
pub static KERNEL_SETTINGS: FactFile = FactFile {
    name: "kernel-settings",
    about: "Kernel settings that differ from their default",
    matches: |path| is_delta(path, "localcli_system-settings-kernel-list"),
    reader: |path| table(path, "kernel settings", setting),
    samples: SETTING_SAMPLES,
};

/// A row of `localcli system settings kernel list -d`; what is blank there is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelSetting {
    /// `iovDisableIR`
    pub name: String,
    /// What is set for the next boot.
    pub configured: Option<String>,
    /// What holds since the last boot.
    pub runtime: Option<String>,
    /// The default.
    pub default: Option<String>,
}

/// Whether `path` is the output of `command` for changed values only, in whichever way the option is spelled.
fn is_delta(path: &str, command: &str) -> bool {
    ["d", "-d", "--delta"].iter().any(|option| is_output(path, &format!("{command}-{option}")))
}

/// ```text
///    Path: /VSAN/IgnoreClusterMemberListUpdates
///    Type: integer
///    Int Value: 1
///    Default Int Value: 0
/// ```
fn option(entry: &Entry, _: &str) -> Option<FactValue> {
    let path = entry.text("Path").filter(|path| path.starts_with('/'))?;
    let (number, string) = (entry.text("Int Value"), entry.text("String Value"));
    let is_string = entry.text("Type").as_deref() == Some("string");
    let value = if is_string { string } else { number.or(string) }?;
    Some(FactValue::AdvancedOption { path, value })
}

/// `iovDisableIR  Bool  FALSE       TRUE     FALSE    Disable Interrupt Routing in the IOMMU`
fn setting(entry: &Entry, _: &str) -> Option<FactValue> {
    let one_word = |text: &String| !text.contains(' ');
    entry.text("Type").filter(one_word)?;
    let [configured, runtime, default] = ["Configured", "Runtime", "Default"].map(|name| entry.text(name));
    // Of a row that is cut no value may be left.
    configured.as_ref().or(runtime.as_ref()).or(default.as_ref())?;
    let name = entry.text("Name").filter(one_word)?;
    Some(FactValue::KernelSetting(KernelSetting { name, configured, runtime, default }))
}

const OPTION_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_system-settings-advanced-list--d.txt",
        text: "   Path: /VSAN/IgnoreClusterMemberListUpdates\n   Type: integer\n   Int Value: 1\n   \
               Default Int Value: 0\n   Min Value: 0\n   Max Value: 1\n   String Value: \n   Default String Value: \n\n\
               warning: x\n   Path: /Misc/HostName\n   Type: string\n   Int Value: 0\n   String Value: esx01\n   \
               Description: a: b\n",
        facts: &[
            r#"{"fact":"advanced-option","path":"/VSAN/IgnoreClusterMemberListUpdates","value":"1"}"#,
            r#"{"fact":"advanced-option","path":"/Misc/HostName","value":"esx01"}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_system_settings_advanced_list_-d.txt",
        text: "   Path: /VSAN/DOMPauseAllCCPs\n   Type: integer\n   Int Val",
        facts: &[],
    },
    // An error amid a block, one that looks like a line of it, and a value that is cut.
    Sample {
        path: "commands/1.esxcli_system-settings-advanced-list---delta.txt",
        text: "Path: not found\n   Path: /Net/TcpipHeapMax\n   Type: integer\nInt Value: cannot be read\n   \
               Int Value: 1536\n   Valid Characters: \n   Description: Size: MB\n\n   Path: /NFS/MaxVolumes\n   \
               Type: integer\n   Int Value: 25",
        facts: &[r#"{"fact":"advanced-option","path":"/Net/TcpipHeapMax","value":"1536"}"#],
    },
    Sample {
        path: "json/localcli_system-settings-advanced-list--d.json",
        text: "slow\n[{\"Path\": \"/NFS/MaxVolumes\", \"Type\": \"integer\", \"Int Value\": 256, \"String Value\": \"\"}, \
               {\"Path\": \"/Syslog/Host\", \"Type\": \"string\", \"Int Value\": 0, \"String Value\": \"\"}]\n",
        facts: &[r#"{"fact":"advanced-option","path":"/NFS/MaxVolumes","value":"256"}"#],
    },
];

const SETTING_SAMPLES: &[Sample] = &[
    // ESXi 5: the description stands before the values.
    Sample {
        path: "commands/esxcli_system_settings_kernel_list_-d.txt",
        text: "Name          Type  Description                        Configured  Runtime  Default\n\
               ------------  ----  ---------------------------------  ----------  -------  -------\n\
               iovDisableIR  Bool  No routing of interrupts by IOMMU  true        TRUE     FALSE\n",
        facts: &[
            r#"{"fact":"kernel-setting","name":"iovDisableIR","configured":"true","runtime":"TRUE","default":"FALSE"}"#,
        ],
    },
    // Later releases: behind them.
    Sample {
        path: "commands/localcli_system-settings-kernel-list--d.txt",
        text: "Error: x\nName                   Type    Configured  Runtime  Default  Description\n\
               ---------------------  ------  ----------  -------  -------  -----------\n\
               vga                    Bool    FALSE       TRUE     TRUE     VGA at all.\n\
               warning: the list of the kernel's settings was busy for a while\n\
               hyperthreadingLimit    uint32  4                             Most threads.\n\
               maxVmnics              uint32  5",
        facts: &[
            r#"{"fact":"kernel-setting","name":"vga","configured":"FALSE","runtime":"TRUE","default":"TRUE"}"#,
            r#"{"fact":"kernel-setting","name":"hyperthreadingLimit","configured":"4","runtime":null,"default":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-system-settings-kernel-list--d.txt",
        text: "[{\"Name\": \"vga\", \"Type\": \"Bool\", \"Configured\": \"FALSE\", \"Runtime\": \"TRUE\", \"Default\": \"TRUE\"}",
        facts: &[
            r#"{"fact":"kernel-setting","name":"vga","configured":"FALSE","runtime":"TRUE","default":"TRUE"}"#,
        ],
    },
];
