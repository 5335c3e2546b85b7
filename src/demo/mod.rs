//! Builds realistic bundles of clusters whose story is known: for the demo, for the tests and for benchmarks.
//!
//! It is deterministic, streams whatever size is asked for, and uses none of the analyzer's parsing code, so that
//! a mistake there cannot hide behind the same mistake here.

mod big;
mod clock;
mod cluster;
mod commands;
mod damaged;
mod dump;
mod evc;
mod fleet;
mod ha;
mod headers;
mod host;
mod line;
mod loaded;
mod logs;
mod migrations;
mod network;
mod noise;
mod operation;
mod pack;
mod prng;
mod refusal;
mod script;
mod setup;
mod site;
mod spelling;
mod storage;
mod table;
mod templates;
mod vcenter;
mod vm;
mod vmotion;
mod vsan;

#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

pub use big::big;
pub use clock::{ClockOptions, HostClock, MigrationIds, add_calls, clock_story};
pub use cluster::{ClusterOptions, healthy};
pub use damaged::{DamageTruth, Planted, damaged_evidence};
pub use evc::{Evacuated, EvcCause, EvcOptions, EvcTruth, EvidenceKind, Masks, Refused, evc_incident};
pub use fleet::{Befell, FleetCluster, fleet, fleet_cluster};
pub use ha::add_ha;
pub use line::{Level, Log, ScriptedLine};
pub use loaded::loaded;
pub use migrations::{MigrationsOptions, ToldMigration, many_migrations};
pub use operation::{OperationEra, OperationOptions, OperationRecord, OperationTruth, operation_story};
pub use pack::Container;
pub use refusal::{Refusal, RefusalForm, add_refusal};
pub use script::{Migration, add_migration, add_reboot, add_upgrade};
pub use setup::{Adapter, Changes, Disk, Nic};
pub use site::{
    Cpu, Datastore, Generation, Gone, Host, HostNet, RegisterMasks, Release, Site, UnicastAgent, Vcenter,
    VcenterRelease, Vm, VmRun, Volume, Vsan, VsanState, membership_uuid,
};
pub use spelling::{DumpSyntax, KeySpelling, Spelling, ValueSpelling};
pub use vmotion::{CodeForm, FailedMigration, VmotionFault, VmotionOptions, VmotionTruth, vmotion_incident};
pub use vsan::{
    MembershipOptions, MembershipTruth, Observer, Story, VsanCause, VsanOptions, VsanTruth, Wording,
    membership_incident, vsan_incident,
};

use pack::{Packing, Sink};

/// One system of a site.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum System {
    /// The host of this index.
    Host(usize),
    /// The vCenter Server.
    Vcenter,
}

/// Writes the bundle of one system below `directory` and gives the path of the file or folder written.
///
/// # Errors
///
/// When the path cannot be written, or the site has no such system.
pub fn write_bundle(
    site: &Site,
    system: System,
    directory: &Path,
    container: Container,
) -> io::Result<PathBuf> {
    let names = Names::of(site, system)?;
    let path = pack::pack(&names.packing(), directory, container, &|sink| emit(site, system, sink))?;
    let kept = match system {
        System::Host(index) => site.hosts[index].kept_percent,
        System::Vcenter => None,
    };
    if let Some(percent) = kept.filter(|_| path.is_file()) {
        let file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(file.metadata()?.len() * u64::from(percent.min(100)) / 100)?;
    }
    Ok(path)
}

/// Writes every bundle of `site` below `directory`: one file or folder a system, in the order of the hosts and
/// vCenter last, or for [`Container::Zip`] one client export that holds them all.
///
/// # Errors
///
/// When something cannot be written.
pub fn write_site(site: &Site, directory: &Path, container: Container) -> io::Result<Vec<PathBuf>> {
    let systems = systems(site);
    if container != Container::Zip {
        return systems.into_iter().map(|system| write_bundle(site, system, directory, container)).collect();
    }
    let names = systems.iter().map(|&system| Names::of(site, system)).collect::<io::Result<Vec<_>>>()?;
    let packings: Vec<Packing<'_>> = names.iter().map(Names::packing).collect();
    let emits: Vec<_> =
        systems.iter().map(|&system| move |sink: &mut dyn Sink| emit(site, system, sink)).collect();
    let bundles: Vec<(&Packing<'_>, &pack::Emit<'_>)> =
        packings.iter().zip(&emits).map(|(packing, emit)| (packing, emit as &pack::Emit<'_>)).collect();
    let last = packings.iter().map(|packing| packing.captured_at).max().unwrap_or_default();
    Ok(vec![pack::export(directory, last, &bundles)?])
}

fn systems(site: &Site) -> Vec<System> {
    let hosts = (0..site.hosts.len()).map(System::Host);
    hosts.chain(site.vcenter.is_some().then_some(System::Vcenter)).collect()
}

fn emit(site: &Site, system: System, sink: &mut dyn Sink) -> io::Result<()> {
    match (system, &site.vcenter) {
        (System::Host(index), _) => host::emit(site, index, sink),
        (System::Vcenter, Some(vcenter)) => vcenter::emit(site, vcenter, sink),
        (System::Vcenter, None) => Err(no_such_system()),
    }
}

fn no_such_system() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the site has no such system")
}

/// What a bundle and its export are called.
struct Names {
    name: String,
    export_name: String,
    vcenter: bool,
    gzip: u32,
    captured_at: crate::model::Timestamp,
}

impl Names {
    fn of(site: &Site, system: System) -> io::Result<Self> {
        let (name, short, vcenter, volume, captured_at) = match system {
            System::Host(index) => {
                let host = site.hosts.get(index).ok_or_else(no_such_system)?;
                (host::bundle_name(host), host.name.clone(), false, host.volume, host.captured_at)
            }
            System::Vcenter => {
                let vcenter = site.vcenter.as_ref().ok_or_else(no_such_system)?;
                let name = vcenter::bundle_name(vcenter);
                (name, vcenter.name.clone(), true, vcenter.volume, vcenter.captured_at)
            }
        };
        let (year, month, day, micros) = captured_at.civil();
        let second = micros / 1_000_000;
        // The client does not pad month and day.
        let export_name = format!(
            "{short}-vm{year}-{month}-{day}@{:02}-{:02}-{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        Ok(Names { name, export_name, vcenter, gzip: volume.gzip, captured_at })
    }

    fn packing(&self) -> Packing<'_> {
        Packing {
            name: &self.name,
            export_name: &self.export_name,
            vcenter: self.vcenter,
            gzip: self.gzip,
            captured_at: self.captured_at,
        }
    }
}
