//! Many clusters of many sites, each with an incident of a kind that others have as well: what a support desk receives.

use super::cluster::{ClusterOptions, healthy};
use super::evc::{EvcOptions, evc_incident};
use super::site::{Generation, Site, Volume};
use super::vmotion::{VmotionFault, VmotionOptions, vmotion_incident};
use super::vsan::{MembershipOptions, Story, VsanOptions, membership_incident, vsan_incident};

/// What befell a cluster of a fleet.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Befell {
    /// One host offers MDCLEAR and the others do not.
    CpuFeature,
    /// A host is lost from vSAN after the hosts were upgraded before vCenter Server.
    UpgradeOrder,
    /// The vSAN network is cut in two.
    Partition,
    /// A host stops with a purple screen.
    PurpleScreen,
    /// A host's management agent hangs.
    AgentHang,
    /// Migrations fail, as the hosts do not reach each other.
    Vmotion,
    /// Nothing.
    Nothing,
}

impl Befell {
    /// The incidents, without [`Befell::Nothing`].
    pub const INCIDENTS: [Befell; 6] = [
        Befell::CpuFeature,
        Befell::UpgradeOrder,
        Befell::Partition,
        Befell::PurpleScreen,
        Befell::AgentHang,
        Befell::Vmotion,
    ];

    /// The ids of the finding and the cause that tell of it.
    pub const fn told_as(self) -> Option<(&'static str, &'static str)> {
        match self {
            Befell::CpuFeature => Some(("evc.feature-mismatch", "stale-microcode")),
            Befell::UpgradeOrder => Some(("vsan.host-lost", "version-skew")),
            Befell::Partition => Some(("vsan.partition", "network")),
            Befell::PurpleScreen => Some(("host.crashed", "psod")),
            Befell::AgentHang => Some(("host.disconnected", "agent-hang")),
            Befell::Vmotion => Some(("vmotion.failed", "vmotion-network")),
            Befell::Nothing => None,
        }
    }
}

/// A cluster of a fleet, with its own vCenter Server.
pub struct FleetCluster {
    /// The domain of all its names, which no other cluster has.
    pub domain: String,
    /// What befell it.
    pub befell: Befell,
    /// Its hosts and what they tell.
    pub site: Site,
}

/// The cluster of number `index` in the fleet of `seed`: four hosts and a vCenter Server; what befalls it goes round by its
/// number, the release by the number of the round.
pub fn fleet_cluster(index: usize, befell: Befell, seed: u64, volume: Volume) -> FleetCluster {
    let generations = [Generation::V67, Generation::V70, Generation::V80];
    let generation = generations[index / Befell::INCIDENTS.len() % generations.len()];
    let domain = format!("site{index:03}.example.net");
    let own = |cluster: ClusterOptions| ClusterOptions {
        seed: seed.wrapping_mul(1_000).wrapping_add(index as u64),
        domain: domain.clone(),
        cluster: format!("Cluster-{index:03}"),
        network: format!("10.{}", index % 250),
        captured_at: cluster.captured_at.plus_seconds(index as i64 * 3_601),
        volume,
        ..cluster
    };
    let membership = |story: Story, victims: Vec<usize>| {
        // A host that is still down has no bundle.
        let returned = story == Story::Crash;
        let options = MembershipOptions { victims, returned, ..MembershipOptions::of(story, generation) };
        membership_incident(&MembershipOptions { cluster: own(options.cluster.clone()), ..options }).0
    };
    let site = match befell {
        Befell::CpuFeature => {
            let options = EvcOptions::default();
            evc_incident(&EvcOptions { cluster: own(options.cluster.clone()), ..options }).0
        }
        Befell::UpgradeOrder => {
            let options = VsanOptions::of(generation);
            vsan_incident(&VsanOptions { cluster: own(options.cluster.clone()), ..options }).0
        }
        Befell::Partition => membership(Story::Partition, vec![0, 1]),
        Befell::PurpleScreen => membership(Story::Crash, vec![index % 4]),
        Befell::AgentHang => membership(Story::AgentHang, vec![index % 4]),
        Befell::Vmotion => {
            let options = VmotionOptions::of(generation);
            let faults = vec![VmotionFault::ClosedByRemote];
            vmotion_incident(&VmotionOptions { cluster: own(options.cluster.clone()), faults, ..options }).0
        }
        Befell::Nothing => healthy(&own(ClusterOptions::of(generation))),
    };
    FleetCluster { domain, befell, site }
}

/// So many clusters, the incidents going round.
pub fn fleet(clusters: usize, seed: u64, volume: Volume) -> impl Iterator<Item = FleetCluster> {
    let befell = |index: usize| Befell::INCIDENTS[index % Befell::INCIDENTS.len()];
    (0..clusters).map(move |index| fleet_cluster(index, befell(index), seed, volume))
}
