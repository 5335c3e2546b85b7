//! What the CPU features of a cluster's hosts mean for its VMs: which hosts can be emptied, and what all could offer.

use std::collections::BTreeSet;

use super::{Offers, Row, VmNeeds};
use crate::case::Case;
use crate::fact::features::describe;

/// What the CPU features of a cluster's hosts mean for it.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// An index into the case's clusters.
    pub cluster: usize,
    /// Host by host, in the cluster's order.
    pub evacuation: Vec<Evacuation>,
    /// What all hosts can offer; `None` where that is not known.
    pub baseline: Option<Baseline>,
}

/// Whether a host can be emptied with vMotion, as far as CPU features decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evacuation {
    /// An index into the case's hosts.
    pub host: usize,
    /// VMs that run on it.
    pub vms: usize,
    /// Names of those that no other host of the cluster can take.
    pub stay: Vec<String>,
    /// Names of those of which the bundles do not tell whether one can.
    pub unknown: Vec<String>,
}

/// What all hosts of a cluster can offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The highest EVC mode that every host can offer, where all tell.
    pub evc_mode: Option<String>,
    /// Keys that some hosts are capable of and others not; ordered.
    pub lacking: Vec<String>,
}

pub(super) fn of(case: &Case, offers: &Offers, cluster: usize, rows: &[Row], vms: &[VmNeeds<'_>]) -> Outlook {
    let hosts = &case.clusters[cluster].hosts;
    let evacuation = hosts.iter().map(|&host| evacuation(offers, hosts, host, vms)).collect();
    Outlook { cluster, evacuation, baseline: baseline(case, hosts, rows) }
}

/// What becomes of a VM whose host is to be emptied.
enum Fate {
    Leaves,
    Stays,
    Unknown,
}

fn evacuation(offers: &Offers, hosts: &[usize], host: usize, vms: &[VmNeeds<'_>]) -> Evacuation {
    let here = vms.iter().filter(|needs| needs.host == host);
    let (mut stay, mut unknown, mut count) = (Vec::new(), Vec::new(), 0);
    for needs in here {
        count += 1;
        match fate(offers, hosts, needs) {
            Fate::Leaves => {}
            Fate::Stays => stay.push(needs.vm.name.clone()),
            Fate::Unknown => unknown.push(needs.vm.name.clone()),
        }
    }
    Evacuation { host, vms: count, stay, unknown }
}

fn fate(offers: &Offers, hosts: &[usize], needs: &VmNeeds<'_>) -> Fate {
    let others = || hosts.iter().filter(|&&other| other != needs.host);
    let is_blocked = |other: usize| needs.blocked.iter().any(|block| block.host == other);
    if others().next().is_none() {
        // There is no other bundle: nothing can be said of the rest of the cluster.
        return Fate::Unknown;
    }
    if others().all(|&other| is_blocked(other)) {
        return Fate::Stays;
    }
    let takes = |other: usize| !is_blocked(other) && tells(offers, other, needs);
    match needs.vm.requires_from.is_some() && others().any(|&other| takes(other)) {
        true => Fate::Leaves,
        false if needs.vm.settings.unchecked => Fate::Leaves,
        false => Fate::Unknown,
    }
}

/// Whether the bundle of a host tells of all features that a VM requires whether they are there.
fn tells(offers: &Offers, host: usize, needs: &VmNeeds<'_>) -> bool {
    let features = needs.vm.requires.iter().filter(|need| !describe(&need.key).identity);
    features.map(|need| offers.value(host, &need.key)).all(|value| value.is_some())
}

fn baseline(case: &Case, hosts: &[usize], rows: &[Row]) -> Option<Baseline> {
    let told = |host: &usize| !case.hosts[*host].features.capability.is_empty();
    let modes: Vec<Option<&str>> = hosts
        .iter()
        .map(|&host| case.hosts[host].features.max_evc_mode.as_ref().map(|mode| mode.value.as_str()))
        .collect();
    if hosts.len() < 2 || !(hosts.iter().all(told) || modes.iter().all(Option::is_some)) {
        return None;
    }
    Some(Baseline { evc_mode: evc::lowest(&modes), lacking: lacking(hosts, rows) })
}

/// Keys that some hosts are capable of and others not.
fn lacking(hosts: &[usize], rows: &[Row]) -> Vec<String> {
    let differs = |row: &&Row| {
        let values: BTreeSet<u64> =
            hosts.iter().filter_map(|host| row.capability.get(host).copied().flatten()).collect();
        values.len() > 1 && !describe(&row.key).identity
    };
    let keys: BTreeSet<&String> = rows.iter().filter(differs).map(|row| &row.key).collect();
    keys.into_iter().cloned().collect()
}

mod evc {
    //! The order of EVC modes.

    /// Modes of Intel's CPUs, the lowest first.
    const INTEL: &[&str] = &[
        "intel-merom",
        "intel-penryn",
        "intel-nehalem",
        "intel-westmere",
        "intel-sandybridge",
        "intel-ivybridge",
        "intel-haswell",
        "intel-broadwell",
        "intel-skylake",
        "intel-cascadelake",
        "intel-icelake",
        "intel-sapphirerapids",
    ];

    /// Modes of AMD's CPUs that are subsets of each other, the lowest first. Generation 3 with 3DNow! is in none of the
    /// later ones.
    const AMD: &[&str] = &[
        "amd-rev-e",
        "amd-rev-f",
        "amd-greyhound-no3dnow",
        "amd-bulldozer",
        "amd-piledriver",
        "amd-steamroller",
        "amd-zen",
        "amd-zen2",
        "amd-zen3",
        "amd-zen4",
    ];

    /// The lowest of `modes` where all are known and of one order.
    pub(super) fn lowest(modes: &[Option<&str>]) -> Option<String> {
        let of = |order: &'static [&'static str]| -> Option<&'static str> {
            let place = |mode: &Option<&str>| {
                let mode = mode.as_ref()?;
                order.iter().position(|known| known.eq_ignore_ascii_case(mode))
            };
            let places: Option<Vec<usize>> = modes.iter().map(place).collect();
            places?.into_iter().min().map(|place| order[place])
        };
        of(INTEL).or_else(|| of(AMD)).map(str::to_owned)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_lowest_mode_is_found_within_one_vendor_only() {
            let lowest = |modes: &[&str]| lowest(&modes.iter().map(|mode| Some(*mode)).collect::<Vec<_>>());
            assert_eq!(lowest(&["intel-skylake", "Intel-Haswell"]).as_deref(), Some("intel-haswell"));
            assert_eq!(lowest(&["amd-zen3", "amd-zen", "amd-zen4"]).as_deref(), Some("amd-zen"));
            assert_eq!(lowest(&["amd-zen", "intel-haswell"]), None);
            assert_eq!(super::lowest(&[Some("intel-haswell"), None]), None);
        }
    }
}
