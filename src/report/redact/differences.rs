//! Differences of hosts with aliases: what a value may show is told by its area.

use super::policy::Policy;
use super::{Redactor, diff};
use diff::{Area, ClusterDifferences, PairDiff};

impl Redactor {
    /// What `esxray diff` writes.
    pub fn pair(&mut self, mut pair: PairDiff) -> PairDiff {
        for side in [&mut pair.a, &mut pair.b] {
            side.bundle = self.value(&side.bundle, Policy::Text, &[]);
            self.names([&mut side.host, &mut side.name]);
        }
        self.names(&mut pair.hosts);
        pair.hosts.sort_unstable();
        for row in &mut pair.rows {
            self.told(row.area, [&mut row.key, &mut row.a, &mut row.b]);
            for folded in &mut row.folded {
                self.told(folded.area, [&mut folded.key, &mut folded.a, &mut folded.b]);
            }
        }
        for left in &mut pair.not_compared {
            let policy = policy(left.area);
            left.keys.iter_mut().for_each(|key| *key = self.value(key, policy, &[]));
        }
        pair
    }

    /// What is different about the hosts of a cluster.
    pub(super) fn differences(&mut self, mut of: ClusterDifferences) -> ClusterDifferences {
        self.names([&mut of.cluster]);
        for host in &mut of.hosts {
            self.names([&mut host.host]);
            for row in &mut host.rows {
                self.told(row.area, [&mut row.key, &mut row.value, &mut row.usual]);
                for folded in &mut row.folded {
                    self.told(folded.area, [&mut folded.key, &mut folded.value, &mut folded.usual]);
                }
            }
        }
        for split in &mut of.splits {
            self.told(split.area, [&mut split.key]);
            split.folded.iter_mut().for_each(|folded| self.told(folded.area, [&mut folded.key]));
            for camp in &mut split.camps {
                self.told(split.area, [&mut camp.value]);
                self.names(&mut camp.hosts);
                camp.hosts.sort_unstable();
            }
            split.camps.sort_by(|a, b| (b.hosts.len(), &a.hosts).cmp(&(a.hosts.len(), &b.hosts)));
        }
        of.hosts.sort_by(|a, b| a.host.cmp(&b.host));
        of
    }

    fn names<'a>(&mut self, names: impl IntoIterator<Item = &'a mut String>) {
        names.into_iter().for_each(|name| *name = self.value(name, Policy::Name, &[]));
    }

    fn told<'a>(&mut self, area: Area, texts: impl IntoIterator<Item = &'a mut Option<String>>) {
        let policy = policy(area);
        texts.into_iter().flatten().for_each(|text| *text = self.value(text, policy, &[]));
    }
}

fn policy(area: Area) -> Policy {
    match area {
        Area::Microcode
        | Area::MicrocodeByBios
        | Area::EvcMask
        | Area::Capability
        | Area::Effective
        | Area::EvcMode
        | Area::BiosDate
        | Area::Cpu
        | Area::CpuName
        | Area::Build
        | Area::Version
        | Area::Update
        | Area::ImageProfile
        | Area::Bios
        | Area::Hardware
        | Area::HardwareVendor
        | Area::Vib
        | Area::Acceptance
        | Area::NicModel
        | Area::NicDriver
        | Area::NicFirmware => Policy::Technical,
        _ => Policy::Text,
    }
}
