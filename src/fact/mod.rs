//! Files that are not event logs become typed facts of a host, each with the line it came from.
//!
//! A reader is fed lines and gives facts; it does not judge. What is not in the file is not a fact. Where two
//! facts say different things, [`crate::case`] chooses.

mod command;
pub mod config;
pub mod cpu;
pub mod cpuid_bits;
pub mod date;
pub mod drm;
pub mod feature;
pub mod features;
pub mod ha;
pub mod hardware;
pub mod identity;
pub mod nic;
pub mod ntp;
pub mod product;
mod read;
pub mod releases;
pub mod section;
pub mod settings;
pub mod software;
mod text;
pub mod uptime;
pub mod value;
pub mod vimdump;
pub mod vmk_status;
pub mod vmkernel;
pub mod vms;
pub mod vmx;
pub mod vmx_log;
pub mod vpxd;
pub mod vsan;
pub mod vswitch;
mod xml;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

pub use self::command::{collection, command_of, is_command};
use self::command::{is_file, is_output, output_of};
pub use self::value::*;
use self::vsan::{cluster, cmmds, health, network, storage, unicast};
use crate::format::text::shown;
use crate::model::{MemberPath, Problem, Source};

/// One thing that a bundle says about its host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it says.
    pub value: FactValue,
    /// Where.
    pub source: Source,
    /// The line, cut at 300 bytes.
    pub text: String,
}

/// A line of a member that holds facts.
#[derive(Copy, Clone, Debug)]
pub struct Line<'a> {
    /// The member.
    pub file: &'a MemberPath,
    /// Line from 1.
    pub number: u64,
    /// Byte offset of its first byte in the decompressed text.
    pub offset: u64,
    /// The bytes without the line ending.
    pub bytes: &'a [u8],
}

impl Line<'_> {
    /// Where the line stands.
    pub fn source(&self) -> Source {
        Source { file: self.file.clone(), line: self.number, offset: self.offset }
    }

    /// The line as text, trimmed at the end and cut at 300 bytes.
    pub fn excerpt(&self) -> String {
        let cut = &self.bytes[..self.bytes.len().min(300)];
        shown(cut).trim_end().to_owned()
    }

    /// `value` as a fact that stands on this line.
    pub fn fact(&self, value: FactValue) -> Fact {
        Fact { value, source: self.source(), text: self.excerpt() }
    }
}

/// What a reader gives.
#[derive(Debug, Default)]
pub struct Output {
    /// Facts, in the order of their lines.
    pub facts: Vec<Fact>,
    /// Files that should have parsed and did not.
    pub problems: Vec<Problem>,
}

/// Reads one member line by line.
pub trait Reader: Send {
    /// What stands in every line that tells it anything, so that it need not be shown the others; `None` where any line may
    /// tell something.
    fn mark(&self) -> Option<&'static Finder<'static>> {
        None
    }

    /// Takes the next line. A text that ends with a line's ending has an empty line behind it: what waits for the next
    /// line then knows that the one before is whole.
    fn line(&mut self, line: Line<'_>, out: &mut Output);

    /// Lines are missing before the next one: what was begun does not go on there.
    fn gap(&mut self) {}

    /// The line that was given last has no line ending: it may be cut.
    fn cut(&mut self) {}

    /// Takes notice that the member is at its end.
    fn end(&mut self, _out: &mut Output) {}
}

/// One sort of file that holds facts.
pub struct FactFile {
    /// A short name: `vsan-cluster-get`.
    pub name: &'static str,
    /// What it tells, one sentence.
    pub about: &'static str,
    /// Whether the member at this path inside a bundle's tree is such a file.
    pub matches: fn(&str) -> bool,
    /// A reader for the member at this path.
    pub reader: fn(&str) -> Box<dyn Reader>,
    /// Texts that it must read, and what must come out.
    pub samples: &'static [Sample],
}

/// A text and the facts that must come out of it.
pub struct Sample {
    /// Path inside a bundle's tree.
    pub path: &'static str,
    /// The file.
    pub text: &'static str,
    /// The facts' values, each as JSON.
    pub facts: &'static [&'static str],
}

/// Every sort of file that holds facts.
pub static FACTS: &[&FactFile] = &[
    &identity::UNAME,
    &product::VMWARE_VL,
    &product::SYSTEM_VERSION,
    &identity::README,
    &date::DATE,
    &uptime::STATS,
    &uptime::UPTIME,
    &identity::ESX_CONF,
    &product::ISSUE,
    &product::BUILD_INFO,
    &product::ANALYTICS_BUILD,
    &identity::HOSTS,
    &identity::SYSTEM_INFO,
    &section::SECTIONS,
    &hardware::SMBIOS,
    &hardware::ESXCFG_INFO,
    &hardware::ESXCFG_INFO_XML,
    &cpu::CPU,
    &software::VIBS,
    &software::PROFILE,
    &software::ACCEPTANCE,
    &config::CONFIG,
    &vimdump::VIMDUMP,
    &vmx_log::VMX_LOG,
    &settings::ADVANCED_OPTIONS,
    &settings::KERNEL_SETTINGS,
    &vmkernel::VMKNICS,
    &vmkernel::INTERFACES,
    &vmkernel::IPV4,
    &vmkernel::TAGS,
    &vswitch::VSWITCHES,
    &vswitch::STANDARD,
    &vswitch::DISTRIBUTED,
    &nic::LIST,
    &nic::NICINFO,
    &nic::DETAILS,
    &ntp::PEERS,
    &ntp::STATE,
    &ntp::CONFIG_LINES,
    &ntp::CONF,
    &cluster::CLUSTER,
    &unicast::UNICAST_AGENTS,
    &network::NETWORK,
    &storage::STORAGE,
    &storage::VDQ,
    &health::HEALTH,
    &health::OBJECTS,
    &health::RESYNC,
    &cmmds::CMMDS,
    &vms::PROCESSES,
    &vms::INVENTORY,
    &vmx::VMX,
    &drm::DRM,
    &ha::HA,
    &vpxd::OBJECT_NAMES,
];

/// The sorts that the member at `path` is of; a member can be of several.
pub fn of_path(path: &str) -> impl Iterator<Item = &'static FactFile> {
    FACTS.iter().copied().filter(move |file| (file.matches)(path))
}

#[cfg(test)]
mod tests;
