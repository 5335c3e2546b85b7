//! What hosts are compared in: the areas, in the order in which they matter where nothing else tells.

use serde::{Deserialize, Serialize};

/// What sort of attribute of a host something is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Running microcode revision: `0x43`.
    Microcode,
    /// The revision that the BIOS loaded.
    MicrocodeByBios,
    /// `featMask.evc.*`, by feature.
    EvcMask,
    /// `featureCapability`, by feature: what CPU, microcode and BIOS offer.
    Capability,
    /// What VMs can use of a feature.
    Effective,
    /// The EVC mode that is applied.
    EvcMode,
    /// Vendor, family, model and stepping.
    Cpu,
    /// The CPU's brand string.
    CpuName,
    /// `14320388`
    Build,
    /// `6.7.0`
    Version,
    /// `6.7 U3`
    Update,
    /// Name of the image profile.
    ImageProfile,
    /// BIOS version.
    Bios,
    /// Day of the BIOS.
    BiosDate,
    /// Hardware model.
    Hardware,
    /// Hardware vendor.
    HardwareVendor,
    /// Version of a VIB, by its name.
    Vib,
    /// Least acceptance level.
    Acceptance,
    /// Whether a NIC is there.
    Nic,
    /// Vendor and model of a NIC.
    NicModel,
    /// Driver of a NIC and its version.
    NicDriver,
    /// Firmware of a NIC.
    NicFirmware,
    /// UUID of the vSAN cluster that the host is in.
    VsanCluster,
    /// How many members it counts.
    VsanMembers,
    /// Entries of its unicast agent list.
    UnicastPeers,
    /// On-disk formats.
    VsanFormat,
    /// Disk groups, and disks in them.
    VsanDisks,
    /// Adapters that carry vSAN traffic.
    VsanAdapters,
    /// An advanced option that is not at its default, by its path.
    AdvancedOption,
    /// A kernel setting that is not at its default, by its name.
    KernelSetting,
    /// A setting of vSphere HA, by its name.
    Ha,
    /// An advanced option of vSphere HA.
    HaOption,
    /// An IP address that another host has too.
    SharedAddress,
    /// `up`, `down`, or `disabled`, by NIC.
    NicLink,
    /// Megabits a second, by NIC.
    NicSpeed,
    /// MTU of a NIC.
    NicMtu,
    /// Whether a VMkernel adapter is there.
    Vmknic,
    /// MTU of a VMkernel adapter.
    VmknicMtu,
    /// Networks of a VMkernel adapter: `10.20.1.0/24`.
    VmknicNetwork,
    /// What a VMkernel adapter is for.
    VmknicTags,
    /// TCP/IP stack of a VMkernel adapter.
    VmknicNetstack,
    /// Port group of a VMkernel adapter.
    VmknicPortGroup,
    /// Switch of a VMkernel adapter.
    VmknicSwitch,
    /// Whether a switch is there: `standard` or `distributed`.
    Switch,
    /// MTU of a switch.
    SwitchMtu,
    /// Uplinks of a switch.
    SwitchUplinks,
    /// VLAN of a port group, by switch and name.
    PortGroup,
    /// Whether the NTP client is enabled.
    NtpEnabled,
    /// NTP servers.
    NtpServers,
}

impl Area {
    /// Every area, in order.
    pub const ALL: [Area; 49] = [
        Area::Microcode,
        Area::MicrocodeByBios,
        Area::EvcMask,
        Area::Capability,
        Area::Effective,
        Area::EvcMode,
        Area::Cpu,
        Area::CpuName,
        Area::Build,
        Area::Version,
        Area::Update,
        Area::ImageProfile,
        Area::Bios,
        Area::BiosDate,
        Area::Hardware,
        Area::HardwareVendor,
        Area::Vib,
        Area::Acceptance,
        Area::Nic,
        Area::NicModel,
        Area::NicDriver,
        Area::NicFirmware,
        Area::VsanCluster,
        Area::VsanMembers,
        Area::UnicastPeers,
        Area::VsanFormat,
        Area::VsanDisks,
        Area::VsanAdapters,
        Area::AdvancedOption,
        Area::KernelSetting,
        Area::Ha,
        Area::HaOption,
        Area::SharedAddress,
        Area::NicLink,
        Area::NicSpeed,
        Area::NicMtu,
        Area::Vmknic,
        Area::VmknicMtu,
        Area::VmknicNetwork,
        Area::VmknicTags,
        Area::VmknicNetstack,
        Area::VmknicPortGroup,
        Area::VmknicSwitch,
        Area::Switch,
        Area::SwitchMtu,
        Area::SwitchUplinks,
        Area::PortGroup,
        Area::NtpEnabled,
        Area::NtpServers,
    ];

    /// The area whose value decides that of this one, where hosts that agree in it agree here too.
    pub(super) const fn follows(self) -> Option<Area> {
        match self {
            Area::MicrocodeByBios => Some(Area::Microcode),
            Area::CpuName => Some(Area::Cpu),
            Area::Version | Area::Update | Area::ImageProfile | Area::Vib => Some(Area::Build),
            Area::BiosDate => Some(Area::Bios),
            Area::HardwareVendor => Some(Area::Hardware),
            _ => None,
        }
    }

    /// Whether every ESXi bundle should tell of it: that none of two does is worth a word.
    pub(super) const fn is_expected(self) -> bool {
        matches!(
            self,
            Area::Microcode
                | Area::EvcMask
                | Area::Capability
                | Area::Build
                | Area::Bios
                | Area::Vib
                | Area::Nic
                | Area::AdvancedOption
                | Area::Vmknic
                | Area::Switch
                | Area::NtpServers
        )
    }
}
